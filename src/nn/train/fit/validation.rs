//! Validation of the networks of a training, or of the average of their parameters.

use super::FitLoop;
use crate::train::average::Average;
use crate::train::sources::HostLoader;
use crate::train::statistics;
use crate::train::step::StepOutput;
use crate::train::validation::{self, EpochSums};
use cistron_base::Result;

impl FitLoop<'_> {
    /// Loss and metrics of the validation rows: of the average, once there is one.
    pub(super) fn validate(&mut self) -> Result<Vec<(String, f64)>> {
        // a function of the script must not run twice for the rows that an interrupt cuts off
        let is_of_script = self.settings.step.is_some() || self.settings.loss.is_of_script();
        self.set_complete(!is_of_script);
        let values = self.trained_or_average()?;
        self.set_complete(true);
        Ok(values)
    }

    /// Sets whether a checkpoint of this moment can be continued.
    fn set_complete(&mut self, is_complete: bool) {
        if let Some(partial) = &mut self.partial {
            partial.is_complete = is_complete;
        }
    }

    fn trained_or_average(&mut self) -> Result<Vec<(String, f64)>> {
        let has_values = |average: &Average| average.count() > 0;
        if !self.average.as_ref().is_some_and(has_values) {
            return self.validation_values(false);
        }
        let trained = self.networks.snapshot()?;
        let outcome = self
            .enter_average()
            .and_then(|()| self.validation_values(true));
        self.networks.load_state(&trained)?;
        outcome
    }

    /// Copies the average into the networks.
    fn enter_average(&mut self) -> Result<()> {
        let (networks, settings) = (self.networks, self.settings);
        let epoch = self.state.history.epochs.len();
        let partial = self.partial.as_ref();
        let weights = partial.and_then(|partial| partial.weights.as_ref());
        let Some(average) = &mut self.average else {
            return Ok(());
        };
        average.enter(networks, || {
            statistics::compute(networks.first(), settings, epoch, weights)
        })
    }

    /// Loss and metrics of the validation rows by the parameters of the networks.
    fn validation_values(&mut self, is_average: bool) -> Result<Vec<(String, f64)>> {
        if let (Some(_), Some(valid)) = (&self.settings.step, &self.settings.valid) {
            let epoch = self.state.history.epochs.len() + 1;
            let mut sums = EpochSums::of_validation(self.settings);
            let mut add = |output: &StepOutput, rows: usize| sums.add(output, rows);
            let has_validated = self.step.validate(valid, (epoch, self.updates), &mut add)?;
            if has_validated {
                return sums.values_of("valid", self.settings, &self.objective, false);
            }
        }
        if is_average {
            // the outputs of a frozen prefix are those of the trained parameters
            let source = HostLoader::new(self.networks.first());
            return validation::values(self.settings, &source, &self.objective);
        }
        validation::values(self.settings, self.sources.current(), &self.objective)
    }
}
