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

fn names(matrix: &Expression) -> (Vec<&str>, Vec<&str>) {
    let genes = matrix.genes().iter().map(String::as_str).collect();
    (genes, matrix.samples().iter().map(String::as_str).collect())
}

fn with_genes(text: &str, genes: Orientation) -> Expression {
    let settings = ReadSettings {
        genes,
        ..ReadSettings::default()
    };
    read_text(text, settings).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// Ids that are integers were read as values, and the matrix was transposed.
#[test]
fn names_may_be_numbers() {
    for header in [
        "Gene Symbol",
        "gene.id",
        "entrez",
        "ENTREZID",
        "Unnamed: 0",
        "index",
        "feature",
        "locus",
        "ORF",
        "X",
        "",
    ] {
        let text = format!("{header}\ts1\ts2\n101\t1\t2\n102\t3\t4\n");
        for genes in [Orientation::Auto, Orientation::Rows] {
            let matrix = with_genes(&text, genes);
            assert_eq!(
                names(&matrix),
                (vec!["101", "102"], vec!["s1", "s2"]),
                "{header}"
            );
            assert_eq!(matrix.gene(1).to_vec(), [3.0, 4.0]);
        }
    }
    // a header that is not known: a warning, or names where genes are stated to be rows
    let text = "WBID\ts1\ts2\n101\t1\t2\n102\t3\t4\n";
    let matrix = with_genes(text, Orientation::Rows);
    assert_eq!(names(&matrix), (vec!["101", "102"], vec!["s1", "s2"]));
    assert!(
        matrix.notes[0].contains("`WBID`, has the names"),
        "{:?}",
        matrix.notes
    );
    let matrix = auto(text).expect("a matrix");
    assert_eq!(matrix.genes(), ["WBID", "s1", "s2"]);
    assert!(
        matrix.notes[0].contains("genes: \"rows\""),
        "{:?}",
        matrix.notes
    );
    // columns of one kind, and values that are no integers, are no names
    for text in [
        "s1\ts2\n1\t2\n3\t4\n",
        "wt\tko\n1.5\t2\n3\t4\n",
        "X\tY\n1.5\t2\n3\t4\n",
    ] {
        assert_eq!(
            with_genes(text, Orientation::Rows).genes(),
            ["gene1", "gene2"],
            "{text}"
        );
    }
}

/// A column of times became a gene.
#[test]
fn times_are_names_of_samples() {
    let text = "Time\tG1\tG2\n0\t1\t2\n50\t3\t4\n\n0\t5\t6\n50\t7\t8\n";
    let matrix = auto(text).expect("a matrix");
    assert_eq!(
        names(&matrix),
        (vec!["G1", "G2"], vec!["0", "50", "0_2", "50_2"])
    );
    assert_eq!(matrix.gene(0).to_vec(), [1.0, 3.0, 5.0, 7.0]);
}

/// A header that starts with # was passed over, and the first gene became the header.
#[test]
fn headers_may_start_with_a_comment_sign() {
    for text in [
        "#gene\ts1\ts2\nA\t1\t2\n",
        "# x\n# gene\ts1\ts2\n\nA\t1\t2\n",
    ] {
        let matrix = auto(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(names(&matrix), (vec!["A"], vec!["s1", "s2"]), "{text}");
        assert!(
            matrix.notes[0].contains("starts with #"),
            "{:?}",
            matrix.notes
        );
    }
    let matrix = auto("# two words\ngene s1 s2\nA 1 2\n").expect("a matrix");
    assert_eq!(names(&matrix), (vec!["A"], vec!["s1", "s2"]));
    // samples may be called by numbers
    for text in ["gene\t0\t15\nA\t1\t2\n", "0\t15\nA\t1\t2\n"] {
        assert_eq!(
            names(&auto(text).expect(text)),
            (vec!["A"], vec!["0", "15"])
        );
    }
}

#[test]
fn other_separators_and_empty_columns() {
    let matrix = auto("gene;s1;s2\nA;1.5;2\nB;3;4\n").expect("a matrix");
    assert_eq!(names(&matrix), (vec!["A", "B"], vec!["s1", "s2"]));
    for text in [
        "gene\ts1\ts2\t\nA\t1\t2\t\nB\t3\t4\t\n",
        "gene\ts1\ts2\nA\t1\t2\t\nB\t3\t4\t\n",
        "s1\ts2\t\nA\t1\t2\t\nB\t3\t4\t\n",
        "gene,s1,s2\nA,1,2\n,,\nB,3,4\n",
    ] {
        let matrix = auto(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(names(&matrix), (vec!["A", "B"], vec!["s1", "s2"]), "{text}");
        assert_eq!((matrix.missing(), matrix.gene(1)[1]), (0, 4.0));
    }
}

#[test]
fn gct_files_are_read() {
    let text = "#1.2\n2\t2\nName\tDescription\ts1\ts2\n1007_s_at\tna\t1\t2\nB\tx y\t3\t4\n";
    let matrix = auto(text).expect("a matrix");
    assert_eq!(names(&matrix), (vec!["1007_s_at", "B"], vec!["s1", "s2"]));
    assert_eq!(matrix.gene(1).to_vec(), [3.0, 4.0]);
    for (text, words) in [
        (
            text.replace("2\t2\n", "3\t2\n"),
            "states 3 rows and 2 samples",
        ),
        (text.replace("#1.2", "#1.3"), "version 1.3"),
        (
            text.replace("Description", "s0"),
            "line 3: the columns of a GCT file",
        ),
        (
            text.replace("2\t2\nName", "x\nName"),
            "line 2: expected the numbers",
        ),
    ] {
        let fault = auto(&text).expect_err(words).to_string();
        assert!(fault.contains(words), "{fault}");
    }
}

#[test]
fn tables_without_header_names_or_numbers_are_refused() {
    for (text, words) in [
        (
            "A\t1.5\t2.5\nB\t3.1\t4.2\n",
            "line 1: the table has no header: the first row is `A`",
        ),
        (
            "# one\nA\t1.5\t2.5\nB\t3.1\t4.2\n",
            "line 2: the table has no header",
        ),
        ("gene|s1|s2\nA|1|2\n", "no columns of numbers"),
        ("gene\nA\nB\n", "no columns of numbers"),
        ("gene\ts1\t\nA\t1\t2\n", "column 3 has numbers and no name"),
        ("gene\ts1\n\t1\n", "line 2: the row has no name"),
        (
            "gene\ts1\nA\t1\t2\n",
            "line 2 has 3 cells, the header has 2",
        ),
        ("gene;s1\nA;1,5\n", "`1,5` is no number"),
    ] {
        let fault = auto(text).expect_err(text);
        assert!(fault.message.contains(words), "{text}: {fault}");
    }
}

#[test]
fn other_encodings_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("m.tsv");
    let wide: Vec<u8> = "gene\ts1\nA\t1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [&[0xff, 0xfe][..], &wide].concat();
    for (bytes, words) in [
        (&wide[..], "UTF-16"),
        (&marked, "UTF-16"),
        (b"gene\ts\xe9\nA\t1\n", "Latin-1"),
        (b"gene\ts1\n\x01\xfe\xff\t1\n", "no text in UTF-8"),
    ] {
        std::fs::write(&path, bytes).expect("written");
        let fault = read(&path, &ReadSettings::default()).expect_err(words);
        assert!(fault.message.contains(words), "{fault}");
    }
}

#[test]
fn rows_that_end_with_separators_are_not_moved() {
    let matrix = auto("Hugo_Symbol,s1,s2\nTP53,1,2,\nBRCA1,3,4,\n").expect("a matrix");
    assert_eq!(matrix.samples(), ["s1", "s2"]);
    let matrix = auto("WBID,s1,s2\nTP53,1,2,\nBRCA1,3,4,\n").expect("a matrix");
    assert_eq!((matrix.genes().len(), matrix.samples().len()), (2, 2));
    assert_eq!(matrix.genes(), ["TP53", "BRCA1"]);
    assert_eq!(matrix.samples(), ["s1", "s2"]);
    assert_eq!(matrix.values()[[1, 1]], 4.0);
    assert!(matrix.notes.iter().any(|note| note.contains("end with a")));
    // without names of rows
    let matrix = auto("G1,G2\n1.5,2\n3,4.5,\n");
    assert!(matrix.is_err(), "rows of different lengths");
    let matrix = auto("G1,G2\n1.5,2,\n3,4.5,\n").expect("a matrix");
    assert_eq!(
        (matrix.genes(), matrix.values().dim()),
        (&["G1".to_string(), "G2".into()][..], (2, 2))
    );
    assert_eq!(matrix.values()[[0, 1]], 3.0);
}

#[test]
fn lines_that_are_left_out_between_rows_are_counted() {
    let matrix = auto("# made by a tool\ngene,s1\na,1\n#N/A,3\n!x,5\nb,3\n").expect("a matrix");
    assert_eq!(matrix.genes(), ["a", "b"]);
    let wanted = "2 lines between rows were left out, the first is line 4";
    assert!(
        matrix.notes.iter().any(|note| note.starts_with(wanted)),
        "{:?}",
        matrix.notes
    );
    let matrix = auto("# made by a tool\ngene,s1\na,1\n").expect("a matrix");
    assert!(matrix.notes.is_empty(), "{:?}", matrix.notes);
}

#[test]
fn columns_that_describe_genes_are_left_out() {
    let text = "Hugo_Symbol\tEntrez_Gene_Id\tTCGA-01\nTP53\t7157\t1.5\nBRCA1\t672\t2\n";
    let matrix = auto(text).expect("a matrix");
    assert_eq!(
        (matrix.genes(), matrix.samples()),
        (
            &["TP53".to_string(), "BRCA1".into()][..],
            &["TCGA-01".to_string()][..]
        )
    );
    assert!(
        matrix.notes[0].contains("Entrez_Gene_Id"),
        "{:?}",
        matrix.notes
    );
    let text = "Geneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\nG1\tchr1\t1\t9\t+\t8\t3\n";
    let matrix = auto(text).expect("a matrix");
    assert_eq!((matrix.samples().len(), matrix.values()[[0, 0]]), (1, 3.0));
    // a sample may have such a name elsewhere
    assert_eq!(
        auto("gene\ts1\tlength\na\t1\t2\n")
            .expect("a matrix")
            .samples()
            .len(),
        2
    );
}

#[test]
fn rows_of_cells_are_samples_and_an_index_is_noted() {
    let matrix = auto("cell,10,20\nc1,1,2\nc2,3,4\nc3,5,6\n").expect("a matrix");
    assert_eq!(matrix.samples(), ["c1", "c2", "c3"]);
    assert_eq!(matrix.genes(), ["10", "20"]);
    let matrix = auto(",G1,G2\n0,1,2\n1,3,4\n").expect("a matrix");
    assert!(
        matrix.notes.iter().any(|note| note.contains("an index")),
        "{:?}",
        matrix.notes
    );
}
