//! A training step that a function of the caller computes, of one or several networks.

use super::feed;
use super::networks::Networks;
use super::optimizer_state::OptimizerState;
use super::ranks;
use super::settings::FitSettings;
use super::shared_batch::whole;
use super::step::{Rate, Scored, Step, StepInput, StepOutput};
use super::step_call::{CustomStep, StepBatch, StepCall, StepLosses, StepResult, UpdateNetworks};
use super::updater::Updater;
use crate::Value;
use crate::optim::schedule::Clock;
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt};
use cistron_genome::data::{Batch, Dataset, Loader};
use cistron_torch::{Tensor, grad};
use std::cell::RefCell;
use std::rc::Rc;

/// Trains on batches by a function of the caller.
pub struct ScriptStep<'a> {
    networks: &'a Networks,
    settings: &'a FitSettings,
    custom: &'a CustomStep,
    updater: Rc<RefCell<Updater>>,
    /// Epoch and update of the latest batch.
    position: (usize, usize),
}

impl<'a> ScriptStep<'a> {
    /// Binds copies of the optimizers to the networks.
    pub fn new(
        networks: &'a Networks,
        settings: &'a FitSettings,
        custom: &'a CustomStep,
    ) -> Result<ScriptStep<'a>> {
        let updater = Updater::new(networks, &custom.optimizers, settings)?;
        if updater.is_empty() {
            bail!("option", "`optimizer` has no optimizer of a network");
        }
        Ok(ScriptStep {
            networks,
            settings,
            custom,
            updater: Rc::new(RefCell::new(updater)),
            position: (0, 0),
        })
    }

    fn call(&self, batch: &Batch, inputs: Value, labels: Value, is_training: bool) -> Rc<StepCall> {
        let (epoch, step) = self.position;
        let first = batch.index.first().copied().unwrap_or(0);
        let keys = [
            self.settings.seed,
            0x7374_6570,
            epoch as u64,
            step as u64,
            u64::from(first),
        ];
        let batch = StepBatch {
            inputs,
            labels,
            rows: batch.without_inputs(),
        };
        // options of scripts accept seeds of up to 40 bits
        let seed = Rng::keyed(&keys).next_u64() >> 25;
        let networks = self.updater.clone();
        let mut call = StepCall::new(batch, networks, self.position, seed);
        call.is_training = is_training;
        call.accumulates = self.settings.accumulate > 1;
        Rc::new(call)
    }

    /// Calls the function; returns what it computed, with gradients where the batch is trained on.
    fn run_call(&self, call: &Rc<StepCall>, group: usize) -> Result<StepOutput> {
        let result = (self.custom.function)(call);
        let updates = call.end();
        let StepResult {
            losses,
            values,
            outputs,
        } = result?;
        let is_own = !updates.is_empty();
        let mut output = StepOutput {
            loss: f64::NAN,
            parts: Vec::new(),
            scored: outputs.map(|outputs| Scored {
                outputs,
                labels: call.labels.clone(),
            }),
        };
        match losses {
            StepLosses::None if is_own => {
                set_losses(&mut output, updates.into_iter(), &self.updater.borrow());
            }
            StepLosses::None => {
                bail!("value", "the step function has computed no loss";
                    hint: "return `#{{ loss: loss }}` or `#{{ losses: #{{ name: loss }} }}`, or \
                        call `info.update(loss)`")
            }
            _ if is_own => {
                bail!("value", "the step function has called `info.update` and returns a loss to \
                    minimise too";
                    hint: "return numbers only: `#{{ loss: loss.item() }}`")
            }
            StepLosses::Joint(loss) => {
                output.loss = call.number(0, &loss)?;
                if call.is_training {
                    let share = shared(&ranks::weighted(&loss, &call.batch)?, group)?;
                    self.updater.borrow_mut().backward(None, &share, false)?;
                }
            }
            StepLosses::Each(losses) => {
                let mut named = Vec::with_capacity(losses.len());
                for (i, (name, loss)) in losses.iter().enumerate() {
                    let network = self.updater.borrow().index(Some(name))?;
                    named.push((network, call.number(network, loss)?));
                    if call.is_training {
                        let share = shared(&ranks::weighted(loss, &call.batch)?, group)?;
                        let keeps_graph = i + 1 < losses.len();
                        let mut updater = self.updater.borrow_mut();
                        updater.backward(Some(network), &share, keeps_graph)?;
                    }
                }
                set_losses(&mut output, named.into_iter(), &self.updater.borrow());
            }
        }
        for (name, value) in values {
            // the loss that a step minimises is not overwritten
            if name == "loss" && is_own {
                output.loss = value;
            } else {
                output.parts.push((name, value));
            }
        }
        Ok(output)
    }
}

/// Records the losses of networks: of several their sum, and each by name.
fn set_losses(
    output: &mut StepOutput,
    losses: impl Iterator<Item = (usize, f64)>,
    updater: &Updater,
) {
    output.loss = 0.0;
    for (i, value) in losses {
        output.loss += value;
        if !updater.name(i).is_empty() {
            output
                .parts
                .push((format!("loss.{}", updater.name(i)), value));
        }
    }
}

/// A loss divided by the number of batches whose gradients are summed.
fn shared(loss: &Tensor, group: usize) -> Result<Tensor> {
    if group > 1 {
        loss.div_number(group as f64)
    } else {
        Ok(loss.clone())
    }
}

impl Drop for ScriptStep<'_> {
    fn drop(&mut self) {
        // a script that keeps a call keeps the updater
        if let Ok(mut updater) = self.updater.try_borrow_mut() {
            updater.release();
        }
    }
}

impl UpdateNetworks for RefCell<Updater> {
    fn index(&self, name: Option<&str>) -> Result<usize> {
        self.borrow().index(name)
    }

    fn name(&self, i: usize) -> String {
        self.borrow().name(i).to_string()
    }

    fn lr(&self, i: usize) -> f64 {
        self.borrow().lr(i)
    }

    fn update(&self, i: usize, loss: &Tensor) -> Result<()> {
        let mut updater = self.borrow_mut();
        updater.backward(Some(i), loss, false)?;
        updater.step(i)
    }
}

impl OptimizerState for ScriptStep<'_> {
    fn export(&self) -> Result<Vec<(String, Tensor)>> {
        self.updater.borrow().export()
    }

    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        self.updater.borrow_mut().import(tensors)
    }

    fn rates(&self) -> Result<Vec<(f64, f64)>> {
        self.updater.borrow().rates()
    }

    fn restore_rates(&mut self, rates: &[(f64, f64)]) {
        self.updater.borrow_mut().restore_rates(rates);
    }
}

impl Step for ScriptStep<'_> {
    fn begin_epoch(&mut self) -> Result<()> {
        self.updater.borrow().begin_epoch();
        Ok(())
    }

    fn begin_update(&mut self, clock: &Clock) -> Result<()> {
        self.updater.borrow_mut().begin_update(clock)
    }

    fn set_rate(&mut self, rate: Rate) {
        self.updater.borrow_mut().set_rate(rate);
    }

    fn run(&mut self, input: &StepInput) -> Result<StepOutput> {
        self.position = (input.epoch + 1, input.updates + 1);
        let device = self.networks.device();
        let mut inputs = feed::inputs(input.batch, device, false)?;
        let mut labels = feed::labels_in_shape(
            &feed::flat_labels(input.batch, device)?,
            &input.batch.label_groups,
        )?;
        if let Some(change) = &self.settings.on_inputs {
            (inputs, labels) = change(inputs, labels)?;
        }
        let call = self.call(input.batch, inputs, labels, true);
        let output = self.run_call(&call, input.group)?;
        if input.is_last_of_group {
            self.updater.borrow_mut().step_all()?;
        }
        Ok(output)
    }

    fn learning_rates(&self) -> Vec<(String, f64)> {
        self.updater.borrow().learning_rates()
    }

    fn validate(
        &mut self,
        valid: &Dataset,
        position: (usize, usize),
        add: &mut dyn FnMut(&StepOutput, usize) -> Result<()>,
    ) -> Result<bool> {
        self.position = position;
        let _guard = grad::no_grad();
        let modes: Vec<bool> = self
            .networks
            .iter()
            .map(|(_, model)| model.set_training(false))
            .collect();
        let device = self.networks.device();
        let each = |batch: Result<Batch>| {
            interrupt::check()?;
            let batch = batch?;
            let inputs = feed::inputs(&batch, device, false)?;
            let labels =
                feed::labels_in_shape(&feed::flat_labels(&batch, device)?, &batch.label_groups)?;
            let call = self.call(&batch, inputs, labels, false);
            let mut output = self.run_call(&call, 1)?;
            whole(&mut output, &batch, !self.settings.metrics.is_empty())?;
            add(&output, batch.whole_size())
        };
        let loader = Loader {
            share: ranks::share(),
            ..Loader::plain(valid, self.settings.batch)
        };
        let outcome = loader.start().try_for_each(each);
        for ((_, model), mode) in self.networks.iter().zip(modes) {
            model.set_training(mode);
        }
        outcome?;
        Ok(true)
    }
}
