//! A model as a table: layers, shapes, parameters, receptive fields.

use super::build::ReceptiveField;
use cistron_base::shape::grouped;
use std::ops::Range;

/// A line of the summary.
#[derive(Clone, Debug)]
pub struct Row {
    /// Path of the layer.
    pub name: String,
    /// Its description.
    pub layer: String,
    /// The shape of its output.
    pub output: String,
    /// Number of parameters.
    pub parameters: i64,
    /// The receptive field of a position of its output; none is everything.
    pub field: Option<ReceptiveField>,
}

/// Layers side by side, by their lines of the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The lines of each part; an empty range is a tied layer whose lines are elsewhere.
    pub parts: Vec<Range<usize>>,
    /// Whether the input goes past the parts as well.
    pub has_skip: bool,
    /// How the outputs become one; none where they stay apart.
    pub merge: Option<&'static str>,
}

/// The table of a model, with its number of parameters, the trained ones among them, and the layers
/// that are fused.
pub fn table(
    title: &str,
    input: &str,
    rows: &[Row],
    (total, trained): (i64, i64),
    fusions: &[String],
) -> String {
    let header = ["", "layer", "output", "parameters", "sees"].map(str::to_string);
    let mut lines = vec![
        header,
        [
            "".into(),
            "input".into(),
            input.to_string(),
            String::new(),
            String::new(),
        ],
    ];
    for row in rows {
        let sees = row
            .field
            .map_or("all".into(), |field| format!("{} bp", field.size));
        let parameters = if row.parameters > 0 {
            grouped(row.parameters)
        } else {
            String::new()
        };
        lines.push([
            row.name.clone(),
            row.layer.clone(),
            row.output.clone(),
            parameters,
            sees,
        ]);
    }
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    let pad =
        |text: &str, n: usize| format!("{text}{}", " ".repeat(n - text.chars().count().min(n)));
    let right =
        |text: &str, n: usize| format!("{}{text}", " ".repeat(n - text.chars().count().min(n)));
    let mut out = format!("{title}\n");
    for line in &lines {
        let text = format!(
            "  {}  {}  {}  {}  {}",
            pad(&line[0], widths[0]),
            pad(&line[1], widths[1]),
            pad(&line[2], widths[2]),
            right(&line[3], widths[3]),
            right(&line[4], widths[4])
        );
        out += text.trim_end();
        out.push('\n');
    }
    out += &format!("  {} parameters", grouped(total));
    if trained != total {
        out += &format!(", {} of them trained", grouped(trained));
    }
    for (i, fusion) in fusions
        .iter()
        .enumerate()
        .filter(|(i, fusion)| !fusions[..*i].contains(fusion))
    {
        let times = fusions[i..].iter().filter(|other| *other == fusion).count();
        out += "\n  fast: ";
        if times > 1 {
            out += &format!("{times} times: ");
        }
        out += fusion;
    }
    out
}
