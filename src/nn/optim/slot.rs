//! Slots of an optimizer: parameters that are updated together, and their concatenation.

use super::rule::RuleState;
use cistron_base::Result;
use cistron_torch::Tensor;

/// Parameters that are updated together, with their state.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Indices among the parameters of the optimizer, in the order of `flat`.
    pub members: Vec<usize>,
    /// Their concatenation, where they are concatenated.
    pub flat: Option<Trainable>,
    /// State of the rule.
    pub state: RuleState,
    /// Number of steps.
    pub steps: u64,
}

/// Values that a step updates, and their gradient.
#[derive(Clone, Debug)]
pub(super) struct Trainable {
    pub values: Tensor,
    pub gradient: Tensor,
}

impl Slot {
    /// Returns the slot of one parameter, with initial state.
    pub fn of(member: usize) -> Slot {
        Slot {
            members: vec![member],
            flat: None,
            state: RuleState::new(),
            steps: 0,
        }
    }

    /// Returns what a step updates; `None` if the parameter is frozen or has no gradient.
    pub fn trainable(&self, parameters: &[(String, Tensor)]) -> Option<Trainable> {
        if self.flat.is_some() {
            return self.flat.clone();
        }
        let values = &parameters[self.members[0]].1;
        if !values.is_grad_on() {
            return None;
        }
        let gradient = values.grad()?;
        Some(Trainable {
            values: values.clone(),
            gradient,
        })
    }
}

/// The range of a parameter in the concatenation of a slot.
pub(super) struct Range {
    /// Index of the parameter.
    pub parameter: usize,
    start: i64,
    len: i64,
}

impl Range {
    /// Returns the part of a concatenation, in the shape of the parameter.
    pub fn of(&self, flat: &Tensor, parameters: &[(String, Tensor)]) -> Result<Tensor> {
        flat.reshape(&[-1])?
            .narrow(0, self.start, self.len)?
            .reshape(&parameters[self.parameter].1.shape())
    }
}

/// Returns the ranges of the members of a slot in their concatenation.
pub(super) fn ranges(parameters: &[(String, Tensor)], members: &[usize]) -> Vec<Range> {
    let mut end = 0;
    let range = |parameter: &usize| {
        let len = parameters[*parameter].1.numel();
        end += len;
        Range {
            parameter: *parameter,
            start: end - len,
            len,
        }
    };
    members.iter().map(range).collect()
}
