//! Adagrad (Duchi, Hazan & Singer 2011).

use super::optimizer::{Moment, Update};
use cistron_base::Result;

/// The gradient over the root of the sum of its squares.
#[derive(Clone, Debug)]
pub struct Adagrad {
    /// How the learning rate falls with steps.
    pub lr_decay: f64,
    /// Added to the root.
    pub eps: f64,
}

impl Adagrad {
    /// -lr as it has fallen.
    pub(super) fn numbers(&self, moment: &Moment) -> Vec<f64> {
        vec![-moment.lr / (1.0 + (moment.step as f64 - 1.0) * self.lr_decay)]
    }

    pub(super) fn update(&self, mut update: Update) -> Result<()> {
        let (decay, eps) = (update.weight_decay as f32, self.eps as f32);
        let done = update.in_place(&["sum"], |factor, [rate], parameter, gradient, kept| {
            let [sum] = kept else { return };
            for ((p, g), s) in parameter.iter_mut().zip(gradient).zip(&mut **sum) {
                let g = g * factor + decay * *p;
                *s += g * g;
                *p += rate * g / (s.sqrt() + eps);
            }
        })?;
        if done {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        let sum = update.kept("sum")?;
        sum.add_product_(&gradient, &gradient, 1.0)?;
        let root = sum.sqrt()?;
        root.add_number_(self.eps)?;
        update
            .parameter
            .add_times_(&gradient.div(&root)?, &update.numbers[0])
    }
}
