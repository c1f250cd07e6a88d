//! DeepLIFT of a network that scans sequences: a convolution, possibly a ReLU, and the maximum over
//! all positions come first.
//!
//! By the rules of [`cistron_torch::pairs`] a pair passes at most two windows of each filter back:
//! those at the maximum of the sequence and at that of the baseline. The maxima and their places
//! are looked up on codes, the following layers see pooled activations only, and of each filter
//! these windows alone are computed again. Neither one-hot sequences nor activations are written.

use super::baselines::{Baselines, codes_of};
use super::scan_layers::ScanLayers;
use super::target::{Still, Target, gradient_behind};
use cistron_base::Result;
use cistron_nn::compose::rest;
use cistron_nn::fuse::pattern::LayerPattern;
use cistron_nn::kernels::lookup::{CodeConvolution, Filters, Pooled, Sequences};
use cistron_nn::kernels::{Pads, Reduction};
use cistron_nn::{Module, watch};
use cistron_torch::parallel::{self, THREADS};
use cistron_torch::{Device, Kind, Tensor, pairs};
use std::rc::Rc;

/// Differences below this pass back the slope, as in [`cistron_torch::pairs`].
const SMALL: f32 = 1e-6;
/// Codes of a position: four bases, and none.
const CODES: usize = 5;

/// A network that scans sequences.
pub struct Scanned {
    scan: Scan,
    behind: Rc<dyn Module>,
}

/// Its first layers.
struct Scan {
    convolution: CodeConvolution,
    /// `[filters, 4, width]`
    weight: Vec<f32>,
    bias: Vec<f32>,
    /// For each filter, offset and code the weights of the four bases less that of the code.
    steps: Vec<[f32; 4]>,
}

/// What a batch of samples has.
pub struct Explained {
    /// `[samples, 4, length]`
    pub contributions: Tensor,
    /// The target less its mean over the baselines, of each sample.
    pub difference: Vec<f64>,
}

/// The maxima of each filter over the windows of a sequence, and the windows.
#[derive(Clone, Copy)]
struct Maxima<'a> {
    values: &'a [f32],
    windows: &'a [u32],
}

/// A baseline of a sequence.
struct Pair<'a> {
    baseline: &'a [u8],
    /// Those of the sequence, then those of the baseline.
    maxima: [Maxima<'a>; 2],
    /// Of each filter, that of the difference of the maxima.
    gradient: &'a [f32],
}

fn maxima(pooled: &Pooled, row: usize, filters: usize) -> Maxima<'_> {
    Maxima {
        values: &pooled.values[row * filters..][..filters],
        windows: &pooled.maxima()[row * filters..][..filters],
    }
}

impl Scanned {
    /// The parts of a network; none where it does anything else first.
    pub fn of(still: &Still) -> Result<Option<Scanned>> {
        let net = still.net();
        net.within(|module, mode| {
            let LayerPattern::Chain(parts) = module.pattern() else {
                return Ok(None);
            };
            let is_plain = net.is_fast() && !mode.half && net.device() == Device::CPU;
            if !is_plain {
                return Ok(None);
            }
            let Some(own) = ScanLayers::of(parts)? else {
                return Ok(None);
            };
            let is_maximum = own.reduction == Reduction::Max;
            if !is_maximum || own.kind != Kind::Float || own.used == parts.len() {
                return Ok(None);
            }
            let scan = Scan {
                convolution: CodeConvolution {
                    filters: own.filters,
                    width: own.width,
                    pads: own.pads,
                    kmers: None,
                    relu: own.relu,
                    reduction: Reduction::Max,
                },
                steps: steps(&own.weight, own.filters, own.width),
                weight: own.weight,
                bias: own.bias,
            };
            let behind = rest(&parts[own.used..]);
            Ok(Some(Scanned { scan, behind }))
        })
    }

    /// The contributions of samples, the first of which is number `start`, as means over their
    /// baselines; none where they or the baselines are no one-hot sequences.
    pub fn deep_lift(
        &self,
        still: &Still,
        x: &Tensor,
        baselines: &Baselines,
        start: i64,
        target: &Target,
    ) -> Result<Option<Explained>> {
        let Ok((own, length)) = codes_of(x) else {
            return Ok(None);
        };
        if self.scan.convolution.positions(length) == 0 {
            return Ok(None);
        }
        let others = match baselines.shuffled(&own, length, start) {
            Some(codes) => codes,
            None => {
                let given = baselines.of(x, start)?;
                let [rows, count, channels, length] = given.shape()[..] else {
                    return Ok(None);
                };
                match codes_of(&given.reshape(&[rows * count, channels, length])?) {
                    Ok((codes, _)) => codes,
                    Err(_) => return Ok(None),
                }
            }
        };
        let samples = own.len() / length;
        let count = others.len() / own.len().max(1);
        let (first, second) = (
            self.scan.pooled(&own, length),
            self.scan.pooled(&others, length),
        );
        let filters = self.scan.convolution.filters;
        let n = samples * count;
        // pairs, sample by sample: the sequences, then the baselines
        let mut both = Vec::with_capacity(2 * n * filters);
        for row in first.values.chunks_exact(filters) {
            (0..count).for_each(|_| both.extend_from_slice(row));
        }
        both.extend_from_slice(&second.values);
        let both = Tensor::from_f32(&both, &[2 * n as i64, filters as i64])?;
        let ((gradient, out), ..) = watch::watched(|| {
            let _pairs = pairs::enter(n as i64);
            gradient_behind(still, &*self.behind, &both, target)
        })?;
        let gradient = gradient.narrow(0, 0, n as i64)?.to_f32()?;
        let out = out.to_f64()?;
        let difference = (0..samples).map(|i| {
            let of_pair = |k: usize| out[k] - out[n + k];
            (i * count..(i + 1) * count).map(of_pair).sum::<f64>() / count as f64
        });
        let difference = difference.collect();
        let scan = &self.scan;
        let parts = parallel::map(samples, &|i| {
            let pairs = (i * count..(i + 1) * count).map(|k| Pair {
                baseline: &others[k * length..][..length],
                maxima: [maxima(&first, i, filters), maxima(&second, k, filters)],
                gradient: &gradient[k * filters..][..filters],
            });
            scan.contributions(&own[i * length..][..length], pairs)
        });
        let shape = [samples as i64, 4, length as i64];
        Ok(Some(Explained {
            contributions: Tensor::from_f32(&parts.concat(), &shape)?,
            difference,
        }))
    }
}

impl Scan {
    /// The mean contributions of the bases of a sequence over its pairs, `4 * length`.
    fn contributions<'a>(
        &self,
        codes: &[u8],
        pairs: impl ExactSizeIterator<Item = Pair<'a>>,
    ) -> Vec<f32> {
        let (length, share) = (codes.len(), 1.0 / pairs.len() as f32);
        let mut sums = vec![[0f32; 4]; length];
        for pair in pairs {
            for filter in 0..self.convolution.filters {
                for (window, factor) in self.passed_back(filter, codes, &pair) {
                    self.add(filter, window, pair.baseline, factor * share, &mut sums);
                }
            }
        }
        let mut rows = vec![0f32; 4 * length];
        for (position, sums) in sums.iter().enumerate() {
            for (base, sum) in sums.iter().enumerate() {
                rows[base * length + position] = *sum;
            }
        }
        rows
    }

    fn pooled(&self, codes: &[u8], length: usize) -> Pooled {
        let filters = Filters {
            weight: &self.weight,
            bias: &self.bias,
        };
        self.convolution
            .forward(Sequences { codes, length }, filters, false, THREADS)
    }

    /// What the convolution has at a window.
    fn window(&self, filter: usize, window: usize, codes: &[u8]) -> f32 {
        let width = self.convolution.width;
        let weight = &self.weight[filter * 4 * width..][..4 * width];
        self.covered(window, codes)
            .filter(|(_, code)| *code < 4)
            .map(|(at, code)| weight[code * width + at])
            .sum::<f32>()
            + self.bias[filter]
    }

    /// Offsets of a window that are in a sequence, with the codes there.
    fn covered<'a>(
        &self,
        window: usize,
        codes: &'a [u8],
    ) -> impl Iterator<Item = (usize, usize)> + 'a {
        let before = self.convolution.pads.before;
        let first = before.saturating_sub(window);
        let from = (window + first).saturating_sub(before);
        codes[from.min(codes.len())..]
            .iter()
            .zip(first..self.convolution.width)
            .map(|(code, at)| (at, usize::from(*code)))
    }

    /// The windows that a pair passes back, with the factor of the weights there.
    fn passed_back(
        &self,
        filter: usize,
        codes: &[u8],
        pair: &Pair,
    ) -> impl Iterator<Item = (usize, f32)> {
        let relu = self.convolution.relu;
        let gradient = pair.gradient[filter];
        let [own, other] = pair.maxima.map(|maxima| maxima.values[filter]);
        let [first, second] = pair.maxima.map(|maxima| maxima.windows[filter] as usize);
        let apart = own - other;
        // a maximum that the ReLU made 0 has no window
        let [has_first, has_second] = [own, other].map(|value| !relu || value > 0.0);
        let is_same = has_first && has_second && first == second;
        // a part of the difference of the maxima at a window with `x` and `y`: by the rule of the
        // maximum, then by that of the ReLU, each over what goes in
        let through = |x: f32, y: f32, part: f32, slope: f32| {
            let [a, b] = [x, y].map(|value| if relu && value < 0.0 { 0.0 } else { value });
            let passed = match (a - b).abs() > SMALL {
                true => gradient * part / (a - b),
                false => slope,
            };
            let factor = match relu {
                false => passed,
                true if (x - y).abs() > SMALL => passed * ((a - b) / (x - y)),
                true if x > 0.0 => passed,
                true => 0.0,
            };
            if factor.is_finite() { factor } else { 0.0 }
        };
        let at_first = has_first.then(|| {
            let (y, part) = match is_same {
                true => (other, apart),
                false => (self.window(filter, first, pair.baseline), apart.max(0.0)),
            };
            (first, through(own, y, part, gradient))
        });
        let at_second = (has_second && !is_same).then(|| {
            let x = self.window(filter, second, codes);
            (second, through(x, other, apart.min(0.0), 0.0))
        });
        at_first
            .into_iter()
            .chain(at_second)
            .filter(|(_, factor)| *factor != 0.0)
    }

    /// Adds what each base of a window would contribute in place of the baseline's.
    fn add(
        &self,
        filter: usize,
        window: usize,
        baseline: &[u8],
        factor: f32,
        sums: &mut [[f32; 4]],
    ) {
        let Pads { before, .. } = self.convolution.pads;
        let steps = &self.steps[filter * self.convolution.width * CODES..];
        for (at, code) in self.covered(window, baseline) {
            let step = steps[at * CODES + code];
            let sum = &mut sums[window + at - before];
            for base in 0..4 {
                sum[base] += factor * step[base];
            }
        }
    }
}

/// See [`Scan::steps`].
fn steps(weight: &[f32], filters: usize, width: usize) -> Vec<[f32; 4]> {
    let of = |filter: usize, at: usize, code: usize| {
        let weight = |base: usize| weight[(filter * 4 + base) * width + at];
        let less = if code < 4 { weight(code) } else { 0.0 };
        std::array::from_fn(|base| weight(base) - less)
    };
    let offsets = |filter: usize| (0..width).map(move |at| (filter, at));
    (0..filters)
        .flat_map(offsets)
        .flat_map(|(filter, at)| (0..CODES).map(move |code| of(filter, at, code)))
        .collect()
}
