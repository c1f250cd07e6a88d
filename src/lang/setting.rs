//! Values of `--set`, read as the type of a parameter's default.

use super::show;
use super::value::{article, describe};
use cistron_base::{Result, bail, fault};
use rhai::{Array, Dynamic, Map};
use std::collections::BTreeMap;

/// Letters of a value that an error message shows.
const SHOWN: usize = 60;

/// What a default states about the values that replace it.
#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    /// Any value: the default is unit, or there is no element to learn from.
    Open,
    /// Any value: the elements are of several types.
    Mixed,
    Integer,
    /// Integers are converted.
    Float,
    /// Integers and floats, each as given.
    Number,
    Boolean,
    Text,
    Array(Box<Pattern>),
    /// Patterns of the known keys, and what they have in common.
    Map(BTreeMap<String, Pattern>, Box<Pattern>),
}

impl Pattern {
    /// The pattern of a default; none where it contains a value that text cannot state.
    fn of(value: &Dynamic) -> Option<Pattern> {
        let value = value.flatten_clone();
        if let Some(items) = value.read_lock::<Array>() {
            return Some(Pattern::Array(Box::new(Pattern::common(items.iter())?)));
        }
        if let Some(items) = value.read_lock::<Map>() {
            let each = items
                .iter()
                .map(|(key, item)| Some((key.to_string(), Pattern::of(item)?)))
                .collect::<Option<_>>()?;
            return Some(Pattern::Map(
                each,
                Box::new(Pattern::common(items.values())?),
            ));
        }
        match value {
            v if v.is_unit() => Some(Pattern::Open),
            v if v.is_int() => Some(Pattern::Integer),
            v if v.is_float() => Some(Pattern::Float),
            v if v.is_bool() => Some(Pattern::Boolean),
            v if v.is_string() => Some(Pattern::Text),
            _ => None,
        }
    }

    fn common<'a>(items: impl Iterator<Item = &'a Dynamic>) -> Option<Pattern> {
        let mut all = Pattern::Open;
        for item in items {
            all = all.joined(Pattern::of(item)?);
        }
        Some(all)
    }

    /// The pattern of values that fit either.
    fn joined(self, other: Pattern) -> Pattern {
        use Pattern as P;
        match (self, other) {
            (P::Open, p) | (p, P::Open) => p,
            (a, b) if a == b => a,
            (P::Integer | P::Float | P::Number, P::Integer | P::Float | P::Number) => P::Number,
            (P::Array(a), P::Array(b)) => P::Array(Box::new(a.joined(*b))),
            (P::Map(mut known, a), P::Map(more, b)) => {
                for (key, pattern) in more {
                    let joined = match known.remove(&key) {
                        Some(before) => before.joined(pattern),
                        None => pattern,
                    };
                    known.insert(key, joined);
                }
                P::Map(known, Box::new(a.joined(*b)))
            }
            _ => P::Mixed,
        }
    }

    /// The type in words.
    fn name(&self) -> &'static str {
        match self {
            Pattern::Open | Pattern::Mixed => "value",
            Pattern::Integer => "integer",
            Pattern::Float | Pattern::Number => "number",
            Pattern::Boolean => "boolean",
            Pattern::Text => "string",
            Pattern::Array(_) => "array",
            Pattern::Map(..) => "map",
        }
    }

    /// Reads a word as a scalar.
    fn scalar(&self, word: &str) -> Option<Dynamic> {
        let digits = || word.replace('_', "");
        match self {
            Pattern::Integer => digits().parse::<i64>().ok().map(Dynamic::from),
            Pattern::Float => digits().parse::<f64>().ok().map(Dynamic::from),
            Pattern::Number => Pattern::Integer
                .scalar(word)
                .or_else(|| Pattern::Float.scalar(word)),
            Pattern::Boolean => word.parse::<bool>().ok().map(Dynamic::from),
            Pattern::Text => Some(word.to_string().into()),
            _ => None,
        }
    }

    /// A value of JSON as this pattern has it; fails with the path of what does not fit.
    fn fitted(&self, value: Dynamic, path: &str) -> Result<Dynamic> {
        let mismatch = |value: &Dynamic| {
            fault!(
                "option",
                "`{path}` must be {}, got {}",
                article(self.name()),
                describe(value)
            )
        };
        match self {
            Pattern::Open | Pattern::Mixed => Ok(value),
            Pattern::Float => match value.as_int() {
                Ok(n) => Ok((n as f64).into()),
                Err(_) if value.is_float() => Ok(value),
                Err(_) => Err(mismatch(&value)),
            },
            Pattern::Array(each) => {
                let items = value.clone().into_array().map_err(|_| mismatch(&value))?;
                let fitted = items
                    .into_iter()
                    .enumerate()
                    .map(|(i, item)| each.fitted(item, &format!("{path}[{i}]")));
                Ok(fitted.collect::<Result<Array>>()?.into())
            }
            Pattern::Map(known, each) => {
                let items = value
                    .clone()
                    .try_cast::<Map>()
                    .ok_or_else(|| mismatch(&value))?;
                let fitted = items.into_iter().map(|(key, item)| {
                    let pattern = known.get(key.as_str()).unwrap_or(each);
                    let item = pattern.fitted(item, &format!("{path}.{key}"))?;
                    Ok((key, item))
                });
                Ok(fitted.collect::<Result<Map>>()?.into())
            }
            _ => {
                let fits = match self {
                    Pattern::Integer => value.is_int(),
                    Pattern::Number => value.is_int() || value.is_float(),
                    Pattern::Boolean => value.is_bool(),
                    _ => value.is_string(),
                };
                if fits {
                    Ok(value)
                } else {
                    Err(mismatch(&value))
                }
            }
        }
    }
}

/// Reads the text of `--set name=text` as a value of the default's type.
///
/// Scalars are written as they are. Arrays are JSON, or words divided by commas where the elements
/// of the default are scalars of one type; maps are JSON. Words separated by blanks are deprecated.
pub fn read(name: &str, text: &str, default: &Dynamic) -> Result<Dynamic> {
    value(name, text, default).map_err(|mut fault| {
        fault.message = format!("--set {name}={}: {}", shortened(text), fault.message);
        if fault.hint.is_none() {
            fault = fault.hint(format!("its default is {}", show::quoted(default)));
        }
        fault
    })
}

fn value(name: &str, text: &str, default: &Dynamic) -> Result<Dynamic> {
    let Some(pattern) = Pattern::of(default) else {
        bail!("option", "`{name}` cannot be set: its default is {}", describe(default);
            hint: "`--set` states numbers, booleans, strings, and arrays and maps of them")
    };
    match &pattern {
        Pattern::Open | Pattern::Mixed | Pattern::Map(..) => {
            pattern.fitted(json(name, text, &pattern)?, name)
        }
        Pattern::Array(_) if text.trim_start().starts_with('[') => {
            pattern.fitted(json(name, text, &pattern)?, name)
        }
        Pattern::Array(each) => words(name, text, each),
        _ => pattern.scalar(text).ok_or_else(|| {
            fault!(
                "option",
                "`{name}` must be {}, got `{}`",
                article(pattern.name()),
                shortened(text)
            )
        }),
    }
}

/// Whether words are separated by blanks alone.
fn is_blank_joined(text: &str) -> bool {
    let text = text.trim();
    !text.contains(',') && text.contains(char::is_whitespace)
}

/// The warning about a value whose form is deprecated: words separated by blanks.
pub fn deprecation(name: &str, text: &str, default: &Dynamic) -> Option<String> {
    let is_list = matches!(Pattern::of(default), Some(Pattern::Array(_)));
    if !is_list || text.trim_start().starts_with('[') || !is_blank_joined(text) {
        return None;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(format!(
        "warning: --set {name}={}: words separated by blanks are deprecated: write \
         `{name}={}`, or for one text with blanks `{name}=[\"…\"]`",
        shortened(text),
        shortened(&words.join(","))
    ))
}

/// An array of words divided by commas.
fn words(name: &str, text: &str, each: &Pattern) -> Result<Dynamic> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Array::new().into());
    }
    if each.scalar("0").is_none() && each.scalar("true").is_none() {
        bail!("option", "`{name}` must be an array in JSON, got `{}`", shortened(text);
            hint: "its elements are not of one type by default: `--set {name}='[\"a\", 1]'`")
    }
    let words: Vec<&str> = if is_blank_joined(text) {
        text.split_whitespace().collect()
    } else {
        text.split(',').map(str::trim).collect()
    };
    let read = |(i, word): (usize, &&str)| {
        if word.is_empty() || word.starts_with(['"', '\'', '[', '{']) {
            let kind = article(each.name());
            bail!("option", "`{name}[{i}]` must be {kind}, got `{}`", shortened(word);
                hint: "quotes, commas, brackets and empty strings need JSON: \
                       `{name}='[\"a, b\", \"\"]'`")
        }
        each.scalar(word).ok_or_else(|| {
            fault!(
                "option",
                "`{name}[{i}]` must be {}, got `{}`",
                article(each.name()),
                shortened(word)
            )
        })
    };
    Ok(words
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<Array>>()?
        .into())
}

fn json(name: &str, text: &str, pattern: &Pattern) -> Result<Dynamic> {
    let parsed: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        let plain = error.to_string();
        let plain = plain.split(" at line ").next().unwrap_or(&plain);
        fault!(
            "option",
            "`{name}` must be {} in JSON: {plain} at character {}",
            article(pattern.name()),
            error.column()
        )
    })?;
    dynamic(name, &parsed)
}

/// A value of JSON in a script.
fn dynamic(path: &str, value: &serde_json::Value) -> Result<Dynamic> {
    use serde_json::Value as V;
    Ok(match value {
        V::Null => Dynamic::UNIT,
        V::Bool(b) => (*b).into(),
        V::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(n), _) => n.into(),
            (None, Some(x)) if !n.is_u64() => x.into(),
            _ => bail!("option", "`{path}` must be an integer of 64 bits, got {n}"),
        },
        V::String(text) => text.clone().into(),
        V::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| dynamic(&format!("{path}[{i}]"), item))
            .collect::<Result<Array>>()?
            .into(),
        V::Object(items) => items
            .iter()
            .map(|(key, item)| Ok((key.into(), dynamic(&format!("{path}.{key}"), item)?)))
            .collect::<Result<Map>>()?
            .into(),
    })
}

/// A text as an error message shows it.
fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_string();
    }
    format!("{} …", text.chars().take(SHOWN).collect::<String>())
}

/// The values of `--sweep name=value,value,…`: commas within a value that begins with a bracket
/// divide its elements.
///
/// # Errors
/// Where a bracket or a quote stays open.
pub fn listed(values: &str) -> Result<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = values;
    loop {
        rest = rest.trim_start();
        let end = if rest.starts_with(['[', '{']) {
            bracketed(rest)?
        } else {
            rest.find(',').unwrap_or(rest.len())
        };
        let value = rest[..end].trim();
        if !value.is_empty() {
            found.push(value);
        }
        match rest.get(end + 1..) {
            Some(more) => rest = more,
            None => return Ok(found),
        }
    }
}

/// The byte of the comma that follows a value in brackets, or the length of the text.
fn bracketed(text: &str) -> Result<usize> {
    let (mut depth, mut is_quoted, mut is_escaped) = (0usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return Ok(at),
            _ => {}
        }
    }
    if depth > 0 || is_quoted {
        let what = if is_quoted { "quote" } else { "bracket" };
        bail!("usage", "the {what} of `{}` is not closed", shortened(text));
    }
    Ok(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default(text: &str) -> Dynamic {
        rhai::Engine::new().eval(text).unwrap()
    }

    /// The value that `--set x=text` sets for a default, as JSON; an error starts with `!`.
    fn set(given: &str, initial: &str) -> String {
        match read("x", given, &default(initial)) {
            Ok(value) => show::to_json(&value).to_string(),
            Err(fault) => format!("!{}", fault.message),
        }
    }

    #[test]
    fn scalars_are_read_by_the_type_of_the_default() {
        assert_eq!(set("1_000", "3"), "1000");
        assert_eq!(set("2", "0.5"), "2.0");
        assert_eq!(set("true", "false"), "true");
        assert_eq!(set("[1, 2]", "\"\""), "\"[1, 2]\"");
        assert_eq!(
            set("many", "3"),
            "!--set x=many: `x` must be an integer, got `many`"
        );
        assert!(set("1", "|a| a").starts_with("!--set x=1: `x` cannot be set"));
    }

    #[test]
    fn arrays_are_json_or_words_between_commas() {
        assert_eq!(set("10, 20_000", "[1]"), "[10,20000]");
        assert_eq!(set("1,2", "[0.5]"), "[1.0,2.0]");
        assert_eq!(set("0,0.5", "[0, 0.1]"), "[0,0.5]");
        assert_eq!(set("true,false", "[true]"), "[true,false]");
        assert_eq!(
            set("CTCF, GM12878 LCL", "[\"a\"]"),
            "[\"CTCF\",\"GM12878 LCL\"]"
        );
        assert_eq!(set("Reb1 Abf1", "[\"a\"]"), "[\"Reb1\",\"Abf1\"]");
        assert_eq!(set("[1, 2]", "[0.5]"), "[1.0,2.0]");
        assert_eq!(
            set(r#"["a, b", "\"é\" 猫", ""]"#, "[\"a\"]"),
            r#"["a, b","\"é\" 猫",""]"#
        );
        assert_eq!(set("", "[1]"), "[]");
        assert_eq!(set("[]", "[1]"), "[]");
        assert_eq!(set("[[1, 2], []]", "[[3]]"), "[[1,2],[]]");
        assert_eq!(set(r#"[1, "a", null]"#, "[]"), r#"[1,"a",null]"#);
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused_by_element() {
        assert_eq!(
            set("1,b", "[1]"),
            "!--set x=1,b: `x[1]` must be an integer, got `b`"
        );
        assert_eq!(
            set("[1, 2.5]", "[1]"),
            "!--set x=[1, 2.5]: `x[1]` must be an integer, got number 2.5"
        );
        assert_eq!(
            set("[[1], [\"a\"]]", "[[1, 2]]"),
            "!--set x=[[1], [\"a\"]]: `x[1][0]` must be an integer, got string \"a\""
        );
        assert_eq!(
            set("[1, 2", "[1]"),
            "!--set x=[1, 2: `x` must be an array in JSON: EOF while parsing a list at character 5"
        );
        assert!(set("1,,2", "[1]").contains("`x[1]` must be an integer, got ``"));
        assert!(set("\"a\",\"b\"", "[\"a\"]").contains("`x[0]` must be a string, got `\"a\"`"));
        assert!(set("1,2", "[]").contains("must be an array in JSON"));
        assert!(set("1,2", "[[1]]").contains("must be an array in JSON"));
        assert!(set("[18446744073709551615]", "[1]").contains("integer of 64 bits"));
        assert!(set(&"[".repeat(200), "[1]").contains("recursion limit"));
        assert!(set("[1]", "#{}").contains("`x` must be a map, got array [1]"));
    }

    #[test]
    fn maps_are_json_and_known_keys_keep_their_types() {
        let known = "#{ lr: 0.1, epochs: 3 }";
        assert_eq!(set(r#"{"lr": 1}"#, known), r#"{"lr":1.0}"#);
        assert!(set(r#"{"epochs": "a"}"#, known).contains("`x.epochs` must be an integer"));
        assert_eq!(
            set(r#"{"b": "b.bed"}"#, "#{ a: \"a.bed\" }"),
            r#"{"b":"b.bed"}"#
        );
        assert!(set(r#"{"b": 1}"#, "#{ a: \"a.bed\" }").contains("`x.b` must be a string"));
        assert!(set("a=1", "#{ a: 1 }").contains("`x` must be a map in JSON: expected value"));
        assert_eq!(set("{}", known), "{}");
    }

    #[test]
    fn long_arrays_are_read_and_shortened_in_messages() {
        let numbers: Vec<String> = (0..100_000).map(|i| i.to_string()).collect();
        let read = read("x", &numbers.join(","), &default("[1]")).unwrap();
        assert_eq!(read.into_array().unwrap().len(), 100_000);
        let message = set(&format!("{},b", numbers.join(",")), "[1]");
        assert!(
            message.contains("`x[100000]`") && message.len() < 200,
            "{message}"
        );
    }

    #[test]
    fn values_of_a_sweep_are_divided_outside_of_brackets() {
        assert_eq!(listed("1, 2,,3").unwrap(), ["1", "2", "3"]);
        assert_eq!(listed("[1,2],[],3").unwrap(), ["[1,2]", "[]", "3"]);
        assert_eq!(
            listed(r#"["a],\"",{"b":[1,2]}],{"c":1}"#).unwrap(),
            [r#"["a],\"",{"b":[1,2]}]"#, r#"{"c":1}"#]
        );
        assert_eq!(listed("a[,b").unwrap(), ["a[", "b"]);
        assert_eq!(listed("").unwrap(), Vec::<&str>::new());
        assert!(listed("[1,2").unwrap_err().message.contains("bracket"));
        assert!(listed("[\"1,2").unwrap_err().message.contains("quote"));
    }
}
