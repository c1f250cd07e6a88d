//! `cistron doc`: the guide and the reference as a folder of pages, with a search that needs no
//! server.

mod catalogue;
mod markdown;
mod names;

use super::exit::fail;
use crate::base::Result;
use crate::base::file::write_whole;
use crate::base::html::escaped;
use crate::lang::catalog::{Catalog, Entry};
use crate::lang::session;
use include_dir::{Dir, include_dir};
use markdown::Links;
use names::{Chapter, anchored, file_of, names_in, title_of};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

static GUIDE: Dir = include_dir!("$CARGO_MANIFEST_DIR/docs/guide");
const STYLE: &str = include_str!("style.css");
const SEARCH: &str = include_str!("search.js");

/// A page of the output.
pub struct Page {
    /// Its file.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// Runs the command and returns its exit code.
pub fn doc(out: &Path) -> u8 {
    crate::bind::start(session::Settings {
        quiet: true,
        ..session::Settings::default()
    });
    match write(out) {
        Ok(()) => {
            crate::outln!("{}", out.join("index.html").display());
            0
        }
        Err(fault) => fail(&fault, false),
    }
}

fn write(out: &Path) -> Result<()> {
    pages(&session::catalog())
        .iter()
        .try_for_each(|page| write_whole(&out.join(&page.file), page.text.as_bytes()))
}

fn chapters() -> Vec<Chapter> {
    let mut files: Vec<_> = GUIDE
        .files()
        .filter(|file| file.path().extension().is_some_and(|e| e == "md"))
        .collect();
    // by their numbers: 2 is before 10
    files.sort_by_key(|file| {
        let stem = file.path().file_stem().and_then(|stem| stem.to_str());
        let number = stem.and_then(|stem| stem.split_once('_')?.0.parse::<u32>().ok());
        (number.unwrap_or(u32::MAX), file.path())
    });
    files
        .iter()
        .filter_map(|file| {
            let text = file.contents_utf8()?;
            let stem = file.path().file_stem()?.to_str()?;
            let title = text
                .lines()
                .find_map(|line| line.strip_prefix("# "))?
                .to_string();
            Some(Chapter {
                name: stem
                    .split_once('_')
                    .map_or(stem, |(_, name)| name)
                    .to_string(),
                title,
                text,
            })
        })
        .collect()
}

/// A namespace, type or module of the reference, with its page.
fn spaces(catalog: &Catalog) -> Vec<&str> {
    let mut spaces: Vec<&str> = catalog
        .entries
        .iter()
        .map(|entry| entry.namespace.as_str())
        .collect();
    spaces.sort_unstable();
    spaces.dedup();
    spaces
}

/// All pages: index, chapters of the guide, and a page for each namespace, type and module.
pub fn pages(catalog: &Catalog) -> Vec<Page> {
    let (chapters, spaces) = (chapters(), spaces(catalog));
    let mut links = Links::default();
    for entry in &catalog.entries {
        links.add(&entry.qualified(), anchored(entry));
    }
    spaces
        .iter()
        .filter(|space| !space.is_empty())
        .for_each(|space| links.add(space, file_of(space)));
    let page = |file: &str, title: &str, body: &str| Page {
        file: file.into(),
        text: framed(file, title, body, &chapters, &spaces),
    };
    let mut out = vec![page(
        "index.html",
        "cistron",
        &first(&chapters, catalog, &spaces),
    )];
    out.extend(chapters.iter().enumerate().map(|(i, chapter)| {
        let next = chapters.get(i + 1).map_or(String::new(), |next| {
            format!(
                "<p>Next: <a href=\"guide-{}.html\">{}</a></p>",
                next.name,
                escaped(&next.title)
            )
        });
        page(
            &format!("guide-{}.html", chapter.name),
            &chapter.title,
            &(markdown::html(chapter.text, &links) + &next),
        )
    }));
    out.extend(spaces.iter().map(|space| {
        page(
            &file_of(space),
            title_of(space),
            &reference(catalog, space, &links),
        )
    }));
    let index = format!(
        "const INDEX = {};\n{SEARCH}",
        Value::Array(index(&chapters, catalog))
    );
    out.push(Page {
        file: "search.js".into(),
        text: index,
    });
    out.push(Page {
        file: "style.css".into(),
        text: STYLE.into(),
    });
    // for programs
    out.extend(chapters.iter().map(|chapter| Page {
        file: format!("guide-{}.md", chapter.name),
        text: chapter.text.into(),
    }));
    out.push(Page {
        file: "catalog.json".into(),
        text: catalogue::json(catalog).to_string(),
    });
    out.push(Page {
        file: "llms.txt".into(),
        text: catalogue::llms(&chapters, catalog, &spaces),
    });
    // figures of the guide, at the paths that its pages refer to
    let figures = GUIDE.dirs().flat_map(|folder| folder.files());
    out.extend(figures.filter_map(|file| {
        Some(Page {
            file: file.path().to_str()?.into(),
            text: file.contents_utf8()?.into(),
        })
    }));
    out
}

/// The index of the search.
fn index(chapters: &[Chapter], catalog: &Catalog) -> Vec<Value> {
    let mut out = Vec::new();
    for chapter in chapters {
        for (title, anchor, text) in markdown::sections(chapter.text) {
            let name = if title == chapter.title {
                title
            } else {
                format!("{}: {title}", chapter.title)
            };
            let page = format!("guide-{}.html#{anchor}", chapter.name);
            out.push(json!({
                "kind": "guide",
                "name": name,
                "page": page,
                "keys": "",
                "text": text,
            }));
        }
    }
    for entry in &catalog.entries {
        let keys: Vec<&str> = entry
            .options
            .iter()
            .flat_map(|options| options.iter().map(|option| option.name))
            .collect();
        out.push(json!({
            "kind": "reference",
            "name": entry.qualified(),
            "page": anchored(entry),
            "keys": keys.join(" "),
            "text": entry.summary(),
        }));
    }
    out
}

fn listed(file: &str, target: &str, title: &str) -> String {
    let here = if file == target {
        " class=\"on\" aria-current=\"page\""
    } else {
        ""
    };
    format!("<li><a{here} href=\"{target}\">{}</a></li>", escaped(title))
}

fn framed(file: &str, title: &str, body: &str, chapters: &[Chapter], spaces: &[&str]) -> String {
    let guide: String = chapters
        .iter()
        .map(|chapter| {
            listed(
                file,
                &format!("guide-{}.html", chapter.name),
                &chapter.title,
            )
        })
        .collect();
    let (modules, plain): (Vec<&str>, Vec<&str>) =
        spaces.iter().partition(|space| space.contains('/'));
    let of = |list: &[&str]| {
        list.iter()
            .map(|space| listed(file, &file_of(space), title_of(space)))
            .collect::<String>()
    };
    let title = if title == "cistron" {
        "cistron".to_string()
    } else {
        format!("{} · cistron", escaped(title))
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
        content=\"width=device-width\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"style.css\"><header><a class=\"home\" \
             href=\"index.html\">cistron</a><div id=\"find\" role=\"search\">\
         <input type=\"search\" role=\"combobox\" aria-autocomplete=\"list\" \
             placeholder=\"Search ( / )\" aria-label=\"Search guide and \
             reference\" aria-expanded=\"false\" aria-controls=\"found\" autocomplete=\"off\">\
         <ul id=\"found\" hidden></ul></div></header><div class=\"sides\"><nav \
             aria-label=\"Contents\"><button type=\"button\" \
             aria-expanded=\"false\">Contents</button>\
         <div class=\"list\"><h2>Guide</h2><ul>{guide}</ul><h2>Reference</h2><ul>{}</ul>\
         <h2>Standard library</h2><ul>{}</ul></div></nav>\
         <main>{body}</main></div><script src=\"search.js\"></script></html>\n",
        of(&plain),
        of(&modules)
    )
}

fn first(chapters: &[Chapter], catalog: &Catalog, spaces: &[&str]) -> String {
    let mut html = String::from(
        "<h1>cistron</h1><p>A scripting runtime for genomic deep learning.</p><h2>Guide</h2><ul>",
    );
    for chapter in chapters {
        // writing to a string cannot fail
        let _ = write!(
            html,
            "<li><a href=\"guide-{}.html\">{}</a></li>",
            chapter.name,
            escaped(&chapter.title)
        );
    }
    html += "</ul><h2>Reference</h2><div class=\"wide\"><table>";
    for space in spaces {
        let names = names_in(catalog, space);
        let some = names.iter().take(6).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 6 {
            format!(", … {} in all", names.len())
        } else {
            String::new()
        };
        let _ = write!(
            html,
            "<tr><td><a href=\"{}\">{}</a></td><td>{}{more}</td></tr>",
            file_of(space),
            escaped(title_of(space)),
            escaped(&some)
        );
    }
    html + "</table></div>"
}

/// The page of a namespace.
fn reference(catalog: &Catalog, space: &str, links: &Links) -> String {
    let entries = || {
        let all = catalog.entries.iter();
        all.filter(|entry| entry.namespace == space)
    };
    let mut html = format!(
        "<h1>{}</h1><div class=\"wide\"><table class=\"contents\">",
        escaped(title_of(space))
    );
    for entry in entries() {
        let id = escaped(&entry.qualified());
        let summary = markdown::entry_html(&first_sentence(&entry.summary()), links);
        let _ = write!(
            html,
            "<tr><td><a href=\"#{id}\"><code>{}</code></a><td>{summary}</tr>",
            escaped(&entry.name)
        );
    }
    html += "</table></div>";
    let mut seen = HashSet::new();
    for entry in entries() {
        let is_first = seen.insert(entry.qualified());
        html += &described(entry, links, is_first);
    }
    html
}

/// The first sentence of a paragraph.
fn first_sentence(text: &str) -> String {
    match text.find(". ") {
        Some(end) => text[..=end].to_string(),
        None => text.to_string(),
    }
}

fn described(entry: &Entry, links: &Links, is_first: bool) -> String {
    let id = escaped(&entry.qualified());
    // of several forms of a function, links lead to the first
    let mut html = match is_first {
        true => format!("<h2 class=\"entry\" id=\"{id}\">"),
        false => "<h2 class=\"entry\">".to_string(),
    };
    html += &escaped(&entry.signature());
    if is_first {
        let _ = write!(
            html,
            "<a class=\"here\" href=\"#{id}\" aria-label=\"link to {id}\">#</a>"
        );
    }
    html += "</h2>";
    html += &markdown::entry_html(&entry.docs, links);
    html += &table(
        "parameter",
        entry.documented().map(|param| Row {
            name: &param.name,
            takes: param.takes.clone(),
            default: param.default,
            meaning: &param.docs,
        }),
    );
    html += &table(
        "option",
        entry.options.unwrap_or_default().iter().map(|option| Row {
            name: option.name,
            takes: option.takes(),
            default: option.default,
            meaning: option.text,
        }),
    );
    html
}

/// A parameter or an option.
struct Row<'a> {
    name: &'a str,
    takes: String,
    default: &'a str,
    meaning: &'a str,
}

/// The parameters or options of a function as a table; empty where there are none.
fn table<'a>(head: &str, rows: impl Iterator<Item = Row<'a>>) -> String {
    let mut html = String::new();
    for row in rows {
        let default = match row.default {
            "" => String::new(),
            default => format!("<code>{}</code>", escaped(default)),
        };
        let _ = write!(
            html,
            "<tr><td><code>{}</code><td>{}<td>{default}<td>{}</tr>",
            row.name,
            escaped(&row.takes),
            escaped(row.meaning)
        );
    }
    match html.as_str() {
        "" => html,
        rows => format!(
            "<div class=\"wide\"><table><thead><tr><th>{head}<th>takes<th>default<th>meaning</tr>\
             </thead>{rows}</table></div>"
        ),
    }
}
