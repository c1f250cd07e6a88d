//! Weights of layers that are being built: plain, normalised, or with adapters.

use crate::adapt::Adapter;
use crate::weight::{
    LowRank, Role, Spectral, Weight, WeightNorm, iterated, length_of, matrix, unit,
};
use crate::{Builder, Init};
use cistron_base::{Result, bail};
use cistron_torch::grad;
use std::rc::Rc;

/// Power iterations when a layer is built, as in PyTorch.
const FIRST_ITERATIONS: usize = 15;

impl Builder {
    /// Weights below the current path, parametrised as the layers around them state.
    pub fn weight(&mut self, name: &str, shape: &[i64], init: &Init) -> Result<Weight> {
        self.weight_of(name, shape, init, Role::default())
    }

    /// As [`Builder::weight`], for weights with a role.
    pub fn weight_of(
        &mut self,
        name: &str,
        shape: &[i64],
        init: &Init,
        role: Role,
    ) -> Result<Weight> {
        let base = match self.norm {
            None => Weight::Plain(self.parameter(name, shape, init)?),
            Some(WeightNorm::Length) => {
                let start = init.draw(shape, &self.keys(name))?;
                let length = length_of(&start)?;
                self.check_start(name, length.amin(&None, false)?.item()?)?;
                Weight::Normed {
                    length: self.adopt(&format!("{name}_g"), length)?,
                    direction: self.adopt(&format!("{name}_v"), start)?,
                }
            }
            Some(WeightNorm::Spectral(iterations)) => {
                self.varying += 1;
                self.spectral(name, shape, init, iterations, role.axis)?
            }
        };
        let weight = self.adapted(name, base, role)?;
        self.weights.push((self.name(name), weight.clone()));
        Ok(weight)
    }

    /// Fails where weights to normalise have the norm 0.
    fn check_start(&self, name: &str, norm: f64) -> Result<()> {
        if norm == 0.0 {
            bail!("value", "`{}` is zero at the start and cannot be normalised", self.name(name);
                hint: "normalise the layers around it");
        }
        Ok(())
    }

    fn spectral(
        &mut self,
        name: &str,
        shape: &[i64],
        init: &Init,
        iterations: usize,
        axis: usize,
    ) -> Result<Weight> {
        let original = self.parameter(&format!("{name}_orig"), shape, init)?;
        let _guard = grad::no_grad();
        self.check_start(name, original.norm(2.0, &None, false)?.item()?)?;
        let matrix = matrix(&original, axis)?;
        let [outputs, inputs] = [0, 1].map(|axis| matrix.shape()[axis]);
        let draw = |builder: &Builder, last: &str, size: i64| {
            let start = Init::Normal(1.0).draw(&[size, 1], &builder.keys(last))?;
            unit(&start.to_device(builder.device())?)
        };
        let names = [format!("{name}_u"), format!("{name}_v")];
        let (u, v) = iterated(
            &matrix,
            draw(self, &names[0], outputs)?,
            draw(self, &names[1], inputs)?,
            FIRST_ITERATIONS,
        )?;
        Ok(Weight::Spectral(Rc::new(Spectral {
            original,
            u: self.keep(&names[0], u.reshape(&[-1])?)?,
            v: self.keep(&names[1], v.reshape(&[-1])?)?,
            iterations,
            axis,
        })))
    }

    /// Builds something whose weights are normalised.
    pub fn normed<T>(
        &mut self,
        norm: WeightNorm,
        build: impl FnOnce(&mut Builder) -> Result<T>,
    ) -> Result<T> {
        if self.norm.is_some() {
            bail!("value", "weights are normalised twice";
                hint: "apply `nn::weight_norm`, `nn::spectral_norm` or `norm: \"weight\"` once");
        }
        self.norm = Some(norm);
        let built = build(self);
        self.norm = None;
        built
    }

    /// Weights with adapters, where the network is built with them and they are chosen.
    fn adapted(&mut self, name: &str, base: Weight, role: Role) -> Result<Weight> {
        let (path, kind) = (self.name(name), self.kind());
        let adapting = self.adapting.as_mut();
        let Some(plan) = adapting.and_then(|adapting| adapting.choose(&path, &kind)) else {
            return Ok(base);
        };
        if plan.dropout > 0.0 && !role.is_applied {
            bail!("option", "adapters of {kind} cannot have dropout, which is between the input \
                and the matrix A of linear layers and convolutions";
                hint: "`dropout: 0`, or `targets: [\"linear\", \"conv\"]`");
        }
        let shape = base.shape();
        let inputs: i64 = shape[1..].iter().product();
        let mut a_shape = shape.clone();
        a_shape[0] = plan.rank;
        let mut b_shape = vec![1; shape.len()];
        (b_shape[0], b_shape[1]) = (shape[0], plan.rank);
        let bound = Init::Uniform(1.0 / (inputs as f64).sqrt());
        let a = self.parameter(&adapter_name(name, "lora_A"), &a_shape, &bound)?;
        let zero = Init::Constant(0.0);
        let b = self.parameter(&adapter_name(name, "lora_B"), &b_shape, &zero)?;
        if plan.dropout > 0.0 {
            self.varying += 1;
        }
        let count = a.numel() + b.numel();
        let weight = Weight::LowRank(Rc::new(LowRank {
            base,
            a,
            b,
            scale: plan.scale(),
            dropout: plan.dropout,
        }));
        if let Some(adapting) = &mut self.adapting {
            adapting.add(Adapter {
                name: path,
                kind,
                parameters: count,
                weight: weight.clone(),
            });
        }
        Ok(weight)
    }
}

/// The name of a matrix of an adapter, as in PEFT: `out_proj.weight` has `out_proj.lora_A.weight`.
fn adapter_name(name: &str, matrix: &str) -> String {
    let (layer, last) = name.rsplit_once('.').unwrap_or(("", name));
    let last = match last {
        "in_proj_weight" => "weight",
        other => other,
    };
    let dot = if layer.is_empty() { "" } else { "." };
    format!("{layer}{dot}{matrix}.{last}")
}
