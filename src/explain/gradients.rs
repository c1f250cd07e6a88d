//! Attributions from gradients: saliency, input × gradient, SmoothGrad, integrated and expected
//! gradients, DeepLIFT.
//!
//! For sequences all of them come as contributions of every base at every position, also of bases
//! that are not there (hypothetical contributions, as TF-MoDISco reads them); [`actual`] leaves
//! those of the bases that are.

use super::baselines::{Baselines, is_sequence};
use super::scanned::Scanned;
use super::target::{Halves, Share, Still, Target, in_batches, replaced};
use cistron_base::Result;
use cistron_base::seed::Rng;
use cistron_nn::Value;
use cistron_torch::{Kind, Tensor, grad, pairs};

/// Samples that are explained together where the network scans sequences: only pooled activations
/// are kept.
const SCANNED: i64 = 64;

/// Contributions with what they should sum to.
pub struct Found {
    /// `[samples, …]`, as the inputs.
    pub contributions: Value,
    /// The target less its mean over the baselines, of each sample.
    pub difference: Vec<f64>,
}

/// The contributions of what is there: each times its input.
pub fn actual(contributions: &Value, x: &Value) -> Result<Value> {
    contributions.zip(x, |c, x| {
        if is_sequence(x) {
            c.mul(&x.to_device(c.device())?)
        } else {
            Ok(c.clone())
        }
    })
}

/// Gradients of the target.
pub fn saliency(still: &Still, x: &Value, target: &Target, batch: i64) -> Result<Value> {
    in_batches(x, batch, |_, x| Ok(still.gradient(x, target)?.0))
}

/// Gradients, at each position less their mean over the bases, which a one-hot sequence cannot vary
/// (Majdandzic et al., Genome Biology 2023); of other inputs gradient times input.
pub fn input_x_gradient(
    still: &Still,
    x: &Value,
    target: &Target,
    batch: i64,
    corrected: bool,
) -> Result<Value> {
    let one = |x: &Tensor, g: &Tensor| match (is_sequence(x), corrected) {
        (true, true) => g.sub(&g.mean(&Some(vec![1]), true)?),
        (true, false) => Ok(g.clone()),
        (false, _) => g.mul(&x.to_device(g.device())?),
    };
    in_batches(x, batch, |_, x| x.zip(&still.gradient(x, target)?.0, one))
}

/// Gradients averaged over noisy copies of the input (Smilkov et al. 2017); the noise depends on
/// seed and sample alone.
pub fn smooth_grad(
    still: &Still,
    x: &Value,
    target: &Target,
    samples: i64,
    deviation: f64,
    seed: u64,
) -> Result<Value> {
    in_batches(x, 1, |row, x| {
        let noisy = |tensor: &Tensor| {
            let mut rng = Rng::keyed(&[seed, 0x736d_6f6f, row as u64]);
            let mut shape = tensor.shape();
            shape[0] = samples;
            let noise: Vec<f32> = (0..shape.iter().product::<i64>())
                .map(|_| (rng.normal() * deviation) as f32)
                .collect();
            tensor
                .to_kind(Kind::Float)?
                .add(&Tensor::from_f32(&noise, &shape)?.to_device(tensor.device())?)
        };
        still
            .gradient(&x.map(noisy)?, target)?
            .0
            .map(|g| g.mean(&Some(vec![0]), true))
    })
}

/// Points and weights of Gauss and Legendre's rule on [0, 1].
pub fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let polynomial = |x: f64| {
        let (mut before, mut now) = (1.0, x);
        for k in 2..=n {
            let k = k as f64;
            (before, now) = (now, ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k);
        }
        (now, n as f64 * (x * now - before) / (x * x - 1.0))
    };
    let point = |i: usize| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        for _ in 0..100 {
            let (value, slope) = polynomial(x);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        let slope = polynomial(x).1;
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    if n <= 1 {
        vec![(0.5, 1.0)]
    } else {
        (0..n).map(point).collect()
    }
}

/// One point between a baseline and the input: number of the baseline, how far along, its weight.
type Point = (i64, f64, f64);

/// How gradients between inputs and baselines are taken.
enum Way {
    /// At the point itself.
    Along,
    /// As differences between the input and the baseline.
    Pairs,
}

/// The contribution of a gradient between a baseline and an input: for sequences of every base that
/// is possible there.
fn share(g: &Tensor, x: &Tensor, baseline: &Tensor) -> Result<Tensor> {
    if is_sequence(x) {
        g.sub(&g.mul(baseline)?.sum(&Some(vec![1]), true)?)
    } else {
        x.sub(baseline)?.mul(g)
    }
}

fn between(
    still: &Still,
    x: &Value,
    target: &Target,
    baselines: &Baselines,
    batch: i64,
    way: &Way,
    points: &dyn Fn(i64, i64) -> Vec<Point>,
) -> Result<Found> {
    let mut difference = Vec::new();
    let device = still.net().device();
    let halves = still.halves()?;
    let first = x
        .tensors()
        .first()
        .map_or(Ok(1), |tensor| baselines.count(tensor))?;
    let rows = (batch / points(0, first).len().max(1) as i64).max(1);
    let scanned = match way {
        Way::Pairs => Scanned::of(still)?,
        Way::Along => None,
    };
    let rows = if scanned.is_some() {
        rows.max(SCANNED)
    } else {
        rows
    };
    let contributions = in_batches(x, rows, |start, x| {
        let x = x.map(|tensor| tensor.to_device(device)?.to_kind(Kind::Float))?;
        if let (Some(scanned), Value::One(own)) = (&scanned, &x)
            && let Some(found) = scanned.deep_lift(still, own, baselines, start, target)?
        {
            let own = undefined(Value::One(found.contributions), &found.difference);
            difference.extend(found.difference);
            return own;
        }
        let n = x.rows();
        let of = baselines.of_all(&x, start)?;
        let count = of.first().map_or(1, |tensor| tensor.shape()[1]);
        let baseline = |j: i64| {
            replaced(
                &x,
                of.iter()
                    .map(|tensor| tensor.select(1, j)?.contiguous())
                    .collect::<Result<_>>()?,
            )
        };
        // of each sample the target less its mean over the baselines; pairs give it on the way
        let mut apart = vec![0.0; n as usize];
        if matches!(way, Way::Along) {
            let own = still.value(&x, target)?.to_f64()?;
            for j in 0..count {
                let values = still.value(&baseline(j)?, target)?.to_f64()?;
                apart
                    .iter_mut()
                    .zip(own.iter().zip(values))
                    .for_each(|(apart, (own, value))| *apart += (own - value) / count as f64);
            }
        }
        let all = points(start, count);
        if let (Way::Along, Some(halves), Value::One(x), [of]) = (way, &halves, &x, &of[..]) {
            let own = by_halves(still, halves, x, of, &all, batch, target)?;
            let own = undefined(Value::One(own), &apart);
            difference.extend(apart);
            return own;
        }
        let mut total = x.map(Tensor::zeros_like)?;
        for chunk in all.chunks((batch / n).max(1) as usize) {
            let given = chunk
                .iter()
                .map(|(j, ..)| baseline(*j))
                .collect::<Result<Vec<_>>>()?;
            let g = match way {
                Way::Along => {
                    let at = chunk.iter().zip(&given).map(|((_, along, _), b)| {
                        b.zip(&x, |b, x| b.add(&x.sub(b)?.mul_number(*along)?))
                    });
                    still
                        .gradient(&Value::cat(&at.collect::<Result<Vec<_>>>()?)?, target)?
                        .0
                }
                Way::Pairs => {
                    let rows = n * chunk.len() as i64;
                    let paired = |x: &Value, given: &[Value]| {
                        Value::cat(
                            &chunk
                                .iter()
                                .map(|_| x.clone())
                                .chain(given.iter().cloned())
                                .collect::<Vec<_>>(),
                        )
                    };
                    let watched = |run: &dyn Fn() -> Result<(Value, Tensor)>| {
                        let found = cistron_nn::watch::watched(|| {
                            let _pairs = pairs::enter(rows);
                            run()
                        });
                        found.map(|(found, ..)| found)
                    };
                    let (g, out) = match (&halves, &x) {
                        // an affine layer passes differences by its slopes: only rows of the input
                        // need go back through it
                        (Some(halves), Value::One(own)) => {
                            let after = |x: &Value| halves.first(x.one()?).map(Value::One);
                            let both = paired(
                                &after(&x)?,
                                &given.iter().map(after).collect::<Result<Vec<_>>>()?,
                            )?;
                            let (g, out) = watched(&|| {
                                halves
                                    .gradient(still, both.one()?, target)
                                    .map(|(g, out)| (Value::One(g), out))
                            })?;
                            let mut shape = own.shape();
                            shape[0] = rows;
                            (
                                Value::One(halves.back(&g.one()?.narrow(0, 0, rows)?, &shape)?),
                                out,
                            )
                        }
                        _ => {
                            let both = paired(&x, &given)?;
                            watched(&|| still.gradient(&both, target))?
                        }
                    };
                    let out = out.to_f64()?;
                    let (first, second) = out.split_at(rows as usize);
                    for (i, (own, value)) in first.iter().zip(second).enumerate() {
                        apart[i % n as usize] += (own - value) / count as f64;
                    }
                    g.map(|g| g.narrow(0, 0, rows))?
                }
            };
            let _guard = grad::no_grad();
            for (i, ((_, _, weight), b)) in chunk.iter().zip(&given).enumerate() {
                let own = g.map(|g| g.narrow(0, i as i64 * n, n))?;
                let part = own.zip(
                    &x.zip(b, |x, b| Tensor::stack(&[x.clone(), b.clone()], 0))?,
                    |g, both| share(g, &both.select(0, 0)?, &both.select(0, 1)?),
                )?;
                total = total.zip(&part, |total, part| total.add(&part.mul_number(*weight)?))?;
            }
        }
        let total = undefined(total, &apart);
        difference.extend(apart);
        total
    })?;
    let rows = difference.len() as i64;
    let difference = Share::of(x.rows()).joined(&Tensor::from_f64(&difference, &[rows])?)?;
    Ok(Found {
        contributions,
        difference: difference.to_f64()?,
    })
}

/// Contributions of a batch, NaN for samples whose difference is NaN: the rules of pairs take
/// quotients that are no numbers, as of masked scores, for 0.
fn undefined(contributions: Value, difference: &[f64]) -> Result<Value> {
    if !difference.iter().any(|x| x.is_nan()) {
        return Ok(contributions);
    }
    let marks: Vec<f32> = difference
        .iter()
        .map(|x| if x.is_nan() { f32::NAN } else { 0.0 })
        .collect();
    contributions.map(|own| {
        let mut shape = vec![1; own.rank()];
        shape[0] = marks.len() as i64;
        own.add(&Tensor::from_f32(&marks, &shape)?.to_device(own.device())?)
    })
}

/// Along lines, by a network whose first layer is affine: its outputs are on lines too, so that
/// it is passed once and its gradients, summed over the points of a line, once back.
fn by_halves(
    still: &Still,
    halves: &Halves,
    x: &Tensor,
    baselines: &Tensor,
    points: &[Point],
    batch: i64,
    target: &Target,
) -> Result<Tensor> {
    let (shape, count) = (x.shape(), baselines.shape()[1]);
    let own = halves.first(x)?;
    let baseline = |j: i64| baselines.select(1, j)?.contiguous();
    // for each baseline, the output of the first layer, and the difference from it to the output
    // of the input
    let line = |j: i64| -> Result<(Tensor, Tensor)> {
        let start = halves.first(&baseline(j)?)?;
        let way = own.sub(&start)?;
        Ok((start, way))
    };
    let lines = (0..count).map(line).collect::<Result<Vec<_>>>()?;
    let mut summed = vec![own.zeros_like()?; count as usize];
    let mut points = points.to_vec();
    points.sort_by_key(|(j, ..)| *j);
    for chunk in points.chunks((batch / shape[0]).max(1) as usize) {
        let at = chunk.iter().map(|(j, along, _)| {
            let (start, way) = &lines[*j as usize];
            start.add(&way.mul_number(*along)?)
        });
        let (g, _) = halves.gradient(
            still,
            &Tensor::cat(&at.collect::<Result<Vec<_>>>()?, 0)?,
            target,
        )?;
        let _guard = grad::no_grad();
        let mut from = 0;
        for line in chunk.chunk_by(|a, b| a.0 == b.0) {
            let rows = line.len() as i64;
            let weights: Vec<f64> = line.iter().map(|(.., weight)| *weight).collect();
            let weights = Tensor::from_f64(&weights, &[1, rows])?
                .to_kind(Kind::Float)?
                .to_device(g.device())?;
            let part = weights
                .matmul(
                    &g.narrow(0, from * shape[0], rows * shape[0])?
                        .reshape(&[rows, -1])?,
                )?
                .reshape(&own.shape())?;
            let sum = &mut summed[line[0].0 as usize];
            *sum = Tensor::add(sum, &part)?;
            from += rows;
        }
    }
    let mut total = x.zeros_like()?;
    for (j, sum) in summed.iter().enumerate() {
        let g = halves.back(sum, &shape)?;
        let _guard = grad::no_grad();
        total = total.add(&share(&g, x, &baseline(j as i64)?)?)?;
    }
    Ok(total)
}

/// Integrated gradients (Sundararajan, Taly & Yan 2017): gradients along straight lines from the
/// baselines to the input, `steps` points a line by Gauss and Legendre's rule.
pub fn integrated(
    still: &Still,
    x: &Value,
    target: &Target,
    baselines: &Baselines,
    steps: usize,
    batch: i64,
) -> Result<Found> {
    let line = gauss_legendre(steps);
    let points = |_, count: i64| {
        (0..count)
            .flat_map(|j| {
                line.iter()
                    .map(move |(along, weight)| (j, *along, weight / count as f64))
            })
            .collect()
    };
    between(still, x, target, baselines, batch, &Way::Along, &points)
}

/// Expected gradients (Erion et al. 2021): gradients at random points on lines from random
/// baselines.
pub fn expected(
    still: &Still,
    x: &Value,
    target: &Target,
    baselines: &Baselines,
    samples: usize,
    seed: u64,
    batch: i64,
) -> Result<Found> {
    let points = |start: i64, count: i64| {
        let mut rng = Rng::keyed(&[seed, 0x6578_7065, start as u64]);
        (0..samples)
            .map(|_| {
                (
                    rng.below(count as usize) as i64,
                    rng.uniform(),
                    1.0 / samples as f64,
                )
            })
            .collect()
    };
    between(still, x, target, baselines, batch, &Way::Along, &points)
}

/// DeepLIFT with the rescale rule, averaged over the baselines (DeepSHAP where there are several).
pub fn deep_lift(
    still: &Still,
    x: &Value,
    target: &Target,
    baselines: &Baselines,
    batch: i64,
) -> Result<Found> {
    let points = |_, count: i64| (0..count).map(|j| (j, 1.0, 1.0 / count as f64)).collect();
    between(still, x, target, baselines, batch, &Way::Pairs, &points)
}
