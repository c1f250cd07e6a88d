//! Conversion between values of scripts and Rust, and reading of arguments and options: what the
//! attributes of `cistron-macros` generate calls of.
//!
//! [`FromValue`] and [`IntoValue`] are here and not in `cistron-lang`, because only the crate of a
//! trait can implement it for types of other crates, such as the layers of `cistron-nn`.

mod arguments;
mod choice;
mod options;
#[cfg(test)]
mod tests;
pub mod value;

pub use arguments::{Outcome, argument, argument_or, constrained, options_of, stands_in};
pub use choice::{Choice, choose, choose_or, kind_of_choice};
pub use options::{FromOptions, Given, constrained_option, literal, option, option_or};
pub use value::{FromValue, IntoValue};

// what generated code names
pub use cistron_base::Result;
pub use cistron_lang::constraint::Constraint;
pub use cistron_lang::{Call, Form, Native, Opt, OptKind, Options, Param, session::abridges};
pub use rhai::{Array, Dynamic, NativeCallContext};
