//! Scripts with `fn test_…()`, and the examples.

use crate::{cistron, data_folder, root, said};

#[test]
fn every_script_test_passes() {
    let output = cistron(&root(), &["test", "tests/scripts"]);
    let (out, err, code) = said(&output);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains(" passed, 0 failed") && !out.starts_with("0 passed"),
        "{out}"
    );
}

#[test]
fn small_examples_run() {
    for (example, wanted) in [
        ("03_own_layer", "[2, 3]"),
        ("04_by_hand", "150: 0.1"),
        ("10_own_step", "train.distilled"),
    ] {
        let output = cistron(
            &root(),
            &["run", "--no-run-dir", &format!("examples/{example}.rhai")],
        );
        let (out, err, code) = said(&output);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains(wanted), "{out}");
    }
}

#[test]
fn the_chip_seq_example_takes_deepbinds_files_as_they_are() {
    let Some(folder) = data_folder() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let base = folder.join("chipseq/deepbind_encode");
    // the held-out file alone is small: it serves as both
    let file = base
        .join("ELK1_GM12878_ELK1_(1277-1)_Stanford_B.seq.gz")
        .display()
        .to_string();
    let script = root()
        .join("examples/02_chip_seq.rhai")
        .display()
        .to_string();
    let output = cistron(
        place.path(),
        &[
            "run",
            &script,
            "--run-dir",
            "kept",
            "--set",
            &format!("train={file}"),
            "--set",
            &format!("test={file}"),
            "--set",
            "epochs=1",
        ],
    );
    let (out, err, code) = said(&output);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("test AUROC 0."), "{out}");
    for name in [
        "results.json",
        "set.json",
        "script.rhai",
        "versions.json",
        "log.txt",
        "metrics.jsonl",
        "done.json",
        "model.safetensors",
        "filters.meme",
        "figures/history.svg",
        "figures/roc.svg",
        "figures/filters.svg",
        "checkpoints/chip-seq/best.safetensors",
    ] {
        assert!(
            place.path().join("kept").join(name).exists(),
            "{name} is missing"
        );
    }
    let results: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(place.path().join("kept/results.json")).expect("results"),
    )
    .expect("JSON");
    assert!(
        results["test"]["auroc"]
            .as_f64()
            .is_some_and(|x| (0.0..=1.0).contains(&x))
    );
    let meme = std::fs::read_to_string(place.path().join("kept/filters.meme")).expect("motifs");
    assert_eq!(meme.matches("MOTIF ").count(), 128);
}

#[test]
fn the_example_of_activity_runs_for_enhancers_and_promoters() {
    let Some(folder) = data_folder() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let script = root()
        .join("examples/07_enhancer_activity.rhai")
        .display()
        .to_string();
    let data = format!("folder={}", folder.join("mpra").display());
    for kind in ["enhancer", "promoter"] {
        let (out, err, code) = said(&cistron(
            place.path(),
            &[
                "run",
                &script,
                "--run-dir",
                kind,
                "--set",
                &format!("kind={kind}"),
                "--set",
                &data,
                "--set",
                "epochs=1",
            ],
        ));
        assert_eq!(code, 0, "{err}");
        assert!(
            out.contains("held out: Pearson") && out.contains("in 10 changes"),
            "{out}"
        );
        assert!(place.path().join(kind).join("figures/made.svg").exists());
    }
}

#[test]
fn shape_tables_reproduce_the_public_tracks_they_are_derived_from() {
    let Some(folder) = data_folder() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let script = root().join("examples/08_dna_shape.rhai");
    let data = folder.join("chipseq/zeng_ezh2_dnd41");
    let output = cistron(
        place.path(),
        &[
            "run",
            &script.display().to_string(),
            "--no-run-dir",
            "--set",
            &format!("folder={}", data.display()),
            "--set",
            "epochs=1",
        ],
    );
    let (out, err, code) = said(&output);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("MGW: 5-mers, 1024 of 1024 known, 0 conflicts, ends 0.0"),
        "{out}"
    );
    assert!(
        out.contains("largest difference from the tracks: 0.0"),
        "{out}"
    );
    assert!(place.path().join("shape.tsv").is_file());
}
