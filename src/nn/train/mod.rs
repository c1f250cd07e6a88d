//! Training: the fitting loop, early stop, checkpoints that resume, evaluation, prediction.

pub mod checkpoint;
pub mod evaluate;
pub mod feed;
pub mod fit;
pub mod history;
pub mod identity;
pub mod ledger;
pub mod progress;
mod recorded;
mod resident;
pub mod search;
mod settled;
mod space;
pub mod stop;
pub mod trials;

pub use fit::{Plan, fit};
pub use history::History;
pub use stop::EarlyStop;
