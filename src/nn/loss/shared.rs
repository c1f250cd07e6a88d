//! Means over the defined labels of a batch that several processes share.

use cistron_base::Result;
use cistron_torch::Tensor;
use cistron_world as world;
use std::cell::Cell;

thread_local! {
    /// The share of the rows of the whole batch that this process has.
    static SHARE: Cell<Option<f64>> = const { Cell::new(None) };
}

/// What [`of_share`] set before, which is restored when it is dropped.
pub struct Share(Option<f64>);

impl Drop for Share {
    fn drop(&mut self) {
        SHARE.set(self.0);
    }
}

/// Lets losses be the part of this process in those of a batch of which it has a share of the rows,
/// until the guard is dropped: times the share they sum to the loss of the whole batch, also where
/// processes have different numbers of defined labels. Every process computes the same losses.
pub fn of_share(share: Option<f64>) -> Share {
    Share(SHARE.replace(share))
}

/// Whether several processes share the batch.
pub(super) fn is_shared() -> bool {
    SHARE.get().is_some()
}

/// What a sum over `count` items is divided by, at least `least`, to be their mean.
pub(super) fn divisor(count: &Tensor, least: f64) -> Result<Tensor> {
    let Some(share) = SHARE.get() else {
        return count.clamp(least, f64::INFINITY);
    };
    let mut all = [if share > 0.0 { count.item()? } else { 0.0 }];
    world::sum_f64("a loss", &mut all)?;
    // rows that do not count have no part in the loss
    let divisor = match share > 0.0 {
        true => all[0].max(least) * share,
        false => f64::INFINITY,
    };
    Tensor::full(&[], divisor, count.kind(), count.device())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_sum_are_divided_by_all_items() {
        let count = Tensor::from_f32(&[8.0], &[]).unwrap();
        let item = |share| {
            let _guard = of_share(share);
            divisor(&count, 1.0).unwrap().item().unwrap()
        };
        assert_eq!(
            (item(None), item(Some(0.25)), item(Some(0.0))),
            (8.0, 2.0, f64::INFINITY)
        );
        assert!(!is_shared());
    }
}
