//! How folds are simulated.

/// The shortest fold: two strands or a helix with loops.
pub const SHORTEST: usize = 20;
/// The longest fold; the time of packing grows with the square of the length.
pub const LONGEST: usize = 300;

/// How folds are simulated.
#[derive(Clone, Debug)]
pub struct FoldSettings {
    /// The shortest and the longest chain, both included, from [`SHORTEST`] to [`LONGEST`].
    pub length: (usize, usize),
    /// Number of sequences of the alignment, at least 1.
    pub depth: usize,
    /// Strength of the couplings; 0 leaves only the profile.
    pub coupling: f64,
    /// Share of the contacts that are coupled.
    pub coupled: f64,
    /// Share of the residues that are the conserved core: those with the most neighbours.
    pub core: f64,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Default for FoldSettings {
    fn default() -> FoldSettings {
        FoldSettings {
            length: (50, 80),
            depth: 300,
            coupling: 1.0,
            coupled: 0.7,
            core: 0.1,
            seed: 0,
        }
    }
}
