//! The catalog: every function is documented, every example runs, stated messages are right.

use cistron::cli::test::{Tally, documentation};
use cistron::lang::{Form, examples, session};

// `module` is allowed after a namespace (`nn::module`): see `allow_reserved` in src/lang/engine.rs
const RESERVED: [&str; 48] = [
    "match",
    "default",
    "with",
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

#[test]
fn the_guide_lists_all_examples() {
    let guide = std::fs::read_to_string(crate::root().join("docs/guide/1_installation.md"));
    let guide = guide.expect("the guide");
    let listed: Vec<&str> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once(".rhai` |"))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    let mut found: Vec<String> = std::fs::read_dir(crate::root().join("examples"))
        .expect("examples")
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".rhai").map(str::to_string)
        })
        .collect();
    found.sort();
    assert_eq!(listed, found);
}

fn start() {
    cistron::bind::start(session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    });
}

#[test]
fn every_example_runs() {
    start();
    let mut tally = Tally::default();
    documentation(&mut tally, &[]);
    let reports: Vec<String> = tally
        .failed
        .iter()
        .map(|(name, report)| format!("{name}\n{report}"))
        .collect();
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
        let summary = entry.summary();
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
    let n = catalog
        .entries
        .iter()
        .filter(|e| e.namespace == "tensor" && !e.docs.is_empty())
        .count();
    assert!(n >= 150, "{n} tensor operations");
    assert!(
        catalog
            .entries
            .iter()
            .any(|e| e.is_script && e.form == Form::Function && e.namespace == "std/layers/fm")
    );
}

/// The catalog reads modules without the bodies of their functions; here they are compiled whole.
#[test]
fn the_catalog_has_the_functions_of_all_modules() {
    let engine = cistron::bind::start(session::Settings::default());
    let catalog = session::catalog();
    let shown = |entry: &cistron::lang::catalog::Entry| {
        let docs = &entry.docs;
        format!("{} returns {}\n{docs}", entry.signature(), entry.returns)
    };
    for path in cistron::lang::stdlib::paths() {
        let space = format!("std/{path}");
        let (text, file) = cistron::lang::stdlib::read(&path).expect("a module");
        let whole = cistron::lang::check::compile(&engine, &text, &file).expect("it compiles");
        let whole = cistron::lang::catalog::Entry::of_module(&space, &whole);
        let entries = catalog.entries.iter().filter(|e| e.namespace == space);
        let found: Vec<String> = entries.map(shown).collect();
        assert!(!found.is_empty(), "{path}");
        assert_eq!(found, whole.iter().map(shown).collect::<Vec<_>>(), "{path}");
    }
}

/// The pages of guide and reference.
fn pages() -> Vec<cistron::cli::doc::Page> {
    start();
    cistron::cli::doc::pages(&session::catalog())
}

#[test]
fn guide_and_reference_are_written_as_html() {
    let pages = pages();
    let page = |file: &str| {
        pages
            .iter()
            .find(|page| page.file == file)
            .unwrap_or_else(|| panic!("no {file}"))
            .text
            .as_str()
    };
    assert!(
        page("reference-nn.html").contains("id=\"nn::conv1d\"")
            && page("reference-std-models-danq.html").contains("danq")
    );
    assert!(
        page("guide-layers.html").contains("href=\"reference-nn.html#nn::conv1d\""),
        "code leads to the reference"
    );
    assert!(
        page("guide-layers.html").contains("href=\"reference-std-layers-fm.html\""),
        "modules are linked"
    );
    assert!(page("search.js").contains("\"nn::conv1d\""));
    // names of places are different within a page
    for own in pages.iter().filter(|page| page.file.ends_with(".html")) {
        let ids = own.text.split(" id=\"").skip(1);
        let mut seen = std::collections::HashSet::new();
        for id in ids.filter_map(|rest| rest.split('"').next()) {
            assert!(
                seen.insert(id),
                "{}: two places are called `{id}`",
                own.file
            );
        }
    }
    // every link within the pages has an end
    let mut broken = Vec::new();
    for own in pages.iter().filter(|page| page.file.ends_with(".html")) {
        assert!(
            !own.text.contains("```") && !own.text.contains("{{"),
            "{}: a code block was left open",
            own.file
        );
        for link in own
            .text
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|link| !link.starts_with("http"))
        {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                Some(own)
            } else {
                pages.iter().find(|page| page.file == file)
            };
            if !target.is_some_and(|page| {
                anchor.is_empty() || page.text.contains(&format!("id=\"{anchor}\""))
            }) {
                broken.push(format!("{}: {link}", own.file));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn programs_read_a_catalogue_of_all_functions() {
    let pages = pages();
    let text = |file: &str| {
        let page = pages.iter().find(|page| page.file == file);
        page.unwrap_or_else(|| panic!("no {file}")).text.as_str()
    };
    let all: serde_json::Value = serde_json::from_str(text("catalog.json")).expect("JSON");
    let entries = all["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), session::catalog().entries.len());
    let conv = entries.iter().find(|entry| entry["name"] == "nn::conv1d");
    let conv = conv.expect("nn::conv1d");
    assert_eq!(conv["parameters"][0]["name"], "filters");
    let options = conv["options"].as_array().expect("options");
    assert!(options.iter().any(|option| option["name"] == "padding"));
    assert_eq!(conv["page"], "reference-nn.html#nn::conv1d");
    let index = text("llms.txt");
    assert!(index.starts_with("# cistron\n\n> "));
    for link in index.split("](").skip(1) {
        let link = link.split(')').next().expect("an end");
        assert!(pages.iter().any(|page| page.file == link), "{link}");
    }
}

#[test]
fn the_guide_runs() {
    let folder = crate::root().join("docs/guide");
    // `guide` runs the other pages; blocks write files into the working directory
    let place = tempfile::tempdir().expect("a folder");
    let page = folder.join("2_language.md").display().to_string();
    let (out, err, code) = crate::said(&crate::cistron(place.path(), &["test", &page]));
    assert!(code == 0 && out.contains(" passed, 0 failed"), "{out}{err}");
    for path in crate::files_below(&folder, "md") {
        let text = std::fs::read_to_string(&path).expect("a chapter");
        assert!(
            !text.contains("norun"),
            "{}: a block that is not run",
            path.display()
        );
    }
}

#[test]
fn the_search_finds_by_name_option_and_text() {
    let Some(browser) = crate::browser() else {
        return;
    };
    let place = tempfile::tempdir().expect("a folder");
    for page in pages() {
        let path = place.path().join(page.file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, page.text).expect("written");
    }
    // the first three hits of some questions, a key that opens one, and whether a narrow page stays
    // within its window
    let script = r###"<script>
const input = document.querySelector("#find input"), said = [];
for (const asked of ["conv1d", "patience", "dinucleotide shuffles", "xyzzy", "train a network", "learning rate", "p value"]) {
  input.value = asked;
  input.dispatchEvent(new Event("input"));
  said.push([...document.querySelectorAll("#found b")].slice(0, 3).map(one => one.textContent).join(",") || document.querySelector("#found").textContent);
}
input.blur();
document.dispatchEvent(new KeyboardEvent("keydown", { key: "/", cancelable: true }));
said.push("focus=" + (document.activeElement === input));
input.value = "conv1d";
input.dispatchEvent(new Event("input"));
input.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", cancelable: true }));
said.push("marked=" + document.querySelector("#found a.on").getAttribute("href"));
document.querySelector("nav button").click();
said.push("open=" + document.querySelector("nav").classList.contains("open"));
said.push("narrow=" + (document.documentElement.scrollWidth <= innerWidth));
document.title = "SAID " + said.join(" | ");
</script>"###;
    for (file, size) in [
        ("reference-nn.html", "1200,900"),
        ("guide-data.html", "400,800"),
    ] {
        let text = std::fs::read_to_string(place.path().join(file)).expect("a page");
        std::fs::write(
            place.path().join("probe.html"),
            text.replace("</html>", &format!("{script}</html>")),
        )
        .expect("written");
        let dom = crate::opened(browser, &place.path().join("probe.html"), size);
        let said = dom
            .split("<title>SAID ")
            .nth(1)
            .and_then(|rest| rest.split("</title>").next())
            .unwrap_or("nothing was clicked");
        let parts: Vec<&str> = said.split(" | ").collect();
        assert!(parts[0].starts_with("nn::conv1d,"), "{said}");
        assert!(parts[1].contains("train::early_stop"), "{said}");
        assert!(parts[2].contains("Data"), "{said}");
        assert_eq!(parts[3], "nothing is called so");
        assert!(parts[4].starts_with("train::fit,"), "{said}");
        assert!(parts[5].contains("optimizer."), "{said}");
        assert!(parts[6].contains("stats::"), "{said}");
        assert_eq!(
            parts[7..],
            [
                "focus=true",
                "marked=reference-nn.html#nn::conv1d",
                "open=true",
                "narrow=true"
            ]
        );
    }
}
