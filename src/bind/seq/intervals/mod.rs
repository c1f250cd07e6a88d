//! `intervals::…`: ranges of chromosomes.

mod columns;
mod near;
mod one;
mod place;
mod read;
mod sets;

use super::genome::Places;
use crate::bind::types::StrandCondition;
use crate::lang::{Native, Options};
use crate::seq::Intervals;
use crate::seq::intervals::overlap::Rule;
use std::rc::Rc;

/// Options of functions that compare two lists: when two intervals overlap.
#[derive(Options)]
pub struct OverlapOptions {
    #[option(flatten)]
    shared: SharedOptions,
    /// Whether only the blocks of BED12 rows (exons) count, without the gaps between them.
    #[option(default = false)]
    split: bool,
    /// Relation of the strands; an interval without a strand is neither the same nor opposite.
    #[option(default = "any")]
    strand: StrandCondition,
}

/// The smallest overlap that counts.
#[derive(Options)]
pub struct SharedOptions {
    /// Smallest number of bases that two intervals share.
    #[option(default = 1, min = 1)]
    bp: i64,
    /// Smallest fraction of the first interval that is covered.
    #[option(default = 0, min = 0, max = 1)]
    fraction: f64,
    /// Smallest fraction of the second interval that is covered.
    #[option(default = 0, min = 0, max = 1)]
    other_fraction: f64,
    /// Whether one of the two fractions suffices.
    #[option(default = false)]
    either: bool,
}

impl SharedOptions {
    fn rule(&self, strand: StrandCondition, split: bool) -> Rule {
        Rule {
            bp: self.bp,
            fraction: self.fraction,
            other_fraction: self.other_fraction,
            either: self.either,
            split,
            strand: strand.into(),
        }
    }
}

impl OverlapOptions {
    fn rule(&self) -> Rule {
        self.shared.rule(self.strand, self.split)
    }
}

/// Intervals as a script value.
fn places(list: Intervals) -> Places {
    Places(Rc::new(list))
}

/// The native functions of intervals.
pub fn natives() -> Vec<Native> {
    let families = [
        read::natives(),
        one::natives(),
        sets::natives(),
        near::natives(),
        columns::natives(),
        place::natives(),
    ];
    families.into_iter().flatten().collect()
}
