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
        let first = !update.state.contains_key("momentum");
        let is_plain = self.momentum == 0.0 && first;
        let (factor, decay, lr) = (update.factor as f32, update.weight_decay as f32, update.lr as f32);
        let (momentum, gain) = (self.momentum as f32, if first { 1.0 } else { (1.0 - self.dampening) as f32 });
        let nesterov = self.nesterov;
        let done = update.in_place(if is_plain { &[] } else { &["momentum"] }, |parameter, gradient, kept| match kept {
            [velocity] => {
                for ((p, g), v) in parameter.iter_mut().zip(gradient).zip(&mut **velocity) {
                    let g = g * factor + decay * *p;
                    *v = momentum * *v + gain * g;
                    *p -= lr * if nesterov { g + momentum * *v } else { *v };
                }
            }
            _ => parameter.iter_mut().zip(gradient).for_each(|(p, g)| *p -= lr * (g * factor + decay * *p)),
        })?;
        if done {
            return Ok(());
        }
        let mut gradient = update.decayed_gradient()?;
        if !is_plain {
            let velocity = update.kept("momentum")?;
            velocity.mul_number_(self.momentum)?;
            velocity.add_scaled_(&gradient, if first { 1.0 } else { 1.0 - self.dampening })?;
            gradient = if self.nesterov { gradient.add(&velocity.mul_number(self.momentum)?)? } else { velocity };
        }
        update.parameter.add_scaled_(&gradient, -update.lr)
    }
}
