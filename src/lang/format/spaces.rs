//! The spaces between two tokens of a line.

use crate::tokens::{Kind, Token};

/// What a sign does where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing that its text does not tell.
    Plain,
    /// An operator between two values.
    Between,
    /// An operator before a value.
    Before,
    /// The bar before the parameters of a closure.
    Parameters,
    /// The bar after them, or both.
    Body,
}

/// How two tokens are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Not at all.
    None,
    /// By a space.
    One,
    /// As they are, by a space at most.
    Same,
}

/// Words that no value ends with.
const KEYWORDS: [&str; 24] = [
    "let", "const", "if", "else", "for", "in", "while", "loop", "break", "continue", "return",
    "fn", "private", "import", "export", "as", "switch", "try", "catch", "throw", "do", "until",
    "no_grad", "case",
];

/// Operators that always stand between two values.
const OPERATORS: [&str; 29] = [
    "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "**=", "==", "!=", "===",
    "!==", "<", ">", "<=", ">=", "&&", "=>", "->", "??", "|>", "<<", ">>", "/", "%",
];

/// Whether a token is a keyword: names after `.` and `::` are none.
fn is_keyword(before: Option<&Token>, token: &Token) -> bool {
    let is_member = before.is_some_and(|sign| ["::", ".", "?."].iter().any(|s| sign.is(s)));
    token.kind == Kind::Word && KEYWORDS.contains(&token.text) && !is_member
}

/// The roles of tokens, and which of them are keywords.
pub fn roles(tokens: &[Token]) -> (Vec<Role>, Vec<bool>) {
    let mut roles = Vec::with_capacity(tokens.len());
    let mut keywords: Vec<bool> = Vec::with_capacity(tokens.len());
    // the last token that is no comment
    let mut last: Option<usize> = None;
    // the brackets that are open, and of each whether the parameters of a closure are
    let mut bars = vec![false];
    for (i, token) in tokens.iter().enumerate() {
        let before = last.map(|at| &tokens[at]);
        let is_word = is_keyword(before, token);
        let ends_value = last.is_some_and(|at| match tokens[at].kind {
            Kind::Word => !keywords[at],
            Kind::Number | Kind::Text => true,
            _ => tokens[at].closes(),
        });
        let is_open = bars.last().copied().unwrap_or_default();
        let role = match token.text {
            _ if token.kind != Kind::Sign => Role::Plain,
            "|" if is_open => Role::Body,
            // after a block begins the closure that is the value of the block around it
            "|" | "||" if token.breaks > 0 && before.is_some_and(|sign| sign.is("}")) => {
                match token.text {
                    "|" => Role::Parameters,
                    _ => Role::Body,
                }
            }
            "|" if ends_value => Role::Between,
            "|" => Role::Parameters,
            "||" if !ends_value => Role::Body,
            "||" => Role::Between,
            text if OPERATORS.contains(&text) => Role::Between,
            "!" => Role::Before,
            "+" | "-" | "*" | "**" | "^" | "&" if ends_value => Role::Between,
            "+" | "-" => Role::Before,
            _ => Role::Plain,
        };
        match role {
            Role::Parameters | Role::Body if token.text == "|" => {
                if let Some(open) = bars.last_mut() {
                    *open = role == Role::Parameters;
                }
            }
            _ if token.opens() => bars.push(false),
            _ if token.closes() && bars.len() > 1 => drop(bars.pop()),
            _ => {}
        }
        roles.push(role);
        keywords.push(is_word);
        if !token.is_comment() {
            last = Some(i);
        }
    }
    (roles, keywords)
}

/// The space between two tokens of a line. `is_keyword` is of the first.
pub fn between(a: (&Token, Role), b: (&Token, Role), is_keyword: bool) -> Space {
    let ((first, first_role), (second, second_role)) = (a, b);
    let is_sign = |token: &Token, signs: &[&str]| signs.iter().any(|sign| token.is(sign));
    if first.is_comment() || second.is_comment() {
        return Space::One;
    }
    if is_sign(second, &[",", ";"]) {
        return Space::None;
    }
    if is_sign(first, &["{", "#{"]) {
        let is_empty = second.is("}");
        return if is_empty { Space::Same } else { Space::One };
    }
    if is_sign(second, &[")", "]"]) || is_sign(first, &["(", "[", "?["]) {
        return Space::None;
    }
    if first_role == Role::Before {
        // `-2 ** 2` and `- 2 ** 2` differ; two signs would be read as one
        let is_part = second.kind == Kind::Number || second_role == Role::Before;
        return if is_part { Space::Same } else { Space::None };
    }
    let tight = [".", "?.", "::", "..", "..="];
    if is_sign(second, &tight[..3]) || is_sign(first, &tight[..3]) {
        return Space::None;
    }
    if is_sign(first, &[",", ";"]) || second.is("}") {
        return Space::One;
    }
    if first_role == Role::Parameters || (second_role == Role::Body && second.text == "|") {
        return Space::None;
    }
    if first_role == Role::Body || first_role == Role::Between || second_role == Role::Between {
        return Space::One;
    }
    if is_keyword {
        return if second.is(":") {
            Space::None
        } else {
            Space::One
        };
    }
    if is_sign(second, &tight[3..]) || is_sign(first, &tight[3..]) {
        return Space::None;
    }
    if is_sign(second, &["(", "[", "?["]) {
        return match first.kind {
            Kind::Word => Space::None,
            _ if is_sign(first, &[")", "]"]) => Space::None,
            _ if first.is(":") => Space::One,
            _ => Space::Same,
        };
    }
    if second.is(":") {
        return Space::None;
    }
    let is_value = |token: &Token| matches!(token.kind, Kind::Word | Kind::Number | Kind::Text);
    if first.is(":") || is_sign(second, &["{", "#{"]) || (is_value(first) && is_value(second)) {
        return Space::One;
    }
    if first.is("}") && second.kind == Kind::Word {
        return Space::One;
    }
    Space::Same
}
