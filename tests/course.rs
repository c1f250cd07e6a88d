//! The course: every lesson runs, its exercises are open, the answers get every point, and it is a
//! notebook too.

use crate::{cistron, root, said};
use std::path::PathBuf;

/// The scripts of the lessons, in order.
pub fn lessons() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join("examples/course"))
        .expect("lessons")
        .flatten()
        .map(|e| e.path())
        .collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "rhai"));
    found.sort();
    found
}

#[test]
fn every_lesson_runs_and_its_exercises_can_be_solved() {
    let place = tempfile::tempdir().expect("a folder");
    let all = lessons();
    assert_eq!(all.len(), 18);
    let answers = root()
        .join("examples/course/solutions")
        .display()
        .to_string();
    for lesson in &all {
        let path = lesson.display().to_string();
        let (out, err, code) = said(&cistron(place.path(), &["run", "--no-run-dir", &path]));
        assert!(code == 0 && !out.is_empty(), "{path}\n{err}");
        let graded = |more: &[&str]| -> serde_json::Value {
            let (out, err, _) = said(&cistron(
                place.path(),
                &[&["test", "--grade", "--json", path.as_str()], more].concat(),
            ));
            serde_json::from_str(&out).unwrap_or_else(|_| panic!("{path}: {out}{err}"))
        };
        let (open, solved) = (graded(&[]), graded(&["--answers", answers.as_str()]));
        assert_eq!(open["points"], 0, "{path} is solved already");
        assert_eq!(solved["points"], solved["of"], "{solved:#}");
        assert!(
            solved["of"].as_u64().is_some_and(|n| n >= 5)
                && open["tests"].as_array().is_some_and(|t| t
                    .iter()
                    .all(|test| test["hidden"] == true || test["hint"] != ""))
        );
    }
}

#[test]
fn every_lesson_asks_shows_and_states_how_it_is_checked() {
    let mut of_real_sequences = 0;
    for lesson in lessons() {
        let text = std::fs::read_to_string(&lesson).expect("a lesson");
        let name = lesson.file_stem().expect("a name").to_string_lossy();
        let check = format!("`cistron test --grade {name}.rhai`");
        for wanted in ["**Predict**", ".show();", "## Exercises", check.as_str()] {
            assert!(text.contains(wanted), "{name} has no {wanted}");
        }
        // hints and tests may train silently, cells may not
        let cells = text.split("## Exercises").next().unwrap_or_default();
        assert!(!cells.contains("progress: false"), "{name} is silent");
        of_real_sequences += usize::from(text.contains("../data/yeast_"));
    }
    assert!(of_real_sequences >= 3, "{of_real_sequences}");
}

#[test]
fn scripts_become_notebooks_and_come_back() {
    let place = tempfile::tempdir().expect("a folder");
    for lesson in lessons() {
        let (notebook, back) = (place.path().join("n.ipynb"), place.path().join("back.rhai"));
        let text = |path: &PathBuf| path.display().to_string();
        assert_eq!(
            said(&cistron(
                place.path(),
                &["notebook", &text(&lesson), "-o", &text(&notebook)]
            ))
            .2,
            0
        );
        assert_eq!(
            said(&cistron(
                place.path(),
                &["notebook", &text(&notebook), "-o", &text(&back)]
            ))
            .2,
            0
        );
        assert!(
            std::fs::read(&lesson).expect("a lesson") == std::fs::read(&back).expect("a script"),
            "{} changes",
            lesson.display()
        );
    }
}

#[test]
fn grading_tells_points_hints_and_what_takes_too_long() {
    let place = tempfile::tempdir().expect("a folder");
    let script = "fn f(x) { x }\nthrow \"the script itself is not run\";\n/// 2 points: doubles\n/// hint: times 2\nfn test_f() { assert_eq(f(2), 4); }\nfn test_slow() { while true { } }\n/// 3 points: is there\nfn test_there() { f(1); }\n";
    std::fs::write(place.path().join("x.rhai"), script).expect("written");
    let (out, _, code) = said(&cistron(
        place.path(),
        &["test", "--grade", "--seconds", "1", "x.rhai"],
    ));
    assert_eq!(code, 3);
    for wanted in [
        "0/2  test_f  doubles",
        "hint: times 2",
        "it takes more than 1 s",
        "3/3  test_there",
        "3 of 6 points",
    ] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
}
