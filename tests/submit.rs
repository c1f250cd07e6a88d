//! `cistron submit`: arrays of jobs of SLURM, with stand-ins for its programs.

use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

/// A training of some seconds, which can be ended within an epoch.
const SCRIPT: &str = r#"
let lr = param("lr", 0.01);
let fold = param("fold", 0);
let pause = param("pause", 0.0);
let set = sim::paired(sim::motifs(4, #{ width: 5, seed: 1 }), #{ n: 320, length: 30, per_sequence: 2, seed: 1 });
let net = nn::build(nn::chain([nn::conv1d(4, 5), nn::relu(), nn::dropout(0.2), nn::global_max_pool(), nn::linear(1)]), [4, 30], #{ seed: fold });
let history = train::fit(net, #{
    train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: lr }), batch: 32, epochs: 4, seed: 1, progress: false,
    checkpoint: #{ last: true, every: "2 steps" },
    on_batch: |info| { if pause > 0.0 { let t = seconds(); while seconds() < t + pause { } } },
});
report("loss", history.column("train.loss")[-1]);
"#;

fn text(output: &Output) -> (String, String, i32) {
    crate::said(output)
}

/// A folder with a script and stand-ins for programs of SLURM.
struct Cluster {
    place: tempfile::TempDir,
}

impl Cluster {
    fn new() -> Cluster {
        let place = tempfile::tempdir().expect("a folder");
        let cluster = Cluster { place };
        std::fs::write(cluster.folder().join("s.rhai"), SCRIPT).expect("written");
        std::fs::create_dir(cluster.folder().join("bin")).expect("a folder");
        cluster.program("sbatch", "echo \"$@\" >> sbatch.log; echo 42");
        cluster.program("squeue", "cat squeue.txt 2>/dev/null || { echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1; }");
        cluster.program("scontrol", "echo \"$@\" >> scontrol.log");
        cluster
    }

    fn folder(&self) -> &Path {
        self.place.path()
    }

    fn program(&self, name: &str, body: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder().join("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("executable");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = crate::command(self.folder(), arguments);
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.folder().join("bin");
        command.env("PATH", format!("{}:{path}", bin.display()));
        command
    }

    fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = self.command(arguments).output();
        text(&output.expect("the program starts"))
    }

    fn task(&self, home: &str, number: usize) -> Command {
        let mut command = self.command(&["submit", "--task", home]);
        command
            .env("SLURM_ARRAY_TASK_ID", number.to_string())
            .env("SLURM_ARRAY_JOB_ID", "42");
        command
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder().join(path)).unwrap_or_default()
    }
}

#[test]
fn a_dry_run_prints_the_job_and_submits_nothing() {
    let cluster = Cluster::new();
    let (out, err, code) = cluster.run(&[
        "submit",
        "s.rhai",
        "--sweep",
        "lr=0.01,0.1",
        "--folds",
        "3",
        "--gpus",
        "1",
        "--time",
        "4:00:00",
        "--array",
        "4",
        "--cpus",
        "8",
        "--mem",
        "16G",
        "--option=--account=lab",
        "--dry-run",
    ]);
    assert_eq!(code, 0, "{err}");
    let lines = [
        "#!/bin/bash",
        "#SBATCH --job-name=s",
        "#SBATCH --array=1-6%4",
        "#SBATCH --requeue",
        "#SBATCH --signal=B:USR1@120",
        "#SBATCH --time=4:00:00",
        "#SBATCH --gres=gpu:1",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=16G",
        "#SBATCH --account=lab",
    ];
    for line in lines {
        assert!(out.lines().any(|own| own == line), "{line}: {out}");
    }
    assert!(
        out.contains("submit --task") && out.contains("/runs/s-sweep"),
        "{out}"
    );
    assert!(err.contains("run 006: lr=0.1, fold=2"), "{err}");
    assert!(!cluster.folder().join("runs").exists() && cluster.read("sbatch.log").is_empty());
    for (arguments, expected) in [
        (["--sweep", "rate=1"], "no parameter `rate`"),
        (["--time", "soon"], "expected a time as SLURM has it"),
        (["--time", "1"], "checkpoints are written 120 s ahead"),
        (["--array", "0"], "--array is at least 1"),
        (["--option", "lab"], "expected an option of sbatch"),
        (["--time", "1-99:99:99"], "expected a time as SLURM has it"),
        (["--time", "1:60"], "expected a time as SLURM has it"),
        (["--mem", "16 G"], "expected a size as SLURM has it"),
        (
            ["--partition", "gpu\nrm -rf x"],
            "would become a line of the job",
        ),
        (["--name", "a\nb"], "would become a line of the job"),
        (
            ["--option", "--account=a\nb"],
            "would become a line of the job",
        ),
    ] {
        let all = [&["submit", "s.rhai", "--dry-run"], arguments.as_slice()].concat();
        let (_, err, code) = cluster.run(&all);
        assert!(
            code == 2 && err.contains(expected),
            "{arguments:?}: {code} {err}"
        );
    }
}

#[test]
fn a_failed_submission_leaves_no_folder() {
    let cluster = Cluster::new();
    cluster.program("sbatch", "echo 'invalid partition' >&2; exit 1");
    let (_, err, code) = cluster.run(&["submit", "s.rhai", "--folds", "2"]);
    assert!(
        code == 1 && err.contains("sbatch failed: invalid partition"),
        "{err}"
    );
    assert!(!cluster.folder().join("runs/s-sweep").exists());
    let mut command = cluster.command(&["submit", "s.rhai"]);
    let (_, err, code) = text(&command.env("PATH", "/nowhere").output().expect("starts"));
    assert!(
        code == 1 && err.contains("sbatch is not installed") && err.contains("--dry-run"),
        "{err}"
    );
}

#[test]
fn runs_of_an_array_are_listed_and_collected() {
    let cluster = Cluster::new();
    let arguments = [
        "submit",
        "s.rhai",
        "--sweep",
        "lr=0.01,0.1",
        "--folds",
        "2",
        "--device",
        "cpu",
    ];
    let (out, err, code) = cluster.run(&arguments);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("job 42: 4 runs in ") && out.contains("--collect"),
        "{out}"
    );
    assert!(
        cluster.read("sbatch.log").contains("--parsable")
            && cluster.read("sbatch.log").contains("job.sh")
    );
    let home = "runs/s-sweep";
    let (_, err, code) = cluster.run(&["submit", "--collect", home]);
    assert!(code == 1 && err.contains("no run in"), "{err}");
    for number in [1, 2, 3] {
        let (_, err, code) = text(&cluster.task(home, number).output().expect("starts"));
        assert_eq!(code, 0, "{err}");
    }
    std::fs::write(
        cluster.folder().join("squeue.txt"),
        "42 4 PENDING Priority\n",
    )
    .expect("written");
    let (out, _, code) = cluster.run(&["submit", "--status", home]);
    assert_eq!(code, 0);
    let states: Vec<&str> = out.lines().filter(|line| line.starts_with("00")).collect();
    assert!(
        states.len() == 4 && states[..3].iter().all(|line| line.contains("done")),
        "{out}"
    );
    assert!(
        states[3].contains("lr=0.1, fold=1") && states[3].contains("pending  0       Priority"),
        "{out}"
    );
    let (_, err, code) = cluster.run(&["submit", "--collect", home]);
    assert!(
        code == 1 && err.contains("1 of 4 runs are not in it: 004 (pending)"),
        "{err}"
    );
    std::fs::remove_file(cluster.folder().join("squeue.txt")).expect("removed");
    let (_, err, _) = cluster.run(&["submit", "--status", home]);
    assert!(
        err.contains("not in the queue, and not done: 004 (lost)"),
        "{err}"
    );
    // the plan is that of a sweep: what the cluster lost is executed here
    let (_, err, code) = cluster.run(&["run", "--resume", home]);
    assert_eq!(code, 0, "{err}");
    let local = cluster.read("runs/s-sweep/summary.tsv");
    let (_, err, code) = cluster.run(&["submit", "--collect", home]);
    assert_eq!(code, 0, "{err}");
    let table = cluster.read("runs/s-sweep/summary.tsv");
    assert_eq!(table, local);
    assert!(
        table.starts_with("lr\truns\tloss\tloss sd\n0.01\t2\t") && table.lines().count() == 3,
        "{table}"
    );
}

/// Waits until a condition holds, or fails.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn signal(child: &Child, signal: libc::c_int) {
    // SAFETY: the child has not been waited for
    assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, signal) }, 0);
}

#[test]
fn a_run_is_checkpointed_and_queued_again_ahead_of_its_time_limit() {
    let cluster = Cluster::new();
    let (_, err, code) =
        cluster.run(&["submit", "s.rhai", "--set", "pause=0.2", "--device", "cpu"]);
    assert_eq!(code, 0, "{err}");
    let home = "runs/s-sweep";
    let checkpoints = cluster.folder().join(home).join("001/checkpoints");
    let child = cluster
        .task(home, 1)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    until("a checkpoint is written", || {
        std::fs::read_dir(&checkpoints).is_ok_and(|mut all| all.next().is_some())
    });
    signal(&child, libc::SIGUSR1);
    let (_, err, code) = text(&child.wait_with_output().expect("ends"));
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("queued again"), "{err}");
    assert_eq!(cluster.read("scontrol.log"), "requeue 42_1\n");
    let state = cluster.read("runs/s-sweep/001/run.json");
    assert!(state.contains("interrupted"), "{state}");
    // SIGTERM is an end by somebody: checkpointed, and not queued again
    let child = cluster
        .task(home, 1)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    until("the run goes on", || {
        cluster
            .read("runs/s-sweep/001/run.json")
            .contains("running")
    });
    std::thread::sleep(Duration::from_secs(1));
    signal(&child, libc::SIGTERM);
    let (_, err, code) = text(&child.wait_with_output().expect("ends"));
    assert_eq!(code, 130, "{err}");
    assert_eq!(cluster.read("scontrol.log"), "requeue 42_1\n");
    let (_, err, code) = text(&cluster.task(home, 1).output().expect("starts"));
    assert_eq!(code, 0, "{err}");
    // the same bits as without a break
    let whole = [
        "run",
        "s.rhai",
        "--set",
        "pause=0.0",
        "--device",
        "cpu",
        "--run-dir",
        "whole",
    ];
    assert_eq!(cluster.run(&whole).2, 0);
    assert_eq!(
        cluster.read("runs/s-sweep/001/results.json"),
        cluster.read("whole/results.json")
    );
}

/// The number of the child of a process.
fn child_of(parent: u32) -> libc::pid_t {
    let is_child = |id: &libc::pid_t| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        fields.split(' ').nth(1) == Some(&parent.to_string())
    };
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    let mut ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.find(is_child).expect("a child")
}

/// SLURM signals all processes of a job, and the job passed SIGTERM on to its run: where a step took
/// long, the second one ended the run before it had written its checkpoint.
#[test]
fn sigterm_to_all_processes_of_a_job_leaves_a_checkpoint() {
    let cluster = Cluster::new();
    let slow = "on_batch: |info| { save_text(\"began\", \"\"); tensor::ones([2500, 2500]).matmul(tensor::ones([2500, 2500])); },";
    let on_batch = SCRIPT.lines().find(|line| line.contains("on_batch"));
    let script = SCRIPT.replace(on_batch.expect("a line").trim(), slow);
    std::fs::write(cluster.folder().join("s.rhai"), script).expect("written");
    assert_eq!(cluster.run(&["submit", "s.rhai", "--device", "cpu"]).2, 0);
    let job = cluster.task("runs/s-sweep", 1).spawn().expect("starts");
    until("a step is under way", || {
        cluster.folder().join("runs/s-sweep/001/began").exists()
    });
    let run = child_of(job.id());
    // the job is late by longer than signals count as one
    signal(&job, libc::SIGSTOP);
    // SAFETY: the child of a stopped process has not been waited for
    assert_eq!(unsafe { libc::kill(run, libc::SIGTERM) }, 0);
    signal(&job, libc::SIGTERM);
    std::thread::sleep(Duration::from_millis(600));
    signal(&job, libc::SIGCONT);
    let (_, _, code) = text(&job.wait_with_output().expect("ends"));
    assert_eq!(code, 130);
    let checkpoints = cluster.folder().join("runs/s-sweep/001/checkpoints/model");
    assert!(checkpoints.is_dir(), "no checkpoint");
}

#[test]
fn a_run_without_a_checkpoint_is_not_queued_again_for_ever() {
    let cluster = Cluster::new();
    std::fs::write(
        cluster.folder().join("s.rhai"),
        "print(\"on\"); while true { }",
    )
    .expect("written");
    assert_eq!(cluster.run(&["submit", "s.rhai"]).2, 0);
    let child = cluster
        .task("runs/s-sweep", 1)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    until("the run begins", || {
        cluster.read("runs/s-sweep/001/log.txt").contains("on")
    });
    signal(&child, libc::SIGUSR1);
    let (_, err, code) = text(&child.wait_with_output().expect("ends"));
    assert!(
        code == 1 && err.contains("has no checkpoint to continue from"),
        "{code} {err}"
    );
    assert_eq!(cluster.read("scontrol.log"), "");
}

#[test]
fn a_run_that_comes_no_further_is_not_queued_again_for_ever() {
    let cluster = Cluster::new();
    let script = format!(
        "if !files::list(\".\", #{{ ending: \".wait\" }}).is_empty() {{ while true {{ }} }}\n{SCRIPT}"
    );
    std::fs::write(cluster.folder().join("s.rhai"), script).expect("written");
    let arguments = ["submit", "s.rhai", "--set", "pause=0.2", "--device", "cpu"];
    assert_eq!(cluster.run(&arguments).2, 0);
    let home = "runs/s-sweep";
    let signalled = |holds: &dyn Fn() -> bool| {
        let child = cluster
            .task(home, 1)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("starts");
        until("the run has begun", holds);
        signal(&child, libc::SIGUSR1);
        text(&child.wait_with_output().expect("ends"))
    };
    let checkpoints = cluster.folder().join(home).join("001/checkpoints");
    let (_, err, code) =
        signalled(&|| std::fs::read_dir(&checkpoints).is_ok_and(|mut all| all.next().is_some()));
    assert!(code == 0 && err.contains("queued again"), "{err}");
    std::fs::write(cluster.folder().join("x.wait"), "").expect("written");
    let record = "runs/s-sweep/001/run.json";
    let (_, err, code) = signalled(&|| cluster.read(record).contains("running"));
    assert!(
        code == 1 && err.contains("has no newer checkpoint than at its start"),
        "{code} {err}"
    );
    assert_eq!(cluster.read("scontrol.log"), "requeue 42_1\n");
}

#[test]
fn a_run_waits_for_the_lock_of_a_lost_machine() {
    let cluster = Cluster::new();
    assert_eq!(cluster.run(&["submit", "s.rhai", "--device", "cpu"]).2, 0);
    let folder = cluster.folder().join("runs/s-sweep/001");
    std::fs::create_dir(&folder).expect("a folder");
    let lock = folder.join("lock");
    std::fs::write(&lock, "elsewhere:12:345").expect("written");
    let old = std::time::SystemTime::now() - Duration::from_secs(117);
    let file = std::fs::File::options().write(true).open(&lock);
    file.and_then(|file| file.set_modified(old)).expect("older");
    let output = cluster.task("runs/s-sweep", 1).output();
    let (_, err, code) = text(&output.expect("starts"));
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("waiting for the process that has locked"),
        "{err}"
    );
}

#[test]
fn states_are_those_of_the_records_where_slurm_does_not_answer() {
    let cluster = Cluster::new();
    assert_eq!(cluster.run(&["submit", "s.rhai", "--folds", "2"]).2, 0);
    let home = "runs/s-sweep";
    cluster.program(
        "squeue",
        "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1",
    );
    let (out, err, code) = cluster.run(&["submit", "--status", home]);
    assert!(code == 0 && out.contains("002  fold=1    lost"), "{out}");
    assert!(
        err.contains("Unable to contact slurm controller: states are those of the records alone")
            && !err.contains("not in the queue"),
        "{err}"
    );
    let (_, err, code) = cluster.run(&["submit", "--resume", home]);
    assert!(
        code == 1
            && err.contains("SLURM does not answer")
            && cluster.read("sbatch.log").lines().count() == 1,
        "{err}"
    );
    // SLURM forgets a job some minutes after its end
    cluster.program(
        "squeue",
        "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1",
    );
    let (_, err, _) = cluster.run(&["submit", "--status", home]);
    assert!(
        err.contains("not in the queue, and not done: 001 (lost), 002 (lost)"),
        "{err}"
    );
}

#[test]
fn what_is_left_is_submitted_again() {
    let cluster = Cluster::new();
    let arguments = [
        "submit", "s.rhai", "--folds", "4", "--array", "2", "--time", "9", "--ahead", "30",
    ];
    assert_eq!(cluster.run(&arguments).2, 0);
    let home = "runs/s-sweep";
    let output = cluster.task(home, 2).output();
    assert_eq!(output.expect("starts").status.code(), Some(0));
    let listed = "42 1 RUNNING None\n42 3 OUT_OF_MEMORY OutOfMemory\n42 4 CANCELLED None\n";
    std::fs::write(cluster.folder().join("squeue.txt"), listed).expect("written");
    let (out, _, _) = cluster.run(&["submit", "--status", home]);
    for line in [
        "001  fold=0    running",
        "003  fold=2    out_of_memory",
        "004  fold=3    cancelled",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    cluster.program("sbatch", "echo \"$@\" >> sbatch.log; echo 77");
    let again = ["submit", "--resume", home, "--mem", "32G", "--time", "1"];
    let (out, err, code) = cluster.run(&again);
    assert!(code == 0 && out.contains("job 77: 2 runs in"), "{out}{err}");
    let log = cluster.read("sbatch.log");
    let expected = "--parsable --time=1 --mem=32G --array=3,4%2 runs/s-sweep/job.sh";
    assert_eq!(log.lines().nth(1), Some(expected), "{log}");
    assert_eq!(cluster.read("runs/s-sweep/job.txt"), "42\n77\n");
    // the last job of a run counts
    let listed = format!("77 3 PENDING Priority\n77 4 RUNNING None\n{listed}");
    std::fs::write(cluster.folder().join("squeue.txt"), listed).expect("written");
    let (out, _, code) = cluster.run(&["submit", "--resume", home]);
    assert!(
        code == 0 && out.contains("every run in runs/s-sweep is done or queued"),
        "{out}"
    );
    let (_, err, code) = cluster.run(&["submit", "--resume", home, "--sweep", "lr=1"]);
    assert!(code == 2 && err.contains("cannot be used with"), "{err}");
}

#[test]
fn a_job_that_slurm_would_misread_is_refused_or_quoted() {
    let cluster = Cluster::new();
    let (_, err, code) = cluster.run(&["submit", "s.rhai", "--name", "a\\b", "--dry-run"]);
    assert_eq!(code, 0, "{err}");
    let (_, err, code) = cluster.run(&["submit", "s.rhai", "--run-dir", "a\\b"]);
    assert!(code == 2 && err.contains("path with a backslash"), "{err}");
    let (out, _, _) = cluster.run(&["submit", "s.rhai", "--name", "50% #1", "--dry-run"]);
    let lines = [
        "#SBATCH --job-name=\"50%_#1\"",
        "/runs/50%% #1-sweep/%3a.txt\"",
    ];
    assert!(lines.iter().all(|line| out.contains(line)), "{out}");
    // nothing is left of a submission that is refused
    assert_eq!(cluster.run(&["submit", "s.rhai", "--time", "1"]).2, 2);
    assert!(
        !cluster.folder().join("runs").exists() && !cluster.folder().join("a\\b/s-sweep").exists()
    );
    cluster.program("sbatch", "echo 'sbatch: error: Batch job submission failed: Invalid job array specification' >&2; exit 1");
    let (_, err, code) = cluster.run(&["submit", "s.rhai", "--folds", "1001"]);
    assert!(code == 1 && err.contains("below MaxArraySize"), "{err}");
}
