//! Dropout of single numbers and of whole channels.

use crate::fuse::pattern::LayerPattern;
use crate::spec::LocalWindow;
use crate::{Builder, Built, Mode, Module, Shape, Spec, Value};
use cistron_base::Result;

/// Zeroes with a probability in training, and scales the rest.
#[derive(Clone, Debug)]
pub struct Dropout {
    /// The probability.
    pub p: f64,
    /// Whether whole channels are zeroed.
    pub channels: bool,
}

impl Spec for Dropout {
    fn text(&self) -> String {
        format!(
            "dropout({}{})",
            self.p,
            if self.channels { ", channels" } else { "" }
        )
    }

    fn varies(&self) -> bool {
        true
    }

    fn in_training(&self) -> Option<&'static str> {
        (self.p > 0.0).then_some("dropout")
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        Built::one(Dropping(self.clone()), input.one("dropout")?.to_vec())
    }
}

/// Dropout, which passes may join with the layer before it.
struct Dropping(Dropout);

impl Module for Dropping {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let (x, p) = (x.one()?, self.0.p);
        if self.0.channels {
            x.feature_dropout(p, mode.training)
        } else {
            x.dropout(p, mode.training)
        }
        .map(Value::One)
    }

    fn pattern(&self) -> LayerPattern<'_> {
        if self.0.channels {
            LayerPattern::Other
        } else {
            LayerPattern::Dropout(self.0.p)
        }
    }

    fn local_window(&self) -> Option<LocalWindow> {
        Some(LocalWindow::POINT)
    }
}
