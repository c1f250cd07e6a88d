//! Runs of equal value in memory; bedGraph and wiggle files.

use crate::seq::contigs::Contigs;
use crate::seq::{kind, text};
use cistron_base::Result;
use cistron_base::{bail, fault};
use std::collections::HashMap;
use std::path::Path;

/// A run of equal value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// First base.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
    /// The value.
    pub value: f32,
}

/// The meaning of the lines of a wiggle file.
enum Wiggle {
    /// A value a line, `step` bases apart.
    Fixed {
        chrom: String,
        next: i64,
        step: i64,
        span: i64,
    },
    /// A position (from 1) and a value a line.
    Variable { chrom: String, span: i64 },
}

impl Wiggle {
    /// A line such as `fixedStep chrom=chr1 start=11 step=5 span=2`.
    fn declared(line: &str) -> Option<Wiggle> {
        let mut words = line.split_ascii_whitespace();
        let is_fixed = words.next()? == "fixedStep";
        let (mut chrom, mut start, mut step, mut span) = (None, None, 1, 1);
        for word in words {
            let (key, value) = word.split_once('=')?;
            match key {
                "chrom" => chrom = Some(value.to_string()),
                "start" => start = Some(value.parse::<i64>().ok()?),
                "step" => step = value.parse().ok()?,
                "span" => span = value.parse().ok()?,
                _ => return None,
            }
        }
        if step < 1 || span < 1 {
            return None;
        }
        Some(match is_fixed {
            true => Wiggle::Fixed {
                chrom: chrom?,
                next: start? - 1,
                step,
                span,
            },
            false => Wiggle::Variable {
                chrom: chrom?,
                span,
            },
        })
    }

    /// The run of a line of values.
    fn run(&mut self, cells: &[&str]) -> Option<(&str, Run)> {
        match (self, cells) {
            (
                Wiggle::Fixed {
                    chrom,
                    next,
                    step,
                    span,
                },
                [value],
            ) => {
                let run = Run {
                    start: *next,
                    end: *next + *span,
                    value: value.parse().ok()?,
                };
                *next += *step;
                Some((chrom, run))
            }
            (Wiggle::Variable { chrom, span }, [position, value]) => {
                let start = position.parse::<i64>().ok()? - 1;
                Some((
                    chrom,
                    Run {
                        start,
                        end: start + *span,
                        value: value.parse().ok()?,
                    },
                ))
            }
            _ => None,
        }
    }
}

/// Visits the runs of a bedGraph or wiggle file, with their lines and chromosomes.
fn each(path: &Path, mut visit: impl FnMut(usize, &str, Run)) -> Result<()> {
    let mut lines = text::Lines::open(path)?;
    let mut wiggle: Option<Wiggle> = None;
    while let Some((number, line)) = lines.next_line()? {
        let line = line.trim();
        let place = || format!("`{}` line {number}", path.display());
        let shown = || line.chars().take(40).collect::<String>();
        if line.is_empty() || line.starts_with('#') || line.starts_with("browser") {
            continue;
        }
        if line.starts_with("track") {
            wiggle = None;
            continue;
        }
        if line.starts_with("fixedStep") || line.starts_with("variableStep") {
            let found = Wiggle::declared(line);
            wiggle = Some(found.ok_or_else(|| {
                fault!(
                    "data",
                    "{}: `{}` is no declaration of wiggle",
                    place(),
                    shown()
                )
                .hint(
                    "`fixedStep chrom=chr1 start=1 step=10 span=10`, `variableStep \
                        chrom=chr1 span=10`",
                )
            })?);
            continue;
        }
        let cells: Vec<&str> = line.split_ascii_whitespace().collect();
        let bed = || match cells[..] {
            [chrom, start, end, value, ..] => Some((
                chrom,
                Run {
                    start: start.parse().ok()?,
                    end: end.parse().ok()?,
                    value: value.parse().ok()?,
                },
            )),
            _ => None,
        };
        let found = match &mut wiggle {
            Some(wiggle) if cells.len() < 4 => wiggle.run(&cells),
            _ => bed(),
        };
        let Some((chrom, run)) = found else {
            let wanted = match wiggle {
                Some(Wiggle::Fixed { .. }) => "a value",
                Some(Wiggle::Variable { .. }) => "a position and a value",
                None => "chromosome, start, end and value",
            };
            let fault = fault!("data", "{}: expected {wanted}, got `{}`", place(), shown());
            return Err(match kind::of(line.as_bytes()).filter(|_| number == 1) {
                Some(kind) => fault.hint(format!("this is {}: {}", kind.name, kind.advice)),
                None => fault.hint("signals are read from bigWig, bedGraph and wiggle files"),
            });
        };
        if run.start < 0 || run.start >= run.end {
            bail!(
                "data",
                "{}: {}-{} is no range of bases",
                place(),
                run.start,
                run.end;
                hint: "starts count from 0 in bedGraph and from 1 in wiggle, and lie before ends"
            );
        }
        visit(number, chrom, run);
    }
    Ok(())
}

/// Reads a bedGraph or wiggle file. The lengths of its chromosomes are not known (0).
pub fn read(path: &Path) -> Result<(Contigs, Vec<Vec<Run>>)> {
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut runs: Vec<Vec<Run>> = Vec::new();
    let mut at = usize::MAX;
    each(path, |_, chrom, run| {
        if names.get(at).is_none_or(|name| name != chrom) {
            at = *known.entry(chrom.to_string()).or_insert_with(|| {
                names.push(chrom.to_string());
                runs.push(Vec::new());
                names.len() - 1
            });
        }
        runs[at].push(run);
    })?;
    if names.is_empty() {
        bail!("data", "`{}` holds no value", path.display());
    }
    for (name, own) in names.iter().zip(&mut runs) {
        own.sort_by_key(|run| run.start);
        if let Some(pair) = own.windows(2).find(|pair| pair[1].start < pair[0].end) {
            return Err(overlap(path, name, pair));
        }
    }
    let lengths = vec![0; names.len()];
    Ok((Contigs::new(names, lengths), runs))
}

/// The fault of two runs that overlap, with their lines.
fn overlap(path: &Path, name: &str, pair: &[Run]) -> cistron_base::Fault {
    let mut lines = Vec::new();
    let seen = each(path, |number, chrom, run| {
        if chrom == name
            && pair
                .iter()
                .any(|own| (own.start, own.end) == (run.start, run.end))
        {
            lines.push(number.to_string());
        }
    });
    if let Err(fault) = seen {
        return fault;
    }
    lines.truncate(2);
    let shown = |run: &Run| format!("{name}:{}-{}", run.start, run.end);
    let text = format!(
        "`{}` lines {}: {} and {} overlap: a base has two values",
        path.display(),
        lines.join(" and "),
        shown(&pair[0]),
        shown(&pair[1])
    );
    fault!(
        "data",
        "{text}";
        hint: "remove one of them, or average what overlaps: `sort -k1,1 -k2,2n FILE | bedtools \
            merge -d -1 -c 4 -o mean -i -`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<(i64, i64, f32)>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.wig");
        std::fs::write(&path, text).expect("a file");
        Ok(read(&path)?
            .1
            .concat()
            .iter()
            .map(|run| (run.start, run.end, run.value))
            .collect())
    }

    #[test]
    fn wiggle_and_bed_graph_may_alternate() {
        let wiggle = "track type=wiggle_0\nfixedStep chrom=chr1 start=11 step=5 span=2\n1\n2\n\
            variableStep chrom=chr1 span=3\n101 5\n110 6\n";
        assert_eq!(
            of(wiggle).unwrap(),
            [
                (10, 12, 1.0),
                (15, 17, 2.0),
                (100, 103, 5.0),
                (109, 112, 6.0)
            ]
        );
        assert_eq!(
            of("fixedStep chrom=c start=1\n1\n2\nc 5 9 3\n").unwrap(),
            [(0, 1, 1.0), (1, 2, 2.0), (5, 9, 3.0)]
        );
    }

    #[test]
    fn broken_lines_are_reported_with_their_numbers() {
        let fault = |text: &str| of(text).unwrap_err().message.clone();
        assert!(fault("c 0 5 1\nc 9 12 1\nc 3 6 2\n").contains("lines 1 and 3: c:0-5 and c:3-6"));
        assert!(fault("fixedStep chrom=c\n1\n").contains("line 1"));
        assert!(fault("fixedStep chrom=c start=0\n1\n").contains("line 2: -1-0"));
        assert!(fault("variableStep chrom=c\n1\n").contains("a position and a value"));
        assert!(fault("fixedStep chrom=c start=1 step=1 span=5\n1\n2\n").contains("overlap"));
        assert!(
            of(">chr1\nACGT\n")
                .unwrap_err()
                .hint
                .as_ref()
                .unwrap()
                .contains("FASTA")
        );
    }
}
