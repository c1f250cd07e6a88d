//! Arrays and numbers as text, against NumPy and Python.

use crate::{cases, python, root};
use cistron::base::seed::Rng;
use cistron::base::written::{Written, rounded, written};
use std::io::Write;
use std::process::{Command, Stdio};

/// What a Python program answers to JSON.
fn asked(python: &str, program: &str, input: &serde_json::Value) -> serde_json::Value {
    let mut command = Command::new(python);
    command
        .args(["-c", program])
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("python starts");
    let text = input.to_string();
    let mut pipe = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || pipe.write_all(text.as_bytes()).expect("written"));
    let output = child.wait_with_output().expect("python ends");
    writer.join().expect("written");
    serde_json::from_slice(&output.stdout).expect("an answer")
}

fn number(rng: &mut Rng) -> f64 {
    let size = 10f64.powi(rng.below(24) as i32 - 12);
    let x = (rng.below(2_000_001) as f64 - 1_000_000.0) / 1e5 * size;
    match rng.below(12) {
        0 => x.round(),
        1 => 0.0,
        2 => rng.below(1000) as f64 / 8.0,
        _ => x,
    }
}

#[test]
fn forms_of_numbers_are_those_of_python() {
    let Some(python) = python("json") else { return };
    let mut rng = Rng::keyed(&[27]);
    let mut all: Vec<(f64, i64, String)> = Vec::new();
    for _ in 0..cases(2000) {
        let pick = |rng: &mut Rng, of: &[&str]| of[rng.below(of.len())].to_string();
        let fill = pick(&mut rng, &["", "", "<", ">", "^", "=", "*<", "0>", "x^"]);
        let sign = pick(&mut rng, &["", "", "+", "-", " "]);
        let width = pick(&mut rng, &["", "", "5", "12", "08"]);
        let grouped = pick(&mut rng, &["", "", ","]);
        let precision = pick(&mut rng, &["", ".0", ".1", ".3", ".10"]);
        let kind = pick(&mut rng, &["f", "e", "g", "%", "E", "G", "d"]);
        let precision = if kind == "d" {
            String::new()
        } else {
            precision
        };
        all.push((
            number(&mut rng),
            rng.below(2_000_000) as i64 - 1_000_000,
            format!("{fill}{sign}{width}{grouped}{precision}{kind}"),
        ));
    }
    let program = "import json,sys\nout=[]\nfor x,n,f in json.load(sys.stdin):\n    v=n if f[-1]=='d' else x\n    out.append([format(v,f), [round(x,k) for k in (-2,0,1,3)]])\njson.dump(out,sys.stdout)";
    let answers = asked(&python, program, &serde_json::json!(all));
    let answers = answers.as_array().expect("a list");
    assert_eq!(answers.len(), all.len());
    for ((x, n, form), answer) in all.iter().zip(answers) {
        let value = if form.ends_with('d') {
            Written::Int(*n)
        } else {
            Written::Float(*x)
        };
        assert_eq!(
            written(value, form).expect(form),
            answer[0].as_str().expect("text"),
            "{x} {n} {form}"
        );
        let wanted: Vec<f64> = answer[1]
            .as_array()
            .expect("four")
            .iter()
            .map(|v| v.as_f64().expect("a number"))
            .collect();
        let got = [-2, 0, 1, 3].map(|decimals| rounded(*x, decimals));
        for (got, wanted) in got.iter().zip(&wanted) {
            assert!(
                (got - wanted).abs() <= wanted.abs() * 1e-15,
                "{x}: {got} {wanted}"
            );
        }
    }
    println!("{} forms", all.len());
}

/// A script's array of numbers.
fn literal(values: &[f64]) -> String {
    let one = |x: &f64| {
        if x.is_nan() {
            "(0.0/0.0)".to_string()
        } else {
            format!("({x:?})")
        }
    };
    format!(
        "[{}]",
        values.iter().map(one).collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn arrays_answer_as_numpy_does() {
    let Some(python) = python("numpy") else {
        return;
    };
    let mut rng = Rng::keyed(&[28]);
    let mut all: Vec<Vec<f64>> = vec![
        vec![1.0],
        vec![2.0, 2.0, 2.0],
        vec![f64::NAN],
        vec![1.0, f64::NAN, 0.0],
    ];
    for _ in 0..cases(100) {
        let n = 1 + rng.below(12);
        let repeats = rng.below(2) == 0;
        all.push(
            (0..n)
                .map(|_| {
                    if repeats {
                        rng.below(4) as f64
                    } else {
                        number(&mut rng)
                    }
                })
                .collect(),
        );
        if rng.below(6) == 0 {
            let at = rng.below(n);
            if let Some(last) = all.last_mut() {
                last[at] = f64::NAN;
            }
        }
    }
    let sent: Vec<Vec<Option<f64>>> = all
        .iter()
        .map(|own| own.iter().map(|x| (!x.is_nan()).then_some(*x)).collect())
        .collect();
    let program = "import json,sys\nimport numpy as np\nout=[]\nc=lambda v: None if v!=v else float(v)\nfor a in json.load(sys.stdin):\n    a=np.array([np.nan if x is None else x for x in a])\n    out.append([c(a.sum()),c(a.mean()),c(np.median(a)),c(a.min()),c(a.max()),int(a.argmin()),int(a.argmax()),c(a.cumsum()[-1]),len(np.unique(a)),c(np.sort(a)[0])])\njson.dump(out,sys.stdout)";
    let answers = asked(&python, program, &serde_json::json!(sent));
    for (values, answer) in all.iter().zip(answers.as_array().expect("a list")) {
        let text = format!(
            "let a = {}; [a.sum() * 1.0, a.mean(), a.median(), a.min(), a.max(), a.argmin() * 1.0, a.argmax() * 1.0, a.cumsum()[-1], a.unique().len() * 1.0, a.sorted_by(|x| x)[0]]",
            literal(values)
        );
        let got = crate::value(&text)
            .expect(&text)
            .into_typed_array::<f64>()
            .expect("numbers");
        for (i, (got, wanted)) in got.iter().zip(answer.as_array().expect("ten")).enumerate() {
            let wanted = wanted.as_f64().unwrap_or(f64::NAN);
            let scale = values
                .iter()
                .filter(|x| !x.is_nan())
                .map(|x| x.abs())
                .sum::<f64>()
                .max(1e-300);
            assert!(
                (got.is_nan() && wanted.is_nan()) || (got - wanted).abs() <= 1e-14 * scale,
                "{i} of {values:?}: {got} {wanted}"
            );
        }
    }
    println!("{} arrays", all.len());
}

#[test]
fn integers_stay_integers_and_nothing_is_dropped() {
    let run = |text: &str| crate::run(text).expect(text);
    run(
        "assert_eq(type_of([1, 2].sum()), \"i64\"); assert_eq(type_of([].sum()), \"i64\"); assert_eq(type_of([1, 2.0].sum()), \"f64\");",
    );
    run(
        "assert_eq([9_007_199_254_740_993, 0].sum(), 9_007_199_254_740_993); assert_eq([9_007_199_254_740_993, 1].max(), 9_007_199_254_740_993);",
    );
    run(
        "assert_eq([9_007_199_254_740_992, 9_007_199_254_740_993].argmax(), 1); assert_eq([true, true].sum(), 2);",
    );
    run("assert_eq([0.0, -0.0].argmin(), 0); assert_eq([-0.0, 0.0, 0.0].argmax(), 0);");
    run(
        "assert_eq([].flatten(), []); assert_eq([].join(\",\"), \"\"); assert_eq([].unique(), []); assert_eq([].zip([]), []); assert(![].any() && [].all());",
    );
    run(
        "assert_eq([1, 1.0, \"1\", 2].unique().len(), 3); assert_eq([[1, 2], [1, 2]].unique().len(), 1); assert_eq([()].unique().len(), 1);",
    );
    run(
        "assert_eq([\"b\", \"a\"].sorted_by(|x| x), [\"a\", \"b\"]); assert_eq([3, 1].sorted_by(|x| 0), [3, 1]);",
    );
    for (text, wanted) in [
        ("[9_223_372_036_854_775_807, 1].sum()", "does not fit"),
        ("[9_223_372_036_854_775_807, 1].cumsum()", "does not fit"),
        ("[].mean()", "empty"),
        ("[].max()", "empty"),
        ("[].argmin()", "empty"),
        ("[].median()", "empty"),
        ("[1, \"a\"].sum()", "value 1 is string"),
        ("[1, \"a\"].max()", "value 1 is string"),
        ("[1, 2].zip([1])", "2 values cannot be paired with 1"),
        ("[1, \"a\"].sorted_by(|x| x)", "do not compare"),
        ("[1].any()", "boolean"),
        ("(2.5).to_string(-1)", "from 0 to 1000"),
        ("format(2.5, \"d\")", "integers"),
        ("format(\"a\", \".2f\")", "form of numbers"),
    ] {
        let fault = crate::fault(text);
        assert!(fault.message.contains(wanted), "{text}: {fault}");
    }
}

#[test]
fn names_for_values_missing_keys_and_loops() {
    let run = |text: &str| crate::run(text).expect(text);
    run(
        "let [a, b] = [1, [2, 3]]; assert_eq(a, 1); assert_eq(b, [2, 3]); let [x, _, z] = [1, 2, 3]; assert_eq(x + z, 4);",
    );
    run(
        "fn two() { [7, 8] } let [a, b] = two(); const [C, D] = two(); assert_eq(a + b + C + D, 30);",
    );
    run(
        "let [a, b] = tensor::arange(6).reshape([2, 3]); assert_eq(a, tensor::from([0, 1, 2])); assert_eq(b.shape, [3]);",
    );
    run("let s = 0; for [a, b] in [[1, 2], [3, 4]] { s += a * b; } assert_eq(s, 14);");
    run(
        "let f = []; for [a, b] in [[1, 2], [3, 4]] { f.push(|| a + b); } assert_eq(f.map(|g| g.call()), [3, 7]);",
    );
    run(
        "let m = #{ a: 1, n: #{ x: 2 } }; assert_eq(m.a ?? 0, 1); assert_eq(m.b ?? 0, 0); assert_eq(m[\"b\"] ?? 5, 5); assert_eq(m.n.x ?? 0, 2); assert_eq(m.n.y ?? 9, 9); assert_eq(m.q.y ?? 9, 9);",
    );
    run(
        "let m = #{}; for k in [\"a\", \"b\", \"a\"] { m[k] = (m[k] ?? 0) + 1; } assert_eq(m.a, 2); assert_eq(`${m.zz ?? 3}`, \"3\");",
    );
    run(
        "let x = (); assert_eq(x ?? 3, 3); let t = tensor::ones([2]); assert_eq((t.grad ?? 0), 0); assert_eq([1, 2][1] ?? 0, 2);",
    );
    run(
        "let keys = []; let m = #{ b: 1, a: 2 }; for k in m { keys.push(k); } assert_eq(keys, [\"a\", \"b\"]); for (k, i) in m { assert_eq(k, keys[i]); }",
    );
    run(
        "let n = 0; for row in tensor::ones([3, 4]) { n += row.sum().item(); } assert_eq(n, 12.0); for x in tensor::zeros([0, 2]) { throw \"no\"; }",
    );
    run("let n = 0; for m in sim::motifs(3) { n += 1; } assert_eq(n, 3);");
    for (text, wanted, column) in [
        ("let [a, b] = [1, 2, 3];", "2 names for 3 values", 0),
        (
            "let [a, b] = 3;",
            "2 names need an array of 2 values, got integer 3",
            0,
        ),
        (
            "for x in tensor::ones([]) { print(x); }",
            "without an axis",
            0,
        ),
        ("let m = #{}; m.a", "no key `a`", 0),
        ("let [a, b] = [1, 2]; nn::conv1d(1);", "takes 2 or 3", 26),
        (
            "let m = #{ a: 1 }; let x = m.a ?? 2; nn::conv1d(1);",
            "takes 2 or 3",
            42,
        ),
    ] {
        let fault = crate::fault(text);
        assert!(fault.message.contains(wanted), "{text}: {fault}");
        if column > 0 {
            assert_eq!(
                fault.at.as_ref().map(|at| at.column),
                Some(column),
                "{text}"
            );
        }
    }
}
