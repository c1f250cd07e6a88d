//! Convolutions over one to three axes, depthwise-separable and transposed ones.

use crate::fuse::pattern::{Convolution, LayerPattern};
use crate::kernels::Pads;
use crate::spec::LocalWindow;
use crate::weight::{Role, Weight, WeightNorm};
use crate::{Builder, Built, Init, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, shape};
use cistron_base::{bail, fault};
use cistron_torch::Tensor;
use cistron_torch::op::Window;

/// What is beyond the ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Padding {
    /// This many zeros at both ends.
    Fixed(Vec<i64>),
    /// As many as keep the length (stride 1).
    Same,
    /// As many before the start as keep the length, none after the end.
    Causal,
}

/// A convolution.
#[derive(Clone)]
pub struct Conv {
    /// Channels of the output.
    pub filters: i64,
    /// Window over each axis.
    pub width: Vec<i64>,
    /// Steps between windows.
    pub stride: Vec<i64>,
    /// Steps between positions of a window.
    pub dilation: Vec<i64>,
    /// What is beyond the ends.
    pub padding: Padding,
    /// Groups of channels that are convolved apart; 0 makes one of each channel.
    pub groups: i64,
    /// Whether there is a bias for each channel.
    pub bias: bool,
    /// Whether length and direction of weights are separate parameters (Salimans & Kingma 2016).
    pub weight_norm: bool,
    /// How weights are initialised; as in PyTorch unless given.
    pub init: Option<Init>,
}

impl Conv {
    /// Stride and dilation 1, no padding, with bias.
    pub fn plain(filters: i64, width: &[i64]) -> Conv {
        let ones = vec![1; width.len()];
        Conv {
            filters,
            width: width.to_vec(),
            stride: ones.clone(),
            dilation: ones,
            padding: Padding::Fixed(vec![0; width.len()]),
            groups: 1,
            bias: true,
            weight_norm: false,
            init: None,
        }
    }

    fn name(&self) -> String {
        format!("conv{}d", self.width.len())
    }

    /// Zeros before and after each axis.
    pub fn pads(&self) -> Vec<Pads> {
        (0..self.width.len())
            .map(|axis| {
                let span = ((self.width[axis] - 1) * self.dilation[axis]) as usize;
                match &self.padding {
                    Padding::Fixed(n) => Pads::even(n[axis] as usize),
                    Padding::Same => Pads {
                        before: span / 2,
                        after: span - span / 2,
                    },
                    Padding::Causal => Pads {
                        before: span,
                        after: 0,
                    },
                }
            })
            .collect()
    }

    fn output(&self, input: &[i64]) -> Result<Vec<i64>> {
        let name = self.name();
        if input.len() != self.width.len() + 1 {
            let wanted = [
                "[channels, length]",
                "[channels, height, width]",
                "[channels, depth, height, width]",
            ][self.width.len() - 1];
            return Err(fault!(
                "shape",
                "{name} takes {wanted}, the input is {}",
                shape::text(input)
            )
            .hint(match input.len() {
                1 => "a layer before it (flatten, linear or a global pool) has removed the length",
                _ => "use conv1d for [channels, length], conv2d for [channels, height, width]",
            }));
        }
        if self.padding == Padding::Same && self.stride.iter().any(|s| *s != 1) {
            bail!(
                "shape",
                "{name}: padding \"same\" needs stride 1";
                hint: "give the padding as a number, such as {}",
                self.width[0] / 2
            );
        }
        let mut out = vec![self.filters];
        for (axis, pads) in self.pads().into_iter().enumerate() {
            let added = pads.total() as i64;
            let size = input[axis + 1];
            let span = (self.width[axis] - 1) * self.dilation[axis] + 1;
            if span > size + added {
                let positions = if self.width[axis] == 1 {
                    "position"
                } else {
                    "positions"
                };
                let what = if self.dilation[axis] > 1 {
                    format!(
                        "{} {positions} wide at dilation {} spans {span} bp",
                        self.width[axis], self.dilation[axis]
                    )
                } else {
                    format!("{} {positions} wide", self.width[axis])
                };
                let pad = if added > 0 {
                    format!(" and {added} of padding")
                } else {
                    String::new()
                };
                return Err(
                    fault!("shape", "{name}: {what}, the input has {size}{pad}").hint(
                        "a narrower window, a smaller dilation, less pooling before it, \
                     or padding: \"same\"",
                    ),
                );
            }
            out.push((size + added - span) / self.stride[axis] + 1);
        }
        Ok(out)
    }
}

impl Spec for Conv {
    fn text(&self) -> String {
        let mut text = format!(
            "{}({}, {}",
            self.name(),
            self.filters,
            if self.width.len() == 1 {
                self.width[0].to_string()
            } else {
                shape::text(&self.width)
            }
        );
        for (name, values) in [("stride", &self.stride), ("dilation", &self.dilation)] {
            if values.iter().any(|v| *v != 1) {
                text += &format!(", {name} {}", values[0]);
            }
        }
        match &self.padding {
            Padding::Same => text += ", same",
            Padding::Causal => text += ", causal",
            Padding::Fixed(n) if n.iter().any(|n| *n > 0) => text += &format!(", padding {}", n[0]),
            Padding::Fixed(_) => {}
        }
        if self.weight_norm {
            text += ", weight norm";
        }
        text + ")"
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one(&self.name())?;
        let output = self.output(input)?;
        let channels = input[0];
        let groups = if self.groups == 0 {
            channels
        } else {
            self.groups
        };
        if groups < 1 || channels % groups != 0 || self.filters % groups != 0 {
            bail!(
                "shape",
                "{}: {groups} groups must divide both {channels} channels and {} filters",
                self.name(),
                self.filters
            );
        }
        let mut weight_shape = vec![self.filters, channels / groups];
        weight_shape.extend(&self.width);
        let fan_in: i64 = weight_shape[1..].iter().product();
        let bound = 1.0 / (fan_in as f64).sqrt();
        let init = self.init.clone().unwrap_or(Init::Uniform(bound));
        let role = Role {
            is_applied: true,
            ..Role::default()
        };
        let make = |builder: &mut Builder| builder.weight_of("weight", &weight_shape, &init, role);
        let weight = if self.weight_norm {
            builder.normed(WeightNorm::Length, make)?
        } else {
            make(builder)?
        };
        let bias = if self.bias {
            Some(builder.parameter("bias", &[self.filters], &Init::Uniform(bound))?)
        } else {
            None
        };
        builder.widen(self.width[0], self.dilation[0], self.stride[0]);
        let pads = self.pads();
        let is_even = pads.iter().all(|pads| pads.before == pads.after);
        let window = Window {
            stride: self.stride.clone(),
            padding: if is_even {
                pads.iter().map(|pads| pads.before as i64).collect()
            } else {
                vec![0; pads.len()]
            },
            dilation: self.dilation.clone(),
            groups,
        };
        // torch counts pads from the last axis on
        let pad = (!is_even).then(|| {
            pads.iter()
                .rev()
                .flat_map(|pads| [pads.before as i64, pads.after as i64])
                .collect()
        });
        let simple = self.width.len() == 1 && groups == 1 && self.stride == [1];
        let is_fixed = weight.is_fixed();
        let convolution = (simple && is_fixed).then(|| Convolution {
            weight: weight.clone(),
            bias: bias.clone(),
            pads: pads[0],
            dilation: self.dilation[0] as usize,
        });
        let is_interleaved = builder.fast && simple && self.dilation[0] > 1;
        Built::one(
            Convolved {
                weight,
                bias,
                window,
                pad,
                is_interleaved,
                convolution,
                pads: pads[0],
            },
            output,
        )
    }
}

/// A built convolution.
struct Convolved {
    weight: Weight,
    bias: Option<Tensor>,
    window: Window,
    pad: Option<Vec<i64>>,
    /// Whether it is dilated and computed as a dense one over interleaved positions.
    is_interleaved: bool,
    /// Where it is along the length, with stride 1 and one group.
    convolution: Option<Convolution>,
    /// Zeros before and after the first axis.
    pads: Pads,
}

impl Module for Convolved {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let convolved = |x: &Tensor, weight: &Tensor, adds_bias: bool| {
            let bias = self.bias.as_ref().filter(|_| adds_bias);
            match &self.pad {
                _ if self.is_interleaved && !x.device().is_cuda() => {
                    let pads = (self.pads.before as i64, self.pads.after as i64);
                    x.conv_interleaved(weight, bias, self.window.dilation[0], pads)
                }
                Some(pad) => x
                    .pad(pad, "constant", 0.0)?
                    .conv(weight, bias, &self.window),
                None => x.conv(weight, bias, &self.window),
            }
        };
        let out = self.weight.apply(x.one()?, mode.training, convolved)?;
        Ok(Value::One(out))
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        if self.is_interleaved {
            out.push(format!(
                "a convolution of dilation {} is a dense one over interleaved positions",
                self.window.dilation[0]
            ));
        }
    }

    fn pattern(&self) -> LayerPattern<'_> {
        self.convolution
            .as_ref()
            .map_or(LayerPattern::Other, LayerPattern::Convolution)
    }

    fn local_window(&self) -> Option<LocalWindow> {
        let Window {
            stride, dilation, ..
        } = &self.window;
        (stride.len() == 1).then(|| LocalWindow {
            width: (self.weight.shape()[2] - 1) * dilation[0] + 1,
            stride: stride[0],
            pads: self.pads,
            fill: 0.0,
        })
    }

    fn forward_unpadded(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let window = Window {
            padding: vec![0],
            ..self.window.clone()
        };
        self.weight.apply(x, mode.training, |x, weight, adds_bias| {
            x.conv(weight, self.bias.as_ref().filter(|_| adds_bias), &window)
        })
    }
}

/// A depthwise convolution, then a pointwise one (Chollet 2017).
pub struct Separable {
    /// The depthwise part.
    pub depthwise: Conv,
    /// The pointwise part.
    pub pointwise: Conv,
    /// Depthwise filters of each channel.
    pub multiplier: i64,
}

impl Separable {
    /// The two convolutions for an input of so many channels.
    pub fn parts(&self, channels: i64) -> [crate::Layer; 2] {
        let depthwise = Conv {
            filters: channels * self.multiplier,
            groups: 0,
            ..self.depthwise.clone()
        };
        [
            crate::Layer::new(depthwise, None),
            crate::Layer::new(self.pointwise.clone(), None),
        ]
    }
}

impl Spec for Separable {
    fn text(&self) -> String {
        let width = &self.depthwise.width;
        let size = match &width[..] {
            [one] => one.to_string(),
            several => shape::text(several),
        };
        format!(
            "separable_conv{}d({}, {size})",
            width.len(),
            self.pointwise.filters
        )
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let channels = input.one("separable_conv")?.first().copied().unwrap_or(0);
        let [depthwise, pointwise] = self.parts(channels);
        let parts = [("depthwise", depthwise), ("pointwise", pointwise)];
        crate::layers::compose::Chain {
            parts: parts
                .map(|(name, layer)| (Some(name.to_string()), layer))
                .to_vec(),
        }
        .build(builder, input)
    }
}

/// A transposed convolution over one axis.
pub struct Transposed {
    /// Channels of the output.
    pub filters: i64,
    /// Window.
    pub width: i64,
    /// Positions between windows of the output.
    pub stride: i64,
    /// Positions cut from both ends.
    pub padding: i64,
    /// Positions added at the end.
    pub output_padding: i64,
    /// Steps between positions of a window.
    pub dilation: i64,
    /// Whether there is a bias for each channel.
    pub bias: bool,
}

impl Spec for Transposed {
    fn text(&self) -> String {
        format!(
            "conv_transpose1d({}, {}, stride {})",
            self.filters, self.width, self.stride
        )
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, length) = input.channels_and_length("conv_transpose1d")?;
        let bound = 1.0 / ((self.filters * self.width) as f64).sqrt();
        let weight = builder.weight_of(
            "weight",
            &[channels, self.filters, self.width],
            &Init::Uniform(bound),
            Role {
                axis: 1,
                is_applied: true,
            },
        )?;
        let bias = if self.bias {
            Some(builder.parameter("bias", &[self.filters], &Init::Uniform(bound))?)
        } else {
            None
        };
        let output = (length - 1) * self.stride - 2 * self.padding
            + self.dilation * (self.width - 1)
            + self.output_padding
            + 1;
        if output < 1 {
            bail!(
                "shape",
                "conv_transpose1d cuts {} positions from both ends and leaves none of {length}",
                self.padding;
                hint: "use less padding"
            );
        }
        builder.see_all();
        let window = Window {
            stride: vec![self.stride],
            padding: vec![self.padding],
            dilation: vec![self.dilation],
            groups: 1,
        };
        let extra = self.output_padding;
        let module = crate::spec::Function(move |x: &Tensor, mode: Mode| {
            weight.apply(x, mode.training, |x, weight, adds_bias| {
                let bias = bias.as_ref().filter(|_| adds_bias);
                x.conv_transpose(weight, bias, &window, &[extra])
            })
        });
        Built::one(module, vec![self.filters, output])
    }
}
