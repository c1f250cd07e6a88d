//! Recurrent networks, on torch's own kernels.

use super::Tensor;
use super::tensor::lift;
use crate::base::Result;

/// What a recurrent layer is made of.
#[derive(Clone, Debug)]
pub struct Recurrence {
    /// Three gates and one state (GRU), or four gates and two states (LSTM).
    pub is_lstm: bool,
    /// Size of the state.
    pub hidden: i64,
    /// Layers on top of each other.
    pub layers: i64,
    /// Chance of a zero between layers.
    pub dropout: f64,
    /// Whether it also reads backwards.
    pub bidirectional: bool,
}

/// Runs over `x` `[batch, length, features]`: all outputs `[batch, length, directions·hidden]` and the last state `[layers·directions, batch, hidden]`.
pub fn run(x: &Tensor, how: &Recurrence, parameters: &[Tensor], training: bool) -> Result<(Tensor, Tensor)> {
    let directions = if how.bidirectional { 2 } else { 1 };
    let kind = x.kind();
    let state = Tensor::full(&[how.layers * directions, x.shape()[0], how.hidden], 0.0, kind, x.device())?;
    let weights: Vec<&tch::Tensor> = parameters.iter().map(|p| &p.0).collect();
    let name = if how.is_lstm { "lstm" } else { "gru" };
    if how.is_lstm {
        let start = [&state.0, &state.0];
        let result = x.0.f_lstm(&start, &weights, true, how.layers, how.dropout, training, how.bidirectional, true);
        lift(name, &[x], result).map(|(all, last, _)| (Tensor(all), Tensor(last)))
    } else {
        let result = x.0.f_gru(&state.0, &weights, true, how.layers, how.dropout, training, how.bidirectional, true);
        lift(name, &[x], result).map(|(all, last)| (Tensor(all), Tensor(last)))
    }
}
