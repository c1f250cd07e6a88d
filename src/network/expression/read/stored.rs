//! Dense matrices that are filled from lists of entries.

use cistron_base::{Result, bail, memory, shape, written};
use ndarray::Array2;

/// Bytes of a matrix from which the memory is stated before it is read.
const LARGE: u128 = 1 << 30;

/// A matrix of zeros, where there is memory for it: `bytes` for each value while it is read.
pub(super) fn empty(
    rows: usize,
    columns: usize,
    bytes: usize,
    say: &mut dyn FnMut(&str),
) -> Result<Array2<f64>> {
    room(rows, columns, bytes, say)?;
    Ok(Array2::zeros((rows, columns)))
}

/// Fails where there is no memory for a matrix; states the memory of a large one.
pub(super) fn room(
    rows: usize,
    columns: usize,
    bytes: usize,
    say: &mut dyn FnMut(&str),
) -> Result<()> {
    if rows == 0 || columns == 0 {
        bail!("data", "the matrix is {rows} x {columns}: it has no values");
    }
    let (Ok(high), Ok(wide)) = (i64::try_from(rows), i64::try_from(columns)) else {
        bail!(
            "data",
            "the matrix is {rows} x {columns}: no file is so large"
        );
    };
    memory::elements(&[high, wide], bytes).map_err(|fault| {
        fault.hint("matrices are dense here: select genes or samples before, in Python or R")
    })?;
    let total = rows as u128 * columns as u128 * bytes as u128;
    if total >= LARGE {
        say(&format!(
            "a matrix of {} x {} numbers takes {} of memory",
            shape::grouped(high),
            shape::grouped(wide),
            memory::text(total)
        ));
    }
    Ok(())
}

/// The value of entries that are not listed, until the end: none that a matrix may have.
pub(super) const UNLISTED: f64 = f64::INFINITY;

/// Sets an entry of a matrix that was filled with `UNLISTED`; fails at one that is listed twice.
pub(super) fn set(values: &mut Array2<f64>, row: usize, column: usize, x: f64) -> Result<()> {
    let cell = &mut values[[row, column]];
    if *cell != UNLISTED {
        bail!(
            "data",
            "the entry in row {} and column {} is listed twice",
            row + 1,
            column + 1
        );
    }
    *cell = x;
    Ok(())
}

/// Entries that were not listed are 0.
pub(super) fn close(values: &mut Array2<f64>) {
    values.mapv_inplace(|x| if x == UNLISTED { 0.0 } else { x });
}

/// The start of a text from a file, for messages.
pub(super) fn clipped(text: &str) -> String {
    let mut start: String = text.chars().take(40).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    written::printable(&start).into_owned()
}
