//! Trial steps of a training that leave the networks as they were: learning rates, one batch, sizes
//! of batches, where time and memory go.

mod batch_size;
mod cost;
mod learning_rate;
mod overfit;
mod peak_memory;
mod profile;

pub use batch_size::{BatchSize, BatchSizes, SizeSearch, find_batch};
pub use cost::{Cost, cost};
pub use learning_rate::{LrTest, RangeTest, find_lr};
pub use overfit::{Overfit, OverfitTest, overfit_batch};
pub use profile::{LayerProfile, Profile, profile};

use super::fit::{TrainingMode, checked_objective, step_of};
use super::networks::Networks;
use super::random::seed_device;
use super::ranks;
use super::settings::FitSettings;
use super::shared_batch::whole;
use super::sources::{self, Sources};
use super::step::{Step, StepInput, StepOutput};
use cistron_base::{Result, bail};
use cistron_genome::data::{Batch, loader::Batches};
use cistron_torch::{Tensor, device};

/// Steps of a training outside its epochs.
struct TrialSteps<'a> {
    networks: &'a Networks,
    settings: &'a FitSettings,
    step: Box<dyn Step + 'a>,
    sources: Sources<'a>,
    /// Parameters and buffers before the first step.
    before: Vec<(String, Tensor)>,
    batches: Option<Batches>,
    epoch: usize,
    updates: usize,
    _mode: TrainingMode,
}

impl<'a> TrialSteps<'a> {
    /// Starts with new optimizers.
    fn new(networks: &'a Networks, settings: &'a FitSettings) -> Result<TrialSteps<'a>> {
        let objective = checked_objective(networks, settings)?;
        let before = networks.snapshot()?;
        let mut step = step_of(networks, settings, objective)?;
        networks.zero_grad()?;
        let mut sources = Sources::new(networks.first(), settings)?;
        let mode = TrainingMode::enter(networks, settings.precision);
        sources.begin_epoch(0)?;
        networks.set_training(true);
        step.begin_epoch()?;
        seed_device(&[settings.seed, 0x7072_6f62]);
        Ok(TrialSteps {
            networks,
            settings,
            step,
            sources,
            before,
            batches: None,
            epoch: 0,
            updates: 0,
            _mode: mode,
        })
    }

    /// The next batch; after the last one of an epoch, the first one of the next.
    fn next_batch(&mut self) -> Result<Batch> {
        for _ in 0..2 {
            let (settings, epoch) = (self.settings, self.epoch);
            let is_cached = self.sources.current().is_cached();
            let batches = self.batches.get_or_insert_with(|| {
                let mut loader = sources::loader(settings, epoch, is_cached);
                loader.share = ranks::share();
                loader.start()
            });
            if let Some(batch) = batches.next() {
                return batch;
            }
            self.batches = None;
            self.epoch += 1;
        }
        bail!("data", "the training data have no rows")
    }

    /// Trains on a batch.
    fn run(&mut self, batch: &Batch) -> Result<StepOutput> {
        cistron_world::check_interrupt()?;
        let _rows = ranks::enter(batch);
        let mut output = self.step.run(&StepInput {
            source: self.sources.current(),
            batch,
            group: 1,
            is_last_of_group: true,
            updates: self.updates,
            epoch: self.epoch,
        })?;
        whole(&mut output, batch, false)?;
        ranks::average_buffers(self.networks, batch)?;
        self.updates += 1;
        Ok(output)
    }

    /// Waits until the device has completed the steps.
    fn synchronize(&self) {
        device::synchronize(self.networks.device());
    }

    /// Restores the parameters.
    fn restore(&self) -> Result<()> {
        self.networks.load_state(&self.before)?;
        self.networks.zero_grad()
    }

    /// Restores the parameters, and what is drawn afterwards does not depend on the steps.
    fn end<T>(self, outcome: Result<T>) -> Result<T> {
        self.restore()?;
        seed_device(&[self.settings.seed, 0x7072_6f62, 1]);
        outcome
    }
}
