//! Values as scripts and as Rust see them: one conversion for each type.

use crate::base::Result;
use crate::lang::Callback;
use crate::lang::constraint::{Constrained, Constraint};
use crate::lang::options::{MANY, OptKind};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};
use std::any::TypeId;

pub use cistron_lang::value::{article, mismatch, number};

/// A value that a native function takes.
pub trait FromValue: Sized {
    /// The name of the type in messages and help: `tensor`, `number`, `integer`.
    fn kind() -> String;

    /// Reads it; the error starts with what is wrong (`must be …, got …`), the caller names the
    /// parameter.
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self>;

    /// The value where the argument is left out; none where it must be given.
    fn missing() -> Option<Self> {
        None
    }

    /// Reads the default of a parameter or an option.
    fn from_default(mut value: Dynamic, context: &NativeCallContext) -> Result<Self> {
        Self::from_value(&mut value, context)
    }

    /// What an option of the type takes, within a constraint.
    fn option_kind(constraint: &Constraint) -> OptKind {
        OptKind::Other(constraint.of(&Self::kind()).leak())
    }

    /// Whether it is a number with a fraction, for which an integer 0 may be what a division left.
    fn takes_fractions() -> bool {
        false
    }

    /// The type that a method is found by.
    fn receiver() -> TypeId {
        TypeId::of::<Dynamic>()
    }
}

/// A value that a native function returns.
pub trait IntoValue {
    /// The name of its type in messages and help: `tensor`, `number`, `array of strings`.
    fn type_name() -> String;

    /// Converts it to a value of scripts.
    fn into_value(self) -> Dynamic;
}

impl FromValue for Dynamic {
    fn kind() -> String {
        "any value".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        Ok(value.flatten_clone())
    }
}

impl FromValue for f64 {
    fn kind() -> String {
        "number".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        number(value).ok_or_else(|| mismatch("number", value))
    }
    fn option_kind(constraint: &Constraint) -> OptKind {
        OptKind::Number(*constraint)
    }
    fn takes_fractions() -> bool {
        true
    }
    fn receiver() -> TypeId {
        TypeId::of::<f64>()
    }
}

impl FromValue for i64 {
    fn kind() -> String {
        "integer".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        value.as_int().map_err(|_| mismatch("integer", value))
    }
    fn option_kind(constraint: &Constraint) -> OptKind {
        let bound = |bound: Option<f64>, otherwise| bound.map_or(otherwise, |bound| bound as i64);
        OptKind::Int(bound(constraint.min, -MANY), bound(constraint.max, MANY))
    }
    fn receiver() -> TypeId {
        TypeId::of::<i64>()
    }
}

macro_rules! natural {
    ($($type:ty),*) => { $(impl FromValue for $type {
        fn kind() -> String {
            i64::kind()
        }
        fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
            let number = i64::from_value(value, context)?;
            number
                .try_into()
                .map_err(|_| mismatch("integer of at least 0", value))
        }
        fn option_kind(constraint: &Constraint) -> OptKind {
            i64::option_kind(&Constraint { min: constraint.min.or(Some(0.0)), ..*constraint })
        }
    })* };
}
natural!(usize, u64);

impl FromValue for bool {
    fn kind() -> String {
        "boolean".into()
    }
    fn option_kind(_: &Constraint) -> OptKind {
        OptKind::Bool
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        value.as_bool().map_err(|_| mismatch("boolean", value))
    }
}

impl FromValue for String {
    fn kind() -> String {
        "string".into()
    }
    fn option_kind(constraint: &Constraint) -> OptKind {
        match constraint.one_of {
            [] => OptKind::Text,
            words => OptKind::Choice(words),
        }
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        value
            .flatten_clone()
            .into_string()
            .map_err(|_| mismatch("string", value))
    }
}

impl FromValue for Array {
    fn kind() -> String {
        "array".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        value
            .flatten_clone()
            .into_array()
            .map_err(|_| mismatch("array", value))
    }
    fn receiver() -> TypeId {
        TypeId::of::<Array>()
    }
}

impl FromValue for Map {
    fn kind() -> String {
        "map".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        value
            .flatten_clone()
            .try_cast::<Map>()
            .ok_or_else(|| mismatch("map", value))
    }
}

impl FromValue for FnPtr {
    fn kind() -> String {
        "function".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        value
            .flatten_clone()
            .try_cast::<FnPtr>()
            .ok_or_else(|| mismatch("function", value))
    }
    fn receiver() -> TypeId {
        TypeId::of::<FnPtr>()
    }
}

impl FromValue for Vec<i64> {
    fn kind() -> String {
        "array of integers".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let wrong = |value: &Dynamic| mismatch("array of integers", value);
        let items = Array::from_value(value, context).map_err(|_| wrong(value))?;
        items
            .iter()
            .map(|item| item.as_int().map_err(|_| wrong(value)))
            .collect()
    }
}

impl FromValue for Vec<f64> {
    fn kind() -> String {
        "array of numbers".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let wrong = |value: &Dynamic| mismatch("array of numbers", value);
        let items = Array::from_value(value, context).map_err(|_| wrong(value))?;
        items
            .iter()
            .map(|item| number(item).ok_or_else(|| wrong(value)))
            .collect()
    }
}

impl FromValue for [f64; 2] {
    fn kind() -> String {
        "two numbers".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let numbers = Vec::<f64>::from_value(value, context).ok();
        numbers
            .and_then(|numbers| numbers.try_into().ok())
            .ok_or_else(|| mismatch("two numbers", value))
    }
}

impl FromValue for Vec<String> {
    fn kind() -> String {
        "array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let wrong = |value: &Dynamic| mismatch("array of strings", value);
        let items = Array::from_value(value, context).map_err(|_| wrong(value))?;
        items
            .into_iter()
            .map(|item| item.into_string().map_err(|_| wrong(value)))
            .collect()
    }
}

/// One or several integers: `3` or `[3, 3]`.
#[derive(Clone, Debug)]
pub struct Ints(pub Vec<i64>);

impl FromValue for Ints {
    fn kind() -> String {
        "integer or array of them".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Ok(one) = value.as_int() {
            return Ok(Ints(vec![one]));
        }
        Vec::<i64>::from_value(value, context)
            .map(Ints)
            .map_err(|_| mismatch("integer or array of them", value))
    }
}

impl Constrained for Ints {
    fn meets(&self, constraint: &Constraint) -> bool {
        self.0.meets(constraint)
    }
}

impl FromValue for Callback {
    fn kind() -> String {
        "function".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let pointer = FnPtr::from_value(value, context)?;
        Ok(Callback::new(pointer, context))
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn kind() -> String {
        T::kind()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_unit() {
            Ok(None)
        } else {
            T::from_value(value, context).map(Some)
        }
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
    fn option_kind(constraint: &Constraint) -> OptKind {
        T::option_kind(constraint)
    }
    fn takes_fractions() -> bool {
        T::takes_fractions()
    }
}

macro_rules! plain_into {
    ($($type:ty: $name:literal),*) => { $(impl IntoValue for $type {
        fn type_name() -> String {
            $name.into()
        }
        fn into_value(self) -> Dynamic {
            self.into()
        }
    })* };
}
plain_into!(
    i64: "integer",
    f64: "number",
    bool: "boolean",
    Map: "map",
    String: "string",
    ImmutableString: "string"
);

impl IntoValue for Dynamic {
    fn type_name() -> String {
        "any value".into()
    }
    fn into_value(self) -> Dynamic {
        self
    }
}

impl IntoValue for () {
    fn type_name() -> String {
        "unit".into()
    }
    fn into_value(self) -> Dynamic {
        Dynamic::UNIT
    }
}

impl IntoValue for FnPtr {
    fn type_name() -> String {
        "function".into()
    }
    fn into_value(self) -> Dynamic {
        Dynamic::from(self)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn type_name() -> String {
        format!("{} or unit", T::type_name())
    }
    fn into_value(self) -> Dynamic {
        self.map_or(Dynamic::UNIT, IntoValue::into_value)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn type_name() -> String {
        match T::type_name().as_str() {
            "any value" => "array".into(),
            item => match item.split_once(" of ") {
                Some((noun, rest)) => format!("array of {} of {rest}", plural(noun)),
                None => format!("array of {}", plural(item)),
            },
        }
    }
    fn into_value(self) -> Dynamic {
        array(self).into()
    }
}

/// `tensors`, `motifs`.
fn plural(noun: &str) -> String {
    match noun.ends_with('s') {
        true => noun.to_string(),
        false => format!("{noun}s"),
    }
}

/// An array of values.
pub fn array<T: IntoValue>(items: impl IntoIterator<Item = T>) -> Array {
    items.into_iter().map(IntoValue::into_value).collect()
}

/// Declares a Rust type as a script type: its name, and how it is printed in one line.
#[macro_export]
macro_rules! handle {
    ($type:ty, $name:literal) => {
        impl $crate::lang::FromValue for $type {
            fn kind() -> String {
                $name.into()
            }
            fn from_value(
                value: &mut $crate::convert::Dynamic,
                _: &$crate::convert::NativeCallContext,
            ) -> $crate::base::Result<Self> {
                let read = value.read_lock::<$type>().map(|guard| guard.clone());
                read.ok_or_else(|| $crate::lang::value::mismatch($name, value))
            }
            fn receiver() -> std::any::TypeId {
                std::any::TypeId::of::<$type>()
            }
        }
        impl $crate::lang::IntoValue for $type {
            fn type_name() -> String {
                $name.into()
            }
            fn into_value(self) -> $crate::convert::Dynamic {
                $crate::convert::Dynamic::from(self)
            }
        }
    };
}
