//! What all optimizers share: parameters in groups, state by name, steps.

use super::{adagrad::Adagrad, adam::Adam, rmsprop::RmsProp, sgd::Sgd};
use crate::bail;
use crate::base::Result;
use crate::torch::{Tensor, grad, inplace};
use std::collections::BTreeMap;

/// The update rule; each has PyTorch's defaults and arithmetic.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Gradient descent with momentum.
    Sgd(Sgd),
    /// Adam, or AdamW where decay is decoupled.
    Adam(Adam),
    /// RMSProp.
    RmsProp(RmsProp),
    /// Adagrad.
    Adagrad(Adagrad),
}

/// Parameters with settings of their own.
#[derive(Clone, Debug)]
pub struct Group {
    /// Which: a path, a prefix of paths, or an ending after `*`.
    pub pattern: String,
    /// Factor on the learning rate.
    pub lr: Option<f64>,
    /// Weight decay.
    pub weight_decay: Option<f64>,
}

impl Group {
    fn holds(&self, name: &str) -> bool {
        match self.pattern.strip_prefix('*') {
            Some(ending) => name.ends_with(ending),
            None => name == self.pattern || name.strip_prefix(self.pattern.as_str()).is_some_and(|rest| rest.starts_with('.')),
        }
    }
}

/// The numbers that an update of one parameter works with.
pub struct Update<'a> {
    /// The parameter.
    pub parameter: &'a Tensor,
    /// Its gradient.
    pub gradient: Tensor,
    /// Learning rate.
    pub lr: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Steps of this parameter, this one included.
    pub step: u64,
    /// What the gradient is multiplied with.
    pub factor: f64,
    /// Tensors kept between steps, by the rule's own names.
    pub state: &'a mut BTreeMap<&'static str, Tensor>,
}

impl Update<'_> {
    /// A kept tensor, zeros at first.
    pub fn kept(&mut self, name: &'static str) -> Result<Tensor> {
        if let Some(tensor) = self.state.get(name) {
            return Ok(tensor.clone());
        }
        let fresh = self.parameter.detach()?.zeros_like()?;
        self.state.insert(name, fresh.clone());
        Ok(fresh)
    }

    /// The gradient times its factor.
    pub fn scaled_gradient(&self) -> Result<Tensor> {
        if self.factor == 1.0 { Ok(self.gradient.clone()) } else { self.gradient.mul_number(self.factor) }
    }

    /// The gradient with decay added to it (L2).
    pub fn decayed_gradient(&self) -> Result<Tensor> {
        let gradient = self.scaled_gradient()?;
        if self.weight_decay == 0.0 { Ok(gradient) } else { gradient.add(&self.parameter.mul_number(self.weight_decay)?) }
    }

    /// The whole update in loops over the numbers, where they lie plainly: `f` gets parameter, gradient and kept tensors. Says
    /// whether it could.
    pub fn in_place(&mut self, names: &[&'static str], f: impl FnOnce(&mut [f32], &[f32], &mut [&mut [f32]])) -> Result<bool> {
        let kept = names.iter().map(|name| self.kept(name)).collect::<Result<Vec<_>>>()?;
        let changed: Vec<&Tensor> = std::iter::once(self.parameter).chain(&kept).collect();
        let done = inplace::change(&changed, &self.gradient, |numbers, gradient| {
            if let Some((parameter, kept)) = numbers.split_first_mut() {
                f(parameter, gradient, kept);
            }
        });
        Ok(done.is_some())
    }
}

/// An optimizer: a rule, its settings, and, once bound, parameters and their state.
#[derive(Clone, Debug)]
pub struct Optimizer {
    /// The rule.
    pub rule: Rule,
    /// Learning rate.
    pub lr: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Groups with settings of their own.
    pub groups: Vec<Group>,
    parameters: Vec<(String, Tensor)>,
    state: Vec<BTreeMap<&'static str, Tensor>>,
    steps: Vec<u64>,
}

impl Optimizer {
    /// An optimizer without parameters yet.
    pub fn new(rule: Rule, lr: f64, weight_decay: f64) -> Optimizer {
        Optimizer { rule, lr, weight_decay, groups: Vec::new(), parameters: Vec::new(), state: Vec::new(), steps: Vec::new() }
    }

    /// The same rule for parameters, from the start.
    pub fn over(&self, parameters: &[(String, Tensor)]) -> Result<Optimizer> {
        for group in &self.groups {
            if !parameters.iter().any(|(name, _)| group.holds(name)) {
                let names: Vec<&str> = parameters.iter().take(8).map(|(name, _)| name.as_str()).collect();
                bail!("name", "no parameter belongs to group \"{}\"; there are {}", group.pattern, names.join(", "));
            }
        }
        let n = parameters.len();
        Ok(Optimizer { parameters: parameters.to_vec(), state: vec![BTreeMap::new(); n], steps: vec![0; n], ..self.clone() })
    }

    /// Whether it has parameters.
    pub fn is_bound(&self) -> bool {
        !self.parameters.is_empty()
    }

    /// The parameters.
    pub fn parameters(&self) -> &[(String, Tensor)] {
        &self.parameters
    }

    /// The rule's momentum, where it has one.
    pub fn set_momentum(&mut self, momentum: f64) {
        match &mut self.rule {
            Rule::Sgd(rule) => rule.momentum = momentum,
            Rule::RmsProp(rule) => rule.momentum = momentum,
            Rule::Adam(rule) => rule.betas.0 = momentum,
            Rule::Adagrad(_) => {}
        }
    }

    /// Forgets all gradients.
    pub fn zero_grad(&self) -> Result<()> {
        self.parameters.iter().try_for_each(|(_, p)| p.zero_grad())
    }

    /// Moves every parameter that has a gradient, by its gradient times a factor.
    pub fn step(&mut self, factor: f64) -> Result<()> {
        if self.parameters.is_empty() {
            bail!("value", "this optimizer has no parameters"; hint: "`optim::adam(#{{ lr: 1e-3 }}).over(net)`");
        }
        let _guard = grad::no_grad();
        for i in 0..self.parameters.len() {
            let (name, parameter) = &self.parameters[i];
            if !parameter.is_grad_on() {
                continue;
            }
            let Some(gradient) = parameter.grad() else { continue };
            let own = self.groups.iter().rev().find(|group| group.holds(name));
            self.steps[i] += 1;
            let update = Update {
                parameter,
                gradient,
                lr: self.lr * own.and_then(|group| group.lr).unwrap_or(1.0),
                weight_decay: own.and_then(|group| group.weight_decay).unwrap_or(self.weight_decay),
                step: self.steps[i],
                factor,
                state: &mut self.state[i],
            };
            match &self.rule {
                Rule::Sgd(rule) => rule.update(update),
                Rule::Adam(rule) => rule.update(update),
                Rule::RmsProp(rule) => rule.update(update),
                Rule::Adagrad(rule) => rule.update(update),
            }?;
        }
        Ok(())
    }

    /// State and steps by name, for a checkpoint.
    pub fn export(&self) -> Result<Vec<(String, Tensor)>> {
        let mut out = Vec::new();
        for ((name, _), (state, step)) in self.parameters.iter().zip(self.state.iter().zip(&self.steps)) {
            out.push((format!("steps/{name}"), Tensor::from_i64(&[*step as i64], &[1])?));
            out.extend(state.iter().map(|(key, tensor)| (format!("{key}/{name}"), tensor.clone())));
        }
        Ok(out)
    }

    /// Takes state and steps back from a checkpoint.
    pub fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        const KEYS: [&str; 7] = ["momentum", "mean", "square", "sum", "average", "buffer", "largest"];
        for (i, (name, parameter)) in self.parameters.iter().enumerate() {
            for (full, tensor) in tensors {
                let Some((key, rest)) = full.split_once('/') else { continue };
                if rest != name {
                    continue;
                }
                if key == "steps" {
                    self.steps[i] = tensor.item()? as u64;
                } else if let Some(known) = KEYS.iter().find(|known| **known == key) {
                    self.state[i].insert(known, tensor.to_device(parameter.device())?);
                }
            }
        }
        Ok(())
    }
}
