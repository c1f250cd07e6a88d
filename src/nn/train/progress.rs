//! Progress of a training: a bar on a terminal, a line that is replaced in a notebook, plain lines
//! elsewhere.

use super::history::Epoch;
use cistron_base::say;
use cistron_base::written::metric;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Largest number of epochs that a notebook lists; the lines of more replace each other.
const MAX_LISTED: usize = 30;
/// Time between updates of a line that is replaced.
const UPDATE_INTERVAL: Duration = Duration::from_millis(250);

/// Shows the progress of a training on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    epochs: usize,
    name: String,
    is_silent: bool,
    position: Cell<Position>,
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
        }
    }

    /// Starts an epoch.
    pub fn begin(&self, epoch: usize, batches: usize) {
        self.position.set(Position {
            epoch,
            batches,
            finished: 0,
            ..self.position.get()
        });
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(batches as u64);
            let style = ProgressStyle::with_template(
                "{prefix} {bar:24.cyan/blue} {pos}/{len} {msg} {eta} left",
            );
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
            bar.set_message(format!("loss {}  {}/s", metric(loss), thousands(speed)));
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

    /// Ends an epoch; `left` is the estimated duration of the others, in seconds.
    pub fn end(&self, epoch: &Epoch, is_best: bool, left: f64) {
        if self.is_silent {
            return;
        }
        let values: Vec<String> = epoch
            .values
            .iter()
            .filter(|(name, _)| name != "lr")
            .map(|(name, value)| format!("{name} {}", metric(*value)))
            .collect();
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
        match &self.bar {
            Some(bar) => bar.println(line),
            None if say::is_heard() && self.epochs > MAX_LISTED => say::passing(&line),
            None => say::line(&line),
        }
    }

    /// Ends the training and states why.
    pub fn finish(&self, why: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if !self.is_silent {
            say::line(&format!("{}: {why}", self.name));
        }
    }
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
