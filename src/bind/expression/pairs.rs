//! Pairs of a regulator and a target: their profiles as rows of a dataset, and negatives.

use crate::bail;
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::dataset::data;
use crate::bind::args::expression::{GoldSource, numbers};
use crate::bind::args::path::output_path;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Data, Expressed, Standard, Tabled};
use crate::bind::warnings;
use crate::data::{Column, Dataset, Input};
use crate::lang::{Call, Choice, Native, Options, native, natives_of};
use crate::network::Edges;
use crate::network::edges::{names_of, signs_of};
use crate::network::export;
use crate::network::pairs::{self, Negatives};
use std::rc::Rc;
use std::sync::Arc;

/// Options of `data::pairs`.
#[derive(Options)]
pub struct PairsOptions {
    /// Whether each profile has mean 0 and standard deviation 1 (over n - 1); constant profiles
    /// are 0.
    #[option(default = true)]
    standardise: bool,
}

/// Returns a dataset of the expression profiles of pairs of genes.
///
/// A row is [1, 2, samples]: the profile of the regulator, then that of the target. Only the
/// profiles of the genes are in memory; rows are composed when a batch needs them. Rows are called
/// "REGULATOR TARGET".
///
/// ```rhai
/// let m = expression::from([[1.0, 2.0, 3.0], [6.0, 4.0, 2.0], [0.0, 1.0, 5.0]], ["TF", "a", "b"]);
/// let pairs = table::from([
///     #{ regulator: "TF", target: "a", label: 1 }, #{ regulator: "TF", target: "b", label: 0 },
/// ]);
/// let set = data::pairs(m, pairs);
/// assert_eq(set.input().shape, [2, 1, 2, 3]);
/// assert_eq(set.row(0).profiles, [[[-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]]]);
/// assert_eq(set.names, ["TF a", "TF b"]);
/// ```
/// ```rhai,fails
/// let m = expression::from([[1.0, 2.0]], ["TF1"]);
/// data::pairs(m, table::from([#{ regulator: "TF1", target: "TF2", label: 1 }]));
/// //~ the matrix has no gene `TF2`
/// ```
#[native(namespace = "data")]
pub fn pairs(
    call: &Call,
    /// Expression of genes in samples, without missing values.
    matrix: &Expressed,
    /// Table with columns regulator and target, and label (a number) where labels are known.
    pairs: &Tabled,
    options: PairsOptions,
) -> Result<Data> {
    matrix.0.need_complete("a dataset of pairs", 2)?;
    let regulators = names_of(&pairs.0, "regulator")?;
    let targets = names_of(&pairs.0, "target")?;
    let profiles = match options.standardise {
        true => matrix.0.z_scores(),
        false => (*matrix.0).clone(),
    };
    for note in profiles.notes.iter().skip(matrix.0.notes.len()) {
        warnings::at(call, note);
    }
    let genes = regulators.iter().zip(&targets).flat_map(|(a, b)| [a, b]);
    let picks = genes.map(|gene| Ok(matrix.0.position(gene)? as u32));
    let samples = matrix.0.samples().len();
    let column = Column::Picked {
        table: Arc::new(profiles.values().iter().map(|x| *x as f32).collect()),
        width: samples,
        picks: Arc::new(picks.collect::<Result<_>>()?),
        shape: vec![1, 2, samples],
    };
    let (label_names, labels) = match pairs.0.names().any(|name| name == "label") {
        true => (vec!["label".to_string()], numbers(&pairs.0, "label")?),
        false => (Vec::new(), Vec::new()),
    };
    let labels = labels.into_iter().map(|label| label as f32).collect();
    let mut set = Dataset::new(vec![Input::new("profiles", column)], label_names, labels)?;
    let names = regulators
        .iter()
        .zip(&targets)
        .map(|(a, b)| format!("{a} {b}"));
    set.names = Some(Arc::new(names.collect()));
    Ok(data(set))
}

/// How pairs that are no edges are drawn.
#[derive(Choice)]
pub enum NegativesName {
    /// Any two genes.
    Random,
    /// The regulators of the edges with other genes.
    Regulators,
    /// Targets exchanged between edges.
    Rewired,
}

/// Options of `network::negatives`.
#[derive(Options)]
pub struct NegativesOptions {
    /// Pairs that are drawn: "random", any two genes; "regulators", the regulator of each edge
    /// with another gene, so that each regulator has as many negatives as edges; "rewired",
    /// targets exchanged between edges, so that each target has, too.
    #[option(default = "regulators")]
    kind: NegativesName,
    /// Number of negatives for each edge; an integer for "rewired".
    #[option(default = 1, above = 0, max = 1000)]
    ratio: f64,
    /// Names of the genes that are drawn from; all genes of the matrix unless given.
    genes: Option<Vec<String>>,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Draws pairs of genes that are no edges, as negatives for the edges of a network.
///
/// No pair is an edge, occurs twice, or has a gene with itself. With "random" negatives the name
/// of the regulator alone often separates edges from negatives, as few genes are regulators.
///
/// ```rhai
/// let m = expression::from(
///     [[1.0, 2.0], [2.0, 1.0], [1.0, 3.0], [4.0, 1.0], [1.0, 0.0]], ["A", "B", "c", "d", "e"]
/// );
/// let edges = table::from(#{ regulator: ["A", "A", "B"], target: ["c", "d", "e"] });
/// let negatives = network::negatives(m, edges, #{ kind: "regulators", seed: 1 });
/// assert_eq(negatives["regulator"], ["A", "A", "B"]);
/// let rewired = network::negatives(m, edges, #{ kind: "rewired", seed: 1 });
/// assert(rewired["target"].contains("e"));
/// ```
#[native(namespace = "network", returns = "table: regulator, target, label (0)")]
pub fn negatives(
    call: &Call,
    /// Expression matrix, whose genes are drawn.
    matrix: &Expressed,
    /// Edges: path of a file, what `network::gold` read, or table with regulator and target.
    edges: GoldSource,
    options: NegativesOptions,
) -> Result<Tabled> {
    let (known, left_out) = edges.0.0.edges_in(&matrix.0);
    if left_out > 0 {
        warnings::at(
            call,
            &format!("{left_out} edges have genes that the matrix lacks and are left out"),
        );
    }
    let genes = match &options.genes {
        Some(names) => matrix.0.all_positions(names)?,
        None => (0..matrix.0.genes().len()).collect(),
    };
    let how = match options.kind {
        NegativesName::Random => Negatives::Random,
        NegativesName::Regulators => Negatives::Regulators,
        NegativesName::Rewired => Negatives::Rewired,
    };
    if known.is_empty() {
        bail!("data", "no edge has genes of the matrix";
            hint: "the names of genes must be spelled alike in both");
    }
    let names = matrix.0.genes();
    let seed = options.seed.seed();
    let drawn = pairs::negatives(names, &known, &genes, how, options.ratio, seed)?;
    for note in &drawn.notes {
        warnings::at(call, note);
    }
    let column = |of: fn(&(usize, usize)) -> usize| {
        Cells::Text(
            drawn
                .pairs
                .iter()
                .map(|pair| names[of(pair)].clone())
                .collect(),
        )
    };
    Tabled::of(vec![
        ("regulator".into(), column(|pair| pair.0)),
        ("target".into(), column(|pair| pair.1)),
        ("label".into(), Cells::Whole(vec![0; drawn.pairs.len()])),
    ])
}

/// The pairs of the gold standard, in the order of its file.
///
/// ```rhai
/// table::from(#{ regulator: ["a", "a"], target: ["b", "c"] }).save("/tmp/cistron_gold.tsv");
/// assert_eq(network::gold("/tmp/cistron_gold.tsv").pairs["target"], ["b", "c"]);
/// ```
#[native(
    namespace = "gold_standard",
    form = property,
    name = "pairs",
    returns = "table: regulator, target, label (1 for edges, 0 for none)"
)]
pub fn gold_pairs(this: &Standard) -> Result<Tabled> {
    this.0.table().map(|table| Tabled(Rc::new(table)))
}

/// Writes the edges of a network for other programs, by the ending of the path.
///
/// .graphml is read by Cytoscape, Gephi and NetworkX; .tsv and .csv have the columns source,
/// interaction, target, score (and sign, where the edges have one), which Cytoscape imports as a
/// network; .sif has no scores.
///
/// ```rhai
/// let edges = table::from([#{ regulator: "A", target: "x", score: 0.9 }]);
/// network::save(edges, "/tmp/cistron_example_network.graphml");
/// network::save(edges, "/tmp/cistron_example_network.tsv");
/// ```
/// ```rhai,fails
/// network::save(table::from([#{ regulator: "A", target: "x", score: 0.9 }]), "/tmp/edges.png");
/// //~ a network is saved as .graphml, .tsv, .csv or .sif
/// ```
#[native(namespace = "network")]
pub fn save(
    /// Table with regulator, target and score, and perhaps sign ("+" or "-").
    edges: &Tabled,
    /// Path of the file, relative to the folder of the run unless it is absolute.
    path: &str,
) -> Result<()> {
    let signs = signs_of(&edges.0)?;
    let edges = Edges::of_table(&edges.0)?;
    export::save(&edges, signs.as_deref(), &output_path(path)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![pairs, negatives, gold_pairs, save,]
}
