//! Similar sequences: pairs that agree, without gaps, in most of their bases on either strand.
//!
//! Candidates share a minimizer, whose positions state the offset between the two sequences;
//! each candidate is compared base by base. Pairs that differ by insertions are found where the
//! part on one side of these is long enough.

use super::minimizers::{Minimizer, Sketch, minimizers};
use super::sequences::Sequences;
use cistron_base::{Result, bail, interrupt};
use rayon::prelude::*;

/// When two sequences count as similar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// Smallest share of equal bases among those beside each other.
    pub identity: f64,
    /// Smallest share of the shorter sequence that has a base of the other beside it.
    pub overlap: f64,
}

impl Default for Similarity {
    fn default() -> Similarity {
        Similarity {
            identity: 0.8,
            overlap: 0.5,
        }
    }
}

/// A similar pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimilarPair {
    /// Row of the first dataset, in view.
    pub first: u32,
    /// Row of the second dataset, in view.
    pub second: u32,
    /// Share of equal bases among those beside each other.
    pub identity: f64,
    /// Number of bases beside each other.
    pub overlap: usize,
    /// Whether the second is reversed.
    pub is_reverse: bool,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Similar {
    /// The most similar pair of each row of the second dataset that has one.
    pub pairs: Vec<SimilarPair>,
    /// Minimizers of the second dataset that were left out, because more rows of the first than
    /// [`MOST_ROWS`] have them.
    pub skipped: usize,
}

/// Rows that share a minimizer, at most: more are repeats, whose pairs other minimizers find.
pub const MOST_ROWS: usize = 2000;

/// A minimizer and the row that has it.
#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    row: u32,
    position: u32,
    is_reverse: bool,
}

/// Minimizers of sequences by their hash.
struct Index {
    entries: Vec<Entry>,
    sketch: Sketch,
}

impl Index {
    fn of(sequences: &Sequences, sketch: Sketch) -> Index {
        let mut entries: Vec<Entry> = (0..sequences.len())
            .into_par_iter()
            .flat_map_iter(|row| {
                let mut own = Vec::new();
                minimizers(sequences.row(row), sketch, &mut own);
                own.into_iter().map(move |own| Entry {
                    hash: own.hash,
                    row: row as u32,
                    position: own.position,
                    is_reverse: own.is_reverse,
                })
            })
            .collect();
        entries.par_sort_unstable_by_key(|own| (own.hash, own.row, own.position));
        Index { entries, sketch }
    }

    /// The entries of a hash.
    fn of_hash(&self, hash: u64) -> &[Entry] {
        let start = self.entries.partition_point(|own| own.hash < hash);
        let rest = &self.entries[start..];
        &rest[..rest.partition_point(|own| own.hash == hash)]
    }
}

/// Where the second sequence begins beside the first, where they share a k-mer; and whether it is
/// reversed.
fn offset(a: &Entry, b: &Minimizer, length: usize, k: usize) -> (i64, bool) {
    let is_reverse = a.is_reverse != b.is_reverse;
    let position = if is_reverse {
        length as i64 - k as i64 - i64::from(b.position)
    } else {
        i64::from(b.position)
    };
    (i64::from(a.position) - position, is_reverse)
}

/// Compares two sequences with `b` at an offset beside `a`; none where they are not similar.
fn compared(
    (a, b): (&[u8], &[u8]),
    offset: i64,
    unknown: u8,
    how: Similarity,
) -> Option<(f64, usize)> {
    let start = offset.max(0) as usize;
    let end = a.len().min((offset + b.len() as i64).max(0) as usize);
    let n = end.checked_sub(start)?;
    let shorter = a.len().min(b.len());
    if n == 0 || (n as f64) < how.overlap * shorter as f64 {
        return None;
    }
    let from = (start as i64 - offset) as usize;
    let (a, b) = (&a[start..end], &b[from..from + n]);
    let equal = a
        .iter()
        .zip(b)
        .map(|(a, b)| usize::from(a == b && *a < unknown))
        .sum::<usize>();
    let identity = equal as f64 / n as f64;
    (identity >= how.identity).then_some((identity, n))
}

fn check(how: Similarity) -> Result<()> {
    for (name, share) in [("identity", how.identity), ("overlap", how.overlap)] {
        if !(share > 0.0 && share <= 1.0) {
            bail!(
                "value",
                "`{name}` must be a share above 0, at most 1, got {share}"
            );
        }
    }
    Ok(())
}

/// The most similar row of the first dataset for each row of the second that has one.
pub fn similar(first: &Sequences, second: &Sequences, how: Similarity) -> Result<Similar> {
    check(how)?;
    let index = Index::of(first, Sketch::of(first));
    interrupt::check()?;
    let (k, unknown) = (index.sketch.k, first.alphabet().unknown());
    let search = |row: usize| {
        let codes = second.row(row);
        let turned = second.reverse_complement(row).unwrap_or_default();
        let mut own = Vec::new();
        minimizers(codes, index.sketch, &mut own);
        let (mut best, mut skipped): (Option<SimilarPair>, usize) = (None, 0);
        let mut seen = std::collections::HashSet::new();
        for minimizer in &own {
            let entries = index.of_hash(minimizer.hash);
            if entries.len() > MOST_ROWS {
                skipped += 1;
                continue;
            }
            for entry in entries {
                let (at, is_reverse) = offset(entry, minimizer, codes.len(), k);
                if !seen.insert((entry.row, at, is_reverse)) {
                    continue;
                }
                let b = if is_reverse { &turned } else { codes };
                let found = compared((first.row(entry.row as usize), b), at, unknown, how);
                let Some((identity, overlap)) = found else {
                    continue;
                };
                let pair = SimilarPair {
                    first: entry.row,
                    second: row as u32,
                    identity,
                    overlap,
                    is_reverse,
                };
                let rank = |pair: &SimilarPair| pair.identity * pair.overlap as f64;
                if best.as_ref().is_none_or(|best| rank(&pair) > rank(best)) {
                    best = Some(pair);
                }
            }
        }
        (best, skipped)
    };
    let found: Vec<(Option<SimilarPair>, usize)> =
        (0..second.len()).into_par_iter().map(search).collect();
    interrupt::check()?;
    Ok(Similar {
        skipped: found.iter().map(|(_, skipped)| skipped).sum(),
        pairs: found.into_iter().filter_map(|(best, _)| best).collect(),
    })
}

/// Joins rows.
struct Clusters(Vec<u32>);

impl Clusters {
    fn root(&mut self, row: u32) -> u32 {
        let mut root = row;
        while self.0[root as usize] != root {
            root = self.0[root as usize];
        }
        let mut row = row;
        while self.0[row as usize] != root {
            row = std::mem::replace(&mut self.0[row as usize], root);
        }
        root
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// The cluster of each row: rows that are similar, directly or through others, have one number;
/// clusters count from 0 in the order of their first rows.
pub fn clusters(sequences: &Sequences, how: Similarity) -> Result<Vec<u32>> {
    check(how)?;
    let index = Index::of(sequences, Sketch::of(sequences));
    let (k, unknown) = (index.sketch.k, sequences.alphabet().unknown());
    let mut joined = Clusters((0..sequences.len() as u32).collect());
    for (number, entries) in index.entries.chunk_by(|a, b| a.hash == b.hash).enumerate() {
        if number % 4096 == 0 {
            interrupt::check()?;
        }
        for (i, entry) in entries.iter().enumerate().skip(1) {
            // of many rows with a k-mer, those next to each other in order and the first ones
            let near = i.saturating_sub(16)..i;
            for other in near.chain((0..16).take_while(|other| *other + 16 < i)) {
                let other = &entries[other];
                if joined.root(entry.row) == joined.root(other.row) {
                    continue;
                }
                let codes = sequences.row(entry.row as usize);
                let minimizer = Minimizer {
                    hash: entry.hash,
                    position: entry.position,
                    is_reverse: entry.is_reverse,
                };
                let (at, is_reverse) = offset(other, &minimizer, codes.len(), k);
                let a = sequences.row(other.row as usize);
                let turned = is_reverse.then(|| sequences.reverse_complement(entry.row as usize));
                let b = turned.flatten().unwrap_or_else(|| codes.to_vec());
                let found = compared((a, &b), at, unknown, how);
                if found.is_some() {
                    joined.join(entry.row, other.row);
                }
            }
        }
    }
    let mut numbers = vec![u32::MAX; sequences.len()];
    let mut next = 0;
    Ok((0..sequences.len() as u32)
        .map(|row| {
            let root = joined.root(row) as usize;
            if numbers[root] == u32::MAX {
                numbers[root] = next;
                next += 1;
            }
            numbers[root]
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::alphabet;
    use crate::seq::alphabets::Alphabet;
    use cistron_base::seed::Rng;

    fn random(rng: &mut Rng, n: usize) -> Vec<u8> {
        (0..n).map(|_| rng.below(4) as u8).collect()
    }

    fn sequences(rows: &[Vec<u8>]) -> Sequences {
        Sequences::new(rows.to_vec(), Alphabet::Dna)
    }

    /// A copy with a share of other bases, shifted, on either strand.
    fn altered(rng: &mut Rng, codes: &[u8], share: f64, shift: usize) -> Vec<u8> {
        let mut out = codes[shift..].to_vec();
        out.extend(random(rng, shift));
        for code in &mut out {
            if rng.uniform() < share {
                *code = (*code + 1 + rng.below(3) as u8) % 4;
            }
        }
        if rng.below(2) == 1 {
            alphabet::reverse_complement(&mut out);
        }
        out
    }

    #[test]
    fn altered_copies_are_found_and_random_sequences_are_not() {
        let mut rng = Rng::keyed(&[0x686f_6d6f]);
        let first: Vec<Vec<u8>> = (0..400).map(|_| random(&mut rng, 101)).collect();
        let second: Vec<Vec<u8>> = (0..400)
            .map(|i| match i % 2 {
                0 => altered(&mut rng, &first[i], 0.05, rng_shift(i)),
                _ => random(&mut rng, 101),
            })
            .collect();
        let found = similar(
            &sequences(&first),
            &sequences(&second),
            Similarity::default(),
        );
        let found = found.expect("a search");
        assert_eq!(found.skipped, 0);
        assert!(
            found
                .pairs
                .iter()
                .all(|pair| pair.first == pair.second && pair.second % 2 == 0)
        );
        // one in a hundred copies may share no k-mer with its original
        assert!(found.pairs.len() >= 197, "{}", found.pairs.len());
        let pair = found.pairs[0];
        assert_eq!(pair.overlap, 101 - rng_shift(pair.second as usize));
        assert!(pair.identity > 0.8);
    }

    fn rng_shift(i: usize) -> usize {
        i * 7 % 40
    }

    #[test]
    fn clusters_hold_copies_together() {
        let mut rng = Rng::keyed(&[0x636c_7573]);
        let originals: Vec<Vec<u8>> = (0..30).map(|_| random(&mut rng, 150)).collect();
        let mut rows = Vec::new();
        for i in 0..300 {
            rows.push(altered(&mut rng, &originals[i % 30], 0.03, i % 5));
        }
        let numbers = clusters(&sequences(&rows), Similarity::default()).expect("clusters");
        assert!(
            (0..300).all(|i| numbers[i] == numbers[i % 30]),
            "{numbers:?}"
        );
        assert_eq!(numbers.iter().max(), Some(&29));
        // many equal rows are one cluster
        let equal = vec![random(&mut rng, 60); 5000];
        let numbers = clusters(&sequences(&equal), Similarity::default()).expect("clusters");
        assert!(numbers.iter().all(|number| *number == 0));
    }

    #[test]
    fn degenerate_sequences_have_no_pairs() {
        let rows = vec![vec![], vec![4; 50], vec![0, 1, 2], vec![0; 50], vec![0; 50]];
        let set = sequences(&rows);
        let found = similar(&set, &set, Similarity::default()).expect("a search");
        let found: Vec<u32> = found.pairs.iter().map(|pair| pair.second).collect();
        assert_eq!(found, [3, 4]);
        assert_eq!(
            clusters(&set, Similarity::default()).expect("clusters"),
            [0, 1, 2, 3, 3]
        );
        let none = sequences(&[]);
        assert!(
            similar(&none, &set, Similarity::default())
                .expect("a search")
                .pairs
                .is_empty()
        );
        let how = Similarity {
            identity: 1.5,
            overlap: 0.5,
        };
        assert!(similar(&set, &set, how).is_err());
    }
}
