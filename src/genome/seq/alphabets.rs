//! Alphabets of DNA, RNA and proteins: letters, codes and unknown letters.

use super::alphabet;
use cistron_base::{Result, bail, fault};

/// The letters of a kind of sequence. The code of a letter is its position; letters that may be
/// several, such as N or X, have the number of letters as code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// A, C, G, T; U is read as T.
    #[default]
    Dna,
    /// A, C, G, U.
    Rna,
    /// The 20 amino acids in the order of their letters.
    Protein,
}

/// Letters of a protein that are none of the 20 amino acids: unknown (X), one of two (B, Z, J),
/// selenocysteine, pyrrolysine, a stop, a gap.
const NO_AMINO_ACID: &[u8] = b"XBZJUO*-.";

impl Alphabet {
    /// The letters in the order of their codes.
    pub fn letters(self) -> &'static [u8] {
        match self {
            Alphabet::Dna => b"ACGT",
            Alphabet::Rna => b"ACGU",
            Alphabet::Protein => b"ACDEFGHIKLMNPQRSTVWY",
        }
    }

    /// The letter of unknown codes.
    pub fn unknown_letter(self) -> char {
        match self {
            Alphabet::Protein => 'X',
            _ => 'N',
        }
    }

    /// The code of unknown letters.
    pub fn unknown(self) -> u8 {
        self.letters().len() as u8
    }

    /// Whether codes are those of bases, which have complements.
    pub fn is_bases(self) -> bool {
        self != Alphabet::Protein
    }

    /// The codes of a text in letters of either case.
    pub fn codes(self, text: &str) -> Result<Vec<u8>> {
        match self {
            Alphabet::Dna => alphabet::codes(text),
            Alphabet::Rna => {
                if let Some(at) = text.find(['T', 't']) {
                    bail!("value", "`T` at position {} is no base of RNA", at + 1;
                        hint: "RNA has U; `text.replace(\"T\", \"U\")`, or the alphabet \"dna\"");
                }
                alphabet::codes(text)
            }
            Alphabet::Protein => {
                let code = |(at, letter): (usize, char)| {
                    let upper = letter.to_ascii_uppercase();
                    let byte = u8::try_from(upper).unwrap_or(0);
                    let known = self.letters().iter().position(|own| *own == byte);
                    match known {
                        Some(code) => Ok(code as u8),
                        None if NO_AMINO_ACID.contains(&byte) => Ok(self.unknown()),
                        None => {
                            let at = at + 1;
                            Err(fault!(
                                "value",
                                "`{letter}` at position {at} is no amino acid"
                            ))
                        }
                    }
                };
                text.chars().enumerate().map(code).collect()
            }
        }
    }

    /// The codes of one-hot sequences `[batch, letters, length]`; positions without a 1 are
    /// unknown.
    pub fn codes_of_one_hot(self, values: &[f32], length: usize) -> Vec<u8> {
        let letters = self.letters().len();
        let mut out = Vec::with_capacity(values.len() / letters.max(1));
        for row in values.chunks(letters * length.max(1)) {
            for at in 0..length {
                let hot = (0..letters).find(|letter| row[letter * length + at] > 0.5);
                out.push(hot.map_or(self.unknown(), |letter| letter as u8));
            }
        }
        out
    }

    /// The letters of codes.
    pub fn decode(self, codes: &[u8]) -> String {
        let letter = |code: &u8| {
            let known = self.letters().get(usize::from(*code));
            known.map_or(self.unknown_letter(), |letter| *letter as char)
        };
        codes.iter().map(letter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    #[test]
    fn letters_and_codes_agree_in_every_alphabet() {
        let mut rng = Rng::keyed(&[7]);
        for alphabet in [Alphabet::Dna, Alphabet::Rna, Alphabet::Protein] {
            for _ in 0..100 {
                let n = alphabet.letters().len() + 1;
                let codes: Vec<u8> = (0..rng.below(40)).map(|_| rng.below(n) as u8).collect();
                let text = alphabet.decode(&codes);
                assert_eq!(alphabet.codes(&text).expect("codes"), codes);
                let lower = text.to_lowercase();
                assert_eq!(alphabet.codes(&lower).expect("codes"), codes);
            }
        }
    }

    #[test]
    fn letters_of_other_alphabets_are_refused() {
        assert!(Alphabet::Rna.codes("ACGT").is_err());
        assert_eq!(
            Alphabet::Rna.codes("ACGUN").expect("codes"),
            [0, 1, 2, 3, 4]
        );
        assert_eq!(
            Alphabet::Protein.codes("AX*y").expect("codes"),
            [0, 20, 20, 19]
        );
        let fault = Alphabet::Protein.codes("AC1").expect_err("a digit");
        assert!(
            fault.message.contains("`1` at position 3"),
            "{}",
            fault.message
        );
    }
}
