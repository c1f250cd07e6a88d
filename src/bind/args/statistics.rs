//! Results and options of statistical tests.

use crate::base::Result;
use crate::bind::args::numbers::number_map;
use crate::bind::args::tensor::Numbers;
use crate::lang::{Choice, Options};
use crate::metrics::statistics::{Alternative, Outcome};
use rhai::Map;

/// Options of the tests without further ones.
#[derive(Options)]
pub struct TestOptions {
    /// Alternative hypothesis: "greater" is that the first sample is greater.
    #[option(default = "two-sided")]
    pub alternative: AlternativeName,
}

/// The option of confidence intervals.
#[derive(Options)]
pub struct LevelOptions {
    /// Confidence level: the fraction of such intervals that contain the true value.
    #[option(default = 0.95, min = 0.5, max = 1)]
    pub level: f64,
}

/// The names of the alternative hypotheses.
#[derive(Choice)]
pub enum AlternativeName {
    /// The samples differ.
    #[choice(name = "two-sided")]
    TwoSided,
    /// The first sample is greater.
    Greater,
    /// The first sample is less.
    Less,
}

impl TestOptions {
    /// The alternative hypothesis of the test.
    pub fn alternative(&self) -> Alternative {
        match self.alternative {
            AlternativeName::TwoSided => Alternative::TwoSided,
            AlternativeName::Greater => Alternative::Greater,
            AlternativeName::Less => Alternative::Less,
        }
    }
}

/// The numbers of an array or tensor.
pub fn values(x: &Numbers) -> Result<Vec<f64>> {
    x.0.to_f64()
}

/// The map that a test returns.
pub fn outcome_map(outcome: Outcome) -> Map {
    let shared = [
        ("statistic", outcome.statistic),
        ("p_value", outcome.p_value),
    ];
    number_map(shared.into_iter().chain(outcome.more))
}

/// A test of two samples.
pub type TwoSampleTest = fn(&[f64], &[f64], Alternative) -> Result<Outcome>;

/// The result of a test of two samples.
pub fn two_samples(
    test: TwoSampleTest,
    x: &Numbers,
    y: &Numbers,
    options: &TestOptions,
) -> Result<Map> {
    test(&values(x)?, &values(y)?, options.alternative()).map(outcome_map)
}
