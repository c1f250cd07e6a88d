//! `plot::…`: figures of sequences, motifs, loci and networks.

use crate::base::table::Cells;
use crate::base::{Result, shape};
use crate::bind::plot::figures::named;
use crate::bind::seq::genome::Places;
use crate::bind::types::{Motifs, Numbers, Tabled};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::{Options, session};
use crate::nn::Model;
use crate::plot::{self, Diagram, Feature, Figure, Letters, Part, Row, Scaling, Tracks};
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};

fn matches(hits: &Tabled, queries: &Motifs, targets: &Motifs) -> Result<Figure> {
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
    Ok(plot::aligned(
        &(0..table.len()).map(one).collect::<Result<Vec<_>>>()?,
    ))
}

fn logos(motifs: &Motifs, o: &Options) -> Figure {
    let scaling = if o.text("scale") == "probability" {
        Scaling::Probability
    } else {
        Scaling::Information
    };
    plot::logos(
        "logos",
        motifs
            .0
            .iter()
            .map(|motif| Letters::of_motif(motif, scaling))
            .collect(),
    )
}

/// Rows of A, C, G, T out of [4, length].
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

fn contributions(title: &str, values: &Tensor, o: &Options) -> Result<Figure> {
    let first = o.int("first");
    let of = |name: &str, values: &Tensor| -> Result<Letters> {
        Ok(Letters {
            name: name.into(),
            heights: heights("values", values)?,
            scaling: Scaling::Contribution,
            first,
        })
    };
    let all = match values.shape()[..] {
        [n, 4, _] => {
            let names = named(o, "names")?;
            (0..n)
                .map(|i| {
                    of(
                        &names
                            .get(i as usize)
                            .cloned()
                            .unwrap_or_else(|| format!("{title} {}", i + 1)),
                        &values.select(0, i)?,
                    )
                })
                .collect::<Result<_>>()?
        }
        _ => vec![of(title, values)?],
    };
    Ok(plot::logos(title, all))
}

fn feature(value: &Map) -> Result<Feature> {
    let number = |key: &str| {
        value
            .get(key)
            .and_then(|v| v.as_int().ok())
            .ok_or_else(|| fault!("value", "each feature needs a whole number `{key}`"))
    };
    let word = |key: &str| value.get(key).map(ToString::to_string).unwrap_or_default();
    Ok(Feature {
        start: number("start")?,
        end: number("end")?,
        strand: word("strand").chars().next().unwrap_or('.'),
        name: word("name"),
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
    let name = map.get("name").map(ToString::to_string).unwrap_or_default();
    if let Some(values) = map.get("signal") {
        return Ok(Row::Signal {
            name,
            values: crate::bind::plot::figures::column("signal", values)?,
        });
    }
    if let Some(values) = map.get("contributions") {
        let heights = heights(
            "contributions",
            &crate::bind::tensor::basic::tensor_of(values)?,
        )?;
        if heights.len() as i64 != end - start {
            bail!(
                "shape",
                "`{name}` holds contributions of {} bases, the stretch has {}",
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
        let named = |i: usize| field.map(|own| own.text(i)).unwrap_or_default();
        let features = list
            .rows
            .iter()
            .enumerate()
            .filter(|(_, own)| own.start < end && own.end > start);
        let features = features
            .map(|(i, own)| Feature {
                start: own.start,
                end: own.end,
                strand: own.strand.letter(),
                name: named(i),
            })
            .collect();
        return Ok(Row::Features { name, features });
    }
    let items = value.clone().into_array().unwrap_or_default();
    let features = items
        .iter()
        .filter_map(|item| item.read_lock::<Map>().map(|map| feature(&map)))
        .collect::<Result<Vec<_>>>()?;
    Ok(Row::Features { name, features })
}

fn tracks(title: &str, start: i64, end: i64, rows: &Array, o: &Options) -> Result<Figure> {
    if start >= end {
        bail!(
            "value",
            "`end` must be larger than `start`, got {start} and {end}"
        );
    }
    let rows = rows
        .iter()
        .map(|row| track(row, (start, end)))
        .collect::<Result<_>>()?;
    Ok(plot::tracks(
        title,
        Tracks {
            x: o.text("x"),
            start,
            end,
            rows,
        },
    ))
}

/// The layers of a network, from its input down.
pub fn model(net: &Model) -> Figure {
    let input = Part {
        name: "input".into(),
        layer: "input".into(),
        output: net.input().text(),
        parameters: 0,
        depth: 0,
    };
    let part = |row: &crate::nn::summary::Row| Part {
        name: row.name.clone(),
        layer: row.layer.clone(),
        output: row.output.clone(),
        parameters: row.parameters,
        depth: row.name.matches('.').count(),
    };
    plot::diagram(
        net.name(),
        Diagram {
            parts: std::iter::once(input)
                .chain(net.rows().iter().map(part))
                .collect(),
        },
    )
}

const LOGOS: &[Opt] = &[opt(
    "scale",
    OptKind::Choice(&["information", "probability"]),
    "\"information\"",
    "what the height of a letter means",
)];
const CONTRIBUTIONS: &[Opt] = &[
    opt(
        "first",
        OptKind::Int(-MANY, MANY),
        "0",
        "number of the first position",
    ),
    opt(
        "names",
        OptKind::Other("array of strings"),
        "",
        "names of several sequences",
    ),
];
const TRACKS: &[Opt] = &[opt(
    "x",
    OptKind::Text,
    "\"position, bp\"",
    "title of the common axis, such as the chromosome",
)];

natives! { natives in "plot" {
    /// Draws sequence logos: letters as high as their share of the position's information, bits, or
    /// as their probability.
    ///
    /// ```rhai
    /// assert_eq(plot::logos(sim::motifs(2)).title, "logos");
    /// assert_eq(plot::logos(sim::motifs(2), #{ scale: "probability" }).title, "logos");
    /// ```
    function "logos"(c, motifs: Motifs; o = LOGOS) -> "figure" { Ok(logos(&motifs, &o)) }

    /// Draws contributions of bases, [4, length] or [n, 4, length], as letters; negative ones hang
    /// below the line.
    ///
    /// ```rhai
    /// let scores = seq::one_hot(["ACGT"])[0] * tensor::from([0.5, -0.2, 1.0, 0.1]);
    /// assert_eq(plot::contributions("saliency", scores).title, "saliency");
    /// ```
    function "contributions"(c, title: String, values: Numbers; o = CONTRIBUTIONS) -> "figure" { contributions(&title, &values.0, &o) }

    /// Draws logos of motifs above those of what they match, aligned: each row of a table of
    /// `motifs::tomtom`.
    ///
    /// ```rhai
    /// let pool = sim::motifs(20, #{ width: 10, sharpness: 0.9, seed: 1 });
    /// let query = motif::all([pool[3].reverse_complement()]);
    /// let hits = motifs::tomtom(query, pool, #{ distance: "pearson", threshold: 0.01 });
    /// assert_eq(plot::matches(hits, query, pool).title, "matches");
    /// ```
    function "matches"(c, hits: Tabled, queries: Motifs, targets: Motifs) -> "figure" { matches(&hits, &queries, &targets) }

    /// Draws rows over one stretch, from base `start` up to `end`: `#{ name, signal }` (numbers of
    /// equal steps), `#{ name, features }` (intervals, or an array of #{ start, end, strand, name
    /// }), `#{ name, contributions }` ([4, end - start]).
    ///
    /// ```rhai
    /// let rows = [#{ name: "reads", signal: [1, 5, 2] }, #{ name: "genes", features: [#{ start: 110, end: 180, strand: "+", name: "Reb1" }] }];
    /// assert_eq(plot::tracks("locus", 100, 200, rows, #{ x: "chrIV" }).title, "locus");
    /// ```
    function "tracks"(c, title: String, start: i64, end: i64, rows: Array; o = TRACKS) -> "figure" { tracks(&title, start, end, &rows, &o) }

    /// Draws the layers of a network, from its input down.
    ///
    /// ```rhai
    /// assert_eq(plot::model(nn::build(nn::conv1d(4, 3), [4, 20], #{ name: "small" })).title, "small");
    /// ```
    function "model"(c, net: Model) -> "figure" { Ok(model(&net)) }
} }
