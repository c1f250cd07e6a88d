//! `stats::…`: tests of counts, and corrections for multiple tests.

use crate::base::Result;
use crate::bind::args::statistics::{TestOptions, outcome_map, values};
use crate::bind::args::tensor::Numbers;
use crate::lang::{Native, native, natives_of};
use crate::metrics::statistics::{counts as count_tests, multiple};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};

/// A table of two rows and two columns.
fn two_by_two(counts: &Array) -> Result<[[u64; 2]; 2]> {
    let error = || {
        fault!(
            "value",
            "`counts` must be [[a, b], [c, d]] of integers from 0"
        )
    };
    let row = |row: &Dynamic| -> Result<[u64; 2]> {
        let cells: Vec<u64> = row
            .clone()
            .into_array()
            .map_err(|_| error())?
            .iter()
            .filter_map(|n| u64::try_from(n.as_int().ok()?).ok())
            .collect();
        cells.try_into().map_err(|_| error())
    };
    match counts.as_slice() {
        [a, b] => Ok([row(a)?, row(b)?]),
        _ => Err(error()),
    }
}

/// p-values from 0 to 1, or NaN.
fn chances(p: &Numbers) -> Result<Vec<f64>> {
    let p = values(p)?;
    let is_outside = |p: &&f64| !(0.0..=1.0).contains(*p) && !p.is_nan();
    if let Some(outside) = p.iter().find(is_outside) {
        bail!("value", "`p` must hold numbers from 0 to 1, got {outside}")
    }
    Ok(p)
}

/// Tests whether a count of successes agrees with a probability of success.
///
/// The two-sided p-value sums the probabilities of all counts that are at most as probable as the
/// observed one.
///
/// ```rhai
/// assert_near(stats::binomial(7, 12, 0.5).p_value, 0.7744140625, 1e-12);
/// ```
#[native(namespace = "stats", returns = "map: statistic (fraction), p_value")]
pub fn binomial(
    /// Number of successes.
    #[check(min = 0)]
    successes: i64,
    /// Number of trials.
    #[check(min = 0)]
    n: i64,
    /// Probability of success under the null hypothesis, from 0 to 1.
    p: f64,
    options: TestOptions,
) -> Result<Map> {
    let alternative = options.alternative();
    count_tests::binomial(successes as u64, n as u64, p, alternative).map(outcome_map)
}

/// Tests whether rows and columns of a table of 2 by 2 are independent (Fisher).
///
/// With an empty row or column the odds ratio is NaN, and p is 1.
///
/// ```rhai
/// assert_near(stats::fisher([[3, 1], [1, 3]]).p_value, 0.4857142857, 1e-9);
/// ```
#[native(namespace = "stats", returns = "map: statistic (odds ratio), p_value")]
pub fn fisher(
    /// Counts [[a, b], [c, d]]: integers from 0.
    counts: &Array,
    options: TestOptions,
) -> Result<Map> {
    count_tests::fisher(two_by_two(counts)?, options.alternative()).map(outcome_map)
}

/// Adjusts p-values for a false discovery rate, in the given order.
///
/// # Source
/// Benjamini & Hochberg 1995
///
/// ```rhai
/// assert_eq(stats::benjamini_hochberg([0.01, 0.04, 0.03]), [0.03, 0.04, 0.04]);
/// ```
#[native(namespace = "stats")]
pub fn benjamini_hochberg(
    /// p-values from 0 to 1, or NaN.
    p: &Numbers,
) -> Result<Vec<f64>> {
    Ok(multiple::benjamini_hochberg(&chances(p)?))
}

/// Adjusts p-values for the chance of any false discovery, in the given order.
///
/// # Source
/// Holm 1979
///
/// ```rhai
/// assert_eq(stats::holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
#[native(namespace = "stats")]
pub fn holm(
    /// p-values from 0 to 1, or NaN.
    p: &Numbers,
) -> Result<Vec<f64>> {
    Ok(multiple::holm(&chances(p)?))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![binomial, fisher, benjamini_hochberg, holm,]
}
