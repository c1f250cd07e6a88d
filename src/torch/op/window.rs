//! Convolution and pooling.

use crate::tensor::{lift, lift1};
use crate::{Tensor, pairs};
use cistron_base::bail;
use cistron_base::{Result, shape};

/// How a window moves over its input, one entry for each axis.
#[derive(Clone, Debug)]
pub struct Window {
    /// Steps between windows.
    pub stride: Vec<i64>,
    /// Zeros at both ends.
    pub padding: Vec<i64>,
    /// Steps between the positions of a window.
    pub dilation: Vec<i64>,
    /// Channels are split into this many groups.
    pub groups: i64,
}

impl Window {
    /// Stride 1, no padding, dilation 1, over `rank` axes.
    pub fn plain(rank: usize) -> Window {
        Window {
            stride: vec![1; rank],
            padding: vec![0; rank],
            dilation: vec![1; rank],
            groups: 1,
        }
    }
}

impl Tensor {
    /// Convolution; the rank of the weight determines the number of axes.
    pub fn conv(&self, weight: &Tensor, bias: Option<&Tensor>, how: &Window) -> Result<Tensor> {
        if weight.rank() == 3 && self.is_channels_last() {
            let one = |first: i64, values: &[i64]| vec![first, values[0]];
            let image = Window {
                stride: one(1, &how.stride),
                padding: one(0, &how.padding),
                dilation: one(1, &how.dilation),
                groups: how.groups,
            };
            return self
                .unsqueeze(2)?
                .conv(&weight.unsqueeze(2)?, bias, &image)?
                .squeeze(Some(2));
        }
        let bias = bias.map(|bias| &bias.0);
        let (stride, padding, dilation, groups) = (
            &how.stride[..],
            &how.padding[..],
            &how.dilation[..],
            how.groups,
        );
        let result = match weight.rank() {
            3 => self
                .0
                .f_conv1d(&weight.0, bias, stride, padding, dilation, groups),
            4 => self
                .0
                .f_conv2d(&weight.0, bias, stride, padding, dilation, groups),
            5 => self
                .0
                .f_conv3d(&weight.0, bias, stride, padding, dilation, groups),
            _ => bail!(
                "shape",
                "a convolution's weight has 3 to 5 axes, got {}",
                shape::text(&weight.shape())
            ),
        };
        lift1("conv", &[self, weight], result)
    }

    /// A dilated convolution over one axis as a dense one, with zeros before and after: positions
    /// are arranged in rows of `dilation`, so that those of a window are in one column. Equal up to
    /// rounding, by a path of libtorch that is several times faster on a CPU, above all in the
    /// backward pass.
    pub fn conv_interleaved(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        dilation: i64,
        (before, behind): (i64, i64),
    ) -> Result<Tensor> {
        let (shape, width) = (self.shape(), weight.shape()[2]);
        let [batch, channels, length] = shape[..] else {
            bail!(
                "shape",
                "a convolution over one axis takes [batch, channels, length], got {}",
                shape::text(&shape)
            );
        };
        let padded = before + length + behind;
        let rows = (padded + dilation - 1) / dilation;
        let rest = rows * dilation - padded;
        let x = if before + behind + rest > 0 {
            self.pad(&[before, behind + rest], "constant", 0.0)?
        } else {
            self.clone()
        };
        let image = x.reshape(&[batch, channels, rows, dilation])?;
        let plain = Window {
            stride: vec![1, 1],
            padding: vec![0, 0],
            dilation: vec![1, 1],
            groups: 1,
        };
        let out = image.conv(&weight.unsqueeze(3)?, bias, &plain)?;
        out.reshape(&[batch, weight.shape()[0], (rows - width + 1) * dilation])?
            .narrow(2, 0, padded - (width - 1) * dilation)
    }

    /// Largest of each window of the last axis (of the last two with two sizes).
    pub fn max_pool(&self, size: &[i64], stride: &[i64], padding: &[i64]) -> Result<Tensor> {
        if size.len() == 1 && self.is_channels_last() {
            // as an image of height 1, whose kernels support this layout
            return self
                .unsqueeze(2)?
                .max_pool(&[1, size[0]], &[1, stride[0]], &[0, padding[0]])?
                .squeeze(Some(2));
        }
        let ones = vec![1; size.len()];
        if pairs::moves(self) {
            let flat = self.detach()?;
            let found = match size.len() {
                1 => flat
                    .0
                    .f_max_pool1d_with_indices(size, stride, padding, &ones[..], false),
                _ => flat
                    .0
                    .f_max_pool2d_with_indices(size, stride, padding, &ones[..], false),
            };
            let (y, at) = lift("max_pool", &[self], found)?;
            return pairs::largest(self, Tensor(y), &Tensor(at));
        }
        let result = match size.len() {
            1 => self.0.f_max_pool1d(size, stride, padding, &ones[..], false),
            _ => self.0.f_max_pool2d(size, stride, padding, &ones[..], false),
        };
        lift1("max_pool", &[self], result)
    }

    /// Mean of each window of the last axis (of the last two with two sizes).
    pub fn avg_pool(&self, size: &[i64], stride: &[i64], padding: &[i64]) -> Result<Tensor> {
        let result = match size.len() {
            1 => self.0.f_avg_pool1d(size, stride, padding, false, true),
            _ => self
                .0
                .f_avg_pool2d(size, stride, padding, false, true, None::<i64>),
        };
        lift1("avg_pool", &[self], result)
    }

    /// Pools the last axis into `size` windows.
    pub fn adaptive_pool(&self, size: i64, max: bool) -> Result<Tensor> {
        if max && pairs::moves(self) {
            let (y, at) = lift(
                "adaptive_max_pool",
                &[self],
                self.detach()?.0.f_adaptive_max_pool1d(size),
            )?;
            pairs::largest(self, Tensor(y), &Tensor(at))
        } else if max {
            lift(
                "adaptive_max_pool",
                &[self],
                self.0.f_adaptive_max_pool1d(size),
            )
            .map(|(values, _)| Tensor(values))
        } else {
            lift1(
                "adaptive_avg_pool",
                &[self],
                self.0.f_adaptive_avg_pool1d(size),
            )
        }
    }
}
