//! `cistron submit`: the runs of a sweep as an array of jobs of SLURM.

mod job;
mod queue;
mod task;

use super::arguments::SessionArguments;
use super::exit::fail;
use super::sweep::plan::{Ask, Sweep};
use crate::base::file::{read_text, write_whole};
use crate::base::{Fault, Result};
use crate::track::Start;
use crate::{bail, fault};
use clap::Args;
use job::Job;
use std::path::{Path, PathBuf};

/// Seconds before the time limit at which a run is checkpointed, unless they are given.
const AHEAD: u32 = 120;

/// The arguments of `submit`.
#[derive(Args)]
pub struct SubmitArguments {
    /// The script
    #[arg(required_unless_present_any = ["status", "collect", "resume", "task"])]
    script: Option<PathBuf>,
    /// What most commands take
    #[command(flatten)]
    common: SessionArguments,
    /// One run for each value, and for each combination where given several times:
    /// name=value,value,…
    #[arg(long, value_name = "NAME=VALUES")]
    sweep: Vec<String>,
    /// N runs, with the script's parameter `fold` from 0 to N - 1
    #[arg(long, value_name = "N")]
    folds: Option<usize>,
    /// N runs, with seeds from --seed on
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// Make the folder of the runs in this folder
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// What to call the runs
    #[arg(long)]
    name: Option<String>,
    /// A word to find the runs by; may be given several times
    #[arg(long, value_name = "WORD")]
    tag: Vec<String>,
    /// Threads that prepare batches
    #[arg(long, default_value_t = 1)]
    loaders: usize,
    /// GPUs of each run
    #[arg(long, value_name = "N")]
    gpus: Option<usize>,
    /// CPUs of each run
    #[arg(long, value_name = "N")]
    cpus: Option<usize>,
    /// Memory of each run, as SLURM has it: 16G
    #[arg(long, value_name = "SIZE")]
    mem: Option<String>,
    /// Time limit of each run, as SLURM has it: 30, 4:00:00, 1-12:00:00. A training that is not
    /// done by then is checkpointed, queued again and resumed
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// The partition
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// At most N runs at a time
    #[arg(long, value_name = "N")]
    array: Option<usize>,
    /// Another option of sbatch, such as --option=--account=lab; may be given several times
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    option: Vec<String>,
    /// Seconds before the time limit at which a run is checkpointed
    /// [default: 120]
    #[arg(long, value_name = "N")]
    ahead: Option<u32>,
    /// Print the job and submit nothing
    #[arg(long)]
    dry_run: bool,
    /// List the runs in a folder of submitted runs, with their states
    #[arg(long, value_name = "DIR", conflicts_with_all = ["script", "collect"])]
    status: Option<PathBuf>,
    /// Write the table of results of a folder of submitted runs
    #[arg(long, value_name = "DIR", conflicts_with = "script")]
    collect: Option<PathBuf>,
    /// Submit again the runs of a folder that are neither done nor queued; --time, --mem, --array
    /// and other resources replace those of the first time
    #[arg(long, value_name = "DIR", conflicts_with_all = ["script", "status", "collect", "sweep",
        "folds", "seeds", "set", "run_dir", "name", "tag"])]
    resume: Option<PathBuf>,
    /// Execute the run of this job of an array
    #[arg(long, value_name = "DIR", hide = true)]
    task: Option<PathBuf>,
}

/// Runs the command and returns its exit code.
pub fn submit(arguments: &SubmitArguments) -> u8 {
    let outcome = match arguments {
        SubmitArguments {
            task: Some(home), ..
        } => task::task(home),
        SubmitArguments {
            status: Some(home), ..
        } => queue::status(home),
        SubmitArguments {
            collect: Some(home),
            ..
        } => queue::collect(home),
        SubmitArguments {
            resume: Some(home), ..
        } => resumed(arguments, home),
        SubmitArguments {
            script: Some(script),
            ..
        } => submitted(arguments, script),
        _ => Ok(super::exit::USAGE),
    };
    outcome.unwrap_or_else(|fault| fail(&fault, false))
}

fn submitted(arguments: &SubmitArguments, script: &Path) -> Result<u8> {
    let text = read_text(script).map_err(|error| Fault::file(script, &error))?;
    let start = arguments.start(script)?;
    for name in arguments.common.settings()?.set.keys() {
        super::run::declares(&text, name, &format!("--set {name}"))?;
    }
    let ask = Ask {
        sweep: &arguments.sweep,
        folds: arguments.folds,
        seeds: arguments.seeds,
        run_dir: arguments.run_dir.as_deref(),
        start,
    };
    let sweep = Sweep::of(&ask, &text, 1)?;
    arguments.check(arguments.ahead.unwrap_or(AHEAD))?;
    if arguments.dry_run {
        let home =
            std::path::absolute(ask.free_folder()?).map_err(|error| Fault::file(script, &error))?;
        crate::outln!("{}", arguments.job(&home, &sweep)?.script());
        for (i, task) in sweep.tasks.iter().enumerate() {
            crate::errln!("run {:03}: {}", i + 1, task.words);
        }
        return Ok(0);
    }
    needs_sbatch(
        "submit from a machine of the cluster; --dry-run prints the job, and `cistron run` with \
        the same --sweep, --folds and --seeds executes the runs here",
    )?;
    let home = sweep.store(&ask)?;
    let id = match sent(arguments, &home, &sweep) {
        Ok(id) => id,
        Err(fault) => {
            // nothing of it has begun
            std::fs::remove_dir_all(&home).ok();
            return Err(fault);
        }
    };
    let home = std::fs::canonicalize(&home).map_err(|error| Fault::file(&home, &error))?;
    write_whole(&home.join(job::NUMBER), format!("{id}\n").as_bytes())?;
    crate::outln!("job {id}: {} runs in {}", sweep.tasks.len(), home.display());
    crate::outln!(
        "`cistron submit --status {0}` lists them, `--collect {0}` gathers their results",
        home.display()
    );
    Ok(0)
}

/// Writes the job of the runs in a folder and submits it; returns its number.
fn sent(arguments: &SubmitArguments, home: &Path, sweep: &Sweep) -> Result<String> {
    let home = std::fs::canonicalize(home).map_err(|error| Fault::file(home, &error))?;
    let file = home.join(job::SCRIPT);
    write_whole(&file, arguments.job(&home, sweep)?.script().as_bytes())?;
    job::sbatch(&file, &[])
}

/// Fails where there is no sbatch.
fn needs_sbatch(hint: &str) -> Result<()> {
    match job::is_installed("sbatch") {
        true => Ok(()),
        false => Err(fault!("system", "sbatch is not installed on this machine").hint(hint)),
    }
}

/// Submits again what is left of submitted runs.
fn resumed(arguments: &SubmitArguments, home: &Path) -> Result<u8> {
    needs_sbatch(
        "submit from a machine of the cluster; `cistron run --resume` executes the runs here",
    )?;
    let runs = queue::read(home)?;
    let left = runs.to_submit()?;
    if left.is_empty() {
        crate::outln!("every run in {} is done or queued", home.display());
        return Ok(0);
    }
    let file = home.join(job::SCRIPT);
    let script = read_text(&file).map_err(|error| Fault::file(&file, &error))?;
    let numbers: Vec<String> = left.iter().map(usize::to_string).collect();
    let most = arguments.array.or(job::at_a_time(&script));
    let most = most.map(|n| format!("%{n}")).unwrap_or_default();
    let ahead = arguments.ahead.or(job::ahead(&script));
    arguments.check(ahead.unwrap_or(AHEAD))?;
    let mut options = arguments.options();
    options.extend(arguments.ahead.map(job::signal));
    options.push(format!("--array={}{most}", numbers.join(",")));
    if arguments.dry_run {
        crate::outln!("sbatch {} {}", options.join(" "), file.display());
        return Ok(0);
    }
    let id = job::sbatch(&file, &options)?;
    let jobs = [runs.jobs, vec![id.clone()]].concat().join("\n");
    write_whole(&home.join(job::NUMBER), format!("{jobs}\n").as_bytes())?;
    crate::outln!("job {id}: {} runs in {}", left.len(), home.display());
    Ok(0)
}

impl SubmitArguments {
    /// The arguments that all runs share.
    fn start(&self, script: &Path) -> Result<Start> {
        let start = self.common.start(script, self.loaders)?;
        Ok(Start {
            name: self.name.clone(),
            tags: self.tag.clone(),
            threads: start.threads.or(self.cpus),
            ..start
        })
    }

    /// Fails where an option is no option of a job.
    fn check(&self, ahead: u32) -> Result<()> {
        let seconds = self.time.as_deref().map(job::seconds).transpose()?;
        if let Some(limit) = seconds.filter(|limit| *limit <= u64::from(ahead)) {
            bail!("usage", "--time is {limit} s, and checkpoints are written {ahead} s ahead of it";
                hint: "allow more time, or lower --ahead");
        }
        for (option, value) in [
            ("--gpus", self.gpus),
            ("--cpus", self.cpus),
            ("--array", self.array),
        ] {
            if value == Some(0) {
                bail!("usage", "{option} is at least 1");
            }
        }
        let texts = [&self.name, &self.mem, &self.partition]
            .into_iter()
            .flatten();
        if let Some(text) = texts
            .chain(&self.option)
            .find(|text| text.contains(char::is_control))
        {
            bail!(
                "usage",
                "{text:?} has a line break or another control character: it would become \
                a line of the job"
            );
        }
        if let Some(mem) = self.mem.as_deref().filter(|mem| !job::is_size(mem)) {
            bail!("usage", "--mem {mem}: expected a size as SLURM has it";
                hint: "16G, 500M, or 4096 (MB)");
        }
        if let Some(option) = self.option.iter().find(|text| !text.starts_with('-')) {
            bail!("usage", "--option {option}: expected an option of sbatch";
                hint: "for example --option=--account=lab");
        }
        Ok(())
    }

    /// The array of jobs for the runs in a folder.
    fn job(&self, home: &Path, sweep: &Sweep) -> Result<Job> {
        if let Some(path) = home.to_str().filter(|path| path.contains('\\')) {
            bail!("usage", "{path}: SLURM cannot write outputs to a path with a backslash";
                hint: "another --run-dir or --name");
        }
        let program = std::env::current_exe()
            .map_err(|error| fault!("file", "the path of the program: {error}"))?;
        let named = sweep.script.file_stem().unwrap_or_default();
        Ok(Job {
            name: self
                .name
                .clone()
                .unwrap_or_else(|| named.to_string_lossy().into_owned()),
            runs: sweep.tasks.len(),
            at_a_time: self.array,
            home: home.to_path_buf(),
            folder: std::env::current_dir().unwrap_or_default(),
            program,
            ahead: self.ahead.unwrap_or(AHEAD),
            options: self.options(),
        })
    }

    /// Options of sbatch.
    fn options(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut option = |name: &str, value: Option<String>| {
            out.extend(value.map(|value| format!("--{name}={value}")));
        };
        option("time", self.time.clone());
        option("partition", self.partition.clone());
        option("gres", self.gpus.map(|n| format!("gpu:{n}")));
        option("cpus-per-task", self.cpus.map(|n| n.to_string()));
        option("mem", self.mem.clone());
        out.extend(self.option.iter().cloned());
        out
    }
}
