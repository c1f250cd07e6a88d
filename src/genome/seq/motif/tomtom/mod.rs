//! Comparison of motifs with a collection: how alike, and how often as alike by chance.
//!
//! Gupta, Stamatoyannopoulos, Bailey & Noble, Quantifying similarity between motifs (Genome Biology
//! 2007); scores of columns that are not aligned as in Tanaka, Bailey, Grant, Noble & Keich
//! (Bioinformatics 2011). Sums of column scores are integers, so their distribution over the
//! columns of all targets is computed exactly, by dynamic programming.

mod scores;

pub use scores::Distance;

use super::Motif;
use cistron_base::Result;
use cistron_base::{bail, fault};
use cistron_metrics::statistics::multiple;
use cistron_metrics::statistics::rounded;
use ndarray::{Array2, s};
use rayon::prelude::*;
use scores::{BINS, Column, Scores, score};
use std::collections::BTreeMap;

/// How motifs are compared.
#[derive(Clone, Debug)]
pub struct ComparisonOptions {
    /// The score of two columns.
    pub distance: Distance,
    /// Shares of A, C, G, T for pseudocounts and log-likelihoods.
    pub background: [f64; 4],
    /// Sites' worth of background that is added to each column.
    pub pseudocount: f64,
    /// Whether targets are compared on both strands.
    pub both_strands: bool,
    /// Fewest columns that overlap.
    pub min_overlap: usize,
    /// Whether columns of the query beyond the overlap count, with their median score.
    pub complete: bool,
    /// Whether the shorter of two motifs must lie inside the longer.
    pub internal: bool,
}

impl ComparisonOptions {
    /// Complete scores on both strands, at a uniform background.
    pub fn complete(distance: Distance) -> ComparisonOptions {
        ComparisonOptions {
            distance,
            background: [0.25; 4],
            pseudocount: 0.1,
            both_strands: true,
            min_overlap: 1,
            complete: true,
            internal: false,
        }
    }
}

/// A target that is like a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The query's number.
    pub query: usize,
    /// The target's number.
    pub target: usize,
    /// Where the query starts on the target, in columns of the target on its strand.
    pub offset: i64,
    /// Columns that overlap.
    pub overlap: usize,
    /// Whether the target is reverse-complemented.
    pub reverse: bool,
    /// The chance of a match as good at some offset (and strand) with random columns.
    pub p_value: f64,
    /// How many targets would match as well by chance.
    pub e_value: f64,
    /// The share of false matches among those as good.
    pub q_value: f64,
}

/// The widest query: tables grow with the cube of its width.
const WIDEST: usize = 60;

/// Columns of one target on one strand.
struct Target {
    number: usize,
    reverse: bool,
    sites: f64,
    first: usize,
    width: usize,
}

fn smoothed(motif: &Motif, plan: &ComparisonOptions) -> Vec<[f64; 4]> {
    motif
        .with_pseudocount(plan.pseudocount, plan.background)
        .ppm
}

/// The columns of a query and a target that overlap.
struct Overlap {
    /// First column of the query.
    query: usize,
    /// First column of the target.
    target: usize,
    /// Number of columns.
    length: usize,
}

impl Overlap {
    /// The overlap of motifs of two widths at a shift; one column overlaps at a shift of 1.
    fn at(query: usize, target: usize, shift: usize) -> Overlap {
        let (start, first) = (query.saturating_sub(shift), shift.saturating_sub(query));
        Overlap {
            query: start,
            target: first,
            length: (query - start).min(target - first),
        }
    }
}

fn shifts(
    query: usize,
    target: usize,
    plan: &ComparisonOptions,
) -> std::ops::RangeInclusive<usize> {
    if plan.internal {
        return query.min(target)..=query.max(target);
    }
    let least = plan.min_overlap.max(1).min(query).min(target);
    least..=query + target - least
}

/// The chance that the best of all alignments scores as high, by score, for targets of a width.
fn best_of(
    width: usize,
    target: usize,
    plan: &ComparisonOptions,
    scores: &Scores,
    distributions: &[Vec<Vec<f64>>],
) -> Vec<f64> {
    let orientations = if plan.both_strands { 2 } else { 1 };
    let size = (width * BINS + 1) as f64
        - (width as f64 - 1.0) * scores.rounding.offset * scores.rounding.scale;
    let size = size.ceil() as usize;
    let mut chances = vec![0.0; size];
    for shift in 1..width + target {
        let overlap = Overlap::at(width, target, shift);
        let own = &distributions[overlap.query][overlap.length - 1];
        let rest = (width - overlap.length) as f64;
        let moved =
            -(scores.rounding.offset * rest * scores.rounding.scale).round_ties_even() as usize;
        let mut tail = 0.0;
        for (score, chance) in chances.iter_mut().enumerate().rev() {
            tail += score
                .checked_sub(moved)
                .and_then(|at| own.get(at))
                .copied()
                .unwrap_or(0.0);
            for _ in 0..orientations {
                // of this alignment or of one before, in a form that keeps small chances exact
                *chance += tail - *chance * tail;
            }
        }
    }
    chances
        .iter_mut()
        .for_each(|chance| *chance = chance.clamp(0.0, 1.0));
    chances
}

/// The chance of at least one in `n` tries.
fn of_several(p: f64, n: f64) -> f64 {
    -f64::exp_m1(n * f64::ln_1p(-p.min(1.0))).clamp(-1.0, 0.0)
}

/// Compares each query with all targets; matches of a query are adjacent, the best first, each
/// target once.
pub fn tomtom(
    queries: &[Motif],
    targets: &[Motif],
    plan: &ComparisonOptions,
) -> Result<Vec<Match>> {
    if targets.is_empty() || queries.is_empty() {
        bail!(
            "value",
            "there is no motif to compare";
            hint: "both `queries` and `targets` need at least one"
        );
    }
    if let Some(wide) = queries.iter().find(|query| query.width() > WIDEST) {
        bail!(
            "value",
            "motif `{}` has {} positions, a query may have {WIDEST}",
            wide.name,
            wide.width();
            hint: "`.trim()` cuts off positions that say little"
        );
    }
    if let Some(empty) = queries
        .iter()
        .chain(targets)
        .find(|motif| motif.width() == 0)
    {
        bail!("value", "motif `{}` has no position", empty.name);
    }
    let needs_all = matches!(plan.distance, Distance::Allr | Distance::Kullback);
    if needs_all
        && let Some(zero) = queries
            .iter()
            .chain(targets)
            .find(|motif| smoothed(motif, plan).iter().flatten().any(|p| *p <= 0.0))
    {
        return Err(fault!(
            "value",
            "motif `{}` has a probability of 0, of which this distance takes the logarithm",
            zero.name
        )
        .hint("give a `pseudocount` above 0"));
    }
    let mut columns: Vec<[f64; 4]> = Vec::new();
    let mut list: Vec<Target> = Vec::new();
    for (number, motif) in targets.iter().enumerate() {
        for reverse in [false, true]
            .into_iter()
            .take(if plan.both_strands { 2 } else { 1 })
        {
            let own = smoothed(
                &if reverse {
                    motif.reverse_complement()
                } else {
                    motif.clone()
                },
                plan,
            );
            list.push(Target {
                number,
                reverse,
                sites: motif.site_count(),
                first: columns.len(),
                width: own.len(),
            });
            columns.extend(own);
        }
    }
    let all: Vec<Vec<Match>> = queries
        .par_iter()
        .enumerate()
        .map(|(number, query)| of_query(number, query, targets, &list, &columns, plan))
        .collect();
    Ok(all.into_iter().flatten().collect())
}

fn of_query(
    number: usize,
    query: &Motif,
    targets: &[Motif],
    list: &[Target],
    columns: &[[f64; 4]],
    plan: &ComparisonOptions,
) -> Vec<Match> {
    let own = smoothed(query, plan);
    let own_sites = query.site_count();
    let width = own.len();
    let mut scores = Array2::zeros((width, columns.len()));
    for (mut row, shares) in scores.rows_mut().into_iter().zip(&own) {
        let column = Column {
            shares,
            sites: own_sites,
        };
        for target in list {
            let range = target.first..target.first + target.width;
            for (out, other) in row
                .slice_mut(s![range.clone()])
                .iter_mut()
                .zip(&columns[range])
            {
                let other = Column {
                    shares: other,
                    sites: target.sites,
                };
                *out = score(plan.distance, plan.background, column, other);
            }
        }
    }
    let scores = Scores::new(scores, plan.complete);
    let distributions = scores.distributions();
    let tails: Vec<Vec<Vec<f64>>> = if plan.complete {
        Vec::new()
    } else {
        let tail = |shares: &Vec<f64>| {
            let mut tail = shares.clone();
            rounded::tails(&mut tail);
            tail
        };
        distributions
            .iter()
            .map(|ends| ends.iter().map(tail).collect())
            .collect()
    };
    let mut chances: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut found: Vec<Match> = list
        .iter()
        .map(|target| {
            // the smallest is the best: minus a score, or a p-value
            let (mut best, mut at) = (f64::INFINITY, (0, 0));
            let range = shifts(width, target.width, plan);
            let tries = range.clone().count();
            for shift in range {
                let Overlap {
                    query: start,
                    target: first,
                    length: overlap,
                } = Overlap::at(width, target.width, shift);
                let from = target.first + first;
                let aligned = scores
                    .steps
                    .slice(s![start..start + overlap, from..from + overlap]);
                let total: usize = aligned.diag().iter().map(|step| usize::from(*step)).sum();
                let value = if plan.complete {
                    -(total as f64
                        + overlap as f64 * scores.rounding.offset * scores.rounding.scale)
                        .round_ties_even()
                } else {
                    tails[start][overlap - 1][total]
                };
                if value < best || (value == best && at.1 < overlap) {
                    (best, at) = (value, (shift as i64 - width as i64, overlap));
                }
            }
            let strands = if plan.both_strands { 2.0 } else { 1.0 };
            let p_value = if plan.complete {
                let chances = chances
                    .entry(target.width)
                    .or_insert_with(|| best_of(width, target.width, plan, &scores, &distributions));
                let score = (-best - width as f64 * scores.rounding.offset * scores.rounding.scale)
                    .round_ties_even();
                chances[(score.max(0.0) as usize).min(chances.len() - 1)]
            } else {
                of_several(best, tries as f64 * strands)
            };
            Match {
                query: number,
                target: target.number,
                offset: at.0,
                overlap: at.1,
                reverse: target.reverse,
                p_value,
                e_value: p_value * targets.len() as f64,
                q_value: 0.0,
            }
        })
        .collect();
    let name = |m: &Match| (targets[m.target].name.as_str(), m.reverse);
    found.sort_by(|a, b| {
        a.p_value
            .total_cmp(&b.p_value)
            .then(b.overlap.cmp(&a.overlap))
            .then_with(|| name(a).cmp(&name(b)))
    });
    let p: Vec<f64> = found.iter().map(|m| m.p_value).collect();
    let q = multiple::q_values(&p, p.len(), multiple::null_share(&p, 1));
    found.iter_mut().zip(q).for_each(|(m, q)| m.q_value = q);
    let mut seen = vec![false; targets.len()];
    found.retain(|m| !std::mem::replace(&mut seen[m.target], true));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(distance: Distance, complete: bool) -> ComparisonOptions {
        ComparisonOptions {
            distance,
            background: [0.25; 4],
            pseudocount: 0.1,
            both_strands: true,
            min_overlap: 1,
            complete,
            internal: false,
        }
    }

    fn column() -> impl Strategy<Value = [f64; 4]> {
        prop::array::uniform4(0.001f64..1.0).prop_map(|row| {
            let sum: f64 = row.iter().sum();
            row.map(|x| x / sum)
        })
    }

    fn motif() -> impl Strategy<Value = Motif> {
        prop::collection::vec(column(), 1..12).prop_map(|ppm| Motif::new("m", ppm))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn chances_are_chances(
            query in motif(),
            targets in prop::collection::vec(motif(), 1..8),
            which in 0usize..5,
            complete: bool,
            both: bool,
        ) {
            let distance = Distance::named(Distance::NAMES[which]);
            let how = ComparisonOptions { both_strands: both, ..plan(distance, complete) };
            let found = tomtom(&[query], &targets, &how).unwrap();
            prop_assert_eq!(found.len(), targets.len());
            for m in &found {
                prop_assert!((0.0..=1.0).contains(&m.p_value), "p {}", m.p_value);
                prop_assert!((0.0..=1.0).contains(&m.q_value) && m.e_value >= m.p_value);
                prop_assert!(m.overlap >= 1);
            }
        }
    }

    fn random_pool(n: usize) -> Vec<Motif> {
        crate::seq::simulate::motifs(n, 10, 0.9, 3)
    }

    #[test]
    fn a_motif_finds_itself_turned_and_moved() {
        let pool = random_pool(200);
        let mut turned = pool[7].reverse_complement();
        turned.ppm.drain(..2);
        for name in Distance::NAMES {
            let found = tomtom(
                std::slice::from_ref(&turned),
                &pool,
                &plan(Distance::named(name), true),
            )
            .unwrap();
            assert_eq!(
                (
                    found[0].target,
                    found[0].reverse,
                    found[0].overlap,
                    found[0].offset
                ),
                (7, true, 8, 2),
                "{name}"
            );
            assert!(
                found[0].e_value < 0.05 && found[1].e_value > 0.4,
                "{name} {} {}",
                found[0].p_value,
                found[1].p_value
            );
        }
    }

    #[test]
    fn a_flat_motif_is_like_nothing() {
        let flat = Motif::new("flat", vec![[0.25; 4]; 10]);
        for (name, complete) in Distance::NAMES
            .iter()
            .flat_map(|name| [(name, true), (name, false)])
        {
            let found = tomtom(
                std::slice::from_ref(&flat),
                &random_pool(100),
                &plan(Distance::named(name), complete),
            )
            .unwrap();
            assert!(
                found.iter().all(|m| m.e_value > 0.9 && m.q_value > 0.5),
                "{name} {complete} {:?}",
                found[0]
            );
        }
    }
}
