//! The program runs and prints what its script reports.

use std::process::Command;

#[test]
fn the_program_prints_what_its_script_reports() {
    let output = Command::new(env!("CARGO_BIN_EXE_embed"))
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for part in [
        "2 barcodes, first barcode ACGT (3 reads)",
        "barcode ACGT (3 reads)",
        "reads Some(3.0), gc Some(0.3125)",
        "script 3:1:10: read 0 has 3 bases, a barcode has 4 (hint: trim the reads, or give a shorter length)",
        "`length` must be an integer from 1 to 64",
        "did you mean `least`?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
