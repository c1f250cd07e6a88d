//! `nn::…`: recurrent layers.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Choice, Native, Options, native, natives_of};
use crate::nn::layers::recurrent_steps::{Gate, Variant};
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
    /// Activation of gates: "sigmoid", "hard_sigmoid" (0.2 x + 0.5 from 0 to 1, that of Keras
    /// before version 3) or "hard_sigmoid_sixth" (x / 6 + 0.5, that of PyTorch and Keras 3).
    #[option(default = "sigmoid")]
    gate: GateName,
    /// Probability that a value of the preceding state is set to 0 during training where it is
    /// multiplied with the recurrent weights: one mask for each sequence, the same at all positions
    /// and for all gates. The state that an LSTM's cell or a GRU keeps is not affected. (`dropout`
    /// of Keras, on the inputs, is `nn::dropout(p, #{ channels: true })` in front of the layer.)
    #[option(default = 0, min = 0, max = 0.99)]
    recurrent_dropout: f64,
    /// Whether the reset gate of a GRU is applied after the product of state and weights, as in
    /// PyTorch; before it, as in Keras' `reset_after=False`, there is one bias, `bias_l0`.
    #[option(default = true)]
    reset_after: bool,
    /// Whether the bias of an LSTM's forget gate starts at 1; true unless given with `init:
    /// "keras"`.
    unit_forget_bias: Option<bool>,
    /// Initial weights: "torch" (uniform), or "keras" (Glorot's uniform, recurrent weights
    /// orthogonal, biases 0).
    #[option(default = "torch")]
    init: RecurrentInit,
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

/// The activations of gates.
#[derive(Choice)]
pub enum GateName {
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// 0.2 x + 0.5.
    HardSigmoid,
    /// x / 6 + 0.5.
    HardSigmoidSixth,
}

impl From<GateName> for Gate {
    fn from(name: GateName) -> Gate {
        match name {
            GateName::Sigmoid => Gate::Sigmoid,
            GateName::HardSigmoid => Gate::HardSigmoid,
            GateName::HardSigmoidSixth => Gate::HardSigmoidSixth,
        }
    }
}

/// The initial weights of a recurrent layer.
#[derive(Choice, PartialEq)]
pub enum RecurrentInit {
    /// Those of PyTorch.
    Torch,
    /// Those of Keras.
    Keras,
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
    let keras_init = options.init == RecurrentInit::Keras;
    recurrent::Recurrent {
        variant: Variant {
            gate: options.gate.into(),
            recurrent_dropout: options.recurrent_dropout,
            reset_after: options.reset_after,
            unit_forget_bias: options.unit_forget_bias.unwrap_or(keras_init && is_lstm),
            keras_init,
        },
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
/// let as_keras = #{ reset_after: false, gate: "hard_sigmoid", init: "keras" };
/// assert_eq(nn::build(nn::gru(16, as_keras), [4, 50])["bias_l0"].shape, [48]);
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
