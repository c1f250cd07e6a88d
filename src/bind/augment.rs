//! `augment::…`: changes to rows while they are loaded.

use super::values::Augmenter;
use crate::augment::{self, Blended};
use crate::base::Result;
use crate::data::loader::{Blend, Transform};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::{Callback, IntoValue, Options, session};
use crate::nn::Value;
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::sync::Arc;

const STRETCH: &[Opt] = &[opt(
    "least",
    OptKind::Int(0, MANY),
    "0",
    "the shortest stretch, bp",
)];
const SOME: &[Opt] = &[opt(
    "exactly",
    OptKind::Bool,
    "false",
    "whether it is always as many; else any number from 1",
)];
const NEGATIVE: &[Opt] = &[opt(
    "k",
    OptKind::Int(1, 20),
    "2",
    "the k-lets whose counts are kept",
)];
const SOMETIMES: &[Opt] = &[
    opt(
        "to",
        OptKind::Float(0.0, 1.0),
        "",
        "the chance that is reached after `epochs` epochs; the same unless given",
    ),
    opt(
        "epochs",
        OptKind::Int(1, MANY),
        "1",
        "epochs from the first chance to the last",
    ),
];
const DURING: &[Opt] = &[
    opt(
        "first",
        OptKind::Int(1, MANY),
        "1",
        "the first epoch, from 1",
    ),
    opt(
        "last",
        OptKind::Int(1, MANY),
        "",
        "the last epoch; all that follow unless given",
    ),
];

fn chance(p: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&p) {
        bail!("value", "a chance is from 0 to 1, got {p}");
    }
    Ok(p)
}

fn plain(step: impl Transform + 'static, text: impl Into<String>) -> Result<Augmenter> {
    Ok(Augmenter {
        step: Arc::new(step),
        text: text.into(),
        custom: Vec::new(),
    })
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

/// Augmenters that work on rows: a script's own works on batches, for which there is no choice by
/// row.
fn by_row(items: &Array) -> Result<Vec<Arc<dyn Transform>>> {
    parts(items)?
        .into_iter()
        .map(|part| {
            let mut blends = Vec::new();
            part.step.blends(0, &mut blends);
            if !part.custom.is_empty() || !blends.is_empty() {
                bail!("value", "{} works on whole batches and cannot be drawn row by row", part.text; hint: "put it into `augment::chain` instead");
            }
            Ok(part.step)
        })
        .collect()
}

fn stretch(most: i64, o: &Options) -> Result<(usize, usize)> {
    crate::lang::native::at_least("most", most, 1)?;
    let least = o.int("least");
    if least > most {
        bail!("option", "`least` must be at most {most}, got {least}");
    }
    Ok((least as usize, most as usize))
}

/// Inputs and labels after a script's own augmenters.
pub fn customised(x: Value, y: Tensor, custom: &[Callback]) -> Result<(Value, Tensor)> {
    let (mut x, mut y) = (x, y);
    for call in custom {
        let shown: Dynamic = match x {
            Value::One(tensor) => tensor.into_value(),
            Value::Many(many) => many
                .into_iter()
                .map(|(name, t)| (name.into(), t.into_value()))
                .collect::<Map>()
                .into(),
        };
        let answer = call.call(vec![
            Map::from([("x".into(), shown), ("y".into(), y.clone().into_value())]).into(),
        ])?;
        let Some(map) = answer.read_lock::<Map>().map(|map| map.clone()) else {
            bail!("type", "an augmenter must give a map of x and y, got {}", session::describe(&answer); hint: "`augment::custom(|batch| {{ batch.x = …; batch }})`");
        };
        let tensor = |name: &str| -> Result<Dynamic> {
            map.get(name).cloned().ok_or_else(|| {
                fault!(
                    "value",
                    "an augmenter must give a map of x and y, `{name}` is not there"
                )
            })
        };
        let given = tensor("x")?;
        x = match (given.read_lock::<Tensor>(), given.read_lock::<Map>()) {
            (Some(one), _) => Value::One(one.clone()),
            (_, Some(many)) => Value::Many(
                many.iter()
                    .map(|(name, t)| {
                        t.read_lock::<Tensor>()
                            .map(|t| (name.to_string(), t.clone()))
                            .ok_or_else(|| fault!("type", "input `{name}` must be a tensor"))
                    })
                    .collect::<Result<_>>()?,
            ),
            _ => bail!(
                "type",
                "`x` must be a tensor or a map of tensors, got {}",
                session::describe(&given)
            ),
        };
        let labels = tensor("y")?;
        y = labels
            .read_lock::<Tensor>()
            .map(|t| t.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "`y` must be a tensor, got {}",
                    session::describe(&labels)
                )
            })?;
    }
    Ok((x, y))
}

natives! { natives in "augment" {
    /// Reads rows from the reverse strand with a chance (one half unless given).
    ///
    /// Tracks, and labels in bins, are read backwards with the sequence; stranded tracks and labels
    /// in pairs change places.
    ///
    /// ```rhai
    /// assert_eq(`${augment::reverse_complement(0.5)}`, "augmenter reverse_complement(0.5)");
    /// ```
    function "reverse_complement"(c, probability: Option<f64>) -> "augmenter" { let p = chance(probability.unwrap_or(0.5))?; plain(augment::ReverseComplement { probability: p }, format!("reverse_complement({p})")) }

    /// Moves rows by up to `most` positions either way. Rows that are cut from a genome bring in
    /// what lies there; others N.
    ///
    /// Tracks move with the sequence, and labels in bins are read again from their tracks; where
    /// these are not known, it is an error.
    ///
    /// ```rhai
    /// assert_eq(`${augment::shift(3)}`, "augmenter shift(3)");
    /// ```
    function "shift"(c, most: i64) -> "augmenter" { crate::lang::native::at_least("most", most, 0)?; plain(augment::Shift { most: most as usize }, format!("shift({most})")) }

    /// Replaces each base by one of the three others with a chance.
    ///
    /// ```rhai
    /// assert_eq(`${augment::mutate(0.05)}`, "augmenter mutate(0.05)");
    /// ```
    function "mutate"(c, rate: f64) -> "augmenter" { let rate = chance(rate)?; plain(augment::Mutate { rate }, format!("mutate({rate})")) }

    /// Puts random bases in at a random place; the ends are pushed out of view.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["AAAAAAAAAA"], label: [1] });
    /// for b in set.batches(1, #{ augment: augment::insertion(4, #{ least: 4 }), seed: 1 }) { assert_eq(b.x.shape, [1, 4, 10]); }
    /// ```
    function "insertion"(c, most: i64; o = STRETCH) -> "augmenter" { let (low, high) = stretch(most, &o)?; plain(augment::Insertion { low, high }, format!("insertion({most})")) }

    /// Takes a stretch out at a random place; what lies around the row moves in (a genome's bases,
    /// else random ones).
    ///
    /// ```rhai
    /// assert_eq(`${augment::deletion(20)}`, "augmenter deletion(20)");
    /// ```
    function "deletion"(c, most: i64; o = STRETCH) -> "augmenter" { let (low, high) = stretch(most, &o)?; plain(augment::Deletion { low, high }, format!("deletion({most})")) }

    /// Replaces a stretch by its reverse complement; within it, stranded tracks change places.
    ///
    /// ```rhai
    /// assert_eq(`${augment::inversion(20)}`, "augmenter inversion(20)");
    /// ```
    function "inversion"(c, most: i64; o = STRETCH) -> "augmenter" { let (low, high) = stretch(most, &o)?; plain(augment::Inversion { low, high }, format!("inversion({most})")) }

    /// Cuts rows at a point and lets the two parts change places: a move by up to `most` positions,
    /// round the ends.
    ///
    /// ```rhai
    /// assert_eq(`${augment::translocation(20)}`, "augmenter translocation(20)");
    /// ```
    function "translocation"(c, most: i64; o = STRETCH) -> "augmenter" { let (low, high) = stretch(most, &o)?; plain(augment::Translocation { low, high }, format!("translocation({most})")) }

    /// Makes a stretch N.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["AAAAAAAAAA"], label: [1] });
    /// for b in set.batches(1, #{ augment: augment::mask(4, #{ least: 4 }), seed: 1 }) { assert_eq(b.x.sum(), 6.0); }
    /// ```
    function "mask"(c, most: i64; o = STRETCH) -> "augmenter" { let (low, high) = stretch(most, &o)?; plain(augment::Mask { low, high }, format!("mask({most})")) }

    /// Keeps a random stretch of `length` bases; the rest becomes N.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["AAAAAAAAAA"], label: [1] });
    /// for b in set.batches(1, #{ augment: augment::crop(7), seed: 1 }) { assert_eq(b.x.sum(), 7.0); }
    /// ```
    function "crop"(c, length: i64) -> "augmenter" { crate::lang::native::at_least("length", length, 1)?; plain(augment::Crop { length: length as usize }, format!("crop({length})")) }

    /// Shuffles rows with a chance, keeping every k-let count, and makes their labels 0.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGGTACTTA"], label: [1] });
    /// for b in set.batches(1, #{ augment: augment::to_negative(1.0), seed: 1 }) { assert_eq(b.y, [[0.0]]); }
    /// ```
    function "to_negative"(c, probability: f64; o = NEGATIVE) -> "augmenter" { let p = chance(probability)?; plain(augment::ToNegative { probability: p, k: o.int("k") as usize }, format!("to_negative({p})")) }

    /// Adds normal noise to one-hot sequences.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT"], label: [1] });
    /// for b in set.batches(1, #{ augment: augment::noise(0.2), seed: 1 }) { assert(b.x.max() != 1.0); }
    /// ```
    function "noise"(c, deviation: f64) -> "augmenter" {
        if deviation < 0.0 { bail!("value", "`deviation` must be at least 0, got {deviation}"); }
        plain(Blended(Blend::Noise(deviation)), format!("noise({deviation})"))
    }

    /// Mixes each row and its labels with another one of the batch; the shares are beta numbers of
    /// shape `alpha` (Zhang et al. 2018).
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["AAAA", "CCCC"], label: [1, 0] });
    /// for b in set.batches(2, #{ augment: augment::mixup(1.0), seed: 1 }) { assert_near(b.x.sum(), 8.0, 1e-5); }
    /// ```
    function "mixup"(c, alpha: Option<f64>) -> "augmenter" {
        let alpha = alpha.unwrap_or(0.2);
        if alpha <= 0.0 || alpha.is_nan() { bail!("value", "`alpha` must be more than 0, got {alpha}"); }
        plain(Blended(Blend::Mixup(alpha)), format!("mixup({alpha})"))
    }

    /// Applies a function to each batch, after all that is done row by row: it gets and gives #{ x,
    /// y }, inputs one-hot.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT"], label: [1] });
    /// let twice = augment::custom(|batch| { batch.x = batch.x * 2.0; batch });
    /// for b in set.batches(1, #{ augment: twice }) { assert_eq(b.x.sum(), 8.0); }
    /// ```
    function "custom"(c, change: Callback) -> "augmenter" { Ok(Augmenter { step: Arc::new(augment::Chain(Vec::new())), text: "custom".into(), custom: vec![change] }) }

    /// Applies augmenters one after the other.
    ///
    /// ```rhai
    /// assert_eq(`${augment::chain([augment::shift(1)])}`, "augmenter chain of 1");
    /// ```
    function "chain"(c, augmenters: Array) -> "augmenter" {
        let parts = parts(&augmenters)?;
        let text = format!("chain of {}", parts.len());
        let custom = parts.iter().flat_map(|part| part.custom.clone()).collect();
        Ok(Augmenter { step: Arc::new(augment::Chain(parts.into_iter().map(|part| part.step).collect())), text, custom })
    }

    /// Applies one of several augmenters to each row, each as likely.
    ///
    /// ```rhai
    /// assert_eq(`${augment::one_of([augment::shift(1), augment::mutate(0.1)])}`, "augmenter one of 2");
    /// ```
    function "one_of"(c, augmenters: Array) -> "augmenter" { let steps = by_row(&augmenters)?; let n = steps.len(); plain(augment::OneOf(steps), format!("one of {n}")) }

    /// Applies up to `most` of several augmenters to each row, drawn anew for each (EvoAug, Lee et
    /// al. 2023).
    ///
    /// ```rhai
    /// assert_eq(`${augment::some_of([augment::shift(1), augment::mutate(0.1)], 2)}`, "augmenter up to 2 of 2");
    /// ```
    function "some_of"(c, augmenters: Array, most: i64; o = SOME) -> "augmenter" {
        crate::lang::native::at_least("most", most, 1)?;
        let steps = by_row(&augmenters)?;
        let text = format!("{} {most} of {}", if o.flag("exactly") { "exactly" } else { "up to" }, steps.len());
        plain(augment::SomeOf { steps, most: most as usize, is_fixed: o.flag("exactly") }, text)
    }

    /// Applies an augmenter to each row with a chance, which may change over the epochs.
    ///
    /// ```rhai
    /// assert_eq(`${augment::sometimes(augment::shift(3), 0.5)}`, "augmenter shift(3) with chance 0.5");
    /// ```
    function "sometimes"(c, augmenter: Augmenter, probability: f64; o = SOMETIMES) -> "augmenter" {
        let from = chance(probability)?;
        let step = by_row(&vec![Dynamic::from(augmenter.clone())])?.swap_remove(0);
        let to = o.maybe_float("to").unwrap_or(from);
        plain(augment::Sometimes { step, from, to, epochs: o.int("epochs") as u64 }, format!("{} with chance {from}", augmenter.text))
    }

    /// Applies an augmenter in some epochs only, such as EvoAug's first stage, after which training
    /// goes on without.
    ///
    /// ```rhai
    /// assert_eq(`${augment::during(augment::shift(3), #{ last: 10 })}`, "augmenter shift(3) in epochs 1 to 10");
    /// ```
    function "during"(c, augmenter: Augmenter; o = DURING) -> "augmenter" {
        if !augmenter.custom.is_empty() { bail!("value", "a script's own augmenter has no epochs"; hint: "keep a count in the closure, or fit twice"); }
        let (first, last) = (o.int("first") as u64, o.maybe_int("last").map_or(u64::MAX - 1, |n| n as u64));
        if last < first { bail!("option", "`last` must be at least {first}, got {last}"); }
        let text = if last < u64::MAX - 1 { format!("{} in epochs {first} to {last}", augmenter.text) } else { format!("{} from epoch {first} on", augmenter.text) };
        plain(augment::During { step: augmenter.step, first: first - 1, end: last }, text)
    }
} }
