//! Stochastic gradient descent with momentum.

use super::optimizer::Update;
use crate::base::Result;

/// v ← μ v + g; θ ← θ - lr v (or g + μ v, Nesterov's).
#[derive(Clone, Debug)]
pub struct Sgd {
    /// μ
    pub momentum: f64,
    /// What is taken off g as it enters v.
    pub dampening: f64,
    /// Whether the gradient looks ahead.
    pub nesterov: bool,
}

impl Sgd {
    pub(super) fn update(&self, mut update: Update) -> Result<()> {
        let mut gradient = update.decayed_gradient()?;
        if self.momentum != 0.0 || update.state.contains_key("momentum") {
            let first = !update.state.contains_key("momentum");
            let velocity = update.kept("momentum")?;
            velocity.mul_number_(self.momentum)?;
            velocity.add_scaled_(&gradient, if first { 1.0 } else { 1.0 - self.dampening })?;
            gradient = if self.nesterov { gradient.add(&velocity.mul_number(self.momentum)?)? } else { velocity };
        }
        update.parameter.add_scaled_(&gradient, -update.lr)
    }
}
