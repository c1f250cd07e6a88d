//! Sequences of a dataset, one after the other.

use crate::data::Dataset;
use crate::seq::alphabet;
use crate::seq::alphabets::Alphabet;
use crate::seq::shuffle::Shuffler;
use cistron_base::{Result, bail};

/// Sequences of a dataset, one after the other.
#[derive(Clone, Debug)]
pub struct Sequences {
    codes: Vec<u8>,
    /// Where each row begins, and the end.
    starts: Vec<usize>,
    alphabet: Alphabet,
}

impl Sequences {
    /// Sequences row by row.
    pub fn new(rows: impl IntoIterator<Item = Vec<u8>>, alphabet: Alphabet) -> Sequences {
        let (mut codes, mut starts) = (Vec::new(), vec![0]);
        for row in rows {
            codes.extend(row);
            starts.push(codes.len());
        }
        Sequences {
            codes,
            starts,
            alphabet,
        }
    }

    /// The sequences of the rows in view: of bases, or else of another alphabet; none where no
    /// input has sequences.
    pub fn find(set: &Dataset) -> Result<Option<Sequences>> {
        let letters = set.inputs.iter().find_map(|input| {
            let alphabet = input.column.alphabet()?;
            Some((&input.column, alphabet))
        });
        let bases = set.sequence_input().map(|column| (column, Alphabet::Dna));
        let Some((column, alphabet)) = bases.or(letters) else {
            return Ok(None);
        };
        let mut shuffler = Shuffler::default();
        let (mut codes, mut starts) = (Vec::new(), vec![0]);
        for index in 0..set.len() {
            set.push_codes(column, index, 0, 0, &mut shuffler, &mut codes)?;
            set.push_letters(column, index, &mut codes);
            starts.push(codes.len());
        }
        Ok(Some(Sequences {
            codes,
            starts,
            alphabet,
        }))
    }

    /// The sequences of the rows in view.
    pub fn of(set: &Dataset) -> Result<Sequences> {
        match Sequences::find(set)? {
            Some(sequences) => Ok(sequences),
            None => bail!("data", "the dataset has no sequences"),
        }
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The alphabet of the codes.
    pub fn alphabet(&self) -> Alphabet {
        self.alphabet
    }

    /// Whether a sequence and its reverse complement are the same molecule.
    pub fn has_two_strands(&self) -> bool {
        self.alphabet == Alphabet::Dna
    }

    /// The codes of the reverse complement of a row; of single strands none.
    pub fn reverse_complement(&self, row: usize) -> Option<Vec<u8>> {
        let mut codes = self.has_two_strands().then(|| self.row(row).to_vec())?;
        alphabet::reverse_complement(&mut codes);
        Some(codes)
    }

    /// The codes of a row.
    pub fn row(&self, row: usize) -> &[u8] {
        &self.codes[self.starts[row]..self.starts[row + 1]]
    }

    /// The mean number of letters of a row.
    pub fn mean_length(&self) -> usize {
        self.codes.len() / self.len().max(1)
    }

    /// The number of letters of all rows.
    pub fn letters(&self) -> usize {
        self.codes.len()
    }
}
