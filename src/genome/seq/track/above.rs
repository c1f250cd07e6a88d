//! Intervals in which a signal is above a threshold.

use super::{Source, Track};
use crate::seq::intervals::{Field, Intervals};
use cistron_base::{Interval, Result, interrupt};
use std::sync::Arc;

/// Bases that are read at a time.
const CHUNK: i64 = 1 << 20;

/// Which intervals of a signal are wanted.
#[derive(Clone, Debug)]
pub struct Above {
    /// Value above which a base counts.
    pub threshold: f32,
    /// Largest number of bases between two intervals that are joined.
    pub join: i64,
    /// Smallest length, after joining.
    pub min_length: i64,
    /// Numbers of the chromosomes that are read; all of them unless given.
    pub chroms: Option<Vec<u32>>,
}

/// An interval of values above the threshold.
#[derive(Clone, Copy, Debug)]
struct Peak {
    start: i64,
    end: i64,
    /// Largest value, and the first range of bases that have it.
    signal: f32,
    top: (i64, i64),
}

/// Joins the runs of a chromosome, which arrive in order.
struct Joiner<'a> {
    how: &'a Above,
    open: Option<Peak>,
    done: Vec<Peak>,
}

impl Joiner<'_> {
    fn add(&mut self, start: i64, end: i64, value: f32) {
        if value.is_nan() || value <= self.how.threshold {
            return;
        }
        let run = Peak {
            start,
            end,
            signal: value,
            top: (start, end),
        };
        match &mut self.open {
            Some(open) if start - open.end <= self.how.join => {
                if value > open.signal {
                    (open.signal, open.top) = (value, (start, end));
                } else if value == open.signal && open.top.1 == start {
                    open.top.1 = end;
                }
                open.end = end;
            }
            open => {
                let before = open.replace(run);
                self.close(before);
            }
        }
    }

    fn close(&mut self, peak: Option<Peak>) {
        let long = peak.filter(|peak| peak.end - peak.start >= self.how.min_length);
        self.done.extend(long);
    }
}

impl Track {
    /// Intervals in which the signal is above a threshold, in the order of the chromosomes. Fields:
    /// `signal`, the largest value, and `summit`, the middle of the first range that has it.
    pub fn above(&self, how: &Above) -> Result<Intervals> {
        use rayon::prelude::*;
        let all = || (0..self.contigs.len() as u32).collect();
        let mut chroms: Vec<u32> = how.chroms.clone().unwrap_or_else(all);
        chroms.sort_unstable();
        chroms.dedup();
        let found: Vec<Vec<Peak>> = chroms
            .par_iter()
            .map(|chrom| self.above_on(*chrom, how))
            .collect::<Result<_>>()?;
        let rows = chroms.iter().zip(&found).flat_map(|(chrom, peaks)| {
            let place = move |peak: &Peak| Interval::new(*chrom, peak.start, peak.end);
            peaks.iter().map(place)
        });
        let peaks = || found.iter().flatten();
        let signal = peaks().map(|peak| f64::from(peak.signal)).collect();
        let summit = peaks().map(|peak| ((peak.top.0 + peak.top.1) / 2) as f64);
        let list = Intervals::new(Arc::new(self.contigs.clone()), rows.collect());
        Ok(list
            .with_field("signal", Field::Number(signal))
            .with_field("summit", Field::Number(summit.collect())))
    }

    fn above_on(&self, chrom: u32, how: &Above) -> Result<Vec<Peak>> {
        let mut joiner = Joiner {
            how,
            open: None,
            done: Vec::new(),
        };
        // runs in memory are visited at once, and their chromosomes may have no known length
        let (first, end, step) = match (&self.source, self.range(chrom)) {
            (Source::Runs(_), (first, end)) => (first, end.unwrap_or(i64::MAX), i64::MAX),
            (_, (first, end)) => (first, end.unwrap_or(0), CHUNK),
        };
        let mut at = first;
        while at < end {
            interrupt::check()?;
            let to = at.saturating_add(step).min(end);
            self.visit(chrom, at, to, |start, end, value| {
                joiner.add(start, end, value);
            })?;
            at = to;
        }
        let last = joiner.open.take();
        joiner.close(last);
        Ok(joiner.done)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Run;
    use super::*;
    use crate::seq::contigs::Contigs;
    use cistron_base::seed::Rng;

    fn of(runs: &[(i64, i64, f32)], lengths: i64) -> Track {
        let run = |(start, end, value): &(i64, i64, f32)| Run {
            start: *start,
            end: *end,
            value: *value,
        };
        let contigs = Contigs::new(vec!["chr1".into(), "chr2".into()], vec![lengths; 2]);
        let runs = vec![runs.iter().map(run).collect(), Vec::new()];
        Track::of_runs("t".into(), contigs, runs)
    }

    fn plain(threshold: f32, join: i64) -> Above {
        Above {
            threshold,
            join,
            min_length: 1,
            chroms: None,
        }
    }

    fn pairs(list: &Intervals) -> Vec<(i64, i64)> {
        list.rows.iter().map(|row| (row.start, row.end)).collect()
    }

    #[test]
    fn intervals_by_hand() {
        let runs = [
            (0, 5, 3.0),
            (5, 8, 1.0),
            (8, 9, f32::NAN),
            (10, 20, 2.0),
            (20, 24, 4.0),
            (24, 30, 4.0),
            (40, 41, 1.5),
        ];
        let track = of(&runs, 0);
        let list = track.above(&plain(1.0, 0)).unwrap();
        // 1 is not above 1, ranges that touch are one
        assert_eq!(pairs(&list), [(0, 5), (10, 30), (40, 41)]);
        assert_eq!(
            list.field("signal"),
            Some(&Field::Number(vec![3.0, 4.0, 1.5]))
        );
        assert_eq!(
            list.field("summit"),
            Some(&Field::Number(vec![2.0, 25.0, 40.0]))
        );
        // a gap of 5 is joined at 5, not at 4
        assert_eq!(pairs(&track.above(&plain(1.0, 4)).unwrap()).len(), 3);
        let joined = track.above(&plain(1.0, 5)).unwrap();
        assert_eq!(pairs(&joined), [(0, 30), (40, 41)]);
        let long = Above {
            min_length: 5,
            ..plain(1.0, 0)
        };
        assert_eq!(pairs(&track.above(&long).unwrap()), [(0, 5), (10, 30)]);
        assert!(track.above(&plain(4.0, 0)).unwrap().is_empty());
        // bases without a value are never above
        assert_eq!(
            pairs(&track.above(&plain(-1.0, 0)).unwrap()),
            [(0, 8), (10, 30), (40, 41)]
        );
        let second = Above {
            chroms: Some(vec![1]),
            ..plain(0.0, 0)
        };
        assert!(track.above(&second).unwrap().is_empty());
    }

    #[test]
    fn random_signals_have_the_intervals_of_their_bases() {
        let mut rng = Rng::keyed(&[0x6162_6f76]);
        for case in 0..2000 {
            let (mut at, mut runs) = (rng.below(3) as i64, Vec::new());
            let mut values = std::collections::BTreeMap::new();
            for _ in 0..rng.below(12) {
                at += rng.below(3) as i64 * rng.below(6) as i64;
                let end = at + 1 + rng.below(9) as i64;
                let value = match rng.below(8) {
                    0 => f32::NAN,
                    other => other as f32 - 2.0,
                };
                runs.push((at, end, value));
                values.extend((at..end).map(|base| (base, value)));
                at = end;
            }
            let (threshold, join) = (rng.below(6) as f32 - 1.0, rng.below(8) as i64);
            let mut wanted: Vec<(i64, i64)> = Vec::new();
            for (base, _) in values.iter().filter(|(_, value)| **value > threshold) {
                match wanted.last_mut() {
                    Some(last) if base - last.1 <= join => last.1 = base + 1,
                    _ => wanted.push((*base, base + 1)),
                }
            }
            let found = of(&runs, 0).above(&plain(threshold, join)).unwrap();
            assert_eq!(pairs(&found), wanted, "case {case}");
        }
    }
}
