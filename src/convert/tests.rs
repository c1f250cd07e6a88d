//! `#[native]` and the derives, from the declaration to the call of a script.

use super::{Call, Dynamic, Given, Result};
use crate::base::Fault;
use crate::lang::{Choice, Library, Options, engine, native, natives_of, session};

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

fn output(text: &str) -> String {
    value(text, false).map_or_else(|fault| fault.to_string(), |value| value.to_string())
}

fn fault(text: &str) -> (String, Option<String>) {
    let fault = value(text, false).expect_err(text);
    (fault.message.clone(), fault.hint.clone())
}

#[test]
fn arguments_and_options_are_read_with_their_defaults() {
    assert!(output("probe::echo(2, (), #{ target: \"x\" })").contains("2 0.5 1 0.001 auto"));
    assert_eq!(
        output("probe::echo(2, 1, #{ target: \"x\" })"),
        "[\"2 1 1 0.001 auto\", \"a [0.9, 0.999] 32 false\", \"x None\"]"
    );
    assert_eq!(
        output(
            "probe::echo(2, 1, #{ target: \"x\", stride: 3, rate: 2, mode: \"smaller_is_better\", \
            type: \"b\", betas: [0, 0.5], size: 4, seed: 7 })"
        ),
        "[\"2 1 3 2 smaller_is_better\", \"b [0.0, 0.5] 4 true\", \"x Some(7)\"]"
    );
    assert_eq!(output("\"abc\".size"), "3");
}

#[test]
fn values_out_of_range_are_faults_that_name_them() {
    for (text, message, hint) in [
        (
            "probe::echo(0, 1, #{ target: \"x\" })",
            "`count` must be an integer of at least 1, got integer 0",
            None,
        ),
        (
            "probe::echo(\"1\", 1, #{ target: \"x\" })",
            "`count` must be an integer, got string \"1\"",
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
            "`probe::echo`: option `stride` must be an integer of at least 1, got \
             integer 0",
            None,
        ),
        (
            "probe::echo(1, 1, #{ target: \"x\", rate: 0.0 })",
            "`probe::echo`: option `rate` must be a number above 0, got number 0.0",
            None,
        ),
        (
            "probe::echo(1, 1, #{ target: \"x\", betas: [0.9, 1.0] })",
            "`probe::echo`: option `betas` must be two numbers from 0 to below 1, got array [0.9, \
            1.0]",
            None,
        ),
        (
            "probe::echo(1, 1, #{ target: \"x\", mode: \"maxx\" })",
            "`probe::echo`: option `mode` must be one of \"auto\", \"smaller_is_better\", \
            \"max\", got string \"maxx\"",
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
    assert_eq!(output("probe::train(3)"), "3 epochs, None");
    let dry = |text| value(text, true).map_or_else(|f| f.to_string(), |v| v.to_string());
    assert_eq!(dry("probe::train(3)"), "none of 3 epochs");
    assert!(dry("probe::train(0)").contains("`epochs` must be"));
    assert!(output("probe::read(\"a.fa\")").contains("no file a.fa"));
    assert_eq!(dry("probe::read(\"a.fa\")"), "stand-in for a.fa");
    assert!(session::is_guessed());
}

#[test]
fn the_catalog_knows_parameters_options_and_types() {
    let entries = library().entries();
    let echo = &entries[0];
    assert_eq!(
        echo.signature(),
        "probe::echo(count: integer, share?: number, #{ stride, rate, mode, type, betas, \
        size, target, seed }) -> array of strings"
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
            "stride [1] integer of at least 1 Step.",
            "rate [1e-3] number above 0 Rate.",
            "mode [\"auto\"] one of \"auto\", \"smaller_is_better\", \"max\" Mode.",
            "type [\"a\"] one of \"a\", \"b\" Kind.",
            "betas [[0.9, 0.999]] two numbers from 0 to below 1 Decay rates.",
            "size [32] integer of at least 0 Size.",
            "target [] string Target.",
            "seed [] integer Seed.",
        ]
    );
    let types: Vec<&str> = entries.iter().map(|entry| &*entry.return_type).collect();
    assert_eq!(types, ["array of strings", "integer", "string", "string"]);
}
