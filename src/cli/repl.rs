//! `cistron repl`: an interactive session in the terminal.

use super::arguments::SessionArguments;
use super::console::{self, Answer, Console};
use super::exit::{ERROR, fail};
use super::recall::{Arrow, Past};
use crate::base::written::cut;
use crate::base::{panic, screen};
use crate::bind::printing;
use crate::lang::catalog::Entry;
use crate::lang::interactive::{Interactive, is_open};
use crate::lang::{assist, diagnostics, highlight, session};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    CompletionType, Config, Context, Editor, EventHandler, Helper, KeyCode, KeyEvent, Modifiers,
};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::IsTerminal;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// Completion, hints, highlighting and detection of incomplete input.
struct Assistant {
    session: Rc<RefCell<Interactive>>,
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        if let Some(words) = console::completions(line, position) {
            return Ok((
                0,
                words
                    .map(|word| Pair {
                        display: word.into(),
                        replacement: word.into(),
                    })
                    .collect(),
            ));
        }
        let (catalog, session) = (session::catalog(), self.session.borrow());
        let (start, found) = assist::complete(&catalog, &*session, line, position);
        let wide = found.iter().map(|c| c.text.chars().count()).max();
        let is_explained = found.len() <= MAX_EXPLAINED;
        let columns = screen::columns().unwrap_or(80);
        let pair = |c: assist::Candidate| {
            let entry = assist::entry_at(&catalog, &*session, line, start, &c.text);
            let display = match entry.filter(|_| is_explained) {
                Some(entry) => {
                    let wide = wide.unwrap_or(0);
                    cut(
                        &format!("{:<wide$}  {}", c.text, in_a_line(&entry)),
                        columns - 2,
                    )
                }
                None if c.kind.is_empty() => c.text.clone(),
                None => format!("{}  ({})", c.text, c.kind),
            };
            Pair {
                display,
                replacement: c.text,
            }
        };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

/// The most completions that are listed with their signatures and the beginning of their help.
const MAX_EXPLAINED: usize = 20;

/// The arguments of a function, what it returns, and the first sentence of its help.
fn in_a_line(entry: &Entry) -> String {
    let signature = entry.signature();
    let arguments = signature.find('(').map_or("", |at| &signature[at..]);
    let summary = entry.summary();
    let sentence = summary
        .split_inclusive(". ")
        .next()
        .unwrap_or("")
        .trim_end();
    let arguments = arguments.replace(" -> ", " → ");
    if arguments.is_empty() {
        sentence.to_string()
    } else {
        format!("{arguments}  {sentence}")
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, position: usize, _: &Context) -> Option<String> {
        if position < line.len() || line.is_empty() {
            return None;
        }
        assist::signature(&session::catalog(), &*self.session.borrow(), line, position)
            .map(|text| format!("   {text}"))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let is_whole = text.starts_with('!')
            || console::is_command(text)
            || !panic::guarded(|| is_open(text)).unwrap_or(false);
        Ok(if is_whole {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        panic::guarded(|| highlight::ansi(line)).map_or(Cow::Borrowed(line), Cow::Owned)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[38;5;245m{hint}\x1b[0m"))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

/// Runs the command and returns its exit code.
pub fn repl(common: &SessionArguments) -> u8 {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(fault) => return fail(&fault, false),
    };
    common.start_torch();
    crate::bind::start(settings);
    let mut console = Console::new(common.seed, true);
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(false)
        .build();
    let Ok(mut editor) =
        Editor::<Assistant, rustyline::history::DefaultHistory>::with_config(config)
    else {
        return ERROR;
    };
    editor.set_helper(Some(Assistant {
        session: console.session.clone(),
    }));
    let history = super::history::file();
    if let Some(path) = &history {
        editor.load_history(path).ok();
    }
    let past = Arc::new(Mutex::new(Past::default()));
    let remember = |input: &str| {
        if let Ok(mut past) = past.lock() {
            past.add(input);
        }
    };
    editor.history().iter().for_each(|input| remember(input));
    for (key, is_up) in [(KeyCode::Up, true), (KeyCode::Down, false)] {
        let past = past.clone();
        let arrow = EventHandler::Conditional(Box::new(Arrow { past, is_up }));
        editor.bind_sequence(KeyEvent(key, Modifiers::NONE), arrow);
    }
    if std::io::stdin().is_terminal() {
        let device = crate::torch::Device::parse(&common.device).map_or("cpu".into(), |d| d.name());
        crate::outln!(
            "cistron {} on {device}. `?name` explains, Tab completes, `:help` lists commands, \
            Ctrl-D leaves.",
            env!("CARGO_PKG_VERSION")
        );
    }
    'lines: loop {
        match editor.readline("> ") {
            Ok(line) => {
                if !line.trim().is_empty() {
                    editor.add_history_entry(line.trim()).ok();
                    remember(line.trim());
                    // written at once, so that an abort of the program does not lose the history
                    if let Some(path) = &history {
                        editor.append_history(path).ok();
                    }
                }
                match console.turn(&line, "repl") {
                    Ok(answers) => {
                        for answer in answers {
                            match answer {
                                Answer::Text(text) if text.is_empty() => {}
                                Answer::Text(text) | Answer::Page(text) => crate::outln!("{text}"),
                                Answer::Value(value) if value.is_unit() => {}
                                Answer::Value(value) => crate::outln!(
                                    "{}",
                                    printing::text(&value, std::io::stdout().is_terminal())
                                ),
                                Answer::Quit => break 'lines,
                            }
                        }
                    }
                    Err(fault) => crate::base::say::error(&diagnostics::render(
                        &fault,
                        std::io::stderr().is_terminal(),
                    )),
                }
            }
            Err(ReadlineError::Interrupted) => crate::outln!("(Ctrl-D or :quit leaves)"),
            Err(_) => break,
        }
    }
    console.session.borrow_mut().reset();
    0
}
