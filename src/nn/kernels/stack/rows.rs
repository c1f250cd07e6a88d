//! Which positions of which output are computed, and which rows meet at each offset of a window.

use super::step::Step;
use crate::kernels::dense::{Pair, padded};

/// Rows of an output that are computed one offset of the window after another: with the rows that
/// they read and a matrix they fit into the first cache.
const BLOCK: usize = 64;

/// The rows that are computed for sequences of one length.
pub struct RowPlan {
    /// Their length.
    pub length: usize,
    /// The input, then the output of each step.
    pub(super) outputs: Vec<Rows>,
    /// Of each step.
    pub(super) steps: Vec<StepPlan>,
    /// Where outputs are stored when only the last is kept: several share memory.
    pub(super) slots: Vec<usize>,
}

/// The positions of an output that are computed, a row each.
pub struct Rows {
    /// In ascending order.
    pub positions: Vec<u32>,
    /// Positions of the layer as described.
    pub length: usize,
    /// Channels, padded to whole vectors.
    pub columns: usize,
}

/// The rows of a step.
pub struct StepPlan {
    /// In order; together they hold all rows of the output.
    pub blocks: Vec<Block>,
    /// For each row of the output the row of the skip that is added.
    pub skip: Vec<u32>,
}

/// Some rows of an output.
pub struct Block {
    /// Their range.
    pub rows: std::ops::Range<usize>,
    /// For each offset of the window the rows of output and input that meet there; pads meet
    /// nothing.
    pub offsets: Vec<Vec<Pair>>,
}

impl RowPlan {
    /// For sequences of a length, of which every position of the last output is read, or the last
    /// alone.
    pub fn new(steps: &[Step], length: usize, is_last: bool) -> RowPlan {
        let mut lengths = vec![length];
        for step in steps {
            lengths.push(
                (lengths[step.from] + step.pads.total())
                    .saturating_sub((step.width - 1) * step.dilation),
            );
        }
        let mut wanted: Vec<Vec<bool>> =
            lengths.iter().map(|length| vec![false; *length]).collect();
        let end = lengths.len() - 1;
        let (first, count) = if is_last {
            (lengths[end].saturating_sub(1), 1)
        } else {
            (0, lengths[end])
        };
        wanted[end]
            .iter_mut()
            .skip(first)
            .take(count)
            .for_each(|own| *own = true);
        for step in steps.iter().rev() {
            let rows: Vec<usize> = (0..lengths[step.to])
                .filter(|at| wanted[step.to][*at])
                .collect();
            for at in rows {
                for (_, met) in meets(step, at, lengths[step.from]) {
                    wanted[step.from][met] = true;
                }
                if let Some(skip) = step.skip {
                    wanted[skip][at] = true;
                }
            }
        }
        // codes are read from the whole sequence: the input keeps all its positions
        wanted[0].iter_mut().for_each(|own| *own = true);
        let outputs: Vec<Rows> = wanted
            .iter()
            .zip(&lengths)
            .zip(std::iter::once(padded(steps[0].channels)).chain(steps.iter().map(Step::columns)))
            .map(|((own, length), columns)| Rows {
                positions: (0..*length as u32).filter(|at| own[*at as usize]).collect(),
                length: *length,
                columns,
            })
            .collect();
        let row_of: Vec<Vec<u32>> = outputs
            .iter()
            .map(|own| {
                let mut rows = vec![u32::MAX; own.length];
                own.positions
                    .iter()
                    .zip(0..)
                    .for_each(|(at, row)| rows[*at as usize] = row);
                rows
            })
            .collect();
        let slots = slots(steps, outputs.len());
        RowPlan {
            length,
            steps: steps
                .iter()
                .map(|step| StepPlan::new(step, &outputs, &row_of))
                .collect(),
            outputs,
            slots,
        }
    }
}

impl RowPlan {
    /// Positions of an output as described; 0 is the input.
    pub fn length_of(&self, output: usize) -> usize {
        self.outputs[output].length
    }

    /// Rows of the last output that are computed.
    pub fn last_rows(&self) -> usize {
        self.outputs.last().map_or(0, |rows| rows.positions.len())
    }
}

/// Memory of outputs of which only the last is kept: an output that is not read any more is
/// overwritten.
fn slots(steps: &[Step], outputs: usize) -> Vec<usize> {
    let last_read = |output: usize| {
        steps
            .iter()
            .rposition(|step| step.from == output || step.skip == Some(output))
            .unwrap_or(steps.len())
    };
    let mut slots = vec![0; outputs];
    for (s, step) in steps.iter().enumerate() {
        let taken: Vec<usize> = steps[..s]
            .iter()
            .filter(|earlier| last_read(earlier.to) >= s)
            .map(|earlier| slots[earlier.to])
            .collect();
        slots[step.to] = (1..).find(|slot| !taken.contains(slot)).unwrap_or(step.to);
    }
    slots
}

/// Offsets of a window over position `at` of the output, and the positions of the input that they
/// meet.
fn meets(step: &Step, at: usize, length: usize) -> impl Iterator<Item = (usize, usize)> {
    let (width, before, dilation) = (step.width, step.pads.before, step.dilation);
    (0..width).filter_map(move |offset| {
        (at + offset * dilation)
            .checked_sub(before)
            .filter(|met| *met < length)
            .map(|met| (offset, met))
    })
}

impl StepPlan {
    fn new(step: &Step, outputs: &[Rows], row_of: &[Vec<u32>]) -> StepPlan {
        let width = step.width;
        let positions = &outputs[step.to].positions;
        let blocks = positions.chunks(BLOCK).enumerate().map(|(i, own)| {
            let mut offsets = vec![Vec::with_capacity(own.len()); width];
            for (row, at) in (i * BLOCK..).zip(own) {
                for (offset, met) in meets(step, *at as usize, outputs[step.from].length) {
                    offsets[offset].push([row as u32, row_of[step.from][met]]);
                }
            }
            Block {
                rows: i * BLOCK..i * BLOCK + own.len(),
                offsets,
            }
        });
        let skip = step.skip.map_or_else(Vec::new, |skip| {
            positions
                .iter()
                .map(|at| row_of[skip][*at as usize])
                .collect()
        });
        StepPlan {
            blocks: blocks.collect(),
            skip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Pads;

    #[test]
    fn only_positions_that_the_last_depends_on_are_computed() {
        let step = |from: usize, dilation: usize| Step {
            filters: 4,
            channels: 4,
            width: 2,
            pads: Pads {
                before: dilation,
                after: 0,
            },
            dilation,
            from,
            to: from + 1,
            relu: true,
            skip: None,
            relu_of_sum: false,
        };
        let steps = [step(0, 1), step(1, 2), step(2, 4)];
        let plan = RowPlan::new(&steps, 10, true);
        let positions: Vec<&[u32]> = plan.outputs.iter().map(|own| &own.positions[..]).collect();
        assert_eq!(positions[3], [9]);
        assert_eq!(positions[2], [5, 9]);
        assert_eq!(positions[1], [3, 5, 7, 9]);
        assert_eq!(positions[0].len(), 10);
        // each output is overwritten as soon as it was read
        assert_eq!(plan.slots[1..], [1, 2, 1]);
        assert_eq!(plan.length_of(3), 10);
    }
}
