//! Metrics: how well predictions agree with labels.

pub mod classification;
pub mod confusion;
pub mod correlation;
pub mod curve;
pub mod logistic;
pub mod measure;
pub mod metric;
pub mod pairs;
pub mod profile;
pub mod ranking;
pub mod statistics;
pub mod weighted;

pub use metric::{Measure, Metric};
pub use pairs::Pairs;
