//! Tokens of sequences: k-mers, and byte pairs of tokenizer files.

mod bpe;
mod file;
mod kmers;

pub use kmers::{KmerTokens, kmer_numbers};

use bpe::Bpe;
use cistron_base::{Result, bail};
use std::collections::HashMap;

/// How the text between special tokens becomes tokens.
#[derive(Clone, Debug)]
enum Model {
    Bpe(Bpe),
    Kmers(KmerTokens),
}

/// How a text is divided into words, within which tokens are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    /// Letters, digits and underscores in a row, or other characters in a row.
    Whitespace,
    /// What is between white space.
    WhitespaceSplit,
}

/// A token of a template around a sequence.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Special(Vec<u32>),
    Sequence,
}

/// Turns sequences into numbers of tokens.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    model: Model,
    is_lower_case: bool,
    words: Vec<Words>,
    /// Tokens that are recognised in the text as a whole, and their numbers.
    added: Vec<(String, u32)>,
    template: Vec<Piece>,
    /// The largest number of tokens, where the file states one.
    most: Option<usize>,
    /// The token of padding.
    padding: Option<u32>,
    /// Tokens by number.
    names: HashMap<u32, String>,
}

impl Tokenizer {
    /// A tokenizer of k-mers with special tokens `[CLS]` and `[SEP]` around a sequence, where they
    /// are among the tokens.
    pub fn of_kmers(kmers: KmerTokens) -> Tokenizer {
        let special = |name: &str| kmers.special.iter().position(|own| own == name);
        let id = |name: &str| special(name).map(|id| id as u32);
        let mut template = Vec::new();
        template.extend(id("[CLS]").map(|id| Piece::Special(vec![id])));
        template.push(Piece::Sequence);
        template.extend(id("[SEP]").map(|id| Piece::Special(vec![id])));
        Tokenizer {
            is_lower_case: false,
            words: Vec::new(),
            added: kmers.special.iter().cloned().zip(0..).collect(),
            template,
            most: None,
            padding: id("[PAD]"),
            names: kmers.names(),
            model: Model::Kmers(kmers),
        }
    }

    /// Number of tokens: one more than the largest number of a token.
    pub fn size(&self) -> usize {
        self.names.keys().max().map_or(0, |most| *most as usize + 1)
    }

    /// The number of a token.
    pub fn id(&self, token: &str) -> Option<u32> {
        let named = self.names.iter().find(|(_, name)| *name == token);
        named.map(|(id, _)| *id)
    }

    /// The token of a number.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// The token that pads shorter sequences.
    pub fn padding(&self) -> Result<u32> {
        let Some(id) = self.padding.or_else(|| self.id("[PAD]")) else {
            bail!("data", "the tokenizer has no token for padding";
                hint: "`#{{ pad: \"[UNK]\" }}` names the token that pads shorter sequences")
        };
        Ok(id)
    }

    /// The numbers of the tokens of a text, at most `most` of them, with the special tokens around
    /// it if `is_whole` is set. Tokens that exceed the number are left out at the end of the text.
    pub fn encode(&self, text: &str, is_whole: bool, most: Option<usize>) -> Result<Vec<u32>> {
        let mut body = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let found = self
                .added
                .iter()
                .filter_map(|(token, id)| Some((rest.find(token.as_str())?, token, *id)));
            // the first of them, and the longest of several at one place
            let found = found.min_by_key(|(at, token, _)| (*at, usize::MAX - token.len()));
            let (before, after) = match found {
                Some((at, token, _)) => (&rest[..at], &rest[at + token.len()..]),
                None => (rest, ""),
            };
            self.encode_plain(before, &mut body)?;
            body.extend(found.map(|(_, _, id)| id));
            rest = after;
        }
        let special = |piece: &Piece| match piece {
            Piece::Special(ids) if is_whole => ids.len(),
            _ => 0,
        };
        let around: usize = self.template.iter().map(special).sum();
        if let Some(most) = most.or(self.most) {
            if most < around {
                bail!(
                    "value",
                    "{most} tokens do not hold the {around} special ones"
                );
            }
            body.truncate(most - around);
        }
        if !is_whole {
            return Ok(body);
        }
        let mut out = Vec::with_capacity(body.len() + around);
        for piece in &self.template {
            match piece {
                Piece::Special(ids) => out.extend(ids),
                Piece::Sequence => out.extend(&body),
            }
        }
        Ok(out)
    }

    /// Appends the tokens of a text without special tokens.
    fn encode_plain(&self, text: &str, out: &mut Vec<u32>) -> Result<()> {
        let lower = self.is_lower_case.then(|| text.to_lowercase());
        let text = lower.as_deref().unwrap_or(text);
        let mut words = vec![text];
        for how in &self.words {
            words = words.iter().flat_map(|word| how.of(word)).collect();
        }
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            match &self.model {
                Model::Bpe(bpe) => out.extend(bpe.encode(word)),
                Model::Kmers(kmers) => kmers.encode(word, out)?,
            }
        }
        Ok(())
    }
}

impl Words {
    /// The words of a text.
    fn of(self, text: &str) -> Vec<&str> {
        match self {
            Words::WhitespaceSplit => text.split_whitespace().collect(),
            Words::Whitespace => {
                let kind = |letter: char| match letter {
                    letter if letter.is_whitespace() => 0,
                    letter if letter.is_alphanumeric() || letter == '_' => 1,
                    _ => 2,
                };
                let mut words = Vec::new();
                let (mut start, mut last) = (0, 0);
                for (at, letter) in text.char_indices() {
                    if kind(letter) != last {
                        words.extend((last > 0).then_some(&text[start..at]));
                        (start, last) = (at, kind(letter));
                    }
                }
                words.extend((last > 0).then_some(&text[start..]));
                words
            }
        }
    }
}
