//! Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019).

use super::rule::{Rule, StateKey, StepSettings, Update};
use cistron_base::{Result, bail};

/// Adam: running means of the gradient and of its square, with bias correction.
#[derive(Clone, Debug)]
pub struct Adam {
    /// Decay rates of the running mean of the gradient and of its square.
    pub betas: (f64, f64),
    /// Term added to the denominator.
    pub eps: f64,
    /// Whether weight decay acts on the parameter (AdamW) instead of on the gradient.
    pub decoupled: bool,
}

impl Adam {
    /// Default settings of Adam.
    pub const DEFAULT: Adam = Adam {
        betas: (0.9, 0.999),
        eps: 1e-8,
        decoupled: false,
    };

    /// Default settings of AdamW.
    pub const DECOUPLED: Adam = Adam {
        decoupled: true,
        ..Adam::DEFAULT
    };
}

impl Rule for Adam {
    fn name(&self) -> &str {
        if self.decoupled { "adamw" } else { "adam" }
    }

    fn state_keys(&self, _has_scheduled_momentum: bool) -> Vec<StateKey> {
        vec![StateKey::required("mean"), StateKey::required("square")]
    }

    /// −lr and the factor of the root, both with bias correction; the fraction of the parameter
    /// that decoupled decay leaves; the decay rate β₁ of the mean, and 1 − β₁.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        let b1 = step.momentum.unwrap_or(self.betas.0);
        let b2 = self.betas.1;
        let t = step.step as f64;
        let shrink = if self.decoupled {
            1.0 - step.lr * step.weight_decay
        } else {
            1.0
        };
        vec![
            -step.lr / (1.0 - b1.powf(t)),
            1.0 / (1.0 - b2.powf(t)).sqrt(),
            shrink,
            b1,
            1.0 - b1,
        ]
    }

    fn update(&self, mut update: Update) -> Result<()> {
        let [rate, root, shrink, b1, n1] = update.scalars else {
            bail!("internal", "adam has 5 scalars")
        };
        let penalty = if self.decoupled {
            0.0
        } else {
            update.weight_decay
        };
        let (penalty, eps) = (penalty as f32, self.eps as f32);
        let b2 = self.betas.1;
        let (b2_single, n2_single) = (b2 as f32, (1.0 - b2) as f32);
        let is_updated = update.in_place(
            &["mean", "square"],
            |factor, [rate, root, shrink, b1, n1], parameter, gradient, state| {
                let [mean, square] = state else { return };
                for (((p, g), m), s) in parameter
                    .iter_mut()
                    .zip(gradient)
                    .zip(&mut **mean)
                    .zip(&mut **square)
                {
                    let g = g * factor + penalty * *p;
                    *m = b1 * *m + n1 * g;
                    *s = b2_single * *s + n2_single * g * g;
                    *p = *p * shrink + rate * *m / (s.sqrt() * root + eps);
                }
            },
        )?;
        if is_updated {
            return Ok(());
        }
        if self.decoupled && update.weight_decay != 0.0 {
            update.parameter.scale_(shrink)?;
        }
        let gradient = if self.decoupled {
            update.scaled_gradient()?
        } else {
            update.decayed_gradient()?
        };
        let mean = update.state("mean")?;
        mean.scale_(b1)?;
        mean.add_times_(&gradient, n1)?;
        let square = update.state("square")?;
        square.mul_number_(b2)?;
        square.add_product_(&gradient, &gradient, 1.0 - b2)?;
        let denominator = square.sqrt()?;
        denominator.scale_(root)?;
        denominator.add_number_(self.eps)?;
        update.parameter.add_times_(&mean.div(&denominator)?, rate)
    }
}
