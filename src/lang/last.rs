//! `_` in an interactive session: the value that was shown last.
//!
//! Rhai has no variable of that name. Where a text uses one, each `_` is replaced by a name of one
//! letter that the text does not use, so that the columns of errors are those of the text.

use super::tokens::{self, Kind, Token};

/// The bytes at which `_` is a value: not the other cases of `switch`, a parameter, or a value of
/// a pattern that is not taken.
pub fn uses(text: &str) -> Vec<usize> {
    if !text.contains('_') {
        return Vec::new();
    }
    let all = tokens::all(text);
    let is_bar = |token: &Token| token.is("|");
    let mut out = Vec::new();
    let (mut pattern, mut in_bars) = (false, false);
    for (i, token) in all.iter().enumerate() {
        let before = |back: usize| i.checked_sub(back).map(|at| &all[at]);
        if token.is("[") || token.is("(") {
            pattern |= before(1)
                .is_some_and(|last| matches!(last.text, "let" | "const" | "for") && is_word(last));
        } else if token.is("]") || token.is(")") {
            pattern = false;
        } else if is_bar(token) {
            // a bar after a value is an operator, any other begins the parameters of a closure
            in_bars = !in_bars && !before(1).is_some_and(ends_value);
        } else if is_word(token) && token.text == "_" {
            // the other cases of `switch`, and keys of maps
            let is_name = all
                .get(i + 1)
                .is_some_and(|next| next.is("=>") || next.is(":"));
            let is_defined = before(1).is_some_and(|last| {
                let defines = ["for", "let", "const", "fn", "as"].contains(&last.text);
                (is_word(last) && defines) || last.is(".") || last.is("?.")
            });
            if !is_name && !is_defined && !pattern && !in_bars {
                out.push(token.text.as_ptr() as usize - text.as_ptr() as usize);
            }
        }
    }
    out
}

fn is_word(token: &Token) -> bool {
    token.kind == Kind::Word
}

/// Whether an operator between two values may follow a token.
fn ends_value(token: &Token) -> bool {
    const WORDS: [&str; 8] = [
        "return", "in", "if", "while", "throw", "else", "switch", "until",
    ];
    match token.kind {
        Kind::Number | Kind::Text => true,
        Kind::Word => !WORDS.contains(&token.text),
        _ => token.closes(),
    }
}

/// A text with a name in place of each of its uses; the name has one letter.
pub fn renamed(text: &str, uses: &[usize], name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for at in uses {
        out += &text[from..*at];
        out += name;
        from = at + 1;
    }
    out + &text[from..]
}

/// A name of one letter that neither a text nor a session uses.
pub fn free_letter(text: &str, is_taken: impl Fn(&str) -> bool) -> Option<String> {
    let all = tokens::all(text);
    let letters = ('A'..='Z').rev().chain(('a'..='z').rev());
    letters
        .map(String::from)
        .find(|name| !is_taken(name) && !all.iter().any(|token| token.text == name))
}

/// A text as statements of a script, whose last value has a name where one is given.
pub fn statement(text: &str, name: Option<&str>) -> String {
    const BLOCKS: [&str; 10] = [
        "fn", "private", "if", "for", "while", "loop", "do", "switch", "try", "{",
    ];
    let Ok(all) = tokens::tokens(text) else {
        return text.to_string();
    };
    let code: Vec<&Token> = all.iter().filter(|token| !token.is_comment()).collect();
    let byte = |token: &Token| token.text.as_ptr() as usize - text.as_ptr() as usize;
    let (Some(first), Some(end)) = (code.first(), code.last()) else {
        return text.to_string();
    };
    // the last statement begins behind the last semicolon that no bracket is around
    let (mut depth, mut start) = (0usize, *first);
    for (i, token) in code.iter().enumerate() {
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth = depth.saturating_sub(1);
        } else if token.is(";") && depth == 0 {
            start = code.get(i + 1).copied().unwrap_or(start);
        }
    }
    let is_whole = end.is(";") || (end.is("}") && name.is_none() && BLOCKS.contains(&start.text));
    let (at, after) = (byte(start), byte(end) + end.text.len());
    let head = name.map_or(String::new(), |name| format!("let {name} = "));
    let stop = if is_whole { "" } else { ";" };
    format!(
        "{}{head}{}{stop}{}",
        &text[..at],
        &text[at..after],
        &text[after..]
    )
}

/// Whether a text ends with a semicolon: its value is not shown.
pub fn is_quiet(text: &str) -> bool {
    let all = tokens::tokens(text).unwrap_or_default();
    let last = all.iter().rev().find(|token| !token.is_comment());
    last.is_some_and(|token| token.is(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_are_uses() {
        for (text, places) in [
            ("_ + 1", vec![0]),
            ("_.len() + f(_)", vec![0, 12]),
            ("`${_} of _`", vec![3]),
            ("switch x { _ => _ }", vec![16]),
            ("let [_, b] = _; [_]", vec![13, 17]),
            ("for [_, b] in _ { }", vec![14]),
            ("for _ in 0..3 { }", vec![]),
            ("x.map(|_| 1)", vec![]),
            ("x.map(|_, i| i + _)", vec![17]),
            ("1 | _ | 2", vec![4]),
            ("\"_\" + a_b + _c // _", vec![]),
            ("let _ = 1", vec![]),
            ("#{ _: 1, a: _ }", vec![12]),
            ("for (_, i) in x { _ }", vec![18]),
            ("x._ + x?._", vec![]),
        ] {
            assert_eq!(uses(text), places, "{text}");
        }
        assert_eq!(renamed("_ + f(_)", &[0, 6], "Z"), "Z + f(Z)");
        assert_eq!(
            free_letter("Z + Y", |name| name == "X").as_deref(),
            Some("W")
        );
        for (text, name, wanted) in [
            ("6 * 7", None, "6 * 7;"),
            ("6 * 7 // answer", Some("n"), "let n = 6 * 7; // answer"),
            ("let a = 3; a * 2", Some("n"), "let a = 3; let n = a * 2;"),
            ("let m = #{ a: 1 }", None, "let m = #{ a: 1 };"),
            ("fn f() { 1; 2 }", None, "fn f() { 1; 2 }"),
            (
                "if a { 1 } else { 2 }",
                Some("n"),
                "let n = if a { 1 } else { 2 };",
            ),
            (
                "[1, 2].map(|x| { x; x })",
                Some("n"),
                "let n = [1, 2].map(|x| { x; x });",
            ),
            ("`${_ + 1}`", Some("n"), "let n = `${_ + 1}`;"),
            ("// nothing", None, "// nothing"),
        ] {
            assert_eq!(statement(text, name), wanted);
        }
        assert!(is_quiet("f(1); // shown?") && !is_quiet("f(1) // ;") && !is_quiet("fn f() { }"));
    }
}
