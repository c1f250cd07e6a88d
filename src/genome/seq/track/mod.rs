//! Signals along a genome: bigWig, bedGraph, wiggle, coverage of reads; any stretch as values, any
//! list of intervals as numbers.

pub mod bam;
mod big_wig;
pub mod index;
mod runs;
pub mod sizes;
pub mod write;

use super::contigs::Contigs;
use super::cpg;
use super::genome::Genome;
use super::intervals::Intervals;
use cistron_base::{Fault, Interval, Result, Strand, file};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use runs::Run;

/// A signal, shared by all that read from it.
#[derive(Debug)]
pub struct Track {
    /// Its file.
    pub path: PathBuf,
    /// Its chromosomes.
    pub contigs: Contigs,
    source: Source,
}

#[derive(Debug)]
enum Source {
    BigWig(big_wig::BigWig),
    Runs(Vec<Vec<Run>>),
    CpgIslands { genome: Arc<Genome>, window: usize },
}

/// What an interval's values are made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The sum.
    Sum,
    /// The share of bases that have a value.
    Covered,
}

impl Statistic {
    /// Names that options take.
    pub const NAMES: &'static [&'static str] = &["mean", "max", "min", "sum", "covered"];

    /// The statistic of a name.
    pub fn named(name: &str) -> Statistic {
        use Statistic::*;
        Self::NAMES
            .iter()
            .position(|known| *known == name)
            .map_or(Mean, |i| [Mean, Max, Min, Sum, Covered][i])
    }
}

/// What bases without a value stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: they are left out; an interval without any value is NaN.
    Skip,
    /// 0.
    Zero,
}

impl Track {
    /// Opens a bigWig, bedGraph or wiggle file (text plain or gzipped), told by its content.
    pub fn open(path: &Path) -> Result<Track> {
        let mut magic = [0u8; 4];
        let n = file::open(path)?
            .read(&mut magic)
            .map_err(|error| Fault::file(path, &error))?;
        let word = u32::from_le_bytes(magic);
        let (contigs, source) =
            if n == 4 && (word == 0x888F_FC26 || word.swap_bytes() == 0x888F_FC26) {
                let (wig, contigs) = big_wig::BigWig::open(path)?;
                (contigs, Source::BigWig(wig))
            } else {
                let (contigs, runs) = runs::read(path)?;
                (contigs, Source::Runs(runs))
            };
        Ok(Track {
            path: path.to_path_buf(),
            contigs,
            source,
        })
    }

    /// A signal of runs in memory, which are sorted and do not overlap.
    pub fn of_runs(path: PathBuf, contigs: Contigs, runs: Vec<Vec<Run>>) -> Track {
        Track {
            path,
            contigs,
            source: Source::Runs(runs),
        }
    }

    /// 1 within the CpG islands of a genome (Mocap's rule in a window around each position), else
    /// 0.
    pub fn cpg_islands(genome: Arc<Genome>, window: usize) -> Track {
        Track {
            path: genome.path.clone(),
            contigs: (*genome.contigs).clone(),
            source: Source::CpgIslands { genome, window },
        }
    }

    /// 1 (or the values of a field) where a list has intervals; where they overlap, the mean.
    pub fn of_intervals(list: &Intervals, values: Option<&[f64]>) -> Result<Track> {
        let values: Vec<f32> = values.map_or_else(
            || vec![1.0; list.len()],
            |values| values.iter().map(|v| *v as f32).collect(),
        );
        let signal = write::stretches(list, &values, 1)?;
        let mut runs = vec![Vec::new(); list.contigs.len()];
        for (name, own) in signal {
            if let Some(chrom) = list.contigs.find(&name) {
                runs[chrom as usize] = own;
            }
        }
        Ok(Track {
            path: "intervals".into(),
            contigs: (*list.contigs).clone(),
            source: Source::Runs(runs),
        })
    }

    /// The file in words, for messages.
    pub fn shown(&self) -> String {
        format!("`{}`", self.path.display())
    }

    /// The number of a chromosome by any of its names.
    pub fn chrom(&self, name: &str) -> Result<u32> {
        self.contigs
            .find(name)
            .ok_or_else(|| self.contigs.missing(name, &self.shown()))
    }

    /// Visits the stretches of equal value within an interval, in order.
    pub fn visit(
        &self,
        chrom: u32,
        start: i64,
        end: i64,
        mut visit: impl FnMut(i64, i64, f32),
    ) -> Result<()> {
        // chromosomes that the signal does not have are counted after its own
        if end <= start || end <= 0 || chrom as usize >= self.contigs.len() {
            return Ok(());
        }
        match &self.source {
            Source::BigWig(wig) => {
                let name = &self.contigs.names()[chrom as usize];
                let length = self.contigs.lengths()[chrom as usize];
                wig.visit(name, start.max(0), end.min(length), &mut visit)
                    .map_err(|fault| fault.context(self.shown()))
            }
            Source::CpgIslands { genome, window } => {
                let half = (*window / 2) as i64;
                let mut codes = Vec::new();
                genome.fetch_into(&Interval::new(chrom, start - half, end + half), &mut codes)?;
                let (first, last) = genome.range(chrom);
                for (i, score) in cpg::islands(&codes, *window)[half as usize..]
                    [..(end - start) as usize]
                    .iter()
                    .enumerate()
                {
                    let at = start + i as i64;
                    if at >= first && at < last {
                        visit(at, at + 1, *score);
                    }
                }
                Ok(())
            }
            Source::Runs(all) => {
                let own = &all[chrom as usize];
                let first = own.partition_point(|run| run.end <= start);
                own[first..]
                    .iter()
                    .take_while(|run| run.start < end)
                    .for_each(|run| visit(run.start.max(start), run.end.min(end), run.value));
                Ok(())
            }
        }
    }

    /// Appends a value for each base, `blank` where there is none; an interval on the reverse
    /// strand is read from there.
    pub fn values_into(&self, interval: &Interval, blank: f32, out: &mut Vec<f32>) -> Result<()> {
        // values and their tensor
        cistron_base::memory::items(interval.len().max(0), 8, "values")?;
        let at = out.len();
        out.resize(at + interval.len().max(0) as usize, blank);
        let own = &mut out[at..];
        self.visit(
            interval.chrom,
            interval.start,
            interval.end,
            |start, end, value| {
                own[(start - interval.start) as usize..(end - interval.start) as usize].fill(value);
            },
        )?;
        if interval.strand == Strand::Reverse {
            own.reverse();
        }
        Ok(())
    }

    /// Whether it is a file without any value.
    pub fn is_empty(&self) -> bool {
        matches!(&self.source, Source::BigWig(wig) if wig.is_empty)
    }

    /// What is to be said of intervals that reach out of a chromosome of known length, or are on
    /// one that the signal does not have: bases there have no value.
    pub fn notes(&self, list: &Intervals) -> Vec<String> {
        let mut notes = Vec::new();
        let number: Vec<Option<u32>> = list
            .contigs
            .names()
            .iter()
            .map(|name| self.contigs.find(name))
            .collect();
        let mut note = |rows: Vec<usize>, what: &str| {
            if let Some(first) = rows.first() {
                let n = rows.len();
                notes.push(format!(
                    "{}: {n} of {} intervals {what} (first {})",
                    self.shown(),
                    list.len(),
                    list.shown(*first)
                ));
            }
        };
        let of = |rule: &dyn Fn(&Interval) -> bool| {
            (0..list.len())
                .filter(|i| rule(&list.rows[*i]))
                .collect::<Vec<_>>()
        };
        note(
            of(&|row| number[row.chrom as usize].is_none()),
            "are on chromosomes that it does not have",
        );
        let is_outside = |row: &Interval| {
            let Some(chrom) = number[row.chrom as usize] else {
                return false;
            };
            let (first, end) = self.range(chrom);
            row.start < first || end.is_some_and(|end| row.end > end)
        };
        note(of(&is_outside), "reach out of their chromosome");
        notes
    }

    /// The first coordinate of a chromosome, and one past its last where that is known.
    fn range(&self, chrom: u32) -> (i64, Option<i64>) {
        match &self.source {
            Source::CpgIslands { genome, .. } => {
                let (first, end) = genome.range(chrom);
                (first, Some(end))
            }
            _ => (
                0,
                Some(self.contigs.lengths()[chrom as usize]).filter(|length| *length > 0),
            ),
        }
    }

    /// A number for each of `bins` parts of an interval. Part `i` of `n` starts at `floor(i *
    /// length / n)`, as in pyBigWig and UCSC's tools; where there are more parts than bases, some
    /// hold none.
    pub fn bins(
        &self,
        interval: &Interval,
        bins: usize,
        statistic: Statistic,
        missing: Missing,
    ) -> Result<Vec<f64>> {
        let mut parts = vec![Tally::default(); bins];
        let (n, length) = (bins as i64, interval.len());
        let edge = |bin: i64| bin * length / n;
        self.visit(
            interval.chrom,
            interval.start,
            interval.end,
            |start, end, value| {
                let mut at = start;
                while at < end {
                    // the part that holds a base, and the first base of the next one
                    let bin = (((at - interval.start + 1) * n - 1) / length).min(n - 1);
                    let to = (interval.start + edge(bin + 1)).clamp(at + 1, end);
                    parts[bin as usize].add(value, to - at);
                    at = to;
                }
            },
        )?;
        let mut out: Vec<f64> = parts
            .iter()
            .enumerate()
            .map(|(i, part)| part.give(statistic, missing, edge(i as i64 + 1) - edge(i as i64)))
            .collect();
        if interval.strand == Strand::Reverse {
            out.reverse();
        }
        Ok(out)
    }

    /// A row of `bins` numbers for each interval; intervals are told by the names of their own
    /// chromosomes.
    pub fn summarise(
        &self,
        list: &Intervals,
        bins: usize,
        statistic: Statistic,
        missing: Missing,
    ) -> Result<Vec<f64>> {
        use rayon::prelude::*;
        // tallies and results of each bin
        cistron_base::memory::elements(&[list.len() as i64, bins as i64], 64)?;
        let own = self.align(list)?;
        // neighbours share blocks of the file: they are read in order, by as many readers as there
        // are threads
        let mut order = own.order();
        let lanes = rayon::current_num_threads().max(1);
        let size = order.len().div_ceil(lanes).max(1);
        let parts: Vec<Vec<(u32, Vec<f64>)>> = order
            .par_chunks_mut(size)
            .map(|rows| {
                rows.iter()
                    .map(|i| {
                        let numbers = self.bins(&own.rows[*i as usize], bins, statistic, missing);
                        numbers.map(|n| (*i, n)).map_err(|fault| {
                            fault.context(format!("interval {i} ({})", own.shown(*i as usize)))
                        })
                    })
                    .collect::<Result<Vec<_>>>()
            })
            .collect::<Result<_>>()?;
        let mut out = vec![0.0; own.len() * bins];
        for (i, numbers) in parts.into_iter().flatten() {
            out[i as usize * bins..][..bins].copy_from_slice(&numbers);
        }
        Ok(out)
    }

    /// Intervals by the chromosomes of this signal. A chromosome that it does not have holds no
    /// value, but not one of them being there is a fault.
    pub fn align(&self, list: &Intervals) -> Result<Intervals> {
        let (mapped, missing) = list.mapping(&self.contigs);
        if let Some(chrom) = missing.first()
            && list
                .rows
                .iter()
                .all(|row| mapped[row.chrom as usize].is_none())
        {
            return Err(self
                .contigs
                .missing(&list.contigs.names()[*chrom as usize], &self.shown()));
        }
        // chromosomes without a value stand behind the others
        let mut names = self.contigs.names().to_vec();
        let mut lengths = self.contigs.lengths().to_vec();
        let mut number = mapped;
        for chrom in missing {
            number[chrom as usize] = Some(names.len() as u32);
            names.push(list.contigs.names()[chrom as usize].clone());
            lengths.push(0);
        }
        let mut own = Intervals::new(
            std::sync::Arc::new(Contigs::new(names, lengths)),
            list.rows.clone(),
        );
        own.rows
            .iter_mut()
            .for_each(|row| row.chrom = number[row.chrom as usize].unwrap_or(0));
        Ok(own)
    }
}

/// Values of a stretch, added up.
#[derive(Clone, Copy, Debug)]
struct Tally {
    sum: f64,
    max: f64,
    min: f64,
    bases: i64,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            sum: 0.0,
            max: f64::NEG_INFINITY,
            min: f64::INFINITY,
            bases: 0,
        }
    }
}

impl Tally {
    fn add(&mut self, value: f32, bases: i64) {
        if value.is_nan() {
            return;
        }
        let value = f64::from(value);
        self.sum += value * bases as f64;
        self.max = self.max.max(value);
        self.min = self.min.min(value);
        self.bases += bases;
    }

    fn give(&self, statistic: Statistic, missing: Missing, length: i64) -> f64 {
        let zero = missing == Missing::Zero;
        if statistic == Statistic::Covered {
            return self.bases as f64 / length.max(1) as f64;
        }
        if self.bases == 0 {
            return if zero { 0.0 } else { f64::NAN };
        }
        let partly = zero && self.bases < length;
        match statistic {
            Statistic::Mean => {
                self.sum
                    / if zero {
                        length as f64
                    } else {
                        self.bases as f64
                    }
            }
            Statistic::Sum | Statistic::Covered => self.sum,
            Statistic::Max if partly => self.max.max(0.0),
            Statistic::Max => self.max,
            Statistic::Min if partly => self.min.min(0.0),
            Statistic::Min => self.min,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track() -> Track {
        let runs = vec![vec![
            Run {
                start: 10,
                end: 20,
                value: 1.0,
            },
            Run {
                start: 20,
                end: 25,
                value: 3.0,
            },
        ]];
        Track::of_runs(
            "t".into(),
            Contigs::new(vec!["chr1".into()], vec![100]),
            runs,
        )
    }

    #[test]
    fn statistics_by_hand() {
        let t = track();
        let of = |start, end, statistic, missing| {
            t.bins(&Interval::new(0, start, end), 1, statistic, missing)
                .unwrap()[0]
        };
        assert_eq!(of(10, 25, Statistic::Mean, Missing::Skip), 25.0 / 15.0);
        assert_eq!(of(0, 25, Statistic::Mean, Missing::Skip), 25.0 / 15.0);
        assert_eq!(of(0, 25, Statistic::Mean, Missing::Zero), 1.0);
        assert_eq!(of(0, 25, Statistic::Min, Missing::Zero), 0.0);
        assert_eq!(of(0, 25, Statistic::Max, Missing::Skip), 3.0);
        assert_eq!(of(0, 20, Statistic::Covered, Missing::Skip), 0.5);
        assert!(of(50, 60, Statistic::Mean, Missing::Skip).is_nan());
        assert_eq!(of(50, 60, Statistic::Sum, Missing::Zero), 0.0);
    }

    #[test]
    fn bins_share_out_every_base_once() {
        let t = track();
        // 7 bases in 3 parts: 2, 2 and 3
        assert_eq!(
            t.bins(&Interval::new(0, 18, 25), 3, Statistic::Sum, Missing::Zero)
                .unwrap(),
            [2.0, 6.0, 9.0]
        );
        assert_eq!(
            t.bins(&Interval::new(0, 10, 26), 4, Statistic::Sum, Missing::Zero)
                .unwrap(),
            [4.0, 4.0, 8.0, 9.0]
        );
        for (length, bins) in [(15, 4), (15, 7), (7, 7), (5, 8)] {
            let parts = t
                .bins(
                    &Interval::new(0, 10, 10 + length),
                    bins,
                    Statistic::Sum,
                    Missing::Zero,
                )
                .unwrap();
            let whole = t
                .bins(
                    &Interval::new(0, 10, 10 + length),
                    1,
                    Statistic::Sum,
                    Missing::Zero,
                )
                .unwrap()[0];
            assert_eq!(parts.iter().sum::<f64>(), whole, "{length} {bins}");
        }
    }

    #[test]
    fn chromosomes_without_a_value_are_no_index_out_of_bounds() {
        let t = track();
        let contigs = Contigs::new(vec!["chrY".into(), "chr1".into()], vec![0; 2]);
        let list = Intervals::new(
            Arc::new(contigs),
            vec![
                Interval::new(0, 0, 10),
                Interval::new(1, 10, 20),
                Interval::new(1, 95, 101),
            ],
        );
        let of = |statistic, missing| t.summarise(&list, 1, statistic, missing).unwrap();
        assert!(of(Statistic::Mean, Missing::Skip)[0].is_nan());
        assert_eq!(of(Statistic::Mean, Missing::Zero), [0.0, 1.0, 0.0]);
        assert_eq!(of(Statistic::Covered, Missing::Skip), [0.0, 1.0, 0.0]);
        let notes = t.notes(&list);
        assert_eq!(notes.len(), 2);
        assert!(
            notes[0].contains("1 of 3")
                && notes[0].contains("chrY:0-10")
                && notes[1].contains("chr1:95-101"),
            "{notes:?}"
        );
    }

    #[test]
    fn the_reverse_strand_is_read_backwards() {
        let mut out = Vec::new();
        track()
            .values_into(
                &Interval {
                    strand: Strand::Reverse,
                    ..Interval::new(0, 18, 22)
                },
                0.0,
                &mut out,
            )
            .unwrap();
        assert_eq!(out, [3.0, 3.0, 1.0, 1.0]);
    }
}
