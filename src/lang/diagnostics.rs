//! Rhai's errors as faults with the right file and line, and faults as text and as JSON.

use super::catalog::Catalog;
use super::native::Native;
use super::session;
use crate::base::{Fault, Frame, Place, near, panic};
use crate::fault;
use rhai::{Dynamic, EvalAltResult, NativeCallContext, ParseErrorType, Position};

/// The fault of a panic inside a native function: torch's own words where it was torch that gave up.
pub fn of_panic(function: &str) -> Fault {
    let said = panic::last();
    if let Some((_, rest)) = said.split_once("Torch(\"") {
        let first = rest.split("\\nException raised from").next().unwrap_or(rest);
        return fault!("torch", "{function}: {first}");
    }
    fault!("internal", "{function}: {said}"; hint: "this is a defect of cistron, not of the script")
}

/// A fault on its way through Rhai, out of a native function.
#[cold]
pub fn raise(fault: Fault, native: &Native, context: &NativeCallContext) -> Box<EvalAltResult> {
    raise_from(fault, &native.qualified(), context)
}

/// A fault on its way through Rhai, out of the function of a name.
#[cold]
pub fn raise_from(mut fault: Fault, function: &str, context: &NativeCallContext) -> Box<EvalAltResult> {
    let position = context.call_position();
    let place = session::place(position);
    match &fault.at {
        None => fault.at = Some(place),
        Some(_) if position.is_none() => {}
        Some(_) => fault.trace.push(Frame { function: function.to_string(), at: place }),
    }
    pass(fault, position)
}

/// A fault as Rhai carries it; an interrupt cannot be caught.
pub fn pass(fault: Fault, position: Position) -> Box<EvalAltResult> {
    if fault.kind == "interrupted" {
        return EvalAltResult::ErrorTerminated(Dynamic::from(fault), position).into();
    }
    EvalAltResult::ErrorRuntime(Dynamic::from(fault), position).into()
}

/// The fault of a Rhai error that came out of `file`.
pub fn fault_of(error: &EvalAltResult, file: &str) -> Fault {
    let mut frames = Vec::new();
    let mut inner = error;
    let mut outer = Position::NONE;
    loop {
        match inner {
            EvalAltResult::ErrorInFunctionCall(name, _, next, position) => {
                if !position.is_none() {
                    let function = if name.starts_with("anon$") { "closure".to_string() } else { name.clone() };
                    frames.push(Frame { function, at: session::place_in(file, *position) });
                    outer = *position;
                }
                inner = next;
            }
            EvalAltResult::ErrorInModule(_, next, position) => {
                outer = *position;
                inner = next;
            }
            _ => break,
        }
    }
    frames.reverse();
    let mut position = inner.position();
    if position.is_none() {
        position = outer;
    }
    let here = session::place_in(file, position);
    let mut fault = match inner {
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => match value.read_lock::<Fault>() {
            Some(fault) => fault.clone(),
            None if matches!(inner, EvalAltResult::ErrorTerminated(..)) => Fault::new("interrupted", "interrupted"),
            None => Fault::new("thrown", super::show::line(value)),
        },
        other => explain(other, &session::catalog(), file),
    };
    if fault.at.is_none() {
        fault.at = Some(here);
    }
    fault.trace.extend(frames);
    fault
}

/// A plain error of Rhai in the house's words.
fn explain(error: &EvalAltResult, catalog: &Catalog, file: &str) -> Fault {
    match error {
        EvalAltResult::ErrorParsing(kind, _) => parse_fault(kind, catalog, file),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => not_found(signature, catalog),
        EvalAltResult::ErrorVariableNotFound(name, _) => undefined(name, catalog, file),
        EvalAltResult::ErrorModuleNotFound(name, _) => {
            let found = near::nearest(name, catalog.namespaces());
            let fault = fault!("name", "no namespace or module is called `{name}`");
            found.map_or(fault.clone(), |near| fault.hint(format!("did you mean `{near}`?")))
        }
        EvalAltResult::ErrorDataRace(name, _) => data_race(name, file),
        EvalAltResult::ErrorPropertyNotFound(name, _) => fault!("name", "the map has no key `{name}`"; hint: "`\"{name}\" in map` tells whether it is there"),
        EvalAltResult::ErrorIndexNotFound(index, _) => fault!("name", "there is no `{index}` in it"),
        EvalAltResult::ErrorArrayBounds(size, index, _) => fault!("value", "index {index} is out of range: the array holds {size}"),
        EvalAltResult::ErrorStringBounds(size, index, _) => fault!("value", "index {index} is out of range: the string holds {size} characters"),
        EvalAltResult::ErrorStackOverflow(_) => fault!("value", "functions call each other too deeply"; hint: "is there a recursion that does not end?"),
        EvalAltResult::ErrorDotExpr(text, _) => property_fault(text, catalog),
        EvalAltResult::ErrorIndexingType(text, _) => fault!("type", "this value cannot be indexed so: {}", text.replace("Indexer", "").trim()),
        EvalAltResult::ErrorMismatchDataType(wanted, got, _) if wanted == "bool" => not_a_condition(&type_word(got)),
        EvalAltResult::ErrorMismatchDataType(wanted, got, _) => fault!("type", "must be {}, got {}", type_word(wanted), type_word(got)),
        EvalAltResult::ErrorMismatchOutputType(wanted, got, _) => fault!("type", "must be {}, got {}", type_word(wanted), type_word(got)),
        EvalAltResult::ErrorUnboundThis(_) => fault!("name", "`this` is not bound here"),
        EvalAltResult::ErrorFor(_) => fault!("type", "`for` needs a range, an array or batches"),
        EvalAltResult::ErrorArithmetic(text, _) => fault!("value", "{}", lower(text)),
        EvalAltResult::ErrorAssignmentToConstant(name, _) => fault!("value", "`{name}` is a constant"),
        other => {
            let mut plain = other.to_string();
            if let Some(cut) = plain.rfind(" (line ") {
                plain.truncate(cut);
            }
            Fault::new("value", lower(&plain))
        }
    }
}

/// A condition of `if`, `while`, `&&` and `||` that is not a boolean.
fn not_a_condition(got: &str) -> Fault {
    let fault = fault!("type", "a condition must be true or false, got {}", super::value::article(got));
    match got {
        "tensor" => fault.hint("reduce it to one boolean: `t.gt(0).all().item()` or `t.gt(0).any().item()`"),
        "number" | "whole number" => fault.hint("compare it: `x != 0`"),
        "nothing" => fault.hint("test whether the value is there: `x != ()`"),
        "string" => fault.hint("test whether there is text: `text != \"\"`"),
        "array" | "map" => fault.hint("test whether it holds anything: `x.len() > 0`"),
        _ => fault,
    }
}

/// A closure that uses the value whose method it is given to. Rhai gives no position: the call is looked up in the text.
fn data_race(name: &str, file: &str) -> Fault {
    let method = name.split('\'').nth(1).unwrap_or(name);
    let mut fault = fault!("value", "the closure given to `{method}` uses the very value that `{method}` is called on";
        hint: "copy what the closure needs first: `let n = x.len(); x.{method}(|v| v + n)`");
    let text = session::source(file).unwrap_or_default();
    let call = format!(".{method}(");
    let found = text.lines().enumerate().find_map(|(i, line)| {
        let column = line.find(&call)?;
        line[column..].contains('|').then(|| (i + 1, line[..column].chars().count() + 2))
    });
    if let Some((line, column)) = found {
        fault.at = Some(Place { file: file.into(), line, column });
    }
    fault
}

fn lower(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

fn parse_fault(kind: &ParseErrorType, catalog: &Catalog, file: &str) -> Fault {
    match kind {
        ParseErrorType::VariableUndefined(name) => undefined(name, catalog, file),
        ParseErrorType::ModuleUndefined(name) => {
            let fault = fault!("name", "no namespace or module is called `{name}`");
            match near::nearest(name, catalog.namespaces()) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint(format!("namespaces: {}", catalog.namespaces().collect::<Vec<_>>().join(", "))),
            }
        }
        ParseErrorType::Reserved(word) => fault!("syntax", "`{word}` is a reserved word"; hint: "choose another name, for example `{word}_`"),
        ParseErrorType::MissingToken(token, text) => fault!("syntax", "`{token}` is missing {text}"),
        ParseErrorType::UnexpectedEOF => fault!("syntax", "the script ends too early"; hint: "is a `}}`, `)` or `]` missing?"),
        ParseErrorType::ExprExpected(what) => fault!("syntax", "expected {what}"),
        other => Fault::new("syntax", lower(&other.to_string())),
    }
}

fn undefined(name: &str, catalog: &Catalog, file: &str) -> Fault {
    let fault = fault!("name", "no variable is called `{name}`");
    let text = session::source(file).unwrap_or_default();
    let known = declared_names(&text);
    if let Some(near) = near::nearest(name, known.iter().map(String::as_str).filter(|known| *known != name)) {
        return fault.hint(format!("did you mean `{near}`?"));
    }
    if known.iter().any(|known| known == name) {
        return fault.hint(format!("functions do not see variables from outside: pass `{name}` as an argument, or make it `const` and write `global::{name}`"));
    }
    if catalog.namespaces().any(|space| space == name) {
        return fault.hint(format!("`{name}` is a namespace: write `{name}::…`"));
    }
    fault
}

/// Names that a script declares with `let`, `const`, `fn`, `for` or as parameters.
fn declared_names(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let mut names: Vec<String> = words.windows(2).filter(|pair| ["let", "const", "for", "as"].contains(&pair[0])).map(|pair| pair[1].to_string()).collect();
    names.sort();
    names.dedup();
    names
}

/// `Tensor`, `i64` … in a script writer's words.
pub fn type_word(name: &str) -> String {
    match name.trim() {
        "i64" | "INT" => "whole number".into(),
        "f64" | "FLOAT" => "number".into(),
        "bool" => "true or false".into(),
        "()" => "nothing".into(),
        "Fn" | "FnPtr" => "function".into(),
        "map" | "array" | "string" | "range" | "blob" => name.trim().into(),
        other if other.contains("ops::range::") => "range".into(),
        other if other.contains("::Instant") => "timestamp".into(),
        other => {
            if let Some(info) = session::types().iter().find(|info| info.path == other || info.name == other) {
                return info.name.to_string();
            }
            let short = other.rsplit("::").next().unwrap_or(other);
            let is_text = ["str", "String"].iter().any(|end| short.ends_with(end));
            if is_text { "string".into() } else { short.to_string() }
        }
    }
}

fn not_found(signature: &str, catalog: &Catalog) -> Fault {
    let (name, types) = signature.split_once(" (").map_or((signature, ""), |(name, types)| (name, types.trim_end_matches(')')));
    let types: Vec<String> = split_types(types).into_iter().map(|t| type_word(&t)).collect();
    if let Some((space, function)) = name.rsplit_once("::") {
        return catalog.missing_function(space, function, types.len());
    }
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return match types.as_slice() {
            [a, b] => fault!("type", "cannot compute {} `{name}` {}", super::value::article(a), super::value::article(b)),
            _ => fault!("type", "cannot apply `{name}` to {}", types.join(", ")),
        };
    }
    catalog.missing_method(name, &types)
}

/// What `catch (e)` gives, as an error: those of the language itself come as maps.
pub fn caught(value: Dynamic) -> Dynamic {
    let Some(map) = value.read_lock::<rhai::Map>().map(|map| map.clone()) else { return value };
    let text = |key: &str| map.get(key).and_then(|v| v.clone().into_string().ok());
    let (Some(name), Some(message)) = (text("error"), text("message")) else { return value };
    let catalog = session::catalog();
    let mut fault = match (name.as_str(), text("function"), text("property")) {
        ("ErrorFunctionNotFound", Some(signature), _) => not_found(&signature, &catalog),
        ("ErrorPropertyNotFound", _, Some(key)) => fault!("name", "the map has no key `{key}`"),
        ("ErrorDotExpr", ..) => property_fault(&message, &catalog),
        ("ErrorMismatchDataType", ..) if text("requested").is_some_and(|wanted| wanted == "bool") => {
            not_a_condition(&type_word(&text("actual").unwrap_or_default()))
        }
        _ => Fault::new("value", lower(message.split(" (line ").next().unwrap_or(&message))),
    };
    let number = |key: &str| map.get(key).and_then(|v| v.as_int().ok()).unwrap_or(0) as usize;
    let file = session::current_file();
    fault.at = Some(session::place_in(&file, Position::new(number("line").clamp(1, 65_535) as u16, number("position").min(65_535) as u16)));
    Dynamic::from(fault)
}

/// Rhai joins alternatives of one parameter by ` | ` and parameters by commas.
fn split_types(types: &str) -> Vec<String> {
    types.split(", ").filter(|t| !t.is_empty()).map(|t| t.trim_start_matches("&mut ").split(" | ").next().unwrap_or(t).to_string()).collect()
}

fn property_fault(text: &str, catalog: &Catalog) -> Fault {
    let quoted: Vec<&str> = text.split('\'').collect();
    match quoted.as_slice() {
        [_, property, _, owner, ..] => catalog.missing_property(property, &type_word(owner)),
        _ => Fault::new("name", lower(text)),
    }
}

/// A fault as people read it: message, excerpt with caret, trace, hint.
pub fn render(fault: &Fault, color: bool) -> String {
    let paint = |code: &str, text: &str| if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() };
    let mut out = format!("{} {}\n", paint("1;31", &format!("error[{}]:", fault.kind)), paint("1", &fault.message));
    if let Some(at) = &fault.at {
        out += &excerpt(at, &paint);
    }
    for frame in fault.trace.iter().filter(|frame| frame.at.line > 0) {
        out += &format!("  {} `{}` was called at {}\n", paint("34", "="), frame.function, frame.at);
    }
    if let Some(hint) = &fault.hint {
        out += &format!("  {} {hint}\n", paint("1;32", "hint:"));
    }
    out
}

fn excerpt(at: &Place, paint: &dyn Fn(&str, &str) -> String) -> String {
    let mut out = format!("  {} {at}\n", paint("34", "-->"));
    let text = session::source(&at.file).unwrap_or_default();
    let Some(line) = at.line.checked_sub(1).and_then(|i| text.lines().nth(i)) else { return out };
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    let line = line.replace('\t', " ");
    out += &format!("{margin} {}\n", paint("34", "|"));
    out += &format!("{} {} {line}\n", paint("34", &number), paint("34", "|"));
    if at.column > 0 {
        out += &format!("{margin} {} {}{}\n", paint("34", "|"), " ".repeat(at.column - 1), paint("1;31", "^"));
    }
    out
}

/// A fault as data.
pub fn json(fault: &Fault) -> serde_json::Value {
    let place = |at: &Place| serde_json::json!({ "file": at.file, "line": at.line, "column": at.column });
    serde_json::json!({
        "kind": fault.kind,
        "message": fault.message,
        "hint": fault.hint,
        "at": fault.at.as_ref().map(place),
        "trace": fault.trace.iter().map(|frame| serde_json::json!({ "function": frame.function, "at": place(&frame.at) })).collect::<Vec<_>>(),
    })
}
