//! Interval operations: random comparisons with bedtools, and what users' files hold.

use crate::{cases, fault, python, root, run};
use std::process::Command;

/// Runs the comparison; `words` select operations.
fn compare(default: usize, seed: &str, words: &[&str]) {
    if Command::new("bedtools").arg("--version").output().is_err() {
        eprintln!("SKIPPED: bedtools is not installed (apt-get install bedtools)");
        return;
    }
    let Some(python) = python("json") else { return };
    let output = Command::new(python)
        .arg(root().join("tests/oracles/bedtools.py"))
        .args([
            env!("CARGO_BIN_EXE_cistron"),
            &cases(default).to_string(),
            seed,
        ])
        .args(words)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    eprintln!("{}", text.trim());
}

#[test]
fn random_lists_against_bedtools() {
    compare(260, "lists", &[]);
}

/// The chromosomes of one list were taken for others of another: chrX for chr10, chrV for chr5.
#[test]
fn sex_chromosomes_are_not_numbers() {
    run(r#"
        let n = (1..=22).map(|i| `chr${i}`);
        let a = intervals::from(#{ chrom: n, start: n.map(|i| 0), end: n.map(|i| 100) });
        let x = intervals::from(#{ chrom: ["chrX"], start: [50], end: [60] });
        assert_eq(a.on("chrX").chrom, []);
        assert(a.on("chrX").notes[0].contains("no chromosome `chrX`"));
        assert_eq([a.not_on(["chrX", "chrY"]).len(), a.intersect(x).len(), a.exclude(x).len()], [22, 0, 22]);
        assert_eq(a.subtract(x).len(), 22);
        assert_eq(a.on("chr10").union(x).chrom, ["chr10", "chrX"]);
        assert_eq(a.on("chr10").jaccard(x), 0.0);
        assert_eq(a.closest(x).column("closest_index").reduce(|s, i| s + i, 0.0), -22.0);
        assert_eq(a.counts(x).reduce(|s, i| s + i, 0), 0);
        let worm = intervals::from(#{ chrom: ["chrI", "chrII", "chrX"], start: [0, 0, 0], end: [5, 5, 5] });
        assert_eq(worm.on("chr10").chrom, []);
        assert_eq(worm.on("chr2").chrom, ["chrII"]);
        let yeast = intervals::from(#{ chrom: ["chrIX", "chrX"], start: [0, 0], end: [5, 5] });
        assert_eq(yeast.intersect(intervals::from(#{ chrom: ["chr10"], start: [1], end: [2] })).chrom, ["chrX"]);
        let t = track::from_intervals(a.on("chr10"));
        let refused = false;
        try { t.mean(x); } catch (e) { refused = e.message.contains("chrX"); }
        assert(refused);
    "#)
    .expect("names are kept apart");
    let message =
        fault(r#"genome::from(#{ chr1: "AAAAAAAAAA", chr10: "ACGTACGTAC" }).fetch("chrX", 0, 5)"#)
            .message
            .clone();
    assert!(message.contains("no chromosome `chrX`"), "{message}");
    let script = r#"
        let g = genome::from(#{ chr1: "AAAAAAAAAA", chr10: "ACGTACGTAC" });
        data::regions(g, intervals::from(#{ chrom: ["chrX"], start: [0], end: [5] }))
    "#;
    assert!(fault(script).message.contains("no chromosome `chrX`"));
}

/// `slop(-60, -60)` left a row out without a word, as did `clip`, `windows` and others.
#[test]
fn what_is_cut_or_left_out_is_noted() {
    run(r#"
        let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
        let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [300, 480], end: [320, 500], strand: ["+", "."] });
        let s = a.slop(-60, -60);
        assert_eq([s.start, s.end], [[260, 440], [360, 540]]);
        assert(s.notes[0].starts_with("2 of 2 intervals were shorter"));
        assert_eq(a.slop(-60, -60, #{ genome: g }).end, [360, 500]);
        let noted = |list, n, words| { assert_eq(list.len(), n); assert(list.notes.len() == 1 && list.notes[0].contains(words), `${list.notes}`); };
        noted.call(a.slop(0, 30, #{ genome: g }), 2, "1 of 2 intervals reached out");
        noted.call(a.flank(10, #{ genome: g }), 3, "1 flanks lie outside");
        noted.call(a.shift(30, #{ genome: g }), 2, "1 of 2 intervals reached out");
        noted.call(a.shift(15).clip(g), 2, "1 of 2 intervals reached out");
        noted.call(a.shift(30).clip(g), 1, "1 of 2 intervals lay outside");
        noted.call(a.windows(30), 0, "2 of 2 intervals have fewer than 30 bases");
        noted.call(a.tiles(30), 0, "2 of 2 intervals have fewer than 30 bases");
        noted.call(a.merge(#{ by_strand: true }), 1, "1 of 2 intervals have no strand");
        noted.call(a.cluster(#{ by_strand: true }), 1, "1 of 2 intervals have no strand");
        assert_eq(a.slop(5, 5).notes, []);
    "#)
    .expect("notes");
}

/// An empty BED file and rows without bases were refused, and symbolic alleles had no interval.
#[test]
fn empty_files_points_and_symbolic_alleles_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let write = |name: &str, text: &str| std::fs::write(path(name), text).expect("a file");
    write("empty.bed", "");
    write("comments.bed", "#only\ntrack name=a\n");
    write("bad.bed", "chr1\t9\t5\n");
    write("point.bed", "chr1\t5\t5\n");
    write(
        "empty.vcf",
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
    );
    let info =
        |alternate: &str, info: &str| format!("chr1\t100\tv\tT\t{alternate}\t.\tPASS\t{info}\n");
    let rows = [
        info("<DEL>", "SVTYPE=DEL;END=500;SVLEN=-400"),
        info("<DUP>", "SVTYPE=DUP;SVLEN=50"),
        info("<INS>", "SVTYPE=INS;SVLEN=300"),
        info("<DEL>", "END=20"),
        info("A[chr2:5[", "SVTYPE=BND"),
        info("A,*", "."),
        info(".", "."),
    ];
    write(
        "sv.vcf",
        &format!("##fileformat=VCFv4.2\n{}", rows.concat()),
    );
    run(&format!(
        r#"
        for name in ["empty.bed", "comments.bed", "empty.vcf"] {{
            let list = intervals::read(`{0}/${{name}}`);
            assert_eq([list.len(), list.merge().len(), list.notes.len()], [0, 0, 1]);
            assert_eq(list.column("name"), []);
        }}
        assert_eq(intervals::read("{0}/bad.bed", #{{ invalid: "skip" }}).len(), 0);
        let point = intervals::read("{0}/point.bed");
        assert_eq([point.start, point.end, point.lengths], [[5], [5], [0]]);
        assert_eq(intervals::from(#{{ chrom: ["chr1"], start: [1], end: [10000] }}).counts(point), [1]);
        assert_eq(point.resize(4).end, [7]);
        let v = intervals::read("{0}/sv.vcf");
        assert_eq(v.end, [500, 149, 100, 100, 100, 100, 100, 100]);
        assert_eq(v.column("alternate"), ["<DEL>", "<DUP>", "<INS>", "<DEL>", "A[chr2:5[", "A", "*", "."]);
        assert(v.notes[0].contains("7 alternate alleles that are no sequence"));
        let empty = intervals::from(#{{ chrom: [], start: [], end: [] }});
        let g = genome::from(#{{ chr1: "ACGTACGTAC" }});
        assert_eq([empty.slop(1, 1).len(), empty.windows(5).len(), empty.closest(point).len(), g.sequences(empty).len()], [0, 0, 0, 0]);
        assert_eq([empty.complement(g).end, point.complement(g).end], [[10], [4, 10]]);
        assert_eq(g.sequences(point), [""]);
        assert_eq([empty.coverage(point).len(), point.covered(empty).item(), point.coverage(point)[0].share], [0, 0.0, 1.0]);
    "#,
        folder.path().display()
    ))
    .expect("files that users have");
}

/// Hints of `gc_matched` named the option that was given, and an empty list found 0 of 0 regions.
#[test]
fn matched_negatives_that_are_not_found_say_what_is_missing() {
    let script = |positives: &str| {
        fault(&format!(
            r#"let g = genome::from(#{{ chr1: "ATATATATATATATATATATGCGCGCGCGC" }}); g.gc_matched({positives}, #{{ seed: 1, short: "accept" }})"#
        ))
    };
    let none = script(r#"intervals::from(#{ chrom: ["chr1"], start: [20], end: [30] })"#);
    assert!(none.message.contains("GC content 1.00"), "{}", none.message);
    let hint = none.hint.clone().unwrap_or_default();
    assert!(
        hint.contains("`width`, now 0.02") && !hint.contains("short"),
        "{hint}"
    );
    let empty = script("intervals::from(#{ chrom: [], start: [], end: [] })");
    assert!(empty.message.contains("no positives"), "{}", empty.message);
}

/// Wrong columns and operations of `map`, `merge` and `group` are named.
#[test]
fn faults_of_columns_name_the_column() {
    let list = r#"let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10], name: ["x"], score: [1] });"#;
    for (call, words) in [
        (r#"a.map(a, #{ score: "avg" })"#, "no operation `avg`"),
        (r#"a.map(a, #{ name: "sum" })"#, "field `name` holds words"),
        (r#"a.map(a, #{ scor: "sum" })"#, "no field `scor`"),
        (
            r#"a.merge(#{ columns: #{ score: 3 } })"#,
            "operation of column `score`",
        ),
        (r#"a.group(["nam"], #{ score: "sum" })"#, "no field `nam`"),
        (
            r#"a.intersect(a, #{ report: "once", prefix: "b_" })"#,
            "`prefix` does nothing",
        ),
        (
            r#"a.intersect(a, #{ report: "all" }).intersect(a, #{ report: "all" })"#,
            "field `other_chrom` already",
        ),
        (r#"intervals::multi(#{})"#, "holds no list"),
        (r#"a.slop(0.5, 1)"#, "`before` must be an integer"),
        (
            r#"a.sort(#{ by: "score" }).fisher(a.filter(|r| false), genome::from(#{ chr1: "ACGT" }))"#,
            "intervals in both lists",
        ),
    ] {
        let found = fault(&format!("{list} {call}"));
        let text = format!("{} {:?}", found.message, found.hint);
        assert!(text.contains(words), "{call}: {text}");
    }
}
