//! `sim::…`: simulated data for which the truth is known.

use super::values::{Data, Motifs};
use crate::base::Result;
use crate::data::{Column, Dataset, Input};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::{Options, session};
use crate::natives;
use crate::seq::simulate::{self, Plan};
use std::rc::Rc;
use std::sync::Arc;

const MOTIFS: &[Opt] = &[
    opt("width", OptKind::Int(1, 1000), "12", "positions"),
    opt("sharpness", OptKind::Float(0.25, 1.0), "0.97", "probability of the likely base"),
    opt("seed", OptKind::Int(0, MANY), "", "the same seed gives the same motifs"),
];

const PAIRED: &[Opt] = &[
    opt("n", OptKind::Int(1, MANY), "10000", "sequences"),
    opt("length", OptKind::Int(1, MANY), "100", "bases in each"),
    opt("per_sequence", OptKind::Int(2, 1000), "3", "motifs planted in each, without overlap"),
    opt("positives", OptKind::Float(0.0, 1.0), "0.5", "share of sequences with label 1"),
    opt("sampled", OptKind::Bool, "false", "whether sites are drawn from the probabilities; else they are the consensus"),
    opt("seed", OptKind::Int(0, MANY), "", "the same seed gives the same sequences"),
];

fn seed(o: &Options) -> u64 {
    o.maybe_int("seed").map_or_else(|| session::settings().seed, |seed| seed as u64)
}

fn paired(motifs: &Motifs, o: &Options) -> Result<Data> {
    let plan = Plan {
        n: o.int("n") as usize,
        length: o.int("length") as usize,
        per_sequence: o.int("per_sequence") as usize,
        positives: o.float("positives"),
        sampled: o.flag("sampled"),
        seed: seed(o),
    };
    let world = simulate::paired(&motifs.0, &plan)?;
    let column = Column::Sequence { codes: Arc::new(world.codes), length: plan.length };
    let input = Input::new("sequence", column);
    Ok(Data(Rc::new(Dataset::new(vec![input], vec!["paired".into()], world.labels)?)))
}

natives! { made in "sim" {
    /// Draws random motifs, one base likely at each position.
    ///
    /// ```rhai
    /// assert_eq(sim::motifs(20, #{ width: 12, seed: 1 }).len(), 20);
    /// ```
    function "motifs"(c, n: i64; o = MOTIFS) -> "motifs" { super::nn::positive(&[("n", n)])?; Ok(Motifs(Rc::new(simulate::motifs(n as usize, o.int("width") as usize, o.float("sharpness"), seed(&o))))) }

    /// Makes random sequences with planted motifs, labelled 1 where both motifs of a pair occur (motifs 1 and 2, 3 and 4, …). No motif tells anything by itself.
    ///
    /// ```rhai
    /// let world = sim::paired(sim::motifs(6, #{ width: 5 }), #{ n: 50, length: 40, per_sequence: 3 });
    /// assert_eq(world.len(), 50);
    /// ```
    function "paired"(c, motifs: Motifs; o = PAIRED) -> "dataset, input sequence [4, length], label paired" { paired(&motifs, &o) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}
