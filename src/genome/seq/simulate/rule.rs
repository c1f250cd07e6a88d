//! Rules that make labels out of planted motifs: models of accessibility.

use super::Site;
use crate::seq::Motif;
use cistron_base::seed::Rng;
use cistron_base::{Result, near};
use cistron_base::{bail, fault};
use serde::{Deserialize, Serialize};

/// Which motif of a pair stands first on the sequence as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Either.
    #[default]
    Any,
    /// The first one of the pair.
    First,
    /// The second one of the pair.
    Second,
}

/// How the strands of a pair lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Orientation {
    /// Any way.
    #[default]
    Any,
    /// On one strand.
    Same,
    /// On different strands.
    Opposite,
    /// Towards each other: the one to the left forward, the one to the right reverse.
    Convergent,
    /// Away from each other.
    Divergent,
}

/// A rule whose motifs are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// Contributions of all sites are summed.
    Additive {
        /// The contribution of each motif of the pool.
        weights: Vec<f64>,
        /// The label is 1 from this sum on; without it the label is the sum.
        threshold: Option<f64>,
        /// The strand that counts, true for reverse; none where both do.
        reverse: Option<bool>,
    },
    /// 1 where both motifs of some pair occur.
    Together {
        /// The pairs, as numbers in the pool.
        pairs: Vec<(u32, u32)>,
        /// Fewest and most bases between the two.
        gap: (i64, i64),
        /// Which comes first.
        order: Order,
        /// How they lie.
        orientation: Orientation,
    },
}

/// A motif as a rule names it.
#[derive(Clone, Debug, PartialEq)]
pub enum Named {
    /// By its number in the pool.
    Number(i64),
    /// By its name.
    Name(String),
}

/// A rule as it is asked for; weights and pairs may be left to the pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// See [`Rule::Additive`]; weights that are not given are drawn from the standard normal
    /// distribution.
    Additive {
        /// The contribution of each motif.
        weights: Option<Vec<f64>>,
        /// The smallest sum that makes a 1.
        threshold: Option<f64>,
        /// The strand that counts.
        reverse: Option<bool>,
        /// Seed of weights that are drawn.
        seed: u64,
    },
    /// See [`Rule::Together`]; pairs that are not given are 0 and 1, 2 and 3, …
    Together {
        /// The pairs.
        pairs: Option<Vec<(Named, Named)>>,
        /// Fewest and most bases between the two.
        gap: (i64, i64),
        /// Which comes first.
        order: Order,
        /// How they lie.
        orientation: Orientation,
    },
}

impl Spec {
    /// Pairs 0 and 1, 2 and 3, …, however they lie.
    pub fn any_pair() -> Spec {
        Spec::Together {
            pairs: None,
            gap: (0, i64::MAX),
            order: Order::Any,
            orientation: Orientation::Any,
        }
    }
}

impl Named {
    fn find(&self, motifs: &[Motif]) -> Result<u32> {
        match self {
            Named::Number(n) if (0..motifs.len() as i64).contains(n) => Ok(*n as u32),
            Named::Number(n) => bail!(
                "value",
                "there is no motif {n}: the pool has {}",
                motifs.len()
            ),
            Named::Name(name) => match motifs.iter().position(|motif| motif.is_called(name)) {
                Some(i) => Ok(i as u32),
                None => {
                    let fault = fault!("name", "the pool has no motif `{name}`");
                    let close = near::nearest(name, motifs.iter().map(|m| m.name.as_str()));
                    Err(match close {
                        Some(close) => fault.hint(format!("did you mean `{close}`?")),
                        None => fault,
                    })
                }
            },
        }
    }
}

impl Spec {
    /// The rule for a pool of motifs.
    pub fn resolve(&self, motifs: &[Motif]) -> Result<Rule> {
        Ok(match self {
            Spec::Additive {
                weights,
                threshold,
                reverse,
                seed,
            } => {
                let drawn = || {
                    let mut rng = Rng::keyed(&[*seed, 0x7765_6967]);
                    (0..motifs.len()).map(|_| rng.normal()).collect()
                };
                let weights = weights.clone().unwrap_or_else(drawn);
                if weights.len() != motifs.len() {
                    bail!(
                        "value",
                        "{} weights for {} motifs",
                        weights.len(),
                        motifs.len()
                    );
                }
                Rule::Additive {
                    weights,
                    threshold: *threshold,
                    reverse: *reverse,
                }
            }
            Spec::Together {
                pairs,
                gap,
                order,
                orientation,
            } => {
                let pairs = match pairs {
                    Some(pairs) => pairs
                        .iter()
                        .map(|(a, b)| Ok((a.find(motifs)?, b.find(motifs)?)))
                        .collect::<Result<Vec<_>>>()?,
                    None => (0..motifs.len() as u32 / 2)
                        .map(|i| (2 * i, 2 * i + 1))
                        .collect(),
                };
                if pairs.is_empty() {
                    bail!("value", "a rule of pairs needs at least two motifs");
                }
                Rule::Together {
                    pairs,
                    gap: *gap,
                    order: *order,
                    orientation: *orientation,
                }
            }
        })
    }

    /// The name of a label of this rule.
    pub fn name(&self) -> &'static str {
        match self {
            Spec::Additive { .. } => "additive",
            Spec::Together { .. } => "paired",
        }
    }
}

impl Rule {
    /// The label of a sequence with these sites, in order of their starts.
    pub fn label(&self, sites: &[Site], motifs: &[Motif]) -> f32 {
        match self {
            Rule::Additive {
                weights,
                threshold,
                reverse,
            } => {
                let sum: f64 = sites
                    .iter()
                    .filter(|s| reverse.is_none_or(|wanted| wanted == s.reverse))
                    .map(|s| weights[s.motif as usize])
                    .sum();
                threshold.map_or(sum as f32, |threshold| {
                    f32::from(u8::from(sum >= threshold))
                })
            }
            Rule::Together {
                pairs,
                gap,
                order,
                orientation,
            } => {
                let fits = |left: &Site, right: &Site| {
                    let between = i64::from(right.start)
                        - i64::from(left.start)
                        - motifs[left.motif as usize].width() as i64;
                    let is_oriented = match orientation {
                        Orientation::Any => true,
                        Orientation::Same => left.reverse == right.reverse,
                        Orientation::Opposite => left.reverse != right.reverse,
                        Orientation::Convergent => !left.reverse && right.reverse,
                        Orientation::Divergent => left.reverse && !right.reverse,
                    };
                    let paired = pairs.iter().any(|(a, b)| {
                        let (as_told, turned) = (
                            (left.motif, right.motif) == (*a, *b),
                            (left.motif, right.motif) == (*b, *a),
                        );
                        (as_told && *order != Order::Second) || (turned && *order != Order::First)
                    });
                    is_oriented && paired && (gap.0..=gap.1).contains(&between)
                };
                let found = sites
                    .iter()
                    .enumerate()
                    .any(|(i, left)| sites[i + 1..].iter().any(|right| fits(left, right)));
                f32::from(u8::from(found))
            }
        }
    }

    /// The pairs of motifs that act together.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        match self {
            Rule::Additive { .. } => Vec::new(),
            Rule::Together { pairs, .. } => pairs.clone(),
        }
    }

    /// Itself in words.
    pub fn text(&self) -> String {
        match self {
            Rule::Additive {
                threshold, reverse, ..
            } => {
                let strand = match reverse {
                    None => "",
                    Some(false) => " of forward sites",
                    Some(true) => " of reverse sites",
                };
                match threshold {
                    Some(t) => format!("sum of contributions{strand} at least {t}"),
                    None => format!("sum of contributions{strand}"),
                }
            }
            Rule::Together {
                pairs,
                gap,
                order,
                orientation,
            } => {
                let mut text = format!("both motifs of one of {} pairs", pairs.len());
                if *gap != (0, i64::MAX) {
                    text += &format!(", {} to {} bp apart", gap.0, gap.1);
                }
                if *order != Order::Any {
                    text += if *order == Order::First {
                        ", in order"
                    } else {
                        ", in reverse order"
                    };
                }
                if *orientation != Orientation::Any {
                    text += &format!(", {}", format!("{orientation:?}").to_lowercase());
                }
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Vec<Motif> {
        ["ACGTAC", "TTTAAA", "GGGCCC"]
            .iter()
            .map(|c| Motif::from_consensus(c, c).unwrap())
            .collect()
    }

    fn site(motif: u32, start: u32, reverse: bool) -> Site {
        Site {
            motif,
            start,
            reverse,
        }
    }

    #[test]
    fn contributions_are_summed_on_the_strand_that_counts() {
        let rule = |reverse| Rule::Additive {
            weights: vec![1.0, 0.5, -1.0],
            threshold: Some(1.5),
            reverse,
        };
        let sites = [site(0, 3, false), site(1, 20, true)];
        assert_eq!(rule(None).label(&sites, &pool()), 1.0);
        assert_eq!(rule(Some(false)).label(&sites, &pool()), 0.0);
        let sum = Rule::Additive {
            weights: vec![1.0, 0.5, -1.0],
            threshold: None,
            reverse: None,
        };
        assert_eq!(
            sum.label(&[site(1, 0, false), site(2, 9, false)], &pool()),
            -0.5
        );
    }

    #[test]
    fn pairs_ask_for_spacing_order_and_orientation() {
        let rule = |gap, order, orientation| Rule::Together {
            pairs: vec![(0, 1)],
            gap,
            order,
            orientation,
        };
        let any = (0, i64::MAX);
        let sites = [site(1, 2, false), site(2, 9, false), site(0, 20, true)];
        let holds = |r: Rule| r.label(&sites, &pool()) == 1.0;
        assert!(holds(rule(any, Order::Any, Orientation::Any)));
        assert!(
            !holds(rule(any, Order::First, Orientation::Any))
                && holds(rule(any, Order::Second, Orientation::Any))
        );
        assert!(
            holds(rule((12, 12), Order::Any, Orientation::Any))
                && !holds(rule((0, 11), Order::Any, Orientation::Any))
        );
        assert!(
            holds(rule(any, Order::Any, Orientation::Convergent))
                && holds(rule(any, Order::Any, Orientation::Opposite))
        );
        assert!(
            !holds(rule(any, Order::Any, Orientation::Same))
                && !holds(rule(any, Order::Any, Orientation::Divergent))
        );
    }

    #[test]
    fn rules_find_their_motifs_by_name() {
        let together = |name: &str| Spec::Together {
            pairs: Some(vec![(Named::Name(name.into()), Named::Number(2))]),
            gap: (0, i64::MAX),
            order: Order::Any,
            orientation: Orientation::Any,
        };
        assert_eq!(
            together("TTTAAA").resolve(&pool()).unwrap().pairs(),
            [(1, 2)]
        );
        assert!(
            together("TTTAAC")
                .resolve(&pool())
                .unwrap_err()
                .to_string()
                .contains("TTTAAC")
        );
        let few = Spec::Additive {
            weights: Some(vec![1.0]),
            threshold: None,
            reverse: None,
            seed: 1,
        };
        assert!(few.resolve(&pool()).is_err());
    }
}
