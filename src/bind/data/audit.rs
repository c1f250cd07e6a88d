//! `data::audit`: whether a dataset is a fair test.

use crate::audit::{self, AuditSettings, Entity, Similarity};
use crate::base::Result;
use crate::bind::args::audit::report;
use crate::bind::args::estimate::estimated;
use crate::bind::args::fit::FitPlan;
use crate::bind::args::networks::NetworksArgument;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::split::{SimilarityOptions, SplitName};
use crate::bind::types::{Data, Motifs};
use crate::data::Dataset;
use crate::data::split::{self, Dealing};
use crate::lang::value::Ints;
use crate::lang::{Call, FromValue, IntoValue, Native, Options, native, natives_of};
use crate::nn::{Model, Value};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};

/// Steps of a planned training that are timed.
const TIMED_STEPS: usize = 5;

/// Options of `data::audit`.
#[derive(Options)]
pub struct AuditOptions {
    /// Test rows; a part of the dataset unless given.
    test: Option<Data>,
    /// Share of the rows that are test rows, where `test` is not given.
    #[option(default = 0.2, min = 0.01, max = 0.9)]
    share: f64,
    /// How test rows are chosen, where `test` is not given: "random", or "homology", which keeps
    /// similar sequences on one side.
    #[option(default = "random")]
    split: SplitName,
    /// Number of the label that is examined, from 0.
    #[option(default = 0)]
    label: usize,
    /// The smallest label of a positive.
    #[option(default = 0.5)]
    threshold: f64,
    #[option(flatten)]
    similarity: SimilarityOptions,
    /// Lengths of the k-mers of the logistic regression, from 1 to 8 of bases ([4, 5, 6] unless
    /// given), from 1 to 4 of amino acids ([1, 2, 3]).
    #[option(default = [], min = 1)]
    kmers: Ints,
    /// Motifs, of which the best one on the training rows is a baseline.
    motifs: Option<Motifs>,
    /// Network whose predictions are compared with the baselines.
    net: Option<Model>,
    /// Predictions for the test rows, [rows] or [rows, labels], instead of `net`.
    predictions: Option<Tensor>,
    /// Values of which training and test rows should share none, by name: an array with one string
    /// a row of the dataset, or with `test` a map #{ train: […], test: […] }.
    entities: Option<EntityMap>,
    /// Numbers of the labels, from 0, that measure the same (replicates): how well they agree
    /// bounds what a network can reach.
    #[option(default = [], min = 0)]
    replicates: Ints,
    /// Planned training, whose time and memory are estimated from a few steps: options of
    /// `train::fit` and `net`; `train` is the training rows unless given.
    training: Option<Map>,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Values of rows by name: those of all rows, or of training and test rows.
pub struct EntityMap(Vec<(String, Vec<String>, Option<Vec<String>>)>);

impl FromValue for EntityMap {
    fn kind() -> String {
        "map of arrays of strings, or of maps with train and test".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let one = |(name, mut value): (rhai::Identifier, Dynamic)| {
            let Some(parts) = value.read_lock::<Map>().map(|parts| parts.clone()) else {
                let all = Vec::<String>::from_value(&mut value, context)?;
                return Ok((name.to_string(), all, None));
            };
            let part = |key: &str| {
                let mut own = parts.get(key).cloned().unwrap_or(Dynamic::UNIT);
                Vec::<String>::from_value(&mut own, context).map_err(|fault| fault.context(key))
            };
            Ok((name.to_string(), part("train")?, Some(part("test")?)))
        };
        map.into_iter()
            .map(one)
            .collect::<Result<_>>()
            .map(EntityMap)
    }
}

/// Training and test rows, and the numbers of both among the rows of the dataset where it was
/// divided.
struct Divided {
    train: Dataset,
    test: Dataset,
    rows: Option<(Vec<usize>, Vec<usize>)>,
}

fn divided(set: &Dataset, options: &AuditOptions, similarity: Similarity) -> Result<Divided> {
    if let Some(test) = &options.test {
        return Ok(Divided {
            train: set.clone(),
            test: (*test.0).clone(),
            rows: None,
        });
    }
    let plain = set.materialised()?;
    let groups = options.split.groups(&plain, similarity)?;
    let dealing = Dealing {
        seed: options.seed.seed(),
        stratify: groups.is_none(),
        groups,
    };
    let shares = [
        ("train".to_string(), 1.0 - options.share),
        ("test".into(), options.share),
    ];
    let mut parts = split::split(&plain, &shares, &dealing)?;
    let (Some((_, test)), Some((_, train))) = (parts.pop(), parts.pop()) else {
        bail!("internal", "a split has two parts")
    };
    let numbers = |part: &Dataset| -> Vec<usize> {
        let at = |row: &u32| plain.rows.binary_search(row).unwrap_or_default();
        part.rows.iter().map(at).collect()
    };
    let rows = plain
        .rows
        .is_sorted()
        .then(|| (numbers(&train), numbers(&test)));
    Ok(Divided { train, test, rows })
}

fn entities(options: &AuditOptions, divided: &Divided) -> Result<Vec<Entity>> {
    let Some(EntityMap(given)) = &options.entities else {
        return Ok(Vec::new());
    };
    let one = |(name, first, second): &(String, Vec<String>, Option<Vec<String>>)| {
        let (train, test) = match (second, &divided.rows) {
            (Some(test), None) => (first.clone(), test.clone()),
            (None, Some((train, test))) => {
                let of = |rows: &[usize]| -> Option<Vec<String>> {
                    rows.iter().map(|row| first.get(*row).cloned()).collect()
                };
                let n = train.len() + test.len();
                let both = of(train).zip(of(test)).filter(|_| first.len() == n);
                both.ok_or_else(|| {
                    fault!("value", "`{name}` has {} values for {n} rows", first.len())
                })?
            }
            (Some(_), Some(_)) => {
                bail!("option", "`{name}` of `entities` must be an array with one value a row";
                    hint: "a map with train and test goes with option `test`")
            }
            (None, None) => {
                bail!("option", "`{name}` of `entities` must be #{{ train: […], test: […] }}";
                    hint: "an array with one value a row goes with a dataset that is divided here")
            }
        };
        Ok(Entity {
            name: name.clone(),
            train,
            test,
        })
    };
    given.iter().map(one).collect()
}

/// What the planned training takes.
fn planned(call: &Call, plan: &Map, divided: &Divided) -> Result<Map> {
    let mut plan = plan.clone();
    let Some(mut net) = plan.remove("net") else {
        bail!("option", "option `training` needs `net`, the network that is trained";
            hint: "`training: #{{ net: net, loss: …, optimizer: …, epochs: 20 }}`")
    };
    let named = |fault: crate::base::Fault| fault.context("option `training`");
    let net = NetworksArgument::from_value(&mut net, call.context).map_err(named)?;
    let train = || Data(std::rc::Rc::new(divided.train.clone())).into_value();
    plan.entry("train".into()).or_insert_with(train);
    let mut plan = Dynamic::from_map(plan);
    let plan = FitPlan::from_value(&mut plan, call.context).map_err(named)?;
    estimated(&net.0, plan, TIMED_STEPS).map_err(named)
}

/// The column of a label in predictions `[rows]` or `[rows, labels]`.
fn column(predictions: &Tensor, label: usize, tasks: usize) -> Result<Vec<f64>> {
    match predictions.shape()[..] {
        [_] => predictions.to_f64(),
        [_, n] if n as usize == tasks => predictions.select(1, label as i64)?.to_f64(),
        ref other => bail!(
            "shape",
            "predictions must be [rows] or [rows, {tasks}], got {}",
            crate::base::shape::text(other)
        ),
    }
}

fn predictions(options: &AuditOptions, test: &Dataset) -> Result<Option<Vec<f64>>> {
    let tasks = test.tasks();
    if let Some(given) = &options.predictions {
        return column(given, options.label, tasks).map(Some);
    }
    let Some(net) = &options.net else {
        return Ok(None);
    };
    match crate::train::evaluate::predict(net, test, 512, false)? {
        Value::Many(_) => {
            bail!("shape", "the network has several outputs";
                hint: "option `predictions` takes one of them: `net.predict(set).counts`")
        }
        outputs => column(outputs.one()?, options.label, tasks).map(Some),
    }
}

/// Examines whether a dataset is a fair test: leaks between training and test rows, shortcuts that
/// baselines take, and the labels.
///
/// `leaks` counts test rows that repeat a training row, on either strand, are at its place or
/// overlap it, or are similar to it (without gaps, in `identity` of the letters beside each other);
/// each row counts once. `baselines` are AUROC and average precision of GC content, length,
/// dinucleotides, k-mers, place, entities, signal, the best motif and the network, the same without
/// the leaking rows, AUROC without rows that share an entity, and what the network adds to each
/// (difference of AUROC with its 95 % interval, DeLong et al. 1988); `gain` is that of the best
/// baseline. A baseline of composition, length, place or entity is a shortcut where it reaches 0.65
/// and 70 % of what the best baseline reaches above 0.5. `labels` counts duplicates, contradictions
/// (which bound the accuracy, `ceiling`) and negatives that are `shuffles` of positives, and has
/// the learning curve of the k-mers with what `more_rows` would bring by a power law, and what
/// `replicates` allow. `training` is the estimate of a planned training.
///
/// Proteins have one strand; RNA is read as bases. Of proteins, composition and dipeptides are
/// baselines. Rows without sequences are compared by their numbers, and a regression on these is
/// the floor.
///
/// # Errors
/// Fewer than two positives or negatives among training or test rows.
///
/// ```rhai
/// let set = data::from(#{
///     sequence: seq::random(200, 60, #{ seed: 1 }) + seq::random(200, 60, #{ seed: 2 })
///         .map(|s| { s.replace("A", "C"); s }),
///     label: (0..400).map(|i| if i < 200 { 0 } else { 1 }),
/// });
/// let found = data::audit(set, #{ seed: 1 });
/// assert(!found.is_fair);
/// assert(found.verdict.contains("content alone reaches"));
/// assert_eq(found.leaks.count, 0);
/// ```
#[native(
    namespace = "data",
    returns = "map with leaks, baselines (a table), labels, gain, training, is_fair, verdict and \
        notes"
)]
pub fn audit(
    call: &Call,
    /// Training rows, or all rows where `test` is not given.
    set: &Data,
    options: AuditOptions,
) -> Result<Map> {
    let similarity = options.similarity.into();
    let divided = divided(&set.0, &options, similarity)?;
    let numbers = |own: &Ints| -> Vec<usize> {
        let numbers = own.0.iter().map(|n| usize::try_from(*n).unwrap_or(0));
        numbers.collect()
    };
    let settings = AuditSettings {
        similarity,
        label: options.label,
        threshold: options.threshold,
        kmers: numbers(&options.kmers),
        motifs: options
            .motifs
            .as_ref()
            .map_or(Vec::new(), |own| own.0.to_vec()),
        entities: entities(&options, &divided)?,
        replicates: numbers(&options.replicates),
        predictions: predictions(&options, &divided.test)?,
        seed: options.seed.seed(),
    };
    let plan = options.training.as_ref();
    let plan = plan.map(|plan| planned(call, plan, &divided)).transpose()?;
    let found = audit::audit(&divided.train, &divided.test, &settings)?;
    let mut map = report(&found)?;
    map.insert("training".into(), plan.into_value());
    Ok(map)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![audit,]
}
