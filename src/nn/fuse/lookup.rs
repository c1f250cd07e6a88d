//! A first convolution with its ReLU and a pooling, looked up on sequence codes.

use super::modules::Modules;
use super::pattern::{Convolution, LayerPattern, Pooling, pattern};
use crate::kernels::Reduction;
use crate::kernels::lookup::windows::{PassedBits, Windows};
use crate::kernels::lookup::{CodeConvolution, Filters, Gradients, Kmers, Pooled, Sequences};
use crate::weight::Weight;
use crate::{Codes, Mode, Module, Value};
use cistron_base::{Result, fault};
use cistron_torch::custom::{Kernel, attach, is_recording};
use cistron_torch::parallel::THREADS;
use cistron_torch::{Device, Kind, Tensor};
use std::rc::Rc;
use std::sync::Arc;

/// A convolution that parts begin with, and the layers after it.
pub struct Recognised<'a> {
    /// The convolution.
    pub convolution: &'a Convolution,
    /// Whether max(x, 0) is applied before the pooling.
    pub relu: bool,
    /// The pooling.
    pub reduction: Reduction,
    /// Positions of a window; none where all are pooled.
    pub size: Option<usize>,
    /// How many parts these are.
    pub used: usize,
}

/// A convolution, possibly a ReLU, and a pooling over all positions.
pub fn recognise_global(parts: &[Rc<dyn Module>]) -> Option<Recognised<'_>> {
    let LayerPattern::Convolution(convolution) = pattern(parts, 0) else {
        return None;
    };
    let (relu, reduction, used) = match (pattern(parts, 1), pattern(parts, 2)) {
        (LayerPattern::GlobalPool(reduction), _) => (false, reduction, 2),
        (LayerPattern::Relu, LayerPattern::GlobalPool(reduction)) => (true, reduction, 3),
        _ => return None,
    };
    Some(Recognised {
        convolution,
        relu,
        reduction,
        size: None,
        used,
    })
}

/// A convolution, possibly a ReLU, and possibly a pooling of windows; without it, windows of one
/// position.
fn recognise_windows(parts: &[Rc<dyn Module>]) -> Option<Recognised<'_>> {
    let LayerPattern::Convolution(convolution) = pattern(parts, 0) else {
        return None;
    };
    let is_relu = |i: usize| matches!(pattern(parts, i), LayerPattern::Relu);
    let one = (Reduction::Max, 1);
    let (relu, (reduction, size), used) = match (windows(parts, 1), is_relu(1)) {
        (Some((Reduction::Max, size)), _) if is_relu(2) => (true, (Reduction::Max, size), 3),
        (Some(found), _) => (false, found, 2),
        (None, true) => windows(parts, 2).map_or((true, one, 2), |found| (true, found, 3)),
        (None, false) => (false, one, 1),
    };
    Some(Recognised {
        convolution,
        relu,
        reduction,
        size: Some(size),
        used,
    })
}

/// The pooling of windows side by side that a part is, with their size.
fn windows(parts: &[Rc<dyn Module>], i: usize) -> Option<(Reduction, usize)> {
    let LayerPattern::Pool(Pooling {
        reduction,
        size,
        stride,
        padding,
    }) = pattern(parts, i)
    else {
        return None;
    };
    match (&size[..], &stride[..], &padding[..]) {
        ([size], [stride], [0])
            if size == stride && (1..=Windows::LARGEST as i64).contains(size) =>
        {
            Some((*reduction, *size as usize))
        }
        _ => None,
    }
}

/// A first convolution that is pooled over all positions becomes a lookup.
pub fn pooled_over_all(modules: Modules) -> Modules {
    looked_up(modules, recognise_global)
}

/// A first convolution of which positions or windows are read becomes a lookup.
pub fn of_windows(modules: Modules) -> Modules {
    looked_up(modules, recognise_windows)
}

/// A convolution of one-hot sequences or k-mers that comes first, with the layers that `recognise`
/// finds after it, becomes one lookup on sequence codes.
fn looked_up(
    modules: Modules,
    recognise: fn(&[Rc<dyn Module>]) -> Option<Recognised<'_>>,
) -> Modules {
    let (k, at) = match pattern(&modules, 0) {
        LayerPattern::Kmers(k) => (k, 1),
        _ => (1, 0),
    };
    let Some(found) = modules.get(at..).and_then(recognise) else {
        return modules;
    };
    let used = at + found.used;
    let Some(first) = Lookup::new(modules[..used].to_vec(), &found, k) else {
        return modules;
    };
    let first: Rc<dyn Module> = Rc::new(first);
    std::iter::once(first)
        .chain(modules[used..].iter().cloned())
        .collect()
}

/// A convolution and the layers after it as one lookup, and as they were described.
struct Lookup {
    plain: Modules,
    weight: Weight,
    bias: Option<Tensor>,
    convolution: CodeConvolution,
    /// Positions of a window; none where all are pooled.
    size: Option<usize>,
}

impl Lookup {
    /// The lookup of a convolution of k-mers; none where there are no tables for them.
    fn new(plain: Modules, found: &Recognised, k: usize) -> Option<Lookup> {
        let Recognised {
            convolution,
            relu,
            reduction,
            size,
            ..
        } = *found;
        let weight = &convolution.weight;
        let [filters, channels, width] = weight.shape()[..] else {
            return None;
        };
        if k > Kmers::LONGEST || channels != 1 << (2 * k) {
            return None;
        }
        let kmers = (k > 1 || convolution.dilation > 1).then_some(Kmers {
            k,
            dilation: convolution.dilation,
        });
        Some(Lookup {
            plain,
            weight: weight.clone(),
            bias: convolution.bias.clone(),
            convolution: CodeConvolution {
                filters: filters as usize,
                width: width as usize,
                pads: convolution.pads,
                kmers,
                relu,
                reduction,
            },
            size,
        })
    }

    /// Whether sequences are long enough; the plain layers report shorter ones.
    fn fits(&self, length: usize) -> bool {
        self.convolution.positions(length) >= self.size.unwrap_or(1)
    }

    fn look_up(&self, codes: &Codes, training: bool) -> Result<Tensor> {
        let (rows, length) = (codes.rows(), codes.length());
        let (weight, bias) = (&self.weight.current(training)?, &self.bias);
        let bias_values = bias
            .as_ref()
            .map_or_else(|| Ok(vec![0.0; self.convolution.filters]), Tensor::to_f32)?;
        let (codes, weight_values) = (codes.bytes()?, weight.to_f32()?);
        let inputs: Vec<&Tensor> = std::iter::once(weight).chain(bias).collect();
        let trains = is_recording() && inputs.iter().any(|input| input.is_grad_on());
        let sequences = Sequences {
            codes: &codes,
            length,
        };
        let filters = Filters {
            weight: &weight_values,
            bias: &bias_values,
        };
        let count = self.convolution.filters as i64;
        let (out, kept) = if let Some(size) = self.size {
            let windows = Windows {
                convolution: self.convolution,
                size,
            };
            let mut passed = PassedBits::new();
            // the channels of a position next to each other, as in all layers
            let shape = [rows, windows.count(length) as i64, count];
            let out = Tensor::filled(&shape, |out| {
                passed = windows.forward(sequences, filters, trains, THREADS, out);
                Ok(())
            })?;
            (out.transpose(1, 2)?, Kept::Windows(windows, passed))
        } else {
            let pooled = self
                .convolution
                .forward(sequences, filters, trains, THREADS);
            (
                Tensor::from_f32(&pooled.values, &[rows, count])?,
                Kept::All(self.convolution, pooled),
            )
        };
        if !trains {
            return Ok(out);
        }
        let backward = Backward {
            codes,
            length,
            kept,
        };
        attach(out, &inputs, Box::new(backward))
    }
}

impl Module for Lookup {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        if let Value::Codes(codes) = x
            && self.weight.parameter().device() == Device::CPU
            && self.weight.parameter().kind() == Kind::Float
            && self.fits(codes.length())
        {
            return self.look_up(codes, mode.training).map(Value::One);
        }
        let mut x = x.one_hot()?;
        for module in &self.plain {
            x = module.forward(&x, mode)?;
        }
        Ok(x)
    }

    fn reads_codes(&self) -> bool {
        true
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        let CodeConvolution { filters, width, .. } = self.convolution;
        let layer = format!("conv1d({filters}, {width})");
        out.push(match self.size {
            None => {
                format!("{layer} and the pooling of all positions are looked up on sequence codes")
            }
            Some(1) => format!("{layer} is looked up on sequence codes"),
            Some(size) => format!(
                "{layer} and the pooling of {size} positions are looked up on sequence codes"
            ),
        });
    }
}

/// What the gradients need, by what is pooled.
enum Kept {
    All(CodeConvolution, Pooled),
    Windows(Windows, PassedBits),
}

struct Backward {
    codes: Arc<Vec<u8>>,
    length: usize,
    kept: Kept,
}

impl Backward {
    fn gradients(&self, gradient: &Tensor) -> Result<Gradients> {
        let sequences = Sequences {
            codes: &self.codes,
            length: self.length,
        };
        match &self.kept {
            Kept::All(convolution, pooled) => {
                Ok(convolution.backward(sequences, pooled, &gradient.to_f32()?, THREADS))
            }
            Kept::Windows(windows, passed) => {
                let gradient = gradient
                    .transpose(1, 2)?
                    .to_kind(Kind::Float)?
                    .contiguous()?;
                gradient
                    .read(|gradient| windows.backward(sequences, passed, gradient, THREADS))
                    .ok_or_else(|| fault!("torch", "the gradient of a lookup is not on the CPU"))
            }
        }
    }
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let out = self.gradients(gradient)?;
        let weight = Tensor::from_f32(&out.weight, &inputs[0].shape())?;
        let bias = inputs
            .get(1)
            .map(|bias| Tensor::from_f32(&out.bias, &bias.shape()))
            .transpose()?;
        Ok(std::iter::once(Some(weight))
            .chain(bias.map(Some))
            .collect())
    }
}
