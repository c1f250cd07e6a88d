//! Effects that the processes of a run compute together.

use cistron_base::{Result, fault};
use cistron_genome::seq::variants::State;
use cistron_world as world;

/// What processes are at, in messages.
pub(super) const WHAT: &str = "the effects of variants";

/// The state of a variant, and the numbers of its effect for each label.
pub(super) struct Measured {
    pub(super) state: State,
    pub(super) numbers: Vec<[f64; 5]>,
}

/// Those of the variants of all processes, from those of this one.
pub(super) fn joined(own: Vec<Measured>, labels: usize) -> Result<Vec<Measured>> {
    if !world::is_parallel() {
        return Ok(own);
    }
    let mut bytes = Vec::new();
    for measured in &own {
        bytes.push(measured.state as u8);
        let numbers = measured.numbers.iter().flatten();
        numbers.for_each(|number| bytes.extend(number.to_le_bytes()));
    }
    let all = world::gather(WHAT, &bytes)?.concat();
    all.chunks_exact(1 + labels * 5 * 8)
        .map(|bytes| read(bytes).ok_or_else(|| fault!("internal", "the effects are damaged")))
        .collect()
}

fn read(bytes: &[u8]) -> Option<Measured> {
    let (state, numbers) = bytes.split_first()?;
    let numbers: Vec<f64> = numbers
        .as_chunks::<8>()
        .0
        .iter()
        .map(|number| f64::from_le_bytes(*number))
        .collect();
    Some(Measured {
        state: State::ALL.into_iter().find(|own| *own as u8 == *state)?,
        numbers: numbers.as_chunks::<5>().0.to_vec(),
    })
}
