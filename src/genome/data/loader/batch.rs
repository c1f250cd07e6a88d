//! Batches in memory; their buffers are used again.

use super::super::LabelGroup;
use super::sample::{Blend, RowView};
use crate::data::ragged::pad;
use crate::seq::alphabet::UNKNOWN;
use cistron_base::parallel::share_of;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// The values of one input in a batch.
#[derive(Clone, Debug)]
pub enum Values {
    /// `batch * length` codes, which a network may read without a copy.
    Codes(Arc<Vec<u8>>, usize),
    /// `batch * length` codes of letters, with the length and the number of letters; codes beyond
    /// them are unknown.
    Letters(Vec<u8>, usize, usize),
    /// `batch * product` numbers of a row shape.
    Dense(Vec<f32>, Vec<usize>),
}

/// Which rows of a batch one of several processes has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first of them.
    pub first: usize,
    /// Rows of the whole batch.
    pub whole: usize,
    /// How many of them count: 0 of a process for which there is no row, and which has the first
    /// one in its place, so that it takes the same steps as the others.
    pub counted: usize,
}

impl Part {
    /// The part of a process, with its number and that of all of them, and its rows.
    pub fn of(whole: usize, (rank, size): (usize, usize)) -> (Part, Range<usize>) {
        let rows = share_of(whole, rank, size);
        let counted = rows.len();
        let rows = if counted == 0 { 0..whole.min(1) } else { rows };
        let part = Part {
            first: rows.start,
            whole,
            counted,
        };
        (part, rows)
    }
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
    /// Named labels of any shape, in the order of their numbers.
    pub label_groups: Arc<[LabelGroup]>,
    /// Rows.
    pub size: usize,
    /// Which rows of the dataset these are.
    pub index: Vec<u32>,
    /// Changes that remain to be applied to the batch as a whole.
    pub blends: Vec<Blend>,
    /// The key of their randomness.
    pub key: u64,
    /// Where each row is read, if the sequences themselves are elsewhere; there are no inputs then.
    pub places: Vec<RowView>,
    /// Which rows of a larger batch these are, where several processes share it.
    pub part: Option<Part>,
    /// The larger batch, where its rows are to be mixed before these are taken.
    pub mixed: Option<Arc<Batch>>,
    pub(super) used: Option<Arc<Used>>,
}

/// Buffers of batches that are done with.
#[derive(Debug, Default)]
pub(super) struct Used(Mutex<Vec<Vec<u8>>>);

impl Used {
    pub(super) fn take(&self, capacity: usize) -> Vec<u8> {
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

impl Batch {
    /// The rows and labels, without the inputs.
    pub fn without_inputs(&self) -> Batch {
        Batch {
            inputs: Vec::new(),
            labels: self.labels.clone(),
            tasks: self.tasks,
            label_groups: self.label_groups.clone(),
            size: self.size,
            index: self.index.clone(),
            blends: self.blends.clone(),
            key: self.key,
            places: self.places.clone(),
            part: self.part,
            mixed: None,
            used: None,
        }
    }

    /// The weight of its means in those of the batch that several processes share: 1 of a whole
    /// batch.
    pub fn weight(&self) -> f64 {
        self.part
            .map_or(1.0, |part| part.counted as f64 / part.whole as f64)
    }

    /// Rows of the batch that several processes share; its own where there is one process.
    pub fn whole_size(&self) -> usize {
        self.part.map_or(self.size, |part| part.whole)
    }

    /// The part of a batch whose rows are still to be mixed.
    pub(super) fn part_of_mixed(whole: Batch, part: Part, rows: Range<usize>) -> Batch {
        let tasks = whole.tasks;
        Batch {
            inputs: Vec::new(),
            labels: whole.labels[rows.start * tasks..rows.end * tasks].to_vec(),
            tasks,
            label_groups: whole.label_groups.clone(),
            size: rows.len(),
            index: whole.index[rows].to_vec(),
            blends: whole.blends.clone(),
            key: whole.key,
            places: Vec::new(),
            part: Some(part),
            mixed: Some(Arc::new(whole)),
            used: None,
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let Some(used) = &self.used else { return };
        if let Ok(mut pool) = used.0.lock() {
            for (_, values) in &mut self.inputs {
                if let Values::Codes(codes, _) = values {
                    // codes that a network still reads are not reused
                    pool.extend(Arc::into_inner(std::mem::take(codes)));
                }
            }
        }
    }
}

/// Pads the last row of an input, of its own shape, to the shape of the batch.
pub(super) fn fill(values: &mut Values, own: &[usize]) {
    match values {
        Values::Codes(codes, length) if own[0] < *length => {
            let codes = Arc::make_mut(codes);
            codes.resize(codes.len() + *length - own[0], UNKNOWN);
        }
        Values::Letters(codes, length, letters) if own[0] < *length => {
            codes.resize(codes.len() + *length - own[0], *letters as u8);
        }
        Values::Dense(numbers, shape) => pad(numbers, own, shape),
        Values::Codes(..) | Values::Letters(..) => {}
    }
}
