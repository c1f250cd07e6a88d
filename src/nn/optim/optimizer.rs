//! What all optimizers share: parameters in groups, state by name, steps.

use super::{adagrad::Adagrad, adam::Adam, rmsprop::RmsProp, sgd::Sgd};
use cistron_base::Result;
use cistron_base::bail;
use cistron_torch::{Number, Tensor, grad, inplace};
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
            None => {
                name == self.pattern
                    || name
                        .strip_prefix(self.pattern.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            }
        }
    }
}

/// What the numbers of a step follow from.
pub struct Moment {
    /// Learning rate.
    pub lr: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Steps of these parameters, this one included.
    pub step: u64,
    /// Whether nothing is kept from steps before.
    pub is_first: bool,
}

/// What an update of parameters works with.
pub struct Update<'a> {
    /// The parameters, in one tensor.
    pub parameter: &'a Tensor,
    /// Their gradient.
    pub gradient: Tensor,
    /// Weight decay.
    pub weight_decay: f64,
    /// The rule's own numbers, which change from step to step.
    pub numbers: &'a [Number],
    /// What the gradient is multiplied with.
    pub factor: &'a Number,
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
        self.gradient.scaled(self.factor)
    }

    /// The gradient with decay added to it (L2).
    pub fn decayed_gradient(&self) -> Result<Tensor> {
        let gradient = self.scaled_gradient()?;
        if self.weight_decay == 0.0 {
            Ok(gradient)
        } else {
            gradient.add(&self.parameter.mul_number(self.weight_decay)?)
        }
    }

    /// The whole update in loops over the numbers, where they lie plainly: `f` gets the gradient's
    /// factor, the rule's numbers, parameters, gradient and kept tensors. Says whether it could.
    pub fn in_place<const N: usize>(
        &mut self,
        names: &[&'static str],
        f: impl FnOnce(f32, [f32; N], &mut [f32], &[f32], &mut [&mut [f32]]),
    ) -> Result<bool> {
        let here: Option<Vec<f32>> = self
            .numbers
            .iter()
            .map(|number| number.here().map(|number| number as f32))
            .collect();
        let (Some(factor), Some(Ok(here))) = (self.factor.here(), here.map(<[f32; N]>::try_from))
        else {
            return Ok(false);
        };
        let kept = names
            .iter()
            .map(|name| self.kept(name))
            .collect::<Result<Vec<_>>>()?;
        let changed: Vec<&Tensor> = std::iter::once(self.parameter).chain(&kept).collect();
        let done = inplace::change(&changed, &self.gradient, |numbers, gradient| {
            if let Some((parameter, kept)) = numbers.split_first_mut() {
                f(factor as f32, here, parameter, gradient, kept);
            }
        });
        Ok(done.is_some())
    }
}

/// Parameters that move together, with what is kept for them.
#[derive(Clone, Debug)]
struct Slot {
    /// Their places among the optimizer's parameters; they lie one after the other in `flat`.
    members: Vec<usize>,
    /// Their numbers and those of their gradients, where several lie side by side.
    flat: Option<(Tensor, Tensor)>,
    state: BTreeMap<&'static str, Tensor>,
    steps: u64,
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
    slots: Vec<Slot>,
}

impl Optimizer {
    /// An optimizer without parameters yet.
    pub fn new(rule: Rule, lr: f64, weight_decay: f64) -> Optimizer {
        Optimizer {
            rule,
            lr,
            weight_decay,
            groups: Vec::new(),
            parameters: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// The same rule for parameters, from the start.
    pub fn over(&self, parameters: &[(String, Tensor)]) -> Result<Optimizer> {
        for group in &self.groups {
            if !parameters.iter().any(|(name, _)| group.holds(name)) {
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
        let slots = (0..parameters.len())
            .map(|i| Slot {
                members: vec![i],
                flat: None,
                state: BTreeMap::new(),
                steps: 0,
            })
            .collect();
        Ok(Optimizer {
            parameters: parameters.to_vec(),
            slots,
            ..self.clone()
        })
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

    /// The factor on the learning rate and the weight decay of a parameter.
    fn settings(&self, i: usize) -> (f64, f64) {
        let own = self
            .groups
            .iter()
            .rev()
            .find(|group| group.holds(&self.parameters[i].0));
        (
            own.and_then(|group| group.lr).unwrap_or(1.0),
            own.and_then(|group| group.weight_decay)
                .unwrap_or(self.weight_decay),
        )
    }

    /// What moves in a slot, and its gradient; none where it is frozen or has none.
    fn moving(&self, slot: &Slot) -> Option<(Tensor, Tensor)> {
        if slot.flat.is_some() {
            return slot.flat.clone();
        }
        let parameter = &self.parameters[slot.members[0]].1;
        if parameter.is_grad_on() {
            parameter
                .grad()
                .map(|gradient| (parameter.clone(), gradient))
        } else {
            None
        }
    }

    /// The gradients that a step would use.
    pub fn gradients(&self) -> Vec<Tensor> {
        self.slots
            .iter()
            .filter_map(|slot| self.moving(slot))
            .map(|(_, gradient)| gradient)
            .collect()
    }

    /// Forgets all gradients.
    pub fn zero_grad(&self) -> Result<()> {
        let _guard = grad::no_grad();
        self.slots.iter().try_for_each(|slot| match &slot.flat {
            Some((_, gradient)) => gradient.zero_(),
            None => self.parameters[slot.members[0]].1.zero_grad(),
        })
    }

    /// Lays the parameters that move now, where their settings and steps are the same, side by side
    /// in one tensor, their gradients and what is kept for them too, so that a step is a few
    /// operations however many parameters there are. From then on all of them move in every step,
    /// also those that a step has no use for.
    pub fn flatten(&mut self) -> Result<()> {
        let _guard = grad::no_grad();
        let kinds = |optimizer: &Optimizer, slot: &Slot| {
            let (lr, decay) = optimizer.settings(slot.members[0]);
            let parameter = &optimizer.parameters[slot.members[0]].1;
            (
                slot.steps,
                lr.to_bits(),
                decay.to_bits(),
                parameter.device().name(),
                parameter.kind().name(),
                slot.state.keys().copied().collect::<Vec<_>>(),
            )
        };
        let (moving, mut slots): (Vec<Slot>, Vec<Slot>) = std::mem::take(&mut self.slots)
            .into_iter()
            .partition(|slot| slot.flat.is_none() && self.moving(slot).is_some());
        let mut together: BTreeMap<_, Vec<Slot>> = BTreeMap::new();
        for slot in moving {
            together.entry(kinds(self, &slot)).or_default().push(slot);
        }
        for ((steps, ..), group) in together {
            let members: Vec<usize> = group
                .iter()
                .flat_map(|slot| slot.members.iter().copied())
                .collect();
            let side_by_side = |of: &dyn Fn(&Slot) -> Result<Tensor>| -> Result<Tensor> {
                Tensor::cat(
                    &group
                        .iter()
                        .map(|slot| of(slot)?.reshape(&[-1]))
                        .collect::<Result<Vec<_>>>()?,
                    0,
                )
            };
            let numbers = side_by_side(&|slot| self.parameters[slot.members[0]].1.detach())?;
            let gradients = numbers.zeros_like()?;
            let mut state = BTreeMap::new();
            for name in group[0].state.keys() {
                state.insert(*name, side_by_side(&|slot| Ok(slot.state[name].clone()))?);
            }
            for (i, place, n) in places(&self.parameters, &members) {
                let parameter = &self.parameters[i].1;
                let part = |whole: &Tensor| whole.narrow(0, place, n)?.reshape(&parameter.shape());
                let gradient = part(&gradients)?;
                if let Some(before) = parameter.grad() {
                    gradient.copy_(&before)?;
                }
                parameter.lay_into(&part(&numbers)?, &gradient)?;
            }
            slots.push(Slot {
                members,
                flat: Some((numbers, gradients)),
                state,
                steps,
            });
        }
        self.slots = slots;
        Ok(())
    }

    /// Undoes [`Optimizer::flatten`]: each parameter moves by itself again, or not at all. Their
    /// numbers stay where they lie.
    pub fn split(&mut self) -> Result<()> {
        let mut slots = Vec::with_capacity(self.parameters.len());
        for slot in std::mem::take(&mut self.slots) {
            if slot.flat.is_none() {
                slots.push(slot);
                continue;
            }
            for (i, place, n) in places(&self.parameters, &slot.members) {
                let shape = self.parameters[i].1.shape();
                let part = |(name, whole): (&&'static str, &Tensor)| {
                    Ok((*name, whole.narrow(0, place, n)?.reshape(&shape)?))
                };
                let state = slot.state.iter().map(part).collect::<Result<_>>()?;
                slots.push(Slot {
                    members: vec![i],
                    flat: None,
                    state,
                    steps: slot.steps,
                });
            }
        }
        self.slots = slots;
        Ok(())
    }

    /// Counts a step of every parameter that has a gradient and gives its numbers, slot by slot.
    pub fn advance(&mut self) -> Vec<Vec<f64>> {
        let mut slots = std::mem::take(&mut self.slots);
        let mut out = Vec::with_capacity(slots.len());
        for slot in &mut slots {
            if self.moving(slot).is_none() {
                out.push(Vec::new());
                continue;
            }
            slot.steps += 1;
            let (lr, weight_decay) = self.settings(slot.members[0]);
            let moment = Moment {
                lr: self.lr * lr,
                weight_decay,
                step: slot.steps,
                is_first: slot.state.is_empty(),
            };
            out.push(match &self.rule {
                Rule::Sgd(rule) => rule.numbers(&moment),
                Rule::Adam(rule) => rule.numbers(&moment),
                Rule::RmsProp(rule) => rule.numbers(&moment),
                Rule::Adagrad(rule) => rule.numbers(&moment),
            });
        }
        self.slots = slots;
        out
    }

    /// Moves every parameter that has a gradient, by its gradient times a factor, with the numbers
    /// of its slot.
    pub fn apply(&mut self, numbers: &[Vec<Number>], factor: &Number) -> Result<()> {
        let _guard = grad::no_grad();
        for (i, numbers) in numbers
            .iter()
            .enumerate()
            .filter(|(_, numbers)| !numbers.is_empty())
        {
            let Some((parameter, gradient)) = self.moving(&self.slots[i]) else {
                continue;
            };
            let (_, weight_decay) = self.settings(self.slots[i].members[0]);
            let update = Update {
                parameter: &parameter,
                gradient,
                weight_decay,
                numbers,
                factor,
                state: &mut self.slots[i].state,
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

    /// A whole step: [`Optimizer::advance`] and [`Optimizer::apply`].
    pub fn step(&mut self, factor: &Number) -> Result<()> {
        if self.parameters.is_empty() {
            bail!("value", "this optimizer has no parameters"; hint: "`optim::adam(#{{ lr: 1e-3 }}).over(net)`");
        }
        let numbers: Vec<Vec<Number>> = self
            .advance()
            .into_iter()
            .map(|own| own.into_iter().map(Number::Here).collect())
            .collect();
        self.apply(&numbers, factor)
    }

    /// State and steps by name, for a checkpoint.
    pub fn export(&self) -> Result<Vec<(String, Tensor)>> {
        let mut out = Vec::new();
        for slot in &self.slots {
            for (i, place, n) in places(&self.parameters, &slot.members) {
                let (name, parameter) = &self.parameters[i];
                out.push((
                    format!("steps/{name}"),
                    Tensor::from_i64(&[slot.steps as i64], &[1])?,
                ));
                for (key, tensor) in &slot.state {
                    let own = if slot.flat.is_some() {
                        tensor.narrow(0, place, n)?.reshape(&parameter.shape())?
                    } else {
                        tensor.clone()
                    };
                    out.push((format!("{key}/{name}"), own));
                }
            }
        }
        Ok(out)
    }

    /// Takes state and steps back from a checkpoint; nothing may lie side by side yet.
    pub fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        const KEYS: [&str; 7] = [
            "momentum", "mean", "square", "sum", "average", "buffer", "largest",
        ];
        for slot in &mut self.slots {
            let (name, parameter) = &self.parameters[slot.members[0]];
            for (full, tensor) in tensors {
                let Some((key, rest)) = full.split_once('/') else {
                    continue;
                };
                if rest != name {
                    continue;
                }
                if key == "steps" {
                    slot.steps = tensor.item()? as u64;
                } else if let Some(known) = KEYS.iter().find(|known| **known == key) {
                    slot.state
                        .insert(known, tensor.to_device(parameter.device())?);
                } else {
                    bail!(
                        "file",
                        "the checkpoint holds `{key}` of parameter `{name}`, which no optimizer of this program has"
                    );
                }
            }
        }
        Ok(())
    }
}

/// Of parameters side by side: which, from where, how many numbers.
fn places(parameters: &[(String, Tensor)], members: &[usize]) -> Vec<(usize, i64, i64)> {
    let mut place = 0;
    let own = |i: &usize| {
        let n = parameters[*i].1.numel();
        place += n;
        (*i, place - n, n)
    };
    members.iter().map(own).collect()
}
