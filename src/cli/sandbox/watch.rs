//! A child process in a sandbox: started with its job, watched, and killed when a limit is
//! exceeded.

use super::channel::LONGEST;
use super::confinement::Policy;
use super::job::{COMMAND, Job, Work};
use crate::base::{Fault, Result, interrupt, threads};
use crate::fault;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// The interval between two checks of a child.
const TICK: Duration = Duration::from_millis(20);
/// The time for a child to write a checkpoint after its time limit.
const GRACE: Duration = Duration::from_secs(1);
/// The time for a child to start, before its time limit starts.
const START: Duration = Duration::from_secs(60);
/// The time for a child to end after an interrupt by the user.
const PATIENCE: Duration = Duration::from_secs(30);

/// Variables that a child inherits, by the start of their names: those of the terminal, of threads
/// and of libraries.
const VARIABLES: [&str; 24] = [
    "CISTRON_",
    "COLUMNS",
    "CUBLAS_",
    "CUDA_",
    "DYLD_",
    "GOMP_",
    "HOME",
    "KMP_",
    "LANG",
    "LC_",
    "LD_LIBRARY_PATH",
    "LIBTORCH",
    "LINES",
    "MKL_",
    "NO_COLOR",
    "NVIDIA_",
    "OMP_",
    "OPENBLAS_",
    "PATH",
    "PYTORCH_",
    "RUST_BACKTRACE",
    "TERM",
    "TORCH_",
    "TZ",
];

/// Limits of a child that the parent enforces.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds.
    pub seconds: u64,
    /// Memory, MiB.
    pub memory: u64,
    /// What is written, MiB.
    pub disk: u64,
}

/// The end of a child.
#[derive(Debug, PartialEq)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// Its time was over.
    Late,
    /// It held too much memory.
    Memory,
    /// It wrote too much.
    Disk,
    /// The user interrupted it.
    Interrupted,
}

impl End {
    /// The fault of an end by a limit or a signal.
    pub fn fault(&self, limits: &Limits) -> Option<Fault> {
        let Limits {
            seconds,
            memory,
            disk,
        } = limits;
        match self {
            End::Exited(status) => status.signal().map(|signal| match signal {
                libc::SIGXCPU => fault!(
                    "sandbox",
                    "the script took more CPU time than {seconds} s on all cores";
                    hint: "--seconds allows more"
                ),
                libc::SIGKILL => {
                    fault!(
                        "sandbox",
                        "the system killed the script, most likely because memory was short";
                        hint: "--memory lowers the limit of a script"
                    )
                }
                _ => fault!(
                    "sandbox",
                    "the process of the script was ended by signal {signal}"
                ),
            }),
            End::Late => Some(fault!(
                "sandbox",
                "the script took more than {seconds} s";
                hint: "--seconds allows more"
            )),
            End::Memory => Some(fault!(
                "sandbox",
                "the script needed more memory than its limit of {memory} MiB";
                hint: "--memory allows more"
            )),
            End::Disk => Some(fault!(
                "sandbox",
                "the script wrote more than its limit of {disk} MiB";
                hint: "--disk allows more"
            )),
            End::Interrupted => Some(Fault::new("interrupted", "interrupted")),
        }
    }
}

/// The effect of an event on the time limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// The time limit continues.
    Continue,
    /// The time limit starts again.
    Restart,
}

enum Line {
    Event(Value),
    Flood,
}

/// A child process, which is killed when this value is dropped.
pub struct Child {
    process: std::process::Child,
    lines: Receiver<Line>,
    write: Vec<PathBuf>,
    used: HashMap<PathBuf, u64>,
}

impl Child {
    /// Starts a child in a folder; without `shows`, its output is discarded.
    ///
    /// # Errors
    /// Where the program cannot be started a second time.
    pub fn start(
        policy: Policy,
        work: Work,
        folder: &Path,
        shows: bool,
        without: &[&str],
    ) -> Result<Child> {
        let program = std::env::current_exe().map_err(|error| Fault::file("cistron", &error))?;
        let failed = |error: std::io::Error| {
            fault!(
                "system",
                "the process of the sandbox cannot be started: {error}"
            )
        };
        let (mut socket, child_socket) = UnixStream::pair().map_err(failed)?;
        let output = || {
            if shows {
                Stdio::inherit()
            } else {
                Stdio::null()
            }
        };
        let inherited = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            VARIABLES.iter().any(|start| name.starts_with(start)) && !without.contains(&&*name)
        });
        let mut command = Command::new(program);
        command
            .arg(COMMAND)
            .env_clear()
            .envs(inherited)
            .current_dir(folder);
        // a group of its own: Ctrl-C reaches it through this process alone
        command
            .stdin(OwnedFd::from(child_socket))
            .stdout(output())
            .stderr(output())
            .process_group(0);
        let write = policy.write.clone();
        let used = write
            .iter()
            .map(|folder| (folder.clone(), size_of_folder(folder)))
            .collect();
        let process = command.spawn().map_err(failed)?;
        // closes the copy of the child's end, so that the end of the child ends the socket
        drop(command);
        let job = Job {
            policy,
            parent: std::process::id(),
            work,
        };
        let text = serde_json::to_string(&job)
            .map_err(|error| fault!("internal", "the job of the sandbox: {error}"))?;
        // a child that ended at once is reported by its status
        socket
            .write_all(text.as_bytes())
            .and_then(|()| socket.write_all(b"\n"))
            .ok();
        let (sender, lines) = sync_channel(256);
        threads::spawn("events", move || {
            let mut reader = BufReader::new(socket);
            let mut line = Vec::new();
            loop {
                line.clear();
                let read = reader
                    .by_ref()
                    .take(LONGEST)
                    .read_until(b'\n', &mut line)
                    .unwrap_or(0);
                let event = match serde_json::from_slice(&line) {
                    _ if read == 0 => return,
                    Ok(event) => Line::Event(event),
                    Err(_) => Line::Flood,
                };
                if sender.send(event).is_err() {
                    return;
                }
            }
        })?;
        Ok(Child {
            process,
            lines,
            write,
            used,
        })
    }

    /// Passes events to `hear` until the child ends, by itself or by a limit; everything that it
    /// sent has been heard then.
    ///
    /// # Errors
    /// Those of `hear`, after which the child is killed.
    pub fn watch(
        mut self,
        limits: &Limits,
        mut hear: impl FnMut(Value) -> Result<Next>,
    ) -> Result<End> {
        let mut deadline = Instant::now() + START + Duration::from_secs(limits.seconds);
        let mut disk = DiskClock::default();
        // the end that was decided, and when the child is killed for it
        let mut ending: Option<(End, Instant)> = None;
        let mut is_open = true;
        loop {
            let received = if is_open {
                self.lines.recv_timeout(TICK)
            } else {
                Err(RecvTimeoutError::Timeout)
            };
            match received {
                Ok(Line::Event(event)) => {
                    if hear(event)? == Next::Restart {
                        deadline = Instant::now() + Duration::from_secs(limits.seconds);
                    }
                }
                Ok(Line::Flood) => {
                    return Err(fault!(
                        "sandbox",
                        "the process of the script sent what is no event"
                    ));
                }
                Err(RecvTimeoutError::Disconnected) => is_open = false,
                Err(RecvTimeoutError::Timeout) => {
                    if !is_open {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                }
            }
            let now = Instant::now();
            if !is_open
                && let Some(status) = self
                    .process
                    .try_wait()
                    .map_err(|error| Fault::file("cistron", &error))?
            {
                return Ok(ending.map_or(End::Exited(status), |(end, _)| end));
            }
            match &ending {
                Some((_, at)) if now >= *at => {
                    self.kill();
                    return Ok(ending.map_or(End::Late, |(end, _)| end));
                }
                Some(_) => {}
                None if interrupt::is_raised() => {
                    self.signal(libc::SIGINT);
                    ending = Some((End::Interrupted, now + PATIENCE));
                }
                None if now >= deadline => {
                    self.signal(libc::SIGINT);
                    ending = Some((End::Late, now + GRACE));
                }
                None if self.memory() > limits.memory + limits.memory / 16 => {
                    self.kill();
                    return Ok(End::Memory);
                }
                None if disk.is_due(now) && self.written(&mut disk) > limits.disk => {
                    self.kill();
                    return Ok(End::Disk);
                }
                None => {}
            }
        }
    }

    fn signal(&self, signal: i32) {
        // SAFETY: the process is a child that was not waited for, so its number is still its own
        unsafe { libc::kill(self.process.id() as i32, signal) };
    }

    fn kill(&mut self) {
        // the group holds what the child may have started where processes are not refused
        // SAFETY: as above; the child leads its group
        unsafe { libc::kill(-(self.process.id() as i32), libc::SIGKILL) };
        self.process.kill().ok();
        self.process.wait().ok();
    }

    /// Private memory of the child, MiB; 0 where unknown.
    fn memory(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))
            .unwrap_or_default();
        let names = ["RssAnon:", "RssShmem:", "VmSwap:"];
        let sizes = text
            .lines()
            .filter(|line| names.iter().any(|name| line.starts_with(name)));
        sizes
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum::<u64>()
            >> 10
    }

    /// The amount written since the start, MiB.
    fn written(&self, clock: &mut DiskClock) -> u64 {
        let began = Instant::now();
        let grown = self.write.iter().map(|folder| {
            size_of_folder(folder).saturating_sub(self.used.get(folder).copied().unwrap_or(0))
        });
        let grown = grown.sum::<u64>() >> 20;
        clock.looked(began);
        grown
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// When folders are measured again: they may be large, so that looking takes at most a tenth of the
/// time.
struct DiskClock {
    due: Instant,
}

impl Default for DiskClock {
    fn default() -> Self {
        DiskClock {
            due: Instant::now(),
        }
    }
}

impl DiskClock {
    fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    fn looked(&mut self, began: Instant) {
        self.due = Instant::now() + (10 * began.elapsed()).max(Duration::from_millis(100));
    }
}

/// Bytes on the disk of all files below a folder; links are not followed.
fn size_of_folder(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut size = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) => size += about.blocks() * 512,
                Err(_) => {}
            }
        }
    }
    size
}
