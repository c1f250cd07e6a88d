//! Stochastic gradient descent with momentum.

use super::rule::{Rule, StateKey, StepSettings, Update};
use cistron_base::{Result, bail};
use cistron_torch::Number;

/// Stochastic gradient descent: v ← μ v + g; θ ← θ − lr v (with Nesterov momentum: g + μ v).
#[derive(Clone, Debug)]
pub struct Sgd {
    /// μ, the factor of the velocity.
    pub momentum: f64,
    /// Fraction of each gradient, after the first, that is not added to the velocity.
    pub dampening: f64,
    /// Whether to use Nesterov momentum.
    pub nesterov: bool,
}

impl Sgd {
    /// Default settings.
    pub const DEFAULT: Sgd = Sgd {
        momentum: 0.0,
        dampening: 0.0,
        nesterov: false,
    };

    fn update_without_momentum(&self, mut update: Update, rate: &Number) -> Result<()> {
        let decay = update.weight_decay as f32;
        let is_updated = update.in_place(&[], |factor, [rate], parameter, gradient, _| {
            parameter
                .iter_mut()
                .zip(gradient)
                .for_each(|(p, g)| *p += rate * (g * factor + decay * *p));
        })?;
        if is_updated {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        update.parameter.add_times_(&gradient, rate)
    }
}

impl Rule for Sgd {
    fn name(&self) -> &str {
        "sgd"
    }

    fn state_keys(&self, has_scheduled_momentum: bool) -> Vec<StateKey> {
        StateKey::of_momentum("momentum", self.momentum, has_scheduled_momentum)
            .into_iter()
            .collect()
    }

    /// −lr; with momentum also μ and the factor of the gradient that is added to v.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        let momentum = step.momentum.unwrap_or(self.momentum);
        if momentum == 0.0 && step.is_first {
            return vec![-step.lr];
        }
        let gain = if step.is_first {
            1.0
        } else {
            1.0 - self.dampening
        };
        vec![-step.lr, momentum, gain]
    }

    fn update(&self, mut update: Update) -> Result<()> {
        let (rate, momentum, gain) = match update.scalars {
            [rate] => return self.update_without_momentum(update, rate),
            [rate, momentum, gain] => (rate, momentum, gain),
            _ => bail!("internal", "sgd has 1 or 3 scalars"),
        };
        let (decay, nesterov) = (update.weight_decay as f32, self.nesterov);
        let is_updated = update.in_place(
            &["momentum"],
            |factor, [rate, momentum, gain], parameter, gradient, state| {
                let [velocity] = state else { return };
                for ((p, g), v) in parameter.iter_mut().zip(gradient).zip(&mut **velocity) {
                    let g = g * factor + decay * *p;
                    *v = momentum * *v + gain * g;
                    *p += rate * if nesterov { g + momentum * *v } else { *v };
                }
            },
        )?;
        if is_updated {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        let velocity = update.state("momentum")?;
        velocity.scale_(momentum)?;
        velocity.add_times_(&gradient, gain)?;
        let direction = if nesterov {
            gradient.add(&velocity.scaled(momentum)?)?
        } else {
            velocity
        };
        update.parameter.add_times_(&direction, rate)
    }
}
