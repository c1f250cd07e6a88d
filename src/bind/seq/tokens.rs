//! `tokenizer::…`: k-mers and byte pairs of sequences as numbers.

use crate::base::Result;
use crate::bind::args::sequence::{Sequences, codes_of};
use crate::bind::types::Tokens;
use crate::lang::{IntoValue, Native, Options, native, natives_of, session};
use crate::seq::tokens::{KmerTokens, Tokenizer, kmer_numbers};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map};
use std::rc::Rc;

/// Options of `seq::kmer_tokens`.
#[derive(Options)]
pub struct StrideOptions {
    /// Positions from one k-mer to the next.
    #[option(default = 1, min = 1)]
    stride: usize,
}

/// Options of `tokenizer::kmers`.
#[derive(Options)]
pub struct KmerOptions {
    /// Positions from one k-mer to the next.
    #[option(default = 1, min = 1)]
    stride: usize,
    /// Bases in the order of the tokens; DNABERT has "ATCG".
    #[option(default = "ACGT")]
    order: String,
    /// Tokens before those of the k-mers; `[CLS]` and `[SEP]` are put around a sequence, `[UNK]` is
    /// that of k-mers with unknown bases, `[PAD]` that of padding.
    #[option(default = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])]
    special: Vec<String>,
}

/// Options of `tokenizer.encode`.
#[derive(Options)]
pub struct EncodeOptions {
    /// Whether the special tokens of the tokenizer are put around a sequence.
    #[option(default = true)]
    special: bool,
    /// Largest number of tokens; those of the end of a sequence are left out.
    #[option(min = 1)]
    length: Option<usize>,
}

/// Options of `tokenizer.batch`.
#[derive(Options)]
pub struct TokenBatchOptions {
    #[option(flatten)]
    encode: EncodeOptions,
    /// Whether all rows have `length` tokens; else as many as the longest of them.
    #[option(default = false)]
    fill: bool,
    /// Token that pads shorter sequences; that of the tokenizer unless given.
    pad: Option<String>,
}

/// Returns the number of each k-mer of sequences, in base 4 and alphabetical order.
///
/// AA… is 0, TT… is 4^k - 1; k-mers with other letters than A, C, G, T are 4^k.
///
/// ```rhai
/// assert_eq(seq::kmer_tokens(["ACGTN"], 2), [[1, 6, 11, 16]]);
/// assert_eq(seq::kmer_tokens(["ACGT"], 2, #{ stride: 2 }), [[1, 11]]);
/// ```
#[native(
    namespace = "seq",
    returns = "tensor [batch, (length - k) / stride + 1] int64"
)]
pub fn kmer_tokens(
    /// Sequences of one length, in IUPAC letters.
    sequences: &Sequences,
    /// Length of the k-mers, in bp.
    #[check(min = 1, max = 12)]
    k: i64,
    options: StrideOptions,
) -> Result<Tensor> {
    let (codes, length) = codes_of(&sequences.0)?;
    if length < k as usize {
        bail!("value", "sequences of {length} bases have no {k}-mer");
    }
    let rows = codes.chunks(length);
    let numbers = rows.flat_map(|row| kmer_numbers(row, k as usize, options.stride));
    let numbers: Vec<i64> = numbers.collect();
    let count = sequences.0.len() as i64;
    Tensor::from_i64(&numbers, &[count, numbers.len() as i64 / count.max(1)])
}

/// Returns a tokenizer of overlapping k-mers.
///
/// ```rhai
/// let t = tokenizer::kmers(3);
/// assert_eq(t.tokens(t.encode("ACGTN")), ["[CLS]", "ACG", "CGT", "[UNK]", "[SEP]"]);
/// assert_eq(t.size, 69);
/// ```
#[native(namespace = "tokenizer")]
pub fn kmers(
    /// Length of the k-mers, in bp.
    #[check(min = 1, max = 8)]
    k: i64,
    options: KmerOptions,
) -> Result<Tokens> {
    let kmers = KmerTokens::new(k as usize, options.stride, &options.order, options.special)?;
    Ok(Tokens(Rc::new(Tokenizer::of_kmers(kmers))))
}

/// Reads a tokenizer of byte pairs from a `tokenizer.json` of Hugging Face's library.
///
/// Models of byte pairs (BPE) with the pre-tokenizers Whitespace and WhitespaceSplit, as those of
/// DNABERT-2, are read; the error names anything else that a file declares. Special tokens around
/// a sequence and `max_length` are those of the file.
///
/// # Source
/// Sennrich et al. (2016): byte pairs; Zhou et al. (2024): DNABERT-2.
///
/// ```rhai
/// save_text("/tmp/cistron_tokenizer.json", `{ "model": { "type": "BPE", "merges": ["A C", "AC G"],
///     "vocab": { "A": 0, "C": 1, "G": 2, "T": 3, "AC": 4, "ACG": 5 } } }`);
/// let t = tokenizer::open("/tmp/cistron_tokenizer.json");
/// assert_eq(t.encode("ACGTAC"), [5, 3, 4]);
/// ```
#[native(namespace = "tokenizer")]
pub fn open(
    /// Path of the file.
    path: &str,
) -> Result<Tokens> {
    let tokenizer = Tokenizer::open(&session::find_input(path)?)?;
    Ok(Tokens(Rc::new(tokenizer)))
}

/// The tokens of sequences, of each at most `length`.
fn encoded(this: &Tokens, texts: &[String], options: &EncodeOptions) -> Result<Vec<Vec<i64>>> {
    let one = |(i, text): (usize, &String)| {
        let ids = this.0.encode(text, options.special, options.length);
        let ids = ids.map_err(|fault| fault.context(format!("sequence {i}")))?;
        Ok(ids.into_iter().map(i64::from).collect())
    };
    texts.iter().enumerate().map(one).collect()
}

/// Returns the numbers of the tokens of a sequence, or of several.
///
/// ```rhai
/// let t = tokenizer::kmers(2, #{ special: [] });
/// assert_eq(t.encode("ACGT"), [1, 6, 11]);
/// assert_eq(t.encode(["ACG", "AA"]), [[1, 6], [0]]);
/// ```
#[native(
    namespace = "tokenizer",
    form = method,
    returns = "array of integers, or an array of them for an array of strings"
)]
pub fn encode(
    this: &Tokens,
    /// Sequence or array of sequences.
    sequences: &Dynamic,
    options: EncodeOptions,
) -> Result<Dynamic> {
    if let Ok(text) = sequences.clone().into_string() {
        let mut rows = encoded(this, &[text], &options)?;
        return Ok(rows.pop().unwrap_or_default().into_value());
    }
    let texts = sequences.clone().into_typed_array::<String>();
    let texts = texts.map_err(|_| {
        let found = session::describe(sequences);
        fault!(
            "type",
            "`sequences` must be a string or an array of strings, got {found}"
        )
    })?;
    Ok(encoded(this, &texts, &options)?.into_value())
}

/// Returns the tokens of sequences as a batch, shorter ones padded.
///
/// ```rhai
/// let t = tokenizer::kmers(2);
/// let batch = t.batch(["ACGT", "AC"]);
/// assert_eq(batch.ids.shape, [2, 5]);
/// assert_eq(batch.mask, [[1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0, 0.0]]);
/// ```
#[native(
    namespace = "tokenizer",
    form = method,
    returns = "map of `ids`, tensor [batch, tokens] int64, and `mask`, tensor [batch, tokens]: 1 \
               where there is a token, 0 where a row is padded"
)]
pub fn batch(
    this: &Tokens,
    /// Array of sequences.
    sequences: &Sequences,
    options: TokenBatchOptions,
) -> Result<Map> {
    let rows = encoded(this, &sequences.0, &options.encode)?;
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = match (options.fill, options.encode.length) {
        (true, Some(length)) => length,
        (true, None) => bail!("option", "`fill` needs `length`, the number of tokens"),
        (false, _) => longest,
    };
    let pad = match &options.pad {
        Some(token) => this
            .0
            .id(token)
            .ok_or_else(|| fault!("name", "the tokenizer has no token `{token}`"))?,
        None if rows.iter().all(|row| row.len() == width) => 0,
        None => this.0.padding()?,
    };
    let (mut ids, mut mask) = (Vec::new(), Vec::new());
    for row in &rows {
        let padding = width - row.len();
        ids.extend(row.iter().copied());
        ids.extend(std::iter::repeat_n(i64::from(pad), padding));
        mask.extend(std::iter::repeat_n(1.0, row.len()));
        mask.extend(std::iter::repeat_n(0.0, padding));
    }
    let sizes = [rows.len() as i64, width as i64];
    Ok(Map::from([
        ("ids".into(), Tensor::from_i64(&ids, &sizes)?.into_value()),
        ("mask".into(), Tensor::from_f32(&mask, &sizes)?.into_value()),
    ]))
}

/// Returns the tokens of numbers, as strings.
///
/// ```rhai
/// assert_eq(tokenizer::kmers(2, #{ special: [] }).tokens([1, 6]), ["AC", "CG"]);
/// ```
#[native(namespace = "tokenizer", form = method)]
pub fn tokens(
    this: &Tokens,
    /// Numbers of tokens.
    ids: Vec<i64>,
) -> Result<Vec<String>> {
    let token = |id: i64| {
        let token = u32::try_from(id).ok().and_then(|id| this.0.token(id));
        let token = token.map(str::to_string);
        token.ok_or_else(|| fault!("index", "the tokenizer has no token of number {id}"))
    };
    ids.into_iter().map(token).collect()
}

/// Returns the number of a token, or () where there is none.
///
/// ```rhai
/// assert_eq(tokenizer::kmers(2).id("[MASK]"), 4);
/// ```
#[native(namespace = "tokenizer", form = method)]
pub fn id(
    this: &Tokens,
    /// Token, such as "[MASK]".
    token: &str,
) -> Option<i64> {
    this.0.id(token).map(i64::from)
}

/// The size of the vocabulary: one more than the largest number of a token.
///
/// ```rhai
/// assert_eq(tokenizer::kmers(2, #{ special: [] }).size, 16);
/// ```
#[native(namespace = "tokenizer", form = property)]
pub fn size(this: &Tokens) -> i64 {
    this.0.size() as i64
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![kmer_tokens, kmers, open, encode, batch, tokens, id, size]
}
