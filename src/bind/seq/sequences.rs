//! `seq::…`: sequences as letters, codes and one-hot.

use crate::base::{Result, memory, shape};
use crate::bind::args::genome::CpgRuleOptions;
use crate::bind::args::path::output_path;
use crate::bind::args::seed::seed_of_draw;
use crate::bind::args::sequence::{AlphabetName, Sequences, codes_in};
use crate::bind::args::tensor::Numbers;
use crate::bind::warnings::warn;
use crate::lang::value::mismatch;
use crate::lang::{FromValue, Given, IntoValue, Native, Options, native, natives_of, session};
use crate::seq::alphabets::Alphabet;
use crate::seq::shuffled::Shuffling;
use crate::seq::{alphabet, cpg, fasta, fasta_text};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// Options of `seq::shuffle`.
#[derive(Options)]
pub struct ShuffleOptions {
    /// Length of the k-lets whose counts are preserved.
    #[option(default = 2, min = 1, max = 20)]
    k: usize,
    /// Shuffles of each sequence, along an additional axis; one without that axis unless given.
    #[option(min = 1)]
    copies: Option<usize>,
    /// First position that is shuffled, from 0.
    #[option(default = 0, min = 0)]
    start: Given<i64>,
    /// End of the shuffled range, excluded; the length of the sequence unless given.
    #[option(min = 1)]
    end: Option<i64>,
    /// Seed of the shuffles; a different one for each call unless given.
    seed: Option<u64>,
}

/// Options of functions that encode sequences.
#[derive(Options)]
pub struct AlphabetOptions {
    /// Kind of the sequences: "dna" (A C G T; U is read as T), "rna" (A C G U) or "protein" (the 20
    /// amino acids in the order of their letters, A C D E F G H I K L M N P Q R S T V W Y; X and
    /// others are unknown).
    #[option(default = "dna")]
    alphabet: AlphabetName,
}

/// Options of `seq::random`.
#[derive(Options)]
pub struct RandomOptions {
    /// Seed of the sequences; a different one for each call unless given.
    seed: Option<u64>,
}

/// Options of `seq::save_fasta`.
#[derive(Options)]
pub struct SaveFastaOptions {
    /// Bases per line; 0 writes each sequence on one line.
    #[option(default = 60)]
    line: usize,
}

/// Sequences in the forms that can be shuffled.
pub enum Shufflable {
    /// A string.
    One(String),
    /// An array of strings.
    Many(Vec<String>),
    /// A tensor of codes, [batch, length].
    Codes(Tensor),
}

impl FromValue for Shufflable {
    fn kind() -> String {
        "string, array of strings or tensor of codes".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Some(tensor) = value.read_lock::<Tensor>() {
            if tensor.rank() != 2 {
                bail!("shape", "must be codes [batch, length], got {}",
                    shape::text(&tensor.shape());
                    hint: "`seq::codes` and `g.codes` give codes");
            }
            if tensor.kind().is_floating() {
                bail!("type", "must be codes, got {}", tensor.kind().name());
            }
            return Ok(Shufflable::Codes(tensor.clone()));
        }
        if value.is_string() {
            return String::from_value(value, context).map(Shufflable::One);
        }
        Vec::<String>::from_value(value, context)
            .map(Shufflable::Many)
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}

/// Sequences with their names.
pub struct NamedSequences(Vec<(String, String)>);

impl FromValue for NamedSequences {
    fn kind() -> String {
        "map or array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
            let texts = Vec::<String>::from_value(value, context)
                .map_err(|_| mismatch(&Self::kind(), value))?;
            let named = texts.into_iter().enumerate();
            let named = named.map(|(i, text)| (format!("sequence{}", i + 1), text));
            return Ok(NamedSequences(named.collect()));
        };
        let named = map.into_iter().map(|(name, text)| {
            let got = session::describe(&text);
            let text = text.into_string().map_err(|_| {
                fault!("type", "must hold strings of bases, got {got} for `{name}`")
            })?;
            Ok((name.to_string(), text))
        });
        named.collect::<Result<_>>().map(NamedSequences)
    }
}

fn codes_tensor(texts: &[String], alphabet: Alphabet) -> Result<Tensor> {
    if texts.is_empty() {
        bail!("value", "there is no sequence");
    }
    let (codes, length) = codes_in(alphabet, texts)?;
    Tensor::from_u8(&codes, &[texts.len() as i64, length as i64])
}

/// Bytes of a string in a script beside its letters.
const STRING_SIZE: usize = size_of::<Dynamic>() + 40;

fn random_sequences(n: i64, length: i64, seed: u64) -> Result<Vec<String>> {
    // codes and letters exist at the same time
    let size = length.saturating_mul(2).saturating_add(STRING_SIZE as i64);
    memory::elements(&[n, size], 1)?;
    Ok(crate::seq::random::sequences(
        n as usize,
        length as usize,
        seed,
    ))
}

/// Shuffles of codes [batch, length], with an axis of copies where they are given.
fn shuffled_codes(how: &Shuffling, codes: &Tensor, copies: Option<usize>) -> Result<Tensor> {
    let (batch, length) = (codes.shape()[0], codes.shape()[1]);
    let rows = how.rows(&codes.to_u8()?, length as usize, copies.unwrap_or(1))?;
    let shape = match copies {
        Some(copies) => vec![batch, copies as i64, length],
        None => vec![batch, length],
    };
    Tensor::from_u8(&rows, &shape)
}

/// Shuffles of a sequence: a string, or an array of strings where the number of copies is given.
fn shuffled_text(
    how: &Shuffling,
    row: usize,
    text: &str,
    copies: Option<usize>,
) -> Result<Dynamic> {
    let codes = alphabet::codes(text)?;
    let count = copies.unwrap_or(1) as i64;
    memory::elements(&[count, (codes.len() + STRING_SIZE) as i64], 1)?;
    let shuffles = how.copies(row, &codes, copies.unwrap_or(1))?.into_iter();
    let mut texts = shuffles.map(|codes| Dynamic::from(alphabet::decode(&codes)));
    Ok(match copies {
        None => texts.next().unwrap_or_default(),
        Some(_) => texts.collect::<Array>().into(),
    })
}

/// Encodes sequences one-hot; other letters than those of the alphabet are zeros.
///
/// Channels are in the order of the alphabet: A, C, G, T of DNA.
///
/// ```rhai
/// assert_eq(seq::one_hot(["AC"]), [[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]]);
/// assert_eq(seq::one_hot(["MKV"], #{ alphabet: "protein" }).shape, [1, 20, 3]);
/// ```
#[native(
    namespace = "seq",
    returns = "tensor [batch, 4, length], order A C G T; 20 channels of proteins"
)]
pub fn one_hot(
    /// Sequences of one length, in IUPAC letters of either case.
    sequences: &Sequences,
    options: AlphabetOptions,
) -> Result<Tensor> {
    let alphabet = Alphabet::from(options.alphabet);
    codes_tensor(&sequences.0, alphabet)?.one_hot_letters(alphabet.letters().len() as i64)
}

/// Encodes sequences as codes: A, C, G, T are 0, 1, 2, 3, other letters 4.
///
/// ```rhai
/// assert_eq(seq::codes(["ACGTN"]), tensor::from([[0, 1, 2, 3, 4]]).to("uint8"));
/// let codes = seq::codes(["ACDX"], #{ alphabet: "protein" });
/// assert_eq(codes, tensor::from([[0, 1, 2, 20]]).to("uint8"));
/// ```
#[native(namespace = "seq", returns = "tensor [batch, length] uint8")]
pub fn codes(
    /// Sequences of one length, in IUPAC letters of either case.
    sequences: &Sequences,
    options: AlphabetOptions,
) -> Result<Tensor> {
    codes_tensor(&sequences.0, options.alphabet.into())
}

/// Returns the letters of codes or of one-hot sequences.
///
/// Codes other than 0 to 3, and positions of four zeros, are N.
///
/// ```rhai
/// assert_eq(seq::decode(seq::one_hot(["ACGN"])), ["ACGN"]);
/// let protein = #{ alphabet: "protein" };
/// assert_eq(seq::decode(seq::one_hot(["MKVX"], protein), protein), ["MKVX"]);
/// ```
#[native(namespace = "seq")]
pub fn decode(
    /// Codes [batch, length], or one-hot [batch, letters, length].
    codes: &Numbers,
    options: AlphabetOptions,
) -> Result<Vec<String>> {
    let rows = 0..codes.0.shape()[0] as usize;
    let alphabet = Alphabet::from(options.alphabet);
    let (codes, length) = match alphabet {
        Alphabet::Protein => letter_codes(&codes.0, alphabet)?,
        _ => codes.0.base_codes()?,
    };
    let letters = rows.map(|row| alphabet.decode(&codes[row * length..][..length]));
    Ok(letters.collect())
}

/// Codes of a tensor of codes, or of one-hot sequences, of an alphabet; and their length.
fn letter_codes(x: &Tensor, alphabet: Alphabet) -> Result<(Vec<u8>, usize)> {
    match x.shape()[..] {
        [_, length] => Ok((x.to_u8()?, length as usize)),
        [_, letters, length] if letters as usize == alphabet.letters().len() => {
            let codes = alphabet.codes_of_one_hot(&x.to_f32()?, length as usize);
            Ok((codes, length as usize))
        }
        _ => bail!(
            "shape",
            "codes are [batch, length], one-hot sequences [batch, {}, length], got {}",
            alphabet.letters().len(),
            shape::text(&x.shape())
        ),
    }
}

/// Returns the reverse complement of a sequence.
///
/// ```rhai
/// assert_eq(seq::reverse_complement("AACG"), "CGTT");
/// ```
#[native(namespace = "seq")]
pub fn reverse_complement(
    /// Sequence in IUPAC letters; other letters than A, C, G, T become N.
    sequence: &str,
) -> Result<String> {
    let mut codes = alphabet::codes(sequence)?;
    alphabet::reverse_complement(&mut codes);
    Ok(alphabet::decode(&codes))
}

/// Shuffles sequences; the count of every k-let is preserved.
///
/// All sequences with these counts are equally likely. The result has the form of the argument: a
/// string, an array of strings, or a tensor of codes.
///
/// ```rhai
/// assert_eq(seq::shuffle("ACGTACGGT", #{ seed: 1 }).len(), 9);
/// assert_eq(seq::shuffle(["ACGTACGGT", "TTTT"], #{ seed: 1 })[1], "TTTT");
/// assert_eq(seq::shuffle(seq::codes(["ACGTAC"]), #{ copies: 20, seed: 1 }).shape, [1, 20, 6]);
/// assert_eq(seq::shuffle("AAAAACGTTT", #{ start: 0, end: 5, seed: 1 }), "AAAAACGTTT");
/// ```
#[native(
    namespace = "seq",
    returns = "as `sequences`; with `copies` an array of arrays, or a tensor [batch, copies, \
        length]"
)]
pub fn shuffle(
    /// String, array of strings, or tensor [batch, length] of codes.
    sequences: &Shufflable,
    options: ShuffleOptions,
) -> Result<Dynamic> {
    let ShuffleOptions {
        k,
        copies,
        start,
        end,
        seed,
    } = options;
    let seed = seed_of_draw(seed);
    let how = Shuffling {
        k,
        seed,
        start: start.is_given.then_some(*start),
        end,
    };
    let text = |(row, text): (usize, &String)| shuffled_text(&how, row, text, copies);
    match sequences {
        Shufflable::Codes(codes) => Ok(shuffled_codes(&how, codes, copies)?.into_value()),
        Shufflable::Many(texts) => {
            let shuffles = texts.iter().enumerate().map(text);
            Ok(shuffles.collect::<Result<Array>>()?.into())
        }
        Shufflable::One(one) => text((0, one)),
    }
}

/// Draws random sequences of independent, equally likely bases.
///
/// ```rhai
/// assert_eq(seq::random(2, 5, #{ seed: 1 })[1].len(), 5);
/// ```
#[native(namespace = "seq")]
pub fn random(
    /// Number of sequences.
    #[check(min = 1)]
    n: i64,
    /// Length of each sequence, in bp.
    #[check(min = 1)]
    length: i64,
    options: RandomOptions,
) -> Result<Vec<String>> {
    random_sequences(n, length, seed_of_draw(options.seed))
}

/// Returns whether a sequence of length L is a CpG island.
///
/// It is one where N(CpG)·L / ((N(C)+N(G))/2)² > 0.6 and (N(C)+N(G))/L > 0.5.
///
/// # Source
/// Mocap, Chen et al. 2017.
///
/// ```rhai
/// assert(seq::is_cpg_island("CGCGCGCG"));
/// assert(!seq::is_cpg_island("GGGGGGGG"));
/// assert(seq::is_cpg_island("CGAAAAAA", #{ "as": "coded" }));
/// ```
#[native(namespace = "seq")]
pub fn is_cpg_island(
    /// Sequence in IUPAC letters.
    sequence: &str,
    options: CpgRuleOptions,
) -> Result<bool> {
    let rule = options.rule.into();
    Ok(cpg::is_cpg_island(&alphabet::codes(sequence)?, rule))
}

/// Encodes the k-mers of sequences one-hot, in alphabetical order (AA, AC, …).
///
/// A k-mer that contains another letter than A, C, G, T is all zeros.
///
/// ```rhai
/// let x = seq::kmers(["ACGN"], 2);
/// assert_eq(x.shape, [1, 16, 3]);
/// assert_eq(x.sum(), 2.0);
/// ```
#[native(namespace = "seq", returns = "tensor [batch, 4^k, length - k + 1]")]
pub fn kmers(
    /// Sequences of one length, in IUPAC letters.
    sequences: &Sequences,
    /// Length of the k-mers, in bp.
    k: i64,
) -> Result<Tensor> {
    crate::nn::reshape::kmers(
        &codes_tensor(&sequences.0, Alphabet::Dna)?.one_hot_codes()?,
        k,
    )
}

/// Reads a FASTA file, plain or gzipped.
///
/// Two records of one name are an error.
///
/// ```rhai
/// seq::save_fasta("/tmp/cistron_example_seq.fa", #{ a: "ACGT", b: "GG" });
/// assert_eq(seq::read_fasta("/tmp/cistron_example_seq.fa").b, "GG");
/// ```
#[native(namespace = "seq", returns = "map of strings by name")]
pub fn read_fasta(
    /// Path of the file.
    path: &str,
) -> Result<Map> {
    let path = session::find_input(path)?;
    let records = fasta::read(&path)?;
    records.check_unique(&path)?;
    records.empty_note(&path).iter().for_each(|note| warn(note));
    let names = records.names.iter().enumerate();
    let named = names.map(|(i, name)| {
        let letters = alphabet::decode(records.sequence(i));
        (name.into(), letters.into())
    });
    Ok(named.collect())
}

/// Writes sequences as a FASTA file.
///
/// ```rhai
/// seq::save_fasta("/tmp/cistron_example_seq2.fa", ["ACGT", "GG"]);
/// assert_eq(seq::read_fasta("/tmp/cistron_example_seq2.fa").sequence2, "GG");
/// ```
#[native(namespace = "seq")]
pub fn save_fasta(
    /// Path of the file.
    path: &str,
    /// Map of sequences by name, or array of sequences, named `sequence1`, `sequence2` and so on.
    sequences: &NamedSequences,
    options: SaveFastaOptions,
) -> Result<()> {
    let text = fasta_text(&sequences.0, options.line)?;
    crate::base::file::write_whole(&output_path(path)?, text.as_bytes())
}

/// Computes the fraction of G and C among the known bases of a sequence.
///
/// ```rhai
/// assert_eq(seq::gc_content("GCAT"), 0.5);
/// ```
#[native(namespace = "seq", returns = "number from 0 to 1")]
pub fn gc_content(
    /// Sequence in IUPAC letters; other letters than A, C, G, T are not counted.
    sequence: &str,
) -> Result<f64> {
    Ok(alphabet::gc_content(&alphabet::codes(sequence)?))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        one_hot,
        codes,
        decode,
        reverse_complement,
        shuffle,
        random,
        is_cpg_island,
        kmers,
        read_fasta,
        save_fasta,
        gc_content,
    ]
}
