//! Running statistics of batch norms, computed for parameters that were not trained with them.

use super::feed;
use super::random::seed_device;
use super::settings::FitSettings;
use super::sources;
use crate::Model;
use crate::fuse::pattern::cumulatively;
use cistron_base::{Result, interrupt};
use cistron_torch::{Tensor, grad};
use std::sync::Arc;

/// Returns the numbers of batches in running statistics; nothing of a network without them.
pub fn counts_of(state: &[(String, Tensor)]) -> Vec<Tensor> {
    let counts = state.iter();
    counts
        .filter(|(name, _)| name.ends_with("num_batches_tracked"))
        .map(|(_, count)| count.clone())
        .collect()
}

/// Computes the running statistics of batch norms as means over the batches of an epoch, in which
/// rows have weights.
pub fn compute(
    model: &Model,
    settings: &FitSettings,
    epoch: usize,
    weights: Option<&Arc<Vec<f64>>>,
) -> Result<()> {
    let _guard = grad::no_grad();
    let counts = counts_of(&model.state());
    if counts.is_empty() {
        return Ok(());
    }
    for count in counts {
        count.zero_()?;
    }
    seed_device(&[settings.seed, 0x7377_6121, epoch as u64]);
    let as_codes = model.reads_codes() && settings.on_inputs.is_none();
    let was = model.set_training(true);
    let loader = sources::epoch_loader(settings, epoch, false, weights)?;
    let outcome = cumulatively(|| {
        for batch in loader.start() {
            interrupt::check()?;
            let batch = batch?;
            let mut x = feed::inputs(&batch, model.device(), as_codes)?;
            if let Some(change) = &settings.on_inputs {
                x = change(x, feed::labels(&batch, model.device(), model.output())?)?.0;
            }
            model.forward(&x)?;
        }
        Ok(())
    });
    model.set_training(was);
    outcome
}
