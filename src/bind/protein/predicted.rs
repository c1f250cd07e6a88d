//! `protein::read_plm`, `contacts::read_rr`, `contacts::from_distogram`.

use crate::bail;
use crate::base::{Result, shape};
use crate::bind::args::tensor::Numbers;
use crate::lang::{Choice, IntoValue, Native, Options, native, natives_of, session};
use crate::protein::{distogram, plm, rr};
use crate::torch::Tensor;
use rhai::Map;

/// Options of `contacts::from_distogram`.
#[derive(Options)]
pub struct DistogramOptions {
    /// Distance below which residues are in contact, in Å.
    #[option(default = 8, above = 0)]
    threshold: f64,
    /// Where the bin of pairs beyond all edges is: "last", or "first" as trRosetta has it.
    #[option(default = "last")]
    beyond: End,
}

/// An end of the bins.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum End {
    /// The first bin.
    First,
    /// The last bin.
    Last,
}

/// Reads raw couplings of pairs of columns, such as those of CCMpred, for `attcontact::network`.
///
/// The file holds 441 maps of n × n numbers, float32 in little-endian order without a header, and
/// may be compressed by gzip: channel 21 a + b is the coupling of letter a of the first and letter
/// b of the second column. n follows from the size of the file.
///
/// # Errors
/// A file whose size is not that of 441 square maps, or with numbers that are not finite.
///
/// ```rhai
/// // without the couplings, which a program such as CCMpred writes
/// let own = protein::alignment(["ACD", "A-D"]);
/// assert_eq(own.covariance().shape, [441, 3, 3]);
/// ```
/// ```rhai,fails
/// save_text("/tmp/cistron_example.plm", "short");
/// protein::read_plm("/tmp/cistron_example.plm");
/// //~ a file of 5 bytes is not [441, n, n] of float32
/// ```
#[native(namespace = "protein", returns = "tensor [441, n, n]", stand_in = empty_plm)]
pub fn read_plm(
    /// Path of the file.
    path: &str,
) -> Result<Tensor> {
    let (n, values) = plm::open(&session::find_input(path)?)?;
    Tensor::from_f32(&values, &[441, n as i64, n as i64])
}

fn empty_plm(_: &str) -> Result<Tensor> {
    Tensor::from_f32(&vec![0.0; 441 * 100], &[441, 10, 10])
}

/// Reads predicted contacts in the format RR of CASP.
///
/// Lines have two residues, counted from 1, the smallest and the largest distance, and a
/// probability; after `RMODE 1` the probability follows the residues. The sequence precedes them.
///
/// # Errors
/// A file without a sequence, residues beyond it, pairs that are listed twice, probabilities out of
/// 0 to 1, distances in bins (`RMODE 2`).
///
/// ```rhai
/// save_text("/tmp/cistron_example.rr", "ACDE\n1 3 0 8 0.75\n");
/// let found = contacts::read_rr("/tmp/cistron_example.rr");
/// assert_eq([found.sequence, found.map[0][2].item()], ["ACDE", 0.75]);
/// assert(found.map[0][1].isnan().item());
/// ```
#[native(
    namespace = "contacts",
    returns = "map: sequence, map (tensor [n, n], NaN where a pair is not listed)",
    stand_in = empty_rr
)]
pub fn read_rr(
    /// Path of the file.
    path: &str,
) -> Result<Map> {
    let (sequence, values) = rr::open(&session::find_input(path)?)?;
    rr_map(sequence, &values)
}

fn empty_rr(_: &str) -> Result<Map> {
    rr_map("ACDEFGHIKL".into(), &[0.5; 100])
}

fn rr_map(sequence: String, values: &[f64]) -> Result<Map> {
    let n = sequence.len() as i64;
    Ok(Map::from([
        ("sequence".into(), sequence.into()),
        (
            "map".into(),
            Tensor::from_f64(values, &[n, n])?.into_value(),
        ),
    ]))
}

/// Computes the probability of contacts from predicted distributions of distances.
///
/// Of the bin that the threshold divides, the share of its width below the threshold counts; the
/// first bin, which has only an upper edge, counts where that is not above the threshold.
///
/// ```rhai
/// // bins: below 6 Å, 6 to 8 Å, 8 to 10 Å, beyond
/// let p = tensor::from([[[0.1, 0.2, 0.3, 0.4]]]);
/// assert_near(contacts::from_distogram(p, [6.0, 8.0, 10.0]), [[0.3]]);
/// assert_near(contacts::from_distogram(p, [6.0, 8.0, 10.0], #{ threshold: 9.0 }), [[0.45]]);
/// ```
/// ```rhai,fails
/// contacts::from_distogram(tensor::zeros([1, 1, 3]), [6.0, 8.0]);
/// //~ the probabilities of pair 0 sum to 0, not 1
/// ```
#[native(namespace = "contacts", returns = "tensor [n, n]")]
pub fn from_distogram(
    /// Probabilities of the bins of each pair, [n, n, bins]; of logits the softmax.
    probabilities: Numbers,
    /// Distances between neighbouring bins, in Å: one fewer than there are bins.
    edges: &[f64],
    options: DistogramOptions,
) -> Result<Tensor> {
    let sizes = probabilities.0.shape();
    let bins = edges.len() as i64 + 1;
    if sizes.len() != 3 || sizes[2] != bins {
        let found = shape::text(&sizes);
        bail!(
            "shape",
            "with {} edges distributions are [n, n, {bins}], got {found}",
            edges.len()
        );
    }
    let probabilities = match options.beyond {
        End::Last => probabilities.0,
        End::First => probabilities.0.roll(-1, 2)?,
    };
    let values = distogram::contacts(&probabilities.to_f64()?, edges, options.threshold)?;
    Tensor::from_f64(&values, &sizes[..2])
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![read_plm, read_rr, from_distogram]
}
