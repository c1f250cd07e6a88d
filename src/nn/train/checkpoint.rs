//! Checkpoints: parameters under PyTorch's names, and beside them all that a run needs to go on bit
//! for bit.

use super::fit::{OnChange, Resume, Surroundings};
use super::history::{Epoch, History};
use super::identity::Identity;
use super::stop::Watch;
use crate::Model;
use crate::optim::Optimizer;
use cistron_base::bail;
use cistron_base::{Fault, Result, say};
use cistron_torch::{Tensor, file};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;

/// Where a run's checkpoints lie and which are kept.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The folder.
    pub folder: PathBuf,
    /// Keep the best epoch's parameters.
    pub best: bool,
    /// Keep the run's state after the last epoch.
    pub last: bool,
    /// Whether the script asked for the last epoch: its parameters are kept too, and the state is
    /// written after every epoch, however long that takes.
    pub asked: bool,
}

/// The file of a run's state in a folder of checkpoints.
pub const STATE: &str = "last.state.safetensors";

/// What a run needs to go on, besides parameters.
pub struct State {
    /// What was measured.
    pub history: History,
    /// The best so far.
    pub watch: Watch,
    /// Factor of a plateau schedule, and its own watch.
    pub plateau: (f64, Watch),
}

/// What [`save_last`] writes beside the model and its optimizer.
pub struct Kept<'a> {
    /// The training that the state is of.
    pub identity: &'a Identity,
    /// Its state.
    pub state: &'a State,
    /// Parameters of the best epoch, where there is one.
    pub best: Option<&'a [(String, Tensor)]>,
    /// State of the script before the training.
    pub began: &'a Value,
    /// State of the script.
    pub surroundings: Option<&'a dyn Surroundings>,
}

/// Word in the notes of a state file.
const FORMAT: &str = "cistron training state 3";

/// A float as its bits: JSON has neither NaN nor infinity.
fn bits(x: f64) -> Value {
    x.to_bits().into()
}

fn float(value: &Value) -> Option<f64> {
    value.as_u64().map(f64::from_bits)
}

fn history_json(history: &History) -> Value {
    let epoch = |epoch: &Epoch| {
        let values: Vec<Value> = epoch
            .values
            .iter()
            .map(|(name, value)| json!([name, bits(*value)]))
            .collect();
        json!({ "epoch": epoch.epoch, "values": values, "seconds": bits(epoch.seconds), "speed": bits(epoch.speed) })
    };
    json!({
        "name": history.name, "epochs": history.epochs.iter().map(epoch).collect::<Vec<_>>(), "best_epoch": history.best_epoch,
        "best_value": history.best_value.map(bits), "watched": history.watched, "ended": history.ended,
    })
}

fn history_of(value: &Value) -> Option<History> {
    let measured = |pair: &Value| Some((pair[0].as_str()?.to_string(), float(&pair[1])?));
    let epoch = |value: &Value| {
        let values = value["values"]
            .as_array()?
            .iter()
            .map(measured)
            .collect::<Option<_>>()?;
        Some(Epoch {
            epoch: value["epoch"].as_u64()? as usize,
            values,
            seconds: float(&value["seconds"])?,
            speed: float(&value["speed"])?,
        })
    };
    Some(History {
        name: value["name"].as_str()?.to_string(),
        epochs: value["epochs"]
            .as_array()?
            .iter()
            .map(epoch)
            .collect::<Option<_>>()?,
        best_epoch: value["best_epoch"].as_u64()? as usize,
        best_value: float(&value["best_value"]),
        watched: value["watched"].as_str().map(str::to_string),
        ended: value["ended"].as_str()?.to_string(),
    })
}

fn watch_json(watch: &Watch) -> Value {
    json!({ "best": watch.best.map(bits), "best_epoch": watch.best_epoch, "since": watch.since })
}

fn watch_of(value: &Value) -> Option<Watch> {
    Some(Watch {
        best: float(&value["best"]),
        best_epoch: value["best_epoch"].as_u64()? as usize,
        since: value["since"].as_u64()? as usize,
    })
}

/// Writes the last epoch: `last.safetensors` and `last.state.safetensors`.
pub fn save_last(keep: &Keep, model: &Model, optimizer: &Optimizer, kept: &Kept) -> Result<()> {
    if keep.asked {
        model.save(&keep.folder.join("last.safetensors"))?;
    }
    let prefixed = |prefix: &'static str| {
        move |(name, tensor): (String, Tensor)| (format!("{prefix}/{name}"), tensor)
    };
    let mut tensors: Vec<(String, Tensor)> = optimizer
        .export()?
        .into_iter()
        .map(prefixed("optimizer"))
        .collect();
    tensors.extend(model.state().into_iter().map(prefixed("model")));
    tensors.extend(
        kept.best
            .into_iter()
            .flatten()
            .cloned()
            .map(prefixed("best")),
    );
    let (script, captured) = kept
        .surroundings
        .map_or_else(|| Ok((Value::Null, Vec::new())), Surroundings::save)?;
    tensors.extend(captured.into_iter().map(prefixed("script")));
    let frozen: Vec<&String> = model
        .parameters()
        .iter()
        .filter(|(_, tensor)| !tensor.is_grad_on())
        .map(|(name, _)| name)
        .collect();
    let state = json!({
        "history": history_json(&kept.state.history), "watch": watch_json(&kept.state.watch),
        "factor": bits(kept.state.plateau.0), "plateau": watch_json(&kept.state.plateau.1),
        "identity": kept.identity, "frozen": frozen, "began": kept.began, "script": script, "tensors": file::hash_of(&tensors)?,
    });
    let notes = HashMap::from([
        ("format".to_string(), FORMAT.to_string()),
        ("state".into(), state.to_string()),
    ]);
    file::save_safetensors(&keep.folder.join(STATE), &tensors, notes)
}

/// What [`load_last`] returns: the run's state, and the best epoch's parameters if there is one.
pub type Resumed = (State, Option<Vec<(String, Tensor)>>);

/// Reads what [`save_last`] wrote back into a model, an optimizer and the script; none where it is
/// of another training and the training is to start again.
pub fn load_last(
    resume: &Resume,
    identity: &Identity,
    model: &Model,
    optimizer: &mut Optimizer,
    surroundings: Option<(&dyn Surroundings, &Value)>,
) -> Result<Option<Resumed>> {
    let path = if resume.path.is_dir() {
        resume.path.join(STATE)
    } else {
        resume.path.clone()
    };
    let (tensors, notes) = file::load_safetensors(&path)?;
    match notes.get("format").map(String::as_str) {
        Some(FORMAT) => {}
        Some(other) if other.starts_with("cistron training state") => {
            bail!("file", "`{}` was written by another version of this program ({other}, expected {FORMAT})", path.display(); hint: "run the script again from the start")
        }
        _ => {
            bail!("file", "`{}` holds no training state", path.display(); hint: "resume from a folder of checkpoints, or from its `last.state.safetensors`")
        }
    }
    let broken = || {
        Fault::new(
            "file",
            format!("`{}`: the state is damaged", path.display()),
        )
    };
    let value: Value = notes
        .get("state")
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(broken)?;
    let was: Identity = serde_json::from_value(value["identity"].clone()).map_err(|_| broken())?;
    if value["tensors"].as_str() != Some(file::hash_of(&tensors)?.as_str()) {
        bail!("file", "`{}` is damaged: its numbers are not those that were written", path.display();
            hint: "remove it, and the training starts again from the start");
    }
    let mut changes = identity.changes_since(&was);
    // only the script that wrote the checkpoint has its state
    let surroundings = surroundings.filter(|_| resume.is_own);
    if let Some((surroundings, now)) = surroundings {
        changes.extend(surroundings.conflicts(now, &value["began"], &value["script"]));
    }
    let changes = changes.join(", ");
    let is_same = changes.is_empty();
    match resume.on_change {
        _ if is_same => {}
        OnChange::Refuse => {
            bail!("resume", "`{}` is of another training of `{}`; it differs in: {changes}", path.display(), model.name();
                hint: "restore what has changed, or add `--changed` to continue from it all the same")
        }
        OnChange::Restart => {
            say::line(&format!(
                "note: the training of `{}` starts again; its checkpoint differs in: {changes}",
                model.name()
            ));
            return Ok(None);
        }
        OnChange::Warn => say::line(&format!(
            "warning: `{}` is of a training that differs in: {changes}",
            path.display()
        )),
    }
    let below = |prefix: &str| -> Vec<(String, Tensor)> {
        tensors
            .iter()
            .filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t.clone())))
            .collect()
    };
    let parse = || {
        let factor = float(&value["factor"])?;
        Some(State {
            history: history_of(&value["history"])?,
            watch: watch_of(&value["watch"])?,
            plateau: (factor, watch_of(&value["plateau"])?),
        })
    };
    let state = parse().ok_or_else(broken)?;
    let frozen: Vec<String> =
        serde_json::from_value(value["frozen"].clone()).map_err(|_| broken())?;
    model.load_state(&below("model/"))?;
    optimizer.import(&below("optimizer/"))?;
    if is_same || resume.is_own {
        for (name, tensor) in model.parameters() {
            tensor.requires_grad_(!frozen.contains(name))?;
        }
    }
    if let Some((surroundings, _)) = surroundings {
        surroundings.restore(&value["began"], &value["script"], &below("script/"))?;
    }
    let best = below("best/");
    Ok(Some((state, (!best.is_empty()).then_some(best))))
}
