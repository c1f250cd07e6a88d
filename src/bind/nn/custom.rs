//! `nn::…`: layers that a script defines.

use crate::base::Result;
use crate::bind::args::layer::tensors_by;
use crate::bind::args::network::{into_dynamic, layer};
use crate::fault;
use crate::lang::{Call, Callback, IntoValue, Native, Options, native, natives_of, session};
use crate::nn::custom::Custom;
use crate::nn::{Layer, Mode, Value};
use crate::torch::Tensor;
use rhai::Map;
use std::rc::Rc;

/// Options of `nn::custom`.
#[derive(Options)]
pub struct CustomOptions {
    /// Function |shape| that returns a map of parameters for an input of the shape (without the
    /// batch).
    params: Option<Callback>,
    /// Function |p, x| or |p, x, is_training| that computes the output tensor from the map of
    /// parameters and the input.
    forward: Callback,
}

/// The output of a custom layer.
fn custom_output(
    layer: &str,
    function: &Callback,
    parameters: &[(String, Tensor)],
    x: &Value,
    mode: Mode,
) -> Result<Tensor> {
    let parameters: Map = parameters
        .iter()
        .map(|(name, tensor)| (name.as_str().into(), tensor.clone().into_value()))
        .collect();
    let x = into_dynamic(x.clone())?;
    let mut arguments = vec![parameters.into(), x];
    if function.takes(3) {
        arguments.push(mode.training.into());
    }
    let output = function.call(arguments)?;
    let tensor = output.read_lock::<Tensor>().map(|tensor| tensor.clone());
    tensor.ok_or_else(|| {
        fault!(
            "type",
            "{layer}: `forward` must give a tensor, gave {}",
            session::describe(&output)
        )
    })
}

/// Returns a layer that a function of a script computes, with gradients.
///
/// ```rhai
/// let scale = nn::custom("scale", #{
///     params: |shape| #{ gain: init::ones([shape[0], 1]) },
///     forward: |p, x| x * p.gain,
/// });
/// let net = nn::build(scale, [4, 10]);
/// assert_eq(net.forward(tensor::ones([2, 4, 10])).shape, [2, 4, 10]);
/// ```
#[native(namespace = "nn")]
pub fn custom(
    call: &Call,
    /// Name of the layer in summaries and errors.
    name: &str,
    options: CustomOptions,
) -> Result<Layer> {
    let (shown, function) = (name.to_string(), options.forward);
    let custom = Custom {
        name: name.to_string(),
        parameters: options
            .params
            .map(|params| tensors_by(name.to_string(), "params", params)),
        forward: Rc::new(move |parameters: &[(String, Tensor)], x: &Value, mode| {
            custom_output(&shown, &function, parameters, x, mode)
        }),
    };
    layer(call, custom)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![custom,]
}
