//! Checkpoints: parameters under PyTorch's names, and the state that a training needs to continue
//! bit for bit.

use super::average::Average;
use super::history::{Epoch, History, Validation};
use super::identity::Identity;
use super::monitor::{PlateauState, TrainingState};
use super::networks::Networks;
use super::optimizer_state::OptimizerState;
use super::partial::{PartialEpoch, Progressed};
use super::settings::{CheckpointPolicy, HostState, OnChange, Resume};
use super::stop::BestValue;
use cistron_base::bail;
use cistron_base::{Fault, Result, say};
use cistron_torch::{Tensor, file};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// Name of the state file in a folder of checkpoints.
pub const STATE: &str = "last.state.safetensors";

/// What [`save_last`] writes besides the networks and the state of their optimizers.
pub struct Contents<'a> {
    /// The training.
    pub identity: &'a Identity,
    /// Its state.
    pub progressed: Progressed<'a>,
    /// State of the script before the training.
    pub began: &'a Value,
    /// State of the script.
    pub host_state: Option<&'a dyn HostState>,
    /// What a loop of the script adds.
    pub own_state: &'a Value,
}

/// Format of a state file, in its notes.
const FORMAT: &str = "cistron training state 4";

/// Returns a float as its bits: JSON has neither NaN nor infinity.
fn bits(x: f64) -> Value {
    x.to_bits().into()
}

fn float(value: &Value) -> Option<f64> {
    value.as_u64().map(f64::from_bits)
}

fn history_json(history: &History) -> Value {
    let named = |values: &[(String, f64)]| -> Vec<Value> {
        let pair = |(name, value): &(String, f64)| json!([name, bits(*value)]);
        values.iter().map(pair).collect()
    };
    let epoch = |epoch: &Epoch| {
        json!({ "epoch": epoch.epoch, "values": named(&epoch.values),
            "seconds": bits(epoch.seconds), "speed": bits(epoch.speed) })
    };
    let validation = |one: &Validation| {
        let (step, epoch, values) = (one.step, bits(one.epoch), named(&one.values));
        json!({ "step": step, "epoch": epoch, "values": values })
    };
    json!({
        "name": history.name, "epochs": history.epochs.iter().map(epoch).collect::<Vec<_>>(),
        "validations": history.validations.iter().map(validation).collect::<Vec<_>>(),
            "best_epoch": history.best_epoch,
        "best_value": history.best_value.map(bits), "watched": history.watched,
            "ended": history.ended,
    })
}

fn history_of(value: &Value) -> Option<History> {
    let named = |pair: &Value| Some((pair[0].as_str()?.to_string(), float(&pair[1])?));
    let values = |value: &Value| -> Option<Vec<(String, f64)>> {
        value["values"].as_array()?.iter().map(named).collect()
    };
    let epoch = |value: &Value| {
        Some(Epoch {
            epoch: value["epoch"].as_u64()? as usize,
            values: values(value)?,
            seconds: float(&value["seconds"])?,
            speed: float(&value["speed"])?,
        })
    };
    let validation = |value: &Value| {
        Some(Validation {
            step: value["step"].as_u64()? as usize,
            epoch: float(&value["epoch"])?,
            values: values(value)?,
        })
    };
    Some(History {
        validations: value["validations"]
            .as_array()?
            .iter()
            .map(validation)
            .collect::<Option<_>>()?,
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

fn best_json(value: &BestValue) -> Value {
    json!({ "best": value.best.map(bits), "best_epoch": value.best_epoch, "since": value.since })
}

fn best_of(value: &Value) -> Option<BestValue> {
    Some(BestValue {
        best: float(&value["best"]),
        best_epoch: value["best_epoch"].as_u64()? as usize,
        since: value["since"].as_u64()? as usize,
    })
}

/// Writes the state at this moment: `last.safetensors` and `last.state.safetensors`.
pub fn save_last(
    policy: &CheckpointPolicy,
    networks: &Networks,
    optimizer: &(impl OptimizerState + ?Sized),
    contents: &Contents,
) -> Result<()> {
    let Progressed {
        state,
        best,
        partial,
        average,
    } = contents.progressed;
    let averaged = average.map_or(Vec::new(), |average| average.export().to_vec());
    if policy.is_last_requested && averaged.is_empty() {
        networks.save(&policy.folder, "last")?;
    } else if policy.is_last_requested {
        networks.save_tensors(&policy.folder, "last", &averaged)?;
    }
    let prefixed = |prefix: &'static str| {
        move |(name, tensor): (String, Tensor)| (format!("{prefix}/{name}"), tensor)
    };
    let mut tensors: Vec<(String, Tensor)> = optimizer
        .export()?
        .into_iter()
        .map(prefixed("optimizer"))
        .collect();
    tensors.extend(networks.state().into_iter().map(prefixed("model")));
    tensors.extend(averaged.into_iter().map(prefixed("average")));
    let best = best.into_iter().flatten().cloned();
    tensors.extend(best.map(prefixed("best")));
    let (script, captured) = contents
        .host_state
        .map_or_else(|| Ok((Value::Null, Vec::new())), HostState::save)?;
    tensors.extend(captured.into_iter().map(prefixed("script")));
    let (partial, sums) = match partial {
        Some(partial) => partial.export()?,
        None => (Value::Null, Vec::new()),
    };
    tensors.extend(sums.into_iter().map(prefixed("epoch")));
    let frozen: Vec<String> = networks
        .parameters()
        .into_iter()
        .filter(|(_, tensor)| !tensor.is_grad_on())
        .map(|(name, _)| name)
        .collect();
    let TrainingState {
        history,
        best,
        plateau,
        best_by,
    } = state;
    let best_by: Vec<Value> = best_by
        .iter()
        .map(|(name, value)| json!([name, best_json(value)]))
        .collect();
    let rates: Vec<Value> = (optimizer.rates()?.into_iter())
        .map(|(initial, now)| json!([bits(initial), bits(now)]))
        .collect();
    let state = json!({
        "history": history_json(history), "watch": best_json(best), "best_by": best_by,
        "partial": partial, "own": contents.own_state,
        "factor": bits(plateau.factor), "plateau": best_json(&plateau.best),
        "identity": contents.identity, "frozen": frozen, "began": contents.began,
        "script": script, "tensors": file::hash_of(&tensors)?,
        "rates": rates,
        "averaged": average.map_or(Value::Null, Average::counts),
    });
    let notes = HashMap::from([
        ("format".to_string(), FORMAT.to_string()),
        ("state".into(), state.to_string()),
    ]);
    file::save_safetensors(&policy.folder.join(STATE), &tensors, notes)
}

/// The state of a training that is resumed.
pub struct Resumed {
    /// The state.
    pub state: TrainingState,
    /// Parameters of the best epoch, if there is one.
    pub best: Option<Vec<(String, Tensor)>>,
    /// The epoch that was under way.
    pub partial: Option<PartialEpoch>,
    /// What a loop of the script has added.
    pub own_state: Value,
    /// Average of the parameters, and what [`Average::counts`] returned.
    pub average: (Vec<(String, Tensor)>, Value),
}

/// A state file after its checks.
struct StateFile<'a> {
    path: &'a Path,
    tensors: Vec<(String, Tensor)>,
    state: Value,
    identity: Identity,
}

impl StateFile<'_> {
    /// Reads a state file; fails on other formats and on damaged contents.
    fn read(path: &Path) -> Result<StateFile<'_>> {
        let (tensors, notes) = file::load_safetensors(path)?;
        match notes.get("format").map(String::as_str) {
            Some(FORMAT) => {}
            Some(other) if other.starts_with("cistron training state") => {
                bail!("file", "`{}` was written by another version of this program ({other}, \
                    expected {FORMAT})", path.display();
                    hint: "run the script again from the start")
            }
            _ => {
                bail!("file", "`{}` holds no training state", path.display();
                    hint: "resume from a folder of checkpoints, or from its \
                    `last.state.safetensors`")
            }
        }
        let state: Value = notes
            .get("state")
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| damaged(path))?;
        let identity =
            serde_json::from_value(state["identity"].clone()).map_err(|_| damaged(path))?;
        if state["tensors"].as_str() != Some(file::hash_of(&tensors)?.as_str()) {
            bail!("file", "`{}` is damaged: its numbers are not those that were \
                written", path.display();
                hint: "remove it, and the training starts again from the start");
        }
        Ok(StateFile {
            path,
            tensors,
            state,
            identity,
        })
    }

    /// Returns the tensors whose names start with a prefix, without it.
    fn below(&self, prefix: &str) -> Vec<(String, Tensor)> {
        self.tensors
            .iter()
            .filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t.clone())))
            .collect()
    }

    /// The epoch that was under way.
    fn partial(&self) -> Result<Option<PartialEpoch>> {
        let value = &self.state["partial"];
        if value.is_null() {
            return Ok(None);
        }
        PartialEpoch::import(value, &self.below("epoch/"))
            .map(Some)
            .ok_or_else(|| damaged(self.path))
    }

    /// The learning rates of the optimizers, at the start and now.
    fn rates(&self) -> Vec<(f64, f64)> {
        let rates = self.state["rates"].as_array().into_iter().flatten();
        rates
            .filter_map(|pair| Some((float(&pair[0])?, float(&pair[1])?)))
            .collect()
    }

    fn training_state(&self) -> Result<TrainingState> {
        let named = |pair: &Value| Some((pair[0].as_str()?.to_string(), best_of(&pair[1])?));
        let parse = || {
            Some(TrainingState {
                best_by: self.state["best_by"]
                    .as_array()?
                    .iter()
                    .map(named)
                    .collect::<Option<_>>()?,
                history: history_of(&self.state["history"])?,
                best: best_of(&self.state["watch"])?,
                plateau: PlateauState {
                    factor: float(&self.state["factor"])?,
                    best: best_of(&self.state["plateau"])?,
                },
            })
        };
        parse().ok_or_else(|| damaged(self.path))
    }
}

fn damaged(path: &Path) -> Fault {
    Fault::new(
        "file",
        format!("`{}`: the state is damaged", path.display()),
    )
}

/// Reads the identity of the training that wrote a state file.
pub fn identity_of(path: &Path) -> Result<Identity> {
    StateFile::read(path).map(|saved| saved.identity)
}

/// Restores what [`save_last`] wrote into networks, optimizers and the script. Returns `None` if
/// the checkpoint is of another training and this one is to start again. A training that differs
/// runs the epoch that was under way from its start.
pub fn load_last(
    resume: &Resume,
    identity: &Identity,
    networks: &Networks,
    optimizer: &mut (impl OptimizerState + ?Sized),
    host_state: Option<(&dyn HostState, &Value)>,
) -> Result<Option<Resumed>> {
    let path = if resume.path.is_dir() {
        resume.path.join(STATE)
    } else {
        resume.path.clone()
    };
    let saved = StateFile::read(&path)?;
    let (began, ended) = (&saved.state["began"], &saved.state["script"]);
    let mut changes = identity.changes_since(&saved.identity);
    // only the script that wrote the checkpoint has its state
    let host_state = host_state.filter(|_| resume.is_own);
    if let Some((host_state, now)) = host_state {
        changes.extend(host_state.conflicts(now, began, ended));
    }
    let title = networks.title();
    if !changes.is_empty() && !may_continue(resume, &path, &title, &changes.join(", "))? {
        return Ok(None);
    }
    let state = saved.training_state()?;
    let partial = saved.partial()?.filter(|_| changes.is_empty());
    let frozen: Vec<String> =
        serde_json::from_value(saved.state["frozen"].clone()).map_err(|_| damaged(&path))?;
    networks.load_state(&saved.below("model/"))?;
    optimizer
        .import(&saved.below("optimizer/"))
        .map_err(|fault| fault.context(format!("`{}`", path.display())))?;
    optimizer.restore_rates(&saved.rates());
    if changes.is_empty() || resume.is_own {
        for (name, tensor) in networks.parameters() {
            tensor.requires_grad_(!frozen.contains(&name))?;
        }
    }
    if let Some((host_state, _)) = host_state {
        host_state.restore(began, ended, &saved.below("script/"))?;
    }
    let best = saved.below("best/");
    Ok(Some(Resumed {
        state,
        best: (!best.is_empty()).then_some(best),
        partial,
        own_state: saved.state["own"].clone(),
        average: (saved.below("average/"), saved.state["averaged"].clone()),
    }))
}

/// Whether a training continues from a checkpoint of another one, as [`OnChange`] determines.
fn may_continue(resume: &Resume, path: &Path, title: &str, changes: &str) -> Result<bool> {
    match resume.on_change {
        OnChange::Refuse => {
            bail!("resume", "`{}` is of another training of `{}`; it differs in: \
                {changes}", path.display(), title;
                hint: "restore what has changed, or add `--changed` to continue from it all the \
                    same")
        }
        OnChange::Restart => {
            say::line(&format!(
                "note: the training of `{title}` starts again; its checkpoint differs in: \
                 {changes}"
            ));
            Ok(false)
        }
        OnChange::Warn => {
            say::line(&format!(
                "warning: `{}` is of a training that differs in: {changes}",
                path.display()
            ));
            Ok(true)
        }
    }
}
