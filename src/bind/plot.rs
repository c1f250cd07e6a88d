//! `plot::…`: figures.

use super::values::{Motifs, Numbers, Tabled};
use crate::base::Result;
use crate::base::table::Cells;
use crate::lang::options::{Opt, OptKind, opt};
use crate::lang::{Options, session};
use crate::metrics::ranking;
use crate::plot::{self, Bars, Chart, Content, Figure, Series};
use crate::seq::Motif;
use crate::train::History;
use crate::{fault, natives};
use rhai::{Array, Map};

fn numbered(values: &[f64]) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(i, v)| ((i + 1) as f64, *v)).collect()
}

fn history(run: &History) -> Figure {
    let names = run.names();
    let line = |name: &String| Series { name: name.clone(), points: numbered(&run.column(name).unwrap_or_default()) };
    let of = |loss: bool| names.iter().filter(|n| n.as_str() != "lr" && n.ends_with("loss") == loss).map(line).collect::<Vec<_>>();
    let mark = run.best_value.map(|_| run.best_epoch as f64);
    let chart = |y: &str, lines| Chart { x: "epoch".into(), y: y.into(), lines, unit: false, mark };
    let mut charts = vec![chart("loss", of(true))];
    if !of(false).is_empty() {
        charts.push(chart("metric", of(false)));
    }
    let height = 300 * charts.len() as u32 + 40;
    Figure { title: run.name.clone(), content: Content::Charts(charts), size: (760, height) }
}

fn roc(scores: &Numbers, labels: &Numbers) -> Result<Figure> {
    super::host::same_shape(scores, labels)?;
    let (scores, labels) = (scores.0.to_f32()?, labels.0.to_f32()?);
    let auroc = ranking::ranking(scores.iter().copied(), labels.iter().copied()).auroc;
    Ok(plot::roc(ranking::roc(&scores, &labels, 600), auroc))
}

fn lines(title: &str, columns: &Map) -> Result<Figure> {
    let one = |(name, value): (&rhai::Identifier, &rhai::Dynamic)| Ok(Series { name: name.to_string(), points: numbered(&column(name, value)?) });
    let lines = columns.iter().map(one).collect::<Result<_>>()?;
    Ok(plot::lines(title, Chart { x: String::new(), y: String::new(), lines, unit: false, mark: None }))
}

fn matches(hits: &Tabled, queries: &Motifs, targets: &Motifs) -> Result<Figure> {
    let table = &hits.0;
    let find = |pool: &Motifs, name: &str, what: &str| {
        pool.0.iter().find(|motif| motif.name == name).cloned().ok_or_else(|| fault!("value", "`{what}` holds no motif `{name}`, which the table names"))
    };
    let (Cells::Text(query), Cells::Text(target), Cells::Whole(offset), Cells::Text(strand)) =
        (table.column("query")?, table.column("target")?, table.column("offset")?, table.column("strand")?)
    else {
        return Err(fault!("type", "`hits` must be a table of motifs::tomtom: its columns are of other kinds"));
    };
    let one = |i: usize| {
        let (first, second) = (find(queries, &query[i], "queries")?, find(targets, &target[i], "targets")?);
        let label = if second.alt.is_empty() { second.name.clone() } else { format!("{} {}", second.name, second.alt) };
        let second = if strand[i] == "-" { second.reverse_complement() } else { second };
        Ok((first, Motif { name: format!("{label} {}", strand[i]), ..second }, offset[i]))
    };
    Ok(plot::aligned(&(0..table.len()).map(one).collect::<Result<Vec<_>>>()?))
}

fn samples(columns: &Map) -> Result<Vec<(String, Vec<f64>)>> {
    columns.iter().map(|(name, value)| Ok((name.to_string(), column(name, value)?))).collect()
}

fn column(name: &str, value: &rhai::Dynamic) -> Result<Vec<f64>> {
    let numbers = super::tensor::tensor_of(value).and_then(|t| t.to_f64());
    numbers.map_err(|_| fault!("type", "`{name}` must hold numbers, got {}", session::describe(value)))
}

fn pair(name: &str, value: &rhai::Dynamic) -> Result<(Vec<f64>, Vec<f64>)> {
    let items = value.clone().into_array().unwrap_or_default();
    let [a, b] = items.as_slice() else { return Err(fault!("type", "`{name}` must be a pair of arrays, got {}", session::describe(value))) };
    let (a, b) = (column(name, a)?, column(name, b)?);
    if a.len() != b.len() {
        return Err(fault!("shape", "`{name}` holds {} and {} numbers", a.len(), b.len()));
    }
    Ok((a, b))
}

fn rocs(curves: &Map) -> Result<Figure> {
    let one = |(name, value): (&rhai::Identifier, &rhai::Dynamic)| {
        let (scores, labels) = pair(name, value)?;
        let single = |x: Vec<f64>| x.into_iter().map(|v| v as f32).collect::<Vec<f32>>();
        let (scores, labels) = (single(scores), single(labels));
        let auroc = ranking::ranking(scores.iter().copied(), labels.iter().copied()).auroc;
        Ok(Series { name: format!("{name} {auroc:.3}"), points: ranking::roc(&scores, &labels, 600) })
    };
    Ok(plot::rocs(curves.iter().map(one).collect::<Result<_>>()?))
}

fn curves(title: &str, columns: &Map, o: &Options) -> Result<Figure> {
    let one = |(name, value): (&rhai::Identifier, &rhai::Dynamic)| {
        let (x, y) = pair(name, value)?;
        let x = if o.flag("log_x") { x.into_iter().map(f64::log10).collect() } else { x };
        Ok(Series { name: name.to_string(), points: x.into_iter().zip(y).collect() })
    };
    let lines = columns.iter().map(one).collect::<Result<_>>()?;
    let x = if o.flag("log_x") { format!("log10 {}", o.text("x")) } else { o.text("x") };
    Ok(plot::lines(title, Chart { x, y: o.text("y"), lines, unit: false, mark: None }))
}

fn bars(title: &str, rows: &Array, o: &Options) -> Result<Figure> {
    let mut groups = Vec::new();
    let mut parts: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for row in rows {
        let map = row
            .read_lock::<Map>()
            .map(|map| map.clone())
            .ok_or_else(|| fault!("type", "rows must be maps #{{ group, name: value or [value, error], … }}, got {}", session::describe(row)))?;
        let Some(group) = map.get("group") else { return Err(fault!("value", "each row needs a `group`")) };
        groups.push(group.to_string());
        for (name, value) in map.iter().filter(|(name, _)| name.as_str() != "group") {
            let own = match crate::lang::value::number(value) {
                Some(height) => (height, 0.0),
                None => match column(name, value)?.as_slice() {
                    [height, error] => (*height, *error),
                    _ => return Err(fault!("type", "`{name}` must be a number or [value, error], got {}", session::describe(value))),
                },
            };
            match parts.iter_mut().find(|(known, _)| known == name.as_str()) {
                Some((_, values)) => values.push(own),
                None => parts.push((name.to_string(), vec![own])),
            }
        }
    }
    if parts.is_empty() || parts.iter().any(|(_, values)| values.len() != groups.len()) {
        return Err(fault!("value", "every row needs the same names"));
    }
    Ok(plot::bars(title, Bars { groups, parts, stacked: o.flag("stacked"), y: o.text("y") }))
}

const HISTOGRAM: &[Opt] =
    &[opt("bins", OptKind::Int(1, 10_000), "40", "bins over the range of all samples"), opt("x", OptKind::Text, "\"\"", "title of the horizontal axis")];
const CURVES: &[Opt] = &[
    opt("x", OptKind::Text, "\"\"", "title of the horizontal axis"),
    opt("y", OptKind::Text, "\"\"", "title of the vertical axis"),
    opt("log_x", OptKind::Bool, "false", "whether the horizontal axis shows decimal logarithms"),
];
const BARS: &[Opt] =
    &[opt("stacked", OptKind::Bool, "false", "whether parts stand upon each other"), opt("y", OptKind::Text, "\"\"", "title of the vertical axis")];

natives! { made in "plot" {
    /// Draws several receiver operating characteristics with their areas.
    ///
    /// ```rhai
    /// assert_eq(plot::rocs(#{ good: [[0.9, 0.1], [1, 0]], bad: [[0.1, 0.9], [1, 0]] }).title, "ROC");
    /// ```
    function "rocs"(c, curves: Map) -> "figure" { rocs(&curves) }

    /// Draws samples as outlines of histograms over common bins, each of area 1.
    ///
    /// ```rhai
    /// assert_eq(plot::histogram("weights", #{ a: [1.0, 2.0, 2.5], b: [0.0, 4.0] }, #{ bins: 5, x: "weight" }).title, "weights");
    /// ```
    function "histogram"(c, title: String, samples: Map; o = HISTOGRAM) -> "figure" { Ok(plot::histogram(&title, &o.text("x"), &self::samples(&samples)?, o.int("bins") as usize)) }

    /// Draws bars with errors, a group for each row: #{ group, name: value, … } or #{ group, name: [value, error], … }.
    ///
    /// ```rhai
    /// let f = plot::bars("filters", [#{ group: "10", single: [3, 1], combined: [5, 2] }, #{ group: "20", single: [6, 1], combined: [9, 2] }], #{ stacked: true, y: "filters" });
    /// assert_eq(f.title, "filters");
    /// ```
    function "bars"(c, title: String, rows: Array; o = BARS) -> "figure" { bars(&title, &rows, &o) }

    /// Draws curves through points: a map of name to [x, y].
    ///
    /// ```rhai
    /// assert_eq(plot::curves("recovery", #{ net: [[100, 1000], [0.5, 0.9]] }, #{ x: "sequences", log_x: true }).title, "recovery");
    /// ```
    function "curves"(c, title: String, columns: Map; o = CURVES) -> "figure" { curves(&title, &columns, &o) }

    /// Draws what a training run measured, epoch by epoch: losses above, metrics below.
    ///
    /// ```rhai
    /// let f = plot::lines("values", #{ a: [1.0, 2.0] });
    /// assert_eq(f.title, "values");
    /// ```
    function "history"(c, run: History) -> "figure" { Ok(history(&run)) }

    /// Draws a receiver operating characteristic.
    ///
    /// ```rhai
    /// assert_eq(plot::roc([0.9, 0.1], [1, 0]).title, "ROC");
    /// ```
    function "roc"(c, scores: Numbers, labels: Numbers) -> "figure" { roc(&scores, &labels) }

    /// Draws sequence logos, bits.
    ///
    /// ```rhai
    /// assert_eq(plot::logos(sim::motifs(2)).title, "logos");
    /// ```
    function "logos"(c, motifs: Motifs) -> "figure" { Ok(plot::logos(motifs.0.to_vec())) }

    /// Draws logos of motifs above those of what they match, aligned: each row of a table of `motifs::tomtom`.
    ///
    /// ```rhai
    /// let pool = sim::motifs(20, #{ width: 10, sharpness: 0.9, seed: 1 });
    /// let query = motif::all([pool[3].reverse_complement()]);
    /// let hits = motifs::tomtom(query, pool, #{ distance: "pearson", threshold: 0.01 });
    /// assert_eq(plot::matches(hits, query, pool).title, "matches");
    /// ```
    function "matches"(c, hits: Tabled, queries: Motifs, targets: Motifs) -> "figure" { matches(&hits, &queries, &targets) }

    /// Draws columns of numbers against their index, from 1.
    ///
    /// ```rhai
    /// assert_eq(plot::lines("loss", #{ train: [0.7, 0.5] }).title, "loss");
    /// ```
    function "lines"(c, title: String, columns: Map) -> "figure" { lines(&title, &columns) }
} }

natives! { methods in "figure" {
    /// Writes it as .svg or .png; in a run, into `figures/`.
    ///
    /// ```rhai
    /// plot::roc([0.9, 0.1], [1, 0]).save("/tmp/cistron_example.svg");
    /// ```
    method "save"(c, this: Figure, path: String) -> "nothing" { this.save(&session::place_output(&path, true)) }

    /// Its title.
    ///
    /// ```rhai
    /// assert_eq(plot::roc([0.9, 0.1], [1, 0]).title, "ROC");
    /// ```
    property "title"(c, this: Figure) -> "string" { Ok(this.title.clone()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    made()
}
