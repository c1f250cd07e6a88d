//! Seeds of functions that draw random numbers.

use crate::lang::{Options, session};
use crate::nn::init;

/// Options of functions that draw random numbers.
#[derive(Options)]
pub struct DrawOptions {
    /// Seed of the draw; the seed of the run and the number of the draw unless given.
    seed: Option<u64>,
}

impl DrawOptions {
    /// The keys of the draw: its seed, else the layer that is being built, else the run's seed and
    /// the number of the draw.
    pub fn keys(&self) -> Vec<u64> {
        match self.seed {
            Some(seed) => vec![seed, 0x7261_6e64],
            None => init::next_keys().unwrap_or_else(|| {
                vec![session::settings().seed, 0x6472_6177, session::next_draw()]
            }),
        }
    }
}

/// The option of functions that draw random numbers, to `#[option(flatten)]`.
#[derive(Clone, Copy, Options)]
pub struct SeedOptions {
    /// Seed of the random numbers; that of the run unless given.
    seed: Option<u64>,
}

impl SeedOptions {
    /// The seed given, else the run's.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| session::settings().seed)
    }
}

/// The seed of a call whose results depend on how many calls preceded it, unless a script passes
/// one.
pub fn seed_of_draw(seed: Option<u64>) -> u64 {
    seed.unwrap_or_else(|| session::settings().seed ^ session::next_draw())
}
