//! Readers on files that are whole, and on files that are not.

use super::*;
use std::io::Write;

fn read_text(text: &str, settings: ReadSettings) -> Result<Expression> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("m.tsv");
    std::fs::write(&path, text).expect("written");
    read(&path, &settings)
}

fn auto(text: &str) -> Result<Expression> {
    read_text(text, ReadSettings::default())
}

#[test]
fn genes_are_rows_where_rows_have_names() {
    for text in [
        "gene\ts1\ts2\na\t1\t2\nb\t3\tNA\n",
        "s1\ts2\na\t1\t2\nb\t3\t\n",
        ",s1,s2\na,1,2\nb,3,NA\n",
        "\"\",\"s1\",\"s2\"\r\n\"a\",1,2\r\n\"b\",3,nan\r\n",
        "!Series_title\t\"x\"\n!series_matrix_table_begin\n\"ID_REF\"\t\"s1\"\t\"s2\"\n\
            \"a\"\t1\t2\n\"b\"\t3\tnull\n!series_matrix_table_end\n",
        "# a comment\n\ngene s1 s2\na 1 2\nb 3 NA\n",
        "gene\ts1\ts2\ra\t1\t2\rb\t3\tNA",
        "gene,s1,s2\r\n\r\na,1,2\r\nb,3,NA\r\n",
    ] {
        let matrix = auto(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(matrix.genes(), ["a", "b"], "{text}");
        assert_eq!(matrix.samples(), ["s1", "s2"], "{text}");
        assert_eq!(matrix.values()[[1, 0]], 3.0);
        assert!(matrix.values()[[1, 1]].is_nan());
        assert_eq!(matrix.missing(), 1);
    }
}

#[test]
fn genes_are_columns_where_rows_have_no_names() {
    let matrix = auto("\"G1\"\t\"G2\"\n0.1\t0.2\n0.3\t0.4\n0.5\t0.6\n").expect("a matrix");
    assert_eq!(matrix.genes(), ["G1", "G2"]);
    assert_eq!(matrix.samples(), ["sample1", "sample2", "sample3"]);
    assert_eq!(matrix.gene(1).to_vec(), [0.2, 0.4, 0.6]);
    assert_eq!(matrix.notes.len(), 1);
    let settings = ReadSettings {
        genes: Orientation::Columns,
        ..ReadSettings::default()
    };
    let turned = read_text("x\tG1\tG2\ns1\t1\t2\n", settings).expect("a matrix");
    assert_eq!(
        (turned.genes(), turned.samples()),
        (
            &["G1".to_string(), "G2".into()][..],
            &["s1".to_string()][..]
        )
    );
}

#[test]
fn repeated_genes_are_combined_on_request() {
    let text = "gene\ts1\ts2\na\t1\t2\nb\t3\t4\na\t3\t8\n";
    assert!(
        auto(text)
            .expect_err("twice")
            .message
            .contains("`a` occurs twice")
    );
    let read = |duplicates| {
        let settings = ReadSettings {
            duplicates,
            ..ReadSettings::default()
        };
        read_text(text, settings)
            .expect("a matrix")
            .gene(0)
            .to_vec()
    };
    assert_eq!(read(Duplicates::Mean), [2.0, 5.0]);
    assert_eq!(read(Duplicates::Highest), [3.0, 8.0]);
    assert_eq!(read(Duplicates::Variance), [3.0, 8.0]);
}

#[test]
fn broken_files_are_refused_with_their_line() {
    for (text, message) in [
        ("", "has no rows"),
        ("gene\ts1\n", "a header and no rows"),
        ("gene\ts1\na\tx\n", "line 2, column `s1`: `x` is no number"),
        (
            "gene\ts1\ts2\na\t1\t2\nb\t1\n",
            "line 3 has 1 numbers, expected 2",
        ),
        ("1\t2\n3\t4\n", "only numbers"),
        ("gene\ts1\na\tinf\n", "`inf` is no number"),
        ("gene\ts1\n\"a\t1\n", "not closed"),
        ("gene\ts1\ts1\na\t1\t2\n", "sample `s1` occurs twice"),
        ("gene\ts1\na\t1\t2\t3\n", "line 2 has 4 cells"),
    ] {
        let fault = auto(text).expect_err(text);
        assert!(fault.message.contains(message), "{text}: {fault}");
    }
}

#[test]
fn compressed_files_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("m.tsv.gz");
    let file = std::fs::File::create(&path).expect("a file");
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(b"gene\ts1\na\t1\n").expect("written");
    encoder.finish().expect("written");
    assert_eq!(
        read(&path, &ReadSettings::default())
            .expect("a matrix")
            .genes(),
        ["a"]
    );
}
