//! Bit planes: where each base occurs at each offset of the windows, 32 positions a word; and how
//! often a filter was active there.

use super::{BASES, LANE, Pads};
use cistron_base::wide::widest;

/// Writes, for each offset of a window and each base, the bits of the positions where that base
/// occurs at that offset; then a plane of ones, for the bias.
pub fn of_bases(codes: &[u8], pads: Pads, width: usize, positions: usize, out: &mut Vec<u32>) {
    let words = positions.div_ceil(32);
    // 64 bits from each 32nd position on, so that any 32 of them are one shift away
    let size = words + width / 32 + 2;
    let mut plain = vec![0u64; BASES * size];
    let mut padded = [4u8; 32];
    for word in 0..size {
        // the codes of 32 positions; pads and positions beyond the end are N
        let codes_of_word = if pads.before == 0 {
            codes.get(word * 32..word * 32 + 32)
        } else {
            None
        };
        let codes_of_word = codes_of_word.unwrap_or_else(|| {
            padded = std::array::from_fn(|i| {
                (word * 32 + i)
                    .checked_sub(pads.before)
                    .and_then(|i| codes.get(i))
                    .copied()
                    .unwrap_or(4)
            });
            &padded
        });
        for (base, bits) in bits_of_bases(codes_of_word).into_iter().enumerate() {
            plain[base * size + word] |= u64::from(bits) << 32;
            if word > 0 {
                plain[base * size + word - 1] |= u64::from(bits);
            }
        }
    }
    out.clear();
    out.resize((width * BASES + 1) * words, u32::MAX);
    shifted(&plain, size, words, &mut out[..width * BASES * words]);
}

/// Where each base occurs among 32 codes, the first in the highest bit.
fn bits_of_bases(codes: &[u8]) -> [u32; BASES] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (mut low, mut high, mut other) = (0u32, 0u32, 0u32);
    for eight in codes.chunks_exact(8) {
        let bytes = u64::from_be_bytes(eight.try_into().unwrap_or_default());
        // the lowest bits of eight bytes, gathered in the highest byte
        let gathered = |bits: u64| (bits & ONES).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        let rest = (bytes >> 2) & (ONES * 63);
        let is_rest = (rest + ONES * 127) >> 7;
        low = low << 8 | gathered(bytes) as u32;
        high = high << 8 | gathered(bytes >> 1) as u32;
        other = other << 8 | gathered(is_rest) as u32;
    }
    [
        !low & !high & !other,
        low & !high & !other,
        !low & high & !other,
        low & high & !other,
    ]
}

/// The bits of each base at each offset of a window, shifted to the start of the window.
#[inline(always)]
fn shifted_rows(plain: &[u64], size: usize, words: usize, out: &mut [u32]) {
    for (i, out) in out.chunks_exact_mut(words).enumerate() {
        let (offset, base) = (i / BASES, i % BASES);
        let (from, by) = (offset / 32, offset % 32);
        for (word, out) in plain[base * size + from..][..words].iter().zip(out) {
            *out = (word << by >> 32) as u32;
        }
    }
}

/// How often each filter was active at the set bits of some planes.
#[inline(always)]
fn count_planes<const V: usize, const N: usize>(
    planes: &[u32],
    active: &[u32],
    out: &mut [[[u32; LANE]; V]; N],
) {
    let words = active.len() / (V * LANE);
    let each: [&[u32]; N] = std::array::from_fn(|i| &planes[i * words..(i + 1) * words]);
    let mut counts = [[[0u32; LANE]; V]; N];
    for (word, active) in active.chunks_exact(V * LANE).enumerate() {
        for i in 0..N {
            let bits = each[i][word];
            for v in 0..V {
                for lane in 0..LANE {
                    counts[i][v][lane] += (active[v * LANE + lane] & bits).count_ones();
                }
            }
        }
    }
    *out = counts;
}

/// How often each filter was active at each base, `[width][4]` rows, and at the planes that follow
/// those.
#[inline(always)]
fn count_row<const V: usize>(planes: &[u32], active: &[u32], counts: &mut [[[u32; LANE]; V]]) {
    let words = active.len() / (V * LANE);
    let (offsets, rest) = counts.as_chunks_mut::<BASES>();
    for (planes, counts) in planes.chunks_exact(BASES * words).zip(&mut *offsets) {
        count_planes(planes, active, counts);
    }
    for (plane, counts) in planes
        .chunks_exact(words)
        .skip(offsets.len() * BASES)
        .zip(rest)
    {
        count_planes(plane, active, std::array::from_mut(counts));
    }
}

/// Adds each count times its filter's number; rows are as long as `by`.
#[inline(always)]
fn weigh_rows(counts: &[u32], by: &[f32], into: &mut [f32]) {
    for (into, counts) in into
        .chunks_exact_mut(by.len())
        .zip(counts.chunks_exact(by.len()))
    {
        for ((to, count), by) in into.iter_mut().zip(counts).zip(by) {
            *to += by * *count as f32;
        }
    }
}

widest!(shifted(plain: &[u64], size: usize, words: usize, out: &mut [u32]) -> (), shifted_rows);
widest!(pub count<V>(planes: &[u32], active: &[u32], counts: &mut [[[u32; LANE]; V]]) -> (),
    count_row);
widest!(pub weigh(counts: &[u32], by: &[f32], into: &mut [f32]) -> (), weigh_rows);
