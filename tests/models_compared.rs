//! `stats::compare` against SciPy, on stored cases and on random ones; and what scripts see of it.

use crate::{cistron, fault, root, run, said};
use cistron::metrics::statistics::compare::{
    Adjustment, CompareSettings, Method, Outcome, Run, compare,
};
use cistron::metrics::statistics::studentized;
use cistron::metrics::{Measure, Metric};
use serde_json::Value;

fn runs(case: &Value) -> Vec<Run> {
    let numbers = |value: &Value| -> Vec<f64> {
        let items = value.as_array().expect("numbers").iter();
        items.map(|x| x.as_f64().expect("a number")).collect()
    };
    let one = |row: &Value| {
        let text = |key: &str| row[key].as_str().expect("a name").to_string();
        Run {
            model: text("model"),
            set: text("set"),
            seed: Some(text("seed")),
            outcome: match row["value"].as_f64() {
                Some(value) => Outcome::Value(value),
                None => Outcome::Rows {
                    scores: numbers(&row["scores"]),
                    labels: numbers(&row["labels"]),
                },
            },
        }
    };
    case["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .map(one)
        .collect()
}

/// What differs between a number and the oracle's, which is null where it is undefined.
fn differs(name: &str, got: f64, wanted: &Value, relative: f64) -> Option<String> {
    let wanted = wanted.as_f64().unwrap_or(f64::NAN);
    let is_near =
        got.is_nan() && wanted.is_nan() || (got - wanted).abs() <= relative * wanted.abs() + 1e-12;
    (!is_near).then(|| format!("{name}: {got} instead of {wanted}"))
}

/// What differs between a comparison and the oracle's.
fn check(case: &Value) -> Vec<String> {
    let settings = CompareSettings {
        metric: Metric::new("auroc", Measure::Auroc),
        is_larger_better: true,
        level: 0.95,
        method: Method::Auto,
        adjustment: Adjustment::Holm,
        against: None,
        adds_seeds: false,
        resamples: 10,
        seed: 1,
    };
    let found = compare(&runs(case), &settings).expect("a comparison");
    let mut wrong = Vec::new();
    let wanted = case["differences"].as_array().expect("differences");
    assert_eq!(found.differences.len(), wanted.len());
    for (got, row) in found.differences.iter().zip(wanted) {
        let name = format!("{} {} {}", got.set, got.first, got.second);
        assert_eq!(
            name,
            ["set", "first", "second"]
                .map(|key| row[key].as_str().expect("a name"))
                .join(" ")
        );
        wrong.extend(differs(&name, got.difference, &row["difference"], 1e-9));
        wrong.extend(differs(&format!("{name} p"), got.p_value, &row["p"], 1e-7));
        wrong.extend(differs(
            &format!("{name} low"),
            got.interval.0,
            &row["low"],
            1e-6,
        ));
        wrong.extend(differs(
            &format!("{name} high"),
            got.interval.1,
            &row["high"],
            1e-6,
        ));
        wrong.extend(differs(
            &format!("{name} Holm"),
            got.adjusted,
            &row["adjusted"],
            1e-7,
        ));
    }
    let wanted = case["pairs"].as_array().expect("pairs");
    for (got, row) in found.pairs.iter().zip(wanted) {
        let name = format!("{} {} over sets", got.first, got.second);
        wrong.extend(differs(&name, got.statistic, &row["statistic"], 1e-9));
        wrong.extend(differs(&format!("{name} p"), got.p_value, &row["p"], 1e-9));
        wrong.extend(differs(
            &format!("{name} Holm"),
            got.adjusted,
            &row["adjusted"],
            1e-9,
        ));
    }
    let ranked = found.ranked.expect("all sets have all models");
    let wanted = case["ranks"].as_array().expect("ranks");
    for (i, (got, wanted)) in ranked.friedman.ranks.iter().zip(wanted).enumerate() {
        wrong.extend(differs(&format!("rank of m{i}"), *got, wanted, 1e-12));
    }
    let (own, wanted) = (&ranked.friedman, &case["friedman"]);
    wrong.extend(differs(
        "Friedman",
        own.statistic,
        &wanted["statistic"],
        1e-9,
    ));
    wrong.extend(differs("Friedman p", own.p_value, &wanted["p"], 1e-8));
    wrong.extend(differs(
        "critical",
        ranked.critical,
        &case["critical"],
        1e-8,
    ));
    wrong
}

fn check_all(oracle: &Value) {
    let cases = oracle["cases"].as_array().expect("cases");
    let of_case = |(i, case): (usize, &Value)| {
        check(case)
            .into_iter()
            .map(move |line| format!("case {i}: {line}"))
    };
    let mut wrong: Vec<String> = cases.iter().enumerate().flat_map(of_case).collect();
    for row in oracle["ranges"].as_array().expect("ranges") {
        let (groups, q) = (
            row["groups"].as_u64().expect("groups") as usize,
            row["q"].as_f64().expect("q"),
        );
        // SciPy's integral has ten digits after the point
        let (got, wanted) = (
            studentized::above(q, groups),
            row["above"].as_f64().expect("a share"),
        );
        if (got - wanted).abs() > 2e-10 {
            wrong.push(format!("range {q} of {groups}: {got} instead of {wanted}"));
        }
    }
    let n = wrong.len();
    assert!(
        wrong.is_empty(),
        "{n} of them\n{}",
        wrong[..n.min(20)].join("\n")
    );
}

#[test]
fn comparisons_are_those_of_scipy() {
    let text = std::fs::read_to_string(root().join("tests/oracles/compare.json"));
    let oracle = serde_json::from_str(&text.expect("an oracle")).expect("JSON");
    check_all(&oracle);
}

#[test]
fn random_comparisons_are_those_of_scipy() {
    let asked = crate::reference::asked("compare_random.py", "scipy", crate::cases(60));
    if let Some(oracle) = asked {
        check_all(&oracle);
    }
}

/// A script that trains nothing: its value depends on parameters.
const TRIAL: &str = r#"
let net = param("net", "cnn");
let factor = param("factor", "ctcf");
let seed = param("seed", 1);
let value = 0.8 + 0.01 * seed + if net == "cnn" { 0.05 } else { 0.0 } + if factor == "ctcf" { 0.01 } else { 0.02 * seed };
report("test", #{ auroc: value });
"#;

#[test]
fn recorded_runs_are_compared_by_name_and_have_sections() {
    let place = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(place.path().join(name), text).expect("written");
    write("trial.rhai", TRIAL);
    write(
        "compare.rhai",
        r#"
let found = stats::compare("trials", #{ keys: #{ model: "net", set: "factor" } });
assert_eq([found.models, found.sets], [["cnn", "rnn"], ["ctcf", "gata1"]]);
assert_eq(found.scores["seeds"], [3, 3, 3, 3]);
assert_near(found.differences[0].difference, 0.05, 1e-9);
report("models", found);
let sequences = seq::random(40, 20, #{ seed: 1 });
let set = data::from(#{ sequence: sequences, label: (0..40).map(|i| i % 2) });
report("data", data::audit(set));
let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 20], #{ name: "small" });
let card = net.card(#{ intended: "a test", data: #{ all: set }, audit: data::audit(set), comparison: found });
report("card", card);
card.save("card.md");
card.save("card.json");
print(card);
"#,
    );
    let sweep = [
        "run",
        "trial.rhai",
        "--sweep",
        "net=cnn,rnn",
        "--sweep",
        "factor=ctcf,gata1",
        "--sweep",
        "seed=1,2,3",
        "--name",
        "trials",
    ];
    let (_, errors, code) = said(&cistron(place.path(), &sweep));
    assert_eq!(code, 0, "{errors}");
    let arguments = ["run", "compare.rhai", "--run-dir", "r", "--device", "cpu"];
    let (printed, errors, code) = said(&cistron(place.path(), &arguments));
    assert_eq!(code, 0, "{errors}");
    assert!(printed.contains("# Model card: small"), "{printed}");
    let read = |name: &str| std::fs::read_to_string(place.path().join("r").join(name)).expect(name);
    let page = read("report.html");
    for part in [
        "<h2>Data audit: data</h2>",
        "<h2>Comparison: models</h2>",
        "<h2>Model card: card</h2>",
        "models_plot.svg",
        "hash of the parameters",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let results: Value = serde_json::from_str(&read("results.json")).expect("JSON");
    assert_eq!(results["models"]["scores"][0]["model"], "cnn");
    assert_eq!(results["models"]["plot"], "figures/models_plot.svg");
    assert_eq!(results["models"]["diagram"], Value::Null);
    let card: Value = serde_json::from_str(&read("card.json")).expect("JSON");
    assert_eq!(
        (card["data"][0]["rows"].as_u64(), card["kind"].as_str()),
        (Some(40), Some("model card"))
    );
    assert!(read("card.md").contains("## Comparison"));
}

#[test]
fn what_scripts_give_is_read_or_named() {
    run(r#"
let y = [1, 1, 0, 0, 1, 0];
let a = [0.9, 0.8, 0.1, 0.4, 0.3, 0.2];
let b = [0.9, 0.2, 0.1, 0.4, 0.3, 0.5];
// the same runs in four forms
let rows = [#{ model: "a", scores: a, labels: y }, #{ model: "b", scores: tensor::from(b), labels: tensor::from(y) }];
let by_rows = stats::compare(rows).differences[0];
let by_model = stats::compare(#{ a: #{ scores: a, labels: y }, b: #{ scores: b, labels: y } }).differences[0];
let by_set = stats::compare(#{ a: #{ test: [#{ scores: a, labels: y }] }, b: #{ test: [#{ scores: b, labels: y }] } }).differences[0];
assert_eq([by_model.p_value, by_set.p_value], [by_rows.p_value, by_rows.p_value]);
assert_eq(by_rows.p_value, stats::delong(a, b, y).p_value);
// values of a table, with names of its columns
let t = table::from([
    #{ net: "a", factor: "s", fold: 1, auroc: 0.9, note: "x" }, #{ net: "b", factor: "s", fold: 1, auroc: 0.8, note: "" },
    #{ net: "a", factor: "t", fold: 1, auroc: 0.7, note: "" }, #{ net: "b", factor: "t", fold: 1, auroc: 0.6, note: "" },
]);
let found = stats::compare(t, #{ keys: #{ model: "net", set: "factor", seed: "fold" } });
assert_eq(found.pairs[0].wins, 2);
assert(found.notes.some(|note| note.contains("keys that were not used: note")));
assert_eq(found.differences["test"], ["none", "none"]);
// missing values are left out
let gaps = stats::compare(#{ a: #{ s: 0.5, t: () }, b: #{ s: 0.4, t: 0.3 } });
assert(gaps.notes.some(|note| note.contains("t: no value of a")));
assert_eq(gaps.pairs[0].sets, 1);
// smaller is better
let loss = stats::compare(#{ a: #{ s: 0.5, t: 0.6 }, b: #{ s: 0.4, t: 0.3 } }, #{ metric: "loss" });
assert_eq(loss.ranks["model"], ["b", "a"]);
// another metric is drawn again
let ap = stats::compare(rows, #{ metric: metric::average_precision(), n: 50 });
assert_eq(ap.differences[0].test, "bootstrap");
assert(ap.notes.some(|note| note.contains("resamples, which are left out")));
"#)
    .unwrap_or_else(|fault| panic!("{fault}"));
    for (text, wanted) in [
        ("stats::compare([])", "there are no runs to compare"),
        (
            "stats::compare(3)",
            "`runs` must be an array of maps, a table",
        ),
        (
            "stats::compare([3])",
            "item 0 of `runs` must be a map or the name of a run",
        ),
        (
            "stats::compare([#{ set: \"s\", value: 1 }])",
            "has no `model`; its keys are set, value",
        ),
        (
            "stats::compare([#{ model: \"s\" }])",
            "has neither a value, nor scores and labels",
        ),
        (
            "stats::compare(#{ a: 0.5 })",
            "a comparison needs at least two models, got only `a`",
        ),
        (
            "stats::compare(#{ a: \"x\", b: 1 })",
            "a on test: the value must be a number",
        ),
        (
            "stats::compare([#{ model: \"a\", scores: [[1.0, 2.0]], labels: [1] }])",
            "`scores` must be [rows], got [1, 2]",
        ),
        (
            "stats::compare(#{ a: #{ scores: [1.0], labels: [1] }, b: 1 }, #{ metric: \"mine\" })",
            "`mine` is not computed from scores",
        ),
        (
            "stats::compare(#{ a: 1, b: 2 }, #{ against: \"c\" })",
            "no model is called `c`",
        ),
        (
            "stats::compare(#{ a: 1, b: 2 }, #{ keys: #{ value: 1 } })",
            "option `keys`",
        ),
        (
            "stats::compare(\"no such run\")",
            "no run in `runs` is called `no such run`",
        ),
    ] {
        let found = fault(text).to_string();
        assert!(found.contains(wanted), "{text}: {found}");
    }
}
