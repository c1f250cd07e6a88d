//! Numbers by name, and columns of numbers.

use crate::base::Result;
use crate::bind::args::tensor::tensor_of;
use crate::fault;
use crate::lang::session;
use rhai::{Dynamic, Map};

/// Numbers as a map by name.
pub fn number_map(values: impl IntoIterator<Item = (String, f64)>) -> Map {
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
