//! The catalog: every function is documented, every example runs, stated messages are right.

use cistron::cli::test::{Tally, documentation};
use cistron::lang::{Form, examples, session};

const RESERVED: [&str; 49] = [
    "match",
    "default",
    "with",
    "module",
    "shared",
    "case",
    "new",
    "use",
    "static",
    "yield",
    "async",
    "await",
    "sync",
    "go",
    "goto",
    "is",
    "package",
    "super",
    "public",
    "protected",
    "private",
    "var",
    "null",
    "nil",
    "void",
    "thread",
    "spawn",
    "do",
    "Fn",
    "this",
    "debug",
    "call",
    "curry",
    "let",
    "const",
    "if",
    "else",
    "switch",
    "while",
    "loop",
    "for",
    "in",
    "continue",
    "break",
    "return",
    "throw",
    "fn",
    "import",
    "export",
];

fn start() {
    cistron::bind::start(session::Settings { quiet: true, device: "cpu".into(), ..Default::default() });
}

#[test]
fn every_example_runs() {
    start();
    let mut tally = Tally::default();
    documentation(&mut tally);
    let reports: Vec<String> = tally.failed.iter().map(|(name, report)| format!("{name}\n{report}")).collect();
    assert!(reports.is_empty(), "{}", reports.join("\n"));
    assert!(tally.passed > 400, "{} examples", tally.passed);
}

#[test]
fn every_entry_is_documented() {
    start();
    let mut wrong = Vec::new();
    for entry in &session::catalog().entries {
        if entry.name.starts_with("to_") && entry.docs.is_empty() {
            continue; // what string interpolation calls
        }
        let name = entry.qualified();
        if examples::extract(&entry.docs).is_empty() {
            wrong.push(format!("{name}: no example"));
        }
        if entry.returns.is_empty() {
            wrong.push(format!("{name}: does not say what it gives"));
        }
        if RESERVED.contains(&entry.name.as_str()) {
            wrong.push(format!("{name}: a reserved word"));
        }
        let summary = entry.docs.lines().next().unwrap_or("");
        if summary.is_empty() || summary.ends_with(',') {
            wrong.push(format!("{name}: no summary"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn about_150_tensor_operations() {
    start();
    let catalog = session::catalog();
    let n = catalog.entries.iter().filter(|e| e.namespace == "tensor" && !e.docs.is_empty()).count();
    assert!(n >= 150, "{n} tensor operations");
    assert!(catalog.entries.iter().any(|e| e.is_script && e.form == Form::Function && e.namespace == "std/layers/fm"));
}

#[test]
fn the_reference_is_written_as_html() {
    start();
    let page = cistron::cli::doc::page(&session::catalog().entries);
    assert!(page.contains("<h3 id=\"nn::conv1d\">") && page.contains("std/models/danq"));
    assert!(!page.contains("```"), "a code block was left open");
}
