//! NumPy's npy and npz files. What a file declares is compared with its size before memory is
//! taken.

use super::tensor::lift;
use super::{Kind, Tensor};
use cistron_base::fault;
use cistron_base::{Fault, Result, file};
use std::io::{Read, Seek};
use std::path::Path;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The largest header that is read, bytes.
const LARGEST_HEADER: u64 = 1 << 20;
/// How many times its size a deflated entry can unpack to, at most.
const DEFLATE: u64 = 1032;

/// NumPy's types: name, kind as it is stored, kind as it is held, which has all its values.
const TYPES: [(&str, tch::Kind, tch::Kind); 12] = {
    use tch::Kind::{Bool, Double, Float, Half, Int, Int8, Int16, Int64, Uint8};
    [
        ("f8", Double, Double),
        ("f4", Float, Float),
        ("f2", Half, Half),
        ("i8", Int64, Int64),
        ("i4", Int, Int),
        ("i2", Int16, Int),
        ("i1", Int8, Int),
        ("u1", Uint8, Uint8),
        ("b1", Bool, Bool),
        ("?", Bool, Bool),
        ("d", Double, Double),
        ("f", Float, Float),
    ]
};

/// The header of an array.
struct Header {
    stored: tch::Kind,
    held: tch::Kind,
    is_big: bool,
    is_fortran: bool,
    shape: Vec<i64>,
    bytes: u64,
}

type Parsed<T> = std::result::Result<T, String>;

/// The text after `'key':`, without blanks.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let rest = &text[text.find(&format!("'{key}'"))? + key.len() + 2..];
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

impl Header {
    fn read(reader: &mut impl Read, size: u64) -> Parsed<Header> {
        let early = |_| "it ends too early".to_string();
        let mut start = [0u8; 8];
        reader.read_exact(&mut start).map_err(early)?;
        if !start.starts_with(MAGIC) {
            return Err("it does not begin as one".into());
        }
        let wide = start[6] > 1;
        let mut length = [0u8; 4];
        reader
            .read_exact(if wide {
                &mut length[..]
            } else {
                &mut length[..2]
            })
            .map_err(early)?;
        let length = u64::from(u32::from_le_bytes(length));
        let before = 8 + if wide { 4 } else { 2 } + length;
        if length > LARGEST_HEADER || before > size {
            return Err(format!(
                "it declares a header of {length} bytes, it has {size}"
            ));
        }
        let mut text = vec![0; length as usize];
        reader.read_exact(&mut text).map_err(early)?;
        Header::parse(&String::from_utf8_lossy(&text), size - before)
    }

    fn parse(text: &str, size: u64) -> Parsed<Header> {
        let missing = |key: &str| format!("its header has no `{key}`");
        let descr = value(text, "descr").ok_or_else(|| missing("descr"))?;
        let name = descr
            .strip_prefix('\'')
            .and_then(|rest| rest.split('\'').next())
            .ok_or("it holds records, not numbers")?;
        let plain = name.trim_start_matches(['<', '>', '=', '|']);
        let (_, stored, held) = TYPES
            .into_iter()
            .find(|(known, ..)| *known == plain)
            .ok_or_else(|| format!("it holds `{name}`, which is not supported"))?;
        let is_fortran = value(text, "fortran_order").is_some_and(|rest| rest.starts_with("True"));
        let shape = value(text, "shape")
            .and_then(|rest| rest.strip_prefix('(')?.split(')').next())
            .ok_or_else(|| missing("shape"))?;
        let sizes = shape.split(',').map(str::trim).filter(|n| !n.is_empty());
        let shape = sizes
            .map(|n| n.parse::<u32>().map(i64::from))
            .collect::<std::result::Result<Vec<i64>, _>>();
        let shape = shape.map_err(|_| "its shape is out of range".to_string())?;
        let width = stored.elt_size_in_bytes() as u64;
        let bytes = shape
            .iter()
            .try_fold(width, |bytes, n| bytes.checked_mul(*n as u64));
        match bytes {
            Some(bytes) if bytes == size => Ok(Header {
                stored,
                held,
                is_big: name.starts_with('>'),
                is_fortran,
                shape,
                bytes,
            }),
            _ => Err(format!(
                "its header declares {} of {plain}, which is {}, and {size} bytes follow",
                cistron_base::shape::text(&shape),
                match bytes {
                    Some(bytes) => format!("{bytes} bytes"),
                    None => "more than any file".into(),
                }
            )),
        }
    }

    fn tensor(&self, reader: &mut impl Read) -> Parsed<Result<Tensor>> {
        let mut data = Vec::new();
        data.try_reserve_exact(self.bytes as usize)
            .map_err(|_| format!("there is no memory for its {} bytes", self.bytes))?;
        reader
            .take(self.bytes)
            .read_to_end(&mut data)
            .map_err(|error| error.to_string())?;
        if data.len() as u64 != self.bytes {
            return Err(format!(
                "it ends after {} of {} bytes",
                data.len(),
                self.bytes
            ));
        }
        if self.is_big {
            data.chunks_exact_mut(self.stored.elt_size_in_bytes())
                .for_each(<[u8]>::reverse);
        }
        // the first axis of Fortran's order is the fastest
        let mut shape = self.shape.clone();
        if self.is_fortran {
            shape.reverse();
        }
        let build = || {
            let raw = lift(
                "load",
                &[],
                tch::Tensor::f_from_data_size(&data, &shape, self.stored),
            )?;
            let axes: Vec<i64> = (0..shape.len() as i64).rev().collect();
            let raw = if self.is_fortran {
                lift(
                    "load",
                    &[],
                    raw.f_permute(&axes[..]).and_then(|raw| raw.f_contiguous()),
                )?
            } else {
                raw
            };
            Ok(Tensor(if self.held == self.stored {
                raw
            } else {
                lift("load", &[], raw.f_to_kind(self.held))?
            }))
        };
        Ok(build())
    }
}

/// The content of an npy file: a header, and the numbers in C's order.
pub fn bytes(kind: Kind, shape: &[i64], numbers: &[u8]) -> Result<Vec<u8>> {
    let Some((name, stored, _)) = TYPES
        .into_iter()
        .find(|(_, stored, _)| *stored == kind.tch())
    else {
        return Err(fault!(
            "type",
            "NumPy's files do not hold {}",
            kind.name();
            hint: "`tensor::save_safetensors` writes it"
        ));
    };
    let order = if stored.elt_size_in_bytes() > 1 {
        '<'
    } else {
        '|'
    };
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!(
        "{{'descr': '{order}{name}', 'fortran_order': False, 'shape': ({}), }}",
        sizes.trim_end()
    );
    // the numbers start at a multiple of 64 bytes
    let before = MAGIC.len() + 4;
    while !(before + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(|_| {
        fault!(
            "shape",
            "NumPy's files do not hold arrays of {} axes",
            shape.len()
        )
    })?;
    Ok([
        MAGIC,
        &[1, 0],
        &length.to_le_bytes(),
        header.as_bytes(),
        numbers,
    ]
    .concat())
}

fn unreadable(path: &Path, what: &str, kind: &str) -> Fault {
    fault!(
        "file",
        "`{}` is not a readable {kind} file: {what}",
        path.display()
    )
}

/// Reads one array of a `.npy` file.
pub fn load_npy(path: &Path) -> Result<Tensor> {
    let mut file = file::open(path)?;
    let size = file
        .metadata()
        .map_err(|error| Fault::file(path, &error))?
        .len();
    let read = Header::read(&mut file, size).and_then(|header| header.tensor(&mut file));
    read.map_err(|what| unreadable(path, &what, "npy"))?
}

/// Reads all arrays of a `.npz` file.
pub fn load_npz(path: &Path) -> Result<Vec<(String, Tensor)>> {
    let file = file::open(path)?;
    let size = file
        .metadata()
        .map_err(|error| Fault::file(path, &error))?
        .len();
    let broken = |what: String| unreadable(path, &what, "npz");
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file))
        .map_err(|error| broken(error.to_string()))?;
    (0..archive.len())
        .map(|i| {
            entry(&mut archive, i, size)
                .map_err(&broken)
                .and_then(|(name, tensor)| Ok((name, tensor?)))
        })
        .collect()
}

fn entry<R: Read + Seek>(
    archive: &mut zip::ZipArchive<R>,
    i: usize,
    size: u64,
) -> Parsed<(String, Result<Tensor>)> {
    let mut entry = archive.by_index(i).map_err(|error| error.to_string())?;
    let name = entry.name().trim_end_matches(".npy").to_string();
    let within = |what: String| format!("array `{name}`: {what}");
    let (packed, unpacked) = (entry.compressed_size(), entry.size());
    if packed > size || unpacked > packed.saturating_mul(DEFLATE).saturating_add(1024) {
        return Err(within(format!(
            "it declares {unpacked} bytes in {packed}, the file has {size}"
        )));
    }
    let read = Header::read(&mut entry, unpacked).and_then(|header| header.tensor(&mut entry));
    Ok((name.clone(), read.map_err(within)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let mut out = MAGIC.to_vec();
        out.extend([1, 0]);
        out.extend((header.len() as u16).to_le_bytes());
        out.extend(header.as_bytes());
        out.extend(data);
        out
    }

    fn load(bytes: &[u8]) -> Result<Tensor> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.npy");
        std::fs::write(&path, bytes).expect("a file");
        load_npy(&path)
    }

    #[test]
    fn arrays_of_every_order_are_read() {
        let words = |values: &[f32], big: bool| {
            values
                .iter()
                .flat_map(|v| {
                    if big {
                        v.to_be_bytes()
                    } else {
                        v.to_le_bytes()
                    }
                })
                .collect::<Vec<u8>>()
        };
        let of = |bytes: &[u8]| load(bytes).expect("an array");
        let plain = of(&npy(
            "<f4",
            "False",
            "(2, 3)",
            &words(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], false),
        ));
        assert_eq!(
            (plain.shape(), plain.to_f64().expect("numbers")),
            (vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        );
        let turned = of(&npy(
            ">f4",
            "True",
            "(2, 3)",
            &words(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0], true),
        ));
        assert_eq!(
            (turned.shape(), turned.to_f64().expect("numbers")),
            (vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        );
        assert_eq!(
            of(&npy("|i1", "False", "(2,)", &[0xff, 2]))
                .to_f64()
                .expect("numbers"),
            [-1.0, 2.0]
        );
        assert_eq!(
            of(&npy("<f4", "False", "()", &words(&[7.0], false))).shape(),
            Vec::<i64>::new()
        );
    }

    #[test]
    fn sizes_are_compared_with_the_file() {
        let refused = |bytes: &[u8]| load(bytes).unwrap_err().message.clone();
        // less data than is declared was read out of bounds, more memory than there is aborted
        assert!(
            refused(&npy("<f4", "False", "(4,)", &[0; 8]))
                .contains("which is 16 bytes, and 8 bytes follow")
        );
        assert!(
            refused(&npy("<f4", "False", "(1000000000, 1000000000)", &[0; 8]))
                .contains("bytes follow")
        );
        assert!(
            refused(&npy(
                "<f4",
                "False",
                "(4000000000, 4000000000, 4000000000)",
                &[0; 8]
            ))
            .contains("more than any file")
        );
        assert!(refused(&npy("<f4", "False", "(-4,)", &[0; 8])).contains("shape"));
        assert!(refused(&npy("<U4", "False", "(2,)", &[0; 8])).contains("not supported"));
        assert!(
            refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").contains("header of 4294967295 bytes")
        );
        assert!(refused(b"\x93NUM").contains("too early"));
        let whole = npy("<f4", "False", "(2,)", &[0; 8]);
        for n in 0..whole.len() {
            assert!(load(&whole[..n]).is_err(), "{n} bytes");
        }
    }
}
