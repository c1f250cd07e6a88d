//! Weights of convolutions, plain or normalised (Salimans & Kingma 2016).

use cistron_base::Result;
use cistron_torch::Tensor;

/// Weights of a convolution.
#[derive(Clone)]
pub enum Weight {
    /// One parameter.
    Plain(Tensor),
    /// Length and direction of each filter.
    Normed {
        /// `[filters, 1, …]`
        length: Tensor,
        /// `[filters, channels, width]`
        direction: Tensor,
    },
}

impl Weight {
    /// The weights that the convolution multiplies with.
    pub fn current(&self) -> Result<Tensor> {
        match self {
            Weight::Plain(weight) => Ok(weight.clone()),
            Weight::Normed { length, direction } => {
                direction.mul(&length.div(&length_of(direction)?)?)
            }
        }
    }

    /// The parameter that has the weights' shape.
    pub fn parameter(&self) -> &Tensor {
        match self {
            Weight::Plain(weight)
            | Weight::Normed {
                direction: weight, ..
            } => weight,
        }
    }

    /// `[filters, channels, width]`
    pub fn shape(&self) -> Vec<i64> {
        self.parameter().shape()
    }
}

/// The length of each filter, `[filters, 1, …]`.
pub fn length_of(weight: &Tensor) -> Result<Tensor> {
    let rest: Vec<i64> = (1..weight.rank() as i64).collect();
    weight.norm(2.0, &Some(rest), true)
}
