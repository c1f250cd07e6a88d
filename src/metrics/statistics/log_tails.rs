//! Logarithms of chances that are too small for a float: upper tails of the hypergeometric, the
//! binomial and the normal distribution.

use statrs::function::{erf::erfc, gamma::ln_gamma};
use std::f64::consts::{PI, SQRT_2};

/// From here on erfc is computed by its continued fraction.
const FAR: f64 = 8.0;
/// Terms of a sum below e to this, relative to the sum, are left out.
const NEGLIGIBLE: f64 = -45.0;

/// The logarithm of a sum, from the logarithms of its terms.
pub fn log_sum(a: f64, b: f64) -> f64 {
    let (large, small) = if a > b { (a, b) } else { (b, a) };
    if small == f64::NEG_INFINITY {
        return large;
    }
    large + (small - large).exp().ln_1p()
}

/// Logarithms of the factorials of 0 to `n`.
#[derive(Clone, Debug)]
pub struct LogFactorials(Vec<f64>);

impl LogFactorials {
    /// The table of 0! to `n`!.
    pub fn new(n: usize) -> LogFactorials {
        LogFactorials((0..=n).map(|i| ln_gamma(i as f64 + 1.0)).collect())
    }

    /// The logarithm of `n`!.
    pub fn of(&self, n: usize) -> f64 {
        self.0[n]
    }

    /// The logarithm of the number of ways to choose `k` of `n`.
    pub fn choose(&self, n: usize, k: usize) -> f64 {
        self.0[n] - self.0[k] - self.0[n - k]
    }

    /// The logarithm of the chance that exactly `x` of `drawn` are of the `marked` ones among
    /// `all`.
    pub fn log_hypergeometric(&self, x: usize, marked: usize, drawn: usize, all: usize) -> f64 {
        if x > marked || x > drawn || drawn - x > all - marked {
            return f64::NEG_INFINITY;
        }
        self.choose(marked, x) + self.choose(all - marked, drawn - x) - self.choose(all, drawn)
    }

    /// The logarithm of the chance that at least `x` of `drawn` are of the `marked` ones among
    /// `all`: of Fisher's exact test, one-sided.
    pub fn log_hypergeometric_tail(
        &self,
        x: usize,
        marked: usize,
        drawn: usize,
        all: usize,
    ) -> f64 {
        let least = (drawn + marked).saturating_sub(all);
        if x <= least {
            return 0.0;
        }
        let mut sum = f64::NEG_INFINITY;
        let mut before = f64::NEG_INFINITY;
        for i in x..=marked.min(drawn) {
            let term = self.log_hypergeometric(i, marked, drawn, all);
            sum = log_sum(sum, term);
            if term < before && term - sum < NEGLIGIBLE {
                break;
            }
            before = term;
        }
        sum.min(0.0)
    }

    /// The logarithm of the chance of at least `x` of `n` at `p`.
    pub fn log_binomial_tail(&self, x: usize, n: usize, p: f64) -> f64 {
        if x == 0 {
            return 0.0;
        }
        let (log_p, log_q) = (p.ln(), (-p).ln_1p());
        let mut sum = f64::NEG_INFINITY;
        let mut before = f64::NEG_INFINITY;
        for i in x..=n {
            let failures = match n - i {
                0 => 0.0,
                failures => failures as f64 * log_q,
            };
            let term = self.choose(n, i) + i as f64 * log_p + failures;
            sum = log_sum(sum, term);
            if term < before && term - sum < NEGLIGIBLE {
                break;
            }
            before = term;
        }
        sum.min(0.0)
    }
}

/// The logarithm of the chance that a standard normal number exceeds `z`.
pub fn log_normal_tail(z: f64) -> f64 {
    if z.is_nan() {
        return f64::NAN;
    }
    let x = z / SQRT_2;
    if x <= FAR {
        return (0.5 * erfc(x)).ln();
    }
    if x.is_infinite() {
        return f64::NEG_INFINITY;
    }
    // erfc(x) = exp(-x²) / (√π (x + ½ / (x + 1 / (x + 3/2 / (x + …)))))
    let fraction = (1..=60)
        .rev()
        .fold(x, |rest, k| x + f64::from(k) / 2.0 / rest);
    -x * x - fraction.ln() - 0.5 * PI.ln() - 2f64.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Alternative, counts};
    use cistron_base::seed::Rng;

    fn near(got: f64, wanted: f64) {
        assert!(
            (got - wanted).abs() <= 1e-10 * wanted.abs().max(1.0),
            "{got} instead of {wanted}"
        );
    }

    #[test]
    fn tails_equal_those_of_the_exact_tests() {
        let mut rng = Rng::keyed(&[3]);
        let table = LogFactorials::new(400);
        for _ in 0..2000 {
            let all = 1 + rng.below(400);
            let (marked, drawn) = (rng.below(all + 1), rng.below(all + 1));
            let x = rng.below(marked.min(drawn) + 1);
            let least = (marked + drawn).saturating_sub(all);
            if x < least {
                continue;
            }
            let [a, b, c] = [x, drawn - x, marked - x].map(|n| n as u64);
            let d = all as u64 - a - b - c;
            let wanted = counts::fisher([[a, b], [c, d]], Alternative::Greater).unwrap();
            near(
                table.log_hypergeometric_tail(x, marked, drawn, all),
                wanted.p_value.ln(),
            );
            let p = rng.uniform();
            let wanted = counts::binomial(x as u64, all as u64, p, Alternative::Greater).unwrap();
            if wanted.p_value > 1e-290 {
                near(table.log_binomial_tail(x, all, p), wanted.p_value.ln());
            }
        }
    }

    #[test]
    fn tails_keep_their_digits_where_chances_underflow() {
        // mpmath, 30 digits: log(erfc(z / √2) / 2)
        near(log_normal_tail(0.0), 0.5f64.ln());
        near(log_normal_tail(-40.0), 0.0);
        near(log_normal_tail(10.0), -53.231_285_150_512_47);
        near(log_normal_tail(40.0), -804.608_442_013_753_8);
        near(log_normal_tail(100.0), -5_005.524_208_694_205);
        assert!((log_normal_tail(11.313) - log_normal_tail(11.314)).abs() < 0.012);
        // C(2000, 1000)⁻¹: all of a thousand marked are drawn
        let table = LogFactorials::new(2000);
        near(
            table.log_hypergeometric_tail(1000, 1000, 1000, 2000),
            -table.choose(2000, 1000),
        );
        assert_eq!(log_normal_tail(f64::INFINITY), f64::NEG_INFINITY);
        assert!(log_normal_tail(f64::NAN).is_nan());
    }
}
