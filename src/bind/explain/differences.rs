//! `explain::…`: attributions of the difference from a reference.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::attribution::{
    Contributions, HypotheticalOptions, of_targets, reverse_of, zeros,
};
use crate::bind::args::explain::{
    BaselineOptions, BaselineSource, BatchOptions, LabelOptions, StrandOptions,
};
use crate::bind::args::network::into_dynamic;
use crate::bind::args::samples::samples;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::Tabled;
use crate::bind::warnings::warn;
use crate::explain::baselines::Baselines;
use crate::explain::completeness::{self, Completeness};
use crate::explain::gradients::{self, Found};
use crate::explain::labels::stacked;
use crate::explain::target::{Still, Target};
use crate::explain::{convergence as layers, strands};
use crate::lang::{Native, Options, native, natives_of};
use crate::nn::{Model, Value};
use crate::torch::Tensor;
use rhai::{Dynamic, Map};
use std::cell::RefCell;

/// Options of attributions that compare samples with baselines.
#[derive(Options)]
pub struct DifferenceOptions {
    #[option(flatten)]
    label: LabelOptions,
    #[option(flatten)]
    hypothetical: HypotheticalOptions,
    #[option(flatten)]
    baselines: BaselineOptions,
    #[option(flatten)]
    strands: StrandOptions,
    #[option(flatten)]
    seed: SeedOptions,
    /// Whether to return a map: contributions, difference (of the output of each sample from that
    /// of its baselines), error (the sum of its contributions less the difference).
    #[option(default = false)]
    detail: bool,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::integrated_gradients`.
#[derive(Options)]
pub struct IntegratedGradientsOptions {
    #[option(flatten)]
    difference: DifferenceOptions,
    /// Number of points on the line from a baseline to a sample.
    #[option(default = 50, min = 1, max = 10_000)]
    steps: usize,
}

/// Options of `explain::expected_gradients`.
#[derive(Options)]
pub struct ExpectedGradientsOptions {
    #[option(flatten)]
    difference: DifferenceOptions,
    /// Number of random points for each sequence.
    #[option(default = 200, min = 1, max = 100_000)]
    samples: usize,
}

/// Options of `explain::convergence`.
#[derive(Options)]
pub struct ConvergenceOptions {
    #[option(flatten)]
    label: LabelOptions,
    /// Sequences that samples are compared with, one for each sample; as for `explain::deep_lift`.
    #[option(default = "dinucleotide")]
    baselines: BaselineSource,
    #[option(flatten)]
    seed: SeedOptions,
}

impl DifferenceOptions {
    fn read_baselines(&self) -> Result<Baselines> {
        let both_strands = self.strands.both_strands;
        self.baselines.read(both_strands, self.seed.seed())
    }
}

fn column(values: &[f64]) -> Result<Value> {
    let rows = values.len() as i64;
    Tensor::from_f64(values, &[rows]).map(Value::One)
}

/// What to do about contributions that miss the difference they should sum to.
type Advice<'a> = &'a dyn Fn(&Still, &Value, &Target) -> Result<String>;

/// Contributions that should sum to a difference, with a warning where they do not.
fn complete(
    net: &Model,
    given: &Dynamic,
    options: &DifferenceOptions,
    (tolerance, advice): (f64, Advice),
    run: impl Fn(&Still, &Value, &Target) -> Result<Found>,
) -> Result<Contributions> {
    let x = samples(net, given)?;
    let reverse = reverse_of(given, &x, &options.strands)?;
    let targets = options.label.targets(net)?;
    let (differences, errors) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let contributions = of_targets(net, &targets, |still, target| {
        let found = strands::found(reverse.as_ref(), &x, target, |x, target| {
            run(still, x, target)
        })?;
        let completeness = Completeness::of(&found, &x)?;
        if let Some(percent) = completeness.missed(tolerance) {
            let advice = advice(still, &x, target)?;
            warn(&format!(
                "contributions miss {percent:.2} % of the differences they should sum to (median \
                 over samples); {advice}"
            ));
        }
        differences
            .borrow_mut()
            .push(column(&completeness.difference)?);
        errors.borrow_mut().push(column(&completeness.error)?);
        options.hypothetical.of(found.contributions, &x)
    })?;
    if !options.detail {
        return Contributions::of(contributions);
    }
    let (differences, errors) = (differences.into_inner(), errors.into_inner());
    detailed(contributions, &differences, &errors, targets.has_axis)
}

/// The map of contributions, of the differences that they sum to, and of errors.
fn detailed(
    contributions: Value,
    differences: &[Value],
    errors: &[Value],
    has_axis: bool,
) -> Result<Contributions> {
    let map = Map::from([
        ("contributions".into(), into_dynamic(contributions)?),
        (
            "difference".into(),
            into_dynamic(stacked(differences, has_axis)?)?,
        ),
        ("error".into(), into_dynamic(stacked(errors, has_axis)?)?),
    ]);
    Ok(Contributions(map.into()))
}

/// The zeros of a dry run, once the arguments have been read.
fn no_differences(
    net: &Model,
    given: &Dynamic,
    options: &DifferenceOptions,
) -> Result<Contributions> {
    options.read_baselines()?;
    let x = samples(net, given)?;
    reverse_of(given, &x, &options.strands)?;
    let targets = options.label.targets(net)?;
    let contributions = zeros(&targets, &x)?;
    if !options.detail {
        return Contributions::of(contributions);
    }
    let none = [Value::One(Tensor::zeros(&[x.rows()])?)];
    detailed(contributions, &none, &none, targets.has_axis)
}

/// Where DeepLIFT loses contributions, of the first samples.
fn culprit(still: &Still, x: &Value, target: &Target, baselines: &Baselines) -> Result<String> {
    let culprit = completeness::culprit(still, x, target, baselines)?;
    Ok(culprit.unwrap_or_else(|| "no layer stands out".into()) + "; see `explain::convergence`")
}

/// Computes integrated gradients of samples with respect to baselines.
///
/// The contributions of a sample sum to the difference between its output and the mean output of
/// its baselines; the error decreases with `steps`, and a warning is logged where it exceeds 5 %.
/// The contribution of a base of the baseline is added to that of the base of the sample.
///
/// # Source
/// Sundararajan, Taly & Yan, Axiomatic Attribution for Deep Networks (ICML 2017). Points are those
/// of Gauss–Legendre quadrature.
///
/// ```rhai
/// let layer = nn::chain([nn::conv1d(8, 5), nn::gelu(), nn::global_avg_pool(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 20], #{ seed: 1 });
/// let options = #{ baselines: "zeros", detail: true };
/// let outcome = explain::integrated_gradients(net, ["ACGTTCGAACGTAAGTACGT"], options);
/// assert_eq(outcome.contributions.shape, [1, 4, 20]);
/// assert(outcome.error.abs().max().item() < 1e-5);
/// ```
/// ```rhai,fails
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(2)]), [4, 4]);
/// explain::integrated_gradients(net, ["ACGT"], #{ label: 2 });
/// //~ the network has 2 labels, counted from 0
/// ```
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, length]; with `detail` a map",
    dry = integrated_gradients_dry
)]
pub fn integrated_gradients(
    /// Network that is explained.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    options: IntegratedGradientsOptions,
) -> Result<Contributions> {
    let (steps, options) = (options.steps, &options.difference);
    let (baselines, batch) = (options.read_baselines()?, options.batch.batch);
    let advice = |_: &Still, _: &Value, _: &Target| Ok(format!("use more than {steps} steps"));
    complete(net, x, options, (0.05, &advice), |still, x, target| {
        gradients::integrated(still, x, target, &baselines, steps, batch)
    })
}

fn integrated_gradients_dry(
    net: &Model,
    x: &Dynamic,
    options: IntegratedGradientsOptions,
) -> Result<Contributions> {
    no_differences(net, x, &options.difference)
}

/// Computes expected gradients: integrated gradients at random points.
///
/// Each point is at a random position of the line from a random baseline to the sample.
///
/// # Source
/// Erion, Janizek, Sturmfels, Lundberg & Lee, Nature Machine Intelligence 2021.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
/// let options = #{ baselines: "zeros", samples: 5, detail: true };
/// let outcome = explain::expected_gradients(net, ["ACGTTCGA"], options);
/// assert(outcome.error.abs().max().item() < 1e-5);
/// ```
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, length]; with `detail` a map",
    dry = expected_gradients_dry
)]
pub fn expected_gradients(
    /// Network that is explained.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    options: ExpectedGradientsOptions,
) -> Result<Contributions> {
    let (points, options) = (options.samples, &options.difference);
    let (baselines, batch) = (options.read_baselines()?, options.batch.batch);
    let seed = options.seed.seed();
    let advice = |_: &Still, _: &Value, _: &Target| Ok(format!("use more than {points} samples"));
    complete(net, x, options, (0.2, &advice), |still, x, target| {
        gradients::expected(still, x, target, &baselines, points, seed, batch)
    })
}

fn expected_gradients_dry(
    net: &Model,
    x: &Dynamic,
    options: ExpectedGradientsOptions,
) -> Result<Contributions> {
    no_differences(net, x, &options.difference)
}

/// Computes DeepLIFT contributions by the rescale rule, averaged over baselines.
///
/// The mean over several baselines is known as DeepSHAP.
///
/// Every operation has a rule, also those of layers that a script defines: nonlinear functions pass
/// the ratio of differences instead of the slope, products use the mean of the other factor, maxima
/// pass contributions to the positions of the maxima. The contributions of a sample sum to the
/// difference of the outputs; where they do not, a warning names the layer with the largest error.
///
/// # Source
/// Shrikumar, Greenside & Kundaje, Learning Important Features Through Propagating Activation
/// Differences (ICML 2017); Lundberg & Lee (NeurIPS 2017).
///
/// # See also
/// `explain::convergence`
///
/// ```rhai
/// let layer = nn::chain([
///     nn::conv1d(8, 5), nn::relu(), nn::max_pool(4), nn::flatten(), nn::linear(1), nn::sigmoid()
/// ]);
/// let net = nn::build(layer, [4, 20], #{ seed: 1 });
/// let options = #{ shuffles: 4, detail: true };
/// let outcome = explain::deep_lift(net, ["ACGTTCGAACGTAAGTACGT"], options);
/// assert(outcome.error.abs().max().item() < 1e-5);
/// ```
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, length]; with `detail` a map",
    dry = deep_lift_dry
)]
pub fn deep_lift(
    /// Network that is explained.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    options: DifferenceOptions,
) -> Result<Contributions> {
    let (baselines, batch) = (options.read_baselines()?, options.batch.batch);
    let advice = |still: &Still, x: &Value, target: &Target| culprit(still, x, target, &baselines);
    complete(net, x, &options, (1e-3, &advice), |still, x, target| {
        gradients::deep_lift(still, x, target, &baselines, batch)
    })
}

fn deep_lift_dry(net: &Model, x: &Dynamic, options: DifferenceOptions) -> Result<Contributions> {
    no_differences(net, x, &options)
}

/// Computes the error of DeepLIFT at each layer.
///
/// Returns a table with one row for each layer: layer (its path), what, difference (sum of the
/// contributions of its output, mean absolute value over samples), error (change of that sum from
/// its output to its input), share (error as a fraction of the difference of the whole network).
///
/// ```rhai
/// let layer = nn::chain([
///     ["stem", nn::conv1d(8, 5)], nn::relu(), nn::global_avg_pool(), nn::linear(1)
/// ]);
/// let net = nn::build(layer, [4, 20], #{ seed: 1 });
/// let errors = explain::convergence(net, ["ACGTTCGAACGTAAGTACGT"]);
/// assert_eq(errors["layer"][0], "stem");
/// assert(errors["error"].all(|error| error < 1e-5));
/// ```
#[native(
    namespace = "explain",
    returns = "table: layer, what, difference, error, share"
)]
pub fn convergence(
    /// Network that is explained.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    options: ConvergenceOptions,
) -> Result<Tabled> {
    let baselines = options.baselines.read(1, options.seed.seed())?;
    let x = samples(net, x)?;
    let targets = options.label.targets(net)?;
    let losses = layers::losses(&Still::of(net)?, &x, &targets.list[0], &baselines)?;
    let text = |of: fn(&layers::Loss) -> &String| {
        Cells::Text(losses.iter().map(|loss| of(loss).clone()).collect())
    };
    let number = |of: &dyn Fn(&layers::Loss) -> f64| Cells::Number(losses.iter().map(of).collect());
    let columns = vec![
        ("layer".into(), text(|loss| &loss.path)),
        ("what".into(), text(|loss| &loss.layer)),
        ("difference".into(), number(&|loss| loss.size)),
        ("error".into(), number(&|loss| loss.error)),
        ("share".into(), Cells::Number(completeness::shares(&losses))),
    ];
    Tabled::of(columns)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        integrated_gradients,
        expected_gradients,
        deep_lift,
        convergence,
    ]
}
