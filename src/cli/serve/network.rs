//! The network that is served: its only output, and what that means.

use crate::base::{Result, shape};
use crate::explain::target::Target;
use crate::nn::loss::Link;
use crate::nn::{Model, Shape, Value};
use crate::torch::{Kind, Tensor, grad};
use crate::{bail, fault};
use std::rc::Rc;

/// A network in evaluation mode.
pub struct Network {
    /// The network.
    pub model: Model,
    /// The name of the output that is served, where there are several.
    output: Option<String>,
    /// What the output means.
    pub link: Link,
    /// The numbers of an output.
    pub width: usize,
}

/// The output of a network that is served, and its shape.
fn chosen(model: &Model, name: Option<&str>) -> Result<(Option<String>, Vec<i64>)> {
    let outputs = match (model.output(), name) {
        (Shape::One(shape), None) => return Ok((None, shape.clone())),
        (Shape::One(_), Some(name)) => {
            bail!("usage", "--output {name}: the network has one output";
            hint: "leave the option out")
        }
        (Shape::Many(outputs), _) => outputs,
    };
    let names = outputs.keys().cloned().collect::<Vec<_>>().join(", ");
    if let Some(name) = name {
        return match outputs.get(name) {
            Some(shape) => Ok((Some(name.to_string()), shape.clone())),
            None => bail!(
                "usage",
                "--output {name}: the outputs of the network are {names}"
            ),
        };
    }
    let mut flat = outputs.iter().filter(|(_, shape)| shape.len() <= 1);
    match (flat.next(), flat.next()) {
        (Some((name, shape)), None) => Ok((Some(name.clone()), shape.clone())),
        _ => bail!("usage", "the network has several outputs: {names}";
            hint: "--output NAME chooses one"),
    }
}

impl Network {
    /// A network, one of its outputs, and what that means: `link`, or the link of the loss that it
    /// was trained with.
    ///
    /// # Errors
    /// Where the output is not chosen, is along the sequence, or its meaning is not known.
    pub fn new(model: Model, output: Option<&str>, link: Option<Link>) -> Result<Network> {
        let (output, size) = chosen(&model, output)?;
        let width = match size[..] {
            [] => 1,
            [width] => width,
            _ => bail!(
                "shape",
                "the output of a sample is {}: networks with one number for each \
                label are served",
                shape::text(&size)
            ),
        };
        let trained = model.links();
        let trained = trained.map(|links| links.of(output.as_deref().unwrap_or("")));
        let Some(link) = link.or(trained) else {
            bail!("usage", "it is not known what the outputs of `{}` are, as the script does not \
                train it", model.name();
                hint: "--link sigmoid for logits, --link identity for outputs as they are");
        };
        if !matches!(
            link,
            Link::Identity | Link::Sigmoid | Link::Softmax | Link::Exp | Link::Expm1
        ) {
            bail!("usage", "outputs of losses such as {link:?} are not served";
                hint: "--link identity serves them as they are");
        }
        model.set_training(false);
        Ok(Network {
            model,
            output,
            link,
            width: usize::try_from(width).unwrap_or(0),
        })
    }

    /// Whether its outputs are probabilities.
    pub fn is_probability(&self) -> bool {
        matches!(self.link, Link::Sigmoid | Link::Softmax)
    }

    /// The name of its link, as of `--link`.
    pub fn link_name(&self) -> &'static str {
        match self.link {
            Link::Sigmoid => "sigmoid",
            Link::Softmax => "softmax",
            Link::Exp => "exp",
            Link::Expm1 => "expm1",
            _ => "identity",
        }
    }

    /// Predictions of samples, `width` for each.
    pub fn predict(&self, x: &Value) -> Result<Vec<f64>> {
        let _guard = grad::no_grad();
        let outputs = self.raw(&self.model.forward(x)?)?;
        self.predictions(&outputs)?.to_f64()
    }

    /// The output that is served, before its link.
    fn raw(&self, all: &Value) -> Result<Tensor> {
        match (&self.output, all) {
            (None, one) => one.one().cloned(),
            (Some(name), Value::Many(many)) => many
                .get(name)
                .cloned()
                .ok_or_else(|| fault!("internal", "the network has no output `{name}`")),
            (Some(name), _) => bail!("internal", "the network has no output `{name}`"),
        }
    }

    /// Predictions from outputs, in 64 bits.
    fn predictions(&self, outputs: &Tensor) -> Result<Tensor> {
        self.link.apply(&outputs.to_kind(Kind::Double)?)
    }

    /// The prediction of the first label, as the target of an explanation.
    pub fn prediction_target(self: &Rc<Self>) -> Target {
        let network = self.clone();
        Target::Own(Rc::new(move |all| {
            let own = network.predictions(&network.raw(all)?)?;
            match own.rank() {
                1 => Ok(own),
                _ => own.select(1, 0),
            }
        }))
    }

    /// An output before its link, as the target of an explanation.
    pub fn output_target(&self, label: usize) -> Target {
        let target = Target::Label(label as i64);
        match &self.output {
            Some(name) => Target::Output(name.clone(), Box::new(target)),
            None => target,
        }
    }
}
