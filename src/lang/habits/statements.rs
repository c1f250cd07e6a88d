//! Statements and definitions of other languages.

use super::spans::{STATEMENTS, range_of, rewritten, statement_end};
use super::tokens::{Kind, Line};

/// `x = 3`, `var x = 3`, `x := 3`.
pub(super) fn assignment(line: &Line, column: usize, is_syntax: bool) -> Option<String> {
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

pub(super) fn definition(line: &Line) -> Option<String> {
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

pub(super) fn class(line: &Line) -> Option<String> {
    let is_class = ["class", "struct", "interface", "trait", "impl"].contains(&line.word(0))
        && line.is_name(1);
    is_class.then(|| {
        "there are no classes: networks are values such as `nn::chain([…])`, records are maps `#{ \
        a: 1 }`, and the rest functions `fn f(x) { … }`"
            .into()
    })
}

pub(super) fn importing(line: &Line) -> Option<String> {
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
        return Some(
            "nothing is imported for that: functions are in namespaces such as \
            `tensor::`, `nn::`, `metric::`, `stats::`; `help()` lists them"
                .into(),
        );
    }
    Some(format!(
        "a file is imported by its name in quotes: `import \"{module}\" as {module};`"
    ))
}

pub(super) fn assertion(line: &Line) -> Option<String> {
    let is_bare = line.word(0) == "assert" && line.tokens.len() > 1 && line.word(1) != "(";
    is_bare.then(|| {
        format!(
            "`assert` is a function: `assert({})`",
            line.between(1, statement_end(line))
        )
    })
}

pub(super) fn raising(line: &Line) -> Option<String> {
    if line.word(0) != "raise" {
        return None;
    }
    let message = line
        .tokens
        .iter()
        .find(|token| matches!(token.kind, Kind::Text(_)))
        .map_or("\"…\"", |token| token.text);
    Some(format!("errors are thrown: `throw {message};`"))
}

pub(super) fn printing(line: &Line) -> Option<String> {
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

/// `for i in range(10):`, `for i in 10`, `for (int i = 0; …)`.
pub(super) fn foreign_loop(line: &Line) -> Option<String> {
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
        let reversed: Vec<&str> = names.split(',').map(str::trim).rev().collect();
        return Some(format!(
            "the counter comes second: `for ({}) in {inner} {{ … }}`",
            reversed.join(", ")
        ));
    }
    if line.kind(within + 1) == Some(Kind::Number) && end == within + 2 {
        return Some(format!("`for {names} in 0..{over} {{ … }}`"));
    }
    let is_pair = line.word(2) == ",";
    if is_pair {
        return Some(
            format!(
                "`for (x, i) in {over} {{ … }}` counts along; of pairs: `for pair in {over} \
                {{ let (a, b) = (pair[0], pair[1]); … }}`"
            )
            .replace(
                "let (a, b) = (pair[0], pair[1]);",
                "let a = pair[0]; let b = pair[1];",
            ),
        );
    }
    let is_headed = line.tokens.last().is_some_and(|last| last.text == ":");
    is_headed.then(|| format!("blocks are in braces: `for {names} in {over} {{ … }}`"))
}

/// `if x:`, `elif x:`, `else:`, `try:`, `while x:`, `except E as e:`, `with x:`.
pub(super) fn headed(line: &Line) -> Option<String> {
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

/// `x: int = 3`, `let x: f64 = 3`.
pub(super) fn written_type(line: &Line) -> Option<String> {
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

pub(super) fn mutable(line: &Line) -> Option<String> {
    let is_mutable = line.word(0) == "let" && line.word(1) == "mut" && line.is_name(2);
    is_mutable.then(|| {
        format!(
            "every variable can be changed: `let {};`",
            line.between(2, statement_end(line))
        )
    })
}

/// `switch x { 1: "a" }`, `case 1:`.
pub(super) fn arm(line: &Line) -> Option<String> {
    let is_case = line.word(0) == "case" && line.tokens.last().is_some_and(|last| last.text == ":");
    let is_arm = line.word(0) == "switch" && line.find(":").is_some() && line.find("=>").is_none();
    (is_case || is_arm)
        .then(|| "cases are written `switch x { 1 => \"one\", _ => \"other\" }`".into())
}

/// `return x, y` and `a, b = f()`.
pub(super) fn several(line: &Line) -> Option<String> {
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
