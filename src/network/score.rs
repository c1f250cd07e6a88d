//! Networks against gold standards.

use crate::edges::Edges;
pub use crate::gold::Gold;
use cistron_base::{Result, bail};
use cistron_metrics::curve::Curve;
use std::collections::{HashMap, HashSet};

/// How edges are compared with a gold standard.
#[derive(Clone, Debug, Default)]
pub struct ScoreSettings {
    /// Whether the order within pairs matters; derived from edges and gold standard unless given.
    pub directed: Option<bool>,
    /// Regulators of the pairs that are compared; those of the edges unless given.
    pub regulators: Option<Vec<String>>,
    /// Targets of the pairs that are compared; those of the edges unless given.
    pub targets: Option<Vec<String>>,
}

/// How well edges agree with a gold standard.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// Area under the ROC curve.
    pub auroc: f64,
    /// Average precision.
    pub aupr: f64,
    /// Precision among as many edges as there are true ones.
    pub early_precision: f64,
    /// Pairs that were compared.
    pub pairs: usize,
    /// Those that are edges.
    pub positives: usize,
    /// Pairs that the edges do not list; they rank last.
    pub unlisted: usize,
    /// Edges of the gold standard whose genes are not among those that were compared.
    pub left_out: usize,
    /// Whether the order within pairs mattered.
    pub directed: bool,
    /// Scores and labels of the pairs.
    pub rows: (Vec<f64>, Vec<f64>),
}

/// A pair in the order that is compared.
fn key<'a>(a: &'a str, b: &'a str, directed: bool) -> (&'a str, &'a str) {
    if directed || a <= b { (a, b) } else { (b, a) }
}

/// Whether edges list each pair of their genes exactly once.
fn is_symmetric(edges: &Edges) -> bool {
    let genes: HashSet<&String> = edges.regulators.iter().chain(&edges.targets).collect();
    let pairs: HashSet<(&str, &str)> = edges
        .regulators
        .iter()
        .zip(&edges.targets)
        .map(|(a, b)| key(a, b, false))
        .collect();
    let n = genes.len();
    n > 2 && edges.len() == n * (n - 1) / 2 && pairs.len() == edges.len()
}

/// Compares edges with a gold standard, over the pairs of their regulators and targets that the
/// gold standard knows. A gene is not its own target. Without directions a pair has the larger of
/// two scores, and is an edge where one of its directions is.
pub fn score(edges: &Edges, gold: &Gold, settings: &ScoreSettings) -> Result<Agreement> {
    if let Some(at) = edges.scores.iter().position(|x| x.is_nan()) {
        bail!(
            "value",
            "the score of {} → {} is NaN",
            edges.regulators[at],
            edges.targets[at]
        );
    }
    let directed = settings
        .directed
        .unwrap_or_else(|| !gold.is_undirected && !is_symmetric(edges));
    let mut scores: HashMap<(&str, &str), f64> = HashMap::with_capacity(edges.len());
    for ((a, b), score) in edges
        .regulators
        .iter()
        .zip(&edges.targets)
        .zip(&edges.scores)
    {
        let known = scores.entry(key(a, b, directed)).or_insert(*score);
        *known = known.max(*score);
    }
    let set = |given: &Option<Vec<String>>, own: &[String]| -> HashSet<String> {
        given.as_deref().unwrap_or(own).iter().cloned().collect()
    };
    let regulators = set(&settings.regulators, &edges.regulators);
    let targets = set(&settings.targets, &edges.targets);
    let is_candidate = |a: &str, b: &str| {
        let one_way = |a: &str, b: &str| regulators.contains(a) && targets.contains(b);
        a != b && (one_way(a, b) || (!directed && one_way(b, a)))
    };
    let mut labels: HashMap<(&str, &str), bool> = HashMap::new();
    if gold.is_open {
        for a in &regulators {
            let others = targets.iter().filter(|b| *b != a);
            labels.extend(others.map(|b| (key(a, b, directed), false)));
        }
    }
    let mut left_out = 0;
    for ((a, b), label) in gold.pairs.iter().filter(|((a, b), _)| a != b) {
        if !is_candidate(a, b) {
            left_out += usize::from(*label);
            continue;
        }
        *labels.entry(key(a, b, directed)).or_insert(false) |= *label;
    }
    agreement(scores, labels, left_out, directed)
}

fn agreement(
    scores: HashMap<(&str, &str), f64>,
    labels: HashMap<(&str, &str), bool>,
    left_out: usize,
    directed: bool,
) -> Result<Agreement> {
    let positives = labels.values().filter(|label| **label).count();
    if positives == 0 || positives == labels.len() {
        bail!(
            "data",
            "of {} pairs that edges and gold standard share, {positives} are edges: \
                there is nothing to rank",
            labels.len();
            hint: "the names of genes must be spelled alike in both; {left_out} edges of the gold \
                standard have other genes"
        );
    }
    // in the order of the names: ties are resolved alike in each run
    let mut rows: Vec<((&str, &str), bool)> = labels.into_iter().collect();
    rows.sort_unstable();
    let lowest = scores.values().copied().fold(0.0, f64::min) - 1.0;
    let unlisted = rows
        .iter()
        .filter(|(pair, _)| !scores.contains_key(pair))
        .count();
    let values: Vec<f64> = rows
        .iter()
        .map(|(pair, _)| scores.get(pair).copied().unwrap_or(lowest))
        .collect();
    let labels: Vec<f64> = rows
        .iter()
        .map(|(_, label)| f64::from(u8::from(*label)))
        .collect();
    Ok(Agreement {
        auroc: Curve::Roc.trace("AUROC", &values, &labels)?.area,
        aupr: Curve::PrecisionRecall.trace("AUPR", &values, &labels)?.area,
        early_precision: early_precision(&values, &labels, positives),
        pairs: rows.len(),
        positives,
        unlisted,
        left_out,
        directed,
        rows: (values, labels),
    })
}

/// The expected precision of the first `count` pairs; equal scores are in random order.
fn early_precision(scores: &[f64], labels: &[f64], count: usize) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let bound = scores[order[count - 1]];
    let above: Vec<usize> = order
        .iter()
        .copied()
        .filter(|i| scores[*i] > bound)
        .collect();
    let tied: Vec<usize> = order
        .iter()
        .copied()
        .filter(|i| scores[*i] == bound)
        .collect();
    let hits = |rows: &[usize]| rows.iter().map(|i| labels[*i]).sum::<f64>();
    let open = (count - above.len()) as f64;
    (hits(&above) + hits(&tied) * open / tied.len() as f64) / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(rows: &[(&str, &str, f64)]) -> Edges {
        Edges {
            regulators: rows.iter().map(|row| row.0.into()).collect(),
            targets: rows.iter().map(|row| row.1.into()).collect(),
            scores: rows.iter().map(|row| row.2).collect(),
            notes: Vec::new(),
        }
    }

    fn gold(text: &str) -> Result<Gold> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gold.tsv");
        std::fs::write(&path, text).expect("written");
        Gold::read(&path)
    }

    /// Four pairs in the order +, -, +, -: 3 of 4 pairs of labels are ordered, precisions 1, 2/3.
    #[test]
    fn areas_are_those_of_hand() {
        let edges = edges(&[
            ("a", "x", 4.0),
            ("b", "x", 3.0),
            ("a", "y", 2.0),
            ("b", "y", 1.0),
        ]);
        let gold = gold("regulator\ttarget\na\tx\na\ty\nq\tx\n").expect("pairs");
        let found = score(&edges, &gold, &ScoreSettings::default()).expect("areas");
        assert!((found.auroc - 0.75).abs() < 1e-7 && (found.aupr - 5.0 / 6.0).abs() < 1e-7);
        assert_eq!(found.early_precision, 0.5);
        assert_eq!((found.pairs, found.positives, found.left_out), (4, 2, 1));
        assert!(found.directed && found.unlisted == 0);
    }

    #[test]
    fn pairs_that_edges_do_not_list_rank_last() {
        let edges = edges(&[("a", "x", -4.0), ("b", "y", -5.0)]);
        let gold = gold("a\tx\t1\na\ty\t0\nb\tx\t0\nb\ty\t1\n").expect("labels");
        let found = score(&edges, &gold, &ScoreSettings::default()).expect("areas");
        assert_eq!((found.auroc, found.unlisted), (1.0, 2));
    }

    #[test]
    fn directions_are_dropped_where_edges_have_none() {
        let once = edges(&[("a", "b", 3.0), ("c", "a", 2.0), ("b", "c", 1.0)]);
        let gold = gold("b\ta\t1\na\tb\t0\na\tc\t0\nb\tc\t0\nc\ta\t0\nc\tb\t0\n").expect("labels");
        let found = score(&once, &gold, &ScoreSettings::default()).expect("areas");
        assert!(!found.directed);
        assert_eq!((found.pairs, found.positives, found.auroc), (3, 1, 1.0));
        let directed = ScoreSettings {
            directed: Some(true),
            ..ScoreSettings::default()
        };
        assert_eq!(score(&once, &gold, &directed).expect("areas").pairs, 6);
    }

    #[test]
    fn other_names_are_an_error_that_states_so() {
        let edges = edges(&[("a", "x", 1.0)]);
        let gold = gold("A\tX\t1\nA\tY\t0\n").expect("labels");
        let fault = score(&edges, &gold, &ScoreSettings::default()).expect_err("no pair");
        assert!(fault.to_string().contains("spelled alike"));
    }
}
