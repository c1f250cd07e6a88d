//! Rows of text tables: fields parted by commas or tabs, quoted as RFC 4180 has it (by `csv`), or
//! by blanks.

use crate::base::Result;
use crate::fault;
use crate::seq::text::Lines;
use std::path::Path;

/// A table that is read row by row. Blank lines and those that start with `#` are left out.
pub struct Rows<'a> {
    path: &'a Path,
    lines: Lines<'a>,
    /// Tab, comma or none for blanks, by the first row.
    separator: Option<Option<u8>>,
    row: Vec<String>,
}

impl<'a> Rows<'a> {
    /// Opens a table.
    pub fn open(path: &'a Path) -> Result<Rows<'a>> {
        Ok(Rows { path, lines: Lines::open(path)?, separator: None, row: Vec::new() })
    }

    /// The first line and the fields of the next row; none at the end.
    pub fn next_row(&mut self) -> Result<Option<(usize, &[String])>> {
        let (number, mut text) = loop {
            match self.lines.next_line()? {
                None => return Ok(None),
                Some((_, line)) if line.trim().is_empty() || line.starts_with('#') => {}
                Some((number, line)) => break (number, line.to_string()),
            }
        };
        let found = || [b'\t', b','].into_iter().find(|byte| text.as_bytes().contains(byte));
        let Some(separator) = *self.separator.get_or_insert_with(found) else {
            self.row = text.split_whitespace().map(str::to_string).collect();
            return Ok(Some((number, &self.row)));
        };
        if !text.contains('"') {
            self.row = text.split(char::from(separator)).map(|field| field.trim().to_string()).collect();
            return Ok(Some((number, &self.row)));
        }
        let place = || format!("`{}` line {number}", self.path.display());
        while is_open(&text, separator) {
            match self.lines.next_line()? {
                Some((_, line)) => text = text + "\n" + line,
                None => return Err(fault!("data", "{}: a quote is opened and not closed", place())),
            }
        }
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        reader.read_record(&mut record).map_err(|error| fault!("data", "{}: {error}", place()))?;
        self.row = record.iter().map(str::to_string).collect();
        Ok(Some((number, &self.row)))
    }
}

/// Whether a text ends within a quoted field. A quote is special at the start of a field and
/// within a quoted one alone; doubled there, it closes the field and opens it again.
fn is_open(text: &str, separator: u8) -> bool {
    let (mut is_quoted, mut may_open) = (false, true);
    for byte in text.bytes() {
        match byte {
            b'"' if is_quoted || may_open => {
                is_quoted = !is_quoted;
                may_open = true;
            }
            b' ' => {}
            _ => may_open = byte == separator,
        }
    }
    is_quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, Vec<String>)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).expect("a file");
        let mut rows = Rows::open(&path).expect("a table");
        let mut out = Vec::new();
        while let Some((number, row)) = rows.next_row().expect("a row") {
            out.push((number, row.to_vec()));
        }
        out
    }

    #[test]
    fn quotes_hold_separators_quotes_and_line_ends() {
        let rows = of("\"seq\",\"y\",\"note\"\n\"ACGT\",\"1\",\"a,b\"\n\n# note\nTTTT, 0 ,\"say \"\"hi\"\"\nthere\"\nAAAA,1,x\n");
        let shown: Vec<(usize, String)> = rows.iter().map(|(line, row)| (*line, row.join("|"))).collect();
        assert_eq!(shown[0], (1, "seq|y|note".into()));
        assert_eq!(shown[1], (2, "ACGT|1|a,b".into()));
        assert_eq!(shown[2], (5, "TTTT|0|say \"hi\"\nthere".into()));
        assert_eq!(shown[3], (7, "AAAA|1|x".into()));
        // a quote within a field is a letter, an empty field is one
        assert_eq!(of("a,5\" pipe,\n1,2,3\n")[0].1, ["a", "5\" pipe", ""]);
        assert_eq!(of("a,b\n,\n").len(), 2);
        assert_eq!(of("\u{feff}a\tb\r\n1\t\"2\t3\"\r\n")[1].1, ["1", "2\t3"]);
        assert_eq!(of("a b\n\n1  2\n").iter().map(|(line, row)| (*line, row.len())).collect::<Vec<_>>(), [(1, 2), (3, 2)]);
        assert!(of("").is_empty());
    }
}
