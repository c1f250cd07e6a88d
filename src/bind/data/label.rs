//! `label::…`: labels of regions, from peaks and from signals.

use crate::base::{Result, StrandRule};
use crate::bind::seq::genome::{Places, Signal};
use crate::data::labels::{self, Joint, Labels, Reading};
use crate::data::profile;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{IntoValue, Options, session};
use crate::seq::Intervals;
use crate::seq::intervals::overlap::Rule;
use crate::seq::track::{Missing, Statistic};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Dynamic, Map};
use std::rc::Rc;

const PEAKS: &[Opt] = &[
    opt(
        "bp",
        OptKind::Int(1, MANY),
        "1",
        "bases that a peak and the region share at least",
    ),
    opt(
        "fraction",
        OptKind::Float(0.0, 1.0),
        "0",
        "share of the region that a peak covers at least",
    ),
    opt(
        "peak_fraction",
        OptKind::Float(0.0, 1.0),
        "0",
        "share of the peak that lies in the region at least",
    ),
    opt(
        "strand",
        OptKind::Choice(&["any", "same", "opposite"]),
        "\"any\"",
        "what is asked of their strands",
    ),
    opt(
        "ambiguous",
        OptKind::Other("map of name to intervals"),
        "",
        "relaxed peaks: regions that only they touch are undefined (NaN), neither bound nor unbound",
    ),
];
const JOINT: &[Opt] = &[
    opt(
        "length",
        OptKind::Int(1, MANY),
        "1000",
        "bases of each region, around the middle of what was joined",
    ),
    opt(
        "distance",
        OptKind::Int(-MANY, MANY),
        "0",
        "peaks with at most so many bases between them are joined; -1 wants one shared base",
    ),
    opt(
        "at_least",
        OptKind::Int(1, MANY),
        "1",
        "sets that must have a peak in a region",
    ),
];
const SIGNAL: &[Opt] = &[
    opt(
        "statistic",
        OptKind::Choice(Statistic::NAMES),
        "\"mean\"",
        "what the values of a region are made into",
    ),
    opt(
        "bins",
        OptKind::Int(1, MANY),
        "1",
        "equal parts of each region, from left to right, a label each (a profile)",
    ),
    opt(
        "pairs",
        OptKind::Other("array of pairs of track names"),
        "",
        "tracks of the two strands, [plus, minus], whose labels change places on the reverse strand; recognised by name unless given (plus and minus, pos and neg, fwd and rev, forward and reverse)",
    ),
    opt(
        "use_strand",
        OptKind::Bool,
        "false",
        "whether labels of regions on the reverse strand are read from there: bins from right to left, pairs exchanged",
    ),
    opt(
        "log1p",
        OptKind::Bool,
        "false",
        "whether labels are ln(1 + value); values of -1 and less are an error",
    ),
    opt(
        "missing",
        OptKind::Choice(&["zero", "skip"]),
        "\"zero\"",
        "bases without a value: 0, or left out (a region without any is undefined)",
    ),
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
        bail!(
            "value",
            "`{name}` holds nothing: a map of name to intervals is needed"
        );
    }
    map.iter()
        .map(|(key, value)| {
            let list = value.read_lock::<Places>().map(|list| (*list.0).clone());
            Ok((
                key.to_string(),
                list.ok_or_else(|| {
                    fault!(
                        "type",
                        "`{name}.{key}` must be intervals, got {}",
                        session::describe(value)
                    )
                })?,
            ))
        })
        .collect()
}

/// Names and values as scripts hold them.
fn shown(labels: Labels, rows: usize) -> Result<Map> {
    let tasks = labels.names.len() as i64;
    let values = Tensor::from_f32(&labels.values, &[rows as i64, tasks])?;
    Ok(Map::from([
        ("names".into(), array(labels.names).into()),
        ("values".into(), values.into_value()),
    ]))
}

/// Labels of regions as a script gives them.
pub struct Given {
    /// A name for each label.
    pub names: Vec<String>,
    /// `rows * tasks` numbers.
    pub values: Vec<f32>,
    /// What `label::signal` says of them.
    pub signal: Option<Signalled>,
}

/// How labels were read from signals.
pub struct Signalled {
    /// The tracks, a group of labels each.
    pub tracks: Vec<(String, Signal)>,
    /// The regions that they were read from.
    pub regions: Places,
    /// How they were read.
    pub reading: Reading,
    /// Groups of the two strands.
    pub pairs: Vec<(usize, usize)>,
    /// Whether labels of regions on the reverse strand are read from there.
    pub use_strand: bool,
}

impl Signalled {
    /// Labels of a region.
    pub fn tasks(&self) -> usize {
        self.tracks.len() * self.reading.bins
    }
}

/// Labels out of what `label::…` gives, a tensor or an array.
pub fn labels_of(value: &Dynamic, rows: usize) -> Result<Given> {
    let (names, values, signal) = match value.read_lock::<Map>() {
        Some(map) => {
            let Some(values) = map.get("values") else {
                bail!(
                    "type",
                    "`labels` must hold `names` and `values`, as label::peaks gives them"
                )
            };
            let names = map
                .get("names")
                .and_then(|names| names.clone().into_typed_array::<String>().ok());
            (names, values.clone(), signalled(&map)?)
        }
        None => (None, value.clone(), None),
    };
    crate::bind::data::read::no_words("labels", &values)?;
    let crate::data::Column::Dense { values, shape } =
        crate::bind::data::read::column("labels", &values)?
    else {
        bail!("type", "labels are numbers")
    };
    let tasks: usize = shape.iter().product();
    if values.len() != rows * tasks {
        bail!(
            "shape",
            "{} rows of labels for {rows} regions",
            values.len() / tasks.max(1)
        );
    }
    let plain = || {
        if tasks == 1 {
            vec!["label".to_string()]
        } else {
            (1..=tasks).map(|i| format!("label{i}")).collect()
        }
    };
    let names = names.unwrap_or_else(plain);
    if names.len() != tasks {
        bail!("shape", "{} names for {tasks} labels", names.len());
    }
    let signal = signal.filter(|own| own.regions.0.len() == rows && own.tasks() == tasks);
    Ok(Given {
        names,
        values: values.to_vec(),
        signal,
    })
}

/// What a map of `label::signal` says of its labels; none for other maps.
fn signalled(map: &Map) -> Result<Option<Signalled>> {
    let (Some(tracks), Some(how)) = (
        map.get("tracks"),
        map.get("how").and_then(|how| how.read_lock::<Map>()),
    ) else {
        return Ok(None);
    };
    let regions = map
        .get("regions")
        .and_then(|regions| regions.read_lock::<Places>().map(|own| own.clone()));
    let Some(regions) = regions else {
        return Ok(None);
    };
    let text = |key: &str| {
        how.get(key)
            .and_then(|value| value.clone().into_string().ok())
            .unwrap_or_default()
    };
    let flag = |key: &str| {
        how.get(key)
            .and_then(|value| value.as_bool().ok())
            .unwrap_or_default()
    };
    let bins = how
        .get("bins")
        .and_then(|value| value.as_int().ok())
        .unwrap_or(1)
        .max(1) as usize;
    let missing = if text("missing") == "skip" {
        Missing::Skip
    } else {
        Missing::Zero
    };
    let reading = Reading {
        statistic: Statistic::named(&text("statistic")),
        bins,
        log1p: flag("log1p"),
        missing,
    };
    let tracks = named_tracks(tracks)?;
    let names: Vec<String> = tracks.iter().map(|(name, _)| name.clone()).collect();
    let pairs = match how.get("pairs") {
        Some(pairs) => profile::pairs_of(&names, &named_pairs(pairs)?)?,
        None => Vec::new(),
    };
    Ok(Some(Signalled {
        tracks,
        regions,
        reading,
        pairs,
        use_strand: flag("use_strand"),
    }))
}

/// Pairs of names as scripts write them: `[["plus", "minus"], …]`.
pub fn named_pairs(value: &Dynamic) -> Result<Vec<(String, String)>> {
    let wrong = |value: &Dynamic| fault!("option", "pairs are an array of pairs of names, got {}", session::describe(value); hint: "`[[\"plus\", \"minus\"]]`");
    let items = value
        .read_lock::<rhai::Array>()
        .ok_or_else(|| wrong(value))?;
    let pair = |item: &Dynamic| match item.clone().into_typed_array::<String>().as_deref() {
        Ok([plus, minus]) => Ok((plus.clone(), minus.clone())),
        _ => Err(wrong(item)),
    };
    items.iter().map(pair).collect()
}

/// A track, or several by name.
fn named_tracks(tracks: &Dynamic) -> Result<Vec<(String, Signal)>> {
    if let Some(track) = tracks.read_lock::<Signal>() {
        return Ok(vec![("signal".into(), track.clone())]);
    }
    let Some(map) = tracks.read_lock::<Map>() else {
        bail!(
            "type",
            "`tracks` must be a track or a map of tracks, got {}",
            session::describe(tracks)
        )
    };
    let own = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let track = value.read_lock::<Signal>().map(|t| t.clone());
        Ok((
            name.to_string(),
            track.ok_or_else(|| {
                fault!(
                    "type",
                    "`tracks.{name}` must be a track, got {}",
                    session::describe(value)
                )
            })?,
        ))
    };
    map.iter().map(own).collect()
}

fn by_peaks(regions: &Places, peaks: &Map, o: &Options) -> Result<Map> {
    let rule = Rule {
        bp: o.int("bp"),
        fraction: o.float("fraction"),
        other_fraction: o.float("peak_fraction"),
        strand: strand_rule(&o.text("strand")),
        ..Rule::default()
    };
    let ambiguous = match o.get::<Map>("ambiguous")? {
        Some(map) => sets_of("ambiguous", &map)?,
        None => Vec::new(),
    };
    shown(
        labels::by_peaks(&regions.0, &sets_of("peaks", peaks)?, &rule, &ambiguous)?,
        regions.0.len(),
    )
}

fn joint(peaks: &Map, o: &Options) -> Result<Map> {
    let how = Joint {
        length: o.int("length"),
        distance: o.int("distance"),
        at_least: o.int("at_least") as usize,
    };
    let (regions, labels) = labels::joint(&sets_of("peaks", peaks)?, &how)?;
    let mut map = shown(labels, regions.len())?;
    map.insert("regions".into(), Places(Rc::new(regions)).into_value());
    Ok(map)
}

fn signal(regions: &Places, tracks: &Dynamic, o: &Options) -> Result<Map> {
    let tracks_given = named_tracks(tracks)?;
    let missing = if o.text("missing") == "zero" {
        Missing::Zero
    } else {
        Missing::Skip
    };
    let bins = o.int("bins") as usize;
    let how = Reading {
        statistic: Statistic::named(&o.text("statistic")),
        bins,
        log1p: o.flag("log1p"),
        missing,
    };
    let names: Vec<String> = tracks_given.iter().map(|(name, _)| name.clone()).collect();
    let pairs = match o.raw("pairs") {
        Some(pairs) => profile::pairs_of(&names, &named_pairs(&pairs)?)?,
        None => profile::named_pairs(&names),
    };
    if !o.has("pairs") && !pairs.is_empty() {
        let shown: Vec<String> = pairs
            .iter()
            .map(|(plus, minus)| format!("`{}` and `{}`", names[*plus], names[*minus]))
            .collect();
        crate::bind::train::fit::tell(&format!(
            "note: {} are taken for the two strands: their labels change places on the reverse strand; `pairs: []` keeps them in place",
            shown.join(", ")
        ));
    }
    let borrowed: Vec<(String, &crate::seq::Track)> = tracks_given
        .iter()
        .map(|(name, track)| (name.clone(), &*track.0))
        .collect();
    tracks_given
        .iter()
        .for_each(|(_, track)| crate::bind::seq::track::noted(&track.0, &regions.0));
    let mut found = labels::by_signal(&regions.0, &borrowed, &how)?;
    if let (true, Some(partners)) = (
        o.flag("use_strand"),
        profile::partners(names.len(), bins, &pairs),
    ) {
        profile::orient(&mut found.values, &partners, &regions.0.rows);
    }
    let mut map = shown(found, regions.0.len())?;
    let pairs: rhai::Array = pairs
        .iter()
        .map(|(plus, minus)| array([names[*plus].clone(), names[*minus].clone()]).into())
        .collect();
    let how = Map::from([
        ("statistic".into(), o.text("statistic").into()),
        ("bins".into(), o.int("bins").into()),
        ("log1p".into(), o.flag("log1p").into()),
        ("missing".into(), o.text("missing").into()),
        ("pairs".into(), pairs.into()),
        ("use_strand".into(), o.flag("use_strand").into()),
    ]);
    map.insert("regions".into(), regions.clone().into_value());
    map.insert("tracks".into(), tracks.clone());
    map.insert("how".into(), how.into());
    Ok(map)
}

natives! { natives in "label" {
    /// Labels regions by sets of peaks: 1 where a peak of the set overlaps, else 0; NaN where only
    /// an ambiguous one does.
    ///
    /// ```rhai
    /// let at = |s, e| intervals::from(#{ chrom: ["chr1"], start: [s], end: [e] });
    /// let regions = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 100], end: [50, 150] });
    /// let found = label::peaks(regions, #{ ctcf: at.call(40, 60), sp1: at.call(120, 130) });
    /// assert_eq(found.names, ["ctcf", "sp1"]);
    /// assert_eq(found.values, [[1, 0], [0, 1]]);
    /// ```
    function "peaks"(c, regions: Places, peaks: Map; o = PEAKS) -> "map of names and values: tensor [regions, sets]" { by_peaks(&regions, &peaks, &o) }

    /// Makes regions of several sets' peaks: overlapping peaks are joined, a region of one length
    /// is laid around the middle of each, and labelled with every set that has a peak in it.
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
    /// Bins go from left to right along the chromosome whatever a region's strand is, unless
    /// `use_strand` is true. Passed whole as `labels` of `data::regions`, labels follow the
    /// sequence: they are read from the strand that the sequence is read from, turn with
    /// `augment::reverse_complement`, and are read again from the signals where an augmenter moves
    /// bases.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [0], end: [50] }));
    /// let regions = intervals::from(#{ chrom: ["chr1"], start: [0], end: [100] });
    /// assert_eq(label::signal(regions, t).values, [[0.5]]);
    /// assert_eq(label::signal(regions, t, #{ bins: 4, statistic: "sum" }).values, [[25, 25, 0, 0]]);
    /// ```
    function "signal"(c, regions: Places, tracks: Dynamic; o = SIGNAL) -> "map of names, values: tensor [regions, tracks * bins], and where they come from: regions, tracks, how" { signal(&regions, &tracks, &o) }

    /// Takes a field of numbers as a label.
    ///
    /// ```rhai
    /// let regions = intervals::from(#{ chrom: ["chr1"], start: [0], end: [100], height: [2.5] });
    /// assert_eq(label::field(regions, "height").values, [[2.5]]);
    /// ```
    function "field"(c, regions: Places, name: String) -> "map of names and values: tensor [regions, 1]" { shown(labels::by_field(&regions.0, &name)?, regions.0.len()) }
} }
