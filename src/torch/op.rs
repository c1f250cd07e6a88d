//! Operations on tensors, one line each where torch's own form is ours.

use super::tensor::{lift, lift1};
use super::{Kind, Tensor, pairs};
use cistron_base::bail;
use cistron_base::{Result, memory, shape};
use tch::{Kind as TchKind, Scalar};

/// What a reduction runs over: some axes, or all of them.
pub type Dims = Option<Vec<i64>>;

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $f:ident;)*) => {
        impl Tensor { $($(#[$doc])* pub fn $name(&self) -> Result<Tensor> { lift1(stringify!($name), &[self], self.0.$f()) })* }
    };
}

/// As [`unary`], of functions that are not linear.
macro_rules! curve {
    ($($(#[$doc:meta])* $name:ident => $f:ident;)*) => {
        impl Tensor { $($(#[$doc])* pub fn $name(&self) -> Result<Tensor> { pairs::curve(self, |x| lift1(stringify!($name), &[x], x.0.$f())) })* }
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $f:ident, $scalar:ident;)*) => {
        impl Tensor { $(
            $(#[$doc])* pub fn $name(&self, other: &Tensor) -> Result<Tensor> { lift1(stringify!($name), &[self, other], self.0.$f(&other.0)) }
            /// The same with a plain number.
            pub fn $scalar(&self, other: f64) -> Result<Tensor> { self.with_number(other, stringify!($name), |x, s| x.$f(s), ) }
        )* }
    };
}

curve! {
    /// e to the power of each number.
    exp => f_exp;
    /// e to the power of each number, less one.
    expm1 => f_expm1;
    /// Natural logarithm.
    log => f_log;
    /// Logarithm to base 2.
    log2 => f_log2;
    /// Logarithm to base 10.
    log10 => f_log10;
    /// Natural logarithm of one more than each number.
    log1p => f_log1p;
    /// Square root.
    sqrt => f_sqrt;
    /// One over the square root.
    rsqrt => f_rsqrt;
    /// Size without sign.
    abs => f_abs;
    /// -1, 0 or 1.
    sign => f_sign;
    /// The next whole number below.
    floor => f_floor;
    /// The next whole number above.
    ceil => f_ceil;
    /// The nearest whole number, halves to even.
    round => f_round;
    /// The whole part.
    trunc => f_trunc;
    /// Each number times itself.
    square => f_square;
    /// One over each number.
    reciprocal => f_reciprocal;
    /// Sine.
    sin => f_sin;
    /// Cosine.
    cos => f_cos;
    /// Tangent.
    tan => f_tan;
    /// Hyperbolic tangent.
    tanh => f_tanh;
    /// Inverse tangent.
    atan => f_atan;
    /// Error function.
    erf => f_erf;
    /// Logarithm of the gamma function.
    lgamma => f_lgamma;
    /// Logistic function.
    sigmoid => f_sigmoid;
    /// Logarithm of the logistic function, without overflow.
    log_sigmoid => f_log_sigmoid;
    /// x times the logistic function of x.
    silu => f_silu;
    /// ln(1 + e^x), without overflow.
    softplus => f_softplus;
}

unary! {
    /// Minus each number.
    neg => f_neg;
    /// Whether each is not a number.
    isnan => f_isnan;
    /// Whether each is finite.
    isfinite => f_isfinite;
    /// Whether each is infinite.
    isinf => f_isinf;
    /// Not, for truth values.
    logical_not => f_logical_not;
    /// The same numbers, laid out in row-major order.
    contiguous => f_contiguous;
}

binary! {
    /// Whether equal.
    eq => f_eq_tensor, eq_number;
}

impl Tensor {
    fn with_number(
        &self,
        other: f64,
        name: &str,
        f: impl Fn(&tch::Tensor, &tch::Tensor) -> std::result::Result<tch::Tensor, tch::TchError>,
    ) -> Result<Tensor> {
        let kind = if self.kind().is_floating() {
            self.kind()
        } else {
            Kind::Float
        };
        let number = Tensor::full(&[], other, kind, self.device())?;
        lift1(name, &[self], f(&self.0, &number.0))
    }
}

macro_rules! arithmetic {
    ($($(#[$doc:meta])* $name:ident, $number:ident => $tensor_f:ident, $scalar_f:ident;)*) => {
        impl Tensor { $(
            $(#[$doc])* pub fn $name(&self, other: &Tensor) -> Result<Tensor> { lift1(stringify!($name), &[self, other], self.0.$tensor_f(&other.0)) }
            /// The same with a plain number.
            pub fn $number(&self, other: impl Into<Scalar>) -> Result<Tensor> { lift1(stringify!($name), &[self], self.0.$scalar_f(other)) }
        )* }
    };
}

arithmetic! {
    /// Sum, broadcasting.
    add, add_number => f_add, f_add_scalar;
    /// Difference, broadcasting.
    sub, sub_number => f_sub, f_sub_scalar;
    /// Remainder with the sign of the divisor.
    remainder, remainder_number => f_remainder_tensor, f_remainder;
    /// Whether greater.
    gt, gt_number => f_gt_tensor, f_gt;
    /// Whether greater or equal.
    ge, ge_number => f_ge_tensor, f_ge;
    /// Whether less.
    lt, lt_number => f_lt_tensor, f_lt;
    /// Whether less or equal.
    le, le_number => f_le_tensor, f_le;
    /// Whether different.
    ne, ne_number => f_ne_tensor, f_ne;
}

impl Tensor {
    /// Product of each pair, broadcasting.
    pub fn mul(&self, other: &Tensor) -> Result<Tensor> {
        pairs::product(self, other, |a, b| lift1("mul", &[a, b], a.0.f_mul(&b.0)))
    }

    /// The same with a plain number.
    pub fn mul_number(&self, other: impl Into<Scalar>) -> Result<Tensor> {
        lift1("mul", &[self], self.0.f_mul_scalar(other))
    }

    /// Quotient, broadcasting.
    pub fn div(&self, other: &Tensor) -> Result<Tensor> {
        if pairs::moves(other) {
            return self.mul(&other.reciprocal()?);
        }
        lift1("div", &[self, other], self.0.f_div(&other.0))
    }

    /// The same with a plain number.
    pub fn div_number(&self, other: impl Into<Scalar>) -> Result<Tensor> {
        lift1("div", &[self], self.0.f_div_scalar(other))
    }

    /// Power.
    pub fn pow(&self, other: &Tensor) -> Result<Tensor> {
        lift1("pow", &[self, other], self.0.f_pow(&other.0))
    }

    /// The same with a plain number.
    pub fn pow_number(&self, other: impl Into<Scalar>) -> Result<Tensor> {
        let power: Scalar = other.into();
        if !pairs::moves(self) {
            return lift1("pow", &[self], self.0.f_pow_tensor_scalar(power));
        }
        let power = f64::from(power);
        pairs::curve(self, |x| lift1("pow", &[x], x.0.f_pow_tensor_scalar(power)))
    }
}

macro_rules! in_place {
    ($($name:ident($($arg:ident: $ty:ty),*) => |$x:ident| $call:expr;)*) => {
        impl Tensor { $(
            #[doc = concat!("In place: `", stringify!($name), "`.")]
            pub fn $name(&self, $($arg: $ty),*) -> Result<()> {
                #[allow(unused_mut)]
                let mut $x = self.0.shallow_clone();
                lift(stringify!($name), &[self], $call).map(|_| ())
            }
        )* }
    };
}

in_place! {
    add_(other: &Tensor) => |x| x.f_add_(&other.0);
    add_number_(other: f64) => |x| x.f_add_scalar_(other);
    sub_(other: &Tensor) => |x| x.f_sub_(&other.0);
    sub_number_(other: f64) => |x| x.f_sub_scalar_(other);
    mul_(other: &Tensor) => |x| x.f_mul_(&other.0);
    mul_number_(other: f64) => |x| x.f_mul_scalar_(other);
    div_(other: &Tensor) => |x| x.f_div_(&other.0);
    div_number_(other: f64) => |x| x.f_div_scalar_(other);
    zero_() => |x| x.f_zero_();
    fill_(value: f64) => |x| x.f_fill_(value);
    clamp_(low: f64, high: f64) => |x| x.f_clamp_(low, high);
    copy_(other: &Tensor) => |x| x.f_copy_(&other.0);
    sqrt_() => |x| x.f_sqrt_();
    relu_() => |x| x.f_relu_();
    exp_() => |x| x.f_exp_();
}

impl Tensor {
    /// `self + a * b * value`, in place.
    pub fn add_product_(&self, a: &Tensor, b: &Tensor, value: f64) -> Result<()> {
        let product = a.mul(b)?;
        product.mul_number_(value)?;
        self.add_(&product)
    }

    /// `self + value * a`, in place.
    pub fn add_scaled_(&self, a: &Tensor, value: f64) -> Result<()> {
        let scaled = a.mul_number(value)?;
        self.add_(&scaled)
    }
}

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
    /// A copy with memory of its own; gradients flow through.
    pub fn copied(&self) -> Result<Tensor> {
        Tensor::stack(std::slice::from_ref(self), 0)?.select(0, 0)
    }

    /// Whether both hold the same numbers in the same shape.
    pub fn is_equal(&self, other: &Tensor) -> Result<bool> {
        lift("equal", &[self, other], self.0.f_equal(&other.0))
    }

    /// The same numbers in another shape; one size may be -1.
    pub fn reshape(&self, shape: &[i64]) -> Result<Tensor> {
        lift1("reshape", &[self], self.0.f_reshape(shape)).map_err(|fault| {
            if fault.message.contains("invalid for input of size") {
                cistron_base::fault!(
                    "shape",
                    "cannot reshape {} ({} numbers) to {}",
                    shape::text(&self.shape()),
                    self.numel(),
                    shape::text(shape)
                )
            } else {
                fault
            }
        })
    }

    /// Another handle on the same numbers, which has a gradient of its own.
    pub fn view(&self) -> Result<Tensor> {
        lift1("view", &[self], self.0.f_view_as(&self.0))
    }

    /// The same view with the axes in another order.
    pub fn permute(&self, dims: &[i64]) -> Result<Tensor> {
        lift1("permute", &[self], self.0.f_permute(dims))
    }

    /// Two axes swapped.
    pub fn transpose(&self, a: i64, b: i64) -> Result<Tensor> {
        self.axis(a)?;
        self.axis(b)?;
        lift1("transpose", &[self], self.0.f_transpose(a, b))
    }

    /// A new axis of size 1.
    pub fn unsqueeze(&self, dim: i64) -> Result<Tensor> {
        lift1("unsqueeze", &[self], self.0.f_unsqueeze(dim))
    }

    /// Without an axis of size 1, or without all of them.
    pub fn squeeze(&self, dim: Option<i64>) -> Result<Tensor> {
        match dim {
            Some(dim) => {
                self.axis(dim)?;
                lift1("squeeze", &[self], self.0.f_squeeze_dim(dim))
            }
            None => lift1("squeeze", &[self], self.0.f_squeeze()),
        }
    }

    /// Axes `start` to `end` (included) joined into one.
    pub fn flatten(&self, start: i64, end: i64) -> Result<Tensor> {
        lift1("flatten", &[self], self.0.f_flatten(start, end))
    }

    /// Repeated views along axes of size 1.
    pub fn expand(&self, shape: &[i64]) -> Result<Tensor> {
        lift1("expand", &[self], self.0.f_expand(shape, false))
    }

    /// Copies side by side.
    pub fn repeat(&self, times: &[i64]) -> Result<Tensor> {
        memory::elements(&[times, &[self.numel()]].concat(), self.kind().bytes())?;
        lift1("repeat", &[self], self.0.f_repeat(times))
    }

    /// Reversed along axes.
    pub fn flip(&self, dims: &[i64]) -> Result<Tensor> {
        for dim in dims {
            self.axis(*dim)?;
        }
        lift1("flip", &[self], self.0.f_flip(dims))
    }

    /// Moved along an axis, what falls out coming in at the other end.
    pub fn roll(&self, shift: i64, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift1("roll", &[self], self.0.f_roll(shift, dim))
    }

    /// Sliding windows along an axis; they become the last axis.
    pub fn unfold(&self, dim: i64, size: i64, step: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift1("unfold", &[self], self.0.f_unfold(dim, size, step))
    }

    /// Padded: `[before, after]` of the last axis, then of the one before it, …
    pub fn pad(&self, pad: &[i64], mode: &str, value: f64) -> Result<Tensor> {
        let sides: Vec<i64> = pad
            .chunks(2)
            .map(|sides| sides.iter().fold(0i64, |sum, n| sum.saturating_add(*n)))
            .rev()
            .collect();
        let mut sizes = self.shape();
        let first = sizes.len().saturating_sub(sides.len());
        sizes[first..]
            .iter_mut()
            .zip(&sides)
            .for_each(|(size, more)| *size = size.saturating_add(*more));
        memory::elements(&sizes, self.kind().bytes())?;
        let value = (mode == "constant").then_some(value);
        lift1("pad", &[self], self.0.f_pad(pad, mode, value))
    }

    /// Joined along an existing axis.
    pub fn cat(parts: &[Tensor], dim: i64) -> Result<Tensor> {
        if parts.is_empty() {
            bail!("value", "cat needs at least one tensor");
        }
        let raw: Vec<&tch::Tensor> = parts.iter().map(|part| &part.0).collect();
        lift1(
            "cat",
            &parts.iter().collect::<Vec<_>>(),
            tch::Tensor::f_cat(&raw, dim),
        )
    }

    /// Joined along a new axis.
    pub fn stack(parts: &[Tensor], dim: i64) -> Result<Tensor> {
        if parts.is_empty() {
            bail!("value", "stack needs at least one tensor");
        }
        let raw: Vec<&tch::Tensor> = parts.iter().map(|part| &part.0).collect();
        lift1(
            "stack",
            &parts.iter().collect::<Vec<_>>(),
            tch::Tensor::f_stack(&raw, dim),
        )
    }

    /// Pieces of `size` along an axis, the last one smaller where it does not divide.
    pub fn split(&self, size: i64, dim: i64) -> Result<Vec<Tensor>> {
        self.axis(dim)?;
        if size < 1 {
            bail!(
                "value",
                "the size of a piece must be at least 1, got {size}"
            );
        }
        Ok(lift("split", &[self], self.0.f_split(size, dim))?
            .into_iter()
            .map(Tensor)
            .collect())
    }

    /// `n` pieces along an axis.
    pub fn chunk(&self, n: i64, dim: i64) -> Result<Vec<Tensor>> {
        self.axis(dim)?;
        if n < 1 {
            bail!("value", "the number of pieces must be at least 1, got {n}");
        }
        Ok(lift("chunk", &[self], self.0.f_chunk(n, dim))?
            .into_iter()
            .map(Tensor)
            .collect())
    }

    /// Matrix product, batched and broadcasting as NumPy's.
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        pairs::product(self, other, |a, b| {
            lift1("matmul", &[a, b], a.0.f_matmul(&b.0))
        })
    }

    /// Matrix products of two batches.
    pub fn bmm(&self, other: &Tensor) -> Result<Tensor> {
        pairs::product(self, other, |a, b| lift1("bmm", &[a, b], a.0.f_bmm(&b.0)))
    }

    /// Sums of products in Einstein's notation.
    pub fn einsum(equation: &str, parts: &[Tensor]) -> Result<Tensor> {
        if let [a, b] = parts
            && pairs::moves(a)
            && pairs::moves(b)
        {
            return pairs::product(a, b, |a, b| {
                lift1(
                    "einsum",
                    &[a, b],
                    tch::Tensor::f_einsum(equation, &[&a.0, &b.0], None::<&[i64]>),
                )
            });
        }
        let raw: Vec<&tch::Tensor> = parts.iter().map(|part| &part.0).collect();
        lift1(
            "einsum",
            &parts.iter().collect::<Vec<_>>(),
            tch::Tensor::f_einsum(equation, &raw, None::<&[i64]>),
        )
    }

    /// Kept within bounds.
    pub fn clamp<S: Into<Scalar> + Copy>(&self, low: S, high: S) -> Result<Tensor> {
        pairs::curve(self, |x| lift1("clamp", &[x], x.0.f_clamp(low, high)))
    }

    /// The larger of each pair.
    pub fn maximum(&self, other: &Tensor) -> Result<Tensor> {
        if pairs::is_on() && (pairs::moves(self) || pairs::moves(other)) {
            return self.add(&other.sub(self)?.relu()?);
        }
        lift1("maximum", &[self, other], self.0.f_maximum(&other.0))
    }

    /// The smaller of each pair.
    pub fn minimum(&self, other: &Tensor) -> Result<Tensor> {
        if pairs::is_on() && (pairs::moves(self) || pairs::moves(other)) {
            return self.sub(&self.sub(other)?.relu()?);
        }
        lift1("minimum", &[self, other], self.0.f_minimum(&other.0))
    }

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

    /// x where positive, `slope` x where not.
    pub fn leaky_relu(&self, slope: f64) -> Result<Tensor> {
        pairs::curve(self, |x| {
            let scaled = x.mul_number(slope)?;
            if slope <= 1.0 {
                x.maximum(&scaled)
            } else {
                x.relu()?.add(&scaled.minimum(&x.zeros_like()?)?)
            }
        })
    }

    /// x where positive, `alpha` (e^x - 1) where not.
    pub fn elu(&self, alpha: f64) -> Result<Tensor> {
        pairs::curve(self, |x| {
            let negative = x
                .clamp(f64::NEG_INFINITY, 0.0)?
                .expm1()?
                .mul_number(alpha)?;
            x.where_(&x.gt_number(0.0)?, &negative)
        })
    }

    /// x times the normal distribution function of x.
    pub fn gelu(&self) -> Result<Tensor> {
        pairs::curve(self, |x| lift1("gelu", &[x], x.0.f_gelu("none")))
    }

    /// `self` where the mask holds, `other` elsewhere.
    pub fn where_(&self, mask: &Tensor, other: &Tensor) -> Result<Tensor> {
        lift1(
            "where",
            &[self, mask, other],
            self.0.f_where_self(&mask.0, &other.0),
        )
    }

    /// `value` where the mask holds.
    pub fn masked_fill(&self, mask: &Tensor, value: f64) -> Result<Tensor> {
        lift1(
            "masked_fill",
            &[self, mask],
            self.0.f_masked_fill(&mask.0, value),
        )
    }

    /// The numbers where the mask holds, in one row.
    pub fn masked_select(&self, mask: &Tensor) -> Result<Tensor> {
        lift1(
            "masked_select",
            &[self, mask],
            self.0.f_masked_select(&mask.0),
        )
    }

    /// Picks along an axis, position by position.
    pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Tensor> {
        lift1(
            "gather",
            &[self, index],
            self.0.f_gather(dim, &index.0, false),
        )
    }

    /// Adds `source` at the positions of `index` along an axis.
    pub fn scatter_add(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        lift1(
            "scatter_add",
            &[self, index, source],
            self.0.f_scatter_add(dim, &index.0, &source.0),
        )
    }

    /// Sorted values and where they came from.
    pub fn sort(&self, dim: i64, descending: bool) -> Result<(Tensor, Tensor)> {
        self.axis(dim)?;
        lift("sort", &[self], self.0.f_sort(dim, descending)).map(|(a, b)| (Tensor(a), Tensor(b)))
    }

    /// The `k` largest (or smallest) values and where they are.
    pub fn topk(&self, k: i64, dim: i64, largest: bool) -> Result<(Tensor, Tensor)> {
        let (_, size) = self.axis(dim)?;
        if k < 1 || k > size {
            bail!("value", "`k` must be from 1 to {size}, got {k}");
        }
        lift("topk", &[self], self.0.f_topk(k, dim, largest, true))
            .map(|(a, b)| (Tensor(a), Tensor(b)))
    }

    /// Where the largest value is, along an axis or over all.
    pub fn argmax(&self, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        lift1("argmax", &[self], self.0.f_argmax(dim, keepdim))
    }

    /// Where the smallest value is, along an axis or over all.
    pub fn argmin(&self, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        lift1("argmin", &[self], self.0.f_argmin(dim, keepdim))
    }

    /// Where each would stand if the axis were sorted.
    pub fn argsort(&self, dim: i64, descending: bool) -> Result<Tensor> {
        Ok(self.sort(dim, descending)?.1)
    }

    /// The largest of those up to each.
    pub fn running_max(&self, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift("cummax", &[self], self.0.f_cummax(dim)).map(|(values, _)| Tensor(values))
    }

    /// The larger of each number and 0.
    pub fn relu(&self) -> Result<Tensor> {
        let is_up = |x: &Tensor| x.gt_number(0.0)?.to_kind(x.kind());
        pairs::bent(self, |x| lift1("relu", &[x], x.0.f_relu()), is_up)
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

    /// Indices of the numbers that are not 0, `[n, rank]`.
    pub fn nonzero(&self) -> Result<Tensor> {
        lift1("nonzero", &[self], self.0.f_nonzero())
    }

    /// Singular values: U, S, and V transposed.
    pub fn svd(&self) -> Result<(Tensor, Tensor, Tensor)> {
        lift(
            "svd",
            &[self],
            tch::Tensor::f_linalg_svd(&self.0, false, "gesdd"),
        )
        .or_else(|_| {
            lift(
                "svd",
                &[self],
                self.0.f_svd(true, true).map(|(u, s, v)| {
                    let v = v.transpose(-2, -1);
                    (u, s, v)
                }),
            )
        })
        .map(|(u, s, v)| (Tensor(u), Tensor(s), Tensor(v)))
    }

    /// Eigenvalues and eigenvectors of a symmetric matrix.
    pub fn eigh(&self) -> Result<(Tensor, Tensor)> {
        lift("eigh", &[self], self.0.f_linalg_eigh("L")).map(|(a, b)| (Tensor(a), Tensor(b)))
    }

    /// The inverse of a square matrix.
    pub fn inv(&self) -> Result<Tensor> {
        lift1("inv", &[self], tch::Tensor::f_linalg_inv(&self.0))
    }

    /// The determinant of a square matrix.
    pub fn det(&self) -> Result<Tensor> {
        lift1("det", &[self], tch::Tensor::f_linalg_det(&self.0))
    }

    /// The solution x of `self x = b`.
    pub fn solve(&self, b: &Tensor) -> Result<Tensor> {
        lift1(
            "solve",
            &[self, b],
            tch::Tensor::f_linalg_solve(&self.0, &b.0, true),
        )
    }

    /// Numbers on the diagonal, or a matrix with them there.
    pub fn diag(&self) -> Result<Tensor> {
        lift1("diag", &[self], self.0.f_diag(0))
    }

    /// The part of a matrix on and above the diagonal `k`.
    pub fn triu(&self, k: i64) -> Result<Tensor> {
        lift1("triu", &[self], self.0.f_triu(k))
    }

    /// The part of a matrix on and below the diagonal `k`.
    pub fn tril(&self, k: i64) -> Result<Tensor> {
        lift1("tril", &[self], self.0.f_tril(k))
    }

    /// Truth values as a row of ones each, `[…, classes]`.
    pub fn one_hot(&self, classes: i64) -> Result<Tensor> {
        if classes < 1 {
            bail!("value", "`classes` must be at least 1, got {classes}");
        }
        memory::elements(&[self.numel(), classes], 8)?;
        lift1(
            "one_hot",
            &[self],
            self.to_kind(Kind::Int64)?.0.f_one_hot(classes),
        )?
        .to_kind(Kind::Float)
    }

    /// Convolution; the rank of the weight says over how many axes.
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

    /// A dilated convolution over one axis as a dense one, with zeros before and behind: positions
    /// in rows of `dilation` lie under each other where a window meets them. The same numbers up to
    /// rounding, by a path of libtorch that is several times faster on a processor, above all
    /// backwards.
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
            // seen as an image of height 1, whose kernels know this layout
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

    /// As many windows as asked for, over the last axis.
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

    /// Batch normalisation; running statistics are updated while training.
    #[allow(clippy::too_many_arguments)]
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

    /// Whether this is `[batch, channels, length]` with the channels side by side in memory.
    pub fn is_channels_last(&self) -> bool {
        if self.rank() != 3 {
            return false;
        }
        let (shape, stride) = (self.0.size(), self.0.stride());
        shape[1] > 1
            && shape[2] > 1
            && stride[1] == 1
            && stride[2] == shape[1]
            && stride[0] == shape[1] * shape[2]
    }

    /// Zeroes each number with chance `p` and scales the others; does nothing unless training.
    ///
    /// On the processor the mask comes from a counter-based generator, many times faster than
    /// torch's serial one.
    pub fn dropout(&self, p: f64, training: bool) -> Result<Tensor> {
        if !training || p == 0.0 {
            return Ok(self.clone());
        }
        if self.device().is_cuda() {
            return lift1("dropout", &[self], self.0.f_dropout(p, true));
        }
        let mask = super::device::Mask::draw(p).factors(self.numel() as usize);
        // numbered along the channels first, however the tensor lies in memory
        let mask = match self.shape()[..] {
            [batch, channels, length] => {
                Tensor::from_f32(&mask, &[batch, length, channels])?.transpose(1, 2)?
            }
            ref shape => Tensor::from_f32(&mask, shape)?,
        };
        self.mul(&mask.to_kind(self.kind())?)
    }

    /// Zeroes whole channels with chance `p`.
    pub fn feature_dropout(&self, p: f64, training: bool) -> Result<Tensor> {
        lift1("dropout", &[self], self.0.f_feature_dropout(p, training))
    }

    /// Rows of a table.
    pub fn embedding(table: &Tensor, index: &Tensor, padding: i64) -> Result<Tensor> {
        lift1(
            "embedding",
            &[table, index],
            tch::Tensor::f_embedding(&table.0, &index.0, padding, false, false),
        )
    }
}

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
