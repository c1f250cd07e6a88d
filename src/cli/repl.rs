//! `cistron repl`: exploring, a line at a time.

use super::{Common, ERROR, fail, signal};
use crate::base::{Fault, Result};
use crate::lang::interactive::{Interactive, is_open};
use crate::lang::{assist, diagnostics, help, highlight, session, show};
use crate::plot::terminal;
use crate::seq::Motif;
use crate::torch::device;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::rc::Rc;

const COMMANDS: &[(&str, &str)] = &[
    (":help", "this list"),
    (":vars", "the variables, with their types"),
    (":type EXPR", "the type of a value"),
    (":time EXPR", "how long it takes"),
    (":load FILE", "runs a script here: its variables and functions stay"),
    (":save FILE", "writes what was typed and worked, as a script"),
    (":plot EXPR", "shows a figure, a history, motifs or numbers in the terminal"),
    (":device NAME", "where networks are built from now on: auto, cpu, cuda, cuda:N"),
    (":reset", "forgets everything"),
    (":quit", "leaves; so does Ctrl-D"),
];

/// What completes, hints, colours and decides whether a text is whole.
struct Assistant {
    session: Rc<RefCell<Interactive>>,
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context) -> rustyline::Result<(usize, Vec<Pair>)> {
        if line.starts_with(':') && !line[..position].contains(' ') {
            let words = COMMANDS.iter().map(|(word, _)| word.split(' ').next().unwrap_or(word)).filter(|word| word.starts_with(&line[..position]));
            return Ok((0, words.map(|word| Pair { display: word.into(), replacement: word.into() }).collect()));
        }
        let (start, found) = assist::complete(&session::catalog(), &self.session.borrow(), line, position);
        let pair =
            |c: assist::Candidate| Pair { display: if c.kind.is_empty() { c.text.clone() } else { format!("{}  ({})", c.text, c.kind) }, replacement: c.text };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, position: usize, _: &Context) -> Option<String> {
        if position < line.len() || line.is_empty() {
            return None;
        }
        assist::signature(&session::catalog(), &self.session.borrow(), line, position).map(|text| format!("   {text}"))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        Ok(if !context.input().starts_with([':', '?']) && is_open(context.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        Cow::Owned(highlight::ansi(line))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[38;5;245m{hint}\x1b[0m"))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

/// Runs the command; the exit code.
pub fn repl(common: &Common) -> u8 {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(fault) => return fail(&fault, false),
    };
    common.start_torch();
    crate::bind::start(settings);
    let state = Rc::new(RefCell::new(Interactive::default()));
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(false).build();
    let Ok(mut editor) = Editor::<Assistant, rustyline::history::DefaultHistory>::with_config(config) else { return ERROR };
    editor.set_helper(Some(Assistant { session: state.clone() }));
    let history =
        std::env::var_os("CISTRON_HISTORY").map(PathBuf::from).or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cistron_history")));
    if let Some(path) = &history {
        editor.load_history(path).ok();
    }
    if std::io::stdin().is_terminal() {
        let place = crate::torch::Device::parse(&common.device).map_or("cpu".into(), |d| d.name());
        println!("cistron {} on {place}. `?name` explains, Tab completes, `:help` lists commands, Ctrl-D leaves.", env!("CARGO_PKG_VERSION"));
    }
    let mut worked = String::new();
    loop {
        match editor.readline("> ") {
            Ok(line) => {
                if !line.trim().is_empty() {
                    editor.add_history_entry(line.trim()).ok();
                }
                match turn(line.trim(), &state, &mut worked, common) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(fault) => eprint!("{}", diagnostics::render(&fault, std::io::stderr().is_terminal())),
                }
            }
            Err(ReadlineError::Interrupted) => println!("(Ctrl-D or :quit leaves)"),
            Err(_) => break,
        }
    }
    if let Some(path) = &history {
        editor.save_history(path).ok();
    }
    state.borrow_mut().reset();
    0
}

fn expect(rest: &str, what: &str) -> Result<()> {
    if rest.is_empty() { Err(Fault::new("usage", format!("{what} is missing"))) } else { Ok(()) }
}

/// One line; false where it is the last.
fn turn(line: &str, state: &Rc<RefCell<Interactive>>, worked: &mut String, common: &Common) -> Result<bool> {
    let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
    match word {
        "" => {}
        ":quit" | ":q" | "exit" => return Ok(false),
        ":help" | ":h" => COMMANDS.iter().for_each(|(word, text)| println!("{word:<14} {text}")),
        ":vars" | ":scope" => {
            let all = state.borrow().variables();
            let wide = |of: fn(&crate::lang::interactive::Variable) -> &String| all.iter().map(|v| of(v).chars().count()).max().unwrap_or(0);
            let (names, kinds) = (wide(|v| &v.name), wide(|v| &v.kind));
            all.iter().for_each(|v| println!("{:<names$}  {:<kinds$}  {}", v.name, v.kind, v.value));
        }
        ":type" => {
            expect(rest, "the value whose type is asked for")?;
            println!("{}", session::describe(&run(rest, state)?));
        }
        ":time" => {
            expect(rest, "what is to be timed")?;
            let started = std::time::Instant::now();
            let value = run(rest, state)?;
            let seconds = started.elapsed().as_secs_f64();
            present(&value);
            println!("{seconds:.3} s");
        }
        ":load" => {
            expect(rest, "the path of the script")?;
            let text = std::fs::read_to_string(rest).map_err(|error| Fault::file(rest, &error))?;
            let listening = signal::Listening::begin();
            let value = state.borrow_mut().run(&text, rest)?;
            drop(listening);
            worked.push_str(&text);
            present(&value);
        }
        ":save" => {
            expect(rest, "the path of the file")?;
            crate::base::file::write_whole(std::path::Path::new(rest), worked.as_bytes())?;
            println!("{} lines written to {rest}", worked.lines().count());
        }
        ":plot" => {
            expect(rest, "what is to be shown")?;
            let value = run(rest, state)?;
            plot(&value)?;
        }
        ":device" => {
            if !rest.is_empty() {
                let found = crate::torch::Device::parse(rest)?;
                session::set_settings(|settings| settings.device = found.name());
            }
            println!("{}", session::settings().device);
        }
        ":reset" => {
            state.borrow_mut().reset();
            worked.clear();
            device::seed(common.seed);
            session::reset_draws();
        }
        _ if line.starts_with(':') => {
            let names = COMMANDS.iter().map(|(word, _)| word.split(' ').next().unwrap_or(word));
            let fault = Fault::new("usage", format!("there is no command `{word}`"));
            return Err(match crate::base::near::nearest(word, names) {
                Some(near) => fault.hint(format!("did you mean `{near}`? `:help` lists all")),
                None => fault.hint("`:help` lists all"),
            });
        }
        _ if line.starts_with('?') => println!("{}", help::text(&session::catalog(), line.trim_start_matches('?').trim())?),
        _ => {
            let value = run(line, state)?;
            worked.push_str(line);
            worked.push_str(if line.ends_with([';', '}']) { "\n" } else { ";\n" });
            present(&value);
        }
    }
    Ok(true)
}

fn run(line: &str, state: &Rc<RefCell<Interactive>>) -> Result<rhai::Dynamic> {
    let _listening = signal::Listening::begin();
    state.borrow_mut().run(line, "repl")
}

/// Prints a result as it reads best.
fn present(value: &rhai::Dynamic) {
    if value.is_unit() {
        return;
    }
    let colored = std::io::stdout().is_terminal();
    if let Some(motif) = value.read_lock::<Motif>() {
        println!("motif {}  {}  {:.1} bits", motif.name, terminal::motif(&motif, colored), motif.total_information());
    } else if let Some(motifs) = value.read_lock::<crate::bind::values::Motifs>() {
        let wide = motifs.0.iter().take(50).map(|m| m.name.chars().count()).max().unwrap_or(0);
        motifs.0.iter().take(50).for_each(|m| println!("{:<wide$}  {}  {:.1} bits", m.name, terminal::motif(m, colored), m.total_information()));
        if motifs.0.len() > 50 {
            println!("… {} more", motifs.0.len() - 50);
        }
    } else if let Some(figure) = value.read_lock::<crate::plot::Figure>() {
        print!("{}", terminal::show(&figure, 90, colored));
    } else {
        println!("{}", show::pretty(value));
    }
}

/// Shows a figure, or what a figure can be made of.
fn plot(value: &rhai::Dynamic) -> Result<()> {
    let colored = std::io::stdout().is_terminal();
    let figure = match crate::bind::plot::figure_of(value) {
        Some(figure) => figure,
        None => {
            return Err(Fault::new("type", format!("there is no figure of {}", session::describe(value)))
                .hint("figures are made of figures, histories, motifs, networks, schedules and numbers"));
        }
    };
    print!("{}", terminal::show(&figure, 90, colored));
    Ok(())
}
