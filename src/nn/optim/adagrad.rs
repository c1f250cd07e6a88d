//! Adagrad (Duchi, Hazan & Singer 2011).

use super::rule::{Rule, StateKey, StepSettings, Update};
use cistron_base::{Result, bail};

/// Adagrad: the gradient over the root of the sum of its squares.
#[derive(Clone, Debug)]
pub struct Adagrad {
    /// Decay of the learning rate with steps t: lr / (1 + (t − 1) lr_decay).
    pub lr_decay: f64,
    /// Term added to the root.
    pub eps: f64,
}

impl Adagrad {
    /// Default settings.
    pub const DEFAULT: Adagrad = Adagrad {
        lr_decay: 0.0,
        eps: 1e-10,
    };
}

impl Rule for Adagrad {
    fn name(&self) -> &str {
        "adagrad"
    }

    fn state_keys(&self, _has_scheduled_momentum: bool) -> Vec<StateKey> {
        vec![StateKey::required("sum")]
    }

    /// The negative learning rate after its decay.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        vec![-step.lr / (1.0 + (step.step as f64 - 1.0) * self.lr_decay)]
    }

    fn update(&self, mut update: Update) -> Result<()> {
        let [rate] = update.scalars else {
            bail!("internal", "adagrad has 1 scalar")
        };
        let (decay, eps) = (update.weight_decay as f32, self.eps as f32);
        let is_updated =
            update.in_place(&["sum"], |factor, [rate], parameter, gradient, state| {
                let [sum] = state else { return };
                for ((p, g), s) in parameter.iter_mut().zip(gradient).zip(&mut **sum) {
                    let g = g * factor + decay * *p;
                    *s += g * g;
                    *p += rate * g / (s.sqrt() + eps);
                }
            })?;
        if is_updated {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        let sum = update.state("sum")?;
        sum.add_product_(&gradient, &gradient, 1.0)?;
        let root = sum.sqrt()?;
        root.add_number_(self.eps)?;
        update.parameter.add_times_(&gradient.div(&root)?, rate)
    }
}
