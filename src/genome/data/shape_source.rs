//! The sequences of files that shape tables are derived from.

use super::table::{self, TableColumns};
use crate::seq::text::Lines;
use cistron_base::{Result, bail};
use std::path::Path;

/// Codes of the sequences of a FASTA file, or of a table as `data::table` reads it, and their
/// length.
pub fn sequences(path: &Path) -> Result<(Vec<u8>, usize)> {
    let mut lines = Lines::open(path)?;
    let mut heads = Vec::new();
    while let (Some((_, line)), true) = (lines.next_line()?, heads.len() < 2) {
        heads.push(line.starts_with('>'));
    }
    // rows of tables may start with `>` as well, one after another
    let is_fasta = matches!(heads[..], [true, false] | [true]);
    let set = match is_fasta {
        true => table::from_fasta(path, None, None)?,
        false => table::read(
            path,
            &TableColumns {
                sequences: Vec::new(),
                labels: Vec::new(),
                name: None,
                length: None,
            },
        )?,
    };
    if set.is_empty() {
        bail!("data", "`{}` has no sequences", path.display());
    }
    set.sequences(0..set.len())
}
