//! `table::…`: results in rows and named columns.

use crate::base::table::{Cell, Cells, Table};
use crate::base::{Result, shape};
use crate::bind::types::Tabled;
use crate::lang::options::{Opt, OptKind, opt};
use crate::lang::value::{array, number};
use crate::lang::{Callback, session};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

const SORT: &[Opt] = &[opt(
    "descending",
    OptKind::Bool,
    "false",
    "whether the largest come first",
)];

const SAVE: &[Opt] = &[opt(
    "formulas",
    OptKind::Choice(&["keep", "quote"]),
    "\"keep\"",
    "whether text that a spreadsheet would run (it starts with =, +, - or @ and is no number) gets an apostrophe in front",
)];

/// A cell as scripts see it.
fn value_of(cell: Cell) -> Dynamic {
    match cell {
        Cell::Text(text) => text.into(),
        Cell::Whole(n) => n.into(),
        Cell::Number(x) => x.into(),
    }
}

fn cells_of(name: &str, items: &[Dynamic]) -> Result<Cells> {
    if items.iter().all(|item| item.as_int().is_ok()) {
        return Ok(Cells::Whole(
            items.iter().filter_map(|item| item.as_int().ok()).collect(),
        ));
    }
    let plain = |item: &Dynamic| {
        if item.is_unit() {
            Some(f64::NAN)
        } else {
            number(item)
        }
    };
    if let Some(numbers) = items.iter().map(plain).collect::<Option<Vec<f64>>>() {
        return Ok(Cells::Number(numbers));
    }
    let text = |item: &Dynamic| match (item.is_string(), item.as_bool(), number(item)) {
        (true, ..) => Ok(item.to_string()),
        (_, Ok(flag), _) => Ok(flag.to_string()),
        (_, _, Some(x)) => Ok(crate::base::table::whole(x)),
        _ if item.is_unit() => Ok(String::new()),
        _ => Err(fault!(
            "type",
            "column `{name}` must hold numbers or strings, got {}",
            session::describe(item)
        )),
    };
    Ok(Cells::Text(items.iter().map(text).collect::<Result<_>>()?))
}

/// A table of what scripts give: rows as maps with the same keys, or a map of columns.
fn from(value: &Dynamic) -> Result<Tabled> {
    let columns: Vec<(String, Cells)> = if let Some(map) = value.read_lock::<Map>() {
        let one = |(name, items): (&rhai::Identifier, &Dynamic)| {
            let items = items.clone().into_array().map_err(|_| {
                fault!(
                    "type",
                    "column `{name}` must be an array, got {}",
                    session::describe(items)
                )
            })?;
            Ok((name.to_string(), cells_of(name, &items)?))
        };
        map.iter().map(one).collect::<Result<_>>()?
    } else {
        let rows = value.clone().into_array().map_err(|_| {
            fault!(
                "type",
                "must be an array of maps or a map of arrays, got {}",
                session::describe(value)
            )
        })?;
        let maps: Vec<Map> = rows
            .iter()
            .map(|row| {
                row.read_lock::<Map>()
                    .map(|map| map.clone())
                    .ok_or_else(|| {
                        fault!("type", "rows must be maps, got {}", session::describe(row))
                    })
            })
            .collect::<Result<_>>()?;
        let Some(first) = maps.first() else {
            return Ok(Tabled(Rc::new(Table::default())));
        };
        if let Some(i) = maps.iter().position(|map| !map.keys().eq(first.keys())) {
            bail!("value", "row {i} has other keys than the first row");
        }
        first
            .keys()
            .map(|name| {
                Ok((
                    name.to_string(),
                    cells_of(
                        name,
                        &maps.iter().map(|map| map[name].clone()).collect::<Vec<_>>(),
                    )?,
                ))
            })
            .collect::<Result<_>>()?
    };
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Columns in an order.
fn ordered(table: &Table, names: &Array) -> Result<Table> {
    let one = |name: &Dynamic| {
        let name = name.clone().into_string().map_err(|_| {
            fault!(
                "type",
                "names of columns are strings, got {}",
                session::describe(name)
            )
        })?;
        let cells = table.column(&name)?.clone();
        Ok((name, cells))
    };
    Table::new(names.iter().map(one).collect::<Result<_>>()?)
}

fn row(table: &Table, i: i64) -> Result<Map> {
    Ok(table
        .row(shape::index(i, table.len(), "rows")?)
        .map(|(name, cell)| (name.into(), value_of(cell)))
        .collect())
}

fn column(table: &Table, name: &str) -> Result<Array> {
    Ok(match table.column(name)? {
        Cells::Text(cells) => array(cells.clone()),
        Cells::Whole(cells) => array(cells.clone()),
        Cells::Number(cells) => array(cells.clone()),
    })
}

fn filter(table: &Table, keep: &Callback) -> Result<Tabled> {
    let mut rows = Vec::new();
    for i in 0..table.len() {
        let answer = keep.call(vec![row(table, i as i64)?.into()])?;
        if answer.as_bool().map_err(|_| {
            fault!(
                "type",
                "the filter must give true or false, got {}",
                session::describe(&answer)
            )
        })? {
            rows.push(i);
        }
    }
    Ok(Tabled(Rc::new(table.select(&rows))))
}

natives! { natives in "table" {
    /// Makes a table of rows (maps with the same keys) or of columns (a map of arrays). Columns
    /// stand in order of their names.
    ///
    /// ```rhai
    /// let t = table::from([#{ name: "a", x: 1.5 }, #{ name: "b", x: 0.5 }]);
    /// assert_eq(t.len(), 2);
    /// assert_eq(t["x"], [1.5, 0.5]);
    /// ```
    /// ```rhai,fails
    /// table::from([#{ name: "a" }, #{ nam: "b" }]);
    /// //~ row 1 has other keys than the first row
    /// ```
    function "from"(c, rows: Dynamic) -> "table" { from(&rows) }
} }

natives! { methods in "table" {
    /// How many rows there are.
    ///
    /// ```rhai
    /// assert_eq(table::from(#{ x: [1, 2, 3] }).len(), 3);
    /// ```
    method "len"(c, this: Tabled) -> "whole number" { Ok(this.0.len() as i64) }

    /// The names of its columns.
    ///
    /// ```rhai
    /// assert_eq(table::from(#{ x: [1], y: ["a"] }).names, ["x", "y"]);
    /// ```
    property "names"(c, this: Tabled) -> "array of strings" { Ok(array(this.0.names().map(str::to_string).collect::<Vec<_>>())) }

    /// A column by its name, or a row by its number as a map.
    ///
    /// ```rhai
    /// let t = table::from(#{ x: [1, 2], y: ["a", "b"] });
    /// assert_eq(t["y"], ["a", "b"]);
    /// assert_eq(t[1].x, 2);
    /// ```
    /// ```rhai,fails
    /// table::from(#{ score: [1] })["scor"]
    /// //~ the table has no column `scor`
    /// ```
    index "index"(c, this: Tabled, which: Dynamic) -> "array or map" {
        match (which.clone().into_string(), which.as_int()) {
            (Ok(name), _) => Ok(Dynamic::from(column(&this.0, &name)?)),
            (_, Ok(i)) => Ok(Dynamic::from(row(&this.0, i)?)),
            _ => bail!("type", "a table is indexed by a column's name or a row's number, got {}", session::describe(&which)),
        }
    }

    /// The columns named, in this order.
    ///
    /// ```rhai
    /// assert_eq(table::from(#{ x: [1], y: [2] }).columns(["y", "x"]).names, ["y", "x"]);
    /// ```
    method "columns"(c, this: Tabled, names: Array) -> "table" { Ok(Tabled(Rc::new(ordered(&this.0, &names)?))) }

    /// The rows in order of a column; equal ones keep their order.
    ///
    /// ```rhai
    /// assert_eq(table::from(#{ x: [2, 1, 3] }).sort("x", #{ descending: true })["x"], [3, 2, 1]);
    /// ```
    method "sort"(c, this: Tabled, name: String; o = SORT) -> "table" { Ok(Tabled(Rc::new(this.0.sorted(&name, o.flag("descending"))?))) }

    /// The rows that a function of them, |row| with a map, is true of.
    ///
    /// ```rhai
    /// assert_eq(table::from(#{ x: [2, 1, 3] }).filter(|row| row.x > 1).len(), 2);
    /// ```
    method "filter"(c, this: Tabled, keep: Callback) -> "table" { filter(&this.0, &keep) }

    /// The first rows.
    ///
    /// ```rhai
    /// assert_eq(table::from(#{ x: [2, 1, 3] }).take(2)["x"], [2, 1]);
    /// ```
    method "take"(c, this: Tabled, n: i64) -> "table" { Ok(Tabled(Rc::new(this.0.select(&(0..this.0.len().min(n.max(0) as usize)).collect::<Vec<_>>())))) }

    /// Writes it: .csv with commas, else with tabs; a table of sites (motif, sequence, start, stop,
    /// strand) also as .bed, .gff or .gff3.
    ///
    /// Cells that hold a separator, a quote or a line end are quoted (RFC 4180), with tabs as with
    /// commas.
    ///
    /// ```rhai
    /// table::from(#{ x: [2, 1, 3] }).save("/tmp/cistron_example_table.tsv");
    /// table::from(#{ note: ["=1+1"] }).save("/tmp/cistron_example_table.csv", #{ formulas: "quote" });
    /// ```
    method "save"(c, this: Tabled, path: String; o = SAVE) -> "nothing" { this.0.save_as(&crate::bind::tensor::file::written(&path)?, o.text("formulas") == "quote") }
} }

/// All of them.
pub fn all() -> Vec<crate::lang::Native> {
    [natives(), methods()].into_iter().flatten().collect()
}
