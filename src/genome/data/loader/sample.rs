//! One row while it is loaded, and the transforms that change it.

use super::peers::{Needs, Peers};
use crate::seq::shuffle::Shuffler;
use cistron_base::Fault;
use cistron_base::seed::Rng;
use std::sync::Arc;

/// Numbers of a row along the sequence or beside it.
#[derive(Clone, Debug, Default)]
pub struct Signal {
    /// The numbers, channel after channel.
    pub values: Vec<f32>,
    /// Numbers in a channel, margins included where it is along the sequence.
    pub width: usize,
    /// Whether it is along the sequence.
    pub is_along: bool,
    /// The channel that each becomes on the reverse strand.
    pub partners: Option<Arc<Vec<usize>>>,
    /// The value of bases that come from nowhere.
    pub blank: f32,
    /// Numbers in a block that is reversed on the reverse strand; 0 where none is, or channels are.
    pub block: usize,
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

/// One row on its way into a batch. Sequences and signals along them have `margin` more on both
/// sides, which augmenters may move into view; the room is used for the next row again.
#[derive(Default)]
pub struct Sample {
    /// The codes of each sequence input.
    pub sequences: Vec<Vec<u8>>,
    /// The other inputs.
    pub signals: Vec<Signal>,
    /// Its labels.
    pub labels: Vec<f32>,
    /// The label that each becomes on the reverse strand.
    pub label_partners: Option<Arc<Vec<usize>>>,
    /// What its labels are read from again once it is changed.
    pub labelled: Labelled,
    /// Bases beyond the view on each side.
    pub margin: usize,
    /// The pass, from 0.
    pub epoch: u64,
    /// For augmenters that shuffle.
    pub shuffler: Shuffler,
    /// Other rows, where augmenters take values from them.
    pub peers: Option<Peers>,
    /// Why another row could not be read.
    pub fault: Option<Fault>,
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

    /// Its effect on rows where it only shifts or reverse-complements them, with the random
    /// numbers of `apply`; `length` is that of a row with its margins. Returns whether that is all
    /// it does.
    fn moves(&self, _place: &mut RowView, _length: i64, _rng: &mut Rng) -> bool {
        false
    }

    /// Its name where it moves bases to other positions, which labels along the sequence
    /// have to follow.
    fn displaces(&self) -> Option<&'static str> {
        None
    }

    /// Whether it may reverse-complement rows.
    fn reverses(&self) -> bool {
        false
    }

    /// What it needs of the dataset by name.
    fn needs(&self, _out: &mut Vec<Needs>) {}

    /// Its changes of whole batches, once they are one-hot.
    fn blends(&self, _epoch: u64, _out: &mut Vec<Blend>) {}
}

/// Where the sequence of a row is read: position i is position `start` + i of the stored row with
/// its margins or, on the reverse strand, the complement of `start` - i.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowView {
    /// See above.
    pub start: i64,
    /// Whether it is read from the reverse strand.
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
