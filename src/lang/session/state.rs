//! The session of a thread: its engine, its settings, the file that runs, and the state of other
//! modules.

use crate::reach::Reach;
use cistron_base::{Result, fault};
use rhai::Engine;
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
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
    /// The folder of the record, where another process writes it.
    pub record_dir: Option<PathBuf>,
    /// The folder of the script.
    pub script_dir: Option<PathBuf>,
    /// Threads that prepare batches.
    pub loaders: usize,
    /// Whether the terminal shows results only: no progress, no warnings, no notes.
    pub quiet: bool,
    /// Whether trainings show no progress; warnings and notes are printed.
    pub no_progress: bool,
    /// Whether an interrupted run continues: trainings start from their last checkpoints.
    pub resume: bool,
    /// Whether trainings continue from checkpoints of a training that differs from them.
    pub may_differ: bool,
    /// Whether trainings start again, because the settings changed.
    pub starts_again: bool,
    /// The folders that a sandboxed run may access.
    pub sandbox: Option<Reach>,
    /// Whether shapes are only checked: data are stand-ins and nothing is trained or written.
    pub dry: bool,
}

impl Settings {
    /// Whether trainings show no progress.
    pub fn is_without_progress(&self) -> bool {
        self.quiet || self.no_progress
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            set: BTreeMap::new(),
            device: "auto".into(),
            seed: 0,
            run_dir: None,
            record_dir: None,
            script_dir: None,
            loaders: 1,
            quiet: false,
            no_progress: false,
            resume: false,
            may_differ: false,
            starts_again: false,
            sandbox: None,
            dry: false,
        }
    }
}

/// The session of a script while another session of the thread is active.
#[derive(Default)]
pub struct Session(State);

/// Exchanges the active session of this thread with another.
pub fn swap(session: &mut Session) {
    STATE.with(|state| std::mem::swap(&mut *state.borrow_mut(), &mut session.0));
}

/// The state of another module in this session: one value of each type.
pub fn local<T: Default + 'static>() -> Rc<T> {
    let known = with(|state| state.locals.get(&TypeId::of::<T>()).cloned());
    let known = known.and_then(|value| value.downcast::<T>().ok());
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
    /// Files whose code is running, the innermost last.
    running: Vec<String>,
    settings: Settings,
    is_guessed: bool,
    is_abridged: bool,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

/// Starts a session with a new engine; an earlier one of this thread ends.
pub fn start(engine: Engine, settings: Settings) -> Rc<Engine> {
    let engine = Rc::new(engine);
    let state = State {
        engine: Some(engine.clone()),
        settings,
        ..State::default()
    };
    let old = with(|active| std::mem::replace(active, state));
    drop(old); // outside the borrow: destructors of script types may use the session
    engine
}

/// Ends the session and frees its engine, values and sources.
pub fn finish() {
    let old = with(std::mem::take);
    drop(old);
}

/// The engine of the running session.
pub fn engine() -> Result<Rc<Engine>> {
    with(|state| state.engine.clone()).ok_or_else(|| fault!("internal", "no script is running"))
}

/// The settings of the run.
pub fn settings() -> Settings {
    with(|state| state.settings.clone())
}

/// Whether the run only checks shapes.
pub fn is_dry() -> bool {
    with(|state| state.settings.dry)
}

/// Records that data are stand-ins for missing files: their shapes are not those of the files.
pub fn guess() {
    with(|state| state.is_guessed = true);
}

/// Whether data are stand-ins for missing files.
pub fn is_guessed() -> bool {
    with(|state| state.is_guessed)
}

/// Whether the run only checks shapes, asked by a function that then returns a stand-in: fewer
/// rows, trials or patterns than a run has. The session remembers that there is one.
pub fn abridges() -> bool {
    with(|state| {
        state.is_abridged |= state.settings.dry;
        state.settings.dry
    })
}

/// Whether a function of a dry run has returned fewer values than a run has.
pub fn is_abridged() -> bool {
    with(|state| state.is_abridged)
}

/// Changes the settings of the run.
pub fn set_settings(change: impl FnOnce(&mut Settings)) {
    with(|state| change(&mut state.settings));
}

/// The file whose code is running.
pub fn current_file() -> String {
    with(|state| {
        state
            .running
            .last()
            .cloned()
            .unwrap_or_else(|| "script".into())
    })
}

/// Marks `file` as the one whose code is running, until the guard is dropped.
pub fn enter(file: &str) -> Unit {
    with(|state| state.running.push(file.to_string()));
    Unit(())
}

/// See [`enter`].
pub struct Unit(());

impl Drop for Unit {
    fn drop(&mut self) {
        with(|state| state.running.pop());
    }
}
