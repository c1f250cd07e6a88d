//! `cistron notebook`: scripts with cells as notebooks, and back without loss.

use super::exit::fail;
use crate::base::file::write_whole;
use crate::base::{Fault, Result};
use crate::fault;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The description of a language in notebooks.
pub struct Language {
    /// Its name.
    pub name: &'static str,
    /// The type of its files.
    pub mimetype: &'static str,
    /// The extension of its files.
    pub file_extension: &'static str,
    /// The name by which notebooks highlight it: that of the extension which
    /// `cistron kernel install` installs, and of the lexer of `editors/pygments`.
    pub colors: &'static str,
}

/// The language of scripts.
pub const LANGUAGE: Language = Language {
    name: "rhai",
    mimetype: "text/x-rhai",
    file_extension: ".rhai",
    colors: "rhai",
};

impl Language {
    /// The version of the program, which is that of its language.
    pub const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "version": Self::VERSION,
            "mimetype": self.mimetype,
            "file_extension": self.file_extension,
            "pygments_lexer": self.colors,
            "codemirror_mode": self.colors,
        })
    }
}

/// The header of a cell of a script; `[markdown]` after it marks a cell of text, whose lines are
/// comments.
const MARK: &str = "// %%";

/// The most blank lines after a cell that a notebook may declare.
const MOST_BLANK: u64 = 10_000;

/// A cell of a script.
#[derive(Debug, PartialEq)]
struct Cell {
    /// Its header line, with line end; none for text before the first header.
    head: Option<String>,
    /// Its lines, without trailing blank lines.
    body: String,
    /// The line ends after the body.
    gap: usize,
}

impl Cell {
    fn is_text(&self) -> bool {
        self.head.as_deref().is_some_and(|head| {
            head.trim_start_matches(MARK)
                .trim_start()
                .starts_with("[markdown]")
        })
    }
}

fn cells_of(text: &str) -> Vec<Cell> {
    let mut parts: Vec<(Option<String>, String)> = vec![(None, String::new())];
    for line in text.split_inclusive('\n') {
        let plain = line.trim_end_matches('\n');
        if plain.starts_with(MARK) {
            parts.push((Some(line.to_string()), String::new()));
        } else if let Some((_, body)) = parts.last_mut() {
            body.push_str(line);
        }
    }
    let of = |(head, body): (Option<String>, String)| {
        let trimmed = body.trim_end_matches('\n');
        Cell {
            head,
            gap: body.len() - trimmed.len(),
            body: trimmed.to_string(),
        }
    };
    parts
        .into_iter()
        .map(of)
        .filter(|cell| cell.head.is_some() || !cell.body.is_empty() || cell.gap > 0)
        .collect()
}

/// Lines of a comment without their slashes; none where a line is no comment, because the
/// conversion back would then differ.
fn uncommented(body: &str) -> Option<String> {
    let line = |line: &str| {
        if line == "//" {
            Some(String::new())
        } else {
            line.strip_prefix("// ").map(str::to_string)
        }
    };
    if body.is_empty() {
        return Some(String::new());
    }
    let plain = body
        .split('\n')
        .map(line)
        .collect::<Option<Vec<_>>>()?
        .join("\n");
    (commented(&plain) == body).then_some(plain)
}

fn commented(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    text.split('\n')
        .map(|line| {
            if line.is_empty() {
                "//".to_string()
            } else {
                format!("// {line}")
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn to_notebook(text: &str) -> Value {
    let cells: Vec<Value> = cells_of(text)
        .into_iter()
        .enumerate()
        .map(|(i, cell)| {
            let plain = if cell.is_text() {
                uncommented(&cell.body)
            } else {
                None
            };
            let mut layout = Map::from_iter([("gap".to_string(), json!(cell.gap))]);
            layout.extend(
                cell.head
                    .as_ref()
                    .map(|head| ("head".to_string(), json!(head))),
            );
            let source = plain.clone().unwrap_or_else(|| cell.body.clone());
            let lines: Vec<&str> = source.split_inclusive('\n').collect();
            let mut output = json!({
                "id": format!("cell-{i}"),
                "metadata": { "cistron": layout },
                "source": lines,
            });
            if plain.is_some() {
                output["cell_type"] = "markdown".into();
            } else {
                output["cell_type"] = "code".into();
                output["execution_count"] = Value::Null;
                output["outputs"] = json!([]);
            }
            output
        })
        .collect();
    json!({
        "cells": cells,
        "metadata": {
            "kernelspec": { "name": "cistron", "display_name": "cistron", "language": "rhai" },
            "language_info": LANGUAGE.json(),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

/// The script of a notebook; cells of other programs get a header and a blank line after
/// them.
fn to_script(notebook: &Value) -> std::result::Result<String, String> {
    let cells = notebook["cells"].as_array().ok_or("it has no `cells`")?;
    let mut out = String::new();
    for (i, cell) in cells.iter().enumerate() {
        let source = match &cell["source"] {
            Value::String(text) => text.clone(),
            Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
            _ => return Err(format!("cell {} has no `source`", i + 1)),
        };
        let is_text = cell["cell_type"] == "markdown";
        let layout = &cell["metadata"]["cistron"];
        let head = match layout["head"].as_str() {
            Some(head) => Some(head.to_string()),
            // text before the first cell has no header
            None if !layout.is_null() && i == 0 => None,
            None => Some(if is_text {
                format!("{MARK} [markdown]\n")
            } else {
                format!("{MARK}\n")
            }),
        };
        out.extend(head);
        out += &if is_text { commented(&source) } else { source };
        let usual = if i + 1 == cells.len() { 1 } else { 2 };
        out += &"\n".repeat(
            layout["gap"]
                .as_u64()
                .map_or(usual, |n| n.min(MOST_BLANK) as usize),
        );
    }
    Ok(out)
}

/// The script of the text of a notebook.
pub fn script_of(text: &str) -> std::result::Result<String, String> {
    let notebook: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    to_script(&notebook)
}

fn convert(path: &Path, out: Option<&Path>) -> Result<PathBuf> {
    let text = crate::base::file::read_text(path).map_err(|error| Fault::file(path, &error))?;
    let is_notebook = path.extension().is_some_and(|e| e == "ipynb");
    let ending = if is_notebook { "rhai" } else { "ipynb" };
    let out = out.map_or_else(|| path.with_extension(ending), Path::to_path_buf);
    if out.extension().is_none_or(|e| e != ending) {
        let (from, to) = match is_notebook {
            true => ("a notebook", "a script"),
            false => ("a script", "a notebook"),
        };
        return Err(fault!(
            "usage",
            "`{}`: {from} is turned into {to}, whose name ends in .{ending}",
            out.display()
        ));
    }
    let converted = if is_notebook {
        let broken = |what: String| {
            Fault::new(
                "data",
                format!("`{}` is no notebook: {what}", path.display()),
            )
        };
        script_of(&text).map_err(broken)?
    } else {
        format!("{:#}\n", to_notebook(&text.replace("\r\n", "\n")))
    };
    write_whole(&out, converted.as_bytes())?;
    Ok(out)
}

/// Runs the command and returns its exit code.
pub fn notebook(path: &Path, out: Option<&Path>) -> u8 {
    match convert(path, out) {
        Ok(out) => {
            crate::outln!("{}", out.display());
            0
        }
        Err(fault) => fail(&fault, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_of_text_and_of_code() {
        let notebook = to_notebook(
            "// %% [markdown]\n// # Title\n//\n// words\n\n// %%\nlet a = 1;\nprint(a);\n",
        );
        assert_eq!(notebook["cells"][0]["cell_type"], "markdown");
        assert_eq!(
            notebook["cells"][0]["source"],
            json!(["# Title\n", "\n", "words"])
        );
        assert_eq!(
            notebook["cells"][1]["source"],
            json!(["let a = 1;\n", "print(a);"])
        );
        assert!(to_script(&json!({})).is_err());
        let foreign = json!({ "cells": [
            { "cell_type": "markdown", "metadata": {}, "source": "hello" },
            { "cell_type": "code", "metadata": {}, "source": ["let a = 1;"] },
        ] });
        assert_eq!(
            to_script(&foreign).unwrap(),
            "// %% [markdown]\n// hello\n\n// %%\nlet a = 1;\n"
        );
    }

    const LINES: [&str; 9] = [
        "",
        "// %%",
        "// %% [markdown]",
        "// %% title",
        "// text",
        "//",
        "// ",
        "let a = 1;",
        "  x",
    ];

    proptest! {
        #[test]
        fn there_and_back_is_the_same(
            lines in prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..20),
            end in prop::bool::ANY,
        ) {
            let text = lines.join("\n") + if end { "\n" } else { "" };
            prop_assert_eq!(to_script(&to_notebook(&text)).unwrap(), text);
        }
    }
}
