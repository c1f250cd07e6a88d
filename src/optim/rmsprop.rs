//! RMSProp (Tieleman & Hinton 2012), as PyTorch computes it.

use super::optimizer::Update;
use crate::base::Result;

/// The gradient over the root of its running mean square.
#[derive(Clone, Debug)]
pub struct RmsProp {
    /// Decay of the mean square.
    pub alpha: f64,
    /// Added to the root.
    pub eps: f64,
    /// Momentum on top.
    pub momentum: f64,
    /// Whether the mean is taken off (an estimate of the variance).
    pub centered: bool,
}

impl RmsProp {
    pub(super) fn update(&self, mut update: Update) -> Result<()> {
        let (factor, decay, lr) = (update.factor as f32, update.weight_decay as f32, update.lr as f32);
        let (alpha, rest, eps, momentum) = (self.alpha as f32, (1.0 - self.alpha) as f32, self.eps as f32, self.momentum as f32);
        let names: &[&'static str] = match (self.centered, self.momentum > 0.0) {
            (false, false) => &["square"],
            (false, true) => &["square", "buffer"],
            (true, false) => &["square", "average"],
            (true, true) => &["square", "buffer", "average"],
        };
        let (centered, has_momentum) = (self.centered, self.momentum > 0.0);
        let done = update.in_place(names, |parameter, gradient, kept| {
            let [square, rest_of] = match kept.split_first_mut() {
                Some((square, others)) => [std::slice::from_mut(square), others],
                None => return,
            };
            let square = &mut *square[0];
            for i in 0..parameter.len() {
                let g = gradient[i] * factor + decay * parameter[i];
                square[i] = alpha * square[i] + rest * g * g;
                let mut spread = square[i];
                if centered && let Some(average) = rest_of.last_mut() {
                    average[i] = alpha * average[i] + rest * g;
                    spread -= average[i] * average[i];
                }
                let mut step = g / (spread.sqrt() + eps);
                if has_momentum {
                    rest_of[0][i] = momentum * rest_of[0][i] + step;
                    step = rest_of[0][i];
                }
                parameter[i] -= lr * step;
            }
        })?;
        if done {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        let square = update.kept("square")?;
        square.mul_number_(self.alpha)?;
        square.add_product_(&gradient, &gradient, 1.0 - self.alpha)?;
        let root = if self.centered {
            let average = update.kept("average")?;
            average.mul_number_(self.alpha)?;
            average.add_scaled_(&gradient, 1.0 - self.alpha)?;
            square.sub(&average.square()?)?.sqrt()?
        } else {
            square.sqrt()?
        };
        root.add_number_(self.eps)?;
        let scaled = gradient.div(&root)?;
        if self.momentum > 0.0 {
            let buffer = update.kept("buffer")?;
            buffer.mul_number_(self.momentum)?;
            buffer.add_(&scaled)?;
            return update.parameter.add_scaled_(&buffer, -update.lr);
        }
        update.parameter.add_scaled_(&scaled, -update.lr)
    }
}
