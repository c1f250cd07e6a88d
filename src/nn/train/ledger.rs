//! Trials of a search in a file: several processes add to it, and a search continues where it ends.

use super::division::{Division, Pause, stop_line};
use super::search::{State, Trial, Values};
use cistron_base::process::Process;
use cistron_base::{Fault, Result, file};
use cistron_base::{bail, fault};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The trials of a search, in a file that several processes add to, or in memory.
pub struct Ledger {
    path: PathBuf,
    /// The lines, where there is no file.
    memory: Option<RefCell<String>>,
    /// Whether no other run writes to it: what processes of other runs had begun has ended.
    is_private: bool,
    /// The processes that divide the trials.
    division: Option<Division>,
}

/// What a process does next.
pub enum Begun {
    /// It runs a trial.
    Trial(Box<Trial>),
    /// It waits for a trial that another process runs.
    Wait,
    /// There are enough trials.
    End,
}

/// What follows the trials so far.
pub enum Next {
    /// A trial of these values.
    Values(Values),
    /// A trial whose values depend on one that still runs.
    Wait,
    /// None.
    End,
}

impl Ledger {
    /// At a path; made where it is not there. Fails where the file holds trials of another search:
    /// `search` is what makes trials comparable, its spaces, direction and seed.
    pub fn at(path: &Path, search: &Value) -> Result<Ledger> {
        file::make_folders(file::folder_of(path))?;
        let ledger = Ledger {
            path: path.to_path_buf(),
            memory: None,
            is_private: false,
            division: None,
        };
        let text = ledger.locked(|text, added| {
            if text.is_empty() {
                added.push(json!({ "search": search }));
            }
            Ok(text.to_string())
        })?;
        ledger.parse(&text)?;
        let first: Value = text
            .lines()
            .next()
            .and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_default();
        let was = &first["search"];
        if !was.is_null() && was != search {
            let differs =
                |(name, value): (&String, &Value)| (search[name] != *value).then(|| name.clone());
            let names: Vec<String> = was
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(differs)
                .collect();
            bail!("resume", "`{}` holds trials of another search; it differs in: {}",
                path.display(), names.join(", ");
                hint: "give this search a file of its own: `file: \"other.jsonl\"`");
        }
        Ok(ledger)
    }

    /// In memory, for a search of one process that keeps nothing.
    pub fn in_memory() -> Ledger {
        Ledger {
            path: "trials".into(),
            memory: Some(RefCell::default()),
            is_private: false,
            division: None,
        }
    }

    /// The same, of this run alone: what processes of other runs had begun has ended.
    #[must_use]
    pub fn private(mut self) -> Ledger {
        self.is_private = true;
        self
    }

    /// The same, to which the processes of a run add trials that they divide.
    #[must_use]
    pub fn divided(mut self, division: Division) -> Ledger {
        self.division = Some(division);
        self
    }

    /// The processes that divide its trials.
    pub fn division(&self) -> Option<&Division> {
        self.division.as_ref()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a process may still be at a trial.
    fn is_alive(&self, process: &Process) -> bool {
        match &self.division {
            Some(division) if division.has(process) => true,
            None if self.is_private => *process == Process::this(),
            _ => !self.is_private && process.is_alive(),
        }
    }

    /// Does something with the whole lines while no other process can; what it adds is appended.
    fn locked<T>(&self, act: impl FnOnce(&str, &mut Vec<Value>) -> Result<T>) -> Result<T> {
        let mut added = Vec::new();
        let lines = |added: &[Value]| {
            added
                .iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        };
        if let Some(memory) = &self.memory {
            let outcome = act(&memory.borrow(), &mut added)?;
            memory.borrow_mut().push_str(&lines(&added));
            return Ok(outcome);
        }
        let failed = |error: std::io::Error| Fault::file(&self.path, &error);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&self.path)
            .map_err(failed)?;
        file.lock().map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let outcome = act(&text[..whole], &mut added)?;
        if !added.is_empty() {
            // a line that a killed process left unfinished is written over
            file.set_len(whole as u64).map_err(failed)?;
            file.seek(SeekFrom::Start(whole as u64)).map_err(failed)?;
            file.write_all(lines(&added).as_bytes())
                .and_then(|()| file.sync_data())
                .map_err(failed)?;
        }
        Ok(outcome)
    }

    /// The same with the trials.
    fn with_trials<T>(
        &self,
        act: impl FnOnce(Vec<Trial>, &mut Vec<Value>) -> Result<T>,
    ) -> Result<T> {
        self.locked(|text, added| act(self.parse(text)?, added))
    }

    fn parse(&self, text: &str) -> Result<Vec<Trial>> {
        let mut trials: Vec<Trial> = Vec::new();
        for (i, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let broken = || {
                fault!("file", "`{}`, line {}: this is no line of a search", self.path.display(),
                    i + 1;
                    hint: "the file is written by search::tpe, search::random and search::grid")
            };
            let event: Value = serde_json::from_str(line).map_err(|_| broken())?;
            if event["search"].is_object() || event["stop"].is_string() {
                continue;
            }
            let number = event["trial"].as_u64().ok_or_else(broken)? as usize;
            if let Some(values) = event["params"].as_object() {
                if trials.iter().any(|trial| trial.number == number) {
                    return Err(broken());
                }
                let process = process_of(&event);
                let values = values.clone();
                trials.push(Trial {
                    number,
                    state: State::Running,
                    values,
                    value: None,
                    steps: Vec::new(),
                    is_hopeless: false,
                    seconds: 0.0,
                    left: Value::Null,
                    process,
                });
                continue;
            }
            let trial = trials
                .iter_mut()
                .find(|trial| trial.number == number)
                .ok_or_else(broken)?;
            if let Some(step) = event["step"].as_i64() {
                // a trial that was started again reports some steps a second time
                trial.steps.retain(|(known, _)| *known != step);
                trial
                    .steps
                    .push((step, event["value"].as_f64().unwrap_or(f64::NAN)));
                trial.is_hopeless |= event["hopeless"].as_bool().unwrap_or(false);
            } else if event["again"].as_bool() == Some(true) {
                trial.process = process_of(&event);
            } else {
                trial.state = State::named(event["state"].as_str().unwrap_or(""));
                trial.value = event["value"].as_f64();
                trial.seconds = event["seconds"].as_f64().unwrap_or(0.0);
                trial.left = event["left"].clone();
            }
        }
        Ok(trials)
    }

    /// All trials.
    pub fn trials(&self) -> Result<Vec<Trial>> {
        self.with_trials(|trials, _| Ok(trials))
    }

    /// Begins the next trial, unless `most` are done or under way. A trial whose process has ended
    /// is started again, with its number and values.
    pub fn begin(&self, most: usize, next: impl FnOnce(&[Trial], usize) -> Next) -> Result<Begun> {
        self.with_trials(|trials, added| {
            let process = Process::this();
            if let Some(trial) = trials
                .iter()
                .find(|trial| trial.state == State::Running && !self.is_alive(&trial.process))
            {
                added.push(
                    json!({ "trial": trial.number, "again": true, "process": process.to_string() }),
                );
                return Ok(Begun::Trial(Box::new(Trial {
                    process,
                    ..trial.clone()
                })));
            }
            let counted = trials
                .iter()
                .filter(|trial| trial.state != State::Failed)
                .count();
            let number = trials.len();
            if counted >= most {
                return Ok(Begun::End);
            }
            let values = match next(&trials, number) {
                Next::Values(values) => values,
                Next::Wait => return Ok(Begun::Wait),
                Next::End => return Ok(Begun::End),
            };
            added
                .push(json!({ "trial": number, "params": values, "process": process.to_string() }));
            Ok(Begun::Trial(Box::new(Trial {
                number,
                state: State::Running,
                values,
                value: None,
                steps: Vec::new(),
                is_hopeless: false,
                seconds: 0.0,
                left: Value::Null,
                process,
            })))
        })
    }

    /// Records what a trial reports on the way, and whether that makes it hopeless among all
    /// trials. Where processes divide them these are the trials before it, so that its fate does
    /// not depend on the number of processes; those that still run are waited for.
    pub fn step(
        &self,
        number: usize,
        step: i64,
        value: f64,
        judge: impl Fn(&[Trial]) -> bool,
    ) -> Result<bool> {
        let mut pause = Pause::default();
        loop {
            let judged = self.with_trials(|mut trials, added| {
                if let Some(division) = &self.division {
                    if !division.is_judged(&trials, number, step) {
                        return Ok(None);
                    }
                    trials.retain(|trial| trial.number <= number);
                }
                let is_hopeless = judge(&trials);
                let mut line = json!({ "trial": number, "step": step, "value": value });
                if is_hopeless {
                    line["hopeless"] = json!(true);
                }
                added.push(line);
                Ok(Some(is_hopeless))
            })?;
            match judged {
                Some(is_hopeless) => return Ok(is_hopeless),
                None => pause.wait()?,
            }
        }
    }

    /// Ends the search for all processes that divide its trials.
    pub fn stop(&self) -> Result<()> {
        let Some(division) = &self.division else {
            return Ok(());
        };
        self.locked(|_, added| {
            added.push(stop_line(&division.key()));
            Ok(())
        })
    }

    /// Ends a trial; `left` is what it changed in the script.
    pub fn end(
        &self,
        number: usize,
        state: State,
        value: Option<f64>,
        seconds: f64,
        why: Option<&str>,
        left: Value,
    ) -> Result<()> {
        self.with_trials(|_, added| {
            let mut line = json!({
                "trial": number, "state": state.word(), "value": value, "seconds": seconds
            });
            if let Some(why) = why {
                line["why"] = json!(why);
            }
            if !left.is_null() {
                line["left"] = left;
            }
            added.push(line);
            Ok(())
        })
    }
}

fn process_of(event: &Value) -> Process {
    event["process"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_shared_resumed_and_survives_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        let (one, other) = (
            Ledger::at(&path, &json!({ "seed": 1 })).unwrap(),
            Ledger::at(&path, &json!({ "seed": 1 })).unwrap(),
        );
        let values = |_: &[Trial], number: usize| {
            Next::Values(Values::from_iter([("x".to_string(), json!(number))]))
        };
        let number = |begun: Result<Begun>| match begun.unwrap() {
            Begun::Trial(trial) => trial.number,
            _ => panic!("no trial"),
        };
        assert_eq!(number(one.begin(3, values)), 0);
        assert_eq!(number(other.begin(3, values)), 1);
        assert!(!one.step(0, 1, 0.5, |_| false).unwrap());
        one.end(0, State::Done, Some(0.7), 1.0, None, Value::Null)
            .unwrap();
        other
            .end(1, State::Failed, None, 1.0, Some("x"), Value::Null)
            .unwrap();
        let torn = std::fs::read_to_string(&path).unwrap() + "{\"trial\": 1, \"sta";
        std::fs::write(&path, torn).unwrap();
        assert_eq!(number(other.begin(2, values)), 2);
        assert!(matches!(one.begin(2, values).unwrap(), Begun::End));
        let trials = one.trials().unwrap();
        assert_eq!(
            trials.iter().map(|trial| trial.state).collect::<Vec<_>>(),
            [State::Done, State::Failed, State::Running]
        );
        assert_eq!(trials[0].steps, [(1, 0.5)]);
        std::fs::write(&path, "hello\n").unwrap();
        assert!(one.trials().unwrap_err().to_string().contains("line 1"));
    }
}
