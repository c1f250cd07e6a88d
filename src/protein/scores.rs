//! Scores of a model after superposition: GDT and TM-score.

use crate::point::{Point, distance};
use crate::superpose::{Movement, superpose};
use cistron_base::{Result, bail};

/// The largest share of residues that a superposition brings within some distance, for each of
/// several distances.
///
/// Superpositions start from fragments of the model, of lengths from the whole down to 4 residues,
/// and are refined by those residues that come near (as LGA and TM-score do): a lower bound of the
/// optimum.
pub fn within(
    model: &[Point],
    native: &[Point],
    cutoffs: &[f64],
    length: usize,
) -> Result<Vec<f64>> {
    checked(model, native, length)?;
    let mut best = vec![0; cutoffs.len()];
    for (k, cutoff) in cutoffs.iter().enumerate() {
        search(model, native, *cutoff, |movement| {
            let near = |(a, b): (&Point, &Point)| distance(movement.apply(*a), *b) <= *cutoff;
            let count = model.iter().zip(native).filter(|pair| near(*pair)).count();
            best[k] = best[k].max(count);
            count as f64
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
pub fn tm_score(model: &[Point], native: &[Point], length: usize) -> Result<f64> {
    checked(model, native, length)?;
    let scale = tm_distance(length);
    let mut best = 0.0_f64;
    search(model, native, scale.clamp(4.5, 8.0), |movement| {
        let term = |(a, b): (&Point, &Point)| {
            let apart = distance(movement.apply(*a), *b) / scale;
            1.0 / (1.0 + apart * apart)
        };
        let score = model.iter().zip(native).map(term).sum::<f64>() / length as f64;
        best = best.max(score);
        score
    })?;
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

/// Calls `score` with superpositions of fragments, and of what they bring within `cutoff`.
fn search(
    model: &[Point],
    native: &[Point],
    cutoff: f64,
    mut score: impl FnMut(&Movement) -> f64,
) -> Result<()> {
    let n = model.len();
    let mut length = n;
    loop {
        // as many fragments of each length as keep the search linear
        let step = if length == n {
            1
        } else {
            ((n - length) / 60).max(1)
        };
        for start in (0..=n - length).step_by(step) {
            let mut movement = superpose(
                &model[start..start + length],
                &native[start..start + length],
                false,
            )?;
            score(&movement);
            let mut before = Vec::new();
            for _ in 0..20 {
                let near = near(model, native, &movement, cutoff);
                if near == before {
                    break;
                }
                let of = |points: &[Point]| near.iter().map(|i| points[*i]).collect::<Vec<_>>();
                movement = superpose(&of(model), &of(native), false)?;
                score(&movement);
                before = near;
            }
        }
        if length <= 4 {
            return Ok(());
        }
        length = (length / 2).max(4).min(length - 1).max(3);
    }
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
}
