//! `explain::…`: contributions of the bases of samples to an output.

use crate::base::Result;
use crate::bind::args::attribution::{
    Contributions, HypotheticalOptions, no_contributions, of_targets, reverse_of,
};
use crate::bind::args::explain::{BatchOptions, LabelOptions, StrandOptions};
use crate::bind::args::samples::samples;
use crate::bind::args::seed::SeedOptions;
use crate::explain::target::{Still, Target};
use crate::explain::{gradients, strands};
use crate::lang::{Native, Options, native, natives_of};
use crate::nn::{Model, Value};
use rhai::Dynamic;

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
    let contributions = of_targets(net, &targets, |still, target| {
        strands::contributions(reverse.as_ref(), &x, target, |x, target| {
            run(still, x, target)
        })
    })?;
    Contributions::of(contributions)
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
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, length]",
    dry = saliency_dry
)]
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

fn saliency_dry(net: &Model, x: &Dynamic, options: SaliencyOptions) -> Result<Contributions> {
    no_contributions(net, x, &options.label, &options.strands)
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
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, length]",
    dry = input_x_gradient_dry
)]
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

fn input_x_gradient_dry(
    net: &Model,
    x: &Dynamic,
    options: InputXGradientOptions,
) -> Result<Contributions> {
    no_contributions(net, x, &options.label, &options.strands)
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
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, length]",
    dry = smooth_grad_dry
)]
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

fn smooth_grad_dry(net: &Model, x: &Dynamic, options: SmoothGradOptions) -> Result<Contributions> {
    no_contributions(net, x, &options.label, &options.strands)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![saliency, input_x_gradient, smooth_grad,]
}
