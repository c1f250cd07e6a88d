//! Integer divisions that drop a fraction where a float is expected: `1 / 100` is 0.

use super::session;
use cistron_base::fault;
use cistron_base::{Fault, Place, say};
use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

/// Warns of every division of two literal integers that leaves a remainder.
pub fn warn(ast: &AST, file: &str) {
    if session::settings().quiet {
        return;
    }
    for (position, a, b) in truncated(ast) {
        let place = session::place_in(file, position);
        let (line, column) = (place.line, place.column);
        say::line(&format!(
            "warning: {file}:{line}:{column}: `{a} / {b}` divides integers and is {}; write \
            `{a}.0 / {b}` for a fraction",
            a / b
        ));
    }
}

/// The divisions of two literal integers that leave a remainder, in order of position.
fn truncated(ast: &AST) -> Vec<(Position, i64, i64)> {
    let mut found = Vec::new();
    let divided = |call: &FnCallExpr| match (call.name.as_str(), &call.args[..]) {
        ("/", [Expr::IntegerConstant(a, _), Expr::IntegerConstant(b, _)])
            if *b != 0 && a % b != 0 =>
        {
            Some((*a, *b))
        }
        _ => None,
    };
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, position)))
        | Some(ASTNode::Stmt(Stmt::FnCall(call, position))) = path.last()
        {
            found.extend(divided(call).map(|(a, b)| (*position, a, b)));
        }
        true
    });
    found.sort_by_key(|(position, ..)| (position.line(), position.position()));
    found.dedup_by_key(|(position, ..)| (position.line(), position.position()));
    found
}

/// The fault of an integer 0 for a float option, where the script computes it by a division.
pub fn of_option(name: &str, place: &Place) -> Option<Fault> {
    let text = following(place)?;
    let at = text.match_indices(name).find_map(|(at, _)| {
        let before = text[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let value = text[at + name.len()..].trim_start().strip_prefix(':')?;
        before.then_some(value)
    })?;
    divided(name, "option", first(at))
}

/// The fault of an integer 0 for a float argument, where the script computes it by a division.
pub fn of_argument(function: &str, name: &str, index: usize, place: &Place) -> Option<Fault> {
    let text = following(place)?;
    let open = text
        .find(function)
        .and_then(|at| text[at..].find('(').map(|open| at + open + 1))?;
    let mut rest = &text[open..];
    for _ in 0..index {
        rest = rest.get(first(rest).len() + 1..)?;
    }
    divided(name, "argument", first(rest))
}

fn divided(name: &str, what: &str, expression: &str) -> Option<Fault> {
    let expression = expression.trim();
    let (above, below) = expression.split_once('/')?;
    let is_plain = !above.is_empty()
        && !expression.contains(['"', '`', '.'])
        && !below.starts_with(['/', '*']);
    let fix = if above.trim().chars().all(|c| c.is_ascii_digit()) {
        format!("{}.0 /{below}", above.trim())
    } else {
        format!("1.0 * {expression}")
    };
    is_plain.then(|| {
        fault!(
            "value",
            "{what} `{name}` is 0: `{expression}` divides integers and drops the fraction"
        )
        .hint(format!("`{fix}`"))
    })
}

/// The text of a script from a position on.
fn following(place: &Place) -> Option<String> {
    let source = session::source(&place.file)?;
    let lines: Vec<&str> = source
        .lines()
        .skip(place.line.checked_sub(1)?)
        .take(60)
        .collect();
    let (line, rest) = lines.split_first()?;
    let line: String = line.chars().skip(place.column.saturating_sub(1)).collect();
    Some(
        std::iter::once(line.as_str())
            .chain(rest.iter().copied())
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

/// The text up to the end of an argument or an entry of a map.
fn first(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return &text[..at],
            ')' | ']' | '}' => depth -= 1,
            ',' | ';' if depth == 0 => return &text[..at],
            _ => {}
        }
    }
    text
}
