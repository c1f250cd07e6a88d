//! Tokens of a line in the syntax of any language.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A string, with its quote.
    Text(char),
    /// Anything else.
    Sign,
}

/// A token of a line.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its text, with quotes.
    pub text: &'a str,
    /// Its first byte.
    pub at: usize,
}

impl Token<'_> {
    /// The byte after it.
    pub fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// A line with its tokens.
pub struct Line<'a> {
    /// The text of the line.
    pub text: &'a str,
    /// Its tokens, without comments.
    pub tokens: Vec<Token<'a>>,
    /// The start of a comment.
    pub comment: Option<usize>,
}

/// Symbols of several characters, the longest first.
const SIGNS: [&str; 27] = [
    "===", "!==", "..=", "**", "==", "!=", "<=", ">=", "&&", "||", "::", "..", "+=", "-=", "*=",
    "/=", "->", "=>", "<-", "++", "--", "#{", ":=", "<>", "??", "?.", "|>",
];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'a> Line<'a> {
    /// Splits a line into tokens.
    pub fn read(text: &'a str) -> Line<'a> {
        let (mut tokens, mut comment, mut at) = (Vec::new(), None, 0);
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let run = |of: &dyn Fn(char) -> bool| {
                rest.char_indices()
                    .find(|(_, c)| !of(*c))
                    .map_or(rest.len(), |(at, _)| at)
            };
            let (kind, length) = match c {
                c if c.is_whitespace() => {
                    at += c.len_utf8();
                    continue;
                }
                '/' if rest.starts_with("//") => {
                    comment = Some(at);
                    break;
                }
                '"' | '\'' | '`' => (Kind::Text(c), quoted(rest, c)),
                c if c.is_ascii_digit() => (Kind::Number, number(rest)),
                c if is_word(c) => (Kind::Word, run(&is_word)),
                c => (
                    Kind::Sign,
                    SIGNS
                        .iter()
                        .find(|sign| rest.starts_with(**sign))
                        .map_or(c.len_utf8(), |sign| sign.len()),
                ),
            };
            tokens.push(Token {
                kind,
                text: &rest[..length],
                at,
            });
            at += length;
        }
        Line {
            text,
            tokens,
            comment,
        }
    }

    /// The statement of the line that a column (from 1) is in, or the last one.
    pub fn statement(&self, column: usize) -> Line<'a> {
        let byte = self
            .text
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(self.text.len(), |(at, _)| at);
        let (mut depth, mut first) = (0usize, 0);
        for (i, token) in self.tokens.iter().enumerate() {
            match token.text {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                ";" if depth == 0 && (token.at >= byte || i + 1 == self.tokens.len()) => {
                    return Line {
                        text: self.text,
                        tokens: self.tokens[first..=i].to_vec(),
                        comment: None,
                    };
                }
                ";" if depth == 0 => first = i + 1,
                _ => {}
            }
        }
        Line {
            text: self.text,
            tokens: self.tokens[first..].to_vec(),
            comment: self.comment,
        }
    }

    /// The number of letters up to the end of its code.
    pub fn end(&self) -> usize {
        self.tokens
            .last()
            .map_or(0, |last| self.text[..last.end()].chars().count())
    }

    /// The text of the tokens from one up to another, exclusive.
    pub fn between(&self, from: usize, to: usize) -> &'a str {
        match (
            self.tokens.get(from),
            to.checked_sub(1).and_then(|last| self.tokens.get(last)),
        ) {
            (Some(first), Some(last)) if from < to => &self.text[first.at..last.end()],
            _ => "",
        }
    }

    /// The text of a token; empty where there is none.
    pub fn word(&self, i: usize) -> &'a str {
        self.tokens.get(i).map_or("", |token| token.text)
    }

    /// The kind of a token.
    pub fn kind(&self, i: usize) -> Option<Kind> {
        self.tokens.get(i).map(|token| token.kind)
    }

    /// Whether a token is a name.
    pub fn is_name(&self, i: usize) -> bool {
        self.kind(i) == Some(Kind::Word)
    }

    /// The first token with a text.
    pub fn find(&self, text: &str) -> Option<usize> {
        self.tokens
            .iter()
            .position(|token| token.text == text && !matches!(token.kind, Kind::Text(_)))
    }

    /// The token that closes the bracket at a token, or the number of tokens.
    pub fn closing(&self, open: usize) -> usize {
        let mut depth = 0usize;
        for (i, token) in self.tokens.iter().enumerate().skip(open) {
            match token.text {
                "(" | "[" | "{" | "#{" => depth += 1,
                ")" | "]" | "}" => {
                    depth -= 1;
                    if depth == 0 {
                        return i;
                    }
                }
                _ => {}
            }
        }
        self.tokens.len()
    }
}

/// The length of a string with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped && quote != '`';
    }
    text.len()
}

/// The length of a number; a point belongs to it only before a digit.
fn number(text: &str) -> usize {
    let of = |text: &str| {
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(text.len())
    };
    let whole = of(text);
    let is_fraction = text[whole..].starts_with('.')
        && text[whole + 1..].starts_with(|c: char| c.is_ascii_digit());
    if is_fraction {
        whole + 1 + of(&text[whole + 1..])
    } else {
        whole
    }
}
