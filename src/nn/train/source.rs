//! Where the inputs of training batches come from.

use super::evaluate;
use crate::{Model, Value};
use cistron_base::Result;
use cistron_genome::data::{Batch, Dataset};

/// Provides the inputs of training batches, and the layers that they pass through.
pub trait BatchSource {
    /// The layers that the inputs pass through: the whole network, or the layers after a frozen
    /// prefix.
    fn model(&self) -> &Model;

    /// Whether the inputs are cached, so that loaders need not prepare them.
    fn is_cached(&self) -> bool {
        true
    }

    /// Returns the inputs of a batch: as codes if `as_codes` is set and the batch allows it, else
    /// one-hot on the device of the model.
    fn inputs(&self, batch: &Batch, as_codes: bool) -> Result<Value>;

    /// Returns the outputs of the whole network for the validation rows, on the CPU, computed
    /// `rows` rows at a time.
    fn validation_outputs(&self, valid: &Dataset, rows: usize) -> Result<Value> {
        evaluate::predict(self.model(), valid, rows, false)
    }
}
