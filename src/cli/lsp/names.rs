//! Where names are defined and used, also in other scripts, and how they are renamed.

use super::Server;
use super::answers::Asked;
use super::text::{address_of, location, range_of};
use crate::base::file::{cache_folder, read_text, write_whole};
use crate::base::{Fault, Result, fault};
use crate::lang::highlight::WORDS;
use crate::lang::outline::{Outline, Sort, Symbol};
use crate::lang::{resolver, session};
use lsp_types::{Location, Range, TextEdit, Uri, WorkspaceEdit};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A script that another imports.
pub(super) struct Module {
    /// Its file; of a module of the standard library a copy of it.
    pub path: PathBuf,
    /// Its text, of an open document as it is there.
    pub text: String,
    /// Whether it belongs to the standard library.
    pub is_library: bool,
}

/// The folder of copies of the standard library, which an editor can open.
fn copies() -> PathBuf {
    let folder = format!("cistron/stdlib-{}", env!("CARGO_PKG_VERSION"));
    cache_folder().join(folder)
}

/// Whether the language lets scripts define a name: it reserves words that it has no use for.
fn can_be_defined(name: &str) -> bool {
    session::engine().is_ok_and(|engine| {
        let compiles = |text: String| engine.compile(text).is_ok();
        compiles(format!("let {name} = 1;")) && compiles(format!("fn {name}() {{ }}"))
    })
}

impl Server {
    /// The script that a path of an import means in a script.
    pub(super) fn module(&self, path: &str, importer: &str) -> Result<Module> {
        let (text, file) = resolver::find(path, importer)?;
        let is_library = path.starts_with("std/");
        let place = match (is_library, file.strip_prefix("std/")) {
            (true, Some(embedded)) => {
                let copy = copies().join(embedded);
                let is_same = std::fs::read(&copy).is_ok_and(|old| old == text.as_bytes());
                if !is_same {
                    write_whole(&copy, text.as_bytes())?;
                }
                copy
            }
            _ => std::path::absolute(&file).map_err(|error| Fault::file(&file, &error))?,
        };
        let open = self.texts.get(&place.display().to_string());
        Ok(Module {
            text: open.cloned().unwrap_or(text),
            path: place,
            is_library,
        })
    }

    /// What an imported script defines under a name for others: a function or an exported constant.
    pub(super) fn exported(
        &self,
        (alias, name): (&str, &str),
        outline: &Outline,
        importer: &str,
    ) -> Result<Option<(Symbol, Module)>> {
        let mut imports = outline
            .symbols
            .iter()
            .filter(|one| one.sort == Sort::Module);
        let Some(import) = imports.find(|one| one.name == alias) else {
            return Ok(None);
        };
        let module = self.module(&import.detail, importer)?;
        let symbols = Outline::of(&module.text).symbols.into_iter();
        let mut public = symbols.filter(|one| one.is_public(&module.text));
        Ok(public.find(|one| one.name == name).map(|one| (one, module)))
    }

    /// What an imported script defines that the name at a place means.
    pub(super) fn of_module(
        &self,
        alias: &str,
        outline: &Outline,
        asked: &Asked,
    ) -> Result<Option<(Symbol, Module)>> {
        match outline.word_at(asked.byte) {
            Some((name, ..)) => self.exported((alias, name), outline, &asked.path),
            None => Ok(None),
        }
    }

    /// Where the name at a place is defined; of the path of an import the script.
    pub(super) fn definition(&self, asked: &Asked) -> Result<Option<Location>> {
        let outline = Outline::of(asked.text);
        if let Some(symbol) = outline.definition(asked.byte) {
            return location(Path::new(&asked.path), asked.text, &symbol.at).map(Some);
        }
        let word = outline.word_at(asked.byte);
        if let Some((_, _, Some(alias))) = word {
            return match self.of_module(alias, &outline, asked)? {
                Some((symbol, module)) => {
                    location(&module.path, &module.text, &symbol.at).map(Some)
                }
                None => Ok(None),
            };
        }
        let mut imports = outline
            .symbols
            .iter()
            .filter(|one| one.sort == Sort::Module);
        match imports.find(|one| one.whole.contains(&asked.byte)) {
            Some(import) => {
                let module = self.module(&import.detail, &asked.path)?;
                location(&module.path, &module.text, &(0..0)).map(Some)
            }
            None => Ok(None),
        }
    }

    /// The script and the definition that the name at a place means.
    fn target(&self, asked: &Asked) -> Result<(PathBuf, String, Symbol)> {
        let outline = Outline::of(asked.text);
        if let Some(symbol) = outline.definition(asked.byte) {
            return Ok((
                asked.path.clone().into(),
                asked.text.to_string(),
                symbol.clone(),
            ));
        }
        if let Some((_, _, Some(alias))) = outline.word_at(asked.byte)
            && let Some((symbol, module)) = self.of_module(alias, &outline, asked)?
        {
            if module.is_library {
                return Err(fault!(
                    "usage",
                    "`{alias}::{}` belongs to the standard library",
                    symbol.name
                ));
            }
            return Ok((module.path, module.text, symbol));
        }
        Err(fault!("usage", "this is no name that a script defines"))
    }

    /// All uses of a definition: in its script, and of functions in the scripts of the same folder
    /// that import it.
    fn all_uses(
        &self,
        path: &Path,
        text: &str,
        symbol: &Symbol,
    ) -> Vec<(PathBuf, String, Vec<std::ops::Range<usize>>)> {
        let own = Outline::of(text).uses(symbol);
        let mut out = vec![(path.to_path_buf(), text.to_string(), own)];
        let folder = path.parent().filter(|_| symbol.sort == Sort::Function);
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
        let saved = entries.into_iter().flatten().flatten();
        let saved = saved.map(|entry| entry.path());
        // and those that are open, and not saved yet
        let open = self.texts.keys().map(PathBuf::from);
        let open = open.filter(|file| folder.is_some() && file.parent() == folder);
        let files = saved.chain(open);
        let mut files: Vec<PathBuf> = files.filter(|file| file != path).collect();
        files.sort();
        files.dedup();
        for file in files {
            if file.extension().is_none_or(|ending| ending != "rhai") {
                continue;
            }
            let name = file.display().to_string();
            let open = self.texts.get(&name).cloned();
            let Some(text) = open.or_else(|| read_text(&file).ok()) else {
                continue;
            };
            let outline = Outline::of(&text);
            let imports = outline
                .symbols
                .iter()
                .filter(|one| one.sort == Sort::Module);
            let is_of = |import: &&Symbol| {
                let module = self.module(&import.detail, &name);
                module.is_ok_and(|module| module.path == path)
            };
            let aliases: Vec<&str> = imports.filter(is_of).map(|one| one.name.as_str()).collect();
            let uses = outline.members(&aliases, &symbol.name);
            if !uses.is_empty() {
                out.push((file, text, uses));
            }
        }
        out
    }

    /// The places where the name at a place is used.
    pub(super) fn references(&self, asked: &Asked, with_definition: bool) -> Result<Vec<Location>> {
        let (path, text, symbol) = self.target(asked)?;
        let mut out = Vec::new();
        for (file, text, uses) in self.all_uses(&path, &text, &symbol) {
            let is_wanted =
                |at: &&std::ops::Range<usize>| with_definition || file != path || **at != symbol.at;
            for at in uses.iter().filter(is_wanted) {
                out.push(location(&file, &text, at)?);
            }
        }
        Ok(out)
    }

    /// The range of the name at a place, if it can be renamed.
    pub(super) fn renamed_at(&self, asked: &Asked) -> Result<Option<Range>> {
        self.target(asked)?;
        let outline = Outline::of(asked.text);
        Ok(outline
            .word_at(asked.byte)
            .map(|(_, at, _)| range_of(asked.text, &at)))
    }

    /// The changes that rename a definition. Fails where the new name is no name, and where another
    /// definition has it, so that the two would be taken for each other.
    pub(super) fn rename(&self, asked: &Asked, name: &str) -> Result<WorkspaceEdit> {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !WORDS.contains(&name)
            && name != "global"
            && can_be_defined(name);
        if !is_name {
            return Err(fault!(
                "usage",
                "`{name}` is no name: letters, digits and _, and no word of the language"
            ));
        }
        let (path, text, symbol) = self.target(asked)?;
        #[allow(clippy::mutable_key_type)] // the map of the protocol's types
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for (file, text, uses) in self.all_uses(&path, &text, &symbol) {
            let edits = uses
                .iter()
                .map(|at| TextEdit::new(range_of(&text, at), name.into()));
            changes.insert(address_of(&file)?, edits.collect());
            if file == path {
                check_apart(&text, &uses, &symbol, name)?;
            }
        }
        Ok(WorkspaceEdit::new(changes))
    }
}

/// Fails where a renamed definition would not have the same uses.
fn check_apart(
    text: &str,
    uses: &[std::ops::Range<usize>],
    symbol: &Symbol,
    name: &str,
) -> Result<()> {
    let mut renamed = String::with_capacity(text.len());
    let (mut last, mut places) = (0, Vec::new());
    let mut own = 0;
    for at in uses {
        renamed.push_str(&text[last..at.start]);
        if *at == symbol.at {
            own = renamed.len();
        }
        places.push(renamed.len());
        renamed.push_str(name);
        last = at.end;
    }
    renamed.push_str(&text[last..]);
    let outline = Outline::of(&renamed);
    let found = outline.definition(own).map(|symbol| outline.uses(symbol));
    let found: Vec<usize> = found.into_iter().flatten().map(|at| at.start).collect();
    match found == places {
        true => Ok(()),
        false => Err(fault!(
            "usage",
            "`{name}` is defined here too, and the two would be taken for each other";
            hint: "choose another name"
        )),
    }
}
