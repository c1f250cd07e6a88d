//! Recognises a stack among the layers of a chain.

use crate::Module;
use crate::fuse::pattern::{Convolution, LayerPattern, pattern};
use crate::kernels::stack::Step;
use std::rc::Rc;

/// Channels beyond which the matrix of one offset of a window leaves the second cache.
const MOST_CHANNELS: i64 = 512;

/// A convolution of a stack.
#[derive(Clone)]
pub struct Part {
    /// Its parameters.
    pub convolution: Convolution,
    /// Its sizes, and the operations after it.
    pub step: Step,
    /// The probability of the dropout after it; 0 for none.
    pub dropout: f64,
}

/// Convolutions that were read from a chain so far.
#[derive(Clone, Default)]
pub struct Draft {
    /// In the order in which they are computed.
    pub parts: Vec<Part>,
    /// Whether it is faster than its layers: there is a skip or a dilation.
    pub pays: bool,
}

/// What a draft reads from a chain.
pub struct Found {
    /// The stack.
    pub draft: Draft,
    /// The number of the layer after it.
    pub end: usize,
    /// Whether only the last position is read.
    pub is_last: bool,
}

fn flat(modules: &[Rc<dyn Module>]) -> Vec<Rc<dyn Module>> {
    let one = |module: &Rc<dyn Module>| match module.pattern() {
        LayerPattern::Chain(parts) => flat(parts),
        _ => vec![module.clone()],
    };
    modules.iter().flat_map(one).collect()
}

fn flat_of(module: &Rc<dyn Module>) -> Vec<Rc<dyn Module>> {
    flat(std::slice::from_ref(module))
}

impl Draft {
    /// Reads a convolution and the operations after it from `modules[at]` on; returns where they
    /// end and the number of the output.
    fn convolution(
        &mut self,
        modules: &[Rc<dyn Module>],
        at: usize,
        from: usize,
    ) -> Option<(usize, usize)> {
        let LayerPattern::Convolution(convolution) = pattern(modules, at) else {
            return None;
        };
        let shape = convolution.weight.shape();
        if shape[..2].iter().any(|n| *n > MOST_CHANNELS) {
            return None;
        }
        let mut end = at + 1;
        let relu = matches!(pattern(modules, end), LayerPattern::Relu);
        end += usize::from(relu);
        let dropout = match pattern(modules, end) {
            LayerPattern::Dropout(p) if relu || p == 0.0 => {
                end += 1;
                p
            }
            _ => 0.0,
        };
        let to = self.parts.len() + 1;
        self.pays |= convolution.dilation > 1;
        self.parts.push(Part {
            step: Step {
                filters: shape[0] as usize,
                channels: shape[1] as usize,
                width: shape[2] as usize,
                pads: convolution.pads,
                dilation: convolution.dilation,
                from,
                to,
                relu,
                skip: None,
                relu_of_sum: false,
            },
            convolution: convolution.clone(),
            dropout,
        });
        Some((end, to))
    }

    /// Reads a skip over convolutions; returns the number of its output.
    fn residual(&mut self, module: &Rc<dyn Module>, from: usize) -> Option<usize> {
        let LayerPattern::Residual {
            body,
            shortcut,
            after,
        } = module.pattern()
        else {
            return None;
        };
        let skip = match shortcut {
            None => from,
            Some(shortcut) => {
                let modules = flat_of(shortcut);
                let (end, skip) = self.convolution(&modules, 0, from)?;
                (end == modules.len()).then_some(skip)?
            }
        };
        let relu_of_sum = match after.map(flat_of) {
            None => false,
            Some(after) => (after.len() == 1 && matches!(after[0].pattern(), LayerPattern::Relu))
                .then_some(true)?,
        };
        let modules = flat_of(body);
        let (mut at, mut last) = (0, from);
        while at < modules.len() {
            (at, last) = self.convolution(&modules, at, last)?;
        }
        let part = self
            .parts
            .last_mut()
            .filter(|part| part.step.to == last && last != from)?;
        (part.step.skip, part.step.relu_of_sum) = (Some(skip), relu_of_sum);
        self.pays = true;
        Some(last)
    }

    /// Reads as many layers as one stack can compute from `modules[start]` on.
    pub fn read(modules: &[Rc<dyn Module>], start: usize) -> Found {
        let (mut draft, mut at, mut last) = (Draft::default(), start, 0);
        while at < modules.len() {
            let mut tried = draft.clone();
            if let Some((end, output)) = tried.convolution(modules, at, last) {
                (at, last) = (end, output);
            } else {
                tried = draft.clone();
                let Some(output) = tried.residual(&modules[at], last) else {
                    break;
                };
                (at, last) = (at + 1, output);
            }
            draft = tried;
        }
        let is_last = at > start && matches!(pattern(modules, at), LayerPattern::LastPosition);
        Found {
            draft,
            end: at + usize::from(is_last),
            is_last,
        }
    }
}
