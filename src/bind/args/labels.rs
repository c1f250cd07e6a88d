//! Labels of regions.

use crate::base::{Result, near};
use crate::bind::args::dataset::{column, no_words};
use crate::bind::types::{Places, Signal};
use crate::convert::Choice as _;
use crate::data::LabelStrand;
use crate::data::labels::Reading;
use crate::data::profile;
use crate::data::region_labels::NamedRegionLabel;
use crate::data::regions::{RegionLabels, Signalled};
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, Options, session};
use crate::seq::track::{Missing, Statistic};
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};

/// The value of bases that a track has none for.
#[derive(Choice, Clone, Copy)]
pub enum MissingRule {
    /// 0.
    Zero,
    /// None.
    Skip,
}

impl From<MissingRule> for Missing {
    fn from(rule: MissingRule) -> Missing {
        match rule {
            MissingRule::Zero => Missing::Zero,
            MissingRule::Skip => Missing::Skip,
        }
    }
}

/// Tracks by name, and the value of the script.
pub struct NamedTracks {
    /// The value of the script.
    pub value: Dynamic,
    /// Tracks by name.
    pub tracks: Vec<(String, Signal)>,
}

impl FromValue for NamedTracks {
    fn kind() -> String {
        "track or map of tracks".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        Ok(NamedTracks {
            tracks: named_tracks(value)?,
            value: value.flatten_clone(),
        })
    }
}

/// Pairs of names, such as those of the tracks of two strands.
pub struct NamePairs(pub Vec<(String, String)>);

impl FromValue for NamePairs {
    fn kind() -> String {
        "array of pairs of names".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        named_pairs(value).map(NamePairs)
    }
}

/// What labels become on the reverse strand, by name; an empty name is that of the only label.
pub struct LabelStrands(pub Vec<(String, LabelStrand)>);

impl FromValue for LabelStrands {
    fn kind() -> String {
        "\"track\", \"stranded\" or \"features\", or a map of these by label name".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let strand = |value: &Dynamic| {
            let word = value.clone().into_string().unwrap_or_default();
            match LabelStrand::named(&word) {
                LabelStrand::Unstated => Err(mismatch(&Self::kind(), value)),
                strand => Ok(strand),
            }
        };
        if let Some(map) = value.read_lock::<Map>() {
            let named = |(name, value): (&rhai::Identifier, &Dynamic)| {
                Ok((name.to_string(), strand(value)?))
            };
            return map
                .iter()
                .map(named)
                .collect::<Result<_>>()
                .map(LabelStrands);
        }
        Ok(LabelStrands(vec![(String::new(), strand(value)?)]))
    }
}

/// The option of labels of two strands.
#[derive(Options)]
pub struct PairOptions {
    /// Labels of the two strands, [plus, minus], which are swapped on the reverse strand; groups
    /// of bins are named without their number.
    pub label_pairs: Option<NamePairs>,
}

/// Several labels by name, each as [`labels_of`]; none where the value is one label.
pub fn named_labels(
    value: &Dynamic,
    rows: usize,
    strands: &[(String, LabelStrand)],
) -> Result<Option<Vec<NamedRegionLabel>>> {
    let map = value.read_lock::<Map>();
    let Some(map) = map.filter(|map| !map.contains_key("values")) else {
        if !strands.is_empty() {
            bail!("option", "`label_strands` is for named labels of regions";
                hint: "`labels: #{{ name: … }}`; one label takes `bins` and `label_pairs`");
        }
        return Ok(None);
    };
    let names: Vec<&str> = map.keys().map(|name| name.as_str()).collect();
    if let Some((name, _)) = strands
        .iter()
        .find(|(name, _)| !names.contains(&name.as_str()))
    {
        let known = names.join(", ");
        let fault = fault!(
            "name",
            "`label_strands` names `{name}`, the labels are {known}"
        );
        return Err(match near::nearest(name, names) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault,
        });
    }
    let label = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let labels = labels_of(value, rows).map_err(|fault| fault.context(format!("`{name}`")))?;
        let values = match value.read_lock::<Map>() {
            Some(map) => map.get("values").cloned().unwrap_or_default(),
            None => value.clone(),
        };
        let shape = match column(name, &values)? {
            crate::data::Column::Dense { shape, .. } => shape,
            _ => vec![labels.names.len()],
        };
        let mut own = strands.iter().filter(|(known, _)| known == name.as_str());
        Ok(NamedRegionLabel {
            name: name.to_string(),
            shape,
            labels,
            strand: own
                .next()
                .map_or(LabelStrand::Unstated, |(_, strand)| *strand),
        })
    };
    map.iter().map(label).collect::<Result<_>>().map(Some)
}

/// Labels from a map of `label::…`, a tensor or an array.
pub fn labels_of(value: &Dynamic, rows: usize) -> Result<RegionLabels> {
    let (names, values, signal) = match value.read_lock::<Map>() {
        Some(map) => {
            let Some(values) = map.get("values") else {
                bail!(
                    "type",
                    "`labels` must hold `names` and `values`, as label::peaks returns them"
                )
            };
            let names = map
                .get("names")
                .and_then(|names| names.clone().into_typed_array::<String>().ok());
            (names, values.clone(), signalled(&map)?)
        }
        None => (None, value.clone(), None),
    };
    no_words("labels", &values)?;
    let crate::data::Column::Dense { values, shape } = column("labels", &values)? else {
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
    let signal = signal.filter(|signal| signal.regions.len() == rows && signal.tasks() == tasks);
    Ok(RegionLabels {
        names,
        values: values.to_vec(),
        signal,
    })
}

/// How labels were read, from a map of `label::signal`; none for other maps.
pub fn signalled(map: &Map) -> Result<Option<Signalled>> {
    let (Some(tracks), Some(how)) = (
        map.get("tracks"),
        map.get("how").and_then(|how| how.read_lock::<Map>()),
    ) else {
        return Ok(None);
    };
    let regions = map
        .get("regions")
        .and_then(|regions| regions.read_lock::<Places>().map(|list| list.clone()));
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
    let missing = MissingRule::from_name(&text("missing")).unwrap_or(MissingRule::Zero);
    let reading = Reading {
        statistic: Statistic::named(&text("statistic")),
        bins,
        log1p: flag("log1p"),
        missing: missing.into(),
    };
    let tracks = named_tracks(tracks).map_err(|fault| fault.context("`labels.tracks`"))?;
    let names: Vec<String> = tracks.iter().map(|(name, _)| name.clone()).collect();
    let pairs = match how.get("pairs") {
        Some(pairs) => profile::pairs_of(&names, &named_pairs(pairs)?)?,
        None => Vec::new(),
    };
    Ok(Some(Signalled {
        tracks: tracks.into_iter().map(|(_, track)| track.0).collect(),
        regions: regions.0,
        reading,
        pairs,
        use_strand: flag("use_strand"),
    }))
}

/// Pairs of names as scripts write them: `[["plus", "minus"], …]`.
pub fn named_pairs(value: &Dynamic) -> Result<Vec<(String, String)>> {
    let wrong = |value: &Dynamic| {
        let mut fault = mismatch(&NamePairs::kind(), value);
        fault.kind = "option";
        fault.hint("`[[\"plus\", \"minus\"]]`")
    };
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
pub fn named_tracks(tracks: &Dynamic) -> Result<Vec<(String, Signal)>> {
    if let Some(track) = tracks.read_lock::<Signal>() {
        return Ok(vec![("signal".into(), track.clone())]);
    }
    let Some(map) = tracks.read_lock::<Map>() else {
        return Err(mismatch(&NamedTracks::kind(), tracks));
    };
    let named = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let track = value.read_lock::<Signal>().map(|track| track.clone());
        let track = track.ok_or_else(|| {
            fault!(
                "type",
                "must hold tracks, got {} under `{name}`",
                session::describe(value)
            )
        })?;
        Ok((name.to_string(), track))
    };
    map.iter().map(named).collect()
}
