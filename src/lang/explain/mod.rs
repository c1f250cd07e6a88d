//! Errors of Rhai as faults, without the names of its types and functions.

mod names;
mod syntax;
mod values;
mod wrapped;

pub use values::too_deep;

use crate::habits::{self, Stage};
use crate::{catalog, session, show};
use cistron_base::{Fault, fault};
use names::{no_module, not_found, property_fault, undefined};
use rhai::{Dynamic, EvalAltResult, ParseErrorType, Position};
use syntax::parse_fault;
use values::{arithmetic, data_race, indexing, lower, mismatch, out_of_range};

/// The stage of an error whose line is searched for habits of other languages.
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

/// An error of Rhai as a fault.
pub fn explain(error: &EvalAltResult, file: &str) -> Fault {
    use EvalAltResult as E;
    let catalog = &catalog::current();
    match error {
        E::ErrorParsing(kind, _) => parse_fault(kind, catalog, file),
        E::ErrorFunctionNotFound(signature, _) => not_found(signature, catalog, file),
        E::ErrorVariableNotFound(name, _) => undefined(name, catalog, file),
        E::ErrorModuleNotFound(name, _) => no_module(name, catalog),
        E::ErrorDataRace(name, _) => data_race(name, file),
        E::ErrorPropertyNotFound(name, _) => {
            fault!(
                "name",
                "the map has no key `{name}`";
                hint: "`m[\"{name}\"] ?? other` returns `other` then; `\"{name}\" in m` tests \
                    whether it exists"
            )
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
            fault!(
                "name",
                "`this` is not bound here";
                hint: "`this` is the map whose closure is called: `m.f(1)`"
            )
        }
        E::ErrorFor(_) => fault!(
            "type",
            "`for` needs a range, an array, a string, a map, a tensor or batches"
        ),
        E::ErrorArithmetic(text, _) => arithmetic(text),
        E::ErrorAssignmentToConstant(name, _) => {
            fault!(
                "value",
                "`{name}` is a constant";
                hint: "declare it with `let` where it is to change"
            )
        }
        E::ErrorNonPureMethodCallOnConstant(name, _) => {
            let name = name.trim_start_matches("get$").trim_start_matches("set$");
            fault!(
                "value",
                "`{name}` would change a constant";
                hint: "declare it with `let` where it is to change"
            )
        }
        E::ErrorVariableExists(name, _) => fault!("name", "`{name}` is declared already"),
        E::ErrorForbiddenVariable(name, _) => {
            fault!("name", "`{name}` cannot be the name of a variable")
        }
        E::ErrorTooManyOperations(_) => fault!("limit", "the script takes too many operations"),
        E::ErrorTooManyVariables(_) => {
            fault!(
                "value",
                "there are too many variables at a time";
                hint: "keep values in an array or a map"
            )
        }
        E::ErrorTooManyModules(_) => {
            fault!(
                "value",
                "files import each other too deeply";
                hint: "does a file import itself?"
            )
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

/// The value that `catch (e)` binds, as a fault: Rhai passes its own errors as maps.
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
    let mut file = session::current_file();
    let mut place = place;
    let error = match name.as_str() {
        "ErrorInFunctionCall" | "ErrorInModule" => {
            let (error, of, at) = wrapped::unwrapped(&message);
            file = of.unwrap_or(file);
            place = at.unwrap_or(place);
            error
        }
        _ => rebuilt(&name, &message, &text, &number, map.get("index")),
    };
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

/// The error of Rhai that a map of its fields describes.
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
