//! The largest memory that the process uses meanwhile.

use cistron_base::system;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Time between samples of the memory in use.
const SAMPLE: Duration = Duration::from_micros(200);

/// Samples the memory that the process uses until it is dropped.
pub struct PeakMemory {
    most: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    before: u64,
}

impl PeakMemory {
    /// Starts a thread that samples.
    pub fn begin() -> PeakMemory {
        let before = system::used_memory();
        let (most, is_over) = (
            Arc::new(AtomicU64::new(before)),
            Arc::<AtomicBool>::default(),
        );
        let (sampled, until) = (most.clone(), is_over.clone());
        // without a thread the first sample stays
        cistron_base::threads::spawn("memory", move || {
            while !until.load(Ordering::Relaxed) {
                sampled.fetch_max(system::used_memory(), Ordering::Relaxed);
                std::thread::sleep(SAMPLE);
            }
        })
        .ok();
        PeakMemory {
            most,
            is_over,
            before,
        }
    }

    /// Bytes above those at the start.
    pub fn bytes(&self) -> u64 {
        self.most.load(Ordering::Relaxed) - self.before
    }
}

impl Drop for PeakMemory {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
