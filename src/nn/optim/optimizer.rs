//! An optimizer: an update rule with its settings and, once bound, parameters and their state.

use super::group::{Group, LayerDecay, matches};
use super::rule::{Rule, StepSettings, Update};
use super::sequence::Sequence;
use super::slot::Slot;
use cistron_base::Result;
use cistron_base::bail;
use cistron_torch::{Number, Tensor, grad};
use std::rc::Rc;

/// Settings of a parameter, after those of its group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ParameterSettings {
    /// Factor on the learning rate.
    pub lr_factor: f64,
    /// Weight decay.
    pub weight_decay: f64,
}

/// The optimizers of a training in order, and which of them is in use.
#[derive(Clone, Debug)]
pub(super) struct Phases {
    pub sequence: Rc<Sequence<Optimizer>>,
    pub current: usize,
}

/// An update rule with its settings and, once bound, parameters and their state.
#[derive(Clone, Debug)]
pub struct Optimizer {
    /// The rule.
    pub rule: Rc<dyn Rule>,
    /// Learning rate.
    pub lr: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Momentum set by a schedule, instead of the rule's own.
    pub momentum: Option<f64>,
    /// Whether a schedule sets the momentum.
    pub has_scheduled_momentum: bool,
    /// Groups of parameters with their own settings; the last that contains a parameter applies.
    pub groups: Vec<Group>,
    /// Decrease of the learning rate towards the first layers.
    pub layer_decay: Option<LayerDecay>,
    /// When it ends in a training, and which optimizers follow.
    pub(super) phases: Option<Phases>,
    pub(super) parameters: Vec<(String, Tensor)>,
    /// How many of them, the first ones, are those of the network.
    pub(super) of_network: usize,
    pub(super) slots: Vec<Slot>,
    /// The rule of each parameter.
    pub(super) rules: Vec<Rc<dyn Rule>>,
    /// The factor of layer decay of each parameter.
    pub(super) depth_factors: Vec<f64>,
}

impl Optimizer {
    /// Returns an optimizer without parameters.
    pub fn new(rule: Rc<dyn Rule>, lr: f64, weight_decay: f64) -> Optimizer {
        Optimizer {
            rule,
            lr,
            weight_decay,
            momentum: None,
            has_scheduled_momentum: false,
            groups: Vec::new(),
            layer_decay: None,
            phases: None,
            parameters: Vec::new(),
            of_network: 0,
            slots: Vec::new(),
            rules: Vec::new(),
            depth_factors: Vec::new(),
        }
    }

    /// Returns a copy with initial state that updates the given parameters.
    ///
    /// # Errors
    /// If a group contains none of them.
    pub fn over(&self, parameters: &[(String, Tensor)]) -> Result<Optimizer> {
        self.over_with(parameters, &[])
    }

    /// Returns a copy that also updates parameters that are no part of a network, such as trained
    /// weights of a loss: they have no depth.
    pub fn over_with(
        &self,
        network: &[(String, Tensor)],
        others: &[(String, Tensor)],
    ) -> Result<Optimizer> {
        let parameters = [network, others].concat();
        let patterns = self.groups.iter().map(|group| &group.pattern);
        for pattern in patterns.chain(self.rule.patterns()) {
            if !parameters.iter().any(|(name, _)| matches(pattern, name)) {
                let names: Vec<&str> = parameters
                    .iter()
                    .take(8)
                    .map(|(name, _)| name.as_str())
                    .collect();
                bail!(
                    "name",
                    "no parameter belongs to group \"{pattern}\"; there are {}",
                    names.join(", ")
                );
            }
        }
        for next in self.followers() {
            next.over_with(network, others)?;
        }
        let names = network.iter().map(|(name, _)| name.as_str());
        let mut depth_factors = match &self.layer_decay {
            Some(decay) => decay.factors(names)?,
            None => vec![1.0; network.len()],
        };
        depth_factors.resize(parameters.len(), 1.0);
        let rule = |(name, tensor): &(String, Tensor)| {
            let other = self.rule.for_parameter(name, &tensor.shape());
            other.unwrap_or_else(|| self.rule.clone())
        };
        Ok(Optimizer {
            rules: parameters.iter().map(rule).collect(),
            depth_factors,
            slots: (0..parameters.len()).map(Slot::of).collect(),
            parameters,
            of_network: network.len(),
            ..self.clone()
        })
    }

    /// The rule of a parameter.
    pub(super) fn rule_of(&self, parameter: usize) -> &dyn Rule {
        &*self.rules[parameter]
    }

    /// Returns the learning rate of each parameter, after those of groups and layer decay.
    pub fn rates(&self) -> Vec<(String, f64)> {
        let names = self.parameters.iter().map(|(name, _)| name.clone());
        let rates = (0..self.parameters.len()).map(|i| self.lr * self.settings(i).lr_factor);
        names.zip(rates).collect()
    }

    /// Whether it has parameters.
    pub fn is_bound(&self) -> bool {
        !self.parameters.is_empty()
    }

    /// Its parameters.
    pub fn parameters(&self) -> &[(String, Tensor)] {
        &self.parameters
    }

    /// Those of the network.
    pub fn network_parameters(&self) -> &[(String, Tensor)] {
        &self.parameters[..self.of_network]
    }

    pub(super) fn settings(&self, i: usize) -> ParameterSettings {
        let group = self
            .groups
            .iter()
            .rev()
            .find(|group| group.contains(&self.parameters[i].0));
        let group_factor = group.and_then(|group| group.lr).unwrap_or(1.0);
        ParameterSettings {
            lr_factor: group_factor * self.depth_factors[i],
            weight_decay: group
                .and_then(|group| group.weight_decay)
                .unwrap_or(self.weight_decay),
        }
    }

    /// Returns the gradients that a step would use.
    pub fn gradients(&self) -> Vec<Tensor> {
        self.slots
            .iter()
            .filter_map(|slot| slot.trainable(&self.parameters))
            .map(|trainable| trainable.gradient)
            .collect()
    }

    /// Clears all gradients.
    pub fn zero_grad(&self) -> Result<()> {
        let _guard = grad::no_grad();
        self.slots.iter().try_for_each(|slot| match &slot.flat {
            Some(flat) => flat.gradient.zero_(),
            None => self.parameters[slot.members[0]].1.zero_grad(),
        })
    }

    /// Counts a step of every parameter that has a gradient. Returns the scalars of each slot, and
    /// `None` for those without a gradient.
    pub fn advance(&mut self) -> Vec<Option<Vec<f64>>> {
        let mut slots = std::mem::take(&mut self.slots);
        let mut scalars = Vec::with_capacity(slots.len());
        for slot in &mut slots {
            if slot.trainable(&self.parameters).is_none() {
                scalars.push(None);
                continue;
            }
            slot.steps += 1;
            let settings = self.settings(slot.members[0]);
            let rule = self.rule_of(slot.members[0]);
            scalars.push(Some(rule.scalars(&StepSettings {
                lr: self.lr * settings.lr_factor,
                weight_decay: settings.weight_decay,
                momentum: self.momentum,
                step: slot.steps,
                is_first: slot.state.is_empty(),
            })));
        }
        self.slots = slots;
        scalars
    }

    /// Updates every parameter that has a gradient, given the scalars of its slot and the factor on
    /// the gradients.
    pub fn apply(&mut self, scalars: &[Option<Vec<Number>>], factor: &Number) -> Result<()> {
        let _guard = grad::no_grad();
        for (i, scalars) in scalars.iter().enumerate() {
            let (Some(scalars), Some(trainable)) =
                (scalars, self.slots[i].trainable(&self.parameters))
            else {
                continue;
            };
            let member = self.slots[i].members[0];
            let weight_decay = self.settings(member).weight_decay;
            let rule = self.rules[member].clone();
            rule.update(Update {
                parameter: &trainable.values,
                gradient: trainable.gradient,
                weight_decay,
                scalars,
                factor,
                state: &mut self.slots[i].state,
            })?;
        }
        Ok(())
    }

    /// Runs a step: [`Optimizer::advance`] and [`Optimizer::apply`].
    pub fn step(&mut self, factor: &Number) -> Result<()> {
        if self.parameters.is_empty() {
            bail!("value", "this optimizer has no parameters";
                hint: "`optim::adam(#{{ lr: 1e-3 }}).over(net)`");
        }
        let on_host = |scalars: Vec<f64>| scalars.into_iter().map(Number::Here).collect();
        let scalars: Vec<Option<Vec<Number>>> = self
            .advance()
            .into_iter()
            .map(|scalars| scalars.map(on_host))
            .collect();
        self.apply(&scalars, factor)
    }
}
