//! Extents of statements and expressions in a line, and their text in the script language.

use super::tokens::Line;

/// Keywords at the start of a statement.
pub(super) const STATEMENTS: [&str; 14] = [
    "let", "const", "if", "for", "while", "return", "fn", "throw", "import", "switch", "loop",
    "else", "export", "private",
];

/// The end of a statement in tokens, without `;` and `:`.
pub(super) fn statement_end(line: &Line) -> usize {
    let mut end = line.tokens.len();
    while end > 0 && [";", ":"].contains(&line.word(end - 1)) {
        end -= 1;
    }
    end
}

/// The first token of the expression that ends before a token.
pub(super) fn expression_start(line: &Line, end: usize) -> usize {
    let mut depth = 0usize;
    for i in (0..end).rev() {
        match line.word(i) {
            ")" | "]" | "}" => depth += 1,
            "(" | "[" | "{" | "#{" if depth == 0 => return i + 1,
            "(" | "[" | "{" | "#{" => depth -= 1,
            "=" | "," | "return" | "=>" | ";" | "+=" | ":" if depth == 0 => return i + 1,
            _ => {}
        }
    }
    0
}

/// The end of the expression that starts at a token.
pub(super) fn expression_end(line: &Line, start: usize) -> usize {
    let mut depth = 0usize;
    for i in start..line.tokens.len() {
        match line.word(i) {
            "(" | "[" | "{" | "#{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return i,
            ")" | "]" | "}" => depth -= 1,
            "," | ";" if depth == 0 => return i,
            _ => {}
        }
    }
    line.tokens.len()
}

/// `range(2, n)` as `2..n`, from the token `range`.
pub(super) fn range_of(line: &Line, at: usize) -> Option<String> {
    if line.word(at) != "range" || line.word(at + 1) != "(" {
        return None;
    }
    let close = line.closing(at + 1);
    let comma = (at + 2..close).find(|i| line.word(*i) == ",");
    let (from, to) = match comma {
        Some(comma) => (line.between(at + 2, comma), line.between(comma + 1, close)),
        None => ("0", line.between(at + 2, close)),
    };
    (!to.is_empty() && !to.contains(',')).then(|| format!("{from}..{to}"))
}

/// A condition of Python in the script language.
pub(super) fn rewritten(text: &str) -> String {
    let line = Line::read(text);
    let mut out = String::new();
    let mut last = 0;
    for (i, token) in line.tokens.iter().enumerate() {
        let new = match (token.text, line.word(i + 1)) {
            ("True", _) => "true",
            ("False", _) => "false",
            ("None", _) => "()",
            ("and", _) => "&&",
            ("or", _) => "||",
            _ => continue,
        };
        out += &text[last..token.at];
        out += new;
        last = token.end();
    }
    out + &text[last..]
}
