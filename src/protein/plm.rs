//! Raw couplings of pairs of columns, as programs such as CCMpred compute them by pseudo-likelihood
//! maximisation (PLM).

use crate::packed;
use cistron_base::{Fault, Result, bail};
use std::path::Path;

/// Pairs of 21 letters.
const CHANNELS: usize = 441;
/// The first bytes of files of other kinds.
const OTHERS: [(&[u8], &str); 3] = [
    (b"\x93NUMPY", "a .npy file, which `tensor::load_npy` reads"),
    (b"PK\x03\x04", "a zip archive"),
    (b"HDF", "an HDF file"),
];

/// Reads couplings, `[441, n, n]`, of a file of float32 without a header, also compressed by gzip.
/// Returns `n` and the values.
///
/// # Errors
/// A file whose size is not that of 441 square maps, or with values that are not finite.
pub fn open(path: &Path) -> Result<(usize, Vec<f32>)> {
    let named = |fault: Fault| fault.context(format!("`{}`", path.display()));
    let bytes = packed::read(path)?;
    let bytes = packed::unpacked(&bytes).map_err(named)?;
    parse(&bytes).map_err(named)
}

/// Reads couplings from the bytes of a file.
pub fn parse(bytes: &[u8]) -> Result<(usize, Vec<f32>)> {
    if let Some((_, what)) = OTHERS.iter().find(|(start, _)| bytes.starts_with(start)) {
        bail!("data", "the file is {what}, not raw float32");
    }
    if bytes.is_empty() {
        bail!("data", "the file is empty");
    }
    let count = bytes.len() / 4;
    let n = ((count / CHANNELS) as f64).sqrt().round() as usize;
    if bytes.len() != 4 * CHANNELS * n * n || n == 0 {
        let (below, above) = around(bytes.len());
        bail!("data", "a file of {} bytes is not [441, n, n] of float32", bytes.len();
            hint: "{below} bytes are {} residues, {above} bytes {}; is the file cut short?",
                side(below), side(above));
    }
    let values: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect();
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let (channel, rest) = (at / (n * n), at % (n * n));
        bail!(
            "data",
            "the coupling of residues {} and {}, channel {channel}, is {}",
            rest / n + 1,
            rest % n + 1,
            values[at]
        );
    }
    Ok((n, values))
}

/// The number of residues of a file size.
fn side(bytes: usize) -> usize {
    ((bytes / 4 / CHANNELS) as f64).sqrt().round() as usize
}

/// The next file sizes below and above that are possible.
fn around(bytes: usize) -> (usize, usize) {
    let below = ((bytes / 4 / CHANNELS) as f64).sqrt().floor() as usize;
    let size = |n: usize| 4 * CHANNELS * n * n;
    (size(below), size(below + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(values: &[f32]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    #[test]
    fn raw_files_have_a_map_for_each_channel() {
        let values: Vec<f32> = (0..441 * 9).map(|k| k as f32).collect();
        let (n, found) = parse(&raw(&values)).expect("couplings");
        assert_eq!((n, &found), (3, &values));
    }

    #[test]
    fn broken_files_are_errors() {
        let mut values = vec![0.5_f32; 441 * 4];
        let whole = raw(&values);
        for cut in [0, 1, 4, 441 * 4 - 1, whole.len() - 1, whole.len() - 4] {
            let fault = parse(&whole[..cut]).expect_err("cut short").to_string();
            assert!(
                cut == 0 || fault.contains(&format!("{cut} bytes")),
                "{fault}"
            );
        }
        let longer = [whole.as_slice(), &[0; 4]].concat();
        assert!(parse(&longer).is_err());
        values[441 * 4 - 2] = f32::NAN;
        let fault = parse(&raw(&values)).expect_err("NaN").to_string();
        assert!(fault.contains("residues 2 and 1, channel 440"), "{fault}");
        let fault = parse(b"\x93NUMPY\x01\x00").expect_err("npy").to_string();
        assert!(fault.contains("load_npy"), "{fault}");
    }
}
