//! Regions of genomes, and alleles of variants.

use crate::base::Result;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Genomic, Places};
use crate::data::negatives::{self, Matching};
use crate::lang::value::array;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::seq::{alphabet, variants};
use rhai::{Array, Map};
use std::rc::Rc;

/// Options of `genome.windows`.
#[derive(Options)]
pub struct WindowsOptions {
    /// Distance between the starts of adjacent windows, in bp; the size unless given.
    #[option(min = 1)]
    step: Option<i64>,
    /// Intervals: only windows that overlap one of them are returned, each once.
    on: Option<Places>,
}

/// Options of `genome.random`.
#[derive(Options)]
pub struct RandomOptions {
    /// Intervals that no region overlaps.
    exclude: Option<Places>,
    /// Largest fraction of N in a region.
    #[option(default = 1, min = 0, max = 1)]
    max_n: f64,
    /// Number of bp whose multiples are the starts of regions, such as 50 for bins every 50 bp.
    #[option(default = 1, min = 1)]
    step: i64,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `genome.gc_matched`.
#[derive(Options)]
pub struct GcMatchedOptions {
    /// Number of regions for each positive.
    #[option(default = 1, min = 0, max = 1e6)]
    ratio: f64,
    /// Intervals that no region overlaps, besides the positives.
    exclude: Option<Places>,
    /// Width of the bins of GC content.
    #[option(default = 0.02, min = 0.001, max = 1)]
    width: f64,
    /// Largest fraction of N in a region.
    #[option(default = 0.1, min = 0, max = 1)]
    max_n: f64,
    /// Whether too few regions in the genome are an error or are accepted.
    #[option(default = "error")]
    short: Shortage,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `genome.alleles`.
#[derive(Options)]
pub struct AllelesOptions {
    /// Length of each sequence, in bp, around the variant.
    #[option(default = 1000, min = 1)]
    length: usize,
}

/// What happens where a genome has too few regions.
#[derive(Choice, PartialEq)]
pub enum Shortage {
    /// An error.
    Error,
    /// Fewer regions are returned.
    Accept,
}

/// Divides all chromosomes into windows of one size.
///
/// Bases at the end of a chromosome that do not fill a window are omitted.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTTA" });
/// assert_eq(g.windows(3).len(), 2);
/// assert_eq(g.windows(3, #{ step: 1 }).len(), 5);
/// let peak = intervals::from(#{ chrom: ["chr1"], start: [4], end: [5] });
/// assert_eq(g.windows(3, #{ step: 1, on: peak }).start, [2, 3, 4]);
/// ```
#[native(namespace = "genome", form = method)]
pub fn windows(
    this: &Genomic,
    /// Length of the windows, in bp.
    #[check(min = 1)]
    size: i64,
    options: WindowsOptions,
) -> Places {
    let step = options.step.unwrap_or(size);
    Places(Rc::new(match options.on {
        Some(list) => this.0.windows_on(size, step, &list.0),
        None => this.0.windows(size, step),
    }))
}

/// Draws random regions of one length, uniformly over all positions, with replacement.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
/// let r = g.random(20, 30, #{
///     exclude: intervals::from(#{ chrom: ["chr1"], start: [100], end: [400] }), seed: 1
/// });
/// assert_eq(r.len(), 20);
/// assert(r.start.map(|s| s <= 70 || s >= 400).reduce(|a, b| a && b, true));
/// assert(g.random(20, 30, #{ step: 50, seed: 1 }).start.all(|s| s % 50 == 0));
/// ```
#[native(namespace = "genome", form = method)]
pub fn random(
    this: &Genomic,
    /// Number of regions.
    #[check(min = 1)]
    n: i64,
    /// Length of each region, in bp.
    #[check(min = 1)]
    length: i64,
    options: RandomOptions,
) -> Result<Places> {
    let exclude = options.exclude.as_ref().map(|exclude| &*exclude.0);
    let seed = options.seed.seed();
    let regions = negatives::random(
        &this.0,
        n as usize,
        length,
        exclude,
        options.max_n,
        options.step,
        seed,
    )?;
    Ok(Places(Rc::new(regions)))
}

/// Draws random regions that match the lengths and the GC contents of others.
///
/// They do not overlap the others, and serve as negatives that GC content does not distinguish from
/// positives. `.notes` reports how well the histograms of GC content agree.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 20_000, #{ seed: 1 })[0] });
/// let r = g.gc_matched(g.random(20, 50, #{ seed: 2 }), #{ width: 0.05, seed: 1 });
/// assert_eq(r.len(), 20);
/// assert(r.notes[0].contains("differs from the positives' by"));
/// ```
#[native(namespace = "genome", form = method)]
pub fn gc_matched(
    this: &Genomic,
    /// Regions that are matched.
    positives: &Places,
    options: GcMatchedOptions,
) -> Result<Places> {
    let matching = Matching {
        ratio: options.ratio,
        exclude: options.exclude.map(|exclude| (*exclude.0).clone()),
        width: options.width,
        unknown: options.max_n,
        is_short_allowed: options.short == Shortage::Accept,
        seed: options.seed.seed(),
    };
    let regions = negatives::gc_matched(&this.0, &positives.0, &matching)?;
    Ok(Places(Rc::new(regions)))
}

/// Computes the fraction of intervals in each bin of GC content.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AAAAGGGG" });
/// assert_eq(g.gc_histogram(g.windows(4), 0.5), [0.5, 0.0, 0.5]);
/// ```
#[native(
    namespace = "genome",
    form = method,
    returns = "array of numbers, bins of `width` from 0 to 1"
)]
pub fn gc_histogram(
    this: &Genomic,
    /// Intervals whose GC contents are counted.
    intervals: &Places,
    /// Width of the bins.
    #[check(min = 0.001, max = 1)]
    #[default(0.02)]
    width: f64,
) -> Result<Array> {
    negatives::histogram(&this.0, &intervals.0, width).map(array)
}

/// Returns the sequences of both alleles of variants, each around its variant.
///
/// An insertion shifts the bases on its right beyond the end of the sequence.
///
/// Alleles consist of A, C, G, T and N. Of symbolic alleles only `<DEL>` has a sequence, by its
/// interval: the first base remains, as in `bcftools consensus`. Others (`<DUP>`, `*`, breakends,
/// `-`, IUPAC codes) are an error. `mismatched` lists the variants whose reference allele differs
/// from the genome.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTTAACC" });
/// let v = intervals::from(
///     #{ chrom: ["chr1"], start: [3], end: [4], reference: ["G"], alternate: ["T"] }
/// );
/// let pair = g.alleles(v, #{ length: 5 });
/// assert_eq([pair.reference[0], pair.alternate[0]], ["ACGTT", "ACTTT"]);
/// ```
#[native(
    namespace = "genome",
    form = method,
    returns = "map of reference, alternate: arrays of strings, and mismatched: array of row numbers"
)]
pub fn alleles(
    this: &Genomic,
    /// Intervals with the fields `reference` and `alternate`.
    variants: &Places,
    options: AllelesOptions,
) -> Result<Map> {
    let alleles = variants::alleles(&this.0, &variants.0, options.length)?;
    let letters = |rows: &[Vec<u8>]| array(rows.iter().map(|codes| alphabet::decode(codes)));
    let mismatched = array(alleles.mismatched.iter().map(|i| *i as i64));
    Ok(Map::from([
        ("reference".into(), letters(&alleles.reference).into()),
        ("alternate".into(), letters(&alleles.alternate).into()),
        ("mismatched".into(), mismatched.into()),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![windows, random, gc_matched, gc_histogram, alleles,]
}
