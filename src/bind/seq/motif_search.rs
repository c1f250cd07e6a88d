//! `motifs::tomtom`, `motifs::fimo`: motifs against motifs, motifs against sequences.

use crate::base::Result;
use crate::base::table::{Cells, Table};
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{Data, Genomic, Motifs, Tabled};
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::motif::background::MotifBackground;
use crate::seq::motif::cluster as clustering;
use crate::seq::motif::priors::{self, Distribution};
use crate::seq::motif::scan::{self, Hit};
use crate::seq::motif::scanned::{self, Scanned};
use crate::seq::motif::tomtom::{self as search, Distance, Match, Plan};
use crate::seq::{Motif, alphabet, fasta};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::collections::HashMap;
use std::rc::Rc;

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

/// Options of `motifs::fimo`.
#[derive(Options)]
pub struct FimoOptions {
    /// Largest p-value (or q-value) that is reported.
    #[option(default = 0.0001, min = 0, max = 1)]
    threshold: f64,
    /// Value that the threshold is applied to.
    #[option(default = "p_value")]
    by: HitValue,
    /// Whether both strands are scanned.
    #[option(default = true)]
    both_strands: bool,
    /// Background probabilities of A, C, G, T, averaged over strands where both are scanned; "nrdb"
    /// is that of a large collection of sequences, the default of the MEME suite.
    #[option(default = "nrdb")]
    background: BackgroundName,
    /// Pseudocount: number of sites of the background that are added to each position.
    #[option(default = 0.1, min = 0)]
    pseudocount: f64,
    /// Prior probability of a site at each position: path of a file of position-specific priors, or
    /// arrays by the names of sequences.
    priors: Option<PriorSource>,
    /// Path of the file of the distribution of priors; estimated from `priors` unless given.
    prior_distribution: Option<String>,
    /// Fraction of all sites that are of this motif, by which priors are multiplied.
    #[option(default = 1, min = 0, max = 1)]
    alpha: f64,
    /// Whether the coordinates of a sequence named chr1:100-200 (1-based) are those of chr1.
    #[option(default = false)]
    genomic: bool,
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

/// The significance of an occurrence of a motif.
#[derive(Choice, PartialEq)]
pub enum HitValue {
    /// The p-value.
    PValue,
    /// Fraction of false occurrences among those at least as good.
    QValue,
}

/// Background frequencies: a name, or an array of four shares.
pub struct BackgroundName(MotifBackground);

impl FromValue for BackgroundName {
    fn kind() -> String {
        "\"uniform\", \"nrdb\", \"motif\" or an array of four shares".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match value.clone().into_string().as_deref() {
            Ok("uniform") => return Ok(BackgroundName(MotifBackground::Uniform)),
            Ok("nrdb") => return Ok(BackgroundName(MotifBackground::Nrdb)),
            Ok("motif") => return Ok(BackgroundName(MotifBackground::Motif)),
            _ => {}
        }
        let shares = Vec::<f64>::from_value(value, context).unwrap_or_default();
        match <[f64; 4]>::try_from(shares) {
            Ok(shares) if shares.iter().all(|share| *share > 0.0) => {
                Ok(BackgroundName(MotifBackground::Shares(shares)))
            }
            _ => bail!(
                "option",
                "must be \"uniform\", \"nrdb\", \"motif\" or four shares above 0, got {}",
                session::describe(value)
            ),
        }
    }
}

/// Prior probabilities of sites, by the names of sequences or in a file.
pub enum PriorSource {
    /// By name.
    Named(HashMap<String, Vec<f64>>),
    /// Path of a file.
    File(String),
}

impl FromValue for PriorSource {
    fn kind() -> String {
        "map of name to probabilities, or path".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_string() {
            return String::from_value(value, context).map(PriorSource::File);
        }
        let Some(map) = value.read_lock::<Map>() else {
            bail!(
                "option",
                "must be the path of a file or a map of name to probabilities, got {}",
                session::describe(value)
            );
        };
        let named = map.iter().map(|(name, values)| {
            let values = tensor_of(values)?.to_f64()?;
            Ok((name.to_string(), values))
        });
        named.collect::<Result<_>>().map(PriorSource::Named)
    }
}

impl PriorSource {
    /// The priors of each sequence, checked.
    fn read(self) -> Result<HashMap<String, Vec<f64>>> {
        let priors = match self {
            PriorSource::Named(priors) => priors,
            PriorSource::File(path) => priors::read(&session::find_input(&path)?)?,
        };
        scanned::check_priors(&priors)?;
        Ok(priors)
    }
}

/// A sequence of a script with its name.
fn of_text(name: String, text: &Dynamic) -> Result<Scanned> {
    let text = text.clone().into_string().map_err(|_| {
        fault!(
            "type",
            "must hold strings, got {} for `{name}`",
            session::describe(text)
        )
    })?;
    let codes =
        alphabet::codes(&text).map_err(|fault| fault.context(format!("sequence `{name}`")))?;
    Ok(Scanned::new(name, codes))
}

/// Sequences that are scanned.
pub struct ScannedSequences(Vec<Scanned>);

impl FromValue for ScannedSequences {
    fn kind() -> String {
        "genome, dataset, array or map of strings, or path of a FASTA file".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let sequences = if let Some(genome) = value.read_lock::<Genomic>() {
            Scanned::of_genome(&genome.0)
        } else if let Some(set) = value.read_lock::<Data>() {
            of_dataset(&set)
        } else if let Some(map) = value.read_lock::<Map>() {
            let named = map.iter();
            named
                .map(|(name, text)| of_text(name.to_string(), text))
                .collect()
        } else if let Some(items) = value.read_lock::<Array>() {
            let numbered = items.iter().enumerate();
            numbered
                .map(|(i, text)| of_text(i.to_string(), text))
                .collect()
        } else if value.is_string() {
            of_file(&String::from_value(value, context)?)
        } else {
            bail!(
                "type",
                "must be a genome, a dataset, an array or map of strings, or the path of a FASTA \
                 file, got {}",
                session::describe(value)
            )
        };
        sequences.map(ScannedSequences)
    }
}

fn of_dataset(set: &Data) -> Result<Vec<Scanned>> {
    let (codes, length) = set.0.sequences(0..set.0.len())?;
    let rows = codes.chunks(length).enumerate();
    let sequences = rows.map(|(i, codes)| {
        let name = set.0.name(i).unwrap_or_else(|| i.to_string());
        Scanned::new(name, codes.to_vec())
    });
    Ok(sequences.collect())
}

fn of_file(path: &str) -> Result<Vec<Scanned>> {
    let path = session::find_input(path)?;
    let records = fasta::read(&path)?;
    records.check_unique(&path)?;
    Ok(Scanned::of_records(&records))
}

/// The priors of each position of the sequences.
fn scan_priors(
    sequences: &[Scanned],
    source: Option<PriorSource>,
    distribution: Option<String>,
    alpha: f64,
) -> Result<Option<scan::Priors>> {
    let Some(source) = source else {
        if distribution.is_some() {
            bail!(
                "option",
                "option `prior_distribution` needs the option `priors`"
            );
        }
        return Ok(None);
    };
    let priors = source.read()?;
    let distribution = distribution
        .map(|path| Distribution::read(&session::find_input(&path)?))
        .transpose()?;
    scanned::priors_of(sequences, &priors, distribution, alpha).map(Some)
}

fn strand_text(is_reverse: bool) -> String {
    if is_reverse { "-" } else { "+" }.to_string()
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
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Occurrences of motifs as a table.
fn hit_table(
    hits: &[Hit],
    motifs: &[Motif],
    sequences: &[Scanned],
    genomic: bool,
) -> Result<Tabled> {
    let positions = sequences.iter().map(|sequence| sequence.position(genomic));
    let positions: Vec<(String, i64)> = positions.collect();
    let width = |hit: &Hit| motifs[hit.motif].width();
    let start = |hit: &Hit| positions[hit.sequence].1 + hit.start as i64;
    let matched = |hit: &Hit| sequences[hit.sequence].site(hit, width(hit));
    let texts = |of: &dyn Fn(&Hit) -> String| Cells::Text(hits.iter().map(of).collect());
    let numbers = |of: fn(&Hit) -> f64| Cells::Number(hits.iter().map(of).collect());
    let integers = |of: &dyn Fn(&Hit) -> i64| Cells::Whole(hits.iter().map(of).collect());
    let columns = vec![
        ("motif".into(), texts(&|hit| motifs[hit.motif].name.clone())),
        (
            "sequence".into(),
            texts(&|hit| positions[hit.sequence].0.clone()),
        ),
        ("start".into(), integers(&start)),
        (
            "stop".into(),
            integers(&|hit| start(hit) + width(hit) as i64),
        ),
        ("strand".into(), texts(&|hit| strand_text(hit.reverse))),
        ("score".into(), numbers(|hit| hit.score)),
        ("p_value".into(), numbers(|hit| hit.p_value)),
        ("q_value".into(), numbers(|hit| hit.q_value)),
        ("matched".into(), texts(&matched)),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
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
    let plan = Plan {
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

/// Finds occurrences of motifs in sequences, with exact p-values (FIMO).
///
/// Coordinates are 0-based and half-open; `score` is log-odds in bits. Occurrences of a motif are
/// adjacent, in decreasing order of significance. Priors are the probabilities of a site at each
/// position, independent of its bases (Cuellar-Partida et al., Bioinformatics 2012). The table is
/// saved as .tsv, .csv, .bed or .gff3.
///
/// # Source
/// Grant, Bailey & Noble, FIMO, Bioinformatics 2011. Positions, scores and p-values equal those of
/// FIMO 5.4.1 of the MEME suite; q-values differ slightly, since both programs estimate the
/// fraction of chance occurrences from a sample.
///
/// ```rhai
/// let hits = motifs::fimo(motif::all([motif::from_consensus("ACCGTTAG")]), #{
///     one: "TTTTACCGTTAGTTTT"
/// }, #{ threshold: 0.001 });
/// assert_eq([hits[0].sequence, hits[0].start, hits[0].stop, hits[0].strand], ["one", 4, 12, "+"]);
/// // two identical sites, the second of which has a larger prior
/// let words = #{ one: "ACCGTTAGACCGTTAG" };
/// let prior = #{ one: range(0, 9).map(|i| if i == 8 { 0.1 } else { 0.001 }) };
/// let hits = motifs::fimo(motif::all([motif::from_consensus("ACCGTTAG")]), words, #{
///     threshold: 0.001, priors: prior, both_strands: false
/// });
/// assert_eq(hits[0].start, 8);
/// ```
#[native(
    namespace = "motifs",
    returns = "table: motif, sequence, start, stop, strand, score, p_value, q_value, matched"
)]
pub fn fimo(
    /// Motifs that are searched for.
    motifs: &Motifs,
    /// Genome, dataset, array of strings, map of name to string, or path of a FASTA file.
    sequences: &ScannedSequences,
    options: FimoOptions,
) -> Result<Tabled> {
    let (sequences, both_strands) = (&sequences.0, options.both_strands);
    let (priors, distribution) = (options.priors, options.prior_distribution);
    let plan = scan::Plan {
        threshold: options.threshold,
        by_q: options.by == HitValue::QValue,
        both_strands,
        background: options.background.0.probabilities(&motifs.0, both_strands),
        pseudocount: options.pseudocount,
        priors: scan_priors(sequences, priors, distribution, options.alpha)?,
    };
    let codes: Vec<&[u8]> = sequences.iter().map(|s| s.codes.as_slice()).collect();
    let hits = scan::fimo(&motifs.0, &codes, &plan)?;
    hit_table(&hits, &motifs.0, sequences, options.genomic)
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
pub fn all() -> Vec<Native> {
    natives_of![tomtom, fimo, cluster]
}
