//! The child's side of grading: the tests of a lesson run against the functions of a submission.
//!
//! The two never share a name. The submission is a module of its own, from which only the functions
//! that the lesson asks for are reached, through a native function; tests and assertions are those
//! of the lesson. What a submission defines under their names is seen by the submission alone.

use super::exercise::Exercise;
use super::lesson::{self, Source, Test};
use super::source::{self, Function};
use crate::base::{Fault, Result, interrupt};
use crate::cli::exit::ERROR;
use crate::cli::sandbox::Channel;
use crate::fault;
use crate::lang::interactive::imports_of;
use crate::lang::reach::Reach;
use crate::lang::{Callback, callback, diagnostics, engine, globals, resolver, session};
use crate::torch::Tensor;
use rhai::{
    AST, Dynamic, Engine, EvalAltResult, FnAccess, GlobalRuntimeState, NativeCallContext, Scope,
};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

/// The native function through which tests reach a submission.
const ANSWER: &str = "__answer";
/// The native function that a test reaches at its end.
const REACHED: &str = "__reached";

/// The functions of a submission in the running test.
#[derive(Default)]
struct Answers {
    found: HashMap<String, Callback>,
    faults: HashMap<String, Fault>,
    home: Option<GlobalRuntimeState>,
    file: String,
}

thread_local! {
    static ANSWERS: RefCell<Answers> = RefCell::default();
    static PASSED: Cell<bool> = const { Cell::new(false) };
    static KEY: Cell<i64> = const { Cell::new(0) };
}

/// Runs the tests and reports each; the exit code.
pub fn judge(channel: &Channel, exercise: &Exercise) -> u8 {
    crate::torch::device::start();
    crate::torch::device::set_threads(1);
    for (i, test) in exercise.tests.iter().enumerate().skip(exercise.first) {
        let engine = begin(exercise, test);
        let sent = channel.send(&json!({ "begin": i })).and_then(|()| {
            let problem = attempt(&engine, exercise, test)
                .err()
                .map(|fault| described(&fault));
            // the time of the test is over, which the parent records
            interrupt::check()?;
            channel.send(&json!({ "judged": [i, problem] }))
        });
        if sent.is_err() {
            return ERROR;
        }
    }
    channel.send(&json!({ "end": true })).map_or(ERROR, |()| 0)
}

/// A fault in a line, with the name of its file.
fn described(fault: &Fault) -> String {
    let Some(at) = &fault.at else {
        return fault.message.clone();
    };
    let name = std::path::Path::new(&at.file)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    format!("{name} line {}: {}", at.line, fault.message)
}

/// The seed of a test: another for each student, the same each time.
fn seed_of(exercise: &Exercise, test: &Test) -> u64 {
    let digest = blake3::hash(format!("{}\n{}", exercise.seed, test.name).as_bytes());
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap_or_default()) >> 33
}

/// The seed of a test that takes one, else 0.
fn seed_for(exercise: &Exercise, test: &Test) -> u64 {
    if test.takes_seed {
        seed_of(exercise, test)
    } else {
        0
    }
}

/// Starts a session for one test.
fn begin(exercise: &Exercise, test: &Test) -> Rc<Engine> {
    let seed = seed_for(exercise, test);
    let settings = session::Settings {
        quiet: true,
        device: "cpu".into(),
        seed,
        sandbox: Some(Reach {
            read: exercise.allow.clone(),
            ..Reach::default()
        }),
        ..session::Settings::default()
    };
    crate::torch::device::seed(seed);
    crate::bind::start_with(settings, register)
}

/// Runs one test in its session.
fn attempt(engine: &Engine, exercise: &Exercise, test: &Test) -> Result<()> {
    session::capture();
    let outcome = read_answers(engine, exercise)
        .and_then(|asked| run(engine, exercise, &asked, test, seed_for(exercise, test)));
    ANSWERS.with(RefCell::take);
    session::captured();
    outcome
}

/// Registers the functions of a test with its engine.
fn register(engine: &mut Engine) {
    engine.register_fn(ANSWER, answer);
    // the key is not known to a script, so that only the end of the test reaches it
    engine.register_fn(REACHED, |key: i64| PASSED.set(key == KEY.get()));
    engine.register_fn(
        "exit",
        || -> std::result::Result<Dynamic, Box<EvalAltResult>> { Err(left()) },
    );
    engine.register_fn(
        "exit",
        |_: Dynamic| -> std::result::Result<Dynamic, Box<EvalAltResult>> { Err(left()) },
    );
}

/// The fault of `exit`, which no `catch` sees.
fn left() -> Box<EvalAltResult> {
    let fault = fault!(
        "sandbox",
        "`exit` ends the script before the test is over";
        hint: "return a value instead"
    );
    EvalAltResult::ErrorTerminated(Dynamic::from(fault), rhai::Position::NONE).into()
}

/// Whether a name is that of a function of the language, such as `assert_eq`.
fn is_native(name: &str) -> bool {
    session::catalog().functions("", name).next().is_some()
}

/// Calls a function of the submission.
fn answer(
    context: NativeCallContext,
    name: &str,
    args: rhai::Array,
) -> std::result::Result<Dynamic, Box<EvalAltResult>> {
    let raised = |fault: Fault| diagnostics::raise_from(fault, name, &context);
    let (found, fault, home, file) = ANSWERS.with(|answers| {
        let answers = answers.borrow();
        (
            answers.found.get(name).cloned(),
            answers.faults.get(name).cloned(),
            answers.home.clone(),
            answers.file.clone(),
        )
    });
    let (Some(found), Some(home)) = (found, home) else {
        return Err(raised(fault.unwrap_or_else(|| {
            fault!("name", "the submission has no function `{name}`")
        })));
    };
    let args = args
        .into_iter()
        .map(|arg| callback::portable(copied(arg), &context))
        .collect();
    let result = found.call(args).map_err(raised)?;
    let _unit = session::enter(&file);
    let inside = NativeCallContext::new_with_all_fields(
        context.engine(),
        name,
        None,
        &home,
        context.call_position(),
    );
    Ok(callback::portable(result, &inside))
}

/// A copy of the tensors in an argument, so that a submission cannot change the values that its
/// result is compared with. Those that gradients are computed for stay what they are.
fn copied(value: Dynamic) -> Dynamic {
    if value.is_array() {
        return value
            .into_array()
            .unwrap_or_default()
            .into_iter()
            .map(copied)
            .collect::<rhai::Array>()
            .into();
    }
    let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    match tensor {
        Some(tensor) if !tensor.is_grad_on() => tensor.copied().map_or(value, Dynamic::from),
        _ => value,
    }
}

/// The imports of the standard library among the lines of a text.
fn imports(text: &str) -> String {
    let is_plain = |import: &String| {
        let inside = import
            .strip_prefix("import \"std/")
            .and_then(|rest| rest.strip_suffix(';'))
            .and_then(|rest| rest.split_once("\" as "));
        inside.is_some_and(|(path, name)| {
            [path, name].iter().all(|part| {
                part.chars()
                    .all(|c| c.is_alphanumeric() || "_/-".contains(c))
            })
        })
    };
    imports_of(text)
        .into_iter()
        .filter(is_plain)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Some functions of a text. `clone_functions_only_filtered` of Rhai 1.27 returns all of them.
fn kept(ast: &AST, keep: impl Fn(FnAccess, &str) -> bool) -> AST {
    let mut functions = ast.clone_functions_only();
    functions.retain_functions(|_, access, name, _| keep(access, name));
    functions
}

fn compile(engine: &Engine, words: &str, source: &Source, text: &str) -> Result<AST> {
    let prepared = session::remember_behind(words, &source.file, text);
    let compiled = engine
        .compile_with_scope(&globals::constants(), prepared)
        .map_err(|error| diagnostics::fault_of(&error.into(), &source.file));
    compiled.map(|mut ast| {
        ast.set_source(source.file.as_str());
        ast
    })
}

/// The functions of a text, but for its tests: of the whole where it can be read, else of each that
/// can be read by itself.
fn functions(engine: &Engine, source: &Source) -> (AST, HashMap<String, Fault>) {
    let words = imports(&source.text);
    let of = |ast: &AST| kept(ast, |_, name| !name.starts_with("test_"));
    if let Ok(ast) = compile(engine, &words, source, &source.text) {
        return (of(&ast), HashMap::new());
    }
    let mut all = AST::empty();
    let mut faults = HashMap::new();
    for function in source::functions(&source.text) {
        // on its own lines
        let text = "\n".repeat(function.line - 1) + &function.text;
        match compile(engine, &words, source, &text) {
            Ok(ast) => all = all.merge(&of(&ast)),
            Err(fault) => drop(faults.insert(function.name, fault)),
        }
    }
    session::remember_behind(&words, &source.file, &source.text);
    all.set_source(source.file.as_str());
    (all, faults)
}

/// Reads the functions of the submission; those that the lesson asks for, which tests reach.
fn read_answers(engine: &Engine, exercise: &Exercise) -> Result<Vec<Function>> {
    let source = exercise.answers.as_ref().unwrap_or(&exercise.lesson);
    let asked = match &exercise.answers {
        Some(_) => lesson::asked(&exercise.lesson.text),
        None => source::functions(&source.text)
            .into_iter()
            .filter(|function| !function.is_private && !function.name.starts_with("test_"))
            .collect(),
    };
    let asked: Vec<Function> = asked
        .into_iter()
        .filter(|function| !is_native(&function.name))
        .collect();
    let (submitted, faults) = functions(engine, source);
    // the submission can call the functions that the lesson defines
    let given = if exercise.answers.is_some() {
        functions(engine, &exercise.lesson).0
    } else {
        AST::empty()
    };
    let is_open = |name: &str| asked.iter().any(|function| function.name == name);
    let given = kept(&given, |_, name| !is_open(name));
    let mut all = given.merge(&submitted);
    all.set_source(source.file.as_str());
    let words = imports(&source.text) + " " + &imports(&exercise.lesson.text);
    let _unit = session::enter(&source.file);
    let to_fault = |error: Box<EvalAltResult>| diagnostics::fault_of(&error, &source.file);
    let tail = engine
        .compile(format!("{words} {}();", resolver::HOME))
        .map_err(|error| to_fault(error.into()))?;
    let (_, home) = resolver::environment(engine, &all.merge(&tail), &source.file)?;
    let mut answers = Answers {
        faults,
        file: source.file.clone(),
        ..Answers::default()
    };
    for function in &asked {
        let arities: Vec<usize> = all
            .iter_functions()
            .filter(|f| f.name == function.name && f.this_type.is_none())
            .map(|f| f.params.len())
            .collect();
        if arities.contains(&function.params.len()) {
            let target = Callback::of_module(&function.name, home.clone(), &source.file)
                .map_err(to_fault)?;
            answers.found.insert(function.name.clone(), target);
        } else if !answers.faults.contains_key(&function.name) {
            let wanted = function.signature();
            let fault = match arities.first() {
                Some(n) => fault!(
                    "name",
                    "the lesson asks for `{wanted}`, the submission's `{}` takes {n} values",
                    function.name
                ),
                None => fault!("name", "the submission has no function `{wanted}`"),
            };
            answers.faults.insert(function.name.clone(), fault);
        }
    }
    answers.home = Some(home);
    ANSWERS.with(|current| *current.borrow_mut() = answers);
    Ok(asked)
}

/// Runs a test of the lesson.
fn run(
    engine: &Engine,
    exercise: &Exercise,
    asked: &[Function],
    test: &Test,
    seed: u64,
) -> Result<()> {
    let source = if test.is_hidden {
        exercise.hidden.as_ref().unwrap_or(&exercise.lesson)
    } else {
        &exercise.lesson
    };
    let words = imports(&exercise.lesson.text)
        + " "
        + &exercise
            .hidden
            .as_ref()
            .map_or(String::new(), |hidden| imports(&hidden.text));
    let is_open = |name: &str| asked.iter().any(|function| function.name == name);
    let trusted = |source: &Source| -> Result<AST> {
        let ast = compile(engine, &words, source, &source.text)?;
        // of a lesson that is its own submission, only tests and private functions are trusted
        let is_own = exercise.answers.is_some() || source.file != exercise.lesson.file;
        Ok(kept(&ast, |access, name| {
            let is_private = access == FnAccess::Private && (is_own || !is_native(name));
            name.starts_with("test_")
                || name.starts_with("anon$")
                || is_private
                || is_own && !is_open(name)
        }))
    };
    let lesson = match &exercise.answers {
        Some(_) => trusted(&exercise.lesson)?,
        // a lesson that is its own submission may have a function that cannot be read
        None => trusted(&exercise.lesson).or_else(|fault| {
            trusted_function(engine, &words, &exercise.lesson, test).ok_or(fault)
        })?,
    };
    let mut whole = match &exercise.hidden {
        Some(hidden) => lesson.merge(&trusted(hidden)?),
        None => lesson,
    };
    let shims: String = asked.iter().map(shim).collect();
    let key = (RandomState::new().hash_one(&test.name) >> 1) as i64;
    let call = if test.takes_seed {
        format!("{}({seed})", test.name)
    } else {
        format!("{}()", test.name)
    };
    let text = format!("{words} {shims} {call}; {REACHED}({key});");
    let last = engine
        .compile_with_scope(&globals::constants(), text)
        .map_err(|error| diagnostics::fault_of(&error.into(), &source.file))?;
    whole = whole.merge(&last);
    whole.set_source(source.file.as_str());
    let _unit = session::enter(&source.file);
    KEY.set(key);
    PASSED.set(false);
    let mut scope = Scope::new();
    let outcome = engine::evaluated(engine, &mut scope, &whole, &source.file);
    engine::release(&mut scope);
    outcome.map(drop)?;
    if PASSED.get() {
        Ok(())
    } else {
        Err(fault!(
            "sandbox",
            "the script ended before the test was over"
        ))
    }
}

/// A test and the private functions of a text, where the whole cannot be read.
fn trusted_function(engine: &Engine, words: &str, source: &Source, test: &Test) -> Option<AST> {
    let wanted = |function: &Function| {
        function.name == test.name || function.is_private && !is_native(&function.name)
    };
    let texts = source::functions(&source.text)
        .into_iter()
        .filter(wanted)
        .map(|function| "\n".repeat(function.line - 1) + &function.text);
    let mut all = AST::empty();
    for text in texts {
        all = all.merge(
            &compile(engine, words, source, &text)
                .ok()?
                .clone_functions_only(),
        );
    }
    Some(all)
}

/// The function of the lesson that passes a call on to the submission.
fn shim(function: &Function) -> String {
    format!(
        "fn {}({}) {{ {ANSWER}(\"{}\", [{}]) }} ",
        function.name,
        function.params.join(", "),
        function.name,
        function.params.join(", ")
    )
}
