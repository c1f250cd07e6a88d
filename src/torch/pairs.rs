//! Differences instead of slopes: the rules of DeepLIFT for every operation.
//!
//! While a [`Paired`] guard lives, the first half of each batch is explained against the second
//! half. A nonlinear function passes back (f(x) - f(r)) / (x - r) instead of its slope (Shrikumar,
//! Greenside & Kundaje 2017, the rescale rule); a product of two that both vary passes back the
//! mean of the other over the pair; a maximum passes its difference to where it was found. Each is
//! exact, so gradients times x - r sum to the difference of the outputs, whatever operations are
//! composed, also those of a script's own layers. Sums, convolutions and the like are left to
//! torch: they are linear.

use super::custom::{Kernel, attach};
use super::inplace::change;
use super::{Tensor, grad, parallel};
use cistron_base::Result;
use std::cell::Cell;

thread_local! { static PAIRS: Cell<i64> = const { Cell::new(0) }; }

/// Differences below this pass back the slope.
const SMALL: f64 = 1e-6;

/// While it lives, operations pass back differences between pairs.
pub struct Paired(i64);

impl Drop for Paired {
    fn drop(&mut self) {
        PAIRS.set(self.0);
    }
}

/// Explains the first `pairs` rows of batches against the next `pairs` rows; 0 passes back slopes.
pub fn enter(pairs: i64) -> Paired {
    Paired(PAIRS.replace(pairs))
}

/// Whether differences are passed back.
pub fn is_on() -> bool {
    PAIRS.get() > 0
}

/// Whether a tensor varies with the input and holds pairs along its first axis.
pub(super) fn moves(x: &Tensor) -> bool {
    let pairs = PAIRS.get();
    pairs > 0
        && x.is_grad_on()
        && x.shape()
            .first()
            .is_some_and(|rows| *rows > 0 && rows % (2 * pairs) == 0)
}

fn halves(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let rows = x.shape()[0] / 2;
    Ok((x.narrow(0, 0, rows)?, x.narrow(0, rows, rows)?))
}

fn twice(x: &Tensor) -> Result<Tensor> {
    Tensor::cat(&[x.clone(), x.clone()], 0)
}

/// A difference of what comes out over one of what went in; where that is small, `over`; where it
/// is no number, 0.
fn quotient(top: &Tensor, difference: &Tensor, over: &Tensor) -> Result<Tensor> {
    const PART: usize = 1 << 16;
    let out = top.contiguous()?.copied()?;
    let divided = change(&[&out], difference, |out, difference| {
        over.read(|over| {
            parallel::each_part(out[0], PART, &|part, out| {
                let from = part * PART;
                for ((top, difference), over) in
                    out.iter_mut().zip(&difference[from..]).zip(&over[from..])
                {
                    let ratio = if difference.abs() > SMALL as f32 {
                        *top / difference
                    } else {
                        *over
                    };
                    *top = if ratio.is_finite() { ratio } else { 0.0 };
                }
            });
        })
    });
    if divided.flatten().is_some() {
        return Ok(out);
    }
    let ratio = top
        .div(difference)?
        .where_(&difference.abs()?.gt_number(SMALL)?, over)?;
    ratio.where_(&ratio.isfinite()?, &ratio.zeros_like()?)
}

/// A function of each number alone.
pub(super) fn curve(x: &Tensor, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let slope = |x: &Tensor| {
        let leaf = x.copied()?.detach()?.requires_grad_(true)?;
        let out = f(&leaf)?;
        if out.is_grad_on() {
            Ok(out.sum(&None, false)?.gradients(&[leaf])?.remove(0))
        } else {
            x.zeros_like()
        }
    };
    nonlinear(x, &f, slope)
}

/// A function of each number alone, and its slope.
pub(super) fn nonlinear(
    x: &Tensor,
    f: impl Fn(&Tensor) -> Result<Tensor>,
    slope: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if !moves(x) {
        return f(x);
    }
    let _plain = enter(0);
    let flat = x.detach()?;
    let y = f(&flat)?.detach()?;
    let ((x1, x2), (y1, y2)) = (halves(&flat)?, halves(&y)?);
    let ratio = quotient(&y1.sub(&y2)?, &x1.sub(&x2)?, &slope(&x1)?)?;
    attach(y, &[x], Box::new(Ratio(twice(&ratio)?)))
}

struct Ratio(Tensor);

impl Kernel for Ratio {
    fn backward(&self, gradient: &Tensor, _: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.mul(&self.0)?)])
    }
}

/// A product, of numbers or of matrices.
pub(super) fn product(
    a: &Tensor,
    b: &Tensor,
    f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if !moves(a) || !moves(b) {
        return f(a, b);
    }
    let _plain = enter(0);
    let mean = |x: &Tensor| -> Result<Tensor> {
        let (first, second) = halves(&x.detach()?)?;
        twice(&first.add(&second)?.mul_number(0.5)?)
    };
    let linear = f(a, &mean(b)?)?.add(&f(&mean(a)?, b)?)?;
    let value = f(&a.detach()?, &b.detach()?)?;
    linear.add(&value.sub(&linear.detach()?)?)
}

/// The largest of windows: `y` `[rows, channels, windows]` was found at `at`, counted along the
/// flat last axes of `x`.
pub(super) fn largest(x: &Tensor, y: Tensor, at: &Tensor) -> Result<Tensor> {
    let _plain = enter(0);
    let difference = {
        let (x1, x2) = halves(&x.detach()?)?;
        x1.sub(&x2)?
    };
    let (at1, at2) = halves(at)?;
    let (y1, y2) = halves(&y)?;
    let most = y1.maximum(&y2)?;
    let rule = Largest {
        difference,
        at: [at1, at2],
        shares: [most.sub(&y2)?, y1.sub(&most)?],
    };
    attach(y, &[x], Box::new(rule))
}

struct Largest {
    difference: Tensor,
    /// Where the largest of the first and of the second of a pair stands.
    at: [Tensor; 2],
    /// How much of the difference belongs there.
    shares: [Tensor; 2],
}

impl Kernel for Largest {
    fn backward(&self, gradient: &Tensor, _: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let _plain = enter(0);
        let (gradient, _) = halves(gradient)?;
        let shape = self.difference.shape();
        let rows: Vec<i64> = vec![shape[0], shape[1], -1];
        let spread = |to: Tensor, at: &Tensor, values: &Tensor| {
            to.scatter_add(2, &at.reshape(&rows)?, &values.reshape(&rows)?)
        };
        let none = self.difference.zeros_like()?.reshape(&rows)?;
        let slope = spread(none.clone(), &self.at[0], &gradient)?.reshape(&shape)?;
        let first = spread(none, &self.at[0], &gradient.mul(&self.shares[0])?)?;
        let total = spread(first, &self.at[1], &gradient.mul(&self.shares[1])?)?.reshape(&shape)?;
        let ratio = quotient(&total, &self.difference, &slope)?;
        Ok(vec![Some(twice(&ratio)?)])
    }
}

/// The largest along some axes after the second, found like windows.
pub(super) fn largest_along(x: &Tensor, dims: &[i64], keepdim: bool) -> Result<Option<Tensor>> {
    let rank = x.rank() as i64;
    let mut dims: Vec<i64> = dims
        .iter()
        .map(|dim| if *dim < 0 { dim + rank } else { *dim })
        .collect();
    dims.sort_unstable();
    if dims.is_empty() || dims.contains(&0) {
        return Ok(None);
    }
    let kept: Vec<i64> = (0..rank).filter(|dim| !dims.contains(dim)).collect();
    let shape = x.shape();
    let order: Vec<i64> = kept.iter().chain(&dims).copied().collect();
    let flat = x.permute(&order)?.reshape(&[
        shape[0],
        kept[1..].iter().map(|dim| shape[*dim as usize]).product(),
        -1,
    ])?;
    let values = flat.detach()?;
    let at = values.argmax(Some(2), true)?;
    let y = largest(&flat, values.gather(2, &at)?, &at)?;
    let whole = |dim: i64| {
        if dims.contains(&dim) {
            keepdim.then_some(1)
        } else {
            Some(shape[dim as usize])
        }
    };
    y.reshape(&(0..rank).filter_map(whole).collect::<Vec<_>>())
        .map(Some)
}

/// Less the largest along an axis of both of a pair, a constant to both.
fn lowered(x: &Tensor, dim: i64) -> Result<(Tensor, Tensor)> {
    let most = {
        let _guard = grad::no_grad();
        let (first, second) = halves(&x.detach()?.amax(&Some(vec![dim]), true)?)?;
        twice(&first.maximum(&second)?)?
    };
    Ok((x.sub(&most)?, most))
}

/// Shares that sum to one along an axis, of operations with a rule each.
pub(super) fn softmax(x: &Tensor, dim: i64) -> Result<Tensor> {
    let powers = lowered(x, dim)?.0.exp()?;
    powers.mul(&powers.sum(&Some(vec![dim]), true)?.reciprocal()?)
}

/// Logarithm of the sum of exponentials along an axis, which stays.
pub(super) fn logsumexp(x: &Tensor, dim: i64) -> Result<Tensor> {
    let (low, most) = lowered(x, dim)?;
    low.exp()?.sum(&Some(vec![dim]), true)?.log()?.add(&most)
}

/// Centred and scaled over axes.
pub(super) fn standardised(x: &Tensor, dims: &[i64], eps: f64) -> Result<Tensor> {
    let dims = Some(dims.to_vec());
    let centred = x.sub(&x.mean(&dims, true)?)?;
    centred.mul(
        &centred
            .square()?
            .mean(&dims, true)?
            .add_number(eps)?
            .rsqrt()?,
    )
}
