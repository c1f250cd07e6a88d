//! Trials of a search in a file: several processes add to it, and a search goes on where it ends.

use super::search::{State, Trial, Values};
use crate::base::process::Process;
use crate::base::{Fault, Result, file};
use crate::fault;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The trials of a search, in a file that several processes add to.
pub struct Ledger {
    path: PathBuf,
}

impl Ledger {
    /// At a path; made where it is not there.
    pub fn at(path: &Path) -> Result<Ledger> {
        file::make_folders(file::folder_of(path))?;
        let ledger = Ledger {
            path: path.to_path_buf(),
        };
        ledger.locked(|_, _| Ok(()))?;
        Ok(ledger)
    }

    /// Does something with the trials while no other process can; what it gives is added.
    fn locked<T>(&self, act: impl FnOnce(Vec<Trial>, &mut Vec<Value>) -> Result<T>) -> Result<T> {
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
        let trials = self.parse(&text[..whole])?;
        let mut added = Vec::new();
        let outcome = act(trials, &mut added)?;
        if !added.is_empty() {
            // a line that a killed process left unfinished is written over
            file.set_len(whole as u64).map_err(failed)?;
            file.seek(SeekFrom::Start(whole as u64)).map_err(failed)?;
            let lines: String = added.iter().map(|line| format!("{line}\n")).collect();
            file.write_all(lines.as_bytes())
                .and_then(|()| file.sync_data())
                .map_err(failed)?;
        }
        Ok(outcome)
    }

    fn parse(&self, text: &str) -> Result<Vec<Trial>> {
        let mut trials: Vec<Trial> = Vec::new();
        for (i, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let broken = || fault!("file", "`{}`, line {}: this is no line of a search", self.path.display(), i + 1; hint: "the file is written by search::tpe, search::random and search::grid");
            let event: Value = serde_json::from_str(line).map_err(|_| broken())?;
            let number = event["trial"].as_u64().ok_or_else(broken)? as usize;
            if let Some(values) = event["params"].as_object() {
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
            }
        }
        Ok(trials)
    }

    /// All trials.
    pub fn trials(&self) -> Result<Vec<Trial>> {
        self.locked(|trials, _| Ok(trials))
    }

    /// Begins the next trial, unless `most` are done or under way. A trial whose process has ended
    /// is started again, with its number and values.
    pub fn begin(
        &self,
        most: usize,
        next: impl FnOnce(&[Trial], usize) -> Option<Values>,
    ) -> Result<Option<Trial>> {
        self.locked(|trials, added| {
            let process = Process::this();
            if let Some(trial) = trials
                .iter()
                .find(|trial| trial.state == State::Running && !trial.process.is_alive())
            {
                added.push(
                    json!({ "trial": trial.number, "again": true, "process": process.to_string() }),
                );
                return Ok(Some(Trial {
                    process,
                    ..trial.clone()
                }));
            }
            let counted = trials
                .iter()
                .filter(|trial| trial.state != State::Failed)
                .count();
            let number = trials.len();
            if counted >= most {
                return Ok(None);
            }
            let Some(values) = next(&trials, number) else {
                return Ok(None);
            };
            added
                .push(json!({ "trial": number, "params": values, "process": process.to_string() }));
            Ok(Some(Trial {
                number,
                state: State::Running,
                values,
                value: None,
                steps: Vec::new(),
                is_hopeless: false,
                seconds: 0.0,
                process,
            }))
        })
    }

    /// Records what a trial reports on the way, and whether that makes it hopeless among all
    /// trials.
    pub fn step(
        &self,
        number: usize,
        step: i64,
        value: f64,
        judge: impl FnOnce(&[Trial]) -> bool,
    ) -> Result<bool> {
        self.locked(|trials, added| {
            let is_hopeless = judge(&trials);
            let mut line = json!({ "trial": number, "step": step, "value": value });
            if is_hopeless {
                line["hopeless"] = json!(true);
            }
            added.push(line);
            Ok(is_hopeless)
        })
    }

    /// Ends a trial.
    pub fn end(
        &self,
        number: usize,
        state: State,
        value: Option<f64>,
        seconds: f64,
        why: Option<&str>,
    ) -> Result<()> {
        self.locked(|_, added| {
            let mut line = json!({ "trial": number, "state": state.word(), "value": value, "seconds": seconds });
            if let Some(why) = why {
                line["why"] = json!(why);
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
        let (one, other) = (Ledger::at(&path).unwrap(), Ledger::at(&path).unwrap());
        let values = |_: &[Trial], number: usize| {
            Some(
                [("x".to_string(), json!(number))]
                    .into_iter()
                    .collect::<Values>(),
            )
        };
        let number = |begun: Result<Option<Trial>>| begun.unwrap().unwrap().number;
        assert_eq!(number(one.begin(3, values)), 0);
        assert_eq!(number(other.begin(3, values)), 1);
        assert!(!one.step(0, 1, 0.5, |_| false).unwrap());
        one.end(0, State::Done, Some(0.7), 1.0, None).unwrap();
        other.end(1, State::Failed, None, 1.0, Some("x")).unwrap();
        let torn = std::fs::read_to_string(&path).unwrap() + "{\"trial\": 1, \"sta";
        std::fs::write(&path, torn).unwrap();
        assert_eq!(number(other.begin(2, values)), 2);
        assert!(one.begin(2, values).unwrap().is_none());
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
