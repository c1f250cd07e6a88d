//! Layers one after another.

use super::deepest;
use crate::fuse::pattern::LayerPattern;
use crate::fuse::{self, Modules, Stage};
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value, watch};
use cistron_base::Result;
use std::rc::Rc;

/// Layers one after another; the name of a layer is its number unless given.
pub struct Chain {
    /// The layers.
    pub parts: Vec<(Option<String>, Layer)>,
}

struct Sequence {
    /// As described, for a chain around this one.
    parts: Modules,
    /// With fused layers.
    modules: Modules,
}

impl Sequence {
    /// Parts as described; they are fused where `fast`.
    fn new(parts: Modules, fast: bool) -> Sequence {
        let modules = if fast {
            fuse::apply(Stage::Fast, parts.clone())
        } else {
            parts.clone()
        };
        Sequence { parts, modules }
    }
}

/// Some parts of a chain as a separate chain.
pub fn rest(parts: &[Rc<dyn Module>]) -> Rc<dyn Module> {
    Rc::new(Sequence::new(parts.to_vec(), true))
}

impl Module for Sequence {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let mut x = x.clone();
        for module in if watch::is_on() {
            &self.parts
        } else {
            &self.modules
        } {
            x = module.forward(&x, mode)?;
        }
        Ok(x)
    }

    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::Chain(&self.parts)
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.modules
            .iter()
            .for_each(|module| module.describe_fusions(out));
    }

    fn frozen_size(&self) -> Option<i64> {
        self.parts.iter().map(|part| part.frozen_size()).sum()
    }

    fn reads_codes(&self) -> bool {
        !watch::is_on()
            && self
                .modules
                .first()
                .is_some_and(|first| first.reads_codes())
    }
}

impl Spec for Chain {
    fn depth(&self) -> usize {
        deepest(self.parts.iter().map(|(_, part)| part))
    }

    fn text(&self) -> String {
        format!("chain of {}", self.parts.len())
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let mut shape = input.clone();
        let mut modules = Vec::new();
        for (i, (name, layer)) in self.parts.iter().enumerate() {
            let name = name.clone().unwrap_or_else(|| i.to_string());
            let built = builder.child(&name, layer, &shape)?;
            shape = built.output;
            modules.push(built.module);
        }
        Ok(Built {
            module: Rc::new(Sequence::new(
                fuse::apply(Stage::Always, modules),
                builder.fast,
            )),
            output: shape,
        })
    }
}
