//! Completions, signatures and documentation while a text is typed, from the catalog and the
//! definitions of the session.

use super::catalog::{Catalog, Entry};
use super::help;
use super::highlight::WORDS;
use super::known::Known;
use super::native::Form;
use super::scan;
use cistron_base::panic;

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The inserted text.
    pub text: String,
    /// Its kind, in a word or two.
    pub kind: String,
}

/// The context of the cursor.
#[derive(Debug, PartialEq)]
enum Context {
    /// A string that began at a byte.
    Text(usize),
    /// A key of the options of a call, with the existing keys.
    Key(String, Vec<String>),
    /// A comment, or a letter in quotes.
    Silent,
    /// Anything else; the innermost call and the number of arguments in front of the cursor.
    Plain(Option<(String, usize)>),
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name before a bracket: `nn::conv1d`, `.reshape`.
fn name_before(text: &str) -> String {
    let trimmed = text.trim_end();
    let start = trimmed
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_word(*c) || *c == ':' || *c == '.')
        .last()
        .map_or(trimmed.len(), |(at, _)| at);
    trimmed[start..].to_string()
}

struct Open {
    bracket: char,
    name: String,
    commas: usize,
    keys: Vec<String>,
    /// The start of the key around the cursor; none in a value.
    key: Option<usize>,
}

fn context(text: &str) -> Context {
    let scanned = scan::scan(text);
    if let Some(('"' | '`', start)) = scanned.quote {
        return Context::Text(start);
    }
    if scanned.quote.is_some() || scanned.is_comment || in_line_comment(text) {
        return Context::Silent;
    }
    let mut open: Vec<Open> = Vec::new();
    for (at, c) in scanned.code {
        match c {
            '(' | '[' | '{' => {
                let is_map = c == '{' && text[..at].ends_with('#');
                let (bracket, key) = if is_map {
                    ('#', Some(at + 1))
                } else {
                    (c, None)
                };
                open.push(Open {
                    bracket,
                    name: name_before(&text[..at]),
                    commas: 0,
                    keys: Vec::new(),
                    key,
                });
            }
            ')' | ']' | '}' => drop(open.pop()),
            ',' => {
                if let Some(last) = open.last_mut() {
                    last.commas += 1;
                    last.key = (last.bracket == '#').then_some(at + 1);
                }
            }
            ':' => {
                if let Some(last) = open.last_mut()
                    && let Some(start) = last.key.take()
                {
                    last.keys
                        .push(text[start..at].trim().trim_matches('"').to_string());
                }
            }
            _ => {}
        }
    }
    let call = |open: &[Open]| {
        let last = open
            .last()
            .filter(|last| last.bracket == '(' && !last.name.is_empty())?;
        Some((last.name.clone(), last.commas))
    };
    match open.split_last() {
        Some((last, around)) if last.bracket == '#' => match call(around) {
            Some((name, _)) if last.key.is_some() => Context::Key(name, last.keys.clone()),
            Some(_) if last.key.is_none() => Context::Plain(call(around)),
            _ => Context::Plain(None),
        },
        _ => Context::Plain(call(&open)),
    }
}

/// Whether a text ends in a line comment.
fn in_line_comment(text: &str) -> bool {
    let line = &text[text.rfind('\n').map_or(0, |at| at + 1)..];
    // a letter appended to the comment is not code
    line.contains("//")
        && scan::scan(&format!("{text}x"))
            .code
            .last()
            .is_none_or(|(at, _)| *at < text.len())
}

/// The last word of a text.
fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_word(*c))
        .last();
    &text[start.map_or(text.len(), |(at, _)| at)..]
}

/// The entries of a called name: `nn::conv1d`, `net.forward`, or one of an imported module.
fn called<'a>(catalog: &'a Catalog, session: &dyn Known, name: &'a str) -> Vec<&'a Entry> {
    if let Some((space, function)) = name.rsplit_once("::") {
        let space = session.space_of(space);
        return catalog
            .entries
            .iter()
            .filter(|e| e.form == Form::Function && e.namespace == space && e.name == function)
            .collect();
    }
    match name.rsplit_once('.') {
        Some((owner, method)) => {
            let kind = session.kind_of(owner);
            let all: Vec<&Entry> = catalog.methods(method).collect();
            let exact: Vec<&Entry> = all
                .iter()
                .copied()
                .filter(|e| kind.as_deref() == Some(e.namespace.as_str()))
                .collect();
            if exact.is_empty() { all } else { exact }
        }
        None => catalog
            .entries
            .iter()
            .filter(|e| e.form == Form::Function && e.namespace.is_empty() && e.name == name)
            .collect(),
    }
}

/// Paths of files that start with a text.
fn files(started: &str) -> Vec<Candidate> {
    let (folder, head) = started
        .rsplit_once('/')
        .map_or(("", started), |(folder, head)| (folder, head));
    let listed = std::fs::read_dir(if folder.is_empty() {
        if started.starts_with('/') { "/" } else { "." }
    } else {
        folder
    });
    let mut out: Vec<Candidate> = listed
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.path().is_dir();
            let full = if started.contains('/') {
                format!("{folder}/{name}")
            } else {
                name.clone()
            };
            let fits = name.starts_with(head) && (!name.starts_with('.') || head.starts_with('.'));
            fits.then(|| Candidate {
                text: if is_folder { full + "/" } else { full },
                kind: if is_folder { "folder" } else { "file" }.into(),
            })
        })
        .collect();
    out.sort();
    out
}

/// Returns the default where the function panics: completion must not end a session.
fn or_nothing<T: Default>(f: impl FnOnce() -> T) -> T {
    panic::guarded(f).unwrap_or_default()
}

/// The completions at a cursor (in bytes), and the start of the text that they replace.
pub fn complete(
    catalog: &Catalog,
    session: &dyn Known,
    text: &str,
    cursor: usize,
) -> (usize, Vec<Candidate>) {
    let found = or_nothing(|| Some(candidates(catalog, session, text, cursor)));
    found.unwrap_or((cursor, Vec::new()))
}

fn candidates(
    catalog: &Catalog,
    session: &dyn Known,
    text: &str,
    cursor: usize,
) -> (usize, Vec<Candidate>) {
    let before = &text[..cursor];
    let word = last_word(before);
    let start = before.len() - word.len();
    let context = context(before);
    if let Context::Text(began) = context {
        let modules = before[..began]
            .trim_end_matches('"')
            .trim_end()
            .ends_with("import");
        let given = &before[began..];
        if modules && ("std/".starts_with(given) || given.starts_with("std/")) {
            let paths = catalog
                .entries
                .iter()
                .filter(|e| e.is_script && e.namespace.starts_with(given))
                .map(|e| e.namespace.clone());
            let mut out: Vec<Candidate> = paths
                .map(|text| Candidate {
                    text,
                    kind: "module".into(),
                })
                .collect();
            out.sort();
            out.dedup();
            return (began, out);
        }
        return (began, files(given));
    }
    let named = |name: &str, kind: &str| Candidate {
        text: name.to_string(),
        kind: kind.to_string(),
    };
    let mut out: Vec<Candidate> = Vec::new();
    if context == Context::Silent {
        return (start, out);
    }
    if let Context::Key(function, there) = &context {
        let options = called(catalog, session, function)
            .into_iter()
            .find_map(|entry| entry.options)
            .unwrap_or(&[]);
        out.extend(
            options
                .iter()
                .filter(|o| o.name.starts_with(word) && !there.iter().any(|key| key == o.name))
                .map(|o| named(&format!("{}: ", o.name), &o.takes())),
        );
        return (start, out);
    }
    let head = &before[..start];
    if let Some(space) = head.strip_suffix("::") {
        let space = session.space_of(last_word(space));
        let fits = |e: &&Entry| {
            e.form == Form::Function && e.namespace == space && e.name.starts_with(word)
        };
        out.extend(
            catalog
                .entries
                .iter()
                .filter(fits)
                .map(|e| named(&e.name, &e.returns)),
        );
    } else if let Some(owner) = head.strip_suffix('.') {
        let kind = session.kind_of(last_word(owner));
        let fits = |e: &&Entry| {
            matches!(e.form, Form::Method | Form::Property)
                && e.name.starts_with(word)
                && kind.as_ref().is_none_or(|kind| *kind == e.namespace)
        };
        out.extend(
            catalog
                .entries
                .iter()
                .filter(fits)
                .map(|e| named(&e.name, &e.returns)),
        );
    } else {
        out.extend(
            session
                .variables()
                .iter()
                .filter(|v| v.name.starts_with(word))
                .map(|v| named(&v.name, &v.kind)),
        );
        out.extend(
            session
                .functions()
                .iter()
                .filter(|name| name.starts_with(word))
                .map(|name| named(name, "function")),
        );
        out.extend(
            session
                .modules()
                .iter()
                .filter(|(name, _)| name.starts_with(word))
                .map(|(name, path)| named(&format!("{name}::"), path)),
        );
        out.extend(
            catalog
                .namespaces()
                .filter(|name| name.starts_with(word))
                .map(|name| named(&format!("{name}::"), "namespace")),
        );
        let plain = |e: &&Entry| {
            e.form == Form::Function && e.namespace.is_empty() && e.name.starts_with(word)
        };
        out.extend(
            catalog
                .entries
                .iter()
                .filter(plain)
                .map(|e| named(&e.name, &e.returns)),
        );
        if !word.is_empty() {
            out.extend(
                WORDS
                    .iter()
                    .filter(|known| known.starts_with(word))
                    .map(|known| named(known, "word")),
            );
        }
    }
    out.sort();
    out.dedup_by(|a, b| a.text == b.text);
    (start, out)
}

/// The signature of the innermost call around a cursor.
pub fn signature(
    catalog: &Catalog,
    session: &dyn Known,
    text: &str,
    cursor: usize,
) -> Option<String> {
    or_nothing(|| signature_at(catalog, session, text, cursor))
}

fn signature_at(
    catalog: &Catalog,
    session: &dyn Known,
    text: &str,
    cursor: usize,
) -> Option<String> {
    let (name, _) = call_at(text, cursor)?;
    entry_of(catalog, session, &name).map(|entry| entry.signature())
}

/// The name of the innermost call around a cursor, and the arguments before the cursor.
pub fn call_at(text: &str, cursor: usize) -> Option<(String, usize)> {
    match context(&text[..cursor]) {
        Context::Plain(Some(call)) => Some(call),
        // options are the last argument
        Context::Key(name, _) => Some((name, usize::MAX)),
        _ => None,
    }
}

/// The first entry of a called name: `nn::conv1d`, `net.forward`, or one of an imported module.
pub fn entry_of(catalog: &Catalog, session: &dyn Known, name: &str) -> Option<Entry> {
    called(catalog, session, name).first().copied().cloned()
}

/// The entry of a completion, which replaces the text from a byte on.
pub fn entry_at(
    catalog: &Catalog,
    session: &dyn Known,
    text: &str,
    start: usize,
    completion: &str,
) -> Option<Entry> {
    let owner = text[..start]
        .ends_with([':', '.'])
        .then(|| name_before(&text[..start]));
    let name = owner.unwrap_or_default() + completion;
    or_nothing(|| entry_of(catalog, session, &name))
}

/// The entry of the name at a cursor.
pub fn named_at(
    catalog: &Catalog,
    session: &dyn Known,
    text: &str,
    cursor: usize,
) -> Option<Entry> {
    entry_of(catalog, session, &word_at(text, cursor))
}

/// Documentation of the word at a cursor: a variable, a function, else the call around it.
pub fn about(catalog: &Catalog, session: &dyn Known, text: &str, cursor: usize) -> Option<String> {
    or_nothing(|| about_at(catalog, session, text, cursor))
}

fn about_at(catalog: &Catalog, session: &dyn Known, text: &str, cursor: usize) -> Option<String> {
    let word = word_at(text, cursor);
    if let Some(variable) = session
        .variables()
        .into_iter()
        .find(|variable| variable.name == word)
    {
        let name = variable.name;
        let shown = match (variable.kind.as_str(), variable.value.as_str()) {
            ("", _) => name,
            (kind, "") => format!("{name}: {kind}"),
            (kind, value) => format!("{name}: {kind}\n\n{value}"),
        };
        return Some(shown);
    }
    let named = match word.rsplit_once("::") {
        Some((space, name)) => format!("{}::{name}", session.space_of(space)),
        None => called(catalog, session, &word)
            .first()
            .map_or(word.clone(), |entry| entry.qualified()),
    };
    let around = || match context(&text[..cursor]) {
        Context::Key(name, _) | Context::Plain(Some((name, _))) => called(catalog, session, &name)
            .first()
            .map(|entry| entry.qualified()),
        _ => None,
    };
    let known = |name: &str| {
        if name.is_empty() {
            None
        } else {
            help::named(catalog, name)
        }
    };
    known(&named).or_else(|| known(&around()?))
}

/// The word at a cursor, with its namespace or receiver.
fn word_at(text: &str, cursor: usize) -> String {
    let is = |c: char| is_word(c) || c == ':' || c == '.';
    let start = text[..cursor]
        .char_indices()
        .rev()
        .take_while(|(_, c)| is(*c))
        .last()
        .map_or(cursor, |(at, _)| at);
    let end = text[cursor..]
        .char_indices()
        .take_while(|(_, c)| is_word(*c) || *c == ':')
        .last()
        .map_or(cursor, |(at, c)| cursor + at + c.len_utf8());
    text[start..end].trim_matches([':', '.']).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_knows_where_it_stands() {
        assert_eq!(
            context("nn::conv1d(8, 3, #{ str"),
            Context::Key("nn::conv1d".into(), vec![])
        );
        assert_eq!(
            context("nn::conv1d(8, 3, #{ stride: 2, pa"),
            Context::Key("nn::conv1d".into(), vec!["stride".into()])
        );
        assert_eq!(
            context("nn::conv1d(8, 3, #{ stride: x"),
            Context::Plain(Some(("nn::conv1d".into(), 2)))
        );
        assert_eq!(context("data::fasta(\"a/b"), Context::Text(13));
        assert_eq!(
            context("f(g(1, 2), "),
            Context::Plain(Some(("f".into(), 1)))
        );
        assert_eq!(context("let a = #{ x: 1, "), Context::Plain(None));
        assert_eq!(context("// f(\n"), Context::Plain(None));
        assert_eq!(context("f(1, // g("), Context::Silent);
        assert_eq!(context("/* nn::con"), Context::Silent);
        assert_eq!(
            context("train::fit(net, #{ loss: loss:"),
            Context::Plain(Some(("train::fit".into(), 1)))
        );
        assert_eq!(
            context("train::fit(net, #{ loss: loss::m"),
            Context::Plain(Some(("train::fit".into(), 1)))
        );
        assert_eq!(
            context("train::fit(net, #{ loss: loss::mse(), b"),
            Context::Key("train::fit".into(), vec!["loss".into()])
        );
        assert_eq!(
            context("f(`a ${nn::conv1d(8, "),
            Context::Plain(Some(("nn::conv1d".into(), 1)))
        );
        assert_eq!(word_at("nn::conv1d(8)", 6), "nn::conv1d");
    }
}
