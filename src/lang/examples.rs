//! The examples inside documentation, run as tests.

use super::{diagnostics, engine, session};
use rhai::Scope;

/// A fenced block of a document.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its code.
    pub code: String,
    /// Whether it is expected to fail.
    pub fails: bool,
    /// The line of the document on which the code begins, from 1.
    pub line: usize,
}

/// The ```` ```rhai ```` and ```` ```rhai,fails ```` blocks of a text; ```` ```rhai,norun ```` ones
/// are shown, not run.
pub fn extract(text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if let Some(example) = &mut open {
            if trimmed == "```" {
                examples.extend(open.take());
            } else {
                example.code.push_str(line);
                example.code.push('\n');
            }
        } else if trimmed == "```rhai" || trimmed == "```rhai,fails" {
            open = Some(Example {
                code: String::new(),
                fails: trimmed.ends_with("fails"),
                line: number + 2,
            });
        } else if trimmed.starts_with("```") && trimmed.len() > 3 {
            open = None;
        }
    }
    examples
}

/// The messages that `//~` comments expect, with their lines.
pub fn expected(code: &str) -> Vec<(usize, String)> {
    code.lines()
        .enumerate()
        .filter_map(|(number, line)| {
            line.split_once("//~")
                .map(|(_, text)| (number + 1, text.trim().to_string()))
        })
        .collect()
}

/// Runs an example in the running session; returns what is wrong, if anything.
pub fn check(example: &Example, name: &str) -> Option<String> {
    let mut scope = Scope::new();
    session::capture();
    let outcome = engine::run(&example.code, name, &mut scope);
    engine::release(&mut scope);
    session::captured();
    match (outcome, example.fails) {
        (Ok(_), false) => None,
        (Ok(_), true) => Some("it was expected to fail, and did not".into()),
        (Err(fault), false) => Some(diagnostics::render(&fault, false)),
        (Err(fault), true) => {
            let message = fault.to_string();
            let expected = expected(&example.code);
            if expected.is_empty() {
                return Some(format!(
                    "an example that fails must state its message with `//~ {}`",
                    fault.message
                ));
            }
            expected
                .iter()
                .find(|(_, text)| !message.contains(text.as_str()))
                .map(|(_, text)| format!("expected `{text}`, got `{message}`"))
        }
    }
}
