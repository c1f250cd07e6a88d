//! `protein::read_alignment`, `protein::read_pssm`, and alignments.

use crate::base::{Result, memory};
use crate::bind::args::tensor::Numbers;
use crate::bind::types::Aligned;
use crate::bind::warnings;
use crate::lang::{Call, IntoValue, Native, Options, native, natives_of, session};
use crate::protein::alignment::{self, Alignment};
use crate::protein::coevolution;
use crate::protein::pssm;
use crate::torch::Tensor;
use rhai::Map;
use std::rc::Rc;

/// Options of `alignment.covariance` and of weights.
#[derive(Options)]
pub struct WeightOptions {
    /// Share of equal columns from which sequences count as similar.
    #[option(default = 0.8, min = 0, max = 1)]
    identity: f64,
}

/// Options of `alignment.couplings`.
#[derive(Options)]
pub struct CouplingOptions {
    /// Share of equal columns from which sequences count as similar.
    #[option(default = 0.8, min = 0, max = 1)]
    identity: f64,
    /// Share of the pseudocount among the frequencies.
    #[option(default = 0.5, min = 0, max = 1)]
    pseudocount: f64,
}

fn noted(call: &Call, name: &str, own: Alignment) -> Aligned {
    let (unknown, insertions) = (own.unknown, own.insertions);
    if unknown + insertions > 0 {
        warnings::at(
            call,
            &format!(
                "{name}: {unknown} unknown letters are read as gaps, \
            {insertions} insertions are left out"
            ),
        );
    }
    Aligned(Rc::new(own))
}

/// Reads an alignment from an a3m, FASTA, Stockholm or aln file, also compressed by gzip.
///
/// An aln file has a sequence a line. Lower-case letters are insertions, which are left out;
/// letters that are no amino acid (X, B, Z, …) are read as gaps. Both are reported.
///
/// ```rhai
/// save_text("/tmp/cistron_example.a3m", ">query\nACD\n>other\nA-kD\n");
/// let own = protein::read_alignment("/tmp/cistron_example.a3m");
/// assert_eq(own.sequences, ["ACD", "A-D"]);
/// ```
#[native(namespace = "protein", stand_in = stand_in)]
pub fn read_alignment(
    call: &Call,
    /// Path of the file.
    path: &str,
) -> Result<Aligned> {
    let own = alignment::open(&session::find_input(path)?)?;
    Ok(noted(call, path, own))
}

/// The alignment of a dry run whose file does not exist.
fn stand_in(_: &Call, _: &str) -> Result<Aligned> {
    alignment::parse("ACDEFGHIKL\nACDEFGHIKV\n").map(|own| Aligned(Rc::new(own)))
}

/// Reads a position-specific scoring matrix of PSI-BLAST, or other tables of 20 scores.
///
/// The columns are in the order of the letters of amino acids, A C D E F G H I K L M N P Q R S T V
/// W Y, whatever the order of the file. Scores without a line of letters keep their order: rows of
/// 20 numbers; 20 lines of n numbers after a line `# PSSM` (files of features of DNCON2 and
/// ATTContact, in the order of PSI-BLAST, A R N D C Q E G H I L K M F P S T W Y V); a `.npy` file
/// [20, n] or [n, 20], the former where both are possible, of numbers or texts.
///
/// Returns a map of `scores`, [n, 20], float32, and `sequence`, empty where the file has no
/// letters.
///
/// # Errors
/// A file that is cut short, or has scores that are no finite numbers.
///
/// ```rhai
/// let row = "1 M 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n";
/// save_text("/tmp/cistron_example.pssm", row);
/// let found = protein::read_pssm("/tmp/cistron_example.pssm");
/// assert_eq([found.sequence, found.scores.shape], ["M", [1, 20]]);
/// ```
#[native(namespace = "protein", returns = "map", stand_in = empty_pssm)]
pub fn read_pssm(
    /// Path of the file.
    path: &str,
) -> Result<Map> {
    let (sequence, rows) = pssm::open(&session::find_input(path)?)?;
    pssm_map(sequence, &rows)
}

fn empty_pssm(_: &str) -> Result<Map> {
    pssm_map("ACDEFGHIKL".into(), &[[0.0; 20]; 10])
}

fn pssm_map(sequence: String, rows: &[[f64; 20]]) -> Result<Map> {
    let numbers: Vec<f32> = rows.as_flattened().iter().map(|x| *x as f32).collect();
    let scores = Tensor::from_f32(&numbers, &[rows.len() as i64, 20])?;
    Ok(Map::from([
        ("sequence".into(), sequence.into()),
        ("scores".into(), scores.into_value()),
    ]))
}

/// Returns an alignment of sequences of one length, the first of which is the query.
///
/// ```rhai
/// let own = protein::alignment(["ACD", "A-D"]);
/// assert_eq([own.depth, own.length], [2, 3]);
/// ```
/// ```rhai,fails
/// protein::alignment(["ACD", "AC"]);
/// //~ the sequence at line 2 has 2 columns, the first has 3
/// ```
#[native(namespace = "protein", name = "alignment")]
pub fn alignment_of(
    call: &Call,
    /// Sequences with gaps (-).
    sequences: Vec<String>,
) -> Result<Aligned> {
    let own = alignment::of(&sequences)?;
    Ok(noted(call, "alignment", own))
}

/// The number of sequences.
///
/// ```rhai
/// assert_eq(protein::alignment(["ACD", "A-D"]).depth, 2);
/// ```
#[native(namespace = "alignment", form = property)]
pub fn depth(this: &Aligned) -> i64 {
    this.0.depth() as i64
}

/// The number of columns.
///
/// ```rhai
/// assert_eq(protein::alignment(["ACD", "A-D"]).length, 3);
/// ```
#[native(namespace = "alignment", form = property)]
pub fn length(this: &Aligned) -> i64 {
    this.0.length as i64
}

/// The sequences with gaps, without insertions.
///
/// ```rhai
/// assert_eq(protein::alignment(["ACD", "A-D"]).sequences, ["ACD", "A-D"]);
/// ```
#[native(namespace = "alignment", form = property)]
pub fn sequences(this: &Aligned) -> Vec<String> {
    (0..this.0.depth()).map(|i| this.0.text(i)).collect()
}

/// The codes of the letters: 0 to 19 in the order of the letters of amino acids, 20 for gaps.
///
/// ```rhai
/// assert_eq(protein::alignment(["ACD", "A-D"]).codes, [[0, 1, 2], [0, 20, 2]]);
/// ```
#[native(namespace = "alignment", form = property, returns = "tensor [depth, length] int64")]
pub fn codes(this: &Aligned) -> Result<Tensor> {
    let codes: Vec<i64> = this.0.codes.iter().map(|code| i64::from(*code)).collect();
    Tensor::from_i64(&codes, &[this.0.depth() as i64, this.0.length as i64])
}

/// Returns the weight of each sequence: 1 over the number of similar sequences, itself included.
///
/// ```rhai
/// let own = protein::alignment(["ACDEF", "ACDEY", "WWWWW"]);
/// assert_eq(own.weights(), [0.5, 0.5, 1.0]);
/// ```
#[native(namespace = "alignment", form = method, returns = "tensor [depth]")]
pub fn weights(this: &Aligned, options: WeightOptions) -> Result<Tensor> {
    let weights = this.0.weights(options.identity);
    Tensor::from_f64(&weights, &[weights.len() as i64])
}

/// Returns the weighted share of each letter in each column; the last one is the gap.
///
/// ```rhai
/// let own = protein::alignment(["AC", "A-"]);
/// let found = own.profile();
/// assert_eq([found[0][0].item(), found[1][20].item()], [1.0, 0.5]);
/// ```
#[native(namespace = "alignment", form = method, returns = "tensor [length, 21]")]
pub fn profile(this: &Aligned, options: WeightOptions) -> Result<Tensor> {
    let shares = this.0.frequencies(&this.0.weights(options.identity));
    Tensor::from_f64(&shares, &[this.0.length as i64, 21])
}

/// Returns the covariance of letters in pairs of columns, the input of contact predictors.
///
/// Channel 21 a + b is f(a, b) - f(a) f(b), of weighted frequencies, for letter a of the first and
/// letter b of the second column.
///
/// ```rhai
/// let own = protein::alignment(["AC", "DE", "AC", "DE"]);
/// let found = own.covariance(#{ identity: 1.0 });
/// assert_eq(found.shape, [441, 2, 2]);
/// assert_near(found[1][0][1], 0.25);                    // A with C: 1/2 - 1/4
/// ```
#[native(namespace = "alignment", form = method, returns = "tensor [441, length, length]")]
pub fn covariance(this: &Aligned, options: WeightOptions) -> Result<Tensor> {
    let n = this.0.length as i64;
    memory::elements(&[441, n, n], 4)?;
    let values = coevolution::covariance(&this.0, &this.0.weights(options.identity))?;
    Tensor::from_f32(&values, &[441, n, n])
}

/// Returns the strength of the direct coupling of each pair of columns (mean-field DCA).
///
/// Couplings are the negative inverse of the covariances, of frequencies with a pseudocount; a pair
/// has the norm of its couplings without gaps, in the gauge of zero sums, with the average product
/// correction.
///
/// # Source
/// Morcos et al. (2011), PNAS 108; Ekeberg et al. (2013), Physical Review E 87 for the norm.
///
/// ```rhai
/// let own = protein::alignment(["ACA", "DED", "AED", "DCA"]);
/// assert_eq(own.couplings().shape, [3, 3]);
/// ```
#[native(namespace = "alignment", form = method, returns = "tensor [length, length]")]
pub fn couplings(this: &Aligned, options: CouplingOptions) -> Result<Tensor> {
    let weights = this.0.weights(options.identity);
    let map = coevolution::mean_field(&this.0, &weights, options.pseudocount)?;
    let n = this.0.length as i64;
    Tensor::from_f64(&map.into_iter().collect::<Vec<_>>(), &[n, n])
}

/// Corrects a map of couplings for the means of its rows and columns (average product correction).
///
/// ```rhai
/// let found = contacts::corrected([[0.0, 1.0], [1.0, 0.0]]);
/// assert_eq(found, [[0.0, 0.0], [0.0, 0.0]]);
/// ```
#[native(namespace = "contacts", returns = "tensor [n, n]")]
pub fn corrected(
    /// Symmetric map, [n, n]; its diagonal is ignored.
    map: Numbers,
) -> Result<Tensor> {
    let n = match map.0.shape()[..] {
        [a, b] if a == b => a,
        ref other => crate::bail!(
            "shape",
            "a map must be [n, n], got {}",
            crate::base::shape::text(other)
        ),
    };
    let values = coevolution::corrected_of(&map.0.to_f64()?, n as usize)?;
    Tensor::from_f64(&values, &[n, n])
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        read_alignment,
        read_pssm,
        alignment_of,
        depth,
        length,
        sequences,
        codes,
        weights,
        profile,
        covariance,
        couplings,
        corrected
    ]
}
