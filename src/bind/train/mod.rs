//! `train::…`, `optim::…`, `schedule::…`, `metric::…`, `search::…`.

pub mod average;
pub mod decision;
pub mod estimate;
pub mod evaluate;
pub mod history;
pub mod metric;
pub mod optim;
pub mod optim_custom;
pub mod optimizer;
pub mod probe;
pub mod profile;
pub mod record;
pub mod regression;
pub mod schedule;
pub mod search;
pub mod search_space;
pub mod step;
pub mod training;
pub mod trial;
