//! Negatives beside the rows of a dataset: shuffles, and draws from a pool.

use cistron_base::seed::Rng;
use std::sync::Arc;

/// Shuffled copies of rows as negatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shuffles {
    /// The k-lets whose counts are kept.
    pub k: usize,
    /// Shuffles for each row.
    pub ratio: usize,
    /// Whether every epoch draws new shuffles.
    pub redraw: bool,
    /// Their seed.
    pub seed: u64,
}

/// Negatives that every epoch draws from a larger pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Storage rows to draw from.
    pub rows: Arc<Vec<u32>>,
    /// How many are drawn.
    pub count: usize,
    /// Whether every epoch draws again.
    pub redraw: bool,
    /// Their seed.
    pub seed: u64,
    /// Rows drawn for the present epoch.
    pub(super) drawn: Arc<Vec<u32>>,
}

impl Pool {
    /// A pool with the draw of its first epoch.
    pub fn new(rows: Vec<u32>, count: usize, redraw: bool, seed: u64) -> Pool {
        let mut pool = Pool {
            rows: Arc::new(rows),
            count,
            redraw,
            seed,
            drawn: Arc::default(),
        };
        pool.draw(0);
        pool
    }

    /// Draws without replacement as long as the pool lasts, then from the whole pool again.
    pub(super) fn draw(&mut self, epoch: u64) {
        let n = self.rows.len().max(1);
        let mut drawn = Vec::with_capacity(self.count);
        for pass in 0..self.count.div_ceil(n) as u64 {
            let order = Rng::keyed(&[
                self.seed,
                0x706f_6f6c,
                if self.redraw { epoch } else { 0 },
                pass,
            ])
            .permutation(self.rows.len());
            drawn.extend(
                order
                    .iter()
                    .take(self.count - drawn.len())
                    .map(|i| self.rows[*i as usize]),
            );
        }
        self.drawn = Arc::new(drawn);
    }
}
