//! Files of weights and what a network took from them, as they are printed.

use crate::base::table::Cells;
use crate::base::{Result, Table, shape};
use crate::bind::types::{Report, WeightsFile};
use crate::lang::show;
use crate::torch::weights::{Entry, Note, Weights};

/// Tensors that are listed when a file is printed.
const SHOWN: usize = 40;

/// The tensors of a file: name, shape, type.
pub fn listing(file: &Weights) -> Result<Table> {
    let column = |of: &dyn Fn(&Entry) -> String| Cells::Text(file.entries.iter().map(of).collect());
    let sizes = |entry: &Entry| -> String {
        let sizes: Vec<String> = entry.tensor.shape().iter().map(i64::to_string).collect();
        match sizes.is_empty() {
            true => "one number".into(),
            false => sizes.join(" × "),
        }
    };
    Table::new(vec![
        ("name".into(), column(&|entry| entry.name.clone())),
        ("shape".into(), column(&sizes)),
        ("type".into(), column(&|entry| entry.stored.to_string())),
    ])
}

/// A file in a line.
pub fn file(file: &WeightsFile) -> String {
    let (path, weights) = &*file.0;
    let count = shape::grouped(weights.count());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let tensors = weights.entries.len();
    format!(
        "weights {name} ({}): {tensors} tensors, {count} values",
        weights.format
    )
}

/// A file with its tensors and metadata.
pub fn file_pretty(file: &WeightsFile) -> String {
    let weights = &file.0.1;
    let mut out = self::file(file);
    if let Ok(table) = listing(weights) {
        out += "\n";
        out += table.to_pretty(SHOWN).trim_end();
    }
    let notes = weights.metadata.iter();
    for (name, note) in notes.take(SHOWN) {
        let text = match note {
            Note::Text(text) if text.chars().count() > 60 => {
                format!(
                    "\"{}…\"",
                    text.chars().take(60).collect::<String>().escape_debug()
                )
            }
            Note::Text(text) => format!("\"{}\"", text.escape_debug()),
            Note::Int(n) => n.to_string(),
            Note::Float(x) => show::number(*x),
            Note::Bool(flag) => flag.to_string(),
        };
        out += &format!("\n{name}: {text}");
    }
    match weights.metadata.len().saturating_sub(SHOWN) {
        0 => out,
        more => format!("{out}\n… and {more} more"),
    }
}

/// A report in a line.
pub fn report(report: &Report) -> String {
    let (path, loaded) = &*report.0;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let skipped = match loaded.skipped.len() {
        0 => String::new(),
        n => format!(", {n} skipped"),
    };
    let rounded = match loaded.rounded.len() {
        0 => String::new(),
        n => format!(", {n} rounded"),
    };
    format!(
        "loaded {} tensors of {name}{skipped}{rounded}: {}",
        loaded.matched.len(),
        loaded.problems()
    )
}
