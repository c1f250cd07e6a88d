//! `train::…`: trial steps before a training.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::fit::{FitPlan, few};
use crate::bind::args::networks::NetworksArgument;
use crate::bind::types::Tabled;
use crate::lang::{IntoValue, Native, Options, native, natives_of, session};
use crate::plot::{self, Chart, Figure, Series};
use crate::train::probe::{
    self, BatchSizes, LrTest, Overfit, OverfitTest, Profile, RangeTest, SizeSearch,
};
use crate::{bail, fault};
use rhai::Map;

/// Options of `train::find_lr`.
#[derive(Options)]
pub struct FindLrOptions {
    /// The first learning rate.
    #[option(default = 1e-7, above = 0)]
    low: f64,
    /// The last learning rate.
    #[option(default = 10, above = 0)]
    high: f64,
    /// Number of steps, in which the learning rate increases exponentially.
    #[option(default = 100, min = 10)]
    steps: usize,
    /// Factor on the smallest smoothed loss at which the test ends.
    #[option(default = 4, above = 1)]
    diverges_at: f64,
}

/// Options of `train::overfit_batch`.
#[derive(Options)]
pub struct OverfitOptions {
    /// Largest number of steps.
    #[option(default = 500, min = 1)]
    steps: usize,
    /// Fraction of the first loss below which the batch counts as learned.
    #[option(default = 0.05, above = 0, below = 1)]
    share: f64,
}

/// Options of `train::find_batch`.
#[derive(Options)]
pub struct FindBatchOptions {
    /// The smallest number of rows.
    #[option(default = 8, min = 1)]
    from: usize,
    /// The largest number of rows.
    #[option(default = 8192, min = 1)]
    most: usize,
    /// Steps that are timed for each number of rows.
    #[option(default = 5, min = 1)]
    steps: usize,
    /// Seconds after which no larger number is tried.
    #[option(default = 60, above = 0)]
    seconds: f64,
}

/// Options of `train::profile`.
#[derive(Options)]
pub struct ProfileOptions {
    /// Steps that are timed; times are medians.
    #[option(default = 10, min = 1)]
    steps: usize,
}

/// Finds a learning rate by a range test.
///
/// Trains for some steps while the learning rate increases exponentially, until the loss diverges,
/// and restores the parameters. The suggestion is the learning rate at which the smoothed loss
/// falls fastest, `()` where it does not fall. The plan is the map of options of `train::fit`; its
/// schedule is not used.
///
/// # Source
/// Smith, Cyclical Learning Rates for Training Neural Networks (WACV 2017).
///
/// ```rhai
/// let x = tensor::randn([64, 3], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::linear(1), [3], #{ seed: 1 });
/// let plan = #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), batch: 16 };
/// let found = train::find_lr(net, plan, #{ low: 1e-4, steps: 40 });
/// assert(found.suggestion > 1e-4 && found.suggestion < 1.0);
/// assert_eq(found.table.names, ["lr", "loss", "smoothed"]);
/// ```
/// ```rhai,fails
/// let net = nn::build(nn::linear(1), [3]);
/// train::find_lr(net, #{ loss: loss::mse(), optimizer: optim::sgd() });
/// //~ needs the option `train`
/// ```
#[native(
    namespace = "train",
    returns = "map: suggestion, table, plot",
    dry = find_lr_dry
)]
pub fn find_lr(
    /// Model, or map of models, as in `train::fit`.
    net: &NetworksArgument,
    /// Map of options of `train::fit`.
    plan: FitPlan,
    options: FindLrOptions,
) -> Result<Map> {
    if options.low >= options.high {
        bail!(
            "option",
            "`low` ({}) must be below `high` ({})",
            options.low,
            options.high
        );
    }
    let settings = plan.settings(&net.0)?;
    let range = RangeTest {
        low: options.low,
        high: options.high,
        steps: options.steps,
        diverges_at: options.diverges_at,
    };
    lr_map(probe::find_lr(&net.0, &settings, &range)?)
}

fn find_lr_dry(net: &NetworksArgument, plan: FitPlan, options: FindLrOptions) -> Result<Map> {
    let settings = few(plan.settings(&net.0)?);
    if !session::is_guessed() {
        let range = RangeTest {
            low: options.low,
            high: options.high,
            steps: 2,
            diverges_at: options.diverges_at,
        };
        probe::find_lr(&net.0, &settings, &range)?;
    }
    lr_map(LrTest {
        lr: vec![options.low, options.high],
        loss: vec![1.0, 0.5],
        smoothed: vec![1.0, 0.5],
        has_diverged: false,
    })
}

fn lr_map(test: LrTest) -> Result<Map> {
    let suggestion = test.suggestion();
    let points = |values: &[f64]| -> Vec<(f64, f64)> {
        test.lr
            .iter()
            .map(|lr| lr.log10())
            .zip(values.iter().copied())
            .collect()
    };
    let line = |name: &str, values: &[f64]| Series {
        name: name.into(),
        points: points(values),
    };
    let chart = Chart {
        x: "log10 learning rate".into(),
        y: "loss".into(),
        lines: vec![line("loss", &test.loss), line("smoothed", &test.smoothed)],
        mark: suggestion.map(f64::log10),
        ..Chart::default()
    };
    let figure: Figure = plot::chart("learning rate range test", chart);
    let table = Tabled::of(vec![
        ("lr".into(), Cells::Number(test.lr)),
        ("loss".into(), Cells::Number(test.loss)),
        ("smoothed".into(), Cells::Number(test.smoothed)),
    ])?;
    Ok(Map::from([
        ("suggestion".into(), suggestion.into_value()),
        ("table".into(), table.into_value()),
        ("plot".into(), figure.into_value()),
    ]))
}

/// Trains on one batch until its loss is near zero, and restores the parameters.
///
/// A model that cannot learn one batch has a defect in the data, the loss or the network. The batch
/// is the first one of the training, and stays the same in all steps. Losses with a positive
/// minimum, such as `loss::poisson_nll`, need another `share`.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::randn([8, 3], #{ seed: 1 }), label: tensor::ones([8, 1]) });
/// let net = nn::build(nn::linear(1), [3], #{ seed: 1 });
/// let plan = #{ train: set, loss: loss::mse(), optimizer: optim::adam(#{ lr: 0.1 }) };
/// let before = net["weight"].copy();
/// let result = train::overfit_batch(net, plan);
/// assert(result.is_learned);
/// assert_eq(net["weight"], before);
/// ```
#[native(
    namespace = "train",
    returns = "map: is_learned, loss, steps, losses",
    dry = overfit_batch_dry
)]
pub fn overfit_batch(
    /// Model, or map of models, as in `train::fit`.
    net: &NetworksArgument,
    /// Map of options of `train::fit`.
    plan: FitPlan,
    options: OverfitOptions,
) -> Result<Map> {
    let test = OverfitTest {
        steps: options.steps,
        share: options.share,
    };
    let result = probe::overfit_batch(&net.0, &plan.settings(&net.0)?, &test)?;
    Ok(overfit_map(&result))
}

fn overfit_batch_dry(
    net: &NetworksArgument,
    plan: FitPlan,
    options: OverfitOptions,
) -> Result<Map> {
    let settings = few(plan.settings(&net.0)?);
    let test = OverfitTest {
        steps: 1,
        share: options.share,
    };
    if !session::is_guessed() {
        probe::overfit_batch(&net.0, &settings, &test)?;
    }
    Ok(overfit_map(&Overfit {
        losses: vec![1.0, 0.0],
        is_learned: true,
    }))
}

fn overfit_map(result: &Overfit) -> Map {
    let last = result.losses.last().copied().unwrap_or(f64::NAN);
    Map::from([
        ("is_learned".into(), result.is_learned.into()),
        ("loss".into(), last.into()),
        ("steps".into(), (result.losses.len() as i64).into()),
        ("losses".into(), result.losses.clone().into_value()),
    ])
}

/// Finds the largest and the fastest number of rows per batch.
///
/// Trains on batches of twice as many rows each time, until they exceed the memory, the rows of the
/// training or the time, and restores the parameters. `fastest` is the smallest number whose speed
/// is within 5 % of the largest speed. On the CPU the memory of a step is measured, and a number
/// of rows that would take more than 80 % of the free memory is not tried.
///
/// ```rhai
/// let x = tensor::randn([64, 3], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::linear(1), [3], #{ seed: 1 });
/// let plan = #{ train: set, loss: loss::mse(), optimizer: optim::sgd() };
/// let found = train::find_batch(net, plan, #{ steps: 2 });
/// assert_eq(found.table["batch"], [8, 16, 32, 64]);
/// assert_eq(found.largest, 64);
/// ```
#[native(
    namespace = "train",
    returns = "map: largest, fastest, table, ended",
    dry = find_batch_dry
)]
pub fn find_batch(
    /// Model, or map of models, as in `train::fit`.
    net: &NetworksArgument,
    /// Map of options of `train::fit`; its `batch` is not used.
    plan: FitPlan,
    options: FindBatchOptions,
) -> Result<Map> {
    let search = SizeSearch {
        from: options.from,
        to: options.most,
        steps: options.steps,
        seconds: options.seconds,
    };
    sizes_map(&probe::find_batch(
        &net.0,
        &plan.settings(&net.0)?,
        &search,
    )?)
}

fn find_batch_dry(net: &NetworksArgument, plan: FitPlan, options: FindBatchOptions) -> Result<Map> {
    let settings = few(plan.settings(&net.0)?);
    if session::is_guessed() {
        let size = probe::BatchSize {
            batch: options.from,
            seconds: 1.0,
            memory: None,
        };
        return sizes_map(&BatchSizes {
            sizes: vec![size],
            ended: "rehearsed".into(),
        });
    }
    let search = SizeSearch {
        from: 2,
        to: 2,
        steps: 1,
        seconds: options.seconds,
    };
    sizes_map(&probe::find_batch(&net.0, &settings, &search)?)
}

fn sizes_map(found: &BatchSizes) -> Result<Map> {
    let none = || fault!("internal", "no batch was measured");
    let sizes = &found.sizes;
    let numbers =
        |of: &dyn Fn(&probe::BatchSize) -> f64| Cells::Number(sizes.iter().map(of).collect());
    let mebibytes = |size: &probe::BatchSize| {
        size.memory
            .map_or(f64::NAN, |bytes| bytes as f64 / f64::from(1 << 20))
    };
    let table = Tabled::of(vec![
        (
            "batch".into(),
            Cells::Whole(sizes.iter().map(|size| size.batch as i64).collect()),
        ),
        ("ms_per_step".into(), numbers(&|size| size.seconds * 1e3)),
        ("rows_per_second".into(), numbers(&probe::BatchSize::speed)),
        ("memory_mib".into(), numbers(&mebibytes)),
    ])?;
    let (largest, fastest) = (found.largest(), found.fastest());
    Ok(Map::from([
        ("largest".into(), (largest.ok_or_else(none)? as i64).into()),
        ("fastest".into(), (fastest.ok_or_else(none)? as i64).into()),
        ("table".into(), table.into_value()),
        ("ended".into(), found.ended.clone().into()),
    ]))
}

/// Measures where the time and memory of a training step go.
///
/// `step` is a table of the parts of a step: waiting for the loader, which prepares batches on
/// other threads, the inputs, the forward pass, the rest. `layers` is a table of the layers, timed
/// one by one without fused layers, so that their sum is larger than the step. The parameters are
/// restored.
///
/// ```rhai
/// let x = tensor::randn([64, 3], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::chain([["hidden", nn::linear(8)], nn::relu(), nn::linear(1)]), [3]);
/// let plan = #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), batch: 16 };
/// let result = train::profile(net, plan, #{ steps: 2 });
/// assert_eq(result.layers["layer"][0], "hidden");
/// assert_eq(result.step["part"].len(), 4);
/// ```
#[native(
    namespace = "train",
    returns = "map: step, layers, ms_per_step",
    dry = profile_dry
)]
pub fn profile(
    /// Model, or map of models, as in `train::fit`.
    net: &NetworksArgument,
    /// Map of options of `train::fit`.
    plan: FitPlan,
    options: ProfileOptions,
) -> Result<Map> {
    profile_map(&probe::profile(
        &net.0,
        &plan.settings(&net.0)?,
        options.steps,
    )?)
}

fn profile_dry(net: &NetworksArgument, plan: FitPlan, _options: ProfileOptions) -> Result<Map> {
    let settings = few(plan.settings(&net.0)?);
    if session::is_guessed() {
        return profile_map(&Profile::default());
    }
    profile_map(&probe::profile(&net.0, &settings, 1)?)
}

fn profile_map(profile: &Profile) -> Result<Map> {
    let total = profile.seconds();
    let parts = &profile.parts;
    let part = |of: &dyn Fn(f64) -> f64| Cells::Number(parts.iter().map(|own| of(own.1)).collect());
    let step = Tabled::of(vec![
        (
            "part".into(),
            Cells::Text(parts.iter().map(|own| own.0.clone()).collect()),
        ),
        ("ms".into(), part(&|seconds| seconds * 1e3)),
        ("share".into(), part(&|seconds| seconds / total)),
    ])?;
    let layers = &profile.layers;
    let text =
        |of: &dyn Fn(&probe::LayerProfile) -> String| Cells::Text(layers.iter().map(of).collect());
    let number =
        |of: &dyn Fn(&probe::LayerProfile) -> f64| Cells::Number(layers.iter().map(of).collect());
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let layers = Tabled::of(vec![
        ("layer".into(), text(&|layer| layer.path.clone())),
        ("kind".into(), text(&|layer| layer.layer.clone())),
        ("forward_ms".into(), number(&|layer| layer.forward * 1e3)),
        ("backward_ms".into(), number(&|layer| layer.backward * 1e3)),
        (
            "output_mib".into(),
            number(&|layer| mebibytes(layer.output_bytes)),
        ),
        (
            "parameters_mib".into(),
            number(&|layer| mebibytes(layer.parameter_bytes)),
        ),
    ])?;
    Ok(Map::from([
        ("step".into(), step.into_value()),
        ("layers".into(), layers.into_value()),
        ("ms_per_step".into(), (total * 1e3).into()),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![find_lr, overfit_batch, find_batch, profile]
}
