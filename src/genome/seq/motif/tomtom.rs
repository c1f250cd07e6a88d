//! Comparison of motifs with a collection: how alike, and how often as alike by chance.
//!
//! Gupta, Stamatoyannopoulos, Bailey & Noble, Quantifying similarity between motifs (Genome Biology
//! 2007); scores of columns that are not aligned as in Tanaka, Bailey, Grant, Noble & Keich
//! (Bioinformatics 2011). Sums of column scores are integers, so their distribution over the
//! columns of all targets is computed exactly, by dynamic programming.

use super::Motif;
use cistron_base::Result;
use cistron_base::{bail, fault};
use cistron_metrics::statistics::multiple;
use cistron_metrics::statistics::rounded::{self, Rounding};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How two columns are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Correlation.
    Pearson,
    /// Minus the Euclidean distance.
    Euclidean,
    /// Two minus the squared distance (Sandelin & Wasserman 2004).
    Sandelin,
    /// Minus the mean of both Kullback-Leibler divergences.
    Kullback,
    /// Average log-likelihood ratio (Wang & Stormo 2003).
    Allr,
}

impl Distance {
    /// Names that options take.
    pub const NAMES: &'static [&'static str] = &["pearson", "ed", "sandelin", "kullback", "allr"];

    /// The distance of a name.
    pub fn named(name: &str) -> Distance {
        match name {
            "pearson" => Distance::Pearson,
            "sandelin" => Distance::Sandelin,
            "kullback" => Distance::Kullback,
            "allr" => Distance::Allr,
            _ => Distance::Euclidean,
        }
    }
}

/// How motifs are compared.
#[derive(Clone, Debug)]
pub struct Plan {
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
    /// Whether the target is turned.
    pub reverse: bool,
    /// The chance of a match as good at some offset (and strand) with random columns.
    pub p_value: f64,
    /// How many targets would match as well by chance.
    pub e_value: f64,
    /// The share of false matches among those as good.
    pub q_value: f64,
}

/// Values that a column's score is rounded to.
const BINS: usize = 100;
/// The widest query: tables grow with the cube of its width.
const WIDEST: usize = 60;

type Column = [f64; 4];

/// Columns of one target on one strand.
struct Target {
    number: usize,
    reverse: bool,
    sites: f64,
    first: usize,
    width: usize,
}

fn smoothed(motif: &Motif, plan: &Plan) -> Vec<Column> {
    motif
        .with_pseudocount(plan.pseudocount, plan.background)
        .ppm
}

fn score(plan: &Plan, (a, a_sites): (&Column, f64), (b, b_sites): (&Column, f64)) -> f64 {
    let pairs = || a.iter().zip(b);
    match plan.distance {
        Distance::Pearson => {
            let (mut cross, mut left, mut right) = (0.0, 0.0, 0.0);
            for (x, y) in pairs() {
                cross += (x - 0.25) * (y - 0.25);
                left += (x - 0.25).powi(2);
                right += (y - 0.25).powi(2);
            }
            let below = (left * right).sqrt();
            if below > 0.0 { cross / below } else { 0.0 }
        }
        Distance::Euclidean => -pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt(),
        Distance::Sandelin => 2.0 - pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>(),
        Distance::Kullback => -pairs()
            .map(|(x, y)| (x * (x / y).log10() + y * (y / x).log10()) / 2.0)
            .sum::<f64>(),
        Distance::Allr => {
            let (mut above, mut below) = (0.0, 0.0);
            for ((x, y), share) in pairs().zip(plan.background) {
                above += b_sites * y * (x / share).ln() + a_sites * x * (y / share).ln();
                below += a_sites * x + b_sites * y;
            }
            above / below
        }
    }
}

/// Rounded scores of a query against the columns of all targets.
struct Scores {
    /// `[query column][target column]`
    rows: Vec<Vec<u16>>,
    /// Shares of each rounded score, for each column of the query.
    shares: Vec<Vec<f64>>,
    rounding: Rounding,
}

impl Scores {
    fn new(mut rows: Vec<Vec<f64>>, complete: bool) -> Scores {
        if complete {
            rows.iter_mut().for_each(|row| centre(row));
        }
        let rounding = Rounding::of(rows.iter().flatten().copied(), BINS);
        let rounded = |x: &f64| rounding.steps(*x).clamp(0.0, BINS as f64) as u16;
        let rows: Vec<Vec<u16>> = rows
            .iter()
            .map(|row| row.iter().map(rounded).collect())
            .collect();
        let shares = rows
            .iter()
            .map(|row| {
                let mut shares = vec![0.0; BINS + 1];
                row.iter()
                    .for_each(|bin| shares[usize::from(*bin)] += 1.0 / row.len() as f64);
                shares
            })
            .collect();
        Scores {
            rows,
            shares,
            rounding,
        }
    }

    /// The distribution of the sum over columns `start..=end`, for each pair of them.
    fn distributions(&self) -> Vec<Vec<Vec<f64>>> {
        let width = self.rows.len();
        (0..width)
            .into_par_iter()
            .map(|start| {
                let mut sum = vec![1.0];
                (start..width)
                    .map(|end| {
                        sum =
                            rounded::plus(&sum, BINS, self.shares[end].iter().copied().enumerate());
                        sum.clone()
                    })
                    .collect()
            })
            .collect()
    }
}

/// Moves scores so that their median is 0: what a column scores where it is not aligned.
fn centre(row: &mut [f64]) {
    let mut sorted = row.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = 0.5 * row.len() as f64;
    let low = (half.floor() as usize).saturating_sub(1);
    let high = (half.ceil() as usize).saturating_sub(1).max(low);
    let median = f64::midpoint(sorted[low], sorted[high]);
    row.iter_mut().for_each(|x| *x -= median);
}

/// The columns of the query that overlap a target at a shift from 1, one column, on; and the
/// target's first of them.
fn overlap(query: usize, target: usize, shift: usize) -> (usize, usize, usize) {
    let (start, first) = if shift <= query {
        (query - shift, 0)
    } else {
        (0, shift - query)
    };
    (start, (query - start).min(target - first), first)
}

fn shifts(query: usize, target: usize, plan: &Plan) -> std::ops::RangeInclusive<usize> {
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
    plan: &Plan,
    scores: &Scores,
    distributions: &[Vec<Vec<f64>>],
) -> Vec<f64> {
    let orientations = if plan.both_strands { 2 } else { 1 };
    let size = (width * BINS + 1) as f64
        - (width as f64 - 1.0) * scores.rounding.offset * scores.rounding.scale;
    let size = size.ceil() as usize;
    let mut chances = vec![0.0; size];
    for shift in 1..width + target {
        let (start, overlap, _) = overlap(width, target, shift);
        let own = &distributions[start][overlap - 1];
        let moved = -(scores.rounding.offset * (width - overlap) as f64 * scores.rounding.scale)
            .round_ties_even() as usize;
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

/// Compares each query with all targets; matches of a query stand together, the best first, each
/// target once.
pub fn tomtom(queries: &[Motif], targets: &[Motif], plan: &Plan) -> Result<Vec<Match>> {
    if targets.is_empty() || queries.is_empty() {
        bail!("value", "there is no motif to compare"; hint: "both `queries` and `targets` need at least one");
    }
    if let Some(wide) = queries.iter().find(|query| query.width() > WIDEST) {
        bail!("value", "motif `{}` has {} positions, a query may have {WIDEST}", wide.name, wide.width(); hint: "`.trim()` cuts off positions that say little");
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
    let mut columns: Vec<Column> = Vec::new();
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
    columns: &[Column],
    plan: &Plan,
) -> Vec<Match> {
    let own = smoothed(query, plan);
    let own_sites = query.site_count();
    let width = own.len();
    let row = |column: &Column| -> Vec<f64> {
        list.iter()
            .flat_map(|target| {
                columns[target.first..target.first + target.width]
                    .iter()
                    .map(|other| score(plan, (column, own_sites), (other, target.sites)))
            })
            .collect()
    };
    let scores = Scores::new(own.iter().map(row).collect(), plan.complete);
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
                let (start, overlap, first) = overlap(width, target.width, shift);
                let total: usize = (0..overlap)
                    .map(|i| usize::from(scores.rows[start + i][target.first + first + i]))
                    .sum();
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

    fn plan(distance: Distance, complete: bool) -> Plan {
        Plan {
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
        fn chances_are_chances(query in motif(), targets in prop::collection::vec(motif(), 1..8), which in 0usize..5, complete: bool, both: bool) {
            let distance = Distance::named(Distance::NAMES[which]);
            let how = Plan { both_strands: both, ..plan(distance, complete) };
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
