//! `plot::…`: figures of sequences, motifs, loci and networks.

use crate::base::table::Cells;
use crate::base::{Result, shape};
use crate::bind::args::numbers::column;
use crate::bind::args::tensor::{Numbers, tensor_of};
use crate::bind::printing::figure::model_figure;
use crate::bind::types::{Motifs, Places, Tabled};
use crate::lang::{Choice, Native, Options, native, natives_of, session};
use crate::nn::Model;
use crate::plot::{self, Feature, Figure, Letters, Row, Scaling, Tracks};
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};

/// Options of `plot::logos`.
#[derive(Options)]
pub struct LogoOptions {
    /// Quantity that the height of a letter shows: its share of the information, in bits, or its
    /// probability.
    #[option(default = "information")]
    scale: LogoScale,
    /// Number of the first position; indices of arrays and starts of intervals count from 0 too.
    #[option(default = 0)]
    first: i64,
}

/// Quantities that the heights of letters show.
#[derive(Choice, Clone, Copy)]
pub enum LogoScale {
    /// Share of the information of the position, in bits.
    Information,
    /// Probability.
    Probability,
}

impl From<LogoScale> for Scaling {
    fn from(scale: LogoScale) -> Scaling {
        match scale {
            LogoScale::Information => Scaling::Information,
            LogoScale::Probability => Scaling::Probability,
        }
    }
}

/// Options of `plot::contributions`.
#[derive(Options)]
pub struct ContributionOptions {
    /// Number of the first position, such as the start of the region on its chromosome.
    #[option(default = 0)]
    first: i64,
    /// Names of several sequences.
    #[option(default = [])]
    names: Vec<String>,
    /// Numbers of the first positions of several sequences, instead of `first` for all.
    #[option(default = [])]
    starts: Vec<i64>,
    /// Whether several sequences have one vertical axis, so that their heights can be compared.
    #[option(default = false)]
    same_scale: bool,
}

/// Options of `plot::tracks`.
#[derive(Options)]
pub struct TrackOptions {
    /// Title of the common axis, such as the chromosome.
    #[option(default = "position, bp")]
    x: String,
    /// Ranges `[start, end]` that are shaded in all rows.
    #[option(default = [])]
    highlights: Array,
    /// Whether all signals have one vertical axis, so that their heights can be compared.
    #[option(default = false)]
    same_scale: bool,
}

/// The motifs of the rows of a table of matches: query, target and the offset between them.
fn matched(hits: &Tabled, queries: &Motifs, targets: &Motifs) -> Result<Vec<(Motif, Motif, i64)>> {
    let table = &hits.0;
    let find = |pool: &Motifs, name: &str, what: &str| {
        pool.0
            .iter()
            .find(|motif| motif.name == name)
            .cloned()
            .ok_or_else(|| {
                fault!(
                    "value",
                    "`{what}` holds no motif `{name}`, which the table names"
                )
            })
    };
    let (Cells::Text(query), Cells::Text(target), Cells::Whole(offset), Cells::Text(strand)) = (
        table.column("query")?,
        table.column("target")?,
        table.column("offset")?,
        table.column("strand")?,
    ) else {
        return Err(fault!(
            "type",
            "`hits` must be a table of motifs::tomtom: its columns are of other kinds"
        ));
    };
    let one = |i: usize| {
        let (first, second) = (
            find(queries, &query[i], "queries")?,
            find(targets, &target[i], "targets")?,
        );
        let label = if second.alt.is_empty() {
            second.name.clone()
        } else {
            format!("{} {}", second.name, second.alt)
        };
        let second = if strand[i] == "-" {
            second.reverse_complement()
        } else {
            second
        };
        Ok((
            first,
            Motif {
                name: format!("{label} {}", strand[i]),
                ..second
            },
            offset[i],
        ))
    };
    (0..table.len()).map(one).collect()
}

/// The heights of A, C, G, T at each position, from [4, length].
fn heights(name: &str, values: &Tensor) -> Result<Vec<[f64; 4]>> {
    let [4, _] = values.shape()[..] else {
        bail!(
            "shape",
            "`{name}` must be [4, length], got {}",
            shape::text(&values.shape())
        )
    };
    Ok(values
        .transpose(0, 1)?
        .to_f64()?
        .chunks(4)
        .map(|row| [row[0], row[1], row[2], row[3]])
        .collect())
}

/// The letters of one or several sequences.
fn letters(title: &str, values: &Tensor, options: &ContributionOptions) -> Result<Vec<Letters>> {
    let one = |name: String, values: &Tensor, first: i64| -> Result<Letters> {
        Ok(Letters {
            name,
            heights: heights("values", values)?,
            scaling: Scaling::Contribution,
            first,
            ends: None,
            room: 1,
        })
    };
    let [n, 4, _] = values.shape()[..] else {
        return Ok(vec![one(title.into(), values, options.first)?]);
    };
    if !options.starts.is_empty() && options.starts.len() != n as usize {
        bail!(
            "value",
            "`starts` has {} numbers, there are {n} sequences",
            options.starts.len()
        );
    }
    if !options.names.is_empty() && options.names.len() != n as usize {
        bail!(
            "value",
            "`names` has {} names, there are {n} sequences",
            options.names.len()
        );
    }
    let named = |i: i64| {
        let name = options.names.get(i as usize).cloned();
        let name = name.unwrap_or_else(|| format!("{title} {}", i + 1));
        let start = options.starts.get(i as usize);
        one(
            name,
            &values.select(0, i)?,
            start.copied().unwrap_or(options.first),
        )
    };
    let mut all: Vec<Letters> = (0..n).map(named).collect::<Result<_>>()?;
    if options.same_scale {
        Letters::share_axis(&mut all);
    }
    Ok(all)
}

/// Fails where a map has a key that is none of `known`.
fn only(map: &Map, known: &[&str], what: &str) -> Result<()> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => bail!(
            "value",
            "{what} has the unknown key `{key}`; keys are {}",
            known.join(", ")
        ),
        None => Ok(()),
    }
}

/// A range `[start, end]`.
fn span(value: &Dynamic, what: &str) -> Result<(i64, i64)> {
    let numbers = value.clone().into_typed_array::<i64>();
    match numbers.as_deref() {
        Ok([start, end]) if start < end => Ok((*start, *end)),
        _ => bail!(
            "value",
            "{what} is a range [start, end] of which the start is smaller, got {}",
            session::describe(value)
        ),
    }
}

fn feature(value: &Dynamic) -> Result<Feature> {
    let Some(map) = value.read_lock::<Map>() else {
        bail!(
            "type",
            "features are intervals or maps such as #{{ start, end, strand, name }}, got {}",
            session::describe(value)
        )
    };
    only(
        &map,
        &["start", "end", "strand", "name", "exons", "coding"],
        "a feature",
    )?;
    let number = |key: &str| {
        map.get(key)
            .and_then(|v| v.as_int().ok())
            .ok_or_else(|| fault!("value", "each feature needs an integer `{key}`"))
    };
    let word = |key: &str| map.get(key).map(ToString::to_string).unwrap_or_default();
    let name = word("name");
    let exons = match map.get("exons") {
        Some(list) => {
            let list = list.read_lock::<Array>();
            let list =
                list.ok_or_else(|| fault!("type", "`exons` of `{name}` is an array of ranges"))?;
            let what = format!("an exon of `{name}`");
            list.iter()
                .map(|exon| span(exon, &what))
                .collect::<Result<_>>()?
        }
        None => Vec::new(),
    };
    let coding = map.get("coding");
    let coding = coding.map(|value| span(value, &format!("`coding` of `{name}`")));
    let coding = coding.transpose()?;
    let (start, end) = (number("start")?, number("end")?);
    let exons: Vec<(i64, i64)> = exons;
    let is_outside = |(from, to): &&(i64, i64)| *from < start || *to > end;
    if let Some((from, to)) = exons.iter().chain(&coding).find(is_outside) {
        bail!(
            "value",
            "`{name}` is from {start} to {end}, and has a part from {from} to {to}"
        );
    }
    Ok(Feature {
        start,
        end,
        strand: word("strand").chars().next().unwrap_or('.'),
        exons,
        coding,
        name,
    })
}

fn track(row: &Dynamic, (start, end): (i64, i64)) -> Result<Row> {
    let map = row
        .read_lock::<Map>()
        .map(|map| map.clone())
        .ok_or_else(|| {
            fault!(
                "type",
                "rows must be maps such as #{{ name, signal }}, got {}",
                session::describe(row)
            )
        })?;
    only(
        &map,
        &["name", "signal", "features", "contributions"],
        "a row",
    )?;
    let name = map.get("name").map(ToString::to_string).unwrap_or_default();
    if let Some(values) = map.get("signal") {
        return Ok(Row::Signal {
            name,
            values: column("signal", values)?,
        });
    }
    if let Some(values) = map.get("contributions") {
        let heights = heights("contributions", &tensor_of(values)?)?;
        if heights.len() as i64 != end - start {
            bail!(
                "shape",
                "`{name}` holds contributions of {} bases, the range has {}",
                heights.len(),
                end - start
            );
        }
        return Ok(Row::Contributions { name, heights });
    }
    let Some(value) = map.get("features") else {
        bail!(
            "value",
            "row `{name}` needs one of `signal`, `features`, `contributions`"
        )
    };
    if let Some(places) = value.read_lock::<Places>() {
        let list = &places.0;
        let field = list.field("name").or(list.field("gene"));
        let named = |i: usize| field.map(|field| field.text(i)).unwrap_or_default();
        let features = list
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.start < end && row.end > start);
        let features = features
            .map(|(i, row)| Feature {
                start: row.start,
                end: row.end,
                strand: row.strand.letter(),
                name: named(i),
                exons: Vec::new(),
                coding: None,
            })
            .collect();
        return Ok(Row::Features { name, features });
    }
    let Ok(items) = value.clone().into_array() else {
        bail!(
            "type",
            "`features` of row `{name}` are intervals or an array of maps, got {}",
            session::describe(value)
        )
    };
    let features = items.iter().map(feature).collect::<Result<Vec<_>>>()?;
    Ok(Row::Features { name, features })
}

/// Draws the sequence logos of motifs.
///
/// ```rhai
/// assert_eq(plot::logos(sim::motifs(2)).title, "logos");
/// assert_eq(plot::logos(sim::motifs(2), #{ scale: "probability" }).title, "logos");
/// ```
#[native(namespace = "plot")]
pub fn logos(
    /// Motifs, a logo each.
    motifs: &Motifs,
    options: LogoOptions,
) -> Figure {
    let scaling = options.scale.into();
    let logos = motifs.0.iter();
    plot::logos(
        "logos",
        logos
            .map(|motif| Letters {
                first: options.first,
                ..Letters::of_motif(motif, scaling)
            })
            .collect(),
    )
}

/// Draws contributions of bases as letters; negative ones are below the line.
///
/// ```rhai
/// let scores = seq::one_hot(["ACGT"])[0] * tensor::from([0.5, -0.2, 1.0, 0.1]);
/// assert_eq(plot::contributions("saliency", scores).title, "saliency");
/// ```
#[native(namespace = "plot")]
pub fn contributions(
    /// Title of the figure.
    title: &str,
    /// Contributions, [4, length] of one sequence or [n, 4, length] of several.
    values: &Numbers,
    options: ContributionOptions,
) -> Result<Figure> {
    Ok(plot::logos(title, letters(title, &values.0, &options)?))
}

/// Draws the logos of motifs above those of their matches, aligned.
///
/// ```rhai
/// let pool = sim::motifs(20, #{ width: 10, sharpness: 0.9, seed: 1 });
/// let query = motif::all([pool[3].reverse_complement()]);
/// let hits = motifs::tomtom(query, pool, #{ distance: "pearson", threshold: 0.01 });
/// assert_eq(plot::matches(hits, query, pool).title, "matches");
/// ```
#[native(namespace = "plot")]
pub fn matches(
    /// Table of `motifs::tomtom`; each row is drawn.
    hits: &Tabled,
    /// Motifs that the column `query` names.
    queries: &Motifs,
    /// Motifs that the column `target` names.
    targets: &Motifs,
) -> Result<Figure> {
    Ok(plot::aligned(&matched(hits, queries, targets)?))
}

/// Draws signals, features and contributions over a range of a chromosome.
///
/// ```rhai
/// let rows = [#{ name: "reads", signal: [1, 5, 2] }, #{
///     name: "genes", features: [#{ start: 110, end: 180, strand: "+", name: "Reb1" }]
/// }];
/// assert_eq(plot::tracks("locus", 100, 200, rows, #{ x: "chrIV" }).title, "locus");
/// ```
/// ```rhai
/// let exons = [[10, 30], [60, 90]];
/// let gene = #{ start: 10, end: 90, strand: "-", name: "g", exons: exons, coding: [20, 70] };
/// let signals = [#{ name: "a", signal: [1, 2] }, #{ name: "b", signal: [9, 3] }];
/// let rows = [#{ name: "genes", features: [gene] }] + signals;
/// plot::tracks("locus", 0, 100, rows, #{ highlights: [[55, 65]], same_scale: true });
/// ```
/// ```rhai,fails
/// plot::tracks("locus", 0, 100, [#{ name: "genes", features: ["chrI"] }]);
/// //~ features are intervals or maps such as #{ start, end, strand, name }
/// ```
#[native(namespace = "plot")]
pub fn tracks(
    /// Title of the figure.
    title: &str,
    /// First base of the range, from 0.
    start: i64,
    /// End of the range, which is excluded.
    end: i64,
    /// Maps `#{ name, signal }` (numbers at equal steps), `#{ name, features }` (intervals, or an
    /// array of #{ start, end, strand, name }; a gene also has `exons`, ranges `[start, end]`, and
    /// `coding`, the range that is translated) or `#{ name, contributions }` ([4, end - start]).
    rows: &Array,
    options: TrackOptions,
) -> Result<Figure> {
    if start >= end {
        bail!(
            "value",
            "`end` must be larger than `start`, got {start} and {end}"
        );
    }
    if rows.is_empty() {
        bail!("value", "`rows` is empty: there is nothing to draw");
    }
    let rows = rows.iter().map(|row| track(row, (start, end)));
    let tracks = Tracks {
        x: options.x,
        start,
        end,
        rows: rows.collect::<Result<_>>()?,
        highlights: (options.highlights.iter())
            .map(|range| span(range, "a highlight"))
            .collect::<Result<_>>()?,
        same_scale: options.same_scale,
    };
    Ok(plot::tracks(title, tracks))
}

/// Draws the layers of a network, from its input to its output.
///
/// ```rhai
/// assert_eq(plot::model(nn::build(nn::conv1d(4, 3), [4, 20], #{ name: "small" })).title, "small");
/// ```
#[native(namespace = "plot")]
pub fn model(
    /// Network.
    net: &Model,
) -> Figure {
    model_figure(net)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![logos, contributions, matches, tracks, model]
}
