//! Errors of Rhai that passed through a function before they were caught: all that is left of them
//! is their text.

use rhai::{EvalAltResult, Position};

/// The error behind a text, with the file and the place that it names:
/// `Function not found: f (i64) @ 's.rhai' (line 2, position 7)`, and lines of calls after it.
pub(super) fn unwrapped(message: &str) -> (EvalAltResult, Option<String>, Option<Position>) {
    let line = message.lines().next().unwrap_or(message);
    let (line, place) = split_place(line);
    let (text, file) = match line.rsplit_once(" @ '") {
        Some((text, file)) => (text, Some(file.trim_end_matches('\'').to_string())),
        None => (line, None),
    };
    (error_of(text), file, place)
}

/// A line without its last ` (line 2, position 7)`.
fn split_place(line: &str) -> (&str, Option<Position>) {
    let found = line.strip_suffix(')').and_then(|line| {
        let (text, place) = line.rsplit_once(" (line ")?;
        let (row, column) = place.split_once(", position ")?;
        let (row, column) = (row.parse().ok()?, column.parse().ok()?);
        (row > 0).then(|| (text, Position::new(row, column)))
    });
    match found {
        Some((text, place)) => (text, Some(place)),
        None => (line, None),
    }
}

fn error_of(text: &str) -> EvalAltResult {
    use EvalAltResult as E;
    let at = Position::NONE;
    let after = |prefix: &str| text.strip_prefix(prefix).map(str::to_string);
    if let Some(rest) = after("Function not found: ") {
        return E::ErrorFunctionNotFound(rest, at);
    }
    if let Some(rest) = after("Variable not found: ") {
        return E::ErrorVariableNotFound(rest, at);
    }
    if let Some(rest) = after("Property not found: ") {
        return E::ErrorPropertyNotFound(rest, at);
    }
    if let Some(rest) = after("Module not found: ") {
        return E::ErrorModuleNotFound(rest, at);
    }
    if let Some(rest) = after("Data race detected on ") {
        return E::ErrorDataRace(rest, at);
    }
    if let Some(rest) = after("Variable already defined: ") {
        return E::ErrorVariableExists(rest, at);
    }
    if let Some(rest) = after("Cannot modify constant ") {
        return E::ErrorAssignmentToConstant(rest, at);
    }
    if let Some(rest) = after("Indexer unavailable: ") {
        return E::ErrorIndexingType(rest, at);
    }
    if let Some(rest) = after("Invalid index: ") {
        return E::ErrorIndexNotFound(rest.into(), at);
    }
    if let Some(rest) = after("Array index ") {
        let (size, index) = bounds(&rest);
        return E::ErrorArrayBounds(size, index, at);
    }
    if let Some(rest) = after("String index ") {
        let (size, index) = bounds(&rest);
        return E::ErrorStringBounds(size, index, at);
    }
    if let Some(rest) = after("Data type incorrect") {
        let (wanted, got) = types(&rest);
        return E::ErrorMismatchDataType(wanted, got, at);
    }
    if let Some(rest) = after("Output type incorrect") {
        let (wanted, got) = types(&rest);
        return E::ErrorMismatchOutputType(wanted, got, at);
    }
    match text {
        "'this' not bound" => E::ErrorUnboundThis(at),
        "For loop expects iterable type" => E::ErrorFor(at),
        "Stack overflow" => E::ErrorStackOverflow(at),
        _ => E::ErrorArithmetic(text.to_string(), at),
    }
}

/// The size and the index of `5 out of bounds: only 1 element in array`.
fn bounds(text: &str) -> (usize, i64) {
    let numbers = |word: &str| word.parse::<i64>().ok();
    let mut found = text.split_whitespace().filter_map(numbers);
    let index = found.next().unwrap_or(0);
    (found.next().unwrap_or(0).max(0) as usize, index)
}

/// The expected and the actual type of `: string (expecting i64)` or `, expecting i64`.
fn types(text: &str) -> (String, String) {
    if let Some(wanted) = text.strip_prefix(", expecting ") {
        return (wanted.into(), String::new());
    }
    let text = text.trim_start_matches(": ");
    match text
        .strip_suffix(')')
        .and_then(|text| text.split_once(" (expecting "))
    {
        Some((got, wanted)) => (wanted.into(), got.into()),
        None => (String::new(), text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_its_file_and_its_place_are_read_from_the_text() {
        let text = "Function not found: nn::conv1dd (i64) @ 'a b.rhai' (line 3, position 8)\n\
                    in closure call";
        let (error, file, place) = unwrapped(text);
        let EvalAltResult::ErrorFunctionNotFound(name, _) = error else {
            panic!("{error}")
        };
        assert_eq!(name, "nn::conv1dd (i64)");
        assert_eq!(file.as_deref(), Some("a b.rhai"));
        assert_eq!(place, Some(Position::new(3, 8)));
        let (error, file, place) =
            unwrapped("Array index 5 out of bounds: only 1 element in array (line 1, position 2)");
        assert!(matches!(error, EvalAltResult::ErrorArrayBounds(1, 5, _)));
        assert_eq!((file, place), (None, Some(Position::new(1, 2))));
        let (error, ..) = unwrapped("Data type incorrect: string (expecting i64)");
        let EvalAltResult::ErrorMismatchDataType(wanted, got, _) = error else {
            panic!("{error}")
        };
        assert_eq!((wanted.as_str(), got.as_str()), ("i64", "string"));
        let (error, ..) = unwrapped("odd (line of text)");
        assert!(
            matches!(error, EvalAltResult::ErrorArithmetic(text, _) if text == "odd (line of text)")
        );
    }
}
