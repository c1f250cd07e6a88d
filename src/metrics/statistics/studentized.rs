//! The studentized range of normal values of known variance.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Step of the trapezoid rule, which converges exponentially for this integrand.
const STEP: f64 = 0.02;

/// The chance that the range of `groups` standard normal values is above `q`, with many digits of
/// small chances too.
pub fn above(q: f64, groups: usize) -> f64 {
    if q.is_nan() || groups < 2 {
        return f64::NAN;
    }
    if q <= 0.0 {
        return 1.0;
    }
    if q > 80.0 {
        return 0.0;
    }
    let normal = Normal::standard();
    let others = groups as f64 - 1.0;
    // of the largest value z: the chance that one of the others is below z - q
    let at = |z: f64| {
        let (all, far) = (normal.cdf(z), normal.cdf(z - q));
        if all == 0.0 {
            return 0.0;
        }
        let one_is_far = -(others * (-far / all).ln_1p()).exp_m1();
        normal.pdf(z) * (others * all.ln()).exp() * one_is_far
    };
    let steps = ((q + 24.0) / STEP).ceil() as usize;
    let sum: f64 = (0..=steps).map(|i| at(-12.0 + STEP * i as f64)).sum();
    (groups as f64 * sum * STEP).clamp(0.0, 1.0)
}

/// The range that `groups` standard normal values exceed with chance `alpha`.
pub fn critical(alpha: f64, groups: usize) -> f64 {
    if groups < 2 || !(alpha > 0.0 && alpha < 1.0) {
        return f64::NAN;
    }
    let (mut low, mut high) = (0.0, 80.0);
    // as near as neighbouring numbers are
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if above(middle, groups) > alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_are_a_normal_difference() {
        let normal = Normal::standard();
        for q in [0.1, 1.0, 3.0, 8.0, 20.0] {
            let wanted = 2.0 * normal.sf(q / 2f64.sqrt());
            assert!((above(q, 2) / wanted - 1.0).abs() < 1e-9, "{q}");
        }
    }

    #[test]
    fn critical_values_are_those_of_tables() {
        // Demšar 2006, table 5a: q / sqrt(2) at 0.05 for 2 to 10 groups
        let table = [
            1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164,
        ];
        for (i, wanted) in table.into_iter().enumerate() {
            let got = critical(0.05, i + 2) / 2f64.sqrt();
            assert!((got - wanted).abs() < 1e-3, "{} groups: {got}", i + 2);
        }
        assert!(critical(0.05, 1).is_nan() && above(f64::NAN, 3).is_nan());
    }
}
