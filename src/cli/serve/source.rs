//! Where the served network comes from: a run, a script that returns it, or a file of weights with
//! such a script.

use crate::base::{Fault, Result, file};
use crate::bind::rehearsals::{self, Rehearsal};
use crate::lang::{engine, session};
use crate::nn::Model;
use crate::track::{self, Record};
use crate::train::checkpoint;
use crate::{bail, fault};
use rhai::Scope;
use std::path::{Path, PathBuf};

/// The file of a training's best parameters.
const BEST: &str = "best.safetensors";

/// A network, with what its layers need while it runs.
pub struct Source {
    /// The network.
    pub model: Model,
    /// Variables of its script.
    scope: Scope<'static>,
}

impl Source {
    /// Releases the variables of the script.
    pub fn release(mut self) {
        engine::release(&mut self.scope);
    }
}

/// The network of a run, a script, or a file of weights with the script of `network`; `training`
/// chooses among the trainings of a run.
pub fn open(path: &Path, network: Option<&Path>, training: Option<&str>) -> Result<Source> {
    let about = std::fs::metadata(path).map_err(|error| Fault::file(path, &error))?;
    if about.is_dir() {
        if let Some(script) = network {
            let weights = weights_of(path, training)?.1;
            return with_weights(script, &weights);
        }
        return of_run(path, training);
    }
    let ending = path.extension().and_then(|end| end.to_str());
    match (ending, network) {
        (Some("rhai"), None) => of_script(path),
        (Some("rhai"), Some(_)) => bail!("usage", "--network: `{}` is a script already",
            path.display(); hint: "name the file of weights instead, or leave --network out"),
        (Some("safetensors"), Some(script)) => with_weights(script, path),
        (Some("safetensors"), None) => match run_of(path) {
            Some((folder, training)) => of_run(&folder, Some(&training)),
            None => bail!("usage", "`{}` has weights without layers", path.display();
                hint: "--network SCRIPT names a script whose last value is the network; the \
                    best weights of a run are served by the folder of the run"),
        },
        _ => bail!(
            "usage",
            "`{}` is neither the folder of a run, a script (.rhai) nor a file of \
            weights (.safetensors)",
            path.display()
        ),
    }
}

/// The run and the training that a file of weights belongs to.
fn run_of(weights: &Path) -> Option<(PathBuf, String)> {
    let training = weights.parent()?;
    let run = training.parent()?.parent()?;
    let is_best = weights.file_name()? == BEST && run.join("script.rhai").exists();
    let name = training.file_name()?.to_string_lossy().into_owned();
    is_best.then(|| (run.to_path_buf(), name))
}

/// The network that a script returns.
fn of_script(path: &Path) -> Result<Source> {
    let text = file::read_text(path).map_err(|error| Fault::file(path, &error))?;
    let folder = file::folder_of(path).to_path_buf();
    session::set_settings(|settings| settings.script_dir = Some(folder));
    let mut scope = Scope::new();
    let value = engine::run(&text, &path.display().to_string(), &mut scope)?;
    let model = value.read_lock::<Model>().map(|model| model.clone());
    let model = model.ok_or_else(|| {
        let got = session::describe(&value);
        fault!(
            "usage",
            "the last value of `{}` must be a network, got {got}",
            path.display()
        )
        .hint("such as `let net = nn::build(…); net.load(\"best.safetensors\"); net`")
    })?;
    Ok(Source { model, scope })
}

/// The network that a script returns, with the weights of a file.
fn with_weights(script: &Path, weights: &Path) -> Result<Source> {
    let source = of_script(script)?;
    source.model.load(weights)?;
    Ok(source)
}

/// The training of a run whose weights are served, and their file.
fn weights_of(folder: &Path, training: Option<&str>) -> Result<(String, PathBuf)> {
    let checkpoints = folder.join("checkpoints");
    let entries = std::fs::read_dir(&checkpoints)
        .into_iter()
        .flatten()
        .flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join(BEST).exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let listed = names.join(", ");
    let name = match (training, &names[..]) {
        (Some(name), _) if names.iter().any(|known| known == name) => name.to_string(),
        (Some(name), [_, ..]) => bail!(
            "usage",
            "--training {name}: the trainings of `{}` are \
            {listed}",
            folder.display()
        ),
        (None, [name]) => name.clone(),
        (_, []) => {
            bail!("file", "`{}` has no best weights of a training (checkpoints/NAME/{BEST})",
            folder.display();
            hint: "`train::fit` stores them with `checkpoint: \"best\"`, in the folder of a run")
        }
        (None, _) => bail!("usage", "`{}` has several trainings: {listed}", folder.display();
            hint: "--training NAME chooses one"),
    };
    let weights = checkpoints.join(&name).join(BEST);
    Ok((name, weights))
}

/// The network of a training of a run: its script runs without training and without writing, up to
/// the network, which receives the stored weights.
fn of_run(folder: &Path, training: Option<&str>) -> Result<Source> {
    let folder = std::path::absolute(folder).map_err(|error| Fault::file(folder, &error))?;
    if !folder.join("script.rhai").exists() {
        bail!(
            "file",
            "`{}` is no folder of a run: it has no script.rhai",
            folder.display()
        );
    }
    let (name, weights) = weights_of(&folder, training)?;
    let record = track::read(&folder);
    let mut scope = Scope::new();
    let (outcome, all) = rehearsed(&record, &mut scope);
    let Some(found) = all.into_iter().find(|own| own.folder == name) else {
        let fault = fault!(
            "value",
            "a run of `{}` without its training does not reach the training \
            `{name}`",
            folder.join("script.rhai").display()
        );
        return Err(match outcome {
            Err(cause) => fault.hint(format!(
                "{}; --network SCRIPT names the network",
                cause.message
            )),
            Ok(()) => fault.hint("--network SCRIPT names a script that returns the network"),
        });
    };
    let model = found.networks.first().clone();
    if found.networks.are_named() {
        bail!("usage", "the training `{name}` has several networks";
            hint: "--network SCRIPT names a script that returns one of them");
    }
    model.load(&weights)?;
    check_layers(&weights, &found)?;
    if let Some(links) = found.links {
        model.set_links(links);
    }
    Ok(Source { model, scope })
}

/// Runs the script of a run as `cistron check` does, in the folder and with the parameters of the
/// run. Trainings after a fault are missing.
fn rehearsed(record: &Record, scope: &mut Scope<'static>) -> (Result<()>, Vec<Rehearsal>) {
    let start = &record.start;
    session::set_settings(|settings| {
        settings.set.clone_from(&start.set);
        settings.seed = start.seed;
        settings.script_dir = start.script.parent().map(Path::to_path_buf);
        settings.dry = true;
    });
    rehearsals::start();
    session::capture();
    let here = std::env::current_dir().ok();
    if start.folder.is_dir() {
        std::env::set_current_dir(&start.folder).ok();
    }
    let outcome = engine::run(&record.script, &start.script.display().to_string(), scope);
    session::captured();
    here.iter().for_each(|here| {
        std::env::set_current_dir(here).ok();
    });
    // what a dry run writes
    let written = std::env::temp_dir().join(format!("cistron-check-{}", std::process::id()));
    std::fs::remove_dir_all(written).ok();
    session::set_settings(|settings| settings.dry = false);
    (outcome.map(drop), rehearsals::take())
}

/// Fails where the network may have other layers than the trained one: its state has a hash of
/// them; without a state, data that are missing may have determined them.
fn check_layers(weights: &Path, found: &Rehearsal) -> Result<()> {
    let state = weights.with_file_name(checkpoint::STATE);
    let is_same = match state.exists() {
        true => Some(checkpoint::identity_of(&state)?.has_layers_of(&found.networks)?),
        false => None,
    };
    let device = found.networks.device();
    match (is_same, session::is_guessed()) {
        (Some(true), _) | (None, false) => Ok(()),
        (Some(false), false) => {
            // layers are fused on CPUs only
            crate::errln!(
                "warning: the layers on {} are not those of the training: the script, \
                a module that it imports or the device has changed since",
                device.name()
            );
            Ok(())
        }
        (_, true) => bail!("data", "files that the run read are missing, and the layers of the \
            network may depend on them";
            hint: "restore them, or name a script that returns the network: --network SCRIPT"),
    }
}
