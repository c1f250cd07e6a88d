//! Rows on their way from a file into a list, with all that is wrong with them counted.

use super::options::{Policy, ReaderOptions, Unsorted};
use crate::seq::contigs::Contigs;
use crate::seq::intervals::{Field, Intervals};
use cistron_base::{Interval, Result, Strand};
use cistron_base::{bail, fault};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Rejected rows by reason: how many, and the first of them.
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
    /// First base, 0-based.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
    /// Its strand.
    pub strand: Strand,
}

/// Rows that are gathered from a file.
pub struct Gather<'a> {
    options: ReaderOptions<'a>,
    path: String,
    names: Vec<String>,
    known: HashMap<String, u32>,
    places: Vec<Option<(u32, i64, i64)>>,
    /// The rows so far.
    pub rows: Vec<Interval>,
    /// Rejected rows.
    pub problems: Problems,
    unsorted: Problems,
    /// Rows whose start is their end, such as places of insertions.
    points: Problems,
    last: (u32, i64),
}

impl<'a> Gather<'a> {
    /// Nothing yet.
    pub fn new(path: &Path, options: ReaderOptions<'a>) -> Gather<'a> {
        Gather {
            options,
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
        self.places.push(self.options.genome.and_then(|genome| {
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
        if start < 0 && self.options.genome.is_none() {
            self.problems.add("out of bounds", first);
            return false;
        }
        if self.options.genome.is_some() {
            let Some((_, low, high)) = self.places[chrom as usize] else {
                self.problems.add("on an unknown chromosome", first);
                return false;
            };
            if start < low || end > high {
                let is_inside = start.max(low) < end.min(high);
                if self.options.policy != Policy::Clip || !is_inside {
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

    /// The intervals; fails where rows cannot be used and the options refuse them.
    pub fn finish(self, fields: Vec<(String, Field)>) -> Result<Intervals> {
        let Gather {
            options,
            path,
            names,
            rows,
            problems,
            places,
            unsorted,
            points,
            ..
        } = self;
        if problems.total() > 0 && options.policy == Policy::Refuse {
            let n = problems.total();
            bail!(
                "data",
                "`{path}`: {n} row{} cannot be used: {}",
                if n == 1 { "" } else { "s" },
                problems.text();
                hint: "mend the file, or leave such rows out with `#{{ invalid: \"skip\" }}` \
                    (`\"clip\"` cuts at the ends of chromosomes)"
            );
        }
        let mut out = match options.genome {
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
            let verb = if options.policy == Policy::Clip {
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
        match options.unsorted {
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
                bail!(
                    "data",
                    "`{path}` is not sorted: {}",
                    unsorted.text();
                    hint: "`#{{ unsorted: \"sort\" }}` sorts it"
                )
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
