//! Batch normalisation and the ReLU behind it, over rows of channels: each number is read twice and
//! written once on the way forth, and twice and once on the way back, where separate layers read it
//! six times and write it three times.

use cistron_base::Result;
use cistron_base::wide::widest;
use cistron_torch::custom::{Kernel, attach};
use cistron_torch::inplace::change;
use cistron_torch::{Tensor, parallel};

/// Channels that are summed side by side.
const LANES: usize = 16;
/// Numbers that stay in the first cache while sums are taken.
const BLOCK: usize = 4096;
/// Parts that threads take, as many whatever the threads are, so that sums are the same.
const PARTS: usize = 32;

/// Mean and variance (over n) of each channel.
pub struct Moments {
    /// Means.
    pub mean: Vec<f32>,
    /// Variances.
    pub variance: Vec<f32>,
}

/// Rows of a part.
fn size_of_part(rows: usize) -> usize {
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
    // count is known to the caller: means and summed squares around them, joined block by block
    // (Chan et al.)
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
                        let apart = row[first..first + LANES][lane] - means[lane];
                        squares[lane] += apart * apart;
                    }
                }
            } else {
                for row in block.chunks_exact(channels) {
                    (0..width).for_each(|lane| sums[lane] += row[first + lane]);
                }
                (0..width).for_each(|lane| means[lane] = sums[lane] / n as f32);
                for row in block.chunks_exact(channels) {
                    for lane in 0..width {
                        let apart = row[first + lane] - means[lane];
                        squares[lane] += apart * apart;
                    }
                }
            }
            for lane in 0..width {
                // the mean that was used is a rounded one: what it missed goes off the squares
                let missed = f64::from(sums[lane]) / n - f64::from(means[lane]);
                let own = [
                    f64::from(sums[lane]) / n,
                    f64::from(squares[lane]) - n * missed * missed,
                ];
                out[first + lane] = joined(out[first + lane], seen, own, n);
            }
        });
        seen += n;
    }
    out
}

/// Mean and summed squares around it of two stretches together.
fn joined(a: [f64; 2], a_rows: f64, b: [f64; 2], b_rows: f64) -> [f64; 2] {
    let (rows, apart) = (a_rows + b_rows, b[0] - a[0]);
    [
        a[0] + apart * b_rows / rows,
        a[1] + b[1] + apart * apart * a_rows * b_rows / rows,
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

/// Of each channel the summed gradients that pass the ReLU, and the same times what the number is
/// above its mean.
#[inline(always)]
fn sums_of(x: &[f32], g: &[f32], fit: &Fit) -> Vec<[f64; 2]> {
    let channels = fit.scale.len();
    let mut out = vec![[0f64; 2]; channels];
    let size = (BLOCK / channels).max(1) * channels;
    for (x, g) in x.chunks(size).zip(g.chunks(size)) {
        groups(channels, |first, width| {
            let (mut plain, mut apart) = ([0f32; LANES], [0f32; LANES]);
            let (mut scale, mut shift, mut mean) = ([0f32; LANES], [0f32; LANES], [0f32; LANES]);
            scale[..width].copy_from_slice(&fit.scale[first..first + width]);
            shift[..width].copy_from_slice(&fit.shift[first..first + width]);
            mean[..width].copy_from_slice(&fit.mean[first..first + width]);
            let mut add = |lane: usize, x: f32, g: f32| {
                let passed = if x * scale[lane] + shift[lane] > 0.0 {
                    g
                } else {
                    0.0
                };
                plain[lane] += passed;
                apart[lane] += passed * (x - mean[lane]);
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
                out[first + lane][1] += f64::from(apart[lane]);
            }
        });
    }
    out
}

/// The gradients of a part's numbers: scale (g - a - (x - mean) b), g where the ReLU lets it pass.
#[inline(always)]
fn backward_of(x: &[f32], g: &[f32], out: &mut [f32], fit: &Fit, a: &[f32], b: &[f32]) {
    let channels = fit.scale.len();
    for ((x, g), out) in x
        .chunks_exact(channels)
        .zip(g.chunks_exact(channels))
        .zip(out.chunks_exact_mut(channels))
    {
        let of_channel = fit
            .scale
            .iter()
            .zip(&fit.shift)
            .zip(&fit.mean)
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
widest!(sums_wide(x: &[f32], g: &[f32], fit: &Fit) -> Vec<[f64; 2]>, sums_of);
widest!(backward_wide(x: &[f32], g: &[f32], out: &mut [f32], fit: &Fit, a: &[f32], b: &[f32]) -> (), backward_of);

/// Mean and variance of each channel of rows.
pub fn moments(x: &[f32], channels: usize) -> Moments {
    let rows = x.len() / channels;
    let size = size_of_part(rows);
    let parts = parallel::map(rows.div_ceil(size), &|part| {
        let own = &x[part * size * channels..x.len().min((part + 1) * size * channels)];
        (moments_wide(own, channels), (own.len() / channels) as f64)
    });
    let (mut total, mut seen) = (vec![[0f64; 2]; channels], 0f64);
    for (own, n) in parts {
        total
            .iter_mut()
            .zip(own)
            .for_each(|(total, own)| *total = joined(*total, seen, own, n));
        seen += n;
    }
    Moments {
        mean: total.iter().map(|own| own[0] as f32).collect(),
        variance: total.iter().map(|own| (own[1] / seen) as f32).collect(),
    }
}

/// What each channel is multiplied with and what is added, before the ReLU.
pub struct Fit {
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean: Vec<f32>,
    /// 1 over the standard deviation.
    steepness: Vec<f32>,
}

impl Fit {
    /// Of moments, a scale and a shift that are learned.
    pub fn new(moments: Moments, eps: f64, affine: Option<(&[f32], &[f32])>) -> Fit {
        let steepness: Vec<f32> = moments
            .variance
            .iter()
            .map(|variance| (1.0 / (f64::from(*variance) + eps).sqrt()) as f32)
            .collect();
        let scale: Vec<f32> = steepness
            .iter()
            .enumerate()
            .map(|(i, steep)| affine.map_or(1.0, |(weight, _)| weight[i]) * steep)
            .collect();
        let shift = scale
            .iter()
            .zip(&moments.mean)
            .enumerate()
            .map(|(i, (scale, mean))| affine.map_or(0.0, |(_, bias)| bias[i]) - mean * scale)
            .collect();
        Fit {
            scale,
            shift,
            mean: moments.mean,
            steepness,
        }
    }
}

/// The outputs of `[…, channels]`, plain and in order; none where the input is not. `own` are the
/// scale and the shift that learn, if any; moments are those of the input where `learns`.
pub fn normed(rows: &Tensor, fit: Fit, own: Option<(&Tensor, &Tensor)>) -> Result<Option<Tensor>> {
    let plain = rows.detach()?;
    let out = plain.empty_like()?;
    let channels = fit.scale.len();
    let done = change(&[&out], &plain, |out, x| {
        let size = size_of_part(x.len() / channels) * channels;
        parallel::each_part(out[0], size, &|i, out| {
            forward_wide(
                &x[i * size..i * size + out.len()],
                out,
                &fit.scale,
                &fit.shift,
            )
        });
    });
    if done.is_none() {
        return Ok(None);
    }
    let inputs: Vec<&Tensor> = std::iter::once(rows)
        .chain(own.into_iter().flat_map(|(weight, bias)| [weight, bias]))
        .collect();
    attach(out, &inputs, Box::new(Backward { fit })).map(Some)
}

struct Backward {
    fit: Fit,
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let (fit, channels) = (&self.fit, self.fit.scale.len());
        let (rows, gradient) = (inputs[0].detach()?, gradient.contiguous()?);
        let n = rows.numel() as usize / channels;
        let size = size_of_part(n) * channels;
        let out = rows.empty_like()?;
        let sums = change(&[&out], &rows, |out, x| {
            gradient.read(|g| {
                let parts = parallel::map(x.len().div_ceil(size), &|i| {
                    let own = i * size..x.len().min((i + 1) * size);
                    sums_wide(&x[own.clone()], &g[own], fit)
                });
                let mut sums = vec![[0f64; 2]; channels];
                parts.iter().for_each(|own| {
                    sums.iter_mut()
                        .zip(own)
                        .for_each(|(sum, own)| (0..2).for_each(|i| sum[i] += own[i]))
                });
                let a: Vec<f32> = sums.iter().map(|sum| (sum[0] / n as f64) as f32).collect();
                let b: Vec<f32> = sums
                    .iter()
                    .zip(&fit.steepness)
                    .map(|(sum, steep)| (sum[1] * f64::from(*steep).powi(2) / n as f64) as f32)
                    .collect();
                parallel::each_part(out[0], size, &|i, out| {
                    let own = i * size..i * size + out.len();
                    backward_wide(&x[own.clone()], &g[own], out, fit, &a, &b);
                });
                sums
            })
        });
        let Some(sums) = sums.flatten() else {
            cistron_base::bail!(
                "torch",
                "the gradient of a batch norm is {} on {}",
                gradient.kind().name(),
                gradient.device().name()
            )
        };
        let mut all = vec![Some(out)];
        if inputs.len() > 1 {
            let weight: Vec<f32> = sums
                .iter()
                .zip(&fit.steepness)
                .map(|(sum, steep)| (sum[1] * f64::from(*steep)) as f32)
                .collect();
            let bias: Vec<f32> = sums.iter().map(|sum| sum[0] as f32).collect();
            all.push(Some(Tensor::from_f32(&weight, &[channels as i64])?));
            all.push(Some(Tensor::from_f32(&bias, &[channels as i64])?));
        }
        Ok(all)
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
            let found = moments(&x, channels);
            for channel in 0..channels {
                let own: Vec<f64> = x
                    .iter()
                    .skip(channel)
                    .step_by(channels)
                    .map(|x| f64::from(*x))
                    .collect();
                let mean = own.iter().sum::<f64>() / rows as f64;
                let variance = own.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
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
