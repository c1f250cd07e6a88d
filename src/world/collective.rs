//! Operations in which every process takes part.

use crate::agreement::agree;
use crate::connection::{copied, gathered, size, world};
use cistron_base::{Result, bail};

/// Waits until every process is here.
pub fn barrier(what: &str) -> Result<()> {
    match world()? {
        Some(world) => agree(world, what, 0),
        None => Ok(()),
    }
}

/// Sums 32-bit floats over the processes, in place.
pub fn sum_f32(what: &str, values: &mut [f32]) -> Result<()> {
    let Some(world) = world()? else { return Ok(()) };
    agree(world, what, values.len())?;
    let own = values.to_vec();
    (world.functions.sum_f32)(own.as_ptr(), values.as_mut_ptr(), own.len());
    Ok(())
}

/// Sums 64-bit floats over the processes, in place.
pub fn sum_f64(what: &str, values: &mut [f64]) -> Result<()> {
    let Some(world) = world()? else { return Ok(()) };
    agree(world, what, values.len())?;
    let own = values.to_vec();
    (world.functions.sum_f64)(own.as_ptr(), values.as_mut_ptr(), own.len());
    Ok(())
}

/// Returns the bytes of process `root` on every process.
pub fn broadcast(what: &str, root: usize, own: Vec<u8>) -> Result<Vec<u8>> {
    let size = size();
    if root >= size {
        bail!(
            "value",
            "there is no rank {root}: ranks are 0 to {}",
            size - 1
        );
    }
    let Some(world) = world()? else {
        return Ok(own);
    };
    agree(world, what, root)?;
    Ok(copied(world, root, own))
}

/// Returns the bytes of each process, on every process.
pub fn gather(what: &str, own: &[u8]) -> Result<Vec<Vec<u8>>> {
    let Some(world) = world()? else {
        return Ok(vec![own.to_vec()]);
    };
    agree(world, what, 0)?;
    Ok(gathered(world, own))
}

/// Ends a run that has succeeded on this process: waits for the others, and ends MPI.
///
/// # Errors
/// Where another process has failed, or does something else.
pub fn finish() -> Result<()> {
    let Some(world) = world()? else { return Ok(()) };
    agree(world, "the end of the script", 0)
}

/// Ends MPI, after [`finish`] on every process.
pub fn close() {
    if let Ok(Some(world)) = world() {
        (world.functions.finish)();
    }
}
