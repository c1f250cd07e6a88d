//! `loss::…`: losses of several outputs, and losses that see the batch.

use crate::base::Result;
use crate::bind::args::loss::{LinkName, of_batch, of_closure};
use crate::lang::{Callback, FromValue, Native, Options, native, natives_of, session};
use crate::nn::loss::{Head, HeadWeight, Heads, Link, Loss, LossKind, unknown};
use crate::optim::Schedule;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::rc::Rc;

/// Options of `loss::batch`.
#[derive(Options)]
pub struct BatchLossOptions {
    /// Function that turns outputs into predictions, for metrics.
    #[option(default = "identity")]
    link: LinkName,
}

/// The losses of heads as a script writes them.
pub struct HeadLosses(Vec<(String, Option<Loss>)>);

impl FromValue for HeadLosses {
    fn kind() -> String {
        "map of losses, or functions |outputs, labels|, by output; () of one without a loss".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let mut losses = Vec::new();
        for (name, mut value) in map {
            let loss = if value.is_unit() {
                None
            } else if value.is_fnptr() {
                let function = Callback::from_value(&mut value, context)?;
                Some(of_closure(function, Link::Identity))
            } else {
                let loss = value.read_lock::<Loss>().map(|loss| loss.clone());
                Some(loss.ok_or_else(|| {
                    fault!(
                        "type",
                        "must hold a loss for each output, got {} under `{name}`",
                        session::describe(&value)
                    )
                })?)
            };
            if let Some(loss) = &loss
                && matches!(loss.kind, LossKind::Heads(_) | LossKind::Batch(_))
            {
                bail!("type", "must hold losses of one output, got `loss::{}` under `{name}`",
                    loss.name;
                    hint: "`loss::batch(|outputs, batch| …)` replaces `loss::heads`");
            }
            losses.push((name.to_string(), loss));
        }
        if losses.iter().all(|(_, loss)| loss.is_none()) {
            bail!("value", "must hold at least one loss");
        }
        Ok(HeadLosses(losses))
    }
}

/// The weights of heads as a script writes them.
pub struct HeadWeights(Vec<(String, HeadWeight)>);

impl FromValue for HeadWeights {
    fn kind() -> String {
        "map of weights by output: a number, a schedule or \"learned\"; or \"learned\"".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let weight = |name: &str, value: &Dynamic| {
            if let Some(factor) = crate::lang::value::number(value) {
                if !(factor.is_finite() && factor >= 0.0) {
                    bail!(
                        "value",
                        "must hold weights of at least 0, got {factor} under `{name}`"
                    );
                }
                return Ok(HeadWeight::Fixed(factor));
            }
            if let Some(schedule) = value.read_lock::<Schedule>() {
                if schedule.plateau().is_some() {
                    bail!("value", "the weight of `{name}` cannot follow a plateau";
                        hint: "`schedule::…` of a step or an epoch");
                }
                return Ok(HeadWeight::Scheduled(schedule.clone()));
            }
            match value.clone().into_string() {
                Ok(word) if word == "learned" => Ok(HeadWeight::Learned),
                _ => bail!(
                    "type",
                    "must hold a number, a schedule or \"learned\" for each output, got {} under \
                     `{name}`",
                    session::describe(value)
                ),
            }
        };
        if value.is_string() {
            let weight = weight("", value)?;
            return Ok(HeadWeights(vec![(String::new(), weight)]));
        }
        let map = Map::from_value(value, context)?;
        let named = |(name, value): (&rhai::Identifier, &Dynamic)| {
            Ok((name.to_string(), weight(name, value)?))
        };
        map.iter()
            .map(named)
            .collect::<Result<_>>()
            .map(HeadWeights)
    }
}

/// Returns the loss of a model of several outputs: the weighted sum of a loss for each.
///
/// A weight is a number (1 unless given), a schedule, whose factor at the step it is, or
/// `"learned"`: uncertainty weighting (Kendall, Gal & Cipolla 2018) with a trained log-variance s,
/// initially 0, exp(-s) × loss + s / 2, with exp(-s) / 2 for squared errors (`mse`, `log1p_mse`).
/// Trained log-variances are parameters of the optimizer without weight decay, in the group
/// `loss.log_variance`, and part of checkpoints. The history has the loss of each head before
/// weighting as `train.loss.NAME` and `valid.loss.NAME`, and weights that vary as `weight.NAME`
/// (exp(-s) where they are learned).
///
/// # Errors
/// In `train::fit`, if the names are not those of the outputs of the model, or if the dataset has
/// no label of that name.
///
/// ```rhai
/// let losses = #{ counts: loss::mse(), profile: loss::multinomial_nll() };
/// let loss = loss::heads(losses, #{ counts: 10 });
/// let outputs = #{ counts: tensor::ones([1, 1]), profile: tensor::zeros([1, 2]) };
/// let labels = #{ counts: tensor::zeros([1, 1]), profile: tensor::from([[1.0, 0.0]]) };
/// assert_near(loss.of(outputs, labels).item(), 10.0 + 0.6931472, 1e-5);
/// ```
/// ```rhai,fails
/// loss::heads(#{ counts: loss::mse() }, #{ count: 2.0 });
/// //~ did you mean `counts`?
/// ```
#[native(namespace = "loss")]
pub fn heads(
    /// Losses, or functions |outputs, labels|, by output; () of an output that is not trained.
    losses: HeadLosses,
    /// Weights by output, or "learned" for all of them.
    weights: Option<HeadWeights>,
) -> Result<Loss> {
    let weights = weights.map_or(Vec::new(), |weights| weights.0);
    let names: Vec<&str> = losses.0.iter().map(|(name, _)| name.as_str()).collect();
    let is_unknown = |name: &&String| !name.is_empty() && !names.contains(&name.as_str());
    if let Some(name) = weights.iter().map(|(name, _)| name).find(is_unknown) {
        return Err(unknown("the weights name", name, &names, "the losses"));
    }
    let weight_of = |name: &str| {
        let mut own = weights.iter().filter(|(of, _)| of == name || of.is_empty());
        own.next()
            .map_or(HeadWeight::Fixed(1.0), |(_, weight)| weight.clone())
    };
    let head = |(name, loss): (String, Option<Loss>)| Head {
        weight: weight_of(&name),
        name,
        loss,
    };
    let heads = losses.0.into_iter().map(head).collect();
    let kind = LossKind::Heads(Rc::new(Heads(heads)));
    Ok(Loss::new("heads", Link::Identity, kind))
}

/// Returns the loss that a function of a script computes from the outputs and the batch.
///
/// The function receives the outputs, a tensor or a map by output, and the batch: `batch.x` are the
/// inputs as the model receives them (sequences are one-hot), `batch.y` the labels, `batch.index`
/// the rows of the dataset. It is for losses that compare outputs with inputs or rows of the batch
/// with each other, such as those of autoencoders and contrastive learning. Without labels the
/// dataset needs none. `loss::custom(|outputs, labels| …)` sees outputs and labels alone.
///
/// The loss of validation rows is the mean over batches of the size of the training.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::randn([64, 2], #{ seed: 1 }) });
/// let net = nn::build(nn::linear(2), [2], #{ seed: 1 });
/// let same = loss::batch(|outputs, batch| (outputs - batch.x).square().mean());
/// let options = #{ loss: same, optimizer: optim::adam(#{ lr: 0.1 }), epochs: 40 };
/// let run = train::fit(net, options + #{ train: set, progress: false });
/// assert(run.last("train.loss") < 0.05);
/// ```
#[native(namespace = "loss")]
pub fn batch(
    /// Function |outputs, batch| that returns a tensor of one number.
    f: Callback,
    options: BatchLossOptions,
) -> Loss {
    of_batch(f, options.link.into())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![heads, batch]
}
