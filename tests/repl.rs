//! The REPL on a pseudo-terminal, as a person types.

use rexpect::session::{PtySession, spawn_command};
use std::path::Path;
use std::process::Command;

/// Starts it with a home of its own.
fn start(home: &Path) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command
        .arg("repl")
        .env("HOME", home)
        .env("TERM", "xterm-256color")
        .current_dir(home);
    let mut session = spawn_command(command, Some(120_000)).expect("the program starts");
    session.exp_string("leaves.").expect("a greeting");
    session
}

/// What the line editor sends when it begins to read: what was typed before is lost.
const READS: &str = "\u{1b}[?2004h";

fn types(session: &mut PtySession, line: &str, wanted: &str) {
    session.exp_string(READS).expect("a prompt");
    session.send(line).expect("typed");
    session.send("\r").expect("typed");
    session.flush().expect("typed");
    session
        .exp_string(wanted)
        .unwrap_or_else(|error| panic!("`{line}` must give `{wanted}`: {error}"));
}

#[test]
fn the_repl_completes_hints_goes_on_and_is_interrupted() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = start(home.path());
    let session = &mut session;
    types(session, "let t = tensor::ones([2, 3])", "\n");
    types(session, "t.sum() + 35.5", "41.5");
    // definitions over several lines, and one that fails further down
    types(session, "fn twice(x) {\r2 * x }", "\n");
    types(session, "twice(21)", "42");
    types(
        session,
        "fn thrice(x) { 3 * x } throw \"further down\"",
        "further down",
    );
    types(session, "thrice(5)", "15");
    types(session, "import \"std/layers/fm\" as fm", "\n");
    types(
        session,
        "nn::build(fm::layer(1, 4), [8]).parameter_count",
        "41\r\n",
    );
    // places are those of what was typed, whatever was imported before
    types(session, "let n = 1; nn::conv1d(8)", "repl:1:16");
    // the signature is shown while typing; a tab completes an option's key
    session.exp_string(READS).expect("a prompt");
    session.send("nn::conv1d(8, ").expect("typed");
    session.flush().expect("typed");
    session
        .exp_string("filters: integer")
        .expect("the signature");
    session.send("3, #{ paddi\t\"same\" })\r").expect("typed");
    session.flush().expect("typed");
    session
        .exp_string("layer conv1d(8, 3, same)")
        .expect("the key was completed");
    // errors point into what was typed
    types(session, "t.reshap([6])", "did you mean `.reshape`?");
    types(session, "motif::from_consensus(\"ACGT\")", "8.0 bits");
    types(session, ":vars", "tensor [2, 3]");
    types(session, ":type t.sum()", "tensor []");
    types(session, ":plot [1.0, 2.0, 4.0]", "4.06");
    types(session, ":plot schedule::cosine()", "learning rate");
    types(session, ":plot #{ a: [1, 2, 3], b: [3, 2, 1] }", "3.04");
    types(session, ":plot \"word\"", "there is no figure of string");
    types(session, ":tiem 1", "did you mean `:time`?");
    // long work ends, the session does not
    session.exp_string(READS).expect("a prompt");
    session
        .send("print(6 * 7000); while true { }\r")
        .expect("typed");
    session.flush().expect("typed");
    session.exp_string("42000").expect("it has begun");
    session.send_control('c').expect("typed");
    session.exp_string("interrupted").expect("it is told");
    types(session, "twice(4)", "8");
    let saved = home.path().join("typed.rhai");
    types(
        session,
        &format!(":save {}", saved.display()),
        "lines written",
    );
    let text = std::fs::read_to_string(&saved).expect("a script");
    assert!(
        text.contains("fn twice") && !text.contains("reshap"),
        "{text}"
    );
    types(session, ":reset", "> ");
    types(session, "t", "no variable is called `t`");
    types(session, &format!(":load {}", saved.display()), "\n");
    types(session, "twice(50)", "100");
    session.exp_string(READS).expect("a prompt");
    session.send(":quit\r").expect("typed");
    session.flush().expect("typed");
    session.exp_eof().expect("it ends");
    assert!(
        std::fs::read_to_string(home.path().join(".cistron_history"))
            .expect("a history")
            .contains("twice(21)")
    );
}

#[test]
fn the_last_value_quiet_lines_the_shell_and_the_editor() {
    let home = tempfile::tempdir().expect("a folder");
    // an editor that appends to what it is given
    let editor = home.path().join("editor");
    std::fs::write(&editor, "#!/bin/sh\necho '[7, 70].sum() * 2' > \"$1\"\n").expect("written");
    let mut command = Command::new("chmod");
    command.arg("+x").arg(&editor).status().expect("chmod");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command
        .arg("repl")
        .env("HOME", home.path())
        .env("TERM", "xterm-256color")
        .env("EDITOR", &editor)
        .env_remove("VISUAL")
        .current_dir(home.path());
    let mut session = spawn_command(command, Some(120_000)).expect("the program starts");
    session.exp_string("leaves.").expect("a greeting");
    let session = &mut session;
    types(session, "_ + 1", "none was shown yet");
    types(session, "6 * 7", "42");
    types(session, "_ * 100", "4200");
    // a quiet line shows nothing, and `_` stays
    types(session, "1234 + 1111;", "\n");
    types(session, "`<${_ + 1}>`", "<4201>");
    types(session, "let n = 5", "\n");
    types(session, "switch n { 5 => _.len(), _ => 0 }", "6");
    // errors point at what was typed
    types(session, "1 + _.frobnicate()", "1 + _.frobnicate()");
    // an operator at the end of a line continues it; an empty line ends it
    types(session, "1000 +\r 500", "1500");
    types(session, "!echo be${HOME:+low}", "below");
    types(session, "!exit 3", "(exit code 3)");
    types(session, "let flag = true", "\n");
    types(session, "!flag", "false");
    types(session, "apropos reverse complement", "reverse_complement");
    types(session, ":edit", "154");
    types(session, "_ + 1", "155");
    // the arrow key recalls what begins as typed
    session.exp_string(READS).expect("a prompt");
    session.send("6 *").expect("typed");
    session.send("\u{1b}[A").expect("typed");
    session.send("\r").expect("typed");
    session.flush().expect("typed");
    session.exp_string("42").expect("the first input");
    // a completion is explained
    session.exp_string(READS).expect("a prompt");
    session.send("nn::glob\t\t").expect("typed");
    session.flush().expect("typed");
    session
        .exp_string("global_max_pool  ()")
        .expect("signatures");
    session.send("\u{3}").expect("typed");
    session.flush().expect("typed");
    let saved = home.path().join("typed.rhai");
    types(
        session,
        &format!(":save {}", saved.display()),
        "lines written",
    );
    let text = std::fs::read_to_string(&saved).expect("a script");
    assert!(
        text.contains("let shown_1 = 6 * 7;\n") && text.contains("shown_1 * 100;"),
        "{text}"
    );
    let (out, err, code) = crate::said(&crate::cistron(
        home.path(),
        &["run", "--no-run-dir", "typed.rhai"],
    ));
    assert!(code == 0, "{out}{err}");
    session.send(":quit\r").expect("typed");
    session.flush().expect("typed");
    session.exp_eof().expect("it ends");
}

#[test]
fn colours_of_figures_reach_the_terminal_and_titles_cannot_steer_it() {
    let place = tempfile::tempdir().expect("a folder");
    let script = "plot::contributions(\"a\\x1b[2Jb\", tensor::ones([4, 3])).show();";
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let program = env!("CARGO_BIN_EXE_cistron");
    let command = format!("{program} run --no-run-dir s.rhai");
    // `script` gives the program a terminal
    let output = std::process::Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(place.path())
        .output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: `script` is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("\u{1b}[1;38;2;") && text.contains("\u{1b}[0m"),
        "{text:?}"
    );
    assert!(
        text.contains("a\\u{1b}[2Jb") && !text.contains("\u{1b}[2J"),
        "{text:?}"
    );
}
