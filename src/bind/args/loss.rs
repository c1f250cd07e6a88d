//! Losses that functions of a script compute, and links.

use crate::base::Result;
use crate::bind::warnings::broadcast::InLoss;
use crate::fault;
use crate::lang::{Callback, Choice, IntoValue, session};
use crate::nn::loss::{Link, Loss, LossKind};
use crate::torch::Tensor;
use std::rc::Rc;

/// The names of the links.
#[derive(Choice)]
pub enum LinkName {
    /// Outputs are predictions.
    Identity,
    /// Outputs are logits of independent labels.
    Sigmoid,
    /// Outputs are logits of mutually exclusive classes.
    Softmax,
    /// Outputs are logarithms of rates.
    Exp,
}

impl From<LinkName> for Link {
    fn from(name: LinkName) -> Link {
        match name {
            LinkName::Identity => Link::Identity,
            LinkName::Sigmoid => Link::Sigmoid,
            LinkName::Softmax => Link::Softmax,
            LinkName::Exp => Link::Exp,
        }
    }
}

/// The loss that a function of a script computes.
pub fn of_closure(f: Callback, link: Link) -> Loss {
    let compute = move |outputs: &Tensor, labels: &Tensor| -> Result<Tensor> {
        let _guard = InLoss::begin();
        let made = f.call(vec![
            outputs.clone().into_value(),
            labels.clone().into_value(),
        ])?;
        made.read_lock::<Tensor>()
            .map(|t| t.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "a loss must give a tensor of one number, gave {}",
                    session::describe(&made)
                )
            })
    };
    Loss::new("custom", link, LossKind::Custom(Rc::new(compute)))
}
