//! MatrixMarket, h5ad and series matrices: files of other programs, and broken ones by the hundred.

use super::*;
use cistron_base::seed::Rng;
use std::path::PathBuf;

/// A file that tests/oracles/expression.py wrote.
fn oracle(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/expression");
    root.join(name)
}

fn quiet(path: &Path, settings: &ReadSettings) -> Result<Expression> {
    read(path, settings)
}

/// The value of the files of the oracle.
fn expected(gene: usize, sample: usize) -> f64 {
    match (gene + sample) % 3 {
        0 => 0.0,
        _ => (10 * gene + sample) as f64,
    }
}

fn check(matrix: &Expression, (genes, samples): (usize, usize), factor: f64) {
    assert_eq!(matrix.values().dim(), (genes, samples));
    for ((gene, sample), x) in matrix.values().indexed_iter() {
        assert_eq!(
            *x,
            factor * expected(gene, sample),
            "gene {gene}, sample {sample}"
        );
    }
}

fn with(change: impl FnOnce(&mut ReadSettings)) -> ReadSettings {
    let mut settings = ReadSettings::default();
    change(&mut settings);
    settings
}

#[test]
fn files_of_anndata_are_read() {
    for name in ["dense.h5ad", "chunked.h5ad", "csr.h5ad", "csc.h5ad"] {
        let matrix = quiet(&oracle(name), &ReadSettings::default()).expect(name);
        assert_eq!(matrix.genes(), ["G0", "G1", "G2", "G3", "G4"], "{name}");
        assert_eq!(matrix.samples(), ["s0", "s1", "s2", "s3"], "{name}");
        check(&matrix, (5, 4), 1.0);
        let layer = with(|own| own.layer = Some("counts".into()));
        check(&quiet(&oracle(name), &layer).expect(name), (5, 4), 2.0);
        let raw = with(|own| own.layer = Some("raw".into()));
        check(&quiet(&oracle(name), &raw).expect(name), (3, 4), 1.0);
        let kinds = with(|own| own.column = Some("kind".into()));
        let named = quiet(&oracle(name), &kinds).expect(name);
        assert_eq!(named.genes(), ["v", "u", "z", "y", "x"], "{name}");
        let symbols = with(|own| own.column = Some("symbol".into()));
        let fault = quiet(&oracle(name), &symbols).expect_err("B occurs twice");
        assert!(fault.message.contains("`B` occurs twice"), "{fault}");
        let combined = with(|own| {
            own.column = Some("symbol".into());
            own.duplicates = Duplicates::Mean;
        });
        let combined = quiet(&oracle(name), &combined).expect(name);
        assert_eq!(combined.genes(), ["A", "B", "C", "D"]);
        assert_eq!(combined.gene(1)[0], 5.0, "the mean of 10 and 0");
        for (settings, words) in [
            (
                with(|own| own.layer = Some("count".into())),
                "did you mean `counts`",
            ),
            (
                with(|own| own.column = Some("symbols".into())),
                "did you mean `symbol`",
            ),
            (
                with(|own| own.genes = Orientation::Rows),
                "genes are columns",
            ),
            (with(|own| own.gene_file = Some("x".into())), "MatrixMarket"),
        ] {
            let fault = quiet(&oracle(name), &settings)
                .expect_err(words)
                .to_string();
            assert!(fault.contains(words) && fault.contains(name), "{fault}");
        }
    }
}

#[test]
fn files_of_scipy_are_read() {
    for name in ["sparse.mtx", "dense.mtx"] {
        let matrix = quiet(&oracle(name), &ReadSettings::default()).expect(name);
        check(&matrix, (5, 4), 1.0);
        assert_eq!(
            matrix.notes.len(),
            3,
            "names were made up: {:?}",
            matrix.notes
        );
    }
    let matrix = quiet(&oracle("symmetric.mtx"), &ReadSettings::default()).expect("symmetric");
    let rows = [[1.0, 2.0, 0.0], [2.0, 3.0, 4.5], [0.0, 4.5, 0.0]];
    assert_eq!(matrix.values(), ndarray::arr2(&rows));
    let pattern = quiet(&oracle("pattern.mtx"), &ReadSettings::default()).expect("pattern");
    for ((gene, sample), x) in pattern.values().indexed_iter() {
        assert_eq!(*x, f64::from(u8::from(expected(gene, sample) != 0.0)));
    }
}

fn written(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}

const MARKET: &str =
    "%%MatrixMarket matrix coordinate integer general\n% 10x\n2 3 3\n1 1 5\n2 3 7\n1 2 4\n";

#[test]
fn names_are_in_files_beside_a_matrix() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(&folder, "GSM1_matrix.mtx", MARKET.as_bytes());
    let genes = written(
        &folder,
        "GSM1_features.tsv",
        b"E1\tTP53\tGene\nE2\tSOX2\tGene\n",
    );
    let cells = written(&folder, "GSM1_barcodes.tsv", b"AA-1\nAC-1\nAG-1\n");
    let (of_genes, of_samples) = companions(&path);
    assert!(of_genes.contains(&genes) && of_samples.contains(&cells));
    assert_eq!(
        companions(Path::new("counts.mtx")),
        (Vec::new(), Vec::new())
    );
    let named = |column: Option<&str>| {
        with(|own| {
            own.gene_file = Some(genes.clone());
            own.sample_file = Some(cells.clone());
            own.column = column.map(str::to_string);
        })
    };
    let matrix = quiet(&path, &named(None)).expect("a matrix");
    assert_eq!(matrix.genes(), ["E1", "E2"]);
    assert_eq!(matrix.samples(), ["AA-1", "AC-1", "AG-1"]);
    assert_eq!(matrix.gene(0).to_vec(), [5.0, 4.0, 0.0]);
    assert_eq!(matrix.notes.len(), 0);
    assert_eq!(
        quiet(&path, &named(Some("2"))).expect("symbols").genes(),
        ["TP53", "SOX2"]
    );
    let fault = quiet(&path, &named(Some("4")))
        .expect_err("no column")
        .to_string();
    assert!(fault.contains("line 1 has 3 columns"), "{fault}");
    // cells by genes, as the numbers of names state
    let turned = with(|own| {
        own.gene_file = Some(cells.clone());
        own.sample_file = Some(genes.clone());
    });
    let matrix = quiet(&path, &turned).expect("a matrix");
    assert_eq!(matrix.values().dim(), (3, 2));
    assert_eq!(matrix.gene(2).to_vec(), [0.0, 7.0]);
    assert!(matrix.notes[0].contains("columns are genes"));
    let rows = ReadSettings {
        genes: Orientation::Rows,
        ..turned
    };
    let fault = quiet(&path, &rows)
        .expect_err("3 names for 2 genes")
        .to_string();
    assert!(
        fault.contains("3 names of") && fault.contains("2 genes"),
        "{fault}"
    );
}

#[test]
fn broken_matrices_are_refused_with_their_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let head = "%%MatrixMarket matrix coordinate real general\n";
    for (text, words) in [
        ("%%MatrixMarket\n2 2 0\n".to_string(), "line 1: the object"),
        (
            "%%MatrixMarket matrix coordinate complex general\n".into(),
            "line 1: the field",
        ),
        (
            "%%MatrixMarket matrix array pattern general\n".into(),
            "line 1: the field",
        ),
        (
            "%%MatrixMarket matrix coordinate real hermitian\n".into(),
            "line 1: the symmetry",
        ),
        (head.into(), "ends in line 1"),
        (format!("{head}% only\n\n"), "ends in line 3"),
        (
            format!("{head}2 2\n"),
            "line 2: expected the numbers of rows, columns and entries",
        ),
        (format!("{head}2 -2 1\n"), "line 2: expected"),
        (format!("{head}0 5 0\n"), "has no values"),
        (format!("{head}99999999999 99999999999 1\n"), "memory"),
        (
            format!("{head}2 2 2\n1 1 1\n"),
            "ends in line 3 after 1 of 2 entries",
        ),
        (
            format!("{head}2 2 1\n3 1 1\n"),
            "line 3: the row must be from 1 to 2, got `3`",
        ),
        (
            format!("{head}2 2 1\n1 0 1\n"),
            "line 3: the column must be from 1 to 2, got `0`",
        ),
        (
            format!("{head}2 2 1\n1 1\n"),
            "line 3 has 2 words, expected 3",
        ),
        (format!("{head}2 2 1\n1 1 1 1\n"), "line 3 has 4 words"),
        (
            format!("{head}2 2 1\n1 1 nan\n"),
            "line 3: `nan` is no finite number",
        ),
        (format!("{head}2 2 1\n1 1 x\n"), "`x` is no finite number"),
        (format!("{head}2 2 2\n1 1 1\n1 1 2\n"), "line 4"),
        (
            format!("{head}2 2 1\n1 1 1\n1 2 2\n"),
            "line 4: a line after the last entry",
        ),
        (
            head.replace("general", "symmetric") + "2 3 1\n1 1 1\n",
            "as many rows as columns",
        ),
        (
            head.replace("coordinate", "array") + "2 2\n1\n2\n3\n",
            "in column 2 of 2",
        ),
    ] {
        let path = written(&folder, "m.mtx", text.as_bytes());
        let fault = quiet(&path, &ReadSettings::default())
            .expect_err(&text)
            .to_string();
        assert!(
            fault.contains(words) && fault.contains("m.mtx"),
            "{text}: {fault}"
        );
    }
}

const SERIES: &str = "!Series_title\t\"cold\"\n!Sample_title\t\"a\"\t\"b\"\n\
    !series_matrix_table_begin\n\"ID_REF\"\t\"GSM1\"\t\"GSM2\"\n\"p1\"\t1.5\t2\n\"p2\"\tnull\t4\n\
    !series_matrix_table_end\n";

#[test]
fn series_matrices_are_read_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(&folder, "GSE1_series_matrix.txt", SERIES.as_bytes());
    let matrix = quiet(&path, &ReadSettings::default()).expect("a matrix");
    assert_eq!(
        (matrix.genes().len(), matrix.samples()[1].as_str()),
        (2, "GSM2")
    );
    assert_eq!(matrix.missing(), 1);
    let cut = SERIES.replace("!series_matrix_table_end\n", "");
    let only = &SERIES[..SERIES.find("!series_matrix_table_begin").unwrap_or(0)];
    for (text, words) in [
        (
            cut.as_str(),
            "ends in line 6 before `!series_matrix_table_end`",
        ),
        (only, "no `!series_matrix_table_begin`"),
        (
            &SERIES.replace("!series_matrix_table_begin\n", ""),
            "outside of the table",
        ),
        (
            &format!("{SERIES}\"p3\"\t1\t2\n"),
            "line 8: a row outside of the table",
        ),
    ] {
        let path = written(&folder, "m.txt", text.as_bytes());
        let fault = quiet(&path, &ReadSettings::default())
            .expect_err(words)
            .to_string();
        assert!(fault.contains(words), "{fault}");
    }
}

/// Cases of each random test.
fn cases(default: usize) -> usize {
    let given = std::env::var("CISTRON_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

/// Broken copies of whole files: bytes changed, left out, repeated, files cut short.
#[test]
fn broken_files_never_panic_and_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources: Vec<(Vec<u8>, &str)> = vec![
        (MARKET.as_bytes().to_vec(), "m.mtx"),
        (SERIES.as_bytes().to_vec(), "m.txt"),
        (b"gene,s1,s2\na,1,2\n\"b\",3,4\n".to_vec(), "m.csv"),
        (b"# x\n#gene;s1;s2;\n1;1;2;\n2;3;4;\n".to_vec(), "m.csv"),
        (
            b"#1.2\n1\t1\nName\tDescription\ts1\na\tb\t1\n".to_vec(),
            "m.gct",
        ),
    ];
    for name in ["dense.h5ad", "chunked.h5ad", "csr.h5ad", "csc.h5ad"] {
        sources.push((std::fs::read(oracle(name)).expect(name), "m.h5ad"));
    }
    let mut rng = Rng::keyed(&[11]);
    let (mut refused, mut read) = (0, 0);
    for case in 0..cases(700) {
        let (source, name) = &sources[case % sources.len()];
        let mut bytes = source.clone();
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(bytes.len().max(1));
            match rng.below(4) {
                0 => bytes.truncate(at.max(1)),
                1 if !bytes.is_empty() => bytes[at] = rng.below(256) as u8,
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes.insert(
                    at,
                    *[b'0', b'9', b' ', b'\n', b'-', 0xff]
                        .get(rng.below(6))
                        .unwrap_or(&0),
                ),
            }
        }
        let path = written(&folder, name, &bytes);
        match quiet(&path, &ReadSettings::default()) {
            Ok(matrix) => {
                read += 1;
                assert_eq!(
                    matrix.values().dim(),
                    (matrix.genes().len(), matrix.samples().len())
                );
            }
            Err(fault) => {
                refused += 1;
                assert!(fault.to_string().contains(name), "case {case}: {fault}");
                assert!(fault.kind != "internal", "case {case}: {fault}");
            }
        }
    }
    assert!(refused > 100 && read > 0, "{refused} refused, {read} read");
}

#[test]
fn the_memory_of_large_matrices_is_stated() {
    let mut lines = Vec::new();
    let large = stored::room(20_000, 10_000, 8, &mut |text| lines.push(text.to_string()));
    if large.is_ok() {
        assert!(
            lines[0].contains("20,000 x 10,000 numbers takes 1.6 GB"),
            "{lines:?}"
        );
    }
    stored::room(200, 100, 8, &mut |_| panic!("a small matrix")).expect("room");
    assert!(stored::room(1 << 40, 1 << 20, 8, &mut |_| ()).is_err());
}
