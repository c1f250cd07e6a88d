//! Runs that are kept: killed and resumed, compared, repeated, exported.

use crate::{browser, cistron, opened, python, said};
use cistron::base::seed::Rng;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Two networks, the second of which learns from the first; early stop, dropout, a schedule;
/// results in between.
const SCRIPT: &str = r#"
let epochs = param("epochs", 30, "passes");
let set = sim::paired(sim::motifs(4, #{ width: 5, seed: 1 }), #{ n: 600, length: 40, per_sequence: 2, seed: 1 });
let parts = set.split(#{ train: 0.8, valid: 0.2 }, #{ seed: 1 });
let options = |seed| #{
    train: parts.train, valid: parts.valid, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.01 }), batch: 32, epochs: epochs,
    schedule: schedule::cosine(), stop: train::early_stop("valid.loss", #{ patience: 12 }), seed: seed, metrics: [metric::auroc()],
};
let arch = nn::chain([["conv", nn::conv1d(16, 6)], nn::batch_norm(), nn::relu(), nn::dropout(0.2), nn::global_max_pool(), nn::linear(1)]);
let first = nn::build(arch, [4, 40], #{ seed: 1, name: "net" });
let a = train::fit(first, options.call(3));
report("first", a.last("valid.auroc"));
let second = nn::build(arch, [4, 40], #{ seed: 2, name: "net" });
second.transfer(first, "conv");
let b = train::fit(second, options.call(4));
report("second", #{ auroc: b.last("valid.auroc"), epochs: b.len() });
second.save("final.safetensors");
"#;

/// What a run gave, as far as it must not depend on when it was broken off.
fn outcome(folder: &Path) -> (String, Vec<u8>, Vec<String>) {
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let rows = text("metrics.jsonl");
    let plain = rows
        .lines()
        .map(|line| line.split(",\"seconds\"").next().unwrap_or("").to_string())
        .collect();
    (
        text("results.json"),
        std::fs::read(folder.join("final.safetensors")).unwrap_or_default(),
        plain,
    )
}

#[test]
fn runs_killed_at_any_moment_go_on_to_the_same_weights() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("s.rhai"), SCRIPT).expect("written");
    let started = std::time::Instant::now();
    assert_eq!(
        said(&cistron(
            place.path(),
            &["run", "s.rhai", "--threads", "1", "--run-dir", "whole"]
        ))
        .2,
        0
    );
    let length = started.elapsed().as_millis() as u64;
    let wanted = outcome(&place.path().join("whole"));
    assert!(
        !wanted.1.is_empty() && wanted.2.len() > 20,
        "{:?}",
        wanted.2.len()
    );
    let mut rng = Rng::keyed(&[11]);
    let (mut kills, mut runs) = (0, 0);
    while kills < 50 {
        runs += 1;
        let name = format!("run{runs}");
        let folder = place.path().join(&name);
        let mut tries = 0;
        while !folder.join("done.json").exists() {
            // from a third of the way at most, so that every run is broken off several times;
            // patience ends it
            let wait = if tries < 8 {
                rng.below((length / 2).max(50) as usize) as u64
            } else {
                60_000
            };
            tries += 1;
            let arguments: &[&str] = if folder.join("run.json").exists() {
                &["run", "--resume", &name]
            } else {
                &["run", "s.rhai", "--threads", "1", "--run-dir", &name]
            };
            if !folder.join("run.json").exists() {
                std::fs::remove_dir_all(&folder).ok();
            }
            let mut child = Command::new(env!("CARGO_BIN_EXE_cistron"))
                .args(arguments)
                .current_dir(place.path())
                .stderr(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .expect("the program starts");
            let began = std::time::Instant::now();
            while began.elapsed() < Duration::from_millis(wait)
                && child.try_wait().expect("a child").is_none()
            {
                std::thread::sleep(Duration::from_millis(2));
            }
            if child.try_wait().expect("a child").is_none() {
                child.kill().expect("killed");
                kills += 1;
            }
            let status = child.wait().expect("ended");
            assert!(
                status.code().is_none() || status.success(),
                "resuming failed in {name} after {kills} kills"
            );
        }
        assert!(
            outcome(&folder) == wanted,
            "{name} differs after {kills} kills"
        );
    }
}

#[test]
fn a_full_disk_stops_the_run_and_leaves_the_last_good_checkpoint() {
    let place = tempfile::tempdir().expect("a folder");
    // nothing larger than 4 MiB can be written, as on a disk that is full; the library that the
    // program contains has 3 MiB
    let script = r#"
let set = data::from(#{ x: tensor::randn([64, 4], #{ seed: 1 }), label: tensor::randn([64, 1], #{ seed: 2 }) });
let fit = |net| train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::adam(), epochs: 3, checkpoint: "last" });
fit.call(nn::build(nn::linear(1), [4], #{ seed: 1, name: "small" }));
fit.call(nn::build(nn::chain([nn::linear(1000), nn::linear(1000), nn::linear(1)]), [4], #{ seed: 1, name: "large" }));
"#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let command = format!(
        "ulimit -f 4096; trap '' XFSZ; exec {} run s.rhai --run-dir r",
        env!("CARGO_BIN_EXE_cistron")
    );
    let output = Command::new("bash")
        .args(["-c", &command])
        .current_dir(place.path())
        .output()
        .expect("bash runs");
    let (_, err, code) = said(&output);
    assert!(
        code == 1 && err.contains("large") && err.contains("error[file]"),
        "{err}"
    );
    let small = place
        .path()
        .join("r/checkpoints/small/last.state.safetensors");
    assert!(small.exists() && place.path().join("r/failed.json").exists());
    let leftovers = walk(&place.path().join("r"))
        .into_iter()
        .filter(|path| path.contains(".part"))
        .count();
    assert_eq!(leftovers, 0);
    // with room again the run goes on
    assert_eq!(said(&cistron(place.path(), &["run", "--resume", "r"])).2, 0);
    assert!(
        place.path().join("r/done.json").exists() && !place.path().join("r/failed.json").exists()
    );
}

fn walk(folder: &Path) -> Vec<String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            out.extend(walk(&entry.path()));
        } else {
            out.push(entry.path().display().to_string());
        }
    }
    out
}

const SMALL: &str = r#"
let lr = param("lr", 0.1, "rate");
let fold = param("fold", 0, "fold");
if lr > 5.0 { throw "too large"; }
let rows = seq::read_fasta("rows.fa");
let set = data::from(#{ x: tensor::randn([64, 4], #{ seed: 1 + fold }), label: tensor::randn([64, 1], #{ seed: 2 }) });
let run = train::fit(nn::build(nn::linear(1), [4], #{ name: "net" }), #{ train: set, loss: loss::mse(), optimizer: optim::adam(#{ lr: lr }), epochs: 3, batch: 16 });
report("scores", #{ loss: run.last("train.loss") });
"#;

fn small(place: &Path) {
    std::fs::write(place.join("rows.fa"), ">a\nACGT\n").expect("written");
    std::fs::write(place.join("s.rhai"), SMALL).expect("written");
}

#[test]
fn runs_are_listed_sorted_compared_replayed_and_removed() {
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    assert_eq!(
        run(&[
            "run", "s.rhai", "--name", "slow", "--tag", "first", "--set", "lr=0.01"
        ])
        .2,
        0
    );
    assert_eq!(
        run(&["run", "s.rhai", "--name", "fast", "--set", "lr=0.5"]).2,
        0
    );
    assert_eq!(
        run(&["run", "s.rhai", "--name", "broken", "--set", "lr=9"]).2,
        1
    );
    let (out, _, _) = run(&["runs", "list", "--sort", "lr", "--filter", "state=done"]);
    let order: Vec<&str> = out
        .lines()
        .filter_map(|line| {
            ["slow", "fast", "broken"]
                .into_iter()
                .find(|name| line.contains(name))
        })
        .collect();
    assert_eq!(order, ["fast", "slow"], "{out}");
    assert!(
        run(&[
            "runs",
            "list",
            "--filter",
            "scores.loss<1000",
            "--filter",
            "first"
        ])
        .0
        .contains("#first")
    );
    assert!(
        run(&["runs", "list", "--filter", "lr>1"])
            .0
            .contains("failed")
    );
    for (filter, expected) in [
        ("lr>", "is neither a word nor a comparison"),
        (">0.1", "is neither a word nor a comparison"),
        ("lr=>0.1", "is neither a word nor a comparison"),
        ("lr>high", "lr is a number, got high"),
        ("scores.los>1", "did you mean `scores.loss`?"),
    ] {
        let (out, err, code) = run(&["runs", "list", "--filter", filter]);
        assert!(code == 2 && err.contains(expected), "{filter}: {out}{err}");
    }
    assert!(
        run(&["runs", "list", "--filter", "lr==0.5"])
            .0
            .contains("fast")
    );
    let (_, err, code) = run(&["runs", "list", "--sort", "scores.los"]);
    assert!(
        code == 2 && err.contains("did you mean `scores.loss`?"),
        "{err}"
    );
    let (out, _, _) = run(&["runs", "show", "slow"]);
    for wanted in [
        "state = done",
        "set.lr = 0.01",
        "epochs = 3",
        "rows.fa (8 bytes)",
        "versions.libtorch = \"2.11.0\"",
    ] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
    let (out, err, code) = run(&["runs", "compare", "slow", "fast", "-o", "both.svg"]);
    assert_eq!(code, 0, "{err}");
    for wanted in ["set.lr", "0.01 ", "0.5", "scores.loss", "epoch", "both.svg"] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
    let figure = std::fs::read_to_string(place.path().join("both.svg")).expect("a figure");
    assert!(figure.contains("slow") && figure.contains("fast"));
    let (_, err, code) = run(&["runs", "compare", "slow", "fast", "--metric", "los"]);
    assert!(code == 2 && err.contains("there are train.loss"), "{err}");
    // a folder below, of a project
    std::fs::write(place.path().join("cistron.toml"), "").expect("written");
    std::fs::create_dir_all(place.path().join("a/b")).expect("folders");
    let below = |arguments: &[&str]| said(&cistron(&place.path().join("a/b"), arguments));
    assert!(below(&["runs", "show", "slow"]).0.contains("state = done"));
    std::fs::remove_file(place.path().join("cistron.toml")).expect("removed");
    assert_eq!(below(&["runs", "show", "slow"]).2, 1);
    // what left nothing is removed, the run that failed after an epoch stays
    std::fs::create_dir_all(place.path().join("runs/torn")).expect("a folder");
    std::fs::write(place.path().join("runs/torn/script.rhai"), "1").expect("written");
    let (out, err, code) = run(&["runs", "gc", "--yes"]);
    assert!(
        code == 0 && out.contains("torn  without a record"),
        "{out}{err}"
    );
    assert!(!place.path().join("runs/torn").exists());
    assert_eq!(run(&["runs", "show", "slow"]).2, 0);
    let (out, _, _) = run(&["runs", "diff", "slow", "fast"]);
    for wanted in [
        "set.lr: 0.01 -> 0.5",
        "metrics part at epoch 1 of net",
        "results.scores.loss",
    ] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
    assert_eq!(
        run(&["runs", "replay", "slow"]).0,
        "the same numbers: 3 epochs, 1 results\n"
    );
    // a number that was changed by hand is told
    let folder = std::fs::read_dir(place.path().join("runs"))
        .expect("runs")
        .flatten()
        .map(|e| e.path())
        .find(|path| {
            std::fs::read_to_string(path.join("run.json"))
                .is_ok_and(|text| text.contains("\"fast\""))
                && !path.display().to_string().contains("replay")
        });
    let folder = folder.expect("the run");
    std::fs::write(
        folder.join("results.json"),
        "{\"scores\": {\"loss\": 0.125}}",
    )
    .expect("written");
    let (out, _, code) = run(&["runs", "replay", "fast"]);
    assert!(code == 3 && out.contains("scores.loss: 0.125 ->"), "{out}");
    let (_, err, code) = run(&["runs", "rm", "fast"]);
    assert!(code == 2 && err.contains("--yes"), "{err}");
    assert!(folder.exists());
    assert_eq!(
        run(&["runs", "rm", "--yes", &folder.display().to_string()]).2,
        0
    );
    assert!(!folder.exists());
    let (_, err, code) = run(&["run", "--resume", "runs"]);
    assert!(code == 1 && err.contains("no run directory"), "{err}");
}

#[test]
fn a_run_that_is_done_can_be_trained_on() {
    let place = tempfile::tempdir().expect("a folder");
    let script = r#"
let epochs = param("epochs", 4, "passes");
let set = data::from(#{ x: tensor::randn([64, 4], #{ seed: 1 }), label: tensor::randn([64, 1], #{ seed: 2 }) });
let net = nn::build(nn::chain([nn::linear(8), nn::dropout(0.5), nn::linear(1)]), [4], #{ seed: 1, name: "net" });
train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::adam(), batch: 16, epochs: epochs, seed: 1, checkpoint: "last" });
net.save("net.safetensors");
"#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let run = |words: &[&str]| said(&cistron(place.path(), words));
    assert_eq!(
        run(&[
            "run",
            "s.rhai",
            "--threads",
            "1",
            "--run-dir",
            "one",
            "--set",
            "epochs=7"
        ])
        .2,
        0
    );
    assert_eq!(
        run(&["run", "s.rhai", "--threads", "1", "--run-dir", "two"]).2,
        0
    );
    let (_, err, code) = run(&["run", "--resume", "two"]);
    assert!(
        code == 2 && err.contains("is done") && err.contains("--set epochs"),
        "{err}"
    );
    let (_, err, code) = run(&["run", "--resume", "two", "--set", "epoch=7"]);
    assert!(
        code == 2
            && err.contains("no parameter `epoch`")
            && place.path().join("two/done.json").exists(),
        "{err}"
    );
    assert_eq!(run(&["run", "--resume", "two", "--set", "epochs=7"]).2, 0);
    let bytes = |name: &str| {
        std::fs::read(place.path().join(name).join("net.safetensors")).expect("weights")
    };
    assert!(
        bytes("one") == bytes("two"),
        "the same weights, bit for bit"
    );
    let text = std::fs::read_to_string(place.path().join("two/run.json")).expect("run.json");
    assert!(
        text.contains("\"changed\"") && text.contains("\"epochs\": \"7\""),
        "{text}"
    );
    assert!(
        std::fs::read_to_string(place.path().join("two/metrics.jsonl"))
            .expect("metrics")
            .lines()
            .count()
            == 7
    );
}

#[test]
fn a_sweep_goes_on_after_a_failure_and_sums_up() {
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    let (out, err, code) = said(&cistron(
        place.path(),
        &["run", "s.rhai", "--sweep", "lr=0.1,9,0.5", "--folds", "2"],
    ));
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        err.contains("lr=9, fold=1: failed: too large") && err.contains("2 of 6 runs failed"),
        "{err}"
    );
    let table =
        std::fs::read_to_string(place.path().join("runs/s-sweep/summary.tsv")).expect("a table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows[0], ["lr", "runs", "scores.loss", "scores.loss sd"]);
    assert_eq!(
        rows.iter().skip(1).map(|row| row[1]).collect::<Vec<_>>(),
        ["2", "0", "2"]
    );
    assert!(
        rows[1][2].parse::<f64>().is_ok() && rows[1][3].parse::<f64>().is_ok_and(|sd| sd > 0.0)
    );
    // two at a time: the same table
    let (_, err, code) = said(&cistron(
        place.path(),
        &[
            "run",
            "s.rhai",
            "--sweep",
            "lr=0.1,9,0.5",
            "--folds",
            "2",
            "--jobs",
            "2",
        ],
    ));
    assert!(
        code == 1
            && err.contains("[4/6] lr=9, fold=1: failed: too large")
            && err.contains("lr=0.5, fold=1: done in"),
        "{err}"
    );
    assert_eq!(
        std::fs::read_to_string(place.path().join("runs/s-sweep-2/summary.tsv")).expect("a table"),
        table
    );
    assert!(
        std::fs::read_to_string(place.path().join("runs/s-sweep-2/003.txt"))
            .expect("what it printed")
            .contains("too large")
    );
    let (_, err, code) = said(&cistron(place.path(), &["run", "s.rhai", "--jobs", "2"]));
    assert!(code == 2 && err.contains("one run alone"), "{err}");
    let (_, err, code) = said(&cistron(
        place.path(),
        &["run", "s.rhai", "--sweep", "rate=1"],
    ));
    assert!(code == 2 && err.contains("no parameter `rate`"), "{err}");
}

#[test]
fn metrics_are_written_as_csv_and_for_tensorboard() {
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    assert_eq!(
        said(&cistron(place.path(), &["run", "s.rhai", "--run-dir", "r"])).2,
        0
    );
    assert_eq!(
        said(&cistron(
            place.path(),
            &[
                "runs",
                "export",
                "r",
                "--csv",
                "m.csv",
                "--tensorboard",
                "tb"
            ]
        ))
        .2,
        0
    );
    let csv = std::fs::read_to_string(place.path().join("m.csv")).expect("a table");
    assert_eq!(
        csv.lines().next(),
        Some("model,epoch,train.loss,lr,seconds")
    );
    assert_eq!(csv.lines().count(), 4);
    let Some(python) = python("tensorboard") else {
        return;
    };
    let script = "import sys\nfrom tensorboard.backend.event_processing.event_accumulator import EventAccumulator as E\ne = E(sys.argv[1]); e.Reload()\nprint(['%d %.4f' % (s.step, s.value) for s in e.Scalars('net/train.loss')], sorted(e.Tags()['scalars']))";
    let output = Command::new(python)
        .args(["-c", script, "tb/r"])
        .current_dir(place.path())
        .output()
        .expect("Python runs");
    let (out, err, _) = said(&output);
    let wanted: Vec<String> = csv
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let loss: f64 = cells[2].parse().expect("a number");
            format!("{} {:.4}", cells[1], loss)
        })
        .collect();
    assert!(
        wanted.iter().all(|one| out.contains(one.as_str())) && out.contains("results/scores.loss"),
        "{wanted:?}\n{out}\n{err}"
    );
}

#[test]
fn a_tracking_server_takes_a_run() {
    let Some(python) = python("mlflow.server") else {
        return;
    };
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    assert_eq!(
        said(&cistron(
            place.path(),
            &[
                "run",
                "s.rhai",
                "--run-dir",
                "r",
                "--name",
                "mine",
                "--tag",
                "lab"
            ]
        ))
        .2,
        0
    );
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let address = format!("http://127.0.0.1:{port}");
    let mut server = Command::new(&python)
        .args([
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--backend-store-uri",
            "sqlite:///m.db",
            "--workers",
            "1",
        ])
        .current_dir(place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // it starts others, which end with the group
        .process_group(0)
        .spawn()
        .expect("the server starts");
    let began = std::time::Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
        && began.elapsed() < Duration::from_secs(300)
    {
        std::thread::sleep(Duration::from_millis(200));
    }
    let sent = said(&cistron(
        place.path(),
        &[
            "runs",
            "export",
            "r",
            "--mlflow",
            &address,
            "--experiment",
            "ours & theirs",
        ],
    ));
    let script = format!(
        "import mlflow\nmlflow.set_tracking_uri('{address}')\nc = mlflow.MlflowClient()\ne = c.get_experiment_by_name('ours & theirs')\nr = c.search_runs([e.experiment_id])[0]\nprint(r.info.run_name, r.info.status, r.data.params['lr'], len(c.get_metric_history(r.info.run_id, 'net/train.loss')), 'scores.loss' in r.data.metrics, r.data.tags['lab'])"
    );
    let read = said(
        &Command::new(&python)
            .args(["-c", &script])
            .output()
            .expect("Python runs"),
    );
    Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", server.id())])
        .status()
        .ok();
    server.wait().ok();
    assert_eq!(sent.2, 0, "{}", sent.1);
    assert_eq!(read.0, "mine FINISHED 0.1 3 True true\n", "{}", read.1);
    let (_, err, code) = said(&cistron(
        place.path(),
        &["runs", "export", "r", "--mlflow", "http://127.0.0.1:1"],
    ));
    assert!(code == 1 && err.contains("error[network]"), "{err}");
}

#[test]
fn a_run_is_one_page_that_works_in_a_browser() {
    let place = tempfile::tempdir().expect("a folder");
    let script = r#"
let set = data::from(#{ x: tensor::randn([64, 4], #{ seed: 1 }), label: tensor::randn([64, 1], #{ seed: 2 }) });
let run = train::fit(nn::build(nn::linear(1), [4], #{ name: "net", seed: 1 }), #{ train: set, valid: set, loss: loss::mse(), optimizer: optim::adam(), epochs: 5 });
plot::history(run).save("history.svg");
plot::logos(sim::motifs(2, #{ width: 9, seed: 1 })).save("logos.svg");
print("a <line> & more");
report("score", 0.5);
"#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    assert_eq!(
        said(&cistron(
            place.path(),
            &["run", "s.rhai", "--run-dir", "r", "--name", "paged"]
        ))
        .2,
        0
    );
    let page = std::fs::read_to_string(place.path().join("r/report.html")).expect("a page");
    let outside = page.split(['"', '(']).filter(|part| {
        part.starts_with("http://") || part.starts_with("https://") || part.starts_with("//")
    });
    let outside: Vec<&str> = outside
        .filter(|part| !part.starts_with("http://www.w3.org"))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert!(page.contains("a &lt;line&gt; &amp; more"));
    assert_eq!(
        said(&cistron(
            place.path(),
            &["runs", "report", "r", "-o", "again.html"]
        ))
        .2,
        0
    );
    assert_eq!(
        std::fs::read_to_string(place.path().join("again.html")).expect("a page"),
        page
    );
    let Some(browser) = browser() else { return };
    // what a person does: the theme, a series off, the cursor by keys, a figure large
    let clicks = r#"<script>
const said = [];
const check = (name, yes) => said.push(name + "=" + yes);
addEventListener("error", (event) => check("error " + event.message, false));
document.getElementById("theme").click();
check("dark", document.documentElement.dataset.theme === "dark");
const paths = () => document.querySelectorAll(".chart")[0].querySelectorAll("path").length;
check("lines", paths() === 2);
document.querySelector(".chart .series").click();
check("off", paths() === 1 && document.querySelector(".chart .series").getAttribute("aria-pressed") === "false");
document.querySelector(".chart .series").click();
const svg = document.querySelector(".chart svg");
svg.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
check("cursor", document.querySelector(".chart output").textContent.startsWith("epoch 5: train.loss"));
check("focus", [...document.querySelectorAll("a, button, .chart svg, pre")].every((own) => own.tabIndex >= 0));
check("logos", document.querySelectorAll(".logo svg path").length > 60);
const logo = document.querySelector(".logo svg"), told = () => document.querySelector(".logo output").textContent;
logo.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
const first = told();
check("bits", first.startsWith("position 0: ") && first.includes(" bits"));
document.querySelectorAll(".logo button")[0].click();
check("strand", told().startsWith("position 8: ") && told() !== first);
document.querySelectorAll(".logo button")[1].click();
check("shares", told().includes("0.97"));
document.querySelector(".figures figure > button").click();
check("large", document.getElementById("large").open);
check("narrow", document.documentElement.scrollWidth <= innerWidth);
document.body.setAttribute("data-said", said.join(" "));
</script></body>"#;
    std::fs::write(
        place.path().join("clicked.html"),
        page.replace("</body>", clicks),
    )
    .expect("written");
    for size in ["1100,900", "390,800"] {
        let dom = opened(browser, &place.path().join("clicked.html"), size);
        let said = dom
            .split("data-said=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or("nothing was clicked")
            .to_string();
        assert_eq!(
            said,
            "dark=true lines=true off=true cursor=true focus=true logos=true bits=true strand=true shares=true large=true narrow=true",
            "at {size}"
        );
    }
}

#[test]
fn a_sandbox_keeps_a_script_in() {
    let place = tempfile::tempdir().expect("a folder");
    let inside = place.path().join("inside");
    std::fs::create_dir_all(inside.join("sub")).expect("folders");
    std::fs::write(place.path().join("secret.fa"), ">a\nACGT\n").expect("written");
    std::fs::write(place.path().join("secret.rhai"), "fn f() { 1 }").expect("written");
    std::fs::write(inside.join("open.fa"), ">a\nACGT\n").expect("written");
    std::os::unix::fs::symlink(place.path(), inside.join("link")).expect("a link");
    let run = |script: &str, more: &[&str]| {
        std::fs::write(inside.join("s.rhai"), script).expect("written");
        said(&cistron(
            &inside,
            &[&["run", "--sandbox", "--run-dir", "r", "s.rhai"], more].concat(),
        ))
    };
    let secret = place.path().join("secret.fa").display().to_string();
    let out = place.path().join("out.npy").display().to_string();
    for breakout in [
        format!("seq::read_fasta(\"{secret}\");"),
        "seq::read_fasta(\"../secret.fa\");".into(),
        "seq::read_fasta(\"link/secret.fa\");".into(),
        "seq::read_fasta(\"sub/../../secret.fa\");".into(),
        "seq::read_fasta(\"absent/../../secret.fa\");".into(),
        "import \"../secret\" as s; s::f();".into(),
        "import \"link/secret\" as s; s::f();".into(),
        format!("tensor::save_npy(\"{out}\", tensor::ones([2]));"),
        "tensor::save_npy(\"../../../../out.npy\", tensor::ones([2]));".into(),
        "plot::lines(\"a\", #{ a: [1.0, 2.0] }).save(\"../../../../../out.svg\");".into(),
        format!("nn::build(nn::linear(1), [2]).save(\"{out}\");"),
        "genome::open(\"../secret.fa\");".into(),
        "motifs::read(\"/etc/passwd\");".into(),
    ] {
        let (_, err, code) = run(&breakout, &[]);
        assert!(
            code == 1 && err.contains("error[sandbox]") && err.contains("outside the folders"),
            "{breakout}\n{err}"
        );
    }
    assert!(!place.path().join("out.npy").exists() && !place.path().join("out.svg").exists());
    let (_, err, code) = run(
        "seq::read_fasta(\"open.fa\"); import \"std/layers/fm\" as fm; tensor::save_npy(\"x.npy\", tensor::ones([2]));",
        &[],
    );
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        run(
            &format!("seq::read_fasta(\"{secret}\");"),
            &["--allow", &place.path().display().to_string()]
        )
        .2,
        0
    );
    let (_, err, code) = run("while true { }", &["--seconds", "1"]);
    assert!(code == 1 && err.contains("more than 1 s"), "{err}");
    let (_, err, code) = run(
        "let a = []; while true { a.push(tensor::ones([10_000_000])); }",
        &["--memory", "1500"],
    );
    assert!(code == 1 && err.contains("error["), "{code} {err}");
    // what is repeated, run again or gone on with is kept in too
    let peeking = format!("let a = param(\"a\", 1, \"\"); seq::read_fasta(\"{secret}\");");
    let (_, err, code) = run(&peeking, &["--sweep", "a=1,2"]);
    assert!(code != 0 && err.contains("2 of 2 runs failed"), "{err}");
    for again in [
        ["runs", "replay", "r/s-sweep/001"],
        ["run", "--resume", "r/s-sweep/001"],
    ] {
        let (_, err, _) = said(&cistron(&inside, &again));
        assert!(err.contains("error[sandbox]"), "{again:?}\n{err}");
    }
}
