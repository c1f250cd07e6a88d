//! Markov models of background sequences.

use crate::seq::alphabet::UNKNOWN;

/// The longest words of a model.
pub const MOST: usize = 6;

/// Logarithms of the chance of each base after the bases before it.
#[derive(Clone, Debug)]
pub struct Markov {
    order: usize,
    /// For each length of words, log2 of the chance of the last base after the others.
    log2: Vec<Vec<f64>>,
}

impl Markov {
    /// The model of sequences and their reverse complements, with one more word of each kind.
    pub fn of_sequences(sequences: &[&[u8]], order: usize) -> Markov {
        let order = order.min(MOST - 1);
        let tables = (0..=order).map(|context| {
            let shares = words(sequences, context + 1);
            let conditional = shares.chunks(4).flat_map(|group| {
                let sum: f64 = group.iter().sum();
                group.iter().map(move |share| (share / sum).log2())
            });
            conditional.collect()
        });
        Markov {
            order,
            log2: tables.collect(),
        }
    }

    /// Number of bases that a base depends on.
    pub fn order(&self) -> usize {
        self.order
    }

    /// log2 of the chance of each prefix of a sequence, from the empty one; unknown bases count
    /// nothing and end the memory.
    pub fn cumulative(&self, codes: &[u8]) -> Vec<f64> {
        let (mut sum, mut run, mut word) = (0.0, 0, 0);
        let mut out = Vec::with_capacity(codes.len() + 1);
        out.push(sum);
        for code in codes {
            if *code >= UNKNOWN {
                (run, word) = (0, 0);
            } else {
                let mask = (1usize << (2 * (run + 1))) - 1;
                word = (word << 2 | usize::from(*code)) & mask;
                sum += self.log2[run][word];
                run = (run + 1).min(self.order);
            }
            out.push(sum);
        }
        out
    }
}

/// Shares of words of a length, means of both strands.
fn words(sequences: &[&[u8]], length: usize) -> Vec<f64> {
    let size = 1usize << (2 * length);
    let mut counts = vec![1.0; size];
    for codes in sequences {
        for word in codes.windows(length) {
            if word.iter().all(|code| *code < UNKNOWN) {
                let index = word
                    .iter()
                    .fold(0, |word, code| word << 2 | usize::from(*code));
                counts[index] += 1.0;
            }
        }
    }
    let all: f64 = counts.iter().sum();
    let turned =
        |word: usize| (0..length).fold(0, |turned, i| turned << 2 | (3 - (word >> (2 * i) & 3)));
    (0..size)
        .map(|word| (counts[word] + counts[turned(word)]) / (2.0 * all))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_of_bases_depend_on_those_before() {
        // AC AC AC and GT GT GT: of words of two, AC and CA are as frequent as GT and TG
        let model = Markov::of_sequences(&[&[0, 1, 0, 1, 0, 1]], 1);
        let shares = words(&[&[0, 1, 0, 1, 0, 1]], 2);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let at = |a: usize, b: usize| shares[a * 4 + b];
        assert_eq!(at(0, 1), at(2, 3));
        assert_eq!(at(0, 1), (4.0 + 1.0) / 2.0 / 21.0);
        let chance = 2f64.powf(model.cumulative(&[0, 1])[2] - model.cumulative(&[0])[1]);
        let row: f64 = (0..4).map(|b| at(0, b)).sum();
        assert!((chance - at(0, 1) / row).abs() < 1e-12);
        // an unknown base ends the memory
        let sums = model.cumulative(&[0, 4, 1]);
        let plain = Markov::of_sequences(&[&[0, 1, 0, 1, 0, 1]], 0);
        assert_eq!(sums[1], sums[2]);
        assert!((sums[3] - sums[2] - plain.cumulative(&[1])[1]).abs() < 1e-12);
    }
}
