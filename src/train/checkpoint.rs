//! Checkpoints: parameters under PyTorch's names, and beside them all that a run needs to go on bit for bit.

use super::history::History;
use super::stop::Watch;
use crate::base::{Fault, Result};
use crate::nn::Model;
use crate::optim::Optimizer;
use crate::torch::{Tensor, file};
use crate::{bail, fault};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where a run's checkpoints lie and which are kept.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The folder.
    pub folder: PathBuf,
    /// Keep the best epoch's parameters.
    pub best: bool,
    /// Keep the last epoch's parameters and the run's state.
    pub last: bool,
    /// Whether the script asked for it; else only the state is written, and not after every epoch where that takes long.
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

fn text(state: &State) -> Result<String> {
    let watch = |w: &Watch| serde_json::json!({ "best": w.best.map(f64::to_bits), "best_epoch": w.best_epoch, "since": w.since });
    let value = serde_json::json!({
        "history": serde_json::to_value(bits(&state.history)).map_err(|e| fault!("file", "{e}"))?,
        "watch": watch(&state.watch),
        "factor": state.plateau.0.to_bits(),
        "plateau": watch(&state.plateau.1),
    });
    Ok(value.to_string())
}

/// JSON has no NaN: what is not finite is left out.
fn bits(history: &History) -> History {
    let mut plain = history.clone();
    for epoch in &mut plain.epochs {
        epoch.values.retain(|(_, value)| value.is_finite());
    }
    plain
}

/// Writes the last epoch: `last.safetensors` and `last.state.safetensors`.
pub fn save_last(keep: &Keep, model: &Model, optimizer: &Optimizer, state: &State, best: Option<&[(String, Tensor)]>) -> Result<()> {
    if keep.asked {
        model.save(&keep.folder.join("last.safetensors"))?;
    }
    let mut tensors: Vec<(String, Tensor)> = optimizer.export()?.into_iter().map(|(name, t)| (format!("optimizer/{name}"), t)).collect();
    tensors.extend(model.state().into_iter().map(|(name, t)| (format!("model/{name}"), t)));
    tensors.extend(best.into_iter().flatten().map(|(name, t)| (format!("best/{name}"), t.clone())));
    let notes = HashMap::from([("format".to_string(), "cistron training state 1".to_string()), ("state".into(), text(state)?)]);
    file::save_safetensors(&keep.folder.join(STATE), &tensors, notes)
}

/// What [`load_last`] gives: the run's state, and the best epoch's parameters if there is one.
pub type Resumed = (State, Option<Vec<(String, Tensor)>>);

/// Reads what [`save_last`] wrote back into a model and an optimizer.
pub fn load_last(path: &Path, model: &Model, optimizer: &mut Optimizer) -> Result<Resumed> {
    let path = if path.is_dir() { path.join(STATE) } else { path.to_path_buf() };
    let (tensors, notes) = file::load_safetensors(&path)?;
    if notes.get("format").map(String::as_str) != Some("cistron training state 1") {
        bail!("file", "`{}` holds no training state", path.display(); hint: "resume from a folder of checkpoints, or from its `last.state.safetensors`");
    }
    let below =
        |prefix: &str| -> Vec<(String, Tensor)> { tensors.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t.clone()))).collect() };
    model.load_state(&below("model/"))?;
    optimizer.import(&below("optimizer/"))?;
    let broken = || Fault::new("file", format!("`{}`: the state is damaged", path.display()));
    let value: serde_json::Value = serde_json::from_str(notes.get("state").ok_or_else(broken)?).map_err(|_| broken())?;
    let watch = |v: &serde_json::Value| Watch {
        best: v["best"].as_u64().map(f64::from_bits),
        best_epoch: v["best_epoch"].as_u64().unwrap_or(0) as usize,
        since: v["since"].as_u64().unwrap_or(0) as usize,
    };
    let history: History = serde_json::from_value(value["history"].clone()).map_err(|_| broken())?;
    let factor = f64::from_bits(value["factor"].as_u64().ok_or_else(broken)?);
    let state = State { history, watch: watch(&value["watch"]), plateau: (factor, watch(&value["plateau"])) };
    let best = below("best/");
    Ok((state, (!best.is_empty()).then_some(best)))
}
