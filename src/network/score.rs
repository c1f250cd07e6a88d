//! Networks against gold standards.

use crate::edges::Edges;
use crate::expression::{Expression, read_rows};
use cistron_base::table::Cells;
use cistron_base::{Result, Table, bail, fault};
use cistron_metrics::curve::Curve;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Known edges.
#[derive(Clone, Debug)]
pub struct Gold {
    /// Pairs (regulator, target) and whether they are edges, each once.
    pairs: Vec<((String, String), bool)>,
    /// Whether pairs that are not listed are known to be no edges.
    is_open: bool,
    /// Whether the order within pairs has no meaning.
    is_undirected: bool,
}

/// Headers of the first column of a list without directions.
const UNDIRECTED: [&str; 5] = ["gene_a", "genea", "protein1", "protein_a", "node1"];

/// Headers of the first column of a list with directions.
const DIRECTED: [&str; 10] = [
    "regulator",
    "tf",
    "source",
    "from",
    "gene1",
    "transcription_factor",
    "parent",
    "cause",
    "tf_name",
    "regulators",
];

impl Gold {
    /// Known edges from pairs; `labels` states which ones are edges, all unless given. Repeated
    /// pairs count once; fails where they contradict each other.
    pub fn new(
        regulators: Vec<String>,
        targets: Vec<String>,
        labels: Option<Vec<bool>>,
        is_undirected: bool,
    ) -> Result<Gold> {
        let labels = labels.unwrap_or_else(|| vec![true; regulators.len()]);
        if regulators.len() != targets.len() || regulators.len() != labels.len() {
            bail!(
                "shape",
                "a gold standard has as many regulators as targets and labels, got {}, {} and {}",
                regulators.len(),
                targets.len(),
                labels.len()
            );
        }
        let mut seen: HashMap<(String, String), bool> = HashMap::new();
        let mut pairs = Vec::new();
        for ((regulator, target), label) in regulators.into_iter().zip(targets).zip(labels) {
            let pair = (regulator, target);
            match seen.insert(pair.clone(), label) {
                None => pairs.push((pair, label)),
                Some(known) if known == label => {}
                Some(_) => bail!(
                    "data",
                    "the pair {} → {} is listed both as an edge and as none",
                    pair.0,
                    pair.1
                ),
            }
        }
        let is_open = pairs.iter().all(|(_, label)| *label);
        Ok(Gold {
            pairs,
            is_open,
            is_undirected,
        })
    }

    /// Reads a gold standard: two columns (all of them edges), a third with labels 0 and 1 or with
    /// signs (+, -), or a matrix whose rows are targets and columns regulators, or the reverse.
    pub fn read(path: &Path) -> Result<Gold> {
        let rows = read_rows(path)?;
        let Some(first) = rows.first() else {
            bail!("data", "`{}` has no rows", path.display())
        };
        let second = rows.get(1).map_or(0, Vec::len);
        match second.max(first.len()) {
            2 | 3 if first.len() == second || second == 0 => Gold::of_rows(rows),
            n if n > 3 => Gold::of_matrix(rows),
            n => bail!(
                "data",
                "`{}`: rows have {n} cells, expected regulator, target and perhaps a label",
                path.display()
            ),
        }
        .map_err(|fault| fault.context(format!("`{}`", path.display())))
    }

    fn of_rows(mut rows: Vec<Vec<String>>) -> Result<Gold> {
        let header: Vec<String> = rows[0].iter().map(|cell| cell.to_lowercase()).collect();
        let is_undirected = UNDIRECTED.contains(&&*header[0]);
        let has_header = is_undirected
            || DIRECTED.contains(&&*header[0])
            || header.get(2).is_some_and(|cell| label_of(cell).is_none());
        if has_header {
            rows.remove(0);
        }
        let width = header.len();
        let mut labels = Vec::new();
        for row in &rows {
            if row.len() != width {
                bail!(
                    "data",
                    "a row has {} cells, expected {width}: {}",
                    row.len(),
                    row.join(" ")
                );
            }
            let label = row.get(2).map_or(Some(true), |cell| label_of(cell));
            labels.push(
                label.ok_or_else(|| {
                    fault!("data", "a label must be 0, 1, + or -, got `{}`", row[2])
                })?,
            );
        }
        let column = |i: usize| rows.iter().map(|row| row[i].clone()).collect();
        Gold::new(column(0), column(1), Some(labels), is_undirected)
    }

    /// A matrix of regulators and targets: the side with fewer names has the regulators; of a
    /// square one the columns.
    fn of_matrix(mut rows: Vec<Vec<String>>) -> Result<Gold> {
        let mut header = rows.remove(0);
        let width = rows.first().map_or(0, Vec::len);
        if header.len() == width {
            header.remove(0);
        }
        let regulators_in_rows = rows.len() < header.len();
        let (mut regulators, mut targets, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            if row.len() != header.len() + 1 {
                bail!(
                    "data",
                    "row `{}` has {} cells, expected {}",
                    row[0],
                    row.len(),
                    header.len()
                );
            }
            for (name, cell) in header.iter().zip(&row[1..]) {
                let label = cell.parse::<f64>().map_err(|_| {
                    fault!(
                        "data",
                        "row `{}`, column `{name}`: `{cell}` is no number",
                        row[0]
                    )
                })?;
                let (regulator, target) = if regulators_in_rows {
                    (&row[0], name)
                } else {
                    (name, &row[0])
                };
                regulators.push(regulator.clone());
                targets.push(target.clone());
                labels.push(label != 0.0);
            }
        }
        Gold::new(regulators, targets, Some(labels), false)
    }

    /// The names of regulators with at least one edge, in order of their first one.
    pub fn sources(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let edges = self.pairs.iter().filter(|(_, label)| *label);
        let names = edges.map(|((regulator, _), _)| regulator);
        names
            .filter(|name| seen.insert(name.as_str()))
            .cloned()
            .collect()
    }

    /// Its edges as positions in a matrix, and how many have a gene that the matrix lacks.
    pub fn edges_in(&self, matrix: &Expression) -> (Vec<(usize, usize)>, usize) {
        let mut left_out = 0;
        let mut found = Vec::new();
        for ((regulator, target), _) in self.pairs.iter().filter(|(_, label)| *label) {
            match (matrix.index_of(regulator), matrix.index_of(target)) {
                (Some(regulator), Some(target)) => found.push((regulator, target)),
                _ => left_out += 1,
            }
        }
        (found, left_out)
    }

    /// The columns regulator, target, label of its pairs.
    pub fn table(&self) -> Result<Table> {
        let names = |of: fn(&(String, String)) -> &String| {
            self.pairs
                .iter()
                .map(|(pair, _)| of(pair).clone())
                .collect()
        };
        let labels = self.pairs.iter().map(|(_, label)| i64::from(*label));
        Table::new(vec![
            ("regulator".into(), Cells::Text(names(|pair| &pair.0))),
            ("target".into(), Cells::Text(names(|pair| &pair.1))),
            ("label".into(), Cells::Whole(labels.collect())),
        ])
    }

    /// Pairs and labels in the order of the file.
    pub fn pairs(&self) -> &[((String, String), bool)] {
        &self.pairs
    }
}

fn label_of(cell: &str) -> Option<bool> {
    match cell {
        "+" | "-" => return Some(true),
        _ => {}
    }
    let value = cell.parse::<f64>().ok()?;
    [-1.0, 0.0, 1.0].contains(&value).then_some(value != 0.0)
}

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

    #[test]
    fn gold_standards_are_read_in_their_forms() {
        let dream = gold("G2\tG91\t1\nG3\tG90\t0\n").expect("labels");
        assert!(!dream.is_open && !dream.is_undirected);
        assert_eq!(dream.sources(), ["G2"]);
        let minet = gold("gene_a\tgene_b\nA\tB\nB\tA\nA\tA\n").expect("pairs");
        assert!(minet.is_open && minet.is_undirected);
        let beeline = gold("Gene1,Gene2,Type\nSOX9,AMH,+\nX,Y,-\n").expect("signs");
        assert!(beeline.is_open && !beeline.is_undirected && beeline.pairs.len() == 2);
        let matrix = gold("\"r1\"\t\"r2\"\n\"t1\"\t0\t1\n\"t2\"\t-1\t0\n\"t3\"\t0\t0\n");
        assert_eq!(matrix.expect_err("two names").kind, "data");
        let matrix = gold("\tr1\tr2\tr3\nt1\t0\t1\t0\nt2\t-1\t0\t0\nt3\t0\t0\t0\nt4\t0\t0\t1\n");
        assert_eq!(matrix.expect("a matrix").sources(), ["r2", "r1", "r3"]);
        assert!(gold("a\tb\t1\na\tb\t0\n").is_err());
        assert!(gold("a\tb\t1\nc\td\tx\n").is_err());
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
