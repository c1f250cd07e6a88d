//! The operations between convolutions: ReLU, dropout, sum, ReLU; and their gradients.

use crate::kernels::dense::LANE;
use cistron_base::mask::Mask;
use cistron_base::wide::widest;

/// Which ReLUs a step has.
#[derive(Clone, Copy)]
pub struct Relus {
    /// Of the convolution.
    pub relu: bool,
    /// Of the sum.
    pub relu_of_sum: bool,
}

/// A dropout mask at some positions of a sequence: the factors of position `p` start at number
/// `(start + p) * filters`.
#[derive(Clone, Copy)]
pub struct MaskRows<'a> {
    pub mask: &'a Mask,
    pub start: u64,
    pub positions: &'a [u32],
}

/// The sizes of rows.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Channels in memory.
    pub columns: usize,
    /// Channels.
    pub filters: usize,
}

widest!(pub apply(rows: &mut [f32], sizes: Sizes, relus: Relus, mask: Option<MaskRows>,
    skip: Option<(&[f32], &[u32])>, above: &mut [u16]) -> (), apply_rows);

/// Activation, dropout and sum of some rows; `skip` are the rows that are added, and the number of
/// the row for each.
#[inline(always)]
fn apply_rows(
    rows: &mut [f32],
    Sizes { columns, filters }: Sizes,
    Relus { relu, relu_of_sum }: Relus,
    mask: Option<MaskRows>,
    skip: Option<(&[f32], &[u32])>,
    above: &mut [u16],
) {
    let mut factors = vec![0.0; if mask.is_some() { columns } else { 0 }];
    for (r, row) in rows.chunks_exact_mut(columns).enumerate() {
        if relu {
            row.iter_mut()
                .for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x });
        }
        if let Some(MaskRows {
            mask,
            start,
            positions,
        }) = &mask
        {
            mask.fill(
                (start + u64::from(positions[r])) * filters as u64,
                &mut factors[..filters],
            );
            row.iter_mut()
                .zip(&factors)
                .for_each(|(x, factor)| *x *= factor);
        }
        let Some((other, numbers)) = skip else {
            continue;
        };
        if relu {
            for (word, chunk) in above[r * columns / LANE..]
                .iter_mut()
                .zip(row.chunks_exact(LANE))
            {
                *word = chunk
                    .iter()
                    .enumerate()
                    .fold(0, |word, (lane, x)| word | u16::from(*x > 0.0) << lane);
            }
        }
        let other = &other[numbers[r] as usize * columns..][..columns];
        if relu_of_sum {
            row.iter_mut().zip(other).for_each(|(x, y)| {
                let sum = *x + y;
                *x = if sum < 0.0 { 0.0 } else { sum };
            });
        } else {
            row.iter_mut().zip(other).for_each(|(x, y)| *x += y);
        }
    }
}

/// What the gradients of [`apply`] depend on.
#[derive(Clone, Copy)]
pub struct Applied<'a> {
    pub columns: usize,
    pub relus: Relus,
    /// The factor of numbers that the dropout kept.
    pub kept: f32,
    /// The rows after all operations.
    pub output: &'a [f32],
    /// Which numbers were above 0 before the sum.
    pub above: &'a [u16],
}

widest!(pub revert(gradient: &mut [f32], applied: Applied, skip: Option<(&mut [f32], &[u32])>,
    bias: &mut [f32]) -> (), revert_rows);

/// Changes the gradient of rows to that of the convolution itself; adds those of the skip and of
/// the bias.
#[inline(always)]
fn revert_rows(
    gradient: &mut [f32],
    applied: Applied,
    mut skip: Option<(&mut [f32], &[u32])>,
    bias: &mut [f32],
) {
    let Applied {
        columns,
        relus: Relus { relu, relu_of_sum },
        kept,
        output,
        above,
    } = applied;
    for (r, (row, output)) in gradient
        .chunks_exact_mut(columns)
        .zip(output.chunks_exact(columns))
        .enumerate()
    {
        if relu_of_sum {
            row.iter_mut()
                .zip(output)
                .for_each(|(g, y)| *g = if *y > 0.0 { *g } else { 0.0 });
        }
        if let Some((other, numbers)) = &mut skip {
            other[numbers[r] as usize * columns..][..columns]
                .iter_mut()
                .zip(&*row)
                .for_each(|(to, g)| *to += g);
            if relu {
                for (chunk, word) in row.chunks_exact_mut(LANE).zip(&above[r * columns / LANE..]) {
                    chunk.iter_mut().enumerate().for_each(|(lane, g)| {
                        *g = if *word >> lane & 1 == 1 {
                            *g * kept
                        } else {
                            0.0
                        }
                    });
                }
            }
        } else if relu {
            row.iter_mut()
                .zip(output)
                .for_each(|(g, y)| *g = if *y > 0.0 { *g * kept } else { 0.0 });
        }
        bias.iter_mut().zip(&*row).for_each(|(sum, g)| *sum += g);
    }
}
