//! Sequences with large outputs: base by base, the best of all single changes, or
//! the best few.

use super::incremental::{Change, all_changes, of_changes, values};
use super::target::{Still, Target};
use cistron_base::{Result, bail, interrupt};
use std::collections::HashSet;

/// How a sequence is changed.
pub struct DesignPlan {
    /// Changes, at most.
    pub steps: usize,
    /// Sequences that are kept from one step to the next; 1 is greedy.
    pub width: usize,
    /// Positions that stay as they are.
    pub keep: Vec<bool>,
    /// Sequences that pass through the network at a time.
    pub batch: usize,
}

/// A sequence on the way, with its changes and the values after each.
#[derive(Clone)]
pub struct Designed {
    /// Its codes.
    pub codes: Vec<u8>,
    /// The changes, in order.
    pub changes: Vec<(Change, f64)>,
    /// Its value.
    pub value: f64,
}

/// The best sequence found; a step that gains nothing ends the search.
pub fn improved(
    still: &Still,
    codes: &[u8],
    target: &Target,
    plan: &DesignPlan,
) -> Result<Designed> {
    let length = codes.len();
    let targets = std::slice::from_ref(target);
    let value = values(still, codes, length, targets, plan.batch)?[0][0];
    let mut beam = vec![Designed {
        codes: codes.to_vec(),
        changes: Vec::new(),
        value,
    }];
    let mut best = beam[0].clone();
    for _ in 0..plan.steps {
        interrupt::check()?;
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        let mut is_new = |change: &Change| {
            let mut changed = beam[change.row].codes.clone();
            changed[change.position] = change.to;
            seen.insert(changed)
        };
        let of_parent = |(row, own): (usize, &Designed)| {
            all_changes(row, &own.codes, 0..length).collect::<Vec<_>>()
        };
        let mut tried: Vec<Change> = beam
            .iter()
            .enumerate()
            .flat_map(of_parent)
            .filter(|change| !plan.keep[change.position])
            .collect();
        if plan.width > 1 {
            tried.retain(|change| is_new(change));
        }
        let parents: Vec<u8> = beam
            .iter()
            .flat_map(|own| own.codes.iter().copied())
            .collect();
        let found =
            of_changes(still, &parents, length, &tried, targets, plan.batch)?.swap_remove(0);
        let mut order: Vec<usize> = (0..tried.len()).filter(|i| !found[*i].is_nan()).collect();
        order.sort_by(|a, b| found[*b].total_cmp(&found[*a]).then(a.cmp(b)));
        let child = |i: &usize| {
            let change = tried[*i];
            let mut own = beam[change.row].clone();
            own.codes[change.position] = change.to;
            own.changes.push((change, found[*i]));
            Designed {
                value: found[*i],
                ..own
            }
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

/// The bases that a design does not change.
pub fn kept(length: usize, ranges: &[[usize; 2]]) -> Result<Vec<bool>> {
    let mut kept = vec![false; length];
    for [start, end] in ranges {
        let Some(range) = kept.get_mut(*start..*end) else {
            bail!(
                "option",
                "option `keep` must be an array of pairs [start, end] within {length} bp, got \
                [{start}, {end}]"
            );
        };
        range.fill(true);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_kept() {
        let of = |ranges: &[[usize; 2]]| kept(4, ranges).ok();
        assert_eq!(of(&[]), Some(vec![false; 4]));
        assert_eq!(of(&[[1, 2], [3, 4]]), Some(vec![false, true, false, true]));
        assert_eq!(of(&[[3, 5]]), None);
    }
}
