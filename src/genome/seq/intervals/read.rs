//! Files of intervals: BED of 3 to 12 columns and more, narrowPeak, broadPeak, GTF, GFF, VCF,
//! bigBed; plain or gzipped.

use super::{Field, Intervals, annotation};
use crate::seq::contigs::Contigs;
use crate::seq::genome::Genome;
use crate::seq::text;
use cistron_base::{Interval, Result, Strand};
use cistron_base::{bail, fault};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// What is done with rows that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The whole file is refused, with all that is wrong counted.
    #[default]
    Refuse,
    /// They are left out and counted.
    Skip,
    /// Those that reach out of a chromosome are cut at its end; others are left out.
    Clip,
}

/// What is done with a file whose rows are not in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsorted {
    /// It is counted and told; the order is kept, for nothing here depends on it.
    #[default]
    Note,
    /// Rows are sorted.
    Sort,
    /// The file is refused.
    Refuse,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan<'a> {
    /// The format; found by name and content unless given.
    pub format: Option<Format>,
    /// What is done with rows that cannot be used.
    pub policy: Policy,
    /// What is done with rows that are not in order.
    pub unsorted: Unsorted,
    /// The genome that the rows must lie in, where it is known.
    pub genome: Option<&'a Genome>,
}

/// Formats of intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// BED with any number of columns.
    Bed,
    /// ENCODE's narrowPeak (BED6+4).
    NarrowPeak,
    /// ENCODE's broadPeak (BED6+3).
    BroadPeak,
    /// GTF.
    Gtf,
    /// GFF3.
    Gff,
    /// VCF: an interval for each reference allele.
    Vcf,
    /// bigBed.
    BigBed,
}

impl Format {
    /// The format by a file's ending; BED where it tells nothing.
    fn of(path: &Path) -> Format {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default();
        let plain = [".gz", ".bgz"]
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .unwrap_or(&name);
        match plain.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "narrowpeak" => Format::NarrowPeak,
            "broadpeak" => Format::BroadPeak,
            "gtf" => Format::Gtf,
            "gff" | "gff3" => Format::Gff,
            "vcf" => Format::Vcf,
            "bb" | "bigbed" => Format::BigBed,
            _ => Format::Bed,
        }
    }
}

/// What was wrong with rows, by kind: how many, and the first of them.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<(&'static str, usize, String)>);

impl Problems {
    /// Counts a row that cannot be used.
    pub fn add(&mut self, kind: &'static str, first: impl FnOnce() -> String) {
        match self.0.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, n, _)) => *n += 1,
            None => self.0.push((kind, 1, first())),
        }
    }

    /// How many in all.
    pub fn total(&self) -> usize {
        self.0.iter().map(|(_, n, _)| n).sum()
    }

    /// Kind, count and the first of each.
    pub fn iter(&self) -> impl Iterator<Item = &(&'static str, usize, String)> {
        self.0.iter()
    }

    /// All of them in words.
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(|(kind, n, first)| format!("{n} {kind} ({first})"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A row on its way in.
pub struct Draft<'a> {
    /// The chromosome's name.
    pub chrom: &'a str,
    /// First base, 0-based, as text or number says.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
    /// Its strand.
    pub strand: Strand,
}

/// Rows that are gathered from a file.
pub struct Gather<'a> {
    plan: Plan<'a>,
    path: String,
    names: Vec<String>,
    known: HashMap<String, u32>,
    places: Vec<Option<(u32, i64, i64)>>,
    /// The rows so far.
    pub rows: Vec<Interval>,
    /// What was wrong.
    pub problems: Problems,
    unsorted: Problems,
    /// Rows whose start is their end, such as places of insertions.
    points: Problems,
    last: (u32, i64),
}

impl<'a> Gather<'a> {
    /// Nothing yet.
    pub fn new(path: &Path, plan: Plan<'a>) -> Gather<'a> {
        Gather {
            plan,
            path: path.display().to_string(),
            names: Vec::new(),
            known: HashMap::new(),
            places: Vec::new(),
            rows: Vec::new(),
            problems: Problems::default(),
            unsorted: Problems::default(),
            points: Problems::default(),
            last: (0, 0),
        }
    }

    fn chrom(&mut self, name: &str) -> u32 {
        if let Some(found) = self.known.get(name) {
            return *found;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.known.insert(name.into(), number);
        self.places.push(self.plan.genome.and_then(|genome| {
            let chrom = genome.contigs.find(name)?;
            let (first, end) = genome.range(chrom);
            Some((chrom, first, end))
        }));
        number
    }

    /// Takes a row; whether it is kept.
    pub fn push(&mut self, draft: &Draft, line: usize) -> bool {
        let chrom = self.chrom(draft.chrom);
        let (mut start, mut end) = (draft.start, draft.end);
        let first = || format!("line {line}: {} {} {}", draft.chrom, draft.start, draft.end);
        if start > end {
            self.problems.add("inverted", first);
            return false;
        }
        if start < 0 && self.plan.genome.is_none() {
            self.problems.add("out of bounds", first);
            return false;
        }
        if self.plan.genome.is_some() {
            let Some((_, low, high)) = self.places[chrom as usize] else {
                self.problems.add("on an unknown chromosome", first);
                return false;
            };
            if start < low || end > high {
                let is_inside = start.max(low) < end.min(high);
                if self.plan.policy != Policy::Clip || !is_inside {
                    self.problems.add("out of bounds", first);
                    return false;
                }
                self.problems.add("out of bounds", first);
                (start, end) = (start.max(low), end.min(high));
            }
        }
        if !self.rows.is_empty() && (chrom, start) < self.last {
            self.unsorted.add("not in order", first);
        }
        if start == end {
            self.points.add("without bases", first);
        }
        self.last = (chrom, start);
        self.rows.push(Interval {
            chrom,
            start,
            end,
            strand: draft.strand,
        });
        true
    }

    /// The intervals; fails where rows cannot be used and the plan refuses them.
    pub fn finish(self, fields: Vec<(String, Field)>) -> Result<Intervals> {
        let Gather {
            plan,
            path,
            names,
            rows,
            problems,
            places,
            unsorted,
            points,
            ..
        } = self;
        if problems.total() > 0 && plan.policy == Policy::Refuse {
            let n = problems.total();
            bail!("data", "`{path}`: {n} row{} cannot be used: {}", if n == 1 { "" } else { "s" }, problems.text();
                hint: "mend the file, or leave such rows out with `#{{ invalid: \"skip\" }}` (`\"clip\"` cuts at the ends of chromosomes)");
        }
        let mut out = match plan.genome {
            Some(genome) => {
                let number =
                    |row: &Interval| places[row.chrom as usize].map_or(0, |(chrom, ..)| chrom);
                let rows = rows
                    .iter()
                    .map(|row| Interval {
                        chrom: number(row),
                        ..*row
                    })
                    .collect();
                Intervals::new(genome.contigs.clone(), rows)
            }
            None => {
                let lengths = vec![0; names.len()];
                Intervals::new(Arc::new(Contigs::new(names, lengths)), rows)
            }
        };
        out.fields = fields;
        if problems.total() > 0 {
            let verb = if plan.policy == Policy::Clip {
                "were left out or cut"
            } else {
                "were left out"
            };
            out.notes.push(format!(
                "`{path}`: {} rows {verb}: {}",
                problems.total(),
                problems.text()
            ));
        }
        if out.is_empty() {
            out.notes.push(format!(
                "`{path}` holds no interval{}",
                if problems.total() > 0 {
                    " that can be used"
                } else {
                    ""
                }
            ));
        }
        if points.total() > 0 {
            out.notes.push(format!(
                "`{path}`: {} rows hold no base and mark the position between two: {}",
                points.total(),
                points.text()
            ));
        }
        if unsorted.total() == 0 {
            return Ok(out);
        }
        match plan.unsorted {
            Unsorted::Note => out
                .notes
                .push(format!("`{path}` is not sorted: {}", unsorted.text())),
            Unsorted::Sort => {
                out = Intervals {
                    notes: std::mem::take(&mut out.notes),
                    ..out.sorted()
                }
            }
            Unsorted::Refuse => {
                bail!("data", "`{path}` is not sorted: {}", unsorted.text(); hint: "`#{{ unsorted: \"sort\" }}` sorts it")
            }
        }
        Ok(out)
    }
}

/// Reads a file of intervals.
pub fn read(path: &Path, plan: &Plan) -> Result<Intervals> {
    let format = plan.format.unwrap_or_else(|| Format::of(path));
    match format {
        Format::Bed | Format::NarrowPeak | Format::BroadPeak => bed(path, plan, format),
        Format::Gtf | Format::Gff => annotation::genes(path, plan, format),
        Format::Vcf => annotation::variants(path, plan),
        Format::BigBed => annotation::big_bed(path, plan),
    }
}

/// Names of the columns after the third.
const BED: [&str; 9] = [
    "name",
    "score",
    "strand",
    "thick_start",
    "thick_end",
    "color",
    "block_count",
    "block_sizes",
    "block_starts",
];
const NARROW: [&str; 7] = ["name", "score", "strand", "signal", "p", "q", "summit"];
const BROAD: [&str; 6] = ["name", "score", "strand", "signal", "p", "q"];

/// The columns of a BED-like file.
struct Columns {
    names: Vec<String>,
    count: usize,
}

impl Columns {
    fn find(header: Option<&str>, cells: &[&str], format: Format) -> Columns {
        let count = cells.len();
        let extra = count.saturating_sub(3);
        if let Some(header) = header {
            let own: Vec<String> = header
                .trim_start_matches('#')
                .split('\t')
                .map(|name| name.trim().to_string())
                .collect();
            if own.len() == count && own.len() > 3 {
                return Columns {
                    names: own[3..]
                        .iter()
                        .map(|name| {
                            if name == "summit_offset" || name == "peak" {
                                "summit".into()
                            } else {
                                name.clone()
                            }
                        })
                        .collect(),
                    count,
                };
            }
        }
        let is_narrow = format == Format::NarrowPeak
            || (count == 10
                && cells[3..].len() == 7
                && Strand::parse(cells[5]).is_some()
                && cells[6..10].iter().all(|c| c.parse::<f64>().is_ok()));
        let is_broad = format == Format::BroadPeak
            || (count == 9
                && Strand::parse(cells[5]).is_some()
                && cells[6..9].iter().all(|c| c.parse::<f64>().is_ok())
                && !cells[8].contains(','));
        let known: &[&str] = if is_narrow {
            &NARROW
        } else if is_broad
            && !(cells[6].parse::<i64>().is_ok()
                && cells[7].parse::<i64>().is_ok()
                && cells[7] != "-1")
        {
            &BROAD
        } else {
            &BED
        };
        let names = (0..extra)
            .map(|i| {
                known
                    .get(i)
                    .map_or_else(|| format!("column{}", i + 4), |name| name.to_string())
            })
            .collect();
        Columns { names, count }
    }
}

fn bed(path: &Path, plan: &Plan, format: Format) -> Result<Intervals> {
    let shown = path.display().to_string();
    let mut lines = text::Lines::open(path)?;
    let mut gather = Gather::new(path, *plan);
    let mut header: Option<String> = None;
    let mut columns: Option<Columns> = None;
    let mut texts: Vec<Vec<Box<str>>> = Vec::new();
    while let Some((number, text)) = lines.next_line()? {
        if text.trim().is_empty() || text.starts_with("track") || text.starts_with("browser") {
            continue;
        }
        if text.starts_with('#') {
            header = Some(text.to_string());
            continue;
        }
        let cells: Vec<&str> = if text.contains('\t') {
            text.split('\t').collect()
        } else {
            text.split_whitespace().collect()
        };
        let first = || {
            format!(
                "line {number}: {}",
                text.chars().take(40).collect::<String>()
            )
        };
        if cells.len() < 3 {
            if gather.rows.is_empty() && columns.is_none() && gather.problems.total() == 0 {
                bail!("data", "`{shown}` line {number}: expected chromosome, start and end, got `{}`", text.chars().take(40).collect::<String>(); hint: "this is not a BED file");
            }
            gather.problems.add("with fewer than 3 columns", first);
            continue;
        }
        let (start, end) = (
            cells[1].trim().parse::<i64>(),
            cells[2].trim().parse::<i64>(),
        );
        let (Ok(start), Ok(end)) = (start, end) else {
            // a first line without numbers is a header
            if columns.is_none()
                && header.is_none()
                && number == 1
                && cells[1].parse::<f64>().is_err()
                && cells[1].chars().any(char::is_alphabetic)
            {
                header = Some(text.to_string());
                continue;
            }
            gather
                .problems
                .add("with positions that are no whole numbers", first);
            continue;
        };
        if columns.is_none() {
            let found = Columns::find(header.as_deref(), &cells, format);
            texts = vec![Vec::new(); found.names.len()];
            columns = Some(found);
        }
        let Some(columns) = &columns else { continue };
        if cells.len() != columns.count {
            gather
                .problems
                .add("with another number of columns than the first", first);
            continue;
        }
        let strand = match columns.names.iter().position(|name| name == "strand") {
            Some(i) => match Strand::parse(cells[i + 3].trim()) {
                Some(strand) => strand,
                None => {
                    gather
                        .problems
                        .add("with a strand that is neither +, - nor .", first);
                    continue;
                }
            },
            None => Strand::None,
        };
        if gather.push(
            &Draft {
                chrom: cells[0].trim(),
                start,
                end,
                strand,
            },
            number,
        ) {
            for (own, cell) in texts.iter_mut().zip(&cells[3..]) {
                own.push(cell.trim().into());
            }
        }
    }
    let names = columns.map(|c| c.names).unwrap_or_default();
    let starts: Vec<i64> = gather.rows.iter().map(|row| row.start).collect();
    let fields = names
        .into_iter()
        .zip(texts)
        .filter(|(name, _)| name != "strand")
        .map(|(name, own)| typed(name, own, &starts))
        .collect();
    gather.finish(fields)
}

/// Numbers where all values are numbers; summits become absolute positions.
fn typed(name: String, own: Vec<Box<str>>, starts: &[i64]) -> (String, Field) {
    let text = ["name", "color", "block_sizes", "block_starts"].contains(&name.as_str());
    let parse = |value: &str| {
        if value == "." {
            Some(f64::NAN)
        } else {
            value.parse::<f64>().ok()
        }
    };
    if text {
        return (name, Field::Text(own));
    }
    match own
        .iter()
        .map(|value| parse(value))
        .collect::<Option<Vec<f64>>>()
    {
        Some(values) if name == "summit" => {
            let values = values
                .iter()
                .zip(starts)
                .map(|(v, start)| {
                    if *v < 0.0 {
                        f64::NAN
                    } else {
                        v + *start as f64
                    }
                })
                .collect();
            (name, Field::Number(values))
        }
        Some(values) if values.iter().any(|v| !v.is_nan()) => (name, Field::Number(values)),
        _ => (name, Field::Text(own)),
    }
}

/// The fault of a file that a library could not read.
pub fn broken(
    path: &Path,
    line: Option<usize>,
    error: &dyn std::fmt::Display,
) -> cistron_base::Fault {
    match line {
        Some(line) => fault!("data", "`{}` line {line}: {error}", path.display()),
        None => fault!("data", "`{}`: {error}", path.display()),
    }
}
