//! The optimizers of a training of one or several networks, and the updates of their parameters.

use super::base_rate::BaseRate;
use super::networks::Networks;
use super::optimizer_state::OptimizerState;
use super::ranks;
use super::settings::{FitSettings, GradientChanges};
use super::step::Rate;
use crate::Model;
use crate::optim::Optimizer;
use crate::optim::schedule::Clock;
use cistron_base::{Result, bail, fault, near};
use cistron_torch::Tensor;

/// A network that is trained.
struct Trained {
    /// Its name; empty where there is one network.
    name: String,
    optimizer: Optimizer,
    base: BaseRate,
    /// Whether it has gradients of batches since its last update.
    has_gradients: bool,
}

/// A network without an optimizer: its parameters are frozen until it is dropped.
struct Fixed {
    model: Model,
    /// The parameters that were trainable.
    trainable: Vec<Tensor>,
}

impl Drop for Fixed {
    fn drop(&mut self) {
        for parameter in &self.trainable {
            parameter.requires_grad_(true).ok();
        }
    }
}

/// The optimizers of a training, by network.
pub struct Updater {
    trained: Vec<Trained>,
    fixed: Vec<Fixed>,
    changes: GradientChanges,
    /// Updates of the training so far, and those of networks since the last batch.
    updates: (usize, u64),
}

impl Updater {
    /// Binds copies of the optimizers to the parameters of the networks. A network without an
    /// optimizer is frozen and in evaluation mode.
    pub fn new(
        networks: &Networks,
        optimizers: &[(String, Optimizer)],
        settings: &FitSettings,
    ) -> Result<Updater> {
        let names: Vec<&str> = networks.iter().map(|(name, _)| name).collect();
        if let Some((name, _)) = optimizers
            .iter()
            .find(|(name, _)| !names.contains(&&**name))
        {
            return Err(unknown(name, &names).context("`optimizer`"));
        }
        let (mut trained, mut fixed) = (Vec::new(), Vec::new());
        for (name, model) in networks.iter() {
            let own = optimizers.iter().find(|(known, _)| known == name);
            let Some((_, optimizer)) = own else {
                let is_trainable = |parameter: &Tensor| parameter.is_grad_on();
                let parameters = model.parameters().iter().map(|(_, own)| own.clone());
                let trainable: Vec<Tensor> = parameters.filter(is_trainable).collect();
                for parameter in &trainable {
                    parameter.requires_grad_(false)?;
                }
                fixed.push(Fixed {
                    model: model.clone(),
                    trainable,
                });
                continue;
            };
            let mut optimizer = optimizer.over(model.parameters())?;
            optimizer.has_scheduled_momentum = settings
                .schedule
                .as_ref()
                .is_some_and(|schedule| schedule.sets_momentum());
            trained.push(Trained {
                name: name.to_string(),
                base: BaseRate::new(settings, name, &optimizer),
                optimizer,
                has_gradients: false,
            });
        }
        Ok(Updater {
            trained,
            fixed,
            changes: settings.gradients(),
            updates: (0, 0),
        })
    }

    /// Ends the training: networks without an optimizer are as trainable as before.
    pub fn release(&mut self) {
        self.fixed.clear();
    }

    /// Sets the networks without an optimizer to evaluation mode.
    pub fn begin_epoch(&self) {
        self.fixed.iter().for_each(|fixed| {
            fixed.model.set_training(false);
        });
    }

    /// The index of a network; `None` names the only one.
    pub fn index(&self, name: Option<&str>) -> Result<usize> {
        let names: Vec<&str> = self.trained.iter().map(|own| own.name.as_str()).collect();
        let Some(name) = name else {
            if names == [""] {
                return Ok(0);
            }
            bail!("value", "the step must name the network to update";
                hint: "`info.update(\"{}\", loss)`", names[0])
        };
        let at = names.iter().position(|known| *known == name);
        at.ok_or_else(|| unknown(name, &names))
    }

    /// The name of a network.
    pub fn name(&self, i: usize) -> &str {
        &self.trained[i].name
    }

    /// Whether no network is trained.
    pub fn is_empty(&self) -> bool {
        self.trained.is_empty()
    }

    /// The learning rate of a network.
    pub fn lr(&self, i: usize) -> f64 {
        self.trained[i].optimizer.lr
    }

    /// Adds the gradients of a loss to the parameters of a network only, or of all networks.
    /// `keeps_graph` states that another backward pass through the same operations follows.
    pub fn backward(
        &mut self,
        network: Option<usize>,
        loss: &Tensor,
        keeps_graph: bool,
    ) -> Result<()> {
        let mut parameters = Vec::new();
        for (i, own) in self.trained.iter_mut().enumerate() {
            if network.is_some_and(|network| network != i) {
                continue;
            }
            own.has_gradients = true;
            let all = own
                .optimizer
                .parameters()
                .iter()
                .map(|(_, own)| own.clone());
            parameters.extend(all.filter(Tensor::is_grad_on));
        }
        loss.backward_into(&parameters, keeps_graph)
    }

    /// Updates a network by its gradients, clears them.
    pub fn step(&mut self, network: usize) -> Result<()> {
        let own = &mut self.trained[network];
        let (updates, within) = &mut self.updates;
        *within += 1;
        ranks::sum_gradients(own.optimizer.parameters())?;
        let factor = self.changes.apply(&own.optimizer, *updates, *within)?;
        own.optimizer.step(&factor)?;
        own.has_gradients = false;
        own.optimizer.zero_grad()
    }

    /// Updates the networks that have gradients of batches since their last update.
    pub fn step_all(&mut self) -> Result<()> {
        (0..self.trained.len()).try_for_each(|i| {
            if self.trained[i].has_gradients {
                self.step(i)
            } else {
                Ok(())
            }
        })
    }

    /// See [`Step::begin_update`](super::step::Step::begin_update).
    pub fn begin_update(&mut self, clock: &Clock) -> Result<()> {
        self.updates = (clock.step as usize, 0);
        for own in &mut self.trained {
            own.base.begin_update(&mut own.optimizer, clock)?;
        }
        Ok(())
    }

    /// Sets the learning rate and momentum of the next updates.
    pub fn set_rate(&mut self, rate: Rate) {
        for own in &mut self.trained {
            own.optimizer.lr = own.base.scaled(rate.factor, rate.plateau);
            if rate.momentum.is_some() {
                own.optimizer.momentum = rate.momentum;
            }
        }
    }

    /// The learning rates by the names under which an epoch records them.
    pub fn learning_rates(&self) -> Vec<(String, f64)> {
        let named = |own: &Trained| match own.name.as_str() {
            "" => ("lr".to_string(), own.optimizer.lr),
            name => (format!("lr.{name}"), own.optimizer.lr),
        };
        self.trained.iter().map(named).collect()
    }
}

impl OptimizerState for Updater {
    fn export(&self) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for own in &self.trained {
            let state = own.optimizer.export()?.into_iter();
            all.extend(state.map(|(key, tensor)| match own.name.as_str() {
                "" => (key, tensor),
                name => (format!("{name}/{key}"), tensor),
            }));
        }
        Ok(all)
    }

    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        for own in &mut self.trained {
            let of_network = |(full, tensor): &(String, Tensor)| {
                let key = match own.name.as_str() {
                    "" => full.as_str(),
                    name => full.strip_prefix(name)?.strip_prefix('/')?,
                };
                Some((key.to_string(), tensor.clone()))
            };
            let state: Vec<(String, Tensor)> = tensors.iter().filter_map(of_network).collect();
            own.optimizer.import(&state)?;
        }
        Ok(())
    }

    fn rates(&self) -> Result<Vec<(f64, f64)>> {
        let rates = |own: &Trained| Ok((own.base.initial(), own.base.get()?));
        self.trained.iter().map(rates).collect()
    }

    fn restore_rates(&mut self, rates: &[(f64, f64)]) {
        for (i, own) in self.trained.iter_mut().enumerate() {
            own.base.restore(&own.optimizer, rates.get(i).copied());
        }
    }
}

/// The fault of a network that is not among those that are trained.
fn unknown(name: &str, names: &[&str]) -> cistron_base::Fault {
    let names: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        return fault!("value", "there is one network, without a name, got \"{name}\"";
            hint: "`info.update(loss)`");
    }
    let fault = fault!(
        "name",
        "there is no network `{name}`; there are {}",
        names.join(", ")
    );
    match near::nearest(name, names.iter().copied()) {
        Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
        None => fault,
    }
}
