//! Files that may be compressed by gzip, which their first bytes state, not their names.

use super::{Fault, Result, file};
use crate::fault;
use flate2::read::MultiGzDecoder;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// Whether bytes are the start of a file that gzip compressed.
pub fn is_compressed(start: &[u8]) -> bool {
    start.starts_with(&[0x1f, 0x8b])
}

/// Decompresses all members of a file, as those of bgzip.
pub fn decoder<R: Read>(packed: R) -> MultiGzDecoder<R> {
    MultiGzDecoder::new(packed)
}

/// The content of a file, decompressed where it is compressed.
pub fn reader<R: Read + 'static>(source: R) -> std::io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(BUFFER, source);
    if is_compressed(source.fill_buf()?) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, decoder(source))));
    }
    Ok(Box::new(source))
}

/// Opens a plain file, decompressed where it is compressed.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    reader(file::open(path)?).map_err(|error| Fault::file(path, &error))
}

/// The fault of a compressed file that cannot be read to its end.
pub fn damaged(error: &std::io::Error) -> Fault {
    fault!("data", "the compressed file is damaged or cut short: {error}";
        hint: "`gzip -t FILE` tests it; download it again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).expect("packed");
        encoder.finish().expect("packed")
    }

    fn read(bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::new();
        reader(std::io::Cursor::new(bytes))?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn files_are_recognised_by_their_content() {
        assert_eq!(read(b"plain".to_vec()).expect("read"), b"plain");
        assert_eq!(read(packed(b"text")).expect("read"), b"text");
        // several members, as of bgzip or `cat a.gz b.gz`
        let two = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(read(two).expect("read"), b"one two");
        for short in [&b""[..], b"\x1f", b"x"] {
            assert_eq!(read(short.to_vec()).expect("read"), short);
        }
    }

    #[test]
    fn files_that_are_cut_short_are_an_error() {
        let whole = packed(&b"some text ".repeat(100));
        for length in [2, 5, 11, whole.len() - 9, whole.len() - 1] {
            assert!(read(whole[..length].to_vec()).is_err(), "{length}");
        }
    }
}
