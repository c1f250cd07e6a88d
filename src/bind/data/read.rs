//! `data::…`: datasets out of files, arrays and genomes.

use crate::base::{Interval, Result, Strand, shape};
use crate::bind::data::label::{Given, Signalled, labels_of, named_pairs};
use crate::bind::seq::genome::{Genomic, Places, Signal};
use crate::bind::types::{Data, codes_of};
use crate::data::profile::{self, Source};
use crate::data::table::Plan;
use crate::data::{Channel, Column, Dataset, Input, Profile, check, duplicates};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Options, session};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;
use std::sync::Arc;

const TABLE: &[Opt] = &[
    opt(
        "sequence",
        OptKind::Other("column name, or a map of input name to column name"),
        "",
        "where the sequences stand; without a header, a column's number from 1",
    ),
    opt(
        "label",
        OptKind::Other("column name or array of them"),
        "",
        "where the labels stand",
    ),
    opt(
        "name",
        OptKind::Text,
        "",
        "where a name for each row stands",
    ),
    opt(
        "length",
        OptKind::Int(1, MANY),
        "",
        "bases that each sequence is cut or padded to, around its middle; without it all must have one length",
    ),
];
const FASTA: &[Opt] = &[opt(
    "length",
    OptKind::Int(1, MANY),
    "",
    "bases that each sequence is cut or padded to, around its middle",
)];
/// The seed of what is drawn.
pub const SEEDED: Opt = opt(
    "seed",
    OptKind::Int(0, MANY),
    "",
    "the same seed gives the same outcome; the run's seed unless given",
);

/// The option of functions that draw random numbers, to `#[option(flatten)]`.
#[derive(Clone, Copy, Options)]
pub struct SeedOptions {
    /// Seed of the random numbers; that of the run unless given.
    seed: Option<u64>,
}

impl SeedOptions {
    /// The seed given, else the run's.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| session::settings().seed)
    }
}

/// The seed given, else the run's.
pub fn seed(o: &Options) -> u64 {
    o.maybe_int("seed")
        .map_or_else(|| session::settings().seed, |seed| seed as u64)
}

/// Says what there is to say of a dataset that was read.
pub fn noted(mut set: Dataset) -> Result<Data> {
    let repeated = duplicates::within(&set);
    if repeated > 0 {
        set.notes.push(format!(
            "{repeated} of {} sequences repeat an earlier one, on either strand",
            set.len()
        ));
    }
    set.notes
        .iter()
        .for_each(|note| crate::bind::train::fit::warn(note));
    Ok(Data(Rc::new(set)))
}

/// In a check, a file that is not there is stood in for by a few random rows.
fn or_stand_in(read: Result<Dataset>, labels: &[String]) -> Result<Data> {
    match read {
        Err(fault) if fault.kind == "file" && session::is_dry() => {
            session::guess();
            let codes = (0..8 * 101).map(|i| (i * 7 % 4) as u8).collect();
            let column = Column::Sequence {
                codes: Arc::new(codes),
                length: 101,
            };
            let names = if labels.is_empty() {
                vec!["label".to_string()]
            } else {
                labels.to_vec()
            };
            let values = (0..8 * names.len()).map(|i| (i % 2) as f32).collect();
            Ok(Data(Rc::new(Dataset::new(
                vec![Input::new("sequence", column)],
                names,
                values,
            )?)))
        }
        other => noted(other?),
    }
}

fn table(path: &str, o: &Options) -> Result<Data> {
    let mut plan = Plan {
        length: o.maybe_int("length").map(|n| n as usize),
        ..Plan::default()
    };
    match o.raw("sequence") {
        None => {}
        Some(value) if value.is_string() || value.is_int() => {
            plan.sequences.push(("sequence".into(), value.to_string()))
        }
        Some(_) => {
            for (name, column) in o.need::<Map>("sequence")? {
                plan.sequences.push((name.to_string(), column.to_string()));
            }
        }
    }
    match o.raw("label") {
        None => {}
        Some(value) if value.is_string() || value.is_int() => plan.labels.push(value.to_string()),
        Some(_) => plan.labels = o.need::<Vec<String>>("label")?,
    }
    if o.has("name") {
        plan.name = Some(o.text("name"));
    }
    or_stand_in(
        crate::data::table::read(&session::find_input(path)?, &plan),
        &plan.labels,
    )
}

/// A column of strings or numbers.
pub fn column(name: &str, value: &Dynamic) -> Result<Column> {
    if let Some(items) = value.read_lock::<Array>()
        && items.first().is_some_and(Dynamic::is_string)
    {
        let texts: Vec<String> = items
            .iter()
            .map(|item| {
                item.clone()
                    .into_string()
                    .map_err(|_| fault!("type", "column `{name}` mixes strings and other values"))
            })
            .collect::<Result<_>>()?;
        let (codes, length) =
            codes_of(&texts).map_err(|fault| fault.context(format!("column `{name}`")))?;
        return Ok(Column::Sequence {
            codes: Arc::new(codes),
            length,
        });
    }
    let tensor = crate::bind::tensor::basic::tensor_of(value)
        .map_err(|fault| fault.context(format!("column `{name}`")))?;
    let sizes: Vec<usize> = tensor.shape().iter().map(|n| *n as usize).collect();
    let Some((_, rest)) = sizes.split_first() else {
        bail!(
            "shape",
            "column `{name}` must have a row for each sample, got {}",
            shape::text(&tensor.shape())
        )
    };
    let row = if rest.is_empty() {
        vec![1]
    } else {
        rest.to_vec()
    };
    Ok(Column::Dense {
        values: Arc::new(tensor.to_f32()?),
        shape: row,
    })
}

/// Fails on labels that are strings.
pub fn no_words(name: &str, value: &Dynamic) -> Result<()> {
    let word = value.read_lock::<Array>().and_then(|items| {
        items
            .iter()
            .find(|item| item.is_string())
            .map(ToString::to_string)
    });
    match word {
        Some(word) => Err(
            fault!("type", "labels are numbers, `{name}` holds strings such as \"{word}\"";
            hint: "number the classes from 0: `words.map(|word| [\"{word}\", …].index_of(word))`"),
        ),
        None => Ok(()),
    }
}

const BINS: Opt = opt(
    "bins",
    OptKind::Int(1, MANY),
    "",
    "labels that are bins along the sequence, in groups of so many: they turn with it; those of `label::signal` say so themselves",
);
const PAIRS: Opt = opt(
    "label_pairs",
    OptKind::Other("array of pairs of label names"),
    "",
    "labels of the two strands, [plus, minus], which change places on the reverse strand; groups of bins are named without their number",
);
const FROM: &[Opt] = &[
    opt(
        "along",
        OptKind::Other("array of input names"),
        "",
        "inputs of numbers along the sequence, which move and turn with it; those whose last axis has the sequence's length unless given",
    ),
    opt(
        "stranded",
        OptKind::Other("array of input names"),
        "[]",
        "inputs [channels, length] whose neighbouring channels are pairs of strands: they change places on the reverse strand",
    ),
    opt(
        "bins",
        OptKind::Int(1, MANY),
        "1",
        "labels that are bins along the sequence, in groups of so many: they turn with it",
    ),
    PAIRS,
];

/// Names of groups of labels: those of their first bins without the number.
fn groups(names: &[String], bins: usize) -> Vec<String> {
    let name = |name: &String| {
        if bins == 1 {
            name.clone()
        } else {
            name.strip_suffix('1').unwrap_or(name).to_string()
        }
    };
    names.iter().step_by(bins).map(name).collect()
}

/// Sets how labels behave on the reverse strand.
fn laid_out(
    set: &mut Dataset,
    bins: usize,
    pairs: &[(usize, usize)],
    source: Option<Source>,
) -> Result<()> {
    let tasks = set.tasks();
    if !tasks.is_multiple_of(bins) {
        bail!("option", "{tasks} labels are not groups of {bins} bins");
    }
    set.label_partners = profile::partners(tasks / bins, bins, pairs);
    set.profile = (bins > 1).then(|| Arc::new(Profile { bins, source }));
    Ok(())
}

/// Which inputs are along the sequence and which are pairs of strands, as options say.
fn declare(inputs: &mut [Input], o: &Options, notes: &mut Vec<String>) -> Result<()> {
    let length = inputs
        .iter()
        .find(|input| input.column.is_sequence())
        .map(|input| input.column.row_shape()[0]);
    let along: Option<Vec<String>> = o.get("along")?;
    let stranded: Vec<String> = o.get("stranded")?.unwrap_or_default();
    let known = |name: &String| {
        inputs
            .iter()
            .any(|input| input.name == *name && !input.column.is_sequence())
    };
    if let Some(name) = along
        .iter()
        .flatten()
        .chain(&stranded)
        .find(|name| !known(name))
    {
        bail!("name", "no input of numbers is called `{name}`");
    }
    for input in inputs
        .iter_mut()
        .filter(|input| !input.column.is_sequence())
    {
        let shape = input.column.row_shape();
        let fits = shape.last().copied() == length && length.is_some();
        let is_stranded = stranded.contains(&input.name);
        let is_stated = is_stranded
            || along
                .as_ref()
                .is_some_and(|along| along.contains(&input.name));
        input.is_along = if along.is_some() {
            is_stated
        } else {
            fits || is_stated
        };
        if is_stated && !fits {
            let length = length.map_or("there is no sequence".to_string(), |length| {
                format!("the sequence has {length} positions")
            });
            bail!(
                "shape",
                "input `{}` {} is not along the sequence: {length}",
                input.name,
                shape_text(&shape)
            );
        }
        if is_stranded {
            if shape.len() != 2 || shape[0] % 2 == 1 {
                bail!(
                    "shape",
                    "stranded input `{}` must be [channels, length] with pairs of channels, got {}",
                    input.name,
                    shape_text(&shape)
                );
            }
            input.partners = Some(Arc::new((0..shape[0]).map(|i| i ^ 1).collect()));
        }
        if fits && along.is_none() && !is_stranded && shape.len() == 1 {
            notes.push(format!(
                "input `{}` has a number for each position and is taken to be along the sequence; `#{{ along: [] }}` as second argument says that it is not",
                input.name
            ));
        }
    }
    Ok(())
}

fn shape_text(sizes: &[usize]) -> String {
    shape::text(&sizes.iter().map(|n| *n as i64).collect::<Vec<_>>())
}

fn from_columns(columns: &Map, o: &Options) -> Result<Data> {
    let mut inputs = Vec::new();
    let mut labels: Vec<(String, Vec<f32>)> = Vec::new();
    for (name, value) in columns {
        if name == "label" || name == "labels" {
            let parts: Vec<(String, Dynamic)> = match value.read_lock::<Map>() {
                Some(map) => map
                    .iter()
                    .map(|(name, v)| (name.to_string(), v.clone()))
                    .collect(),
                None => vec![("label".into(), value.clone())],
            };
            for (label, values) in parts {
                no_words(&label, &values)?;
                let Column::Dense { values, shape } = column(&label, &values)? else {
                    bail!("type", "label `{label}` must hold numbers")
                };
                let tasks: usize = shape.iter().product();
                for task in 0..tasks {
                    let own = if tasks == 1 {
                        label.clone()
                    } else {
                        format!("{label}{}", task + 1)
                    };
                    labels.push((
                        own,
                        values.iter().skip(task).step_by(tasks).copied().collect(),
                    ));
                }
            }
        } else {
            inputs.push(Input::new(name.to_string(), column(name, value)?));
        }
    }
    // sequences first: the main input is the sequence
    inputs.sort_by_key(|input| matches!(input.column, Column::Dense { .. }));
    let rows = inputs.first().map_or(0, |input| input.column.rows());
    if let Some((name, values)) = labels.iter().find(|(_, values)| values.len() != rows) {
        bail!(
            "data",
            "label `{name}` has {} rows, the inputs have {rows}",
            values.len()
        );
    }
    let flat = (0..rows)
        .flat_map(|row| labels.iter().map(move |(_, values)| values[row]))
        .collect();
    let names = labels.iter().map(|(name, _)| name.clone()).collect();
    let mut notes = Vec::new();
    declare(&mut inputs, o, &mut notes)?;
    let mut set = Dataset::new(inputs, names, flat)?;
    let bins = o.int("bins") as usize;
    let pairs = match o.raw("label_pairs") {
        Some(pairs) => profile::pairs_of(&groups(&set.label_names, bins), &named_pairs(&pairs)?)?,
        None => Vec::new(),
    };
    laid_out(&mut set, bins, &pairs, None)?;
    notes
        .iter()
        .for_each(|note| crate::bind::train::fit::warn(note));
    set.notes = notes;
    Ok(Data(Rc::new(set)))
}

const REGIONS: &[Opt] = &[
    opt(
        "labels",
        OptKind::Other("what label::… gives, a tensor [regions, tasks] or an array"),
        "",
        "the labels of the regions; 1 each unless given",
    ),
    opt(
        "tracks",
        OptKind::Other("map of input name to a track or an array of tracks"),
        "",
        "signals along the regions, an input [tracks, length] each",
    ),
    opt(
        "stranded",
        OptKind::Other("array of input names"),
        "[]",
        "tracks that come in pairs of strands: on the other strand each pair changes places",
    ),
    opt(
        "features",
        OptKind::Other("map of input name to a tensor [regions, …] or array"),
        "",
        "numbers beside the sequence",
    ),
    opt(
        "missing",
        OptKind::Float(f64::NEG_INFINITY, f64::INFINITY),
        "0",
        "the value of bases that a track has none for",
    ),
    opt(
        "log1p",
        OptKind::Bool,
        "false",
        "whether track values become ln(1 + value)",
    ),
    opt(
        "outside",
        OptKind::Choice(&["error", "pad", "skip"]),
        "\"error\"",
        "regions that reach out of their chromosome: refused, filled with N, or left out",
    ),
    opt(
        "use_strand",
        OptKind::Bool,
        "false",
        "whether regions on the reverse strand are read from there: sequence, tracks and labels",
    ),
    BINS,
    PAIRS,
];

/// Rows whose labels are read again to see whether they still are what their signals say.
const CHECKED: usize = 64;

/// A track or several, as options give them.
fn tracks_of(name: &str, value: &Dynamic) -> Result<Vec<Signal>> {
    let wrong = |value: &Dynamic| {
        fault!(
            "type",
            "track `{name}` must be a track or an array of tracks, got {}",
            session::describe(value)
        )
    };
    let one = |value: &Dynamic| {
        value
            .read_lock::<Signal>()
            .map(|t| t.clone())
            .ok_or_else(|| wrong(value))
    };
    match value.read_lock::<Array>() {
        Some(items) if !items.is_empty() => items.iter().map(one).collect(),
        _ => Ok(vec![one(value)?]),
    }
}

/// A dataset with labels that are read from the strand that its sequences are read from.
fn labelled(
    genome: &Genomic,
    inputs: Vec<Input>,
    given: Given,
    strands: &[Interval],
    places: &Arc<Vec<Interval>>,
    o: &Options,
) -> Result<Dataset> {
    let Given {
        names,
        mut values,
        signal,
    } = given;
    let stated = o.maybe_int("bins").map(|bins| bins as usize);
    let bins = match (stated, &signal) {
        (Some(bins), Some(own)) if bins != own.reading.bins => {
            bail!("option", "option `bins` is {bins}, the labels are {} bins each", own.reading.bins; hint: "leave `bins` out: what `label::signal` returns says it")
        }
        (stated, signal) => {
            stated.unwrap_or_else(|| signal.as_ref().map_or(1, |own| own.reading.bins))
        }
    };
    let pairs = match (o.raw("label_pairs"), &signal) {
        (Some(pairs), _) => profile::pairs_of(&groups(&names, bins), &named_pairs(&pairs)?)?,
        (None, Some(own)) => own.pairs.clone(),
        (None, None) => Vec::new(),
    };
    let partners = profile::partners(names.len() / bins, bins, &pairs);
    let mut notes = Vec::new();
    match (&signal, &partners) {
        (Some(own), Some(partners)) => {
            if own.use_strand {
                profile::orient(&mut values, partners, &own.regions.0.rows);
            }
            if o.flag("use_strand") {
                profile::orient(&mut values, partners, strands);
            }
        }
        (None, Some(_))
            if o.flag("use_strand") && strands.iter().any(|row| row.strand == Strand::Reverse) =>
        {
            notes.push("labels are given as numbers: those of regions on the reverse strand are taken to be read from that strand already".to_string());
        }
        _ => {}
    }
    let mut set = Dataset::new(inputs, names, values)?;
    let source = match signal.filter(|_| bins > 1) {
        Some(own) => source_of(genome, &own, &pairs, places, &set.labels)?,
        None => None,
    };
    laid_out(&mut set, bins, &pairs, source)?;
    set.notes = notes;
    Ok(set)
}

/// The signals that labels were read from, along the regions of the sequences; none where the
/// labels have been changed since, or where their windows are not at one place within the regions.
fn source_of(
    genome: &Genomic,
    own: &Signalled,
    pairs: &[(usize, usize)],
    places: &Arc<Vec<Interval>>,
    labels: &[f32],
) -> Result<Option<Source>> {
    let windows = own.regions.0.in_genome(&genome.0)?;
    let (Some((offset, width)), Some(first)) =
        (profile::window(places, &windows.rows), places.first())
    else {
        return Ok(None);
    };
    let channels: Vec<Channel> = own
        .tracks
        .iter()
        .map(|(_, track)| Channel::new(track.0.clone(), &genome.0, f32::NAN, false))
        .collect();
    let partners = profile::partners(channels.len(), 1, pairs);
    let column = Column::Signal {
        channels: Arc::new(channels),
        regions: places.clone(),
        length: first.len() as usize,
        partners,
    };
    let source = Source {
        column,
        offset,
        width,
        reading: own.reading,
    };
    let tasks = own.tasks();
    for row in (0..places.len()).step_by(places.len().div_ceil(CHECKED).max(1)) {
        let (mut values, mut again) = (Vec::new(), Vec::new());
        source.column.numbers(row, 0, &mut values)?;
        let parts: Vec<&[f32]> = values
            .chunks(first.len() as usize)
            .map(|channel| &channel[offset..offset + width])
            .collect();
        source.labels(&parts, own.reading.bins, &mut again)?;
        let is_same = |(a, b): (&f32, &f32)| {
            (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-4 * a.abs().max(b.abs())
        };
        if !labels[row * tasks..(row + 1) * tasks]
            .iter()
            .zip(&again)
            .all(is_same)
        {
            return Ok(None);
        }
    }
    Ok(Some(source))
}

fn regions(genome: &Genomic, list: &Places, o: &Options) -> Result<Data> {
    let own = list.0.in_genome(&genome.0)?;
    let length = own.rows.first().map_or(0, |row| row.len());
    if let Some(i) = own.rows.iter().position(|row| row.is_empty()) {
        bail!("data", "region {i} ({}) holds no base", list.0.shown(i); hint: "`.filter(|r| r.end > r.start)` leaves such out");
    }
    if own.is_empty() {
        bail!("data", "there are no regions: the list is empty");
    }
    if let Some(i) = own.rows.iter().position(|row| row.len() != length) {
        bail!("data", "region {i} ({}) has {} bases, those before it have {length}", list.0.shown(i), own.rows[i].len(); hint: "`.resize({})` gives them one length", length.max(1));
    }
    let outside: Vec<u32> = (0..own.len() as u32)
        .filter(|i| !genome.0.holds(&own.rows[*i as usize]))
        .collect();
    if let (Some(first), "error") = (outside.first(), o.text("outside").as_str()) {
        return Err(genome
            .0
            .outside(&own.rows[*first as usize])
            .context(format!("{} of {} regions", outside.len(), own.len()))
            .hint("`#{ outside: \"skip\" }` leaves them out, `\"pad\"` fills with N"));
    }
    let mut rows = own.rows;
    let strands = rows.clone();
    if !o.flag("use_strand") {
        rows.iter_mut().for_each(|row| row.strand = Strand::None);
    }
    let (n, places, length) = (rows.len(), Arc::new(rows), length as usize);
    let mut inputs = vec![Input::new(
        "sequence",
        Column::Genome {
            genome: genome.0.clone(),
            regions: places.clone(),
            length,
        },
    )];
    let stranded: Vec<String> = o.get("stranded")?.unwrap_or_default();
    for (name, value) in o.get::<Map>("tracks")?.unwrap_or_default() {
        let tracks = tracks_of(&name, &value)?;
        let partners = match stranded.iter().any(|own| *own == name.as_str()) {
            true if tracks.len() % 2 == 1 => bail!(
                "option",
                "stranded tracks `{name}` come in pairs, got {}",
                tracks.len()
            ),
            true => Some(Arc::new((0..tracks.len()).map(|i| i ^ 1).collect())),
            false => None,
        };
        for track in &tracks {
            // a track of another genome has none of the chromosomes
            track
                .0
                .align(&list.0)
                .map_err(|fault| fault.context(format!("track `{name}`")))?;
            crate::bind::seq::track::noted(&track.0, &list.0);
        }
        let channels = tracks
            .iter()
            .map(|t| {
                Channel::new(
                    t.0.clone(),
                    &genome.0,
                    o.float("missing") as f32,
                    o.flag("log1p"),
                )
            })
            .collect();
        let column = Column::Signal {
            channels: Arc::new(channels),
            regions: places.clone(),
            length,
            partners: partners.clone(),
        };
        inputs.push(Input {
            partners,
            ..Input::new(name.as_str(), column)
        });
    }
    for (name, value) in o.get::<Map>("features")?.unwrap_or_default() {
        inputs.push(Input::new(name.as_str(), column(&name, &value)?));
    }
    if let Some(name) = stranded.iter().find(|name| {
        inputs
            .iter()
            .all(|input| input.name != **name || input.partners.is_none())
    }) {
        bail!(
            "name",
            "option `stranded` names `{name}`, and `tracks` has none of that name"
        );
    }
    let mut set = match o.raw("labels") {
        Some(value) => labelled(genome, inputs, labels_of(&value, n)?, &strands, &places, o)?,
        None => Dataset::new(inputs, vec!["label".to_string()], vec![1.0; n])?,
    };
    if o.text("outside") == "skip" && !outside.is_empty() {
        let notes = std::mem::take(&mut set.notes);
        set = set.with_rows(
            (0..n as u32)
                .filter(|i| outside.binary_search(i).is_err())
                .collect(),
        );
        set.notes = notes;
        if set.is_empty() {
            bail!("data", "every region reaches out of its chromosome");
        }
        set.notes.push(format!(
            "{} of {n} regions reach out of their chromosome and are left out",
            outside.len()
        ));
    }
    noted(set)
}

fn checked(genome: &Genomic, list: &Places, tracks: Option<Map>) -> Result<Map> {
    let own = tracks
        .unwrap_or_default()
        .iter()
        .map(|(name, value)| Ok((name.to_string(), tracks_of(name, value)?.swap_remove(0))))
        .collect::<Result<Vec<_>>>()?;
    let borrowed: Vec<(String, &crate::seq::Track)> = own
        .iter()
        .map(|(name, track)| (name.clone(), &*track.0))
        .collect();
    let report = check::check(&genome.0, &list.0, &borrowed)?;
    let mut map = crate::bind::host::words::map_of(report.numbers);
    map.insert("problems".into(), array(report.problems).into());
    Ok(map)
}

natives! { made in "data" {
    /// Reads a table of sequences and labels: TSV, CSV or blanks, plain or gzipped. The DeepBind
    /// form (FoldID EventID seq Bound), the Zeng form (>chr:a-b SEQ label) and a bare SEQ label
    /// need no options.
    ///
    /// ```rhai
    /// try { data::table("/nowhere.tsv"); } catch (e) { assert_eq(e.kind, "file"); }
    /// ```
    function "table"(c, path: String; o = TABLE) -> "dataset" { table(&path, &o) }

    /// Reads positives and negatives from FASTA files, plain or gzipped; without negatives, add
    /// `.with_shuffles(…)`.
    ///
    /// ```rhai
    /// try { data::fasta("/nowhere.fa"); } catch (e) { assert_eq(e.kind, "file"); }
    /// ```
    function "fasta"(c, positives: String, negatives: Option<String>; o = FASTA) -> "dataset, label 1 for positives, 0 for negatives" { or_stand_in(crate::data::table::from_fasta(&session::find_input(&positives)?, negatives.map(|n| session::find_input(&n)).transpose()?.as_deref(), o.maybe_int("length").map(|n| n as usize)), &[]) }

    /// Makes a dataset of columns: strings are sequences, tensors and arrays of numbers are
    /// numbers; `label` (or a map of them) holds the labels.
    ///
    /// What is along the sequence moves and turns with it: inputs whose last axis has its length,
    /// or those that `along` names, and labels of `bins`.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT"], height: tensor::ones([2, 3]), label: [1, 0] });
    /// assert_eq(set.len(), 2);
    /// ```
    function "from"(c, columns: Map; o = FROM) -> "dataset" { from_columns(&columns, &o) }

    /// Cuts regions of one length out of a genome, row by row when a batch is made: only their
    /// places are kept in memory.
    ///
    /// - `intervals`: regions of one length; a region's labels, tracks and features are given in
    ///   the same order
    ///
    /// Sequence, tracks and labels are read from the same strand, and augmenters move and turn them
    /// together; `features` stay as they are.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: seq::random(1, 1000, #{ seed: 1 })[0] });
    /// let set = data::regions(g, g.windows(100), #{ labels: (0..10).map(|i| i % 2) });
    /// assert_eq(set.len(), 10);
    /// assert_eq(set.input().shape, [10, 4, 100]);
    /// ```
    /// ```rhai,fails
    /// let g = genome::from(#{ chr1: "ACGTACGT" });
    /// data::regions(g, intervals::from(#{ chrom: ["chr1"], start: [6], end: [12] }));
    /// //~ reaches out of `chr1`
    /// ```
    function "regions"(c, genome: Genomic, intervals: Places; o = REGIONS) -> "dataset, input sequence [4, length] and one for each of tracks and features" { regions(&genome, &intervals, &o) }

    /// Looks for what would go wrong in training: chromosomes that are not there, regions out of
    /// bounds, of several lengths, repeated, overlapping or mostly N, and regions without a value
    /// in a track.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "ACGTACGTNNNN" });
    /// let found = data::check(g, intervals::from(#{ chrom: ["chr1", "chr7"], start: [0, 0], end: [8, 8] }));
    /// assert_eq(found.unknown_chromosome, 1.0);
    /// assert(found.problems[0].contains("chr7"));
    /// ```
    function "check"(c, genome: Genomic, intervals: Places, tracks: Option<Map>) -> "map of numbers, and `problems`: array of strings" { checked(&genome, &intervals, tracks) }

    /// Reads what `.save` wrote.
    ///
    /// ```rhai
    /// data::from(#{ sequence: ["ACGT"], label: [1] }).save("/tmp/cistron_example_set.safetensors");
    /// assert_eq(data::load("/tmp/cistron_example_set.safetensors").len(), 1);
    /// ```
    function "load"(c, path: String) -> "dataset" { Ok(Data(Rc::new(crate::data::save::load(&session::find_input(&path)?)?))) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    made()
}
