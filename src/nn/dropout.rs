//! Dropout of single numbers and of whole channels.

use super::spec::Function;
use super::{Builder, Built, Mode, Shape, Spec};
use crate::base::Result;
use crate::torch::Tensor;

/// Zeroes with a chance while training, and scales the rest.
#[derive(Clone, Debug)]
pub struct Dropout {
    /// The chance.
    pub p: f64,
    /// Whether whole channels go.
    pub channels: bool,
}

impl Spec for Dropout {
    fn text(&self) -> String {
        format!("dropout({}{})", self.p, if self.channels { ", channels" } else { "" })
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        let Dropout { p, channels } = *self;
        let shape = input.one("dropout")?.to_vec();
        Built::one(Function(move |x: &Tensor, mode: Mode| if channels { x.feature_dropout(p, mode.training) } else { x.dropout(p, mode.training) }), shape)
    }
}
