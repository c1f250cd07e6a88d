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
