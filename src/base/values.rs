//! Numbers of either width, read where they are.

use std::borrow::Cow;

/// Numbers as they are in memory.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// 32-bit floats.
    Single(&'a [f32]),
    /// 64-bit floats.
    Double(&'a [f64]),
}

impl<'a> Values<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Values::Single(x) => x.len(),
            Values::Double(x) => x.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// One of them.
    #[inline]
    pub fn at(self, i: usize) -> f64 {
        match self {
            Values::Single(x) => f64::from(x[i]),
            Values::Double(x) => x[i],
        }
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = f64> + 'a {
        (0..self.len()).map(move |i| self.at(i))
    }

    /// Those of one column of rows.
    pub fn column(self, column: usize, columns: usize) -> impl Iterator<Item = f64> + 'a {
        (column..self.len())
            .step_by(columns.max(1))
            .map(move |i| self.at(i))
    }

    /// Whether one of them is at least a threshold, compared in its own width: 0.7 in 32 bits
    /// reaches 0.7.
    #[inline]
    pub fn reaches(self, i: usize, threshold: f64) -> bool {
        match self {
            Values::Single(x) => x[i] >= threshold as f32,
            Values::Double(x) => x[i] >= threshold,
        }
    }

    /// 32-bit floats in the same order, equal where these are equal.
    pub fn in_32_bits(self) -> Cow<'a, [f32]> {
        let values = match self {
            Values::Single(x) => return Cow::Borrowed(x),
            Values::Double(x) => x,
        };
        let narrow: Vec<f32> = values.iter().map(|x| *x as f32).collect();
        if values
            .iter()
            .zip(&narrow)
            .all(|(x, y)| f64::from(*y) == *x || x.is_nan())
        {
            return Cow::Owned(narrow);
        }
        Cow::Owned(dense_ranks(values))
    }
}

/// For each number the rank of its value among the distinct values, as a 32-bit float; NaN stays
/// NaN.
fn dense_ranks(values: &[f64]) -> Vec<f32> {
    let mut order: Vec<u32> = (0..values.len() as u32)
        .filter(|i| !values[*i as usize].is_nan())
        .collect();
    order.sort_unstable_by(|a, b| values[*a as usize].total_cmp(&values[*b as usize]));
    let mut ranks = vec![f32::NAN; values.len()];
    // consecutive bit patterns from 1.0 on are consecutive floats
    let mut bits = 1.0f32.to_bits();
    for (at, i) in order.iter().enumerate() {
        if at > 0 && values[*i as usize] != values[order[at - 1] as usize] {
            bits += 1;
        }
        ranks[*i as usize] = f32::from_bits(bits);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_64_bits_survives_in_32() {
        let values = [
            1e-50,
            2e-50,
            f64::NAN,
            -1e300,
            2e-50,
            0.0,
            -0.0,
            f64::INFINITY,
            1.0 + 1e-12,
            1.0,
        ];
        let ranks = Values::Double(&values).in_32_bits();
        for (i, x) in values.iter().enumerate() {
            for (j, y) in values.iter().enumerate() {
                assert_eq!(x.partial_cmp(y), ranks[i].partial_cmp(&ranks[j]), "{x} {y}");
            }
        }
        assert_eq!(Values::Double(&[0.5, f64::NAN]).in_32_bits()[0], 0.5);
    }
}
