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
    let (_, err, code) = run(&["runs", "show", "s-sweep"]);
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
