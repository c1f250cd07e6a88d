//! `tensor::…`: making tensors; and their plain properties.

use crate::base::{Result, shape};
use crate::bind::types::{Numbers, Scalar};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::{Call, Form, Native, Options, session};
use crate::torch::{Device, Kind, Tensor};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic};

/// A tensor as it is, or one of nested arrays of numbers or booleans: floats keep all their digits
/// (float64).
pub fn tensor_of(value: &Dynamic) -> Result<Tensor> {
    numbers_of(value).map(|numbers| numbers.0)
}

/// As [`tensor_of`], with whether its floats were plain numbers of the script.
pub fn numbers_of(value: &Dynamic) -> Result<Numbers> {
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return Ok(Numbers(tensor.clone(), false));
    }
    let mut flat = Flat::default();
    let shape = flat.walk(value, 0)?;
    let tensor = match (flat.floats, flat.bools) {
        (_, true) if !flat.ints => Tensor::from_bool(
            &flat
                .values
                .iter()
                .map(|x| x.float() != 0.0)
                .collect::<Vec<_>>(),
            &shape,
        )?,
        (false, false) if flat.ints => Tensor::from_i64(
            &flat.values.iter().map(|x| x.whole()).collect::<Vec<_>>(),
            &shape,
        )?,
        _ => Tensor::from_f64(
            &flat.values.iter().map(|x| x.float()).collect::<Vec<_>>(),
            &shape,
        )?,
    };
    let is_plain = tensor.kind() == Kind::Double && !flat.doubles;
    Ok(Numbers(tensor, is_plain))
}

#[derive(Default)]
struct Flat {
    values: Vec<Scalar>,
    ints: bool,
    floats: bool,
    bools: bool,
    /// Whether a float64 tensor is among the items.
    doubles: bool,
}

impl Flat {
    fn walk(&mut self, value: &Dynamic, depth: usize) -> Result<Vec<i64>> {
        if depth > 12 {
            bail!("shape", "arrays are nested more than 12 deep");
        }
        if let Some(items) = value.read_lock::<Array>() {
            let mut inner: Option<Vec<i64>> = None;
            for (i, item) in items.iter().enumerate() {
                let shape = self.walk(item, depth + 1)?;
                match &inner {
                    None => inner = Some(shape),
                    Some(first) if *first == shape => {}
                    Some(first) => {
                        bail!("shape", "the array is ragged: item 0 is {}, item {i} is {}", text(first), text(&shape); hint: "all rows must have the same length")
                    }
                }
            }
            let mut out = vec![items.len() as i64];
            out.extend(inner.unwrap_or_default());
            return Ok(out);
        }
        if let Ok(b) = value.as_bool() {
            self.bools = true;
            self.values.push(Scalar::Int(i64::from(b)));
        } else if let Ok(n) = value.as_int() {
            self.ints = true;
            self.values.push(Scalar::Int(n));
        } else if let Ok(x) = value.as_float() {
            self.floats = true;
            self.values.push(Scalar::Float(x));
        } else if let Some(tensor) = value.read_lock::<Tensor>() {
            self.tensor(&tensor)?;
            return Ok(tensor.shape());
        } else {
            return Err(fault!(
                "type",
                "must be a tensor or an array of numbers, got {}",
                session::describe(value)
            ));
        }
        Ok(Vec::new())
    }

    /// The numbers of a tensor among the items, of its own kind.
    fn tensor(&mut self, tensor: &Tensor) -> Result<()> {
        match tensor.kind() {
            kind if kind.is_floating() => {
                self.floats = true;
                self.doubles |= kind == Kind::Double;
                self.values
                    .extend(tensor.to_f64()?.into_iter().map(Scalar::Float));
            }
            kind => {
                self.bools |= kind == Kind::Bool;
                self.ints |= kind != Kind::Bool;
                self.values
                    .extend(tensor.to_i64()?.into_iter().map(Scalar::Int));
            }
        }
        Ok(())
    }
}

fn text(shape: &[i64]) -> String {
    if shape.is_empty() {
        "a number".into()
    } else {
        shape::text(shape)
    }
}

/// Options of constructors.
const MADE: &[Opt] = &[
    opt(
        "kind",
        OptKind::Choice(&Kind::NAMES),
        "",
        "the kind of number; float32 unless told otherwise",
    ),
    opt(
        "device",
        OptKind::Text,
        "\"cpu\"",
        "where it lies: cpu, cuda, cuda:N",
    ),
];

const RANDOM: &[Opt] = &[
    opt(
        "seed",
        OptKind::Int(0, MANY),
        "",
        "the same seed gives the same numbers; without it each call draws others, fixed by the run's seed",
    ),
    opt(
        "device",
        OptKind::Text,
        "\"cpu\"",
        "where it lies: cpu, cuda, cuda:N",
    ),
];

/// The kind that was asked for.
fn kind(o: &Options) -> Result<Option<Kind>> {
    o.has("kind")
        .then(|| Kind::parse(&o.text("kind")))
        .transpose()
}

fn made(tensor: Tensor, o: &Options) -> Result<Tensor> {
    placed(
        kind(o)?.map_or(Ok(tensor.clone()), |kind| tensor.to_kind(kind))?,
        o,
    )
}

fn placed(tensor: Tensor, o: &Options) -> Result<Tensor> {
    if o.has("device") {
        tensor.to_device(Device::parse(&o.text("device"))?)
    } else {
        Ok(tensor)
    }
}

/// The keys of a random tensor: its own seed, the layer being built, or the run's seed and the
/// number of the draw.
pub fn keys(o: &Options) -> Vec<u64> {
    match o.maybe_int("seed") {
        Some(seed) => vec![seed as u64, 0x7261_6e64],
        None => crate::nn::init::next_keys()
            .unwrap_or_else(|| vec![session::settings().seed, 0x6472_6177, session::next_draw()]),
    }
}

natives! { made_of in "tensor" {
    /// Makes a tensor of nested arrays of numbers.
    ///
    /// - `values`: arrays whose rows have equal lengths; integers give int64, floats float32 (all
    ///   digits are kept with `kind: "float64"`), booleans bool
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
    function "from"(c, values: Numbers; o = MADE) -> "tensor of the array's shape" {
        let tensor = if o.has("kind") { values.0 } else { values.tensor()? };
        made(tensor, &o)
    }

    /// Makes a tensor of zeros.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3]).sum().item(), 0.0);
    /// ```
    function "zeros"(c, shape: Vec<i64>; o = MADE) -> "tensor of `shape`" { made(Tensor::zeros(&shape)?, &o) }

    /// Makes a tensor of ones.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2, 3]).sum().item(), 6.0);
    /// ```
    function "ones"(c, shape: Vec<i64>; o = MADE) -> "tensor of `shape`" { made(Tensor::ones(&shape)?, &o) }

    /// Makes a tensor of one number repeated.
    ///
    /// ```rhai
    /// assert_eq(tensor::full([2], 7), [7.0, 7.0]);
    /// assert_eq(tensor::full([1], 0.1, #{ kind: "float64" }).item(), 0.1);
    /// ```
    function "full"(c, shape: Vec<i64>, value: Scalar; o = MADE) -> "tensor of `shape`" {
        placed(value.full(&shape, kind(&o)?.unwrap_or(Kind::Float), Device::CPU)?, &o)
    }

    /// Makes an identity matrix.
    ///
    /// ```rhai
    /// assert_eq(tensor::eye(2), [[1.0, 0.0], [0.0, 1.0]]);
    /// ```
    function "eye"(c, n: i64; o = MADE) -> "tensor [n, n]" { made(Tensor::eye(n)?, &o) }

    /// Makes whole numbers from 0 to before `n`, or from `start` to before `end` by `step`.
    ///
    /// ```rhai
    /// assert_eq(tensor::arange(3), [0, 1, 2]);
    /// assert_eq(tensor::arange(2, 9, 3), [2, 5, 8]);
    /// ```
    function "arange"(c, start: i64, end: Option<i64>, step: Option<i64>) -> "tensor [n] int64" {
        let (from, to) = end.map_or((0, start), |end| (start, end));
        Tensor::arange_i64(from, to, step.unwrap_or(1))
    }

    /// Makes `n` evenly spaced numbers, both ends included.
    ///
    /// ```rhai
    /// assert_near(tensor::linspace(0.0, 1.0, 3), [0.0, 0.5, 1.0]);
    /// ```
    function "linspace"(c, start: f64, end: f64, n: i64) -> "tensor [n]" { Tensor::linspace(start, end, n) }

    /// Draws numbers evenly from 0 to before 1.
    ///
    /// ```rhai
    /// let x = tensor::rand([100], #{ seed: 1 });
    /// assert(x.min().item() >= 0.0 && x.max().item() < 1.0);
    /// assert_eq(x, tensor::rand([100], #{ seed: 1 }));
    /// ```
    function "rand"(c, shape: Vec<i64>; o = RANDOM) -> "tensor of `shape`" {
        placed(Tensor::drawn(&shape, &keys(&o), |rng| rng.uniform())?, &o)
    }

    /// Draws standard normal numbers.
    ///
    /// ```rhai
    /// let x = tensor::randn([10_000], #{ seed: 1 });
    /// assert_near(x.mean().item(), 0.0, 0.05);
    /// ```
    function "randn"(c, shape: Vec<i64>; o = RANDOM) -> "tensor of `shape`" {
        placed(Tensor::drawn(&shape, &keys(&o), |rng| rng.normal())?, &o)
    }

    /// Draws whole numbers from `low` to before `high`.
    ///
    /// ```rhai
    /// let x = tensor::randint(0, 4, [50], #{ seed: 1 });
    /// assert(x.min().item() >= 0.0 && x.max().item() <= 3.0);
    /// ```
    function "randint"(c, low: i64, high: i64, shape: Vec<i64>; o = RANDOM) -> "tensor of `shape`, int64" {
        if low >= high { bail!("value", "`low` must be less than `high`, got {low} and {high}"); }
        placed(Tensor::drawn_i64(&shape, &keys(&o), low, high)?, &o)
    }

    /// Draws whole numbers from 0 to before `n`, each once.
    ///
    /// ```rhai
    /// assert_eq(tensor::randperm(5, #{ seed: 1 }).sort().values, [0, 1, 2, 3, 4]);
    /// ```
    function "randperm"(c, n: i64; o = RANDOM) -> "tensor [n] int64" {
        crate::lang::native::at_least("n", n, 0)?;
        if n > i64::from(u32::MAX) { bail!("value", "`n` must be at most {}, got {n}", u32::MAX); }
        crate::base::memory::elements(&[n], 20)?;
        let order = crate::base::seed::Rng::keyed(&keys(&o)).permutation(n as usize);
        placed(Tensor::from_i64(&order.into_iter().map(i64::from).collect::<Vec<_>>(), &[n])?, &o)
    }

    /// Seeds dropout and everything else that draws without a seed of its own.
    ///
    /// ```rhai
    /// tensor::seed(1);
    /// let a = tensor::randn([3]);
    /// tensor::seed(1);
    /// assert_eq(a, tensor::randn([3]));
    /// ```
    function "seed"(c, seed: i64) -> "nothing" {
        crate::torch::device::seed(seed as u64);
        session::set_settings(|settings| settings.seed = seed as u64);
        session::reset_draws();
        Ok(())
    }

    /// Whether a CUDA device is there.
    ///
    /// ```rhai
    /// let device = if tensor::has_cuda() { "cuda" } else { "cpu" };
    /// assert_eq(tensor::zeros([1]).to(device).shape, [1]);
    /// ```
    function "has_cuda"(c) -> "true or false" { Ok(crate::torch::device::cuda_count() > 0) }
} }

natives! { properties in "tensor" {
    /// The size along each axis.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3]).shape, [2, 3]);
    /// ```
    property "shape"(c, this: Tensor) -> "array of whole numbers" { Ok(crate::lang::value::array(this.shape())) }

    /// The number of axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3]).rank, 2);
    /// ```
    property "rank"(c, this: Tensor) -> "whole number" { Ok(this.rank() as i64) }

    /// The number of numbers.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3]).numel, 6);
    /// ```
    property "numel"(c, this: Tensor) -> "whole number" { Ok(this.numel()) }

    /// The size of the first axis.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3]).len(), 2);
    /// ```
    method "len"(c, this: Tensor) -> "whole number" { Ok(this.shape().first().copied().unwrap_or(1)) }

    /// The kind of number: `float32`, `int64`, `bool`, …
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([1]).kind, "float32");
    /// ```
    property "kind"(c, this: Tensor) -> "string" { Ok(this.kind().name().to_string()) }

    /// Where it lies: `cpu` or `cuda:N`.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([1]).device, "cpu");
    /// ```
    property "device"(c, this: Tensor) -> "string" { Ok(this.device().name()) }

    /// The gradient that `backward` left, or nothing.
    ///
    /// ```rhai
    /// let w = tensor::ones([2]).requires_grad();
    /// (w * w).sum().backward();
    /// assert_eq(w.grad, [2.0, 2.0]);
    /// ```
    property "grad"(c, this: Tensor) -> "tensor of the same shape, or ()" { Ok(this.grad()) }

    /// A tensor of the same numbers whose gradient is recorded.
    ///
    /// ```rhai
    /// let w = tensor::ones([2]).requires_grad();
    /// assert(w.is_learned);
    /// ```
    method "requires_grad"(c, this: Tensor) -> "tensor of the same shape" {
        if !this.kind().is_floating() {
            bail!("type", "only floating-point tensors have gradients, got {}", this.kind().name(); hint: "`.float()` first");
        }
        this.detach()?.requires_grad_(true)
    }

    /// Whether gradients flow to it.
    ///
    /// ```rhai
    /// assert(!tensor::ones([2]).is_learned);
    /// ```
    property "is_learned"(c, this: Tensor) -> "true or false" { Ok(this.is_grad_on()) }

    /// Computes the gradients of this number with respect to all that it was made of.
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
    method "backward"(c, this: Tensor) -> "nothing" {
        crate::bind::nn::layers::warn_of_mode(c);
        if this.numel() != 1 {
            bail!("shape", "backward needs one number, got {}", shape::text(&this.shape()); hint: "reduce it with `.sum()` or `.mean()`");
        }
        this.backward()
    }

    /// The gradients of this number with respect to some tensors, without touching their `.grad`.
    ///
    /// - `inputs`: tensors that this number was computed from, each marked by `.requires_grad()`
    ///
    /// # Errors
    /// Where this number does not depend on an input: its gradient would be 0 everywhere, which
    /// mostly means that another tensor was meant. PyTorch's `autograd.grad` refuses it too.
    ///
    /// ```rhai
    /// let x = tensor::from([2.0]).requires_grad();
    /// assert_eq((x * x * x).sum().gradients([x])[0], [12.0]);
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
    method "gradients"(c, this: Tensor, inputs: Array) -> "array of tensors, shapes of the inputs" {
        let inputs = tensors("inputs", &inputs)?;
        if this.numel() != 1 {
            bail!("shape", "gradients need one number, got {}", shape::text(&this.shape()); hint: "reduce it with `.sum()` or `.mean()`");
        }
        if let Some(i) = inputs.iter().position(|input| !input.is_grad_on()) {
            bail!("torch", "item {i} of `inputs` does not require a gradient"; hint: "call `.requires_grad()` on it before computing the number");
        }
        let found = this.gradients_where_used(&inputs)?;
        let used = |(i, gradient): (usize, Option<Tensor>)| gradient.ok_or_else(|| {
            fault!("torch", "the number does not depend on item {i} of `inputs`"; hint: "its gradient is 0 everywhere: leave it out, or compute the number from it")
        });
        Ok(crate::lang::value::array(found.into_iter().enumerate().map(used).collect::<Result<Vec<_>>>()?))
    }

    /// Forgets the gradient.
    ///
    /// ```rhai
    /// let w = tensor::from([3.0]).requires_grad();
    /// (w * w).sum().backward();
    /// w.zero_grad();
    /// assert_eq(w.grad, [0.0]);
    /// ```
    method "zero_grad"(c, this: Tensor) -> "nothing" { this.zero_grad() }

    /// The same numbers, cut off from what they were made of.
    ///
    /// ```rhai
    /// let w = tensor::ones([2]).requires_grad();
    /// assert(!(w * 2).detach().is_learned);
    /// ```
    method "detach"(c, this: Tensor) -> "tensor of the same shape" { this.detach() }

    /// A copy with memory of its own.
    ///
    /// ```rhai
    /// let a = tensor::zeros([1]);
    /// let b = a.copy();
    /// a.add_(1.0);
    /// assert_eq(b, [0.0]);
    /// ```
    method "copy"(c, this: Tensor) -> "tensor of the same shape" { this.copied() }

    /// The single number that it holds; a boolean where the tensor holds one.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[2.5]]).item(), 2.5);
    /// assert(tensor::ones([2]).gt(0).all().item());
    /// ```
    /// ```rhai,fails
    /// tensor::zeros([2]).item();
    /// //~ item needs a tensor of one number, got [2]
    /// ```
    method "item"(c, this: Tensor) -> "float, or true or false; an integer where a float cannot hold it (beyond 2^53)" { item(&this) }

    /// Its numbers as nested arrays.
    ///
    /// ```rhai
    /// assert_eq(tensor::eye(2).to_array(), [[1.0, 0.0], [0.0, 1.0]]);
    /// ```
    method "to_array"(c, this: Tensor) -> "array nested like the shape" { to_array(&this) }

    /// The same numbers on another device: `cpu`, `cuda`, `cuda:N`; or of another kind: `float64`,
    /// `int64`, …
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([1]).to("float64").kind, "float64");
    /// ```
    method "to"(c, this: Tensor, target: String) -> "tensor of the same shape" {
        if Kind::NAMES.contains(&target.as_str()) { this.to_kind(Kind::parse(&target)?) } else { this.to_device(Device::parse(&target)?) }
    }

    /// The same numbers as float32.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1, 2]).float().kind, "float32");
    /// ```
    method "float"(c, this: Tensor) -> "tensor of the same shape, float32" { this.to_kind(Kind::Float) }

    /// The same numbers as float64.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1, 2]).double().kind, "float64");
    /// ```
    method "double"(c, this: Tensor) -> "tensor of the same shape, float64" { this.to_kind(Kind::Double) }

    /// The same numbers as int64, without fractions.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.7]).int(), [1]);
    /// ```
    method "int"(c, this: Tensor) -> "tensor of the same shape, int64" { this.to_kind(Kind::Int64) }

    /// Whether each number is not 0.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([0.0, 2.0]).bool(), [false, true]);
    /// ```
    method "bool"(c, this: Tensor) -> "tensor of the same shape, bool" { this.to_kind(Kind::Bool) }

    /// Zeros of the same shape, kind and device.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]).zeros_like(), [0.0, 0.0]);
    /// ```
    method "zeros_like"(c, this: Tensor) -> "tensor of the same shape" { this.zeros_like() }

    /// Ones of the same shape, kind and device.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2]).ones_like(), [1.0, 1.0]);
    /// ```
    method "ones_like"(c, this: Tensor) -> "tensor of the same shape" { this.ones_like() }
} }

/// Tensors out of an array.
pub fn tensors(name: &str, items: &Array) -> Result<Vec<Tensor>> {
    items
        .iter()
        .enumerate()
        .map(|(i, item)| {
            item.read_lock::<Tensor>()
                .map(|t| t.clone())
                .ok_or_else(|| {
                    fault!(
                        "type",
                        "`{name}` must hold tensors, item {i} is {}",
                        session::describe(item)
                    )
                })
        })
        .collect()
}

/// Integers from which on floats skip some.
const EXACT: u64 = 1 << 53;

fn item(tensor: &Tensor) -> Result<Dynamic> {
    let value = tensor.item()?;
    if tensor.kind() == Kind::Bool {
        return Ok((value != 0.0).into());
    }
    if tensor.kind() == Kind::Int64 && value.abs() >= EXACT as f64 {
        return Ok(tensor.to_i64()?[0].into());
    }
    Ok(value.into())
}

fn to_array(tensor: &Tensor) -> Result<Dynamic> {
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

/// All of them.
pub fn natives() -> Vec<Native> {
    let mut list = made_of();
    list.extend(properties());
    list
}

/// `to_string` and `to_debug` of our types, which string interpolation calls; they need no
/// documentation of their own.
pub fn shown() -> Vec<Native> {
    fn text(_: &Call, args: &mut [&mut Dynamic]) -> Result<Dynamic> {
        Ok(crate::lang::show::quoted(args[0]).into())
    }
    let mut list = Vec::new();
    for receiver in crate::bind::types::types()
        .into_iter()
        .map(|info| info.receiver)
    {
        for name in ["to_string", "to_debug"] {
            let param = crate::lang::Param {
                name: "this",
                kind: || "any value".into(),
                optional: false,
                receiver,
                docs: &[],
                constraint: crate::lang::constraint::Constraint::ANY,
                default: "",
            };
            list.push(Native {
                namespace: "",
                name,
                form: Form::Method,
                docs: &[],
                params: vec![param],
                options: None,
                returns: "string".into(),
                return_type: "string".into(),
                run: text,
            });
        }
    }
    list
}
