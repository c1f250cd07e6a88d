//! Layers that scale channels: squeeze-and-excitation, root-mean-square normalisation, maxout over
//! channels.

use crate::layers::activation::Activation;
use crate::layers::linear;
use crate::spec::{Function, Pointwise};
use crate::weight::Weight;
use crate::{Builder, Built, Init, Mode, Shape, Spec};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::Tensor;

/// Scales each channel by a function of the means of all channels (Hu et al. 2018).
///
/// The parameters have torchvision's names: `fc1` and `fc2`.
pub struct SqueezeExcite {
    /// Channels between the two layers.
    pub hidden: i64,
    /// Applied between the two layers.
    pub activation: Activation,
}

impl Spec for SqueezeExcite {
    fn text(&self) -> String {
        format!("squeeze_excite({})", self.hidden)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("squeeze_excite")?.to_vec();
        let [channels, positions @ ..] = &input[..] else {
            bail!("shape", "squeeze_excite needs an axis of channels")
        };
        if positions.is_empty() {
            bail!(
                "shape",
                "squeeze_excite takes [channels, length] or [channels, height, width], the input \
                 is {}",
                shape::text(&input)
            );
        }
        let mut layer = |name: &str, outputs: i64, inputs: i64| -> Result<(Weight, Tensor)> {
            let bound = Init::Uniform(1.0 / (inputs as f64).sqrt());
            let weight = builder.weight(&format!("{name}.weight"), &[outputs, inputs], &bound)?;
            Ok((
                weight,
                builder.parameter(&format!("{name}.bias"), &[outputs], &bound)?,
            ))
        };
        let (squeeze, squeeze_bias) = layer("fc1", self.hidden, *channels)?;
        let (excite, excite_bias) = layer("fc2", *channels, self.hidden)?;
        builder.see_all();
        let activation = self.activation;
        let module = Function(move |x: &Tensor, mode: Mode| {
            let squeeze = squeeze.current(mode.training)?;
            let excite = excite.current(mode.training)?;
            let axes: Vec<i64> = (2..x.rank() as i64).collect();
            let means = x.mean(&Some(axes), false)?; // [batch, channels]
            let hidden =
                activation.apply(&linear::apply(&means, &squeeze, Some(&squeeze_bias))?)?;
            let gate = linear::apply(&hidden, &excite, Some(&excite_bias))?.sigmoid()?;
            let mut broadcast = gate.shape();
            broadcast.resize(x.rank(), 1);
            x.mul(&gate.reshape(&broadcast)?)
        });
        Built::one(module, input)
    }
}

/// Divides the channels of each position by their root mean square (Zhang & Sennrich 2019).
pub struct RmsNorm {
    /// Added to the mean of squares.
    pub eps: f64,
}

impl Spec for RmsNorm {
    fn text(&self) -> String {
        "rms_norm()".into()
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("rms_norm")?.to_vec();
        let Some(channels) = input.first().copied() else {
            bail!("shape", "rms_norm needs an axis of channels")
        };
        let weight = builder.parameter("weight", &[channels], &Init::Constant(1.0))?;
        let eps = self.eps;
        let mut broadcast = vec![1; input.len()];
        broadcast[0] = channels;
        let module = Pointwise(move |x: &Tensor| {
            let squares = x.mul(x)?.mean(&Some(vec![1]), true)?;
            x.div(&squares.add_number(eps)?.sqrt()?)?
                .mul(&weight.reshape(&broadcast)?)
        });
        Built::one(module, input)
    }
}

/// The maximum of each group of neighbouring channels (Goodfellow et al. 2013).
pub struct ChannelMaxout {
    /// Channels in a group.
    pub pieces: i64,
}

impl Spec for ChannelMaxout {
    fn text(&self) -> String {
        format!("channel_maxout({})", self.pieces)
    }

    fn build(&self, _: &mut Builder, input: &Shape) -> Result<Built> {
        let mut output = input.one("channel_maxout")?.to_vec();
        let pieces = self.pieces;
        let Some(channels) = output.first_mut() else {
            bail!("shape", "channel_maxout needs an axis of channels")
        };
        if *channels % pieces != 0 {
            bail!(
                "shape",
                "channel_maxout: groups of {pieces} must divide {channels} channels"
            );
        }
        *channels /= pieces;
        let groups = *channels;
        let module = Pointwise(move |x: &Tensor| {
            let mut grouped = x.shape();
            grouped[1] = groups;
            grouped.insert(2, pieces);
            x.reshape(&grouped)?.amax(&Some(vec![2]), false)
        });
        Built::one(module, output)
    }
}
