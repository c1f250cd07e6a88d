//! Records of runs: a folder of plain files for each, written during the run and not changed
//! afterwards.

mod calendar;
mod changes;
pub mod diff;
pub mod export;
mod folder;
mod journal;
pub mod ledger;
pub mod lock;
pub mod report;
mod start;
pub mod stored;
mod versions;

pub use journal::{Journal, Outcome};
pub use ledger::{Record, all, find, read};
pub use start::{Sandbox, Start};
