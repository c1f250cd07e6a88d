//! LSTM and GRU with the options of Keras, computed step by step.

use crate::weight::Weight;
use crate::{Init, Mode, Module, Value};
use cistron_base::Result;
use cistron_torch::Tensor;
use cistron_torch::recurrent::Recurrence;

/// The activation of gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// 0.2 x + 0.5, from 0 to 1: that of Keras before version 3.
    HardSigmoid,
    /// x / 6 + 0.5, from 0 to 1: that of PyTorch and of Keras 3.
    HardSigmoidSixth,
}

impl Gate {
    /// Slope and offset where it is piecewise linear.
    pub fn line(self) -> Option<(f64, f64)> {
        match self {
            Gate::Sigmoid => None,
            Gate::HardSigmoid => Some((0.2, 0.5)),
            Gate::HardSigmoidSixth => Some((1.0 / 6.0, 0.5)),
        }
    }

    fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self.line() {
            None => x.sigmoid(),
            Some((slope, offset)) => x.mul_number(slope)?.add_number(offset)?.clamp(0.0, 1.0),
        }
    }
}

/// What differs from PyTorch's layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variant {
    /// The activation of gates.
    pub gate: Gate,
    /// Chance of a zero in the state that is multiplied with the recurrent weights, during
    /// training: one mask for each sequence, for all gates and positions (Gal & Ghahramani 2016).
    pub recurrent_dropout: f64,
    /// Whether the reset gate of a GRU multiplies the product of state and weights (PyTorch),
    /// else the state (Cho et al. 2014).
    pub reset_after: bool,
    /// Whether the bias of the forget gate starts at 1.
    pub unit_forget_bias: bool,
    /// Whether weights start as in Keras: Glorot's uniform, orthogonal, zeros.
    pub keras_init: bool,
}

impl Default for Variant {
    fn default() -> Variant {
        Variant {
            gate: Gate::Sigmoid,
            recurrent_dropout: 0.0,
            reset_after: true,
            unit_forget_bias: false,
            keras_init: false,
        }
    }
}

impl Variant {
    /// Whether passes compute what PyTorch's layers do.
    pub fn is_plain(&self) -> bool {
        self.gate == Gate::Sigmoid && self.recurrent_dropout == 0.0 && self.reset_after
    }

    /// How a parameter is initialised.
    pub fn init(&self, part: &str, hidden: i64) -> Init {
        match (self.keras_init, part) {
            (false, _) => Init::Uniform(1.0 / (hidden as f64).sqrt()),
            (true, "weight_ih") => Init::XavierUniform,
            (true, "weight_hh") => Init::Orthogonal,
            (true, _) => Init::Constant(0.0),
        }
    }

    /// First values of a bias of an LSTM, with those of the forget gate replaced: the two biases
    /// of a gate add up to 1.
    pub fn unit_forget(part: &str, start: &Tensor) -> Result<Tensor> {
        let forget = if part == "bias_ih" { 1.0 } else { 0.0 };
        let gates = start.chunk(4, 0)?;
        let unit = Tensor::full(&gates[1].shape(), forget, start.kind(), start.device())?;
        let parts = [&gates[0], &unit, &gates[2], &gates[3]];
        Tensor::cat(&parts.map(Tensor::clone), 0)
    }
}

/// A recurrent layer with its parameters.
pub struct Stepped {
    /// Its kind and sizes.
    pub how: Recurrence,
    /// Its parameters, in PyTorch's order.
    pub parameters: Vec<Weight>,
    /// What differs from PyTorch's layers.
    pub variant: Variant,
    /// Whether only the last state of each direction is returned.
    pub is_last: bool,
}

impl Stepped {
    /// The states `[batch, length, hidden]` of one direction, in the order of positions.
    fn one_way(&self, x: &Tensor, own: &[Tensor], backwards: bool, mode: Mode) -> Result<Tensor> {
        let (batch, length) = (x.shape()[0], x.shape()[1]);
        let hidden_size = self.how.hidden;
        let zeros = Tensor::full(&[batch, hidden_size], 0.0, x.kind(), x.device())?;
        let mask = match self.variant.recurrent_dropout {
            p if mode.training && p > 0.0 => Some(zeros.ones_like()?.dropout(p, true)?),
            _ => None,
        };
        let inputs = x.matmul(&own[0].transpose(0, 1)?)?.add(&own[2])?;
        let recurrent = own[1].transpose(0, 1)?;
        let (mut hidden, mut cell) = (zeros.clone(), zeros);
        let mut states = Vec::with_capacity(length as usize);
        for step in 0..length {
            let position = if backwards { length - 1 - step } else { step };
            let of_input = inputs.select(1, position)?;
            let masked = match &mask {
                Some(mask) => hidden.mul(mask)?,
                None => hidden.clone(),
            };
            if self.how.is_lstm {
                let gates = of_input.add(&masked.matmul(&recurrent)?)?.add(&own[3])?;
                (hidden, cell) = self.lstm(&gates, &cell)?;
            } else {
                hidden = self.gru(&of_input, &hidden, &masked, &recurrent, &own[3])?;
            }
            states.push(hidden.clone());
        }
        if backwards {
            states.reverse();
        }
        Tensor::stack(&states, 1)
    }

    fn lstm(&self, gates: &Tensor, cell: &Tensor) -> Result<(Tensor, Tensor)> {
        let gate = self.variant.gate;
        let gates = gates.chunk(4, 1)?;
        let new = gate.apply(&gates[0])?.mul(&gates[2].tanh()?)?;
        let cell = gate.apply(&gates[1])?.mul(cell)?.add(&new)?;
        Ok((gate.apply(&gates[3])?.mul(&cell.tanh()?)?, cell))
    }

    fn gru(
        &self,
        of_input: &Tensor,
        hidden: &Tensor,
        masked: &Tensor,
        recurrent: &Tensor,
        bias: &Tensor,
    ) -> Result<Tensor> {
        let (gate, size) = (self.variant.gate, self.how.hidden);
        let inputs = of_input.chunk(3, 1)?;
        let first = recurrent.narrow(1, 0, 2 * size)?;
        let gates = masked.matmul(&first)?.add(&bias.narrow(0, 0, 2 * size)?)?;
        let gates = gates.chunk(2, 1)?;
        let reset = gate.apply(&inputs[0].add(&gates[0])?)?;
        let keep = gate.apply(&inputs[1].add(&gates[1])?)?;
        let (last, last_bias) = (
            recurrent.narrow(1, 2 * size, size)?,
            bias.narrow(0, 2 * size, size)?,
        );
        let product = if self.variant.reset_after {
            reset.mul(&masked.matmul(&last)?.add(&last_bias)?)?
        } else {
            reset.mul(masked)?.matmul(&last)?.add(&last_bias)?
        };
        let new = inputs[2].add(&product)?.tanh()?;
        // the state that is kept is not masked
        new.add(&keep.mul(&hidden.sub(&new)?)?)
    }
}

impl Module for Stepped {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let parameters = self
            .parameters
            .iter()
            .map(|own| own.current(mode.training))
            .collect::<Result<Vec<_>>>()?;
        let mut x = x.one()?.transpose(1, 2)?; // [batch, length, channels]
        let directions = self.how.directions() as usize;
        for (layer, own) in parameters.chunks(4 * directions).enumerate() {
            if layer > 0 && self.how.dropout > 0.0 {
                x = x
                    .transpose(1, 2)?
                    .dropout(self.how.dropout, mode.training)?
                    .transpose(1, 2)?;
            }
            let ways = own
                .chunks(4)
                .enumerate()
                .map(|(way, own)| self.one_way(&x, own, way == 1, mode))
                .collect::<Result<Vec<_>>>()?;
            x = Tensor::cat(&ways, 2)?;
        }
        if !self.is_last {
            return x.transpose(1, 2).map(Value::One);
        }
        let (length, hidden) = (x.shape()[1], self.how.hidden);
        let ends = [length - 1, 0];
        let parts = (0..directions)
            .map(|way| {
                x.select(1, ends[way])?
                    .narrow(1, way as i64 * hidden, hidden)
            })
            .collect::<Result<Vec<_>>>()?;
        Tensor::cat(&parts, 1).map(Value::One)
    }
}
