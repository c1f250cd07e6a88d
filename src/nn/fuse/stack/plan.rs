//! Which positions of which output are computed, and which rows meet in each place of a window.

use super::{Step, stride};
use crate::kernels::dense::{Pair, padded};

/// Rows of an output that are computed one place of the window after the other: with what they read
/// and a matrix they fit into the first cache.
const BLOCK: usize = 64;

/// What is computed for sequences of one length.
pub struct Plan {
    /// Their length.
    pub length: usize,
    /// The input, then the output of each step.
    pub outputs: Vec<Rows>,
    /// Of each step.
    pub steps: Vec<Meetings>,
    /// Where outputs lie when only the last is kept: several share a place, one after the other.
    pub homes: Vec<usize>,
}

/// The positions of an output that are computed, a row each.
pub struct Rows {
    /// In rising order.
    pub positions: Vec<u32>,
    /// Positions that the layer as described has.
    pub length: usize,
    /// Channels, filled up to whole vectors.
    pub columns: usize,
}

/// What a step does.
pub struct Meetings {
    /// In order; together they hold all rows of the output.
    pub blocks: Vec<Block>,
    /// For each row of the output the row of the skip that is added.
    pub skip: Vec<u32>,
}

/// Some rows of an output.
pub struct Block {
    /// The first of them, and the first behind them.
    pub rows: std::ops::Range<usize>,
    /// For each place of the window the rows of output and input that meet there; pads meet
    /// nothing.
    pub places: Vec<Vec<Pair>>,
}

impl Plan {
    /// For sequences of a length, of which every position is read at the end, or the last alone.
    pub fn new(steps: &[Step], length: usize, is_last: bool) -> Plan {
        let mut lengths = vec![length];
        for step in steps {
            let (_, _, width) = step.sizes();
            let (before, behind) = step.conv.pads;
            lengths.push(
                (lengths[step.from] + before + behind)
                    .saturating_sub((width - 1) * step.conv.dilation),
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
        // codes are read where they stand: the input keeps all its positions
        wanted[0].iter_mut().for_each(|own| *own = true);
        let outputs: Vec<Rows> = wanted
            .iter()
            .zip(&lengths)
            .zip(std::iter::once(padded(steps[0].sizes().1)).chain(steps.iter().map(stride)))
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
        let homes = homes(steps, outputs.len());
        Plan {
            length,
            steps: steps
                .iter()
                .map(|step| Meetings::new(step, &outputs, &row_of))
                .collect(),
            outputs,
            homes,
        }
    }
}

/// Places for outputs of which only the last is kept: one that nobody reads any more is given away.
fn homes(steps: &[Step], outputs: usize) -> Vec<usize> {
    let last_read = |output: usize| {
        steps
            .iter()
            .rposition(|step| step.from == output || step.skip == Some(output))
            .unwrap_or(steps.len())
    };
    let mut homes = vec![0; outputs];
    for (s, step) in steps.iter().enumerate() {
        let taken: Vec<usize> = steps[..s]
            .iter()
            .filter(|earlier| last_read(earlier.to) >= s)
            .map(|earlier| homes[earlier.to])
            .collect();
        homes[step.to] = (1..).find(|home| !taken.contains(home)).unwrap_or(step.to);
    }
    homes
}

/// Places of a window over position `at` of the output, and the positions of the input that they
/// meet.
fn meets(step: &Step, at: usize, length: usize) -> impl Iterator<Item = (usize, usize)> {
    let (_, _, width) = step.sizes();
    let (before, dilation) = (step.conv.pads.0, step.conv.dilation);
    (0..width).filter_map(move |place| {
        (at + place * dilation)
            .checked_sub(before)
            .filter(|met| *met < length)
            .map(|met| (place, met))
    })
}

impl Meetings {
    fn new(step: &Step, outputs: &[Rows], row_of: &[Vec<u32>]) -> Meetings {
        let (_, _, width) = step.sizes();
        let positions = &outputs[step.to].positions;
        let blocks = positions.chunks(BLOCK).enumerate().map(|(i, own)| {
            let mut places = vec![Vec::with_capacity(own.len()); width];
            for (row, at) in (i * BLOCK..).zip(own) {
                for (place, met) in meets(step, *at as usize, outputs[step.from].length) {
                    places[place].push([row as u32, row_of[step.from][met]]);
                }
            }
            Block {
                rows: i * BLOCK..i * BLOCK + own.len(),
                places,
            }
        });
        let skip = step.skip.map_or_else(Vec::new, |skip| {
            positions
                .iter()
                .map(|at| row_of[skip][*at as usize])
                .collect()
        });
        Meetings {
            blocks: blocks.collect(),
            skip,
        }
    }
}
