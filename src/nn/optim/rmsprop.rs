//! RMSProp (Tieleman & Hinton 2012), as PyTorch computes it.

use super::rule::{Rule, StateKey, StepSettings, Update};
use cistron_base::Result;

/// RMSProp: the gradient over the root of the running mean of its square.
#[derive(Clone, Debug)]
pub struct RmsProp {
    /// Decay rate of the running mean of the squared gradient.
    pub alpha: f64,
    /// Term added to the root.
    pub eps: f64,
    /// Factor of the velocity that the scaled gradients add up to; 0 is no momentum.
    pub momentum: f64,
    /// Whether to scale by the running variance of the gradient instead of its mean square.
    pub centered: bool,
}

impl RmsProp {
    /// Default settings.
    pub const DEFAULT: RmsProp = RmsProp {
        alpha: 0.99,
        eps: 1e-8,
        momentum: 0.0,
        centered: false,
    };
}

impl Rule for RmsProp {
    fn name(&self) -> &str {
        "rmsprop"
    }

    fn state_keys(&self, has_scheduled_momentum: bool) -> Vec<StateKey> {
        let mut keys = vec![StateKey::required("square")];
        keys.extend(self.centered.then(|| StateKey::required("average")));
        keys.extend(StateKey::of_momentum(
            "buffer",
            self.momentum,
            has_scheduled_momentum,
        ));
        keys
    }

    /// −lr, and the momentum unless it is 0.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        let momentum = step.momentum.unwrap_or(self.momentum);
        if momentum > 0.0 {
            vec![-step.lr, momentum]
        } else {
            vec![-step.lr]
        }
    }

    fn update(&self, mut update: Update) -> Result<()> {
        if self.update_in_place(&mut update)? {
            return Ok(());
        }
        let gradient = update.decayed_gradient()?;
        let square = update.state("square")?;
        square.mul_number_(self.alpha)?;
        square.add_product_(&gradient, &gradient, 1.0 - self.alpha)?;
        let root = if self.centered {
            let average = update.state("average")?;
            average.mul_number_(self.alpha)?;
            average.add_scaled_(&gradient, 1.0 - self.alpha)?;
            square.sub(&average.square()?)?.sqrt()?
        } else {
            square.sqrt()?
        };
        root.add_number_(self.eps)?;
        let scaled = gradient.div(&root)?;
        let [rate, momentum] = update.scalars else {
            return update.parameter.add_times_(&scaled, &update.scalars[0]);
        };
        let buffer = update.state("buffer")?;
        buffer.scale_(momentum)?;
        buffer.add_(&scaled)?;
        update.parameter.add_times_(&buffer, rate)
    }
}

impl RmsProp {
    fn update_in_place(&self, update: &mut Update) -> Result<bool> {
        let decay = update.weight_decay as f32;
        let (alpha, rest, eps) = (
            self.alpha as f32,
            (1.0 - self.alpha) as f32,
            self.eps as f32,
        );
        let keys: &[&str] = if self.centered {
            &["square", "average"]
        } else {
            &["square"]
        };
        if update.scalars.len() == 1 {
            return update.in_place(keys, |factor, [rate], parameter, gradient, state| {
                for i in 0..parameter.len() {
                    let g = gradient[i] * factor + decay * parameter[i];
                    parameter[i] += rate * (g / (spread(state, i, g, alpha, rest).sqrt() + eps));
                }
            });
        }
        let keys = [keys, &["buffer"]].concat();
        update.in_place(
            &keys,
            |factor, [rate, momentum], parameter, gradient, state| {
                let Some((buffer, state)) = state.split_last_mut() else {
                    return;
                };
                for i in 0..parameter.len() {
                    let g = gradient[i] * factor + decay * parameter[i];
                    buffer[i] =
                        momentum * buffer[i] + g / (spread(state, i, g, alpha, rest).sqrt() + eps);
                    parameter[i] += rate * buffer[i];
                }
            },
        )
    }
}

/// Updates the running means of element `i`; returns the mean square, less the square of the mean
/// if the mean is kept too.
#[inline(always)]
fn spread(state: &mut [&mut [f32]], i: usize, g: f32, alpha: f32, rest: f32) -> f32 {
    match state {
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
