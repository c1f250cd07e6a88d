//! Records the input and the output of every layer in a forward pass.

use super::spec::LocalWindow;
use super::{Mode, Module, Value};
use crate::fuse::pattern::LayerPattern;
use cistron_base::{Fault, Result};
use cistron_torch::{Tensor, device};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

/// Input and output of a layer in a pass.
pub struct Seen {
    /// Its path in the network.
    pub path: String,
    /// Its description, such as `conv1d(20, 12)`.
    pub layer: String,
    /// Its input.
    pub input: Value,
    /// Its output.
    pub output: Value,
    /// Seconds that it took, with the layers within it.
    pub seconds: f64,
}

/// Attention weights of a layer: its path, `[batch, heads, length, length]` or
/// `[batch, length, length]`.
pub type Weights = (String, Tensor);

#[derive(Default)]
struct Notes {
    seen: Vec<Seen>,
    weights: Vec<Weights>,
    path: Vec<String>,
}

thread_local! { static NOTES: RefCell<Option<Notes>> = const { RefCell::new(None) }; }

/// Whether layers are recorded; fused layers are not used then.
pub fn is_on() -> bool {
    NOTES.with(|notes| notes.borrow().is_some())
}

/// Changes what is recorded, while layers are recorded.
fn noted(change: impl FnOnce(&mut Notes)) {
    NOTES.with(|notes| {
        if let Some(notes) = notes.borrow_mut().as_mut() {
            change(notes);
        }
    });
}

/// Runs a function while every layer records its input and output.
pub fn watched<T>(run: impl FnOnce() -> Result<T>) -> Result<(T, Vec<Seen>, Vec<Weights>)> {
    let before = NOTES.with(|notes| notes.replace(Some(Notes::default())));
    let outcome = run();
    let notes = NOTES
        .with(|notes| notes.replace(before))
        .unwrap_or_default();
    Ok((outcome?, notes.seen, notes.weights))
}

/// Runs a layer that is not recorded itself: attention weights that it records are those of its
/// path.
pub fn within<T>(path: &str, run: impl FnOnce() -> T) -> T {
    noted(|notes| notes.path.push(path.to_string()));
    let outcome = run();
    noted(|notes| drop(notes.path.pop()));
    outcome
}

/// Records attention weights of the layer that runs.
pub fn note_weights(make: impl FnOnce() -> Result<Tensor>) -> Result<()> {
    if !is_on() {
        return Ok(());
    }
    let weights = make()?;
    noted(|notes| {
        let path = notes.path.last().cloned().unwrap_or_default();
        notes.weights.push((path, weights));
    });
    Ok(())
}

/// Records a softmax that a layer of a script computes, with its axis last.
pub fn note_softmax(weights: &Tensor, dim: i64) -> Result<()> {
    if weights.rank() < 2 {
        return Ok(());
    }
    note_weights(|| weights.transpose(dim, -1))
}

/// A layer that can be recorded.
pub struct Watched {
    /// Its path in the network.
    pub path: String,
    /// Its description.
    pub layer: String,
    /// The layer.
    pub module: Rc<dyn Module>,
    /// Its parameters; none where its output varies in training.
    pub parameters: Option<Vec<Tensor>>,
}

impl Watched {
    /// A fault of shapes with the layer that it is from.
    fn named(&self, fault: Fault) -> Fault {
        if !matches!(fault.kind, "shape" | "torch") || fault.at.is_some() {
            return fault;
        }
        let path = if self.path.is_empty() {
            String::new()
        } else {
            format!("`{}` ", self.path)
        };
        fault.context(format!("layer {path}{}", self.layer))
    }
}

impl Module for Watched {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        if !is_on() {
            return self
                .module
                .forward(x, mode)
                .map_err(|fault| self.named(fault));
        }
        // a separate view, whose gradient is that of this layer alone
        let x = &match x {
            Value::Codes(_) => x.clone(),
            x => x.map(|tensor| {
                if tensor.is_grad_on() {
                    tensor.view()
                } else {
                    Ok(tensor.clone())
                }
            })?,
        };
        let begun = Instant::now();
        let outcome = within(&self.path, || self.module.forward(x, mode));
        let tensors = outcome.as_ref().map(Value::tensors).unwrap_or_default();
        tensors
            .iter()
            .for_each(|tensor| device::synchronize(tensor.device()));
        let seconds = begun.elapsed().as_secs_f64();
        if let Ok(output) = &outcome {
            noted(|notes| {
                notes.seen.push(Seen {
                    path: self.path.clone(),
                    layer: self.layer.clone(),
                    input: x.clone(),
                    output: output.clone(),
                    seconds,
                });
            });
        }
        outcome
    }

    fn reads_codes(&self) -> bool {
        self.module.reads_codes()
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.module.describe_fusions(out);
    }

    fn pattern(&self) -> LayerPattern<'_> {
        self.module.pattern()
    }

    fn frozen_size(&self) -> Option<i64> {
        let parameters = self
            .parameters
            .as_ref()
            .filter(|all| all.iter().all(|own| !own.is_grad_on()))?;
        Some(parameters.iter().map(Tensor::numel).sum())
    }

    fn local_window(&self) -> Option<LocalWindow> {
        self.module.local_window()
    }

    fn forward_unpadded(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.module.forward_unpadded(x, mode)
    }
}
