//! Several inputs, each through a layer.

use super::parallel::wider;
use super::{MergeBy, deepest};
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, bail, fault};
use std::rc::Rc;

/// Named inputs, each through a separate layer, merged.
pub struct Branches {
    /// Input name and layer, in the order of their outputs.
    pub parts: Vec<(String, Layer)>,
    /// How their outputs become one.
    pub merge: MergeBy,
}

struct Fan {
    parts: Vec<(String, Rc<dyn Module>)>,
    merge: MergeBy,
}

impl Module for Fan {
    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.parts
            .iter()
            .for_each(|(_, module)| module.describe_fusions(out));
    }

    fn frozen_size(&self) -> Option<i64> {
        self.parts.iter().map(|(_, part)| part.frozen_size()).sum()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let Value::Many(inputs) = x else {
            bail!(
                "shape",
                "branches take several named inputs, got one tensor"
            )
        };
        let parts = self
            .parts
            .iter()
            .map(|(name, part)| {
                let own = inputs
                    .get(name)
                    .ok_or_else(|| fault!("shape", "there is no input called `{name}`"))?;
                part.forward(&Value::One(own.clone()), mode)?.one().cloned()
            })
            .collect::<Result<Vec<_>>>()?;
        self.merge.apply(&parts)
    }
}

impl Branches {
    fn names(&self) -> String {
        self.parts
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Spec for Branches {
    fn depth(&self) -> usize {
        deepest(self.parts.iter().map(|(_, part)| part))
    }

    fn text(&self) -> String {
        format!("branches {}", self.names())
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let names = || self.names();
        let Shape::Many(shapes) = input else {
            bail!(
                "shape",
                "branches take the named inputs {}, got one of {}",
                names(),
                input.text();
                hint: "build with `nn::build(layer, #{{ name: [channels, length], … }})`"
            );
        };
        let (start, mut end, is_input) = (builder.field, builder.field, builder.is_input);
        let mut starts = Vec::new();
        let (mut parts, mut outputs) = (Vec::new(), Vec::new());
        for (name, layer) in &self.parts {
            let shape = shapes.get(name).ok_or_else(|| {
                fault!(
                    "shape",
                    "branches need an input `{name}`; there are {}",
                    shapes.keys().cloned().collect::<Vec<_>>().join(", ")
                )
            })?;
            (builder.field, builder.is_input) = (start, is_input);
            starts.push(builder.rows.len());
            let built = builder.child(name, layer, &Shape::One(shape.clone()))?;
            end = wider(end, builder.field);
            parts.push((name.clone(), built.module));
            outputs.push(built.output);
        }
        builder.field = end;
        builder.fork(&starts, false, Some(self.merge.name()));
        let output = self.merge.shape("branches", &outputs, builder)?;
        Ok(Built {
            module: Rc::new(Fan {
                parts,
                merge: self.merge.clone(),
            }),
            output,
        })
    }
}
