//! Sweeps in the ledger of runs.

use crate::{cistron, said};

#[test]
fn sweeps_are_in_lists_removed_exported_and_named() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    std::fs::write(folder.join("s.rhai"), "let lr = param(\"lr\", 0.1); report(\"test\", #{ auroc: 0.123456789 + lr, loss: 1.0 - lr });").expect("written");
    let run = |arguments: &[&str]| said(&cistron(folder, arguments));
    assert_eq!(run(&["run", "s.rhai", "--sweep", "lr=0.1,0.5,0.3"]).2, 0);
    assert_eq!(
        run(&["run", "s.rhai", "--sweep", "lr=0.2", "--name", "wide net"]).2,
        0
    );
    assert_eq!(run(&["run", "s.rhai", "--name", "alone"]).2, 0);
    // README's own line: the metric is nested
    let (out, err, code) = run(&["runs", "list", "--sort", "auroc", "--filter", "auroc>0.25"]);
    assert_eq!(code, 0, "{err}");
    let order: Vec<&str> = out
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(order[..2], ["s-sweep/002", "s-sweep/003"], "{out}");
    assert!(
        out.contains("wide net lr=0.2") && out.contains("0.6235") && !out.contains("0.62345"),
        "{out}"
    );
    // a sweep is one line, with the range of its results
    let (out, _, _) = run(&["runs", "list"]);
    let line = out.lines().find(|line| line.starts_with("s-sweep/"));
    assert!(
        line.is_some_and(|line| line.contains("3 done") && line.contains("0.2235 – 0.6235")),
        "{out}"
    );
    assert!(run(&["runs", "list", "--all"]).0.contains("s-sweep/002"));
    let (_, err, code) = run(&["runs", "list", "--sort", "aucroc"]);
    assert!(code == 2 && err.contains("test.auroc"), "{err}");
    // one of a sweep, and all of it
    assert!(
        run(&["runs", "show", "s-sweep/002"])
            .0
            .contains("set.lr = 0.5")
    );
    assert!(
        run(&["runs", "show", "wide net lr=0.2"])
            .0
            .contains("set.lr = 0.2")
    );
    // its exact name means the sweep, also beside one whose name begins so
    let (out, err, code) = run(&["runs", "show", "s-sweep"]);
    assert!(
        code == 0 && out.contains("s-sweep/003") && out.lines().count() == 4,
        "{out}{err}"
    );
    let (_, err, code) = run(&["runs", "show", "s-swee"]);
    assert!(
        code == 1 && err.contains("3 runs") && err.contains("export s-sweep"),
        "{err}"
    );
    assert_eq!(run(&["runs", "export", "s-sweep", "--csv", "all.csv"]).2, 0);
    let table = std::fs::read_to_string(folder.join("all.csv")).expect("a table");
    assert!(
        table.starts_with("run,state,seconds,lr,test.auroc,test.loss\ns-sweep/001,done,")
            && table.lines().count() == 4,
        "{table}"
    );
    let summary =
        std::fs::read_to_string(folder.join("runs/s-sweep/summary.tsv")).expect("a table");
    assert!(summary.contains("0.623456789"), "{summary}");
    let (out, _, code) = run(&["runs", "rm", "--yes", "s-sweep", "wide net-sweep"]);
    assert!(code == 0 && out.contains("a sweep of 3 runs"), "{out}");
    let (out, _, _) = run(&["runs", "list"]);
    assert!(out.contains("alone") && !out.contains("sweep"), "{out}");
}

#[test]
fn folds_gather_into_an_ensemble() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let shared = r#"
        let set = data::from(#{
            sequence: ["ACGTACGTAC", "TTTTGGGGAA", "ACCCAGTTAG", "GGTTAACCAT"], label: [1, 0, 1, 0],
        });
        let layer = nn::chain([nn::conv1d(4, 3), nn::global_max_pool(), nn::linear(1)]);
        let net = nn::build(layer, [4, 10], #{ name: "small", seed: SEED });
    "#;
    let train = r#"
        train::fit(net, #{
            train: set, valid: set, epochs: 2, batch: 4, loss: loss::bce_with_logits(),
            optimizer: optim::adam(#{ lr: 0.05 }), checkpoint: "best",
        });
        report("test", #{ mean: net.predict(set).mean().item() });
    "#;
    let script = format!(
        "let fold = param(\"fold\", 0);{}{train}",
        shared.replace("SEED", "fold")
    );
    std::fs::write(folder.join("s.rhai"), script).expect("written");
    let gather = r#"
        let gathered = nn::ensemble([net], #{ runs: "runs/s-sweep" });
        print(gathered.members().len());
        print(gathered.predict(set).mean().item());
        nn::ensemble([net], #{ runs: "runs" });
    "#;
    let script = format!("{}{gather}", shared.replace("SEED", "9"));
    std::fs::write(folder.join("g.rhai"), script).expect("written");
    let run = |arguments: &[&str]| said(&cistron(folder, arguments));
    assert_eq!(run(&["run", "s.rhai", "--folds", "3"]).2, 0);
    let mean = |fold: usize| -> f64 {
        let path = folder.join(format!("runs/s-sweep/00{fold}/results.json"));
        let text = std::fs::read_to_string(path).expect("results");
        let results: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        results["test"]["mean"].as_f64().expect("a number")
    };
    let expected = (mean(1) + mean(2) + mean(3)) / 3.0;
    let (out, err, code) = run(&["run", "g.rhai", "--no-run-dir"]);
    assert!(
        code == 1 && err.contains("`runs` has no runs"),
        "{out}{err}"
    );
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("3"));
    let found: f64 = lines
        .next()
        .and_then(|line| line.parse().ok())
        .expect("a mean");
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

#[test]
fn what_a_sweep_cannot_mean_is_refused_before_the_first_run() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let text = "let lr = param(\"lr\", 0.1); let fold = param(\"fold\", 0);\n\
                if lr > 5.0 { throw \"too large\"; }\nprint(\"printed\"); report(\"score\", lr * 2.0);";
    std::fs::write(folder.join("s.rhai"), text).expect("written");
    let run = |arguments: &[&str]| said(&cistron(folder, arguments));
    for (options, expected) in [
        (
            &["--sweep", "lr=abc,0.1"][..],
            "`lr` must be a number, got `abc`",
        ),
        (
            &["--sweep", "lr=0.1", "--sweep", "lr=0.2"],
            "`lr` is swept already",
        ),
        (
            &["--folds", "2", "--sweep", "fold=0,1"],
            "--sweep and --folds both set `fold`",
        ),
        (
            &["--set", "lr=0.3", "--sweep", "lr=1,2"],
            "--set and --sweep both set `lr`",
        ),
        (
            &["--set", "fold=1", "--folds", "2"],
            "--set and --folds both set `fold`",
        ),
        (
            &["--sweep", "lr=1,2", "--jobs", "0"],
            "--jobs is at least 1",
        ),
    ] {
        let (out, err, code) = run(&[&["run", "s.rhai"], options].concat());
        assert!(
            code != 0 && err.contains(expected),
            "{options:?}: {out}{err}"
        );
        assert!(!folder.join("runs").exists(), "{options:?}");
    }
    // results and failures of all runs as JSON, and nothing else
    let (out, err, code) = run(&["run", "s.rhai", "--sweep", "lr=0.1,9", "--json"]);
    let found: serde_json::Value =
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(code, 1);
    assert_eq!(found["runs"][0]["results"]["score"], 0.2);
    assert_eq!(found["runs"][1]["failed"], "too large");
    // a replay is no run of the sweep
    assert_eq!(run(&["runs", "replay", "s-sweep/001"]).2, 0);
    assert!(folder.join("runs/s-sweep_001_replay").exists());
}
