//! `stats::…`: tests, intervals, corrections for many tests.

use crate::base::Result;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::tensor::{Numbers, tensor_of};
use crate::lang::value::{array, number};
use crate::lang::{Callback, Choice, Native, Options, native, natives_of, session};
use crate::metrics::statistics::{
    Alternative, Outcome, auroc as roc, correlated, counts as count_tests, describe,
    ks as distributions, labelled::labelled, mean, multiple, ranks, resample, t, variance,
};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};

/// Options of the tests without further ones.
#[derive(Options)]
pub struct TestOptions {
    /// Alternative hypothesis: "greater" is that the first sample is greater.
    #[option(default = "two-sided")]
    alternative: AlternativeName,
}

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

/// The option of confidence intervals.
#[derive(Options)]
pub struct LevelOptions {
    /// Confidence level: the fraction of such intervals that contain the true value.
    #[option(default = 0.95, min = 0.5, max = 1)]
    level: f64,
}

/// The names of the alternative hypotheses.
#[derive(Choice)]
pub enum AlternativeName {
    /// The samples differ.
    #[choice(name = "two-sided")]
    TwoSided,
    /// The first sample is greater.
    Greater,
    /// The first sample is less.
    Less,
}

impl TestOptions {
    fn alternative(&self) -> Alternative {
        match self.alternative {
            AlternativeName::TwoSided => Alternative::TwoSided,
            AlternativeName::Greater => Alternative::Greater,
            AlternativeName::Less => Alternative::Less,
        }
    }
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

fn values(x: &Numbers) -> Result<Vec<f64>> {
    x.0.to_f64()
}

/// A map of named numbers.
fn map_of<'a>(numbers: impl IntoIterator<Item = (&'a str, f64)>) -> Map {
    let entries = numbers.into_iter();
    entries
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// The map that a test returns.
fn outcome_map(outcome: Outcome) -> Map {
    let shared = [
        ("statistic", outcome.statistic),
        ("p_value", outcome.p_value),
    ];
    map_of(shared.into_iter().chain(outcome.more))
}

type TwoSampleTest = fn(&[f64], &[f64], Alternative) -> Result<Outcome>;

fn two_samples(
    test: TwoSampleTest,
    x: &Numbers,
    y: &Numbers,
    options: &TestOptions,
) -> Result<Map> {
    test(&values(x)?, &values(y)?, options.alternative()).map(outcome_map)
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
    let mut map = map_of([
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
    Ok(map_of([
        ("value", area.value),
        ("error", area.error),
        ("low", area.low),
        ("high", area.high),
    ]))
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
    let p = values(p)?;
    let is_outside = |p: &&f64| !(0.0..=1.0).contains(*p) && !p.is_nan();
    if let Some(outside) = p.iter().find(is_outside) {
        bail!("value", "`p` must hold numbers from 0 to 1, got {outside}")
    }
    Ok(multiple::benjamini_hochberg(&p))
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
        pearson,
        spearman,
        kendall,
        binomial,
        fisher,
        delong,
        auroc_interval,
        benjamini_hochberg,
    ]
}
