//! Lines and rows of text files.

use cistron_base::delimited::{LARGEST_ROW, Separator, Sniffer, Splitter, unclosed};
use cistron_base::{Fault, Result, bail, fault, gzip, interrupt};
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
        let text = std::str::from_utf8(&self.bytes).map_err(|_| self.no_text())?;
        let text = if self.line == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        };
        if self.line == 1 && text.contains('\0') {
            return Err(self.no_text());
        }
        line.clear();
        line.push_str(text);
        Ok(is_read)
    }

    /// Why the last line is no text in UTF-8: another encoding, where it looks like one.
    fn no_text(&self) -> Fault {
        let place = self.place();
        let bytes = &self.bytes;
        let is_wide = self.line == 1
            && (bytes.starts_with(&[0xff, 0xfe])
                || bytes.starts_with(&[0xfe, 0xff])
                || bytes.iter().filter(|byte| **byte == 0).count() * 3 > bytes.len());
        if is_wide {
            return fault!("data", "{place}: the file is text in UTF-16, not in UTF-8";
                hint: "`iconv -f UTF-16 -t UTF-8 FILE > NEW` converts it");
        }
        let is_control = |byte: &u8| *byte < 0x20 && !matches!(*byte, b'\t' | b'\n' | b'\r');
        let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
        if !bytes.iter().any(is_control) && high * 4 <= bytes.len() {
            return fault!("data", "{place}: the line is no text in UTF-8, and may be in Latin-1";
                hint: "`iconv -f LATIN1 -t UTF-8 FILE > NEW` converts it");
        }
        fault!("data", "{place}: the line is no text in UTF-8";
            hint: "matrices are read from text separated by tabs, commas, semicolons or blanks, \
                from MatrixMarket and h5ad files")
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
    /// The last comment in front of the first row, without its sign, and its line.
    comment: Option<(usize, String)>,
    /// Whether the file starts as GCT files of version 1.2 do.
    pub is_gct: bool,
    /// Lines behind the first row that were left out as comments, and the first of them.
    left_out: (usize, usize),
}

/// The separator of a first row: a tab, a comma or a semicolon, else blanks.
fn separator_of(line: &str) -> Separator {
    let mut sniffer = Sniffer::default();
    sniffer.add(line);
    let known = sniffer.separator();
    let mut is_quoted = false;
    let (mut semicolons, mut commas) = (0, 0);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => semicolons += 1,
            ',' if !is_quoted => commas += 1,
            _ => {}
        }
    }
    match known {
        Separator::Char('\t') => known,
        _ if semicolons > commas => Separator::Char(';'),
        _ => known,
    }
}

impl Rows {
    /// The rows of a file.
    pub fn open(path: &Path) -> Result<Rows> {
        Ok(Rows {
            lines: Lines::open(path)?,
            separator: None,
            series: Series::None,
            comment: None,
            is_gct: false,
            left_out: (0, 0),
        })
    }

    /// The cells of the last comment in front of the first row, and its line.
    pub fn comment(&self) -> Result<Option<(usize, Vec<String>)>> {
        let (Some((line, text)), Some(separator)) = (&self.comment, self.separator) else {
            return Ok(None);
        };
        let mut splitter = Splitter::new(separator);
        let is_whole = splitter.add(text)?;
        Ok(is_whole.then(|| (*line, splitter.finish())))
    }

    /// Notes a comment in front of the first row; fails at formats that are not read.
    fn meet_comment(&mut self, line: &str) -> Result<()> {
        let text = line.trim();
        let is_of_series = self.series != Series::None && text.starts_with('!');
        if self.separator.is_some() && !text.is_empty() && !is_of_series && !self.is_gct {
            if self.left_out.0 == 0 {
                self.left_out.1 = self.lines.line;
            }
            self.left_out.0 += 1;
        }
        if self.separator.is_some() || !text.starts_with('#') {
            return Ok(());
        }
        if self.lines.line == 1 && text == "#1.2" {
            self.is_gct = true;
            self.separator = Some(Separator::Char('\t'));
            return Ok(());
        }
        if self.lines.line == 1 && text == "#1.3" {
            bail!("data", "{}: GCT files of version 1.3 are not read", self.place();
                hint: "save the matrix as GCT 1.2, or as a table with one row of names");
        }
        let text = line
            .trim_start()
            .trim_start_matches('#')
            .trim_end_matches(['\n', '\r']);
        self.comment = Some((self.lines.line, text.to_string()));
        Ok(())
    }

    /// What was left out between rows, as a sentence.
    pub fn left_out(&self) -> Option<String> {
        let (count, first) = self.left_out;
        match count {
            0 => None,
            1 => Some(format!("line {first} was left out: it begins with # or !")),
            _ => Some(format!(
                "{count} lines between rows were left out, the first is line {first}: they begin \
                with # or !"
            )),
        }
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
            self.meet_comment(&line)?;
        }
        if matches!(self.series, Series::Described | Series::Ended) {
            bail!("data", "{}: a row outside of the table of the series", self.place();
                hint: "the table is between `!series_matrix_table_begin` and \
                    `!series_matrix_table_end`");
        }
        let separator = *self.separator.get_or_insert_with(|| separator_of(&line));
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

/// The cells of a row and its line.
pub(crate) type Lined = (usize, Vec<String>);

/// All rows of a table with their lines, and the last comment in front of them.
pub(crate) fn read_lined(path: &Path) -> Result<(Vec<Lined>, Option<Lined>)> {
    let mut rows = Rows::open(path)?;
    let mut all = Vec::new();
    while let Some(cells) = rows.next()? {
        all.push((rows.lines.line, cells));
    }
    let comment = rows.comment()?;
    Ok((all, comment))
}

/// All rows of a table, with its header.
pub(crate) fn read_rows(path: &Path) -> Result<Vec<Vec<String>>> {
    let rows = read_lined(path)?.0.into_iter();
    Ok(rows.map(|(_, cells)| cells).collect())
}
