//! The order of the rows of a training pass.

use super::{Dataset, Sampling};
use cistron_base::seed::Rng;

impl Sampling {
    /// The rows of a pass, in order; without a seed they keep the dataset's.
    pub fn order(&self, set: &Dataset, seed: Option<u64>, epoch: u64) -> Vec<u32> {
        let n = set.len();
        let order = match seed {
            None => (0..n as u32).collect(),
            Some(seed) if self.weights.is_some() || self.balance => self.drawn(set, seed, epoch),
            Some(seed) => self.dealt(n, seed, epoch),
        };
        match self.shard {
            // rows in order are not dealt out: predictions are of all of them
            Some((rank, of)) if seed.is_some() => {
                order.chunks_exact(of).map(|chunk| chunk[rank]).collect()
            }
            _ => order,
        }
    }

    /// Every row once before any comes again: passes of another length than the data continue where
    /// the last one ended.
    fn dealt(&self, n: usize, seed: u64, epoch: u64) -> Vec<u32> {
        let deck = |number: u64| Rng::keyed(&[seed, 0x6f72_6465, number]).permutation(n);
        let Some(length) = self.length.filter(|length| *length != n) else {
            return deck(epoch);
        };
        let mut at = epoch as usize * length;
        let mut out = Vec::with_capacity(length);
        while out.len() < length && n > 0 {
            let order = deck((at / n) as u64);
            let take = (n - at % n).min(length - out.len());
            out.extend_from_slice(&order[at % n..at % n + take]);
            at += take;
        }
        out
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
        if self.balance {
            let tasks = set.tasks().max(1);
            let positive: Vec<bool> = set
                .all_labels()
                .chunks(tasks)
                .map(|row| row.iter().any(|l| *l > 0.5))
                .collect();
            let total = |class: bool| {
                weights
                    .iter()
                    .zip(&positive)
                    .filter(|(_, p)| **p == class)
                    .map(|(w, _)| w)
                    .sum::<f64>()
            };
            let (with, without) = (total(true), total(false));
            if with > 0.0 && without > 0.0 {
                weights
                    .iter_mut()
                    .zip(&positive)
                    .for_each(|(w, p)| *w /= if *p { with } else { without });
            }
        }
        let mut sum = 0.0;
        let reached: Vec<f64> = weights
            .iter()
            .map(|w| {
                sum += w.max(0.0);
                sum
            })
            .collect();
        let mut rng = Rng::keyed(&[seed, 0x7765_6967, epoch]);
        (0..self.length.unwrap_or(n))
            .map(|_| {
                let at = rng.uniform() * sum;
                (reached.partition_point(|r| *r <= at) as u32).min(n as u32 - 1)
            })
            .collect()
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
            .flat_map(|epoch| how.order(&set, Some(1), epoch))
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
            .flat_map(|rank| shard(rank).order(&set, Some(5), 2))
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
        let order = how.order(&set, Some(3), 0);
        let sevens = order.iter().filter(|i| **i == 7).count();
        assert!(
            order.iter().all(|i| *i == 7 || *i == 8) && (7_300..7_700).contains(&sevens),
            "{sevens}"
        );
    }
}
