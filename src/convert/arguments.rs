//! Arguments and results of native functions: `#[native]` generates calls of these functions.

use super::{Call, Form, FromOptions, FromValue, IntoValue};
use crate::base::{Fault, Result};
use crate::fault;
use crate::lang::constraint::{Constrained, Constraint, not_one_of};
use crate::lang::value::mismatch;
use crate::lang::{Options, division, session};
use rhai::Dynamic;

/// What a native function returns: a value, or a value or a fault.
pub trait Outcome {
    /// What a script writer calls the type of the value.
    fn type_name() -> String;

    /// The script's value.
    fn into_outcome(self) -> Result<Dynamic>;
}

impl<T: IntoValue> Outcome for T {
    fn type_name() -> String {
        T::type_name()
    }
    fn into_outcome(self) -> Result<Dynamic> {
        Ok(self.into_value())
    }
}

impl<T: IntoValue> Outcome for Result<T> {
    fn type_name() -> String {
        T::type_name()
    }
    fn into_outcome(self) -> Result<Dynamic> {
        self.map(IntoValue::into_value)
    }
}

/// The name of the parameter at `index`.
fn name_of(call: &Call, index: usize) -> &'static str {
    call.native.params.get(index).map_or("", |param| param.name)
}

/// The argument at `index`; faults name the parameter.
pub fn argument<T: FromValue>(
    call: &Call,
    arguments: &mut [&mut Dynamic],
    index: usize,
) -> Result<T> {
    let name = name_of(call, index);
    let Some(value) = arguments.get_mut(index) else {
        return T::missing().ok_or_else(|| fault!("value", "`{name}` is missing"));
    };
    if value.as_int().is_ok_and(|n| n == 0) && T::takes_fractions() {
        let position = index.saturating_sub(usize::from(call.native.form == Form::Method));
        if let Some(fault) = division::of_argument(call.native.name, name, position, &call.place())
        {
            return Err(fault);
        }
    }
    T::from_value(value, call.context).map_err(|mut fault| {
        if fault.kind == "type" || fault.message.starts_with("must ") {
            fault.message = format!("`{name}` {}", fault.message);
        }
        fault
    })
}

/// The argument at `index`, or a default where it is left out or `()`.
pub fn argument_or<T: FromValue>(
    call: &Call,
    arguments: &mut [&mut Dynamic],
    index: usize,
    default: impl FnOnce() -> Dynamic,
) -> Result<T> {
    match arguments.get(index) {
        Some(value) if !value.is_unit() => argument(call, arguments, index),
        _ => T::from_default(default(), call.context),
    }
}

/// The value of an argument, where it meets the constraint of its parameter.
pub fn constrained<T: FromValue + Constrained>(
    call: &Call,
    arguments: &mut [&mut Dynamic],
    index: usize,
    value: T,
) -> Result<T> {
    let constraint = call
        .native
        .params
        .get(index)
        .map_or(Constraint::ANY, |param| param.constraint);
    if value.meets(&constraint) {
        return Ok(value);
    }
    let got = arguments
        .get(index)
        .map_or(Dynamic::UNIT, |got| (**got).clone());
    let mut fault = match constraint.one_of {
        [] => mismatch(&constraint.of(&T::kind()), &got),
        words => not_one_of(words, &got),
    };
    fault.kind = "value";
    fault.message = format!("`{}` {}", name_of(call, index), fault.message);
    Err(fault)
}

/// The options at `index`, as a struct.
pub fn options_of<T: FromOptions>(
    call: &Call,
    arguments: &mut [&mut Dynamic],
    index: usize,
) -> Result<T> {
    let table = T::table();
    let map = match arguments.get_mut(index) {
        Some(value) => rhai::Map::from_value(value, call.context).map_err(|_| {
            fault!(
                "type",
                "options are a map such as `#{{ {}: … }}`, got {}",
                table.first().map_or("name", |option| option.name),
                session::describe(value)
            )
        })?,
        None => rhai::Map::new(),
    };
    let options = Options::new(&call.native.qualified(), table, map, call.context)?;
    T::from_options(&options)
}

/// Whether a fault is of a missing file for which a dry run uses a stand-in; the session is then
/// marked as one that contains stand-ins.
pub fn stands_in(fault: &Fault) -> bool {
    let stands_in = fault.kind == "file" && session::is_dry();
    if stands_in {
        session::guess();
    }
    stands_in
}
