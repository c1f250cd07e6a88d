//! LAMB (You et al. 2020, algorithm 2).

use super::rule::{Rule, StateKey, StepSettings, Update};
use cistron_base::{Result, bail};
use cistron_torch::Tensor;

/// LAMB: Adam whose step, for each parameter, has the norm of the parameter.
#[derive(Clone, Debug)]
pub struct Lamb {
    /// Decay rates of the running mean of the gradient and of its square.
    pub betas: (f64, f64),
    /// Term added to the denominator.
    pub eps: f64,
}

impl Lamb {
    /// Default settings.
    pub const DEFAULT: Lamb = Lamb {
        betas: (0.9, 0.999),
        eps: 1e-6,
    };
}

/// Returns the norm of the parameter over that of its step; 1 where one of them is 0.
fn trust_ratio(parameter: &Tensor, step: &Tensor) -> Result<Tensor> {
    let (weight, length) = (
        parameter.norm(2.0, &None, false)?,
        step.norm(2.0, &None, false)?,
    );
    let is_defined = weight.minimum(&length)?.gt_number(0.0)?;
    weight
        .div(&length)?
        .where_(&is_defined, &weight.ones_like()?)
}

impl Rule for Lamb {
    fn name(&self) -> &str {
        "lamb"
    }

    fn state_keys(&self, _has_scheduled_momentum: bool) -> Vec<StateKey> {
        vec![StateKey::required("mean"), StateKey::required("square")]
    }

    /// −lr; the bias corrections of the mean and of the root of the square; β₁ and 1 − β₁.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        let b1 = step.momentum.unwrap_or(self.betas.0);
        let t = step.step as f64;
        vec![
            -step.lr,
            1.0 / (1.0 - b1.powf(t)),
            1.0 / (1.0 - self.betas.1.powf(t)).sqrt(),
            b1,
            1.0 - b1,
        ]
    }

    fn update(&self, mut update: Update) -> Result<()> {
        let [rate, of_mean, of_root, b1, n1] = update.scalars else {
            bail!("internal", "lamb has 5 scalars")
        };
        let gradient = update.scaled_gradient()?;
        let mean = update.state("mean")?;
        mean.scale_(b1)?;
        mean.add_times_(&gradient, n1)?;
        let square = update.state("square")?;
        let b2 = self.betas.1;
        square.mul_number_(b2)?;
        square.add_product_(&gradient, &gradient, 1.0 - b2)?;
        let denominator = square.sqrt()?;
        denominator.scale_(of_root)?;
        denominator.add_number_(self.eps)?;
        let step = mean.div(&denominator)?;
        step.scale_(of_mean)?;
        if update.weight_decay != 0.0 {
            step.add_scaled_(update.parameter, update.weight_decay)?;
        }
        step.mul_(&trust_ratio(update.parameter, &step)?)?;
        update.parameter.add_times_(&step, rate)
    }

    fn is_elementwise(&self) -> bool {
        false
    }
}
