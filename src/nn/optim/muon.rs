//! Muon (Jordan et al. 2024), as PyTorch 2.11 computes it, with AdamW for other parameters.

use super::adam::Adam;
use super::group::matches;
use super::rule::{Rule, StateKey, StepSettings, Update};
use cistron_base::{Result, bail};
use cistron_torch::{Kind, Tensor};
use std::rc::Rc;

/// How the learning rate depends on the shape of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// The root of rows over columns, at least 1 (Jordan et al. 2024).
    Original,
    /// 0.2 times the root of the larger side, so that a step is as large as one of AdamW (Liu et
    /// al. 2025).
    MatchRmsAdamw,
}

/// Muon: momentum whose singular values are all made about 1.
#[derive(Clone, Debug)]
pub struct Muon {
    /// Decay rate of the momentum.
    pub momentum: f64,
    /// Whether to use Nesterov momentum.
    pub nesterov: bool,
    /// Number of Newton–Schulz iterations.
    pub iterations: usize,
    /// Coefficients of an iteration: a X + b (X Xᵀ) X + c (X Xᵀ)² X.
    pub coefficients: [f64; 3],
    /// Smallest norm that a matrix is divided by.
    pub eps: f64,
    /// See [`Adjustment`].
    pub adjustment: Adjustment,
    /// Precision of the iterations.
    pub kind: Kind,
    /// Paths of parameters with several axes that AdamW updates all the same, as those of groups.
    pub excluded: Vec<String>,
    /// The rule of other parameters.
    pub adamw: Adam,
    /// Its learning rate, over that of the optimizer.
    pub adamw_rate: f64,
}

impl Muon {
    /// Default settings.
    pub const DEFAULT: Muon = Muon {
        momentum: 0.95,
        nesterov: true,
        iterations: 5,
        coefficients: [3.4445, -4.7750, 2.0315],
        eps: 1e-7,
        adjustment: Adjustment::Original,
        kind: Kind::BFloat16,
        excluded: Vec::new(),
        adamw: Adam::DECOUPLED,
        adamw_rate: 1.0,
    };

    /// Returns a matrix with the singular vectors of another and singular values of about 1.
    fn orthogonalised(&self, matrix: &Tensor) -> Result<Tensor> {
        let shape = matrix.shape();
        let is_tall = shape[0] > shape[1];
        let oriented = |x: &Tensor| {
            if is_tall {
                x.transpose(0, 1)
            } else {
                Ok(x.clone())
            }
        };
        let mut x = oriented(&matrix.to_kind(self.kind)?)?;
        let norm = x.norm(2.0, &None, false)?.clamp(self.eps, f64::INFINITY)?;
        x = x.div(&norm)?;
        let [a, b, c] = self.coefficients;
        for _ in 0..self.iterations {
            let gram = x.matmul(&x.transpose(0, 1)?)?;
            let polynomial = gram.addmm(&gram, &gram, b, c)?;
            x = x.addmm(&polynomial, &x, a, 1.0)?;
        }
        oriented(&x)?.to_kind(matrix.kind())
    }

    fn rate_factor(&self, shape: &[i64]) -> f64 {
        let (rows, columns) = (shape[0] as f64, shape[1] as f64);
        match self.adjustment {
            Adjustment::Original => (rows / columns).max(1.0).sqrt(),
            Adjustment::MatchRmsAdamw => 0.2 * rows.max(columns).sqrt(),
        }
    }
}

impl Rule for Muon {
    fn name(&self) -> &str {
        "muon"
    }

    fn state_keys(&self, _has_scheduled_momentum: bool) -> Vec<StateKey> {
        vec![StateKey::required("momentum")]
    }

    /// −lr; the fraction of the parameter that decay leaves; 1 − μ and μ.
    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        let momentum = step.momentum.unwrap_or(self.momentum);
        vec![
            -step.lr,
            1.0 - step.lr * step.weight_decay,
            1.0 - momentum,
            momentum,
        ]
    }

    fn update(&self, mut update: Update) -> Result<()> {
        let [rate, shrink, new, momentum] = update.scalars else {
            bail!("internal", "muon has 4 scalars")
        };
        let gradient = update.scaled_gradient()?;
        let mean = update.state("momentum")?;
        mean.copy_(&mean.lerp(&gradient, new)?)?;
        let direction = if self.nesterov {
            gradient.lerp(&mean, momentum)?
        } else {
            mean
        };
        let shape = direction.shape();
        let matrix = direction.reshape(&[shape[0], -1])?;
        let factor = self.rate_factor(&matrix.shape());
        let step = self.orthogonalised(&matrix)?.reshape(&shape)?;
        step.mul_number_(factor)?;
        update.parameter.scale_(shrink)?;
        update.parameter.add_times_(&step, rate)
    }

    fn is_elementwise(&self) -> bool {
        false
    }

    /// AdamW of parameters with fewer than two axes, and of those that are excluded.
    fn for_parameter(&self, name: &str, shape: &[i64]) -> Option<Rc<dyn Rule>> {
        let is_matrix = shape.len() >= 2 && shape.iter().all(|size| *size > 0);
        let is_excluded = self.excluded.iter().any(|pattern| matches(pattern, name));
        (!is_matrix || is_excluded).then(|| {
            Rc::new(Scaled {
                adam: self.adamw.clone(),
                rate: self.adamw_rate,
            }) as Rc<dyn Rule>
        })
    }

    fn patterns(&self) -> &[String] {
        &self.excluded
    }
}

/// AdamW with a factor on the learning rate.
#[derive(Clone, Debug)]
struct Scaled {
    adam: Adam,
    rate: f64,
}

impl Rule for Scaled {
    fn name(&self) -> &str {
        self.adam.name()
    }

    fn state_keys(&self, has_scheduled_momentum: bool) -> Vec<StateKey> {
        self.adam.state_keys(has_scheduled_momentum)
    }

    fn scalars(&self, step: &StepSettings) -> Vec<f64> {
        self.adam.scalars(&StepSettings {
            lr: step.lr * self.rate,
            ..step.clone()
        })
    }

    fn update(&self, update: Update) -> Result<()> {
        self.adam.update(update)
    }
}
