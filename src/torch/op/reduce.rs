//! Reductions over axes, running sums.

use crate::tensor::{lift, lift1};
use crate::{Tensor, pairs};
use cistron_base::Result;
use cistron_base::bail;
use tch::Kind as TchKind;

/// The axes of a reduction; all of them unless given.
pub type Dims = Option<Vec<i64>>;

macro_rules! reduction {
    ($($(#[$doc:meta])* $name:ident => |$x:ident, $dims:ident, $keep:ident| $call:expr;)*) => {
        impl Tensor { $(
            $(#[$doc])*
            pub fn $name(&self, dims: &Dims, keepdim: bool) -> Result<Tensor> {
                let ($x, $keep) = (&self.0, keepdim);
                let all: Vec<i64> = (0..self.rank() as i64).collect();
                let $dims: &[i64] = dims.as_deref().unwrap_or(&all);
                for dim in $dims { self.axis(*dim)?; }
                lift1(stringify!($name), &[self], $call)
            }
        )* }
    };
}

reduction! {
    /// Sum.
    sum => |x, dims, keep| x.f_sum_dim_intlist(dims, keep, None::<TchKind>);
    /// Arithmetic mean.
    mean => |x, dims, keep| x.f_mean_dim(dims, keep, None::<TchKind>);
    /// Sample standard deviation (n - 1).
    std => |x, dims, keep| x.f_std_dim(dims, true, keep);
    /// Sample variance (n - 1).
    var => |x, dims, keep| x.f_var_dim(dims, true, keep);
    /// Whether all are true.
    all => |x, dims, keep| x.f_all_dims(dims, keep);
    /// Whether any is true.
    any => |x, dims, keep| x.f_any_dims(dims, keep);
}

impl Tensor {
    /// Largest.
    pub fn amax(&self, dims: &Dims, keepdim: bool) -> Result<Tensor> {
        let all: Vec<i64> = (0..self.rank() as i64).collect();
        let dims: &[i64] = dims.as_deref().unwrap_or(&all);
        for dim in dims {
            self.axis(*dim)?;
        }
        if pairs::moves(self)
            && let Some(found) = pairs::largest_along(self, dims, keepdim)?
        {
            return Ok(found);
        }
        lift1("amax", &[self], self.0.f_amax(dims, keepdim))
    }

    /// Smallest.
    pub fn amin(&self, dims: &Dims, keepdim: bool) -> Result<Tensor> {
        if pairs::moves(self) {
            return self.neg()?.amax(dims, keepdim)?.neg();
        }
        let all: Vec<i64> = (0..self.rank() as i64).collect();
        let dims: &[i64] = dims.as_deref().unwrap_or(&all);
        for dim in dims {
            self.axis(*dim)?;
        }
        lift1("amin", &[self], self.0.f_amin(dims, keepdim))
    }

    /// Logarithm of the sum of exponentials, without overflow.
    pub fn logsumexp(&self, dims: &Dims, keepdim: bool) -> Result<Tensor> {
        let all: Vec<i64> = (0..self.rank() as i64).collect();
        let dims: &[i64] = dims.as_deref().unwrap_or(&all);
        for dim in dims {
            self.axis(*dim)?;
        }
        if let ([dim], true) = (dims, pairs::moves(self)) {
            let kept = pairs::logsumexp(self, *dim)?;
            return if keepdim {
                Ok(kept)
            } else {
                kept.squeeze(Some(*dim))
            };
        }
        lift1("logsumexp", &[self], self.0.f_logsumexp(dims, keepdim))
    }
}

impl Tensor {
    /// Shares that sum to one along an axis.
    pub fn softmax(&self, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        if pairs::moves(self) {
            return pairs::softmax(self, dim);
        }
        lift1("softmax", &[self], self.0.f_softmax(dim, None::<TchKind>))
    }

    /// Logarithms of the softmax.
    pub fn log_softmax(&self, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        if pairs::moves(self) {
            return self.sub(&pairs::logsumexp(self, dim)?);
        }
        lift1(
            "log_softmax",
            &[self],
            self.0.f_log_softmax(dim, None::<TchKind>),
        )
    }

    /// The largest of those up to each.
    pub fn running_max(&self, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift("cummax", &[self], self.0.f_cummax(dim)).map(|(values, _)| Tensor(values))
    }

    /// Running sums.
    pub fn cumsum(&self, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift1("cumsum", &[self], self.0.f_cumsum(dim, None::<TchKind>))
    }

    /// Running products.
    pub fn cumprod(&self, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift1("cumprod", &[self], self.0.f_cumprod(dim, None::<TchKind>))
    }

    /// Product of all numbers, or along one axis.
    pub fn prod(&self, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        match dim {
            Some(dim) => lift1(
                "prod",
                &[self],
                self.0.f_prod_dim_int(dim, keepdim, None::<TchKind>),
            ),
            None => lift1("prod", &[self], self.0.f_prod(None::<TchKind>)),
        }
    }

    /// The middle value (the lower of two).
    pub fn median(&self, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        match dim {
            Some(dim) => {
                lift("median", &[self], self.0.f_median_dim(dim, keepdim)).map(|(a, _)| Tensor(a))
            }
            None => lift1("median", &[self], self.0.f_median()),
        }
    }

    /// The `q` quantile, linear between neighbours.
    pub fn quantile(&self, q: f64, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        if !(0.0..=1.0).contains(&q) {
            bail!("value", "`q` must be from 0 to 1, got {q}");
        }
        lift1(
            "quantile",
            &[self],
            self.0.f_quantile_scalar(q, dim, keepdim, "linear"),
        )
    }

    /// The p-norm, over all numbers or along axes.
    pub fn norm(&self, p: f64, dims: &Dims, keepdim: bool) -> Result<Tensor> {
        let x = if dims.is_none() {
            self.reshape(&[-1])?
        } else {
            self.clone()
        };
        let dims = dims.clone().unwrap_or_else(|| vec![0]);
        lift1(
            "norm",
            &[self],
            x.0.f_norm_scalaropt_dim(p, &dims[..], keepdim),
        )
    }
}
