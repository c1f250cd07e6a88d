//! Random bases and sequences.

use super::alphabet;
use cistron_base::seed::Rng;

/// Draws a base by the probabilities of A, C, G and T, as a code.
pub fn base(probabilities: &[f64; 4], rng: &mut Rng) -> u8 {
    let at = rng.uniform() * probabilities.iter().sum::<f64>();
    let mut sum = 0.0;
    let drawn = probabilities.iter().position(|p| {
        sum += p;
        at < sum
    });
    // where rounding leaves none: the last base of a probability above 0
    let last = || probabilities.iter().rposition(|p| *p > 0.0);
    drawn.or_else(last).unwrap_or(0) as u8
}

/// Sequences of bases with equal frequencies.
pub fn sequences(n: usize, length: usize, seed: u64) -> Vec<String> {
    let mut rng = Rng::keyed(&[seed, 0x7365_7173]);
    let sequence = |_| {
        let codes: Vec<u8> = (0..length).map(|_| rng.below(4) as u8).collect();
        alphabet::decode(&codes)
    };
    (0..n).map(sequence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_have_their_probabilities() {
        let mut rng = Rng::keyed(&[1]);
        let mut counts = [0; 4];
        for _ in 0..10_000 {
            counts[base(&[0.5, 0.0, 0.25, 0.25], &mut rng) as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((4800..5200).contains(&counts[0]), "{counts:?}");
        assert_eq!(base(&[0.0, 0.0, 1.0, 0.0], &mut rng), 2);
    }

    #[test]
    fn sequences_depend_on_the_seed() {
        let drawn = sequences(3, 50, 1);
        assert!(drawn.iter().all(|sequence| sequence.len() == 50));
        assert_ne!(drawn[0], drawn[1]);
        assert_eq!(drawn, sequences(3, 50, 1));
        assert_ne!(drawn, sequences(3, 50, 2));
    }
}
