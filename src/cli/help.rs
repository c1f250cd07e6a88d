//! `cistron help`: the catalog in the terminal.

use super::ERROR;
use crate::lang::catalog::{Catalog, Entry};
use crate::lang::session;

/// Runs the command; the exit code.
pub fn help(name: Option<&str>) -> u8 {
    crate::bind::start(session::Settings { quiet: true, ..session::Settings::default() });
    let catalog = session::catalog();
    let Some(name) = name else {
        println!("{}", overview(&catalog));
        return 0;
    };
    let found = catalog.find(name);
    match found.as_slice() {
        [] => {
            let names: Vec<String> = catalog.entries.iter().map(Entry::qualified).collect();
            eprintln!("nothing is called `{name}`");
            if let Some(near) = crate::base::near::nearest(name, names.iter().map(String::as_str)) {
                eprintln!("  hint: did you mean `{near}`?");
            }
            return ERROR;
        }
        several if several.len() > 3 => several.iter().for_each(|entry| println!("{}\n    {}", entry.signature(), entry.summary())),
        few => few.iter().for_each(|entry| println!("{}\n\n{}{}\n", entry.signature(), entry.docs, options_text(entry))),
    }
    0
}

/// The options of a function as a list; empty where it takes none.
pub fn options_text(entry: &Entry) -> String {
    let Some(options) = entry.options else { return String::new() };
    let rows = options.iter().map(|option| {
        let default = if option.default.is_empty() { String::new() } else { format!(" [{}]", option.default) };
        format!("- `{}`: {}{default}: {}", option.name, option.takes(), option.text)
    });
    format!("\n\nOptions\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// The namespaces and types, with how much each holds.
pub fn overview(catalog: &Catalog) -> String {
    let mut spaces: Vec<(String, usize)> = Vec::new();
    for entry in &catalog.entries {
        match spaces.iter_mut().find(|(name, _)| *name == entry.namespace) {
            Some((_, n)) => *n += 1,
            None => spaces.push((entry.namespace.clone(), 1)),
        }
    }
    let rows = spaces.iter().map(|(name, n)| format!("  {:<22} {n}", if name.is_empty() { "(everywhere)" } else { name }));
    format!("namespaces, types and modules, and how much each holds; `help NAME` shows one\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// Prints the documentation of a name in the running session.
pub fn show(name: &str) {
    let catalog = session::catalog();
    let found = catalog.find(name);
    if found.is_empty() {
        println!("nothing is called `{name}`");
    }
    for entry in found {
        println!("{}\n\n{}{}\n", entry.signature(), entry.docs, options_text(entry));
    }
}
