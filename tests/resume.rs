//! Runs that are broken off at random moments and resumed: the same bytes as undisturbed, or a
//! refusal that names what differs.

use crate::{cistron, said};
use cistron::base::seed::Rng;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A script drawn from what trains, draws and toggles: one or two trainings with callbacks,
/// augmentation, negatives, schedules and losses of the script, a loop of its own, a search.
fn drawn(seed: u64) -> String {
    let mut rng = Rng::keyed(&[seed, 0x7265_7375]);
    let mut one_of = |of: &[&str]| of[rng.below(of.len())].to_string();
    let set = one_of(&[
        "set",
        "set.with_shuffles(#{ k: 2, redraw: true, seed: 3 })",
        "set.sampling(#{ positives: 0.25 })",
        "set.filter(|row| row.label[0] > 0.5).with_negatives(set, #{ ratio: 1.0, redraw: true, seed: 3 })",
    ]);
    let (loss, other_loss) = (
        "loss::bce_with_logits()",
        "|out, y| (out - y + tensor::randn([1]) * 0.1).abs().mean()",
    );
    let mut options = |callbacks: bool| {
        let loss = one_of(&[loss, other_loss]);
        let optimizer = one_of(&[
            "adam(#{ lr: 0.01 })",
            "sgd(#{ lr: 0.05, momentum: 0.9 })",
            "rmsprop(#{ lr: 0.005 })",
            "adamw(#{ lr: 0.01, weight_decay: 0.1 })",
            "adam(#{ lr: 0.01 }).until(2).then(optim::sgd(#{ lr: 0.05, momentum: 0.9 }))",
            "muon(#{ lr: 0.01 })",
        ]);
        let schedule = one_of(&[
            "",
            "schedule: schedule::cosine(),",
            "schedule: schedule::plateau(\"train.loss\", #{ patience: 1 }),",
            "schedule: schedule::one_cycle(),",
        ]);
        let augment = one_of(&[
            "",
            "augment: augment::chain([augment::reverse_complement(), augment::mutate(0.1)]),",
            "augment: augment::custom(|b| { seen += 1; b.x = b.x + tensor::randn([1]) * 0.01; b }),",
        ]);
        let valid = one_of(&[
            "",
            "valid: set, metrics: [metric::auroc()], checkpoint: \"both\",",
            "valid: set, stop: train::early_stop(\"valid.loss\", #{ patience: 3 }),",
            "valid: set, metrics: [metric::auroc()], validate_every: 2, checkpoint: #{ best: [\"valid.loss\", \"valid.auroc\"], last: true, every: \"2 steps\" },",
            "metrics: [metric::auroc()], checkpoint: #{ last: true, every: \"3 steps\" }, accumulate: 2,",
            "valid: set, average: train::average(\"swa\", #{ start: 2 }), checkpoint: \"best\",",
            "average: train::average(\"ema\", #{ decay: 0.9 }), noise: 0.1,",
        ]);
        let sampling = match set.as_str() {
            "set" => one_of(&["", "sampling: |e| (0..160).map(|i| 1.0 + (i * e) % 5),"]),
            _ => String::new(),
        };
        let on_batch = one_of(&["", "on_batch: |info| { seen += 1; info.step < 40 },"]);
        let on_epoch = one_of(&[
            "seen += 100; marks.push(e[\"train.loss\"]);",
            "if e.epoch == 2 { net.freeze(\"conv\"); } if e.epoch == 4 { net.unfreeze(); }",
            "ema[\"out.weight\"] = ema[\"out.weight\"] * 0.9 + net[\"out.weight\"] * 0.1; if e[\"train.loss\"] < best { best = e[\"train.loss\"]; }",
            "for b in set.batches(64) { marks.push(b.y.sum().item()); }",
            "for i in 0..3 { marks.push(stream.next().y.sum().item()); }",
            "marks.push(tensor::rand([1]).item()); state.count += 1; state.last = e.epoch;",
            "other.fill_(other.sum().item() * 0.5 + e.epoch);",
        ]);
        let on_epoch = if callbacks {
            format!("on_epoch: |e| {{ {on_epoch} wait.call(); }},")
        } else {
            "on_epoch: |e| wait.call(),".into()
        };
        format!(
            "train: {set}, loss: {loss}, optimizer: optim::{optimizer}, {schedule} {augment} {valid} {sampling} {on_batch} {on_epoch} batch: 32, epochs: 5, progress: false"
        )
    };
    let (first, second, tried) = (options(true), options(true), options(false));
    let search = match seed % 3 {
        0 => format!(
            "let found = search::{}(#{{ width: search::int(1, 6) }}, |p, trial| {{
                let tried = nn::build(nn::chain([nn::conv1d(p.width, 5), nn::relu(), nn::dropout(0.2), nn::global_max_pool(), nn::linear(1)]), [4, 30], #{{ name: \"tried\" }});
                let run = train::fit(tried, #{{ {tried} }});
                for e in 0..run.len() {{ if trial.report(e, run.column(\"train.loss\")[e]) {{ break; }} }}
                tried.train(); run.last(\"train.loss\") + tried.forward(x).sum().item()
            }}, #{{ trials: 5, startup: 2, direction: \"min\", seed: 1 }});
            report(\"found\", #{{ best: found.best, value: found.value, states: found.trials[\"state\"] }});",
            ["tpe", "random"][(seed / 3 % 2) as usize]
        ),
        1 => format!(
            "let other_net = build.call(4); other_net.transfer(net, \"conv\");
            let run = train::fit(other_net, #{{ {second} }}); other_net.save(\"other.safetensors\"); report(\"second\", run.column(\"train.loss\"));"
        ),
        _ => "net.train(); let own = optim::sgd(#{ lr: 0.01 }).over(net);
            for pass in 0..3 { for b in set.batches(50) { let loss = loss::mse().of(net.forward(b.x), b.y); own.zero_grad(); loss.backward(); own.step(); } wait.call(); }
            net.save(\"own.safetensors\");"
            .into(),
    };
    format!(
        r#"
let pause = param("pause", 0.0, "seconds after each epoch");
let wait = || {{ let begun = timestamp(); while begun.elapsed < pause {{ }} true }};
let set = data::from(#{{ sequence: seq::random(160, 30, #{{ seed: 1 }}), label: tensor::rand([160, 1], #{{ seed: 2 }}).gt(0.5).to("float32") }});
let build = |seed| nn::build(nn::chain([["conv", nn::conv1d(4, 5)], nn::relu(), nn::dropout(0.3), nn::global_max_pool(), ["out", nn::linear(1)]]), [4, 30], #{{ seed: seed, name: "net" }});
let net = build.call(1); let ema = build.call(2); let other = tensor::ones([3]);
let stream = set.stream(16, #{{ seed: 3 }});
let seen = 0; let best = 1e9; let marks = []; let state = #{{ count: 0, last: () }};
let x = seq::one_hot(seq::random(3, 30));
let run = train::fit(net, #{{ {first} }});
net.save("net.safetensors");
report("first", #{{ seen: seen, best: best, marks: marks, state: state, drawn: tensor::randn([2]).sum().item(), ema: ema["out.weight"].sum().item(), other: other.sum().item(), loss: run.column("train.loss") }});
let order = []; for b in set.batches(70) {{ order.push(b.y.sum().item()); }}
net.train(); report("dropout", #{{ sum: net.forward(x).sum().item(), order: order }}); net.eval();
{search}
report("last", tensor::randn([2]).sum().item());
"#
    )
}

/// What a run has given, as far as it must not depend on when it was broken off: results, weights,
/// measurements, trials.
fn outcome(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".safetensors") || name == "results.json" {
            out.insert(name, std::fs::read(entry.path()).expect("a file"));
        }
    }
    let rows = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    };
    let mut metrics = rows("metrics.jsonl");
    metrics
        .iter_mut()
        .for_each(|row| row["seconds"] = Value::Null);
    out.insert("metrics".into(), format!("{metrics:#?}").into_bytes());
    // a trial that is started again says so, and repeats steps
    let mut trials: Vec<Value> = rows("trials.jsonl")
        .into_iter()
        .filter(|row| row["again"].is_null())
        .collect();
    for row in &mut trials {
        row["seconds"] = Value::Null;
        row["process"] = Value::Null;
    }
    trials.sort_by_key(|row| {
        (
            row["trial"].as_u64(),
            row["params"].is_null(),
            row["step"].as_u64().unwrap_or(u64::MAX),
        )
    });
    trials.dedup();
    out.insert("trials".into(), format!("{trials:#?}").into_bytes());
    out
}

fn start(place: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cistron"))
        .args(arguments)
        .current_dir(place)
        .env("OMP_NUM_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Waits for the end of a child, or ends it by a signal after a time; whether it was ended.
fn broken_off(child: &mut Child, after: Duration, signal: libc::c_int) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < after {
        if child.try_wait().expect("a child").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    // SAFETY: sends a signal to a child that was not waited for
    unsafe { libc::kill(child.id() as libc::pid_t, signal) };
    true
}

fn state(folder: &Path) -> String {
    cistron::track::read(folder).state.to_string()
}

#[test]
fn drawn_scripts_that_are_broken_off_end_with_the_same_bytes() {
    let place = tempfile::tempdir().expect("a folder");
    let mut rng = Rng::keyed(&[5]);
    let (mut kills, mut seed) = (
        0,
        std::env::var("CISTRON_SEED")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0u64),
    );
    while kills < crate::cases(12) {
        let (script, whole) = (format!("s{seed}.rhai"), format!("whole{seed}"));
        std::fs::write(place.path().join(&script), drawn(seed)).expect("written");
        let begun = Instant::now();
        let (_, err, code) = said(&cistron(
            place.path(),
            &["run", &script, "--threads", "1", "--run-dir", &whole],
        ));
        assert_eq!(code, 0, "script {seed}: {err}");
        let length = begun.elapsed();
        let wanted = outcome(&place.path().join(&whole));
        for run in 0..2 {
            let name = format!("run{seed}-{run}");
            let folder = place.path().join(&name);
            let mut tries = 0;
            loop {
                let is_begun = folder.join("run.json").exists();
                if !is_begun {
                    std::fs::remove_dir_all(&folder).ok();
                }
                let arguments: &[&str] = if is_begun {
                    &["run", "--resume", &name]
                } else {
                    &["run", &script, "--threads", "1", "--run-dir", &name]
                };
                let mut child = start(place.path(), arguments);
                let after = if tries < 6 {
                    length.mul_f64(rng.uniform())
                } else {
                    Duration::from_secs(300)
                };
                let signal = if rng.below(4) == 0 {
                    libc::SIGTERM
                } else {
                    libc::SIGKILL
                };
                tries += 1;
                let ended = broken_off(&mut child, after, signal);
                kills += usize::from(ended);
                let output = child.wait_with_output().expect("ended");
                let err = String::from_utf8_lossy(&output.stderr);
                match output.status.code() {
                    Some(0) => break,
                    None if ended => assert!(
                        !folder.join("run.json").exists()
                            || ["open", "done", "interrupted"].contains(&state(&folder).as_str())
                    ),
                    Some(130) if ended => {}
                    _ => panic!(
                        "script {seed} after {kills} kills: {:?} {err}\n{}",
                        output.status,
                        drawn(seed)
                    ),
                }
                if folder.join("run.json").exists() && state(&folder) == "done" {
                    break;
                }
            }
            let got = outcome(&folder);
            for (what, bytes) in &wanted {
                let own = got.get(what).map(Vec::as_slice).unwrap_or_default();
                let text = |bytes: &[u8]| {
                    String::from_utf8_lossy(bytes)
                        .chars()
                        .take(4000)
                        .collect::<String>()
                };
                assert!(
                    own == bytes,
                    "script {seed}, {what} after {tries} starts:\n{}\ninstead of\n{}\n{}",
                    text(own),
                    text(bytes),
                    drawn(seed)
                );
            }
            assert_eq!((state(&folder).as_str(), got.len()), ("done", wanted.len()));
        }
        seed += 1;
    }
}

/// A training whose batches take a while, with everything that a checkpoint within an epoch has to
/// hold: sums of outputs, validations, draws of the script, dropout, augmentation.
const LONG_EPOCHS: &str = r#"
let pause = param("pause", 0.0, "seconds after each batch");
let set = data::from(#{ sequence: seq::random(96, 30, #{ seed: 1 }), label: (0..96).map(|i| i % 2) });
let parts = set.split(#{ train: 0.75, valid: 0.25 }, #{ seed: 1 });
let net = nn::build(nn::chain([nn::conv1d(4, 5), nn::relu(), nn::dropout(0.3), nn::global_max_pool(), nn::linear(1)]), [4, 30], #{ seed: 1, name: "net" });
let drawn = [];
let options = #{ train: parts.train, loss: |out, y| (out.sigmoid() - y + tensor::randn([1]) * 0.1).abs().mean(), optimizer: optim::adam(#{ lr: 0.01 }),
    metrics: [metric::auroc()], augment: augment::chain([augment::reverse_complement(), augment::mutate(0.1)]), batch: 4, accumulate: 2, epochs: 3, progress: false,
    on_batch: |info| { drawn.push(tensor::rand([1]).item()); report("batch", info.step); let begun = timestamp(); while begun.elapsed < pause { } true } };
let more = if param("validate", true, "whether there are validations") {
    #{ valid: parts.valid, validate_every: 3, checkpoint: #{ best: ["valid.loss", "valid.auroc"], last: true, every: "2 steps" } }
} else {
    #{ checkpoint: #{ last: true, every: "2 steps" }, sampling: |epoch| tensor::rand([parts.train.len()]) + 0.1 }
};
let run = train::fit(net, options + more);
report("drawn", drawn);
report("loss", run.column("train.loss"));
report("validations", run.validations.to_string());
net.train(); let sum = 0.0; for b in parts.valid.batches(8) { sum += net.forward(b.x).sum().item(); } net.eval();
report("last", [tensor::randn([2]).sum().item(), sum]);
net.save("net.safetensors");
"#;

/// A training whose validations take a while, with an average that each epoch enters once.
const LONG_VALIDATIONS: &str = r#"
let pause = param("pause", 0.0, "seconds for each batch in evaluation mode");
let set = data::from(#{ x: tensor::randn([96, 3], #{ seed: 1 }), label: tensor::randn([96, 1], #{ seed: 2 }) });
let parts = set.split(#{ train: 0.75, valid: 0.25 }, #{ seed: 1 });
let slow = nn::custom("slow", #{ forward: |p, x, is_training| {
    let begun = timestamp();
    while !is_training && begun.elapsed < pause { }
    x
} });
let net = nn::build(nn::chain([nn::linear(8), slow, nn::relu(), nn::linear(1)]), [3], #{ seed: 1, name: "net" });
let loss = if param("native", true, "whether the loss is native") { loss::mse() } else {
    |out, y| (out - y + tensor::randn([1]) * 0.1).square().mean()
};
let run = train::fit(net, #{
    train: parts.train, valid: parts.valid, loss: loss, optimizer: optim::adam(#{ lr: 0.05 }), batch: 8, epochs: 4, progress: false,
    average: train::average("swa", #{ start: 1 }), checkpoint: "last", on_batch: |info| { report("batch", info.step); true },
});
report("losses", [run.column("train.loss"), run.column("valid.loss"), tensor::randn([1]).item()]);
net.save("net.safetensors");
"#;

/// Two networks with optimizers of their own and a step function of the script.
const TWO_NETWORKS: &str = r#"
let pause = param("pause", 0.0, "seconds after each batch");
let set = data::from(#{ x: tensor::randn([param("rows", 72, "rows"), 2], #{ seed: 1 }) });
let nets = #{
    generator: nn::build(nn::chain([nn::linear(8), nn::batch_norm(), nn::tanh(), nn::linear(2)]), [3], #{ seed: 1 }),
    critic: nn::build(nn::chain([nn::linear(8), nn::relu(), nn::dropout(0.3), nn::linear(1)]), [2], #{ seed: 2 }),
};
let bce = loss::bce_with_logits();
let seen = 0; let drawn = [];
let run = train::fit(nets, #{
    train: set, valid: set, validate_every: 4, batch: 4, accumulate: 2, epochs: 3, progress: false,
    optimizer: #{ generator: optim::adam(#{ lr: 0.01 }), critic: optim::sgd(#{ lr: 0.05, momentum: 0.9 }) },
    schedule: schedule::cosine(), stop: train::early_stop("valid.loss.critic", #{ patience: 50 }),
    checkpoint: #{ best: ["valid.loss.critic", "valid.gap"], last: true, every: "2 steps" },
    step: |nets, batch, info| {
        let fake = nets.critic.forward(nets.generator.forward(tensor::randn([batch.len(), 3])));
        let truth = nets.critic.forward(batch.x + tensor::randn(batch.x.shape, #{ seed: info.seed }) * 0.1);
        if info.is_training { seen += 1; }
        #{
            losses: #{
                critic: bce.of(truth, truth.ones_like()) + bce.of(fake, fake.zeros_like()),
                generator: bce.of(fake, fake.ones_like()),
            },
            gap: truth.mean() - fake.mean(),
        }
    },
    on_batch: |info| { drawn.push(tensor::rand([1]).item()); report("batch", info.step); let begun = timestamp(); while begun.elapsed < pause { } true },
});
report("seen", [seen, drawn, run.column("train.loss.generator"), run.column("valid.gap"), run.validations.to_string()]);
report("last", tensor::randn([2]).sum().item());
nets.generator.save("generator.safetensors"); nets.critic.save("critic.safetensors");
"#;

/// What the state file of a training records of an epoch that is under way.
fn partial_epoch(folder: &Path, name: &str) -> Value {
    let path = folder.join(format!("checkpoints/{name}/last.state.safetensors"));
    let (_, notes) = cistron::torch::file::load_safetensors(&path).expect("a state file");
    let state: Value = serde_json::from_str(&notes["state"]).expect("JSON");
    state["partial"].clone()
}

/// Ends a run within its second epoch (steps 10 to 18) twice, by SIGTERM and by SIGKILL, resumes it
/// and compares it with an undisturbed run; its training is `name`, with files of best parameters.
fn is_ended_within_an_epoch(script: &str, setting: &str, name: &str, bests: &[&str]) {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    let arguments = [
        &["run", "s.rhai", "--threads", "1"][..],
        &["--set", setting],
    ]
    .concat();
    let (_, err, code) = run(&[&arguments[..], &["--run-dir", "whole"]].concat());
    assert_eq!(code, 0, "{err}");
    let wanted = outcome(&place.path().join("whole"));
    for signal in [libc::SIGTERM, libc::SIGKILL] {
        let cut = format!("cut-{signal}");
        let folder = place.path().join(&cut);
        let more = ["--run-dir", &cut, "--set", "pause=0.15"];
        let mut child = start(place.path(), &[&arguments[..], &more].concat());
        for step in [13, 16] {
            let begun = Instant::now();
            let is_at = || {
                let results = std::fs::read_to_string(folder.join("results.json"));
                let results: Value =
                    serde_json::from_str(&results.unwrap_or_default()).unwrap_or_default();
                results["batch"].as_u64() >= Some(step)
            };
            while !is_at() {
                assert!(begun.elapsed() < Duration::from_secs(300), "no step {step}");
                std::thread::sleep(Duration::from_millis(5));
            }
            broken_off(&mut child, Duration::ZERO, signal);
            let status = child.wait().expect("ended");
            let expected = (signal == libc::SIGTERM).then_some(130);
            assert_eq!(status.code(), expected);
            let partial = partial_epoch(&folder, name);
            let batches = partial["batches"].as_u64().expect("batches");
            assert_eq!(partial["epoch"], 1);
            // two batches are a step; a signal writes the step that is under way, a kill leaves
            // the last of every two
            let least = if signal == libc::SIGTERM { 0 } else { 1 };
            assert!(
                batches.is_multiple_of(2) && batches / 2 + 9 + least >= step - 1,
                "{batches} batches at step {step}"
            );
            if step == 13 {
                child = start(place.path(), &["run", "--resume", &cut]);
            }
        }
        let (_, err, code) = run(&["run", "--resume", &cut, "--set", "pause=0"]);
        assert_eq!(code, 0, "{err}");
        let got = outcome(&folder);
        for (what, bytes) in &wanted {
            let own = got.get(what).map(Vec::as_slice).unwrap_or_default();
            assert!(
                own == bytes,
                "{setting} {signal} {what}:\n{}\ninstead of\n{}",
                String::from_utf8_lossy(own),
                String::from_utf8_lossy(bytes)
            );
        }
        for best in bests {
            let read = |run: &Path| {
                std::fs::read(run.join(format!("checkpoints/{name}/{best}.safetensors"))).ok()
            };
            let best_of_whole = read(&place.path().join("whole"));
            assert!(best_of_whole.is_some(), "{best}");
            assert!(read(&folder) == best_of_whole, "{best}");
        }
    }
}

#[test]
fn a_run_that_is_ended_within_an_epoch_continues_there() {
    let bests = ["best", "best-valid.auroc", "best-valid.loss"];
    is_ended_within_an_epoch(LONG_EPOCHS, "validate=true", "net", &bests);
    is_ended_within_an_epoch(LONG_EPOCHS, "validate=false", "net", &[]);
}

/// An interrupt between the last batch of an epoch and its record: the average had the epoch twice
/// afterwards, and a loss of the script drew other numbers.
#[test]
fn a_run_that_is_ended_within_a_validation_ends_with_the_same_bytes() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("s.rhai"), LONG_VALIDATIONS).expect("written");
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    for setting in ["native=true", "native=false"] {
        let (whole, cut) = (format!("whole-{setting}"), format!("cut-{setting}"));
        let arguments = [
            "run",
            "s.rhai",
            "--threads",
            "1",
            "--set",
            setting,
            "--run-dir",
        ];
        let (_, err, code) = run(&[&arguments[..], &[&whole]].concat());
        assert_eq!(code, 0, "{err}");
        let folder = place.path().join(&cut);
        let more = [cut.as_str(), "--set", "pause=0.4"];
        let mut child = start(place.path(), &[&arguments[..], &more].concat());
        // nine steps are an epoch: the validation of the third takes three pauses
        let begun = Instant::now();
        let is_at = || {
            let results = std::fs::read_to_string(folder.join("results.json"));
            let results: Value =
                serde_json::from_str(&results.unwrap_or_default()).unwrap_or_default();
            results["batch"].as_u64() >= Some(27)
        };
        while !is_at() {
            assert!(begun.elapsed() < Duration::from_secs(300), "no step 27");
            std::thread::sleep(Duration::from_millis(5));
        }
        broken_off(&mut child, Duration::from_millis(500), libc::SIGTERM);
        assert_eq!(child.wait().expect("ended").code(), Some(130));
        let (_, err, code) = run(&["run", "--resume", &cut, "--set", "pause=0"]);
        assert_eq!(code, 0, "{err}");
        let (wanted, got) = (outcome(&place.path().join(&whole)), outcome(&folder));
        for (what, bytes) in &wanted {
            let own = got.get(what).map(Vec::as_slice).unwrap_or_default();
            assert!(
                own == bytes,
                "{setting} {what}:\n{}\ninstead of\n{}",
                String::from_utf8_lossy(own),
                String::from_utf8_lossy(bytes)
            );
        }
    }
}

#[test]
fn two_networks_that_are_ended_within_an_epoch_continue_there() {
    let bests = [
        "best.critic",
        "best.generator",
        "best-valid.gap.critic",
        "best-valid.loss.critic.generator",
    ];
    is_ended_within_an_epoch(TWO_NETWORKS, "rows=72", "critic_generator", &bests);
}

/// A loop of the script with a record, whose checkpoints have state of the script.
const OWN_LOOP: &str = r#"
let pause = param("pause", 0.0, "seconds after each epoch");
let set = data::from(#{ x: tensor::randn([48, 3], #{ seed: 1 }), label: tensor::randn([48, 1], #{ seed: 2 }) });
let net = nn::build(nn::chain([nn::linear(8), nn::relu(), nn::linear(1)]), [3], #{ seed: 1, name: "net" });
let optimizer = optim::adam(#{ lr: 0.02 }).over(net);
let run = train::record(net, #{ optimizer: optimizer, epochs: 6, stop: train::early_stop("train.loss"), progress: false });
let marks = if run.is_resumed { run.state.marks } else { [] };
for epoch in run.epoch..6 {
    net.train();
    let total = 0.0;
    for batch in set.batches(16) {
        let loss = loss::mse(net.forward(batch.x + tensor::randn(batch.x.shape) * 0.1), batch.y);
        optimizer.zero_grad(); loss.backward(); optimizer.step();
        total += loss.item() / 3.0;
    }
    net.eval();
    marks.push(total);
    run.log(#{ "train.loss": total });
    run.checkpoint(#{ marks: marks });
    let begun = timestamp(); while begun.elapsed < pause { }
}
report("marks", [marks, run.history.column("train.loss"), run.history.best_epoch, tensor::randn([1]).item()]);
run.restore_best();
net.save("net.safetensors");
"#;

#[test]
fn a_loop_of_a_script_continues_from_the_checkpoint_of_its_record() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("s.rhai"), OWN_LOOP).expect("written");
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    let arguments = ["run", "s.rhai", "--threads", "1"];
    let (_, err, code) = run(&[&arguments[..], &["--run-dir", "whole"]].concat());
    assert_eq!(code, 0, "{err}");
    let wanted = outcome(&place.path().join("whole"));
    let more = ["--run-dir", "cut", "--set", "pause=0.5"];
    let mut child = start(place.path(), &[&arguments[..], &more].concat());
    wait_for(&place.path().join("cut/metrics.jsonl"), 3);
    std::thread::sleep(Duration::from_millis(250));
    broken_off(&mut child, Duration::ZERO, libc::SIGKILL);
    child.wait().expect("ended");
    // another network is refused
    let record = place.path().join("cut/script.rhai");
    let script = std::fs::read_to_string(&record).expect("kept");
    std::fs::write(&record, script.replace("nn::relu()", "nn::tanh()")).expect("written");
    let (_, err, code) = run(&["run", "--resume", "cut"]);
    assert!(code == 1 && err.contains("architecture"), "{err}");
    std::fs::write(&record, script).expect("written");
    let (_, err, code) = run(&["run", "--resume", "cut", "--set", "pause=0"]);
    assert_eq!(code, 0, "{err}");
    let got = outcome(&place.path().join("cut"));
    for (what, bytes) in &wanted {
        let own = got.get(what).map(Vec::as_slice).unwrap_or_default();
        let text = String::from_utf8_lossy;
        assert!(
            own == bytes,
            "{what}:\n{}\ninstead of\n{}",
            text(own),
            text(bytes)
        );
    }
}

/// A training that takes a while, with a data file and a helper module.
const SLOW: &str = r#"
import "helper" as helper;
let width = param("width", 4, "filters");
let epochs = param("epochs", 8, "passes");
let pause = param("pause", 0.0, "seconds after each epoch");
let rows = data::table("rows.tsv", #{ sequence: "sequence", label: "label" });
let net = nn::build(nn::chain([nn::conv1d(width, 3), nn::relu(), nn::global_max_pool(), nn::linear(1)]), [4, 12], #{ name: "net" });
let run = train::fit(net, #{ train: rows, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: helper::RATE }), epochs: epochs, batch: 8, progress: false,
    on_epoch: |e| { let begun = timestamp(); while begun.elapsed < pause { } true } });
report("loss", run.last("train.loss"));
net.save("net.safetensors");
"#;

fn slow(place: &Path) {
    let rows: String = (0..24)
        .map(|i| {
            format!(
                "{}\t{}\n",
                "ACGTTGCAACGT"
                    .chars()
                    .cycle()
                    .skip(i % 7)
                    .take(12)
                    .collect::<String>(),
                i % 2
            )
        })
        .collect();
    std::fs::write(place.join("rows.tsv"), format!("sequence\tlabel\n{rows}")).expect("written");
    std::fs::write(place.join("helper.rhai"), "export const RATE = 0.01;\n").expect("written");
    std::fs::write(place.join("s.rhai"), SLOW).expect("written");
}

/// Waits until a file has so many lines.
fn wait_for(path: &Path, lines: usize) {
    let begun = Instant::now();
    while std::fs::read_to_string(path).map_or(0, |text| text.lines().count()) < lines {
        assert!(
            begun.elapsed() < Duration::from_secs(600),
            "{} never has {lines} lines",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_whose_files_have_changed_is_refused_and_keeps_its_record() {
    let place = tempfile::tempdir().expect("a folder");
    slow(place.path());
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    let mut child = start(
        place.path(),
        &["run", "s.rhai", "--run-dir", "r", "--set", "pause=0.2"],
    );
    wait_for(&place.path().join("r/metrics.jsonl"), 2);
    child.kill().expect("killed");
    child.wait().expect("ended");
    let folder = place.path().join("r");
    let kept = || {
        ["metrics.jsonl", "results.json", "run.json", "data.json"]
            .map(|name| std::fs::read(folder.join(name)).ok())
    };
    let before = kept();
    assert_eq!(state(&folder), "open");
    for (file, word) in [("rows.tsv", "another"), ("helper.rhai", "another content")] {
        let text = std::fs::read_to_string(place.path().join(file)).expect("a file");
        std::fs::write(
            place.path().join(file),
            text.replace("0.01", "0.02").replace("\t1\n", "\t0\n"),
        )
        .expect("written");
        let (_, err, code) = run(&["run", "--resume", "r"]);
        assert!(
            code == 1
                && err.contains("error[resume]")
                && err.contains(file)
                && err.contains(word)
                && err.contains("--changed"),
            "{err}"
        );
        std::fs::write(place.path().join(file), text).expect("written");
    }
    std::fs::rename(place.path().join("rows.tsv"), place.path().join("gone.tsv")).expect("moved");
    let (_, err, code) = run(&["run", "--resume", "r"]);
    assert!(code == 1 && err.contains("rows.tsv` is missing"), "{err}");
    std::fs::rename(place.path().join("gone.tsv"), place.path().join("rows.tsv")).expect("moved");
    assert!(
        kept() == before,
        "the record of a run that was not resumed has changed"
    );
    // another architecture under the same name is refused by the checkpoint itself
    let record = std::fs::read_to_string(folder.join("script.rhai")).expect("kept");
    std::fs::write(
        folder.join("script.rhai"),
        record.replace("nn::relu()", "nn::tanh()"),
    )
    .expect("written");
    let (_, err, code) = run(&["run", "--resume", "r"]);
    assert!(code == 1 && err.contains("architecture"), "{err}");
    std::fs::write(folder.join("script.rhai"), record).expect("written");
    let (_, err, code) = run(&["run", "--resume", "r", "--set", "pause=0"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(state(&folder), "done");
    assert_eq!(run(&["run", "s.rhai", "--run-dir", "whole"]).2, 0);
    assert!(
        std::fs::read(folder.join("net.safetensors")).ok()
            == std::fs::read(place.path().join("whole/net.safetensors")).ok()
    );
}

#[test]
fn a_run_has_one_owner_and_says_how_it_ended() {
    let place = tempfile::tempdir().expect("a folder");
    slow(place.path());
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGINT, libc::SIGUSR1] {
        let mut child = start(
            place.path(),
            &[
                "run",
                "s.rhai",
                "--run-dir",
                "runs/one",
                "--name",
                "mine",
                "--set",
                "pause=1.0",
            ],
        );
        let folder = place.path().join("runs/one");
        wait_for(&folder.join("metrics.jsonl"), 1);
        assert_eq!(state(&folder), "running");
        let (_, err, code) = run(&["run", "--resume", "runs/one"]);
        assert!(code == 1 && err.contains("error[busy]"), "{err}");
        broken_off(&mut child, Duration::ZERO, signal);
        assert_eq!(child.wait().expect("ended").code(), Some(130));
        assert_eq!(state(&folder), "interrupted");
        let (_, err, code) = run(&["run", "--resume", "mine", "--set", "pause=0"]);
        assert!(code == 0 && state(&folder) == "done", "{err}");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
    // a folder that is removed under a run
    let mut child = start(
        place.path(),
        &["run", "s.rhai", "--run-dir", "gone", "--set", "pause=0.5"],
    );
    wait_for(&place.path().join("gone/metrics.jsonl"), 1);
    std::fs::rename(place.path().join("gone"), place.path().join("elsewhere")).expect("moved");
    assert_eq!(child.wait().expect("ended").code(), Some(1));
    assert!(!place.path().join("gone").exists());
    // a start that fails for its arguments or its syntax leaves nothing
    let (_, err, code) = run(&["run", "s.rhai", "--run-dir", "none", "--set", "width=abc"]);
    assert!(code == 1 && err.contains("width"), "{err}");
    std::fs::write(place.path().join("broken.rhai"), "let x = ;").expect("written");
    assert_eq!(run(&["run", "broken.rhai", "--run-dir", "none"]).2, 1);
    assert!(!place.path().join("none").exists());
}

#[test]
fn a_sweep_whose_parent_is_killed_takes_its_runs_with_it_and_is_resumed() {
    let place = tempfile::tempdir().expect("a folder");
    slow(place.path());
    let mut child = start(
        place.path(),
        &[
            "run",
            "s.rhai",
            "--sweep",
            "width=3,4,5",
            "--set",
            "pause=0.3",
            "--run-dir",
            "runs",
            "--threads",
            "1",
        ],
    );
    let home = place.path().join("runs/s-sweep");
    wait_for(&home.join("002/metrics.jsonl"), 1);
    child.kill().expect("killed");
    child.wait().expect("ended");
    let begun = Instant::now();
    while state(&home.join("002")) == "running" {
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "a run of the sweep goes on without it"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(
        ["001", "002"].map(|name| state(&home.join(name))),
        ["done", "interrupted"]
    );
    assert!(!home.join("003").exists());
    let first = std::fs::metadata(home.join("001/done.json"))
        .expect("done")
        .modified()
        .expect("a time");
    let (out, err, code) = said(&cistron(place.path(), &["run", "--resume", "s-sweep"]));
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("summary.tsv")
            && ["001", "002", "003"]
                .iter()
                .all(|name| state(&home.join(name)) == "done"),
        "{out}{err}"
    );
    assert_eq!(
        std::fs::metadata(home.join("001/done.json"))
            .expect("done")
            .modified()
            .expect("a time"),
        first
    );
    let rows = std::fs::read_to_string(home.join("002/metrics.jsonl")).expect("measured");
    assert_eq!(rows.lines().count(), 8, "{rows}");

    // a run that is done but has lost its results is no blank cell
    std::fs::remove_file(home.join("001/results.json")).expect("removed");
    let (_, err, code) = said(&cistron(place.path(), &["run", "--resume", "s-sweep"]));
    assert!(
        code == 1 && err.contains("results.json is missing or damaged") && err.contains("1 of 3"),
        "{code} {err}"
    );
    let (_, err, _) = said(&cistron(place.path(), &["runs", "list"]));
    assert!(err.contains("results.json is missing"), "{err}");
}

/// A checkpoint cannot hold a function that was made while a training went on: it was found out on
/// resume alone.
#[test]
fn what_a_checkpoint_cannot_hold_is_warned_of_when_it_is_written() {
    let place = tempfile::tempdir().expect("a folder");
    let script = |body: &str| {
        format!(
            "let set = data::from(#{{ sequence: seq::random(64, 30, #{{ seed: 1 }}), label: (0..64).map(|i| i % 2) }});
             let net = nn::build(nn::chain([nn::conv1d(4, 5), nn::relu(), nn::global_max_pool(), nn::linear(1)]), [4, 30], #{{ seed: 1 }});
             let kept = ();
             train::fit(net, #{{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(), epochs: 3, progress: false, seed: 1,
                on_epoch: |info| {{ {body} }} }});
             report(\"done\", 1);"
        )
    };
    let cases = [
        ("let n = info.epoch; kept = || n;", Some("function")),
        ("kept = [1, #{ f: || 2 }];", Some("function")),
        (
            "kept = nn::build(nn::linear(1), [3], #{ seed: 1 });",
            Some("model"),
        ),
        (
            "let deep = 1; for i in 0..150 { deep = [deep]; } kept = deep;",
            Some("nested too deep"),
        ),
        ("kept = #{ a: [1.5, \"x\"], t: tensor::zeros([2]) };", None),
    ];
    for (i, (body, kind)) in cases.into_iter().enumerate() {
        std::fs::write(place.path().join("s.rhai"), script(body)).expect("written");
        let folder = format!("runs/{i}");
        let (_, err, code) = said(&cistron(
            place.path(),
            &["run", "s.rhai", "--run-dir", &folder],
        ));
        assert_eq!(code, 0, "{err}");
        let warnings: Vec<&str> = err
            .lines()
            .filter(|line| line.contains("a checkpoint cannot hold it"))
            .collect();
        match kind {
            Some(kind) => assert!(
                warnings.len() == 1 && warnings[0].contains(kind),
                "{body}: {err}"
            ),
            None => assert!(warnings.is_empty(), "{body}: {err}"),
        }
    }
}

/// A result nested thousands of levels deep overflowed the stack of a sandboxed process.
#[test]
fn values_nested_too_deep_for_a_record_are_refused() {
    let place = tempfile::tempdir().expect("a folder");
    for (levels, is_read) in [(99, true), (150, false), (5000, false)] {
        for word in ["report(\"deep\", x);", "param(\"deep\", x);"] {
            let text = format!("let x = 1; for i in 0..{levels} {{ x = #{{ x: x }}; }} {word}");
            std::fs::write(place.path().join("d.rhai"), text).expect("written");
            for more in [&[][..], &["--sandbox"]] {
                let arguments = [&["run", "d.rhai"], more].concat();
                let (_, err, code) = said(&cistron(place.path(), &arguments));
                assert!(
                    if is_read {
                        code == 0
                    } else {
                        code == 1 && err.contains("nested more than 100 levels")
                    },
                    "{levels} {word} {more:?}: {code} {err}"
                );
            }
        }
    }
}

#[test]
fn searches_of_one_script_have_trials_of_their_own() {
    let place = tempfile::tempdir().expect("a folder");
    let script = r#"
let offset = param("offset", 100.0, "offset");
let seen = [];
let search = |seed, more| search::random(#{ w: search::uniform(0.0, 1.0) }, |q, trial| { seen.push(more); report(`w${trial.number}`, q.w); q.w + more }, #{ trials: 3, seed: seed });
report("a", search.call(1, 0.0).value);
report("b", search.call(2, offset).value);
report("seen", seen.len());
"#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    assert_eq!(run(&["run", "s.rhai", "--run-dir", "r"]).2, 0);
    let results = cistron::track::read(&place.path().join("r")).results;
    assert!(results["a"].as_f64() < Some(1.0) && results["b"].as_f64() > Some(100.0));
    assert!(place.path().join("r/trials-2.jsonl").exists());
    // without a run directory nothing is left behind
    assert_eq!(run(&["run", "s.rhai", "--no-run-dir"]).2, 0);
    assert!(!place.path().join("trials.jsonl").exists());
    // trials of another search are refused
    let other = script.replace("trials: 3", "trials: 3, file: \"t.jsonl\"");
    std::fs::write(place.path().join("o.rhai"), other).expect("written");
    let (_, err, code) = run(&["run", "o.rhai", "--run-dir", "o"]);
    assert!(
        code == 1 && err.contains("trials of another search") && err.contains("seed"),
        "{err}"
    );
    // a trial that begins twice is no line of a search
    let path = place.path().join("r/trials.jsonl");
    let text = std::fs::read_to_string(&path).expect("trials");
    let first = text.lines().nth(1).expect("a trial").to_string();
    std::fs::write(&path, format!("{text}{first}\n")).expect("written");
    let (_, err, code) = run(&["run", "--resume", "r", "--set", "offset=1"]);
    assert!(code == 1 && err.contains("no line of a search"), "{err}");
}

#[test]
fn settings_given_on_resume_hold_in_functions_and_in_later_trainings() {
    let place = tempfile::tempdir().expect("a folder");
    let script = r#"
let epochs = param("epochs", 3, "passes");
let factor = param("factor", 1.0, "factor");
let seen = #{ epochs: 0 };
let set = data::from(#{ x: tensor::randn([32, 3], #{ seed: 1 }), label: tensor::rand([32, 1], #{ seed: 2 }) });
for name in ["a", "b"] {
    let net = nn::build(nn::linear(1), [3], #{ name: name, seed: 1 });
    let run = train::fit(net, #{ train: set, loss: |o, y| ((o - y) ** 2.0).mean() * factor, optimizer: optim::adam(), epochs: epochs, batch: 8, progress: false,
        on_epoch: |e| { seen.epochs += 1; tensor::randn([1]); report(`${name}_${e.epoch}`, e["train.loss"]); if e.epoch > epochs { throw "late"; } true } });
    report(`after_${name}`, [seen.epochs, run.len(), epochs]);
}
report("draw", tensor::randn([1]).item());
"#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let run = |arguments: &[&str]| said(&cistron(place.path(), arguments));
    let results = |name: &str| {
        std::fs::read_to_string(place.path().join(name).join("results.json")).expect("results")
    };
    let sorted = |name: &str| {
        serde_json::from_str::<BTreeMap<String, Value>>(&results(name)).expect("a map")
    };
    assert_eq!(
        run(&["run", "s.rhai", "--run-dir", "short", "--threads", "1"]).2,
        0
    );
    let (_, err, code) = run(&["run", "--resume", "short", "--set", "epochs=8"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("the training of `b` starts again"), "{err}");
    assert_eq!(
        run(&[
            "run",
            "s.rhai",
            "--run-dir",
            "long",
            "--set",
            "epochs=8",
            "--threads",
            "1"
        ])
        .2,
        0
    );
    assert_eq!(sorted("short"), sorted("long"));
    // a value that cannot be read leaves the record as it was
    let before = ["run.json", "done.json", "results.json"]
        .map(|name| std::fs::read(place.path().join("long").join(name)).ok());
    let (_, err, code) = run(&["run", "--resume", "long", "--set", "epochs=abc"]);
    assert!(code == 1 && err.contains("error[option]"), "{err}");
    assert!(
        before
            == ["run.json", "done.json", "results.json"]
                .map(|name| std::fs::read(place.path().join("long").join(name)).ok())
    );
    // a record that cannot be read
    for (file, name) in [("run.json", "long"), ("sweep.json", "sweep")] {
        std::fs::create_dir_all(place.path().join(name)).expect("a folder");
        let path = place.path().join(name).join(file);
        let kept = std::fs::read(&path).unwrap_or_default();
        for text in ["", "{\"start\": 3}"] {
            std::fs::write(&path, text).expect("written");
            let (_, err, code) = run(&["run", "--resume", name]);
            assert!(
                code == 1 && err.contains("is damaged") && err.contains("hint"),
                "{err}"
            );
        }
        std::fs::write(&path, kept).expect("written");
    }
    // a checkpoint whose numbers have changed is damaged
    let state = place
        .path()
        .join("long/checkpoints/a/last.state.safetensors");
    let mut bytes = std::fs::read(&state).expect("a checkpoint");
    let at = bytes.len() - 9;
    bytes[at] ^= 1;
    std::fs::write(&state, bytes).expect("written");
    let (_, err, code) = run(&["run", "--resume", "long", "--set", "epochs=9"]);
    assert!(code == 1 && err.contains("is damaged"), "{err}");
}

#[test]
fn a_sweep_may_report_what_it_sweeps_over() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(
        place.path().join("s.rhai"),
        "let lr = param(\"lr\", 1.0, \"\"); report(\"lr\", lr); report(\"runs\", 1);",
    )
    .expect("written");
    let (out, err, code) = said(&cistron(
        place.path(),
        &["run", "s.rhai", "--sweep", "lr=0.1,0.2", "--run-dir", "r"],
    ));
    assert!(code == 0 && out.contains("lr (result)"), "{out}{err}");
}
