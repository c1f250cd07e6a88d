//! Ranks of several treatments over blocks: Friedman's test, Nemenyi's differences.

use super::{ranks, studentized};
use cistron_base::{Result, bail};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Average ranks of treatments over blocks, and whether they differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Friedman {
    /// The average rank of each treatment; that of the smallest value is 1.
    pub ranks: Vec<f64>,
    /// Friedman's χ², corrected for ties; NaN where all values of each block are equal.
    pub statistic: f64,
    /// The chance of a statistic as large where treatments do not differ (χ² distribution).
    pub p_value: f64,
    /// Degrees of freedom.
    pub df: f64,
}

/// Ranks the values of each block, and tests whether treatments differ (Friedman 1937).
///
/// Of two treatments and of one block ranks are computed, but no test.
///
/// # Errors
/// No block, fewer than two treatments, blocks of different lengths, NaN.
pub fn friedman(blocks: &[Vec<f64>]) -> Result<Friedman> {
    let Some(k) = blocks.first().map(Vec::len) else {
        bail!("value", "ranks need at least one block");
    };
    if k < 2 {
        bail!("value", "ranks need at least two treatments, got {k}");
    }
    if let Some(i) = blocks.iter().position(|block| block.len() != k) {
        let other = blocks[i].len();
        bail!("shape", "block 0 has {k} values, block {i} has {other}");
    }
    if blocks.iter().flatten().any(|value| value.is_nan()) {
        bail!("value", "values of blocks must not be NaN");
    }
    let n = blocks.len() as f64;
    let (mut sums, mut ties) = (vec![0.0; k], 0.0);
    for block in blocks {
        let (own, tied) = ranks(block);
        sums.iter_mut()
            .zip(own)
            .for_each(|(sum, rank)| *sum += rank);
        ties += tied;
    }
    let treatments = k as f64;
    let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
    let correction = 1.0 - ties / (treatments * (treatments * treatments - 1.0) * n);
    let df = treatments - 1.0;
    let plain =
        12.0 / (treatments * n * (treatments + 1.0)) * squares - 3.0 * n * (treatments + 1.0);
    let is_tested = k > 2 && blocks.len() > 1 && correction > 1e-12;
    let statistic = if is_tested {
        plain / correction
    } else {
        f64::NAN
    };
    let p_value = match ChiSquared::new(df) {
        Ok(law) if is_tested => law.sf(statistic.max(0.0)),
        _ => f64::NAN,
    };
    Ok(Friedman {
        ranks: sums.iter().map(|sum| sum / n).collect(),
        statistic,
        p_value,
        df,
    })
}

/// The standard error by which differences of average ranks are divided for Nemenyi's test.
fn scale(treatments: usize, blocks: usize) -> f64 {
    let k = treatments as f64;
    (k * (k + 1.0) / (12.0 * blocks as f64)).sqrt()
}

/// The difference of two average ranks that is exceeded by chance `alpha` (Nemenyi 1963).
pub fn critical_difference(treatments: usize, blocks: usize, alpha: f64) -> f64 {
    studentized::critical(alpha, treatments) * scale(treatments, blocks)
}

/// The chance of a difference of average ranks as large, adjusted for all pairs (Nemenyi 1963).
pub fn nemenyi(difference: f64, treatments: usize, blocks: usize) -> f64 {
    studentized::above(difference.abs() / scale(treatments, blocks), treatments)
}

/// Groups of treatments, by their numbers, whose average ranks all lie within a critical
/// difference; groups within others and of one alone are left out.
pub fn cliques(average_ranks: &[f64], critical: f64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..average_ranks.len()).collect();
    order.sort_by(|a, b| average_ranks[*a].total_cmp(&average_ranks[*b]));
    let (mut out, mut end) = (Vec::new(), 0);
    for first in 0..order.len() {
        let near = |i: &&usize| average_ranks[**i] - average_ranks[order[first]] <= critical;
        let after = first + order[first..].iter().take_while(near).count();
        if after > end && after - first > 1 {
            out.push(order[first..after].to_vec());
        }
        end = end.max(after);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_averaged_over_blocks() {
        // Demšar 2006, section 3.2.2, in two blocks
        let found = friedman(&[vec![0.1, 0.2, 0.2], vec![3.0, 1.0, 2.0]]).unwrap();
        assert_eq!(found.ranks, [2.0, 1.75, 2.25]);
        let same = friedman(&[vec![1.0, 1.0, 1.0], vec![2.0, 2.0, 2.0]]).unwrap();
        assert!(same.statistic.is_nan() && same.p_value.is_nan());
        let pair = friedman(&[vec![1.0, 2.0], vec![2.0, 1.0]]).unwrap();
        assert_eq!(pair.ranks, [1.5, 1.5]);
        assert!(pair.p_value.is_nan());
        assert!(friedman(&[]).is_err() && friedman(&[vec![1.0]]).is_err());
        assert!(friedman(&[vec![1.0, f64::NAN]]).is_err());
    }

    #[test]
    fn the_critical_difference_is_that_of_the_paper() {
        // Demšar 2006, page 14: 4 classifiers over 14 data sets, 1.25 at 0.05
        assert!((critical_difference(4, 14, 0.05) - 1.25).abs() < 5e-3);
        let edge = critical_difference(4, 14, 0.05);
        assert!((nemenyi(edge, 4, 14) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn cliques_are_the_largest_ones() {
        let ranks = [1.0, 3.2, 1.8, 2.6];
        assert_eq!(cliques(&ranks, 1.0), [vec![0, 2], vec![2, 3], vec![3, 1]]);
        assert_eq!(cliques(&ranks, 5.0), [vec![0, 2, 3, 1]]);
        assert!(cliques(&ranks, 0.1).is_empty() && cliques(&[], 1.0).is_empty());
    }
}
