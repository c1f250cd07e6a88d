//! Weights as layers read them: a parameter, or a function of parameters.

use cistron_base::{Result, bail};
use cistron_torch::{Tensor, grad};
use std::rc::Rc;

/// The least that a vector is divided by.
const SMALLEST_NORM: f64 = 1e-12;

/// The weights of a layer.
#[derive(Clone)]
pub enum Weight {
    /// One parameter.
    Plain(Tensor),
    /// Length and direction of each filter (Salimans & Kingma 2016).
    Normed {
        /// `[filters, 1, …]`
        length: Tensor,
        /// `[filters, channels, width]`
        direction: Tensor,
    },
    /// A parameter divided by its largest singular value.
    Spectral(Rc<Spectral>),
    /// Weights and a trainable matrix of low rank.
    LowRank(Rc<LowRank>),
}

/// How weights are normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightNorm {
    /// Length and direction of each filter are separate parameters.
    Length,
    /// The largest singular value is 1, estimated by so many power iterations in each pass of
    /// training.
    Spectral(usize),
}

/// What a layer does with its weights.
#[derive(Clone, Copy, Debug, Default)]
pub struct Role {
    /// The axis of the outputs.
    pub axis: usize,
    /// Whether they are applied by [`Weight::apply`].
    pub is_applied: bool,
}

/// Weights divided by their largest singular value (Miyato et al. 2018).
pub struct Spectral {
    /// The parameter.
    pub original: Tensor,
    /// The left singular vector, `[outputs]`.
    pub u: Tensor,
    /// The right singular vector, `[inputs]`.
    pub v: Tensor,
    /// Power iterations in each pass of training.
    pub iterations: usize,
    /// The axis of the outputs.
    pub axis: usize,
}

/// Weights W and two matrices A and B, used as W + scale B A (Hu et al. 2022).
pub struct LowRank {
    /// The weights that are adapted.
    pub base: Weight,
    /// `[rank, inputs, …]`
    pub a: Tensor,
    /// `[outputs, rank, 1, …]`
    pub b: Tensor,
    /// The factor of the product.
    pub scale: f64,
    /// Chance of a zero in the input of A during training.
    pub dropout: f64,
}

impl Weight {
    /// The weights that the layer multiplies with.
    ///
    /// # Errors
    /// In training where they depend on the input: see [`Weight::apply`].
    pub fn current(&self, training: bool) -> Result<Tensor> {
        match self {
            Weight::Plain(weight) => Ok(weight.clone()),
            Weight::Normed { length, direction } => {
                direction.mul(&length.div(&length_of(direction)?)?)
            }
            Weight::Spectral(spectral) => spectral.current(training),
            Weight::LowRank(low) if training && low.dropout > 0.0 => {
                bail!(
                    "internal",
                    "weights with dropout on their input were read as a matrix"
                )
            }
            Weight::LowRank(low) => low.base.current(training)?.add(&low.delta()?),
        }
    }

    /// Applies a linear function of input and weights; its last argument states whether it adds
    /// the bias.
    pub fn apply(
        &self,
        x: &Tensor,
        training: bool,
        f: impl Fn(&Tensor, &Tensor, bool) -> Result<Tensor>,
    ) -> Result<Tensor> {
        match self {
            Weight::LowRank(low) if training && low.dropout > 0.0 => {
                let adapted = f(&x.dropout(low.dropout, true)?, &low.delta()?, false)?;
                f(x, &low.base.current(training)?, true)?.add(&adapted)
            }
            _ => f(x, &self.current(training)?, true),
        }
    }

    /// Whether they are the same for every input, as passes over several layers need them.
    pub fn is_fixed(&self) -> bool {
        !matches!(self, Weight::LowRank(low) if low.dropout > 0.0)
    }

    /// The parameter that has the weights' shape.
    pub fn parameter(&self) -> &Tensor {
        match self {
            Weight::Plain(weight)
            | Weight::Normed {
                direction: weight, ..
            } => weight,
            Weight::Spectral(spectral) => &spectral.original,
            Weight::LowRank(low) => low.base.parameter(),
        }
    }

    /// Such as `[filters, channels, width]`.
    pub fn shape(&self) -> Vec<i64> {
        self.parameter().shape()
    }
}

/// The length of each filter, `[filters, 1, …]`.
pub fn length_of(weight: &Tensor) -> Result<Tensor> {
    let rest: Vec<i64> = (1..weight.rank() as i64).collect();
    weight.norm(2.0, &Some(rest), true)
}

impl LowRank {
    /// scale B A, in the shape of the weights.
    pub fn delta(&self) -> Result<Tensor> {
        let rank = self.a.shape()[0];
        let a = self.a.reshape(&[rank, -1])?;
        let product = self.b.reshape(&[-1, rank])?.matmul(&a)?;
        product.mul_number(self.scale)?.reshape(&self.base.shape())
    }
}

/// The weights as a matrix of `[outputs, inputs]`.
pub fn matrix(weight: &Tensor, axis: usize) -> Result<Tensor> {
    let outputs = weight.shape()[axis];
    let first = if axis == 0 {
        weight.clone()
    } else {
        weight.transpose(0, axis as i64)?
    };
    first.reshape(&[outputs, -1])
}

/// A vector of length 1.
pub fn unit(vector: &Tensor) -> Result<Tensor> {
    let length = vector.norm(2.0, &None, false)?;
    vector.div(&length.clamp(SMALLEST_NORM, f64::INFINITY)?)
}

/// Improves the singular vectors `[outputs, 1]` and `[inputs, 1]` of a matrix.
pub fn iterated(
    matrix: &Tensor,
    u: Tensor,
    v: Tensor,
    iterations: usize,
) -> Result<(Tensor, Tensor)> {
    let transposed = matrix.transpose(0, 1)?;
    let (mut u, mut v) = (u, v);
    for _ in 0..iterations {
        v = unit(&transposed.matmul(&u)?)?;
        u = unit(&matrix.matmul(&v)?)?;
    }
    Ok((u, v))
}

impl Spectral {
    fn current(&self, training: bool) -> Result<Tensor> {
        let matrix = matrix(&self.original, self.axis)?;
        let (u, v) = {
            let _guard = grad::no_grad();
            let column = |vector: &Tensor| vector.copied()?.reshape(&[-1, 1]);
            let (mut u, mut v) = (column(&self.u)?, column(&self.v)?);
            if training {
                (u, v) = iterated(&matrix, u, v, self.iterations)?;
                self.u.copy_(&u.reshape(&[-1])?)?;
                self.v.copy_(&v.reshape(&[-1])?)?;
            }
            (u, v)
        };
        let largest = u.mul(&matrix.matmul(&v)?)?.sum(&None, false)?;
        self.original.div(&largest)
    }
}
