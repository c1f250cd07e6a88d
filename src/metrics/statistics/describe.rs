//! Descriptions of samples: means with their errors, medians, differences of pairs.

use super::{mean, variance};
use cistron_base::{Result, bail};

/// The mean of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error: that of the sample over the square root of its size.
    pub error: f64,
}

impl Mean {
    /// The mean of values.
    pub fn of(values: &[f64]) -> Mean {
        Mean {
            value: mean(values),
            error: (variance(values) / values.len() as f64).sqrt(),
        }
    }
}

/// Returns the median, NaN where a value is NaN.
///
/// Of an even number of values it is the mean of the middle two. There must be a value.
pub fn median(mut values: Vec<f64>) -> f64 {
    if values.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() % 2 {
        1 => values[half],
        // halves first: the sum may overflow
        _ => values[half - 1] / 2.0 + values[half] / 2.0,
    }
}

/// Returns the differences of pairs, first less second.
pub fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>> {
    if first.len() != second.len() {
        bail!(
            "shape",
            "pairs need as many values on both sides, got {} and {}",
            first.len(),
            second.len()
        );
    }
    Ok(first.iter().zip(second).map(|(x, y)| x - y).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_have_the_error_of_their_sample() {
        // squares around 2.5 sum to 11, a variance of 11 / 3
        let mean = Mean::of(&[1.0, 1.0, 3.0, 5.0]);
        assert_eq!(mean.value, 2.5);
        assert!((mean.error - (11.0f64 / 12.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn medians_are_between_the_middle_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![f64::MAX, f64::MAX]), f64::MAX);
        assert!(median(vec![1.0, f64::NAN]).is_nan());
    }

    #[test]
    fn pairs_have_two_values_each() {
        assert_eq!(
            differences(&[3.0, 1.0], &[1.0, 2.0]).ok(),
            Some(vec![2.0, -1.0])
        );
        assert!(differences(&[3.0], &[]).is_err());
    }
}
