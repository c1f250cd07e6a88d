//! Gradient clipping: by the joint norm, by value, by the norms of units.

use super::group::matches;
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
pub fn scale(gradients: &[Tensor], by: &Number) -> Result<()> {
    let _guard = grad::no_grad();
    gradients.iter().try_for_each(|g| g.scale_(by))
}

/// Clamps every element of every gradient to `[-most, most]`.
pub fn by_value(gradients: &[Tensor], most: f64) -> Result<()> {
    let _guard = grad::no_grad();
    gradients.iter().try_for_each(|g| g.clamp_(-most, most))
}

/// Adaptive clipping (Brock et al. 2021): the gradient of a unit is at most a fraction of its
/// weights, in the L2 norm.
///
/// A unit is an index of the first axis of a parameter: an output of a linear layer, a filter of a
/// convolution. Parameters of fewer than two axes are one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Adaptive {
    /// Largest ratio of the norm of the gradient to that of the weights.
    pub ratio: f64,
    /// Smallest norm of weights that counts, so that weights of 0 are trained.
    pub smallest: f64,
    /// Parameters that are not clipped: paths, prefixes of paths, or `*` and their end.
    pub excluded: Vec<String>,
}

/// Scales the gradients of the units of each parameter in place, where they exceed the limit.
pub fn by_unit(parameters: &[(String, Tensor)], adaptive: &Adaptive) -> Result<()> {
    let _guard = grad::no_grad();
    for (name, parameter) in parameters {
        let excluded = &adaptive.excluded;
        let Some(gradient) = parameter.grad() else {
            continue;
        };
        if excluded.iter().any(|pattern| matches(pattern, name)) {
            continue;
        }
        let axes = (parameter.rank() > 1).then(|| (1..parameter.rank() as i64).collect());
        let norm = |x: &Tensor| x.norm(2.0, &axes, axes.is_some());
        let most = norm(&parameter.detach()?)?.clamp(adaptive.smallest, f64::INFINITY)?;
        let least = norm(&gradient)?.clamp(1e-6, f64::INFINITY)?;
        let factor = most.mul_number(adaptive.ratio)?.div(&least)?;
        gradient.mul_(&factor.clamp(0.0, 1.0)?)?;
    }
    Ok(())
}
