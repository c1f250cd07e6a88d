//! Values of tracks in intervals.

use crate::bail;
use crate::base::{Interval, Result};
use crate::bind::args::genome::{StatisticName, StrandName, noted};
use crate::bind::args::intervals::places;
use crate::bind::types::{Places, Signal};
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::seq::Intervals;
use crate::seq::track::{Above, Missing, Statistic};
use crate::torch::Tensor;
use std::sync::Arc;

/// Options of `track.values`.
#[derive(Options)]
pub struct ValuesOptions {
    /// Value of bases without a value; NaN unless given.
    missing: Option<f64>,
    /// Strand that is read; values on the reverse strand are in reverse order.
    #[option(default = "+")]
    strand: StrandName,
}

/// Options of the statistics of intervals.
#[derive(Options)]
pub struct MissingOptions {
    /// Bases without a value: excluded (an interval without any value is NaN), or 0.
    #[option(default = "skip")]
    missing: MissingName,
}

/// Options of `track.bins`.
#[derive(Options)]
pub struct BinsOptions {
    #[option(flatten)]
    shared: MissingOptions,
    /// Statistic of the values of a bin.
    #[option(default = "mean")]
    statistic: StatisticName,
}

/// Options of `track.above`.
#[derive(Options)]
pub struct AboveOptions {
    /// Largest number of bases between two intervals that are joined; those that touch always are.
    #[option(default = 0, min = 0)]
    join: i64,
    /// Smallest length of an interval after joining, in bp.
    #[option(default = 1, min = 1)]
    min_length: i64,
    /// Names of the chromosomes that are read; all of them unless given.
    chroms: Option<Vec<String>>,
}

/// The value of bases without a value.
#[derive(Choice)]
pub enum MissingName {
    /// None: they are excluded.
    Skip,
    /// 0.
    Zero,
}

impl From<MissingName> for Missing {
    fn from(name: MissingName) -> Missing {
        match name {
            MissingName::Skip => Missing::Skip,
            MissingName::Zero => Missing::Zero,
        }
    }
}

/// A statistic of the bins of each interval.
fn summarised(
    track: &Signal,
    list: &Places,
    bins: usize,
    statistic: Statistic,
    missing: Missing,
) -> Result<Vec<f64>> {
    noted(&track.0, &list.0);
    let values = track.0.summarise(&list.0, bins, statistic, missing)?;
    Ok(values.into_raw_vec_and_offset().0)
}

/// A statistic of each interval, as a tensor [intervals].
fn statistic_of(
    track: &Signal,
    list: &Places,
    statistic: Statistic,
    missing: Missing,
) -> Result<Tensor> {
    let values = summarised(track, list, 1, statistic, missing)?;
    Tensor::from_f64(&values, &[values.len() as i64])
}

/// Returns the value of each base of a range.
///
/// Coordinates are 0-based and half-open.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.values("1", 8, 12, #{ missing: 0 }), [1, 1, 0, 0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [end - start]"
)]
pub fn values(
    this: &Signal,
    /// Name of the chromosome.
    chrom: &str,
    /// First base, from 0.
    start: i64,
    /// End of the range, excluded.
    end: i64,
    options: ValuesOptions,
) -> Result<Tensor> {
    let track = &this.0;
    let range = Interval {
        chrom: track.chrom(chrom)?,
        strand: options.strand.into(),
        start,
        end,
    };
    if range.is_empty() {
        bail!(
            "value",
            "{start}-{end} holds no base: coordinates are 0-based and half-open"
        );
    }
    let blank = options.missing.map_or(f32::NAN, |value| value as f32);
    let contigs = Arc::new(track.contigs.clone());
    noted(track, &Intervals::new(contigs, vec![range]));
    let mut out = Vec::new();
    track.values_into(&range, blank, &mut out)?;
    Tensor::from_f32(&out, &[out.len() as i64])
}

/// Computes the mean of each interval, over the bases that have a value.
///
/// Bases beyond the end of a chromosome, and those of chromosomes that the signal does not have,
/// have no value; a warning reports the number of such intervals.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// let at = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(t.mean(at), [1.0]);
/// assert_eq(t.mean(at, #{ missing: "zero" }), [0.5]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn mean(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Mean, options.missing.into())
}

/// Returns the largest value of each interval.
///
/// ```rhai
/// let t = track::from_intervals(
///     intervals::from(#{ chrom: ["chr1"], start: [5], end: [10], h: [4.0] }), #{ field: "h" }
/// );
/// assert_eq(t.max(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [4.0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn max(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Max, options.missing.into())
}

/// Returns the smallest value of each interval.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.min(
///     intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }), #{ missing: "zero" }
/// ), [0.0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn min(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Min, options.missing.into())
}

/// Computes the sum of the values of each interval.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.sum(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [5.0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn sum(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Sum, options.missing.into())
}

/// Computes the fraction of the bases of each interval that have a value.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.covered(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [0.5]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn covered(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Covered, Missing::Skip)
}

/// Computes a statistic of bins of each interval, whose lengths differ by at most 1 bp.
///
/// Bin `i` of `n` starts at `floor(i * length / n)`, as in pyBigWig and UCSC's tools. Where there
/// are more bins than bases, bins without a base have no value (see `missing`). Bins of intervals
/// on the reverse strand are in reverse order.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.bins(
///     intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }), 2, #{ missing: "zero" }
/// ), [[0, 1]]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals, bins] float64"
)]
pub fn bins(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    /// Number of bins of each interval.
    #[check(min = 1)]
    bins: i64,
    options: BinsOptions,
) -> Result<Tensor> {
    let (statistic, missing) = (options.statistic.into(), options.shared.missing.into());
    let values = summarised(this, intervals, bins as usize, statistic, missing)?;
    Tensor::from_f64(&values, &[intervals.0.len() as i64, bins])
}

/// Returns the intervals in which the signal is above a threshold.
///
/// A base counts where its value is greater than the threshold, compared in 32 bits; bases without
/// a value and NaN never count. Ranges that touch, or that `join` bases or fewer separate, are one
/// interval, as `bedtools merge -d` does; intervals end at the ends of their chromosome. Field
/// `signal` is the largest value, `summit` the position of the middle of the first range that has
/// it. The order is that of the chromosomes of the signal.
///
/// ```rhai
/// let at = intervals::from(#{
///     chrom: ["chr1", "chr1", "chr1"], start: [0, 300, 900], end: [100, 400, 950],
///     height: [2.0, 5.0, 3.0],
/// });
/// let t = track::from_intervals(at, #{ field: "height" });
/// assert_eq(t.above(2.0).start, [300, 900]);
/// let peaks = t.above(1.0, #{ join: 200 });
/// assert_eq([peaks.start, peaks.end], [[0, 900], [400, 950]]);
/// assert_eq([peaks.column("signal"), peaks.column("summit")], [[5.0, 3.0], [350.0, 925.0]]);
/// assert_eq(t.above(9.0).len(), 0);
/// ```
#[native(namespace = "track", form = method)]
pub fn above(
    this: &Signal,
    /// Value that is exceeded.
    threshold: f64,
    options: AboveOptions,
) -> Result<Places> {
    if threshold.is_nan() {
        bail!("value", "`threshold` must be a number, got NaN");
    }
    let track = &this.0;
    let numbers = |names: Vec<String>| -> Result<Vec<u32>> {
        names.iter().map(|name| track.chrom(name)).collect()
    };
    let how = Above {
        threshold: threshold as f32,
        join: options.join,
        min_length: options.min_length,
        chroms: options.chroms.map(numbers).transpose()?,
    };
    track.above(&how).map(places)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![values, mean, max, min, sum, covered, bins, above]
}
