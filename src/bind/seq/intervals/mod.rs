//! `intervals::…`: ranges of chromosomes.

mod columns;
mod near;
mod one;
mod place;
mod read;
mod sets;

use super::genome::Places;
use crate::base::Result;
use crate::bind::data::label::strand_rule;
use crate::lang::Options;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::seq::Intervals;
use crate::seq::intervals::overlap::Rule;
use std::rc::Rc;

const STRAND: Opt = opt(
    "strand",
    OptKind::Choice(&["any", "same", "opposite"]),
    "\"any\"",
    "what is asked of their strands; an interval without a strand is neither the same nor opposite",
);
const OVERLAP: [Opt; 6] = [
    opt(
        "bp",
        OptKind::Int(1, MANY),
        "1",
        "bases that two intervals share at least",
    ),
    opt(
        "fraction",
        OptKind::Float(0.0, 1.0),
        "0",
        "share of the first interval that is covered at least",
    ),
    opt(
        "other_fraction",
        OptKind::Float(0.0, 1.0),
        "0",
        "share of the second interval that is covered at least",
    ),
    opt(
        "either",
        OptKind::Bool,
        "false",
        "whether one of the two shares is enough",
    ),
    opt(
        "split",
        OptKind::Bool,
        "false",
        "whether only the blocks of BED12 rows (exons) count, not what lies between",
    ),
    STRAND,
];
const COUNT: &[Opt] = &OVERLAP;

fn give(list: Intervals) -> Result<Places> {
    Ok(Places(Rc::new(list)))
}

fn rule(o: &Options) -> Rule {
    Rule {
        bp: o.int("bp"),
        fraction: o.float("fraction"),
        other_fraction: o.float("other_fraction"),
        either: o.flag("either"),
        split: o.flag("split"),
        strand: strand_rule(&o.text("strand")),
    }
}

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
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
