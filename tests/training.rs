//! Training: the same seed, any number of threads, resuming, interrupts, hand-written loops.

use crate::{cistron, fault, run, said};
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

/// A small network with dropout and batch norm on sequences; writes its weights. `{options}` go to
/// `fit`.
const SCRIPT: &str = r#"
let epochs = param("epochs", 4, "");
let resume = param("resume", "", "");
let motifs = sim::motifs(4, #{ width: 6, seed: 1 });
let world = sim::paired(motifs, #{ n: 200, length: 40, per_sequence: 2, seed: 1 });
let parts = world.split(#{ train: 0.8, valid: 0.2 }, #{ seed: 1 });
let net = nn::build(nn::chain([nn::conv1d(8, 6), nn::batch_norm(), nn::relu(), nn::dropout(0.3), nn::global_max_pool(), nn::linear(1)]), [4, 40], #{ seed: 1, name: "small" });
let options = #{
    train: parts.train, valid: parts.valid, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.01 }),
    schedule: schedule::plateau("valid.loss", #{ patience: 1, factor: 0.5 }),
    augment: augment::chain([augment::reverse_complement(0.5), augment::shift(2)]),
    batch: 32, epochs: epochs, metrics: [metric::auroc()], seed: 5, checkpoint: "both",
};
if resume != "" { options.resume = resume; }
let history = train::fit(net, options);
report("losses", history.column("train.loss"));
report("best", history.best_epoch);
net.save("final.safetensors");
"#;

fn train(folder: &Path, name: &str, arguments: &[&str]) -> serde_json::Value {
    std::fs::write(folder.join("t.rhai"), SCRIPT).expect("written");
    let output = cistron(
        folder,
        &[
            &["run", "t.rhai", "--threads", "1", "--run-dir", name],
            arguments,
        ]
        .concat(),
    );
    let (_, err, code) = said(&output);
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(
        &std::fs::read_to_string(folder.join(name).join("results.json")).expect("results"),
    )
    .expect("JSON")
}

fn weights(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name).join("final.safetensors")).expect("weights")
}

#[test]
fn the_same_seed_gives_the_same_numbers_for_any_number_of_loaders() {
    let place = tempfile::tempdir().expect("a folder");
    let first = train(place.path(), "a", &["--loaders", "1"]);
    let again = train(place.path(), "b", &["--loaders", "1"]);
    let many = train(place.path(), "c", &["--loaders", "8"]);
    assert_eq!(first, again);
    assert_eq!(first, many);
    assert!(
        weights(place.path(), "a") == weights(place.path(), "b")
            && weights(place.path(), "a") == weights(place.path(), "c")
    );
}

#[test]
fn a_resumed_run_goes_on_bit_for_bit() {
    let place = tempfile::tempdir().expect("a folder");
    let whole = train(place.path(), "whole", &["--set", "epochs=5"]);
    train(place.path(), "half", &["--set", "epochs=2"]);
    let resumed = train(
        place.path(),
        "rest",
        &[
            "--set",
            "epochs=5",
            "--set",
            "resume=half/checkpoints/small",
        ],
    );
    assert_eq!(whole, resumed);
    assert!(
        weights(place.path(), "whole") == weights(place.path(), "rest"),
        "weights differ after resuming"
    );
}

#[test]
fn an_interrupt_saves_and_exits_130() {
    use std::process::{Command, Stdio};
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("t.rhai"), SCRIPT).expect("written");
    let child = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .args([
            "run",
            "t.rhai",
            "--run-dir",
            "stopped",
            "--set",
            "epochs=100000",
        ])
        .current_dir(place.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let last = place
        .path()
        .join("stopped/checkpoints/small/last.state.safetensors");
    let started = std::time::Instant::now();
    while !last.exists() && started.elapsed().as_secs() < 600 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // SAFETY: a signal to a child that is still ours
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let (_, err, code) = said(&child.wait_with_output().expect("it ends"));
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("interrupted"), "{err}");
    assert!(
        last.exists()
            && place
                .path()
                .join("stopped/checkpoints/small/last.safetensors")
                .exists()
    );
    assert!(place.path().join("stopped/failed.json").exists());
    std::fs::write(
        place.path().join("loop.rhai"),
        "print(\"started\"); let n = 0; while true { n += 1; }",
    )
    .expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .args(["run", "loop.rhai", "--no-run-dir"])
        .current_dir(place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    // on a busy machine a signal before the first line would come before its handler
    let mut first = [0];
    child
        .stdout
        .as_mut()
        .expect("its output")
        .read_exact(&mut first)
        .expect("a first line");
    // SAFETY: as above
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    assert_eq!(
        child.wait_with_output().expect("it ends").status.code(),
        Some(130)
    );
}

#[test]
fn a_hand_written_loop_gives_the_numbers_of_fit() {
    run(r#"
        let set = data::from(#{ x: tensor::randn([40, 3], #{ seed: 1 }), label: tensor::rand([40, 1], #{ seed: 2 }).gt(0.5).float() });
        fn net() { nn::build(nn::linear(1), [3], #{ seed: 4 }) }
        let a = net();
        train::fit(a, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.1 }), batch: 8, epochs: 3, seed: 9, progress: false });
        let b = net();
        let optimizer = optim::adam(#{ lr: 0.1 }).over(b);
        for epoch in 1..=3 {
            for batch in set.batches(8, #{ seed: 9, epoch: epoch }) {
                let loss = loss::bce_with_logits(b.forward(batch), batch.y);
                optimizer.zero_grad();
                loss.backward();
                optimizer.step();
            }
        }
        assert_eq(a["weight"], b["weight"]);
    "#)
    .expect("both ways agree");
}

#[test]
fn accumulated_batches_equal_one_large_batch() {
    run(r#"
        let set = data::from(#{ x: tensor::randn([32, 3], #{ seed: 1 }), label: tensor::randn([32, 1], #{ seed: 2 }) });
        let nets = [1, 4].map(|n| {
            let net = nn::build(nn::linear(1), [3], #{ seed: 4 });
            train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::sgd(#{ lr: 0.1 }), batch: 32 / n, accumulate: n, epochs: 2, seed: 1, progress: false });
            net
        });
        assert_near(nets[0]["weight"], nets[1]["weight"], 1e-6);
    "#)
    .expect("sums of gradients");
}

#[test]
fn clipping_weights_freezing_groups_and_hooks() {
    run(r#"
        let set = data::from(#{ x: tensor::randn([32, 3], #{ seed: 1 }), label: tensor::rand([32, 1], #{ seed: 2 }).gt(0.5).float() });
        let arch = nn::chain([["stem", nn::linear(4)], nn::relu(), ["head", nn::linear(1)]]);
        let net = nn::build(arch, [3], #{ seed: 4 });
        let stem = net["stem.weight"].copy();
        net.freeze("stem");
        let seen = [];
        train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.1, groups: [#{ params: "*bias", lr: 0.0 }] }), clip: 0.1,
            class_weights: [1.0, 2.0], batch: 8, epochs: 5, seed: 1, progress: false, metrics: [metric::auroc(), metric::accuracy()],
            on_epoch: |info| { seen.push(info.epoch); info.epoch < 3 } });
        assert_eq(net["stem.weight"], stem);
        assert_eq(seen, [1, 2, 3]);
        let other = nn::build(arch, [3], #{ seed: 4 });
        assert_eq(net["head.bias"].detach(), other["head.bias"].detach());
        assert(net["head.weight"] != other["head.weight"]);
    "#)
    .expect("all of them");
}

#[test]
fn early_stop_puts_the_best_epoch_back() {
    run(r#"
        let set = data::from(#{ x: tensor::randn([64, 3], #{ seed: 1 }), label: tensor::rand([64, 1], #{ seed: 2 }).gt(0.5).float() });
        let parts = set.split(#{ train: 0.5, valid: 0.5 }, #{ seed: 1 });
        let net = nn::build(nn::linear(1), [3], #{ seed: 4 });
        let history = train::fit(net, #{ train: parts.train, valid: parts.valid, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.5 }), epochs: 50, seed: 1,
            stop: train::early_stop("valid.loss", #{ patience: 3 }), progress: false });
        assert(history.len() < 50);
        assert_eq(history.len(), history.best_epoch + 3);
        let loss = train::evaluate(net, parts.valid, [], #{ loss: loss::bce_with_logits() }).loss;
        assert_near(loss, history.best_value, 1e-6);
    "#)
    .expect("stopped and restored");
}

#[test]
fn parameter_counts_of_known_networks() {
    run(r#"
        import "std/layers/fm" as fm;
        import "std/layers/tcn" as tcn;
        import "std/models/basset" as basset;
        import "std/models/danq" as danq;
        assert_eq(nn::build(basset::network(164), [4, 600]).parameter_count, 4_135_064);
        assert_eq(nn::build(danq::network(919), [4, 1000]).parameter_count, 46_926_479);
        // thesis: convolution 20 x 12 on A C G T, then a factorization machine of 20 factors
        let net = nn::build(nn::chain([nn::conv1d(20, 12), nn::relu(), nn::global_avg_pool(), fm::layer(1, 20)]), [4, 100]);
        assert_eq(net.parameter_count, (20 * 4 * 12 + 20) + (1 + 20 + 20 * 20));
        assert_eq(nn::build(tcn::stack(4, 16, 5, 3, 0.1), [4, 60]).output_shape, [16, 60]);
    "#)
    .expect("counts");
}

#[test]
fn weights_go_to_pytorch_and_back() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().display().to_string();
    let arch = r#"nn::chain([nn::conv1d(8, 5, #{ padding: "same" }), nn::batch_norm(), nn::relu(), nn::max_pool(3), nn::lstm(6, #{ bidirectional: true }), nn::flatten(), nn::linear(3)])"#;
    run(&format!(
        r#"let net = nn::build({arch}, [4, 40], #{{ seed: 1 }});
        assert_eq(net.names().len(), 4 + 8 + 2 + 3);
        assert("4.weight_hh_l0_reverse" in net.parameters() && "1.running_mean" in net.names());
        let x = tensor::randn([5, 4, 40], #{{ seed: 2 }});
        net.save("{folder}/net.safetensors");
        tensor::save_safetensors("{folder}/io.safetensors", #{{ x: x, y: net.forward(x).detach() }});"#
    ))
    .expect("saved");
    // without it names and shapes are still held by the oracles
    let Some(python) = crate::python("torch, safetensors") else {
        return;
    };
    let output = std::process::Command::new(&python)
        .arg(crate::root().join("tests/oracles/roundtrip.py"))
        .arg(&folder)
        .output()
        .expect("python starts");
    let (out, err, code) = said(&output);
    assert_eq!(code, 0, "{err}");
    let difference: f64 = out.trim().parse().expect("a number");
    assert!(difference < 1e-5, "{difference}");
    run(&format!(
        r#"let net = nn::build({arch}, [4, 40], #{{ seed: 9 }});
        net.load("{folder}/back.safetensors");
        assert_near(net.forward(tensor::load_safetensors("{folder}/io.safetensors").x), tensor::load_safetensors("{folder}/back_io.safetensors").y, 1e-5);"#
    ))
    .expect("loaded back");
}

/// A hook on batches might change anything, so that with one every row passes through the whole
/// network.
#[test]
fn what_frozen_layers_give_is_computed_once_with_the_same_numbers() {
    run(r#"
        let set = sim::paired(sim::motifs(4, #{ width: 6, seed: 1 }), #{ n: 700, length: 60, per_sequence: 2, seed: 1 });
        let parts = set.split(#{ train: 0.7, valid: 0.3 }, #{ seed: 1 });
        let stem = ["stem", nn::chain([["conv", nn::conv1d(8, 5)], nn::relu(), nn::residual(nn::conv1d(8, 3, #{ padding: "same" })), nn::max_pool(4)])];
        let archs = [
            nn::chain([stem, ["body", nn::conv1d(6, 3)], nn::relu(), nn::dropout(0.3), nn::global_max_pool(), ["dense", nn::linear(1)]]),
            nn::chain([stem, nn::batch_norm(), nn::relu(), nn::lstm(5), nn::flatten(), nn::linear(1)]),
            nn::chain([stem, nn::global_avg_pool(), nn::custom("gate", #{ params: |shape| #{ w: init::constant([shape[0], 1], 0.1) }, forward: |p, x| x @ p.w })]),
        ];
        for arch in archs {
            let runs = [false, true].map(|whole| {
                let net = nn::build(arch, [4, 60], #{ seed: 3 });
                let other = nn::build(arch, [4, 60], #{ seed: 4 });
                net.freeze("stem");
                let how = #{
                    train: parts.train, valid: parts.valid, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.01 }), metrics: [metric::auroc()],
                    batch: 64, epochs: 8, seed: 1, progress: false,
                    on_epoch: |info| {
                        if info.epoch == 2 { net.unfreeze("stem.conv"); }
                        if info.epoch == 4 { net.freeze("stem"); }
                        if info.epoch == 6 { net["stem.conv.weight"] = other["stem.conv.weight"].detach(); }
                    },
                };
                if whole { how.on_batch = |info| true; }
                #{ net: net, run: train::fit(net, how) }
            });
            for column in ["train.loss", "valid.loss", "valid.auroc"] { assert_near(runs[0].run.column(column), runs[1].run.column(column), 2e-4); }
            for name in runs[0].net.names() { assert_near(runs[0].net[name], runs[1].net[name], 5e-4); }
            assert(!runs[0].net.is_training);
        }
    "#)
    .expect("the same numbers");
}

/// Two ways of training held together: parameters after epochs that end with a smaller batch, with
/// clipping, a momentum that a schedule changes, groups, and a layer that is frozen on the way.
pub const TWO_WAYS: &str = include_str!("../scripts/gpu/recorded.rhai");

#[test]
fn capturable_steps_have_the_numbers_of_plain_steps() {
    cistron::torch::graph::everywhere(true);
    let outcome = run(&TWO_WAYS
        .replace("\"device\", \"cuda\"", "\"device\", \"cpu\"")
        .replace("\"dropout\", 0.0", "\"dropout\", 0.2")
        .replace("\"tolerance\", 2e-3", "\"tolerance\", 2e-4"));
    cistron::torch::graph::everywhere(false);
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn steps_that_cannot_be_captured_are_an_error() {
    let script = |options: &str| {
        format!(
            "let set = sim::paired(sim::motifs(4, #{{ width: 5 }}), #{{ n: 200, length: 60, per_sequence: 2 }});\n\
             let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 60]);\n\
             train::fit(net, #{{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(), graph: true, {options} }});"
        )
    };
    let error = fault(&script("accumulate: 2"));
    assert!(error.message.contains("cannot be captured"), "{error}");
    // without a GPU steps are plain
    run(&script("epochs: 1, progress: false")).unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn sequences_cached_on_a_device_are_augmented_as_by_loaders() {
    let script = r#"
let set = sim::world(sim::motifs(4, #{ width: 6, seed: 1 }), rule::additive(#{ seed: 1 }), #{ n: 200, length: 30, seed: 1 });
let text = set.sequences().map(|s| s.sub_string(0, 9) + "N" + s.sub_string(10));
let set = data::from(#{ sequence: text, label: set.label }).with_shuffles(#{ k: 2, ratio: 1 });
let losses = [];
for augment in [(), augment::reverse_complement(0.5), augment::shift(4), augment::chain([augment::shift(2), augment::reverse_complement(0.5), augment::shift(3), augment::reverse_complement(0.7)]), augment::mutate(0.1)] {
    let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::relu(), nn::flatten(), nn::linear(1)]), [4, 30], #{ seed: 3 });
    let how = #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::sgd(#{ lr: 0.05 }), batch: 64, epochs: 3, seed: 1, progress: false };
    if augment != () { how.augment = augment; }
    losses.push(train::fit(net, how).column("train.loss"));
}
losses
"#;
    let losses = |everywhere: bool| -> Vec<Vec<f64>> {
        cistron::torch::graph::everywhere(everywhere);
        let found = crate::value(script);
        cistron::torch::graph::everywhere(false);
        let rows = found
            .unwrap_or_else(|fault| panic!("{fault}"))
            .into_typed_array::<rhai::Array>()
            .expect("rows");
        rows.into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|loss| loss.as_float().expect("a number"))
                    .collect()
            })
            .collect()
    };
    let (sent, resident) = (losses(false), losses(true));
    assert_eq!(sent, resident);
    // no two of these ways of changing rows are the same
    for i in 0..sent.len() {
        (0..i).for_each(|j| assert_ne!(sent[i], sent[j]));
    }
}

/// Trained networks were held until the end of the program.
#[test]
fn trained_networks_are_freed() {
    // each network holds a reference to the function of its layer
    let forward: cistron::nn::custom::Forward = Rc::new(|_, x, _| x.one().cloned());
    let layer = cistron::nn::custom::Custom {
        name: "counted".into(),
        parameters: None,
        forward: forward.clone(),
    };
    let mut runtime = cistron::Runtime::builder()
        .device("cpu")
        .build()
        .expect("a runtime");
    runtime.set("counted", cistron::nn::Layer::new(layer, None));
    let before = Rc::strong_count(&forward);
    let script = r#"
        let set = data::from(#{ x: tensor::randn([8, 3], #{ seed: 1 }), label: (0..8).map(|i| i % 2) });
        for i in 0..100 {
            let net = nn::build(nn::chain([counted, nn::linear(1)]), [3], #{ seed: 1 });
            train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::sgd(), epochs: 1, progress: false });
            train::evaluate(net, set, [metric::auroc()]);
        }
    "#;
    runtime.run(script).expect("trains");
    assert_eq!(Rc::strong_count(&forward), before);
}

/// Trained weights of heads and their optimizer state are part of a checkpoint.
#[test]
fn learned_weights_of_heads_continue_after_resume() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut runtime = cistron::Runtime::builder()
        .device("cpu")
        .output(folder.path())
        .build()
        .expect("a runtime");
    let checkpoints = folder.path().join("checkpoints/broken");
    runtime.set("path", checkpoints.display().to_string());
    let script = r#"
        let labels = #{ a: tensor::randn([40, 2, 3], #{ seed: 2 }), b: (0..40).map(|i| i % 2) };
        let set = data::from(#{ x: tensor::randn([40, 3], #{ seed: 1 }), labels: labels });
        let trained = |name, options| {
            let heads = nn::heads(#{ a: nn::chain([nn::linear(6), nn::reshape([2, 3])]), b: nn::linear(1) });
            let net = nn::build(heads, [3], #{ seed: 1, name: name });
            let loss = loss::heads(#{ a: loss::mse(), b: loss::bce_with_logits() }, "learned");
            let run = train::fit(net, #{ train: set, loss: loss, optimizer: optim::adam(#{ lr: 0.1 }), epochs: 8, batch: 8, seed: 1,
                progress: false, checkpoint: "last", metrics: #{ b: [metric::auroc()] } } + options);
            [net, run]
        };
        let whole = trained.call("whole", #{});
        try { trained.call("broken", #{ on_epoch: |info| { if info.epoch == 5 { throw "broken off"; } } }); } catch { }
        let resumed = trained.call("resumed", #{ resume: path });
        for name in whole[0].names() { assert_eq(whole[0][name], resumed[0][name]); }
        assert_eq(whole[1].column("weight.a"), resumed[1].column("weight.a"));
        assert_eq(whole[1].column("train.loss.a"), resumed[1].column("train.loss.a"));
        assert(whole[1].last("weight.a") != 1.0);
    "#;
    runtime
        .run(script)
        .unwrap_or_else(|fault| panic!("{fault}"));
}

/// A training that was resumed after the part of a schedule that sets the momentum had the momentum
/// of the optimizer.
#[test]
fn momentum_of_an_earlier_part_of_a_schedule_holds_after_resume() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut runtime = cistron::Runtime::builder()
        .device("cpu")
        .output(folder.path())
        .build()
        .expect("a runtime");
    let checkpoints = folder.path().join("checkpoints/broken");
    runtime.set("path", checkpoints.display().to_string());
    let script = r#"
        let set = data::from(#{ x: tensor::randn([40, 3], #{ seed: 1 }), label: tensor::randn([40, 1], #{ seed: 2 }) });
        let trained = |name, options| {
            let net = nn::build(nn::linear(1), [3], #{ seed: 1, name: name });
            train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::adam(#{ lr: 0.1 }), epochs: 8, batch: 8, seed: 1, progress: false, checkpoint: "last",
                schedule: schedule::one_cycle(#{ up: 0.9 }).until(0.5).then(schedule::constant(1.0)) } + options);
            net
        };
        let whole = trained.call("whole", #{});
        try { trained.call("broken", #{ on_epoch: |info| { if info.epoch == 7 { throw "broken off"; } } }); } catch { }
        let resumed = trained.call("resumed", #{ resume: path });
        for name in whole.names() { assert_eq(whole[name], resumed[name]); }
    "#;
    runtime
        .run(script)
        .unwrap_or_else(|fault| panic!("{fault}"));
}
