//! Checks of the settings before a training starts.

use super::settings::FitSettings;
use crate::loss::{Link, Loss};
use cistron_base::Result;
use cistron_base::bail;
use cistron_genome::data::Dataset;

/// Fails on settings and labels with which a training makes no sense.
pub fn check(settings: &FitSettings) -> Result<()> {
    if settings.train.tasks() == 0 {
        bail!("data", "the training data have no label";
            hint: "`data::table(path, #{{ sequence: \"…\", label: \"…\" }})`");
    }
    if settings.validate_every.is_some() && settings.valid.is_none() {
        bail!("option", "`validate_every` needs validation rows"; hint: "`valid: set`");
    }
    if settings.graph && (settings.accumulate > 1 || settings.on_inputs.is_some()) {
        let what = if settings.accumulate > 1 {
            "accumulated gradients"
        } else {
            "an augmenter written in the script"
        };
        bail!("option", "a step with {what} cannot be captured as a CUDA graph";
            hint: "leave `graph` out");
    }
    if settings.graph && settings.train.batching.is_some() {
        bail!("option", "a step on rows that differ in size cannot be captured as a CUDA graph";
            hint: "leave `graph` out");
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

/// Fails on labels that the loss is not defined for.
fn check_labels(loss: &Loss, set: &Dataset, which: &str) -> Result<()> {
    let labels = set.all_labels();
    let Some(at) = loss.first_unfit(&labels) else {
        return Ok(());
    };
    let (row, task) = (at / set.tasks(), at % set.tasks());
    let task = if set.tasks() > 1 {
        format!(", task {task}")
    } else {
        String::new()
    };
    Err(loss.refuses(
        labels[at].into(),
        &format!(" in {} of the {which} data{task}", set.row_text(row)),
    ))
}
