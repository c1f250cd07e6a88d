//! Networks: the order of branches, modes, passes, shapes that do not fit, sizes, depth, logarithms
//! and losses.

use crate::{cistron, fault, run, said};

/// Standard error of a script that succeeds.
fn warnings(script: &str) -> String {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("t.rhai"), script).expect("written");
    let (out, err, code) = said(&cistron(place.path(), &["run", "t.rhai", "--no-run-dir"]));
    assert_eq!(code, 0, "{out}{err}");
    err
}

/// Standard error of a script that fails.
fn errors(script: &str) -> String {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("t.rhai"), script).expect("written");
    let (out, err, code) = said(&cistron(place.path(), &["run", "t.rhai", "--no-run-dir"]));
    assert_eq!(code, 1, "{out}{err}");
    err
}

#[test]
fn a_rate_that_lost_its_fraction_is_an_error() {
    // `lr: 1 / 100` was 0, and nothing was learned
    for (script, words) in [
        (
            "optim::sgd(#{ lr: 1 / 100 })",
            "option `lr` is 0: `1 / 100`",
        ),
        (
            "let n = 100;\noptim::adam(#{\n    weight_decay: 0,\n    lr: 1 / n,\n})",
            "option `lr` is 0: `1 / n`",
        ),
        (
            "let n = 20; augment::mutate(1 / n)",
            "argument `rate` is 0: `1 / n`",
        ),
        ("nn::dropout(1 / 2)", "argument `p` is 0: `1 / 2`"),
        (
            "augment::sometimes(augment::shift(1), 1 / 3)",
            "argument `probability` is 0: `1 / 3`",
        ),
    ] {
        let fault = fault(script);
        assert!(fault.message.contains(words), "{script}: {}", fault.message);
        assert!(
            fault
                .hint
                .as_ref()
                .is_some_and(|hint| hint.contains("1.0 / ") || hint.contains("1.0 /")),
            "{script}: {:?}",
            fault.hint
        );
    }
    // 0 that is meant, and integers that are whole
    for script in [
        "optim::sgd(#{ lr: 0 })",
        "optim::sgd(#{ lr: 0.0, momentum: 0 }); let note = \"lr: 1 / 2\";",
        "optim::sgd(#{ lr: 10 / 5 })",
        "optim::sgd(#{ lr: 1.0 / 100 })",
        "nn::dropout(0)",
        "let rate = 0; augment::mutate(rate)",
        "let zero = 0; optim::adam(#{ lr: 1e-3, weight_decay: zero, eps: 1.0 / 1000000 })",
    ] {
        run(script).unwrap_or_else(|fault| panic!("{script}: {fault:?}"));
    }
    let err = warnings("let rate = 1 / 100;\nlet whole = 6 / 3;\nfn f() { 7 / 2 }\nprint(rate);");
    assert!(
        err.contains("t.rhai:1:")
            && err.contains("`1 / 100` divides integers and is 0; write `1.0 / 100`"),
        "{err}"
    );
    assert!(err.contains("t.rhai:3:") && err.contains("is 3"), "{err}");
    assert!(!err.contains("6 / 3"), "{err}");
}

#[test]
fn logarithms_of_numbers_and_tensors_agree() -> cistron::base::Result<()> {
    // `(10.0).log()` was to base 10, `tensor.log()` natural
    run(r#"
    for x in [0.1, 1.0, 2.0, 10.0, 1e10] {
        for pair in [[x.log(), tensor::from(x, #{ kind: "float64" }).log()], [x.log2(), tensor::from(x, #{ kind: "float64" }).log2()], [x.log10(), tensor::from(x, #{ kind: "float64" }).log10()]] {
            assert_near(pair[0], pair[1].item(), 1e-6);
        }
        assert_eq(x.log(), x.ln());
        assert_eq(log(x), x.ln());
    }
    assert_near((8.0).log(2.0), 3.0);
    assert_eq((10).log(), (10.0).log());
    assert((-1.0).log().is_nan());
    "#)
}

#[test]
fn classes_that_are_none_are_errors_unless_ignored() -> cistron::base::Result<()> {
    // class -1 was left out without a word where labels were integers
    run(r#"
    let x = tensor::randn([4, 3], #{ seed: 1 });
    let three = loss::cross_entropy(x[0..3], tensor::from([0, 2, 1]));
    for y in [tensor::from([0, 2, 1, -100]), tensor::from([0.0, 2.0, 1.0, -100.0])] { assert_near(loss::cross_entropy(x, y), three, 1e-6); }
    let own = loss::cross_entropy(#{ ignore_index: -1 });
    for y in [tensor::from([0, 2, 1, -1]), tensor::from([0.0, 2.0, 1.0, -1.0])] { assert_near(own.of(x, y), three, 1e-6); }
    assert_near(loss::cross_entropy(#{ ignore_index: 2 }).of(x, tensor::from([0, 2, 1, 2])), loss::cross_entropy(tensor::stack([x[0], x[2]], 0), tensor::from([0, 1])), 1e-6);
    "#)?;
    for (labels, words) in [
        ("[0, -1]", "class number -1"),
        ("[0.0, -1.0]", "class number -1"),
        ("[0, 3]", "class number 3"),
        ("[0.0, 1.5]", "1.5 is no class number"),
    ] {
        let fault = fault(&format!(
            "loss::cross_entropy(tensor::zeros([2, 3]), tensor::from({labels}))"
        ));
        assert!(fault.message.contains(words), "{labels}: {}", fault.message);
    }
    Ok(())
}

#[test]
fn shapes_that_spread_are_reported() {
    // `[40, 1] - [40]` was 40 x 40 inside a loss, and training went nowhere
    let set = "let set = data::from(#{ x: tensor::randn([40, 3], #{ seed: 1 }), label: tensor::ones([40, 1]) }); let net = nn::build(nn::linear(1), [3], #{ seed: 1 });";
    let fit = |loss: &str| {
        format!(
            "{set} train::fit(net, #{{ train: set, loss: {loss}, optimizer: optim::adam(), epochs: 1, batch: 40, progress: false }});"
        )
    };
    for loss in [
        "|x, y| (x - y.reshape([40])).square().mean()",
        "loss::custom(|x, y| (y.reshape([40]) * x).mean())",
        "|x, y| x.sub(y.reshape([40])).abs().mean()",
    ] {
        let fault = fault(&fit(loss));
        assert!(
            fault.message.contains("[40, 1] and [40]")
                || fault.message.contains("[40] and [40, 1]"),
            "{}",
            fault.message
        );
        assert!(fault.hint.is_some());
    }
    run(&fit(
        "|x, y| (x - y).square().mean() + (x.reshape([40, 1]) - y.reshape([1, 40])).mean() * 0.0",
    ))
    .expect("axes that are stated are meant");
    let err = warnings(
        "let x = tensor::ones([40, 1]);\nlet y = tensor::ones([40]);\nfor i in 0..3 { let d = x - y; }\nlet e = x - 1;\nlet f = x - y.unsqueeze(0);\nlet g = tensor::ones([5, 4, 9]) * tensor::ones([4, 1]);",
    );
    assert_eq!(err.matches("warning").count(), 1, "{err}");
    assert!(
        err.contains("t.rhai:3") && err.contains("[40, 40]"),
        "{err}"
    );
}

#[test]
fn branches_are_merged_in_the_order_that_is_written() -> cistron::base::Result<()> {
    // outputs were concatenated by the alphabet, whatever was written
    run(r#"
    let input = #{ a: tensor::ones([1, 1]), b: tensor::ones([1, 1]) * 2.0, c: tensor::ones([1, 1]) * 3.0 };
    let shape = #{ a: [1], b: [1], c: [1] };
    let of = |layer| nn::build(layer, shape).forward(input);
    let id = || nn::identity();
    assert_eq(of.call(nn::branches([["c", id.call()], ["a", id.call()], ["b", id.call()]])), [[3, 1, 2]]);
    assert_eq(of.call(nn::branches(#{ c: id.call(), a: id.call(), b: id.call() })), [[1, 2, 3]]);
    assert_eq(of.call(nn::branches(#{ c: id.call(), a: id.call(), b: id.call() }, #{ order: ["b", "c", "a"] })), [[2, 3, 1]]);
    let text = nn::build(nn::branches([["c", nn::linear(1)], ["a", nn::linear(1)], ["b", nn::linear(1)]]), shape).summary();
    let rows = text.split("\n").filter(|line| line.contains("linear")).map(|line| { line.trim(); line[0] });
    assert_eq(rows, ['c', 'a', 'b']);
    // paths of parameters do not depend on the order
    assert_eq(nn::build(nn::branches([["b", nn::linear(1)], ["a", nn::linear(1)]]), #{ a: [1], b: [1] }).names()[0], "b.weight");
    "#)?;
    for (script, words) in [
        ("nn::branches([])", "at least one layer"),
        (
            "nn::branches([nn::relu()])",
            "without the name of its input",
        ),
        (
            "nn::branches([[\"a\", nn::relu()], [\"a\", nn::relu()]])",
            "names are plain and differ",
        ),
        (
            "nn::branches(#{ a: nn::relu(), b: nn::relu() }, #{ order: [\"a\"] })",
            "must name every branch once",
        ),
        (
            "nn::branches(#{ a: nn::relu(), b: nn::relu() }, #{ order: [\"a\", \"a\"] })",
            "must name every branch once",
        ),
        ("nn::branches(3)", "must be a map of input name to layer"),
    ] {
        let fault = fault(script);
        assert!(fault.message.contains(words), "{script}: {}", fault.message);
    }
    Ok(())
}

#[test]
fn training_in_evaluation_mode_is_reported() {
    // loops of a script's own ran without dropout, and batch norm never saw a batch
    let net = |layer: &str| {
        format!(
            "let net = nn::build(nn::chain([nn::linear(4), {layer}, nn::linear(1)]), [3], #{{ seed: 1, name: \"own\" }}); let x = tensor::ones([4, 3]);\n"
        )
    };
    for layer in [
        "nn::dropout(0.5)",
        "nn::batch_norm()",
        "nn::residual(nn::dropout(0.1))",
    ] {
        let err = warnings(&format!(
            "{}for i in 0..3 {{\n net.forward(x).mean().backward(); }}",
            net(layer)
        ));
        assert_eq!(
            err.matches("in evaluation mode").count(),
            1,
            "{layer}: {err}"
        );
        assert!(
            err.contains("t.rhai:3") && err.contains("net.train()"),
            "{err}"
        );
    }
    for (layer, script) in [
        (
            "nn::dropout(0.5)",
            "net.train(); net.forward(x).mean().backward();",
        ),
        ("nn::dropout(0.0)", "net.forward(x).mean().backward();"),
        ("nn::relu()", "net.forward(x).mean().backward();"),
        (
            "nn::dropout(0.5)",
            "net.eval(); net.forward(x); net.train(); net.forward(x).mean().backward();",
        ),
        (
            "nn::dropout(0.5)",
            "let x = x.requires_grad(); net.forward(x).sum().backward();",
        ),
        (
            "nn::dropout(0.5)",
            "no_grad { net.forward(x); } let w = tensor::ones([1]).requires_grad(); (w * w).sum().backward();",
        ),
    ] {
        let err = warnings(&(net(layer) + script));
        assert!(!err.contains("evaluation mode"), "{layer} {script}: {err}");
    }
}

#[test]
fn every_pass_over_a_dataset_has_another_order() -> cistron::base::Result<()> {
    // passes without `epoch` repeated the first one, so that epochs of a script's own loop were all
    // the same
    run(r#"
    let set = data::from(#{ sequence: seq::random(50, 8, #{ seed: 1 }), label: (0..50).map(|i| i) });
    let order = |pass| { let out = []; for b in pass { out += b.index; } out };
    let first = order.call(set.batches(8, #{ seed: 1 }));
    let second = order.call(set.batches(8, #{ seed: 1 }));
    assert(first != second);
    assert_eq(first, order.call(set.batches(8, #{ seed: 1, epoch: 1 })));
    assert_eq(second, order.call(set.batches(8, #{ seed: 1, epoch: 2 })));
    assert_eq(second, order.call(set.batches(8, #{ seed: 1, epoch: 2 })));
    // another seed, and another dataset, count for themselves
    assert_eq(order.call(set.batches(8, #{ seed: 2 })), order.call(set.batches(8, #{ seed: 2, epoch: 1 })));
    let other = set.take(50);
    assert_eq(order.call(other.batches(8, #{ seed: 1 })), first);
    // batches that are gone through twice
    let again = set.batches(8, #{ seed: 3 });
    assert(order.call(again) != order.call(again));
    assert_eq(again.len(), 7);
    // what is kept stays
    assert_eq(order.call(set.batches(8, #{ order: "kept" })), (0..50).map(|i| i));
    let changed = |set| { let out = []; for b in set.batches(50, #{ order: "kept", augment: augment::mutate(0.5) }) { out += seq::decode(b.x.argmax(1)); } out };
    assert(changed.call(set) != changed.call(set));
    "#)
}

#[test]
fn a_longer_run_under_another_schedule_is_reported() {
    // a cosine run that was resumed to more epochs had the rates of the shorter run, without a word
    let script = |schedule: &str| {
        format!(
            r#"
        let epochs = param("epochs", 3, "");
        let resume = param("resume", "", "");
        let set = data::from(#{{ x: tensor::randn([40, 3], #{{ seed: 1 }}), label: tensor::ones([40, 1]) }});
        let net = nn::build(nn::linear(1), [3], #{{ seed: 1, name: "m" }});
        let o = #{{ train: set, loss: loss::mse(), optimizer: optim::adam(), {schedule} epochs: epochs, checkpoint: "last", seed: 1, progress: false }};
        if resume != "" {{ o.resume = resume; }}
        print(train::fit(net, o).len());"#
        )
    };
    for (schedule, reported) in [
        ("schedule: schedule::cosine(),", true),
        (
            "schedule: schedule::warmup(0.5).then(schedule::constant(1.0)),",
            true,
        ),
        ("schedule: schedule::exponential(0.5),", false),
        (
            "schedule: schedule::warmup(1, #{ start: 0.1 }).then(schedule::constant(1.0)),",
            false,
        ),
        ("", false),
    ] {
        let place = tempfile::tempdir().expect("a folder");
        std::fs::write(place.path().join("t.rhai"), script(schedule)).expect("written");
        let first = cistron(place.path(), &["run", "t.rhai", "--run-dir", "a"]);
        assert_eq!(said(&first).2, 0, "{schedule}: {}", said(&first).1);
        for (epochs, is_longer) in [("6", true), ("3", false)] {
            let more = cistron(
                place.path(),
                &[
                    "run",
                    "t.rhai",
                    "--run-dir",
                    &format!("b{epochs}"),
                    "--set",
                    &format!("epochs={epochs}"),
                    "--set",
                    "resume=a/checkpoints/m",
                ],
            );
            let (_, err, code) = said(&more);
            assert_eq!(code, 0, "{err}");
            assert_eq!(
                err.contains("the schedule sets epoch 3 of 6"),
                reported && is_longer,
                "{schedule} {epochs}: {err}"
            );
        }
    }
}

#[test]
fn fit_begins_without_gradients() -> cistron::base::Result<()> {
    // gradients that a script had left were added to those of the first step
    run(r#"
    let set = data::from(#{ x: tensor::randn([40, 3], #{ seed: 1 }), label: tensor::ones([40, 1]) });
    let trained = |before| {
        let net = nn::build(nn::linear(1), [3], #{ seed: 1 });
        if before { (net.forward(tensor::ones([2, 3])) * 100.0).sum().backward(); }
        train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::sgd(#{ lr: 0.1 }), epochs: 1, seed: 1, progress: false });
        net["weight"]
    };
    assert_eq(trained.call(false), trained.call(true));
    "#)
}

#[test]
fn inputs_of_another_length_are_named_with_the_layer() {
    // a wrong length ended in the words of libtorch, without what the network was built for
    let build = "let net = nn::build(nn::chain([nn::conv1d(4, 3), nn::relu(), nn::flatten(), nn::linear(1)]), [4, 10], #{ name: \"net\" });";
    for x in [
        "seq::one_hot([\"ACGTACGTACGT\"])",
        "tensor::ones([2, 4, 12])",
        "tensor::zeros([2, 12], #{ kind: \"uint8\" })",
    ] {
        let fault = fault(&format!("{build} net.forward({x})"));
        assert!(
            fault
                .message
                .starts_with("`net` is built for [4, 10], got [4, 12]"),
            "{}",
            fault.message
        );
        assert!(fault.message.contains("linear(1)"), "{}", fault.message);
    }
    let set = "data::from(#{ sequence: seq::random(8, 12, #{ seed: 1 }), label: [0, 1, 0, 1, 0, 1, 0, 1] })";
    let fault = fault(&format!(
        "{build} train::fit(net, #{{ train: {set}, loss: loss::bce_with_logits(), optimizer: optim::adam(), epochs: 1, progress: false }})"
    ));
    assert!(
        fault.message.contains("built for [4, 10], got [4, 12]")
            && fault.message.contains("linear(1)"),
        "{}",
        fault.message
    );
    run("let net = nn::build(nn::chain([nn::conv1d(4, 3), nn::global_max_pool(), nn::linear(1)]), [4, 10]); net.forward(tensor::ones([2, 4, 30]))")
        .expect("any length");
}

#[test]
fn labels_of_words_say_that_labels_are_numbers() {
    for script in [
        "data::from(#{ sequence: [\"ACGT\", \"AAAA\"], label: [\"high\", \"low\"] })",
        "data::from(#{ sequence: [\"ACGT\", \"AAAA\"], label: #{ level: [\"ACGT\", \"CCCC\"] } })",
        "let g = genome::from(#{ chr1: \"ACGTACGT\" }); data::regions(g, g.windows(4), #{ labels: [\"high\", \"low\"] })",
    ] {
        let fault = fault(script);
        assert!(
            fault.message.contains("labels are numbers") && fault.hint.is_some(),
            "{script}: {}",
            fault.message
        );
    }
}

#[test]
fn errors_within_fit_are_printed_once() {
    let script = "let net = nn::build(nn::linear(1), [3], #{ name: \"net\" });\nlet set = data::from(#{ x: tensor::ones([8, 3]), label: tensor::ones([8, 1]) });\ntrain::fit(net, #{ train: set, loss: |x, y| throw \"this went \" + \"wrong\", optimizer: optim::adam(), epochs: 2 });";
    let err = errors(script);
    assert_eq!(err.matches("this went wrong").count(), 1, "{err}");
    assert!(err.contains("stopped in epoch 1"), "{err}");
}

#[test]
fn sizes_that_fit_no_memory_are_errors() {
    // such sizes ended the process, past any `try`
    let many = 1_i64 << 40;
    for (layer, shape) in [
        ("nn::linear(1000000000000)", "[4]"),
        ("nn::linear(MANY)", "[4]"),
        ("nn::linear(MANY)", "[MANY]"),
        ("nn::conv1d(MANY, 1)", "[4, 10]"),
        ("nn::conv1d(MANY, 3, #{ groups: 0 })", "[4, 10]"),
        ("nn::conv1d(4, MANY)", "[4, 10]"),
        ("nn::conv1d(4, 3, #{ padding: MANY })", "[4, 10]"),
        ("nn::conv1d(4, 3, #{ dilation: MANY })", "[4, 10]"),
        ("nn::conv1d(4, 3, #{ stride: MANY })", "[4, 10]"),
        ("nn::conv2d(MANY, MANY)", "[4, 10, 10]"),
        ("nn::conv3d(MANY, MANY)", "[4, 10, 10, 10]"),
        (
            "nn::separable_conv1d(MANY, 3, #{ multiplier: MANY })",
            "[4, 10]",
        ),
        ("nn::conv_transpose1d(MANY, 3)", "[4, 10]"),
        (
            "nn::conv_transpose1d(3, MANY, #{ stride: MANY, dilation: MANY })",
            "[4, MANY]",
        ),
        ("nn::embedding(MANY, MANY)", "[4]"),
        ("nn::maxout(MANY, MANY)", "[4]"),
        ("nn::lstm(MANY)", "[4, 10]"),
        (
            "nn::gru(MANY, #{ layers: 64, bidirectional: true })",
            "[4, 10]",
        ),
        (
            "nn::chain([nn::flatten(), nn::linear(MANY)])",
            "[MANY, MANY]",
        ),
        ("nn::batch_norm()", "[MANY, 4]"),
        ("nn::layer_norm()", "[MANY]"),
        ("nn::attention(MANY, MANY)", "[4, 10]"),
        ("nn::max_pool(MANY)", "[4, 10]"),
        ("nn::max_pool(3, #{ padding: MANY })", "[4, 10]"),
        ("nn::reshape([MANY, MANY])", "[4, 10]"),
        ("nn::kmers(8)", "[4, MANY]"),
    ] {
        let script = format!("nn::build({layer}, {shape})").replace("MANY", &many.to_string());
        let outcome = crate::value(&script);
        if let Err(fault) = outcome {
            assert!(
                fault.kind != "internal"
                    && fault.kind != "defect"
                    && !fault.message.contains("defect"),
                "{layer} {shape}: {fault:?}"
            );
        }
    }
    for layer in [
        "nn::linear(1000000000000)",
        "nn::conv1d(1000000000000, 8)",
        "nn::lstm(100000000000)",
        "nn::embedding(1000000000, 1000000)",
    ] {
        let fault = fault(&format!("nn::build({layer}, [4, 10])"));
        assert_eq!(fault.kind, "memory", "{layer}: {}", fault.message);
        assert!(fault.at.is_some() && fault.hint.is_some());
    }
}

#[test]
fn layers_inside_each_other_have_a_limit() {
    // a chain of a chain of a chain … ended the process where it was built, printed or let go
    for wrap in [
        "nn::chain([layer])",
        "nn::residual(layer)",
        "nn::parallel([layer])",
        "nn::both_strands(layer)",
        "nn::tied(layer)",
        "nn::branches(#{ a: layer })",
        "nn::repeat(1, |i| layer)",
    ] {
        let script = format!("let layer = nn::relu(); for i in 0..100000 {{ layer = {wrap}; }}");
        let fault = fault(&script);
        assert!(
            fault.message.contains("nested more than 200 deep"),
            "{wrap}: {}",
            fault.message
        );
    }
    run("let layer = nn::relu(); for i in 0..199 { layer = nn::residual(nn::identity(), #{ after: layer }); } let net = nn::build(layer, [4, 10]); assert(net.summary().len() > 0); net.forward(tensor::ones([1, 4, 10]));")
        .expect("deep enough for any network");
    run("let parts = []; for i in 0..5000 { parts.push(nn::relu()); } let net = nn::build(nn::chain(parts), [4]); net.forward(tensor::ones([1, 4]));")
        .expect("long chains are flat");
}

#[test]
fn networks_that_were_trained_are_let_go() {
    let place = tempfile::tempdir().expect("a folder");
    let script = r#"
let n = param("n", 4, "networks");
let set = data::from(#{ x: tensor::randn([4, 1000], #{ seed: 1 }), label: tensor::randn([4, 1], #{ seed: 2 }) });
for i in 0..n {
    let net = nn::build(nn::chain([nn::linear(1000), nn::linear(1)]), [1000]);
    train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false });
    train::evaluate(net, set, [metric::mse()]);
}
"#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    // the most memory that a run has held, KiB
    let most = |n: usize| -> i64 {
        let program = env!("CARGO_BIN_EXE_cistron");
        let child = std::process::Command::new(program)
            .args(["run", "s.rhai", "--no-run-dir", "--set", &format!("n={n}")])
            .current_dir(place.path())
            .spawn();
        let id = child.expect("the program starts").id();
        let mut status = 0;
        // SAFETY: all zeros are counts of nothing
        let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
        // SAFETY: waits for a child of this process and fills both structures
        let ended = unsafe { libc::wait4(id as libc::pid_t, &mut status, 0, &mut usage) };
        assert_eq!((ended, status), (id as libc::pid_t, 0));
        usage.ru_maxrss
    };
    // 4 MB each
    let grown = most(64) - most(4);
    assert!(grown < 100_000, "60 networks hold {grown} KiB");
}
