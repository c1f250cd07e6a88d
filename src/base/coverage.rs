//! Counters of the edges that code ran over, for `scripts/fuzz`: there alone is the library built
//! with them.

use std::sync::Mutex;

/// Where the counters are: first and one past the last, for each object that has some.
static REGIONS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

/// Called by the compiler's own code when an object with counters is loaded.
///
/// # Safety
///
/// `start` and `stop` are the ends of the section of counters, as the linker has them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    let region = (start as usize, stop as usize);
    if let Ok(mut regions) = REGIONS.lock()
        && region.0 < region.1
        && !regions.contains(&region)
    {
        regions.push(region);
    }
}

/// Visits each counter that is not zero, by its number, and sets it to zero.
pub fn drain(mut visit: impl FnMut(usize, u8)) {
    let Ok(regions) = REGIONS.lock() else { return };
    let mut first = 0;
    for (start, stop) in regions.iter() {
        // SAFETY: the section lives as long as the program; other threads may add to a counter, of
        // which one may be lost
        let counters = unsafe { std::slice::from_raw_parts_mut(*start as *mut u8, stop - start) };
        let (before, words, after) = {
            // SAFETY: every bit pattern is a u64
            unsafe { counters.align_to_mut::<u64>() }
        };
        let mut at = first;
        let mut single = |at: usize, counter: &mut u8| {
            if *counter > 0 {
                visit(at, std::mem::take(counter));
            }
        };
        for counter in before {
            single(at, counter);
            at += 1;
        }
        for word in words {
            if *word != 0 {
                let bytes = word.to_ne_bytes();
                *word = 0;
                for (i, mut counter) in bytes.into_iter().enumerate() {
                    single(at + i, &mut counter);
                }
            }
            at += 8;
        }
        for counter in after {
            single(at, counter);
            at += 1;
        }
        first += stop - start;
    }
}

/// How many counters there are.
pub fn count() -> usize {
    REGIONS.lock().map_or(0, |regions| {
        regions.iter().map(|(start, stop)| stop - start).sum()
    })
}
