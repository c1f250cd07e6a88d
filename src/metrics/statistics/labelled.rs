//! Rows whose label is defined.

use crate::Pairs;
use cistron_base::{Result, Values, bail};

/// Scores of the rows whose label is defined, and whether each label is 1.
///
/// # Errors
/// Labels that are neither 0, 1 nor NaN, NaN scores of defined labels, different numbers of rows.
pub fn labelled<const N: usize>(
    scores: [&[f64]; N],
    labels: &[f64],
) -> Result<([Vec<f64>; N], Vec<bool>)> {
    for scores in scores {
        if scores.len() != labels.len() {
            bail!(
                "shape",
                "{} scores for {} labels",
                scores.len(),
                labels.len()
            );
        }
        Pairs::new(Values::Double(scores), Values::Double(labels), 1)
            .need_binary("the area under the ROC curve")?;
    }
    let defined = |scores: &[f64]| {
        let rows = scores.iter().zip(labels);
        rows.filter(|(_, label)| !label.is_nan())
            .map(|(score, _)| *score)
            .collect()
    };
    let positive = labels.iter().filter(|label| !label.is_nan());
    Ok((
        scores.map(defined),
        positive.map(|label| *label > 0.5).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_label_are_left_out() {
        let labels = [1.0, f64::NAN, 0.0];
        let rows = labelled([&[0.1, 0.2, 0.3], &[3.0, 2.0, 1.0]], &labels).ok();
        let scores = [vec![0.1, 0.3], vec![3.0, 1.0]];
        assert_eq!(rows, Some((scores, vec![true, false])));
        assert!(labelled([&[0.1, 0.2]], &labels).is_err());
        assert!(labelled([&[0.1, 0.2]], &[0.0, 2.0]).is_err());
    }
}
