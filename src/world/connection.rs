//! The connection of this process to the others.

use crate::abi::Functions;
use crate::alone::is_alone;
use crate::{launcher, library};
use cistron_base::{Result, bail};
use std::sync::OnceLock;
use std::thread::ThreadId;

/// The processes of a run.
pub(crate) struct World {
    pub functions: &'static Functions,
    pub rank: usize,
    pub size: usize,
    /// The thread that may call MPI.
    thread: ThreadId,
}

static WORLD: OnceLock<World> = OnceLock::new();

/// Connects the processes, where there are several.
///
/// # Errors
/// Where the program was built without MPI, or MPI does not connect the processes.
pub fn start() -> Result<()> {
    let Some(launch) = launcher::launched() else {
        return Ok(());
    };
    if WORLD.get().is_some() {
        return Ok(());
    }
    if launch.launcher == "srun" && !launcher::has_process_management() {
        let size = launch.size;
        bail!("usage", "srun has started {size} processes without MPI";
            hint: "`srun --mpi=pmix` or `--mpi=pmi2` (`srun --mpi=list` shows which there are); \
                for one process `srun --ntasks=1`");
    }
    let functions = library::open(launch.launcher, launch.size)?;
    let (mut rank, mut size) = (0, 0);
    if (functions.start)(&mut rank, &mut size) != 0 {
        bail!("system", "MPI cannot be initialised");
    }
    if size as usize != launch.size {
        let (launcher, wanted) = (launch.launcher, launch.size);
        bail!("usage", "{launcher} has started {wanted} processes, of which MPI connects {size}";
            hint: "use the `mpirun` of the MPI that cistron was built with; with SLURM `srun \
                --mpi=pmix` or `--mpi=pmi2` (`srun --mpi=list` shows which there are)");
    }
    let world = World {
        functions,
        rank: rank as usize,
        size: size as usize,
        thread: std::thread::current().id(),
    };
    WORLD.set(world).ok();
    Ok(())
}

/// The processes, unless this one works apart from the others.
fn joined() -> Option<&'static World> {
    WORLD.get().filter(|_| !is_alone())
}

/// The number of this process, from 0.
pub fn rank() -> usize {
    joined().map_or(0, |world| world.rank)
}

/// The number of processes.
pub fn size() -> usize {
    joined().map_or(1, |world| world.size)
}

/// Whether there are several processes.
pub fn is_parallel() -> bool {
    size() > 1
}

/// Whether this is the process that writes the record and prints.
pub fn is_first() -> bool {
    rank() == 0
}

/// The processes, where this is the thread that may call MPI.
pub(crate) fn world() -> Result<Option<&'static World>> {
    match joined() {
        Some(world) if world.thread != std::thread::current().id() => {
            bail!(
                "internal",
                "an operation of all processes was called by another thread"
            )
        }
        world => Ok(world),
    }
}

/// The bytes of a process on all of them.
pub(crate) fn copied(world: &World, root: usize, own: Vec<u8>) -> Vec<u8> {
    let mut bytes = if world.rank == root { own } else { Vec::new() };
    let mut count = (bytes.len() as u64).to_le_bytes();
    (world.functions.broadcast)(root as i32, count.as_mut_ptr(), count.len());
    bytes.resize(u64::from_le_bytes(count) as usize, 0);
    (world.functions.broadcast)(root as i32, bytes.as_mut_ptr(), bytes.len());
    bytes
}

/// The bytes of each process.
pub(crate) fn gathered(world: &World, own: &[u8]) -> Vec<Vec<u8>> {
    let mut counts = vec![0.0; world.size];
    let mut own_counts = counts.clone();
    own_counts[world.rank] = own.len() as f64;
    (world.functions.sum_f64)(own_counts.as_ptr(), counts.as_mut_ptr(), counts.len());
    let counts: Vec<usize> = counts.iter().map(|count| *count as usize).collect();
    let mut all = vec![0; counts.iter().sum()];
    (world.functions.gather)(own.as_ptr(), counts.as_ptr(), all.as_mut_ptr());
    let mut rest = all.as_slice();
    let part = |count: &usize| {
        let (part, after) = rest.split_at(*count);
        rest = after;
        part.to_vec()
    };
    counts.iter().map(part).collect()
}
