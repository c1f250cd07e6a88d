//! One input through several layers, with an output each.

use super::deepest;
use super::parallel::wider;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, bail};
use std::collections::BTreeMap;
use std::rc::Rc;

/// One input through several layers; the outputs are named.
pub struct Heads {
    /// The layers by the names of their outputs.
    pub parts: Vec<(String, Layer)>,
}

struct Side {
    parts: Vec<(String, Rc<dyn Module>)>,
}

impl Module for Side {
    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.parts
            .iter()
            .for_each(|(_, module)| module.describe_fusions(out));
    }

    fn frozen_size(&self) -> Option<i64> {
        self.parts.iter().map(|(_, part)| part.frozen_size()).sum()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let outputs = self
            .parts
            .iter()
            .map(|(name, part)| Ok((name.clone(), part.forward(x, mode)?.one()?.clone())));
        outputs.collect::<Result<_>>().map(Value::Many)
    }
}

impl Spec for Heads {
    fn depth(&self) -> usize {
        deepest(self.parts.iter().map(|(_, layer)| layer))
    }

    fn text(&self) -> String {
        let names: Vec<&str> = self.parts.iter().map(|(name, _)| name.as_str()).collect();
        format!("heads of {}", names.join(", "))
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (start, mut end, is_input) = (builder.field, builder.field, builder.is_input);
        let mut starts = Vec::new();
        let mut parts: Vec<(String, Rc<dyn Module>)> = Vec::new();
        let mut shapes = BTreeMap::new();
        for (name, layer) in &self.parts {
            (builder.field, builder.is_input) = (start, is_input);
            starts.push(builder.rows.len());
            let built = builder.child(name, layer, input)?;
            end = wider(end, builder.field);
            let Shape::One(shape) = built.output else {
                bail!("shape", "head `{name}` has several outputs: {}", built.output.text();
                    hint: "a head has one output; put all of them into one `nn::heads`")
            };
            parts.push((name.clone(), built.module));
            shapes.insert(name.clone(), shape);
        }
        builder.field = end;
        builder.fork(&starts, false, None);
        Ok(Built {
            module: Rc::new(Side { parts }),
            output: Shape::Many(shapes),
        })
    }
}
