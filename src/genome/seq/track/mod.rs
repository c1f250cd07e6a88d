//! Signals along a genome: bigWig, bedGraph, wiggle, coverage of reads; any range as values, any
//! list of intervals as numbers.

mod above;
pub mod bam;
mod big_wig;
pub mod index;
mod runs;
pub mod sizes;
mod summary;
pub mod write;

use super::contigs::Contigs;
use super::cpg;
use super::genome::Genome;
use super::intervals::Intervals;
use cistron_base::{Fault, Interval, Result, Strand, file};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use above::Above;
pub use runs::Run;
pub use summary::{Missing, Statistic};

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
    CpgIslands {
        genome: Arc<Genome>,
        window: usize,
        rule: cpg::Rule,
    },
}

impl Track {
    /// Opens a bigWig, bedGraph or wiggle file (text plain or gzipped), recognised by its content.
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
    pub fn cpg_islands(genome: Arc<Genome>, window: usize, rule: cpg::Rule) -> Track {
        Track {
            path: genome.path.clone(),
            contigs: (*genome.contigs).clone(),
            source: Source::CpgIslands {
                genome,
                window,
                rule,
            },
        }
    }

    /// 1 (or the values of a field) where a list has intervals; where they overlap, the mean.
    pub fn of_intervals(list: &Intervals, values: Option<&[f64]>) -> Result<Track> {
        let values: Vec<f32> = values.map_or_else(
            || vec![1.0; list.len()],
            |values| values.iter().map(|v| *v as f32).collect(),
        );
        let signal = write::runs(list, &values, 1)?;
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
    pub fn path_text(&self) -> String {
        format!("`{}`", self.path.display())
    }

    /// The number of a chromosome by any of its names.
    pub fn chrom(&self, name: &str) -> Result<u32> {
        self.contigs
            .find(name)
            .ok_or_else(|| self.contigs.missing(name, &self.path_text()))
    }

    /// Visits the runs of equal value within an interval, in order.
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
                    .map_err(|fault| fault.context(self.path_text()))
            }
            Source::CpgIslands {
                genome,
                window,
                rule,
            } => {
                let half = (*window / 2) as i64;
                let mut codes = Vec::new();
                genome.fetch_into(&Interval::new(chrom, start - half, end + half), &mut codes)?;
                let (first, last) = genome.range(chrom);
                for (i, score) in cpg::islands(&codes, *window, *rule)[half as usize..]
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

    /// Notes about intervals that reach out of a chromosome of known length, or are on
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
                    self.path_text(),
                    list.len(),
                    list.region_text(*first)
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
                .missing(&list.contigs.names()[*chrom as usize], &self.path_text()));
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
