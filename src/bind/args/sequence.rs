//! Sequences as arguments.

use crate::bail;
use crate::base::Result;
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue};
use crate::seq::alphabets::Alphabet;
use rhai::{Dynamic, NativeCallContext};

/// The kind of sequences.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum AlphabetName {
    /// A, C, G, T; U is read as T.
    Dna,
    /// A, C, G, U.
    Rna,
    /// The 20 amino acids, in the order of their letters.
    Protein,
}

impl From<AlphabetName> for Alphabet {
    fn from(name: AlphabetName) -> Alphabet {
        match name {
            AlphabetName::Dna => Alphabet::Dna,
            AlphabetName::Rna => Alphabet::Rna,
            AlphabetName::Protein => Alphabet::Protein,
        }
    }
}

/// Sequences as scripts write them: codes of one length.
pub fn codes_of(texts: &[String]) -> Result<(Vec<u8>, usize)> {
    codes_in(Alphabet::Dna, texts)
}

/// Sequences of an alphabet: codes of one length.
pub fn codes_in(alphabet: Alphabet, texts: &[String]) -> Result<(Vec<u8>, usize)> {
    let unit = if alphabet.is_bases() {
        "bases"
    } else {
        "letters"
    };
    let mut codes = Vec::new();
    let length = texts.first().map_or(0, String::len);
    for (i, text) in texts.iter().enumerate() {
        if text.len() != length {
            bail!("shape", "sequence {i} has {} {unit}, the first has {length}", text.len();
                hint: "sequences of one batch have one length");
        }
        codes.extend(
            alphabet
                .codes(text)
                .map_err(|fault| fault.context(format!("sequence {i}")))?,
        );
    }
    Ok((codes, length))
}

/// One sequence or several.
pub struct Sequences(pub Vec<String>);

impl FromValue for Sequences {
    fn kind() -> String {
        "string or array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_string() {
            return String::from_value(value, context).map(|one| Sequences(vec![one]));
        }
        Vec::<String>::from_value(value, context)
            .map(Sequences)
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}
