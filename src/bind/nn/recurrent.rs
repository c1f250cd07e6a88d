//! `nn::…`: recurrent layers.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Choice, Native, Options, native, natives_of};
use crate::nn::{Layer, recurrent};
use crate::torch::recurrent::Recurrence;

/// Options of `nn::lstm` and `nn::gru`.
#[derive(Options)]
pub struct RecurrentOptions {
    /// Whether a second pass reads from the end; its outputs are appended to the channels.
    #[option(default = false)]
    bidirectional: bool,
    /// Number of stacked recurrent layers.
    #[option(default = 1, min = 1, max = 64)]
    layers: i64,
    /// Probability that a value between stacked layers is set to 0 during training.
    #[option(default = 0, min = 0, max = 0.99)]
    dropout: f64,
    /// Bias vectors of each gate: "two", which are added, as in PyTorch, or "one", as in Keras.
    #[option(default = "two")]
    biases: Biases,
    /// Output: "all" positions, or the "last" state only, [hidden].
    #[option(default = "all")]
    output: RecurrentOutput,
}

/// The bias vectors of each gate of a recurrent layer.
#[derive(Choice, PartialEq)]
pub enum Biases {
    /// One for the input and one for the state.
    Two,
    /// One for both.
    One,
}

/// The positions that a recurrent layer returns.
#[derive(Choice, PartialEq)]
pub enum RecurrentOutput {
    /// All of them.
    All,
    /// The last state.
    Last,
}

fn recurrent_of(is_lstm: bool, hidden: i64, options: RecurrentOptions) -> recurrent::Recurrent {
    let how = Recurrence {
        is_lstm,
        hidden,
        layers: options.layers,
        dropout: options.dropout,
        bidirectional: options.bidirectional,
    };
    recurrent::Recurrent {
        how,
        last: options.output == RecurrentOutput::Last,
        one_bias: options.biases == Biases::One,
    }
}

/// Returns an LSTM along the length.
///
/// # Shapes
/// `[channels, length]` to `[hidden, length]`, `[2 hidden, length]` if bidirectional
///
/// # Source
/// Hochreiter & Schmidhuber 1997
///
/// ```rhai
/// assert_eq(nn::build(nn::lstm(16, #{ bidirectional: true }), [4, 50]).output_shape, [32, 50]);
/// assert_eq(nn::build(nn::lstm(16, #{ output: "last" }), [4, 50]).output_shape, [16]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [hidden, length], twice the channels if bidirectional"
)]
pub fn lstm(
    call: &Call,
    /// Size of the state.
    #[check(min = 1)]
    hidden: i64,
    options: RecurrentOptions,
) -> Result<Layer> {
    layer(call, recurrent_of(true, hidden, options))
}

/// Returns a GRU along the length.
///
/// # Shapes
/// `[channels, length]` to `[hidden, length]`, `[2 hidden, length]` if bidirectional
///
/// # Source
/// Cho et al. 2014
///
/// ```rhai
/// assert_eq(nn::build(nn::gru(16), [4, 50]).output_shape, [16, 50]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [hidden, length], twice the channels if bidirectional"
)]
pub fn gru(
    call: &Call,
    /// Size of the state.
    #[check(min = 1)]
    hidden: i64,
    options: RecurrentOptions,
) -> Result<Layer> {
    layer(call, recurrent_of(false, hidden, options))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![lstm, gru,]
}
