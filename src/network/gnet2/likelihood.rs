//! Normal log-likelihood of values around their mean.

use super::Variant;
use std::f64::consts::{PI, TAU};

/// Sums from which the likelihood of values follows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    n: f64,
    sum: f64,
    squares: f64,
    first: f64,
    differs: bool,
}

impl Moments {
    /// Adds a value, which should be near 0.
    #[inline]
    pub fn add(&mut self, x: f64) {
        if self.n == 0.0 {
            self.first = x;
        }
        self.differs |= x != self.first;
        self.n += 1.0;
        self.sum += x;
        self.squares += x * x;
    }

    /// The sum of the logarithms of normal densities with the values' mean and standard deviation
    /// (over n - 1). 0 for one value; for equal values, where densities are infinite, 0 too.
    #[inline]
    pub fn likelihood(&self, variant: Variant) -> f64 {
        if self.n < 2.0 || !self.differs {
            return 0.0;
        }
        let over = self.n - 1.0;
        let variance = (self.squares - self.sum * self.sum / self.n) / over;
        if variance <= 0.0 {
            return 0.0;
        }
        // eq. 3.16 is printed with 2πσ² in the exponent
        let exponent = if variant == Variant::Published {
            over / TAU
        } else {
            over / 2.0
        };
        -0.5 * self.n * (2.0 * PI * variance).ln() - exponent
    }
}

/// The likelihood of values in the leaves of their samples.
pub fn in_leaves(values: &[f64], leaves: &[usize], count: usize, variant: Variant) -> f64 {
    let centre = cistron_metrics::statistics::mean(values);
    let mut moments = vec![Moments::default(); count];
    for (x, leaf) in values.iter().zip(leaves) {
        moments[*leaf].add(x - centre);
    }
    moments.iter().map(|own| own.likelihood(variant)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: `sum(dnorm(c(1, 2, 4), mean(c(1, 2, 4)), sd(c(1, 2, 4)), log = TRUE))`.
    #[test]
    fn likelihoods_are_those_of_r() {
        let values = [1.0, 2.0, 4.0];
        let found = in_leaves(&values, &[0, 0, 0], 1, Variant::Coded);
        let (mean, sd) = (7.0f64 / 3.0, (7.0f64 / 3.0).sqrt());
        let density = |x: f64| -(sd * TAU.sqrt()).ln() - (x - mean).powi(2) / (2.0 * sd * sd);
        let expected: f64 = values.into_iter().map(density).sum();
        assert!((found - expected).abs() < 1e-12);
        assert_eq!(
            in_leaves(&[3.0, 3.0, 1.0], &[0, 0, 1], 2, Variant::Coded),
            0.0
        );
    }
}
