//! Averages of parameters over a training.

use crate::base::Result;
use crate::fault;
use crate::lang::{Choice, FromValue, session};
use crate::optim::schedule::Span;
use crate::train::average::{AverageSettings, Weighting};
use rhai::{Dynamic, NativeCallContext};

/// The decay of an exponential average unless given.
pub const DECAY: f64 = 0.999;

/// The names of averages.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum AverageName {
    /// Exponential moving average over updates.
    Ema,
    /// Stochastic weight averaging: the mean over the ends of epochs.
    Swa,
}

impl AverageName {
    /// The settings of the average.
    pub fn settings(self) -> AverageSettings {
        match self {
            AverageName::Ema => AverageSettings {
                weighting: Weighting::Exponential { decay: DECAY },
                start: None,
                every: 1,
                has_own_statistics: false,
            },
            AverageName::Swa => AverageSettings {
                weighting: Weighting::Equal,
                start: Some(Span::Share(0.75)),
                every: 1,
                has_own_statistics: true,
            },
        }
    }
}

/// An average, or its name.
pub struct AverageArgument(pub AverageSettings);

impl FromValue for AverageArgument {
    fn kind() -> String {
        "\"ema\", \"swa\" or train::average(…)".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_string() {
            let name = AverageName::from_value(value, context)?;
            return Ok(AverageArgument(name.settings()));
        }
        let average = value.read_lock::<AverageSettings>().map(|own| own.clone());
        average.map(AverageArgument).ok_or_else(|| {
            fault!(
                "option",
                "must be \"ema\", \"swa\" or train::average(…), got {}",
                session::describe(value)
            )
        })
    }
}
