//! Layers with a skip.

use super::deepest;
use crate::fuse::pattern::LayerPattern;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, fault};
use std::rc::Rc;

/// x + layer(x), with a layer on the skip where shapes differ.
pub struct Residual {
    /// What is added to the input.
    pub layer: Layer,
    /// What the input goes through; none adds it as it is.
    pub shortcut: Option<Layer>,
    /// What the sum goes through.
    pub after: Option<Layer>,
}

struct Sum {
    body: Rc<dyn Module>,
    shortcut: Option<Rc<dyn Module>>,
    after: Option<Rc<dyn Module>>,
}

impl Module for Sum {
    fn describe_fusions(&self, out: &mut Vec<String>) {
        [
            Some(&self.body),
            self.shortcut.as_ref(),
            self.after.as_ref(),
        ]
        .into_iter()
        .flatten()
        .for_each(|module| module.describe_fusions(out));
    }

    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::Residual {
            body: &self.body,
            shortcut: self.shortcut.as_ref(),
            after: self.after.as_ref(),
        }
    }

    fn frozen_size(&self) -> Option<i64> {
        [
            Some(&self.body),
            self.shortcut.as_ref(),
            self.after.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(|module| module.frozen_size())
        .sum()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let skip = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, mode)?,
            None => x.clone(),
        };
        let sum = Value::One(self.body.forward(x, mode)?.one()?.add(skip.one()?)?);
        match &self.after {
            Some(after) => after.forward(&sum, mode),
            None => Ok(sum),
        }
    }
}

impl Spec for Residual {
    fn depth(&self) -> usize {
        deepest(
            [
                Some(&self.layer),
                self.shortcut.as_ref(),
                self.after.as_ref(),
            ]
            .into_iter()
            .flatten(),
        )
    }

    fn text(&self) -> String {
        "residual".into()
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (start, is_input) = (builder.field, builder.is_input);
        let first = builder.rows.len();
        let body = builder.child("body", &self.layer, input)?;
        let end = builder.field;
        (builder.field, builder.is_input) = (start, is_input);
        let second = builder.rows.len();
        let (shortcut, skip) = match &self.shortcut {
            Some(layer) => {
                let built = builder.child("shortcut", layer, input)?;
                builder.fork(&[first, second], false, Some("+"));
                (Some(built.module), built.output)
            }
            None => {
                builder.fork(&[first], true, Some("+"));
                (None, input.clone())
            }
        };
        builder.field = end;
        if skip != body.output {
            let fault = fault!(
                "shape",
                "residual: the layer returns {}, the skip {}",
                body.output.text(),
                skip.text()
            );
            let wanted = body
                .output
                .one("residual")
                .ok()
                .and_then(|s| s.first().copied())
                .unwrap_or(0);
            return Err(fault.hint(format!(
                "bring the skip into shape: `#{{ shortcut: nn::conv1d({wanted}, 1) }}`, or keep \
                 the length with padding: \"same\""
            )));
        }
        let mut output = body.output;
        let after = match &self.after {
            Some(layer) => {
                let built = builder.child("after", layer, &output)?;
                output = built.output;
                Some(built.module)
            }
            None => None,
        };
        Ok(Built {
            module: Rc::new(Sum {
                body: body.module,
                shortcut,
                after,
            }),
            output,
        })
    }
}
