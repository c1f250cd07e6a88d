//! Batches: rows cut, shuffled and augmented ahead of the training step, the same for any number of
//! threads.

mod batch;
mod peers;
mod sample;
mod stream;
mod taken;
mod transformed;

pub use batch::{Batch, Part, Values};
pub use peers::{Among, Class, Needs, PeerRule, Peers, Place};
pub use sample::{Blend, Labelled, RowView, Sample, Signal, Transform};
pub use stream::Stream;

use super::order::bucketed;
use super::ragged::Batching;
use super::{Column, Dataset};
use batch::{Used, fill};
use cistron_base::seed::Rng;
use cistron_base::{Fault, Result, panic, threads};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// Largest size of the batches that wait for the training step, bytes.
const BUDGET: usize = 128 << 20;

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
    /// Whether the sequences are stored elsewhere, so that batches have only their read positions.
    pub is_elsewhere: bool,
    /// The first batch of the pass that is prepared, from 0; those before it are left out.
    pub first: usize,
    /// The number of this process and that of all of them, where each takes its part of every
    /// batch; one process takes the whole batches.
    pub share: Option<(usize, usize)>,
}

impl Loader {
    /// Rows in order, as they are.
    pub fn plain(set: &Dataset, batch: usize) -> Loader {
        Loader {
            set: set.clone(),
            batch,
            seed: None,
            epoch: 0,
            transform: None,
            drop_last: false,
            threads: 1,
            is_elsewhere: false,
            first: 0,
            share: None,
        }
    }

    /// Rows in a pass.
    fn count(&self) -> usize {
        match (&self.set.mix, self.seed) {
            (Some(mix), Some(_)) => mix.batch() * self.set.batches_of_mix(),
            (None, Some(_)) => self.set.sampling.count(self.set.len()),
            (_, None) => self.set.len(),
        }
    }

    /// Rows in a batch: those of a mix in a training pass, else as many as are asked for.
    pub fn rows(&self) -> usize {
        match (&self.set.mix, self.set.batching) {
            (_, Some(Batching::One)) => 1,
            (Some(mix), _) if self.seed.is_some() => mix.batch(),
            _ => self.batch,
        }
    }

    /// Batches in a pass.
    pub fn batches(&self) -> usize {
        let n = self.count();
        let rows = self.rows();
        if self.drop_last && n >= rows {
            n / rows
        } else {
            n.div_ceil(rows)
        }
    }

    /// Batches that wait for the step at most, for each thread.
    fn depth(&self) -> usize {
        let bytes = |column: &Column| {
            let size = if column.is_sequence() { 1 } else { 4 };
            size * column.row_shape().iter().product::<usize>()
        };
        let inputs = self.set.inputs.iter();
        let row: usize = inputs.map(|input| bytes(&input.column)).sum();
        (BUDGET / self.threads.max(1) / (row * self.rows()).max(1)).clamp(1, 4)
    }

    /// Starts the threads and returns the batches in order.
    pub fn start(&self) -> Batches {
        let loader = Arc::new(Loader {
            set: self.set.at_epoch(self.epoch),
            ..self.clone()
        });
        let order = match self.set.sampling.order(&loader.set, self.seed, self.epoch) {
            Ok(order) => Arc::new(self.in_buckets(&loader.set, order)),
            Err(fault) => return Batches::failed(fault),
        };
        let (rows, first) = (self.rows(), self.first);
        let total = self.batches().saturating_sub(first);
        let threads = self.threads.clamp(1, 64).min(total.max(1));
        let used = Arc::new(Used::default());
        let lanes = (0..threads)
            .map(|lane| {
                let (send, receive) = sync_channel(self.depth());
                let (loader, order, used) = (loader.clone(), order.clone(), used.clone());
                let refused = send.clone();
                let started = threads::spawn("loader", move || {
                    let mut sample = Sample::default();
                    for number in (lane..total).step_by(threads) {
                        let from = (first + number) * rows;
                        let to = (from + rows).min(order.len());
                        let made = panic::guarded(|| {
                            loader.assemble_share(&order[from..to], &mut sample, &used)
                        });
                        let made = made.unwrap_or_else(|_| {
                            Err(Fault::new(
                                "internal",
                                format!("a loader thread gave up: {}", panic::last()),
                            ))
                        });
                        let failed = made.is_err();
                        // the other end hangs up when a run stops early
                        if send.send(made).is_err() || failed {
                            break;
                        }
                    }
                });
                if let Err(fault) = started {
                    refused.send(Err(fault)).ok();
                }
                receive
            })
            .collect();
        Batches {
            lanes,
            next: 0,
            total,
        }
    }

    /// The rows of a training pass in batches of similar size, where the dataset asks for them.
    fn in_buckets(&self, set: &Dataset, order: Vec<u32>) -> Vec<u32> {
        match (set.batching, self.seed) {
            (Some(Batching::Bucketed), Some(seed)) if set.mix.is_none() => {
                let mut rng = Rng::keyed(&[seed, 0x6275_636b, self.epoch]);
                let size = |row: u32| set.values_of(row as usize);
                bucketed(&order, self.rows(), &size, &mut rng)
            }
            _ => order,
        }
    }

    /// Makes the part of a batch that this process takes, of the given rows of the whole batch.
    fn assemble_share(
        &self,
        index: &[u32],
        sample: &mut Sample,
        used: &Arc<Used>,
    ) -> Result<Batch> {
        let Some(share) = self.share else {
            return self.assemble(index, 0..index.len(), sample, Some(used));
        };
        let (part, rows) = Part::of(index.len(), share);
        let mut blends = Vec::new();
        if let Some(transform) = &self.transform {
            transform.blends(self.epoch, &mut blends);
        }
        if !blends.is_empty() && !self.is_elsewhere {
            let whole = self.assemble(index, 0..index.len(), sample, Some(used))?;
            return Ok(Batch::part_of_mixed(whole, part, rows));
        }
        let mut batch = self.assemble(index, rows, sample, Some(used))?;
        batch.part = Some(part);
        Ok(batch)
    }

    /// Makes one batch of some of the given rows, padded as if it had all of them.
    fn assemble(
        &self,
        whole: &[u32],
        rows: Range<usize>,
        sample: &mut Sample,
        used: Option<&Arc<Used>>,
    ) -> Result<Batch> {
        let set = &self.set;
        let index = &whole[rows];
        let margin = self.margin();
        self.check_labels()?;
        if self.is_elsewhere {
            return Ok(self.without_sequences(index, margin));
        }
        let mut inputs: Vec<(String, Values)> = Vec::with_capacity(set.inputs.len());
        for input in &set.inputs {
            let shape = set.size_in_batch(&input.column, whole);
            let room = index.len() * shape.iter().product::<usize>();
            let values = if input.column.is_sequence() {
                let codes = used.map_or_else(|| Vec::with_capacity(room), |used| used.take(room));
                Values::Codes(Arc::new(codes), shape[0])
            } else if let Some(alphabet) = input.column.alphabet() {
                let letters = alphabet.letters().len();
                Values::Letters(Vec::with_capacity(room), shape[0], letters)
            } else {
                Values::Dense(Vec::with_capacity(room), shape)
            };
            inputs.push((input.name.clone(), values));
        }
        let mut labels = Vec::with_capacity(index.len() * set.tasks());
        self.lend_peers(whole, sample);
        for row in index {
            match &self.transform {
                Some(transform) => self.changed(
                    *row,
                    transform.as_ref(),
                    margin,
                    sample,
                    &mut inputs,
                    &mut labels,
                )?,
                None => {
                    for (input, (_, values)) in set.inputs.iter().zip(&mut inputs) {
                        match values {
                            Values::Codes(codes, _) => set.push_codes(
                                &input.column,
                                *row as usize,
                                0,
                                self.epoch,
                                &mut sample.shuffler,
                                Arc::make_mut(codes),
                            )?,
                            Values::Letters(codes, ..) => {
                                set.push_letters(&input.column, *row as usize, codes)
                            }
                            Values::Dense(numbers, _) => {
                                set.push_numbers(&input.column, *row as usize, 0, numbers)?
                            }
                        }
                        fill(values, &set.size_of(&input.column, *row as usize));
                    }
                    set.push_labels(*row as usize, &mut labels);
                }
            }
        }
        let mut blends = Vec::new();
        if let Some(transform) = &self.transform {
            transform.blends(self.epoch, &mut blends);
        }
        let key = Rng::keyed(&[
            self.seed.unwrap_or(0),
            0x626c_656e,
            self.epoch,
            u64::from(whole.first().copied().unwrap_or(0)),
        ])
        .next_u64();
        let (labels, label_groups) = set.cropped(labels, whole);
        Ok(Batch {
            inputs,
            labels,
            tasks: label_groups.iter().map(|group| group.size()).sum(),
            label_groups,
            size: index.len(),
            index: index.to_vec(),
            blends,
            key,
            places: Vec::new(),
            part: None,
            mixed: None,
            used: used.cloned(),
        })
    }

    /// Bases that are read beyond the view, on each side.
    pub fn margin(&self) -> usize {
        self.transform
            .as_ref()
            .map_or(0, |transform| transform.margin())
    }

    /// Whether all that is done to rows is to move and turn them, so that it can be done elsewhere.
    pub fn only_moves(&self) -> bool {
        let mut blends = Vec::new();
        let moves = self.transform.as_ref().is_none_or(|transform| {
            transform.blends(self.epoch, &mut blends);
            transform.moves(&mut RowView::default(), 1, &mut Rng::keyed(&[0]))
        });
        let labels_stay = self.transform.is_none()
            || (self.set.label_partners.is_none() && self.set.profile.is_none());
        moves
            && blends.is_empty()
            && self.set.batching.is_none()
            && self.set.inputs.len() == 1
            && self.set.inputs[0].column.is_sequence()
            && labels_stay
    }

    /// A batch without its sequences.
    fn without_sequences(&self, index: &[u32], margin: usize) -> Batch {
        let length = self
            .set
            .sequence_input()
            .map_or(0, |column| column.row_shape()[0] + 2 * margin) as i64;
        let mut labels = Vec::with_capacity(index.len() * self.set.tasks());
        let mut places = Vec::with_capacity(index.len());
        for row in index {
            self.set.push_labels(*row as usize, &mut labels);
            let mut place = RowView::default();
            if let Some(transform) = &self.transform {
                transform.moves(&mut place, length, &mut self.drawing(*row));
            }
            place.start += if place.turned {
                -(margin as i64)
            } else {
                margin as i64
            };
            places.push(place);
        }
        Batch {
            inputs: Vec::new(),
            labels,
            tasks: self.set.tasks(),
            label_groups: self.set.label_groups.clone(),
            size: index.len(),
            index: index.to_vec(),
            blends: Vec::new(),
            key: 0,
            places,
            part: None,
            mixed: None,
            used: None,
        }
    }

    /// The random numbers of a row's changes.
    fn drawing(&self, row: u32) -> Rng {
        Rng::keyed(&[
            self.seed.unwrap_or(0),
            0x6175_676d,
            self.epoch,
            u64::from(row),
        ])
    }
}

/// The batches of one pass, in order; the first that cannot be made ends it.
pub struct Batches {
    lanes: Vec<Receiver<Result<Batch>>>,
    next: usize,
    total: usize,
}

impl Batches {
    /// No batches, for a reason.
    fn failed(fault: Fault) -> Batches {
        let (send, receive) = sync_channel(1);
        send.send(Err(fault)).ok();
        Batches {
            lanes: vec![receive],
            next: 0,
            total: 1,
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        if self.next == self.total {
            return None;
        }
        let batch = self.lanes[self.next % self.lanes.len()].recv().ok()?;
        self.next = if batch.is_ok() {
            self.next + 1
        } else {
            self.total
        };
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
            let margin = sample.margin;
            sample.sequences[0][margin] = rng.below(4) as u8;
        }
        fn margin(&self) -> usize {
            3
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_batches() {
        let codes = (0..1000u32).map(|i| (i * 7 % 4) as u8).collect();
        let column = Column::Sequence {
            codes: Arc::new(codes),
            length: 10,
        };
        let set = Dataset::new(
            vec![Input::new("sequence", column)],
            vec!["y".into()],
            vec![1.0; 100],
        )
        .unwrap();
        let negatives = set.with_rows((0..30).collect());
        let set = set
            .with_shuffles(Shuffles {
                k: 2,
                ratio: 1,
                redraw: true,
                seed: 4,
            })
            .unwrap();
        let set = set.with_negatives(&negatives, 0.2, true, 9).unwrap();
        let run = |threads: usize, epoch: u64| -> Vec<(Vec<u32>, Vec<u8>)> {
            let loader = Loader {
                seed: Some(5),
                epoch,
                transform: Some(Arc::new(Noise)),
                threads,
                ..Loader::plain(&set, 16)
            };
            loader
                .start()
                .map(|batch| {
                    let batch = batch.unwrap();
                    match &batch.inputs[0].1 {
                        Values::Codes(codes, _) => (batch.index.clone(), codes.to_vec()),
                        _ => unreachable!(),
                    }
                })
                .collect()
        };
        let one = run(1, 0);
        assert_eq!(one.len(), 14);
        assert_eq!(one, run(2, 0));
        assert_eq!(one, run(8, 0));
        assert_ne!(one, run(1, 1));
        let rows = |batch: Result<Batch>| batch.unwrap().index.clone();
        let later = |first: usize| -> Vec<Vec<u32>> {
            let loader = Loader {
                seed: Some(5),
                transform: Some(Arc::new(Noise)),
                threads: 2,
                first,
                ..Loader::plain(&set, 16)
            };
            loader.start().map(rows).collect()
        };
        let expected: Vec<Vec<u32>> = one[9..].iter().map(|batch| batch.0.clone()).collect();
        assert_eq!(later(9), expected);
        assert_eq!(later(14).len(), 0);
    }
}
