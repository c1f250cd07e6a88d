//! Readers of expression matrices: text, GEO series matrices, MatrixMarket, h5ad.

mod duplicates;
mod h5ad;
mod headers;
mod market;
mod raw;
mod rows;
mod settings;
mod stored;
mod text;

pub(crate) use duplicates::collapsed;
pub(crate) use headers::plain;
pub use market::companions;
pub(crate) use rows::{read_lined, read_rows};
pub use settings::{Duplicates, Orientation, ReadSettings};

use super::Expression;
use cistron_base::{Fault, Result, bail, file, gzip};
use std::io::BufRead;
use std::path::Path;

/// First bytes of HDF5 files.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Reads a matrix: a table of text, the series matrix of GEO, MatrixMarket (all plain or compressed
/// by gzip), or h5ad. The format is recognised by the content of the file.
pub fn read(path: &Path, settings: &ReadSettings) -> Result<Expression> {
    read_stating(path, settings, &mut |_| ())
}

/// Reads a matrix as [`read`] does.
///
/// `say` receives the memory that a large matrix needs before it is read.
pub fn read_stating(
    path: &Path,
    settings: &ReadSettings,
    say: &mut dyn FnMut(&str),
) -> Result<Expression> {
    let read = match format(path)? {
        Format::Hdf5 => h5ad::read(path, settings, say),
        Format::Market => market::read(path, settings, say),
        Format::Text => {
            refuse(settings)?;
            text::read(path, settings.genes)
        }
    };
    let named = |fault: Fault| match fault.message.contains(&path.display().to_string()) {
        true => fault,
        false => fault.context(format!("`{}`", path.display())),
    };
    read.and_then(|raw| finished(raw, settings)).map_err(named)
}

/// What a file holds.
enum Format {
    Hdf5,
    Market,
    Text,
}

fn format(path: &Path) -> Result<Format> {
    use std::io::Read;
    let mut start = Vec::new();
    let read = file::open(path)?.take(8).read_to_end(&mut start);
    read.map_err(|error| Fault::file(path, &error))?;
    if start == HDF5 {
        return Ok(Format::Hdf5);
    }
    let mut reader = gzip::open(path)?;
    // a damaged file is reported where it is read
    let start = reader.fill_buf().unwrap_or_default();
    let is_market = start.len() >= market::MARK.len()
        && start[..market::MARK.len()].eq_ignore_ascii_case(market::MARK);
    Ok(if is_market {
        Format::Market
    } else {
        Format::Text
    })
}

/// Fails where settings of other formats are given for a table of text.
fn refuse(settings: &ReadSettings) -> Result<()> {
    let given = [
        (settings.gene_file.is_some(), "gene_file"),
        (settings.sample_file.is_some(), "sample_file"),
        (settings.column.is_some(), "column"),
        (settings.layer.is_some(), "layer"),
    ];
    match given.iter().find(|(is_given, _)| *is_given) {
        Some((_, name)) => bail!(
            "option",
            "option `{name}` is for MatrixMarket or h5ad files, and this is a table of text";
            hint: "the names of genes and samples are in its first row and column"
        ),
        None => Ok(()),
    }
}

/// Names what has no name and combines rows of one gene.
fn finished(raw: raw::Raw, settings: &ReadSettings) -> Result<Expression> {
    let (genes, samples) = raw.values.dim();
    let mut notes = raw.notes;
    let mut numbered = |names: Option<Vec<String>>, count: usize, what: &str| {
        names.unwrap_or_else(|| {
            notes.push(format!(
                "the {what}s have no names: they are called {what}1 to {what}{count}"
            ));
            (1..=count).map(|i| format!("{what}{i}")).collect()
        })
    };
    let genes = numbered(raw.genes, genes, "gene");
    let samples = numbered(raw.samples, samples, "sample");
    let (genes, values, repeated) = collapsed(genes, raw.values, settings.duplicates);
    if repeated > 0 {
        notes.push(format!(
            "{repeated} rows of genes that occur again were combined"
        ));
    }
    let mut matrix = Expression::new(genes, samples, values)?;
    let missing = matrix.missing();
    if missing > 0 {
        notes.push(format!("{missing} values are missing"));
    }
    matrix.notes = notes;
    Ok(matrix)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_formats;
