//! Tables of regions and their labels in letters, as the DREAM challenge writes them.

use super::labels::Labels;
use crate::seq::contigs::Contigs;
use crate::seq::intervals::Intervals;
use crate::seq::text::Lines;
use cistron_base::{Interval, Result, bail, fault, near};
use ndarray::Array2;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// What is read of a table.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Word of bound regions.
    pub bound: String,
    /// Word of unbound regions.
    pub unbound: String,
    /// Word of regions whose label is undefined.
    pub ambiguous: String,
    /// Names of the columns, in their order; all of them unless given.
    pub columns: Option<Vec<String>>,
    /// Names of the chromosomes; all of them unless given.
    pub chroms: Option<Vec<String>>,
}

/// Columns of places.
const PLACES: usize = 3;

/// Reads a table whose first line names its columns: chromosome, start and stop, then one of each
/// cell type. The labels are 1 for bound, 0 for unbound, NaN for ambiguous.
pub fn read(path: &Path, wanted: &Wanted) -> Result<(Intervals, Labels)> {
    let mut lines = Lines::open(path)?;
    let names = match lines.next_line()? {
        Some((_, line)) => named(path, line)?,
        None => bail!("data", "`{}` is empty", path.display()),
    };
    let chosen = chosen(&names, wanted)?;
    let mut table = Table::default();
    while let Some((number, line)) = lines.next_line()? {
        if line.trim().is_empty() {
            continue;
        }
        table
            .add(line, names.len(), &chosen, wanted)
            .map_err(|fault| fault.context(format!("`{}` line {number}", path.display())))?;
    }
    table.done(path, wanted, chosen.iter().map(|at| names[*at].clone()))
}

/// A small table in place of one whose file does not exist.
pub fn invented(names: Vec<String>) -> (Intervals, Labels) {
    let contigs = Contigs::new(vec!["chr1".into()], vec![0]);
    let rows = (0..4).map(|i| Interval::new(0, i * 50, i * 50 + 200));
    let regions = Intervals::new(Arc::new(contigs), rows.collect());
    let value = |(row, _): (usize, usize)| (row % 2) as f32;
    let values = Array2::from_shape_fn((regions.len(), names.len()), value);
    (regions, Labels { names, values })
}

/// The names of the columns of labels.
fn named(path: &Path, line: &str) -> Result<Vec<String>> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let is_number = |cell: &&str| cell.parse::<f64>().is_ok();
    if cells.len() <= PLACES || cells.iter().skip(1).take(2).any(is_number) {
        bail!(
            "data",
            "`{}` line 1 does not name columns of labels",
            path.display();
            hint: "chr, start, stop and the cell types, separated by tabs, as in the label files \
                of the DREAM challenge"
        );
    }
    Ok(cells[PLACES..].iter().map(ToString::to_string).collect())
}

/// The columns that are read.
fn chosen(names: &[String], wanted: &Wanted) -> Result<Vec<usize>> {
    let Some(columns) = &wanted.columns else {
        return Ok((0..names.len()).collect());
    };
    let place = |column: &String| {
        names.iter().position(|name| name == column).ok_or_else(|| {
            let fault = fault!("name", "the table has no column `{column}`");
            let known = names.iter().map(String::as_str);
            match near::nearest(column, known) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint(format!("it has {}", names.join(", "))),
            }
        })
    };
    columns.iter().map(place).collect()
}

/// Regions and labels as they are read.
#[derive(Default)]
struct Table {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    last: Option<u32>,
    rows: Vec<Interval>,
    values: Vec<f32>,
    skipped: Vec<bool>,
}

impl Table {
    /// Reads a line.
    fn add(&mut self, line: &str, columns: usize, chosen: &[usize], wanted: &Wanted) -> Result<()> {
        let mut cells = line.split('\t').map(str::trim);
        let mut cell = |what: &str| cells.next().ok_or_else(|| fault!("data", "has no {what}"));
        let chrom = cell("chromosome")?;
        let (start, end) = (cell("start")?, cell("stop")?);
        let number = |cell: &str| cell.parse::<i64>().ok().filter(|at| *at >= 0);
        let (Some(start), Some(end)) = (number(start), number(end)) else {
            bail!(
                "data",
                "start and stop must be integers of at least 0, got {start} and {end}"
            );
        };
        if end <= start {
            bail!("data", "region {chrom}:{start}-{end} holds no base");
        }
        let chrom = self.chrom(chrom, wanted);
        let first = self.values.len();
        self.values.resize(first + chosen.len(), f32::NAN);
        let mut found = 0;
        for (at, cell) in cells.enumerate() {
            found += 1;
            let value = match cell {
                cell if cell == wanted.bound => 1.0,
                cell if cell == wanted.unbound => 0.0,
                cell if cell == wanted.ambiguous => f32::NAN,
                other => bail!(
                    "data",
                    "label {} must be \"{}\", \"{}\" or \"{}\", got \"{other}\"",
                    at + 1,
                    wanted.bound,
                    wanted.unbound,
                    wanted.ambiguous
                ),
            };
            for (slot, _) in chosen.iter().enumerate().filter(|(_, own)| **own == at) {
                self.values[first + slot] = value;
            }
        }
        if found != columns {
            bail!("data", "has {found} labels, line 1 names {columns}");
        }
        if self.skipped[chrom as usize] {
            self.values.truncate(first);
            return Ok(());
        }
        self.rows.push(Interval::new(chrom, start, end));
        Ok(())
    }

    /// The number of a chromosome; rows of one are together in most files.
    fn chrom(&mut self, name: &str, wanted: &Wanted) -> u32 {
        if let Some(last) = self.last.filter(|last| self.names[*last as usize] == name) {
            return last;
        }
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(name.to_string()).or_insert(next);
        if number == next {
            self.names.push(name.to_string());
            let is_wanted = |chroms: &Vec<String>| chroms.iter().any(|chrom| chrom == name);
            self.skipped
                .push(!wanted.chroms.as_ref().is_none_or(is_wanted));
        }
        self.last = Some(number);
        number
    }

    fn done(
        self,
        path: &Path,
        wanted: &Wanted,
        columns: impl Iterator<Item = String>,
    ) -> Result<(Intervals, Labels)> {
        let absent = wanted.chroms.iter().flatten();
        if let Some(chrom) = absent.clone().find(|chrom| !self.names.contains(chrom)) {
            bail!("name", "`{}` has no regions on `{chrom}`", path.display();
                hint: "it has {}", self.names.join(", "));
        }
        let names: Vec<String> = columns.collect();
        let lengths = vec![0; self.names.len()];
        let contigs = Arc::new(Contigs::new(self.names, lengths));
        let shape = (self.rows.len(), names.len());
        let values = Array2::from_shape_vec(shape, self.values)
            .map_err(|error| fault!("internal", "labels of a table: {error}"))?;
        Ok((Intervals::new(contigs, self.rows), Labels { names, values }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, change: impl Fn(&mut Wanted)) -> Result<(Intervals, Labels)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.tsv");
        std::fs::write(&path, text).expect("a file");
        let mut wanted = Wanted {
            bound: "B".into(),
            unbound: "U".into(),
            ambiguous: "A".into(),
            columns: None,
            chroms: None,
        };
        change(&mut wanted);
        read(&path, &wanted)
    }

    const TEXT: &str = "chr\tstart\tstop\tA549\tK562\n\
        chr10\t600\t800\tU\tB\nchr10\t650\t850\tA\tB\r\nchr2\t0\t200\tU\tU\n";

    #[test]
    fn letters_become_labels() {
        let (regions, labels) = of(TEXT, |_| ()).expect("a table");
        assert_eq!(regions.region_text(1), "chr10:650-850");
        assert_eq!(labels.names, ["A549", "K562"]);
        let values: Vec<String> = labels.values.iter().map(f32::to_string).collect();
        assert_eq!(values, ["0", "1", "NaN", "1", "0", "0"]);
        let (regions, labels) = of(TEXT, |wanted| {
            wanted.columns = Some(vec!["K562".into()]);
            wanted.chroms = Some(vec!["chr2".into()]);
        })
        .expect("a table");
        assert_eq!((regions.len(), regions.chrom(0)), (1, "chr2"));
        assert_eq!(labels.values, ndarray::array![[0.0]]);
        let (regions, labels) = of("chr\tstart\tstop\tx\n", |_| ()).expect("no rows");
        assert_eq!((regions.len(), labels.values.nrows()), (0, 0));
    }

    #[test]
    fn broken_tables_are_reported_with_their_lines() {
        let fault = |text: &str| of(text, |_| ()).expect_err("a fault").message.clone();
        assert!(fault("").contains("is empty"));
        assert!(fault("chr1\t0\t200\tU\n").contains("line 1 does not name"));
        let head = "chr\tstart\tstop\tx\n";
        let line = |line: &str| fault(&format!("{head}{line}\n"));
        assert!(line("chr1\t0\t200\tC").contains("line 2"));
        assert!(line("chr1\t0\t200\tC").contains("got \"C\""));
        assert!(line("chr1\t0\t200").contains("has 0 labels, line 1 names 1"));
        assert!(line("chr1\t0\t200\tU\tU").contains("has 2 labels"));
        assert!(line("chr1\t200\t200\tU").contains("holds no base"));
        assert!(line("chr1\t-5\t200\tU").contains("at least 0"));
        assert!(line("chr1").contains("has no start"));
        let unknown = of(TEXT, |wanted| wanted.columns = Some(vec!["K56".into()]));
        let unknown = unknown.expect_err("a fault");
        assert!(unknown.hint.as_ref().expect("a hint").contains("K562"));
        let unknown = of(TEXT, |wanted| wanted.chroms = Some(vec!["chr9".into()]));
        assert!(unknown.expect_err("a fault").message.contains("chr9"));
    }
}
