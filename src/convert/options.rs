//! Options as structs: `#[derive(Options)]` generates calls of these functions.

use super::{FromValue, Opt};
use crate::base::Result;
use crate::lang::constraint::{Constrained, Constraint};
use crate::lang::{OptKind, Options, show};
use rhai::{Dynamic, NativeCallContext};
use std::ops::Deref;

/// A struct whose fields are the options of a function; `#[derive(Options)]` implements it.
pub trait FromOptions: Sized {
    /// The keys, their kinds and defaults.
    fn table() -> &'static [Opt];

    /// Reads the fields from checked options.
    fn from_options(options: &Options) -> Result<Self>;
}

/// An option with a default, and whether the script set it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given<T> {
    /// The script's value, or the default.
    pub value: T,
    /// Whether it is the script's value.
    pub is_given: bool,
}

impl<T> Deref for Given<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: FromValue> FromValue for Given<T> {
    fn kind() -> String {
        T::kind()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        T::from_value(value, context).map(|value| Given {
            value,
            is_given: true,
        })
    }
    fn from_default(value: Dynamic, context: &NativeCallContext) -> Result<Self> {
        T::from_default(value, context).map(|value| Given {
            value,
            is_given: false,
        })
    }
    fn option_kind(constraint: &Constraint) -> OptKind {
        T::option_kind(constraint)
    }
    fn takes_fractions() -> bool {
        T::takes_fractions()
    }
}

impl<T: Constrained> Constrained for Given<T> {
    fn meets(&self, constraint: &Constraint) -> bool {
        self.value.meets(constraint)
    }
}

/// A default that is a constant, as a script writes it.
pub fn literal(value: &Dynamic) -> &'static str {
    show::quoted(value).leak()
}

/// The value of an option, which is required unless its type has a value for a missing one.
pub fn option<T: FromValue>(options: &Options, name: &str) -> Result<T> {
    match options.read(name, T::from_value)? {
        Some(value) => Ok(value),
        None => T::missing().ok_or_else(|| options.is_missing(name)),
    }
}

/// The value of an option, or its default.
pub fn option_or<T: FromValue>(
    options: &Options,
    name: &str,
    default: impl FnOnce() -> Dynamic,
) -> Result<T> {
    match options.read(name, T::from_value)? {
        Some(value) => Ok(value),
        None => T::from_default(default(), options.context()),
    }
}

/// The value of an option, where it meets a constraint.
pub fn constrained_option<T: Constrained>(
    options: &Options,
    name: &str,
    value: T,
    constraint: &Constraint,
) -> Result<T> {
    if value.meets(constraint) {
        return Ok(value);
    }
    Err(options.is_outside(name))
}
