//! What a step has computed from the whole batch, where several processes share it.

use super::ranks::{self, WHAT};
use super::step::{Scored, StepOutput};
use cistron_base::Result;
use cistron_genome::data::Batch;
use cistron_world as world;

/// Replaces what a step has computed from the rows of this process by that of the whole batch.
/// `keeps_outputs` states whether outputs are needed.
pub fn whole(output: &mut StepOutput, batch: &Batch, keeps_outputs: bool) -> Result<()> {
    let Some(part) = batch.part.filter(|_| world::is_parallel()) else {
        return Ok(());
    };
    let weight = batch.weight();
    let mut values = vec![output.loss];
    values.extend(output.parts.iter().map(|(_, value)| *value));
    values.iter_mut().for_each(|value| *value *= weight);
    world::sum_f64(WHAT, &mut values)?;
    output.loss = values[0];
    for ((_, value), sum) in output.parts.iter_mut().zip(&values[1..]) {
        *value = *sum;
    }
    match output.scored.take().filter(|_| keeps_outputs) {
        Some(Scored { outputs, labels }) => {
            let rows = part.counted as i64;
            output.scored = Some(Scored {
                outputs: ranks::joined(&outputs.map(|own| own.narrow(0, 0, rows))?)?,
                labels: ranks::joined(&labels.map(|own| own.narrow(0, 0, rows))?)?,
            });
        }
        None => output.scored = None,
    }
    Ok(())
}
