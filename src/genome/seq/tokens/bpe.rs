//! Byte-pair encoding: the pair of neighbours that was merged first in training is merged first
//! (Sennrich et al. 2016).

use cistron_base::{Result, bail, fault};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// A vocabulary and the merges of pairs of its tokens.
#[derive(Clone, Debug)]
pub struct Bpe {
    /// Numbers of tokens.
    pub vocabulary: HashMap<String, u32>,
    /// The rank of the merge of two tokens, and the token that they become.
    merges: HashMap<(u32, u32), (u32, u32)>,
    /// The token of characters that are no tokens; they are left out where there is none.
    unknown: Option<u32>,
    /// Whether unknown characters in a row are one token.
    is_fused: bool,
    /// Whether a word that is a token is not divided into characters.
    is_whole: bool,
}

/// A token of a word while it is merged.
#[derive(Clone, Copy)]
struct Symbol {
    token: u32,
    previous: usize,
    next: usize,
    is_left: bool,
}

/// No neighbour.
const NONE: usize = usize::MAX;

impl Bpe {
    /// Reads the `model` of a tokenizer file.
    pub fn read(model: &Value) -> Result<Bpe> {
        let flag = |name: &str| model[name].as_bool().unwrap_or(false);
        let text = |name: &str| model[name].as_str().unwrap_or_default();
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if !text(name).is_empty() {
                bail!("data", "tokenizers with `{name}` are not read");
            }
        }
        if flag("byte_fallback") {
            bail!("data", "tokenizers with `byte_fallback` are not read");
        }
        if model["dropout"].as_f64().is_some_and(|rate| rate > 0.0) {
            bail!(
                "data",
                "tokenizers with `dropout` have random tokens, and are not read"
            );
        }
        let Some(entries) = model["vocab"].as_object() else {
            bail!("data", "the tokenizer has no `vocab`")
        };
        let id = |(token, id): (&String, &Value)| {
            let number = id.as_u64().and_then(|id| u32::try_from(id).ok());
            let number = number.ok_or_else(|| fault!("data", "token `{token}` has no number"))?;
            Ok((token.clone(), number))
        };
        let vocabulary: HashMap<String, u32> = entries.iter().map(id).collect::<Result<_>>()?;
        let known = |token: &str| {
            let id = vocabulary.get(token).copied();
            id.ok_or_else(|| fault!("data", "the merge of `{token}` is of no token of `vocab`"))
        };
        let mut merges = HashMap::new();
        for (merge, rank) in model["merges"].as_array().into_iter().flatten().zip(0..) {
            let (left, right) = pair(merge)?;
            let key = (known(left)?, known(right)?);
            merges.insert(key, (rank, known(&format!("{left}{right}"))?));
        }
        let unknown = match text("unk_token") {
            "" => None,
            token => Some(known(token)?),
        };
        Ok(Bpe {
            unknown,
            is_fused: flag("fuse_unk"),
            is_whole: flag("ignore_merges"),
            vocabulary,
            merges,
        })
    }

    /// The tokens of a word.
    pub fn encode(&self, word: &str) -> Vec<u32> {
        if let Some(token) = self.vocabulary.get(word).filter(|_| self.is_whole) {
            return vec![*token];
        }
        let mut symbols: Vec<Symbol> = Vec::new();
        let (mut buffer, mut was_unknown) = ([0; 4], false);
        for letter in word.chars() {
            let own = self.vocabulary.get(&*letter.encode_utf8(&mut buffer));
            let is_unknown = own.is_none();
            let token = own.copied().or(self.unknown);
            let is_joined = is_unknown && was_unknown && self.is_fused;
            was_unknown = is_unknown;
            if let (Some(token), false) = (token, is_joined) {
                symbols.push(Symbol {
                    token,
                    previous: symbols.len().checked_sub(1).unwrap_or(NONE),
                    next: symbols.len() + 1,
                    is_left: true,
                });
            }
        }
        if let Some(last) = symbols.last_mut() {
            last.next = NONE;
        }
        self.merge(&mut symbols);
        let left = symbols.iter().filter(|symbol| symbol.is_left);
        left.map(|symbol| symbol.token).collect()
    }

    /// Merges pairs of neighbours, the lowest rank first, of equal ranks from left to right.
    fn merge(&self, symbols: &mut [Symbol]) {
        let rank = |symbols: &[Symbol], at: usize| {
            let symbol = symbols[at];
            let next = symbols.get(symbol.next)?;
            let (rank, merged) = self.merges.get(&(symbol.token, next.token))?;
            Some(Reverse((*rank, at, *merged)))
        };
        let mut queue: BinaryHeap<_> = (0..symbols.len())
            .filter_map(|at| rank(symbols, at))
            .collect();
        while let Some(Reverse((_, at, merged))) = queue.pop() {
            let symbol = symbols[at];
            if !symbol.is_left || symbol.next == NONE {
                continue;
            }
            let next = symbols[symbol.next];
            // the pair may have changed since it was queued
            let now = self.merges.get(&(symbol.token, next.token));
            if now.is_none_or(|(_, other)| *other != merged) {
                continue;
            }
            symbols[symbol.next].is_left = false;
            symbols[at].token = merged;
            symbols[at].next = next.next;
            if next.next != NONE {
                symbols[next.next].previous = at;
            }
            queue.extend(rank(symbols, at));
            if symbol.previous != NONE {
                queue.extend(rank(symbols, symbol.previous));
            }
        }
    }
}

/// The two tokens of a merge: `"A C"`, or `["A", "C"]` in files of newer versions.
fn pair(merge: &Value) -> Result<(&str, &str)> {
    let parts = match merge {
        Value::String(text) => text.split_once(' '),
        Value::Array(items) => match items.as_slice() {
            [left, right] => left.as_str().zip(right.as_str()),
            _ => None,
        },
        _ => None,
    };
    parts.ok_or_else(|| fault!("data", "merge {merge} is no pair of tokens"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pairs_are_merged_in_the_order_of_their_ranks() {
        let model = json!({
            "vocab": { "A": 0, "C": 1, "G": 2, "AC": 3, "CG": 4, "ACG": 5, "?": 6 },
            "merges": ["C G", ["A", "C"], "A CG"],
            "unk_token": "?"
        });
        let bpe = Bpe::read(&model).expect("a model");
        assert_eq!(bpe.encode("ACGAC"), [5, 3]);
        assert_eq!(bpe.encode("ACAC"), [3, 3]);
        assert_eq!(bpe.encode("NNA"), [6, 6, 0]);
        assert_eq!(bpe.encode(""), Vec::<u32>::new());
        let fused = json!({ "vocab": { "A": 0, "?": 1 }, "merges": [], "unk_token": "?",
            "fuse_unk": true });
        assert_eq!(
            Bpe::read(&fused).expect("a model").encode("NNANN"),
            [1, 0, 1]
        );
        let broken = json!({ "vocab": { "A": 0 }, "merges": ["A C"] });
        assert!(Bpe::read(&broken).is_err());
    }
}
