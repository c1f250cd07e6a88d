//! The state of optimizers in checkpoints.

use crate::optim::Optimizer;
use cistron_base::Result;
use cistron_torch::Tensor;

/// State of optimizers as named tensors.
pub trait OptimizerState {
    /// Returns the state.
    fn export(&self) -> Result<Vec<(String, Tensor)>>;
    /// Restores the state; fails on unknown and on missing keys.
    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()>;
}

impl OptimizerState for Optimizer {
    fn export(&self) -> Result<Vec<(String, Tensor)>> {
        Optimizer::export(self)
    }

    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        Optimizer::import(self, tensors)
    }
}
