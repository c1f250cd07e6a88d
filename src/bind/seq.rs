//! `seq::…`: sequences as letters, codes and one-hot.

use super::values::{Numbers, codes_of};
use crate::base::Result;
use crate::base::seed::Rng;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::mismatch;
use crate::lang::{FromValue, Options, session};
use crate::seq::alphabet::{self, Census};
use crate::seq::shuffle::Shuffler;
use crate::torch::{Kind, Tensor};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, NativeCallContext};

const SHUFFLE: &[Opt] =
    &[opt("k", OptKind::Int(1, 20), "2", "the k-lets whose counts are kept"), opt("seed", OptKind::Int(0, MANY), "", "the same seed gives the same shuffle")];
const RANDOM: &[Opt] = &[opt("seed", OptKind::Int(0, MANY), "", "the same seed gives the same sequences")];

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
        Vec::<String>::from_value(value, context).map(Sequences).map_err(|_| mismatch("string or array of strings", value))
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
        _ => bail!("shape", "decode takes codes [batch, length] or one-hot [batch, 4, length], got {}", crate::base::shape::text(&values.shape())),
    };
    let length = index.shape()[1] as usize;
    let flat: Vec<u8> = index.to_i64()?.into_iter().map(|c| c.clamp(0, 4) as u8).collect();
    Ok(flat.chunks(length.max(1)).map(|row| alphabet::decode(row).into()).collect())
}

fn encode(sequence: &str) -> Result<Vec<u8>> {
    let mut codes = Vec::new();
    alphabet::encode(sequence, &mut codes, &mut Census::default()).map_err(|(at, letter)| fault!("value", "`{letter}` at position {at} is no base"))?;
    Ok(codes)
}

fn each(sequence: &str, change: impl Fn(&mut [u8])) -> Result<String> {
    let mut codes = encode(sequence)?;
    change(&mut codes);
    Ok(alphabet::decode(&codes))
}

fn random(n: i64, length: i64, o: &Options) -> Result<Array> {
    super::nn::positive(&[("n", n), ("length", length)])?;
    let seed = o.maybe_int("seed").map_or_else(|| session::settings().seed ^ session::next_draw(), |s| s as u64);
    let mut rng = Rng::keyed(&[seed, 0x7365_7173]);
    Ok((0..n).map(|_| alphabet::decode(&(0..length).map(|_| rng.below(4) as u8).collect::<Vec<_>>()).into()).collect())
}

fn gc(sequence: &str) -> Result<f64> {
    let codes = encode(sequence)?;
    let known = codes.iter().filter(|c| **c < 4).count();
    let strong = codes.iter().filter(|c| **c == 1 || **c == 2).count();
    Ok(strong as f64 / known.max(1) as f64)
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

    /// Shuffles a sequence, keeping the count of every k-let, each outcome as likely.
    ///
    /// ```rhai
    /// let s = seq::shuffle("ACGTACGGT", #{ seed: 1 });
    /// assert_eq(s.len(), 9);
    /// ```
    function "shuffle"(c, sequence: String; o = SHUFFLE) -> "string" { let (k, seed) = (o.int("k") as usize, o.maybe_int("seed").map_or_else(|| session::settings().seed ^ session::next_draw(), |s| s as u64)); each(&sequence, |codes| Shuffler::default().shuffle(codes, k, &mut Rng::keyed(&[seed, 0x7368_7566]))) }

    /// Draws sequences of independent bases, each as likely.
    ///
    /// ```rhai
    /// assert_eq(seq::random(2, 5, #{ seed: 1 })[1].len(), 5);
    /// ```
    function "random"(c, n: i64, length: i64; o = RANDOM) -> "array of strings" { random(n, length, &o) }

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
