//! `network::…`: regulatory networks from expression, and their agreement with known ones.

use crate::bail;
use crate::base::Result;
use crate::bind::args::expression::{Gnet2Options, GoldSource};
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Expressed, Standard, Tabled};
use crate::bind::warnings;
use crate::lang::value::{array, mismatch};
use crate::lang::{Call, Choice, FromValue, Native, Options, native, natives_of, session};
use crate::network::Edges;
use crate::network::correlation::Kind;
use crate::network::infer::information::Estimator;
use crate::network::infer::{self, Genie3Settings, Method, Question, Targets};
use crate::network::score::{self, Gold, ScoreSettings};
use rhai::{Dynamic, Map, NativeCallContext};
use std::rc::Rc;

/// How a network is inferred.
#[derive(Choice, PartialEq, Clone, Copy)]
pub enum MethodName {
    /// Mutual information.
    Mi,
    /// Context likelihood of relatedness.
    Clr,
    /// Mutual information without the weakest edge of each triangle.
    Aracne,
    /// Minimum redundancy, maximum relevance.
    Mrnet,
    /// Absolute correlation.
    Correlation,
    /// Importance in random forests.
    #[choice(name = "genie3")]
    Genie3,
    /// Regulatory modules.
    #[choice(name = "gnet2")]
    Gnet2,
}

/// How mutual information is estimated.
#[derive(Choice)]
pub enum EstimatorName {
    /// From Spearman's correlation.
    Spearman,
    /// From Pearson's correlation.
    Pearson,
    /// From counts in bins.
    Binned,
    /// From the distances of nearest neighbours.
    Nearest,
}

/// A correlation.
#[derive(Choice)]
pub enum CorrelationName {
    /// Of values.
    Pearson,
    /// Of ranks.
    Spearman,
    /// Of values given all other genes.
    Partial,
}

/// Which genes may be targets.
pub enum TargetsOption {
    /// All genes.
    All,
    /// Genes that are no regulators.
    Others,
    /// Those of these names.
    Names(Vec<String>),
}

impl FromValue for TargetsOption {
    fn kind() -> String {
        "\"all\", \"others\" or array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match value.clone().into_string().as_deref() {
            Ok("all") => Ok(TargetsOption::All),
            Ok("others") => Ok(TargetsOption::Others),
            _ => Vec::<String>::from_value(value, context)
                .map(TargetsOption::Names)
                .map_err(|_| mismatch(&Self::kind(), value)),
        }
    }
}

/// Options of `network::infer`.
#[derive(Options)]
pub struct InferOptions {
    /// Names of the regulators; all genes unless given.
    regulators: Option<Vec<String>>,
    /// Genes that may be targets: "all", "others" (those that are no regulators), or their names;
    /// of "gnet2" always the others.
    targets: Option<TargetsOption>,
    /// Estimate of mutual information: "spearman", -½ ln(1 - ρ²); "pearson"; "binned", from counts
    /// in √samples bins; or "nearest", from the distances of three nearest neighbours.
    #[option(default = "spearman")]
    estimator: EstimatorName,
    /// How much weaker the edge must be that "aracne" removes.
    #[option(default = 0, min = 0)]
    epsilon: f64,
    /// Correlation of "correlation": "pearson", "spearman", or "partial", given all other
    /// genes: the inverse of the correlations, shrunk towards 0 (Schäfer and Strimmer 2005).
    #[option(default = "pearson")]
    kind: CorrelationName,
    /// Number of trees for each target of "genie3".
    #[option(default = 1000, min = 1)]
    trees: usize,
    /// Number of regulators that "genie3" compares at each node; the root of their number unless
    /// given.
    features: Option<usize>,
    #[option(flatten)]
    modules: Gnet2Options,
    #[option(flatten)]
    seed: SeedOptions,
}

fn method_of(name: MethodName, options: &InferOptions) -> Method {
    match name {
        MethodName::Mi => Method::Mi,
        MethodName::Clr => Method::Clr,
        MethodName::Aracne => Method::Aracne {
            epsilon: options.epsilon,
        },
        MethodName::Mrnet => Method::Mrnet,
        MethodName::Correlation => Method::Correlation(match options.kind {
            CorrelationName::Pearson => Kind::Pearson,
            CorrelationName::Spearman => Kind::Spearman,
            CorrelationName::Partial => Kind::Partial,
        }),
        MethodName::Genie3 => Method::Genie3(Genie3Settings {
            trees: options.trees,
            features: options.features,
        }),
        MethodName::Gnet2 => Method::Gnet2(Box::new((&options.modules).into())),
    }
}

/// Infers a regulatory network from expression: edges in order of falling scores.
///
/// Mutual information, CLR, ARACNE and MRNET follow the rules of minet, GENIE3 those of its
/// authors' Python code, GNET2 those that `as` states. The symmetric methods return each pair of
/// genes once, unless `regulators` are given; "gnet2" needs them. Scores of different methods are
/// not comparable.
///
/// # Source
/// Meyer et al. 2008 (minet), Huynh-Thu et al. 2010 (GENIE3), Chen et al. 2020 (GNET2)
///
/// ```rhai
/// let m = expression::from(
///     [[1.0, 2.0, 3.0, 4.0], [1.1, 2.1, 2.9, 4.2], [2.0, 1.0, 4.0, 3.0]], ["a", "b", "c"]
/// );
/// let edges = network::infer("mi", m);
/// assert_eq(edges.names, ["regulator", "target", "score"]);
/// assert_eq(edges[0].target, "b");
/// assert_eq(network::infer("clr", m, #{ regulators: ["a"] }).len(), 2);
/// ```
/// ```rhai,fails
/// network::infer("gnet2", expression::from([[1.0, 2.0, 3.0, 4.0]], ["a"]));
/// //~ "gnet2" needs the option `regulators`
/// ```
#[native(namespace = "network", returns = "table: regulator, target, score", dry = infer_dry)]
pub fn infer(
    call: &Call,
    /// Method: "mi", "clr", "aracne", "mrnet", "correlation", "genie3" or "gnet2".
    method: MethodName,
    /// Expression of genes in samples.
    matrix: &Expressed,
    options: InferOptions,
) -> Result<Tabled> {
    if method == MethodName::Gnet2 && options.regulators.is_none() {
        bail!(
            "option",
            "\"gnet2\" needs the option `regulators`: the names of the regulators"
        );
    }
    let rows = |names: &Vec<String>| matrix.0.all_positions(names);
    let question = Question {
        regulators: options.regulators.as_ref().map(rows).transpose()?,
        targets: match &options.targets {
            None | Some(TargetsOption::All) => Targets::All,
            Some(TargetsOption::Others) => Targets::Others,
            Some(TargetsOption::Names(names)) => Targets::Rows(rows(names)?),
        },
        seed: options.seed.seed(),
    };
    let estimator = match options.estimator {
        EstimatorName::Spearman => Estimator::Spearman,
        EstimatorName::Pearson => Estimator::Pearson,
        EstimatorName::Binned => Estimator::Binned,
        EstimatorName::Nearest => Estimator::Nearest,
    };
    let edges = infer::infer(
        &method_of(method, &options),
        estimator,
        &matrix.0,
        &question,
    )?;
    for note in &edges.notes {
        warnings::at(call, note);
    }
    Ok(Tabled(Rc::new(edges.table()?)))
}

fn infer_dry(
    call: &Call,
    method: MethodName,
    matrix: &Expressed,
    options: InferOptions,
) -> Result<Tabled> {
    let is_slow = matches!(method, MethodName::Genie3 | MethodName::Gnet2);
    let method = if is_slow {
        MethodName::Correlation
    } else {
        method
    };
    // invented matrices have other genes
    let options = match session::is_guessed() {
        true => InferOptions {
            regulators: None,
            targets: None,
            ..options
        },
        false => options,
    };
    infer(call, method, matrix, options)
}

/// Reads a gold standard: known edges of a network.
///
/// The file has two columns (all pairs are edges), a third one with labels 0 and 1 (as in DREAM),
/// true and false, or with signs + and - (edges all), or is a matrix of labels, whose shorter side
/// has the regulators; its header may have an empty first cell. The label -1 is an edge that
/// represses, where other labels are 0. A header is recognised by common names, such as `TF` or
/// `target`; a first row that may be one is printed. `gene_a` and `gene_b` state that pairs have no
/// direction.
///
/// ```rhai
/// table::from(#{ regulator: ["a", "a"], target: ["b", "c"] }).save("/tmp/cistron_gold.tsv");
/// assert_eq(network::gold("/tmp/cistron_gold.tsv").regulators, ["a"]);
/// ```
#[native(namespace = "network", stand_in = gold_stand_in)]
pub fn gold(
    call: &Call,
    /// Path of the file.
    path: &str,
) -> Result<Standard> {
    let gold = Gold::read(&session::find_input(path)?)?;
    for note in &gold.notes {
        warnings::at(call, note);
    }
    Ok(Standard(Rc::new(gold)))
}

fn gold_stand_in(_: &Call, _: &str) -> Result<Standard> {
    let name = |i: usize| format!("G{}", i + 1);
    // the genes of a matrix that does not exist either
    let regulators = (0..40).map(|i| name(i % 10)).collect();
    let targets = (0..40).map(|i| name(10 + i * 7 % 30)).collect();
    Gold::new(regulators, targets, None, false).map(|gold| Standard(Rc::new(gold)))
}

/// The names of regulators with at least one edge.
///
/// ```rhai
/// table::from(#{ regulator: ["a", "a"], target: ["b", "c"] }).save("/tmp/cistron_gold.tsv");
/// assert_eq(network::gold("/tmp/cistron_gold.tsv").regulators, ["a"]);
/// ```
#[native(namespace = "gold_standard", form = property)]
pub fn regulators(this: &Standard) -> Vec<String> {
    this.0.sources()
}

/// Options of `network::score`.
#[derive(Options)]
pub struct ScoreOptions {
    /// Whether the order within pairs matters. Unless given, it does not where the edges list each
    /// pair of genes once, or the gold standard states no direction.
    directed: Option<bool>,
    /// Regulators of the pairs that are compared; those of the edges unless given.
    regulators: Option<Vec<String>>,
    /// Targets of the pairs that are compared; those of the edges unless given.
    targets: Option<Vec<String>>,
}

/// Compares edges with known ones: areas under the ROC and the precision-recall curve.
///
/// Pairs are those of the edges' regulators with their targets (without pairs of a gene with
/// itself), and where the gold standard has labels 0, those that it lists. Pairs that the edges do
/// not list rank last. Without directions a pair has the larger of two scores, and is an edge where
/// one of its directions is. `aupr` is the average precision, `early_precision` the precision among
/// as many edges as there are true ones; `unlisted` counts pairs that the edges do not list,
/// `left_out` true edges of other genes.
///
/// ```rhai
/// let edges = table::from([
///     #{ regulator: "a", target: "x", score: 0.9 }, #{ regulator: "a", target: "y", score: 0.1 },
///     #{ regulator: "b", target: "x", score: 0.2 }, #{ regulator: "b", target: "y", score: 0.5 },
/// ]);
/// let gold = table::from([#{ regulator: "a", target: "x" }, #{ regulator: "b", target: "y" }]);
/// let found = network::score(edges, gold);
/// assert_eq(found.auroc, 1.0);
/// assert_eq(found.pairs, 4);
/// ```
#[native(
    namespace = "network",
    returns = "map: auroc, aupr, early_precision, pairs, positives, unlisted, left_out, directed, \
        scores, labels",
    dry = score_dry
)]
pub fn score(
    /// Edges: table with regulator, target and score.
    edges: &Tabled,
    /// Known edges: path of a file, what `network::gold` read, or table with regulator, target and
    /// perhaps label (0 or 1, or the texts true and false).
    gold: GoldSource,
    options: ScoreOptions,
) -> Result<Map> {
    let settings = ScoreSettings {
        directed: options.directed,
        regulators: options.regulators,
        targets: options.targets,
    };
    let found = score::score(&Edges::of_table(&edges.0)?, &gold.0.0, &settings)?;
    let count = |n: usize| Dynamic::from(n as i64);
    Ok(Map::from([
        ("auroc".into(), found.auroc.into()),
        ("aupr".into(), found.aupr.into()),
        ("early_precision".into(), found.early_precision.into()),
        ("pairs".into(), count(found.pairs)),
        ("positives".into(), count(found.positives)),
        ("unlisted".into(), count(found.unlisted)),
        ("left_out".into(), count(found.left_out)),
        ("directed".into(), found.directed.into()),
        ("scores".into(), array(found.rows.0).into()),
        ("labels".into(), array(found.rows.1).into()),
    ]))
}

fn score_dry(edges: &Tabled, gold: GoldSource, options: ScoreOptions) -> Result<Map> {
    if !session::is_guessed() {
        return score(edges, gold, options);
    }
    let number = Dynamic::from(0.5);
    let count = Dynamic::from(1i64);
    Ok(Map::from([
        ("auroc".into(), number.clone()),
        ("aupr".into(), number.clone()),
        ("early_precision".into(), number),
        ("pairs".into(), count.clone()),
        ("positives".into(), count.clone()),
        ("unlisted".into(), count.clone()),
        ("left_out".into(), count),
        ("directed".into(), true.into()),
        ("scores".into(), array(vec![0.5, 0.25]).into()),
        ("labels".into(), array(vec![1.0, 0.0]).into()),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![infer, gold, regulators, score,]
}
