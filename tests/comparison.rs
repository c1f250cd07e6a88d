//! Comparisons: values that have no order are errors, never `false`; numbers compare exactly.

use crate::{fault, run, value};

/// A value of every script type, as a script makes it.
const VALUES: &[&str] = &[
    "1",
    "1.5",
    "\"a\"",
    "'a'",
    "true",
    "[1, 2]",
    "#{ a: 1 }",
    "|x| x",
    "0..3",
    "0..=3",
    "blob(2)",
    "timestamp()",
    "tensor::zeros([2])",
    "nn::linear(1)",
    "nn::build(nn::linear(1), [2])",
    "data::from(tensor::zeros([4, 2]), tensor::zeros([4, 1]))",
    "data::from(tensor::zeros([4, 2]), tensor::zeros([4, 1])).batches(2)",
    "augment::shift(1)",
    "loss::mse()",
    "optim::adam(#{ lr: 1 })",
    "schedule::constant()",
    "metric::mse()",
    "motif::from_consensus(\"AC\")",
    "genome::from(#{ chr1: \"ACGT\" })",
    "intervals::from(#{ chrom: [\"chr1\"], start: [1], end: [2] })",
    "table::from(#{ a: [1] })",
    "plot::lines([1, 2])",
];

fn truth(text: &str) -> bool {
    value(text)
        .unwrap_or_else(|fault| panic!("{text}: {fault}"))
        .as_bool()
        .expect("a boolean")
}

/// Values of the list that this build can make, so that a renamed constructor does not hide the
/// others.
fn made() -> Vec<&'static str> {
    let made: Vec<&str> = VALUES
        .iter()
        .copied()
        .filter(|text| run(&format!("let v = {text};")).is_ok())
        .collect();
    assert!(made.len() + 3 >= VALUES.len(), "{made:?}");
    made
}

#[test]
fn any_value_can_be_compared_with_unit() {
    for text in made() {
        assert!(!truth(&format!("let v = {text}; v == ()")), "{text}");
        assert!(truth(&format!("let v = {text}; v != ()")), "{text}");
        assert!(!truth(&format!("let v = {text}; () == v")), "{text}");
        assert!(truth(&format!("let v = {text}; () != v")), "{text}");
    }
    assert!(truth("() == ()") && !truth("() != ()"));
    assert!(truth(
        "let v = tensor::ones([2]).requires_grad(); v.sum().backward(); v.grad != ()"
    ));
    assert!(truth("tensor::ones([2]).grad == ()"));
}

#[test]
fn values_without_an_order_are_errors_in_either_direction() {
    // all of these were false
    for text in made() {
        for other in ["3", "\"a\"", "()", "[1, 2]", "#{}", "|x| x"] {
            let has_order = |value: &str| ["1", "1.5", "3"].contains(&value);
            let is_text = |value: &str| ["\"a\"", "'a'"].contains(&value);
            if has_order(text) && has_order(other) || is_text(text) && is_text(other) {
                continue;
            }
            // one script for all: each comparison must raise an error of its own that names no Rust
            // type
            let mut script = format!("let a = {text}; let b = {other}; let good = 0;");
            for symbol in ["<", "<=", ">", ">="] {
                for call in [format!("a {symbol} b"), format!("b {symbol} a")] {
                    let is_good = format!(
                        "e.kind == \"type\" && e.message.contains(\"`{symbol}`\") && !e.message.contains(\"::\")"
                    );
                    script += &format!(
                        "try {{ {call}; }} catch (e) {{ if {is_good} {{ good += 1; }} else {{ print(e.message) }} }}"
                    );
                }
            }
            let good =
                value(&(script + "good")).unwrap_or_else(|fault| panic!("{text} {other}: {fault}"));
            assert_eq!(good.as_int(), Ok(8), "{text} {other}");
        }
    }
}

#[test]
fn comparisons_that_fail_say_what_to_do() {
    for (text, message, hint) in [
        (
            "[1, 2] > 3",
            "`>` cannot compare array [1, 2] with integer 3",
            "a[0] > …",
        ),
        (
            "\"a\" < 3",
            "`<` cannot compare string \"a\" with integer 3",
            "parse_float",
        ),
        (
            "() > 1",
            "`>` cannot compare unit with integer 1",
            "x != ()",
        ),
        ("#{} < 1", "`<` cannot compare map", "m.key < …"),
        (
            "let f = |x| x; f > 1",
            "`>` cannot compare a function with integer 1",
            "f.call(…)",
        ),
        (
            "true > 0",
            "`>` cannot compare true with integer 0",
            "booleans compare with booleans",
        ),
        (
            "true == 1",
            "`==` cannot compare true with integer 1",
            "booleans compare with booleans",
        ),
        (
            "tensor::zeros([2]) < 3",
            "`<` compares single numbers, got a tensor of shape [2]",
            ".lt(b)",
        ),
        (
            "tensor::zeros([2]) == 3",
            "`==` compares single numbers, got a tensor of shape [2]",
            ".eq(b)",
        ),
        (
            "1 >= tensor::zeros([2])",
            "got integer 1 and a tensor of shape [2]",
            ".item()",
        ),
    ] {
        let fault = fault(text);
        assert!(fault.message.contains(message), "{text}: {fault}");
        assert!(
            fault.hint.as_ref().is_some_and(|own| own.contains(hint)),
            "{text}: {fault}"
        );
        let at = fault.at.clone().expect("a place");
        assert!(at.line == 1 && at.column > 0, "{text}: {at}");
    }
}

#[test]
fn a_tensor_of_one_number_compares_as_that_number() {
    for text in [
        "tensor::from([2.0]).sum() > 1.0",
        "!(tensor::from([2.0]).sum() < 1)",
        "1 < tensor::from([2.0]).sum()",
        "tensor::from([[2.0]]) >= tensor::from([2])",
        "tensor::from([7]).sum() == 7",
        "7.0 == tensor::from([7])",
        "tensor::from([7]) != 8",
        "tensor::from([true]).all() == true",
        "tensor::zeros([2]) != 'a'",
        "tensor::zeros([2]) == [0, 0]",
        "tensor::zeros([2]) != [0, 0, 0]",
        "!(tensor::from([0.0 / 0.0]) < 1) && !(tensor::from([0.0 / 0.0]) >= 1) && tensor::from([0.0 / 0.0]) != 1",
        "let big = tensor::from([1]); let n = 9007199254740993; big.fill_(0.0); (big + n) > 9007199254740992",
        "let best = 1e9; for l in [3.0, 2.0, 4.0] { let loss = tensor::full([], l); if loss < best { best = loss } } best == 2.0",
        "tensor::zeros([3]).gt(-1).all().item()",
        "if tensor::ones([3]).gt(0).any().item() { true } else { false }",
    ] {
        assert!(truth(text), "{text}");
    }
}

#[test]
fn numbers_and_text_compare_exactly() {
    // Rhai takes floats for equal that are within 2.2e-16 of each other, also next to 0
    for text in [
        "1e-20 > 0.0",
        "0.0 < 1e-300",
        "1e-50 != 0.0",
        "1e-50 > 0",
        "1e-200 != 2e-200",
        "1 == 1.0 && 1.0 == 1 && 2 > 1.5 && 1.5 < 2",
        "9007199254740993 > 9007199254740992.0",
        "0.1 + 0.2 != 0.3 && 0.1 + 0.2 > 0.3",
        "1.0 / 0.0 > 1e308 && !(0.0 / 0.0 == 0.0 / 0.0) && 0.0 / 0.0 != 0.0 / 0.0",
        "\"a\" < \"b\" && \"a\" == 'a' && 'b' > \"a\" && \"ab\" > 'a' && \"\" < 'a'",
        "true == true && false < true",
        "0..3 == 0..3 && 0..3 != 0..4 && 0..3 != 0..=3",
        "[1, 2] == [1, 2] && [1, 2] != [1, 3] && #{ a: 1 } == #{ a: 1 } && #{ a: 1 } != #{ a: 2 }",
        "[1e-50] != [0.0] && [1, \"a\"] != [1, 2]",
        "[1, 2, 3].contains(2) && !(4 in [1, 2, 3]) && [(), 1].index_of(1) == 1",
        "timestamp() <= timestamp() + 1.0",
        "1 + 1 == 2 && 3 > 1 + 1 || false",
        "(1 < 2) == true && 1 < 2 == true",
        "let x = 5; let t = if x <= 5 && x >= 5 { 1 } else { 0 }; t == 1",
    ] {
        assert!(truth(text), "{text}");
    }
    assert_eq!(value("let n = 0; for i in 0..10 { if i % 2 == 0 { n += 1; } } let i = 0; while i < 5 { i += 1; } n * 10 + i").expect("runs").as_int(), Ok(55));
    assert_eq!(
        value("[3, 1, 2].reduce(|a, b| if a > b { a } else { b }, 0)")
            .expect("runs")
            .as_int(),
        Ok(3)
    );
}

#[test]
fn conditions_name_what_they_got() {
    for (text, message, hint) in [
        (
            "if tensor::ones([2]).gt(0) { 1 }",
            "a condition must be a boolean, got a tensor",
            ".all().item()",
        ),
        (
            "while tensor::ones([2]).gt(0) { 1 }",
            "a condition must be a boolean, got a tensor",
            ".all().item()",
        ),
        (
            "let x = tensor::ones([1]); x && true",
            "a condition must be a boolean, got a tensor",
            ".all().item()",
        ),
        (
            "let u = (); if u { 1 }",
            "a condition must be a boolean, got unit",
            "x != ()",
        ),
        (
            "let u = 1; if u { 1 }",
            "a condition must be a boolean, got an integer",
            "x != 0",
        ),
        (
            "let u = [1]; if u { 1 }",
            "a condition must be a boolean, got an array",
            "x.len() > 0",
        ),
    ] {
        let fault = fault(text);
        assert!(
            fault.message.contains(message)
                && fault.hint.as_ref().is_some_and(|own| own.contains(hint)),
            "{text}: {fault}"
        );
        let caught = value(&format!(
            "let m = \"\"; try {{ {text} }} catch (e) {{ m = e.message; }} m"
        ))
        .expect("is caught");
        assert!(
            caught.into_string().expect("text").contains(message),
            "{text}"
        );
    }
}

#[test]
fn check_finds_comparisons_of_literals() {
    let settings = cistron::lang::session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    };
    let engine = cistron::bind::start(settings);
    let faults = |text: &str| {
        let ast = cistron::lang::check::compile(&engine, text, "script.rhai").expect("parses");
        cistron::lang::check::check(&ast, &cistron::lang::session::catalog(), "script.rhai")
    };
    for text in [
        "[1, 2] > 3",
        "let x = 1; if x < [1] { }",
        "\"a\" < 3",
        "fn f(x) { x > () }",
        "let f = |x| #{} <= x;",
        "true > 1.5",
    ] {
        let found = faults(text);
        assert!(
            found.len() == 1 && found[0].kind == "type",
            "{text}: {found:?}"
        );
    }
    for text in [
        "1 < 2.5",
        "\"a\" < 'b'",
        "let x = 1; x < 3",
        "let y = 1; y > \"a\"",
        "() == 1",
        "[1] != 2",
    ] {
        assert!(faults(text).is_empty(), "{text}: {:?}", faults(text));
    }
}

#[test]
fn numbers_that_differ_in_unprinted_digits_are_stated_in_full() {
    let fault = crate::fault("assert_eq(tensor::from([2.0, 1.0 - 1e-7]), [2.0, 1.0]);");
    let hint = fault.hint.clone().expect("a hint");
    assert!(
        hint.contains("value 1: 0.99999") && hint.contains("is not 1.0"),
        "{hint}"
    );
    assert!(crate::fault("assert_eq(1, 2);").hint.is_none());
}
