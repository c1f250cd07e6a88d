//! `stats::compare`: several models on several sets, with several seeds.

use crate::base::Result;
use crate::bind::args::compared::{self, Keys};
use crate::bind::args::comparison::comparison_map;
use crate::bind::args::measure::Mode;
use crate::bind::args::seed::SeedOptions;
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::metrics::statistics::compare::{
    self as comparing, Adjustment, CompareSettings, Method, Outcome,
};
use crate::metrics::{Measure, Metric};
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};

/// Options of `stats::compare`.
#[derive(Options)]
pub struct CompareOptions {
    /// Metric: one such as `metric::average_precision()`, or a name. Values that are given are of
    /// it; where scores and labels are given, it is computed from them.
    #[option(default = "auroc")]
    metric: MetricChoice,
    /// Which values are better.
    #[option(default = "auto")]
    mode: Mode,
    /// Test on a set with scores and labels: "auto" is DeLong's of areas under ROC curves, and the
    /// paired bootstrap of rows of other metrics.
    #[option(default = "auto")]
    test: MethodName,
    /// Adjustment for the number of comparisons.
    #[option(default = "holm")]
    adjust: AdjustmentName,
    /// Model with which the others are compared; all pairs unless given.
    against: Option<String>,
    /// Trainings of several seeds: "fixed" tests these trainings on other rows, "sampled" adds the
    /// variance between seeds, as if models were trained again (Satterthwaite).
    #[option(default = "fixed")]
    seeds: SeedsName,
    /// Names of the keys of maps, of columns, or of parameters and results of recorded runs, where
    /// they are not model, set, seed and value.
    keys: Option<Keys>,
    /// Confidence level of intervals; p-values below one minus it are significant.
    #[option(default = 0.95, min = 0.5, below = 1)]
    level: f64,
    /// Number of resamples of the bootstrap.
    #[option(default = 2000, min = 10)]
    n: usize,
    #[option(flatten)]
    seed: SeedOptions,
}

/// The names of the tests on a set.
#[derive(Choice)]
pub enum MethodName {
    /// By the metric.
    Auto,
    /// DeLong's.
    #[choice(name = "delong")]
    DeLong,
    /// The paired bootstrap.
    Bootstrap,
}

/// The names of the adjustments.
#[derive(Choice)]
pub enum AdjustmentName {
    /// Holm's: bounds the chance of any false discovery.
    Holm,
    /// Benjamini and Hochberg's: bounds the share of false discoveries.
    BenjaminiHochberg,
    /// None.
    None,
}

/// How several trainings count.
#[derive(Choice, PartialEq)]
pub enum SeedsName {
    /// As they are.
    Fixed,
    /// As a sample of trainings.
    Sampled,
}

/// A metric, or the name of one.
pub struct MetricChoice {
    metric: Metric,
    /// Whether it can be computed from scores.
    is_computed: bool,
}

impl FromValue for MetricChoice {
    fn kind() -> String {
        "metric or string".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Some(metric) = value.read_lock::<Metric>().map(|metric| metric.clone()) {
            return Ok(MetricChoice {
                metric,
                is_computed: true,
            });
        }
        if !value.is_string() {
            let got = session::describe(value);
            bail!(
                "option",
                "must be a metric such as metric::auroc(), or a name, got {got}"
            );
        }
        let name = String::from_value(value, context)?;
        let measure = Measure::named(&name);
        Ok(MetricChoice {
            metric: Metric::new(&name, measure.unwrap_or(Measure::Mse)),
            is_computed: measure.is_some(),
        })
    }
}

impl CompareOptions {
    fn settings(self) -> CompareSettings {
        CompareSettings {
            is_larger_better: self.mode.is_larger_better(&self.metric.metric.name),
            metric: self.metric.metric,
            level: self.level,
            method: match self.test {
                MethodName::Auto => Method::Auto,
                MethodName::DeLong => Method::DeLong,
                MethodName::Bootstrap => Method::Bootstrap,
            },
            adjustment: match self.adjust {
                AdjustmentName::Holm => Adjustment::Holm,
                AdjustmentName::BenjaminiHochberg => Adjustment::BenjaminiHochberg,
                AdjustmentName::None => Adjustment::None,
            },
            against: self.against,
            adds_seeds: self.seeds == SeedsName::Sampled,
            resamples: self.n,
            seed: self.seed.seed(),
        }
    }
}

/// Compares models on several sets, trained with several seeds: which differ, and by how much.
///
/// `scores` are means over seeds with their interval. `differences` are of pairs of models on each
/// set: by DeLong's test or the paired bootstrap of rows where scores and labels are given (of the
/// mean over seeds), by Student's test over seeds where values are; `seed_sd` is the standard
/// deviation of the difference between seeds. `pairs` are Wilcoxon's signed-rank tests over sets,
/// `ranks` the average ranks over sets that all models have (1 is best), `friedman` whether they
/// differ, with Nemenyi's critical difference. Adjusted p-values count all differences on sets, or
/// all pairs over sets. `notes` state what was left out, and what limits the tests; missing values
/// are `()`, NaN, or runs that are not there.
///
/// # Source
/// Demšar 2006 (ranks, critical difference); DeLong et al. 1988; Holm 1979; Benjamini & Hochberg
/// 1995.
///
/// ```rhai
/// // values by model and set, an array where there are several seeds
/// let found = stats::compare(#{
///     cnn: #{ ctcf: [0.91, 0.92, 0.9], gata1: [0.85, 0.86, 0.87] },
///     rnn: #{ ctcf: [0.88, 0.9, 0.87], gata1: [0.84, 0.82, 0.85] },
/// });
/// assert_eq(found.ranks["model"], ["cnn", "rnn"]);
/// assert_near(found.differences[0].difference, 0.026667, 1e-5);
/// // scores and labels of the rows of the test set
/// let y = [1, 1, 1, 0, 0, 0];
/// let runs = [
///     #{ model: "cnn", scores: [0.9, 0.8, 0.4, 0.5, 0.2, 0.1], labels: y },
///     #{ model: "rnn", scores: [0.9, 0.3, 0.4, 0.5, 0.2, 0.6], labels: y },
/// ];
/// assert_eq(stats::compare(runs).differences[0].test, "DeLong");
/// ```
/// ```rhai,fails
/// stats::compare([#{ model: "cnn", set: "ctcf", scores: [0.5] }]);
/// //~ item 0 of `runs` has scores without labels
/// ```
#[native(
    namespace = "stats",
    returns = "map: models, sets, scores, differences, pairs and ranks (tables), friedman, \
               verdict, notes, plot (differences), diagram (ranks, or ())"
)]
pub fn compare(
    /// Runs: an array or table of rows `#{ model, set, seed, value }` or `#{ model, set, seed,
    /// scores, labels }`, where set and seed may be left out; values, or `#{ scores, labels }`, by
    /// model and set; or folders or names of recorded runs and sweeps, whose results hold the
    /// value or an array of such rows.
    runs: Dynamic,
    options: CompareOptions,
) -> Result<Map> {
    let is_computed = options.metric.is_computed;
    let given = compared::read(
        &runs,
        &options.keys.clone().unwrap_or_default(),
        &options.metric.metric.name,
    )?;
    let settings = options.settings();
    let is_scored = |run: &comparing::Run| matches!(run.outcome, Outcome::Rows { .. });
    if !is_computed && given.runs.iter().any(is_scored) {
        return Err(fault!(
            "option",
            "option `metric`: `{}` is not computed from scores",
            settings.metric.name
        )
        .hint("give a metric such as metric::average_precision()"));
    }
    let mut found = comparing::compare(&given.runs, &settings)?;
    found.notes.splice(0..0, given.notes);
    comparison_map(&found, &settings)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![compare,]
}
