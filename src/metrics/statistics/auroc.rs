//! Errors and differences of areas under ROC curves (DeLong, DeLong & Clarke-Pearson 1988).

use super::resample::Estimate;
use super::{Alternative, Outcome, mean, of_normal, ranks, variance};
use cistron_base::Result;
use cistron_base::bail;
use statrs::distribution::{ContinuousCDF, Normal};

/// An area and, for each positive and each negative, the share of the other class that it is ranked
/// right against.
#[derive(Clone, Debug)]
pub struct Placements {
    /// The area under the ROC curve.
    pub area: f64,
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Placements {
    /// The mean over scores of the same rows: of the mean of their areas.
    pub fn mean(all: &[Placements]) -> Option<Placements> {
        let first = all.first()?;
        let averaged = |of: fn(&Placements) -> &Vec<f64>| {
            let at = |i: usize| mean(&all.iter().map(|own| of(own)[i]).collect::<Vec<_>>());
            (0..of(first).len()).map(at).collect()
        };
        Some(Placements {
            area: mean(&all.iter().map(|own| own.area).collect::<Vec<_>>()),
            positives: averaged(|own| &own.positives),
            negatives: averaged(|own| &own.negatives),
        })
    }

    /// The standard error of the area, over rows.
    pub fn error(&self) -> f64 {
        error_of(&self.positives, &self.negatives)
    }

    /// The difference of two areas over the same rows, and its standard error.
    pub fn difference(&self, other: &Placements) -> (f64, f64) {
        let gaps = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<_>>();
        let error = error_of(
            &gaps(&self.positives, &other.positives),
            &gaps(&self.negatives, &other.negatives),
        );
        (self.area - other.area, error)
    }
}

fn error_of(positives: &[f64], negatives: &[f64]) -> f64 {
    let share = |values: &[f64]| variance(values) / values.len() as f64;
    (share(positives) + share(negatives)).sqrt()
}

/// The area of scores with what its error is computed from.
///
/// # Errors
/// NaN scores, fewer than two positives or negatives.
pub fn checked_placements(scores: &[f64], labels: &[bool]) -> Result<Placements> {
    check(scores, labels)?;
    Ok(placements(scores, labels))
}

/// By mid-ranks (Sun & Xu 2014).
fn placements(scores: &[f64], labels: &[bool]) -> Placements {
    let of = |wanted: bool| {
        scores
            .iter()
            .zip(labels)
            .filter(|(_, l)| **l == wanted)
            .map(|(s, _)| *s)
            .collect::<Vec<f64>>()
    };
    let (positives, negatives) = (of(true), of(false));
    let (n, m) = (positives.len(), negatives.len());
    let all = ranks(&[positives.as_slice(), &negatives].concat()).0;
    let (own, other) = (ranks(&positives).0, ranks(&negatives).0);
    let positives: Vec<f64> = (0..n).map(|i| (all[i] - own[i]) / m as f64).collect();
    let negatives: Vec<f64> = (0..m)
        .map(|j| 1.0 - (all[n + j] - other[j]) / n as f64)
        .collect();
    Placements {
        area: mean(&positives),
        positives,
        negatives,
    }
}

fn check(scores: &[f64], labels: &[bool]) -> Result<()> {
    if scores.len() != labels.len() {
        bail!(
            "shape",
            "{} scores for {} labels",
            scores.len(),
            labels.len()
        );
    }
    let undefined = scores.iter().filter(|s| s.is_nan()).count();
    if undefined > 0 {
        bail!("value", "{undefined} of {} scores are NaN", scores.len());
    }
    let n = labels.iter().filter(|l| **l).count();
    if n < 2 || labels.len() - n < 2 {
        bail!(
            "value",
            "an error of an area needs at least two positives and two negatives, got {n} and {}",
            labels.len() - n
        );
    }
    Ok(())
}

/// The area under the ROC curve and its standard error.
pub fn with_error(scores: &[f64], labels: &[bool]) -> Result<(f64, f64)> {
    let own = checked_placements(scores, labels)?;
    Ok((own.area, own.error()))
}

/// The area with its standard error and a normal interval.
pub fn interval(scores: &[f64], labels: &[bool], level: f64) -> Result<Estimate> {
    let (value, error) = with_error(scores, labels)?;
    let half = Normal::standard().inverse_cdf(0.5 + level / 2.0) * error;
    Ok(Estimate {
        value,
        error,
        low: (value - half).max(0.0),
        high: (value + half).min(1.0),
        undefined: 0,
    })
}

/// Whether two scores of the same rows have the same area; the statistic is z.
pub fn delong(
    first: &[f64],
    second: &[f64],
    labels: &[bool],
    alternative: Alternative,
) -> Result<Outcome> {
    let (a, b) = (
        checked_placements(first, labels)?,
        checked_placements(second, labels)?,
    );
    let (gap, error) = a.difference(&b);
    let z = if gap == 0.0 { 0.0 } else { gap / error };
    Ok(Outcome {
        statistic: z,
        p_value: of_normal(z, alternative),
        more: vec![
            ("first", a.area),
            ("second", b.area),
            ("difference", gap),
            ("error", error),
        ],
    })
}
