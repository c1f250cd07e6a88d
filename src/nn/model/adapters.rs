//! Networks with adapters of low rank, and networks built on the tensors of others.

use super::Model;
use crate::adapt::{Adapter, Adapting, Plan};
use crate::weight::{LowRank, Weight, length_of};
use crate::{Builder, Built, How, Layer, Shape};
use cistron_base::{Result, bail};
use cistron_torch::{Tensor, grad};
use std::collections::HashMap;
use std::rc::Rc;

impl Builder {
    /// Builds a network again below the current path, with copies of its parameters and buffers.
    pub fn copy_of(&mut self, part: &str, model: &Model, input: &Shape) -> Result<Built> {
        if model.plan().is_some() {
            bail!("value", "`{}` has adapters", model.name();
                hint: "`net.merge()` returns the network with merged weights");
        }
        let prefix = match self.name(part).as_str() {
            "" => String::new(),
            path => format!("{path}."),
        };
        let device = self.device();
        let state = copies(model)?.into_iter();
        let named =
            state.map(|(name, tensor)| Ok((format!("{prefix}{name}"), tensor.to_device(device)?)));
        self.give(named.collect::<Result<Vec<_>>>()?);
        self.child(part, model.described()?, input)
    }
}

/// Copies of parameters, trainable where they are, and of buffers.
fn copies(model: &Model) -> Result<Vec<(String, Tensor)>> {
    let _guard = grad::no_grad();
    let copy = |(name, tensor): &(String, Tensor)| {
        let copy = tensor.detach()?.copied()?;
        Ok((name.clone(), copy.requires_grad_(tensor.is_grad_on())?))
    };
    model.state().iter().map(copy).collect()
}

/// Builds a network on tensors of another.
pub fn rebuilt(
    layer: &Layer,
    input: &Shape,
    how: &How,
    tensors: Vec<(String, Tensor)>,
    plan: Option<&Plan>,
) -> Result<(Model, Vec<Adapter>)> {
    let known: Vec<String> = tensors.iter().map(|(name, _)| name.clone()).collect();
    let mut builder = Builder::new(how.seed, how.device, how.fast);
    builder.give(tensors);
    builder.adapting = plan.cloned().map(Adapting::new);
    let built = builder.child("", layer, input)?;
    let left = builder.left_over();
    let is_adapter = |name: &str| {
        name.split('.')
            .any(|part| matches!(part, "lora_A" | "lora_B"))
    };
    let state = builder.parameters.iter().chain(&builder.buffers);
    let new = state
        .map(|(name, _)| name)
        .find(|name| !known.contains(name) && !is_adapter(name));
    if let Some(name) = left.first().or(new) {
        bail!("value", "`{}` is built differently each time: only one build has `{name}`", how.name;
            hint: "functions of layers must return the same layers and parameters when they are \
                called again");
    }
    let adapters = builder
        .adapting
        .take()
        .map_or(Ok(Vec::new()), Adapting::finish)?;
    Ok((Model::assemble(builder, built, layer, input, how), adapters))
}

impl Model {
    /// A network with the same layers, and copies of the parameters and running statistics.
    pub fn copy(&self) -> Result<Model> {
        let tensors = copies(self)?;
        let (layer, input, how) = (self.described()?, self.input(), self.how());
        let (copy, adapters) = rebuilt(layer, input, &how, tensors, self.plan())?;
        Ok(match (self.plan(), &self.0.origin) {
            (Some(plan), Some(origin)) => copy.with(Some((plan.clone(), adapters)), origin.clone()),
            _ => copy,
        })
    }

    /// How its weights are adapted.
    pub fn plan(&self) -> Option<&Plan> {
        self.0.adapters.as_ref().map(|adapters| &adapters.0)
    }

    /// Its adapted weights.
    pub fn adapters(&self) -> &[Adapter] {
        self.0.adapters.as_ref().map_or(&[], |adapters| &adapters.1)
    }

    /// The network with adapters: it shares the parameters, which are frozen, and has copies of
    /// the running statistics.
    ///
    /// # Errors
    /// Where a target matches no weights, or it already has adapters.
    pub fn adapted(&self, plan: &Plan, name: String) -> Result<Model> {
        if self.plan().is_some() {
            bail!("value", "`{}` already has adapters", self.name();
                hint: "`net.merge()` returns the network with merged weights");
        }
        let _guard = grad::no_grad();
        let mut tensors = self.0.parameters.clone();
        for (name, buffer) in &self.0.buffers {
            tensors.push((name.clone(), buffer.detach()?.copied()?));
        }
        let how = How { name, ..self.how() };
        let (model, adapters) =
            rebuilt(self.described()?, self.input(), &how, tensors, Some(plan))?;
        for (_, parameter) in &self.0.parameters {
            parameter.requires_grad_(false)?;
        }
        Ok(model.with(Some((plan.clone(), adapters)), self.clone()))
    }

    /// The network without adapters whose weights are W + scale B A.
    ///
    /// # Errors
    /// Where it has no adapters, or weights that no parameters represent.
    pub fn merged(&self) -> Result<Model> {
        let (Some(base), Some(adapters)) = (&self.0.origin, &self.0.adapters) else {
            bail!("value", "`{}` has no adapters to merge", self.name();
                hint: "`nn::lora(net, #{{ … }})` returns a network with adapters");
        };
        let _guard = grad::no_grad();
        let mut merged: HashMap<String, Tensor> = HashMap::new();
        for adapter in &adapters.1 {
            if let Weight::LowRank(low) = &adapter.weight {
                merged.extend(merged_parameters(&adapter.name, low)?);
            }
        }
        let mut tensors = Vec::new();
        let mut state = copies(self)?;
        state.retain(|(name, _)| base.get(name).is_ok());
        for (name, copy) in state {
            let is_parameter = base.0.parameters.iter().any(|(own, _)| *own == name);
            let values = merged.remove(&name).unwrap_or(copy);
            tensors.push((name, values.requires_grad_(is_parameter)?));
        }
        let how = base.how();
        let (model, _) = rebuilt(base.described()?, base.input(), &how, tensors, None)?;
        Ok(model.with(None, self.clone()))
    }

    /// The network with adapters that this one was merged from.
    pub fn unmerged(&self) -> Result<Model> {
        match &self.0.origin {
            Some(origin) if origin.plan().is_some() => Ok(origin.clone()),
            _ => bail!("value", "`{}` was not merged", self.name();
                hint: "`net.merge()` of a network with adapters returns a merged one"),
        }
    }

    /// The network that it was adapted or merged from.
    pub fn origin(&self) -> Option<&Model> {
        self.0.origin.as_ref()
    }

    fn with(self, adapters: Option<(Plan, Vec<Adapter>)>, origin: Model) -> Model {
        match Rc::try_unwrap(self.0) {
            Ok(mut inner) => {
                inner.adapters = adapters.map(Rc::new);
                inner.origin = Some(origin);
                Model(Rc::new(inner))
            }
            Err(inner) => Model(inner),
        }
    }
}

/// The parameters of weights with a merged adapter, by their paths.
fn merged_parameters(path: &str, low: &LowRank) -> Result<Vec<(String, Tensor)>> {
    let weight = low.base.current(false)?.add(&low.delta()?)?.detach()?;
    Ok(match &low.base {
        Weight::Plain(_) => vec![(path.to_string(), weight)],
        Weight::Normed { .. } => vec![
            (format!("{path}_g"), length_of(&weight)?),
            (format!("{path}_v"), weight),
        ],
        Weight::Spectral(_) | Weight::LowRank(_) => {
            bail!("value", "`{path}` cannot be merged: its weights are divided by their largest \
                singular value";
                hint: "keep the network with adapters")
        }
    })
}
