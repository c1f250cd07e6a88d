//! Tables and FASTA files: known forms, and what is wrong with broken ones, by file and line.

use crate::{data_folder, fault, root, run};
use std::io::Write;
use std::path::{Path, PathBuf};

fn write(folder: &Path, name: &str, text: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn gz(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(text.as_bytes()).expect("compressed");
    out.finish().expect("compressed")
}

#[test]
fn known_forms_need_no_options() {
    let place = tempfile::tempdir().expect("a folder");
    let deepbind = write(
        place.path(),
        "a.seq.gz",
        &gz("FoldID\tEventID\tseq\tBound\nA\tone\tACGTA\t1\nA\ttwo\tTTTTA\t0\n"),
    );
    run(
        &format!("let s = data::table(\"{deepbind}\"); assert_eq!(s.len(), 2);")
            .replace("assert_eq!", "assert_eq"),
    )
    .expect("DeepBind's form");
    run(&format!("let s = data::table(\"{deepbind}\"); assert_eq(s.names, [\"one\", \"two\"]); assert_eq(s.label_names, [\"Bound\"]);")).expect("names");
    let zeng = write(
        place.path(),
        "z.csv",
        b">chr1:1-5_shuf ACGTA 0\r\n\r\n>chr2:4-9 CCCCA 1\r\n",
    );
    run(&format!("let s = data::table(\"{zeng}\"); assert_eq(s.sequences(), [\"ACGTA\", \"CCCCA\"]); assert_eq(s.label, [[0.0], [1.0]]);"))
        .expect("Zeng's form, CRLF, an empty line");
    let bare = write(place.path(), "b.txt", b"acgtn\t1\nRYACG\t0\n");
    run(&format!("let s = data::table(\"{bare}\"); assert_eq(s.sequences(), [\"ACGTN\", \"NNACG\"]); assert_eq(s.notes.len(), 2);"))
        .expect("lower case, N, IUPAC");
    let wide = write(
        place.path(),
        "w.csv",
        b"left,right,a,b\nACGT,TTTT,1,NA\nAAAA,CCCC,0,1\n",
    );
    run(&format!("let s = data::table(\"{wide}\", #{{ sequence: #{{ x: \"left\", y: \"right\" }}, label: [\"a\", \"b\"] }}); assert_eq(s.label.shape, [2, 2]); assert(s.label.isnan().any().item()); assert_eq(s.input(\"y\").shape, [2, 4, 4]);")).expect("several inputs and labels");
}

#[test]
fn broken_tables_are_told_by_file_and_line() {
    let place = tempfile::tempdir().expect("a folder");
    let cases: [(&str, Vec<u8>, &str, &str); 9] = [
        (
            "columns",
            b"seq\ty\nACGT\t1\nACGT\n".to_vec(),
            "sequence: \"seq\", label: \"y\"",
            "line 3: expected 2 columns, got 1",
        ),
        (
            "letter",
            b"seq\ty\nACGT\t1\nAC*T\t0\n".to_vec(),
            "sequence: \"seq\", label: \"y\"",
            "line 3: `*` at position 3 of the sequence is no base",
        ),
        (
            "length",
            b"seq\ty\nACGT\t1\nACG\t0\n".to_vec(),
            "sequence: \"seq\", label: \"y\"",
            "line 3: the sequence has 3 bases, those before it have 4",
        ),
        (
            "label",
            b"seq\ty\nACGT\tyes\n".to_vec(),
            "sequence: \"seq\", label: \"y\"",
            "line 2: label `y` must be a number, got `yes`",
        ),
        (
            "typo",
            b"seq\ty\nACGT\t1\n".to_vec(),
            "sequence: \"sec\", label: \"y\"",
            "did you mean `seq`?",
        ),
        (
            "empty",
            b"".to_vec(),
            "sequence: \"seq\", label: \"y\"",
            "is empty",
        ),
        (
            "header",
            b"seq\ty\n".to_vec(),
            "sequence: \"seq\", label: \"y\"",
            "holds a header and no rows",
        ),
        (
            "unknown",
            b"a\tb\tc\n1\t2\t3\n".to_vec(),
            "",
            "the form of this table is not known",
        ),
        (
            "blank",
            b"seq\ty\n\t1\n".to_vec(),
            "sequence: \"seq\", label: \"y\"",
            "line 2: the sequence is empty",
        ),
    ];
    for (name, text, options, wanted) in cases {
        let path = write(place.path(), name, &text);
        let fault = fault(&format!("data::table(\"{path}\", #{{ {options} }});"));
        assert!(
            fault.to_string().contains(wanted) && fault.message.contains(name),
            "{name}: {fault}"
        );
        assert_eq!(fault.kind, "data", "{name}");
    }
    let whole = gz(&"ACGTACGT\t1\n".repeat(2000));
    let path = write(place.path(), "cut.gz", &whole[..whole.len() / 2]);
    let cut = fault(&format!("data::table(\"{path}\");"));
    assert!(
        cut.to_string().contains("truncated") || cut.to_string().contains("line"),
        "{cut}"
    );
    let path = write(place.path(), "cutlen", b"ACGTACGT\t1\nAC\t0\n");
    run(&format!("let s = data::table(\"{path}\", #{{ sequence: \"1\", label: \"2\", length: 6 }}); assert_eq(s.sequences(), [\"CGTACG\", \"NNACNN\"]);"))
        .expect("cut and padded");
}

#[test]
fn fasta_pairs() {
    let place = tempfile::tempdir().expect("a folder");
    let positives = write(
        place.path(),
        "p.fa.gz",
        &gz(">a first\nACG\nTA\n>b\nCCCCC\n"),
    );
    let negatives = write(place.path(), "n.fa", b">c\nTTTTT\n");
    run(&format!("let s = data::fasta(\"{positives}\", \"{negatives}\"); assert_eq(s.names, [\"a\", \"b\", \"c\"]); assert_eq(s.positives, [2.0 / 3.0]); assert_eq(s.sequences()[0], \"ACGTA\");")).expect("read");
    let hollow = write(place.path(), "h.fa", b">a\n>b\nACGT\n");
    assert!(
        fault(&format!("data::fasta(\"{hollow}\");"))
            .message
            .contains("line 1: record `a` has no sequence")
    );
    let other = write(place.path(), "o.fa", b"ACGT\n");
    assert!(
        fault(&format!("data::fasta(\"{other}\");"))
            .message
            .contains("line 1: expected `>name`")
    );
}

#[test]
fn duplicates_and_overlaps_are_counted_on_both_strands() {
    run("let s = data::from(#{ sequence: [\"AACG\", \"CGTT\", \"AAAA\"], label: [1, 0, 1] }); assert_eq(s.duplicates(), 1); let o = data::from(#{ sequence: [\"TTTT\"], label: [1] }); assert_eq(s.overlap(o), 1);").expect("counted");
}

#[test]
fn a_dataset_survives_its_file() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("s.safetensors").display().to_string();
    run(&format!(
        "let s = data::from(#{{ sequence: [\"AACG\", \"CGTT\", \"AAAA\"], height: tensor::ones([3, 2]), label: [1, 0, 1] }}).with_shuffles(#{{ k: 2, redraw: true, seed: 3 }});
         s.save(\"{path}\"); let t = data::load(\"{path}\");
         assert_eq(t.len(), 6); assert_eq(t.sequences()[0], \"AACG\"); assert_eq(s.label, t.label); assert_eq(t.input(\"height\").shape, [6, 2]);"
    ))
    .expect("saved and loaded");
}

#[test]
fn real_files_read_as_they_are() {
    let Some(folder) = data_folder() else { return };
    let chipseq = folder.join("chipseq");
    let find = |dir: &str, start: &str| -> PathBuf {
        let inside = std::fs::read_dir(chipseq.join(dir))
            .expect("a folder of data")
            .flatten()
            .map(|e| e.path());
        inside
            .into_iter()
            .find(|p| {
                p.file_name()
                    .is_some_and(|n| n.to_string_lossy().starts_with(start))
            })
            .expect("a file")
    };
    let held_out = find("deepbind_encode", "SP1_GM12878_SP1_HudsonAlpha_B");
    run(&format!(
        "let s = data::table(\"{}\"); assert_eq(s.len(), 1000); assert_eq(s.positives, [0.5]);",
        held_out.display()
    ))
    .expect("DeepBind, held out");
    let zeng = find("zeng_ezh2_dnd41/Sequence", "Train_seq");
    run(&format!("let s = data::table(\"{}\"); assert_eq(s.len(), 2680); assert_eq(s.input().shape, [2680, 4, 101]);", zeng.display())).expect("Zeng");
    let dream = find("deepbind_dream5_chipseq", "TF_23_CHIP_100_dinuc");
    run(&format!(
        "let s = data::table(\"{}\"); assert_eq(s.len(), 1000);",
        dream.display()
    ))
    .expect("DREAM5");
    let (positives, negatives) = (
        find("nanog_h1esc", "positives"),
        find("nanog_h1esc", "negatives"),
    );
    run(&format!(
        "let s = data::fasta(\"{}\", \"{}\"); assert_eq(s.input(\"sequence\").shape[2], 200);",
        positives.display(),
        negatives.display()
    ))
    .expect("FASTA pair");
}

#[test]
fn examples_are_what_their_catalogue_says() {
    let folder = root().join("examples/data");
    let text = std::fs::read_to_string(folder.join("catalogue.json")).expect("a catalogue");
    let all: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let licences = std::fs::read_to_string(folder.join("LICENCES.md")).expect("licences");
    let mut size = 0;
    for one in &all {
        let file = folder.join(one["file"].as_str().expect("a file"));
        let sum = std::process::Command::new("sha256sum")
            .arg(&file)
            .output()
            .expect("sha256sum");
        let sum = String::from_utf8_lossy(&sum.stdout).into_owned();
        assert_eq!(
            sum.split(' ').next(),
            one["sha256"].as_str(),
            "{}",
            file.display()
        );
        size += std::fs::metadata(&file).expect("a file").len();
        for key in ["what", "licence", "source"] {
            assert!(
                one[key].as_str().is_some_and(|text| !text.is_empty()),
                "{one}"
            );
        }
        // the sets of one source are named alike
        let stem = one["name"].as_str().and_then(|name| name.split('_').next());
        assert!(stem.is_some_and(|stem| licences.contains(stem)), "{one}");
    }
    assert!(size < 300_000, "{size} bytes");
    // a copy that was changed is written again
    let place = tempfile::tempdir().expect("a folder");
    let script = "let path = data::example_file(\"yeast_peaks\"); print(path); print(intervals::read(path).len()); print(data::example(\"yeast_sites\").len());";
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let run = || {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cistron"))
            .args(["run", "--no-run-dir", "s.rhai"])
            .env("XDG_CACHE_HOME", place.path().join("cache"))
            .current_dir(place.path())
            .output();
        let output = output.expect("run");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let out = run();
    let path = out.lines().next().expect("a path").to_string();
    assert!(
        path.starts_with(&place.path().display().to_string()),
        "{out}"
    );
    std::fs::write(&path, "chr1\t1\t2\n").expect("written");
    assert_eq!(run(), out);
    assert!(
        out.ends_with("19\n658\n") || out.contains("\n19\n"),
        "{out}"
    );
}
