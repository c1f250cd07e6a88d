//! Layers, before and after they are built.

use crate::fuse::pattern::{BatchNorm, Convolution, Pooling, Recurrent};
use crate::kernels::{Pads, Reduction};
use crate::{Builder, Shape, Value};
use cistron_base::{Place, Result};
use cistron_torch::Tensor;
use std::any::Any;
use std::rc::Rc;

/// How a forward pass is computed.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Dropout drops, batch norms update their statistics.
    pub training: bool,
    /// Products may be computed in half precision.
    pub half: bool,
}

impl Mode {
    /// Evaluation in full precision.
    pub const EVAL: Mode = Mode {
        training: false,
        half: false,
    };
}

/// The positions of the input's last axis that one position of an output depends on, in evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalWindow {
    /// Positions from the first to the last.
    pub width: i64,
    /// Positions of the input between neighbouring positions of the output.
    pub stride: i64,
    /// Positions added before and after.
    pub pads: Pads,
    /// The value of added positions.
    pub fill: f64,
}

impl LocalWindow {
    /// Every position depends on itself alone.
    pub const POINT: LocalWindow = LocalWindow {
        width: 1,
        stride: 1,
        pads: Pads::NONE,
        fill: 0.0,
    };
}

/// A layer as passes see it.
pub enum LayerPattern<'a> {
    /// Layers one after another, which may take part in the chain around them.
    Chain(&'a [Rc<dyn Module>]),
    /// Layers with a skip.
    Residual {
        /// What is added to the skip.
        body: &'a Rc<dyn Module>,
        /// The layer on the skip.
        shortcut: Option<&'a Rc<dyn Module>>,
        /// The layer after the sum.
        after: Option<&'a Rc<dyn Module>>,
    },
    /// One-hot sequences become one-hot k-mers of so many bases.
    Kmers(usize),
    /// A convolution along the length with stride 1.
    Convolution(&'a Convolution),
    /// max(x, 0), element by element.
    Relu,
    /// Each channel normalised over batch and positions.
    BatchNorm(&'a BatchNorm),
    /// A pooling of windows.
    Pool(&'a Pooling),
    /// A pooling over all positions.
    GlobalPool(Reduction),
    /// The last position alone.
    LastPosition,
    /// LSTM or GRU of which every position is read.
    Recurrent(&'a Recurrent),
    /// Single numbers are zeroed with this probability.
    Dropout(f64),
    /// None of these.
    Other,
}

/// A built layer: it holds parameters and computes.
pub trait Module {
    /// Computes the output.
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value>;
    /// Whether it takes [`Value::Codes`] as well as one-hot sequences.
    fn reads_codes(&self) -> bool {
        false
    }
    /// Appends a line for each group of layers that is computed in one pass.
    fn describe_fusions(&self, _: &mut Vec<String>) {}
    /// What passes over a chain recognise it as.
    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::Other
    }
    /// The number of its parameters, if none of them is trained and its output for a sample never
    /// varies.
    fn frozen_size(&self) -> Option<i64> {
        None
    }
    /// What a position of its output depends on, where that is a window along one axis.
    fn local_window(&self) -> Option<LocalWindow> {
        None
    }
    /// The output of `[batch, channels, positions]` that contains the neighbouring positions:
    /// nothing is added at the ends.
    fn forward_unpadded(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.forward(&Value::One(x.clone()), mode)?.one().cloned()
    }
}

/// A built layer with the shape of its output.
pub struct Built {
    /// The layer.
    pub module: Rc<dyn Module>,
    /// The shape of its output.
    pub output: Shape,
}

impl Built {
    /// A module with one output.
    pub fn one(module: impl Module + 'static, output: Vec<i64>) -> Result<Built> {
        Ok(Built {
            module: Rc::new(module),
            output: Shape::One(output),
        })
    }
}

/// A kind of layer: its name, and how it is built for an input.
pub trait Spec: Any {
    /// A short text, such as `conv1d(20, 12)`.
    fn text(&self) -> String;
    /// Creates parameters and infers the output's shape; fails on an input that does not fit.
    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built>;
    /// Whether the output for a sample may change in training, from pass to pass or with the other
    /// samples of the batch.
    fn varies(&self) -> bool {
        false
    }
    /// What it does in training only, where that is known: dropout, or statistics of the batch.
    fn in_training(&self) -> Option<&'static str> {
        None
    }
    /// The depth of nesting of its deepest part.
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
    /// The script line that describes it.
    pub at: Option<Place>,
    /// Depth of nesting.
    depth: usize,
}

/// The largest depth of nesting: passes over layers, and their release, recurse.
pub const DEEPEST: usize = 200;

impl Layer {
    /// A description at a position in a script.
    pub fn new(spec: impl Spec + 'static, at: Option<Place>) -> Layer {
        let depth = 1 + spec.depth();
        Layer(Rc::new(Described {
            spec: Box::new(spec),
            at,
            depth,
        }))
    }

    /// Depth of nesting.
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

    fn local_window(&self) -> Option<LocalWindow> {
        Some(LocalWindow::POINT)
    }
}

/// A module that is a function of one tensor and the mode.
pub struct Function<F>(pub F);

impl<F: Fn(&Tensor, Mode) -> Result<Tensor>> Module for Function<F> {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        (self.0)(x.one()?, mode).map(Value::One)
    }
}
