//! Parameters of an optimizer that are concatenated and updated together.

use super::optimizer::Optimizer;
use super::rule::RuleState;
use super::slot::{Slot, Trainable, ranges};
use cistron_base::Result;
use cistron_torch::{Tensor, grad};
use std::collections::BTreeMap;

/// What parameters of one slot have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SlotKey {
    steps: u64,
    lr_factor: u64,
    weight_decay: u64,
    device: String,
    kind: String,
    state: Vec<String>,
    /// Name of the rule.
    rule: String,
    /// Index of the parameter, for rules that are not elementwise.
    alone: Option<usize>,
}

impl Optimizer {
    fn slot_key(&self, slot: &Slot) -> SlotKey {
        let member = slot.members[0];
        let settings = self.settings(member);
        let parameter = &self.parameters[member].1;
        SlotKey {
            steps: slot.steps,
            lr_factor: settings.lr_factor.to_bits(),
            weight_decay: settings.weight_decay.to_bits(),
            device: parameter.device().name(),
            kind: parameter.kind().name().to_string(),
            state: slot.state.keys().cloned().collect(),
            rule: self.rule_of(member).name().to_string(),
            alone: (!self.rule_of(member).is_elementwise()).then_some(member),
        }
    }

    /// Concatenates trainable parameters that have the same settings and number of steps, their
    /// gradients and their state, so that a step is a few operations for any number of parameters.
    /// Each parameter becomes a view. From then on every step updates all of them, also those that
    /// a step computes no gradient for.
    pub fn flatten(&mut self) -> Result<()> {
        let _guard = grad::no_grad();
        let (trainable, mut slots): (Vec<Slot>, Vec<Slot>) = std::mem::take(&mut self.slots)
            .into_iter()
            .partition(|slot| slot.flat.is_none() && slot.trainable(&self.parameters).is_some());
        let mut by_key: BTreeMap<SlotKey, Vec<Slot>> = BTreeMap::new();
        for slot in trainable {
            by_key.entry(self.slot_key(&slot)).or_default().push(slot);
        }
        for (key, group) in by_key {
            slots.push(self.concatenated(&key, &group)?);
        }
        self.slots = slots;
        Ok(())
    }

    fn concatenated(&self, key: &SlotKey, group: &[Slot]) -> Result<Slot> {
        let members: Vec<usize> = group
            .iter()
            .flat_map(|slot| slot.members.iter().copied())
            .collect();
        let shape = match key.alone {
            Some(member) => self.parameters[member].1.shape(),
            None => vec![-1],
        };
        let concatenate = |of: &dyn Fn(&Slot) -> Result<Tensor>| -> Result<Tensor> {
            let parts = group.iter().map(|slot| of(slot)?.reshape(&[-1]));
            Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)?.reshape(&shape)
        };
        let values = concatenate(&|slot| self.parameters[slot.members[0]].1.detach())?;
        let gradient = values.zeros_like()?;
        let mut state = RuleState::new();
        for name in &key.state {
            state.insert(
                name.clone(),
                concatenate(&|slot| Ok(slot.state[name].clone()))?,
            );
        }
        for range in ranges(&self.parameters, &members) {
            let parameter = &self.parameters[range.parameter].1;
            let part = range.of(&gradient, &self.parameters)?;
            if let Some(current) = parameter.grad() {
                part.copy_(&current)?;
            }
            parameter.lay_into(&range.of(&values, &self.parameters)?, &part)?;
        }
        Ok(Slot {
            members,
            flat: Some(Trainable { values, gradient }),
            state,
            steps: key.steps,
        })
    }

    /// Undoes [`Optimizer::flatten`], so that each parameter is updated by itself or frozen. The
    /// parameters stay views of their concatenation.
    pub fn split(&mut self) -> Result<()> {
        let mut slots = Vec::with_capacity(self.parameters.len());
        for slot in std::mem::take(&mut self.slots) {
            if slot.flat.is_none() {
                slots.push(slot);
                continue;
            }
            for range in ranges(&self.parameters, &slot.members) {
                let part = |(name, flat): (&String, &Tensor)| {
                    Ok((name.clone(), range.of(flat, &self.parameters)?))
                };
                slots.push(Slot {
                    state: slot.state.iter().map(part).collect::<Result<_>>()?,
                    steps: slot.steps,
                    ..Slot::of(range.parameter)
                });
            }
        }
        self.slots = slots;
        Ok(())
    }
}
