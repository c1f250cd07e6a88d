//! Exact tests of counts.

use super::exact::{beta, binomial_chance, hypergeometric_chance};
use super::{Alternative, Outcome};
use cistron_base::Result;
use cistron_base::bail;

/// Rounding that separates equal chances of binomial counts from greater ones, as in SciPy and R.
const BINOMIAL_SLACK: f64 = 1.0 + 1e-7;
/// The same for tables of two by two.
const FISHER_SLACK: f64 = 1.0 + 1e-11;
/// The most counts that floats hold exactly.
const MOST: u64 = 1 << 53;

/// The smallest of `range` from which on chances, which fall, are at most `limit`; its end where
/// there is none.
fn first_at_most(range: std::ops::Range<u64>, limit: f64, chance: impl Fn(u64) -> f64) -> u64 {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if chance(middle) <= limit {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The chance of all counts that are no likelier than `seen`, of counts from `least` to `most` with
/// the likeliest at `mode`; `below` and `above` are the chances of at most and of at least a count.
fn two_sided(
    seen: u64,
    (least, mode, most): (u64, u64, u64),
    slack: f64,
    chance: impl Fn(u64) -> f64,
    below: impl Fn(u64) -> f64,
    above: impl Fn(u64) -> f64,
) -> f64 {
    let limit = chance(seen) * slack;
    if chance(mode) <= limit {
        return 1.0;
    }
    let other = if seen < mode {
        let start = first_at_most(mode..most + 1, limit, &chance);
        below(seen) + if start > most { 0.0 } else { above(start) }
    } else {
        // mirrored: counts fall below the mode
        let steps = first_at_most(0..mode - least + 1, limit, |step| chance(mode - step));
        above(seen)
            + if steps > mode - least {
                0.0
            } else {
                below(mode - steps)
            }
    };
    other.min(1.0)
}

/// Whether `successes` of `n` have chance `p`; two-sided: all counts that are no likelier.
pub fn binomial(successes: u64, n: u64, p: f64, alternative: Alternative) -> Result<Outcome> {
    if successes > n || n == 0 {
        bail!(
            "value",
            "`successes` must be from 0 to `n` ({n}), got {successes}"
        );
    }
    if !(0.0..=1.0).contains(&p) {
        bail!("value", "`p` must be from 0 to 1, got {p}");
    }
    if n > MOST {
        bail!("value", "`n` must be at most 2^53, got {n}");
    }
    let q = 1.0 - p;
    let below = |k: u64| {
        if k >= n {
            1.0
        } else {
            beta((n - k) as f64, k as f64 + 1.0, q, p).0
        }
    };
    let above = |k: u64| {
        if k == 0 {
            1.0
        } else {
            beta(k as f64, (n - k) as f64 + 1.0, p, q).0
        }
    };
    let chance = |k: u64| binomial_chance(k as f64, n as f64, p, q);
    let mode = (((n + 1) as f64 * p).floor() as u64).min(n);
    let p_value = match alternative {
        Alternative::Less => below(successes),
        Alternative::Greater => above(successes),
        Alternative::TwoSided => two_sided(
            successes,
            (0, mode, n),
            BINOMIAL_SLACK,
            chance,
            below,
            above,
        ),
    };
    Ok(Outcome {
        statistic: successes as f64 / n as f64,
        p_value,
        more: Vec::new(),
    })
}

/// The chances of counts of a table of two by two with given margins.
struct Hypergeometric {
    marked: u64,
    drawn: u64,
    all: u64,
    least: u64,
    mode: u64,
    most: u64,
}

impl Hypergeometric {
    fn new(all: u64, marked: u64, drawn: u64) -> Hypergeometric {
        let (least, most) = ((drawn + marked).saturating_sub(all), drawn.min(marked));
        let mode =
            ((drawn as f64 + 1.0) * (marked as f64 + 1.0) / (all as f64 + 2.0)).floor() as u64;
        Hypergeometric {
            marked,
            drawn,
            all,
            least,
            mode: mode.clamp(least, most),
            most,
        }
    }

    fn chance(&self, x: u64) -> f64 {
        hypergeometric_chance(
            x as f64,
            self.marked as f64,
            self.drawn as f64,
            self.all as f64,
        )
    }

    /// How many times likelier `x + 1` is than `x`.
    fn ratio(&self, x: u64) -> f64 {
        let unmarked = (self.all - self.marked) as f64 - (self.drawn - x) as f64;
        (self.marked - x) as f64 * (self.drawn - x) as f64 / ((x + 1) as f64 * (unmarked + 1.0))
    }

    /// The sum of chances from `x` away from the mode, which fall, until they no longer count.
    fn tail(&self, x: u64, is_upper: bool) -> f64 {
        let first = self.chance(x);
        let (mut at, mut term, mut sum) = (x, 1.0, 1.0);
        while at != if is_upper { self.most } else { self.least } {
            if is_upper {
                term *= self.ratio(at);
                at += 1;
            } else {
                at -= 1;
                term /= self.ratio(at);
            }
            sum += term;
            if term < sum * 1e-18 {
                break;
            }
        }
        first * sum
    }

    fn below(&self, x: u64) -> f64 {
        if x >= self.most {
            return 1.0;
        }
        if x <= self.mode {
            self.tail(x, false)
        } else {
            1.0 - self.tail(x + 1, true)
        }
    }

    fn above(&self, x: u64) -> f64 {
        if x <= self.least {
            return 1.0;
        }
        if x >= self.mode {
            self.tail(x, true)
        } else {
            1.0 - self.tail(x - 1, false)
        }
    }
}

/// Whether rows and columns of a table of two by two are independent (Fisher); the statistic is the
/// odds ratio. Where a row or a column is empty there is no odds ratio (NaN), and p is 1.
pub fn fisher([[a, b], [c, d]]: [[u64; 2]; 2], alternative: Alternative) -> Result<Outcome> {
    let all = [a, b, c, d]
        .iter()
        .try_fold(0u64, |sum, n| sum.checked_add(*n))
        .filter(|sum| *sum <= MOST);
    let Some(all) = all else {
        bail!("value", "the table holds more than 2^53 counts")
    };
    let (row, column) = (a + b, a + c);
    let [p, q, r, s] = [a, b, c, d].map(|n| n as f64);
    let odds = match (p * s, q * r) {
        (0.0, 0.0) => f64::NAN,
        (_, 0.0) => f64::INFINITY,
        (with, against) => with / against,
    };
    let dist = Hypergeometric::new(all, column, row);
    let p_value = match alternative {
        Alternative::Less => dist.below(a),
        Alternative::Greater => dist.above(a),
        Alternative::TwoSided => {
            let range = (dist.least, dist.mode, dist.most);
            two_sided(
                a,
                range,
                FISHER_SLACK,
                |x| dist.chance(x),
                |x| dist.below(x),
                |x| dist.above(x),
            )
        }
    };
    Ok(Outcome {
        statistic: odds,
        p_value: p_value.clamp(0.0, 1.0),
        more: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64) {
        assert!(
            (got - wanted).abs() <= 1e-9 * wanted,
            "{got} instead of {wanted}"
        );
    }

    #[test]
    fn tables_and_counts_of_thousands_and_millions_keep_their_digits() {
        // SciPy 1.17
        let fisher = |table, side| fisher(table, side).unwrap().p_value;
        near(fisher([[10, 500], [10, 510]], Alternative::TwoSided), 1.0);
        near(
            fisher([[11417, 3108], [15263, 3758]], Alternative::TwoSided),
            0.000_239_032_326_428_064_95,
        );
        assert!(
            (fisher([[600, 100], [300, 400]], Alternative::Greater) / 6.889e-66 - 1.0).abs() < 1e-3
        );
        let binomial = |k, n| binomial(k, n, 0.5, Alternative::Greater).unwrap().p_value;
        near(binomial(499_990, 1_000_000), 0.508_377_171_464_063_7);
        near(binomial(4_999_771, 10_000_000), 0.557_703_204_012_640_6);
    }

    #[test]
    fn tables_with_an_empty_side_have_no_odds_ratio() {
        for table in [[[0, 0], [0, 0]], [[0, 3], [0, 5]], [[3, 5], [0, 0]]] {
            let outcome = fisher(table, Alternative::TwoSided).unwrap();
            assert!(
                outcome.statistic.is_nan() && outcome.p_value == 1.0,
                "{table:?}"
            );
        }
        assert_eq!(
            fisher([[3, 0], [2, 5]], Alternative::TwoSided)
                .unwrap()
                .statistic,
            f64::INFINITY
        );
    }
}
