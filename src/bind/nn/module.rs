//! `nn::…`: modules that a script composes, and models as layers.

use crate::base::Result;
use crate::bind::args::layer::{layer_of, tensors_by};
use crate::bind::args::network::{into_dynamic, layer, shape_value, tensors_of};
use crate::lang::{
    Call, Callback, FromValue, IntoValue, Native, Options, diagnostics, native, natives_of, session,
};
use crate::nn::module::{BindForward, MakeLayers, Members, ScriptModule};
use crate::nn::{Frozen, Layer, Model, Shape, Value};
use crate::{bail, fault};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Options of `nn::module`.
#[derive(Options)]
pub struct ModuleOptions {
    /// Map of layers by name, or a function |shape| that returns it for an input of the shape
    /// (without the batch). Arrays and maps of layers may be nested: the layers of
    /// `#{ blocks: [a, b] }` are called `blocks.0` and `blocks.1`.
    layers: Option<LayersArgument>,
    /// Function |shape| that returns a map of parameters.
    params: Option<Callback>,
    /// Function |shape| that returns a map of buffers: tensors that are saved and not trained.
    buffers: Option<Callback>,
    /// Function |m, x| or |m, x, info| that computes the output: a tensor, or a map of tensors.
    /// `m` contains layers, parameters and buffers; `x` is a tensor, or a map of tensors by input
    /// name; `info.is_training` is true in training.
    forward: Callback,
}

/// The layers of a module as a script writes them.
pub enum LayersArgument {
    /// A map of layers.
    Fixed(Map),
    /// A function of the shape of the input.
    Function(Callback),
}

impl FromValue for LayersArgument {
    fn kind() -> String {
        "map of layers, or a function |shape| that returns it".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(LayersArgument::Function);
        }
        Map::from_value(value, context).map(LayersArgument::Fixed)
    }
}

/// Appends the layers in a value of a map or an array of layers, with their paths.
fn collect_layers(value: &Dynamic, path: &str, layers: &mut Vec<(String, Layer)>) -> Result<()> {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_string()
        } else {
            format!("{path}.{name}")
        }
    };
    if let Some(map) = value.read_lock::<Map>() {
        return map
            .iter()
            .try_for_each(|(name, value)| collect_layers(value, &below(name), layers));
    }
    if let Some(items) = value.read_lock::<Array>() {
        return items
            .iter()
            .enumerate()
            .try_for_each(|(i, value)| collect_layers(value, &below(&i.to_string()), layers));
    }
    let layer = layer_of(value, &format!("layer `{path}`"))?;
    layers.push((path.to_string(), layer));
    Ok(())
}

/// The function that describes the layers of a module.
fn layers_by(module: String, argument: LayersArgument) -> MakeLayers {
    Rc::new(move |shape: &Shape| {
        let value = match &argument {
            LayersArgument::Fixed(map) => map.clone().into(),
            LayersArgument::Function(function) => function.call(vec![shape_value(shape)])?,
        };
        if !value.is_map() {
            bail!(
                "type",
                "{module}: `layers` must return a map of layers, returned {}",
                session::describe(&value)
            );
        }
        let mut layers = Vec::new();
        collect_layers(&value, "", &mut layers).map_err(|fault| fault.context(&module))?;
        Ok(layers)
    })
}

/// The function by which a script calls a layer of a module.
#[allow(deprecated)] // Rhai marks the constructor as volatile; the version is pinned
fn layer_function(members: &Rc<Members>, number: usize, path: &str) -> Result<FnPtr> {
    let (members, path) = (members.clone(), path.to_string());
    let name = path.clone();
    let body = move |context: NativeCallContext, args: &mut [&mut Dynamic]| {
        // a call as a method of the module passes the module first
        let output = match args {
            // called as a method without an input
            [m] if m
                .read_lock::<Map>()
                .is_some_and(|m| m.contains_key(path.as_str())) =>
            {
                let fault = fault!("value", "layer `{path}` takes an input");
                Err(fault.hint(format!("`m.{path}(x)`")))
            }
            [x] | [_, x] => tensors_of(x, &format!("the input of layer `{path}`"))
                .and_then(|x| members.apply(number, &x))
                .and_then(into_dynamic),
            _ => Err(fault!(
                "value",
                "layer `{path}` takes one input, got {}",
                args.len()
            )),
        };
        output.map_err(|fault| diagnostics::raise_from(fault, &path, &context))
    };
    let name = name.rsplit('.').next().unwrap_or_default();
    let name = if name.parse::<u64>().is_ok() {
        "layer"
    } else {
        name
    };
    FnPtr::from_fn(name, body).map_err(|_| fault!("name", "a layer cannot be called `{name}`"))
}

/// Layers below a path: one, or more by the next part of their paths.
#[derive(Default)]
struct Tree {
    function: Option<FnPtr>,
    below: BTreeMap<String, Tree>,
}

impl Tree {
    fn insert(&mut self, path: &str, function: FnPtr) {
        let mut tree = self;
        for part in path.split('.') {
            tree = tree.below.entry(part.to_string()).or_default();
        }
        tree.function = Some(function);
    }

    /// A function, an array where the parts of the paths count from 0, else a map.
    fn into_value(mut self) -> Dynamic {
        if let Some(function) = self.function {
            return function.into();
        }
        let n = self.below.len();
        if (0..n).all(|i| self.below.contains_key(&i.to_string())) {
            let item = |i: usize| self.below.remove(&i.to_string()).unwrap_or_default();
            let items: Vec<Tree> = (0..n).map(item).collect();
            return items
                .into_iter()
                .map(Tree::into_value)
                .collect::<Array>()
                .into();
        }
        let items = self.below.into_iter();
        items
            .map(|(name, tree)| (name.into(), tree.into_value()))
            .collect::<Map>()
            .into()
    }
}

/// The map `m` of a forward function.
fn members_map(members: &Rc<Members>) -> Result<Map> {
    let tensors = members.parameters.iter().chain(&members.buffers);
    let mut map: Map = tensors
        .map(|(name, tensor)| (name.as_str().into(), tensor.clone().into_value()))
        .collect();
    let mut tree = Tree::default();
    for (number, path) in members.paths().enumerate() {
        tree.insert(path, layer_function(members, number, path)?);
    }
    map.extend(
        tree.below
            .into_iter()
            .map(|(name, tree)| (name.into(), tree.into_value())),
    );
    Ok(map)
}

/// The forward function of a module.
fn forward_by(module: String, function: Callback) -> BindForward {
    Rc::new(move |members: &Rc<Members>| {
        let handle = members_map(members)?;
        let (module, function) = (module.clone(), function.clone());
        let takes_info = function.takes(3);
        Ok(Rc::new(move |x: &Value, mode| {
            let mut arguments = vec![handle.clone().into(), into_dynamic(x.clone())?];
            if takes_info {
                let info = Map::from([("is_training".into(), mode.training.into())]);
                arguments.push(info.into());
            }
            let output = function.call(arguments)?;
            tensors_of(&output, &format!("{module}: the output of `forward`"))
        }))
    })
}

/// Returns a layer that a script composes of layers, parameters and buffers.
///
/// The layers are built, and the shape of the output inferred, by a pass over two samples of zeros
/// (`info.is_training` is false; a pass with true follows where the first does not call every
/// layer). A layer that is called several times has one set of parameters. Parameters are named as
/// in PyTorch: `filter.weight`, `blocks.0.bias`.
///
/// # Shapes
/// Those of `forward`: any input, one output or a map of several; the first axis is the batch.
///
/// ```rhai
/// let gated = nn::module("gated", #{
///     layers: |shape| #{
///         filter: nn::conv1d(8, 3, #{ padding: "same" }),
///         gate: nn::conv1d(8, 3, #{ padding: "same" }),
///     },
///     params: |shape| #{ scale: init::ones([8, 1]) },
///     forward: |m, x| m.filter(x).tanh() * m.gate(x).sigmoid() * m.scale,
/// });
/// let net = nn::build(nn::chain([gated, nn::global_max_pool(), nn::linear(1)]), [4, 50]);
/// assert_eq(net.names()[0], "0.scale");
/// assert_eq(net["0.filter.weight"].shape, [8, 4, 3]);
/// ```
/// ```rhai
/// // two inputs, two outputs
/// let heads = nn::module("heads", #{
///     layers: #{ profile: nn::conv1d(2, 5, #{ padding: "same" }), counts: nn::linear(2) },
///     forward: |m, x| #{
///         profile: m.profile(x.sequence) + x.control,
///         counts: m.counts(x.sequence.mean(2)),
///     },
/// });
/// let net = nn::build(heads, #{ sequence: [4, 50], control: [2, 50] });
/// assert_eq(net.output_shape, #{ profile: [2, 50], counts: [2] });
/// ```
/// ```rhai,fails
/// nn::build(nn::module("m", #{ layers: #{ a: nn::linear(1) }, forward: |m, x| x }), [4]);
/// //~ `forward` does not call layer `a`
/// ```
///
/// # See also
/// `nn::custom`, for a layer of parameters alone.
#[native(namespace = "nn")]
pub fn module(
    call: &Call,
    /// Name of the module in summaries and errors.
    name: &str,
    options: ModuleOptions,
) -> Result<Layer> {
    let module = ScriptModule {
        name: name.to_string(),
        layers: options
            .layers
            .map(|layers| layers_by(name.to_string(), layers)),
        parameters: options
            .params
            .map(|params| tensors_by(name.to_string(), "params", params)),
        buffers: options
            .buffers
            .map(|buffers| tensors_by(name.to_string(), "buffers", buffers)),
        forward: forward_by(name.to_string(), options.forward),
    };
    layer(call, module)
}

/// Returns a layer that computes what a built model computes, and is not trained.
///
/// The layer holds a copy of the parameters, with the values that they have when the network
/// around it is built, and is saved with that network. It runs in evaluation mode (no dropout,
/// running statistics) until some of its parameters are made trainable with `net.unfreeze(path)`.
///
/// ```rhai
/// let stem = nn::build(nn::chain([nn::conv1d(8, 5), nn::relu()]), [4, 50], #{ seed: 1 });
/// let net = nn::build(nn::chain([
///     ["stem", nn::frozen(stem)], nn::global_max_pool(), ["head", nn::linear(1)]
/// ]), [4, 50]);
/// assert_eq(net["stem.0.weight"], stem["0.weight"]);
/// assert(!net["stem.0.weight"].is_learned && net["head.weight"].is_learned);
/// ```
#[native(namespace = "nn")]
pub fn frozen(
    call: &Call,
    /// Model to copy.
    model: &Model,
) -> Result<Layer> {
    layer(call, Frozen::new(model)?)
}

/// A layer of a module, as its forward function holds it.
pub struct LayerFunction(FnPtr);

impl FromValue for LayerFunction {
    fn kind() -> String {
        "layer of a module".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let pointer = value.read_lock::<FnPtr>().map(|pointer| pointer.clone());
        pointer
            .map(LayerFunction)
            .ok_or_else(|| crate::lang::value::mismatch(&Self::kind(), value))
    }
    fn receiver() -> TypeId {
        TypeId::of::<FnPtr>()
    }
}

/// Computes the output of a layer inside the forward function of a module.
///
/// ```rhai
/// let twice = nn::module("twice", #{
///     layers: #{ blocks: [nn::linear(8), nn::linear(2)] },
///     forward: |m, x| {
///         for block in m.blocks { x = block.forward(x) }
///         x
///     },
/// });
/// assert_eq(nn::build(twice, [4]).names()[0], "blocks.0.weight");
/// ```
#[native(namespace = "function", form = method, name = "forward", returns = "tensor [batch, …]")]
pub fn forward_of_layer(
    call: &Call,
    this: &LayerFunction,
    /// Input, [batch, …]: a tensor, or a map of tensors by input name.
    x: Dynamic,
) -> Result<Dynamic> {
    let output = this.0.call_raw(call.context, None, [x]);
    output.map_err(|error| diagnostics::fault_of(&error, &session::current_file()))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![module, frozen, forward_of_layer,]
}
