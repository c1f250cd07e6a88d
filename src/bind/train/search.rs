//! `search::…`: hyperparameters.

use crate::base::seed::Rng;
use crate::base::table::{Cells, Table};
use crate::base::{Result, interrupt};
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::script_state;
use crate::bind::train::fit::warn;
use crate::bind::types::{OfSearch, Tabled, TrialOf};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::{Callback, IntoValue, Options, session};
use crate::train::ledger::Ledger;
use crate::train::search::{self, Axis, Direction, Space, State, Trial, Values, Way};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

const DIRECTION: Opt = opt(
    "direction",
    OptKind::Choice(&["max", "min"]),
    "\"max\"",
    "whether large or small values of the objective are good",
);
const FILE: Opt = opt(
    "file",
    OptKind::Text,
    "\"trials.jsonl\"",
    "where trials are kept, in the run's directory (trials-2.jsonl for the second search, …); a search continues where the file ends, and several processes may share one; without a run directory nothing is kept unless it is given",
);
const STARTUP: Opt = opt(
    "startup",
    OptKind::Int(1, MANY),
    "10",
    "trials that are chosen at random first, and that must be there before others are called hopeless",
);
const TRIALS: Opt = opt(
    "trials",
    OptKind::Int(1, MANY),
    "50",
    "trials, those of the file counted",
);

const TPE: &[Opt] = &[TRIALS, DIRECTION, STARTUP, SEEDED, FILE];
const RANDOM: &[Opt] = &[TRIALS, DIRECTION, STARTUP, SEEDED, FILE];
const GRID: &[Opt] = &[
    opt(
        "points",
        OptKind::Int(1, MANY),
        "5",
        "points of each continuous space",
    ),
    DIRECTION,
    STARTUP,
    FILE,
];

/// A script's value as a file keeps it.
fn kept(value: &Dynamic) -> Result<Value> {
    if let Ok(n) = value.as_int() {
        return Ok(n.into());
    }
    if let Ok(x) = value.as_float() {
        return Ok(x.into());
    }
    if let Ok(yes) = value.as_bool() {
        return Ok(yes.into());
    }
    match value.clone().into_string() {
        Ok(text) => Ok(text.into()),
        Err(_) => bail!(
            "type",
            "a parameter is a number, true, false or a string, got {}",
            session::describe(value)
        ),
    }
}

fn given_back(value: &Value) -> Dynamic {
    match value {
        Value::Bool(yes) => (*yes).into(),
        Value::String(text) => text.clone().into(),
        Value::Number(n) => n
            .as_i64()
            .map_or_else(|| n.as_f64().unwrap_or(f64::NAN).into(), Dynamic::from),
        _ => Dynamic::UNIT,
    }
}

fn map_of(values: &Values) -> Map {
    values
        .iter()
        .map(|(name, value)| (name.as_str().into(), given_back(value)))
        .collect()
}

fn between(low: f64, high: f64) -> Result<()> {
    if !(low.is_finite() && high.is_finite() && low < high) {
        bail!(
            "value",
            "a space goes from a smaller to a larger number, got {low} to {high}"
        );
    }
    Ok(())
}

fn choice(values: &Array) -> Result<OfSearch> {
    if values.is_empty() {
        bail!("value", "a choice needs at least one value");
    }
    Ok(OfSearch {
        space: Space::Choice(values.iter().map(kept).collect::<Result<_>>()?),
        when: None,
    })
}

fn axes(space: &Map) -> Result<Vec<Axis>> {
    if space.is_empty() {
        bail!("value", "the space has no parameter"; hint: "`#{{ lr: search::log(1e-4, 1e-1) }}`");
    }
    let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
        if ["trial", "state", "value", "seconds"].contains(&name.as_str()) {
            bail!("name", "a parameter cannot be called `{name}`: the table of trials has a column of that name"; hint: "call it `own_{name}`");
        }
        let own = value.read_lock::<OfSearch>().map(|own| own.clone());
        let own = own.ok_or_else(|| {
            fault!("type", "parameter `{name}` must be a space, got {}", session::describe(value))
                .hint("search::uniform(a, b), search::log(a, b), search::int(a, b), search::choice([…]), search::when(…)")
        })?;
        Ok(Axis {
            name: name.to_string(),
            space: own.space,
            when: own.when,
        })
    };
    search::ordered(space.iter().map(one).collect::<Result<_>>()?)
}

fn table(axes: &[Axis], trials: &[Trial]) -> Result<Tabled> {
    let text = |value: Option<&Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut columns: Vec<(String, Cells)> = vec![
        (
            "trial".into(),
            Cells::Whole(trials.iter().map(|trial| trial.number as i64).collect()),
        ),
        (
            "state".into(),
            Cells::Text(
                trials
                    .iter()
                    .map(|trial| trial.state.word().into())
                    .collect(),
            ),
        ),
        (
            "value".into(),
            Cells::Number(
                trials
                    .iter()
                    .map(|trial| trial.value.unwrap_or(f64::NAN))
                    .collect(),
            ),
        ),
        (
            "seconds".into(),
            Cells::Number(trials.iter().map(|trial| trial.seconds).collect()),
        ),
    ];
    for axis in axes {
        let own = || trials.iter().map(|trial| trial.values.get(&axis.name));
        columns.push((
            axis.name.clone(),
            match axis.space {
                Space::Choice(_) => Cells::Text(own().map(text).collect()),
                _ => Cells::Number(
                    own()
                        .map(|value| value.and_then(Value::as_f64).unwrap_or(f64::NAN))
                        .collect(),
                ),
            },
        ));
    }
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

fn run(space: &Map, objective: &Callback, o: &Options, way: Way) -> Result<Map> {
    let axes = axes(space)?;
    let direction = if o.text("direction") == "min" {
        Direction::Min
    } else {
        Direction::Max
    };
    let startup = o.int("startup") as usize;
    let seed = seed(o);
    let call = |trial: TrialOf, values: &Values| -> Result<f64> {
        let mut args = vec![Dynamic::from(map_of(values))];
        if objective.takes(2) {
            args.push(Dynamic::from(trial));
        }
        let made = objective.call(args)?;
        let tensor = made
            .read_lock::<crate::torch::Tensor>()
            .map(|tensor| tensor.item())
            .transpose()?;
        tensor
            .or_else(|| crate::lang::value::number(&made))
            .ok_or_else(|| {
                fault!(
                    "type",
                    "the objective must give a number, gave {}",
                    session::describe(&made)
                )
            })
    };
    let most = match way {
        Way::Grid(points) => search::combinations(&axes, points).len(),
        _ => o.int("trials") as usize,
    };
    let (count, key) = session::next_search();
    let identity = json!({
        "space": axes.iter().map(|axis| format!("{} {:?} {:?}", axis.name, axis.space, axis.when)).collect::<Vec<_>>(),
        "way": format!("{way:?}"), "direction": o.text("direction"), "startup": startup, "seed": seed,
    });
    // a file of its own for each search of a run; without a run nothing is kept unless asked for
    let is_kept = o.has("file") || session::settings().run_dir.is_some();
    let (name, ledger) = if session::is_dry() || !is_kept {
        ("trials".to_string(), Rc::new(Ledger::in_memory()))
    } else {
        let file = match (o.has("file"), session::trial(), count) {
            (true, ..) => o.text("file"),
            (_, within, 1) if within.is_empty() => "trials.jsonl".into(),
            (_, within, n) if within.is_empty() => format!("trials-{n}.jsonl"),
            (_, within, n) => format!("{within}/trials-{n}.jsonl"),
        };
        let path = crate::bind::tensor::file::written(&file)?;
        let name = path
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned());
        (
            name.unwrap_or_default(),
            Rc::new(Ledger::at(&path, &identity)?),
        )
    };
    let trial_of = |ledger: &Rc<Ledger>, number: usize, is_hopeless: bool, dry: bool| TrialOf {
        ledger: ledger.clone(),
        number,
        direction,
        startup,
        pruned: Rc::new(Cell::new(is_hopeless)),
        dry,
    };
    if session::is_dry() {
        let values =
            search::suggest(&axes, &[], way, direction, startup, seed, 0).unwrap_or_default();
        let value = call(trial_of(&ledger, 0, false, true), &values)?;
        return outcome(&axes, Vec::new(), direction, Some((values, value)));
    }
    if session::settings().resume {
        skip(&ledger.trials()?, &name, objective)?;
    }
    // failures in a row, which a search that goes on counts from where it was
    let mut failures = ledger
        .trials()?
        .iter()
        .rev()
        .take_while(|trial| trial.state == State::Failed)
        .count()
        % MOST_FAILURES;
    while let Some(begun) = ledger.begin(most, |trials, number| {
        search::suggest(&axes, trials, way, direction, startup, seed, number)
    })? {
        interrupt::check()?;
        let (number, values) = (begun.number, &begun.values);
        let started = Instant::now();
        let trial = trial_of(&ledger, number, begun.is_hopeless, false);
        let pruned = trial.pruned.clone();
        // what is not kept is never resumed
        let before = is_kept.then(|| Before::of(objective)).transpose()?;
        let left = || {
            before
                .as_ref()
                .map_or(Ok(Value::Null), |own| own.left(objective))
        };
        let outcome = {
            // what a trial draws and where its checkpoints are depends on no other trial
            let (_scope, key) = session::enter_trial(&name, number);
            crate::torch::device::seed(
                Rng::keyed(&[session::settings().seed, key]).next_u64() >> 1,
            );
            call(trial, values)
        };
        let seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(value) => {
                let state = if pruned.get() {
                    State::Pruned
                } else {
                    State::Done
                };
                ledger.end(number, state, Some(value), seconds, None, left()?)?;
                failures = 0;
                let best = search::best(&ledger.trials()?, direction).and_then(|best| best.value);
                let so_far = best.map_or(String::new(), |best| {
                    format!(", best so far {}", crate::base::written::metric(best))
                });
                crate::bind::train::fit::tell(&format!(
                    "trial {number}: {} {}{so_far}  ({})",
                    state.word(),
                    crate::base::written::metric(value),
                    search::shown(values)
                ));
            }
            // an interrupted trial has no end: it is started again when the search goes on; nor has
            // one whose checkpoint cannot be continued
            Err(fault) if interrupt::is_raised() || fault.kind == "resume" => {
                return Err(fault.context(format!("trial {number} ({})", search::shown(values))));
            }
            Err(fault) => {
                ledger.end(
                    number,
                    State::Failed,
                    None,
                    seconds,
                    Some(&fault.to_string()),
                    left()?,
                )?;
                failures += 1;
                // errors in a row do not depend on the values
                if failures >= MOST_FAILURES {
                    return Err(
                        fault.context(format!("trial {number} ({})", search::shown(values)))
                    );
                }
                warn(&format!(
                    "trial {number} failed: {fault}  ({})",
                    search::shown(values)
                ));
            }
        }
    }
    crate::torch::device::seed(Rng::keyed(&[session::settings().seed, key]).next_u64() >> 1);
    outcome(&axes, ledger.trials()?, direction, None)
}

/// What a script had captured and reported before a trial.
struct Before {
    captured: Vec<(Value, bool)>,
    reports: Vec<Value>,
}

fn reports() -> Vec<Value> {
    session::results()
        .into_iter()
        .map(|(name, value)| json!([name, value]))
        .collect()
}

impl Before {
    fn of(objective: &Callback) -> Result<Before> {
        Ok(Before {
            captured: script_state::captured(objective)?,
            reports: reports(),
        })
    }

    /// What the trial has changed since, for a search that is resumed: variables by their number,
    /// null where they hold tensors, and reports.
    fn left(&self, objective: &Callback) -> Result<Value> {
        let mut left = serde_json::Map::new();
        let now = script_state::captured(objective)?;
        let changed: serde_json::Map<String, Value> = now
            .into_iter()
            .zip(&self.captured)
            .enumerate()
            .filter(|(_, (now, before))| now.0 != before.0)
            .map(|(i, ((value, is_whole), _))| {
                (i.to_string(), if is_whole { value } else { Value::Null })
            })
            .collect();
        if !changed.is_empty() {
            left.insert("captured".into(), changed.into());
        }
        let is_new = |report: &Value| !self.reports.contains(report);
        let new: Vec<Value> = reports().into_iter().filter(is_new).collect();
        if !new.is_empty() {
            left.insert("reports".into(), new.into());
        }
        Ok(if left.is_empty() {
            Value::Null
        } else {
            left.into()
        })
    }
}

/// Takes over the trials of a search that was broken off: what they measured and reported, and the
/// variables that the objective has captured, as they left them.
fn skip(trials: &[Trial], name: &str, objective: &Callback) -> Result<()> {
    let is_over = |trial: &&Trial| trial.state != State::Running;
    for trial in trials.iter().filter(is_over) {
        session::skip_trial(name, trial.number)?;
        for report in trial.left["reports"].as_array().into_iter().flatten() {
            let value: Dynamic = serde_json::from_value(report[1].clone()).unwrap_or_default();
            session::report(report[0].as_str().unwrap_or(""), value)?;
        }
        for (i, value) in trial.left["captured"].as_object().into_iter().flatten() {
            if value.is_null() {
                bail!("resume", "the objective of the search changes tensors, networks or datasets that it has captured; the trials that are done cannot be taken over";
                    hint: "keep them inside of the objective, or run the script again from the start");
            }
            script_state::set_captured(objective, i.parse().unwrap_or(usize::MAX), value)?;
        }
    }
    Ok(())
}

/// Trials that fail one after the other before a search ends.
const MOST_FAILURES: usize = 3;

fn outcome(
    axes: &[Axis],
    trials: Vec<Trial>,
    direction: Direction,
    tried: Option<(Values, f64)>,
) -> Result<Map> {
    let mut map = Map::new();
    let best = search::best(&trials, direction)
        .map(|best| (best.values.clone(), best.value.unwrap_or(f64::NAN)))
        .or(tried);
    let Some((values, value)) = best else {
        bail!("value", "no trial came to its end")
    };
    map.insert("best".into(), map_of(&values).into());
    map.insert("value".into(), value.into());
    let importance = search::importance(axes, &trials);
    let columns = vec![
        (
            "parameter".into(),
            Cells::Text(importance.iter().map(|(name, _)| name.clone()).collect()),
        ),
        (
            "importance".into(),
            Cells::Number(importance.iter().map(|(_, share)| *share).collect()),
        ),
    ];
    map.insert(
        "importance".into(),
        Tabled(Rc::new(Table::new(columns)?)).into_value(),
    );
    // after each trial that ended; what is pruned leaves the best as it was
    let mut best: Option<f64> = None;
    let mut so_far = Array::new();
    for trial in trials.iter().filter(|trial| trial.state.is_end()) {
        if let (State::Done, Some(value)) = (trial.state, trial.value) {
            best = Some(best.map_or(value, |best| {
                if direction.is_better(value, best) {
                    value
                } else {
                    best
                }
            }));
        }
        so_far.extend(best.map(Into::into));
    }
    map.insert("so_far".into(), so_far.into());
    map.insert("trials".into(), table(axes, &trials)?.into_value());
    Ok(map)
}

natives! { made in "search" {
    /// Makes a space of numbers between two, each as likely.
    ///
    /// ```rhai
    /// let found = search::random(#{ x: search::uniform(0.0, 1.0) }, |p| p.x, #{ trials: 3, file: "/tmp/cistron_example_uniform.jsonl" });
    /// assert(found.value <= 1.0);
    /// ```
    function "uniform"(c, low: f64, high: f64) -> "space" { between(low, high)?; Ok(OfSearch { space: Space::Uniform(low, high), when: None }) }

    /// Makes a space of numbers between two, each order of magnitude as likely.
    ///
    /// ```rhai
    /// let found = search::random(#{ lr: search::log(1e-4, 1e-1) }, |p| p.lr, #{ trials: 3, file: "/tmp/cistron_example_log.jsonl" });
    /// assert(found.value <= 0.1);
    /// ```
    /// ```rhai,fails
    /// search::log(0.0, 1.0);
    /// //~ must be above 0
    /// ```
    function "log"(c, low: f64, high: f64) -> "space" {
        between(low, high)?;
        if low <= 0.0 { bail!("value", "the ends of a logarithmic space must be above 0, got {low}"); }
        Ok(OfSearch { space: Space::Log(low, high), when: None })
    }

    /// Makes a space of whole numbers between two, both included.
    ///
    /// ```rhai
    /// let found = search::grid(#{ n: search::int(2, 4) }, |p| p.n, #{ file: "/tmp/cistron_example_int.jsonl" });
    /// assert_eq(found.best.n, 4);
    /// ```
    function "int"(c, low: i64, high: i64) -> "space" {
        if low > high { bail!("value", "a space goes from a smaller to a larger number, got {low} to {high}"); }
        Ok(OfSearch { space: Space::Int(low, high), when: None })
    }

    /// Makes a space of some values: numbers, strings, true and false.
    ///
    /// ```rhai
    /// let found = search::grid(#{ name: search::choice(["a", "bcd", "ef"]) }, |p| p.name.len(), #{ file: "/tmp/cistron_example_choice.jsonl" });
    /// assert_eq(found.best.name, "bcd");
    /// ```
    function "choice"(c, values: Array) -> "space" { choice(&values) }

    /// Makes a space that counts only where another parameter has a value; elsewhere its parameter
    /// is left out.
    ///
    /// ```rhai
    /// let space = #{ kind: search::choice(["tcn", "lstm"]), width: search::when("kind", "tcn", search::int(3, 5)) };
    /// let found = search::grid(space, |p| if p.kind == "tcn" { p.width } else { 1 }, #{ file: "/tmp/cistron_example_when.jsonl" });
    /// assert_eq(found.trials.len(), 4);
    /// ```
    function "when"(c, parameter: String, value: Dynamic, space: OfSearch) -> "space" { Ok(OfSearch { when: Some((parameter, kept(&value)?)), ..space }) }

    /// Searches by tree-structured Parzen estimators: values are drawn where good trials were
    /// denser than bad ones.
    ///
    /// - `space`: a map of parameters to spaces
    /// - `objective`: a function `|p|` or `|p, trial|` of a map of values, which gives a number
    ///
    /// Trials are kept in a file as they come: a search that was interrupted goes on there, and
    /// several processes share it. A trial that fails is noted; three in a row end the search.
    ///
    /// Returns a map: best (values), value, trials (a table), so_far (the best value after each
    /// trial that ended), importance (a table: how much of the values' variance each parameter
    /// explains alone, beyond chance).
    ///
    /// # Source
    /// Bergstra, Bardenet, Bengio & Kégl, Algorithms for Hyper-Parameter Optimization (NeurIPS
    /// 2011); crate `tpe`.
    ///
    /// ```rhai
    /// let found = search::tpe(#{ x: search::uniform(-5.0, 5.0) }, |p| (p.x - 1.0) ** 2.0, #{ direction: "min", trials: 40, seed: 1, file: "/tmp/cistron_example_tpe.jsonl" });
    /// assert((found.best.x - 1.0).abs() < 1.0);
    /// ```
    /// ```rhai,fails
    /// search::tpe(#{ x: 3 }, |p| p.x);
    /// //~ parameter `x` must be a space, got whole number
    /// ```
    function "tpe"(c, space: Map, objective: Callback; o = TPE) -> "map: best, value, trials, so_far, importance" { run(&space, &objective, &o, Way::Tpe) }

    /// Searches at random.
    ///
    /// ```rhai
    /// let found = search::random(#{ x: search::uniform(0.0, 1.0) }, |p| p.x, #{ trials: 5, seed: 1, file: "/tmp/cistron_example_random.jsonl" });
    /// assert_eq(found.trials.len(), 5);
    /// ```
    function "random"(c, space: Map, objective: Callback; o = RANDOM) -> "map: best, value, trials, so_far, importance" { run(&space, &objective, &o, Way::Random) }

    /// Tries all combinations.
    ///
    /// ```rhai
    /// let found = search::grid(#{ a: search::int(1, 3), b: search::choice([10, 20]) }, |p| p.a * p.b, #{ file: "/tmp/cistron_example_grid.jsonl" });
    /// assert_eq(found.value, 60.0);
    /// ```
    function "grid"(c, space: Map, objective: Callback; o = GRID) -> "map: best, value, trials, so_far, importance" { run(&space, &objective, &o, Way::Grid(o.int("points") as usize)) }
} }

natives! { methods in "trial" {
    /// Notes a value on the way and tells whether the trial is hopeless: its best so far worse than
    /// half of the others at that step.
    ///
    /// ```rhai
    /// let objective = |p, trial| { for step in 0..5 { if trial.report(step, p.x) { break; } } p.x };
    /// let found = search::random(#{ x: search::uniform(0.0, 1.0) }, objective, #{ trials: 12, startup: 3, seed: 1, file: "/tmp/cistron_example_report.jsonl" });
    /// assert(found.trials["state"].filter(|s| s == "pruned").len() > 0);
    /// ```
    method "report"(c, this: TrialOf, step: i64, value: f64) -> "true or false" { this.report(step, value) }

    /// The number of the trial, from 0.
    ///
    /// ```rhai
    /// let found = search::grid(#{ a: search::int(1, 3) }, |p, trial| trial.number, #{ file: "/tmp/cistron_example_number.jsonl" });
    /// assert_eq(found.value, 2.0);
    /// ```
    property "number"(c, this: TrialOf) -> "whole number" { Ok(this.number as i64) }
} }

impl TrialOf {
    fn report(&self, step: i64, value: f64) -> Result<bool> {
        if self.dry {
            return Ok(false);
        }
        let judge = |trials: &[Trial]| {
            search::is_hopeless(
                trials,
                self.number,
                step,
                value,
                self.direction,
                self.startup,
            )
        };
        let hopeless = self.ledger.step(self.number, step, value, judge)?;
        if hopeless {
            self.pruned.set(true);
        }
        Ok(hopeless)
    }
}

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), methods()].into_iter().flatten().collect()
}
