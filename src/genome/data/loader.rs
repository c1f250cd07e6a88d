//! Batches: rows cut, shuffled and augmented ahead of the training step, the same for any number of
//! threads.

use super::{Column, Dataset};
use crate::seq::shuffle::Shuffler;
use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_base::{Fault, Result, panic, threads};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};

/// What waits for the training step at most, bytes.
const BUDGET: usize = 128 << 20;

/// Numbers of a row along the sequence or beside it.
#[derive(Clone, Debug, Default)]
pub struct Signal {
    /// The numbers, channel after channel.
    pub values: Vec<f32>,
    /// Numbers in a channel, margins included where it lies along the sequence.
    pub width: usize,
    /// Whether it lies along the sequence.
    pub is_along: bool,
    /// The channel that each becomes on the other strand.
    pub partners: Option<Arc<Vec<usize>>>,
    /// The value of bases that come from nowhere.
    pub blank: f32,
}

/// The values that the labels of a row are read from, base by base.
#[derive(Clone, Debug, Default)]
pub struct Labelled {
    /// Channels along the sequence, margins included.
    pub signal: Signal,
    /// The first base of the labelled window, margins included.
    pub start: usize,
    /// Bases of the window.
    pub width: usize,
    /// Whether this row's labels are read from them.
    pub is_on: bool,
}

impl Labelled {
    /// The window is read from the reverse strand.
    pub fn turn(&mut self) {
        self.start = self.signal.width - self.start - self.width;
    }
}

/// One row on its way into a batch. Sequences and what lies along them have `margin` more on both
/// sides, which augmenters may move into view; the room is used for the next row again.
#[derive(Default)]
pub struct Sample {
    /// The codes of each sequence input.
    pub sequences: Vec<Vec<u8>>,
    /// The other inputs.
    pub signals: Vec<Signal>,
    /// Its labels.
    pub labels: Vec<f32>,
    /// The label that each becomes on the other strand.
    pub label_partners: Option<Arc<Vec<usize>>>,
    /// What its labels are read from again once it is changed.
    pub labelled: Labelled,
    /// Bases beyond the view on each side.
    pub margin: usize,
    /// The pass, from 0.
    pub epoch: u64,
    /// For augmenters that shuffle.
    pub shuffler: Shuffler,
    /// Room for augmenters.
    pub scratch: Vec<u8>,
}

impl Sample {
    /// Everything that is along the sequences and moves with them: signals, and the values that
    /// labels are read from.
    pub fn along(&mut self) -> impl Iterator<Item = &mut Signal> {
        let labelled = std::iter::once(&mut self.labelled)
            .filter(|own| own.is_on)
            .map(|own| &mut own.signal);
        self.signals
            .iter_mut()
            .filter(|signal| signal.is_along)
            .chain(labelled)
    }
}

/// A change made to rows while they are loaded; its randomness comes from `rng` alone.
pub trait Transform: Send + Sync {
    /// Changes a row.
    fn apply(&self, sample: &mut Sample, rng: &mut Rng);

    /// Bases beyond the view that it may bring in, on each side.
    fn margin(&self) -> usize {
        0
    }

    /// What it does to rows where it only moves or turns what is seen of them, with the random
    /// numbers of `apply`; `length` is that of a row with its margins. Says whether that is all it
    /// does.
    fn moves(&self, _place: &mut Place, _length: i64, _rng: &mut Rng) -> bool {
        false
    }

    /// What it is called where it moves bases to other positions, which labels along the sequence
    /// have to follow.
    fn displaces(&self) -> Option<&'static str> {
        None
    }

    /// What it does to whole batches, once they are one-hot.
    fn blends(&self, _epoch: u64, _out: &mut Vec<Blend>) {}
}

/// Where the sequence of a row is read: position i is position `start` + i of the stored row with
/// its margins or, on the other strand, the complement of `start` - i.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// See above.
    pub start: i64,
    /// Whether it is read from the other strand.
    pub turned: bool,
}

/// A change of a whole batch of one-hot sequences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blend {
    /// Normal noise of a standard deviation on every number.
    Noise(f64),
    /// Each row mixed with another one of the batch, labels too; the shares are beta numbers of
    /// this shape (Zhang et al. 2018).
    Mixup(f64),
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
    /// What is still to be done to the batch as a whole.
    pub blends: Vec<Blend>,
    /// The key of their randomness.
    pub key: u64,
    /// Where each row is read, if the sequences themselves are elsewhere; there are no inputs then.
    pub places: Vec<Place>,
    used: Option<Arc<Used>>,
}

/// Buffers of batches that are done with.
#[derive(Debug, Default)]
struct Used(Mutex<Vec<Vec<u8>>>);

impl Used {
    fn take(&self, capacity: usize) -> Vec<u8> {
        let mut buffer = self
            .0
            .lock()
            .map_or_else(|_| None, |mut pool| pool.pop())
            .unwrap_or_default();
        buffer.clear();
        buffer.reserve(capacity);
        buffer
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let Some(used) = &self.used else { return };
        if let Ok(mut pool) = used.0.lock() {
            for (_, values) in &mut self.inputs {
                if let Values::Codes(codes, _) = values {
                    pool.push(std::mem::take(codes));
                }
            }
        }
    }
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
    /// Whether sequences lie elsewhere, so that only their places are told.
    pub is_elsewhere: bool,
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
        }
    }

    /// Rows in a pass.
    fn count(&self) -> usize {
        if self.seed.is_some() {
            self.set.sampling.count(self.set.len())
        } else {
            self.set.len()
        }
    }

    /// Batches in a pass.
    pub fn batches(&self) -> usize {
        let n = self.count();
        if self.drop_last && n >= self.batch {
            n / self.batch
        } else {
            n.div_ceil(self.batch)
        }
    }

    /// Batches that wait for the step at most, for each thread.
    fn depth(&self) -> usize {
        let row: usize =
            self.set.inputs.iter().map(|input| if input.column.is_sequence() { 1 } else { 4 } * input.column.row_shape().iter().product::<usize>()).sum();
        (BUDGET / self.threads.max(1) / (row * self.batch).max(1)).clamp(1, 4)
    }

    /// Starts the threads and gives the batches in order.
    pub fn start(&self) -> Batches {
        let loader = Arc::new(Loader {
            set: self.set.at_epoch(self.epoch),
            ..self.clone()
        });
        let order = Arc::new(self.set.sampling.order(&loader.set, self.seed, self.epoch));
        let total = self.batches();
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
                        let from = number * loader.batch;
                        let to = (from + loader.batch).min(order.len());
                        let made = panic::guarded(|| {
                            loader.assemble(&order[from..to], &mut sample, Some(&used))
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

    /// Makes one batch of the given rows.
    fn assemble(
        &self,
        index: &[u32],
        sample: &mut Sample,
        used: Option<&Arc<Used>>,
    ) -> Result<Batch> {
        let set = &self.set;
        let margin = self.margin();
        if self.is_elsewhere {
            return Ok(self.told(index, margin));
        }
        let mut inputs: Vec<(String, Values)> = Vec::with_capacity(set.inputs.len());
        for input in &set.inputs {
            let shape = input.column.row_shape();
            let room = index.len() * shape.iter().product::<usize>();
            let values = if input.column.is_sequence() {
                Values::Codes(
                    used.map_or_else(|| Vec::with_capacity(room), |used| used.take(room)),
                    shape[0],
                )
            } else {
                Values::Dense(Vec::with_capacity(room), shape)
            };
            inputs.push((input.name.clone(), values));
        }
        let mut labels = Vec::with_capacity(index.len() * set.tasks());
        self.check_labels()?;
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
                                codes,
                            )?,
                            Values::Dense(numbers, _) => {
                                set.push_numbers(&input.column, *row as usize, 0, numbers)?
                            }
                        }
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
            u64::from(index.first().copied().unwrap_or(0)),
        ])
        .next_u64();
        Ok(Batch {
            inputs,
            labels,
            tasks: set.tasks(),
            size: index.len(),
            index: index.to_vec(),
            blends,
            key,
            places: Vec::new(),
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
            transform.moves(&mut Place::default(), 1, &mut Rng::keyed(&[0]))
        });
        let labels_stay = self.transform.is_none()
            || (self.set.label_partners.is_none() && self.set.profile.is_none());
        moves
            && blends.is_empty()
            && self.set.inputs.len() == 1
            && self.set.inputs[0].column.is_sequence()
            && labels_stay
    }

    /// A batch without its sequences.
    fn told(&self, index: &[u32], margin: usize) -> Batch {
        let length = self
            .set
            .sequence_input()
            .map_or(0, |column| column.row_shape()[0] + 2 * margin) as i64;
        let mut labels = Vec::with_capacity(index.len() * self.set.tasks());
        let mut places = Vec::with_capacity(index.len());
        for row in index {
            self.set.push_labels(*row as usize, &mut labels);
            let mut place = Place::default();
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
            size: index.len(),
            index: index.to_vec(),
            blends: Vec::new(),
            key: 0,
            places,
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

    /// Reads a row with its margins, changes it, and appends what is in view.
    #[allow(clippy::too_many_arguments)]
    fn changed(
        &self,
        row: u32,
        transform: &dyn Transform,
        margin: usize,
        sample: &mut Sample,
        inputs: &mut [(String, Values)],
        labels: &mut Vec<f32>,
    ) -> Result<()> {
        let set = &self.set;
        let (mut sequences, mut signals) = (0, 0);
        for input in &set.inputs {
            if input.column.is_sequence() {
                if sample.sequences.len() == sequences {
                    sample.sequences.push(Vec::new());
                }
                let mut codes = std::mem::take(&mut sample.sequences[sequences]);
                codes.clear();
                set.push_codes(
                    &input.column,
                    row as usize,
                    margin,
                    self.epoch,
                    &mut sample.shuffler,
                    &mut codes,
                )?;
                sample.sequences[sequences] = codes;
                sequences += 1;
            } else {
                if sample.signals.len() == signals {
                    sample.signals.push(Signal::default());
                }
                let width = input.column.row_shape().last().copied().unwrap_or(1);
                let is_along = input.is_along;
                let own = &mut sample.signals[signals];
                own.values.clear();
                let edge = if is_along { margin } else { 0 };
                set.push_numbers(&input.column, row as usize, edge, &mut own.values)?;
                (own.width, own.is_along) = (width + 2 * edge, is_along);
                own.partners.clone_from(&input.partners);
                signals += 1;
            }
        }
        sample.labels.clear();
        set.push_labels(row as usize, &mut sample.labels);
        sample.label_partners.clone_from(&set.label_partners);
        self.read_labelled(row, transform, margin, &mut sample.labelled)?;
        (sample.margin, sample.epoch) = (margin, self.epoch);
        transform.apply(sample, &mut self.drawing(row));
        let (mut own_sequences, mut own_signals) = (sample.sequences.iter(), sample.signals.iter());
        for (_, values) in inputs {
            match values {
                Values::Codes(codes, length) => {
                    let own = own_sequences.next().map_or(&[][..], Vec::as_slice);
                    codes.extend_from_slice(&own[margin..margin + *length]);
                }
                Values::Dense(numbers, _) => {
                    let Some(own) = own_signals.next() else {
                        continue;
                    };
                    let edge = if own.is_along { margin } else { 0 };
                    own.values.chunks(own.width.max(1)).for_each(|channel| {
                        numbers.extend_from_slice(&channel[edge..channel.len() - edge])
                    });
                }
            }
        }
        match set
            .profile
            .as_ref()
            .and_then(|profile| Some((profile.bins, profile.source.as_ref()?)))
        {
            Some((bins, source)) if sample.labelled.is_on => {
                let Labelled {
                    signal,
                    start,
                    width,
                    ..
                } = &sample.labelled;
                let windows: Vec<&[f32]> = signal
                    .values
                    .chunks(signal.width.max(1))
                    .map(|row| &row[*start..start + width])
                    .collect();
                source.labels(&windows, bins, labels)?;
            }
            _ => labels.extend_from_slice(&sample.labels),
        }
        Ok(())
    }

    /// Fails where the sequence would move and labels along it could not follow.
    fn check_labels(&self) -> Result<()> {
        let Some(what) = self
            .transform
            .as_ref()
            .and_then(|transform| transform.displaces())
        else {
            return Ok(());
        };
        match &self.set.profile {
            Some(profile) if profile.source.is_none() => bail!(
                "data", "`augment::{what}` moves the bases of a row, and its labels, {} bins along the sequence, could not follow: their signals are not known", profile.bins;
                hint: "pass what `label::signal(regions, tracks, …)` returns as `labels` of `data::regions`, with regions that hold the labelled windows at one place, or leave `augment::{what}` out"
            ),
            _ => Ok(()),
        }
    }

    /// Reads what the labels of a row come from, where its bases may move.
    fn read_labelled(
        &self,
        row: u32,
        transform: &dyn Transform,
        margin: usize,
        out: &mut Labelled,
    ) -> Result<()> {
        out.is_on = false;
        let Some(source) = self
            .set
            .profile
            .as_ref()
            .and_then(|profile| profile.source.as_ref())
        else {
            return Ok(());
        };
        if transform.displaces().is_none() {
            return Ok(());
        }
        let own = &mut out.signal;
        own.values.clear();
        out.is_on = self
            .set
            .push_profile(row as usize, margin, &mut own.values)?;
        let length = source.column.row_shape().last().copied().unwrap_or(1);
        (own.width, own.is_along, own.blank) = (length + 2 * margin, true, f32::NAN);
        own.partners = match &source.column {
            Column::Signal { partners, .. } => partners.clone(),
            _ => None,
        };
        (out.start, out.width) = (margin + source.offset, source.width);
        Ok(())
    }
}

/// The batches of one pass, in order; the first that cannot be made ends it.
pub struct Batches {
    lanes: Vec<Receiver<Result<Batch>>>,
    next: usize,
    total: usize,
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
                        Values::Codes(codes, _) => (batch.index.clone(), codes.clone()),
                        Values::Dense(..) => unreachable!(),
                    }
                })
                .collect()
        };
        let one = run(1, 0);
        assert_eq!(one.len(), 14);
        assert_eq!(one, run(2, 0));
        assert_eq!(one, run(8, 0));
        assert_ne!(one, run(1, 1));
    }
}
