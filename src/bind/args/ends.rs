//! A count, or the fewest and the most.

use crate::base::Result;
use crate::lang::FromValue;
use rhai::{Dynamic, NativeCallContext};

/// What [`fewest_and_most`] reads, in words.
pub const KIND: &str = "integer, or [fewest, most]";

/// The fewest and the most of a value that is an integer or an array of two, neither negative; none
/// where it is something else. The order of the two is not checked.
pub fn fewest_and_most(value: &mut Dynamic, context: &NativeCallContext) -> Option<(usize, usize)> {
    let ends: Result<Vec<i64>> = match value.as_int() {
        Ok(n) => Ok(vec![n, n]),
        Err(_) => Vec::from_value(value, context),
    };
    let [fewest, most] = ends.ok()?.try_into().ok()?;
    Some((usize::try_from(fewest).ok()?, usize::try_from(most).ok()?))
}
