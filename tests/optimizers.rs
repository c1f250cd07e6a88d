//! Optimizers, averages and callbacks that change a training: resumed bit for bit, and recorded.

use crate::{cistron, fault, run, said};
use std::path::Path;

/// A training for which a checkpoint holds more than parameters and momenta; `way` chooses what.
const SCRIPT: &str = r#"
let epochs = param("epochs", 6, "epochs");
let way = param("way", 0, "index of the way");
let set = data::from(#{ x: tensor::randn([64, 5], #{ seed: 1 }), label: tensor::rand([64, 1], #{ seed: 2 }) });
let arch = nn::chain([["stem", nn::linear(6)], nn::batch_norm(), nn::relu(), nn::dropout(0.2), ["head", nn::linear(1)]]);
let net = nn::build(arch, [5], #{ seed: 3, name: "net" });
let rows = [];
let custom = optim::custom(|w, g, state, info| {
    if info.step == 1 { state.m = g * 0.0; state.total = 0.0; state.steps = 0; state.is_odd = false; }
    state.m.mul_(0.9);
    state.m.add_(g);
    state.total += state.m.abs().sum().item();
    state.steps += 1;
    state.is_odd = !state.is_odd;
    let rate = info.lr / (1.0 + state.total / state.steps);
    w - state.m * if state.is_odd { rate } else { rate * 0.5 }
}, #{ lr: 0.05 });
let adam = optim::adam(#{ lr: 0.01 });
let momentum = optim::sgd(#{ lr: 0.02, momentum: 0.9 });
let halved = 1.0;
let ways = [
    #{ optimizer: custom },
    #{ optimizer: adam.until(2).then(momentum) },
    #{ optimizer: adam.until(4).then(custom) },
    #{ optimizer: adam.until(3).then(momentum.until(1)).then(optim::lion()), on_epoch: |e| { adam.lr = 7.0; } },
    #{ optimizer: optim::muon(#{ lr: 0.02, adamw: ["head"], adamw_lr: 0.003 }), noise: 0.3, clip_adaptive: 0.1, clip: 1.0 },
    #{ optimizer: optim::lamb(#{ lr: 0.01, layer_decay: 0.5 }), average: train::average("ema", #{ decay: 0.9 }) },
    #{ optimizer: momentum, average: train::average("swa", #{ start: 1 }), stop: train::early_stop("valid.loss", #{ patience: 9 }) },
    #{ optimizer: adam, schedule: |t| { rows.push(t.step); 1.0 / (1.0 + t.epoch) }, on_epoch: |e| { adam.lr *= 0.7; } },
    #{ optimizer: momentum, on_batch: |b| { if b.step % 5 == 0 { momentum.lr = momentum.lr * 0.9; } }, average: train::average("swa", #{ start: 4 }) },
];
let chosen = ways[way];
let history = train::fit(net, #{ train: set, valid: set.take(32), loss: loss::mse(), batch: 16, epochs: epochs, seed: 4, checkpoint: "both", progress: false } + chosen);
net.save("net.safetensors");
report("end", #{ lr: history.column("lr"), valid: history.column("valid.loss"), rate: chosen.optimizer.lr, rows: rows });
"#;

const WAYS: usize = 9;

fn go(place: &Path, args: &[&str]) {
    let (_, err, code) = said(&cistron(place, args));
    assert_eq!(code, 0, "{args:?}: {err}");
    assert!(!err.contains("warning"), "{args:?}: {err}");
}

#[test]
fn trainings_are_resumed_bit_for_bit() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("t.rhai"), SCRIPT).expect("written");
    for way in 0..WAYS {
        let way = format!("way={way}");
        let folder = |name: &str| format!("{name}-{way}");
        let (whole, part) = (folder("whole"), folder("part"));
        go(
            place.path(),
            &["run", "t.rhai", "--run-dir", &whole, "--set", &way],
        );
        let short = [
            "run",
            "t.rhai",
            "--run-dir",
            &part,
            "--set",
            &way,
            "--set",
            "epochs=3",
        ];
        go(place.path(), &short);
        go(
            place.path(),
            &["run", "--resume", &part, "--set", "epochs=6"],
        );
        for file in [
            "net.safetensors",
            "checkpoints/net/best.safetensors",
            "checkpoints/net/last.safetensors",
            "results.json",
        ] {
            let read = |folder: &str| std::fs::read(place.path().join(folder).join(file));
            let (whole, part) = (read(&whole).expect(file), read(&part).expect(file));
            assert!(whole == part, "{way}: {file} differs");
        }
    }
}

#[test]
fn the_state_of_an_optimizer_starts_when_it_begins() {
    run(r#"
let set = data::from(#{ x: tensor::randn([32, 3], #{ seed: 1 }), label: tensor::ones([32, 1]) });
let fitted = |net, optimizer, epochs| train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optimizer, batch: 32, epochs: epochs, progress: false });
let built = || nn::build(nn::linear(1), [3], #{ seed: 1 });
let adam = || optim::adam(#{ lr: 0.1 });
let sgd = || optim::sgd(#{ lr: 0.05, momentum: 0.9 });
let one = built.call();
let history = fitted.call(one, adam.call().until(0.5).then(sgd.call()), 8);
assert_eq(history.column("lr"), [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]);
let two = built.call();
fitted.call(two, adam.call(), 4);
fitted.call(two, sgd.call(), 4);
assert_near(one["weight"], two["weight"], 1e-6);
"#)
    .unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn callbacks_change_the_learning_rate_of_the_running_training() {
    run(r#"
let set = data::from(#{ x: tensor::randn([32, 3], #{ seed: 1 }), label: tensor::ones([32, 1]) });
let optimizer = optim::sgd(#{ lr: 0.1 });
let options = #{ train: set, loss: loss::mse(), optimizer: optimizer, batch: 8, epochs: 3, progress: false };
let by_epoch = #{ on_epoch: |e| { optimizer.lr = 0.1 / (e.epoch + 1); } };
let net = || nn::build(nn::linear(1), [3], #{ seed: 1 });
assert_near(train::fit(net.call(), options + by_epoch).column("lr"), [0.1, 0.05, 0.1 / 3.0]);
// the factor of a schedule multiplies the new rate
optimizer.lr = 0.1;
let run = train::fit(net.call(), options + by_epoch + #{ schedule: schedule::exponential(0.5) });
assert_near(run.column("lr"), [0.1, 0.025, 0.1 / 12.0]);
optimizer.lr = 0.1;
let run = train::fit(net.call(), options + #{ on_batch: |b| { if b.step == 6 { optimizer.lr = 0.0; } } });
assert_near(run.column("lr"), [0.1, 0.0, 0.0]);
assert_near(run.column("train.loss")[2], run.column("train.loss")[1], 0.5);
// a rate of the script from a schedule of its own
optimizer.lr = 0.1;
let run = train::fit(net.call(), options + #{ schedule: |t| 1.0 - t.share });
assert_near(run.column("lr"), [0.1 * 9.0 / 12.0, 0.1 * 5.0 / 12.0, 0.1 / 12.0]);
"#)
    .unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn depth_and_groups_multiply_the_learning_rate() {
    run(r#"
let block = |n| nn::chain([nn::linear(n), nn::relu()]);
let arch = nn::chain([["stem", nn::linear(4)], ["blocks", nn::chain([block.call(4), block.call(4)])], ["head", nn::linear(1)]]);
let net = nn::build(arch, [3]);
let rates = optim::adam(#{ lr: 1.0, layer_decay: 0.5, layer_level: 2, groups: [#{ params: "*bias", lr: 0.1 }] }).rates(net);
assert_near([rates["stem.weight"], rates["blocks.0.0.weight"], rates["blocks.1.0.weight"], rates["head.weight"]], [0.125, 0.25, 0.5, 1.0]);
assert_near(rates["stem.bias"], 0.0125);
"#)
    .unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn noise_has_no_effect_on_the_order_of_rows_and_dropout() {
    run(r#"
let set = data::from(#{ x: tensor::randn([32, 3], #{ seed: 1 }), label: tensor::ones([32, 1]) });
let loss_with = |noise| {
    let net = nn::build(nn::chain([nn::linear(4), nn::dropout(0.5), nn::linear(1)]), [3], #{ seed: 1 });
    train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::sgd(#{ lr: 0.01 }), batch: 8, epochs: 2, noise: noise, progress: false }).column("train.loss")
};
assert_eq(loss_with.call(0.0), loss_with.call(()));
assert_eq(loss_with.call(0.3), loss_with.call(0.3));
assert(loss_with.call(0.3) != loss_with.call(0.1));
"#)
    .unwrap_or_else(|fault| panic!("{fault}"));
}

/// Options that make no sense are errors that state what to do.
#[test]
fn what_cannot_be_trained_is_an_error() {
    let script = |options: &str| {
        format!(
            "let set = data::from(#{{ x: tensor::ones([8, 3]), label: tensor::ones([8, 1]) }});\n\
             let net = nn::build(nn::chain([nn::linear(2), nn::linear(1)]), [3]);\n\
             let options = #{{ train: set, loss: loss::mse(), optimizer: optim::adam(), epochs: 2, progress: false }};\n\
             train::fit(net, options + #{{ {options} }});"
        )
    };
    for (options, message) in [
        (
            "optimizer: optim::adam().until(1)",
            "ends after 1.0000 of 2 epochs, and none follows",
        ),
        (
            "optimizer: optim::adam().until(1).then(optim::sgd(#{ groups: [#{ params: \"x\" }] }))",
            "no parameter belongs to group \"x\"",
        ),
        (
            "optimizer: optim::muon(#{ adamw: [\"y\"] })",
            "no parameter belongs to group \"y\"",
        ),
        (
            "optimizer: optim::custom(|w, g, state| w), graph: true",
            "an optimizer written in the script cannot be captured",
        ),
        (
            "noise: 0.1, graph: true",
            "gradient noise cannot be captured",
        ),
        (
            "optimizer: optim::custom(|w, g, state| ())",
            "must return the new weight, a tensor [2, 3], got unit",
        ),
        (
            "optimizer: optim::custom(|w, g, state| { state.x = \"text\"; w })",
            "`x` of the state must be a tensor, a number or a boolean",
        ),
        (
            "optimizer: optim::custom(|w, g, state| { state[\"a/b\"] = 1; w })",
            "`a/b` cannot be a key of the state",
        ),
        (
            "schedule: |t| -1",
            "must return a number of at least 0, got integer -1",
        ),
        (
            "schedule: 3",
            "must be a schedule or a function |t|, got integer 3",
        ),
        (
            "average: \"mean\"",
            "`average` must be one of \"ema\", \"swa\"",
        ),
        (
            "average: 3",
            "must be \"ema\", \"swa\" or train::average(…), got integer 3",
        ),
        ("clip_adaptive: 0.0", "`clip_adaptive` must be"),
    ] {
        let error = fault(&script(options));
        assert!(error.message.contains(message), "{options}: {error}");
    }
    let one_layer = "optim::adam(#{ layer_decay: 0.5 }).over(nn::build(nn::chain([[\"a\", nn::chain([nn::linear(2), nn::linear(1)])]]), [3]))";
    let error = fault(one_layer);
    assert!(
        error.message.contains("all parameters are of layer `a`"),
        "{error}"
    );
    let error =
        fault("optim::adam().until(1).then(optim::sgd()).over(nn::build(nn::linear(1), [3]))");
    assert!(
        error
            .message
            .contains("for `train::fit`, which knows the time"),
        "{error}"
    );
}
