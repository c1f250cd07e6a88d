//! Lion (Chen et al. 2023, algorithm 2).

use super::rule::{Rule, StateKey, StepSettings, Update};
use cistron_base::{Result, bail};

/// Lion: the sign of a mean of the momentum and the gradient, with decoupled weight decay.
#[derive(Clone, Debug)]
pub struct Lion {
    /// Weight of the momentum in the update, and decay rate of the momentum.
    pub betas: (f64, f64),
}

impl Lion {
    /// Default settings.
    pub const DEFAULT: Lion = Lion { betas: (0.9, 0.99) };
}

/// The sign of a number, 0 of 0.
fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

impl Rule for Lion {
    fn name(&self) -> &str {
        "lion"
    }

    fn state_keys(&self, _has_scheduled_momentum: bool) -> Vec<StateKey> {
        vec![StateKey::required("momentum")]
    }

    /// −lr; the fraction of the parameter that decay leaves; β₁ and 1 − β₁.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        let b1 = step.momentum.unwrap_or(self.betas.0);
        vec![-step.lr, 1.0 - step.lr * step.weight_decay, b1, 1.0 - b1]
    }

    fn update(&self, mut update: Update) -> Result<()> {
        let [rate, shrink, b1, n1] = update.scalars else {
            bail!("internal", "lion has 4 scalars")
        };
        let b2 = self.betas.1;
        let (b2_single, n2_single) = (b2 as f32, (1.0 - b2) as f32);
        let is_updated = update.in_place(
            &["momentum"],
            |factor, [rate, shrink, b1, n1], parameter, gradient, state| {
                let [momentum] = state else { return };
                for ((p, g), m) in parameter.iter_mut().zip(gradient).zip(&mut **momentum) {
                    let g = g * factor;
                    *p = *p * shrink + rate * sign(b1 * *m + n1 * g);
                    *m = b2_single * *m + n2_single * g;
                }
            },
        )?;
        if is_updated {
            return Ok(());
        }
        let gradient = update.scaled_gradient()?;
        let momentum = update.state("momentum")?;
        let direction = momentum.scaled(b1)?.add(&gradient.scaled(n1)?)?.sign()?;
        update.parameter.scale_(shrink)?;
        update.parameter.add_times_(&direction, rate)?;
        momentum.mul_number_(b2)?;
        momentum.add_scaled_(&gradient, 1.0 - b2)
    }
}
