//! An optimizer: an update rule with its settings and, once bound, parameters and their state.

use super::rule::{Rule, StepSettings, Update};
use super::slot::Slot;
use cistron_base::Result;
use cistron_base::bail;
use cistron_torch::{Number, Tensor, grad};
use std::rc::Rc;

/// Parameters that have their own settings.
#[derive(Clone, Debug)]
pub struct Group {
    /// Path of a parameter, prefix of paths, or `*` and the end of paths.
    pub pattern: String,
    /// Factor on the learning rate.
    pub lr: Option<f64>,
    /// Weight decay.
    pub weight_decay: Option<f64>,
}

impl Group {
    fn contains(&self, name: &str) -> bool {
        match self.pattern.strip_prefix('*') {
            Some(ending) => name.ends_with(ending),
            None => {
                name == self.pattern
                    || name
                        .strip_prefix(self.pattern.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            }
        }
    }
}

/// Settings of a parameter, after those of its group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ParameterSettings {
    /// Factor on the learning rate.
    pub lr_factor: f64,
    /// Weight decay.
    pub weight_decay: f64,
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
    pub(super) parameters: Vec<(String, Tensor)>,
    pub(super) slots: Vec<Slot>,
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
            parameters: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// Returns a copy with initial state that updates the given parameters.
    ///
    /// # Errors
    /// If a group contains none of them.
    pub fn over(&self, parameters: &[(String, Tensor)]) -> Result<Optimizer> {
        for group in &self.groups {
            if !parameters.iter().any(|(name, _)| group.contains(name)) {
                let names: Vec<&str> = parameters
                    .iter()
                    .take(8)
                    .map(|(name, _)| name.as_str())
                    .collect();
                bail!(
                    "name",
                    "no parameter belongs to group \"{}\"; there are {}",
                    group.pattern,
                    names.join(", ")
                );
            }
        }
        Ok(Optimizer {
            parameters: parameters.to_vec(),
            slots: (0..parameters.len()).map(Slot::of).collect(),
            ..self.clone()
        })
    }

    /// Whether it has parameters.
    pub fn is_bound(&self) -> bool {
        !self.parameters.is_empty()
    }

    /// Its parameters.
    pub fn parameters(&self) -> &[(String, Tensor)] {
        &self.parameters
    }

    pub(super) fn settings(&self, i: usize) -> ParameterSettings {
        let group = self
            .groups
            .iter()
            .rev()
            .find(|group| group.contains(&self.parameters[i].0));
        ParameterSettings {
            lr_factor: group.and_then(|group| group.lr).unwrap_or(1.0),
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
            scalars.push(Some(self.rule.scalars(&StepSettings {
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
            let weight_decay = self.settings(self.slots[i].members[0]).weight_decay;
            self.rule.update(Update {
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
