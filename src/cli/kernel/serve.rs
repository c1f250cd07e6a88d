//! The kernel: requests of a notebook, answered one after the other.

use super::output::{Output, media};
use super::wire::{Request, Wire};
use crate::base::{Fault, Result, say};
use crate::bind::printing;
use crate::cli::arguments::SessionArguments;
use crate::cli::console::{self, Answer, Console};
use crate::cli::notebook::{LANGUAGE, Language};
use crate::lang::{assist, diagnostics, interactive, session};
use jupyter_protocol::{
    CodeMirrorMode, CommInfoReply, CompleteReply, ConnectionInfo, ErrorOutput, ExecuteInput,
    ExecuteReply, ExecuteRequest, ExecuteResult, ExecutionCount, ExpressionResult, HistoryEntry,
    HistoryReply, HistoryRequest, InspectReply, IsCompleteReply, JupyterMessage,
    JupyterMessageContent as Content, KernelInfoReply, LanguageInfo, Media, MediaType, Payload,
    ReplyError, ReplyStatus, Status, Transient,
};
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// The number of this session in histories: there is no other.
const SESSION: usize = 1;

/// A completed cell.
struct Kept {
    number: usize,
    input: String,
    output: String,
}

struct Kernel {
    console: Console,
    output: Rc<Output>,
    history: Vec<Kept>,
    count: usize,
    done: bool,
}

/// Serves until a shutdown request.
pub fn serve(connection: &Path, common: &SessionArguments) -> Result<()> {
    let text =
        std::fs::read_to_string(connection).map_err(|error| Fault::file(connection, &error))?;
    let broken = |error: serde_json::Error| {
        Fault::new(
            "data",
            format!("`{}` is no connection file: {error}", connection.display()),
        )
    };
    let info: ConnectionInfo = serde_json::from_str(&text).map_err(broken)?;
    // the terminal in which the server was started is not the notebook
    crate::base::screen::ignore();
    let mut settings = common.settings()?;
    settings.script_dir = std::env::current_dir().ok();
    common.start_torch();
    crate::bind::start(settings);
    let wire = Wire::open(info, about())?;
    let output = Output::new(wire.outbox.clone());
    let (shows, notes) = (output.clone(), output.clone());
    session::listen(Rc::new(move |what| shows.show(what)));
    say::listen(Some(Rc::new(move |note| notes.note(note))));
    let mut kernel = Kernel {
        console: Console::new(common.seed, false),
        output,
        history: Vec::new(),
        count: 0,
        done: false,
    };
    while !kernel.done {
        match wire.inbox.recv() {
            Ok(Request::Shell(message)) => {
                if kernel.answer(Rc::new(*message)) {
                    kernel.abort(&wire);
                }
            }
            Ok(Request::Shutdown) | Err(_) => break,
        }
    }
    say::listen(None);
    kernel.console.session.borrow_mut().reset();
    wire.close();
    Ok(())
}

/// The language, for notebooks.
fn language() -> LanguageInfo {
    LanguageInfo {
        name: LANGUAGE.name.into(),
        version: Language::VERSION.into(),
        mimetype: Some(LANGUAGE.mimetype.into()),
        file_extension: Some(LANGUAGE.file_extension.into()),
        pygments_lexer: Some(LANGUAGE.colors.into()),
        codemirror_mode: Some(CodeMirrorMode::Simple(LANGUAGE.colors.into())),
        nbconvert_exporter: None,
    }
}

fn about() -> KernelInfoReply {
    let version = env!("CARGO_PKG_VERSION").to_string();
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.3".into(),
        implementation: "cistron".into(),
        implementation_version: version.clone(),
        language_info: language(),
        banner: format!(
            "cistron {version}: genomic deep learning in scripts. `?name` explains, Tab \
            completes, `:help` lists commands."
        ),
        help_links: Vec::new(),
        debugger: false,
        error: None,
    }
}

/// The byte of a place that is counted in letters.
fn byte_of(text: &str, letters: usize) -> usize {
    text.char_indices()
        .nth(letters)
        .map_or(text.len(), |(at, _)| at)
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

fn plain(text: String) -> Media {
    Media::new(vec![MediaType::Plain(text)])
}

/// A fault as notebooks show it.
fn trace(fault: &Fault) -> ReplyError {
    let rendered = diagnostics::render(fault, true);
    ReplyError {
        ename: fault.kind.into(),
        evalue: fault.message.clone(),
        traceback: rendered.trim_end().lines().map(String::from).collect(),
    }
}

impl Kernel {
    /// Answers a request; whether those that wait behind it are to be dropped.
    fn answer(&mut self, message: Rc<JupyterMessage>) -> bool {
        let outbox = self.output.outbox.clone();
        outbox.publish(Status::busy().as_child_of(&message));
        self.output.parent.replace(Some(message.clone()));
        let mut failed = false;
        let reply: Option<Content> = match &message.content {
            Content::ExecuteRequest(request) => {
                let reply = self.execute(request, &message);
                failed = reply.status == ReplyStatus::Error && request.stop_on_error;
                Some(reply.into())
            }
            Content::KernelInfoRequest(_) => Some(about().into()),
            Content::CompleteRequest(request) => {
                Some(self.complete(&request.code, request.cursor_pos).into())
            }
            Content::InspectRequest(request) => {
                Some(self.inspect(&request.code, request.cursor_pos).into())
            }
            Content::IsCompleteRequest(request) => Some(self.is_complete(&request.code).into()),
            Content::HistoryRequest(request) => Some(self.past(request).into()),
            Content::CommInfoRequest(_) => Some(CommInfoReply::default().into()),
            _ => None,
        };
        if let Some(reply) = reply {
            outbox.reply(JupyterMessage::new(reply, Some(&message)));
        }
        self.output.parent.replace(None);
        outbox.publish(Status::idle().as_child_of(&message));
        failed
    }

    /// Drops the cells that were sent before one failed.
    fn abort(&mut self, wire: &Wire) {
        while let Ok(request) = wire.inbox.try_recv() {
            match request {
                Request::Shutdown => self.done = true,
                Request::Shell(message)
                    if matches!(message.content, Content::ExecuteRequest(_)) =>
                {
                    wire.outbox.publish(Status::busy().as_child_of(&message));
                    let reply = ExecuteReply {
                        status: ReplyStatus::Aborted,
                        execution_count: ExecutionCount::new(self.count),
                        ..ExecuteReply::default()
                    };
                    wire.outbox.reply(reply.as_child_of(&message));
                    wire.outbox.publish(Status::idle().as_child_of(&message));
                }
                Request::Shell(message) => drop(self.answer(Rc::new(*message))),
            }
        }
    }

    fn execute(&mut self, request: &ExecuteRequest, message: &JupyterMessage) -> ExecuteReply {
        let keeps = request.store_history && !request.silent;
        self.count += usize::from(keeps);
        let count = ExecutionCount::new(self.count);
        let publish = |content: JupyterMessage| {
            if !request.silent {
                self.output.outbox.publish(content);
            }
        };
        publish(
            ExecuteInput {
                code: request.code.clone(),
                execution_count: count,
            }
            .as_child_of(message),
        );
        let outcome = self
            .console
            .turn(&request.code, &format!("In[{}]", self.count));
        self.output.settle();
        let mut reply = ExecuteReply {
            execution_count: count,
            user_expressions: Some(HashMap::new()),
            ..ExecuteReply::default()
        };
        let mut output = String::new();
        match outcome {
            Ok(answers) => {
                for answer in answers {
                    match answer {
                        Answer::Value(value) if value.is_unit() => {}
                        Answer::Value(value) => {
                            if keeps {
                                output = printing::text(&value, false);
                            }
                            let result = ExecuteResult {
                                transient: Some(Transient::default()),
                                ..ExecuteResult::new(count, media(&value))
                            };
                            publish(result.as_child_of(message));
                        }
                        Answer::Text(text) => self.output.print(&text),
                        Answer::Page(text) => reply.payload.push(Payload::Page {
                            data: plain(text),
                            start: 0,
                        }),
                        Answer::Quit => {
                            reply.payload.push(Payload::AskExit { keepkernel: false });
                            self.done = true;
                        }
                    }
                }
                let asked = request.user_expressions.iter().flatten();
                reply.user_expressions = Some(
                    asked
                        .map(|(name, code)| (name.clone(), self.expression(code)))
                        .collect(),
                );
            }
            Err(fault) => {
                let trace = trace(&fault);
                publish(
                    ErrorOutput {
                        ename: trace.ename.clone(),
                        evalue: trace.evalue.clone(),
                        traceback: trace.traceback.clone(),
                    }
                    .as_child_of(message),
                );
                reply.status = ReplyStatus::Error;
                reply.error = Some(Box::new(trace));
            }
        }
        if keeps {
            self.history.push(Kept {
                number: self.count,
                input: request.code.clone(),
                output,
            });
        }
        reply
    }

    /// What a frontend asks to be evaluated beside a cell.
    fn expression(&self, code: &str) -> ExpressionResult {
        match self.console.run(code, "expression") {
            Ok(value) => ExpressionResult::Ok {
                data: media(&value),
                metadata: serde_json::Map::new(),
            },
            Err(fault) => {
                let ReplyError {
                    ename,
                    evalue,
                    traceback,
                } = trace(&fault);
                ExpressionResult::Error {
                    ename,
                    evalue,
                    traceback,
                }
            }
        }
    }

    fn complete(&self, code: &str, cursor: usize) -> CompleteReply {
        let at = byte_of(code, cursor);
        let (start, found) = match console::completions(code, at) {
            Some(words) => (
                0,
                words
                    .map(|word| assist::Candidate {
                        text: word.into(),
                        kind: "command".into(),
                    })
                    .collect(),
            ),
            None => assist::complete(
                &session::catalog(),
                &*self.console.session.borrow(),
                code,
                at,
            ),
        };
        let start = letters(&code[..start]);
        let types: Vec<_> = found
            .iter()
            .map(|word| {
                json!({ "start": start, "end": cursor, "text": word.text, "type": word.kind })
            })
            .collect();
        let metadata =
            serde_json::Map::from_iter([("_jupyter_types_experimental".to_string(), json!(types))]);
        CompleteReply {
            matches: found.into_iter().map(|word| word.text).collect(),
            cursor_start: start,
            cursor_end: cursor,
            metadata,
            ..CompleteReply::default()
        }
    }

    fn inspect(&self, code: &str, cursor: usize) -> InspectReply {
        let text = assist::about(
            &session::catalog(),
            &*self.console.session.borrow(),
            code,
            byte_of(code, cursor),
        );
        InspectReply {
            found: text.is_some(),
            data: text.map(plain).unwrap_or_default(),
            ..InspectReply::default()
        }
    }

    fn is_complete(&self, code: &str) -> IsCompleteReply {
        if console::is_command(code) {
            IsCompleteReply::complete()
        } else if interactive::is_open(code) {
            IsCompleteReply::incomplete("    ".repeat(interactive::depth(code)))
        } else if self.console.session.borrow().can_read(code) {
            IsCompleteReply::complete()
        } else {
            IsCompleteReply::invalid()
        }
    }

    fn past(&self, request: &HistoryRequest) -> HistoryReply {
        let most = |n: i32| usize::try_from(n).unwrap_or(0);
        let (found, output): (Vec<&Kept>, bool) = match request {
            HistoryRequest::Tail { n, output, .. } => (
                self.history[self.history.len().saturating_sub(most(*n))..]
                    .iter()
                    .collect(),
                *output,
            ),
            HistoryRequest::Range {
                session,
                start,
                stop,
                output,
                ..
            } => {
                // sessions before this one are counted back from it
                let ours = session.is_none_or(|session| session == 0 || session == SESSION as i32);
                (
                    self.history
                        .iter()
                        .filter(|cell| ours && (*start..*stop).contains(&(cell.number as i32)))
                        .collect(),
                    *output,
                )
            }
            HistoryRequest::Search {
                pattern,
                unique,
                output,
                n,
                ..
            } => {
                let mut found: Vec<&Kept> = self
                    .history
                    .iter()
                    .filter(|cell| is_like(&cell.input, pattern))
                    .collect();
                if *unique {
                    let latest = |i: usize, cell: &&Kept| {
                        !found[i + 1..].iter().any(|later| later.input == cell.input)
                    };
                    found = found
                        .iter()
                        .enumerate()
                        .filter(|(i, cell)| latest(*i, cell))
                        .map(|(_, cell)| *cell)
                        .collect();
                }
                // a search without a number returns all
                let first = if *n > 0 {
                    found.len().saturating_sub(most(*n))
                } else {
                    0
                };
                (found.split_off(first), *output)
            }
        };
        let entry = |cell: &&Kept| match output {
            true => HistoryEntry::InputOutput(
                SESSION,
                cell.number,
                (cell.input.clone(), cell.output.clone()),
            ),
            false => HistoryEntry::Input(SESSION, cell.number, cell.input.clone()),
        };
        HistoryReply::new(found.iter().map(entry).collect())
    }
}

/// Whether a text is like a pattern, in which `*` stands for any letters and `?` for one.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    // which beginnings of the text are like what was read of the pattern
    let mut like = vec![false; text.len() + 1];
    like[0] = true;
    for p in pattern {
        let before = like.clone();
        for i in 0..=text.len() {
            like[i] = match p {
                '*' => before[i] || (i > 0 && like[i - 1]),
                _ => i > 0 && before[i - 1] && (p == '?' || p == text[i - 1]),
            };
        }
    }
    like[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_histories() {
        for (text, pattern, is) in [
            ("let a = 1", "*a*", true),
            ("let a", "a*", false),
            ("abc", "a?c", true),
            ("", "*", true),
            ("ac", "a?c", false),
            ("é1", "?1", true),
        ] {
            assert_eq!(is_like(text, pattern), is, "{text} {pattern}");
        }
    }
}
