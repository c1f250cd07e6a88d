//! Recurrent networks, on torch's own kernels.

use super::Tensor;
use super::tensor::lift;
use crate::base::Result;

/// What a recurrent layer is made of.
#[derive(Clone, Debug)]
pub struct Recurrence {
    /// Four gates and two states (LSTM), or three gates and one state (GRU).
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

impl Recurrence {
    /// 1, or 2 where it also reads backwards.
    pub fn directions(&self) -> i64 {
        if self.bidirectional { 2 } else { 1 }
    }
}

/// Runs over `x` `[batch, length, features]` and gives the states of the top layer, `[batch, length, directions·hidden]`.
pub fn run(x: &Tensor, how: &Recurrence, parameters: &[Tensor], training: bool) -> Result<Tensor> {
    let state = Tensor::full(&[how.layers * how.directions(), x.shape()[0], how.hidden], 0.0, x.kind(), x.device())?;
    let weights: Vec<&tch::Tensor> = parameters.iter().map(|p| &p.0).collect();
    let result = if how.is_lstm {
        let start = [&state.0, &state.0];
        lift("lstm", &[x], x.0.f_lstm(&start, &weights, true, how.layers, how.dropout, training, how.bidirectional, true)).map(|(all, ..)| all)
    } else {
        lift("gru", &[x], x.0.f_gru(&state.0, &weights, true, how.layers, how.dropout, training, how.bidirectional, true)).map(|(all, _)| all)
    };
    result.map(Tensor)
}
