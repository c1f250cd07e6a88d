//! Scripts with their words coloured, for terminals and pages.

use cistron_base::html::escaped;

/// The kind of a span of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A comment.
    Comment,
    /// A string.
    Text,
    /// A number.
    Number,
    /// A word of the language.
    Word,
    /// A namespace, with its colons.
    Space,
    /// A name that is called.
    Call,
    /// Anything else.
    Plain,
}

/// Words of the language.
pub const WORDS: &[&str] = &[
    "let", "const", "if", "else", "for", "in", "while", "loop", "break", "continue", "return",
    "fn", "private", "import", "as", "switch", "try", "catch", "throw", "true", "false", "do",
    "until", "no_grad", "this",
];

/// Whether a text begins with a letter in quotes, such as `'A'` or `'\n'`.
fn is_letter(text: &str) -> bool {
    let mut letters = text.chars().skip(1);
    match letters.next() {
        Some('\\') => text.chars().skip(3).take(10).any(|c| c == '\''),
        Some(_) => letters.next() == Some('\''),
        None => false,
    }
}

/// The spans of a text, in order; joined they are the text.
pub fn spans(text: &str) -> Vec<(Kind, &str)> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let until = |end: usize| end.min(rest.len());
        let run = |of: fn(char) -> bool| {
            rest.char_indices()
                .find(|(_, c)| !of(*c))
                .map_or(rest.len(), |(at, _)| at)
        };
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let (kind, length) = if rest.starts_with("//") {
            (Kind::Comment, rest.find('\n').unwrap_or(rest.len()))
        } else if let Some(inside) = rest.strip_prefix("/*") {
            (
                Kind::Comment,
                inside.find("*/").map_or(rest.len(), |at| at + 4),
            )
        } else if first == '"' || first == '`' || (first == '\'' && is_letter(rest)) {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, c)| {
                let closes = *c == first && !escaped;
                escaped = *c == '\\' && !escaped && first != '`';
                closes
            });
            (
                Kind::Text,
                end.map_or(rest.len(), |(at, c)| at + c.len_utf8()),
            )
        } else if first.is_ascii_digit() {
            let mut end = run(|c| c.is_ascii_alphanumeric() || c == '_');
            // a point belongs to it only before a digit: `0..5` is a range
            if rest[end..].starts_with('.')
                && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit())
            {
                end += 1 + rest[end + 1..]
                    .char_indices()
                    .find(|(_, c)| !(c.is_ascii_alphanumeric() || *c == '_'))
                    .map_or(rest.len() - end - 1, |(at, _)| at);
            }
            (Kind::Number, end)
        } else if is_name(first) {
            let end = run(|c| c.is_alphanumeric() || c == '_');
            let word = &rest[..end];
            let after = &rest[end..];
            match () {
                () if WORDS.contains(&word) => (Kind::Word, end),
                () if after.starts_with("::") => (Kind::Space, end + 2),
                () if after.starts_with('(') => (Kind::Call, end),
                () => (Kind::Plain, end),
            }
        } else {
            (Kind::Plain, first.len_utf8())
        };
        let (span, next) = rest.split_at(until(length));
        out.push((kind, span));
        rest = next;
    }
    out
}

/// For a terminal.
pub fn ansi(text: &str) -> String {
    let one = |(kind, text): (Kind, &str)| match kind {
        Kind::Comment => format!("\x1b[38;5;245m{text}\x1b[0m"),
        Kind::Text => format!("\x1b[38;5;35m{text}\x1b[0m"),
        Kind::Number => format!("\x1b[38;5;172m{text}\x1b[0m"),
        Kind::Word => format!("\x1b[1;38;5;33m{text}\x1b[0m"),
        Kind::Space => format!("\x1b[38;5;139m{text}\x1b[0m"),
        Kind::Call => format!("\x1b[38;5;39m{text}\x1b[0m"),
        Kind::Plain => text.to_string(),
    };
    spans(text).into_iter().map(one).collect()
}

/// A span of a page, of class c, s, n, k, m or f.
pub fn marked(kind: Kind, text: &str) -> String {
    let class = match kind {
        Kind::Comment => "c",
        Kind::Text => "s",
        Kind::Number => "n",
        Kind::Word => "k",
        Kind::Space => "m",
        Kind::Call => "f",
        Kind::Plain => return escaped(text),
    };
    format!("<span class=\"{class}\">{}</span>", escaped(text))
}

/// For a page.
pub fn html(text: &str) -> String {
    spans(text)
        .into_iter()
        .map(|(kind, text)| marked(kind, text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_and_nothing_is_lost() {
        let text = "let x = nn::conv1d(8, 0.5e-3); // \"no\"\nfor i in 0..5 { `a ${x} b\\` }";
        let found = spans(text);
        assert_eq!(
            found.iter().map(|(_, span)| *span).collect::<String>(),
            text
        );
        let of = |kind| {
            found
                .iter()
                .filter(|(span, _)| *span == kind)
                .map(|(_, text)| *text)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Kind::Number), ["8", "0.5e", "3", "0", "5"]);
        assert_eq!(of(Kind::Word), ["let", "for", "in"]);
        assert_eq!(of(Kind::Space), ["nn::"]);
        assert_eq!(of(Kind::Text), ["`a ${x} b\\`"]);
        assert_eq!(
            html("a < \"b\""),
            "a &lt; <span class=\"s\">&quot;b&quot;</span>"
        );
    }
}
