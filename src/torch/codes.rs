//! Values of tensors as sets, and one-hot sequences as codes.

use super::{Kind, Tensor};
use cistron_base::{Result, bail, shape};

/// The code of a position without a base.
const UNKNOWN: u8 = 4;

impl Tensor {
    /// The different values, in increasing order.
    pub fn unique(&self) -> Result<Tensor> {
        if !self.kind().is_floating() {
            let mut values = self.to_i64()?;
            values.sort_unstable();
            values.dedup();
            return Tensor::from_i64(&values, &[values.len() as i64])?.to_kind(self.kind());
        }
        let mut values = self.to_f64()?;
        values.sort_by(f64::total_cmp);
        values.dedup();
        Tensor::from_f64(&values, &[values.len() as i64])?.to_kind(self.kind())
    }

    /// Codes of sequences, row after row, and their length; values beyond the bases are N.
    ///
    /// # Shapes
    /// Codes `[batch, length]`, or one-hot or scores of bases `[batch, 4, length]`, of which the
    /// largest counts; N where they sum to 0
    pub fn base_codes(&self) -> Result<(Vec<u8>, usize)> {
        let codes = match self.shape()[..] {
            [_, 4, _] => {
                let empty = self.sum(&Some(vec![1]), false)?.eq_number(0.0)?;
                self.argmax(Some(1), false)?
                    .masked_fill(&empty, f64::from(UNKNOWN))?
            }
            [_, _] if !self.kind().is_floating() => self.to_kind(Kind::Int64)?,
            _ => bail!(
                "shape",
                "decode takes codes [batch, length] or one-hot [batch, 4, length], got {}",
                shape::text(&self.shape())
            ),
        };
        let length = codes.shape()[1] as usize;
        let codes = codes.to_i64()?.into_iter();
        Ok((
            codes
                .map(|code| code.clamp(0, i64::from(UNKNOWN)) as u8)
                .collect(),
            length,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unique_and_in_order() -> Result<()> {
        let values = Tensor::from_f64(&[2.0, -1.0, 2.0], &[3])?;
        assert_eq!(values.unique()?.to_f64()?, [-1.0, 2.0]);
        let integers = Tensor::from_i64(&[3, 1, 3, 1], &[2, 2])?;
        assert_eq!(integers.unique()?.to_i64()?, [1, 3]);
        Ok(())
    }

    #[test]
    fn bases_are_the_largest_of_four() -> Result<()> {
        let scores = [0.0, 0.5, 0.0, 0.2, 0.0, 0.0, 1.0, 0.1];
        let scores = Tensor::from_f64(&scores, &[1, 4, 2])?;
        // 1 of T at the first position; 0.5 of A against 0.2 of C and 0.1 of T at the second
        assert_eq!(scores.base_codes()?, (vec![3, 0], 2));
        let empty = Tensor::zeros(&[1, 4, 1])?;
        assert_eq!(empty.base_codes()?, (vec![4], 1));
        let codes = Tensor::from_i64(&[0, 3, 9], &[1, 3])?;
        assert_eq!(codes.base_codes()?, (vec![0, 3, 4], 3));
        assert!(Tensor::zeros(&[1, 3])?.base_codes().is_err());
        Ok(())
    }
}
