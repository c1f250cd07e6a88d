//! `augment::…`: functions of a script, and combinations of augmentations.

use crate::base::Result;
use crate::bind::args::augment::plain;
use crate::bind::types::Augmenter;
use crate::data::loader::Transform;
use crate::lang::{Callback, Native, Options, native, natives_of, session};
use crate::{augment, bail, fault};
use rhai::Array;
use std::sync::Arc;

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
    natives_of![custom, chain, one_of, some_of, sometimes, during,]
}
