//! Groups of rows with similar sequences, which a split keeps together.

use super::Dataset;
use crate::audit::Sequences;
use crate::audit::homology::{Similarity, clusters};
use cistron_base::Result;

/// The group of each row in view.
pub fn groups(set: &Dataset, similarity: Similarity) -> Result<Vec<String>> {
    let numbers = clusters(&Sequences::of(set)?, similarity)?;
    Ok(numbers.iter().map(u32::to_string).collect())
}
