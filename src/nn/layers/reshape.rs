//! Layers that only move numbers around.

use crate::fuse::pattern::LayerPattern;
use crate::spec::{Function, LocalWindow};
use crate::{Builder, Built, Mode, Module, Shape, Spec, Value};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::Tensor;

/// All axes of a sample joined into one.
pub struct Flatten;

impl Spec for Flatten {
    fn text(&self) -> String {
        "flatten()".into()
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("flatten")?;
        builder.see_all();
        Built::one(
            Function(|x: &Tensor, _| x.flatten(1, -1)),
            vec![input.iter().product()],
        )
    }
}

/// The axes of a sample in another order, counted from 1 (0 is the batch).
pub struct Permute(pub Vec<i64>);

impl Spec for Permute {
    fn text(&self) -> String {
        format!("permute({})", shape::text(&self.0))
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("permute")?;
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        if sorted != (1..=input.len() as i64).collect::<Vec<_>>() {
            bail!(
                "shape",
                "permute takes each axis from 1 to {} once, got {}",
                input.len(),
                shape::text(&self.0)
            );
        }
        let output = self
            .0
            .iter()
            .map(|axis| input[*axis as usize - 1])
            .collect();
        let order: Vec<i64> = std::iter::once(0).chain(self.0.iter().copied()).collect();
        Built::one(Function(move |x: &Tensor, _| x.permute(&order)), output)
    }
}

/// A sample in another shape; one size may be -1.
pub struct Reshape(pub Vec<i64>);

impl Spec for Reshape {
    fn text(&self) -> String {
        format!("reshape({})", shape::text(&self.0))
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("reshape")?;
        let total: i64 = input.iter().product();
        let known: i64 = self.0.iter().filter(|n| **n >= 0).product();
        let free = self.0.iter().filter(|n| **n < 0).count();
        if free > 1
            || (free == 0 && known != total)
            || (free == 1 && (known == 0 || total % known != 0))
        {
            bail!(
                "shape",
                "cannot reshape {} ({total} numbers) to {}",
                shape::text(input),
                shape::text(&self.0)
            );
        }
        builder.see_all();
        let output: Vec<i64> = self
            .0
            .iter()
            .map(|n| if *n < 0 { total / known } else { *n })
            .collect();
        let inner = output.clone();
        Built::one(
            Function(move |x: &Tensor, _| {
                x.reshape(
                    &std::iter::once(x.shape()[0])
                        .chain(inner.iter().copied())
                        .collect::<Vec<_>>(),
                )
            }),
            output,
        )
    }
}

/// One-hot sequences as one-hot k-mers.
pub struct Kmers(pub i64);

impl Spec for Kmers {
    fn text(&self) -> String {
        format!("kmers({})", self.0)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("kmers")?;
        let [4, length] = input else {
            bail!(
                "shape",
                "kmers takes one-hot sequences [4, length], the input is {}",
                shape::text(input)
            )
        };
        if *length < self.0 {
            bail!("shape", "kmers: {} bases hold no {}-mer", length, self.0);
        }
        builder.widen(self.0, 1, 1);
        let k = self.0;
        Built::one(Words(k), vec![1 << (2 * k), length - k + 1])
    }
}

struct Words(i64);

impl Module for Words {
    fn forward(&self, x: &Value, _: Mode) -> Result<Value> {
        kmers(x.one()?, self.0).map(Value::One)
    }

    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::Kmers(self.0 as usize)
    }

    fn local_window(&self) -> Option<LocalWindow> {
        Some(LocalWindow {
            width: self.0,
            ..LocalWindow::POINT
        })
    }
}

/// `[batch, 4, length]` one-hot to `[batch, 4^k, length - k + 1]`, in the order of letters; zeros
/// where a base is none of A C G T.
pub fn kmers(x: &Tensor, k: i64) -> Result<Tensor> {
    if !(1..=8).contains(&k) {
        bail!("value", "`k` must be from 1 to 8, got {k}");
    }
    let [_, 4, length] = x.shape()[..] else {
        bail!(
            "shape",
            "k-mers are made of one-hot sequences [batch, 4, length], got {}",
            shape::text(&x.shape())
        )
    };
    if length < k {
        bail!("shape", "{length} bases hold no {k}-mer");
    }
    let n = length - k + 1;
    // the product of k one-hots is the one-hot of the k-mer, and 0 where one of them is
    let mut out = x.narrow(2, 0, n)?;
    for i in 1..k {
        let next = x.narrow(2, i, n)?;
        let (batch, have) = (out.shape()[0], out.shape()[1]);
        out = out
            .reshape(&[batch, have, 1, n])?
            .mul(&next.reshape(&[batch, 1, 4, n])?)?
            .reshape(&[batch, have * 4, n])?;
    }
    Ok(out)
}

/// What comes in goes out.
pub struct Identity;

impl Spec for Identity {
    fn text(&self) -> String {
        "identity()".into()
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        Ok(Built {
            module: std::rc::Rc::new(Same),
            output: input.clone(),
        })
    }
}

struct Same;

impl Module for Same {
    fn forward(&self, x: &Value, _: Mode) -> Result<Value> {
        Ok(x.clone())
    }

    fn local_window(&self) -> Option<LocalWindow> {
        Some(LocalWindow::POINT)
    }
}
