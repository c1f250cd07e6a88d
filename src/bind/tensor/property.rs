//! Properties of tensors, gradients, and conversions to other kinds, devices and arrays.

use crate::base::{Result, shape};
use crate::bind::args::tensor::Tensors;
use crate::bind::warnings::mode::warn_of_mode;
use crate::lang::{Call, Native, Options, native, natives_of};
use crate::torch::{Device, Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic};

/// The smallest integer above which floats cannot represent all integers.
const EXACT: u64 = 1 << 53;

/// The single number of a tensor as a script's value.
fn item_of(tensor: &Tensor) -> Result<Dynamic> {
    let value = tensor.item()?;
    if tensor.kind() == Kind::Bool {
        return Ok((value != 0.0).into());
    }
    if tensor.kind() == Kind::Int64 && value.abs() >= EXACT as f64 {
        return Ok(tensor.to_i64()?[0].into());
    }
    Ok(value.into())
}

/// The numbers of a tensor as nested arrays.
fn nested(tensor: &Tensor) -> Result<Dynamic> {
    let values: Vec<Dynamic> = match tensor.kind() {
        Kind::Bool => tensor
            .to_f64()?
            .into_iter()
            .map(|x| (x != 0.0).into())
            .collect(),
        kind if kind.is_floating() => tensor.to_f64()?.into_iter().map(Dynamic::from).collect(),
        _ => tensor.to_i64()?.into_iter().map(Dynamic::from).collect(),
    };
    fn nest(values: &[Dynamic], shape: &[i64]) -> Dynamic {
        let Some((first, rest)) = shape.split_first() else {
            return values.first().cloned().unwrap_or_default();
        };
        let step = values.len() / (*first).max(1) as usize;
        (0..*first as usize)
            .map(|i| nest(&values[i * step..(i + 1) * step], rest))
            .collect::<Array>()
            .into()
    }
    Ok(nest(&values, &tensor.shape()))
}

/// Options of `tensor.gradients`.
#[derive(Options)]
pub struct GradientsOptions {
    /// Whether the gradients can be differentiated in turn, as in a gradient penalty. They require
    /// gradients then, and the computation can be run backward again.
    #[option(default = false)]
    create_graph: bool,
}

/// The gradients of a single number; each input must require one and be used.
fn gradients_of(number: &Tensor, inputs: &[Tensor], is_recorded: bool) -> Result<Vec<Tensor>> {
    if let Some(i) = inputs.iter().position(|input| !input.is_grad_on()) {
        bail!("torch", "item {i} of `inputs` does not require a gradient";
            hint: "call `.requires_grad()` on it before computing the number");
    }
    let used = |(i, gradient): (usize, Option<Tensor>)| {
        gradient.ok_or_else(|| {
            fault!("torch", "the number does not depend on item {i} of `inputs`";
                hint: "its gradient is 0 everywhere: leave it out, or compute the number from it")
        })
    };
    let gradients = number.gradients_where_used(inputs, is_recorded)?;
    gradients.into_iter().enumerate().map(used).collect()
}

/// The size of each axis.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3]).shape, [2, 3]);
/// ```
#[native(namespace = "tensor", form = property)]
pub fn shape(this: &Tensor) -> Vec<i64> {
    this.shape()
}

/// The number of axes.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3]).rank, 2);
/// ```
#[native(namespace = "tensor", form = property)]
pub fn rank(this: &Tensor) -> i64 {
    this.rank() as i64
}

/// The number of elements.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3]).numel, 6);
/// ```
#[native(namespace = "tensor", form = property)]
pub fn numel(this: &Tensor) -> i64 {
    this.numel()
}

/// Returns the size of the first axis.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3]).len(), 2);
/// ```
#[native(namespace = "tensor", form = method)]
pub fn len(this: &Tensor) -> i64 {
    this.shape().first().copied().unwrap_or(1)
}

/// The kind of number: `float32`, `int64`, `bool`, …
///
/// ```rhai
/// assert_eq(tensor::zeros([1]).kind, "float32");
/// ```
#[native(namespace = "tensor", form = property)]
pub fn kind(this: &Tensor) -> String {
    this.kind().name().to_string()
}

/// The device that stores the tensor: `cpu` or `cuda:N`.
///
/// ```rhai
/// assert_eq(tensor::zeros([1]).device, "cpu");
/// ```
#[native(namespace = "tensor", form = property)]
pub fn device(this: &Tensor) -> String {
    this.device().name()
}

/// The gradient that `backward` computed, or unit.
///
/// ```rhai
/// let w = tensor::ones([2]).requires_grad();
/// (w * w).sum().backward();
/// assert_eq(w.grad, [2.0, 2.0]);
/// ```
#[native(namespace = "tensor", form = property, returns = "tensor of the same shape, or ()")]
pub fn grad(this: &Tensor) -> Option<Tensor> {
    this.grad()
}

/// Returns a tensor of the same elements that records its gradient.
///
/// ```rhai
/// let w = tensor::ones([2]).requires_grad();
/// assert(w.is_learned);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn requires_grad(this: &Tensor) -> Result<Tensor> {
    if !this.kind().is_floating() {
        bail!("type", "only floating-point tensors have gradients, got {}", this.kind().name();
            hint: "`.float()` first");
    }
    this.detach()?.requires_grad_(true)
}

/// Whether the tensor records its gradient.
///
/// ```rhai
/// assert(!tensor::ones([2]).is_learned);
/// ```
#[native(namespace = "tensor", form = property)]
pub fn is_learned(this: &Tensor) -> bool {
    this.is_grad_on()
}

/// Computes the gradients of this number with respect to the tensors it depends on.
///
/// ```rhai
/// let w = tensor::from([3.0]).requires_grad();
/// (w * w).sum().backward();
/// assert_eq(w.grad, [6.0]);
/// ```
/// ```rhai,fails
/// tensor::ones([2]).sum().backward();
/// //~ does not require grad
/// ```
#[native(namespace = "tensor", form = method)]
pub fn backward(call: &Call, this: &Tensor) -> Result<()> {
    warn_of_mode(call);
    if this.numel() != 1 {
        bail!("shape", "backward needs one number, got {}", shape::text(&this.shape());
            hint: "reduce it with `.sum()` or `.mean()`");
    }
    this.backward()
}

/// Computes the gradients of this number without changing the `.grad` of tensors.
///
/// # Errors
/// Fails where this number does not depend on an input: its gradient would be 0 everywhere, which
/// usually means that another tensor was intended. PyTorch's `autograd.grad` fails as well.
///
/// ```rhai
/// let x = tensor::from([2.0]).requires_grad();
/// assert_eq((x * x * x).sum().gradients([x])[0], [12.0]);
/// ```
/// The second derivative, and the gradient of a penalty on the norm of the first one:
/// ```rhai
/// let x = tensor::from([2.0]).requires_grad();
/// let slope = (x * x * x).sum().gradients([x], #{ create_graph: true })[0];
/// assert_eq(slope.sum().gradients([x])[0], [12.0]);
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let input = tensor::ones([3, 2]).requires_grad();
/// let slopes = net.forward(input).sum().gradients([input], #{ create_graph: true })[0];
/// (slopes.square().sum(1).sqrt() - 1.0).square().mean().backward();
/// assert_eq(net["weight"].grad.shape, [1, 2]);
/// ```
/// ```rhai,fails
/// let x = tensor::ones([3]).requires_grad();
/// tensor::ones([1]).sum().gradients([x]);
/// //~ does not depend on any tensor that requires a gradient
/// ```
/// ```rhai,fails
/// let x = tensor::ones([3]).requires_grad();
/// let y = tensor::ones([3]).requires_grad();
/// y.sum().gradients([y, x]);
/// //~ the number does not depend on item 1 of `inputs`
/// ```
#[native(namespace = "tensor", form = method, returns = "array of tensors, shapes of the inputs")]
pub fn gradients(
    this: &Tensor,
    /// Tensors that this number was computed from, each marked by `.requires_grad()`.
    inputs: &Tensors,
    options: GradientsOptions,
) -> Result<Vec<Tensor>> {
    if this.numel() != 1 {
        bail!("shape", "gradients need one number, got {}", shape::text(&this.shape());
            hint: "reduce it with `.sum()` or `.mean()`");
    }
    gradients_of(this, &inputs.0, options.create_graph)
}

/// Sets the gradient to 0.
///
/// ```rhai
/// let w = tensor::from([3.0]).requires_grad();
/// (w * w).sum().backward();
/// w.zero_grad();
/// assert_eq(w.grad, [0.0]);
/// ```
#[native(namespace = "tensor", form = method)]
pub fn zero_grad(this: &Tensor) -> Result<()> {
    this.zero_grad()
}

/// Returns the same elements, detached from the computation of gradients.
///
/// ```rhai
/// let w = tensor::ones([2]).requires_grad();
/// assert(!(w * 2).detach().is_learned);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn detach(this: &Tensor) -> Result<Tensor> {
    this.detach()
}

/// Returns a copy with separate memory.
///
/// ```rhai
/// let a = tensor::zeros([1]);
/// let b = a.copy();
/// a.add_(1.0);
/// assert_eq(b, [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn copy(this: &Tensor) -> Result<Tensor> {
    this.copied()
}

/// Returns the single element; a boolean where the tensor contains one.
///
/// ```rhai
/// assert_eq(tensor::from([[2.5]]).item(), 2.5);
/// assert(tensor::ones([2]).gt(0).all().item());
/// ```
/// ```rhai,fails
/// tensor::zeros([2]).item();
/// //~ item needs a tensor of one number, got [2]
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "float or boolean; an integer where a float cannot hold it (beyond 2^53)"
)]
pub fn item(this: &Tensor) -> Result<Dynamic> {
    item_of(this)
}

/// Returns the elements as nested arrays.
///
/// ```rhai
/// assert_eq(tensor::eye(2).to_array(), [[1.0, 0.0], [0.0, 1.0]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "array nested like the shape")]
pub fn to_array(this: &Tensor) -> Result<Dynamic> {
    nested(this)
}

/// Returns the same elements on another device or as another kind of number.
///
/// ```rhai
/// assert_eq(tensor::zeros([1]).to("float64").kind, "float64");
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn to(
    this: &Tensor,
    /// Device (`cpu`, `cuda`, `cuda:N`) or kind (`float64`, `int64`, …).
    target: &str,
) -> Result<Tensor> {
    match Kind::NAMES.contains(&target) {
        true => this.to_kind(Kind::parse(target)?),
        false => this.to_device(Device::parse(target)?),
    }
}

/// Returns the same elements as float32.
///
/// ```rhai
/// assert_eq(tensor::from([1, 2]).float().kind, "float32");
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, float32")]
pub fn float(this: &Tensor) -> Result<Tensor> {
    this.to_kind(Kind::Float)
}

/// Returns the same elements as float64.
///
/// ```rhai
/// assert_eq(tensor::from([1, 2]).double().kind, "float64");
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, float64")]
pub fn double(this: &Tensor) -> Result<Tensor> {
    this.to_kind(Kind::Double)
}

/// Returns the same elements as int64, without fractions.
///
/// ```rhai
/// assert_eq(tensor::from([1.7]).int(), [1]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, int64")]
pub fn int(this: &Tensor) -> Result<Tensor> {
    this.to_kind(Kind::Int64)
}

/// Returns whether each element is not 0.
///
/// ```rhai
/// assert_eq(tensor::from([0.0, 2.0]).bool(), [false, true]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, bool")]
pub fn bool(this: &Tensor) -> Result<Tensor> {
    this.to_kind(Kind::Bool)
}

/// Returns zeros of the same shape, kind and device.
///
/// ```rhai
/// assert_eq(tensor::ones([2]).zeros_like(), [0.0, 0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn zeros_like(this: &Tensor) -> Result<Tensor> {
    this.zeros_like()
}

/// Returns ones of the same shape, kind and device.
///
/// ```rhai
/// assert_eq(tensor::zeros([2]).ones_like(), [1.0, 1.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn ones_like(this: &Tensor) -> Result<Tensor> {
    this.ones_like()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        shape,
        rank,
        numel,
        len,
        kind,
        device,
        grad,
        requires_grad,
        is_learned,
        backward,
        gradients,
        zero_grad,
        detach,
        copy,
        item,
        to_array,
        to,
        float,
        double,
        int,
        bool,
        zeros_like,
        ones_like,
    ]
}
