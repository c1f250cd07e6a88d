//! Sequences that a network gives large values: base by base, the best of all single changes, or the best few.

use super::mutagenesis::values;
use super::target::{Still, Target};
use crate::base::{Result, interrupt};
use std::collections::HashSet;

/// How a sequence is changed.
pub struct Plan {
    /// Changes, at most.
    pub steps: usize,
    /// Sequences that are kept from one step to the next; 1 is greedy.
    pub width: usize,
    /// Positions that stay as they are.
    pub protected: Vec<bool>,
    /// Sequences that pass through the network at a time.
    pub batch: usize,
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub position: usize,
    /// The base before.
    pub from: u8,
    /// The base after.
    pub to: u8,
}

/// A sequence on the way, with its changes and the values after each.
#[derive(Clone)]
pub struct Designed {
    /// Its codes.
    pub codes: Vec<u8>,
    /// What was changed, in order.
    pub changes: Vec<(Change, f64)>,
    /// Its value.
    pub value: f64,
}

/// The best sequence found; a step that gains nothing ends the search.
pub fn improved(still: &Still, codes: &[u8], target: &Target, plan: &Plan) -> Result<Designed> {
    let length = codes.len();
    let value = values(still, codes, length, target, plan.batch)?[0];
    let mut beam = vec![Designed { codes: codes.to_vec(), changes: Vec::new(), value }];
    let mut best = beam[0].clone();
    for _ in 0..plan.steps {
        interrupt::check()?;
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        let mut tried: Vec<(usize, Change)> = Vec::new();
        let mut all = Vec::new();
        for (parent, own) in beam.iter().enumerate() {
            for position in (0..length).filter(|position| !plan.protected[*position]) {
                let from = own.codes[position];
                for to in (0..4).filter(|to| *to != from) {
                    let mut changed = own.codes.clone();
                    changed[position] = to;
                    if plan.width == 1 || seen.insert(changed.clone()) {
                        all.extend(&changed);
                        tried.push((parent, Change { position, from, to }));
                    }
                }
            }
        }
        let found = values(still, &all, length, target, plan.batch)?;
        let mut order: Vec<usize> = (0..tried.len()).filter(|i| !found[*i].is_nan()).collect();
        order.sort_by(|a, b| found[*b].total_cmp(&found[*a]).then(a.cmp(b)));
        let child = |i: &usize| {
            let (parent, change) = tried[*i];
            let mut own = beam[parent].clone();
            own.codes[change.position] = change.to;
            own.changes.push((change, found[*i]));
            Designed { value: found[*i], ..own }
        };
        let next: Vec<Designed> = order.iter().take(plan.width).map(child).collect();
        match next.first() {
            Some(first) if first.value > best.value => best = first.clone(),
            _ => break,
        }
        beam = next;
    }
    Ok(best)
}
