//! Text files, plain or gzipped: the one place that knows about compression, byte-order marks and
//! line ends.

use super::kind;
use cistron_base::fault;
use cistron_base::{Fault, Result, gzip};
use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

/// Bytes that are looked at before a file is read as text.
const HEAD: usize = 1 << 16;
/// The longest line, and the longest text that is read as a whole: a small gzip file can unpack to
/// any number of bytes.
const LARGEST: u64 = 2 << 30;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes of a text: unpacked, without a byte-order mark, lines of old Macs ended by `\n`.
pub struct Text {
    reader: Chain<Cursor<Vec<u8>>, Box<dyn BufRead>>,
    is_mac: bool,
    /// Bytes of the byte-order mark that were left out.
    pub skipped: u64,
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.reader.read(buffer)?;
        if self.is_mac {
            buffer[..n]
                .iter_mut()
                .filter(|byte| **byte == b'\r')
                .for_each(|byte| *byte = b'\n');
        }
        Ok(n)
    }
}

/// Opens a file, plain or gzipped (by its content, not its name). Compressed and binary files of
/// other kinds are refused by name.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    open_at(path).map(|(reader, _)| reader)
}

/// The same, with the number of bytes before the first that is read: those of a byte-order mark.
pub fn open_at(path: &Path) -> Result<(Box<dyn BufRead>, u64)> {
    let text = unpacked(path)?;
    let skipped = text.skipped;
    // only bytes of old Macs are changed on the way
    let is_mac = text.is_mac;
    let reader: Box<dyn BufRead> = if is_mac {
        Box::new(BufReader::with_capacity(HEAD, text))
    } else {
        Box::new(text.reader)
    };
    Ok((reader, skipped))
}

fn unpacked(path: &Path) -> Result<Text> {
    let mut rest = gzip::open(path)?;
    let mut head = Vec::new();
    rest.by_ref()
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|error| read_fault(path, 1, &error))?;
    if let Some(kind) = kind::of_binary(&head) {
        return Err(fault!(
            "data",
            "`{}` is {}, not a text file that is read here",
            path.display(),
            kind.name;
            hint: "{}",
            kind.advice
        ));
    }
    let skipped = if head.starts_with(MARK) {
        MARK.len()
    } else {
        0
    };
    head.drain(..skipped);
    let is_whole = head.len() + skipped < HEAD;
    // a last `\r` may be half of a line end
    let seen = head
        .strip_suffix(b"\r")
        .filter(|_| !is_whole)
        .unwrap_or(&head);
    let is_mac = seen.contains(&b'\r') && !seen.contains(&b'\n');
    Ok(Text {
        reader: Cursor::new(head).chain(rest),
        is_mac,
        skipped: skipped as u64,
    })
}

/// The whole text of a file, plain or gzipped.
pub fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = open(path)?
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| read_fault(path, 1, &error))?;
    if read as u64 == LARGEST {
        return Err(too_long(path, 1));
    }
    Ok(text)
}

/// The fault of a line that is longer than any.
fn too_long(path: &Path, line: usize) -> Fault {
    fault!(
        "data",
        "`{}` line {line}: it is longer than {} GiB",
        path.display(),
        LARGEST >> 30;
        hint: "is it a text file? a gzip file of zeros unpacks to a thousand times its size"
    )
}

/// The fault of a line that could not be read.
pub fn read_fault(path: &Path, line: usize, error: &std::io::Error) -> Fault {
    let place = format!("`{}` line {line}", path.display());
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            fault!(
                "data",
                "{place}: the gzip file ends too early";
                hint: "it is truncated: fetch or copy it again"
            )
        }
        std::io::ErrorKind::InvalidData => {
            fault!("data", "{place}: {error}"; hint: "is it a text file?")
        }
        _ => fault!("data", "{place}: {error}"),
    }
}

/// The lines of a text file, plain or gzipped, with their numbers from 1; line ends are left out.
pub struct Lines<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    line: String,
    number: usize,
}

impl<'a> Lines<'a> {
    /// Opens a file.
    pub fn open(path: &'a Path) -> Result<Lines<'a>> {
        Ok(Lines {
            path,
            reader: open(path)?,
            line: String::new(),
            number: 0,
        })
    }

    /// The line that [`Lines::next_line`] returned last, with its end.
    pub fn whole(&self) -> &str {
        &self.line
    }

    /// The next line; none at the end.
    pub fn next_line(&mut self) -> Result<Option<(usize, &str)>> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.reader)
            .take(LARGEST)
            .read_line(&mut self.line)
            .map_err(|error| read_fault(self.path, self.number, &error))?;
        if read as u64 == LARGEST {
            return Err(too_long(self.path, self.number));
        }
        Ok((read > 0).then(|| (self.number, self.line.trim_end_matches(['\n', '\r']))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.txt");
        std::fs::write(&path, bytes).expect("a file");
        let mut lines = Lines::open(&path).expect("a text");
        let mut out = Vec::new();
        while let Some((_, text)) = lines.next_line().expect("a line") {
            out.push(text.to_string());
        }
        out
    }

    #[test]
    fn marks_and_line_ends_are_no_content() {
        for text in [
            &b"a\nb"[..],
            b"\xef\xbb\xbfa\r\nb\r\n",
            b"a\rb\r",
            b"\xef\xbb\xbfa\rb",
        ] {
            assert_eq!(lines(text), ["a", "b"], "{text:?}");
        }
        // a lone \r within a file of \n lines is content
        assert_eq!(lines(b"a\rb\nc"), ["a\rb", "c"]);
        assert_eq!(lines(b""), Vec::<String>::new());
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"\xef\xbb\xbfa\rb").expect("memory");
        assert_eq!(lines(&packed.finish().expect("memory")), ["a", "b"]);
        // a line end across the end of what is looked at
        for n in [HEAD - 2, HEAD - 1, HEAD, HEAD + 1] {
            let long = "x".repeat(n);
            assert_eq!(
                lines(format!("{long}\r\ny\r\n").as_bytes()),
                [long, "y".into()]
            );
        }
    }

    #[test]
    fn other_kinds_of_file_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.txt");
        for (bytes, name) in [
            (&b"CRAM\x03\x00"[..], "CRAM"),
            (b"\xff\xfea\x00", "UTF-16"),
            (b"BZh9", "bzip2"),
            (b"PK\x03\x04", "zip"),
        ] {
            std::fs::write(&path, bytes).expect("a file");
            let Err(fault) = open(&path) else {
                panic!("{name} is no text")
            };
            assert!(
                fault.message.contains(name) && fault.hint.is_some(),
                "{fault}"
            );
        }
    }
}
