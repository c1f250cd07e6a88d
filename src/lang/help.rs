//! The text of `help(…)`, `cistron help` and `?name`.

use super::catalog::{Catalog, Entry};
use super::native::Form;
use super::{session, stdlib, value::article};
use cistron_base::{Fault, Result, fault, near};

/// Of more entries, only one line each is shown.
const IN_FULL: usize = 3;
/// The most lines of a search.
const FOUND: usize = 20;

/// A list of parameters or options under a title; empty where there are none.
fn list(title: &str, rows: Vec<String>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("\n\n{title}\n{}", rows.join("\n"))
}

/// A parameter or an option: its type, its default, its documentation.
fn row(name: &str, takes: &str, default: &str, text: &str) -> String {
    let default = if default.is_empty() {
        String::new()
    } else {
        format!(" [{default}]")
    };
    format!("- `{name}`: {takes}{default}: {text}")
}

/// The documented parameters of a function as a list.
fn parameters(entry: &Entry) -> String {
    let rows = entry.documented().map(|param| {
        let docs: Vec<&str> = param.docs.lines().map(str::trim).collect();
        row(&param.name, &param.takes, param.default, &docs.join(" "))
    });
    list("Parameters", rows.collect())
}

/// The options of a function as a list.
fn options(entry: &Entry) -> String {
    let options = entry.options.unwrap_or_default().iter();
    let rows = options.map(|option| row(option.name, &option.takes(), option.default, option.text));
    list("Options", rows.collect())
}

fn in_full(entry: &Entry) -> String {
    format!(
        "{}\n\n{}{}{}",
        entry.signature(),
        entry.docs,
        parameters(entry),
        options(entry)
    )
}

fn in_a_line(entry: &Entry) -> String {
    format!("{}\n    {}", entry.signature(), entry.summary())
}

/// Entries in full, or one line each where they are many.
fn listed(entries: &[&Entry]) -> String {
    match entries.len() {
        n if n > IN_FULL => entries
            .iter()
            .map(|entry| in_a_line(entry))
            .collect::<Vec<_>>()
            .join("\n"),
        _ => entries
            .iter()
            .map(|entry| in_full(entry))
            .collect::<Vec<_>>()
            .join("\n\n"),
    }
}

/// Functions that return values of a type.
fn makers<'a>(catalog: &'a Catalog, kind: &str) -> Vec<&'a Entry> {
    let returns = |entry: &&Entry| {
        entry.form == Form::Function
            && !entry.is_script
            && match entry.return_type.as_str() {
                "" => entry.returns.split([',', ' ']).next() == Some(kind),
                known => known == kind,
            }
    };
    catalog.entries.iter().filter(returns).collect()
}

/// A type or a namespace: functions that return it, its methods, its functions.
fn of_type(catalog: &Catalog, word: &str) -> Option<String> {
    let members: Vec<&Entry> = catalog
        .entries
        .iter()
        .filter(|entry| entry.namespace == word)
        .collect();
    let is_type = session::types().iter().any(|info| info.name == word);
    if members.is_empty() && !is_type {
        return None;
    }
    let (functions, methods): (Vec<&Entry>, Vec<&Entry>) = members
        .into_iter()
        .partition(|entry| entry.form == Form::Function);
    let mut parts = Vec::new();
    let sources = makers(catalog, word);
    if is_type && !sources.is_empty() {
        let mut names: Vec<String> = sources.iter().map(|entry| entry.qualified()).collect();
        names.dedup();
        let more = names.len().saturating_sub(12);
        names.truncate(12);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        parts.push(format!(
            "{} is returned by {}{more}",
            article(word),
            names.join(", ")
        ));
    }
    if !methods.is_empty() {
        let head = format!(
            "methods and properties of {} ({})",
            article(word),
            methods.len()
        );
        parts.push(format!(
            "{head}\n{}",
            methods
                .iter()
                .map(|entry| in_a_line(entry))
                .collect::<Vec<_>>()
                .join("\n")
        ));
    }
    if !functions.is_empty() {
        let head = if functions.len() > IN_FULL {
            format!("functions of {word}:: ({})\n", functions.len())
        } else {
            String::new()
        };
        parts.push(format!("{head}{}", listed(&functions)));
    }
    if parts.is_empty() {
        parts.push(format!("`{word}` is a type without methods"));
    }
    Some(parts.join("\n\n"))
}

/// The entries of a name, in full or, where they are many, one line each; none for unknown names.
pub fn named(catalog: &Catalog, word: &str) -> Option<String> {
    let exact: Vec<&Entry> = catalog
        .entries
        .iter()
        .filter(|entry| entry.qualified() == word || entry.name == word)
        .collect();
    match (exact.is_empty(), of_type(catalog, word)) {
        (false, None) => Some(listed(&exact)),
        (true, members) => members,
        (false, Some(members)) => {
            let rows: Vec<String> = exact.iter().map(|entry| in_a_line(entry)).collect();
            Some(format!(
                "{members}\n\nalso called `{word}`\n{}",
                rows.join("\n")
            ))
        }
    }
}

/// The entries of a name, or the results of a search for it; fails where there are none.
pub fn text(catalog: &Catalog, word: &str) -> Result<String> {
    let word = word.trim().trim_end_matches("()").trim_end_matches("::");
    let (module, function) = word.split_once("::").unwrap_or((word, ""));
    if let Some(present) = module.strip_prefix("std/").and_then(stdlib::renamed) {
        let present = format!("std/{present}::{function}");
        let text = text(catalog, &present)?;
        return Ok(format!(
            "`{module}` is deprecated: it is now `{}`\n\n{text}",
            present.trim_end_matches("::")
        ));
    }
    match word {
        "" => Ok(short()),
        _ => match named(catalog, word) {
            Some(text) => Ok(text),
            // a qualified name is not searched for
            None if word.contains("::") || word.contains('.') => Err(unknown(catalog, word)),
            None => about(catalog, word),
        },
    }
}

/// The text of `?` alone.
pub fn short() -> String {
    "?nn::conv1d explains a function, ?tensor a type, ?nn a namespace; ?convolution \
    searches\nhelp() lists all namespaces and types; :help lists the commands"
        .into()
}

/// The fault of an unknown name, with the nearest name.
fn unknown(catalog: &Catalog, word: &str) -> Fault {
    let names: Vec<String> = catalog.entries.iter().map(Entry::qualified).collect();
    let bare = catalog.entries.iter().map(|entry| entry.name.as_str());
    let fault = fault!("name", "nothing is called `{word}`");
    match near::nearest(word, names.iter().map(String::as_str).chain(bare)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}

/// The results of a search for a word that is no name.
fn about(catalog: &Catalog, word: &str) -> Result<String> {
    let found = search(catalog, word);
    if found.is_empty() {
        return Err(unknown(catalog, word));
    }
    let near = unknown(catalog, word)
        .hint
        .clone()
        .map_or(String::new(), |hint| format!("; {hint}"));
    Ok(format!(
        "nothing is called `{word}`{near}\n\n{}",
        results(&found, word)
    ))
}

fn results(found: &[&Entry], word: &str) -> String {
    let rows: Vec<String> = found
        .iter()
        .take(FOUND)
        .map(|entry| in_a_line(entry))
        .collect();
    let more = if found.len() > FOUND {
        format!("\n… {} more", found.len() - FOUND)
    } else {
        String::new()
    };
    format!(
        "{} about `{word}`\n{}{more}",
        if found.len() == 1 {
            "one entry is".to_string()
        } else {
            format!("{} entries are", found.len())
        },
        rows.join("\n")
    )
}

/// Words that a search leaves out.
const STOP_WORDS: [&str; 12] = [
    "a", "an", "the", "of", "for", "to", "in", "on", "with", "and", "how", "i",
];

/// The words of a text, in small letters.
fn words_of(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !STOP_WORDS.contains(word))
        .map(str::to_string)
        .collect()
}

/// A word without its ending: `training` and `trains` are `train`.
fn stem(word: &str) -> String {
    let cut = match word.len() > 4 {
        true => {
            let short = word.trim_end_matches("ing").trim_end_matches('s').len();
            short.max(4)
        }
        false => word.len(),
    };
    word.chars().take(cut).collect()
}

/// A text that is searched.
struct Searched {
    text: String,
    words: Vec<String>,
}

impl Searched {
    fn new(text: &str) -> Searched {
        Searched {
            text: text.to_lowercase(),
            words: words_of(text),
        }
    }

    /// Whether it has a word that begins so; one of few letters has to be a word of its own.
    fn has(&self, stem: &str) -> bool {
        match stem.len() {
            0..=2 => self.words.iter().any(|word| word == stem),
            _ => self.text.contains(stem),
        }
    }

    /// Whether it has several words one after another.
    fn has_phrase(&self, stems: &[String]) -> bool {
        let fits = |(word, stem): (&String, &String)| match stem.len() {
            0..=2 => word == stem,
            _ => word.starts_with(stem.as_str()),
        };
        stems.len() > 1
            && self
                .words
                .windows(stems.len())
                .any(|part| part.iter().zip(stems).all(fits))
    }
}

/// The entries whose names or documentation contain all words of a text, the most relevant first:
/// exact names, then names, first sentences, and texts; those with the words one after another
/// before others.
pub fn search<'a>(catalog: &'a Catalog, text: &str) -> Vec<&'a Entry> {
    let stems: Vec<String> = words_of(text).iter().map(|word| stem(word)).collect();
    let weight = |entry: &Entry| -> Option<usize> {
        let (name, summary) = (
            Searched::new(&entry.qualified()),
            Searched::new(&entry.summary()),
        );
        let (docs, options) = (
            Searched::new(&(entry.docs.clone() + &parameters(entry))),
            Searched::new(&options(entry)),
        );
        let one = |word: &String| match () {
            () if entry.name.to_lowercase() == *word => Some(0),
            () if name.has(word) => Some(1),
            () if summary.has(word) => Some(2),
            () if docs.has(word) => Some(4),
            () if options.has(word) => Some(6),
            () => None,
        };
        let total: usize = stems.iter().map(one).sum::<Option<usize>>()?;
        let apart = match () {
            () if stems.len() < 2 => 0,
            () if name.has_phrase(&stems) || summary.has_phrase(&stems) => 0,
            () if docs.has_phrase(&stems) => 1,
            () => 4,
        };
        Some(total + apart + 3 * usize::from(entry.is_script))
    };
    let mut found: Vec<(usize, &Entry)> = catalog
        .entries
        .iter()
        .filter_map(|entry| Some((weight(entry)?, entry)))
        .collect();
    if stems.is_empty() {
        found.clear();
    }
    // of the same name, nn::conv1d is before tensor::conv1d
    found.sort_by_key(|(weight, entry)| (*weight, entry.is_script, entry.namespace.len()));
    found.dedup_by_key(|(_, entry)| entry.qualified());
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// The result of a search as text.
pub fn apropos(catalog: &Catalog, text: &str) -> Result<String> {
    if words_of(text).is_empty() {
        return Err(
            fault!("usage", "a search needs a word that is no article or preposition";
            hint: "`cistron help --search learning rate`"),
        );
    }
    let found = search(catalog, text);
    if found.is_empty() && text.trim().contains(' ') {
        return Err(fault!("name", "nothing is about `{}`", text.trim();
            hint: "search for fewer words"));
    }
    if found.is_empty() {
        Err(unknown(catalog, text))
    } else {
        Ok(results(&found, text))
    }
}

/// The namespaces and types, with their numbers of entries.
pub fn overview(catalog: &Catalog) -> String {
    let mut spaces: Vec<(&str, usize)> = Vec::new();
    for entry in &catalog.entries {
        match spaces.iter_mut().find(|(name, _)| *name == entry.namespace) {
            Some((_, n)) => *n += 1,
            None => spaces.push((&entry.namespace, 1)),
        }
    }
    let rows = spaces.iter().map(|(name, n)| {
        format!(
            "  {:<22} {n}",
            if name.is_empty() {
                "(everywhere)"
            } else {
                name
            }
        )
    });
    let head = "namespaces, types and modules, and how much each holds; `help NAME` shows one, \
        `help WORD` searches";
    format!("{head}\n{}", rows.collect::<Vec<_>>().join("\n"))
}
