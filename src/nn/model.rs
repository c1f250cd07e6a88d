//! A built network: parameters on a device, a forward pass, files of weights.

use super::loss::Link;
use super::spec::Role;
use super::summary::{self, Row};
use super::{Builder, Layer, Mode, Module, Shape, Value};
use crate::fuse::stem::is_codes;
use crate::layers::compose::rest;
use cistron_base::{Fault, Result, near, shape};
use cistron_base::{bail, fault};
use cistron_torch::{Device, Kind, Precision, Tensor, file, grad};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;

/// How a network is built.
#[derive(Clone, Debug)]
pub struct How {
    /// Seed of the first weights.
    pub seed: u64,
    /// Where it lies.
    pub device: Device,
    /// Whether layers may be joined into faster ones that give the same numbers up to rounding.
    pub fast: bool,
    /// How many bits its operations work with.
    pub precision: Precision,
    /// What it is called.
    pub name: String,
}

/// A handle on a built network.
#[derive(Clone)]
pub struct Model(Rc<Inner>);

struct Inner {
    name: String,
    module: Rc<dyn Module>,
    parameters: Vec<(String, Tensor)>,
    buffers: Vec<(String, Tensor)>,
    input: Shape,
    output: Shape,
    rows: Vec<Row>,
    device: Device,
    training: Rc<Cell<bool>>,
    precision: Rc<Cell<Precision>>,
    /// The link of the loss that it was last trained with.
    link: Cell<Option<Link>>,
    fast: bool,
    /// What layers do in training alone.
    in_training: Vec<&'static str>,
}

impl Model {
    /// Builds a description for inputs of a shape.
    pub fn build(layer: &Layer, input: &Shape, how: &How) -> Result<Model> {
        let How {
            seed,
            device,
            fast,
            precision,
            name,
        } = how;
        let mut builder = Builder::new(*seed, *device, *fast);
        let built = builder.child("", layer, input)?;
        Ok(Model(Rc::new(Inner {
            name: name.clone(),
            module: built.module,
            parameters: builder.parameters,
            buffers: builder.buffers,
            input: input.clone(),
            output: built.output,
            rows: builder.rows,
            device: *device,
            training: Rc::new(Cell::new(false)),
            precision: Rc::new(Cell::new(*precision)),
            link: Cell::new(None),
            fast: *fast,
            in_training: builder.in_training,
        })))
    }

    /// The link of the loss that it was last trained with; none where it was not.
    pub fn link(&self) -> Option<Link> {
        self.0.link.get()
    }

    /// Remembers the link of the loss that it is trained with.
    pub fn set_link(&self, link: Link) {
        self.0.link.set(Some(link));
    }

    /// What it does in training alone: dropout, batch norm.
    pub fn in_training(&self) -> &[&'static str] {
        &self.0.in_training
    }

    /// Whether both are the same network.
    pub fn is(&self, other: &Model) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where its parameters lie.
    pub fn device(&self) -> Device {
        self.0.device
    }

    /// The shape of an input sample.
    pub fn input(&self) -> &Shape {
        &self.0.input
    }

    /// The shape of an output sample.
    pub fn output(&self) -> &Shape {
        &self.0.output
    }

    /// Named parameters, in order.
    pub fn parameters(&self) -> &[(String, Tensor)] {
        &self.0.parameters
    }

    /// Named parameters and buffers.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        self.0
            .parameters
            .iter()
            .chain(&self.0.buffers)
            .cloned()
            .collect()
    }

    /// How many numbers are learned, and how many of them are not frozen.
    pub fn count(&self) -> (i64, i64) {
        let total = self.0.parameters.iter().map(|(_, p)| p.numel()).sum();
        let trained = self
            .0
            .parameters
            .iter()
            .filter(|(_, p)| p.is_grad_on())
            .map(|(_, p)| p.numel())
            .sum();
        (total, trained)
    }

    /// Whether it trains (dropout drops, norms learn) or evaluates.
    pub fn is_training(&self) -> bool {
        self.0.training.get()
    }

    /// Switches between training and evaluating; gives the mode before.
    pub fn set_training(&self, on: bool) -> bool {
        self.0.training.replace(on)
    }

    /// Chooses how many bits its operations work with; gives what was chosen before.
    pub fn set_precision(&self, precision: Precision) -> Precision {
        self.0.precision.replace(precision)
    }

    /// Whether its first layer can take sequence codes `[batch, length]`.
    pub fn reads_codes(&self) -> bool {
        self.0.device == Device::CPU && self.0.module.reads_codes()
    }

    /// Whether its input is one sequence, which may also be given as codes `[batch, length]`.
    pub fn takes_codes(&self) -> bool {
        matches!(&self.0.input, Shape::One(shape) if matches!(shape[..], [4, _]))
    }

    /// Computes the output of a batch; one-hot sequences may also be given as codes
    /// `[batch, length]`.
    pub fn forward(&self, x: &Value) -> Result<Value> {
        if let Value::One(codes) = x
            && is_codes(codes)
            && self.takes_codes()
        {
            let codes = self.place(codes)?;
            let x = if self.reads_codes() {
                codes
            } else {
                codes.one_hot_codes()?
            };
            return self.pass(&Value::One(x));
        }
        self.check_input(x)?;
        self.pass(&x.map(|tensor| self.place(tensor))?)
    }

    /// Does something with the layers as they are described; they are on the network's device, and
    /// so must be what they take.
    pub fn within<T>(&self, run: impl FnOnce(&dyn Module, Mode) -> Result<T>) -> Result<T> {
        let precision = self.0.precision.get();
        let _guard = precision.enter(self.0.device);
        run(
            &*self.0.module,
            Mode {
                training: self.0.training.get(),
                half: precision == Precision::Bf16,
            },
        )
    }

    /// The layers that come first and hold parameters of which none learns, and the network behind
    /// them, with the same parameters. Of several places to cut it is the last where `fits` agrees
    /// to the shape in between; none where there is no such place.
    pub fn cut_settled(&self, fits: impl Fn(&[i64]) -> bool) -> Result<Option<(Model, Model)>> {
        let Role::Parts(parts) = self.0.module.role() else {
            return Ok(None);
        };
        let (mut held, mut x, mut place) = (
            0,
            Value::zeros(&self.0.input, 1)?.map(|tensor| self.place(tensor))?,
            None,
        );
        let _guard = grad::no_grad();
        for (i, part) in parts.iter().enumerate().take(parts.len().saturating_sub(1)) {
            let Some(own) = part.settled() else { break };
            held += own;
            x = part.forward(
                &x,
                Mode {
                    training: false,
                    half: false,
                },
            )?;
            let shape = x.shape();
            if held > 0 && matches!(&shape, Shape::One(shape) if fits(shape)) {
                place = Some((i + 1, shape));
            }
        }
        let Some((cut, between)) = place else {
            return Ok(None);
        };
        let part = |parts: &[Rc<dyn Module>], input: &Shape, output: &Shape| {
            let Inner {
                name,
                parameters,
                buffers,
                device,
                fast,
                in_training,
                ..
            } = &*self.0;
            Model(Rc::new(Inner {
                name: name.clone(),
                module: rest(parts),
                parameters: parameters.clone(),
                buffers: buffers.clone(),
                input: input.clone(),
                output: output.clone(),
                rows: Vec::new(),
                device: *device,
                training: self.0.training.clone(),
                precision: self.0.precision.clone(),
                link: self.0.link.clone(),
                fast: *fast,
                in_training: in_training.clone(),
            }))
        };
        Ok(Some((
            part(&parts[..cut], &self.0.input, &between),
            part(&parts[cut..], &between, &self.0.output),
        )))
    }

    /// Whether layers may be joined into faster ones.
    pub fn is_fast(&self) -> bool {
        self.0.fast
    }

    fn pass(&self, x: &Value) -> Result<Value> {
        let out = self
            .within(|module, mode| module.forward(x, mode))
            .map_err(|fault| self.misfit(x, fault))?;
        // losses are computed in 32 bits
        out.map(|tensor| {
            if matches!(tensor.kind(), Kind::BFloat16 | Kind::Half) {
                tensor.to_kind(Kind::Float)
            } else {
                Ok(tensor.clone())
            }
        })
    }

    /// The fault of a pass over inputs of another shape than the one it was built for.
    fn misfit(&self, x: &Value, fault: Fault) -> Fault {
        let got = match (x, self.takes_codes()) {
            (Value::One(codes), true) if is_codes(codes) => Shape::One(vec![4, codes.shape()[1]]),
            _ => x.shape(),
        };
        if got == self.0.input || !matches!(fault.kind, "shape" | "torch") {
            return fault;
        }
        let length = |shape: &Shape| match shape {
            Shape::One(own) => own.last().copied(),
            Shape::Many(_) => None,
        };
        let hint = match length(&self.0.input) {
            Some(n) => format!(
                "inputs of length {n}, or a network that takes any length: `nn::global_max_pool()` instead of `nn::flatten()`"
            ),
            None => "inputs of the lengths it was built for".into(),
        };
        let mut own = fault.context(format!(
            "`{}` is built for {}, got {}",
            self.0.name,
            self.0.input.text(),
            got.text()
        ));
        own.kind = "shape";
        own.hint = Some(hint);
        own
    }

    fn place(&self, tensor: &Tensor) -> Result<Tensor> {
        if tensor.device() == self.0.device {
            Ok(tensor.clone())
        } else {
            tensor.to_device(self.0.device)
        }
    }

    fn check_input(&self, x: &Value) -> Result<()> {
        let fits = |want: &[i64], got: &[i64]| {
            got.len() == want.len() + 1
                && (want.len() < 2 || want[0] == got[1])
                && (want.len() != 1 || want[0] == got[1])
        };
        let wrong = |name: &str, want: &[i64], got: &[i64]| {
            fault!(
                "shape",
                "`{}` takes {name}[batch, {}], got {}",
                self.0.name,
                want.iter()
                    .map(|n| n.to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
                shape::text(got)
            )
        };
        match (&self.0.input, x) {
            (Shape::One(want), Value::One(tensor)) if !fits(want, &tensor.shape()) => {
                Err(wrong("", want, &tensor.shape()))
            }
            (Shape::Many(want), Value::Many(got)) => {
                for (name, shape) in want {
                    let tensor = got.get(name).ok_or_else(|| {
                        fault!(
                            "shape",
                            "`{}` needs an input called `{name}`; got {}",
                            self.0.name,
                            got.keys().cloned().collect::<Vec<_>>().join(", ")
                        )
                    })?;
                    if !fits(shape, &tensor.shape()) {
                        return Err(wrong(&format!("{name} "), shape, &tensor.shape()));
                    }
                }
                Ok(())
            }
            (Shape::Many(want), Value::One(_)) => {
                bail!(
                    "shape",
                    "`{}` takes several inputs, {}; got one",
                    self.0.name,
                    want.keys().cloned().collect::<Vec<_>>().join(", ")
                )
            }
            _ => Ok(()),
        }
    }

    /// A parameter or buffer by its path.
    pub fn get(&self, path: &str) -> Result<Tensor> {
        let all = self.0.parameters.iter().chain(&self.0.buffers);
        if let Some((_, tensor)) = all.clone().find(|(name, _)| name == path) {
            return Ok(tensor.clone());
        }
        let fault = fault!("name", "`{}` has no parameter `{path}`", self.0.name);
        Err(
            match near::nearest(path, all.clone().map(|(name, _)| name.as_str())) {
                Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
                None => fault.hint(format!(
                    "it has {}",
                    all.take(12)
                        .map(|(name, _)| name.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            },
        )
    }

    /// Copies values into a parameter or buffer.
    pub fn set(&self, path: &str, values: &Tensor) -> Result<()> {
        let target = self.get(path)?;
        if target.shape() != values.shape() {
            bail!(
                "shape",
                "`{path}` is {}, got {}",
                shape::text(&target.shape()),
                shape::text(&values.shape())
            );
        }
        target.overwrite(values)
    }

    /// Stops (or resumes) learning of all parameters whose path starts with a prefix; gives how
    /// many there are.
    pub fn freeze(&self, prefix: &str, frozen: bool) -> Result<usize> {
        let below = |name: &str| {
            prefix.is_empty()
                || name == prefix
                || name
                    .strip_prefix(prefix)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        let chosen: Vec<_> = self
            .0
            .parameters
            .iter()
            .filter(|(name, _)| below(name))
            .collect();
        if chosen.is_empty() {
            let parts = self.0.parameters.iter().map(|(name, _)| name.as_str());
            let fault = fault!(
                "name",
                "`{}` has no parameters below `{prefix}`",
                self.0.name
            );
            return Err(near::nearest(prefix, parts).map_or(fault.clone(), |near| {
                fault.hint(format!("did you mean \"{near}\"?"))
            }));
        }
        for (_, tensor) in &chosen {
            tensor.requires_grad_(!frozen)?;
        }
        Ok(chosen.len())
    }

    /// Forgets all gradients.
    pub fn zero_grad(&self) -> Result<()> {
        self.0
            .parameters
            .iter()
            .try_for_each(|(_, p)| p.zero_grad())
    }

    /// Writes parameters and buffers under PyTorch's names.
    pub fn save(&self, path: &Path) -> Result<()> {
        // one note alone: several would stand in a random order, and equal models would give
        // unequal files
        let notes = HashMap::from([("format".to_string(), "pt".to_string())]);
        file::save_safetensors(path, &self.state(), notes)
    }

    /// Reads what [`Model::save`] (or PyTorch) wrote; every name and shape must fit.
    pub fn load(&self, path: &Path) -> Result<()> {
        let (tensors, _) = file::load_safetensors(path)?;
        self.load_state(&tensors)
            .map_err(|fault| fault.context(format!("`{}`", path.display())))
    }

    /// Copies named tensors into the parameters and buffers; nothing is changed where one does not
    /// fit.
    pub fn load_state(&self, tensors: &[(String, Tensor)]) -> Result<()> {
        let given: BTreeMap<&str, &Tensor> = tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor))
            .collect();
        let own = self.state();
        if let Some((name, _)) = own.iter().find(|(name, _)| {
            !given.contains_key(name.as_str()) && !name.ends_with("num_batches_tracked")
        }) {
            let other = tensors
                .iter()
                .map(|(name, _)| name.as_str())
                .find(|name| !own.iter().any(|(known, _)| known == name));
            let fault = fault!("shape", "there is no tensor `{name}`");
            return Err(other.map_or(fault.clone(), |other| {
                fault.hint(format!(
                    "it holds `{other}`, which this network has not: is it the same architecture?"
                ))
            }));
        }
        if let Some((name, _)) = tensors
            .iter()
            .find(|(name, _)| !own.iter().any(|(known, _)| known == name))
        {
            bail!("shape", "tensor `{name}` has no place in `{}`", self.0.name; hint: "is it the same architecture?");
        }
        for (name, target) in &own {
            if let Some(values) = given.get(name.as_str())
                && values.shape() != target.shape()
            {
                bail!(
                    "shape",
                    "`{name}` is {} there and {} here",
                    shape::text(&values.shape()),
                    shape::text(&target.shape())
                );
            }
        }
        let _guard = grad::no_grad();
        for (name, target) in &own {
            if let Some(values) = given.get(name.as_str()) {
                target.copy_(&values.to_device(self.0.device)?)?;
            }
        }
        Ok(())
    }

    /// A copy of all parameters and buffers as they are now.
    pub fn snapshot(&self) -> Result<Vec<(String, Tensor)>> {
        let _guard = grad::no_grad();
        self.state()
            .into_iter()
            .map(|(name, tensor)| Ok((name, tensor.detach()?.copied()?)))
            .collect()
    }

    /// Copies the parameters that both networks have under the same path, below a prefix; gives how
    /// many.
    pub fn transfer(&self, from: &Model, prefix: &str) -> Result<usize> {
        let mut copied = 0;
        for (name, values) in from.state() {
            let below = prefix.is_empty()
                || name == prefix
                || name
                    .strip_prefix(prefix)
                    .is_some_and(|rest| rest.starts_with('.'));
            if below
                && self
                    .state()
                    .iter()
                    .any(|(known, own)| *known == name && own.shape() == values.shape())
            {
                self.set(&name, &values.detach()?)?;
                copied += 1;
            }
        }
        if copied == 0 {
            bail!(
                "shape",
                "`{}` and `{}` share no parameters of the same shape below `{prefix}`",
                from.0.name,
                self.0.name
            );
        }
        Ok(copied)
    }

    /// Its layers, in order.
    pub fn rows(&self) -> &[Row] {
        &self.0.rows
    }

    /// The table of layers, with what was joined into faster ones.
    pub fn summary(&self) -> String {
        let (total, trained) = self.count();
        let mut ways = Vec::new();
        if !self.0.device.is_cuda() {
            self.0.module.ways(&mut ways);
        }
        summary::table(
            &self.0.name,
            &self.0.input.text(),
            &self.0.rows,
            (total, trained),
            &ways,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::activation::Activation;
    use crate::layers::attention::{MultiHead, Positions, ScaledDot};
    use crate::layers::compose::{Chain, Merge, Parallel, Residual, Tied};
    use crate::layers::conv::Conv;
    use crate::layers::custom::Custom;
    use crate::layers::dropout::Dropout;
    use crate::layers::linear::{Linear, Maxout};
    use crate::layers::norm::{Norm, Over};
    use crate::layers::pool::{Adaptive, Global, LastPosition, Pool};
    use crate::layers::recurrent::Recurrent;
    use crate::layers::reshape::{Flatten, Identity, Kmers, Permute, Reshape};
    use cistron_base::seed::Rng;
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
        })
    }

    fn heads(dropout: f64) -> Layer {
        layer(MultiHead {
            heads: 2,
            dropout,
            causal: false,
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

    /// What a layer that is called settled gives for a sample is the same in training as in
    /// evaluation, alone and among others.
    #[test]
    fn settled_layers_give_every_sample_the_same() -> Result<()> {
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
                    merge: Merge::Concat,
                }),
                true,
            ),
            (
                layer(Parallel {
                    parts: vec![conv(), chain(vec![conv(), norm(Over::Batch)])],
                    merge: Merge::Concat,
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
                assert_eq!(net.0.module.settled(), None, "{} learns", layer.text());
                net.freeze("", true)?;
            }
            assert_eq!(
                net.0.module.settled().is_some(),
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
    fn networks_are_cut_behind_their_frozen_layers() -> Result<()> {
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
}
