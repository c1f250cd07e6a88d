//! Lines as other languages write them.

use super::names;
use super::tokens::{Kind, Line};

/// A rule: the hint where a line has its form.
type Rule = fn(&Line) -> Option<String>;

/// Where an error comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The grammar.
    Syntax,
    /// A name that is not declared.
    Name,
    /// The script ran until here: its grammar is right.
    Run,
}

/// Forms that are never right here.
const ALWAYS: &[Rule] = &[
    formatted,
    single_quoted,
    triple_quoted,
    definition,
    class,
    importing,
    assertion,
    raising,
    printing,
    foreign_loop,
    headed,
    comprehension,
    conditional,
    ternary,
    lambda,
    arrow,
    dictionary,
    sliced,
    keyword_arguments,
    spread,
    none_test,
    logic,
    written_type,
    mutable,
    counted_up,
    comparison,
    arm,
    bare_words,
];

/// Forms that may be right here, where the error is one of grammar or of a name.
const SYNTAX: &[Rule] = &[comment, floor_division, tuple, several, point_first];

/// The hint for the first habit of a line; `column` is where the error is.
pub fn hint(line: &Line, column: usize, stage: Stage) -> Option<String> {
    let own = line.statement(column);
    let is_part = own.tokens.len() < line.tokens.len();
    statement(&own, column, stage).or_else(|| {
        if is_part {
            statement(line, column, stage)
        } else {
            None
        }
    })
}

fn statement(line: &Line, column: usize, stage: Stage) -> Option<String> {
    let any = |rules: &[Rule]| rules.iter().find_map(|rule| rule(line));
    let is_syntax = stage == Stage::Syntax;
    match stage {
        Stage::Run => foreign_loop(line),
        _ => any(ALWAYS)
            .or_else(|| if is_syntax { any(SYNTAX) } else { None })
            .or_else(|| assignment(line, column, is_syntax)),
    }
}

/// Words that a statement begins with.
const STATEMENTS: [&str; 14] = [
    "let", "const", "if", "for", "while", "return", "fn", "throw", "import", "switch", "loop",
    "else", "export", "private",
];

/// `x = 3`, and what other languages begin it with.
fn assignment(line: &Line, column: usize, is_syntax: bool) -> Option<String> {
    let foreign = [
        "var", "val", "local", "auto", "int", "float", "double", "string", "my",
    ]
    .contains(&line.word(0))
        && line.is_name(1);
    let name = usize::from(foreign);
    if !line.is_name(name) || STATEMENTS.contains(&line.word(name)) {
        return None;
    }
    let value = match line.word(name + 1) {
        "=" | ":=" => name + 2,
        "<-" => name + 2,
        _ => return None,
    };
    // a wrong value is no reason to declare the name again
    let is_name =
        column == usize::MAX || column <= line.text[..line.tokens[name].end()].chars().count() + 1;
    let is_plain = line.word(name + 1) == "=" && !foreign;
    if is_plain && !is_name {
        return None;
    }
    let ends = line.find(";").unwrap_or(line.tokens.len());
    let declared = line.between(value, ends);
    if declared.is_empty() || (is_plain && is_syntax && line.find(";").is_some()) {
        return None;
    }
    Some(format!(
        "names are declared with `let`: `let {} = {declared};`",
        line.word(name)
    ))
}

/// Python's `f"…{x}…"` and its prefixed kin.
fn formatted(line: &Line) -> Option<String> {
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

fn single_quoted(line: &Line) -> Option<String> {
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

fn triple_quoted(line: &Line) -> Option<String> {
    let is_triple = line.text.contains("\"\"\"") || line.text.contains("'''");
    is_triple.then(|| "strings over several lines are in back quotes, `` ` ``; documentation is `/// …` above a function".into())
}

/// Names of a list of parameters, without types and defaults.
fn parameters(line: &Line, open: usize) -> String {
    let mut names = Vec::new();
    let mut is_next = true;
    let mut depth = 0;
    for i in open + 1..line.closing(open) {
        match line.word(i) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 0 => is_next = true,
            word if is_next && line.is_name(i) => {
                names.push(word);
                is_next = false;
            }
            _ => {}
        }
    }
    names.join(", ")
}

fn definition(line: &Line) -> Option<String> {
    let first = usize::from(["async", "pub", "export"].contains(&line.word(0)));
    let is_foreign = ["def", "function", "func", "fun"].contains(&line.word(first));
    let end = line.closing((first + 2).min(line.tokens.len()));
    let has = |sign: &str| (first + 2..end).any(|i| line.word(i) == sign);
    let is_typed = line.word(first) == "fn" && (line.word(end + 1) == "->" || has(":") || has("="));
    if !(is_foreign || is_typed) || !line.is_name(first + 1) || line.word(first + 2) != "(" {
        return None;
    }
    Some(format!(
        "functions are written `fn {}({}) {{ … }}`",
        line.word(first + 1),
        parameters(line, first + 2)
    ))
}

fn class(line: &Line) -> Option<String> {
    let is_class = ["class", "struct", "interface", "trait", "impl"].contains(&line.word(0))
        && line.is_name(1);
    is_class.then(|| {
        "there are no classes: networks are values such as `nn::chain([…])`, records are maps `#{ a: 1 }`, and the rest functions `fn f(x) { … }`".into()
    })
}

fn importing(line: &Line) -> Option<String> {
    let (first, module) = (line.word(0), line.word(1));
    if first == "library"
        || first == "using"
        || first == "require"
        || first == "use"
        || first == "include"
    {
        return (line.tokens.len() > 1).then(|| {
            "namespaces need no import; a file is read with `import \"helpers\" as h;`".into()
        });
    }
    if !["import", "from"].contains(&first) || !line.is_name(1) {
        return None;
    }
    let known = [
        "torch",
        "numpy",
        "scipy",
        "pandas",
        "sklearn",
        "tensorflow",
        "keras",
        "math",
        "os",
        "sys",
        "random",
        "np",
        "pytorch_lightning",
        "Bio",
    ];
    if known.contains(&module) {
        return Some("nothing is imported for that: functions are in namespaces such as `tensor::`, `nn::`, `metric::`, `stats::`; `help()` lists them".into());
    }
    Some(format!(
        "a file is imported by its name in quotes: `import \"{module}\" as {module};`"
    ))
}

fn assertion(line: &Line) -> Option<String> {
    let is_bare = line.word(0) == "assert" && line.tokens.len() > 1 && line.word(1) != "(";
    is_bare.then(|| {
        format!(
            "`assert` is a function: `assert({})`",
            line.between(1, statement_end(line))
        )
    })
}

/// The piece after the last of a statement: without `;` and `:`.
fn statement_end(line: &Line) -> usize {
    let mut end = line.tokens.len();
    while end > 0 && [";", ":"].contains(&line.word(end - 1)) {
        end -= 1;
    }
    end
}

fn raising(line: &Line) -> Option<String> {
    if line.word(0) != "raise" {
        return None;
    }
    let said = line
        .tokens
        .iter()
        .find(|token| matches!(token.kind, Kind::Text(_)))
        .map_or("\"…\"", |token| token.text);
    Some(format!("errors are thrown: `throw {said};`"))
}

fn printing(line: &Line) -> Option<String> {
    let first = line.word(0);
    if ["println", "printf", "print", "puts", "cout", "echo"].contains(&first)
        && line.word(1) == "!"
    {
        return Some("`print` is a function: `print(…)`".into());
    }
    let foreign = ["println", "printf", "puts"].contains(&first) && line.word(1) == "(";
    if foreign {
        return Some(format!(
            "`print` prints a value: `print{}`",
            line.between(1, statement_end(line))
        ));
    }
    let starts = matches!(line.kind(1)?, Kind::Word | Kind::Number | Kind::Text(_));
    (["print", "echo", "puts"].contains(&first) && starts).then(|| {
        format!(
            "`print` is a function: `print({})`",
            line.between(1, statement_end(line))
        )
    })
}

/// `range(2, n)` as `2..n`, from the piece `range`.
fn range_of(line: &Line, at: usize) -> Option<String> {
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

/// `for i in range(10):`, `for i in 10`, `for (int i = 0; …)`.
fn foreign_loop(line: &Line) -> Option<String> {
    if line.word(0) != "for" && line.word(0) != "foreach" {
        return line
            .find("range")
            .and_then(|at| range_of(line, at))
            .filter(|_| line.find(",").is_none())
            .map(|range| format!("a range is written `{range}`"));
    }
    let Some(within) = line.find("in") else {
        let is_counted = line.word(1) == "(" && line.find("<").is_some();
        return is_counted.then(|| "a loop goes over a range: `for i in 0..10 { … }`".into());
    };
    let end = line
        .tokens
        .iter()
        .skip(within)
        .position(|t| t.text == ":" || t.text == "{")
        .map_or(line.tokens.len(), |at| within + at);
    let over = line.between(within + 1, end);
    let names = line.between(1, within);
    if let Some(range) = range_of(line, within + 1).filter(|_| line.closing(within + 2) + 1 >= end)
    {
        return Some(format!("`for {names} in {range} {{ … }}`"));
    }
    if line.word(within + 1) == "enumerate" {
        let inner = line.between(within + 3, line.closing(within + 2));
        let turned: Vec<&str> = names.split(',').map(str::trim).rev().collect();
        return Some(format!(
            "the counter comes second: `for ({}) in {inner} {{ … }}`",
            turned.join(", ")
        ));
    }
    if line.kind(within + 1) == Some(Kind::Number) && end == within + 2 {
        return Some(format!("`for {names} in 0..{over} {{ … }}`"));
    }
    let is_pair = line.word(2) == ",";
    if is_pair {
        return Some(
            format!("`for (x, i) in {over} {{ … }}` counts along; of pairs: `for pair in {over} {{ let (a, b) = (pair[0], pair[1]); … }}`")
                .replace("let (a, b) = (pair[0], pair[1]);", "let a = pair[0]; let b = pair[1];"),
        );
    }
    let is_headed = line.tokens.last().is_some_and(|last| last.text == ":");
    is_headed.then(|| format!("blocks are in braces: `for {names} in {over} {{ … }}`"))
}

/// `if x:`, `elif x:`, `else:`, `try:`, `while x:`, `except E as e:`, `with x:`.
fn headed(line: &Line) -> Option<String> {
    let first = usize::from(line.word(0) == "}");
    let word = line.word(first);
    let end = statement_end(line);
    let mut end = end;
    if ["{", "then", "do"].contains(&line.word(end.wrapping_sub(1))) {
        end -= 1;
    }
    let is_colon = line.tokens.last().is_some_and(|last| last.text == ":");
    let condition = line.between(first + 1, end);
    let plain = rewritten(condition);
    match word {
        "elif" | "elsif" | "elseif" => Some(format!("`else if {plain} {{ … }}`")),
        "except" | "rescue" => Some("errors are caught with `catch (e) { … }`".into()),
        "finally" => Some(
            "there is no `finally`: what follows the `try { … } catch (e) { … }` runs either way"
                .into(),
        ),
        "unless" => Some(format!("`if !({plain}) {{ … }}`")),
        "with" if condition.contains("no_grad") => Some("`no_grad { … }`".into()),
        "with" if is_colon => {
            Some("there is no `with`: files are read and written by one function each".into())
        }
        "match" => Some(format!("`switch {condition} {{ 1 => …, _ => … }}`")),
        "else" if is_colon => Some("blocks are in braces: `else { … }`".into()),
        "try" if is_colon => Some("`try { … } catch (e) { … }`".into()),
        "if" | "while" if is_colon => {
            Some(format!("blocks are in braces: `{word} {plain} {{ … }}`"))
        }
        "if" | "while"
            if line
                .tokens
                .last()
                .is_some_and(|last| ["then", "do"].contains(&last.text)) =>
        {
            Some(format!("blocks are in braces: `{word} {plain} {{ … }}`"))
        }
        _ => None,
    }
}

/// A condition with the words of Python replaced.
fn rewritten(text: &str) -> String {
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

/// `[f(x) for x in a if c]`.
fn comprehension(line: &Line) -> Option<String> {
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

/// The first piece of the expression that ends before a piece.
fn expression_start(line: &Line, end: usize) -> usize {
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

/// The piece after the last of the expression that begins at a piece.
fn expression_end(line: &Line, start: usize) -> usize {
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

/// `a if c else b`.
fn conditional(line: &Line) -> Option<String> {
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
fn ternary(line: &Line) -> Option<String> {
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
fn lambda(line: &Line) -> Option<String> {
    let at = line.find("lambda")?;
    let colon = (at..line.tokens.len()).find(|i| line.word(*i) == ":")?;
    let body = line.between(colon + 1, expression_end(line, colon + 1));
    Some(format!(
        "closures are written `|{}| {body}`",
        line.between(at + 1, colon)
    ))
}

/// `x => x + 1`, `(x, y) -> x`.
fn arrow(line: &Line) -> Option<String> {
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
fn dictionary(line: &Line) -> Option<String> {
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
fn sliced(line: &Line) -> Option<String> {
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
        "of a tensor `{owner}[{from}..{to}]`, of an array `{owner}.extract({from}..{to})`, of a string `{owner}.sub_string({from}..{to})`"
    ))
}

/// `f(x, stride=2)`.
fn keyword_arguments(line: &Line) -> Option<String> {
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
fn spread(line: &Line) -> Option<String> {
    let at = (1..line.tokens.len())
        .find(|i| ["*", "**"].contains(&line.word(*i)) && ["(", ","].contains(&line.word(i - 1)))?;
    Some(match line.word(at) {
        "*" => "arguments are given one by one: `f(a[0], a[1])`".into(),
        _ => "options are one map at the end: `f(x, options)` or `f(x, #{ key: value })`".into(),
    })
}

/// `x is None`, `x is not None`.
fn none_test(line: &Line) -> Option<String> {
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
fn logic(line: &Line) -> Option<String> {
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

/// `x: int = 3`, `let x: f64 = 3`.
fn written_type(line: &Line) -> Option<String> {
    let name = usize::from(["let", "const"].contains(&line.word(0)));
    let equals = line.find("=")?;
    let is_typed = line.is_name(name)
        && line.word(name + 1) == ":"
        && line.is_name(name + 2)
        && equals > name + 2;
    is_typed.then(|| {
        format!(
            "types are not written: `let {} = {};`",
            line.word(name),
            line.between(equals + 1, statement_end(line))
        )
    })
}

fn mutable(line: &Line) -> Option<String> {
    let is_mutable = line.word(0) == "let" && line.word(1) == "mut" && line.is_name(2);
    is_mutable.then(|| {
        format!(
            "every variable can be changed: `let {};`",
            line.between(2, statement_end(line))
        )
    })
}

fn counted_up(line: &Line) -> Option<String> {
    let at = (0..line.tokens.len()).find(|i| ["++", "--"].contains(&line.word(*i)))?;
    let name = if at > 0 && line.is_name(at - 1) {
        line.word(at - 1)
    } else {
        line.word(at + 1)
    };
    let sign = &line.word(at)[..1];
    (!name.is_empty()).then(|| format!("`{name} {sign}= 1`"))
}

fn comparison(line: &Line) -> Option<String> {
    let sign = line.tokens.iter().find_map(|token| match token.text {
        "<>" | "!==" => Some("!="),
        "===" => Some("=="),
        _ => None,
    })?;
    Some(format!(
        "comparisons are `==`, `!=`, `<`, `<=`, `>`, `>=`; write `{sign}`"
    ))
}

/// `switch x { 1: "a" }`, `case 1:`.
fn arm(line: &Line) -> Option<String> {
    let is_case = line.word(0) == "case" && line.tokens.last().is_some_and(|last| last.text == ":");
    let is_arm = line.word(0) == "switch" && line.find(":").is_some() && line.find("=>").is_none();
    (is_case || is_arm)
        .then(|| "cases are written `switch x { 1 => \"one\", _ => \"other\" }`".into())
}

/// Single words that mean something elsewhere.
fn bare_words(line: &Line) -> Option<String> {
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

fn comment(line: &Line) -> Option<String> {
    let at = line.find("#")?;
    Some(format!(
        "comments begin with `//`: `//{}`",
        &line.text[line.tokens[at].end()..]
    ))
}

/// `7 // 2`.
fn floor_division(line: &Line) -> Option<String> {
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
fn tuple(line: &Line) -> Option<String> {
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

/// `return x, y` and `a, b = f()`.
fn several(line: &Line) -> Option<String> {
    let comma = line.find(",")?;
    if line.word(0) == "return"
        && (1..comma).all(|i| !["(", "[", "{", "#{", "|"].contains(&line.word(i)))
    {
        return Some(format!(
            "several values are returned as an array: `return [{}];`",
            line.between(1, statement_end(line))
        ));
    }
    let first = usize::from(line.word(0) == "let");
    let equals = line
        .find("=")
        .filter(|equals| (first..*equals).all(|i| line.is_name(i) || line.word(i) == ","));
    let equals = equals.filter(|equals| *equals > comma)?;
    Some(format!(
        "`let [{}] = {};`",
        line.between(first, equals),
        line.between(equals + 1, statement_end(line))
    ))
}

/// `.5`.
fn point_first(line: &Line) -> Option<String> {
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
