//! Rows of files of intervals, gathered with what is wrong with them.

use super::{Field, Intervals};
use crate::seq::contigs::Contigs;
use crate::seq::genome::Genome;
use cistron_base::{Interval, Result, Strand, bail, fault};
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
    pub(super) fn of(path: &Path) -> Format {
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
