//! Seqlets: windows whose contributions stand out from what a Laplace distribution would give.

use super::Settings;
use super::tracks::{Seqlet, Tracks};
use crate::seqlets::{Rounding, Rule, of_both_signs};
use cistron_base::Result;
use cistron_base::mersenne::Mersenne;

/// Windows that are drawn at most to find thresholds.
const WINDOWS: usize = 1_000_000;
/// Numbers of the null distribution.
const NULLS: usize = 10_000;
/// The seed of the method's published results.
const SEED: u32 = 1234;

/// Seqlets, and what was counted on the way.
pub struct Extracted {
    /// Pieces whose contributions sum to something positive, in the order of their sequences.
    pub positive: Vec<Seqlet>,
    /// Pieces whose contributions sum to something negative.
    pub negative: Vec<Seqlet>,
    /// All windows.
    pub windows: usize,
    /// Windows beyond a threshold.
    pub passing: usize,
    /// Sums of a window from which it counts.
    pub thresholds: (f64, f64),
    /// Windows that were kept, whatever their sign.
    pub candidates: usize,
}

/// Finds them.
pub fn extract(tracks: &Tracks, how: &Settings) -> Extracted {
    let (window, flank) = (how.window, how.flank);
    let per_sequence = tracks.length - window + 1;
    let mut sums: Vec<f64> = Vec::with_capacity(tracks.count() * per_sequence);
    for (codes, own) in tracks
        .codes
        .chunks_exact(tracks.length)
        .zip(tracks.hypothetical.chunks_exact(4 * tracks.length))
    {
        // running sums in 32 bits, as the method's reference has them
        let mut running = vec![0f64];
        let mut total = 0f32;
        for (code, four) in codes.iter().zip(own.chunks_exact(4)) {
            total += four.get(usize::from(*code)).copied().unwrap_or(0.0);
            running.push(f64::from(total));
        }
        sums.extend((0..per_sequence).map(|i| running[i + window] - running[i]));
    }
    let sorted = in_order(sums.clone());
    let sizes = merged(&sides(&sorted));
    let drawn = (sums.len() > WINDOWS).then(|| {
        in_order(
            Mersenne::new(SEED)
                .choice(sums.len(), WINDOWS)
                .into_iter()
                .map(|i| sums[i])
                .collect(),
        )
    });
    let chosen = drawn.as_deref().unwrap_or(&sorted);
    let [below, above] = sides(chosen);
    let [null_below, null_above] = sides(&in_order(laplace(&sorted)));
    let mut positive = threshold(&above, &null_above, how.fdr);
    let mut negative = -threshold(&below, &null_below, how.fdr);
    let beyond =
        |sizes: &[f64], threshold: f64| sizes.len() - sizes.partition_point(|x| *x < threshold);
    let share =
        (beyond(&above, positive) + beyond(&below, -negative)) as f64 / chosen.len().max(1) as f64;
    let bound = if share < how.fewest {
        Some(how.fewest)
    } else {
        (share > how.most).then_some(how.most)
    };
    if let Some(bound) = bound {
        positive = percentile(&merged(&[below, above]), 1.0 - bound);
        negative = -positive;
    }
    let passes = |x: f64| x >= positive || x <= negative;
    let rank =
        |x: f64| sizes.partition_point(|size| *size < x.abs()) as f64 / sizes.len().max(1) as f64;
    let weak = (rank(positive).min(rank(negative)) - 0.0001).min(how.weak);
    let least = sizes
        .get((weak * sizes.len() as f64).max(0.0) as usize)
        .copied()
        .unwrap_or(0.0);
    let mut found = Extracted {
        positive: Vec::new(),
        negative: Vec::new(),
        windows: sums.len(),
        passing: sums.iter().filter(|x| passes(**x)).count(),
        thresholds: (negative, positive),
        candidates: 0,
    };
    let suppressed = (window as f64 * 0.5).floor() + flank as f64;
    for (example, own) in sums.chunks_exact(per_sequence).enumerate() {
        let mut left: Vec<f64> = own
            .iter()
            .map(|x| {
                if passes(*x) {
                    x.abs()
                } else {
                    f64::NEG_INFINITY
                }
            })
            .collect();
        left[..flank.min(per_sequence)].fill(f64::NEG_INFINITY);
        left[per_sequence.saturating_sub(flank)..].fill(f64::NEG_INFINITY);
        loop {
            let best = left
                .iter()
                .enumerate()
                .fold(0, |best, (i, x)| if *x > left[best] { i } else { best });
            if left[best] == f64::NEG_INFINITY {
                break;
            }
            if best >= flank && best < per_sequence - flank {
                found.candidates += 1;
                let seqlet = Seqlet {
                    example: example as u32,
                    start: (best - flank) as i32,
                    end: (best + window + flank) as i32,
                    reverse: false,
                };
                let core: f64 = (flank..seqlet.len() - flank)
                    .map(|place| f64::from(tracks.contribution(&seqlet, place)))
                    .sum();
                if core > least {
                    found.positive.push(seqlet);
                } else if core < -least {
                    found.negative.push(seqlet);
                }
            }
            let from = (best as f64 + 0.5 - suppressed).floor().max(0.0) as usize;
            let to = ((best as f64 + 0.5 + suppressed).ceil() as usize).min(per_sequence);
            left[from..to].fill(f64::NEG_INFINITY);
        }
    }
    found
}

/// Finds them around the spans of the recursive method, the least likely first; those too near a
/// better one, or to an end, go.
pub fn around_spans(tracks: &Tracks, how: &Settings, threshold: f64) -> Result<Extracted> {
    let (length, width) = (tracks.length, how.window + 2 * how.flank);
    let there = tracks.codes.iter().zip(tracks.hypothetical.chunks_exact(4));
    let values: Vec<f64> = there
        .map(|(code, four)| four.get(usize::from(*code)).copied().map_or(0.0, f64::from))
        .collect();
    let rule = Rule {
        threshold,
        least: 4,
        most: how.window.max(4),
        bins: 1000,
        rounding: Rounding::Positions,
    };
    let spans = of_both_signs(&values, length, &rule)?;
    let possible = (rule.least..=rule.most)
        .map(|n| length + 1 - n)
        .sum::<usize>()
        * tracks.count();
    let mut found = Extracted {
        positive: Vec::new(),
        negative: Vec::new(),
        windows: possible,
        passing: spans.len(),
        thresholds: (f64::NAN, f64::NAN),
        candidates: 0,
    };
    let apart = how.window / 2 + how.flank;
    let mut middles: Vec<Vec<usize>> = vec![Vec::new(); tracks.count()];
    for span in spans {
        let middle = usize::midpoint(span.start, span.end);
        let Some(start) = middle
            .checked_sub(width / 2)
            .filter(|start| start + width <= length)
        else {
            continue;
        };
        let own = &mut middles[span.sample];
        if own.iter().any(|other| other.abs_diff(middle) < apart) {
            continue;
        }
        own.push(middle);
        found.candidates += 1;
        let seqlet = Seqlet {
            example: span.sample as u32,
            start: start as i32,
            end: (start + width) as i32,
            reverse: false,
        };
        if span.sum > 0.0 {
            &mut found.positive
        } else {
            &mut found.negative
        }
        .push(seqlet);
    }
    // in the order of the other method: by sequence and position
    for side in [&mut found.positive, &mut found.negative] {
        side.sort_by_key(|seqlet| (seqlet.example, seqlet.start));
    }
    Ok(found)
}

fn in_order(mut values: Vec<f64>) -> Vec<f64> {
    use rayon::prelude::*;
    values.par_sort_unstable_by(f64::total_cmp);
    values
}

/// Sizes of sorted values below zero, and of the others, each sorted.
fn sides(sorted: &[f64]) -> [Vec<f64>; 2] {
    let (below, above) = sorted.split_at(sorted.partition_point(|x| *x < 0.0));
    [below.iter().rev().map(|x| -x).collect(), above.to_vec()]
}

/// Two sorted lists as one.
fn merged([a, b]: &[Vec<f64>; 2]) -> Vec<f64> {
    let (mut i, mut j) = (0, 0);
    let next = |_| {
        let is_first = j == b.len() || (i < a.len() && a[i] <= b[j]);
        let value = if is_first { a[i] } else { b[j] };
        i += usize::from(is_first);
        j += usize::from(!is_first);
        value
    };
    (0..a.len() + b.len()).map(next).collect()
}

/// Linear between neighbours.
fn percentile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = q * last as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(last);
    sorted[low] + (sorted[high] - sorted[low]) * (at - low as f64)
}

/// Edges of the fullest of 1,000 bins.
fn fullest_bin(values: &[f64]) -> (f64, f64) {
    const BINS: usize = 1000;
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(*x), high.max(*x))
        });
    let (low, high) = if low < high {
        (low, high)
    } else {
        (low - 0.5, high + 0.5)
    };
    let mut counts = [0usize; BINS];
    for x in values {
        let bin = ((x - low) / (high - low) * BINS as f64) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    let peak = (0..BINS).fold(0, |best, i| if counts[i] > counts[best] { i } else { best });
    let edge = |i: usize| low + (high - low) * i as f64 / BINS as f64;
    (edge(peak), edge(peak + 1))
}

/// Draws from two exponentials around the mode of sorted values, each as steep as its steepest
/// percentile.
fn laplace(sorted: &[f64]) -> Vec<f64> {
    let (low, high) = fullest_bin(sorted);
    let peak =
        &sorted[sorted.partition_point(|x| *x <= low)..sorted.partition_point(|x| *x < high)];
    let (low, high) = if peak.is_empty() {
        (low, high)
    } else {
        fullest_bin(peak)
    };
    let mode = f64::midpoint(low, high);
    let side = |far: &Vec<f64>| {
        let steep = (1..20)
            .map(|i| f64::from(i) / 20.0)
            .map(|q| -(1.0 - q).ln() / percentile(far, q));
        (
            far.len() as f64,
            steep
                .filter(|x| !x.is_nan())
                .fold(f64::MIN_POSITIVE, f64::max),
        )
    };
    // values at the mode count on both sides
    let far_above = sorted[sorted.partition_point(|x| *x < mode)..]
        .iter()
        .map(|x| x - mode)
        .collect();
    let far_below = sorted[..sorted.partition_point(|x| *x <= mode)]
        .iter()
        .rev()
        .map(|x| mode - x)
        .collect();
    let ((above, up), (below, down)) = (side(&far_above), side(&far_below));
    let mut random = Mersenne::new(SEED);
    let draw = |_| {
        let is_above = random.uniform() < above / (above + below);
        let left = (1.0 - random.uniform()).ln();
        if is_above {
            -left / up + mode
        } else {
            mode + left / down
        }
    };
    (0..NULLS).map(draw).collect()
}

/// The smallest of sorted values from which the share of nulls stays below the rate of false
/// discoveries, by isotonic regression.
fn threshold(values: &[f64], nulls: &[f64], fdr: f64) -> f64 {
    let (Some(most), false) = (values.last(), nulls.is_empty()) else {
        return values.last().copied().unwrap_or(f64::INFINITY);
    };
    let weight = values.len() as f64 / nulls.len() as f64;
    // value, weight, weighted sum of labels; those of one value joined
    let mut points: Vec<(f64, f64, f64)> = values
        .iter()
        .map(|x| (*x, 1.0, 1.0))
        .chain(nulls.iter().map(|x| (*x, weight, 0.0)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
            kept.2 += next.2;
        }
        same
    });
    // pools of violators: last value, weight, weighted sum
    let mut pools: Vec<(f64, f64, f64)> = Vec::new();
    for point in points {
        pools.push(point);
        while let [.., a, b] = pools[..]
            && a.2 / a.1 >= b.2 / b.1
        {
            pools.truncate(pools.len() - 2);
            pools.push((b.0, a.1 + b.1, a.2 + b.2));
        }
    }
    let least = pools.first().map_or(1.0, |pool| pool.2 / pool.1).max(1e-7);
    let implied = -1.0 / (1.0 - 1.0 / least);
    let negatives = implied.clamp(0.95, 1.0);
    let mut pool = 0;
    for x in values {
        while pools[pool].0 < *x {
            pool += 1;
        }
        let fitted = (pools[pool].2 / pools[pool].1).max(1e-7);
        if (1.0 + negatives * (1.0 - 1.0 / fitted)).clamp(0.0, 1.0) >= 1.0 - fdr {
            return *x;
        }
    }
    *most
}
