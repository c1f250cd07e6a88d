//! Input of a REPL or a notebook cell: code, `?name`, and commands that begin with a colon.

use super::signal;
use crate::base::{Fault, Result};
use crate::lang::interactive::Interactive;
use crate::lang::known::Known;
use crate::lang::{help, session};
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
    (":reset", "forgets everything"),
    (":quit", "leaves; so does Ctrl-D"),
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

/// Whether a text is a command or a question, not code.
pub fn is_command(text: &str) -> bool {
    text.starts_with([':', '?'])
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
    /// The inputs without errors, as a script.
    worked: String,
    seed: u64,
    /// Whether Ctrl-C interrupts running code.
    listens: bool,
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
            worked: String::new(),
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
        if is_command(text) || text == "exit" {
            let (word, rest) = text
                .split_once(char::is_whitespace)
                .map_or((text, ""), |(word, rest)| (word, rest.trim()));
            return self.command(word, rest, file);
        }
        // the input as typed, so that positions in errors refer to it
        let value = self.run(given, file)?;
        self.worked.push_str(text);
        self.worked.push_str(if text.ends_with([';', '}']) {
            "\n"
        } else {
            ";\n"
        });
        Ok(vec![Answer::Value(value)])
    }

    fn command(&mut self, word: &str, rest: &str, file: &str) -> Result<Vec<Answer>> {
        let text = |text: String| Ok(vec![Answer::Text(text)]);
        match word {
            ":quit" | ":q" | "exit" => Ok(vec![Answer::Quit]),
            ":help" | ":h" if !rest.is_empty() => {
                Ok(vec![Answer::Page(help::text(&session::catalog(), rest)?)])
            }
            ":apropos" | ":find" => {
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
                Ok(vec![
                    Answer::Value(value),
                    Answer::Text(format!("{:.3} s", started.elapsed().as_secs_f64())),
                ])
            }
            ":load" => {
                expect(rest, "the path of the script")?;
                let script = crate::base::file::read_text(Path::new(rest))
                    .map_err(|error| Fault::file(rest, &error))?;
                let value = self.run(&script, rest)?;
                self.worked.push_str(&script);
                Ok(vec![Answer::Value(value)])
            }
            ":save" => {
                expect(rest, "the path of the file")?;
                crate::base::file::write_whole(Path::new(rest), self.worked.as_bytes())?;
                text(format!(
                    "{} lines written to {rest}",
                    self.worked.lines().count()
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
            ":reset" => {
                self.session.borrow_mut().reset();
                self.worked.clear();
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
