//! Functions of tensors against PyTorch 2.11: results and gradients of random calls.

use crate::{cases, python, root};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// A script that makes every call of a file of cases and compares it with what PyTorch gave.
fn script(folder: &Path) -> (usize, String) {
    let text = std::fs::read_to_string(folder.join("functions.json")).expect("cases");
    let all: Value = serde_json::from_str(&text).expect("as the recipe writes it");
    let all = all.as_array().expect("a list").clone();
    let mut out = format!(
        "let all = tensor::load_safetensors({:?});\n",
        folder.join("functions.safetensors").display().to_string()
    );
    let names = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .expect("names")
            .iter()
            .map(|name| name.as_str().expect("a name").to_string())
            .collect()
    };
    for (i, case) in all.iter().enumerate() {
        let (given, learned) = (names(&case["given"]), names(&case["learned"]));
        let call = case["script"].as_str().expect("a call");
        let mut block = String::new();
        for name in &given {
            let mark = if learned.contains(name) {
                ".requires_grad()"
            } else {
                ""
            };
            write!(block, "let {name} = all[\"{i}.{name}\"]{mark}; ").expect("a string");
        }
        write!(block, "let y = {call}; assert_eq(y.shape, all[\"{i}.y\"].shape); assert_near(y, all[\"{i}.y\"], 1e-9); ").expect("a string");
        write!(
            block,
            "let g = (y * all[\"{i}.weights\"]).sum().gradients([{}]); ",
            learned.join(", ")
        )
        .expect("a string");
        for (j, name) in learned.iter().enumerate() {
            write!(
                block,
                "assert_near(g[{j}], all[\"{i}.grad.{name}\"], 1e-9); "
            )
            .expect("a string");
        }
        // one line each: an error's line names the call
        writeln!(out, "{{ {block} }} // {call}").expect("a string");
    }
    (all.len(), out)
}

fn compare(folder: &Path) -> usize {
    let (count, text) = script(folder);
    if let Err(fault) = crate::run(&text) {
        let line = fault.at.as_ref().map_or(0, |at| at.line);
        panic!(
            "{fault}\n{}",
            text.lines().nth(line.saturating_sub(1)).unwrap_or_default()
        );
    }
    count
}

#[test]
fn functions_and_their_gradients_are_pytorchs() {
    assert_eq!(compare(&root().join("tests/oracles")), 115);
}

#[test]
fn functions_and_their_gradients_are_pytorchs_on_other_cases() {
    let count = cases(0);
    if count == 0 {
        return eprintln!("SKIPPED: CISTRON_CASES says how many more calls are compared");
    }
    let Some(python) = python("torch, safetensors") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let recipe = root().join("tests/oracles/functions.py");
    let status = Command::new(python)
        .arg(recipe)
        .arg(count.to_string())
        .arg(folder.path())
        .status()
        .expect("Python runs");
    assert!(status.success());
    assert_eq!(compare(folder.path()), count);
}

#[test]
fn draws_follow_their_chances() {
    // frequencies of 20,000 draws within five standard errors of the chances, zero weights never
    crate::run(
        "let w = tensor::from([1.0, 0.0, 3.0, 6.0]);
         let n = 20_000;
         let drawn = tensor::multinomial(w, n, #{ replacement: true, seed: 3 });
         for class in 0..4 {
             let p = w[class].item() / 10.0;
             let share = drawn.eq(class).float().mean().item();
             assert(share <= p + 5.0 * (p * (1.0 - p) / n).sqrt() && share >= p - 5.0 * (p * (1.0 - p) / n).sqrt(), `class ${class}: ${share}`);
         }
         // without replacement the first of two draws has the same chances, and no class comes
         // twice
         let twice = tensor::multinomial(w.expand([n, 4]), 2, #{ seed: 4 });
         assert_eq(twice[[(), 0]].eq(twice[[(), 1]]).any().item(), false);
         let share = twice[[(), 0]].eq(3).float().mean().item();
         assert_near(share, 0.6, 0.02);
         // second draws: the sum over first ones of p_i p_3 / (1 - p_i)
         assert_near(twice[[(), 1]].eq(3).float().mean().item(), 0.1 * 0.6 / 0.9 + 0.3 * 0.6 / 0.7, 0.02);
         let b = tensor::bernoulli(tensor::full([n], 0.3), #{ seed: 5 });
         assert_near(b.mean().item(), 0.3, 0.02);
         assert_eq(b, tensor::bernoulli(tensor::full([n], 0.3), #{ seed: 5 }));",
    )
    .expect("runs");
    for (text, message) in [
        (
            "tensor::bernoulli([1.5])",
            "a chance must be from 0 to 1, got 1.5",
        ),
        (
            "tensor::bernoulli([0.0 / 0.0])",
            "a chance must be from 0 to 1, got NaN",
        ),
        (
            "tensor::multinomial([1.0, 0.0], 2)",
            "2 draws without replacement from 1 classes",
        ),
        ("tensor::multinomial([0.0, 0.0], 1)", "no weight is above 0"),
        (
            "tensor::multinomial([1.0, -1.0], 1)",
            "a weight must be at least 0 and finite, got -1",
        ),
        (
            "tensor::multinomial([1.0], 0)",
            "`n` must be at least 1, got 0",
        ),
    ] {
        let fault = crate::fault(text);
        assert!(fault.message.contains(message), "{text}: {fault}");
    }
}
