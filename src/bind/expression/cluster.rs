//! `cluster::…`: k-means, principal components, dendrograms, agreement of clusters.

use crate::base::Result;
use crate::base::table::{Cells, whole};
use crate::bind::args::expression::{NumberRows, tensor_of_rows};
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::Tabled;
use crate::fault;
use crate::lang::value::array;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::network::cluster::hierarchical::{self as merging, Distance, Linkage, Merge};
use crate::network::cluster::kmeans::{self as means, KMeansSettings, Start};
use crate::network::cluster::{agreement, knee as knees, levels as exact, pca as components};
use crate::torch::Tensor;
use rhai::{Array, Dynamic, Map};

/// Options of `cluster::kmeans` and `cluster::elbow`.
#[derive(Options)]
pub struct KMeansOptions {
    /// Number of runs, of which the one with the smallest sum of squares is returned.
    #[option(default = 10, min = 1)]
    restarts: usize,
    /// Largest number of iterations of a run.
    #[option(default = 300, min = 1)]
    iterations: usize,
    #[option(flatten)]
    seed: SeedOptions,
}

impl KMeansOptions {
    fn settings(&self, clusters: i64) -> KMeansSettings {
        KMeansSettings {
            clusters: usize::try_from(clusters).unwrap_or(0),
            start: Start::PlusPlus,
            restarts: self.restarts,
            iterations: self.iterations,
            seed: self.seed.seed(),
        }
    }
}

fn integers(labels: &[usize]) -> Array {
    array(labels.iter().map(|label| *label as i64))
}

/// The number of each distinct value, in order of their first rows; 1 and 1.0 are one value.
fn numbered(labels: &Array) -> Vec<usize> {
    let mut seen = std::collections::HashMap::new();
    let number = |label: &Dynamic| {
        let next = seen.len();
        let float = label.as_float().ok().filter(|x| !x.is_nan());
        let value = float.map_or_else(|| label.to_string(), |x| whole(x + 0.0));
        *seen.entry(value).or_insert(next)
    };
    labels.iter().map(number).collect()
}

/// Clusters rows by k-means: k-means++, Lloyd's iterations, then single moves until none helps.
///
/// Clusters are numbered from 0 in order of their first rows. Fewer clusters are returned where
/// fewer rows differ.
///
/// # Source
/// Arthur & Vassilvitskii 2007; Hartigan & Wong 1979
///
/// ```rhai
/// let found = cluster::kmeans([[0.0], [0.1], [5.0], [5.1]], 2, #{ seed: 1 });
/// assert_eq(found.labels, [0, 0, 1, 1]);
/// assert_near(found.inertia, 0.01, 1e-9);
/// ```
#[native(
    namespace = "cluster",
    returns = "map: labels, centres [clusters, columns], inertia, converged"
)]
pub fn kmeans(
    /// Rows of numbers, or an expression, whose genes are rows.
    rows: NumberRows,
    /// Number of clusters, at most that of the rows.
    clusters: i64,
    options: KMeansOptions,
) -> Result<Map> {
    let found = means::kmeans(rows.0.view(), &options.settings(clusters))?;
    Ok(Map::from([
        ("labels".into(), integers(&found.labels).into()),
        (
            "centres".into(),
            Dynamic::from(tensor_of_rows(found.centres.view())?),
        ),
        ("inertia".into(), found.inertia.into()),
        ("converged".into(), found.is_converged.into()),
    ]))
}

/// Runs k-means for 1 to a number of clusters: sums of squares for an elbow plot.
///
/// ```rhai
/// let sums = cluster::elbow([[0.0], [0.1], [5.0], [5.1]], 3, #{ seed: 1 });
/// assert_eq(sums["clusters"], [1, 2, 3]);
/// assert(sums["inertia"][1] < 0.02);
/// ```
#[native(namespace = "cluster", returns = "table: clusters, inertia")]
pub fn elbow(
    /// Rows of numbers, or an expression, whose genes are rows.
    rows: NumberRows,
    /// Largest number of clusters.
    #[check(min = 1)]
    most: i64,
    options: KMeansOptions,
) -> Result<Tabled> {
    let one = |clusters| Ok(means::kmeans(rows.0.view(), &options.settings(clusters))?.inertia);
    let inertia: Vec<f64> = (1..=most).map(one).collect::<Result<_>>()?;
    Tabled::of(vec![
        ("clusters".into(), Cells::Whole((1..=most).collect())),
        ("inertia".into(), Cells::Number(inertia)),
    ])
}

/// Returns the level of each number by k-means in one dimension, solved exactly; 0 is the lowest.
///
/// Equal numbers share a level.
///
/// ```rhai
/// assert_eq(cluster::levels([5.0, 0.0, 5.1, 9.0], 3), [1, 0, 1, 2]);
/// ```
#[native(namespace = "cluster", returns = "array of integers")]
pub fn levels(
    /// Finite numbers.
    values: Vec<f64>,
    /// Number of levels.
    #[default(3)]
    #[check(min = 1)]
    count: i64,
) -> Result<Array> {
    if let Some(x) = values.iter().find(|x| !x.is_finite()) {
        return Err(fault!("value", "`values` must be finite, got {x}"));
    }
    Ok(integers(&exact::levels(&values, count as usize)))
}

/// Returns the first principal components of rows; columns are centred, not scaled.
///
/// The largest entry of each direction is positive. `explained` are shares of the total variance.
/// Directions beyond the rank of the rows, such as the last one of no more rows than columns, have
/// variance 0 and are any at right angles to the others.
///
/// ```rhai
/// let found = cluster::pca([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]], 1);
/// assert_near(found.explained, [1.0]);
/// assert_near(found.components[0], [0.6, 0.8]);
/// ```
#[native(
    namespace = "cluster",
    returns = "map: scores [rows, components], components [components, columns], variances, \
        explained, means"
)]
pub fn pca(
    /// Rows of numbers, or an expression, whose genes are rows.
    rows: NumberRows,
    /// Number of components, at most that of the rows and columns.
    #[default(2)]
    count: i64,
) -> Result<Map> {
    let found = components::pca(rows.0.view(), usize::try_from(count).unwrap_or(0))?;
    Ok(Map::from([
        (
            "scores".into(),
            Dynamic::from(tensor_of_rows(found.scores.view())?),
        ),
        (
            "components".into(),
            Dynamic::from(tensor_of_rows(found.components.view())?),
        ),
        ("variances".into(), array(found.variances).into()),
        ("explained".into(), array(found.shares).into()),
        ("means".into(), array(found.means).into()),
    ]))
}

/// How the distance of clusters is defined.
#[derive(Choice)]
pub enum LinkageName {
    /// Growth of the sum of squares.
    Ward,
    /// Mean distance of pairs.
    Average,
    /// Largest distance of pairs.
    Complete,
    /// Smallest distance of pairs.
    Single,
}

/// A distance of rows.
#[derive(Choice)]
pub enum DistanceName {
    /// Euclidean.
    Euclidean,
    /// 1 less Pearson's correlation; constant rows are an error.
    Correlation,
}

/// Options of `cluster::hierarchical`.
#[derive(Options)]
pub struct HierarchicalOptions {
    /// Distance of clusters: "ward", growth of the sum of squares; "average", "complete" or
    /// "single", mean, largest or smallest distance of pairs.
    #[option(default = "ward")]
    linkage: LinkageName,
    /// Distance of rows: "euclidean", or "correlation", 1 less Pearson's correlation, for which
    /// constant rows are an error.
    #[option(default = "euclidean")]
    distance: DistanceName,
    /// Number of clusters of `labels`.
    clusters: Option<usize>,
}

/// Clusters rows hierarchically: the merges as SciPy's `linkage` lists them.
///
/// Rows have the numbers 0 to n - 1, the cluster of merge i has n + i. `order` are the rows from
/// left to right of a dendrogram; `labels` the clusters where `clusters` are left.
///
/// # Source
/// Müllner 2011 (fastcluster, by the crate kodama)
///
/// ```rhai
/// let found = cluster::hierarchical([[0.0], [1.0], [5.0], [7.0]], #{ clusters: 2 });
/// assert_eq(found.labels, [0, 0, 1, 1]);
/// assert_near(found.merges["height"], [1.0, 2.0, 7.778174593052023], 1e-9);
/// ```
#[native(
    namespace = "cluster",
    returns = "map: merges (table: first, second, height, size), order, labels"
)]
pub fn hierarchical(
    /// Rows of numbers, or an expression, whose genes are rows.
    rows: NumberRows,
    options: HierarchicalOptions,
) -> Result<Map> {
    let linkage = match options.linkage {
        LinkageName::Ward => Linkage::Ward,
        LinkageName::Average => Linkage::Average,
        LinkageName::Complete => Linkage::Complete,
        LinkageName::Single => Linkage::Single,
    };
    let distance = match options.distance {
        DistanceName::Euclidean => Distance::Euclidean,
        DistanceName::Correlation => Distance::Correlation,
    };
    let tree = merging::hierarchical(rows.0.view(), linkage, distance)?;
    let integers_of = |of: fn(&Merge) -> usize| {
        Cells::Whole(tree.merges.iter().map(|merge| of(merge) as i64).collect())
    };
    let heights = tree.merges.iter().map(|merge| merge.height).collect();
    let merges = Tabled::of(vec![
        ("first".into(), integers_of(|merge| merge.first)),
        ("second".into(), integers_of(|merge| merge.second)),
        ("height".into(), Cells::Number(heights)),
        ("size".into(), integers_of(|merge| merge.size)),
    ])?;
    let labels = options
        .clusters
        .map(|clusters| tree.labels(clusters))
        .transpose()?;
    let labels = labels.map_or(Dynamic::UNIT, |labels| integers(&labels).into());
    Ok(Map::from([
        ("merges".into(), Dynamic::from(merges)),
        ("order".into(), integers(&tree.order()).into()),
        ("labels".into(), labels),
    ]))
}

/// Returns the adjusted Rand index of two partitions: 1 where they agree, about 0 by chance.
///
/// # Source
/// Hubert & Arabie 1985
///
/// ```rhai
/// assert_eq(cluster::adjusted_rand([0, 0, 1, 1], ["b", "b", "a", "a"]), 1.0);
/// ```
#[native(namespace = "cluster")]
pub fn adjusted_rand(
    /// Label of each row, of any type; 1 and 1.0 are one label.
    first: Array,
    /// Label of each row in the other partition.
    second: Array,
) -> Result<f64> {
    agreement::adjusted_rand(&numbered(&first), &numbered(&second))
}

/// Returns the silhouette of each row by Euclidean distances, from -1 to 1.
///
/// Rows that are alone in their cluster have 0. Needs at least 3 rows, and from 2 clusters to one
/// less than rows.
///
/// # Source
/// Rousseeuw 1987
///
/// ```rhai
/// let found = cluster::silhouette([[0.0], [1.0], [10.0], [12.0]], [0, 0, 1, 1]);
/// assert_near(found, [10.0 / 11.0, 9.0 / 10.0, 7.5 / 9.5, 9.5 / 11.5]);
/// ```
#[native(namespace = "cluster", returns = "tensor [rows]")]
pub fn silhouette(
    /// Rows of numbers, or an expression, whose genes are rows.
    rows: NumberRows,
    /// Cluster of each row, of any type.
    labels: Array,
) -> Result<Tensor> {
    let found = agreement::silhouettes(rows.0.view(), &numbered(&labels))?;
    Tensor::from_f64(&found, &[found.len() as i64])
}

/// Returns the divergence of ordered labels from groups of samples, 0 where they agree.
///
/// Normal densities of squared distances, each over the sum of the others of its row, are compared
/// above the diagonal.
///
/// # Source
/// Chen et al. 2020 (GNET2), eq. 3.20, as the authors' code computes it
///
/// ```rhai
/// let labels = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0];
/// let leaves = [1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 1.0, 3.0, 3.0, 3.0];
/// assert_near(cluster::ordinal_divergence(labels, leaves), 3.29424824, 1e-7);
/// ```
#[native(namespace = "cluster")]
pub fn ordinal_divergence(
    /// Rank of each sample's label.
    labels: Vec<f64>,
    /// Number of each sample's group, at least two different ones.
    leaves: Vec<f64>,
) -> Result<f64> {
    agreement::ordinal_divergence(&labels, &leaves)
}

/// Returns how many of falling numbers precede their knee, where two lines fit them best.
///
/// Lines of least squares are fitted to the first i and to the other values, i from 2 to n - 2; the
/// knee is the i with the smallest sum of absolute residuals. Unit for fewer than 4 values.
///
/// ```rhai
/// assert_eq(cluster::knee([9.0, 8.5, 8.0, 7.6, 3.0, 2.8, 2.5, 2.4, 2.3, 2.2]), 4);
/// ```
#[native(namespace = "cluster")]
pub fn knee(
    /// Finite numbers in falling order.
    values: Vec<f64>,
) -> Result<Option<i64>> {
    knees::check(&values)?;
    Ok(knees::knee(&values).map(|at| at as i64))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        kmeans,
        elbow,
        levels,
        pca,
        hierarchical,
        adjusted_rand,
        silhouette,
        ordinal_divergence,
        knee,
    ]
}
