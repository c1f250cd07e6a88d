//! The same lookups where positions stay: each on its own, or the largest or the mean of some side
//! by side.
//!
//! The backward pass adds each position's gradient to the rows that the forward pass added there,
//! and takes the rows apart into weights once, at the end.

use super::{
    ALL, BASES, Gradients, KEY, KNOWN, LANE, Over, Row, SIDE, Stem, Tables, add, added, bases,
    of_first_place, scale, sums,
};
use cistron_base::wide::widest;
use cistron_torch::parallel;

/// Sequences that a thread takes at a time.
const STRETCH: usize = 4;
/// Parts that a batch is split into for its gradients, whatever the number of threads: sums keep
/// their order.
const PARTS: usize = 8;

/// What is computed.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// The convolution, its ReLU, and what is made of a window.
    pub stem: Stem,
    /// Positions of a window; what is left at the end is dropped, as in torch.
    pub size: usize,
}

/// Where positions passed something on: a bit for each filter and position, by block of filters and
/// stretch of sequences.
pub type Passed = Vec<Vec<Vec<u32>>>;

/// Positions, windows and filters.
#[derive(Clone, Copy)]
struct Layout {
    windows: usize,
    size: usize,
    /// Filters of a row, the first of a block, and how many the block has.
    filters: (usize, usize, usize),
}

impl Layout {
    /// Windows whose bits share a word.
    fn together(self) -> usize {
        32 / self.size
    }

    /// Words of bits of a sequence and filter.
    fn words(self) -> usize {
        self.windows.div_ceil(self.together())
    }
}

impl Windows {
    /// The largest size there is: its bits are those of a word.
    pub const LARGEST: usize = 32;

    /// Windows of a sequence.
    pub fn count(&self, length: usize) -> usize {
        self.stem.positions(length) / self.size
    }

    fn layout(&self, length: usize, first: usize, most: usize) -> Layout {
        let filters = self.stem.filters;
        Layout {
            windows: self.count(length),
            size: self.size,
            filters: (filters, first, most.min(filters - first)),
        }
    }

    /// Writes `[sequences, windows, filters]` numbers to `out`, and gives what the gradients need,
    /// if they are to be kept.
    pub fn forward(
        &self,
        codes: &[u8],
        length: usize,
        weight: &[f32],
        bias: &[f32],
        keep: bool,
        out: &mut [f32],
    ) -> Passed {
        let unknown = self.stem.unknown(codes);
        let (mut first, mut passed) = (0, Vec::new());
        while first < self.stem.filters {
            let (own, bits) = if self.stem.filters - first <= LANE {
                self.block::<1>(
                    codes,
                    length,
                    &Tables::new(&self.stem, weight, bias, first, unknown, 1.0),
                    first,
                    keep,
                    out,
                )
            } else {
                self.block::<2>(
                    codes,
                    length,
                    &Tables::new(&self.stem, weight, bias, first, unknown, 1.0),
                    first,
                    keep,
                    out,
                )
            };
            passed.push(bits);
            first += own;
        }
        passed
    }

    fn block<const V: usize>(
        &self,
        codes: &[u8],
        length: usize,
        tables: &Tables<V>,
        first: usize,
        keep: bool,
        out: &mut [f32],
    ) -> (usize, Vec<Vec<u32>>) {
        let layout = self.layout(length, first, LANE * V);
        let (filters, _, own) = layout.filters;
        let row = layout.windows * filters;
        let mut stretches: Vec<(&mut [f32], Vec<u32>)> = out
            .chunks_mut((STRETCH * row).max(1))
            .map(|out| (out, Vec::new()))
            .collect();
        parallel::each_part(&mut stretches, 1, &|stretch, item| {
            let (out, bits) = &mut item[0];
            let mut keys = Vec::new();
            for (i, out) in out.chunks_mut(row).enumerate() {
                self.stem.keys(
                    &codes[(stretch * STRETCH + i) * length..][..length],
                    &mut keys,
                );
                let bits = keep.then_some(&mut *bits);
                if self.stem.relu {
                    pool::<V, true>(tables, &keys, layout, self.stem.over, out, bits);
                } else {
                    pool::<V, false>(tables, &keys, layout, self.stem.over, out, bits);
                }
            }
        });
        (own, stretches.into_iter().map(|(_, bits)| bits).collect())
    }

    /// The gradients of weights and bias from those of what came out,
    /// `[sequences, windows, filters]`.
    pub fn backward(
        &self,
        codes: &[u8],
        length: usize,
        passed: &Passed,
        gradient: &[f32],
    ) -> Gradients {
        let filters = self.stem.filters;
        let mut out = Gradients::none(&self.stem);
        let mut first = 0;
        for passed in passed {
            first += if filters - first <= LANE {
                self.backward_block::<1>(codes, length, passed, first, gradient, &mut out)
            } else {
                self.backward_block::<2>(codes, length, passed, first, gradient, &mut out)
            };
        }
        out
    }

    fn backward_block<const V: usize>(
        &self,
        codes: &[u8],
        length: usize,
        passed: &[Vec<u32>],
        first: usize,
        gradient: &[f32],
        out: &mut Gradients,
    ) -> usize {
        let layout = self.layout(length, first, LANE * V);
        let own = layout.filters.2;
        let channels = self.stem.channels();
        let (rows, chunks, step) = match self.stem.words {
            None => (
                if self.stem.unknown(codes) { ALL } else { KNOWN },
                self.stem.width.div_ceil(KEY),
                KEY,
            ),
            Some(words) => (channels + 1, self.stem.width, words.dilation),
        };
        let n = codes.len() / length.max(1);
        let size = n.div_ceil(PARTS).max(1);
        let (row, words) = (layout.windows * layout.filters.0, layout.words() * LANE * V);
        let by = if self.stem.over == Over::Mean {
            1.0 / self.size as f32
        } else {
            1.0
        };
        let part = |part: usize| {
            let (mut into, mut keys) = (vec![Row::<V>::ZERO; chunks * rows], Vec::new());
            for i in part * size..n.min((part + 1) * size) {
                self.stem
                    .keys(&codes[i * length..(i + 1) * length], &mut keys);
                let bits = &passed[i / STRETCH][i % STRETCH * words..][..words];
                scatter(
                    &keys,
                    step,
                    rows,
                    layout,
                    bits,
                    &gradient[i * row..(i + 1) * row],
                    &mut into,
                );
            }
            into
        };
        let mut total = added(parallel::map(n.div_ceil(size).max(1), &part));
        total.iter_mut().for_each(|row| scale(row, by));
        let bias = of_first_place(&total, rows);
        let places = if self.stem.words.is_some() {
            total
        } else {
            single(&total, rows)
        };
        out.put(&self.stem, (first, own), &places, channels + 1, &bias);
        own
    }
}

/// What rows of four bases say of each base at each place, `[places][5]`.
fn single<const V: usize>(total: &[Row<V>], rows: usize) -> Vec<Row<V>> {
    let mut out = vec![Row::<V>::ZERO; total.len() / rows * KEY * (BASES + 1)];
    for (chunk, total) in total.chunks_exact(rows).enumerate() {
        for (row, own) in total.iter().enumerate() {
            for (offset, base) in bases(row).into_iter().enumerate() {
                add(&mut out[(chunk * KEY + offset) * (BASES + 1) + base], own);
            }
        }
    }
    out
}

/// The positions of windows that share a word of bits, from a table.
#[inline(always)]
fn positions<const V: usize>(tables: &Tables<V>, keys: &[u16], first: usize, out: &mut [Row<V>]) {
    let (eights, rest) = out.as_chunks_mut::<SIDE>();
    let behind = first + eights.len() * SIDE;
    for (i, out) in eights.iter_mut().enumerate() {
        *out = sums::<V, SIDE>(tables, keys, first + i * SIDE);
    }
    for (i, out) in rest.iter_mut().enumerate() {
        *out = sums::<V, 1>(tables, keys, behind + i)[0];
    }
}

/// All windows of a sequence, for some filters of `out`; behind `passed` come the bits of positions
/// that pass something on, first position first.
#[inline(always)]
fn pool_rows<const V: usize, const RELU: bool>(
    tables: &Tables<V>,
    keys: &[u16],
    layout: Layout,
    over: Over,
    out: &mut [f32],
    mut passed: Option<&mut Vec<u32>>,
) {
    let (size, together) = (layout.size, layout.together());
    let (filters, first, own) = layout.filters;
    let mut values = [Row::<V>::ZERO; 32];
    for (group, out) in out.chunks_mut(together * filters).enumerate() {
        let n = out.len() / filters * size;
        let mut bits = [[0u32; LANE]; V];
        positions(tables, keys, group * together * size, &mut values[..n]);
        for (window, out) in values[..n]
            .chunks_exact(size)
            .zip(out.chunks_exact_mut(filters))
        {
            let mut row = Row::<V>::ZERO;
            for v in 0..V {
                row.0[v] = match over {
                    Over::Max => largest::<V, RELU>(window, v, &mut bits[v]),
                    Over::Mean => mean::<V, RELU>(window, v, &mut bits[v]),
                };
            }
            copy::<V>(row.flat(), &mut out[first..first + own]);
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
    // the bit of the largest moves up with each position behind it
    let (mut best, mut place) = (window[0].0[v], [1u32; LANE]);
    for row in &window[1..] {
        for lane in 0..LANE {
            // NaN wins, as in torch
            let x = row.0[v][lane];
            let better = x > best[lane] || x.is_nan();
            best[lane] = if better { x } else { best[lane] };
            place[lane] = if better { 1 } else { place[lane] << 1 };
        }
    }
    for lane in 0..LANE {
        let x = best[lane];
        let own = if !RELU || x > 0.0 { place[lane] } else { 0 };
        bits[lane] = bits[lane] << (window.len() - 1) << 1 | own;
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

/// Copies some filters' numbers; as one piece of known size, where a block is full.
#[inline(always)]
fn copy<const V: usize>(from: &[f32], to: &mut [f32]) {
    let (from, to) = (&from[..to.len()], to);
    if to.len() == LANE * V {
        to[..LANE * V].copy_from_slice(&from[..LANE * V]);
    } else {
        to.copy_from_slice(from);
    }
}

/// Adds the gradient of each position to the rows that were added there.
#[inline(always)]
fn scatter_rows<const V: usize>(
    keys: &[u16],
    step: usize,
    rows: usize,
    layout: Layout,
    passed: &[u32],
    gradient: &[f32],
    into: &mut [Row<V>],
) {
    let (filters, first, own) = layout.filters;
    for (group, bits) in passed.chunks_exact(V * LANE).enumerate() {
        let begin = group * layout.together();
        for window in begin..layout.windows.min(begin + layout.together()) {
            let mut row = Row::<V>::ZERO;
            copy::<V>(
                &gradient[window * filters + first..],
                &mut row.0.as_flattened_mut()[..own],
            );
            for position in window * layout.size..(window + 1) * layout.size {
                let mut share = Row::<V>::ZERO;
                for v in 0..V {
                    for lane in 0..LANE {
                        let bit = bits[v * LANE + lane] << (position - begin * layout.size) >> 31;
                        share.0[v][lane] = if bit == 1 { row.0[v][lane] } else { 0.0 };
                    }
                }
                for (chunk, into) in into.chunks_exact_mut(rows).enumerate() {
                    add(
                        &mut into[usize::from(keys[position + step * chunk])],
                        &share,
                    );
                }
            }
        }
    }
}

widest!(pool<V, RELU>(tables: &Tables<V>, keys: &[u16], layout: Layout, over: Over, out: &mut [f32], passed: Option<&mut Vec<u32>>) -> (), pool_rows);
widest!(scatter<V>(keys: &[u16], step: usize, rows: usize, layout: Layout, passed: &[u32], gradient: &[f32], into: &mut [Row<V>]) -> (), scatter_rows);

#[cfg(test)]
mod tests {
    use super::super::Words;
    use super::super::tests::{activation, channel, random};
    use super::*;
    use cistron_base::seed::Rng;

    #[test]
    fn windows_and_their_gradients_are_those_of_the_plain_sum() {
        let mut rng = Rng::keyed(&[6]);
        let words = |k, dilation| Some(Words { k, dilation });
        for (filters, width, length, pads, relu, over, size, words) in [
            (20, 20, 60, (0, 0), true, Over::Max, 1, None),
            (3, 5, 30, (0, 0), false, Over::Max, 1, None),
            (70, 7, 25, (3, 3), true, Over::Max, 4, None),
            (17, 12, 40, (11, 0), false, Over::Max, 3, None),
            (16, 3, 75, (0, 0), true, Over::Mean, 5, None),
            (33, 4, 70, (2, 1), false, Over::Mean, 32, None),
            (5, 3, 40, (0, 0), true, Over::Max, 2, words(4, 4)),
            (9, 5, 45, (4, 0), true, Over::Mean, 1, words(1, 3)),
        ] {
            let own = Windows {
                stem: Stem {
                    filters,
                    width,
                    pads,
                    relu,
                    over,
                    words,
                },
                size,
            };
            let (stem, n, windows) = (&own.stem, 9, own.count(length));
            let channels = stem.channels();
            let codes: Vec<u8> = (0..n * length)
                .map(|i| {
                    if i % 37 == 5 && filters != 20 {
                        4
                    } else {
                        rng.below(4) as u8
                    }
                })
                .collect();
            let (weight, bias, gradient) = (
                random(filters * channels * width, &mut rng),
                random(filters, &mut rng),
                random(n * windows * filters, &mut rng),
            );
            let mut out = vec![0.0; n * windows * filters];
            let passed = own.forward(&codes, length, &weight, &bias, true, &mut out);
            let got = own.backward(&codes, length, &passed, &gradient);
            let (mut wanted_weight, mut wanted_bias) =
                (vec![0.0f64; weight.len()], vec![0.0f64; filters]);
            for i in 0..n * windows * filters {
                let (row, window, filter) =
                    (i / (windows * filters), i / filters % windows, i % filters);
                let codes = &codes[row * length..(row + 1) * length];
                let all: Vec<f64> = (0..size)
                    .map(|p| activation(stem, codes, &weight, &bias, filter, window * size + p))
                    .collect();
                let after = |x: f64| if relu { x.max(0.0) } else { x };
                // the first of the largest
                let best = (0..size)
                    .rev()
                    .max_by(|a, b| all[*a].total_cmp(&all[*b]))
                    .unwrap();
                let wanted = if over == Over::Mean {
                    all.iter().map(|x| after(*x)).sum::<f64>() / size as f64
                } else {
                    after(all[best])
                };
                assert!(
                    (f64::from(out[i]) - wanted).abs() < 1e-4,
                    "{filters} filters of {width}, windows of {size}: {} for {wanted}",
                    out[i]
                );
                for p in 0..size {
                    let share = if over == Over::Mean {
                        1.0 / size as f64
                    } else {
                        f64::from(u8::from(p == best))
                    };
                    if share == 0.0 || (relu && all[p] <= 0.0) {
                        continue;
                    }
                    let g = share * f64::from(gradient[i]);
                    wanted_bias[filter] += g;
                    for at in 0..width {
                        if let Some(channel) = channel(stem, codes, window * size + p, at) {
                            wanted_weight[(filter * channels + channel) * width + at] += g;
                        }
                    }
                }
            }
            assert!(
                got.weight
                    .iter()
                    .zip(&wanted_weight)
                    .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
            );
            assert!(
                got.bias
                    .iter()
                    .zip(&wanted_bias)
                    .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
            );
        }
    }
}
