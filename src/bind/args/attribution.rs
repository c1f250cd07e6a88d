//! Inputs and results of attributions.

use crate::base::Result;
use crate::bind::args::explain::{LabelOptions, StrandOptions, Targets};
use crate::bind::args::network::into_dynamic;
use crate::bind::args::samples::samples;
use crate::bind::types::Data;
use crate::explain::gradients;
use crate::explain::labels::stacked;
use crate::explain::strands::ReverseStrand;
use crate::explain::target::{Still, Target};
use crate::lang::{IntoValue, Options};
use crate::nn::{Model, Value};
use crate::torch::Tensor;
use rhai::Dynamic;

/// The option of attributions that also know the contributions of absent bases.
#[derive(Options)]
pub struct HypotheticalOptions {
    /// Whether absent bases get the contribution that they would have, the input of TF-MoDISco; 0
    /// otherwise.
    #[option(default = false)]
    pub hypothetical: bool,
}

/// Contributions: a tensor, or a map of them where a network has several inputs.
pub struct Contributions(pub Dynamic);

impl Contributions {
    /// The contributions of a value of a script.
    pub fn of(value: Value) -> Result<Contributions> {
        into_dynamic(value).map(Contributions)
    }
}

impl IntoValue for Contributions {
    fn type_name() -> String {
        Tensor::type_name()
    }
    fn into_value(self) -> Dynamic {
        self.0
    }
}

impl HypotheticalOptions {
    /// The contributions, those of absent bases set to 0 unless asked for.
    pub fn of(&self, contributions: Value, x: &Value) -> Result<Value> {
        match self.hypothetical {
            true => Ok(contributions),
            false => gradients::actual(&contributions, x),
        }
    }
}

/// What samples become on the reverse strand, where an average over both strands is wanted.
pub fn reverse_of(
    given: &Dynamic,
    x: &Value,
    options: &StrandOptions,
) -> Result<Option<ReverseStrand>> {
    if !options.both_strands {
        return Ok(None);
    }
    let declared = options.inputs.as_ref().map(|kinds| kinds.0.clone());
    let declared = declared.unwrap_or_default();
    match given.read_lock::<Data>() {
        Some(set) if declared.is_empty() => Ok(Some(ReverseStrand::of_dataset(&set.0))),
        _ => ReverseStrand::of_inputs(&x.shape(), &declared).map(Some),
    }
}

/// The contributions of a dry run, zeros, once the arguments have been read.
pub fn no_contributions(
    net: &Model,
    given: &Dynamic,
    label: &LabelOptions,
    strands: &StrandOptions,
) -> Result<Contributions> {
    let x = samples(net, given)?;
    reverse_of(given, &x, strands)?;
    zeros(&label.targets(net)?, &x).and_then(Contributions::of)
}

/// Zeros for each target, the results of a dry run.
pub fn zeros(targets: &Targets, like: &Value) -> Result<Value> {
    let results = targets.list.iter().map(|_| like.map(Tensor::zeros_like));
    stacked(&results.collect::<Result<Vec<_>>>()?, targets.has_axis)
}

/// The results of each target, stacked.
pub fn of_targets(
    net: &Model,
    targets: &Targets,
    run: impl Fn(&Still, &Target) -> Result<Value>,
) -> Result<Value> {
    let still = Still::of(net)?;
    let results = targets.list.iter().map(|target| run(&still, target));
    stacked(&results.collect::<Result<Vec<_>>>()?, targets.has_axis)
}
