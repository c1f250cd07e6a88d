//! Parameters that are arrays and maps: `--set`, `--sweep`, the record of a run, the REPL.

use crate::{cistron, said};
use std::path::Path;

const SCRIPT: &str = r#"
let filters = param("filters", [10, 20], "numbers of filters");
let factors = param("factors", ["CTCF", "GATA1"], "names of the factors");
let rates   = param("rates", #{ lr: 0.1, decay: [0.5] }, "rates");
report("sum", filters.reduce(|sum, n| sum + n, 0));
report("factors", factors);
report("rates", rates);
"#;

fn script(folder: &Path) -> String {
    std::fs::write(folder.join("s.rhai"), SCRIPT).expect("written");
    "s.rhai".into()
}

fn json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn arrays_and_maps_are_set_and_recorded() {
    let place = tempfile::tempdir().expect("a folder");
    let script = script(place.path());
    let names = r#"factors=["a, b", "\"é\"", "猫 x", ""]"#;
    let cases = [
        (
            vec![],
            serde_json::json!([[10, 20], ["CTCF", "GATA1"], { "lr": 0.1, "decay": [0.5] }]),
        ),
        (
            vec![
                "filters=5, 6_000",
                "factors=MYC,GM12878 LCL",
                r#"rates={"lr": 1, "decay": []}"#,
            ],
            serde_json::json!([[5, 6000], ["MYC", "GM12878 LCL"], { "lr": 1.0, "decay": [] }]),
        ),
        (
            vec!["filters=", names, "rates={}"],
            serde_json::json!([[], ["a, b", "\"é\"", "猫 x", ""], {}]),
        ),
    ];
    for (number, (sets, wanted)) in cases.into_iter().enumerate() {
        let at = format!("r{number}");
        let mut arguments = vec!["run", script.as_str(), "--run-dir", &at];
        sets.iter().for_each(|set| arguments.extend(["--set", set]));
        let (_, err, code) = said(&cistron(place.path(), &arguments));
        assert_eq!(code, 0, "{err}");
        let folder = place.path().join(&at);
        let set = json(&folder.join("set.json"));
        assert_eq!(
            serde_json::json!([set["filters"], set["factors"], set["rates"]]),
            wanted
        );
        let start = &json(&folder.join("run.json"))["start"]["set"];
        for set in &sets {
            let (name, value) = set.split_once('=').expect("a pair");
            assert_eq!(start[name], value);
        }
    }
    // what was given is given again
    let results = |at: &str| json(&place.path().join(at).join("results.json"));
    let (out, err, code) = said(&cistron(place.path(), &["runs", "replay", "r2"]));
    assert!(code == 0 && out.contains("the same numbers"), "{out}{err}");
    let resumed = ["run", "--resume", "r2", "--set", "filters=[1, 2]"];
    assert_eq!(said(&cistron(place.path(), &resumed)).2, 0);
    let was = serde_json::json!(["a, b", "\"é\"", "猫 x", ""]);
    assert_eq!(
        (&results("r2")["sum"], &results("r2")["factors"]),
        (&3.into(), &was)
    );
    // a sandbox passes values to its process
    let walled = [
        "run",
        &script,
        "--sandbox",
        "--run-dir",
        "w",
        "--set",
        names,
    ];
    let (_, err, code) = said(&cistron(place.path(), &walled));
    assert_eq!(code, 0, "{err}");
    assert_eq!(results("w")["factors"], was);
}

#[test]
fn lists_joined_by_blanks_are_read_with_a_warning() {
    let place = tempfile::tempdir().expect("a folder");
    let script = script(place.path());
    let arguments = ["run", &script, "--run-dir", "r", "--set", "filters=5 6 7"];
    let (_, err, code) = said(&cistron(place.path(), &arguments));
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("deprecated") && err.contains("filters=5,6,7"),
        "{err}"
    );
    let set = json(&place.path().join("r/set.json"));
    assert_eq!(set["filters"], serde_json::json!([5, 6, 7]));
}

#[test]
fn values_that_do_not_fit_name_key_and_types() {
    let place = tempfile::tempdir().expect("a folder");
    let script = script(place.path());
    for (set, wanted) in [
        ("filters=5,x", "`filters[1]` must be an integer, got `x`"),
        (
            "filters=[5, 0.5]",
            "`filters[1]` must be an integer, got number 0.5",
        ),
        (
            "filters=[5",
            "`filters` must be an array in JSON: EOF while parsing a list",
        ),
        (
            "factors=[1]",
            "`factors[0]` must be a string, got integer 1",
        ),
        ("rates=0.1", "`rates` must be a map, got number 0.1"),
        (
            r#"rates={"lr": "x"}"#,
            "`rates.lr` must be a number, got string \"x\"",
        ),
        (
            r#"rates={"decay": [[]]}"#,
            "`rates.decay[0]` must be a number, got array []",
        ),
    ] {
        let arguments = ["run", &script, "--no-run-dir", "--set", set];
        let (_, err, code) = said(&cistron(place.path(), &arguments));
        assert!(code == 1 && err.contains(wanted), "{set}: {err}");
        assert!(
            err.contains("error[option]") && err.contains("its default is"),
            "{set}: {err}"
        );
    }
}

#[test]
fn a_sweep_runs_over_arrays() {
    let place = tempfile::tempdir().expect("a folder");
    let script = script(place.path());
    let swept = [
        "run",
        &script,
        "--sweep",
        r#"filters=[1,2],[],3"#,
        "--sweep",
        "factors=a,b",
    ];
    let (_, err, code) = said(&cistron(place.path(), &swept));
    assert_eq!(code, 0, "{err}");
    let summary = std::fs::read_to_string(place.path().join("runs/s-sweep/summary.tsv"));
    let summary = summary.expect("a table");
    let first: Vec<String> = summary
        .lines()
        .skip(1)
        .map(|line| {
            line.replace('"', "")
                .split('\t')
                .take(4)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let wanted = [
        "[1,2] a 1 3",
        "[1,2] b 1 3",
        "[] a 1 0",
        "[] b 1 0",
        "3 a 1 3",
        "3 b 1 3",
    ];
    let is_equal = |(line, wanted): (&String, &&str)| line.starts_with(wanted);
    assert!(
        first.len() == 6 && first.iter().zip(&wanted).all(is_equal),
        "{summary}"
    );
    let set = json(&place.path().join("runs/s-sweep/004/set.json"));
    assert_eq!(
        (&set["filters"], &set["factors"]),
        (&[0; 0].as_slice().into(), &["b"].as_slice().into())
    );
    let (_, err, code) = said(&cistron(
        place.path(),
        &["run", &script, "--sweep", "filters=[1,2"],
    ));
    assert!(
        code == 2 && err.contains("the bracket of `[1,2` is not closed"),
        "{err}"
    );
}

#[test]
fn arrays_are_set_in_the_repl() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let place = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .args(["repl", "--set", "factors=MYC,MAX", "--set", "filters=oops"])
        .env("HOME", place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines = "param(\"factors\", [\"CTCF\"])\nparam(\"filters\", [1])\n";
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(lines.as_bytes()).expect("written");
    drop(input);
    let (out, err, _) = said(&child.wait_with_output().expect("it ends"));
    assert!(out.contains("[\"MYC\", \"MAX\"]"), "{out}{err}");
    let all = out + &err;
    assert!(
        all.contains("`filters[0]` must be an integer, got `oops`"),
        "{all}"
    );
}
