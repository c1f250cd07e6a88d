//! The file that effects of variants are written to: a table, or the VCF file with INFO fields.

use super::table::{Column, Columns, Effect};
use cistron_base::delimited::Style;
use cistron_base::file::Draft;
use cistron_base::{Fault, Result, fault, table};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Number of the INFO column of a VCF file.
const INFO: usize = 7;

/// Writes effects as they are computed; the file exists under its name once it is closed.
pub(super) struct Writer {
    out: BufWriter<File>,
    draft: Draft,
    path: PathBuf,
    is_vcf: bool,
    style: Style,
    columns: Vec<Column>,
}

impl Writer {
    /// Opens a file and writes its header; that of a `.vcf` file extends `header`.
    pub(super) fn open(path: &Path, header: &[String], columns: Columns) -> Result<Writer> {
        let draft = Draft::of(path)?;
        let file = File::create(draft.part()).map_err(|error| Fault::file(path, &error))?;
        let mut writer = Writer {
            out: BufWriter::new(file),
            draft,
            path: path.into(),
            is_vcf: path.extension().is_some_and(|end| end == "vcf"),
            style: Style::of(path),
            columns: columns.list(),
        };
        match writer.is_vcf {
            true => writer.vcf_header(header)?,
            false => writer.table_header()?,
        }
        Ok(writer)
    }

    fn vcf_header(&mut self, header: &[String]) -> Result<()> {
        let (last, first) = header
            .split_last()
            .ok_or_else(|| fault!("file", "a .vcf file is only written from a .vcf file"))?;
        let infos = self.columns.iter().map(|column| {
            format!(
                "##INFO=<ID={},Number=A,Type=Float,Description=\"{}\">",
                column.name.to_uppercase(),
                column.name.replace('_', " ")
            )
        });
        let infos: Vec<String> = infos.collect();
        let mut lines = first.iter().chain(&infos).chain([last]);
        lines.try_for_each(|line| self.line(line))
    }

    fn table_header(&mut self) -> Result<()> {
        let mut cells: Vec<String> = ["chrom", "start", "name", "reference", "alternate", "state"]
            .map(String::from)
            .to_vec();
        cells.extend(self.columns.iter().map(|column| column.name.clone()));
        self.row(&cells)
    }

    fn line(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{text}").map_err(|error| Fault::file(&self.path, &error))
    }

    fn row(&mut self, cells: &[String]) -> Result<()> {
        let text = self.style.row(cells);
        self.line(text.trim_end_matches('\n'))
    }

    /// Writes the effects of lines of the VCF file, each with its number of alternate alleles.
    pub(super) fn write_all(
        &mut self,
        lines: &[(String, usize)],
        effects: &[Effect],
    ) -> Result<()> {
        let mut rest = effects;
        for (line, count) in lines {
            let (record, others) = rest.split_at(*count);
            match self.is_vcf {
                true => self.line(&with_infos(line, record, &self.columns))?,
                false => record.iter().try_for_each(|effect| self.effect(effect))?,
            }
            rest = others;
        }
        Ok(())
    }

    fn effect(&mut self, effect: &Effect) -> Result<()> {
        let variant = &effect.variant;
        let mut cells = vec![
            variant.chrom.clone(),
            variant.start.to_string(),
            variant.name.clone(),
            variant.reference.clone(),
            variant.alternate.clone(),
            effect.state.word().to_string(),
        ];
        cells.extend(self.columns.iter().map(|column| number(column.of(effect))));
        self.row(&cells)
    }

    /// Renames the file to its final name.
    pub(super) fn close(mut self) -> Result<()> {
        self.out
            .flush()
            .map_err(|error| Fault::file(&self.path, &error))?;
        self.draft.commit()
    }
}

/// A number as VCF writes it: `.` where it is missing.
fn number(x: f64) -> String {
    match x.is_nan() {
        true => ".".into(),
        false => table::short(x),
    }
}

/// A line of a VCF file with the effects of its alleles in the INFO column.
fn with_infos(line: &str, effects: &[Effect], columns: &[Column]) -> String {
    let mut cells: Vec<String> = line.split('\t').map(String::from).collect();
    cells.resize(cells.len().max(INFO + 1), ".".into());
    let info = |column: &Column| {
        let numbers = effects.iter().map(|effect| number(column.of(effect)));
        let numbers: Vec<String> = numbers.collect();
        format!("{}={}", column.name.to_uppercase(), numbers.join(","))
    };
    // a line without alternate alleles has no effects
    if !effects.is_empty() && !columns.is_empty() {
        let infos: Vec<String> = columns.iter().map(info).collect();
        cells[INFO] = match cells[INFO].as_str() {
            "." => infos.join(";"),
            known => format!("{known};{}", infos.join(";")),
        };
    }
    cells.join("\t")
}
