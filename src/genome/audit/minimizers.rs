//! Minimizers of sequences: the k-mers with the smallest hash of each window, the same on both
//! strands.
//!
//! Source: Roberts, Hayes, Hunt, Mount & Yorke, Bioinformatics 20 (2004).

use super::sequences::Sequences;

/// Length of k-mers, and number of k-mers in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Letters of a k-mer. Odd for bases, so that none is its own reverse complement, and at most
    /// 31; of other letters at most 12.
    pub k: usize,
    /// K-mers of a window, of which one is kept.
    pub window: usize,
    /// Letters of the alphabet.
    pub letters: u8,
    /// Whether a k-mer and its reverse complement are the same.
    pub has_two_strands: bool,
}

impl Sketch {
    /// The sketch of sequences: dense for short sequences, whose similar copies share few k-mers.
    pub fn of(sequences: &Sequences) -> Sketch {
        let letters = sequences.alphabet().unknown();
        let (k, window) = match sequences.mean_length() {
            _ if letters > 4 => (5, 4),
            ..=400 => (11, 4),
            401..=2000 => (13, 8),
            _ => (15, 16),
        };
        Sketch {
            k,
            window,
            letters,
            has_two_strands: sequences.has_two_strands(),
        }
    }
}

/// A k-mer of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minimizer {
    /// The k-mer or its reverse complement, whichever is smaller, hashed.
    pub hash: u64,
    /// Position of its first base.
    pub position: u32,
    /// Whether the reverse complement is the smaller.
    pub is_reverse: bool,
}

/// An invertible mixing of bits: distinct k-mers have distinct hashes.
fn mixed(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

/// Appends the minimizers of a sequence in the order of their positions; k-mers with unknown
/// letters are left out.
pub fn minimizers(codes: &[u8], sketch: Sketch, out: &mut Vec<Minimizer>) {
    let Sketch { k, window, .. } = sketch;
    let bits = if sketch.letters <= 4 { 2 } else { 5 };
    let mask = (1u64 << (bits * k)) - 1;
    let high = 2 * (k as u32 - 1);
    let (mut forward, mut backward, mut known) = (0u64, 0u64, 0usize);
    // the k-mers of the current window
    let mut ring: Vec<Option<Minimizer>> = vec![None; window];
    let mut kept: Option<Minimizer> = None;
    for (i, code) in codes.iter().enumerate() {
        if *code >= sketch.letters {
            known = 0;
        } else {
            let code = u64::from(*code);
            forward = (forward << bits | code) & mask;
            if sketch.has_two_strands {
                backward = backward >> 2 | (3 - code) << high;
            }
            known += 1;
        }
        if i + 1 < k {
            continue;
        }
        let start = i + 1 - k;
        let is_reverse = sketch.has_two_strands && backward < forward;
        ring[start % window] = (known >= k).then(|| Minimizer {
            hash: mixed(if is_reverse { backward } else { forward }),
            position: start as u32,
            is_reverse,
        });
        if start + 1 < window && i + 1 < codes.len() {
            continue;
        }
        // the last one of equal k-mers, so that repeats are not all kept
        let least = ring.iter().flatten().min_by_key(|own| {
            let Minimizer { hash, position, .. } = own;
            (*hash, std::cmp::Reverse(*position))
        });
        if let Some(least) = least.filter(|least| kept != Some(**least)) {
            kept = Some(*least);
            out.push(*least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::alphabet::{self, UNKNOWN};
    use cistron_base::seed::Rng;

    fn hashes(codes: &[u8], sketch: Sketch) -> Vec<u64> {
        let mut out = Vec::new();
        minimizers(codes, sketch, &mut out);
        let mut hashes: Vec<u64> = out.iter().map(|own| own.hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// The smallest hash of each window, found window by window.
    #[test]
    fn both_strands_have_the_same_minimizers() {
        let mut rng = Rng::keyed(&[0x6d69_6e69]);
        let sketch = Sketch {
            k: 5,
            window: 4,
            letters: 4,
            has_two_strands: true,
        };
        for n in (0..300).map(|i| i % 70) {
            let mut codes: Vec<u8> = (0..n).map(|_| rng.below(4) as u8).collect();
            if n > 20 {
                codes[rng.below(n)] = UNKNOWN;
            }
            let turned: Vec<u8> = codes
                .iter()
                .rev()
                .map(|c| alphabet::complement(*c))
                .collect();
            assert_eq!(hashes(&codes, sketch), hashes(&turned, sketch), "{codes:?}");
            let mut every = Vec::new();
            let all = Sketch {
                window: 1,
                ..sketch
            };
            minimizers(&codes, all, &mut every);
            let mut expected: Vec<u64> = Vec::new();
            let last = (codes.len() + 1).saturating_sub(5 + 4);
            for start in 0..=last {
                let inside = |own: &&Minimizer| {
                    let position = own.position as usize;
                    (start..start + 4).contains(&position)
                };
                expected.extend(every.iter().filter(inside).map(|own| own.hash).min());
            }
            expected.sort_unstable();
            expected.dedup();
            if codes.len() >= 5 + 3 {
                assert_eq!(hashes(&codes, sketch), expected, "{codes:?}");
            }
        }
    }
}
