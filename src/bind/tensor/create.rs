//! `tensor::…`: constructors of tensors.

use crate::bail;
use crate::base::seed::Rng;
use crate::base::{Result, memory};
use crate::bind::args::operand::Scalar;
use crate::bind::args::seed::DrawOptions;
use crate::bind::args::tensor::Numbers;
use crate::convert::Given;
use crate::lang::{Native, Options, native, natives_of, session};
use crate::torch::device::default_device;
use crate::torch::{Device, Kind, Tensor};

/// Options of constructors.
#[derive(Options)]
pub struct TensorOptions {
    /// Kind of number; float32 unless given.
    kind: Option<Kind>,
    /// Device that stores the tensor: cpu, cuda, cuda:N.
    #[option(default = "cpu")]
    device: Given<Device>,
}

impl TensorOptions {
    /// A tensor of the kind and on the device of the options.
    fn convert(self, tensor: Tensor) -> Result<Tensor> {
        let tensor = match self.kind {
            Some(kind) => tensor.to_kind(kind)?,
            None => tensor,
        };
        place(tensor, self.device)
    }
}

/// Options of random constructors.
#[derive(Options)]
pub struct RandomOptions {
    #[option(flatten)]
    draw: DrawOptions,
    /// Device that stores the tensor: cpu, cuda, cuda:N.
    #[option(default = "cpu")]
    device: Given<Device>,
}

/// Moves a tensor to a device that a script named, else to that of new tensors, which is other
/// than the CPU in `cistron test --device` alone; the CPU leaves it where it is.
fn place(tensor: Tensor, device: Given<Device>) -> Result<Tensor> {
    match device.is_given {
        true => tensor.to_device(*device),
        false if default_device() == Device::CPU => Ok(tensor),
        false => tensor.to_device(default_device()),
    }
}

/// The integers from 0 to `n` in random order.
fn permutation(n: i64, keys: &[u64]) -> Result<Tensor> {
    if n > i64::from(u32::MAX) {
        bail!("value", "`n` must be at most {}, got {n}", u32::MAX);
    }
    memory::elements(&[n], 20)?;
    let order = Rng::keyed(keys).permutation(n as usize);
    let order: Vec<i64> = order.into_iter().map(i64::from).collect();
    Tensor::from_i64(&order, &[n])
}

/// Returns a tensor of the numbers of nested arrays.
///
/// Integers become int64, booleans bool and floats float32; with `kind: "float64"` floats keep all
/// their digits.
///
/// ```rhai
/// assert_eq(tensor::from([[1.0, 2.0], [3.0, 4.0]]).shape, [2, 2]);
/// assert_eq(tensor::from([1, 2]).kind, "int64");
/// assert_eq(tensor::from([1e-50], #{ kind: "float64" }).item(), 1e-50);
/// ```
/// ```rhai,fails
/// tensor::from([[1.0, 2.0], [3.0]]);
/// //~ the array is ragged: item 0 is [2], item 1 is [1]
/// ```
#[native(namespace = "tensor", returns = "tensor of the shape of the array")]
pub fn from(
    /// Numbers or booleans in arrays whose rows have equal lengths, or a tensor.
    values: &Numbers,
    options: TensorOptions,
) -> Result<Tensor> {
    let tensor = match options.kind {
        Some(_) => values.0.clone(),
        None => values.tensor()?,
    };
    options.convert(tensor)
}

/// Returns a tensor of zeros.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3]).sum().item(), 0.0);
/// ```
#[native(namespace = "tensor", returns = "tensor of `shape`")]
pub fn zeros(
    /// Size of each axis.
    shape: &[i64],
    options: TensorOptions,
) -> Result<Tensor> {
    options.convert(Tensor::zeros(shape)?)
}

/// Returns a tensor of ones.
///
/// ```rhai
/// assert_eq(tensor::ones([2, 3]).sum().item(), 6.0);
/// ```
#[native(namespace = "tensor", returns = "tensor of `shape`")]
pub fn ones(
    /// Size of each axis.
    shape: &[i64],
    options: TensorOptions,
) -> Result<Tensor> {
    options.convert(Tensor::ones(shape)?)
}

/// Returns a tensor of one repeated number.
///
/// ```rhai
/// assert_eq(tensor::full([2], 7), [7.0, 7.0]);
/// assert_eq(tensor::full([1], 0.1, #{ kind: "float64" }).item(), 0.1);
/// ```
#[native(namespace = "tensor", returns = "tensor of `shape`")]
pub fn full(
    /// Size of each axis.
    shape: &[i64],
    /// The number.
    value: Scalar,
    options: TensorOptions,
) -> Result<Tensor> {
    let kind = options.kind.unwrap_or(Kind::Float);
    place(value.full(shape, kind, Device::CPU)?, options.device)
}

/// Returns an identity matrix.
///
/// ```rhai
/// assert_eq(tensor::eye(2), [[1.0, 0.0], [0.0, 1.0]]);
/// ```
#[native(namespace = "tensor", returns = "tensor [n, n]")]
pub fn eye(
    /// Number of rows and columns.
    n: i64,
    options: TensorOptions,
) -> Result<Tensor> {
    options.convert(Tensor::eye(n)?)
}

/// Returns integers from 0 to `n` excluded, or from `start` to `end` by `step`.
///
/// ```rhai
/// assert_eq(tensor::arange(3), [0, 1, 2]);
/// assert_eq(tensor::arange(2, 9, 3), [2, 5, 8]);
/// ```
#[native(namespace = "tensor", returns = "tensor [n] int64")]
pub fn arange(
    /// First integer; where it is the only argument, `n`: integers are from 0 to `n`.
    start: i64,
    /// Integer after the last, excluded.
    end: Option<i64>,
    /// Difference between successive integers, not 0; negative ones count down.
    #[default(1)]
    step: i64,
) -> Result<Tensor> {
    let (first, end) = end.map_or((0, start), |end| (start, end));
    Tensor::arange_i64(first, end, step)
}

/// Returns `n` evenly spaced numbers, both ends included.
///
/// ```rhai
/// assert_near(tensor::linspace(0.0, 1.0, 3), [0.0, 0.5, 1.0]);
/// ```
#[native(namespace = "tensor", returns = "tensor [n]")]
pub fn linspace(
    /// First number.
    start: f64,
    /// Last number.
    end: f64,
    /// Number of numbers.
    n: i64,
) -> Result<Tensor> {
    Tensor::linspace(start, end, n)
}

/// Draws numbers uniformly from 0 to 1, 1 excluded.
///
/// ```rhai
/// let x = tensor::rand([100], #{ seed: 1 });
/// assert(x.min().item() >= 0.0 && x.max().item() < 1.0);
/// assert_eq(x, tensor::rand([100], #{ seed: 1 }));
/// ```
#[native(namespace = "tensor", returns = "tensor of `shape`")]
pub fn rand(
    /// Size of each axis.
    shape: &[i64],
    options: RandomOptions,
) -> Result<Tensor> {
    let numbers = Tensor::drawn(shape, &options.draw.keys(), |rng| rng.uniform())?;
    place(numbers, options.device)
}

/// Draws numbers from the standard normal distribution.
///
/// ```rhai
/// let x = tensor::randn([10_000], #{ seed: 1 });
/// assert_near(x.mean().item(), 0.0, 0.05);
/// ```
#[native(namespace = "tensor", returns = "tensor of `shape`")]
pub fn randn(
    /// Size of each axis.
    shape: &[i64],
    options: RandomOptions,
) -> Result<Tensor> {
    let numbers = Tensor::drawn(shape, &options.draw.keys(), |rng| rng.normal())?;
    place(numbers, options.device)
}

/// Draws integers from `low` to `high`, `high` excluded.
///
/// ```rhai
/// let x = tensor::randint(0, 4, [50], #{ seed: 1 });
/// assert(x.min().item() >= 0.0 && x.max().item() <= 3.0);
/// ```
#[native(namespace = "tensor", returns = "tensor of `shape`, int64")]
pub fn randint(
    /// Smallest integer.
    low: i64,
    /// Integer above the largest.
    high: i64,
    /// Size of each axis.
    shape: &[i64],
    options: RandomOptions,
) -> Result<Tensor> {
    if low >= high {
        bail!(
            "value",
            "`low` must be less than `high`, got {low} and {high}"
        );
    }
    place(
        Tensor::drawn_i64(shape, &options.draw.keys(), low, high)?,
        options.device,
    )
}

/// Draws a random permutation of the integers from 0 to `n`, `n` excluded.
///
/// ```rhai
/// assert_eq(tensor::randperm(5, #{ seed: 1 }).sort().values, [0, 1, 2, 3, 4]);
/// ```
#[native(namespace = "tensor", returns = "tensor [n] int64")]
pub fn randperm(
    /// Number of integers, at least 0.
    #[check(min = 0)]
    n: i64,
    options: RandomOptions,
) -> Result<Tensor> {
    place(permutation(n, &options.draw.keys())?, options.device)
}

/// Sets the seed of dropout and of all draws without a seed of their own.
///
/// ```rhai
/// tensor::seed(1);
/// let a = tensor::randn([3]);
/// tensor::seed(1);
/// assert_eq(a, tensor::randn([3]));
/// ```
#[native(namespace = "tensor")]
pub fn seed(
    /// The seed.
    seed: i64,
) -> Result<()> {
    crate::torch::device::seed(seed as u64);
    session::set_settings(|settings| settings.seed = seed as u64);
    session::reset_draws();
    Ok(())
}

/// Returns whether a CUDA device is available.
///
/// ```rhai
/// let device = if tensor::has_cuda() { "cuda" } else { "cpu" };
/// assert_eq(tensor::zeros([1]).to(device).shape, [1]);
/// ```
#[native(namespace = "tensor")]
pub fn has_cuda() -> bool {
    crate::torch::device::cuda_count() > 0
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        from, zeros, ones, full, eye, arange, linspace, rand, randn, randint, randperm, seed,
        has_cuda,
    ]
}
