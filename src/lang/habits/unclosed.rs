//! Positions of brackets that are not closed.

use crate::scan;

/// A bracket that is not closed.
pub struct Opened {
    /// The message.
    pub message: String,
    /// The hint.
    pub hint: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

fn closes(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// The line of a byte, its column, and the indentation of the line.
fn place(text: &str, at: usize) -> (usize, usize, usize) {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line = text[..at].matches('\n').count() + 1;
    let blanks = text[start..]
        .chars()
        .take_while(|c| *c == ' ' || *c == '\t')
        .count();
    (line, text[start..at].chars().count() + 1, blanks)
}

/// Whether only blanks precede a byte in its line.
fn begins_line(text: &str, at: usize) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    text[start..at].trim().is_empty()
}

/// The bracket, string or comment that is not closed, where it can be the cause of a syntax error.
pub fn find(text: &str, message: &str) -> Option<Opened> {
    let scanned = scan::scan(text);
    let opened = |at: usize, what: &str, missing: &str| {
        let (line, column, _) = place(text, at);
        let message = format!("{what} is never closed");
        Some(Opened {
            message,
            hint: format!("{missing} is missing"),
            line,
            column,
        })
    };
    if let Some(('`', start)) = scanned.quote {
        return opened(start - 1, "the string that begins here", "a back quote");
    }
    if scanned.is_comment {
        return opened(text.rfind("/*")?, "the comment that begins here", "`*/`");
    }
    let mut open: Vec<(usize, char)> = Vec::new();
    // the innermost pair whose closing bracket is further left than the line that opened it
    let mut suspect: Option<(usize, char)> = None;
    for (at, c) in &scanned.code {
        match c {
            '(' | '[' | '{' => open.push((*at, *c)),
            ')' | ']' | '}' => {
                let Some((from, bracket)) = open.pop() else {
                    continue;
                };
                if closes(bracket) != *c {
                    let is_met = message.contains("missing")
                        || message.starts_with("expected")
                        || message.contains(*c);
                    let (line, column, _) = place(text, from);
                    let (end, ..) = place(text, *at);
                    let near = if end == line {
                        String::new()
                    } else {
                        format!(" of line {end}")
                    };
                    let message = format!("`{bracket}` is not closed before the `{c}`{near}");
                    return is_met.then(|| Opened {
                        message,
                        hint: format!("`{}` is missing", closes(bracket)),
                        line,
                        column,
                    });
                }
                let ((first, _, inner), (last, _, outer)) = (place(text, from), place(text, *at));
                if first != last && begins_line(text, *at) && outer < inner && suspect.is_none() {
                    suspect = Some((from, bracket));
                }
            }
            _ => {}
        }
    }
    let (at, bracket) = suspect
        .filter(|_| !open.is_empty())
        .or(open.last().copied())?;
    opened(
        at,
        &format!("`{bracket}`"),
        &format!("`{}`", closes(bracket)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_points_to_where_it_opened() {
        let at = |text: &str| find(text, "`}` is missing").map(|found| (found.line, found.column));
        assert_eq!(
            at("fn f() {\n  if x {\n    1\n}\nlet y = 2;\n"),
            Some((2, 8))
        );
        assert_eq!(at("let a = [1, 2;\n"), Some((1, 9)));
        assert_eq!(at("f(1, [2, 3);\n"), Some((1, 6)));
        assert_eq!(at("let x = 1;\nwhile x {\n  f(`}`);\n"), Some((2, 9)));
        assert_eq!(at("let s = `abc"), Some((1, 9)));
        assert_eq!(at("/* abc"), Some((1, 1)));
        assert_eq!(at("f(1);\n"), None);
    }
}
