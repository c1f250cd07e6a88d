//! Time and memory of a training step: by part, and by layer.

use super::TrialSteps;
use crate::train::feed;
use crate::train::networks::Networks;
use crate::train::settings::FitSettings;
use crate::watch::{self, Seen};
use crate::{Model, Value};
use cistron_base::Result;
use cistron_genome::data::Batch;
use cistron_torch::{Kind, Tensor, device};
use std::time::Instant;

/// Steps that are not timed: libraries initialise themselves in them.
const WARM_UP: usize = 2;

/// A layer, in one pass over a batch.
#[derive(Clone, Debug, Default)]
pub struct LayerProfile {
    /// Path in the network; after the name of the network where there are several.
    pub path: String,
    /// Description.
    pub layer: String,
    /// Seconds of the forward pass.
    pub forward: f64,
    /// Seconds of the backward pass.
    pub backward: f64,
    /// Bytes of its outputs.
    pub output_bytes: u64,
    /// Bytes of its parameters.
    pub parameter_bytes: u64,
}

/// Where the time of a training step goes.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Seconds of a step by part: waiting for the loader, the inputs, and what follows.
    pub parts: Vec<(String, f64)>,
    /// The layers without layers within them, in the order of the pass.
    pub layers: Vec<LayerProfile>,
}

impl Profile {
    /// Seconds of a step.
    pub fn seconds(&self) -> f64 {
        self.parts.iter().map(|(_, seconds)| seconds).sum()
    }
}

/// Medians of durations by part.
#[derive(Default)]
struct Durations(Vec<(&'static str, Vec<f64>)>);

impl Durations {
    fn add(&mut self, part: &'static str, begun: Instant) {
        let seconds = begun.elapsed().as_secs_f64();
        match self.0.iter_mut().find(|(known, _)| *known == part) {
            Some((_, all)) => all.push(seconds),
            None => self.0.push((part, vec![seconds])),
        }
    }

    fn of(&self, part: &str) -> f64 {
        let found = self.0.iter().find(|(known, _)| *known == part);
        found.map_or(0.0, |(_, all)| median(all))
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Times some training steps and passes, and restores the parameters.
///
/// The layers are timed one by one, without the fused layers that a training may use. Of several
/// networks, only those are listed by layer whose inputs are the inputs of the batch.
pub fn profile(networks: &Networks, settings: &FitSettings, steps: usize) -> Result<Profile> {
    let mut trial = TrialSteps::new(networks, settings)?;
    let mut profile = Profile::default();
    let mut run = || -> Result<()> {
        let mut durations = Durations::default();
        let mut batch = trial.next_batch()?;
        for i in 0..steps + WARM_UP {
            let begun = Instant::now();
            if i > 0 {
                batch = trial.next_batch()?;
            }
            let is_timed = i >= WARM_UP;
            if is_timed {
                durations.add("loader", begun);
            }
            timed_step(&mut trial, &batch, is_timed.then_some(&mut durations))?;
        }
        profile.parts = parts_of(&durations, settings.step.is_some());
        trial.restore()?;
        profile.layers = layers_of(networks, &batch, steps)?;
        Ok(())
    };
    let outcome = run();
    trial.end(outcome)?;
    Ok(profile)
}

fn timed_step(
    trial: &mut TrialSteps,
    batch: &Batch,
    durations: Option<&mut Durations>,
) -> Result<()> {
    let Some(durations) = durations else {
        return trial.run(batch).map(drop);
    };
    if trial.settings.step.is_none() {
        let begun = Instant::now();
        let source = trial.sources.current();
        let model = source.model();
        let as_codes = model.reads_codes() && trial.settings.on_inputs.is_none();
        let inputs = source.inputs(batch, as_codes)?;
        trial.synchronize();
        durations.add("inputs", begun);
        let begun = Instant::now();
        model.forward(&inputs)?;
        trial.synchronize();
        durations.add("forward", begun);
    }
    let begun = Instant::now();
    trial.run(batch)?;
    trial.synchronize();
    durations.add("step", begun);
    Ok(())
}

/// The parts of a step; what follows the forward pass is what is left of the step.
fn parts_of(durations: &Durations, is_custom: bool) -> Vec<(String, f64)> {
    let loader = ("waiting for the loader".to_string(), durations.of("loader"));
    let step = durations.of("step");
    if is_custom {
        return vec![loader, ("step".into(), step)];
    }
    let (inputs, forward) = (durations.of("inputs"), durations.of("forward"));
    vec![
        loader,
        ("inputs".into(), inputs),
        ("forward".into(), forward),
        (
            "backward and update".into(),
            (step - inputs - forward).max(0.0),
        ),
    ]
}

/// The layers of all networks that take the inputs of the batch.
fn layers_of(networks: &Networks, batch: &Batch, passes: usize) -> Result<Vec<LayerProfile>> {
    let inputs = feed::inputs(batch, networks.device(), false)?;
    let mut all = Vec::new();
    for (name, model) in networks.iter() {
        if networks.are_named() && *model.input() != inputs.shape() {
            continue;
        }
        let prefix = if name.is_empty() {
            String::new()
        } else {
            format!("{name}.")
        };
        all.extend(layers_of_one(model, &inputs, passes, &prefix)?);
    }
    Ok(all)
}

fn layers_of_one(
    model: &Model,
    inputs: &Value,
    passes: usize,
    prefix: &str,
) -> Result<Vec<LayerProfile>> {
    let mut forward: Vec<Vec<f64>> = Vec::new();
    let mut backward: Vec<Vec<f64>> = Vec::new();
    let mut layers = Vec::new();
    for _ in 0..passes.max(1) {
        let (_, seen, _) = watch::watched(|| model.forward(inputs))?;
        let paths: Vec<String> = seen.iter().map(|one| one.path.clone()).collect();
        let is_inner = |one: &&Seen| {
            let within = format!("{}.", one.path);
            let has_layers = |path: &String| {
                path != &one.path && (one.path.is_empty() || path.starts_with(&within))
            };
            !paths.iter().any(has_layers)
        };
        let seen: Vec<&Seen> = seen.iter().filter(is_inner).collect();
        forward.resize(seen.len(), Vec::new());
        backward.resize(seen.len(), Vec::new());
        layers.clear();
        for (i, one) in seen.iter().enumerate() {
            forward[i].push(one.seconds);
            backward[i].push(backward_seconds(model, one)?);
            layers.push(LayerProfile {
                path: format!("{prefix}{}", one.path),
                layer: one.layer.clone(),
                output_bytes: bytes_of(&one.output),
                parameter_bytes: parameters_of(model, &one.path).iter().map(bytes).sum(),
                ..LayerProfile::default()
            });
        }
    }
    for (i, layer) in layers.iter_mut().enumerate() {
        (layer.forward, layer.backward) = (median(&forward[i]), median(&backward[i]));
    }
    Ok(layers)
}

/// The parameters of a layer.
fn parameters_of(model: &Model, path: &str) -> Vec<Tensor> {
    let is_own = |name: &str| {
        path.is_empty()
            || name
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    let parameters = model.parameters().iter();
    parameters
        .filter(|(name, _)| is_own(name))
        .map(|(_, tensor)| tensor.clone())
        .collect()
}

/// Seconds of the backward pass through one layer, from the sum of its outputs to its inputs and
/// parameters.
fn backward_seconds(model: &Model, layer: &Seen) -> Result<f64> {
    let mut ends: Vec<Tensor> = parameters_of(model, &layer.path);
    ends.extend(layer.input.tensors().into_iter().cloned());
    ends.retain(Tensor::is_grad_on);
    let mut sum: Option<Tensor> = None;
    for output in layer.output.tensors() {
        if !output.is_grad_on() {
            continue;
        }
        let own = output.sum(&None, false)?;
        sum = Some(match sum {
            Some(sum) => sum.add(&own)?,
            None => own,
        });
    }
    let Some(sum) = sum.filter(|_| !ends.is_empty()) else {
        return Ok(0.0);
    };
    device::synchronize(model.device());
    let begun = Instant::now();
    let _gradients = sum.gradients_where_used(&ends, false)?;
    device::synchronize(model.device());
    Ok(begun.elapsed().as_secs_f64())
}

fn bytes(tensor: &Tensor) -> u64 {
    let size = match tensor.kind() {
        Kind::Double | Kind::Int64 => 8,
        Kind::Half | Kind::BFloat16 => 2,
        Kind::Bool | Kind::Byte => 1,
        _ => 4,
    };
    tensor.numel() as u64 * size
}

fn bytes_of(value: &Value) -> u64 {
    value.tensors().into_iter().map(bytes).sum()
}
