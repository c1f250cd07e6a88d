//! Input of a REPL or a notebook cell: code, `?name`, and commands that begin with a colon.

use super::signal;
use crate::base::{Fault, Result};
use crate::lang::interactive::Interactive;
use crate::lang::known::Known;
use crate::lang::{help, last, session};
use crate::torch::device;
use rhai::Dynamic;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// The commands with their descriptions.
pub const COMMANDS: &[(&str, &str)] = &[
    (":help", "this list; `:help NAME` is `?NAME`"),
    (":apropos WORD", "what is documented about a word"),
    (":vars", "the variables, with their types"),
    (":type EXPR", "the type of a value"),
    (":time EXPR", "how long it takes"),
    (
        ":load FILE",
        "runs a script here: its variables and functions stay",
    ),
    (
        ":save FILE",
        "writes what was typed and worked, as a script",
    ),
    (
        ":plot EXPR",
        "shows a figure, history, motifs, network, schedule, table or numbers as a picture",
    ),
    (
        ":device NAME",
        "where networks are built from now on: auto, cpu, cuda, cuda:N",
    ),
    (
        ":edit",
        "opens the last input in your editor (VISUAL, EDITOR), and runs what you save",
    ),
    (
        "check(\"02\")",
        "the points of your functions by the tests of a lesson; `check()`: by those typed here",
    ),
    (":reset", "forgets everything"),
    (":quit", "leaves; so does Ctrl-D"),
    ("!COMMAND", "a command of the shell"),
    (
        "_",
        "the value that was shown last; `;` at the end shows none",
    ),
];

/// The names of the commands.
fn words() -> impl Iterator<Item = &'static str> {
    COMMANDS
        .iter()
        .map(|(word, _)| word.split(' ').next().unwrap_or(word))
}

/// The commands that start with a text; none where the cursor (in bytes) is not in a command.
pub fn completions(text: &str, cursor: usize) -> Option<impl Iterator<Item = &'static str>> {
    let typed = text[..cursor].to_string();
    (text.starts_with(':') && !typed.contains(char::is_whitespace))
        .then(|| words().filter(move |word| word.starts_with(&typed)))
}

/// Whether a text is a word by which other programs are left.
fn is_end(text: &str) -> bool {
    ["exit", "quit", "exit()", "quit()"].contains(&text.trim())
}

/// The lesson of `check("02")`; empty of `check()`.
fn checked_lesson(text: &str) -> Option<&str> {
    let inside = text.trim().trim_end_matches(';').trim_end();
    let inside = inside.strip_prefix("check(")?.strip_suffix(')')?.trim();
    if inside.is_empty() {
        return Some("");
    }
    if inside.bytes().all(|b| b.is_ascii_digit()) {
        return Some(inside);
    }
    let name = inside.strip_prefix('"')?.strip_suffix('"')?;
    (!name.contains(['"', '\\'])).then_some(name)
}

/// Whether a text is a command or a question, not code.
pub fn is_command(text: &str) -> bool {
    text.starts_with([':', '?']) || is_end(text) || text.starts_with("apropos ")
}

/// The response to an input.
pub enum Answer {
    /// A few lines.
    Text(String),
    /// A page of help.
    Page(String),
    /// The value of the code.
    Value(Dynamic),
    /// The end of the session.
    Quit,
}

/// An interactive session with its input.
pub struct Console {
    /// Variables, functions and imports.
    pub session: Rc<RefCell<Interactive>>,
    worked: Worked,
    /// The latest input that is code.
    latest: String,
    seed: u64,
    /// Whether Ctrl-C interrupts running code.
    listens: bool,
}

/// The inputs without errors.
#[derive(Default)]
struct Worked {
    inputs: Vec<Input>,
    /// The input whose value is `_`.
    shown: Option<usize>,
}

/// An input as a script has it.
struct Input {
    text: String,
    /// The name that its value needs, because a later one uses it as `_`.
    name: Option<String>,
}

impl Worked {
    /// Adds an input; where it uses `_`, the input of that value gets a name.
    fn add(&mut self, text: &str) {
        let uses = last::uses(text);
        let mut text = text.to_string();
        if let Some(shown) = self.shown.filter(|_| !uses.is_empty()) {
            let is_taken = |name: &String| {
                let has = |input: &Input| {
                    input.name.as_ref() == Some(name) || input.text.contains(name.as_str())
                };
                self.inputs.iter().any(has)
            };
            let free = (1..)
                .map(|n| format!("shown_{n}"))
                .find(|name| !is_taken(name));
            let name = self.inputs[shown]
                .name
                .get_or_insert(free.unwrap_or_default());
            text = last::renamed(&text, &uses, name);
        }
        self.inputs.push(Input { text, name: None });
    }

    /// The value that was shown is that of the latest input.
    fn shown(&mut self) {
        self.shown = self.inputs.len().checked_sub(1);
    }

    fn script(&self) -> String {
        let one = |input: &Input| {
            let name = input.name.as_deref();
            last::statement(input.text.trim_end(), name) + "\n"
        };
        self.inputs.iter().map(one).collect()
    }
}

fn expect(rest: &str, what: &str) -> Result<()> {
    if rest.is_empty() {
        Err(Fault::new("usage", format!("{what} is missing")))
    } else {
        Ok(())
    }
}

impl Console {
    /// An empty session; with `listens`, Ctrl-C interrupts running code.
    pub fn new(seed: u64, listens: bool) -> Console {
        Console {
            session: Rc::new(RefCell::new(Interactive::default())),
            worked: Worked::default(),
            latest: String::new(),
            seed,
            listens,
        }
    }

    /// Runs code of a file or cell.
    pub fn run(&self, text: &str, file: &str) -> Result<Dynamic> {
        let _listening = self.listens.then(signal::Listening::begin);
        self.session.borrow_mut().run(text, file)
    }

    /// Executes an input; positions in errors are in `file`.
    pub fn turn(&mut self, given: &str, file: &str) -> Result<Vec<Answer>> {
        let text = given.trim();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(name) = text.strip_prefix('?') {
            let name = name.trim().trim_end_matches('?');
            let page = help::text(&session::catalog(), name)?;
            return Ok(vec![if name.is_empty() {
                Answer::Text(page)
            } else {
                Answer::Page(page)
            }]);
        }
        if is_command(text) {
            let (word, rest) = text
                .split_once(char::is_whitespace)
                .map_or((text, ""), |(word, rest)| (word, rest.trim()));
            return self.command(word, rest, file);
        }
        if let Some(command) = self.shell_command(text) {
            let _listening = self.listens.then(signal::Listening::begin);
            return super::shell::run(command, self.listens).map(|text| vec![Answer::Text(text)]);
        }
        let has_own = || (self.session.borrow().functions().iter()).any(|name| name == "check");
        if let Some(lesson) = checked_lesson(text).filter(|_| !has_own()) {
            let report = super::grading::check(lesson, &self.worked.script())?;
            return Ok(vec![Answer::Text(report)]);
        }
        self.latest = text.to_string();
        // the input as typed, so that positions in errors refer to it
        let value = self.run(given, file)?;
        self.worked.add(text);
        if last::is_quiet(text) {
            return Ok(Vec::new());
        }
        self.show(value)
    }

    /// The answer that shows a value, which becomes `_`.
    fn show(&mut self, value: Dynamic) -> Result<Vec<Answer>> {
        if !value.is_unit() {
            self.session.borrow_mut().keep_shown(value.clone());
            self.worked.shown();
        }
        Ok(vec![Answer::Value(value)])
    }

    /// The command behind `!`. `!x` is code where `x` is a value of the session.
    fn shell_command<'t>(&self, text: &'t str) -> Option<&'t str> {
        let command = text.strip_prefix('!')?;
        let end = command
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(command.len());
        let word = &command[..end];
        let session = self.session.borrow();
        let is_known = session.variables().iter().any(|v| v.name == word)
            || session.functions().iter().any(|name| name == word);
        let is_value = matches!(word, "true" | "false" | "_")
            || (is_known && session.can_read(text))
            || command[end..].starts_with(['(', ':'])
            || command.starts_with(['(', '!', '[', '"', '`', '#']);
        (!is_value && !command.trim().is_empty()).then_some(command)
    }

    fn command(&mut self, word: &str, rest: &str, file: &str) -> Result<Vec<Answer>> {
        let text = |text: String| Ok(vec![Answer::Text(text)]);
        match word {
            ":quit" | ":q" | "exit" | "quit" | "exit()" | "quit()" => Ok(vec![Answer::Quit]),
            ":help" | ":h" if !rest.is_empty() => {
                Ok(vec![Answer::Page(help::text(&session::catalog(), rest)?)])
            }
            ":apropos" | ":find" | "apropos" => {
                expect(rest, "the word that is searched for")?;
                Ok(vec![Answer::Page(help::apropos(
                    &session::catalog(),
                    rest,
                )?)])
            }
            ":help" | ":h" => text(
                COMMANDS
                    .iter()
                    .map(|(word, about)| format!("{word:<14} {about}"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            ),
            ":vars" | ":scope" => {
                let all = self.variables();
                if all.is_empty() {
                    Ok(Vec::new())
                } else {
                    text(all)
                }
            }
            ":type" => {
                expect(rest, "the value whose type is asked for")?;
                text(session::describe(&self.run(rest, file)?))
            }
            ":time" => {
                expect(rest, "what is to be timed")?;
                let started = std::time::Instant::now();
                let value = self.run(rest, file)?;
                let time = started.elapsed().as_secs_f64();
                self.worked.add(rest);
                let mut answers = if last::is_quiet(rest) {
                    Vec::new()
                } else {
                    self.show(value)?
                };
                answers.push(Answer::Text(format!("{time:.3} s")));
                Ok(answers)
            }
            ":load" => {
                expect(rest, "the path of the script")?;
                let script = crate::base::file::read_text(Path::new(rest))
                    .map_err(|error| Fault::file(rest, &error))?;
                let value = self.run(&script, rest)?;
                self.worked.add(&script);
                self.show(value)
            }
            ":save" => {
                expect(rest, "the path of the file")?;
                let script = self.worked.script();
                crate::base::file::write_whole(Path::new(rest), script.as_bytes())?;
                text(format!(
                    "{} lines written to {rest}",
                    script.lines().count()
                ))
            }
            ":plot" => {
                expect(rest, "what is to be shown")?;
                let value = self.run(rest, file)?;
                let Some(figure) = crate::bind::printing::figure_of(&value) else {
                    let fault = Fault::new(
                        "type",
                        format!("there is no figure of {}", session::describe(&value)),
                    );
                    return Err(fault.hint(
                        "figures are made of figures, histories, motifs, \
                        networks, schedules, tables and numbers",
                    ));
                };
                Ok(vec![Answer::Value(Dynamic::from(figure))])
            }
            ":device" => {
                if !rest.is_empty() {
                    let found = crate::torch::Device::parse(rest)?;
                    session::set_settings(|settings| settings.device = found.name());
                }
                text(session::settings().device)
            }
            ":edit" => {
                if !self.listens {
                    let fault = Fault::new("usage", "`:edit` opens an editor in a terminal");
                    return Err(fault.hint("edit the cell instead"));
                }
                let edited = super::shell::edited(&self.latest)?;
                let edited = edited.as_deref().unwrap_or("").trim_end();
                if edited.trim().is_empty() {
                    return text("nothing was saved".into());
                }
                let mut answers = vec![Answer::Text(edited.to_string())];
                answers.extend(self.turn(edited, file)?);
                Ok(answers)
            }
            ":reset" => {
                self.session.borrow_mut().reset();
                self.worked = Worked::default();
                device::seed(self.seed);
                session::reset_draws();
                Ok(Vec::new())
            }
            _ => {
                let fault = Fault::new("usage", format!("there is no command `{word}`"));
                Err(match crate::base::near::nearest(word, words()) {
                    Some(near) => fault.hint(format!("did you mean `{near}`? `:help` lists all")),
                    None => fault.hint("`:help` lists all"),
                })
            }
        }
    }

    fn variables(&self) -> String {
        let all = self.session.borrow().variables();
        let wide = |of: fn(&crate::lang::known::Variable) -> &String| {
            all.iter().map(|v| of(v).chars().count()).max().unwrap_or(0)
        };
        let (names, kinds) = (wide(|v| &v.name), wide(|v| &v.kind));
        all.iter()
            .map(|v| format!("{:<names$}  {:<kinds$}  {}", v.name, v.kind, v.value))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::checked_lesson;

    #[test]
    fn the_lesson_of_a_check_is_read() {
        assert_eq!(checked_lesson("check(\"02\")"), Some("02"));
        assert_eq!(checked_lesson(" check( \"a b/02\" ) ;"), Some("a b/02"));
        assert_eq!(checked_lesson("check()"), Some(""));
        assert_eq!(checked_lesson("check(2)"), Some("2"));
        for code in [
            "check(x)",
            "check(\"a\", \"b\")",
            "check(\"a\") + 1",
            "recheck()",
            "check",
        ] {
            assert_eq!(checked_lesson(code), None, "{code}");
        }
    }
}
