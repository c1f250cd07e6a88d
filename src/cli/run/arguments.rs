//! The arguments of `cistron run`.

use crate::base::Fault;
use crate::cli::arguments::SessionArguments;
use crate::fault;
use crate::track::{Sandbox, Start};
use clap::Args;
use std::path::{Path, PathBuf};

/// The arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// The script
    #[arg(required_unless_present_any = ["help", "resume"])]
    pub script: Option<PathBuf>,
    /// What most commands take
    #[command(flatten)]
    pub common: SessionArguments,
    /// Make the run directory at (or, where that exists, below) this folder
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Keep no record; files that the script writes land in the working directory
    #[arg(long, conflicts_with = "run_dir")]
    pub no_run_dir: bool,
    /// Continue a run that was broken off, by its folder or name: trainings start from their last
    /// checkpoints, searches and sweeps after the runs that are done; with --set epochs=N (or
    /// whatever the script calls it) also a run that is done
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = [
            "script", "run_dir", "no_run_dir", "name", "tag", "sweep", "folds", "seeds",
            "sandbox", "allow", "seconds", "memory", "disk",
        ],
    )]
    pub(super) resume: Option<PathBuf>,
    /// With --resume: continue although the script's files, its data or the program have changed
    /// since
    #[arg(long, requires = "resume")]
    pub changed: bool,
    /// What to call the run
    #[arg(long)]
    pub(super) name: Option<String>,
    /// A word to find the run by; may be given several times
    #[arg(long, value_name = "WORD")]
    pub tag: Vec<String>,
    /// Run once for each value, and for each combination where given several times:
    /// name=value,value,…
    #[arg(long, value_name = "NAME=VALUES")]
    pub sweep: Vec<String>,
    /// Run N times, with the script's parameter `fold` from 0 to N - 1
    #[arg(long, value_name = "N")]
    pub folds: Option<usize>,
    /// Run N times, with seeds from --seed on
    #[arg(long, value_name = "N")]
    pub seeds: Option<usize>,
    /// Of --sweep, --folds and --seeds, how many runs are executed at a time; their output goes to
    /// files beside their folders
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub jobs: usize,
    /// The original path of a replayed script: imports and inputs are resolved from there
    #[arg(long, value_name = "SCRIPT", hide = true)]
    pub(super) standing_for: Option<PathBuf>,
    /// Run the script in a process of its own that reads the script's folder, writes to `output/`
    /// of the run directory and has no network; it is ended when time, memory or disk space is over
    #[arg(long)]
    pub(super) sandbox: bool,
    /// A folder that a script in a sandbox may read and write; may be given several times
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    pub(super) allow: Vec<PathBuf>,
    /// Seconds that a script in a sandbox may take
    #[arg(
        long,
        alias = "sandbox-seconds",
        default_value_t = 600,
        value_name = "N",
        requires = "sandbox",
        value_parser = clap::value_parser!(u64).range(1..),
    )]
    pub(super) seconds: u64,
    /// Memory that a script in a sandbox may take, MiB
    #[arg(
        long,
        alias = "sandbox-memory",
        default_value_t = 4096,
        value_name = "MB",
        requires = "sandbox",
        value_parser = clap::value_parser!(u64).range(1..),
    )]
    pub(super) memory: u64,
    /// What a script in a sandbox may write, MiB
    #[arg(
        long,
        default_value_t = 1024,
        value_name = "MB",
        requires = "sandbox",
        value_parser = clap::value_parser!(u64).range(1..),
    )]
    pub(super) disk: u64,
    /// Threads that prepare batches
    #[arg(long, default_value_t = 1)]
    pub loaders: usize,
    /// Print results and faults as JSON, and nothing else on standard output; warnings are on
    /// standard error
    #[arg(long)]
    pub json: bool,
    /// Print help; with a script, its parameters
    #[arg(short, long)]
    pub(super) help: bool,
}

impl RunArguments {
    /// The recorded arguments of a run of a script.
    pub fn start(&self, script: &Path) -> Result<Start, Fault> {
        let whole =
            |path: &Path| std::path::absolute(path).map_err(|error| Fault::file(path, &error));
        let sandbox = || {
            let allow = self
                .allow
                .iter()
                .map(|folder| match folder.is_dir() {
                    true => whole(folder),
                    false => Err(fault!(
                        "usage",
                        "--allow {}: there is no such folder",
                        folder.display();
                        hint: "make it first"
                    )),
                })
                .collect::<Result<_, Fault>>()?;
            Ok(Sandbox {
                allow,
                seconds: self.seconds,
                memory: self.memory,
                disk: self.disk,
            })
        };
        Ok(Start {
            name: self.name.clone(),
            tags: self.tag.clone(),
            sandbox: if self.sandbox { Some(sandbox()?) } else { None },
            ..self.common.start(script, self.loaders)?
        })
    }
}
