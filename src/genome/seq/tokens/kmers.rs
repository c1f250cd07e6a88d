//! Overlapping k-mers as tokens.

use crate::seq::alphabet;
use cistron_base::{Result, bail};
use std::collections::HashMap;

/// A token for each k-mer, after special ones.
#[derive(Clone, Debug)]
pub struct KmerTokens {
    /// Length of the k-mers.
    pub k: usize,
    /// Positions from one k-mer to the next.
    pub stride: usize,
    /// The codes of bases in the order of the tokens.
    pub order: [u8; 4],
    /// Special tokens, which come first.
    pub special: Vec<String>,
}

/// The number of each k-mer of a sequence, in base 4 with the first base as the most significant
/// digit; 4^k where one has an unknown base.
pub fn kmer_numbers(codes: &[u8], k: usize, stride: usize) -> Vec<i64> {
    let number = |kmer: &[u8]| {
        let known = kmer.iter().all(|code| *code < alphabet::UNKNOWN);
        match known {
            true => kmer.iter().fold(0, |sum, code| sum * 4 + i64::from(*code)),
            false => 1 << (2 * k),
        }
    };
    codes.windows(k).step_by(stride).map(number).collect()
}

impl KmerTokens {
    /// Tokens of k-mers; `order` has the four bases.
    pub fn new(k: usize, stride: usize, order: &str, special: Vec<String>) -> Result<KmerTokens> {
        let codes = alphabet::codes(order)?;
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        if sorted != [0, 1, 2, 3] {
            bail!(
                "option",
                "`order` must have each of A, C, G, T once, got \"{order}\""
            );
        }
        let mut rank = [0; 4];
        codes
            .iter()
            .zip(0..)
            .for_each(|(code, at)| rank[usize::from(*code)] = at);
        Ok(KmerTokens {
            k,
            stride,
            order: rank,
            special,
        })
    }

    /// Tokens by number.
    pub fn names(&self) -> HashMap<u32, String> {
        let mut letters = ['A'; 4];
        let bases = self.order.iter().zip("ACGT".chars());
        bases.for_each(|(rank, letter)| letters[usize::from(*rank)] = letter);
        let first = self.special.len() as u32;
        let kmer = |number: u32| -> String {
            let digits = (0..self.k).rev().map(|digit| (number >> (2 * digit)) & 3);
            digits.map(|digit| letters[digit as usize]).collect()
        };
        let kmers = (0..1u32 << (2 * self.k)).map(|number| (first + number, kmer(number)));
        let special = (0..).zip(self.special.iter().cloned());
        kmers.chain(special).collect()
    }

    /// Appends the tokens of a sequence.
    pub fn encode(&self, text: &str, out: &mut Vec<u32>) -> Result<()> {
        let mut codes = alphabet::codes(text)?;
        for code in codes.iter_mut().filter(|code| **code < alphabet::UNKNOWN) {
            *code = self.order[usize::from(*code)];
        }
        let unknown = self.special.iter().position(|own| own == "[UNK]");
        let first = self.special.len() as i64;
        for number in kmer_numbers(&codes, self.k, self.stride) {
            match unknown {
                _ if number < 1 << (2 * self.k) => out.push((first + number) as u32),
                Some(id) => out.push(id as u32),
                None => bail!(
                    "value",
                    "a k-mer of the sequence has an unknown base, and there is \
                    no token `[UNK]`"
                ),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_base_four() {
        assert_eq!(kmer_numbers(&[0, 1, 2, 3], 2, 1), [1, 6, 11]);
        assert_eq!(kmer_numbers(&[0, 1, 2, 3], 2, 2), [1, 11]);
        assert_eq!(kmer_numbers(&[0, 4, 2], 2, 1), [16, 16]);
        assert_eq!(kmer_numbers(&[0], 2, 1), Vec::<i64>::new());
    }

    #[test]
    fn names_are_those_of_the_tokens() {
        let special = vec!["[UNK]".to_string()];
        let tokens = KmerTokens::new(3, 1, "ATCG", special).expect("tokens");
        let names = tokens.names();
        assert_eq!(names.len(), 65);
        assert_eq!(names[&1], "AAA");
        assert_eq!(names[&2], "AAT");
        let mut out = Vec::new();
        tokens.encode("GATTN", &mut out).expect("tokens");
        let found: Vec<&str> = out.iter().map(|id| names[id].as_str()).collect();
        assert_eq!(found, ["GAT", "ATT", "[UNK]"]);
        assert!(KmerTokens::new(3, 1, "AACG", Vec::new()).is_err());
    }
}
