//! An epoch that is under way, which a checkpoint within it stores.

use super::average::Average;
use super::monitor::TrainingState;
use super::validation::EpochSums;
use cistron_base::Result;
use cistron_torch::Tensor;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Name of the weights of rows among the tensors.
const WEIGHTS: &str = "weights";

/// An epoch that is under way.
pub struct PartialEpoch {
    /// Its number, from 0.
    pub epoch: usize,
    /// Number of batches that it has trained on.
    pub batches: usize,
    /// Sums over these.
    pub sums: EpochSums,
    /// The weights of the rows in this epoch, where they vary.
    pub weights: Option<Arc<Vec<f64>>>,
    /// Whether the last update is complete, so that the state can be written.
    pub is_complete: bool,
    /// Its duration in earlier processes.
    before: Duration,
    started: Instant,
}

/// What a checkpoint stores besides the networks.
#[derive(Clone, Copy)]
pub struct Progressed<'a> {
    /// State of the training.
    pub state: &'a TrainingState,
    /// Parameters of the best epoch.
    pub best: Option<&'a [(String, Tensor)]>,
    /// The epoch that is under way.
    pub partial: Option<&'a PartialEpoch>,
    /// Average of the parameters.
    pub average: Option<&'a Average>,
}

impl PartialEpoch {
    /// Starts an epoch.
    pub fn new(epoch: usize, sums: EpochSums) -> PartialEpoch {
        PartialEpoch {
            epoch,
            batches: 0,
            sums,
            weights: None,
            is_complete: true,
            before: Duration::ZERO,
            started: Instant::now(),
        }
    }

    /// Its duration so far, in seconds.
    pub fn seconds(&self) -> f64 {
        (self.before + self.started.elapsed()).as_secs_f64()
    }

    /// Rows per second.
    pub fn speed(&self) -> f64 {
        self.sums.rows() as f64 / self.seconds()
    }

    /// Returns the state as JSON and tensors.
    pub fn export(&self) -> Result<(Value, Vec<(String, Tensor)>)> {
        let (sums, mut tensors) = self.sums.export()?;
        if let Some(weights) = &self.weights {
            let weights = Tensor::from_f64(weights, &[weights.len() as i64])?;
            tensors.push((WEIGHTS.to_string(), weights));
        }
        let value = json!({
            "epoch": self.epoch, "batches": self.batches, "sums": sums,
            "seconds": self.seconds().to_bits(),
        });
        Ok((value, tensors))
    }

    /// Restores what [`PartialEpoch::export`] returned; `None` if it is damaged.
    pub fn import(value: &Value, tensors: &[(String, Tensor)]) -> Option<PartialEpoch> {
        let seconds = f64::from_bits(value["seconds"].as_u64()?);
        let weights = tensors.iter().find(|(name, _)| name == WEIGHTS);
        let weights = match weights {
            Some((_, weights)) => Some(Arc::new(weights.to_f64().ok()?)),
            None => None,
        };
        Some(PartialEpoch {
            epoch: value["epoch"].as_u64()? as usize,
            batches: value["batches"].as_u64()? as usize,
            sums: EpochSums::import(&value["sums"], tensors)?,
            weights,
            is_complete: true,
            before: Duration::try_from_secs_f64(seconds).ok()?,
            started: Instant::now(),
        })
    }
}
