//! Batches in memory; their buffers are used again.

use super::super::LabelGroup;
use super::sample::{Blend, RowView};
use crate::data::ragged::pad;
use crate::seq::alphabet::UNKNOWN;
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
