//! Normalisation layers.

use crate::tensor::lift1;
use crate::{Tensor, pairs};
use cistron_base::Result;

impl Tensor {
    /// Batch normalisation; running statistics are updated while training.
    pub fn batch_norm(
        &self,
        affine: Option<(&Tensor, &Tensor)>,
        running: Option<(&Tensor, &Tensor)>,
        training: bool,
        momentum: f64,
        eps: f64,
    ) -> Result<Tensor> {
        if self.is_channels_last() {
            return self
                .unsqueeze(2)?
                .batch_norm(affine, running, training, momentum, eps)?
                .squeeze(Some(2));
        }
        let (weight, bias) = (affine.map(|a| &a.0.0), affine.map(|a| &a.1.0));
        let (mean, var) = (running.map(|r| &r.0.0), running.map(|r| &r.1.0));
        lift1(
            "batch_norm",
            &[self],
            self.0
                .f_batch_norm(weight, bias, mean, var, training, momentum, eps, true),
        )
    }

    /// Layer normalisation over the last axes of the given sizes.
    pub fn layer_norm(
        &self,
        sizes: &[i64],
        affine: Option<(&Tensor, &Tensor)>,
        eps: f64,
    ) -> Result<Tensor> {
        if pairs::moves(self) {
            let dims: Vec<i64> = (1..=sizes.len() as i64).map(|i| -i).collect();
            let plain = pairs::standardised(self, &dims, eps)?;
            return affine.map_or(Ok(plain.clone()), |(weight, bias)| {
                plain.mul(weight)?.add(bias)
            });
        }
        let (weight, bias) = (affine.map(|a| &a.0.0), affine.map(|a| &a.1.0));
        lift1(
            "layer_norm",
            &[self],
            self.0.f_layer_norm(sizes, weight, bias, eps, true),
        )
    }

    /// Group normalisation over the second axis.
    pub fn group_norm(
        &self,
        groups: i64,
        affine: Option<(&Tensor, &Tensor)>,
        eps: f64,
    ) -> Result<Tensor> {
        if pairs::moves(self) {
            return self.normed_in_groups(groups, affine, eps);
        }
        let (weight, bias) = (affine.map(|a| &a.0.0), affine.map(|a| &a.1.0));
        lift1(
            "group_norm",
            &[self],
            self.0.f_group_norm(groups, weight, bias, eps, true),
        )
    }

    /// Instance normalisation.
    pub fn instance_norm(&self, affine: Option<(&Tensor, &Tensor)>, eps: f64) -> Result<Tensor> {
        if pairs::moves(self) {
            return self.normed_in_groups(self.shape()[1], affine, eps);
        }
        let (weight, bias) = (affine.map(|a| &a.0.0), affine.map(|a| &a.1.0));
        lift1(
            "instance_norm",
            &[self],
            self.0
                .f_instance_norm(weight, bias, None, None, true, 0.1, eps, true),
        )
    }

    /// Group normalisation of operations that have a rule for pairs.
    fn normed_in_groups(
        &self,
        groups: i64,
        affine: Option<(&Tensor, &Tensor)>,
        eps: f64,
    ) -> Result<Tensor> {
        let shape = self.shape();
        let plain = pairs::standardised(&self.reshape(&[shape[0], groups, -1])?, &[2], eps)?
            .reshape(&shape)?;
        let Some((weight, bias)) = affine else {
            return Ok(plain);
        };
        let mut channels = vec![1; shape.len()];
        channels[1] = shape[1];
        plain
            .mul(&weight.reshape(&channels)?)?
            .add(&bias.reshape(&channels)?)
    }
}
