//! LSTM and GRU along the length.

use super::spec::Function;
use super::{Builder, Built, Init, Mode, Shape, Spec};
use crate::bail;
use crate::base::{Result, shape};
use crate::torch::recurrent::{Recurrence, run};
use crate::torch::{Kind, Tensor};

/// A recurrent layer: `[channels, length]` to `[directions·hidden, length]`, or to the last state.
pub struct Recurrent {
    /// What it is made of.
    pub how: Recurrence,
    /// Whether only the last state comes out, `[directions·hidden]`.
    pub last: bool,
    /// Whether gates have one bias (as in Keras) instead of PyTorch's two that add up.
    pub one_bias: bool,
}

impl Spec for Recurrent {
    fn text(&self) -> String {
        let name = if self.how.is_lstm { "lstm" } else { "gru" };
        format!(
            "{name}({}{}{})",
            self.how.hidden,
            if self.how.bidirectional { ", both ways" } else { "" },
            if self.how.layers > 1 { format!(", {} layers", self.how.layers) } else { String::new() }
        )
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let name = if self.how.is_lstm { "lstm" } else { "gru" };
        let input = input.one(name)?;
        let [channels, length] = input else {
            bail!("shape", "{name} takes [channels, length], the input is {}", shape::text(input); hint: "a layer before it has removed the length");
        };
        let how = self.how.clone();
        let gates = if how.is_lstm { 4 } else { 3 };
        let directions = if how.bidirectional { 2 } else { 1 };
        let init = Init::Uniform(1.0 / (how.hidden as f64).sqrt());
        let mut parameters = Vec::new();
        for layer in 0..how.layers {
            let into = if layer == 0 { *channels } else { how.hidden * directions };
            for direction in 0..directions {
                let end = format!("l{layer}{}", if direction == 1 { "_reverse" } else { "" });
                for (part, shape) in [
                    ("weight_ih", vec![gates * how.hidden, into]),
                    ("weight_hh", vec![gates * how.hidden, how.hidden]),
                    ("bias_ih", vec![gates * how.hidden]),
                    ("bias_hh", vec![gates * how.hidden]),
                ] {
                    parameters.push(if part == "bias_hh" && self.one_bias {
                        Tensor::full(&shape, 0.0, Kind::Float, builder.device())?
                    } else {
                        builder.parameter(&format!("{part}_{end}"), &shape, &init)?
                    });
                }
            }
        }
        builder.see_all();
        let width = how.hidden * directions;
        let last = self.last;
        let module = Function(move |x: &Tensor, mode: Mode| {
            let (all, state) = run(&x.transpose(1, 2)?, &how, &parameters, mode.training)?;
            if !last {
                return all.transpose(1, 2);
            }
            let top = how.layers * directions - directions;
            let parts = (top..top + directions).map(|d| state.select(0, d)).collect::<Result<Vec<_>>>()?;
            Tensor::cat(&parts, 1)
        });
        Built::one(module, if last { vec![width] } else { vec![width, *length] })
    }
}
