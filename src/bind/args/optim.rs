//! Options that all optimizers have, and rules that functions of a script define.

use crate::base::Result;
use crate::bind::types::Optim;
use crate::lang::value::mismatch;
use crate::lang::{Callback, FromValue, IntoValue, Options, session};
use crate::optim::rule::{RuleState, StateKey, StepSettings, Update};
use crate::optim::{Group, LayerDecay, Optimizer, Rule};
use crate::torch::{Number, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

/// The options that all optimizers have.
#[derive(Options)]
pub struct GroupOptions {
    /// Settings of some parameters: `[#{ params: "stem", lr: 0.1, weight_decay: 0.0 }]`; `params`
    /// is a path or an ending such as "*bias", `lr` a factor on the learning rate.
    groups: Option<Groups>,
    /// Factor of the learning rate of each layer on that of the next one; the last layer has `lr`.
    /// A layer is all parameters whose paths begin with the same item of the network, such as
    /// "stem" or "3", in the order of the network.
    #[option(above = 0, max = 1)]
    layer_decay: Option<f64>,
    /// Number of components of a path that name a layer: with 2, "blocks.0" and "blocks.1" are
    /// layers, with 1 all of "blocks" is.
    #[option(default = 1, min = 1)]
    layer_level: usize,
}

/// Groups of parameters with their own settings.
pub struct Groups(Vec<Group>);

impl FromValue for Groups {
    fn kind() -> String {
        "array of maps".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items =
            Array::from_value(value, context).map_err(|_| mismatch("array of maps", value))?;
        let groups = items.iter().enumerate().map(|(i, item)| group(i, item));
        groups.collect::<Result<_>>().map(Groups)
    }
}

fn group(i: usize, item: &Dynamic) -> Result<Group> {
    const KEYS: [&str; 3] = ["params", "lr", "weight_decay"];
    let map = item.read_lock::<Map>().map(|m| m.clone()).ok_or_else(|| {
        fault!(
            "option",
            "item {i} must be a map, got {}",
            session::describe(item)
        )
    })?;
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let hint = match crate::base::near::nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "it takes params, lr and weight_decay".into(),
        };
        return Err(fault!("option", "item {i} has no key `{key}`").hint(hint));
    }
    let number = |key: &str| map.get(key).and_then(crate::lang::value::number);
    let pattern = map.get("params").and_then(|v| v.clone().into_string().ok());
    let Some(pattern) = pattern else {
        bail!("option", "item {i} needs `params`, a path such as \"stem\"");
    };
    Ok(Group {
        pattern,
        lr: number("lr"),
        weight_decay: number("weight_decay"),
    })
}

impl GroupOptions {
    /// Returns an optimizer of a rule with these options.
    pub fn optimizer(self, rule: impl Rule + 'static, lr: f64, weight_decay: f64) -> Optim {
        let mut optimizer = Optimizer::new(Rc::new(rule), lr, weight_decay);
        optimizer.groups = self.groups.map_or(Vec::new(), |groups| groups.0);
        let level = self.layer_level;
        optimizer.layer_decay = self.layer_decay.map(|factor| LayerDecay { factor, level });
        Optim(Rc::new(RefCell::new(optimizer)))
    }
}

/// A rule that a function of a script computes.
pub struct CustomRule {
    /// |weight, gradient, state| or |weight, gradient, state, info|.
    pub function: Callback,
}

impl std::fmt::Debug for CustomRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Custom")
    }
}

/// Separates the kind of a number from its name in the keys of the state of a custom rule.
const MARK: char = '#';

/// The tensor that stores a value of the state of a custom rule, with its key.
fn stored(key: &str, value: &Dynamic) -> Result<(String, Tensor)> {
    if key.contains(['/', MARK]) || key.is_empty() {
        bail!(
            "name",
            "`{key}` cannot be a key of the state: it is empty, or has `/` or `{MARK}`"
        );
    }
    let number = |kind: &str, tensor: Result<Tensor>| Ok((format!("{kind}{MARK}{key}"), tensor?));
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return Ok((key.to_string(), tensor.detach()?));
    }
    if let Ok(x) = value.as_float() {
        return number("float", Tensor::from_f64(&[x], &[1]));
    }
    if let Ok(n) = value.as_int() {
        return number("int", Tensor::from_i64(&[n], &[1]));
    }
    if let Ok(is_set) = value.as_bool() {
        return number("bool", Tensor::from_i64(&[i64::from(is_set)], &[1]));
    }
    bail!(
        "type",
        "`{key}` of the state must be a tensor, a number or a boolean, got {}",
        session::describe(value)
    )
}

/// The value that [`stored`] has stored, with its key.
fn restored((key, tensor): (&String, &Tensor)) -> Result<(rhai::Identifier, Dynamic)> {
    let Some((kind, name)) = key.split_once(MARK) else {
        return Ok((key.into(), tensor.clone().into_value()));
    };
    let value = match kind {
        "float" => tensor.item()?.into(),
        "int" => tensor.to_i64()?.first().copied().unwrap_or_default().into(),
        _ => (tensor.item()? != 0.0).into(),
    };
    Ok((name.into(), value))
}

impl CustomRule {
    /// The weight that the function returned.
    fn weight(&self, answer: &Dynamic, parameter: &Tensor) -> Result<Tensor> {
        let shape = crate::base::shape::text(&parameter.shape());
        let weight = answer.read_lock::<Tensor>().map(|weight| weight.clone());
        let Some(weight) = weight else {
            bail!("type", "the function of the optimizer must return the new weight, a tensor \
                {shape}, got {}", session::describe(answer);
                hint: "end it with the new weight, without a semicolon: `w - g * info.lr`");
        };
        if weight.shape() != parameter.shape() {
            bail!(
                "shape",
                "the function of the optimizer must return the new weight {shape}, got {}",
                crate::base::shape::text(&weight.shape())
            );
        }
        weight.detach()?.to_kind(parameter.kind())
    }
}

impl Rule for CustomRule {
    fn name(&self) -> &str {
        "custom"
    }

    fn state_keys(&self, _has_scheduled_momentum: bool) -> Vec<StateKey> {
        vec![StateKey::Any]
    }

    /// What the function receives as `info`.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        vec![step.lr, step.step as f64, step.weight_decay]
    }

    fn update(&self, update: Update) -> Result<()> {
        let [
            Number::Here(lr),
            Number::Here(step),
            Number::Here(weight_decay),
        ] = update.scalars
        else {
            bail!(
                "internal",
                "a function of a script has 3 scalars on the host"
            )
        };
        let state = update.state.iter().map(restored).collect::<Result<Map>>()?;
        let state = Dynamic::from(state).into_shared();
        // copies: what the function stores does not change with the parameter and its gradient
        let weight = update.parameter.detach()?.copied()?;
        let gradient = update.scaled_gradient()?.detach()?.copied()?;
        let mut arguments = vec![weight.into_value(), gradient.into_value(), state.clone()];
        if self.function.takes(4) {
            let info = Map::from([
                ("lr".into(), (*lr).into()),
                ("step".into(), (*step as i64).into()),
                ("weight_decay".into(), (*weight_decay).into()),
            ]);
            arguments.push(info.into());
        }
        let answer = self.function.call(arguments)?;
        let weight = self.weight(&answer, update.parameter)?;
        let Some(state) = state.flatten().try_cast::<Map>() else {
            bail!("type", "the state of an optimizer must stay a map")
        };
        let state = state.iter().map(|(key, value)| stored(key, value));
        *update.state = state.collect::<Result<RuleState>>()?;
        update.parameter.overwrite(&weight)
    }

    fn is_elementwise(&self) -> bool {
        false
    }

    fn is_capturable(&self) -> bool {
        false
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// The functions of the script that an optimizer calls.
pub fn functions_of(optimizer: &Optimizer) -> Vec<Callback> {
    let followers = optimizer.followers();
    let rules = std::iter::once(&optimizer.rule).chain(followers.iter().map(|next| &next.rule));
    rules
        .filter_map(|rule| rule.as_any()?.downcast_ref::<CustomRule>())
        .map(|rule| rule.function.clone())
        .collect()
}
