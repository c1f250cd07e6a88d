//! `network::modules`: GNET2's regulatory modules.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::expression::{Gnet2Options, tensor_of_rows};
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Expressed, ModuleSet, Tabled};
use crate::bind::warnings;
use crate::lang::value::{array, number};
use crate::lang::{Call, Native, Options, native, natives_of};
use crate::network::correlation::{self, Kind};
use crate::network::gnet2::coherence::Coherence;
use crate::network::gnet2::{Cut, Module, Settings, Split, learn};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

/// Options of `network::modules`.
#[derive(Options)]
pub struct ModulesOptions {
    #[option(flatten)]
    modules: Gnet2Options,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Learns regulatory modules: genes that follow one tree of regulators (GNET2).
///
/// Genes that are no regulators are grouped, each group is given a tree whose splits of the samples
/// raise the normal likelihood most, and genes join the tree that they are most likely in, until
/// nothing changes. Genes with a variance of at most 0.0001 are dropped.
///
/// # Source
/// Chen et al. 2020 (GNET2). Text and code differ in the number of groups, the leaves, and the
/// scores of modules and edges; `as` chooses.
///
/// ```rhai
/// let x = (0..24).map(|i| i % 2 + i * 0.01);
/// let y = (0..24).map(|i| (if i < 12 { 1.0 } else { 0.0 }) + i * 0.007);
/// let genes = (0..8).map(|g| {
///     (0..24).map(|i| (if g < 4 { x[i] } else { y[i] }) + i * g % 5 * 0.05)
/// });
/// let names = (0..8).map(|g| `gene${g}`);
/// let m = expression::from([x, y] + genes, ["X", "Y"] + names);
/// let found = network::modules(m, ["X", "Y"], #{ seed: 1 });
/// assert(found.len() > 0);
/// assert_eq(found.edges.names, ["regulator", "target", "score"]);
/// ```
#[native(namespace = "network")]
pub fn modules(
    call: &Call,
    /// Expression of genes in samples.
    matrix: &Expressed,
    /// Names of the regulators.
    regulators: Vec<String>,
    options: ModulesOptions,
) -> Result<ModuleSet> {
    let rows = matrix.0.all_positions(&regulators)?;
    let settings: Settings = (&options.modules).into();
    if settings.bootstraps > 0 {
        bail!("option", "modules are learned from all samples";
            hint: "`network::infer(\"gnet2\", …, #{{ bootstraps }})` averages edges of runs");
    }
    let found = learn(&matrix.0, &rows, &settings, options.seed.seed())?;
    for note in &found.notes {
        warnings::at(call, note);
    }
    Ok(ModuleSet(Rc::new(found)))
}

/// Returns the number of modules.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [1.0, 1.1, 0.0, 0.1]],
///     ["X", "a", "b"]);
/// assert(network::modules(m, ["X"], #{ seed: 1 }).len() <= 2);
/// ```
#[native(namespace = "modules", form = method)]
pub fn len(this: &ModuleSet) -> i64 {
    this.0.modules.len() as i64
}

fn names(this: &ModuleSet, rows: &[usize]) -> Array {
    array(rows.iter().map(|row| this.0.matrix.genes()[*row].clone()))
}

fn samples(all: &[usize]) -> Array {
    array(all.iter().map(|sample| *sample as i64))
}

fn split_map(this: &ModuleSet, split: &Split) -> Map {
    let cut: Dynamic = match split.cut {
        Cut::Low => "low".into(),
        Cut::High => "high".into(),
        Cut::Value(value) => value.into(),
    };
    Map::from([
        (
            "regulator".into(),
            this.0.matrix.genes()[split.regulator].clone().into(),
        ),
        ("cut".into(), cut),
        ("left".into(), samples(&split.left).into()),
        ("right".into(), samples(&split.right).into()),
        ("gain".into(), split.gain.into()),
    ])
}

/// Returns a module: genes, tree, leaf of each sample, and scores.
///
/// `splits` are in the order in which they were made: regulator, cut ("low": low against middle and
/// high; "high"; or a value), the numbers of the samples on the low side (`left`) and on the other,
/// and the gain of log-likelihood. `score` is the mean correlation of pairs of genes, `leaf_score`
/// that of the samples of each leaf, weighed by their number.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 0.1, 1.0, 1.1, 1.0, 0.5, 0.5], [0.0, 0.1, 0.0, 1.0, 1.1,
///     1.3, 0.5, 0.6], [0.1, 0.1, 0.0, 1.2, 1.1, 0.9, 0.4, 0.6]], ["X", "a", "b"]);
/// let found = network::modules(m, ["X"], #{ seed: 1 });
/// if found.len() > 0 { assert_eq(found[0].splits[0].regulator, "X"); }
/// ```
#[native(
    namespace = "modules",
    form = index,
    returns = "map: genes, regulators, splits, leaves, score, leaf_score"
)]
pub fn index(
    this: &ModuleSet,
    /// Number of the module, from 0.
    i: i64,
) -> Result<Map> {
    let all = &this.0.modules;
    let module: &Module = &all[crate::base::shape::index(i, all.len(), "modules")?];
    let regulators: Vec<usize> = module
        .tree
        .splits
        .iter()
        .map(|split| split.regulator)
        .collect();
    let splits = module
        .tree
        .splits
        .iter()
        .map(|split| split_map(this, split));
    Ok(Map::from([
        ("genes".into(), names(this, &module.genes).into()),
        ("regulators".into(), names(this, &regulators).into()),
        ("splits".into(), array(splits).into()),
        ("leaves".into(), samples(&module.tree.leaves).into()),
        ("score".into(), module.score.into()),
        ("leaf_score".into(), module.leaf_score.into()),
    ]))
}

/// The modules of genes: a table with module, gene and score of the module.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [1.0, 1.1, 0.0, 0.1]],
///     ["X", "a", "b"]);
/// assert_eq(network::modules(m, ["X"]).table.names, ["module", "gene", "score"]);
/// ```
#[native(namespace = "modules", form = property)]
pub fn table(this: &ModuleSet) -> Result<Tabled> {
    let (numbers, genes, scores) = this.0.members();
    let genes = genes.iter().map(|row| this.0.matrix.genes()[*row].clone());
    Tabled::of(vec![
        ("module".into(), Cells::Whole(numbers)),
        ("gene".into(), Cells::Text(genes.collect())),
        ("score".into(), Cells::Number(scores)),
    ])
}

/// The edges from regulators to genes and to other regulators, in order of falling scores.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [1.0, 1.1, 0.0, 0.1]],
///     ["X", "a", "b"]);
/// assert_eq(network::modules(m, ["X"]).edges.len(), 2);
/// ```
#[native(namespace = "modules", form = property)]
pub fn edges(this: &ModuleSet) -> Result<Tabled> {
    Ok(Tabled(Rc::new(this.0.all_edges()?.table()?)))
}

/// The correlation of ranks of each regulator (rows) with each gene of the matrix.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [1.0, 1.1, 0.0, 0.1]],
///     ["X", "a", "b"]);
/// assert_eq(network::modules(m, ["X"]).correlations.shape, [1, 3]);
/// ```
#[native(namespace = "modules", form = property, returns = "tensor [regulators, genes]")]
pub fn correlations(this: &ModuleSet) -> Result<crate::torch::Tensor> {
    let all = correlation::matrix(&this.0.matrix, Kind::Spearman)?;
    tensor_of_rows(all.select(ndarray::Axis(0), &this.0.regulators).view())
}

/// Options of `modules.coherence`.
#[derive(Options)]
pub struct CoherenceOptions {
    /// Whether labels have an order, as doses and times have; they must be numbers then.
    #[option(default = false)]
    ordinal: bool,
    /// Number of random labellings, with labels drawn with replacement from the distinct ones.
    #[option(default = 1000, min = 1)]
    relabellings: usize,
    #[option(flatten)]
    seed: SeedOptions,
}

fn coherence_table(all: &[Coherence]) -> Result<Tabled> {
    let cells = |of: fn(&Coherence) -> f64| Cells::Number(all.iter().map(of).collect());
    let modules = (0..all.len() as i64).collect();
    Tabled::of(vec![
        ("module".into(), Cells::Whole(modules)),
        ("value".into(), cells(|own| own.value)),
        ("p_value".into(), cells(|own| own.p_value)),
        ("score".into(), cells(|own| own.score)),
    ])
}

/// Compares the groups of samples of each module with conditions.
///
/// `value` is the adjusted Rand index of labels and leaves, or with `ordinal` the divergence of
/// their ranks from the leaves; `p_value` the share of random labellings that agree better; `score`
/// with `ordinal` the negative z-score of the divergence among the modules.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [1.0, 1.1, 0.0, 0.1]],
///     ["X", "a", "b"]);
/// let found = network::modules(m, ["X"]).coherence(["ctl", "ctl", "drug", "drug"]);
/// assert_eq(found.names, ["module", "value", "p_value", "score"]);
/// ```
#[native(namespace = "modules", form = method, returns = "table: module, value, p_value, score")]
pub fn coherence(
    this: &ModuleSet,
    /// Label of each sample.
    labels: Array,
    options: CoherenceOptions,
) -> Result<Tabled> {
    let (repeats, seed) = (options.relabellings, options.seed.seed());
    if options.ordinal {
        let numbers = labels.iter().map(|label| {
            number(label).ok_or_else(|| fault!("type", "labels with an order must be numbers"))
        });
        let numbers: Vec<f64> = numbers.collect::<Result<_>>()?;
        return coherence_table(&this.0.order(&numbers, repeats, seed)?);
    }
    let texts: Vec<String> = labels.iter().map(ToString::to_string).collect();
    coherence_table(&this.0.categories(&texts, repeats, seed)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![modules, len, index, table, edges, correlations, coherence,]
}
