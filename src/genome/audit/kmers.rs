//! Shares of k-mers as features; a k-mer and its reverse complement are one feature.

use super::homology::Sequences;
use crate::seq::alphabet::UNKNOWN;
use cistron_base::{Result, bail};
use cistron_metrics::logistic::SparseRows;

/// The longest k-mers.
pub const LONGEST: usize = 8;

/// The columns of the k-mers of one length.
struct Table {
    k: usize,
    /// The column of each k-mer.
    columns: Vec<u32>,
}

/// Numbers the k-mers of a length, each with its reverse complement, from `first` on; returns the
/// table and the next number.
fn table(k: usize, first: u32) -> (Table, u32) {
    let n = 1usize << (2 * k);
    let turned = |word: usize| (0..k).fold(0, |out, i| out << 2 | (3 - (word >> (2 * i) & 3)));
    let mut columns = vec![u32::MAX; n];
    let mut next = first;
    for word in 0..n {
        if columns[word] == u32::MAX {
            columns[word] = next;
            columns[turned(word)] = next;
            next += 1;
        }
    }
    (Table { k, columns }, next)
}

/// The shares of k-mers of several lengths, for each sequence; words with unknown bases are left
/// out.
pub fn features(sequences: &Sequences, lengths: &[usize]) -> Result<SparseRows> {
    let mut tables = Vec::new();
    let mut width = 0;
    for k in lengths {
        if !(1..=LONGEST).contains(k) {
            bail!(
                "value",
                "`kmers` must be lengths from 1 to {LONGEST}, got {k}"
            );
        }
        let (table, next) = table(*k, width);
        tables.push(table);
        width = next;
    }
    let mut rows = SparseRows::new(width as usize);
    let mut counts = vec![0u32; width as usize];
    let mut used: Vec<u32> = Vec::new();
    for row in 0..sequences.len() {
        let codes = sequences.row(row);
        let mut own: Vec<(u32, f32)> = Vec::new();
        for Table { k, columns } in &tables {
            let mask = (1usize << (2 * k)) - 1;
            let (mut word, mut known, mut total) = (0usize, 0usize, 0u32);
            for code in codes {
                if *code >= UNKNOWN {
                    known = 0;
                    continue;
                }
                word = (word << 2 | usize::from(*code)) & mask;
                known += 1;
                if known >= *k {
                    let column = columns[word];
                    if counts[column as usize] == 0 {
                        used.push(column);
                    }
                    counts[column as usize] += 1;
                    total += 1;
                }
            }
            used.sort_unstable();
            for column in used.drain(..) {
                let count = std::mem::take(&mut counts[column as usize]);
                own.push((column, count as f32 / total as f32));
            }
        }
        rows.push(own);
    }
    Ok(rows)
}

/// Features of training and test rows.
pub struct Features {
    /// Of the training rows.
    pub train: SparseRows,
    /// Of the test rows.
    pub test: SparseRows,
}

impl Features {
    /// The shares of k-mers of several lengths.
    pub fn of(train: &Sequences, test: &Sequences, lengths: &[usize]) -> Result<Features> {
        Ok(Features {
            train: features(train, lengths)?,
            test: features(test, lengths)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_reverse_complements_are_one_feature() {
        let (dinucleotides, n) = table(2, 0);
        assert_eq!(n, 10);
        assert_eq!(dinucleotides.columns[0], dinucleotides.columns[15]); // AA, TT
        assert_eq!(table(6, 0).1, (4096 + 64) / 2);
        assert_eq!(table(5, 7).1, 7 + 512);
    }
}
