//! `seq::…`: sequences as letters, codes and one-hot.

use crate::base::seed::Rng;
use crate::base::{Result, memory};
use crate::bind::types::{Numbers, codes_of};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::mismatch;
use crate::lang::{FromValue, IntoValue, Options, session};
use crate::seq::alphabet;
use crate::seq::shuffle::Shuffler;
use crate::torch::{Kind, Tensor};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, NativeCallContext};

const SHUFFLE: &[Opt] = &[
    opt(
        "k",
        OptKind::Int(1, 20),
        "2",
        "the k-lets whose counts are kept",
    ),
    opt(
        "copies",
        OptKind::Int(1, MANY),
        "",
        "shuffles of each sequence; one unless given",
    ),
    opt(
        "start",
        OptKind::Int(0, MANY),
        "0",
        "first position that is shuffled",
    ),
    opt(
        "end",
        OptKind::Int(1, MANY),
        "",
        "end of the positions that are shuffled, itself excluded; the sequence's unless given",
    ),
    opt(
        "seed",
        OptKind::Int(0, MANY),
        "",
        "the same seed gives the same shuffle",
    ),
];
const FASTA: &[Opt] = &[opt(
    "line",
    OptKind::Int(0, MANY),
    "60",
    "bases in a line; 0 writes each sequence in one",
)];
const RANDOM: &[Opt] = &[opt(
    "seed",
    OptKind::Int(0, MANY),
    "",
    "the same seed gives the same sequences",
)];

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
            .map_err(|_| mismatch("string or array of strings", value))
    }
}

fn codes(texts: &[String]) -> Result<Tensor> {
    if texts.is_empty() {
        bail!("value", "there is no sequence");
    }
    let (codes, length) = codes_of(texts)?;
    Tensor::from_u8(&codes, &[texts.len() as i64, length as i64])
}

fn decode(values: &Tensor) -> Result<Array> {
    let index = match values.shape()[..] {
        [_, 4, _] => {
            let empty = values.sum(&Some(vec![1]), false)?.eq_number(0.0)?;
            values.argmax(Some(1), false)?.masked_fill(&empty, 4.0)?
        }
        [_, _] if !values.kind().is_floating() => values.to_kind(Kind::Int64)?,
        _ => bail!(
            "shape",
            "decode takes codes [batch, length] or one-hot [batch, 4, length], got {}",
            crate::base::shape::text(&values.shape())
        ),
    };
    let (rows, length) = (index.shape()[0] as usize, index.shape()[1] as usize);
    let flat: Vec<u8> = index
        .to_i64()?
        .into_iter()
        .map(|c| c.clamp(0, 4) as u8)
        .collect();
    Ok((0..rows)
        .map(|row| alphabet::decode(&flat[row * length..][..length]).into())
        .collect())
}

fn each(sequence: &str, change: impl Fn(&mut [u8])) -> Result<String> {
    let mut codes = alphabet::codes(sequence)?;
    change(&mut codes);
    Ok(alphabet::decode(&codes))
}

fn random(n: i64, length: i64, o: &Options) -> Result<Array> {
    crate::bind::nn::layers::positive(&[("n", n), ("length", length)])?;
    // a string of its own and its letters, codes and letters at once
    let each = (size_of::<Dynamic>() + 40) as i64;
    crate::base::memory::elements(&[n, length.saturating_mul(2).saturating_add(each)], 1)?;
    let seed = o.maybe_int("seed").map_or_else(
        || session::settings().seed ^ session::next_draw(),
        |s| s as u64,
    );
    let mut rng = Rng::keyed(&[seed, 0x7365_7173]);
    Ok((0..n)
        .map(|_| {
            alphabet::decode(&(0..length).map(|_| rng.below(4) as u8).collect::<Vec<_>>()).into()
        })
        .collect())
}

fn gc(sequence: &str) -> Result<f64> {
    let codes = alphabet::codes(sequence)?;
    let known = codes.iter().filter(|c| **c < 4).count();
    let strong = codes.iter().filter(|c| **c == 1 || **c == 2).count();
    Ok(strong as f64 / known.max(1) as f64)
}

/// Shuffles a region of rows of codes of one length, in parallel: each shuffle's randomness depends
/// on its row and number alone.
fn shuffled(
    rows: &[u8],
    length: usize,
    region: (usize, usize),
    copies: usize,
    k: usize,
    seed: u64,
) -> Result<Vec<u8>> {
    use rayon::prelude::*;
    let size = memory::elements(&[rows.len() as i64, copies as i64], 1)?;
    let mut out = memory::reserved(size, "shuffled sequences")?;
    out.resize(size, 0);
    let (length, (start, end)) = (length.max(1), region);
    out.par_chunks_mut(length * copies.max(1))
        .enumerate()
        .for_each_init(Shuffler::default, |shuffler, (row, own)| {
            let codes = &rows[row * length..][..length];
            let rng = |copy: usize| Rng::keyed(&[seed, 0x7368_7566, row as u64, copy as u64]);
            if end - start == length {
                return shuffler.copies(codes, k, own, rng);
            }
            for (copy, own) in own.chunks_exact_mut(length).enumerate() {
                own.copy_from_slice(codes);
                shuffler.shuffle(&mut own[start..end], k, &mut rng(copy));
            }
        });
    Ok(out)
}

/// The positions that are shuffled.
fn region_of(o: &Options, length: usize) -> Result<(usize, usize)> {
    let is_whole = !o.has("start") && !o.has("end");
    if is_whole {
        Ok((0, length))
    } else {
        crate::seq::edit::range(
            o.int("start"),
            o.maybe_int("end").unwrap_or(length as i64),
            length,
        )
    }
}

fn shuffle(sequences: Dynamic, o: &Options, context: &NativeCallContext) -> Result<Dynamic> {
    let (k, copies) = (
        o.int("k") as usize,
        o.maybe_int("copies").map(|n| n as usize),
    );
    let seed = o.maybe_int("seed").map_or_else(
        || session::settings().seed ^ session::next_draw(),
        |s| s as u64,
    );
    if let Some(tensor) = sequences.read_lock::<Tensor>() {
        let [batch, length] = tensor.shape()[..] else {
            bail!("shape", "`sequences` must be codes [batch, length], got {}", crate::base::shape::text(&tensor.shape()); hint: "`seq::codes` and `g.codes` give codes");
        };
        if tensor.kind().is_floating() {
            bail!(
                "type",
                "`sequences` must be codes, got {}",
                tensor.kind().name()
            );
        }
        let rows = shuffled(
            &tensor.to_u8()?,
            length as usize,
            region_of(o, length as usize)?,
            copies.unwrap_or(1),
            k,
            seed,
        )?;
        let shape = copies.map_or(vec![batch, length], |n| vec![batch, n as i64, length]);
        return Ok(Tensor::from_u8(&rows, &shape)?.into_value());
    }
    let mut given = sequences;
    let is_one = given.is_string();
    let texts = Sequences::from_value(&mut given, context)
        .map_err(|_| mismatch("string, array of strings or tensor of codes", &given))?
        .0;
    let mut shuffler = Shuffler::default();
    let mut one =
        |row: usize, codes: &[u8], (start, end): (usize, usize), copy: usize| -> Dynamic {
            let mut own = codes.to_vec();
            shuffler.shuffle(
                &mut own[start..end],
                k,
                &mut Rng::keyed(&[seed, 0x7368_7566, row as u64, copy as u64]),
            );
            alphabet::decode(&own).into()
        };
    let mut out = Array::new();
    for (row, text) in texts.iter().enumerate() {
        let codes = alphabet::codes(text)?;
        let region = region_of(o, codes.len())?;
        out.push(match copies {
            None => one(row, &codes, region, 0),
            Some(n) => {
                memory::elements(
                    &[n as i64, (codes.len() + size_of::<Dynamic>() + 40) as i64],
                    1,
                )?;
                (0..n)
                    .map(|copy| one(row, &codes, region, copy))
                    .collect::<Array>()
                    .into()
            }
        });
    }
    Ok(if is_one {
        out.swap_remove(0)
    } else {
        out.into()
    })
}

fn read_fasta(path: &str) -> Result<rhai::Map> {
    let path = session::find_input(path)?;
    let records = crate::seq::fasta::read(&path)?;
    records.check_unique(&path)?;
    records
        .empty_note(&path)
        .iter()
        .for_each(|note| crate::bind::train::fit::warn(note));
    Ok(records
        .names
        .iter()
        .enumerate()
        .map(|(i, name)| (name.into(), alphabet::decode(records.sequence(i)).into()))
        .collect())
}

fn save_fasta(
    path: &str,
    sequences: &Dynamic,
    line: usize,
    context: &NativeCallContext,
) -> Result<()> {
    let named: Vec<(String, String)> = match sequences.read_lock::<rhai::Map>() {
        Some(map) => map
            .iter()
            .map(|(name, text)| {
                Ok((
                    name.to_string(),
                    text.clone().into_string().map_err(|_| {
                        fault!(
                            "type",
                            "`{name}` must be a string of bases, got {}",
                            session::describe(text)
                        )
                    })?,
                ))
            })
            .collect::<Result<_>>()?,
        None => {
            let texts = Vec::<String>::from_value(&mut sequences.clone(), context)
                .map_err(|_| mismatch("map or array of strings", sequences))?;
            texts
                .into_iter()
                .enumerate()
                .map(|(i, text)| (format!("sequence{}", i + 1), text))
                .collect()
        }
    };
    let mut out = String::new();
    for (name, text) in &named {
        alphabet::codes(text).map_err(|fault| fault.context(format!("`{name}`")))?;
        out += &format!(">{}\n", crate::base::delimited::one_line(name));
        // only bases are left: every byte is a letter
        for part in text
            .as_bytes()
            .chunks(if line == 0 { text.len().max(1) } else { line })
        {
            out += &String::from_utf8_lossy(part);
            out.push('\n');
        }
    }
    crate::base::file::write_whole(&crate::bind::tensor::file::written(path)?, out.as_bytes())
}

natives! { made in "seq" {
    /// Turns letters into one-hot; anything but A C G T gives four zeros.
    ///
    /// ```rhai
    /// assert_eq(seq::one_hot(["AC"]), [[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]]);
    /// ```
    function "one_hot"(c, sequences: Sequences) -> "tensor [batch, 4, length], order A C G T" { codes(&sequences.0)?.one_hot_codes() }

    /// Turns letters into codes: A C G T are 0 1 2 3, anything else 4.
    ///
    /// ```rhai
    /// assert_eq(seq::codes(["ACGTN"]), tensor::from([[0, 1, 2, 3, 4]]).to("uint8"));
    /// ```
    function "codes"(c, sequences: Sequences) -> "tensor [batch, length] uint8" { codes(&sequences.0) }

    /// Turns codes [batch, length] or one-hot [batch, 4, length] into letters.
    ///
    /// ```rhai
    /// assert_eq(seq::decode(seq::one_hot(["ACGN"])), ["ACGN"]);
    /// ```
    function "decode"(c, codes: Numbers) -> "array of strings" { decode(&codes.0) }

    /// Reads a sequence from the other strand.
    ///
    /// ```rhai
    /// assert_eq(seq::reverse_complement("AACG"), "CGTT");
    /// ```
    function "reverse_complement"(c, sequence: String) -> "string" { each(&sequence, alphabet::reverse_complement) }

    /// Shuffles sequences, keeping the count of every k-let, each outcome as likely. What comes in
    /// comes out: a string, an array of them, or a tensor of codes.
    ///
    /// - `sequences`: string, array of strings, or tensor [batch, length] of codes
    ///
    /// ```rhai
    /// assert_eq(seq::shuffle("ACGTACGGT", #{ seed: 1 }).len(), 9);
    /// assert_eq(seq::shuffle(["ACGTACGGT", "TTTT"], #{ seed: 1 })[1], "TTTT");
    /// assert_eq(seq::shuffle(seq::codes(["ACGTAC"]), #{ copies: 20, seed: 1 }).shape, [1, 20, 6]);
    /// assert_eq(seq::shuffle("AAAAACGTTT", #{ start: 0, end: 5, seed: 1 }), "AAAAACGTTT");
    /// ```
    function "shuffle"(c, sequences: Dynamic; o = SHUFFLE) -> "as `sequences`; with `copies` an array of arrays, or a tensor [batch, copies, length]" { shuffle(sequences, &o, c.context) }

    /// Draws sequences of independent bases, each as likely.
    ///
    /// ```rhai
    /// assert_eq(seq::random(2, 5, #{ seed: 1 })[1].len(), 5);
    /// ```
    function "random"(c, n: i64, length: i64; o = RANDOM) -> "array of strings" { random(n, length, &o) }

    /// Tells whether a sequence is a CpG island: N(CpG)·L / ((N(C)+N(G))/2)² > 0.6 and
    /// (N(C)+N(G))/L > 0.5 (Mocap, Chen et al. 2017).
    ///
    /// ```rhai
    /// assert(seq::is_cpg_island("CGCGCGCG"));
    /// assert(!seq::is_cpg_island("GGGGGGGG"));
    /// ```
    function "is_cpg_island"(c, sequence: String) -> "true or false" { Ok(crate::seq::cpg::is_cpg_island(&alphabet::codes(&sequence)?)) }

    /// Turns letters into one-hot k-mers, in the order of their letters (AA, AC, …); a k-mer with
    /// anything but A C G T is all zeros.
    ///
    /// ```rhai
    /// let x = seq::kmers(["ACGN"], 2);
    /// assert_eq(x.shape, [1, 16, 3]);
    /// assert_eq(x.sum(), 2.0);
    /// ```
    function "kmers"(c, sequences: Sequences, k: i64) -> "tensor [batch, 4^k, length - k + 1]" { crate::nn::reshape::kmers(&codes(&sequences.0)?.one_hot_codes()?, k) }

    /// Reads a FASTA file, plain or gzipped.
    ///
    /// ```rhai
    /// seq::save_fasta("/tmp/cistron_example_seq.fa", #{ a: "ACGT", b: "GG" });
    /// assert_eq(seq::read_fasta("/tmp/cistron_example_seq.fa").b, "GG");
    /// ```
    function "read_fasta"(c, path: String) -> "map of strings by name" { read_fasta(&path) }

    /// Writes a FASTA file: a map of sequences by name, or an array, which are named `sequence1`
    /// and so on.
    ///
    /// ```rhai
    /// seq::save_fasta("/tmp/cistron_example_seq2.fa", ["ACGT", "GG"]);
    /// assert_eq(seq::read_fasta("/tmp/cistron_example_seq2.fa").sequence2, "GG");
    /// ```
    function "save_fasta"(c, path: String, sequences: Dynamic; o = FASTA) -> "nothing" { save_fasta(&path, &sequences, o.int("line") as usize, c.context) }

    /// Computes the share of G and C among known bases.
    ///
    /// ```rhai
    /// assert_eq(seq::gc_content("GCAT"), 0.5);
    /// ```
    function "gc_content"(c, sequence: String) -> "number from 0 to 1" { gc(&sequence) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}
