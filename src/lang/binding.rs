//! What the attributes of `cistron-macros` generate calls of: reading arguments and options,
//! converting outcomes.

use super::value::mismatch;
use super::{division, session};
use crate::base::{Fault, near};
use crate::fault;
use std::ops::Deref;

pub use super::constraint::{Constrained, Constraint};
pub use super::options::{Opt, OptKind, Options};
pub use super::value::{FromValue, IntoValue};
pub use super::{Call, Form, Native, Param};
pub use crate::base::Result;
pub use rhai::{Array, Dynamic, NativeCallContext};

/// A struct whose fields are the options of a function; `#[derive(Options)]` implements it.
pub trait FromOptions: Sized {
    /// The keys, their kinds and defaults.
    fn table() -> &'static [Opt];

    /// Reads the fields from checked options.
    fn from_options(options: &Options) -> Result<Self>;
}

/// An enum whose variants scripts write as strings; `#[derive(Choice)]` implements it.
pub trait Choice: Sized {
    /// The words, in the order of the variants.
    const NAMES: &'static [&'static str];

    /// The word of a variant.
    fn as_str(&self) -> &'static str;

    /// The variant of a word.
    fn from_name(name: &str) -> Option<Self>;
}

/// What a choice takes: `one of "min", "max"`.
pub fn kind_of_choice<T: Choice>() -> String {
    super::constraint::one_of(T::NAMES)
}

/// The variant that a script's string names.
pub fn choose<T: Choice>(value: &Dynamic) -> Result<T> {
    let word = value.clone().into_string().ok();
    word.as_deref()
        .and_then(T::from_name)
        .ok_or_else(|| not_one_of(T::NAMES, value))
}

/// The fault of a value that is none of some words.
pub fn not_one_of(words: &[&str], value: &Dynamic) -> Fault {
    let mut fault = mismatch(&super::constraint::one_of(words), value);
    if let Ok(word) = value.clone().into_string() {
        fault.kind = "value";
        if let Some(near) = near::nearest(&word, words.iter().copied()) {
            fault = fault.hint(format!("did you mean \"{near}\"?"));
        }
    }
    fault
}

/// An option with a default, and whether the script gave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given<T> {
    /// The script's value, or the default.
    pub value: T,
    /// Whether it is the script's value.
    pub is_given: bool,
}

impl<T> Deref for Given<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: FromValue> FromValue for Given<T> {
    fn kind() -> String {
        T::kind()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        T::from_value(value, context).map(|value| Given {
            value,
            is_given: true,
        })
    }
    fn from_default(value: Dynamic, context: &NativeCallContext) -> Result<Self> {
        T::from_default(value, context).map(|value| Given {
            value,
            is_given: false,
        })
    }
    fn option_kind(constraint: &Constraint) -> OptKind {
        T::option_kind(constraint)
    }
    fn takes_fractions() -> bool {
        T::takes_fractions()
    }
}

impl<T: Constrained> Constrained for Given<T> {
    fn meets(&self, constraint: &Constraint) -> bool {
        self.value.meets(constraint)
    }
}

/// What a native function returns: a value, or a value or a fault.
pub trait Outcome {
    /// What a script writer calls the type of the value.
    fn type_name() -> String;

    /// The script's value.
    fn into_outcome(self) -> Result<Dynamic>;
}

impl<T: IntoValue> Outcome for T {
    fn type_name() -> String {
        T::type_name()
    }
    fn into_outcome(self) -> Result<Dynamic> {
        Ok(self.into_value())
    }
}

impl<T: IntoValue> Outcome for Result<T> {
    fn type_name() -> String {
        T::type_name()
    }
    fn into_outcome(self) -> Result<Dynamic> {
        self.map(IntoValue::into_value)
    }
}

/// A default that is no literal, as a script writes it.
pub fn written(value: &Dynamic) -> &'static str {
    super::show::quoted(value).leak()
}

impl Call<'_> {
    /// The name of the parameter at `index`.
    fn name(&self, index: usize) -> &'static str {
        self.native.params.get(index).map_or("", |param| param.name)
    }

    /// The argument at `index`; faults name the parameter.
    pub fn argument<T: FromValue>(
        &self,
        arguments: &mut [&mut Dynamic],
        index: usize,
    ) -> Result<T> {
        let name = self.name(index);
        let Some(value) = arguments.get_mut(index) else {
            return T::missing().ok_or_else(|| fault!("value", "`{name}` is missing"));
        };
        if value.as_int().is_ok_and(|n| n == 0) && T::takes_fractions() {
            let written = index.saturating_sub(usize::from(self.native.form == Form::Method));
            if let Some(fault) =
                division::of_argument(self.native.name, name, written, &self.place())
            {
                return Err(fault);
            }
        }
        T::from_value(value, self.context).map_err(|mut fault| {
            if fault.kind == "type" || fault.message.starts_with("must ") {
                fault.message = format!("`{name}` {}", fault.message);
            }
            fault
        })
    }

    /// The argument at `index`, or a default where it is left out or `()`.
    pub fn argument_or<T: FromValue>(
        &self,
        arguments: &mut [&mut Dynamic],
        index: usize,
        default: impl FnOnce() -> Dynamic,
    ) -> Result<T> {
        match arguments.get(index) {
            Some(value) if !value.is_unit() => self.argument(arguments, index),
            _ => T::from_default(default(), self.context),
        }
    }

    /// An argument that was read, where it meets the constraint of its parameter.
    pub fn constrained<T: FromValue + Constrained>(
        &self,
        arguments: &mut [&mut Dynamic],
        index: usize,
        value: T,
    ) -> Result<T> {
        let constraint = self
            .native
            .params
            .get(index)
            .map_or(Constraint::ANY, |param| param.constraint);
        if value.meets(&constraint) {
            return Ok(value);
        }
        let got = arguments
            .get(index)
            .map_or(Dynamic::UNIT, |got| (**got).clone());
        let mut fault = match constraint.one_of {
            [] => mismatch(&constraint.of(&T::kind()), &got),
            words => not_one_of(words, &got),
        };
        fault.kind = "value";
        fault.message = format!("`{}` {}", self.name(index), fault.message);
        Err(fault)
    }

    /// The options at `index`, as a struct.
    pub fn options_of<T: FromOptions>(
        &self,
        arguments: &mut [&mut Dynamic],
        index: usize,
    ) -> Result<T> {
        let table = T::table();
        let map = match arguments.get_mut(index) {
            Some(value) => rhai::Map::from_value(value, self.context).map_err(|_| {
                fault!(
                    "type",
                    "options are a map such as `#{{ {}: … }}`, got {}",
                    table.first().map_or("name", |opt| opt.name),
                    session::describe(value)
                )
            })?,
            None => rhai::Map::new(),
        };
        let options = Options::read(&self.native.qualified(), table, map, self.context)?;
        T::from_options(&options)
    }

    /// Whether the run only checks shapes.
    pub fn is_dry(&self) -> bool {
        session::is_dry()
    }

    /// Whether a fault is of a file that a dry run does without: from then on the session counts
    /// its values as stand-ins.
    pub fn stands_in(&self, fault: &Fault) -> bool {
        let stands_in = fault.kind == "file" && session::is_dry();
        if stands_in {
            session::guess();
        }
        stands_in
    }
}

impl Options<'_> {
    /// The value of an option, which has to be given unless its type says otherwise.
    pub fn value<T: FromValue>(&self, name: &str) -> Result<T> {
        match self.get(name)? {
            Some(value) => Ok(value),
            None => T::missing().ok_or_else(|| self.is_missing(name)),
        }
    }

    /// The value of an option, or its default.
    pub fn value_or<T: FromValue>(
        &self,
        name: &str,
        default: impl FnOnce() -> Dynamic,
    ) -> Result<T> {
        match self.get(name)? {
            Some(value) => Ok(value),
            None => T::from_default(default(), self.context()),
        }
    }

    /// A value that was read, where it meets a constraint.
    pub fn constrained<T: Constrained>(
        &self,
        name: &str,
        value: T,
        constraint: &Constraint,
    ) -> Result<T> {
        if value.meets(constraint) {
            return Ok(value);
        }
        Err(self.is_outside(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Choice, Library, Options, engine, native, natives_of};

    #[derive(Choice, Clone, Copy, Debug, PartialEq)]
    enum Mode {
        Auto,
        SmallerIsBetter,
        #[choice(name = "max")]
        LargerIsBetter,
    }

    #[derive(Options)]
    struct Shared {
        /// Seed.
        seed: Option<i64>,
    }

    #[derive(Options)]
    struct TestOptions {
        /// Step.
        #[option(default = 1, min = 1)]
        stride: i64,
        /// Rate.
        #[option(default = 1e-3, above = 0)]
        rate: f64,
        /// Mode.
        #[option(default = "auto")]
        mode: Mode,
        /// Kind.
        #[option(name = "type", default = "a", one_of = ["a", "b"])]
        kind: String,
        /// Decay rates.
        #[option(default = [0.9, 0.999], min = 0, below = 1)]
        betas: [f64; 2],
        /// Size.
        #[option(default = SIZE)]
        size: Given<usize>,
        /// Target.
        target: String,
        #[option(flatten)]
        shared: Shared,
    }

    const SIZE: i64 = 32;

    /// Returns what it was given.
    #[native(namespace = "probe")]
    fn echo(
        call: &Call,
        /// A count.
        #[check(min = 1)]
        count: i64,
        /// A share,
        /// in words.
        #[check(min = 0, max = 1)]
        #[default(0.5)]
        share: f64,
        options: TestOptions,
    ) -> Result<Vec<String>> {
        assert_eq!(call.native.name, "echo");
        let TestOptions {
            stride,
            rate,
            mode,
            kind,
            betas,
            size,
            target,
            shared,
        } = options;
        Ok(vec![
            format!("{count} {share} {stride} {rate} {}", mode.as_str()),
            format!("{kind} {betas:?} {} {}", *size, size.is_given),
            format!("{target} {:?}", shared.seed),
        ])
    }

    /// Returns the length of a text.
    #[native(namespace = "string", form = property)]
    fn size(text: &str) -> i64 {
        text.len() as i64
    }

    /// Reads a file.
    #[native(namespace = "probe", stand_in = invented)]
    fn read(
        /// Path.
        path: &str,
    ) -> Result<String> {
        Err(Fault::new("file", format!("no file {path}")))
    }

    fn invented(path: &str) -> String {
        format!("stand-in for {path}")
    }

    /// Trains for long.
    #[native(namespace = "probe", dry = rehearse)]
    fn train(
        /// Epochs.
        #[check(min = 1)]
        epochs: i64,
        /// Mode.
        mode: Option<Mode>,
    ) -> String {
        format!("{epochs} epochs, {mode:?}")
    }

    fn rehearse(epochs: i64, _: Option<Mode>) -> Result<String> {
        Ok(format!("none of {epochs} epochs"))
    }

    fn library() -> Library {
        Library {
            natives: natives_of![echo, size, read, train],
            ..Library::default()
        }
    }

    fn value(text: &str, dry: bool) -> Result<Dynamic> {
        let settings = session::Settings {
            quiet: true,
            dry,
            ..Default::default()
        };
        engine::start(&library(), &[], settings);
        let mut scope = rhai::Scope::new();
        engine::run(text, "script.rhai", &mut scope)
    }

    fn shown(text: &str) -> String {
        value(text, false).map_or_else(|fault| fault.to_string(), |value| value.to_string())
    }

    fn fault(text: &str) -> (String, Option<String>) {
        let fault = value(text, false).expect_err(text);
        (fault.message.clone(), fault.hint.clone())
    }

    #[test]
    fn arguments_and_options_are_read_with_their_defaults() {
        assert!(shown("probe::echo(2, (), #{ target: \"x\" })").contains("2 0.5 1 0.001 auto"));
        assert_eq!(
            shown("probe::echo(2, 1, #{ target: \"x\" })"),
            "[\"2 1 1 0.001 auto\", \"a [0.9, 0.999] 32 false\", \"x None\"]"
        );
        assert_eq!(
            shown(
                "probe::echo(2, 1, #{ target: \"x\", stride: 3, rate: 2, mode: \"smaller_is_better\", type: \"b\", betas: [0, 0.5], size: 4, seed: 7 })"
            ),
            "[\"2 1 3 2 smaller_is_better\", \"b [0.0, 0.5] 4 true\", \"x Some(7)\"]"
        );
        assert_eq!(shown("\"abc\".size"), "3");
    }

    #[test]
    fn values_out_of_range_are_faults_that_name_them() {
        for (text, message, hint) in [
            (
                "probe::echo(0, 1, #{ target: \"x\" })",
                "`count` must be a whole number of at least 1, got whole number 0",
                None,
            ),
            (
                "probe::echo(\"1\", 1, #{ target: \"x\" })",
                "`count` must be a whole number, got string \"1\"",
                None,
            ),
            (
                "probe::echo(1, 1.5, #{ target: \"x\" })",
                "`share` must be a number from 0 to 1, got number 1.5",
                None,
            ),
            (
                "probe::echo(1, 1, #{})",
                "`probe::echo` needs the option `target`: a string",
                None,
            ),
            (
                "probe::echo(1, 1, #{ target: \"x\", stride: 0 })",
                "`probe::echo`: option `stride` must be a whole number of at least 1, got whole number 0",
                None,
            ),
            (
                "probe::echo(1, 1, #{ target: \"x\", rate: 0.0 })",
                "`probe::echo`: option `rate` must be a number above 0, got number 0.0",
                None,
            ),
            (
                "probe::echo(1, 1, #{ target: \"x\", betas: [0.9, 1.0] })",
                "`probe::echo`: option `betas` must be two numbers from 0 to below 1, got array [0.9, 1.0]",
                None,
            ),
            (
                "probe::echo(1, 1, #{ target: \"x\", mode: \"maxx\" })",
                "`probe::echo`: option `mode` must be one of \"auto\", \"smaller_is_better\", \"max\", got string \"maxx\"",
                Some("did you mean \"max\"?"),
            ),
            (
                "probe::echo(1, 1, #{ target: \"x\", strde: 1 })",
                "`probe::echo` has no option `strde`",
                Some("did you mean `stride`?"),
            ),
            (
                "probe::train(1, \"maxx\")",
                "`mode` must be one of \"auto\", \"smaller_is_better\", \"max\", got string \"maxx\"",
                Some("did you mean \"max\"?"),
            ),
        ] {
            let (got, got_hint) = fault(text);
            assert_eq!(
                (got.as_str(), got_hint.as_deref()),
                (message, hint),
                "{text}"
            );
        }
    }

    #[test]
    fn dry_runs_call_the_functions_that_are_named_for_them() {
        assert_eq!(shown("probe::train(3)"), "3 epochs, None");
        let dry = |text| value(text, true).map_or_else(|f| f.to_string(), |v| v.to_string());
        assert_eq!(dry("probe::train(3)"), "none of 3 epochs");
        assert!(dry("probe::train(0)").contains("`epochs` must be"));
        assert!(shown("probe::read(\"a.fa\")").contains("no file a.fa"));
        assert_eq!(dry("probe::read(\"a.fa\")"), "stand-in for a.fa");
        assert!(session::is_guessed());
    }

    #[test]
    fn the_catalog_knows_parameters_options_and_types() {
        let entries = library().entries();
        let echo = &entries[0];
        assert_eq!(
            echo.signature(),
            "probe::echo(count: whole number, share?: number, #{ stride, rate, mode, type, betas, size, target, seed }) -> array of strings"
        );
        let share = &echo.params[1];
        assert_eq!(
            (share.takes.as_str(), share.default, share.docs.as_str()),
            ("number from 0 to 1", "0.5", "A share,\nin words.")
        );
        let rows: Vec<String> = echo
            .options
            .unwrap_or_default()
            .iter()
            .map(|option| {
                format!(
                    "{} [{}] {} {}",
                    option.name,
                    option.default,
                    option.takes(),
                    option.text
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                "stride [1] whole number of at least 1 Step.",
                "rate [1e-3] number above 0 Rate.",
                "mode [\"auto\"] one of \"auto\", \"smaller_is_better\", \"max\" Mode.",
                "type [\"a\"] one of \"a\", \"b\" Kind.",
                "betas [[0.9, 0.999]] two numbers from 0 to below 1 Decay rates.",
                "size [32] whole number of at least 0 Size.",
                "target [] string Target.",
                "seed [] whole number Seed.",
            ]
        );
        let types: Vec<&str> = entries.iter().map(|entry| &*entry.return_type).collect();
        assert_eq!(
            types,
            ["array of strings", "whole number", "string", "string"]
        );
    }
}
