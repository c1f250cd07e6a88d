//! `nn::build`, and the methods of models.

use crate::base::Result;
use crate::bind::args::network::{PrecisionName, into_dynamic, outputs, shape_value};
use crate::bind::args::path::output_path;
use crate::bind::types::Data;
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of, session};
use crate::nn::{How, Layer, Model, Shape, Value};
use crate::torch::{Device, Tensor};
use rhai::{Dynamic, Map, NativeCallContext};

/// Options of `nn::build`.
#[derive(Options)]
pub struct BuildOptions {
    /// Seed of the initial weights; the run's seed unless given.
    #[option(min = 0)]
    seed: Option<u64>,
    /// Device of the parameters: cpu, cuda, cuda:N or auto; the run's device unless given.
    device: Option<String>,
    /// Precision of operations: f32, bf16 (convolutions and matrix products in bfloat16; parameters
    /// and losses stay in float32; on a CPU without instructions for it f32, which is reported) or
    /// tf32 (on GPUs).
    #[option(default = "f32")]
    amp: PrecisionName,
    /// Whether layers may be fused into faster ones with the same results up to rounding.
    #[option(default = true)]
    fast: bool,
    /// Name in progress, checkpoints and results.
    #[option(default = "model")]
    name: String,
}

/// Options of `model.predict`.
#[derive(Options)]
pub struct PredictOptions {
    /// Rows per batch.
    #[option(default = 512, min = 1)]
    batch: usize,
    /// Whether outputs of the sequence and of its reverse complement are averaged.
    #[option(default = false)]
    both_strands: bool,
}

/// The shape of a sample as a script writes it: an array, or a map of them by input name.
pub struct SampleShape(Shape);

impl FromValue for SampleShape {
    fn kind() -> String {
        "array of integers or map of them".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
            return Vec::from_value(value, context).map(|shape| SampleShape(Shape::One(shape)));
        };
        let one = |(name, mut value): (rhai::Identifier, Dynamic)| {
            let shape = Vec::<i64>::from_value(&mut value, context);
            shape.map(|shape| (name.to_string(), shape))
        };
        let shapes = map.into_iter().map(one).collect::<Result<_>>()?;
        Ok(SampleShape(Shape::Many(shapes)))
    }
}

/// Builds a model: infers every shape and initialises the parameters.
///
/// ```rhai
/// let net = nn::build(
///     nn::chain([nn::conv1d(8, 5), nn::global_max_pool(), nn::linear(1)]), [4, 50], #{ seed: 1 }
/// );
/// assert_eq(net.output_shape, [1]);
/// ```
/// ```rhai,fails
/// nn::build(nn::conv1d(8, 24, #{ dilation: 16 }), [4, 101]);
/// //~ conv1d: 24 positions wide at dilation 16 spans 369 bp, the input has 101
/// ```
#[native(namespace = "nn")]
pub fn build(
    /// Layer that describes the network.
    layer: &Layer,
    /// Shape of an input sample without the batch, `[4, 101]`; of several inputs a map of shapes by
    /// input name, `#{ sequence: [4, 101], marks: [8, 101] }`.
    shape: &SampleShape,
    options: BuildOptions,
) -> Result<Model> {
    let settings = session::settings();
    let how = How {
        seed: options.seed.unwrap_or(settings.seed),
        device: Device::parse(&options.device.unwrap_or(settings.device))?,
        fast: options.fast,
        precision: options.amp.into(),
        name: options.name,
    };
    Model::build(layer, &shape.0, &how)
}

/// Computes the output for a tensor, a batch or a map of tensors.
///
/// ```rhai
/// let net = nn::build(nn::linear(2), [4]);
/// assert_eq(net.forward(tensor::ones([3, 4])).shape, [3, 2]);
/// ```
/// ```rhai,fails
/// nn::build(nn::linear(2), [4]).forward(tensor::ones([3, 5]));
/// //~ takes [batch, 4], got [3, 5]
/// ```
#[native(namespace = "model", form = method, returns = "tensor [batch, …]")]
pub fn forward(
    this: &Model,
    /// Input, [batch, …]: a tensor, a batch of a dataset, or a map of tensors by input name.
    x: &Dynamic,
) -> Result<Dynamic> {
    outputs(this, x)
}

/// Computes the outputs for a dataset, without gradients and in evaluation mode.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT"], label: [1, 0] });
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 4]);
/// assert_eq(net.predict(set, #{ both_strands: true }).shape, [2, 1]);
/// ```
#[native(
    namespace = "model",
    form = method,
    returns = "tensor [rows, …], the outputs of the network; of several a map by output",
    dry = predict_zeros
)]
pub fn predict(
    this: &Model,
    /// Dataset whose rows are the inputs.
    set: &Data,
    options: PredictOptions,
) -> Result<Dynamic> {
    let (batch, both_strands) = (options.batch, options.both_strands);
    into_dynamic(crate::train::evaluate::predict(
        this,
        &set.0,
        batch,
        both_strands,
    )?)
}

/// Zeros of the shape that `predict` returns.
fn predict_zeros(this: &Model, set: &Data, _: PredictOptions) -> Result<Dynamic> {
    into_dynamic(Value::zeros(this.output(), set.0.len() as i64)?)
}

/// Returns the table of layers: output shapes, parameter counts, receptive fields.
///
/// ```rhai
/// assert(nn::build(nn::conv1d(2, 3), [4, 10]).summary().contains("conv1d(2, 3)"));
/// ```
#[native(namespace = "model", form = method)]
pub fn summary(this: &Model) -> String {
    this.summary()
}

/// The name of the model.
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(1), [2], #{ name: "small" }).name, "small");
/// ```
#[native(namespace = "model", form = property)]
pub fn name(this: &Model) -> String {
    this.name().to_string()
}

/// The device of the parameters.
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(1), [2], #{ device: "cpu" }).device, "cpu");
/// ```
#[native(namespace = "model", form = property)]
pub fn device(this: &Model) -> String {
    this.device().name()
}

/// The number of trainable values.
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(1), [2]).parameter_count, 3);
/// ```
#[native(namespace = "model", form = property)]
pub fn parameter_count(this: &Model) -> i64 {
    this.count().0
}

/// The shape of an output sample, without the batch.
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(1), [2]).output_shape, [1]);
/// ```
#[native(
    namespace = "model",
    form = property,
    returns = "array of integers, or a map of them"
)]
pub fn output_shape(this: &Model) -> Dynamic {
    shape_value(this.output())
}

/// The shape of an input sample, without the batch.
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(1), [2]).input_shape, [2]);
/// ```
#[native(
    namespace = "model",
    form = property,
    returns = "array of integers, or a map of them"
)]
pub fn input_shape(this: &Model) -> Dynamic {
    shape_value(this.input())
}

/// Returns the parameters by path, in no particular order.
///
/// A change of a tensor in place changes the model.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::linear(1)]), [2]);
/// assert_eq(net.parameters()["0.weight"].shape, [1, 2]);
/// ```
#[native(namespace = "model", form = method, returns = "map of tensors")]
pub fn parameters(this: &Model) -> Map {
    let parameters = this.parameters().iter();
    parameters
        .map(|(name, tensor)| (name.as_str().into(), tensor.clone().into_value()))
        .collect()
}

/// Returns the paths of the parameters and running statistics, in order.
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(1), [2]).names(), ["weight", "bias"]);
/// ```
#[native(namespace = "model", form = method)]
pub fn names(this: &Model) -> Vec<String> {
    this.state().into_iter().map(|(name, _)| name).collect()
}

/// Returns a parameter or running statistic.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::linear(1), nn::relu()]), [2]);
/// assert_eq(net["0.bias"].shape, [1]);
/// ```
/// ```rhai,fails
/// nn::build(nn::linear(1), [2])["wieght"];
/// //~ did you mean "weight"?
/// ```
#[native(namespace = "model", form = index)]
pub fn index(
    this: &Model,
    /// Path of the parameter or running statistic, such as "0.bias".
    path: &str,
) -> Result<Tensor> {
    this.get(path)
}

/// Sets a parameter or running statistic.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// net["bias"] = tensor::ones([1]);
/// assert_eq(net["bias"], [1.0]);
/// ```
#[native(namespace = "model", form = set_index, name = "index")]
pub fn set_index(
    this: &Model,
    /// Path of the parameter or running statistic, such as "0.bias".
    path: &str,
    /// The new values, of the same shape.
    values: &Tensor,
) -> Result<()> {
    this.set(path, values)
}

/// Switches to training mode: dropout and batch statistics are in effect.
///
/// ```rhai
/// let net = nn::build(nn::dropout(0.5), [2]);
/// assert(net.train().is_training);
/// ```
#[native(namespace = "model", form = method, returns = "the model itself")]
pub fn train(this: Model) -> Model {
    this.set_training(true);
    this
}

/// Switches to evaluation mode: no dropout, running statistics.
///
/// ```rhai
/// assert(!nn::build(nn::dropout(0.5), [2]).eval().is_training);
/// ```
#[native(namespace = "model", form = method, returns = "the model itself")]
pub fn eval(this: Model) -> Model {
    this.set_training(false);
    this
}

/// Whether the model is in training mode.
///
/// ```rhai
/// assert(!nn::build(nn::linear(1), [2]).is_training);
/// ```
#[native(namespace = "model", form = property)]
pub fn is_training(this: &Model) -> bool {
    this.is_training()
}

/// Excludes all parameters, or those below a path, from training.
///
/// `train::fit` computes the outputs of a frozen prefix of the network once and caches them.
///
/// ```rhai
/// let net = nn::build(nn::chain([["stem", nn::linear(3)], ["head", nn::linear(1)]]), [2]);
/// net.freeze("stem");
/// assert(!net["stem.weight"].is_learned && net["head.weight"].is_learned);
/// ```
#[native(
    namespace = "model",
    form = method,
    returns = "integer, the count of tensors"
)]
pub fn freeze(
    this: &Model,
    /// Path of a layer or parameter; all parameters unless given.
    path: Option<String>,
) -> Result<i64> {
    set_frozen(this, path, true)
}

/// Makes all parameters, or those below a path, trainable again.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// net.freeze();
/// assert_eq(net.unfreeze("bias"), 1);
/// ```
#[native(
    namespace = "model",
    form = method,
    returns = "integer, the count of tensors"
)]
pub fn unfreeze(
    this: &Model,
    /// Path of a layer or parameter; all parameters unless given.
    path: Option<String>,
) -> Result<i64> {
    set_frozen(this, path, false)
}

fn set_frozen(model: &Model, path: Option<String>, is_frozen: bool) -> Result<i64> {
    let count = model.freeze(&path.unwrap_or_default(), is_frozen)?;
    Ok(count as i64)
}

/// Copies the parameters that another model has under the same paths.
///
/// ```rhai
/// let a = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let b = nn::build(nn::linear(1), [2], #{ seed: 2 });
/// b.transfer(a);
/// assert_eq(a["weight"], b["weight"]);
/// ```
#[native(
    namespace = "model",
    form = method,
    returns = "integer, the count of tensors"
)]
pub fn transfer(
    this: &Model,
    /// Model whose parameters are copied.
    from: &Model,
    /// Path of a layer or parameter; all parameters unless given.
    path: Option<String>,
) -> Result<i64> {
    let count = this.transfer(from, &path.unwrap_or_default())?;
    Ok(count as i64)
}

/// Clears all gradients.
///
/// ```rhai
/// nn::build(nn::linear(1), [2]).zero_grad();
/// ```
#[native(namespace = "model", form = method)]
pub fn zero_grad(this: &Model) -> Result<()> {
    this.zero_grad()
}

/// Writes parameters and running statistics as safetensors, under PyTorch's names.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// net.save("/tmp/cistron_example_model.safetensors");
/// ```
#[native(namespace = "model", form = method)]
pub fn save(
    this: &Model,
    /// Path of the file.
    path: &str,
) -> Result<()> {
    this.save(&output_path(path)?)
}

/// The methods and properties of models.
pub fn natives() -> Vec<Native> {
    natives_of![
        build,
        forward,
        predict,
        summary,
        name,
        device,
        parameter_count,
        output_shape,
        input_shape,
        parameters,
        names,
        index,
        set_index,
        train,
        eval,
        is_training,
        freeze,
        unfreeze,
        transfer,
        zero_grad,
        save,
    ]
}
