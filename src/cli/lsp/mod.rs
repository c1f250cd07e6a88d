//! `cistron lsp`: what editors ask about scripts, over the Language Server Protocol.

mod answers;
mod names;
mod text;
mod wire;

use super::check::engine_settings;
use super::exit::{ERROR, fail};
use crate::base::{Fault, Result, fault, panic, say};
use crate::lang::outline::{Outline, Sort, Symbol};
use crate::lang::{check, resolver, session};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Exit,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{Request as _, Shutdown};
use lsp_types::{
    CompletionOptions, Diagnostic, DiagnosticSeverity, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, HoverProviderCapability, OneOf,
    PublishDiagnosticsParams, RenameOptions, ServerCapabilities, SignatureHelpOptions,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, Uri,
};
use rhai::Engine;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

/// The open documents.
pub(super) struct Server {
    /// Texts by path.
    texts: BTreeMap<String, String>,
    /// Addresses by path, as the editor gave them.
    addresses: BTreeMap<String, Uri>,
    /// Paths whose faults are to be shown.
    changed: BTreeSet<String>,
    engine: Rc<Engine>,
}

/// What the server can do.
fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::FULL),
                save: Some(true.into()),
                ..TextDocumentSyncOptions::default()
            },
        )),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([":", ".", "\"", "/", "{", ","].map(String::from).into()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(["(", ","].map(String::from).into()),
            ..SignatureHelpOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        ..ServerCapabilities::default()
    }
}

/// A session for texts that are read, not run.
fn start_session() -> Rc<Engine> {
    crate::bind::start(engine_settings(Path::new("")))
}

/// Serves an editor on the standard input and output; returns the exit code.
pub fn lsp() -> u8 {
    // the output belongs to the protocol
    say::listen(Some(Rc::new(|_| {})));
    let (connection, wire) = wire::stdio();
    let done = serve(&connection);
    drop(connection);
    let ended = wire.join(done.is_ok()).map_err(broken);
    match done.and_then(|is_asked| ended.map(|()| is_asked)) {
        Err(fault) => fail(&fault, false),
        Ok(false) => ERROR,
        Ok(true) => 0,
    }
}

fn broken(error: impl std::fmt::Display) -> Fault {
    fault!("usage", "the editor's messages end: {error}";
        hint: "`cistron lsp` is started by an editor: see the guide, chapter 1")
}

/// Serves an editor until it ends the server; whether it asked for the end before.
fn serve(connection: &Connection) -> Result<bool> {
    let offered = serde_json::to_value(capabilities()).map_err(broken)?;
    connection.initialize(offered).map_err(broken)?;
    let mut server = Server {
        texts: BTreeMap::new(),
        addresses: BTreeMap::new(),
        changed: BTreeSet::new(),
        engine: start_session(),
    };
    let mut is_shut = false;
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                let response = match request.method.as_str() {
                    _ if is_shut => Response::new_err(
                        request.id,
                        ErrorCode::InvalidRequest as i32,
                        "the server is shut down: `exit` is expected".into(),
                    ),
                    Shutdown::METHOD => {
                        is_shut = true;
                        Response::new_ok(request.id, ())
                    }
                    _ => server.respond(request),
                };
                connection.sender.send(response.into()).map_err(broken)?;
            }
            Message::Notification(notification) if notification.method == Exit::METHOD => {
                return Ok(is_shut);
            }
            Message::Notification(notification) => server.note(notification),
            Message::Response(_) => {}
        }
        // while somebody types, only the last text is checked
        if connection.receiver.is_empty() {
            for found in server.faults() {
                let shown = Notification::new(PublishDiagnostics::METHOD.into(), found);
                connection.sender.send(shown.into()).map_err(broken)?;
            }
        }
    }
    // the editor has closed its end
    Ok(true)
}

/// The kind of a fault of parameters that are not those of their method.
const UNREADABLE: &str = "parameters";

/// The parameters of a message.
fn read<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Fault::new(UNREADABLE, error.to_string()))
}

impl Server {
    fn note(&mut self, notification: Notification) {
        // messages that cannot be read have no answer
        self.noted(notification).ok();
    }

    fn noted(&mut self, notification: Notification) -> Result<()> {
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let opened: DidOpenTextDocumentParams = read(notification.params)?;
                self.keep(opened.text_document.uri, opened.text_document.text)
            }
            DidChangeTextDocument::METHOD => {
                let changed: DidChangeTextDocumentParams = read(notification.params)?;
                let path = text::path_of(&changed.text_document.uri)?;
                let Some(mut whole) = self.texts.get(&path).cloned() else {
                    return Ok(());
                };
                for change in changed.content_changes {
                    match change.range {
                        Some(range) => {
                            let start = text::byte_at(&whole, range.start);
                            let end = text::byte_at(&whole, range.end).max(start);
                            whole.replace_range(start..end, &change.text);
                        }
                        None => whole = change.text,
                    }
                }
                self.keep(changed.text_document.uri, whole)
            }
            DidSaveTextDocument::METHOD => {
                // modules are read once in a session
                self.engine = start_session();
                self.changed.extend(self.texts.keys().cloned());
                Ok(())
            }
            DidCloseTextDocument::METHOD => {
                let closed: DidCloseTextDocumentParams = read(notification.params)?;
                let path = text::path_of(&closed.text_document.uri)?;
                self.texts.remove(&path);
                self.changed.insert(path);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn keep(&mut self, address: Uri, text: String) -> Result<()> {
        let path = text::path_of(&address)?;
        self.addresses.insert(path.clone(), address);
        self.texts.insert(path.clone(), text);
        self.changed.insert(path);
        Ok(())
    }

    /// The faults of the documents that changed; of closed documents none.
    fn faults(&mut self) -> Vec<PublishDiagnosticsParams> {
        let mut out = Vec::new();
        for path in std::mem::take(&mut self.changed) {
            let faults = match self.texts.get(&path) {
                Some(text) => panic::guarded(|| self.faults_of(&path, text)).unwrap_or_default(),
                None => Vec::new(),
            };
            if let Some(address) = self.addresses.get(&path) {
                out.push(PublishDiagnosticsParams::new(address.clone(), faults, None));
            }
        }
        out
    }

    fn faults_of(&self, path: &str, text: &str) -> Vec<Diagnostic> {
        let folder = Path::new(path).parent().map(Path::to_path_buf);
        session::set_settings(|settings| settings.script_dir = folder);
        let _unit = session::enter(path);
        let found = match check::compile(&self.engine, text, path) {
            Ok(ast) => check::check(&ast, &session::catalog(), path),
            Err(fault) => vec![fault],
        };
        let own = found.iter().map(|fault| diagnostic(fault, path, text));
        own.chain(self.faults_of_imports(path, text)).collect()
    }

    /// The faults of scripts that a script imports, where the import is.
    fn faults_of_imports(&self, path: &str, text: &str) -> Vec<Diagnostic> {
        let symbols = Outline::of(text).symbols.into_iter();
        let imports = symbols.filter(|one| one.sort == Sort::Module);
        let of_one = |import: Symbol| {
            let fault = match resolver::find(&import.detail, path) {
                Ok(_) if import.detail.starts_with("std/") => return None,
                Ok((text, file)) => check::compile(&self.engine, &text, &file).err()?,
                Err(fault) => fault,
            };
            Some(Diagnostic {
                range: text::range_of(text, &import.whole),
                ..diagnostic(&fault, path, text)
            })
        };
        imports.filter_map(of_one).collect()
    }

    fn respond(&self, request: Request) -> Response {
        let id = request.id.clone();
        let answer = panic::guarded(|| self.answer(&request.method, request.params));
        match answer {
            Ok(Ok(Some(value))) => Response::new_ok(id, value),
            Ok(Ok(None)) => Response::new_err(
                id,
                ErrorCode::MethodNotFound as i32,
                format!("`{}` is not known", request.method),
            ),
            Ok(Err(fault)) => {
                let message = match &fault.hint {
                    Some(hint) => format!("{}; {hint}", fault.message),
                    None => fault.message.clone(),
                };
                let code = match fault.kind {
                    UNREADABLE => ErrorCode::InvalidParams,
                    _ => ErrorCode::RequestFailed,
                };
                Response::new_err(id, code as i32, message)
            }
            Err(_) => {
                let message = format!("`{}` failed: {}", request.method, panic::last());
                Response::new_err(id, ErrorCode::InternalError as i32, message)
            }
        }
    }
}

/// A fault in an editor. One in a file that is imported is shown where the import is.
fn diagnostic(fault: &Fault, path: &str, text: &str) -> Diagnostic {
    let own = |file: &str| file == path;
    let places = fault.trace.iter().map(|frame| &frame.at);
    let mut places = fault.at.iter().chain(places);
    let place = places.find(|place| own(&place.file));
    let mut message = fault.message.clone();
    if let Some(at) = fault.at.as_ref().filter(|at| !own(&at.file)) {
        message = format!("{at}: {message}");
    }
    if let Some(hint) = &fault.hint {
        message = format!("{message}\n{hint}");
    }
    let (line, column) = place.map_or((1, 1), |place| (place.line, place.column));
    Diagnostic {
        range: text::range_of_fault(text, line, column),
        severity: Some(DiagnosticSeverity::ERROR),
        code: Some(lsp_types::NumberOrString::String(fault.kind.into())),
        source: Some("cistron".into()),
        message,
        ..Diagnostic::default()
    }
}
