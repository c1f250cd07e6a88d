//! Runs as files of other programs.

use crate::bail;
use crate::base::Result;
use crate::track::{self, export, ledger};
use std::path::Path;

pub(super) fn exported(
    dir: &Path,
    run: &str,
    csv: Option<(&Path, bool)>,
    tensorboard: Option<&Path>,
    mlflow: Option<&str>,
    experiment: &str,
) -> Result<u8> {
    let sweep = ledger::find_sweep(dir, run);
    let records = match &sweep {
        Some(folder) => ledger::of_sweep(folder)?,
        None => vec![track::find(dir, run)?],
    };
    if csv.is_none() && tensorboard.is_none() && mlflow.is_none() {
        bail!(
            "usage",
            "say what to write: --csv FILE, --tensorboard DIR or --mlflow URL"
        );
    }
    if let Some((path, guards_formulas)) = csv {
        match sweep {
            Some(_) => export::csv::save_all(&records, path, guards_formulas)?,
            None => export::csv::save(&records[0], path, guards_formulas)?,
        }
        crate::outln!("{}", path.display());
    }
    for record in &records {
        if let Some(folder) = tensorboard {
            crate::outln!("{}", export::tensorboard::save(record, folder)?.display());
        }
        if let Some(address) = mlflow {
            crate::outln!(
                "run {} of experiment {experiment}",
                export::mlflow::send(record, address, experiment)?
            );
        }
    }
    Ok(0)
}
