//! `table::…`: results in rows and named columns.

use crate::base::table::{Cell, Cells, Table};
use crate::base::{Result, shape};
use crate::bind::args::path::output_path;
use crate::bind::types::Tabled;
use crate::lang::value::{array, number};
use crate::lang::{Callback, Choice, Native, Options, native, natives_of, session};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

/// Options of `table.sort`.
#[derive(Options)]
pub struct SortOptions {
    /// Whether the largest values come first.
    #[option(default = false)]
    descending: bool,
}

/// Options of `table.save`.
#[derive(Options)]
pub struct SaveOptions {
    /// Treatment of strings that a spreadsheet evaluates as formulas (they start with =, +, - or @
    /// and are no numbers): "quote" puts an apostrophe in front of them.
    #[option(default = "keep")]
    formulas: Formulas,
}

/// What is done with strings that a spreadsheet evaluates.
#[derive(Choice, PartialEq)]
pub enum Formulas {
    /// They are written as they are.
    Keep,
    /// An apostrophe precedes them.
    Quote,
}

/// The script value of a cell.
fn value_of(cell: Cell) -> Dynamic {
    match cell {
        Cell::Text(text) => text.into(),
        Cell::Whole(n) => n.into(),
        Cell::Number(x) => x.into(),
    }
}

/// A column of script values: integers, numbers (`()` is NaN), else strings.
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

/// A table of rows, maps with the same keys, or of a map of columns.
fn table_of(value: &Dynamic) -> Result<Tabled> {
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
    Tabled::of(columns)
}

/// A table of some columns, in the order of the names.
fn select_columns(table: &Table, names: &Array) -> Result<Table> {
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

/// A row as a map.
fn row(table: &Table, i: i64) -> Result<Map> {
    Ok(table
        .row(shape::index(i, table.len(), "rows")?)
        .map(|(name, cell)| (name.into(), value_of(cell)))
        .collect())
}

/// A column as an array.
fn column(table: &Table, name: &str) -> Result<Array> {
    Ok(match table.column(name)? {
        Cells::Text(cells) => array(cells.clone()),
        Cells::Whole(cells) => array(cells.clone()),
        Cells::Number(cells) => array(cells.clone()),
    })
}

/// The indices of the rows for which a function returns true.
fn rows_where(table: &Table, keep: &Callback) -> Result<Vec<usize>> {
    let mut rows = Vec::new();
    for i in 0..table.len() {
        if keep.is_true_for(row(table, i as i64)?.into(), "filter")? {
            rows.push(i);
        }
    }
    Ok(rows)
}

/// Returns a table of rows or of columns; columns are in the order of their names.
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
#[native(namespace = "table")]
pub fn from(
    /// Array of maps with the same keys (rows), or map of arrays of the same length (columns).
    rows: Dynamic,
) -> Result<Tabled> {
    table_of(&rows)
}

/// Returns the number of rows.
///
/// ```rhai
/// assert_eq(table::from(#{ x: [1, 2, 3] }).len(), 3);
/// ```
#[native(namespace = "table", form = method)]
pub fn len(this: &Tabled) -> i64 {
    this.0.len() as i64
}

/// The names of the columns.
///
/// ```rhai
/// assert_eq(table::from(#{ x: [1], y: ["a"] }).names, ["x", "y"]);
/// ```
#[native(namespace = "table", form = property)]
pub fn names(this: &Tabled) -> Vec<String> {
    this.0.names().map(str::to_string).collect()
}

/// Returns a column by its name as an array, or a row by its number as a map.
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
#[native(namespace = "table", form = index, returns = "array or map")]
pub fn index(
    this: &Tabled,
    /// Name of a column, or number of a row from 0; negative numbers count from the end.
    which: Dynamic,
) -> Result<Dynamic> {
    match (which.clone().into_string(), which.as_int()) {
        (Ok(name), _) => Ok(Dynamic::from(column(&this.0, &name)?)),
        (_, Ok(i)) => Ok(Dynamic::from(row(&this.0, i)?)),
        _ => bail!(
            "type",
            "a table is indexed by the name of a column or the number of a row, got {}",
            session::describe(&which)
        ),
    }
}

/// Returns a table of some columns.
///
/// ```rhai
/// assert_eq(table::from(#{ x: [1], y: [2] }).columns(["y", "x"]).names, ["y", "x"]);
/// ```
#[native(namespace = "table", form = method)]
pub fn columns(
    this: &Tabled,
    /// Names of the columns, in the order of the new table.
    names: &Array,
) -> Result<Tabled> {
    Ok(Tabled(Rc::new(select_columns(&this.0, names)?)))
}

/// Returns the rows sorted by a column; the sort is stable.
///
/// ```rhai
/// assert_eq(table::from(#{ x: [2, 1, 3] }).sort("x", #{ descending: true })["x"], [3, 2, 1]);
/// ```
#[native(namespace = "table", form = method)]
pub fn sort(
    this: &Tabled,
    /// Name of the column.
    name: &str,
    options: SortOptions,
) -> Result<Tabled> {
    Ok(Tabled(Rc::new(this.0.sorted(name, options.descending)?)))
}

/// Returns the rows for which a function returns true.
///
/// ```rhai
/// assert_eq(table::from(#{ x: [2, 1, 3] }).filter(|row| row.x > 1).len(), 2);
/// ```
#[native(namespace = "table", form = method)]
pub fn filter(
    this: &Tabled,
    /// Function |row| of a map that returns a boolean.
    keep: Callback,
) -> Result<Tabled> {
    let rows = rows_where(&this.0, &keep)?;
    Ok(Tabled(Rc::new(this.0.select(&rows))))
}

/// Returns the first rows.
///
/// ```rhai
/// assert_eq(table::from(#{ x: [2, 1, 3] }).take(2)["x"], [2, 1]);
/// ```
#[native(namespace = "table", form = method)]
pub fn take(
    this: &Tabled,
    /// Largest number of rows.
    n: i64,
) -> Tabled {
    let rows: Vec<usize> = (0..this.0.len().min(n.max(0) as usize)).collect();
    Tabled(Rc::new(this.0.select(&rows)))
}

/// Writes the table to a file, in the format of the ending of its path.
///
/// Values are separated by commas in .csv and by tabs otherwise; those with a separator, a quote or
/// a line end are quoted (RFC 4180). A table of sites (motif, sequence, start, stop, strand) is
/// also written as .bed, .gff or .gff3.
///
/// ```rhai
/// table::from(#{ x: [2, 1, 3] }).save("/tmp/cistron_example_table.tsv");
/// table::from(#{ note: ["=1+1"] }).save("/tmp/cistron_example_table.csv", #{ formulas: "quote" });
/// ```
#[native(namespace = "table", form = method)]
pub fn save(
    this: &Tabled,
    /// Path of the file, relative to the folder of the run unless it is absolute.
    path: &str,
    options: SaveOptions,
) -> Result<()> {
    let is_quoted = options.formulas == Formulas::Quote;
    this.0.save_as(&output_path(path)?, is_quoted)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![from, len, names, index, columns, sort, filter, take, save,]
}
