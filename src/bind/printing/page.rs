//! Values as tables of a page: intervals, datasets, networks.

use crate::base::table::{Cells, Table};
use crate::base::{html, shape};
use crate::bind::printing::{ROWS, line};
use crate::bind::types::{Data, Places, Tabled};
use crate::nn::Model;
use rhai::Dynamic;

/// A value as HTML, where it has a form of its own.
pub fn html(value: &Dynamic) -> Option<String> {
    if let Some(table) = value.read_lock::<Tabled>() {
        return Some(table.0.to_html(ROWS));
    }
    if let Some(places) = value.read_lock::<Places>() {
        return headed(
            &line::intervals(&places),
            intervals(&places),
            places.0.len(),
        );
    }
    if let Some(set) = value.read_lock::<Data>() {
        return headed(&line::dataset(&set), dataset(&set), 0);
    }
    if let Some(net) = value.read_lock::<Model>() {
        return headed(&line::model(&net), layers(&net), 0);
    }
    None
}

/// A table below a line; it states how many of `all` rows it lacks.
fn headed(head: &str, columns: Vec<(String, Cells)>, all: usize) -> Option<String> {
    let table = Table::new(columns).ok()?;
    let rest = all.saturating_sub(table.len());
    let more = if rest > 0 {
        format!("<p>… {} more</p>", shape::grouped(rest as i64))
    } else {
        String::new()
    };
    Some(format!(
        "<p>{}</p>{}{more}",
        html::escaped(head),
        table.to_html(usize::MAX)
    ))
}

fn texts(name: &str, cells: Vec<String>) -> (String, Cells) {
    (name.to_string(), Cells::Text(cells))
}

/// The first intervals with the columns of BED that they have.
fn intervals(places: &Places) -> Vec<(String, Cells)> {
    const NAMES: [&str; 6] = ["chromosome", "start", "end", "name", "score", "strand"];
    let first: Vec<u32> = (0..places.0.len().min(ROWS) as u32).collect();
    let bed = places.0.select(&first).to_bed();
    let rows: Vec<Vec<&str>> = bed.lines().map(|line| line.split('\t').collect()).collect();
    let wide = rows
        .iter()
        .map(Vec::len)
        .max()
        .unwrap_or(0)
        .min(NAMES.len());
    let column = |i: usize| {
        let cells = rows
            .iter()
            .map(|row| row.get(i).copied().unwrap_or("").to_string());
        texts(NAMES[i], cells.collect())
    };
    (0..wide).map(column).collect()
}

/// Inputs and labels of a dataset, a row for each.
fn dataset(set: &Data) -> Vec<(String, Cells)> {
    let set = &set.0;
    let inputs = set.inputs.iter();
    let inputs = inputs.map(|input| {
        [
            input.name.clone(),
            "input".into(),
            shape::text(&input.column.shape()),
        ]
    });
    let labels = set.label_names.iter().take(ROWS);
    let labels = labels.map(|name| [name.clone(), "label".into(), String::new()]);
    let mut rows: Vec<[String; 3]> = inputs.chain(labels).collect();
    let more = set.label_names.len().saturating_sub(ROWS);
    if more > 0 {
        rows.push([format!("… {more} more"), "label".into(), String::new()]);
    }
    let column =
        |name: &str, i: usize| texts(name, rows.iter().map(|row| row[i].clone()).collect());
    vec![
        column("name", 0),
        column("is", 1),
        column("shape of a row", 2),
    ]
}

/// The layers of a network.
fn layers(net: &Model) -> Vec<(String, Cells)> {
    let rows = net.rows();
    let rows = rows.iter();
    vec![
        texts("name", rows.clone().map(|row| row.name.clone()).collect()),
        texts("layer", rows.clone().map(|row| row.layer.clone()).collect()),
        texts(
            "output",
            rows.clone().map(|row| row.output.clone()).collect(),
        ),
        (
            "parameters".into(),
            Cells::Whole(rows.map(|row| row.parameters).collect()),
        ),
    ]
}
