//! Enums whose variants scripts write as strings.

use crate::base::Result;
use crate::fault;
use crate::lang::constraint::{not_one_of, one_of};
use crate::lang::session::describe;
use rhai::Dynamic;

/// An enum whose variants scripts write as strings; `#[derive(Choice)]` implements it.
pub trait Choice: Sized {
    /// The words, in the order of the variants.
    const NAMES: &'static [&'static str];

    /// The word of a variant.
    fn as_str(&self) -> &'static str;

    /// The variant of a word.
    fn from_name(name: &str) -> Option<Self>;
}

/// What a choice accepts: `one of "min", "max"`.
pub fn kind_of_choice<T: Choice>() -> String {
    one_of(T::NAMES)
}

/// The variant that a script's string names.
pub fn choose<T: Choice>(value: &Dynamic) -> Result<T> {
    let word = value.clone().into_string().ok();
    word.as_deref()
        .and_then(T::from_name)
        .ok_or_else(|| not_one_of(T::NAMES, value))
}

/// The variant that a script's string names, for an option that also accepts other types; `wanted`
/// lists all that it accepts.
pub fn choose_or<T: Choice>(value: &Dynamic, wanted: &str) -> Result<T> {
    choose(value).map_err(|fault| {
        let mut changed = fault!("option", "must be {wanted}, got {}", describe(value));
        changed.hint.clone_from(&fault.hint);
        changed
    })
}
