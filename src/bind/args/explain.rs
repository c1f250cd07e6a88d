//! Options that several functions of `explain::…` have.

use crate::base::Result;
use crate::bind::args::network::into_dynamic;
use crate::convert::{choose_or, kind_of_choice};
use crate::explain::baselines::Baselines;
use crate::explain::target::Target;
use crate::lang::constraint::one_of;
use crate::lang::value::{Ints, mismatch};
use crate::lang::{Callback, Choice, FromValue, Options, session};
use crate::nn::strands::InputKind;
use crate::nn::{Codes, Model, Shape, Value};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Which outputs are explained: one label or several.
#[derive(Options)]
pub struct LabelOptions {
    /// Output that is explained, counted from 0; several add an axis of labels after the batch.
    #[option(default = 0)]
    label: Labels,
    #[option(flatten)]
    contrast: ContrastOptions,
}

/// Which output is explained: a single one.
#[derive(Options)]
pub struct OneLabelOptions {
    /// Output that is explained, counted from 0, or a function of all outputs.
    #[option(default = 0)]
    label: OneLabel,
    #[option(flatten)]
    contrast: ContrastOptions,
}

/// What of an output is explained.
#[derive(Options)]
pub struct ContrastOptions {
    /// Name of the output that is explained, of a network with several.
    output: Option<String>,
    /// Another label, counted from 0, whose output is subtracted.
    #[option(min = 0)]
    against: Option<i64>,
    /// Position that is explained of an output [batch, labels, positions].
    #[option(min = 0)]
    position: Option<i64>,
}

/// The strands on which samples are read.
#[derive(Options)]
pub struct StrandOptions {
    /// Whether the result is averaged with that of the reverse complement, reversed back.
    #[option(default = false)]
    pub both_strands: bool,
    /// How each input is reversed, as for `nn::both_strands`; a dataset states it itself.
    pub inputs: Option<InputKinds>,
}

/// Baselines of attributions.
#[derive(Options)]
pub struct BaselineOptions {
    /// Sequences that samples are compared with: shuffles that preserve dinucleotide or base
    /// counts, zeros, a quarter of each base, the base composition of the sample, or a tensor
    /// [count, …] or [batch, count, …].
    #[option(default = "dinucleotide")]
    pub baselines: BaselineSource,
    /// Number of shuffles of each sequence, where baselines are shuffles.
    #[option(default = 20, min = 1, max = 10_000)]
    pub shuffles: i64,
}

/// The option of functions that evaluate a network.
#[derive(Options)]
pub struct BatchOptions {
    /// Number of sequences in a forward pass.
    #[option(default = 256, min = 1)]
    pub batch: i64,
}

/// The labels that a script asks for.
pub enum Labels {
    /// One label.
    One(i64),
    /// Several labels, which are an axis of the result.
    Several(Vec<i64>),
    /// All labels of the output.
    All,
    /// A function of the outputs, one number per sample.
    Function(Callback),
}

/// One label, or a function of all.
pub struct OneLabel(Labels);

/// Names of baselines.
#[derive(Choice)]
pub enum BaselineName {
    /// Shuffles that preserve dinucleotide counts.
    Dinucleotide,
    /// Shuffles that preserve base counts.
    Mononucleotide,
    /// Zero everywhere.
    Zeros,
    /// A quarter of each base.
    Uniform,
    /// The base composition of each sample.
    Composition,
}

/// Baselines as a script states them.
pub enum BaselineSource {
    /// By name.
    Named(BaselineName),
    /// As a tensor.
    Given(Tensor),
}

/// How each input of a network is reversed, by name.
pub struct InputKinds(pub BTreeMap<String, InputKind>);

/// What is explained, and whether labels are an axis of the result.
pub struct Targets {
    /// One target for each label.
    pub list: Vec<Target>,
    /// Whether labels are an axis of the result.
    pub has_axis: bool,
}

fn label_at_least_0(label: i64) -> Result<i64> {
    if label < 0 {
        bail!("option", "must be at least 0, got {label}");
    }
    Ok(label)
}

impl FromValue for Labels {
    fn kind() -> String {
        "integer, array of them, \"all\", or function |y| of one number per sample".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(Labels::Function);
        }
        if let Ok(label) = value.as_int() {
            return label_at_least_0(label).map(Labels::One);
        }
        if value.clone().into_string().is_ok_and(|word| word == "all") {
            return Ok(Labels::All);
        }
        if !value.is_array() {
            let (wanted, got) = (Self::kind(), session::describe(value));
            bail!("option", "must be a {wanted}, got {got}");
        }
        let Ints(labels) = Ints::from_value(value, context)?;
        if labels.is_empty() {
            bail!("option", "must not be an empty array");
        }
        let labels = labels.into_iter().map(label_at_least_0);
        labels.collect::<Result<_>>().map(Labels::Several)
    }
}

impl FromValue for OneLabel {
    fn kind() -> String {
        "integer, or function |y| of one number per sample".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match Labels::from_value(value, context)? {
            Labels::Several(_) | Labels::All => {
                bail!("option", "must be one label, or a function of all";
                    hint: "`label: |y| y[[.., 0]] - y[[.., 1]]`")
            }
            label => Ok(OneLabel(label)),
        }
    }
}

impl FromValue for InputKinds {
    fn kind() -> String {
        "map of input name to \"sequence\", \"track\", \"stranded\" or \"features\"".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context).map_err(|_| mismatch(&Self::kind(), value))?;
        let kind = |(name, value): (rhai::Identifier, Dynamic)| {
            let word = value.clone().into_string().unwrap_or_default();
            let kind = InputKind::named(&word).ok_or_else(|| {
                let wanted = one_of(InputKind::NAMES);
                mismatch(&wanted, &value).context(format!("`{name}`"))
            })?;
            Ok((name.to_string(), kind))
        };
        let kinds = map.into_iter().map(kind);
        kinds.collect::<Result<_>>().map(InputKinds)
    }
}

impl FromValue for BaselineSource {
    fn kind() -> String {
        format!("{}, or a tensor", kind_of_choice::<BaselineName>())
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(tensor) = value.read_lock::<Tensor>() {
            return Ok(BaselineSource::Given(tensor.clone()));
        }
        let name = choose_or(value, &Self::kind());
        name.map(BaselineSource::Named)
    }
}

/// The target that a function of a script computes.
fn of_function(function: Callback) -> Target {
    let compute = move |outputs: &Value| {
        let value = function.call(vec![into_dynamic(outputs.clone())?])?;
        let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
        tensor.ok_or_else(|| {
            fault!(
                "type",
                "the function `label` must return a tensor, returned {}",
                session::describe(&value)
            )
        })
    };
    Target::Own(Rc::new(compute))
}

impl ContrastOptions {
    fn target(&self, label: i64) -> Result<Target> {
        self.label_target(label)
            .map(|target| self.of_output(target))
    }

    /// A target of the output that the option names.
    fn of_output(&self, target: Target) -> Target {
        match &self.output {
            Some(name) => Target::Output(name.clone(), Box::new(target)),
            None => target,
        }
    }

    /// The shape of the output that is explained.
    fn output_shape<'a>(&self, net: &'a Model) -> Result<&'a [i64]> {
        match (net.output(), &self.output) {
            (Shape::Many(shapes), Some(name)) if shapes.contains_key(name) => Ok(&shapes[name]),
            (Shape::Many(shapes), _) => {
                bail!(
                    "option",
                    "the network has several outputs: {}",
                    shapes.keys().cloned().collect::<Vec<_>>().join(", ");
                    hint: "option `output` names one"
                )
            }
            (Shape::One(shape), _) => Ok(shape),
        }
    }

    fn label_target(&self, label: i64) -> Result<Target> {
        match (self.against, self.position) {
            (Some(_), Some(_)) => {
                bail!("option", "options `against` and `position` exclude each other";
                    hint: "a function does both: `label: |y| y[[.., 0, 5]] - y[[.., 1, 5]]`")
            }
            (Some(other), None) => Ok(Target::Contrast(label, other)),
            (None, Some(position)) => Ok(Target::Position(label, position)),
            (None, None) => Ok(Target::Label(label)),
        }
    }

    /// The targets of labels of a network.
    pub fn targets(&self, net: &Model, labels: &Labels) -> Result<Targets> {
        let (list, has_axis) = match labels {
            Labels::Function(function) => {
                let target = self.of_output(of_function(function.clone()));
                (vec![target], false)
            }
            Labels::One(label) => (vec![self.target(*label)?], false),
            Labels::Several(labels) => {
                let list = labels.iter().map(|label| self.target(*label));
                (list.collect::<Result<_>>()?, true)
            }
            Labels::All => {
                let shape = self.output_shape(net)?;
                let list = (0..shape.first().copied().unwrap_or(1)).map(|label| self.target(label));
                (list.collect::<Result<_>>()?, true)
            }
        };
        Ok(Targets { list, has_axis })
    }

    /// The target of one label of a network.
    pub fn target_of(&self, net: &Model, label: &OneLabel) -> Result<Target> {
        let mut targets = self.targets(net, &label.0)?;
        Ok(targets.list.remove(0))
    }
}

impl LabelOptions {
    /// The targets in a network.
    pub fn targets(&self, net: &Model) -> Result<Targets> {
        self.contrast.targets(net, &self.label)
    }
}

impl OneLabelOptions {
    /// The target in a network.
    pub fn target(&self, net: &Model) -> Result<Target> {
        self.contrast.target_of(net, &self.label)
    }
}

impl BaselineOptions {
    /// The baselines of samples that may be read on both strands.
    pub fn read(&self, both_strands: bool, seed: u64) -> Result<Baselines> {
        if both_strands && matches!(self.baselines, BaselineSource::Given(_)) {
            bail!("option", "option `both_strands` excludes a tensor of baselines";
                hint: "reverse the sequences: `x.flip([1, 2])`, and flip the contributions back");
        }
        self.baselines.read(self.shuffles, seed)
    }
}

impl BaselineSource {
    /// The baselines, with a number of shuffles.
    pub fn read(&self, count: i64, seed: u64) -> Result<Baselines> {
        let shuffled = |k| Baselines::Shuffled { k, count, seed };
        Ok(match self {
            BaselineSource::Given(tensor) => Baselines::Given(match Codes::infer(tensor) {
                Some(codes) => codes.one_hot()?,
                None => tensor.clone(),
            }),
            BaselineSource::Named(BaselineName::Dinucleotide) => shuffled(2),
            BaselineSource::Named(BaselineName::Mononucleotide) => shuffled(1),
            BaselineSource::Named(BaselineName::Zeros) => Baselines::Constant(0.0),
            BaselineSource::Named(BaselineName::Uniform) => Baselines::Constant(0.25),
            BaselineSource::Named(BaselineName::Composition) => Baselines::Composition,
        })
    }
}

impl BatchOptions {
    /// Number of sequences in a forward pass.
    pub fn rows(&self) -> usize {
        self.batch as usize
    }
}
