//! Rows with similar sequences: groups that a split keeps together, and rows unlike those of
//! another dataset.

use super::Dataset;
use crate::audit::Sequences;
use crate::audit::homology::{Similarity, clusters, similar};
use cistron_base::{Result, bail};

/// The group of each row in view.
pub fn groups(set: &Dataset, similarity: Similarity) -> Result<Vec<String>> {
    let numbers = clusters(&Sequences::of(set)?, similarity)?;
    Ok(numbers.iter().map(u32::to_string).collect())
}

/// The rows whose sequences resemble none of another dataset; a note states how many were left out.
pub fn unlike(set: &Dataset, other: &Dataset, similarity: Similarity) -> Result<Dataset> {
    let set = set.materialised()?;
    let (others, own) = (Sequences::of(other)?, Sequences::of(&set)?);
    if others.alphabet() != own.alphabet() {
        bail!(
            "data",
            "the rows are {:?}, those of the other dataset {:?}: sequences of one alphabet are \
                compared",
            own.alphabet(),
            others.alphabet()
        );
    }
    let found = similar(&others, &own, similarity)?;
    let mut resembles = vec![false; set.len()];
    for pair in &found.pairs {
        resembles[pair.second as usize] = true;
    }
    let rows = set.rows.iter().zip(&resembles);
    let rows: Vec<_> = rows
        .filter(|(_, own)| !**own)
        .map(|(row, _)| *row)
        .collect();
    if rows.is_empty() {
        bail!(
            "data",
            "all {} rows resemble rows of the other dataset",
            set.len()
        );
    }
    let mut kept = set.with_rows(rows);
    if !found.pairs.is_empty() {
        kept.notes.push(format!(
            "{} of {} rows resemble rows of the other dataset and are left out",
            found.pairs.len(),
            set.len()
        ));
    }
    if found.skipped > 0 {
        kept.notes.push(format!(
            "{} k-mers that occur too often were not compared: rows that share only those are kept",
            found.skipped
        ));
    }
    Ok(kept)
}
