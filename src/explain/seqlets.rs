//! Seqlets by the recursive method: spans that stand out, and of which every span inside stands out
//! as well (tangermeme, Schreiber 2025).
//!
//! The null distribution of a span's sum takes its positions as independent draws from all
//! contributions. Its p-values rank spans; they are no rates of false discoveries, for neighbours
//! are alike.

use cistron_base::bail;
use cistron_base::wide::widest;
use cistron_base::{Fault, Result, interrupt};
use cistron_torch::parallel;

/// How spans are found.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The p-value below which a span stands out.
    pub threshold: f64,
    /// Positions of the shortest span.
    pub least: usize,
    /// Positions of the longest.
    pub most: usize,
    /// Steps that contributions are rounded to.
    pub bins: usize,
    /// The numbers that are rounded.
    pub rounding: Rounding,
}

/// Which numbers are rounded to bins. The null is of sums of the bins of single positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Each position, as in the null; the p-value is the chance of at least the sum of their bins.
    Positions,
    /// Its sum, whose bin is higher than the null's by half a bin for each position; the p-value is
    /// the largest of those of the shorter spans that start with it (tangermeme before 1.6).
    Spans,
}

/// A span of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The sample's number.
    pub sample: usize,
    /// Its first position.
    pub start: usize,
    /// One past its last position.
    pub end: usize,
    /// The sum of its contributions.
    pub sum: f64,
    /// The chance of a sum as large.
    pub p_value: f64,
}

/// Sums of spans that are as likely as the contributions are.
struct Null {
    low: f64,
    width: f64,
    bins: usize,
    /// Of each length, the chance of each sum of bins or a larger one.
    tails: Vec<Vec<f64>>,
}

impl Null {
    fn of(values: &[f64], rule: &Rule) -> Result<Option<Null>> {
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                (low.min(*x), high.max(*x))
            });
        if values.is_empty() || low == high {
            return Ok(None);
        }
        let bins = rule.bins;
        let mut null = Null {
            low,
            width: (high - low) / (bins - 1) as f64,
            bins,
            tails: vec![Vec::new(); rule.most + 1],
        };
        let mut one = vec![0.0; bins];
        values.iter().for_each(|x| one[null.bin(*x)] += 1.0);
        one.iter_mut()
            .for_each(|share| *share /= values.len() as f64);
        let filled: Vec<(usize, f64)> = one
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, share)| *share > 0.0)
            .collect();
        let mut sums = one.clone();
        for length in 1..=rule.most {
            if length > 1 {
                let mut padded = vec![0.0; bins];
                padded.extend(&sums);
                padded.resize(bins * (length + 1) + PART, 0.0);
                let mut next = vec![0.0; bins * length];
                parallel::each_part(&mut next, PART, &|part, out| {
                    // what is left out after an interrupt is not used
                    if !interrupt::is_raised() {
                        added(&filled, &padded[..], bins + part * PART, out);
                    }
                });
                if interrupt::is_raised() {
                    return Err(Fault::new("interrupted", "interrupted"));
                }
                sums = next;
            }
            null.tails[length] = if rule.rounding == Rounding::Positions {
                reaching(&sums)
            } else {
                exceeding(&sums, length)
            };
        }
        Ok(Some(null))
    }

    fn bin(&self, x: f64) -> usize {
        (((x - self.low) / self.width).floor().max(0.0) as usize).min(self.bins - 1)
    }
}

/// The chance of at least each sum.
fn reaching(sums: &[f64]) -> Vec<f64> {
    let mut tail = sums.to_vec();
    (0..tail.len().saturating_sub(1))
        .rev()
        .for_each(|i| tail[i] += tail[i + 1]);
    tail
}

/// The chance of more than each sum, counted from the second sum on and down from 1, as the earlier
/// method has it; single positions have none.
fn exceeding(sums: &[f64], length: usize) -> Vec<f64> {
    let mut left = 1.0;
    let chance = |(i, share): (usize, &f64)| {
        if i > 0 {
            left = if length > 1 {
                f64::max(left - share, 0.0)
            } else {
                0.0
            };
        }
        left
    };
    sums.iter().enumerate().map(chance).collect()
}

/// Sums that are computed at a time.
const PART: usize = 2048;

/// The shares of sums from one on, of shares of a bin and of sums of one fewer; `sums[at]` is that
/// of the first.
#[inline(always)]
fn added_of(shares: &[(usize, f64)], sums: &[f64], at: usize, out: &mut [f64]) {
    const BLOCK: usize = 64;
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        let mut total = [0.0; BLOCK];
        for (bin, share) in shares {
            let from = &sums[at + block * BLOCK - bin..][..BLOCK];
            total
                .iter_mut()
                .zip(from)
                .for_each(|(total, sum)| *total += share * sum);
        }
        out.copy_from_slice(&total[..out.len()]);
    }
}

widest!(added(shares: &[(usize, f64)], sums: &[f64], at: usize, out: &mut [f64]) -> (), added_of);

/// Positive spans of samples `[samples, length]`, the least likely first.
pub fn recursive(values: &[f64], length: usize, rule: &Rule) -> Result<Vec<Span>> {
    if rule.least < 1 || rule.least > rule.most {
        bail!(
            "option",
            "the shortest span must have from 1 to {} positions, the longest, got {}",
            rule.most,
            rule.least
        );
    }
    if rule.most > length {
        bail!(
            "option",
            "the longest span has {} positions, the samples have {length}",
            rule.most
        );
    }
    if let Some(bad) = values.iter().position(|x| !x.is_finite()) {
        bail!(
            "value",
            "contributions of sample {} are not finite",
            bad / length
        );
    }
    let Some(null) = Null::of(values, rule)? else {
        return Ok(Vec::new());
    };
    interrupt::check()?;
    let found = parallel::map(values.len() / length, &|sample| {
        spans(sample, &values[sample * length..][..length], &null, rule)
    });
    let mut found: Vec<Span> = found.into_iter().flatten().collect();
    found.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
    Ok(found)
}

/// A start from which spans of some length stand out, with all spans in them.
#[derive(Clone, Copy)]
struct Start {
    at: usize,
    /// The largest p-value among the spans that start here, up to this length.
    own: f64,
}

fn spans(sample: usize, values: &[f64], null: &Null, rule: &Rule) -> Vec<Span> {
    let (mut bins, mut sums) = (vec![0usize], vec![0.0]);
    for x in values {
        bins.push(bins[bins.len() - 1] + null.bin(*x));
        sums.push(sums[sums.len() - 1] + x);
    }
    let chance = |start: usize, length: usize| {
        let tail = &null.tails[length];
        match rule.rounding {
            Rounding::Positions => tail[bins[start + length] - bins[start]],
            Rounding::Spans => {
                let above = sums[start + length] - sums[start] - null.low * length as f64;
                tail[((above / null.width).floor().max(0.0) as usize).min(tail.len() - 1)]
            }
        }
    };
    // a span can stand out only if those one shorter in it do, at its start and at the next
    // position
    let mut by_length: Vec<Vec<Start>> = vec![
        (0..=values.len() - rule.least)
            .map(|at| Start {
                at,
                own: chance(at, rule.least),
            })
            .collect(),
    ];
    by_length[0].retain(|start| start.own < rule.threshold);
    for length in rule.least + 1..=rule.most {
        let shorter = &by_length[by_length.len() - 1];
        let pairs = shorter
            .windows(2)
            .filter(|pair| pair[1].at == pair[0].at + 1);
        let longer = pairs.map(|pair| Start {
            at: pair[0].at,
            own: pair[0].own.max(chance(pair[0].at, length)),
        });
        let longer: Vec<Start> = longer.filter(|start| start.own < rule.threshold).collect();
        by_length.push(longer);
    }
    let mut taken = vec![false; values.len()];
    let mut found = Vec::new();
    for (more, starts) in by_length.iter_mut().enumerate().rev() {
        let length = rule.least + more;
        starts.sort_by(|a, b| a.own.total_cmp(&b.own));
        for Start { at, own: largest } in starts {
            let own = *at..*at + length;
            if taken[own.clone()].iter().any(|taken| *taken) {
                continue;
            }
            taken[own.clone()].fill(true);
            let p_value = if rule.rounding == Rounding::Positions {
                chance(own.start, length)
            } else {
                *largest
            };
            found.push(Span {
                sample,
                start: own.start,
                end: own.end,
                sum: values[own.clone()].iter().sum(),
                p_value,
            });
        }
    }
    found
}

/// Negative spans of samples, the least likely first.
pub fn negative(values: &[f64], length: usize, rule: &Rule) -> Result<Vec<Span>> {
    let turned: Vec<f64> = values.iter().map(|x| -x).collect();
    Ok(recursive(&turned, length, rule)?
        .into_iter()
        .map(|span| Span {
            sum: -span.sum,
            ..span
        })
        .collect())
}

/// Spans of both signs; a negative one that overlaps a positive one goes.
pub fn of_both_signs(values: &[f64], length: usize, rule: &Rule) -> Result<Vec<Span>> {
    let mut found = recursive(values, length, rule)?;
    let mut taken = vec![false; values.len()];
    found
        .iter()
        .for_each(|span| taken[span.sample * length..][span.start..span.end].fill(true));
    let is_free = |span: &Span| {
        !taken[span.sample * length..][span.start..span.end]
            .iter()
            .any(|taken| *taken)
    };
    found.extend(negative(values, length, rule)?.into_iter().filter(is_free));
    found.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    const RULE: Rule = Rule {
        threshold: 0.01,
        least: 4,
        most: 12,
        bins: 200,
        rounding: Rounding::Positions,
    };

    #[test]
    fn what_was_planted_is_found_and_nothing_overlaps() {
        let (rows, length) = (50, 100);
        let mut rng = Rng::keyed(&[1]);
        let mut values: Vec<f64> = (0..rows * length).map(|_| 0.05 * rng.normal()).collect();
        for row in 0..rows {
            values[row * length + row..][..8].fill(if row % 2 == 0 { 1.0 } else { -1.0 });
        }
        let found = of_both_signs(&values, length, &RULE).unwrap();
        for row in 0..rows {
            let best = found.iter().find(|span| span.sample == row).unwrap();
            // neighbours of what was planted may lie in the span as well
            assert!(
                best.start.abs_diff(row) <= 3 && best.end.abs_diff(row + 8) <= 3,
                "{best:?}"
            );
            assert_eq!(best.sum > 0.0, row % 2 == 0);
        }
        let mut taken = vec![false; values.len()];
        for span in &found {
            for at in span.start..span.end {
                assert!(!std::mem::replace(
                    &mut taken[span.sample * length + at],
                    true
                ));
            }
        }
    }

    #[test]
    fn the_null_is_a_distribution() {
        let null = Null::of(
            &[0.0, 1.0, 1.0, 3.0],
            &Rule {
                bins: 4,
                most: 2,
                ..RULE
            },
        )
        .unwrap()
        .unwrap();
        assert_eq!(null.tails[1], [1.0, 0.75, 0.25, 0.25]);
        // two draws of 0, 1, 1, 3: a sum of 6 once in 16
        assert!(
            (null.tails[2][6] - 1.0 / 16.0).abs() < 1e-15 && (null.tails[2][0] - 1.0).abs() < 1e-15
        );
        assert!(recursive(&[1.0; 20], 20, &RULE).unwrap().is_empty());
    }
}
