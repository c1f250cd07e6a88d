//! `explain::…`: activations and attention.

use crate::base::Result;
use crate::bind::args::attribution::Contributions;
use crate::bind::args::explain::{BatchOptions, LabelOptions};
use crate::bind::args::samples::samples;
use crate::explain::inside;
use crate::explain::labels::stacked;
use crate::explain::target::Still;
use crate::lang::{IntoValue, Native, Options, native, natives_of};
use crate::nn::{Model, Value};
use crate::torch::Tensor;
use rhai::{Dynamic, Map};

/// Options of `explain::grad_cam`.
#[derive(Options)]
pub struct GradCamOptions {
    /// Whether negative sums become 0.
    #[option(default = true)]
    relu: bool,
    #[option(flatten)]
    label: LabelOptions,
    #[option(flatten)]
    batch: BatchOptions,
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
/// The channels of the layer are weighted by their mean gradient over all positions and summed;
/// negative sums become 0 unless `relu` is false. Layers along a sequence and of images are
/// explained.
///
/// # Source
/// Selvaraju et al., Grad-CAM (ICCV 2017).
///
/// ```rhai
/// let layer = nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::flatten(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 20]);
/// assert_eq(explain::grad_cam(net, ["ACGTTCGAACGTAAGTACGT"], "stem").shape, [1, 16]);
/// let image = nn::chain([["maps", nn::conv2d(3, [2, 5])], nn::flatten(), nn::linear(1)]);
/// let net = nn::build(image, [1, 2, 20], #{ seed: 1 });
/// let x = tensor::randn([4, 1, 2, 20], #{ seed: 1 });
/// let map = explain::grad_cam(net, x, "maps", #{ relu: false });
/// assert_eq(map.shape, [4, 1, 16]);
/// assert_near(map.clamp(0.0, 1e9), explain::grad_cam(net, x, "maps"));
/// ```
#[native(
    namespace = "explain",
    returns = "tensor [batch, positions] or [batch, rows, columns]"
)]
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
    let map =
        |target| inside::grad_cam(&still, &x, layer, target, options.relu, batch).map(Value::One);
    let maps = targets.list.iter().map(map).collect::<Result<Vec<_>>>()?;
    stacked(&maps, targets.has_axis).and_then(Contributions::of)
}

/// Returns the weights of every attention layer, in evaluation mode and without gradients.
///
/// Rows are the positions that read (queries), columns the positions that are read (keys). Layers
/// of a script (`nn::module`, `nn::custom`) have the weights that `softmax` of a tensor computes in
/// them, with the axis of the sums last, and those that they pass to `nn::mark_attention`. Of a
/// layer that runs several times, such as on both strands, the second weights are `path#2`.
///
/// `std/recipes/attention_maps` compares weights with signals and with those of the reverse strand.
///
/// # See also
/// `nn::mark_attention`
///
/// ```rhai
/// let layer = nn::chain([["look", nn::attention(8, 8)], nn::flatten(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 20]);
/// let weights = explain::attention(net, ["ACGTTCGAACGTAAGTACGT"]);
/// assert_eq(weights.look.shape, [1, 20, 20]);
/// ```
/// ```rhai
/// let pool = nn::custom("pool", #{ forward: |p, x| (x * x.sum(1, true).softmax(2)).sum(2) });
/// let net = nn::build(nn::chain([["pool", pool], nn::linear(1)]), [2, 3]);
/// let weights = explain::attention(net, tensor::zeros([5, 2, 3])).pool;
/// assert_near(weights, tensor::full([5, 1, 3], 1.0 / 3.0), 1e-6);
/// ```
#[native(
    namespace = "explain",
    returns = "map of layer to tensor [batch, heads, length, length], or of the shape of the script"
)]
pub fn attention(
    /// Network with attention layers.
    net: &Model,
    /// Samples, as for `explain::saliency`.
    x: &Dynamic,
    options: BatchOptions,
) -> Result<Map> {
    let samples = samples(net, x)?;
    let weights = inside::attention(&Still::of(net)?, &samples, options.batch)?.into_iter();
    Ok(weights
        .map(|(path, weights)| (path.into(), weights.into_value()))
        .collect())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![activations, grad_cam, attention,]
}
