//! Keeping gradients within bounds.

use crate::base::Result;
use crate::torch::{Tensor, grad};

/// Scales all gradients together so that their common norm is at most `most`; gives the norm before.
pub fn by_norm(parameters: &[(String, Tensor)], most: f64) -> Result<f64> {
    let _guard = grad::no_grad();
    let gradients: Vec<Tensor> = parameters.iter().filter_map(|(_, p)| p.grad()).collect();
    let norms = gradients.iter().map(|g| g.norm(2.0, &None, false)).collect::<Result<Vec<_>>>()?;
    if norms.is_empty() {
        return Ok(0.0);
    }
    let total = Tensor::stack(&norms, 0)?.norm(2.0, &None, false)?.item()?;
    let scale = most / (total + 1e-6);
    if scale < 1.0 {
        gradients.iter().try_for_each(|g| g.mul_number_(scale))?;
    }
    Ok(total)
}

/// Clamps every number of every gradient to `[-most, most]`.
pub fn by_value(parameters: &[(String, Tensor)], most: f64) -> Result<()> {
    let _guard = grad::no_grad();
    parameters.iter().filter_map(|(_, p)| p.grad()).try_for_each(|g| g.clamp_(-most, most))
}
