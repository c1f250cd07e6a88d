//! A convolution of one-hot sequences, with its ReLU and pooling, as table lookups on sequence
//! codes.
//!
//! What four neighbouring bases add to all filters is one row of a table with 256 rows; a window of
//! width 20 is the sum of five rows. Neither a one-hot tensor nor an activation is written to
//! memory. Windows with an N use a second table, in which N adds nothing, as four zeros do. A
//! convolution of one-hot k-mers, and a dilated one, has a row for each k-mer and offset of the
//! window.
//!
//! - [`CodeConvolution::forward`], [`CodeConvolution::backward`]: pooling over all positions
//! - [`windows::Windows`]: every position, or windows of positions
//!
//! # Layout
//!
//! - codes: a byte per base, A 0, C 1, G 2, T 3, N 4; sequences of one length, one after another
//! - weights: `[filters, channels, width]`, as PyTorch's
//! - tables: per four positions of the window (a chunk) 256 rows, each with up to 32 filters; 625
//!   more rows where a window may hold an N
//! - bits of active filters: 32 positions a word, the first in the highest bit, 16 or 32 filters
//!   next to each other
//!
//! # Dispatch
//!
//! `widest!` compiles each loop for AVX-512, AVX2 with FMA, and the target's baseline, and chooses
//! once per call. Blocks of 32 filters are computed together (two vectors of AVX-512); up to 16
//! remaining filters as one vector. There is no `unsafe`.
//!
//! # Order of sums
//!
//! Gradients are summed in a fixed number of parts of the batch, in order, whatever the number of
//! threads.

// loops over lanes are written by index, which the compiler vectorises
#![allow(clippy::needless_range_loop)]

use super::{Pads, Reduction};
use tables::Row;

mod global;
mod keys;
mod planes;
mod shape;
mod tables;
pub mod windows;

pub use global::Pooled;
use shape::{BASES, LANE};
pub use shape::{CodeConvolution, Filters, Kmers};

/// Sequences of one length, one after another.
#[derive(Clone, Copy)]
pub struct Sequences<'a> {
    /// Their codes.
    pub codes: &'a [u8],
    /// The length of each.
    pub length: usize,
}

impl<'a> Sequences<'a> {
    /// Number of sequences.
    pub fn count(self) -> usize {
        self.codes.len() / self.length.max(1)
    }

    /// The codes of sequence `i`.
    pub fn get(self, i: usize) -> &'a [u8] {
        &self.codes[i * self.length..][..self.length]
    }
}

/// Filters that are computed together.
#[derive(Clone, Copy)]
struct Block {
    /// The first of them.
    first: usize,
    /// How many they are: at most two vectors.
    count: usize,
}

impl Block {
    fn new<const V: usize>(convolution: &CodeConvolution, first: usize) -> Block {
        Block {
            first,
            count: (LANE * V).min(convolution.filters - first),
        }
    }

    /// Whether the filters from `first` on are one vector, not two.
    fn is_single(convolution: &CodeConvolution, first: usize) -> bool {
        convolution.filters - first <= LANE
    }
}

/// Gradients of weights and biases.
pub struct Gradients {
    /// `filters * channels * width` numbers.
    pub weight: Vec<f32>,
    /// `filters` numbers.
    pub bias: Vec<f32>,
}

impl Gradients {
    fn zeros(convolution: &CodeConvolution) -> Gradients {
        Gradients {
            weight: vec![0.0; convolution.filters * convolution.channels() * convolution.width],
            bias: vec![0.0; convolution.filters],
        }
    }

    /// Writes those of a block of filters from rows of which each offset of a window has `chunk`.
    fn put<const V: usize>(
        &mut self,
        convolution: &CodeConvolution,
        block: Block,
        rows: &[Row<V>],
        chunk: usize,
        bias: &Row<V>,
    ) {
        let (channels, width) = (convolution.channels(), convolution.width);
        for lane in 0..block.count {
            let filter = block.first + lane;
            for channel in 0..channels {
                for at in 0..width {
                    self.weight[(filter * channels + channel) * width + at] =
                        rows[at * chunk + channel].flat()[lane];
                }
            }
            self.bias[filter] = bias.flat()[lane];
        }
    }
}

impl CodeConvolution {
    /// Windows of a sequence.
    pub fn positions(&self, length: usize) -> usize {
        let padded = length + self.pads.total() + 1;
        match self.kmers {
            None => padded.saturating_sub(self.width),
            Some(kmers) => {
                (padded + 1).saturating_sub(kmers.k + (self.width - 1) * kmers.dilation + 1)
            }
        }
    }

    fn keys(&self, codes: &[u8], out: &mut Vec<u16>) {
        match self.kmers {
            None => keys::of_bases(codes, self.pads, out),
            Some(kmers) => keys::of_kmers(codes, self.pads, kmers, out),
        }
    }

    /// Channels of what it convolves.
    fn channels(&self) -> usize {
        self.kmers.map_or(4, Kmers::count)
    }

    /// Whether some window may hold an N.
    fn has_unknown(&self, codes: &[u8]) -> bool {
        self.pads != Pads::NONE || !keys::is_known(codes)
    }
}

#[cfg(test)]
mod tests;
