//! `world`: the processes of a run that `mpirun` or `srun` has started.

use crate::base::Result;
use crate::bind::args::packed::{pack, unpack};
use crate::bind::types::Ranks;
use crate::lang::value::array;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::torch::{Tensor, collective};
use cistron_world as ranks;
use rhai::Dynamic;

/// The number of this process, from 0 to `world.size - 1`.
///
/// The process of rank 0 writes the record of the run and prints; a script that runs alone has rank
/// 0 of 1.
///
/// ```rhai
/// let mine = (0..10).filter(|i| i % world.size == world.rank);
/// assert_eq(mine.len(), 10);
/// ```
#[native(namespace = "world", form = property)]
pub fn rank(_this: &Ranks) -> i64 {
    ranks::rank() as i64
}

/// The number of processes of the run: `mpirun -n 4 cistron run s.rhai` has 4.
///
/// ```rhai
/// assert_eq(world.size, 1);
/// ```
#[native(namespace = "world", form = property)]
pub fn size(_this: &Ranks) -> i64 {
    ranks::size() as i64
}

/// Waits until every process of the run has come here.
///
/// # Errors
/// Where another process has failed, or has come to something else.
///
/// ```rhai
/// world.barrier();
/// ```
#[native(namespace = "world", form = method)]
pub fn barrier(_this: &Ranks) -> Result<()> {
    ranks::barrier("world.barrier")
}

/// How the tensors of the processes become one.
#[derive(Choice)]
pub enum Reduction {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
}

/// Options of `world.all_reduce`.
#[derive(Options)]
pub struct ReduceOptions {
    /// "sum" or "mean".
    #[option(default = "sum")]
    op: Reduction,
}

/// Sums a tensor over the processes; every process receives the result.
///
/// Every process calls it with a tensor of the same shape. No gradients pass through it.
///
/// # Errors
/// Where shapes differ, another process has failed, or has come to something else.
///
/// ```rhai
/// let errors = tensor::from([3.0, 1.0]);
/// assert_eq(world.all_reduce(errors), [3.0 * world.size, 1.0 * world.size]);
/// assert_eq(world.all_reduce(errors, #{ op: "mean" }), [3.0, 1.0]);
/// ```
#[native(namespace = "world", form = method, returns = "tensor of the same shape")]
pub fn all_reduce(
    _this: &Ranks,
    /// Tensor of any shape, the same on every process.
    t: &Tensor,
    options: ReduceOptions,
) -> Result<Tensor> {
    let sum = collective::all_reduce("world.all_reduce", t)?;
    match options.op {
        Reduction::Sum => Ok(sum),
        Reduction::Mean => sum.div_number(ranks::size() as f64),
    }
}

/// Returns the value of one process on every process.
///
/// ```rhai
/// let chosen = if world.rank == 0 { [3, 5] } else { () };
/// assert_eq(world.broadcast(chosen), [3, 5]);
/// ```
#[native(namespace = "world", form = method, returns = "the value")]
pub fn broadcast(
    this: &Ranks,
    /// Tensor, number, boolean, string, unit, or an array or map of these; only that of process
    /// `root` is used.
    x: Dynamic,
    /// The process whose value is returned, from 0 to below `world.size`.
    #[default(0)]
    #[check(min = 0)]
    root: i64,
) -> Result<Dynamic> {
    let mut bytes = Vec::new();
    if root == rank(this) {
        pack(&x, &mut bytes)?;
    }
    unpack(&ranks::broadcast("world.broadcast", root as usize, bytes)?)
}

/// Returns the values of all processes, in the order of their ranks, on every process.
///
/// ```rhai
/// assert_eq(world.gather(world.rank), [0]);
/// assert_eq(world.gather(tensor::ones([2]))[0], [1.0, 1.0]);
/// ```
#[native(namespace = "world", form = method, returns = "array of `world.size` values")]
pub fn gather(
    _this: &Ranks,
    /// Tensor of any shape, number, boolean, string, unit, or an array or map of these.
    x: Dynamic,
) -> Result<Dynamic> {
    let mut bytes = Vec::new();
    pack(&x, &mut bytes)?;
    let all = ranks::gather("world.gather", &bytes)?;
    let values = all.iter().map(|bytes| unpack(bytes));
    Ok(array(values.collect::<Result<Vec<Dynamic>>>()?).into())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![rank, size, barrier, all_reduce, broadcast, gather,]
}
