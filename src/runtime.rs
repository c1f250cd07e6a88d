//! Scripts run from a Rust program.

use crate::bail;
use crate::base::{Fault, Result};
use crate::lang::native::{self, Native, ScriptType, TypeInfo};
use crate::lang::session::{self, Session, Settings, Shown};
use crate::lang::{FromValue, IntoValue, engine};
use rhai::{Dynamic, NativeCallContext, Scope};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What a script returned and reported.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The value of the last expression; unit where the script ends with a statement.
    pub value: Dynamic,
    /// What `report(name, value)` recorded so far, in order.
    pub results: serde_json::Map<String, serde_json::Value>,
}

impl Outcome {
    /// A number that was reported, by its name.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.results.get(name)?.as_f64()
    }
}

/// A session in which scripts run one after another: variables and functions of one are there for
/// the next, as in a REPL.
///
/// Sessions are apart from each other, whether they are on one thread or on several: parameters,
/// results, counters of random draws and of dropout, and warnings belong to the session. What
/// belongs to the process is shared: Ctrl-C ([`crate::base::interrupt`]), the number of threads of
/// operations, and GPUs.
///
/// # Examples
///
/// ```no_run
/// let mut runtime = cistron::Runtime::builder().seed(1).device("cpu").build()?;
/// let outcome = runtime.run(r#"
///     let sequences = seq::random(256, 50, #{ seed: 1 });
///     let set = data::from(#{ sequence: sequences, label: (0..256).map(|i| i % 2) });
///     let layers = [nn::conv1d(8, 5), nn::global_max_pool(), nn::linear(1)];
///     let net = nn::build(nn::chain(layers), [4, 50]);
///     let history = train::fit(net, #{ train: set, loss: loss::bce_with_logits(), epochs: 2 });
///     report("parameters", net.parameters());
/// "#)?;
/// println!("{} parameters", outcome.number("parameters").unwrap_or(0.0));
/// # Ok::<(), cistron::Fault>(())
/// ```
pub struct Runtime {
    session: Session,
    dropout: (u64, u64),
    scope: Scope<'static>,
    scripts: usize,
}

/// Collects the settings of a [`Runtime`].
#[derive(Default)]
pub struct Builder {
    settings: Settings,
    natives: Vec<Native>,
    types: Vec<TypeInfo>,
    listener: Option<Box<dyn Fn(&str)>>,
}

impl Builder {
    /// The value of `param(name, …)` in scripts, written as after `--set`.
    pub fn set(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.settings.set.insert(name.into(), value.to_string());
        self
    }

    /// Where networks are built: `auto` (the default: a GPU where there is one), `cpu`, `cuda` or
    /// `cuda:N`.
    pub fn device(mut self, device: &str) -> Self {
        self.settings.device = device.into();
        self
    }

    /// The seed of everything that draws without a seed of its own; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// The folder that scripts write to, figures below `figures/`; the working directory by
    /// default.
    pub fn output(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.run_dir = Some(folder.into());
        self
    }

    /// Receives each line that scripts print, instead of standard output.
    pub fn on_print(mut self, listener: impl Fn(&str) + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Functions beside those of the library. One that has the name of a function of the library is
    /// an error of [`Builder::build`].
    pub fn natives(mut self, natives: impl IntoIterator<Item = Native>) -> Self {
        self.natives.extend(natives);
        self
    }

    /// A type beside those of the library: its name for `type_of`, and how it is printed.
    pub fn script_type<T: ScriptType>(mut self) -> Self {
        self.types.push(TypeInfo::of::<T>());
        self
    }

    /// Starts the session.
    ///
    /// # Errors
    /// Where libtorch cannot be loaded or has another version, the device is unknown, or a function
    /// or type has the name of one of the library.
    pub fn build(self) -> Result<Runtime> {
        crate::base::simd::Simd::of_environment()?;
        crate::torch::library::load()?;
        crate::torch::device::start();
        crate::torch::Device::parse(&self.settings.device)?;
        let mut library = crate::bind::library();
        for native in &self.natives {
            let name = native.qualified();
            let is_known = |known: &Native| known.qualified() == name && known.form == native.form;
            if library.natives.iter().any(is_known) {
                bail!("name", "`{name}` is a function of the library";
                    hint: "give it another name, or a namespace of its own");
            }
        }
        for info in &self.types {
            if library.types.iter().any(|known| known.name == info.name) {
                bail!("name", "`{}` is a type of the library", info.name);
            }
        }
        library.natives.extend(native::printing(&self.types));
        library.natives.extend(self.natives);
        library.types.extend(self.types);
        let seed = self.settings.seed;
        let mut runtime = Runtime {
            session: Session::default(),
            dropout: (seed, 0),
            scope: Scope::new(),
            scripts: 0,
        };
        let listener = self.listener;
        runtime.within(|_| {
            crate::bind::start_library(&library, self.settings);
            if let Some(listener) = listener {
                session::listen(Rc::new(move |output| match output {
                    Shown::Line(line) => listener(line),
                    Shown::Value(value) => listener(&crate::lang::show::line(value)),
                }));
            }
        });
        Ok(runtime)
    }
}

/// Puts the session of the thread back, also after a panic.
struct Within<'a>(&'a mut Runtime);

impl<'a> Within<'a> {
    fn enter(runtime: &'a mut Runtime) -> Self {
        runtime.swap();
        Within(runtime)
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.0.swap();
    }
}

impl Runtime {
    /// Collects settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Makes this session that of the thread, and keeps the one that was.
    fn swap(&mut self) {
        session::swap(&mut self.session);
        self.dropout = crate::torch::device::replace_dropout(self.dropout);
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Runtime) -> T) -> T {
        let within = Within::enter(self);
        work(&mut *within.0)
    }

    /// Runs the text of a script. Imports are looked up in the standard library (`std/…`) and in
    /// the working directory.
    ///
    /// # Errors
    /// What the script raised, with its place: `fault.at` has the name `script 1`, `script 2`, …,
    /// the line and the column.
    pub fn run(&mut self, text: &str) -> Result<Outcome> {
        self.scripts += 1;
        let name = format!("script {}", self.scripts);
        self.run_as(text, &name)
    }

    /// Runs a file. Files that it reads and imports are looked up in the working directory, then
    /// beside it.
    ///
    /// # Errors
    /// Where the file cannot be read, and what the script raised.
    pub fn run_file(&mut self, path: impl AsRef<Path>) -> Result<Outcome> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| Fault::file(path, &error))?;
        let folder = crate::base::file::folder_of(path).to_path_buf();
        self.within(|_| session::set_settings(|settings| settings.script_dir = Some(folder)));
        self.run_as(&text, &path.display().to_string())
    }

    fn run_as(&mut self, text: &str, name: &str) -> Result<Outcome> {
        self.within(|runtime| {
            let value = engine::run(text, name, &mut runtime.scope)?;
            Ok(Outcome {
                value,
                results: session::results(),
            })
        })
    }

    /// A variable of the scripts so far, as a Rust value.
    ///
    /// # Errors
    /// Where there is no such variable, or it has another type.
    pub fn get<T: FromValue>(&mut self, name: &str) -> Result<T> {
        self.eval(name).map_err(|mut fault| {
            fault.message = format!("`{name}`: {}", fault.message);
            fault
        })
    }

    /// Evaluates an expression and reads its value as a Rust type.
    ///
    /// # Errors
    /// What the expression raised, and a value of another type.
    pub fn eval<T: FromValue>(&mut self, expression: &str) -> Result<T> {
        let mut value = self.run(expression)?.value;
        self.within(|_| {
            let engine = session::engine()?;
            let state = engine.new_global_runtime_state();
            let position = rhai::Position::NONE;
            let context =
                NativeCallContext::new_with_all_fields(&engine, "get", None, &state, position);
            T::from_value(&mut value, &context)
        })
    }

    /// Makes a Rust value a variable of the scripts to come.
    pub fn set(&mut self, name: &str, value: impl IntoValue) {
        self.scope.set_value(name.to_string(), value.into_value());
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // values of script types may run code of the library while they are dropped
        self.within(|runtime| engine::release(&mut runtime.scope));
        let session = std::mem::take(&mut self.session);
        drop(session);
    }
}
