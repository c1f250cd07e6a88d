//! The networks of a training, their optimizers, and the step function of a script.

use crate::base::Result;
use crate::bind::args::network::tensors_of;
use crate::bind::types::{Optim, Rows, StepOf};
use crate::lang::value::{mismatch, number};
use crate::lang::{Callback, FromValue, IntoValue, session};
use crate::nn::Model;
use crate::optim::Optimizer;
use crate::torch::Tensor;
use crate::train::Networks;
use crate::train::own_loop::LoopOptimizers;
use crate::train::settings::LearningRate;
use crate::train::step_call::{StepFunction, StepLosses, StepResult};
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::rc::Rc;

/// The networks that a training trains.
#[derive(Clone)]
pub struct NetworksArgument(pub Networks);

impl FromValue for NetworksArgument {
    fn kind() -> String {
        "model, or a map of models".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(model) = value.read_lock::<Model>() {
            return Ok(NetworksArgument(Networks::one(&model)));
        }
        let map = value.read_lock::<Map>().map(|map| map.clone());
        let map = map.filter(|map| !map.is_empty());
        let map = map.ok_or_else(|| mismatch(&Self::kind(), value))?;
        let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let model = value.read_lock::<Model>().map(|model| model.clone());
            model.map(|model| (name.to_string(), model)).ok_or_else(|| {
                let got = session::describe(value);
                fault!("type", "must be a map of models, got {got} under `{name}`")
            })
        };
        let models: Vec<(String, Model)> = map.iter().map(one).collect::<Result<_>>()?;
        for (i, (name, model)) in models.iter().enumerate() {
            if let Some((other, _)) = models[..i].iter().find(|(_, other)| other.is(model)) {
                bail!(
                    "value",
                    "must hold each model once: `{other}` and `{name}` are the same"
                )
            }
        }
        Ok(NetworksArgument(Networks::named(models)))
    }
}

/// The optimizer of a training, or one of each network.
#[derive(Clone)]
pub enum OptimizerArgument {
    /// One; each network gets a copy.
    One(Optim),
    /// Those of networks by name.
    ByNetwork(Vec<(String, Optim)>),
}

impl FromValue for OptimizerArgument {
    fn kind() -> String {
        "optimizer, or a map of optimizers by network".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(optimizer) = value.read_lock::<Optim>() {
            return Ok(OptimizerArgument::One(optimizer.clone()));
        }
        let map = value.read_lock::<Map>().map(|map| map.clone());
        let map = map.filter(|map| !map.is_empty());
        let map = map.ok_or_else(|| mismatch(&Self::kind(), value))?;
        let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let optimizer = value.read_lock::<Optim>().map(|own| own.clone());
            optimizer.map(|own| (name.to_string(), own)).ok_or_else(|| {
                let got = session::describe(value);
                fault!(
                    "type",
                    "must be a map of optimizers, got {got} under `{name}`"
                )
            })
        };
        let all = map.iter().map(one).collect::<Result<_>>();
        all.map(OptimizerArgument::ByNetwork)
    }
}

impl OptimizerArgument {
    /// The optimizers themselves with their names; that of a single optimizer is empty.
    pub fn handles(&self) -> LoopOptimizers {
        match self {
            OptimizerArgument::One(optimizer) => vec![(String::new(), optimizer.0.clone())],
            OptimizerArgument::ByNetwork(all) => all
                .iter()
                .map(|(name, optimizer)| (name.clone(), optimizer.0.clone()))
                .collect(),
        }
    }

    /// The optimizers of networks: copies of the only one, or those of the map.
    pub fn of(&self, networks: &Networks) -> Vec<(String, Optimizer)> {
        let copy = |optimizer: &Optim| optimizer.0.borrow().clone();
        match self {
            OptimizerArgument::One(optimizer) => networks
                .iter()
                .map(|(name, _)| (name.to_string(), copy(optimizer)))
                .collect(),
            OptimizerArgument::ByNetwork(all) => all
                .iter()
                .map(|(name, optimizer)| (name.clone(), copy(optimizer)))
                .collect(),
        }
    }
}

impl LearningRate for Optim {
    fn get(&self) -> f64 {
        self.0.borrow().lr
    }

    fn set(&self, lr: f64) {
        self.0.borrow_mut().lr = lr;
    }
}

impl OptimizerArgument {
    /// The learning rates that functions of the script may change, by network.
    pub fn learning_rates(&self, networks: &Networks) -> Vec<(String, Rc<dyn LearningRate>)> {
        let own = |name: &str, own: &Optim| -> (String, Rc<dyn LearningRate>) {
            (name.to_string(), Rc::new(own.clone()))
        };
        match self {
            OptimizerArgument::One(optimizer) => networks
                .iter()
                .map(|(name, _)| own(name, optimizer))
                .collect(),
            OptimizerArgument::ByNetwork(all) => all
                .iter()
                .map(|(name, optimizer)| own(name, optimizer))
                .collect(),
        }
    }
}

/// A step function |nets, batch, info| of a script.
pub fn step_function(function: Callback, networks: &Networks) -> StepFunction {
    let models = networks.clone();
    Box::new(move |call| {
        let nets = if models.are_named() {
            let named = |(name, model): (&str, &Model)| (name.into(), Dynamic::from(model.clone()));
            models.iter().map(named).collect::<Map>().into()
        } else {
            Dynamic::from(models.first().clone())
        };
        let tensors = (call.inputs.clone(), call.labels.clone());
        let batch = Rows(Rc::new(call.batch.clone()), Some(Rc::new(tensors)));
        let info = StepOf(call.clone());
        let answer = function.call(vec![nets, batch.into_value(), info.into_value()])?;
        result_of(answer)
    })
}

/// What a step function returned.
fn result_of(answer: Dynamic) -> Result<StepResult> {
    let mut result = StepResult {
        losses: StepLosses::None,
        values: Vec::new(),
        outputs: None,
    };
    if let Some(loss) = answer.read_lock::<Tensor>() {
        result.losses = StepLosses::Joint(loss.clone());
        return Ok(result);
    }
    if answer.is_unit() {
        return Ok(result);
    }
    let Some(map) = answer.read_lock::<Map>().map(|map| map.clone()) else {
        bail!(
            "type",
            "the step function must return a map such as #{{ loss: … }}, got {}",
            session::describe(&answer)
        )
    };
    if map.contains_key("loss") && map.contains_key("losses") {
        bail!(
            "value",
            "the step function must return `loss` or `losses`, not both"
        );
    }
    for (name, value) in map {
        let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
        match (name.as_str(), tensor) {
            ("loss", Some(loss)) => result.losses = StepLosses::Joint(loss),
            ("losses", _) => result.losses = StepLosses::Each(losses_of(&value)?),
            ("outputs", _) => {
                result.outputs = Some(tensors_of(&value, "`outputs` of the step function")?);
            }
            (name, _) => result
                .values
                .push((name.to_string(), number_of(name, &value)?)),
        }
    }
    Ok(result)
}

fn losses_of(value: &Dynamic) -> Result<Vec<(String, Tensor)>> {
    let wrong = |got: &Dynamic| {
        let got = session::describe(got);
        fault!("type", "the step function must return a map of tensors as `losses`, got {got}";
            hint: "#{{ losses: #{{ generator: g_loss, discriminator: d_loss }} }}")
    };
    let map = value.read_lock::<Map>().map(|map| map.clone());
    let map = map.ok_or_else(|| wrong(value))?;
    let one = |(name, value): (rhai::Identifier, Dynamic)| {
        let loss = value.read_lock::<Tensor>().map(|loss| loss.clone());
        loss.map(|loss| (name.to_string(), loss))
            .ok_or_else(|| wrong(&value))
    };
    map.into_iter().map(one).collect()
}

/// A value that is recorded.
fn number_of(name: &str, value: &Dynamic) -> Result<f64> {
    let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    match tensor {
        Some(tensor) if tensor.numel() == 1 => tensor.detach()?.item(),
        _ => number(value).ok_or_else(|| {
            let got = session::describe(value);
            fault!("type", "the step function must return numbers, got {got} under `{name}`";
                hint: "a tensor is reduced with `.mean()`; `outputs` holds the outputs")
        }),
    }
}
