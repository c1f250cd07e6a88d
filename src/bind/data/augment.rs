//! `augment::…`: changes to rows while they are loaded.

use crate::augment::{self, Blended};
use crate::bail;
use crate::base::Result;
use crate::bind::args::augment::plain;
use crate::bind::types::Augmenter;
use crate::data::loader::Blend;
use crate::lang::{Native, Options, native, natives_of};

/// Options of the augmenters that change a range of random length.
#[derive(Options)]
pub struct RangeOptions {
    /// Smallest length of the range, in bp.
    #[option(default = 0, min = 0)]
    least: i64,
}

/// Options of `augment::to_negative`.
#[derive(Options)]
pub struct ToNegativeOptions {
    /// Length of the k-mers whose counts are preserved.
    #[option(default = 2, min = 1, max = 20)]
    k: usize,
}

/// The smallest and the largest length of a range.
fn lengths(most: i64, options: &RangeOptions) -> Result<(usize, usize)> {
    let least = options.least;
    if least > most {
        bail!("option", "`least` must be at most {most}, got {least}");
    }
    Ok((least as usize, most as usize))
}

/// Replaces rows by their reverse complement with a probability.
///
/// Tracks, and labels in bins, are reversed with the sequence; stranded tracks and labels in pairs
/// are swapped.
///
/// ```rhai
/// assert_eq(`${augment::reverse_complement(0.5)}`, "augmenter reverse_complement(0.5)");
/// ```
#[native(namespace = "augment")]
pub fn reverse_complement(
    /// Probability of each row.
    #[check(min = 0, max = 1)]
    #[default(0.5)]
    probability: f64,
) -> Augmenter {
    let text = format!("reverse_complement({probability})");
    plain(augment::ReverseComplement { probability }, text)
}

/// Shifts rows by a random offset of up to `most` bp in either direction.
///
/// Rows of a genome are read at the shifted position; other rows are filled with N. Tracks are
/// shifted with the sequence, and labels in bins are read again from their tracks; where these are
/// not known, it is an error.
///
/// ```rhai
/// assert_eq(`${augment::shift(3)}`, "augmenter shift(3)");
/// ```
#[native(namespace = "augment")]
pub fn shift(
    /// Largest offset, in bp.
    #[check(min = 0)]
    most: i64,
) -> Augmenter {
    let text = format!("shift({most})");
    plain(
        augment::Shift {
            most: most as usize,
        },
        text,
    )
}

/// Replaces each base by one of the three others with a probability.
///
/// ```rhai
/// assert_eq(`${augment::mutate(0.05)}`, "augmenter mutate(0.05)");
/// ```
#[native(namespace = "augment")]
pub fn mutate(
    /// Probability of each base.
    #[check(min = 0, max = 1)]
    rate: f64,
) -> Augmenter {
    plain(augment::Mutate { rate }, format!("mutate({rate})"))
}

/// Inserts random bases at a random position; the length of the row does not change.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["AAAAAAAAAA"], label: [1] });
/// for b in set.batches(1, #{ augment: augment::insertion(4, #{ least: 4 }), seed: 1 }) {
///     assert_eq(b.x.shape, [1, 4, 10]);
/// }
/// ```
#[native(namespace = "augment")]
pub fn insertion(
    /// Largest length of the insertion, in bp.
    #[check(min = 1)]
    most: i64,
    options: RangeOptions,
) -> Result<Augmenter> {
    let (low, high) = lengths(most, &options)?;
    let text = format!("insertion({most})");
    Ok(plain(augment::Insertion { low, high }, text))
}

/// Deletes a random range; the length of the row does not change.
///
/// Rows of a genome are filled with the flanking bases, other rows with random ones.
///
/// ```rhai
/// assert_eq(`${augment::deletion(20)}`, "augmenter deletion(20)");
/// ```
#[native(namespace = "augment")]
pub fn deletion(
    /// Largest length of the deletion, in bp.
    #[check(min = 1)]
    most: i64,
    options: RangeOptions,
) -> Result<Augmenter> {
    let (low, high) = lengths(most, &options)?;
    let text = format!("deletion({most})");
    Ok(plain(augment::Deletion { low, high }, text))
}

/// Replaces a random range by its reverse complement; stranded tracks are swapped within it.
///
/// ```rhai
/// assert_eq(`${augment::inversion(20)}`, "augmenter inversion(20)");
/// ```
#[native(namespace = "augment")]
pub fn inversion(
    /// Largest length of the inversion, in bp.
    #[check(min = 1)]
    most: i64,
    options: RangeOptions,
) -> Result<Augmenter> {
    let (low, high) = lengths(most, &options)?;
    let text = format!("inversion({most})");
    Ok(plain(augment::Inversion { low, high }, text))
}

/// Rotates rows by a random offset: the bases shifted out at one end enter at the other.
///
/// ```rhai
/// assert_eq(`${augment::translocation(20)}`, "augmenter translocation(20)");
/// ```
#[native(namespace = "augment")]
pub fn translocation(
    /// Largest offset, in bp.
    #[check(min = 1)]
    most: i64,
    options: RangeOptions,
) -> Result<Augmenter> {
    let (low, high) = lengths(most, &options)?;
    let text = format!("translocation({most})");
    Ok(plain(augment::Translocation { low, high }, text))
}

/// Replaces a random range by N.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["AAAAAAAAAA"], label: [1] });
/// for b in set.batches(1, #{ augment: augment::mask(4, #{ least: 4 }), seed: 1 }) {
///     assert_eq(b.x.sum(), 6.0);
/// }
/// ```
#[native(namespace = "augment")]
pub fn mask(
    /// Largest length of the range, in bp.
    #[check(min = 1)]
    most: i64,
    options: RangeOptions,
) -> Result<Augmenter> {
    let (low, high) = lengths(most, &options)?;
    Ok(plain(augment::Mask { low, high }, format!("mask({most})")))
}

/// Keeps a random range of `length` bases; the rest becomes N.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["AAAAAAAAAA"], label: [1] });
/// for b in set.batches(1, #{ augment: augment::crop(7), seed: 1 }) { assert_eq(b.x.sum(), 7.0); }
/// ```
#[native(namespace = "augment")]
pub fn crop(
    /// Length of the range, in bp.
    #[check(min = 1)]
    length: i64,
) -> Augmenter {
    let text = format!("crop({length})");
    plain(
        augment::Crop {
            length: length as usize,
        },
        text,
    )
}

/// Shuffles rows with a probability, preserving k-mer counts, and sets their labels to 0.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGGTACTTA"], label: [1] });
/// for b in set.batches(1, #{ augment: augment::to_negative(1.0), seed: 1 }) {
///     assert_eq(b.y, [[0.0]]);
/// }
/// ```
#[native(namespace = "augment")]
pub fn to_negative(
    /// Probability of each row.
    #[check(min = 0, max = 1)]
    probability: f64,
    options: ToNegativeOptions,
) -> Augmenter {
    let text = format!("to_negative({probability})");
    let k = options.k;
    plain(augment::ToNegative { probability, k }, text)
}

/// Adds Gaussian noise to one-hot sequences.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT"], label: [1] });
/// for b in set.batches(1, #{ augment: augment::noise(0.2), seed: 1 }) {
///     assert(b.x.max() != 1.0);
/// }
/// ```
#[native(namespace = "augment")]
pub fn noise(
    /// Standard deviation.
    #[check(min = 0)]
    deviation: f64,
) -> Augmenter {
    let text = format!("noise({deviation})");
    plain(Blended(Blend::Noise(deviation)), text)
}

/// Mixes each row and its labels with another row of the batch (Zhang et al. 2018).
///
/// The weights of the two rows are drawn from a beta distribution.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["AAAA", "CCCC"], label: [1, 0] });
/// for b in set.batches(2, #{ augment: augment::mixup(1.0), seed: 1 }) {
///     assert_near(b.x.sum(), 8.0, 1e-5);
/// }
/// ```
#[native(namespace = "augment")]
pub fn mixup(
    /// Both shape parameters of the beta distribution.
    #[check(above = 0)]
    #[default(0.2)]
    alpha: f64,
) -> Augmenter {
    plain(Blended(Blend::Mixup(alpha)), format!("mixup({alpha})"))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        reverse_complement,
        shift,
        mutate,
        insertion,
        deletion,
        inversion,
        translocation,
        mask,
        crop,
        to_negative,
        noise,
        mixup,
    ]
}
