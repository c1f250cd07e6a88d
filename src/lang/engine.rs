//! The engine: limits, strict names, additional keywords.

use super::budget::{self, Budget};
use super::catalog::{self, Catalog};
use super::library::Library;
use super::resolver::{self, Resolver};
use super::{compare, diagnostics, division, globals, prepare, session, show, stdlib, types};
use cistron_base::{Result, panic};
use rhai::{
    Dynamic, Engine, EvalAltResult, EvalContext, Expression, Map, NativeCallContext, Scope, Token,
};
use std::cell::Cell;
use std::rc::Rc;

/// A block with a guard, such as `no_grad { … }`.
pub struct Guarded {
    /// The keyword of the block.
    pub word: &'static str,
    /// Creates the guard, which is dropped at the end of the block, also after an error.
    pub begin: fn() -> Box<dyn std::any::Any>,
}

/// The largest depth of calls of script functions.
const CALLS: usize = 96;
/// The largest number of operations of a script in a sandbox: minutes of interpretation.
const OPERATIONS: u64 = 2_000_000_000;
/// Limits of operations and seconds of a dry run.
const REHEARSED: u64 = 5_000_000;
const REHEARSED_SECONDS: u64 = 30;

/// Creates an engine with a library, and starts a session.
pub fn start(library: &Library, blocks: &[Guarded], settings: session::Settings) -> Rc<Engine> {
    panic::keep_quiet();
    let engine = build(library, blocks);
    budget::begin(match (settings.dry, settings.sandbox.is_some()) {
        (true, _) => Budget {
            operations: Some(REHEARSED),
            seconds: Some(REHEARSED_SECONDS),
        },
        (false, true) => Budget {
            operations: Some(OPERATIONS),
            seconds: None,
        },
        _ => Budget::default(),
    });
    let mut catalog = Catalog {
        entries: library.entries(),
    };
    catalog.entries.extend(stdlib_entries(&engine));
    let engine = session::start(engine, settings);
    types::set_types(library.types.clone());
    catalog::set_current(Rc::new(catalog));
    engine
}

/// The standard library's entries, read once for each process.
fn stdlib_entries(engine: &Engine) -> Vec<catalog::Entry> {
    static ENTRIES: std::sync::OnceLock<Vec<catalog::Entry>> = std::sync::OnceLock::new();
    ENTRIES.get_or_init(|| stdlib::entries(engine)).clone()
}

fn build(library: &Library, blocks: &[Guarded]) -> Engine {
    let mut engine = Engine::new();
    // the defaults of Rhai differ between debug and release builds
    engine.set_max_call_levels(CALLS + 8);
    engine.set_max_expr_depths(256, 128);
    engine.set_max_variables(4096);
    engine.set_max_functions(4096);
    engine.set_max_modules(1024);
    // a limit of sizes would walk a whole array at each `push`: memory is watched instead (see
    // `budget`) dead branches must be checked too, and scripts spend their time in natives
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_module_resolver(Resolver::default());
    engine.on_print(session::print);
    engine.on_debug(|text, _, _| session::print(text));
    engine.on_progress(|_| budget::step().map(Dynamic::from));
    // fails only for words that Rhai knows already; both are new, and the tests use them
    engine.register_custom_operator("@", 160).ok();
    engine.register_custom_operator("|>", 100).ok();
    compare::install(&mut engine);
    allow_reserved(&mut engine);
    for block in blocks {
        let begin = block.begin;
        let run = move |context: &mut EvalContext, inputs: &[Expression]| {
            let _guard = begin();
            context.eval_expression_tree(&inputs[0])
        };
        engine
            .register_custom_syntax([block.word, "$block$"], false, run)
            .ok();
    }
    engine.register_fn(resolver::HOME, |context: rhai::NativeCallContext| {
        resolver::capture_environment(&context)
    });
    engine.register_fn(prepare::CAUGHT, super::explain::caught);
    engine.register_fn(prepare::DEPTH, |context: rhai::NativeCallContext| {
        let is_deep = context.call_level() > CALLS;
        if is_deep {
            Err(diagnostics::pass(
                super::explain::too_deep(),
                context.call_position(),
            ))
        } else {
            Ok(())
        }
    });
    // instead of Rhai's own, which writes the names of types for values such as tensors
    type Written = std::result::Result<String, Box<EvalAltResult>>;
    engine.register_fn(
        "to_json",
        |context: NativeCallContext, map: Map| -> Written {
            let text = show::json(&Dynamic::from_map(map)).map(|value| value.to_string());
            text.map_err(|fault| diagnostics::pass(fault, context.call_position()))
        },
    );
    super::sizes::register(&mut engine);
    library.register(&mut engine);
    engine
}

/// Lets names be words that Rhai reserves and has no use for: functions of namespaces
/// (`nn::module`), and options (`sync: true`).
#[allow(deprecated)] // Rhai marks the hook as volatile; the version is pinned
fn allow_reserved(engine: &mut Engine) {
    let is_after_path = Cell::new(false);
    engine.on_parse_token(move |token, _, _| {
        let token = match token {
            Token::Reserved(word) if is_after_path.get() && *word == "module" => {
                Token::Identifier(word)
            }
            Token::Reserved(word) if *word == "sync" => Token::Identifier(word),
            other => other,
        };
        is_after_path.set(token == Token::DoubleColon);
        token
    });
}

/// Compiles and runs a script's text under the name `file`; variables stay in `scope`.
pub fn run(text: &str, file: &str, scope: &mut Scope) -> Result<Dynamic> {
    let engine = session::engine()?;
    let text = &session::remember_source(file, text);
    let _unit = session::enter(file);
    let mut ast = engine
        .compile_with_scope(&globals::known(scope), text)
        .map_err(|error| diagnostics::fault_of(&error.into(), file))?;
    ast.set_source(file);
    division::warn(&ast, file);
    evaluated(&engine, scope, &ast, file)
}

/// Evaluates a compiled script; a panic of the interpreter, such as for a string larger than the
/// memory, is an error.
pub fn evaluated(
    engine: &Engine,
    scope: &mut Scope,
    ast: &rhai::AST,
    file: &str,
) -> Result<Dynamic> {
    match panic::guarded(|| engine.eval_ast_with_scope::<Dynamic>(scope, ast)) {
        Ok(outcome) => outcome.map_err(|error| diagnostics::fault_of(&error, file)),
        Err(_) => Err(diagnostics::of_panic("the script")),
    }
}

/// Empties the shared variables of a scope, so that closures that captured themselves are freed.
pub fn release(scope: &mut Scope) {
    let names: Vec<String> = scope
        .iter_raw()
        .map(|(name, ..)| name.to_string())
        .collect();
    for name in names {
        if let Some(value) = scope.get_mut(&name)
            && let Some(mut inner) = value.write_lock::<Dynamic>()
        {
            *inner = Dynamic::UNIT;
        }
    }
    scope.clear();
}
