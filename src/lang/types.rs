//! The types of values of scripts, by name, and how values are printed.

use crate::session::local;
use rhai::Dynamic;
use std::any::TypeId;
use std::cell::RefCell;

/// A type of values of scripts.
#[derive(Clone)]
pub struct TypeInfo {
    /// Its Rust identity.
    pub id: TypeId,
    /// The same, as a function.
    pub receiver: fn() -> TypeId,
    /// The Rust path, as Rhai prints it.
    pub path: &'static str,
    /// Its name in scripts.
    pub name: &'static str,
    /// A value in one line.
    pub line: fn(&Dynamic) -> String,
    /// A value over several lines, for the REPL and `pretty`.
    pub pretty: fn(&Dynamic) -> String,
    /// A value as JSON, of types that have such a form; others are stored as their line.
    pub json: fn(&Dynamic) -> Option<serde_json::Value>,
}

/// A Rust type of which scripts hold values.
pub trait ScriptType: Clone + 'static {
    /// Its name in scripts, as `type_of` returns it.
    const NAME: &'static str;

    /// The value in one line, as `print` shows it.
    fn line(&self) -> String;

    /// The value over several lines, for the REPL and `pretty`.
    fn pretty(&self) -> String {
        self.line()
    }
}

impl TypeInfo {
    /// The entry of a type.
    pub fn of<T: ScriptType>() -> TypeInfo {
        TypeInfo {
            id: TypeId::of::<T>(),
            receiver: TypeId::of::<T>,
            path: std::any::type_name::<T>(),
            name: T::NAME,
            line: |value| {
                value
                    .read_lock::<T>()
                    .map_or(String::new(), |value| value.line())
            },
            pretty: |value| {
                value
                    .read_lock::<T>()
                    .map_or(String::new(), |value| value.pretty())
            },
            json: |_| None,
        }
    }
}

/// The script types of the session.
#[derive(Default)]
struct Types(RefCell<Vec<TypeInfo>>);

/// Sets the script types of the session.
pub fn set_types(types: Vec<TypeInfo>) {
    local::<Types>().0.replace(types);
}

/// The script type of a value.
pub fn type_info(value: &Dynamic) -> Option<TypeInfo> {
    let id = value.type_id();
    let local = local::<Types>();
    let types = local.0.borrow();
    types.iter().find(|info| info.id == id).cloned()
}

/// All script types.
pub fn types() -> Vec<TypeInfo> {
    local::<Types>().0.borrow().clone()
}
