//! The trait of an update rule, and what an update reads and writes.

use cistron_base::Result;
use cistron_torch::{Number, Tensor, inplace};
use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::rc::Rc;

/// An update rule: how a step changes parameters, given their gradient and the state of earlier
/// steps. Defaults and arithmetic are PyTorch's.
///
/// A rule is immutable. What varies from step to step is in [`StepSettings`], what varies from
/// parameter to parameter is in [`Update`]. `Debug` prints the settings; checkpoints compare them.
pub trait Rule: Debug {
    /// Name in scripts: `adam` of `optim::adam`.
    fn name(&self) -> &str;

    /// Keys of the state that the rule keeps for each parameter. `has_scheduled_momentum` states
    /// whether a schedule sets the momentum.
    fn state_keys(&self, has_scheduled_momentum: bool) -> Vec<StateKey>;

    /// Scalars of a step that vary from step to step, in the order in which [`Rule::update`] reads
    /// them. A captured step reads them from device memory.
    fn scalars(&self, step: &StepSettings) -> Vec<f64>;

    /// Updates the parameters in place.
    ///
    /// Scalars may be on the device ([`Number::There`]): the step is then captured as a CUDA graph,
    /// so the operations must not depend on values. [`Update::in_place`] is the loop for the CPU.
    fn update(&self, update: Update) -> Result<()>;

    /// Whether each element is updated independently of the others. Parameters of an elementwise
    /// rule may be concatenated into one vector; others are updated one by one, in their shape.
    fn is_elementwise(&self) -> bool {
        true
    }

    /// Whether a step can be captured as a CUDA graph.
    fn is_capturable(&self) -> bool {
        true
    }

    /// Returns the rule of a parameter that this one does not update itself.
    fn for_parameter(&self, _name: &str, _shape: &[i64]) -> Option<Rc<dyn Rule>> {
        None
    }

    /// Paths that the settings name: each must be that of a parameter.
    fn patterns(&self) -> &[String] {
        &[]
    }

    /// The rule itself, where another crate defines it and looks for it.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// A key of the state that a rule keeps for each parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateKey {
    /// Exists after the first step.
    Required(Cow<'static, str>),
    /// May exist: it depends on a setting that a schedule changes.
    Optional(Cow<'static, str>),
    /// Any other key, for a rule whose state is defined by a script.
    Any,
}

impl StateKey {
    /// A key that exists after the first step.
    pub const fn required(name: &'static str) -> StateKey {
        StateKey::Required(Cow::Borrowed(name))
    }

    /// A key that may exist.
    pub const fn optional(name: &'static str) -> StateKey {
        StateKey::Optional(Cow::Borrowed(name))
    }

    /// The key of a momentum buffer, if there is one: it exists after the first step, unless a
    /// schedule sets the momentum, which may then be 0 at first.
    pub(super) fn of_momentum(
        name: &'static str,
        momentum: f64,
        is_scheduled: bool,
    ) -> Option<StateKey> {
        match is_scheduled {
            true => Some(StateKey::optional(name)),
            false => (momentum > 0.0).then(|| StateKey::required(name)),
        }
    }

    /// The name; `None` for [`StateKey::Any`].
    pub fn name(&self) -> Option<&str> {
        match self {
            StateKey::Required(name) | StateKey::Optional(name) => Some(name),
            StateKey::Any => None,
        }
    }

    /// Whether a tensor of this name is state of the key.
    pub fn accepts(&self, name: &str) -> bool {
        self.name().is_none_or(|own| own == name)
    }
}

/// Settings of one step, of parameters that share them.
#[derive(Clone, Debug)]
pub struct StepSettings {
    /// Learning rate: that of the optimizer times the factor of the parameter group.
    pub lr: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Momentum set by a schedule; the rule's own otherwise.
    pub momentum: Option<f64>,
    /// Number of steps of these parameters, including this one.
    pub step: u64,
    /// Whether there is no state of earlier steps.
    pub is_first: bool,
}

/// State of parameters by key.
pub type RuleState = BTreeMap<String, Tensor>;

/// What one update reads and writes.
pub struct Update<'a> {
    /// Parameters to update, in one tensor.
    pub parameter: &'a Tensor,
    /// Their gradient.
    pub gradient: Tensor,
    /// Weight decay.
    pub weight_decay: f64,
    /// See [`Rule::scalars`].
    pub scalars: &'a [Number],
    /// Factor on the gradient, from clipping.
    pub factor: &'a Number,
    /// Tensors kept between steps.
    pub state: &'a mut RuleState,
}

impl Update<'_> {
    /// Returns the state of a key, initially zeros.
    pub fn state(&mut self, key: &str) -> Result<Tensor> {
        if let Some(tensor) = self.state.get(key) {
            return Ok(tensor.clone());
        }
        let zeros = self.parameter.detach()?.zeros_like()?;
        self.state.insert(key.to_string(), zeros.clone());
        Ok(zeros)
    }

    /// Returns the gradient times its factor.
    pub fn scaled_gradient(&self) -> Result<Tensor> {
        self.gradient.scaled(self.factor)
    }

    /// Returns the scaled gradient plus the gradient of the L2 penalty.
    pub fn decayed_gradient(&self) -> Result<Tensor> {
        let gradient = self.scaled_gradient()?;
        if self.weight_decay == 0.0 {
            Ok(gradient)
        } else {
            gradient.add(&self.parameter.mul_number(self.weight_decay)?)
        }
    }

    /// Runs the whole update as one loop over elements and returns whether it could: scalars must
    /// be on the host, tensors contiguous 32-bit floats on the CPU.
    ///
    /// `run` receives the factor on the gradient, the scalars, the parameters, the gradient and the
    /// state of the keys, in their order.
    pub fn in_place<const N: usize>(
        &mut self,
        keys: &[&str],
        run: impl FnOnce(f32, [f32; N], &mut [f32], &[f32], &mut [&mut [f32]]),
    ) -> Result<bool> {
        let scalars: Option<Vec<f32>> = self
            .scalars
            .iter()
            .map(|scalar| scalar.here().map(|scalar| scalar as f32))
            .collect();
        let (Some(factor), Some(Ok(scalars))) =
            (self.factor.here(), scalars.map(<[f32; N]>::try_from))
        else {
            return Ok(false);
        };
        let state = keys
            .iter()
            .map(|key| self.state(key))
            .collect::<Result<Vec<_>>>()?;
        let changed: Vec<&Tensor> = std::iter::once(self.parameter).chain(&state).collect();
        let outcome = inplace::change(&changed, &self.gradient, |values, gradient| {
            if let Some((parameter, state)) = values.split_first_mut() {
                run(factor as f32, scalars, parameter, gradient, state);
            }
        });
        Ok(outcome.is_some())
    }
}
