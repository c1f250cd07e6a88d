//! Figures of every kind, as SVG and as text, are what they were when they were last looked at.

use crate::{cistron, root, said};

#[test]
fn every_kind_of_figure_is_what_it_was() {
    let place = tempfile::tempdir().expect("a folder");
    let script = root()
        .join("tests/golden/figures.rhai")
        .display()
        .to_string();
    let (out, err, code) = said(&cistron(
        place.path(),
        &[
            "run",
            "--no-run-dir",
            "--threads",
            "1",
            "--set",
            "png=true",
            &script,
        ],
    ));
    assert_eq!(code, 0, "{err}");
    std::fs::write(place.path().join("terminal.txt"), out).expect("written");
    let golden = root().join("tests/golden");
    let mut compared = 0;
    for entry in std::fs::read_dir(place.path()).expect("figures").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let own = std::fs::read(entry.path()).expect("a file");
        if name.ends_with(".png") {
            assert!(
                own.starts_with(&[0x89, b'P', b'N', b'G']) && own.len() > 2000,
                "{name} is no picture"
            );
            continue;
        }
        // CISTRON_GOLDEN=write keeps what is drawn now: look at it first
        if std::env::var_os("CISTRON_GOLDEN").is_some() {
            std::fs::write(golden.join(&name), &own).expect("written");
        }
        let kept = std::fs::read(golden.join(&name)).unwrap_or_default();
        assert!(
            kept == own,
            "{name} is drawn differently; CISTRON_GOLDEN=write keeps the new one"
        );
        compared += 1;
    }
    assert_eq!(compared, 30);
}
