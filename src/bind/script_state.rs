//! The state of a script that a checkpoint holds: variables that its functions have captured, and
//! what it counts.

use crate::base::{Result, say};
use crate::bind::passes::{self, Passes};
use crate::bind::types::{Optim, Stream};
use crate::lang::{Callback, session, show};
use crate::nn::Model;
use crate::torch::Tensor;
use crate::torch::file::hash_of;
use crate::train::settings::HostState;
use crate::{bail, fault};
use rhai::{Array, Blob, Dynamic, FnPtr, Map};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

/// The functions of a script that a training calls. What they capture changes while it trains.
pub struct ScriptState {
    callbacks: Vec<Callback>,
    /// What they had captured when it was saved first, and whether a warning was printed since.
    began: RefCell<Option<Value>>,
    is_warned: Cell<bool>,
}

impl ScriptState {
    /// The state of a script that is about to train.
    pub fn new(callbacks: Vec<Callback>) -> ScriptState {
        ScriptState {
            callbacks,
            began: RefCell::default(),
            is_warned: Cell::new(false),
        }
    }

    /// Warns once where a checkpoint does not hold what a function has captured since the start.
    fn warn(&self, now: &Value) {
        let mut began = self.began.borrow_mut();
        let began = began.get_or_insert_with(|| now.clone());
        if !self.is_warned.get()
            && let Some(kind) = lost(Some(began), now)
        {
            self.is_warned.set(true);
            say::line(&format!(
                "warning: a function of the script has captured a {kind} that was made while it \
                 trained: a checkpoint cannot hold it, so `--resume` will be refused; create it \
                 before `train::fit`"
            ));
        }
    }
}

/// The kind of a value that cannot be restored: a handle that was not at the same place at the
/// start.
fn lost(began: Option<&Value>, now: &Value) -> Option<String> {
    match now {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| lost(began.and_then(|began| began.get(i)), item)),
        Value::Object(object) => {
            let (kind, value) = object.iter().next()?;
            let before = began.and_then(|began| began.get(kind));
            match kind.as_str() {
                "map" => value
                    .as_object()?
                    .iter()
                    .find_map(|(key, item)| lost(before.and_then(|before| before.get(key)), item)),
                "model" | "optimizer" | "stream" if before.is_none() => Some(kind.clone()),
                "function" if before.is_none() => Some(kind.clone()),
                "function" => lost(before, value),
                "deep" => Some(value.as_str()?.to_string()),
                "other" if before != Some(value) => Some(value.as_str()?.to_string()),
                _ => None,
            }
        }
        _ => None,
    }
}

type Tensors = Vec<(String, Tensor)>;

impl HostState for ScriptState {
    fn save(&self) -> Result<(Value, Tensors)> {
        let mut tensors = Vec::new();
        let mut callbacks = Vec::new();
        for (i, callback) in self.callbacks.iter().enumerate() {
            callbacks.push(encode_all(
                callback.captured(),
                &format!("{i}"),
                &mut tensors,
            )?);
        }
        let callbacks = Value::Array(callbacks);
        self.warn(&callbacks);
        let state = json!({
            "counts": session::counts(),
            "seed": session::settings().seed,
            "passes": passes::saved(),
            "callbacks": callbacks,
            "reports": reports(),
        });
        Ok((state, tensors))
    }

    fn conflicts(&self, now: &Value, began: &Value, ended: &Value) -> Vec<String> {
        let mut out = Vec::new();
        if ["counts", "seed", "passes"]
            .iter()
            .any(|part| now[part] != began[part])
        {
            out.push("what the script drew, trained or passed over before".to_string());
        }
        let (now, began, ended) = (&now["callbacks"], &began["callbacks"], &ended["callbacks"]);
        if now.as_array().map(Vec::len) != ended.as_array().map(Vec::len) {
            out.push("functions that it calls".to_string());
            return out;
        }
        // a variable that the training does not change keeps the value that it has now
        let variables = |value: &Value| -> Vec<Value> {
            let callbacks = value.as_array().into_iter().flatten();
            callbacks
                .flat_map(|own| own.as_array().cloned().unwrap_or_default())
                .collect()
        };
        let (now, began, ended) = (variables(now), variables(began), variables(ended));
        let is_lost = |i: usize| now[i] != began[i] && began[i] != ended[i];
        let is_other = now.len() != began.len() || began.len() != ended.len();
        if is_other || (0..now.len()).any(is_lost) {
            out.push("variables that its functions change".to_string());
        }
        out
    }

    fn restore(&self, began: &Value, state: &Value, tensors: &[(String, Tensor)]) -> Result<()> {
        let broken = || fault!("file", "the state of the script is damaged");
        session::set_counts(serde_json::from_value(state["counts"].clone()).map_err(|_| broken())?);
        let seed = state["seed"].as_u64().ok_or_else(broken)?;
        session::set_settings(|settings| settings.seed = seed);
        passes::restore(
            serde_json::from_value::<Vec<Passes>>(state["passes"].clone()).map_err(|_| broken())?,
        );
        for report in state["reports"].as_array().into_iter().flatten() {
            let value: Dynamic = serde_json::from_value(report[1].clone()).map_err(|_| broken())?;
            session::report(report[0].as_str().unwrap_or(""), value)?;
        }
        let empty = Vec::new();
        let saved = state["callbacks"].as_array().unwrap_or(&empty);
        for (i, (callback, value)) in self.callbacks.iter().zip(saved).enumerate() {
            decode_all(callback.captured(), &began["callbacks"][i], value, tensors)?;
        }
        Ok(())
    }
}

/// The variables that a function of the script has captured, each as JSON, and whether that is all
/// of it: JSON does not hold the numbers of tensors.
pub fn captured(function: &Callback) -> Result<Vec<(Value, bool)>> {
    let one = |(i, value): (usize, &Dynamic)| {
        let mut tensors = Vec::new();
        let value = encode(value, &i.to_string(), &mut tensors)?;
        Ok((value, tensors.is_empty()))
    };
    function.captured().iter().enumerate().map(one).collect()
}

/// Puts back a variable that [`captured`] returned, by its number.
pub fn set_captured(function: &Callback, i: usize, saved: &Value) -> Result<()> {
    let variable = function.captured().get(i..=i).unwrap_or_default();
    decode_all(variable, &Value::Null, &json!([saved]), &[])
}

/// The name of a tensor in the checkpoint.
fn named(path: &str, name: &str) -> String {
    format!("{path}/{name}")
}

fn encode_all(values: &[Dynamic], path: &str, tensors: &mut Tensors) -> Result<Value> {
    let each = values
        .iter()
        .enumerate()
        .map(|(i, value)| encode(value, &format!("{path}.{i}"), tensors));
    Ok(Value::Array(each.collect::<Result<_>>()?))
}

/// A value as JSON; tensors, and those of models and optimizers, are stored beside it under names
/// that start with `path`.
fn encode(value: &Dynamic, path: &str, tensors: &mut Tensors) -> Result<Value> {
    if !show::is_within(value, show::DEEPEST) {
        return Ok(json!({ "deep": "value nested too deep" }));
    }
    let value = value.flatten_clone();
    if let Some(tensor) = value.read_lock::<Tensor>() {
        let hash = hash_of(&[(String::new(), tensor.clone())])?;
        tensors.push((path.to_string(), tensor.clone()));
        return Ok(json!({ "tensor": path, "hash": hash }));
    }
    if let Some(model) = value.read_lock::<Model>() {
        tensors.extend(
            model
                .state()
                .into_iter()
                .map(|(name, tensor)| (named(path, &name), tensor)),
        );
        let frozen: Vec<&str> = model
            .parameters()
            .iter()
            .filter(|(_, tensor)| !tensor.is_grad_on())
            .map(|(name, _)| name.as_str())
            .collect();
        let hash = hash_of(&model.state())?;
        let training = model.is_training();
        return Ok(json!({ "model": path, "hash": hash, "frozen": frozen, "training": training }));
    }
    if let Some(optimizer) = value.read_lock::<Optim>() {
        let optimizer = optimizer
            .0
            .try_borrow()
            .map_err(|_| fault!("internal", "the optimizer is in use"))?;
        let (state, lr) = (optimizer.export()?, optimizer.lr.to_bits());
        let hash = hash_of(&state)?;
        tensors.extend(
            state
                .into_iter()
                .map(|(name, tensor)| (named(path, &name), tensor)),
        );
        return Ok(json!({ "optimizer": path, "hash": hash, "lr": lr }));
    }
    if let Some(stream) = value.read_lock::<Stream>() {
        return Ok(json!({ "stream": stream.batches.borrow().position() }));
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        return Ok(json!({ "function": encode_all(function.curry(), path, tensors)? }));
    }
    Ok(match &value {
        v if v.is_unit() => Value::Null,
        v if v.is_bool() => v.as_bool().unwrap_or_default().into(),
        v if v.is_int() => v.as_int().unwrap_or_default().into(),
        v if v.is_float() => json!({ "float": v.as_float().unwrap_or_default().to_bits() }),
        v if v.is_char() => json!({ "char": v.as_char().unwrap_or_default() }),
        v if v.is_string() => v.clone().into_string().unwrap_or_default().into(),
        v if v.is_blob() => json!({ "blob": v.clone().into_blob().unwrap_or_default() }),
        v if v.is_array() => {
            encode_all(&v.clone().into_array().unwrap_or_default(), path, tensors)?
        }
        v if v.is_map() => {
            let map = v.clone().try_cast::<Map>().unwrap_or_default();
            let each = map.iter().map(|(key, value)| {
                Ok((
                    key.to_string(),
                    encode(value, &format!("{path}.{key}"), tensors)?,
                ))
            });
            json!({ "map": each.collect::<Result<serde_json::Map<_, _>>>()? })
        }
        // values of other types never change
        v => json!({ "other": session::describe(v).split(' ').next().unwrap_or("") }),
    })
}

/// Puts back variables that have changed since `began`; others keep the value that they have now.
fn decode_all(
    values: &[Dynamic],
    began: &Value,
    saved: &Value,
    tensors: &[(String, Tensor)],
) -> Result<()> {
    let empty = Vec::new();
    let saved = saved.as_array().unwrap_or(&empty);
    if saved.len() != values.len() {
        bail!(
            "resume",
            "a function of the script has captured {} variables, in its checkpoint {}",
            values.len(),
            saved.len()
        );
    }
    for (i, (value, saved)) in values.iter().zip(saved).enumerate() {
        if began[i] == *saved {
            continue;
        }
        let now = value.flatten_clone();
        let restored = decode(Some(&now), saved, tensors)?;
        let mut shared = value.clone();
        if shared.is_shared()
            && let Some(mut variable) = shared.write_lock::<Dynamic>()
        {
            *variable = restored;
        }
    }
    Ok(())
}

/// Tensors of the checkpoint below a path, by the rest of their names.
fn below(tensors: &[(String, Tensor)], path: &str) -> Tensors {
    tensors
        .iter()
        .filter_map(|(name, tensor)| {
            Some((
                name.strip_prefix(path)?.strip_prefix('/')?.to_string(),
                tensor.clone(),
            ))
        })
        .collect()
}

/// The value that was saved. Handles keep what they refer to, whose state is put back; `now` is the
/// value in their place.
fn decode(now: Option<&Dynamic>, saved: &Value, tensors: &[(String, Tensor)]) -> Result<Dynamic> {
    let lost = |what: &str| {
        fault!("resume", "a function of the script has captured a {what} that was made while it \
            trained: a checkpoint cannot hold it";
            hint: "create it before `train::fit`, or run the script again from the start")
    };
    let text = |key: &str| saved[key].as_str().unwrap_or("");
    let object = match saved {
        Value::Null => return Ok(Dynamic::UNIT),
        Value::Bool(yes) => return Ok((*yes).into()),
        Value::Number(n) => return Ok(n.as_i64().unwrap_or_default().into()),
        Value::String(text) => return Ok(text.clone().into()),
        Value::Array(items) => {
            let current = now
                .and_then(|now| now.clone().into_array().ok())
                .unwrap_or_default();
            let each = items
                .iter()
                .enumerate()
                .map(|(i, item)| decode(current.get(i), item, tensors));
            return Ok(each.collect::<Result<Array>>()?.into());
        }
        Value::Object(object) => object,
    };
    let Some((kind, value)) = object.iter().next() else {
        return Err(fault!("file", "the state of the script is damaged"));
    };
    match kind.as_str() {
        "float" => Ok(f64::from_bits(value.as_u64().unwrap_or_default()).into()),
        "char" => Ok(text("char").chars().next().unwrap_or_default().into()),
        "blob" => Ok(Dynamic::from(
            serde_json::from_value::<Blob>(value.clone()).unwrap_or_default(),
        )),
        "map" => {
            let current = now
                .and_then(|now| now.clone().try_cast::<Map>())
                .unwrap_or_default();
            let each = value.as_object().into_iter().flatten();
            let each = each.map(|(key, item)| {
                Ok((
                    key.as_str().into(),
                    decode(current.get(key.as_str()), item, tensors)?,
                ))
            });
            Ok(each.collect::<Result<Map>>()?.into())
        }
        "tensor" => {
            let (_, tensor) = tensors
                .iter()
                .find(|(name, _)| name == text("tensor"))
                .ok_or_else(|| lost("tensor"))?;
            match now.and_then(|now| now.read_lock::<Tensor>().map(|now| now.clone())) {
                // in place, for the script's other references to it
                Some(now) if now.shape() == tensor.shape() && now.kind() == tensor.kind() => {
                    now.overwrite(tensor)?;
                    Ok(Dynamic::from(now))
                }
                Some(now) => Ok(Dynamic::from(tensor.to_device(now.device())?)),
                None => Ok(Dynamic::from(tensor.clone())),
            }
        }
        "model" => {
            let model = now
                .and_then(|now| now.read_lock::<Model>().map(|now| now.clone()))
                .ok_or_else(|| lost("model"))?;
            model.load_state(&below(tensors, text("model")))?;
            let frozen: Vec<String> =
                serde_json::from_value(saved["frozen"].clone()).unwrap_or_default();
            for (name, tensor) in model.parameters() {
                tensor.requires_grad_(!frozen.contains(name))?;
            }
            model.set_training(saved["training"].as_bool().unwrap_or_default());
            Ok(Dynamic::from(model))
        }
        "optimizer" => {
            let optimizer = now
                .and_then(|now| now.read_lock::<Optim>().map(|now| now.clone()))
                .ok_or_else(|| lost("optimizer"))?;
            let mut own = optimizer
                .0
                .try_borrow_mut()
                .map_err(|_| fault!("internal", "the optimizer is in use"))?;
            own.import(&below(tensors, text("optimizer")))?;
            own.lr = saved["lr"].as_u64().map_or(own.lr, f64::from_bits);
            drop(own);
            Ok(Dynamic::from(optimizer))
        }
        "stream" => {
            let stream = now
                .and_then(|now| now.read_lock::<Stream>().map(|now| now.clone()))
                .ok_or_else(|| lost("stream"))?;
            let position = value.as_u64().unwrap_or_default();
            stream.batches.borrow_mut().seek(position);
            Ok(Dynamic::from(stream))
        }
        "function" => {
            let function = now
                .and_then(|now| now.read_lock::<FnPtr>().map(|now| now.clone()))
                .ok_or_else(|| lost("function"))?;
            decode_all(function.curry(), &Value::Null, value, tensors)?;
            Ok(Dynamic::from(function))
        }
        other => now
            .filter(|_| other == "other")
            .cloned()
            .ok_or_else(|| lost(text(other))),
    }
}

/// The captured variables and the reports of a script at the start of a trial.
pub struct BeforeTrial {
    captured: Vec<(Value, bool)>,
    reports: Vec<Value>,
}

impl BeforeTrial {
    /// The state of the script whose objective is to be called.
    pub fn of(objective: &Callback) -> Result<BeforeTrial> {
        Ok(BeforeTrial {
            captured: captured(objective)?,
            reports: reports(),
        })
    }

    /// The changes since then, for a resumed search: variables by index, null where they hold
    /// tensors, and reports.
    pub fn changes(&self, objective: &Callback) -> Result<Value> {
        let mut changes = serde_json::Map::new();
        let now = captured(objective)?;
        let changed: serde_json::Map<String, Value> = now
            .into_iter()
            .zip(&self.captured)
            .enumerate()
            .filter(|(_, (now, before))| now.0 != before.0)
            .map(|(i, ((value, is_whole), _))| {
                (i.to_string(), if is_whole { value } else { Value::Null })
            })
            .collect();
        if !changed.is_empty() {
            changes.insert("captured".into(), changed.into());
        }
        let is_new = |report: &Value| !self.reports.contains(report);
        let new: Vec<Value> = reports().into_iter().filter(is_new).collect();
        if !new.is_empty() {
            changes.insert("reports".into(), new.into());
        }
        Ok(if changes.is_empty() {
            Value::Null
        } else {
            changes.into()
        })
    }
}

/// The results that a script has reported, with their names.
fn reports() -> Vec<Value> {
    session::results()
        .into_iter()
        .map(|(name, value)| json!([name, value]))
        .collect()
}
