//! Tables of text: genes by samples, or the reverse.

use super::headers::{
    are_distinct_integers, is_first_alike, is_of_cells, is_of_descriptions, is_of_names,
    is_of_times, is_perhaps_of_names, plain,
};
use super::raw::Raw;
use super::rows::Rows;
use super::settings::Orientation;
use cistron_base::{Result, bail, fault};
use ndarray::{Array2, Axis};
use std::collections::{HashMap, VecDeque};
use std::path::Path;

/// Cells of missing values.
const MISSING: [&str; 8] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "-"];

fn number(cell: &str) -> Option<f64> {
    if MISSING.contains(&cell) {
        return Some(f64::NAN);
    }
    cell.parse::<f64>().ok().filter(|x| x.is_finite())
}

/// A table of numbers as it is in a file.
struct Grid {
    columns: Vec<String>,
    rows: Option<Vec<String>>,
    values: Array2<f64>,
    notes: Vec<String>,
    /// The header of the names of the rows; empty where it has none.
    corner: String,
}

/// How rows relate to the header.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// The first cell of a row is its name; the header has a cell for it.
    NamedInHeader,
    /// The first cell of a row is its name; the header has none for it.
    Named,
    /// The first column has numbers: values, or names of the rows.
    Numbers,
}

/// The header and the rows of a table, one at a time.
struct Table {
    rows: Rows,
    /// Rows that are read already, each with its last line.
    ahead: VecDeque<(usize, Vec<String>)>,
    header: Vec<String>,
    notes: Vec<String>,
    /// The numbers of rows and samples that a GCT file states.
    sizes: Option<[usize; 2]>,
}

/// Whether cells are those of a row of data: numbers, after a name that is no header.
fn is_data(cells: &[String]) -> bool {
    let numbers = &cells[usize::from(cells.len() > 1)..];
    let is_known = |cell: &String| number(cell).is_some_and(|x| !x.is_nan());
    numbers.iter().all(|cell| number(cell).is_some())
        && numbers.iter().any(is_known)
        && !is_of_names(&cells[0])
}

impl Table {
    fn open(path: &Path) -> Result<Table> {
        let mut table = Table {
            rows: Rows::open(path)?,
            ahead: VecDeque::new(),
            header: Vec::new(),
            notes: Vec::new(),
            sizes: None,
        };
        let Some(mut header) = table.rows.next()? else {
            table.rows.need_end()?;
            bail!("data", "`{}` has no rows", table.rows.lines.name)
        };
        if table.rows.is_gct {
            table.sizes = Some(table.gct_sizes(&header)?);
            header = table.gct_header()?;
        }
        let line = table.rows.lines.line;
        if let Some(second) = table.rows.next()? {
            table.ahead.push_back((table.rows.lines.line, second));
        }
        let longer = |second: &(usize, Vec<String>)| second.1.len() == header.len() + 1;
        if is_data(&header) && !table.ahead.front().is_some_and(longer) {
            let comment = table.rows.comment()?;
            let fits =
                |(_, cells): &(usize, Vec<String>)| cells.len() == header.len() && !is_data(cells);
            let Some((at, cells)) = comment.filter(fits) else {
                return Err(table.no_header(&header, line));
            };
            let note = format!("line {at}, which starts with #, has the names of the columns");
            table.notes.push(note);
            table.ahead.push_front((line, header));
            header = cells;
        }
        if table.ahead.is_empty() {
            table.rows.need_end()?;
            bail!(
                "data",
                "`{}` has a header and no rows",
                table.rows.lines.name
            )
        }
        table.header = header;
        Ok(table)
    }

    fn no_header(&self, cells: &[String], line: usize) -> cistron_base::Fault {
        let name = &self.rows.lines.name;
        let hint = "the first row has the names of the columns, as in `gene s1 s2`; where samples \
            are called by numbers, its first cell is `gene`";
        if cells.iter().all(|cell| number(cell).is_some()) {
            return fault!(
                "data",
                "`{name}`, line {line}: the first row holds only numbers"
            )
            .hint(hint);
        }
        fault!(
            "data",
            "`{name}`, line {line}: the table has no header: the first row is `{}` and numbers",
            cells[0]
        )
        .hint(hint)
    }

    /// The numbers of rows and samples in the second line of a GCT file.
    fn gct_sizes(&self, cells: &[String]) -> Result<[usize; 2]> {
        let words = cells.iter().flat_map(|cell| cell.split_whitespace());
        let sizes: Vec<Option<usize>> = words.map(|word| word.parse().ok()).collect();
        match sizes[..] {
            [Some(rows), Some(samples)] => Ok([rows, samples]),
            _ => Err(
                fault!("data", "{}: expected the numbers of rows and samples, got `{}`",
                self.rows.place(), cells.join(" ");
                hint: "this is the second line of a GCT file, version 1.2"),
            ),
        }
    }

    fn gct_header(&mut self) -> Result<Vec<String>> {
        let Some(mut header) = self.rows.next()? else {
            bail!("data", "`{}` has no rows", self.rows.lines.name)
        };
        let names: Vec<String> = header.iter().take(2).map(|cell| plain(cell)).collect();
        if names != ["name", "description"] {
            bail!(
                "data",
                "{}: the columns of a GCT file must be Name, Description and the samples, \
                got `{}`",
                self.rows.place(),
                header.join(" ")
            );
        }
        header.remove(1);
        Ok(header)
    }

    /// The cells of the next row, with its line.
    fn next(&mut self) -> Result<Option<(usize, Vec<String>)>> {
        let next = match self.ahead.pop_front() {
            Some(next) => Some(next),
            None => self.rows.next()?.map(|cells| (self.rows.lines.line, cells)),
        };
        Ok(next.map(|(line, mut cells)| {
            if self.sizes.is_some() && cells.len() > 1 {
                cells.remove(1);
            }
            (line, cells)
        }))
    }

    fn place(&self, line: usize) -> String {
        format!("`{}`, line {line}", self.rows.lines.name)
    }

    /// How rows relate to the header. Rows that end with a separator get a column without a name.
    fn layout(&mut self, line: usize, first: &[String]) -> Result<Layout> {
        let is_named = is_of_names(&self.header[0]);
        if first.len() == self.header.len() + 1 {
            match first.last() {
                Some(last) if is_named && last.is_empty() => self.header.push(String::new()),
                _ if is_named && !self.header[0].is_empty() => {}
                _ => return Ok(Layout::Named),
            }
        }
        if first.len() != self.header.len() {
            bail!(
                "data",
                "{} has {} cells, the header has {}",
                self.place(line),
                first.len(),
                self.header.len();
                hint: "each row has as many cells as the header, or one more for its name where \
                    the header has no cell for names"
            );
        }
        Ok(match is_named || number(&first[0]).is_none() {
            true => Layout::NamedInHeader,
            false => Layout::Numbers,
        })
    }
}

/// Why a cell of a column is no number.
fn no_number(place: &str, column: &str, cell: &str) -> cistron_base::Fault {
    let fault = fault!("data", "{place}, column `{column}`: `{cell}` is no number");
    let is_grouped = cell
        .split_once(',')
        .is_some_and(|(_, last)| last.len() == 3 && last.bytes().all(|b| b.is_ascii_digit()));
    if is_grouped {
        return fault.hint("commas within numbers are not read: write 1234 or 1.234");
    }
    let is_decimal = cell.matches(',').count() == 1 && number(&cell.replace(',', ".")).is_some();
    fault.hint(match is_decimal {
        true => "decimal commas are not read: write a decimal point",
        false => "missing values are written as NA or left empty",
    })
}

fn grid(table: &mut Table, orientation: Orientation) -> Result<Grid> {
    let Some((line, first)) = table.next()? else {
        bail!("internal", "a table has a first row")
    };
    let layout = table.layout(line, &first)?;
    let mut columns = table.header.clone();
    let corner = match layout {
        Layout::NamedInHeader => Some(columns.remove(0)),
        Layout::Named | Layout::Numbers => None,
    };
    let described = match (layout, corner.as_deref()) {
        (Layout::NamedInHeader, Some(corner)) if is_of_names(corner) => {
            let count = columns.iter().take_while(|name| is_of_descriptions(name));
            count.count()
        }
        _ => 0,
    };
    let descriptions: Vec<String> = columns.drain(..described).collect();
    if !descriptions.is_empty() {
        table.notes.push(format!(
            "columns that describe genes were left out: {}",
            descriptions.join(", ")
        ));
    }
    if columns.is_empty() {
        let first: String = table.header.concat().chars().take(60).collect();
        bail!("data", "`{}` has no columns of numbers: its header is read as one cell, `{first}`",
            table.rows.lines.name;
            hint: "cells are separated by tabs, commas, semicolons or blanks");
    }
    let (mut names, mut values, mut count) = (Vec::new(), Vec::new(), 0);
    let mut is_filled: Vec<bool> = columns.iter().map(|name| !name.is_empty()).collect();
    // whether all rows end with an empty cell for which the header has none
    let mut ends_empty = table.header.last().is_some_and(|name| !name.is_empty());
    let mut next = Some((line, first));
    while let Some((line, mut cells)) = next {
        let cells = match layout {
            Layout::Numbers => {
                names.push(cells.first().cloned().unwrap_or_default());
                &cells[..]
            }
            Layout::Named | Layout::NamedInHeader => {
                if cells.iter().all(String::is_empty) {
                    next = table.next()?;
                    continue;
                }
                let name = std::mem::take(&mut cells[0]);
                if name.trim().is_empty() {
                    bail!("data", "{}: the row has no name", table.place(line);
                        hint: "its first cell must be the name of a gene or a sample");
                }
                names.push(name);
                &cells[(1 + described).min(cells.len())..]
            }
        };
        if cells.len() != columns.len() {
            bail!(
                "data",
                "{} has {} numbers, expected {}",
                table.place(line),
                cells.len(),
                columns.len()
            );
        }
        ends_empty &= cells.last().is_some_and(String::is_empty);
        for ((cell, column), is_filled) in cells.iter().zip(&columns).zip(&mut is_filled) {
            let value = number(cell);
            values.push(value.ok_or_else(|| no_number(&table.place(line), column, cell))?);
            *is_filled |= !cell.is_empty();
        }
        count += 1;
        next = table.next()?;
    }
    table.rows.need_end()?;
    table.notes.extend(table.rows.left_out());
    let values = Array2::from_shape_vec((count, columns.len()), values)
        .map_err(|e| fault!("internal", "a table of {count} rows: {e}"))?;
    let mut grid = Grid {
        corner: corner.unwrap_or_default(),
        columns,
        rows: (layout != Layout::Numbers).then_some(Vec::new()),
        values,
        notes: std::mem::take(&mut table.notes),
    };
    if layout == Layout::Numbers {
        grid.name_rows(names, orientation);
    } else if layout == Layout::Named && ends_empty {
        is_filled.pop();
        grid.end_with_separators(names, &table.header, orientation);
        if grid.rows.is_none() {
            is_filled.insert(0, true);
        }
    } else {
        grid.note_index(&names);
        grid.rows = Some(names);
    }
    grid.drop_unnamed(&is_filled, table)?;
    if let Some(sizes) = table.sizes
        && sizes != [grid.values.nrows(), grid.values.ncols()]
    {
        let ([rows, samples], (n, width)) = (sizes, grid.values.dim());
        bail!("data", "`{}` states {rows} rows and {samples} samples, its table has {n} x {width}",
            table.rows.lines.name;
            hint: "the file is cut short or was edited: its second line must have the sizes");
    }
    Ok(grid)
}

impl Grid {
    /// Takes a first column of numbers as names of the rows where it has to be one.
    fn name_rows(&mut self, cells: Vec<String>, orientation: Orientation) {
        let first = &self.columns[0];
        if self.columns.len() < 2 || !are_distinct_integers(&cells) {
            return;
        }
        let is_alike = is_first_alike(&self.columns);
        if is_perhaps_of_names(first) || (orientation == Orientation::Rows && !is_alike) {
            self.notes.push(format!(
                "the first column, `{first}`, has the names of the rows: different integers"
            ));
            self.columns.remove(0);
            self.values.remove_index(Axis(1), 0);
            self.rows = Some(cells);
        } else if !is_alike && cells.len() > 1 {
            self.notes.push(format!(
                "the first column, `{first}`, has different integers, which are read as values; \
                where they are names of genes, use `genes: \"rows\"`, or call the column `id`"
            ));
        }
    }

    /// Rows that have a cell more than the header, which is empty in all of them: they end with a
    /// separator, and the header has a cell for their names.
    fn end_with_separators(
        &mut self,
        names: Vec<String>,
        header: &[String],
        orientation: Orientation,
    ) {
        let width = self.values.ncols();
        self.values.remove_index(Axis(1), width - 1);
        self.notes.push(
            "rows have an empty cell more than the header, which was left out: they end with a \
            separator"
                .into(),
        );
        let first: Option<Vec<f64>> = names.iter().map(|name| number(name)).collect();
        let Some(first) = first else {
            self.columns = header[1..].to_vec();
            self.corner = header[0].clone();
            self.rows = Some(names);
            return;
        };
        self.columns = header.to_vec();
        let mut values = Array2::zeros((first.len(), width));
        values.column_mut(0).assign(&ndarray::Array1::from(first));
        values.slice_mut(ndarray::s![.., 1..]).assign(&self.values);
        self.values = values;
        self.rows = None;
        self.name_rows(names, orientation);
    }

    /// Notes that names of rows are 0, 1, 2, …, as an index that a program wrote.
    fn note_index(&mut self, names: &[String]) {
        let is_index = |(i, name): (usize, &String)| *name == i.to_string();
        if names.len() > 1 && names.iter().enumerate().all(is_index) {
            self.notes.push(
                "the rows are called 0, 1, 2, …, as an index that a program wrote: where they are \
                samples, use `genes: \"columns\"`"
                    .into(),
            );
        }
    }

    /// Drops columns without a name and without values, as a separator at the end of each line
    /// makes them; fails at one that has values.
    fn drop_unnamed(&mut self, is_filled: &[bool], table: &Table) -> Result<()> {
        if is_filled.iter().all(|is_filled| *is_filled)
            && !self.columns.iter().any(|name| is_blank(name))
        {
            return Ok(());
        }
        let has_names = self.rows.is_some();
        let filled = self.columns.iter().zip(is_filled);
        let wrong = filled
            .enumerate()
            .find(|(_, (name, is_filled))| is_blank(name) && **is_filled);
        if let Some((at, _)) = wrong {
            bail!("data", "`{}`: column {} has numbers and no name in the header",
                table.rows.lines.name, at + 1 + usize::from(has_names);
                hint: "the first row must have a name for each column");
        }
        let keep: Vec<usize> = (0..is_filled.len()).filter(|at| is_filled[*at]).collect();
        self.values = self.values.select(Axis(1), &keep);
        self.columns = keep.iter().map(|at| self.columns[*at].clone()).collect();
        let count = is_filled.len() - keep.len();
        let what = if count == 1 {
            "column was"
        } else {
            "columns were"
        };
        self.notes.push(format!(
            "{count} empty {what} left out, without a name and without values"
        ));
        Ok(())
    }
}

fn is_blank(name: &str) -> bool {
    name.trim().is_empty()
}

/// Names of times: one that occurs again gets a number.
fn numbered(names: Vec<String>, notes: &mut Vec<String>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut name = |name: String| {
        let count = seen.entry(name.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 => name,
            count => format!("{name}_{count}"),
        }
    };
    let out: Vec<String> = names.into_iter().map(&mut name).collect();
    if seen.values().any(|count| *count > 1) {
        notes.push("times that occur again are called by their number: `0`, `0_2`, …".into());
    }
    out
}

/// Reads a table. The first row has the names of the columns; rows may have names.
pub(super) fn read(path: &Path, orientation: Orientation) -> Result<Raw> {
    let mut table = Table::open(path)?;
    let mut grid = grid(&mut table, orientation)?;
    let genes_in_rows = match orientation {
        Orientation::Auto => {
            let turns = is_of_times(&grid.corner) || is_of_cells(&grid.corner);
            if is_of_cells(&grid.corner) {
                grid.notes.push(format!(
                    "the rows are samples, since their names are called `{}`; otherwise use \
                    `genes: \"rows\"`",
                    grid.corner
                ));
            }
            grid.rows.is_some() && !turns
        }
        Orientation::Rows => true,
        Orientation::Columns => false,
    };
    if is_of_times(&grid.corner) && !genes_in_rows {
        grid.rows = grid.rows.map(|names| numbered(names, &mut grid.notes));
    }
    let raw = Raw {
        genes: grid.rows,
        samples: Some(grid.columns),
        values: grid.values,
        notes: grid.notes,
    };
    Ok(if genes_in_rows { raw } else { raw.turned() })
}
