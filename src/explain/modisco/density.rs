//! Affinities adapted to how dense the neighbourhood is, as in t-SNE.

use super::similar::{Columns, Neighbours};
use crate::leiden::Graph;
use cistron_base::wide::widest;
use cistron_torch::parallel;

/// Similarities as distances: 0 where both are the same.
fn distance(similarity: f64) -> f64 {
    (1.0 / (0.5 * similarity.max(1e-7)) - 1.0).ln().max(0.0)
}

/// e to the power of a number that is not above 0, within 1e-15 of it; numbers below -708 count as
/// that.
#[inline(always)]
fn power(x: f64) -> f64 {
    // numbers of this size have their integer part in the last bits
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let x = if x < -708.0 { -708.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    // ln 2 in two parts
    let r = (x - n * 0.693_147_180_369_123_8) - n * 1.908_214_929_270_587_7e-10;
    // Taylor's series, for |r| is at most 0.35
    let mut sum = 1.0 / 6_227_020_800.0;
    for factorial in [
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40_320.0,
        5_040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
        1.0,
        1.0,
    ] {
        sum = sum * r + 1.0 / factorial;
    }
    sum * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// Sums of exp(-beta d), and of d times that.
#[inline(always)]
fn sums_of(distances: &[f64], beta: f64) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut sum, mut weighted) = ([0f64; LANES], [0f64; LANES]);
    let (whole, rest) = distances.as_chunks::<LANES>();
    for d in whole {
        for lane in 0..LANES {
            let p = power(-d[lane] * beta);
            sum[lane] += p;
            weighted[lane] += d[lane] * p;
        }
    }
    for (lane, d) in rest.iter().enumerate() {
        let p = power(-d * beta);
        sum[lane] += p;
        weighted[lane] += d * p;
    }
    (sum.iter().sum(), weighted.iter().sum())
}

widest!(sums(distances: &[f64], beta: f64) -> (f64, f64), sums_of);

/// How fast affinities fall with distance so that a row has so many effective neighbours; `own` is
/// what the row's own seqlet counts.
fn steepness(distances: &[f64], perplexity: f64, own: f64) -> f64 {
    let wanted = perplexity.ln();
    let (mut low, mut high, mut beta) = (f64::NEG_INFINITY, f64::INFINITY, 1.0);
    for _ in 0..100 {
        let (sum, weighted) = sums(distances, beta);
        let sum = (own + sum).max(1e-8);
        let difference = sum.ln() + beta * weighted / sum - wanted;
        if difference.abs() <= 1e-5 {
            break;
        }
        if difference > 0.0 {
            low = beta;
            beta = if high == f64::INFINITY {
                beta * 2.0
            } else {
                f64::midpoint(beta, high)
            };
        } else {
            high = beta;
            beta = if low == f64::NEG_INFINITY {
                beta / 2.0
            } else {
                f64::midpoint(beta, low)
            };
        }
    }
    beta
}

/// Adds a sparse matrix and its transpose: for each row the partners in order, with the sum and the
/// number of entries; the diagonal is empty.
fn mirrored(rows: &[Vec<(u32, f64)>]) -> Vec<Vec<(u32, f64, u32)>> {
    let columns = Columns::of(rows);
    parallel::map(rows.len(), &|i| {
        let mut own: Vec<(u32, f64)> = [&rows[i], columns.of_column(i)].concat();
        own.sort_unstable_by_key(|(j, _)| *j);
        own.chunk_by(|a, b| a.0 == b.0)
            .map(|same| {
                (
                    same[0].0,
                    same.iter().map(|(_, value)| value).sum(),
                    same.len() as u32,
                )
            })
            .collect()
    })
}

/// The graph of all seqlets: affinities of pairs by the densities around both.
///
/// The reference divides distances by what its search multiplies them with; so does this. Its
/// sparse matrix loses pairs that are at distance 0, which leaves seqlets of equal contributions
/// without neighbours; here they are each other's nearest.
pub fn adapted(neighbours: &Neighbours, perplexity: f64) -> Graph {
    let n = neighbours.of.len();
    let rows = parallel::map(n, &|i| {
        let own = neighbours.of[i]
            .iter()
            .zip(&neighbours.similarity[i])
            .map(|(j, s)| (*j, distance(*s)));
        own.filter(|(j, _)| *j as usize != i).collect::<Vec<_>>()
    });
    // the mean where both are neighbours of each other
    let rows = mirrored(&rows);
    let rows = parallel::map(n, &|i| {
        rows[i]
            .iter()
            .map(|(j, sum, count)| (*j, sum / f64::from(*count)))
            .collect::<Vec<_>>()
    });
    let steep = parallel::map(n, &|i| {
        let distances: Vec<f64> = rows[i].iter().map(|(_, d)| *d).collect();
        let beta = steepness(&distances, perplexity, 1.0);
        (
            beta,
            distances.iter().map(|d| (-d / beta).exp()).sum::<f64>() + 1.0,
        )
    });
    let affinity = |i: usize, d: f64| {
        let (beta, norm) = steep[i];
        (-d / beta).exp() / norm
    };
    // the reference's graph has every pair in both directions, a seqlet with itself once
    let edges = parallel::map(n, &|i| {
        rows[i]
            .iter()
            .map(|(j, d)| {
                (
                    *j,
                    2.0 * (affinity(i, *d) * affinity(*j as usize, *d)).sqrt(),
                )
            })
            .collect::<Vec<_>>()
    });
    Graph::mirrored(&edges, steep.iter().map(|(_, norm)| 1.0 / norm).collect())
}

/// The graph of the seqlets of one pattern: t-SNE's joint probabilities.
pub fn joint(neighbours: &Neighbours, perplexity: f64) -> Graph {
    let n = neighbours.of.len();
    let most = (n.saturating_sub(1)).min((3.0 * perplexity + 1.0) as usize);
    let rows = parallel::map(n, &|i| {
        // the first is the seqlet itself
        let last = neighbours.of[i].len().min(most + 1);
        let distances: Vec<f64> = neighbours.similarity[i][1.min(last)..last]
            .iter()
            .map(|s| f64::from(distance(*s) as f32))
            .collect();
        let beta = steepness(&distances, perplexity, 0.0);
        let powers: Vec<f64> = distances.iter().map(|d| (-d * beta).exp()).collect();
        let sum = powers.iter().sum::<f64>().max(1e-8);
        let own = neighbours.of[i][1.min(last)..last]
            .iter()
            .zip(powers)
            .map(|(j, p)| (*j, p / sum));
        own.filter(|(j, p)| *p > 0.0 && *j as usize != i)
            .collect::<Vec<_>>()
    });
    let edges: Vec<Vec<(u32, f64)>> = mirrored(&rows)
        .into_iter()
        .map(|row| row.into_iter().map(|(j, p, _)| (j, p)).collect())
        .collect();
    Graph::mirrored(&edges, vec![0.0; n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_library() {
        for i in 0..20_000 {
            let x = -f64::from(i) * 0.0351;
            assert!((power(x) - x.exp()).abs() <= 2e-15 * x.exp(), "{x}");
        }
        assert!(power(-1e9) < 1e-300);
    }

    #[test]
    fn a_row_has_so_many_effective_neighbours() {
        let distances: Vec<f64> = (1..300).map(|i| f64::from(i) * 0.013).collect();
        let beta = steepness(&distances, 10.0, 1.0);
        let p: Vec<f64> = distances
            .iter()
            .map(|d| (-d * beta).exp())
            .chain([1.0])
            .collect();
        let sum: f64 = p.iter().sum();
        let entropy: f64 = p.iter().map(|p| p / sum).map(|p| -p * p.ln()).sum();
        assert!((entropy.exp() - 10.0).abs() < 1e-3);
    }

    #[test]
    fn partners_meet_from_both_sides() {
        let found = mirrored(&[vec![(1, 0.5), (2, 0.25)], vec![(0, 0.125)], vec![]]);
        assert_eq!(
            found,
            [
                vec![(1, 0.625, 2), (2, 0.25, 1)],
                vec![(0, 0.625, 2)],
                vec![(0, 0.25, 1)]
            ]
        );
    }
}
