//! The knee of falling numbers.

use cistron_base::{Result, bail};

/// Fails where a number is not finite: lines cannot be fitted to it.
pub fn check(values: &[f64]) -> Result<()> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(at) => bail!(
            "value",
            "value {at} is {}: a knee needs finite numbers",
            values[at]
        ),
    }
}

/// Where two straight lines fit falling numbers best: the number of values on the first line, from
/// 2 to n - 2, with the smallest sum of absolute residuals. `None` for fewer than 4 values.
pub fn knee(values: &[f64]) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for at in 2..values.len().saturating_sub(1) {
        let error = residuals(&values[..at]) + residuals(&values[at..]);
        if best.is_none_or(|best| error < best.0) {
            best = Some((error, at));
        }
    }
    best.map(|best| best.1)
}

/// Points of a line.
pub type Points = Vec<(f64, f64)>;

/// The knee with the two lines, each from its first to its last value; values are numbered from 1.
pub fn lines(values: &[f64]) -> Option<(usize, [Points; 2])> {
    let at = knee(values)?;
    let line = |y: &[f64], before: usize| {
        let (mean, slope) = fitted(y);
        let middle = (y.len() as f64 - 1.0) / 2.0;
        let ends = [0.0, y.len() as f64 - 1.0];
        ends.map(|i| (before as f64 + 1.0 + i, mean + slope * (i - middle)))
            .to_vec()
    };
    Some((at, [line(&values[..at], 0), line(&values[at..], at)]))
}

/// The sum of absolute residuals of a line of least squares.
fn residuals(y: &[f64]) -> f64 {
    let (mean, slope) = fitted(y);
    let middle = (y.len() as f64 - 1.0) / 2.0;
    let residual = |(i, y): (usize, &f64)| (y - mean - slope * (i as f64 - middle)).abs();
    y.iter().enumerate().map(residual).sum()
}

/// The mean and the slope of a line of least squares.
fn fitted(y: &[f64]) -> (f64, f64) {
    let n = y.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx) = (0.0, 0.0);
    for (i, y) in y.iter().enumerate() {
        let x = i as f64 - middle;
        xy += x * (y - mean);
        xx += x * x;
    }
    (mean, if xx > 0.0 { xy / xx } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of GNET2's `kneepointDetection`.
    #[test]
    fn the_knee_is_that_of_the_authors_code() {
        let values = [9.0, 8.5, 8.0, 7.6, 3.0, 2.8, 2.5, 2.4, 2.3, 2.2];
        assert_eq!(knee(&values), Some(4));
        assert_eq!(knee(&[3.0, 2.0, 1.0]), None);
        assert_eq!(knee(&[4.0, 3.0, 1.0, 0.9]), Some(2));
        assert_eq!(knee(&[]), None);
        let fault = check(&[4.0, 3.0, f64::NAN, 0.9]).expect_err("NaN");
        assert!(fault.message.contains("value 2 is NaN") && check(&values).is_ok());
        let (at, [first, second]) = lines(&[4.0, 3.0, 1.0, 0.5]).expect("a knee");
        assert_eq!((at, first), (2, vec![(1.0, 4.0), (2.0, 3.0)]));
        assert_eq!(second, [(3.0, 1.0), (4.0, 0.5)]);
    }
}
