//! The forward pass of a network.

use super::Model;
use crate::{Mode, Module, Shape, Value};
use cistron_base::{Fault, Result, bail, fault, shape};
use cistron_torch::{Device, Kind, Precision, Tensor};

impl Model {
    /// Whether its first layer reads sequence codes.
    pub fn reads_codes(&self) -> bool {
        self.0.device == Device::CPU && self.0.module.reads_codes()
    }

    /// Whether its input is one sequence, which may also be codes.
    pub fn takes_codes(&self) -> bool {
        matches!(&self.0.input, Shape::One(shape) if matches!(shape[..], [4, _]))
    }

    /// Computes the output of a batch; one-hot sequences may also be codes.
    pub fn forward(&self, x: &Value) -> Result<Value> {
        if let Value::Codes(codes) = x {
            if !self.takes_codes() {
                // integers that are no sequence
                return self.forward(&x.plain()?);
            }
            let codes = Value::Codes(codes.to_device(self.0.device)?);
            return if self.reads_codes() {
                self.pass(&codes)
            } else {
                self.pass(&codes.one_hot()?)
            };
        }
        self.check_input(x)?;
        self.pass(&x.map(|tensor| self.place(tensor))?)
    }

    /// Runs a function with the layers; its inputs must be on the network's device.
    pub fn within<T>(&self, run: impl FnOnce(&dyn Module, Mode) -> Result<T>) -> Result<T> {
        let precision = self.0.precision.get().on(self.0.device);
        let _guard = precision.enter(self.0.device);
        run(
            &*self.0.module,
            Mode {
                training: self.0.training.get(),
                half: precision == Precision::Bf16,
            },
        )
    }

    fn pass(&self, x: &Value) -> Result<Value> {
        let out = self
            .within(|module, mode| module.forward(x, mode))
            .map_err(|fault| self.mismatch(x, fault))?;
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
    fn mismatch(&self, x: &Value, fault: Fault) -> Fault {
        let got = x.shape();
        if got == self.0.input || !matches!(fault.kind, "shape" | "torch") {
            return fault;
        }
        let length = |shape: &Shape| match shape {
            Shape::One(own) => own.last().copied(),
            Shape::Many(_) => None,
        };
        let hint = match length(&self.0.input) {
            Some(n) => format!(
                "inputs of length {n}, or a network that takes any length: \
                    `nn::global_max_pool()` instead of `nn::flatten()`"
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

    pub(super) fn place(&self, tensor: &Tensor) -> Result<Tensor> {
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
}
