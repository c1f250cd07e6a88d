//! Negatives that are shuffles of positives: they have exactly the k-mer counts of one.

use super::rows::Rows;
use super::sequences::Sequences;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Lengths of the k-mers whose counts shuffles keep, the longest first.
const LENGTHS: [usize; 3] = [3, 2, 1];
/// The smallest share of negatives that are shuffles where a dataset was made by shuffling.
const SMALLEST: f64 = 0.05;
/// How much more often than positives among themselves negatives have the counts of a positive.
const BY_CHANCE: f64 = 3.0;

/// Negatives that are shuffles of positives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShuffledNegatives {
    /// Length of the k-mers whose counts are those of a positive.
    pub k: usize,
    /// Number of such negatives.
    pub rows: usize,
    /// Share of the negatives.
    pub share: f64,
}

/// A hash of the k-mer counts of a sequence, and of its ends, which shuffles keep for k above 1;
/// none where a word has an unknown letter or there are too few.
fn signature(codes: &[u8], k: usize, unknown: u8, words: &mut Vec<u32>) -> Option<u64> {
    if codes.len() < 4 * k || codes.iter().any(|code| *code >= unknown) {
        return None;
    }
    words.clear();
    words.extend(codes.windows(k).map(|word| {
        let number = |out: u32, code: &u8| out << 5 | u32::from(*code);
        word.iter().fold(0, number)
    }));
    words.sort_unstable();
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    Some(hasher.finish())
}

/// Signatures of the rows of a class, without rows that repeat a sequence.
fn signatures<'a>(
    parts: &'a [(&'a Sequences, &'a [f32])],
    class: f32,
    k: usize,
) -> impl Iterator<Item = (u64, &'a [u8])> {
    let mut words = Vec::new();
    let rows = parts.iter().flat_map(move |(sequences, labels)| {
        let own = (0..sequences.len()).filter(move |row| labels[*row] == class);
        own.map(|row| (sequences.row(row), sequences.alphabet().unknown()))
    });
    rows.filter_map(move |(codes, unknown)| {
        signature(codes, k, unknown, &mut words).map(|hash| (hash, codes))
    })
}

/// Finds the negatives that are shuffles of positives, among training and test rows together: for
/// the longest k-mers whose counts are kept. Counts of single letters agree by chance; they count
/// where negatives agree with positives far more often than positives with each other.
pub fn find(train: &Rows, test: &Rows) -> Option<ShuffledNegatives> {
    let parts = [
        (train.sequences.as_ref()?, train.labels.as_slice()),
        (test.sequences.as_ref()?, test.labels.as_slice()),
    ];
    let negatives = parts.iter().flat_map(|(_, labels)| labels.iter());
    let total = negatives.filter(|label| **label == 0.0).count();
    LENGTHS.into_iter().find_map(|k| {
        // the sequences with each signature: a positive's own copies are no coincidence
        let mut positives: HashMap<u64, (&[u8], bool)> = HashMap::new();
        let mut n = 0;
        for (hash, codes) in signatures(&parts, 1.0, k) {
            n += 1;
            let known = positives.entry(hash).or_insert((codes, false));
            known.1 |= known.0 != codes;
        }
        let chance = positives
            .values()
            .filter(|(_, is_shared)| *is_shared)
            .count();
        let is_shuffle = |(hash, codes): &(u64, &[u8])| {
            let found = positives.get(hash);
            found.is_some_and(|(own, is_shared)| own != codes || *is_shared)
        };
        let rows = signatures(&parts, 0.0, k).filter(is_shuffle).count();
        let share = rows as f64 / total.max(1) as f64;
        let expected = chance as f64 / f64::from(n.max(1));
        (share >= SMALLEST && share > BY_CHANCE * expected).then_some(ShuffledNegatives {
            k,
            rows,
            share,
        })
    })
}

impl ShuffledNegatives {
    /// What was shuffled.
    pub fn kind(&self) -> &'static str {
        match self.k {
            1 => "shuffles",
            2 => "dinucleotide shuffles",
            _ => "trinucleotide shuffles",
        }
    }
}
