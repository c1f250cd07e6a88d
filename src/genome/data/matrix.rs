//! Tables of numbers: CSV, TSV or blanks, plain or gzipped.

use super::delimited::Rows;
use cistron_base::Result;
use cistron_base::{bail, fault};
use ndarray::Array2;
use std::path::Path;

/// Reads the rows of a table, `[rows, columns]`.
///
/// A first line that is not a row of numbers, or that numbers the columns, is a header. Empty
/// cells,
/// `NA` and `NaN` are NaN.
pub fn read(path: &Path) -> Result<Array2<f32>> {
    let shown = path.display().to_string();
    let mut rows = Rows::open(path)?;
    let (mut values, mut columns): (Vec<f32>, usize) = (Vec::new(), 0);
    let mut is_first_row = true;
    while let Some((number, cells)) = rows.next_row()? {
        // comments and blank lines may come before a header
        let is_top = std::mem::take(&mut is_first_row);
        let parsed: std::result::Result<Vec<f32>, &str> = cells
            .iter()
            .map(|cell| match cell.trim() {
                "" | "NA" | "nan" | "NaN" | "." => Ok(f32::NAN),
                cell => cell.parse().map_err(|_| cell),
            })
            .collect();
        match parsed {
            Err(_) if is_top => continue,
            Err(cell) => bail!(
                "data",
                "`{shown}` line {number}: expected numbers, got `{}`",
                cell.chars().take(30).collect::<String>()
            ),
            // 1, 2, 3, … number the columns; files with values between neighbours have one less
            Ok(row)
                if is_top
                    && row.len() > 1
                    && row.iter().enumerate().all(|(i, v)| *v == (i + 1) as f32) => {}
            Ok(row) => {
                if columns > 0 && row.len() != columns {
                    bail!(
                        "data",
                        "`{shown}` line {number}: expected {columns} columns, got {}",
                        row.len()
                    );
                }
                columns = row.len();
                values.extend(row);
            }
        }
    }
    if values.is_empty() {
        return Err(fault!("data", "`{shown}` holds no row of numbers"));
    }
    let shape = (values.len() / columns, columns);
    Array2::from_shape_vec(shape, values).map_err(|error| fault!("internal", "`{shown}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn of(text: &str) -> Result<Array2<f32>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).expect("a file");
        read(&path)
    }

    #[test]
    fn headers_are_distinguished_from_rows() {
        assert_eq!(of("1,2,3\n0.5,1,2\n").unwrap(), array![[0.5, 1.0, 2.0]]);
        assert_eq!(
            of("a\tb\n1\t2\n3\t4\n").unwrap(),
            array![[1.0, 2.0], [3.0, 4.0]]
        );
        assert_eq!(of("1 3\n").unwrap(), array![[1.0, 3.0]]);
        assert!(of("1,NA\n").unwrap()[[0, 1]].is_nan());
        // tracks of steps between bases, under the header of the bases
        assert_eq!(of("1,2,3\n0.5,1\n").unwrap(), array![[0.5, 1.0]]);
    }

    #[test]
    fn errors_state_the_line() {
        assert!(
            of("0,1\n2\n")
                .unwrap_err()
                .message
                .contains("line 2: expected 2 columns, got 1")
        );
        assert!(
            of("0,1\n2,x\n")
                .unwrap_err()
                .message
                .contains("line 2: expected numbers, got `x`")
        );
        assert!(
            of("a,b\n")
                .unwrap_err()
                .message
                .contains("no row of numbers")
        );
    }
}
