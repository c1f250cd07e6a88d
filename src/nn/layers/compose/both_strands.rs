//! A layer on both strands.

use super::Merge;
use crate::strands::{self, InputKind, Strands};
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, bail};
use cistron_torch::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The same layer on a sequence and on its reverse complement, merged.
pub struct BothStrands {
    /// The layer.
    pub layer: Layer,
    /// How the two outputs become one.
    pub merge: Merge,
    /// The kinds of inputs by name; that of a single input under the empty name.
    pub inputs: BTreeMap<String, InputKind>,
    /// How the output of the reverse strand is aligned with the forward strand.
    pub outputs: TurnedBack,
}

/// How the output of the reverse strand is aligned with the forward strand before it is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedBack {
    /// Positions of `[channels, positions]` are reversed.
    Aligned,
    /// Positions are reversed, and the channels of each pair of strands exchanged.
    Stranded,
    /// It is left as it is.
    AsIs,
}

impl TurnedBack {
    fn apply(self, out: Tensor) -> Result<Tensor> {
        if self == TurnedBack::AsIs {
            return Ok(out);
        }
        let out = strands::turned_back(&out, None)?;
        if self == TurnedBack::Stranded {
            strands::exchanged(&out, 1)
        } else {
            Ok(out)
        }
    }
}

struct Both {
    body: Rc<dyn Module>,
    merge: Merge,
    strands: Strands,
    outputs: TurnedBack,
}

impl Module for Both {
    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.body.describe_fusions(out);
    }

    fn frozen_size(&self) -> Option<i64> {
        self.body.frozen_size()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let turned = self.strands.turned(x)?;
        let other = self.body.forward(&turned, mode)?.one()?.clone();
        let parts = [
            self.body.forward(x, mode)?.one()?.clone(),
            self.outputs.apply(other)?,
        ];
        self.merge.apply(&parts).map(Value::One)
    }
}

impl Spec for BothStrands {
    fn depth(&self) -> usize {
        self.layer.depth()
    }

    fn text(&self) -> String {
        "both strands".into()
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let strands = Strands::of(input, &self.inputs, builder.is_input)
            .map_err(|fault| fault.context("both_strands"))?;
        let built = builder.child("", &self.layer, input)?;
        let output = self.merge.shape(
            "both_strands",
            &[built.output.clone(), built.output.clone()],
        )?;
        if let (TurnedBack::Stranded, Shape::One(own)) = (self.outputs, &built.output)
            && own[0] % 2 == 1
        {
            bail!(
                "shape",
                "both_strands: an output {} has no pairs of channels to exchange",
                built.output.text();
                hint: "`outputs: \"aligned\"`"
            );
        }
        Built::one(
            Both {
                body: built.module,
                merge: self.merge,
                strands,
                outputs: self.outputs,
            },
            output,
        )
    }
}
