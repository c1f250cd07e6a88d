//! The state of an optimizer as named tensors, for checkpoints.

use super::optimizer::Optimizer;
use super::rule::{RuleState, StateKey};
use super::slot::ranges;
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::Tensor;
use std::collections::HashMap;

/// Name of the index of the optimizer in use, where several follow one another.
const PHASE: &str = "phase";
/// Key of the number of steps of a parameter.
const STEPS: &str = "steps";
/// Hint for state that does not fit the rule.
const HINT: &str = "is it the state of another optimizer, or of one with other settings?";

/// State of one parameter.
#[derive(Clone, Default)]
struct ParameterState {
    steps: Option<u64>,
    state: RuleState,
}

/// Returns the index of the optimizer that was in use, of exported state; 0 of a single one.
fn phase_of(tensors: &[(String, Tensor)]) -> Result<usize> {
    match tensors.iter().find(|(name, _)| name == PHASE) {
        Some((_, phase)) => Ok(phase.item()? as usize),
        None => Ok(0),
    }
}

impl Optimizer {
    /// Returns the number of steps and the state of each parameter, named `key/parameter`.
    pub fn export(&self) -> Result<Vec<(String, Tensor)>> {
        let mut tensors = Vec::new();
        if self.is_sequence() {
            let phase = Tensor::from_i64(&[self.phase() as i64], &[1])?;
            tensors.push((PHASE.to_string(), phase));
        }
        for slot in &self.slots {
            for range in ranges(&self.parameters, &slot.members) {
                let name = &self.parameters[range.parameter].0;
                tensors.push((
                    format!("{STEPS}/{name}"),
                    Tensor::from_i64(&[slot.steps as i64], &[1])?,
                ));
                for (key, tensor) in &slot.state {
                    let tensor = if slot.flat.is_some() {
                        range.of(tensor, &self.parameters)?
                    } else {
                        tensor.clone()
                    };
                    tensors.push((format!("{key}/{name}"), tensor));
                }
            }
        }
        Ok(tensors)
    }

    /// Restores what [`Optimizer::export`] returned. The parameters must not be concatenated.
    ///
    /// # Errors
    /// If a tensor belongs to no parameter, or the rule has no such state, or state is missing, or
    /// a shape is not that of the parameter. Nothing is changed then.
    pub fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        if !self.is_sequence() {
            return self.import_slots(tensors);
        }
        if !tensors.iter().any(|(name, _)| name == PHASE) {
            bail!("file", "the state of the optimizer has no `{PHASE}`: one optimizer had no \
                others after it"; hint: "{HINT}");
        }
        let mut entered = self.clone();
        entered.enter(phase_of(tensors)?)?;
        let rest = tensors.iter().filter(|(name, _)| name != PHASE).cloned();
        entered.import_slots(&rest.collect::<Vec<_>>())?;
        *self = entered;
        Ok(())
    }

    fn import_slots(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        let keys_of = |i: usize| self.rule_of(i).state_keys(self.has_scheduled_momentum);
        let index: HashMap<&str, usize> = self
            .parameters
            .iter()
            .enumerate()
            .map(|(i, (name, _))| (name.as_str(), i))
            .collect();
        let mut saved = vec![ParameterState::default(); self.parameters.len()];
        for (full, tensor) in tensors {
            let owner = full
                .split_once('/')
                .and_then(|(key, name)| Some((key, *index.get(name)?)));
            let Some((key, i)) = owner else {
                bail!("file", "the state of the optimizer has `{full}`, which belongs to none of \
                    its parameters";
                    hint: "is it the state of another network?");
            };
            if key == STEPS {
                saved[i].steps = Some(tensor.item()? as u64);
                continue;
            }
            let (name, parameter) = &self.parameters[i];
            let keys = keys_of(i);
            let Some(known) = keys.iter().find(|known| known.accepts(key)) else {
                let expected = self.expected(i, &keys);
                bail!("file", "unknown state `{key}` of parameter `{name}`: {expected}";
                    hint: "{HINT}");
            };
            if tensor.shape() != parameter.shape() && *known != StateKey::Any {
                bail!(
                    "file",
                    "state `{key}` of parameter `{name}` is {}, expected {}",
                    shape::text(&tensor.shape()),
                    shape::text(&parameter.shape())
                );
            }
            let tensor = tensor.to_device(parameter.device())?;
            saved[i].state.insert(key.to_string(), tensor);
        }
        for (i, ((name, _), own)) in self.parameters.iter().zip(&saved).enumerate() {
            let keys = keys_of(i);
            let missing = match own.steps {
                None => Some(STEPS),
                Some(0) => None,
                Some(_) => keys
                    .iter()
                    .filter(|key| matches!(key, StateKey::Required(_)))
                    .filter_map(StateKey::name)
                    .find(|key| !own.state.contains_key(*key)),
            };
            if let Some(key) = missing {
                let expected = self.expected(i, &keys);
                bail!("file", "state `{key}` of parameter `{name}` is missing: {expected}";
                    hint: "{HINT}");
            }
        }
        for slot in &mut self.slots {
            let own = std::mem::take(&mut saved[slot.members[0]]);
            slot.steps = own.steps.unwrap_or(0);
            slot.state = own.state;
        }
        Ok(())
    }

    /// The keys that the state is expected to have: "adam has steps, mean, square".
    fn expected(&self, parameter: usize, keys: &[StateKey]) -> String {
        let names: Vec<&str> = std::iter::once(STEPS)
            .chain(keys.iter().map(|key| key.name().unwrap_or("others")))
            .collect();
        format!(
            "{} has {}",
            self.rule_of(parameter).name(),
            names.join(", ")
        )
    }
}
