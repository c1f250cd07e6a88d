//! Gradient noise (Neelakantan et al. 2015).

use cistron_base::Result;
use cistron_torch::{Tensor, grad};

/// Normal noise added to gradients, with the variance scale / (1 + t)^decay at update t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Variance at update 0: η.
    pub scale: f64,
    /// Exponent of the decrease: γ.
    pub decay: f64,
}

impl Noise {
    /// Returns the standard deviation at an update, counted from 0.
    pub fn deviation(&self, update: usize) -> f64 {
        (self.scale / (1.0 + update as f64).powf(self.decay)).sqrt()
    }

    /// Adds noise to gradients in place. It depends on nothing but keys, update and parameter.
    pub fn add(&self, parameters: &[(String, Tensor)], keys: &[u64], update: usize) -> Result<()> {
        let _guard = grad::no_grad();
        let deviation = self.deviation(update);
        for (i, (_, parameter)) in parameters.iter().enumerate() {
            let Some(gradient) = parameter.grad().filter(|_| parameter.is_grad_on()) else {
                continue;
            };
            let keys = [keys, &[0x6772_6164, update as u64, i as u64]].concat();
            let noise = Tensor::drawn(&gradient.shape(), &keys, |rng| rng.normal() * deviation)?;
            gradient.add_(&noise.to_device(gradient.device())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variance_decreases_as_in_the_paper() {
        let noise = Noise {
            scale: 0.3,
            decay: 0.55,
        };
        assert!((noise.deviation(0).powi(2) - 0.3).abs() < 1e-12);
        assert!((noise.deviation(99).powi(2) - 0.3 / 100f64.powf(0.55)).abs() < 1e-12);
    }

    #[test]
    fn noise_repeats_and_has_its_variance() -> Result<()> {
        let noise = Noise {
            scale: 4.0,
            decay: 0.5,
        };
        let drawn = |seed, update| -> Result<Vec<f64>> {
            let weight = Tensor::zeros(&[10_000])?.requires_grad_(true)?;
            weight.sum(&None, false)?.backward()?;
            noise.add(&[("weight".into(), weight.clone())], &[seed], update)?;
            let gradient = weight.grad().map(|gradient| gradient.to_f64());
            gradient.unwrap_or_else(|| Ok(Vec::new()))
        };
        let first = drawn(1, 3)?;
        assert_eq!(first, drawn(1, 3)?);
        assert_ne!(first, drawn(1, 4)?);
        let mean = first.iter().sum::<f64>() / 1e4;
        let variance = first.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e4;
        assert!((mean - 1.0).abs() < 0.06 && (variance - 2.0).abs() < 0.15);
        Ok(())
    }
}
