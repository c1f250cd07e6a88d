//! Losses that compare the rows of a batch with each other.

use cistron_base::{Result, bail, shape};
use cistron_torch::{Kind, Tensor};

/// Which rows are negatives of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negatives {
    /// The other rows of the keys.
    Keys,
    /// As [`Negatives::Keys`], and the mean with the loss of keys among the queries.
    Symmetric,
    /// The other rows of queries and keys, for each of both.
    All,
}

/// The cross-entropy of finding the key of each query by cosine similarity, divided by a
/// temperature. Row i of the keys is that of row i of the queries.
pub fn info_nce(
    queries: &Tensor,
    keys: &Tensor,
    temperature: f64,
    negatives: Negatives,
) -> Result<Tensor> {
    let shape = queries.shape();
    if shape.len() != 2 || keys.shape() != shape {
        bail!(
            "shape",
            "info_nce takes queries and keys [batch, features] of one shape, got {} and {}",
            shape::text(&shape),
            shape::text(&keys.shape())
        );
    }
    let n = shape[0];
    if n < 2 {
        bail!(
            "shape",
            "info_nce needs at least two rows, got {n}: the others are negatives"
        );
    }
    let (queries, keys) = (unit(queries)?, unit(keys)?);
    match negatives {
        Negatives::Keys => of_diagonal(&similarities(&queries, &keys, temperature)?),
        Negatives::Symmetric => {
            let similar = similarities(&queries, &keys, temperature)?;
            of_diagonal(&similar)?
                .add(&of_diagonal(&similar.transpose(0, 1)?)?)?
                .mul_number(0.5)
        }
        Negatives::All => {
            let all = Tensor::cat(&[queries.clone(), keys.clone()], 0)?;
            let others = Tensor::cat(&[keys, queries], 0)?;
            let own = Tensor::eye(2 * n)?
                .to_device(all.device())?
                .to_kind(Kind::Bool)?;
            let similar = similarities(&all, &all, temperature)?;
            let similar = similar.masked_fill(&own, f64::NEG_INFINITY)?;
            let positive = all
                .mul(&others)?
                .sum(&Some(vec![1]), false)?
                .div_number(temperature)?;
            similar
                .logsumexp(&Some(vec![1]), false)?
                .sub(&positive)?
                .mean(&None, false)
        }
    }
}

/// Rows of length 1.
fn unit(x: &Tensor) -> Result<Tensor> {
    let size = x.square()?.sum(&Some(vec![1]), true)?.sqrt()?;
    x.div(&size.clamp(1e-12, f64::INFINITY)?)
}

fn similarities(a: &Tensor, b: &Tensor, temperature: f64) -> Result<Tensor> {
    a.matmul(&b.transpose(0, 1)?)?.div_number(temperature)
}

/// The cross-entropy of logits [n, n] whose labels are on the diagonal.
fn of_diagonal(logits: &Tensor) -> Result<Tensor> {
    logits.log_softmax(1)?.diag()?.mean(&None, false)?.neg()
}
