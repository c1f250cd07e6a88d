//! Every position, or the largest or the mean of windows of positions.
//!
//! The backward pass adds each position's gradient to the rows that the forward pass added there,
//! and splits the rows into weights once, at the end.

use super::tables::{
    ALL, KEY, KNOWN, Row, SIDE, Tables, add, by_base, scale, sum_of_chunk, summed, sums,
};
use super::{Block, CodeConvolution, Filters, Gradients, LANE, Reduction, Sequences};
use cistron_base::parallel::Threads;
use cistron_base::wide::widest;

/// Sequences in one part of the forward pass.
const SEQUENCES: usize = 4;
/// Parts that a batch is split into for its gradients, whatever the number of threads: sums keep
/// their order.
const PARTS: usize = 8;

/// A convolution of sequence codes with a pooling of windows side by side.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// The convolution, its ReLU, and how a window is pooled.
    pub convolution: CodeConvolution,
    /// Positions of a window; positions left over at the end are dropped, as in PyTorch.
    pub size: usize,
}

/// Where positions passed something on: a bit for each filter and position, by block of filters and
/// part of the sequences.
pub type PassedBits = Vec<Vec<Vec<u32>>>;

/// Positions, windows and filters.
#[derive(Clone, Copy)]
struct Layout {
    windows: usize,
    size: usize,
    /// Filters of a row.
    filters: usize,
    block: Block,
}

impl Layout {
    /// Windows whose bits share a word.
    fn windows_per_word(self) -> usize {
        32 / self.size
    }

    /// Words of bits of a sequence and filter.
    fn words(self) -> usize {
        self.windows.div_ceil(self.windows_per_word())
    }
}

impl Windows {
    /// The largest size: its bits fill a word.
    pub const LARGEST: usize = 32;

    /// Windows of a sequence.
    pub fn count(&self, length: usize) -> usize {
        self.convolution.positions(length) / self.size
    }

    fn layout<const V: usize>(&self, length: usize, first: usize) -> Layout {
        Layout {
            windows: self.count(length),
            size: self.size,
            filters: self.convolution.filters,
            block: Block::new::<V>(&self.convolution, first),
        }
    }

    /// Writes `[sequences, windows, filters]` numbers to `out`, and returns what the gradients
    /// need, where `keep`.
    pub fn forward(
        &self,
        sequences: Sequences,
        filters: Filters,
        keep: bool,
        threads: Threads,
        out: &mut [f32],
    ) -> PassedBits {
        let convolution = &self.convolution;
        let has_unknown = convolution.has_unknown(sequences.codes);
        let (mut first, mut passed) = (0, Vec::new());
        while first < convolution.filters {
            let bits = if Block::is_single(convolution, first) {
                let tables = Tables::<1>::new(convolution, filters, first, has_unknown, 1.0);
                let layout = self.layout::<1>(sequences.length, first);
                self.forward_block(sequences, &tables, layout, keep, threads, out)
            } else {
                let tables = Tables::<2>::new(convolution, filters, first, has_unknown, 1.0);
                let layout = self.layout::<2>(sequences.length, first);
                self.forward_block(sequences, &tables, layout, keep, threads, out)
            };
            passed.push(bits);
            first += LANE * 2;
        }
        passed
    }

    fn forward_block<const V: usize>(
        &self,
        sequences: Sequences,
        tables: &Tables<V>,
        layout: Layout,
        keep: bool,
        threads: Threads,
        out: &mut [f32],
    ) -> Vec<Vec<u32>> {
        let row = layout.windows * layout.filters;
        let mut parts: Vec<(&mut [f32], Vec<u32>)> = out
            .chunks_mut((SEQUENCES * row).max(1))
            .map(|out| (out, Vec::new()))
            .collect();
        threads.each_part(&mut parts, 1, &|part, item| {
            let (out, bits) = &mut item[0];
            let mut keys = Vec::new();
            for (i, out) in out.chunks_mut(row).enumerate() {
                let codes = sequences.get(part * SEQUENCES + i);
                self.convolution.keys(codes, &mut keys);
                let bits = keep.then_some(&mut *bits);
                let reduction = self.convolution.reduction;
                if self.convolution.relu {
                    pool::<V, true>(tables, &keys, layout, reduction, out, bits);
                } else {
                    pool::<V, false>(tables, &keys, layout, reduction, out, bits);
                }
            }
        });
        parts.into_iter().map(|(_, bits)| bits).collect()
    }

    /// The gradients of weights and biases from those of the outputs,
    /// `[sequences, windows, filters]`.
    pub fn backward(
        &self,
        sequences: Sequences,
        passed: &PassedBits,
        gradient: &[f32],
        threads: Threads,
    ) -> Gradients {
        let convolution = &self.convolution;
        let mut out = Gradients::zeros(convolution);
        for (i, passed) in passed.iter().enumerate() {
            let first = i * LANE * 2;
            if Block::is_single(convolution, first) {
                self.backward_block::<1>(sequences, passed, first, gradient, threads, &mut out);
            } else {
                self.backward_block::<2>(sequences, passed, first, gradient, threads, &mut out);
            }
        }
        out
    }

    fn backward_block<const V: usize>(
        &self,
        sequences: Sequences,
        passed: &[Vec<u32>],
        first: usize,
        gradient: &[f32],
        threads: Threads,
        out: &mut Gradients,
    ) {
        let convolution = &self.convolution;
        let layout = self.layout::<V>(sequences.length, first);
        let channels = convolution.channels();
        let (chunk, chunks, step) = match convolution.kmers {
            None => (
                if convolution.has_unknown(sequences.codes) {
                    ALL
                } else {
                    KNOWN
                },
                convolution.width.div_ceil(KEY),
                KEY,
            ),
            Some(kmers) => (channels + 1, convolution.width, kmers.dilation),
        };
        let n = sequences.count();
        let size = n.div_ceil(PARTS).max(1);
        let row = layout.windows * layout.filters;
        let words = layout.words() * LANE * V;
        let by = match convolution.reduction {
            Reduction::Mean => 1.0 / self.size as f32,
            Reduction::Max => 1.0,
        };
        let part = |part: usize| {
            let (mut into, mut keys) = (vec![Row::<V>::ZERO; chunks * chunk], Vec::new());
            for i in part * size..n.min((part + 1) * size) {
                convolution.keys(sequences.get(i), &mut keys);
                let summed = Summed {
                    keys: &keys,
                    step,
                    chunk,
                };
                let bits = &passed[i / SEQUENCES][i % SEQUENCES * words..][..words];
                let gradient = &gradient[i * row..(i + 1) * row];
                scatter(summed, layout, bits, gradient, &mut into);
            }
            into
        };
        let mut total = summed(threads.map(n.div_ceil(size).max(1), &part));
        total.iter_mut().for_each(|row| scale(row, by));
        let bias = sum_of_chunk(&total, chunk);
        let rows = if convolution.kmers.is_some() {
            total
        } else {
            by_base(&total, chunk)
        };
        out.put(convolution, layout.block, &rows, channels + 1, &bias);
    }
}

/// The positions of windows that share a word of bits, from a table.
#[inline(always)]
fn positions<const V: usize>(tables: &Tables<V>, keys: &[u16], first: usize, out: &mut [Row<V>]) {
    let (eights, rest) = out.as_chunks_mut::<SIDE>();
    let end = first + eights.len() * SIDE;
    for (i, out) in eights.iter_mut().enumerate() {
        *out = sums::<V, SIDE>(tables, keys, first + i * SIDE);
    }
    for (i, out) in rest.iter_mut().enumerate() {
        *out = sums::<V, 1>(tables, keys, end + i)[0];
    }
}

/// All windows of a sequence, for some filters of `out`; appends to `passed` the bits of positions
/// that pass something on, the first position in the highest bit.
#[inline(always)]
fn pool_rows<const V: usize, const RELU: bool>(
    tables: &Tables<V>,
    keys: &[u16],
    layout: Layout,
    reduction: Reduction,
    out: &mut [f32],
    mut passed: Option<&mut Vec<u32>>,
) {
    let Layout { size, filters, .. } = layout;
    let Block { first, count } = layout.block;
    let windows_per_word = layout.windows_per_word();
    let mut values = [Row::<V>::ZERO; 32];
    for (group, out) in out.chunks_mut(windows_per_word * filters).enumerate() {
        let n = out.len() / filters * size;
        let mut bits = [[0u32; LANE]; V];
        positions(
            tables,
            keys,
            group * windows_per_word * size,
            &mut values[..n],
        );
        for (window, out) in values[..n]
            .chunks_exact(size)
            .zip(out.chunks_exact_mut(filters))
        {
            let mut row = Row::<V>::ZERO;
            for v in 0..V {
                row.0[v] = match reduction {
                    Reduction::Max => largest::<V, RELU>(window, v, &mut bits[v]),
                    Reduction::Mean => mean::<V, RELU>(window, v, &mut bits[v]),
                };
            }
            copy::<V>(row.flat(), &mut out[first..first + count]);
        }
        if let Some(words) = &mut passed {
            bits.iter_mut().flatten().for_each(|word| *word <<= 32 - n);
            words.extend_from_slice(bits.as_flattened());
        }
    }
}

/// The largest of a window, for the filters of one vector.
#[inline(always)]
fn largest<const V: usize, const RELU: bool>(
    window: &[Row<V>],
    v: usize,
    bits: &mut [u32; LANE],
) -> [f32; LANE] {
    // the bit of the largest is shifted with each position that follows
    let (mut best, mut maximum) = (window[0].0[v], [1u32; LANE]);
    for row in &window[1..] {
        for lane in 0..LANE {
            // NaN wins, as in PyTorch
            let x = row.0[v][lane];
            let is_better = x > best[lane] || x.is_nan();
            best[lane] = if is_better { x } else { best[lane] };
            maximum[lane] = if is_better { 1 } else { maximum[lane] << 1 };
        }
    }
    for lane in 0..LANE {
        let x = best[lane];
        let passed = if !RELU || x > 0.0 { maximum[lane] } else { 0 };
        bits[lane] = bits[lane] << (window.len() - 1) << 1 | passed;
        best[lane] = if RELU && x < 0.0 { 0.0 } else { x };
    }
    best
}

/// The mean of a window, for the filters of one vector.
#[inline(always)]
fn mean<const V: usize, const RELU: bool>(
    window: &[Row<V>],
    v: usize,
    bits: &mut [u32; LANE],
) -> [f32; LANE] {
    let mut total = [0f32; LANE];
    for row in window {
        for lane in 0..LANE {
            let x = row.0[v][lane];
            total[lane] += if RELU && x < 0.0 { 0.0 } else { x };
            bits[lane] = bits[lane] << 1 | u32::from(!RELU || x > 0.0);
        }
    }
    let by = 1.0 / window.len() as f32;
    for lane in 0..LANE {
        total[lane] *= by;
    }
    total
}

/// Copies the numbers of some filters; with a constant size where a block is full.
#[inline(always)]
fn copy<const V: usize>(from: &[f32], to: &mut [f32]) {
    let (from, to) = (&from[..to.len()], to);
    if to.len() == LANE * V {
        to[..LANE * V].copy_from_slice(&from[..LANE * V]);
    } else {
        to.copy_from_slice(from);
    }
}

/// The rows that the forward pass summed: their keys and the layout of the tables.
#[derive(Clone, Copy)]
struct Summed<'a> {
    keys: &'a [u16],
    /// Positions between chunks.
    step: usize,
    /// Rows of a chunk.
    chunk: usize,
}

/// Adds the gradient of each position to the rows that were added there.
#[inline(always)]
fn scatter_rows<const V: usize>(
    summed: Summed,
    layout: Layout,
    passed: &[u32],
    gradient: &[f32],
    into: &mut [Row<V>],
) {
    let Block { first, count } = layout.block;
    let windows_per_word = layout.windows_per_word();
    for (group, bits) in passed.chunks_exact(V * LANE).enumerate() {
        let begin = group * windows_per_word;
        for window in begin..layout.windows.min(begin + windows_per_word) {
            let mut row = Row::<V>::ZERO;
            copy::<V>(
                &gradient[window * layout.filters + first..],
                &mut row.0.as_flattened_mut()[..count],
            );
            for position in window * layout.size..(window + 1) * layout.size {
                let mut share = Row::<V>::ZERO;
                for v in 0..V {
                    for lane in 0..LANE {
                        let bit = bits[v * LANE + lane] << (position - begin * layout.size) >> 31;
                        share.0[v][lane] = if bit == 1 { row.0[v][lane] } else { 0.0 };
                    }
                }
                for (chunk, into) in into.chunks_exact_mut(summed.chunk).enumerate() {
                    let key = summed.keys[position + summed.step * chunk];
                    add(&mut into[usize::from(key)], &share);
                }
            }
        }
    }
}

widest!(pool<V, RELU>(tables: &Tables<V>, keys: &[u16], layout: Layout, reduction: Reduction,
    out: &mut [f32], passed: Option<&mut Vec<u32>>) -> (), pool_rows);
widest!(scatter<V>(summed: Summed, layout: Layout, passed: &[u32], gradient: &[f32],
    into: &mut [Row<V>]) -> (), scatter_rows);
