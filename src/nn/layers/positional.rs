//! Positions inside attention: rotary embeddings, learned biases of offsets, and Enformer's
//! features of offsets.

use cistron_base::Result;
use cistron_base::bail;
use cistron_torch::{Device, Tensor};
use statrs::function::gamma::ln_gamma;
use std::cell::RefCell;

/// How attention with several heads uses the offset between a query and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// Not at all.
    None,
    /// Queries and keys are rotated by angles that grow with their positions (Su et al. 2021).
    Rotary,
    /// A trainable number for each head and offset is added to the scores; offsets beyond the
    /// largest share the number of the largest.
    Bias {
        /// The largest offset with a number of its own, in positions.
        largest: i64,
    },
}

/// What depends on the length alone, for the last length that was seen.
pub struct OfLength<T>(RefCell<Option<(i64, T)>>);

impl<T> Default for OfLength<T> {
    fn default() -> Self {
        OfLength(RefCell::new(None))
    }
}

impl<T: Clone> OfLength<T> {
    /// That of a length; `compute` is called where the last length was another.
    pub fn get(&self, length: i64, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        if let Some((last, value)) = &*self.0.borrow()
            && *last == length
        {
            return Ok(value.clone());
        }
        let value = compute()?;
        self.0.replace(Some((length, value.clone())));
        Ok(value)
    }
}

/// Cosines and sines `[length, features]` of the angles of rotary embeddings.
///
/// Pairs of features (i, i + features / 2) are rotated by position · base^(-2i / features), with
/// base 10,000.
pub fn rotary_angles(length: i64, features: i64, device: Device) -> Result<(Tensor, Tensor)> {
    if features % 2 != 0 {
        bail!(
            "shape",
            "rotary positions need an even number of features in each head, got {features}"
        );
    }
    let half = features / 2;
    let angle =
        |position: i64, i: i64| position as f64 / 10_000f64.powf(2.0 * i as f64 / features as f64);
    let table = |f: fn(f64) -> f64| -> Result<Tensor> {
        let values: Vec<f32> = (0..length)
            .flat_map(|p| (0..features).map(move |i| f(angle(p, i % half)) as f32))
            .collect();
        Tensor::from_f32(&values, &[length, features])?.to_device(device)
    };
    Ok((table(f64::cos)?, table(f64::sin)?))
}

/// Queries or keys `[batch, heads, length, features]`, rotated by the angles of their positions.
pub fn rotated(x: &Tensor, angles: &(Tensor, Tensor)) -> Result<Tensor> {
    let features = x.shape()[3];
    let (first, second) = (
        x.narrow(3, 0, features / 2)?,
        x.narrow(3, features / 2, features / 2)?,
    );
    let turned = Tensor::cat(&[second.neg()?, first], 3)?;
    x.mul(&angles.0)?.add(&turned.mul(&angles.1)?)
}

/// Index of the offset key - query of each pair, `[queries · keys]`: clamped to the largest, and
/// counted from 0.
pub fn offset_indices(length: i64, largest: i64, device: Device) -> Result<Tensor> {
    let values: Vec<i64> = (0..length)
        .flat_map(|query| {
            (0..length).map(move |key| (key - query).clamp(-largest, largest) + largest)
        })
        .collect();
    Tensor::from_i64(&values, &[length * length])?.to_device(device)
}

/// What the features of the gamma densities are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GammaScale {
    /// The maximum over offsets, as in the published code.
    Offsets,
    /// The maximum over features, as in enformer-pytorch.
    Features,
}

/// Enformer's features of offsets, `[2 length - 1, features]`, from offset -(length - 1) to
/// length - 1.
///
/// A third of the features each are exponential decays, central masks and gamma densities of the
/// absolute offset; the second half repeats the first with the sign of the offset.
///
/// # Source
/// Avsec et al. 2021, Methods, "Relative positional basis functions"
pub fn enformer_features(length: i64, features: i64, scale: GammaScale) -> Result<Tensor> {
    if features % 6 != 0 {
        bail!(
            "shape",
            "the number of features of offsets must be a multiple of 6, got {features}"
        );
    }
    let basis = (features / 6) as usize;
    let offsets: Vec<f64> = (1 - length..length).map(|offset| offset as f64).collect();
    let exponential = exponential_decays(&offsets, basis, length);
    let central = central_masks(&offsets, basis);
    let gamma = gamma_densities(&offsets, basis, length, scale);
    let mut values = Vec::with_capacity(offsets.len() * features as usize);
    for (row, offset) in offsets.iter().enumerate() {
        let start = values.len();
        for family in [&exponential, &central, &gamma] {
            values.extend(
                family[row * basis..(row + 1) * basis]
                    .iter()
                    .map(|v| *v as f32),
            );
        }
        // the sign of offset 0 is 0
        let sign = if *offset == 0.0 {
            0.0
        } else {
            offset.signum() as f32
        };
        let signed: Vec<f32> = values[start..].iter().map(|value| sign * value).collect();
        values.extend(signed);
    }
    Tensor::from_f32(&values, &[2 * length - 1, features])
}

/// `n` numbers from `first` to `last` at equal steps.
fn spaced(first: f64, last: f64, n: usize) -> impl Iterator<Item = f64> {
    let step = if n > 1 {
        (last - first) / (n - 1) as f64
    } else {
        0.0
    };
    (0..n).map(move |i| first + step * i as f64)
}

/// Decays with half-lives from 2³ positions to the length, at equal steps of the logarithm.
fn exponential_decays(offsets: &[f64], n: usize, length: i64) -> Vec<f64> {
    let half_lives: Vec<f64> = spaced(3.0, (length as f64).log2(), n)
        .map(f64::exp2)
        .collect();
    offsets
        .iter()
        .flat_map(|offset| {
            half_lives
                .iter()
                .map(move |half_life| (-std::f64::consts::LN_2 / half_life * offset.abs()).exp())
        })
        .collect()
}

/// 1 where the absolute offset is below 2ⁱ - 1, for i from 1.
fn central_masks(offsets: &[f64], n: usize) -> Vec<f64> {
    offsets
        .iter()
        .flat_map(|offset| {
            (1..=n).map(move |i| f64::from(u8::from(offset.abs() < (i as f64).exp2() - 1.0)))
        })
        .collect()
}

/// Gamma densities of the absolute offset, with means from length / n to length and a standard
/// deviation of length / 2n.
fn gamma_densities(offsets: &[f64], n: usize, length: i64, scale: GammaScale) -> Vec<f64> {
    let length = length as f64;
    let deviation = length / (2 * n) as f64;
    let means: Vec<f64> = spaced(length / n as f64, length, n).collect();
    let density = |offset: f64, mean: f64| {
        let (shape, rate) = ((mean / deviation).powi(2), mean / deviation.powi(2));
        // x^0 is 1 at 0 as well
        let power = if shape == 1.0 {
            0.0
        } else {
            (shape - 1.0) * offset.ln()
        };
        let log = power - rate * offset - (ln_gamma(shape) - shape * rate.ln());
        log.exp() + 1e-8
    };
    let mut values: Vec<f64> = offsets
        .iter()
        .flat_map(|offset| means.iter().map(move |mean| (offset.abs(), *mean)))
        .map(|(offset, mean)| density(offset, mean))
        .collect();
    match scale {
        GammaScale::Features => values.chunks_mut(n).for_each(|row| {
            let largest = row.iter().copied().fold(0.0, f64::max);
            row.iter_mut().for_each(|value| *value /= largest);
        }),
        GammaScale::Offsets => {
            for column in 0..n {
                let largest = values
                    .iter()
                    .skip(column)
                    .step_by(n)
                    .copied()
                    .fold(0.0, f64::max);
                values
                    .iter_mut()
                    .skip(column)
                    .step_by(n)
                    .for_each(|value| *value /= largest);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six features of three positions: half-lives, masks and densities by hand.
    #[test]
    fn features_of_offsets_have_a_signed_second_half() {
        let table = enformer_features(3, 6, GammaScale::Offsets).expect("features");
        assert_eq!(table.shape(), [5, 6]);
        let values = table.to_f32().expect("values");
        // offset 0: decay 1, mask 0 < 1, and no signed features
        assert_eq!(values[12..18], [1.0, 1.0, values[14], 0.0, 0.0, 0.0]);
        // offset -1: decay 2^(-1/8), mask 1 < 1 is false
        assert!((values[6] - 0.5f32.powf(1.0 / 8.0)).abs() < 1e-6);
        assert_eq!(values[7], 0.0);
        assert_eq!(values[9], -values[6]);
        assert_eq!(values[11], -values[8]);
        // the gamma density of the largest offset is the maximum, mean 3
        assert!((values[26] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn rotations_preserve_lengths_and_depend_on_the_offset_alone() {
        let angles = rotary_angles(6, 4, Device::CPU).expect("angles");
        let x = Tensor::from_f32(&[0.3, -1.0, 2.0, 0.5].repeat(6), &[1, 1, 6, 4]).expect("x");
        let y = rotated(&x, &angles).expect("rotated");
        let scores = y
            .matmul(&y.transpose(-2, -1).expect("transposed"))
            .and_then(|scores| scores.to_f32())
            .expect("scores");
        let at = |query: usize, key: usize| scores[query * 6 + key];
        assert!((at(0, 0) - 5.34).abs() < 1e-4);
        assert!((at(0, 2) - at(3, 5)).abs() < 1e-4);
        assert!(rotary_angles(4, 3, Device::CPU).is_err());
    }
}
