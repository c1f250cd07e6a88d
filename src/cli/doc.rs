//! `cistron doc`: the reference as HTML.

use super::fail;
use crate::base::html::escaped;
use crate::lang::catalog::Entry;
use crate::lang::session;
use std::fmt::Write;
use std::path::Path;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}\
nav a{margin-right:.8rem}h2{border-bottom:1px solid #ccd;margin-top:2.5rem}h3{font:600 15px ui-monospace,monospace;margin-top:1.8rem}\
pre{background:#f4f6f8;padding:.7rem 1rem;overflow-x:auto}code{font-family:ui-monospace,monospace;font-size:.92em}\
table{border-collapse:collapse}td{padding:.15rem .8rem .15rem 0;vertical-align:top}.fails{border-left:4px solid #c33}";

/// Runs the command; the exit code.
pub fn doc(out: &Path) -> u8 {
    crate::bind::start(session::Settings { quiet: true, ..session::Settings::default() });
    let page = page(&session::catalog().entries);
    match crate::base::file::write_whole(&out.join("index.html"), page.as_bytes()) {
        Ok(()) => {
            println!("{}", out.join("index.html").display());
            0
        }
        Err(fault) => fail(&fault, false),
    }
}

/// The reference as one page.
pub fn page(entries: &[Entry]) -> String {
    let mut spaces: Vec<&str> = entries.iter().map(|entry| entry.namespace.as_str()).collect();
    spaces.sort_unstable();
    spaces.dedup();
    let shown = |space: &str| if space.is_empty() { "everywhere".to_string() } else { space.to_string() };
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>cistron reference</title><style>{STYLE}</style><h1>cistron reference</h1><nav>"
    );
    for space in &spaces {
        // writing to a string cannot fail
        let _ = write!(html, "<a href=\"#{0}\">{0}</a>", escaped(&shown(space)));
    }
    html += "</nav>";
    for space in spaces {
        let _ = write!(html, "<h2 id=\"{0}\">{0}</h2>", escaped(&shown(space)));
        for entry in entries.iter().filter(|entry| entry.namespace == space) {
            let _ = write!(html, "<h3 id=\"{}\">{}</h3>{}", escaped(&entry.qualified()), escaped(&entry.signature()), body(&entry.docs));
            if let Some(options) = entry.options {
                html += "<table>";
                for option in options {
                    let _ = write!(
                        html,
                        "<tr><td><code>{}</code><td>{}<td><code>{}</code><td>{}",
                        option.name,
                        escaped(&option.takes()),
                        escaped(option.default),
                        escaped(option.text)
                    );
                }
                html += "</table>";
            }
        }
    }
    html
}

/// Markdown as these documents use it: paragraphs, lists, code blocks, code in a line.
fn body(docs: &str) -> String {
    let mut html = String::new();
    let (mut code, mut list, mut paragraph) = (false, false, false);
    for line in docs.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            html += if code {
                "</pre>"
            } else if trimmed.ends_with("fails") {
                "<pre class=fails>"
            } else {
                "<pre>"
            };
            code = !code;
            paragraph = false;
            continue;
        }
        if code {
            html += &escaped(line);
            html.push('\n');
            continue;
        }
        if let Some(item) = trimmed.strip_prefix("- ") {
            html += if list { "<li>" } else { "<ul><li>" };
            list = true;
            html += &inline(item);
            continue;
        }
        if list && trimmed.is_empty() {
            html += "</ul>";
            list = false;
        }
        if trimmed.is_empty() {
            paragraph = false;
        } else {
            html += if paragraph || list { " " } else { "<p>" };
            paragraph = true;
            html += &inline(trimmed);
        }
    }
    html + if list { "</ul>" } else { "" }
}

fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(i, part)| if i % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) });
    parts.collect()
}
