//! Times the kernels on one thread: `cargo bench -p cistron-nn [name]`.
//!
//! Prints, for each kernel whose name contains the argument, the median time of a call. Compare two
//! builds on the same idle machine; the numbers mean nothing across machines.

use cistron_base::parallel::Threads;
use cistron_base::seed::Rng;
use cistron_nn::kernels::dense::{Gemm, Pair, Reads, Strides};
use cistron_nn::kernels::lookup::windows::Windows;
use cistron_nn::kernels::lookup::{CodeConvolution, Filters, Sequences};
use cistron_nn::kernels::mutations::{Mutation, Scan, Sizes};
use cistron_nn::kernels::norm_relu::{Norm, moments};
use cistron_nn::kernels::recurrent::{Cell, Inputs, Parameters};
use cistron_nn::kernels::stack::{Input, Packed, RowPlan, Sample, Stack, Step};
use cistron_nn::kernels::{Pads, Reduction};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time that a kernel is repeated for.
const TIME: Duration = Duration::from_millis(500);

/// Runs a kernel repeatedly and prints the median time of a call.
fn time<T>(filter: &str, name: &str, mut run: impl FnMut() -> T) {
    if !name.contains(filter) {
        return;
    }
    let (mut times, start) = (Vec::new(), Instant::now());
    while start.elapsed() < TIME || times.len() < 3 {
        let begin = Instant::now();
        black_box(run());
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    println!("{name:<24} {:>10.1} µs", median.as_secs_f64() * 1e6);
}

fn random(n: usize, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| rng.normal() as f32).collect()
}

fn main() {
    // cargo passes `--bench`
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_default();
    let mut rng = Rng::keyed(&[1]);
    dense(&filter, &mut rng);
    lookup(&filter, &mut rng);
    norm_relu(&filter, &mut rng);
    recurrent(&filter, &mut rng);
    stack(&filter, &mut rng);
}

fn dense(filter: &str, rng: &mut Rng) {
    let (rows, inner, columns) = (64, 64, 64);
    let (a, b) = (random(rows * inner, rng), random(inner * columns, rng));
    let mut c = vec![0.0; rows * columns];
    let pairs: Vec<Pair> = (0..rows as u32).map(|row| [row, row]).collect();
    let gemm = Gemm {
        pairs: &pairs,
        reads: Reads::Second,
        strides: Strides {
            from: inner,
            to: columns,
        },
        inner,
        columns,
    };
    time(filter, "dense product", || gemm.add_product(&a, &b, &mut c));
    let mut matrix = b.clone();
    time(filter, "dense outer", || {
        gemm.add_outer(&a, &c, &mut matrix);
    });
}

fn lookup(filter: &str, rng: &mut Rng) {
    let (n, length, filters, width) = (64, 200, 64, 20);
    let codes: Vec<u8> = (0..n * length).map(|_| rng.below(4) as u8).collect();
    let sequences = Sequences {
        codes: &codes,
        length,
    };
    let (weight, bias) = (random(filters * 4 * width, rng), random(filters, rng));
    let values = Filters {
        weight: &weight,
        bias: &bias,
    };
    for reduction in [Reduction::Mean, Reduction::Max] {
        let convolution = CodeConvolution {
            filters,
            width,
            pads: Pads::NONE,
            kmers: None,
            relu: true,
            reduction,
        };
        let gradient = random(n * filters, rng);
        let pooled = convolution.forward(sequences, values, true, Threads::ONE);
        time(filter, &format!("lookup {reduction:?} forward"), || {
            convolution.forward(sequences, values, true, Threads::ONE)
        });
        time(filter, &format!("lookup {reduction:?} backward"), || {
            convolution.backward(sequences, &pooled, &gradient, Threads::ONE)
        });
        let windows = Windows {
            convolution,
            size: 4,
        };
        let mut out = vec![0.0; n * windows.count(length) * filters];
        time(filter, &format!("windows {reduction:?} forward"), || {
            windows.forward(sequences, values, true, Threads::ONE, &mut out)
        });
        let passed = windows.forward(sequences, values, true, Threads::ONE, &mut out);
        time(filter, &format!("windows {reduction:?} backward"), || {
            windows.backward(sequences, &passed, &out, Threads::ONE)
        });
        let sizes = Sizes {
            filters,
            width,
            pads: Pads::NONE,
        };
        let scan = Scan::new(sizes, values, true, reduction);
        let mutations: Vec<Mutation> = (0..length)
            .map(|position| Mutation { position, base: 0 })
            .collect();
        time(filter, &format!("mutations {reduction:?}"), || {
            scan.mutated(&codes[..length], &mutations)
        });
    }
}

fn norm_relu(filter: &str, rng: &mut Rng) {
    let (rows, channels) = (12_800, 64);
    let (x, gradient) = (random(rows * channels, rng), random(rows * channels, rng));
    let mut out = vec![0.0; x.len()];
    time(filter, "norm_relu moments", || {
        moments(&x, channels, Threads::ONE)
    });
    let norm = Norm::new(moments(&x, channels, Threads::ONE), 1e-5, None);
    time(filter, "norm_relu forward", || {
        norm.forward(&x, &mut out, Threads::ONE);
    });
    time(filter, "norm_relu backward", || {
        norm.backward(&x, &gradient, &mut out, Threads::ONE)
    });
}

fn recurrent(filter: &str, rng: &mut Rng) {
    let (sequences, length, inputs, hidden) = (16, 50, 32, 32);
    let x = random(sequences * length * inputs, rng);
    for is_lstm in [true, false] {
        let cell = Cell {
            is_lstm,
            hidden,
            inputs,
        };
        let gates = if is_lstm { 4 * hidden } else { 3 * hidden };
        let weights = cell.weights(Parameters {
            weight_ih: &random(gates * inputs, rng),
            weight_hh: &random(gates * hidden, rng),
            bias_ih: &random(gates, rng),
            bias_hh: &random(gates, rng),
        });
        let inputs = Inputs {
            x: &x,
            length,
            sequences: 0..sequences,
        };
        let name = if is_lstm { "lstm" } else { "gru" };
        let forward = || cell.forward(&weights, &inputs, (0..length).collect());
        time(filter, &format!("{name} forward"), forward);
        time(filter, &format!("{name} both"), || {
            cell.backward(&weights, &inputs, forward(), &|_, _, row| row.fill(1.0))
        });
    }
}

fn stack(filter: &str, rng: &mut Rng) {
    let (length, channels) = (500, 32);
    let steps: Vec<Step> = (0..6)
        .map(|i| Step {
            filters: channels,
            channels: if i == 0 { 4 } else { channels },
            width: 3,
            pads: Pads {
                before: 2 << i,
                after: 0,
            },
            dilation: 1 << i,
            from: i,
            to: i + 1,
            relu: true,
            skip: (i > 0).then_some(i),
            relu_of_sum: false,
        })
        .collect();
    let packed = steps
        .iter()
        .map(|step| {
            let weight = random(step.filters * step.channels * step.width, rng);
            Packed::new(step, &weight, Vec::new())
        })
        .collect();
    let codes: Vec<u8> = (0..length).map(|_| rng.below(4) as u8).collect();
    let stack = Stack {
        plan: Arc::new(RowPlan::new(&steps, length, false)),
        masks: vec![None; steps.len()],
        steps,
        packed,
        first: 0,
        input: Input::Codes(Arc::new(codes)),
    };
    let mut sample = Sample::default();
    time(filter, "stack forward", || {
        stack.forward(0, &mut sample, false);
    });
}
