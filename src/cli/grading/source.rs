//! The functions of a text, each as a separate text, so that an error affects only one of them.

use crate::lang::interactive::imports_of;
use crate::lang::scan;

/// A function of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its parameters, as written.
    pub params: Vec<String>,
    /// Whether it is marked `private`.
    pub is_private: bool,
    /// The line that it begins in, from 1.
    pub line: usize,
    /// Its text; where its last brace is missing, up to the next function.
    pub text: String,
    /// The code of its body, without strings and comments.
    pub body: String,
    /// The `///` lines above it, without the slashes.
    pub docs: Vec<String>,
}

impl Function {
    /// Whether its body is empty.
    pub fn is_empty(&self) -> bool {
        self.body.trim().is_empty()
    }

    /// Whether its body is a placeholder: a value, a name, `throw` or `return`.
    pub fn is_placeholder(&self) -> bool {
        let body = self.body.trim().trim_end_matches(';').trim();
        let value = body
            .strip_prefix("throw")
            .or_else(|| body.strip_prefix("return"))
            .unwrap_or(body)
            .trim();
        value == "()"
            || value
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
    }

    /// `f(x, y)`
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, self.params.join(", "))
    }
}

/// Whether a line begins a function, and what follows `fn`.
fn heading(line: &str) -> Option<(bool, &str)> {
    let line = line.trim_start();
    let (is_private, rest) = line
        .strip_prefix("private ")
        .map_or((false, line), |rest| (true, rest.trim_start()));
    rest.strip_prefix("fn ")
        .map(|rest| (is_private, rest.trim_start()))
}

/// Returns the functions of a text. Functions of Rhai are not nested: each line that begins one
/// ends the one above, even where braces are missing.
pub fn functions(text: &str) -> Vec<Function> {
    let scanned = scan::scan(text);
    // with an open quote or comment, what is code is not known: every such line counts
    let is_whole = scanned.quote.is_none() && !scanned.is_comment;
    let code: std::collections::HashSet<usize> = scanned.code.iter().map(|(at, _)| *at).collect();
    let mut starts = Vec::new();
    let mut at = 0;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (i, line) in lines.iter().enumerate() {
        let first = at + line.len() - line.trim_start().len();
        if heading(line).is_some() && (!is_whole || code.contains(&first)) {
            starts.push((i, at));
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).map(|(_, at)| *at).chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|((line, start), end)| function(&text[*start..end], *line, &lines))
        .collect()
}

/// The functions of a text with what is written above them, each once: of several of the same name
/// and number of parameters the last. As a text, behind the imports of the original.
pub fn last_functions(text: &str) -> String {
    let all = functions(text);
    let key = |function: &Function| (function.name.clone(), function.params.len());
    let is_last = |(i, function): &(usize, &Function)| {
        !all[i + 1..].iter().any(|later| key(later) == key(function))
    };
    let kept = all.iter().enumerate().filter(is_last);
    let mut imports = imports_of(text);
    imports.sort();
    imports.dedup();
    let mut out = imports.join("\n");
    for (_, function) in kept {
        let docs = function.docs.iter().map(|line| format!("/// {line}\n"));
        out += &format!("\n\n{}{}", docs.collect::<String>(), function.text);
    }
    out
}

fn function(region: &str, line: usize, lines: &[&str]) -> Option<Function> {
    let (is_private, rest) = heading(region)?;
    let (name, rest) = rest.split_once('(')?;
    let params = rest.split_once(')')?.0;
    let params = params
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_string)
        .collect();
    let code = scan::scan(region).code;
    let open = code.iter().position(|(_, c)| *c == '{');
    let mut depth = 0usize;
    let close = open.and_then(|open| {
        code[open..].iter().position(|(_, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0
        })
    });
    let (text, body) = match (open, close) {
        (Some(open), Some(close)) => (
            &region[..code[open + close].0 + 1],
            code[open + 1..open + close]
                .iter()
                .map(|(_, c)| c)
                .collect(),
        ),
        _ => (region, String::from("?")),
    };
    let above = lines[..line]
        .iter()
        .rev()
        .map(|line| line.trim())
        .take_while(|line| line.starts_with("///"));
    let mut docs: Vec<String> = above
        .map(|line| line.trim_start_matches('/').trim().to_string())
        .collect();
    docs.reverse();
    Some(Function {
        name: name.trim().to_string(),
        params,
        is_private,
        line: line + 1,
        text: text.to_string(),
        body,
        docs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_cut_out_with_their_lines() {
        let text = "let x = 1;\n/// one\n/// two\nfn f(a, b) { if a { \"}\" } else { b } \
            }\nprint(f(1, 2));\n// fn no() {\nprivate fn g() { }\n";
        let found = functions(text);
        assert_eq!(
            found
                .iter()
                .map(|function| (function.name.as_str(), function.line))
                .collect::<Vec<_>>(),
            [("f", 4), ("g", 7)]
        );
        assert_eq!(
            (
                found[0].signature().as_str(),
                found[0].docs.join("|").as_str()
            ),
            ("f(a, b)", "one|two")
        );
        assert_eq!(found[0].text, "fn f(a, b) { if a { \"}\" } else { b } }");
        assert!(found[1].is_private && found[1].is_empty() && !found[0].is_placeholder());
    }

    #[test]
    fn an_unclosed_function_ends_at_the_next() {
        for broken in [
            "fn f() { if true { 1 \nfn g() { 2 }\n",
            "fn f() { `a \nfn g() { 2 }\n",
            "fn f() { /* \nfn g() { 2 }\n",
            "fn f( { \nfn g() { 2 }\n",
        ] {
            let found = functions(broken);
            let last = found.last().expect("a function");
            assert_eq!(
                (last.name.as_str(), last.text.as_str()),
                ("g", "fn g() { 2 }"),
                "{broken}"
            );
        }
    }

    #[test]
    fn placeholders_compute_nothing() {
        let placeholder =
            |body: &str| functions(&format!("fn f(x) {{ {body} }}"))[0].is_placeholder();
        assert!(
            [
                "",
                "x",
                "0.5",
                "()",
                "throw \"todo\";",
                "return x;",
                "\"text\"",
                "false"
            ]
            .iter()
            .all(|body| placeholder(body))
        );
        assert!(
            ["x + 1", "g(x)", "let y = x; y", "x.len()", "-x"]
                .iter()
                .all(|body| !placeholder(body))
        );
    }
}
