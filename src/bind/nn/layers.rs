//! `nn::…`: single layers; building; models.

use crate::base::Result;
use crate::bind::nn::blocks::{build_model, shape_value};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::{Ints, array};
use crate::lang::{Call, Callback, FromValue, IntoValue, Options, session};
use crate::nn::activation::Activation;
use crate::nn::{
    Init, Layer, Model, Shape, Spec, Value, attention, conv, dropout, init, linear, norm, pool,
    recurrent, reshape,
};
use crate::torch::Tensor;
use crate::torch::recurrent::Recurrence;
use crate::{bail, fault, natives};
use rhai::{Dynamic, Map};
use std::cell::RefCell;
use std::rc::Rc;

const INIT: Opt = opt(
    "init",
    OptKind::Other("name of an initialiser or a function |shape| tensor"),
    "\"default\"",
    "how weights start: default (PyTorch's), xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal, kaiming_normal_fan_out, orthogonal, or a function of the shape",
);

const CONV: &[Opt] = &[
    opt(
        "stride",
        OptKind::Int(1, MANY),
        "1",
        "steps between windows",
    ),
    opt(
        "padding",
        OptKind::Other("whole number, \"same\", \"valid\" or \"causal\""),
        "0",
        "zeros at both ends, or the rule that finds them",
    ),
    opt(
        "dilation",
        OptKind::Int(1, MANY),
        "1",
        "steps between the positions of a window",
    ),
    opt(
        "groups",
        OptKind::Int(0, MANY),
        "1",
        "groups of channels that do not see each other; 0 makes one of each channel",
    ),
    opt(
        "bias",
        OptKind::Bool,
        "true",
        "whether a number is added to each filter",
    ),
    opt(
        "norm",
        OptKind::Choice(&["none", "weight"]),
        "\"none\"",
        "weight: length and direction of weights are learned apart (Salimans & Kingma 2016)",
    ),
    INIT,
];

const SEPARABLE: &[Opt] = &[
    opt(
        "stride",
        OptKind::Int(1, MANY),
        "1",
        "steps between windows",
    ),
    opt(
        "padding",
        OptKind::Other("whole number, \"same\", \"valid\" or \"causal\""),
        "0",
        "zeros at both ends, or the rule that finds them",
    ),
    opt(
        "dilation",
        OptKind::Int(1, MANY),
        "1",
        "steps between the positions of a window",
    ),
    opt(
        "multiplier",
        OptKind::Int(1, MANY),
        "1",
        "depthwise filters of each channel",
    ),
    opt(
        "bias",
        OptKind::Bool,
        "true",
        "whether a number is added to each filter",
    ),
];

const TRANSPOSED: &[Opt] = &[
    opt(
        "stride",
        OptKind::Int(1, MANY),
        "1",
        "positions of the output between windows",
    ),
    opt(
        "padding",
        OptKind::Int(0, MANY),
        "0",
        "positions cut from both ends",
    ),
    opt(
        "output_padding",
        OptKind::Int(0, MANY),
        "0",
        "positions added at the end",
    ),
    opt(
        "dilation",
        OptKind::Int(1, MANY),
        "1",
        "steps between the positions of a window",
    ),
    opt(
        "bias",
        OptKind::Bool,
        "true",
        "whether a number is added to each filter",
    ),
];

const LINEAR: &[Opt] = &[
    opt(
        "bias",
        OptKind::Bool,
        "true",
        "whether a number is added to each output",
    ),
    INIT,
];

const RECURRENT: &[Opt] = &[
    opt(
        "bidirectional",
        OptKind::Bool,
        "false",
        "whether it also reads from the end",
    ),
    opt(
        "layers",
        OptKind::Int(1, 64),
        "1",
        "layers on top of each other",
    ),
    opt(
        "dropout",
        OptKind::Float(0.0, 0.99),
        "0",
        "chance of a zero between layers, while training",
    ),
    opt(
        "biases",
        OptKind::Choice(&["two", "one"]),
        "\"two\"",
        "two that add up, as PyTorch has, or one, as Keras has",
    ),
    opt(
        "output",
        OptKind::Choice(&["all", "last"]),
        "\"all\"",
        "all positions, or the last state alone: [hidden]",
    ),
];

const NORM: &[Opt] = &[
    opt(
        "eps",
        OptKind::Float(0.0, 1.0),
        "1e-5",
        "added to variances",
    ),
    opt(
        "momentum",
        OptKind::Float(0.0, 1.0),
        "0.1",
        "share of the newest batch in running statistics (batch norm)",
    ),
    opt(
        "affine",
        OptKind::Bool,
        "true",
        "whether a scale and a shift are learned",
    ),
];

const DROPOUT: &[Opt] = &[opt(
    "channels",
    OptKind::Bool,
    "false",
    "whether whole channels are zeroed",
)];

const POOL: &[Opt] = &[
    opt(
        "stride",
        OptKind::Other("whole number or two"),
        "",
        "steps between windows; the window's size unless given",
    ),
    opt(
        "padding",
        OptKind::Int(0, MANY),
        "0",
        "positions added at both ends",
    ),
];

const ATTENTION: &[Opt] = &[opt(
    "bias",
    OptKind::Bool,
    "true",
    "whether the projections have biases",
)];

const MULTIHEAD: &[Opt] = &[
    opt(
        "dropout",
        OptKind::Float(0.0, 0.99),
        "0",
        "chance of a zero among attention weights, while training",
    ),
    opt(
        "causal",
        OptKind::Bool,
        "false",
        "whether a position sees only itself and those before it",
    ),
];

/// A description that remembers its script line.
pub fn layer(call: &Call, spec: impl Spec + 'static) -> Result<Layer> {
    let deepest = crate::nn::spec::DEEPEST;
    if spec.depth() >= deepest {
        bail!("value", "layers are nested more than {deepest} deep"; hint: "one `nn::chain` takes any number of layers: collect them in an array first, or use `nn::repeat(n, |i| …)`");
    }
    Ok(Layer::new(spec, Some(call.place())))
}

/// Fails unless all are at least 1.
pub fn positive(values: &[(&str, i64)]) -> Result<()> {
    values
        .iter()
        .try_for_each(|(name, value)| crate::lang::native::at_least(name, *value, 1))
}

/// One number for all axes, or one for each.
fn spread(values: Ints, axes: usize) -> Result<Vec<i64>> {
    match values.0.len() {
        1 => Ok(vec![values.0[0]; axes]),
        n if n == axes => Ok(values.0),
        n => bail!("value", "expected 1 or {axes} numbers, got {n}"),
    }
}

fn init_of(o: &Options) -> Result<Option<Init>> {
    let Some(value) = o.raw("init") else {
        return Ok(None);
    };
    if let Ok(name) = value.clone().into_string() {
        if init::NAMES.contains(&name.as_str()) {
            return Ok(Init::named(&name));
        }
        let near = crate::base::near::nearest(&name, init::NAMES);
        return Err(fault!(
            "option",
            "option `init`: no initialiser is called \"{name}\""
        )
        .hint(
            near.map_or(format!("one of {}", init::NAMES.join(", ")), |near| {
                format!("did you mean \"{near}\"?")
            }),
        ));
    }
    let call: Callback = o.need("init")?;
    Ok(Some(Init::Custom(Rc::new(move |shape| {
        let made = call.call(vec![array(shape.to_vec()).into()])?;
        made.read_lock::<Tensor>()
            .map(|t| t.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "the initialiser must give a tensor, gave {}",
                    session::describe(&made)
                )
            })
    }))))
}

fn padding_of(o: &Options, axes: usize) -> Result<conv::Padding> {
    let Some(value) = o.raw("padding") else {
        return Ok(conv::Padding::Fixed(vec![0; axes]));
    };
    if let Ok(n) = value.as_int()
        && n >= 0
    {
        return Ok(conv::Padding::Fixed(vec![n; axes]));
    }
    match value.clone().into_string().as_deref() {
        Ok("same") => Ok(conv::Padding::Same),
        Ok("valid") => Ok(conv::Padding::Fixed(vec![0; axes])),
        Ok("causal") => Ok(conv::Padding::Causal),
        _ => bail!(
            "option",
            "option `padding` must be a whole number of at least 0, \"same\", \"valid\" or \"causal\", got {}",
            session::describe(&value)
        ),
    }
}

fn conv_of(filters: i64, width: Vec<i64>, o: &Options) -> Result<conv::Conv> {
    positive(&[
        ("filters", filters),
        ("width", width.iter().copied().min().unwrap_or(0)),
    ])?;
    let axes = width.len();
    Ok(conv::Conv {
        stride: vec![o.int("stride"); axes],
        dilation: vec![o.int("dilation"); axes],
        padding: padding_of(o, axes)?,
        groups: o.int("groups"),
        bias: o.flag("bias"),
        weight_norm: o.text("norm") == "weight",
        init: init_of(o)?,
        ..conv::Conv::plain(filters, &width)
    })
}

fn separable(filters: i64, width: i64, o: &Options) -> Result<conv::Separable> {
    positive(&[("filters", filters), ("width", width)])?;
    let plain = conv::Conv::plain(filters, &[width]);
    let depthwise = conv::Conv {
        stride: vec![o.int("stride")],
        dilation: vec![o.int("dilation")],
        padding: padding_of(o, 1)?,
        bias: o.flag("bias"),
        ..plain
    };
    let pointwise = conv::Conv {
        bias: o.flag("bias"),
        ..conv::Conv::plain(filters, &[1])
    };
    Ok(conv::Separable {
        depthwise,
        pointwise,
        multiplier: o.int("multiplier"),
    })
}

fn recurrent_of(is_lstm: bool, hidden: i64, o: &Options) -> Result<recurrent::Recurrent> {
    positive(&[("hidden", hidden)])?;
    let how = Recurrence {
        is_lstm,
        hidden,
        layers: o.int("layers"),
        dropout: o.float("dropout"),
        bidirectional: o.flag("bidirectional"),
    };
    Ok(recurrent::Recurrent {
        how,
        last: o.text("output") == "last",
        one_bias: o.text("biases") == "one",
    })
}

fn norm_of(over: norm::Over, o: &Options) -> norm::Norm {
    norm::Norm {
        over,
        eps: o.float("eps"),
        momentum: o.float("momentum"),
        affine: o.flag("affine"),
    }
}

fn pool_of(call: &Call, max: bool, size: Ints, o: &Options) -> Result<Layer> {
    let axes = size.0.len();
    if axes == 0 || axes > 2 {
        bail!("value", "`size` must be one number or two, got {axes}");
    }
    positive(&[("size", size.0.iter().copied().min().unwrap_or(0))])?;
    let stride = match o.get::<Ints>("stride")? {
        Some(stride) => spread(stride, axes)?,
        None => size.0.clone(),
    };
    positive(&[("stride", stride.iter().copied().min().unwrap_or(0))])?;
    layer(
        call,
        pool::Pool {
            max,
            size: size.0,
            stride,
            padding: vec![o.int("padding"); axes],
        },
    )
}

/// What a network takes, out of what a script hands over: a tensor, a batch, a map of tensors,
/// sequences.
pub fn input_of(model: &Model, x: &Dynamic) -> Result<Value> {
    if let Some(tensor) = x.read_lock::<Tensor>() {
        return Ok(Value::One(tensor.clone()));
    }
    if let Some(rows) = x.read_lock::<crate::bind::types::Rows>() {
        return match &rows.1 {
            Some(tensors) => Ok(tensors.0.clone()),
            None => crate::train::feed::inputs(&rows.0, model.device(), model.reads_codes()),
        };
    }
    if let Some(map) = x.read_lock::<Map>() {
        let part = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let tensor = value.read_lock::<Tensor>().map(|t| t.clone());
            tensor.map(|t| (name.to_string(), t)).ok_or_else(|| {
                fault!(
                    "type",
                    "input `{name}` must be a tensor, got {}",
                    session::describe(value)
                )
            })
        };
        return map.iter().map(part).collect::<Result<_>>().map(Value::Many);
    }
    bail!("type", "`x` must be a tensor, a batch or a map of tensors, got {}", session::describe(x); hint: "`seq::one_hot([\"ACGT\"])` turns letters into a tensor, `net.predict(set)` takes a dataset")
}

/// Computes a model's output.
pub fn forward(model: &Model, x: &Dynamic) -> Result<Dynamic> {
    let x = input_of(model, x)?;
    let out = model.forward(&x)?;
    note_mode(model, &x, &out);
    Ok(into_dynamic(out))
}

/// The network that last made a pass with gradients in evaluation mode, though layers of it do
/// something in training alone.
#[derive(Default)]
struct Evaluated(RefCell<Option<Model>>);

fn note_mode(model: &Model, x: &Value, out: &Value) {
    if model.in_training().is_empty() {
        return;
    }
    let is_on = |value: &Value| value.tensors().iter().any(|tensor| tensor.is_grad_on());
    // gradients of the input are wanted in evaluation mode: what is asked is which bases an output
    // comes from
    let evaluates = !model.is_training() && is_on(out) && !is_on(x);
    let evaluated = session::local::<Evaluated>();
    let mut last = evaluated.0.borrow_mut();
    if evaluates {
        *last = Some(model.clone());
    } else if last.as_ref().is_some_and(|own| own.is(model)) {
        *last = None;
    }
}

/// Warns of gradients through a network that evaluates, though dropout or batch norm is in it.
pub fn warn_of_mode(call: &Call) {
    if let Some(model) = session::local::<Evaluated>().0.take() {
        let (name, what) = (model.name(), model.in_training().join(" and "));
        crate::bind::warnings::at(
            call,
            &format!(
                "`backward` through `{name}` in evaluation mode: {what} does not work as in training; `net.train()` before the loop switches, `net.eval()` after it back"
            ),
        );
    }
}

/// As a script sees it: a tensor, or a map of them by name.
pub fn into_dynamic(value: Value) -> Dynamic {
    match value {
        Value::One(tensor) => tensor.into_value(),
        Value::Many(many) => many
            .into_iter()
            .map(|(name, tensor)| (name.into(), tensor.into_value()))
            .collect::<Map>()
            .into(),
    }
}

const BUILD: &[Opt] = &[
    opt(
        "seed",
        OptKind::Int(0, MANY),
        "",
        "seed of the first weights; the run's seed unless given",
    ),
    opt(
        "device",
        OptKind::Text,
        "",
        "cpu, cuda, cuda:N or auto; the run's device unless given",
    ),
    opt(
        "amp",
        OptKind::Choice(crate::torch::Precision::NAMES),
        "\"f32\"",
        "bits that operations work with: f32, bf16 (convolutions and matrix products in bfloat16; parameters and losses stay as they are), tf32 (on GPUs)",
    ),
    opt(
        "fast",
        OptKind::Bool,
        "true",
        "whether layers may be joined into faster ones that give the same numbers up to rounding",
    ),
    opt(
        "name",
        OptKind::Text,
        "\"model\"",
        "what it is called in progress, checkpoints and results",
    ),
];

const PREDICT: &[Opt] = &[
    opt("batch", OptKind::Int(1, MANY), "512", "rows at a time"),
    opt(
        "both_strands",
        OptKind::Bool,
        "false",
        "whether outputs of the sequence and of its reverse complement are averaged",
    ),
];

natives! { models in "model" {
    /// Computes the output for a tensor, a batch or a map of tensors by input name.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(2), [4]);
    /// assert_eq(net.forward(tensor::ones([3, 4])).shape, [3, 2]);
    /// ```
    /// ```rhai,fails
    /// nn::build(nn::linear(2), [4]).forward(tensor::ones([3, 5]));
    /// //~ takes [batch, 4], got [3, 5]
    /// ```
    method "forward"(c, this: Model, x: Dynamic) -> "tensor [batch, …]" { forward(&this, &x) }

    /// Computes the outputs for a whole dataset, without gradients and without dropout.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT"], label: [1, 0] });
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 4]);
    /// assert_eq(net.predict(set, #{ both_strands: true }).shape, [2, 1]);
    /// ```
    method "predict"(c, this: Model, set: crate::bind::types::Data; o = PREDICT) -> "tensor [rows, …], as the network gives it" {
        if session::is_dry() {
            let crate::nn::Shape::One(shape) = this.output() else { bail!("shape", "predict needs a model of one output") };
            let whole: Vec<i64> = std::iter::once(set.0.len() as i64).chain(shape.iter().copied()).collect();
            return Tensor::zeros(&whole);
        }
        crate::train::evaluate::predict(&this, &set.0, o.int("batch") as usize, o.flag("both_strands"))
    }

    /// The table of layers: output shapes, parameters, and what a position sees.
    ///
    /// ```rhai
    /// assert(nn::build(nn::conv1d(2, 3), [4, 10]).summary().contains("conv1d(2, 3)"));
    /// ```
    method "summary"(c, this: Model) -> "string" { Ok(this.summary()) }

    /// Its name.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::linear(1), [2], #{ name: "small" }).name, "small");
    /// ```
    property "name"(c, this: Model) -> "string" { Ok(this.name().to_string()) }

    /// Where its parameters lie.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::linear(1), [2], #{ device: "cpu" }).device, "cpu");
    /// ```
    property "device"(c, this: Model) -> "string" { Ok(this.device().name()) }

    /// How many numbers it learns.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::linear(1), [2]).parameter_count, 3);
    /// ```
    property "parameter_count"(c, this: Model) -> "whole number" { Ok(this.count().0) }

    /// The shape of an output sample.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::linear(1), [2]).output_shape, [1]);
    /// ```
    property "output_shape"(c, this: Model) -> "array of whole numbers, or a map of them" { Ok(shape_value(this.output())) }

    /// The shape of an input sample.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::linear(1), [2]).input_shape, [2]);
    /// ```
    property "input_shape"(c, this: Model) -> "array of whole numbers, or a map of them" { Ok(shape_value(this.input())) }

    /// Its parameters by path, in no particular order; changing one in place changes the model.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::linear(1)]), [2]);
    /// assert_eq(net.parameters()["0.weight"].shape, [1, 2]);
    /// ```
    method "parameters"(c, this: Model) -> "map of tensors" {
        Ok(this.parameters().iter().map(|(name, t)| (name.as_str().into(), t.clone().into_value())).collect::<Map>())
    }

    /// The paths of its parameters and running statistics, in order.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::linear(1), [2]).names(), ["weight", "bias"]);
    /// ```
    method "names"(c, this: Model) -> "array of strings" { Ok(array(this.state().into_iter().map(|(name, _)| name))) }

    /// A parameter or running statistic by its path.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::linear(1), nn::relu()]), [2]);
    /// assert_eq(net["0.bias"].shape, [1]);
    /// ```
    /// ```rhai,fails
    /// nn::build(nn::linear(1), [2])["wieght"];
    /// //~ did you mean "weight"?
    /// ```
    index "index"(c, this: Model, path: String) -> "tensor" { this.get(&path) }

    /// Sets a parameter or running statistic.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(1), [2]);
    /// net["bias"] = tensor::ones([1]);
    /// assert_eq(net["bias"], [1.0]);
    /// ```
    set_index "index"(c, this: Model, path: String, values: Tensor) -> "nothing" { this.set(&path, &values) }

    /// Switches to training: dropout drops, batch norms learn their statistics.
    ///
    /// ```rhai
    /// let net = nn::build(nn::dropout(0.5), [2]);
    /// assert(net.train().is_training);
    /// ```
    method "train"(c, this: Model) -> "the model itself" { this.set_training(true); Ok(this) }

    /// Switches to evaluation.
    ///
    /// ```rhai
    /// assert(!nn::build(nn::dropout(0.5), [2]).eval().is_training);
    /// ```
    method "eval"(c, this: Model) -> "the model itself" { this.set_training(false); Ok(this) }

    /// Whether it trains.
    ///
    /// ```rhai
    /// assert(!nn::build(nn::linear(1), [2]).is_training);
    /// ```
    property "is_training"(c, this: Model) -> "true or false" { Ok(this.is_training()) }

    /// Stops learning of all parameters, or of those below a path. What frozen layers at the start
    /// of a network give is computed once in `train::fit`, not in every epoch.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([["stem", nn::linear(3)], ["head", nn::linear(1)]]), [2]);
    /// net.freeze("stem");
    /// assert(!net["stem.weight"].is_learned && net["head.weight"].is_learned);
    /// ```
    method "freeze"(c, this: Model, path: Option<String>) -> "how many tensors" { this.freeze(&path.unwrap_or_default(), true).map(|n| n as i64) }

    /// Resumes learning of all parameters, or of those below a path.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(1), [2]);
    /// net.freeze();
    /// assert_eq(net.unfreeze("bias"), 1);
    /// ```
    method "unfreeze"(c, this: Model, path: Option<String>) -> "how many tensors" { this.freeze(&path.unwrap_or_default(), false).map(|n| n as i64) }

    /// Copies the parameters that another model has under the same paths, all or those below one.
    ///
    /// ```rhai
    /// let a = nn::build(nn::linear(1), [2], #{ seed: 1 });
    /// let b = nn::build(nn::linear(1), [2], #{ seed: 2 });
    /// b.transfer(a);
    /// assert_eq(a["weight"], b["weight"]);
    /// ```
    method "transfer"(c, this: Model, from: Model, path: Option<String>) -> "how many tensors" { this.transfer(&from, &path.unwrap_or_default()).map(|n| n as i64) }

    /// Forgets all gradients.
    ///
    /// ```rhai
    /// nn::build(nn::linear(1), [2]).zero_grad();
    /// ```
    method "zero_grad"(c, this: Model) -> "nothing" { this.zero_grad() }

    /// Writes parameters and running statistics as safetensors, under PyTorch's names.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(1), [2]);
    /// net.save("/tmp/cistron_example_model.safetensors");
    /// ```
    method "save"(c, this: Model, path: String) -> "nothing" { this.save(&crate::bind::tensor::file::written(&path)?) }

    /// Reads parameters that this or PyTorch wrote; every name and shape must fit.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
    /// net.save("/tmp/cistron_example_load.safetensors");
    /// let other = nn::build(nn::linear(1), [2], #{ seed: 2 });
    /// other.load("/tmp/cistron_example_load.safetensors");
    /// assert_eq(net["weight"], other["weight"]);
    /// ```
    method "load"(c, this: Model, path: String) -> "nothing" { this.load(&session::find_input(&path)?) }
} }

natives! { building in "nn" {
    /// Builds a description into a model: infers every shape, makes the parameters.
    ///
    /// - `layer`: a description
    /// - `shape`: that of an input sample, `[4, 101]`; of several inputs a map,
    ///   `#{ sequence: [4, 101], marks: [8, 101] }`
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::global_max_pool(), nn::linear(1)]), [4, 50], #{ seed: 1 });
    /// assert_eq(net.output_shape, [1]);
    /// ```
    /// ```rhai,fails
    /// nn::build(nn::conv1d(8, 24, #{ dilation: 16 }), [4, 101]);
    /// //~ conv1d: 24 positions wide at dilation 16 spans 369 bp, the input has 101
    /// ```
    function "build"(c, layer: Layer, shape: Dynamic; o = BUILD) -> "model" { build_model(&layer, &shape_of(&shape, c)?, &o) }
} }

/// A shape out of what a script writes.
pub fn shape_of(value: &Dynamic, call: &Call) -> Result<Shape> {
    let mut value = value.clone();
    if let Some(map) = value.read_lock::<Map>().map(|m| m.clone()) {
        let part = |(name, mut value): (rhai::Identifier, Dynamic)| {
            Vec::<i64>::from_value(&mut value, call.context).map(|shape| (name.to_string(), shape))
        };
        return map
            .into_iter()
            .map(part)
            .collect::<Result<_>>()
            .map(Shape::Many);
    }
    Vec::<i64>::from_value(&mut value, call.context).map(Shape::One)
}

natives! { layers in "nn" {
    /// Makes a convolution along the sequence.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::conv1d(20, 12), [4, 100]).output_shape, [20, 89]);
    /// assert_eq(nn::build(nn::conv1d(8, 3, #{ padding: "same", dilation: 4 }), [4, 100]).output_shape, [8, 100]);
    /// ```
    function "conv1d"(c, filters: i64, width: i64; o = CONV) -> "layer, [channels, length] to [filters, length']" { layer(c, conv_of(filters, vec![width], &o)?) }

    /// Makes a convolution over two axes; `width` is one number or two.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::conv2d(8, 3, #{ padding: 1 }), [3, 10, 12]).output_shape, [8, 10, 12]);
    /// ```
    function "conv2d"(c, filters: i64, width: Ints; o = CONV) -> "layer, [channels, height, width] to [filters, height', width']" { layer(c, conv_of(filters, spread(width, 2)?, &o)?) }

    /// Makes a convolution over three axes; `width` is one number or three.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::conv3d(2, 3), [1, 5, 5, 5]).output_shape, [2, 3, 3, 3]);
    /// ```
    function "conv3d"(c, filters: i64, width: Ints; o = CONV) -> "layer, [channels, depth, height, width] to [filters, …]" { layer(c, conv_of(filters, spread(width, 3)?, &o)?) }

    /// Makes a depthwise convolution and a pointwise one after it (Chollet 2017).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::separable_conv1d(8, 5), [4, 20]).output_shape, [8, 16]);
    /// ```
    function "separable_conv1d"(c, filters: i64, width: i64; o = SEPARABLE) -> "layer, [channels, length] to [filters, length']" { layer(c, separable(filters, width, &o)?) }

    /// Makes a transposed convolution, which lengthens by its stride.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::conv_transpose1d(8, 4, #{ stride: 2, padding: 1 }), [4, 20]).output_shape, [8, 40]);
    /// ```
    function "conv_transpose1d"(c, filters: i64, width: i64; o = TRANSPOSED) -> "layer, [channels, length] to [filters, length']" { positive(&[("filters", filters), ("width", width)])?; layer(c, conv::Transposed { filters, width, stride: o.int("stride"), padding: o.int("padding"), output_padding: o.int("output_padding"), dilation: o.int("dilation"), bias: o.flag("bias") }) }

    /// Makes a fully connected layer on the last axis: x Wᵀ + b.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::linear(3), [10]).parameter_count, 33);
    /// ```
    function "linear"(c, features: i64; o = LINEAR) -> "layer, […, in] to […, features]" { positive(&[("features", features)])?; layer(c, linear::Linear { features, bias: o.flag("bias"), init: init_of(&o)? }) }

    /// Makes a table with a row for each whole number.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::embedding(64, 8), [99]).output_shape, [99, 8]);
    /// ```
    function "embedding"(c, rows: i64, size: i64) -> "layer, […] whole numbers to […, size]" { positive(&[("rows", rows), ("size", size)])?; layer(c, linear::Embedding { rows, size }) }

    /// Makes the largest of several linear maps (Goodfellow et al. 2013).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::maxout(3, 4), [10]).parameter_count, 132);
    /// ```
    function "maxout"(c, features: i64, pieces: i64) -> "layer, […, in] to […, features]" { positive(&[("features", features), ("pieces", pieces)])?; layer(c, linear::Maxout { features, pieces }) }

    /// Makes an LSTM that reads along the length (Hochreiter & Schmidhuber 1997).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::lstm(16, #{ bidirectional: true }), [4, 50]).output_shape, [32, 50]);
    /// assert_eq(nn::build(nn::lstm(16, #{ output: "last" }), [4, 50]).output_shape, [16]);
    /// ```
    function "lstm"(c, hidden: i64; o = RECURRENT) -> "layer, [channels, length] to [hidden, length], twice the channels if bidirectional" { layer(c, recurrent_of(true, hidden, &o)?) }

    /// Makes a GRU that reads along the length (Cho et al. 2014).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::gru(16), [4, 50]).output_shape, [16, 50]);
    /// ```
    function "gru"(c, hidden: i64; o = RECURRENT) -> "layer, [channels, length] to [hidden, length], twice the channels if bidirectional" { layer(c, recurrent_of(false, hidden, &o)?) }

    /// Normalises each channel over batch and positions (Ioffe & Szegedy 2015).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::batch_norm(), [8, 50]).parameter_count, 16);
    /// ```
    function "batch_norm"(c; o = NORM) -> "layer of the same shape" { layer(c, norm_of(norm::Over::Batch, &o)) }

    /// Normalises the channels of each position of each sample (Ba et al. 2016).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::layer_norm(), [8, 50]).parameter_count, 16);
    /// ```
    function "layer_norm"(c; o = NORM) -> "layer of the same shape" { layer(c, norm_of(norm::Over::Layer, &o)) }

    /// Normalises each channel of each sample over its positions.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::instance_norm(), [8, 50]).output_shape, [8, 50]);
    /// ```
    function "instance_norm"(c; o = NORM) -> "layer of the same shape" { layer(c, norm_of(norm::Over::Instance, &o)) }

    /// Normalises groups of channels of each sample (Wu & He 2018).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::group_norm(4), [8, 50]).output_shape, [8, 50]);
    /// ```
    function "group_norm"(c, groups: i64; o = NORM) -> "layer of the same shape" { layer(c, norm_of(norm::Over::Group(groups), &o)) }

    /// Zeroes numbers with chance `p` while training, and scales the others.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::dropout(0.5), [8]).forward(tensor::ones([1, 8])), tensor::ones([1, 8]));
    /// ```
    function "dropout"(c, p: f64; o = DROPOUT) -> "layer of the same shape" { if !(0.0..1.0).contains(&p) { bail!("value", "`p` must be from 0 to below 1, got {p}"); } layer(c, dropout::Dropout { p, channels: o.flag("channels") }) }

    /// Takes the largest of each window; a pair of sizes pools two axes.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::max_pool(3), [8, 100]).output_shape, [8, 33]);
    /// ```
    function "max_pool"(c, size: Ints; o = POOL) -> "layer, [channels, length] to [channels, windows]" { pool_of(c, true, size, &o) }

    /// Takes the mean of each window; a pair of sizes pools two axes.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::avg_pool(3), [8, 100]).output_shape, [8, 33]);
    /// ```
    function "avg_pool"(c, size: Ints; o = POOL) -> "layer, [channels, length] to [channels, windows]" { pool_of(c, false, size, &o) }

    /// Takes the largest over as many windows as asked for.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::adaptive_max_pool(10), [8, 101]).output_shape, [8, 10]);
    /// ```
    function "adaptive_max_pool"(c, size: i64) -> "layer, [channels, length] to [channels, size]" { positive(&[("size", size)])?; layer(c, pool::Adaptive { max: true, size }) }

    /// Takes the mean over as many windows as asked for.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::adaptive_avg_pool(10), [8, 101]).output_shape, [8, 10]);
    /// ```
    function "adaptive_avg_pool"(c, size: i64) -> "layer, [channels, length] to [channels, size]" { positive(&[("size", size)])?; layer(c, pool::Adaptive { max: false, size }) }

    /// Takes the largest over all positions.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::global_max_pool(), [8, 50]).output_shape, [8]);
    /// ```
    function "global_max_pool"(c) -> "layer, [channels, …] to [channels]" { layer(c, pool::Global { max: true }) }

    /// Takes the mean over all positions.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::global_avg_pool(), [8, 50]).output_shape, [8]);
    /// ```
    function "global_avg_pool"(c) -> "layer, [channels, …] to [channels]" { layer(c, pool::Global { max: false }) }

    /// Takes the last position: what a causal network says of everything before it.
    ///
    /// Behind causal convolutions only the positions that the last one sees are computed.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::last_position(), [8, 50]).output_shape, [8]);
    /// ```
    function "last_position"(c) -> "layer, [channels, length] to [channels]" { layer(c, pool::LastPosition) }

    /// Turns one-hot sequences into one-hot k-mers, in the order of their letters; a k-mer with N
    /// is all zeros.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::kmers(3), [4, 100]).output_shape, [64, 98]);
    /// ```
    /// ```rhai,fails
    /// nn::kmers(9);
    /// //~ `k` must be from 1 to 8, got 9
    /// ```
    function "kmers"(c, k: i64) -> "layer, [4, length] to [4^k, length - k + 1]" {
        if !(1..=8).contains(&k) { bail!("value", "`k` must be from 1 to 8, got {k}"); }
        layer(c, reshape::Kmers(k))
    }

    /// Joins all axes of a sample into one.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::flatten(), [8, 50]).output_shape, [400]);
    /// ```
    function "flatten"(c) -> "layer, […] to [product]" { layer(c, reshape::Flatten) }

    /// Puts the axes of a sample in another order, counted from 1 (0 is the batch).
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::permute([2, 1]), [8, 50]).output_shape, [50, 8]);
    /// ```
    function "permute"(c, axes: Vec<i64>) -> "layer with the axes in another order" { layer(c, reshape::Permute(axes)) }

    /// Arranges a sample in another shape; one size may be -1.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::reshape([2, -1]), [8, 5]).output_shape, [2, 20]);
    /// ```
    function "reshape"(c, shape: Vec<i64>) -> "layer of `shape`" { layer(c, reshape::Reshape(shape)) }

    /// Passes its input on.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::identity(), [8, 5]).output_shape, [8, 5]);
    /// ```
    function "identity"(c) -> "layer of the same shape" { layer(c, reshape::Identity) }

    /// Sets negative numbers to 0.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::relu(), [2]).forward(tensor::from([[-1.0, 2.0]])), [[0.0, 2.0]]);
    /// ```
    function "relu"(c) -> "layer of the same shape" { layer(c, Activation::Relu) }

    /// Scales negative numbers (by 0.01 unless given).
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::leaky_relu(0.1), [1]).forward(tensor::from([[-1.0]])), [[-0.1]]);
    /// ```
    function "leaky_relu"(c, slope: Option<f64>) -> "layer of the same shape" { layer(c, Activation::LeakyRelu(slope.unwrap_or(0.01))) }

    /// Bends negative numbers towards -alpha (Clevert et al. 2016).
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::elu(), [1]).forward(tensor::from([[1.0]])), [[1.0]]);
    /// ```
    function "elu"(c, alpha: Option<f64>) -> "layer of the same shape" { layer(c, Activation::Elu(alpha.unwrap_or(1.0))) }

    /// Multiplies x by the normal distribution function of x.
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::gelu(), [1]).forward(tensor::from([[0.0]])), [[0.0]]);
    /// ```
    function "gelu"(c) -> "layer of the same shape" { layer(c, Activation::Gelu) }

    /// Multiplies x by its logistic function.
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::silu(), [1]).forward(tensor::from([[0.0]])), [[0.0]]);
    /// ```
    function "silu"(c) -> "layer of the same shape" { layer(c, Activation::Silu) }

    /// Applies the logistic function.
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::sigmoid(), [1]).forward(tensor::from([[0.0]])), [[0.5]]);
    /// ```
    function "sigmoid"(c) -> "layer of the same shape, from 0 to 1" { layer(c, Activation::Sigmoid) }

    /// Applies the hyperbolic tangent.
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::tanh(), [1]).forward(tensor::from([[0.0]])), [[0.0]]);
    /// ```
    function "tanh"(c) -> "layer of the same shape, from -1 to 1" { layer(c, Activation::Tanh) }

    /// Raises e to each number (as first activation: Koo & Eddy's exponential).
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::exp(), [1]).forward(tensor::from([[0.0]])), [[1.0]]);
    /// ```
    function "exp"(c) -> "layer of the same shape" { layer(c, Activation::Exp) }

    /// Gives ln(1 + e^x).
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::softplus(), [1]).forward(tensor::from([[0.0]])), [[0.6931472]], 1e-5);
    /// ```
    function "softplus"(c) -> "layer of the same shape" { layer(c, Activation::Softplus) }

    /// Turns numbers into shares along an axis (1, the channels, unless given).
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::softmax(), [2]).forward(tensor::zeros([1, 2])), [[0.5, 0.5]]);
    /// ```
    function "softmax"(c, axis: Option<i64>) -> "layer of the same shape" { layer(c, Activation::Softmax(axis.unwrap_or(1))) }

    /// Takes the logarithm of the softmax along an axis (1 unless given).
    ///
    /// ```rhai
    /// assert_near(nn::build(nn::log_softmax(), [1]).forward(tensor::zeros([1, 1])), [[0.0]]);
    /// ```
    function "log_softmax"(c, axis: Option<i64>) -> "layer of the same shape" { layer(c, Activation::LogSoftmax(axis.unwrap_or(1))) }

    /// Makes scaled dot-product self-attention with one head and no output projection.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::attention(8, 16), [4, 50]).output_shape, [16, 50]);
    /// ```
    function "attention"(c, keys: i64, values: i64; o = ATTENTION) -> "layer, [channels, length] to [values, length]" { positive(&[("keys", keys), ("values", values)])?; layer(c, attention::ScaledDot { keys, values, bias: o.flag("bias") }) }

    /// Makes self-attention with several heads (Vaswani et al. 2017); weights are named as in
    /// PyTorch.
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::multihead_attention(2), [8, 50]).parameter_count, 288);
    /// ```
    function "multihead_attention"(c, heads: i64; o = MULTIHEAD) -> "layer of the same shape" { positive(&[("heads", heads)])?; layer(c, attention::MultiHead { heads, dropout: o.float("dropout"), causal: o.flag("causal") }) }

    /// Adds what tells positions apart: "sinusoidal" (unless given) or "learned".
    ///
    /// ```rhai
    /// assert_eq(nn::build(nn::positions("learned"), [8, 50]).parameter_count, 400);
    /// ```
    function "positions"(c, kind: Option<String>) -> "layer of the same shape" { match kind.as_deref() { None | Some("sinusoidal") => layer(c, attention::Positions { learned: false }), Some("learned") => layer(c, attention::Positions { learned: true }), Some(other) => bail!("value", "`kind` must be \"sinusoidal\" or \"learned\", got \"{other}\"") } }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [building(), layers()].into_iter().flatten().collect()
}
