//! `stats::…`: correlation and areas under ROC curves.

use crate::base::Result;
use crate::bind::args::numbers::number_map;
use crate::bind::args::statistics::{LevelOptions, TestOptions, outcome_map, two_samples, values};
use crate::bind::args::tensor::Numbers;
use crate::lang::{Native, native, natives_of};
use crate::metrics::statistics::labelled::labelled;
use crate::metrics::statistics::{auroc as roc, correlated};
use rhai::Map;

/// Tests whether two samples are linearly related (Pearson).
///
/// The result is NaN where a sample is constant; p is 1 for two rows.
///
/// ```rhai
/// assert_near(stats::pearson([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]).statistic, 1.0, 1e-12);
/// ```
#[native(namespace = "stats", returns = "map: statistic (r), p_value, df")]
pub fn pearson(
    /// First value of each row.
    x: &Numbers,
    /// Second value of each row.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(correlated::pearson, x, y, &options)
}

/// Tests whether the ranks of two samples are related (Spearman).
///
/// p is computed from Student's distribution.
///
/// ```rhai
/// assert_near(
///     stats::spearman([1.0, 2.0, 3.0, 4.0], [1.0, 8.0, 27.0, 64.0]).statistic, 1.0, 1e-12
/// );
/// ```
#[native(namespace = "stats", returns = "map: statistic (ρ), p_value, df")]
pub fn spearman(
    /// First value of each row.
    x: &Numbers,
    /// Second value of each row.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(correlated::spearman, x, y, &options)
}

/// Tests whether two samples order pairs of rows in the same way (Kendall's τ-b).
///
/// The test is exact for up to 33 rows without ties; NaN where a sample is constant.
///
/// ```rhai
/// assert_near(
///     stats::kendall([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0]).statistic, 2.0 / 3.0, 1e-12
/// );
/// ```
#[native(namespace = "stats", returns = "map: statistic (τ), p_value")]
pub fn kendall(
    /// First value of each row.
    x: &Numbers,
    /// Second value of each row.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(correlated::kendall, x, y, &options)
}

/// Tests whether two scores have the same area under the ROC curve.
///
/// # Source
/// DeLong et al. 1988
///
/// ```rhai
/// let y = [1, 1, 1, 0, 0, 0];
/// assert_eq(
///     stats::delong([0.9, 0.8, 0.7, 0.3, 0.2, 0.1], [0.9, 0.8, 0.2, 0.7, 0.3, 0.1], y).first, 1.0
/// );
/// ```
#[native(
    namespace = "stats",
    returns = "map: statistic (z), p_value, first, second, difference, error"
)]
pub fn delong(
    /// First score of each row.
    first: &Numbers,
    /// Second score of each row.
    second: &Numbers,
    /// Label of each row, 0 or 1; rows whose label is NaN are left out.
    labels: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    let (first, second) = (values(first)?, values(second)?);
    let ([first, second], labels) = labelled([&first, &second], &values(labels)?)?;
    roc::delong(&first, &second, &labels, options.alternative()).map(outcome_map)
}

/// Returns the area under the ROC curve with its standard error and interval.
///
/// The interval is normal.
///
/// # Source
/// DeLong et al. 1988
///
/// ```rhai
/// assert_eq(stats::auroc_interval([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0]).value, 1.0);
/// ```
#[native(namespace = "stats", returns = "map: value, error, low, high")]
pub fn auroc_interval(
    /// Score of each row.
    scores: &Numbers,
    /// Label of each row, 0 or 1; rows whose label is NaN are left out.
    labels: &Numbers,
    options: LevelOptions,
) -> Result<Map> {
    let ([scores], labels) = labelled([&values(scores)?], &values(labels)?)?;
    let area = roc::interval(&scores, &labels, options.level)?;
    Ok(number_map([
        ("value", area.value),
        ("error", area.error),
        ("low", area.low),
        ("high", area.high),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![pearson, spearman, kendall, delong, auroc_interval,]
}
