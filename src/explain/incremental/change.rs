//! Substitutions of single bases.

use std::ops::Range;

/// A substitution of one base in one sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Number of the sequence.
    pub row: usize,
    /// Position in the sequence.
    pub position: usize,
    /// Code of the base before the change.
    pub from: u8,
    /// Code of the base after the change.
    pub to: u8,
}

/// Lists the changes of single bases in a range of a sequence.
pub fn all_changes(row: usize, bases: &[u8], range: Range<usize>) -> impl Iterator<Item = Change> {
    range.flat_map(move |position| {
        (0..4)
            .filter(move |to| *to != bases[position])
            .map(move |to| Change {
                row,
                position,
                from: bases[position],
                to,
            })
    })
}
