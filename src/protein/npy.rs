//! Matrices of numbers, also written as text, in NumPy's `.npy`.

use cistron_base::{Result, bail, fault};

/// What `.npy` files begin with.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads a matrix, `[rows, columns]`: its sizes and its values. Numbers may be float32, float64 or
/// integers, or texts of fixed width ("U6"), as NumPy writes arrays of strings.
///
/// # Errors
/// A file that is cut short, has another number of axes or type, or text that is no number.
pub fn matrix(bytes: &[u8]) -> Result<([usize; 2], Vec<f64>)> {
    let cut = || fault!("data", "the .npy file is cut short");
    let version = *bytes.get(MAGIC.len()).ok_or_else(cut)?;
    let wide = if version == 1 { 2 } else { 4 };
    let start = MAGIC.len() + 2;
    let size = bytes.get(start..start + wide).ok_or_else(cut)?;
    let size = size
        .iter()
        .rev()
        .fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
    let start = start + wide;
    let end = start.checked_add(size).ok_or_else(cut)?;
    let header = bytes.get(start..end).ok_or_else(cut)?;
    let header = String::from_utf8_lossy(header);
    let kind = after(&header, "'descr':").and_then(|rest| rest.split('\'').nth(1));
    let kind = kind.ok_or_else(|| fault!("data", "the .npy file has no type"))?;
    if after(&header, "'fortran_order':").is_none_or(|rest| rest.trim_start().starts_with("True")) {
        bail!("data", "the matrix is stored by columns";
            hint: "save `np.ascontiguousarray(x)`");
    }
    let shape = after(&header, "'shape':").and_then(|rest| rest.split(['(', ')']).nth(1));
    let sizes = shape
        .unwrap_or("")
        .split(',')
        .filter(|size| !size.trim().is_empty());
    let sizes: Option<Vec<usize>> = sizes.map(|size| size.trim().parse().ok()).collect();
    let Some([rows, columns]) = sizes.as_deref() else {
        bail!(
            "data",
            "the .npy file must have 2 axes, its shape is ({})",
            shape.unwrap_or("")
        );
    };
    let (rows, columns) = (*rows, *columns);
    let width = width_of(kind)?;
    let count = rows.checked_mul(columns).ok_or_else(cut)?;
    let wanted = count.checked_mul(width).ok_or_else(cut)?;
    let values = &bytes[end..];
    if values.len() != wanted {
        let found = values.len();
        bail!("data", "a matrix [{rows}, {columns}] of {kind} has {wanted} bytes, got {found}";
            hint: "is the file cut short?");
    }
    let value = |(k, cell): (usize, &[u8])| {
        number(kind, cell).ok_or_else(|| {
            let (row, column) = (k / columns + 1, k % columns + 1);
            fault!("data", "row {row}, column {column} is no finite number")
        })
    };
    let cells = values.chunks_exact(width.max(1)).enumerate();
    Ok(([rows, columns], cells.map(value).collect::<Result<_>>()?))
}

/// What follows a word.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.split_once(word).map(|(_, rest)| rest)
}

/// Bytes of a value of a type.
fn width_of(kind: &str) -> Result<usize> {
    let is_little = kind.starts_with(['<', '|', '=']);
    let size = kind.get(2..).and_then(|size| size.parse::<usize>().ok());
    match (kind.get(1..2), size) {
        (Some("f"), Some(size @ (4 | 8))) | (Some("i"), Some(size @ (1 | 2 | 4 | 8)))
            if is_little =>
        {
            Ok(size)
        }
        (Some("U"), Some(size @ 1..=64)) if is_little => Ok(4 * size),
        _ => bail!("data", "numbers of type `{kind}` are not read";
            hint: "save `x.astype('float32')`"),
    }
}

/// The number in a cell.
fn number(kind: &str, cell: &[u8]) -> Option<f64> {
    let value = match kind.get(1..2)? {
        "f" if cell.len() == 4 => f64::from(f32::from_le_bytes(cell.try_into().ok()?)),
        "f" => f64::from_le_bytes(cell.try_into().ok()?),
        "U" => text(cell)?.trim().parse().ok()?,
        _ => {
            let sign = if cell.last()? & 0x80 == 0 { 0 } else { 0xff };
            let mut wide = [sign; 8];
            wide[..cell.len()].copy_from_slice(cell);
            i64::from_le_bytes(wide) as f64
        }
    };
    value.is_finite().then_some(value)
}

/// The text in a cell of characters of 32 bits.
fn text(cell: &[u8]) -> Option<String> {
    let letters = cell.chunks_exact(4).map(|four| {
        let code = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        char::from_u32(code)
    });
    let letters: Option<String> = letters.collect();
    letters.map(|letters| letters.trim_end_matches('\0').to_string())
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The bytes of a file.
    pub fn file(kind: &str, shape: &str, values: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let size = (header.len() as u16).to_le_bytes();
        [MAGIC, &[1, 0], &size, header.as_bytes(), values].concat()
    }

    /// The bytes of texts of a width.
    pub fn texts(values: &[&str], width: usize) -> Vec<u8> {
        let padded = values.iter().flat_map(|text| {
            let letters = text.chars().map(u32::from).chain(std::iter::repeat(0));
            letters.take(width).collect::<Vec<_>>()
        });
        padded.flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn types_of_numbers() {
        let of =
            |kind: &str, values: &[u8]| matrix(&file(kind, "(1, 2)", values)).expect("numbers");
        let floats: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        assert_eq!(of("<f4", &floats), ([1, 2], vec![1.5, -2.0]));
        assert_eq!(of("|i1", &[3, 0xff]), ([1, 2], vec![3.0, -1.0]));
        assert_eq!(
            of("<U6", &texts(&["0.25", "-1e3"], 6)),
            ([1, 2], vec![0.25, -1000.0])
        );
    }

    #[test]
    fn broken_files_are_errors() {
        let whole = file("<f4", "(1, 2)", &[0; 8]);
        for cut in [6, 8, 12, whole.len() - 1] {
            assert!(matrix(&whole[..cut]).is_err(), "{cut}");
        }
        let nan = f32::NAN.to_le_bytes();
        for (kind, shape, values) in [
            ("<f4", "(1, 2)", vec![0; 12]),
            ("<f4", "(2,)", vec![0; 8]),
            ("<f4", "(99999999999, 99999999999)", vec![0; 8]),
            ("<f4", "(-1, 2)", vec![0; 8]),
            (">f4", "(1, 2)", vec![0; 8]),
            ("|O", "(1, 2)", vec![0; 8]),
            ("<U999999999", "(1, 2)", vec![0; 8]),
            ("<f4", "(1, 1)", nan.to_vec()),
            ("<U3", "(1, 1)", texts(&["abc"], 3)),
            ("<U1", "(1, 1)", vec![0xff; 4]),
        ] {
            assert!(
                matrix(&file(kind, shape, &values)).is_err(),
                "{kind} {shape}"
            );
        }
    }
}
