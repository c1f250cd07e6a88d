//! Pooling over all positions.
//!
//! The gradient of a mean is the same at every position where a filter is active, so the backward
//! pass only counts: how often a filter was active while a base was at some offset of its window.
//! Both are bits, 32 positions a word, and the count is a population count of their conjunction.
//! Under a ReLU the forward pass sums negated windows: the sign bit of a sum is then the bit.
//!
//! For k-mers the backward pass adds to the rows that the forward pass summed.

use super::tables::{Row, SIDE, Tables, add, scale, sum_of_chunk, summed, sums};
use super::{
    BASES, Block, CodeConvolution, Filters, Gradients, LANE, Reduction, Sequences, planes,
};
use cistron_base::parallel::Threads;
use cistron_base::wide::widest;

/// Parts that a batch is split into for its gradients, whatever the number of threads: sums keep
/// their order.
const PARTS: usize = 16;
/// Sequences in one part of the forward pass.
const SEQUENCES: usize = 32;

/// The result of the forward pass, with what the backward pass needs.
pub struct Pooled {
    /// `sequences * filters` numbers.
    pub values: Vec<f32>,
    /// The position of each maximum; empty for means.
    maxima: Vec<u32>,
    /// Where filters were active, for means whose gradient will be asked for: for each block of
    /// filters and each part of the sequences.
    active: Vec<Vec<Vec<u32>>>,
}

impl Pooled {
    /// The window of each maximum, `sequences * filters`; empty for means.
    pub fn maxima(&self) -> &[u32] {
        &self.maxima
    }
}

/// Adds windows to a sum, under a ReLU only negative ones, and appends their signs to the bits.
#[inline(always)]
fn gather<const V: usize, const N: usize, const RELU: bool>(
    windows: [Row<V>; N],
    part: &mut Row<V>,
    bits: &mut [[u32; LANE]; V],
) {
    for i in 0..N {
        for v in 0..V {
            for lane in 0..LANE {
                let x = windows[i].0[v][lane];
                // NaN passes, as in PyTorch
                part.0[v][lane] += if RELU && x > 0.0 { 0.0 } else { x };
                bits[v][lane] = bits[v][lane] << 1 | x.to_bits() >> 31;
            }
        }
    }
}

/// The mean over positions of negated tables; appends the bits of active filters to `active`.
#[inline(always)]
fn mean_row<const V: usize, const RELU: bool>(
    tables: &Tables<V>,
    keys: &[u16],
    positions: usize,
    mut active: Option<&mut Vec<u32>>,
) -> Row<V> {
    let mut total = Row::<V>::ZERO;
    for first in (0..positions).step_by(32) {
        let last = positions.min(first + 32);
        let (mut part, mut bits) = (Row::<V>::ZERO, [[0u32; LANE]; V]);
        let mut position = first;
        while position + SIDE <= last {
            gather::<V, SIDE, RELU>(
                sums::<V, SIDE>(tables, keys, position),
                &mut part,
                &mut bits,
            );
            position += SIDE;
        }
        while position < last {
            gather::<V, 1, RELU>(sums::<V, 1>(tables, keys, position), &mut part, &mut bits);
            position += 1;
        }
        if !RELU {
            bits = [[u32::MAX; LANE]; V];
        }
        add(&mut total, &part);
        if let Some(words) = &mut active {
            bits.iter_mut()
                .flatten()
                .for_each(|word| *word <<= 32 - (last - first));
            words.extend_from_slice(bits.as_flattened());
        }
    }
    scale(&mut total, -1.0 / positions as f32);
    total
}

/// The maxima over positions, and where they are.
#[inline(always)]
fn max_row<const V: usize>(
    tables: &Tables<V>,
    keys: &[u16],
    positions: usize,
) -> (Row<V>, [[u32; LANE]; V]) {
    let (mut best, mut maxima) = ([[f32::NEG_INFINITY; LANE]; V], [[0u32; LANE]; V]);
    let mut take = |windows: &[Row<V>], first: usize| {
        for (position, window) in (first..).zip(windows) {
            for v in 0..V {
                for lane in 0..LANE {
                    let x = window.0[v][lane];
                    // NaN wins, as in PyTorch
                    let is_better = x > best[v][lane] || x.is_nan();
                    best[v][lane] = if is_better { x } else { best[v][lane] };
                    maxima[v][lane] = if is_better {
                        position as u32
                    } else {
                        maxima[v][lane]
                    };
                }
            }
        }
    };
    let blocks = positions / SIDE * SIDE;
    for position in (0..blocks).step_by(SIDE) {
        take(&sums::<V, SIDE>(tables, keys, position), position);
    }
    for position in blocks..positions {
        take(&sums::<V, 1>(tables, keys, position), position);
    }
    (Row(best), maxima)
}

/// The rows that the forward pass summed: their keys and the layout of the tables.
#[derive(Clone, Copy)]
struct Summed<'a> {
    keys: &'a [u16],
    /// Positions between chunks.
    step: usize,
    /// Rows of a chunk.
    chunk: usize,
    positions: usize,
}

/// Adds `gradient` to the rows that were summed where a filter was active.
#[inline(always)]
fn scatter_row<const V: usize>(
    summed: Summed,
    active: &[u32],
    gradient: &Row<V>,
    into: &mut [Row<V>],
) {
    for position in 0..summed.positions {
        let bits = &active[position / 32 * V * LANE..][..V * LANE];
        let mut passed = Row::<V>::ZERO;
        for v in 0..V {
            for lane in 0..LANE {
                passed.0[v][lane] = if bits[v * LANE + lane] << (position % 32) >> 31 == 1 {
                    gradient.0[v][lane]
                } else {
                    0.0
                };
            }
        }
        for (chunk, into) in into.chunks_exact_mut(summed.chunk).enumerate() {
            let key = summed.keys[position + summed.step * chunk];
            add(&mut into[usize::from(key)], &passed);
        }
    }
}

widest!(mean_of<V, RELU>(tables: &Tables<V>, keys: &[u16], positions: usize,
    active: Option<&mut Vec<u32>>) -> Row<V>, mean_row);
widest!(max_of<V>(tables: &Tables<V>, keys: &[u16], positions: usize)
    -> (Row<V>, [[u32; LANE]; V]), max_row);
widest!(scatter<V>(summed: Summed, active: &[u32], gradient: &Row<V>, into: &mut [Row<V>])
    -> (), scatter_row);

impl CodeConvolution {
    /// The pooled activations; `keep` what their gradients need, or not.
    pub fn forward(
        &self,
        sequences: Sequences,
        filters: Filters,
        keep: bool,
        threads: Threads,
    ) -> Pooled {
        let n = sequences.count() * self.filters;
        let mut out = Pooled {
            values: vec![0.0; n],
            maxima: Vec::new(),
            active: Vec::new(),
        };
        if self.reduction == Reduction::Max {
            out.maxima = vec![0; n];
        }
        let has_unknown = self.has_unknown(sequences.codes);
        // means are computed from negated tables
        let sign = match self.reduction {
            Reduction::Mean => -1.0,
            Reduction::Max => 1.0,
        };
        let mut first = 0;
        while first < self.filters {
            first += if Block::is_single(self, first) {
                let tables = Tables::<1>::new(self, filters, first, has_unknown, sign);
                self.forward_block(sequences, &tables, first, keep, threads, &mut out)
            } else {
                let tables = Tables::<2>::new(self, filters, first, has_unknown, sign);
                self.forward_block(sequences, &tables, first, keep, threads, &mut out)
            };
        }
        out
    }

    /// A block of filters of all sequences; returns how many filters it has.
    fn forward_block<const V: usize>(
        &self,
        sequences: Sequences,
        tables: &Tables<V>,
        first: usize,
        keep: bool,
        threads: Threads,
        out: &mut Pooled,
    ) -> usize {
        let Block { count, .. } = Block::new::<V>(self, first);
        let Sequences { codes, length } = sequences;
        let positions = self.positions(length);
        let part = |part: usize| {
            let (mut keys, mut values) = (Vec::new(), Vec::new());
            let (mut maxima, mut active) = (Vec::new(), Vec::new());
            for codes in codes
                .chunks(SEQUENCES * length)
                .nth(part)
                .unwrap_or_default()
                .chunks(length)
            {
                self.keys(codes, &mut keys);
                if self.reduction == Reduction::Mean {
                    let active = keep.then_some(&mut active);
                    let mean = if self.relu {
                        mean_of::<V, true>(tables, &keys, positions, active)
                    } else {
                        mean_of::<V, false>(tables, &keys, positions, active)
                    };
                    values.extend_from_slice(&mean.flat()[..count]);
                } else {
                    let (best, positions) = max_of(tables, &keys, positions);
                    values.extend(best.flat()[..count].iter().map(|value| {
                        if self.relu && *value < 0.0 {
                            0.0
                        } else {
                            *value
                        }
                    }));
                    maxima.extend_from_slice(&positions.as_flattened()[..count]);
                }
            }
            (values, maxima, active)
        };
        let n = codes.len() / length;
        let parts = threads.map(n.div_ceil(SEQUENCES), &part);
        let values = parts.iter().flat_map(|(values, ..)| values.chunks(count));
        out.values
            .chunks_mut(self.filters)
            .zip(values)
            .for_each(|(row, values)| row[first..first + count].copy_from_slice(values));
        let maxima = parts.iter().flat_map(|(_, maxima, _)| maxima.chunks(count));
        out.maxima
            .chunks_mut(self.filters)
            .zip(maxima)
            .for_each(|(row, maxima)| row[first..first + count].copy_from_slice(maxima));
        if keep {
            out.active
                .push(parts.into_iter().map(|(.., active)| active).collect());
        }
        count
    }

    /// The gradients of weights and biases from those of the pooled activations.
    pub fn backward(
        &self,
        sequences: Sequences,
        pooled: &Pooled,
        gradient: &[f32],
        threads: Threads,
    ) -> Gradients {
        let mut out = Gradients::zeros(self);
        if self.reduction == Reduction::Max {
            self.backward_max(sequences, pooled, gradient, &mut out);
            return out;
        }
        let mut first = 0;
        for active in &pooled.active {
            first += if Block::is_single(self, first) {
                self.backward_block::<1>(sequences, active, first, gradient, threads, &mut out)
            } else {
                self.backward_block::<2>(sequences, active, first, gradient, threads, &mut out)
            };
        }
        out
    }

    fn backward_block<const V: usize>(
        &self,
        sequences: Sequences,
        active: &[Vec<u32>],
        first: usize,
        gradient: &[f32],
        threads: Threads,
        out: &mut Gradients,
    ) -> usize {
        let block = Block::new::<V>(self, first);
        let channels = self.channels();
        // offsets and channels, and the bias; k-mers have one more that is not known
        let (chunk, rows) = match self.kmers {
            None => (4, self.width * 4 + 1),
            Some(_) => (channels + 1, self.width * (channels + 1)),
        };
        let positions = self.positions(sequences.length);
        let words = positions.div_ceil(32) * V * LANE;
        let n = sequences.count();
        let size = n.div_ceil(PARTS).max(1);
        let part = |part: usize| {
            let (mut into, mut planes, mut keys) =
                (vec![Row::<V>::ZERO; rows], Vec::new(), Vec::new());
            let mut counts = vec![[[0u32; LANE]; V]; rows];
            let mut weighed = vec![0.0f32; rows * V * LANE];
            for i in part * size..n.min((part + 1) * size) {
                let mut row = Row::<V>::ZERO;
                row.0.as_flattened_mut()[..block.count]
                    .copy_from_slice(&gradient[i * self.filters + first..][..block.count]);
                scale(&mut row, 1.0 / positions as f32);
                let codes = sequences.get(i);
                let active = &active[i / SEQUENCES][i % SEQUENCES * words..][..words];
                if let Some(kmers) = self.kmers {
                    self.keys(codes, &mut keys);
                    let summed = Summed {
                        keys: &keys,
                        step: kmers.dilation,
                        chunk,
                        positions,
                    };
                    scatter(summed, active, &row, &mut into);
                } else {
                    planes::of_bases(codes, self.pads, self.width, positions, &mut planes);
                    planes::count(&planes, active, &mut counts);
                    let counts = counts.as_flattened().as_flattened();
                    planes::weigh(counts, row.flat(), &mut weighed);
                }
            }
            if self.kmers.is_none() {
                into.iter_mut()
                    .zip(weighed.chunks_exact(V * LANE))
                    .for_each(|(row, sum)| row.0.as_flattened_mut().copy_from_slice(sum));
            }
            into
        };
        let total = summed(threads.map(n.div_ceil(size).max(1), &part));
        let bias = if self.kmers.is_some() {
            sum_of_chunk(&total, chunk)
        } else {
            total[self.width * BASES]
        };
        out.put(self, block, &total, chunk, &bias);
        block.count
    }

    /// Only the window of each maximum has a gradient.
    fn backward_max(
        &self,
        sequences: Sequences,
        pooled: &Pooled,
        gradient: &[f32],
        out: &mut Gradients,
    ) {
        let (channels, mut keys) = (self.channels(), Vec::new());
        for (row, codes) in sequences.codes.chunks(sequences.length.max(1)).enumerate() {
            if self.kmers.is_some() {
                self.keys(codes, &mut keys);
            }
            for filter in 0..self.filters {
                let i = row * self.filters + filter;
                if self.relu && pooled.values[i] <= 0.0 {
                    continue;
                }
                let (position, g) = (pooled.maxima[i] as usize, gradient[i]);
                out.bias[filter] += g;
                for at in 0..self.width {
                    let channel = match self.kmers {
                        Some(kmers) => usize::from(keys[position + at * kmers.dilation]),
                        None => (position + at)
                            .checked_sub(self.pads.before)
                            .and_then(|p| codes.get(p))
                            .map_or(channels, |code| usize::from(*code)),
                    };
                    if channel < channels {
                        out.weight[(filter * channels + channel) * self.width + at] += g;
                    }
                }
            }
        }
    }
}
