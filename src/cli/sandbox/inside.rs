//! The child process: it restricts itself, does its work, and reports.

use super::channel::{self, Channel};
use super::confinement::{self, Policy};
use super::job::{COMMAND, Job, Script, Work};
use crate::base::{Fault, Result, interrupt};
use crate::cli::arguments::start_torch;
use crate::cli::exit::{ERROR, USAGE, fail};
use crate::cli::grading;
use crate::fault;
use crate::lang::engine;
use crate::lang::reach::Reach;
use crate::lang::session::{self, Event};
use rhai::Scope;
use serde_json::{Value, json};
use std::rc::Rc;

/// Reads the job and restricts the process, before it has a second thread; returns the work.
pub fn enter() -> std::result::Result<impl FnOnce() -> u8, u8> {
    let begun = Channel::open().and_then(|(channel, line)| {
        let job: Job = serde_json::from_str(&line).map_err(|_| {
            fault!(
                "usage",
                "`{COMMAND}` is started by `cistron run --sandbox` and by `cistron test --grade`, \
                not by hand";
                hint: "`cistron run --sandbox SCRIPT` runs a script in a sandbox"
            )
        })?;
        stay_with(job.parent)?;
        Ok((channel, job))
    });
    let (channel, job) = begun.map_err(|fault| {
        fail(&fault, false);
        USAGE
    })?;
    let confined = confinement::confine(&job.policy);
    let sent = confined.and_then(|active| channel.send(&json!({ "confinement": active })));
    if let Err(fault) = sent {
        channel.send(&channel::outcome(&Err(fault))).ok();
        return Err(ERROR);
    }
    Ok(move || match job.work {
        Work::Run(script) => run(channel, &script, &job.policy),
        Work::Grade(exercise) => grading::judge(&channel, &exercise),
    })
}

/// Ends this process with its parent.
fn stay_with(parent: u32) -> Result<()> {
    #[cfg(target_os = "linux")]
    // SAFETY: the calls set a number of this process and read another
    let is_orphan = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        libc::getppid() as u32 != parent
    };
    #[cfg(not(target_os = "linux"))]
    // SAFETY: reads a number
    let is_orphan = unsafe { libc::getppid() as u32 != parent };
    if is_orphan {
        Err(Fault::new(
            "internal",
            "the parent of the sandbox has ended",
        ))
    } else {
        Ok(())
    }
}

fn run(channel: Channel, script: &Script, policy: &Policy) -> u8 {
    let channel = Rc::new(channel);
    let outcome = ran(&channel, script, policy);
    let code = if outcome.is_ok() { 0 } else { ERROR };
    if channel.send(&channel::outcome(&outcome)).is_err() {
        ERROR
    } else {
        code
    }
}

fn ran(channel: &Rc<Channel>, script: &Script, policy: &Policy) -> Result<Value> {
    let allowed = policy
        .write
        .iter()
        .filter(|folder| Some(*folder) != script.output.as_ref())
        .cloned()
        .collect();
    let settings = session::Settings {
        set: script.set.clone(),
        device: script.device.clone(),
        seed: script.seed,
        run_dir: script.output.clone(),
        script_dir: Some(script.folder.clone()),
        loaders: script.loaders,
        no_progress: script.quiet,
        resume: script.resume,
        may_differ: script.may_differ,
        starts_again: script.starts_again,
        sandbox: Some(Reach {
            read: vec![script.folder.clone()],
            write: allowed,
            record: script.record.clone(),
            output: script.output.clone(),
        }),
        ..session::Settings::default()
    };
    start_torch(script.threads, script.seed);
    interrupt::check()?;
    crate::bind::start(settings);
    channel.send(&json!({ "started": true }))?;
    let (events, main) = (channel.clone(), script.file.clone());
    session::record_to(Rc::new(move |event| match event {
        Event::Source(file, _) if *file == main => Ok(()),
        Event::Source(file, text) => events.send(&json!({ "source": [file, text] })),
        Event::Input(path) => events.send(&json!({ "input": path })),
        Event::Parameter(name, value) => events.send(&json!({ "parameter": [name, value] })),
        Event::Report(name, value) => events.send(&json!({ "report": [name, value] })),
        Event::Epoch(row) => events.send(&json!({ "epoch": row })),
        Event::Skipped(trial) => events.send(&json!({ "skipped": trial })),
        Event::Printed(line) => events.send(&json!({ "printed": line })),
    }));
    if script.quiet {
        session::capture();
    }
    let mut scope = Scope::new();
    let outcome = engine::run(&script.text, &script.file, &mut scope);
    let results = session::results();
    engine::release(&mut scope);
    outcome.map(|_| Value::Object(results))
}
