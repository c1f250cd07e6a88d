//! Files that are written: tables read back as they were, names in formats without quotes, wheels
//! that are verified.

use crate::{root, run, value};
use cistron::base::delimited::Style;
use cistron::base::table::{Cells, Table};
use cistron::data::delimited::Rows;
use proptest::prelude::*;
use std::process::Command;

/// Cells of what readers and spreadsheets trip over.
fn cell() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", "b c", " ", ",", "\t", "\n", "\r", "\r\n", "\"", "\"\"", "'", "#", "=1", "-",
        "\u{feff}", "é", "🧬", "\u{a0}", "\\t", ";", "\0", "",
    ]);
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn table() -> impl Strategy<Value = Table> {
    (1usize..4, 0usize..5).prop_flat_map(|(columns, rows)| {
        let column = (cell(), prop::collection::vec(cell(), rows));
        prop::collection::vec(column, columns).prop_map(|columns| {
            // names differ by their number
            let named = columns
                .into_iter()
                .enumerate()
                .map(|(i, (name, cells))| (format!("{name}{i}"), Cells::Text(cells)));
            Table::new(named.collect()).expect("a table")
        })
    })
}

fn read_back(path: &std::path::Path) -> Vec<Vec<String>> {
    let mut rows = Rows::open(path).expect("a table");
    let mut out = Vec::new();
    while let Some((_, row)) = rows.next_row().expect("a row") {
        out.push(row.to_vec());
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(crate::cases(300) as u32) })]

    #[test]
    fn tables_are_read_back_as_they_were_written(table in table(), is_csv in prop::bool::ANY) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(if is_csv { "t.csv" } else { "t.tsv" });
        table.save(&path).expect("written");
        let mut wanted = vec![table.names().map(str::to_string).collect::<Vec<_>>()];
        wanted.extend((0..table.len()).map(|i| table.row(i).map(|(_, cell)| cell.exact()).collect()));
        prop_assert_eq!(read_back(&path), wanted);
        // and by another reader
        let mut other = csv::ReaderBuilder::new().has_headers(false).delimiter(if is_csv { b',' } else { b'\t' }).from_path(&path).expect("a table");
        let rows: Vec<Vec<String>> = other.records().map(|row| row.expect("a row").iter().map(str::to_string).collect()).collect();
        let wanted: Vec<Vec<String>> = wanted_by_csv(&table);
        prop_assert_eq!(rows, wanted);
    }
}

/// The rows of a table as a reader of RFC 4180 has them; a byte-order mark cannot begin the text,
/// for it is in quotes.
fn wanted_by_csv(table: &Table) -> Vec<Vec<String>> {
    let names = vec![table.names().map(str::to_string).collect::<Vec<_>>()];
    names
        .into_iter()
        .chain((0..table.len()).map(|i| table.row(i).map(|(_, cell)| cell.exact()).collect()))
        .collect()
}

#[test]
fn text_that_a_spreadsheet_would_run_is_quoted_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv").display().to_string();
    let text = |options: &str| {
        run(&format!("table::from(#{{ a: [\"=1+1\", \"-0.5\", \"@x\", \"plain\"], b: [-1, -2, 3, 4] }}).save(\"{path}\"{options});")).expect("saved");
        std::fs::read_to_string(&path).expect("a file")
    };
    assert_eq!(text(""), "a,b\n=1+1,-1\n-0.5,-2\n@x,3\nplain,4\n");
    assert_eq!(
        text(", #{ formulas: \"quote\" }"),
        "a,b\n'=1+1,-1\n-0.5,-2\n'@x,3\nplain,4\n"
    );
    assert_eq!(Style::of(std::path::Path::new("A.CSV")).separator, ',');
}

#[test]
fn names_with_tabs_and_line_ends_do_not_break_formats_without_quotes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    run(&format!(
        "intervals::from(#{{ chrom: [\"c\\th\"], start: [1], end: [5], name: [\"a\\tb\\nc\"], score: [1.5] }}).save(\"{}\");
         intervals::from(#{{ chrom: [\"chr1\"], start: [1], end: [5], name: [\"a\\tb\"] }}).save(\"{}\");
         seq::save_fasta(\"{}\", #{{ \"x\\ny\": \"ACGT\" }});
         table::from(#{{ motif: [\"m\\t1\"], sequence: [\"s\\n2\"], start: [1], stop: [3], strand: [\"+\"] }}).save(\"{}\");",
        path("a.bed"),
        path("a.narrowPeak"),
        path("a.fa"),
        path("s.gff")
    ))
    .expect("saved");
    let lines = |name: &str| {
        std::fs::read_to_string(path(name))
            .expect("a file")
            .lines()
            .map(|line| line.split('\t').count())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (
            lines("a.bed"),
            lines("a.narrowPeak"),
            lines("a.fa"),
            lines("s.gff")
        ),
        (vec![6], vec![10], vec![1, 1], vec![1, 9])
    );
}

#[test]
fn names_of_rows_with_tabs_or_without_letters_stay_with_a_saved_dataset() {
    let folder = tempfile::tempdir().expect("a folder");
    let (table, saved) = (
        folder.path().join("t.csv"),
        folder.path().join("d.safetensors"),
    );
    std::fs::write(
        &table,
        "id,seq,y\n\"a\tb\",ACGT,1\n\"\",ACGT,0\n\"[\"\"x\",ACGT,0\n",
    )
    .expect("written");
    let script = format!(
        "let set = data::table(\"{}\", #{{ sequence: \"seq\", label: \"y\", name: \"id\" }}); set.save(\"{}\"); data::load(\"{}\").names",
        table.display(),
        saved.display(),
        saved.display()
    );
    let names: Vec<String> = value(&script)
        .expect("names")
        .into_typed_array()
        .expect("strings");
    assert_eq!(names, ["a\tb", "", "[\"x"]);
}

#[test]
fn a_wheel_that_is_there_is_verified() {
    let output = Command::new("python3")
        .arg(root().join("tests/oracles/wheels.py"))
        .arg(root())
        .output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: python3 is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let wanted = "nothing: 1 True\nthe wheel: 0 True\na truncated wheel: 1 True\na replaced wheel: 1 True\nan empty wheel: 1 True\na part: 1 True\na part of another file: 2 True\na part that is too long: 2 True\nanother file on the index: True []\n";
    assert_eq!(text, wanted);
}
