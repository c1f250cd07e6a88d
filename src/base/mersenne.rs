//! NumPy's older generator (Matsumoto & Nishimura 1998), for algorithms whose published results
//! were drawn with it.

/// MT19937 as `numpy.random.RandomState` seeds and reads it.
pub struct Mersenne {
    state: [u32; 624],
    next: usize,
}

impl Mersenne {
    /// `RandomState(seed)`.
    pub fn new(seed: u32) -> Mersenne {
        let mut state = [0; 624];
        state[0] = seed;
        for i in 1..624u32 {
            let before: u32 = state[i as usize - 1];
            state[i as usize] = 1_812_433_253u32
                .wrapping_mul(before ^ (before >> 30))
                .wrapping_add(i);
        }
        Mersenne { state, next: 624 }
    }

    fn turn(&mut self) {
        for i in 0..624 {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == 624 {
            self.turn();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// `random_sample()`: from 0 to 1, 53 bits.
    pub fn uniform(&mut self) -> f64 {
        let (high, low) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// A uniform integer from 0 to `most`, inclusive.
    fn up_to(&mut self, most: u32) -> u32 {
        if most == 0 {
            return 0;
        }
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let value = self.next_u32() & mask;
            if value <= most {
                return value;
            }
        }
    }

    /// `choice(n, size, replace=False)`: the first numbers of `permutation(n)`.
    pub fn choice(&mut self, n: usize, size: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            let j = self.up_to(i as u32) as usize;
            all.swap(i, j);
        }
        all.truncate(size);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numpys() {
        // r = numpy.random.RandomState(1234); r.uniform(), r.uniform();
        // numpy.random.RandomState(1234).choice(10, 5, replace=False)
        let mut r = Mersenne::new(1234);
        assert_eq!(
            (r.uniform(), r.uniform()),
            (0.191_519_450_378_892_3, 0.622_108_771_039_831_9)
        );
        assert_eq!(Mersenne::new(1234).choice(10, 5), vec![7, 2, 9, 1, 0]);
    }
}
