//! What losses are: kinds, heads, and what they are computed from.

use super::link::Link;
use crate::Value;
use crate::optim::Schedule;
use cistron_base::{Fault, Result, fault, near};
use cistron_torch::Tensor;
use std::rc::Rc;

/// What a loss sees of a batch besides the outputs.
pub struct BatchView<'a> {
    /// The inputs of the network.
    pub inputs: &'a Value,
    /// The labels, as the outputs are: one tensor, or several by name.
    pub labels: &'a Value,
    /// The rows of the dataset.
    pub rows: &'a [u32],
}

/// A function of outputs and labels.
pub type OutputsAndLabels = Rc<dyn Fn(&Value, &Value) -> Result<Tensor>>;
/// A function of outputs and the batch.
pub type OutputsAndBatch = Rc<dyn Fn(&Value, &BatchView) -> Result<Tensor>>;

/// A loss: outputs and labels to one number.
#[derive(Clone)]
pub struct Loss {
    /// Its name.
    pub name: String,
    /// What its outputs mean.
    pub link: Link,
    /// How it is computed.
    pub kind: LossKind,
}

/// The losses.
#[derive(Clone)]
pub enum LossKind {
    /// Binary cross-entropy of probabilities.
    Bce {
        /// Label smoothing.
        smoothing: f64,
    },
    /// Binary cross-entropy of logits.
    BceWithLogits {
        /// How much more positives weigh, one weight or one for each task.
        positive: Option<Vec<f64>>,
        /// Label smoothing.
        smoothing: f64,
    },
    /// Focal loss of logits.
    Focal {
        /// Weight of positives; that of negatives is 1 - alpha.
        alpha: Option<f64>,
        /// Exponent of 1 - p, where p is the probability of the label.
        gamma: f64,
    },
    /// Cross-entropy of class logits; labels are class numbers.
    CrossEntropy {
        /// How much each class weighs.
        weights: Option<Vec<f64>>,
        /// The number of an undefined label.
        ignored: i64,
        /// Label smoothing.
        smoothing: f64,
    },
    /// Mean squared error.
    Mse,
    /// Mean squared error of logarithms of 1 + counts; of outputs too where they are counts.
    Log1pMse {
        /// Whether outputs are logarithms already.
        is_log: bool,
    },
    /// Mean absolute error.
    Mae,
    /// Squared near 0, absolute beyond `delta`.
    Huber(f64),
    /// Huber divided by its `beta`.
    SmoothL1(f64),
    /// Poisson negative log-likelihood; outputs are logarithms of rates where true.
    PoissonNll(bool),
    /// Tweedie deviance of a power from 1 to 2, without terms of the labels alone; outputs are
    /// logarithms of means.
    Tweedie(f64),
    /// Normal negative log-likelihood; outputs are means and, after them along axis 1, logarithms
    /// of variances.
    GaussianNll,
    /// Multinomial negative log-likelihood of counts along the last axis, given logits; of all
    /// numbers of a row where `joint`.
    MultinomialNll {
        /// Whether all numbers of a row are shares of one.
        joint: bool,
    },
    /// Poisson likelihood of the total along the last axis and multinomial one of the shares.
    PoissonMultinomial {
        /// Weight of the total.
        total_weight: f64,
        /// Whether outputs are logarithms of rates.
        is_log: bool,
        /// Whether the sum is divided by the mean of both weights.
        rescale: bool,
    },
    /// Negative cosine similarity along the last axis, and the squared error of logarithms.
    CosineMseLog {
        /// Largest weight of the similarity.
        max_weight: f64,
        /// Factor on labels and outputs inside of the logarithm.
        multiplier: f64,
    },
    /// Kullback–Leibler divergence of label shares from output log-shares.
    Kl,
    /// A function of a script that sees outputs and labels.
    Custom(OutputsAndLabels),
    /// A function of a script that sees outputs and the batch.
    Batch(OutputsAndBatch),
    /// A weighted sum over the outputs of a network.
    Heads(Rc<Heads>),
}

/// The weight of a head in the sum.
#[derive(Clone, Debug)]
pub enum HeadWeight {
    /// A number.
    Fixed(f64),
    /// The factor of a schedule at the step.
    Scheduled(Schedule),
    /// A trained log-variance s: exp(-s) times the loss plus s / 2 (Kendall et al. 2018).
    Learned,
}

/// One output with its loss.
#[derive(Clone)]
pub struct Head {
    /// Name of the output.
    pub name: String,
    /// Its loss; none of an output that is not trained.
    pub loss: Option<Loss>,
    /// Its weight in the sum.
    pub weight: HeadWeight,
}

/// The heads in the order of their names.
#[derive(Clone)]
pub struct Heads(pub Vec<Head>);

/// The weight of a head at a step.
#[derive(Clone, Debug)]
pub enum StepWeight {
    /// A factor.
    Factor(f64),
    /// A log-variance.
    LogVariance(Tensor),
}

/// A loss, and what it is the sum of.
pub struct Losses {
    /// The loss to minimise.
    pub total: Tensor,
    /// The losses of the heads before weighting, by name; empty for a loss of one output.
    pub by_head: Vec<(String, Tensor)>,
}

/// Returns the fault of a name that is none of those known.
pub fn unknown(what: &str, name: &str, known: &[&str], of: &str) -> Fault {
    let known_text: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let fault = fault!(
        "name",
        "{what} `{name}`, which is none of {of} {}",
        known_text.join(", ")
    );
    match near::nearest(name, known.iter().copied()) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}
