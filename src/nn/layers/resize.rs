//! Layers that change the number of positions: crops, interpolation, and joints of U-shaped
//! networks; a layer that tiles a sequence to all pairs of its positions.

use crate::layers::compose::Merge;
use crate::spec::Function;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::bail;
use cistron_base::{Result, memory, shape};
use cistron_torch::Tensor;
use std::rc::Rc;

/// The positions that a crop keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crop {
    /// Removes this many positions at the start and at the end.
    Ends {
        /// At the start.
        before: i64,
        /// At the end.
        after: i64,
    },
    /// Keeps this many positions in the middle; of an odd rest, the larger half is cut at the end.
    Center(i64),
}

impl Crop {
    /// The first position that is kept of `length`, and how many are.
    fn range(self, length: i64) -> (i64, i64) {
        match self {
            Crop::Ends { before, after } => (before, length - before - after),
            Crop::Center(kept) => ((length - kept).div_euclid(2), kept),
        }
    }
}

impl Spec for Crop {
    fn text(&self) -> String {
        match self {
            Crop::Ends { before, after } if before == after => format!("crop({before})"),
            Crop::Ends { before, after } => format!("crop([{before}, {after}])"),
            Crop::Center(kept) => format!("center_crop({kept})"),
        }
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        let name = self.text();
        let (channels, length) = input.channels_and_length(&name)?;
        let (start, kept) = self.range(length);
        if start < 0 || kept < 1 {
            bail!(
                "shape",
                "{name} leaves no position of {length}, or needs more"
            );
        }
        let module = Function(move |x: &Tensor, _| x.narrow(2, start, kept));
        Built::one(module, vec![channels, kept])
    }
}

/// How values between positions are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The value of the nearest position.
    Nearest,
    /// Between the two nearest positions, in each axis.
    Linear,
}

/// Multiplies the length, or height and width, by a factor.
pub struct Upsample {
    /// The factor.
    pub factor: i64,
    /// How values between positions are found.
    pub mode: Interpolation,
}

impl Spec for Upsample {
    fn text(&self) -> String {
        format!("upsample({})", self.factor)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("upsample")?;
        if !(2..=3).contains(&input.len()) {
            bail!(
                "shape",
                "upsample takes [channels, length] or [channels, height, width], the input is {}",
                shape::text(input)
            );
        }
        let size = input[1..].iter().map(|n| n.checked_mul(self.factor));
        let Some(size) = size.collect::<Option<Vec<i64>>>() else {
            bail!(
                "shape",
                "upsample: {} times {} is beyond 64 bits",
                self.factor,
                shape::text(&input[1..])
            )
        };
        let output = [&input[..1], &size].concat();
        memory::elements(&output, 4)?;
        builder.see_all();
        let (factor, mode) = (self.factor, self.mode);
        let module = Function(move |x: &Tensor, _| {
            let size: Vec<i64> = x.shape()[2..].iter().map(|n| n * factor).collect();
            match mode {
                Interpolation::Nearest => x.interpolate(&size, "nearest", false),
                Interpolation::Linear => x.interpolate(&size, "linear", false),
            }
        });
        Built::one(module, output)
    }
}

/// How the outputs of a body and of a skip are brought to one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// They must have the same length.
    Exact,
    /// The longer one is cropped at both ends.
    Crop,
    /// The shorter one is padded with zeros at both ends.
    Pad,
}

impl Align {
    /// The length to which two are brought; none where they keep theirs.
    fn target(self, lengths: [i64; 2]) -> Option<i64> {
        match self {
            Align::Exact => None,
            Align::Crop => Some(lengths[0].min(lengths[1])),
            Align::Pad => Some(lengths[0].max(lengths[1])),
        }
    }
}

/// Combines the input with the output of a layer, as the joints of a U-shaped network do.
pub struct Skip {
    /// The layer.
    pub body: Layer,
    /// How the two are combined; the skip comes first.
    pub merge: Merge,
    /// How they are brought to one length.
    pub align: Align,
}

/// Brings tensors [batch, channels, length] to one length.
fn aligned(parts: [Tensor; 2], align: Align) -> Result<[Tensor; 2]> {
    let lengths = [parts[0].shape()[2], parts[1].shape()[2]];
    let Some(target) = align.target(lengths) else {
        return Ok(parts);
    };
    let [skip, body] = parts;
    Ok([resized(&skip, target)?, resized(&body, target)?])
}

/// A tensor [batch, channels, length] of which the middle is kept, or to which zeros are added.
fn resized(x: &Tensor, target: i64) -> Result<Tensor> {
    let length = x.shape()[2];
    let difference = target - length;
    if difference > 0 {
        let before = difference / 2;
        return x.pad(&[before, difference - before], "constant", 0.0);
    }
    let (start, kept) = Crop::Center(target).range(length);
    x.narrow(2, start, kept)
}

struct Joined {
    body: Rc<dyn Module>,
    merge: Merge,
    align: Align,
}

impl Module for Joined {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let body = self.body.forward(x, mode)?.one()?.clone();
        let parts = aligned([x.one()?.clone(), body], self.align)?;
        self.merge.apply(&parts).map(Value::One)
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        self.body.describe_fusions(out);
    }

    fn frozen_size(&self) -> Option<i64> {
        self.body.frozen_size()
    }
}

impl Spec for Skip {
    fn depth(&self) -> usize {
        self.body.depth()
    }

    fn text(&self) -> String {
        "skip".into()
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let body = builder.child("body", &self.body, input)?;
        let mut shapes = [input.clone(), body.output];
        if self.align != Align::Exact {
            let lengths = [
                shapes[0].channels_and_length("skip")?.1,
                shapes[1].channels_and_length("skip")?.1,
            ];
            for shape in &mut shapes {
                if let (Shape::One(one), Some(target)) = (shape, self.align.target(lengths)) {
                    one[1] = target;
                }
            }
        }
        let output = self.merge.shape("skip", &shapes)?;
        let module = Joined {
            body: body.module,
            merge: self.merge,
            align: self.align,
        };
        Built::one(module, output)
    }
}

/// Tiles [channels, length] to all pairs of positions, [2 channels, length, length].
///
/// The first half of the channels has the values of the row's position, the second those of the
/// column's.
pub struct Pairs;

impl Spec for Pairs {
    fn text(&self) -> String {
        "pairs()".into()
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, length) = input.channels_and_length("pairs")?;
        let output = vec![channels.saturating_mul(2), length, length];
        memory::elements(&output, 4)?;
        builder.see_all();
        let module = Function(move |x: &Tensor, _| {
            let (batch, length) = (x.shape()[0], x.shape()[2]);
            let tiled = [batch, channels, length, length];
            let rows = x.unsqueeze(3)?.expand(&tiled)?;
            let columns = x.unsqueeze(2)?.expand(&tiled)?;
            Tensor::cat(&[rows, columns], 1)
        });
        Built::one(module, output)
    }
}
