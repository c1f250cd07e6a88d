//! Tests of ranks.

use super::{Alternative, Outcome, of_normal, ranks};
use crate::bail;
use crate::base::Result;

/// Whether differences lie around 0 (Wilcoxon's signed-rank test); differences of 0 are left out.
///
/// Exact for up to 50 differences without ties or zeros, else by the normal distribution, corrected for ties.
pub fn wilcoxon(differences: &[f64], alternative: Alternative) -> Result<Outcome> {
    let own: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if own.is_empty() {
        bail!("value", "there is no difference to test: all are 0");
    }
    let size: Vec<f64> = own.iter().map(|d| d.abs()).collect();
    let (ranks, ties) = ranks(&size);
    let n = own.len() as f64;
    let plus: f64 = own.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let minus = n * (n + 1.0) / 2.0 - plus;
    let statistic = if alternative == Alternative::TwoSided { plus.min(minus) } else { plus };
    let exact = own.len() <= 50 && ties == 0.0 && own.len() == differences.len();
    let p_value = if exact {
        // how many sets of ranks have each sum
        let mut ways = vec![1.0f64];
        for rank in 1..=own.len() {
            let mut next = ways.clone();
            next.resize(ways.len() + rank, 0.0);
            ways.iter().enumerate().for_each(|(sum, n)| next[sum + rank] += n);
            ways = next;
        }
        let all = 2f64.powi(own.len() as i32);
        let at = plus as usize;
        alternative.p_value(ways[at..].iter().sum::<f64>() / all, ways[..=at].iter().sum::<f64>() / all)
    } else {
        let deviation = ((n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0).sqrt();
        of_normal((plus - n * (n + 1.0) / 4.0) / deviation, alternative)
    };
    Ok(Outcome { statistic, p_value, more: vec![("n", n)] })
}

/// Whether values of one sample tend to be greater than those of another (Mann & Whitney; Wilcoxon's rank sum).
///
/// Exact where one sample has at most 8 values and there are no ties, else by the normal distribution, corrected for ties
/// and continuity. The statistic is U of the first sample.
pub fn mann_whitney(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    if x.is_empty() || y.is_empty() {
        bail!("value", "both samples need at least one value");
    }
    let (n, m) = (x.len(), y.len());
    let (ranks, ties) = ranks(&[x, y].concat());
    let u = ranks[..n].iter().sum::<f64>() - (n * (n + 1)) as f64 / 2.0;
    let (n_f, m_f) = (n as f64, m as f64);
    let p_value = if ties == 0.0 && n.min(m) <= 8 {
        let ways = rank_sums(n, m);
        let all: f64 = ways.iter().sum();
        let at = u.round() as usize;
        alternative.p_value(ways[at..].iter().sum::<f64>() / all, ways[..=at].iter().sum::<f64>() / all)
    } else {
        let (all, centre) = (n_f + m_f, n_f * m_f / 2.0);
        let deviation = (n_f * m_f / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).sqrt();
        match alternative {
            Alternative::TwoSided => of_normal((u.max(n_f * m_f - u) - centre - 0.5) / deviation, Alternative::Greater).min(0.5) * 2.0,
            Alternative::Greater => of_normal((u - centre - 0.5) / deviation, alternative),
            Alternative::Less => of_normal((u - centre + 0.5) / deviation, alternative),
        }
    };
    Ok(Outcome { statistic: u, p_value, more: vec![("effect", u / (n_f * m_f))] })
}

/// How many orders of two samples have each U.
fn rank_sums(n: usize, m: usize) -> Vec<f64> {
    let (few, many) = (n.min(m), n.max(m));
    // table[k][u]: ways to choose k of the values seen so far with u
    let mut table = vec![vec![0.0; few * many + 1]; few + 1];
    table[0][0] = 1.0;
    for value in 0..few + many {
        for k in (0..few.min(value + 1)).rev() {
            // the k-th chosen value stands behind `value - k` of the others
            let step = value - k;
            for u in 0..(few * many + 1).saturating_sub(step) {
                let ways = table[k][u];
                if ways > 0.0 {
                    table[k + 1][u + step] += ways;
                }
            }
        }
    }
    table.pop().unwrap_or_default()
}
