//! Counters that name the draws, searches and trainings of a script.

use super::journal::{Event, record};
use super::state::local;
use cistron_base::Result;
use cistron_base::seed::Rng;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Counters of draws, searches and trainings. A script that runs again counts the same; each trial
/// of a search has separate counters, because a resumed search skips completed trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Path of the running trial, such as `trials/3/`; empty outside of a search.
    within: String,
    /// Unseeded draws.
    draws: u64,
    /// Searches.
    searches: u64,
    /// Trainings by the name of the network.
    trained: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Counters(RefCell<Counts>);

fn with<T>(f: impl FnOnce(&mut Counts) -> T) -> T {
    f(&mut local::<Counters>().0.borrow_mut())
}

/// A number for the next unseeded draw; no two draws of a run have the same one.
pub fn next_draw() -> u64 {
    with(|counts| {
        counts.draws += 1;
        match counts.within.as_str() {
            "" => counts.draws,
            within => Rng::keyed(&[text_key(within), counts.draws]).next_u64(),
        }
    })
}

/// Replaces the number of unseeded draws; returns the previous number.
pub fn replace_draws(draws: u64) -> u64 {
    with(|counts| std::mem::replace(&mut counts.draws, draws))
}

/// Restarts the counter of unseeded draws.
pub fn reset_draws() {
    with(|counts| counts.draws = 0);
}

/// The counters.
pub fn counts() -> Counts {
    with(|counts| counts.clone())
}

/// Restores the counters of a checkpoint.
pub fn set_counts(counts: Counts) {
    with(|current| *current = counts);
}

/// Counts a search: its number, from 1, within the script or the trial, and a key for its random
/// numbers.
pub fn next_search() -> (u64, u64) {
    with(|counts| {
        counts.searches += 1;
        let number = counts.searches;
        (
            number,
            Rng::keyed(&[text_key(&counts.within), number]).next_u64(),
        )
    })
}

/// A key for the random numbers of a name.
fn text_key(text: &str) -> u64 {
    blake3::hash(text.as_bytes()).as_bytes()[..8]
        .iter()
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// Starts separate counters for a trial until the guard is dropped; returns a key for its random
/// numbers.
pub fn enter_trial(search: &str, number: usize) -> (Trial, u64) {
    with(|counts| {
        let within = format!("{}{search}/{number}/", counts.within);
        let key = text_key(&within);
        let outer = std::mem::replace(
            counts,
            Counts {
                within,
                ..Counts::default()
            },
        );
        (Trial(outer), key)
    })
}

/// The path of the running trial, such as `trials/3`; empty outside of a search.
pub fn trial() -> String {
    with(|counts| counts.within.trim_end_matches('/').to_string())
}

/// Records that a completed trial is not run again.
pub fn skip_trial(search: &str, number: usize) -> Result<()> {
    let path = with(|counts| format!("{}{search}/{number}", counts.within));
    record(&Event::Skipped(&path))
}

/// See [`enter_trial`].
pub struct Trial(Counts);

impl Drop for Trial {
    fn drop(&mut self) {
        let outer = std::mem::take(&mut self.0);
        with(|counts| *counts = outer);
    }
}

/// The folder below `checkpoints/` of the next training of a network of this name: the name, from
/// the second training on with a number, in the folder of the trial. A script that runs again
/// uses the same folders.
pub fn checkpoint_folder(name: &str) -> String {
    with(|counts| {
        let n = counts.trained.entry(name.to_string()).or_insert(0);
        *n += 1;
        let within = &counts.within;
        if *n == 1 {
            format!("{within}{name}")
        } else {
            format!("{within}{name}-{n}")
        }
    })
}
