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
    /// Returns the learning rates of a training at the start and now, without the factor of a
    /// schedule.
    fn rates(&self) -> Result<Vec<(f64, f64)>> {
        Ok(Vec::new())
    }
    /// Restores what [`OptimizerState::rates`] returned, after the state.
    fn restore_rates(&mut self, _rates: &[(f64, f64)]) {}
}

impl OptimizerState for Optimizer {
    fn export(&self) -> Result<Vec<(String, Tensor)>> {
        Optimizer::export(self)
    }

    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        Optimizer::import(self, tensors)
    }
}
