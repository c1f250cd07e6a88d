//! Runs that are kept: a folder of plain files for each, written while the run goes on, never
//! changed afterwards.

mod calendar;
pub mod diff;
pub mod export;
mod journal;
pub mod ledger;
pub mod lock;
pub mod report;
mod versions;

pub use journal::{Journal, Outcome, Sandbox, Start};
pub use ledger::{Record, all, find, read};
