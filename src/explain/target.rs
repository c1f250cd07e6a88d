//! The explained part of a network's output, and passes that restore the network's state.

use cistron_base::{Result, bail, fault, interrupt, near, shape};
use cistron_nn::compose::rest;
use cistron_nn::fuse::pattern::LayerPattern;
use cistron_nn::strands::turned_back;
use cistron_nn::{Mode, Model, Module, Value};
use cistron_torch::{Tensor, collective, grad};
use cistron_world as world;
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// One number of each sample's output.
#[derive(Clone)]
pub enum Target {
    /// One label.
    Label(i64),
    /// One label less another.
    Contrast(i64, i64),
    /// One label at one position of an output `[batch, labels, positions]`.
    Position(i64, i64),
    /// One of these, of the output of this name.
    Output(String, Box<Target>),
    /// The result of a function of the outputs, `[batch]`.
    Own(Rc<dyn Fn(&Value) -> Result<Tensor>>),
    /// One of these, of the outputs of the reverse strand: they are reversed first, by the
    /// places of labels there.
    Reverse(Box<Target>, Option<Arc<Vec<usize>>>),
}

impl Target {
    /// The same, of the outputs of the reverse strand.
    pub fn reverse(&self, labels: Option<Arc<Vec<usize>>>) -> Target {
        Target::Reverse(Box::new(self.clone()), labels)
    }

    /// It, of outputs: `[batch]`.
    pub fn of(&self, out: &Value) -> Result<Tensor> {
        match self {
            Target::Output(name, target) => target.of(&Value::One(output(out, name)?)),
            Target::Reverse(target, labels) => {
                let labels = labels.as_ref().map(|labels| labels.as_slice());
                if let Target::Output(name, target) = &**target {
                    let own = turned_back(&output(out, name)?, labels)?;
                    return target.of(&Value::One(own));
                }
                target.of(&out.map(|own| turned_back(own, labels))?)
            }
            Target::Own(function) => {
                let made = function(out)?;
                let wanted = [out.rows()];
                if made.shape() != wanted {
                    bail!(
                        "shape",
                        "the function `label` must return one number a sample, {}; it returned {}",
                        shape::text(&wanted),
                        shape::text(&made.shape())
                    );
                }
                Ok(made)
            }
            Target::Label(_) | Target::Contrast(..) | Target::Position(..) => match out {
                Value::Many(many) => {
                    bail!(
                        "option",
                        "the network has several outputs: {}",
                        many.keys().cloned().collect::<Vec<_>>().join(", ");
                        hint: "option `output` names one, or `label: |y| …` is a function of all"
                    )
                }
                _ => self.of_one(out.one()?),
            },
        }
    }

    /// It, of the only output.
    fn of_one(&self, out: &Tensor) -> Result<Tensor> {
        let label = |label: i64| -> Result<Tensor> {
            let shape = out.shape();
            match shape[..] {
                [_] if label == 0 => Ok(out.clone()),
                [_, labels] if label < labels => out.select(1, label),
                [_] => bail!(
                    "option",
                    "option `label` is {label}, the network has one output"
                ),
                [_, labels] => bail!(
                    "option",
                    "option `label` is {label}, the network has {labels} labels, counted from 0"
                ),
                _ => {
                    bail!(
                        "shape",
                        "the output of a sample is {}, not one number a label",
                        shape::text(&shape[1..]);
                        hint: "choose a `position`, or give `label` as a function: `label: |y| \
                            y[[.., 0]].sum(1)`"
                    )
                }
            }
        };
        match self {
            Target::Label(own) => label(*own),
            Target::Contrast(own, other) => label(*own)?.sub(&label(*other)?),
            Target::Position(own, position) => match out.shape()[..] {
                [_, labels, positions] if *own < labels && *position < positions => {
                    out.select(1, *own)?.select(1, *position)
                }
                ref shape => bail!(
                    "option",
                    "label {own} at position {position} is not in an output {}",
                    shape::text(&shape[1..])
                ),
            },
            Target::Output(..) | Target::Own(_) | Target::Reverse(..) => {
                bail!(
                    "internal",
                    "a target of several outputs was read as one of a single output"
                )
            }
        }
    }
}

/// The output of a name.
fn output(out: &Value, name: &str) -> Result<Tensor> {
    let Value::Many(many) = out else {
        bail!(
            "option",
            "option `output` is \"{name}\", the network has one output";
            hint: "remove the option"
        )
    };
    many.get(name).cloned().ok_or_else(|| {
        let names = many.keys().map(String::as_str);
        let listed = names.clone().collect::<Vec<_>>().join(", ");
        let fault = fault!(
            "option",
            "the network has no output \"{name}\", but {listed}"
        );
        match near::nearest(name, names) {
            Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
            None => fault,
        }
    })
}

/// A network that evaluates, its parameters out of the gradient graph; as before when dropped.
pub struct Still<'a> {
    net: &'a Model,
    was_training: bool,
    learned: Vec<Tensor>,
}

impl<'a> Still<'a> {
    /// Holds a network still.
    pub fn of(net: &'a Model) -> Result<Still<'a>> {
        let learned: Vec<Tensor> = net
            .parameters()
            .iter()
            .filter(|(_, p)| p.is_grad_on())
            .map(|(_, p)| p.clone())
            .collect();
        let still = Still {
            net,
            was_training: net.set_training(false),
            learned,
        };
        still
            .learned
            .iter()
            .try_for_each(|p| p.requires_grad_(false).map(drop))?;
        Ok(still)
    }

    /// The network.
    pub fn net(&self) -> &Model {
        self.net
    }

    /// The target of samples, without gradients: `[batch]`.
    pub fn value(&self, x: &Value, target: &Target) -> Result<Tensor> {
        interrupt::check()?;
        let _guard = grad::no_grad();
        target.of(&self.net.forward(x)?)
    }

    /// Each target of samples, of one pass.
    pub fn values(&self, x: &Value, targets: &[Target]) -> Result<Vec<Vec<f64>>> {
        interrupt::check()?;
        let _guard = grad::no_grad();
        let out = self.net.forward(x)?;
        targets
            .iter()
            .map(|target| target.of(&out)?.to_f64())
            .collect()
    }

    /// The network as an affine first layer and the following layers, where it is of one input and
    /// may be taken apart.
    pub fn halves(&self) -> Result<Option<Halves>> {
        self.net.within(|module, mode| match module.pattern() {
            LayerPattern::Chain([first, behind @ ..])
                if self.net.is_fast()
                    && !behind.is_empty()
                    && matches!(first.pattern(), LayerPattern::Convolution(_)) =>
            {
                Ok(Some(Halves {
                    first: first.clone(),
                    behind: rest(behind),
                    mode,
                }))
            }
            _ => Ok(None),
        })
    }

    /// The gradient of the target with respect to each input, and the target itself.
    pub fn gradient(&self, x: &Value, target: &Target) -> Result<(Value, Tensor)> {
        let x = x.map(|tensor| {
            tensor
                .to_device(self.net.device())?
                .detach()?
                .copied()?
                .detach()?
                .requires_grad_(true)
        })?;
        let leaves: Vec<Tensor> = x.tensors().into_iter().cloned().collect();
        let (found, out) = of_leaves(&leaves, &self.net.forward(&x)?, target)?;
        Ok((replaced(&x, found)?, out))
    }
}

/// A network in two.
pub struct Halves {
    /// The first layer, an affine function of its input.
    first: Rc<dyn Module>,
    behind: Rc<dyn Module>,
    mode: Mode,
}

impl Halves {
    /// The output of the first layer, without gradients.
    pub fn first(&self, x: &Tensor) -> Result<Tensor> {
        let _guard = grad::no_grad();
        self.first
            .forward(&Value::One(x.clone()), self.mode)?
            .one()
            .cloned()
    }

    /// Gradients of the first layer's output as those of its input, of a shape.
    pub fn back(&self, gradients: &Tensor, shape: &[i64]) -> Result<Tensor> {
        let x = Tensor::zeros(shape)?
            .to_device(gradients.device())?
            .requires_grad_(true)?;
        let out = self
            .first
            .forward(&Value::One(x.clone()), self.mode)?
            .one()?
            .mul(gradients)?;
        Ok(out.sum(&None, false)?.gradients(&[x])?.swap_remove(0))
    }

    /// The gradient of the target with respect to the output of the first layer, and the target
    /// itself.
    pub fn gradient(
        &self,
        still: &Still,
        given: &Tensor,
        target: &Target,
    ) -> Result<(Tensor, Tensor)> {
        gradient_behind(still, &*self.behind, given, target)
    }
}

/// The gradient of the target with respect to what the last layers of a network are given, and the
/// target itself.
pub fn gradient_behind(
    still: &Still,
    behind: &dyn Module,
    given: &Tensor,
    target: &Target,
) -> Result<(Tensor, Tensor)> {
    let given = given.detach()?.requires_grad_(true)?;
    let out = still
        .net
        .within(|_, mode| behind.forward(&Value::One(given.clone()), mode))?;
    let (mut found, out) = of_leaves(&[given], &out, target)?;
    Ok((found.swap_remove(0), out))
}

/// Gradients of the target with respect to leaves, and the target itself.
fn of_leaves(leaves: &[Tensor], out: &Value, target: &Target) -> Result<(Vec<Tensor>, Tensor)> {
    interrupt::check()?;
    let out = target.of(out)?;
    if !out.is_grad_on() {
        bail!(
            "torch",
            "the output does not depend on the input by operations that have gradients"
        );
    }
    Ok((out.sum(&None, false)?.gradients(leaves)?, out.detach()?))
}

/// Tensors in the places of a value's, in order.
pub fn replaced(like: &Value, tensors: Vec<Tensor>) -> Result<Value> {
    Ok(match like {
        Value::One(_) => Value::One(tensors.into_iter().next().unwrap_or(Tensor::zeros(&[0])?)),
        Value::Codes(_) => bail!("internal", "gradients of sequence codes"),
        Value::Many(many) => Value::Many(many.keys().cloned().zip(tensors).collect()),
    })
}

impl Drop for Still<'_> {
    fn drop(&mut self) {
        for parameter in &self.learned {
            // a leaf can always be marked
            let _ = parameter.requires_grad_(true);
        }
        self.net.set_training(self.was_training);
    }
}

/// Goes through samples, `size` at a time. Each of several processes computes its share of them,
/// and has all results.
pub fn in_batches(
    x: &Value,
    size: i64,
    mut each: impl FnMut(i64, &Value) -> Result<Value>,
) -> Result<Value> {
    let share = Share::of(x.rows());
    let mut parts = Vec::new();
    let mut start = share.rows.start;
    while start < share.rows.end {
        let n = size.max(1).min(share.rows.end - start);
        parts.push(each(start, &x.map(|tensor| tensor.narrow(0, start, n))?)?);
        start += n;
    }
    Value::cat(&parts)?.map(|own| share.joined(own))
}

thread_local! {
    /// Whether this process computes its share of samples now: what it does within is its own.
    static IS_DIVIDED: Cell<bool> = const { Cell::new(false) };
}

/// The samples that this process of a run computes.
pub struct Share {
    /// Their numbers.
    pub rows: Range<i64>,
    /// How many of them count: 0 of a process for which there is none, and which computes the first
    /// one in its place, so that it takes the same steps as the others.
    counted: i64,
    is_part: bool,
}

impl Share {
    /// That of `n` samples.
    pub fn of(n: i64) -> Share {
        let is_part = world::is_parallel() && n > 0 && !IS_DIVIDED.get();
        if is_part {
            IS_DIVIDED.set(true);
        }
        let rows = match is_part {
            true => world::share_of(n as usize, world::rank(), world::size()),
            false => 0..n as usize,
        };
        let rows = rows.start as i64..rows.end as i64;
        let counted = rows.end - rows.start;
        let rows = if is_part && counted == 0 { 0..1 } else { rows };
        Share {
            rows,
            counted,
            is_part,
        }
    }

    /// Those of samples.
    pub fn part(&self, x: &Tensor) -> Result<Tensor> {
        match self.is_part {
            true => x.narrow(0, self.rows.start, self.rows.end - self.rows.start),
            false => Ok(x.clone()),
        }
    }

    /// What all processes computed, from what this one did: a row for each sample.
    pub fn joined(&self, own: &Tensor) -> Result<Tensor> {
        if !self.is_part {
            return Ok(own.clone());
        }
        let counted = own.narrow(0, 0, self.counted)?;
        let parts = collective::gather("an explanation", &counted)?;
        Tensor::cat(&parts, 0)?.to_device(own.device())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.is_part {
            IS_DIVIDED.set(false);
        }
    }
}
