//! Texts of open documents: paths of addresses, and positions as editors count them.

use crate::base::{Fault, Result, fault};
use lsp_types::{Location, Position, Range, Uri};
use std::path::Path;
use std::str::FromStr;

/// The path of an address, of which bytes are written as `%41`.
pub(super) fn path_of(address: &Uri) -> Result<String> {
    let text = address.as_str();
    let Some(path) = text.strip_prefix("file://") else {
        // an unsaved document
        return Ok(text.to_string());
    };
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = rest.get(1..3).filter(|_| *first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| fault!("usage", "`{text}` is no address in UTF-8"))
}

/// The address of a file.
pub(super) fn address_of(path: &Path) -> Result<Uri> {
    let whole = std::path::absolute(path).map_err(|error| Fault::file(path, &error))?;
    let mut address = "file://".to_string();
    for byte in whole.display().to_string().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => address.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    Uri::from_str(&address).map_err(|error| fault!("file", "`{address}`: {error}"))
}

/// The byte at a position, whose columns are units of UTF-16; the end of the line or of the text
/// where it is beyond.
pub(super) fn byte_at(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split('\n').next().unwrap_or_default();
    let mut units = 0;
    for (at, c) in line.char_indices() {
        if units >= position.character as usize {
            return start + at;
        }
        units += c.len_utf16();
    }
    start + line.len()
}

/// The position of a byte.
pub(super) fn position_at(text: &str, byte: usize) -> Position {
    let before = &text[..byte.min(text.len())];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Position {
        line: before.matches('\n').count() as u32,
        character: before[start..].encode_utf16().count() as u32,
    }
}

/// The range of bytes.
pub(super) fn range_of(text: &str, bytes: &std::ops::Range<usize>) -> Range {
    Range {
        start: position_at(text, bytes.start),
        end: position_at(text, bytes.end),
    }
}

/// A place in a file.
pub(super) fn location(
    path: &Path,
    text: &str,
    bytes: &std::ops::Range<usize>,
) -> Result<Location> {
    Ok(Location {
        uri: address_of(path)?,
        range: range_of(text, bytes),
    })
}

/// The range of a fault, whose line and column count letters from 1: the word there, else a letter.
pub(super) fn range_of_fault(text: &str, line: usize, column: usize) -> Range {
    let line = line.max(1) - 1;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let own = text[start.min(text.len())..]
        .split('\n')
        .next()
        .unwrap_or_default();
    let letters = own.char_indices().map(|(at, _)| at);
    let from = letters
        .chain([own.len()])
        .nth(column.max(1) - 1)
        .unwrap_or(own.len());
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let word: usize = own[from..]
        .chars()
        .take_while(|c| is_word(*c))
        .map(char::len_utf8)
        .sum();
    let first = own[from..].chars().next().map_or(0, char::len_utf8);
    range_of(text, &(start + from..start + from + word.max(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_units_of_utf_16() {
        let text = "a\nü𝄞b\n";
        for (byte, line, character) in [
            (0, 0, 0),
            (2, 1, 0),
            (4, 1, 1),
            (8, 1, 3),
            (9, 1, 4),
            (10, 2, 0),
        ] {
            let position = Position { line, character };
            assert_eq!(byte_at(text, position), byte);
            assert_eq!(position_at(text, byte), position);
        }
        let beyond = |line, character| byte_at(text, Position { line, character });
        assert_eq!((beyond(1, 99), beyond(9, 0)), (9, text.len()));
        let range = range_of_fault("let a = foo::bar(1);", 1, 9);
        assert_eq!((range.start.character, range.end.character), (8, 16));
        assert_eq!(range_of_fault("", 7, 7).start, Position::default());
    }

    #[test]
    fn addresses_are_paths() {
        let path = "/a b/ü%41.rhai";
        let address = address_of(Path::new(path)).expect("an address");
        assert_eq!(address.as_str(), "file:///a%20b/%C3%BC%2541.rhai");
        assert_eq!(path_of(&address).expect("a path"), path);
    }
}
