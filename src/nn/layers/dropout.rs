//! Dropout of single numbers and of whole channels.

use crate::spec::{Reach, Role};
use crate::{Builder, Built, Mode, Module, Shape, Spec, Value};
use cistron_base::Result;

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

/// Dropout, which a chain may join with what stands before it.
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

    fn role(&self) -> Role<'_> {
        if self.0.channels {
            Role::Other
        } else {
            Role::Dropout(self.0.p)
        }
    }

    fn reach(&self) -> Option<Reach> {
        Some(Reach::POINT)
    }
}
