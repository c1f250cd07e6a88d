//! `cistron submit` with a SLURM of its own: munged, slurmctld and slurmd of this machine.

use std::fmt::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A training that lasts `pause` seconds per step longer than it needs unless there is a file
/// `x.fast`, and fails for some rates unless there is a file `rate.mended`.
const SCRIPT: &str = r#"
let lr = param("lr", 0.01);
let fold = param("fold", 0);
let pause = param("pause", 0.0);
let epochs = param("epochs", 4);
if lr > 0.5 && files::list(".", #{ ending: ".mended" }).is_empty() { throw "the rate is too high"; }
let set = sim::paired(sim::motifs(4, #{ width: 5, seed: 1 }), #{ n: 320, length: 30, per_sequence: 2, seed: 1 });
let net = nn::build(nn::chain([nn::conv1d(4, 5), nn::relu(), nn::dropout(0.2), nn::global_max_pool(), nn::linear(1)]), [4, 30], #{ seed: fold });
let history = train::fit(net, #{
    train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: lr }), batch: 32, epochs: epochs, seed: 1, progress: false,
    checkpoint: #{ last: true },
    on_batch: |info| { if pause > 0.0 && files::list(".", #{ ending: ".fast" }).is_empty() { let t = seconds(); while seconds() < t + pause { } } },
});
report("loss", history.column("train.loss")[-1]);
"#;

/// What SLURM needs of programs.
const PROGRAMS: [&str; 6] = [
    "munged",
    "slurmctld",
    "slurmd",
    "sbatch",
    "squeue",
    "scontrol",
];

/// The longest wait for the daemons, and for a state of a job.
const START: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(150);

/// Daemons of a cluster of one machine; they end with this value, or with the process.
struct Slurm {
    place: tempfile::TempDir,
    /// Closed by the drop: the thread that has started the daemons then ends them.
    is_needed: Option<Sender<()>>,
    /// Closed by that thread once they have ended.
    has_ended: Mutex<Receiver<()>>,
}

/// The cluster that the tests of this file share, while one of them runs.
static SHARED: Mutex<(Weak<Slurm>, Option<String>)> = Mutex::new((Weak::new(), None));

/// The cluster, where it can be started; says so where it cannot.
fn slurm() -> Option<Arc<Slurm>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(slurm) = shared.0.upgrade() {
        return Some(slurm);
    }
    if shared.1.is_none() {
        match Slurm::start() {
            Ok(slurm) => {
                let slurm = Arc::new(slurm);
                shared.0 = Arc::downgrade(&slurm);
                return Some(slurm);
            }
            Err(why) => shared.1 = Some(why),
        }
    }
    eprintln!("SKIPPED: {}", shared.1.as_deref().unwrap_or_default());
    None
}

/// The search path, with the folders of daemons.
fn path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/usr/local/sbin")
}

/// The output of a small program, without the line break.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let bytes = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_string()
}

/// A port that is free now.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The configuration: a node of this machine with four CPUs, however many there are.
fn configuration(folder: &Path) -> String {
    let (host, user) = (output("hostname", &["-s"]), output("id", &["-un"]));
    let (controller, node) = (port(), port());
    let folder = folder.display();
    let mut text = String::new();
    let lines = [
        "ClusterName=cistron".to_string(),
        format!("SlurmctldHost={host}(127.0.0.1)"),
        format!("SlurmctldPort={controller}"),
        format!("SlurmdPort={node}"),
        format!("SlurmUser={user}"),
        format!("SlurmdUser={user}"),
        "AuthType=auth/munge".into(),
        // a job that is queued again waits until its credential has expired: 120 s by default
        format!("AuthInfo=socket={folder}/munge/socket,cred_expire=5"),
        "ProctrackType=proctrack/linuxproc".into(),
        "TaskPlugin=task/none".into(),
        "SelectType=select/cons_tres".into(),
        "SelectTypeParameters=CR_Core".into(),
        "ReturnToService=2".into(),
        "SlurmdParameters=config_overrides".into(),
        "SchedulerParameters=batch_sched_delay=0,sched_interval=2".into(),
        format!("StateSaveLocation={folder}/state"),
        format!("SlurmdSpoolDir={folder}/spool"),
        format!("SlurmctldPidFile={folder}/slurmctld.pid"),
        format!("SlurmdPidFile={folder}/slurmd.pid"),
        format!("SlurmctldLogFile={folder}/slurmctld.log"),
        format!("SlurmdLogFile={folder}/slurmd.log"),
        format!("NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000 State=UNKNOWN"),
        format!("PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP"),
    ];
    for line in lines {
        writeln!(text, "{line}").expect("written");
    }
    text
}

/// Starts the daemons, which end with this thread.
fn daemons(folder: &Path) -> std::io::Result<Vec<Child>> {
    let own = |name: &str| folder.join(name).display().to_string();
    let munged = [
        "--foreground".to_string(),
        "--force".into(),
        format!("--key-file={}", own("munge/key")),
        format!("--socket={}", own("munge/socket")),
        format!("--pid-file={}", own("munge/pid")),
        format!("--log-file={}", own("munge/log")),
        format!("--seed-file={}", own("munge/seed")),
    ];
    let with_file = ["-D".to_string(), "-f".into(), own("slurm.conf")];
    let mut children = Vec::new();
    for (program, arguments) in [
        ("munged", &munged[..]),
        ("slurmctld", &with_file),
        ("slurmd", &with_file),
    ] {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("PATH", path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // SAFETY: between fork and exec only a system call is made, which allocates nothing
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                Ok(())
            });
        }
        children.push(command.spawn()?);
        // the others need the socket
        let began = Instant::now();
        while !folder.join("munge/socket").exists() {
            let has_ended = children[0].try_wait()?.is_some();
            if has_ended || began.elapsed() > START {
                end(children);
                return Err(std::io::Error::other("munged opens no socket"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(children)
}

/// Ends daemons in the order opposite to that of their start.
fn end(children: Vec<Child>) {
    for mut child in children.into_iter().rev() {
        // SAFETY: the child has not been waited for, so the number is its own
        unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
        let began = Instant::now();
        while child.try_wait().is_ok_and(|status| status.is_none()) {
            if began.elapsed() > Duration::from_secs(10) {
                child.kill().ok();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Slurm {
    fn start() -> Result<Slurm, String> {
        use std::os::unix::fs::PermissionsExt;
        let paths = path();
        for program in PROGRAMS {
            let mut folders = std::env::split_paths(&paths);
            if !folders.any(|folder| folder.join(program).is_file()) {
                return Err(format!("no {program} (Debian: slurm-wlm munge)"));
            }
        }
        let place = tempfile::tempdir().expect("a folder");
        for name in ["munge", "state", "spool"] {
            std::fs::create_dir(place.path().join(name)).expect("a folder");
        }
        let key: Vec<u8> = (0..64u64)
            .flat_map(|i| (u64::from(std::process::id()) * 77 + i).to_le_bytes())
            .collect();
        let file = place.path().join("munge/key");
        std::fs::write(&file, key).expect("written");
        let private = std::fs::Permissions::from_mode(0o400);
        std::fs::set_permissions(&file, private).expect("private");
        let text = configuration(place.path());
        std::fs::write(place.path().join("slurm.conf"), text).expect("written");

        let folder = place.path().to_path_buf();
        let (is_needed, until) = channel::<()>();
        let (ended, has_ended) = channel::<()>();
        let (started, has_started) = channel();
        std::thread::spawn(move || {
            match daemons(&folder) {
                Ok(children) => {
                    started.send(Ok(())).ok();
                    // until the sender is dropped
                    until.recv().ok();
                    end(children);
                }
                Err(error) => drop(started.send(Err(error.to_string()))),
            }
            drop(ended);
        });
        has_started
            .recv()
            .unwrap_or_else(|_| Err("the thread of the daemons has ended".into()))?;
        let slurm = Slurm {
            place,
            is_needed: Some(is_needed),
            has_ended: Mutex::new(has_ended),
        };
        let began = Instant::now();
        while slurm.client("sinfo", &["--noheader", "--format=%t"]) != "idle" {
            if began.elapsed() > START {
                let log = |name: &str| {
                    let text = std::fs::read_to_string(slurm.place.path().join(name));
                    let text = text.unwrap_or_default();
                    text.lines().next_back().unwrap_or("").to_string()
                };
                let (controller, node) = (log("slurmctld.log"), log("slurmd.log"));
                return Err(format!(
                    "slurmctld has no node after 20 s: {controller}; {node}"
                ));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(slurm)
    }

    fn configuration(&self) -> PathBuf {
        self.place.path().join("slurm.conf")
    }

    /// The output of a program of SLURM.
    fn client(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .env("SLURM_CONF", self.configuration())
            .output()
            .expect("a program of SLURM");
        String::from_utf8_lossy(&output.stdout).trim().to_string()
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let user = output("id", &["-un"]);
        self.client("scancel", &["--user", &user]);
        let began = Instant::now();
        while !self.client("squeue", &["--noheader"]).is_empty()
            && began.elapsed() < Duration::from_secs(10)
        {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.is_needed = None;
        let has_ended = self.has_ended.get_mut();
        let has_ended = has_ended.unwrap_or_else(PoisonError::into_inner);
        has_ended.recv_timeout(START).ok();
    }
}

/// A folder with the script, on the cluster.
struct Folder {
    place: tempfile::TempDir,
    slurm: Arc<Slurm>,
}

impl Folder {
    fn new() -> Option<Folder> {
        let slurm = slurm()?;
        // what sbatch would split, expand, or read as a comment
        let place = tempfile::Builder::new()
            .prefix("it's 50% #1 \"")
            .tempdir()
            .expect("a folder");
        std::fs::write(place.path().join("s.rhai"), SCRIPT).expect("written");
        Some(Folder { place, slurm })
    }

    fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = crate::command(self.place.path(), arguments)
            .env("SLURM_CONF", self.slurm.configuration())
            .output();
        crate::said(&output.expect("the program starts"))
    }

    /// Submits, and returns the number of the job.
    fn submit(&self, arguments: &[&str]) -> String {
        let common = ["submit", "--device", "cpu"];
        let (out, err, code) = self.run(&[&common[..], arguments].concat());
        assert_eq!(code, 0, "{err}");
        let id = out
            .strip_prefix("job ")
            .and_then(|rest| rest.split(':').next());
        id.unwrap_or_else(|| panic!("{out}")).to_string()
    }

    /// The states of the runs, and the whole output of --status.
    fn states(&self) -> (Vec<String>, String) {
        let (out, err, code) = self.run(&["submit", "--status", "runs/s-sweep"]);
        assert_eq!(code, 0, "{err}");
        let table = out.lines().skip(1);
        let column = out
            .lines()
            .nth(1)
            .and_then(|line| line.find("state"))
            .unwrap_or_else(|| panic!("{out}"));
        let word = |line: &str| line[column..].split(' ').next().unwrap_or("").to_string();
        let states = table.skip(1).map(word).collect();
        (states, out + &err)
    }

    /// Waits for states; returns the output of --status.
    fn until(&self, what: &str, holds: impl Fn(&[String]) -> bool) -> String {
        let began = Instant::now();
        loop {
            let (states, text) = self.states();
            if holds(&states) {
                return text;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: {text}\n{}\n{}",
                self.slurm.client("squeue", &["--states=all"]),
                self.read("runs/s-sweep/001.txt")
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.place.path().join(path)).unwrap_or_default()
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        let path = self.place.path().join(path);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

#[test]
fn an_array_of_a_sweep_ends_with_the_table_of_a_sweep() {
    let Some(folder) = Folder::new() else { return };
    let sweep = ["--sweep", "lr=0.01,0.1", "--folds", "2"];
    let paused = [
        &["s.rhai", "--array", "2", "--set", "pause=0.05"],
        &sweep[..],
    ]
    .concat();
    folder.submit(&paused);
    let text = folder.until("two runs at a time", |states| {
        let count = |word: &str| states.iter().filter(|state| *state == word).count();
        assert!(count("running") <= 2, "{states:?}");
        count("running") == 2 && count("pending") == 2
    });
    assert!(text.contains("JobArrayTaskLimit"), "{text}");
    folder.until("all runs are done", |states| {
        states.iter().all(|state| state == "done")
    });
    let (out, err, code) = folder.run(&["submit", "--collect", "runs/s-sweep"]);
    assert_eq!(code, 0, "{out}{err}");
    let here = [
        &[
            "run",
            "s.rhai",
            "--run-dir",
            "here",
            "--device",
            "cpu",
            "--threads",
            "1",
        ],
        &sweep[..],
    ]
    .concat();
    let (_, err, code) = folder.run(&here);
    assert_eq!(code, 0, "{err}");
    let table = folder.read("runs/s-sweep/summary.tsv");
    assert!(table.lines().count() == 3, "{table}");
    assert_eq!(table, folder.read("here/s-sweep/summary.tsv"));
}

#[test]
fn a_run_that_slurm_signals_and_queues_again_ends_with_the_same_bytes() {
    let Some(folder) = Folder::new() else { return };
    // SLURM looks for time limits every 30 s: the signal is sent 5 to 35 s after the start
    let long = ["--set", "epochs=19", "--set", "pause=0.2"];
    let limits = ["s.rhai", "--time", "1", "--ahead", "25"];
    folder.submit(&[&limits[..], &long].concat());
    folder.until("the run begins", |states| states == ["running"]);
    // what an uninterrupted run computes, in the meantime
    let whole = ["run", "s.rhai", "--run-dir", "whole", "--device", "cpu"];
    let (_, err, code) =
        folder.run(&[&whole[..], &["--set", "epochs=19", "--threads", "1"]].concat());
    assert_eq!(code, 0, "{err}");
    // the reason that SLURM has for it comes a moment later
    folder.until("the run is queued again", |states| states == ["pending"]);
    std::fs::write(folder.place.path().join("x.fast"), "").expect("written");
    folder.until("the run is done", |states| states == ["done"]);
    let text = folder.read("runs/s-sweep/001.txt");
    assert!(
        text.contains("is queued again and will be resumed"),
        "{text}"
    );
    for file in ["results.json", "checkpoints/model/last.safetensors"] {
        let (queued, whole) = (format!("runs/s-sweep/001/{file}"), format!("whole/{file}"));
        assert!(folder.bytes(&queued) == folder.bytes(&whole), "{file}");
    }
}

#[test]
fn a_failed_and_a_cancelled_run_are_reported_and_submitted_again() {
    let Some(folder) = Folder::new() else { return };
    let job = folder.submit(&["s.rhai", "--sweep", "lr=0.01,0.9,0.1", "--set", "pause=0.2"]);
    folder.until("the third run begins", |states| states[2] == "running");
    folder.slurm.client("scancel", &[&format!("{job}_3")]);
    let text = folder.until("one is done, one failed, one cancelled", |states| {
        states == ["done", "failed", "cancelled"]
    });
    assert!(
        text.contains("the rate is too high") && text.contains("003 (cancelled)"),
        "{text}"
    );
    let (_, err, code) = folder.run(&["submit", "--collect", "runs/s-sweep"]);
    assert!(
        code == 1 && err.contains("2 of 3 runs are not in it: 002 (failed), 003 (cancelled)"),
        "{err}"
    );
    std::fs::write(folder.place.path().join("rate.mended"), "").expect("written");
    let again = folder.submit(&["--resume", "runs/s-sweep", "--time", "5"]);
    assert_ne!(again, job);
    let array = folder.slurm.client(
        "squeue",
        &["--noheader", "--array", "--jobs", &again, "--format=%K %l"],
    );
    assert_eq!(
        array.lines().filter(|line| line.ends_with("5:00")).count(),
        2,
        "{array}"
    );
    folder.until("all runs are done", |states| {
        states.iter().all(|state| state == "done")
    });
    let (out, _, code) = folder.run(&["submit", "--resume", "runs/s-sweep"]);
    assert!(code == 0 && out.contains("is done or queued"), "{out}");
    let (_, err, code) = folder.run(&["submit", "--collect", "runs/s-sweep"]);
    assert_eq!(code, 0, "{err}");
}
