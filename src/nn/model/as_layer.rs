//! A built model as a layer of another network.

use super::Model;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, bail};
use cistron_torch::{Tensor, grad};
use std::rc::Rc;

/// A copy of a model, with the values that its parameters have when the network around it is
/// built, excluded from training.
pub struct Frozen {
    layer: Layer,
    model: Model,
}

impl Frozen {
    /// A copy of a model.
    pub fn new(model: &Model) -> Result<Frozen> {
        if model.plan().is_some() {
            bail!("value", "`{}` has adapters", model.name();
                hint: "`net.merge()` returns the network with merged weights");
        }
        Ok(Frozen {
            layer: model.described()?.clone(),
            model: model.clone(),
        })
    }
}

impl Frozen {
    /// The layers of the model.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }
}

struct FrozenModule {
    module: Rc<dyn Module>,
    parameters: Vec<Tensor>,
}

impl FrozenModule {
    fn is_frozen(&self) -> bool {
        self.parameters.iter().all(|own| !own.is_grad_on())
    }
}

impl Module for FrozenModule {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let training = mode.training && !self.is_frozen();
        self.module.forward(x, Mode { training, ..mode })
    }

    fn reads_codes(&self) -> bool {
        self.module.reads_codes()
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.module.describe_fusions(out);
    }

    fn frozen_size(&self) -> Option<i64> {
        let size = self.parameters.iter().map(Tensor::numel).sum();
        self.is_frozen().then_some(size)
    }
}

impl Spec for Frozen {
    fn depth(&self) -> usize {
        self.layer.depth()
    }

    fn text(&self) -> String {
        format!("frozen {}", self.model.name())
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (built, tensors) = builder.child_and_tensors(&self.layer, input)?;
        let _guard = grad::no_grad();
        let mut parameters = Vec::new();
        for (name, own) in tensors.iter() {
            if builder.is_copy {
                // the tensors of another build, with the values that they have by now
                let mut known = builder.parameters.iter();
                if known.any(|(_, parameter)| parameter.is_same(own)) {
                    parameters.push(own.clone());
                }
                continue;
            }
            let values = self.model.get(name)?;
            if values.shape() != own.shape() {
                bail!(
                    "shape",
                    "frozen: `{}` is built for {}, here its input is {}",
                    self.model.name(),
                    self.model.input().text(),
                    input.text()
                );
            }
            let is_trained = own.is_grad_on();
            own.copy_(&values.to_device(builder.device())?)?;
            if is_trained {
                own.requires_grad_(false)?;
                parameters.push(own.clone());
            }
        }
        Ok(Built {
            module: Rc::new(FrozenModule {
                module: built.module,
                parameters,
            }),
            output: built.output,
        })
    }
}
