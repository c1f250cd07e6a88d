//! Gradient checkpointing: activations are computed again in the backward pass (Chen et al. 2016).

use crate::build::Used;
use crate::spec::LocalWindow;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value, watch};
use cistron_base::{Result, bail};
use cistron_torch::custom::{Kernel, attach, is_recording};
use cistron_torch::random::RandomState;
use cistron_torch::{Device, Precision, Tensor, grad, pairs};
use std::cell::Cell;
use std::rc::Rc;

/// A layer of which only the input is kept for the backward pass, which computes the layer again.
pub struct Checkpointed(pub Layer);

/// Sets how many numbers a script has drawn; returns the previous count.
pub type ReplaceDraws = fn(u64) -> u64;

thread_local! { static DRAWS: Cell<Option<ReplaceDraws>> = const { Cell::new(None) }; }

/// States how the draws of a script's own layers are counted, so that the second computation
/// draws the same numbers.
pub fn count_draws_with(replace: ReplaceDraws) {
    DRAWS.set(Some(replace));
}

impl Spec for Checkpointed {
    fn text(&self) -> String {
        format!("checkpointed {}", self.0.text())
    }

    fn depth(&self) -> usize {
        self.0.depth()
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (first, drawing) = (builder.used.len(), builder.drawing);
        let built = builder.child("", &self.0, input)?;
        if let Shape::Many(_) = built.output {
            bail!(
                "shape",
                "checkpointed takes a layer of one output, {} has several",
                self.0.text();
                hint: "checkpoint the layers inside of it"
            );
        }
        let (mut parameters, mut buffers) = (Vec::<Tensor>::new(), Vec::<Tensor>::new());
        for used in &builder.used[first..] {
            let (tensor, list) = match used {
                Used::Parameter(tensor) => (tensor, &mut parameters),
                Used::Buffer(tensor) => (tensor, &mut buffers),
            };
            if list.iter().all(|known| !known.is_same(tensor)) {
                list.push(tensor.clone());
            }
        }
        Ok(Built {
            module: Rc::new(Recomputed(Rc::new(Block {
                body: built.module,
                parameters,
                buffers,
                is_random: builder.drawing > drawing,
                device: builder.device(),
            }))),
            output: built.output,
        })
    }
}

/// A layer, and all tensors that its numbers depend on.
struct Block {
    body: Rc<dyn Module>,
    parameters: Vec<Tensor>,
    buffers: Vec<Tensor>,
    /// Whether it draws random numbers in training.
    is_random: bool,
    device: Device,
}

/// What a pass began with.
struct Start {
    mode: Mode,
    precision: Precision,
    /// Where the layer draws random numbers in this mode.
    random: Option<(RandomState, u64)>,
    /// Running statistics, where the pass changes them.
    buffers: Option<Vec<Tensor>>,
}

/// How many numbers the script has drawn.
fn draws() -> u64 {
    DRAWS.get().map_or(0, |replace| {
        let count = replace(0);
        replace(count);
        count
    })
}

impl Block {
    fn random(&self) -> Result<(RandomState, u64)> {
        Ok((RandomState::of(self.device)?, draws()))
    }

    fn statistics(&self) -> Result<Vec<Tensor>> {
        let _guard = grad::no_grad();
        let copy = |buffer: &Tensor| buffer.detach()?.copied();
        self.buffers.iter().map(copy).collect()
    }

    /// The state before a pass.
    fn start(&self, mode: Mode) -> Result<Start> {
        let random = (mode.training && self.is_random).then(|| self.random());
        let buffers = mode.training.then(|| self.statistics());
        Ok(Start {
            mode,
            precision: Precision::current(),
            random: random.transpose()?,
            buffers: buffers.transpose()?,
        })
    }

    fn enter(&self, random: Option<&(RandomState, u64)>, buffers: Option<&[Tensor]>) -> Result<()> {
        if let Some((state, draws)) = random {
            state.enter()?;
            if let Some(replace) = DRAWS.get() {
                replace(*draws);
            }
        }
        let values = buffers.unwrap_or_default();
        self.buffers
            .iter()
            .zip(values)
            .try_for_each(|(buffer, values)| buffer.replace_unseen(values))
    }
}

/// Runs a block again in the backward pass.
struct Recomputed(Rc<Block>);

impl Module for Recomputed {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let block = &self.0;
        let inputs: Vec<&Tensor> = x.tensors().into_iter().chain(&block.parameters).collect();
        let is_kept = is_recording()
            && !watch::is_on()
            && !pairs::is_on()
            && inputs.iter().any(|input| input.is_grad_on());
        if !is_kept {
            return block.body.forward(x, mode);
        }
        let start = block.start(mode)?;
        let again = Again {
            block: block.clone(),
            x: match x {
                Value::Codes(_) => x.clone(),
                x => x.map(Tensor::detach)?,
            },
            wanted: x.tensors().iter().map(|input| input.is_grad_on()).collect(),
            start,
        };
        // records a graph, which is dropped: without one, torch may choose other algorithms
        let out = block
            .body
            .forward(&again.leaves()?, mode)?
            .one()?
            .detach()?;
        attach(out, &inputs, Box::new(again)).map(Value::One)
    }

    fn reads_codes(&self) -> bool {
        self.0.body.reads_codes()
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.0.body.describe_fusions(out);
    }

    fn local_window(&self) -> Option<LocalWindow> {
        self.0.body.local_window()
    }

    fn forward_unpadded(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.0.body.forward_unpadded(x, mode)
    }
}

/// The second computation of a block.
struct Again {
    block: Rc<Block>,
    x: Value,
    /// Which inputs have a gradient.
    wanted: Vec<bool>,
    start: Start,
}

impl Again {
    /// The inputs as leaves of a graph of this block alone.
    fn leaves(&self) -> Result<Value> {
        let leaf = |tensor: &Tensor, wanted: bool| tensor.detach()?.requires_grad_(wanted);
        Ok(match &self.x {
            Value::Codes(_) => self.x.clone(),
            Value::One(x) => Value::One(leaf(x, self.wanted[0])?),
            Value::Many(many) => Value::Many(
                many.iter()
                    .zip(&self.wanted)
                    .map(|((name, x), wanted)| Ok((name.clone(), leaf(x, *wanted)?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    fn gradients(&self, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let Start {
            mode,
            precision,
            random,
            buffers,
        } = &self.start;
        let block = &self.block;
        let x = self.leaves()?;
        let now = random.is_some().then(|| block.random()).transpose()?;
        block.enter(random.as_ref(), buffers.as_deref())?;
        let out = {
            let _precision = precision.enter(block.device);
            block.body.forward(&x, *mode)
        };
        block.enter(now.as_ref(), None)?;
        let out = out?.one()?.clone();
        let (inputs, wanted): (Vec<&Tensor>, &[bool]) = (x.tensors(), &self.wanted);
        let all: Vec<(Tensor, bool)> = inputs
            .into_iter()
            .zip(wanted.iter().copied())
            .map(|(input, wanted)| (input.clone(), wanted))
            .chain(
                block
                    .parameters
                    .iter()
                    .map(|own| (own.clone(), own.is_grad_on())),
            )
            .collect();
        let of: Vec<Tensor> = all
            .iter()
            .filter(|(_, wanted)| *wanted)
            .map(|(tensor, _)| tensor.clone())
            .collect();
        if of.is_empty() || !out.is_grad_on() {
            return Ok(vec![None; all.len()]);
        }
        // the gradient of this sum with respect to the output is that of the loss, bit for bit
        let sum = out.mul(gradient)?.sum(&None, false)?;
        let mut found = sum.gradients_where_used(&of, false)?.into_iter();
        Ok(all
            .iter()
            .map(|(_, wanted)| {
                if *wanted {
                    found.next().flatten()
                } else {
                    None
                }
            })
            .collect())
    }
}

impl Kernel for Again {
    fn backward(&self, gradient: &Tensor, _: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let block = &self.block;
        let is_changed = self.start.buffers.is_some();
        let statistics = is_changed.then(|| block.statistics()).transpose()?;
        let found = grad::recording(|| self.gradients(gradient));
        block.enter(None, statistics.as_deref())?;
        found
    }
}
