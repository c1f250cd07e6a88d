//! Training: the fitting loop, checkpoints that resume, evaluation, search.
//!
//! [`fit`] runs the epochs. In each, a [`source::BatchSource`] provides inputs, a [`step::Step`]
//! trains on them, [`validation`] computes the values to record, [`monitor`] compares them with
//! earlier epochs and [`writer`] writes checkpoints.

pub mod average;
mod base_rate;
mod check;
pub mod checkpoint;
mod device_cache;
pub mod division;
pub mod evaluate;
pub mod feed;
pub mod fit;
mod frozen_prefix;
mod graph_step;
pub mod history;
pub mod identity;
pub mod ledger;
pub mod monitor;
pub mod networks;
pub mod objective;
pub mod optimizer_state;
pub mod own_loop;
pub mod partial;
pub mod probe;
pub mod progress;
mod random;
pub mod ranks;
mod script_step;
pub mod search;
pub mod settings;
mod shared_batch;
pub mod source;
pub mod sources;
mod space;
mod statistics;
pub mod step;
pub mod step_call;
pub mod stop;
pub mod trials;
mod updater;
pub mod validation;
pub mod writer;

pub use fit::fit;
pub use history::History;
pub use networks::Networks;
pub use settings::FitSettings;
pub use stop::EarlyStop;
