//! Contributions as pattern discovery and seqlets read them.

use super::modisco::Tracks;
use cistron_base::{Result, bail, shape};
use cistron_torch::Tensor;

/// Hypothetical contributions and codes of the central window of sequences.
///
/// # Shapes
/// `[samples, 4, length]`, codes of `samples * length`
pub fn tracks(
    contributions: &Tensor,
    codes: &[u8],
    length: usize,
    window: Option<usize>,
) -> Result<Tracks> {
    let rows = codes.len() / length.max(1);
    let wanted = [rows as i64, 4, length as i64];
    if contributions.shape() != wanted {
        bail!(
            "shape",
            "`contributions` must be as the sequences, {}, got {}",
            shape::text(&wanted),
            shape::text(&contributions.shape())
        );
    }
    let kept = window.unwrap_or(length);
    if kept > length {
        bail!(
            "option",
            "option `window` is {kept}, the sequences have {length} bp"
        );
    }
    let from = length / 2 - kept / 2;
    let hypothetical = contributions
        .narrow(2, from as i64, kept as i64)?
        .transpose(1, 2)?
        .to_f32()?;
    if let Some(bad) = hypothetical.iter().position(|x| !x.is_finite()) {
        bail!(
            "value",
            "contributions of sample {} are not finite",
            bad / (4 * kept);
            hint: "a network that returns NaN there cannot be explained there"
        );
    }
    let windows = codes
        .chunks_exact(length)
        .map(|row| &row[from..from + kept]);
    Ok(Tracks {
        codes: windows.flatten().copied().collect(),
        hypothetical,
        length: kept,
    })
}

/// Whether bases that are not in the sequences have contributions.
pub fn has_absent(tracks: &Tracks) -> bool {
    let mut positions = tracks.hypothetical.chunks_exact(4).zip(&tracks.codes);
    positions.any(|(four, code)| (0..4).any(|base| base != usize::from(*code) && four[base] != 0.0))
}

/// The contribution of each position, and the number of positions of a sample.
///
/// # Shapes
/// `[samples, 4, length]`, summed over the bases, or `[samples, length]`
pub fn by_position(contributions: &Tensor) -> Result<(Vec<f64>, usize)> {
    let sums = match contributions.shape()[..] {
        [_, 4, _] => contributions.sum(&Some(vec![1]), false)?,
        [_, _] => contributions.clone(),
        ref shape => bail!(
            "shape",
            "contributions are [samples, 4, length] or [samples, length], got {}",
            shape::text(shape)
        ),
    };
    Ok((sums.to_f64()?, sums.shape()[1] as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_are_the_central_window() -> Result<()> {
        // base b of position p has the contribution 10 b + p
        let values: Vec<f32> = (0..4)
            .flat_map(|base| (0..4).map(move |position| (10 * base + position) as f32))
            .collect();
        let contributions = Tensor::from_f32(&values, &[1, 4, 4])?;
        let central = tracks(&contributions, &[0, 1, 2, 3], 4, Some(2))?;
        assert_eq!((central.codes.as_slice(), central.length), (&[1, 2][..], 2));
        let wanted = [1.0, 11.0, 21.0, 31.0, 2.0, 12.0, 22.0, 32.0];
        assert_eq!(central.hypothetical, wanted);
        assert!(has_absent(&central));
        assert!(tracks(&contributions, &[0, 1, 2, 3], 4, Some(5)).is_err());
        assert!(tracks(&contributions, &[0, 1, 2], 3, None).is_err());
        let present = Tracks {
            codes: vec![1],
            hypothetical: vec![0.0, 7.0, 0.0, 0.0],
            length: 1,
        };
        assert!(!has_absent(&present));
        Ok(())
    }

    #[test]
    fn bases_of_a_position_are_summed() -> Result<()> {
        let contributions =
            Tensor::from_f32(&[1.0, 0.0, 0.0, 2.0, 0.0, 3.0, 4.0, 0.0], &[1, 4, 2])?;
        assert_eq!(by_position(&contributions)?, (vec![5.0, 5.0], 2));
        let flat = Tensor::from_f32(&[1.0, 2.0], &[1, 2])?;
        assert_eq!(by_position(&flat)?, (vec![1.0, 2.0], 2));
        assert!(by_position(&Tensor::from_f32(&[1.0], &[1])?).is_err());
        Ok(())
    }
}
