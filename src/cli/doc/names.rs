//! The names of pages and of places in them.

use crate::lang::catalog::{Catalog, Entry};

/// A chapter of the guide.
pub struct Chapter {
    /// Its file name without number and extension.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its text, Markdown.
    pub text: &'static str,
}

/// The title of a namespace's page.
pub fn title_of(space: &str) -> &str {
    if space.is_empty() {
        "everywhere"
    } else {
        space
    }
}

/// The file of a namespace's page.
pub fn file_of(space: &str) -> String {
    format!("reference-{}.html", title_of(space).replace('/', "-"))
}

/// Where an entry is described.
pub fn anchored(entry: &Entry) -> String {
    format!("{}#{}", file_of(&entry.namespace), entry.qualified())
}

/// The names of the entries of a namespace, type or module.
pub fn names_in<'c>(catalog: &'c Catalog, space: &str) -> Vec<&'c str> {
    let entries = catalog.entries.iter();
    let own = entries.filter(|entry| entry.namespace == space);
    own.map(|entry| entry.name.as_str()).collect()
}
