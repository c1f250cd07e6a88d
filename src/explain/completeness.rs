//! Completeness of attributions: contributions sum to the difference from the baselines.

use super::baselines::Baselines;
use super::convergence::{self, Loss};
use super::gradients::{Found, actual};
use super::target::{Still, Target};
use cistron_base::Result;
use cistron_nn::Value;
use cistron_torch::Kind;

/// Errors that are smaller than this are rounding.
const ROUNDING: f64 = 1e-5;
/// Number of samples in which the layer that loses most is looked for.
const SAMPLES: i64 = 32;
/// Fraction of the difference above which a layer is named.
const NAMED: f64 = 1e-3;

/// How far the contributions of each sample are from what they sum to.
pub struct Completeness {
    /// Target less its mean over the baselines, for each sample.
    pub difference: Vec<f64>,
    /// Sum of the contributions less the difference, for each sample.
    pub error: Vec<f64>,
}

impl Completeness {
    /// The completeness of contributions of samples.
    pub fn of(found: &Found, x: &Value) -> Result<Completeness> {
        let sums = sums(&actual(&found.contributions, x)?)?;
        let pairs = sums.iter().zip(&found.difference);
        Ok(Completeness {
            error: pairs.map(|(sum, difference)| sum - difference).collect(),
            difference: found.difference.clone(),
        })
    }

    /// The error in percent of the difference, medians of the absolute values over samples, where
    /// it exceeds the fraction `tolerance`.
    pub fn missed(&self, tolerance: f64) -> Option<f64> {
        let (size, missed) = (median_size(&self.difference), median_size(&self.error));
        (missed > tolerance * size && missed > ROUNDING)
            .then(|| 100.0 * missed / size.max(f64::MIN_POSITIVE))
    }
}

/// The sum over all inputs of the contributions of each sample.
fn sums(contributions: &Value) -> Result<Vec<f64>> {
    let mut total = vec![0.0; contributions.rows() as usize];
    for tensor in contributions.tensors() {
        let sums = tensor
            .to_kind(Kind::Double)?
            .reshape(&[tensor.shape()[0], -1])?
            .sum(&Some(vec![1]), false)?
            .to_f64()?;
        let pairs = total.iter_mut().zip(sums);
        pairs.for_each(|(total, sum)| *total += sum);
    }
    Ok(total)
}

/// The median of absolute values, the larger of the middle two; 0 of no values.
fn median_size(values: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

/// The layer at which DeepLIFT loses most of the first samples, in words; none where no layer
/// loses much.
pub fn culprit(
    still: &Still,
    x: &Value,
    target: &Target,
    baselines: &Baselines,
) -> Result<Option<String>> {
    let few = x.map(|tensor| tensor.narrow(0, 0, tensor.shape()[0].min(SAMPLES)))?;
    let losses = convergence::losses(still, &few, target, baselines)?;
    Ok(convergence::culprit(&losses, NAMED))
}

/// The error of each layer as a fraction of what the last layer contributes.
pub fn shares(losses: &[Loss]) -> Vec<f64> {
    let whole = losses.last().map_or(0.0, |last| last.size);
    let whole = whole.max(f64::MIN_POSITIVE);
    losses.iter().map(|loss| loss.error / whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_torch::Tensor;

    #[test]
    fn errors_are_sums_less_differences() -> Result<()> {
        // contributions of A and C at positions 0 and 1 of AC, and of bases that are not there
        let contributions = [1.0, 9.0, 9.0, 2.0, 9.0, 9.0, 9.0, 9.0];
        let found = Found {
            contributions: Value::One(Tensor::from_f32(&contributions, &[1, 4, 2])?),
            difference: vec![2.5],
        };
        let x = Value::One(Tensor::from_u8(&[0, 1], &[1, 2])?.one_hot_codes()?);
        let completeness = Completeness::of(&found, &x)?;
        assert_eq!(completeness.error, [0.5]);
        assert_eq!(completeness.missed(0.1), Some(20.0));
        assert_eq!(completeness.missed(0.2), None);
        Ok(())
    }

    #[test]
    fn rounding_is_no_error() {
        let of = |error| Completeness {
            difference: vec![0.0],
            error: vec![error],
        };
        assert_eq!(of(1e-6).missed(0.1), None);
        assert!(of(-1e-4).missed(0.1).is_some());
    }

    #[test]
    fn the_median_of_sizes_is_the_larger_of_the_middle_two() {
        assert_eq!(median_size(&[-3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median_size(&[-3.0, 1.0]), 3.0);
        assert_eq!(median_size(&[]), 0.0);
    }

    #[test]
    fn shares_are_of_the_last_layer() {
        let loss = |size, error| Loss {
            path: String::new(),
            layer: String::new(),
            size,
            error,
        };
        assert_eq!(shares(&[loss(9.0, 1.0), loss(4.0, 2.0)]), [0.25, 0.5]);
        assert!(shares(&[]).is_empty());
    }
}
