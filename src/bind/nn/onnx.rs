//! `model.save_onnx`.

use crate::bail;
use crate::base::Result;
use crate::bind::args::path::output_path;
use crate::lang::{Native, native, natives_of};
use crate::nn::{Model, onnx};

/// Writes the network as an ONNX file, for programs such as ONNX Runtime.
///
/// The input is called `input` (or has the names of several inputs) and is [batch, …] for any
/// number of samples; the output is called `output`. Sequences are one-hot, [batch, 4, length].
/// Dropout is left out, weights with a norm or adapters are written as they multiply. Layers
/// without a counterpart, such as functions of scripts, are refused by name.
///
/// ```rhai
/// let layer = nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 50]);
/// net.save_onnx("/tmp/cistron_example.onnx");
/// ```
/// ```rhai,fails
/// let own = nn::custom("twice", #{ forward: |p, x| x * 2.0 });
/// nn::build(nn::chain([["first", own]]), [4]).save_onnx("/tmp/cistron_example.onnx");
/// //~ layer `first` twice() cannot be exported to ONNX
/// ```
#[native(namespace = "model", form = method)]
pub fn save_onnx(
    this: &Model,
    /// Path of the file; it ends with `.onnx`.
    path: &str,
) -> Result<()> {
    if !path.ends_with(".onnx") {
        bail!("value", "`path` must end with .onnx, got \"{path}\"";
            hint: "`net.save` writes safetensors");
    }
    onnx::export(this, &output_path(path)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![save_onnx]
}
