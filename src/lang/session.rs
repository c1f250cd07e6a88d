//! What a running script belongs to: its engine, its files, its parameters, what it printed and
//! reported.

use super::catalog::Catalog;
use super::native::TypeInfo;
use super::prepare::{self, Shift};
use super::reach::{Access, Reach};
use super::{setting, show};
use crate::base::seed::Rng;
use crate::base::{Place, Result};
use crate::fault;
use rhai::{Dynamic, Engine, Position};
use serde::{Deserialize, Serialize};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Values given with `--set`.
    pub set: BTreeMap<String, String>,
    /// The device by default.
    pub device: String,
    /// The seed by default.
    pub seed: u64,
    /// Where a script's output files go; the working directory where there is none.
    pub run_dir: Option<PathBuf>,
    /// The folder of the script.
    pub script_dir: Option<PathBuf>,
    /// Threads that prepare batches.
    pub loaders: usize,
    /// Whether nothing is to be said on the terminal but results.
    pub quiet: bool,
    /// Whether a run that was broken off goes on: trainings start from their last checkpoints.
    pub resume: bool,
    /// Whether trainings that differ from those of their checkpoints continue from them all the
    /// same.
    pub may_differ: bool,
    /// Whether they start again: settings were given anew.
    pub starts_again: bool,
    /// The folders that the run may touch, where it may not touch all.
    pub sandbox: Option<Reach>,
    /// Whether shapes are only checked: data are stand-ins and nothing is trained or written.
    pub dry: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            set: BTreeMap::new(),
            device: "auto".into(),
            seed: 0,
            run_dir: None,
            script_dir: None,
            loaders: 1,
            quiet: false,
            resume: false,
            may_differ: false,
            starts_again: false,
            sandbox: None,
            dry: false,
        }
    }
}

/// A session that is not that of a thread at present.
#[derive(Default)]
pub struct Session(State);

/// Makes a session that of this thread, and puts the one that was in its place.
pub fn swap(session: &mut Session) {
    STATE.with(|state| std::mem::swap(&mut *state.borrow_mut(), &mut session.0));
}

/// What another module keeps for the session, one value of each type.
pub fn local<T: Default + 'static>() -> Rc<T> {
    let known = with(|state| state.locals.get(&TypeId::of::<T>()).cloned());
    let known = known.and_then(|own| own.downcast::<T>().ok());
    known.unwrap_or_else(|| {
        let new = Rc::new(T::default());
        with(|state| state.locals.insert(TypeId::of::<T>(), new.clone()));
        new
    })
}

#[derive(Default)]
struct State {
    locals: HashMap<TypeId, Rc<dyn Any>>,
    engine: Option<Rc<Engine>>,
    catalog: Rc<Catalog>,
    types: Vec<TypeInfo>,
    units: Vec<String>,
    sources: HashMap<String, String>,
    shifts: HashMap<String, Vec<Shift>>,
    reports: Vec<(String, Dynamic)>,
    captured: Option<String>,
    listener: Option<Listener>,
    settings: Settings,
    counts: Counts,
    log: Option<PathBuf>,
    guessed: bool,
    recorder: Option<Recorder>,
}

/// Counters that name what a script draws, trains and searches. A script that runs again counts the
/// same; a trial of a search has counters of its own, because a resumed search skips the trials
/// that are done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// The trials within which the script is, as part of a path: `trials/3/`; empty outside of a
    /// search.
    within: String,
    /// Unseeded draws.
    draws: u64,
    /// Searches.
    searches: u64,
    /// Trainings of networks of each name.
    trained: BTreeMap<String, usize>,
}

/// What happens in a run that its journal should know.
pub enum Event<'a> {
    /// A file was run or imported.
    Source(&'a str, &'a str),
    /// A file is read.
    Input(&'a Path),
    /// A parameter got its value.
    Parameter(&'a str, serde_json::Value),
    /// A result was recorded.
    Report(&'a str, serde_json::Value),
    /// An epoch ended.
    Epoch(&'a serde_json::Value),
    /// A trial of a search, by its path, ended before the run was resumed and is not run again.
    Skipped(&'a str),
    /// A line was printed.
    Printed(&'a str),
}

/// What a script shows.
pub enum Shown<'a> {
    /// A line that was printed.
    Line(&'a str),
    /// A value to be displayed as it reads best.
    Value(&'a Dynamic),
}

/// Hears what a script shows.
pub type Listener = Rc<dyn Fn(Shown)>;

/// Keeps what happens.
pub type Recorder = Rc<dyn Fn(&Event) -> Result<()>>;

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

/// Starts a session with a fresh engine; an earlier one of this thread ends.
pub fn start(
    engine: Engine,
    types: Vec<TypeInfo>,
    catalog: Rc<Catalog>,
    settings: Settings,
) -> Rc<Engine> {
    let engine = Rc::new(engine);
    let old = with(|state| {
        std::mem::replace(
            state,
            State {
                engine: Some(engine.clone()),
                catalog,
                types,
                settings,
                ..State::default()
            },
        )
    });
    drop(old); // outside the borrow: dropping values may run script types' own code
    engine
}

/// Ends the session: engine, values and sources are let go.
pub fn finish() {
    let old = with(std::mem::take);
    drop(old);
}

/// The engine of the running session.
pub fn engine() -> Result<Rc<Engine>> {
    with(|state| state.engine.clone()).ok_or_else(|| fault!("internal", "no script is running"))
}

/// The catalog of the running session.
pub fn catalog() -> Rc<Catalog> {
    with(|state| state.catalog.clone())
}

/// The settings of the run.
pub fn settings() -> Settings {
    with(|state| state.settings.clone())
}

/// Whether the run only checks shapes.
pub fn is_dry() -> bool {
    with(|state| state.settings.dry)
}

/// Says that data are stand-ins for files that are not there: their shapes tell nothing.
pub fn guess() {
    with(|state| state.guessed = true);
}

/// Whether data are stand-ins for files that are not there.
pub fn is_guessed() -> bool {
    with(|state| state.guessed)
}

/// Changes the settings of the run.
pub fn set_settings(change: impl FnOnce(&mut Settings)) {
    with(|state| change(&mut state.settings));
}

/// The file whose code is running.
pub fn current_file() -> String {
    with(|state| {
        state
            .units
            .last()
            .cloned()
            .unwrap_or_else(|| "script".into())
    })
}

/// Marks `file` as the one whose code is running, until the guard is dropped.
pub fn enter(file: &str) -> Unit {
    with(|state| state.units.push(file.to_string()));
    Unit(())
}

/// See [`enter`].
pub struct Unit(());

impl Drop for Unit {
    fn drop(&mut self) {
        with(|state| state.units.pop());
    }
}

/// A position in the running file.
pub fn place(position: Position) -> Place {
    place_in(&current_file(), position)
}

/// A position in a file.
pub fn place_in(file: &str, position: Position) -> Place {
    let (line, column) = (
        position.line().unwrap_or(0),
        position.position().unwrap_or(0),
    );
    let column = with(|state| {
        state
            .shifts
            .get(file)
            .map_or(column, |shifts| prepare::original(shifts, line, column))
    });
    Place {
        file: file.to_string(),
        line,
        column,
    }
}

/// Keeps a file's text, for the lines that errors show, and gives it as Rhai is to read it.
pub fn remember_source(file: &str, text: &str) -> String {
    remember_behind("", file, text)
}

/// The same, with words before the text that are not its own.
pub fn remember_behind(words: &str, file: &str, text: &str) -> String {
    let (prepared, shifts) = prepare::behind(words, prepare::prepare(text));
    with(|state| {
        state.sources.insert(file.to_string(), text.to_string());
        state.shifts.insert(file.to_string(), shifts);
    });
    // a journal that cannot be written is told by the next thing that must be kept
    tell(&Event::Source(file, text)).ok();
    prepared
}

/// The text of a file that was run or imported.
pub fn source(file: &str) -> Option<String> {
    with(|state| state.sources.get(file).cloned())
}

/// Declares a parameter; the value is the one given with `--set`, else the default.
pub fn declare(name: &str, default: Dynamic) -> Result<Dynamic> {
    let given = with(|state| state.settings.set.get(name).cloned());
    let value = match given {
        None => default,
        Some(given) => setting::read(name, &given, &default)?,
    };
    tell(&Event::Parameter(name, json(name, &value)?))?;
    Ok(value)
}

/// Records a result of the run.
pub fn report(name: &str, value: Dynamic) -> Result<()> {
    tell(&Event::Report(name, json(name, &value)?))?;
    with(|state| {
        state.reports.retain(|(old, _)| old != name);
        state.reports.push((name.to_string(), value));
    });
    Ok(())
}

/// A value as JSON; faults name it.
fn json(name: &str, value: &Dynamic) -> Result<serde_json::Value> {
    show::json(value).map_err(|mut fault| {
        fault.message = format!("`{name}`: {}", fault.message);
        fault
    })
}

/// The results that were recorded, in order, as JSON.
pub fn results() -> serde_json::Map<String, serde_json::Value> {
    with(|state| {
        let each = state.reports.iter();
        each.map(|(name, value)| (name.clone(), show::to_json(value)))
            .collect()
    })
}

/// A number for the next unseeded draw; no two draws of a run have the same one.
pub fn next_draw() -> u64 {
    with(|state| {
        state.counts.draws += 1;
        match state.counts.within.as_str() {
            "" => state.counts.draws,
            within => Rng::keyed(&[text_key(within), state.counts.draws]).next_u64(),
        }
    })
}

/// Starts counting unseeded draws again.
pub fn reset_draws() {
    with(|state| state.counts.draws = 0);
}

/// The counters of draws and trainings.
pub fn counts() -> Counts {
    with(|state| state.counts.clone())
}

/// Puts back counters that a checkpoint holds.
pub fn set_counts(counts: Counts) {
    with(|state| state.counts = counts);
}

/// Counts a search: its number, from 1, within the script or the trial, and a key for the random
/// numbers that follow it.
pub fn next_search() -> (u64, u64) {
    with(|state| {
        state.counts.searches += 1;
        let number = state.counts.searches;
        (
            number,
            Rng::keyed(&[text_key(&state.counts.within), number]).next_u64(),
        )
    })
}

/// A key for the random numbers of a name.
fn text_key(text: &str) -> u64 {
    blake3::hash(text.as_bytes()).as_bytes()[..8]
        .iter()
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// Gives a trial counters of its own until the guard is dropped; returns a key for its random
/// numbers.
pub fn enter_trial(search: &str, number: usize) -> (Trial, u64) {
    with(|state| {
        let within = format!("{}{search}/{number}/", state.counts.within);
        let key = text_key(&within);
        let outer = std::mem::replace(
            &mut state.counts,
            Counts {
                within,
                ..Counts::default()
            },
        );
        (Trial(outer), key)
    })
}

/// The trial within which the script is, as a path such as `trials/3`; empty outside of a search.
pub fn trial() -> String {
    with(|state| state.counts.within.trim_end_matches('/').to_string())
}

/// Tells the run's journal of a trial that is not run again.
pub fn skip_trial(search: &str, number: usize) -> Result<()> {
    let path = with(|state| format!("{}{search}/{number}", state.counts.within));
    tell(&Event::Skipped(&path))
}

/// See [`enter_trial`].
pub struct Trial(Counts);

impl Drop for Trial {
    fn drop(&mut self) {
        with(|state| state.counts = std::mem::take(&mut self.0));
    }
}

/// Tells all that happens from now on to a journal.
pub fn record_to(recorder: Recorder) {
    with(|state| state.recorder = Some(recorder));
}

/// Tells the run's journal what happened.
pub fn tell(event: &Event) -> Result<()> {
    with(|state| state.recorder.clone()).map_or(Ok(()), |recorder| recorder(event))
}

/// The folder below `checkpoints/` of the next training of a network of this name: the name, from
/// the second training on with a number, within the folder of the trial. A script that runs again
/// meets the same folders.
pub fn checkpoint_folder(name: &str) -> String {
    with(|state| {
        let n = state.counts.trained.entry(name.to_string()).or_insert(0);
        *n += 1;
        let within = &state.counts.within;
        if *n == 1 {
            format!("{within}{name}")
        } else {
            format!("{within}{name}-{n}")
        }
    })
}

/// Tells a listener what scripts print and display, instead of standard output.
pub fn listen(listener: Listener) {
    with(|state| state.listener = Some(listener));
}

/// Tells the listener, where there is one, of a value that is to be displayed; whether there is
/// one.
pub fn displayed(value: &Dynamic) -> bool {
    let listener = with(|state| state.listener.clone());
    listener
        .iter()
        .for_each(|listener| listener(Shown::Value(value)));
    listener.is_some()
}

/// Keeps what scripts print instead of showing it.
pub fn capture() {
    with(|state| state.captured = Some(String::new()));
}

/// What was printed since [`capture`].
pub fn captured() -> String {
    with(|state| state.captured.take()).unwrap_or_default()
}

/// Keeps a copy of what scripts print in a file.
pub fn log_to(path: PathBuf) {
    with(|state| state.log = Some(path));
}

/// Prints a line of a script's output.
pub fn print(line: &str) {
    print_as(line, || crate::base::written::printable(line).into_owned());
}

/// Prints a line that is coloured on a terminal, and plain wherever it is kept.
pub fn print_colored(plain: &str, colored: &str) {
    print_as(plain, || crate::base::written::printable_colored(colored));
}

fn print_as(line: &str, on_terminal: impl FnOnce() -> String) {
    // a recorder that fails reports it at its next event
    tell(&Event::Printed(line)).ok();
    if let Some(path) = with(|state| state.log.clone()) {
        use std::io::Write;
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        // a log that cannot be written does not end a run
        file.and_then(|mut file| writeln!(file, "{line}")).ok();
    }
    if let Some(listener) = with(|state| state.listener.clone()) {
        return listener(Shown::Line(line));
    }
    let kept = with(|state| match &mut state.captured {
        Some(text) => {
            text.push_str(line);
            text.push('\n');
            true
        }
        None => false,
    });
    if !kept {
        crate::outln!("{}", on_terminal());
    }
}

/// The script type of a value.
pub fn type_info(value: &Dynamic) -> Option<TypeInfo> {
    let id = value.type_id();
    with(|state| state.types.iter().find(|info| info.id == id).cloned())
}

/// All script types.
pub fn types() -> Vec<TypeInfo> {
    with(|state| state.types.clone())
}

/// A value in an error message: its type, and itself where it is short.
pub fn describe(value: &Dynamic) -> String {
    let value = value.flatten_clone();
    if value.is_unit() {
        return "nothing".into();
    }
    if let Some(info) = type_info(&value) {
        let line = (info.line)(&value);
        return if line.starts_with(info.name) {
            line
        } else {
            format!("{} {line}", info.name)
        };
    }
    let shown = show::quoted(&value);
    let short = if shown.chars().count() > 60 {
        format!("{} …", shown.chars().take(56).collect::<String>())
    } else {
        shown
    };
    match value {
        v if v.is_int() => format!("whole number {short}"),
        v if v.is_float() => format!("number {short}"),
        v if v.is_bool() => short,
        v if v.is_string() => format!("string {short}"),
        v if v.is_array() => format!("array {short}"),
        v if v.is_map() => format!("map {short}"),
        v if v.is_fnptr() => "a function".into(),
        v => super::explain::type_word(v.type_name()),
    }
}

/// Finds a file that a script reads: as given from the working directory, then beside the script.
pub fn find_input(path: &str) -> Result<PathBuf> {
    let given = PathBuf::from(path);
    let found = if given.is_absolute() || given.exists() {
        given
    } else {
        let beside =
            with(|state| state.settings.script_dir.clone()).map(|folder| folder.join(&given));
        beside.filter(|path| path.exists()).unwrap_or(given)
    };
    let found = permitted(&found, Access::Read)?;
    tell(&Event::Input(&found)).ok();
    Ok(found)
}

/// Where a file that a script writes goes: into the run directory (figures below `figures/`), else
/// the working directory.
pub fn place_output(path: &str, figure: bool) -> Result<PathBuf> {
    let given = Path::new(path);
    let folder = with(|state| state.settings.run_dir.clone());
    if is_dry() {
        // what a check would write goes nowhere that matters
        return Ok(std::env::temp_dir()
            .join(format!("cistron-check-{}", std::process::id()))
            .join(given.file_name().unwrap_or_default()));
    }
    let placed = match folder {
        Some(folder) if !given.is_absolute() => {
            if figure {
                folder.join("figures").join(given)
            } else {
                folder.join(given)
            }
        }
        _ => given.to_path_buf(),
    };
    permitted(&placed, Access::Write)
}

/// The path to open, where the run may touch it: in a sandbox without links and `..`, else as it
/// is.
pub fn permitted(path: &Path, access: Access) -> Result<PathBuf> {
    let reach = with(|state| state.settings.sandbox.clone());
    reach.map_or_else(
        || Ok(path.to_path_buf()),
        |reach| reach.resolve(path, access),
    )
}
