//! `cistron fmt`, and what shells and `man` are given: the program from outside.

use crate::{cistron, root, said};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// Output, errors and exit code of a command that reads a text.
fn fed(arguments: &[&str], text: &str) -> (String, String, i32) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut input = child.stdin.take().expect("an input");
    input.write_all(text.as_bytes()).expect("written");
    drop(input);
    said(&child.wait_with_output().expect("ended"))
}

#[test]
fn the_scripts_of_the_project_are_laid_out() {
    let paths = ["fmt", "--check", "stdlib", "examples", "scripts"];
    let (out, _, code) = said(&cistron(&root(), &paths));
    assert_eq!((out.as_str(), code), ("", 0));
}

#[test]
fn fmt_changes_files_that_need_it_and_keeps_what_they_are() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("a.rhai");
    std::fs::write(&path, "\u{feff}let x=1;\r\n\r\n\r\nif x>0{\r\nprint(x)}").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    std::fs::write(place.path().join("b.rhai"), "let y = 2;\n").expect("written");
    std::fs::write(place.path().join("wrong.rhai"), "let y = (2;\n").expect("written");
    let (out, err, code) = said(&cistron(
        place.path(),
        &["fmt", "--check", "a.rhai", "b.rhai"],
    ));
    assert_eq!((out.as_str(), code), ("a.rhai:1\n", 3), "{err}");
    // a file that does not compile is named and left; the others are laid out
    let (_, err, code) = said(&cistron(place.path(), &["fmt", "."]));
    assert_eq!(code, 1);
    assert!(
        err.contains("wrong.rhai:1:") && err.contains("3 scripts, 1 changed"),
        "{err}"
    );
    let text = std::fs::read_to_string(&path).expect("a script");
    assert_eq!(text, "let x = 1;\n\nif x > 0 {\n    print(x) }\n");
    let mode = std::fs::metadata(&path)
        .expect("about")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
    let left = std::fs::read_to_string(place.path().join("wrong.rhai")).expect("a script");
    assert_eq!(left, "let y = (2;\n");
    assert_eq!(
        said(&cistron(
            place.path(),
            &["fmt", "--check", "a.rhai", "b.rhai"]
        ))
        .2,
        0
    );
    assert_eq!(said(&cistron(place.path(), &["fmt", "absent.rhai"])).2, 1);
}

#[test]
fn fmt_reads_what_an_editor_gives() {
    assert_eq!(
        fed(&["fmt", "-"], "let x=[1,2];"),
        ("let x = [1, 2];\n".into(), String::new(), 0)
    );
    assert_eq!(fed(&["fmt", "--check", "-"], "let x=[1,2];").2, 3);
    let (out, err, code) = fed(&["fmt", "-"], "let x = \"open;\n");
    assert_eq!((out.as_str(), code), ("", 1));
    assert!(err.contains("<input>:1:"), "{err}");
}

#[test]
fn shells_complete_and_man_describes_every_command() {
    let (page, _, code) = said(&cistron(&root(), &["man"]));
    assert_eq!(code, 0);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (script, _, code) = said(&cistron(&root(), &["completions", shell]));
        assert_eq!(code, 0);
        for command in ["run", "check", "fmt", "submit", "doctor"] {
            assert!(script.contains(command), "{shell} {command}");
            assert!(
                page.contains(&format!("cistron\\-{command}(1)")),
                "{command}"
            );
        }
        // what only the program itself calls
        assert!(!script.contains("inside-sandbox"), "{shell}");
    }
    let place = tempfile::tempdir().expect("a folder");
    let (_, _, code) = said(&cistron(place.path(), &["man", "--out", "pages"]));
    assert_eq!(code, 0);
    let run = std::fs::read_to_string(place.path().join("pages/cistron-run.1")).expect("a page");
    assert!(run.contains("run\\-dir") && run.contains(".TH"), "{run}");
    // bash reads it
    let script = said(&cistron(&root(), &["completions", "bash"])).0;
    let read = Command::new("bash").args(["-n", "-c", &script]).status();
    assert!(read.expect("bash").success());
}
