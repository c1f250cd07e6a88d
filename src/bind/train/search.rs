//! `search::…`: search of hyperparameters.

use crate::base::Result;
use crate::base::seed::Rng;
use crate::base::table::{Cells, Table};
use crate::bind::args::path::output_path;
use crate::bind::args::seed::SeedOptions;
use crate::bind::passes;
use crate::bind::script_state::{self, BeforeTrial};
use crate::bind::shared_trials;
use crate::bind::types::{OfSearch, Tabled, TrialOf};
use crate::bind::warnings::{say, warn};
use crate::lang::value::array;
use crate::lang::{
    Callback, Choice, Given, IntoValue, Native, Options, native, natives_of, session,
};
use crate::train::ledger::Ledger;
use crate::train::search::{self, Axis, Direction, State, Trial, Values, Way};
use crate::train::trials::{self, Judged, Objective, Search};
use crate::{bail, fault};
use rhai::{Dynamic, Map};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Options of `search::tpe`.
#[derive(Options)]
pub struct TpeOptions {
    /// Number of trials that are chosen together, from the results of those before them; the first
    /// ones, `startup`, are drawn at random. Processes divide the trials that are chosen together.
    #[option(default = 1, min = 1)]
    together: usize,
    #[option(flatten)]
    draw: DrawOptions,
}

/// Options of `search::random`.
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

/// What a script asks for.
struct Request {
    way: Way,
    /// Largest number of trials; of a grid the number of combinations.
    trials: usize,
    /// Number of trials that are chosen together.
    together: usize,
    objective: ObjectiveOptions,
    seed: u64,
    file: Given<String>,
}

impl DrawOptions {
    fn request(self, way: Way) -> Request {
        Request {
            way,
            trials: self.trials,
            together: 1,
            objective: self.objective,
            seed: self.seed.seed(),
            file: self.storage.file,
        }
    }
}

impl TpeOptions {
    fn request(self) -> Request {
        Request {
            together: self.together,
            ..self.draw.request(Way::Tpe)
        }
    }
}

impl GridOptions {
    fn request(self) -> Request {
        Request {
            way: Way::Grid(self.points),
            trials: 0,
            together: 1,
            objective: self.objective,
            seed: session::settings().seed,
            file: self.storage.file,
        }
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

/// The parameters of a search.
fn axes(space: &Map) -> Result<Vec<Axis>> {
    if space.is_empty() {
        bail!("value", "the space has no parameter"; hint: "`#{{ lr: search::log(1e-4, 1e-1) }}`");
    }
    let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
        if ["trial", "state", "value", "seconds"].contains(&name.as_str()) {
            bail!("name", "a parameter cannot be called `{name}`: the table of trials has a column \
                of that name";
                hint: "call it `own_{name}`");
        }
        let entry = value.read_lock::<OfSearch>().map(|entry| entry.clone());
        let entry = entry.ok_or_else(|| {
            fault!(
                "type",
                "parameter `{name}` must be a space, got {}",
                session::describe(value)
            )
            .hint(
                "search::uniform(a, b), search::log(a, b), search::int(a, b), \
                    search::choice([…]), search::when(…)",
            )
        })?;
        Ok(Axis {
            name: name.to_string(),
            space: entry.space,
            when: entry.when,
        })
    };
    search::ordered(space.iter().map(one).collect::<Result<_>>()?)
}

/// The objective of a script, in the trials of a search.
struct Scripted<'a> {
    objective: &'a Callback,
    search: &'a Search,
    ledger: Rc<Ledger>,
    /// Name of the search, below which its trials keep checkpoints.
    name: String,
    /// Whether trials are stored, so that the search can be resumed.
    is_stored: bool,
    /// What a trial has recorded, where the processes of a run divide the trials.
    events: Rc<RefCell<Vec<Value>>>,
}

impl Scripted<'_> {
    /// Calls the script with the values of a trial.
    fn call(&self, values: &Values, trial: TrialOf) -> Result<f64> {
        let mut arguments = vec![Dynamic::from(map_of(values))];
        if self.objective.takes(2) {
            arguments.push(Dynamic::from(trial));
        }
        let value = self.objective.call(arguments)?;
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
    }

    fn trial(&self, number: usize, is_hopeless: bool, dry: bool) -> TrialOf {
        TrialOf {
            ledger: self.ledger.clone(),
            number,
            direction: self.search.direction,
            startup: self.search.startup,
            pruned: Rc::new(Cell::new(is_hopeless)),
            dry,
        }
    }

    /// Calls the script once, as a rehearsal.
    fn rehearse(&self) -> Result<(Values, f64)> {
        let values = self.search.suggest(&[], 0).unwrap_or_default();
        let value = self.call(&values, self.trial(0, false, true))?;
        Ok((values, value))
    }
}

impl Scripted<'_> {
    /// Calls the script with the values of a trial, as a process that was started alone.
    fn judged(&self, trial: &Trial) -> Result<Judged> {
        let script_trial = self.trial(trial.number, trial.is_hopeless, false);
        let pruned = script_trial.pruned.clone();
        // random numbers and checkpoint folders of a trial do not depend on other trials
        let (_scope, key) = session::enter_trial(&self.name, trial.number);
        let _passes = passes::kept();
        seed_torch(key);
        let value = self.call(&trial.values, script_trial)?;
        Ok(Judged {
            value,
            is_pruned: pruned.get(),
        })
    }

    fn is_divided(&self) -> bool {
        self.ledger.division().is_some()
    }
}

impl Objective for Scripted<'_> {
    type Before = Option<BeforeTrial>;

    fn before(&self) -> Result<Option<BeforeTrial>> {
        // what is not stored is never resumed
        let before = || BeforeTrial::of(self.objective);
        (self.is_stored || self.is_divided())
            .then(before)
            .transpose()
    }

    fn value(&self, trial: &Trial) -> Result<Judged> {
        if !self.is_divided() {
            return self.judged(trial);
        }
        self.events.borrow_mut().clear();
        let _own = shared_trials::enter(self.events.clone());
        self.judged(trial)
    }

    fn changes(&self, before: &Option<BeforeTrial>) -> Result<Value> {
        let changes = before.as_ref().map(|before| before.changes(self.objective));
        let mut changes = changes.unwrap_or(Ok(Value::Null))?;
        if self.is_divided() {
            shared_trials::check(&changes)?;
            // reports are among the events, in their order
            changes = Value::Null;
            let events = self.events.take();
            if !events.is_empty() {
                changes["events"] = events.into();
            }
        }
        Ok(changes)
    }

    fn adopt(&self, trial: &Trial) -> Result<()> {
        shared_trials::record(&trial.left)
    }

    fn tell(&self, text: &str) {
        say(text);
    }

    fn warn(&self, text: &str) {
        warn(text);
    }
}

/// Seeds the random numbers of tensors by the session's seed and a key.
fn seed_torch(key: u64) {
    let mut rng = Rng::keyed(&[session::settings().seed, key]);
    crate::torch::device::seed(rng.next_u64() >> 1);
}

/// The file of the trials of a search.
fn file_of(file: &Given<String>, count: u64) -> Result<PathBuf> {
    let file = match (file.is_given, session::trial(), count) {
        (true, ..) => file.value.clone(),
        (_, within, 1) if within.is_empty() => file.value.clone(),
        (_, within, n) if within.is_empty() => format!("trials-{n}.jsonl"),
        (_, within, n) => format!("{within}/trials-{n}.jsonl"),
    };
    output_path(&file)
}

/// The name of a search and its trials: in a file of the run, or in memory.
fn ledger_of(search: &Search, request: &Request, count: u64) -> Result<(String, Ledger)> {
    let is_stored = is_stored(request);
    let file = || file_of(&request.file, count);
    let ledger = if cistron_world::is_parallel() && search.is_divisible() {
        shared_trials::ledger(
            search,
            is_stored.then_some(&file as &dyn Fn() -> Result<PathBuf>),
            count,
        )?
    } else if is_stored {
        Ledger::at(&file()?, &search.identity())?
    } else {
        Ledger::in_memory()
    };
    let name = match is_stored {
        true => name_of(ledger.path()),
        false => "trials".to_string(),
    };
    let ledger = match request.file.is_given {
        true => ledger,
        false => ledger.private(),
    };
    Ok((name, ledger))
}

/// The name of a search, from its file.
fn name_of(path: &Path) -> String {
    let name = path.file_stem();
    name.map_or(String::new(), |name| name.to_string_lossy().into_owned())
}

/// The search that a script asks for.
fn search_of(space: &Map, request: &Request) -> Result<Search> {
    let direction = Direction::from(&request.objective.direction);
    Ok(Search {
        startup: request.objective.startup,
        together: request.together,
        seed: request.seed,
        ..Search::new(axes(space)?, request.way, request.trials, direction)
    })
}

/// Whether trials are stored: each search of a run has a file; without a run nothing is stored
/// unless a file is given.
fn is_stored(request: &Request) -> bool {
    request.file.is_given || session::settings().run_dir.is_some()
}

/// Runs a search.
fn run(space: &Map, objective: &Callback, request: Request) -> Result<Map> {
    let search = search_of(space, &request)?;
    let (count, key) = session::next_search();
    let is_stored = is_stored(&request);
    let (name, ledger) = ledger_of(&search, &request, count)?;
    let scripted = Scripted {
        objective,
        search: &search,
        ledger: Rc::new(ledger),
        name,
        is_stored,
        events: Rc::default(),
    };
    let ledger = &scripted.ledger;
    if session::settings().resume {
        skip(&ledger.trials()?, &scripted.name, objective)?;
    }
    search.run(ledger, &scripted)?;
    seed_torch(key);
    let outcome = outcome(&search, &ledger.trials()?, None)?;
    if ledger.division().is_some() && !is_stored {
        shared_trials::remove(ledger.path())?;
    }
    Ok(outcome)
}

/// Calls the objective once, for a dry run.
fn rehearse(space: &Map, objective: &Callback, request: Request) -> Result<Map> {
    let search = search_of(space, &request)?;
    session::next_search();
    let scripted = Scripted {
        objective,
        search: &search,
        ledger: Rc::new(Ledger::in_memory()),
        name: "trials".to_string(),
        is_stored: is_stored(&request),
        events: Rc::default(),
    };
    outcome(&search, &[], Some(scripted.rehearse()?))
}

/// Restores the reports of the finished trials of an interrupted search, and the variables that the
/// objective has captured.
fn skip(trials: &[Trial], name: &str, objective: &Callback) -> Result<()> {
    let is_over = |trial: &&Trial| trial.state != State::Running;
    for trial in trials.iter().filter(is_over) {
        if trial.left["events"].is_array() {
            shared_trials::record(&trial.left)?;
            continue;
        }
        session::skip_trial(name, trial.number)?;
        for report in trial.left["reports"].as_array().into_iter().flatten() {
            let value: Dynamic = serde_json::from_value(report[1].clone()).unwrap_or_default();
            session::report(report[0].as_str().unwrap_or(""), value)?;
        }
        for (i, value) in trial.left["captured"].as_object().into_iter().flatten() {
            if value.is_null() {
                bail!("resume", "the objective of the search changes tensors, networks or datasets \
                    that it has captured; the trials that are done cannot be taken over";
                    hint: "keep them inside of the objective, or run the script again from the \
                        start");
            }
            script_state::set_captured(objective, i.parse().unwrap_or(usize::MAX), value)?;
        }
    }
    Ok(())
}

/// The map that a search returns.
fn outcome(search: &Search, trials: &[Trial], rehearsed: Option<(Values, f64)>) -> Result<Map> {
    let best = search::best(trials, search.direction)
        .map(|best| (best.values.clone(), best.value.unwrap_or(f64::NAN)))
        .or(rehearsed);
    let Some((values, value)) = best else {
        bail!("value", "no trial came to its end")
    };
    let importance = search::importance(&search.axes, trials);
    let (parameters, shares) = importance.into_iter().unzip();
    let importance = Table::new(vec![
        ("parameter".into(), Cells::Text(parameters)),
        ("importance".into(), Cells::Number(shares)),
    ])?;
    let so_far = trials::best_so_far(trials, search.direction);
    let trials = trials::table(&search.axes, trials)?;
    Ok(Map::from([
        ("best".into(), map_of(&values).into()),
        ("value".into(), value.into()),
        (
            "importance".into(),
            Tabled(Rc::new(importance)).into_value(),
        ),
        ("so_far".into(), array(so_far).into()),
        ("trials".into(), Tabled(Rc::new(trials)).into_value()),
    ]))
}

/// Searches by tree-structured Parzen estimators.
///
/// Values are drawn where the density of good trials is high compared with that of bad trials.
/// Each trial is written to a file when it ends: a search that was interrupted continues there, and
/// several processes can share the file. A failed trial is recorded; three consecutive ones end the
/// search.
///
/// The processes of a run (`mpirun`) divide the trials that are chosen `together`, with the same
/// table as one process; each trains its own trial, in which `world.size` is 1. Where each trial
/// depends on the one before, all processes run every trial.
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
/// let result = search::tpe(#{ x: search::uniform(-5.0, 5.0) }, |p| (p.x - 1.0) ** 2.0, #{
///     direction: "min", trials: 40, seed: 1, file: "/tmp/cistron_example_tpe.jsonl"
/// });
/// assert((result.best.x - 1.0).abs() < 1.0);
/// ```
/// ```rhai,fails
/// search::tpe(#{ x: 3 }, |p| p.x);
/// //~ parameter `x` must be a space, got integer
/// ```
#[native(
    namespace = "search",
    returns = "map: best, value, trials, so_far, importance",
    dry = tpe_dry
)]
pub fn tpe(
    /// Map of parameter names to spaces.
    space: &Map,
    /// Function |p| or |p, trial| of a map of values that returns a number.
    objective: &Callback,
    options: TpeOptions,
) -> Result<Map> {
    run(space, objective, options.request())
}

fn tpe_dry(space: &Map, objective: &Callback, options: TpeOptions) -> Result<Map> {
    rehearse(space, objective, options.request())
}

/// Searches with values drawn at random.
///
/// Trials are stored, and returned, as by `search::tpe`. The processes of a run divide them.
///
/// ```rhai
/// let result = search::random(#{ x: search::uniform(0.0, 1.0) }, |p| p.x, #{
///     trials: 5, seed: 1, file: "/tmp/cistron_example_random.jsonl"
/// });
/// assert_eq(result.trials.len(), 5);
/// ```
#[native(
    namespace = "search",
    returns = "map: best, value, trials, so_far, importance",
    dry = random_dry
)]
pub fn random(
    /// Map of parameter names to spaces.
    space: &Map,
    /// Function |p| or |p, trial| of a map of values that returns a number.
    objective: &Callback,
    options: DrawOptions,
) -> Result<Map> {
    run(space, objective, options.request(Way::Random))
}

fn random_dry(space: &Map, objective: &Callback, options: DrawOptions) -> Result<Map> {
    rehearse(space, objective, options.request(Way::Random))
}

/// Searches all combinations of values.
///
/// Trials are stored, and returned, as by `search::tpe`. The processes of a run divide them.
///
/// ```rhai
/// let result = search::grid(#{
///     a: search::int(1, 3), b: search::choice([10, 20])
/// }, |p| p.a * p.b, #{ file: "/tmp/cistron_example_grid.jsonl" });
/// assert_eq(result.value, 60.0);
/// ```
#[native(
    namespace = "search",
    returns = "map: best, value, trials, so_far, importance",
    dry = grid_dry
)]
pub fn grid(
    /// Map of parameter names to spaces.
    space: &Map,
    /// Function |p| or |p, trial| of a map of values that returns a number.
    objective: &Callback,
    options: GridOptions,
) -> Result<Map> {
    run(space, objective, options.request())
}

fn grid_dry(space: &Map, objective: &Callback, options: GridOptions) -> Result<Map> {
    rehearse(space, objective, options.request())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![tpe, random, grid,]
}
