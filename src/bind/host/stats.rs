//! `stats::…`: tests, intervals, corrections for many tests.

use crate::base::{Result, Values};
use crate::bind::types::Numbers;
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::value::{array, number};
use crate::lang::{Callback, Options, session};
use crate::metrics::Pairs;
use crate::metrics::statistics::{
    Alternative, Outcome, auroc, correlated, counts, ks, mean, multiple, ranks, resample, t,
    variance,
};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};

const SIDE: Opt = opt(
    "alternative",
    OptKind::Choice(Alternative::NAMES),
    "\"two-sided\"",
    "which departures count: greater asks whether the first is greater",
);
const SEED: Opt = crate::bind::data::read::SEEDED;
const TEST: &[Opt] = &[SIDE];
const PERMUTATION: &[Opt] = &[
    SIDE,
    opt(
        "statistic",
        OptKind::Other("function |x, y| of two arrays"),
        "",
        "what is compared; the difference of means unless given",
    ),
    opt("n", OptKind::Int(1, MANY), "9999", "permutations"),
    SEED,
];
const BOOTSTRAP: &[Opt] = &[
    opt(
        "statistic",
        OptKind::Other("function of as many arrays as were given"),
        "",
        "what is estimated; the mean unless given",
    ),
    opt(
        "level",
        OptKind::Float(0.5, 1.0),
        "0.95",
        "how often such intervals hold the truth",
    ),
    opt(
        "method",
        OptKind::Choice(&["bca", "percentile"]),
        "\"bca\"",
        "bca: corrected for bias and acceleration (Efron 1987); percentile: plain quantiles",
    ),
    opt("n", OptKind::Int(10, MANY), "2000", "resamples"),
    SEED,
];
const LEVEL: &[Opt] = &[opt(
    "level",
    OptKind::Float(0.5, 1.0),
    "0.95",
    "how often such intervals hold the truth",
)];
const CENTRE: &[Opt] = &[
    SIDE,
    opt(
        "mean",
        OptKind::Float(-INF, INF),
        "0",
        "the mean under the null hypothesis",
    ),
];

fn side(o: &Options) -> Alternative {
    Alternative::named(&o.text("alternative"))
}

fn values(x: &Numbers) -> Result<Vec<f64>> {
    x.0.to_f64()
}

fn told(outcome: Result<Outcome>) -> Result<Map> {
    let outcome = outcome?;
    let own = [
        ("statistic", outcome.statistic),
        ("p_value", outcome.p_value),
    ];
    Ok(own
        .into_iter()
        .chain(outcome.more)
        .map(|(name, value)| (name.into(), value.into()))
        .collect())
}

type Two = fn(&[f64], &[f64], Alternative) -> Result<Outcome>;

fn two(test: Two, x: &Numbers, y: &Numbers, o: &Options) -> Result<Map> {
    told(test(&values(x)?, &values(y)?, side(o)))
}

fn wilcoxon(x: &Numbers, y: &Numbers, o: &Options) -> Result<Map> {
    let (mut differences, other) = (values(x)?, values(y)?);
    if other.len() != differences.len() {
        bail!(
            "shape",
            "pairs need as many values on both sides, got {} and {}",
            differences.len(),
            other.len()
        );
    }
    differences.iter_mut().zip(other).for_each(|(a, b)| *a -= b);
    told(ranks::wilcoxon(&differences, side(o)))
}

/// Scores and labels of the rows whose label is defined; fails on labels that are neither 0 nor 1.
fn judged<const N: usize>(
    scores: [&Numbers; N],
    y: &Numbers,
) -> Result<([Vec<f64>; N], Vec<bool>)> {
    let labels = values(y)?;
    let known = |row: &usize| !labels[*row].is_nan();
    let mut kept: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for (kept, scores) in kept.iter_mut().zip(scores) {
        let scores = values(scores)?;
        if scores.len() != labels.len() {
            bail!(
                "shape",
                "{} scores for {} labels",
                scores.len(),
                labels.len()
            );
        }
        Pairs::new(Values::Double(&scores), Values::Double(&labels), 1)
            .need_binary("the area under the ROC curve")?;
        *kept = (0..labels.len())
            .filter(known)
            .map(|row| scores[row])
            .collect();
    }
    Ok((
        kept,
        labels
            .iter()
            .filter(|label| !label.is_nan())
            .map(|label| *label > 0.5)
            .collect(),
    ))
}

fn number_of(answer: &Dynamic) -> Result<f64> {
    number(answer).ok_or_else(|| {
        fault!(
            "type",
            "the statistic must give a number, got {}",
            session::describe(answer)
        )
    })
}

fn permutation(x: &Numbers, y: &Numbers, o: &Options) -> Result<Map> {
    let own = o.get::<Callback>("statistic")?;
    let statistic = move |x: &[f64], y: &[f64]| match &own {
        Some(own) => {
            number_of(&own.call(vec![array(x.to_vec()).into(), array(y.to_vec()).into()])?)
        }
        None => Ok(mean(x) - mean(y)),
    };
    told(resample::permutation(
        &values(x)?,
        &values(y)?,
        &statistic,
        o.int("n") as usize,
        side(o),
        crate::bind::data::read::seed(o),
    ))
}

/// One array of numbers, or several of one length whose rows belong together.
fn columns(data: &Dynamic) -> Result<Vec<Vec<f64>>> {
    let items = data.read_lock::<Array>().map(|items| items.clone());
    if let Some(items) = items.filter(|items| items.iter().any(|item| number(item).is_none())) {
        let own: Vec<Vec<f64>> = items
            .iter()
            .map(|item| crate::bind::tensor::basic::tensor_of(item)?.to_f64())
            .collect::<Result<_>>()?;
        if own.iter().any(|column| column.len() != own[0].len()) {
            bail!("shape", "arrays whose rows belong together need one length");
        }
        return Ok(own);
    }
    Ok(vec![crate::bind::tensor::basic::tensor_of(data)?.to_f64()?])
}

fn bootstrap(data: &Dynamic, o: &Options) -> Result<Map> {
    let columns = columns(data)?;
    let own = o.get::<Callback>("statistic")?;
    if own.is_none() && columns.len() > 1 {
        bail!(
            "option",
            "several arrays need the option `statistic`, a function of them"
        );
    }
    let pick = |column: &Vec<f64>, rows: &[usize]| {
        rows.iter().map(|row| column[*row]).collect::<Vec<f64>>()
    };
    let statistic = |rows: &[usize]| match &own {
        Some(own) => number_of(
            &own.call(
                columns
                    .iter()
                    .map(|column| array(pick(column, rows)).into())
                    .collect(),
            )?,
        ),
        None => Ok(mean(&pick(&columns[0], rows))),
    };
    let kind = if o.text("method") == "bca" {
        resample::Interval::Bca
    } else {
        resample::Interval::Percentile
    };
    let found = resample::bootstrap(
        columns[0].len(),
        &statistic,
        o.int("n") as usize,
        o.float("level"),
        kind,
        crate::bind::data::read::seed(o),
    )?;
    Ok(Map::from([
        ("value".into(), found.value.into()),
        ("low".into(), found.low.into()),
        ("high".into(), found.high.into()),
        ("error".into(), found.error.into()),
        ("undefined".into(), (found.undefined as i64).into()),
    ]))
}

fn interval(scores: &Numbers, y: &Numbers, level: f64) -> Result<Map> {
    let ([scores], labels) = judged([scores], y)?;
    let found = auroc::interval(&scores, &labels, level)?;
    let ends = [
        ("value", found.value),
        ("error", found.error),
        ("low", found.low),
        ("high", found.high),
    ];
    Ok(ends
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect())
}

fn summary(x: &Numbers) -> Result<Map> {
    let x = values(x)?;
    Ok(Map::from([
        ("n".into(), (x.len() as i64).into()),
        ("mean".into(), mean(&x).into()),
        ("sd".into(), variance(&x).sqrt().into()),
    ]))
}

fn table(counts: &Array) -> Result<[[u64; 2]; 2]> {
    let wrong = || {
        fault!(
            "value",
            "`counts` must be [[a, b], [c, d]] of whole numbers from 0"
        )
    };
    let row = |row: &Dynamic| -> Result<[u64; 2]> {
        let cells: Vec<u64> = row
            .clone()
            .into_array()
            .map_err(|_| wrong())?
            .iter()
            .filter_map(|n| u64::try_from(n.as_int().ok()?).ok())
            .collect();
        cells.try_into().map_err(|_| wrong())
    };
    match counts.as_slice() {
        [a, b] => Ok([row(a)?, row(b)?]),
        _ => Err(wrong()),
    }
}

natives! { means in "stats" {
    /// The number of values, their mean, and their standard deviation (over n - 1).
    ///
    /// ```rhai
    /// assert_eq(stats::summary([1.0, 2.0, 3.0]).sd, 1.0);
    /// ```
    function "summary"(c, x: Numbers) -> "map: n, mean, sd" { summary(&x) }

    /// Tests whether two samples have the same mean, whatever their variances (Welch 1947).
    ///
    /// ```rhai
    /// assert_near(stats::welch([1.0, 2.0, 3.0, 4.0], [3.0, 5.0, 9.0]).p_value, 0.206567, 1e-6);
    /// ```
    function "welch"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic, p_value, df" { two(t::welch, &x, &y, &o) }

    /// Tests whether two samples of equal variance have the same mean (Student).
    ///
    /// ```rhai
    /// assert_eq(stats::student([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]).df, 4.0);
    /// ```
    function "student"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic, p_value, df" { two(t::student, &x, &y, &o) }

    /// Tests whether the differences of pairs have mean 0 (Student).
    ///
    /// ```rhai
    /// assert_eq(stats::paired_t([1.0, 2.0, 4.0], [0.0, 2.0, 3.0]).df, 2.0);
    /// ```
    function "paired_t"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic, p_value, df" { two(t::paired, &x, &y, &o) }

    /// Tests whether a sample has a mean (Student).
    ///
    /// ```rhai
    /// assert(stats::one_sample_t([1.0, 2.0, 3.0], #{ mean: 2.0 }).p_value > 0.99);
    /// ```
    function "one_sample_t"(c, x: Numbers; o = CENTRE) -> "map: statistic, p_value, df" { told(t::one_sample(&values(&x)?, o.float("mean"), side(&o))) }

    /// Tests whether a statistic of two samples is as large by chance, by permuting which sample
    /// values belong to.
    ///
    /// What was seen counts as one of the permutations, so that p is never 0.
    ///
    /// ```rhai
    /// assert(stats::permutation([5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0], #{ n: 999, seed: 1 }).p_value < 0.06);
    /// ```
    function "permutation"(c, x: Numbers, y: Numbers; o = PERMUTATION) -> "map: statistic, p_value" { permutation(&x, &y, &o) }

    /// Estimates a statistic and an interval for it by resampling rows.
    ///
    /// Resamples on which the statistic is NaN are left out; `undefined` counts them. Where BCa is
    /// undefined (all resamples give one value) the ends are NaN, as in SciPy.
    ///
    /// - `data`: an array, or an array of arrays of one length whose rows belong together
    ///
    /// ```rhai
    /// let e = stats::bootstrap([1.0, 2.0, 3.0, 4.0, 5.0], #{ n: 200, seed: 1 });
    /// assert(e.low < 3.0 && e.high > 3.0 && e.value == 3.0);
    /// let both = stats::bootstrap([[0.9, 0.8, 0.3, 0.1, 0.7], [1, 1, 0, 0, 0]], #{ statistic: |p, y| metric::auroc(p, y), n: 50, method: "percentile", seed: 1 });
    /// assert_eq(both.value, 1.0);
    /// ```
    function "bootstrap"(c, data: Dynamic; o = BOOTSTRAP) -> "map: value, low, high, error, undefined" { bootstrap(&data, &o) }
} }

natives! { orders in "stats" {
    /// Tests whether differences lie around 0 (Wilcoxon's signed-rank test).
    ///
    /// Differences of 0 are left out. Exact for up to 50 differences without ties or zeros and up
    /// to 13 with them, else normal, corrected for ties; NaN where more than 13 differences are all
    /// 0. All as SciPy.
    ///
    /// ```rhai
    /// assert_eq(stats::signed_rank([1.0, 2.0, 3.0, 4.0, 5.0], #{ alternative: "greater" }).p_value, 1.0 / 32.0);
    /// ```
    function "signed_rank"(c, differences: Numbers; o = TEST) -> "map: statistic, p_value, n" { told(ranks::wilcoxon(&values(&differences)?, side(&o))) }

    /// Tests whether the differences of pairs lie around 0 (Wilcoxon's signed-rank test); see
    /// `stats::signed_rank`.
    ///
    /// ```rhai
    /// assert_eq(stats::wilcoxon([2.0, 4.0, 6.0], [1.0, 2.0, 3.0], #{ alternative: "greater" }).p_value, 0.125);
    /// ```
    function "wilcoxon"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic, p_value, n" { wilcoxon(&x, &y, &o) }

    /// Tests whether values of one sample tend to be greater than those of another (Mann &
    /// Whitney).
    ///
    /// Exact where a sample has at most 8 values and there are no ties, else normal, corrected for
    /// ties and continuity.
    ///
    /// ```rhai
    /// assert_eq(stats::mann_whitney([4.0, 5.0, 6.0], [1.0, 2.0, 3.0]).statistic, 9.0);
    /// ```
    function "mann_whitney"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic (U of x), p_value, effect (chance that a value of x is greater)" { two(ranks::mann_whitney, &x, &y, &o) }

    /// Tests whether two samples come from one distribution (Kolmogorov & Smirnov); exact for
    /// products of sizes up to 10^8.
    ///
    /// Beyond that two-sided p-values are those of one sample of the harmonic size (Simard &
    /// L'Ecuyer 2011), as in SciPy.
    ///
    /// ```rhai
    /// assert_eq(stats::ks([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]).statistic, 1.0);
    /// ```
    function "ks"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic, p_value" { two(ks::two_samples, &x, &y, &o) }

    /// Tests whether two samples are linearly related; NaN where one is constant, p is 1 for two
    /// rows.
    ///
    /// ```rhai
    /// assert_near(stats::pearson([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]).statistic, 1.0, 1e-12);
    /// ```
    function "pearson"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic (r), p_value, df" { two(correlated::pearson, &x, &y, &o) }

    /// Tests whether the ranks of two samples are related (Spearman); p by Student's distribution.
    ///
    /// ```rhai
    /// assert_near(stats::spearman([1.0, 2.0, 3.0, 4.0], [1.0, 8.0, 27.0, 64.0]).statistic, 1.0, 1e-12);
    /// ```
    function "spearman"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic (ρ), p_value, df" { two(correlated::spearman, &x, &y, &o) }

    /// Tests whether two samples put pairs in the same order (Kendall's τ-b); exact for up to 33
    /// rows without ties.
    ///
    /// NaN where a sample is constant.
    ///
    /// ```rhai
    /// assert_near(stats::kendall([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0]).statistic, 2.0 / 3.0, 1e-12);
    /// ```
    function "kendall"(c, x: Numbers, y: Numbers; o = TEST) -> "map: statistic (τ), p_value" { two(correlated::kendall, &x, &y, &o) }
} }

natives! { exact in "stats" {
    /// Tests whether `successes` of `n` have chance `p`; two-sided: all counts that are no
    /// likelier.
    ///
    /// ```rhai
    /// assert_near(stats::binomial(7, 12, 0.5).p_value, 0.7744140625, 1e-12);
    /// ```
    function "binomial"(c, successes: i64, n: i64, p: f64; o = TEST) -> "map: statistic (share), p_value" {
        if successes < 0 || n < 0 { bail!("value", "counts must be at least 0, got {successes} and {n}") }
        told(counts::binomial(successes as u64, n as u64, p, side(&o)))
    }

    /// Tests whether rows and columns of a table of two by two are independent (Fisher).
    ///
    /// An empty row or column has no odds ratio (NaN), and p is 1.
    ///
    /// ```rhai
    /// assert_near(stats::fisher([[3, 1], [1, 3]]).p_value, 0.4857142857, 1e-9);
    /// ```
    function "fisher"(c, counts: Array; o = TEST) -> "map: statistic (odds ratio), p_value" { told(counts::fisher(table(&counts)?, side(&o))) }

    /// Tests whether two scores of the same rows have the same area under the ROC curve (DeLong et
    /// al. 1988).
    ///
    /// ```rhai
    /// let y = [1, 1, 1, 0, 0, 0];
    /// assert_eq(stats::delong([0.9, 0.8, 0.7, 0.3, 0.2, 0.1], [0.9, 0.8, 0.2, 0.7, 0.3, 0.1], y).first, 1.0);
    /// ```
    function "delong"(c, first: Numbers, second: Numbers, labels: Numbers; o = TEST) -> "map: statistic (z), p_value, first, second, difference, error" {
        let ([first, second], labels) = judged([&first, &second], &labels)?;
        told(auroc::delong(&first, &second, &labels, side(&o)))
    }

    /// The area under the ROC curve with its standard error (DeLong et al. 1988) and a normal
    /// interval.
    ///
    /// ```rhai
    /// assert_eq(stats::auroc_interval([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0]).value, 1.0);
    /// ```
    function "auroc_interval"(c, scores: Numbers, labels: Numbers; o = LEVEL) -> "map: value, error, low, high" { interval(&scores, &labels, o.float("level")) }

    /// Adjusts p-values for a false discovery rate (Benjamini & Hochberg 1995); their order is
    /// kept.
    ///
    /// ```rhai
    /// assert_eq(stats::benjamini_hochberg([0.01, 0.04, 0.03]), [0.03, 0.04, 0.04]);
    /// ```
    function "benjamini_hochberg"(c, p: Numbers) -> "array of numbers" {
        let p = values(&p)?;
        if let Some(wrong) = p.iter().find(|p| !(0.0..=1.0).contains(*p) && !p.is_nan()) { bail!("value", "`p` must hold numbers from 0 to 1, got {wrong}") }
        Ok(array(multiple::benjamini_hochberg(&p)))
    }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [means(), orders(), exact()].into_iter().flatten().collect()
}
