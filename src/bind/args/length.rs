//! Lengths of time in a training.

use crate::bail;
use crate::base::Result;
use crate::lang::{FromValue, session};
use crate::optim::schedule::Span;
use rhai::{Dynamic, NativeCallContext};

/// Epochs (an integer) or a fraction of the run (a number below 1).
pub struct Length(pub Span);

/// The length of time that a value states.
pub fn length(value: &Dynamic) -> Result<Span> {
    match (value.as_int(), value.as_float()) {
        (Ok(n), _) if n >= 1 => Ok(Span::Epochs(n as f64)),
        (_, Ok(x)) if x > 0.0 && x <= 1.0 => Ok(Span::Share(x)),
        _ => bail!(
            "type",
            "must be an integer of epochs or a share of the run from 0 to 1, got {}",
            session::describe(value)
        ),
    }
}

impl FromValue for Length {
    fn kind() -> String {
        "integer of epochs or share of the run".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        length(value).map(Length)
    }
}
