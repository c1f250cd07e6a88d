//! Cells of text tables: how they are quoted where they are written and split where they are read.
//!
//! Cells follow RFC 4180, for tabs as for commas: a cell that holds a separator, a quote or a line
//! end is enclosed in quotes, and quotes within it are doubled. Formats without quotes (BED, GFF,
//! bedGraph, FASTA) take [`one_line`] of a text.

use super::{Result, fault::Fault};
use crate::fault;
use std::borrow::Cow;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// What separates cells: a comma or a tab.
    pub separator: char,
    /// Whether text that a spreadsheet would run as a formula gets an apostrophe in front.
    pub guards_formulas: bool,
}

impl Style {
    /// Commas where a path ends in `.csv`, else tabs.
    pub fn of(path: &std::path::Path) -> Style {
        let is_csv = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        Style {
            separator: if is_csv { ',' } else { '\t' },
            guards_formulas: false,
        }
    }

    /// A row, with its line end.
    pub fn row<T: AsRef<str>>(self, cells: impl IntoIterator<Item = T>) -> String {
        let cells: Vec<T> = cells.into_iter().collect();
        let mut out = String::new();
        for (i, cell) in cells.iter().enumerate() {
            if i > 0 {
                out.push(self.separator);
            }
            out += &quoted(cell.as_ref(), cells.len() == 1);
        }
        // a line of blanks alone would be no row
        if out.trim().is_empty() && !cells.is_empty() {
            out.insert_str(0, "\"\"");
        }
        out.push('\n');
        out
    }

    /// A text cell, with an apostrophe in front where a spreadsheet would run it and formulas are
    /// guarded.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        if self.guards_formulas && is_formula(text) {
            Cow::Owned(format!("'{text}"))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// Whether a spreadsheet would run a text: it starts with `=`, `+`, `-` or `@` (also full-width),
/// and is neither a number nor that sign alone.
fn is_formula(text: &str) -> bool {
    // a spreadsheet drops a tab or a carriage return in front
    if text.starts_with(['\t', '\r']) {
        return true;
    }
    let plain = text.trim_start();
    plain.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        && plain.chars().nth(1).is_some()
        && plain.parse::<f64>().is_err()
}

/// A cell as it is written.
fn quoted(cell: &str, is_alone: bool) -> Cow<'_, str> {
    let splits =
        |c: char| matches!(c, ',' | '"') || c.is_control() || (is_alone && c.is_whitespace());
    // blanks around a cell are left out by readers, `#` starts a comment, U+FEFF may be a
    // byte-order mark
    if cell.contains(splits) || cell.starts_with(['#', '\u{feff}']) || cell.trim() != cell {
        return Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")));
    }
    Cow::Borrowed(cell)
}

/// A text for a format without quotes: tabs, line ends and other control characters are blanks.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// What separates the cells of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Separator {
    /// A comma or a tab.
    Char(char),
    /// Any number of blanks.
    Blanks,
}

impl Separator {
    fn ends(self, c: char) -> bool {
        match self {
            Separator::Char(separator) => c == separator,
            Separator::Blanks => c.is_whitespace(),
        }
    }
}

/// The largest row that is read, bytes: a quote that is never closed must not take in a whole file.
pub const LARGEST_ROW: usize = 256 << 20;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// In front of a cell, where a quote opens it.
    Start,
    /// Within a cell without quotes.
    Plain,
    /// Within quotes.
    Quoted,
    /// After a quote within quotes: it is doubled, or closed the cell.
    Closed,
}

/// Splits a row into cells. A row continues over line ends within quotes: lines are added until it
/// is whole.
#[derive(Debug)]
pub struct Splitter {
    separator: Separator,
    cells: Vec<String>,
    cell: String,
    state: State,
    bytes: usize,
}

impl Splitter {
    /// One that has no line yet.
    pub fn new(separator: Separator) -> Splitter {
        Splitter {
            separator,
            cells: Vec::new(),
            cell: String::new(),
            state: State::Start,
            bytes: 0,
        }
    }

    /// Adds a line with its end. Whether the row is whole; fails where it is larger than any row.
    pub fn add(&mut self, line: &str) -> Result<bool> {
        self.bytes += line.len();
        if self.bytes > LARGEST_ROW {
            let fault = fault!("data", "a row is larger than {} MiB", LARGEST_ROW >> 20);
            return Err(fault.hint(
                "a quote is opened and not closed; within a cell in quotes a \
                quote is written twice",
            ));
        }
        for c in line.chars() {
            self.push(c);
        }
        Ok(self.state != State::Quoted)
    }

    fn push(&mut self, c: char) {
        match self.state {
            State::Quoted if c == '"' => self.state = State::Closed,
            State::Quoted => self.cell.push(c),
            State::Closed if c == '"' => {
                self.cell.push('"');
                self.state = State::Quoted;
            }
            State::Start if c == '"' => self.state = State::Quoted,
            State::Start | State::Plain | State::Closed if self.separator.ends(c) => {
                if self.separator != Separator::Blanks || self.state != State::Start {
                    self.end();
                }
            }
            State::Start if c.is_whitespace() => {}
            // blanks between a closing quote and the separator
            State::Closed if c.is_whitespace() => {}
            State::Start | State::Closed | State::Plain => {
                self.cell.push(c);
                self.state = State::Plain;
            }
        }
    }

    fn end(&mut self) {
        let mut cell = std::mem::take(&mut self.cell);
        if self.state == State::Plain {
            cell.truncate(cell.trim_end().len());
        }
        self.cells.push(cell);
        self.state = State::Start;
    }

    /// The cells of the row.
    pub fn finish(mut self) -> Vec<String> {
        if self.separator != Separator::Blanks || self.state != State::Start {
            self.end();
        }
        self.cells
    }
}

/// Finds the separator of a first row: tabs, else commas, outside quotes; else blanks.
pub struct Sniffer {
    is_quoted: bool,
    may_open: bool,
    has_tab: bool,
    has_comma: bool,
}

impl Default for Sniffer {
    fn default() -> Sniffer {
        Sniffer {
            is_quoted: false,
            may_open: true,
            has_tab: false,
            has_comma: false,
        }
    }
}

impl Sniffer {
    /// Adds a line; whether the row ends with it.
    pub fn add(&mut self, line: &str) -> bool {
        for c in line.chars() {
            match c {
                // doubled, a quote closes the cell and opens it again
                '"' if self.is_quoted || self.may_open => {
                    self.is_quoted = !self.is_quoted;
                    self.may_open = true;
                }
                _ if self.is_quoted => {}
                '\t' | ',' => {
                    self.has_tab |= c == '\t';
                    self.has_comma |= c == ',';
                    self.may_open = true;
                }
                ' ' => {}
                _ => self.may_open = false,
            }
        }
        !self.is_quoted
    }

    /// The separator.
    pub fn separator(&self) -> Separator {
        match (self.has_tab, self.has_comma) {
            (true, _) => Separator::Char('\t'),
            (_, true) => Separator::Char(','),
            _ => Separator::Blanks,
        }
    }
}

/// The fault of a row that is not whole at the end of a file.
pub fn unclosed(place: &str) -> Fault {
    fault!(
        "data",
        "{place}: a quote is opened and not closed";
        hint: "close the cell by a quote; within a cell in quotes a quote is written twice"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: Style = Style {
        separator: ',',
        guards_formulas: false,
    };

    fn split(text: &str, separator: Separator) -> Vec<String> {
        let mut splitter = Splitter::new(separator);
        assert!(splitter.add(text).expect("a row"), "{text} is not whole");
        splitter.finish()
    }

    #[test]
    fn cells_are_quoted_where_readers_would_split_or_trim_them() {
        assert_eq!(
            CSV.row(["a,b", "say \"x\"", "1\n2", " y", "z"]),
            "\"a,b\",\"say \"\"x\"\"\",\"1\n2\",\" y\",z\n"
        );
        let tabs = Style {
            separator: '\t',
            ..CSV
        };
        assert_eq!(tabs.row(["a\tb", "c d", "#e"]), "\"a\tb\"\tc d\t\"#e\"\n");
        assert_eq!(
            (tabs.row(["", ""]), CSV.row(["", ""]), CSV.row([""])),
            ("\"\"\t\n".into(), ",\n".into(), "\"\"\n".into())
        );
        assert_eq!(one_line("a\tb\r\nc"), "a b  c");
    }

    #[test]
    fn formulas_are_guarded_on_request_and_numbers_are_not() {
        let guarding = Style {
            guards_formulas: true,
            ..CSV
        };
        for text in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "＝1",
        ] {
            assert_eq!(guarding.text(text), format!("'{text}"));
            assert_eq!(CSV.text(text), text);
        }
        for text in ["-", "+", "-1.5", "+2e3", "a=b", "", "chr1"] {
            assert_eq!(guarding.text(text), text);
        }
    }

    #[test]
    fn rows_are_split_at_separators_outside_quotes() {
        let comma = Separator::Char(',');
        assert_eq!(
            split("a , \"b,\"\"c\" ,5\" pipe,\r\n", comma),
            ["a", "b,\"c", "5\" pipe", ""]
        );
        assert_eq!(split("\"\"\n", comma), [""]);
        assert_eq!(split("\"a\"b,c", comma), ["ab", "c"]);
        assert_eq!(split(" a  \"b c\" \n", Separator::Blanks), ["a", "b c"]);
        let mut open = Splitter::new(comma);
        assert!(!open.add("\"a\r\n").expect("a line") && open.add("b\",c\n").expect("a line"));
        assert_eq!(open.finish(), ["a\r\nb", "c"]);
    }
}
