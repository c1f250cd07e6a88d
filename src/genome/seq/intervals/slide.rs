//! Ends and places moved by bases or by shares of the length: slop, flank, shift, windows by
//! number.

use super::sets::left_out;
use super::{Field, Intervals};
use crate::seq::genome::Genome;
use cistron_base::{Interval, Result, Strand};

/// By how much each interval is changed on its two sides.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// Left, or upstream.
    pub before: f64,
    /// Right, or downstream.
    pub after: f64,
    /// Whether the two are shares of each interval's length.
    pub percent: bool,
    /// Whether before is upstream.
    pub by_strand: bool,
    /// The genome at whose ends intervals are cut.
    pub genome: Option<&'a Genome>,
}

/// A fraction of a length; a value within rounding of an integer number of bases is that integer.
fn share(x: f64, length: i64) -> f64 {
    let bases = x * length as f64;
    if (bases - bases.round()).abs() < 1e-6 {
        bases.round()
    } else {
        bases
    }
}

impl Sides<'_> {
    /// Whole bases to the left and to the right of an interval; shares of bases are cut off.
    fn of(&self, row: &Interval) -> (i64, i64) {
        let length = row.padded().len();
        let bases = |x: f64| {
            if self.percent {
                share(x, length) as i64
            } else {
                x as i64
            }
        };
        match self.by_strand && row.strand == Strand::Reverse {
            true => (bases(self.after), bases(self.before)),
            false => (bases(self.before), bases(self.after)),
        }
    }

    fn list(&self, list: &Intervals) -> Result<Intervals> {
        match self.genome {
            Some(genome) => list.in_genome(genome),
            None => Ok(list.select(&(0..list.len() as u32).collect::<Vec<_>>())),
        }
    }
}

/// Cuts an interval at the ends of its chromosome, of which it keeps at least one base; whether it
/// changed.
fn cut_to(genome: &Genome, row: &mut Interval) -> bool {
    let (first, end) = genome.range(row.chrom);
    let own = (row.start, row.end);
    row.start = row.start.clamp(first, (end - 1).max(first));
    row.end = row.end.clamp((first + 1).min(end), end);
    (row.start, row.end) != own
}

impl Intervals {
    /// Every interval with bases added before and after it; negative numbers take away. Ends that
    /// cross are exchanged, and an interval keeps at least one base, as in bedtools; both are
    /// noted.
    pub fn slop(&self, sides: &Sides) -> Result<Intervals> {
        let mut out = sides.list(self)?;
        let (mut crossed, mut cut) = (0, 0);
        for row in &mut out.rows {
            let (left, right) = sides.of(row);
            let had_bases = !row.is_empty();
            (row.start, row.end) = (
                row.start.saturating_sub(left),
                row.end.saturating_add(right),
            );
            if row.start > row.end {
                crossed += 1;
                std::mem::swap(&mut row.start, &mut row.end);
            } else if row.start == row.end && had_bases {
                crossed += 1;
                row.end += 1;
            }
            if let Some(genome) = sides.genome {
                cut += usize::from(cut_to(genome, row));
            }
        }
        out.notes.extend(left_out(
            crossed,
            self.len(),
            "were shorter than what was taken away: their ends were exchanged",
        ));
        out.notes.extend(left_out(
            cut,
            self.len(),
            "reached out of their chromosome and were cut at its ends",
        ));
        Ok(out)
    }

    /// The ranges on both sides of each interval, `gap` bases away; sides of no bases are left out.
    pub fn flank(&self, sides: &Sides, gap: i64) -> Result<Intervals> {
        let own = sides.list(self)?;
        let (mut rows, mut pieces, mut gone) = (Vec::new(), Vec::new(), 0);
        for (i, row) in own.rows.iter().enumerate() {
            let (left, right) = sides.of(row);
            let flanks = [
                (row.start - gap - left, row.start - gap),
                (row.end + gap, row.end + gap + right),
            ];
            for (start, end) in flanks.into_iter().filter(|(start, end)| start < end) {
                let mut piece = Interval { start, end, ..*row };
                if let Some(genome) = sides.genome {
                    let (first, last) = genome.range(row.chrom);
                    (piece.start, piece.end) = (start.max(first), end.min(last));
                }
                if piece.is_empty() {
                    gone += 1;
                    continue;
                }
                rows.push(i as u32);
                pieces.push(piece);
            }
        }
        let mut out = own.select(&rows);
        out.rows = pieces;
        out.notes
            .extend((gone > 0).then(|| {
                format!("{gone} flanks lie outside of their chromosome and are left out")
            }));
        Ok(out)
    }

    /// Every interval moved to the right: by `before` on the reverse strand, by `after` elsewhere.
    pub fn shift(&self, sides: &Sides) -> Result<Intervals> {
        let mut out = sides.list(self)?;
        let mut cut = 0;
        for row in &mut out.rows {
            let by = if row.strand == Strand::Reverse {
                sides.before
            } else {
                sides.after
            };
            let by = if sides.percent {
                share(by, row.padded().len())
            } else {
                by
            };
            let moved = |at: i64| {
                if by.fract() == 0.0 {
                    at.saturating_add(by as i64)
                } else {
                    (at as f64 + by) as i64
                }
            };
            (row.start, row.end) = (moved(row.start), moved(row.end));
            if let Some(genome) = sides.genome {
                cut += usize::from(cut_to(genome, row));
            }
        }
        out.notes.extend(left_out(
            cut,
            self.len(),
            "reached out of their chromosome and were cut at its ends",
        ));
        Ok(out)
    }

    /// Each interval cut into `n` windows of the same length, the last one longer by the rest;
    /// intervals of fewer than `n` bases are left out.
    pub fn tiles(&self, n: i64, naming: Naming, reverse: bool) -> Intervals {
        let (mut rows, mut pieces, mut numbers, mut short) =
            (Vec::new(), Vec::new(), Vec::new(), 0);
        for (i, row) in self.rows.iter().enumerate() {
            let size = row.len() / n;
            if size == 0 {
                short += 1;
                continue;
            }
            for k in 0..n {
                let end = if k + 1 == n {
                    row.end
                } else {
                    row.start + (k + 1) * size
                };
                rows.push(i as u32);
                numbers.push(if reverse { n - k } else { k + 1 });
                pieces.push(Interval {
                    start: row.start + k * size,
                    end,
                    ..*row
                });
            }
        }
        let mut out = self.select(&rows).renamed(naming, &numbers);
        out.rows = pieces;
        out.notes.extend(left_out(
            short,
            self.len(),
            &format!("have fewer than {n} bases and are left out"),
        ));
        out
    }

    /// With the names of windows in the field `name`.
    pub fn renamed(self, naming: Naming, numbers: &[i64]) -> Intervals {
        let own = |i: usize| self.field("name").map_or(".".into(), |field| field.text(i));
        let name = |(i, number): (usize, &i64)| match naming {
            Naming::Number => number.to_string(),
            Naming::SourceNumber => format!("{}_{number}", own(i)),
            Naming::Source => own(i),
        };
        let names = numbers
            .iter()
            .enumerate()
            .map(|entry| name(entry).into_boxed_str())
            .collect();
        match naming {
            Naming::Source => self,
            _ => self.with_field("name", Field::Text(names)),
        }
    }
}

/// What windows are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// As the interval that they are cut from.
    #[default]
    Source,
    /// By their number within it, from 1.
    Number,
    /// By both: `NAME_1`.
    SourceNumber,
}
