//! Numbers by name, and columns of numbers.

use crate::base::{Fault, Result};
use crate::bind::args::tensor::tensor_of;
use crate::fault;
use crate::lang::session;
use rhai::{Dynamic, Identifier, Map};
use std::cmp::Ordering;

/// Numbers as a map by name.
pub fn number_map<N: Into<Identifier>>(values: impl IntoIterator<Item = (N, f64)>) -> Map {
    values
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// The numbers of an array or a tensor; `name` is for messages.
pub fn column(name: &str, value: &Dynamic) -> Result<Vec<f64>> {
    let numbers = tensor_of(value).and_then(|t| t.to_f64());
    numbers.map_err(|_| {
        fault!(
            "type",
            "`{name}` must hold numbers, got {}",
            session::describe(value)
        )
    })
}

/// A number of an array: an integer or a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// The number as a float.
    pub fn float(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Float(x) => x,
        }
    }

    /// Whether the number is NaN.
    pub fn is_nan(self) -> bool {
        matches!(self, Number::Float(x) if x.is_nan())
    }

    /// The order of two numbers that are not NaN.
    pub fn order(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(&b),
            // -0.0 equals 0.0; callers test for NaN first
            (a, b) => a.float().partial_cmp(&b.float()).unwrap_or(Ordering::Equal),
        }
    }

    /// The number as a value of a script.
    pub fn value(self) -> Dynamic {
        match self {
            Number::Int(n) => n.into(),
            Number::Float(x) => x.into(),
        }
    }

    /// The sum of two numbers.
    pub fn plus(self, other: Number) -> Result<Number> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a
                .checked_add(b)
                .map(Number::Int)
                .ok_or_else(|| overflow(a, b)),
            (a, b) => Ok(Number::Float(a.float() + b.float())),
        }
    }
}

/// The error of a sum of integers beyond 64 bits.
pub fn overflow(a: i64, b: i64) -> Fault {
    fault!("value", "the sum of {a} and {b} does not fit into an integer of 64 bits";
        hint: "floats have a larger range: `a.map(|x| x.to_float()).sum()`")
}
