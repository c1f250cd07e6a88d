//! Detection of unintended broadcasting: `[40, 1] - [40]` is `[40, 40]`.

use crate::base::{Result, shape};
use crate::bind::args::operand::Operand;
use crate::bind::warnings;
use crate::fault;
use crate::lang::{Call, session};
use std::cell::Cell;
use std::rc::Rc;

/// The number of script losses that are being computed.
#[derive(Default)]
struct Losses(Cell<usize>);

fn losses() -> Rc<Losses> {
    session::local()
}

/// Guard of the computation of a loss that a script defines.
pub struct InLoss(());

impl InLoss {
    /// Starts the computation of a loss.
    pub fn begin() -> InLoss {
        let losses = losses();
        losses.0.set(losses.0.get() + 1);
        InLoss(())
    }
}

impl Drop for InLoss {
    fn drop(&mut self) {
        let losses = losses();
        losses.0.set(losses.0.get() - 1);
    }
}

/// Reports an operation whose result has more elements than either tensor because one of them has
/// fewer axes. Within a loss it is a fault, elsewhere a warning, once for each line of the script.
pub fn watch(call: &Call, a: &Operand, b: &Operand) -> Result<()> {
    let (Operand::Tensor(a), Operand::Tensor(b)) = (a, b) else {
        return Ok(());
    };
    if a.rank() == b.rank() || a.numel() < 2 || b.numel() < 2 {
        return Ok(());
    }
    let (a, b) = (a.shape(), b.shape());
    let Some(out) = spread(&a, &b) else {
        return Ok(());
    };
    let (from, to) = (
        format!("{} and {}", shape::text(&a), shape::text(&b)),
        shape::text(&out),
    );
    let short = if a.len() < b.len() { &a } else { &b };
    let fix = if a.len().abs_diff(b.len()) == 1 && short.len() == 1 {
        "unsqueeze(1)"
    } else {
        "unsqueeze(…)"
    };
    if losses().0.get() > 0 {
        let fault = fault!(
            "shape",
            "`{}` within a loss spreads {from} to {to}: every output is compared with every label",
            call.native.name
        );
        return Err(fault.hint(format!(
            "give both one shape: `y.{fix}`, `x.squeeze(-1)` or `y.reshape(x.shape)`"
        )));
    }
    warnings::at(
        call,
        &format!(
            "`{}` spreads {from} to {to}; if that is meant, `unsqueeze(0)` on the shorter states \
             so, else `{fix}` makes their shapes agree",
            call.native.name
        ),
    );
    Ok(())
}

/// The shape that two shapes are broadcast to, where it has more elements than either.
fn spread(a: &[i64], b: &[i64]) -> Option<Vec<i64>> {
    let n = a.len().max(b.len());
    let axis = |shape: &[i64], i: usize| (i + shape.len()).checked_sub(n).map_or(1, |i| shape[i]);
    let out: Vec<i64> = (0..n).map(|i| axis(a, i).max(axis(b, i))).collect();
    let fits = (0..n).all(|i| axis(a, i) == axis(b, i) || axis(a, i) == 1 || axis(b, i) == 1);
    let size = |shape: &[i64]| shape.iter().product::<i64>();
    (fits && size(&out) > size(a).max(size(b))).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn only_shapes_that_grow_are_reported() {
        assert_eq!(spread(&[40, 1], &[40]), Some(vec![40, 40]));
        assert_eq!(spread(&[40], &[40, 1]), Some(vec![40, 40]));
        assert_eq!(spread(&[40, 1], &[1]), None);
        assert_eq!(spread(&[8, 4, 100], &[4, 1]), None);
        assert_eq!(spread(&[8, 1, 100], &[4, 1]), Some(vec![8, 4, 100]));
        assert_eq!(spread(&[3, 2], &[3]), None);
    }
}
