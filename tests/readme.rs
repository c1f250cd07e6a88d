//! Every command of the README is run, at a size that a test can afford.

use crate::{cistron, data_folder, root, said};

/// The lines of the README's `sh` blocks.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let mut inside = false;
    let mut out = Vec::new();
    for line in text.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside && !command.is_empty() && !command.starts_with('#') => {
                out.push(command.to_string())
            }
            _ => {}
        }
    }
    out
}

#[test]
fn every_command_runs() {
    let place = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(root().join("examples"), place.path().join("examples"))
        .expect("a link");
    std::os::unix::fs::symlink(root().join("stdlib"), place.path().join("stdlib")).expect("a link");
    let commands = commands();
    assert!(commands.len() >= 6, "{commands:?}");
    for command in &commands {
        // set-up scripts: the first is what every other command goes through, the second runs this
        // test
        if command == "scripts/test"
            || command.starts_with("git clone")
            || command.starts_with("cd ")
        {
            continue;
        }
        if command.starts_with("scripts/chip-seq-table") || command.starts_with("scripts/bench") {
            let script = command.split_whitespace().next().expect("a script");
            assert!(
                std::process::Command::new("bash")
                    .arg("-n")
                    .arg(root().join(script))
                    .status()
                    .expect("bash")
                    .success(),
                "{script}"
            );
            continue;
        }
        let words: Vec<&str> = command
            .strip_prefix("scripts/cistron ")
            .unwrap_or_else(|| panic!("`{command}` does not start the program"))
            .split_whitespace()
            .collect();
        let mut words: Vec<String> = words.into_iter().map(str::to_string).collect();
        if words.iter().any(|w| w.contains("01_quickstart")) {
            words.extend(["--set".into(), "epochs=1".into()]);
        }
        if words.iter().any(|w| w.contains("02_chip_seq")) && !words.contains(&"--help".to_string())
        {
            let Some(folder) = data_folder() else {
                continue;
            };
            let file = folder
                .join("chipseq/deepbind_encode/ELK1_GM12878_ELK1_(1277-1)_Stanford_B.seq.gz")
                .display()
                .to_string();
            words = [
                "run",
                "examples/02_chip_seq.rhai",
                "--set",
                &format!("train={file}"),
                "--set",
                &format!("test={file}"),
                "--set",
                "epochs=1",
            ]
            .map(str::to_string)
            .to_vec();
        }
        if words.iter().any(|w| w.contains("05_peaks")) && !words.contains(&"--help".to_string()) {
            let Some(folder) = data_folder() else {
                continue;
            };
            let base = folder.join("genome");
            let fasta = base
                .join("hg19_chr22_20-21M/22_20-21M.fa")
                .display()
                .to_string();
            let peaks = base
                .join("hg19_chr22_factornet/encode_dream_conservative_chr22.bed.gz")
                .display()
                .to_string();
            words = [
                "run",
                "examples/05_peaks.rhai",
                "--set",
                &format!("fasta={fasta}"),
                "--set",
                &format!("peaks={peaks}"),
                "--set",
                "epochs=1",
            ]
            .map(str::to_string)
            .to_vec();
        }
        if words.starts_with(&["kernel".into(), "install".into()]) {
            words.extend(["--prefix".into(), "jupyter".into()]); // not among the user's own kernels
        }
        let (_, err, code) = said(&cistron(
            place.path(),
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
        ));
        assert_eq!(code, 0, "{command}\n{err}");
    }
}

#[test]
fn the_script_in_the_readme_runs() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let examples = cistron::lang::examples::extract(&text);
    assert!(!examples.is_empty());
    for example in examples {
        crate::run(&example.code).unwrap_or_else(|fault| {
            panic!("{}", cistron::lang::diagnostics::render(&fault, false))
        });
    }
}
