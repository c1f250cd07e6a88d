//! `loss::…`: the losses that training minimises.

use crate::base::Result;
use crate::bind::args::loss::{LinkName, of_closure};
use crate::bind::args::network::tensors_of;
use crate::bind::args::tensor::{Numbers, numbers_of};
use crate::lang::{Callback, FromValue, Native, Options, native, natives_of};
use crate::nn::Value;
use crate::nn::loss::{Link, Loss, LossKind};
use crate::torch::Tensor;
use rhai::{Dynamic, Map, NativeCallContext};

/// Options of `loss::bce`.
#[derive(Options)]
pub struct BceOptions {
    /// Label smoothing: labels are y (1 - s) + s / 2.
    #[option(default = 0, min = 0, below = 1)]
    smoothing: f64,
}

/// Options of `loss::bce_with_logits`.
#[derive(Options)]
pub struct BceWithLogitsOptions {
    /// Label smoothing: labels are y (1 - s) + s / 2.
    #[option(default = 0, min = 0, below = 1)]
    smoothing: f64,
    /// Factor on the loss of positive labels: one for all tasks, or one for each.
    pos_weight: Option<Weights>,
}

/// Options of `loss::cross_entropy`.
#[derive(Options)]
pub struct CrossEntropyOptions {
    /// Factor on the loss of each class, as an array.
    weights: Option<Weights>,
    /// Class index that marks an undefined label, as NaN does.
    #[option(default = IGNORED)]
    ignore_index: i64,
    /// Label smoothing: a share of each label that is spread over all classes.
    #[option(default = 0, min = 0, below = 1)]
    smoothing: f64,
}

/// Options of `loss::huber`.
#[derive(Options)]
pub struct HuberOptions {
    /// Absolute error above which the loss is linear instead of quadratic.
    #[option(default = 1, min = 1e-12)]
    delta: f64,
}

/// Options of `loss::poisson_nll`.
#[derive(Options)]
pub struct PoissonNllOptions {
    /// Whether outputs are logarithms of rates.
    #[option(default = true)]
    log_input: bool,
}

/// Options of `loss::custom`.
#[derive(Options)]
pub struct CustomOptions {
    /// Function that turns outputs into predictions, for metrics.
    #[option(default = "identity")]
    link: LinkName,
}

/// The class index of an undefined label.
const IGNORED: i64 = -100;

/// One weight, or one for each task or class.
pub struct Weights(Vec<f64>);

impl FromValue for Weights {
    fn kind() -> String {
        "number or array of numbers".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match crate::lang::value::number(value) {
            Some(one) => Ok(Weights(vec![one])),
            None => Vec::from_value(value, context).map(Weights),
        }
    }
}

fn bce_loss() -> Loss {
    let kind = LossKind::Bce { smoothing: 0.0 };
    Loss::new("bce", Link::Identity, kind)
}

fn logits_loss(positive: Option<Vec<f64>>, smoothing: f64) -> Loss {
    let kind = LossKind::BceWithLogits {
        positive,
        smoothing,
    };
    Loss::new("bce_with_logits", Link::Sigmoid, kind)
}

fn classes_loss(weights: Option<Vec<f64>>, ignored: i64, smoothing: f64) -> Loss {
    let kind = LossKind::CrossEntropy {
        weights,
        ignored,
        smoothing,
    };
    Loss::new("cross_entropy", Link::Softmax, kind)
}

fn mse_loss() -> Loss {
    Loss::new("mse", Link::Identity, LossKind::Mse)
}

/// The loss of outputs and labels.
fn value(loss: &Loss, outputs: &Tensor, labels: &Numbers) -> Result<Tensor> {
    loss.of(outputs, &labels.beside(outputs)?, None)
}

/// Returns the binary cross-entropy of probabilities.
///
/// ```rhai
/// assert_near(
///     loss::bce().of(tensor::full([2, 1], 0.5), tensor::ones([2, 1])).item(), 0.6931472, 1e-5
/// );
/// ```
#[native(namespace = "loss")]
pub fn bce(options: BceOptions) -> Loss {
    let smoothing = options.smoothing;
    Loss::new("bce", Link::Identity, LossKind::Bce { smoothing })
}

/// Returns the binary cross-entropy of logits; undefined labels (NaN) are masked.
///
/// ```rhai
/// let x = tensor::zeros([2, 1]);
/// let y = tensor::from([[0.0], [1.0]]);
/// assert_near(loss::bce_with_logits().of(x, y).item(), 0.6931472, 1e-5);
/// ```
#[native(namespace = "loss")]
pub fn bce_with_logits(options: BceWithLogitsOptions) -> Loss {
    logits_loss(
        options.pos_weight.map(|weights| weights.0),
        options.smoothing,
    )
}

/// Computes the mean binary cross-entropy of logits.
///
/// ```rhai
/// let x = tensor::zeros([2, 1]);
/// let y = tensor::from([[0.0], [1.0]]);
/// assert_near(loss::bce_with_logits(x, y).item(), 0.6931472, 1e-5);
/// ```
#[native(
    namespace = "loss",
    name = "bce_with_logits",
    returns = "tensor [], one number"
)]
pub fn bce_with_logits_of(
    /// Logits, [batch, …].
    outputs: &Tensor,
    /// Labels from 0 to 1, of the shape of the outputs; NaN is masked.
    labels: &Numbers,
) -> Result<Tensor> {
    value(&logits_loss(None, 0.0), outputs, labels)
}

/// Computes the mean binary cross-entropy of probabilities.
///
/// ```rhai
/// assert_near(loss::bce(tensor::full([2, 1], 0.5), tensor::ones([2, 1])).item(), 0.6931472, 1e-5);
/// ```
#[native(namespace = "loss", name = "bce", returns = "tensor [], one number")]
pub fn bce_of(
    /// Probabilities, [batch, …].
    outputs: &Tensor,
    /// Labels from 0 to 1, of the shape of the outputs; NaN is masked.
    labels: &Numbers,
) -> Result<Tensor> {
    value(&bce_loss(), outputs, labels)
}

/// Returns the cross-entropy of class logits; labels are class indices from 0.
///
/// Rows whose label is NaN or `ignore_index` are excluded from the loss and its gradient; any other
/// number that is not a class index is an error.
///
/// # Shapes
/// outputs `[batch, classes]`, labels `[batch]`
///
/// ```rhai
/// assert_near(loss::cross_entropy().of(
///     tensor::zeros([1, 2]), tensor::from([[1.0]])
/// ).item(), 0.6931472, 1e-5);
/// ```
#[native(namespace = "loss")]
pub fn cross_entropy(options: CrossEntropyOptions) -> Loss {
    let weights = options.weights.map(|weights| weights.0);
    classes_loss(weights, options.ignore_index, options.smoothing)
}

/// Computes the mean cross-entropy of class logits.
///
/// ```rhai,fails
/// loss::cross_entropy(tensor::zeros([1, 2]), tensor::from([-1]));
/// //~ class number -1 with 2 classes
/// ```
/// ```rhai
/// assert_near(
///     loss::cross_entropy(tensor::zeros([1, 2]), tensor::from([1])).item(), 0.6931472, 1e-5
/// );
/// ```
#[native(
    namespace = "loss",
    name = "cross_entropy",
    returns = "tensor [], one number"
)]
pub fn cross_entropy_of(
    /// Logits, [batch, classes].
    outputs: &Tensor,
    /// Class indices from 0; rows whose label is NaN or -100 are excluded.
    labels: &Numbers,
) -> Result<Tensor> {
    value(&classes_loss(None, IGNORED, 0.0), outputs, labels)
}

/// Returns the mean squared error.
///
/// ```rhai
/// assert_eq(loss::mse().of(tensor::ones([2, 1]), tensor::zeros([2, 1])).item(), 1.0);
/// ```
#[native(namespace = "loss")]
pub fn mse() -> Loss {
    mse_loss()
}

/// Computes the mean squared error.
///
/// ```rhai
/// assert_eq(loss::mse(tensor::ones([2]), [0.0, 0.0]).item(), 1.0);
/// ```
#[native(namespace = "loss", name = "mse", returns = "tensor [], one number")]
pub fn mse_of(
    /// Predictions.
    outputs: &Tensor,
    /// Labels, of the shape of the outputs; NaN is masked.
    labels: &Numbers,
) -> Result<Tensor> {
    value(&mse_loss(), outputs, labels)
}

/// Returns the mean absolute error.
///
/// ```rhai
/// assert_eq(loss::mae().of(tensor::ones([2, 1]), tensor::zeros([2, 1])).item(), 1.0);
/// ```
#[native(namespace = "loss")]
pub fn mae() -> Loss {
    Loss::new("mae", Link::Identity, LossKind::Mae)
}

/// Returns the Huber loss: quadratic up to an error of `delta`, linear above (Huber 1964).
///
/// ```rhai
/// assert_eq(loss::huber().of(tensor::full([1, 1], 3), tensor::zeros([1, 1])).item(), 2.5);
/// ```
#[native(namespace = "loss")]
pub fn huber(options: HuberOptions) -> Loss {
    let kind = LossKind::Huber(options.delta);
    Loss::new("huber", Link::Identity, kind)
}

/// Returns the Poisson negative log-likelihood of counts, without the term of the counts alone.
///
/// ```rhai
/// assert_eq(loss::poisson_nll().of(tensor::zeros([1, 1]), tensor::ones([1, 1])).item(), 1.0);
/// ```
#[native(namespace = "loss")]
pub fn poisson_nll(options: PoissonNllOptions) -> Loss {
    let link = match options.log_input {
        true => Link::Exp,
        false => Link::Identity,
    };
    Loss::new("poisson_nll", link, LossKind::PoissonNll(options.log_input))
}

/// Returns the Kullback–Leibler divergence of labels from outputs.
///
/// Labels are probabilities, outputs are logarithms of probabilities; the divergence of a row is
/// the sum over its numbers.
///
/// ```rhai
/// assert_near(loss::kl().of(tensor::zeros([1, 1]), tensor::ones([1, 1])).item(), 0.0);
/// ```
#[native(namespace = "loss")]
pub fn kl() -> Loss {
    Loss::new("kl", Link::Identity, LossKind::Kl)
}

/// Returns the loss that a function of a script computes.
///
/// ```rhai
/// let l = loss::custom(|x, y| (x - y).abs().mean());
/// assert_eq(l.of(tensor::ones([2, 1]), tensor::zeros([2, 1])).item(), 1.0);
/// ```
#[native(namespace = "loss")]
pub fn custom(
    /// Function |outputs, labels| that returns a tensor of one number.
    f: Callback,
    options: CustomOptions,
) -> Loss {
    of_closure(f, options.link.into())
}

/// Computes the loss of outputs and labels.
///
/// ```rhai
/// assert_eq(loss::mse().of(tensor::ones([2]), [0.0, 0.0]).item(), 1.0);
/// ```
#[native(namespace = "loss", form = method, returns = "tensor [], one number")]
pub fn of(
    this: &Loss,
    /// Outputs of a network: a tensor, or a map by output for `loss::heads`.
    outputs: &Dynamic,
    /// Labels; undefined ones (NaN) are masked.
    labels: &Dynamic,
) -> Result<Tensor> {
    let (outputs, labels) = beside(outputs, labels)?;
    Ok(this.of_values(&outputs, &labels, None)?.total)
}

/// Outputs and their labels, one or several by name.
fn beside(outputs: &Dynamic, labels: &Dynamic) -> Result<(Value, Value)> {
    let outputs = tensors_of(outputs, "`outputs`")?;
    let labels_of = |name: &str, value: &Dynamic, outputs: Option<&Tensor>| {
        let labels = numbers_of(value).map_err(|fault| fault.context(format!("`{name}`")))?;
        outputs.map_or_else(|| labels.tensor(), |outputs| labels.beside(outputs))
    };
    let labels = match (&outputs, labels.read_lock::<Map>()) {
        (Value::Many(outputs), Some(labels)) => Value::Many(
            labels
                .iter()
                .map(|(name, value)| {
                    let own = labels_of(name, value, outputs.get(name.as_str()))?;
                    Ok((name.to_string(), own))
                })
                .collect::<Result<_>>()?,
        ),
        _ => Value::One(labels_of("labels", labels, outputs.one().ok())?),
    };
    Ok((outputs, labels))
}

/// Turns outputs into predictions: logits into probabilities, logarithms of rates into rates.
///
/// ```rhai
/// assert_eq(loss::bce_with_logits().predictions(tensor::zeros([1])), [0.5]);
/// ```
#[native(
    namespace = "loss",
    form = method,
    returns = "tensor of the same shape"
)]
pub fn predictions(
    this: &Loss,
    /// Outputs of a network.
    outputs: &Tensor,
) -> Result<Tensor> {
    this.link.apply(outputs)
}

/// The name of the loss.
///
/// ```rhai
/// assert_eq(loss::mse().name, "mse");
/// ```
#[native(namespace = "loss", form = property)]
pub fn name(this: &Loss) -> String {
    this.name.clone()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        bce,
        bce_with_logits,
        bce_with_logits_of,
        bce_of,
        cross_entropy,
        cross_entropy_of,
        mse,
        mse_of,
        mae,
        huber,
        poisson_nll,
        kl,
        custom,
        of,
        predictions,
        name,
    ]
}
