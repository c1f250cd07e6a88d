//! Errors of the grammar.

use super::names::{no_module, undefined};
use super::values::lower;
use crate::catalog::Catalog;
use crate::value::{article, type_word};
use cistron_base::{Fault, fault};
use rhai::{LexError, ParseErrorType};

/// An error of the grammar as a fault.
pub(super) fn parse_fault(kind: &ParseErrorType, catalog: &Catalog, file: &str) -> Fault {
    use ParseErrorType as P;
    match kind {
        P::VariableUndefined(name) => undefined(name, catalog, file),
        P::ModuleUndefined(name) => no_module(name, catalog),
        P::Reserved(word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
            fault!(
                "syntax",
                "`{word}` is a reserved word";
                hint: "choose another name, for example `{word}_`"
            )
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
            fault!(
                "syntax",
                "`///` documents a function, and stands right above one";
                hint: "other comments begin with `//`"
            )
        }
        P::WrongFnDefinition => {
            fault!(
                "syntax",
                "a function cannot be defined inside a block or a function";
                hint: "write it at the top level, or as a closure: `let f = |x| x + 1;`"
            )
        }
        P::FnDuplicatedDefinition(name, n) => {
            fault!(
                "syntax",
                "the function `{name}` with {n} parameter{} is there already",
                if *n == 1 { "" } else { "s" }
            )
        }
        P::FnMissingName => {
            fault!(
                "syntax",
                "the function has no name";
                hint: "`fn f(x) {{ x + 1 }}`, or as a closure `|x| x + 1`"
            )
        }
        P::FnMissingParams(name) => {
            fault!(
                "syntax",
                "the function `{name}` has no list of parameters";
                hint: "`fn {name}() {{ … }}`"
            )
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
            fault!(
                "syntax",
                "`{name}` is a constant";
                hint: "declare it with `let` where it is to change"
            )
        }
        P::AssignmentToInvalidLHS(_) => {
            fault!(
                "syntax",
                "only variables, properties and elements can be assigned to";
                hint: "a comparison is `==`"
            )
        }
        P::VariableExists(name) => fault!("syntax", "`{name}` is declared already"),
        P::ExprTooDeep => {
            fault!(
                "syntax",
                "the expression is nested too deeply";
                hint: "give parts of it a name with `let`"
            )
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

/// `: …` where there is a detail.
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

/// A message of Rhai about symbols.
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
        other => article(other),
    }
}

/// Errors of the lexer.
fn lexical(error: &LexError) -> Fault {
    match error {
        LexError::UnexpectedInput(text) => {
            fault!("syntax", "`{}` means nothing here", escaped(text))
        }
        LexError::UnterminatedString => {
            fault!(
                "syntax",
                "the string is not closed";
                hint: "strings over several lines are in back quotes, `` ` ``"
            )
        }
        LexError::MalformedEscapeSequence(text) => {
            fault!("syntax", "`{}` is no escape", escaped(text)).hint(
                "in back quotes, `` ` ``, a backslash is a letter; in double quotes it is `\\\\`",
            )
        }
        LexError::MalformedNumber(text) => fault!("syntax", "`{}` is no number", escaped(text))
            .hint("numbers are `3`, `0.5`, `1e-3`, `1_000`, `0xff`"),
        LexError::MalformedChar(text) => {
            fault!("syntax", "`'{}'` is not one letter", escaped(text))
                .hint("strings are in double quotes: `\"ACGT\"`")
        }
        LexError::MalformedIdentifier(text) => {
            fault!("syntax", "`{}` cannot be a name", escaped(text))
        }
        LexError::ImproperSymbol(sign, text) if text.is_empty() => {
            fault!("syntax", "`{}` means nothing here", escaped(sign))
        }
        LexError::ImproperSymbol(sign, text) => improper(sign, text),
        LexError::StringTooLong(most) => fault!("syntax", "the string is longer than {most}"),
        _ => fault!("syntax", "this cannot be read"),
    }
}

fn escaped(text: &str) -> String {
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
