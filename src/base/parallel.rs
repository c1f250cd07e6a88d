//! Loops whose parts run on threads that the caller chooses.

use std::ops::Range;
use std::sync::Mutex;

/// The share of one of several workers of `n` items: from and to.
pub fn share_of(n: usize, worker: usize, workers: usize) -> Range<usize> {
    n * worker / workers..n * (worker + 1) / workers
}

/// Runs the parts of a loop: calls a function with each number below a count, in any order, and
/// returns when all calls have.
#[derive(Clone, Copy)]
pub struct Threads(pub fn(usize, &(dyn Fn(usize) + Sync)));

impl Threads {
    /// The calling thread alone.
    pub const ONE: Threads = Threads(|n, body| (0..n).for_each(body));

    /// Calls `body` with each number below `n`.
    pub fn each(self, n: usize, body: &(dyn Fn(usize) + Sync)) {
        (self.0)(n, body);
    }

    /// Calls `body` with each chunk of `size` items and the chunk's number.
    pub fn each_part<T: Send>(
        self,
        items: &mut [T],
        size: usize,
        body: &(dyn Fn(usize, &mut [T]) + Sync),
    ) {
        let parts: Vec<Mutex<&mut [T]>> = items.chunks_mut(size.max(1)).map(Mutex::new).collect();
        self.each(parts.len(), &|i| {
            if let Ok(mut part) = parts[i].lock() {
                body(i, &mut part);
            }
        });
    }

    /// Calls `body` with each number below `n` and returns its results, in order.
    pub fn map<T: Send>(self, n: usize, body: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
        let slots: Vec<Mutex<Option<T>>> = (0..n).map(|_| Mutex::new(None)).collect();
        self.each(n, &|i| {
            if let Ok(mut slot) = slots[i].lock() {
                *slot = Some(body(i));
            }
        });
        slots
            .into_iter()
            .filter_map(|slot| slot.into_inner().ok().flatten())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_every_item_is_visited_once() {
        assert_eq!(Threads::ONE.map(4, &|i| i * 2), [0, 2, 4, 6]);
        let mut items = [0; 7];
        Threads::ONE.each_part(&mut items, 3, &|part, items| {
            items.iter_mut().for_each(|item| *item += part + 1)
        });
        assert_eq!(items, [1, 1, 1, 2, 2, 2, 3]);
    }
}
