//! A convolution, possibly a ReLU, and a pooling over all positions, of sequences in which one base
//! is changed: only the windows that contain it are computed again.
//!
//! # Layout
//!
//! Filters are split into blocks of 16. Of each block, a table has a vector per base (and N) and
//! offset of the window.
//!
//! # Dispatch
//!
//! `widest!` compiles each loop for AVX-512, AVX2 with FMA, and the baseline. There is no `unsafe`.

use super::lookup::Filters;
use super::{Pads, Reduction};
use cistron_base::wide::widest;

/// Filters that are computed together.
const LANES: usize = 16;

type Lanes = [f32; LANES];

/// Sizes of a scan.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Filters.
    pub filters: usize,
    /// Their width.
    pub width: usize,
    /// Zeros before and after each sequence.
    pub pads: Pads,
}

/// The first layers of a network that scan sequences for motifs.
pub struct Scan {
    sizes: Sizes,
    blocks: Vec<Block>,
    relu: bool,
    reduction: Reduction,
}

/// Some filters.
struct Block {
    /// For each base and N, the weights at each offset of the window.
    table: Vec<Lanes>,
    bias: Lanes,
}

/// A base of a sequence that becomes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Where.
    pub position: usize,
    /// The code of the new base.
    pub base: u8,
}

impl Scan {
    /// A scan with weights `[filters, 4, width]`.
    pub fn new(sizes: Sizes, filters: Filters, relu: bool, reduction: Reduction) -> Scan {
        let width = sizes.width;
        let mut blocks: Vec<Block> = (0..sizes.filters.div_ceil(LANES))
            .map(|_| Block {
                table: vec![[0f32; LANES]; 5 * width],
                bias: [0f32; LANES],
            })
            .collect();
        for filter in 0..sizes.filters {
            let (block, lane) = (&mut blocks[filter / LANES], filter % LANES);
            block.bias[lane] = filters.bias[filter];
            for base in 0..4 {
                for k in 0..width {
                    block.table[base * width + k][lane] =
                        filters.weight[(filter * 4 + base) * width + k];
                }
            }
        }
        Scan {
            sizes,
            blocks,
            relu,
            reduction,
        }
    }

    /// The pooled activations of one sequence with each mutation: `[mutations, filters]`.
    pub fn mutated(&self, codes: &[u8], mutations: &[Mutation]) -> Vec<f32> {
        let Sizes {
            filters,
            width,
            pads,
        } = self.sizes;
        let mut out = vec![0f32; mutations.len() * filters];
        let mut pooled = vec![[0f32; LANES]; mutations.len()];
        let windows = (codes.len() + pads.total() + 1).saturating_sub(width);
        for (i, block) in self.blocks.iter().enumerate() {
            let scanned = Scanned {
                codes,
                block,
                width,
                before: pads.before,
                windows,
                relu: self.relu,
            };
            match self.reduction {
                Reduction::Max => largest(scanned, mutations, &mut pooled),
                Reduction::Mean => mean(scanned, mutations, &mut pooled),
            }
            let first = i * LANES;
            let count = LANES.min(filters - first);
            for (row, values) in out.chunks_exact_mut(filters).zip(&pooled) {
                row[first..first + count].copy_from_slice(&values[..count]);
            }
        }
        out
    }
}

/// One sequence under one block of filters.
#[derive(Clone, Copy)]
struct Scanned<'a> {
    codes: &'a [u8],
    block: &'a Block,
    width: usize,
    /// Zeros before the sequence.
    before: usize,
    /// Number of windows.
    windows: usize,
    relu: bool,
}

impl Scanned<'_> {
    /// The weights of a base at an offset of the window; zeros where there is no base.
    #[inline(always)]
    fn weights(&self, base: u8, offset: usize) -> &Lanes {
        &self.block.table[usize::from(base.min(4)) * self.width + offset]
    }

    /// The sums of all windows.
    #[inline(always)]
    fn sums(&self) -> Vec<Lanes> {
        let Scanned {
            codes,
            width,
            before,
            ..
        } = *self;
        let one = |w: usize| {
            let mut sum = self.block.bias;
            for k in before.saturating_sub(w)..width.min((codes.len() + before).saturating_sub(w)) {
                let weights = self.weights(codes[w + k - before], k);
                (0..LANES).for_each(|lane| sum[lane] += weights[lane]);
            }
            sum
        };
        (0..self.windows).map(one).collect()
    }

    /// Calls `each` with the sum of every window that contains a mutation, before and after it;
    /// returns the first of them and the end of their range.
    #[inline(always)]
    fn affected(
        &self,
        mutation: Mutation,
        sums: &[Lanes],
        mut each: impl FnMut(&Lanes, &Lanes),
    ) -> (usize, usize) {
        let Scanned {
            codes,
            width,
            before,
            windows,
            ..
        } = *self;
        let Mutation { position, base } = mutation;
        let first = (position + before + 1).saturating_sub(width).min(windows);
        let end = (position + before + 1).min(windows);
        for (w, sum) in sums[first..end].iter().enumerate() {
            let k = position + before - (first + w);
            let (removed, added) = (self.weights(codes[position], k), self.weights(base, k));
            let mut mutated = *sum;
            (0..LANES).for_each(|lane| mutated[lane] += added[lane] - removed[lane]);
            each(sum, &mutated);
        }
        (first, end)
    }
}

#[inline(always)]
fn raise(a: &mut Lanes, b: &Lanes) {
    (0..LANES).for_each(|lane| a[lane] = if b[lane] > a[lane] { b[lane] } else { a[lane] });
}

#[inline(always)]
fn largest_of(scanned: Scanned, mutations: &[Mutation], out: &mut [Lanes]) {
    let sums = scanned.sums();
    let least = [if scanned.relu { 0.0 } else { f32::NEG_INFINITY }; LANES];
    // the largest of the windows before each, and of the windows from each on
    let mut preceding = vec![least];
    for sum in &sums {
        let mut next = preceding[preceding.len() - 1];
        raise(&mut next, sum);
        preceding.push(next);
    }
    let mut following = vec![least; sums.len() + 1];
    for (w, sum) in sums.iter().enumerate().rev() {
        following[w] = following[w + 1];
        raise(&mut following[w], sum);
    }
    for (mutation, out) in mutations.iter().zip(out) {
        let mut best = least;
        let (first, end) = scanned.affected(*mutation, &sums, |_, mutated| {
            raise(&mut best, mutated);
        });
        raise(&mut best, &preceding[first]);
        raise(&mut best, &following[end]);
        *out = best;
    }
}

#[inline(always)]
fn mean_of(scanned: Scanned, mutations: &[Mutation], out: &mut [Lanes]) {
    let sums = scanned.sums();
    let activation = |x: f32| if scanned.relu && x < 0.0 { 0.0 } else { x };
    let mut total = [0f32; LANES];
    sums.iter()
        .for_each(|sum| (0..LANES).for_each(|lane| total[lane] += activation(sum[lane])));
    for (mutation, out) in mutations.iter().zip(out) {
        let mut sum = total;
        scanned.affected(*mutation, &sums, |before, after| {
            (0..LANES)
                .for_each(|lane| sum[lane] += activation(after[lane]) - activation(before[lane]))
        });
        *out = sum.map(|sum| sum / sums.len() as f32);
    }
}

widest!(largest(scanned: Scanned, mutations: &[Mutation], out: &mut [Lanes]) -> (), largest_of);
widest!(mean(scanned: Scanned, mutations: &[Mutation], out: &mut [Lanes]) -> (), mean_of);

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    /// The pooled activations of a sequence, filter by filter.
    fn pooled(
        sizes: Sizes,
        filters: Filters,
        relu: bool,
        reduction: Reduction,
        codes: &[u8],
    ) -> Vec<f32> {
        let Sizes { width, pads, .. } = sizes;
        let windows = codes.len() + pads.total() + 1 - width;
        let activation = |filter: usize, w: usize| {
            let sum = filters.bias[filter]
                + (0..width)
                    .filter_map(|k| {
                        let code = *codes.get((w + k).checked_sub(pads.before)?)?;
                        (code < 4)
                            .then(|| filters.weight[(filter * 4 + usize::from(code)) * width + k])
                    })
                    .sum::<f32>();
            if relu { sum.max(0.0) } else { sum }
        };
        (0..sizes.filters)
            .map(|filter| {
                let all = (0..windows).map(|w| activation(filter, w));
                match reduction {
                    Reduction::Max => all.fold(f32::NEG_INFINITY, f32::max),
                    Reduction::Mean => all.sum::<f32>() / windows as f32,
                }
            })
            .collect()
    }

    #[test]
    fn mutated_sequences_have_the_activations_of_whole_passes() {
        let mut rng = Rng::keyed(&[3]);
        for (filters, width, before, after) in [(5, 4, 0, 0), (20, 7, 3, 3), (16, 3, 2, 0)] {
            let sizes = Sizes {
                filters,
                width,
                pads: Pads { before, after },
            };
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.normal() as f32).collect() };
            let (weight, bias) = (draw(filters * 4 * width), draw(filters));
            let filters = Filters {
                weight: &weight,
                bias: &bias,
            };
            let codes: Vec<u8> = (0..23).map(|i| if i == 9 { 4 } else { i % 4 }).collect();
            let mutations: Vec<Mutation> = (0..23)
                .map(|position| Mutation {
                    position,
                    base: (position * 3 % 4) as u8,
                })
                .collect();
            for (relu, reduction) in [
                (true, Reduction::Max),
                (false, Reduction::Max),
                (true, Reduction::Mean),
                (false, Reduction::Mean),
            ] {
                let scan = Scan::new(sizes, filters, relu, reduction);
                let got = scan.mutated(&codes, &mutations);
                let wanted: Vec<f32> = mutations
                    .iter()
                    .flat_map(|mutation| {
                        let mut codes = codes.clone();
                        codes[mutation.position] = mutation.base;
                        pooled(sizes, filters, relu, reduction, &codes)
                    })
                    .collect();
                assert!(got.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-4));
            }
        }
    }
}
