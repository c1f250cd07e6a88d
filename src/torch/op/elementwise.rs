//! Operations on each number, and on pairs of numbers.

use crate::tensor::{lift, lift1};
use crate::{Kind, Tensor, pairs};
use cistron_base::Result;
use tch::Scalar;

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $f:ident;)*) => {
        impl Tensor {
            $($(#[$doc])* pub fn $name(&self) -> Result<Tensor> {
                lift1(stringify!($name), &[self], self.0.$f())
            })*
        }
    };
}

/// As [`unary`], of functions that are not linear.
macro_rules! curve {
    ($($(#[$doc:meta])* $name:ident => $f:ident;)*) => {
        impl Tensor {
            $($(#[$doc])* pub fn $name(&self) -> Result<Tensor> {
                pairs::curve(self, |x| lift1(stringify!($name), &[x], x.0.$f()))
            })*
        }
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $f:ident, $scalar:ident;)*) => {
        impl Tensor { $(
            $(#[$doc])* pub fn $name(&self, other: &Tensor) -> Result<Tensor> {
                lift1(stringify!($name), &[self, other], self.0.$f(&other.0))
            }
            /// The same with a plain number.
            pub fn $scalar(&self, other: f64) -> Result<Tensor> {
                self.with_number(other, stringify!($name), |x, s| x.$f(s))
            }
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
    /// The largest integer not above.
    floor => f_floor;
    /// The smallest integer not below.
    ceil => f_ceil;
    /// The nearest integer, halves to even.
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
            $(#[$doc])* pub fn $name(&self, other: &Tensor) -> Result<Tensor> {
                lift1(stringify!($name), &[self, other], self.0.$tensor_f(&other.0))
            }
            /// The same with a plain number.
            pub fn $number(&self, other: impl Into<Scalar>) -> Result<Tensor> {
                lift1(stringify!($name), &[self], self.0.$scalar_f(other))
            }
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
    lerp_(other: &Tensor, at: f64) => |x| x.f_lerp_(&other.0, at);
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

impl Tensor {
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

    /// The larger of each number and 0.
    pub fn relu(&self) -> Result<Tensor> {
        let is_up = |x: &Tensor| x.gt_number(0.0)?.to_kind(x.kind());
        pairs::nonlinear(self, |x| lift1("relu", &[x], x.0.f_relu()), is_up)
    }

    /// Zeroes each number with chance `p` and scales the others; does nothing unless training.
    ///
    /// On the CPU the mask comes from a counter-based generator, many times faster than
    /// torch's serial one.
    pub fn dropout(&self, p: f64, training: bool) -> Result<Tensor> {
        if !training || p == 0.0 {
            return Ok(self.clone());
        }
        if self.device().is_cuda() {
            return lift1("dropout", &[self], self.0.f_dropout(p, true));
        }
        let (mask, numel) = (crate::device::next_mask(p), self.numel() as usize);
        let rows = self.shape().first().copied().unwrap_or(0);
        let first = crate::device::current_rows().and_then(|own| own.first_number(rows, numel));
        let mask = crate::device::factors(&mask.from_number(first.unwrap_or(0)), numel);
        // numbered along the channels first, whatever the strides of the tensor
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
        let rows = crate::device::current_rows().filter(|_| training && p > 0.0 && self.rank() > 1);
        let Some(rows) = rows.filter(|own| self.shape().first() == Some(&(own.count as i64)))
        else {
            return lift1("dropout", &[self], self.0.f_feature_dropout(p, training));
        };
        // drawn for the whole batch, as one process draws it
        let mut shape = vec![1; self.rank()];
        (shape[0], shape[1]) = (rows.whole as i64, self.shape().get(1).copied().unwrap_or(1));
        let whole = Tensor::full(&shape, 1.0, self.kind(), self.device())?;
        let mask = lift1("dropout", &[self], whole.0.f_feature_dropout(p, true))?;
        self.mul(&mask.narrow(0, rows.first as i64, rows.count as i64)?)
    }
}
