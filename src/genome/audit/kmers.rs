//! Shares of k-mers as features; a k-mer and its reverse complement are one feature of sequences
//! with two strands.

use super::sequences::Sequences;
use cistron_base::{Result, bail, interrupt};
use cistron_metrics::logistic::SparseRows;

/// The longest k-mers of bases, and of amino acids.
const LONGEST: [usize; 2] = [8, 4];

/// The longest k-mers of sequences.
pub fn longest(letters: usize) -> usize {
    LONGEST[usize::from(letters > 4)]
}

/// The columns of the k-mers of one length.
struct Table {
    k: usize,
    /// The column of each k-mer.
    columns: Vec<u32>,
}

/// Numbers the k-mers of a length, with their reverse complements where there are two strands, from
/// `first` on; returns the table and the next number.
fn table(k: usize, first: u32, letters: usize, has_two_strands: bool) -> (Table, u32) {
    let n = letters.pow(k as u32);
    let turned = |word: usize| {
        let digit = |i: u32| word / letters.pow(i) % letters;
        (0..k as u32).fold(0, |out, i| out * letters + letters - 1 - digit(i))
    };
    let mut columns = vec![u32::MAX; n];
    let mut next = first;
    for word in 0..n {
        if columns[word] == u32::MAX {
            columns[word] = next;
            if has_two_strands {
                columns[turned(word)] = next;
            }
            next += 1;
        }
    }
    (Table { k, columns }, next)
}

/// Counts k-mers of several lengths.
pub struct Counter {
    tables: Vec<Table>,
    width: u32,
    letters: usize,
}

impl Counter {
    /// A counter for the letters of some sequences.
    pub fn of(sequences: &Sequences, lengths: &[usize]) -> Result<Counter> {
        let letters = usize::from(sequences.alphabet().unknown());
        let (mut tables, mut width) = (Vec::new(), 0);
        for k in lengths {
            if !(1..=longest(letters)).contains(k) {
                bail!(
                    "value",
                    "`kmers` must be lengths from 1 to {} of {letters} letters, got {k}",
                    longest(letters)
                );
            }
            let (table, next) = table(*k, width, letters, sequences.has_two_strands());
            tables.push(table);
            width = next;
        }
        Ok(Counter {
            tables,
            width,
            letters,
        })
    }

    /// Number of features.
    pub fn width(&self) -> usize {
        self.width as usize
    }

    /// The shares of k-mers for some rows; words with unknown letters are left out.
    pub fn shares(
        &self,
        sequences: &Sequences,
        chosen: impl Iterator<Item = usize>,
    ) -> Result<SparseRows> {
        let mut rows = SparseRows::new(self.width as usize);
        let mut counts = vec![0u32; self.width as usize];
        let mut used: Vec<u32> = Vec::new();
        for (i, row) in chosen.enumerate() {
            if i % 4096 == 0 {
                interrupt::check()?;
            }
            let mut own: Vec<(u32, f32)> = Vec::new();
            for table in &self.tables {
                let total = self.count(table, sequences.row(row), &mut counts, &mut used);
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

    /// Counts the words of a sequence, notes the columns in use, and returns the number of words.
    fn count(&self, table: &Table, codes: &[u8], counts: &mut [u32], used: &mut Vec<u32>) -> u32 {
        let Table { k, columns } = table;
        let n = columns.len();
        let (mut word, mut known, mut total) = (0usize, 0usize, 0u32);
        for code in codes {
            if usize::from(*code) >= self.letters {
                known = 0;
                continue;
            }
            word = (word * self.letters + usize::from(*code)) % n;
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
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::alphabets::Alphabet;

    #[test]
    fn words_and_their_reverse_complements_are_one_feature() {
        let (dinucleotides, n) = table(2, 0, 4, true);
        assert_eq!(n, 10);
        assert_eq!(dinucleotides.columns[0], dinucleotides.columns[15]); // AA, TT
        assert_eq!(table(6, 0, 4, true).1, (4096 + 64) / 2);
        assert_eq!(table(5, 7, 4, true).1, 7 + 512);
        assert_eq!(table(2, 0, 20, false).1, 400);
    }

    #[test]
    fn shares_leave_unknown_letters_out() {
        // ACNGT: the words AC and GT are reverse complements
        let sequences = Sequences::new([vec![0, 1, 4, 2, 3], vec![4, 4]], Alphabet::Dna);
        let counter = Counter::of(&sequences, &[2]).expect("a counter");
        let rows = counter.shares(&sequences, 0..2).expect("shares");
        assert_eq!(rows.starts, [0, 1, 1]);
        assert_eq!(rows.values, [1.0]);
        let proteins = Sequences::new([vec![19, 0, 20, 0]], Alphabet::Protein);
        let counter = Counter::of(&proteins, &[1]).expect("a counter");
        let rows = counter.shares(&proteins, 0..1).expect("shares");
        assert_eq!(rows.columns, [0, 19]);
        assert!(Counter::of(&proteins, &[5]).is_err());
    }
}
