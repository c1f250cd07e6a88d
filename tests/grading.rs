//! Grading under attack: submissions that try to be worth more than they are.

use crate::{cistron, root, said};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const LESSON: &str = "print(\"not run\");
// Doubles a number.
fn double(x) { }

// Sums a list.
fn total(list) { }

/// 2 points: doubles
/// hint: times 2
fn test_double() { assert_eq(double(3), 6); }

/// 3 points: sums
fn test_total() { assert_eq(total([1, 2, 3]), 6); }
";

const HIDDEN: &str = "private fn expected(list) { let sum = 0; for x in list { sum += x; } sum }
/// 5 points: doubles and sums any numbers
fn test_any(seed) {
    let list = (0..10).map(|i| (seed / (i + 1)) % 1000);
    let wanted = expected(list);
    assert_eq(total(list), wanted);
    assert_eq(double(seed), seed * 2);
}
";

const SOLUTION: &str =
    "fn double(x) { x * 2 }\nfn total(list) { let sum = 0; for x in list { sum += x; } sum }\n";

fn write(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("written");
}

/// A folder with two lessons, hidden tests and solutions.
fn course() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a folder");
    write(place.path().join("course/one.rhai"), LESSON);
    write(
        place.path().join("course/two.rhai"),
        "fn next(x) { }\n/// 4 points: counts\nfn test_next() { assert_eq(next(1), 2); }\n",
    );
    write(place.path().join("course/hidden/one.rhai"), HIDDEN);
    write(place.path().join("course/solutions/one.rhai"), SOLUTION);
    place
}

/// Points of each student for the first lesson, with the whole report.
fn points(place: &Path, more: &[&str]) -> BTreeMap<String, (u64, Value)> {
    let arguments = [
        &[
            "test",
            "--grade",
            "--json",
            "--answers",
            "submissions/*",
            "--jobs",
            "2",
            "course/one.rhai",
        ],
        more,
    ]
    .concat();
    let (out, err, code) = said(&cistron(place, &arguments));
    assert!(code == 0 || code == 3, "{code} {out}{err}");
    let of = |line: &str| {
        let report: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(report["of"], 10, "{report:#}");
        (
            report["student"].as_str().expect("a student").to_string(),
            (report["points"].as_u64().expect("points"), report),
        )
    };
    out.lines().map(of).collect()
}

#[test]
fn no_attack_is_worth_a_point() {
    let place = course();
    let at = |name: &str| place.path().join(name).display().to_string();
    let (solution, two, lesson) = (
        at("course/solutions/one"),
        at("course/two.rhai"),
        at("course/one.rhai"),
    );
    // name, submission, points
    let attacks: Vec<(&str, String, u64)> = vec![
        ("honest", SOLUTION.into(), 10),
        ("helpers", "private fn twice(x) { x + x }\nfn double(x) { twice(x) }\nfn add(a, b) { a + b }\nfn total(list) { list.reduce(|sum, x| add(sum, x), 0) }".into(), 10),
        ("empty_assert", "fn assert_eq(a, b) { }\nfn assert_eq(a, b, c) { }\nfn assert(x) { }\nfn assert_near(a, b, c) { }\nfn double(x) { 0 }\nfn total(list) { 0 }".into(), 0),
        ("own_tests", "fn test_double() { }\nfn test_total() { }\nfn test_any(seed) { }\nfn expected(list) { 0 }\nfn double(x) { 0 }\nfn total(list) { 0 }".into(), 0),
        ("private_tests", "private fn test_double() { }\nprivate fn assert_eq(a, b) { }\nprivate fn expected(list) { () }\nfn total(list) { () }".into(), 0),
        ("leaves", "fn double(x) { exit() }\nfn total(list) { exit(6) }".into(), 0),
        ("leaves_caught", "fn double(x) { try { exit(); } catch { } x }\nfn total(list) { [1].map(|x| exit()); 0 }".into(), 0),
        ("leaves_at_top", "exit();\nfn double(x) { 0 }\nfn total(list) { 0 }".into(), 0),
        ("leaves_later", "fn double(x) { || exit() }\nfn total(list) { #{ f: || exit() } }".into(), 0),
        ("throws", "throw \"x\";\nfn double(x) { throw 6 }\nfn total(list) { throw () }".into(), 0),
        ("imports", format!("import \"{solution}\" as s;\nfn double(x) {{ s::double(x) }}\nfn total(list) {{ import \"{solution}\" as t; t::total(list) }}"), 0),
        ("imports_above", "fn double(x) { import \"../solutions/one\" as s; s::double(x) }\nfn total(list) { import \"std/../../course/solutions/one\" as s; s::total(list) }".into(), 0),
        ("reads", format!("fn double(x) {{ seq::read_fasta(\"{solution}.rhai\"); 6 }}\nfn total(list) {{ data::table(\"{lesson}\"); 6 }}"), 0),
        ("rewrites", format!("fn double(x) {{ save_text(\"{two}\", \"fn next(x) {{ }}\"); 6 }}\nfn total(list) {{ save_text(\"one.rhai\", \"\"); 6 }}"), 0),
        ("evaluates", "fn double(x) { eval(\"fn assert_eq(a, b) { } 0\") }\nfn total(list) { eval(\"exit()\") }".into(), 0),
        ("prints", "fn double(x) { print(\"{\\\"judged\\\":[0,null]}\"); 0 }\nfn total(list) { print(\"{\\\"end\\\":true}\"); 0 }".into(), 0),
        ("knows_the_inside", "fn double(x) { __reached(0); __module_environment(); __answer(\"total\", [[6]]) }\nfn total(list) { __reached(0) }\nfn __reached(x) { }\nfn __answer(a, b) { 0 }".into(), 0),
        ("shadows", "fn range(a) { 0 }\nfn len(a) { 0 }\nfn print(a) { }\nfn double(x) { \"6\" }\nfn total(list) { 6.5 }".into(), 0),
        ("by_heart", "fn double(x) { 6 }\nfn total(list) { 6 }".into(), 5),
        ("loops", "fn double(x) { loop { } }\nfn total(list) { let sum = 0; for x in list { sum += x; } sum }".into(), 3),
        ("deep", "fn double(x) { double(x) }\nfn total(list) { let sum = 0; for x in list { sum += x; } sum }".into(), 3),
        ("hoards", "fn double(x) { let a = []; loop { a.push(tensor::ones([5_000_000])); } }\nfn total(list) { 6 }".into(), 3),
        ("broken", "fn double(x) { x * }\nfn total(list) { 6 }".into(), 3),
        ("unclosed", "fn double(x) { if x { \nfn total(list) { 6 }".into(), 3),
        ("unknown", "let a = missing;\nfn double(x) { absent * 2 }\nfn total(list) { 6 }".into(), 3),
        ("twice", "fn double(x) { 0 }\nfn total(list) { 6 }\nfn double(x) { 6 }".into(), 5),
        ("other_arity", "fn double(x, y) { 6 }\nfn total() { 6 }".into(), 0),
        ("nothing", String::new(), 0),
        ("no_text", "\u{0}\u{1}{{{{((((`".into(), 0),
    ];
    for (name, text, _) in &attacks {
        write(place.path().join(format!("submissions/{name}.rhai")), text);
    }
    let started = Instant::now();
    let found = points(place.path(), &["--seconds", "3", "--memory", "1000"]);
    assert_eq!(found.len(), attacks.len());
    for (name, text, expected) in &attacks {
        let (points, report) = &found[*name];
        assert_eq!(points, expected, "{name}: {text}\n{report:#}");
    }
    // without the limit of 3 s, each of those that loop would take the usual limit
    assert!(
        started.elapsed() < Duration::from_secs(600),
        "{:?}",
        started.elapsed()
    );
    let problem = |name: &str, test: usize| {
        found[name].1["tests"][test]["problem"]
            .as_str()
            .unwrap_or("")
            .to_string()
    };
    for (name, test, words) in [
        ("leaves", 0, "`exit` ends the script"),
        ("imports", 0, "no namespace or module is called `s`"),
        ("imports_above", 0, "sandbox"),
        ("rewrites", 0, "sandbox"),
        ("loops", 0, "more than 3 s"),
        ("broken", 0, "broken.rhai line 1"),
        ("nothing", 0, "no function `double(x)`"),
        ("other_arity", 0, "takes 2 values"),
        ("by_heart", 2, "assertion failed"),
    ] {
        assert!(
            problem(name, test).contains(words),
            "{name}: {}",
            problem(name, test)
        );
    }
    assert!(
        std::fs::read_to_string(place.path().join("course/two.rhai"))
            .expect("a lesson")
            .contains("test_next")
    );
    println!("{} submissions in {:?}", attacks.len(), started.elapsed());
}

#[test]
fn hidden_inputs_differ_between_students_and_not_between_gradings() {
    let place = course();
    write(
        place.path().join("course/hidden/one.rhai"),
        "/// 5 points: shows\nfn test_shown(seed) { assert_eq(double(seed), -1); }\n",
    );
    for name in ["anna", "bela"] {
        write(
            place.path().join(format!("submissions/{name}/one.rhai")),
            "fn double(x) { x }\nfn total(list) { 0 }",
        );
    }
    let shown = || {
        points(place.path(), &[])
            .into_values()
            .map(|(_, report)| {
                report["tests"][2]["problem"]
                    .as_str()
                    .expect("a problem")
                    .to_string()
            })
            .collect::<Vec<_>>()
    };
    let (first, again) = (shown(), shown());
    assert_eq!(first, again);
    assert_ne!(first[0], first[1]);
}

#[test]
fn a_class_is_graded_into_a_table() {
    let place = course();
    let notebook = serde_json::json!({ "nbformat": 4, "cells": [
        { "cell_type": "markdown", "metadata": {}, "source": ["# One\n", "fn double(x) { }"] },
        { "cell_type": "code", "metadata": {}, "source": ["fn double(x) {\n", "    x * 2\n", "}"] },
        { "cell_type": "code", "metadata": {}, "source": "fn total(list) { 6 }" },
    ] });
    write(place.path().join("submissions/anna/one.rhai"), SOLUTION);
    write(
        place.path().join("submissions/anna/two.rhai"),
        "fn next(x) { x + 1 }",
    );
    write(
        place.path().join("submissions/bela/one.ipynb"),
        &notebook.to_string(),
    );
    write(
        place.path().join("submissions/caro/one.ipynb"),
        "{ no notebook",
    );
    write(
        place.path().join("submissions/caro/two.rhai"),
        "fn next(x) { loop { } }",
    );
    write(
        place.path().join("submissions/=dora.rhai"),
        "fn double(x) { x * 2 }\nfn next(x) { x + 1 }",
    );
    write(place.path().join("submissions/readme.pdf"), "x");
    std::fs::create_dir(place.path().join("submissions/eve")).expect("a folder");
    symlink(
        "../../course/solutions/one.rhai",
        place.path().join("submissions/eve/one.rhai"),
    )
    .expect("a link");
    symlink("../course/solutions", place.path().join("submissions/finn")).expect("a link");
    let arguments = [
        "test",
        "--grade",
        "--answers",
        "submissions/*",
        "--csv",
        "grades.csv",
        "--jobs",
        "3",
        "--seconds",
        "2",
        "course/one.rhai",
        "course/two.rhai",
    ];
    let (out, err, code) = said(&cistron(place.path(), &arguments));
    assert_eq!(code, 3, "{err}");
    let table = std::fs::read_to_string(place.path().join("grades.csv")).expect("a table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "student,one,two,total,note");
    assert_eq!(lines[1], "'=dora,2,4,6,");
    assert_eq!(lines[2], "anna,10,4,14,");
    assert_eq!(lines[3], "bela,5,0,5,two: no file");
    assert!(
        lines[4].starts_with("caro,0,0,0,")
            && lines[4].contains("is no notebook")
            && lines[4].contains("test_next: it takes more than 2 s"),
        "{table}"
    );
    assert_eq!(lines[5], "eve,0,0,0,one: the file is a link; two: no file");
    assert_eq!(lines.len(), 6);
    assert!(
        out.contains("anna") && out.contains("written to grades.csv"),
        "{out}"
    );
    assert!(
        err.contains("`submissions/finn` is a link") && err.contains("readme.pdf"),
        "{err}"
    );
    // one student, and a pattern that fits nothing
    let (out, _, code) = said(&cistron(
        place.path(),
        &[
            "test",
            "--grade",
            "--answers",
            "submissions/anna",
            "course/one.rhai",
            "course/two.rhai",
        ],
    ));
    assert!(
        code == 0 && out.contains("5/5  test_any (hidden)") && out.contains("10 of 10 points"),
        "{out}"
    );
    let (_, err, code) = said(&cistron(
        place.path(),
        &[
            "test",
            "--grade",
            "--answers",
            "nobody/*",
            "course/one.rhai",
        ],
    ));
    assert!(code == 2 && err.contains("quote a pattern"), "{err}");
    let (_, err, code) = said(&cistron(
        place.path(),
        &["test", "--answers", "x", "course/one.rhai"],
    ));
    assert!(code == 2 && err.contains("--grade"), "{err}");
}

#[test]
fn a_lesson_grades_itself_with_the_same_care() {
    let place = course();
    let filled = LESSON
        .replace(
            "fn double(x) { }",
            "fn assert_eq(a, b) { }\nprivate fn assert_eq(a, b, c) { }\nfn double(x) { x * 2 }",
        )
        .replace("fn total(list) { }", "fn total(list) { 5 }");
    write(place.path().join("mine.rhai"), &filled);
    let (out, _, code) = said(&cistron(place.path(), &["test", "--grade", "mine.rhai"]));
    assert!(
        code == 3 && out.contains("2/2  test_double") && out.contains("0/3  test_total"),
        "{out}"
    );
    // one that cannot be read leaves the others
    write(
        place.path().join("broken.rhai"),
        &filled.replace("fn total(list) { 5 }", "fn total(list) { 5 + }"),
    );
    let (out, _, _) = said(&cistron(place.path(), &["test", "--grade", "broken.rhai"]));
    assert!(
        out.contains("2/2  test_double") && out.contains("0/3  test_total"),
        "{out}"
    );
}

#[test]
fn a_session_is_checked_by_the_tests_of_a_lesson_or_by_its_own() {
    let place = course();
    std::fs::copy(
        place.path().join("course/one.rhai"),
        place.path().join("course/03_one.rhai"),
    )
    .expect("copied");
    let typed = |text: &str| {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cistron"))
            .arg("repl")
            .current_dir(place.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a REPL");
        let mut input = child.stdin.take().expect("an input");
        input.write_all(text.as_bytes()).expect("typed");
        drop(input);
        let out = child.wait_with_output().expect("an end");
        let of = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        of(out.stdout) + &of(out.stderr)
    };
    // a function that is typed again replaces the first
    let out = typed("fn double(x) { x + 2 }\nfn double(x) { x * 2 }\ncheck(\"course/03\")\n");
    assert!(out.contains("✓ 2/2  test_double  doubles"), "{out}");
    assert!(
        out.contains("✗ 0/3  test_total") && out.contains("2 of 5 points"),
        "{out}"
    );
    let own = "fn half(x) { x / 2 }\nfn test_half() { assert_eq(half(8), 4); }\n";
    assert!(typed(&format!("{own}check()\n")).contains("1 of 1 points"));
    assert!(typed(&format!("{own}check(\"77\");\n")).contains("1 of 1 points"));
    let out = typed("check(\"77\")\n");
    assert!(out.contains("there is no lesson `77_….rhai`"), "{out}");
    let out = typed("fn check(x) { x + 1 }\ncheck(1)\n");
    assert!(out.contains('2') && !out.contains("lesson"), "{out}");
}

#[test]
fn messages_of_a_submission_cannot_steer_the_terminal() {
    let place = course();
    write(
        place.path().join("s/one.rhai"),
        "fn double(x) { throw \"a\\x1b[2Jb\\n  ✓ 2/2  test_double\" }",
    );
    let (out, _, _) = said(&cistron(
        place.path(),
        &["test", "--grade", "--answers", "s", "course/one.rhai"],
    ));
    assert!(
        !out.contains('\x1b')
            && !out
                .lines()
                .any(|line| line.trim_start().starts_with("✓ 2/2")),
        "{out}"
    );
}

#[test]
fn hidden_tests_of_the_course_pass_with_its_solutions_alone() {
    let place = tempfile::tempdir().expect("a folder");
    let course = root().join("examples/course");
    let hidden = std::fs::read_dir(course.join("hidden"))
        .expect("hidden tests")
        .flatten()
        .count();
    assert_eq!(hidden, 18);
    let solutions = course.join("solutions").display().to_string();
    let lessons: Vec<String> = crate::course::lessons()
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let lessons: Vec<&str> = lessons.iter().map(String::as_str).collect();
    let (out, err, code) = said(&cistron(
        place.path(),
        &[
            &[
                "test",
                "--grade",
                "--json",
                "--jobs",
                "2",
                "--answers",
                solutions.as_str(),
            ],
            lessons.as_slice(),
        ]
        .concat(),
    ));
    assert_eq!(code, 0, "{out}{err}");
    for line in out.lines() {
        let report: Value = serde_json::from_str(line).expect("a report");
        assert!(
            report["tests"]
                .as_array()
                .expect("tests")
                .iter()
                .any(|test| test["hidden"] == true),
            "{report:#}"
        );
    }
}
