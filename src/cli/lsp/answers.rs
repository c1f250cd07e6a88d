//! Completions, documentation, signatures, symbols and layouts.

use super::text::{byte_at, path_of, position_at, range_of};
use super::{Server, read};
use crate::base::{Result, fault};
use crate::lang::assist::{self, Candidate};
use crate::lang::catalog::Entry;
use crate::lang::known::Known;
use crate::lang::outline::{Outline, Sort, Symbol};
use crate::lang::{format, session};
use lsp_types::request::{
    Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    PrepareRenameRequest, References, Rename, Request, SignatureHelpRequest,
};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionParams, CompletionTextEdit,
    DocumentFormattingParams, DocumentSymbol, DocumentSymbolParams, Documentation,
    GotoDefinitionParams, Hover, HoverContents, HoverParams, MarkupContent, MarkupKind,
    ParameterInformation, ParameterLabel, Position, Range, ReferenceParams, RenameParams,
    SignatureHelp, SignatureHelpParams, SignatureInformation, SymbolKind, TextDocumentIdentifier,
    TextDocumentPositionParams, TextEdit,
};
use serde::Serialize;
use serde_json::Value;

/// A place in an open document.
pub(super) struct Asked<'a> {
    pub path: String,
    pub text: &'a str,
    pub byte: usize,
}

fn json(value: impl Serialize) -> Result<Option<Value>> {
    let value = serde_json::to_value(value);
    value.map(Some).map_err(|error| fault!("value", "{error}"))
}

/// Markdown for an editor.
fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}

/// The documentation of an entry.
fn about(entry: &Entry) -> String {
    let mut out = format!("```rhai\n{}\n```\n\n{}", entry.signature(), entry.docs);
    for parameter in entry.documented() {
        let docs = parameter.docs.replace('\n', " ");
        out.push_str(&format!("\n\n- `{}`: {docs}", parameter.name));
    }
    for option in entry.options.unwrap_or(&[]) {
        out.push_str(&format!("\n- `{}`: {}", option.name, option.takes()));
    }
    out
}

/// The head of a definition of a script.
fn head(symbol: &Symbol, kind: Option<String>) -> String {
    let name = &symbol.name;
    match (symbol.sort, kind) {
        (Sort::Function, _) => format!("fn {name}({})", symbol.detail),
        (Sort::Module, _) => format!("import \"{}\" as {name}", symbol.detail),
        (Sort::Constant, Some(kind)) => format!("const {name}: {kind}"),
        (Sort::Constant, None) => format!("const {name}"),
        (_, Some(kind)) => format!("{name}: {kind}"),
        (_, None) => name.clone(),
    }
}

/// Documentation with its headings as bold lines: editors show headings in letters of a page.
fn without_headings(text: &str) -> String {
    let mut is_code = false;
    let line = |line: &str| {
        is_code ^= line.starts_with("```");
        match line.strip_prefix("# ").filter(|_| !is_code) {
            Some(heading) => format!("**{heading}**"),
            None => line.to_string(),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

impl Server {
    /// The answer to a request; none where the method is not known.
    pub(super) fn answer(&self, method: &str, params: Value) -> Result<Option<Value>> {
        match method {
            Completion::METHOD => {
                let asked: CompletionParams = read(params)?;
                json(self.completions(&self.asked(asked.text_document_position)?))
            }
            HoverRequest::METHOD => {
                let asked: HoverParams = read(params)?;
                json(self.hover(&self.asked(asked.text_document_position_params)?))
            }
            SignatureHelpRequest::METHOD => {
                let asked: SignatureHelpParams = read(params)?;
                json(self.signature(&self.asked(asked.text_document_position_params)?))
            }
            GotoDefinition::METHOD => {
                let asked: GotoDefinitionParams = read(params)?;
                json(self.definition(&self.asked(asked.text_document_position_params)?)?)
            }
            References::METHOD => {
                let asked: ReferenceParams = read(params)?;
                let place = self.asked(asked.text_document_position)?;
                json(self.references(&place, asked.context.include_declaration)?)
            }
            PrepareRenameRequest::METHOD => {
                let asked: TextDocumentPositionParams = read(params)?;
                json(self.renamed_at(&self.asked(asked)?)?)
            }
            Rename::METHOD => {
                let asked: RenameParams = read(params)?;
                json(self.rename(&self.asked(asked.text_document_position)?, &asked.new_name)?)
            }
            DocumentSymbolRequest::METHOD => {
                let asked: DocumentSymbolParams = read(params)?;
                json(symbols(self.text(&asked.text_document)?.1))
            }
            Formatting::METHOD => {
                let asked: DocumentFormattingParams = read(params)?;
                json(self.layout(self.text(&asked.text_document)?.1)?)
            }
            _ => Ok(None),
        }
    }

    fn text(&self, document: &TextDocumentIdentifier) -> Result<(String, &str)> {
        let path = path_of(&document.uri)?;
        match self.texts.get(&path) {
            Some(text) => Ok((path, text)),
            None => Err(fault!("usage", "`{path}` is not open")),
        }
    }

    fn asked(&self, place: TextDocumentPositionParams) -> Result<Asked<'_>> {
        let (path, text) = self.text(&place.text_document)?;
        let byte = byte_at(text, place.position);
        Ok(Asked { path, text, byte })
    }

    fn completions(&self, asked: &Asked) -> Vec<CompletionItem> {
        let catalog = session::catalog();
        let outline = Outline::of(asked.text).seen_from(asked.byte);
        let (start, mut found) = assist::complete(&catalog, &outline, asked.text, asked.byte);
        // the entries of a namespace, or the functions of an imported script
        let space = asked.text[..start].strip_suffix("::").map(|head| {
            let word = head
                .rsplit(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next();
            outline.space_of(word.unwrap_or_default())
        });
        if let (Some(space), true) = (&space, found.is_empty())
            && let Ok(module) = self.module(space, &asked.path)
        {
            let typed = &asked.text[start..asked.byte];
            let symbols = Outline::of(&module.text).symbols.into_iter();
            let public =
                symbols.filter(|one| one.is_public(&module.text) && one.name.starts_with(typed));
            found.extend(public.map(|one| Candidate {
                kind: head(&one, None),
                text: one.name,
            }));
        }
        let is_member = asked.text[..start].ends_with('.');
        let range = Range {
            start: position_at(asked.text, start),
            end: position_at(asked.text, asked.byte),
        };
        let item = |one: Candidate| {
            let entry = space
                .as_ref()
                .and_then(|space| catalog.functions(space, &one.text).next());
            let is_called = entry.is_some() || one.kind == "function";
            CompletionItem {
                label: one.text.clone(),
                kind: Some(match one.kind.as_str() {
                    kind if is_called || kind.starts_with("fn ") => CompletionItemKind::FUNCTION,
                    kind if kind.starts_with("const") => CompletionItemKind::CONSTANT,
                    "namespace" | "module" => CompletionItemKind::MODULE,
                    "word" => CompletionItemKind::KEYWORD,
                    "file" => CompletionItemKind::FILE,
                    "folder" => CompletionItemKind::FOLDER,
                    _ if one.text.ends_with(": ") => CompletionItemKind::PROPERTY,
                    _ if is_member => CompletionItemKind::METHOD,
                    _ => CompletionItemKind::VARIABLE,
                }),
                detail: Some(entry.map_or(one.kind, |entry| entry.signature())),
                documentation: entry.map(|entry| Documentation::String(entry.summary())),
                text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, one.text))),
                ..CompletionItem::default()
            }
        };
        found.into_iter().map(item).collect()
    }

    fn hover(&self, asked: &Asked) -> Option<Hover> {
        let outline = Outline::of(asked.text);
        let catalog = session::catalog();
        let (_, at, module) = outline.word_at(asked.byte)?;
        let shown = match outline.definition(asked.byte) {
            Some(symbol) => {
                let kind = outline.type_of(symbol, &catalog);
                let kind = Some(kind).filter(|kind| !kind.is_empty());
                format!("```rhai\n{}\n```\n\n{}", head(symbol, kind), symbol.docs)
            }
            None => {
                let entry = assist::named_at(&catalog, &outline, asked.text, asked.byte);
                let own = || {
                    let (symbol, ..) = self.of_module(module?, &outline, asked).ok()??;
                    Some(format!(
                        "```rhai\n{}\n```\n\n{}",
                        head(&symbol, None),
                        symbol.docs
                    ))
                };
                entry.map(|entry| about(&entry)).or_else(own)?
            }
        };
        Some(Hover {
            contents: HoverContents::Markup(markdown(without_headings(shown.trim_end()))),
            range: Some(range_of(asked.text, &at)),
        })
    }

    fn signature(&self, asked: &Asked) -> Option<SignatureHelp> {
        let catalog = session::catalog();
        let outline = Outline::of(asked.text).seen_from(asked.byte);
        let (name, argument) = assist::call_at(asked.text, asked.byte)?;
        let (label, names, docs): (String, Vec<String>, String) =
            match assist::entry_of(&catalog, &outline, &name) {
                Some(entry) => {
                    let receiver = usize::from(entry.form == crate::lang::Form::Method);
                    let names = entry
                        .params
                        .iter()
                        .skip(receiver)
                        .map(|one| one.name.clone());
                    (entry.signature(), names.collect(), entry.summary())
                }
                None => {
                    let own = match name.rsplit_once("::") {
                        Some(path) => self.exported(path, &outline, &asked.path).ok()??.0,
                        None => outline.symbols.iter().find(|one| one.name == name)?.clone(),
                    };
                    if own.sort != Sort::Function {
                        return None;
                    }
                    let names: Vec<String> = own.detail.split(", ").map(String::from).collect();
                    (head(&own, None), names, own.docs)
                }
            };
        // behind the last one are the options
        let argument = argument.min(names.len());
        let parameters = names.iter().map(|name| ParameterInformation {
            label: ParameterLabel::Simple(name.clone()),
            documentation: None,
        });
        Some(SignatureHelp {
            signatures: vec![SignatureInformation {
                label,
                documentation: Some(Documentation::MarkupContent(markdown(docs))),
                parameters: Some(parameters.collect()),
                active_parameter: Some(argument as u32),
            }],
            active_signature: Some(0),
            active_parameter: Some(argument as u32),
        })
    }

    fn layout(&self, text: &str) -> Result<Vec<TextEdit>> {
        let next = format::format(&self.engine, text)?;
        if next == text {
            return Ok(Vec::new());
        }
        let range = Range {
            start: Position::default(),
            end: position_at(text, text.len()),
        };
        Ok(vec![TextEdit::new(range, next)])
    }
}

/// The definitions of a script: its functions, and what stands outside of them.
fn symbols(text: &str) -> Vec<DocumentSymbol> {
    let outline = Outline::of(text);
    let functions = outline
        .symbols
        .iter()
        .filter(|one| one.sort == Sort::Function);
    let bodies: Vec<_> = functions.map(|one| one.whole.clone()).collect();
    let is_shown = |one: &&Symbol| match one.sort {
        Sort::Function | Sort::Module | Sort::Constant => true,
        Sort::Parameter => false,
        // `let` alone: the whole definition begins with it
        Sort::Variable => {
            one.whole.start < one.at.start
                && !bodies.iter().any(|body| body.contains(&one.at.start))
        }
    };
    let shown = outline.symbols.iter().filter(is_shown);
    #[allow(deprecated)] // the field is part of the type
    let symbol = |one: &Symbol| DocumentSymbol {
        name: one.name.clone(),
        detail: Some(one.detail.clone()),
        kind: match one.sort {
            Sort::Function => SymbolKind::FUNCTION,
            Sort::Module => SymbolKind::MODULE,
            Sort::Constant => SymbolKind::CONSTANT,
            _ => SymbolKind::VARIABLE,
        },
        tags: None,
        deprecated: None,
        range: range_of(text, &one.whole),
        selection_range: range_of(text, &one.at),
        children: None,
    };
    shown.map(symbol).collect()
}
