//! Chances of counts and the incomplete beta function, to nearly all digits whatever the size.
//!
//! Differences of logarithms of factorials lose a digit for every digit of n; here they are formed
//! from the errors of Stirling's formula and from deviances (Loader 2000, "Fast and accurate
//! computation of binomial probabilities", as in R).

use statrs::function::gamma::ln_gamma;
use std::f64::consts::PI;

/// The error of Stirling's formula: ln Γ(z + 1) - ((z + ½) ln z - z + ½ ln 2π).
fn stirling_error(z: f64) -> f64 {
    if z <= 15.0 {
        return ln_gamma(z + 1.0) - (z + 0.5) * z.ln() + z - 0.5 * (2.0 * PI).ln();
    }
    let s = 1.0 / (z * z);
    (1.0 / 12.0
        - (1.0 / 360.0
            - (1.0 / 1260.0 - (1.0 / 1680.0 - (1.0 / 1188.0 - 691.0 / 360_360.0 * s) * s) * s) * s)
            * s)
        / z
}

/// The deviance x ln(x / m) + m - x, without cancellation where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    let gap = x - m;
    if gap.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() - gap;
    }
    let v = gap / (x + m);
    let (mut sum, mut term) = (gap * v, 2.0 * x * v);
    // each term is at most a hundredth of the one before
    for j in 1..100 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// The binomial chance of `x` of `n` at `p`, `q = 1 - p`; `x` and `n` need not be integers.
pub fn binomial_chance(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if !(0.0..=n).contains(&x) {
        return 0.0;
    }
    if p == 0.0 || q == 0.0 {
        return f64::from(u8::from(if p == 0.0 { x == 0.0 } else { x == n }));
    }
    if x == 0.0 {
        return if p < 0.1 {
            (n * (-p).ln_1p()).exp()
        } else {
            (n * q.ln()).exp()
        };
    }
    if x == n {
        return if q < 0.1 {
            (n * (-q).ln_1p()).exp()
        } else {
            (n * p.ln()).exp()
        };
    }
    let log = stirling_error(n)
        - stirling_error(x)
        - stirling_error(n - x)
        - deviance(x, n * p)
        - deviance(n - x, n * q);
    (n / (2.0 * PI * x * (n - x))).sqrt() * log.exp()
}

/// The chance that `x` of `drawn` are of the `marked` ones among `all`.
pub fn hypergeometric_chance(x: f64, marked: f64, drawn: f64, all: f64) -> f64 {
    if x < 0.0 || x > marked || drawn - x < 0.0 || drawn - x > all - marked {
        return 0.0;
    }
    if drawn == 0.0 || drawn == all {
        return 1.0;
    }
    let (p, q) = (drawn / all, (all - drawn) / all);
    binomial_chance(x, marked, p, q) * binomial_chance(drawn - x, all - marked, p, q)
        / binomial_chance(drawn, all, p, q)
}

/// The regularised incomplete beta function at `x` and its complement, `y = 1 - x`.
pub fn beta(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if x <= 0.0 || y <= 0.0 {
        return if x <= 0.0 { (0.0, 1.0) } else { (1.0, 0.0) };
    }
    // x^a y^b / B(a, b)
    let factor = a * b / (a + b) * binomial_chance(a, a + b, x, y);
    if x * (b + 1.0) < y * (a + 1.0) {
        let lower = (factor / a * fraction(a, b, x)).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (factor / b * fraction(b, a, y)).min(1.0);
        (1.0 - upper, upper)
    }
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's
/// method; about √(a + b) steps.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let steps = 200 + 20 * (a.max(b)).sqrt().min(1e7) as usize;
    const TINY: f64 = 1e-300;
    let (mut c, mut d, mut value) = (1.0, 1.0 - (a + b) * x / (a + 1.0), 1.0);
    d = 1.0 / if f64::abs(d) < TINY { TINY } else { d };
    value *= d;
    for m in 1..steps {
        let m = m as f64;
        for coefficient in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 + coefficient * d;
            d = 1.0 / if d.abs() < TINY { TINY } else { d };
            c = 1.0 + coefficient / c;
            if f64::abs(c) < TINY {
                c = TINY;
            }
            value *= c * d;
        }
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

/// The chance of more than `t` under Student's distribution, for t of either sign.
pub fn student_above(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let square = t * t;
    let (x, y) = if square.is_infinite() {
        (0.0, 1.0)
    } else {
        (df / (df + square), square / (df + square))
    };
    let half = beta(df / 2.0, 0.5, x, y).0 / 2.0;
    if t > 0.0 { half } else { 1.0 - half }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64) {
        assert!(
            (got - wanted).abs() <= 1e-11 * wanted.abs(),
            "{got} instead of {wanted}"
        );
    }

    #[test]
    fn chances_keep_their_digits_where_counts_are_large() {
        // mpmath, 30 digits
        near(binomial_chance(3.0, 10.0, 0.5, 0.5), 120.0 / 1024.0);
        near(hypergeometric_chance(1.0, 4.0, 4.0, 8.0), 16.0 / 70.0);
        near(beta(2.0, 3.0, 0.25, 0.75).0, 0.26171875);
        near(beta(2.0, 3.0, 0.75, 0.25).0, 0.94921875);
        near(student_above(1.0, 1.0), 0.25);
        near(student_above(-1.0, 1.0), 0.75);
        near(student_above(2.0, 2.0), 0.5 - 1.0 / 6f64.sqrt());
    }
}
