//! Rhai's own errors in the house's words: no name of its types or of its inside reaches a script.

use super::catalog::Catalog;
use super::habits::{self, Stage};
use super::value::article;
use super::{session, show};
use crate::base::{Fault, Place, near};
use crate::fault;
use rhai::{Dynamic, EvalAltResult, LexError, ParseErrorType, Position};

/// The stage that an error belongs to, where its line is to be looked at for habits of other
/// languages.
pub fn stage(error: &EvalAltResult) -> Option<Stage> {
    use EvalAltResult as E;
    use ParseErrorType as P;
    match error {
        E::ErrorParsing(P::VariableUndefined(_) | P::ModuleUndefined(_), _) => Some(Stage::Name),
        E::ErrorParsing(..) => Some(Stage::Syntax),
        E::ErrorFunctionNotFound(..) | E::ErrorFor(_) => Some(Stage::Run),
        _ => None,
    }
}

/// A plain error of Rhai in the house's words.
pub fn explain(error: &EvalAltResult, file: &str) -> Fault {
    use EvalAltResult as E;
    let catalog = &session::catalog();
    match error {
        E::ErrorParsing(kind, _) => parse_fault(kind, catalog, file),
        E::ErrorFunctionNotFound(signature, _) => not_found(signature, catalog, file),
        E::ErrorVariableNotFound(name, _) => undefined(name, catalog, file),
        E::ErrorModuleNotFound(name, _) => no_module(name, catalog),
        E::ErrorDataRace(name, _) => data_race(name, file),
        E::ErrorPropertyNotFound(name, _) => {
            fault!("name", "the map has no key `{name}`"; hint: "`m[\"{name}\"] ?? other` gives `other` then; `\"{name}\" in m` asks whether it is there")
        }
        E::ErrorIndexNotFound(index, _) => {
            fault!("name", "there is no `{}` in it", show::line(index))
        }
        E::ErrorArrayBounds(size, index, _) => out_of_range(*index, "array", *size, "value"),
        E::ErrorStringBounds(size, index, _) => out_of_range(*index, "string", *size, "character"),
        E::ErrorBitFieldBounds(size, index, _) => out_of_range(*index, "integer", *size, "bit"),
        E::ErrorStackOverflow(_) => too_deep(),
        E::ErrorDotExpr(text, _) => property_fault(text, catalog),
        E::ErrorIndexingType(text, _) => indexing(text),
        E::ErrorMismatchDataType(wanted, got, _) | E::ErrorMismatchOutputType(wanted, got, _) => {
            mismatch(wanted, got)
        }
        E::ErrorUnboundThis(_) => {
            fault!("name", "`this` is not bound here"; hint: "`this` is the map whose closure is called: `m.f(1)`")
        }
        E::ErrorFor(_) => fault!(
            "type",
            "`for` needs a range, an array, a string, a map, a tensor or batches"
        ),
        E::ErrorArithmetic(text, _) => arithmetic(text),
        E::ErrorAssignmentToConstant(name, _) => {
            fault!("value", "`{name}` is a constant"; hint: "declare it with `let` where it is to change")
        }
        E::ErrorNonPureMethodCallOnConstant(name, _) => {
            let name = name.trim_start_matches("get$").trim_start_matches("set$");
            fault!("value", "`{name}` would change a constant"; hint: "declare it with `let` where it is to change")
        }
        E::ErrorVariableExists(name, _) => fault!("name", "`{name}` is declared already"),
        E::ErrorForbiddenVariable(name, _) => {
            fault!("name", "`{name}` cannot be the name of a variable")
        }
        E::ErrorTooManyOperations(_) => fault!("limit", "the script takes too many operations"),
        E::ErrorTooManyVariables(_) => {
            fault!("value", "there are too many variables at a time"; hint: "keep values in an array or a map")
        }
        E::ErrorTooManyModules(_) => {
            fault!("value", "files import each other too deeply"; hint: "does a file import itself?")
        }
        E::ErrorDataTooLarge(..) => fault!("value", "the value is too large"),
        E::ErrorSystem(text, error) => Fault::new(
            "file",
            lower(&if text.is_empty() {
                error.to_string()
            } else {
                format!("{text}: {error}")
            }),
        ),
        E::ErrorCustomSyntax(text, ..) => Fault::new("syntax", lower(text)),
        E::LoopBreak(true, ..) => fault!("syntax", "`break` is outside of a loop"),
        E::LoopBreak(false, ..) => fault!("syntax", "`continue` is outside of a loop"),
        _ => fault!("value", "the script ended here"),
    }
}

/// The fault of a recursion without an end.
pub fn too_deep() -> Fault {
    fault!("value", "functions call each other too deeply";
        hint: "does the recursion end? `if n == 0 {{ return 1; }}` ends one; a loop has no such limit")
}

fn out_of_range(index: i64, what: &str, size: usize, part: &str) -> Fault {
    let s = if size == 1 { "" } else { "s" };
    fault!(
        "value",
        "index {index} is out of range: the {what} holds {size} {part}{s}"
    )
}

fn no_module(name: &str, catalog: &Catalog) -> Fault {
    let fault = fault!("name", "no namespace or module is called `{name}`");
    if let Some(here) = habits::variable(name) {
        return fault.hint(here);
    }
    match near::nearest(name, catalog.namespaces()) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault.hint(format!(
            "namespaces: {}",
            catalog.namespaces().collect::<Vec<_>>().join(", ")
        )),
    }
}

fn mismatch(wanted: &str, got: &str) -> Fault {
    let (wanted, got) = (type_word(wanted), type_word(got));
    if wanted == "true or false" {
        return not_a_condition(&got);
    }
    match got.as_str() {
        "" => fault!("type", "must be {}", article(&wanted)),
        _ => fault!(
            "type",
            "must be {}, got {}",
            article(&wanted),
            article(&got)
        ),
    }
}

/// A condition of `if`, `while`, `&&` and `||` that is not a boolean.
fn not_a_condition(got: &str) -> Fault {
    let fault = fault!(
        "type",
        "a condition must be true or false, got {}",
        article(got)
    );
    match got {
        "tensor" => {
            fault.hint("reduce it to one boolean: `t.gt(0).all().item()` or `t.gt(0).any().item()`")
        }
        "number" | "whole number" => fault.hint("compare it: `x != 0`"),
        "nothing" => fault.hint("test whether the value is there: `x != ()`"),
        "string" => fault.hint("test whether there is text: `text != \"\"`"),
        "array" | "map" => fault.hint("test whether it holds anything: `x.len() > 0`"),
        _ => fault,
    }
}

/// `Array [string]`: what was indexed, and by what.
fn indexing(text: &str) -> Fault {
    let text = text.replace("Indexer", "");
    let (owner, index) = text
        .trim()
        .split_once('[')
        .map_or((text.trim(), ""), |(owner, index)| {
            (owner.trim(), index.trim_end_matches([']', ')']))
        });
    let (owner, index) = (
        type_word(owner),
        type_word(index.split(['=', ',']).next().unwrap_or(index)),
    );
    let index = if index.is_empty() || index == "_" {
        "this".to_string()
    } else {
        article(&index)
    };
    let fault = fault!("type", "{} cannot be indexed by {index}", article(&owner));
    match (owner.as_str(), index.as_str()) {
        ("array", "a range") => fault.hint("`a.extract(1..3)` gives a part of an array"),
        ("string", "a range") => fault.hint("`s.sub_string(1..3)` gives a part of a string"),
        ("array" | "string", _) => fault.hint("positions are integers from 0; -1 is the last"),
        ("map", _) => fault.hint("keys are strings: `m[\"key\"]`, of a number `` m[`${n}`] ``"),
        _ => fault,
    }
}

/// What cannot be computed, in one form for all operations.
fn arithmetic(text: &str) -> Fault {
    let plain = lower(text);
    if plain.contains("division by zero")
        || plain.contains("modulo by zero")
        || plain.contains("zero") && plain.contains("divi")
    {
        return fault!("value", "division by zero");
    }
    if plain.contains("overflow") {
        return fault!(
            "value",
            "{}",
            plain.replace("addition", "sum").trim_end_matches(": ")
        )
        .hint("integers have 64 bits; `x.to_float()` gives a float, which reaches further");
    }
    Fault::new("value", plain)
}

/// A closure that uses the value whose method it is given to. Rhai gives no position: the call is
/// looked up in the text.
fn data_race(name: &str, file: &str) -> Fault {
    let method = name.split('\'').nth(1).unwrap_or(name);
    let mut fault = fault!("value", "the closure given to `{method}` uses the very value that `{method}` is called on";
        hint: "copy what the closure needs first: `let n = x.len(); x.{method}(|v| v + n)`");
    let text = session::source(file).unwrap_or_default();
    let call = format!(".{method}(");
    let found = text.lines().enumerate().find_map(|(i, line)| {
        let column = line.find(&call)?;
        line[column..]
            .contains('|')
            .then(|| (i + 1, line[..column].chars().count() + 2))
    });
    if let Some((line, column)) = found {
        fault.at = Some(Place {
            file: file.into(),
            line,
            column,
        });
    }
    fault
}

fn lower(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// An error of the grammar, in the house's words.
fn parse_fault(kind: &ParseErrorType, catalog: &Catalog, file: &str) -> Fault {
    use ParseErrorType as P;
    match kind {
        P::VariableUndefined(name) => undefined(name, catalog, file),
        P::ModuleUndefined(name) => no_module(name, catalog),
        P::Reserved(word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
            fault!("syntax", "`{word}` is a reserved word"; hint: "choose another name, for example `{word}_`")
        }
        P::Reserved(sign) | P::UnknownOperator(sign) => {
            fault!("syntax", "`{sign}` means nothing here")
        }
        P::MissingToken(token, text) => missing_token(token, text),
        P::MissingSymbol(text) => Fault::new("syntax", symbol(text)),
        P::UnexpectedEOF => {
            fault!("syntax", "the script ends too early"; hint: "is a `}}`, `)` or `]` missing?")
        }
        P::ExprExpected(what) => fault!("syntax", "expected {}", expression(what)),
        P::BadInput(error) => lexical(error),
        P::MalformedIndexExpr(text) => fault!("syntax", "the index is wrong{}", detail(text))
            .hint("`a[0]`; axes of a tensor are a list: `x[[0, 1..3]]`"),
        P::MalformedCapture(text) => fault!("syntax", "the call is wrong{}", detail(text)),
        P::DuplicatedProperty(name) => fault!("syntax", "the map has the key `{name}` twice"),
        P::DuplicatedVariable(name) => fault!("syntax", "the name `{name}` is there twice"),
        P::WrongSwitchIntegerCase => fault!(
            "syntax",
            "a number must come before the ranges of a `switch`"
        ),
        P::WrongSwitchDefaultCase => fault!("syntax", "`_` must be the last case of a `switch`"),
        P::WrongSwitchCaseCondition => fault!("syntax", "`_` of a `switch` takes no condition"),
        P::PropertyExpected => fault!("syntax", "expected the name of a property or a method"),
        P::VariableExpected => fault!("syntax", "expected the name of a variable"),
        P::ForbiddenVariable(name) => fault!("syntax", "`{name}` cannot be the name of a variable"),
        P::MismatchedType(wanted, got) => fault!(
            "syntax",
            "expected {}, got {}",
            article(&type_word(wanted)),
            article(&type_word(got))
        ),
        P::WrongDocComment => {
            fault!("syntax", "`///` documents a function, and stands right above one"; hint: "other comments begin with `//`")
        }
        P::WrongFnDefinition => {
            fault!("syntax", "a function cannot be defined inside a block or a function"; hint: "write it at the top level, or as a closure: `let f = |x| x + 1;`")
        }
        P::FnDuplicatedDefinition(name, n) => {
            fault!(
                "syntax",
                "the function `{name}` with {n} parameter{} is there already",
                if *n == 1 { "" } else { "s" }
            )
        }
        P::FnMissingName => {
            fault!("syntax", "the function has no name"; hint: "`fn f(x) {{ x + 1 }}`, or as a closure `|x| x + 1`")
        }
        P::FnMissingParams(name) => {
            fault!("syntax", "the function `{name}` has no list of parameters"; hint: "`fn {name}() {{ … }}`")
        }
        P::FnDuplicatedParam(name, param) => fault!(
            "syntax",
            "the parameter `{param}` of `{name}` is there twice"
        ),
        P::FnMissingBody(name) if name.is_empty() => fault!("syntax", "the closure has no body"),
        P::FnMissingBody(name) => {
            fault!("syntax", "the function `{name}` has no body"; hint: "`fn {name}(…) {{ … }}`")
        }
        P::WrongExport => fault!("syntax", "`export` is only possible at the top level"),
        P::AssignmentToConstant(name) => {
            fault!("syntax", "`{name}` is a constant"; hint: "declare it with `let` where it is to change")
        }
        P::AssignmentToInvalidLHS(_) => {
            fault!("syntax", "only variables, properties and elements can be assigned to"; hint: "a comparison is `==`")
        }
        P::VariableExists(name) => fault!("syntax", "`{name}` is declared already"),
        P::ExprTooDeep => {
            fault!("syntax", "the expression is nested too deeply"; hint: "give parts of it a name with `let`")
        }
        P::TooManyFunctions => fault!("syntax", "the script defines too many functions"),
        P::LiteralTooLarge(_, most) => fault!("syntax", "the literal is longer than {most}"),
        P::LoopBreak => fault!(
            "syntax",
            "`break` and `continue` are only possible in a loop"
        ),
        _ => fault!("syntax", "this cannot be read"),
    }
}

/// `: …` where there is more to say.
fn detail(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {}", lower(text))
    }
}

fn missing_token(token: &str, text: &str) -> Fault {
    let text = text
        .replace("this ", "the ")
        .replace("Fn", "function")
        .replace("an object map", "a map")
        .replace("object map", "map");
    let fault = fault!("syntax", "`{token}` is missing {text}");
    match token {
        ";" => fault!("syntax", "`;` is missing after the statement"),
        "{" => fault.hint("blocks are in braces: `if x > 0 { … }`"),
        _ => fault,
    }
}

/// Rhai's sentences about symbols.
fn symbol(text: &str) -> String {
    let text = lower(text);
    if text.is_empty() {
        "a sign is missing".into()
    } else {
        text.replace('\'', "`")
    }
}

fn expression(what: &str) -> String {
    match what {
        "" => "an expression".into(),
        "an iterable type" => "something to loop over".into(),
        other => article(&other.replace("boolean", "true or false")).replace("a a ", "a "),
    }
}

/// Letters that make no word.
fn lexical(error: &LexError) -> Fault {
    match error {
        LexError::UnexpectedInput(text) => fault!("syntax", "`{}` means nothing here", shown(text)),
        LexError::UnterminatedString => {
            fault!("syntax", "the string is not closed"; hint: "strings over several lines are in back quotes, `` ` ``")
        }
        LexError::MalformedEscapeSequence(text) => {
            fault!("syntax", "`{}` is no escape", shown(text)).hint(
                "in back quotes, `` ` ``, a backslash is a letter; in double quotes it is `\\\\`",
            )
        }
        LexError::MalformedNumber(text) => fault!("syntax", "`{}` is no number", shown(text))
            .hint("numbers are `3`, `0.5`, `1e-3`, `1_000`, `0xff`"),
        LexError::MalformedChar(text) => fault!("syntax", "`'{}'` is not one letter", shown(text))
            .hint("strings are in double quotes: `\"ACGT\"`"),
        LexError::MalformedIdentifier(text) => {
            fault!("syntax", "`{}` cannot be a name", shown(text))
        }
        LexError::ImproperSymbol(sign, text) if text.is_empty() => {
            fault!("syntax", "`{}` means nothing here", shown(sign))
        }
        LexError::ImproperSymbol(sign, text) => improper(sign, text),
        LexError::StringTooLong(most) => fault!("syntax", "the string is longer than {most}"),
        _ => fault!("syntax", "this cannot be read"),
    }
}

fn shown(text: &str) -> String {
    text.escape_debug().take(40).collect()
}

fn improper(sign: &str, text: &str) -> Fault {
    // such as "'===' is not a valid operator. This is not JavaScript! Should it be '=='?"
    let instead = text
        .split_once("Should it be '")
        .and_then(|(_, rest)| rest.split('\'').next());
    let fault = fault!("syntax", "`{sign}` means nothing here");
    match instead {
        Some(instead) => fault.hint(format!("did you mean `{instead}`?")),
        None => fault,
    }
}

fn undefined(name: &str, catalog: &Catalog, file: &str) -> Fault {
    let fault = fault!("name", "no variable is called `{name}`");
    let text = session::source(file).unwrap_or_default();
    let known = declared_names(&text);
    if let Some(near) = near::nearest(
        name,
        known
            .iter()
            .map(String::as_str)
            .filter(|known| *known != name),
    ) {
        return fault.hint(format!("did you mean `{near}`?"));
    }
    if known.iter().any(|known| known == name) {
        return fault.hint(format!("functions do not see variables from outside: pass `{name}` as an argument, or make it `const` and write `global::{name}`"));
    }
    if catalog.namespaces().any(|space| space == name) {
        return fault.hint(format!("`{name}` is a namespace: write `{name}::…`"));
    }
    match habits::variable(name) {
        Some(here) => fault.hint(here),
        None => fault,
    }
}

/// Names that a script declares with `let`, `const`, `fn`, `for` or as parameters.
fn declared_names(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut names: Vec<String> = words
        .windows(2)
        .filter(|pair| ["let", "const", "for", "as"].contains(&pair[0]))
        .map(|pair| pair[1].to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// `Tensor`, `i64` … in a script writer's words.
pub fn type_word(name: &str) -> String {
    let name = name.trim();
    match name {
        "i64" | "INT" | "i32" | "u8" | "usize" => "whole number".into(),
        "f64" | "FLOAT" | "f32" => "number".into(),
        "bool" => "true or false".into(),
        "()" => "nothing".into(),
        "char" => "letter".into(),
        "Fn" | "FnPtr" => "function".into(),
        "map" | "array" | "string" | "range" | "blob" | "" | "_" => name.into(),
        other if other.contains("Range") => "range".into(),
        other if other.contains("BTreeMap") || other.contains("Map<") => "map".into(),
        other if other.contains("Vec<u8>") => "blob".into(),
        other if other.contains("Vec<") || other == "Array" => "array".into(),
        other if other.contains("FnPtr") => "function".into(),
        other if other.contains("Instant") => "timestamp".into(),
        other if other.contains("Dynamic") => "value".into(),
        other if is_text(other) => "string".into(),
        other => {
            let short = other
                .split('<')
                .next()
                .unwrap_or(other)
                .rsplit("::")
                .next()
                .unwrap_or(other);
            let types = session::types();
            let known = types.iter().find(|info| {
                info.path == other
                    || info.name == other
                    || info.path.ends_with(&format!("::{short}"))
            });
            known.map_or_else(|| short.to_lowercase(), |info| info.name.to_string())
        }
    }
}

/// Whether a Rust type is text; the path of every type of this crate holds "str" as well.
fn is_text(path: &str) -> bool {
    let short = path
        .rsplit("::")
        .next()
        .unwrap_or(path)
        .trim_start_matches('&');
    ["str", "String"].iter().any(|end| short.ends_with(end))
}

fn not_found(signature: &str, catalog: &Catalog, file: &str) -> Fault {
    let (name, types) = signature
        .split_once(" (")
        .map_or((signature, ""), |(name, types)| {
            (name, types.trim_end_matches(')'))
        });
    let types: Vec<String> = split_types(types)
        .into_iter()
        .map(|t| type_word(&t))
        .collect();
    if let Some((space, function)) = name.rsplit_once("::") {
        return catalog.missing_function(space, function, types.len());
    }
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if let Some(property) = name.strip_prefix("get$").or(name.strip_prefix("set$")) {
        return catalog.missing_property(property, types.first().map_or("value", String::as_str));
    }
    if name.starts_with("index$") {
        return indexing(&format!(
            "{} [{}]",
            types.first().map_or("", String::as_str),
            types.get(1).map_or("", String::as_str)
        ));
    }
    if !is_word {
        return match types.as_slice() {
            [a, b] => fault!(
                "type",
                "cannot compute {} `{name}` {}",
                article(a),
                article(b)
            ),
            _ => fault!(
                "type",
                "cannot apply `{name}` to {}",
                types
                    .iter()
                    .map(|t| article(t))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
    }
    let fault = catalog.missing_method(name, &types);
    let is_known = catalog.entries.iter().any(|entry| entry.name == name);
    let text = session::source(file).unwrap_or_default();
    if !is_known && declared_names(&text).iter().any(|known| known == name) {
        return fault!("name", "`{name}` is a variable, not a function")
            .hint(format!("a closure is called with `{name}.call(x)`; a network with `{name}.forward(x)` or `x |> {name}`"));
    }
    fault
}

/// Rhai joins alternatives of one parameter by ` | ` and parameters by commas, and generic types
/// hold commas of their own.
fn split_types(types: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0i32);
    for c in types.chars() {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let plain = |part: String| {
        part.trim()
            .trim_start_matches("&mut ")
            .split(" | ")
            .next()
            .unwrap_or_default()
            .to_string()
    };
    parts
        .into_iter()
        .map(plain)
        .filter(|part| !part.is_empty())
        .collect()
}

fn property_fault(text: &str, catalog: &Catalog) -> Fault {
    let quoted: Vec<&str> = text.split('\'').collect();
    match quoted.as_slice() {
        [_, property, _, owner, ..] => catalog.missing_property(property, &type_word(owner)),
        [_, property, ..] => fault!("name", "there is no property `{property}` here"),
        _ => fault!("name", "there is no such property"),
    }
}

/// What `catch (e)` gives, as an error: those of the language itself come as maps.
pub fn caught(value: Dynamic) -> Dynamic {
    let Some(map) = value.read_lock::<rhai::Map>().map(|map| map.clone()) else {
        return value;
    };
    let text = |key: &str| map.get(key).and_then(|v| v.clone().into_string().ok());
    let (Some(name), Some(message)) = (text("error"), text("message")) else {
        return value;
    };
    let number = |key: &str| map.get(key).and_then(|v| v.as_int().ok()).unwrap_or(0);
    let place = Position::new(
        number("line").clamp(1, 65_535) as u16,
        number("position").clamp(0, 65_535) as u16,
    );
    let file = session::current_file();
    let error = rebuilt(&name, &message, &text, &number, map.get("index"));
    let mut fault = explain(&error, &file);
    fault.at = fault
        .at
        .clone()
        .or_else(|| Some(session::place_in(&file, place)));
    if let Some(stage) = stage(&error) {
        fault = habits::explained(fault, stage);
    }
    Dynamic::from(fault)
}

/// The error that a map of its fields came from.
fn rebuilt(
    name: &str,
    message: &str,
    text: &dyn Fn(&str) -> Option<String>,
    number: &dyn Fn(&str) -> i64,
    index: Option<&Dynamic>,
) -> EvalAltResult {
    use EvalAltResult as E;
    let at = Position::NONE;
    let field = |key: &str| text(key).unwrap_or_default();
    let plain = message.split(" (line ").next().unwrap_or(message);
    match name {
        "ErrorFunctionNotFound" => E::ErrorFunctionNotFound(field("function"), at),
        "ErrorNonPureMethodCallOnConstant" => {
            E::ErrorNonPureMethodCallOnConstant(field("function"), at)
        }
        "ErrorMismatchDataType" => {
            E::ErrorMismatchDataType(field("requested"), field("actual"), at)
        }
        "ErrorMismatchOutputType" => {
            E::ErrorMismatchOutputType(field("requested"), field("actual"), at)
        }
        "ErrorArrayBounds" => {
            E::ErrorArrayBounds(number("length").max(0) as usize, number("index"), at)
        }
        "ErrorStringBounds" => {
            E::ErrorStringBounds(number("length").max(0) as usize, number("index"), at)
        }
        "ErrorBitFieldBounds" => {
            E::ErrorBitFieldBounds(number("length").max(0) as usize, number("index"), at)
        }
        "ErrorVariableNotFound" => E::ErrorVariableNotFound(field("variable"), at),
        "ErrorPropertyNotFound" => E::ErrorPropertyNotFound(field("variable"), at),
        "ErrorDataRace" => E::ErrorDataRace(field("variable"), at),
        "ErrorVariableExists" => E::ErrorVariableExists(field("variable"), at),
        "ErrorForbiddenVariable" => E::ErrorForbiddenVariable(field("variable"), at),
        "ErrorAssignmentToConstant" => E::ErrorAssignmentToConstant(field("variable"), at),
        "ErrorIndexNotFound" => E::ErrorIndexNotFound(index.cloned().unwrap_or_default(), at),
        "ErrorModuleNotFound" => E::ErrorModuleNotFound(field("module"), at),
        "ErrorDotExpr" => E::ErrorDotExpr(field("property"), at),
        "ErrorIndexingType" => E::ErrorIndexingType(field("type"), at),
        "ErrorDataTooLarge" => E::ErrorDataTooLarge(field("type"), at),
        "ErrorUnboundThis" => E::ErrorUnboundThis(at),
        "ErrorFor" => E::ErrorFor(at),
        "ErrorStackOverflow" => E::ErrorStackOverflow(at),
        "ErrorTooManyVariables" => E::ErrorTooManyVariables(at),
        "ErrorTooManyModules" => E::ErrorTooManyModules(at),
        _ => E::ErrorArithmetic(plain.to_string(), at),
    }
}
