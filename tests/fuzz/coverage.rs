//! Files that reach code which no file reached before, where the library is built with counters
//! (`scripts/fuzz`).

/// Whether the library is built with counters.
pub const HAS_COUNTERS: bool = cfg!(cistron_coverage);

/// What was reached: the order of magnitude of how often each edge was run over, a bit each.
#[derive(Default)]
pub struct Reached {
    seen: Vec<u8>,
    /// Edges that were run over at all.
    pub edges: usize,
}

impl Reached {
    /// Whether the code that ran since the last call was over edges, or as often, as none before.
    /// Without counters nothing is new.
    pub fn is_new(&mut self) -> bool {
        #[cfg(cistron_coverage)]
        {
            let mut is_new = false;
            self.seen.resize(cistron::base::coverage::count(), 0);
            cistron::base::coverage::drain(|edge, count| {
                let magnitude = match count {
                    0..=3 => count.saturating_sub(1),
                    4..=7 => 3,
                    8..=15 => 4,
                    16..=31 => 5,
                    32..=127 => 6,
                    _ => 7,
                };
                let bit = 1u8 << magnitude;
                if self.seen[edge] & bit == 0 {
                    self.edges += usize::from(self.seen[edge] == 0);
                    self.seen[edge] |= bit;
                    is_new = true;
                }
            });
            is_new
        }
        #[cfg(not(cistron_coverage))]
        {
            // read where there are counters
            let _ = &self.seen;
            false
        }
    }
}
