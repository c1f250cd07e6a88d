//! Iterators of `for` over maps, tensors and motifs, and patterns such as `let [a, b] = …`.

use crate::base::Result;
use crate::bind::types::Motifs;
use crate::lang::{diagnostics, prepare, session};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, Module, NativeCallContext};
use std::any::TypeId;

type Outcome<T> = std::result::Result<T, Box<EvalAltResult>>;

/// A value, or a fault as an error of the engine.
fn passed(value: Result<Dynamic>, context: &NativeCallContext) -> Outcome<Dynamic> {
    value.map_err(|fault| diagnostics::pass(fault, context.call_position()))
}

/// The length of the first axis of a tensor.
fn rows(tensor: &Tensor) -> Result<i64> {
    match tensor.shape().first() {
        Some(n) => Ok(*n),
        None => {
            bail!("shape", "a tensor without an axis has no parts to loop over";
                hint: "`x.item()` is its number")
        }
    }
}

/// Fails unless there are as many names as values.
fn counted(names: i64, values: usize) -> Result<()> {
    if names as usize != values {
        bail!("value", "there are {names} names for {values} value{}",
            if values == 1 { "" } else { "s" };
            hint: "`_` takes a value that needs no name");
    }
    Ok(())
}

/// Registers iterators over maps (their keys), tensors (along the first axis) and motifs, and the
/// functions that patterns are rewritten to.
pub fn register(engine: &mut Engine) {
    let mut module = Module::new();
    module.set_iter(TypeId::of::<Map>(), |value| {
        let keys: Vec<Dynamic> = value
            .cast::<Map>()
            .into_keys()
            .map(|key| key.to_string().into())
            .collect();
        Box::new(keys.into_iter())
    });
    module.set_iter(TypeId::of::<Motifs>(), |value| {
        let motifs: Vec<Dynamic> = value
            .cast::<Motifs>()
            .0
            .iter()
            .cloned()
            .map(Dynamic::from)
            .collect();
        Box::new(motifs.into_iter())
    });
    module.set_iter_result(TypeId::of::<Tensor>(), |value| {
        let tensor = value.cast::<Tensor>();
        let error = |fault| diagnostics::pass(fault, rhai::Position::NONE);
        match rows(&tensor) {
            Ok(n) => {
                Box::new((0..n).map(move |i| tensor.select(0, i).map(Dynamic::from).map_err(error)))
            }
            Err(fault) => Box::new(std::iter::once(Err(error(fault)))),
        }
    });
    engine.register_global_module(module.into());
    let part = |context: NativeCallContext, values: &mut Array, i: i64, n: i64| {
        passed(
            counted(n, values.len()).map(|()| values[i as usize].clone()),
            &context,
        )
    };
    engine.register_fn(prepare::PART, part);
    let part = |context: NativeCallContext, values: &mut Tensor, i: i64, n: i64| {
        let part = rows(values)
            .and_then(|rows| counted(n, rows as usize))
            .and_then(|()| values.select(0, i).map(Dynamic::from));
        passed(part, &context)
    };
    engine.register_fn(prepare::PART, part);
    engine.register_fn(
        prepare::PART,
        |context: NativeCallContext, value: Dynamic, _: i64, n: i64| {
            let fault = fault!(
                "type",
                "{n} names need an array of {n} values, got {}",
                session::describe(&value)
            );
            passed(Err(fault), &context)
        },
    );
    engine.register_fn(prepare::LACKS, |map: &mut Map, key: &str| {
        !map.contains_key(key)
    });
    engine.register_fn(prepare::LACKS, |value: Dynamic, _: Dynamic| value.is_unit());
}
