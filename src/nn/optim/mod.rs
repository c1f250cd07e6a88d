//! Optimizers, one a file; schedules; clipping.

pub mod adagrad;
pub mod adam;
pub mod clip;
mod course;
pub mod optimizer;
pub mod rmsprop;
pub mod schedule;
pub mod sgd;

pub use optimizer::{Group, Optimizer, Rule};
pub use schedule::Schedule;
