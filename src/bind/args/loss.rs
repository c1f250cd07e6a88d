//! Losses that functions of a script compute, and links.

use crate::base::Result;
use crate::bind::args::network::into_dynamic;
use crate::bind::warnings::broadcast::InLoss;
use crate::fault;
use crate::lang::value::array;
use crate::lang::{Callback, Choice, session};
use crate::nn::Value;
use crate::nn::loss::{BatchView, Link, Loss, LossKind};
use crate::torch::Tensor;
use rhai::{Dynamic, Map};
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
    let compute = move |outputs: &Value, labels: &Value| -> Result<Tensor> {
        let _guard = InLoss::begin();
        let made = f.call(vec![
            into_dynamic(outputs.clone())?,
            into_dynamic(labels.clone())?,
        ])?;
        one_tensor(&made)
    };
    Loss::new("custom", link, LossKind::Custom(Rc::new(compute)))
}

/// The loss that a function of a script computes from outputs and the batch.
pub fn of_batch(f: Callback, link: Link) -> Loss {
    let compute = move |outputs: &Value, batch: &BatchView| -> Result<Tensor> {
        let _guard = InLoss::begin();
        let rows = batch.rows.iter().map(|row| i64::from(*row));
        let view = Map::from([
            ("x".into(), into_dynamic(batch.inputs.one_hot()?)?),
            ("y".into(), into_dynamic(batch.labels.clone())?),
            ("index".into(), array(rows).into()),
        ]);
        one_tensor(&f.call(vec![into_dynamic(outputs.clone())?, view.into()])?)
    };
    Loss::new("batch", link, LossKind::Batch(Rc::new(compute)))
}

fn one_tensor(made: &Dynamic) -> Result<Tensor> {
    let tensor = made.read_lock::<Tensor>().map(|tensor| tensor.clone());
    tensor.ok_or_else(|| {
        fault!(
            "type",
            "a loss must give a tensor of one number, gave {}",
            session::describe(made)
        )
    })
}
