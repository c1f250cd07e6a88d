//! Checks of the settings before a training starts.

use super::evaluate::check_metrics;
use super::networks::Networks;
use super::objective::Objective;
use super::settings::FitSettings;
use super::statistics;
use crate::Model;
use crate::loss::{HeadWeight, Link, Loss, LossKind};
use crate::optim::schedule::Clock;
use cistron_base::Result;
use cistron_base::bail;
use cistron_genome::data::{Dataset, LabelGroup};

/// Fails on settings and labels with which a training makes no sense.
pub fn check(model: &Model, settings: &FitSettings, objective: &Objective) -> Result<()> {
    if settings.validate_every.is_some() && settings.valid.is_none() {
        bail!("option", "`validate_every` needs validation rows"; hint: "`valid: set`");
    }
    if settings.step.is_some() {
        return check_custom(settings);
    }
    objective.fits(model, &settings.train, "training")?;
    if let Some(valid) = &settings.valid {
        objective.fits(model, valid, "validation")?;
    }
    check_metrics(model, &settings.metrics)?;
    if settings.train.tasks() == 0 && !objective.sees_batch() {
        bail!("data", "the training data have no label";
            hint: "`data::table(path, #{{ sequence: \"…\", label: \"…\" }})`");
    }
    if let Some(what) = uncapturable(settings).filter(|_| settings.graph) {
        bail!("option", "a step with {what} cannot be captured as a CUDA graph";
            hint: "leave `graph` out");
    }
    if settings.graph && settings.train.batching.is_some() {
        bail!("option", "a step on rows that differ in size cannot be captured as a CUDA graph";
            hint: "leave `graph` out");
    }
    if settings.graph {
        check_graph(&settings.loss)?;
    }
    if settings.class_weights.is_some() && matches!(settings.loss.kind, LossKind::Heads(_)) {
        bail!("option", "`class_weights` are those of a loss of one output";
            hint: "the losses of the heads have their own weights, such as \
                `loss::bce_with_logits(#{{ pos_weight: … }})`");
    }
    check_labels(&settings.loss, &settings.train, "training")?;
    settings
        .valid
        .iter()
        .try_for_each(|valid| check_labels(&settings.loss, valid, "validation"))?;
    let is_binary = matches!(settings.loss.link, Link::Sigmoid);
    let positives = settings.train.positives();
    if is_binary && positives.iter().all(|share| *share == 0.0) {
        bail!(
            "data",
            "the training data hold no positives: every label is 0"
        );
    }
    if is_binary && positives.iter().all(|share| *share == 1.0) {
        bail!("data", "the training data hold no negatives: every label is 1";
            hint: "`.with_shuffles(#{{ k: 2 }})` adds shuffles of each sequence as negatives");
    }
    Ok(())
}

/// Fails on options that a step function has no use for.
fn check_custom(settings: &FitSettings) -> Result<()> {
    let (option, hint) = match settings {
        own if own.graph => ("graph", "leave it out: a step function runs in every step"),
        own if own.class_weights.is_some() => (
            "class_weights",
            "weight the loss that the step function computes",
        ),
        _ => return Ok(()),
    };
    bail!("option", "`{option}` is not for a training with `step`"; hint: "{hint}")
}

/// Fails on losses that read values back to the host in every step.
fn check_graph(loss: &Loss) -> Result<()> {
    let what = match &loss.kind {
        LossKind::Batch(_) => "a loss that sees the batch",
        LossKind::Heads(heads)
            if heads
                .trained()
                .any(|(head, _)| matches!(head.weight, HeadWeight::Scheduled(_))) =>
        {
            "a loss whose weights follow a schedule"
        }
        _ => return Ok(()),
    };
    bail!("option", "a step with {what} cannot be captured as a CUDA graph";
        hint: "leave `graph` out")
}

/// Fails on optimizers that end before the training, and on averages that cannot be evaluated.
pub fn check_times(networks: &Networks, settings: &FitSettings, clock: &Clock) -> Result<()> {
    settings.optimizer.check_duration(clock)?;
    let step = settings.step.iter();
    for (_, optimizer) in step.flat_map(|step| &step.optimizers) {
        optimizer.check_duration(clock)?;
    }
    let average = settings.average.as_ref();
    let has_statistics = average.is_some_and(|average| average.has_own_statistics);
    let is_refused = settings.step.is_some() && has_statistics;
    if is_refused && !statistics::counts_of(&networks.state()).is_empty() {
        bail!("option", "statistics of batch norms are not computed again with the option `step`";
            hint: "`train::average(\"swa\", #{{ batch_norm: \"training\" }})` has those of the \
                training");
    }
    Ok(())
}

/// Returns what of a step depends on more than captured operations, if anything does.
fn uncapturable(settings: &FitSettings) -> Option<&'static str> {
    let optimizer = &settings.optimizer;
    let is_written = !optimizer.rule.is_capturable()
        || (optimizer.followers().iter()).any(|next| !next.rule.is_capturable());
    match () {
        () if settings.accumulate > 1 => Some("accumulated gradients"),
        () if settings.on_inputs.is_some() => Some("an augmenter written in the script"),
        () if is_written => Some("an optimizer written in the script"),
        () if settings.noise.is_some() => Some("gradient noise"),
        () => None,
    }
}

/// Fails on labels that the loss is not defined for.
fn check_labels(loss: &Loss, set: &Dataset, which: &str) -> Result<()> {
    let all = set.all_labels();
    let LossKind::Heads(heads) = &loss.kind else {
        let tasks = set.tasks();
        return check_columns(loss, &all, tasks, |row| {
            format!("{} of the {which} data", set.row_text(row))
        });
    };
    for (head, loss) in heads.trained() {
        let Some(range) = LabelGroup::range(&set.label_groups, &head.name) else {
            continue;
        };
        let rows = all.chunks(set.tasks().max(1));
        let own: Vec<f32> = rows.flat_map(|row| row[range.clone()].to_vec()).collect();
        check_columns(loss, &own, range.len(), |row| {
            let (row, name) = (set.row_text(row), &head.name);
            format!("{row} of the {which} data, label `{name}`")
        })?;
    }
    Ok(())
}

/// Fails on labels of some tasks, row after row, that the loss is not defined for.
fn check_columns(
    loss: &Loss,
    labels: &[f32],
    tasks: usize,
    place: impl Fn(usize) -> String,
) -> Result<()> {
    let Some(at) = loss.first_unfit(labels) else {
        return Ok(());
    };
    let (row, task) = (at / tasks, at % tasks);
    let task = if tasks > 1 {
        format!(", task {task}")
    } else {
        String::new()
    };
    Err(loss.refuses(labels[at].into(), &format!(" in {}{task}", place(row))))
}
