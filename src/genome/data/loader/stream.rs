//! An endless stream of batches.

use super::{Batch, Batches, Loader};
use crate::data::{Dataset, Sampling};
use cistron_base::{Result, bail};

/// Batches of pass after pass, all of one size. Their rows depend on the seed and on the position
/// in the stream alone.
pub struct Stream {
    loader: Loader,
    /// Number of batches that were returned.
    position: u64,
    /// The pass that is read now.
    running: Option<Batches>,
}

impl Stream {
    /// A stream of the passes of a loader. A pass continues the order of the one before it, so that
    /// every row comes once before any comes again, and no batch is smaller than the others.
    pub fn new(loader: Loader) -> Result<Stream> {
        if loader.set.is_empty() {
            bail!(
                "data",
                "the dataset has no rows: there is nothing to stream"
            );
        }
        let set = &loader.set;
        let length = match &set.mix {
            Some(_) => None,
            None => {
                let processes = set.sampling.shard.map_or(1, |(_, processes)| processes);
                let batches = (set.len() / processes).max(1).div_ceil(loader.batch);
                Some(batches * loader.batch * processes)
            }
        };
        let set = Dataset {
            sampling: Sampling {
                length,
                ..set.sampling.clone()
            },
            ..set.clone()
        };
        Ok(Stream {
            loader: Loader { set, ..loader },
            position: 0,
            running: None,
        })
    }

    /// Rows in each batch.
    pub fn rows(&self) -> usize {
        self.loader.rows()
    }

    /// Number of batches that were returned.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Continues after a number of batches.
    pub fn seek(&mut self, position: u64) {
        if position != self.position {
            self.position = position;
            self.running = None;
        }
    }

    /// The next batch.
    pub fn next_batch(&mut self) -> Result<Batch> {
        let in_pass = self.loader.batches().max(1) as u64;
        let mut batch = self.running.as_mut().and_then(Iterator::next);
        if batch.is_none() {
            let mut pass = Loader {
                epoch: self.position / in_pass,
                first: (self.position % in_pass) as usize,
                ..self.loader.clone()
            }
            .start();
            batch = pass.next();
            self.running = Some(pass);
        }
        match batch {
            Some(Ok(batch)) => {
                self.position += 1;
                Ok(batch)
            }
            Some(Err(fault)) => {
                self.running = None;
                Err(fault)
            }
            None => bail!("internal", "a pass of the stream has no batches"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Input};
    use cistron_base::seed::Rng;
    use std::sync::Arc;

    fn stream(n: usize, batch: usize, threads: usize, seed: u64) -> Stream {
        let column = Column::Dense {
            values: Arc::new((0..n).map(|i| i as f32).collect()),
            shape: vec![1],
        };
        let inputs = vec![Input::new("x", column)];
        let set = Dataset::new(inputs, vec!["y".into()], vec![0.0; n]).expect("a dataset");
        Stream::new(Loader {
            seed: Some(seed),
            threads,
            ..Loader::plain(&set, batch)
        })
        .expect("a stream")
    }

    /// Every batch has all its rows, every row comes once before any comes again, and a stream that
    /// continues at a position returns what it would have returned.
    #[test]
    fn streams_of_random_sizes_cycle_through_all_rows() {
        let mut rng = Rng::keyed(&[0x7374_7265]);
        for case in 0..100 {
            let (n, size) = (1 + rng.below(50), 1 + rng.below(20));
            let mut whole = stream(n, size, 1, case);
            let all: Vec<Vec<u32>> = (0..30)
                .map(|_| whole.next_batch().expect("a batch").index.clone())
                .collect();
            assert!(all.iter().all(|rows| rows.len() == size));
            let mut rows = all.concat();
            rows.truncate(rows.len() / n * n);
            for deck in rows.chunks(n) {
                let mut deck = deck.to_vec();
                deck.sort_unstable();
                assert_eq!(deck, (0..n as u32).collect::<Vec<_>>());
            }
            let at = rng.below(30);
            let mut other = stream(n, size, 3, case);
            other.seek(at as u64);
            for rows in &all[at..] {
                assert_eq!(other.next_batch().expect("a batch").index, *rows);
            }
            assert_eq!(other.position(), 30);
        }
    }
}
