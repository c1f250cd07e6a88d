//! Exact tests of counts.

use super::{Alternative, Outcome};
use crate::bail;
use crate::base::Result;
use statrs::distribution::{Binomial, Discrete, DiscreteCDF, Hypergeometric};

/// Rounding that separates equal chances from greater ones.
const SLACK: f64 = 1.0 + 1e-7;

/// Whether `successes` of `n` have chance `p`; two-sided: all counts that are no likelier.
pub fn binomial(successes: u64, n: u64, p: f64, alternative: Alternative) -> Result<Outcome> {
    if successes > n || n == 0 {
        bail!("value", "`successes` must be from 0 to `n` ({n}), got {successes}");
    }
    let Ok(dist) = Binomial::new(p, n) else { bail!("value", "`p` must be from 0 to 1, got {p}") };
    let p_value = match alternative {
        Alternative::Less => dist.cdf(successes),
        Alternative::Greater => {
            if successes == 0 {
                1.0
            } else {
                dist.sf(successes - 1)
            }
        }
        Alternative::TwoSided => {
            let own = dist.pmf(successes);
            (0..=n).map(|k| dist.pmf(k)).filter(|chance| *chance <= own * SLACK).sum::<f64>().min(1.0)
        }
    };
    Ok(Outcome { statistic: successes as f64 / n as f64, p_value, more: Vec::new() })
}

/// Whether rows and columns of a table of two by two are independent (Fisher); the statistic is the odds ratio.
pub fn fisher([[a, b], [c, d]]: [[u64; 2]; 2], alternative: Alternative) -> Result<Outcome> {
    let (all, row, column) = (a + b + c + d, a + b, a + c);
    let Ok(dist) = Hypergeometric::new(all, column, row) else { bail!("value", "the table holds no counts") };
    let (least, most) = ((row + column).saturating_sub(all), row.min(column));
    let p_value = match alternative {
        Alternative::Less => (least..=a).map(|k| dist.pmf(k)).sum::<f64>(),
        Alternative::Greater => (a..=most).map(|k| dist.pmf(k)).sum::<f64>(),
        Alternative::TwoSided => {
            let own = dist.pmf(a);
            (least..=most).map(|k| dist.pmf(k)).filter(|chance| *chance <= own * SLACK).sum::<f64>()
        }
    };
    let odds = if b * c == 0 { if a * d == 0 { f64::NAN } else { f64::INFINITY } } else { (a * d) as f64 / (b * c) as f64 };
    Ok(Outcome { statistic: odds, p_value: p_value.min(1.0), more: Vec::new() })
}
