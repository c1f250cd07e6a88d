//! Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019).

use super::optimizer::{Moment, Update};
use cistron_base::Result;

/// Running means of the gradient and of its square, corrected for their start.
#[derive(Clone, Debug)]
pub struct Adam {
    /// Decay of the mean and of the mean square.
    pub betas: (f64, f64),
    /// Added to the root.
    pub eps: f64,
    /// Whether decay acts on the parameter itself (AdamW) instead of on the gradient.
    pub decoupled: bool,
}

impl Adam {
    /// -lr and a factor of the root, both with the correction for the start; what decay leaves of
    /// the parameter; the mean's decay, which a schedule may change, and what a gradient enters it
    /// with.
    pub(super) fn numbers(&self, moment: &Moment) -> Vec<f64> {
        let (b1, b2) = self.betas;
        let t = moment.step as f64;
        let shrunk = if self.decoupled {
            1.0 - moment.lr * moment.weight_decay
        } else {
            1.0
        };
        vec![
            -moment.lr / (1.0 - b1.powf(t)),
            1.0 / (1.0 - b2.powf(t)).sqrt(),
            shrunk,
            b1,
            1.0 - b1,
        ]
    }

    pub(super) fn update(&self, mut update: Update) -> Result<()> {
        let [rate, root, shrunk, b1, n1] = update.numbers else {
            return Ok(());
        };
        let decay = if self.decoupled {
            0.0
        } else {
            update.weight_decay
        };
        let (own_decay, eps) = (decay as f32, self.eps as f32);
        let b2 = self.betas.1;
        let (own_b2, own_n2) = (b2 as f32, (1.0 - b2) as f32);
        let done = update.in_place(
            &["mean", "square"],
            |factor, [rate, root, shrunk, b1, n1], parameter, gradient, kept| {
                let [mean, square] = kept else { return };
                for (((p, g), m), s) in parameter
                    .iter_mut()
                    .zip(gradient)
                    .zip(&mut **mean)
                    .zip(&mut **square)
                {
                    let g = g * factor + own_decay * *p;
                    *m = b1 * *m + n1 * g;
                    *s = own_b2 * *s + own_n2 * g * g;
                    *p = *p * shrunk + rate * *m / (s.sqrt() * root + eps);
                }
            },
        )?;
        if done {
            return Ok(());
        }
        if self.decoupled && update.weight_decay != 0.0 {
            update.parameter.scale_(shrunk)?;
        }
        let gradient = if self.decoupled {
            update.scaled_gradient()?
        } else {
            update.decayed_gradient()?
        };
        let mean = update.kept("mean")?;
        mean.scale_(b1)?;
        mean.add_times_(&gradient, n1)?;
        let square = update.kept("square")?;
        square.mul_number_(b2)?;
        square.add_product_(&gradient, &gradient, 1.0 - b2)?;
        let spread = square.sqrt()?;
        spread.scale_(root)?;
        spread.add_number_(self.eps)?;
        update.parameter.add_times_(&mean.div(&spread)?, rate)
    }
}
