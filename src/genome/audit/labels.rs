//! What the labels of the training rows are like.

use super::rows::Rows;
use cistron_base::Result;
use std::collections::HashMap;

/// Counts of the training labels.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelReport {
    /// Positives.
    pub positives: usize,
    /// Negatives.
    pub negatives: usize,
    /// Rows without a label.
    pub undefined: usize,
    /// Rows whose sequence, on either strand, an earlier row has; of rows without sequences, whose
    /// numbers.
    pub duplicates: usize,
    /// Rows whose sequence, on either strand, has both labels.
    pub contradictions: usize,
    /// The largest accuracy that labels with these contradictions allow.
    pub ceiling: f64,
}

/// Counts the labels.
pub fn report(rows: &Rows) -> Result<LabelReport> {
    let mut groups: HashMap<u64, (usize, usize, usize)> = HashMap::new();
    let mut out = LabelReport {
        positives: 0,
        negatives: 0,
        undefined: 0,
        duplicates: 0,
        contradictions: 0,
        ceiling: 1.0,
    };
    for (key, label) in rows.keys()?.into_iter().zip(&rows.labels) {
        let group = groups.entry(key).or_default();
        group.0 += 1;
        match *label {
            1.0 => {
                out.positives += 1;
                group.1 += 1;
            }
            0.0 => {
                out.negatives += 1;
                group.2 += 1;
            }
            _ => out.undefined += 1,
        }
    }
    let mut wrong = 0;
    for (rows, positives, negatives) in groups.into_values() {
        out.duplicates += rows - 1;
        if positives > 0 && negatives > 0 {
            out.contradictions += positives + negatives;
            wrong += positives.min(negatives);
        }
    }
    let known = out.positives + out.negatives;
    out.ceiling = 1.0 - wrong as f64 / known.max(1) as f64;
    Ok(out)
}
