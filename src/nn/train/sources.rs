//! The sources of the batches of a training.

use super::device_cache::DeviceCache;
use super::feed;
use super::frozen_prefix::FrozenPrefix;
use super::settings::FitSettings;
use super::source::BatchSource;
use crate::loss::LossKind;
use crate::{Model, Value};
use cistron_base::{Result, bail};
use cistron_genome::data::{Batch, Dataset, Loader};
use cistron_torch::graph;
use std::sync::Arc;

/// Sends each batch that the loader threads prepare to the device.
pub struct HostLoader {
    model: Model,
}

impl HostLoader {
    /// Returns the source of batches for a model.
    pub fn new(model: &Model) -> HostLoader {
        HostLoader {
            model: model.clone(),
        }
    }
}

impl BatchSource for HostLoader {
    fn model(&self) -> &Model {
        &self.model
    }

    fn is_cached(&self) -> bool {
        false
    }

    fn inputs(&self, batch: &Batch, as_codes: bool) -> Result<Value> {
        feed::inputs(batch, self.model.device(), as_codes)
    }
}

/// Returns the loader of an epoch; of cached inputs it prepares labels and row numbers only.
pub fn loader(settings: &FitSettings, epoch: usize, is_cached: bool) -> Loader {
    Loader {
        is_elsewhere: is_cached,
        set: settings.train.clone(),
        batch: settings.batch,
        seed: Some(settings.seed),
        epoch: epoch as u64,
        transform: settings.augment.clone(),
        drop_last: settings.drop_last,
        threads: settings.loaders,
        first: 0,
        share: None,
    }
}

/// Returns the loader of an epoch with the weights that rows have in it: those of an epoch that is
/// continued, if `weights` has them.
pub fn epoch_loader(
    settings: &FitSettings,
    epoch: usize,
    is_cached: bool,
    weights: Option<&Arc<Vec<f64>>>,
) -> Result<Loader> {
    let mut loader = loader(settings, epoch, is_cached);
    if let Some(rows_in) = settings.train_in.as_ref().filter(|_| epoch > 0) {
        let rows = rows_in(epoch + 1)?;
        check_rows(&settings.train, &rows)
            .map_err(|fault| fault.context(format!("the rows of epoch {}", epoch + 1)))?;
        loader.set = rows;
    }
    if weights.is_some() {
        loader.set.sampling.weights = weights.cloned();
    } else if let Some(weights_in) = &settings.sampling {
        let weights = weights_in(epoch + 1)?;
        let checked = loader.set.check_weights(&weights);
        checked.map_err(|fault| fault.context(format!("`sampling` in epoch {}", epoch + 1)))?;
        loader.set.sampling.weights = Some(Arc::new(weights));
    }
    Ok(loader)
}

/// Fails on rows of an epoch that differ in form or number from those of the first.
fn check_rows(first: &Dataset, rows: &Dataset) -> Result<()> {
    if first.form() != rows.form() || first.label_names != rows.label_names {
        bail!(
            "data",
            "they are {}, those of the first epoch {}",
            rows.form(),
            first.form()
        );
    }
    if first.len() != rows.len() {
        bail!("data", "there are {}, the first epoch has {}", rows.len(), first.len();
            hint: "draw as many in every epoch: schedules and steps depend on their number");
    }
    Ok(())
}

/// The sources of a training, of which one is used in each epoch.
pub struct Sources<'a> {
    model: &'a Model,
    settings: &'a FitSettings,
    inputs: Box<dyn BatchSource>,
    prefix: Option<FrozenPrefix>,
    /// Which parameters were trainable when a frozen prefix was last looked for.
    trainable: Option<Vec<bool>>,
}

impl<'a> Sources<'a> {
    /// Caches the sequences on the device where that is possible.
    pub fn new(model: &'a Model, settings: &'a FitSettings) -> Result<Sources<'a>> {
        let may_cache = settings.step.is_none()
            && graph::is_for(model.device())
            && model.takes_codes()
            && settings.on_inputs.is_none()
            && settings.train_in.is_none();
        let cache = if may_cache {
            DeviceCache::new(model, &loader(settings, 0, false))?
        } else {
            None
        };
        let inputs: Box<dyn BatchSource> = match cache {
            Some(cache) => Box::new(cache),
            None => Box::new(HostLoader::new(model)),
        };
        Ok(Sources {
            model,
            settings,
            inputs,
            prefix: None,
            trainable: None,
        })
    }

    /// The source of the epoch.
    pub fn current(&self) -> &dyn BatchSource {
        match &self.prefix {
            Some(prefix) => prefix,
            None => &*self.inputs,
        }
    }

    /// Whether the outputs of frozen layers are the same in every epoch.
    fn may_cache_prefix(&self) -> bool {
        let settings = self.settings;
        let is_changing = settings.step.is_some()
            || settings.augment.is_some()
            // the loss sees the inputs of the network
            || matches!(settings.loss.kind, LossKind::Batch(_))
            || settings.on_inputs.is_some()
            || settings.train_in.is_some()
            || settings.on_batch.is_some()
            || settings.train.batching.is_some()
            || settings.train.is_redrawn()
            || settings.valid.as_ref().is_some_and(Dataset::is_redrawn);
        self.model.is_fast() && !is_changing
    }

    /// Looks for a frozen prefix, in the first epoch and after frozen parameters have changed.
    pub fn begin_epoch(&mut self, epoch: usize) -> Result<()> {
        if !self.may_cache_prefix() {
            return Ok(());
        }
        let (model, settings) = (self.model, self.settings);
        let trainable: Vec<bool> = model
            .parameters()
            .iter()
            .map(|(_, parameter)| parameter.is_grad_on())
            .collect();
        let is_current = self.trainable.as_ref() == Some(&trainable)
            && self
                .prefix
                .as_ref()
                .map_or(Ok(true), FrozenPrefix::is_current)?;
        if is_current {
            return Ok(());
        }
        let is_worth_it = epoch + 1 < settings.epochs && trainable.contains(&false);
        self.prefix = if is_worth_it {
            let rows = settings.batch.max(256);
            FrozenPrefix::new(model, &settings.train, settings.valid.as_ref(), rows)?
        } else {
            None
        };
        self.trainable = Some(trainable);
        model.set_training(true);
        Ok(())
    }
}
