//! `intervals::…`: ranges of chromosomes.

mod columns;
mod near;
mod one;
mod place;
mod read;
mod sets;

use super::genome::Places;
use crate::base::StrandRule;
use crate::lang::{Choice, Native, Options};
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
    strand: StrandName,
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

/// The names of the relations of two strands.
#[derive(Choice, Clone, Copy)]
pub enum StrandName {
    /// Strands are ignored.
    Any,
    /// Both strands are known and the same.
    Same,
    /// Both strands are known and differ.
    Opposite,
}

impl From<StrandName> for StrandRule {
    fn from(name: StrandName) -> StrandRule {
        match name {
            StrandName::Any => StrandRule::Any,
            StrandName::Same => StrandRule::Same,
            StrandName::Opposite => StrandRule::Opposite,
        }
    }
}

impl SharedOptions {
    fn rule(&self, strand: StrandName, split: bool) -> Rule {
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
