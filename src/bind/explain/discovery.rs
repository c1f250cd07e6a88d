//! `explain::modisco`: recurrent patterns in contributions.

use crate::base::table::Cells;
use crate::base::{Result, system};
use crate::bind::args::sequence::codes_of;
use crate::bind::types::{Data, Discovered, Tabled};
use crate::bind::warnings::warn;
use crate::explain::modisco::{self, Settings, Tracks, report};
use crate::explain::{baselines, contributions, seqlets};
use crate::fault;
use crate::lang::{Choice, Native, Options, native, natives_of, session};
use crate::nn::Codes;
use crate::torch::Tensor;
use rhai::Dynamic;
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
        return match Codes::infer(&tensor) {
            Some(codes) => Ok((codes.bytes()?.to_vec(), codes.length())),
            None => baselines::codes_of(&tensor),
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
    Tabled::of(columns)
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

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![modisco, seqlets,]
}
