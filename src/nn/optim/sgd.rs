//! Stochastic gradient descent with momentum.

use super::optimizer::{Moment, Update};
use cistron_base::Result;

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
    /// -lr; with momentum also μ and what g enters v with.
    pub(super) fn numbers(&self, moment: &Moment) -> Vec<f64> {
        let gain = if moment.is_first {
            1.0
        } else {
            1.0 - self.dampening
        };
        let is_plain = self.momentum == 0.0 && moment.is_first;
        if is_plain {
            vec![-moment.lr]
        } else {
            vec![-moment.lr, self.momentum, gain]
        }
    }

    pub(super) fn update(&self, mut update: Update) -> Result<()> {
        let decay = update.weight_decay as f32;
        let nesterov = self.nesterov;
        let (rate, momentum, gain) = match update.numbers {
            [rate, momentum, gain] => (rate, momentum, gain),
            numbers => {
                let done = update.in_place(&[], |factor, [rate], parameter, gradient, _| {
                    parameter
                        .iter_mut()
                        .zip(gradient)
                        .for_each(|(p, g)| *p += rate * (g * factor + decay * *p));
                })?;
                return if done {
                    Ok(())
                } else {
                    update
                        .parameter
                        .add_times_(&update.decayed_gradient()?, &numbers[0])
                };
            }
        };
        let done = update.in_place(
            &["momentum"],
            |factor, [rate, momentum, gain], parameter, gradient, kept| {
                let [velocity] = kept else { return };
                for ((p, g), v) in parameter.iter_mut().zip(gradient).zip(&mut **velocity) {
                    let g = g * factor + decay * *p;
                    *v = momentum * *v + gain * g;
                    *p += rate * if nesterov { g + momentum * *v } else { *v };
                }
            },
        )?;
        if done {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        let velocity = update.kept("momentum")?;
        velocity.scale_(momentum)?;
        velocity.add_times_(&gradient, gain)?;
        let step = if nesterov {
            gradient.add(&velocity.scaled(momentum)?)?
        } else {
            velocity
        };
        update.parameter.add_times_(&step, rate)
    }
}
