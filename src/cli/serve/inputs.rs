//! What the inputs of a network are made of: expression profiles, or sequences.

use super::profiles::Profiles;
use crate::bail;
use crate::base::{Result, shape};
use crate::nn::{Codes, Model, Shape, Value};
use crate::torch::Tensor;
use std::sync::Arc;

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// The genes of a transcription factor and of a target.
    Pair([usize; 2]),
    /// The codes of a sequence.
    Sequence(Vec<u8>),
}

/// How samples become inputs.
pub enum Inputs {
    /// Two profiles: the shape of a sample.
    Profiles(Arc<Profiles>, Vec<i64>),
    /// Sequences of a length.
    Sequences(usize),
}

/// Numbers of a batch.
const BATCH: usize = 2 << 20;
/// Rows of a batch.
const ROWS: usize = 2048;

impl Inputs {
    /// The inputs of a network of pairs of profiles.
    pub fn of_profiles(model: &Model, profiles: Arc<Profiles>) -> Result<Inputs> {
        let arrays = profiles.samples().len() as i64;
        let Shape::One(input) = model.input() else {
            bail!("shape", "the network takes several inputs: {}", model.input().text();
                hint: "networks of pairs take one, [1, 2, arrays]");
        };
        let axes: Vec<i64> = input.iter().copied().filter(|size| *size != 1).collect();
        if axes != [2, arrays] {
            bail!("shape", "the network takes {}, the expression matrix has {arrays} samples",
                shape::text(input);
                hint: "networks of pairs take two profiles, [1, 2, arrays], over the samples \
                    that they were trained with, in their order");
        }
        Ok(Inputs::Profiles(profiles, input.clone()))
    }

    /// The inputs of a network of sequences.
    pub fn of_sequences(model: &Model) -> Result<Inputs> {
        match model.input() {
            Shape::One(input) if matches!(input[..], [4, length] if length > 0) => {
                Ok(Inputs::Sequences(usize::try_from(input[1]).unwrap_or(0)))
            }
            other => bail!("shape", "the network takes {}", other.text();
                hint: "networks of sequences take [4, length]; of pairs of genes [1, 2, arrays], \
                    with an expression matrix: --expression FILE"),
        }
    }

    /// Positions of a sample: arrays, or bases.
    pub fn length(&self) -> usize {
        match self {
            Inputs::Profiles(profiles, _) => profiles.samples().len(),
            Inputs::Sequences(length) => *length,
        }
    }

    /// The largest number of rows of a batch.
    pub fn largest_batch(&self) -> usize {
        let numbers = match self {
            Inputs::Profiles(..) => 2 * self.length(),
            Inputs::Sequences(_) => 4 * self.length(),
        };
        (BATCH / numbers.max(1)).clamp(1, ROWS)
    }

    /// The input of rows.
    pub fn value(&self, rows: &[&Row]) -> Result<Value> {
        match self {
            Inputs::Profiles(profiles, size) => {
                let mut values = Vec::with_capacity(rows.len() * 2 * self.length());
                for row in rows {
                    let Row::Pair(genes) = row else { continue };
                    genes
                        .iter()
                        .for_each(|gene| values.extend(profiles.scores(*gene)));
                }
                let size = [&[rows.len() as i64], &size[..]].concat();
                Tensor::from_f32(&values, &size).map(Value::One)
            }
            Inputs::Sequences(length) => {
                let mut codes = Vec::with_capacity(rows.len() * length);
                for row in rows {
                    let Row::Sequence(own) = row else { continue };
                    codes.extend(own);
                }
                Ok(Value::Codes(Codes::from_bytes(Arc::new(codes), *length)))
            }
        }
    }
}
