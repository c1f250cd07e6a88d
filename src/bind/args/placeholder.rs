//! Results of trainings whose data are stand-ins for missing files.

use crate::train::{FitSettings, History, Networks};

/// Returns the history of a training whose data are stand-ins: one epoch of placeholder values.
pub fn placeholder_history(networks: &Networks, settings: &FitSettings) -> History {
    let side = if settings.valid.is_some() {
        "valid"
    } else {
        "train"
    };
    let mut values = vec![
        ("train.loss".to_string(), 0.5),
        ("lr".into(), settings.optimizer.lr),
    ];
    let heads = settings.loss.head_names();
    let of_heads = |side: &str| {
        heads
            .iter()
            .map(|head| (format!("{side}.loss.{head}"), 0.5))
            .collect()
    };
    let of_train: Vec<(String, f64)> = of_heads("train");
    values.splice(1..1, of_train);
    if settings.valid.is_some() {
        let of_valid: Vec<(String, f64)> = of_heads("valid");
        values.push(("valid.loss".to_string(), 0.5));
        values.extend(of_valid);
    }
    if networks.are_named() {
        for (name, _) in networks.iter() {
            values.push((format!("train.loss.{name}"), 0.5));
            values.push((format!("lr.{name}"), settings.optimizer.lr));
        }
    }
    let metrics = settings.metrics.iter().flat_map(|own| own.names());
    values.extend(metrics.map(|name| (format!("{side}.{name}"), 0.5)));
    let epoch = crate::train::history::Epoch {
        epoch: 1,
        values,
        ..Default::default()
    };
    History {
        name: networks.title(),
        epochs: vec![epoch],
        best_epoch: 1,
        best_value: Some(0.5),
        ..History::default()
    }
}
