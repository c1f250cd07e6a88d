//! Errors and differences of areas under ROC curves (DeLong, DeLong & Clarke-Pearson 1988).

use super::resample::Estimate;
use super::{Alternative, Outcome, mean, of_normal, ranks, variance};
use cistron_base::Result;
use cistron_base::bail;
use statrs::distribution::{ContinuousCDF, Normal};

/// An area and, for each positive and each negative, the share of the other class that it is ranked
/// right against.
struct Placements {
    area: f64,
    positives: Vec<f64>,
    negatives: Vec<f64>,
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
    check(scores, labels)?;
    let own = placements(scores, labels);
    let error = variance(&own.positives) / own.positives.len() as f64
        + variance(&own.negatives) / own.negatives.len() as f64;
    Ok((own.area, error.sqrt()))
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
    check(first, labels)?;
    check(second, labels)?;
    let (a, b) = (placements(first, labels), placements(second, labels));
    let difference = |x: &[f64], y: &[f64]| {
        variance(&x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<_>>()) / x.len() as f64
    };
    let error =
        (difference(&a.positives, &b.positives) + difference(&a.negatives, &b.negatives)).sqrt();
    let gap = a.area - b.area;
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
