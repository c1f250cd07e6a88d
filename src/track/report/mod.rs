//! The report of a run as one self-contained page: parameters, results, curves, figures, script,
//! log.

mod blocks;
pub mod sections;

use super::Record;
use super::ledger::flat;
use crate::base::Result;
use crate::base::file::write_whole;
use crate::base::html::escaped;
use crate::base::written::significant;
use crate::plot::sidecar;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use serde_json::{Value, json};
use std::path::Path;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const PROGRAM: &str = include_str!("program.js");
/// Characters of the log's end that are shown.
const LOG: usize = 200_000;
/// Rows of metrics of one network that are drawn.
const ROWS: usize = 2000;

/// Characters of a value that are shown.
const LONGEST: usize = 600;

/// The beginning of a very long value.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… (the whole is in results.json)", &text[..at]),
        None => text.into(),
    }
}

/// Names and values as a table.
fn table(rows: &[(String, Value)]) -> String {
    if rows.is_empty() {
        return "<p>none</p>".into();
    }
    let cell = |value: &Value| match value {
        Value::String(text) => format!("<td>{}", escaped(text)),
        // four digits; all of them where the pointer is
        Value::Number(number) if number.is_f64() => {
            let short = significant(number.as_f64().unwrap_or(f64::NAN), 4);
            format!("<td class=\"number\" title=\"{number}\">{short}")
        }
        other => format!(
            "<td class=\"number\">{}",
            escaped(&shortened(&other.to_string()))
        ),
    };
    let lines: String = rows
        .iter()
        .map(|(name, value)| {
            format!(
                "<tr><th scope=\"row\">{}</th>{}</td></tr>",
                escaped(name),
                cell(value)
            )
        })
        .collect();
    format!("<div class=\"scroll\"><table>{lines}</table></div>")
}

/// Numbers behind pictures, for the page to draw.
#[derive(Default)]
struct Drawn {
    logos: Vec<Value>,
    structures: Vec<Value>,
}

/// A picture inside the page; of logos and of traces in space also their numbers.
fn figure(path: &Path, drawn: &mut Drawn) -> Option<String> {
    let name = escaped(&path.file_name()?.to_string_lossy());
    if path.is_symlink() {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    let kind = match path.extension()?.to_str()? {
        // as an image, so that names inside one drawing do not meet those of another
        "svg" => "svg+xml",
        "png" => "png",
        _ => return None,
    };
    let svg = std::str::from_utf8(&bytes).unwrap_or_default();
    let mut place = String::new();
    let numbers = [
        ("logos", sidecar::logos(svg), &mut drawn.logos),
        ("structure", sidecar::structure(svg), &mut drawn.structures),
    ];
    for (kind, asked, all) in numbers {
        if let Some(asked) = asked {
            place += &format!("<div class=\"{kind}\" data-{kind}=\"{}\"></div>", all.len());
            all.push(asked);
        }
    }
    let picture = format!("data:image/{kind};base64,{}", STANDARD.encode(bytes));
    Some(format!(
        "<figure><button type=\"button\" aria-label=\"enlarge {name}\"><img alt=\"{name}\" \
        src=\"{picture}\"></button>{place}<figcaption>{name}</figcaption></figure>"
    ))
}

/// The folders of pictures. A script in a sandbox writes below `output/`.
const FIGURES: [&str; 2] = ["figures", "output/figures"];

/// Every picture of the run that no section has.
fn figures(run: &Path, shown: &[String], drawn: &mut Drawn) -> String {
    let folders = FIGURES.map(|name| std::fs::read_dir(run.join(name)));
    let mut paths: Vec<_> = folders
        .into_iter()
        .flatten()
        .flatten()
        .flatten()
        .filter(|entry| !shown.iter().any(|name| entry.file_name() == name.as_str()))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let all: String = paths
        .iter()
        .filter_map(|path| figure(path, drawn))
        .collect();
    if all.is_empty() {
        "<p>none</p>".into()
    } else {
        format!("<div class=\"figures\">{all}</div>")
    }
}

/// The rows of metrics, thinned where there are very many.
fn rows(record: &Record) -> Vec<Value> {
    let named = |row: &Value| {
        let mut row = row.clone();
        if let Some(network) = super::export::network(&row).map(std::borrow::Cow::into_owned) {
            row["model"] = network.into();
        }
        row
    };
    let every = record.metrics.len().div_ceil(ROWS).max(1);
    let last = record.metrics.len().saturating_sub(1);
    record
        .metrics
        .iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || *i == last)
        .map(|(_, row)| named(row))
        .collect()
}

/// The page; `script` is the script as HTML.
pub fn page(record: &Record, script: &str) -> String {
    let title = record
        .start
        .name
        .clone()
        .map_or_else(|| record.id(), |name| format!("{name} ({})", record.id()));
    let took = record.seconds.map_or(String::new(), |s| {
        format!(" in {}", crate::train::progress::seconds(s))
    });
    let mut summary = format!("{}{took}, started {}", record.state, record.started);
    if !record.start.tags.is_empty() {
        summary += &format!(
            ", {}",
            record
                .start
                .tags
                .iter()
                .map(|tag| format!("#{tag}"))
                .collect::<Vec<_>>()
                .join(" ")
        );
    }
    if let Some(message) = record.fault["message"].as_str() {
        summary += &format!(": {message}");
    }
    let log = std::fs::read_to_string(record.folder.join("log.txt")).unwrap_or_default();
    let from = log.char_indices().rev().nth(LOG).map_or(0, |(at, _)| at);
    let log = if log.is_empty() {
        "<p>nothing was printed</p>".into()
    } else {
        format!("<pre tabindex=\"0\">{}</pre>", escaped(&log[from..]))
    };
    let files: Vec<(String, Value)> = record
        .data
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| {
            (
                file["path"].as_str().unwrap_or("?").to_string(),
                json!(format!(
                    "{} bytes, {}",
                    file["size"],
                    file["blake3"].as_str().unwrap_or("not hashed")
                )),
            )
        })
        .collect();
    let mut drawn = Drawn::default();
    let shown = sections::pictures(&record.results);
    let figures = figures(&record.folder, &shown, &mut drawn);
    let data = json!({
        "metrics": rows(record), "logos": drawn.logos, "alphabet": sidecar::alphabet(),
        "structures": drawn.structures,
    });
    let data = data.to_string().replace('<', "\\u003c");
    // pictures of sections are no logos
    let picture = |path: &str| {
        let name = path.strip_prefix("figures/")?;
        let places = FIGURES.map(|folder| record.folder.join(folder).join(name));
        places
            .iter()
            .find_map(|place| figure(place, &mut Drawn::default()))
    };
    let (links, own_sections) = sections::html(&record.results, &picture);
    let parts = [
        ("STYLE", STYLE.to_string()),
        ("TITLE", escaped(&title)),
        ("STATE", record.state.to_string()),
        ("SUMMARY", escaped(&summary)),
        ("RESULTS", table(&flat(&sections::others(&record.results)))),
        ("LINKS", links),
        ("PARTS", own_sections),
        ("PARAMETERS", table(&flat(&record.set))),
        ("FIGURES", figures),
        ("SCRIPT", script.to_string()),
        ("LOG", log),
        ("VERSIONS", table(&[flat(&record.versions), files].concat())),
        ("DATA", data),
        ("PROGRAM", PROGRAM.to_string()),
    ];
    let mut out = String::new();
    for piece in PAGE.split("{{") {
        match piece.split_once("}}") {
            Some((name, rest)) => {
                out += parts
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or("", |(_, text)| text);
                out += rest;
            }
            None => out += piece,
        }
    }
    out
}

/// Writes the page.
pub fn save(record: &Record, script: &str, path: &Path) -> Result<()> {
    write_whole(path, page(record, script).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_says_stays_text() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        write("log.txt", "</pre><script>alert(1)</script>");
        write("results.json", "{\"<b>\": 1}");
        write(
            "metrics.jsonl",
            "{\"model\":\"</script>\",\"epoch\":1,\"train.loss\":0.5}\n",
        );
        let page = page(&crate::track::read(place.path()), "let a = 1;");
        assert_eq!(page.matches("<script").count(), 2);
        assert!(page.contains("&lt;b&gt;") && !page.contains("{{"));
    }
}
