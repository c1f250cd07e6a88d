//! What a person sees while a network trains: a bar on a terminal, a line that changes in a
//! notebook, plain lines elsewhere.

use super::history::Epoch;
use cistron_base::say;
use cistron_base::written::metric;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// With more epochs than this, those of a notebook replace each other.
const LISTED: usize = 30;
/// How often a line that changes may change.
const PAUSE: Duration = Duration::from_millis(250);

/// Shows the progress of a run on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    epochs: usize,
    name: String,
    silent: bool,
    /// Where the run stands: epoch, batches of it, batches done, and when that was last said.
    at: Cell<(usize, usize, usize, Instant)>,
}

impl Progress {
    /// Begins; `silent` shows nothing.
    pub fn new(name: &str, epochs: usize, silent: bool) -> Progress {
        let terminal = std::io::stderr().is_terminal() && !silent && !say::is_heard();
        let bar =
            terminal.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        Progress {
            bar,
            epochs,
            name: name.into(),
            silent,
            at: Cell::new((0, 0, 0, Instant::now())),
        }
    }

    /// An epoch begins.
    pub fn begin(&self, epoch: usize, batches: usize) {
        self.at.set((epoch, batches, 0, self.at.get().3));
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

    /// A batch is done.
    pub fn batch(&self, loss: f64, speed: f64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("loss {}  {}/s", metric(loss), thousands(speed)));
            bar.inc(1);
        }
        if self.silent || !say::is_heard() {
            return;
        }
        let (epoch, batches, done, last) = self.at.get();
        let due = last.elapsed() > PAUSE;
        self.at.set((
            epoch,
            batches,
            done + 1,
            if due { Instant::now() } else { last },
        ));
        if due {
            say::passing(&format!(
                "{} epoch {epoch}/{}  {}/{batches}  loss {}  {}/s",
                self.name,
                self.epochs,
                done + 1,
                metric(loss),
                thousands(speed)
            ));
        }
    }

    /// An epoch is done; `left` are the seconds that the others would take.
    pub fn end(&self, epoch: &Epoch, is_best: bool, left: f64) {
        if self.silent {
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
            None if say::is_heard() && self.epochs > LISTED => say::passing(&line),
            None => say::line(&line),
        }
    }

    /// The run is over.
    pub fn finish(&self, why: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if !self.silent {
            say::line(&format!("{}: {why}", self.name));
        }
    }
}

fn thousands(n: f64) -> String {
    cistron_base::shape::grouped(n.round() as i64)
}

/// A time in words: `4 s`, `3 min`, `2.5 h`.
pub fn seconds(s: f64) -> String {
    match s {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
