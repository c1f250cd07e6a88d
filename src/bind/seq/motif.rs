//! `motif::…`: motifs, one and many.

use crate::base::{Result, shape};
use crate::bind::types::Motifs;
use crate::lang::options::{INF, Opt, OptKind, opt};
use crate::lang::{Options, session};
use crate::seq::Motif;
use crate::seq::{motif, motif_file};
use crate::torch::{Kind, Tensor};
use crate::{bail, fault, natives};
use rhai::Array;
use std::rc::Rc;

/// Rows of A, C, G, T out of [4, width] or [width, 4].
fn rows_of(name: &str, tensor: &Tensor) -> Result<Vec<[f64; 4]>> {
    let rows = match tensor.shape()[..] {
        [4, _] => tensor.transpose(0, 1)?,
        [_, 4] => tensor.clone(),
        _ => bail!(
            "shape",
            "`{name}` must be [4, width], got {}",
            shape::text(&tensor.shape())
        ),
    };
    Ok(rows
        .to_f64()?
        .chunks(4)
        .map(|row| [row[0], row[1], row[2], row[3]])
        .collect())
}

fn from_ppm(name: &str, ppm: &Tensor) -> Result<Motif> {
    let ppm = rows_of("ppm", ppm)?;
    if let Some(i) = ppm.iter().position(|row| {
        (row.iter().sum::<f64>() - 1.0).abs() > 0.01 || row.iter().any(|p| *p < 0.0)
    }) {
        bail!("value", "position {} of `ppm` does not sum to 1", i + 1);
    }
    Ok(Motif::new(name, ppm))
}

const PWM: &[Opt] = &[
    opt(
        "pseudocount",
        OptKind::Float(0.0, INF),
        "0.1",
        "sites' worth of background that is added to each position",
    ),
    opt(
        "background",
        OptKind::Other("array of four shares"),
        "",
        "shares of A, C, G, T; equal unless given",
    ),
];

/// Rows of A, C, G, T as a tensor `[4, width]`.
fn matrix(rows: &[[f64; 4]]) -> Result<Tensor> {
    Tensor::from_f64(
        &rows.iter().flatten().copied().collect::<Vec<_>>(),
        &[rows.len() as i64, 4],
    )?
    .transpose(0, 1)?
    .to_kind(Kind::Float)
}

fn pwm(motif: &Motif, o: &Options) -> Result<Tensor> {
    let background: [f64; 4] = match o.get::<Vec<f64>>("background")? {
        Some(shares) => shares.try_into().map_err(|_| {
            fault!(
                "option",
                "option `background` needs four shares, of A, C, G and T"
            )
        })?,
        None => [0.25; 4],
    };
    matrix(&motif.log_odds(o.float("pseudocount"), background))
}

fn from_pfm(name: &str, counts: &Tensor, pseudocount: f64) -> Result<Motif> {
    let rows = rows_of("counts", counts)?;
    let sums: Vec<f64> = rows
        .iter()
        .map(|row| row.iter().sum::<f64>() + pseudocount)
        .collect();
    if let Some(i) = (0..rows.len()).find(|i| rows[*i].iter().any(|n| *n < 0.0) || sums[*i] <= 0.0)
    {
        bail!("value", "position {} of `counts` holds no counts", i + 1);
    }
    let ppm = rows
        .iter()
        .zip(&sums)
        .map(|(row, sum)| row.map(|n| (n + pseudocount / 4.0) / sum))
        .collect();
    Ok(Motif {
        sites: sums.iter().copied().fold(0.0, f64::max),
        ..Motif::new(name, ppm)
    })
}

fn gather(items: &Array) -> Result<Motifs> {
    let one = |item: &rhai::Dynamic| {
        item.read_lock::<Motif>().map(|m| m.clone()).ok_or_else(|| {
            fault!(
                "type",
                "`motifs` must hold motifs, got {}",
                session::describe(item)
            )
        })
    };
    Ok(Motifs(Rc::new(
        items.iter().map(one).collect::<Result<_>>()?,
    )))
}

fn pick(motifs: &Motifs, i: i64) -> Result<Motif> {
    Ok(motifs.0[shape::index(i, motifs.0.len(), "motifs")?].clone())
}

fn top(motifs: &Motifs, n: i64) -> Motifs {
    let mut list = motifs.0.to_vec();
    list.sort_by(|a, b| b.total_information().total_cmp(&a.total_information()));
    list.truncate(n.max(0) as usize);
    Motifs(Rc::new(list))
}

fn read(path: &str) -> Result<Motifs> {
    match motif_file::read(&session::find_input(path)?) {
        Err(fault) if fault.kind == "file" && session::is_dry() => {
            session::guess();
            Ok(Motifs(Rc::new(vec![Motif::from_consensus(
                "stand-in", "ACGTACGT",
            )?])))
        }
        other => Ok(Motifs(Rc::new(other?))),
    }
}

natives! { files in "motifs" {
    /// Reads motifs: MEME (text, XML, HTML), JASPAR, TRANSFAC, HOMER, UniPROBE, Cluster-Buster,
    /// CIS-BP and bare matrices, plain or gzipped, told by their content. Counts become
    /// probabilities; a position without any count says nothing (1/4 each).
    ///
    /// ```rhai
    /// motif::all([motif::from_consensus("ACGT")]).save_meme("/tmp/cistron_example_read.meme");
    /// assert_eq(motifs::read("/tmp/cistron_example_read.meme")[0].consensus, "ACGT");
    /// ```
    function "read"(c, path: String) -> "motifs" { read(&path) }
} }

natives! { made in "motif" {
    /// Makes a motif of IUPAC letters: each base a letter allows is as likely.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("WGATAR").width, 6);
    /// ```
    function "from_consensus"(c, sequence: String) -> "motif" { Motif::from_consensus(&sequence, &sequence) }

    /// Makes a motif of probabilities [4, width] or [width, 4] that sum to 1 at each position.
    ///
    /// ```rhai
    /// assert_eq(motif::from_ppm("m", tensor::eye(4)).consensus, "ACGT");
    /// ```
    function "from_ppm"(c, name: String, ppm: Tensor) -> "motif" { from_ppm(&name, &ppm) }

    /// Makes a motif of counts [4, width] or [width, 4]; `pseudocount` sites' worth of equal bases
    /// are added to each position (0 unless given).
    ///
    /// ```rhai
    /// let m = motif::from_pfm("m", [[8, 0], [0, 0], [0, 4], [0, 4]]);
    /// assert_eq(m.ppm.t(), [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]);
    /// ```
    function "from_pfm"(c, name: String, counts: crate::bind::types::Numbers, pseudocount: Option<f64>) -> "motif" { from_pfm(&name, &counts.0, pseudocount.unwrap_or(0.0)) }

    /// Reads a file in MEME's minimal format.
    ///
    /// ```rhai
    /// motif::all([motif::from_consensus("ACGT")]).save_meme("/tmp/cistron_example.meme");
    /// assert_eq(motif::read_meme("/tmp/cistron_example.meme").len(), 1);
    /// ```
    function "read_meme"(c, path: String) -> "motifs" { read(&path) }

    /// Gathers single motifs.
    ///
    /// ```rhai
    /// assert_eq(motif::all([motif::from_consensus("ACGT")]).len(), 1);
    /// ```
    function "all"(c, motifs: Array) -> "motifs" { gather(&motifs) }
} }

natives! { one in "motif" {
    /// Its name.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AC").name, "AC");
    /// ```
    property "name"(c, this: Motif) -> "string" { Ok(this.name.clone()) }

    /// Its second name, such as the factor's; empty where there is none.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AC").alt, "");
    /// ```
    property "alt"(c, this: Motif) -> "string" { Ok(this.alt.clone()) }

    /// The same motif under another name.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AC").renamed("start").name, "start");
    /// ```
    method "renamed"(c, this: Motif, name: String) -> "motif" { Ok(Motif { name, ..this }) }

    /// Its positions.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AC").width, 2);
    /// ```
    property "width"(c, this: Motif) -> "whole number" { Ok(this.width() as i64) }

    /// The likeliest base at each position, N where none is.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("ACN").consensus, "ACN");
    /// ```
    property "consensus"(c, this: Motif) -> "string" { Ok(this.consensus()) }

    /// Its information against equal bases.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AC").information, 4.0);
    /// ```
    property "information"(c, this: Motif) -> "number, bits" { Ok(this.total_information()) }

    /// Its probabilities.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AC").ppm.shape, [4, 2]);
    /// ```
    property "ppm"(c, this: Motif) -> "tensor [4, width]" { matrix(&this.ppm) }

    /// The motif from the first to the last position that says at least `bits` (0.25 unless given).
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("NNACGTN").trim().consensus, "ACGT");
    /// ```
    method "trim"(c, this: Motif, bits: Option<f64>) -> "motif" { Ok(this.trimmed(bits.unwrap_or(0.25))) }

    /// log2 of its probabilities over the background, after a pseudocount (position weight matrix).
    ///
    /// ```rhai
    /// assert_near(motif::from_consensus("A").pwm(#{ pseudocount: 0.0001 })[[0, 0]].item(), 2.0, 1e-3);
    /// ```
    method "pwm"(c, this: Motif; o = PWM) -> "tensor [4, width], bits" { pwm(&this, &o) }

    /// Counts of its sites (position frequency matrix): its probabilities times `sites`, its own
    /// number of them unless given.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AN").pfm(8).t(), [[8, 0, 0, 0], [2, 2, 2, 2]]);
    /// ```
    method "pfm"(c, this: Motif, sites: Option<f64>) -> "tensor [4, width]" { matrix(&this.ppm.iter().map(|row| row.map(|p| p * sites.unwrap_or(this.site_count()))).collect::<Vec<_>>()) }

    /// The motif as it reads on the other strand.
    ///
    /// ```rhai
    /// assert_eq(motif::from_consensus("AAC").reverse_complement().consensus, "GTT");
    /// ```
    method "reverse_complement"(c, this: Motif) -> "motif" { Ok(this.reverse_complement()) }
} }

natives! { many in "motifs" {
    /// How many there are.
    ///
    /// ```rhai
    /// assert_eq(sim::motifs(3).len(), 3);
    /// ```
    method "len"(c, this: Motifs) -> "whole number" { Ok(this.0.len() as i64) }

    /// One of them, from 0; negative numbers count from the end.
    ///
    /// ```rhai
    /// assert_eq(sim::motifs(3)[0].name, "motif01");
    /// ```
    index "index"(c, this: Motifs, i: i64) -> "motif" { pick(&this, i) }

    /// The `n` with the most information, most first.
    ///
    /// ```rhai
    /// assert_eq(sim::motifs(3).top(2).len(), 2);
    /// ```
    method "top"(c, this: Motifs, n: i64) -> "motifs" { Ok(top(&this, n)) }

    /// Writes MEME's minimal format.
    ///
    /// ```rhai
    /// sim::motifs(3).save_meme("/tmp/cistron_example_all.meme");
    /// ```
    method "save_meme"(c, this: Motifs, path: String) -> "nothing" { crate::base::file::write_whole(&crate::bind::tensor::file::written(&path)?, motif::to_meme(&this.0).as_bytes()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), files()].into_iter().flatten().collect()
}

/// Methods of motifs.
pub fn methods() -> Vec<crate::lang::Native> {
    [one(), many()].into_iter().flatten().collect()
}
