//! The loop of a search: trials are begun, run, judged and recorded one after the other.

use super::division::{Pause, Watch};
use super::ledger::{Begun, Ledger, Next};
use super::search::{self, Axis, Direction, State, Trial, Values, Way};
use cistron_base::table::{Cells, Table};
use cistron_base::{Fault, Result, interrupt, written};
use cistron_world as world;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Instant;

/// Number of consecutive failures that end a search: they are taken to be independent of the
/// values.
const MOST_FAILURES: usize = 3;

/// What is searched, and how.
#[derive(Clone, Debug)]
pub struct Search {
    /// Parameters, in an order in which conditions are known.
    pub axes: Vec<Axis>,
    /// How values are chosen.
    pub way: Way,
    /// Number of trials; of a grid the number of its combinations.
    pub trials: usize,
    /// Which values of the objective are better.
    pub direction: Direction,
    /// Number of trials that are drawn at random first, and that pruning needs.
    pub startup: usize,
    /// Number of trials that are chosen together, from those before them; of the first ones, which
    /// are drawn at random, as many as there are.
    pub together: usize,
    /// Seed of the values.
    pub seed: u64,
}

/// The value of a trial.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// Value of the objective.
    pub value: f64,
    /// Whether the trial was given up before its end.
    pub is_pruned: bool,
}

/// What trials optimise, and where the search reports.
pub trait Objective {
    /// The state of the program before a trial.
    type Before;

    /// Records the state before a trial.
    fn before(&self) -> Result<Self::Before>;

    /// Computes the value of a trial.
    fn value(&self, trial: &Trial) -> Result<Judged>;

    /// What the trial changed in the program, to be restored where the search is resumed.
    fn changes(&self, before: &Self::Before) -> Result<Value>;

    /// Records what a trial did, where the processes of a run divide the trials: of all of them, in
    /// order.
    fn adopt(&self, _trial: &Trial) -> Result<()> {
        Ok(())
    }

    /// Reports a trial that ended.
    fn tell(&self, text: &str);

    /// Reports a trial that failed.
    fn warn(&self, text: &str);
}

impl Search {
    /// A search of `trials` trials, or of all combinations of a grid.
    pub fn new(axes: Vec<Axis>, way: Way, trials: usize, direction: Direction) -> Search {
        let trials = match way {
            Way::Grid(points) => search::combinations(&axes, points).len(),
            _ => trials,
        };
        Search {
            axes,
            way,
            trials,
            direction,
            startup: 10,
            together: 1,
            seed: 0,
        }
    }

    /// What makes the trials of two searches comparable.
    pub fn identity(&self) -> Value {
        let axis = |axis: &Axis| format!("{} {:?} {:?}", axis.name, axis.space, axis.when);
        let direction = match self.direction {
            Direction::Max => "max",
            Direction::Min => "min",
        };
        let mut identity = json!({
            "space": self.axes.iter().map(axis).collect::<Vec<_>>(),
            "way": format!("{:?}", self.way),
            "direction": direction,
            "startup": self.startup,
            "seed": self.seed,
        });
        if self.together > 1 {
            identity["together"] = json!(self.together);
        }
        identity
    }

    /// Whether processes can divide the trials: not where each one depends on the one before.
    pub fn is_divisible(&self) -> bool {
        self.way != Way::Tpe || self.together > 1
    }

    /// How many of the first trials the values of a trial depend on.
    fn known(&self, number: usize) -> usize {
        match number.checked_sub(self.startup) {
            Some(after) if self.way == Way::Tpe => number - after % self.together.max(1),
            _ => 0,
        }
    }

    /// The values of trial `number` after others; none where a grid is exhausted.
    pub fn suggest(&self, trials: &[Trial], number: usize) -> Option<Values> {
        let Search {
            axes,
            way,
            direction,
            startup,
            seed,
            ..
        } = self;
        let known = &trials[..self.known(number).min(trials.len())];
        search::suggest(axes, known, *way, *direction, *startup, *seed, number)
    }

    /// What follows trials, where `waits` for those that the next one depends on.
    fn next(&self, trials: &[Trial], number: usize, waits: bool) -> Next {
        let mut known = trials.iter().take(self.known(number));
        if waits && known.any(|trial| trial.state == State::Running) {
            return Next::Wait;
        }
        self.suggest(trials, number).map_or(Next::End, Next::Values)
    }

    /// Runs trials until there are as many as asked for in the ledger, in which other processes may
    /// record trials too.
    ///
    /// # Errors
    /// The fault of the third consecutive trial that fails, of a trial that is interrupted, and of
    /// one whose checkpoint cannot be continued.
    pub fn run<O: Objective>(&self, ledger: &Ledger, objective: &O) -> Result<()> {
        if ledger.division().is_some() {
            return self.run_divided(ledger, objective);
        }
        let mut failures = trailing_failures(&ledger.trials()?);
        let next = |trials: &[Trial], number: usize| self.next(trials, number, false);
        while let Begun::Trial(trial) = ledger.begin(self.trials, next)? {
            interrupt::check()?;
            let fault = self.run_trial(ledger, objective, &trial)?;
            let trials = ledger.trials()?;
            let ended = &trials[trial.number];
            let Some(fault) = fault else {
                failures = 0;
                objective.tell(&self.account_of(ended, search::best(&trials, self.direction)));
                continue;
            };
            failures += 1;
            if failures >= MOST_FAILURES {
                return Err(fault.context(named(ended)));
            }
            objective.warn(&failed(ended, &fault));
        }
        Ok(())
    }

    /// Runs a trial and records its end; returns the fault with which it failed.
    ///
    /// # Errors
    /// Where it was interrupted, or its checkpoint cannot be continued: it has no end, and a
    /// resumed search starts it again.
    fn run_trial<O: Objective>(
        &self,
        ledger: &Ledger,
        objective: &O,
        trial: &Trial,
    ) -> Result<Option<Fault>> {
        let started = Instant::now();
        let before = objective.before()?;
        let outcome = objective.value(trial);
        let seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(Judged { value, is_pruned }) => {
                let state = match is_pruned {
                    true => State::Pruned,
                    false => State::Done,
                };
                let changes = objective.changes(&before)?;
                ledger.end(trial.number, state, Some(value), seconds, None, changes)?;
                Ok(None)
            }
            Err(fault) if interrupt::is_raised() || fault.kind == "resume" => {
                Err(fault.context(named(trial)))
            }
            Err(fault) => {
                let (mut changes, text) = (objective.changes(&before)?, fault.to_string());
                if ledger.division().is_some() {
                    changes["fault"] = world::to_json(&fault);
                }
                let number = trial.number;
                ledger.end(number, State::Failed, None, seconds, Some(&text), changes)?;
                Ok(Some(fault))
            }
        }
    }

    /// The report of a trial that has not failed.
    fn account_of(&self, trial: &Trial, best: Option<&Trial>) -> String {
        let best = best
            .and_then(|best| best.value)
            .map_or(String::new(), |best| {
                format!(", best so far {}", written::metric(best))
            });
        let (number, word) = (trial.number, trial.state.word());
        let value = written::metric(trial.value.unwrap_or(f64::NAN));
        let shown = search::values_text(&trial.values);
        format!("trial {number}: {word} {value}{best}  ({shown})")
    }

    /// Runs trials beside the other processes of the run, until all of them are done.
    fn run_divided<O: Objective>(&self, ledger: &Ledger, objective: &O) -> Result<()> {
        let mut report = Report::of(self, &ledger.trials()?);
        // all processes know the same trials when the first one begins another
        world::barrier("a search")?;
        let key = ledger.division().map(|own| own.key()).unwrap_or_default();
        let (outcome, is_stopped) = {
            let _alone = world::alone();
            let watch = Watch::start(ledger.path(), &key);
            let outcome = self.work(ledger, objective, &mut report);
            let is_stopped = watch.end();
            if outcome.is_err() && !is_stopped {
                ledger.stop()?;
            }
            (outcome, is_stopped)
        };
        if is_stopped {
            interrupt::clear();
        }
        let trials = ledger.trials()?;
        if let Some((number, fault)) = report.thrice(&trials) {
            report.update(objective, &trials[..number])?;
            objective.adopt(&trials[number])?;
            return Err(fault);
        }
        if !is_stopped {
            outcome?;
        }
        world::barrier("the end of a search")?;
        report.update(objective, &ledger.trials()?)
    }

    /// Runs trials of this process.
    fn work<O: Objective>(
        &self,
        ledger: &Ledger,
        objective: &O,
        report: &mut Report,
    ) -> Result<()> {
        let is_first = ledger.division().is_some_and(|own| own.is_first());
        let mut pause = Pause::default();
        loop {
            interrupt::check()?;
            let next = |trials: &[Trial], number: usize| self.next(trials, number, true);
            match ledger.begin(self.trials, next)? {
                Begun::Trial(trial) => {
                    self.run_trial(ledger, objective, &trial)?;
                    pause = Pause::default();
                }
                Begun::Wait => pause.wait()?,
                Begun::End => return Ok(()),
            }
            let trials = ledger.trials()?;
            if let Some((_, fault)) = report.thrice(&trials) {
                return Err(fault);
            }
            if is_first {
                report.update(objective, &trials)?;
            }
        }
    }
}

/// A trial and its values, in messages.
fn named(trial: &Trial) -> String {
    let shown = search::values_text(&trial.values);
    format!("trial {} ({shown})", trial.number)
}

/// The warning of a trial that failed.
fn failed(trial: &Trial, fault: &Fault) -> String {
    let shown = search::values_text(&trial.values);
    format!("trial {} failed: {fault}  ({shown})", trial.number)
}

/// Reports the trials of all processes in the order of their numbers, as one process does.
struct Report<'a> {
    search: &'a Search,
    /// Trials that had ended before the search began.
    known: HashSet<usize>,
    /// Number of trials that are reported.
    next: usize,
}

impl Report<'_> {
    fn of<'a>(search: &'a Search, trials: &[Trial]) -> Report<'a> {
        let ended = trials.iter().filter(|trial| trial.state != State::Running);
        Report {
            search,
            known: ended.map(|trial| trial.number).collect(),
            next: 0,
        }
    }

    /// Reports trials up to the first one that still runs.
    fn update<O: Objective>(&mut self, objective: &O, trials: &[Trial]) -> Result<()> {
        let is_ended = |trial: &&Trial| trial.state != State::Running;
        while let Some(trial) = trials.get(self.next).filter(is_ended) {
            self.next += 1;
            if self.known.contains(&trial.number) {
                continue;
            }
            objective.adopt(trial)?;
            if trial.state == State::Failed {
                objective.warn(&failed(trial, &world::from_json(&trial.left["fault"])));
                continue;
            }
            let is_before =
                |own: &&Trial| own.number <= trial.number || self.known.contains(&own.number);
            let before: Vec<Trial> = trials.iter().filter(is_before).cloned().collect();
            let best = search::best(&before, self.search.direction);
            objective.tell(&self.search.account_of(trial, best));
        }
        Ok(())
    }

    /// The third of consecutive trials that failed, and its fault, where there are such since the
    /// search began.
    fn thrice(&self, trials: &[Trial]) -> Option<(usize, Fault)> {
        let mut failures = 0;
        for trial in trials {
            failures = match trial.state {
                State::Failed => failures + 1,
                _ => 0,
            };
            if failures == MOST_FAILURES {
                if !self.known.contains(&trial.number) {
                    let fault = world::from_json(&trial.left["fault"]);
                    return Some((trial.number, fault.context(named(trial))));
                }
                failures = 0;
            }
        }
        None
    }
}

/// Number of failures at the end of trials, from which a resumed search continues counting.
fn trailing_failures(trials: &[Trial]) -> usize {
    let last = trials.iter().rev();
    last.take_while(|trial| trial.state == State::Failed)
        .count()
        % MOST_FAILURES
}

/// The best value after each trial that ended; pruned trials do not change it.
pub fn best_so_far(trials: &[Trial], direction: Direction) -> Vec<f64> {
    let mut best: Option<f64> = None;
    let mut values = Vec::new();
    for trial in trials.iter().filter(|trial| trial.state.is_end()) {
        if let (State::Done, Some(value)) = (trial.state, trial.value) {
            best = match best {
                Some(best) if !direction.is_better(value, best) => Some(best),
                _ => Some(value),
            };
        }
        values.extend(best);
    }
    values
}

/// The column of a parameter: integers where all trials have one, numbers where all values are
/// some, else texts.
fn column(values: &[Option<&Value>]) -> Cells {
    let whole: Option<Vec<i64>> = values.iter().map(|value| (*value)?.as_i64()).collect();
    if let Some(whole) = whole {
        return Cells::Whole(whole);
    }
    if values.iter().flatten().all(|value| value.is_number()) {
        let number = |value: &Option<&Value>| value.and_then(Value::as_f64).unwrap_or(f64::NAN);
        return Cells::Number(values.iter().map(number).collect());
    }
    let text = |value: &Option<&Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Cells::Text(values.iter().map(text).collect())
}

/// A table of trials: number, state, value, seconds, and a column for each parameter.
pub fn table(axes: &[Axis], trials: &[Trial]) -> Result<Table> {
    let numbers = |of: fn(&Trial) -> f64| Cells::Number(trials.iter().map(of).collect());
    let trial_numbers = trials.iter().map(|trial| trial.number as i64);
    let states = trials.iter().map(|trial| trial.state.word().into());
    let mut columns: Vec<(String, Cells)> = vec![
        ("trial".into(), Cells::Whole(trial_numbers.collect())),
        ("state".into(), Cells::Text(states.collect())),
        (
            "value".into(),
            numbers(|trial| trial.value.unwrap_or(f64::NAN)),
        ),
        ("seconds".into(), numbers(|trial| trial.seconds)),
    ];
    columns.extend(axes.iter().map(|axis| {
        let values: Vec<_> = trials
            .iter()
            .map(|trial| trial.values.get(&axis.name))
            .collect();
        (axis.name.clone(), column(&values))
    }));
    Table::new(columns)
}

#[cfg(test)]
mod tests {
    use super::search::Space;
    use super::*;
    use cistron_base::fault;
    use cistron_base::process::Process;
    use std::cell::RefCell;

    #[test]
    fn columns_have_the_kind_of_their_values() {
        let of = |values: &[Value]| column(&values.iter().map(Some).collect::<Vec<_>>());
        let whole = of(&[json!(3), json!(1)]);
        assert_eq!(whole, Cells::Whole(vec![3, 1]));
        assert_eq!(of(&[json!(3), json!(0.5)]), Cells::Number(vec![3.0, 0.5]));
        let mixed = of(&[json!(3), json!("a"), json!(true)]);
        assert_eq!(
            mixed,
            Cells::Text(["3", "a", "true"].map(String::from).to_vec())
        );
        let Cells::Number(numbers) = column(&[Some(&json!(3)), None]) else {
            panic!("a number that a trial has not is no text")
        };
        assert!(numbers[0] == 3.0 && numbers[1].is_nan());
    }

    /// Returns or fails as a list states, and collects what is reported.
    struct Listed {
        outcomes: Vec<Option<f64>>,
        reports: RefCell<Vec<String>>,
    }

    impl Objective for Listed {
        type Before = ();
        fn before(&self) -> Result<()> {
            Ok(())
        }
        fn value(&self, trial: &Trial) -> Result<Judged> {
            let value = self.outcomes.get(trial.number).copied().flatten();
            let value = value.ok_or_else(|| fault!("value", "no value"))?;
            Ok(Judged {
                value,
                is_pruned: value > 8.0,
            })
        }
        fn changes(&self, (): &()) -> Result<Value> {
            Ok(Value::Null)
        }
        fn tell(&self, text: &str) {
            self.reports.borrow_mut().push(text.into());
        }
        fn warn(&self, text: &str) {
            self.reports.borrow_mut().push(format!("warning: {text}"));
        }
    }

    fn search(trials: usize) -> Search {
        let axes = vec![Axis {
            name: "n".into(),
            space: Space::Int(3, 3),
            when: None,
        }];
        Search::new(axes, Way::Random, trials, Direction::Max)
    }

    fn listed(outcomes: Vec<Option<f64>>) -> Listed {
        Listed {
            outcomes,
            reports: RefCell::default(),
        }
    }

    #[test]
    fn failed_trials_are_repeated_until_three_in_a_row_fail() {
        let ledger = Ledger::in_memory();
        let objective = listed(vec![Some(1.0), None, None, Some(2.0)]);
        search(2).run(&ledger, &objective).expect("two trials");
        let states = ledger.trials().expect("trials");
        let states: Vec<State> = states.iter().map(|trial| trial.state).collect();
        assert_eq!(
            states,
            [State::Done, State::Failed, State::Failed, State::Done]
        );
        assert_eq!(
            objective.reports.into_inner(),
            [
                "trial 0: done 1, best so far 1  (n 3)",
                "warning: trial 1 failed: no value  (n 3)",
                "warning: trial 2 failed: no value  (n 3)",
                "trial 3: done 2, best so far 2  (n 3)",
            ]
        );
        let failing = search(3).run(&Ledger::in_memory(), &listed(vec![None; 3]));
        assert!(failing.unwrap_err().to_string().contains("no value"));
    }

    fn trial(number: usize, state: State, value: Option<f64>) -> Trial {
        Trial {
            number,
            state,
            values: Values::from_iter([("n".to_string(), json!(number))]),
            value,
            steps: Vec::new(),
            seconds: 0.5,
            is_hopeless: false,
            left: Value::Null,
            process: Process::this(),
        }
    }

    #[test]
    fn pruned_and_failed_trials_do_not_change_the_best() {
        let trials = [
            trial(0, State::Pruned, Some(9.0)),
            trial(1, State::Done, Some(1.0)),
            trial(2, State::Failed, None),
            trial(3, State::Pruned, Some(7.0)),
            trial(4, State::Done, Some(3.0)),
            trial(5, State::Done, Some(2.0)),
        ];
        assert_eq!(best_so_far(&trials, Direction::Max), [1.0, 1.0, 3.0, 3.0]);
        assert_eq!(best_so_far(&trials, Direction::Min), [1.0, 1.0, 1.0, 1.0]);
        assert_eq!(trailing_failures(&trials[..3]), 1);
        assert_eq!(trailing_failures(&trials), 0);
    }

    #[test]
    fn parameters_are_columns_of_the_table() {
        let trials = [
            trial(0, State::Done, Some(1.0)),
            trial(1, State::Failed, None),
        ];
        let table = table(&search(1).axes, &trials).expect("a table");
        let names: Vec<&str> = table.names().collect();
        assert_eq!(names, ["trial", "state", "value", "seconds", "n"]);
        assert_eq!(table.column("n").expect("n"), &Cells::Whole(vec![0, 1]));
    }

    #[test]
    fn a_grid_has_as_many_trials_as_combinations() {
        let axes = vec![Axis {
            name: "n".into(),
            space: Space::Int(1, 4),
            when: None,
        }];
        let grid = Search::new(axes, Way::Grid(9), 1, Direction::Min);
        assert_eq!(grid.trials, 4);
        assert_eq!(grid.identity()["direction"], "min");
    }
}
