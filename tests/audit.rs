//! `cistron audit`: its options, its report as JSON, and what is known of public datasets.

use crate::{cistron, data_folder, said};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The report of `cistron audit --json`.
fn report(folder: &Path, arguments: &[&str]) -> Value {
    let all = [&["audit", "--json"], arguments].concat();
    let (out, err, code) = said(&cistron(folder, &all));
    assert!(code == 0 || code == 3, "{code} {out} {err}");
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["is_fair"], code == 0);
    report
}

fn auroc(report: &Value, baseline: &str) -> f64 {
    let rows = report["baselines"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["baseline"] == baseline);
    row.expect("a baseline")["auroc"]
        .as_f64()
        .expect("a number")
}

/// Sequences whose positives have a word; row `i` of `seed`.
fn sequence(seed: u64, i: u64) -> String {
    let mut state = (seed << 32) + i * 2_654_435_761 + 12345;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        b"ACGT"[(state >> 40) as usize % 4] as char
    };
    let mut text: String = (0..60).map(|_| letter()).collect();
    if i.is_multiple_of(2) {
        text.replace_range(20..30, "TGACGTCATC");
    }
    text
}

fn table(folder: &Path, name: &str, seed: u64, n: u64) {
    let rows = (0..n).map(|i| format!("{}\t{}\n", sequence(seed, i), (i + 1) % 2));
    std::fs::write(folder.join(name), rows.collect::<String>()).expect("written");
}

#[test]
fn options_of_the_command() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    table(folder, "train.tsv", 1, 200);
    table(folder, "test.tsv", 2, 100);
    let lines =
        |of: &dyn Fn(u64) -> String, n: u64| (0..n).map(|i| of(i) + "\n").collect::<String>();
    let write =
        |name: &str, text: String| std::fs::write(folder.join(name), text).expect("written");
    write(
        "cells.txt",
        lines(&|i| if i < 220 { "a" } else { "b" }.into(), 300),
    );
    write("scores.txt", lines(&|i| format!("{}", (i + 1) % 2), 100));
    let all = [
        "train.tsv",
        "test.tsv",
        "--entity",
        "cell=cells.txt",
        "--predictions",
        "scores.txt",
    ];
    let found = report(folder, &all);
    assert_eq!(found["leaks"]["entities"]["cell"]["rows"], 20);
    assert_eq!(found["leaks"]["count"], 0);
    assert_eq!(auroc(&found, "network"), 1.0);
    let gain = found["gain"]["difference"].as_f64().expect("a number");
    assert!((gain - 1.0 + auroc(&found, "kmers")).abs() < 1e-6);
    let (out, _, code) = said(&cistron(folder, &[&["audit"], &all[..]].concat()));
    assert!(
        code == 3 && out.contains("shared cell: 20") && out.contains("network_adds"),
        "{out}"
    );
    let tables = |extra: &[&str]| said(&cistron(folder, &[&["audit"], extra].concat()));
    for (arguments, message) in [
        (
            &["train.tsv", "--predictions", "scores.txt"][..],
            "needs two files",
        ),
        (&["train.tsv", "--entity", "cells.txt"], "must be NAME=FILE"),
        (
            &["train.tsv", "--entity", "cell=absent.txt"],
            "cannot read `absent.txt`",
        ),
        (
            &["train.tsv", "test.tsv", "--predictions", "cells.txt"],
            "line 1: `a` is no number",
        ),
        (
            &["train.tsv", "test.tsv", "--entity", "cell=scores.txt"],
            "100 values for 200 and 100",
        ),
        (&["train.tsv", "--replicates", "0,1"], "`replicates` is 1"),
    ] {
        let (_, err, code) = tables(arguments);
        assert!(
            code == 1 && err.contains(message),
            "{arguments:?}: {code} {err}"
        );
    }
    let csv = |i: u64| format!("{},{},{}", i, sequence(3, i), (i + 1) % 2);
    write("other.csv", format!("id,dna,y\n{}", lines(&csv, 200)));
    let found = report(folder, &["other.csv", "--sequence", "dna", "--labels", "y"]);
    assert_eq!(found["leaks"]["rows"], 40);
}

/// DeepBind's test sets have dinucleotide shuffles as negatives; those of DREAM5 differ in their
/// negatives, of which regions of the genome have another GC content than peaks.
#[test]
fn kinds_of_negatives_are_found_in_public_sets() {
    let Some(data) = data_folder() else { return };
    let encode = data.join("chipseq/deepbind_encode/SP1_GM12878_SP1_HudsonAlpha_B.seq.gz");
    let found = report(&data, &[&encode.display().to_string()]);
    assert_eq!(found["labels"]["shuffles"]["k"], 2);
    assert_eq!(found["labels"]["shuffles"]["rows"], 500);
    assert!(auroc(&found, "dinucleotide") < 0.6);
    let dream = |kind: &str| {
        let name = format!("chipseq/deepbind_dream5_chipseq/TF_25_CHIP_100_{kind}.seq");
        data.join(name).display().to_string()
    };
    let found = report(&data, &[&dream("dinuc")]);
    assert_eq!(found["labels"]["shuffles"]["k"], 2);
    assert!(auroc(&found, "gc") < 0.6);
    for kind in ["genomic", "full_genomic"] {
        let found = report(&data, &[&dream(kind)]);
        assert!(found["labels"]["shuffles"].is_null());
        assert_eq!(found["is_fair"], false);
        assert!(auroc(&found, "gc") > 0.9);
        let verdict = found["verdict"].as_str().expect("text");
        assert!(
            verdict.contains("content alone reaches an AUROC of 0.9"),
            "{verdict}"
        );
    }
    // the two files have the same positives
    let found = report(&data, &[&dream("dinuc"), &dream("genomic")]);
    assert!(found["leaks"]["duplicates"].as_i64() >= Some(498));
}

/// Pairs of regulators and genes of B. subtilis with random pairs as negatives: the regulator alone
/// tells edges from others.
#[test]
fn pairs_that_share_a_regulator_are_found() {
    let Some(data) = data_folder() else { return };
    let path = data.join("expression/inferelator/bsubtilis/gold_standard.tsv.gz");
    let mut lines = BufReader::new(GzDecoder::new(File::open(path).expect("a file"))).lines();
    let cells = |line: String| -> Vec<String> {
        line.split('\t')
            .map(|cell| cell.trim_matches('"').to_string())
            .collect()
    };
    let regulators = cells(lines.next().expect("a header").expect("text"));
    let (mut edges, mut genes) = (Vec::new(), Vec::new());
    for line in lines {
        let row = cells(line.expect("text"));
        let gene = genes.len();
        genes.push(row[0].clone());
        let hits = (0..regulators.len()).filter(|i| row[i + 1] == "1");
        edges.extend(hits.map(|i| (regulators[i].clone(), gene)));
    }
    assert!(edges.len() > 2000, "{}", edges.len());
    let mut state = 7u64;
    let mut below = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let n = edges.len();
    let mut script = String::from("let tf = [];\nlet label = [];\nlet number = [];\n");
    let mut push = |tf: &str, gene: usize, label: u8| {
        script += &format!("tf.push(\"{tf}\"); label.push({label}); number.push({gene}.0);\n");
    };
    for (tf, gene) in &edges {
        push(tf, *gene, 1);
        let (tf, gene) = (below(genes.len()), below(genes.len()));
        push(&genes[tf], gene, 0);
    }
    script += "let x = tensor::from(number).reshape([-1, 1]);\n\
        let set = data::from(#{ gene: x, label: label });\n\
        let found = data::audit(set, #{ entities: #{ tf: tf }, seed: 1 });\n\
        let table = found.baselines;\n\
        let at = table[\"baseline\"].index_of(\"tf\");\n\
        report(\"auroc\", table[\"auroc\"][at]);\n\
        report(\"shared\", found.leaks.entities.tf.rows);\n\
        report(\"rows\", found.leaks.rows); report(\"verdict\", found.verdict);\n";
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("pairs.rhai"), script).expect("written");
    let (out, err, code) = said(&cistron(
        place.path(),
        &["run", "--no-run-dir", "--json", "pairs.rhai"],
    ));
    assert_eq!(code, 0, "{out} {err}");
    let found: Value = serde_json::from_str(&out).expect("JSON");
    let results = &found;
    assert!(results["auroc"].as_f64() > Some(0.95), "{out}");
    assert!(results["shared"].as_i64() > Some(n as i64 / 8), "{out}");
    let verdict = results["verdict"].as_str().expect("text");
    assert!(
        verdict.contains("`tf` alone reaches an AUROC of 0.9"),
        "{verdict}"
    );
}
