//! Commands of the shell and the editor, from an interactive session.

use crate::base::{Fault, Result};
use std::process::{Command, ExitStatus, Stdio};

fn cannot(what: &str, error: &std::io::Error) -> Fault {
    Fault::new("file", format!("`{what}` cannot be started: {error}"))
}

/// Runs a command of the shell. On a terminal it has the terminal, otherwise its output is
/// returned.
pub fn run(command: &str, has_terminal: bool) -> Result<String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    let (mut printed, status) = if has_terminal {
        (
            String::new(),
            shell.status().map_err(|error| cannot("sh", &error))?,
        )
    } else {
        let output = shell.stdin(Stdio::null()).output();
        let output = output.map_err(|error| cannot("sh", &error))?;
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8_lossy(&text).into_owned(), output.status)
    };
    crate::base::interrupt::clear();
    printed.truncate(printed.trim_end().len());
    if let Some(how) = failure(status) {
        printed = if printed.is_empty() {
            how
        } else {
            format!("{printed}\n{how}")
        };
    }
    Ok(printed)
}

/// How a command failed.
fn failure(status: ExitStatus) -> Option<String> {
    (!status.success()).then(|| match status.code() {
        Some(code) => format!("(exit code {code})"),
        None => "(ended by a signal)".into(),
    })
}

/// A text after it was edited; none where the editor saved nothing.
pub fn edited(text: &str) -> Result<Option<String>> {
    let named = |name| {
        std::env::var(name)
            .ok()
            .filter(|value: &String| !value.trim().is_empty())
    };
    let editor = named("VISUAL")
        .or_else(|| named("EDITOR"))
        .unwrap_or_else(|| "vi".into());
    let folder = tempfile::tempdir().map_err(|error| Fault::file(std::env::temp_dir(), &error))?;
    let path = folder.path().join("input.rhai");
    let text = if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    };
    std::fs::write(&path, &text).map_err(|error| Fault::file(&path, &error))?;
    let saved = || {
        std::fs::metadata(&path)
            .and_then(|about| about.modified())
            .ok()
    };
    // an editor that saves within the resolution of the clock changes the text
    let before = saved();
    // the shell takes the editor's options apart
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(&path);
    let status = shell.status().map_err(|error| cannot(&editor, &error))?;
    if let Some(how) = failure(status) {
        let fault = Fault::new("file", format!("the editor `{editor}` failed {how}"));
        return Err(fault.hint("set VISUAL or EDITOR to an editor of the terminal"));
    }
    let edited = std::fs::read_to_string(&path).map_err(|error| Fault::file(&path, &error))?;
    Ok((edited != text || saved() != before).then_some(edited))
}
