//! `augment::…`: changes to rows while they are loaded.

use super::values::{Augmenter, augmenter, chain};
use crate::augment;
use crate::base::Result;
use crate::lang::session;
use crate::{bail, fault, natives};
use rhai::Array;

fn chance(p: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&p) {
        bail!("value", "a chance is from 0 to 1, got {p}");
    }
    Ok(p)
}

fn parts(items: &Array) -> Result<Vec<Augmenter>> {
    if items.is_empty() {
        bail!("value", "at least one augmenter is needed");
    }
    items
        .iter()
        .map(|item| {
            item.read_lock::<Augmenter>().map(|a| a.clone()).ok_or_else(|| fault!("type", "`augmenters` must hold augmenters, got {}", session::describe(item)))
        })
        .collect()
}

natives! { made in "augment" {
    /// Reads rows from the other strand with a chance (one half unless given); tracks as long as the sequence turn with it.
    ///
    /// ```rhai
    /// assert_eq(`${augment::reverse_complement(0.5)}`, "augmenter reverse_complement(0.5)");
    /// ```
    function "reverse_complement"(c, probability: Option<f64>) -> "augmenter" { let p = chance(probability.unwrap_or(0.5))?; Ok(augmenter(augment::ReverseComplement { probability: p }, format!("reverse_complement({p})"))) }

    /// Moves rows by up to `most` positions either way; N comes in.
    ///
    /// ```rhai
    /// assert_eq(`${augment::shift(3)}`, "augmenter shift(3)");
    /// ```
    function "shift"(c, most: i64) -> "augmenter" { crate::lang::native::at_least("most", most, 0)?; Ok(augmenter(augment::Shift { most: most as usize }, format!("shift({most})"))) }

    /// Replaces each base by one of the three others with a chance.
    ///
    /// ```rhai
    /// assert_eq(`${augment::mutate(0.05)}`, "augmenter mutate(0.05)");
    /// ```
    function "mutate"(c, rate: f64) -> "augmenter" { let rate = chance(rate)?; Ok(augmenter(augment::Mutate { rate }, format!("mutate({rate})"))) }

    /// Applies augmenters one after the other.
    ///
    /// ```rhai
    /// assert_eq(`${augment::chain([augment::shift(1)])}`, "augmenter chain of 1");
    /// ```
    function "chain"(c, augmenters: Array) -> "augmenter" { let parts = parts(&augmenters)?; Ok(augmenter(chain(&parts), format!("chain of {}", parts.len()))) }

    /// Applies one of several augmenters, each as likely.
    ///
    /// ```rhai
    /// assert_eq(`${augment::one_of([augment::shift(1), augment::mutate(0.1)])}`, "augmenter one of 2");
    /// ```
    function "one_of"(c, augmenters: Array) -> "augmenter" { let parts = parts(&augmenters)?; Ok(augmenter(augment::OneOf(parts.iter().map(|p| p.0.clone()).collect()), format!("one of {}", parts.len()))) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}
