//! Activations: functions of each number, and softmax.

use crate::fuse::pattern::LayerPattern;
use crate::spec::{Function, LocalWindow, Pointwise};
use crate::{Builder, Built, Mode, Module, Shape, Spec, Value};
use cistron_base::Result;
use cistron_torch::Tensor;

/// An activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// max(x, 0)
    Relu,
    /// x, or a fraction of it where negative
    LeakyRelu(f64),
    /// x, or α(eˣ - 1) where negative
    Elu(f64),
    /// x Φ(x)
    Gelu,
    /// x σ(x)
    Silu,
    /// σ(x)
    Sigmoid,
    /// tanh x
    Tanh,
    /// eˣ
    Exp,
    /// ln(1 + eˣ)
    Softplus,
    /// Shares along an axis (counted with the batch axis)
    Softmax(i64),
    /// Logarithms of the shares
    LogSoftmax(i64),
}

impl Spec for Activation {
    fn text(&self) -> String {
        let name = match self {
            Activation::Relu => "relu",
            Activation::LeakyRelu(_) => "leaky_relu",
            Activation::Elu(_) => "elu",
            Activation::Gelu => "gelu",
            Activation::Silu => "silu",
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
            Activation::Exp => "exp",
            Activation::Softplus => "softplus",
            Activation::Softmax(_) => "softmax",
            Activation::LogSoftmax(_) => "log_softmax",
        };
        format!("{name}()")
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        let shape = input.one(&self.text())?.to_vec();
        let kind = *self;
        if kind == Activation::Relu {
            return Built::one(Relu, shape);
        }
        if matches!(kind, Activation::Softmax(_) | Activation::LogSoftmax(_)) {
            return Built::one(Function(move |x: &Tensor, _| kind.apply(x)), shape);
        }
        Built::one(Pointwise(move |x: &Tensor| kind.apply(x)), shape)
    }
}

/// max(x, 0), which passes may move.
struct Relu;

impl Module for Relu {
    fn forward(&self, x: &Value, _: Mode) -> Result<Value> {
        x.one()?.relu().map(Value::One)
    }

    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::Relu
    }

    fn local_window(&self) -> Option<LocalWindow> {
        Some(LocalWindow::POINT)
    }
}

impl Activation {
    /// The function itself.
    pub fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Activation::Relu => x.relu(),
            Activation::LeakyRelu(slope) => x.leaky_relu(slope),
            Activation::Elu(alpha) => x.elu(alpha),
            Activation::Gelu => x.gelu(),
            Activation::Silu => x.silu(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Tanh => x.tanh(),
            Activation::Exp => x.exp(),
            Activation::Softplus => x.softplus(),
            Activation::Softmax(dim) => x.softmax(dim),
            Activation::LogSoftmax(dim) => x.log_softmax(dim),
        }
    }
}
