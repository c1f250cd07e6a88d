//! Rows of text tables: fields separated by commas, tabs or blanks, quoted as in RFC 4180.

use crate::seq::text::Lines;
use cistron_base::Result;
use cistron_base::delimited::{LARGEST_ROW, Separator, Sniffer, Splitter, unclosed};
use std::path::Path;

/// A table that is read row by row. Blank lines and those that start with `#` are left out.
pub struct Rows<'a> {
    path: &'a Path,
    lines: Lines<'a>,
    /// What separates fields, by the first row.
    separator: Option<Separator>,
    row: Vec<String>,
}

impl<'a> Rows<'a> {
    /// Opens a table.
    pub fn open(path: &'a Path) -> Result<Rows<'a>> {
        Ok(Rows {
            path,
            lines: Lines::open(path)?,
            separator: None,
            row: Vec::new(),
        })
    }

    /// The first line and the fields of the next row; none at the end.
    pub fn next_row(&mut self) -> Result<Option<(usize, &[String])>> {
        let number = loop {
            match self.lines.next_line()? {
                None => return Ok(None),
                Some((_, line)) if line.trim().is_empty() || line.starts_with('#') => {}
                Some((number, _)) => break number,
            }
        };
        let place = || format!("`{}` line {number}", self.path.display());
        let line = self.lines.whole();
        if let (Some(separator), false) = (self.separator, line.contains('"')) {
            self.row = match separator {
                Separator::Char(own) => line
                    .trim_end_matches(['\n', '\r'])
                    .split(own)
                    .map(|field| field.trim().to_string())
                    .collect(),
                Separator::Blanks => line.split_whitespace().map(str::to_string).collect(),
            };
            return Ok(Some((number, &self.row)));
        }
        let mut sniffer = self.separator.is_none().then(Sniffer::default);
        // the separator of the first row is not known before its end
        let mut read = vec![self.lines.whole().to_string()];
        if let Some(sniffer) = &mut sniffer {
            let mut bytes = read[0].len();
            while !sniffer.add(&read[read.len() - 1]) {
                if self.lines.next_line()?.is_none() || bytes > LARGEST_ROW {
                    return Err(unclosed(&place()));
                }
                bytes += self.lines.whole().len();
                read.push(self.lines.whole().to_string());
            }
            self.separator = Some(sniffer.separator());
        }
        let mut splitter = Splitter::new(self.separator.unwrap_or(Separator::Blanks));
        let mut is_whole = false;
        for line in &read {
            is_whole = splitter.add(line).map_err(|fault| fault.context(place()))?;
        }
        while !is_whole {
            if self.lines.next_line()?.is_none() {
                return Err(unclosed(&place()));
            }
            is_whole = splitter
                .add(self.lines.whole())
                .map_err(|fault| fault.context(place()))?;
        }
        self.row = splitter.finish();
        Ok(Some((number, &self.row)))
    }
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
        let rows = of(
            "\"seq\",\"y\",\"note\"\n\"ACGT\",\"1\",\"a,b\"\n\n# note\nTTTT, 0 ,\"say \"\"hi\"\"\n\
            there\"\nAAAA,1,x\n",
        );
        let shown: Vec<(usize, String)> = rows
            .iter()
            .map(|(line, row)| (*line, row.join("|")))
            .collect();
        assert_eq!(shown[0], (1, "seq|y|note".into()));
        assert_eq!(shown[1], (2, "ACGT|1|a,b".into()));
        assert_eq!(shown[2], (5, "TTTT|0|say \"hi\"\nthere".into()));
        assert_eq!(shown[3], (7, "AAAA|1|x".into()));
        // a quote within a field is a letter, an empty field is one
        assert_eq!(of("a,5\" pipe,\n1,2,3\n")[0].1, ["a", "5\" pipe", ""]);
        assert_eq!(of("a,b\n,\n").len(), 2);
        assert_eq!(of("\u{feff}a\tb\r\n1\t\"2\t3\"\r\n")[1].1, ["1", "2\t3"]);
        assert_eq!(
            of("a b\n\n1  2\n")
                .iter()
                .map(|(line, row)| (*line, row.len()))
                .collect::<Vec<_>>(),
            [(1, 2), (3, 2)]
        );
        assert!(of("").is_empty());
    }
}
