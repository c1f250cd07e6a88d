//! One input through several layers.

use super::{MergeBy, deepest};
use crate::build::ReceptiveField;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::Result;
use std::rc::Rc;

/// One input through several layers, merged.
pub struct Parallel {
    /// The layers.
    pub parts: Vec<Layer>,
    /// How their outputs become one.
    pub merge: MergeBy,
}

struct Side {
    parts: Vec<Rc<dyn Module>>,
    merge: MergeBy,
}

impl Module for Side {
    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.parts
            .iter()
            .for_each(|module| module.describe_fusions(out));
    }

    fn frozen_size(&self) -> Option<i64> {
        self.parts.iter().map(|part| part.frozen_size()).sum()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let parts = self
            .parts
            .iter()
            .map(|part| part.forward(x, mode)?.one().cloned())
            .collect::<Result<Vec<_>>>()?;
        self.merge.apply(&parts)
    }
}

/// The wider of two receptive fields.
pub(super) fn wider(
    a: Option<ReceptiveField>,
    b: Option<ReceptiveField>,
) -> Option<ReceptiveField> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.size > a.size { b } else { a }),
        _ => None,
    }
}

impl Spec for Parallel {
    fn depth(&self) -> usize {
        deepest(&self.parts)
    }

    fn text(&self) -> String {
        format!("parallel of {}", self.parts.len())
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (start, mut end, is_input) = (builder.field, builder.field, builder.is_input);
        let mut starts = Vec::new();
        let mut parts = Vec::new();
        let mut shapes = Vec::new();
        for (i, layer) in self.parts.iter().enumerate() {
            (builder.field, builder.is_input) = (start, is_input);
            starts.push(builder.rows.len());
            let built = builder.child(&i.to_string(), layer, input)?;
            end = wider(end, builder.field);
            parts.push(built.module);
            shapes.push(built.output);
        }
        builder.field = end;
        builder.fork(&starts, false, Some(self.merge.name()));
        let output = self.merge.shape("parallel", &shapes, builder)?;
        Ok(Built {
            module: Rc::new(Side {
                parts,
                merge: self.merge.clone(),
            }),
            output,
        })
    }
}
