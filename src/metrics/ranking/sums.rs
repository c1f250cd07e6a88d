//! Sums over the thresholds of a ranking.

use super::keys::{ClassKeys, MANY};
use cistron_base::wide::widest;

/// Walks distinct thresholds from the highest down: `visit(true positives, false positives)` after
/// each.
pub(super) fn thresholds(
    positives: &[u32],
    negatives: &[u32],
    mut visit: impl FnMut(usize, usize),
) {
    let (mut p, mut n) = (positives.len(), negatives.len());
    while p > 0 || n > 0 {
        let top = match (p, n) {
            (0, _) => negatives[n - 1],
            (_, 0) => positives[p - 1],
            _ => positives[p - 1].max(negatives[n - 1]),
        };
        while p > 0 && positives[p - 1] == top {
            p -= 1;
        }
        while n > 0 && negatives[n - 1] == top {
            n -= 1;
        }
        visit(positives.len() - p, negatives.len() - n);
    }
}

/// What thresholds add up to.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) area: f64,
    pub(super) precision: f64,
    pub(super) trapezoid: f64,
}

/// For each positive how many negatives lie below it.
pub(super) fn below(positives: &[u32], negatives: &[u32]) -> Vec<u32> {
    let (mut below, most) = (vec![0u32; positives.len()], negatives.len());
    // the lower half upwards and the upper half downwards: each step waits for the one before, but
    // not for the other walk's
    let middle = positives.len() / 2;
    let (lower, upper) = below.split_at_mut(middle);
    let (mut p, mut n) = (0, 0);
    let (mut upper_p, mut upper_n) = (positives.len(), most);
    let mut up = || {
        let is_going = p < middle && n < most;
        if is_going {
            lower[p] = n as u32;
            // one side advances, without a branch, which could not be predicted
            let is_below = negatives[n] < positives[p];
            n += usize::from(is_below);
            p += usize::from(!is_below);
        }
        is_going
    };
    let mut down = || {
        let is_going = upper_p > middle && upper_n > 0;
        if is_going {
            upper[upper_p - middle - 1] = upper_n as u32;
            let is_below = negatives[upper_n - 1] < positives[upper_p - 1];
            upper_n -= usize::from(!is_below);
            upper_p -= usize::from(is_below);
        }
        is_going
    };
    while up() & down() {}
    while up() {}
    while down() {}
    // positives not reached are above all negatives, or below all
    lower[p..].fill(most as u32);
    upper[..upper_p - middle].fill(0);
    below
}

/// Positives that are looked at together.
const TOGETHER: usize = 8;

/// The precision of a threshold above which so many positives and negatives lie; 1 above all
/// scores.
#[inline(always)]
fn precision(tp: f64, fp: f64) -> f64 {
    if tp + fp > 0.0 { tp / (tp + fp) } else { 1.0 }
}

/// Sums over the thresholds at positives, from the highest down, above which `above` positives and
/// negatives lie; recall moves at no other. `below` are the negatives below each.
#[inline(always)]
fn sums_of(positives: &[u32], negatives: &[u32], below: &[u32], above: (usize, usize)) -> Sums {
    let (p, n) = (positives.len(), negatives.len());
    let (most_tp, most_fp) = ((above.0 + p) as f64, (above.1 + n) as f64);
    let (mut area, mut gained, mut trapezoid) = ([0.0; TOGETHER], [0.0; TOGETHER], [0.0; TOGETHER]);
    let mut end = p;
    while end > 0 {
        if end > TOGETHER {
            let start = end - TOGETHER;
            let (keys, own) = (&positives[start - 1..end], &below[start..end]);
            let mut is_tied = false;
            for i in 0..TOGETHER {
                is_tied |=
                    keys[i] == keys[i + 1] || negatives.get(own[i] as usize) == Some(&keys[i + 1]);
            }
            if !is_tied {
                for i in 0..TOGETHER {
                    let (tp, fp) = (most_tp - (start + i) as f64, most_fp - f64::from(own[i]));
                    let (now, last) = (precision(tp, fp), precision(tp - 1.0, fp));
                    area[i] += 2.0 * f64::from(own[i]);
                    gained[i] += now;
                    trapezoid[i] += now + last;
                }
                end = start;
                continue;
            }
        }
        // equal scores are one threshold
        let (key, last) = (positives[end - 1], end);
        while end > 0 && positives[end - 1] == key {
            end -= 1;
        }
        let lower = below[end] as usize;
        let equal = negatives[lower..]
            .iter()
            .take_while(|own| **own == key)
            .count();
        let (size, lower, equal) = ((last - end) as f64, lower as f64, equal as f64);
        let now = precision(most_tp - end as f64, most_fp - lower);
        let before = precision(most_tp - last as f64, most_fp - lower - equal);
        area[0] += size * (2.0 * lower + equal);
        gained[0] += size * now;
        trapezoid[0] += size * (now + before);
    }
    // every negative here is also below the positives above
    Sums {
        area: area.iter().sum::<f64>() + 2.0 * (n * above.0) as f64,
        precision: gained.iter().sum(),
        trapezoid: trapezoid.iter().sum::<f64>() / 2.0,
    }
}

widest!(
    sums_over(
        positives: &[u32],
        negatives: &[u32],
        below: &[u32],
        above: (usize, usize),
    ) -> Sums,
    sums_of
);

/// Sums over the thresholds of some scores, above which `above` positives and negatives lie.
pub(super) fn summed(positives: &[u32], negatives: &[u32], above: (usize, usize)) -> Sums {
    sums_over(positives, negatives, &below(positives, negatives), above)
}

/// Sums over all thresholds; in pieces, side by side, where there are many.
pub(super) fn total(
    ClassKeys {
        positives,
        negatives,
    }: &ClassKeys,
) -> Sums {
    const PIECES: usize = 8;
    let long = if positives.len() > negatives.len() {
        positives
    } else {
        negatives
    };
    if positives.len() + negatives.len() < MANY {
        return summed(positives, negatives, (0, 0));
    }
    // a piece starts at a key, so that equal scores stay together
    let mut starts: Vec<u32> = (1..PIECES).map(|i| long[i * long.len() / PIECES]).collect();
    starts.dedup();
    let cut = |keys: &[u32]| -> Vec<usize> {
        let inner = starts
            .iter()
            .map(|start| keys.partition_point(|key| key < start));
        std::iter::once(0)
            .chain(inner)
            .chain([keys.len()])
            .collect()
    };
    let (p, n) = (cut(positives), cut(negatives));
    use rayon::prelude::*;
    let parts: Vec<Sums> = (0..p.len() - 1)
        .into_par_iter()
        .map(|i| {
            summed(
                &positives[p[i]..p[i + 1]],
                &negatives[n[i]..n[i + 1]],
                (positives.len() - p[i + 1], negatives.len() - n[i + 1]),
            )
        })
        .collect();
    parts.iter().fold(Sums::default(), |all, own| Sums {
        area: all.area + own.area,
        precision: all.precision + own.precision,
        trapezoid: all.trapezoid + own.trapezoid,
    })
}
