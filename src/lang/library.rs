//! Registration of native functions with Rhai, and their calls.

use crate::catalog::{self, Entry};
use crate::globals::{self, Global};
use crate::native::{Call, Form, Native};
use crate::types::TypeInfo;
use crate::{diagnostics, prepare};
use cistron_base::{Fault, interrupt, panic};
use rhai::{
    Dynamic, Engine, FnNamespace, FuncRegistration, Module, NativeCallContext, RhaiFunc, Shared,
};
use std::any::TypeId;
use std::collections::BTreeMap;

/// The native functions and script types of an engine.
#[derive(Clone, Default)]
pub struct Library {
    /// Native functions.
    pub natives: Vec<Native>,
    /// Script types.
    pub types: Vec<TypeInfo>,
    /// Constants that every script knows.
    pub globals: Vec<Global>,
    /// Further registrations, such as iterators.
    pub extras: Vec<fn(&mut Engine)>,
}

impl Native {
    /// Whether a key of `x[key] = …` names a property of the type.
    fn has_property(&self, key: &Dynamic) -> bool {
        key.as_immutable_string_ref()
            .is_ok_and(|key| catalog::current().has_property(self.namespace, &key))
    }

    /// Whether it changes its receiver: assignments and in-place methods.
    fn changes_receiver(&self) -> bool {
        self.form == Form::SetIndex || self.form == Form::Method && self.name.ends_with('_')
    }

    fn call(
        &self,
        context: &NativeCallContext,
        args: &mut [&mut Dynamic],
    ) -> std::result::Result<Dynamic, Box<rhai::EvalAltResult>> {
        if interrupt::is_due() {
            return Err(diagnostics::raise(
                Fault::new("interrupted", "interrupted"),
                self,
                context,
            ));
        }
        if self.form == Form::SetIndex && args.get(1).is_some_and(|key| self.has_property(key)) {
            // after `x.shape.len()` Rhai assigns the property back; with this error it takes it as
            // read-only
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
        let outcome = panic::guarded(|| (self.run)(&call, args));
        let outcome = outcome.unwrap_or_else(|_| Err(diagnostics::of_panic(&self.qualified())));
        let mut value = outcome.map_err(|fault| diagnostics::raise(fault, self, context))?;
        if self.form == Form::Index {
            value.set_tag(place_tag(context));
        }
        Ok(value)
    }
}

/// A hash of the position in a script at which an index is read, which is the tag of the value that
/// `x[i]` returns.
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

/// Whether `x[i] = value` is an assignment of Rhai after `x[i].method()`, because any method may
/// change its receiver: the value is then the one that the same expression read, unchanged by
/// in-place methods.
fn is_read(args: &[&mut Dynamic], context: &NativeCallContext) -> bool {
    args.get(2)
        .is_some_and(|value| value.tag() != 0 && value.tag() == place_tag(context))
}

impl Library {
    /// Registers functions and types with an engine.
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
        globals::register(&self.globals, engine);
        self.extras.iter().for_each(|extra| extra(engine));
    }

    /// The catalog entries of the native functions.
    pub fn entries(&self) -> Vec<Entry> {
        self.natives.iter().map(Entry::of_native).collect()
    }
}

fn install(native: &Native, module: &mut Module) {
    let (fewest, most) = native.arity();
    for arity in fewest..=most {
        for types in signatures(native, arity) {
            let reserved =
                native.form == Form::Method && prepare::RESERVED_METHODS.contains(&native.name);
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
            let native_function = native.clone();
            let body = move |context: Option<NativeCallContext>, args: &mut [&mut Dynamic]| {
                match context {
                    Some(context) => native_function.call(&context, args),
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
        // the `print` of Rhai for arrays, maps and numbers would have precedence
        Form::Function if native.name == "print" => {
            let builtin = [
                TypeId::of::<rhai::Array>(),
                TypeId::of::<rhai::Map>(),
                TypeId::of::<f64>(),
                TypeId::of::<()>(),
            ];
            std::iter::once(types)
                .chain(builtin.map(|id| vec![id]))
                .collect()
        }
        Form::Function => vec![types],
        Form::Operator if arity == 2 => {
            let operand = (native.params[0].receiver)();
            if operand == any {
                vec![types]
            } else {
                vec![vec![operand, any], vec![any, operand]]
            }
        }
        _ => {
            types[0] = (native.params[0].receiver)();
            vec![types]
        }
    }
}
