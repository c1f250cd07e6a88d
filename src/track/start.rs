//! The arguments with which a run was started.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Permissions and limits of a script in a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Folders that it may write to, as absolute paths.
    pub allow: Vec<PathBuf>,
    /// Seconds.
    pub seconds: u64,
    /// Memory, MiB.
    pub memory: u64,
    /// Limit of written data, MiB.
    #[serde(default = "usual_disk")]
    pub disk: u64,
}

/// The limit of records without one, MiB.
fn usual_disk() -> u64 {
    1024
}

/// The arguments of a run, from which it can be started again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Start {
    /// The absolute path of the script.
    pub script: PathBuf,
    /// The working directory.
    pub folder: PathBuf,
    /// Its name.
    pub name: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Values given with `--set`.
    pub set: BTreeMap<String, String>,
    /// The device.
    pub device: String,
    /// The seed.
    pub seed: u64,
    /// Threads of operations, where given.
    pub threads: Option<usize>,
    /// Threads that prepare batches.
    pub loaders: usize,
    /// Permissions and limits of the sandbox, if any.
    pub sandbox: Option<Sandbox>,
}

impl Start {
    /// The arguments of `cistron run` for the same run, without script and run directory.
    pub fn arguments(&self) -> Vec<String> {
        let device = if self.device.is_empty() {
            "auto"
        } else {
            &self.device
        };
        let mut out: Vec<String> = [
            "--seed",
            &self.seed.to_string(),
            "--loaders",
            &self.loaders.max(1).to_string(),
            "--device",
            device,
        ]
        .map(str::to_string)
        .to_vec();
        let mut option = |name: &str, value: String| out.extend([name.to_string(), value]);
        self.threads
            .iter()
            .for_each(|n| option("--threads", n.to_string()));
        self.name
            .iter()
            .for_each(|name| option("--name", name.clone()));
        self.tags
            .iter()
            .for_each(|tag| option("--tag", tag.clone()));
        self.set
            .iter()
            .for_each(|(name, value)| option("--set", format!("{name}={value}")));
        if let Some(sandbox) = &self.sandbox {
            option("--seconds", sandbox.seconds.to_string());
            option("--memory", sandbox.memory.to_string());
            option("--disk", sandbox.disk.to_string());
            sandbox
                .allow
                .iter()
                .for_each(|folder| option("--allow", folder.display().to_string()));
            out.push("--sandbox".to_string());
        }
        out
    }
}
