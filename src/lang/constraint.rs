//! Restrictions of the values of a parameter or an option, such as `at least 1`.

use crate::value::mismatch;
use cistron_base::{Fault, near};
use rhai::Dynamic;

/// Bounds of a number, or the accepted strings.
#[derive(Clone, Copy, Debug)]
pub struct Constraint {
    /// The smallest value.
    pub min: Option<f64>,
    /// The largest value.
    pub max: Option<f64>,
    /// An excluded lower bound.
    pub above: Option<f64>,
    /// An excluded upper bound.
    pub below: Option<f64>,
    /// The accepted strings; all where empty.
    pub one_of: &'static [&'static str],
}

impl Constraint {
    /// Every value of the type.
    pub const ANY: Constraint = Constraint {
        min: None,
        max: None,
        above: None,
        below: None,
        one_of: &[],
    };

    /// Whether a number is within the bounds; NaN is within none.
    pub fn admits(&self, value: f64) -> bool {
        self.min.is_none_or(|min| value >= min)
            && self.max.is_none_or(|max| value <= max)
            && self.above.is_none_or(|above| value > above)
            && self.below.is_none_or(|below| value < below)
    }

    /// A noun with the constraint: `integer` as `integer of at least 1`.
    pub fn of(&self, noun: &str) -> String {
        if !self.one_of.is_empty() {
            return one_of(self.one_of);
        }
        match (self.min, self.above, self.max, self.below) {
            (Some(low), _, Some(high), _) => format!("{noun} from {low} to {high}"),
            (Some(low), _, _, Some(high)) => format!("{noun} from {low} to below {high}"),
            (_, Some(low), Some(high), _) => format!("{noun} above {low} and at most {high}"),
            (_, Some(low), _, Some(high)) => format!("{noun} above {low} and below {high}"),
            (Some(low), ..) => format!("{noun} of at least {low}"),
            (_, Some(low), ..) => format!("{noun} above {low}"),
            (_, _, Some(high), _) => format!("{noun} of at most {high}"),
            (_, _, _, Some(high)) => format!("{noun} below {high}"),
            _ => noun.to_string(),
        }
    }
}

/// A list of words: `one of "min", "max"`.
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("one of {}", quoted.join(", "))
}

/// The fault of a value that is none of some words.
pub fn not_one_of(words: &[&str], value: &Dynamic) -> Fault {
    let mut fault = mismatch(&one_of(words), value);
    if let Ok(word) = value.clone().into_string() {
        fault.kind = "value";
        if let Some(near) = near::nearest(&word, words.iter().copied()) {
            fault = fault.hint(format!("did you mean \"{near}\"?"));
        }
    }
    fault
}

/// A value that can have a constraint.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can have no `min`, `max`, `above`, `below` or `one_of`",
    label = "this type has no order and no words"
)]
pub trait Constrained {
    /// Whether the value meets the constraint; of several numbers, each has to.
    fn meets(&self, constraint: &Constraint) -> bool;
}

macro_rules! number {
    ($($type:ty),*) => { $(impl Constrained for $type {
        fn meets(&self, constraint: &Constraint) -> bool {
            constraint.admits(*self as f64)
        }
    })* };
}
number!(i64, u64, usize, f64);

impl Constrained for String {
    fn meets(&self, constraint: &Constraint) -> bool {
        constraint.one_of.is_empty() || constraint.one_of.contains(&self.as_str())
    }
}

impl<T: Constrained> Constrained for Vec<T> {
    fn meets(&self, constraint: &Constraint) -> bool {
        self.iter().all(|item| item.meets(constraint))
    }
}

impl<T: Constrained, const N: usize> Constrained for [T; N] {
    fn meets(&self, constraint: &Constraint) -> bool {
        self.iter().all(|item| item.meets(constraint))
    }
}

impl<T: Constrained> Constrained for Option<T> {
    fn meets(&self, constraint: &Constraint) -> bool {
        self.as_ref().is_none_or(|value| value.meets(constraint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_in_words_and_in_numbers() {
        let at_least = Constraint {
            min: Some(1.0),
            ..Constraint::ANY
        };
        assert_eq!(at_least.of("number"), "number of at least 1");
        assert!(at_least.admits(1.0) && !at_least.admits(0.5) && !at_least.admits(f64::NAN));
        let share = Constraint {
            min: Some(0.0),
            below: Some(1.0),
            ..Constraint::ANY
        };
        assert_eq!(share.of("two numbers"), "two numbers from 0 to below 1");
        assert!([0.0, 0.5].meets(&share) && ![0.0, 1.0].meets(&share));
        let positive = Constraint {
            above: Some(0.0),
            ..Constraint::ANY
        };
        assert_eq!(positive.of("number"), "number above 0");
        assert!(!0.0_f64.meets(&positive) && None::<f64>.meets(&positive));
        let word = Constraint {
            one_of: &["min", "max"],
            ..Constraint::ANY
        };
        assert_eq!(word.of("string"), "one of \"min\", \"max\"");
        assert!("min".to_string().meets(&word) && !"mean".to_string().meets(&word));
    }
}
