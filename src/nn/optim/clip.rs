//! Gradient clipping: by the joint norm, by value.

use cistron_base::Result;
use cistron_torch::graph::is_steady;
use cistron_torch::{Number, Tensor, grad};

/// Returns the gradients of the parameters that have one.
pub fn gradients(parameters: &[(String, Tensor)]) -> Vec<Tensor> {
    parameters.iter().filter_map(|(_, p)| p.grad()).collect()
}

/// The joint norm of gradients, and the factor that limits it.
struct NormFactor {
    norm: f64,
    factor: f64,
}

/// Returns the joint norm of the gradients, and the factor (at most 1) that scales it to at most
/// `most`.
fn factor(gradients: &[Tensor], most: f64) -> Result<NormFactor> {
    let _guard = grad::no_grad();
    let sum_of_squares: Option<f64> = gradients
        .iter()
        .map(|g| g.read(|x| x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>()))
        .sum();
    let norm = match sum_of_squares {
        Some(sum) => sum.sqrt(),
        None => joint_norm(gradients)?.item()?,
    };
    Ok(NormFactor {
        norm,
        factor: (most / (norm + 1e-6)).min(1.0),
    })
}

/// Returns the same factor as a tensor on the device.
fn factor_on_device(gradients: &[Tensor], most: f64) -> Result<Number> {
    let _guard = grad::no_grad();
    let norm = joint_norm(gradients)?.add_number(1e-6)?;
    Ok(Number::There(
        norm.reciprocal()?.mul_number(most)?.clamp(0.0, 1.0)?,
    ))
}

fn joint_norm(gradients: &[Tensor]) -> Result<Tensor> {
    let norms = gradients
        .iter()
        .map(|g| g.norm(2.0, &None, false))
        .collect::<Result<Vec<_>>>()?;
    Tensor::stack(&norms, 0)?.norm(2.0, &None, false)
}

/// Clips gradients by their joint norm and by value. Returns the factor that the update has still
/// to multiply them by.
pub fn clip(gradients: &[Tensor], norm: Option<f64>, value: Option<f64>) -> Result<Number> {
    let left = match norm {
        Some(most) if is_steady() => factor_on_device(gradients, most)?,
        Some(most) => Number::Here(factor(gradients, most)?.factor),
        None => Number::Here(1.0),
    };
    let Some(most) = value else { return Ok(left) };
    if left.here() != Some(1.0) {
        scale(gradients, &left)?;
    }
    by_value(gradients, most)?;
    Ok(Number::Here(1.0))
}

/// Scales all gradients by one factor so that their joint norm is at most `most`; returns the norm
/// before.
pub fn by_norm(gradients: &[Tensor], most: f64) -> Result<f64> {
    let NormFactor { norm, factor } = factor(gradients, most)?;
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

/// Clamps every element of every gradient to `[-most, most]`.
pub fn by_value(gradients: &[Tensor], most: f64) -> Result<()> {
    let _guard = grad::no_grad();
    gradients.iter().try_for_each(|g| g.clamp_(-most, most))
}
