//! `graph::…`: graphs of points, and batches of them.

use crate::base::{Result, shape};
use crate::bind::args::protein::Points;
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of, session};
use crate::protein::graph::{self, Edges};
use crate::torch::{Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// Points, and whether they are of single precision.
pub struct PrecisePoints {
    points: Points,
    is_single: bool,
}

impl FromValue for PrecisePoints {
    fn kind() -> String {
        Points::kind()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let tensor = value.read_lock::<Tensor>();
        let is_single = tensor.is_some_and(|tensor| tensor.kind() == Kind::Float);
        Ok(PrecisePoints {
            points: Points::from_value(value, context)?,
            is_single,
        })
    }
}

/// Options of `graph::radius`.
#[derive(Options)]
pub struct RadiusOptions {
    /// Whether each point has an edge to itself.
    #[option(default = false)]
    loops: bool,
}

fn edges_tensor(edges: &Edges) -> Result<Tensor> {
    let first = edges.iter().map(|edge| edge.0 as i64);
    let both: Vec<i64> = first
        .chain(edges.iter().map(|edge| edge.1 as i64))
        .collect();
    Tensor::from_i64(&both, &[2, edges.len() as i64])
}

/// Returns the edges between points that are at most `cutoff` apart, in both directions.
///
/// Edges are sorted by their first and then by their second point. Distances from a float32 tensor
/// are compared with the cutoff as float32, others as float64.
///
/// ```rhai
/// let points = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0]];
/// assert_eq(graph::radius(points, 1.0), [[0, 1], [1, 0]]);
/// assert_eq(graph::radius(points, 1.0, #{ loops: true }).shape, [2, 5]);
/// ```
#[native(namespace = "graph", returns = "tensor [2, edges] int64")]
pub fn radius(
    /// Points [n, 3], or a protein, of which the Cα are taken.
    points: PrecisePoints,
    /// Largest distance, included; of a protein in Å.
    #[check(min = 0)]
    cutoff: f64,
    options: RadiusOptions,
) -> Result<Tensor> {
    let rows = &points.points.0;
    let edges = match points.is_single {
        true => graph::radius_single(rows, cutoff, options.loops)?,
        false => graph::radius(rows, cutoff, options.loops)?,
    };
    edges_tensor(&edges)
}

/// Returns the edges from each point to its nearest other points, nearest first.
///
/// Of points at the same distance that with the smaller number comes first. Where there are fewer
/// other points than asked for, there are edges to all of them.
///
/// ```rhai
/// let points = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0]];
/// assert_eq(graph::nearest(points, 1), [[0, 1, 2], [1, 0, 1]]);
/// ```
#[native(namespace = "graph", returns = "tensor [2, edges] int64")]
pub fn nearest(
    /// Points [n, 3], or a protein, of which the Cα are taken.
    points: Points,
    /// Edges from each point.
    #[check(min = 1)]
    count: usize,
) -> Result<Tensor> {
    edges_tensor(&graph::nearest(&points.0, count)?)
}

/// Combines graphs into a batch: each tensor is padded at the end of its axes to the largest of the
/// batch, and the tensors of a name are stacked.
///
/// Numbers are padded with 0, tensors called `edges` and `neighbours` with -1, which layers of
/// `std/layers/egnn` ignore. The batch has `mask`, [batch, n], as well: 1 where a graph has a node
/// (a row of `nodes`, else of `coordinates`), 0 where it is padded.
///
/// ```rhai
/// let one = |n| {
///     let x = tensor::randn([n, 3], #{ seed: n });
///     #{ nodes: tensor::ones([n, 4]), coordinates: x, edges: graph::radius(x, 9.0) }
/// };
/// let batch = graph::batch([one.call(3), one.call(2)]);
/// assert_eq([batch.nodes.shape, batch.edges.shape], [[2, 3, 4], [2, 2, 6]]);
/// assert_eq(batch.mask, [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]);
/// assert_eq(batch.edges[1][0], [0, 1, -1, -1, -1, -1]);
/// ```
/// ```rhai,fails
/// graph::batch([#{ nodes: tensor::ones([2, 4]) }, #{ edges: tensor::ones([2, 4]) }]);
/// //~ graph 1 has no `nodes`
/// ```
#[native(namespace = "graph", returns = "map of tensors")]
pub fn batch(
    /// Maps of tensors with the same names, one for each graph.
    graphs: Array,
) -> Result<Map> {
    let maps = graphs.iter().enumerate().map(|(i, graph)| {
        let map = graph.read_lock::<Map>().map(|map| map.clone());
        map.ok_or_else(|| {
            fault!(
                "type",
                "graph {i} must be a map, got {}",
                session::describe(graph)
            )
        })
    });
    let maps: Vec<Map> = maps.collect::<Result<_>>()?;
    let Some(first) = maps.first() else {
        bail!("value", "a batch needs at least one graph");
    };
    let mut out = Map::new();
    for name in first.keys() {
        let tensors = column(&maps, name)?;
        let fill = if ["edges", "neighbours"].contains(&name.as_str()) {
            -1.0
        } else {
            0.0
        };
        out.insert(name.clone(), padded(&tensors, name, fill)?.into_value());
    }
    for (i, map) in maps.iter().enumerate() {
        if let Some(name) = map.keys().find(|name| !first.contains_key(*name)) {
            bail!(
                "value",
                "graph {i} has `{name}`, which the first graph has not"
            );
        }
    }
    let rows = ["nodes", "coordinates"]
        .into_iter()
        .find(|name| first.contains_key(*name));
    if let Some(name) = rows {
        let tensors = column(&maps, name)?;
        let ones = |tensor: &Tensor| Tensor::ones(&[tensor.shape().first().copied().unwrap_or(0)]);
        let ones: Vec<Tensor> = tensors.iter().map(ones).collect::<Result<_>>()?;
        out.insert("mask".into(), padded(&ones, "mask", 0.0)?.into_value());
    }
    Ok(out)
}

/// The tensors of a name.
fn column(maps: &[Map], name: &str) -> Result<Vec<Tensor>> {
    let tensor = |(i, map): (usize, &Map)| {
        let Some(value) = map.get(name) else {
            bail!(
                "value",
                "graph {i} has no `{name}`, which the first graph has"
            );
        };
        let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
        tensor.ok_or_else(|| {
            let got = session::describe(value);
            fault!("type", "`{name}` of graph {i} must be a tensor, got {got}")
        })
    };
    maps.iter().enumerate().map(tensor).collect()
}

/// Tensors padded to the largest along each axis, and stacked.
fn padded(tensors: &[Tensor], name: &str, fill: f64) -> Result<Tensor> {
    let rank = tensors.first().map_or(0, Tensor::rank);
    if let Some(other) = tensors.iter().find(|tensor| tensor.rank() != rank) {
        let (a, b) = (
            shape::text(&tensors[0].shape()),
            shape::text(&other.shape()),
        );
        bail!("shape", "`{name}` is {a} in one graph and {b} in another");
    }
    let most = |axis: usize| {
        tensors
            .iter()
            .map(|tensor| tensor.shape()[axis])
            .max()
            .unwrap_or(0)
    };
    let sizes: Vec<i64> = (0..rank).map(most).collect();
    let whole = |tensor: &Tensor| grown(tensor, &sizes, fill);
    let all: Vec<Tensor> = tensors.iter().map(whole).collect::<Result<_>>()?;
    Tensor::stack(&all, 0)
}

/// A tensor padded to the size of each axis.
fn grown(tensor: &Tensor, sizes: &[i64], fill: f64) -> Result<Tensor> {
    let mut out = tensor.clone();
    for (axis, size) in sizes.iter().enumerate() {
        out = grown_to(&out, axis, *size, fill)?;
    }
    Ok(out)
}

/// A tensor with more numbers at the end of an axis.
fn grown_to(tensor: &Tensor, axis: usize, size: i64, fill: f64) -> Result<Tensor> {
    let mut more = tensor.shape();
    more[axis] = size - more[axis];
    if more[axis] == 0 {
        return Ok(tensor.clone());
    }
    let rest = Tensor::full(&more, fill, tensor.kind(), tensor.device())?;
    Tensor::cat(&[tensor.clone(), rest], axis as i64)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![radius, nearest, batch]
}
