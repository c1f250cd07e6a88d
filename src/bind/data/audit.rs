//! `data::audit`: whether a dataset is a fair test.

use crate::audit::{self, Audit, AuditSettings, Baseline, Entity, Similarity};
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::split::{SimilarityOptions, SplitName};
use crate::bind::types::{Data, Motifs, Tabled};
use crate::data::Dataset;
use crate::data::split::{self, Dealing};
use crate::lang::value::{Ints, array};
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of};
use crate::nn::{Model, Value};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};

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
    /// Lengths of the k-mers of the logistic regression, from 1 to 8.
    #[option(default = [4, 5, 6])]
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

fn table(baselines: &[Baseline]) -> Result<Dynamic> {
    let text = |of: fn(&Baseline) -> &str| {
        Cells::Text(baselines.iter().map(|own| of(own).to_string()).collect())
    };
    let number = |of: fn(&Baseline) -> f64| Cells::Number(baselines.iter().map(of).collect());
    let columns = vec![
        ("baseline".to_string(), text(|own| &own.name)),
        ("auroc".into(), number(|own| own.auroc)),
        (
            "average_precision".into(),
            number(|own| own.average_precision),
        ),
        ("without_leaks".into(), number(|own| own.without_leaks)),
        ("text".into(), text(|own| &own.text)),
    ];
    Tabled::of(columns).map(IntoValue::into_value)
}

fn leaks_map(audit: &Audit) -> Map {
    let leaks = &audit.leaks;
    let count = |n: usize| Dynamic::from(n as i64);
    let maybe = |n: Option<usize>| n.map_or(Dynamic::UNIT, count);
    let example = |own: &audit::LeakExample| {
        Map::from([
            ("train".into(), own.train.clone().into()),
            ("test".into(), own.test.clone().into()),
            ("identity".into(), own.identity.into()),
            ("overlap".into(), count(own.overlap)),
            ("is_reverse".into(), own.is_reverse.into()),
        ])
    };
    let shared = leaks.shared.iter().map(|own| {
        let map = Map::from([
            ("values".into(), array(own.values.clone()).into()),
            ("rows".into(), count(own.rows)),
        ]);
        (own.name.as_str().into(), map.into())
    });
    let examples = leaks.examples.iter().map(|own| Dynamic::from(example(own)));
    let rows = (0..leaks.rows).filter(|row| leaks.is_leaking[*row]);
    Map::from([
        ("rows".into(), count(leaks.rows)),
        ("count".into(), count(leaks.count())),
        ("share".into(), leaks.share().into()),
        ("duplicates".into(), count(leaks.duplicates)),
        (
            "reverse_complements".into(),
            count(leaks.reverse_complements),
        ),
        ("same_interval".into(), maybe(leaks.same_interval)),
        ("overlapping".into(), maybe(leaks.overlapping)),
        ("similar".into(), count(leaks.similar)),
        ("entities".into(), shared.collect::<Map>().into()),
        ("examples".into(), examples.collect::<rhai::Array>().into()),
        (
            "leaking".into(),
            rows.map(count).collect::<rhai::Array>().into(),
        ),
    ])
}

fn labels_map(audit: &Audit) -> Map {
    let labels = &audit.labels;
    let count = |n: usize| Dynamic::from(n as i64);
    let point = |own: &audit::LearningPoint| {
        let map = Map::from([
            ("rows".into(), count(own.rows)),
            ("auroc".into(), own.auroc.into()),
        ]);
        Dynamic::from(map)
    };
    let more = audit.extrapolation.map_or(Dynamic::UNIT, |own| {
        Map::from([
            ("exponent".into(), own.exponent.into()),
            ("twice".into(), own.twice.into()),
            ("tenfold".into(), own.tenfold.into()),
        ])
        .into()
    });
    Map::from([
        ("positives".into(), count(labels.positives)),
        ("negatives".into(), count(labels.negatives)),
        ("undefined".into(), count(labels.undefined)),
        ("duplicates".into(), count(labels.duplicates)),
        ("contradictions".into(), count(labels.contradictions)),
        ("ceiling".into(), labels.ceiling.into()),
        (
            "learning".into(),
            audit
                .learning
                .iter()
                .map(point)
                .collect::<rhai::Array>()
                .into(),
        ),
        ("more_rows".into(), more),
    ])
}

fn report(audit: &Audit) -> Result<Map> {
    let gain = audit.verdict.gain.as_ref().map_or(Dynamic::UNIT, |own| {
        Map::from([
            ("over".into(), own.over.clone().into()),
            ("difference".into(), own.difference.into()),
            ("low".into(), own.interval.0.into()),
            ("high".into(), own.interval.1.into()),
            ("p".into(), own.p_value.into()),
        ])
        .into()
    });
    Ok(Map::from([
        ("leaks".into(), leaks_map(audit).into()),
        ("baselines".into(), table(&audit.baselines)?),
        ("labels".into(), labels_map(audit).into()),
        ("gain".into(), gain),
        ("is_fair".into(), audit.verdict.is_fair.into()),
        ("verdict".into(), audit.verdict.text.clone().into()),
        ("notes".into(), array(audit.notes.clone()).into()),
    ]))
}

/// Examines whether a dataset is a fair test: leaks between training and test rows, shortcuts that
/// baselines take, and the labels.
///
/// `leaks` counts test rows that repeat a training row, on either strand, are at its place or
/// overlap it, or are similar to it (without gaps, in `identity` of the bases beside each other);
/// each row counts once. `baselines` are AUROC and average precision of GC content, length,
/// dinucleotides, k-mers, place, signal, the best motif and the network, and AUROC without the
/// leaking rows. A baseline of composition, length or place is a shortcut where it reaches 0.65
/// and 70 % of what the best baseline reaches above 0.5. `labels` counts duplicates and
/// contradictions, bounds the accuracy (`ceiling`), and has the learning curve of the k-mers.
/// `gain` is the difference of AUROC of the network and the best baseline with its 95 % interval
/// (DeLong et al. 1988).
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
    returns = "map with leaks, baselines (a table), labels, gain, is_fair, verdict and notes"
)]
pub fn audit(
    /// Training rows, or all rows where `test` is not given.
    set: &Data,
    options: AuditOptions,
) -> Result<Map> {
    let similarity = options.similarity.into();
    let divided = divided(&set.0, &options, similarity)?;
    let kmers = options
        .kmers
        .0
        .iter()
        .map(|k| usize::try_from(*k).unwrap_or(0));
    let settings = AuditSettings {
        similarity,
        label: options.label,
        threshold: options.threshold,
        kmers: kmers.collect(),
        motifs: options
            .motifs
            .as_ref()
            .map_or(Vec::new(), |own| own.0.to_vec()),
        entities: entities(&options, &divided)?,
        predictions: predictions(&options, &divided.test)?,
        seed: options.seed.seed(),
    };
    report(&audit::audit(&divided.train, &divided.test, &settings)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![audit,]
}
