//! Real spherical harmonics of degrees 0 to 4.

use crate::point::Point;

/// How many values there are.
pub const COUNT: usize = 25;

/// Order, scale and azimuth of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Convention {
    /// Within degree l the orders are -l, …, l; orthonormal, without the Condon–Shortley sign,
    /// azimuth atan2(y, x).
    Usual,
    /// Within degree l the orders are -1, -2, …, -l, 0, 1, …, l; values of orders other than 0 are
    /// √2 times the orthonormal ones, azimuth atan2(y, -x).
    Enqa,
}

/// The values of a unit vector.
pub fn harmonics(direction: Point, convention: Convention) -> [f64; COUNT] {
    let [x, y, z] = direction;
    let x = if convention == Convention::Enqa {
        -x
    } else {
        x
    };
    // powers of x + iy: cosines and sines of multiples of the azimuth, times sin(polar angle)^m
    let (mut cosines, mut sines) = ([1.0; 5], [0.0; 5]);
    for m in 1..5 {
        cosines[m] = cosines[m - 1] * x - sines[m - 1] * y;
        sines[m] = cosines[m - 1] * y + sines[m - 1] * x;
    }
    let mut out = [0.0; COUNT];
    let mut at = 0;
    for l in 0..5_usize {
        let mut push = |value: f64| {
            out[at] = value;
            at += 1;
        };
        let side = if convention == Convention::Enqa {
            2.0
        } else {
            std::f64::consts::SQRT_2
        };
        let value = |m: usize| scale(l, m) * legendre(l, m, z) * if m == 0 { 1.0 } else { side };
        let negative: Vec<usize> = match convention {
            Convention::Enqa => (1..=l).collect(),
            Convention::Usual => (1..=l).rev().collect(),
        };
        negative.into_iter().for_each(|m| push(value(m) * sines[m]));
        (0..=l).for_each(|m| push(value(m) * cosines[m]));
    }
    out
}

/// √((2l + 1) / 4π · (l - m)! / (l + m)!)
fn scale(l: usize, m: usize) -> f64 {
    let ratio: f64 = (l - m + 1..=l + m).map(|k| k as f64).product();
    ((2 * l + 1) as f64 / (4.0 * std::f64::consts::PI) / ratio).sqrt()
}

/// The associated Legendre polynomial without the Condon–Shortley sign, divided by
/// (1 - z²)^(m / 2).
fn legendre(l: usize, m: usize, z: f64) -> f64 {
    let mut before = 0.0;
    let mut value: f64 = (0..m).map(|k| (2 * k + 1) as f64).product();
    for k in m + 1..=l {
        let next = ((2 * k - 1) as f64 * z * value - (k + m - 1) as f64 * before) / (k - m) as f64;
        (before, value) = (value, next);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let y = harmonics([0.0, 0.0, 1.0], Convention::Usual);
        assert!((y[0] - 0.282_094_79).abs() < 1e-8);
        assert!((y[2] - 0.488_602_51).abs() < 1e-8);
        let y = harmonics([0.6, 0.8, 0.0], Convention::Usual);
        assert!((y[1] - 0.488_602_51 * 0.8).abs() < 1e-8);
        assert!((y[3] - 0.488_602_51 * 0.6).abs() < 1e-8);
        let y = harmonics([0.6, 0.8, 0.0], Convention::Enqa);
        assert!((y[3] + 0.690_988_30 * 0.6).abs() < 1e-8);
    }

    /// Unsöld: the squares of a degree sum to (2l + 1) / 4π.
    #[test]
    fn squares_of_a_degree_sum_to_a_constant() {
        for direction in [[0.6, 0.8, 0.0], [0.0, 0.6, -0.8], [0.36, 0.48, 0.8]] {
            let y = harmonics(direction, Convention::Usual);
            for l in 0..5 {
                let sum: f64 = y[l * l..(l + 1) * (l + 1)].iter().map(|x| x * x).sum();
                let wanted = (2 * l + 1) as f64 / (4.0 * std::f64::consts::PI);
                assert!((sum - wanted).abs() < 1e-12);
            }
        }
    }
}
