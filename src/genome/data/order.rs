//! The order of the rows of a training pass.

use super::{Dataset, Mix, Sampling};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail};

impl Sampling {
    /// The rows of a pass, in order; without a seed they keep the dataset's.
    pub fn order(&self, set: &Dataset, seed: Option<u64>, epoch: u64) -> Result<Vec<u32>> {
        let n = set.len();
        let Some(seed) = seed else {
            // rows in order are not dealt out: predictions are of all of them
            return Ok((0..n as u32).collect());
        };
        if let Some(mix) = &set.mix {
            return mix.order(set, self, seed, epoch);
        }
        let length = self.length.unwrap_or(n);
        let order = if let Some(share) = self.positives {
            let rows: Vec<u32> = (0..n as u32).collect();
            let draw = Draw {
                keys: vec![seed],
                epoch,
                from: epoch as usize * length,
                count: length,
            };
            draw.with_share(set, &rows, self.weights.as_deref(), share)?
        } else if self.weights.is_some() || self.balance {
            self.drawn(set, seed, epoch)
        } else {
            let rows: Vec<u32> = (0..n as u32).collect();
            let deck = |number| Rng::keyed(&[seed, 0x6f72_6465, number]);
            dealt(&rows, epoch as usize * length, length, deck)
        };
        Ok(match self.shard {
            Some((rank, of)) => order.chunks_exact(of).map(|chunk| chunk[rank]).collect(),
            _ => order,
        })
    }

    /// Rows by their weights, with replacement.
    fn drawn(&self, set: &Dataset, seed: u64, epoch: u64) -> Vec<u32> {
        let n = set.len();
        let mut weights: Vec<f64> = match &self.weights {
            Some(weights) => (0..n)
                .map(|i| weights.get(i).copied().unwrap_or(1.0))
                .collect(),
            None => vec![1.0; n],
        };
        let rows: Vec<u32> = (0..n as u32).collect();
        if self.balance {
            balance(&mut weights, &positive(set, &rows));
        }
        let rng = Rng::keyed(&[seed, 0x7765_6967, epoch]);
        weighted(&rows, &weights, self.length.unwrap_or(n), rng)
    }
}

/// Scales weights so that rows with and without a positive label have the same sum.
fn balance(weights: &mut [f64], positive: &[bool]) {
    let total = |class: bool| {
        let own = weights.iter().zip(positive).filter(|(_, p)| **p == class);
        own.map(|(w, _)| w).sum::<f64>()
    };
    let (with, without) = (total(true), total(false));
    if with > 0.0 && without > 0.0 {
        weights
            .iter_mut()
            .zip(positive)
            .for_each(|(w, p)| *w /= if *p { with } else { without });
    }
}

/// Whether rows have a positive label.
fn positive(set: &Dataset, rows: &[u32]) -> Vec<bool> {
    let mut labels = Vec::new();
    let is_positive = |row: &u32| {
        labels.clear();
        set.push_labels(*row as usize, &mut labels);
        labels.iter().any(|label| *label > 0.5)
    };
    rows.iter().map(is_positive).collect()
}

/// `count` rows by their weights, with replacement.
fn weighted(rows: &[u32], weights: &[f64], count: usize, mut rng: Rng) -> Vec<u32> {
    let mut sum = 0.0;
    let reached: Vec<f64> = weights
        .iter()
        .map(|w| {
            sum += w.max(0.0);
            sum
        })
        .collect();
    (0..count)
        .map(|_| {
            let at = rng.uniform() * sum;
            rows[reached.partition_point(|r| *r <= at).min(rows.len() - 1)]
        })
        .collect()
}

/// `count` rows of an endless sequence of permutations from a position on: every row once before
/// any comes again. Passes of another length than the data continue where the last one ended.
fn dealt(rows: &[u32], from: usize, count: usize, deck: impl Fn(u64) -> Rng) -> Vec<u32> {
    let (n, mut at) = (rows.len(), from);
    let mut out = Vec::with_capacity(count);
    while out.len() < count && n > 0 {
        let order = deck((at / n) as u64).permutation(n);
        let take = (n - at % n).min(count - out.len());
        let taken = &order[at % n..at % n + take];
        out.extend(taken.iter().map(|i| rows[*i as usize]));
        at += take;
    }
    out
}

/// A range of an endless sequence of draws.
struct Draw {
    /// Keys of the random numbers.
    keys: Vec<u64>,
    epoch: u64,
    /// Number of draws before these.
    from: usize,
    /// Number of draws.
    count: usize,
}

impl Draw {
    fn rng(&self, more: &[u64]) -> Rng {
        Rng::keyed(&[self.keys.as_slice(), more].concat())
    }

    /// Draws rows by weights with replacement, else every row once before any comes again.
    fn of(&self, rows: &[u32], weights: Option<&Vec<f64>>, class: u64) -> Vec<u32> {
        match weights {
            Some(weights) => {
                let own: Vec<f64> = rows.iter().map(|row| weights[*row as usize]).collect();
                let rng = self.rng(&[0x7765_6967, class, self.epoch]);
                weighted(rows, &own, self.count, rng)
            }
            None => dealt(rows, self.from, self.count, |deck| {
                self.rng(&[0x6f72_6465, class, deck])
            }),
        }
    }

    /// Draws so that any range of the draws has a share of rows with a positive label, up to one
    /// row.
    fn with_share(
        &self,
        set: &Dataset,
        rows: &[u32],
        weights: Option<&Vec<f64>>,
        share: f64,
    ) -> Result<Vec<u32>> {
        let is_positive = positive(set, rows);
        let of_class = |class: bool| -> Vec<u32> {
            let own = rows.iter().zip(&is_positive);
            own.filter(|(_, own)| **own == class)
                .map(|(row, _)| *row)
                .collect()
        };
        let before = |draws: usize| (draws as f64 * share + 1e-9).floor() as usize;
        let (from, end) = (self.from, self.from + self.count);
        let (first, positives) = (before(from), before(end) - before(from));
        let of = |class: bool, from: usize, count: usize| {
            let own = of_class(class);
            let total =
                |weights: &Vec<f64>| -> f64 { own.iter().map(|row| weights[*row as usize]).sum() };
            if count > 0 && (own.is_empty() || weights.is_some_and(|all| total(all) <= 0.0)) {
                let kind = if class { "a" } else { "no" };
                bail!(
                    "data",
                    "a share of {share} positives cannot be drawn: no row that may be \
                    drawn has {kind} positive label"
                );
            }
            let draw = Draw {
                keys: self.keys.clone(),
                epoch: self.epoch,
                from,
                count,
            };
            Ok(draw.of(&own, weights, 1 + u64::from(class)).into_iter())
        };
        let mut with = of(true, first, positives)?;
        let mut without = of(false, from - first, self.count - positives)?;
        let next = |at: usize| {
            let is_positive = before(at + 1) > before(at);
            if is_positive {
                with.next()
            } else {
                without.next()
            }
        };
        Ok((from..end).filter_map(next).collect())
    }
}

/// Batches in a window whose rows are sorted by size.
const WINDOW: usize = 64;

/// Rows of an order in batches of similar size: within windows of the order rows are sorted by
/// size, and the batches are shuffled. A smaller batch stays last.
pub fn bucketed(
    order: &[u32],
    batch: usize,
    sizes: &dyn Fn(u32) -> usize,
    rng: &mut Rng,
) -> Vec<u32> {
    let mut batches: Vec<Vec<u32>> = Vec::new();
    for window in order.chunks(WINDOW * batch) {
        let mut window = window.to_vec();
        window.sort_by_key(|row| sizes(*row));
        batches.extend(window.chunks(batch).map(<[u32]>::to_vec));
    }
    let full = batches.iter().filter(|rows| rows.len() == batch).count();
    rng.shuffle(&mut batches[..full]);
    batches.concat()
}

impl Mix {
    /// The rows of a pass: in each batch those of the first dataset, then those of the second, …
    /// The largest dataset begins a permutation with each pass; the others continue theirs.
    fn order(&self, set: &Dataset, sampling: &Sampling, seed: u64, epoch: u64) -> Result<Vec<u32>> {
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); self.names.len()];
        for row in 0..set.len() {
            groups[self.origin[set.locate(row).0] as usize].push(row as u32);
        }
        if let Some(empty) = groups.iter().position(Vec::is_empty) {
            bail!("data", "dataset `{}` of the mix has no row in view", self.names[empty];
                hint: "split or filter the datasets, then call `data::mix`");
        }
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        let (batches, largest) = self.batches(&sizes);
        let weights = sampling.weights.as_deref();
        let drawn = |(number, rows): (usize, &Vec<u32>)| {
            let (count, how) = (batches * self.each[number], &self.sampling[number]);
            let from = if number == largest {
                epoch as usize * count.div_ceil(rows.len()) * rows.len()
            } else {
                epoch as usize * count
            };
            let draw = Draw {
                keys: vec![seed, 0x6d69_7865, number as u64],
                epoch,
                from,
                count,
            };
            let total =
                |weights: &Vec<f64>| -> f64 { rows.iter().map(|row| weights[*row as usize]).sum() };
            if weights.is_some_and(|weights| total(weights) <= 0.0) {
                bail!(
                    "value",
                    "every row of dataset `{}` has weight 0",
                    self.names[number]
                );
            }
            if let Some(share) = how.positives {
                let drawn = draw.with_share(set, rows, weights, share);
                return drawn
                    .map_err(|fault| fault.context(format!("dataset `{}`", self.names[number])));
            }
            if !how.balance {
                return Ok(draw.of(rows, weights, 0));
            }
            let mut own: Vec<f64> = match weights {
                Some(weights) => rows.iter().map(|row| weights[*row as usize]).collect(),
                None => vec![1.0; rows.len()],
            };
            balance(&mut own, &positive(set, rows));
            Ok(weighted(rows, &own, count, draw.rng(&[0x7765_6967, epoch])))
        };
        let drawn: Vec<Vec<u32>> = groups
            .iter()
            .enumerate()
            .map(drawn)
            .collect::<Result<_>>()?;
        let mut order = Vec::with_capacity(batches * self.batch());
        for batch in 0..batches {
            for (rows, each) in drawn.iter().zip(&self.each) {
                order.extend_from_slice(&rows[batch * each..(batch + 1) * each]);
            }
        }
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Column, Input};
    use super::*;
    use std::sync::Arc;

    fn set(n: usize) -> Dataset {
        let labels = (0..n).map(|i| f32::from(u8::from(i % 10 == 0))).collect();
        let column = Column::Sequence {
            codes: Arc::new(vec![0; n]),
            length: 1,
        };
        Dataset::new(
            vec![Input::new("sequence", column)],
            vec!["y".into()],
            labels,
        )
        .unwrap()
    }

    #[test]
    fn short_passes_walk_through_all_rows() {
        let set = set(10);
        let how = Sampling {
            length: Some(4),
            ..Sampling::default()
        };
        let mut seen: Vec<u32> = (0..5)
            .flat_map(|epoch| how.order(&set, Some(1), epoch).unwrap())
            .collect();
        assert_eq!(seen.len(), 20);
        seen.sort_unstable();
        assert_eq!(seen, (0..10).flat_map(|i| [i, i]).collect::<Vec<_>>());
    }

    #[test]
    fn shards_share_out_a_pass() {
        let set = set(11);
        let shard = |rank| Sampling {
            shard: Some((rank, 3)),
            ..Sampling::default()
        };
        let mut all: Vec<u32> = (0..3)
            .flat_map(|rank| shard(rank).order(&set, Some(5), 2).unwrap())
            .collect();
        assert_eq!((all.len(), shard(0).count(11)), (9, 3));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 9);
    }

    #[test]
    fn balance_draws_both_classes_equally_often() {
        let set = set(1000);
        let how = Sampling {
            balance: true,
            length: Some(20_000),
            ..Sampling::default()
        };
        let positives = how
            .order(&set, Some(3), 0)
            .unwrap()
            .iter()
            .filter(|i| **i % 10 == 0)
            .count();
        assert!((9_700..10_300).contains(&positives), "{positives}");
        let mut weights = vec![0.0; 1000];
        weights[7] = 3.0;
        weights[8] = 1.0;
        let how = Sampling {
            weights: Some(Arc::new(weights)),
            length: Some(10_000),
            ..Sampling::default()
        };
        let order = how.order(&set, Some(3), 0).unwrap();
        let sevens = order.iter().filter(|i| **i == 7).count();
        assert!(
            order.iter().all(|i| *i == 7 || *i == 8) && (7_300..7_700).contains(&sevens),
            "{sevens}"
        );
    }

    /// Any batch has the share of positives up to one row, exactly where it is a number of rows;
    /// every row of a class comes once before any comes again.
    #[test]
    fn every_batch_has_its_share_of_positives() {
        let mut rng = Rng::keyed(&[0x7368_6172]);
        for case in 0..200 {
            let n = 20 + rng.below(200);
            let set = set(n);
            let batch = 1 + rng.below(40);
            let share = (1 + rng.below(19)) as f64 / 20.0;
            let length = 1 + rng.below(3 * n);
            let how = Sampling {
                positives: Some(share),
                length: Some(length),
                ..Sampling::default()
            };
            let mut seen = vec![0usize; n];
            for epoch in 0..3 {
                let order = how.order(&set, Some(case), epoch).unwrap();
                assert_eq!(order.len(), length);
                for rows in order.chunks_exact(batch) {
                    let positives = rows.iter().filter(|row| **row % 10 == 0).count() as f64;
                    let wanted = share * batch as f64;
                    let limit = if (wanted - wanted.round()).abs() < 1e-6 && epoch == 0 {
                        1e-6
                    } else {
                        1.0
                    };
                    assert!((positives - wanted).abs() <= limit, "{positives} {wanted}");
                }
                order.iter().for_each(|row| seen[*row as usize] += 1);
            }
            for class in [true, false] {
                let times = (0..n)
                    .filter(|row| (row % 10 == 0) == class)
                    .map(|row| seen[row]);
                let times: Vec<usize> = times.collect();
                let (low, high) = (times.iter().min().unwrap(), times.iter().max().unwrap());
                assert!(high - low <= 1);
            }
        }
        let how = Sampling {
            positives: Some(0.5),
            ..Sampling::default()
        };
        let none = set(20).with_rows(vec![1, 2, 3]);
        assert!(how.order(&none, Some(1), 0).is_err());
    }
}
