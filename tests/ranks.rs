//! Runs of several processes: the numbers of one, and never a process that waits forever.

use crate::{files_below, root, said};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

/// Seconds after which a run is ended: a run that waits forever fails its test.
const LIMIT: &str = "240";

/// Whether processes can be started together; says so where they cannot.
fn has_mpi() -> bool {
    let has_launcher = Command::new("mpirun").arg("--version").output().is_ok();
    match (cfg!(feature = "mpi"), has_launcher) {
        (true, true) => true,
        (false, _) => {
            eprintln!("SKIPPED: built without the feature `mpi`");
            false
        }
        _ => {
            eprintln!("SKIPPED: there is no mpirun");
            false
        }
    }
}

/// A command that starts the program several times, in a folder.
fn started(ranks: usize, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=60", LIMIT]);
    if ranks > 1 {
        let count = ranks.to_string();
        command.args([
            "mpirun",
            "--allow-run-as-root",
            "--oversubscribe",
            "-n",
            &count,
        ]);
    }
    command
        .arg(env!("CARGO_BIN_EXE_cistron"))
        .args(arguments)
        .args(["--threads", "1", "--device", "cpu"])
        .current_dir(folder)
        .env("OMP_NUM_THREADS", "1");
    command
}

/// Runs a script by several processes.
fn run(ranks: usize, folder: &Path, arguments: &[&str]) -> Output {
    let arguments = [&["run"], arguments].concat();
    started(ranks, folder, &arguments)
        .output()
        .expect("timeout and mpirun start")
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| {
        panic!("{}: {error}", path.display());
    });
    serde_json::from_str(&text).expect("JSON")
}

/// Numbers of a value, in order.
fn numbers(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| numbers(item, out)),
        Value::Object(items) => items.values().for_each(|item| numbers(item, out)),
        other => out.extend(other.as_f64()),
    }
}

/// The weights and the recorded values of a training.
fn outcome(ranks: usize, folder: &Path, which: &str, more: &[&str]) -> (Vec<f64>, Vec<f64>) {
    let script = root().join("tests/ranks/train.rhai");
    let (set, place) = (format!("which={which}"), format!("{which}{ranks}"));
    let script = script.to_str().expect("text");
    let arguments = [&[script, "--set", &set, "--run-dir", &place], more].concat();
    let (out, error, code) = said(&run(ranks, folder, &arguments));
    assert_eq!(code, 0, "{which} on {ranks} ranks: {out}{error}");
    let record = folder.join(place);
    let results = json(&record.join("results.json"));
    assert_eq!(results["ranks"], ranks);
    let mut weights = Vec::new();
    numbers(&results["weights"], &mut weights);
    let text = std::fs::read_to_string(record.join("metrics.jsonl")).expect("metrics");
    let mut values = Vec::new();
    for line in text.lines() {
        let mut row: Value = serde_json::from_str(line).expect("JSON");
        let row = row.as_object_mut().expect("an object");
        row.remove("seconds");
        row.remove("speed");
        numbers(&Value::Object(row.clone()), &mut values);
    }
    (weights, values)
}

/// The largest difference of two lists of numbers.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f64::max)
}

fn same_numbers(which: &str) {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let (weights, values) = outcome(1, place.path(), which, &[]);
    assert!(weights.len() > 20 && values.len() > 3);
    for ranks in [2, 3] {
        let (own, recorded) = outcome(ranks, place.path(), which, &[]);
        let (of_weights, of_values) = (distance(&weights, &own), distance(&values, &recorded));
        eprintln!("{which}, {ranks} ranks: weights {of_weights:.1e}, values {of_values:.1e}");
        assert!(
            of_weights < 2e-5 && of_values < 2e-5,
            "{of_weights} {of_values}"
        );
    }
}

/// Dropout, clipping, accumulation, an average of the weights, validation; a last batch of 5 rows.
#[test]
fn a_dense_network_has_the_numbers_of_one_process() {
    same_numbers("dense");
}

/// Augmentation, noise and mixed rows; metrics of the training rows.
#[test]
fn sequences_are_changed_by_their_rows() {
    same_numbers("sequence");
}

#[test]
fn undefined_labels_count_on_no_process() {
    same_numbers("labels");
}

#[test]
fn steps_of_a_script_have_the_numbers_of_one_process() {
    same_numbers("step");
    same_numbers("two");
}

#[test]
fn a_frozen_prefix_is_computed_by_all() {
    same_numbers("frozen");
}

/// Statistics of a batch are those of the rows of a process: the numbers differ, but processes have
/// one network, and evaluate it to the same values.
#[test]
fn batch_norm_is_local() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let (_, values) = outcome(2, place.path(), "batch_norm", &[]);
    assert!(values.iter().all(|value| value.is_finite()));
}

/// Statistics of a batch are those of the rows of all processes, also of a batch that has none for
/// some.
#[test]
fn batch_norm_of_all_processes_has_the_numbers_of_one() {
    same_numbers("sync");
}

/// Each process explains its share of the sequences, and has the whole; also where there are fewer
/// sequences than processes.
#[test]
fn explanations_have_the_numbers_of_one_process() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let script = root().join("tests/ranks/explain.rhai");
    let script = script.to_str().expect("a path");
    let found = |ranks: usize, rows: &str| {
        let name = format!("{ranks}_{rows}");
        let set = format!("rows={rows}");
        let output = run(
            ranks,
            place.path(),
            &[script, "--set", &set, "--run-dir", &name],
        );
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut values = Vec::new();
        numbers(
            &json(&place.path().join(name).join("results.json")),
            &mut values,
        );
        values
    };
    for rows in ["7", "1"] {
        let one = found(1, rows);
        for ranks in [2, 3] {
            let apart = distance(&one, &found(ranks, rows));
            assert!(apart < 1e-6, "{rows} sequences, {ranks} ranks: {apart}");
        }
    }
}

/// What a script prints and reports on some processes, and the files of its record.
fn reported(ranks: usize, folder: &Path, script: &str, set: &[&str]) -> (String, Value) {
    let script = root().join("tests/ranks").join(script);
    let name = format!("{}_{ranks}", set.join("_").replace('=', "_"));
    let mut arguments = vec![script.to_str().expect("text"), "--run-dir", &name];
    set.iter().for_each(|own| arguments.extend(["--set", own]));
    let (out, error, code) = said(&run(ranks, folder, &arguments));
    assert_eq!(code, 0, "{name}: {out}{error}");
    let trials = error.lines().filter(|line| line.contains("trial "));
    let lines: Vec<&str> = trials.collect();
    let mut results = json(&folder.join(&name).join("results.json"));
    if let Some(results) = results.as_object_mut() {
        results.remove("size");
    }
    (lines.join("\n"), results)
}

/// The rows of `metrics.jsonl`, without times.
fn metrics(record: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(record.join("metrics.jsonl")).unwrap_or_default();
    let row = |line: &str| {
        let mut row: Value = serde_json::from_str(line).expect("JSON");
        let columns = row.as_object_mut().expect("an object");
        columns.remove("seconds");
        columns.remove("speed");
        row
    };
    text.lines().map(row).collect()
}

/// Trials that processes divide: the table, the reports, the messages and the epochs of one
/// process, in its order, also of trials that fail or are pruned, and of fewer trials than
/// processes.
#[test]
fn searches_have_the_trials_of_one_process() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let cases: [&[&str]; 8] = [
        &["which=random"],
        &["which=random", "trials=2"],
        &["which=grid"],
        &["which=tpe", "trials=11"],
        &["which=pruned", "trials=9"],
        &["which=failed"],
        &["which=train", "trials=4"],
        &["which=train", "trials=1"],
    ];
    for set in cases {
        let one = reported(1, place.path(), "search.rhai", set);
        let name = set.join("_").replace('=', "_");
        let record = |ranks: usize| place.path().join(format!("{name}_{ranks}"));
        for ranks in [2, 3] {
            let own = reported(ranks, place.path(), "search.rhai", set);
            assert_eq!(own, one, "{set:?} on {ranks} ranks");
            assert_eq!(metrics(&record(ranks)), metrics(&record(1)), "{set:?}");
        }
    }
    // trials of all processes write checkpoints where those of one do
    assert!(
        place
            .path()
            .join("which_train_trials_4_3/checkpoints/trials/3/net/last.safetensors")
            .exists()
    );
}

/// The third of consecutive failures ends the search of all processes, as of one.
#[test]
fn trials_that_fail_end_a_search_of_several_processes() {
    if !has_mpi() {
        return;
    }
    let script = "
        search::random(#{ n: search::int(0, 9) }, |p, trial| {
            if trial.number >= 2 { throw `trial ${trial.number} cannot be`; }
            p.n
        }, #{ trials: 9, seed: 9 });
    ";
    let (error, _) = failing(script);
    // the process that meets the third failure ends the search; the other may have begun more
    // trials by then, which fail as well
    let is_ended = |number: usize| error.contains(&format!("error[thrown]: trial {number} (n "));
    assert!(
        error.contains("trial 2 failed: trial 2 cannot be")
            && error.contains("trial 3 failed: trial 3 cannot be")
            && (4..9).any(is_ended)
            && error.contains("s.rhai:3"),
        "{error}"
    );
    let (error, _) = failing(
        "
        let seen = 0;
        search::random(#{ n: search::int(0, 9) }, |p| { seen += 1; p.n }, #{ trials: 4 });
    ",
    );
    assert!(
        error.contains("changes variables that it has captured"),
        "{error}"
    );
    let (error, _) = failing(
        "
        if world.rank == 1 {
            search::random(#{ n: search::int(0, 9) }, |p| p.n, #{ trials: 4 });
        }
    ",
    );
    assert!(error.contains("ranks do different things"), "{error}");
}

/// Variants, occurrences of motifs and discovered patterns: the numbers of one process in its
/// order, and files that the first process writes.
#[test]
fn scans_have_the_rows_of_one_process() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let tag = format!("tag={}", std::process::id());
    for (which, rows, files) in [
        ("variants", "31", &["effects.tsv", "effects.vcf"][..]),
        ("variants", "2", &["effects.tsv", "effects.vcf"]),
        ("variants", "0", &["effects.tsv", "effects.vcf"]),
        ("fimo", "7", &["p_value.tsv", "q_value.tsv"]),
        ("fimo", "1", &["p_value.tsv", "q_value.tsv"]),
        ("modisco", "160", &[]),
        ("modisco", "2", &[]),
    ] {
        let (which_set, rows_set) = (format!("which={which}"), format!("rows={rows}"));
        let mut set = vec![which_set.as_str(), rows_set.as_str()];
        if which == "variants" {
            set.push(&tag);
        }
        let name = set.join("_").replace('=', "_");
        let one = reported(1, place.path(), "scan.rhai", &set);
        for ranks in [2, 3] {
            let own = reported(ranks, place.path(), "scan.rhai", &set);
            let (mut a, mut b) = (Vec::new(), Vec::new());
            numbers(&one.1, &mut a);
            numbers(&own.1, &mut b);
            let apart = distance(&a, &b);
            assert!(apart < 1e-5, "{which} of {rows} on {ranks} ranks: {apart}");
            if which != "variants" {
                assert_eq!(own, one, "{which} of {rows} on {ranks} ranks");
            }
            for file in files {
                let text = |ranks: usize| {
                    let path = place.path().join(format!("{name}_{ranks}")).join(file);
                    std::fs::read_to_string(path).expect("a file of the record")
                };
                let names = |text: &str| -> Vec<String> {
                    let lines = text.lines().filter(|line| !line.starts_with("##"));
                    lines
                        .map(|line| line.split('\t').take(3).collect::<Vec<_>>().join(" "))
                        .collect()
                };
                assert_eq!(
                    names(&text(ranks)),
                    names(&text(1)),
                    "{file} on {ranks} ranks"
                );
            }
        }
        if which == "modisco" && rows == "160" {
            assert!(
                one.1["patterns"]
                    .as_array()
                    .is_some_and(|own| own.len() == 2)
            );
        }
    }
}

/// A script that sees the processes, and prints on the first.
#[test]
fn scripts_see_the_processes() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let script = "
        fn mine() { world.rank }
        world.barrier();
        print(`rank ${mine()} of ${world.size}`);
        report(\"sum\", world.all_reduce(tensor::from([1.0 * world.rank, 1.0])).to_array());
        report(\"ranks\", world.gather(#{ rank: world.rank, word: \"ab\", none: () }));
        report(\"second\", world.broadcast(world.rank, 1));
        report(\"sizes\", world.gather(tensor::zeros([world.rank + 1])).map(|t| t.len()));
    ";
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let (out, error, code) = said(&run(3, place.path(), &["s.rhai", "--run-dir", "r"]));
    assert_eq!((out.as_str(), code), ("rank 0 of 3\n", 0), "{error}");
    let results = json(&place.path().join("r/results.json"));
    assert_eq!(results["sum"], serde_json::json!([3.0, 3.0]));
    assert_eq!(results["second"], 1);
    assert_eq!(results["sizes"], serde_json::json!([1, 2, 3]));
    assert_eq!(
        results["ranks"][2],
        serde_json::json!({ "rank": 2, "word": "ab", "none": null })
    );
    // one record, in which the other processes keep what they print
    assert_eq!(
        files_below(place.path(), "json")
            .iter()
            .filter(|path| path.ends_with("run.json"))
            .count(),
        1
    );
    let log = |rank: usize| {
        let path = place.path().join(format!("r/ranks/{rank}/log.txt"));
        std::fs::read_to_string(path).expect("a log")
    };
    assert_eq!(
        (log(1), log(2)),
        ("rank 1 of 3\n".into(), "rank 2 of 3\n".into())
    );
}

/// Runs a script of two processes that fails; returns what it prints, and its exit code.
fn failing(script: &str) -> (String, i32) {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let started = Instant::now();
    let (_, error, code) = said(&run(2, place.path(), &["s.rhai", "--run-dir", "r"]));
    let seconds = started.elapsed().as_secs_f64();
    assert!(seconds < 200.0, "{seconds} s: {error}");
    let fault = json(&place.path().join("r/failed.json"));
    let message = fault["fault"]["message"].as_str().unwrap_or_default();
    assert!(
        error.contains(message) && !message.is_empty(),
        "{message}\n{error}"
    );
    assert_eq!(json(&place.path().join("r/run.json"))["state"], "failed");
    (error, code)
}

/// The error of one process reaches the record and ends all processes with its exit code.
#[test]
fn the_failure_of_a_process_ends_all() {
    if !has_mpi() {
        return;
    }
    let (error, code) = failing(
        "
        if world.rank == 1 { throw \"broken here\"; }
        world.barrier();
    ",
    );
    assert!(
        error.contains("rank 1: broken here") && error.contains("s.rhai:2"),
        "{error}"
    );
    assert_eq!(code, 1);
    let (error, _) = failing("throw \"broken everywhere\";");
    assert_eq!(error.matches("broken everywhere\n").count(), 1, "{error}");
    let (error, _) = failing(
        "
        let set = data::from(#{ x: tensor::ones([8, 2]), label: tensor::ones([8, 1]) });
        let net = nn::build(nn::linear(1), [2]);
        let rank = world.rank;
        train::fit(net, #{
            train: set, loss: loss::mse(), optimizer: optim::sgd(), batch: 4, epochs: 3,
            on_batch: |info| { if rank == 1 { throw \"broken in a batch\"; } true },
        });
    ",
    );
    assert!(
        error.contains("rank 1") && error.contains("broken in a batch"),
        "{error}"
    );
}

#[test]
fn processes_that_do_different_things_do_not_wait() {
    if !has_mpi() {
        return;
    }
    let (error, code) = failing("if world.rank == 0 { world.barrier(); }");
    assert!(
        error.contains("rank 0 is at world.barrier, rank 1 at the end of the script"),
        "{error}"
    );
    assert_eq!(code, 1);
    let (error, _) = failing(
        "
        if world.rank == 0 { world.barrier(); } else { world.all_reduce(tensor::ones([3])); }
    ",
    );
    assert!(error.contains("rank 1 at world.all_reduce (3)"), "{error}");
}

/// A run of two processes that is interrupted continues on three, and on one.
#[test]
fn a_run_continues_on_another_number_of_processes() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let (weights, values) = outcome(1, place.path(), "dense", &["--set", "epochs=4"]);
    for ranks in [3, 1] {
        std::fs::remove_dir_all(place.path().join("dense2")).ok();
        outcome(2, place.path(), "dense", &["--set", "epochs=2"]);
        let more = ["--resume", "dense2", "--set", "epochs=4"];
        let (out, error, code) = said(&run(ranks, place.path(), &more));
        assert_eq!(code, 0, "{out}{error}");
        let results = json(&place.path().join("dense2/results.json"));
        let mut own = Vec::new();
        numbers(&results["weights"], &mut own);
        assert!(
            distance(&weights, &own) < 2e-5,
            "{}",
            distance(&weights, &own)
        );
        assert_eq!(results["ranks"], ranks);
    }
    assert!(!values.is_empty());
}

/// SIGTERM to the launcher ends the run, which can be continued.
#[test]
fn a_signal_ends_all_processes() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let script = root().join("tests/ranks/train.rhai");
    let arguments = [
        "run",
        script.to_str().expect("text"),
        "--run-dir",
        "r",
        "--set",
        "epochs=100000",
    ];
    // mpirun waits so many seconds before it passes the signal on, and as many before it kills
    let mut child = started(2, place.path(), &arguments)
        .env("OMPI_MCA_odls_base_sigkill_timeout", "6")
        .spawn()
        .expect("it starts");
    let metrics = place.path().join("r/metrics.jsonl");
    let begun = Instant::now();
    while !metrics.exists() && begun.elapsed().as_secs() < 120 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(metrics.exists(), "no epoch within two minutes");
    // SAFETY: sends a signal to a child of this process; `timeout` passes it on
    unsafe { libc::kill(child.id() as i32, libc::SIGTERM) };
    let sent = Instant::now();
    let status = child.wait().expect("it ends");
    assert!(!status.success());
    assert!(sent.elapsed().as_secs() < 60, "{:?}", sent.elapsed());
    let run = json(&place.path().join("r/run.json"));
    assert_eq!(run["state"], "interrupted");
}

#[test]
fn srun_without_mpi_is_refused() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("s.rhai"), "print(world.size);").expect("written");
    let output = crate::command(place.path(), &["run", "s.rhai"])
        .env("SLURM_STEP_NUM_TASKS", "2")
        .output();
    let (_, err, code) = said(&output.expect("the program starts"));
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("srun has started 2 processes without MPI") && err.contains("--mpi=pmix"),
        "{err}"
    );
}

#[test]
fn options_of_one_process_are_refused() {
    if !has_mpi() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(
        place.path().join("s.rhai"),
        "let n = param(\"n\", 1, \"n\");",
    )
    .expect("written");
    let (_, error, code) = said(&run(2, place.path(), &["s.rhai", "--sweep", "n=1,2"]));
    assert_eq!(code, 2, "{error}");
    assert!(
        error.contains("--sweep is for one process, mpirun has started 2"),
        "{error}"
    );
}
