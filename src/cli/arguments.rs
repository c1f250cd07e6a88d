//! Arguments that several commands take.

use crate::base::Fault;
use crate::lang::session;
use crate::track::Start;
use clap::Args;
use std::collections::BTreeMap;
use std::path::Path;

/// Arguments of commands that start a session.
#[derive(Args, Clone, Debug)]
pub struct SessionArguments {
    /// Override a parameter of the script: name=value; of an array name=a,b or JSON, of a map JSON
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Where networks run: auto, cpu, cuda, cuda:N
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// The seed of everything that has none of its own
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Threads that an operation may use; all cores unless given
    #[arg(long)]
    pub threads: Option<usize>,
}

impl SessionArguments {
    /// The settings of a session; fails on a `--set` without `=`.
    pub fn settings(&self) -> Result<session::Settings, Fault> {
        let mut set = BTreeMap::new();
        for pair in &self.set {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(Fault::new(
                    "usage",
                    format!("--set {pair}: expected name=value"),
                ));
            };
            set.insert(name.trim().to_string(), value.to_string());
        }
        Ok(session::Settings {
            set,
            device: self.device.clone(),
            seed: self.seed,
            ..session::Settings::default()
        })
    }

    /// The arguments of a run of a script, without name, tags and sandbox.
    pub fn start(&self, script: &Path, loaders: usize) -> Result<Start, Fault> {
        Ok(Start {
            script: std::path::absolute(script).map_err(|error| Fault::file(script, &error))?,
            folder: std::env::current_dir().unwrap_or_default(),
            set: self.settings()?.set,
            device: self.device.clone(),
            seed: self.seed,
            threads: self.threads,
            loaders: loaders.clamp(1, 64),
            ..Start::default()
        })
    }

    /// Starts torch: CUDA, threads, seed.
    pub fn start_torch(&self) {
        start_torch(self.threads, self.seed);
    }
}

/// Starts torch: CUDA, threads (all cores unless given), seed.
pub fn start_torch(threads: Option<usize>, seed: u64) {
    crate::torch::device::start();
    if let Some(n) = threads {
        crate::torch::device::set_threads(n.max(1));
    }
    crate::torch::device::seed(seed);
}
