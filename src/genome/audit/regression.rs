//! Logistic regressions that serve as baselines: their features, and scores of the test rows.

use super::kmers::Counter;
use super::rows::Rows;
use super::sequences::Sequences;
use crate::data::Column;
use cistron_base::seed::Rng;
use cistron_base::{Result, interrupt};
use cistron_metrics::logistic::{SparseRows, fit};
use cistron_metrics::ranking::ranking;

/// Factors on the squared weights that are tried, times the number of rows.
const PENALTIES: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];
/// Training rows that choose the penalty, at most.
const PENALTY_ROWS: usize = 20_000;
/// Numbers of the training rows of one regression, at most: 8 bytes each, twice.
const MOST_NUMBERS: usize = 60_000_000;
/// Test rows whose features are in memory at a time.
const TEST_ROWS: usize = 8192;

/// Training or test rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Training rows.
    Train,
    /// Test rows.
    Test,
}

/// Features of rows.
pub trait Source {
    /// The features of some rows.
    fn rows(&self, part: Part, chosen: &[usize]) -> Result<SparseRows>;
    /// Numbers of a row, at most.
    fn numbers(&self) -> usize;
}

/// Scores of the test rows.
pub struct Fitted {
    /// A score for each.
    pub scores: Vec<f64>,
    /// Training rows that were used: fewer than there are where these would not fit into memory.
    pub rows: usize,
}

/// The area under the ROC curve.
pub fn area(scores: &[f64], classes: &[bool]) -> f64 {
    let scores: Vec<f32> = scores.iter().map(|score| *score as f32).collect();
    let labels: Vec<f32> = classes
        .iter()
        .map(|own| f32::from(u8::from(*own)))
        .collect();
    ranking(&scores, &labels).auroc
}

fn scaled(mut rows: SparseRows, deviations: &[f64]) -> SparseRows {
    for (column, value) in rows.columns.iter().zip(&mut rows.values) {
        *value /= deviations[*column as usize] as f32;
    }
    rows
}

/// The penalty that separates held-out rows best, a fifth of at most [`PENALTY_ROWS`].
fn best_penalty(train: &SparseRows, classes: &[bool], order: &[usize]) -> Result<f64> {
    let order = &order[..order.len().min(PENALTY_ROWS)];
    let (held, rest) = order.split_at(order.len() / 5);
    let of = |rows: &[usize]| -> Vec<bool> { rows.iter().map(|row| classes[*row]).collect() };
    let both = |classes: &[bool]| classes.contains(&true) && classes.contains(&false);
    let mut best = (f64::NEG_INFINITY, PENALTIES[1]);
    if both(&of(held)) && both(&of(rest)) {
        let (inner, outer) = (train.select(rest), train.select(held));
        for penalty in PENALTIES {
            let fitted = fit(&inner, &of(rest), penalty / rest.len() as f64)?;
            let own = area(&fitted.scores(&outer), &of(held));
            if own > best.0 {
                best = (own, penalty);
            }
        }
    }
    Ok(best.1)
}

/// Scores of test rows by a logistic regression on columns of variance 1, whose penalty held-out
/// training rows choose.
pub fn scores(
    source: &dyn Source,
    rows: &[usize],
    classes: &[bool],
    test_rows: usize,
    seed: u64,
) -> Result<Fitted> {
    let order = Rng::keyed(&[seed, 0x7065_6e61]).permutation(rows.len());
    let most = (MOST_NUMBERS / source.numbers().max(1)).max(1000);
    let mut chosen: Vec<usize> = order.iter().take(most).map(|i| *i as usize).collect();
    chosen.sort_unstable();
    let classes: Vec<bool> = chosen.iter().map(|i| classes[*i]).collect();
    let chosen: Vec<usize> = chosen.iter().map(|i| rows[*i]).collect();
    let train = source.rows(Part::Train, &chosen)?;
    let deviations = train.deviations();
    let train = scaled(train, &deviations);
    let order = Rng::keyed(&[seed, 0x7065_6e61]).permutation(train.len());
    let order: Vec<usize> = order.iter().map(|row| *row as usize).collect();
    let penalty = best_penalty(&train, &classes, &order)?;
    let fitted = fit(&train, &classes, penalty / train.len() as f64)?;
    let mut scores = Vec::with_capacity(test_rows);
    for start in (0..test_rows).step_by(TEST_ROWS) {
        interrupt::check()?;
        let part: Vec<usize> = (start..test_rows.min(start + TEST_ROWS)).collect();
        let test = scaled(source.rows(Part::Test, &part)?, &deviations);
        scores.extend(fitted.scores(&test));
    }
    Ok(Fitted {
        scores,
        rows: chosen.len(),
    })
}

/// Shares of k-mers.
pub struct Words<'a> {
    counter: Counter,
    train: &'a Sequences,
    test: &'a Sequences,
    lengths: usize,
}

impl<'a> Words<'a> {
    /// K-mers of some lengths.
    pub fn of(train: &'a Sequences, test: &'a Sequences, lengths: &[usize]) -> Result<Words<'a>> {
        Ok(Words {
            counter: Counter::of(train, lengths)?,
            train,
            test,
            lengths: lengths.len(),
        })
    }
}

impl Source for Words<'_> {
    fn rows(&self, part: Part, chosen: &[usize]) -> Result<SparseRows> {
        let sequences = match part {
            Part::Train => self.train,
            Part::Test => self.test,
        };
        self.counter.shares(sequences, chosen.iter().copied())
    }

    fn numbers(&self) -> usize {
        let each = self.train.mean_length() * self.lengths;
        each.min(self.counter.width())
    }
}

/// Numbers of each row as deviations from their mean, and the squares of these for relations that
/// rise and fall.
pub struct Numbers<'a> {
    of: Box<dyn Fn(Part, usize) -> Result<Vec<f64>> + 'a>,
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl<'a> Numbers<'a> {
    /// Numbers that a function computes; it is called for each training row first.
    pub fn of(
        rows: &[usize],
        of: impl Fn(Part, usize) -> Result<Vec<f64>> + 'a,
    ) -> Result<Numbers<'a>> {
        let width = match rows.first() {
            Some(row) => of(Part::Train, *row)?.len(),
            None => 0,
        };
        let (mut sums, mut squares) = (vec![0.0; width], vec![0.0; width]);
        let first = match rows.first() {
            Some(row) => of(Part::Train, *row)?,
            None => Vec::new(),
        };
        for row in rows {
            for (i, x) in of(Part::Train, *row)?.iter().enumerate().take(width) {
                // deviations from the first row, so that no digits cancel
                sums[i] += x - first[i];
                squares[i] += (x - first[i]).powi(2);
            }
        }
        let n = rows.len().max(1) as f64;
        let variance = |(sum, square): (&f64, &f64)| (square / n - (sum / n).powi(2)).max(0.0);
        let deviation = |variance: f64| match variance.sqrt() {
            deviation if deviation > 0.0 && deviation.is_finite() => deviation,
            _ => 1.0,
        };
        let deviations = sums.iter().zip(&squares).map(variance).map(deviation);
        Ok(Numbers {
            deviations: deviations.collect(),
            means: first
                .iter()
                .zip(&sums)
                .map(|(x, sum)| x + sum / n)
                .collect(),
            of: Box::new(of),
        })
    }

    fn features(&self, numbers: &[f64]) -> Vec<(u32, f32)> {
        let scaled = |i: usize| (numbers[i] - self.means[i]) / self.deviations[i];
        let n = self.means.len().min(numbers.len());
        let plain = (0..n).map(|i| (i as u32, scaled(i) as f32));
        let squares = (0..n).map(|i| ((i + self.means.len()) as u32, scaled(i).powi(2) as f32));
        plain.chain(squares).collect()
    }
}

impl Source for Numbers<'_> {
    fn rows(&self, part: Part, chosen: &[usize]) -> Result<SparseRows> {
        let mut rows = SparseRows::new(2 * self.means.len());
        for (i, row) in chosen.iter().enumerate() {
            if i % 4096 == 0 {
                interrupt::check()?;
            }
            rows.push(self.features(&(self.of)(part, *row)?));
        }
        Ok(rows)
    }

    fn numbers(&self) -> usize {
        2 * self.means.len()
    }
}

/// Each number of inputs with one axis, mean and maximum of each channel of others. Numbers that
/// are not finite are left out of means, and 0 where there are no others.
pub fn signals(rows: &Rows, inputs: &[Column], row: usize) -> Result<Vec<f64>> {
    let mut out = Vec::new();
    let mut numbers = Vec::new();
    for column in inputs {
        numbers.clear();
        rows.set.push_numbers(column, row, 0, &mut numbers)?;
        let shape = column.shape();
        let channels = match &column {
            // rows that differ in size have no numbers in common
            Column::Ragged(_) => 1,
            _ if shape.len() > 1 => shape[0].max(1) as usize,
            _ => numbers.len().max(1),
        };
        let width = numbers.len().div_ceil(channels).max(1);
        for channel in numbers.chunks(width) {
            let known = channel.iter().filter(|x| x.is_finite());
            let n = known.clone().count().max(1) as f64;
            out.push(known.clone().map(|x| f64::from(*x)).sum::<f64>() / n);
            if width > 1 {
                let most = known.fold(f32::NEG_INFINITY, |a, b| a.max(*b));
                out.push(if most.is_finite() {
                    f64::from(most)
                } else {
                    0.0
                });
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_far_from_0_separate_rows_as_well() {
        let mut rng = Rng::keyed(&[0x6e75_6d62]);
        let classes: Vec<bool> = (0..400).map(|i| i % 2 == 0).collect();
        // positives differ in variance alone, around a million
        let values: Vec<f64> = classes
            .iter()
            .map(|class| 1e6 + rng.normal() * if *class { 3.0 } else { 0.3 })
            .collect();
        let rows: Vec<usize> = (0..400).collect();
        let source = Numbers::of(&rows, |_, row| Ok(vec![values[row]])).expect("features");
        let found = scores(&source, &rows, &classes, 400, 1).expect("scores");
        assert!(area(&found.scores, &classes) > 0.85);
        assert_eq!(found.rows, 400);
        // equal numbers have no deviation
        let source = Numbers::of(&rows, |_, _| Ok(vec![7.0])).expect("features");
        let found = scores(&source, &rows, &classes, 400, 1).expect("scores");
        assert_eq!(area(&found.scores, &classes), 0.5);
    }
}
