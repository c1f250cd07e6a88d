//! Options: the trailing map of a function, read by one declarative table.

use super::constraint::{Constraint, one_of};
use super::value::article;
use super::{division, session};
use cistron_base::fault;
use cistron_base::{Fault, Result, near};
use rhai::{Dynamic, Map, NativeCallContext};
use std::collections::BTreeMap;

/// The values that an option accepts.
#[derive(Clone, Copy, Debug)]
pub enum OptKind {
    /// An integer within bounds.
    Int(i64, i64),
    /// A number that meets a constraint.
    Number(Constraint),
    /// A boolean.
    Bool,
    /// A string.
    Text,
    /// One of some strings.
    Choice(&'static [&'static str]),
    /// A value that the function converts; the text describes it.
    Other(&'static str),
}

/// One option of a function.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// The key.
    pub name: &'static str,
    /// The values that it accepts.
    pub kind: OptKind,
    /// The default, as a script writes it; empty where there is none.
    pub default: &'static str,
    /// Its documentation, one sentence.
    pub text: &'static str,
}

/// The largest integer that an option accepts.
pub const MANY: i64 = 1 << 40;

impl Opt {
    /// The values that it accepts, in words.
    pub fn takes(&self) -> String {
        match self.kind {
            OptKind::Int(low, high) => bounds(
                "integer",
                low.to_string(),
                (high < MANY).then(|| high.to_string()),
                low > -MANY,
            ),
            OptKind::Bool => "boolean".into(),
            OptKind::Text => "string".into(),
            OptKind::Number(constraint) => constraint.of("number"),
            OptKind::Choice(words) => one_of(words),
            OptKind::Other(words) => words.into(),
        }
    }

    fn check(&self, value: &Dynamic) -> bool {
        match self.kind {
            OptKind::Int(low, high) => value.as_int().is_ok_and(|n| (low..=high).contains(&n)),
            OptKind::Number(constraint) => {
                super::value::number(value).is_some_and(|x| !x.is_nan() && constraint.admits(x))
            }
            OptKind::Bool => value.is_bool(),
            OptKind::Text => value.is_string(),
            OptKind::Choice(words) => value
                .clone()
                .into_string()
                .is_ok_and(|word| words.contains(&word.as_str())),
            OptKind::Other(_) => true,
        }
    }
}

fn bounds(noun: &str, low: String, high: Option<String>, has_low: bool) -> String {
    match (has_low, high) {
        (true, Some(high)) => format!("{noun} from {low} to {high}"),
        (true, None) => format!("{noun} of at least {low}"),
        (false, Some(high)) => format!("{noun} of at most {high}"),
        (false, None) => noun.to_string(),
    }
}

/// The options of one call, checked.
pub struct Options<'a> {
    function: String,
    table: &'static [Opt],
    given: BTreeMap<&'static str, Dynamic>,
    context: &'a NativeCallContext<'a>,
}

impl<'a> Options<'a> {
    /// Checks a map against a table: unknown keys, wrong types and values out of range are faults.
    pub fn new(
        function: &str,
        table: &'static [Opt],
        map: Map,
        context: &'a NativeCallContext<'a>,
    ) -> Result<Options<'a>> {
        let mut given = BTreeMap::new();
        for (key, value) in map {
            let Some(option) = table.iter().find(|option| option.name == key.as_str()) else {
                return Err(unknown(function, &key, table));
            };
            let value = value.flatten();
            if value.is_unit() {
                continue;
            }
            if !option.check(&value) {
                let mut fault = outside(function, option, &value);
                if let (OptKind::Choice(words), Ok(word)) = (option.kind, value.into_string())
                    && let Some(near) = near::nearest(&word, words.iter().copied())
                {
                    fault = fault.hint(format!("did you mean \"{near}\"?"));
                }
                return Err(fault);
            }
            if let (OptKind::Number(_), Ok(0)) = (option.kind, value.as_int())
                && let Some(fault) =
                    division::of_option(option.name, &session::place(context.call_position()))
            {
                return Err(fault);
            }
            given.insert(option.name, value);
        }
        Ok(Options {
            function: function.to_string(),
            table,
            given,
            context,
        })
    }

    fn entry(&self, name: &str) -> Option<&'static Opt> {
        self.table.iter().find(|option| option.name == name)
    }

    /// Rhai's context of the call.
    pub fn context(&self) -> &'a NativeCallContext<'a> {
        self.context
    }

    /// The fault of an option that has to be given.
    pub fn is_missing(&self, name: &str) -> Fault {
        fault!(
            "option",
            "`{}` needs the option `{name}`: {}",
            self.function,
            article(&self.entry(name).map_or(String::new(), Opt::takes))
        )
    }

    /// The fault of an option whose value it does not accept.
    pub fn is_outside(&self, name: &str) -> Fault {
        let got = self.given.get(name).cloned().unwrap_or_default();
        match self.entry(name) {
            Some(option) => outside(&self.function, option, &got),
            None => unknown(&self.function, name, self.table),
        }
    }

    /// The value of an option, where given; faults name the function and the key.
    pub fn read<T>(
        &self,
        name: &str,
        convert: impl FnOnce(&mut Dynamic, &NativeCallContext) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.given.get(name) else {
            return Ok(None);
        };
        convert(&mut value.clone(), self.context)
            .map(Some)
            .map_err(|mut fault| {
                let colon = if fault.message.starts_with("must ") {
                    ""
                } else {
                    ":"
                };
                fault.message = format!(
                    "`{}`: option `{name}`{colon} {}",
                    self.function, fault.message
                );
                fault
            })
    }
}

/// The fault of a value that an option does not accept.
fn outside(function: &str, option: &Opt, got: &Dynamic) -> Fault {
    let wanted = match option.kind {
        // the bound of all options, which is not stated elsewhere
        OptKind::Int(_, MANY) if got.as_int().is_ok_and(|n| n > MANY) => {
            format!("integer of at most {MANY}")
        }
        _ => option.takes(),
    };
    fault!(
        "option",
        "`{function}`: option `{}` must be {}, got {}",
        option.name,
        article(&wanted),
        session::describe(got)
    )
}

/// The fault of an unknown option.
pub fn unknown(function: &str, key: &str, table: &[Opt]) -> Fault {
    let fault = fault!("option", "`{function}` has no option `{key}`");
    match near::nearest(key, table.iter().map(|option| option.name)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None if table.is_empty() => fault.hint("it takes no options"),
        None => fault.hint(format!(
            "it takes {}",
            table
                .iter()
                .map(|option| option.name)
                .collect::<Vec<_>>()
                .join(", ")
        )),
    }
}
