//! Hints for lines in the syntax of Python and other languages.
//!
//! The line of an error is compared with the forms of other languages; the hint is the equivalent
//! line in the script language.

mod expressions;
mod forms;
mod names;
mod spans;
mod statements;
mod strings;
mod tokens;
mod unclosed;

pub use forms::Stage;
pub use names::{ambiguous, builtin, function, method, variable};

use super::session;
use cistron_base::{Fault, Place};
use tokens::Line;

/// Letters of the longest line that is compared: longer ones are written by programs, and the forms
/// are searched in them for minutes.
const LONGEST: usize = 2000;

/// A fault, with a hint where its line is in the syntax of another language.
pub fn explained(mut fault: Fault, stage: Stage) -> Fault {
    let Some(at) = fault.at.clone().filter(|at| at.line > 0) else {
        return fault;
    };
    let Some(text) = session::source(&at.file) else {
        return fault;
    };
    let lines: Vec<&str> = text.lines().collect();
    let line_at = |line: usize| {
        let text = lines.get(line.wrapping_sub(1))?;
        (text.len() <= LONGEST).then(|| Line::read(text))
    };
    if let Some(line) = line_at(at.line)
        && let Some(hint) = forms::hint(&line, at.column, stage)
    {
        let near = fault
            .hint
            .take()
            .filter(|known| known.starts_with("did you mean"));
        fault.hint = Some(near.map_or(hint.clone(), |near| format!("{near} {hint}")));
        return fault;
    }
    if stage != Stage::Syntax {
        return fault;
    }
    // an incomplete line is reported at the start of the next one
    let begins = lines.get(at.line - 1).is_none_or(|line| {
        line.chars()
            .take(at.column.saturating_sub(1))
            .all(char::is_whitespace)
    });
    let before = (1..at.line)
        .rev()
        .find(|line| lines.get(line - 1).is_some_and(|text| is_code(text)));
    if let Some(number) = before.filter(|_| begins)
        && let Some(line) = line_at(number)
    {
        let hint = forms::hint(&line, usize::MAX, stage);
        if hint.is_some() || fault.message.starts_with("`;`") {
            fault.at = Some(Place {
                line: number,
                column: line.end() + 1,
                ..at.clone()
            });
            fault.hint = hint.or(fault.hint.take());
            return fault;
        }
    }
    if let Some(opened) = unclosed::find(&text, &fault.message) {
        fault.message = opened.message;
        fault.hint = Some(opened.hint);
        fault.at = Some(Place {
            line: opened.line,
            column: opened.column,
            ..at
        });
    }
    fault
}

/// Whether a line contains code.
fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hint for a line with an error anywhere.
    fn of(line: &str) -> String {
        forms::hint(&Line::read(line), usize::MAX, Stage::Syntax).unwrap_or_default()
    }

    #[test]
    fn a_line_of_python_is_written_here_so() {
        let mut wrong = Vec::new();
        for (line, wanted) in [
            ("x = 3", "`let x = 3;`"),
            ("x: int = 3", "`let x = 3;`"),
            ("var x = 3;", "`let x = 3;`"),
            ("let mut x = 3;", "`let x = 3;`"),
            ("x <- 3", "`let x = 3;`"),
            ("let d = {\"a\": 1, \"b\": [2]};", "`#{ a: 1, b: [2] }`"),
            ("let s = 'ACGT';", "`\"ACGT\"`"),
            (
                "let s = f\"x is {x:.2f} {y}\";",
                "`` `x is ${x.to_string(2)} ${y}` ``",
            ),
            ("let s = f'{x}'", "`` `${x}` ``"),
            ("print(f\"{a}\")", "`` `${a}` ``"),
            ("import torch", "`tensor::`"),
            ("import numpy as np", "`tensor::`"),
            ("from torch import nn", "`tensor::`"),
            ("import helpers", "`import \"helpers\" as helpers;`"),
            ("def f(x, y=1):", "`fn f(x, y) { … }`"),
            ("function f(x) {", "`fn f(x) { … }`"),
            ("elif x > 3:", "`else if x > 3 { … }`"),
            ("if x > 3:", "`if x > 3 { … }`"),
            ("for i in range(10):", "`for i in 0..10 { … }`"),
            ("for i in range(2, n):", "`for i in 2..n { … }`"),
            ("while True:", "`while true { … }`"),
            ("else:", "`else { … }`"),
            ("try:", "`try { … } catch (e) { … }`"),
            ("except ValueError as e:", "`catch (e) { … }`"),
            ("let f = lambda x, y: x + y;", "`|x, y| x + y`"),
            ("let y = a if c > 1 else b;", "`if c > 1 { a } else { b }`"),
            ("let y = c ? a : b;", "`if c { a } else { b }`"),
            ("let y = [f(x) for x in a];", "`a.map(|x| f(x))`"),
            (
                "let y = [x * 2 for x in a if x > 1];",
                "`a.filter(|x| x > 1).map(|x| x * 2)`",
            ),
            ("print x", "`print(x)`"),
            ("print \"a\"", "`print(\"a\")`"),
            ("println!(\"a\");", "`print(…)`"),
            ("if a and b {", "`&&`"),
            ("if not a {", "`!`"),
            ("if a or b {", "`||`"),
            ("f(x, **kwargs)", "`f(x, #{ key: value })`"),
            ("nn.conv1d(8, 3, stride=2)", "`#{ stride: 2 }`"),
            ("let y = a[1:3];", "`a[1..3]`"),
            ("let y = a[:3];", "`a[0..3]`"),
            ("let y = 7 // 2", "`/`"),
            ("# comment", "`//`"),
            ("x++;", "`x += 1`"),
            ("pass", "`{}`"),
            ("del x", "`x = ();`"),
            ("raise ValueError(\"no\")", "`throw \"no\";`"),
            ("assert x > 1", "`assert(x > 1)`"),
            ("class Net:", "nn::chain([…])"),
            ("with no_grad():", "`no_grad { … }`"),
            ("\"\"\"text\"\"\"", "`` ` ``"),
            ("let t = (1, 2);", "`[1, 2]`"),
            ("x = y is None", "`()`"),
            ("if x is not None {", "`x != ()`"),
            ("return x, y", "`return [x, y];`"),
            ("let y = .5;", "`0.5`"),
            ("if a <> b {", "`!=`"),
            ("if a === b {", "`==`"),
            ("let f = x => x + 1;", "`|x| x + 1`"),
            ("switch x { 1: \"a\" }", "1 => "),
        ] {
            let hint = of(line);
            if !hint.contains(wanted) {
                wrong.push(format!("{line}: `{hint}` lacks {wanted}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn good_lines_hold_no_habit() {
        for line in [
            "let x = 3;",
            "x = 3;",
            "let d = #{ a: 1 };",
            "for (x, i) in a { f(x) }",
            "let f = |x, y| x + y;",
            "let y = if c { a } else { b };",
            "let y = a[1..3];",
            "import \"std/layers/fm\" as fm;",
            "let s = `a ${x}`;",
            "let c = 'A';",
            "x[[0, ..]] = 3;",
            "m.a = 1; // # no",
            "return [x, y];",
        ] {
            let tokens = Line::read(line);
            assert_eq!(forms::hint(&tokens, 5, Stage::Name), None, "{line}");
        }
    }
}
