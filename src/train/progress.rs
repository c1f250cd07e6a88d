//! What a person sees while a network trains: a bar on a terminal, plain lines elsewhere.

use super::history::Epoch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Shows the progress of a run on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    epochs: usize,
    name: String,
    silent: bool,
}

impl Progress {
    /// Begins; `silent` shows nothing.
    pub fn new(name: &str, epochs: usize, silent: bool) -> Progress {
        let terminal = std::io::stderr().is_terminal() && !silent;
        Progress { bar: terminal.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())), epochs, name: name.into(), silent }
    }

    /// An epoch begins.
    pub fn begin(&self, epoch: usize, batches: usize) {
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(batches as u64);
            let style = ProgressStyle::with_template("{prefix} {bar:24.cyan/blue} {pos}/{len} {msg} {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
            bar.set_prefix(format!("{} epoch {epoch}/{}", self.name, self.epochs));
        }
    }

    /// A batch is done.
    pub fn batch(&self, loss: f64, speed: f64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("loss {loss:.4}  {}/s", thousands(speed)));
            bar.inc(1);
        }
    }

    /// An epoch is done; `left` are the seconds that the others would take.
    pub fn end(&self, epoch: &Epoch, is_best: bool, left: f64) {
        if self.silent {
            return;
        }
        let values: Vec<String> = epoch.values.iter().filter(|(name, _)| name != "lr").map(|(name, value)| format!("{name} {value:.4}")).collect();
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
            None => eprintln!("{line}"),
        }
    }

    /// The run is over.
    pub fn finish(&self, why: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if !self.silent {
            eprintln!("{}: {why}", self.name);
        }
    }
}

fn thousands(n: f64) -> String {
    crate::base::shape::grouped(n.round() as i64)
}

/// A time in words: `4 s`, `3 min`, `2.5 h`.
pub fn seconds(s: f64) -> String {
    match s {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
