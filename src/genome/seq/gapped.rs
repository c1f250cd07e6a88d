//! Gapped k-mers of a sequence with their scores, as tangermeme counts them.

use cistron_base::bail;
use cistron_base::{Result, interrupt};
use std::collections::HashMap;

/// Which k-mers are made.
#[derive(Clone, Debug)]
pub struct Gapped {
    /// Bases of the shortest and of the longest.
    pub bases: (usize, usize),
    /// Largest step from one base to the next: 1 has no gaps, 2 leaves out single positions.
    pub max_step: usize,
    /// Positions from the first base to the last, both included.
    pub max_length: usize,
    /// k-mers that are kept of a sequence, the strongest.
    pub most: usize,
    /// Positions that k-mers are made of, the highest-scoring; none is all.
    pub positions: Option<usize>,
}

/// A k-mer under way: its last base (an index into the positions), the sum of its scores, its
/// digits to base 5.
#[derive(Clone, Copy)]
struct Part {
    end: usize,
    sum: f64,
    key: u64,
}

/// Longest span whose digits to base 5 fit into 64 bits.
pub const LONGEST: usize = 27;

impl Gapped {
    /// Fails on settings that make no sense.
    pub fn check(&self) -> Result<()> {
        let (min, max) = self.bases;
        if min > max {
            bail!("value", "`min_k` is {min}, `max_k` {max}"; hint: "`min_k` is at most `max_k`");
        }
        if self.max_length > LONGEST {
            bail!(
                "value",
                "`max_length` must be at most {LONGEST}, got {}",
                self.max_length
            );
        }
        Ok(())
    }

    /// Positions of a sequence that k-mers are made of; unknown bases are part of none.
    fn chosen(&self, codes: &[u8], scores: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..codes.len()).filter(|at| codes[*at] < 4).collect();
        if let Some(most) = self.positions {
            order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
            order.truncate(most);
            order.sort_unstable();
        }
        order
    }

    /// The k-mers of a sequence (gaps as `-`) with their scores, the strongest first; each position
    /// has a score.
    ///
    /// The score of a k-mer is the sum over its occurrences of the mean score of its bases: with
    /// scores of 1, their number.
    pub fn of(&self, codes: &[u8], scores: &[f64]) -> Result<Vec<(String, f64)>> {
        let order = self.chosen(codes, scores);
        let mut found: Vec<(u64, f64)> = Vec::new();
        let mut index: HashMap<u64, usize> = HashMap::new();
        let digit = |at: usize| u64::from(codes[at]) + 1;
        let start = |(i, at): (usize, &usize)| {
            vec![Part {
                end: i,
                sum: scores[*at],
                key: digit(*at),
            }]
        };
        let mut starts: Vec<Vec<Part>> = order.iter().enumerate().map(start).collect();
        for k in 2..=self.bases.1 {
            interrupt::check()?;
            for (first, parts) in starts.iter_mut().enumerate() {
                let mut next = Vec::new();
                for i in first + 1..order.len() {
                    let span = order[i] - order[first];
                    if span >= self.max_length {
                        break;
                    }
                    for part in parts.iter().take_while(|part| part.end < i) {
                        if order[i] - order[part.end] > self.max_step {
                            continue;
                        }
                        let key = part.key + digit(order[i]) * 5u64.pow(span as u32);
                        let sum = part.sum + scores[order[i]];
                        next.push(Part { end: i, sum, key });
                        if k >= self.bases.0 {
                            let at = *index.entry(key).or_insert_with(|| {
                                found.push((key, 0.0));
                                found.len() - 1
                            });
                            found[at].1 += sum / k as f64;
                        }
                    }
                }
                *parts = next;
            }
        }
        // of equally strong ones the first found stay first
        found.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        found.truncate(self.most);
        Ok(found
            .into_iter()
            .map(|(key, score)| (text(key), score))
            .collect())
    }
}

/// The letters of a key: its digits to base 5, the first base first, 0 a gap.
fn text(mut key: u64) -> String {
    let mut letters = String::new();
    while key > 0 {
        letters.push(['-', 'A', 'C', 'G', 'T'][(key % 5) as usize]);
        key /= 5;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_gapped_kmers_of_four_bases() {
        let how = Gapped {
            bases: (2, 3),
            max_step: 2,
            max_length: 3,
            most: 100,
            positions: None,
        };
        let mut found = how.of(&[0, 1, 0, 1], &[1.0; 4]).expect("fits");
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let wanted = [
            ("A-A", 1.0),
            ("AC", 2.0),
            ("ACA", 1.0),
            ("C-C", 1.0),
            ("CA", 1.0),
            ("CAC", 1.0),
        ];
        assert_eq!(found, wanted.map(|(kmer, count)| (kmer.to_string(), count)));
        assert!(how.of(&[4, 4], &[1.0; 2]).expect("fits").is_empty());
    }
}
