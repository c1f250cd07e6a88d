//! What a GPU computes is what a processor computes. Where there is no GPU these tests say so and
//! check nothing.

use crate::laboratory::held_to;
use crate::run;
use crate::training::TWO_WAYS;

fn is_there() -> bool {
    cistron::torch::device::start();
    let found = cistron::torch::device::cuda_count() > 0;
    if !found {
        eprintln!("there is no GPU here: not checked");
    }
    found
}

#[test]
fn networks_give_on_a_gpu_what_they_give_on_a_processor() {
    if !is_there() {
        return;
    }
    held_to(
        r#"
    nn::chain([nn::conv1d(20, 12), nn::relu(), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(37, 9, #{ padding: "same" }), nn::relu(), nn::max_pool(4), nn::flatten()]),
    nn::chain([nn::kmers(3), nn::conv1d(5, 3, #{ dilation: 3 }), nn::relu(), nn::global_max_pool()]),
    nn::chain([nn::conv1d(16, 5), nn::residual(nn::chain([nn::batch_norm(), nn::relu(), nn::conv1d(16, 3, #{ padding: "same" })])), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(8, 5, #{ padding: "same" }), nn::relu(), tcn::stack(8, 12, 3, 4, 0.0), nn::last_position()]),
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(2), nn::lstm(20, #{ bidirectional: true, layers: 2 }), nn::global_avg_pool()]),
    nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(2), nn::gru(10, #{ biases: "one" }), nn::flatten()]),
"#,
        r#"device: "cuda""#,
        20.0,
    );
}

#[test]
fn recorded_steps_are_the_usual_steps_on_a_gpu() {
    if !is_there() {
        return;
    }
    let script = TWO_WAYS
        .replace("DEVICE", r#""cuda""#)
        .replace("DROPOUT", "0.0")
        .replace("TOLERANCE", "2e-3");
    run(&script).unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn a_gpu_draws_new_masks_in_each_recorded_step_and_works_with_fewer_bits() {
    if !is_there() {
        return;
    }
    let script = r#"
let set = sim::paired(sim::motifs(4, #{ width: 6, seed: 1 }), #{ n: 640, length: 40, per_sequence: 2, seed: 1 });
for amp in ["f32", "tf32", "bf16"] {
    // nothing is learned, so that the loss moves by its masks alone
    let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::dropout(0.5), nn::linear(1)]), [4, 40], #{ seed: 3, device: "cuda" });
    let losses = [];
    train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::sgd(#{ lr: 0.0 }), batch: 640, epochs: 8, seed: 1, graph: true, amp: amp, progress: false,
        on_batch: |info| { losses.push(info.loss); } });
    for i in 4..8 { assert(losses[i] != losses[i - 1], `${amp}: ${losses}`); }
}
"#;
    run(script).unwrap_or_else(|fault| panic!("{fault}"));
}
