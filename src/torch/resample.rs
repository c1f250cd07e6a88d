//! Layers as functions: transposed convolutions, pools of two axes, interpolation, distances.

use super::op::Window;
use super::tensor::{lift, lift1};
use super::{Tensor, pairs};
use cistron_base::bail;
use cistron_base::{Result, memory, shape};

impl Tensor {
    /// Transposed convolution; the rank of the weight `[channels, filters / groups, …]` determines
    /// over how many axes.
    pub fn conv_transpose(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        how: &Window,
        output_padding: &[i64],
    ) -> Result<Tensor> {
        let bias = bias.map(|bias| &bias.0);
        let (stride, padding, dilation, groups) = (
            &how.stride[..],
            &how.padding[..],
            &how.dilation[..],
            how.groups,
        );
        let result = match weight.rank() {
            3 => self.0.f_conv_transpose1d(
                &weight.0,
                bias,
                stride,
                padding,
                output_padding,
                groups,
                dilation,
            ),
            4 => self.0.f_conv_transpose2d(
                &weight.0,
                bias,
                stride,
                padding,
                output_padding,
                groups,
                dilation,
            ),
            5 => self.0.f_conv_transpose3d(
                &weight.0,
                bias,
                stride,
                padding,
                output_padding,
                groups,
                dilation,
            ),
            _ => bail!(
                "shape",
                "a convolution's weight has 3 to 5 axes, got {}",
                shape::text(&weight.shape())
            ),
        };
        lift1("conv_transpose", &[self, weight], result)
    }

    /// As many windows as asked for, over the last two axes.
    pub fn adaptive_pool2d(&self, size: &[i64], max: bool) -> Result<Tensor> {
        memory::elements(&[size, &[self.numel()]].concat(), self.kind().bytes())?;
        if max && pairs::moves(self) {
            let (y, at) = lift(
                "adaptive_max_pool",
                &[self],
                self.detach()?.0.f_adaptive_max_pool2d(size),
            )?;
            pairs::largest(self, Tensor(y), &Tensor(at))
        } else if max {
            lift(
                "adaptive_max_pool",
                &[self],
                self.0.f_adaptive_max_pool2d(size),
            )
            .map(|(values, _)| Tensor(values))
        } else {
            lift1(
                "adaptive_avg_pool",
                &[self],
                self.0.f_adaptive_avg_pool2d(size),
            )
        }
    }

    /// Resampled to other sizes of the last axis or the last two: `nearest`, `linear`, `cubic`,
    /// `area`.
    pub fn interpolate(&self, size: &[i64], mode: &str, align_corners: bool) -> Result<Tensor> {
        let axes = self.rank().saturating_sub(2);
        if size.len() != axes || !(1..=2).contains(&axes) {
            bail!(
                "shape",
                "interpolate takes [batch, channels, length] and one size or [batch, channels, \
                height, width] and two, got {} and {} sizes",
                shape::text(&self.shape()),
                size.len()
            );
        }
        if let Some(bad) = size.iter().find(|size| **size < 1) {
            bail!("value", "a size must be at least 1, got {bad}");
        }
        memory::elements(&[&self.shape()[..2], size].concat(), self.kind().bytes())?;
        let result = match (mode, axes) {
            ("nearest", 1) => self.0.f_upsample_nearest1d(size, None::<f64>),
            ("nearest", _) => self.0.f_upsample_nearest2d(size, None::<f64>, None::<f64>),
            ("linear", 1) => self.0.f_upsample_linear1d(size, align_corners, None::<f64>),
            ("linear", _) => {
                self.0
                    .f_upsample_bilinear2d(size, align_corners, None::<f64>, None::<f64>)
            }
            ("cubic", 2) => {
                self.0
                    .f_upsample_bicubic2d(size, align_corners, None::<f64>, None::<f64>)
            }
            ("area", 1) => self.0.f_adaptive_avg_pool1d(size),
            ("area", _) => self.0.f_adaptive_avg_pool2d(size),
            _ => bail!(
                "value",
                "mode \"{mode}\" needs [batch, channels, height, width], got {}",
                shape::text(&self.shape())
            ),
        };
        lift1("interpolate", &[self], result)
    }

    /// Distances of all rows of one matrix to all rows of another, by the p-norm.
    pub fn cdist(&self, other: &Tensor, p: f64) -> Result<Tensor> {
        let (a, b) = (self.shape(), other.shape());
        if a.len() < 2 || b.len() < 2 || a[a.len() - 1] != b[b.len() - 1] {
            bail!(
                "shape",
                "cdist takes […, n, features] and […, m, features], got {} and {}",
                shape::text(&a),
                shape::text(&b)
            );
        }
        memory::elements(
            &[&a[..a.len() - 1], &[b[b.len() - 2]]].concat(),
            self.kind().bytes(),
        )?;
        // 2 is torch's "never by a matrix product", which loses digits of small distances
        lift1(
            "cdist",
            &[self, other],
            tch::Tensor::f_cdist(&self.0, &other.0, p, 2),
        )
    }
}
