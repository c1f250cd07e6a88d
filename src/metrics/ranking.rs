//! Ranking metrics in one pass: positives and negatives are sorted apart as plain keys, then
//! merged.

use cistron_base::wide::widest;

/// The ranking metrics of one task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranking {
    /// Area under the ROC curve; ties count half.
    pub auroc: f64,
    /// Average precision: Σ (Rₙ - Rₙ₋₁) Pₙ over distinct thresholds.
    pub average_precision: f64,
    /// Area under the precision-recall curve by trapezoids (optimistic; Davis & Goadrich 2006).
    pub auprc: f64,
}

/// Keys whose order as whole numbers is the order of the scores.
fn key(score: f32) -> u32 {
    // 0.0 and -0.0 are one score
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 1 {
        !bits
    } else {
        bits | 0x8000_0000
    }
}

/// Sorts keys: three passes over 11 bits each.
fn sort(keys: &mut Vec<u32>) {
    if keys.len() < 2048 {
        return keys.sort_unstable();
    }
    let mut counts = vec![[0u32; 2048]; 3];
    for k in keys.iter() {
        counts[0][(k & 2047) as usize] += 1;
        counts[1][(k >> 11 & 2047) as usize] += 1;
        counts[2][(k >> 22) as usize] += 1;
    }
    let mut other = vec![0u32; keys.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        let shift = 11 * pass as u32;
        if counts.iter().any(|c| *c as usize == keys.len()) {
            continue; // all keys share these bits
        }
        let mut at = 0u32;
        for count in counts.iter_mut() {
            at += std::mem::replace(count, at);
        }
        for k in keys.iter() {
            let slot = &mut counts[(k >> shift & 2047) as usize];
            other[*slot as usize] = *k;
            *slot += 1;
        }
        std::mem::swap(keys, &mut other);
    }
}

/// Columns that are read at a time: a line of memory.
const GROUP: usize = 16;
/// Rows that are turned at a time.
const TILE: usize = 80;
/// Scores from which one task is worth several threads.
const MANY: usize = 1 << 18;

/// Keys of positives and of negatives.
#[derive(Default)]
struct Parted {
    positives: Vec<u32>,
    negatives: Vec<u32>,
}

/// Keys on their way to their class.
struct Parting {
    parted: Parted,
    counts: [usize; 2],
}

/// 1 of a positive, 2 of a negative, 0 where label or score is undefined.
#[inline(always)]
fn class(score: f32, label: f32) -> u8 {
    let is_known = !score.is_nan();
    u8::from(is_known & (label > 0.5)) | u8::from(is_known & (label <= 0.5)) << 1
}

impl Parting {
    /// Of so many rows at most.
    fn of(rows: usize) -> Parting {
        Parting {
            parted: Parted {
                positives: vec![0; rows + 1],
                negatives: vec![0; rows + 1],
            },
            counts: [0; 2],
        }
    }

    #[inline(always)]
    fn take(&mut self, keys: impl Iterator<Item = (u32, u8)>) {
        let [mut p, mut n] = self.counts;
        let (positives, negatives) = (
            &mut self.parted.positives[..],
            &mut self.parted.negatives[..],
        );
        for (key, class) in keys {
            // both are written, one is kept: no branch to mispredict
            positives[p] = key;
            negatives[n] = key;
            p += usize::from(class & 1);
            n += usize::from(class >> 1);
        }
        self.counts = [p, n];
    }

    fn done(mut self) -> Parted {
        self.parted.positives.truncate(self.counts[0]);
        self.parted.negatives.truncate(self.counts[1]);
        self.parted
    }
}

impl Parted {
    /// Of some columns of `rows * columns` numbers; undefined labels and scores are left out.
    fn columns(scores: &[f32], labels: &[f32], columns: usize, first: usize) -> Vec<Parted> {
        let (own, rows) = ((columns - first).min(GROUP), scores.len() / columns);
        let mut parted: Vec<Parting> = (0..own).map(|_| Parting::of(rows)).collect();
        if columns == 1 {
            parted[0].take(
                scores
                    .iter()
                    .zip(labels)
                    .map(|(score, label)| (key(*score), class(*score, *label))),
            );
            return parted.into_iter().map(Parting::done).collect();
        }
        // a tile is turned first, so that two places are written to at a time, not two for each
        // column
        let (mut keys, mut classes) = ([[0u32; TILE]; GROUP], [[0u8; TILE]; GROUP]);
        for (scores, labels) in scores
            .chunks(TILE * columns)
            .zip(labels.chunks(TILE * columns))
        {
            for (row, (scores, labels)) in scores
                .chunks_exact(columns)
                .zip(labels.chunks_exact(columns))
                .enumerate()
            {
                for (column, (score, label)) in scores[first..first + own]
                    .iter()
                    .zip(&labels[first..])
                    .enumerate()
                {
                    keys[column][row] = key(*score);
                    classes[column][row] = class(*score, *label);
                }
            }
            let n = scores.len() / columns;
            for ((keys, classes), parted) in keys.iter().zip(&classes).zip(&mut parted) {
                parted.take(keys[..n].iter().copied().zip(classes.iter().copied()));
            }
        }
        parted.into_iter().map(Parting::done).collect()
    }

    /// Of one task, sorted; on several threads where there are many.
    fn sorted(scores: &[f32], labels: &[f32]) -> Parted {
        if scores.len() < MANY {
            return Parted::columns(scores, labels, 1, 0)
                .pop()
                .unwrap_or_default()
                .in_order();
        }
        use rayon::prelude::*;
        let parts: Vec<Parted> = scores
            .par_chunks(MANY)
            .zip(labels.par_chunks(MANY))
            .flat_map_iter(|(x, y)| Parted::columns(x, y, 1, 0))
            .collect();
        let joined =
            |of: fn(&Parted) -> &Vec<u32>| parts.iter().flat_map(of).copied().collect::<Vec<u32>>();
        let (positives, negatives) = rayon::join(
            || ordered(joined(|own| &own.positives)),
            || ordered(joined(|own| &own.negatives)),
        );
        Parted {
            positives,
            negatives,
        }
    }

    fn in_order(self) -> Parted {
        Parted {
            positives: ordered(self.positives),
            negatives: ordered(self.negatives),
        }
    }
}

fn ordered(mut keys: Vec<u32>) -> Vec<u32> {
    sort(&mut keys);
    keys
}

/// Walks distinct thresholds from the highest down: `visit(true positives, false positives)` after
/// each.
fn thresholds(positives: &[u32], negatives: &[u32], mut visit: impl FnMut(usize, usize)) {
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
struct Sums {
    area: f64,
    precision: f64,
    trapezoid: f64,
}

/// For each positive how many negatives lie below it.
fn below(positives: &[u32], negatives: &[u32]) -> Vec<u32> {
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
            // one of both goes on, without a branch, which could not be predicted
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
    // what was not reached stands above all negatives, or below all
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
    // every negative here also lies below the positives above
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
fn summed(positives: &[u32], negatives: &[u32], above: (usize, usize)) -> Sums {
    sums_over(positives, negatives, &below(positives, negatives), above)
}

/// Sums over all thresholds; in pieces, side by side, where there are many.
fn total(
    Parted {
        positives,
        negatives,
    }: &Parted,
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

impl Ranking {
    /// Where one class is absent.
    pub const UNDEFINED: Ranking = Ranking {
        auroc: f64::NAN,
        average_precision: f64::NAN,
        auprc: f64::NAN,
    };

    fn of(parted: &Parted) -> Ranking {
        let (sums, p, n) = (
            total(parted),
            parted.positives.len() as f64,
            parted.negatives.len() as f64,
        );
        if p == 0.0 || n == 0.0 {
            return Ranking::UNDEFINED;
        }
        Ranking {
            auroc: sums.area / (2.0 * p * n),
            average_precision: sums.precision / p,
            auprc: sums.trapezoid / p,
        }
    }
}

/// All ranking metrics of one task; NaN where one class is absent.
pub fn ranking(scores: &[f32], labels: &[f32]) -> Ranking {
    Ranking::of(&Parted::sorted(scores, labels))
}

/// All ranking metrics of each column of `rows * columns` numbers.
pub fn rankings(scores: &[f32], labels: &[f32], columns: usize) -> Vec<Ranking> {
    if columns == 1 {
        return vec![ranking(scores, labels)];
    }
    let group = |first: usize| {
        Parted::columns(scores, labels, columns, first)
            .into_iter()
            .map(|own| Ranking::of(&own.in_order()))
            .collect::<Vec<_>>()
    };
    let starts: Vec<usize> = (0..columns).step_by(GROUP).collect();
    if scores.len() < MANY {
        return starts.into_iter().flat_map(group).collect();
    }
    use rayon::prelude::*;
    starts.into_par_iter().flat_map_iter(group).collect()
}

/// Scores in order, for those that are compared with several others.
pub struct InOrder(Vec<u32>);

impl InOrder {
    /// Of scores; undefined ones are left out.
    pub fn of(scores: &[f32]) -> InOrder {
        InOrder(ordered(
            scores
                .iter()
                .filter(|score| !score.is_nan())
                .map(|score| key(*score))
                .collect(),
        ))
    }

    /// How often one of these is above one of the others; ties count half.
    pub fn auroc(&self, negatives: &InOrder) -> f64 {
        let pairs = |positives: &[u32], negatives: &[u32]| {
            below(positives, negatives)
                .into_iter()
                .map(u64::from)
                .sum::<u64>()
        };
        let all = (self.0.len() * negatives.0.len()) as u64;
        // pairs in which the positive is above, and in which it is not below
        let both = pairs(&self.0, &negatives.0) + (all - pairs(&negatives.0, &self.0));
        both as f64 / (2 * all) as f64
    }
}

/// The largest recall among thresholds with a false discovery rate of at most `fdr`; 0 where there
/// is none, NaN where one class is absent.
pub fn recall_at_fdr(scores: &[f32], labels: &[f32], fdr: f64) -> f64 {
    let Parted {
        positives,
        negatives,
    } = Parted::sorted(scores, labels);
    let mut best = 0usize;
    thresholds(&positives, &negatives, |tp, fp| {
        if fp as f64 <= fdr * (tp + fp) as f64 {
            best = best.max(tp);
        }
    });
    if positives.is_empty() || negatives.is_empty() {
        f64::NAN
    } else {
        best as f64 / positives.len() as f64
    }
}

/// Points of the ROC curve: false and true positive rates, at most about `most` of them.
pub fn roc(scores: &[f32], labels: &[f32], most: usize) -> Vec<(f64, f64)> {
    let Parted {
        positives,
        negatives,
    } = Parted::sorted(scores, labels);
    let (p, n) = (positives.len().max(1) as f64, negatives.len().max(1) as f64);
    let mut points = vec![(0.0, 0.0)];
    thresholds(&positives, &negatives, |tp, fp| {
        points.push((fp as f64 / n, tp as f64 / p))
    });
    let every = points.len().div_ceil(most.max(2));
    let last = points.len() - 1;
    points
        .into_iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || *i == last)
        .map(|(_, point)| point)
        .collect()
}

/// Points of the precision-recall curve: recall and precision, at most about `most` of them.
pub fn precision_recall(scores: &[f32], labels: &[f32], most: usize) -> Vec<(f64, f64)> {
    let Parted {
        positives,
        negatives,
    } = Parted::sorted(scores, labels);
    let p = positives.len().max(1) as f64;
    let mut points = Vec::new();
    thresholds(&positives, &negatives, |tp, fp| {
        points.push((tp as f64 / p, tp as f64 / (tp + fp).max(1) as f64))
    });
    let every = points.len().div_ceil(most.max(2)).max(1);
    let last = points.len().saturating_sub(1);
    points
        .into_iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || *i == last)
        .map(|(_, point)| point)
        .collect()
}

/// Predicted probabilities against how often the label is 1, over bins of equal width: mean
/// prediction, share of ones, rows. Bins without a row are left out.
pub fn calibration(scores: &[f64], labels: &[f64], bins: usize) -> Vec<(f64, f64, usize)> {
    let mut sums = vec![(0.0, 0.0, 0usize); bins.max(1)];
    for (score, label) in scores
        .iter()
        .zip(labels)
        .filter(|(s, l)| s.is_finite() && l.is_finite())
    {
        let bin = &mut sums[((score * bins as f64).floor().max(0.0) as usize).min(bins.max(1) - 1)];
        *bin = (
            bin.0 + score,
            bin.1 + f64::from(u8::from(*label > 0.5)),
            bin.2 + 1,
        );
    }
    sums.into_iter()
        .filter(|own| own.2 > 0)
        .map(|(s, l, n)| (s / n as f64, l / n as f64, n))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scores: &[f32], labels: &[f32]) -> Ranking {
        ranking(scores, labels)
    }

    #[test]
    fn scores_in_order_give_the_same_area() {
        let mut rng = cistron_base::seed::Rng::keyed(&[4]);
        for (p, n) in [(1, 1), (50, 70), (3000, 20)] {
            let scores: Vec<f32> = (0..p + n).map(|_| rng.below(40) as f32 - 20.0).collect();
            let labels: Vec<f32> = (0..p + n).map(|i| f32::from(u8::from(i < p))).collect();
            let found = InOrder::of(&scores[..p]).auroc(&InOrder::of(&scores[p..]));
            assert!((found - of(&scores, &labels).auroc).abs() < 1e-12);
        }
        assert!(InOrder::of(&[]).auroc(&InOrder::of(&[1.0])).is_nan());
    }

    /// By the definition, over all thresholds of a small set.
    #[test]
    fn many_scores_and_many_columns_give_what_single_ones_give() {
        let mut rng = cistron_base::seed::Rng::keyed(&[2]);
        for ties in [false, true] {
            let n = MANY + 1000;
            let scores: Vec<f32> = (0..n)
                .map(|_| {
                    if ties {
                        rng.below(1000) as f32
                    } else {
                        rng.normal() as f32
                    }
                })
                .collect();
            let labels: Vec<f32> = scores
                .iter()
                .map(|x| {
                    if rng.below(9) == 0 {
                        f32::NAN
                    } else {
                        f32::from(u8::from(rng.normal() as f32 + x > 1.0))
                    }
                })
                .collect();
            let whole = of(&scores, &labels);
            let plain = Parted::columns(&scores, &labels, 1, 0)
                .pop()
                .unwrap()
                .in_order();
            let sums = summed(&plain.positives, &plain.negatives, (0, 0));
            let p = plain.positives.len() as f64;
            assert!(
                (whole.average_precision - sums.precision / p).abs() < 1e-12
                    && (whole.auprc - sums.trapezoid / p).abs() < 1e-12
            );
            assert!(
                (whole.auroc - sums.area / (2.0 * p * plain.negatives.len() as f64)).abs() < 1e-12
            );
            let (columns, rows) = (19, n / 19);
            for (column, own) in rankings(
                &scores[..rows * columns],
                &labels[..rows * columns],
                columns,
            )
            .into_iter()
            .enumerate()
            {
                let pick = |values: &[f32]| {
                    (0..rows)
                        .map(|row| values[row * columns + column])
                        .collect::<Vec<f32>>()
                };
                assert_eq!(own, of(&pick(&scores), &pick(&labels)));
            }
        }
    }

    #[test]
    fn small_cases_by_hand() {
        // scikit-learn 1.9: roc_auc_score, average_precision_score, auc(recall, precision)
        let r = of(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0]);
        assert!((r.auroc - 0.75).abs() < 1e-12);
        assert!((r.average_precision - 0.833_333_333).abs() < 1e-9);
        assert!((r.auprc - 0.791_666_666).abs() < 1e-9);
        // ties count half, order does not matter
        assert_eq!(of(&[0.5, 0.5], &[1.0, 0.0]).auroc, 0.5);
        assert_eq!(of(&[0.5, 0.5], &[0.0, 1.0]).average_precision, 0.5);
        // undefined labels are left out; one class alone has no AUROC
        assert_eq!(of(&[0.1, 0.9, 0.5], &[0.0, 1.0, f32::NAN]).auroc, 1.0);
        let one_class = of(&[0.1, 0.9], &[1.0, 1.0]);
        assert!(
            one_class.auroc.is_nan()
                && one_class.average_precision.is_nan()
                && one_class.auprc.is_nan()
        );
        assert!(recall_at_fdr(&[0.1, 0.9], &[1.0, 1.0], 0.1).is_nan());
        assert_eq!(of(&[-0.0, 0.0], &[1.0, 0.0]).auroc, 0.5);
    }

    #[test]
    fn curves_by_hand() {
        let (scores, labels) = ([0.9f32, 0.8, 0.7], [1.0f32, 0.0, 1.0]);
        assert_eq!(
            precision_recall(&scores, &labels, 100),
            [(0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0)]
        );
        let found = calibration(&[0.1, 0.2, 0.9, f64::NAN], &[0.0, 1.0, 1.0, 1.0], 2);
        assert_eq!(
            found.iter().map(|own| (own.1, own.2)).collect::<Vec<_>>(),
            [(0.5, 2), (1.0, 1)]
        );
    }

    #[test]
    fn radix_sort_sorts() {
        let mut rng = cistron_base::seed::Rng::keyed(&[1]);
        let mut keys: Vec<u32> = (0..10_000).map(|_| key(rng.normal() as f32)).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        sort(&mut keys);
        assert_eq!(keys, expected);
    }

    #[test]
    fn recall_at_a_false_discovery_rate() {
        let (scores, labels) = ([0.9, 0.8, 0.7, 0.6, 0.5], [1.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(recall_at_fdr(&scores, &labels, 0.1), 2.0 / 3.0);
        assert_eq!(recall_at_fdr(&scores, &labels, 0.3), 1.0);
    }
}
