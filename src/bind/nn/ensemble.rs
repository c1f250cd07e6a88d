//! `nn::ensemble`, and the methods of ensembles.

use crate::base::{Fault, Result};
use crate::bind::args::network::into_dynamic;
use crate::bind::types::Data;
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::nn::layers::ensemble::Average;
use crate::nn::{Model, Value};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::path::{Path, PathBuf};

/// Options of `nn::ensemble`.
#[derive(Options)]
pub struct EnsembleOptions {
    /// What is averaged: the "outputs" as they are, such as logits; "sigmoid", the probabilities of
    /// separate labels; or "softmax", the probabilities of classes. The output is a logit, or the
    /// logarithm of a probability, in the latter cases, so that losses and metrics stay the same.
    #[option(default = "outputs")]
    average: AverageName,
    /// Files of weights: one member for each, with the layers of the only model.
    weights: Option<Vec<String>>,
    /// Folder that `cistron run --folds` or `--sweep` made: one member for each run, with the best
    /// weights of the training of the only model, by its name.
    runs: Option<String>,
    /// Name in progress, checkpoints and results.
    #[option(default = "ensemble")]
    name: String,
}

/// Models as a script passes them.
pub struct Models(Vec<Model>);

impl FromValue for Models {
    fn kind() -> String {
        "array of models".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items = Array::from_value(value, context)?;
        let model = |item: &Dynamic| {
            let model = item.read_lock::<Model>().map(|model| model.clone());
            model.ok_or_else(|| {
                fault!(
                    "type",
                    "must be an array of models, got one with {}",
                    session::describe(item)
                )
            })
        };
        items.iter().map(model).collect::<Result<_>>().map(Models)
    }
}

/// What an ensemble averages.
#[derive(Choice)]
pub enum AverageName {
    /// Outputs as they are.
    Outputs,
    /// Probabilities of separate labels.
    Sigmoid,
    /// Probabilities of classes.
    Softmax,
}

impl From<AverageName> for Average {
    fn from(name: AverageName) -> Average {
        match name {
            AverageName::Outputs => Average::Outputs,
            AverageName::Sigmoid => Average::Sigmoid,
            AverageName::Softmax => Average::Softmax,
        }
    }
}

/// Options of `ensemble.predict_members`.
#[derive(Options)]
pub struct MemberOptions {
    /// Rows per batch.
    #[option(default = 512, min = 1)]
    batch: usize,
    /// Whether outputs of the sequence and of its reverse complement are averaged.
    #[option(default = false)]
    both_strands: bool,
}

/// The best weights of each run of a folder, in the order of the runs.
fn weights_of_runs(folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Fault::file(folder, &error);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut runs: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|run| run.join("run.json").exists())
        .collect();
    runs.sort();
    let best = |run: &PathBuf| run.join("checkpoints").join(name).join("best.safetensors");
    if let Some(run) = runs.iter().find(|run| !best(run).exists()) {
        bail!("file", "run `{}` has no `checkpoints/{name}/best.safetensors`", run.display();
            hint: "the name of the model must be that of the trained one: \
                `nn::build(…, #{{ name: \"…\" }})`");
    }
    if runs.is_empty() {
        bail!("file", "`{}` has no runs", folder.display();
            hint: "`cistron run --folds 5 script.rhai` makes a folder with a run for each fold");
    }
    Ok(runs.iter().map(best).collect())
}

/// The paths of the members' weights, where they are read from files.
fn member_files(model: &Model, options: &EnsembleOptions) -> Result<Option<Vec<PathBuf>>> {
    Ok(match (&options.weights, &options.runs) {
        (Some(_), Some(_)) => {
            bail!("option", "options `weights` and `runs` do not go together")
        }
        (Some(paths), None) => Some(
            paths
                .iter()
                .map(|path| session::find_input(path))
                .collect::<Result<_>>()?,
        ),
        (None, Some(folder)) => Some(weights_of_runs(
            &session::find_input(folder)?,
            model.name(),
        )?),
        (None, None) => None,
    })
}

/// Returns a model whose output is the mean of the outputs of several.
///
/// It has copies of the parameters of its members, with the paths `0.…`, `1.…`, and is used as any
/// other model: `predict`, `evaluate`, attributions, variant effects; `save` and `load` store all
/// members in one file. Members may have different layers.
///
/// ```rhai
/// let layer = nn::chain([nn::flatten(), nn::linear(1)]);
/// let members = [1, 2, 3].map(|i| nn::build(layer, [4, 8], #{ seed: i }));
/// let net = nn::ensemble(members);
/// let x = seq::one_hot(["ACGTACGT"]);
/// let mean = (members[0].forward(x) + members[1].forward(x) + members[2].forward(x)) / 3.0;
/// assert_near(net.forward(x), mean, 1e-6);
/// ```
/// ```rhai,fails
/// nn::ensemble([nn::build(nn::linear(1), [4]), nn::build(nn::linear(1), [5])]);
/// //~ members of an ensemble must have the same inputs: [4] of model 1, [5] of model 2
/// ```
#[native(namespace = "nn", dry = ensemble_dry)]
pub fn ensemble(
    /// Models with the same inputs and outputs; with `weights` or `runs` one model, whose layers
    /// all members have.
    models: Models,
    options: EnsembleOptions,
) -> Result<Model> {
    let models = models.0;
    let Some(first) = models.first() else {
        bail!("value", "an ensemble needs at least one model")
    };
    let Some(files) = member_files(first, &options)? else {
        return Model::ensemble(models, options.average.into(), options.name);
    };
    if models.len() > 1 {
        bail!(
            "option",
            "`weights` and `runs` are for one model, got {}",
            models.len()
        );
    }
    let member = |path: &PathBuf| {
        let member = first.copy()?;
        member.load(path)?;
        Ok(member)
    };
    let members = files.iter().map(member).collect::<Result<_>>()?;
    Model::ensemble(members, options.average.into(), options.name)
}

/// In a dry run, files of weights may not exist.
fn ensemble_dry(models: Models, options: EnsembleOptions) -> Result<Model> {
    Model::ensemble(models.0, options.average.into(), options.name)
}

/// Returns the members of an ensemble, which share its parameters.
///
/// ```rhai
/// let net = nn::ensemble([nn::build(nn::linear(1), [4]), nn::build(nn::linear(1), [4])]);
/// assert_eq(net.members().len(), 2);
/// assert_eq(net.members()[1]["weight"], net["1.weight"]);
/// ```
/// ```rhai,fails
/// nn::build(nn::linear(1), [4]).members();
/// //~ `model` is no ensemble
/// ```
#[native(namespace = "model", form = method, returns = "array of models")]
pub fn members(this: &Model) -> Result<Vec<Model>> {
    this.members()
}

/// Computes the outputs of an ensemble for a dataset, their spread, and those of each member.
///
/// `mean` is what `predict` returns, `spread` the standard deviation (n - 1) of the members'
/// outputs, `members` these outputs, [members, rows, …].
///
/// ```rhai
/// let make = |i| nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 4], #{ seed: i });
/// let net = nn::ensemble([make.call(1), make.call(2)]);
/// let set = data::from(#{ sequence: ["ACGT", "TTTT"], label: [1, 0] });
/// let found = net.predict_members(set);
/// assert_near(found.mean, net.predict(set), 1e-6);
/// assert_eq(found.members.shape, [2, 2, 1]);
/// assert_eq(found.spread.shape, [2, 1]);
/// ```
#[native(
    namespace = "model",
    form = method,
    returns = "map of `mean`, `spread` and `members`: tensors, or maps of them by output"
)]
pub fn predict_members(
    this: &Model,
    /// Dataset whose rows are the inputs.
    set: &Data,
    options: MemberOptions,
) -> Result<Map> {
    let found = this.predict_members(&set.0, options.batch, options.both_strands)?;
    let named = [
        ("mean", found.mean),
        ("spread", found.spread),
        ("members", found.members),
    ];
    let one = |(name, value): (&str, Value)| Ok((name.into(), into_dynamic(value)?));
    named.into_iter().map(one).collect()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![ensemble, members, predict_members,]
}
