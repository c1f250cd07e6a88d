//! The catalog of functions and types with their documentation, for help, completion, the
//! reference, `check` and the tests.

use super::habits;
use super::native::{Form, Native, Param};
use super::options::Opt;
use super::session::local;
use cistron_base::{Fault, fault, near};
use rhai::AST;
use std::cell::RefCell;
use std::rc::Rc;

/// A parameter of an entry.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The type that it accepts, in words; empty where unknown.
    pub kind: String,
    /// The type within its range: `integer of at least 1`.
    pub takes: String,
    /// Whether it may be left out.
    pub is_optional: bool,
    /// Its default, as a script writes it; empty where there is none.
    pub default: &'static str,
    /// Its documentation, as Markdown; empty where there is none.
    pub docs: String,
}

/// One documented function, method or property.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Namespace, type (for methods) or module path.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The form of its calls.
    pub form: Form,
    /// Its parameters; of a method the receiver is the first.
    pub params: Vec<Parameter>,
    /// The options it takes.
    pub options: Option<&'static [Opt]>,
    /// What it returns, in words.
    pub returns: String,
    /// The type that it returns; empty where that is not known.
    pub return_type: String,
    /// The documentation, Markdown.
    pub docs: String,
    /// Whether it is a script function.
    pub is_script: bool,
}

impl Parameter {
    fn of(param: &Param) -> Parameter {
        let kind = (param.kind)();
        Parameter {
            name: param.name.to_string(),
            takes: param.constraint.of(&kind),
            kind,
            is_optional: param.optional,
            default: param.default,
            docs: joined(param.docs),
        }
    }
}

/// `///` lines as one text.
fn joined(docs: &[&str]) -> String {
    let lines = docs
        .iter()
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

impl Entry {
    /// The entry of a native function.
    pub fn of_native(native: &Native) -> Entry {
        Entry {
            namespace: native.namespace.into(),
            name: native.name.into(),
            form: native.form,
            params: native.params.iter().map(Parameter::of).collect(),
            options: native.options,
            returns: native.returns.clone(),
            return_type: native.return_type.clone(),
            docs: joined(native.docs),
            is_script: false,
        }
    }

    /// The entries of a script module: its public functions.
    pub fn of_module(path: &str, ast: &AST) -> Vec<Entry> {
        let public = ast
            .iter_functions()
            .filter(|f| f.access == rhai::FnAccess::Public && !f.name.starts_with("anon$"));
        let mut entries: Vec<Entry> = public
            .map(|f| {
                let docs: Vec<String> = f
                    .comments
                    .iter()
                    .flat_map(|c| c.lines())
                    .map(|line| {
                        line.trim_start()
                            .trim_start_matches("///")
                            .strip_prefix(' ')
                            .unwrap_or(line.trim_start().trim_start_matches("///"))
                            .to_string()
                    })
                    .collect();
                let docs = docs.join("\n");
                let returns = docs
                    .lines()
                    .find_map(|line| line.trim().strip_prefix("Returns "))
                    .unwrap_or("")
                    .trim_end_matches('.')
                    .to_string();
                Entry {
                    namespace: path.into(),
                    name: f.name.into(),
                    form: Form::Function,
                    params: f
                        .params
                        .iter()
                        .map(|p| Parameter {
                            name: p.to_string(),
                            kind: String::new(),
                            takes: String::new(),
                            is_optional: false,
                            default: "",
                            docs: String::new(),
                        })
                        .collect(),
                    options: None,
                    returns,
                    return_type: String::new(),
                    docs,
                    is_script: true,
                }
            })
            .collect();
        entries.sort_by(|a, b| (&a.name, a.params.len()).cmp(&(&b.name, b.params.len())));
        entries
    }

    /// `nn::conv1d`, `tensor.sum`, `std/layers/fm::layer`.
    pub fn qualified(&self) -> String {
        match self.form {
            Form::Function if self.namespace.is_empty() => self.name.clone(),
            Form::Function => format!("{}::{}", self.namespace, self.name),
            Form::Operator => format!("operator {}", self.name),
            Form::Index => format!("{}[…]", self.namespace),
            Form::SetIndex => format!("{}[…] =", self.namespace),
            Form::Setter => format!("{}.{} =", self.namespace, self.name),
            _ => format!("{}.{}", self.namespace, self.name),
        }
    }

    /// `nn::conv1d(filters: integer, width: integer, #{ stride, … }) -> layer`.
    pub fn signature(&self) -> String {
        let mut params: Vec<String> = self
            .params
            .iter()
            .skip(usize::from(self.form == Form::Method))
            .map(
                |Parameter {
                     name,
                     kind,
                     is_optional,
                     ..
                 }| {
                    let mark = if *is_optional { "?" } else { "" };
                    if kind.is_empty() {
                        format!("{name}{mark}")
                    } else {
                        format!("{name}{mark}: {kind}")
                    }
                },
            )
            .collect();
        if let Some(options) = self.options {
            params.push(format!(
                "#{{ {} }}",
                options
                    .iter()
                    .map(|option| option.name)
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        let returns = if self.returns.is_empty() {
            String::new()
        } else {
            format!(" -> {}", self.returns)
        };
        match self.form {
            Form::Property | Form::Index | Form::SetIndex | Form::Setter => {
                format!("{}{returns}", self.qualified())
            }
            Form::Operator if params.len() == 1 => format!("{}{}{returns}", self.name, params[0]),
            Form::Operator => format!("{}{returns}", params.join(&format!(" {} ", self.name))),
            _ => format!("{}({}){returns}", self.qualified(), params.join(", ")),
        }
    }

    /// The documented parameters.
    pub fn documented(&self) -> impl Iterator<Item = &Parameter> {
        self.params.iter().filter(|param| !param.docs.is_empty())
    }

    /// The first paragraph.
    pub fn summary(&self) -> String {
        self.docs
            .lines()
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The fewest and the most arguments, without a receiver.
    pub fn arity(&self) -> (usize, usize) {
        let receiver = usize::from(self.form == Form::Method);
        let required = self
            .params
            .iter()
            .filter(|param| !param.is_optional)
            .count()
            - receiver;
        (
            required,
            self.params.len() - receiver + usize::from(self.options.is_some()),
        )
    }
}

/// All entries of an engine and its standard library.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The entries, natives first.
    pub entries: Vec<Entry>,
}

/// The catalog of the session.
#[derive(Default)]
struct Current(RefCell<Rc<Catalog>>);

/// The catalog of the session.
pub fn current() -> Rc<Catalog> {
    local::<Current>().0.borrow().clone()
}

/// Sets the catalog of the session.
pub fn set_current(catalog: Rc<Catalog>) {
    local::<Current>().0.replace(catalog);
}

impl Catalog {
    /// The namespaces of native functions.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self
            .entries
            .iter()
            .filter(|entry| {
                entry.form == Form::Function && !entry.namespace.is_empty() && !entry.is_script
            })
            .map(|entry| entry.namespace.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    /// The functions of a namespace with a name.
    pub fn functions<'a>(
        &'a self,
        space: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            entry.form == Form::Function && entry.namespace == space && entry.name == name
        })
    }

    /// Methods with a name.
    pub fn methods<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            matches!(entry.form, Form::Method | Form::Property) && entry.name == name
        })
    }

    /// The fault of a call `space::function(…)` that matches nothing.
    pub fn missing_function(&self, space: &str, function: &str, arguments: usize) -> Fault {
        if let Some(entry) = self.functions(space, function).next() {
            return wrong_count(entry, arguments);
        }
        if !self.namespaces().any(|known| known == space) {
            let fault = fault!(
                "name",
                "`{space}` has no function `{function}` with {} argument{}",
                arguments,
                if arguments == 1 { "" } else { "s" }
            );
            return match near::nearest(space, self.namespaces()) {
                Some(near) if near != space => {
                    fault.hint(format!("did you mean `{near}::{function}`?"))
                }
                _ => fault,
            };
        }
        let fault = fault!("name", "`{space}` has no function `{function}`");
        let names = self
            .entries
            .iter()
            .filter(|entry| entry.form == Form::Function && entry.namespace == space)
            .map(|entry| entry.name.as_str());
        if let Some(near) = near::nearest(function, names) {
            return fault.hint(format!("did you mean `{space}::{near}`?"));
        }
        match self
            .entries
            .iter()
            .find(|entry| entry.form == Form::Function && entry.name == function)
        {
            Some(entry) => fault.hint(format!("did you mean `{}`?", entry.qualified())),
            None => fault.hint(format!("`cistron help {space}` lists what there is")),
        }
    }

    /// The fault of a call `name(…)` or `value.name(…)` that matches nothing; `types` are those of
    /// the arguments.
    pub fn missing_method(&self, name: &str, types: &[String]) -> Fault {
        if let Some(entry) = self.functions("", name).next() {
            return wrong_count(entry, types.len());
        }
        if let Some(owner) = types.first() {
            if let Some(entry) = self.methods(name).find(|entry| entry.namespace == *owner) {
                if entry.form == Form::Property {
                    return fault!(
                        "type",
                        "`{name}` of {owner} is a property, not a method";
                        hint: "write `.{name}` without parentheses"
                    );
                }
                return wrong_count(entry, types.len() - 1);
            }
            if let Some(here) = habits::method(name) {
                return fault!(
                    "name",
                    "{owner} has no method `{name}`{}",
                    with(&types[1..])
                )
                .hint(here);
            }
            if let Some(here) = habits::function(name) {
                return fault!("name", "no function is called `{name}`").hint(here);
            }
            let builtin = habits::builtin(owner);
            if builtin.contains(&name) {
                return fault!(
                    "type",
                    "`{name}` of {} does not take ({})",
                    super::value::article(owner),
                    types[1..].join(", ")
                );
            }
            let members = self.entries.iter().filter(|entry| {
                matches!(entry.form, Form::Method | Form::Property) && entry.namespace == *owner
            });
            let names = members
                .map(|entry| entry.name.as_str())
                .chain(builtin.iter().copied());
            if let Some(near) = near::nearest(name, names) {
                return fault!(
                    "name",
                    "{owner} has no method `{name}`";
                    hint: "did you mean `.{near}`?"
                );
            }
            if let Some(entry) = self.methods(name).find(|entry| !entry.namespace.is_empty()) {
                let article = super::value::article(&entry.namespace);
                return fault!(
                    "type",
                    "`{name}` is a method of {article}, got {}",
                    super::value::article(owner)
                );
            }
        }
        if name.starts_with("anon$") {
            return fault!(
                "value",
                "a closure was called with ({}), but is written for another number of values",
                types.join(", ")
            )
            .hint("`|x| …` takes one, `|x, y| …` two; captured variables are counted here");
        }
        let fault = match types {
            [] => fault!("name", "no function is called `{name}`"),
            types => fault!("name", "no function `{name}` takes ({})", types.join(", ")),
        };
        if let Some(here) = habits::function(name).or(habits::ambiguous(name)) {
            return fault.hint(here);
        }
        let functions = || {
            self.entries
                .iter()
                .filter(|entry| entry.form == Form::Function && !entry.is_script)
        };
        if let Some(entry) = functions().find(|entry| entry.name == name) {
            return fault.hint(format!("did you mean `{}`?", entry.qualified()));
        }
        match near::nearest(
            name,
            functions()
                .filter(|entry| entry.namespace.is_empty())
                .map(|entry| entry.name.as_str()),
        ) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault,
        }
    }

    /// Whether values of a type have a property of a name.
    pub fn has_property(&self, owner: &str, name: &str) -> bool {
        self.entries.iter().any(|entry| {
            entry.form == Form::Property && entry.namespace == owner && entry.name == name
        })
    }

    /// The fault of `value.property` that does not exist.
    pub fn missing_property(&self, property: &str, owner: &str) -> Fault {
        if self.has_property(owner, property) {
            return fault!(
                "name",
                "`.{property}` of {} can only be read",
                super::value::article(owner)
            );
        }
        let fault = fault!("name", "{owner} has no property `{property}`");
        if let Some(here) = habits::method(property) {
            return fault.hint(here);
        }
        if habits::builtin(owner).contains(&property) {
            return fault.hint(format!("`{property}` is a method: write `.{property}(…)`"));
        }
        let members: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| {
                entry.namespace == owner && matches!(entry.form, Form::Property | Form::Method)
            })
            .collect();
        if members
            .iter()
            .any(|entry| entry.form == Form::Method && entry.name == property)
        {
            return fault.hint(format!("`{property}` is a method: write `.{property}(…)`"));
        }
        match near::nearest(property, members.iter().map(|entry| entry.name.as_str())) {
            Some(near) => fault.hint(format!("did you mean `.{near}`?")),
            None => fault,
        }
    }
}

/// The types of arguments, where there are any.
fn with(types: &[String]) -> String {
    if types.is_empty() {
        String::new()
    } else {
        format!(" that takes ({})", types.join(", "))
    }
}

fn wrong_count(entry: &Entry, got: usize) -> Fault {
    let (fewest, most) = entry.arity();
    let wanted = match (fewest, most) {
        (0, 0) => "no argument".to_string(),
        (a, b) if a == b => format!("{a} argument{}", if a == 1 { "" } else { "s" }),
        (a, b) if b == a + 1 => format!("{a} or {b} arguments"),
        (a, b) => format!("{a} to {b} arguments"),
    };
    fault!("value", "`{}` takes {wanted}, got {got}", entry.qualified()).hint(entry.signature())
}
