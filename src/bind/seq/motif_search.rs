//! `motifs::tomtom`, `motifs::fimo`: motifs against motifs, motifs against sequences.

use crate::bail;
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::motif::{BackgroundName, strand_text};
use crate::bind::args::scanned::ScannedSequences;
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{Motifs, Tabled};
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::Motif;
use crate::seq::motif::priors::{self, Distribution};
use crate::seq::motif::scan::{self, Hit};
use crate::seq::motif::scanned::{self, Scanned};
use rhai::{Dynamic, Map, NativeCallContext};
use std::collections::HashMap;

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

/// The significance of an occurrence of a motif.
#[derive(Choice, PartialEq)]
pub enum HitValue {
    /// The p-value.
    PValue,
    /// Fraction of false occurrences among those at least as good.
    QValue,
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
    Tabled::of(columns)
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
    let (sequences, both_strands) = (&sequences.sequences, options.both_strands);
    let (priors, distribution) = (options.priors, options.prior_distribution);
    let plan = scan::ScanOptions {
        threshold: options.threshold,
        by_q: options.by == HitValue::QValue,
        both_strands,
        background: options.background.0.probabilities(&motifs.0, both_strands),
        pseudocount: options.pseudocount,
        priors: scan_priors(sequences, priors, distribution, options.alpha)?,
    };
    let codes: Vec<&[u8]> = sequences.iter().map(|s| s.codes.as_slice()).collect();
    let scanners = scan::Scanners {
        rank: cistron_world::rank(),
        size: cistron_world::size(),
        gather: &|bytes| cistron_world::gather("occurrences of motifs", bytes),
    };
    let hits = scan::fimo(&motifs.0, &codes, &plan, &scanners)?;
    hit_table(&hits, &motifs.0, sequences, options.genomic)
}

/// The native functions declared here.
pub fn all() -> Vec<Native> {
    natives_of![fimo,]
}
