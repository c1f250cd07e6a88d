//! Native functions, declared once: name, documentation, parameters, options and body in one place.

use crate::constraint::Constraint;
use crate::options::Opt;
use crate::{session, show};
use cistron_base::{Place, Result, bail};
use rhai::{Dynamic, NativeCallContext};
use std::any::TypeId;

pub use crate::types::{ScriptType, TypeInfo};

/// The form of a call of a native function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `namespace::name(…)`, or `name(…)` where the namespace is empty.
    Function,
    /// `value.name(…)`
    Method,
    /// `value.name`
    Property,
    /// `value.name = …`
    Setter,
    /// `value[…]`
    Index,
    /// `value[…] = …`
    SetIndex,
    /// `a + b`
    Operator,
}

/// A parameter of a native function.
#[derive(Clone)]
pub struct Param {
    /// Its name in documentation and errors.
    pub name: &'static str,
    /// The type that it accepts, in words.
    pub kind: fn() -> String,
    /// Whether it may be left out.
    pub optional: bool,
    /// The Rust type by which Rhai finds a method.
    pub receiver: fn() -> TypeId,
    /// Its `///` text, by line.
    pub docs: &'static [&'static str],
    /// Restrictions of its values.
    pub constraint: Constraint,
    /// Its default, as a script writes it; empty where there is none.
    pub default: &'static str,
}

/// One native function.
#[derive(Clone)]
pub struct Native {
    /// The script namespace, or the type for methods and properties.
    pub namespace: &'static str,
    /// The script name.
    pub name: &'static str,
    /// The form of its calls.
    pub form: Form,
    /// The `///` text, by line.
    pub docs: &'static [&'static str],
    /// Parameters; of a method the receiver is the first.
    pub params: Vec<Param>,
    /// The table of options, where the last argument is a map of them.
    pub options: Option<&'static [Opt]>,
    /// What it returns, in words.
    pub returns: String,
    /// The type that it returns; empty where that is not known.
    pub return_type: String,
    /// The body.
    pub run: fn(&Call, &mut [&mut Dynamic]) -> Result<Dynamic>,
}

/// `to_string` and `to_debug` of types, which string interpolation calls; they have no
/// documentation.
pub fn printing(types: &[TypeInfo]) -> Vec<Native> {
    fn text(_: &Call, args: &mut [&mut Dynamic]) -> Result<Dynamic> {
        Ok(show::quoted(args[0]).into())
    }
    let mut list = Vec::new();
    for receiver in types.iter().map(|info| info.receiver) {
        for name in ["to_string", "to_debug"] {
            let param = Param {
                name: "this",
                kind: || "any value".into(),
                optional: false,
                receiver,
                docs: &[],
                constraint: Constraint::ANY,
                default: "",
            };
            list.push(Native {
                namespace: "",
                name,
                form: Form::Method,
                docs: &[],
                params: vec![param],
                options: None,
                returns: "string".into(),
                return_type: "string".into(),
                run: text,
            });
        }
    }
    list
}

/// A call of a native function.
pub struct Call<'a> {
    /// Rhai's context: engine, position, environment.
    pub context: &'a NativeCallContext<'a>,
    /// The function that is called.
    pub native: &'a Native,
}

impl Call<'_> {
    /// The position of the call in its script.
    pub fn place(&self) -> Place {
        session::place(self.context.call_position())
    }
}

impl Native {
    /// `nn::conv1d`, `tensor.sum`, `print`.
    pub fn qualified(&self) -> String {
        match self.form {
            Form::Function if self.namespace.is_empty() => self.name.to_string(),
            Form::Function => format!("{}::{}", self.namespace, self.name),
            Form::Method | Form::Property => format!("{}.{}", self.namespace, self.name),
            _ => self.name.to_string(),
        }
    }

    /// The fewest and the most arguments.
    pub fn arity(&self) -> (usize, usize) {
        let required = self.params.iter().filter(|param| !param.optional).count();
        (
            required,
            self.params.len() + usize::from(self.options.is_some()),
        )
    }
}

/// Fails unless `value` is at least `low`.
pub fn at_least(name: &str, value: i64, low: i64) -> Result<()> {
    if value < low {
        bail!("value", "`{name}` must be at least {low}, got {value}");
    }
    Ok(())
}
