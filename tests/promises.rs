//! What the guide's page of promises states, where no other test holds it.

use crate::{cistron, files_below, root, said};
use std::path::PathBuf;

#[test]
fn every_promise_names_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join("docs/guide/9_promises.md")).expect("the page");
    let mut names = 0;
    for row in page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| promise"))
    {
        let held = row
            .trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .unwrap_or("");
        for name in held.split('`').skip(1).step_by(2) {
            let (file, test) = name.split_once("::").unwrap_or_else(|| panic!("{row}"));
            let file = [format!("tests/{file}.rs"), format!("tests/{file}/mod.rs")]
                .into_iter()
                .map(|path| root().join(path))
                .find(|path| path.exists());
            let text =
                std::fs::read_to_string(file.unwrap_or_else(|| panic!("{name}: no such file")))
                    .expect("a file");
            assert!(
                text.contains(&format!("#[test]\nfn {test}(")),
                "{name}: no such test"
            );
            names += 1;
        }
    }
    assert!(names > 18, "{names}");
}

#[test]
fn threads_of_operations_change_last_digits_alone() {
    let place = tempfile::tempdir().expect("a folder");
    let script = r#"
let set = data::from(#{ sequence: seq::random(400, 60, #{ seed: 1 }), label: tensor::rand([400, 1], #{ seed: 2 }).gt(0.5).to("float32") });
let net = nn::build(nn::chain([nn::conv1d(16, 7), nn::batch_norm(), nn::relu(), nn::global_max_pool(), nn::linear(1)]), [4, 60], #{ seed: 1 });
let run = train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(), batch: 64, epochs: 2, progress: false });
print(run.column("train.loss"));
"#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let losses = |threads: &str| -> Vec<f64> {
        let (out, err, code) = said(&cistron(
            place.path(),
            &["run", "s.rhai", "--no-run-dir", "--threads", threads],
        ));
        assert_eq!(code, 0, "{err}");
        out.trim()
            .trim_matches(['[', ']'])
            .split(", ")
            .map(|text| text.parse().expect("a number"))
            .collect()
    };
    let one = losses("1");
    assert!(one == losses("1") && one.len() == 2);
    for (a, b) in one.iter().zip(losses("2")) {
        assert!((a - b).abs() < 1e-5 * a.abs(), "{a} and {b}");
    }
}

#[test]
fn one_file_alone_sends() {
    let sends = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a file");
        let text = text.split("#[cfg(test)]").next().unwrap_or("");
        ["ureq::", "TcpStream", "UdpSocket"]
            .iter()
            .any(|word| text.contains(word))
    };
    let src = root().join("src");
    let mut found: Vec<PathBuf> = files_below(&src, "rs").into_iter().filter(sends).collect();
    found.sort();
    // the server answers requests and sends none
    let expected = [
        src.join("cli/serve/http.rs"),
        src.join("track/export/mlflow.rs"),
    ];
    assert_eq!(found, expected);
}
