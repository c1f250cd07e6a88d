//! Native functions, declared once: name, documentation, parameters, options and body in one place.

use super::catalog::Entry;
use super::constraint::Constraint;
use super::{FromValue, Opt, callback, diagnostics, session};
use crate::bail;
use crate::base::{Result, interrupt};
use rhai::{
    Dynamic, Engine, FnNamespace, FuncRegistration, Module, NativeCallContext, RhaiFunc, Shared,
};
use std::any::TypeId;
use std::collections::BTreeMap;

/// How a native function is reached.
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

/// A parameter: its name, what it takes, whether it may be left out.
#[derive(Clone)]
pub struct Param {
    /// As documented and as named in errors.
    pub name: &'static str,
    /// What it takes, in words.
    pub kind: fn() -> String,
    /// Whether it may be left out.
    pub optional: bool,
    /// The type that a method is found by.
    pub receiver: fn() -> TypeId,
    /// What it means: its `///` text, a line each.
    pub docs: &'static [&'static str],
    /// The values that it accepts beside its type.
    pub constraint: Constraint,
    /// The value where it is left out, as a script writes it; empty where there is none.
    pub default: &'static str,
}

/// One native function.
#[derive(Clone)]
pub struct Native {
    /// The script namespace, or the type for methods and properties.
    pub namespace: &'static str,
    /// The script name.
    pub name: &'static str,
    /// How it is reached.
    pub form: Form,
    /// The `///` text, a line each.
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

/// A type that scripts meet.
#[derive(Clone)]
pub struct TypeInfo {
    /// Its Rust identity.
    pub id: TypeId,
    /// The same, as parameters name the type of their receiver.
    pub receiver: fn() -> TypeId,
    /// The Rust path, as Rhai prints it.
    pub path: &'static str,
    /// What a script writer calls it.
    pub name: &'static str,
    /// A value in one line.
    pub line: fn(&Dynamic) -> String,
    /// A value over several lines, for the REPL and `pretty`.
    pub pretty: fn(&Dynamic) -> String,
}

/// A Rust type of which scripts hold values.
pub trait ScriptType: Clone + 'static {
    /// What a script writer calls it, as `type_of` returns it.
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
                    .map_or(String::new(), |own| own.line())
            },
            pretty: |value| {
                value
                    .read_lock::<T>()
                    .map_or(String::new(), |own| own.pretty())
            },
        }
    }
}

/// `to_string` and `to_debug` of types, which string interpolation calls; they have no
/// documentation.
pub fn shown(types: &[TypeInfo]) -> Vec<Native> {
    fn text(_: &Call, args: &mut [&mut Dynamic]) -> Result<Dynamic> {
        Ok(super::show::quoted(args[0]).into())
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

/// Everything that an engine offers: what `bind` declares.
#[derive(Clone, Default)]
pub struct Library {
    /// Native functions.
    pub natives: Vec<Native>,
    /// Script types.
    pub types: Vec<TypeInfo>,
    /// What else is registered, such as iterators.
    pub extras: Vec<fn(&mut Engine)>,
}

/// The call in hand.
pub struct Call<'a> {
    /// Rhai's context: engine, position, environment.
    pub context: &'a NativeCallContext<'a>,
    /// The function that is called.
    pub native: &'a Native,
}

impl Call<'_> {
    /// Where the call stands in a script.
    pub fn place(&self) -> crate::base::Place {
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

    /// Whether a key of `x[key] = …` names a property of the type.
    fn has_property(&self, key: &Dynamic) -> bool {
        key.as_immutable_string_ref()
            .is_ok_and(|key| super::session::catalog().has_property(self.namespace, &key))
    }

    /// Whether the receiver may be another value afterwards: assignments and methods in place.
    fn changes_receiver(&self) -> bool {
        self.form == Form::SetIndex || self.form == Form::Method && self.name.ends_with('_')
    }

    fn call(
        &self,
        context: &NativeCallContext,
        args: &mut [&mut Dynamic],
    ) -> std::result::Result<Dynamic, Box<rhai::EvalAltResult>> {
        if interrupt::is_raised() {
            return Err(diagnostics::raise(
                crate::base::Fault::new("interrupted", "interrupted"),
                self,
                context,
            ));
        }
        if self.form == Form::SetIndex && args.get(1).is_some_and(|key| self.has_property(key)) {
            // after `x.shape.len()` Rhai hands the property back; this tells it that it is only
            // read
            let key = args[1].to_string();
            return Err(
                rhai::EvalAltResult::ErrorIndexingType(key, context.call_position()).into(),
            );
        }
        if self.form == Form::SetIndex && is_read(args, context) {
            return Ok(Dynamic::UNIT);
        }
        if self.changes_receiver() {
            args[0].set_tag(0);
        }
        let call = Call {
            context,
            native: self,
        };
        let outcome = crate::base::panic::guarded(|| (self.run)(&call, args));
        let outcome = outcome.unwrap_or_else(|_| Err(diagnostics::of_panic(&self.qualified())));
        let mut value = outcome.map_err(|fault| diagnostics::raise(fault, self, context))?;
        if self.form == Form::Index {
            value.set_tag(place_tag(context));
        }
        Ok(value)
    }
}

/// Marks the place in a script where an index is read: values that `x[i]` returns carry it as their
/// tag.
fn place_tag(context: &NativeCallContext) -> i32 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let position = context.call_position();
    if position.is_none() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    context.global_runtime_state().source().hash(&mut hasher);
    (position.line(), position.position()).hash(&mut hasher);
    hasher.finish() as i32 | 1
}

/// Whether `x[i] = value` is not the script's own but Rhai's, which assigns after `x[i].method()`,
/// since any method may change its receiver: the value is then the one that this very expression
/// read, and no method in place has changed it.
fn is_read(args: &[&mut Dynamic], context: &NativeCallContext) -> bool {
    args.get(2)
        .is_some_and(|value| value.tag() != 0 && value.tag() == place_tag(context))
}

impl Library {
    /// Registers everything with an engine.
    pub fn register(&self, engine: &mut Engine) {
        let mut namespaces: BTreeMap<&str, Module> = BTreeMap::new();
        let mut global = Module::new();
        for native in &self.natives {
            match native.form {
                Form::Function if !native.namespace.is_empty() => {
                    install(native, namespaces.entry(native.namespace).or_default())
                }
                _ => install(native, &mut global),
            }
        }
        global.build_index();
        engine.register_global_module(global.into());
        for (name, mut module) in namespaces {
            module.set_id(name);
            module.build_index();
            engine.register_static_module(name, module.into());
        }
        for info in &self.types {
            engine.register_type_with_name_raw(info.path, info.name);
        }
        self.extras.iter().for_each(|extra| extra(engine));
    }

    /// What the catalog says of them.
    pub fn entries(&self) -> Vec<Entry> {
        self.natives.iter().map(Entry::of_native).collect()
    }
}

fn install(native: &Native, module: &mut Module) {
    let (fewest, most) = native.arity();
    for arity in fewest..=most {
        for types in signatures(native, arity) {
            let reserved = native.form == Form::Method
                && super::prepare::RESERVED_METHODS.contains(&native.name);
            let name = match native.form {
                _ if reserved => FuncRegistration::new(format!("{}_", native.name)),
                Form::Property => rhai::FuncRegistration::new_getter(native.name),
                Form::Setter => rhai::FuncRegistration::new_setter(native.name),
                Form::Index => FuncRegistration::new_index_getter(),
                Form::SetIndex => FuncRegistration::new_index_setter(),
                _ => FuncRegistration::new(native.name),
            };
            let namespace = match native.form {
                Form::Function if !native.namespace.is_empty() => FnNamespace::Internal,
                _ => FnNamespace::Global,
            };
            let own = native.clone();
            let body = move |context: Option<NativeCallContext>, args: &mut [&mut Dynamic]| {
                match context {
                    Some(context) => own.call(&context, args),
                    None => Err("no calling context".into()),
                }
            };
            let func = RhaiFunc::Method {
                func: Shared::new(body),
                has_context: true,
                is_pure: true,
                is_volatile: true,
            };
            module.set_fn_raw_with_options(name.with_namespace(namespace), types, func);
        }
    }
}

fn signatures(native: &Native, arity: usize) -> Vec<Vec<TypeId>> {
    let any = TypeId::of::<Dynamic>();
    let mut types = vec![any; arity];
    match native.form {
        // Rhai's own `print` of arrays, maps and numbers would win over one that takes anything
        Form::Function if native.name == "print" => {
            let own = [
                TypeId::of::<rhai::Array>(),
                TypeId::of::<rhai::Map>(),
                TypeId::of::<f64>(),
                TypeId::of::<()>(),
            ];
            std::iter::once(types)
                .chain(own.map(|id| vec![id]))
                .collect()
        }
        Form::Function => vec![types],
        Form::Operator if arity == 2 => {
            let own = (native.params[0].receiver)();
            if own == any {
                vec![types]
            } else {
                vec![vec![own, any], vec![any, own]]
            }
        }
        _ => {
            types[0] = (native.params[0].receiver)();
            vec![types]
        }
    }
}

impl FromValue for super::Callback {
    fn kind() -> String {
        "function".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let pointer = rhai::FnPtr::from_value(value, context)?;
        Ok(callback::Callback::new(pointer, context))
    }
}

/// Fails unless `value` is at least `low`.
pub fn at_least(name: &str, value: i64, low: i64) -> Result<()> {
    if value < low {
        bail!("value", "`{name}` must be at least {low}, got {value}");
    }
    Ok(())
}
