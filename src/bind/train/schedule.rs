//! `schedule::…`: how the learning rate changes; factors on the optimizer's rate. Lengths are
//! epochs (integers from 1) or fractions of the run (numbers below 1).

use crate::base::{Result, memory};
use crate::bind::args::length::{Length, length};
use crate::bind::args::measure::Mode;
use crate::bind::args::schedule::of_function;
use crate::lang::{Callback, Native, Options, native, natives_of};
use crate::optim::Schedule;
use crate::optim::schedule::Plateau;
use rhai::{Array, Dynamic};
use std::rc::Rc;

/// Options of `schedule::cosine`.
#[derive(Options)]
pub struct CosineOptions {
    /// Factor at the end of the run.
    #[option(default = 0, min = 0, max = 1)]
    end: f64,
}

/// Options of `schedule::restarts`.
#[derive(Options)]
pub struct RestartsOptions {
    /// Factor by which each cycle is longer than the preceding one.
    #[option(default = 1, min = 1)]
    factor: f64,
    /// Factor on the learning rate at the end of each cycle.
    #[option(default = 0, min = 0, max = 1)]
    end: f64,
}

/// Options of `schedule::warmup`.
#[derive(Options)]
pub struct WarmupOptions {
    /// Factor at the first step.
    #[option(default = 0.01, min = 0, max = 1)]
    start: f64,
}

/// Options of `schedule::cyclic`.
#[derive(Options)]
pub struct CyclicOptions {
    /// Length of the decreasing half of a cycle; that of the increasing half unless given.
    down: Option<Length>,
    /// Smallest factor.
    #[option(default = 0, min = 0, max = 1)]
    low: f64,
    /// Smallest and largest momentum; it decreases while the learning rate increases.
    momentum: Option<[f64; 2]>,
}

/// Options of `schedule::one_cycle`.
#[derive(Options)]
pub struct OneCycleOptions {
    /// Fraction of the run in which the learning rate increases.
    #[option(default = 0.3, min = 0, max = 1)]
    up: f64,
    /// Ratio of the largest learning rate to the first.
    #[option(default = 25, min = 1)]
    start_divisor: f64,
    /// Ratio of the first learning rate to the last.
    #[option(default = 1e4, min = 1)]
    end_divisor: f64,
    /// Smallest and largest momentum; it decreases while the learning rate increases.
    #[option(default = [0.85, 0.95])]
    momentum: [f64; 2],
}

/// Options of `schedule::plateau`.
#[derive(Options)]
pub struct PlateauOptions {
    /// Whether smaller ("min") or larger ("max") values are better; "auto" decides by the name.
    #[option(default = "auto")]
    mode: Mode,
    /// Factor that each reduction multiplies the learning rate by.
    #[option(default = 0.1, min = 0, max = 1)]
    factor: f64,
    /// Epochs without improvement that precede a reduction.
    #[option(default = 10)]
    patience: usize,
    /// Smallest relative change that counts as an improvement.
    #[option(default = 1e-4, min = 0, max = 1)]
    threshold: f64,
    /// Smallest factor on the initial learning rate.
    #[option(default = 0, min = 0, max = 1)]
    lowest: f64,
}

/// Returns a constant factor on the learning rate.
///
/// ```rhai
/// assert_eq(schedule::constant(0.5).values(2), [0.5, 0.5]);
/// ```
#[native(namespace = "schedule")]
pub fn constant(
    /// Factor on the learning rate.
    #[default(1)]
    factor: f64,
) -> Schedule {
    Schedule::Constant(factor)
}

/// Multiplies the learning rate by `gamma` at regular intervals.
///
/// ```rhai
/// assert_eq(schedule::step(2, 0.5).values(4), [1.0, 1.0, 0.5, 0.5]);
/// ```
#[native(namespace = "schedule")]
pub fn step(
    /// Interval between reductions: epochs, or a fraction of the run.
    every: Length,
    /// Factor of each reduction.
    gamma: f64,
) -> Schedule {
    Schedule::Step(every.0, gamma)
}

/// Multiplies the learning rate by `gamma` at the given times.
///
/// ```rhai
/// assert_near(schedule::multistep([1, 3], 0.1).values(4), [1.0, 0.1, 0.1, 0.01]);
/// ```
#[native(namespace = "schedule")]
pub fn multistep(
    /// Times of the reductions: epochs, or fractions of the run.
    moments: Array,
    /// Factor of each reduction.
    gamma: f64,
) -> Result<Schedule> {
    let moments = moments.iter().map(length).collect::<Result<_>>()?;
    Ok(Schedule::Multistep(moments, gamma))
}

/// Multiplies the learning rate by `gamma` after every epoch.
///
/// ```rhai
/// assert_eq(schedule::exponential(0.5).values(3), [1.0, 0.5, 0.25]);
/// ```
#[native(namespace = "schedule")]
pub fn exponential(
    /// Factor of each epoch.
    gamma: f64,
) -> Schedule {
    Schedule::Exponential(gamma)
}

/// Decreases the factor along half a cosine from 1 to `end`.
///
/// ```rhai
/// assert_near(schedule::cosine().values(4)[2], 0.5);
/// ```
#[native(namespace = "schedule")]
pub fn cosine(options: CosineOptions) -> Schedule {
    Schedule::Cosine(options.end)
}

/// Decreases the factor along half cosines with restarts (Loshchilov & Hutter 2017).
///
/// ```rhai
/// assert_eq(schedule::restarts(2).values(4)[2], 1.0);
/// ```
#[native(namespace = "schedule")]
pub fn restarts(
    /// Length of the first cycle: epochs, or a fraction of the run.
    first: Length,
    options: RestartsOptions,
) -> Schedule {
    Schedule::Restarts(first.0, options.factor, options.end)
}

/// Increases the factor linearly to 1, and then ends.
///
/// ```rhai
/// assert_near(schedule::warmup(0.5, #{ start: 0.0 }).values(4), [0.0, 0.5, 1.0, 1.0]);
/// ```
#[native(namespace = "schedule", returns = "schedule that ends")]
pub fn warmup(
    /// Length of the warm-up: epochs, or a fraction of the run.
    span: Length,
    options: WarmupOptions,
) -> Schedule {
    Schedule::Warmup(span.0, options.start)
}

/// Varies the factor linearly between `low` and 1, in cycles (Smith 2017).
///
/// ```rhai
/// assert_near(schedule::cyclic(2).values(4), [0.0, 0.5, 1.0, 0.5]);
/// ```
#[native(namespace = "schedule")]
pub fn cyclic(
    /// Length of the increasing half of a cycle: epochs, or a fraction of the run.
    up: Length,
    options: CyclicOptions,
) -> Schedule {
    Schedule::Cyclic {
        up: up.0,
        down: options.down.map_or(up.0, |down| down.0),
        low: options.low,
        momentum: options.momentum.map(Into::into),
    }
}

/// Increases the learning rate once, then decreases it (Smith & Topin 2019).
///
/// The learning rate of the optimizer is the largest of the run.
///
/// ```rhai
/// assert_near(schedule::one_cycle(#{ up: 0.5 }).values(10)[4], 1.0);
/// ```
#[native(namespace = "schedule")]
pub fn one_cycle(options: OneCycleOptions) -> Schedule {
    Schedule::OneCycle {
        up: options.up,
        start: 1.0 / options.start_divisor,
        end: 1.0 / (options.start_divisor * options.end_divisor),
        momentum: Some(options.momentum.into()),
    }
}

/// Reduces the learning rate when a monitored value stops improving.
///
/// ```rhai
/// assert_eq(schedule::plateau("valid.loss", #{ patience: 3 }).values(2), [1.0, 1.0]);
/// ```
#[native(namespace = "schedule")]
pub fn plateau(
    /// Name of the value in the history, such as "valid.loss".
    monitor: String,
    options: PlateauOptions,
) -> Schedule {
    Schedule::Plateau(Plateau {
        larger: options.mode.is_larger_better(&monitor),
        monitor,
        factor: options.factor,
        patience: options.patience,
        threshold: options.threshold,
        lowest: options.lowest,
    })
}

/// Returns a schedule that a function of the script computes.
///
/// The function returns the factor on the learning rate of the optimizer. Its argument is the time
/// since the schedule began, before the update: `share` of its length (from 0 to below 1), `epoch`
/// and `step` (complete ones, from 0), and the lengths `epochs` and `steps`. `train::fit` takes the
/// function itself, too: `schedule: |t| 1.0 - t.share`.
///
/// ```rhai
/// assert_eq(schedule::custom(|t| 1.0 - t.share).values(4), [1.0, 0.75, 0.5, 0.25]);
/// let late = schedule::constant(1).until(0.5).then(schedule::custom(|t| 0.1 ** t.step));
/// assert_near(late.values(4), [1.0, 1.0, 1.0, 0.1]);
/// ```
/// ```rhai,fails
/// schedule::custom(|t| 0.5 - t.share).values(4);
/// //~ must return a number of at least 0, got number -0.25
/// ```
#[native(namespace = "schedule")]
pub fn custom(
    /// Function |t| that returns a factor of at least 0.
    function: Callback,
) -> Schedule {
    of_function(function)
}

/// Continues with another schedule when this one ends.
///
/// ```rhai
/// let s = schedule::warmup(0.5, #{ start: 0.0 }).then(schedule::constant(1));
/// assert_near(s.values(4), [0.0, 0.5, 1.0, 1.0]);
/// ```
#[native(namespace = "schedule", form = method)]
pub fn then(
    this: Schedule,
    /// Schedule of the rest of the run.
    next: Schedule,
) -> Result<Schedule> {
    this.then(next)
}

/// Ends a schedule after a part of the run.
///
/// ```rhai
/// let s = schedule::constant(1).until(0.5).then(schedule::constant(0.1));
/// assert_near(s.values(4), [1.0, 1.0, 0.1, 0.1]);
/// ```
#[native(namespace = "schedule", form = method, returns = "schedule that ends")]
pub fn until(
    this: Schedule,
    /// Length of the part: epochs, or a fraction of the run.
    span: Length,
) -> Schedule {
    Schedule::Until(Rc::new(this), span.0)
}

/// Returns the factors of a run of `n` steps, one step per epoch.
///
/// ```rhai
/// assert_eq(schedule::constant().values(3), [1.0, 1.0, 1.0]);
/// ```
#[native(namespace = "schedule", form = method)]
pub fn values(
    this: &Schedule,
    /// Number of steps.
    #[check(min = 1)]
    n: i64,
) -> Result<Vec<f64>> {
    let n = memory::items(n, 8 + size_of::<Dynamic>(), "values")?;
    this.values(n)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        constant,
        step,
        multistep,
        exponential,
        cosine,
        restarts,
        warmup,
        cyclic,
        one_cycle,
        plateau,
        custom,
        then,
        until,
        values,
    ]
}
