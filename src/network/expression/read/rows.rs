//! Lines and rows of text files.

use cistron_base::delimited::{LARGEST_ROW, Separator, Sniffer, Splitter, unclosed};
use cistron_base::{Result, bail, fault, gzip, interrupt};
use std::io::BufRead;
use std::path::Path;

/// The lines of a file, which may be compressed by gzip.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    bytes: Vec<u8>,
    pub name: String,
    /// The line that was read last, from 1.
    pub line: usize,
}

impl Lines {
    /// The lines of a file.
    pub fn open(path: &Path) -> Result<Lines> {
        Ok(Lines {
            reader: gzip::open(path)?,
            bytes: Vec::new(),
            name: path.display().to_string(),
            line: 0,
        })
    }

    /// Where the last line is.
    pub fn place(&self) -> String {
        format!("`{}`, line {}", self.name, self.line)
    }

    /// Reads up to a line feed, a carriage return or both; whether there was anything.
    fn read_line(&mut self) -> std::io::Result<bool> {
        let bytes = &mut self.bytes;
        bytes.clear();
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(!bytes.is_empty());
            }
            let end = buffer.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let Some(end) = end else {
                bytes.extend_from_slice(buffer);
                let length = buffer.len();
                self.reader.consume(length);
                if bytes.len() > LARGEST_ROW {
                    return Ok(true); // refused as a row
                }
                continue;
            };
            bytes.extend_from_slice(&buffer[..end]);
            bytes.push(b'\n');
            let is_return = buffer[end] == b'\r';
            self.reader.consume(end + 1);
            if is_return && self.reader.fill_buf()?.first() == Some(&b'\n') {
                self.reader.consume(1);
            }
            return Ok(true);
        }
    }

    /// Reads the next line, with its end; false after the last.
    pub fn next_line(&mut self, line: &mut String) -> Result<bool> {
        let is_read = self.read_line().map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidInput => {
                gzip::damaged(&e).context(format!("`{}`, after line {}", self.name, self.line))
            }
            _ => fault!("file", "`{}`, after line {}: {e}", self.name, self.line),
        })?;
        self.line += usize::from(is_read);
        if self.line.is_multiple_of(4096) {
            interrupt::check()?;
        }
        if self.bytes.len() > LARGEST_ROW {
            bail!("data", "{}: the line is longer than {LARGEST_ROW} bytes", self.place();
                hint: "is it a text file?");
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|_| {
            fault!("data", "{}: the line is no text in UTF-8", self.place();
                hint: "matrices are read from text separated by tabs, commas or blanks, from \
                    MatrixMarket and h5ad files")
        })?;
        let text = if self.line == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        };
        line.clear();
        line.push_str(text);
        Ok(is_read)
    }
}

/// The table of a GEO series matrix within its file.
#[derive(Clone, Copy, PartialEq)]
enum Series {
    /// Nothing of a series matrix was read.
    None,
    /// Its description was read.
    Described,
    /// Its table has begun.
    Begun,
    /// Its table has ended.
    Ended,
}

/// The rows of a table, one at a time.
pub(super) struct Rows {
    pub lines: Lines,
    separator: Option<Separator>,
    series: Series,
}

impl Rows {
    /// The rows of a file.
    pub fn open(path: &Path) -> Result<Rows> {
        Ok(Rows {
            lines: Lines::open(path)?,
            separator: None,
            series: Series::None,
        })
    }

    /// Where the last row is.
    pub fn place(&self) -> String {
        self.lines.place()
    }

    /// Whether a line between rows is passed over: blank ones, comments, the description of a GEO
    /// series matrix.
    fn is_skipped(&mut self, line: &str) -> bool {
        let start = line.trim_start();
        let mark = start.trim_end().to_ascii_lowercase();
        self.series = match mark.as_str() {
            "!series_matrix_table_begin" => Series::Begun,
            "!series_matrix_table_end" => Series::Ended,
            other if other.starts_with("!series_") && self.series == Series::None => {
                Series::Described
            }
            _ => self.series,
        };
        start.trim().is_empty() || start.starts_with('#') || start.starts_with('!')
    }

    /// Fails where the table of a series matrix is missing or cut short.
    pub fn need_end(&self) -> Result<()> {
        match self.series {
            Series::Described => bail!(
                "data",
                "`{}` describes a GEO series and has no `!series_matrix_table_begin`",
                self.lines.name;
                hint: "the series has its values in supplementary files, as those of RNA-seq do"
            ),
            Series::Begun => bail!(
                "data",
                "`{}` ends in line {} before `!series_matrix_table_end`",
                self.lines.name,
                self.lines.line;
                hint: "the file is cut short: download it again"
            ),
            Series::None | Series::Ended => Ok(()),
        }
    }

    /// The cells of the next row.
    pub fn next(&mut self) -> Result<Option<Vec<String>>> {
        let mut line = String::new();
        loop {
            if !self.lines.next_line(&mut line)? {
                return Ok(None);
            }
            if !self.is_skipped(&line) {
                break;
            }
        }
        if matches!(self.series, Series::Described | Series::Ended) {
            bail!("data", "{}: a row outside of the table of the series", self.place();
                hint: "the table is between `!series_matrix_table_begin` and \
                    `!series_matrix_table_end`");
        }
        let separator = *self.separator.get_or_insert_with(|| {
            let mut sniffer = Sniffer::default();
            sniffer.add(&line);
            sniffer.separator()
        });
        let mut splitter = Splitter::new(separator);
        while !splitter.add(&line)? {
            if !self.lines.next_line(&mut line)? {
                return Err(unclosed(&self.place()));
            }
        }
        let mut cells = splitter.finish();
        if let Some(last) = cells.last_mut() {
            last.truncate(last.trim_end_matches(['\n', '\r']).len());
        }
        Ok(Some(cells))
    }
}

/// All rows of a table, with its header.
pub(crate) fn read_rows(path: &Path) -> Result<Vec<Vec<String>>> {
    let mut rows = Rows::open(path)?;
    let mut all = Vec::new();
    while let Some(cells) = rows.next()? {
        all.push(cells);
    }
    Ok(all)
}
