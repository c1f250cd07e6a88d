//! Batch normalisation and the ReLU after it, over rows of channels: each number is read twice and
//! written once in the forward pass, and read twice and written once in the backward pass, where
//! separate layers read it six times and write it three times.
//!
//! # Layout
//!
//! `[rows][channels]`: the channels of a position are next to each other.
//!
//! # Dispatch
//!
//! `widest!` compiles each loop for AVX-512, AVX2 with FMA, and the baseline. Sums are taken over
//! 16 channels at a time, and over a fixed number of parts whatever the number of threads. There is
//! no `unsafe`.

use cistron_base::parallel::Threads;
use cistron_base::wide::widest;

/// Channels that are summed together.
const LANES: usize = 16;
/// Numbers that stay in the first cache while sums are taken.
const BLOCK: usize = 4096;
/// Parts that rows are split into, whatever the number of threads, so that sums are the same.
const PARTS: usize = 32;

/// Mean and variance (over n) of each channel.
pub struct Moments {
    /// Means.
    pub mean: Vec<f32>,
    /// Variances.
    pub variance: Vec<f32>,
}

/// A scale and a shift per channel, which are learned.
#[derive(Clone, Copy)]
pub struct Affine<'a> {
    /// The scales.
    pub weight: &'a [f32],
    /// The shifts.
    pub bias: &'a [f32],
}

/// Rows of a part.
fn rows_per_part(rows: usize) -> usize {
    rows.div_ceil(PARTS).max(1)
}

/// Calls `f` with the channels of each group, the last of which may be smaller.
#[inline(always)]
fn groups(channels: usize, mut f: impl FnMut(usize, usize)) {
    (0..channels)
        .step_by(LANES)
        .for_each(|first| f(first, LANES.min(channels - first)));
}

#[inline(always)]
fn moments_of(x: &[f32], channels: usize) -> Vec<[f64; 2]> {
    // means and summed squares around them, merged block by block (Chan et al.)
    let mut out = vec![[0f64; 2]; channels];
    let rows = (BLOCK / channels).max(1);
    let mut seen = 0f64;
    for block in x.chunks(rows * channels) {
        let n = (block.len() / channels) as f64;
        groups(channels, |first, width| {
            let mut sums = [0f32; LANES];
            let mut squares = [0f32; LANES];
            let mut means = [0f32; LANES];
            // a constant width lets the compiler keep sums in registers
            if width == LANES {
                for row in block.chunks_exact(channels) {
                    (0..LANES).for_each(|lane| sums[lane] += row[first..first + LANES][lane]);
                }
                (0..LANES).for_each(|lane| means[lane] = sums[lane] / n as f32);
                for row in block.chunks_exact(channels) {
                    for lane in 0..LANES {
                        let distance = row[first..first + LANES][lane] - means[lane];
                        squares[lane] += distance * distance;
                    }
                }
            } else {
                for row in block.chunks_exact(channels) {
                    (0..width).for_each(|lane| sums[lane] += row[first + lane]);
                }
                (0..width).for_each(|lane| means[lane] = sums[lane] / n as f32);
                for row in block.chunks_exact(channels) {
                    for lane in 0..width {
                        let distance = row[first + lane] - means[lane];
                        squares[lane] += distance * distance;
                    }
                }
            }
            for lane in 0..width {
                // the mean that was used is rounded; the squares are corrected by its error
                let error = f64::from(sums[lane]) / n - f64::from(means[lane]);
                let block = [
                    f64::from(sums[lane]) / n,
                    f64::from(squares[lane]) - n * error * error,
                ];
                out[first + lane] = merged(out[first + lane], seen, block, n);
            }
        });
        seen += n;
    }
    out
}

/// Mean and summed squares around it of two groups of rows together.
fn merged(a: [f64; 2], a_rows: f64, b: [f64; 2], b_rows: f64) -> [f64; 2] {
    let (rows, distance) = (a_rows + b_rows, b[0] - a[0]);
    [
        a[0] + distance * b_rows / rows,
        a[1] + b[1] + distance * distance * a_rows * b_rows / rows,
    ]
}

#[inline(always)]
fn forward_of(x: &[f32], y: &mut [f32], scale: &[f32], shift: &[f32]) {
    for (x, y) in x
        .chunks_exact(scale.len())
        .zip(y.chunks_exact_mut(scale.len()))
    {
        for (((x, y), scale), shift) in x.iter().zip(y).zip(scale).zip(shift) {
            let value = x * scale + shift;
            *y = if value > 0.0 { value } else { 0.0 };
        }
    }
}

/// Of each channel the sum of the gradients that pass the ReLU, and the sum of these times the
/// number's distance from its mean.
#[inline(always)]
fn sums_of(x: &[f32], g: &[f32], norm: &Norm) -> Vec<[f64; 2]> {
    let channels = norm.scale.len();
    let mut out = vec![[0f64; 2]; channels];
    let size = (BLOCK / channels).max(1) * channels;
    for (x, g) in x.chunks(size).zip(g.chunks(size)) {
        groups(channels, |first, width| {
            let (mut plain, mut distance) = ([0f32; LANES], [0f32; LANES]);
            let (mut scale, mut shift, mut mean) = ([0f32; LANES], [0f32; LANES], [0f32; LANES]);
            scale[..width].copy_from_slice(&norm.scale[first..first + width]);
            shift[..width].copy_from_slice(&norm.shift[first..first + width]);
            mean[..width].copy_from_slice(&norm.mean[first..first + width]);
            let mut add = |lane: usize, x: f32, g: f32| {
                let passed = if x * scale[lane] + shift[lane] > 0.0 {
                    g
                } else {
                    0.0
                };
                plain[lane] += passed;
                distance[lane] += passed * (x - mean[lane]);
            };
            for (x, g) in x.chunks_exact(channels).zip(g.chunks_exact(channels)) {
                if width == LANES {
                    let (x, g) = (&x[first..first + LANES], &g[first..first + LANES]);
                    (0..LANES).for_each(|lane| add(lane, x[lane], g[lane]));
                } else {
                    (0..width).for_each(|lane| add(lane, x[first + lane], g[first + lane]));
                }
            }
            for lane in 0..width {
                out[first + lane][0] += f64::from(plain[lane]);
                out[first + lane][1] += f64::from(distance[lane]);
            }
        });
    }
    out
}

/// The gradients of a part's numbers: scale (g - a - (x - mean) b), with g = 0 where the ReLU is 0.
#[inline(always)]
fn backward_of(x: &[f32], g: &[f32], out: &mut [f32], norm: &Norm, a: &[f32], b: &[f32]) {
    let channels = norm.scale.len();
    for ((x, g), out) in x
        .chunks_exact(channels)
        .zip(g.chunks_exact(channels))
        .zip(out.chunks_exact_mut(channels))
    {
        let of_channel = norm
            .scale
            .iter()
            .zip(&norm.shift)
            .zip(&norm.mean)
            .zip(a.iter().zip(b));
        for (((x, g), out), (((scale, shift), mean), (a, b))) in
            x.iter().zip(g).zip(out).zip(of_channel)
        {
            let passed = if x * scale + shift > 0.0 { *g } else { 0.0 };
            *out = scale * (passed - a - (x - mean) * b);
        }
    }
}

widest!(moments_wide(x: &[f32], channels: usize) -> Vec<[f64; 2]>, moments_of);
widest!(forward_wide(x: &[f32], y: &mut [f32], scale: &[f32], shift: &[f32]) -> (), forward_of);
widest!(sums_wide(x: &[f32], g: &[f32], norm: &Norm) -> Vec<[f64; 2]>, sums_of);
widest!(backward_wide(x: &[f32], g: &[f32], out: &mut [f32], norm: &Norm, a: &[f32], b: &[f32])
    -> (), backward_of);

/// Mean and variance of each channel of rows.
pub fn moments(x: &[f32], channels: usize, threads: Threads) -> Moments {
    let rows = x.len() / channels;
    let size = rows_per_part(rows);
    let parts = threads.map(rows.div_ceil(size), &|part| {
        let rows = &x[part * size * channels..x.len().min((part + 1) * size * channels)];
        (moments_wide(rows, channels), (rows.len() / channels) as f64)
    });
    let (mut total, mut seen) = (vec![[0f64; 2]; channels], 0f64);
    for (part, n) in parts {
        total
            .iter_mut()
            .zip(part)
            .for_each(|(total, part)| *total = merged(*total, seen, part, n));
        seen += n;
    }
    Moments {
        mean: total.iter().map(|sum| sum[0] as f32).collect(),
        variance: total.iter().map(|sum| (sum[1] / seen) as f32).collect(),
    }
}

/// The factor and the summand of each channel, before the ReLU.
pub struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean: Vec<f32>,
    /// 1 over the standard deviation.
    inverse_deviation: Vec<f32>,
}

/// Gradients of a normalisation's scale and shift.
pub struct Gradients {
    /// Of the scales.
    pub weight: Vec<f32>,
    /// Of the shifts.
    pub bias: Vec<f32>,
}

impl Norm {
    /// From moments, and the learned scale and shift.
    pub fn new(moments: Moments, eps: f64, affine: Option<Affine>) -> Norm {
        let inverse_deviation: Vec<f32> = moments
            .variance
            .iter()
            .map(|variance| (1.0 / (f64::from(*variance) + eps).sqrt()) as f32)
            .collect();
        let scale: Vec<f32> = inverse_deviation
            .iter()
            .enumerate()
            .map(|(i, inverse)| affine.map_or(1.0, |affine| affine.weight[i]) * inverse)
            .collect();
        let shift = scale
            .iter()
            .zip(&moments.mean)
            .enumerate()
            .map(|(i, (scale, mean))| affine.map_or(0.0, |affine| affine.bias[i]) - mean * scale)
            .collect();
        Norm {
            scale,
            shift,
            mean: moments.mean,
            inverse_deviation,
        }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.scale.len()
    }

    /// Numbers of a part of `rows` rows.
    fn part(&self, rows: usize) -> usize {
        rows_per_part(rows) * self.channels()
    }

    /// Writes the outputs of rows.
    pub fn forward(&self, x: &[f32], out: &mut [f32], threads: Threads) {
        let size = self.part(x.len() / self.channels());
        threads.each_part(out, size, &|i, out| {
            let x = &x[i * size..i * size + out.len()];
            forward_wide(x, out, &self.scale, &self.shift);
        });
    }

    /// Writes the gradients of rows, from those of the outputs, and returns those of scale and
    /// shift.
    pub fn backward(
        &self,
        x: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        threads: Threads,
    ) -> Gradients {
        let n = x.len() / self.channels();
        let size = self.part(n);
        let parts = threads.map(x.len().div_ceil(size), &|i| {
            let range = i * size..x.len().min((i + 1) * size);
            sums_wide(&x[range.clone()], &gradient[range], self)
        });
        let mut sums = vec![[0f64; 2]; self.channels()];
        parts.iter().for_each(|part| {
            sums.iter_mut()
                .zip(part)
                .for_each(|(sum, part)| (0..2).for_each(|i| sum[i] += part[i]))
        });
        let a: Vec<f32> = sums.iter().map(|sum| (sum[0] / n as f64) as f32).collect();
        let b: Vec<f32> = sums
            .iter()
            .zip(&self.inverse_deviation)
            .map(|(sum, inverse)| (sum[1] * f64::from(*inverse).powi(2) / n as f64) as f32)
            .collect();
        threads.each_part(out, size, &|i, out| {
            let range = i * size..i * size + out.len();
            backward_wide(&x[range.clone()], &gradient[range], out, self, &a, &b);
        });
        Gradients {
            weight: sums
                .iter()
                .zip(&self.inverse_deviation)
                .map(|(sum, inverse)| (sum[1] * f64::from(*inverse)) as f32)
                .collect(),
            bias: sums.iter().map(|sum| sum[0] as f32).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_their_definition() {
        let mut rng = cistron_base::seed::Rng::keyed(&[9]);
        for (rows, channels) in [(1, 3), (70, 16), (5000, 37), (900, 64)] {
            let x: Vec<f32> = (0..rows * channels)
                .map(|i| (rng.normal() + 100.0 * (i % channels) as f64) as f32)
                .collect();
            let found = moments(&x, channels, Threads::ONE);
            for channel in 0..channels {
                let values: Vec<f64> = x
                    .iter()
                    .skip(channel)
                    .step_by(channels)
                    .map(|x| f64::from(*x))
                    .collect();
                let mean = values.iter().sum::<f64>() / rows as f64;
                let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
                assert!(
                    (f64::from(found.mean[channel]) - mean).abs() < 1e-6 * (1.0 + mean.abs()),
                    "{rows} {channels}"
                );
                assert!(
                    (f64::from(found.variance[channel]) - variance).abs()
                        < 1e-4 * (1e-3 + variance),
                    "{rows} {channels} {channel}"
                );
            }
        }
    }
}
