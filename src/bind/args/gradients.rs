//! What is done to gradients before an update.

use crate::lang::Options;
use crate::optim::clip::Adaptive;
use crate::optim::noise::Noise;

/// Options of gradients.
#[derive(Options)]
pub struct GradientOptions {
    /// Largest joint L2 norm of the gradients.
    #[option(min = 0)]
    pub clip: Option<f64>,
    /// Largest absolute value of a gradient.
    #[option(min = 0)]
    pub clip_value: Option<f64>,
    /// Largest ratio of the norm of a unit's gradient to that of its weights (adaptive clipping,
    /// Brock et al. 2021; 0.01 is usual). A unit is an output of a linear layer, a filter, or a
    /// whole parameter of one axis.
    #[option(above = 0)]
    clip_adaptive: Option<f64>,
    /// Parameters without adaptive clipping: paths, or endings such as "*head.weight". The last
    /// linear layer is usual.
    #[option(default = [])]
    clip_adaptive_except: Vec<String>,
    /// Variance of normal noise that is added to the gradients of the first update, after clipping
    /// (Neelakantan et al. 2015; 0.01 to 1 is usual).
    #[option(min = 0)]
    noise: Option<f64>,
    /// Exponent γ of the decrease of that variance: noise / (1 + t)^γ at update t.
    #[option(default = 0.55, min = 0)]
    noise_decay: f64,
}

/// Smallest norm of weights that counts in adaptive clipping.
const SMALLEST: f64 = 1e-3;

impl GradientOptions {
    /// Adaptive clipping.
    pub fn adaptive(&self) -> Option<Adaptive> {
        self.clip_adaptive.map(|ratio| Adaptive {
            ratio,
            smallest: SMALLEST,
            excluded: self.clip_adaptive_except.clone(),
        })
    }

    /// Gradient noise.
    pub fn noise(&self) -> Option<Noise> {
        let decay = self.noise_decay;
        self.noise.map(|scale| Noise { scale, decay })
    }
}
