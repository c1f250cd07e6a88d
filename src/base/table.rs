//! Tables: named columns of text or numbers, as results are given and written.

use super::delimited::{Style, one_line};
use super::html::escaped;
use super::{Fault, Result, file, written};
use crate::{bail, fault};
use std::cmp::Ordering;
use std::path::Path;

/// The cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Words.
    Text(Vec<String>),
    /// Integers.
    Whole(Vec<i64>),
    /// Numbers; NaN is a cell without a value.
    Number(Vec<f64>),
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A word.
    Text(String),
    /// An integer.
    Whole(i64),
    /// A number.
    Number(f64),
}

/// Columns of one length, each with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Cells)>,
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Text(cells) => cells.len(),
            Cells::Whole(cells) => cells.len(),
            Cells::Number(cells) => cells.len(),
        }
    }

    fn at(&self, row: usize) -> Cell {
        match self {
            Cells::Text(cells) => Cell::Text(cells[row].clone()),
            Cells::Whole(cells) => Cell::Whole(cells[row]),
            Cells::Number(cells) => Cell::Number(cells[row]),
        }
    }

    fn select(&self, rows: &[usize]) -> Cells {
        match self {
            Cells::Text(cells) => Cells::Text(rows.iter().map(|row| cells[*row].clone()).collect()),
            Cells::Whole(cells) => Cells::Whole(rows.iter().map(|row| cells[*row]).collect()),
            Cells::Number(cells) => Cells::Number(rows.iter().map(|row| cells[*row]).collect()),
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Cells::Text(cells) => cells[a].cmp(&cells[b]),
            Cells::Whole(cells) => cells[a].cmp(&cells[b]),
            Cells::Number(cells) => cells[a].total_cmp(&cells[b]),
        }
    }
}

/// A number as tables hold it: six significant digits, as C's `%g`.
pub fn short(x: f64) -> String {
    if x.is_nan() {
        return String::new();
    }
    let exponent = if x == 0.0 {
        0
    } else {
        format!("{x:.5e}")
            .rsplit('e')
            .next()
            .and_then(|e| e.parse::<i32>().ok())
            .unwrap_or(0)
    };
    let trimmed = |text: String| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            text
        }
    };
    if !x.is_finite() || (-4..6).contains(&exponent) {
        return trimmed(format!("{x:.*}", (5 - exponent).max(0) as usize));
    }
    let text = format!("{x:.5e}");
    let (mantissa, _) = text.split_once('e').unwrap_or((&text, ""));
    format!(
        "{}e{}{:02}",
        trimmed(mantissa.to_string()),
        if exponent < 0 { '-' } else { '+' },
        exponent.abs()
    )
}

/// A number with all its digits, as files hold it: no more than tell it from its neighbours.
pub fn whole(x: f64) -> String {
    if x.is_nan() {
        return String::new();
    }
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// A cell in one line of a terminal.
fn flat(text: &str) -> String {
    written::printable(text)
        .replace('\n', "\\n")
        .replace('\t', "\\t")
}

impl Cell {
    /// As people see it: numbers with six significant digits.
    pub fn text(&self) -> String {
        match self {
            Cell::Number(x) => short(*x),
            other => other.exact(),
        }
    }

    /// As files hold it: numbers with all their digits.
    pub fn exact(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Whole(n) => n.to_string(),
            Cell::Number(x) => whole(*x),
        }
    }
}

/// Columns in blocks that fit into a terminal, one below the other; each begins with the first
/// column. A block has at least one column more, however wide it is.
fn blocks(widths: &[usize], terminal: Option<usize>) -> Vec<Vec<usize>> {
    let all = (0..widths.len()).collect();
    let whole = widths.iter().map(|width| width + 2).sum::<usize>();
    let Some(terminal) = terminal.filter(|columns| whole > columns + 2 && widths.len() > 2) else {
        return vec![all];
    };
    let (mut out, mut block, mut used) = (Vec::new(), vec![0], widths[0]);
    for (i, width) in widths.iter().enumerate().skip(1) {
        if block.len() > 1 && used + 2 + width > terminal {
            out.push(std::mem::replace(&mut block, vec![0]));
            used = widths[0];
        }
        block.push(i);
        used += 2 + width;
    }
    out.push(block);
    out
}

impl Table {
    /// A table of columns; fails where they differ in length or share a name.
    pub fn new(columns: Vec<(String, Cells)>) -> Result<Table> {
        for (i, (name, cells)) in columns.iter().enumerate() {
            if columns[..i].iter().any(|(other, _)| other == name) {
                bail!("value", "two columns are called `{name}`");
            }
            if cells.len() != columns[0].1.len() {
                bail!(
                    "value",
                    "column `{name}` has {} cells, `{}` has {}",
                    cells.len(),
                    columns[0].0,
                    columns[0].1.len()
                );
            }
        }
        Ok(Table { columns })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| cells.len())
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// A column.
    pub fn column(&self, name: &str) -> Result<&Cells> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found.map(|(_, cells)| cells).ok_or_else(|| {
            let fault = fault!(
                "name",
                "the table has no column `{name}`; it has {}",
                self.names().collect::<Vec<_>>().join(", ")
            );
            match super::near::nearest(name, self.names()) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            }
        })
    }

    /// A row: names and cells.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (&str, Cell)> {
        self.columns
            .iter()
            .map(move |(name, cells)| (name.as_str(), cells.at(row)))
    }

    /// Some rows, in this order.
    pub fn select(&self, rows: &[usize]) -> Table {
        Table {
            columns: self
                .columns
                .iter()
                .map(|(name, cells)| (name.clone(), cells.select(rows)))
                .collect(),
        }
    }

    /// Rows in order of a column; equal ones keep their order.
    pub fn sorted(&self, name: &str, descending: bool) -> Result<Table> {
        let cells = self.column(name)?;
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.sort_by(|a, b| {
            if descending {
                cells.compare(*b, *a)
            } else {
                cells.compare(*a, *b)
            }
        });
        Ok(self.select(&rows))
    }

    /// Rows as text, a header first.
    pub fn to_text(&self, style: Style) -> String {
        let mut out = style.row(self.names().map(|name| style.text(name)));
        for row in 0..self.len() {
            out += &style.row(self.columns.iter().map(|(_, cells)| match cells.at(row) {
                Cell::Text(text) => style.text(&text).into_owned(),
                other => other.exact(),
            }));
        }
        out
    }

    /// The table with numbers of so many significant digits, for people.
    pub fn rounded(&self, digits: usize) -> Table {
        let one = |cells: &Cells| match cells {
            Cells::Number(all) => Cells::Text(
                all.iter()
                    .map(|x| {
                        if x.is_nan() {
                            String::new()
                        } else {
                            written::significant(*x, digits)
                        }
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Table {
            columns: self
                .columns
                .iter()
                .map(|(name, cells)| (name.clone(), one(cells)))
                .collect(),
        }
    }

    /// The first rows with aligned columns, for people.
    pub fn to_pretty(&self, most: usize) -> String {
        let rows_shown = self.len().min(most);
        let columns: Vec<(Vec<String>, bool)> = self
            .columns
            .iter()
            .map(|(name, cells)| {
                (
                    std::iter::once(flat(name))
                        .chain((0..rows_shown).map(|row| flat(&cells.at(row).text())))
                        .collect(),
                    matches!(cells, Cells::Text(_)),
                )
            })
            .collect();
        let widths: Vec<usize> = columns
            .iter()
            .map(|(cells, _)| cells.iter().map(|c| c.chars().count()).max().unwrap_or(0))
            .collect();
        let line = |row: usize, block: &[usize]| {
            let cells = block.iter().map(|i| {
                let ((cells, left), width) = (&columns[*i], widths[*i]);
                if *left {
                    format!("{:<width$}", cells[row])
                } else {
                    format!("{:>width$}", cells[row])
                }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
        };
        let blocks = blocks(&widths, super::screen::columns());
        let mut lines: Vec<String> = Vec::new();
        for block in &blocks {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend((0..=rows_shown).map(|row| line(row, block)));
        }
        if self.len() > rows_shown {
            lines.push(format!("… {} more", self.len() - rows_shown));
        }
        lines.join("\n")
    }

    /// The first rows as an HTML table, for pages and notebooks.
    pub fn to_html(&self, most: usize) -> String {
        let rows_shown = self.len().min(most);
        let mut out = String::from("<table><thead><tr>");
        self.names()
            .for_each(|name| out += &format!("<th>{}</th>", escaped(name)));
        out += "</tr></thead><tbody>";
        for row in 0..rows_shown {
            out += "<tr>";
            for (_, cells) in &self.columns {
                let align = if matches!(cells, Cells::Text(_)) {
                    "left"
                } else {
                    "right"
                };
                out += &format!(
                    "<td style=\"text-align:{align}\">{}</td>",
                    escaped(&cells.at(row).text())
                );
            }
            out += "</tr>";
        }
        out += "</tbody></table>";
        if self.len() > rows_shown {
            out += &format!("<p>… {} more</p>", self.len() - rows_shown);
        }
        out
    }

    /// Writes it, as CSV where the name ends so, else separated by tabs; a table of sites also as
    /// .bed, .gff and .gff3.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_as(path, false)
    }

    /// The same; `guards_formulas` puts an apostrophe in front of text that a spreadsheet would
    /// run.
    pub fn save_as(&self, path: &Path, guards_formulas: bool) -> Result<()> {
        let text = match path.extension().and_then(|e| e.to_str()) {
            Some("bed") => self.sites(path)?.iter().map(|site| site.bed()).collect(),
            Some("gff" | "gff3") => std::iter::once("##gff-version 3\n".to_string())
                .chain(self.sites(path)?.iter().map(|site| site.gff()))
                .collect(),
            _ => self.to_text(Style {
                guards_formulas,
                ..Style::of(path)
            }),
        };
        file::write_whole(path, text.as_bytes())
    }

    fn sites(&self, path: &Path) -> Result<Vec<Site<'_>>> {
        let missing = |_: Fault| {
            fault!(
                "value",
                "`{}`: this table holds no sites",
                path.display();
                hint: "save it as .tsv or .csv"
            )
        };
        let text = |name: &str| match self.column(name).map_err(missing)? {
            Cells::Text(cells) => Ok(cells),
            _ => Err(missing(fault!("value", ""))),
        };
        let whole = |name: &str| match self.column(name).map_err(missing)? {
            Cells::Whole(cells) => Ok(cells),
            _ => Err(missing(fault!("value", ""))),
        };
        let number = |name: &str, row: usize| match self.column(name) {
            Ok(Cells::Number(cells)) => cells[row],
            _ => f64::NAN,
        };
        let (motif, sequence, strand, start, stop) = (
            text("motif")?,
            text("sequence")?,
            text("strand")?,
            whole("start")?,
            whole("stop")?,
        );
        let one = |row: usize| Site {
            motif: &motif[row],
            sequence: &sequence[row],
            strand: &strand[row],
            start: start[row],
            stop: stop[row],
            score: number("score", row),
            p_value: number("p_value", row),
        };
        Ok((0..self.len()).map(one).collect())
    }
}

struct Site<'a> {
    motif: &'a str,
    sequence: &'a str,
    strand: &'a str,
    start: i64,
    stop: i64,
    score: f64,
    p_value: f64,
}

impl Site<'_> {
    /// -10 log10 of the p-value, at most 1000.
    fn height(&self) -> f64 {
        if self.p_value.is_nan() {
            0.0
        } else {
            (-10.0 * self.p_value.max(1e-300).log10()).clamp(0.0, 1000.0)
        }
    }

    fn bed(&self) -> String {
        format!(
            "{}\t{}\t{}\t{}\t{:.0}\t{}\n",
            one_line(self.sequence),
            self.start,
            self.stop,
            one_line(self.motif),
            self.height(),
            self.strand
        )
    }

    fn gff(&self) -> String {
        let attributes = format!(
            "Name={};score={};pvalue={}",
            one_line(self.motif).replace([';', '=', ',', '&'], "_"),
            short(self.score),
            short(self.p_value)
        );
        format!(
            "{}\tcistron\tnucleotide_motif\t{}\t{}\t{}\t{}\t.\t{attributes}\n",
            one_line(self.sequence),
            self.start + 1,
            self.stop,
            short(self.height()),
            self.strand
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_tables_are_shown_in_blocks_that_repeat_the_first_column() {
        assert_eq!(blocks(&[3, 4, 5], None), [[0, 1, 2]]);
        assert_eq!(blocks(&[3, 4, 5], Some(16)), [[0, 1, 2]]);
        assert_eq!(blocks(&[3, 4, 5], Some(15)), [[0, 1], [0, 2]]);
        assert_eq!(blocks(&[3, 90, 5], Some(15)), [[0, 1], [0, 2]]);
        assert_eq!(blocks(&[30, 90], Some(15)), [[0, 1]]);
        assert_eq!(blocks(&[], Some(15)), [[0; 0]]);
    }

    #[test]
    fn numbers_are_written_as_c_writes_them() {
        for (x, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (1e-4, "0.0001"),
            (0.000012345678, "1.23457e-05"),
            (123456.7, "123457"),
            (1234567.0, "1.23457e+06"),
        ] {
            assert_eq!(short(x), text);
        }
        assert_eq!(
            (short(9.999999), short(-2.5), short(f64::NAN)),
            ("10".into(), "-2.5".into(), String::new())
        );
    }

    #[test]
    fn files_hold_all_digits_of_numbers() {
        for x in [123_456_789.25, 1e-50, 0.1 + 0.2, 1e300, -7.0, 0.0] {
            assert_eq!(whole(x).parse::<f64>(), Ok(x));
        }
        assert_eq!(
            (whole(3.0), whole(1e-50), whole(f64::NAN)),
            ("3".into(), "1e-50".into(), String::new())
        );
        let table = Table::new(vec![("x".into(), Cells::Number(vec![123_456_789.25]))]).unwrap();
        let tabs = Style {
            separator: '\t',
            guards_formulas: false,
        };
        assert_eq!(table.to_text(tabs), "x\n123456789.25\n");
    }

    #[test]
    fn rows_are_sorted_selected_and_written() {
        let table = Table::new(vec![
            ("name".into(), Cells::Text(vec!["b".into(), "a,c".into()])),
            ("x".into(), Cells::Number(vec![0.5, 0.25])),
        ])
        .unwrap();
        assert_eq!(
            table.sorted("x", false).unwrap().to_text(Style {
                separator: ',',
                guards_formulas: false
            }),
            "name,x\n\"a,c\",0.25\nb,0.5\n"
        );
        assert!(
            table
                .column("nam")
                .unwrap_err()
                .to_string()
                .contains("no column")
        );
        assert!(
            Table::new(vec![
                ("a".into(), Cells::Whole(vec![1])),
                ("b".into(), Cells::Whole(vec![]))
            ])
            .is_err()
        );
        assert!(
            table
                .save(Path::new("/tmp/x.bed"))
                .unwrap_err()
                .to_string()
                .contains("no sites")
        );
    }
}
