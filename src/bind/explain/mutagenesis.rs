//! `explain::…`: effects of changes of the input.

use crate::base::Result;
use crate::bind::args::attribution::{Contributions, of_targets, reverse_of, zeros};
use crate::bind::args::explain::{BaselineSource, BatchOptions, LabelOptions, StrandOptions};
use crate::bind::args::samples::{samples, sequences};
use crate::bind::args::seed::SeedOptions;
use crate::explain::baselines::{Baselines, codes_of};
use crate::explain::labels::stacked;
use crate::explain::target::Still;
use crate::explain::{mutagenesis as changes, strands};
use crate::lang::{Native, Options, native, natives_of};
use crate::nn::{Model, Value};
use crate::torch::Tensor;
use rhai::Dynamic;
use std::ops::Range;

/// Options of `explain::mutagenesis`.
#[derive(Options)]
pub struct MutagenesisOptions {
    #[option(flatten)]
    label: LabelOptions,
    /// First position that is changed.
    #[option(default = 0)]
    start: usize,
    /// End of the positions that are changed, exclusive; that of the sequence unless given.
    #[option(min = 1)]
    end: Option<usize>,
    /// Whether the result is averaged with that of the reverse complement, reversed back.
    #[option(default = false)]
    both_strands: bool,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::occlusion`.
#[derive(Options)]
pub struct OcclusionOptions {
    #[option(flatten)]
    label: LabelOptions,
    /// Width of a window, in positions.
    #[option(default = 10, min = 1)]
    width: i64,
    /// Step from one window to the next, in positions.
    #[option(default = 1, min = 1)]
    step: i64,
    /// What replaces the bases of a window; as for `explain::integrated_gradients`.
    #[option(default = "zeros")]
    baselines: BaselineSource,
    /// Number of shuffles of each sequence, where baselines are shuffles.
    #[option(default = 20, min = 1, max = 10_000)]
    shuffles: i64,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

impl OcclusionOptions {
    /// The sequences and their baselines.
    fn read(&self, net: &Model, x: &Dynamic) -> Result<(Tensor, Baselines)> {
        let x = samples(net, x)?.one()?.clone();
        let baselines = self.baselines.read(self.shuffles, self.seed.seed())?;
        if matches!(baselines, Baselines::Shuffled { .. }) {
            codes_of(&x)?;
        }
        Ok((x, baselines))
    }
}

/// The positions that are changed.
fn changed_range(options: &MutagenesisOptions, length: i64) -> Range<usize> {
    options.start..options.end.unwrap_or(length as usize)
}

/// Computes the change of an output for every substitution of a base.
///
/// The result holds 0 for the bases of the sequence, and at positions without a base.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
/// let change = explain::mutagenesis(net, ["ACGTACGT"]);
/// let weight = net["1.weight"].reshape([4, 8]);
/// let expected = weight[[1, 0]] - weight[[0, 0]];       // A at position 0 becomes C
/// assert((change[[0, 1, 0]] - expected).abs().item() < 1e-6);
/// ```
#[native(
    namespace = "explain",
    returns = "tensor [batch, 4, positions]",
    dry = no_changes
)]
pub fn mutagenesis(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Sequences: a tensor (one-hot or codes), an array of strings, a batch or a dataset.
    x: &Dynamic,
    options: MutagenesisOptions,
) -> Result<Contributions> {
    let given = x;
    let x = sequences(net, given)?;
    let length = x.shape()[2];
    let range = changed_range(&options, length);
    let targets = options.label.targets(net)?;
    let (still, batch) = (Still::of(net)?, options.batch.rows());
    let both = StrandOptions {
        both_strands: options.both_strands,
        inputs: None,
    };
    let reverse = reverse_of(given, &Value::One(x.clone()), &both)?;
    let results = strands::saturation(&still, &x, &targets.list, &range, batch, reverse.as_ref())?;
    let results: Vec<Value> = results.into_iter().map(Value::One).collect();
    stacked(&results, targets.has_axis).and_then(Contributions::of)
}

/// The result of `explain::mutagenesis` in a dry run.
fn no_changes(net: &Model, x: &Dynamic, options: MutagenesisOptions) -> Result<Contributions> {
    let x = sequences(net, x)?;
    let length = x.shape()[2];
    let positions = changed_range(&options, length).len() as i64;
    let like = Value::One(x.narrow(2, 0, positions.clamp(1, length))?);
    zeros(&options.label.targets(net)?, &like).and_then(Contributions::of)
}

/// Computes the decrease of an output when a window of the input is replaced.
///
/// The value of a position is the mean over the windows that cover it.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
/// let c = explain::occlusion(net, ["ACGTACGT"], #{ width: 1 });
/// let exact = explain::input_x_gradient(net, ["ACGTACGT"], #{ correction: false }).sum(1);
/// assert((c - exact).abs().max().item() < 1e-6);         // equal in a linear network
/// ```
#[native(
    namespace = "explain",
    returns = "tensor [batch, length]",
    dry = no_occlusion
)]
pub fn occlusion(
    /// Network of one input.
    net: &Model,
    /// Samples: a tensor of sequences (one-hot or codes), an array of strings, a batch or a
    /// dataset.
    x: &Dynamic,
    options: OcclusionOptions,
) -> Result<Contributions> {
    let (x, baselines) = options.read(net, x)?;
    let (windows, batch) = ((options.width, options.step), options.batch.batch);
    let targets = options.label.targets(net)?;
    let contributions = of_targets(net, &targets, |still, target| {
        changes::occlusion(still, &x, target, &baselines, windows, batch).map(Value::One)
    })?;
    Contributions::of(contributions)
}

fn no_occlusion(net: &Model, x: &Dynamic, options: OcclusionOptions) -> Result<Contributions> {
    let (x, _) = options.read(net, x)?;
    let like = Value::One(x.select(1, 0)?);
    zeros(&options.label.targets(net)?, &like).and_then(Contributions::of)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![mutagenesis, occlusion,]
}
