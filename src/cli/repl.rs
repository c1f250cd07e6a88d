//! `cistron repl`: exploring, a line at a time.

use super::{Common, ERROR, fail};
use crate::base::interrupt;
use crate::lang::{diagnostics, engine, help, session, show};
use rhai::Scope;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, Helper, Highlighter, Hinter};
use std::io::IsTerminal;
use std::path::PathBuf;

#[derive(Helper, Highlighter, Hinter)]
struct Assistant {
    words: Vec<String>,
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, position: usize, _: &Context) -> rustyline::Result<(usize, Vec<String>)> {
        let start = line[..position].rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).map_or(0, |at| at + 1);
        let word = &line[start..position];
        if word.is_empty() {
            return Ok((start, Vec::new()));
        }
        Ok((start, self.words.iter().filter(|known| known.starts_with(word)).cloned().collect()))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        Ok(if is_open(context.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// Whether brackets are still open.
fn is_open(text: &str) -> bool {
    let (mut depth, mut quote) = (0i32, None::<char>);
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                letters.next();
            }
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '`') => quote = Some(c),
            (None, '/') if letters.peek() == Some(&'/') => {
                for skipped in letters.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    depth > 0 || quote == Some('`')
}

/// Runs the command; the exit code.
pub fn repl(common: &Common) -> u8 {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(fault) => return fail(&fault, false),
    };
    common.start_torch();
    crate::bind::start(settings);
    let mut words: Vec<String> = session::catalog()
        .entries
        .iter()
        .filter(|entry| !entry.is_script)
        .map(|entry| if entry.form == crate::lang::Form::Function { entry.qualified() } else { entry.name.clone() })
        .collect();
    words.sort();
    words.dedup();
    let Ok(mut editor) = Editor::<Assistant, rustyline::history::DefaultHistory>::new() else { return ERROR };
    editor.set_helper(Some(Assistant { words }));
    let history = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cistron_history"));
    if let Some(path) = &history {
        editor.load_history(path).ok();
    }
    if std::io::stdin().is_terminal() {
        println!(
            "cistron {} on {}. `?name` explains, `:scope` lists variables, `:time EXPR` measures, `:quit` leaves.",
            env!("CARGO_PKG_VERSION"),
            crate::torch::Device::parse(&common.device).map_or("cpu".into(), |d| d.name())
        );
    }
    let mut scope = Scope::new();
    let mut kept = String::new();
    loop {
        match editor.readline("> ") {
            Ok(line) => {
                editor.add_history_entry(line.as_str()).ok();
                if !turn(line.trim(), &mut scope, &mut kept) {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => println!("(Ctrl-D or :quit leaves)"),
            Err(_) => break,
        }
    }
    if let Some(path) = &history {
        editor.save_history(path).ok();
    }
    engine::release(&mut scope);
    0
}

/// Functions and imports of a line that later lines need again.
fn keep(line: &str, kept: &mut String) {
    if line.starts_with("fn ") || line.starts_with("import ") || line.starts_with("const ") {
        kept.push_str(line);
        kept.push('\n');
    }
}

/// One line; false where it is the last.
fn turn(line: &str, scope: &mut Scope, kept: &mut String) -> bool {
    interrupt::clear();
    match line.split_once(' ').unwrap_or((line, "")) {
        ("", _) => {}
        (":quit" | ":q" | "exit", _) => return false,
        (":scope", _) => scope.iter().for_each(|(name, _, value)| println!("{name} = {}", show::quoted(&value))),
        (":time", rest) => {
            let started = std::time::Instant::now();
            evaluate(rest, scope, kept);
            println!("{:.3} s", started.elapsed().as_secs_f64());
        }
        _ if line.starts_with('?') => match help::text(&session::catalog(), line.trim_start_matches('?').trim()) {
            Ok(text) => println!("{text}"),
            Err(fault) => eprint!("{}", diagnostics::render(&fault, std::io::stderr().is_terminal())),
        },
        _ => evaluate(line, scope, kept),
    }
    true
}

fn evaluate(line: &str, scope: &mut Scope, kept: &mut String) {
    // definitions of earlier lines stand on one line before, so that places in errors stay those of this line
    let before = kept.replace('\n', " ");
    match engine::run(&format!("{before}\n{line}"), "repl", scope) {
        Ok(value) => {
            keep(line, kept);
            if !value.is_unit() {
                println!("{}", show::pretty(&value));
            }
        }
        Err(mut fault) => {
            session::remember_source("repl", line);
            if let Some(at) = &mut fault.at {
                at.line = at.line.saturating_sub(1);
            }
            eprint!("{}", diagnostics::render(&fault, std::io::stderr().is_terminal()));
        }
    }
}
