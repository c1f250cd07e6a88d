//! `label::…`: labels of regions, from peaks and from signals.

use super::genome::{Places, Signal};
use crate::base::{Result, StrandRule};
use crate::data::labels::{self, Joint, Labels, Reading};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{IntoValue, Options, session};
use crate::seq::Intervals;
use crate::seq::intervals::sets::Rule;
use crate::seq::track::{Missing, Statistic};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Dynamic, Map};
use std::rc::Rc;

const PEAKS: &[Opt] = &[
    opt("bp", OptKind::Int(1, MANY), "1", "bases that a peak and the region share at least"),
    opt("fraction", OptKind::Float(0.0, 1.0), "0", "share of the region that a peak covers at least"),
    opt("peak_fraction", OptKind::Float(0.0, 1.0), "0", "share of the peak that lies in the region at least"),
    opt("strand", OptKind::Choice(&["any", "same", "opposite"]), "\"any\"", "what is asked of their strands"),
    opt(
        "ambiguous",
        OptKind::Other("map of name to intervals"),
        "",
        "relaxed peaks: regions that only they touch are undefined (NaN), neither bound nor unbound",
    ),
];
const JOINT: &[Opt] = &[
    opt("length", OptKind::Int(1, MANY), "1000", "bases of each region, around the middle of what was joined"),
    opt("distance", OptKind::Int(-MANY, MANY), "0", "peaks with at most so many bases between them are joined; -1 wants one shared base"),
    opt("at_least", OptKind::Int(1, MANY), "1", "sets that must have a peak in a region"),
];
const SIGNAL: &[Opt] = &[
    opt("statistic", OptKind::Choice(Statistic::NAMES), "\"mean\"", "what the values of a region are made into"),
    opt("bins", OptKind::Int(1, MANY), "1", "equal parts of each region, a label each (a profile)"),
    opt("log1p", OptKind::Bool, "false", "whether labels are ln(1 + value)"),
    opt("missing", OptKind::Choice(&["zero", "skip"]), "\"zero\"", "bases without a value: 0, or left out (a region without any is undefined)"),
];

/// A rule about strands by its name.
pub fn strand_rule(name: &str) -> StrandRule {
    match name {
        "same" => StrandRule::Same,
        "opposite" => StrandRule::Opposite,
        _ => StrandRule::Any,
    }
}

/// Named lists of intervals out of a map.
pub fn sets_of(name: &str, map: &Map) -> Result<Vec<(String, Intervals)>> {
    if map.is_empty() {
        bail!("value", "`{name}` holds nothing: a map of name to intervals is needed");
    }
    map.iter()
        .map(|(key, value)| {
            let list = value.read_lock::<Places>().map(|list| (*list.0).clone());
            Ok((key.to_string(), list.ok_or_else(|| fault!("type", "`{name}.{key}` must be intervals, got {}", session::describe(value)))?))
        })
        .collect()
}

/// Names and values as scripts hold them.
fn shown(labels: Labels, rows: usize) -> Result<Map> {
    let tasks = labels.names.len() as i64;
    let values = Tensor::from_f32(&labels.values, &[rows as i64, tasks])?;
    Ok(Map::from([("names".into(), array(labels.names).into()), ("values".into(), values.into_value())]))
}

/// Names and `rows * tasks` values out of what `label::…` gives, a tensor or an array.
pub fn labels_of(value: &Dynamic, rows: usize) -> Result<(Vec<String>, Vec<f32>)> {
    let (names, values) = match value.read_lock::<Map>() {
        Some(map) => {
            let Some(values) = map.get("values") else { bail!("type", "`labels` must hold `names` and `values`, as label::peaks gives them") };
            let names = map.get("names").and_then(|names| names.clone().into_typed_array::<String>().ok());
            (names, values.clone())
        }
        None => (None, value.clone()),
    };
    let crate::data::Column::Dense { values, shape } = super::data::column("labels", &values)? else { bail!("type", "labels are numbers") };
    let tasks: usize = shape.iter().product();
    if values.len() != rows * tasks {
        bail!("shape", "{} rows of labels for {rows} regions", values.len() / tasks.max(1));
    }
    let plain = || if tasks == 1 { vec!["label".to_string()] } else { (1..=tasks).map(|i| format!("label{i}")).collect() };
    let names = names.unwrap_or_else(plain);
    if names.len() != tasks {
        bail!("shape", "{} names for {tasks} labels", names.len());
    }
    Ok((names, values.to_vec()))
}

fn by_peaks(regions: &Places, peaks: &Map, o: &Options) -> Result<Map> {
    let rule = Rule { bp: o.int("bp"), fraction: o.float("fraction"), other_fraction: o.float("peak_fraction"), strand: strand_rule(&o.text("strand")) };
    let ambiguous = match o.get::<Map>("ambiguous")? {
        Some(map) => sets_of("ambiguous", &map)?,
        None => Vec::new(),
    };
    shown(labels::by_peaks(&regions.0, &sets_of("peaks", peaks)?, &rule, &ambiguous)?, regions.0.len())
}

fn joint(peaks: &Map, o: &Options) -> Result<Map> {
    let how = Joint { length: o.int("length"), distance: o.int("distance"), at_least: o.int("at_least") as usize };
    let (regions, labels) = labels::joint(&sets_of("peaks", peaks)?, &how)?;
    let mut map = shown(labels, regions.len())?;
    map.insert("regions".into(), Places(Rc::new(regions)).into_value());
    Ok(map)
}

fn signal(regions: &Places, tracks: &Dynamic, o: &Options) -> Result<Map> {
    let own: Vec<(String, Signal)> = match (tracks.read_lock::<Signal>(), tracks.read_lock::<Map>()) {
        (Some(track), _) => vec![("signal".into(), track.clone())],
        (_, Some(map)) => map
            .iter()
            .map(|(name, value)| {
                let track = value.read_lock::<Signal>().map(|t| t.clone());
                Ok((name.to_string(), track.ok_or_else(|| fault!("type", "`tracks.{name}` must be a track, got {}", session::describe(value)))?))
            })
            .collect::<Result<_>>()?,
        _ => bail!("type", "`tracks` must be a track or a map of tracks, got {}", session::describe(tracks)),
    };
    let missing = if o.text("missing") == "zero" { Missing::Zero } else { Missing::Skip };
    let how = Reading { statistic: Statistic::named(&o.text("statistic")), bins: o.int("bins") as usize, log1p: o.flag("log1p"), missing };
    let borrowed: Vec<(String, &crate::seq::Track)> = own.iter().map(|(name, track)| (name.clone(), &*track.0)).collect();
    shown(labels::by_signal(&regions.0, &borrowed, &how)?, regions.0.len())
}

natives! { natives in "label" {
    /// Labels regions by sets of peaks: 1 where a peak of the set overlaps, else 0; NaN where only an ambiguous one does.
    ///
    /// ```rhai
    /// let at = |s, e| intervals::from(#{ chrom: ["chr1"], start: [s], end: [e] });
    /// let regions = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 100], end: [50, 150] });
    /// let found = label::peaks(regions, #{ ctcf: at.call(40, 60), sp1: at.call(120, 130) });
    /// assert_eq(found.names, ["ctcf", "sp1"]);
    /// assert_eq(found.values, [[1, 0], [0, 1]]);
    /// ```
    function "peaks"(c, regions: Places, peaks: Map; o = PEAKS) -> "map of names and values: tensor [regions, sets]" { by_peaks(&regions, &peaks, &o) }

    /// Makes regions of several sets' peaks: overlapping peaks are joined, a region of one length is laid around the
    /// middle of each, and labelled with every set that has a peak in it.
    ///
    /// ```rhai
    /// let at = |s, e| intervals::from(#{ chrom: ["chr1"], start: [s], end: [e] });
    /// let found = label::joint(#{ myc: at.call(100, 120), max: at.call(110, 130) }, #{ length: 50 });
    /// assert_eq(found.regions.start, [90]);
    /// assert_eq(found.values, [[1, 1]]);
    /// ```
    function "joint"(c, peaks: Map; o = JOINT) -> "map of regions, names and values: tensor [regions, sets]" { joint(&peaks, &o) }

    /// Labels regions by signals: a number for each track, or a profile of bins.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [0], end: [50] }));
    /// let regions = intervals::from(#{ chrom: ["chr1"], start: [0], end: [100] });
    /// assert_eq(label::signal(regions, t).values, [[0.5]]);
    /// assert_eq(label::signal(regions, t, #{ bins: 4, statistic: "sum" }).values, [[25, 25, 0, 0]]);
    /// ```
    function "signal"(c, regions: Places, tracks: Dynamic; o = SIGNAL) -> "map of names and values: tensor [regions, tracks * bins]" { signal(&regions, &tracks, &o) }

    /// Takes a field of numbers as a label.
    ///
    /// ```rhai
    /// let regions = intervals::from(#{ chrom: ["chr1"], start: [0], end: [100], height: [2.5] });
    /// assert_eq(label::field(regions, "height").values, [[2.5]]);
    /// ```
    function "field"(c, regions: Places, name: String) -> "map of names and values: tensor [regions, 1]" { shown(labels::by_field(&regions.0, &name)?, regions.0.len()) }
} }
