//! Which letters of a script are code, and which belong to strings and comments.

/// A text, taken apart.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The letters of the code with their bytes; of an interpolation `${…}` the braces and what is
    /// between them.
    pub code: Vec<(usize, char)>,
    /// The quote of a string that is open at the end, and the byte at which its text begins.
    pub quote: Option<(char, usize)>,
    /// Whether a block comment is open at the end.
    pub is_comment: bool,
}

/// Takes a text apart.
///
/// Strings in `"` and letters in `'` end at the end of their line at the latest; those in back
/// quotes run over lines, have no escapes, and hold code in `${…}`.
pub fn scan(text: &str) -> Scanned {
    let mut out = Scanned::default();
    // the depth of braces at which each interpolation began
    let mut inside: Vec<usize> = Vec::new();
    let mut depth = 0usize;
    let mut comments = 0usize;
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        let next = letters.peek().map(|(_, c)| *c);
        if comments > 0 {
            match (c, next) {
                ('/', Some('*')) => comments += 1,
                ('*', Some('/')) => comments -= 1,
                _ => continue,
            }
            letters.next();
            continue;
        }
        match (out.quote, c) {
            (Some(('`', _)), '$') if next == Some('{') => {
                letters.next();
                out.code.push((at + 1, '{'));
                inside.push(depth);
                depth += 1;
                out.quote = None;
            }
            (Some(('"' | '\'', _)), '\\') => drop(letters.next()),
            (Some((q, _)), c) if c == q || (c == '\n' && q != '`') => out.quote = None,
            (Some(_), _) => {}
            (None, '"' | '`' | '\'') => out.quote = Some((c, at + c.len_utf8())),
            (None, '/') if next == Some('/') => {
                while letters.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            (None, '/') if next == Some('*') => {
                letters.next();
                comments = 1;
            }
            (None, c) => {
                out.code.push((at, c));
                match c {
                    '{' => depth += 1,
                    '}' => {
                        depth = depth.saturating_sub(1);
                        if inside.last() == Some(&depth) {
                            inside.pop();
                            out.quote = Some(('`', at + 1));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    out.is_comment = comments > 0;
    out
}

/// The brackets that are open at the end of a text: bytes and letters, the outermost first.
pub fn open(scanned: &Scanned) -> Vec<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    for (at, c) in &scanned.code {
        match c {
            '(' | '[' | '{' => open.push((*at, *c)),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        scan(text).code.into_iter().map(|(_, c)| c).collect()
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        assert_eq!(
            code("a \"b\\\"(\" c // (\nd /* ( /* ( */ ( */ e"),
            "a  c \nd  e"
        );
        assert_eq!(code("x == '(' && y == '\\''"), "x ==  && y == ");
        assert_eq!(code("`a { ${f(`b } ${c}`)} d (` + e"), "{f({c})} + e");
        assert_eq!(code("`\\` + 1"), " + 1");
        assert_eq!(code("\"open\nlet"), "let");
        assert_eq!(scan("f(\"é").quote, Some(('"', 3)));
        assert!(scan("/* a").is_comment && !scan("/* a */").is_comment);
        assert_eq!(
            open(&scan("f([1, { "))
                .iter()
                .map(|(_, c)| *c)
                .collect::<String>(),
            "([{"
        );
    }
}
