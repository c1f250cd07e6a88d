//! Pooling over windows, over a fixed number of windows, and over everything.

use crate::fuse::pattern::{LayerPattern, Pooling};
use crate::kernels::{Pads, Reduction};
use crate::spec::{Function, LocalWindow};
use crate::{Builder, Built, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, shape};
use cistron_base::{bail, fault};
use cistron_torch::Tensor;

/// The largest or the mean of each window.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Largest, else mean.
    pub max: bool,
    /// The window over each axis.
    pub size: Vec<i64>,
    /// Steps between windows.
    pub stride: Vec<i64>,
    /// Positions added at both ends.
    pub padding: Vec<i64>,
}

impl Spec for Pool {
    fn text(&self) -> String {
        let size = if self.size.len() == 1 {
            self.size[0].to_string()
        } else {
            shape::text(&self.size)
        };
        let stride = if self.stride == self.size {
            String::new()
        } else {
            format!(", stride {}", self.stride[0])
        };
        format!(
            "{}_pool({size}{stride})",
            if self.max { "max" } else { "avg" }
        )
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one(&self.text())?;
        let axes = self.size.len();
        if input.len() != axes + 1 {
            bail!(
                "shape",
                "{} takes {}, the input is {}",
                self.text(),
                ["[channels, length]", "[channels, height, width]"][axes.min(2) - 1],
                shape::text(input)
            );
        }
        let mut output = vec![input[0]];
        for axis in 0..axes {
            let (size, have) = (self.size[axis], input[axis + 1] + 2 * self.padding[axis]);
            if self.padding[axis] * 2 > size {
                bail!(
                    "shape",
                    "{}: padding {} is more than half the window",
                    self.text(),
                    self.padding[axis]
                );
            }
            if size > have {
                return Err(fault!(
                    "shape",
                    "{}: the window is {size} wide, the input has {}",
                    self.text(),
                    input[axis + 1]
                )
                .hint("pool less, here or before"));
            }
            output.push((have - size) / self.stride[axis] + 1);
        }
        builder.widen(self.size[0], 1, self.stride[0]);
        let pooling = Pooling {
            reduction: reduction(self.max),
            size: self.size.clone(),
            stride: self.stride.clone(),
            padding: self.padding.clone(),
        };
        Built::one(Pooled(pooling), output)
    }
}

fn reduction(max: bool) -> Reduction {
    if max { Reduction::Max } else { Reduction::Mean }
}

/// A pooling of windows, which passes may move.
struct Pooled(Pooling);

impl Pooled {
    fn apply(&self, x: &Tensor, padding: &[i64]) -> Result<Tensor> {
        let Pooling { size, stride, .. } = &self.0;
        match self.0.reduction {
            Reduction::Max => x.max_pool(size, stride, padding),
            Reduction::Mean => x.avg_pool(size, stride, padding),
        }
    }
}

impl Module for Pooled {
    fn forward(&self, x: &Value, _: Mode) -> Result<Value> {
        self.apply(x.one()?, &self.0.padding).map(Value::One)
    }

    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::Pool(&self.0)
    }

    fn local_window(&self) -> Option<LocalWindow> {
        let Pooling {
            reduction,
            size,
            stride,
            padding,
        } = &self.0;
        (size.len() == 1).then(|| LocalWindow {
            width: size[0],
            stride: stride[0],
            pads: Pads::even(padding[0] as usize),
            fill: match reduction {
                Reduction::Max => f64::NEG_INFINITY,
                Reduction::Mean => 0.0,
            },
        })
    }

    fn forward_unpadded(&self, x: &Tensor, _: Mode) -> Result<Tensor> {
        self.apply(x, &[0])
    }
}

/// A given number of windows.
pub struct Adaptive {
    /// Largest, else mean.
    pub max: bool,
    /// Positions of the output.
    pub size: i64,
}

impl Spec for Adaptive {
    fn text(&self) -> String {
        format!(
            "adaptive_{}_pool({})",
            if self.max { "max" } else { "avg" },
            self.size
        )
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, _) = input.channels_and_length(&self.text())?;
        builder.see_all();
        let (size, max) = (self.size, self.max);
        Built::one(
            Function(move |x: &Tensor, _| x.adaptive_pool(size, max)),
            vec![channels, size],
        )
    }
}

/// The largest or the mean over all positions: `[channels, …]` to `[channels]`.
pub struct Global {
    /// Largest, else mean.
    pub max: bool,
}

impl Spec for Global {
    fn text(&self) -> String {
        format!("global_{}_pool()", if self.max { "max" } else { "avg" })
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one(&self.text())?;
        if input.len() < 2 {
            bail!(
                "shape",
                "{} takes [channels, length], the input is {}",
                self.text(),
                shape::text(input);
                hint: "the length is gone already"
            );
        }
        builder.see_all();
        let dims: Vec<i64> = (2..=input.len() as i64).collect();
        Built::one(
            Everything {
                max: self.max,
                dims,
            },
            vec![input[0]],
        )
    }
}

struct Everything {
    max: bool,
    dims: Vec<i64>,
}

impl Module for Everything {
    fn forward(&self, x: &Value, _: Mode) -> Result<Value> {
        let (x, dims) = (x.one()?, Some(self.dims.clone()));
        if self.max {
            x.amax(&dims, false)
        } else {
            x.mean(&dims, false)
        }
        .map(Value::One)
    }

    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::GlobalPool(reduction(self.max))
    }
}

/// The last position alone: `[channels, length]` to `[channels]`.
pub struct LastPosition;

impl Spec for LastPosition {
    fn text(&self) -> String {
        "last_position()".into()
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, _) = input.channels_and_length(&self.text())?;
        Built::one(Last, vec![channels])
    }
}

struct Last;

impl Module for Last {
    fn forward(&self, x: &Value, _: Mode) -> Result<Value> {
        let x = x.one()?;
        x.select(2, x.shape()[2] - 1).map(Value::One)
    }

    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::LastPosition
    }
}
