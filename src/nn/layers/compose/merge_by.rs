//! How the outputs of layers side by side are merged: by a rule, or by a function of a script.

use super::Merge;
use crate::{Builder, Shape, Value};
use cistron_base::Result;
use cistron_torch::{Tensor, grad};
use std::rc::Rc;

/// Combines the outputs of several layers, in their order.
pub type MergeOutputs = Rc<dyn Fn(&[Tensor]) -> Result<Value>>;

/// How several outputs become the output of a layer.
#[derive(Clone)]
pub enum MergeBy {
    /// A rule.
    Rule(Merge),
    /// A function.
    Function(MergeOutputs),
}

impl MergeBy {
    /// What pictures call it.
    pub fn name(&self) -> &'static str {
        match self {
            MergeBy::Rule(Merge::Concat) => "concat",
            MergeBy::Rule(Merge::Add) => "+",
            MergeBy::Rule(Merge::Mean) => "mean",
            MergeBy::Rule(Merge::Max) => "max",
            MergeBy::Function(_) => "function",
        }
    }

    /// The shape of the combination of outputs; that of a function is inferred from two samples of
    /// zeros.
    pub fn shape(&self, what: &str, shapes: &[Shape], builder: &Builder) -> Result<Shape> {
        let function = match self {
            MergeBy::Rule(merge) => return merge.shape(what, shapes).map(Shape::One),
            MergeBy::Function(function) => function,
        };
        let parts = shapes
            .iter()
            .map(|shape| {
                shape.one(what)?;
                let zeros = Value::zeros(shape, 2)?;
                zeros.one()?.to_device(builder.device())
            })
            .collect::<Result<Vec<_>>>()?;
        let _guard = grad::no_grad();
        let output = function(&parts)?;
        output.shape_of_two(what)
    }

    /// Combines outputs.
    pub fn apply(&self, parts: &[Tensor]) -> Result<Value> {
        match self {
            MergeBy::Rule(merge) => merge.apply(parts).map(Value::One),
            MergeBy::Function(function) => function(parts),
        }
    }
}
