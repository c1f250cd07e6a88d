//! `motif::…`: single motifs and collections of motifs.

use crate::base::{Result, shape};
use crate::bind::args::path::output_path;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::Motifs;
use crate::lang::{FromValue, Native, Options, native, natives_of, session};
use crate::seq::Motif;
use crate::seq::motif;
use crate::torch::{Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, NativeCallContext};
use std::rc::Rc;

/// Options of `motif.pwm`.
#[derive(Options)]
pub struct PwmOptions {
    /// Pseudocount: number of sites of the background that are added to each position.
    #[option(default = 0.1, min = 0)]
    pseudocount: f64,
    /// Background probabilities of A, C, G, T.
    #[option(default = [0.25, 0.25, 0.25, 0.25])]
    background: Shares,
}

/// Background probabilities of A, C, G, T.
pub struct Shares(pub [f64; 4]);

impl FromValue for Shares {
    fn kind() -> String {
        "array of four shares".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let shares = Vec::<f64>::from_value(value, context)?;
        let n = shares.len();
        shares.try_into().map(Shares).map_err(|_| {
            fault!(
                "option",
                "must be four shares, of A, C, G and T, got {n} numbers"
            )
        })
    }
}

/// Rows of A, C, G, T from a matrix [4, width] or [width, 4].
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
    let numbers = rows.to_f64()?;
    let rows = numbers.chunks(4);
    Ok(rows.map(|row| [row[0], row[1], row[2], row[3]]).collect())
}

/// Rows of A, C, G, T as a tensor [4, width].
fn matrix(rows: &[[f64; 4]]) -> Result<Tensor> {
    Tensor::from_f64(rows.as_flattened(), &[rows.len() as i64, 4])?
        .transpose(0, 1)?
        .to_kind(Kind::Float)
}

fn read_motifs(path: &str) -> Result<Motifs> {
    let motifs = motif::read(&session::find_input(path)?)?;
    Ok(Motifs(Rc::new(motifs)))
}

/// The motifs of a dry run whose file does not exist.
fn stand_in(_: &str) -> Result<Motifs> {
    let motif = Motif::from_consensus("stand-in", "ACGTACGT")?;
    Ok(Motifs(Rc::new(vec![motif])))
}

/// Reads motifs from a file, whose format is detected from its content.
///
/// Formats are MEME (text, XML, HTML), JASPAR, TRANSFAC, HOMER, UniPROBE, Cluster-Buster, CIS-BP
/// and bare matrices, plain or gzipped. Counts are converted into probabilities; a position without
/// counts has the probabilities 1/4.
///
/// ```rhai
/// motif::all([motif::from_consensus("ACGT")]).save_meme("/tmp/cistron_example_read.meme");
/// assert_eq(motifs::read("/tmp/cistron_example_read.meme")[0].consensus, "ACGT");
/// ```
#[native(namespace = "motifs", stand_in = stand_in)]
pub fn read(
    /// Path of the file.
    path: &str,
) -> Result<Motifs> {
    read_motifs(path)
}

/// Returns a motif of IUPAC letters.
///
/// The bases that a letter allows are equally likely.
///
/// ```rhai
/// assert_eq(motif::from_consensus("WGATAR").width, 6);
/// ```
#[native(namespace = "motif")]
pub fn from_consensus(
    /// IUPAC letters, one for each position.
    sequence: &str,
) -> Result<Motif> {
    Motif::from_consensus(sequence, sequence)
}

/// Returns a motif of the given probabilities (position probability matrix).
///
/// ```rhai
/// assert_eq(motif::from_ppm("m", tensor::eye(4)).consensus, "ACGT");
/// ```
#[native(namespace = "motif")]
pub fn from_ppm(
    /// Name of the motif.
    name: &str,
    /// Probabilities of A, C, G, T, [4, width] or [width, 4], which sum to 1 at each position.
    ppm: &Tensor,
) -> Result<Motif> {
    Motif::from_ppm(name, rows_of("ppm", ppm)?)
}

/// Returns a motif of the given counts (position frequency matrix).
///
/// ```rhai
/// let m = motif::from_pfm("m", [[8, 0], [0, 0], [0, 4], [0, 4]]);
/// assert_eq(m.ppm.t(), [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]);
/// ```
#[native(namespace = "motif")]
pub fn from_pfm(
    /// Name of the motif.
    name: &str,
    /// Counts of A, C, G, T, [4, width] or [width, 4].
    counts: &Numbers,
    /// Number of sites of equally likely bases that are added to each position.
    #[default(0)]
    pseudocount: f64,
) -> Result<Motif> {
    Motif::from_counts(name, &rows_of("counts", &counts.0)?, pseudocount)
}

/// Reads motifs from a file in the MEME format, or in any format of `motifs::read`.
///
/// ```rhai
/// motif::all([motif::from_consensus("ACGT")]).save_meme("/tmp/cistron_example.meme");
/// assert_eq(motif::read_meme("/tmp/cistron_example.meme").len(), 1);
/// ```
#[native(namespace = "motif", stand_in = stand_in)]
pub fn read_meme(
    /// Path of the file.
    path: &str,
) -> Result<Motifs> {
    read_motifs(path)
}

/// Collects single motifs.
///
/// ```rhai
/// assert_eq(motif::all([motif::from_consensus("ACGT")]).len(), 1);
/// ```
#[native(namespace = "motif")]
pub fn all(
    /// Array of motifs.
    motifs: Array,
) -> Result<Motifs> {
    let motifs = motifs.iter().map(|item| {
        item.read_lock::<Motif>().map(|m| m.clone()).ok_or_else(|| {
            fault!(
                "type",
                "`motifs` must hold motifs, got {}",
                session::describe(item)
            )
        })
    });
    Ok(Motifs(Rc::new(motifs.collect::<Result<_>>()?)))
}

/// The name of the motif.
///
/// ```rhai
/// assert_eq(motif::from_consensus("AC").name, "AC");
/// ```
#[native(namespace = "motif", form = property)]
pub fn name(this: &Motif) -> String {
    this.name.clone()
}

/// The second name, such as that of the factor; empty where there is none.
///
/// ```rhai
/// assert_eq(motif::from_consensus("AC").alt, "");
/// ```
#[native(namespace = "motif", form = property)]
pub fn alt(this: &Motif) -> String {
    this.alt.clone()
}

/// Returns the motif under another name.
///
/// ```rhai
/// assert_eq(motif::from_consensus("AC").renamed("start").name, "start");
/// ```
#[native(namespace = "motif", form = method)]
pub fn renamed(
    this: Motif,
    /// The new name.
    name: String,
) -> Motif {
    Motif { name, ..this }
}

/// The number of positions.
///
/// ```rhai
/// assert_eq(motif::from_consensus("AC").width, 2);
/// ```
#[native(namespace = "motif", form = property)]
pub fn width(this: &Motif) -> i64 {
    this.width() as i64
}

/// The most likely base at each position, N where all are equally likely.
///
/// ```rhai
/// assert_eq(motif::from_consensus("ACN").consensus, "ACN");
/// ```
#[native(namespace = "motif", form = property)]
pub fn consensus(this: &Motif) -> String {
    this.consensus()
}

/// The information content relative to equally likely bases, summed over positions.
///
/// ```rhai
/// assert_eq(motif::from_consensus("AC").information, 4.0);
/// ```
#[native(namespace = "motif", form = property, returns = "number, bits")]
pub fn information(this: &Motif) -> f64 {
    this.total_information()
}

/// The probabilities of A, C, G, T (position probability matrix).
///
/// ```rhai
/// assert_eq(motif::from_consensus("AC").ppm.shape, [4, 2]);
/// ```
#[native(namespace = "motif", form = property, returns = "tensor [4, width]")]
pub fn ppm(this: &Motif) -> Result<Tensor> {
    matrix(&this.ppm)
}

/// Removes the flanking positions of little information.
///
/// ```rhai
/// assert_eq(motif::from_consensus("NNACGTN").trim().consensus, "ACGT");
/// ```
#[native(namespace = "motif", form = method)]
pub fn trim(
    this: &Motif,
    /// Smallest information content of the first and the last position, in bits.
    #[default(0.25)]
    bits: f64,
) -> Motif {
    this.trimmed(bits)
}

/// Computes the position weight matrix: log2 of probabilities over background.
///
/// ```rhai
/// assert_near(motif::from_consensus("A").pwm(#{ pseudocount: 0.0001 })[[0, 0]].item(), 2.0, 1e-3);
/// ```
#[native(
    namespace = "motif",
    form = method,
    returns = "tensor [4, width], bits"
)]
pub fn pwm(this: &Motif, options: PwmOptions) -> Result<Tensor> {
    matrix(&this.log_odds(options.pseudocount, options.background.0))
}

/// Computes the counts of sites (position frequency matrix).
///
/// ```rhai
/// assert_eq(motif::from_consensus("AN").pfm(8).t(), [[8, 0, 0, 0], [2, 2, 2, 2]]);
/// ```
#[native(namespace = "motif", form = method, returns = "tensor [4, width]")]
pub fn pfm(
    this: &Motif,
    /// Number of sites by which the probabilities are multiplied; that of the motif unless given.
    sites: Option<f64>,
) -> Result<Tensor> {
    let sites = sites.unwrap_or(this.site_count());
    matrix(&this.counts(sites))
}

/// Returns the reverse complement of the motif.
///
/// ```rhai
/// assert_eq(motif::from_consensus("AAC").reverse_complement().consensus, "GTT");
/// ```
#[native(namespace = "motif", form = method)]
pub fn reverse_complement(this: &Motif) -> Motif {
    this.reverse_complement()
}

/// Returns the number of motifs.
///
/// ```rhai
/// assert_eq(sim::motifs(3).len(), 3);
/// ```
#[native(namespace = "motifs", form = method)]
pub fn len(this: &Motifs) -> i64 {
    this.0.len() as i64
}

/// Returns one of the motifs.
///
/// ```rhai
/// assert_eq(sim::motifs(3)[0].name, "motif01");
/// ```
#[native(namespace = "motifs", form = index)]
pub fn index(
    this: &Motifs,
    /// Number of the motif, from 0; negative numbers count from the end.
    i: i64,
) -> Result<Motif> {
    Ok(this.0[shape::index(i, this.0.len(), "motifs")?].clone())
}

/// Returns the motifs of the largest information content, in decreasing order.
///
/// ```rhai
/// assert_eq(sim::motifs(3).top(2).len(), 2);
/// ```
#[native(namespace = "motifs", form = method)]
pub fn top(
    this: &Motifs,
    /// Number of motifs.
    n: i64,
) -> Motifs {
    Motifs(Rc::new(motif::most_informative(&this.0, n.max(0) as usize)))
}

/// Writes the motifs in the minimal MEME format.
///
/// ```rhai
/// sim::motifs(3).save_meme("/tmp/cistron_example_all.meme");
/// ```
#[native(namespace = "motifs", form = method)]
pub fn save_meme(
    this: &Motifs,
    /// Path of the file.
    path: &str,
) -> Result<()> {
    let text = motif::meme::to_meme(&this.0);
    crate::base::file::write_whole(&output_path(path)?, text.as_bytes())
}

/// The native functions of the namespaces declared here.
pub fn natives() -> Vec<Native> {
    natives_of![from_consensus, from_ppm, from_pfm, read_meme, all, read]
}

/// The methods and properties of motifs.
pub fn methods() -> Vec<Native> {
    natives_of![
        name,
        alt,
        renamed,
        width,
        consensus,
        information,
        ppm,
        trim,
        pwm,
        pfm,
        reverse_complement,
        len,
        index,
        top,
        save_meme,
    ]
}
