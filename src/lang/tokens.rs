//! The tokens of a script with what stands between them.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A string or a letter, with its quotes and interpolations.
    Text,
    /// A comment to the end of the line.
    Line,
    /// A comment in `/*` and `*/`.
    Block,
    /// An operator, a bracket, or another sign.
    Sign,
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its text.
    pub text: &'a str,
    /// Line breaks before it.
    pub breaks: usize,
    /// Letters of white space before it, on its own line.
    pub gap: usize,
    /// Letters before it on its line.
    pub column: usize,
}

impl Token<'_> {
    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::Line | Kind::Block)
    }

    /// Whether it is this sign.
    pub fn is(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// Whether it opens a bracket.
    pub fn opens(&self) -> bool {
        self.kind == Kind::Sign && matches!(self.text, "(" | "[" | "{" | "#{" | "?[")
    }

    /// Whether it closes a bracket.
    pub fn closes(&self) -> bool {
        self.kind == Kind::Sign && matches!(self.text, ")" | "]" | "}")
    }
}

/// Signs of several letters, the longest first.
const SIGNS: [&str; 38] = [
    "<<=", ">>=", "**=", "===", "!==", "..=", "...", "**", "==", "!=", "<=", ">=", "&&", "||",
    "::", "..", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "->", "=>", "<-", "++",
    "--", "#{", "??", "?.", "?[", "|>", ":=", "<>",
];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Takes a script apart; the byte of a string or comment that does not end, if there is one.
pub fn tokens(script: &str) -> Result<Vec<Token<'_>>, usize> {
    let mut out = Vec::new();
    let (mut at, mut column) = (0, 0);
    while at < script.len() {
        let (mut breaks, mut gap) = (0, 0);
        for c in script[at..].chars() {
            if !c.is_whitespace() {
                break;
            }
            at += c.len_utf8();
            if c == '\n' {
                (breaks, gap, column) = (breaks + 1, 0, 0);
            } else if c != '\r' {
                (gap, column) = (gap + 1, column + 1);
            }
        }
        let rest = &script[at..];
        if rest.is_empty() {
            break;
        }
        let (kind, length) = one(rest, at == 0).ok_or(at)?;
        let text = &rest[..length];
        out.push(Token {
            kind,
            text: text.trim_end_matches('\r'),
            breaks,
            gap,
            column,
        });
        column = match text.rfind('\n') {
            Some(last) => text[last + 1..].chars().count(),
            None => column + text.chars().count(),
        };
        at += length;
    }
    Ok(out)
}

/// The tokens of a script, with those of the code in its strings: each `${…}` follows the string
/// that it is in, as braces with what is between them. Of a text that is not whole, the tokens up
/// to the string or comment that does not end.
pub fn all(script: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let plain = match tokens(script) {
        Ok(plain) => plain,
        Err(at) => tokens(&script[..at]).unwrap_or_default(),
    };
    for token in plain {
        out.push(token);
        let is_text = token.kind == Kind::Text && token.text.starts_with('`');
        let mut rest = if is_text { &token.text[1..] } else { "" };
        while let Some(at) = rest.find("${") {
            let code = &rest[at + 2..];
            let Some(length) = interpolation(code) else {
                break;
            };
            let sign = |text| Token {
                kind: Kind::Sign,
                text,
                breaks: 0,
                gap: 0,
                column: 0,
            };
            out.push(sign(&rest[at + 1..at + 2]));
            out.extend(all(&code[..length - 1]));
            out.push(sign(&code[length - 1..length]));
            rest = &code[length..];
        }
    }
    out
}

/// The kind and the length of the first token of a text that begins with no white space.
fn one(text: &str, is_first: bool) -> Option<(Kind, usize)> {
    let first = text.chars().next()?;
    let line = || text.find('\n').unwrap_or(text.len());
    Some(match first {
        '#' if is_first && text.starts_with("#!") => (Kind::Line, line()),
        '/' if text.starts_with("//") => (Kind::Line, line()),
        '/' if text.starts_with("/*") => (Kind::Block, block(text)?),
        '"' | '`' | '\'' => (Kind::Text, quoted(text, first)?),
        '#' if text.trim_start_matches('#').starts_with('"') => (Kind::Text, raw(text)?),
        c if c.is_ascii_digit() => (Kind::Number, number(text)),
        c if is_word(c) => (Kind::Word, text.find(|c| !is_word(c)).unwrap_or(text.len())),
        c => {
            let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
            (Kind::Sign, sign.map_or(c.len_utf8(), |sign| sign.len()))
        }
    })
}

/// The length of a comment in `/*` and `*/`, which may hold others.
fn block(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    loop {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if rest.starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
}

/// The length of a string with its quotes. A quote in it is written twice, or after `\`.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        let c = rest.chars().next()?;
        if c == quote {
            if quote == '\'' || !rest[1..].starts_with(quote) {
                return Some(at + 1);
            }
            at += 2;
        } else if quote == '`' && rest.starts_with("${") {
            at += 2 + interpolation(&rest[2..])?;
        } else if quote != '`' && c == '\\' {
            at += 1 + rest[1..].chars().next()?.len_utf8();
        } else if quote != '`' && c == '\n' {
            return None;
        } else {
            at += c.len_utf8();
        }
    }
}

/// The length of the code of an interpolation, with the brace that ends it.
fn interpolation(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 1usize);
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(char::is_whitespace) {
            at += rest.chars().next()?.len_utf8();
            continue;
        }
        let (kind, length) = one(rest, false)?;
        at += length;
        match &rest[..length] {
            "{" | "#{" if kind == Kind::Sign => depth += 1,
            "}" if kind == Kind::Sign => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The length of a string in `#"` and `"#`, with any number of `#`.
fn raw(text: &str) -> Option<usize> {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let found = text[hashes + 1..].find(&end)?;
    Some(hashes + 1 + found + end.len())
}

/// The length of a number; a point belongs to it only before a digit.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|c| !is_word(c)).unwrap_or(text.len());
    let mut end = digits(text);
    if let Some(fraction) = text[end..].strip_prefix('.')
        && fraction.starts_with(|c: char| c.is_ascii_digit())
    {
        end += 1 + digits(fraction);
    }
    // the sign of an exponent
    let is_decimal = !text.starts_with("0x") && text[..end].ends_with(['e', 'E']);
    let after = &text[end..];
    if is_decimal
        && after.starts_with(['+', '-'])
        && after[1..].starts_with(|c: char| c.is_ascii_digit())
    {
        end += 1 + digits(&after[1..]);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        tokens(script)
            .expect("tokens")
            .into_iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn strings_comments_and_numbers_are_whole() {
        assert_eq!(
            texts("a=1.5e-3..=x.y // c\n/* /* */ ; */ 0..5"),
            [
                "a",
                "=",
                "1.5e-3",
                "..=",
                "x",
                ".",
                "y",
                "// c",
                "/* /* */ ; */",
                "0",
                "..",
                "5"
            ]
        );
        assert_eq!(
            texts("`a ${f(`}${1}`, #{ x: \"}\" })} b` + ```` + #\"a\"b\"# + 'x' + '\\''"),
            [
                "`a ${f(`}${1}`, #{ x: \"}\" })} b`",
                "+",
                "````",
                "+",
                "#\"a\"b\"#",
                "+",
                "'x'",
                "+",
                "'\\''"
            ]
        );
        assert_eq!(texts("\"a\\\\\" \"b\"\"c\""), ["\"a\\\\\"", "\"b\"\"c\""]);
        assert_eq!(
            texts("#!/usr/bin/env cistron\nx"),
            ["#!/usr/bin/env cistron", "x"]
        );
        assert_eq!(tokens("let x = \"a\nb\"").err(), Some(8));
        assert_eq!(tokens("x /* y").err(), Some(2));
    }
}
