//! `train::…`: evaluation and early stopping.

use crate::base::Result;
use crate::bind::args::loss::LinkName;
use crate::bind::args::measure::Mode;
use crate::bind::args::training::MetricList;
use crate::bind::types::Data;
use crate::lang::value::array;
use crate::lang::{Native, Options, native, natives_of};
use crate::nn::Model;
use crate::nn::loss::{Link, Loss};
use crate::train::EarlyStop;
use crate::train::evaluate::{self, Evaluation, EvaluationSettings, Score};
use crate::train::objective::Objective;
use crate::train::settings::OutputMetrics;
use rhai::Map;
use std::collections::BTreeMap;

/// Options of `train::early_stop`.
#[derive(Options)]
pub struct StopOptions {
    /// Whether smaller ("min") or larger ("max") values are better; "auto" decides by the name.
    #[option(default = "auto")]
    mode: Mode,
    /// Epochs without improvement after which training stops.
    #[option(default = 10, min = 1)]
    patience: usize,
    /// Smallest change that counts as an improvement.
    #[option(default = 0, min = 0)]
    min_delta: f64,
    /// Whether the parameters of the best epoch are restored at the end.
    #[option(default = true)]
    restore: bool,
}

/// Options of `train::evaluate`.
#[derive(Options)]
pub struct EvaluateOptions {
    /// Rows per batch.
    #[option(default = 512, min = 1)]
    batch: usize,
    /// Whether outputs of the sequence and of its reverse complement are averaged.
    #[option(default = false)]
    both_strands: bool,
    /// Function that turns outputs into predictions; that of the loss of the training unless given,
    /// sigmoid if the model was not trained.
    link: Option<LinkName>,
    /// Loss to compute as well.
    loss: Option<Loss>,
}

/// Values by metric; those of several outputs in a map for each output.
fn scores_map(evaluation: Evaluation) -> Map {
    let Evaluation {
        loss,
        by_head,
        scores,
    } = evaluation;
    let mut by_output: BTreeMap<String, Map> = BTreeMap::new();
    for (output, loss) in by_head {
        let own = by_output.entry(output).or_default();
        own.insert("loss".into(), loss.into());
    }
    for score in scores {
        let own = by_output.entry(score.output).or_default();
        own.insert(score.name.as_str().into(), score.value.into());
        if !score.per_task.is_empty() {
            let key = format!("{}_per_task", score.name);
            own.insert(key.into(), array(score.per_task).into());
        }
    }
    let mut map = by_output.remove("").unwrap_or_default();
    let outputs = by_output.into_iter();
    map.extend(outputs.map(|(output, own)| (output.into(), own.into())));
    map.extend(loss.map(|loss| ("loss".into(), loss.into())));
    map
}

/// Computes metrics of a model on a dataset.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::from([[1.0], [-1.0]]), label: [1, 0] });
/// let net = nn::build(nn::linear(1, #{ bias: false }), [1]);
/// net["weight"] = tensor::ones([1, 1]);
/// assert_eq(train::evaluate(net, set, [metric::auroc()]).auroc, 1.0);
/// ```
#[native(
    namespace = "train",
    returns = "map of numbers by metric; `<metric>_per_task` too where there are several; of \
        several outputs a map of these by output",
    dry = placeholder_scores
)]
pub fn evaluate(
    /// Model to evaluate.
    net: &Model,
    /// Dataset with labels.
    set: &Data,
    /// Metrics to compute, such as `[metric::auroc()]`; a map of arrays by output for a model of
    /// several.
    metrics: MetricList,
    options: EvaluateOptions,
) -> Result<Map> {
    let links = match (&options.loss, options.link) {
        (Some(loss), _) => loss.links(),
        (None, Some(link)) => Link::from(link).into(),
        (None, None) => net.links().unwrap_or(Link::Sigmoid.into()),
    };
    evaluate::check_metrics(net, &metrics.0)?;
    let objective = match &options.loss {
        Some(loss) => {
            let objective = Objective::new(loss, None, net.device())?;
            objective.fits(net, &set.0, "evaluated")?;
            Some(objective)
        }
        None => None,
    };
    let evaluation = evaluate::evaluate(
        net,
        &set.0,
        &EvaluationSettings {
            loss: objective.as_ref(),
            links,
            metrics: &metrics.0,
        },
        options.batch,
        options.both_strands,
    )?;
    Ok(scores_map(evaluation))
}

/// Returns placeholder values of all metrics, and of the loss.
fn placeholder_scores(
    net: &Model,
    set: &Data,
    metrics: MetricList,
    options: EvaluateOptions,
) -> Result<Map> {
    evaluate::check_metrics(net, &metrics.0)?;
    let per_task = match set.0.tasks() {
        0 | 1 => Vec::new(),
        n => vec![0.5; n],
    };
    let scores = |own: OutputMetrics| {
        let per_task = per_task.clone();
        own.metrics.into_iter().map(move |metric| Score {
            output: own.output.clone(),
            name: metric.name,
            value: 0.5,
            per_task: per_task.clone(),
        })
    };
    let heads = options.loss.as_ref().map_or(Vec::new(), Loss::head_names);
    Ok(scores_map(Evaluation {
        loss: Some(0.5),
        by_head: heads.into_iter().map(|head| (head, 0.5)).collect(),
        scores: metrics.0.into_iter().flat_map(scores).collect(),
    }))
}

/// Returns a rule that stops a training when a value stops improving.
///
/// ```rhai
/// let stop = train::early_stop("valid.auroc", #{ mode: "max", patience: 8 });
/// assert(`${stop}`.contains("valid.auroc"));
/// ```
#[native(namespace = "train")]
pub fn early_stop(
    /// Name of the value in the history, such as "valid.loss".
    monitor: String,
    options: StopOptions,
) -> EarlyStop {
    EarlyStop {
        larger: options.mode.is_larger_better(&monitor),
        monitor,
        patience: options.patience,
        min_delta: options.min_delta,
        restore: options.restore,
    }
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![evaluate, early_stop,]
}
