//! What a planned training takes, as maps.

use crate::base::Result;
use crate::bind::args::fit::FitPlan;
use crate::lang::IntoValue;
use crate::lang::value::array;
use crate::train::probe::{self, Cost};
use crate::train::{FitSettings, Networks};
use rhai::Map;

fn gibibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Measures some steps of a training.
pub fn estimated(networks: &Networks, plan: FitPlan, steps: usize) -> Result<Map> {
    let settings = plan.settings(networks)?;
    let cost = probe::cost(networks, &settings, steps)?;
    Ok(cost_map(&cost, networks, &settings))
}

/// What a training takes.
pub fn cost_map(cost: &Cost, networks: &Networks, settings: &FitSettings) -> Map {
    let count = |n: usize| rhai::Dynamic::from(n as i64);
    Map::from([
        ("hours".into(), (cost.seconds() / 3600.0).into()),
        ("seconds_per_step".into(), cost.step.into()),
        ("steps_per_epoch".into(), count(cost.steps)),
        ("epochs".into(), count(cost.epochs)),
        ("steps".into(), count(cost.steps * cost.epochs)),
        ("validation_seconds".into(), cost.validation.into()),
        (
            "memory_gib".into(),
            cost.added
                .map(|added| gibibytes(cost.before + added))
                .into_value(),
        ),
        ("added_gib".into(), cost.added.map(gibibytes).into_value()),
        (
            "assumptions".into(),
            array(assumptions(cost, networks, settings)).into(),
        ),
    ])
}

fn assumptions(cost: &Cost, networks: &Networks, settings: &FitSettings) -> Vec<String> {
    let mut out = vec![format!(
        "the median of {} steps of {} rows on {} with {} loader threads holds for all {} steps",
        cost.timed,
        settings.batch,
        networks.device().name(),
        settings.loaders,
        cost.steps * cost.epochs
    )];
    if settings.stop.is_some() {
        out.push("early stopping does not end the training".into());
    }
    match &settings.valid {
        Some(valid) if cost.validations > 0 => out.push(format!(
            "{} passes over {} validation rows take as long per row as those that were timed",
            cost.validations,
            valid.len()
        )),
        Some(_) => out.push("validation is not timed".into()),
        None => {}
    }
    out.push("metrics, checkpoints and reading files are not counted".into());
    match cost.added {
        Some(_) => out.push("memory is that of the CPU in use at most, without caches".into()),
        None => out.push("memory of a GPU is not measured".into()),
    }
    out
}
