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
        if token.is("[") {
            pattern |= before(1)
                .is_some_and(|last| matches!(last.text, "let" | "const" | "for") && is_word(last));
        } else if token.is("]") {
            pattern = false;
        } else if is_bar(token) {
            // a bar after a value is an operator, any other begins the parameters of a closure
            in_bars = !in_bars && !before(1).is_some_and(ends_value);
        } else if is_word(token) && token.text == "_" {
            let is_case = all.get(i + 1).is_some_and(|next| next.is("=>"));
            let is_loop = before(1).is_some_and(|last| matches!(last.text, "for" | "let" | "fn"));
            if !is_case && !is_loop && !pattern && !in_bars {
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

/// Whether a text ends with a semicolon: its value is not shown.
pub fn is_quiet(text: &str) -> bool {
    let all = tokens::all(text);
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
            ("_.len() + f(_)", vec![0, 11]),
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
        ] {
            assert_eq!(uses(text), places, "{text}");
        }
        assert_eq!(renamed("_ + f(_)", &[0, 6], "Z"), "Z + f(Z)");
        assert_eq!(
            free_letter("Z + Y", |name| name == "X").as_deref(),
            Some("W")
        );
        assert!(is_quiet("f(1); // shown?") && !is_quiet("f(1) // ;") && !is_quiet("fn f() { }"));
    }
}
