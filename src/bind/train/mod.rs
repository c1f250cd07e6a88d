//! `train::…`, `optim::…`, `schedule::…`, `metric::…`, `search::…`.

pub mod fit;
pub mod history;
pub mod metric;
pub mod optim;
pub mod schedule;
pub mod search;
