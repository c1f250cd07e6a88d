//! `explain::importance`: what each input contributes to a score.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::explain::BatchOptions;
use crate::bind::args::loss::LinkName;
use crate::bind::args::network::into_dynamic;
use crate::bind::args::samples::samples;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Data, Tabled};
use crate::convert::Choice as _;
use crate::explain::importance::{self, Change, Part, Plan};
use crate::lang::value::{mismatch, number};
use crate::lang::{
    Callback, Choice, FromValue, IntoValue, Native, Options, native, natives_of, session,
};
use crate::metrics::Metric;
use crate::nn::loss::{Link, Links};
use crate::nn::{Model, Shape, Value};
use crate::torch::Tensor;
use crate::train::evaluate::{labels_of, measure};
use crate::train::settings::OutputMetrics;
use crate::train::stop::larger_is_better;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::cell::OnceCell;

/// Options of `explain::importance`.
#[derive(Options)]
pub struct ImportanceOptions {
    /// Metric, or a function |outputs, labels| that returns a number, larger where outputs are
    /// better; `metric::auroc()` unless given. Metrics of which smaller values are better, such as
    /// `metric::mse()`, count with the opposite sign.
    metric: Option<ScoreArgument>,
    /// Name of the output that is scored, of a network with several.
    output: Option<String>,
    /// Function that turns outputs into predictions; that of the loss of the training unless given,
    /// sigmoid if the model was not trained.
    link: Option<LinkName>,
    /// Names of the inputs that are changed; all unless given.
    inputs: Option<Vec<String>>,
    /// Channels that are changed on their own, by input: an array of names in the order of the
    /// channels, or a map of names to a channel or an array of channels, from 0.
    channels: Option<ChannelNames>,
    /// Ways to change an input: "remove" (values of 0), "mean" (the mean over rows at each place),
    /// "shuffle" (rows are exchanged), "randomise" (random bases; other values drawn one by one
    /// from those of their channel).
    #[option(default = ["remove", "shuffle", "randomise"])]
    ways: Ways,
    /// Repeats of "shuffle" and "randomise".
    #[option(default = 5, min = 1, max = 1000)]
    repeats: usize,
    /// Resamples of the rows for the intervals.
    #[option(default = 200, min = 10, max = 10_000)]
    resamples: usize,
    /// Coverage of the intervals.
    #[option(default = 0.95, above = 0, below = 1)]
    level: f64,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// What is measured: a metric, or a function of the script.
pub enum ScoreArgument {
    /// A metric.
    Metric(Metric),
    /// A function |outputs, labels|.
    Function(Callback),
}

impl FromValue for ScoreArgument {
    fn kind() -> String {
        "metric, or a function |outputs, labels| number".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(ScoreArgument::Function);
        }
        let metric = value.read_lock::<Metric>().map(|metric| metric.clone());
        let metric = metric.ok_or_else(|| mismatch(&Self::kind(), value))?;
        Ok(ScoreArgument::Metric(metric))
    }
}

/// A way to change an input.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum Way {
    /// Values of 0.
    Remove,
    /// The mean over rows.
    Mean,
    /// Rows are exchanged.
    Shuffle,
    /// Random values.
    Randomise,
}

impl From<Way> for Change {
    fn from(way: Way) -> Change {
        match way {
            Way::Remove => Change::Remove,
            Way::Mean => Change::Mean,
            Way::Shuffle => Change::Shuffle,
            Way::Randomise => Change::Randomise,
        }
    }
}

/// Ways to change an input.
pub struct Ways(Vec<Way>);

impl FromValue for Ways {
    fn kind() -> String {
        format!("array of {}", Way::NAMES.join(", "))
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let names = Vec::<String>::from_value(value, context)?;
        let way = |name: &String| {
            Way::from_name(name).ok_or_else(|| {
                let known = Way::NAMES.join("\", \"");
                fault!("option", "must be one of \"{known}\", got \"{name}\"")
            })
        };
        let ways: Vec<Way> = names.iter().map(way).collect::<Result<_>>()?;
        if ways.is_empty() {
            bail!("option", "must have at least one way");
        }
        Ok(Ways(ways))
    }
}

/// Named channels by input.
pub struct ChannelNames(Vec<(String, Vec<(String, Vec<i64>)>)>);

impl FromValue for ChannelNames {
    fn kind() -> String {
        "map of arrays of names, or of maps of names to channels, by input".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let one = |(input, channels): (rhai::Identifier, Dynamic)| {
            if let Some(names) = channels.read_lock::<Array>() {
                let named = names.iter().enumerate();
                let named = named.map(|(i, name)| (name.to_string(), vec![i as i64]));
                return Ok((input.to_string(), named.collect()));
            }
            let Some(groups) = channels.read_lock::<Map>().map(|map| map.clone()) else {
                return Err(mismatch(&Self::kind(), &channels));
            };
            let group = |(name, mut value): (rhai::Identifier, Dynamic)| {
                let channels = match value.as_int() {
                    Ok(channel) => vec![channel],
                    Err(_) => Vec::<i64>::from_value(&mut value, context)
                        .map_err(|fault| fault.context(name.as_str()))?,
                };
                Ok((name.to_string(), channels))
            };
            let groups = groups.into_iter().map(group).collect::<Result<_>>()?;
            Ok((input.to_string(), groups))
        };
        map.into_iter()
            .map(one)
            .collect::<Result<_>>()
            .map(ChannelNames)
    }
}

/// The inputs that are changed, each followed by its named channels.
fn parts(options: &ImportanceOptions, names: &[String]) -> Result<Vec<Part>> {
    let known = |name: &str| {
        if names.iter().any(|own| own == name) {
            return Ok(());
        }
        bail!(
            "option",
            "there is no input \"{name}\", but {}",
            names.join(", ")
        )
    };
    let chosen = options.inputs.as_deref().unwrap_or(names);
    chosen.iter().try_for_each(|name| known(name))?;
    let named = options.channels.as_ref().map_or(&[][..], |own| &own.0[..]);
    named.iter().try_for_each(|(input, _)| known(input))?;
    let mut out = Vec::new();
    for input in chosen {
        out.push(Part {
            name: input.clone(),
            input: input.clone(),
            channels: None,
        });
        let own = named.iter().filter(|(name, _)| name == input);
        out.extend(own.flat_map(|(_, groups)| groups).map(|(name, channels)| {
            let name = format!("{input}.{name}");
            let (input, channels) = (input.clone(), Some(channels.clone()));
            Part {
                name,
                input,
                channels,
            }
        }));
    }
    Ok(out)
}

/// The names of the inputs of a network, as those of a dataset.
fn input_names(net: &Model, data: &Data) -> Vec<String> {
    match net.input() {
        Shape::Many(shapes) => shapes.keys().cloned().collect(),
        Shape::One(_) => data
            .0
            .inputs
            .iter()
            .take(1)
            .map(|own| own.name.clone())
            .collect(),
    }
}

/// The score of outputs and labels.
fn score_of(
    how: &ScoreArgument,
    output: &str,
    links: &Links,
    outputs: &Value,
    labels: &Value,
) -> Result<f64> {
    match how {
        ScoreArgument::Metric(metric) => {
            let sign = if larger_is_better(&metric.name) {
                1.0
            } else {
                -1.0
            };
            let metrics = [OutputMetrics {
                output: output.into(),
                metrics: vec![metric.clone()],
            }];
            let scores = measure(outputs, labels, links, &metrics, false)?;
            Ok(scores.first().map_or(f64::NAN, |score| sign * score.value))
        }
        ScoreArgument::Function(function) => {
            let made = function.call(vec![
                into_dynamic(outputs.clone())?,
                into_dynamic(labels.clone())?,
            ])?;
            let tensor = made.read_lock::<Tensor>().map(|tensor| tensor.clone());
            match (number(&made), tensor) {
                (Some(number), _) => Ok(number),
                (None, Some(tensor)) if tensor.numel() == 1 => tensor.item(),
                _ => bail!(
                    "type",
                    "the function `metric` must return a number, got {}",
                    session::describe(&made)
                ),
            }
        }
    }
}

fn table(found: &importance::Found) -> Result<Tabled> {
    let rows = &found.rows;
    let way = |change: Change| {
        let ways = [Way::Remove, Way::Mean, Way::Shuffle, Way::Randomise];
        let own = ways.into_iter().find(|way| Change::from(*way) == change);
        own.map_or("", |way| way.as_str()).to_string()
    };
    let numbers =
        |of: fn(&importance::Importance) -> f64| Cells::Number(rows.iter().map(of).collect());
    Tabled::of(vec![
        (
            "input".into(),
            Cells::Text(rows.iter().map(|own| own.part.clone()).collect()),
        ),
        (
            "way".into(),
            Cells::Text(rows.iter().map(|own| way(own.change)).collect()),
        ),
        ("importance".into(), numbers(|own| own.fall)),
        ("low".into(), numbers(|own| own.interval.0)),
        ("high".into(), numbers(|own| own.interval.1)),
        ("sd".into(), numbers(|own| own.deviation)),
        ("score".into(), numbers(|own| own.score)),
    ])
}

/// Computes the importance of each input: the fall of a score where the input is changed.
///
/// Each input, and each named group of its channels, is removed, shuffled across rows and replaced
/// by random values; the network is not trained again. `importance` is the score of the unchanged
/// rows less that of the changed ones, the mean over repeats, and `sd` its standard deviation over
/// repeats. `low` and `high` are the interval of resampled rows (percentiles of the bootstrap, each
/// resample with one of the repeats): it covers both the rows and the random changes. Negative
/// values are inputs without which the score is better.
///
/// # Errors
/// A score of the unchanged rows that is not a number, such as an AUROC of one class.
///
/// # Source
/// Breiman, Random forests (2001), for "shuffle"; DeepGRN (Chen et al. 2021) for "remove".
///
/// ```rhai
/// let a = tensor::from([[2.0], [1.0], [-1.0], [-2.0]]);
/// let set = data::from(#{ a: a, b: a * 0.0, label: [1, 1, 0, 0] });
/// let sides = nn::branches(#{ a: nn::linear(1), b: nn::linear(1) });
/// let net = nn::build(nn::chain([sides, nn::linear(1)]), #{ a: [1], b: [1] }, #{ seed: 1 });
/// for name in net.parameters().keys() { net[name] = tensor::ones(net[name].shape); }
/// let found = explain::importance(net, set, #{ ways: ["remove"] });
/// assert_eq(found.score, 1.0);
/// assert_eq(found.table["importance"], [0.5, 0.0]);
/// ```
#[native(
    namespace = "explain",
    returns = "map: score, table (input, way, importance, low, high, sd, score)"
)]
pub fn importance(
    /// Network of one input or several.
    net: &Model,
    /// Dataset with labels.
    data: &Data,
    options: ImportanceOptions,
) -> Result<Map> {
    let inputs = samples(net, &Dynamic::from(data.clone()))?;
    let plan = Plan {
        parts: parts(&options, &input_names(net, data))?,
        changes: options.ways.0.iter().map(|way| (*way).into()).collect(),
        repeats: options.repeats,
        resamples: options.resamples,
        level: options.level,
        seed: options.seed.seed(),
        batch: options.batch.batch,
    };
    let links = match options.link {
        Some(link) => Link::from(link).into(),
        None => net.links().unwrap_or(Link::Sigmoid.into()),
    };
    let auroc = || ScoreArgument::Metric(Metric::new("auroc", crate::metrics::Measure::Auroc));
    let how = options.metric.unwrap_or_else(auroc);
    let output = options.output.unwrap_or_default();
    let known: OnceCell<Value> = OnceCell::new();
    let score = |outputs: &Value, rows: Option<&[i64]>| {
        if known.get().is_none() {
            let _ = known.set(labels_of(&data.0, outputs)?);
        }
        let Some(labels) = known.get() else {
            bail!("internal", "there are no labels")
        };
        let Some(rows) = rows else {
            return score_of(&how, &output, &links, outputs, labels);
        };
        let index = Tensor::from_i64(rows, &[rows.len() as i64])?;
        let of = |value: &Value| value.map(|tensor| tensor.take(0, &index));
        score_of(&how, &output, &links, &of(outputs)?, &of(labels)?)
    };
    let found = importance::importance(net, &inputs, &plan, &score)?;
    Ok(Map::from([
        ("score".into(), found.score.into()),
        ("table".into(), table(&found)?.into_value()),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![importance]
}
