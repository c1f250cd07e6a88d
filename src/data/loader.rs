//! Batches: rows cut, shuffled and augmented ahead of the training step, the same for any number of threads.

use super::{Column, Dataset};
use crate::base::seed::Rng;
use crate::seq::shuffle::Shuffler;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// One row on its way into a batch.
pub struct Sample<'a> {
    /// The codes of each sequence input.
    pub sequences: Vec<&'a mut [u8]>,
    /// The numbers and row shape of each other input.
    pub dense: Vec<(&'a mut [f32], &'a [usize])>,
}

/// A change made to rows while they are loaded; its randomness comes from `rng` alone.
pub trait Transform: Send + Sync {
    /// Changes a row.
    fn apply(&self, sample: &mut Sample, rng: &mut Rng);
}

/// The values of one input in a batch.
#[derive(Clone, Debug)]
pub enum Values {
    /// `batch * length` codes.
    Codes(Vec<u8>, usize),
    /// `batch * product` numbers of a row shape.
    Dense(Vec<f32>, Vec<usize>),
}

/// Rows side by side, still in plain memory.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Named inputs, in the dataset's order.
    pub inputs: Vec<(String, Values)>,
    /// `size * tasks` labels.
    pub labels: Vec<f32>,
    /// Labels of each row.
    pub tasks: usize,
    /// Rows.
    pub size: usize,
    /// Which rows of the dataset these are.
    pub index: Vec<u32>,
}

/// How one pass over a dataset is made.
#[derive(Clone)]
pub struct Loader {
    /// The rows.
    pub set: Dataset,
    /// Rows in a batch.
    pub batch: usize,
    /// Seed of order and augmentation; none keeps the dataset's order.
    pub seed: Option<u64>,
    /// The pass, from 0.
    pub epoch: u64,
    /// Changes made to rows.
    pub transform: Option<Arc<dyn Transform>>,
    /// Whether a last, smaller batch is left out.
    pub drop_last: bool,
    /// Threads that prepare batches.
    pub threads: usize,
}

impl Loader {
    /// Rows in order, as they are.
    pub fn plain(set: &Dataset, batch: usize) -> Loader {
        Loader { set: set.clone(), batch, seed: None, epoch: 0, transform: None, drop_last: false, threads: 1 }
    }

    /// Batches in a pass.
    pub fn batches(&self) -> usize {
        let n = self.set.len();
        if self.drop_last && n >= self.batch { n / self.batch } else { n.div_ceil(self.batch) }
    }

    /// The order of this pass.
    fn order(&self) -> Vec<u32> {
        match self.seed {
            Some(seed) => Rng::keyed(&[seed, 0x6f72_6465, self.epoch]).permutation(self.set.len()),
            None => (0..self.set.len() as u32).collect(),
        }
    }

    /// Starts the threads and gives the batches in order.
    pub fn start(&self) -> Batches {
        let order = Arc::new(self.order());
        let threads = self.threads.clamp(1, 64).min(self.batches().max(1));
        let lanes = (0..threads)
            .map(|lane| {
                let (send, receive) = sync_channel(2);
                let (loader, order) = (self.clone(), order.clone());
                std::thread::spawn(move || {
                    let mut shuffler = Shuffler::default();
                    for number in (lane..loader.batches()).step_by(threads) {
                        let from = number * loader.batch;
                        let to = (from + loader.batch).min(order.len());
                        // the other end hangs up when a run stops early
                        if send.send(loader.assemble(&order[from..to], &mut shuffler)).is_err() {
                            break;
                        }
                    }
                });
                receive
            })
            .collect();
        Batches { lanes, next: 0, total: self.batches() }
    }

    /// Makes one batch of the given rows.
    pub fn assemble(&self, index: &[u32], shuffler: &mut Shuffler) -> Batch {
        let set = &self.set;
        let mut inputs: Vec<(String, Values)> = set
            .inputs
            .iter()
            .map(|input| {
                let values = match &input.column {
                    Column::Sequence { length, .. } => Values::Codes(Vec::with_capacity(index.len() * length), *length),
                    Column::Dense { shape, .. } => Values::Dense(Vec::with_capacity(index.len() * input.column.stride()), shape.clone()),
                };
                (input.name.clone(), values)
            })
            .collect();
        let mut labels = Vec::with_capacity(index.len() * set.tasks());
        for row in index {
            for (input, (_, values)) in set.inputs.iter().zip(&mut inputs) {
                match values {
                    Values::Codes(codes, _) => set.push_codes(&input.column, *row as usize, self.epoch, shuffler, codes),
                    Values::Dense(numbers, _) => set.push_dense(&input.column, *row as usize, numbers),
                }
            }
            set.push_labels(*row as usize, &mut labels);
            self.change(*row, &mut inputs);
        }
        Batch { inputs, labels, tasks: set.tasks(), size: index.len(), index: index.to_vec() }
    }

    /// Applies the transform to the row that was pushed last.
    fn change(&self, row: u32, inputs: &mut [(String, Values)]) {
        let Some(transform) = &self.transform else { return };
        let mut sample = Sample { sequences: Vec::new(), dense: Vec::new() };
        for (_, values) in inputs {
            match values {
                Values::Codes(codes, length) => {
                    let start = codes.len() - *length;
                    sample.sequences.push(&mut codes[start..]);
                }
                Values::Dense(numbers, shape) => {
                    let start = numbers.len() - shape.iter().product::<usize>();
                    sample.dense.push((&mut numbers[start..], shape));
                }
            }
        }
        let mut rng = Rng::keyed(&[self.seed.unwrap_or(0), 0x6175_676d, self.epoch, u64::from(row)]);
        transform.apply(&mut sample, &mut rng);
    }
}

/// The batches of one pass, in order.
pub struct Batches {
    lanes: Vec<Receiver<Batch>>,
    next: usize,
    total: usize,
}

impl Iterator for Batches {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.next == self.total {
            return None;
        }
        let batch = self.lanes[self.next % self.lanes.len()].recv().ok()?;
        self.next += 1;
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.total - self.next, Some(self.total - self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, Shuffles};
    use super::*;

    struct Noise;
    impl Transform for Noise {
        fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
            sample.sequences[0][0] = rng.below(4) as u8;
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_batches() {
        let codes = (0..1000u32).map(|i| (i * 7 % 4) as u8).collect();
        let column = Column::Sequence { codes: Arc::new(codes), length: 10 };
        let set = Dataset::new(vec![Input { name: "sequence".into(), column }], vec!["y".into()], vec![1.0; 100]).unwrap();
        let set = set.with_shuffles(Shuffles { k: 2, ratio: 1, redraw: true, seed: 4 }).unwrap();
        let run = |threads: usize, epoch: u64| -> Vec<(Vec<u32>, Vec<u8>)> {
            let loader = Loader { seed: Some(5), epoch, transform: Some(Arc::new(Noise)), threads, ..Loader::plain(&set, 16) };
            loader
                .start()
                .map(|batch| match &batch.inputs[0].1 {
                    Values::Codes(codes, _) => (batch.index, codes.clone()),
                    Values::Dense(..) => unreachable!(),
                })
                .collect()
        };
        let one = run(1, 0);
        assert_eq!(one.len(), 13);
        assert_eq!(one, run(2, 0));
        assert_eq!(one, run(8, 0));
        assert_ne!(one, run(1, 1));
    }
}
