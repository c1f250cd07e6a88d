//! Habits from Python: each with the line as it is written here.

use crate::fault;

/// The message and hint of a script that must fail.
fn said(text: &str) -> String {
    let fault = fault(text);
    format!(
        "{} | {}",
        fault.message,
        fault.hint.clone().unwrap_or_default()
    )
}

#[test]
fn each_habit_is_answered_with_the_line_as_it_is_written_here() {
    for (text, wanted) in [
        ("x = 3;", "`let x = 3;`"),
        ("x = 3", "`let x = 3;`"),
        ("let a = 1;\nx = a + 2;\nprint(x);", "`let x = a + 2;`"),
        ("let d = {\"a\": 1};", "`#{ a: 1 }`"),
        ("let s = 'ACGT';", "`\"ACGT\"`"),
        ("import torch", "tensor::"),
        ("import torch.nn as nn\nlet x = 3;", "tensor::"),
        ("from torch import nn\n", "tensor::"),
        ("for i in range(10) { print(i); }", "0..10"),
        (
            "for i in range(10):\n    print(i)\n",
            "`for i in 0..10 { … }`",
        ),
        ("let a = range(10);", "`0..10`"),
        ("let x = 3; print(f\"x is {x}\");", "`x is ${x}`"),
        ("let x = true; if x and true { }", "`a && b`"),
        ("let x = true; if x or true { }", "`a || b`"),
        ("let x = true; if not x { }", "`!x`"),
        ("let x = None;", "`()`"),
        ("let x = True;", "`true`"),
        ("let x = False;", "`false`"),
        ("def f(x):\n    return x\n", "`fn f(x) { … }`"),
        (
            "let x = 1;\nif x > 0 {\n} elif x < 0 {\n}",
            "`else if x < 0 { … }`",
        ),
        ("if true {\n    pass\n}", "`{}`"),
        ("let f = lambda x: x + 1;", "`|x| x + 1`"),
        (
            "let net = nn::build(nn::linear(1), [3]); net(tensor::ones([1, 3]));",
            "`net.forward(x)`",
        ),
        ("let f = |x| x; f(3);", "`f.call(x)`"),
        ("let a = [1]; a.append(3);", "`a.push(x)`"),
        ("let s = \"a\"; s.upper();", "`s.to_upper()`"),
        (
            "let s = \"a\"; s.startswith(\"a\");",
            "`s.starts_with(\"A\")`",
        ),
        ("tensor::ones([2]).tolist();", "`x.to_array()`"),
        ("tensor::ones([2]).numpy();", "`x.to_array()`"),
        ("let m = #{ a: 1 }; m.items();", "`for k in m"),
        ("let x = 3; # comment", "`// comment`"),
        ("# comment\nlet x = 3;", "`// comment`"),
        (
            "let c = true; let y = 1 if c else 2;",
            "`if c { 1 } else { 2 }`",
        ),
        ("for i in 10 { }", "`for i in 0..10 { … }`"),
        (
            "let a = [1]; let b = [x * 2 for x in a];",
            "`a.map(|x| x * 2)`",
        ),
        ("let x = 3;\nprint x", "`print(x)`"),
        ("let x = 3; print \"a\";", "`print(\"a\")`"),
        ("nn::conv1d(8, 3, stride=2)", "`#{ stride: 2 }`"),
        (
            "let kwargs = #{}; nn::conv1d(8, 3, **kwargs)",
            "`f(x, options)`",
        ),
        ("let a = [1, 2, 3]; let b = a[1:3];", "`a.extract(1..3)`"),
        ("let a = 7 // 2\nprint(a);", "`7 / 2`"),
        (
            "let x = tensor::ones([2]);\nlet y = torch.sum(x);",
            "tensor::",
        ),
        ("let y = np.array([1]);", "tensor"),
        ("let x = 3;\nx++;", "`x += 1`"),
        ("str(3)", "`x.to_string()`"),
        ("sorted([2, 1])", "`a.order()`"),
        ("isinstance(3, 4)", "type_of"),
        ("enumerate([1])", "for (x, i)"),
        ("raise ValueError(\"no\")", "`throw \"no\";`"),
        (
            "try:\n    f()\nexcept Exception as e:\n    pass\n",
            "`try { … } catch (e) { … }`",
        ),
        ("let a = (1, 2);", "`[1, 2]`"),
        ("let x = 5; let y = x ? 1 : 2;", "`if x { 1 } else { 2 }`"),
        ("var x = 3;", "`let x = 3;`"),
        ("let mut x = 3;", "`let x = 3;`"),
        ("function f(x) { x }", "`fn f(x) { … }`"),
        ("while True:\n    break\n", "`while true { … }`"),
        ("let x: int = 3;", "`let x = 3;`"),
        ("let x = 1; if x is None { }", "`x == ()`"),
        ("let x = 1; if x <> 2 { }", "`!=`"),
        ("class Net:\n    pass\n", "`nn::chain"),
        ("return 1, 2", "`return [1, 2];`"),
    ] {
        let said = said(text);
        assert!(said.contains(wanted), "{text}\n  {said}\n  lacks {wanted}");
        assert!(
            !said.contains("closure held in a variable") || text.contains("call"),
            "{text}: {said}"
        );
    }
}

#[test]
fn an_unknown_method_has_no_hint_about_closures() {
    for text in [
        "let a = [1]; a.frobnicate();",
        "frobnicate(3);",
        "tensor::ones([2]).frobnicate();",
        "let s = \"a\"; s.frobnicate(1);",
    ] {
        assert!(!said(text).contains("closure"), "{}", said(text));
    }
    assert!(said("let a = [1]; a.pusj(3);").contains("`.push`"));
    assert!(said("let s = \"a\"; s.to_uper();").contains("`.to_upper`"));
}

#[test]
fn an_unclosed_bracket_points_to_where_it_opened() {
    for (text, line, column) in [
        (
            "fn f(x) {\n    if x > 1 {\n        x\n}\n\nlet y = f(3);\n",
            2,
            14,
        ),
        ("let a = [1, 2;\nlet b = 3;\n", 1, 9),
        (
            "let net = nn::chain([\n    nn::relu(),\n    nn::linear(1),\n);\n",
            1,
            21,
        ),
        ("let m = #{ a: 1, b: [2, 3 };\n", 1, 21),
        ("let x = 1;\nwhile x < 3 {\n    x += 1;\n", 2, 13),
        ("let s = `open\nand on\n", 1, 9),
        ("print((1 + 2);\n", 1, 6),
    ] {
        let fault = fault(text);
        let at = fault.at.clone().expect("a place");
        assert_eq!((at.line, at.column), (line, column), "{text}{fault}");
        assert!(fault.message.contains("closed"), "{fault}");
    }
}

#[test]
fn a_missing_semicolon_is_reported_where_it_is_missing() {
    let fault = fault("let x = 3\nlet y = 4;\n");
    let at = fault.at.clone().expect("a place");
    assert_eq!(
        (at.line, at.column, fault.message.as_str()),
        (1, 10, "`;` is missing after the statement")
    );
}
