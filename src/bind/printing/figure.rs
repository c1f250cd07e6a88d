//! Figures of values: trainings, schedules, networks, tensors, tables.

use crate::bail;
use crate::base::table::Cells;
use crate::base::{Result, Table, shape};
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{Motifs, Tabled};
use crate::nn::Model;
use crate::nn::summary::Row as Summary;
use crate::optim::Schedule;
use crate::optim::schedule::{Clock, Point};
use crate::plot::{self, Chart, Content, Diagram, Figure, Heat, Letters, Part, Scaling, Series};
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::train::History;
use rhai::Dynamic;

/// Numbers with their count from 1.
pub fn numbered(values: &[f64]) -> Vec<(f64, f64)> {
    values
        .iter()
        .enumerate()
        .map(|(i, v)| ((i + 1) as f64, *v))
        .collect()
}

/// A line of a chart.
pub fn series(name: impl Into<String>, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: name.into(),
        points,
    }
}

/// The losses and metrics of a training by epoch.
pub fn history_figure(run: &History) -> Figure {
    let names = run.names();
    let line = |name: &String| series(name, numbered(&run.column(name).unwrap_or_default()));
    let of = |loss: bool| {
        names
            .iter()
            .filter(|n| n.as_str() != "lr" && n.ends_with("loss") == loss)
            .map(line)
            .collect::<Vec<_>>()
    };
    let mark = run.best_value.map(|_| run.best_epoch as f64);
    let chart = |y: &str, lines| Chart {
        x: "epoch".into(),
        y: y.into(),
        lines,
        mark,
        ..Chart::default()
    };
    let mut charts = vec![chart("loss", of(true))];
    if !of(false).is_empty() {
        charts.push(chart("metric", of(false)));
    }
    let height = 300 * charts.len() as u32 + 40;
    Figure {
        title: run.name.clone(),
        content: Content::Charts(charts),
        size: (760, height),
    }
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
pub fn schedule_figure(schedule: &Schedule, epochs: usize, per_epoch: usize, lr: f64) -> Figure {
    let whole = Clock::new(epochs * per_epoch, per_epoch);
    let every = (epochs * per_epoch).div_ceil(2000).max(1);
    let points: Vec<(f64, Point)> = (0..=epochs * per_epoch)
        .step_by(every)
        .map(|step| {
            (
                step as f64 / per_epoch as f64,
                schedule.at(&Clock {
                    step: step as f64,
                    ..whole
                }),
            )
        })
        .collect();
    let rate = points.iter().map(|(x, p)| (*x, p.factor * lr)).collect();
    let mut charts = vec![Chart {
        x: "epoch".into(),
        y: "learning rate".into(),
        lines: vec![series("", rate)],
        ..Chart::default()
    }];
    let momentum: Vec<(f64, f64)> = points
        .iter()
        .filter_map(|(x, p)| Some((*x, p.momentum?)))
        .collect();
    if !momentum.is_empty() {
        charts.push(Chart {
            x: "epoch".into(),
            y: "momentum".into(),
            lines: vec![series("", momentum)],
            ..Chart::default()
        });
    }
    let height = 260 * charts.len() as u32 + 40;
    Figure {
        title: schedule.text(),
        content: Content::Charts(charts),
        size: (720, height),
    }
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
    plot::diagram(
        net.name(),
        Diagram {
            parts: std::iter::once(input)
                .chain(net.rows().iter().map(part))
                .collect(),
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
            tensor_of(value)
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
    let tensor = tensor_of(value)
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
