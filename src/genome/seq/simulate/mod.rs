//! Simulated sequences with planted motifs, for which the truth is known.

mod background;
pub mod labelled;
mod rule;
mod site;
mod truth;

pub use background::{Background, Markov};
pub use rule::{Named, Order, Orientation, Rule, Spec};
pub use site::Site;
pub use truth::Truth;

use super::motif::likeliest;
use super::{Motif, alphabet};
use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_base::{Result, memory};
use rayon::prelude::*;
use std::sync::Arc;

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
            Motif::new(format!("motif{:02}", i + 1), ppm)
        })
        .collect()
}

/// Which motifs a sequence gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// From `low` to `high` motifs of the pool, every choice as likely.
    Any {
        /// The fewest.
        low: usize,
        /// The most.
        high: usize,
        /// Whether a motif may come more than once.
        repeats: bool,
    },
    /// One motif of each group.
    Groups(Vec<Vec<u32>>),
    /// Motifs of different pairs (0 and 1, 2 and 3, …); a share of the sequences holds one whole
    /// pair. Every motif is as frequent with a pair as without, so that none is informative by
    /// itself.
    Paired {
        /// How many.
        count: usize,
        /// The share with a whole pair.
        positives: f64,
    },
}

/// How sequences are planted.
#[derive(Clone, Debug)]
pub struct SimulationPlan {
    /// How many sequences.
    pub n: usize,
    /// Bases in each.
    pub length: usize,
    /// Which motifs each gets, without overlap.
    pub choice: Choice,
    /// Sequence between the sites.
    pub background: Background,
    /// Whether sites are drawn from the probabilities; else they are the consensus.
    pub sampled: bool,
    /// Whether sites are on either strand; else all are on the forward strand.
    pub both_strands: bool,
    /// Seed of all of it.
    pub seed: u64,
}

/// Planted sequences of one length, as codes, with a label each for every rule.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// `n * length` codes.
    pub codes: Vec<u8>,
    /// The planted sites.
    pub truth: Truth,
}

impl Choice {
    fn check(&self, motifs: &[Motif], length: usize) -> Result<()> {
        let n = motifs.len();
        if n == 0 {
            bail!("value", "the pool has no motif");
        }
        let mut widths: Vec<usize> = motifs.iter().map(Motif::width).collect();
        widths.sort_unstable_by(|a, b| b.cmp(a));
        let needed = match self {
            Choice::Any { low, high, .. } if low > high => bail!(
                "value",
                "`count` must be a number or [fewest, most], got [{low}, {high}]"
            ),
            Choice::Any {
                high,
                repeats: false,
                ..
            } if *high > n => {
                bail!(
                    "value",
                    "{high} different motifs cannot be chosen from {n}";
                    hint: "`repeats: true` lets a motif come more than once"
                )
            }
            Choice::Any {
                high,
                repeats: true,
                ..
            } => high * widths[0],
            Choice::Any { high, .. } => widths[..*high].iter().sum(),
            Choice::Groups(groups) => {
                if groups.is_empty()
                    || groups.iter().any(Vec::is_empty)
                    || groups.iter().flatten().any(|m| *m as usize >= n)
                {
                    bail!(
                        "value",
                        "`groups` must hold lists of motifs, numbers from 0 to {}",
                        n - 1
                    );
                }
                groups
                    .iter()
                    .filter_map(|group| group.iter().map(|m| motifs[*m as usize].width()).max())
                    .sum()
            }
            Choice::Paired { count, .. } => {
                let pairs = n / 2;
                if pairs == 0 || *count < 2 || *count > pairs {
                    bail!(
                        "value",
                        "`per_sequence` must be from 2 to half the number of motifs ({pairs}), \
                        got {count}"
                    );
                }
                count * widths[0]
            }
        };
        if needed > length {
            bail!("value", "motifs of {needed} bp do not fit into {length} bp");
        }
        Ok(())
    }

    /// Motif numbers in the order in which they are planted.
    fn draw(&self, motifs: usize, rng: &mut Rng) -> Vec<u32> {
        match self {
            Choice::Any { low, high, repeats } => {
                let count = low + rng.below(high - low + 1);
                if *repeats {
                    (0..count).map(|_| rng.below(motifs) as u32).collect()
                } else {
                    rng.permutation(motifs)[..count].to_vec()
                }
            }
            Choice::Groups(groups) => {
                let mut chosen: Vec<u32> = groups
                    .iter()
                    .map(|group| group[rng.below(group.len())])
                    .collect();
                rng.shuffle(&mut chosen);
                chosen
            }
            Choice::Paired { count, positives } => {
                let positive = rng.uniform() < *positives;
                let order = rng.permutation(motifs / 2);
                let mut chosen: Vec<u32> = Vec::with_capacity(*count);
                if positive {
                    chosen.extend([order[0] * 2, order[0] * 2 + 1]);
                }
                let more = count - chosen.len();
                let from = usize::from(positive);
                chosen.extend(
                    order[from..from + more]
                        .iter()
                        .map(|pair| pair * 2 + rng.below(2) as u32),
                );
                rng.shuffle(&mut chosen);
                chosen
            }
        }
    }

    /// What keeps the randomness of one kind of choice apart from that of others.
    fn key(&self) -> u64 {
        match self {
            Choice::Any { .. } => 0x616e_7920,
            Choice::Groups(_) => 0x6772_6f75,
            Choice::Paired { .. } => 0x7061_6972,
        }
    }
}

/// Plants motifs into backgrounds; equal plans produce equal sequences, on any number of
/// threads.
pub fn simulate(motifs: Arc<Vec<Motif>>, plan: &SimulationPlan) -> Result<Simulated> {
    plan.choice.check(&motifs, plan.length)?;
    // codes and labels of each sequence, and the list of its sites
    memory::elements(&[plan.n as i64, plan.length as i64 + 64], 1)?;
    let mut codes = vec![0u8; plan.n * plan.length];
    let rows: Vec<Vec<Site>> = codes
        .par_chunks_mut(plan.length.max(1))
        .enumerate()
        .map(|(index, own)| {
            let mut rng = Rng::keyed(&[plan.seed, plan.choice.key(), index as u64]);
            let chosen = plan.choice.draw(motifs.len(), &mut rng);
            plan.background.fill(own, &mut rng);
            plant(own, &motifs, &chosen, plan, &mut rng)
        })
        .collect();
    let truth = Truth::new(motifs, plan.length, &rows);
    Ok(Simulated { codes, truth })
}

/// Flips labels of 0 and 1 with a probability, each by its seed, task and row.
pub fn flip(labels: &mut [f32], tasks: usize, noise: f64, seed: u64) {
    for (i, label) in labels.iter_mut().enumerate() {
        let mut rng = Rng::keyed(&[
            seed,
            0x6e6f_6973,
            (i % tasks.max(1)) as u64,
            (i / tasks.max(1)) as u64,
        ]);
        if rng.uniform() < noise {
            *label = 1.0 - *label;
        }
    }
}

/// Plants motifs in order without overlap, every arrangement as likely.
fn plant(
    codes: &mut [u8],
    motifs: &[Motif],
    chosen: &[u32],
    plan: &SimulationPlan,
    rng: &mut Rng,
) -> Vec<Site> {
    let total: usize = chosen.iter().map(|m| motifs[*m as usize].width()).sum();
    let free = codes.len() - total;
    // gaps before, between and after: a uniform choice of positions for the motifs among free bases
    // and motifs
    let mut slots: Vec<usize> = rng.permutation(free + chosen.len())[..chosen.len()]
        .iter()
        .map(|s| *s as usize)
        .collect();
    slots.sort_unstable();
    let mut planted = Vec::with_capacity(chosen.len());
    let mut used = 0;
    for (i, (slot, number)) in slots.iter().zip(chosen).enumerate() {
        let motif = &motifs[*number as usize];
        let start = slot - i + used;
        let own = &mut codes[start..start + motif.width()];
        for (code, row) in own.iter_mut().zip(&motif.ppm) {
            *code = if plan.sampled {
                draw(row, rng)
            } else {
                likeliest(row)
            };
        }
        let reverse = plan.both_strands && rng.below(2) == 1;
        if reverse {
            alphabet::reverse_complement(own);
        }
        used += motif.width();
        planted.push(Site {
            motif: *number,
            start: start as u32,
            reverse,
        });
    }
    planted
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

    fn plan(choice: Choice, n: usize, length: usize) -> SimulationPlan {
        SimulationPlan {
            n,
            length,
            choice,
            background: Background::Uniform,
            sampled: false,
            both_strands: false,
            seed: 1,
        }
    }

    #[test]
    fn no_motif_tells_by_itself_but_pairs_do() {
        let pool = Arc::new(motifs(20, 12, 0.97, 1));
        let set = simulate(
            pool.clone(),
            &plan(
                Choice::Paired {
                    count: 3,
                    positives: 0.5,
                },
                20_000,
                100,
            ),
        )
        .unwrap();
        let rule = Spec::any_pair().resolve(&pool).unwrap();
        let labels: Vec<f32> = (0..set.truth.len())
            .map(|i| rule.label(set.truth.sites(i), &pool))
            .collect();
        let positives: f64 = labels.iter().map(|l| f64::from(*l)).sum();
        assert!((positives / 20_000.0 - 0.5).abs() < 0.015);
        for m in 0..20 {
            let share = |label: f32| {
                let rows: Vec<_> = (0..labels.len())
                    .filter(|i| labels[*i] == label)
                    .map(|i| set.truth.sites(i))
                    .collect();
                rows.iter()
                    .filter(|sites| sites.iter().any(|s| s.motif == m))
                    .count() as f64
                    / rows.len() as f64
            };
            assert!((share(1.0) - share(0.0)).abs() < 0.025, "motif {m}");
        }
    }

    #[test]
    fn sites_hold_their_motif_on_either_strand_and_never_overlap() {
        let pool = Arc::new(vec![
            Motif::from_consensus("a", "ACCGTTA").unwrap(),
            Motif::from_consensus("b", "GGGTCAATCC").unwrap(),
        ]);
        let how = SimulationPlan {
            both_strands: true,
            ..plan(
                Choice::Any {
                    low: 1,
                    high: 4,
                    repeats: true,
                },
                2000,
                60,
            )
        };
        let set = simulate(pool.clone(), &how).unwrap();
        let (mut counts, mut reversed) = ([0usize; 5], 0usize);
        for row in 0..2000 {
            let sites = set.truth.sites(row);
            counts[sites.len()] += 1;
            assert!(
                sites
                    .windows(2)
                    .all(|pair| set.truth.end(&pair[0]) <= pair[1].start as usize)
            );
            for site in sites {
                let own = &set.codes[row * 60..][site.start as usize..set.truth.end(site)];
                let motif = &pool[site.motif as usize];
                let motif = if site.reverse {
                    motif.reverse_complement()
                } else {
                    motif.clone()
                };
                assert_eq!(crate::seq::alphabet::decode(own), motif.consensus());
                reversed += usize::from(site.reverse);
            }
        }
        assert!(
            counts[0] == 0 && counts[1..].iter().all(|n| n.abs_diff(500) < 80),
            "{counts:?}"
        );
        assert!(reversed.abs_diff(2500) < 150, "{reversed}");
        let again = simulate(pool, &how).unwrap();
        assert!(again.codes == set.codes && again.truth == set.truth);
    }

    #[test]
    fn groups_give_one_each_and_impossible_plans_are_told() {
        let pool = Arc::new(motifs(4, 10, 1.0, 3));
        let groups = Choice::Groups(vec![vec![0, 1], vec![2, 3]]);
        let set = simulate(pool.clone(), &plan(groups, 400, 30)).unwrap();
        for row in 0..400 {
            let mut own: Vec<u32> = set.truth.sites(row).iter().map(|s| s.motif / 2).collect();
            own.sort_unstable();
            assert_eq!(own, [0, 1]);
        }
        let fails = |choice, length| {
            simulate(pool.clone(), &plan(choice, 1, length))
                .unwrap_err()
                .to_string()
        };
        assert!(
            fails(
                Choice::Any {
                    low: 1,
                    high: 5,
                    repeats: false
                },
                100
            )
            .contains("5 different motifs")
        );
        assert!(
            fails(
                Choice::Any {
                    low: 4,
                    high: 4,
                    repeats: false
                },
                39
            )
            .contains("do not fit")
        );
        assert!(fails(Choice::Groups(vec![vec![4]]), 39).contains("groups"));
    }

    #[test]
    fn labels_flip_as_often_as_asked() {
        let mut labels = vec![0.0; 20_000];
        flip(&mut labels, 2, 0.1, 7);
        let flipped: f32 = labels.iter().sum();
        assert!((flipped - 2000.0).abs() < 150.0, "{flipped}");
    }
}
