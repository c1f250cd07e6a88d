//! Imports between the files of a crate, read from the sources.
//!
//! A file imports another where its code names an item of it, by `use` or by a path. A re-export is
//! no import: it leads to the file that declares the item.

use crate::files_below;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// The path of a module below the root of its crate, such as `["bind", "nn", "layers"]`.
pub type Module = Vec<String>;

/// Modules with those that they import.
pub type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// An item of a `use` declaration.
struct Use {
    is_public: bool,
    path: Vec<String>,
    alias: String,
}

/// A file of a crate.
pub struct File {
    /// The path of the file.
    pub path: PathBuf,
    uses: Vec<Use>,
    /// The code without comments, strings, tests and `use` declarations.
    tokens: Vec<String>,
    items: HashSet<String>,
    children: HashSet<String>,
}

/// The files of a crate by module.
pub struct Crate(pub BTreeMap<Module, File>);

/// The code of a source: comments, tests and the contents of strings left out.
pub fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or("");
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if letter == '"' {
            out.push_str("\"\"");
            closing_quote(rest)
        } else if rest.starts_with("r\"")
            || rest.starts_with("r#") && rest[2..].starts_with(['"', '#'])
        {
            let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
            let close = format!("\"{}", "#".repeat(hashes));
            let start = 2 + hashes;
            out.push_str("\"\"");
            rest[start..]
                .find(&close)
                .map_or(rest.len(), |at| start + at + close.len())
        } else if letter == '\'' {
            out.push(' ');
            character(rest)
        } else if letter.is_alphanumeric() || letter == '_' {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let word = &rest[..word.unwrap_or(rest.len())];
            out.push_str(word);
            word.len()
        } else {
            out.push(letter);
            letter.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}

/// The length of a string literal at the start of a text.
fn closing_quote(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal or of the quote of a lifetime at the start of a text.
fn character(text: &str) -> usize {
    let letters: Vec<(usize, char)> = text.char_indices().take(12).collect();
    match letters.get(1..) {
        Some([(_, '\\'), _, rest @ ..]) => rest
            .iter()
            .find(|(_, letter)| *letter == '\'')
            .map_or(1, |(at, _)| at + 1),
        Some([_, (at, '\''), ..]) => at + 1,
        _ => 1,
    }
}

/// Words and signs of code; `::` is one sign.
fn tokens(code: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = code;
    while let Some(letter) = rest.chars().next() {
        let length = if letter.is_alphanumeric() || letter == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            letter.len_utf8()
        };
        if !letter.is_whitespace() {
            out.push(rest[..length].to_string());
        }
        rest = &rest[length..];
    }
    out
}

/// The items of a tree of `use`, which ends before a `,`, `}` or `;`; returns what follows.
fn tree<'a>(
    mut rest: &'a [String],
    prefix: &[String],
    is_public: bool,
    out: &mut Vec<Use>,
) -> &'a [String] {
    let mut path = prefix.to_vec();
    while let Some((token, tail)) = rest.split_first() {
        match token.as_str() {
            "::" => rest = tail,
            "{" => {
                rest = tail;
                while !rest.is_empty() && rest[0] != "}" {
                    rest = tree(rest, &path, is_public, out);
                    if rest.first().is_some_and(|token| token == ",") {
                        rest = &rest[1..];
                    }
                }
                return rest.get(1..).unwrap_or_default();
            }
            "," | "}" | ";" => break,
            "as" => {
                let alias = tail.first().cloned().unwrap_or_default();
                out.push(Use {
                    is_public,
                    path,
                    alias,
                });
                return tail.get(1..).unwrap_or_default();
            }
            word => {
                path.push(word.to_string());
                rest = tail;
            }
        }
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let alias = path.last().cloned().unwrap_or_default();
    out.push(Use {
        is_public,
        path,
        alias,
    });
    rest
}

impl File {
    fn read(path: PathBuf) -> File {
        let text = std::fs::read_to_string(&path).expect("a source");
        let all = tokens(&code(&text));
        let (mut uses, mut tokens) = (Vec::new(), Vec::new());
        let mut rest = all.as_slice();
        while let Some((token, tail)) = rest.split_first() {
            if token == "use" {
                let is_public = match tokens.last().map(String::as_str) {
                    Some("pub") => true,
                    Some(")") => tokens.len() > 3 && tokens[tokens.len() - 4] == "pub",
                    _ => false,
                };
                rest = tree(tail, &[], is_public, &mut uses);
            } else if token == "mod" && tail.get(1).is_some_and(|token| token == ";") {
                rest = &tail[2..];
            } else {
                tokens.push(token.clone());
                rest = tail;
            }
        }
        const DECLARE: [&str; 8] = [
            "fn", "struct", "enum", "trait", "type", "const", "static", "union",
        ];
        let mut items: HashSet<String> = tokens
            .windows(2)
            .filter(|pair| DECLARE.contains(&pair[0].as_str()))
            .map(|pair| pair[1].clone())
            .collect();
        let macros = tokens.windows(3).filter(|three| three[0] == "macro_rules");
        items.extend(macros.map(|three| three[2].clone()));
        File {
            path,
            uses,
            tokens,
            items,
            children: HashSet::new(),
        }
    }

    /// The paths that the code names outside of `use`, such as `crate::base::file::read`.
    fn paths(&self) -> Vec<Vec<String>> {
        let is_word = |token: &String| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let is_inner = at > 0 && self.tokens[at - 1] == "::";
            if !is_word(&self.tokens[at]) || is_inner {
                at += 1;
                continue;
            }
            let mut path = vec![self.tokens[at].clone()];
            at += 1;
            while at + 1 < self.tokens.len()
                && self.tokens[at] == "::"
                && is_word(&self.tokens[at + 1])
            {
                path.push(self.tokens[at + 1].clone());
                at += 2;
            }
            if path.len() > 1 {
                out.push(path);
            }
        }
        out
    }
}

impl Crate {
    /// Reads the files below a folder, except for those of folders that are crates themselves.
    pub fn read(folder: &Path) -> Crate {
        let mut files = BTreeMap::new();
        for path in files_below(folder, "rs") {
            let relative = path.strip_prefix(folder).expect("below the folder");
            let mut module: Module = relative
                .iter()
                .map(|part| part.to_string_lossy().into_owned())
                .collect();
            let is_apart = module.len() > 1 && folder.join(&module[0]).join("Cargo.toml").exists();
            let name = module.pop().expect("a name");
            match name.as_str() {
                _ if is_apart => continue,
                "main.rs" | "build.rs" => continue,
                "mod.rs" | "lib.rs" => {}
                name => module.push(name.trim_end_matches(".rs").to_string()),
            }
            files.insert(module, File::read(path));
        }
        let modules: Vec<Module> = files.keys().cloned().collect();
        for module in &modules {
            let Some((name, parent)) = module.split_last() else {
                continue;
            };
            if let Some(file) = files.get_mut(parent) {
                file.children.insert(name.clone());
            }
        }
        Crate(files)
    }

    /// The module at which a path of a file starts, and the rest of the path.
    fn start<'a>(&self, module: &Module, path: &'a [String]) -> Option<(Module, &'a [String])> {
        let first = path.first()?.as_str();
        match first {
            "crate" => Some((Vec::new(), &path[1..])),
            "self" => Some((module.clone(), &path[1..])),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let parent = module[..module.len().checked_sub(ups)?].to_vec();
                Some((parent, &path[ups..]))
            }
            child if self.0[module].children.contains(child) => Some((module.clone(), path)),
            _ => None,
        }
    }

    /// The file that declares what a path names, if it is one of the crate.
    fn owner(&self, module: Module, path: &[String], depth: usize) -> Option<Module> {
        let file = self.0.get(&module)?;
        let Some((part, rest)) = path.split_first().filter(|_| depth < 12) else {
            return Some(module);
        };
        if file.children.contains(part) {
            let child = [module, vec![part.clone()]].concat();
            return self.owner(child, rest, depth + 1);
        }
        if file.items.contains(part) {
            return Some(module);
        }
        if let Some(found) = file.uses.iter().find(|own| own.alias == *part) {
            let (from, path) = self.start(&module, &found.path)?;
            let target = self.owner(from, path, depth + 1)?;
            return self.owner(target, rest, depth + 1);
        }
        let globs = file
            .uses
            .iter()
            .filter(|own| own.is_public && own.alias == "*");
        for glob in globs {
            let (from, path) = self.start(&module, &glob.path[..glob.path.len() - 1])?;
            let target = self.owner(from, path, depth + 1)?;
            if self.0[&target].items.contains(part) {
                return Some(target);
            }
        }
        Some(module)
    }

    /// Whether a path of a file names a module.
    fn is_module(&self, module: &Module, path: &[String]) -> bool {
        let start = self.start(module, path);
        start.is_some_and(|(from, rest)| self.0.contains_key(&[from, rest.to_vec()].concat()))
    }

    /// Which file imports which. Of a module that is imported, its items are used.
    pub fn imports(&self) -> Graph {
        let mut graph = Graph::new();
        for (module, file) in &self.0 {
            let named = file.paths();
            let mut paths = Vec::new();
            for own in &file.uses {
                let items = named.iter().filter(|path| path[0] == own.alias);
                let items = items.map(|path| [&own.path, &path[1..]].concat());
                let items: Vec<Vec<String>> = items.collect();
                let is_used = !own.is_public || file.tokens.contains(&own.alias);
                if !items.is_empty() && self.is_module(module, &own.path) {
                    paths.extend(items);
                } else if is_used {
                    let is_glob = own.alias == "*";
                    paths.push(own.path[..own.path.len() - usize::from(is_glob)].to_vec());
                }
            }
            paths.extend(named);
            let owners = paths.iter().filter_map(|path| {
                let (from, rest) = self.start(module, path)?;
                self.owner(from, rest, 0)
            });
            graph.insert(
                module.clone(),
                owners.filter(|owner| owner != module).collect(),
            );
        }
        graph
    }
}

/// The groups of modules that import each other, directly or through others.
pub fn cycles(graph: &Graph) -> Vec<Vec<Module>> {
    let reached = |from: &Module| {
        let mut found: BTreeSet<&Module> = BTreeSet::new();
        let mut waiting: Vec<&Module> = graph[from].iter().collect();
        while let Some(module) = waiting.pop() {
            if found.insert(module) {
                waiting.extend(&graph[module]);
            }
        }
        found
    };
    let all: BTreeMap<&Module, BTreeSet<&Module>> = graph
        .keys()
        .map(|module| (module, reached(module)))
        .collect();
    let mut groups: BTreeSet<Vec<Module>> = BTreeSet::new();
    for (module, found) in &all {
        let group: Vec<Module> = found
            .iter()
            .filter(|other| all[*other].contains(module))
            .map(|other| (*other).clone())
            .collect();
        if group.len() > 1 {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

#[test]
fn strings_comments_and_tests_are_no_code() {
    let text =
        "let a = \"use b; \\\" c\"; // use d\nlet e = 'x'; fn f<'a>() {}\n#[cfg(test)]\nuse g;";
    assert_eq!(
        tokens(&code(text)).join(" "),
        "let a = \" \" ; let e = ; fn f < a > ( ) { }"
    );
}

#[test]
fn imports_lead_to_the_file_that_declares_an_item() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    };
    write(
        "lib.rs",
        "pub mod a; pub mod b; pub mod c; pub use a::Thing;",
    );
    write("a.rs", "pub struct Thing; fn f() { crate::b::g(); }");
    write("b/mod.rs", "mod d; pub use d::g;");
    write("b/d.rs", "use crate::{Thing, c}; pub fn g() {}");
    write("c.rs", "// crate::a\npub fn h() {}");
    let module = |name: &str| -> Module { name.split("::").map(String::from).collect() };
    let graph = Crate::read(folder).imports();
    assert_eq!(graph[&module("a")], [module("b::d")].into());
    assert_eq!(graph[&module("b::d")], [module("a"), module("c")].into());
    assert_eq!(graph[&Module::new()], [].into());
    assert_eq!(cycles(&graph), [vec![module("a"), module("b::d")]]);
}
