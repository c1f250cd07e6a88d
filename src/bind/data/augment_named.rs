//! `augment::…` of named inputs, and `dataset.strands`.

use crate::augment;
use crate::base::Result;
use crate::bind::args::augment::plain;
use crate::bind::args::dataset::data;
use crate::bind::types::{Augmenter, Data};
use crate::data::InputStrand;
use crate::data::loader::{Among, Class, PeerRule};
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of};
use rhai::{Dynamic, Map, NativeCallContext};

/// Which rows values are taken from, by their label.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum ClassName {
    /// Rows with another label.
    Other,
    /// Rows with the same label.
    Same,
    /// All rows.
    Any,
}

/// Among which rows one is drawn.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum AmongName {
    /// The training rows.
    Rows,
    /// The rows of the batch.
    Batch,
}

/// What an input of numbers becomes on the reverse strand.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum StrandName {
    /// It does not change.
    Features,
    /// Its last axis is reversed.
    Track,
    /// Its last axis is reversed, and pairs of channels are exchanged.
    Stranded,
    /// Its last two axes are reversed.
    Map,
    /// Pairs of its first axis are exchanged.
    Pairs,
}

impl From<StrandName> for InputStrand {
    fn from(name: StrandName) -> InputStrand {
        match name {
            StrandName::Features => InputStrand::Features,
            StrandName::Track => InputStrand::Track,
            StrandName::Stranded => InputStrand::Stranded,
            StrandName::Map => InputStrand::Map,
            StrandName::Pairs => InputStrand::Pairs,
        }
    }
}

/// Names of inputs: one, or several.
pub struct InputNames(Vec<String>);

impl FromValue for InputNames {
    fn kind() -> String {
        "name of an input, or an array of names".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Ok(name) = value.clone().into_string() {
            return Ok(InputNames(vec![name]));
        }
        let names = Vec::<String>::from_value(value, context);
        names
            .map(InputNames)
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}

/// Options of `augment::exchange`.
#[derive(Options)]
pub struct ExchangeOptions {
    /// Probability of each row.
    #[option(default = 0.5, min = 0, max = 1)]
    probability: f64,
    /// Rows that values are taken from: with another label ("other"), with the same ("same") or
    /// all ("any").
    #[option(default = "other")]
    class: ClassName,
    /// Whether the row is one of the training rows ("rows") or of the batch ("batch").
    #[option(default = "rows")]
    among: AmongName,
    /// Name of the label that is compared; the first unless given.
    label: Option<String>,
    /// Label that changed rows have; their own unless given.
    becomes: Option<f64>,
}

/// Options of `augment::gaussian`.
#[derive(Options)]
pub struct GaussianOptions {
    /// Probability of each row.
    #[option(default = 0.5, min = 0, max = 1)]
    probability: f64,
    /// Probability of each number of a changed row.
    #[option(default = 1, min = 0, max = 1)]
    share: f64,
    /// Mean of the draws; that of the row's numbers unless given.
    mean: Option<f64>,
    /// Standard deviation of the draws; that of the row's numbers unless given.
    #[option(min = 0)]
    deviation: Option<f64>,
}

/// Options of `augment::mix_inputs`.
#[derive(Options)]
pub struct MixInputOptions {
    /// Probability of each row.
    #[option(default = 1, min = 0, max = 1)]
    probability: f64,
    /// Both shape parameters of the beta distribution of the weights.
    #[option(default = 0.2, above = 0)]
    alpha: f64,
    /// Rows that are mixed with: with the same label ("same"), with another ("other") or all
    /// ("any").
    #[option(default = "any")]
    class: ClassName,
    /// Whether the row is one of the batch ("batch") or of the training rows ("rows").
    #[option(default = "batch")]
    among: AmongName,
    /// Name of the label that is compared; the first unless given.
    label: Option<String>,
    /// Whether labels are mixed as well.
    #[option(default = true)]
    labels: bool,
}

fn rule(class: ClassName, among: AmongName, label: Option<String>) -> PeerRule {
    PeerRule {
        class: match class {
            ClassName::Other => Class::Other,
            ClassName::Same => Class::Same,
            ClassName::Any => Class::Any,
        },
        among: match among {
            AmongName::Rows => Among::Rows,
            AmongName::Batch => Among::Batch,
        },
        label,
    }
}

/// Replaces named inputs of a row by those of a row with another label.
///
/// Values are taken from the rows that are trained on, never from another split or fold, as they
/// are stored, without augmentation. A row stays as it is where there is no such row. Rows of
/// undefined label (NaN) have no class.
///
/// ```rhai
/// let set = data::from(#{ a: [1.0, 2.0, 3.0], b: [1.0, 2.0, 3.0], label: [1, 0, 0] });
/// let change = augment::exchange("b", #{ probability: 1.0 });
/// for batch in set.batches(3, #{ augment: change, order: "kept" }) {
///     assert_eq(batch.x.a, [[1.0], [2.0], [3.0]]);
///     assert_eq([batch.x.b[1].item(), batch.x.b[2].item()], [1.0, 1.0]);
/// }
/// ```
#[native(namespace = "augment")]
pub fn exchange(
    /// Name of the input, or an array of names; several are taken from one row.
    inputs: InputNames,
    options: ExchangeOptions,
) -> Augmenter {
    let ExchangeOptions {
        probability,
        class,
        among,
        label,
        becomes,
    } = options;
    let (class_text, among_text) = (class.as_str(), among.as_str());
    let text = format!(
        "exchange({:?}, {probability}, {class_text}, {among_text}, {label:?}, {becomes:?})",
        inputs.0
    );
    let step = augment::Exchange {
        inputs: inputs.0,
        probability,
        rule: rule(class, among, label),
        becomes: becomes.map(|label| label as f32),
    };
    plain(step, text)
}

/// Replaces numbers of named inputs by draws of a normal distribution.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([2, 50]), label: [1, 0] });
/// let change = augment::gaussian("x", #{ probability: 1.0, mean: 3.0, deviation: 0.0 });
/// for batch in set.batches(2, #{ augment: change }) { assert_eq(batch.x.sum().item(), 300.0); }
/// ```
#[native(namespace = "augment")]
pub fn gaussian(
    /// Name of the input of numbers, or an array of names.
    inputs: InputNames,
    options: GaussianOptions,
) -> Augmenter {
    let GaussianOptions {
        probability,
        share,
        mean,
        deviation,
    } = options;
    let text = format!(
        "gaussian({:?}, {probability}, {share}, {mean:?}, {deviation:?})",
        inputs.0
    );
    let step = augment::Gaussian {
        inputs: inputs.0,
        probability,
        share,
        mean,
        deviation,
    };
    plain(step, text)
}

/// Mixes numbers of named inputs, and labels, with another row of the batch.
///
/// The weight of the row itself is drawn from a beta distribution (Zhang et al. 2018). Values of
/// the other row are those that are stored, without augmentation. A label that is undefined in one
/// of the rows is undefined in the mixed one.
///
/// ```rhai
/// let set = data::from(#{ x: [[1.0], [3.0]], label: [1, 0] });
/// for batch in set.batches(2, #{ augment: augment::mix_inputs("x"), order: "kept" }) {
///     let weight = batch.y[0].item();
///     assert_near(batch.x[0].item(), weight * 1.0 + (1.0 - weight) * 3.0, 1e-5);
/// }
/// ```
#[native(namespace = "augment")]
pub fn mix_inputs(
    /// Name of the input of numbers, or an array of names.
    inputs: InputNames,
    options: MixInputOptions,
) -> Augmenter {
    let MixInputOptions {
        probability,
        alpha,
        class,
        among,
        label,
        labels,
    } = options;
    let (class_text, among_text) = (class.as_str(), among.as_str());
    let text = format!(
        "mix_inputs({:?}, {probability}, {alpha}, {class_text}, {among_text}, {label:?}, {labels})",
        inputs.0
    );
    let step = augment::MixInputs {
        inputs: inputs.0,
        probability,
        alpha,
        rule: rule(class, among, label),
        with_labels: labels,
    };
    plain(step, text)
}

/// What inputs become on the reverse strand, by name.
pub struct InputStrands(Vec<(String, InputStrand)>);

impl FromValue for InputStrands {
    fn kind() -> String {
        format!(
            "map of input name to one of {}",
            StrandName::NAMES.join(", ")
        )
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
            return Err(mismatch(&Self::kind(), value));
        };
        let strand = |(name, mut value): (rhai::Identifier, Dynamic)| {
            let strand = StrandName::from_value(&mut value, context);
            let strand = strand.map_err(|_| mismatch(&Self::kind(), &value))?;
            Ok((name.to_string(), strand.into()))
        };
        map.into_iter()
            .map(strand)
            .collect::<Result<_>>()
            .map(InputStrands)
    }
}

/// Declares what inputs of numbers become where a row is reverse-complemented.
///
/// "features" does not change, "track" […, length] is reversed, "stranded" [channels, length] is
/// reversed and its pairs of channels are exchanged, "map" […, length, length] is reversed along
/// both axes, "pairs" [channels, …] has its pairs exchanged. Tracks of the length of the sequence
/// are shifted with it; augmenters that move bases are refused where others are reversed.
/// Augmenters and `both_strands` of predictions follow the declaration.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["AAC"], counts: [[1.0, 2.0]], label: [1] });
/// let set = set.strands(#{ counts: "pairs" });
/// for batch in set.batches(1, #{ augment: augment::reverse_complement(1.0) }) {
///     assert_eq(batch.x.counts, [[2.0, 1.0]]);
/// }
/// ```
#[native(namespace = "dataset", form = method)]
pub fn strands(
    this: &Data,
    /// What each input becomes, by name.
    inputs: InputStrands,
) -> Result<Data> {
    this.0.with_strands(&inputs.0).map(data)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![exchange, gaussian, mix_inputs, strands]
}
