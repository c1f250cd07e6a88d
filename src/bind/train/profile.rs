//! `metric::…`: metrics of profiles.

use crate::base::Result;
use crate::bind::args::metric::{WeightOptions, value};
use crate::bind::args::tensor::Numbers;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::metrics::profile::{Kind, Profile};
use crate::metrics::{Measure, Metric};

/// Options of `metric::profile_jsd`.
#[derive(Options)]
pub struct JsdOptions {
    /// What is computed: the distance of predictions from labels ("distance"), that of a
    /// permutation of the labels from them, a baseline ("shuffled"), or 1 - distance / distance of
    /// equal shares from the labels, between 0 and 1 ("normalised").
    #[option(default = "distance")]
    measure: JsdName,
    #[option(flatten)]
    shared: ProfileOptions,
    /// Seed of the permutations.
    #[option(default = 0)]
    seed: u64,
}

/// Options of metrics of profiles.
#[derive(Options)]
pub struct ProfileOptions {
    /// The average over profiles: mean or median.
    #[option(default = "mean")]
    average: AverageOfRows,
    /// Standard deviation of a Gaussian that smooths predictions and labels, in positions.
    #[option(default = 0, min = 0)]
    sigma: f64,
    /// Width of the Gaussian, in positions.
    #[option(default = 81, min = 1)]
    width: usize,
}

/// What is computed of Jensen–Shannon distances.
#[derive(Choice, Clone, Copy)]
pub enum JsdName {
    /// That of predictions from labels.
    Distance,
    /// That of permuted labels from labels.
    Shuffled,
    /// The gain over equal shares.
    Normalised,
}

/// The average over profiles.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum AverageOfRows {
    /// The mean.
    Mean,
    /// The median.
    Median,
}

impl ProfileOptions {
    fn profile(&self, kind: Kind) -> Measure {
        Measure::Profile(Profile {
            kind,
            is_median: self.average == AverageOfRows::Median,
            sigma: self.sigma,
            width: self.width,
        })
    }
}

/// Returns the metric: the Jensen–Shannon distance of predicted from observed profiles.
///
/// Profiles are numbers of at least 0 along the last axis, divided by their sum. The distance is
/// the root of the divergence in nats, as in ChromBPNet and SciPy, 0 where they are equal and
/// 0.83 where they have no position in common. It is averaged over rows, then over channels;
/// profiles without counts are left out. "normalised" is the `norm_jsd` of ChromBPNet, for which it
/// reports the median. The names are `profile_jsd`, `profile_jsd_shuffled` and
/// `profile_jsd_normalised`.
///
/// ```rhai
/// let observed = tensor::from([[[2, 2, 0]]]);
/// assert_eq(metric::profile_jsd().of(tensor::from([[[0.5, 0.5, 0.0]]]), observed), 0.0);
/// let gain = metric::profile_jsd(#{ measure: "normalised" });
/// assert_near(gain.of(tensor::full([1, 1, 3], 0.3333333), observed), 0.0, 1e-6);
/// ```
#[native(namespace = "metric")]
pub fn profile_jsd(options: JsdOptions) -> Metric {
    let (name, kind) = match options.measure {
        JsdName::Distance => ("profile_jsd", Kind::Jsd),
        JsdName::Shuffled => ("profile_jsd_shuffled", Kind::JsdShuffled(options.seed)),
        JsdName::Normalised => ("profile_jsd_normalised", Kind::JsdNormalised),
    };
    Metric::new(name, options.shared.profile(kind))
}

/// Returns the metric: Pearson's correlation of predicted and observed profiles.
///
/// It is computed along the last axis for each row and channel, and averaged over rows, then over
/// channels. Constant profiles are left out. bpnet-lite smooths both sides: `#{ sigma: 7 }`.
///
/// ```rhai
/// let observed = tensor::from([[[1, 2, 6]]]);
/// assert_near(metric::profile_pearson().of(tensor::from([[[0.1, 0.2, 0.6]]]), observed), 1.0);
/// ```
#[native(namespace = "metric")]
pub fn profile_pearson(options: ProfileOptions) -> Metric {
    Metric::new("profile_pearson", options.profile(Kind::Pearson))
}

/// Returns the metric: Spearman's correlation of total counts.
///
/// Totals are sums along the last axis of predicted rates and labels; the correlation over rows is
/// averaged over channels. The counts of a head of their own need `metric::spearman()`.
///
/// ```rhai
/// let observed = tensor::from([[[1, 2]], [[3, 4]], [[0, 1]]]);
/// assert_eq(metric::counts_spearman().of(observed, observed), 1.0);
/// ```
#[native(namespace = "metric")]
pub fn counts_spearman() -> Metric {
    let profile = Profile::new(Kind::CountsSpearman);
    Metric::new("counts_spearman", Measure::Profile(profile))
}

/// Returns the metric: Pearson's correlation of the logarithms of total counts.
///
/// Totals are sums along the last axis of predicted rates and labels, as ln(1 + total); the
/// correlation over rows is averaged over channels.
///
/// ```rhai
/// let observed = tensor::from([[[1, 2]], [[3, 4]], [[0, 1]]]);
/// assert_near(metric::counts_pearson().of(observed, observed), 1.0);
/// ```
#[native(namespace = "metric")]
pub fn counts_pearson() -> Metric {
    let profile = Profile::new(Kind::CountsPearson);
    Metric::new("counts_pearson", Measure::Profile(profile))
}

/// Computes the mean Jensen–Shannon distance of predicted from observed profiles.
///
/// ```rhai
/// let observed = tensor::from([[[0, 2]]]);
/// assert_near(metric::profile_jsd(tensor::from([[[1.0, 0.0]]]), observed), 0.8325546, 1e-6);
/// ```
#[native(namespace = "metric", name = "profile_jsd")]
pub fn profile_jsd_of(
    /// Shares or rates, [batch, …, length].
    scores: &Numbers,
    /// Counts of the shape of the predictions; profiles with NaN are excluded.
    labels: &Numbers,
) -> Result<f64> {
    let metric = Metric::new("profile_jsd", Measure::Profile(Profile::new(Kind::Jsd)));
    value(&metric, scores, labels, &WeightOptions { weights: None })
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        profile_jsd,
        profile_pearson,
        counts_spearman,
        counts_pearson,
        profile_jsd_of
    ]
}
