//! `augment::…`: changes to rows while they are loaded.

use crate::augment::{self, Blended};
use crate::base::Result;
use crate::bind::types::Augmenter;
use crate::data::loader::{Blend, Transform};
use crate::lang::{Callback, Native, Options, native, natives_of, session};
use crate::{bail, fault};
use rhai::Array;
use std::sync::Arc;

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

/// Options of `augment::some_of`.
#[derive(Options)]
pub struct SomeOfOptions {
    /// Whether exactly `most` augmenters are applied, instead of a random number from 1.
    #[option(default = false)]
    exactly: bool,
}

/// Options of `augment::sometimes`.
#[derive(Options)]
pub struct SometimesOptions {
    /// Probability after `epochs` epochs; the initial one unless given.
    #[option(min = 0, max = 1)]
    to: Option<f64>,
    /// Epochs over which the probability changes linearly.
    #[option(default = 1, min = 1)]
    epochs: u64,
}

/// Options of `augment::during`.
#[derive(Options)]
pub struct DuringOptions {
    /// First epoch, from 1.
    #[option(default = 1, min = 1)]
    first: u64,
    /// Last epoch; the last of the training unless given.
    #[option(min = 1)]
    last: Option<u64>,
}

fn plain(step: impl Transform + 'static, text: String) -> Augmenter {
    Augmenter {
        step: Arc::new(step),
        text,
        custom: Vec::new(),
    }
}

fn parts(items: &Array) -> Result<Vec<Augmenter>> {
    if items.is_empty() {
        bail!("value", "at least one augmenter is needed");
    }
    items
        .iter()
        .map(|item| {
            item.read_lock::<Augmenter>()
                .map(|a| a.clone())
                .ok_or_else(|| {
                    fault!(
                        "type",
                        "`augmenters` must hold augmenters, got {}",
                        session::describe(item)
                    )
                })
        })
        .collect()
}

/// The step of an augmenter of rows; a function of the script takes whole batches.
fn row_step(augmenter: Augmenter) -> Result<Arc<dyn Transform>> {
    let mut blends = Vec::new();
    augmenter.step.blends(0, &mut blends);
    if !augmenter.custom.is_empty() || !blends.is_empty() {
        bail!("value", "{} works on whole batches and cannot be drawn row by row", augmenter.text;
            hint: "put it into `augment::chain` instead");
    }
    Ok(augmenter.step)
}

fn by_row(items: &Array) -> Result<Vec<Arc<dyn Transform>>> {
    parts(items)?.into_iter().map(row_step).collect()
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

/// Applies a function to each batch, after all augmenters of rows.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT"], label: [1] });
/// let twice = augment::custom(|batch| { batch.x = batch.x * 2.0; batch });
/// for b in set.batches(1, #{ augment: twice }) { assert_eq(b.x.sum(), 8.0); }
/// ```
#[native(namespace = "augment")]
pub fn custom(
    /// Function |batch| that takes and returns a map of `x` (inputs, one-hot) and `y` (labels).
    change: Callback,
) -> Augmenter {
    Augmenter {
        step: Arc::new(augment::Chain(Vec::new())),
        text: "custom".into(),
        custom: vec![change],
    }
}

/// Applies augmenters one after the other.
///
/// ```rhai
/// assert_eq(`${augment::chain([augment::shift(1)])}`, "augmenter chain of 1");
/// ```
#[native(namespace = "augment")]
pub fn chain(
    /// Augmenters in the order in which they are applied.
    augmenters: Array,
) -> Result<Augmenter> {
    let parts = parts(&augmenters)?;
    let text = format!("chain of {}", parts.len());
    let custom = parts.iter().flat_map(|part| part.custom.clone()).collect();
    let steps = parts.into_iter().map(|part| part.step).collect();
    Ok(Augmenter {
        step: Arc::new(augment::Chain(steps)),
        text,
        custom,
    })
}

/// Applies one of several augmenters to each row, with equal probability.
///
/// ```rhai
/// assert_eq(
///     `${augment::one_of([augment::shift(1), augment::mutate(0.1)])}`, "augmenter one of 2"
/// );
/// ```
#[native(namespace = "augment")]
pub fn one_of(
    /// Augmenters of rows.
    augmenters: Array,
) -> Result<Augmenter> {
    let steps = by_row(&augmenters)?;
    let text = format!("one of {}", steps.len());
    Ok(plain(augment::OneOf(steps), text))
}

/// Applies a random subset of augmenters to each row (EvoAug, Lee et al. 2023).
///
/// ```rhai
/// assert_eq(
///     `${augment::some_of([augment::shift(1), augment::mutate(0.1)], 2)}`,
///     "augmenter up to 2 of 2"
/// );
/// ```
#[native(namespace = "augment")]
pub fn some_of(
    /// Augmenters of rows.
    augmenters: Array,
    /// Largest size of the subset.
    #[check(min = 1)]
    most: i64,
    options: SomeOfOptions,
) -> Result<Augmenter> {
    let steps = by_row(&augmenters)?;
    let is_fixed = options.exactly;
    let number = if is_fixed { "exactly" } else { "up to" };
    let text = format!("{number} {most} of {}", steps.len());
    let most = most as usize;
    Ok(plain(
        augment::SomeOf {
            steps,
            most,
            is_fixed,
        },
        text,
    ))
}

/// Applies an augmenter to each row with a probability, which may change over the epochs.
///
/// ```rhai
/// assert_eq(
///     `${augment::sometimes(augment::shift(3), 0.5)}`, "augmenter shift(3) with chance 0.5"
/// );
/// ```
#[native(namespace = "augment")]
pub fn sometimes(
    /// Augmenter of rows.
    augmenter: Augmenter,
    /// Probability of each row, in the first epoch.
    #[check(min = 0, max = 1)]
    probability: f64,
    options: SometimesOptions,
) -> Result<Augmenter> {
    let text = format!("{} with chance {probability}", augmenter.text);
    let sometimes = augment::Sometimes {
        step: row_step(augmenter)?,
        from: probability,
        to: options.to.unwrap_or(probability),
        epochs: options.epochs,
    };
    Ok(plain(sometimes, text))
}

/// Applies an augmenter in a range of epochs only, such as the first stage of EvoAug.
///
/// ```rhai
/// assert_eq(
///     `${augment::during(augment::shift(3), #{ last: 10 })}`,
///     "augmenter shift(3) in epochs 1 to 10"
/// );
/// ```
#[native(namespace = "augment")]
pub fn during(
    /// Augmenter of rows.
    augmenter: Augmenter,
    options: DuringOptions,
) -> Result<Augmenter> {
    if !augmenter.custom.is_empty() {
        bail!("value", "a script's own augmenter has no epochs";
            hint: "keep a count in the closure, or fit twice");
    }
    let (step, first) = (augmenter.step, options.first);
    let text = match options.last {
        Some(last) if last < first => {
            bail!("option", "`last` must be at least {first}, got {last}")
        }
        Some(last) => format!("{} in epochs {first} to {last}", augmenter.text),
        None => format!("{} from epoch {first} on", augmenter.text),
    };
    let (first, end) = (first - 1, options.last.unwrap_or(u64::MAX - 1));
    Ok(plain(augment::During { step, first, end }, text))
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
        custom,
        chain,
        one_of,
        some_of,
        sometimes,
        during,
    ]
}
