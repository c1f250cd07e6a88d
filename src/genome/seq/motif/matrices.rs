//! Matrices of numbers under a name, as JASPAR, HOMER, UniPROBE and CIS-BP have them.

use super::Motif;
use super::check::{Parsed, Row, of_counts};

/// The columns of A, C, G and T (or U) in a header such as `T G C A` or `Pos A C G T`, which may
/// have a word before the letters.
fn columns(cells: &[&str]) -> Option<[usize; 4]> {
    let letters = match cells {
        [_, a, c, g, t] if a.len() == 1 => [*a, *c, *g, *t],
        [a, c, g, t] => [*a, *c, *g, *t],
        _ => return None,
    };
    let place = |base: &str| {
        letters
            .iter()
            .position(|letter| letter.eq_ignore_ascii_case(base))
    };
    Some([
        place("A")?,
        place("C")?,
        place("G")?,
        place("T").or_else(|| place("U"))?,
    ])
}

/// A row as it is in the file: its line, the base that it starts with, its numbers.
type Line = (usize, Option<u8>, Vec<f64>);

/// The matrix that is being read.
#[derive(Default)]
struct Open {
    name: Option<String>,
    rows: Vec<Line>,
    /// Where its columns have A, C, G and T, where a header states that.
    order: Option<[usize; 4]>,
}

impl Open {
    /// Adds the matrix to the motifs, where it has rows.
    fn close(
        &mut self,
        stem: &str,
        first: Option<[usize; 4]>,
        motifs: &mut Vec<Motif>,
    ) -> std::result::Result<(), (usize, String)> {
        let order = self.order.take();
        if let Some((line, ..)) = self.rows.first() {
            let numbered = || {
                if motifs.is_empty() {
                    stem.to_string()
                } else {
                    format!("{stem}{}", motifs.len() + 1)
                }
            };
            let name = self.name.clone().unwrap_or_else(numbered);
            let matrix = oriented(&self.rows, order, first)
                .map_err(|what| (*line, format!("motif `{name}`: {what}")))?;
            motifs.push(of_counts(&name, &matrix)?);
        }
        self.rows.clear();
        Ok(())
    }
}

/// Rows of numbers under a name: four rows of bases or a row for each position, with or without
/// letters.
pub(super) fn parse(text: &str, stem: &str) -> Parsed {
    let mut motifs: Vec<Motif> = Vec::new();
    let mut open = Open::default();
    // a header at the top of the file holds for all matrices without one of their own
    let mut first: Option<[usize; 4]> = None;
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()))
    {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('>') {
            open.close(stem, first, &mut motifs)?;
            let tabs: Vec<&str> = header.split('\t').map(str::trim).collect();
            // HOMER: the consensus, then the name
            let is_homer = tabs.len() >= 3 && Motif::from_consensus("", tabs[0]).is_ok();
            let own = if is_homer {
                tabs[1]
            } else {
                header.split_whitespace().next().unwrap_or(stem)
            };
            open.name = Some(own.to_string());
            continue;
        }
        let plain = line.replace(['[', ']', '|', ','], " ");
        let mut cells: Vec<&str> = plain.split_whitespace().collect();
        if let Some(order) = columns(&cells) {
            if !open.rows.is_empty() {
                open.close(stem, first, &mut motifs)?;
                open.name = None;
            }
            if motifs.is_empty() && open.name.is_none() {
                first = Some(order);
            }
            open.order = Some(order);
            continue;
        }
        let letter = cells
            .first()
            .map(|cell| cell.trim_end_matches(':'))
            .filter(|cell| cell.len() == 1)
            .and_then(|cell| "ACGTU".find(&cell.to_ascii_uppercase()));
        if letter.is_some() {
            cells.remove(0);
        }
        let numbers: Option<Vec<f64>> = cells.iter().map(|cell| cell.parse().ok()).collect();
        match numbers {
            Some(numbers) if !numbers.is_empty() => {
                let base = letter.map(|l| l.min(3) as u8);
                // a second A starts another matrix
                if base == Some(0) && open.rows.iter().any(|(_, own, _)| *own == Some(0)) {
                    open.close(stem, first, &mut motifs)?;
                    open.name = None;
                }
                open.rows.push((number, base, numbers));
            }
            // `base 1 2 3` numbers the positions
            _ if cells.len() > 1
                && cells[1..].iter().all(|cell| cell.parse::<u32>().is_ok())
                && open.rows.is_empty() => {}
            // anything else is a title, as UniPROBE and CIS-BP have them; it closes a matrix that
            // is whole
            _ if open.rows.is_empty() || oriented(&open.rows, open.order, first).is_ok() => {
                let is_new = !open.rows.is_empty();
                open.close(stem, first, &mut motifs)?;
                let mut words = line.split_whitespace();
                let key = words.next().unwrap_or("");
                let value = words.next().map(str::to_string);
                open.name = match key {
                    "Gene:" | "Motif" | "Name" => value,
                    // CIS-BP's block names its factor first and its motif later
                    "TF" | "Gene" | "Family" | "Species" if is_new || open.name.is_none() => value,
                    "TF" | "Gene" | "Family" | "Species" => open.name.take(),
                    _ => Some(key.to_string()),
                };
            }
            _ => {
                return Err((
                    number,
                    format!(
                        "expected a row of numbers, got `{}`",
                        line.chars().take(40).collect::<String>()
                    ),
                ));
            }
        }
    }
    open.close(stem, first, &mut motifs)?;
    match motifs.is_empty() {
        true => Err((
            1,
            "there is no motif: MEME, JASPAR, TRANSFAC, HOMER, UniPROBE, XMS, \
            AlignACE and bare matrices are read"
                .into(),
        )),
        false => Ok(motifs),
    }
}

/// A row for each position out of the rows of a file. `order` is that of the columns where the
/// matrix has a header, `first` that of a header at the top of the file.
fn oriented(
    rows: &[Line],
    order: Option<[usize; 4]>,
    first: Option<[usize; 4]>,
) -> std::result::Result<Vec<Row>, String> {
    let width = rows[0].2.len();
    let by_position = |from: usize, order: [usize; 4]| {
        rows.iter()
            .map(|(line, _, row)| (*line, order.map(|base| row[from + base])))
            .collect()
    };
    let by_base = |of: &dyn Fn(u8) -> usize| {
        (0..width)
            .map(|i| (rows[0].0, [0, 1, 2, 3].map(|base| rows[of(base)].2[i])))
            .collect()
    };
    if rows.iter().any(|(.., row)| row.len() != width) {
        return Err("its rows have different lengths".into());
    }
    if rows.iter().all(|(_, base, _)| base.is_some()) {
        let place = |base: u8| rows.iter().position(|(_, own, _)| *own == Some(base));
        return match [0, 1, 2, 3].map(place) {
            [Some(_), Some(_), Some(_), Some(_)] if rows.len() == 4 => {
                Ok(by_base(&|base| place(base).unwrap_or(0)))
            }
            _ => Err("it must have one row for each of A, C, G and T".into()),
        };
    }
    // a fifth column in front numbers the positions
    let is_numbered = width == 5
        && rows
            .iter()
            .enumerate()
            .all(|(i, (.., row))| row[0] == (i + 1) as f64 || row[0] == i as f64);
    let known = order.or(first.filter(|order| *order != ACGT));
    match known {
        Some(order) if is_numbered => return Ok(by_position(1, order)),
        Some(order) if width == 4 => return Ok(by_position(0, order)),
        Some(_) if order.is_some() => {
            return Err(format!(
                "its header names four columns, its rows have {width} numbers"
            ));
        }
        _ if is_numbered => return Ok(by_position(1, ACGT)),
        _ => {}
    }
    match (rows.len(), width) {
        (4, 4) => {
            let sums: Vec<f64> = rows.iter().map(|(.., row)| row.iter().sum()).collect();
            let even = sums
                .iter()
                .all(|sum| (sum - sums[0]).abs() <= 0.02 * sums[0].abs().max(1.0));
            let columns: Vec<f64> = (0..4)
                .map(|i| rows.iter().map(|(.., row)| row[i]).sum())
                .collect();
            let even_columns = columns
                .iter()
                .all(|sum| (sum - columns[0]).abs() <= 0.02 * columns[0].abs().max(1.0));
            // bases in rows is the older form, and taken where both fit
            Ok(if even && !even_columns {
                by_position(0, ACGT)
            } else {
                by_base(&|base| base as usize)
            })
        }
        (4, _) => Ok(by_base(&|base| base as usize)),
        (_, 4) => Ok(by_position(0, ACGT)),
        (n, width) => Err(format!(
            "{n} rows of {width} numbers are no matrix of four bases"
        )),
    }
}

/// Columns in the usual order.
const ACGT: [usize; 4] = [0, 1, 2, 3];
