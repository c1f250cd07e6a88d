//! Script functions that Rust calls, and script functions that are passed between files.
//!
//! Rhai looks a function pointer up by its name where it is called: inside an imported module it
//! would find the functions of the module. A [`Callback`] stores the environment in which it was
//! passed, so that it calls the same function everywhere.

use super::value::describe;
use super::{diagnostics, session};
use cistron_base::Result;
use cistron_base::fault;
use rhai::{Dynamic, FnPtr, GlobalRuntimeState, NativeCallContext, Position};
use std::rc::Rc;

/// The largest number of parameters that is tested.
const MOST: usize = 10;

/// A script function with the environment in which its names are looked up.
#[derive(Clone)]
pub struct Callback(Rc<Inner>);

struct Inner {
    pointer: FnPtr,
    home: GlobalRuntimeState,
    file: String,
    at: Position,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "function {}", self.0.pointer.fn_name())
    }
}

impl Callback {
    /// A function pointer with the environment of the caller of a native function.
    #[allow(deprecated)] // Rhai marks the stored context as volatile; the version is pinned
    pub fn new(pointer: FnPtr, context: &NativeCallContext) -> Self {
        let stored = context.store_data();
        Callback(Rc::new(Inner {
            pointer,
            home: stored.global,
            file: session::current_file(),
            at: context.call_position(),
        }))
    }

    /// A named function with the environment of a module.
    pub fn of_module(
        name: &str,
        home: GlobalRuntimeState,
        file: &str,
    ) -> std::result::Result<Self, Box<rhai::EvalAltResult>> {
        Ok(Callback(Rc::new(Inner {
            pointer: FnPtr::new(name)?,
            home,
            file: file.to_string(),
            at: Position::NONE,
        })))
    }

    /// The captured variables, shared with the script.
    pub fn captured(&self) -> &[Dynamic] {
        self.0.pointer.curry()
    }

    /// Whether it has `n` parameters; captured variables are not counted.
    pub fn takes(&self, n: usize) -> bool {
        let (name, bound) = (self.0.pointer.fn_name(), self.0.pointer.curry().len());
        self.0
            .home
            .lib
            .iter()
            .any(|lib| lib.get_script_fn(name, n + bound).is_some())
    }

    /// Calls it.
    pub fn call(&self, mut args: Vec<Dynamic>) -> Result<Dynamic> {
        self.call_with(&mut args)
    }

    /// Calls it with a value, and reads its answer as a boolean; `role` names the function in the
    /// error.
    pub fn is_true_for(&self, value: Dynamic, role: &str) -> Result<bool> {
        let answer = self.call(vec![value])?;
        answer.as_bool().map_err(|_| {
            fault!(
                "type",
                "the {role} must return a boolean, got {}",
                describe(&answer)
            )
        })
    }

    /// Calls it with arguments in place.
    pub fn call_with(&self, args: &mut [Dynamic]) -> Result<Dynamic> {
        let inner = &self.0;
        let (engine, given) = (session::engine()?, args.len());
        let _unit = session::enter(&inner.file);
        let context = NativeCallContext::new_with_all_fields(
            &engine,
            inner.pointer.fn_name(),
            None,
            &inner.home,
            inner.at,
        );
        let result = inner.pointer.call_raw(&context, None, args);
        result.map(Dynamic::flatten).map_err(|error| {
            let mut fault = diagnostics::fault_of(&error, &inner.file);
            // of functions with several numbers of parameters, one may take those that were given
            if self.takes(given) {
                return fault;
            }
            let Some(takes) = (0..MOST).find(|n| self.takes(*n)) else {
                return fault;
            };
            let mut wrong = fault!(
                "value",
                "the function takes {}, but is called with {}",
                values(takes),
                given
            );
            wrong.at = fault.at.take();
            wrong.hint(format!(
                "write it as `|{}| …`",
                ["", "x", "x, y", "x, y, z"].get(given).unwrap_or(&"…")
            ))
        })
    }

    /// A function pointer that any file can call.
    pub fn into_pointer(self) -> FnPtr {
        let plain = self.0.pointer.clone();
        let name = self.0.pointer.fn_name().to_string();
        let name = if name.starts_with("anon$") {
            "closure".to_string()
        } else {
            name
        };
        let body = move |context: NativeCallContext, args: &mut [&mut Dynamic]| {
            let mut values: Vec<Dynamic> = args.iter_mut().map(|arg| arg.take()).collect();
            self.call_with(&mut values)
                .map_err(|fault| diagnostics::raise_from(fault, "closure", &context))
        };
        #[allow(deprecated)] // Rhai marks it as volatile; the version is pinned
        FnPtr::from_fn(name.as_str(), body).unwrap_or(plain)
    }
}

fn values(n: usize) -> String {
    format!("{n} value{}", if n == 1 { "" } else { "s" })
}

/// Replaces each script function in a value by a pointer that any file can call.
pub fn portable(value: Dynamic, context: &NativeCallContext) -> Dynamic {
    if value.is_fnptr() {
        return match value.clone().try_cast::<FnPtr>() {
            Some(pointer) if !is_native(&pointer) => {
                Dynamic::from(Callback::new(pointer, context).into_pointer())
            }
            _ => value,
        };
    }
    if value.is_array() && !value.is_shared() {
        let items = value.into_array().unwrap_or_default();
        return items
            .into_iter()
            .map(|item| portable(item, context))
            .collect::<rhai::Array>()
            .into();
    }
    if value.is_map() && !value.is_shared() {
        let items = value.cast::<rhai::Map>();
        return items
            .into_iter()
            .map(|(key, item)| (key, portable(item, context)))
            .collect::<rhai::Map>()
            .into();
    }
    value
}

/// Whether a pointer stores its environment.
fn is_native(pointer: &FnPtr) -> bool {
    format!("{pointer:?}").starts_with("Fn#")
}
