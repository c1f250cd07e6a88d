//! `import`: the embedded standard library and files beside the importing one.
//!
//! A module's functions reach other files through small native wrappers: what is passed
//! (closures among the arguments and results) carries its own environment, and errors keep the file
//! they came from.

use super::{Callback, callback, diagnostics, globals, session, stdlib};
use cistron_base::fault;
use cistron_base::{Fault, Frame};
use rhai::{
    Dynamic, Engine, EvalAltResult, FnAccess, FnNamespace, FuncRegistration, GlobalRuntimeState,
    Module, NativeCallContext, Position, RhaiFunc, Scope, Shared,
};
use std::any::TypeId;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// The word that the end of each module calls, to hand over its environment.
pub const HOME: &str = "__module_environment";

thread_local! {
    static CAPTURED: RefCell<Option<GlobalRuntimeState>> = const { RefCell::new(None) };
}

/// Finds modules and keeps them.
#[derive(Default)]
pub struct Resolver {
    loaded: RefCell<HashMap<String, Rc<Module>>>,
    loading: RefCell<Vec<String>>,
    /// Imports of renamed modules that were warned of: importer and former path.
    warned: RefCell<HashSet<(String, String)>>,
}

/// Keeps the environment of the module that is being read.
#[allow(deprecated)] // Rhai marks the stored context as volatile; the version is pinned
pub fn capture_environment(context: &NativeCallContext) {
    let global = context.store_data().global;
    CAPTURED.with(|kept| *kept.borrow_mut() = Some(global));
}

impl rhai::ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Outcome<Rc<Module>> {
        let importer = session::current_file();
        let present = path.strip_prefix("std/").and_then(present_path);
        if let Some(present) = present {
            self.warn_of_former(path, &importer, present, position);
        }
        let found = find(path, &importer);
        let outcome = found.and_then(|(text, file)| self.load(engine, &text, &file));
        outcome.map_err(|mut fault| {
            let here = session::place(position);
            match &fault.at {
                None => fault.at = Some(here),
                Some(_) => fault.trace.push(Frame {
                    function: format!("import \"{path}\""),
                    at: here,
                }),
            }
            diagnostics::pass(fault, position)
        })
    }
}

/// The text and the file of a module that a script imports; the name of an embedded module begins
/// with `std/`.
pub fn find(path: &str, importer: &str) -> Result<(String, String), Fault> {
    if let Some(inner) = path.strip_prefix("std/") {
        let inner = present_path(inner).unwrap_or(inner);
        return stdlib::read(inner).ok_or_else(|| {
            let paths = stdlib::paths();
            let fault = fault!("file", "the standard library has no module `{path}`");
            match cistron_base::near::nearest(inner, paths.iter().map(String::as_str)) {
                Some(near) => fault.hint(format!("did you mean \"std/{near}\"?")),
                None => fault.hint(format!("it has {}", paths.join(", "))),
            }
        });
    }
    let folder = Path::new(importer)
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default();
    let mut full: PathBuf = folder.join(path);
    if full.extension().is_none_or(|e| e != "rhai") {
        full = PathBuf::from(format!("{}.rhai", full.display()));
    }
    // the name stays as it was imported; what is opened is where it leads
    let opened = session::permitted(&full, super::reach::Access::Read)?;
    match cistron_base::file::read_text(&opened) {
        Ok(text) => Ok((text, full.display().to_string())),
        Err(error) => Err(Fault::file(&full, &error).hint(
            "an import is looked up beside the file \
            that imports it; \"std/…\" is the standard library",
        )),
    }
}

/// The present path of a renamed module, unless the library in use has the former one.
fn present_path(inner: &str) -> Option<&'static str> {
    stdlib::renamed(inner).filter(|_| stdlib::read(inner).is_none())
}

impl Resolver {
    /// Warns that an import has the former name of a module, once for each file, and once for all
    /// lines of a REPL or cells of a notebook.
    fn warn_of_former(&self, path: &str, importer: &str, present: &str, position: Position) {
        // the lines of a REPL and the cells of a notebook repeat the imports of those before them
        let file = if importer.ends_with(".rhai") {
            importer
        } else {
            ""
        };
        let key = (file.to_string(), path.to_string());
        if session::settings().quiet || !self.warned.borrow_mut().insert(key) {
            return;
        }
        let line = session::place(position).line;
        cistron_base::say::line(&format!(
            "warning: {importer}:{line}: \"{path}\" is deprecated: it is now \"std/{present}\""
        ));
    }

    fn load(&self, engine: &Engine, text: &str, file: &str) -> Result<Rc<Module>, Fault> {
        let key = std::fs::canonicalize(file)
            .map_or_else(|_| file.to_string(), |path| path.display().to_string());
        if let Some(module) = self.loaded.borrow().get(&key) {
            return Ok(module.clone());
        }
        if self.loading.borrow().contains(&key) {
            return Err(fault!(
                "file",
                "`{file}` imports itself, through {} file(s)",
                self.loading.borrow().len()
            ));
        }
        self.loading.borrow_mut().push(key.clone());
        let module = build(engine, text, file);
        self.loading.borrow_mut().pop();
        let module = Rc::new(module?);
        self.loaded.borrow_mut().insert(key, module.clone());
        Ok(module)
    }
}

fn build(engine: &Engine, text: &str, file: &str) -> Result<Module, Fault> {
    let text = &session::remember_source(file, text);
    let _unit = session::enter(file);
    let to_fault = |error: Box<EvalAltResult>| diagnostics::fault_of(&error, file);
    let mut ast = engine
        .compile_with_scope(&globals::constants(), text)
        .map_err(|error| to_fault(error.into()))?;
    ast.set_source(file);
    let tail = engine
        .compile(format!("{HOME}();"))
        .map_err(|error| to_fault(error.into()))?;
    let mut whole = ast.merge(&tail);
    whole.set_source(file);
    let (inner, home) = environment(engine, &whole, file)?;

    let mut module = Module::new();
    module.set_id(file);
    module.set_doc(ast.doc());
    let context =
        NativeCallContext::new_with_all_fields(engine, "import", None, &home, Position::NONE);
    for (name, value) in inner.iter_var() {
        module.set_var(name, callback::portable(value.clone(), &context));
    }
    for function in ast.iter_functions().filter(|f| {
        f.access == FnAccess::Public && f.this_type.is_none() && !f.name.starts_with("anon$")
    }) {
        let target = Callback::of_module(function.name, home.clone(), file).map_err(to_fault)?;
        wrap(
            &mut module,
            function.name,
            function.params.len(),
            target,
            home.clone(),
            file,
        );
    }
    module.build_index();
    Ok(module)
}

/// Runs the text of a module whose last statement calls [`HOME`]; its variables, and the
/// environment that its functions are called in.
pub fn environment(
    engine: &Engine,
    ast: &rhai::AST,
    file: &str,
) -> Result<(Module, GlobalRuntimeState), Fault> {
    let mut global = engine.new_global_runtime_state();
    let inner = Module::eval_ast_as_new_raw(engine, &mut Scope::new(), &mut global, ast)
        .map_err(|error| diagnostics::fault_of(&error, file))?;
    let home = CAPTURED
        .with(|kept| kept.borrow_mut().take())
        .ok_or_else(|| {
            fault!(
                "internal",
                "`{file}` ended before its last line";
                hint: "a module must not `return` at its top level"
            )
        })?;
    Ok((inner, home))
}

fn wrap(
    module: &mut Module,
    name: &str,
    arity: usize,
    target: Callback,
    home: GlobalRuntimeState,
    file: &str,
) {
    let function = name.to_string();
    let file = file.to_string();
    let body =
        move |context: Option<NativeCallContext>, args: &mut [&mut Dynamic]| -> Outcome<Dynamic> {
            let Some(context) = context else {
                return Err("no calling context".into());
            };
            let values = args
                .iter_mut()
                .map(|arg| callback::portable(arg.clone(), &context))
                .collect();
            let result = target
                .call(values)
                .map_err(|fault| diagnostics::raise_from(fault, &function, &context))?;
            let _unit = session::enter(&file);
            let inside = NativeCallContext::new_with_all_fields(
                context.engine(),
                &function,
                None,
                &home,
                context.call_position(),
            );
            Ok(callback::portable(result, &inside))
        };
    let func = RhaiFunc::Pure {
        func: Shared::new(body),
        has_context: true,
        is_pure: true,
        is_volatile: true,
    };
    let types = vec![TypeId::of::<Dynamic>(); arity];
    module.set_fn_raw_with_options(
        FuncRegistration::new(name).with_namespace(FnNamespace::Internal),
        types,
        func,
    );
}
