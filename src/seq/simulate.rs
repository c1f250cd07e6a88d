//! Simulated sequences with planted motifs, for which the truth is known.

use super::Motif;
use crate::bail;
use crate::base::Result;
use crate::base::seed::Rng;

/// Random motifs of a width: one base likely at each position, no two alike.
pub fn motifs(n: usize, width: usize, sharpness: f64, seed: u64) -> Vec<Motif> {
    let mut rng = Rng::keyed(&[seed, 0x6d6f_7469]);
    let rest = (1.0 - sharpness) / 3.0;
    (0..n)
        .map(|i| {
            let ppm = (0..width)
                .map(|_| {
                    let base = rng.below(4);
                    std::array::from_fn(|b| if b == base { sharpness } else { rest })
                })
                .collect();
            Motif { name: format!("motif{:02}", i + 1), ppm, sites: 0.0 }
        })
        .collect()
}

/// Planted sequences of one length, as codes, with a label each and what was planted where.
pub struct World {
    /// `n * length` codes.
    pub codes: Vec<u8>,
    /// 1 where the rule holds.
    pub labels: Vec<f32>,
    /// Motif number and start of each planted site, for each sequence.
    pub planted: Vec<Vec<(usize, usize)>>,
}

/// How sequences are planted.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many sequences.
    pub n: usize,
    /// Bases in each.
    pub length: usize,
    /// Motifs planted in each, without overlap.
    pub per_sequence: usize,
    /// The share of sequences with label 1.
    pub positives: f64,
    /// Whether sites are drawn from the probabilities; else they are the consensus.
    pub sampled: bool,
    /// Seed of all of it.
    pub seed: u64,
}

/// Sequences labelled 1 where both motifs of a pair occur: motifs 1 and 2, 3 and 4, … are the pairs.
/// Every motif is as frequent among positives as among negatives, so that none tells anything by itself.
pub fn paired(motifs: &[Motif], plan: &Plan) -> Result<World> {
    let pairs = motifs.len() / 2;
    let widest = motifs.iter().map(Motif::width).max().unwrap_or(0);
    if pairs == 0 || plan.per_sequence < 2 || plan.per_sequence > pairs {
        bail!("value", "`per_sequence` must be from 2 to half the number of motifs ({pairs}), got {}", plan.per_sequence);
    }
    if widest * plan.per_sequence > plan.length {
        bail!("value", "{} motifs of {widest} bp do not fit into {} bp", plan.per_sequence, plan.length);
    }
    let mut world = World { codes: Vec::with_capacity(plan.n * plan.length), labels: Vec::new(), planted: Vec::new() };
    for index in 0..plan.n {
        let mut rng = Rng::keyed(&[plan.seed, 0x7061_6972, index as u64]);
        let positive = rng.uniform() < plan.positives;
        let chosen = choose(&mut rng, pairs, plan.per_sequence, positive);
        let start = world.codes.len();
        world.codes.extend((0..plan.length).map(|_| rng.below(4) as u8));
        world.planted.push(plant(&mut world.codes[start..], motifs, &chosen, plan.sampled, &mut rng));
        world.labels.push(f32::from(u8::from(positive)));
    }
    Ok(world)
}

/// Motif numbers: of different pairs, except that a positive holds one whole pair.
fn choose(rng: &mut Rng, pairs: usize, n: usize, positive: bool) -> Vec<usize> {
    let order = rng.permutation(pairs);
    let mut chosen: Vec<usize> = Vec::with_capacity(n);
    if positive {
        chosen.extend([order[0] as usize * 2, order[0] as usize * 2 + 1]);
    }
    let more = n - chosen.len();
    let from = usize::from(positive);
    chosen.extend(order[from..from + more].iter().map(|pair| *pair as usize * 2 + rng.below(2)));
    rng.shuffle(&mut chosen);
    chosen
}

/// Plants motifs in order without overlap, every arrangement as likely.
fn plant(codes: &mut [u8], motifs: &[Motif], chosen: &[usize], sampled: bool, rng: &mut Rng) -> Vec<(usize, usize)> {
    let total: usize = chosen.iter().map(|m| motifs[*m].width()).sum();
    let free = codes.len() - total;
    // gaps before, between and after: a uniform choice of positions for the motifs among free bases and motifs
    let mut slots: Vec<usize> = rng.permutation(free + chosen.len())[..chosen.len()].iter().map(|s| *s as usize).collect();
    slots.sort_unstable();
    let mut planted = Vec::new();
    let mut used = 0;
    for (i, (slot, number)) in slots.iter().zip(chosen).enumerate() {
        let motif = &motifs[*number];
        let start = slot - i + used;
        for (offset, row) in motif.ppm.iter().enumerate() {
            codes[start + offset] = if sampled { draw(row, rng) } else { likeliest(row) };
        }
        used += motif.width();
        planted.push((*number, start));
    }
    planted
}

fn likeliest(row: &[f64; 4]) -> u8 {
    (0..4u8).max_by(|a, b| row[usize::from(*a)].total_cmp(&row[usize::from(*b)])).unwrap_or(0)
}

fn draw(row: &[f64; 4], rng: &mut Rng) -> u8 {
    let mut left = rng.uniform() * row.iter().sum::<f64>();
    for (base, p) in row.iter().enumerate() {
        left -= p;
        if left < 0.0 {
            return base as u8;
        }
    }
    3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_motif_tells_by_itself_but_pairs_do() {
        let motifs = motifs(20, 12, 0.97, 1);
        let plan = Plan { n: 20_000, length: 100, per_sequence: 3, positives: 0.5, sampled: false, seed: 1 };
        let world = paired(&motifs, &plan).unwrap();
        let positives: f64 = world.labels.iter().map(|l| f64::from(*l)).sum();
        assert!((positives / 20_000.0 - 0.5).abs() < 0.015);
        for m in 0..20 {
            let share = |label: f32| {
                let rows: Vec<_> = world.planted.iter().zip(&world.labels).filter(|(_, l)| **l == label).collect();
                rows.iter().filter(|(p, _)| p.iter().any(|(n, _)| *n == m)).count() as f64 / rows.len() as f64
            };
            assert!((share(1.0) - share(0.0)).abs() < 0.025, "motif {m}");
        }
        for (planted, label) in world.planted.iter().zip(&world.labels) {
            let has = |m: usize| planted.iter().any(|(n, _)| *n == m);
            assert_eq!((0..10).any(|p| has(2 * p) && has(2 * p + 1)), *label == 1.0);
            let mut spans: Vec<_> = planted.iter().map(|(_, start)| *start).collect();
            spans.sort_unstable();
            assert!(spans.windows(2).all(|w| w[1] - w[0] >= 12) && spans[2] + 12 <= 100);
        }
    }
}
