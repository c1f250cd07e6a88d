//! Exact distributions of sums of scores, which are rounded to whole steps.

/// How scores are rounded to integers from 0.
#[derive(Clone, Copy, Debug)]
pub struct Rounding {
    /// The score at step 0.
    pub offset: f64,
    /// Steps in 1.
    pub scale: f64,
}

impl Rounding {
    /// The rounding of scores to about `steps` steps, from the integer below the minimum.
    pub fn of(scores: impl Iterator<Item = f64>, steps: usize) -> Rounding {
        let (mut least, most) = scores
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
                (least.min(x), most.max(x))
            });
        if least == most {
            least = most - 1.0;
        }
        let offset = least.floor();
        Rounding {
            offset,
            scale: (steps as f64 / (most - offset)).floor().max(1.0),
        }
    }

    /// A score in steps.
    pub fn steps(self, score: f64) -> f64 {
        ((score - self.offset) * self.scale + 0.5).floor()
    }
}

/// The distribution of a sum to which one more score is added, whose steps and their shares are
/// given.
pub fn plus(sum: &[f64], steps: usize, score: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
    let mut next = vec![0.0; sum.len() + steps];
    for (step, share) in score.filter(|(_, share)| *share > 0.0) {
        next[step..]
            .iter_mut()
            .zip(sum)
            .for_each(|(to, from)| *to += share * from);
    }
    next
}

/// Turns the share of each sum into the chance of at least it.
pub fn tails(shares: &mut [f64]) {
    for i in (0..shares.len().saturating_sub(1)).rev() {
        shares[i] = (shares[i] + shares[i + 1]).min(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_dice() {
        let die = || (1..=6).map(|face| (face, 1.0 / 6.0));
        let mut sum = plus(&plus(&[1.0], 6, die()), 6, die());
        assert!((sum[7] - 1.0 / 6.0).abs() < 1e-12);
        tails(&mut sum);
        assert!((sum[11] - 3.0 / 36.0).abs() < 1e-12 && (sum[0] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn scores_that_are_all_equal_have_a_rounding() {
        let rounding = Rounding::of([2.0, 2.0].into_iter(), 100);
        assert_eq!((rounding.offset, rounding.steps(2.0)), (1.0, 100.0));
    }
}
