//! Augmenters one after the other, or one of several.

use crate::base::seed::Rng;
use crate::data::loader::{Sample, Transform};
use std::sync::Arc;

/// All of them, in order.
pub struct Chain(pub Vec<Arc<dyn Transform>>);

impl Transform for Chain {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        for step in &self.0 {
            step.apply(sample, rng);
        }
    }
}

/// One of them, each as likely.
pub struct OneOf(pub Vec<Arc<dyn Transform>>);

impl Transform for OneOf {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        self.0[rng.below(self.0.len())].apply(sample, rng);
    }
}
