//! Help with typing: every beginning of every script, as if it were typed.

use crate::{cases, files_below, root};
use cistron::base::panic;
use cistron::lang::interactive::{self, Interactive};
use cistron::lang::{assist, highlight, session};

fn scripts() -> Vec<String> {
    let folders = ["examples", "stdlib", "tests/failing", "tests/scripts"];
    folders
        .iter()
        .flat_map(|folder| files_below(&root().join(folder), "rhai"))
        .map(|path| std::fs::read_to_string(path).expect("a script"))
        .collect()
}

/// All that looks at a text while it is typed.
fn look(own: &Interactive, text: &str, cursor: usize, reads: bool) {
    let catalog = session::catalog();
    let (start, _) = assist::complete(&catalog, own, text, cursor);
    assert!(
        start <= cursor && text.is_char_boundary(start),
        "{start} of {cursor}"
    );
    assist::signature(&catalog, own, text, cursor);
    assist::about(&catalog, own, text, cursor);
    let joined: String = highlight::spans(text).iter().map(|(_, own)| *own).collect();
    assert_eq!(joined, text, "colours lose letters");
    interactive::is_open(text);
    interactive::depth(text);
    cistron::cli::console::completions(text, cursor);
    if reads {
        own.can_read(text);
    }
}

#[test]
fn no_beginning_of_a_script_ends_the_help_with_typing() {
    // `train::fit(net, #{ loss: loss:` ended the REPL and the kernel
    cistron::bind::start(session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    });
    let mut own = Interactive::default();
    let _ = own
        .run(
            "let net = 1; import \"std/layers/fm\" as fm; fn twice(x) { 2 * x }",
            "typing",
        )
        .expect("it runs");
    let scripts = scripts();
    let all: usize = scripts.iter().map(|text| text.chars().count()).sum();
    let step = (all / cases(500)).max(1);
    let mut count = 0usize;
    for (i, text) in scripts.iter().enumerate() {
        for (j, (at, c)) in text.char_indices().enumerate() {
            if (i * 7 + j) % step != 0 {
                continue;
            }
            count += 1;
            let end = at + c.len_utf8();
            let reads = count.is_multiple_of(50);
            let begun = &text[..end];
            look(&own, begun, end, reads);
            // the line alone, as a REPL sees it, and with letters of several bytes around the
            // cursor
            let line = &text[begun.rfind('\n').map_or(0, |at| at + 1)..end];
            look(&own, line, line.len(), reads);
            for letter in ["é", "→", "🧬", "'", "\"", "`", "${", "\\"] {
                let odd = format!("{line}{letter}");
                look(&own, &odd, odd.len(), false);
                look(&own, &odd, line.len(), false);
            }
            // the cursor in the middle of a whole line
            let rest = text[end..].find('\n').map_or(text.len(), |to| end + to);
            let whole = format!("{line}{}", &text[end..rest]);
            look(&own, &whole, line.len(), false);
            assert_eq!(panic::last(), "", "{line}");
        }
    }
    println!("{count} of {all} beginnings");
    for text in [
        "train::fit(net, #{ loss: loss:",
        "import \"é",
        "→.",
        "é::",
        "::",
        ":",
        "#{:",
        "#{a::",
        "(((((",
        "}}}}",
        "",
        "\u{0}",
        "'",
        "/*/",
        "??",
        "?",
    ] {
        look(&own, text, text.len(), true);
        assert_eq!(panic::last(), "", "{text}");
    }
}

#[test]
fn values_of_options_complete_as_values() {
    cistron::bind::start(session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    });
    let own = Interactive::default();
    let found = |text: &str| -> Vec<String> {
        assist::complete(&session::catalog(), &own, text, text.len())
            .1
            .into_iter()
            .map(|own| own.text)
            .collect()
    };
    assert!(found("train::fit(net, #{ loss: loss::bce").contains(&"bce_with_logits".to_string()));
    assert!(found("train::fit(net, #{ loss: loss::mse(), ep").contains(&"epochs: ".to_string()));
    assert!(found("`${nn::conv1").contains(&"conv1d".to_string()));
    assert!(
        found("import \"std/lay")
            .iter()
            .any(|own| own == "std/layers/fm")
    );
}
