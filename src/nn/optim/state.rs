//! The state of an optimizer as named tensors, for checkpoints.

use super::optimizer::Optimizer;
use super::rule::{RuleState, StateKey};
use super::slot::ranges;
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::Tensor;
use std::collections::HashMap;

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

impl Optimizer {
    /// Returns the number of steps and the state of each parameter, named `key/parameter`.
    pub fn export(&self) -> Result<Vec<(String, Tensor)>> {
        let mut tensors = Vec::new();
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
        let keys = self.rule.state_keys(self.has_scheduled_momentum);
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
            if !keys.iter().any(|known| known.accepts(key)) {
                let expected = self.expected(&keys);
                bail!("file", "unknown state `{key}` of parameter `{name}`: {expected}";
                    hint: "{HINT}");
            }
            if tensor.shape() != parameter.shape() {
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
        for ((name, _), own) in self.parameters.iter().zip(&saved) {
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
                let expected = self.expected(&keys);
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
    fn expected(&self, keys: &[StateKey]) -> String {
        let names: Vec<&str> = std::iter::once(STEPS)
            .chain(keys.iter().map(|key| key.name().unwrap_or("others")))
            .collect();
        format!("{} has {}", self.rule.name(), names.join(", "))
    }
}
