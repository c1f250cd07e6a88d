//! Values that pass through a network, and their shapes.

use crate::Codes;
use cistron_base::{Result, bail, fault, shape};
use cistron_torch::{Kind, Tensor};
use std::collections::BTreeMap;

/// The shape of one sample: of one input, or of several by name. The batch axis is left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// One input, such as `[4, 101]`.
    One(Vec<i64>),
    /// Several inputs by name.
    Many(BTreeMap<String, Vec<i64>>),
}

impl Shape {
    /// The shape of the one input that `layer` takes.
    pub fn one(&self, layer: &str) -> Result<&[i64]> {
        match self {
            Shape::One(shape) => Ok(shape),
            Shape::Many(shapes) => {
                bail!(
                    "shape",
                    "{layer} takes one input, got {}",
                    shapes.keys().cloned().collect::<Vec<_>>().join(", ");
                    hint: "`nn::branches(#{{ name: layer, … }})` takes several"
                )
            }
        }
    }

    /// The channels and the length of the one input that `layer` takes, `[channels, length]`.
    pub fn channels_and_length(&self, layer: &str) -> Result<(i64, i64)> {
        match self.one(layer)? {
            [channels, length] => Ok((*channels, *length)),
            other => {
                let hint = match other.len() {
                    1 => {
                        "a layer before it (flatten, linear or a global pool) has removed the \
                         length"
                    }
                    _ => "`nn::reshape` or `nn::flatten` removes axes",
                };
                let got = shape::text(other);
                let fault = fault!(
                    "shape",
                    "{layer} takes [channels, length], the input is {got}"
                );
                Err(fault.hint(hint))
            }
        }
    }

    /// In words.
    pub fn text(&self) -> String {
        match self {
            Shape::One(one) => shape::text(one),
            Shape::Many(many) => many
                .iter()
                .map(|(name, one)| format!("{name} {}", shape::text(one)))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// A value that passes through a network.
#[derive(Clone, Debug)]
pub enum Value {
    /// One tensor, `[batch, …]`.
    One(Tensor),
    /// Sequences as codes.
    Codes(Codes),
    /// Several tensors by name.
    Many(BTreeMap<String, Tensor>),
}

impl Value {
    /// A tensor of a script: sequence codes where it is `[batch, length]` of kind uint8.
    pub fn infer(tensor: Tensor) -> Value {
        match Codes::infer(&tensor) {
            Some(codes) => Value::Codes(codes),
            None => Value::One(tensor),
        }
    }

    /// The one tensor of numbers.
    pub fn one(&self) -> Result<&Tensor> {
        match self {
            Value::One(tensor) => Ok(tensor),
            Value::Codes(_) => bail!("type", "this layer takes numbers, got sequence codes"),
            Value::Many(_) => bail!("shape", "this layer takes one input, got several"),
        }
    }

    /// The value with codes encoded as one-hot.
    pub fn one_hot(&self) -> Result<Value> {
        match self {
            Value::Codes(codes) => codes.one_hot().map(Value::One),
            other => Ok(other.clone()),
        }
    }

    /// The value with codes as an ordinary tensor.
    pub fn plain(&self) -> Result<Value> {
        match self {
            Value::Codes(codes) => codes.tensor().map(Value::One),
            other => Ok(other.clone()),
        }
    }

    /// Applies a function to each tensor; to that of codes, which must stay codes.
    pub fn map(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Value> {
        Ok(match self {
            Value::One(tensor) => Value::One(f(tensor)?),
            Value::Codes(codes) => Value::Codes(Codes::from_tensor(f(&codes.tensor()?)?)?),
            Value::Many(many) => Value::Many(
                many.iter()
                    .map(|(name, tensor)| Ok((name.clone(), f(tensor)?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    /// Applies a function to each tensor and that of the same name in another value.
    pub fn zip(
        &self,
        other: &Value,
        f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<Value> {
        match (self, other) {
            (Value::One(a), Value::One(b)) => f(a, b).map(Value::One),
            (Value::Many(a), Value::Many(b)) if a.keys().eq(b.keys()) => Ok(Value::Many(
                a.iter()
                    .zip(b.values())
                    .map(|((name, a), b)| Ok((name.clone(), f(a, b)?)))
                    .collect::<Result<_>>()?,
            )),
            _ => bail!(
                "shape",
                "inputs {} and {} do not go together",
                self.shape().text(),
                other.shape().text()
            ),
        }
    }

    /// All tensors of numbers, in the order of their names; codes are none.
    pub fn tensors(&self) -> Vec<&Tensor> {
        match self {
            Value::One(tensor) => vec![tensor],
            Value::Codes(_) => Vec::new(),
            Value::Many(many) => many.values().collect(),
        }
    }

    /// Number of samples.
    pub fn rows(&self) -> i64 {
        if let Value::Codes(codes) = self {
            return codes.rows();
        }
        self.tensors()
            .first()
            .and_then(|tensor| tensor.shape().first().copied())
            .unwrap_or(0)
    }

    /// All samples of several values.
    pub fn cat(parts: &[Value]) -> Result<Value> {
        let Some(first) = parts.first() else {
            bail!("value", "there are no samples")
        };
        let parts = parts.iter().map(Value::plain).collect::<Result<Vec<_>>>()?;
        let of = |i: usize| {
            let tensors: Vec<Tensor> = parts.iter().map(|part| part.tensors()[i].clone()).collect();
            Tensor::cat(&tensors, 0)
        };
        Ok(match first {
            Value::One(_) => Value::One(of(0)?),
            Value::Codes(_) => Value::Codes(Codes::from_tensor(of(0)?)?),
            Value::Many(many) => Value::Many(
                many.keys()
                    .enumerate()
                    .map(|(i, name)| Ok((name.clone(), of(i)?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    /// The shape of a sample; that of codes is the shape of the one-hot sequence.
    pub fn shape(&self) -> Shape {
        let of = |tensor: &Tensor| tensor.shape().get(1..).unwrap_or_default().to_vec();
        match self {
            Value::One(tensor) => Shape::One(of(tensor)),
            Value::Codes(codes) => Shape::One(vec![4, codes.length() as i64]),
            Value::Many(many) => Shape::Many(
                many.iter()
                    .map(|(name, tensor)| (name.clone(), of(tensor)))
                    .collect(),
            ),
        }
    }

    /// The shape of an output that was computed from two samples; fails where the first axis is not
    /// the batch.
    pub fn shape_of_two(&self, layer: &str) -> Result<Shape> {
        for tensor in self.tensors() {
            if tensor.shape().first() != Some(&2) {
                bail!(
                    "shape",
                    "{layer}: the first axis of the output must be the batch: two samples returned \
                     {}",
                    shape::text(&tensor.shape())
                );
            }
        }
        Ok(self.shape())
    }

    /// Zeros of a shape, `batch` samples.
    pub fn zeros(of: &Shape, batch: i64) -> Result<Value> {
        let zeros = |shape: &Vec<i64>| {
            Tensor::zeros(
                &std::iter::once(batch)
                    .chain(shape.iter().copied())
                    .collect::<Vec<_>>(),
            )
        };
        Ok(match of {
            Shape::One(shape) => Value::One(zeros(shape)?),
            Shape::Many(many) => Value::Many(
                many.iter()
                    .map(|(name, shape)| Ok((name.clone(), zeros(shape)?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    /// Whether another value has the same variant, names, kinds and shapes.
    pub fn is_like(&self, other: &Value) -> bool {
        let of = |value: &Value| -> Vec<(Vec<i64>, Kind)> {
            let tensors = value.tensors().into_iter();
            tensors
                .map(|tensor| (tensor.shape(), tensor.kind()))
                .collect()
        };
        match (self, other) {
            (Value::Codes(a), Value::Codes(b)) => (a.rows(), a.length()) == (b.rows(), b.length()),
            (Value::Many(a), Value::Many(b)) if !a.keys().eq(b.keys()) => false,
            (Value::One(_), Value::One(_)) | (Value::Many(_), Value::Many(_)) => {
                of(self) == of(other)
            }
            _ => false,
        }
    }

    /// Copies the numbers of a value that is like this one into its tensors.
    pub fn copy_(&self, from: &Value) -> Result<()> {
        if let (Value::Codes(to), Value::Codes(from)) = (self, from) {
            return to.tensor()?.copy_(&from.tensor()?);
        }
        self.tensors()
            .iter()
            .zip(from.tensors())
            .try_for_each(|(to, from)| to.copy_(from))
    }
}
