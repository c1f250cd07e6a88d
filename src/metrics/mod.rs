//! Metrics: how well predictions agree with labels.

pub mod classification;
pub mod correlation;
pub mod measure;
pub mod ranking;
pub mod statistics;

pub use measure::{Measure, Metric};
