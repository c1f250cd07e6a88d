//! Documents, examples and the standard library are written in plain technical English.
//!
//! The table lists phrases that this project does not use, with the phrase to use instead. It has
//! only phrases without another meaning in these files; a word with a second meaning is left out.

use crate::{files_below, root};
use std::path::PathBuf;

/// Folders that are searched, with the ending of their files.
const FOLDERS: [(&str, &str); 21] = [
    ("docs", "md"),
    ("docs", "rhai"),
    ("examples", "rhai"),
    ("src/explain", "rs"),
    ("src/genome", "rs"),
    ("src/metrics", "rs"),
    ("src/network", "rs"),
    ("src/plot", "rs"),
    ("src/protein", "rs"),
    ("src/torch", "rs"),
    ("scripts/papers", "rhai"),
    ("src/base", "rs"),
    ("src/bind", "rs"),
    ("src/cli", "rs"),
    ("src/convert", "rs"),
    ("src/lang", "rs"),
    ("src/macros", "rs"),
    ("src/nn", "rs"),
    ("src/track", "rs"),
    ("stdlib", "rhai"),
    ("tests", "md"),
];

/// Files that are searched, besides those of the folders.
const FILES: [&str; 3] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"];

/// A phrase, in lower case and as whole words, and what to write instead.
const PHRASES: [(&str, &str); 42] = [
    ("afresh", "again, on every epoch"),
    ("anew", "again, on every epoch"),
    ("bent", "nonlinear"),
    ("come together", "occur together"),
    ("gives", "returns"),
    ("give back", "return"),
    ("goes on", "continues"),
    ("go on", "continue"),
    ("going on", "continuing"),
    ("hand on", "pass"),
    ("handed", "passed"),
    ("hands", "passes"),
    ("is kept at", "is stored in"),
    ("it tells", "it reports"),
    ("let go", "freed"),
    ("lies", "is at, is stored in"),
    ("misfit", "mismatch"),
    ("misfits", "mismatches"),
    ("of one's own", "custom"),
    ("one pot", "pooled over all tasks"),
    ("other strand, turned", "reverse complement"),
    ("rival", "baseline"),
    ("rivals", "baselines"),
    ("said", "stated"),
    ("says", "states"),
    ("stands at", "is at"),
    ("stands in", "is in"),
    ("stands on", "is on"),
    ("stood", "was at, was in"),
    ("stretch", "range, region"),
    ("stretches", "ranges, regions"),
    ("tells", "reports, states"),
    ("the processor", "the CPU"),
    ("processors", "CPUs"),
    ("told", "reported, stated"),
    ("true or false", "boolean"),
    ("turned back", "reversed"),
    ("turned round", "reverse-complemented"),
    ("what is made small", "the loss to minimise"),
    ("whole number", "integer"),
    ("whole numbers", "integers"),
    ("whoever", "everybody who"),
];

/// Whether a phrase occurs in a line as whole words, outside of code such as `sim::world`.
fn occurs(line: &str, phrase: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || "_:-".contains(letter);
    line.match_indices(phrase).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + phrase.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(|letter| letter.is_alphanumeric())
    })
}

#[test]
fn phrases_are_found_as_whole_words() {
    assert!(occurs("shuffled anew", "anew"));
    assert!(occurs("a world, known", "world"));
    assert!(!occurs("sim::world(pool)", "world"));
    assert!(!occurs("worldwide", "world") && !occurs("real-world", "world"));
}

#[test]
fn documents_use_plain_technical_english() {
    let mut files: Vec<PathBuf> = FILES.iter().map(|file| root().join(file)).collect();
    for (folder, ending) in FOLDERS {
        files.extend(files_below(&root().join(folder), ending));
    }
    assert!(files.len() > 60, "{} files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a file");
        let mut in_output = false;
        for (number, line) in text.lines().enumerate() {
            // what the program prints follows its sources
            in_output = line == "```text" || in_output && line != "```";
            if in_output {
                continue;
            }
            let line = line.to_lowercase();
            for (phrase, instead) in PHRASES {
                if occurs(&line, phrase) {
                    wrong.push(format!(
                        "{}:{}: `{phrase}`: write {instead}",
                        path.strip_prefix(root()).unwrap_or(&path).display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
