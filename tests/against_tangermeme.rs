//! Edits of sequences and gapped k-mers against tangermeme 1.6.

use crate::{cases, python, root};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|text| text.as_str().expect("text").to_string())
        .collect()
}

fn list(value: rhai::Dynamic) -> Vec<String> {
    value.into_typed_array::<String>().expect("strings")
}

fn compare_edit(case: &Value, script: &str, sequences: &str) {
    if case["result"].is_null() {
        crate::value(&format!("let s = {sequences}; {script}")).expect_err(script);
        return;
    }
    let wanted = texts(&case["result"]);
    // as strings, one by one, one-hot, and as codes
    let forms = [
        format!("let s = {sequences}; {script}"),
        format!("let s = seq::one_hot({sequences}); seq::decode({script})"),
        format!("let s = seq::codes({sequences}); seq::decode({script})"),
    ];
    for text in forms {
        let found = crate::value(&text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(list(found), wanted, "{text}");
    }
}

fn compare_kmers(case: &Value, script: &str, sequences: &str) {
    let text = format!(
        "let s = {sequences}; let t = {script}; #{{ sequence: t[\"sequence\"], kmer: t[\"kmer\"], score: t[\"score\"] }}"
    );
    let map = crate::value(&text)
        .unwrap_or_else(|fault| panic!("{text}: {fault}"))
        .cast::<rhai::Map>();
    let rows: Vec<i64> = map["sequence"].clone().into_typed_array().expect("numbers");
    let scores: Vec<f64> = map["score"].clone().into_typed_array().expect("numbers");
    let mut found: Vec<(i64, String, f64)> = rows
        .into_iter()
        .zip(list(map["kmer"].clone()))
        .zip(scores)
        .map(|((row, kmer), score)| (row, kmer, score))
        .collect();
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let mut wanted = Vec::new();
    for (row, own) in case["result"]
        .as_array()
        .expect("a list")
        .iter()
        .enumerate()
    {
        let own = own.as_object().expect("a map");
        wanted
            .extend(own.iter().map(|(kmer, score)| {
                (row as i64, kmer.clone(), score.as_f64().expect("a number"))
            }));
    }
    wanted.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let same = found.len() == wanted.len()
        && found
            .iter()
            .zip(&wanted)
            .all(|(a, b)| (a.0, &a.1) == (b.0, &b.1) && (a.2 - b.2).abs() < 1e-6);
    assert!(same, "{text}\n{found:?}\n{wanted:?}");
}

fn compare(folder: &Path) -> usize {
    let text = std::fs::read_to_string(folder.join("edits.json")).expect("cases");
    let all: Value = serde_json::from_str(&text).expect("as the recipe writes it");
    let all = all.as_array().expect("a list");
    for case in all {
        let (script, sequences) = (
            case["script"].as_str().expect("a call"),
            case["sequences"].to_string(),
        );
        if script.contains("gapped") {
            compare_kmers(case, script, &sequences)
        } else {
            compare_edit(case, script, &sequences)
        }
    }
    all.len()
}

#[test]
fn edits_and_gapped_kmers_are_tangermemes() {
    assert_eq!(compare(&root().join("tests/oracles")), 70);
}

#[test]
fn edits_and_gapped_kmers_are_tangermemes_on_other_cases() {
    let count = cases(0);
    if count == 0 {
        return eprintln!("SKIPPED: CISTRON_CASES says how many more edits are compared");
    }
    let Some(python) = python("tangermeme") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let recipe = root().join("tests/oracles/edits.py");
    assert!(
        Command::new(python)
            .arg(recipe)
            .arg(count.to_string())
            .arg(folder.path())
            .status()
            .expect("Python runs")
            .success()
    );
    assert_eq!(compare(folder.path()), count);
}

#[test]
fn edits_keep_what_they_do_not_change() {
    crate::run(
        "// lower case and ambiguous letters stay as they are
         assert_eq(seq::substitute(\"acgtRYn\", \"TT\", 1), \"aTTtRYn\");
         assert_eq(seq::delete(\"acgtRYn\", 0, 4), \"RYn\");
         assert_eq(seq::insert(\"\", \"ACG\"), \"ACG\");
         assert_eq(seq::insert(\"AC\", \"G\", 2), \"ACG\");
         assert_eq(seq::insert([\"AC\", \"GGG\"], [\"T\", \"AA\"]), [\"ATC\", \"GAAGG\"]);
         let x = seq::one_hot([\"ACGT\", \"TTTT\"]).double();
         let y = seq::substitute(x, seq::one_hot([\"GN\"]), 1);
         assert_eq(y.kind, \"float64\");
         assert_eq(seq::decode(y), [\"AGGT\", \"TGTT\"]);
         assert_eq(seq::decode(x), [\"ACGT\", \"TTTT\"]);
         let r = seq::randomize(\"ACGTACGT\", 2, 6, #{ copies: 50, seed: 1 });
         assert(r.all(|s| s.len() == 8 && s.sub_string(0, 2) == \"AC\" && s.sub_string(6) == \"GT\"));
         assert_eq(r, seq::randomize(\"ACGTACGT\", 2, 6, #{ copies: 50, seed: 1 }));
         let s = seq::shuffle(\"AAAACGTGTCAAAA\", #{ start: 4, end: 10, k: 1, seed: 2 });
         assert(s.starts_with(\"AAAA\") && s.ends_with(\"AAAA\"));
         let codes = seq::codes([\"AAAACGTGTCAAAA\"]);
         let several = seq::shuffle(codes, #{ start: 4, end: 10, copies: 9, seed: 2 });
         assert_eq(several.shape, [1, 9, 14]);
         assert_eq(several[[(), (), 0..4]].sum(), 0);
         assert_eq(seq::gapped_kmers([\"NNNN\", \"AC\"], #{ min_k: 2, max_k: 2 })[\"kmer\"], [\"AC\"]);",
    )
    .expect("runs");
    for (text, message) in [
        ("seq::insert(\"ACGT\", \"GR\")", "the motif holds `R`"),
        ("seq::insert(\"ACGT\", \"GN\")", "the motif holds `N`"),
        (
            "seq::insert(\"ACGT\", \"G\", 5)",
            "do not lie inside of a sequence of 4",
        ),
        (
            "seq::delete(\"ACGT\", 2, 2)",
            "positions 2 to 2 are no range of a sequence of 4",
        ),
        (
            "seq::delete([\"ACGT\", \"A\"], 1, 2)",
            "sequence 1: positions 1 to 2 are no range of a sequence of 1",
        ),
        (
            "seq::substitute([\"ACGT\", \"AC\", \"A\"], [\"A\", \"C\"])",
            "one motif, or one for each of 3 sequences, is needed, got 2",
        ),
        (
            "seq::substitute(tensor::full([1, 4, 3], 0.5), \"A\")",
            "not a one-hot sequence",
        ),
        (
            "seq::substitute(seq::one_hot([\"ACGT\"]).requires_grad(), \"A\")",
            "has a gradient, which an edit would lose",
        ),
        (
            "seq::substitute(\"AC!T\", \"A\")",
            "`!` at position 3 is no base",
        ),
        (
            "seq::randomize(\"ACGT\", 0, 2, #{ chances: [0.5, 0.5, 0.5, 0.5] })",
            "must be four numbers from 0 to 1 that sum to 1",
        ),
        (
            "seq::multisubstitute(\"ACGT\", [\"A\", \"C\"], [1, 2])",
            "2 motifs have 1 spacings between them, got 2",
        ),
        (
            "seq::gapped_kmers(\"ACGT\", #{ min_k: 5, max_k: 4 })",
            "`min_k` is 5, `max_k` 4",
        ),
        (
            "seq::shuffle(\"ACGT\", #{ start: 3, end: 9 })",
            "positions 3 to 9 are no range of a sequence of 4",
        ),
    ] {
        let fault = crate::fault(text);
        assert!(fault.message.contains(message), "{text}: {fault}");
    }
}

#[test]
fn a_networks_outputs_of_changed_and_combined_inputs() {
    crate::run(
        "let net = nn::build(nn::chain([nn::flatten(), nn::linear(2)]), [4, 12], #{ seed: 1 });
         let x = seq::one_hot(seq::random(3, 12, #{ seed: 2 }));
         let found = explain::ablate(net, x, 2, 9, #{ copies: 5, seed: 3, batch: 4 });
         assert_near(found.before, net.forward(x), 1e-5);
         let codes = seq::shuffle(x.argmax(1), #{ start: 2, end: 9, k: 1, copies: 5, seed: 3 });
         let again = net.forward(seq::one_hot(seq::decode(codes.reshape([15, 12]))));
         assert_near(found.after.reshape([15, 2]), again, 1e-5);
         let two = nn::build(nn::chain([nn::branches(#{ a: nn::linear(3), b: nn::linear(2) }), nn::tanh()]), #{ a: [4], b: [2] }, #{ seed: 1 });
         let a = tensor::randn([3, 4], #{ seed: 1 });
         let b = tensor::randn([5, 2], #{ seed: 2 });
         let all = explain::product(two, #{ a: a, b: b }, #{ batch: 4 });
         assert_eq(all.shape, [3, 5, 5]);
         for i in 0..3 { for j in 0..5 { assert_near(all[[i, j]], two.forward(#{ a: a[i..i + 1], b: b[j..j + 1] })[0], 1e-5); } }
         let best = explain::screen(net, 40, #{ best: 4, label: 1, seed: 5, batch: 7 });
         assert_near(net.forward(seq::one_hot(best.sequences))[[(), 1]], best.values, 1e-5);
         assert_eq(best.sequences, explain::screen(net, 40, #{ best: 4, label: 1, seed: 5, batch: 13 }).sequences);",
    )
    .expect("runs");
}
