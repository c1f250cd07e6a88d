//! `loss::…`: losses of hard examples, of outliers, of uncertain labels, and of pairs.

use crate::base::Result;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::nn::loss::contrastive::{self, Negatives};
use crate::nn::loss::{Link, Loss, LossKind};
use crate::torch::Tensor;

/// Options of `loss::focal`.
#[derive(Options)]
pub struct FocalOptions {
    /// Exponent of 1 - p, where p is the probability of the label.
    #[option(default = 2, min = 0)]
    gamma: f64,
    /// Weight of positives, where that of negatives is 1 - alpha; equal weights of 1 unless given.
    #[option(min = 0, max = 1)]
    alpha: Option<f64>,
}

/// Options of `loss::smooth_l1`.
#[derive(Options)]
pub struct SmoothL1Options {
    /// Absolute error above which the loss is linear instead of quadratic.
    #[option(default = 1, min = 1e-12)]
    beta: f64,
}

/// Options of `loss::info_nce`.
#[derive(Options)]
pub struct InfoNceOptions {
    /// Number that similarities are divided by.
    #[option(default = 0.1, above = 0)]
    temperature: f64,
    /// Rows that are negatives of a query: the other keys ("keys"); the same in both directions
    /// ("symmetric"); the other rows of queries and keys ("all").
    #[option(default = "keys")]
    negatives: NegativesName,
}

/// The names of the choices of negatives.
#[derive(Choice, Clone, Copy)]
pub enum NegativesName {
    /// The other keys.
    Keys,
    /// The other keys of queries, and the other queries of keys.
    Symmetric,
    /// The other rows of queries and keys.
    All,
}

impl From<NegativesName> for Negatives {
    fn from(name: NegativesName) -> Negatives {
        match name {
            NegativesName::Keys => Negatives::Keys,
            NegativesName::Symmetric => Negatives::Symmetric,
            NegativesName::All => Negatives::All,
        }
    }
}

/// Returns the focal loss of logits, which weighs easy rows less (Lin et al. 2017).
///
/// It is the binary cross-entropy times (1 - p)^gamma, where p is the probability of the label.
///
/// ```rhai
/// let loss = loss::focal();
/// let value = loss.of(tensor::zeros([1, 1]), tensor::ones([1, 1])).item();
/// assert_near(value, 0.25 * 0.6931472, 1e-6);
/// ```
#[native(namespace = "loss")]
pub fn focal(options: FocalOptions) -> Loss {
    let kind = LossKind::Focal {
        alpha: options.alpha,
        gamma: options.gamma,
    };
    Loss::new("focal", Link::Sigmoid, kind)
}

/// Returns the smooth L1 loss: quadratic up to an error of `beta`, linear above.
///
/// It is `loss::huber` divided by `beta`, as PyTorch's SmoothL1Loss.
///
/// ```rhai
/// assert_eq(loss::smooth_l1().of(tensor::full([1, 1], 3), tensor::zeros([1, 1])).item(), 2.5);
/// ```
#[native(namespace = "loss")]
pub fn smooth_l1(options: SmoothL1Options) -> Loss {
    let kind = LossKind::SmoothL1(options.beta);
    Loss::new("smooth_l1", Link::Identity, kind)
}

/// Returns the normal negative log-likelihood of labels, given means and variances.
///
/// The first half of the outputs along axis 1 are means m, the second half logarithms s of
/// variances: (s + (y - m)² exp(-s)) / 2, without the constant. Predictions are the means.
///
/// # Shapes
/// outputs `[batch, 2 * tasks, …]`, labels `[batch, tasks, …]`
///
/// ```rhai
/// let loss = loss::gaussian_nll();
/// assert_eq(loss.of(tensor::zeros([1, 2]), tensor::ones([1, 1])).item(), 0.5);
/// ```
#[native(namespace = "loss")]
pub fn gaussian_nll() -> Loss {
    Loss::new("gaussian_nll", Link::Mean, LossKind::GaussianNll)
}

/// Computes InfoNCE: the cross-entropy of finding the key of each query among the others.
///
/// Logits are cosine similarities divided by the temperature; row i of the keys is that of row i of
/// the queries (van den Oord et al. 2018). With "symmetric" negatives it is the loss of CLIP, with
/// "all" that of SimCLR (NT-Xent). For a function of `loss::batch`.
///
/// ```rhai
/// let x = tensor::from([[1.0, 0.0], [0.0, 1.0]]);
/// assert_near(loss::info_nce(x, x, #{ temperature: 1.0 }).item(), 0.3132617, 1e-6);
/// ```
#[native(namespace = "loss", returns = "tensor [], one number")]
pub fn info_nce(
    /// Representations, [batch, features].
    queries: &Tensor,
    /// Those of the same rows in another view, [batch, features].
    keys: &Tensor,
    options: InfoNceOptions,
) -> Result<Tensor> {
    contrastive::info_nce(queries, keys, options.temperature, options.negatives.into())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![focal, smooth_l1, gaussian_nll, info_nce]
}
