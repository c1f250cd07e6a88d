//! `train::fit`.

use crate::base::Result;
use crate::bind::args::fit::{FitOptions, few, settings_of};
use crate::bind::args::networks::NetworksArgument;
use crate::bind::args::placeholder::placeholder_history;
use crate::bind::rehearsals;
use crate::bind::warnings::warn;
use crate::data::duplicates;
use crate::lang::{Native, native, natives_of, session};
use crate::train::fit::fit_networks;
use crate::train::{FitSettings, History, Networks};

/// Trains networks, and warns of validation sequences that are also training sequences.
fn train_with(networks: &Networks, settings: &FitSettings, has_loss: bool) -> Result<History> {
    if let Some(valid) = &settings.valid {
        let shared = duplicates::overlap(&settings.train, valid);
        if shared > 0 {
            warn(&format!(
                "{shared} of {} validation sequences occur among the training ones, on either \
                 strand",
                valid.rows.len()
            ));
        }
    }
    if has_loss {
        let links = settings.loss.links();
        networks
            .iter()
            .for_each(|(_, model)| model.set_links(links.clone()));
    }
    fit_networks(networks, settings)
}

/// Trains a network, or several, in place and returns the history of the training.
///
/// Metrics are computed from predictions: probabilities where the loss takes logits.
///
/// ```rhai
/// let x = tensor::randn([64, 2], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let optimizer = optim::sgd(#{ lr: 0.1 });
/// let options = #{ loss: loss::mse(), optimizer: optimizer, epochs: 20, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert(run.last("train.loss") < 0.01);
/// ```
/// Two models with a step function, each with its own loss and optimizer:
/// ```rhai
/// let set = data::from(#{ x: tensor::randn([64, 2], #{ seed: 1 }) });
/// let nets = #{
///     generator: nn::build(nn::linear(2), [3], #{ seed: 1 }),
///     discriminator: nn::build(nn::linear(1), [2], #{ seed: 2 }),
/// };
/// let bce = loss::bce_with_logits();
/// let step = |nets, batch, info| {
///     let noise = tensor::randn([batch.len(), 3], #{ seed: info.seed });
///     let made = nets.generator.forward(noise);
///     let real = nets.discriminator.forward(batch.x);
///     let fake = nets.discriminator.forward(made);
///     #{ losses: #{
///         discriminator: bce.of(real, real.ones_like()) + bce.of(fake, fake.zeros_like()),
///         generator: bce.of(fake, fake.ones_like()),
///     } }
/// };
/// let run = train::fit(nets, #{
///     train: set, optimizer: optim::adam(), step: step, epochs: 2, progress: false
/// });
/// assert(run.names.contains("train.loss.generator"));
/// ```
/// ```rhai,fails
/// train::fit(nn::build(nn::linear(1), [2]), #{ trian: 1 });
/// //~ did you mean `train`?
/// ```
#[native(namespace = "train", dry = rehearse)]
pub fn fit(
    /// Model to train; with the option `step` also a map of models.
    net: &NetworksArgument,
    options: FitOptions,
) -> Result<History> {
    let has_loss = options.loss.is_some();
    train_with(&net.0, &settings_of(&net.0, options)?, has_loss)
}

/// One epoch on a few rows, of which nothing is stored.
fn rehearse(net: &NetworksArgument, options: FitOptions) -> Result<History> {
    let has_loss = options.loss.is_some();
    let settings = settings_of(&net.0, options)?;
    rehearsals::note(&net.0, &settings, has_loss);
    if session::is_guessed() {
        return Ok(placeholder_history(&net.0, &settings));
    }
    if let Some(weights) = &settings.sampling {
        settings.train.check_weights(&weights(1)?)?;
    }
    train_with(&net.0, &few(settings), has_loss)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![fit,]
}
