//! `loss::…`: losses of counts and profiles.

use crate::lang::{Native, Options, native, natives_of};
use crate::nn::loss::{Link, Loss, LossKind};

/// Options of `loss::multinomial_nll`.
#[derive(Options)]
pub struct MultinomialOptions {
    /// Whether all numbers of a row are shares of one distribution, as in bpnet-lite, instead of
    /// those along the last axis.
    #[option(default = false)]
    joint: bool,
}

/// Options of `loss::log1p_mse`.
#[derive(Options)]
pub struct Log1pMseOptions {
    /// Whether outputs are logarithms ln(1 + count); otherwise they are counts.
    #[option(default = true)]
    log_outputs: bool,
}

/// Options of `loss::poisson_multinomial`.
#[derive(Options)]
pub struct PoissonMultinomialOptions {
    /// Weight of the likelihood of the total.
    #[option(default = 1, min = 0)]
    total_weight: f64,
    /// Whether outputs are logarithms of rates instead of rates.
    #[option(default = false)]
    log_input: bool,
    /// Whether the loss is multiplied by 2 / (1 + total_weight).
    #[option(default = false)]
    rescale: bool,
}

/// Options of `loss::cosine_mse_log`.
#[derive(Options)]
pub struct CosineMseLogOptions {
    /// Largest weight of the cosine similarity.
    #[option(default = 1, min = 0)]
    max_weight: f64,
    /// Factor on labels and outputs inside of the logarithm.
    #[option(default = 1000, above = 0)]
    multiplier: f64,
}

/// Options of `loss::tweedie`.
#[derive(Options)]
pub struct TweedieOptions {
    /// Power of the variance: between 1 (Poisson) and 2 (gamma).
    #[option(default = 1.5, above = 1, below = 2)]
    power: f64,
}

/// Returns the multinomial negative log-likelihood of counts along the last axis, given logits.
///
/// It is the profile loss of BPNet (Avsec et al. 2021), the whole likelihood with the term of the
/// counts alone. Its other half is a head of total counts with `loss::log1p_mse`. Rows with an
/// undefined number (NaN) are excluded. Predictions are shares that sum to 1 along the last axis.
///
/// # Shapes
/// logits and counts `[batch, …, length]`
///
/// ```rhai
/// assert_near(loss::multinomial_nll().of(
///     tensor::zeros([1, 2]), tensor::from([[1.0, 0.0]])
/// ).item(), 0.6931472, 1e-5);
/// ```
#[native(namespace = "loss")]
pub fn multinomial_nll(options: MultinomialOptions) -> Loss {
    let joint = options.joint;
    let link = if joint {
        Link::JointShares
    } else {
        Link::Shares
    };
    let kind = LossKind::MultinomialNll { joint };
    Loss::new("multinomial_nll", link, kind)
}

/// Returns the mean squared error of ln(1 + count).
///
/// It is the loss of total counts of BPNet. Predictions are counts.
///
/// ```rhai
/// let loss = loss::log1p_mse();
/// assert_near(loss.of(tensor::zeros([1, 1]), tensor::from([[1.0]])).item(), 0.4804530, 1e-6);
/// ```
#[native(namespace = "loss")]
pub fn log1p_mse(options: Log1pMseOptions) -> Loss {
    let is_log = options.log_outputs;
    let link = if is_log { Link::Expm1 } else { Link::Identity };
    Loss::new("log1p_mse", link, LossKind::Log1pMse { is_log })
}

/// Returns the Poisson likelihood of totals and the multinomial one of shares, of rates.
///
/// It is the loss of Borzoi (Linder et al. 2025): with sums s of the counts y and s' of the rates
/// y' over the last axis of length L, (w (s' - s ln s') - sum(y ln(y' / s'))) / L, the mean over
/// rows and tracks. 1e-7 is added to counts and rates.
///
/// # Shapes
/// rates and counts `[batch, tracks, length]`
///
/// ```rhai
/// let loss = loss::poisson_multinomial(#{ total_weight: 0.2 });
/// let rates = tensor::ones([1, 1, 2]);
/// // (0.2 (2 - 2 ln 2) + 2 ln 2) / 2
/// assert_near(loss.of(rates, tensor::ones([1, 1, 2])).item(), 0.7545177, 1e-5);
/// ```
#[native(namespace = "loss")]
pub fn poisson_multinomial(options: PoissonMultinomialOptions) -> Loss {
    let is_log = options.log_input;
    let link = if is_log { Link::Exp } else { Link::Identity };
    let kind = LossKind::PoissonMultinomial {
        total_weight: options.total_weight,
        is_log,
        rescale: options.rescale,
    };
    Loss::new("poisson_multinomial", link, kind)
}

/// Returns the negative cosine similarity of rows plus the squared error of logarithms.
///
/// It is CosineMSELogLoss of CREsted. The squared error is that of ln(1 + multiplier × label) and,
/// with the sign of the output, ln(1 + multiplier × |output|); its mean, limited to a range from 1
/// to `max_weight`, is the weight of the similarity along the last axis.
///
/// # Shapes
/// outputs and labels `[batch, tasks]`
///
/// ```rhai
/// let x = tensor::from([[1.0, 2.0]]);
/// assert_near(loss::cosine_mse_log().of(x, x).item(), -1.0, 1e-6);
/// ```
#[native(namespace = "loss")]
pub fn cosine_mse_log(options: CosineMseLogOptions) -> Loss {
    let kind = LossKind::CosineMseLog {
        max_weight: options.max_weight,
        multiplier: options.multiplier,
    };
    Loss::new("cosine_mse_log", Link::Identity, kind)
}

/// Returns the Tweedie deviance of labels with many zeros, without terms of the labels alone.
///
/// Outputs are logarithms of means m: -y m^(1 - p) / (1 - p) + m^(2 - p) / (2 - p).
///
/// ```rhai
/// assert_near(loss::tweedie().of(tensor::zeros([1, 1]), tensor::ones([1, 1])).item(), 4.0);
/// ```
#[native(namespace = "loss")]
pub fn tweedie(options: TweedieOptions) -> Loss {
    let kind = LossKind::Tweedie(options.power);
    Loss::new("tweedie", Link::Exp, kind)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        multinomial_nll,
        log1p_mse,
        poisson_multinomial,
        cosine_mse_log,
        tweedie
    ]
}
