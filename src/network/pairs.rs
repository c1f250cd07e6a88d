//! Pairs of genes that are no edges, as negatives of pairs that are.

use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt};
use std::collections::{HashMap, HashSet};

/// How pairs that are no edges are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negatives {
    /// Any two genes.
    Random,
    /// The regulator of each edge with another gene: each regulator has as many negatives as
    /// edges, in proportion.
    Regulators,
    /// Targets are exchanged between edges: each regulator and each target has as many negatives
    /// as edges.
    Rewired,
}

/// Pairs that are no edges, and what could not be drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// Regulator and target of each pair; each pair once.
    pub pairs: Vec<(usize, usize)>,
    /// What was left out, in sentences.
    pub notes: Vec<String>,
}

/// Draws about `ratio` pairs for each edge. Genes are positions in `names`; `genes` are those that
/// are drawn from. No pair is an edge, is drawn twice, or has a gene with itself.
pub fn negatives(
    names: &[String],
    edges: &[(usize, usize)],
    genes: &[usize],
    how: Negatives,
    ratio: f64,
    seed: u64,
) -> Result<Drawn> {
    let known: HashSet<(usize, usize)> = edges.iter().copied().collect();
    if known.is_empty() || genes.len() < 2 {
        bail!(
            "data",
            "negatives need at least one edge and two genes, got {} and {}",
            known.len(),
            genes.len()
        );
    }
    let mut rng = Rng::keyed(&[seed, 0x6e65_6761]);
    match how {
        Negatives::Random => random(&known, genes, ratio, &mut rng),
        Negatives::Regulators => of_regulators(names, edges, &known, genes, ratio, &mut rng),
        Negatives::Rewired => rewired(edges, &known, ratio, &mut rng),
    }
}

fn count_of(edges: usize, ratio: f64) -> usize {
    (edges as f64 * ratio).round() as usize
}

fn random(
    known: &HashSet<(usize, usize)>,
    genes: &[usize],
    ratio: f64,
    rng: &mut Rng,
) -> Result<Drawn> {
    let wanted = count_of(known.len(), ratio);
    let n = genes.len();
    let all = n * (n - 1);
    if wanted + known.len() > all / 2 {
        bail!(
            "data",
            "{wanted} negatives beside {} edges are more than half of the {all} pairs of {n} genes",
            known.len();
            hint: "draw fewer negatives, or score all pairs"
        );
    }
    let mut seen = known.clone();
    let mut pairs = Vec::new();
    while pairs.len() < wanted {
        let pair = (genes[rng.below(n)], genes[rng.below(n)]);
        if pair.0 != pair.1 && seen.insert(pair) {
            pairs.push(pair);
            interrupt::check()?;
        }
    }
    Ok(Drawn {
        pairs,
        notes: Vec::new(),
    })
}

fn of_regulators(
    names: &[String],
    edges: &[(usize, usize)],
    known: &HashSet<(usize, usize)>,
    genes: &[usize],
    ratio: f64,
    rng: &mut Rng,
) -> Result<Drawn> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    known
        .iter()
        .for_each(|(regulator, _)| *counts.entry(*regulator).or_default() += 1);
    // in the order of the edges: the same in each run
    let mut order: Vec<usize> = Vec::new();
    edges.iter().for_each(|(regulator, _)| {
        if !order.contains(regulator) {
            order.push(*regulator);
        }
    });
    let mut drawn = Drawn::default();
    for regulator in order {
        interrupt::check()?;
        let free = |gene: &&usize| **gene != regulator && !known.contains(&(regulator, **gene));
        let mut free: Vec<usize> = genes.iter().filter(free).copied().collect();
        rng.shuffle(&mut free);
        let wanted = count_of(counts[&regulator], ratio);
        if free.len() < wanted {
            drawn.notes.push(format!(
                "`{}` has {} genes that it does not regulate, {wanted} were wanted",
                names[regulator],
                free.len()
            ));
        }
        let own = free.into_iter().take(wanted);
        drawn.pairs.extend(own.map(|gene| (regulator, gene)));
    }
    Ok(drawn)
}

/// Attempts to exchange a target before a pair is left out.
const ATTEMPTS: usize = 2000;

fn rewired(
    edges: &[(usize, usize)],
    known: &HashSet<(usize, usize)>,
    ratio: f64,
    rng: &mut Rng,
) -> Result<Drawn> {
    let rounds = ratio.round().max(1.0) as usize;
    if (ratio - rounds as f64).abs() > 1e-9 {
        bail!(
            "option",
            "rewired negatives need an integer `ratio`, got {ratio}";
            hint: "each round has one negative for each edge"
        );
    }
    let mut seen = HashSet::new();
    let edges: Vec<(usize, usize)> = edges.iter().filter(|e| seen.insert(**e)).copied().collect();
    let mut taken: HashSet<(usize, usize)> = known.clone();
    let mut drawn = Drawn::default();
    let mut failed = 0;
    for _ in 0..rounds {
        let round = one_round(&edges, &taken, rng)?;
        failed += edges.len() - round.len();
        taken.extend(round.iter().copied());
        drawn.pairs.extend(round);
    }
    if failed > 0 {
        drawn.notes.push(format!(
            "{failed} of {} rewired pairs would be edges or repeat a pair, and were left out",
            rounds * edges.len()
        ));
    }
    Ok(drawn)
}

/// One negative for each edge: the targets in random order, exchanged until no pair is taken.
fn one_round(
    edges: &[(usize, usize)],
    taken: &HashSet<(usize, usize)>,
    rng: &mut Rng,
) -> Result<Vec<(usize, usize)>> {
    let mut targets: Vec<usize> = edges.iter().map(|(_, target)| *target).collect();
    rng.shuffle(&mut targets);
    let n = edges.len();
    let mut uses: HashMap<(usize, usize), usize> = HashMap::new();
    for (edge, target) in edges.iter().zip(&targets) {
        *uses.entry((edge.0, *target)).or_default() += 1;
    }
    let is_free = |pair: (usize, usize)| pair.0 != pair.1 && !taken.contains(&pair);
    for i in 0..n {
        interrupt::check()?;
        for _ in 0..ATTEMPTS {
            let own = (edges[i].0, targets[i]);
            if is_free(own) && uses[&own] == 1 {
                break;
            }
            let j = rng.below(n);
            let other = (edges[j].0, targets[j]);
            let (new, moved) = ((own.0, other.1), (other.0, own.1));
            let is_new = |pair| uses.get(&pair).is_none_or(|count| *count == 0);
            if i == j || new == moved || !is_free(new) || !is_new(new) {
                continue;
            }
            // the pair that is given up may be invalid as well: it is visited in its turn
            if j < i && (!is_free(moved) || !is_new(moved)) {
                continue;
            }
            targets.swap(i, j);
            for (pair, change) in [(own, -1isize), (other, -1), (new, 1), (moved, 1)] {
                let count = uses.entry(pair).or_default();
                *count = count.saturating_add_signed(change);
            }
        }
    }
    let mut seen = HashSet::new();
    let pairs = edges.iter().zip(&targets).map(|(edge, t)| (edge.0, *t));
    Ok(pairs
        .filter(|pair| is_free(*pair) && seen.insert(*pair))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges of 6 regulators among 40 genes: regulator r has 2 + r targets.
    fn edges() -> Vec<(usize, usize)> {
        (0..6)
            .flat_map(|r| (0..2 + r).map(move |i| (r, 6 + (r * 7 + i * 5) % 34)))
            .collect()
    }

    fn names() -> Vec<String> {
        (0..40).map(|i| format!("G{i}")).collect()
    }

    fn counts(pairs: &[(usize, usize)], of: fn(&(usize, usize)) -> usize) -> HashMap<usize, usize> {
        let mut counts = HashMap::new();
        pairs
            .iter()
            .for_each(|pair| *counts.entry(of(pair)).or_default() += 1);
        counts
    }

    #[test]
    fn negatives_are_no_edges_and_occur_once() {
        let (edges, genes) = (edges(), (0..40).collect::<Vec<_>>());
        for how in [Negatives::Random, Negatives::Regulators, Negatives::Rewired] {
            for seed in 0..50 {
                let found = negatives(&names(), &edges, &genes, how, 1.0, seed).expect("negatives");
                let again = negatives(&names(), &edges, &genes, how, 1.0, seed).expect("negatives");
                assert_eq!(found.pairs, again.pairs);
                assert_eq!(found.pairs.len(), edges.len(), "{how:?} {:?}", found.notes);
                let set: HashSet<_> = found.pairs.iter().collect();
                assert_eq!(set.len(), edges.len());
                assert!(found.pairs.iter().all(|p| !edges.contains(p) && p.0 != p.1));
            }
        }
    }

    #[test]
    fn regulators_and_targets_keep_their_numbers_of_pairs() {
        let (edges, genes) = (edges(), (0..40).collect::<Vec<_>>());
        let regulators = |pairs: &[(usize, usize)]| counts(pairs, |pair| pair.0);
        let matched =
            negatives(&names(), &edges, &genes, Negatives::Regulators, 2.0, 3).expect("pairs");
        for (regulator, count) in regulators(&matched.pairs) {
            assert_eq!(count, 2 * (2 + regulator));
        }
        let rewired =
            negatives(&names(), &edges, &genes, Negatives::Rewired, 1.0, 3).expect("pairs");
        assert_eq!(regulators(&rewired.pairs), regulators(&edges));
        let targets = |pairs: &[(usize, usize)]| counts(pairs, |pair| pair.1);
        assert_eq!(targets(&rewired.pairs), targets(&edges));
    }

    #[test]
    fn what_cannot_be_drawn_is_stated() {
        // one regulator of all other genes
        let edges: Vec<_> = (1..5).map(|gene| (0, gene)).collect();
        let genes: Vec<_> = (0..5).collect();
        let matched =
            negatives(&names(), &edges, &genes, Negatives::Regulators, 1.0, 1).expect("pairs");
        assert!(matched.pairs.is_empty() && matched.notes[0].contains("4 were wanted"));
        let rewired =
            negatives(&names(), &edges, &genes, Negatives::Rewired, 1.0, 1).expect("pairs");
        assert!(rewired.pairs.is_empty() && rewired.notes[0].contains("4 of 4"));
        assert!(negatives(&names(), &edges, &genes, Negatives::Random, 9.0, 1).is_err());
        assert!(negatives(&names(), &edges, &genes, Negatives::Rewired, 1.5, 1).is_err());
        assert!(negatives(&names(), &[], &genes, Negatives::Random, 1.0, 1).is_err());
    }
}
