//! `model.card`: what a model is, what it was trained on, and how it was examined.

use crate::base::Result;
use crate::base::file::write_whole;
use crate::bind::args::path::output_path;
use crate::bind::types::{Data, ModelCard};
use crate::lang::value::number;
use crate::lang::{FromValue, Native, Options, native, natives_of, session, show};
use crate::nn::Model;
use crate::torch::file::hash_of;
use crate::track::report::sections::card_markdown;
use crate::train::History;
use crate::train::identity::digest;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use serde_json::{Value, json};
use std::path::Path;
use std::rc::Rc;

/// Options of `model.card`.
#[derive(Options)]
pub struct CardOptions {
    /// What the model is, in a few sentences.
    #[option(default = "")]
    description: String,
    /// What it is to be used for.
    #[option(default = "")]
    intended: String,
    /// What it should not be used for, and where it fails.
    #[option(default = [])]
    limits: Vec<String>,
    /// Datasets by their part: #{ train, valid, test }. Rows, positives and a hash are stated.
    data: Option<DataMap>,
    /// History of the training, from `train::fit`.
    history: Option<History>,
    /// Scores by name: a number, [value, low, high], or a map with value, low and high, as from
    /// `stats::auroc_interval`.
    scores: Option<ScoreMap>,
    /// Audit of the data, from `data::audit`.
    audit: Option<Map>,
    /// Probe of the model, from `ood::probe`.
    probe: Option<Map>,
    /// Comparison with other models, from `stats::compare`.
    comparison: Option<Map>,
    /// Further parts: texts or numbers by heading, such as licence or contact.
    more: Option<Map>,
}

/// Datasets by name.
pub struct DataMap(Vec<(String, Data)>);

impl FromValue for DataMap {
    fn kind() -> String {
        "map of datasets".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let one = |(name, mut set): (rhai::Identifier, Dynamic)| {
            let set = Data::from_value(&mut set, context).map_err(|fault| fault.context(&name))?;
            Ok((name.to_string(), set))
        };
        map.into_iter().map(one).collect::<Result<_>>().map(DataMap)
    }
}

/// Scores by name, with the ends of their intervals.
pub struct ScoreMap(Vec<(String, f64, Option<(f64, f64)>)>);

/// A score with its interval.
fn score(value: &Dynamic) -> Option<(f64, Option<(f64, f64)>)> {
    if let Some(value) = number(value) {
        return Some((value, None));
    }
    if let Some(items) = value.read_lock::<Array>() {
        let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
        let [value, low, high] = numbers?[..] else {
            return None;
        };
        return Some((value, Some((low, high))));
    }
    let map = value.read_lock::<Map>()?;
    let of = |key: &str| map.get(key).and_then(number);
    Some((of("value")?, of("low").zip(of("high"))))
}

impl FromValue for ScoreMap {
    fn kind() -> String {
        "map of numbers, of [value, low, high], or of maps with value, low and high".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let one = |(name, value): (rhai::Identifier, Dynamic)| {
            let (own, interval) = score(&value).ok_or_else(|| {
                let got = session::describe(&value);
                fault!("option", "must be a {}: `{name}` is {got}", Self::kind())
            })?;
            Ok((name.to_string(), own, interval))
        };
        map.into_iter()
            .map(one)
            .collect::<Result<_>>()
            .map(ScoreMap)
    }
}

/// A result of another function, which must have some keys.
fn part(name: &str, source: &str, keys: &[&str], map: Option<&Map>) -> Result<Value> {
    let Some(map) = map else {
        return Ok(Value::Null);
    };
    if let Some(missing) = keys.iter().find(|key| !map.contains_key(**key)) {
        bail!(
            "option",
            "option `{name}` must be the map that {source} returns; it has no \
            `{missing}`"
        );
    }
    let plain: Map = (map.iter())
        .filter(|(_, own)| !own.is::<crate::plot::Figure>())
        .map(|(key, own)| (key.clone(), own.clone()))
        .collect();
    show::json(&plain.into())
}

fn architecture(net: &Model) -> Result<Value> {
    let (parameters, trainable) = net.count();
    let layers = net.rows().iter().map(|row| {
        json!({
            "name": row.name, "layer": row.layer, "output": row.output,
            "parameters": row.parameters,
        })
    });
    Ok(json!({
        "network": net.layer().map(crate::nn::Layer::text),
        "input": net.input().text(),
        "output": net.output().text(),
        "parameters": parameters,
        "trainable": trainable,
        "hash": hash_of(&net.state())?,
        "layers": layers.collect::<Vec<Value>>(),
    }))
}

/// The rows, positives and hash of a dataset; positives where all labels are 0, 1 or undefined.
fn data_row(name: &str, Data(set): &Data) -> Value {
    let labels = set.all_labels();
    let is_binary = labels.iter().all(|y| *y == 0.0 || *y == 1.0 || y.is_nan());
    let positives = labels.iter().filter(|y| **y == 1.0).count();
    json!({
        "name": name,
        "rows": set.len(),
        "content": set.form(),
        "positives": (is_binary && !labels.is_empty()).then_some(positives),
        "hash": digest(set),
    })
}

fn training(history: &History) -> Value {
    let last = history.epochs.last();
    let values = last.map(|epoch| &epoch.values).into_iter().flatten();
    json!({
        "epochs": history.epochs.len(),
        "best_epoch": history.best_epoch,
        "monitored": history.watched,
        "best_value": history.best_value,
        "seconds": history.epochs.iter().map(|epoch| epoch.seconds).sum::<f64>(),
        "ended": history.ended,
        "last": values
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect::<serde_json::Map<String, Value>>(),
    })
}

fn scores(given: Option<&ScoreMap>) -> Vec<Value> {
    let one = |(name, value, interval): &(String, f64, Option<(f64, f64)>)| {
        let (low, high) = interval.unzip();
        json!({ "name": name, "value": value, "low": low, "high": high })
    };
    given.map_or(Vec::new(), |given| given.0.iter().map(one).collect())
}

/// Returns the model card: architecture, data, training, scores, audit, probe and versions.
///
/// `print(card)` prints it as Markdown; `report("card", card)` stores it, and `report.html` has a
/// section of it. Hashes are of parameters and of the contents of datasets, so that a card can be
/// checked against files.
///
/// # Source
/// Mitchell et al., Model cards for model reporting (2019).
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT"], label: [1, 0] });
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 4], #{ name: "small" });
/// let card = net.card(#{
///     intended: "examples", limits: ["no real data"], data: #{ train: set },
///     scores: #{ auroc: #{ value: 0.9, low: 0.8, high: 0.95 } }, more: #{ licence: "MIT" },
/// });
/// assert(card.markdown.contains("# Model card: small"));
/// assert_eq(card.fields.architecture.parameters, 17);
/// assert_eq(card.fields.data[0].positives, 1);
/// ```
/// ```rhai,fails
/// nn::build(nn::linear(1), [2]).card(#{ audit: #{ auroc: 0.9 } });
/// //~ option `audit` must be the map that data::audit returns; it has no `verdict`
/// ```
#[native(namespace = "model", form = method)]
pub fn card(this: &Model, options: CardOptions) -> Result<ModelCard> {
    let data = options.data.as_ref().map_or(&[][..], |data| &data.0);
    let audit = part(
        "audit",
        "data::audit",
        &["verdict", "leaks"],
        options.audit.as_ref(),
    )?;
    let probe = part(
        "probe",
        "ood::probe",
        &["table", "auroc"],
        options.probe.as_ref(),
    )?;
    let keys = ["verdict", "differences"];
    let comparison = part(
        "comparison",
        "stats::compare",
        &keys,
        options.comparison.as_ref(),
    )?;
    let more = show::json(&options.more.clone().unwrap_or_default().into())?;
    Ok(ModelCard(Rc::new(json!({
        "kind": "model card",
        "name": this.name(),
        "description": options.description,
        "intended": options.intended,
        "limits": options.limits,
        "architecture": architecture(this)?,
        "data": data.iter().map(|(name, set)| data_row(name, set)).collect::<Vec<Value>>(),
        "training": options.history.as_ref().map(training),
        "scores": scores(options.scores.as_ref()),
        "audit": audit,
        "probe": probe,
        "comparison": comparison,
        "versions": {
            "cistron": env!("CARGO_PKG_VERSION"),
            "libtorch": "2.11.0",
            "device": this.device().name(),
            "seed": session::settings().seed,
        },
        "more": more,
    }))))
}

/// The card as Markdown.
///
/// ```rhai
/// assert(nn::build(nn::linear(1), [2]).card().markdown.contains("parameters: 3"));
/// ```
#[native(namespace = "card", form = property)]
pub fn markdown(this: &ModelCard) -> String {
    card_markdown(&this.0)
}

/// The parts of the card by name: architecture, data, training, scores, audit, versions, …
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(1), [2]).card().fields.architecture.trainable, 3);
/// ```
#[native(namespace = "card", form = property, returns = "map")]
pub fn fields(this: &ModelCard) -> Result<Dynamic> {
    rhai::serde::to_dynamic(&*this.0).map_err(|error| fault!("value", "{error}"))
}

/// Writes the card as Markdown (.md) or JSON (.json), by the ending of the path.
///
/// ```rhai
/// nn::build(nn::linear(1), [2]).card().save("/tmp/cistron_example_card.md");
/// ```
#[native(namespace = "card", form = method)]
pub fn save(
    this: &ModelCard,
    /// Path of the file, relative to the folder of the run unless it is absolute.
    path: &str,
) -> Result<()> {
    let text = match Path::new(path).extension().and_then(|end| end.to_str()) {
        Some("md") => card_markdown(&this.0),
        Some("json") => format!("{:#}\n", this.0),
        _ => bail!("value", "`{path}`: a model card is saved as .md or .json"),
    };
    write_whole(&output_path(path)?, text.as_bytes())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![card, markdown, fields, save,]
}
