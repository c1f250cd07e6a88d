//! Metrics: how well predictions agree with labels.

pub mod classification;
pub mod correlation;
pub mod measure;
pub mod ranking;

pub use measure::{Measure, Metric};
