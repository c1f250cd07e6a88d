//! Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019).

use super::optimizer::Update;
use crate::base::Result;

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
    pub(super) fn update(&self, mut update: Update) -> Result<()> {
        let (b1, b2) = self.betas;
        let t = update.step as f64;
        let (c1, c2) = (1.0 - b1.powf(t), 1.0 - b2.powf(t));
        let (factor, decay, lr) = (update.factor as f32, update.weight_decay as f32, update.lr);
        let (shrunk, decay) = if self.decoupled { (1.0 - lr as f32 * decay, 0.0) } else { (1.0, decay) };
        let (rate, root, eps) = ((lr / c1) as f32, (1.0 / c2.sqrt()) as f32, self.eps as f32);
        let (b1, b2, n1, n2) = (b1 as f32, b2 as f32, (1.0 - b1) as f32, (1.0 - b2) as f32);
        let done = update.in_place(&["mean", "square"], |parameter, gradient, kept| {
            let [mean, square] = kept else { return };
            for (((p, g), m), s) in parameter.iter_mut().zip(gradient).zip(&mut **mean).zip(&mut **square) {
                let g = g * factor + decay * *p;
                *m = b1 * *m + n1 * g;
                *s = b2 * *s + n2 * g * g;
                *p = *p * shrunk - rate * *m / (s.sqrt() * root + eps);
            }
        })?;
        if done {
            return Ok(());
        }
        let gradient = if self.decoupled {
            if update.weight_decay != 0.0 {
                update.parameter.mul_number_(1.0 - update.lr * update.weight_decay)?;
            }
            update.scaled_gradient()?
        } else {
            update.decayed_gradient()?
        };
        let (b1, b2) = self.betas;
        let mean = update.kept("mean")?;
        mean.mul_number_(b1)?;
        mean.add_scaled_(&gradient, 1.0 - b1)?;
        let square = update.kept("square")?;
        square.mul_number_(b2)?;
        square.add_product_(&gradient, &gradient, 1.0 - b2)?;
        let root = square.sqrt()?;
        root.mul_number_(1.0 / c2.sqrt())?;
        root.add_number_(self.eps)?;
        let move_ = mean.div(&root)?;
        update.parameter.add_scaled_(&move_, -update.lr / c1)
    }
}
