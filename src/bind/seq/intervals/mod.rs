//! `intervals::…`: ranges of chromosomes.

mod columns;
mod near;
mod one;
mod place;
mod read;
mod sets;

use crate::lang::Native;

/// The native functions of intervals.
pub fn natives() -> Vec<Native> {
    let families = [
        read::natives(),
        one::natives(),
        sets::natives(),
        near::natives(),
        columns::natives(),
        place::natives(),
    ];
    families.into_iter().flatten().collect()
}
