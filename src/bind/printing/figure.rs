//! Figures of values: trainings, schedules, networks, tensors, tables.

use crate::bail;
use crate::base::table::Cells;
use crate::base::{Result, Table, shape};
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{Motifs, Tabled};
use crate::nn::Model;
use crate::nn::summary::{self, Row as Summary};
use crate::optim::Schedule;
use crate::plot::{self, Chart, Diagram, Figure, Heat, Letters, Part, Scaling, Series, kinds};
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::train::History;
use rhai::Dynamic;

/// A line of a chart.
pub fn series(name: impl Into<String>, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: name.into(),
        points,
    }
}

/// The losses and metrics of a training by epoch.
pub fn history_figure(run: &History) -> Figure {
    let columns = run.names().into_iter();
    let columns = columns.map(|name| {
        let points = run.points(&name);
        (name, points)
    });
    let best = run.best_value.map(|_| run.best_epoch as f64);
    kinds::epochs(&run.name, columns.collect(), best)
}

/// The rows of a matrix; `name` is for messages.
pub fn rows_of(name: &str, values: &Tensor) -> Result<Vec<Vec<f64>>> {
    let [_, width] = values.shape()[..] else {
        bail!(
            "shape",
            "`{name}` must be [rows, columns], got {}",
            shape::text(&values.shape())
        )
    };
    Ok(values
        .to_f64()?
        .chunks(width.max(1) as usize)
        .map(<[f64]>::to_vec)
        .collect())
}

/// The learning rate, and the momentum where it changes, along a run.
pub fn schedule_figure(
    schedule: &Schedule,
    epochs: usize,
    per_epoch: usize,
    lr: f64,
) -> Result<Figure> {
    let course = schedule.course(epochs, per_epoch)?;
    let rate = course.iter().map(|(x, point)| (*x, point.factor * lr));
    let momentum = course
        .iter()
        .filter_map(|(x, point)| Some((*x, point.momentum?)));
    let (rate, momentum) = (rate.collect(), momentum.collect());
    Ok(kinds::schedule(&schedule.text(), rate, momentum))
}

/// The layers of a network, from its input to its output.
pub fn model_figure(net: &Model) -> Figure {
    let input = Part {
        name: "input".into(),
        layer: "input".into(),
        output: net.input().text(),
        parameters: 0,
        depth: 0,
    };
    let part = |row: &Summary| Part {
        name: row.name.clone(),
        layer: row.layer.clone(),
        output: row.output.clone(),
        parameters: row.parameters,
        depth: row.name.matches('.').count(),
    };
    // behind the input
    let fork = |fork: &summary::Fork| plot::Fork {
        parts: (fork.parts.iter())
            .map(|rows| rows.start + 1..rows.end + 1)
            .collect(),
        has_skip: fork.has_skip,
        merge: fork.merge.map(str::to_string),
    };
    plot::diagram(
        net.name(),
        Diagram {
            parts: std::iter::once(input)
                .chain(net.rows().iter().map(part))
                .collect(),
            forks: net.forks().iter().map(fork).collect(),
            apart: net.apart().iter().map(|row| row + 1).collect(),
        },
    )
}

/// A figure of a value, where there is an obvious one.
pub fn figure_of(value: &Dynamic) -> Option<Figure> {
    if let Some(figure) = value.read_lock::<Figure>() {
        return Some(figure.clone());
    }
    if let Some(run) = value.read_lock::<History>() {
        return Some(history_figure(&run));
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
        return Some(model_figure(&net));
    }
    if let Some(own) = value.read_lock::<Schedule>() {
        return schedule_figure(&own, 100, 10, 1.0).ok();
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
            tensor_of(value)
                .ok()
                .filter(|t| t.rank() == 1)?
                .to_f64()
                .ok()
        };
        let all: Option<Vec<Series>> = map
            .iter()
            .map(|(name, value)| Some(series(name.as_str(), kinds::numbered(&own(value)?))))
            .collect();
        return all.filter(|all| !all.is_empty()).and_then(lines);
    }
    let tensor = tensor_of(value)
        .ok()
        .filter(|_| value.is_array() || value.is::<Tensor>())?;
    match tensor.rank() {
        1 => lines(vec![series("", kinds::numbered(&tensor.to_f64().ok()?))]),
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
        .filter_map(|name| Some(series(name, kinds::numbered(&numbers(name)?))))
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
