//! Data parallel training: every process has the same networks and takes its rows of each batch.
//!
//! A loss is a mean over rows. Each process multiplies its own by its share of the rows, so that
//! the sum of the gradients over the processes is the gradient of the whole batch. What an epoch
//! records is summed in the same way.

use super::networks::Networks;
use crate::{Model, Value};
use cistron_base::Result;
use cistron_genome::data::Batch;
use cistron_torch::device::{RowsGuard, RowsOf, rows_of};
use cistron_torch::{Tensor, collective, grad};
use cistron_world as world;
use std::collections::{BTreeMap, HashSet};

/// What processes are at while they train, in messages.
pub(super) const WHAT: &str = "a training step";

/// The number of this process and that of all of them, where there are several.
pub fn share() -> Option<(usize, usize)> {
    world::is_parallel().then(|| (world::rank(), world::size()))
}

/// Lets dropout masks be those of the rows that a batch has of the whole one, until the guard is
/// dropped.
pub fn enter(batch: &Batch) -> RowsGuard {
    rows_of(batch.part.map(|part| RowsOf {
        first: part.first as u64,
        count: batch.size as u64,
        counted: part.counted as u64,
        whole: part.whole as u64,
    }))
}

/// A loss of the rows of this process as its part of that of the whole batch.
pub fn weighted(loss: &Tensor, batch: &Batch) -> Result<Tensor> {
    match batch.part {
        Some(_) => loss.mul_number(batch.weight()),
        None => Ok(loss.clone()),
    }
}

/// Sums the gradients of parameters over the processes. A parameter that has a gradient on one of
/// them has one on all.
pub fn sum_gradients(parameters: &[(String, Tensor)]) -> Result<()> {
    if !world::is_parallel() {
        return Ok(());
    }
    let trained: Vec<&Tensor> = parameters
        .iter()
        .map(|(_, own)| own)
        .filter(|own| own.is_grad_on())
        .collect();
    let mut known: Vec<f64> = trained
        .iter()
        .map(|own| f64::from(u8::from(own.grad().is_some())))
        .collect();
    world::sum_f64(WHAT, &mut known)?;
    let mut gradients = Vec::with_capacity(trained.len());
    for (own, _) in trained
        .iter()
        .zip(&known)
        .filter(|(_, known)| **known > 0.0)
    {
        if own.grad().is_none() {
            own.mul_number(0.0)?.sum(&None, false)?.backward()?;
        }
        gradients.extend(own.grad());
    }
    collective::all_reduce_all_(WHAT, &gradients)
}

/// Averages the buffers of networks over the processes, such as running statistics of batch norms,
/// by the numbers of their rows.
pub fn average_buffers(networks: &Networks, batch: &Batch) -> Result<()> {
    if !world::is_parallel() {
        return Ok(());
    }
    let buffers: Vec<Tensor> = networks
        .iter()
        .flat_map(|(_, model)| buffers(model))
        .collect();
    if buffers.is_empty() {
        return Ok(());
    }
    let _guard = grad::no_grad();
    for own in &buffers {
        own.copy_(&own.mul_number(batch.weight())?)?;
    }
    collective::all_reduce_all_(WHAT, &buffers)
}

/// The tensors of the state of a model that are no parameters, and no integers.
fn buffers(model: &Model) -> Vec<Tensor> {
    let parameters = model.parameters();
    let parameters: HashSet<&String> = parameters.iter().map(|(name, _)| name).collect();
    model
        .state()
        .into_iter()
        .filter(|(name, own)| own.kind().is_floating() && !parameters.contains(name))
        .map(|(_, own)| own)
        .collect()
}

/// The rows of all processes, in their order, on the CPU.
pub fn joined(rows: &Value) -> Result<Value> {
    each(rows, |own| {
        let parts = collective::gather(WHAT, own)?;
        Tensor::cat(&parts, 0)
    })
}

/// Computes each tensor of a value.
fn each(value: &Value, compute: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Value> {
    match value {
        Value::Many(many) => many
            .iter()
            .map(|(name, own)| Ok((name.clone(), compute(own)?)))
            .collect::<Result<BTreeMap<_, _>>>()
            .map(Value::Many),
        one => one.map(compute),
    }
}

/// The outputs of all `n` rows, of which each process has computed its part of every `batch` rows.
pub fn in_order(own: &Value, n: usize, batch: usize) -> Result<Value> {
    if !world::is_parallel() {
        return Ok(own.clone());
    }
    let rows = positions(n, batch, world::size());
    let rows = Tensor::from_i64(&rows, &[n as i64])?;
    each(own, |own| {
        let parts = collective::gather("a prediction", own)?;
        Tensor::cat(&parts, 0)?.take(0, &rows)
    })
}

/// Where each row is among those of the processes, one process after another.
fn positions(n: usize, batch: usize, size: usize) -> Vec<i64> {
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); size];
    for from in (0..n).step_by(batch.max(1)) {
        let whole = batch.min(n - from);
        for (rank, rows) in rows_of.iter_mut().enumerate() {
            rows.extend(world::share_of(whole, rank, size).map(|row| from + row));
        }
    }
    let mut positions = vec![0; n];
    for (position, row) in rows_of.into_iter().flatten().enumerate() {
        positions[row] = position as i64;
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_return_to_their_order() {
        for (n, batch, size) in [(10, 4, 3), (7, 100, 2), (5, 1, 4), (0, 3, 2)] {
            // what the processes send, one after another, are the numbers of their rows
            let mut sent = Vec::new();
            for rank in 0..size {
                for from in (0..n).step_by(batch) {
                    let whole = batch.min(n - from);
                    sent.extend(world::share_of(whole, rank, size).map(|row| from + row));
                }
            }
            let rows: Vec<usize> = positions(n, batch, size)
                .iter()
                .map(|position| sent[*position as usize])
                .collect();
            assert_eq!(rows, (0..n).collect::<Vec<_>>());
        }
    }
}
