//! Tests of ranks.

use super::{Alternative, Outcome, has_nan, of_normal, ranks};
use cistron_base::Result;
use cistron_base::bail;

/// The most differences for which chances are exact, without and with ties or zeros, as in SciPy.
const EXACT: (usize, usize) = (50, 13);

/// Whether differences lie around 0 (Wilcoxon's signed-rank test); differences of 0 are left out.
///
/// Exact for up to 50 differences without ties or zeros and for up to 13 with them, else by the
/// normal distribution, corrected for ties. Undefined (NaN) where more differences than that are
/// all 0.
pub fn wilcoxon(differences: &[f64], alternative: Alternative) -> Result<Outcome> {
    if differences.is_empty() {
        bail!("value", "there is no difference to test");
    }
    if has_nan(differences, &[]) {
        return Ok(Outcome::undefined(&["n"]));
    }
    let own: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let size: Vec<f64> = own.iter().map(|d| d.abs()).collect();
    let (ranks, ties) = ranks(&size);
    let n = own.len() as f64;
    let plus: f64 = own
        .iter()
        .zip(&ranks)
        .filter(|(d, _)| **d > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let minus = n * (n + 1.0) / 2.0 - plus;
    let statistic = if alternative == Alternative::TwoSided {
        plus.min(minus)
    } else {
        plus
    };
    let is_plain = ties == 0.0 && own.len() == differences.len();
    let p_value = if differences.len() <= if is_plain { EXACT.0 } else { EXACT.1 } {
        // how many sets of ranks have each sum, in halves: ties share ranks that end in one half
        let mut ways = vec![1.0f64];
        for rank in ranks.iter().map(|rank| (2.0 * rank) as usize) {
            let mut next = ways.clone();
            next.resize(ways.len() + rank, 0.0);
            ways.iter()
                .enumerate()
                .for_each(|(sum, n)| next[sum + rank] += n);
            ways = next;
        }
        let all = 2f64.powi(own.len() as i32);
        let at = (2.0 * plus) as usize;
        alternative.p_value(
            ways[at..].iter().sum::<f64>() / all,
            ways[..=at].iter().sum::<f64>() / all,
        )
    } else {
        let deviation = ((n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0).sqrt();
        of_normal((plus - n * (n + 1.0) / 4.0) / deviation, alternative)
    };
    Ok(Outcome {
        statistic,
        p_value,
        more: vec![("n", n)],
    })
}

/// Whether values of one sample tend to be greater than those of another (Mann & Whitney;
/// Wilcoxon's rank sum).
///
/// Exact where one sample has at most 8 values and there are no ties, else by the normal
/// distribution, corrected for ties and continuity. The statistic is U of the first sample.
pub fn mann_whitney(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    if x.is_empty() || y.is_empty() {
        bail!("value", "both samples need at least one value");
    }
    if has_nan(x, y) {
        return Ok(Outcome::undefined(&["effect"]));
    }
    let (n, m) = (x.len(), y.len());
    let (ranks, ties) = ranks(&[x, y].concat());
    let u = ranks[..n].iter().sum::<f64>() - (n * (n + 1)) as f64 / 2.0;
    let (n_f, m_f) = (n as f64, m as f64);
    let p_value = if ties == 0.0 && n.min(m) <= 8 {
        let ways = rank_sums(n, m);
        let all: f64 = ways.iter().sum();
        let at = u.round() as usize;
        alternative.p_value(
            ways[at..].iter().sum::<f64>() / all,
            ways[..=at].iter().sum::<f64>() / all,
        )
    } else {
        let (all, centre) = (n_f + m_f, n_f * m_f / 2.0);
        let deviation = (n_f * m_f / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).sqrt();
        match alternative {
            Alternative::TwoSided => {
                of_normal(
                    (u.max(n_f * m_f - u) - centre - 0.5) / deviation,
                    Alternative::Greater,
                )
                .min(0.5)
                    * 2.0
            }
            Alternative::Greater => of_normal((u - centre - 0.5) / deviation, alternative),
            Alternative::Less => of_normal((u - centre + 0.5) / deviation, alternative),
        }
    };
    Ok(Outcome {
        statistic: u,
        p_value,
        more: vec![("effect", u / (n_f * m_f))],
    })
}

/// How many orders of two samples have each U: the coefficients of a Gaussian binomial, factor by
/// factor, so that each step holds the counts of a smaller sample.
fn rank_sums(n: usize, m: usize) -> Vec<f64> {
    let (few, many) = (n.min(m), n.max(m));
    let mut ways = vec![0.0; few * many + 1];
    ways[0] = 1.0;
    for i in 1..=few {
        // times 1 - q^(many + i), over 1 - q^i
        for u in (many + i..ways.len()).rev() {
            ways[u] -= ways[u - many - i];
        }
        for u in i..ways.len() {
            ways[u] += ways[u - i];
        }
    }
    // rounding grows along the counts, which read the same from both ends
    for u in 0..ways.len() / 2 {
        let last = ways.len() - 1 - u;
        ways[last] = ways[u];
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_two_samples_are_counted() {
        assert_eq!(rank_sums(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
        assert_eq!(rank_sums(3, 5).iter().sum::<f64>(), 56.0);
        // 10,008 over 8
        let all: f64 = rank_sums(8, 10_000).iter().sum();
        let wanted: f64 = (0..8)
            .map(|i| f64::from(10_008 - i) / f64::from(8 - i))
            .product();
        assert!((all / wanted - 1.0).abs() < 1e-10, "{all} {wanted}");
    }
}
