//! How rows are divided.

use crate::audit::Similarity;
use crate::base::Result;
use crate::data::{Dataset, homology};
use crate::lang::{Choice, Options};

/// The names of the ways to divide rows.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum SplitName {
    /// At random.
    Random,
    /// At random, with similar sequences in one part.
    Homology,
}

/// When sequences count as similar.
#[derive(Clone, Copy, Options)]
pub struct SimilarityOptions {
    /// Smallest share of equal bases of similar sequences.
    #[option(default = 0.8, min = 0.5, max = 1)]
    pub identity: f64,
    /// Smallest share of the shorter of two similar sequences that is beside the other.
    #[option(default = 0.5, min = 0.1, max = 1)]
    pub overlap: f64,
}

impl From<SimilarityOptions> for Similarity {
    fn from(options: SimilarityOptions) -> Similarity {
        Similarity {
            identity: options.identity,
            overlap: options.overlap,
        }
    }
}

impl SplitName {
    /// The group of each row, whose rows stay together; none where rows are divided one by one.
    pub fn groups(self, set: &Dataset, similarity: Similarity) -> Result<Option<Vec<String>>> {
        match self {
            SplitName::Random => Ok(None),
            SplitName::Homology => homology::groups(set, similarity).map(Some),
        }
    }
}
