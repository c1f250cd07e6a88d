//! `motifs::…`: comparison and groups of motifs.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::motif::{BackgroundName, strand_text};
use crate::bind::types::{Motifs, Tabled};
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::seq::Motif;
use crate::seq::motif::cluster as clustering;
use crate::seq::motif::tomtom::{self as search, ComparisonOptions, Distance, Match};

/// Options of `motifs::tomtom`.
#[derive(Options)]
pub struct TomtomOptions {
    /// Measure of the distance of two columns.
    #[option(default = "ed")]
    distance: DistanceName,
    /// Largest value of `by` that is reported.
    #[option(default = 0.5, min = 0)]
    threshold: f64,
    /// Value that the threshold is applied to.
    #[option(default = "q_value")]
    by: MatchValue,
    /// Whether targets are compared on both strands.
    #[option(default = true)]
    both_strands: bool,
    /// Smallest number of columns that overlap.
    #[option(default = 1, min = 1)]
    min_overlap: usize,
    /// Whether columns of the query outside of the overlap count, with their median score.
    #[option(default = true)]
    complete: bool,
    /// Whether the shorter motif must be within the longer one.
    #[option(default = false)]
    internal: bool,
    /// Background probabilities of A, C, G, T, for pseudocounts and log-likelihoods; "motif" is the
    /// background in the file of the queries.
    #[option(default = "motif")]
    background: BackgroundName,
    /// Pseudocount: number of sites of the background that are added to each position.
    #[option(default = 0.1, min = 0)]
    pseudocount: f64,
}

/// Options of `motifs::cluster`.
#[derive(Options)]
pub struct ClusterOptions {
    /// Largest p-value, of either motif against the other, at which two motifs are joined.
    #[option(default = 0.001, min = 0, max = 1)]
    threshold: f64,
    /// Measure of the distance of two columns.
    #[option(default = "pearson")]
    distance: DistanceName,
}

/// The measures of the distance of two columns.
#[derive(Choice)]
pub enum DistanceName {
    /// Pearson correlation.
    Pearson,
    /// Euclidean distance.
    #[choice(name = "ed")]
    Euclidean,
    /// Sandelin & Wasserman 2004.
    Sandelin,
    /// Kullback-Leibler divergence.
    Kullback,
    /// Average log-likelihood ratio.
    Allr,
}

impl From<DistanceName> for Distance {
    fn from(name: DistanceName) -> Distance {
        match name {
            DistanceName::Pearson => Distance::Pearson,
            DistanceName::Euclidean => Distance::Euclidean,
            DistanceName::Sandelin => Distance::Sandelin,
            DistanceName::Kullback => Distance::Kullback,
            DistanceName::Allr => Distance::Allr,
        }
    }
}

/// The significance of a match of two motifs.
#[derive(Choice)]
pub enum MatchValue {
    /// Fraction of false matches among those at least as good.
    QValue,
    /// The p-value times the number of targets.
    EValue,
    /// The p-value.
    PValue,
}

impl MatchValue {
    fn of(&self, hit: &Match) -> f64 {
        match self {
            MatchValue::QValue => hit.q_value,
            MatchValue::EValue => hit.e_value,
            MatchValue::PValue => hit.p_value,
        }
    }
}

/// Matches of motifs as a table.
fn match_table(matches: &[Match], queries: &[Motif], targets: &[Motif]) -> Result<Tabled> {
    let texts = |of: &dyn Fn(&Match) -> String| Cells::Text(matches.iter().map(of).collect());
    let numbers = |of: fn(&Match) -> f64| Cells::Number(matches.iter().map(of).collect());
    let integers = |of: fn(&Match) -> i64| Cells::Whole(matches.iter().map(of).collect());
    let columns = vec![
        ("query".into(), texts(&|m| queries[m.query].name.clone())),
        ("target".into(), texts(&|m| targets[m.target].name.clone())),
        ("p_value".into(), numbers(|m| m.p_value)),
        ("e_value".into(), numbers(|m| m.e_value)),
        ("q_value".into(), numbers(|m| m.q_value)),
        ("offset".into(), integers(|m| m.offset)),
        ("overlap".into(), integers(|m| m.overlap as i64)),
        ("strand".into(), texts(&|m| strand_text(m.reverse))),
    ];
    Tabled::of(columns)
}

/// Compares motifs with a collection of motifs (Tomtom).
///
/// Matches of a query are adjacent, in decreasing order of significance. `offset` is the position
/// of the query on the target (on its strand); `p_value` is that of the best offset and strand;
/// `e_value` is `p_value` times the number of targets; `q_value` is the fraction of false matches
/// among those at least as good.
///
/// # Source
/// Gupta et al., Genome Biology 2007; Tanaka et al., Bioinformatics 2011. The numbers equal those
/// of Tomtom 5.4.1 of the MEME suite, except q-values of more than 100 comparisons, for which both
/// programs draw random numbers.
///
/// ```rhai
/// let pool = sim::motifs(50, #{ width: 10, sharpness: 0.9, seed: 1 });
/// let hits = motifs::tomtom(
///     motif::all([pool[3].reverse_complement()]), pool, #{ distance: "pearson", threshold: 0.01 }
/// );
/// assert_eq(hits[0].target, pool[3].name);
/// assert_eq(hits[0].strand, "-");
/// ```
/// ```rhai,fails
/// motifs::tomtom(sim::motifs(1), sim::motifs(2), #{ distance: "cosine" });
/// //~ one of "pearson", "ed", "sandelin", "kullback", "allr"
/// ```
#[native(
    namespace = "motifs",
    returns = "table: query, target, p_value, e_value, q_value, offset, overlap, strand"
)]
pub fn tomtom(
    /// Motifs whose matches are searched for.
    queries: &Motifs,
    /// Motifs that are searched.
    targets: &Motifs,
    options: TomtomOptions,
) -> Result<Tabled> {
    let plan = ComparisonOptions {
        distance: options.distance.into(),
        background: options.background.0.probabilities(&queries.0, true),
        pseudocount: options.pseudocount,
        both_strands: options.both_strands,
        min_overlap: options.min_overlap,
        complete: options.complete,
        internal: options.internal,
    };
    let mut matches = search::tomtom(&queries.0, &targets.0, &plan)?;
    matches.retain(|hit| options.by.of(hit) <= options.threshold);
    match_table(&matches, &queries.0, &targets.0)
}

/// Clusters similar motifs: two are joined where either matches the other (Tomtom).
///
/// Clusters are the connected components. Returns the numbers of the motifs of each cluster, that
/// of the largest information content first; the largest cluster is the first.
///
/// ```rhai
/// let pool = sim::motifs(40, #{ width: 10, sharpness: 0.9, seed: 1 });
/// let groups = motifs::cluster(
///     motif::all([pool[0], pool[1], pool[0].reverse_complement()]), #{ threshold: 1e-2 }
/// );
/// assert_eq(groups.len(), 2);
/// assert_eq(groups[0].len(), 2);
/// ```
#[native(namespace = "motifs")]
pub fn cluster(
    /// Motifs that are clustered.
    motifs: &Motifs,
    options: ClusterOptions,
) -> Result<Vec<Vec<i64>>> {
    let groups = clustering::groups(&motifs.0, options.distance.into(), options.threshold)?;
    let numbers = groups.into_iter();
    Ok(numbers
        .map(|group| group.into_iter().map(|i| i as i64).collect())
        .collect())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![tomtom, cluster,]
}
