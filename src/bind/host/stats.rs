//! `stats::…`: tests, intervals, corrections for many tests.

use crate::base::Result;
use crate::bind::args::numbers::number_map;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::statistics::{LevelOptions, TestOptions, outcome_map, two_samples, values};
use crate::bind::args::tensor::{Numbers, tensor_of};
use crate::lang::value::{array, number};
use crate::lang::{Callback, Choice, Native, Options, native, natives_of, session};
use crate::metrics::statistics::{
    describe, ks as distributions, mean, ranks, resample, t, variance,
};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};

/// Options of `stats::one_sample_t`.
#[derive(Options)]
pub struct OneSampleOptions {
    #[option(flatten)]
    test: TestOptions,
    /// Mean under the null hypothesis.
    #[option(default = 0)]
    mean: f64,
}

/// Options of `stats::permutation`.
#[derive(Options)]
pub struct PermutationOptions {
    #[option(flatten)]
    test: TestOptions,
    /// Function |x, y| of two arrays that returns a number; the difference of means unless given.
    statistic: Option<Callback>,
    /// Number of permutations.
    #[option(default = 9999, min = 1)]
    n: usize,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `stats::bootstrap`.
#[derive(Options)]
pub struct BootstrapOptions {
    /// Function of as many arrays as are given that returns a number; the mean unless given.
    statistic: Option<Callback>,
    #[option(flatten)]
    interval: LevelOptions,
    /// Method: "bca" corrects for bias and acceleration (Efron 1987), "percentile" uses plain
    /// quantiles.
    #[option(default = "bca")]
    method: IntervalName,
    /// Number of resamples.
    #[option(default = 2000, min = 10)]
    n: usize,
    #[option(flatten)]
    seed: SeedOptions,
}

/// The names of the bootstrap intervals.
#[derive(Choice)]
pub enum IntervalName {
    /// Corrected for bias and acceleration.
    Bca,
    /// Quantiles of the resamples.
    Percentile,
}

impl From<IntervalName> for resample::Interval {
    fn from(name: IntervalName) -> Self {
        match name {
            IntervalName::Bca => resample::Interval::Bca,
            IntervalName::Percentile => resample::Interval::Percentile,
        }
    }
}

/// The differences of pairs.
fn differences_of(x: &Numbers, y: &Numbers) -> Result<Vec<f64>> {
    describe::differences(&values(x)?, &values(y)?)
}

/// The number that a statistic of a script returned.
fn number_of(answer: &Dynamic) -> Result<f64> {
    number(answer).ok_or_else(|| {
        fault!(
            "type",
            "the statistic must return a number, got {}",
            session::describe(answer)
        )
    })
}

/// One array of numbers, or several of the same length with one value for each row.
fn columns_of(data: &Dynamic) -> Result<Vec<Vec<f64>>> {
    let items = data.read_lock::<Array>().map(|items| items.clone());
    if let Some(items) = items.filter(|items| items.iter().any(|item| number(item).is_none())) {
        let columns: Vec<Vec<f64>> = items
            .iter()
            .map(|item| tensor_of(item)?.to_f64())
            .collect::<Result<_>>()?;
        if columns
            .iter()
            .any(|column| column.len() != columns[0].len())
        {
            bail!(
                "shape",
                "arrays with a value for each row need the same length"
            );
        }
        return Ok(columns);
    }
    Ok(vec![tensor_of(data)?.to_f64()?])
}

/// Returns the number of values, their mean and their standard deviation.
///
/// The variance is the sum of squares over n - 1.
///
/// ```rhai
/// assert_eq(stats::summary([1.0, 2.0, 3.0]).sd, 1.0);
/// ```
#[native(namespace = "stats", returns = "map: n, mean, sd")]
pub fn summary(
    /// Values.
    x: &Numbers,
) -> Result<Map> {
    let x = values(x)?;
    Ok(Map::from([
        ("n".into(), (x.len() as i64).into()),
        ("mean".into(), mean(&x).into()),
        ("sd".into(), variance(&x).sqrt().into()),
    ]))
}

/// Tests whether two samples have the same mean, with any variances (Welch 1947).
///
/// ```rhai
/// assert_near(stats::welch([1.0, 2.0, 3.0, 4.0], [3.0, 5.0, 9.0]).p_value, 0.206567, 1e-6);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value, df")]
pub fn welch(
    /// First sample.
    x: &Numbers,
    /// Second sample.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(t::welch, x, y, &options)
}

/// Tests whether two samples of equal variance have the same mean (Student).
///
/// ```rhai
/// assert_eq(stats::student([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]).df, 4.0);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value, df")]
pub fn student(
    /// First sample.
    x: &Numbers,
    /// Second sample.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(t::student, x, y, &options)
}

/// Tests whether the differences of pairs have mean 0 (Student).
///
/// ```rhai
/// assert_eq(stats::paired_t([1.0, 2.0, 4.0], [0.0, 2.0, 3.0]).df, 2.0);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value, df")]
pub fn paired_t(
    /// First values of the pairs.
    x: &Numbers,
    /// Second values of the pairs, as many.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(t::paired, x, y, &options)
}

/// Tests whether the mean of a sample equals a given mean (Student).
///
/// ```rhai
/// assert(stats::one_sample_t([1.0, 2.0, 3.0], #{ mean: 2.0 }).p_value > 0.99);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value, df")]
pub fn one_sample_t(
    /// Sample.
    x: &Numbers,
    options: OneSampleOptions,
) -> Result<Map> {
    let alternative = options.test.alternative();
    t::one_sample(&values(x)?, options.mean, alternative).map(outcome_map)
}

/// Tests the difference of two samples by permuting their values between them.
///
/// The observed samples count as one of the permutations, so that p is never 0.
///
/// ```rhai
/// assert(stats::permutation(
///     [5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0], #{ n: 999, seed: 1 }
/// ).p_value < 0.06);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value")]
pub fn permutation(
    /// First sample.
    x: &Numbers,
    /// Second sample.
    y: &Numbers,
    options: PermutationOptions,
) -> Result<Map> {
    let function = options.statistic;
    let statistic = move |x: &[f64], y: &[f64]| match &function {
        Some(function) => {
            let samples = [x, y].map(|sample| array(sample.to_vec()).into());
            number_of(&function.call(samples.to_vec())?)
        }
        None => Ok(mean(x) - mean(y)),
    };
    let outcome = resample::permutation(
        &values(x)?,
        &values(y)?,
        &statistic,
        options.n,
        options.test.alternative(),
        options.seed.seed(),
    )?;
    Ok(outcome_map(outcome))
}

/// Estimates a statistic and its confidence interval by resampling rows.
///
/// Resamples on which the statistic is NaN are left out; `undefined` counts them. Where BCa is
/// undefined (all resamples have the same value) the ends are NaN, as in SciPy.
///
/// ```rhai
/// let e = stats::bootstrap([1.0, 2.0, 3.0, 4.0, 5.0], #{ n: 200, seed: 1 });
/// assert(e.low < 3.0 && e.high > 3.0 && e.value == 3.0);
/// let both = stats::bootstrap([[0.9, 0.8, 0.3, 0.1, 0.7], [1, 1, 0, 0, 0]], #{
///     statistic: |p, y| metric::auroc(p, y), n: 50, method: "percentile", seed: 1
/// });
/// assert_eq(both.value, 1.0);
/// ```
#[native(
    namespace = "stats",
    returns = "map: value, low, high, error, undefined"
)]
pub fn bootstrap(
    /// Array of numbers, or array of arrays of the same length with one value for each row.
    data: Dynamic,
    options: BootstrapOptions,
) -> Result<Map> {
    let columns = columns_of(&data)?;
    let function = options.statistic;
    if function.is_none() && columns.len() > 1 {
        bail!(
            "option",
            "several arrays need the option `statistic`, a function of them"
        );
    }
    let pick = |column: &Vec<f64>, rows: &[usize]| -> Vec<f64> {
        rows.iter().map(|row| column[*row]).collect()
    };
    let statistic = |rows: &[usize]| match &function {
        Some(function) => {
            let resampled = columns
                .iter()
                .map(|column| array(pick(column, rows)).into());
            number_of(&function.call(resampled.collect())?)
        }
        None => Ok(mean(&pick(&columns[0], rows))),
    };
    let estimate = resample::bootstrap(
        columns[0].len(),
        &statistic,
        options.n,
        options.interval.level,
        options.method.into(),
        options.seed.seed(),
    )?;
    let mut map = number_map([
        ("value", estimate.value),
        ("low", estimate.low),
        ("high", estimate.high),
        ("error", estimate.error),
    ]);
    map.insert("undefined".into(), (estimate.undefined as i64).into());
    Ok(map)
}

/// Tests whether differences are symmetric around 0 (Wilcoxon's signed-rank test).
///
/// Differences of 0 are left out. The test is exact for up to 50 differences without ties or zeros
/// and up to 13 with them, else normal with a correction for ties; NaN where more than 13
/// differences are all 0. All as SciPy.
///
/// ```rhai
/// assert_eq(stats::signed_rank(
///     [1.0, 2.0, 3.0, 4.0, 5.0], #{ alternative: "greater" }
/// ).p_value, 1.0 / 32.0);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value, n")]
pub fn signed_rank(
    /// Differences of pairs.
    differences: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    ranks::wilcoxon(&values(differences)?, options.alternative()).map(outcome_map)
}

/// Tests whether the differences of pairs are symmetric around 0 (Wilcoxon).
///
/// # See also
/// `stats::signed_rank`, which takes the differences.
///
/// ```rhai
/// assert_eq(stats::wilcoxon(
///     [2.0, 4.0, 6.0], [1.0, 2.0, 3.0], #{ alternative: "greater" }
/// ).p_value, 0.125);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value, n")]
pub fn wilcoxon(
    /// First values of the pairs.
    x: &Numbers,
    /// Second values of the pairs, as many.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    ranks::wilcoxon(&differences_of(x, y)?, options.alternative()).map(outcome_map)
}

/// Tests whether values of one sample tend to be greater (Mann & Whitney).
///
/// The test is exact where a sample has at most 8 values and there are no ties, else normal,
/// corrected for ties and continuity.
///
/// ```rhai
/// assert_eq(stats::mann_whitney([4.0, 5.0, 6.0], [1.0, 2.0, 3.0]).statistic, 9.0);
/// ```
#[native(
    namespace = "stats",
    returns = "map: statistic (U of x), p_value, effect (probability that a value of x is greater)"
)]
pub fn mann_whitney(
    /// First sample.
    x: &Numbers,
    /// Second sample.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(ranks::mann_whitney, x, y, &options)
}

/// Tests whether two samples are of the same distribution (Kolmogorov & Smirnov).
///
/// The test is exact for products of sample sizes up to 10^8. Above that, two-sided p-values are
/// those of one sample of the harmonic size (Simard & L'Ecuyer 2011), as in SciPy.
///
/// ```rhai
/// assert_eq(stats::ks([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]).statistic, 1.0);
/// ```
#[native(namespace = "stats", returns = "map: statistic, p_value")]
pub fn ks(
    /// First sample.
    x: &Numbers,
    /// Second sample.
    y: &Numbers,
    options: TestOptions,
) -> Result<Map> {
    two_samples(distributions::two_samples, x, y, &options)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        summary,
        welch,
        student,
        paired_t,
        one_sample_t,
        permutation,
        bootstrap,
        signed_rank,
        wilcoxon,
        mann_whitney,
        ks,
    ]
}
