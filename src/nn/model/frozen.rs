//! The frozen prefix of a network.

use super::{Inner, Model};
use crate::fuse::pattern::LayerPattern;
use crate::layers::compose::rest;
use crate::{Mode, Module, Shape, Value};
use cistron_base::Result;
use cistron_torch::grad;
use std::rc::Rc;

impl Model {
    /// The frozen prefix, whose parameters are not trained, and the rest of the network, with the
    /// same parameters. The prefix is the longest whose output shape `fits` accepts; none where
    /// there is none.
    pub fn cut_settled(&self, fits: impl Fn(&[i64]) -> bool) -> Result<Option<(Model, Model)>> {
        let LayerPattern::Chain(parts) = self.0.module.pattern() else {
            return Ok(None);
        };
        let mut x = Value::zeros(&self.0.input, 1)?.map(|tensor| self.place(tensor))?;
        let (mut frozen, mut longest) = (0, None);
        let _guard = grad::no_grad();
        for (i, part) in parts.iter().enumerate().take(parts.len().saturating_sub(1)) {
            let Some(size) = part.frozen_size() else {
                break;
            };
            frozen += size;
            x = part.forward(&x, Mode::EVAL)?;
            let shape = x.shape();
            if frozen > 0 && matches!(&shape, Shape::One(shape) if fits(shape)) {
                longest = Some((i + 1, shape));
            }
        }
        let Some((cut, between)) = longest else {
            return Ok(None);
        };
        let part = |parts: &[Rc<dyn Module>], input: &Shape, output: &Shape| {
            let Inner {
                name,
                parameters,
                buffers,
                device,
                fast,
                in_training,
                seed,
                shapes,
                weights,
                adapters,
                origin,
                ..
            } = &*self.0;
            Model(Rc::new(Inner {
                name: name.clone(),
                layer: None,
                module: rest(parts),
                parameters: parameters.clone(),
                buffers: buffers.clone(),
                input: input.clone(),
                output: output.clone(),
                rows: Vec::new(),
                forks: Vec::new(),
                apart: Vec::new(),
                device: *device,
                training: self.0.training.clone(),
                precision: self.0.precision.clone(),
                links: self.0.links.clone(),
                fast: *fast,
                in_training: in_training.clone(),
                seed: *seed,
                shapes: shapes.clone(),
                weights: weights.clone(),
                adapters: adapters.clone(),
                origin: origin.clone(),
            }))
        };
        Ok(Some((
            part(&parts[..cut], &self.0.input, &between),
            part(&parts[cut..], &between, &self.0.output),
        )))
    }
}
