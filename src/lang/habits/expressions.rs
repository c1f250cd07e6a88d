//! Expressions of other languages.

use super::names;
use super::spans::{STATEMENTS, expression_end, expression_start, range_of, rewritten};
use super::tokens::{Kind, Line};

/// `[f(x) for x in a if c]`.
pub(super) fn comprehension(line: &Line) -> Option<String> {
    let at = (1..line.tokens.len()).find(|i| line.word(*i) == "for")?;
    let open = (0..at)
        .rev()
        .find(|i| ["[", "(", "{", "#{"].contains(&line.word(*i)) && line.closing(*i) > at)?;
    let close = line.closing(open);
    if !["[", "("].contains(&line.word(open)) {
        return None;
    }
    let within = (at..close).find(|i| line.word(*i) == "in")?;
    let filter = (within..close).find(|i| line.word(*i) == "if");
    let (value, name) = (line.between(open + 1, at), line.between(at + 1, within));
    let mut over = line
        .between(within + 1, filter.unwrap_or(close))
        .to_string();
    if let Some(range) = range_of(line, within + 1) {
        over = format!("({range})");
    }
    if value.is_empty() || name.is_empty() {
        return None;
    }
    let kept = filter.map_or(String::new(), |at| {
        format!(".filter(|{name}| {})", line.between(at + 1, close))
    });
    let mapped = if value == name {
        String::new()
    } else {
        format!(".map(|{name}| {value})")
    };
    Some(format!("`{over}{kept}{mapped}`"))
}

/// `a if c else b`.
pub(super) fn conditional(line: &Line) -> Option<String> {
    let at = (1..line.tokens.len()).find(|i| line.word(*i) == "if")?;
    let other = (at..line.tokens.len()).find(|i| line.word(*i) == "else")?;
    let before = line.word(at - 1);
    if [
        "=", "else", "(", "{", ",", "}", ";", "=>", "return", "|", "||",
    ]
    .contains(&before)
        || line.word(other + 1) == "{"
    {
        return None;
    }
    let start = expression_start(line, at);
    let (yes, condition) = (line.between(start, at), line.between(at + 1, other));
    let no = line.between(other + 1, expression_end(line, other + 1));
    Some(format!(
        "`if {} {{ {yes} }} else {{ {no} }}`",
        rewritten(condition)
    ))
}

/// `c ? a : b`.
pub(super) fn ternary(line: &Line) -> Option<String> {
    let at = line.find("?")?;
    let colon = (at..line.tokens.len()).find(|i| line.word(*i) == ":")?;
    let condition = line.between(expression_start(line, at), at);
    let no = line.between(colon + 1, expression_end(line, colon + 1));
    Some(format!(
        "`if {condition} {{ {} }} else {{ {no} }}`",
        line.between(at + 1, colon)
    ))
}

/// `lambda x: x + 1`.
pub(super) fn lambda(line: &Line) -> Option<String> {
    let at = line.find("lambda")?;
    let colon = (at..line.tokens.len()).find(|i| line.word(*i) == ":")?;
    let body = line.between(colon + 1, expression_end(line, colon + 1));
    Some(format!(
        "closures are written `|{}| {body}`",
        line.between(at + 1, colon)
    ))
}

/// `x => x + 1`, `(x, y) -> x`.
pub(super) fn arrow(line: &Line) -> Option<String> {
    let at = (0..line.tokens.len()).find(|i| ["=>", "->"].contains(&line.word(*i)))?;
    if at == 0 || line.word(0) == "fn" || line.find("switch").is_some() {
        return None;
    }
    let (from, to) = match line.word(at - 1) {
        ")" => ((0..at).rev().find(|i| line.word(*i) == "(")?, at - 1),
        _ => (at.checked_sub(2)?, at),
    };
    let is_value = from < at
        && ["=", "(", ","].contains(&line.word(if line.word(at - 1) == ")" {
            from.checked_sub(1)?
        } else {
            from
        }));
    let body = line.between(at + 1, expression_end(line, at + 1));
    is_value.then(|| {
        format!(
            "closures are written `|{}| {body}`",
            line.between(from + 1, to)
        )
    })
}

/// `{"a": 1}`.
pub(super) fn dictionary(line: &Line) -> Option<String> {
    let is_key = |i: usize| {
        matches!(line.kind(i), Some(Kind::Text('"' | '\'') | Kind::Word)) && line.word(i + 1) == ":"
    };
    let open = (0..line.tokens.len()).find(|i| line.word(*i) == "{" && is_key(i + 1))?;
    let close = line.closing(open);
    let mut out = String::new();
    let mut last = line.tokens[open].end();
    for i in open + 1..close {
        let token = line.tokens[i];
        let inner = token.text.trim_matches(['"', '\'']);
        let is_plain = !inner.is_empty()
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !inner.starts_with(|c: char| c.is_ascii_digit());
        if is_key(i) && matches!(token.kind, Kind::Text(_)) && is_plain {
            out += &line.text[last..token.at];
            out += inner;
            last = token.end();
        } else if token.text == "{" {
            out += &line.text[last..token.at];
            out += "#{";
            last = token.end();
        }
    }
    out += line
        .tokens
        .get(close)
        .map_or(&line.text[last..], |end| &line.text[last..end.at]);
    Some(format!(
        "maps are written `#{{ {} }}`",
        rewritten(out.trim())
    ))
}

/// `a[1:3]`.
pub(super) fn sliced(line: &Line) -> Option<String> {
    let colon = (1..line.tokens.len()).find(|i| {
        let around = (0..*i).rev().find(|open| {
            ["[", "(", "{", "#{"].contains(&line.word(*open)) && line.closing(*open) > *i
        });
        line.word(*i) == ":"
            && around.is_some_and(|open| {
                line.word(open) == "["
                    && open > 0
                    && (line.is_name(open - 1) || [")", "]"].contains(&line.word(open - 1)))
            })
    })?;
    let open = (0..colon).rev().find(|i| line.word(*i) == "[")?;
    let close = line.closing(open);
    if (open..close).any(|i| line.word(i) == ",") {
        return Some(
            "axes of a tensor are indexed by a list of ranges: `x[[0..2, .., 10..20]]`".into(),
        );
    }
    let (from, to) = (
        line.between(open + 1, colon),
        line.between(colon + 1, close),
    );
    let owner = line.between(expression_start(line, open), open);
    let from = if from.is_empty() { "0" } else { from };
    Some(format!(
        "of a tensor `{owner}[{from}..{to}]`, of an array `{owner}.extract({from}..{to})`, of a \
        string `{owner}.sub_string({from}..{to})`"
    ))
}

/// `f(x, stride=2)`.
pub(super) fn keyword_arguments(line: &Line) -> Option<String> {
    if ["fn", "def"].contains(&line.word(0)) {
        return None;
    }
    let is_in_call = |i: usize| {
        let around = (0..i).rev().find(|open| {
            ["(", "[", "{", "#{"].contains(&line.word(*open)) && line.closing(*open) >= i
        })?;
        (line.word(around) == "("
            && around > 0
            && line.is_name(around - 1)
            && !["if", "while", "for", "switch"].contains(&line.word(around - 1)))
        .then_some(around)
    };
    let at = (1..line.tokens.len()).find(|i| {
        line.word(*i) == "="
            && line.is_name(i - 1)
            && ["(", ","].contains(&line.word(i.saturating_sub(2)))
            && is_in_call(*i).is_some()
    })?;
    let open = is_in_call(at)?;
    let close = line.closing(open);
    let options: Vec<String> = (open + 1..close)
        .filter(|i| line.word(*i) == "=" && line.is_name(i - 1))
        .map(|i| {
            format!(
                "{}: {}",
                line.word(i - 1),
                rewritten(line.between(i + 1, expression_end(line, i + 1)))
            )
        })
        .collect();
    Some(format!(
        "options are one map at the end: `#{{ {} }}`",
        options.join(", ")
    ))
}

/// `f(*args)`, `f(**kwargs)`.
pub(super) fn spread(line: &Line) -> Option<String> {
    let at = (1..line.tokens.len())
        .find(|i| ["*", "**"].contains(&line.word(*i)) && ["(", ","].contains(&line.word(i - 1)))?;
    Some(match line.word(at) {
        "*" => "arguments are given one by one: `f(a[0], a[1])`".into(),
        _ => "options are one map at the end: `f(x, options)` or `f(x, #{ key: value })`".into(),
    })
}

/// `x is None`, `x is not None`.
pub(super) fn none_test(line: &Line) -> Option<String> {
    let at = line.find("is")?;
    if at == 0 || line.find("let").is_none() && line.word(at - 1) == "." {
        return None;
    }
    // the line may have to be declared first
    if line.word(1) == "=" && !STATEMENTS.contains(&line.word(0)) {
        return None;
    }
    let is_not = line.word(at + 1) == "not";
    let value = rewritten(line.between(at + 1 + usize::from(is_not), at + 2 + usize::from(is_not)));
    Some(format!(
        "`{} {} {value}`",
        line.word(at - 1),
        if is_not { "!=" } else { "==" }
    ))
}

/// `and`, `or`, `not`.
pub(super) fn logic(line: &Line) -> Option<String> {
    let used = |word: &str| {
        (0..line.tokens.len()).find(|i| {
            line.word(*i) == word
                && line.is_name(*i)
                && ![".", "::", "let", "fn"].contains(&line.word(i.wrapping_sub(1)))
                && !["(", "=", ".", ":"].contains(&line.word(i + 1))
        })
    };
    if let Some(at) = used("not") {
        let negated = line.word(at + 1);
        return Some(match negated {
            "in" => format!(
                "`!({} in {})`",
                line.word(at.wrapping_sub(1)),
                line.word(at + 2)
            ),
            _ => format!(
                "`not` is `!`: `!{}`",
                if negated.is_empty() { "x" } else { negated }
            ),
        });
    }
    if used("and").is_some() {
        return Some("`and` is `&&`: `a && b`".into());
    }
    used("or").map(|_| "`or` is `||`: `a || b`".into())
}

pub(super) fn counted_up(line: &Line) -> Option<String> {
    let at = (0..line.tokens.len()).find(|i| ["++", "--"].contains(&line.word(*i)))?;
    let name = if at > 0 && line.is_name(at - 1) {
        line.word(at - 1)
    } else {
        line.word(at + 1)
    };
    let sign = &line.word(at)[..1];
    (!name.is_empty()).then(|| format!("`{name} {sign}= 1`"))
}

pub(super) fn comparison(line: &Line) -> Option<String> {
    let sign = line.tokens.iter().find_map(|token| match token.text {
        "<>" | "!==" => Some("!="),
        "===" => Some("=="),
        _ => None,
    })?;
    Some(format!(
        "comparisons are `==`, `!=`, `<`, `<=`, `>`, `>=`; write `{sign}`"
    ))
}

/// Keywords and names of other languages.
pub(super) fn bare_words(line: &Line) -> Option<String> {
    line.tokens.iter().enumerate().find_map(|(i, token)| {
        let before = line.word(i.wrapping_sub(1));
        let is_bare = token.kind == Kind::Word
            && ![".", "::", "let", "const", "fn"].contains(&before)
            && !["::", ":", "("].contains(&line.word(i + 1));
        if is_bare {
            names::word(token.text, line.word(i + 1))
        } else {
            None
        }
    })
}

/// `7 // 2`.
pub(super) fn floor_division(line: &Line) -> Option<String> {
    let at = line.comment?;
    let rest = line.text[at + 2..].trim();
    let is_operand = rest
        .chars()
        .next()
        .is_some_and(|c| c.is_alphanumeric() || c == '(')
        && rest.split_whitespace().count() == 1;
    let last = line.tokens.last()?;
    let ended = [";", "{", "}", ","].contains(&last.text);
    (is_operand && !ended).then(|| {
        "`//` begins a comment; integers divided by `/` give an integer: `7 / 2` is 3".into()
    })
}

/// `(1, 2)` where no function is called.
pub(super) fn tuple(line: &Line) -> Option<String> {
    let open = (0..line.tokens.len()).find(|i| {
        let before = i.checked_sub(1).map_or("", |at| line.word(at));
        let is_call = i
            .checked_sub(1)
            .is_some_and(|at| line.is_name(at) && !["return", "in"].contains(&before))
            || [")", "]", "!", "for"].contains(&before);
        line.word(*i) == "(" && !is_call && {
            let close = line.closing(*i);
            (i + 1..close).any(|j| {
                line.word(j) == ","
                    && (i + 1..j).all(|k| !["(", "[", "{", "#{"].contains(&line.word(k)))
            })
        }
    })?;
    let close = line.closing(open);
    Some(format!(
        "there are no tuples, but arrays: `[{}]`",
        line.between(open + 1, close)
    ))
}

/// `.5`.
pub(super) fn point_first(line: &Line) -> Option<String> {
    let at = (0..line.tokens.len()).find(|i| {
        let before = i.checked_sub(1).map_or("", |at| line.word(at));
        line.word(*i) == "."
            && line.kind(i + 1) == Some(Kind::Number)
            && ["", "=", "(", ",", "+", "-", "*", "/", "[", ":"].contains(&before)
    })?;
    Some(format!(
        "numbers begin with a digit: `0.{}`",
        line.word(at + 1)
    ))
}
