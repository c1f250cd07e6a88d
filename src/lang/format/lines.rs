//! The lines of a script: their indentation, and what is aligned with the lines beside them.

use super::spaces::{Role, Space, between, roles};
use crate::tokens::{Kind, Token, tokens};
use std::ops::Range;

/// Blanks of one step.
const STEP: usize = 4;

/// A bracket that is open.
struct Open {
    /// Steps of the line that it is on.
    own: usize,
    /// Steps of the lines inside it.
    inside: usize,
}

/// Lays a script out; the byte of a string or comment that does not end, if there is one.
pub fn laid_out(script: &str) -> Result<String, usize> {
    let tokens = tokens(script)?;
    let (roles, keywords) = roles(&tokens);
    let lines = split(&tokens);
    let mut out = String::with_capacity(script.len());
    let mut open: Vec<Open> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let first = line.start;
        if number > 0 {
            out.push('\n');
            let is_inside = tokens[first - 1].opens() || tokens[first].closes();
            if tokens[first].breaks > 1 && !is_inside {
                out.push('\n');
            }
        }
        let steps = steps(&tokens, &roles, line, &open);
        out.extend(std::iter::repeat_n(' ', STEP * steps));
        for i in line.clone() {
            let token = &tokens[i];
            if i > first {
                let space = between(
                    (&tokens[i - 1], roles[i - 1]),
                    (token, roles[i]),
                    keywords[i - 1],
                );
                let blanks = match space {
                    Space::None => 0,
                    Space::One => 1,
                    Space::Same => token.gap.min(1),
                };
                let is_kept = token.gap > blanks
                    && (token.kind == Kind::Line || is_aligned(&tokens, &lines, number, i));
                let blanks = if is_kept { token.gap } else { blanks };
                out.extend(std::iter::repeat_n(' ', blanks));
            }
            out.push_str(token.text.trim_end());
            if token.opens() {
                open.push(Open {
                    own: steps,
                    inside: steps + 1,
                });
            } else if token.closes() {
                open.pop();
            }
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    Ok(out)
}

/// The tokens of each line.
fn split(tokens: &[Token]) -> Vec<Range<usize>> {
    let starts = (0..tokens.len()).filter(|i| *i == 0 || tokens[*i].breaks > 0);
    let starts: Vec<usize> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(a, b)| a..b)
        .collect()
}

/// The steps by which a line is indented.
fn steps(tokens: &[Token], roles: &[Role], line: &Range<usize>, open: &[Open]) -> usize {
    // the line belongs to where the brackets that it closes first are opened
    let closed = tokens[line.clone()]
        .iter()
        .take_while(|token| token.closes());
    let closed = closed.count().min(open.len());
    if closed > 0 {
        return open[open.len() - closed].own;
    }
    let inside = open.last().map_or(0, |bracket| bracket.inside);
    // comments stand as what follows them
    let next = (line.start..tokens.len()).find(|i| !tokens[*i].is_comment());
    let goes_on = next.is_some_and(|next| {
        let before = tokens[..next].iter().rfind(|token| !token.is_comment());
        !tokens[next].closes()
            && before.is_some_and(|before| goes_on(before, &tokens[next], roles[next]))
    });
    inside + usize::from(goes_on)
}

/// Whether a token continues what the token before it belongs to.
fn goes_on(before: &Token, token: &Token, role: Role) -> bool {
    if before.is("}") {
        let is_member = [".", "?."].iter().any(|sign| token.is(sign));
        let is_operator =
            role == Role::Between && !["-", "+", "*"].iter().any(|sign| token.is(sign));
        return is_member || is_operator;
    }
    let starts = [";", ",", "{", "#{", "(", "[", "?["];
    !starts.iter().any(|sign| before.is(sign))
}

/// Whether a token is in the column of one of the lines above and below, which follow each
/// other with the same indentation: where both begin, or, of numbers, where both end.
fn is_aligned(tokens: &[Token], lines: &[Range<usize>], number: usize, i: usize) -> bool {
    let start = |line: &Range<usize>| tokens[line.start].column;
    let own = start(&lines[number]);
    let token = &tokens[i];
    let column = token.column.saturating_sub(own);
    let end = column + token.text.chars().count();
    let has_alike = |line: &Range<usize>| {
        line.clone().skip(1).any(|j| {
            let other = &tokens[j];
            let at = other.column.saturating_sub(own);
            let begins = at == column && other.gap > 0 && is_alike(token, other);
            let ends = token.kind == Kind::Number
                && other.kind == Kind::Number
                && at + other.text.chars().count() == end;
            begins || ends
        })
    };
    // the lines that follow each other with the same indentation
    let above = (0..number).rev().zip((0..=number).rev());
    let above = above.take_while(|(line, below)| {
        start(&lines[*line]) == own && tokens[lines[*below].start].breaks == 1
    });
    let below = (number + 1..lines.len())
        .take_while(|line| start(&lines[*line]) == own && tokens[lines[*line].start].breaks == 1);
    let mut beside = above.map(|(line, _)| line).chain(below);
    beside.any(|line| has_alike(&lines[line]))
}

/// Whether two tokens may be aligned: comments, the same signs, values.
fn is_alike(a: &Token, b: &Token) -> bool {
    match (a.kind, b.kind) {
        (Kind::Sign, Kind::Sign) => a.text == b.text || (a.opens() && b.opens()),
        (Kind::Line | Kind::Block, Kind::Line | Kind::Block) => true,
        (a_kind, b_kind) => {
            a_kind != Kind::Sign && b_kind != Kind::Sign && !a.is_comment() && !b.is_comment()
        }
    }
}
