//! Randomness that depends on nothing but its seed and where it is used: the same numbers for any
//! number of threads.

/// A small, fast generator (SplitMix64, <https://doi.org/10.1145/2660193.2660195>) keyed by any
/// number of integers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline(always)]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// A generator for one use, named by its keys: a seed, then what distinguishes the use (an
    /// epoch, an index).
    pub fn keyed(keys: &[u64]) -> Self {
        Rng(keys.iter().fold(GOLDEN, |state, key| {
            mix(state.wrapping_add(GOLDEN) ^ mix(key.wrapping_add(GOLDEN)))
        }))
    }

    /// The 64 bits that would come after `n` others; the generator stays where it is.
    #[inline(always)]
    pub fn peek(&self, n: u64) -> u64 {
        mix(self.0.wrapping_add(GOLDEN.wrapping_mul(n + 1)))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A uniform integer below `n` (Lemire's method); 0 for `n` 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let mut wide = u128::from(self.next_u64()) * u128::from(n);
        if (wide as u64) < n {
            let threshold = n.wrapping_neg() % n.max(1);
            while (wide as u64) < threshold {
                wide = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (wide >> 64) as usize
    }

    /// A number in `[0, 1)` with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A standard normal number (Box–Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A gamma number of a shape, scale 1 (Marsaglia & Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * (1.0 - self.uniform()).powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        // a draw is accepted 19 times in 20; a shape that is infinite or NaN never is
        for _ in 0..1000 {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
        shape
    }

    /// A beta number of equal shapes.
    pub fn beta(&mut self, shape: f64) -> f64 {
        let (a, b) = (self.gamma(shape), self.gamma(shape));
        if a + b > 0.0 { a / (a + b) } else { 0.5 }
    }

    /// Shuffles in place, every order as likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// `0..n` in a random order.
    pub fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_separate_and_repeat() {
        assert_eq!(
            Rng::keyed(&[1, 2, 3]).next_u64(),
            Rng::keyed(&[1, 2, 3]).next_u64()
        );
        assert_ne!(
            Rng::keyed(&[1, 2, 3]).next_u64(),
            Rng::keyed(&[1, 3, 2]).next_u64()
        );
        assert_ne!(Rng::keyed(&[0]).next_u64(), Rng::keyed(&[0, 0]).next_u64());
        let mut rng = Rng::keyed(&[4]);
        let ahead: Vec<u64> = (0..5).map(|n| rng.peek(n)).collect();
        assert_eq!(ahead, (0..5).map(|_| rng.next_u64()).collect::<Vec<_>>());
    }

    #[test]
    fn below_is_even() {
        let mut rng = Rng::keyed(&[7]);
        let mut counts = [0usize; 5];
        for _ in 0..50_000 {
            counts[rng.below(5)] += 1;
        }
        let chi: f64 = counts
            .iter()
            .map(|&c| (c as f64 - 10_000.0).powi(2) / 10_000.0)
            .sum();
        assert!(chi < 18.5, "chi-squared {chi} over 4 degrees of freedom"); // p = 0.001
    }

    #[test]
    fn normals_have_mean_0_and_variance_1() {
        let mut rng = Rng::keyed(&[3]);
        let x: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        let mean = x.iter().sum::<f64>() / 1e5;
        let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(
            mean.abs() < 0.012 && (variance - 1.0).abs() < 0.02,
            "{mean} {variance}"
        );
    }

    #[test]
    fn gamma_and_beta_have_their_moments() {
        let mut rng = Rng::keyed(&[4]);
        for shape in [0.3, 1.0, 4.0] {
            let x: Vec<f64> = (0..100_000).map(|_| rng.gamma(shape)).collect();
            let mean = x.iter().sum::<f64>() / 1e5;
            let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 1e5;
            assert!(
                (mean / shape - 1.0).abs() < 0.02 && (variance / shape - 1.0).abs() < 0.06,
                "{shape}: {mean} {variance}"
            );
            let b = (0..100_000)
                .map(|_| (rng.beta(shape) - 0.5).powi(2))
                .sum::<f64>()
                / 1e5;
            assert!(
                (b * 4.0 * (2.0 * shape + 1.0) - 1.0).abs() < 0.03,
                "{shape}: {b}"
            );
        }
    }
}
