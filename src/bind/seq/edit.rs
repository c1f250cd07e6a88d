//! `seq::…`: edits of sequences, and their gapped k-mers. Results have the form of the sequences:
//! strings, one-hot or codes.

use crate::base::table::Cells;
use crate::base::{Result, shape};
use crate::bind::args::seed::seed_of_draw;
use crate::bind::args::sequence::Sequences;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::Tabled;
use crate::explain::baselines::codes_of;
use crate::lang::value::{Ints, mismatch};
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of};
use crate::seq::gapped::{Gapped, LONGEST};
use crate::seq::rows::{self, RandomRange};
use crate::seq::{alphabet, edit};
use crate::torch::{Device, Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, NativeCallContext};

/// Options of `seq::randomize`.
#[derive(Options)]
pub struct RandomizeOptions {
    /// Probabilities of A, C, G and T, which sum to 1.
    #[option(default = [0.25, 0.25, 0.25, 0.25])]
    chances: BaseProbabilities,
    /// Random versions of each sequence, along an additional axis; one without that axis unless
    /// given.
    #[option(min = 1)]
    copies: Option<usize>,
    /// Seed of the bases; a different one for each call unless given.
    seed: Option<u64>,
}

/// Options of `seq::gapped_kmers`.
#[derive(Options)]
pub struct GappedKmersOptions {
    /// Score of each position, [batch, length], such as attributions; 1 unless given, which counts
    /// k-mers.
    scores: Option<Numbers>,
    /// Bases of the shortest k-mer, without gaps.
    #[option(default = 4, min = 2, max = LONGEST)]
    min_k: usize,
    /// Bases of the longest k-mer, without gaps.
    #[option(default = 8, min = 2, max = LONGEST)]
    max_k: usize,
    /// Largest step from one base to the next: 1 allows no gaps, 2 allows gaps of one position.
    #[option(default = 2, min = 1, max = LONGEST)]
    max_step: usize,
    /// Largest number of positions from the first base to the last, with gaps.
    #[option(default = 10, min = 2, max = LONGEST)]
    max_length: usize,
    /// Number of k-mers returned for each sequence, those of the largest absolute score.
    #[option(default = 10, min = 1)]
    most: usize,
    /// Number of positions that k-mers consist of, those of the highest score; all unless given.
    #[option(min = 1)]
    positions: Option<usize>,
}

/// Probabilities of A, C, G and T.
pub struct BaseProbabilities([f64; 4]);

impl FromValue for BaseProbabilities {
    fn kind() -> String {
        "array of four numbers".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let numbers = Vec::<f64>::from_value(value, context)?;
        let sum: f64 = numbers.iter().sum();
        let are_probabilities = numbers.iter().all(|p| (0.0..=1.0).contains(p));
        match <[f64; 4]>::try_from(numbers.as_slice()) {
            Ok(four) if are_probabilities && (sum - 1.0).abs() <= 1e-6 => {
                Ok(BaseProbabilities(four))
            }
            _ => bail!(
                "option",
                "must be four numbers from 0 to 1 that sum to 1, got {numbers:?}"
            ),
        }
    }
}

/// The form in which a script passes sequences.
#[derive(Clone, Copy, PartialEq)]
enum SequenceForm {
    String,
    Strings,
    OneHot(Kind, Device),
    Codes(Kind, Device),
}

/// Sequences in any form, a row of letters or codes each.
pub struct SequenceRows {
    form: SequenceForm,
    rows: Vec<Vec<u8>>,
}

impl FromValue for SequenceRows {
    fn kind() -> String {
        "string, array of strings, one-hot tensor or tensor of codes".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Some(tensor) = value.read_lock::<Tensor>() {
            return SequenceRows::of_tensor(&tensor);
        }
        let form = match value.is_string() {
            true => SequenceForm::String,
            false => SequenceForm::Strings,
        };
        let Sequences(texts) =
            Sequences::from_value(value, context).map_err(|_| mismatch(&Self::kind(), value))?;
        for text in &texts {
            // rows keep their letters: an ambiguous one is not turned into N
            alphabet::codes(text).map_err(|fault| fault.context("must hold bases"))?;
        }
        let rows = texts.into_iter().map(String::into_bytes).collect();
        Ok(SequenceRows { form, rows })
    }
}

/// Motifs, in any form each.
pub struct MotifRows(Vec<SequenceRows>);

impl FromValue for MotifRows {
    fn kind() -> String {
        "array of motifs".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items = Array::from_value(value, context)?;
        let motifs = items.into_iter().enumerate().map(|(i, mut item)| {
            SequenceRows::from_value(&mut item, context).map_err(|fault| {
                let message = format!("item {i} {}", fault.message);
                match fault.message.starts_with("must ") {
                    true => fault!("type", "{message}"),
                    false => fault,
                }
            })
        });
        motifs.collect::<Result<_>>().map(MotifRows)
    }
}

impl SequenceRows {
    fn of_tensor(tensor: &Tensor) -> Result<SequenceRows> {
        if tensor.is_grad_on() {
            bail!("type", "has a gradient, which an edit would lose";
                hint: "edit first, `.requires_grad()` afterwards; or `.detach()`");
        }
        let (kind, device) = (tensor.kind(), tensor.device());
        let (codes, length, form) = match tensor.shape()[..] {
            [_, 4, _] => {
                let (codes, length) = codes_of(tensor)?;
                (codes, length, SequenceForm::OneHot(kind, device))
            }
            [_, length] if !kind.is_floating() => {
                let form = SequenceForm::Codes(kind, device);
                (tensor.to_u8()?, length as usize, form)
            }
            _ => bail!(
                "shape",
                "must be one-hot [batch, 4, length] or codes [batch, length], got {}",
                shape::text(&tensor.shape())
            ),
        };
        let batch = tensor.shape()[0] as usize;
        let rows = (0..batch).map(|row| codes[row * length..][..length].to_vec());
        Ok(SequenceRows {
            form,
            rows: rows.collect(),
        })
    }

    fn is_text(&self) -> bool {
        matches!(self.form, SequenceForm::String | SequenceForm::Strings)
    }

    /// The rows as letters or as codes.
    fn as_letters_or_codes(&self, letters: bool) -> Result<Vec<Vec<u8>>> {
        let text = |row: &Vec<u8>| String::from_utf8_lossy(row).into_owned();
        let rows = self.rows.iter().map(|row| match (self.is_text(), letters) {
            (true, false) => alphabet::codes(&text(row)),
            (false, true) => Ok(alphabet::decode(row).into_bytes()),
            _ => Ok(row.clone()),
        });
        rows.collect()
    }

    /// Rows as a motif for sequences: one for all of them or one for each, in the bases A, C, G, T,
    /// and N where it has a meaning.
    fn motif(&self, sequences: &SequenceRows, with_n: bool) -> Result<Motif> {
        if self.rows.len() != 1 && self.rows.len() != sequences.rows.len() {
            bail!(
                "shape",
                "one motif, or one for each of {} sequences, is needed, got {}",
                sequences.rows.len(),
                self.rows.len()
            );
        }
        let is_wrong = |value: &&u8| match self.is_text() {
            true => !(b"ACGTacgt".contains(value) || with_n && b"Nn".contains(value)),
            false => **value > 3 && !with_n,
        };
        if let Some(wrong) = self.rows.iter().flatten().find(is_wrong) {
            let letter = if self.is_text() { *wrong as char } else { 'N' };
            bail!("value", "the motif holds `{letter}`";
                hint: "a motif is made of A, C, G and T{}", if with_n { "; N keeps the sequence's \
                    base" } else { "" });
        }
        self.as_letters_or_codes(sequences.is_text()).map(Motif)
    }

    /// Edited rows in the form of these; with `copies` the versions of each row are adjacent.
    fn in_form(&self, rows: Vec<Vec<u8>>, copies: Option<usize>) -> Result<Dynamic> {
        match self.form {
            SequenceForm::String | SequenceForm::Strings => Ok(self.in_letters(&rows, copies)),
            SequenceForm::OneHot(kind, device) | SequenceForm::Codes(kind, device) => {
                let tensor = self.in_tensor(&rows, copies)?;
                Ok(tensor.to_kind(kind)?.to_device(device)?.into_value())
            }
        }
    }

    fn in_letters(&self, rows: &[Vec<u8>], copies: Option<usize>) -> Dynamic {
        let text = |row: &Vec<u8>| Dynamic::from(String::from_utf8_lossy(row).into_owned());
        let mut texts: Array = match copies {
            None => rows.iter().map(text).collect(),
            Some(copies) => rows
                .chunks(copies)
                .map(|versions| versions.iter().map(text).collect::<Array>().into())
                .collect(),
        };
        match self.form {
            SequenceForm::String => texts.drain(..).next().unwrap_or_default(),
            _ => texts.into(),
        }
    }

    fn in_tensor(&self, rows: &[Vec<u8>], copies: Option<usize>) -> Result<Tensor> {
        let (batch, length) = (rows.len() as i64, rows.first().map_or(0, Vec::len) as i64);
        let codes = Tensor::from_u8(&rows.concat(), &[batch, length])?;
        let edited = match self.form {
            SequenceForm::OneHot(..) => codes.one_hot_codes()?.contiguous()?,
            _ => codes,
        };
        let Some(copies) = copies else {
            return Ok(edited);
        };
        let versions = [self.rows.len() as i64, copies as i64];
        edited.reshape(&[&versions, &edited.shape()[1..]].concat())
    }

    /// Edits each row; faults name the row where there may be several.
    fn each(&self, change: impl Fn(usize, &[u8]) -> Result<Vec<u8>>) -> Result<Dynamic> {
        let edited = self.rows.iter().enumerate().map(|(i, row)| {
            change(i, row).map_err(|fault| match self.form {
                SequenceForm::String => fault,
                _ => fault.context(format!("sequence {i}")),
            })
        });
        self.in_form(edited.collect::<Result<_>>()?, None)
    }
}

/// A motif for all sequences or one for each.
struct Motif(Vec<Vec<u8>>);

impl Motif {
    /// The motif of a sequence.
    fn of(&self, row: usize) -> &[u8] {
        match self.0.as_slice() {
            [motif] => motif,
            motifs => &motifs[row],
        }
    }
}

/// Whether a letter or code of a motif leaves the base of the sequence as it is.
fn keeps(is_text: bool) -> impl Fn(u8) -> bool {
    move |value| match is_text {
        true => value == b'N' || value == b'n',
        false => value > 3,
    }
}

/// Fails unless there is one score for each position.
fn check_scores(scores: &Tensor, rows: &[Vec<u8>]) -> Result<()> {
    let fits = scores.rank() == 2
        && scores.shape()[0] as usize == rows.len()
        && rows.iter().all(|row| row.len() as i64 == scores.shape()[1]);
    if !fits {
        bail!(
            "shape",
            "option `scores` must be [batch, length], one number for each position, got {}",
            shape::text(&scores.shape())
        );
    }
    Ok(())
}

/// Inserts a motif into sequences, which become longer.
///
/// ```rhai
/// assert_eq(seq::insert("AAAAAACCCCAAAAAA", "GGGG"), "AAAAAACCGGGGCCAAAAAA");
/// assert_eq(seq::insert(seq::one_hot(["AA", "CC"]), "G", 1).shape, [2, 4, 3]);
/// ```
#[native(namespace = "seq", returns = "as `sequences`, longer")]
pub fn insert(
    /// String, array of strings, one-hot [batch, 4, length] or codes [batch, length].
    sequences: &SequenceRows,
    /// Motif, or one for each sequence: string, array of strings, one-hot [1 or batch, 4, width] or
    /// codes.
    motif: &SequenceRows,
    /// First position of the motif in the result, from 0; the middle unless given.
    start: Option<i64>,
) -> Result<Dynamic> {
    let motif = motif.motif(sequences, false)?;
    sequences.each(|i, row| edit::insert(row, motif.of(i), start))
}

/// Deletes a range of positions from sequences.
///
/// ```rhai
/// assert_eq(seq::delete("AAACCCTTT", 3, 6), "AAATTT");
/// ```
#[native(namespace = "seq", returns = "as `sequences`, shorter")]
pub fn delete(
    /// String, array of strings, one-hot [batch, 4, length] or codes [batch, length].
    sequences: &SequenceRows,
    /// First position that is deleted, from 0.
    start: i64,
    /// End of the range, excluded.
    end: i64,
) -> Result<Dynamic> {
    sequences.each(|_, row| edit::delete(row, start, end))
}

/// Replaces the bases of a range by a motif; the length does not change.
///
/// N in the motif preserves the base of the sequence.
///
/// ```rhai
/// assert_eq(seq::substitute("AAAAAACCCCAAAAAA", "GGGG"), "AAAAAAGGGGAAAAAA");
/// assert_eq(seq::substitute(["AAAA", "CCCC"], "TNT", 0), ["TATA", "TCTC"]);
/// ```
#[native(namespace = "seq", returns = "as `sequences`")]
pub fn substitute(
    /// String, array of strings, one-hot [batch, 4, length] or codes [batch, length].
    sequences: &SequenceRows,
    /// Motif, or one for each sequence: string, array of strings, one-hot [1 or batch, 4, width] or
    /// codes.
    motif: &SequenceRows,
    /// First position of the motif, from 0; the middle unless given.
    start: Option<i64>,
) -> Result<Dynamic> {
    let motif = motif.motif(sequences, true)?;
    let is_text = sequences.is_text();
    sequences.each(|i, row| {
        let mut row = row.to_vec();
        edit::substitute(&mut row, motif.of(i), start, keeps(is_text))?;
        Ok(row)
    })
}

/// Substitutes several motifs in sequences, at given distances.
///
/// N in a motif preserves the base of the sequence.
///
/// ```rhai
/// assert_eq(seq::multisubstitute("AAAAAAAAAA", ["GG", "CC"], 2), "AAGGAACCAA");
/// ```
#[native(namespace = "seq", returns = "as `sequences`")]
pub fn multisubstitute(
    /// String, array of strings, one-hot [batch, 4, length] or codes [batch, length].
    sequences: &SequenceRows,
    /// Motifs from left to right, each in one of the forms of `seq::substitute`.
    motifs: &MotifRows,
    /// Bases between the end of a motif and the start of the next: one number, or one for each gap.
    spacing: &Ints,
    /// First position of the first motif, from 0; unless given, all motifs are in the middle.
    start: Option<i64>,
) -> Result<Dynamic> {
    let motifs = motifs.0.iter().map(|motif| motif.motif(sequences, true));
    let motifs: Vec<Motif> = motifs.collect::<Result<_>>()?;
    let gaps = match spacing.0[..] {
        [gap] if motifs.len() != 2 => vec![gap; motifs.len().saturating_sub(1)],
        _ => spacing.0.clone(),
    };
    let keeps = keeps(sequences.is_text());
    sequences.each(|i, row| {
        let motifs: Vec<&[u8]> = motifs.iter().map(|motif| motif.of(i)).collect();
        rows::substituted(row, &motifs, &gaps, start, &keeps)
    })
}

/// Replaces the bases of a range by independent random bases.
///
/// ```rhai
/// let s = seq::randomize("AAAAAAAAAA", 2, 4, #{ seed: 1 });
/// assert_eq(s.len(), 10);
/// assert_eq(seq::randomize("CCCC", 1, 3, #{ chances: [0.0, 0.0, 1.0, 0.0] }), "CGGC");
/// assert_eq(seq::randomize(seq::one_hot(["ACGT"]), 0, 4, #{ copies: 5 }).shape, [1, 5, 4, 4]);
/// ```
#[native(
    namespace = "seq",
    returns = "as `sequences`; with `copies` an array of arrays, or a tensor [batch, copies, …]"
)]
pub fn randomize(
    /// String, array of strings, one-hot [batch, 4, length] or codes [batch, length].
    sequences: &SequenceRows,
    /// First position that is replaced, from 0.
    start: i64,
    /// End of the range, excluded.
    end: i64,
    options: RandomizeOptions,
) -> Result<Dynamic> {
    let copies = options.copies.unwrap_or(1);
    let seed = seed_of_draw(options.seed);
    let range = RandomRange {
        start,
        end,
        probabilities: options.chances.0,
        symbols: match sequences.is_text() {
            true => *b"ACGT",
            false => [0, 1, 2, 3],
        },
        seed,
    };
    let versions = range.versions(&sequences.rows, copies)?;
    sequences.in_form(versions, options.copies)
}

/// Counts gapped k-mers, or sums the scores of their bases.
///
/// A k-mer is written from its first base to its last, with `-` for gaps. Its score is the sum over
/// its occurrences of the mean score of its bases; without `scores` that is their number. A k-mer
/// does not contain N.
///
/// # Source
/// Shrikumar et al. 2018; tangermeme's `gapped_kmers`, which includes N.
///
/// ```rhai
/// let t = seq::gapped_kmers("ACGACG", #{ min_k: 3, max_k: 3, max_step: 1 });
/// assert_eq(t["kmer"], ["ACG", "CGA", "GAC"]);
/// assert_eq(t["score"], [2.0, 1.0, 1.0]);
/// ```
#[native(namespace = "seq", returns = "table: sequence, kmer, score")]
pub fn gapped_kmers(
    /// String, array of strings, one-hot [batch, 4, length] or codes [batch, length].
    sequences: &SequenceRows,
    options: GappedKmersOptions,
) -> Result<Tabled> {
    let rows = sequences.as_letters_or_codes(false)?;
    let scores = options.scores.as_ref().map(|scores| &scores.0);
    if let Some(scores) = scores {
        check_scores(scores, &rows)?;
    }
    let gapped = Gapped {
        bases: (options.min_k, options.max_k),
        max_step: options.max_step,
        max_length: options.max_length,
        most: options.most,
        positions: options.positions,
    };
    let scores = scores.map(Tensor::to_f64).transpose()?;
    let found = rows::gapped_kmers(&gapped, &rows, scores.as_deref())?;
    let indices = found.iter().map(|(i, ..)| *i as i64).collect();
    let kmers = found.iter().map(|(_, kmer, _)| kmer.clone()).collect();
    let values = found.iter().map(|(.., score)| *score).collect();
    let columns = vec![
        ("sequence".to_string(), Cells::Whole(indices)),
        ("kmer".to_string(), Cells::Text(kmers)),
        ("score".to_string(), Cells::Number(values)),
    ];
    Tabled::of(columns)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        insert,
        delete,
        substitute,
        multisubstitute,
        randomize,
        gapped_kmers,
    ]
}
