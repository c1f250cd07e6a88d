//! The catalog in words: what `help(…)`, `cistron help` and `?name` show.

use super::catalog::{Catalog, Entry};
use crate::base::{Result, near};
use crate::fault;

/// Above this many entries only a line of each is shown.
const IN_FULL: usize = 3;

/// The options of a function as a list; empty where it takes none.
fn options(entry: &Entry) -> String {
    let Some(options) = entry.options else { return String::new() };
    let rows = options.iter().map(|option| {
        let default = if option.default.is_empty() { String::new() } else { format!(" [{}]", option.default) };
        format!("- `{}`: {}{default}: {}", option.name, option.takes(), option.text)
    });
    format!("\n\nOptions\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// What a word names, in full or, where it names much, a line each; fails with the nearest name where it names nothing.
pub fn text(catalog: &Catalog, word: &str) -> Result<String> {
    let found = catalog.find(word);
    if found.is_empty() {
        let names: Vec<String> = catalog.entries.iter().map(Entry::qualified).collect();
        let fault = fault!("name", "nothing is called `{word}`");
        return Err(match near::nearest(word, names.iter().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault,
        });
    }
    let shown = |entry: &&Entry| match found.len() {
        n if n > IN_FULL => format!("{}\n    {}", entry.signature(), entry.summary()),
        _ => format!("{}\n\n{}{}", entry.signature(), entry.docs, options(entry)),
    };
    Ok(found.iter().map(shown).collect::<Vec<_>>().join(if found.len() > IN_FULL { "\n" } else { "\n\n" }))
}

/// The namespaces and types, with how much each holds.
pub fn overview(catalog: &Catalog) -> String {
    let mut spaces: Vec<(&str, usize)> = Vec::new();
    for entry in &catalog.entries {
        match spaces.iter_mut().find(|(name, _)| *name == entry.namespace) {
            Some((_, n)) => *n += 1,
            None => spaces.push((&entry.namespace, 1)),
        }
    }
    let rows = spaces.iter().map(|(name, n)| format!("  {:<22} {n}", if name.is_empty() { "(everywhere)" } else { name }));
    format!("namespaces, types and modules, and how much each holds; `help NAME` shows one\n{}", rows.collect::<Vec<_>>().join("\n"))
}
