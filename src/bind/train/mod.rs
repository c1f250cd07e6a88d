//! `train::…`, `optim::…`, `schedule::…`, `metric::…`, `search::…`.

pub mod decision;
pub mod evaluate;
pub mod fit;
pub mod history;
pub mod metric;
pub mod optim;
pub mod profile;
pub mod regression;
pub mod schedule;
pub mod search;
pub mod search_space;
pub mod trial;
