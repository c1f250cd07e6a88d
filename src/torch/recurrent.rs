//! Recurrent networks, on torch's own kernels.

use super::tensor::lift;
use super::{Tensor, pairs};
use cistron_base::bail;
use cistron_base::{Result, shape};

/// The parameters of a recurrent layer.
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

/// Runs over `x` `[batch, length, features]` and returns the states of the top layer,
/// `[batch, length, directions·hidden]`.
pub fn run(x: &Tensor, how: &Recurrence, parameters: &[Tensor], training: bool) -> Result<Tensor> {
    if pairs::is_on() {
        return unrolled(x, how, parameters);
    }
    let state = Tensor::full(
        &[how.layers * how.directions(), x.shape()[0], how.hidden],
        0.0,
        x.kind(),
        x.device(),
    )?;
    let weights: Vec<&tch::Tensor> = parameters.iter().map(|p| &p.0).collect();
    let result = if how.is_lstm {
        let start = [&state.0, &state.0];
        lift(
            "lstm",
            &[x],
            x.0.f_lstm(
                &start,
                &weights,
                true,
                how.layers,
                how.dropout,
                training,
                how.bidirectional,
                true,
            ),
        )
        .map(|(all, ..)| all)
    } else {
        lift(
            "gru",
            &[x],
            x.0.f_gru(
                &state.0,
                &weights,
                true,
                how.layers,
                how.dropout,
                training,
                how.bidirectional,
                true,
            ),
        )
        .map(|(all, _)| all)
    };
    result.map(Tensor)
}

/// The same, step by step, of operations that have a rule each for pairs.
fn unrolled(x: &Tensor, how: &Recurrence, parameters: &[Tensor]) -> Result<Tensor> {
    let mut x = x.clone();
    for of_layer in parameters.chunks(4 * how.directions() as usize) {
        let ways = of_layer
            .chunks(4)
            .enumerate()
            .map(|(way, own)| one_way(&x, how, own, way == 1))
            .collect::<Result<Vec<_>>>()?;
        x = Tensor::cat(&ways, 2)?;
    }
    Ok(x)
}

fn one_way(x: &Tensor, how: &Recurrence, parameters: &[Tensor], backwards: bool) -> Result<Tensor> {
    let [batch, length, _] = x.shape()[..] else {
        bail!(
            "shape",
            "a recurrent layer takes [batch, length, channels], got {}",
            shape::text(&x.shape())
        )
    };
    let [of_input, of_state, bias_x, bias_h] = parameters else {
        bail!(
            "shape",
            "a recurrent layer has four parameters a direction, got {}",
            parameters.len()
        )
    };
    let inputs = x.matmul(&of_input.transpose(0, 1)?)?.add(bias_x)?;
    let mut hidden = Tensor::full(&[batch, how.hidden], 0.0, x.kind(), x.device())?;
    let mut cell = hidden.clone();
    let mut states = Vec::with_capacity(length as usize);
    for step in 0..length {
        let own = inputs.select(1, if backwards { length - 1 - step } else { step })?;
        let back = hidden.matmul(&of_state.transpose(0, 1)?)?.add(bias_h)?;
        hidden = if how.is_lstm {
            let gates = own.add(&back)?.chunk(4, 1)?;
            cell = gates[1]
                .sigmoid()?
                .mul(&cell)?
                .add(&gates[0].sigmoid()?.mul(&gates[2].tanh()?)?)?;
            gates[3].sigmoid()?.mul(&cell.tanh()?)?
        } else {
            let (own, back) = (own.chunk(3, 1)?, back.chunk(3, 1)?);
            let (reset, keep) = (
                own[0].add(&back[0])?.sigmoid()?,
                own[1].add(&back[1])?.sigmoid()?,
            );
            let new = own[2].add(&reset.mul(&back[2])?)?.tanh()?;
            new.add(&keep.mul(&hidden.sub(&new)?)?)?
        };
        states.push(hidden.clone());
    }
    if backwards {
        states.reverse();
    }
    Tensor::stack(&states, 1)
}
