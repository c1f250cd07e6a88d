use super::*;
use crate::Value;
use crate::layers::activation::Activation;
use crate::layers::attention::{MultiHead, Positions, ScaledDot};
use crate::layers::compose::{Chain, Merge, MergeBy, Parallel, Residual, Tied};
use crate::layers::conv::Conv;
use crate::layers::custom::Custom;
use crate::layers::dropout::Dropout;
use crate::layers::linear::{Linear, Maxout};
use crate::layers::norm::{Norm, Over};
use crate::layers::pool::{Adaptive, Global, LastPosition, Pool};
use crate::layers::positional::Offsets;
use crate::layers::recurrent::Recurrent;
use crate::layers::recurrent_steps::Variant;
use crate::layers::reshape::{Flatten, Identity, Kmers, Permute, Reshape};
use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_torch::grad;
use cistron_torch::recurrent::Recurrence;

fn layer(spec: impl crate::Spec + 'static) -> Layer {
    Layer::new(spec, None)
}

fn linear(features: i64) -> Layer {
    layer(Linear {
        features,
        bias: true,
        init: None,
    })
}

fn norm(over: Over) -> Layer {
    layer(Norm {
        over,
        eps: 1e-5,
        momentum: 0.1,
        affine: true,
        sync: false,
    })
}

fn recurrent(dropout: f64) -> Layer {
    let how = Recurrence {
        is_lstm: true,
        hidden: 3,
        layers: 2,
        bidirectional: true,
        dropout,
    };
    layer(Recurrent {
        how,
        last: false,
        one_bias: false,
        variant: Variant::default(),
    })
}

fn heads(dropout: f64) -> Layer {
    layer(MultiHead {
        heads: 2,
        dropout,
        causal: false,
        offsets: Offsets::None,
    })
}

fn chain(parts: Vec<Layer>) -> Layer {
    layer(Chain {
        parts: parts.into_iter().map(|part| (None, part)).collect(),
    })
}

fn built(layer: &Layer, input: &[i64]) -> Result<Model> {
    let how = How {
        seed: 1,
        device: Device::CPU,
        fast: true,
        precision: Precision::default(),
        name: "net".into(),
    };
    Model::build(layer, &Shape::One(input.to_vec()), &how)
}

/// The output of a layer that has a frozen size is the same for a sample in training as in
/// evaluation, whatever the other samples of the batch are.
#[test]
fn layers_with_a_frozen_size_compute_every_sample_the_same_way() -> Result<()> {
    let conv = || layer(Conv::plain(4, &[3]));
    let own = || Custom {
        name: "own".into(),
        parameters: None,
        forward: Rc::new(|_, x, _| x.one().cloned()),
    };
    let cases = [
        (conv(), true),
        (linear(5), true),
        (
            layer(Maxout {
                features: 3,
                pieces: 2,
            }),
            true,
        ),
        (layer(Activation::Relu), true),
        (layer(Activation::Softmax(1)), true),
        (
            layer(Pool {
                max: true,
                size: vec![2],
                stride: vec![2],
                padding: vec![0],
            }),
            true,
        ),
        (
            layer(Adaptive {
                max: false,
                size: 3,
            }),
            true,
        ),
        (layer(Global { max: false }), true),
        (layer(LastPosition), true),
        (layer(Flatten), true),
        (layer(Identity), true),
        (layer(Kmers(2)), true),
        (layer(Permute(vec![2, 1])), true),
        (layer(Reshape(vec![2, -1])), true),
        (
            layer(ScaledDot {
                keys: 3,
                values: 2,
                bias: true,
            }),
            true,
        ),
        (layer(Positions { learned: true }), true),
        (heads(0.0), true),
        (heads(0.5), false),
        (recurrent(0.0), true),
        (recurrent(0.5), false),
        (norm(Over::Layer), true),
        (norm(Over::Instance), true),
        (norm(Over::Group(2)), true),
        (norm(Over::Batch), false),
        (
            layer(Dropout {
                p: 0.5,
                channels: false,
            }),
            false,
        ),
        (layer(own()), false),
        (layer(Tied(conv())), false),
        (
            layer(Residual {
                layer: heads(0.0),
                shortcut: None,
                after: Some(norm(Over::Layer)),
            }),
            true,
        ),
        (
            layer(Residual {
                layer: heads(0.5),
                shortcut: None,
                after: None,
            }),
            false,
        ),
        (
            layer(Parallel {
                parts: vec![conv(), conv()],
                merge: MergeBy::Rule(Merge::Concat),
            }),
            true,
        ),
        (
            layer(Parallel {
                parts: vec![conv(), chain(vec![conv(), norm(Over::Batch)])],
                merge: MergeBy::Rule(Merge::Concat),
            }),
            false,
        ),
    ];
    let mut rng = Rng::keyed(&[3]);
    let numbers: Vec<f32> = (0..5 * 4 * 12).map(|_| rng.normal() as f32).collect();
    let x = Tensor::from_f32(&numbers, &[5, 4, 12])?;
    for (layer, is_settled) in cases {
        let net = built(&chain(vec![layer.clone()]), &[4, 12])?;
        let learned = net.count().0;
        if learned > 0 {
            assert_eq!(net.0.module.frozen_size(), None, "{} learns", layer.text());
            net.freeze("", true)?;
        }
        assert_eq!(
            net.0.module.frozen_size().is_some(),
            is_settled,
            "{}",
            layer.text()
        );
        if is_settled {
            let _guard = grad::no_grad();
            let pass = |x: &Tensor, on: bool| {
                net.set_training(on);
                net.forward(&Value::One(x.clone()))?.one().cloned()
            };
            let (evaluated, trained, alone) = (
                pass(&x, false)?,
                pass(&x, true)?,
                pass(&x.narrow(0, 2, 1)?, true)?,
            );
            let largest = |a: &Tensor, b: &Tensor| a.sub(b)?.abs()?.amax(&None, false)?.item();
            assert!(largest(&evaluated, &trained)? == 0.0, "{}", layer.text());
            assert!(
                largest(&evaluated.narrow(0, 2, 1)?, &alone)? < 1e-5,
                "{}",
                layer.text()
            );
        }
    }
    Ok(())
}

#[test]
fn networks_are_split_after_their_frozen_prefix() -> Result<()> {
    let parts = || {
        vec![
            layer(Conv::plain(6, &[3])),
            layer(Activation::Relu),
            layer(Global { max: true }),
            linear(3),
            layer(Activation::Relu),
            linear(1),
        ]
    };
    let net = built(&chain(parts()), &[4, 12])?;
    let between = |most: i64| -> Result<Option<String>> {
        let cut = net.cut_settled(|shape| shape.iter().product::<i64>() <= most)?;
        Ok(cut.map(|(before, behind)| {
            assert_eq!(before.output(), behind.input());
            behind.input().text()
        }))
    };
    assert_eq!(between(1000)?, None);
    net.freeze("0", true)?;
    assert_eq!(between(1000)?.as_deref(), Some("[6]"));
    assert_eq!(between(5)?, None);
    net.freeze("3", true)?;
    assert_eq!(between(1000)?.as_deref(), Some("[3]"));
    net.freeze("0", false)?;
    assert_eq!(between(1000)?, None);
    net.freeze("0", true)?;
    let x = Value::One(Tensor::from_f32(&[0.5; 2 * 4 * 12], &[2, 4, 12])?);
    let Some((before, behind)) = net.cut_settled(|_| true)? else {
        bail!("internal", "no cut")
    };
    let (whole, halves) = (
        net.forward(&x)?.one()?.to_f32()?,
        behind.forward(&before.forward(&x)?)?.one()?.to_f32()?,
    );
    assert_eq!(whole, halves);
    Ok(())
}
