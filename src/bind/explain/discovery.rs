//! `explain::modisco`: recurrent patterns in contributions.

use crate::base::table::{Cells, Table};
use crate::base::{Result, system};
use crate::bind::args::path::output_path;
use crate::bind::args::sequence::codes_of;
use crate::bind::types::{Data, Discovered, Motifs, Tabled};
use crate::bind::warnings::warn;
use crate::explain::baselines;
use crate::explain::contributions;
use crate::explain::modisco::{self, Pattern, Settings, Tracks, report, save};
use crate::explain::seqlets;
use crate::fault;
use crate::lang::{Choice, IntoValue, Native, Options, native, natives_of, session};
use crate::seq::Motif;
use crate::torch::Tensor;
use rhai::{Dynamic, Map};
use std::rc::Rc;

/// Options of `explain::modisco`.
#[derive(Options)]
pub struct ModiscoOptions {
    /// Largest number of seqlets of each sign; the first ones are kept.
    #[option(default = 20_000, min = 1)]
    max_seqlets: usize,
    /// Width of the central range of the sequences that is searched, in positions; all unless
    /// given.
    #[option(min = 1)]
    window: Option<usize>,
    /// Width of the core of a seqlet, in positions.
    #[option(default = 20, min = 1, max = 1000)]
    core: usize,
    /// Positions that are added to the core at each end.
    #[option(default = 5, min = 0, max = 1000)]
    flank: usize,
    /// False discovery rate of seqlets.
    #[option(default = 0.05, min = 0, max = 1)]
    fdr: f64,
    /// How seqlets are identified: windows that exceed a Laplace null distribution, or the spans of
    /// `explain::seqlets`.
    #[option(default = "windows")]
    seqlets: SeqletMethod,
    #[option(flatten)]
    threshold: ThresholdOptions,
    /// Width of the most informative window that a pattern is trimmed to, in positions.
    #[option(default = 30, min = 1, max = 1000)]
    trim: usize,
    /// Positions that are added to the trimmed pattern at each end.
    #[option(default = 10, min = 0, max = 1000)]
    grow: usize,
    /// Positions that are added to finished patterns at each end.
    #[option(default = 0, min = 0, max = 1000)]
    final_flank: usize,
    /// Number of random starts of each clustering; the best is kept.
    #[option(default = 2, min = 1, max = 100_000)]
    runs: usize,
    /// Number of nearest seqlets for which the exact similarity is computed.
    #[option(default = 500, min = 1)]
    neighbours: usize,
    /// Perplexity of the density estimate around a seqlet (effective number of neighbours).
    #[option(default = 10, min = 1)]
    perplexity: f64,
    /// Smallest number of seqlets of a sign that are clustered.
    #[option(default = 100)]
    min_seqlets: usize,
    /// Smallest number of seqlets of a pattern.
    #[option(default = 20, min = 1)]
    min_pattern: usize,
    /// Smallest information of the best six positions of a pattern, in bits.
    #[option(default = 0.6, min = 0)]
    min_information: f64,
}

/// The significance of spans.
#[derive(Options)]
pub struct ThresholdOptions {
    /// Largest p-value of a span, and of every span within it.
    #[option(default = 0.01, min = 0, max = 1)]
    threshold: f64,
}

/// Options of `explain::seqlets`.
#[derive(Options)]
pub struct SeqletsOptions {
    #[option(flatten)]
    threshold: ThresholdOptions,
    /// Smallest width of a span, in positions.
    #[option(default = 4, min = 1, max = 1000)]
    least: usize,
    /// Largest width of a span, in positions.
    #[option(default = 25, min = 1, max = 1000)]
    most: usize,
    /// Positions that are added to a span at each end.
    #[option(default = 0)]
    flank: usize,
    /// Number of bins of the null distribution of contributions.
    #[option(default = 1000, min = 2, max = 100_000)]
    bins: usize,
    /// Sign of the contributions of spans.
    #[option(default = "both")]
    sign: Sign,
    /// What is rounded to bins: the contribution of each position, as in the null distribution, or
    /// the sum of a span, as in tangermeme before 1.6.
    #[option(default = "positions")]
    rounding: RoundingName,
}

/// How patterns are trimmed.
#[derive(Options)]
pub struct TrimOptions {
    /// Fraction of the largest contribution below which positions at both ends are removed.
    #[option(default = 0.3, min = 0, max = 1)]
    trim: f64,
}

/// Options of `discovery.save_report`.
#[derive(Options)]
pub struct SaveReportOptions {
    /// Known motifs that patterns are compared with.
    known: Option<Motifs>,
    /// Number of matches shown for each pattern.
    #[option(default = 3, min = 1, max = 100)]
    matches: usize,
    #[option(flatten)]
    trim: TrimOptions,
}

/// How seqlets are identified.
#[derive(Choice, PartialEq)]
pub enum SeqletMethod {
    /// Windows that exceed a Laplace null distribution.
    Windows,
    /// The spans of `explain::seqlets`.
    Recursive,
}

/// The sign of the contributions of spans.
#[derive(Choice)]
pub enum Sign {
    /// Positive or negative.
    Both,
    /// They increase the output.
    Positive,
    /// They decrease the output.
    Negative,
}

/// What is rounded to bins.
#[derive(Choice)]
pub enum RoundingName {
    /// The contribution of each position.
    Positions,
    /// The sum of a span.
    Spans,
}

impl From<RoundingName> for seqlets::Rounding {
    fn from(name: RoundingName) -> seqlets::Rounding {
        match name {
            RoundingName::Positions => seqlets::Rounding::Positions,
            RoundingName::Spans => seqlets::Rounding::Spans,
        }
    }
}

impl From<&ModiscoOptions> for Settings {
    fn from(options: &ModiscoOptions) -> Settings {
        let is_recursive = options.seqlets == SeqletMethod::Recursive;
        Settings {
            window: options.core,
            flank: options.flank,
            fdr: options.fdr,
            recursive: is_recursive.then_some(options.threshold.threshold),
            seqlets: options.max_seqlets,
            fewest_seqlets: options.min_seqlets,
            seeds: options.runs,
            neighbours: options.neighbours,
            perplexity: options.perplexity,
            trimmed: options.trim,
            grown: options.grow,
            final_flank: options.final_flank,
            least: options.min_pattern,
            information: options.min_information,
            ..Settings::default()
        }
    }
}

/// Base codes of sequences, and their length.
fn codes(x: &Dynamic) -> Result<(Vec<u8>, usize)> {
    if let Some(set) = x.read_lock::<Data>() {
        return set.0.sequences(0..set.0.len());
    }
    if let Some(tensor) = x.read_lock::<Tensor>() {
        return match tensor.shape()[..] {
            [_, length] if crate::nn::stem::is_codes(&tensor) => {
                Ok((tensor.to_u8()?, length as usize))
            }
            _ => baselines::codes_of(&tensor),
        };
    }
    let texts = x.clone().into_typed_array::<String>();
    let texts = texts.map_err(|_| {
        fault!(
            "type",
            "`sequences` must be a tensor, a dataset or an array of strings, got {}",
            session::describe(x)
        )
    })?;
    codes_of(&texts)
}

/// Hypothetical contributions and base codes of the central window of the sequences.
fn tracks(contributions: &Tensor, sequences: &Dynamic, window: Option<usize>) -> Result<Tracks> {
    let (codes, length) = codes(sequences)?;
    let tracks = contributions::tracks(contributions, &codes, length, window)?;
    if !contributions::has_absent(&tracks) {
        warn(
            "the contributions of absent bases are 0; hypothetical contributions find more \
             patterns (`hypothetical: true`)",
        );
    }
    Ok(tracks)
}

/// Warns where the search needs more memory than is free.
fn warn_of_memory(tracks: &Tracks, settings: &Settings) {
    let needed = modisco::memory(tracks, settings);
    let Some(free) = system::free_memory().filter(|free| needed > *free) else {
        return;
    };
    let gigabytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    warn(&format!(
        "this needs about {:.1} GiB, {:.1} are free; a smaller `max_seqlets` needs less",
        gigabytes(needed),
        gigabytes(free)
    ));
}

/// A tensor [4, width] of the rows of a pattern.
fn matrix(rows: &[[f64; 4]]) -> Result<Dynamic> {
    Ok(
        Tensor::from_f64(rows.as_flattened(), &[rows.len() as i64, 4])?
            .to_kind(crate::torch::Kind::Float)?
            .transpose(0, 1)?
            .contiguous()?
            .into_value(),
    )
}

/// A pattern as a map.
fn pattern_map(name: String, pattern: &Pattern, motif: Motif) -> Result<Dynamic> {
    let sign: i64 = if name.starts_with("positive") { 1 } else { -1 };
    let map = Map::from([
        ("sign".into(), sign.into()),
        ("name".into(), name.into()),
        ("seqlets".into(), (pattern.seqlets.len() as i64).into()),
        ("consensus".into(), motif.consensus().into()),
        ("sequence".into(), matrix(&pattern.sequence())?),
        ("contributions".into(), matrix(&pattern.contributions())?),
        ("hypothetical".into(), matrix(&pattern.hypothetical())?),
        ("motif".into(), motif.into_value()),
    ]);
    Ok(map.into())
}

/// The table of spans, with flanks within the samples.
fn span_table(spans: &[seqlets::Span], flank: usize, length: usize) -> Result<Tabled> {
    let whole = |of: &dyn Fn(&seqlets::Span) -> usize| {
        Cells::Whole(spans.iter().map(|span| of(span) as i64).collect())
    };
    let sums = spans.iter().map(|span| span.sum).collect();
    let p_values = spans.iter().map(|span| span.p_value).collect();
    let columns = vec![
        ("sample".into(), whole(&|span| span.sample)),
        (
            "start".into(),
            whole(&|span| span.start.saturating_sub(flank)),
        ),
        ("end".into(), whole(&|span| (span.end + flank).min(length))),
        ("sum".into(), Cells::Number(sums)),
        ("p_value".into(), Cells::Number(p_values)),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Discovers recurrent patterns in contributions (TF-MoDISco).
///
/// # Source
/// Shrikumar et al., arXiv 1811.00416; steps and defaults are those of modisco-lite 3.
///
/// ```rhai
/// let x = seq::random(60, 60, #{ seed: 1 });
/// let discovery = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x, #{ min_seqlets: 1000 });
/// assert_eq(discovery.patterns.len(), 0);
/// ```
/// ```rhai,fails
/// explain::modisco(tensor::zeros([1, 4, 8]), ["ACGT"]);
/// //~ `contributions` must be as the sequences, [1, 4, 4], got [1, 4, 8]
/// ```
#[native(namespace = "explain", dry = no_patterns)]
pub fn modisco(
    /// Hypothetical contributions [batch, 4, length], of present and absent bases.
    contributions: &Tensor,
    /// The sequences of the samples: a tensor (one-hot or codes), a dataset or an array of strings.
    sequences: &Dynamic,
    options: ModiscoOptions,
) -> Result<Discovered> {
    let tracks = tracks(contributions, sequences, options.window)?;
    let settings = Settings::from(&options);
    warn_of_memory(&tracks, &settings);
    let discovery = modisco::discover(&tracks, &settings)?;
    if discovery.positive.patterns.is_empty() && discovery.negative.patterns.is_empty() {
        let funnel = report::funnel_line(&discovery);
        warn(&format!("no pattern was found: {funnel}"));
    }
    Ok(Discovered(Rc::new((discovery, tracks))))
}

/// The result of `explain::modisco` in a dry run.
fn no_patterns(
    contributions: &Tensor,
    sequences: &Dynamic,
    options: ModiscoOptions,
) -> Result<Discovered> {
    let tracks = tracks(contributions, sequences, options.window)?;
    Ok(Discovered(Rc::new((modisco::Discovery::default(), tracks))))
}

/// Identifies short spans with significant contributions, all of whose subspans are significant.
///
/// Returns a table, sorted by p-value: sample, start, end (from 0, end exclusive), sum (without
/// flanks), p_value. P-values assume that positions are independent draws from all contributions:
/// they rank spans, but do not control the rate of false ones.
///
/// # Source
/// Recursive seqlets, tangermeme (Schreiber 2025).
///
/// ```rhai
/// let c = tensor::randn([20, 80], #{ seed: 1 }) * 0.01;
/// c[[3, 10..17]] = 1.0;
/// let first = explain::seqlets(c)[0];
/// assert(first.sample == 3 && first.start <= 10 && first.end >= 17);
/// ```
/// ```rhai,fails
/// explain::seqlets(tensor::zeros([2, 20]));
/// //~ the longest span has 25 positions, the samples have 20
/// ```
#[native(
    namespace = "explain",
    returns = "table: sample, start, end, sum, p_value"
)]
pub fn seqlets(
    /// Contributions of the bases of the samples, [batch, 4, length] or [batch, length].
    contributions: &Tensor,
    options: SeqletsOptions,
) -> Result<Tabled> {
    let (values, length) = contributions::by_position(contributions)?;
    let rule = seqlets::Rule {
        threshold: options.threshold.threshold,
        least: options.least,
        most: options.most,
        bins: options.bins,
        rounding: options.rounding.into(),
    };
    let search = match options.sign {
        Sign::Both => seqlets::of_both_signs,
        Sign::Positive => seqlets::recursive,
        Sign::Negative => seqlets::negative,
    };
    let spans = search(&values, length, &rule)?;
    span_table(&spans, options.flank, length)
}

/// The patterns, positive ones first, by decreasing number of seqlets.
///
/// Each is a map: name, sign, seqlets (their number), consensus, sequence, contributions,
/// hypothetical (tensors [4, width]), motif (trimmed by contribution).
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).patterns, []);
/// ```
#[native(
    namespace = "discovery",
    form = property,
    returns = "array of maps"
)]
pub fn patterns(this: &Discovered) -> Result<Vec<Dynamic>> {
    let motifs = save::motifs(&this.0.0, 0.3);
    let patterns = this.patterns().zip(motifs);
    patterns
        .map(|((name, pattern), motif)| pattern_map(name, pattern, motif))
        .collect()
}

/// Returns the patterns as motifs, trimmed where contributions are small.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).motifs().len(), 0);
/// ```
#[native(namespace = "discovery", form = method)]
pub fn motifs(this: &Discovered, options: TrimOptions) -> Motifs {
    Motifs(Rc::new(save::motifs(&this.0.0, options.trim)))
}

/// Returns the positions of the seqlets of each pattern.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).seqlets().len(), 0);
/// ```
#[native(
    namespace = "discovery",
    form = method,
    name = "seqlets",
    returns = "table: pattern, sample, start, end, strand"
)]
pub fn seqlets_of_patterns(this: &Discovered) -> Result<Tabled> {
    let of_pattern = |(name, pattern): (String, &'_ Pattern)| {
        let seqlets = pattern.seqlets.clone().into_iter();
        seqlets
            .map(|seqlet| (name.clone(), seqlet))
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = this.patterns().flat_map(of_pattern).collect();
    let names = rows.iter().map(|(name, _)| name.clone());
    let samples = rows.iter().map(|(_, seqlet)| i64::from(seqlet.example));
    let starts = rows.iter().map(|(_, seqlet)| i64::from(seqlet.start));
    let ends = rows.iter().map(|(_, seqlet)| i64::from(seqlet.end));
    let strands = rows.iter().map(|(_, seqlet)| match seqlet.reverse {
        true => "-".into(),
        false => "+".into(),
    });
    let columns = vec![
        ("pattern".into(), Cells::Text(names.collect())),
        ("sample".into(), Cells::Whole(samples.collect())),
        ("start".into(), Cells::Whole(starts.collect())),
        ("end".into(), Cells::Whole(ends.collect())),
        ("strand".into(), Cells::Text(strands.collect())),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Returns the numbers that each step leaves: positions, windows, seqlets, clusters, patterns.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).funnel()[0].left, 600);
/// ```
#[native(
    namespace = "discovery",
    form = method,
    returns = "table: sign, step, left"
)]
pub fn funnel(this: &Discovered) -> Result<Tabled> {
    let discovery = &this.0.0;
    let steps = [
        ("both", &discovery.funnel),
        ("positive", &discovery.positive.funnel),
        ("negative", &discovery.negative.funnel),
    ];
    let of_sign = |(sign, steps): (&'static str, &'_ Vec<(&'static str, usize)>)| {
        let steps = steps.clone().into_iter();
        steps.map(move |(step, left)| (sign, step, left))
    };
    let rows: Vec<_> = steps.into_iter().flat_map(of_sign).collect();
    let signs = rows.iter().map(|(sign, ..)| sign.to_string());
    let names = rows.iter().map(|(_, step, _)| step.to_string());
    let left = rows.iter().map(|(.., left)| *left as i64);
    let columns = vec![
        ("sign".into(), Cells::Text(signs.collect())),
        ("step".into(), Cells::Text(names.collect())),
        ("left".into(), Cells::Whole(left.collect())),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Writes the patterns and their seqlets to an HDF5 file in the format of modisco-lite.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// let discovery = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x);
/// discovery.save_h5("/tmp/cistron_example_modisco.h5");
/// ```
#[native(namespace = "discovery", form = method)]
pub fn save_h5(
    this: &Discovered,
    /// Path of the file.
    path: &str,
) -> Result<()> {
    save::h5(&this.0.0, &this.0.1, &output_path(path)?)
}

/// Writes the patterns as motifs in MEME format.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// let discovery = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x);
/// discovery.save_meme("/tmp/cistron_example_modisco.meme");
/// ```
#[native(namespace = "discovery", form = method)]
pub fn save_meme(
    this: &Discovered,
    /// Path of the file.
    path: &str,
    options: TrimOptions,
) -> Result<()> {
    let text = crate::seq::motif::meme::to_meme(&save::motifs(&this.0.0, options.trim));
    crate::base::file::write_whole(&output_path(path)?, text.as_bytes())
}

/// Writes an HTML report: the funnel, the logos of each pattern, matches with known motifs.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// let discovery = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x);
/// discovery.save_report("/tmp/cistron_example_modisco.html");
/// ```
#[native(namespace = "discovery", form = method)]
pub fn save_report(
    this: &Discovered,
    /// Path of the file.
    path: &str,
    options: SaveReportOptions,
) -> Result<()> {
    let known = options.known.as_ref().map(|known| known.0.as_slice());
    let page = report::page(&this.0.0, known, options.matches, options.trim.trim)?;
    crate::base::file::write_whole(&output_path(path)?, page.as_bytes())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        modisco,
        seqlets,
        patterns,
        motifs,
        seqlets_of_patterns,
        funnel,
        save_h5,
        save_meme,
        save_report,
    ]
}
