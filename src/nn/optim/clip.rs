//! Keeping gradients within bounds.

use cistron_base::Result;
use cistron_torch::graph::is_steady;
use cistron_torch::{Number, Tensor, grad};

/// The gradients of parameters that have one.
pub fn gradients(parameters: &[(String, Tensor)]) -> Vec<Tensor> {
    parameters.iter().filter_map(|(_, p)| p.grad()).collect()
}

/// The common norm of all gradients, and the factor (at most 1) that makes it at most `most`.
fn factor(gradients: &[Tensor], most: f64) -> Result<(f64, f64)> {
    let _guard = grad::no_grad();
    let own: Option<f64> = gradients
        .iter()
        .map(|g| g.read(|x| x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>()))
        .sum();
    let total = match own {
        Some(squares) => squares.sqrt(),
        None => norm(gradients)?.item()?,
    };
    Ok((total, (most / (total + 1e-6)).min(1.0)))
}

/// The same factor, where the gradients lie.
fn factor_there(gradients: &[Tensor], most: f64) -> Result<Number> {
    let _guard = grad::no_grad();
    let total = norm(gradients)?.add_number(1e-6)?;
    Ok(Number::There(
        total.reciprocal()?.mul_number(most)?.clamp(0.0, 1.0)?,
    ))
}

fn norm(gradients: &[Tensor]) -> Result<Tensor> {
    let norms = gradients
        .iter()
        .map(|g| g.norm(2.0, &None, false))
        .collect::<Result<Vec<_>>>()?;
    Tensor::stack(&norms, 0)?.norm(2.0, &None, false)
}

/// Keeps gradients within a common norm and a size of each number; gives what a step has still to
/// multiply them with.
pub fn both(gradients: &[Tensor], norm: Option<f64>, value: Option<f64>) -> Result<Number> {
    let left = match norm {
        Some(most) if is_steady() => factor_there(gradients, most)?,
        Some(most) => Number::Here(factor(gradients, most)?.1),
        None => Number::Here(1.0),
    };
    let Some(most) = value else { return Ok(left) };
    if left.here() != Some(1.0) {
        scale(gradients, &left)?;
    }
    by_value(gradients, most)?;
    Ok(Number::Here(1.0))
}

/// Scales all gradients together so that their common norm is at most `most`; gives the norm
/// before.
pub fn by_norm(gradients: &[Tensor], most: f64) -> Result<f64> {
    let (norm, factor) = factor(gradients, most)?;
    if factor < 1.0 {
        scale(gradients, &Number::Here(factor))?;
    }
    Ok(norm)
}

/// Multiplies gradients in place.
fn scale(gradients: &[Tensor], by: &Number) -> Result<()> {
    let _guard = grad::no_grad();
    gradients.iter().try_for_each(|g| g.scale_(by))
}

/// Clamps every number of every gradient to `[-most, most]`.
pub fn by_value(gradients: &[Tensor], most: f64) -> Result<()> {
    let _guard = grad::no_grad();
    gradients.iter().try_for_each(|g| g.clamp_(-most, most))
}
