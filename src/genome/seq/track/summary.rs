//! Statistics of the values of intervals and of bins of them.

use super::Track;
use crate::seq::intervals::Intervals;
use cistron_base::{Interval, Result, Strand};
use ndarray::{Array2, ArrayView1};

/// Statistic of the values of an interval.
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

/// How bases without a value are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: they are left out; an interval without any value is NaN.
    Skip,
    /// 0.
    Zero,
}

impl Track {
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

    /// Computes a statistic of the bins of each interval, `[intervals, bins]`; chromosomes are
    /// matched by name.
    pub fn summarise(
        &self,
        list: &Intervals,
        bins: usize,
        statistic: Statistic,
        missing: Missing,
    ) -> Result<Array2<f64>> {
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
                            fault
                                .context(format!("interval {i} ({})", own.region_text(*i as usize)))
                        })
                    })
                    .collect::<Result<Vec<_>>>()
            })
            .collect::<Result<_>>()?;
        let mut out = Array2::zeros((own.len(), bins));
        for (i, numbers) in parts.into_iter().flatten() {
            out.row_mut(i as usize).assign(&ArrayView1::from(&numbers));
        }
        Ok(out)
    }
}

/// Sums over a range of values.
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
    use super::super::Run;
    use super::*;
    use crate::seq::contigs::Contigs;
    use ndarray::array;
    use std::sync::Arc;

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
        assert!(of(Statistic::Mean, Missing::Skip)[[0, 0]].is_nan());
        assert_eq!(
            of(Statistic::Mean, Missing::Zero),
            array![[0.0], [1.0], [0.0]]
        );
        assert_eq!(
            of(Statistic::Covered, Missing::Skip),
            array![[0.0], [1.0], [0.0]]
        );
        let notes = t.notes(&list);
        assert_eq!(notes.len(), 2);
        assert!(
            notes[0].contains("1 of 3")
                && notes[0].contains("chrY:0-10")
                && notes[1].contains("chr1:95-101"),
            "{notes:?}"
        );
    }
}
