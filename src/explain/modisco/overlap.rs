//! The overlap of contributions: what two ranges of rows share, and at which shift they share
//! most.

use super::tracks::turned;
use cistron_base::wide::widest;

/// Sums of min(|x|, |y|), with the sign of x y and without.
#[inline(always)]
fn shared(x: &[f32], y: &[f32]) -> (f32, f32) {
    const LANES: usize = 16;
    let (mut signed, mut plain) = ([0f32; LANES], [0f32; LANES]);
    let mut add = |lane: usize, x: f32, y: f32| {
        let (a, b) = (x.abs(), y.abs());
        let least = if a < b { a } else { b };
        plain[lane] += least;
        signed[lane] += least * 1f32.copysign(x) * 1f32.copysign(y);
    };
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in xs.iter().zip(ys) {
        (0..LANES).for_each(|lane| add(lane, x[lane], y[lane]));
    }
    x_rest
        .iter()
        .zip(y_rest)
        .enumerate()
        .for_each(|(lane, (x, y))| add(lane, *x, *y));
    (signed.iter().sum(), plain.iter().sum())
}

/// The best Jaccard index of `x` laid over `y`, shared over joint, with signs, and the shift where
/// it is.
#[inline(always)]
fn best_of(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32)) -> (f32, i32) {
    let (long, wide) = (x.len() as i32 / 8, y.len() as i32 / 8);
    let mut best = (f32::NEG_INFINITY, offsets.0);
    for offset in offsets.0..=offsets.1 {
        // row j of x is at row j + offset of y
        let (from, to) = (0.max(-offset), long.min(wide - offset));
        let mut score = 0.0;
        if from < to {
            let (a, b) = ((from + offset) as usize, (to + offset) as usize);
            let (signed, plain) = shared(&x[from as usize * 8..to as usize * 8], &y[a * 8..b * 8]);
            score = signed / (x_size + y_sizes[b] - y_sizes[a] - plain);
        }
        if score > best.0 {
            best = (score, offset);
        }
    }
    best
}

widest!(
    best_shift(
        x: &[f32],
        x_size: f32,
        y: &[f32],
        y_sizes: &[f32],
        offsets: (i32, i32),
    ) -> (f32, i32),
    best_of
);

/// Rows of eight numbers with the sums of their sizes.
pub struct Rows {
    /// The numbers.
    pub values: Vec<f32>,
    /// Summed sizes of the rows before each.
    pub(super) sizes: Vec<f32>,
}

impl Rows {
    /// Of numbers, eight a row.
    pub fn of(values: Vec<f32>) -> Rows {
        let mut total = 0f64;
        let mut sizes = vec![0f32];
        for row in values.chunks_exact(8) {
            total += row.iter().map(|x| f64::from(x.abs())).sum::<f64>();
            sizes.push(total as f32);
        }
        Rows { values, sizes }
    }

    /// Read on the other strand.
    pub fn turned(&self) -> Rows {
        Rows::of(turned(&self.values))
    }

    fn size(&self) -> f32 {
        self.sizes.last().copied().unwrap_or(0.0)
    }

    /// The best Jaccard index of a child aligned with this, and the position of its first row; up
    /// to
    /// `pad` rows may hang over.
    pub fn best(&self, child: &Rows, pad: usize) -> (f32, i32) {
        let room = (self.values.len() / 8) as i32 - (child.values.len() / 8) as i32;
        best_shift(
            &child.values,
            child.size(),
            &self.values,
            &self.sizes,
            (-(pad as i32), room + pad as i32),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    fn rows(n: usize, seed: u64) -> Vec<f32> {
        let mut rng = Rng::keyed(&[seed]);
        (0..8 * n).map(|_| rng.normal() as f32).collect()
    }

    #[test]
    fn the_index_is_that_of_its_definition_at_the_best_shift() {
        let (x, y) = (rows(9, 1), rows(13, 2));
        let index = |offset: i32| {
            let (mut over, mut under) = (0.0, 0.0);
            for j in 0..9 {
                for k in 0..8 {
                    let (a, at) = (x[j * 8 + k], j as i32 + offset);
                    let b = if (0..13).contains(&at) {
                        y[at as usize * 8 + k]
                    } else {
                        0.0
                    };
                    over += a.abs().min(b.abs()) * a.signum() * b.signum();
                    under += a.abs().max(b.abs());
                }
            }
            over / under
        };
        let best =
            (-3..=7)
                .map(|offset| (index(offset), offset))
                .fold(
                    (f32::MIN, 0),
                    |best, next| if next.0 > best.0 { next } else { best },
                );
        let (parent, child) = (Rows::of(y.clone()), Rows::of(x.clone()));
        let found = parent.best(&child, 3);
        assert!(
            (found.0 - best.0).abs() < 1e-5 && found.1 == best.1,
            "{found:?} {best:?}"
        );
    }
}
