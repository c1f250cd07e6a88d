//! Comparisons with sums as they are defined.

use super::windows::Windows;
use super::*;
use cistron_base::parallel::Threads;
use cistron_base::seed::Rng;

fn random(n: usize, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| rng.normal() as f32).collect()
}

/// The sum over a window as it is defined.
fn activation(
    convolution: &CodeConvolution,
    codes: &[u8],
    weight: &[f32],
    bias: &[f32],
    filter: usize,
    position: usize,
) -> f64 {
    let at = |place: usize| {
        channel(convolution, codes, position, place)
            .map(|c| weight[(filter * convolution.channels() + c) * convolution.width + place])
    };
    f64::from(bias[filter])
        + (0..convolution.width)
            .filter_map(at)
            .map(f64::from)
            .sum::<f64>()
}

/// The channel that is 1 at a place of a window; none where a base is unknown.
fn channel(
    convolution: &CodeConvolution,
    codes: &[u8],
    position: usize,
    place: usize,
) -> Option<usize> {
    let (k, dilation) = convolution
        .kmers
        .map_or((1, 1), |kmers| (kmers.k, kmers.dilation));
    let start = (position + place * dilation).checked_sub(convolution.pads.before)?;
    codes
        .get(start..start + k)?
        .iter()
        .try_fold(0, |word, code| {
            (*code < 4).then_some(word << 2 | usize::from(*code))
        })
}

#[test]
fn pooled_activations_and_gradients_are_those_of_the_plain_sum() {
    let mut rng = Rng::keyed(&[5]);
    let kmers = |k, dilation| Some(Kmers { k, dilation });
    for (filters, width, length, pads, relu, reduction, kmers) in [
        (20, 20, 60, (0, 0), true, Reduction::Mean, None),
        (3, 5, 30, (0, 0), false, Reduction::Mean, None),
        (70, 7, 25, (3, 3), true, Reduction::Mean, None),
        (17, 12, 40, (11, 0), true, Reduction::Max, None),
        (5, 1, 9, (0, 0), false, Reduction::Max, None),
        (3, 3, 40, (0, 0), true, Reduction::Max, kmers(4, 4)),
        (19, 3, 50, (2, 3), true, Reduction::Mean, kmers(2, 5)),
        (70, 5, 45, (4, 0), false, Reduction::Mean, kmers(1, 3)),
    ] {
        let convolution = CodeConvolution {
            filters,
            width,
            pads: Pads {
                before: pads.0,
                after: pads.1,
            },
            relu,
            reduction,
            kmers,
        };
        let channels = convolution.channels();
        let n = 33;
        let codes: Vec<u8> = (0..n * length)
            .map(|i| {
                if i % 37 == 5 && filters != 20 {
                    4
                } else {
                    rng.below(4) as u8
                }
            })
            .collect();
        let (weight, bias, gradient) = (
            random(filters * channels * width, &mut rng),
            random(filters, &mut rng),
            random(n * filters, &mut rng),
        );
        let sequences = Sequences {
            codes: &codes,
            length,
        };
        let filters_of = Filters {
            weight: &weight,
            bias: &bias,
        };
        let pooled = convolution.forward(sequences, filters_of, true, Threads::ONE);
        let got = convolution.backward(sequences, &pooled, &gradient, Threads::ONE);
        let (k, dilation) = kmers.map_or((1, 1), |kmers| (kmers.k, kmers.dilation));
        let positions = (length - k + 1) + pads.0 + pads.1 - (width - 1) * dilation;
        assert_eq!(convolution.positions(length), positions);
        let (mut wanted_weight, mut wanted_bias) =
            (vec![0.0f64; weight.len()], vec![0.0f64; filters]);
        for row in 0..n {
            let own = &codes[row * length..(row + 1) * length];
            for filter in 0..filters {
                let all: Vec<f64> = (0..positions)
                    .map(|p| activation(&convolution, own, &weight, &bias, filter, p))
                    .collect();
                let after = |x: f64| if relu { x.max(0.0) } else { x };
                let best = (0..positions)
                    .max_by(|a, b| all[*a].total_cmp(&all[*b]))
                    .unwrap();
                let wanted = if reduction == Reduction::Mean {
                    all.iter().map(|x| after(*x)).sum::<f64>() / positions as f64
                } else {
                    after(all[best])
                };
                assert!((f64::from(pooled.values[row * filters + filter]) - wanted).abs() < 1e-4);
                for p in 0..positions {
                    let share = if reduction == Reduction::Mean {
                        1.0 / positions as f64
                    } else {
                        f64::from(u8::from(p == best))
                    };
                    if share == 0.0 || (relu && all[p] <= 0.0) {
                        continue;
                    }
                    let g = share * f64::from(gradient[row * filters + filter]);
                    wanted_bias[filter] += g;
                    for at in 0..width {
                        if let Some(channel) = channel(&convolution, own, p, at) {
                            wanted_weight[(filter * channels + channel) * width + at] += g;
                        }
                    }
                }
            }
        }
        assert!(
            got.weight
                .iter()
                .zip(&wanted_weight)
                .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
        );
        assert!(
            got.bias
                .iter()
                .zip(&wanted_bias)
                .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
        );
    }
}
#[test]
fn windows_and_their_gradients_are_those_of_the_plain_sum() {
    let mut rng = Rng::keyed(&[6]);
    let kmers = |k, dilation| Some(Kmers { k, dilation });
    for (filters, width, length, pads, relu, reduction, size, kmers) in [
        (20, 20, 60, (0, 0), true, Reduction::Max, 1, None),
        (3, 5, 30, (0, 0), false, Reduction::Max, 1, None),
        (70, 7, 25, (3, 3), true, Reduction::Max, 4, None),
        (17, 12, 40, (11, 0), false, Reduction::Max, 3, None),
        (16, 3, 75, (0, 0), true, Reduction::Mean, 5, None),
        (33, 4, 70, (2, 1), false, Reduction::Mean, 32, None),
        (5, 3, 40, (0, 0), true, Reduction::Max, 2, kmers(4, 4)),
        (9, 5, 45, (4, 0), true, Reduction::Mean, 1, kmers(1, 3)),
    ] {
        let own = Windows {
            convolution: CodeConvolution {
                filters,
                width,
                pads: Pads {
                    before: pads.0,
                    after: pads.1,
                },
                relu,
                reduction,
                kmers,
            },
            size,
        };
        let (convolution, n, windows) = (&own.convolution, 9, own.count(length));
        let channels = convolution.channels();
        let codes: Vec<u8> = (0..n * length)
            .map(|i| {
                if i % 37 == 5 && filters != 20 {
                    4
                } else {
                    rng.below(4) as u8
                }
            })
            .collect();
        let (weight, bias, gradient) = (
            random(filters * channels * width, &mut rng),
            random(filters, &mut rng),
            random(n * windows * filters, &mut rng),
        );
        let sequences = Sequences {
            codes: &codes,
            length,
        };
        let filters_of = Filters {
            weight: &weight,
            bias: &bias,
        };
        let mut out = vec![0.0; n * windows * filters];
        let passed = own.forward(sequences, filters_of, true, Threads::ONE, &mut out);
        let got = own.backward(sequences, &passed, &gradient, Threads::ONE);
        let (mut wanted_weight, mut wanted_bias) =
            (vec![0.0f64; weight.len()], vec![0.0f64; filters]);
        for i in 0..n * windows * filters {
            let (row, window, filter) =
                (i / (windows * filters), i / filters % windows, i % filters);
            let codes = &codes[row * length..(row + 1) * length];
            let all: Vec<f64> = (0..size)
                .map(|p| {
                    activation(
                        convolution,
                        codes,
                        &weight,
                        &bias,
                        filter,
                        window * size + p,
                    )
                })
                .collect();
            let after = |x: f64| if relu { x.max(0.0) } else { x };
            // the first of the largest
            let best = (0..size)
                .rev()
                .max_by(|a, b| all[*a].total_cmp(&all[*b]))
                .unwrap();
            let wanted = if reduction == Reduction::Mean {
                all.iter().map(|x| after(*x)).sum::<f64>() / size as f64
            } else {
                after(all[best])
            };
            assert!(
                (f64::from(out[i]) - wanted).abs() < 1e-4,
                "{filters} filters of {width}, windows of {size}: {} for {wanted}",
                out[i]
            );
            for p in 0..size {
                let share = if reduction == Reduction::Mean {
                    1.0 / size as f64
                } else {
                    f64::from(u8::from(p == best))
                };
                if share == 0.0 || (relu && all[p] <= 0.0) {
                    continue;
                }
                let g = share * f64::from(gradient[i]);
                wanted_bias[filter] += g;
                for at in 0..width {
                    if let Some(channel) = channel(convolution, codes, window * size + p, at) {
                        wanted_weight[(filter * channels + channel) * width + at] += g;
                    }
                }
            }
        }
        assert!(
            got.weight
                .iter()
                .zip(&wanted_weight)
                .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
        );
        assert!(
            got.bias
                .iter()
                .zip(&wanted_bias)
                .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
        );
    }
}
