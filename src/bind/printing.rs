//! Values as people see them: as text, as a picture, as a table of a page.

use crate::base::Table;
use crate::base::table::Cells;
use crate::bind::plot::figures::{history, numbered, rows_of, schedule_figure, series};
use crate::bind::types::{Motifs, Tabled};
use crate::lang::show;
use crate::nn::Model;
use crate::optim::Schedule;
use crate::plot::{self, Chart, Figure, Heat, Letters, Scaling, Series, terminal};
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::train::History;
use rhai::Dynamic;

/// The most rows of a list or table that are shown.
const ROWS: usize = 50;
/// The most motifs that are drawn.
const LOGOS: usize = 12;

/// A value as text over as many lines as it needs; a figure is drawn with letters.
pub fn text(value: &Dynamic, colored: bool) -> String {
    let about = |motif: &Motif, wide: usize| {
        format!(
            "{:<wide$}  {}  {:.1} bits",
            crate::base::written::printable(&motif.name),
            terminal::motif(motif, colored),
            motif.total_information()
        )
    };
    if let Some(motif) = value.read_lock::<Motif>() {
        return format!("motif {}", about(&motif, 0));
    }
    if let Some(motifs) = value.read_lock::<Motifs>() {
        let wide = motifs
            .0
            .iter()
            .take(ROWS)
            .map(|motif| motif.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut lines: Vec<String> = motifs
            .0
            .iter()
            .take(ROWS)
            .map(|motif| about(motif, wide))
            .collect();
        if motifs.0.len() > ROWS {
            lines.push(format!("… {} more", motifs.0.len() - ROWS));
        }
        return lines.join("\n");
    }
    if let Some(figure) = value.read_lock::<Figure>() {
        return terminal::show(&figure, 90, colored).trim_end().to_string();
    }
    crate::base::written::printable(&show::pretty(value)).into_owned()
}

/// The picture that a value is best seen as: figures, motifs, what a training gave. Others are
/// read, not looked at.
pub fn picture(value: &Dynamic) -> Option<Figure> {
    if let Some(motifs) = value.read_lock::<Motifs>() {
        let first = Motifs(std::rc::Rc::new(
            motifs.0.iter().take(LOGOS).cloned().collect(),
        ));
        return if first.0.is_empty() {
            None
        } else {
            figure_of(&Dynamic::from(first))
        };
    }
    let is_seen = value.is::<Figure>() || value.is::<Motif>() || value.is::<History>();
    if is_seen { figure_of(value) } else { None }
}

/// A value as HTML, where it has a form of its own.
pub fn html(value: &Dynamic) -> Option<String> {
    value
        .read_lock::<Tabled>()
        .map(|table| table.0.to_html(ROWS))
}

/// A figure of a value, where there is an obvious one.
pub fn figure_of(value: &Dynamic) -> Option<Figure> {
    if let Some(figure) = value.read_lock::<Figure>() {
        return Some(figure.clone());
    }
    if let Some(run) = value.read_lock::<History>() {
        return Some(history(&run));
    }
    if let Some(own) = value.read_lock::<Motif>() {
        return Some(plot::logos(
            &own.name,
            vec![Letters::of_motif(&own, Scaling::Information)],
        ));
    }
    if let Some(motifs) = value.read_lock::<Motifs>() {
        return Some(plot::logos(
            "logos",
            motifs
                .0
                .iter()
                .map(|motif| Letters::of_motif(motif, Scaling::Information))
                .collect(),
        ));
    }
    if let Some(net) = value.read_lock::<Model>() {
        return Some(crate::bind::plot::sequence::model(&net));
    }
    if let Some(own) = value.read_lock::<Schedule>() {
        return Some(schedule_figure(&own, 100, 10, 1.0));
    }
    if let Some(table) = value.read_lock::<Tabled>() {
        return columns(&table.0);
    }
    let lines = |lines: Vec<Series>| {
        Some(plot::chart(
            "",
            Chart {
                lines,
                ..Chart::default()
            },
        ))
    };
    // a map of names to numbers: a line for each
    if let Some(map) = value.read_lock::<rhai::Map>() {
        let own = |value: &Dynamic| {
            crate::bind::tensor::basic::tensor_of(value)
                .ok()
                .filter(|t| t.rank() == 1)?
                .to_f64()
                .ok()
        };
        let all: Option<Vec<Series>> = map
            .iter()
            .map(|(name, value)| Some(series(name.as_str(), numbered(&own(value)?))))
            .collect();
        return all.filter(|all| !all.is_empty()).and_then(lines);
    }
    let tensor = crate::bind::tensor::basic::tensor_of(value)
        .ok()
        .filter(|_| value.is_array() || value.is::<Tensor>())?;
    match tensor.rank() {
        1 => lines(vec![series("", numbered(&tensor.to_f64().ok()?))]),
        2 => Some(plot::heat(
            "",
            Heat {
                values: rows_of("values", &tensor).ok()?,
                ..Heat::default()
            },
        )),
        _ => None,
    }
}

/// The columns of a table that hold numbers, a line for each.
fn columns(table: &Table) -> Option<Figure> {
    let numbers = |name: &str| match table.column(name) {
        Ok(Cells::Number(cells)) => Some(cells.clone()),
        Ok(Cells::Whole(cells)) => Some(cells.iter().map(|n| *n as f64).collect()),
        _ => None,
    };
    let lines: Vec<Series> = table
        .names()
        .filter_map(|name| Some(series(name, numbered(&numbers(name)?))))
        .collect();
    if lines.is_empty() {
        None
    } else {
        Some(plot::chart(
            "",
            Chart {
                x: "row".into(),
                lines,
                ..Chart::default()
            },
        ))
    }
}
