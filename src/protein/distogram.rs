//! Contacts of predicted distributions of distances.

use cistron_base::{Result, bail};

/// The probability that each pair is nearer than `threshold`, from the probabilities of bins of its
/// distance, `[pairs, bins]`.
///
/// `edges` are the distances between neighbouring bins, one fewer than there are bins. Of the bin
/// that the threshold divides, the share below it counts; of the first and the last bin, which have
/// one edge alone, all or nothing.
///
/// # Errors
/// Edges that do not increase or have another number; probabilities that are negative, or that do
/// not sum to 1.
pub fn contacts(probabilities: &[f64], edges: &[f64], threshold: f64) -> Result<Vec<f64>> {
    let bins = edges.len() + 1;
    if edges.is_empty() || !probabilities.len().is_multiple_of(bins) {
        let count = probabilities.len();
        bail!(
            "shape",
            "{} edges are between {bins} bins, got {count} probabilities",
            edges.len()
        );
    }
    if !edges.windows(2).all(|two| two[0] < two[1]) || !edges.iter().all(|edge| edge.is_finite()) {
        bail!("value", "the edges of bins must increase");
    }
    let share = |k: usize| match (k.checked_sub(1).map(|below| edges[below]), edges.get(k)) {
        (Some(low), Some(high)) => ((threshold - low) / (high - low)).clamp(0.0, 1.0),
        (None, Some(high)) => f64::from(u8::from(*high <= threshold + 1e-9)),
        _ => 0.0,
    };
    let shares: Vec<f64> = (0..bins).map(share).collect();
    let pair = |(k, row): (usize, &[f64])| {
        let sum: f64 = row.iter().sum();
        if !row.iter().all(|p| *p >= -1e-6) || (sum - 1.0).abs() > 1e-2 {
            bail!("value", "the probabilities of pair {k} sum to {sum}, not 1";
                hint: "of logits `softmax` are the probabilities");
        }
        Ok(row.iter().zip(&shares).map(|(p, share)| p * share).sum())
    };
    let rows = probabilities.chunks_exact(bins).enumerate();
    rows.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_below_the_threshold_count() {
        // bins: below 4, 4 to 8, 8 to 12, above
        let p = [0.1, 0.2, 0.3, 0.4];
        let of = |threshold| contacts(&p, &[4.0, 8.0, 12.0], threshold).expect("contacts")[0];
        assert!((of(8.0) - 0.3).abs() < 1e-12);
        assert!((of(9.0) - 0.375).abs() < 1e-12);
        assert!((of(3.0) - 0.0).abs() < 1e-12);
        assert!((of(99.0) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn bins_that_do_not_fit_are_errors() {
        assert!(contacts(&[0.5, 0.5], &[4.0, 8.0], 8.0).is_err());
        assert!(contacts(&[0.5, 0.3, 0.2], &[8.0, 4.0], 8.0).is_err());
        assert!(contacts(&[3.0, -1.0, 0.2], &[4.0, 8.0], 8.0).is_err());
        assert!(contacts(&[f64::NAN, 0.5, 0.5], &[4.0, 8.0], 8.0).is_err());
        assert!(contacts(&[1.0], &[], 8.0).is_err());
    }
}
