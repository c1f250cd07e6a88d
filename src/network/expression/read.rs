//! Readers of expression matrices in text.

use super::Expression;
use cistron_base::delimited::{LARGEST_ROW, Separator, Sniffer, Splitter, unclosed};
use cistron_base::{Fault, Result, bail, fault, file, interrupt};
use flate2::read::MultiGzDecoder;
use ndarray::Array2;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Which side of a file holds the genes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// Rows where rows have names, else columns.
    Auto,
    /// A row is a gene.
    Rows,
    /// A column is a gene.
    Columns,
}

/// What becomes of several rows of one gene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// They are an error.
    Error,
    /// Their mean is taken.
    Mean,
    /// The one with the highest mean is kept.
    Highest,
    /// The one with the largest variance is kept.
    Variance,
}

/// How a matrix is read.
#[derive(Clone, Copy, Debug)]
pub struct ReadSettings {
    /// Which side holds the genes.
    pub genes: Orientation,
    /// What becomes of several rows of one gene.
    pub duplicates: Duplicates,
}

impl Default for ReadSettings {
    fn default() -> Self {
        ReadSettings {
            genes: Orientation::Auto,
            duplicates: Duplicates::Error,
        }
    }
}

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

/// The rows of a table, one at a time.
struct Rows {
    reader: Box<dyn BufRead>,
    separator: Option<Separator>,
    name: String,
    /// The line of the row that was read last, from 1.
    line: usize,
}

impl Rows {
    /// The rows of a file, which may be compressed by gzip.
    fn open(path: &Path) -> Result<Rows> {
        let mut reader = BufReader::with_capacity(1 << 16, file::open(path)?);
        let start = reader.fill_buf().map_err(|e| Fault::file(path, &e))?;
        let reader: Box<dyn BufRead> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(
                1 << 16,
                MultiGzDecoder::new(reader),
            ))
        } else {
            Box::new(reader)
        };
        Ok(Rows {
            reader,
            separator: None,
            name: path.display().to_string(),
            line: 0,
        })
    }

    /// Where the last row is.
    fn place(&self) -> String {
        format!("`{}`, line {}", self.name, self.line)
    }

    /// Reads up to a line feed, a carriage return or both; whether there was anything.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<bool> {
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(!bytes.is_empty());
            }
            let end = buffer.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let Some(end) = end else {
                bytes.extend_from_slice(buffer);
                let length = buffer.len();
                self.reader.consume(length);
                if bytes.len() > LARGEST_ROW {
                    return Ok(true); // refused as a row
                }
                continue;
            };
            bytes.extend_from_slice(&buffer[..end]);
            bytes.push(b'\n');
            let is_return = buffer[end] == b'\r';
            self.reader.consume(end + 1);
            if is_return && self.reader.fill_buf()?.first() == Some(&b'\n') {
                self.reader.consume(1);
            }
            return Ok(true);
        }
    }

    fn next_line(&mut self, line: &mut String) -> Result<bool> {
        let mut bytes = Vec::new();
        let is_read = self
            .read_line(&mut bytes)
            .map_err(|e| fault!("file", "`{}`: {e}", self.name))?;
        self.line += usize::from(is_read);
        let text = String::from_utf8(bytes).map_err(|_| {
            fault!("data", "{}: the line is no text in UTF-8", self.place();
                hint: "matrices are read from text separated by tabs, commas or blanks")
        })?;
        let text = if self.line == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            &text
        };
        line.clear();
        line.push_str(text);
        Ok(is_read)
    }

    /// Whether a line between rows is passed over: blank ones, comments, the description of a GEO
    /// series matrix.
    fn is_skipped(line: &str) -> bool {
        let start = line.trim_start();
        start.trim().is_empty() || start.starts_with('#') || start.starts_with('!')
    }

    /// The cells of the next row.
    fn next(&mut self) -> Result<Option<Vec<String>>> {
        let mut line = String::new();
        loop {
            if !self.next_line(&mut line)? {
                return Ok(None);
            }
            if !Rows::is_skipped(&line) {
                break;
            }
        }
        if self.line.is_multiple_of(256) {
            interrupt::check()?;
        }
        let separator = *self.separator.get_or_insert_with(|| {
            let mut sniffer = Sniffer::default();
            sniffer.add(&line);
            sniffer.separator()
        });
        let mut splitter = Splitter::new(separator);
        while !splitter.add(&line)? {
            if !self.next_line(&mut line)? {
                return Err(unclosed(&self.place()));
            }
        }
        let mut cells = splitter.finish();
        if let Some(last) = cells.last_mut() {
            last.truncate(last.trim_end_matches(['\n', '\r']).len());
        }
        Ok(Some(cells))
    }
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
            rows.name;
            hint: "the first row has the names of the columns"
        );
    }
    Ok(Layout::Plain)
}

fn grid(rows: &mut Rows) -> Result<Grid> {
    let Some(mut header) = rows.next()? else {
        bail!("data", "`{}` has no rows", rows.name)
    };
    let Some(first) = rows.next()? else {
        bail!("data", "`{}` has a header and no rows", rows.name)
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
    Ok(grid)
}

/// Combines rows of one name.
fn collapsed(
    genes: Vec<String>,
    values: Array2<f64>,
    how: Duplicates,
) -> (Vec<String>, Array2<f64>, usize) {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for (i, gene) in genes.iter().enumerate() {
        let group = *at.entry(gene).or_insert_with(|| {
            groups.push((gene.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(i);
    }
    let repeated = genes.len() - groups.len();
    if repeated == 0 || how == Duplicates::Error {
        return (genes, values, 0);
    }
    let known = |row: usize| {
        values
            .row(row)
            .iter()
            .copied()
            .filter(|x| !x.is_nan())
            .collect()
    };
    let key = |row: usize| -> f64 {
        let known: Vec<f64> = known(row);
        match how {
            Duplicates::Variance => cistron_metrics::statistics::variance(&known),
            _ => cistron_metrics::statistics::mean(&known),
        }
    };
    let best = |rows: &[usize]| {
        let better = |a: usize, b: usize| {
            let (x, y) = (key(a), key(b));
            if y > x || (x.is_nan() && !y.is_nan()) {
                b
            } else {
                a
            }
        };
        rows.iter().copied().reduce(better).unwrap_or_default()
    };
    let mut combined = Array2::zeros((groups.len(), values.ncols()));
    for ((_, rows), mut target) in groups.iter().zip(combined.rows_mut()) {
        if how != Duplicates::Mean {
            target.assign(&values.row(best(rows)));
            continue;
        }
        for (sample, cell) in target.iter_mut().enumerate() {
            let known = rows.iter().map(|row| values[[*row, sample]]);
            let known: Vec<f64> = known.filter(|x| !x.is_nan()).collect();
            *cell = cistron_metrics::statistics::mean(&known);
        }
    }
    (
        groups.into_iter().map(|(name, _)| name).collect(),
        combined,
        repeated,
    )
}

/// All rows of a table, with its header.
pub(crate) fn read_rows(path: &Path) -> Result<Vec<Vec<String>>> {
    let mut rows = Rows::open(path)?;
    let mut all = Vec::new();
    while let Some(cells) = rows.next()? {
        all.push(cells);
    }
    Ok(all)
}

/// Reads a matrix separated by tabs, commas or blanks, which may be compressed by gzip.
///
/// The first row has the names of the columns; rows may have names. Blank lines and lines that
/// start with `#` or `!` (the description in a GEO series matrix) are passed over.
pub fn read(path: &Path, settings: &ReadSettings) -> Result<Expression> {
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
    let mut notes = Vec::new();
    let genes_in_rows = match settings.genes {
        Orientation::Auto => names.is_some(),
        Orientation::Rows => true,
        Orientation::Columns => false,
    };
    let prefix = if genes_in_rows { "gene" } else { "sample" };
    let names = names.unwrap_or_else(|| {
        notes.push(format!(
            "the rows have no names: they are called {prefix}1 to {prefix}{count}"
        ));
        (1..=count).map(|i| format!("{prefix}{i}")).collect()
    });
    let (genes, samples, values) = match genes_in_rows {
        true => (names, columns, values),
        false => (
            columns,
            names,
            values.reversed_axes().as_standard_layout().into_owned(),
        ),
    };
    let (genes, values, repeated) = collapsed(genes, values, settings.duplicates);
    if repeated > 0 {
        notes.push(format!(
            "{repeated} rows of genes that occur again were combined"
        ));
    }
    let mut matrix = Expression::new(genes, samples, values)
        .map_err(|f| f.context(format!("`{}`", rows.name)))?;
    let missing = matrix.missing();
    if missing > 0 {
        notes.push(format!("{missing} values are missing"));
    }
    matrix.notes = notes;
    Ok(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_text(text: &str, settings: ReadSettings) -> Result<Expression> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.tsv");
        std::fs::write(&path, text).expect("written");
        read(&path, &settings)
    }

    fn auto(text: &str) -> Result<Expression> {
        read_text(text, ReadSettings::default())
    }

    #[test]
    fn genes_are_rows_where_rows_have_names() {
        for text in [
            "gene\ts1\ts2\na\t1\t2\nb\t3\tNA\n",
            "s1\ts2\na\t1\t2\nb\t3\t\n",
            ",s1,s2\na,1,2\nb,3,NA\n",
            "\"\",\"s1\",\"s2\"\r\n\"a\",1,2\r\n\"b\",3,nan\r\n",
            "!Series_title\t\"x\"\n!series_matrix_table_begin\n\"ID_REF\"\t\"s1\"\t\"s2\"\n\
                \"a\"\t1\t2\n\"b\"\t3\tnull\n!series_matrix_table_end\n",
            "# a comment\n\ngene s1 s2\na 1 2\nb 3 NA\n",
            "gene\ts1\ts2\ra\t1\t2\rb\t3\tNA",
            "gene,s1,s2\r\n\r\na,1,2\r\nb,3,NA\r\n",
        ] {
            let matrix = auto(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(matrix.genes(), ["a", "b"], "{text}");
            assert_eq!(matrix.samples(), ["s1", "s2"], "{text}");
            assert_eq!(matrix.values()[[1, 0]], 3.0);
            assert!(matrix.values()[[1, 1]].is_nan());
            assert_eq!(matrix.missing(), 1);
        }
    }

    #[test]
    fn genes_are_columns_where_rows_have_no_names() {
        let matrix = auto("\"G1\"\t\"G2\"\n0.1\t0.2\n0.3\t0.4\n0.5\t0.6\n").expect("a matrix");
        assert_eq!(matrix.genes(), ["G1", "G2"]);
        assert_eq!(matrix.samples(), ["sample1", "sample2", "sample3"]);
        assert_eq!(matrix.gene(1).to_vec(), [0.2, 0.4, 0.6]);
        assert_eq!(matrix.notes.len(), 1);
        let settings = ReadSettings {
            genes: Orientation::Columns,
            ..ReadSettings::default()
        };
        let turned = read_text("x\tG1\tG2\ns1\t1\t2\n", settings).expect("a matrix");
        assert_eq!(
            (turned.genes(), turned.samples()),
            (
                &["G1".to_string(), "G2".into()][..],
                &["s1".to_string()][..]
            )
        );
    }

    #[test]
    fn repeated_genes_are_combined_on_request() {
        let text = "gene\ts1\ts2\na\t1\t2\nb\t3\t4\na\t3\t8\n";
        assert!(
            auto(text)
                .expect_err("twice")
                .message
                .contains("`a` occurs twice")
        );
        let read = |duplicates| {
            let settings = ReadSettings {
                duplicates,
                ..ReadSettings::default()
            };
            read_text(text, settings)
                .expect("a matrix")
                .gene(0)
                .to_vec()
        };
        assert_eq!(read(Duplicates::Mean), [2.0, 5.0]);
        assert_eq!(read(Duplicates::Highest), [3.0, 8.0]);
        assert_eq!(read(Duplicates::Variance), [3.0, 8.0]);
    }

    #[test]
    fn broken_files_are_refused_with_their_line() {
        for (text, message) in [
            ("", "has no rows"),
            ("gene\ts1\n", "a header and no rows"),
            ("gene\ts1\na\tx\n", "line 2, column `s1`: `x` is no number"),
            (
                "gene\ts1\ts2\na\t1\t2\nb\t1\n",
                "line 3 has 1 numbers, expected 2",
            ),
            ("1\t2\n3\t4\n", "only numbers"),
            ("gene\ts1\na\tinf\n", "`inf` is no number"),
            ("gene\ts1\n\"a\t1\n", "not closed"),
            ("gene\ts1\ts1\na\t1\t2\n", "sample `s1` occurs twice"),
            ("gene\ts1\na\t1\t2\t3\n", "line 2 has 4 cells"),
        ] {
            let fault = auto(text).expect_err(text);
            assert!(fault.message.contains(message), "{text}: {fault}");
        }
    }

    #[test]
    fn compressed_files_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.tsv.gz");
        let file = std::fs::File::create(&path).expect("a file");
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(b"gene\ts1\na\t1\n").expect("written");
        encoder.finish().expect("written");
        assert_eq!(
            read(&path, &ReadSettings::default())
                .expect("a matrix")
                .genes(),
            ["a"]
        );
    }
}
