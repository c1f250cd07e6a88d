//! Values of script types as JSON.

use crate::base::table::Cell;
use crate::bind::types::{ModelCard, Tabled};
use serde_json::{Map, Number, Value};

/// Of types that are stored as their line.
pub fn none<T>(_: &T) -> Option<Value> {
    None
}

/// A table: an array of its rows.
pub fn table(table: &Tabled) -> Option<Value> {
    let cell = |cell: Cell| match cell {
        Cell::Text(text) => Value::String(text),
        Cell::Whole(n) => n.into(),
        Cell::Number(x) => Number::from_f64(x).map_or(Value::Null, Value::Number),
    };
    let row = |i: usize| {
        let cells = table
            .0
            .row(i)
            .map(|(name, own)| (name.to_string(), cell(own)));
        Value::Object(cells.collect::<Map<_, _>>())
    };
    Some((0..table.0.len()).map(row).collect())
}

/// A model card: its parts.
pub fn card(card: &ModelCard) -> Option<Value> {
    Some((*card.0).clone())
}
