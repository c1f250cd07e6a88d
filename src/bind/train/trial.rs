//! Methods of trials.

use crate::base::Result;
use crate::bind::types::TrialOf;
use crate::lang::{Native, native, natives_of};
use crate::train::search::{self, Trial};

/// Records an intermediate value and returns whether the trial is hopeless.
///
/// A trial is hopeless if its best value so far is worse than that of half of the other trials at
/// the same step.
///
/// ```rhai
/// let objective = |p, trial| { for step in 0..5 { if trial.report(step, p.x) { break; } } p.x };
/// let result = search::random(#{ x: search::uniform(0.0, 1.0) }, objective, #{
///     trials: 12, startup: 3, seed: 1, file: "/tmp/cistron_example_report.jsonl"
/// });
/// assert(result.trials["state"].filter(|s| s == "pruned").len() > 0);
/// ```
#[native(namespace = "trial", form = method)]
pub fn report(
    this: &TrialOf,
    /// Step, such as the epoch.
    step: i64,
    /// Value of the objective at the step.
    value: f64,
) -> Result<bool> {
    if this.dry {
        return Ok(false);
    }
    let (number, direction, startup) = (this.number, this.direction, this.startup);
    let judge =
        |trials: &[Trial]| search::is_hopeless(trials, number, step, value, direction, startup);
    let is_hopeless = this.ledger.step(number, step, value, judge)?;
    if is_hopeless {
        this.pruned.set(true);
    }
    Ok(is_hopeless)
}

/// The index of the trial, from 0.
///
/// ```rhai
/// let result = search::grid(#{ a: search::int(1, 3) }, |p, trial| trial.number, #{
///     file: "/tmp/cistron_example_number.jsonl"
/// });
/// assert_eq(result.value, 2.0);
/// ```
#[native(namespace = "trial", form = property)]
pub fn number(this: &TrialOf) -> i64 {
    this.number as i64
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![report, number,]
}
