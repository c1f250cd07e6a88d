//! Several networks as one, whose output is the mean of theirs.

use crate::{Builder, Built, Mode, Model, Module, Shape, Spec, Value};
use cistron_base::{Result, bail, shape};
use cistron_torch::Tensor;
use std::rc::Rc;

/// What is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The outputs as they are: logits of classifiers.
    Outputs,
    /// The sigmoids of outputs; the output is the logit of their mean.
    Sigmoid,
    /// The softmax of outputs over classes (axis 1); the output is the logarithm of their mean.
    Softmax,
}

/// The least probability whose logarithm is taken.
const SMALLEST: f64 = 1e-12;

impl Average {
    /// The average of outputs, `[batch, …]` each.
    pub fn of(self, outputs: &[Tensor]) -> Result<Tensor> {
        let mean = |parts: &[Tensor]| {
            let mut sum = parts[0].clone();
            for part in &parts[1..] {
                sum = sum.add(part)?;
            }
            sum.div_number(parts.len() as f64)
        };
        let each = |f: fn(&Tensor) -> Result<Tensor>| {
            outputs.iter().map(f).collect::<Result<Vec<Tensor>>>()
        };
        match self {
            Average::Outputs => mean(outputs),
            Average::Sigmoid => {
                // log p - log(1 - p), each from its own mean: 1 - p loses digits near 1
                let yes = mean(&each(Tensor::sigmoid)?)?;
                let no = mean(&each(|x| x.mul_number(-1.0)?.sigmoid())?)?;
                let log = |p: &Tensor| p.clamp(SMALLEST, 1.0)?.log();
                log(&yes)?.sub(&log(&no)?)
            }
            Average::Softmax => mean(&each(|x| x.softmax(1))?)?.clamp(SMALLEST, 1.0)?.log(),
        }
    }
}

/// Built networks, whose layers are built again with copies of their parameters.
pub struct Ensemble {
    /// The networks.
    pub members: Vec<Model>,
    /// What is averaged.
    pub average: Average,
}

struct Averaged {
    parts: Vec<Rc<dyn Module>>,
    average: Average,
}

impl Module for Averaged {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let outputs = self
            .parts
            .iter()
            .map(|part| {
                if part.reads_codes() {
                    part.forward(x, mode)
                } else {
                    part.forward(&x.one_hot()?, mode)
                }
            })
            .collect::<Result<Vec<_>>>()?;
        match &outputs[0] {
            Value::Many(first) => Ok(Value::Many(
                first
                    .keys()
                    .enumerate()
                    .map(|(i, name)| {
                        let own: Vec<Tensor> = outputs
                            .iter()
                            .map(|output| output.tensors()[i].clone())
                            .collect();
                        Ok((name.clone(), self.average.of(&own)?))
                    })
                    .collect::<Result<_>>()?,
            )),
            _ => {
                let own = outputs.iter().map(|output| output.one().cloned());
                let own = own.collect::<Result<Vec<_>>>()?;
                self.average.of(&own).map(Value::One)
            }
        }
    }

    fn reads_codes(&self) -> bool {
        self.parts.iter().any(|part| part.reads_codes())
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.parts
            .iter()
            .for_each(|part| part.describe_fusions(out));
    }
}

impl Spec for Ensemble {
    fn text(&self) -> String {
        format!("ensemble of {}", self.members.len())
    }

    fn depth(&self) -> usize {
        let members = self.members.iter();
        let depths = members.filter_map(|member| Some(member.layer()?.depth()));
        depths.max().unwrap_or(0)
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (start, is_input) = (builder.field, builder.is_input);
        let (mut parts, mut output) = (Vec::new(), None);
        for (i, member) in self.members.iter().enumerate() {
            (builder.field, builder.is_input) = (start, is_input);
            let built = builder.copy_of(&i.to_string(), member, input)?;
            match &output {
                None => output = Some(built.output),
                Some(first) if *first == built.output => {}
                Some(first) => bail!(
                    "shape",
                    "members of an ensemble must have the same outputs: {} of member 1, {} of \
                     member {}",
                    first.text(),
                    built.output.text(),
                    i + 1
                ),
            }
            parts.push(built.module);
        }
        let Some(output) = output else {
            bail!("value", "an ensemble needs at least one member")
        };
        if let (Average::Softmax, Shape::One(one)) = (self.average, &output)
            && one.first().is_none_or(|classes| *classes < 2)
        {
            bail!("shape", "averages of softmax need an axis of classes, outputs are {}",
                shape::text(one);
                hint: "`average: \"sigmoid\"` is for outputs that are separate logits");
        }
        Ok(Built {
            module: Rc::new(Averaged {
                parts,
                average: self.average,
            }),
            output,
        })
    }
}
