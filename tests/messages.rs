//! Messages: hundreds of wrong scripts, and no word of the language that cistron is written in.

use crate::cases;
use cistron::base::seed::Rng;
use cistron::base::{Fault, panic};
use cistron::lang::session;

/// Words of the inside that must not reach a message.
const INSIDE: [&str; 26] = [
    "::torch::",
    "rhai",
    "Rhai",
    "Result",
    "Option<",
    "Range<",
    "unwrap",
    "Dynamic",
    "panicked",
    "core::",
    "alloc::",
    "std::",
    "FnPtr",
    "i64",
    "f64",
    ".rs:",
    "anon$",
    "ImmutableString",
    "Exception raised",
    "c10::",
    "cistron::",
    "BTreeMap",
    "Vec<",
    "index$",
    "get$",
    "__",
];

/// Runs a script that may be wrong in any way, without training and without leaving its folder.
fn run(text: &str, folder: &std::path::Path) -> Option<Fault> {
    let settings = session::Settings {
        quiet: true,
        dry: true,
        device: "cpu".into(),
        sandbox: Some(cistron::lang::reach::Reach {
            write: vec![folder.to_path_buf()],
            ..Default::default()
        }),
        ..Default::default()
    };
    cistron::bind::start(settings);
    session::capture();
    let mut scope = rhai::Scope::new();
    let outcome =
        panic::guarded(|| cistron::lang::engine::run(text, "script", &mut scope).map(drop));
    session::captured();
    cistron::lang::engine::release(&mut scope);
    match outcome {
        Ok(outcome) => outcome.err(),
        Err(_) => Some(Fault::new("panic", panic::last())),
    }
}

/// A word of the inside in a message.
fn inside(fault: &Fault) -> Option<&'static str> {
    let text = format!(
        "{} {}",
        fault.message,
        fault.hint.clone().unwrap_or_default()
    );
    INSIDE.into_iter().find(|word| text.contains(word))
}

/// The pieces of a script: words, numbers, strings, signs.
fn pieces(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (kind, piece) in cistron::lang::highlight::spans(text) {
        let joins =
            kind == cistron::lang::highlight::Kind::Plain && piece.chars().all(char::is_whitespace);
        match out.last_mut() {
            Some(last) if joins => last.push_str(piece),
            _ => out.push(piece.to_string()),
        }
    }
    out
}

/// What is put in the place of a piece.
const OTHERS: [&str; 40] = [
    "3",
    "-1",
    "0.5",
    "\"text\"",
    "\"\"",
    "'c'",
    "()",
    "true",
    "[]",
    "[1, \"a\"]",
    "#{}",
    "#{ a: 1 }",
    "|x| x",
    "0..3",
    "0..=3",
    "x",
    "None",
    "+",
    "==",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    ".",
    "::",
    "let",
    "fn",
    "if",
    "for",
    "tensor::ones([2])",
    "blob(3)",
    "timestamp()",
    "this",
    "->",
    "=",
    "'",
];

fn mutated(text: &str, rng: &mut Rng) -> String {
    let mut all = pieces(text);
    for _ in 0..1 + rng.below(2) {
        if all.is_empty() {
            break;
        }
        let at = rng.below(all.len());
        let other = OTHERS[rng.below(OTHERS.len())].to_string();
        match rng.below(5) {
            0 => drop(all.remove(at)),
            1 => all.insert(at, other),
            2 => {
                let to = rng.below(all.len());
                all.swap(at, to);
            }
            3 => {
                let piece = all[rng.below(all.len())].clone();
                all[at] = piece;
            }
            _ => all[at] = other,
        }
    }
    all.concat()
}

/// The examples in the documentation of all functions.
fn examples() -> Vec<String> {
    cistron::bind::start(session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    });
    let catalog = session::catalog();
    let blocks = catalog.entries.iter().flat_map(|entry| {
        entry
            .docs
            .split("```rhai\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .map(String::from)
            .collect::<Vec<_>>()
    });
    blocks.filter(|text| text.lines().count() < 12).collect()
}

#[test]
fn no_message_holds_words_of_the_inside() {
    let folder = tempfile::tempdir().expect("a folder");
    let examples = examples();
    let mut wrong: Vec<String> = Vec::new();
    let (mut failed, all) = (0, cases(600));
    for i in 0..all {
        let mut rng = Rng::keyed(&[24, i as u64]);
        let text = mutated(&examples[rng.below(examples.len())], &mut rng);
        let Some(fault) = run(&text, folder.path()) else {
            continue;
        };
        failed += 1;
        let found =
            inside(&fault).or((["panic", "internal"].contains(&fault.kind)).then_some("a panic"));
        if let Some(word) = found {
            wrong.push(format!(
                "case {i}, {word}: {} {:?}\n{text}",
                fault.message, fault.hint
            ));
        }
    }
    println!("{failed} of {all} scripts failed");
    assert!(failed * 3 > all, "{failed} of {all}");
    assert!(
        wrong.is_empty(),
        "{} of {failed}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n---\n")
    );
}

#[test]
fn caught_errors_say_what_others_say() {
    // an error of the language came to `catch` with other words than without it
    let folder = tempfile::tempdir().expect("a folder");
    for text in [
        "[1][5]",
        "\"a\"[3]",
        "let m = #{ a: 1 }; m.b",
        "nothing(1)",
        "1 + #{}",
        "let a = [1]; a.push()",
        "for i in 3 { }",
        "1 / 0",
        "if 3 { }",
        "let t = tensor::ones([2]); t.shap",
        "9223372036854775807 + 1",
        "const A = 1; let f = || 1; f.call(1)",
        "let m = #{}; m[3]",
        "()[0]",
        "fn f(n) { f(n + 1) } f(0)",
        "fn f() { this.a } f()",
        "let x = 3; x.y",
        "let s = \"abc\"; s[0..1]",
        "[1, 2][\"a\"]",
        "!3",
        "-\"a\"",
        "x::y(3)",
        "let a = [1]; a[0..1]",
        "let f = 3; f(1)",
        "(1..3)[0]",
        "let [a, b] = [1]; a",
        "tensor::ones([]).item()[0]",
    ] {
        let Some(plain) = run(text, folder.path()) else {
            continue;
        };
        assert_eq!(inside(&plain), None, "{text}: {plain}");
        let caught = run(
            &format!("try {{ {text}; }} catch (e) {{ throw e.message; }}"),
            folder.path(),
        );
        if plain.kind != "name" || !plain.message.contains("variable") {
            let caught = caught.map(|fault| fault.message.clone());
            let caught = caught.filter(|_| !text.starts_with("fn ") && !text.starts_with("x::"));
            assert!(
                caught.is_none_or(|message| message == plain.message),
                "{text}: {plain}"
            );
        }
    }
}

#[test]
fn recursion_and_missing_keys_can_be_caught_and_have_hints() {
    crate::run(
        "fn f(n) { f(n + 1) } fn g() { f(0) }
        try { g(); } catch (e) { assert(e.message.contains(\"too deeply\")); assert(e.hint.contains(\"recursion\")); }
        try { #{ a: 1 }.b; } catch (e) { assert_eq(e.message, \"the map has no key `b`\"); assert(e.hint.contains(\"?? other\")); }
        try { tensor::ones([2]).shap; } catch (e) { assert(e.hint.contains(\".shape\")); }
        try { let x = (); x.size; } catch (e) { assert(e.message.contains(\"size\")); }",
    )
    .expect("it runs");
}

#[test]
fn control_characters_of_files_are_written_out() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("evil.fa"), ">chr\u{1b}[2J\u{7}1\nACGT\n").expect("written");
    std::fs::write(place.path().join("evil.csv"), "seq,y\nAC\u{1b}[31mGT,1\n").expect("written");
    std::fs::write(
        place.path().join("s.rhai"),
        "let g = genome::open(\"evil.fa\"); print(g.names); print(g.names[0]); try { g.fetch(\"x\\x1b[2J\", 0, 3); } catch (e) { print(e.message); } data::table(\"evil.csv\", #{ sequence: \"seq\", label: \"y\" });",
    )
    .expect("written");
    std::fs::write(place.path().join("t.rhai"), "throw \"\\x1b[2J\";").expect("written");
    for script in ["s.rhai", "t.rhai"] {
        let output = crate::cistron(place.path(), &["run", "--no-run-dir", script]);
        let bytes = [output.stdout, output.stderr].concat();
        assert!(
            !bytes.is_empty() && !bytes.contains(&0x1b) && !bytes.contains(&7),
            "{script}: {}",
            String::from_utf8_lossy(&bytes).escape_debug()
        );
    }
}

#[test]
fn messages_of_the_language_that_are_known_by_words_get_their_hints() {
    // the words are those of the pinned version of the language
    let folder = tempfile::tempdir().expect("a folder");
    let most = i64::MAX;
    let bits = "64 bits";
    for (text, message, hint) in [
        ("let a = 0; 1 / a".to_string(), "division by zero", ""),
        ("let a = 0; 1 % a".to_string(), "division by zero", ""),
        (format!("let a = {most}; a + 1"), "overflow", bits),
        (format!("let a = -{most}; a - 2"), "overflow", bits),
        (format!("let a = {most}; a * 2"), "overflow", bits),
        ("let a = 2; a ** 64".to_string(), "overflow", bits),
        ("if 1 === 1 { }".to_string(), "", "=="),
        ("if 1 !== 2 { }".to_string(), "", "!="),
        ("timestamp().foo".to_string(), "timestamp", ""),
        ("(0..3).foo".to_string(), "range", ""),
        ("[1].foo".to_string(), "array", ""),
        (
            "let m = #{}; m[1]".to_string(),
            "must be a string",
            "keys are strings",
        ),
        (
            "let a = [1]; a[0..1]".to_string(),
            "must be an integer, got a range",
            "extract",
        ),
        (
            "let a = [1]; a[\"x\"] = 1;".to_string(),
            "must be an integer",
            "integers from 0",
        ),
        (
            "let f = |x| x; f[0]".to_string(),
            "a function cannot be indexed by an integer",
            "",
        ),
        (
            "let a = [1]; a.map(|x| x + a.len())".to_string(),
            "uses the value that",
            "copy what",
        ),
    ] {
        let fault = run(&text, folder.path()).unwrap_or_else(|| panic!("no error: {text}"));
        let given = fault.hint.clone().unwrap_or_default();
        assert!(fault.message.contains(message), "{text}: {fault}");
        assert!(given.contains(hint), "{text}: {fault}, hint: {given}");
    }
}

/// An error inside of a function that exists with several numbers of parameters once read as a
/// wrong number of arguments.
#[test]
fn an_error_inside_an_overloaded_function_of_a_module_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = "fn f(a) { f(a, 1) } fn f(a, b) { throw \"inside\" }";
    std::fs::write(folder.path().join("m.rhai"), module).expect("a module");
    for call in ["m::f(1, 2)", "m::f(1)"] {
        let text = format!("import \"{}/m\" as m; {call};", folder.path().display());
        let fault = run(&text, folder.path()).expect("an error");
        assert!(fault.message.contains("inside"), "{call}: {fault}");
    }
}
