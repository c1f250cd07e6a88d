//! Gates of a step.

/// The gates of a row.
#[inline(always)]
pub fn split_gates<const N: usize>(row: &mut [f32], hidden: usize) -> [&mut [f32]; N] {
    let mut chunks = row.chunks_exact_mut(hidden);
    std::array::from_fn(|_| chunks.next().unwrap_or_default())
}
