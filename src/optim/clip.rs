//! Keeping gradients within bounds.

use crate::base::Result;
use crate::torch::{Tensor, grad};

/// The common norm of all gradients, and the factor (at most 1) that makes it at most `most`.
pub fn factor(parameters: &[(String, Tensor)], most: f64) -> Result<(f64, f64)> {
    let _guard = grad::no_grad();
    let gradients: Vec<Tensor> = parameters.iter().filter_map(|(_, p)| p.grad()).collect();
    let own: Option<f64> = gradients.iter().map(|g| g.read(|x| x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>())).sum();
    let total = match own {
        Some(squares) => squares.sqrt(),
        None => {
            let norms = gradients.iter().map(|g| g.norm(2.0, &None, false)).collect::<Result<Vec<_>>>()?;
            Tensor::stack(&norms, 0)?.norm(2.0, &None, false)?.item()?
        }
    };
    Ok((total, (most / (total + 1e-6)).min(1.0)))
}

/// Scales all gradients together so that their common norm is at most `most`; gives the norm before.
pub fn by_norm(parameters: &[(String, Tensor)], most: f64) -> Result<f64> {
    let (norm, factor) = factor(parameters, most)?;
    if factor < 1.0 {
        let _guard = grad::no_grad();
        parameters.iter().filter_map(|(_, p)| p.grad()).try_for_each(|g| g.mul_number_(factor))?;
    }
    Ok(norm)
}

/// Clamps every number of every gradient to `[-most, most]`.
pub fn by_value(parameters: &[(String, Tensor)], most: f64) -> Result<()> {
    let _guard = grad::no_grad();
    parameters.iter().filter_map(|(_, p)| p.grad()).try_for_each(|g| g.clamp_(-most, most))
}
