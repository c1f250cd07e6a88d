//! Scores of a model after superposition: GDT and TM-score.

use crate::point::{Point, distance};
use crate::superpose::{Movement, superpose};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail};
use std::collections::HashSet;

/// Chains of at most this length are searched from triples of residues as well.
const SHORT: usize = 64;
/// The largest number of triples.
const TRIPLES: usize = 1000;
/// The number of triples that are refined for each distance.
const REFINED: usize = 60;

/// The largest share of residues that a superposition brings within some distance, for each of
/// several distances.
///
/// Superpositions start from fragments of the model, of lengths from the whole down to 4 residues,
/// and are refined by those residues that come near (as LGA and TM-score do); those of chains of at
/// most 64 residues also start from triples of residues, all or 1000 random ones. The result is a
/// lower bound of the optimum.
pub fn within(
    model: &[Point],
    native: &[Point],
    cutoffs: &[f64],
    length: usize,
) -> Result<Vec<f64>> {
    checked(model, native, length)?;
    let mut best = vec![0; cutoffs.len()];
    let starts = Starts::of(model, native)?;
    for cutoff in cutoffs {
        search(model, native, *cutoff, &starts, |movement| {
            let mut counts = vec![0; cutoffs.len()];
            for (a, b) in model.iter().zip(native) {
                let apart = distance(movement.apply(*a), *b);
                for (count, cutoff) in counts.iter_mut().zip(cutoffs) {
                    *count += usize::from(apart <= *cutoff);
                }
            }
            for (best, count) in best.iter_mut().zip(counts) {
                *best = count.max(*best);
            }
        })?;
    }
    Ok(best
        .into_iter()
        .map(|count| count as f64 / length as f64)
        .collect())
}

/// GDT-TS (1, 2, 4 and 8 Å) or GDT-HA (.5, 1, 2 and 4 Å): the mean of [`within`].
pub fn gdt(model: &[Point], native: &[Point], is_high: bool, length: usize) -> Result<f64> {
    let cutoffs = if is_high {
        [0.5, 1.0, 2.0, 4.0]
    } else {
        [1.0, 2.0, 4.0, 8.0]
    };
    let shares = within(model, native, &cutoffs, length)?;
    Ok(shares.iter().sum::<f64>() / 4.0)
}

/// The distance at which a residue counts half in the TM-score of a protein (Zhang & Skolnick
/// 2004).
pub fn tm_distance(length: usize) -> f64 {
    if length <= 21 {
        return 0.5;
    }
    (1.24 * (length as f64 - 15.0).cbrt() - 1.8).max(0.5)
}

/// The TM-score of matched residues, for a native structure of `length` residues.
///
/// Superpositions start as in [`within`] and are refined by the residues within the distance of the
/// program TM-score, 1 Å less and 1 Å more; of short chains also within fewer Å, as their distance
/// of half a count is smaller.
pub fn tm_score(model: &[Point], native: &[Point], length: usize) -> Result<f64> {
    checked(model, native, length)?;
    let scale = tm_distance(length);
    let starts = Starts::of(model, native)?;
    let near = scale.clamp(4.5, 8.0);
    let mut cutoffs = vec![near, near - 1.0, near + 1.0];
    if model.len() <= SHORT {
        cutoffs.extend([1.0, 2.0]);
    }
    let mut best = 0.0_f64;
    for cutoff in cutoffs {
        search(model, native, cutoff, &starts, |movement| {
            let term = |(a, b): (&Point, &Point)| {
                let apart = distance(movement.apply(*a), *b) / scale;
                1.0 / (1.0 + apart * apart)
            };
            let score = model.iter().zip(native).map(term).sum::<f64>() / length as f64;
            best = best.max(score);
        })?;
    }
    Ok(best)
}

fn checked(model: &[Point], native: &[Point], length: usize) -> Result<()> {
    if model.len() != native.len() || length < model.len() {
        let (n, m) = (model.len(), native.len());
        bail!(
            "shape",
            "{n} residues of the model cannot be compared with {m} of {length}"
        );
    }
    if model.len() < 3 {
        let n = model.len();
        bail!(
            "value",
            "a superposition needs at least 3 residues, got {n}"
        );
    }
    Ok(())
}

/// The residues that superpositions start from.
struct Starts {
    fragments: Vec<Vec<usize>>,
    /// Triples of a short chain, each with the distances that its superposition leaves.
    triples: Vec<([usize; 3], Vec<f64>)>,
}

impl Starts {
    fn of(model: &[Point], native: &[Point]) -> Result<Starts> {
        let n = model.len();
        let left = |triple: [usize; 3]| {
            let of = |points: &[Point]| triple.map(|i| points[i]);
            let movement = superpose(&of(model), &of(native), false)?;
            let pairs = model.iter().zip(native);
            let apart = pairs.map(|(a, b)| distance(movement.apply(*a), *b));
            Ok((triple, apart.collect()))
        };
        Ok(Starts {
            fragments: fragments(n),
            triples: triples(n).into_iter().map(left).collect::<Result<_>>()?,
        })
    }

    /// The fragments, and those triples that bring most residues about as near as a distance.
    fn within(&self, cutoff: f64) -> Vec<Vec<usize>> {
        let score = |apart: &[f64]| {
            let term = |d: &f64| 1.0 / (1.0 + (d / cutoff).powi(2));
            apart.iter().map(term).sum::<f64>()
        };
        let triples = self.triples.iter();
        let mut ranked: Vec<_> = triples.map(|(own, apart)| (score(apart), own)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let best = ranked.iter().take(REFINED).map(|(_, own)| own.to_vec());
        self.fragments.iter().cloned().chain(best).collect()
    }
}

/// Fragments of a chain, of lengths from the whole down to 4 residues.
fn fragments(n: usize) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    let mut length = n;
    loop {
        // as many fragments of each length as keep the search linear
        let step = if length == n {
            1
        } else {
            ((n - length) / 60).max(1)
        };
        let first = (0..=n - length).step_by(step);
        out.extend(first.map(|start| (start..start + length).collect()));
        if length <= 4 {
            return out;
        }
        length = (length / 2).max(4).min(length - 1).max(3);
    }
}

/// Triples of residues of a short chain: all, or random ones; none of a long chain.
fn triples(n: usize) -> Vec<[usize; 3]> {
    let mut out = Vec::new();
    if n > SHORT {
        return out;
    }
    if n * (n - 1) * (n - 2) / 6 <= TRIPLES {
        for i in 0..n {
            for j in i + 1..n {
                out.extend((j + 1..n).map(|k| [i, j, k]));
            }
        }
        return out;
    }
    let mut rng = Rng::keyed(&[n as u64, 0x746d]);
    while out.len() < TRIPLES {
        let (i, j, k) = (rng.below(n), rng.below(n), rng.below(n));
        if i < j && j < k {
            out.push([i, j, k]);
        }
    }
    out
}

/// Calls `score` with superpositions of some residues, and of what they bring within `cutoff`.
fn search(
    model: &[Point],
    native: &[Point],
    cutoff: f64,
    starts: &Starts,
    mut score: impl FnMut(&Movement),
) -> Result<()> {
    let mut seen: HashSet<Vec<usize>> = HashSet::new();
    for mut residues in starts.within(cutoff) {
        for _ in 0..=20 {
            // the same residues lead to the same superpositions
            if seen.contains(&residues) {
                break;
            }
            let of = |points: &[Point]| residues.iter().map(|i| points[*i]).collect::<Vec<_>>();
            let movement = superpose(&of(model), &of(native), false)?;
            score(&movement);
            let near = near(model, native, &movement, cutoff);
            seen.insert(std::mem::replace(&mut residues, near));
        }
    }
    Ok(())
}

/// The residues that a movement brings within a distance, which grows until there are three.
fn near(model: &[Point], native: &[Point], movement: &Movement, cutoff: f64) -> Vec<usize> {
    let pairs = model.iter().zip(native);
    let apart: Vec<f64> = pairs
        .map(|(a, b)| distance(movement.apply(*a), *b))
        .collect();
    let mut most = cutoff;
    loop {
        let found: Vec<usize> = (0..apart.len()).filter(|i| apart[*i] <= most).collect();
        if found.len() >= 3 {
            return found;
        }
        most = most * 1.25 + 0.5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helix(n: usize) -> Vec<Point> {
        let at = |i: usize| {
            let angle = 100.0_f64.to_radians() * i as f64;
            [2.3 * angle.cos(), 2.3 * angle.sin(), 1.5 * i as f64]
        };
        (0..n).map(at).collect()
    }

    #[test]
    fn a_model_of_itself_has_the_largest_scores() {
        let own = helix(30);
        assert_eq!(gdt(&own, &own, false, 30).expect("a score"), 1.0);
        assert!((tm_score(&own, &own, 30).expect("a score") - 1.0).abs() < 1e-12);
        // residues that are missing count as wrong
        assert!((tm_score(&own[..15], &own[..15], 30).expect("a score") - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_moved_half_is_half_right() {
        let own = helix(40);
        let mut model = own.clone();
        for point in &mut model[20..] {
            point[0] += 100.0;
            point[1] -= 30.0;
        }
        let share = within(&model, &own, &[1.0], 40).expect("shares")[0];
        assert_eq!(share, 0.5);
        let tm = tm_score(&model, &own, 40).expect("a score");
        assert!((0.5..0.55).contains(&tm), "{tm}");
    }

    #[test]
    fn small_and_broken_inputs() {
        assert!(gdt(&[], &[], false, 0).is_err());
        assert!(tm_score(&helix(2), &helix(2), 2).is_err());
        assert!(tm_score(&helix(3), &helix(3), 3).expect("a score") > 0.99);
        assert!(tm_score(&[[f64::NAN; 3]; 4], &helix(4), 4).is_err());
        assert_eq!(tm_distance(10), 0.5);
        assert!((tm_distance(100) - 3.652).abs() < 1e-3);
    }

    /// Fragments of consecutive residues led to .538 and .104. The optimum of 1250 random starts,
    /// refined in numpy, is .5577 and .1082.
    #[test]
    #[expect(clippy::approx_constant, reason = "a coordinate")]
    fn short_chains_are_searched_from_triples() {
        let model = [
            [-0.652, -2.801, 2.495],
            [-0.919, -11.033, -1.036],
            [-6.115, -13.395, -2.2],
            [-4.789, -11.947, -1.368],
            [-15.017, -10.126, -4.124],
            [-14.149, -6.604, -9.642],
            [-15.723, 2.601, -5.616],
            [-11.118, 3.14, -7.969],
            [-13.017, 1.527, -10.759],
            [-18.763, 4.545, -10.734],
            [-19.472, 2.085, -16.057],
            [-17.219, 4.49, -21.141],
            [-10.172, 8.184, -26.393],
        ];
        let native = [
            [0.386, -3.774, 0.222],
            [-1.072, -6.954, 1.704],
            [-4.39, -8.399, 0.543],
            [-6.565, -11.251, -0.711],
            [-8.863, -9.133, -2.873],
            [-11.908, -7.085, -3.862],
            [-10.647, -4.387, -6.222],
            [-11.041, -0.751, -7.256],
            [-13.445, 0.991, -9.627],
            [-15.726, 3.429, -11.442],
            [-16.92, 3.18, -15.041],
            [-15.687, 3.91, -18.561],
            [-14.832, 4.626, -22.193],
        ];
        let score = gdt(&model, &native, false, 13).expect("a score");
        assert!(score >= 0.5576, "{score}");
        let score = tm_score(&model, &native, 13).expect("a score");
        assert!(score >= 0.1082, "{score}");
    }

    #[test]
    fn triples_are_those_of_short_chains() {
        assert_eq!(triples(13).len(), 286);
        assert_eq!((triples(64).len(), triples(65).len()), (TRIPLES, 0));
        assert!(
            triples(40)
                .iter()
                .all(|[i, j, k]| i < j && j < k && *k < 40)
        );
        assert_eq!(triples(40), triples(40));
    }
}
