//! Constants of the library that every script knows by name, also within functions.

use rhai::{Dynamic, Engine, Module, Scope};
use std::cell::RefCell;

/// A constant: its name and value.
pub type Global = (&'static str, fn() -> Dynamic);

thread_local! {
    static NAMES: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Registers constants with an engine; variables of a script of the same name have precedence.
#[allow(deprecated)] // Rhai marks the hook as volatile; the version is pinned
pub(super) fn register(globals: &[Global], engine: &mut Engine) {
    // what a closure captures is looked up in the scope alone, unless a hook knows it
    let own: Vec<(&str, Dynamic)> = globals
        .iter()
        .map(|(name, value)| (*name, value()))
        .collect();
    engine.on_var(move |name, _, context| {
        let known = own.iter().find(|(known, _)| *known == name);
        Ok(known
            .filter(|_| !context.scope().contains(name))
            .map(|(_, value)| value.clone()))
    });
    let mut module = Module::new();
    for (name, value) in globals {
        module.set_var(*name, value());
    }
    module.build_index();
    engine.register_global_module(module.into());
    NAMES.set(globals.iter().map(|(name, _)| *name).collect());
}

/// The names that a text may use without declaring them: those of a scope, and the constants.
pub(super) fn known(scope: &Scope) -> Scope<'static> {
    let mut names = Scope::new();
    for (name, ..) in scope.iter_raw() {
        names.push_dynamic(name.to_string(), Dynamic::UNIT);
    }
    NAMES.with_borrow(|globals| {
        for name in globals {
            names.push_dynamic(*name, Dynamic::UNIT);
        }
    });
    names
}

/// The names of the constants alone, for a text that is compiled without variables.
pub fn constants() -> Scope<'static> {
    known(&Scope::new())
}
