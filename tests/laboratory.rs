//! The laboratory: fast layers against plain ones, simulated truth, the thesis' networks.

use crate::{fault, run};
use cistron::base::simd::{Simd, VARIABLE};

/// Holds networks with layers that are computed a faster way to the same with plain layers.
fn held_to_plain(stems: &str) {
    held_to(stems, "fast: false", 1.0);
}

/// Holds networks to the same networks built with other options: the outputs, the gradient of every
/// parameter, and 50 steps of training; N included. `stems` are layers from [4, 70] to [features],
/// `slack` a factor on what they may differ.
pub fn held_to(stems: &str, other: &str, slack: f64) {
    let script = r#"
import "std/layers/tcn" as tcn;
let set = sim::world(sim::motifs(6, #{ width: 8, seed: 1 }), rule::additive(#{ seed: 1 }), #{ n: 320, length: 70, seed: 1 });
let letters = set.sequences().map(|s| s.sub_string(0, 30) + "NN" + s.sub_string(32));
let rows = data::from(#{ sequence: letters, label: set.label });
for stem in [STEMS] {
    let layer = nn::chain([stem, nn::linear(1)]);
    let fast = nn::build(layer, [4, 70], #{ seed: 1 });
    let plain = nn::build(layer, [4, 70], #{ seed: 1, OTHER });
    assert_near(fast.predict(rows), plain.predict(rows), 1e-5 * SLACK);
    for batch in rows.batches(64, #{ epoch: 1 }) {
        let losses = [fast, plain].map(|net| { net.zero_grad(); let l = net.forward(batch).square().mean(); l.backward(); l.item() });
        assert_near(losses[0], losses[1], 1e-5 * SLACK);
        // running statistics have no gradient
        for name in fast.names() { if [fast, plain].some(|net| type_of(net[name].grad) == "tensor") { assert_near(fast[name].grad, plain[name].grad, 1e-5 * SLACK); } }
    }
    let x = seq::one_hot(letters.extract(0, 20));
    let grads = [fast, plain].map(|net| { let own = x.copy().requires_grad(); net.forward(own).square().sum().backward(); own.grad });
    assert_near(grads[0], grads[1], 1e-4 * SLACK);
    let trained = |net| train::fit(net, #{ train: rows, loss: loss::bce_with_logits(), optimizer: optim::sgd(#{ lr: 0.05 }), batch: 32, epochs: 5, seed: 1, progress: false });
    assert_near(trained.call(fast).column("train.loss"), trained.call(plain).column("train.loss"), 1e-4 * SLACK);
    assert_near(fast.predict(rows), plain.predict(rows), 1e-3 * SLACK);
}
"#;
    let script = script
        .replace("STEMS", stems)
        .replace("OTHER", other)
        .replace("SLACK", &format!("{slack:.1}"));
    run(&script).unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn lookups_on_codes_give_what_plain_layers_give() {
    held_to_plain(
        r#"
    nn::chain([nn::conv1d(20, 12), nn::relu(), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(20, 12), nn::relu(), nn::global_max_pool()]),
    nn::chain([nn::conv1d(37, 9, #{ padding: "same" }), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(5, 4, #{ padding: "causal", bias: false }), nn::relu(), nn::global_max_pool()]),
    nn::chain([nn::conv1d(70, 20), nn::relu(), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(9, 4, #{ dilation: 3 }), nn::relu(), nn::global_max_pool()]),
    nn::chain([nn::kmers(3), nn::conv1d(5, 3, #{ dilation: 3 }), nn::relu(), nn::global_max_pool()]),
    nn::chain([nn::kmers(2), nn::conv1d(18, 4, #{ padding: "same" }), nn::relu(), nn::global_avg_pool()]),
"#,
    );
}

#[test]
fn lookups_that_keep_positions_give_what_plain_layers_give() {
    held_to_plain(
        r#"
    nn::chain([nn::conv1d(20, 12), nn::relu(), nn::max_pool(4), nn::flatten()]),
    nn::chain([nn::conv1d(37, 9, #{ padding: "same" }), nn::avg_pool(3), nn::relu(), nn::flatten()]),
    nn::chain([nn::conv1d(5, 4, #{ padding: "causal", bias: false }), nn::relu(), nn::conv1d(6, 3), nn::relu(), nn::global_max_pool()]),
    nn::chain([nn::conv1d(33, 20), nn::batch_norm(), nn::relu(), nn::max_pool(5), nn::lstm(7, #{ bidirectional: true }), nn::flatten()]),
    nn::chain([nn::kmers(3), nn::conv1d(5, 3), nn::relu(), nn::avg_pool(2), nn::flatten()]),
    nn::chain([nn::conv1d(8, 7, #{ padding: "same" }), nn::relu(), nn::max_pool(3, #{ stride: 2 }), nn::conv1d(4, 3), nn::global_avg_pool()]),
"#,
    );
    let script = r#"
// sequences that are shorter than a window are told, as by plain layers
for layer in [nn::global_avg_pool(), nn::global_max_pool(), nn::chain([nn::max_pool(4), nn::global_avg_pool()])] {
    let net = nn::build(nn::chain([nn::conv1d(8, 20), nn::relu(), layer]), [4, 60]);
    let short = data::from(#{ sequence: seq::random(4, 12), label: [0, 1, 0, 1] });
    let said = "";
    try { net.predict(short); } catch (e) { said = e.message; }
    assert(said.contains("Kernel size"), said);
    assert_eq(net.predict(data::from(#{ sequence: seq::random(4, 90), label: [0, 1, 0, 1] })).shape, [4, 8]);
}
let net = nn::build(nn::chain([nn::conv1d(32, 15), nn::relu(), nn::max_pool(4), nn::flatten()]), [4, 100]);
assert(net.summary().contains("conv1d(32, 15) and the pooling of 4 positions are looked up on sequence codes"));
"#;
    run(script).unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn batch_norms_with_a_relu_give_what_plain_layers_give() {
    held_to_plain(
        r#"
    nn::chain([nn::conv1d(37, 9, #{ padding: "same", bias: false }), nn::batch_norm(), nn::relu(), nn::conv1d(20, 5), nn::batch_norm(), nn::relu(), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(16, 5), nn::residual(nn::chain([nn::batch_norm(), nn::relu(), nn::conv1d(16, 3, #{ padding: "same" })])), nn::batch_norm(#{ affine: false, momentum: 0.3 }), nn::relu(), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(12, 5), nn::relu(), nn::global_max_pool(), nn::linear(9), nn::batch_norm(), nn::relu()]),
"#,
    );
    let script = r#"
let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::batch_norm(), nn::relu(), nn::conv1d(8, 3), nn::batch_norm(), nn::relu(), nn::flatten()]), [4, 40]);
assert(net.summary().contains("fast: 2 times: batch_norm and relu are one pass"));
"#;
    run(script).unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn dilated_convolutions_give_what_plain_ones_give() {
    held_to_plain(
        r#"
    nn::chain([nn::conv1d(8, 5, #{ padding: "same" }), nn::relu(), tcn::stack(8, 12, 3, 4, 0.0), nn::global_max_pool()]),
    nn::chain([nn::conv1d(8, 3), nn::relu(), nn::conv1d(6, 4, #{ dilation: 7, padding: "same" }), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(8, 3), nn::conv1d(6, 3, #{ dilation: 5, bias: false }), nn::relu(), nn::global_max_pool()]),
    nn::chain([nn::conv1d(8, 3), nn::relu(), nn::conv1d(6, 2, #{ dilation: 67, norm: "weight" }), nn::flatten()]),
    nn::chain([nn::conv1d(8, 3), nn::relu(), nn::conv1d(6, 3, #{ dilation: 4, padding: "causal" }), nn::flatten()]),
"#,
    );
}

#[test]
fn stacks_of_convolutions_in_one_pass_give_what_single_layers_give() {
    held_to_plain(
        r#"
    nn::chain([nn::conv1d(8, 5, #{ padding: "same" }), nn::relu(), tcn::stack(8, 12, 3, 4, 0.2), nn::last_position()]),
    nn::chain([tcn::stack(4, 20, 4, 3, 0.3), nn::global_avg_pool()]),
    nn::chain([tcn::stack(4, 7, 2, 5, 0.1), nn::last_position()]),
    nn::chain([nn::conv1d(70, 5), nn::relu(), nn::dropout(0.4), nn::residual(nn::chain([nn::conv1d(70, 3, #{ padding: "same" }), nn::relu(), nn::conv1d(70, 3, #{ padding: "same", bias: false })])), nn::last_position()]),
    nn::chain([nn::conv1d(6, 3), nn::gelu(), nn::residual(nn::conv1d(6, 5, #{ padding: "same", dilation: 2 }), #{ after: nn::relu() }), nn::conv1d(9, 2), nn::flatten()]),
    nn::chain([nn::residual(nn::chain([nn::conv1d(4, 3, #{ padding: "causal" }), nn::relu()])), nn::conv1d(9, 2), nn::max_pool(3), nn::flatten()]),
    nn::chain([nn::max_pool(2), nn::residual(nn::chain([nn::conv1d(4, 3, #{ padding: "causal" }), nn::relu()])), nn::last_position()]),
"#,
    );
}

#[test]
fn recurrent_layers_give_what_those_of_libtorch_give() {
    held_to_plain(
        r#"
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::lstm(10), nn::flatten()]),
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(2), nn::lstm(20, #{ bidirectional: true, layers: 2, dropout: 0.3 }), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(3), nn::lstm(20, #{ bidirectional: true, layers: 2 }), nn::last_position()]),
    nn::chain([nn::max_pool(2), nn::lstm(5, #{ bidirectional: true, output: "last" })]),
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(2), nn::gru(10, #{ biases: "one" }), nn::flatten()]),
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(2), nn::gru(20, #{ bidirectional: true, layers: 2, dropout: 0.3 }), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(2), nn::gru(20, #{ bidirectional: true, layers: 2 }), nn::last_position()]),
    nn::chain([nn::max_pool(2), nn::gru(5, #{ bidirectional: true, output: "last" })]),
"#,
    );
}

#[test]
fn fast_outputs_can_be_learned_from_once_and_in_half_precision() {
    let script = r#"
for layer in [nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool()]), nn::chain([nn::conv1d(8, 5), nn::conv1d(8, 3, #{ dilation: 2 })]), nn::lstm(8)] {
    let grads = [true, false].map(|fast| {
        let net = nn::build(layer, [4, 70], #{ seed: 1, fast: fast });
        net.forward(seq::codes(seq::random(3, 70, #{ seed: 1 })))[[0, 3]].sum().backward();
        net[net.names()[0]].grad
    });
    assert(grads[1].abs().sum().item() > 0.0);
    assert_near(grads[0], grads[1], 1e-5);
    let loss = nn::build(layer, [4, 70]).forward(seq::codes(seq::random(3, 70))).sum();
    loss.backward();
    let said = "";
    try { loss.backward(); } catch (e) { said = e.hint; }
    assert(said.contains("compute the loss again"), said);
}
let said = "";
try { nn::build(nn::chain([nn::conv1d(8, 5), nn::conv1d(8, 3, #{ dilation: 9 })]), [4, 70]).forward(seq::codes(seq::random(3, 20))); } catch (e) { said = e.message; }
assert(said.contains("leaves none for convolution 2") || said.contains("is built for [4, 70], got [4, 20]"), said);
// convolutions and products in bfloat16 change the third digit, not the kind of what comes out; a
// CPU without instructions for it computes in 32 bits
let layer = nn::chain([nn::conv1d(8, 5), nn::relu(), nn::conv1d(8, 3, #{ dilation: 2 }), nn::max_pool(4), nn::lstm(6), nn::flatten(), nn::linear(1)]);
let x = seq::one_hot(seq::random(6, 70, #{ seed: 1 }));
let both = ["f32", "bf16"].map(|amp| nn::build(layer, [4, 70], #{ seed: 1, amp: amp }).forward(x));
assert_eq(both[1].kind, "float32");
assert_eq(both[0] != both[1], HAS_BF16);
assert_near(both[0], both[1], 1e-2);
let set = data::from(#{ sequence: seq::random(64, 70, #{ seed: 1 }), label: tensor::rand([64, 1], #{ seed: 2 }).round() });
let net = nn::build(layer, [4, 70], #{ seed: 1 });
let run = train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.01 }), epochs: 10, amp: "bf16", clip: 1.0, progress: false });
assert(run.column("train.loss")[-1] < run.column("train.loss")[0]);
"#;
    run(&script.replace("HAS_BF16", &Simd::has_bf16().to_string())).unwrap();
}

/// The tests above again, with the instructions of narrower CPUs.
#[test]
fn narrower_instructions_give_what_plain_layers_give() {
    let names = [
        "lookups_on_codes_give_what_plain_layers_give",
        "lookups_that_keep_positions_give_what_plain_layers_give",
        "batch_norms_with_a_relu_give_what_plain_layers_give",
        "dilated_convolutions_give_what_plain_ones_give",
        "stacks_of_convolutions_in_one_pass_give_what_single_layers_give",
        "recurrent_layers_give_what_those_of_libtorch_give",
        "fast_outputs_can_be_learned_from_once_and_in_half_precision",
    ];
    for simd in [Simd::Avx2, Simd::Portable] {
        if simd >= Simd::current() {
            println!("CISTRON_SIMD={} is what the other tests use", simd.name());
            continue;
        }
        let program = std::env::current_exe().unwrap();
        let output = std::process::Command::new(program)
            .args(names.map(|name| format!("laboratory::{name}")))
            .arg("--exact")
            .env(VARIABLE, simd.name())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let is_passed = text.contains(&format!("test result: ok. {} passed", names.len()));
        assert!(
            output.status.success() && is_passed,
            "{}: {text}",
            simd.name()
        );
    }
}

#[test]
fn the_summary_says_what_is_computed_otherwise_than_described() {
    run(r#"
import "std/layers/tcn" as tcn;
let layer = nn::chain([nn::conv1d(8, 5), nn::relu(), tcn::stack(8, 8, 3, 2, 0.1), nn::last_position(), nn::linear(1)]);
assert(nn::build(layer, [4, 70]).summary().contains("fast: 5 convolutions are one pass over each sequence, where the last position sees"));
assert(!nn::build(layer, [4, 70], #{ fast: false }).summary().contains("fast:"));
assert(nn::build(nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool()]), [4, 70]).summary().contains("looked up on sequence codes"));
assert(nn::build(nn::lstm(8), [4, 70]).summary().contains("lstm(8) takes 16 sequences at a time"));
"#)
    .unwrap();
}

#[test]
fn frozen_filters_learn_nothing_and_codes_are_taken_as_they_are() {
    run(r#"
let set = sim::paired(sim::motifs(4, #{ width: 6 }), #{ n: 200, length: 50, per_sequence: 2 });
let net = nn::build(nn::chain([nn::conv1d(6, 8), nn::relu(), nn::global_avg_pool(), nn::linear(1)]), [4, 50], #{ seed: 1 });
net.freeze("0");
let before = net["0.weight"].copy();
train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(), epochs: 2, progress: false });
assert_eq(net["0.weight"], before);
assert_near(net.forward(seq::codes(set.sequences())), net.forward(seq::one_hot(set.sequences())), 1e-5);
"#)
    .unwrap();
}

#[test]
fn the_same_seed_builds_the_same_network_wherever_it_is_built() {
    // random numbers of a custom layer once followed the number of draws of the whole session
    run(r#"
import "std/models/chromatin" as chromatin;
let a = nn::build(chromatin::interacting(4, 5, 1), [4, 20], #{ seed: 1 });
let between = tensor::randn([3]);
let b = nn::build(chromatin::interacting(4, 5, 1), [4, 20], #{ seed: 1 });
for name in a.names() { assert_eq(a[name], b[name]); }
assert(nn::build(chromatin::interacting(4, 5, 1), [4, 20], #{ seed: 2 })["machine.factors"] != a["machine.factors"]);
"#)
    .unwrap();
}

#[test]
fn truth_follows_its_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("{:?}", folder.path().join("set.safetensors"));
    run(&r#"
let set = sim::world(sim::motifs(5, #{ width: 7, seed: 2 }), #{ sum: rule::additive(#{ seed: 3, value: true }), pair: rule::paired(#{ pairs: [["motif01", 4]] }) },
    #{ n: 300, length: 60, count: [1, 3], both_strands: true, background: [0.3, 0.2, 0.2, 0.3], seed: 4 });
set.filter(|row| row.label[0] == 1.0).save(FILE);
let back = data::load(FILE);
assert_eq(back.truth.rules, set.truth.rules);
for part in [set, set.split(#{ a: 0.5, b: 0.5 }, #{ seed: 1 }).b, set.filter(|row| row.label[0] == 1.0), back] {
    let text = part.sequences();
    for i in [0, 3, -1] {
        let pair = false; let sum = 0.0; let seen = [];
        for site in part.truth.sites(i) {
            let own = text[if i < 0 { part.len() + i } else { i }].sub_string(site.start, site.end - site.start);
            if site.strand == "-" { own = seq::reverse_complement(own); }
            assert_eq(own, set.truth.motifs[site.motif].consensus);
            sum += set.truth.weights[1][site.motif];
            seen.push(site.motif);
        }
        assert_near(part.label[[i, 1]].item(), sum, 1e-5);
        assert_eq(part.label[[i, 0]].item() == 1.0, 0 in seen && 4 in seen);
    }
}
"#
    .replace("FILE", &file))
    .unwrap();
    assert!(
        fault("data::from(#{ sequence: [\"ACGT\"], label: [1] }).truth")
            .to_string()
            .contains("not known")
    );
    let shuffled = "sim::paired(sim::motifs(4), #{ n: 4, per_sequence: 2 }).with_shuffles().truth";
    assert!(fault(shuffled).to_string().contains("not known"));
}

#[test]
fn a_factorization_machine_finds_pairs_that_a_linear_read_out_cannot() {
    // and the interactions read from the network are the planted ones
    run(r#"
import "std/models/chromatin" as chromatin;
import "std/recipes/scorecard" as scorecard;
let pool = sim::motifs(4, #{ width: 8, sharpness: 1.0, seed: 3 });
let set = sim::paired(pool, #{ n: 2000, length: 40, per_sequence: 2, seed: 1 });
let parts = set.split(#{ train: 0.8, test: 0.2 }, #{ seed: 1 });
let area = |layer| {
    let net = nn::build(layer, [4, 40], #{ seed: 2, name: "net" });
    train::fit(net, #{ train: parts.train, loss: loss::bce_with_logits(), optimizer: optim::rmsprop(#{ lr: 0.01 }), batch: 64, epochs: 50, seed: 1, progress: false });
    [train::evaluate(net, parts.test, [metric::auroc()]).auroc, net]
};
let linear = area.call(chromatin::baseline(8, 8, 1));
let machine = area.call(chromatin::interacting(8, 8, 1, #{ factors: 4 }));
assert(linear[0] < 0.65);
assert(machine[0] > 0.95);
let ranked = scorecard::ranked(scorecard::epistasis(machine[1], pool, 40, #{ backgrounds: 32 }), set);
assert_eq(scorecard::precision_at(ranked, 2), 1.0);
assert(scorecard::planted_auroc(explain::input_x_gradient(machine[1], parts.test.take(100)).sum(1), parts.test) > 0.62);
"#)
    .unwrap();
}
