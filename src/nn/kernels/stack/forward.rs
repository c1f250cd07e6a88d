//! The forward pass over one sequence.

use super::elementwise::{MaskRows, Relus, Sizes, apply};
use super::{Sample, Source, Stack, Step, add, met};
use crate::kernels::dense::{Gemm, LANE, Pair, Reads, Strides, padded};

impl Stack {
    /// Where an output is stored: all are kept for gradients, otherwise several share memory.
    fn slot(&self, output: usize, keep: bool) -> usize {
        if keep {
            output
        } else {
            self.plan.slots[output]
        }
    }

    /// Computes all outputs of sequence `i`; `keep` what the gradients need, or only the last.
    pub fn forward(&self, i: usize, sample: &mut Sample, keep: bool) {
        sample
            .outputs
            .resize_with(self.plan.outputs.len(), Vec::new);
        sample.above.resize_with(self.steps.len(), Vec::new);
        for s in 0..self.steps.len() {
            self.forward_step(s, i, sample, keep);
        }
    }

    fn forward_step(&self, s: usize, i: usize, sample: &mut Sample, keep: bool) {
        let step = &self.steps[s];
        let (columns, plan) = (step.columns(), &self.plan.steps[s]);
        let rows = &self.plan.outputs[step.to];
        let slot = self.slot(step.to, keep);
        let mut to = std::mem::take(&mut sample.outputs[slot]);
        to.resize(rows.positions.len() * columns, 0.0);
        let mut above = std::mem::take(&mut sample.above[s]);
        let words = if step.skip.is_some() {
            to.len() / LANE
        } else {
            0
        };
        above.resize(words, 0);
        let input = if step.skip == Some(0) {
            self.input.rows(i, self.plan.length, step.filters)
        } else {
            Vec::new()
        };
        let skipped = match step.skip {
            Some(0) => Some(&input),
            skip => skip.map(|skip| &sample.outputs[self.slot(skip, keep)]),
        };
        let from = &sample.outputs[self.slot(step.from, keep)];
        for block in &plan.blocks {
            let range = block.rows.start * columns..block.rows.end * columns;
            to[range.clone()]
                .chunks_exact_mut(columns)
                .for_each(|row| row.copy_from_slice(&self.packed[s].bias));
            for (offset, pairs) in block.offsets.iter().enumerate() {
                let matrix = &self.packed[s].weight[offset * step.channels * columns..]
                    [..step.channels * columns];
                match self.source(step, i, from) {
                    Source::Codes(codes) => {
                        met(codes, pairs, step.channels).for_each(|(row, code)| {
                            add(
                                &mut to[row * columns..][..columns],
                                &matrix[code * columns..][..columns],
                            )
                        });
                    }
                    Source::Rows(values, stride) => {
                        step.gemm(pairs, stride)
                            .add_product(values, matrix, &mut to);
                    }
                }
            }
            let mask = self.masks[s].as_ref().map(|mask| MaskRows {
                mask,
                start: ((self.first + i) * rows.length) as u64,
                positions: &rows.positions[block.rows.clone()],
            });
            let skip = skipped.map(|rows| (&rows[..], &plan.skip[block.rows.clone()]));
            let words = if above.is_empty() {
                0..0
            } else {
                range.start / LANE..range.end / LANE
            };
            let sizes = Sizes {
                columns,
                filters: step.filters,
            };
            apply(
                &mut to[range],
                sizes,
                step.relus(),
                mask,
                skip,
                &mut above[words],
            );
        }
        sample.outputs[slot] = to;
        sample.above[s] = above;
    }

    /// Appends the last output, without the padding of its channels.
    pub fn emit(&self, sample: &Sample, keep: bool, out: &mut Vec<f32>) {
        let Some(step) = self.steps.last() else {
            return;
        };
        sample.outputs[self.slot(step.to, keep)]
            .chunks_exact(step.columns())
            .for_each(|row| out.extend_from_slice(&row[..step.filters]));
    }
}

impl Step {
    /// The product of rows of the input, `stride` apart, with the weights of one offset.
    pub(super) fn gemm<'a>(&self, pairs: &'a [Pair], stride: usize) -> Gemm<'a> {
        Gemm {
            pairs,
            reads: Reads::Second,
            strides: Strides {
                from: stride,
                to: self.columns(),
            },
            inner: self.channels,
            columns: self.columns(),
        }
    }

    /// The product of rows of the output's gradient with the transposed weights of one offset.
    pub(super) fn transposed_gemm<'a>(&self, pairs: &'a [Pair]) -> Gemm<'a> {
        let channels = padded(self.channels);
        Gemm {
            pairs,
            reads: Reads::First,
            strides: Strides {
                from: self.columns(),
                to: channels,
            },
            inner: self.filters,
            columns: channels,
        }
    }

    pub(super) fn relus(&self) -> Relus {
        Relus {
            relu: self.relu,
            relu_of_sum: self.relu_of_sum,
        }
    }
}
