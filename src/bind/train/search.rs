//! `search::…`: search of hyperparameters.

use crate::base::seed::Rng;
use crate::base::table::{Cells, Table};
use crate::base::{Result, interrupt};
use crate::bind::args::path::output_path;
use crate::bind::args::seed::SeedOptions;
use crate::bind::script_state;
use crate::bind::types::{OfSearch, Tabled, TrialOf};
use crate::bind::warnings::{say, warn};
use crate::lang::{
    Callback, Choice, Given, IntoValue, Native, Options, native, natives_of, session,
};
use crate::train::ledger::Ledger;
use crate::train::search::{self, Axis, Direction, Space, State, Trial, Values, Way};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

/// Options of `search::tpe` and `search::random`.
#[derive(Options)]
pub struct DrawOptions {
    /// Number of trials, including those of the file.
    #[option(default = 50, min = 1)]
    trials: usize,
    #[option(flatten)]
    objective: ObjectiveOptions,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    storage: StorageOptions,
}

/// Options of `search::grid`.
#[derive(Options)]
pub struct GridOptions {
    /// Number of values of each continuous space.
    #[option(default = 5, min = 1)]
    points: usize,
    #[option(flatten)]
    objective: ObjectiveOptions,
    #[option(flatten)]
    storage: StorageOptions,
}

/// How values of the objective are judged.
#[derive(Options)]
pub struct ObjectiveOptions {
    /// Whether large ("max") or small ("min") values of the objective are better.
    #[option(default = "max")]
    direction: DirectionName,
    /// Number of trials that are drawn at random first, and that are needed before a trial can be
    /// pruned.
    #[option(default = 10, min = 1)]
    startup: usize,
}

/// Where trials are stored.
#[derive(Options)]
pub struct StorageOptions {
    /// File of the trials, in the run's directory (trials-2.jsonl for the second search, …). A
    /// search continues after the trials of the file, and several processes can share it. Without a
    /// run directory trials are stored only if a file is given.
    #[option(default = "trials.jsonl")]
    file: Given<String>,
}

/// The names of the directions.
#[derive(Choice)]
pub enum DirectionName {
    /// Large values are better.
    Max,
    /// Small values are better.
    Min,
}

impl From<&DirectionName> for Direction {
    fn from(name: &DirectionName) -> Direction {
        match name {
            DirectionName::Max => Direction::Max,
            DirectionName::Min => Direction::Min,
        }
    }
}

/// What all searches need to know.
struct Search {
    way: Way,
    /// Largest number of trials; of a grid the number of combinations.
    trials: Option<usize>,
    objective: ObjectiveOptions,
    seed: u64,
    file: Given<String>,
}

impl DrawOptions {
    fn search(self, way: Way) -> Search {
        Search {
            way,
            trials: Some(self.trials),
            objective: self.objective,
            seed: self.seed.seed(),
            file: self.storage.file,
        }
    }
}

/// A script's value as the file stores it.
fn stored(value: &Dynamic) -> Result<Value> {
    if let Ok(n) = value.as_int() {
        return Ok(n.into());
    }
    if let Ok(x) = value.as_float() {
        return Ok(x.into());
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(flag.into());
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

/// A stored value as a script's value.
fn loaded(value: &Value) -> Dynamic {
    match value {
        Value::Bool(flag) => (*flag).into(),
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
        .map(|(name, value)| (name.as_str().into(), loaded(value)))
        .collect()
}

/// Fails unless the bounds of a space are finite and in order.
fn check_bounds(low: f64, high: f64) -> Result<()> {
    if !(low.is_finite() && high.is_finite() && low < high) {
        bail!(
            "value",
            "a space goes from a smaller to a larger number, got {low} to {high}"
        );
    }
    Ok(())
}

/// A space that does not depend on other parameters.
fn always(space: Space) -> OfSearch {
    OfSearch { space, when: None }
}

/// The parameters of a search.
fn axes(space: &Map) -> Result<Vec<Axis>> {
    if space.is_empty() {
        bail!("value", "the space has no parameter"; hint: "`#{{ lr: search::log(1e-4, 1e-1) }}`");
    }
    let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
        if ["trial", "state", "value", "seconds"].contains(&name.as_str()) {
            bail!("name", "a parameter cannot be called `{name}`: the table of trials has a column of that name"; hint: "call it `own_{name}`");
        }
        let entry = value.read_lock::<OfSearch>().map(|entry| entry.clone());
        let entry = entry.ok_or_else(|| {
            fault!("type", "parameter `{name}` must be a space, got {}", session::describe(value))
                .hint("search::uniform(a, b), search::log(a, b), search::int(a, b), search::choice([…]), search::when(…)")
        })?;
        Ok(Axis {
            name: name.to_string(),
            space: entry.space,
            when: entry.when,
        })
    };
    search::ordered(space.iter().map(one).collect::<Result<_>>()?)
}

/// The table of trials: one row for each.
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
        let values = || trials.iter().map(|trial| trial.values.get(&axis.name));
        columns.push((
            axis.name.clone(),
            match axis.space {
                Space::Choice(_) => Cells::Text(values().map(text).collect()),
                _ => Cells::Number(
                    values()
                        .map(|value| value.and_then(Value::as_f64).unwrap_or(f64::NAN))
                        .collect(),
                ),
            },
        ));
    }
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Runs trials until there are as many as asked for.
fn run(space: &Map, objective: &Callback, options: Search) -> Result<Map> {
    let axes = axes(space)?;
    let Search { way, file, .. } = options;
    let direction = Direction::from(&options.objective.direction);
    let startup = options.objective.startup;
    let seed = options.seed;
    let call = |trial: TrialOf, values: &Values| -> Result<f64> {
        let mut arguments = vec![Dynamic::from(map_of(values))];
        if objective.takes(2) {
            arguments.push(Dynamic::from(trial));
        }
        let value = objective.call(arguments)?;
        let tensor = value
            .read_lock::<crate::torch::Tensor>()
            .map(|tensor| tensor.item())
            .transpose()?;
        tensor
            .or_else(|| crate::lang::value::number(&value))
            .ok_or_else(|| {
                fault!(
                    "type",
                    "the objective must give a number, gave {}",
                    session::describe(&value)
                )
            })
    };
    let most = match (way, options.trials) {
        (Way::Grid(points), _) => search::combinations(&axes, points).len(),
        (_, trials) => trials.unwrap_or(1),
    };
    let (count, key) = session::next_search();
    let identity = json!({
        "space": axes.iter().map(|axis| format!("{} {:?} {:?}", axis.name, axis.space, axis.when)).collect::<Vec<_>>(),
        "way": format!("{way:?}"), "direction": options.objective.direction.as_str(), "startup": startup, "seed": seed,
    });
    // each search of a run has a file; without a run nothing is stored unless a file is given
    let is_stored = file.is_given || session::settings().run_dir.is_some();
    let (name, ledger) = if session::is_dry() || !is_stored {
        ("trials".to_string(), Rc::new(Ledger::in_memory()))
    } else {
        let file = match (file.is_given, session::trial(), count) {
            (true, ..) => file.value,
            (_, within, 1) if within.is_empty() => file.value,
            (_, within, n) if within.is_empty() => format!("trials-{n}.jsonl"),
            (_, within, n) => format!("{within}/trials-{n}.jsonl"),
        };
        let path = output_path(&file)?;
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
    // consecutive failures; a resumed search continues the count
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
        // what is not stored is never resumed
        let before = is_stored.then(|| Before::of(objective)).transpose()?;
        let changes = || {
            before
                .as_ref()
                .map_or(Ok(Value::Null), |before| before.changes(objective))
        };
        let outcome = {
            // random numbers and checkpoint folders of a trial do not depend on other trials
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
                ledger.end(number, state, Some(value), seconds, None, changes()?)?;
                failures = 0;
                let best = search::best(&ledger.trials()?, direction).and_then(|best| best.value);
                let so_far = best.map_or(String::new(), |best| {
                    format!(", best so far {}", crate::base::written::metric(best))
                });
                say(&format!(
                    "trial {number}: {} {}{so_far}  ({})",
                    state.word(),
                    crate::base::written::metric(value),
                    search::shown(values)
                ));
            }
            // an interrupted trial has no end: a resumed search starts it again; the same holds for
            // a trial whose checkpoint cannot be continued
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
                    changes()?,
                )?;
                failures += 1;
                // consecutive errors are taken to be independent of the values
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

/// The captured variables and the reports of a script at the start of a trial.
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

    /// The changes since then, for a resumed search: variables by index, null where they hold
    /// tensors, and reports.
    fn changes(&self, objective: &Callback) -> Result<Value> {
        let mut changes = serde_json::Map::new();
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
            changes.insert("captured".into(), changed.into());
        }
        let is_new = |report: &Value| !self.reports.contains(report);
        let new: Vec<Value> = reports().into_iter().filter(is_new).collect();
        if !new.is_empty() {
            changes.insert("reports".into(), new.into());
        }
        Ok(if changes.is_empty() {
            Value::Null
        } else {
            changes.into()
        })
    }
}

/// Restores the reports of the finished trials of an interrupted search, and the variables that the
/// objective has captured.
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

/// Consecutive failed trials after which a search ends.
const MOST_FAILURES: usize = 3;

/// The map that a search returns.
fn outcome(
    axes: &[Axis],
    trials: Vec<Trial>,
    direction: Direction,
    rehearsed: Option<(Values, f64)>,
) -> Result<Map> {
    let mut map = Map::new();
    let best = search::best(&trials, direction)
        .map(|best| (best.values.clone(), best.value.unwrap_or(f64::NAN)))
        .or(rehearsed);
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
    // after each trial that ended; pruned trials do not change the best value
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

/// Returns a space of floats with a uniform distribution.
///
/// ```rhai
/// let result = search::random(#{ x: search::uniform(0.0, 1.0) }, |p| p.x, #{ trials: 3, file: "/tmp/cistron_example_uniform.jsonl" });
/// assert(result.value <= 1.0);
/// ```
#[native(namespace = "search")]
pub fn uniform(
    /// Smallest value.
    low: f64,
    /// Largest value, above `low`.
    high: f64,
) -> Result<OfSearch> {
    check_bounds(low, high)?;
    Ok(always(Space::Uniform(low, high)))
}

/// Returns a space of floats whose logarithms have a uniform distribution.
///
/// ```rhai
/// let result = search::random(#{ lr: search::log(1e-4, 1e-1) }, |p| p.lr, #{ trials: 3, file: "/tmp/cistron_example_log.jsonl" });
/// assert(result.value <= 0.1);
/// ```
/// ```rhai,fails
/// search::log(0.0, 1.0);
/// //~ must be above 0
/// ```
#[native(namespace = "search")]
pub fn log(
    /// Smallest value, above 0.
    low: f64,
    /// Largest value, above `low`.
    high: f64,
) -> Result<OfSearch> {
    check_bounds(low, high)?;
    if low <= 0.0 {
        bail!(
            "value",
            "the ends of a logarithmic space must be above 0, got {low}"
        );
    }
    Ok(always(Space::Log(low, high)))
}

/// Returns a space of integers, both ends included.
///
/// ```rhai
/// let result = search::grid(#{ n: search::int(2, 4) }, |p| p.n, #{ file: "/tmp/cistron_example_int.jsonl" });
/// assert_eq(result.best.n, 4);
/// ```
#[native(namespace = "search")]
pub fn int(
    /// Smallest value.
    low: i64,
    /// Largest value, at least `low`.
    high: i64,
) -> Result<OfSearch> {
    if low > high {
        bail!(
            "value",
            "a space goes from a smaller to a larger number, got {low} to {high}"
        );
    }
    Ok(always(Space::Int(low, high)))
}

/// Returns a space of listed values.
///
/// ```rhai
/// let result = search::grid(#{ name: search::choice(["a", "bcd", "ef"]) }, |p| p.name.len(), #{ file: "/tmp/cistron_example_choice.jsonl" });
/// assert_eq(result.best.name, "bcd");
/// ```
#[native(namespace = "search")]
pub fn choice(
    /// Integers, floats, strings or booleans; at least one.
    values: Array,
) -> Result<OfSearch> {
    if values.is_empty() {
        bail!("value", "a choice needs at least one value");
    }
    let values = values.iter().map(stored).collect::<Result<_>>()?;
    Ok(always(Space::Choice(values)))
}

/// Returns a space that applies only where another parameter has a given value.
///
/// Elsewhere its parameter is not in the map that the objective takes.
///
/// ```rhai
/// let space = #{ kind: search::choice(["tcn", "lstm"]), width: search::when("kind", "tcn", search::int(3, 5)) };
/// let result = search::grid(space, |p| if p.kind == "tcn" { p.width } else { 1 }, #{ file: "/tmp/cistron_example_when.jsonl" });
/// assert_eq(result.trials.len(), 4);
/// ```
#[native(namespace = "search")]
pub fn when(
    /// Name of the other parameter.
    parameter: String,
    /// Value of the other parameter where the space applies.
    value: &Dynamic,
    /// Space of this parameter.
    space: OfSearch,
) -> Result<OfSearch> {
    Ok(OfSearch {
        when: Some((parameter, stored(value)?)),
        ..space
    })
}

/// Searches by tree-structured Parzen estimators.
///
/// Values are drawn where the density of good trials is high compared with that of bad trials.
/// Each trial is written to a file when it ends: a search that was interrupted continues there, and
/// several processes can share the file. A failed trial is recorded; three consecutive ones end the
/// search.
///
/// The map that is returned holds `best` (values of the best trial), `value` (of the objective),
/// `trials` (a table), `so_far` (best value after each trial that ended) and `importance` (a table:
/// fraction of the variance that each parameter alone explains, beyond chance).
///
/// # Source
/// Bergstra, Bardenet, Bengio & Kégl, Algorithms for Hyper-Parameter Optimization (NeurIPS 2011);
/// crate `tpe`.
///
/// ```rhai
/// let result = search::tpe(#{ x: search::uniform(-5.0, 5.0) }, |p| (p.x - 1.0) ** 2.0, #{ direction: "min", trials: 40, seed: 1, file: "/tmp/cistron_example_tpe.jsonl" });
/// assert((result.best.x - 1.0).abs() < 1.0);
/// ```
/// ```rhai,fails
/// search::tpe(#{ x: 3 }, |p| p.x);
/// //~ parameter `x` must be a space, got integer
/// ```
#[native(
    namespace = "search",
    returns = "map: best, value, trials, so_far, importance"
)]
pub fn tpe(
    /// Map of parameter names to spaces.
    space: &Map,
    /// Function |p| or |p, trial| of a map of values that returns a number.
    objective: &Callback,
    options: DrawOptions,
) -> Result<Map> {
    run(space, objective, options.search(Way::Tpe))
}

/// Searches with values drawn at random.
///
/// Trials are stored, and returned, as by `search::tpe`.
///
/// ```rhai
/// let result = search::random(#{ x: search::uniform(0.0, 1.0) }, |p| p.x, #{ trials: 5, seed: 1, file: "/tmp/cistron_example_random.jsonl" });
/// assert_eq(result.trials.len(), 5);
/// ```
#[native(
    namespace = "search",
    returns = "map: best, value, trials, so_far, importance"
)]
pub fn random(
    /// Map of parameter names to spaces.
    space: &Map,
    /// Function |p| or |p, trial| of a map of values that returns a number.
    objective: &Callback,
    options: DrawOptions,
) -> Result<Map> {
    run(space, objective, options.search(Way::Random))
}

/// Searches all combinations of values.
///
/// Trials are stored, and returned, as by `search::tpe`.
///
/// ```rhai
/// let result = search::grid(#{ a: search::int(1, 3), b: search::choice([10, 20]) }, |p| p.a * p.b, #{ file: "/tmp/cistron_example_grid.jsonl" });
/// assert_eq(result.value, 60.0);
/// ```
#[native(
    namespace = "search",
    returns = "map: best, value, trials, so_far, importance"
)]
pub fn grid(
    /// Map of parameter names to spaces.
    space: &Map,
    /// Function |p| or |p, trial| of a map of values that returns a number.
    objective: &Callback,
    options: GridOptions,
) -> Result<Map> {
    let search = Search {
        way: Way::Grid(options.points),
        trials: None,
        objective: options.objective,
        seed: session::settings().seed,
        file: options.storage.file,
    };
    run(space, objective, search)
}

/// Records an intermediate value and returns whether the trial is hopeless.
///
/// A trial is hopeless if its best value so far is worse than that of half of the other trials at
/// the same step.
///
/// ```rhai
/// let objective = |p, trial| { for step in 0..5 { if trial.report(step, p.x) { break; } } p.x };
/// let result = search::random(#{ x: search::uniform(0.0, 1.0) }, objective, #{ trials: 12, startup: 3, seed: 1, file: "/tmp/cistron_example_report.jsonl" });
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
/// let result = search::grid(#{ a: search::int(1, 3) }, |p, trial| trial.number, #{ file: "/tmp/cistron_example_number.jsonl" });
/// assert_eq(result.value, 2.0);
/// ```
#[native(namespace = "trial", form = property)]
pub fn number(this: &TrialOf) -> i64 {
    this.number as i64
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        uniform, log, int, choice, when, tpe, random, grid, report, number,
    ]
}
