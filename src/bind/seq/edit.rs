//! `seq::…`: edits of sequences, and their gapped k-mers. What comes in comes out: strings, one-hot
//! or codes.

use crate::base::seed::Rng;
use crate::base::table::{Cells, Table};
use crate::base::{Result, memory, shape};
use crate::bind::types::{Numbers, Tabled};
use crate::explain::baselines::codes_of;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::{Ints, mismatch};
use crate::lang::{FromValue, IntoValue, Options, session};
use crate::seq::gapped::{Gapped, LONGEST};
use crate::seq::{alphabet, edit};
use crate::torch::{Device, Kind, Tensor};
use crate::{bail, natives};
use rhai::{Array, Dynamic, NativeCallContext};
use std::rc::Rc;

const RANDOMIZE: &[Opt] = &[
    opt(
        "chances",
        OptKind::Other("array of four numbers"),
        "",
        "of A C G T, which sum to 1; each as likely unless given",
    ),
    opt(
        "copies",
        OptKind::Int(1, MANY),
        "",
        "random versions of each sequence; one unless given",
    ),
    opt(
        "seed",
        OptKind::Int(0, MANY),
        "",
        "the same seed gives the same bases",
    ),
];
const GAPPED: &[Opt] = &[
    opt(
        "scores",
        OptKind::Other("tensor [batch, length]"),
        "",
        "a number for each position, such as contributions; 1 unless given, which counts k-mers",
    ),
    opt(
        "min_k",
        OptKind::Int(2, LONGEST as i64),
        "4",
        "bases of the shortest k-mer, gaps not counted",
    ),
    opt(
        "max_k",
        OptKind::Int(2, LONGEST as i64),
        "8",
        "bases of the longest k-mer, gaps not counted",
    ),
    opt(
        "max_step",
        OptKind::Int(1, LONGEST as i64),
        "2",
        "largest step from one base to the next: 1 has no gaps, 2 leaves out single positions",
    ),
    opt(
        "max_length",
        OptKind::Int(2, LONGEST as i64),
        "10",
        "positions from the first base to the last, gaps counted",
    ),
    opt(
        "most",
        OptKind::Int(1, MANY),
        "10",
        "k-mers that are kept of each sequence, those of the largest absolute score",
    ),
    opt(
        "positions",
        OptKind::Int(1, MANY),
        "",
        "positions that k-mers are made of, those of the highest score; all unless given",
    ),
];

/// How sequences were given.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    String,
    Strings,
    OneHot(Kind, Device),
    Codes(Kind, Device),
}

/// Sequences, a row of letters or codes each.
struct Given {
    form: Form,
    rows: Vec<Vec<u8>>,
}

impl Given {
    fn read(value: &Dynamic, name: &str, context: &NativeCallContext) -> Result<Given> {
        if let Some(tensor) = value.read_lock::<Tensor>() {
            return Given::of_tensor(&tensor, name);
        }
        let form = if value.is_string() {
            Form::String
        } else {
            Form::Strings
        };
        let wanted = "string, array of strings, one-hot tensor or tensor of codes";
        let texts = crate::bind::seq::sequences::Sequences::from_value(&mut value.clone(), context)
            .map_err(|_| mismatch(wanted, value).context(format!("`{name}`")))?
            .0;
        for text in &texts {
            // letters stay as they are: what is no base is refused, nothing is turned into N
            alphabet::codes(text).map_err(|fault| fault.context(format!("`{name}`")))?;
        }
        Ok(Given {
            form,
            rows: texts.into_iter().map(String::into_bytes).collect(),
        })
    }

    fn of_tensor(tensor: &Tensor, name: &str) -> Result<Given> {
        if tensor.is_grad_on() {
            bail!("type", "`{name}` has a gradient, which an edit would lose"; hint: "edit first, `.requires_grad()` afterwards; or `.detach()`");
        }
        let (kind, device) = (tensor.kind(), tensor.device());
        let (codes, length, form) = match tensor.shape()[..] {
            [_, 4, _] => {
                let (codes, length) = codes_of(tensor)?;
                (codes, length, Form::OneHot(kind, device))
            }
            [_, length] if !kind.is_floating() => {
                (tensor.to_u8()?, length as usize, Form::Codes(kind, device))
            }
            _ => bail!(
                "shape",
                "`{name}` must be one-hot [batch, 4, length] or codes [batch, length], got {}",
                shape::text(&tensor.shape())
            ),
        };
        let rows = tensor.shape()[0] as usize;
        Ok(Given {
            form,
            rows: (0..rows)
                .map(|row| codes[row * length..][..length].to_vec())
                .collect(),
        })
    }

    fn is_text(&self) -> bool {
        matches!(self.form, Form::String | Form::Strings)
    }

    /// The rows as a motif for sequences that are letters or codes.
    fn as_motif(&self, letters: bool) -> Result<Vec<Vec<u8>>> {
        let text = |row: &Vec<u8>| String::from_utf8_lossy(row).into_owned();
        self.rows
            .iter()
            .map(|row| match (self.is_text(), letters) {
                (true, false) => alphabet::codes(&text(row)),
                (false, true) => Ok(alphabet::decode(row).into_bytes()),
                _ => Ok(row.clone()),
            })
            .collect()
    }

    /// Sequences of the form that was given; with `copies` each is followed by its other versions.
    fn back(&self, rows: Vec<Vec<u8>>, copies: Option<usize>) -> Result<Dynamic> {
        let text = |row: &[u8]| -> Dynamic { String::from_utf8_lossy(row).into_owned().into() };
        let (kind, device) = match self.form {
            Form::OneHot(kind, device) | Form::Codes(kind, device) => (kind, device),
            Form::String | Form::Strings => {
                let each: Array = match copies {
                    None => rows.iter().map(|row| text(row)).collect(),
                    Some(copies) => rows
                        .chunks(copies)
                        .map(|own| own.iter().map(|row| text(row)).collect::<Array>().into())
                        .collect(),
                };
                let single = self.form == Form::String;
                return Ok(if single {
                    each.into_iter().next().unwrap_or_default()
                } else {
                    each.into()
                });
            }
        };
        let (batch, length) = (rows.len() as i64, rows.first().map_or(0, Vec::len) as i64);
        let codes = Tensor::from_u8(&rows.concat(), &[batch, length])?;
        let whole = if matches!(self.form, Form::OneHot(..)) {
            codes.one_hot_codes()?.contiguous()?
        } else {
            codes
        };
        let whole = whole.to_kind(kind)?.to_device(device)?;
        match copies {
            None => Ok(whole.into_value()),
            Some(copies) => Ok(whole
                .reshape(
                    &[
                        &[self.rows.len() as i64, copies as i64],
                        &whole.shape()[1..],
                    ]
                    .concat(),
                )?
                .into_value()),
        }
    }

    fn each(&self, change: impl Fn(usize, &[u8]) -> Result<Vec<u8>>) -> Result<Dynamic> {
        let one = |(i, row): (usize, &Vec<u8>)| {
            change(i, row).map_err(|fault| {
                if self.form == Form::String {
                    fault
                } else {
                    fault.context(format!("sequence {i}"))
                }
            })
        };
        self.back(
            self.rows
                .iter()
                .enumerate()
                .map(one)
                .collect::<Result<_>>()?,
            None,
        )
    }
}

/// One motif for all sequences or one for each; letters other than A C G T are refused, N where it
/// has a meaning.
fn motif_of(
    value: &Dynamic,
    sequences: &Given,
    with_n: bool,
    context: &NativeCallContext,
) -> Result<Vec<Vec<u8>>> {
    let given = Given::read(value, "motif", context)?;
    if given.rows.len() != 1 && given.rows.len() != sequences.rows.len() {
        bail!(
            "shape",
            "one motif, or one for each of {} sequences, is needed, got {}",
            sequences.rows.len(),
            given.rows.len()
        );
    }
    for row in &given.rows {
        let is_plain =
            |letter: &u8| b"ACGTacgt".contains(letter) || with_n && b"Nn".contains(letter);
        let wrong = row.iter().find(|code| {
            if given.is_text() {
                !is_plain(code)
            } else {
                **code > 3 && !with_n
            }
        });
        if let Some(wrong) = wrong {
            let letter = if given.is_text() { *wrong as char } else { 'N' };
            bail!("value", "the motif holds `{letter}`"; hint: "a motif is made of A, C, G and T{}", if with_n { "; N keeps the sequence's base" } else { "" });
        }
    }
    given.as_motif(sequences.is_text())
}

fn keeps(is_text: bool) -> impl Fn(u8) -> bool {
    move |value| {
        if is_text {
            value == b'N' || value == b'n'
        } else {
            value > 3
        }
    }
}

fn multisubstitute(
    sequences: &Dynamic,
    motifs: &Array,
    spacing: &Ints,
    start: Option<i64>,
    context: &NativeCallContext,
) -> Result<Dynamic> {
    let given = Given::read(sequences, "sequences", context)?;
    let motifs = motifs
        .iter()
        .map(|motif| motif_of(motif, &given, true, context))
        .collect::<Result<Vec<_>>>()?;
    let gaps = if spacing.0.len() == 1 && motifs.len() != 2 {
        vec![spacing.0[0]; motifs.len().saturating_sub(1)]
    } else {
        spacing.0.clone()
    };
    let is_text = given.is_text();
    given.each(|i, row| {
        let own: Vec<&Vec<u8>> = motifs
            .iter()
            .map(|rows| if rows.len() == 1 { &rows[0] } else { &rows[i] })
            .collect();
        let starts = edit::arranged(
            &own.iter().map(|motif| motif.len()).collect::<Vec<_>>(),
            &gaps,
            row.len(),
            start,
        )?;
        let mut row = row.to_vec();
        for (motif, start) in own.into_iter().zip(starts) {
            edit::substitute(&mut row, motif, Some(start), keeps(is_text))?;
        }
        Ok(row)
    })
}

fn randomize(
    sequences: &Dynamic,
    start: i64,
    end: i64,
    o: &Options,
    context: &NativeCallContext,
) -> Result<Dynamic> {
    let given = Given::read(sequences, "sequences", context)?;
    let chances = o
        .get::<Vec<f64>>("chances")?
        .unwrap_or_else(|| vec![0.25; 4]);
    let sum: f64 = chances.iter().sum();
    if chances.len() != 4
        || chances.iter().any(|p| !(0.0..=1.0).contains(p))
        || (sum - 1.0).abs() > 1e-6
    {
        bail!(
            "option",
            "option `chances` must be four numbers from 0 to 1 that sum to 1, got {chances:?}"
        );
    }
    let copies = o.maybe_int("copies");
    let bases: usize = given.rows.iter().map(Vec::len).sum();
    memory::elements(
        &[
            copies.unwrap_or(1),
            bases as i64 + 64 * given.rows.len() as i64,
        ],
        8,
    )?;
    let seed = o.maybe_int("seed").map_or_else(
        || session::settings().seed ^ session::next_draw(),
        |seed| seed as u64,
    );
    let mut rows = Vec::new();
    for (i, row) in given.rows.iter().enumerate() {
        let (start, end) = edit::range(start, end, row.len())?;
        for copy in 0..copies.unwrap_or(1) as u64 {
            let mut rng = Rng::keyed(&[seed, 0x7261_6e64, i as u64, copy]);
            let mut own = row.clone();
            for code in &mut own[start..end] {
                let at = rng.uniform() * sum;
                let mut upto = 0.0;
                let drawn = chances.iter().position(|p| {
                    upto += p;
                    at < upto
                });
                // rounding may leave none: the last base with a chance
                let drawn = drawn
                    .or_else(|| chances.iter().rposition(|p| *p > 0.0))
                    .unwrap_or(0);
                *code = if given.is_text() {
                    alphabet::LETTERS[drawn]
                } else {
                    drawn as u8
                };
            }
            rows.push(own);
        }
    }
    given.back(rows, copies.map(|n| n as usize))
}

fn gapped_kmers(sequences: &Dynamic, o: &Options, context: &NativeCallContext) -> Result<Tabled> {
    let given = Given::read(sequences, "sequences", context)?;
    let rows = given.as_motif(false)?;
    let scores = o.get::<Numbers>("scores")?.map(|scores| scores.0);
    if let Some(scores) = &scores {
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
    }
    let how = Gapped {
        bases: (o.int("min_k") as usize, o.int("max_k") as usize),
        max_step: o.int("max_step") as usize,
        max_length: o.int("max_length") as usize,
        most: o.int("most") as usize,
        positions: o.maybe_int("positions").map(|n| n as usize),
    };
    how.check()?;
    let (mut index, mut kmers, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (i, row) in rows.iter().enumerate() {
        let own = match &scores {
            Some(scores) => scores.select(0, i as i64)?.to_f64()?,
            None => vec![1.0; row.len()],
        };
        if own.iter().any(|score| !score.is_finite()) {
            bail!(
                "value",
                "option `scores`: sequence {i} has a score that is not finite"
            );
        }
        for (kmer, score) in how.of(row, &own)? {
            index.push(i as i64);
            kmers.push(kmer);
            values.push(score);
        }
    }
    let columns = vec![
        ("sequence".to_string(), Cells::Whole(index)),
        ("kmer".to_string(), Cells::Text(kmers)),
        ("score".to_string(), Cells::Number(values)),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

natives! { edits in "seq" {
    /// Inserts a motif into sequences, which get longer; in the middle unless `start` is given.
    ///
    /// - `sequences`: string, array of strings, one-hot [batch, 4, length] or codes [batch, length]
    /// - `motif`: string, array of strings (one for each sequence), one-hot [1 or batch, 4, width]
    ///   or codes
    /// - `start`: the motif's first position in the result
    ///
    /// ```rhai
    /// assert_eq(seq::insert("AAAAAACCCCAAAAAA", "GGGG"), "AAAAAACCGGGGCCAAAAAA");
    /// assert_eq(seq::insert(seq::one_hot(["AA", "CC"]), "G", 1).shape, [2, 4, 3]);
    /// ```
    function "insert"(c, sequences: Dynamic, motif: Dynamic, start: Option<i64>) -> "as `sequences`, longer" {
        let given = Given::read(&sequences, "sequences", c.context)?;
        let motif = motif_of(&motif, &given, false, c.context)?;
        given.each(|i, row| edit::insert(row, if motif.len() == 1 { &motif[0] } else { &motif[i] }, start))
    }

    /// Deletes the positions from `start` to before `end`.
    ///
    /// ```rhai
    /// assert_eq(seq::delete("AAACCCTTT", 3, 6), "AAATTT");
    /// ```
    function "delete"(c, sequences: Dynamic, start: i64, end: i64) -> "as `sequences`, shorter" {
        Given::read(&sequences, "sequences", c.context)?.each(|_, row| edit::delete(row, start, end))
    }

    /// Puts a motif in place of the bases from `start` on; in the middle unless given. N in the
    /// motif keeps the sequence's base.
    ///
    /// ```rhai
    /// assert_eq(seq::substitute("AAAAAACCCCAAAAAA", "GGGG"), "AAAAAAGGGGAAAAAA");
    /// assert_eq(seq::substitute(["AAAA", "CCCC"], "TNT", 0), ["TATA", "TCTC"]);
    /// ```
    function "substitute"(c, sequences: Dynamic, motif: Dynamic, start: Option<i64>) -> "as `sequences`" {
        let given = Given::read(&sequences, "sequences", c.context)?;
        let motif = motif_of(&motif, &given, true, c.context)?;
        let is_text = given.is_text();
        given.each(|i, row| {
            let mut row = row.to_vec();
            edit::substitute(&mut row, if motif.len() == 1 { &motif[0] } else { &motif[i] }, start, keeps(is_text))?;
            Ok(row)
        })
    }

    /// Puts several motifs into sequences, a number of bases apart; all of them in the middle
    /// unless `start` is given.
    ///
    /// - `spacing`: bases between the end of a motif and the start of the next, one number or one
    ///   for each gap
    ///
    /// ```rhai
    /// assert_eq(seq::multisubstitute("AAAAAAAAAA", ["GG", "CC"], 2), "AAGGAACCAA");
    /// ```
    function "multisubstitute"(c, sequences: Dynamic, motifs: Array, spacing: Ints, start: Option<i64>) -> "as `sequences`" {
        multisubstitute(&sequences, &motifs, &spacing, start, c.context)
    }

    /// Draws the bases from `start` to before `end` at random, independently.
    ///
    /// ```rhai
    /// let s = seq::randomize("AAAAAAAAAA", 2, 4, #{ seed: 1 });
    /// assert_eq(s.len(), 10);
    /// assert_eq(seq::randomize("CCCC", 1, 3, #{ chances: [0.0, 0.0, 1.0, 0.0] }), "CGGC");
    /// assert_eq(seq::randomize(seq::one_hot(["ACGT"]), 0, 4, #{ copies: 5 }).shape, [1, 5, 4, 4]);
    /// ```
    function "randomize"(c, sequences: Dynamic, start: i64, end: i64; o = RANDOMIZE) -> "as `sequences`; with `copies` an array of arrays, or a tensor [batch, copies, …]" {
        randomize(&sequences, start, end, &o, c.context)
    }

    /// Counts gapped k-mers, or sums a score over their bases (Shrikumar et al. 2018; as
    /// tangermeme's `gapped_kmers`).
    ///
    /// A k-mer is written from its first base to its last, positions left out as `-`. Its score is
    /// the sum over its occurrences of the mean score of its bases: without `scores` their number.
    /// Unlike in tangermeme, N is part of no k-mer.
    ///
    /// ```rhai
    /// let t = seq::gapped_kmers("ACGACG", #{ min_k: 3, max_k: 3, max_step: 1 });
    /// assert_eq(t["kmer"], ["ACG", "CGA", "GAC"]);
    /// assert_eq(t["score"], [2.0, 1.0, 1.0]);
    /// ```
    function "gapped_kmers"(c, sequences: Dynamic; o = GAPPED) -> "table: sequence, kmer, score" { gapped_kmers(&sequences, &o, c.context) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    edits()
}
