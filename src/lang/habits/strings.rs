//! Strings and comments of other languages.

use super::tokens::{Kind, Line};

/// `f"…{x}…"` of Python, and other prefixes.
pub(super) fn formatted(line: &Line) -> Option<String> {
    let at = (0..line.tokens.len()).find(|i| {
        let is_prefix = ["f", "F", "r", "b", "rf", "fr", "u", "s"].contains(&line.word(*i));
        let next = line.tokens.get(i + 1);
        is_prefix
            && next.is_some_and(|next| {
                next.at == line.tokens[*i].end() && matches!(next.kind, Kind::Text('"' | '\''))
            })
    })?;
    let inner = line.word(at + 1);
    let inner = inner.get(1..inner.len().saturating_sub(1)).unwrap_or("");
    if !line.word(at).to_lowercase().contains(['f', 's']) {
        return Some(format!(
            "strings have no prefix; in back quotes nothing is escaped: `` `{inner}` ``"
        ));
    }
    Some(format!(
        "values are put into strings in back quotes: `` `{}` ``",
        interpolated(inner)
    ))
}

/// `{x:.2f} {y}` as `${x.to_string(2)} ${y}`.
fn interpolated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let Some((inside, next)) = after.split_once('}') else {
            rest = after;
            break;
        };
        let (value, form) = inside
            .rsplit_once(':')
            .filter(|(value, _)| !value.ends_with(':'))
            .unwrap_or((inside, ""));
        let digits = form.rsplit_once('.').and_then(|(_, digits)| {
            digits
                .trim_end_matches(['f', 'g', 'e', '%'])
                .parse::<usize>()
                .ok()
        });
        out += &match digits {
            Some(digits) => format!("${{{value}.to_string({digits})}}"),
            None => format!("${{{value}}}"),
        };
        rest = next;
    }
    out + rest
}

pub(super) fn single_quoted(line: &Line) -> Option<String> {
    let token = line
        .tokens
        .iter()
        .find(|token| token.kind == Kind::Text('\''))?;
    let inner = token
        .text
        .strip_prefix('\'')?
        .strip_suffix('\'')
        .unwrap_or("");
    let is_letter = inner.chars().count() == 1 || (inner.starts_with('\\') && inner.len() > 1);
    let short: String = inner.chars().take(40).collect();
    (!is_letter).then(|| format!("strings are in double quotes: `\"{short}\"`"))
}

pub(super) fn triple_quoted(line: &Line) -> Option<String> {
    let is_triple = line.text.contains("\"\"\"") || line.text.contains("'''");
    is_triple.then(|| {
        "strings over several lines are in back quotes, `` ` ``; documentation is \
        `/// …` above a function"
            .into()
    })
}

pub(super) fn comment(line: &Line) -> Option<String> {
    let at = line.find("#")?;
    Some(format!(
        "comments begin with `//`: `//{}`",
        &line.text[line.tokens[at].end()..]
    ))
}
