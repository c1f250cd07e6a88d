//! What a layer is before and after it is built.

use super::Builder;
use cistron_base::bail;
use cistron_base::{Place, Result, shape};
use cistron_torch::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

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
                bail!("shape", "{layer} takes one input, got {}", shapes.keys().cloned().collect::<Vec<_>>().join(", "); hint: "`nn::branches(#{{ name: layer, … }})` takes several")
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

/// What flows through a network.
#[derive(Clone, Debug)]
pub enum Value {
    /// One tensor, `[batch, …]`.
    One(Tensor),
    /// Several by name.
    Many(BTreeMap<String, Tensor>),
}

impl Value {
    /// The one tensor.
    pub fn one(&self) -> Result<&Tensor> {
        match self {
            Value::One(tensor) => Ok(tensor),
            Value::Many(_) => bail!("shape", "this layer takes one input, got several"),
        }
    }

    /// Each tensor changed.
    pub fn map(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Value> {
        Ok(match self {
            Value::One(tensor) => Value::One(f(tensor)?),
            Value::Many(many) => Value::Many(
                many.iter()
                    .map(|(name, tensor)| Ok((name.clone(), f(tensor)?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    /// Each tensor together with that of the same name in another.
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

    /// All tensors, by name.
    pub fn tensors(&self) -> Vec<&Tensor> {
        match self {
            Value::One(tensor) => vec![tensor],
            Value::Many(many) => many.values().collect(),
        }
    }

    /// The number of samples.
    pub fn rows(&self) -> i64 {
        self.tensors()
            .first()
            .and_then(|tensor| tensor.shape().first().copied())
            .unwrap_or(0)
    }

    /// Samples side by side.
    pub fn cat(parts: &[Value]) -> Result<Value> {
        let Some(first) = parts.first() else {
            bail!("value", "there are no samples")
        };
        let of = |i: usize| {
            Tensor::cat(
                &parts
                    .iter()
                    .map(|part| part.tensors()[i].clone())
                    .collect::<Vec<_>>(),
                0,
            )
        };
        Ok(match first {
            Value::One(_) => Value::One(of(0)?),
            Value::Many(many) => Value::Many(
                many.keys()
                    .enumerate()
                    .map(|(i, name)| Ok((name.clone(), of(i)?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    /// The shape without the batch axis.
    pub fn shape(&self) -> Shape {
        let of = |tensor: &Tensor| tensor.shape().get(1..).unwrap_or_default().to_vec();
        match self {
            Value::One(tensor) => Shape::One(of(tensor)),
            Value::Many(many) => Shape::Many(
                many.iter()
                    .map(|(name, tensor)| (name.clone(), of(tensor)))
                    .collect(),
            ),
        }
    }

    /// Zeros of a shape, `batch` samples.
    pub fn zeros(of: &Shape, batch: i64) -> Result<Value> {
        let make = |shape: &Vec<i64>| {
            Tensor::zeros(
                &std::iter::once(batch)
                    .chain(shape.iter().copied())
                    .collect::<Vec<_>>(),
            )
        };
        Ok(match of {
            Shape::One(shape) => Value::One(make(shape)?),
            Shape::Many(many) => Value::Many(
                many.iter()
                    .map(|(name, shape)| Ok((name.clone(), make(shape)?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }
}

/// How a pass is made.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Dropout drops, batch norms learn their statistics.
    pub training: bool,
    /// Products may be computed in half as many bits.
    pub half: bool,
}

/// What one position of an output reads of the input's last axis, while a layer evaluates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Positions from the first that is read to the last.
    pub span: i64,
    /// Positions of the input from one of the output to the next.
    pub stride: i64,
    /// Positions that are added before and after.
    pub pads: (i64, i64),
    /// What stands in them.
    pub fill: f64,
}

impl Reach {
    /// Every position reads itself alone.
    pub const POINT: Reach = Reach {
        span: 1,
        stride: 1,
        pads: (0, 0),
        fill: 0.0,
    };
}

/// A built layer: it holds parameters and computes.
pub trait Module {
    /// Computes the output.
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value>;
    /// Whether it takes sequence codes `[batch, length]` as well as one-hot sequences.
    fn reads_codes(&self) -> bool {
        false
    }
    /// Says which parts were joined into faster ones, a line each.
    fn ways(&self, _: &mut Vec<String>) {}
    /// What a chain needs to know of it.
    fn role(&self) -> Role<'_> {
        Role::Other
    }
    /// How many numbers it holds, if none of them learns and what it gives for a sample is always
    /// the same.
    fn settled(&self) -> Option<i64> {
        None
    }
    /// What a position of its output reads, where that is a stretch of one axis.
    fn reach(&self) -> Option<Reach> {
        None
    }
    /// The output of a stretch `[batch, channels, positions]` that has its neighbours with it:
    /// nothing is added at the ends.
    fn within(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.forward(&Value::One(x.clone()), mode)?.one().cloned()
    }
}

/// What a chain may do with a part.
pub enum Role<'a> {
    /// Parts that can stand in the chain themselves.
    Parts(&'a [Rc<dyn Module>]),
    /// Each channel over batch and positions.
    BatchNorm(&'a crate::layers::norm::BatchNorm),
    /// max(x, 0), number by number.
    Relu,
    /// The largest or the mean of windows.
    Pool(&'a crate::layers::pool::Pool),
    /// The largest or the mean over all positions.
    Global(crate::kernels::lookup::Over),
    /// The last position alone.
    LastPosition,
    /// LSTM or GRU.
    Recurrent(&'a crate::layers::recurrent::Running),
    /// Zeroes single numbers with this chance.
    Dropout(f64),
    /// Layers with a skip: what is added to the input, what the input goes through before, what the
    /// sum goes through.
    Residual {
        /// What is added.
        body: &'a Rc<dyn Module>,
        /// What the input goes through.
        shortcut: Option<&'a Rc<dyn Module>>,
        /// What the sum goes through.
        after: Option<&'a Rc<dyn Module>>,
    },
    /// One-hot sequences become one-hot words of so many bases.
    Kmers(usize),
    /// A convolution over one axis with stride 1.
    Convolution(&'a crate::fuse::stem::Convolution),
    /// Nothing in particular.
    Other,
}

/// A built layer with the shape it gives.
pub struct Built {
    /// The layer.
    pub module: Rc<dyn Module>,
    /// The shape of its output.
    pub output: Shape,
}

impl Built {
    /// A module that gives one output.
    pub fn one(module: impl Module + 'static, output: Vec<i64>) -> Result<Built> {
        Ok(Built {
            module: Rc::new(module),
            output: Shape::One(output),
        })
    }
}

/// A kind of layer: what it is called, and how it is built for an input.
pub trait Spec {
    /// A short text, such as `conv1d(20, 12)`.
    fn text(&self) -> String;
    /// Makes parameters and finds the output's shape; fails on an input that cannot work.
    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built>;
    /// Whether what it gives for a sample may change while it trains, from pass to pass or with the
    /// samples beside it.
    fn varies(&self) -> bool {
        false
    }
    /// What it does in training alone, where that is known: dropout, or statistics of the batch.
    fn in_training(&self) -> Option<&'static str> {
        None
    }
    /// How many layers inside each other the deepest of its parts is.
    fn depth(&self) -> usize {
        0
    }
    /// Whether it only groups other layers, which the summary shows instead.
    fn is_group(&self) -> bool {
        false
    }
}

/// A description of a layer: immutable, cheap to copy, usable many times.
#[derive(Clone)]
pub struct Layer(pub Rc<Described>);

/// See [`Layer`].
pub struct Described {
    /// The kind of layer.
    pub spec: Box<dyn Spec>,
    /// The script line that made it.
    pub at: Option<Place>,
    /// How many layers inside each other it is.
    depth: usize,
}

/// Layers inside each other at most: passes, and what lets them go, take stack for each.
pub const DEEPEST: usize = 200;

impl Layer {
    /// A description made at a place in a script.
    pub fn new(spec: impl Spec + 'static, at: Option<Place>) -> Layer {
        let depth = 1 + spec.depth();
        Layer(Rc::new(Described {
            spec: Box::new(spec),
            at,
            depth,
        }))
    }

    /// How many layers inside each other it is.
    pub fn depth(&self) -> usize {
        self.0.depth
    }

    /// A short text.
    pub fn text(&self) -> String {
        self.0.spec.text()
    }
}

/// A module that is a function of each position alone.
pub struct Pointwise<F>(pub F);

impl<F: Fn(&Tensor) -> Result<Tensor>> Module for Pointwise<F> {
    fn forward(&self, x: &Value, _: Mode) -> Result<Value> {
        (self.0)(x.one()?).map(Value::One)
    }

    fn reach(&self) -> Option<Reach> {
        Some(Reach::POINT)
    }
}

/// A module that is a function of one tensor and the mode.
pub struct Function<F>(pub F);

impl<F: Fn(&Tensor, Mode) -> Result<Tensor>> Module for Function<F> {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        (self.0)(x.one()?, mode).map(Value::One)
    }
}
