//! Tables of text: genes by samples, or the reverse.

use super::raw::Raw;
use super::rows::Rows;
use super::settings::Orientation;
use cistron_base::{Result, bail, fault};
use ndarray::Array2;
use std::path::Path;

/// Headers of a column of names.
const NAME_HEADERS: [&str; 14] = [
    "",
    "gene",
    "genes",
    "gene_id",
    "geneid",
    "gene_name",
    "gene_symbol",
    "symbol",
    "id",
    "id_ref",
    "probe",
    "probe_id",
    "name",
    "sample",
];

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
    values: Vec<f64>,
    count: usize,
}

/// How rows relate to the header.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// The first cell of a row is its name; the header has a cell for it.
    NamedInHeader,
    /// The first cell of a row is its name; the header has none for it.
    Named,
    /// Rows have no names.
    Plain,
}

fn layout(header: &[String], first: &[String], rows: &Rows) -> Result<Layout> {
    if first.len() == header.len() + 1 {
        return Ok(Layout::Named);
    }
    if first.len() != header.len() {
        bail!(
            "data",
            "{} has {} cells, the header has {}",
            rows.place(),
            first.len(),
            header.len();
            hint: "each row has as many cells as the header, or one more for its name"
        );
    }
    let label = header[0].to_lowercase();
    if NAME_HEADERS.contains(&label.as_str()) || number(&first[0]).is_none() {
        return Ok(Layout::NamedInHeader);
    }
    if header.iter().all(|cell| number(cell).is_some()) {
        bail!(
            "data",
            "`{}`: the first row holds only numbers",
            rows.lines.name;
            hint: "the first row has the names of the columns"
        );
    }
    Ok(Layout::Plain)
}

fn grid(rows: &mut Rows) -> Result<Grid> {
    let Some(mut header) = rows.next()? else {
        rows.need_end()?;
        bail!("data", "`{}` has no rows", rows.lines.name)
    };
    let Some(first) = rows.next()? else {
        rows.need_end()?;
        bail!("data", "`{}` has a header and no rows", rows.lines.name)
    };
    let layout = layout(&header, &first, rows)?;
    if layout == Layout::NamedInHeader {
        header.remove(0);
    }
    let mut grid = Grid {
        columns: header,
        rows: (layout != Layout::Plain).then(Vec::new),
        values: Vec::new(),
        count: 0,
    };
    let mut next = Some(first);
    while let Some(cells) = next {
        let cells = match &mut grid.rows {
            Some(names) => {
                names.push(cells[0].clone());
                &cells[1..]
            }
            None => &cells[..],
        };
        if cells.len() != grid.columns.len() {
            bail!(
                "data",
                "{} has {} numbers, expected {}",
                rows.place(),
                cells.len(),
                grid.columns.len()
            );
        }
        for (cell, column) in cells.iter().zip(&grid.columns) {
            let value = number(cell).ok_or_else(|| {
                fault!("data", "{}, column `{column}`: `{cell}` is no number", rows.place();
                    hint: "missing values are written as NA or left empty")
            })?;
            grid.values.push(value);
        }
        grid.count += 1;
        next = rows.next()?;
    }
    rows.need_end()?;
    Ok(grid)
}

/// Reads a table. The first row has the names of the columns; rows may have names.
pub(super) fn read(path: &Path, orientation: Orientation) -> Result<Raw> {
    let mut rows = Rows::open(path)?;
    let Grid {
        columns,
        rows: names,
        values,
        count,
    } = grid(&mut rows)?;
    let width = columns.len();
    let values = Array2::from_shape_vec((count, width), values)
        .map_err(|e| fault!("internal", "a table of {count} x {width}: {e}"))?;
    let genes_in_rows = match orientation {
        Orientation::Auto => names.is_some(),
        Orientation::Rows => true,
        Orientation::Columns => false,
    };
    let raw = Raw {
        genes: names,
        samples: Some(columns),
        values,
        notes: Vec::new(),
    };
    Ok(if genes_in_rows { raw } else { raw.turned() })
}
