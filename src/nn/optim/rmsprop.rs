//! RMSProp (Tieleman & Hinton 2012), as PyTorch computes it.

use super::optimizer::{Moment, Update};
use cistron_base::Result;

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
    /// -lr, and the momentum where there is any.
    pub(super) fn numbers(&self, moment: &Moment) -> Vec<f64> {
        if self.momentum > 0.0 {
            vec![-moment.lr, self.momentum]
        } else {
            vec![-moment.lr]
        }
    }

    pub(super) fn update(&self, mut update: Update) -> Result<()> {
        let decay = update.weight_decay as f32;
        let (alpha, rest, eps) = (
            self.alpha as f32,
            (1.0 - self.alpha) as f32,
            self.eps as f32,
        );
        let centered = self.centered;
        let names: &[&'static str] = if centered {
            &["square", "average"]
        } else {
            &["square"]
        };
        let done = match update.numbers {
            [_, _] => {
                let names = [names, &["buffer"]].concat();
                update.in_place(
                    &names,
                    |factor, [rate, momentum], parameter, gradient, kept| {
                        let Some((buffer, kept)) = kept.split_last_mut() else {
                            return;
                        };
                        for i in 0..parameter.len() {
                            let g = gradient[i] * factor + decay * parameter[i];
                            buffer[i] = momentum * buffer[i]
                                + g / (spread(kept, i, g, alpha, rest).sqrt() + eps);
                            parameter[i] += rate * buffer[i];
                        }
                    },
                )
            }
            _ => update.in_place(names, |factor, [rate], parameter, gradient, kept| {
                for i in 0..parameter.len() {
                    let g = gradient[i] * factor + decay * parameter[i];
                    parameter[i] += rate * (g / (spread(kept, i, g, alpha, rest).sqrt() + eps));
                }
            }),
        }?;
        if done {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        let square = update.kept("square")?;
        square.mul_number_(self.alpha)?;
        square.add_product_(&gradient, &gradient, 1.0 - self.alpha)?;
        let root = if centered {
            let average = update.kept("average")?;
            average.mul_number_(self.alpha)?;
            average.add_scaled_(&gradient, 1.0 - self.alpha)?;
            square.sub(&average.square()?)?.sqrt()?
        } else {
            square.sqrt()?
        };
        root.add_number_(self.eps)?;
        let scaled = gradient.div(&root)?;
        let [rate, momentum] = update.numbers else {
            return update.parameter.add_times_(&scaled, &update.numbers[0]);
        };
        let buffer = update.kept("buffer")?;
        buffer.scale_(momentum)?;
        buffer.add_(&scaled)?;
        update.parameter.add_times_(&buffer, rate)
    }
}

/// The running mean square of number `i`, without the square of the mean where that is kept too.
#[inline(always)]
fn spread(kept: &mut [&mut [f32]], i: usize, g: f32, alpha: f32, rest: f32) -> f32 {
    match kept {
        [square] => {
            square[i] = alpha * square[i] + rest * g * g;
            square[i]
        }
        [square, average, ..] => {
            square[i] = alpha * square[i] + rest * g * g;
            average[i] = alpha * average[i] + rest * g;
            square[i] - average[i] * average[i]
        }
        [] => 0.0,
    }
}
