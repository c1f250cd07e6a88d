//! The guide shows what its blocks of code print and draw.
//!
//! `CISTRON_GOLDEN=write` writes outputs and pictures again; look at both before committing them.

use crate::root;
use cistron::lang::{diagnostics, engine, examples, session};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Lines that a block of code prints, and the pictures that it saves.
struct Outcome {
    printed: String,
    pictures: Vec<PathBuf>,
}

fn start(folder: Option<&Path>) {
    cistron::bind::start(session::Settings {
        quiet: true,
        device: "cpu".into(),
        run_dir: folder.map(Path::to_path_buf),
        script_dir: folder.map(Path::to_path_buf),
        ..Default::default()
    });
}

/// Runs a block with its files in a folder.
fn run(code: &str, name: &str, folder: &Path) -> Outcome {
    start(Some(folder));
    let mut scope = rhai::Scope::new();
    session::capture();
    let outcome = engine::run(code, name, &mut scope);
    engine::release(&mut scope);
    let printed = session::captured();
    if let Err(fault) = outcome {
        panic!("{}", diagnostics::render(&fault, false));
    }
    let figures = folder.join("figures");
    let pictures = if figures.is_dir() {
        crate::files_below(&figures, "svg")
    } else {
        Vec::new()
    };
    let printed = printed
        .lines()
        .map(|line| line.trim_end().to_string() + "\n");
    Outcome {
        printed: printed.collect(),
        pictures,
    }
}

/// A part of a page: a block of code with the output shown below it, or a line of text.
enum Part {
    Text(String),
    Block {
        line: usize,
        code: String,
        shown: String,
    },
}

/// Splits a page; `shown` is empty where no output follows a block.
fn parts(page: &str) -> Vec<Part> {
    let lines: Vec<&str> = page.lines().collect();
    let until_fence = |from: usize| {
        let length = lines[from..].iter().position(|line| *line == "```");
        from + length.expect("a block that is closed")
    };
    let joined = |range: std::ops::Range<usize>| -> String {
        lines[range]
            .iter()
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let mut out = Vec::new();
    let mut i = 0;
    while i < lines.len() {
        if lines[i] != "```rhai" {
            out.push(Part::Text(lines[i].to_string()));
            i += 1;
            continue;
        }
        let end = until_fence(i + 1);
        let code = joined(i + 1..end);
        let line = i + 2;
        i = end + 1;
        let mut shown = String::new();
        if lines.get(i) == Some(&"") && lines.get(i + 1) == Some(&"```text") {
            let end = until_fence(i + 2);
            shown = joined(i + 2..end);
            i = end + 1;
        }
        out.push(Part::Block { line, code, shown });
    }
    out
}

#[derive(Debug, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
}

/// Numbers and what is between them, without white space.
fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let mut out = Vec::new();
    let mut word = String::new();
    let mut i = 0;
    while i < text.len() {
        if bytes[i].is_ascii_digit() {
            let mut end = digits(i);
            if bytes.get(end) == Some(&b'.') {
                end = digits(end + 1);
            }
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
            if bytes.get(end) == Some(&b'e') && digits(end + 1 + sign) > end + 1 + sign {
                end = digits(end + 1 + sign);
            }
            if !word.is_empty() {
                out.push(Token::Word(std::mem::take(&mut word)));
            }
            out.push(Token::Number(text[i..end].parse().expect("a number")));
            i = end;
            continue;
        }
        let letter = text[i..].chars().next().expect("a character");
        if !letter.is_whitespace() {
            word.push(letter);
        }
        i += letter.len_utf8();
    }
    if !word.is_empty() {
        out.push(Token::Word(word));
    }
    out
}

/// Whether two texts differ in white space, and in numbers by at most 5 % or `absolute`.
///
/// CPUs of other kinds add in another order, so that trained networks differ there in last digits.
fn alike(a: &str, b: &str, absolute: f64) -> bool {
    let (a, b) = (tokens(a), tokens(b));
    a.len() == b.len()
        && a.iter().zip(&b).all(|pair| match pair {
            (Token::Number(a), Token::Number(b)) => {
                (a - b).abs() <= absolute.max(0.05 * a.abs().max(b.abs()))
            }
            (a, b) => a == b,
        })
}

#[test]
fn outputs_are_compared_with_a_tolerance() {
    assert!(alike("loss 0.501,  x: 1e-9", "loss 0.500, x:\n2e-9", 0.002));
    assert!(!alike("loss 0.501", "loss 0.58", 0.002));
    assert!(!alike("loss 0.5", "cost 0.5", 0.002));
    assert!(!alike("1 2", "1 2 3", 0.002));
}

#[test]
fn every_block_shows_what_it_prints_and_draws() {
    let write = std::env::var("CISTRON_GOLDEN").is_ok_and(|value| value == "write");
    let folder = root().join("docs/guide");
    let kept = folder.join("pictures");
    let (mut wrong, mut drawn) = (Vec::new(), BTreeSet::new());
    for path in crate::files_below(&folder, "md") {
        let page = std::fs::read_to_string(&path).expect("a page");
        let fails = examples::extract(&page)
            .into_iter()
            .filter(|block| block.fails);
        start(None);
        for block in fails {
            let name = format!("{} line {}", path.display(), block.line);
            wrong.extend(examples::check(&block, &name).map(|text| format!("{name}: {text}")));
        }
        let mut written = String::new();
        for part in parts(&page) {
            let (line, code, shown) = match part {
                Part::Text(text) => {
                    written += &(text + "\n");
                    continue;
                }
                Part::Block { line, code, shown } => (line, code, shown),
            };
            let place = tempfile::tempdir().expect("a folder");
            let name = format!("{} line {line}", path.display());
            let outcome = run(&code, &name, place.path());
            written += &format!("```rhai\n{code}```\n");
            if !outcome.printed.is_empty() {
                written += &format!("\n```text\n{}```\n", outcome.printed);
            }
            if !alike(&shown, &outcome.printed, 0.002) {
                wrong.push(format!("{name} prints\n{}not\n{shown}", outcome.printed));
            }
            for picture in outcome.pictures {
                let file = picture
                    .file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned();
                if !page.contains(&format!("](pictures/{file})")) {
                    wrong.push(format!("{name} saves {file}, which the page does not show"));
                }
                let own = std::fs::read_to_string(&picture).expect("a picture");
                let other = std::fs::read_to_string(kept.join(&file)).unwrap_or_default();
                if !alike(&own, &other, 3.0) {
                    wrong.push(format!(
                        "{name} draws another {file} than docs/guide/pictures"
                    ));
                }
                if write {
                    std::fs::create_dir_all(&kept).expect("a folder");
                    std::fs::write(kept.join(&file), own).expect("written");
                }
                assert!(drawn.insert(file.clone()), "two blocks save {file}");
            }
        }
        if write {
            std::fs::write(&path, written).expect("written");
        }
    }
    for picture in crate::files_below(&kept, "svg") {
        let file = picture
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if !drawn.contains(&file) {
            wrong.push(format!("no block draws docs/guide/pictures/{file}"));
        }
    }
    assert!(
        write || wrong.is_empty(),
        "{}\nCISTRON_GOLDEN=write keeps what is printed and drawn now",
        wrong.join("\n")
    );
}
