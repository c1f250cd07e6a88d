//! `explain::…`: effects of motifs that are planted in background sequences.

use crate::bail;
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::explain::{BatchOptions, OneLabelOptions};
use crate::bind::args::samples::{sequence_length, sequences};
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::Tabled;
use crate::convert::choose;
use crate::explain::baselines::codes_of;
use crate::explain::planting::Backgrounds;
use crate::explain::probing::{Marginal, Probe, Spacing, Strands, random_backgrounds};
use crate::explain::target::{Still, Target};
use crate::lang::value::{Ints, mismatch};
use crate::lang::{Choice, FromValue, IntoValue, Native, Options, native, natives_of};
use crate::nn::Model;
use crate::seq::Motif;
use crate::torch::Tensor;
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// What is measured, and in which sequences.
#[derive(Options)]
pub struct PlantOptions {
    #[option(flatten)]
    label: OneLabelOptions,
    /// Sequences in which motifs are planted: a tensor, an array of strings, a dataset, or the
    /// number of random sequences with equal base frequencies.
    #[option(default = 100)]
    backgrounds: BackgroundSource,
    /// Position of the first base of the first motif, from 0; central unless given.
    at: Option<usize>,
}

/// Options of `explain::marginal`.
#[derive(Options)]
pub struct MarginalOptions {
    #[option(flatten)]
    plant: PlantOptions,
    /// Whether the reverse complement of the motif is planted.
    #[option(default = false)]
    reverse: bool,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::spacing`.
#[derive(Options)]
pub struct SpacingOptions {
    #[option(flatten)]
    plant: PlantOptions,
    /// Distances from the end of the first motif to the start of the second, in bp; 0 to 30 unless
    /// given.
    #[option(min = 0)]
    distances: Option<Ints>,
    /// Strands of the first and of the second motif.
    #[option(default = ["++", "+-", "-+", "--"])]
    orientations: Orientations,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::epistasis`.
#[derive(Options)]
pub struct EpistasisOptions {
    #[option(flatten)]
    plant: PlantOptions,
    /// Distance from the end of the first motif to the start of the second, in bp.
    #[option(default = 10)]
    distance: usize,
    /// Strands of the first and of the second motif.
    #[option(default = "++")]
    orientation: Orientation,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Strands of two motifs.
#[derive(Choice, Clone, Copy)]
pub enum Orientation {
    /// Both on the forward strand.
    #[choice(name = "++")]
    ForwardForward,
    /// The second on the reverse strand.
    #[choice(name = "+-")]
    ForwardReverse,
    /// The first on the reverse strand.
    #[choice(name = "-+")]
    ReverseForward,
    /// Both on the reverse strand.
    #[choice(name = "--")]
    ReverseReverse,
}

/// Several orientations.
pub struct Orientations(Vec<Orientation>);

impl FromValue for Orientations {
    fn kind() -> String {
        "array of \"++\", \"+-\", \"-+\", \"--\"".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items = Array::from_value(value, context);
        let items = items.map_err(|_| mismatch(&Self::kind(), value))?;
        let orientations = items.iter().map(|item| {
            choose(item).map_err(|mut fault| {
                fault.kind = "option";
                fault
            })
        });
        orientations.collect::<Result<_>>().map(Orientations)
    }
}

/// Background sequences as a script states them.
pub enum BackgroundSource {
    /// A number of random sequences.
    Random(i64),
    /// Sequences.
    Given(Dynamic),
}

impl FromValue for BackgroundSource {
    fn kind() -> String {
        "integer, tensor of sequences, array of strings or dataset".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        match value.as_int() {
            Ok(count) if count < 1 => bail!("option", "must be at least 1, got {count}"),
            Ok(count) => Ok(BackgroundSource::Random(count)),
            Err(_) => Ok(BackgroundSource::Given(value.clone())),
        }
    }
}

impl BackgroundSource {
    /// The sequences, of the length that a network takes.
    fn read(&self, net: &Model, seed: u64) -> Result<Backgrounds> {
        let count = match self {
            BackgroundSource::Random(count) => count,
            BackgroundSource::Given(x) => {
                let (codes, length) = codes_of(&sequences(net, x)?)?;
                return Ok(Backgrounds { codes, length });
            }
        };
        let length = sequence_length(net)?;
        Ok(random_backgrounds(*count as usize, length, seed))
    }
}

impl PlantOptions {
    /// The target and the backgrounds.
    fn read(&self, net: &Model, seed: &SeedOptions) -> Result<(Target, Backgrounds)> {
        let target = self.label.target(net)?;
        Ok((target, self.backgrounds.read(net, seed.seed())?))
    }
}

impl From<Orientation> for Strands {
    fn from(orientation: Orientation) -> Strands {
        let strands = orientation.as_str();
        Strands {
            first: strands.starts_with('-'),
            second: strands.ends_with('-'),
        }
    }
}

fn column(values: &[f64]) -> Result<Dynamic> {
    Ok(Tensor::from_f64(values, &[values.len() as i64])?
        .to_kind(crate::torch::Kind::Float)?
        .into_value())
}

/// Plants a motif in backgrounds and computes the change of an output.
///
/// The likeliest sequence of the motif is planted.
///
/// ```rhai
/// let layer = nn::chain([nn::conv1d(4, 6), nn::relu(), nn::global_max_pool(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 50], #{ seed: 1 });
/// let outputs = explain::marginal(net, motif::from_consensus("TATAAA"), #{ backgrounds: 20 });
/// assert_near(outputs.after - outputs.before, outputs.effect, 1e-6);
/// ```
/// ```rhai,fails
/// let layer = nn::chain([nn::conv1d(4, 6), nn::global_max_pool(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 50]);
/// explain::marginal(net, motif::from_consensus("TATAAA"), #{ at: 46 });
/// //~ a motif of 6 bp at position 46 is beyond the end of sequences of 50 bp
/// ```
#[native(
    namespace = "explain",
    returns = "map: before, after, effect, tensors [backgrounds]"
)]
pub fn marginal(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Motif that is planted.
    motif: &Motif,
    options: MarginalOptions,
) -> Result<Map> {
    let (target, backgrounds) = options.plant.read(net, &options.seed)?;
    let probe = Probe {
        still: &Still::of(net)?,
        target: &target,
        backgrounds: &backgrounds,
        at: options.plant.at,
        batch: options.batch.rows(),
    };
    let Marginal {
        before,
        after,
        effect,
    } = probe.marginal(motif, options.reverse)?;
    Ok(Map::from([
        ("before".into(), column(&before)?),
        ("after".into(), column(&after)?),
        ("effect".into(), column(&effect)?),
    ]))
}

/// Measures the effects of two motifs at several distances and orientations.
///
/// Returns a table with one row for each orientation and distance:
///
/// - effect: both motifs less none, mean over the backgrounds; effect_error: its standard error
/// - interaction: both - first - second + none, the effect beyond the sum of the single effects;
///   interaction_error: its standard error
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 50], #{ seed: 1 });
/// let a = motif::from_consensus("TATAAA");
/// let b = motif::from_consensus("GGCC");
/// let options = #{ backgrounds: 5, distances: [0, 4, 8], orientations: ["++", "+-"] };
/// let scan = explain::spacing(net, a, b, options);
/// assert_eq(scan.len(), 6);
/// assert(scan["interaction"].all(|x| x.abs() < 1e-4));      // none in a linear network
/// ```
#[native(
    namespace = "explain",
    returns = "table: orientation, distance, effect, effect_error, interaction, interaction_error"
)]
pub fn spacing(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Motif that is planted first.
    first: &Motif,
    /// Motif that is planted after it.
    second: &Motif,
    options: SpacingOptions,
) -> Result<Tabled> {
    let (target, backgrounds) = options.plant.read(net, &options.seed)?;
    let Ints(distances) = options.distances.unwrap_or(Ints((0..=30).collect()));
    let distances: Vec<usize> = distances
        .iter()
        .map(|distance| *distance as usize)
        .collect();
    let orientations = options.orientations.0;
    let strands: Vec<Strands> = orientations.iter().map(|of| (*of).into()).collect();
    let probe = Probe {
        still: &Still::of(net)?,
        target: &target,
        backgrounds: &backgrounds,
        at: options.plant.at,
        batch: options.batch.rows(),
    };
    let rows = probe.spacing((first, second), &strands, &distances)?;
    let words = rows
        .iter()
        .map(|row| orientations[row.orientation].as_str().to_string());
    let offsets = rows.iter().map(|row| row.distance as i64);
    let numbers = |of: fn(&Spacing) -> f64| Cells::Number(rows.iter().map(of).collect());
    let cells = vec![
        ("orientation".into(), Cells::Text(words.collect())),
        ("distance".into(), Cells::Whole(offsets.collect())),
        ("effect".into(), numbers(|row| row.effect.value)),
        ("effect_error".into(), numbers(|row| row.effect.error)),
        ("interaction".into(), numbers(|row| row.interaction.value)),
        (
            "interaction_error".into(),
            numbers(|row| row.interaction.error),
        ),
    ];
    Tabled::of(cells)
}

/// Measures the interaction of two motifs: planted together, alone and not at all.
///
/// Returns a map:
///
/// - none, first, second, both: outputs, tensors [backgrounds]
/// - interactions: both - first - second + none, a tensor [backgrounds]
/// - interaction: their mean; error: its standard error; p_value: of Student's t test against 0
///
/// ```rhai
/// let layer = nn::chain([
///     nn::conv1d(4, 6), nn::relu(), nn::global_avg_pool(), nn::linear(1), nn::exp()
/// ]);
/// let net = nn::build(layer, [4, 50], #{ seed: 1 });
/// let a = motif::from_consensus("TATAAA");
/// let b = motif::from_consensus("GGCC");
/// let outputs = explain::epistasis(net, a, b, #{ backgrounds: 20, distance: 3 });
/// assert_near(outputs.interactions.mean().item(), outputs.interaction, 1e-6);
/// ```
#[native(
    namespace = "explain",
    returns = "map: none, first, second, both, interactions, interaction, error, p_value"
)]
pub fn epistasis(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Motif that is planted first.
    first: &Motif,
    /// Motif that is planted after it.
    second: &Motif,
    options: EpistasisOptions,
) -> Result<Map> {
    let (target, backgrounds) = options.plant.read(net, &options.seed)?;
    let probe = Probe {
        still: &Still::of(net)?,
        target: &target,
        backgrounds: &backgrounds,
        at: options.plant.at,
        batch: options.batch.rows(),
    };
    let strands = options.orientation.into();
    let epistasis = probe.epistasis((first, second), strands, options.distance)?;
    let outputs = &epistasis.outputs;
    Ok(Map::from([
        ("none".into(), column(&outputs.none)?),
        ("first".into(), column(&outputs.first)?),
        ("second".into(), column(&outputs.second)?),
        ("both".into(), column(&outputs.both)?),
        ("interactions".into(), column(&epistasis.interactions)?),
        ("interaction".into(), epistasis.interaction.value.into()),
        ("error".into(), epistasis.interaction.error.into()),
        ("p_value".into(), epistasis.p_value.into()),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![marginal, spacing, epistasis]
}
