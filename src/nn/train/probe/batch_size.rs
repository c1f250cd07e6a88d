//! The largest and the fastest number of rows per batch.

use super::TrialSteps;
use super::peak_memory::PeakMemory;
use crate::train::networks::Networks;
use crate::train::settings::FitSettings;
use crate::train::sources;
use cistron_base::{Result, bail, system};
use cistron_genome::data::Loader;
use std::time::Instant;

/// Fraction of the free memory that a step may take on the CPU.
const MAX_MEMORY_SHARE: f64 = 0.8;
/// A smaller batch is preferred where it is slower by less than this fraction.
const SLOWER: f64 = 0.05;

/// Limits of a search for a number of rows.
#[derive(Clone, Copy, Debug)]
pub struct SizeSearch {
    /// The smallest number of rows.
    pub from: usize,
    /// The largest number of rows.
    pub to: usize,
    /// Steps that are measured for each number.
    pub steps: usize,
    /// Seconds after which no larger number is tried.
    pub seconds: f64,
}

/// A number of rows per batch, measured.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    /// Rows.
    pub batch: usize,
    /// Seconds per step, without the loader.
    pub seconds: f64,
    /// Bytes that a step takes at most; `None` on a GPU.
    pub memory: Option<u64>,
}

impl BatchSize {
    /// Rows per second.
    pub fn speed(&self) -> f64 {
        self.batch as f64 / self.seconds
    }
}

/// Numbers of rows that fit, and why there are no larger ones.
#[derive(Clone, Debug, Default)]
pub struct BatchSizes {
    /// The numbers that were measured, in order.
    pub sizes: Vec<BatchSize>,
    /// Why the search ended.
    pub ended: String,
}

impl BatchSizes {
    /// The smallest number of rows whose speed is within 5 % of the largest speed.
    pub fn fastest(&self) -> Option<usize> {
        let speeds = self.sizes.iter().map(BatchSize::speed);
        let most = speeds.fold(0.0, f64::max);
        let is_fast = |size: &&BatchSize| size.speed() >= (1.0 - SLOWER) * most;
        self.sizes.iter().find(is_fast).map(|size| size.batch)
    }

    /// The largest number of rows that fits.
    pub fn largest(&self) -> Option<usize> {
        self.sizes.last().map(|size| size.batch)
    }
}

/// Trains on batches of twice as many rows each time, as long as they fit, and restores the
/// parameters.
pub fn find_batch(
    networks: &Networks,
    settings: &FitSettings,
    search: &SizeSearch,
) -> Result<BatchSizes> {
    if settings.train.mix.is_some() {
        bail!("option", "the batches of a mix of datasets have the rows that `each` states";
            hint: "vary `each` of `data::mix`, and measure with `train::profile`");
    }
    let mut trial = TrialSteps::new(networks, settings)?;
    let started = Instant::now();
    let mut found = BatchSizes::default();
    let most = search.to.min(settings.train.len()).max(1);
    let mut batch = search.from.min(most);
    let mut run = || -> Result<()> {
        loop {
            if let Some(why) = excess(&found, batch) {
                found.ended = why;
                return Ok(());
            }
            match measured(&mut trial, settings, batch, search.steps) {
                Ok(size) => found.sizes.push(size),
                Err(fault) if is_out_of_memory(&fault.message) && !found.sizes.is_empty() => {
                    found.ended = format!("{batch} rows exceed the memory");
                    return Ok(());
                }
                Err(fault) => return Err(fault),
            }
            trial.restore()?;
            if batch == most {
                let is_whole = most == settings.train.len();
                let of = if is_whole {
                    "all rows"
                } else {
                    "the largest number"
                };
                found.ended = format!("{batch} rows are {of}");
                return Ok(());
            }
            if started.elapsed().as_secs_f64() > search.seconds {
                found.ended = format!("{} s have passed", search.seconds);
                return Ok(());
            }
            batch = (2 * batch).min(most);
        }
    };
    let outcome = run();
    trial.end(outcome)?;
    Ok(found)
}

/// Why a number of rows is not tried, where the memory of the last one shows that it does not fit.
fn excess(found: &BatchSizes, batch: usize) -> Option<String> {
    let last = found.sizes.last()?;
    let (memory, free) = (last.memory?, system::free_memory()?);
    let expected = memory as f64 * batch as f64 / last.batch as f64;
    let gib = |bytes: f64| bytes / f64::from(1 << 30);
    (expected > MAX_MEMORY_SHARE * free as f64).then(|| {
        format!(
            "{batch} rows would take {:.1} GiB, {:.1} GiB are free",
            gib(expected),
            gib(free as f64)
        )
    })
}

/// Times some steps on batches of a number of rows, after one that is not timed.
fn measured(
    trial: &mut TrialSteps,
    settings: &FitSettings,
    rows: usize,
    steps: usize,
) -> Result<BatchSize> {
    let is_cached = trial.sources.current().is_cached();
    let loader = Loader {
        batch: rows,
        drop_last: true,
        ..sources::loader(settings, 0, is_cached)
    };
    let is_on_host = !trial.networks.device().is_cuda();
    let mut memory = None;
    if let Some(batch) = loader.start().next() {
        let peak = PeakMemory::begin();
        trial.run(&batch?)?;
        trial.synchronize();
        memory = is_on_host.then(|| peak.bytes());
    }
    let mut seconds = Vec::new();
    // a dataset has few batches of many rows: they are used again
    while seconds.len() < steps {
        for batch in loader.start().take(steps - seconds.len()) {
            let batch = batch?;
            let begun = Instant::now();
            trial.run(&batch)?;
            trial.synchronize();
            seconds.push(begun.elapsed().as_secs_f64());
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok(BatchSize {
        batch: rows,
        seconds: seconds[seconds.len() / 2],
        memory,
    })
}

fn is_out_of_memory(message: &str) -> bool {
    message.contains("out of memory") || message.contains("can't allocate memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_is_the_smallest_of_those_that_are_as_fast() {
        let size = |batch: usize, seconds: f64| BatchSize {
            batch,
            seconds,
            memory: None,
        };
        let found = BatchSizes {
            sizes: vec![size(8, 1.0), size(16, 1.25), size(32, 2.05), size(64, 4.0)],
            ended: String::new(),
        };
        assert_eq!((found.fastest(), found.largest()), (Some(32), Some(64)));
        assert_eq!(BatchSizes::default().fastest(), None);
    }
}
