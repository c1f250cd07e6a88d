//! `explain::…`: contributions of the bases of samples to an output.

use crate::base::Result;
use crate::base::table::{Cells, Table};
use crate::bind::args::explain::{
    BaselineOptions, BaselineSource, BatchOptions, LabelOptions, StrandOptions, Targets,
};
use crate::bind::args::network::into_dynamic;
use crate::bind::args::samples::{samples, sequences};
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Data, Tabled};
use crate::bind::warnings::warn;
use crate::explain::baselines::{Baselines, codes_of};
use crate::explain::completeness::{self, Completeness};
use crate::explain::gradients::{self, Found};
use crate::explain::labels::stacked;
use crate::explain::strands::{self, ReverseStrand};
use crate::explain::target::{Still, Target};
use crate::explain::{convergence as layers, inside, mutagenesis as changes};
use crate::lang::{IntoValue, Native, Options, native, natives_of, session};
use crate::nn::{Model, Value};
use crate::torch::Tensor;
use rhai::{Dynamic, Map};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// Options of `explain::saliency`.
#[derive(Options)]
pub struct SaliencyOptions {
    #[option(flatten)]
    label: LabelOptions,
    #[option(flatten)]
    strands: StrandOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::input_x_gradient`.
#[derive(Options)]
pub struct InputXGradientOptions {
    #[option(flatten)]
    label: LabelOptions,
    #[option(flatten)]
    hypothetical: HypotheticalOptions,
    /// Whether the mean of the gradient over the bases of a position is subtracted.
    #[option(default = true)]
    correction: bool,
    #[option(flatten)]
    strands: StrandOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::smooth_grad`.
#[derive(Options)]
pub struct SmoothGradOptions {
    #[option(flatten)]
    label: LabelOptions,
    /// Number of noisy copies of each sequence.
    #[option(default = 50, min = 1, max = 100_000)]
    samples: i64,
    /// Standard deviation of the Gaussian noise.
    #[option(default = 0.15, min = 0)]
    deviation: f64,
    #[option(flatten)]
    strands: StrandOptions,
    #[option(flatten)]
    seed: SeedOptions,
}

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

/// The option of attributions that also know the contributions of absent bases.
#[derive(Options)]
pub struct HypotheticalOptions {
    /// Whether absent bases get the contribution that they would have, the input of TF-MoDISco; 0
    /// otherwise.
    #[option(default = false)]
    hypothetical: bool,
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

/// Options of `explain::mutagenesis`.
#[derive(Options)]
pub struct MutagenesisOptions {
    #[option(flatten)]
    label: LabelOptions,
    /// First position that is changed.
    #[option(default = 0)]
    start: usize,
    /// End of the positions that are changed, exclusive; that of the sequence unless given.
    #[option(min = 1)]
    end: Option<usize>,
    /// Whether the result is averaged with that of the reverse complement, reversed back.
    #[option(default = false)]
    both_strands: bool,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::occlusion`.
#[derive(Options)]
pub struct OcclusionOptions {
    #[option(flatten)]
    label: LabelOptions,
    /// Width of a window, in positions.
    #[option(default = 10, min = 1)]
    width: i64,
    /// Step from one window to the next, in positions.
    #[option(default = 1, min = 1)]
    step: i64,
    /// What replaces the bases of a window; as for `explain::integrated_gradients`.
    #[option(default = "zeros")]
    baselines: BaselineSource,
    /// Number of shuffles of each sequence, where baselines are shuffles.
    #[option(default = 20, min = 1, max = 10_000)]
    shuffles: i64,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::grad_cam`.
#[derive(Options)]
pub struct GradCamOptions {
    #[option(flatten)]
    label: LabelOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Contributions: a tensor, or a map of them where a network has several inputs.
pub struct Contributions(Dynamic);

impl From<Value> for Contributions {
    fn from(value: Value) -> Contributions {
        Contributions(into_dynamic(value))
    }
}

impl IntoValue for Contributions {
    fn type_name() -> String {
        Tensor::type_name()
    }
    fn into_value(self) -> Dynamic {
        self.0
    }
}

impl DifferenceOptions {
    fn read_baselines(&self) -> Result<Baselines> {
        let both_strands = self.strands.both_strands;
        self.baselines.read(both_strands, self.seed.seed())
    }
}

impl HypotheticalOptions {
    /// The contributions, those of absent bases set to 0 unless asked for.
    fn of(&self, contributions: Value, x: &Value) -> Result<Value> {
        match self.hypothetical {
            true => Ok(contributions),
            false => gradients::actual(&contributions, x),
        }
    }
}

/// What samples become on the reverse strand, where an average over both strands is wanted.
fn reverse_of(
    given: &Dynamic,
    x: &Value,
    options: &StrandOptions,
) -> Result<Option<ReverseStrand>> {
    if !options.both_strands {
        return Ok(None);
    }
    let declared = options.inputs.as_ref().map(|kinds| kinds.0.clone());
    let declared = declared.unwrap_or_default();
    match given.read_lock::<Data>() {
        Some(set) if declared.is_empty() => Ok(Some(ReverseStrand::of_dataset(&set.0))),
        _ => ReverseStrand::of_inputs(&x.shape(), &declared).map(Some),
    }
}

/// Zeros for each target, the results of a dry run.
fn zeros(targets: &Targets, like: &Value) -> Result<Value> {
    let results = targets.list.iter().map(|_| like.map(Tensor::zeros_like));
    stacked(&results.collect::<Result<Vec<_>>>()?, targets.has_axis)
}

/// The results of each target, stacked; zeros of the shape of `like` in a dry run.
fn of_targets(
    net: &Model,
    like: &Value,
    targets: &Targets,
    run: impl Fn(&Still, &Target) -> Result<Value>,
) -> Result<Value> {
    if session::is_dry() {
        return zeros(targets, like);
    }
    let still = Still::of(net)?;
    let results = targets.list.iter().map(|target| run(&still, target));
    stacked(&results.collect::<Result<Vec<_>>>()?, targets.has_axis)
}

/// The gradients of each label, on the strands that are asked for.
fn gradients_of(
    net: &Model,
    given: &Dynamic,
    (label, both): (&LabelOptions, &StrandOptions),
    run: impl Fn(&Still, &Value, &Target) -> Result<Value>,
) -> Result<Contributions> {
    let x = samples(net, given)?;
    let reverse = reverse_of(given, &x, both)?;
    let targets = label.targets(net)?;
    let contributions = of_targets(net, &x, &targets, |still, target| {
        strands::contributions(reverse.as_ref(), &x, target, |x, target| {
            run(still, x, target)
        })
    })?;
    Ok(contributions.into())
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
    let contributions = of_targets(net, &x, &targets, |still, target| {
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
        return Ok(contributions.into());
    }
    let (mut differences, mut errors) = (differences.into_inner(), errors.into_inner());
    if session::is_dry() {
        let zeros = Value::One(Tensor::zeros(&[x.rows()])?);
        (differences, errors) = (vec![zeros.clone()], vec![zeros]);
    }
    let has_axis = targets.has_axis;
    let map = Map::from([
        ("contributions".into(), into_dynamic(contributions)),
        (
            "difference".into(),
            into_dynamic(stacked(&differences, has_axis)?),
        ),
        ("error".into(), into_dynamic(stacked(&errors, has_axis)?)),
    ]);
    Ok(Contributions(map.into()))
}

/// Where DeepLIFT loses contributions, of the first samples.
fn culprit(still: &Still, x: &Value, target: &Target, baselines: &Baselines) -> Result<String> {
    let culprit = completeness::culprit(still, x, target, baselines)?;
    Ok(culprit.unwrap_or_else(|| "no layer stands out".into()) + "; see `explain::convergence`")
}

/// Computes the gradient of an output with respect to the input.
///
/// # Shapes
/// Contributions are as the input, `[batch, 4, length]`; a map of tensors where there are several
/// inputs. Several labels add an axis after the batch.
///
/// # Source
/// Simonyan, Vedaldi & Zisserman, arXiv 1312.6034.
///
/// ```rhai
/// let layer = nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::linear(2)]);
/// let net = nn::build(layer, [4, 20], #{ seed: 1 });
/// let c = explain::saliency(net, ["ACGTACGTACGTACGTACGT"], #{ label: "all" });
/// assert_eq(c.shape, [1, 2, 4, 20]);
/// ```
#[native(namespace = "explain", returns = "tensor [batch, 4, length]")]
pub fn saliency(
    /// Network that is explained.
    net: &Model,
    /// Samples: a tensor of sequences (one-hot or codes), an array of strings, a batch, a dataset,
    /// or a map of several inputs.
    x: &Dynamic,
    options: SaliencyOptions,
) -> Result<Contributions> {
    let (asked, batch) = ((&options.label, &options.strands), options.batch.batch);
    gradients_of(net, x, asked, |still, x, target| {
        gradients::saliency(still, x, target, batch)
    })
}

/// Computes the input times the gradient, corrected for the one-hot encoding.
///
/// The mean of the gradient over the bases of a position is subtracted, as one-hot sequences cannot
/// vary in that direction.
///
/// # Source
/// The correction is from Majdandzic, Rajesh & Koo, Genome Biology 2023.
///
/// ```rhai
/// let layer = nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 20], #{ seed: 1 });
/// let c = explain::input_x_gradient(net, ["ACGTACGTACGTACGTACGT"], #{ hypothetical: true });
/// assert(c.sum(1).abs().max().item() < 1e-6);
/// ```
#[native(namespace = "explain", returns = "tensor [batch, 4, length]")]
pub fn input_x_gradient(
    /// Network that is explained.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    options: InputXGradientOptions,
) -> Result<Contributions> {
    let (asked, batch) = ((&options.label, &options.strands), options.batch.batch);
    gradients_of(net, x, asked, |still, x, target| {
        let corrected = options.correction;
        let contributions = gradients::input_x_gradient(still, x, target, batch, corrected)?;
        options.hypothetical.of(contributions, x)
    })
}

/// Computes the mean gradient over noisy copies of the input (SmoothGrad).
///
/// # Source
/// Smilkov, Thorat, Kim, Viégas & Wattenberg, arXiv 1706.03825.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
/// let x = ["ACGTACGT"];
/// let difference = explain::smooth_grad(net, x) - explain::saliency(net, x);
/// assert(difference.abs().max().item() < 1e-6);    // the gradient of a linear network is constant
/// ```
#[native(namespace = "explain", returns = "tensor [batch, 4, length]")]
pub fn smooth_grad(
    /// Network that is explained.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    options: SmoothGradOptions,
) -> Result<Contributions> {
    let (copies, deviation, seed) = (options.samples, options.deviation, options.seed.seed());
    let asked = (&options.label, &options.strands);
    gradients_of(net, x, asked, |still, x, target| {
        gradients::smooth_grad(still, x, target, copies, deviation, seed)
    })
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
    returns = "tensor [batch, 4, length]; with `detail` a map"
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
    returns = "tensor [batch, 4, length]; with `detail` a map"
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
    returns = "tensor [batch, 4, length]; with `detail` a map"
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
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// The positions that are changed.
fn changed_range(options: &MutagenesisOptions, length: i64) -> Range<usize> {
    options.start..options.end.unwrap_or(length as usize)
}

/// Computes the change of an output for every substitution of a base.
///
/// The result holds 0 for the bases of the sequence, and at positions without a base.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
/// let change = explain::mutagenesis(net, ["ACGTACGT"]);
/// let weight = net["1.weight"].reshape([4, 8]);
/// let expected = weight[[1, 0]] - weight[[0, 0]];       // A at position 0 becomes C
/// assert((change[[0, 1, 0]] - expected).abs().item() < 1e-6);
/// ```
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, positions]",
    dry = no_changes
)]
pub fn mutagenesis(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Sequences: a tensor (one-hot or codes), an array of strings, a batch or a dataset.
    x: &Dynamic,
    options: MutagenesisOptions,
) -> Result<Contributions> {
    let given = x;
    let x = sequences(net, given)?;
    let length = x.shape()[2];
    let range = changed_range(&options, length);
    let targets = options.label.targets(net)?;
    let (still, batch) = (Still::of(net)?, options.batch.rows());
    let both = StrandOptions {
        both_strands: options.both_strands,
        inputs: None,
    };
    let reverse = reverse_of(given, &Value::One(x.clone()), &both)?;
    let results = strands::saturation(&still, &x, &targets.list, &range, batch, reverse.as_ref())?;
    let results: Vec<Value> = results.into_iter().map(Value::One).collect();
    stacked(&results, targets.has_axis).map(Contributions::from)
}

/// The result of `explain::mutagenesis` in a dry run.
fn no_changes(net: &Model, x: &Dynamic, options: MutagenesisOptions) -> Result<Contributions> {
    let x = sequences(net, x)?;
    let length = x.shape()[2];
    let positions = changed_range(&options, length).len() as i64;
    let like = Value::One(x.narrow(2, 0, positions.clamp(1, length))?);
    zeros(&options.label.targets(net)?, &like).map(Contributions::from)
}

/// Computes the decrease of an output when a window of the input is replaced.
///
/// The value of a position is the mean over the windows that cover it.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
/// let c = explain::occlusion(net, ["ACGTACGT"], #{ width: 1 });
/// let exact = explain::input_x_gradient(net, ["ACGTACGT"], #{ correction: false }).sum(1);
/// assert((c - exact).abs().max().item() < 1e-6);         // equal in a linear network
/// ```
#[native(namespace = "explain", returns = "tensor [batch, length]")]
pub fn occlusion(
    /// Network of one input.
    net: &Model,
    /// Samples: a tensor of sequences (one-hot or codes), an array of strings, a batch or a
    /// dataset.
    x: &Dynamic,
    options: OcclusionOptions,
) -> Result<Contributions> {
    let x = samples(net, x)?.one()?.clone();
    let like = Value::One(x.select(1, 0)?);
    let seed = options.seed.seed();
    let baselines = options.baselines.read(options.shuffles, seed)?;
    if matches!(baselines, Baselines::Shuffled { .. }) {
        codes_of(&x)?;
    }
    let (windows, batch) = ((options.width, options.step), options.batch.batch);
    let targets = options.label.targets(net)?;
    let contributions = of_targets(net, &like, &targets, |still, target| {
        changes::occlusion(still, &x, target, &baselines, windows, batch).map(Value::One)
    })?;
    Ok(contributions.into())
}

/// Computes the output of a layer, in evaluation mode and without gradients.
///
/// ```rhai
/// let layer = nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::flatten(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 20]);
/// assert_eq(explain::activations(net, ["ACGTTCGAACGTAAGTACGT"], "stem").shape, [1, 8, 16]);
/// ```
/// ```rhai,fails
/// let net = nn::build(nn::chain([["stem", nn::conv1d(8, 5)], nn::flatten()]), [4, 20]);
/// explain::activations(net, ["ACGTTCGAACGTAAGTACGT"], "stm");
/// //~ did you mean "stem"?
/// ```
#[native(namespace = "explain", returns = "tensor [batch, …]")]
pub fn activations(
    /// Network that is evaluated.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    /// Path of the layer, as `net.summary()` shows it.
    layer: &str,
    options: BatchOptions,
) -> Result<Tensor> {
    inside::activations(&Still::of(net)?, &samples(net, x)?, layer, options.batch)
}

/// Computes the positions at which a layer increases an output (Grad-CAM).
///
/// The channels of the layer are weighted by their mean gradient and summed; negative sums become
/// 0.
///
/// # Source
/// Selvaraju et al., Grad-CAM (ICCV 2017).
///
/// ```rhai
/// let layer = nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::flatten(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 20]);
/// assert_eq(explain::grad_cam(net, ["ACGTTCGAACGTAAGTACGT"], "stem").shape, [1, 16]);
/// ```
#[native(namespace = "explain", returns = "tensor [batch, positions]")]
pub fn grad_cam(
    /// Network that is explained.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    /// Path of the layer, as `net.summary()` shows it.
    layer: &str,
    options: GradCamOptions,
) -> Result<Contributions> {
    let (x, batch) = (samples(net, x)?, options.batch.batch);
    let targets = options.label.targets(net)?;
    let still = Still::of(net)?;
    let map = |target| inside::grad_cam(&still, &x, layer, target, batch).map(Value::One);
    let maps = targets.list.iter().map(map).collect::<Result<Vec<_>>>()?;
    stacked(&maps, targets.has_axis).map(Contributions::from)
}

/// Returns the weights of every attention layer.
///
/// Rows are the positions that read (queries), columns the positions that are read (keys).
///
/// ```rhai
/// let layer = nn::chain([["look", nn::attention(8, 8)], nn::flatten(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 20]);
/// let weights = explain::attention(net, ["ACGTTCGAACGTAAGTACGT"]);
/// assert_eq(weights.look.shape, [1, 20, 20]);
/// ```
#[native(
    namespace = "explain",
    returns = "map of layer to tensor [batch, heads, length, length]"
)]
pub fn attention(
    /// Network with attention layers.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
) -> Result<Map> {
    let weights = inside::attention(&Still::of(net)?, &samples(net, x)?)?.into_iter();
    Ok(weights
        .map(|(path, weights)| (path.into(), weights.into_value()))
        .collect())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        saliency,
        input_x_gradient,
        smooth_grad,
        integrated_gradients,
        expected_gradients,
        deep_lift,
        convergence,
        mutagenesis,
        occlusion,
        activations,
        grad_cam,
        attention,
    ]
}
