//! `schedule::…`: how the learning rate changes; factors on the optimizer's rate. Lengths are
//! epochs (whole numbers from 1) or shares of the run (numbers below 1).

use crate::base::Result;
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{FromValue, Options, session};
use crate::optim::Schedule;
use crate::optim::schedule::{Plateau, Span};
use crate::{bail, natives};
use rhai::{Array, Dynamic, NativeCallContext};
use std::rc::Rc;

const END: &[Opt] = &[opt("end", OptKind::Float(0.0, 1.0), "0", "the last factor")];
const RESTARTS: &[Opt] = &[
    opt(
        "factor",
        OptKind::Float(1.0, INF),
        "1",
        "how many times longer each stretch is than the one before",
    ),
    opt("end", OptKind::Float(0.0, 1.0), "0", "the lowest factor"),
];
const WARMUP: &[Opt] = &[opt(
    "start",
    OptKind::Float(0.0, 1.0),
    "0.01",
    "the first factor",
)];
const CYCLIC: &[Opt] = &[
    opt(
        "down",
        OptKind::Other("whole number of epochs or share of the run"),
        "",
        "how long it falls; as long as it rises unless given",
    ),
    opt("low", OptKind::Float(0.0, 1.0), "0", "the lowest factor"),
    opt(
        "momentum",
        OptKind::Other("two numbers, lowest and highest"),
        "",
        "momentum, the other way: highest when the rate is lowest",
    ),
];
const ONE_CYCLE: &[Opt] = &[
    opt(
        "up",
        OptKind::Float(0.0, 1.0),
        "0.3",
        "share of the run that rises",
    ),
    opt(
        "start_divisor",
        OptKind::Float(1.0, INF),
        "25",
        "highest rate over the first",
    ),
    opt(
        "end_divisor",
        OptKind::Float(1.0, INF),
        "1e4",
        "first rate over the last",
    ),
    opt(
        "momentum",
        OptKind::Other("two numbers, lowest and highest"),
        "[0.85, 0.95]",
        "momentum, the other way",
    ),
];
const PLATEAU: &[Opt] = &[
    opt(
        "mode",
        OptKind::Choice(&["auto", "min", "max"]),
        "\"auto\"",
        "whether smaller or larger is better; losses are better smaller",
    ),
    opt(
        "factor",
        OptKind::Float(0.0, 1.0),
        "0.1",
        "what the rate is multiplied by",
    ),
    opt(
        "patience",
        OptKind::Int(0, MANY),
        "10",
        "epochs without gain that are borne",
    ),
    opt(
        "threshold",
        OptKind::Float(0.0, 1.0),
        "1e-4",
        "smallest relative gain that counts",
    ),
    opt("lowest", OptKind::Float(0.0, 1.0), "0", "lowest factor"),
];

/// Epochs (a whole number) or a share of the run (a number below 1).
pub struct Length(pub Span);

fn length(value: &Dynamic) -> Result<Span> {
    match (value.as_int(), value.as_float()) {
        (Ok(n), _) if n >= 1 => Ok(Span::Epochs(n as f64)),
        (_, Ok(x)) if x > 0.0 && x <= 1.0 => Ok(Span::Share(x)),
        _ => bail!(
            "type",
            "must be a whole number of epochs or a share of the run from 0 to 1, got {}",
            session::describe(value)
        ),
    }
}

impl FromValue for Length {
    fn kind() -> String {
        "whole number of epochs or share of the run".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        length(value).map(Length)
    }
}

/// Whether larger values are better.
pub fn larger(mode: &str, name: &str) -> bool {
    match mode {
        "min" => false,
        "max" => true,
        _ => crate::train::stop::larger_is_better(name),
    }
}

fn pair(o: &Options, name: &str, otherwise: Option<(f64, f64)>) -> Result<Option<(f64, f64)>> {
    match o.get::<Vec<f64>>(name)?.as_deref() {
        None => Ok(otherwise),
        Some([low, high]) => Ok(Some((*low, *high))),
        Some(other) => bail!(
            "option",
            "option `{name}` must be two numbers, got {}",
            other.len()
        ),
    }
}

fn cyclic(up: Span, o: &Options) -> Result<Schedule> {
    let down = match o.raw("down") {
        Some(value) => length(&value)?,
        None => up,
    };
    Ok(Schedule::Cyclic {
        up,
        down,
        low: o.float("low"),
        momentum: pair(o, "momentum", None)?,
    })
}

natives! { made in "schedule" {
    /// Keeps one factor on the learning rate (1 unless given).
    ///
    /// ```rhai
    /// assert_eq(schedule::constant(0.5).values(2), [0.5, 0.5]);
    /// ```
    function "constant"(c, factor: Option<f64>) -> "schedule" { Ok(Schedule::Constant(factor.unwrap_or(1.0))) }

    /// Multiplies by `gamma` every so often: a number of epochs, or a share of the run.
    ///
    /// ```rhai
    /// assert_eq(schedule::step(2, 0.5).values(4), [1.0, 1.0, 0.5, 0.5]);
    /// ```
    function "step"(c, every: Length, gamma: f64) -> "schedule" { Ok(Schedule::Step(every.0, gamma)) }

    /// Multiplies by `gamma` at given epochs or shares of the run.
    ///
    /// ```rhai
    /// assert_near(schedule::multistep([1, 3], 0.1).values(4), [1.0, 0.1, 0.1, 0.01]);
    /// ```
    function "multistep"(c, moments: Array, gamma: f64) -> "schedule" { Ok(Schedule::Multistep(moments.iter().map(length).collect::<Result<_>>()?, gamma)) }

    /// Multiplies by `gamma` every epoch.
    ///
    /// ```rhai
    /// assert_eq(schedule::exponential(0.5).values(3), [1.0, 0.5, 0.25]);
    /// ```
    function "exponential"(c, gamma: f64) -> "schedule" { Ok(Schedule::Exponential(gamma)) }

    /// Falls along half a cosine from 1 to `end` (0 unless given).
    ///
    /// ```rhai
    /// assert_near(schedule::cosine().values(4)[2], 0.5);
    /// ```
    function "cosine"(c; o = END) -> "schedule" { Ok(Schedule::Cosine(o.float("end"))) }

    /// Falls along cosines that start again (Loshchilov & Hutter 2017).
    ///
    /// ```rhai
    /// assert_eq(schedule::restarts(2).values(4)[2], 1.0);
    /// ```
    function "restarts"(c, first: Length; o = RESTARTS) -> "schedule" { Ok(Schedule::Restarts(first.0, o.float("factor"), o.float("end"))) }

    /// Rises in a straight line to 1 over a share of the run, or over epochs.
    ///
    /// ```rhai
    /// assert_near(schedule::warmup(0.5, #{ start: 0.0 }).values(4), [0.0, 0.5, 1.0, 1.0]);
    /// ```
    function "warmup"(c, span: Length; o = WARMUP) -> "schedule that ends" { Ok(Schedule::Warmup(span.0, o.float("start"))) }

    /// Goes up and down in triangles between `low` and 1, momentum the other way (Smith 2017).
    ///
    /// ```rhai
    /// assert_near(schedule::cyclic(2).values(4), [0.0, 0.5, 1.0, 0.5]);
    /// ```
    function "cyclic"(c, up: Length; o = CYCLIC) -> "schedule" { cyclic(up.0, &o) }

    /// Goes up once, then far down (Smith & Topin 2019); the optimizer's rate is the highest.
    ///
    /// ```rhai
    /// assert_near(schedule::one_cycle(#{ up: 0.5 }).values(10)[4], 1.0);
    /// ```
    function "one_cycle"(c; o = ONE_CYCLE) -> "schedule" { Ok(Schedule::OneCycle { up: o.float("up"), start: 1.0 / o.float("start_divisor"), end: 1.0 / (o.float("start_divisor") * o.float("end_divisor")), momentum: pair(&o, "momentum", Some((0.85, 0.95)))? }) }

    /// Lowers the rate when a measured value stops improving.
    ///
    /// ```rhai
    /// assert_eq(schedule::plateau("valid.loss", #{ patience: 3 }).values(2), [1.0, 1.0]);
    /// ```
    function "plateau"(c, monitor: String; o = PLATEAU) -> "schedule" { Ok(Schedule::Plateau(Plateau { larger: larger(&o.text("mode"), &monitor), monitor, factor: o.float("factor"), patience: o.int("patience") as usize, threshold: o.float("threshold"), lowest: o.float("lowest") })) }
} }

natives! { methods in "schedule" {
    /// Goes on with another schedule when this one ends.
    ///
    /// ```rhai
    /// let s = schedule::warmup(0.5, #{ start: 0.0 }).then(schedule::constant(1));
    /// assert_near(s.values(4), [0.0, 0.5, 1.0, 1.0]);
    /// ```
    method "then"(c, this: Schedule, next: Schedule) -> "schedule" { this.then(next) }

    /// Ends a schedule after a share of the run, or after epochs.
    ///
    /// ```rhai
    /// let s = schedule::constant(1).until(0.5).then(schedule::constant(0.1));
    /// assert_near(s.values(4), [1.0, 1.0, 0.1, 0.1]);
    /// ```
    method "until"(c, this: Schedule, span: Length) -> "schedule that ends" { Ok(Schedule::Until(Rc::new(this), span.0)) }

    /// Gives the factors of a run of `n` steps, an epoch each.
    ///
    /// ```rhai
    /// assert_eq(schedule::constant().values(3), [1.0, 1.0, 1.0]);
    /// ```
    method "values"(c, this: Schedule, n: i64) -> "array of numbers" {
        crate::lang::native::at_least("n", n, 1)?;
        let n = crate::base::memory::items(n, 8 + size_of::<rhai::Dynamic>(), "values")?;
        Ok(array(this.values(n)))
    }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    made()
}
