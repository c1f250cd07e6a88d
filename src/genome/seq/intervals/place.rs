//! New places for intervals: resized, moved, cut into windows, drawn from a genome.

use super::sets::left_out;
use super::slide::Naming;
use super::{Field, Intervals};
use crate::seq::genome::Genome;
use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_base::{Interval, Result, Strand};

/// Which point of an interval stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The middle.
    Centre,
    /// The summit in its file; the middle where there is none.
    Summit,
    /// The first base read: the end on the reverse strand.
    Start,
    /// The last base read.
    End,
}

impl Intervals {
    /// Every interval with `length` bases around a point of it.
    pub fn resize(&self, length: i64, anchor: Anchor) -> Result<Intervals> {
        let summits = match (anchor, self.field("summit")) {
            (Anchor::Summit, Some(Field::Number(values))) => Some(values.clone()),
            (Anchor::Summit, _) => {
                bail!(
                    "data",
                    "the intervals have no summits";
                    hint: "narrowPeak files have them; `at: \"centre\"` takes the middle"
                )
            }
            _ => None,
        };
        let mut out = self.clone();
        for (i, row) in out.rows.iter_mut().enumerate() {
            let reverse = row.strand == Strand::Reverse;
            let start = match anchor {
                Anchor::Start if reverse => row.end - length,
                Anchor::Start => row.start,
                Anchor::End if reverse => row.start,
                Anchor::End => row.end - length,
                Anchor::Centre | Anchor::Summit => {
                    let summit = summits.as_ref().map(|s| s[i]).filter(|s| !s.is_nan());
                    summit.map_or(row.middle(), |s| s as i64) - length / 2
                }
            };
            (row.start, row.end) = (start, start + length);
        }
        Ok(out)
    }

    /// Windows of `size` bases, `step` apart, within each interval; a rest that is shorter is left
    /// out unless asked for.
    pub fn windows(
        &self,
        size: i64,
        step: i64,
        rest: bool,
        naming: Naming,
        reverse: bool,
    ) -> Intervals {
        let (mut rows, mut pieces, mut numbers, mut short) =
            (Vec::new(), Vec::new(), Vec::new(), 0);
        for (i, row) in self.rows.iter().enumerate() {
            let (before, mut start) = (pieces.len(), row.start);
            while start < row.end && (rest || start.saturating_add(size) <= row.end) {
                rows.push(i as u32);
                pieces.push(Interval {
                    start,
                    end: start.saturating_add(size).min(row.end),
                    ..*row
                });
                start = start.saturating_add(step);
            }
            let n = (pieces.len() - before) as i64;
            short += usize::from(n == 0);
            numbers.extend((1..=n).map(|k| if reverse { n + 1 - k } else { k }));
        }
        let mut out = self.select(&rows).renamed(naming, &numbers);
        out.rows = pieces;
        out.notes.extend(left_out(
            short,
            self.len(),
            &format!("have fewer than {size} bases and no window"),
        ));
        out
    }

    /// Every interval moved by up to `most` bases either way.
    pub fn jitter(&self, most: i64, seed: u64) -> Intervals {
        let mut out = self.clone();
        for (i, row) in out.rows.iter_mut().enumerate() {
            let by = Rng::keyed(&[seed, 0x6a69_7474, i as u64]).below(2 * most as usize + 1) as i64
                - most;
            row.start += by;
            row.end += by;
        }
        out
    }

    /// A random region of `length` bases for each interval. Its centre is uniform within the
    /// interval and `beyond` bases outside of it, symmetrically around the middle; the middle and
    /// the centre of an even number of bases are the right one of the two.
    pub fn random_within(&self, length: i64, beyond: i64, seed: u64) -> Intervals {
        let mut out = self.clone();
        for (i, row) in out.rows.iter_mut().enumerate() {
            let middle = (row.start + row.end).div_euclid(2);
            let most = (row.end - middle + beyond).max(0);
            let mut rng = Rng::keyed(&[seed, 0x7769_7468, i as u64]);
            let by = rng.below(2 * most as usize + 1) as i64 - most;
            row.start = middle + by - length / 2;
            row.end = row.start + length;
        }
        // fields tell of the old places
        out.fields.clear();
        out
    }

    /// Clips intervals to the genome; those completely outside are left out.
    pub fn clip(&self, genome: &Genome) -> Result<Intervals> {
        let mut whole = self.in_genome(genome)?;
        let mut cut = 0;
        for row in &mut whole.rows {
            let (first, end) = genome.range(row.chrom);
            let inside = (row.start.max(first), row.end.min(end));
            cut += usize::from(inside != (row.start, row.end) && inside.0 < inside.1);
            (row.start, row.end) = inside;
        }
        // a row without bases stays where it is inside
        let is_inside = |i: usize, row: &Interval| {
            row.start < row.end || (self.rows[i].is_empty() && row.start == row.end)
        };
        let mut out = whole.keep(is_inside);
        out.notes.extend(left_out(
            cut,
            self.len(),
            "reached out of their chromosome and were cut at its ends",
        ));
        out.notes.extend(left_out(
            self.len() - out.len(),
            self.len(),
            "lay outside of their chromosome and are left out",
        ));
        Ok(out)
    }

    /// As many intervals of the same lengths, each at a random place of the genome outside of what
    /// is excluded.
    pub fn shuffle(&self, genome: &Genome, how: &Shuffle) -> Result<Intervals> {
        let own = self.in_genome(genome)?;
        let mut out = own.clone();
        let mut places = Places::new(genome, how.exclude.as_ref());
        for (i, row) in out.rows.iter_mut().enumerate() {
            let mut rng = Rng::keyed(&[how.seed, 0x706c_6163, i as u64]);
            let chrom = how.keep_chrom.then_some(row.chrom);
            let Some(found) = places.draw(row.len(), chrom, &mut rng) else {
                bail!(
                    "data",
                    "interval {i} ({}) fits nowhere: {i} of {} were placed",
                    own.region_text(i),
                    own.len();
                    hint: "the genome has no free range of {} bases: exclude less, or ask for \
                        shorter ones",
                    row.len()
                );
            };
            *row = Interval {
                strand: row.strand,
                ..found
            };
        }
        // fields tell of the old places
        out.fields.clear();
        Ok(out)
    }
}

/// How intervals are placed at random.
#[derive(Clone, Debug, Default)]
pub struct Shuffle {
    /// Regions that are avoided.
    pub exclude: Option<Intervals>,
    /// Whether each stays on its chromosome.
    pub keep_chrom: bool,
    /// Equal seeds draw equal positions.
    pub seed: u64,
}

/// Where intervals of a length may lie in a genome.
pub struct Places {
    /// The free ranges.
    gaps: Vec<Interval>,
    /// First coordinate of each chromosome; starts are a multiple of `step` bases from there.
    origins: Vec<i64>,
    step: i64,
    /// For a length and a chromosome, the room up to and including each range.
    room: std::collections::HashMap<(i64, Option<u32>), Vec<i64>>,
}

impl Places {
    /// The ranges of a genome outside of a list.
    pub fn new(genome: &Genome, exclude: Option<&Intervals>) -> Places {
        let contigs = genome.contigs.clone();
        let ranges: Vec<(i64, i64)> = (0..contigs.len() as u32)
            .map(|chrom| genome.range(chrom))
            .collect();
        let taken = match exclude {
            // what is excluded may name chromosomes that the genome does not hold
            Some(list) => {
                let (mapped, _) = list.mapping(&contigs);
                list.rows
                    .iter()
                    .filter_map(|row| {
                        Some(Interval {
                            chrom: mapped[row.chrom as usize]?,
                            ..*row
                        })
                    })
                    .collect()
            }
            None => Vec::new(),
        };
        Places {
            gaps: Intervals::new(contigs, taken).complement(&ranges).rows,
            origins: ranges.iter().map(|range| range.0).collect(),
            step: 1,
            room: Default::default(),
        }
    }

    /// Those whose starts are a multiple of `step` bases from the start of their chromosome.
    pub fn every(self, step: i64) -> Places {
        Places {
            step: step.max(1),
            room: Default::default(),
            ..self
        }
    }

    /// A place for `length` bases, every one as likely; none where there is no room.
    pub fn draw(&mut self, length: i64, chrom: Option<u32>, rng: &mut Rng) -> Option<Interval> {
        let (gaps, origins, step) = (&self.gaps, &self.origins, self.step);
        // the first start within a range
        let first =
            |gap: &Interval| gap.start + (origins[gap.chrom as usize] - gap.start).rem_euclid(step);
        let room = self.room.entry((length, chrom)).or_insert_with(|| {
            let mut total = 0;
            let own = |gap: &Interval| {
                if chrom.is_none_or(|own| own == gap.chrom) {
                    (gap.end - length - first(gap)).div_euclid(step).max(-1) + 1
                } else {
                    0
                }
            };
            gaps.iter()
                .map(|gap| {
                    total += own(gap);
                    total
                })
                .collect()
        });
        let total = room.last().copied().filter(|total| *total > 0)?;
        let at = rng.below(total as usize) as i64;
        let found = room.partition_point(|reached| *reached <= at);
        let before = if found == 0 { 0 } else { room[found - 1] };
        let start = first(&gaps[found]) + (at - before) * step;
        Some(Interval::new(gaps[found].chrom, start, start + length))
    }
}

impl Genome {
    /// Windows of `size` bases, `step` apart, over all chromosomes.
    pub fn windows(&self, size: i64, step: i64) -> Intervals {
        self.chromosomes()
            .windows(size, step, false, Naming::Source, false)
    }

    /// Windows of `size` bases, `step` apart, that overlap intervals of a list, each once, in the
    /// order of the chromosomes. Chromosomes that the genome does not have are noted.
    pub fn windows_on(&self, size: i64, step: i64, list: &Intervals) -> Intervals {
        let (mapped, _) = list.mapping(&self.contigs);
        let known = list.rows.iter().filter_map(|row| {
            let chrom = mapped[row.chrom as usize]?;
            (!row.is_empty()).then_some((chrom, row.start, row.end))
        });
        let mut places: Vec<(u32, i64, i64)> = known.collect();
        places.sort_unstable();
        let mut rows = Vec::new();
        let (mut last, mut next) = (None, 0);
        for (chrom, from, to) in places {
            let (first, end) = self.range(chrom);
            if last != Some(chrom) {
                (last, next) = (Some(chrom), 0);
            }
            // the number of the first window that ends after the interval begins
            let begin = (from - first - size).div_euclid(step) + 1;
            next = next.max(begin);
            loop {
                let start = first + next * step;
                if start >= to || start + size > end {
                    break;
                }
                rows.push(Interval::new(chrom, start, start + size));
                next += 1;
            }
        }
        let lost = list
            .rows
            .iter()
            .filter(|row| mapped[row.chrom as usize].is_none());
        let mut out = Intervals::new(self.contigs.clone(), rows);
        out.notes.extend(left_out(
            lost.count(),
            list.len(),
            "are on chromosomes that the genome does not have",
        ));
        out
    }

    /// Whole chromosomes.
    pub fn chromosomes(&self) -> Intervals {
        let rows = (0..self.contigs.len() as u32).map(|chrom| {
            let (first, end) = self.range(chrom);
            Interval::new(chrom, first, end)
        });
        Intervals::new(self.contigs.clone(), rows.collect())
    }
}
