//! Affinities adapted to how dense the neighbourhood is, as in t-SNE.

use super::similar::Neighbours;
use crate::explain::leiden::Graph;
use crate::torch::parallel;

/// Similarities as distances: 0 where both are the same.
fn distance(similarity: f64) -> f64 {
    (1.0 / (0.5 * similarity.max(1e-7)) - 1.0).ln().max(0.0)
}

/// How fast affinities fall with distance so that a row has so many effective neighbours; `own` is what the row's own
/// seqlet counts.
fn steepness(distances: &[f64], perplexity: f64, own: f64) -> f64 {
    let wanted = perplexity.ln();
    let (mut low, mut high, mut beta) = (f64::NEG_INFINITY, f64::INFINITY, 1.0);
    for _ in 0..100 {
        let (mut sum, mut weighted) = (own, 0.0);
        for d in distances {
            let p = (-d * beta).exp();
            sum += p;
            weighted += d * p;
        }
        let sum = sum.max(1e-8);
        let difference = sum.ln() + beta * weighted / sum - wanted;
        if difference.abs() <= 1e-5 {
            break;
        }
        if difference > 0.0 {
            low = beta;
            beta = if high == f64::INFINITY { beta * 2.0 } else { f64::midpoint(beta, high) };
        } else {
            high = beta;
            beta = if low == f64::NEG_INFINITY { beta / 2.0 } else { f64::midpoint(beta, low) };
        }
    }
    beta
}

/// Each pair once, with the sum of what stands there for it, and how often it stands there.
fn joined(mut pairs: Vec<(u32, u32, f64)>) -> Vec<(u32, u32, f64, u32)> {
    pairs.sort_unstable_by_key(|(a, b, _)| (*a, *b));
    let mut out: Vec<(u32, u32, f64, u32)> = Vec::with_capacity(pairs.len());
    for (a, b, value) in pairs {
        match out.last_mut() {
            Some(last) if (last.0, last.1) == (a, b) => {
                last.2 += value;
                last.3 += 1;
            }
            _ => out.push((a, b, value, 1)),
        }
    }
    out
}

/// The graph of all seqlets: affinities of pairs by the densities around both.
///
/// The reference divides distances by what its search multiplies them with; so does this.
pub fn adapted(neighbours: &Neighbours, perplexity: f64) -> Graph {
    let n = neighbours.of.len();
    // each pair once, with the mean where both are neighbours of each other
    let mut pairs = Vec::new();
    for (i, (of, similarity)) in neighbours.of.iter().zip(&neighbours.similarity).enumerate() {
        let i = i as u32;
        pairs.extend(of.iter().zip(similarity).map(|(j, s)| (i.min(*j), i.max(*j), distance(*s))).filter(|(_, _, d)| *d > 0.0));
    }
    let pairs: Vec<(u32, u32, f64)> = joined(pairs).into_iter().map(|(a, b, sum, count)| (a, b, sum / f64::from(count))).collect();
    let mut rows: Vec<Vec<f64>> = vec![Vec::new(); n];
    for (a, b, d) in &pairs {
        rows[*a as usize].push(*d);
        rows[*b as usize].push(*d);
    }
    let steep = parallel::map(n, &|i| {
        let beta = steepness(&rows[i], perplexity, 1.0);
        (beta, rows[i].iter().map(|d| (-d / beta).exp()).sum::<f64>() + 1.0)
    });
    let affinity = |i: u32, d: f64| {
        let (beta, norm) = steep[i as usize];
        (-d / beta).exp() / norm
    };
    // every pair stands in the reference's graph in both directions, a seqlet with itself once
    let of_pairs = pairs.iter().map(|(a, b, d)| (*a, *b, 2.0 * (affinity(*a, *d) * affinity(*b, *d)).sqrt()));
    let own = (0..n as u32).map(|i| (i, i, 1.0 / steep[i as usize].1));
    Graph::of(n, &of_pairs.chain(own).collect::<Vec<_>>())
}

/// The graph of the seqlets of one pattern: t-SNE's joint probabilities.
pub fn joint(neighbours: &Neighbours, perplexity: f64) -> Graph {
    let n = neighbours.of.len();
    let most = (n.saturating_sub(1)).min((3.0 * perplexity + 1.0) as usize);
    let rows = parallel::map(n, &|i| {
        // the first is the seqlet itself
        let last = neighbours.of[i].len().min(most + 1);
        let distances: Vec<f64> = neighbours.similarity[i][1.min(last)..last].iter().map(|s| f64::from(distance(*s) as f32)).collect();
        let beta = steepness(&distances, perplexity, 0.0);
        let powers: Vec<f64> = distances.iter().map(|d| (-d * beta).exp()).collect();
        let sum = powers.iter().sum::<f64>().max(1e-8);
        neighbours.of[i][1.min(last)..last].iter().zip(powers).map(|(j, p)| (i as u32, *j, p / sum)).collect::<Vec<_>>()
    });
    let pairs = joined(rows.into_iter().flatten().map(|(a, b, p)| (a.min(b), a.max(b), p)).collect());
    let pairs: Vec<(u32, u32, f64)> = pairs.into_iter().map(|(a, b, p, _)| (a, b, p)).filter(|(_, _, p)| *p > 0.0).collect();
    Graph::of(n, &pairs)
}
