//! What labels that were measured several times allow: how well a model that knows the truth would
//! predict one measurement.

use cistron_base::{Result, bail};
use cistron_metrics::ranking::ranking;
use cistron_metrics::statistics::correlation;

/// Agreement of replicates, and the ceilings that follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replicates {
    /// Number of replicates.
    pub replicates: usize,
    /// Rows with all of them.
    pub rows: usize,
    /// Share of rows whose classes differ, the mean over pairs of replicates.
    pub disagreement: f64,
    /// Share of wrong classes of one replicate, where errors are independent and as frequent in
    /// positives as in negatives; NaN where replicates agree no better than by chance.
    pub error: f64,
    /// Largest accuracy of predictions of one replicate.
    pub accuracy: f64,
    /// Largest AUROC of predictions of one replicate.
    pub auroc: f64,
    /// AUROC of the values of one replicate for the classes of another, the mean over pairs.
    pub between: f64,
    /// Pearson's correlation of replicates, the mean over pairs.
    pub correlation: f64,
    /// Largest correlation of predictions with one replicate: the square root (Spearman 1904).
    pub one: f64,
    /// The same, with the mean of all replicates (Spearman-Brown).
    pub mean: f64,
}

/// The share of wrong classes from the share of rows whose classes differ, 2 e (1 - e).
fn error_of(disagreement: f64) -> f64 {
    0.5 * (1.0 - (1.0 - 2.0 * disagreement).sqrt())
}

/// The AUROC of the true classes for a replicate: the mean of the shares of its positives and of
/// its negatives that are right.
fn largest_auroc(positives: f64, error: f64) -> f64 {
    let truth = ((positives - error) / (1.0 - 2.0 * error)).clamp(0.0, 1.0);
    let right_positives = (1.0 - error) * truth / positives;
    let right_negatives = (1.0 - error) * (1.0 - truth) / (1.0 - positives);
    match 0.5 * (right_positives + right_negatives) {
        // `min` would turn NaN into 1
        area if area > 1.0 => 1.0,
        area => area,
    }
}

/// Compares replicates of labels, an array for each; positives are at least `threshold`.
pub fn compare(replicates: &[Vec<f64>], threshold: f64) -> Result<Replicates> {
    let n = replicates.len();
    if n < 2 {
        bail!(
            "value",
            "replicates need at least two labels of each row, got {n}"
        );
    }
    let all: Vec<usize> = (0..replicates[0].len())
        .filter(|row| replicates.iter().all(|own| own[*row].is_finite()))
        .collect();
    if all.len() < 3 {
        bail!(
            "data",
            "{} of {} rows have all {n} replicates: an estimate needs at least 3",
            all.len(),
            replicates[0].len()
        );
    }
    let rows = all.len() as f64;
    let pairs: Vec<(usize, usize)> = (0..n)
        .flat_map(|a| (a + 1..n).map(move |b| (a, b)))
        .collect();
    let mean = |of: &dyn Fn(&[f64], &[f64]) -> f64| -> f64 {
        let total: f64 = pairs
            .iter()
            .map(|(a, b)| of(&replicates[*a], &replicates[*b]))
            .sum();
        total / pairs.len() as f64
    };
    let disagreement = mean(&|a, b| {
        let differ = |row: &&usize| (a[**row] >= threshold) != (b[**row] >= threshold);
        all.iter().filter(differ).count() as f64 / rows
    });
    let correlated = mean(&|a, b| {
        let of = |own: &[f64]| -> Vec<f64> { all.iter().map(|row| own[*row]).collect() };
        correlation(&of(a), &of(b))
    });
    let area = |a: &[f64], b: &[f64]| {
        let scores: Vec<f32> = all.iter().map(|row| a[*row] as f32).collect();
        let classes: Vec<f32> = all
            .iter()
            .map(|row| f32::from(u8::from(b[*row] >= threshold)))
            .collect();
        ranking(&scores, &classes).auroc
    };
    let positive = |own: &[f64]| all.iter().filter(|row| own[**row] >= threshold).count() as f64;
    let positives = replicates.iter().map(|own| positive(own)).sum::<f64>() / (rows * n as f64);
    let error = error_of(disagreement);
    let reliable = correlated.max(0.0);
    Ok(Replicates {
        replicates: n,
        rows: all.len(),
        disagreement,
        error,
        accuracy: 1.0 - error,
        auroc: largest_auroc(positives, error),
        between: mean(&|a, b| 0.5 * (area(a, b) + area(b, a))),
        correlation: correlated,
        one: reliable.sqrt(),
        mean: (n as f64 * reliable / (1.0 + (n as f64 - 1.0) * reliable)).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    #[test]
    fn ceilings_of_simulated_replicates_are_found() {
        let mut rng = Rng::keyed(&[0x7265_706c]);
        let n = 40_000;
        let truth: Vec<bool> = (0..n).map(|_| rng.uniform() < 0.3).collect();
        let mut measured = || -> Vec<f64> {
            let own = truth.iter().map(|t| t ^ (rng.uniform() < 0.1));
            own.map(|class| f64::from(u8::from(class))).collect()
        };
        let both = [measured(), measured()];
        let found = compare(&both, 0.5).expect("replicates");
        assert!((found.error - 0.1).abs() < 0.01, "{found:?}");
        assert!((found.accuracy - 0.9).abs() < 0.01, "{found:?}");
        let scores: Vec<f32> = truth.iter().map(|t| f32::from(u8::from(*t))).collect();
        let classes: Vec<f32> = both[0].iter().map(|x| *x as f32).collect();
        let perfect = ranking(&scores, &classes).auroc;
        assert!((found.auroc - perfect).abs() < 0.01, "{found:?} {perfect}");
        assert!(found.between < found.auroc);
    }

    #[test]
    fn the_ceiling_of_a_correlation_is_that_of_the_truth() {
        let mut rng = Rng::keyed(&[0x7265_706d]);
        let truth: Vec<f64> = (0..40_000).map(|_| rng.normal()).collect();
        let mut measured =
            || -> Vec<f64> { truth.iter().map(|t| t + 0.5 * rng.normal()).collect() };
        let three = [measured(), measured(), measured()];
        let found = compare(&three, 0.0).expect("replicates");
        let with = |other: &[f64]| correlation(&truth, other);
        assert!((found.one - with(&three[0])).abs() < 0.01, "{found:?}");
        let mean: Vec<f64> = (0..truth.len())
            .map(|i| (three[0][i] + three[1][i] + three[2][i]) / 3.0)
            .collect();
        assert!((found.mean - with(&mean)).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn degenerate_replicates() {
        let equal = vec![0.0, 1.0, 1.0, 0.0];
        let found = compare(&[equal.clone(), equal.clone()], 0.5).expect("replicates");
        assert_eq!(
            (found.disagreement, found.accuracy, found.auroc),
            (0.0, 1.0, 1.0)
        );
        assert!((found.one - 1.0).abs() < 1e-12);
        let opposite: Vec<f64> = equal.iter().map(|x| 1.0 - x).collect();
        let found = compare(&[equal.clone(), opposite], 0.5).expect("replicates");
        assert!(found.error.is_nan() && found.auroc.is_nan(), "{found:?}");
        assert!(compare(std::slice::from_ref(&equal), 0.5).is_err());
        assert!(compare(&[equal, vec![f64::NAN; 4]], 0.5).is_err());
    }
}
