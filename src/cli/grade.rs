//! `cistron test --grade`: exercises, their points and their hints.

use super::test::test_name;
use super::{FAILED, USAGE, fail, files, folder_of};
use crate::base::{Fault, Result, interrupt, threads};
use crate::lang::interactive::Interactive;
use crate::lang::session;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// A `fn test_…()` with what stands above it: `/// 2 points: what it asks` and `/// hint: …`.
#[derive(Debug, Default, PartialEq)]
struct Test {
    name: String,
    points: u32,
    asks: String,
    hint: String,
}

fn tests_of(text: &str) -> Vec<Test> {
    let mut out = Vec::new();
    let mut above = Test { points: 1, ..Test::default() };
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///").map(str::trim) {
            if let Some(hint) = words.strip_prefix("hint:") {
                above.hint = hint.trim().to_string();
            } else if let Some((head, asks)) = words.split_once(':')
                && let Some(points) = head.trim().strip_suffix("points").or(head.trim().strip_suffix("point")).and_then(|n| n.trim().parse().ok())
            {
                (above.points, above.asks) = (points, asks.trim().to_string());
            }
            continue;
        }
        let own = std::mem::replace(&mut above, Test { points: 1, ..Test::default() });
        if let Some(name) = test_name(line) {
            out.push(Test { name, ..own });
        }
    }
    out
}

/// Runs one test in a session of its own; why it failed.
fn failure((text, file): (&str, &str), answers: Option<&(String, String)>, name: &str, seconds: u64) -> Option<String> {
    // beside the script and nowhere else
    let folder = folder_of(Path::new(file));
    let settings =
        session::Settings { quiet: true, device: "cpu".into(), script_dir: Some(folder.clone()), sandbox: Some(vec![folder]), ..session::Settings::default() };
    crate::bind::start(settings);
    session::capture();
    let (done, waits) = mpsc::channel::<()>();
    // what takes too long is interrupted as by Ctrl-C
    let clock = threads::spawn("clock", move || {
        let late = waits.recv_timeout(Duration::from_secs(seconds)) == Err(mpsc::RecvTimeoutError::Timeout);
        if late {
            interrupt::raise();
        }
        late
    });
    let clock = match clock {
        Ok(clock) => clock,
        Err(fault) => return Some(told(&fault)),
    };
    let mut own = Interactive::default();
    let given = own.define(text, file).and_then(|()| answers.map_or(Ok(()), |(text, file)| own.define(text, file)));
    let outcome = given.and_then(|()| own.run(&format!("{name}();"), "test"));
    drop(done);
    let late = clock.join().unwrap_or(false);
    interrupt::clear();
    drop(own);
    session::captured();
    match outcome {
        _ if late => Some(format!("it takes more than {seconds} s")),
        Ok(_) => None,
        Err(fault) => Some(told(&fault)),
    }
}

fn told(fault: &Fault) -> String {
    fault.at.as_ref().map_or_else(|| fault.message.clone(), |at| format!("line {}: {}", at.line, fault.message))
}

fn of_file(path: &Path, answers: Option<&Path>, seconds: u64) -> Result<Value> {
    let text = crate::base::file::read_text(path).map_err(|error| Fault::file(path, &error))?;
    let file = path.display().to_string();
    let answers = match answers {
        Some(folder) if folder.is_dir() => path.file_name().map(|name| folder.join(name)),
        other => other.map(Path::to_path_buf),
    };
    let answers = match answers {
        Some(path) => Some((crate::base::file::read_text(&path).map_err(|error| Fault::file(&path, &error))?, path.display().to_string())),
        None => None,
    };
    let mut rows = Vec::new();
    for test in tests_of(&text) {
        let problem = failure((&text, &file), answers.as_ref(), &test.name, seconds);
        rows.push(json!({
            "name": test.name, "asks": test.asks, "points": if problem.is_none() { test.points } else { 0 }, "of": test.points,
            "problem": problem, "hint": test.hint,
        }));
    }
    let sum = |key: &str| rows.iter().filter_map(|row| row[key].as_u64()).sum::<u64>();
    Ok(json!({ "file": file, "points": sum("points"), "of": sum("of"), "tests": rows }))
}

fn show(graded: &Value) {
    crate::outln!("{}", graded["file"].as_str().unwrap_or(""));
    for row in graded["tests"].as_array().into_iter().flatten() {
        let text = |key: &str| row[key].as_str().unwrap_or("");
        let mark = if row["problem"].is_null() { "✓" } else { "✗" };
        crate::outln!("  {mark} {}/{}  {}  {}", row["points"], row["of"], text("name"), text("asks"));
        if !row["problem"].is_null() {
            crate::outln!("         {}", text("problem"));
            if !text("hint").is_empty() {
                crate::outln!("         hint: {}", text("hint"));
            }
        }
    }
    crate::outln!("  {} of {} points", graded["points"], graded["of"]);
}

/// Runs the command; the exit code.
pub fn grade(paths: &[PathBuf], answers: Option<&Path>, as_json: bool, seconds: u64) -> u8 {
    if paths.is_empty() {
        return fail(&Fault::new("usage", "--grade needs a script"), false);
    }
    crate::torch::device::start();
    let found = match files(paths, &["rhai"]) {
        Ok(found) => found,
        Err(fault) => return fail(&fault, as_json),
    };
    let (mut points, mut of) = (0, 0);
    for path in &found {
        match of_file(path, answers, seconds) {
            Ok(graded) => {
                points += graded["points"].as_u64().unwrap_or(0);
                of += graded["of"].as_u64().unwrap_or(0);
                if as_json {
                    crate::outln!("{graded}");
                } else {
                    show(&graded);
                }
            }
            Err(fault) => return fail(&fault, as_json),
        }
    }
    if of == 0 {
        crate::errln!("no `fn test_…()` was found");
        return USAGE;
    }
    if points == of { 0 } else { FAILED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_hints_stand_above_their_test() {
        let found = tests_of("fn f() {}\n/// 2 points: adds\n/// hint: use +\nfn test_add() {\n}\nfn test_plain() { }\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Test { name: "test_add".into(), points: 2, asks: "adds".into(), hint: "use +".into() });
        assert_eq!((found[1].points, found[1].hint.as_str()), (1, ""));
    }
}
