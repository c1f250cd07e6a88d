//! `plot::…`: figures.

use super::values::{Motifs, Numbers};
use crate::base::Result;
use crate::lang::session;
use crate::metrics::ranking;
use crate::plot::{self, Chart, Content, Figure, Series};
use crate::train::History;
use crate::{fault, natives};
use rhai::Map;

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
    let one = |(name, value): (&rhai::Identifier, &rhai::Dynamic)| {
        let values = super::tensor::from_nested(value)
            .and_then(|t| t.to_f64())
            .map_err(|_| fault!("type", "column `{name}` must be an array of numbers, got {}", session::describe(value)))?;
        Ok(Series { name: name.to_string(), points: numbered(&values) })
    };
    let lines = columns.iter().map(one).collect::<Result<_>>()?;
    Ok(plot::lines(title, Chart { x: String::new(), y: String::new(), lines, unit: false, mark: None }))
}

natives! { made in "plot" {
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
