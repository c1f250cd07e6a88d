//! Which checkpoints a training stores.

use crate::base::Result;
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, session};
use crate::train::settings::Every;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::time::Duration;

/// Checkpoints in a word.
#[derive(Choice, Clone, Copy, PartialEq)]
enum CheckpointName {
    /// None.
    None,
    /// That of the best epoch.
    Best,
    /// That of the last epoch.
    Last,
    /// Those of the best and of the last epoch.
    Both,
}

/// Which checkpoints a training stores: a word, or a map of `best`, `last` and `every`.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Whether the best parameters are stored.
    pub best: bool,
    /// The values of which each has its best parameters stored.
    pub best_by: Vec<String>,
    /// Whether the state after each epoch is stored.
    pub last: bool,
    /// How often the state is stored within epochs.
    pub every: Option<Every>,
}

impl FromValue for Stored {
    fn kind() -> String {
        "one of \"none\", \"best\", \"last\", \"both\", or a map of best, last, every".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = value.read_lock::<Map>().map(|map| map.clone());
        if let Some(map) = map {
            return stored_of(&map);
        }
        if !value.is_string() {
            return Err(mismatch(&Self::kind(), value));
        }
        let name = CheckpointName::from_value(value, context)?;
        Ok(Stored {
            best: matches!(name, CheckpointName::Best | CheckpointName::Both),
            last: matches!(name, CheckpointName::Last | CheckpointName::Both),
            ..Stored::default()
        })
    }
}

fn stored_of(map: &Map) -> Result<Stored> {
    const KEYS: [&str; 3] = ["best", "last", "every"];
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let hint = match crate::base::near::nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "it takes best, last and every".into(),
        };
        return Err(fault!("option", "must have no key `{key}`").hint(hint));
    }
    let best = map.get("best").cloned().unwrap_or(false.into());
    let best_by = match &best {
        value if value.is_bool() => Vec::new(),
        value if value.is_string() => vec![value.clone().into_string().unwrap_or_default()],
        value => names_of(value)?,
    };
    let last = map.get("last").cloned().unwrap_or(false.into());
    let last = last.as_bool().map_err(|_| {
        let got = session::describe(&last);
        fault!("option", "must have a boolean under `last`, got {got}")
    })?;
    Ok(Stored {
        best: best.as_bool().unwrap_or(!best_by.is_empty()),
        best_by,
        last,
        every: map.get("every").map(every_of).transpose()?,
    })
}

/// The names under `best`.
fn names_of(value: &Dynamic) -> Result<Vec<String>> {
    let wrong = || {
        let got = session::describe(value);
        fault!("option", "must have a boolean or names of values under `best`, got {got}";
            hint: "best: [\"valid.auroc\", \"valid.loss\"]")
    };
    let items = value.clone().into_array().map_err(|_| wrong())?;
    let name = |item: Dynamic| item.into_string().map_err(|_| wrong());
    let mut names = Vec::new();
    for item in items {
        let name = name(item)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// An interval such as "500 steps" or "10 min".
fn every_of(value: &Dynamic) -> Result<Every> {
    let wrong = || {
        let got = session::describe(value);
        fault!("option", "must have a number with a unit under `every`, got {got}";
            hint: "every: \"500 steps\", or \"10 min\"; units are steps, s, min and h")
    };
    let text = value.clone().into_string().map_err(|_| wrong())?;
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.'));
    let (number, unit) = text.split_at(split.unwrap_or(text.len()));
    let number: f64 = number.parse().map_err(|_| wrong())?;
    if number <= 0.0 {
        bail!(
            "option",
            "must have a positive number under `every`, got \"{text}\""
        )
    }
    let seconds = match unit.trim() {
        "step" | "steps" if number.fract() == 0.0 => return Ok(Every::Steps(number as usize)),
        "s" | "second" | "seconds" => number,
        "min" | "minute" | "minutes" => number * 60.0,
        "h" | "hour" | "hours" => number * 3600.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds)
        .map(Every::Time)
        .map_err(|_| wrong())
}
