//! `plot::…`: regulatory modules, their trees, networks and knees.

use crate::base::Result;
use crate::bind::args::figure::in_order;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{ModuleSet, Tabled};
use crate::lang::{Native, Options, native, natives_of};
use crate::network::Edges;
use crate::network::cluster::knee as knees;
use crate::network::edges::signs_of;
use crate::network::gnet2::{Cut, Node};
use crate::plot::{
    self, Chart, Dots, Figure, Graph, ModuleMap, Series, Structure, Trace, Tree, TreeNode,
};
use crate::{bail, fault};
use rhai::{Dynamic, Identifier, Map};

/// Options of `plot::module`.
#[derive(Options)]
pub struct ModuleOptions {
    /// Label of each sample, such as its condition, which is drawn above the regulators.
    #[option(default = [])]
    labels: Vec<String>,
}

/// Draws a regulatory module: its regulators as bars above the expression of its genes.
///
/// Samples are columns, in the order of the leaves of the module's tree, which lines separate;
/// genes are rows, in the order of a dendrogram (Ward). Colours are z-scores over all samples.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 0.1, 1.0, 1.1, 1.0, 0.5, 0.5], [0.0, 0.1, 0.0, 1.0, 1.1,
///     1.3, 0.5, 0.6], [0.1, 0.1, 0.0, 1.2, 1.1, 0.9, 0.4, 0.6]], ["X", "a", "b"]);
/// let found = network::modules(m, ["X"], #{ seed: 1 });
/// if found.len() > 0 { assert_eq(plot::module(found, 0).title, "module 0: 2 genes"); }
/// ```
#[native(namespace = "plot")]
pub fn module(
    /// Modules that `network::modules` returns.
    modules: &ModuleSet,
    /// Number of the module, from 0.
    i: i64,
    options: ModuleOptions,
) -> Result<Figure> {
    let view = modules.0.view(i)?;
    let matrix = &modules.0.matrix;
    let count = matrix.samples().len();
    if !options.labels.is_empty() && options.labels.len() != count {
        bail!(
            "option",
            "option `labels` names {} of {count} samples",
            options.labels.len()
        );
    }
    let name = |row: &usize| matrix.genes()[*row].clone();
    let mut rows = view.z_scores.rows().into_iter().map(|row| row.to_vec());
    let regulators: Vec<_> = view
        .regulators
        .iter()
        .map(name)
        .zip(rows.by_ref())
        .collect();
    let map = ModuleMap {
        genes: view.genes.iter().map(name).collect(),
        values: rows.collect(),
        regulators,
        labels: view
            .samples
            .iter()
            .filter_map(|at| options.labels.get(*at).cloned())
            .collect(),
        cuts: view.cuts,
        merges: view.merges,
    };
    let title = format!("module {i}: {} genes", map.genes.len());
    Ok(plot::module(&title, map))
}

/// The words of a node: those of a split or of a leaf.
fn tree_node(modules: &ModuleSet, node: &Node) -> TreeNode {
    let Some((split, low, high)) = node.split else {
        return TreeNode {
            label: format!("{} samples", node.samples.len()),
            detail: "leaf".into(),
            branches: None,
        };
    };
    let words = match split.cut {
        Cut::Low => ["low".to_string(), "middle, high".into()],
        Cut::High => ["low, middle".to_string(), "high".into()],
        Cut::Value(value) => [format!("≤ {value:.3}"), format!("> {value:.3}")],
    };
    let [below, above] = words;
    TreeNode {
        label: modules.0.matrix.genes()[split.regulator].clone(),
        detail: format!("gain {:.1}", split.gain),
        branches: Some([(low, below), (high, above)]),
    }
}

/// Draws the tree of a module: a regulator at each split, the number of samples at each leaf.
///
/// ```rhai
/// let m = expression::from([[0.0, 0.0, 0.1, 1.0, 1.1, 1.0, 0.5, 0.5], [0.0, 0.1, 0.0, 1.0, 1.1,
///     1.3, 0.5, 0.6], [0.1, 0.1, 0.0, 1.2, 1.1, 0.9, 0.4, 0.6]], ["X", "a", "b"]);
/// let found = network::modules(m, ["X"], #{ seed: 1 });
/// if found.len() > 0 { assert_eq(plot::tree(found, 0).title, "tree of module 0"); }
/// ```
#[native(namespace = "plot")]
pub fn tree(
    /// Modules that `network::modules` returns.
    modules: &ModuleSet,
    /// Number of the module, from 0.
    i: i64,
) -> Result<Figure> {
    let all = &modules.0.modules;
    let module = &all[crate::base::shape::index(i, all.len(), "modules")?];
    let nodes = module.tree.nodes();
    let nodes = nodes.iter().map(|node| tree_node(modules, node)).collect();
    Ok(plot::tree(&format!("tree of module {i}"), Tree { nodes }))
}

/// Options of `plot::network`.
#[derive(Options)]
pub struct NetworkOptions {
    /// Largest number of edges; those of the highest scores are drawn.
    #[option(default = 150, min = 1, max = 5000)]
    edges: usize,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Draws a network: regulators and targets as circles, edges as arrows.
///
/// Nodes are placed by forces: they repel each other and edges attract. Circles grow with the
/// number of edges, arrows with their score. Edges whose column `sign` is "-" end in a bar.
///
/// # Source
/// Fruchterman & Reingold 1991
///
/// ```rhai
/// let edges = table::from([
///     #{ regulator: "A", target: "x", score: 0.9 }, #{ regulator: "A", target: "y", score: 0.4 },
/// ]);
/// assert_eq(plot::network("edges", edges).title, "edges");
/// ```
#[native(namespace = "plot")]
pub fn network(
    /// Title of the figure.
    title: &str,
    /// Table with regulator, target and score, and perhaps sign ("+" or "-").
    edges: &Tabled,
    options: NetworkOptions,
) -> Result<Figure> {
    let list = Edges::of_table(&edges.0)?;
    let total = list.len();
    if total == 0 {
        bail!("value", "there are no edges");
    }
    let strongest = list.strongest(options.edges, signs_of(&edges.0)?.as_deref());
    let mut graph = Graph::of(&strongest, options.seed.seed());
    graph.text = match strongest.len() < total {
        true => format!("{} of {total} edges", strongest.len()),
        false => format!("{total} edges"),
    };
    Ok(plot::graph(title, graph))
}

/// Draws chains of points in space, such as Cα traces of superposed proteins.
///
/// The picture is the projection onto the plane in which the first chain is widest; near lines are
/// broad and dark. In `report.html` the figure can be turned by the pointer or the arrow keys and
/// enlarged by the wheel or + and -.
///
/// ```rhai
/// let own = protein::from(tensor::randn([9, 3], #{ seed: 1 }));
/// assert_eq(plot::structure("native", #{ native: own.ca }).title, "native");
/// ```
/// ```rhai,fails
/// plot::structure("flat", #{ a: tensor::zeros([9, 2]) });
/// //~ trace "a" must be [points, 3], got [9, 2]
/// ```
#[native(namespace = "plot")]
pub fn structure(
    /// Title of the figure.
    title: &str,
    /// Map of name to points, [points, 3], Å, in order; a line has a gap at a point of NaN. The
    /// first in natural order states the view.
    traces: &Map,
) -> Result<Figure> {
    let of = |(name, points): (&Identifier, &Dynamic)| {
        let points = tensor_of(points)?;
        let shape = points.shape();
        if shape.len() != 2 || shape[1] != 3 {
            bail!(
                "shape",
                "trace \"{name}\" must be [points, 3], got {}",
                crate::base::shape::text(&shape)
            );
        }
        Ok(Trace::of(name, &points.to_f64()?))
    };
    let traces = in_order(traces).into_iter();
    let traces = traces.map(of).collect::<Result<Vec<_>>>()?;
    if traces.is_empty() {
        bail!("value", "there are no traces");
    }
    Ok(plot::structure(title, Structure { traces }))
}

/// Draws falling numbers with their knee, where two lines fit them best.
///
/// ```rhai
/// let f = plot::knee("groups", [9.0, 8.5, 8.0, 7.6, 3.0, 2.8, 2.5, 2.4, 2.3, 2.2]);
/// assert_eq(f.title, "groups");
/// ```
/// ```rhai,fails
/// plot::knee("groups", [3.0, 2.0]);
/// //~ needs at least 4 values
/// ```
#[native(namespace = "plot")]
pub fn knee(
    /// Title of the figure.
    title: &str,
    /// Numbers in falling order.
    values: Vec<f64>,
) -> Result<Figure> {
    knees::check(&values)?;
    let Some((at, lines)) = knees::lines(&values) else {
        return Err(fault!(
            "value",
            "a knee needs at least 4 values, got {}",
            values.len()
        ));
    };
    let [first, second] = lines;
    let chart = Chart {
        x: format!("number; knee at {at}"),
        y: "value".into(),
        lines: vec![
            Series {
                name: String::new(),
                points: first,
            },
            Series {
                name: String::new(),
                points: second,
            },
        ],
        dots: vec![Dots {
            name: String::new(),
            points: plot::kinds::numbered(&values),
        }],
        mark: Some(at as f64),
        ..Chart::default()
    };
    Ok(plot::chart(title, chart))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![module, tree, network, knee, structure,]
}
