//! Progress of a training: a bar on a terminal, one display that is updated in a notebook, plain
//! lines elsewhere.
//!
//! A long training (more than 30 epochs) is one line that is replaced, or a line for every tenth
//! epoch; the record of a run has all epochs.

use super::history::{Epoch, Validation};
use cistron_base::say;
use cistron_base::written::metric;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Largest number of epochs that are listed one by one.
const MAX_LISTED: usize = 30;
/// Epochs between lines of a longer training.
const EPOCHS_PER_LINE: usize = 10;
/// Time between updates of a line that is replaced.
const UPDATE_INTERVAL: Duration = Duration::from_millis(250);

/// Shows the progress of a training on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    epochs: usize,
    name: String,
    is_silent: bool,
    position: Cell<Position>,
    /// What a terminal shows of the latest epoch of a long training, a notebook of any.
    latest: RefCell<String>,
}

/// The batch of a training.
#[derive(Clone, Copy)]
struct Position {
    epoch: usize,
    /// Batches of the epoch.
    batches: usize,
    /// Batches of it so far.
    finished: usize,
    /// When a line was last printed.
    printed: Instant,
}

impl Progress {
    /// Starts; shows nothing if `is_silent` is set.
    pub fn new(name: &str, epochs: usize, is_silent: bool) -> Progress {
        let terminal = std::io::stderr().is_terminal() && !is_silent && !say::is_heard();
        let bar =
            terminal.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        Progress {
            bar,
            epochs,
            name: name.into(),
            is_silent,
            position: Cell::new(Position {
                epoch: 0,
                batches: 0,
                finished: 0,
                printed: Instant::now(),
            }),
            latest: RefCell::default(),
        }
    }

    /// Starts an epoch, or the rest of it after `finished` batches.
    pub fn begin(&self, epoch: usize, batches: usize, finished: usize) {
        self.position.set(Position {
            epoch,
            batches,
            finished,
            ..self.position.get()
        });
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(batches as u64);
            bar.set_position(finished as u64);
            // a long training is one line, cut at the width of the terminal
            let style = ProgressStyle::with_template(if self.epochs > MAX_LISTED {
                "{prefix}  {wide_msg}"
            } else {
                "{prefix} {bar:24.cyan/blue} {pos}/{len} {msg} {eta} left"
            });
            bar.set_style(
                style
                    .unwrap_or_else(|_| ProgressStyle::default_bar())
                    .progress_chars("━╸─"),
            );
            bar.set_prefix(format!("{} epoch {epoch}/{}", self.name, self.epochs));
        }
    }

    /// Adds a batch.
    pub fn batch(&self, loss: f64, speed: f64) {
        if let Some(bar) = &self.bar {
            let latest = self.latest.borrow();
            bar.set_message(if latest.is_empty() {
                format!("loss {}  {}/s", metric(loss), thousands(speed))
            } else {
                latest.clone()
            });
            bar.inc(1);
        }
        if self.is_silent || !say::is_heard() {
            return;
        }
        let mut position = self.position.get();
        position.finished += 1;
        let is_due = position.printed.elapsed() > UPDATE_INTERVAL;
        if is_due {
            position.printed = Instant::now();
        }
        self.position.set(position);
        if is_due {
            say::passing(&format!(
                "{} epoch {}/{}  {}/{}  loss {}  {}/s",
                self.name,
                position.epoch,
                self.epochs,
                position.finished,
                position.batches,
                metric(loss),
                thousands(speed)
            ));
        }
    }

    /// Shows a validation within an epoch.
    pub fn validated(&self, validation: &Validation, is_best: bool) {
        if self.is_silent {
            return;
        }
        let values = listed(&validation.values).join("  ");
        let mark = if is_best { " *" } else { "" };
        let line = format!("{} step {}  {values}{mark}", self.name, validation.step);
        match &self.bar {
            Some(bar) if self.epochs <= MAX_LISTED => bar.println(line),
            Some(_) => {}
            None if self.epochs <= MAX_LISTED && !say::is_heard() => say::line(&line),
            None => say::passing(&line),
        }
    }

    /// Ends an epoch of a loop of the script, whose number of epochs may not be known.
    pub fn end_own(&self, epoch: &Epoch, is_best: bool) {
        if self.is_silent {
            return;
        }
        let of = if self.epochs > 0 {
            format!("/{}", self.epochs)
        } else {
            String::new()
        };
        let mark = if is_best { " *" } else { "" };
        let (name, number) = (&self.name, epoch.epoch);
        let values = listed(&epoch.values).join("  ");
        let line = format!("{name} epoch {number}{of}  {values}{mark}");
        match &self.bar {
            Some(bar) => bar.println(line),
            None if say::is_heard() => self.pass(line),
            None if self.epochs <= MAX_LISTED || is_listed(number, self.epochs) => say::line(&line),
            None => {}
        }
    }

    /// Ends an epoch; `left` is the estimated duration of the others, in seconds.
    pub fn end(&self, epoch: &Epoch, is_best: bool, left: f64) {
        if self.is_silent {
            return;
        }
        let values = listed(&epoch.values);
        let mark = if is_best { " *" } else { "" };
        let line = format!(
            "{} epoch {}/{}  {}  {} samples/s  {} left{mark}",
            self.name,
            epoch.epoch,
            self.epochs,
            values.join("  "),
            thousands(epoch.speed),
            seconds(left)
        );
        let is_long = self.epochs > MAX_LISTED;
        match &self.bar {
            // shown during the next epoch
            Some(_) if is_long => {
                let values = values.join("  ");
                let left = seconds(left);
                self.latest.replace(format!("{left} left  {values}{mark}"));
            }
            Some(bar) => bar.println(line),
            None if say::is_heard() => self.pass(line),
            None if !is_long => say::line(&line),
            None if is_listed(epoch.epoch, self.epochs) => say::line(&line),
            None => {}
        }
    }

    /// Shows the line of an epoch in place of the one before.
    fn pass(&self, line: String) {
        say::epoch(&line);
        self.latest.replace(line);
    }

    /// Ends the training and states why.
    pub fn finish(&self, why: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.is_silent {
            return;
        }
        let end = format!("{}: {why}", self.name);
        let latest = self.latest.borrow();
        if say::is_heard() && !latest.is_empty() {
            say::passed(&format!("{latest}\n{end}"));
        } else {
            say::passed(&end);
        }
    }
}

/// Values with their names, without learning rates.
fn listed(values: &[(String, f64)]) -> Vec<String> {
    let is_shown = |(name, _): &&(String, f64)| name != "lr" && !name.starts_with("lr.");
    let text = |(name, value): &(String, f64)| format!("{name} {}", metric(*value));
    values.iter().filter(is_shown).map(text).collect()
}

/// Whether an epoch of a long training has a line: the first, every tenth and the last.
fn is_listed(epoch: usize, epochs: usize) -> bool {
    epoch == 1 || epoch == epochs || epoch.is_multiple_of(EPOCHS_PER_LINE)
}

fn thousands(n: f64) -> String {
    cistron_base::shape::grouped(n.round() as i64)
}

/// Returns a duration as text: `4 s`, `3 min`, `2.5 h`.
pub fn seconds(s: f64) -> String {
    match s {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::is_listed;

    #[test]
    fn long_trainings_list_the_first_every_tenth_and_the_last_epoch() {
        let listed: Vec<usize> = (1..=45).filter(|epoch| is_listed(*epoch, 45)).collect();
        assert_eq!(listed, [1, 10, 20, 30, 40, 45]);
    }
}
