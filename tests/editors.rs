//! `cistron lsp` as an editor talks to it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The longest time an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor with a server.
struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    last: i64,
}

impl Editor {
    fn start(folder: &Path) -> Editor {
        let mut server = Command::new(env!("CARGO_BIN_EXE_cistron"))
            .arg("lsp")
            .current_dir(folder)
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .env_remove("CISTRON_STDLIB")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let input = server.stdin.take();
        let mut output = BufReader::new(server.stdout.take().expect("an output"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Editor {
            server,
            input,
            messages,
            last: 0,
        };
        let offered = editor.ask("initialize", json!({ "capabilities": {} }));
        assert_eq!(offered["capabilities"]["hoverProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let input = self.input.as_mut().expect("an input");
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("written");
        input.flush().expect("written");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The whole answer to a request, or the notification of a method.
    fn wait(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self
                .messages
                .recv_timeout(PATIENCE)
                .expect("an answer in time");
            if is(&message) {
                return message;
            }
        }
    }

    fn answer(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.wait(|message| message["id"] == id)
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn open(&mut self, address: &str, text: &str) {
        let document = json!({ "uri": address, "languageId": "rhai", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, address: &str, text: &str) {
        let document = json!({ "uri": address, "version": 2 });
        let changes = json!([{ "text": text }]);
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": changes }),
        );
    }

    /// The faults of a document: line, first and last column, and message of each.
    fn faults(&mut self, address: &str) -> Vec<(u64, u64, u64, String)> {
        let shown = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == address
        });
        let faults = shown["params"]["diagnostics"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let number = |value: &Value| value.as_u64().expect("a number");
        let one = |fault: &Value| {
            let (start, end) = (&fault["range"]["start"], &fault["range"]["end"]);
            let message = fault["message"].as_str().unwrap_or_default().to_string();
            (
                number(&start["line"]),
                number(&start["character"]),
                number(&end["character"]),
                message,
            )
        };
        faults.iter().map(one).collect()
    }

    fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        drop(self.input.take());
        assert!(self.server.wait().expect("ended").success());
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.server.kill().ok();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", n)) => length = n.parse().expect("a length"),
            Some(_) => {}
            None => break,
        }
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn address(folder: &Path, name: &str) -> String {
    format!("file://{}", folder.join(name).display())
}

/// A place in a document: that of the mark in its text.
fn at(address: &str, marked: &str) -> Value {
    let before = &marked[..marked.find('¦').expect("a mark")];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let character = before[start..].encode_utf16().count();
    json!({ "textDocument": { "uri": address }, "position": { "line": line, "character": character } })
}

/// Opens a text with a mark, and asks about the place of the mark.
fn asked(editor: &mut Editor, address: &str, method: &str, marked: &str) -> Value {
    editor.open(address, &marked.replace('¦', ""));
    editor.ask(method, at(address, marked))
}

fn labels(items: &Value) -> Vec<String> {
    let items = items.as_array().cloned().unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item["label"].as_str().map(String::from))
        .collect()
}

#[test]
fn faults_are_shown_while_somebody_types() {
    let place = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(place.path());
    let script = address(place.path(), "a b.rhai").replace(' ', "%20");
    editor.open(&script, "let a = 1;\nlet net = \"𝄞\" + nn::conv2(8);\n");
    let faults = editor.faults(&script);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((faults[0].0, faults[0].1), (1, 21), "{faults:?}");
    assert!(
        faults[0].3.contains("nn::conv2") && faults[0].3.contains("did you mean"),
        "{faults:?}"
    );
    editor.change(&script, "let x = (1;\n");
    assert_eq!(editor.faults(&script)[0].0, 0);
    editor.change(&script, "let x = 1;\n");
    assert_eq!(editor.faults(&script), []);
    // of a script that is imported, beside the file
    std::fs::write(
        place.path().join("other.rhai"),
        "fn f() { 1 }\nfn g() { (1 }\n",
    )
    .expect("written");
    editor.change(
        &script,
        "let x = 1;\nimport \"other\" as other;\nother::f()",
    );
    let faults = editor.faults(&script);
    assert!(
        faults[0].0 == 1 && faults[0].3.contains("other.rhai:2"),
        "{faults:?}"
    );
    std::fs::write(place.path().join("other.rhai"), "fn f() { 1 }\n").expect("written");
    editor.tell(
        "textDocument/didSave",
        json!({ "textDocument": { "uri": script } }),
    );
    assert_eq!(editor.faults(&script), []);
    editor.end();
}

#[test]
fn completions_documentation_and_signatures_follow_the_text() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(
        place.path().join("own.rhai"),
        "/// Doubles.\nfn twice(x) { x * 2 }\nprivate fn hidden() {}\n",
    )
    .expect("written");
    let mut editor = Editor::start(place.path());
    let script = address(place.path(), "a.rhai");
    let mut complete = |marked: &str| {
        labels(&asked(
            &mut editor,
            &script,
            "textDocument/completion",
            marked,
        ))
    };
    assert!(complete("nn::conv¦").contains(&"conv1d".to_string()));
    assert!(complete("let layer = 1; lay¦").contains(&"layer".to_string()));
    assert!(!complete("{ let layer = 1; } lay¦").contains(&"layer".to_string()));
    assert!(complete("nn::conv1d(8, 3, #{ pad¦").contains(&"padding: ".to_string()));
    assert!(
        complete("import \"std/models/ba¦")
            .iter()
            .any(|one| one.starts_with("std/models/bas"))
    );
    assert_eq!(complete("import \"own\" as own;\nown::¦"), ["twice"]);
    let members = complete("let net = nn::build(nn::linear(1), [2], #{});\nnet.¦");
    assert!(
        members.contains(&"predict".to_string()) && !members.contains(&"reshape".to_string()),
        "{members:?}"
    );

    let mut hover = |marked: &str| {
        let shown = asked(&mut editor, &script, "textDocument/hover", marked);
        shown["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_string()
    };
    assert!(hover("nn::con¦v1d(8, 3)").contains("filters"));
    assert!(hover("let net = nn::build(nn::linear(1), [2], #{}); ne¦t").contains("net: model"));
    assert!(
        hover("/// Adds.\nfn add(a, b) { a + b }\na¦dd(1, 2)")
            .contains("fn add(a, b)\n```\n\nAdds.")
    );
    assert!(hover("import \"own\" as own;\nown::tw¦ice(1)").contains("Doubles."));
    assert_eq!(hover("1 +¦ 2"), "");

    let mut signature =
        |marked: &str| asked(&mut editor, &script, "textDocument/signatureHelp", marked);
    let shown = signature("nn::conv1d(8, ¦");
    assert_eq!(
        (
            &shown["activeParameter"],
            &shown["signatures"][0]["parameters"][1]["label"]
        ),
        (&json!(1), &json!("width"))
    );
    assert_eq!(
        signature("fn add(a, b) { a }\nadd(¦")["signatures"][0]["label"],
        "fn add(a, b)"
    );
    assert_eq!(signature("let x = ¦"), Value::Null);
    editor.end();
}

#[test]
fn definitions_are_found_and_renamed_across_scripts() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("own.rhai"), "fn twice(x) { x * 2 }\n").expect("written");
    std::fs::write(
        place.path().join("third.rhai"),
        "import \"own\" as o;\nprint(`${o::twice(3)}`);\n",
    )
    .expect("written");
    let mut editor = Editor::start(place.path());
    let script = address(place.path(), "a.rhai");
    let own = address(place.path(), "own.rhai");
    let mut define = |marked: &str| asked(&mut editor, &script, "textDocument/definition", marked);
    let found = define("let x = 1;\nlet y = x + ¦x;");
    assert_eq!(
        (found["uri"].as_str(), &found["range"]["start"]),
        (Some(script.as_str()), &json!({ "line": 0, "character": 4 }))
    );
    let found = define("import \"own\" as own;\nown::twi¦ce(1)");
    assert_eq!(
        (found["uri"].as_str(), &found["range"]["start"]),
        (Some(own.as_str()), &json!({ "line": 0, "character": 3 }))
    );
    // into a copy of the standard library
    let found = define("import \"std/layers/fm\" as fm;\nfm::la¦yer(1, 2)");
    let path = found["uri"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches("file://")
        .to_string();
    let line = found["range"]["start"]["line"].as_u64().expect("a line") as usize;
    let text = std::fs::read_to_string(&path).expect("a copy");
    assert!(
        text.lines()
            .nth(line)
            .is_some_and(|line| line.starts_with("fn layer(")),
        "{path}:{line}"
    );
    assert_eq!(define("nn::con¦v1d(1, 2)"), Value::Null);

    let marked = "import \"own\" as own;\nlet twice = own::twi¦ce(1);\n";
    editor.open(&script, &marked.replace('¦', ""));
    let mut params = at(&script, marked);
    params["newName"] = json!("double");
    let changes = editor.ask("textDocument/rename", params.clone())["changes"].clone();
    let count = |name: &str| {
        changes[address(place.path(), name)]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!(
        (count("own.rhai"), count("a.rhai"), count("third.rhai")),
        (Some(1), Some(1), Some(1))
    );
    params["context"] = json!({ "includeDeclaration": false });
    let places = editor.ask("textDocument/references", params.clone());
    assert_eq!(places.as_array().map(Vec::len), Some(2), "{places}");
    for (name, why) in [("1a", "no name"), ("let", "no name"), ("a-b", "no name")] {
        params["newName"] = json!(name);
        let answer = editor.answer("textDocument/rename", params.clone());
        assert!(
            answer["error"]["message"]
                .as_str()
                .is_some_and(|text| text.contains(why)),
            "{answer}"
        );
    }
    // two variables would become one
    let marked = "let a = 1;\nlet b = 2;\nprint(¦a + b);";
    editor.open(&script, &marked.replace('¦', ""));
    let mut params = at(&script, marked);
    params["newName"] = json!("b");
    let answer = editor.answer("textDocument/rename", params);
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("taken for")),
        "{answer}"
    );
    editor.end();
}

#[test]
fn documents_are_laid_out_and_listed() {
    let place = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(place.path());
    let script = address(place.path(), "a.rhai");
    editor.open(&script, "const N=1;\nfn f(x){\nlet y=x;\ny}\nlet z=f(N);");
    let document = json!({ "textDocument": { "uri": script }, "options": { "tabSize": 2, "insertSpaces": true } });
    let symbols = editor.ask("textDocument/documentSymbol", document.clone());
    let names: Vec<&str> = symbols
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, ["N", "f", "z"]);
    let edits = editor.ask("textDocument/formatting", document.clone());
    assert_eq!(
        edits[0]["newText"],
        "const N = 1;\nfn f(x) {\n    let y = x;\n    y }\nlet z = f(N);\n"
    );
    editor.change(&script, "let x = `a");
    assert!(!editor.answer("textDocument/formatting", document)["error"].is_null());
    // what the server does not know, and what it cannot read, ends nothing
    assert_eq!(
        editor.answer("textDocument/colour", json!({}))["error"]["code"],
        -32601
    );
    assert!(!editor.answer("textDocument/hover", json!({ "textDocument": 3 }))["error"].is_null());
    editor.tell("textDocument/didChange", json!({ "nothing": 1 }));
    editor.end();
}

/// Every beginning of a script, with the cursor at its end: an answer to each question.
#[test]
fn every_beginning_of_a_script_is_answered() {
    let place = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(place.path());
    let script = address(place.path(), "a.rhai");
    let whole = "import \"std/layers/fm\" as fm;\nlet net = nn::build(nn::chain([nn::conv1d(8, 3, #{ stride: 2 }), nn::relu()]), [4, 20], #{ seed: 1 });\nfor i in 0..3 { print(`é ${net.predict(|x| x + 1)} ${`b`}`); }";
    editor.open(&script, "");
    for (byte, _) in whole.char_indices().step_by(3) {
        let begun = &whole[..byte];
        editor.change(&script, begun);
        let place = at(&script, &format!("{begun}¦"));
        for method in ["completion", "hover", "signatureHelp", "definition"] {
            editor.ask(&format!("textDocument/{method}"), place.clone());
        }
        editor.ask(
            "textDocument/documentSymbol",
            json!({ "textDocument": { "uri": script } }),
        );
    }
    editor.end();
}

#[test]
fn what_is_no_message_does_not_end_the_server() {
    let place = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(place.path());
    for text in [
        "hello world\r\n\r\n",
        "Content-Length: 5\r\n\r\n{{{{{",
        "Content-Length: 2\r\n\r\n[]",
    ] {
        let input = editor.input.as_mut().expect("an input");
        input.write_all(text.as_bytes()).expect("written");
        input.flush().expect("written");
        let refused = editor.wait(|message| message["id"].is_null() && !message["error"].is_null());
        assert!(
            refused["error"]["code"]
                .as_i64()
                .is_some_and(|code| code <= -32600),
            "{refused}"
        );
    }
    let answer = editor.answer("textDocument/hover", json!({ "wrong": 1 }));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    // after `shutdown` requests are refused, and `exit` ends the server
    editor.ask("shutdown", Value::Null);
    let answer = editor.answer("textDocument/hover", json!({}));
    assert_eq!(answer["error"]["code"], -32600, "{answer}");
    editor.tell("exit", Value::Null);
    assert!(editor.server.wait().expect("ended").success());
}

#[test]
fn changes_of_a_part_and_exports_of_a_script_are_known() {
    let place = tempfile::tempdir().expect("a folder");
    let helpers = "export const WIDTH = 5;\nlet inner = 3;\n/// Doubles.\nfn twice(x) { x * 2 }\n";
    std::fs::write(place.path().join("helpers.rhai"), helpers).expect("written");
    let mut editor = Editor::start(place.path());
    let script = address(place.path(), "a.rhai");
    editor.open(&script, "print(\"é😀\"); let b = 2;\n");
    assert!(editor.faults(&script).is_empty());
    let place_of = |line: u32, column: u32| json!({ "line": line, "character": column });
    let range = json!({ "start": place_of(0, 22), "end": place_of(0, 23) });
    editor.tell(
        "textDocument/didChange",
        json!({
            "textDocument": { "uri": script, "version": 2 },
            "contentChanges": [{ "range": range, "text": "nope" }],
        }),
    );
    let faults = editor.faults(&script);
    assert!(
        faults.len() == 1 && faults[0].3.contains("`nope`"),
        "{faults:?}"
    );
    let mut at = |method: &str, text: &str| {
        let text = format!("import \"helpers\" as h;\n{text}");
        asked(&mut editor, &script, method, &text)
    };
    let found = labels(&at("textDocument/completion", "h::¦"));
    assert!(
        found.contains(&"WIDTH".into()) && found.contains(&"twice".into()),
        "{found:?}"
    );
    assert!(!found.contains(&"inner".into()), "{found:?}");
    let hover = at("textDocument/hover", "print(h::WI¦DTH);");
    assert!(hover.to_string().contains("WIDTH"), "{hover}");
    assert_eq!(
        at("textDocument/definition", "print(h::WI¦DTH);")["range"]["start"]["line"],
        0
    );
    let help = at("textDocument/signatureHelp", "h::twice(¦)");
    assert_eq!(help["signatures"][0]["label"], "fn twice(x)", "{help}");
    editor.end();
}
