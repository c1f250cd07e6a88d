//! Stretches of equal value in memory; bedGraph files.

use crate::base::Result;
use crate::seq::contigs::Contigs;
use crate::seq::fasta;
use crate::{bail, fault};
use std::collections::HashMap;
use std::path::Path;

/// A stretch of equal value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// First base.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
    /// The value.
    pub value: f32,
}

/// Reads a bedGraph file: chromosome, start, end, value.
pub fn read(path: &Path) -> Result<(Contigs, Vec<Vec<Run>>)> {
    let shown = path.display().to_string();
    let mut lines = fasta::Lines::open(path)?;
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut runs: Vec<Vec<Run>> = Vec::new();
    let mut at = usize::MAX;
    while let Some((number, text)) = lines.next_line()? {
        if text.trim().is_empty() || text.starts_with('#') || text.starts_with("track") || text.starts_with("browser") {
            continue;
        }
        let mut cells = text.split_ascii_whitespace();
        let (chrom, start, end, value) = (cells.next(), cells.next(), cells.next(), cells.next());
        let parsed = (|| Some((chrom?, start?.parse::<i64>().ok()?, end?.parse::<i64>().ok()?, value?.parse::<f32>().ok()?)))();
        let Some((chrom, start, end, value)) = parsed else {
            bail!("data", "`{shown}` line {number}: expected chromosome, start, end and value, got `{}`", text.chars().take(40).collect::<String>();
                hint: "signals are read from bigWig and bedGraph files");
        };
        if start < 0 || start >= end {
            bail!("data", "`{shown}` line {number}: {start}-{end} is no stretch");
        }
        if names.get(at).is_none_or(|name| name != chrom) {
            at = *known.entry(chrom.to_string()).or_insert_with(|| {
                names.push(chrom.to_string());
                runs.push(Vec::new());
                names.len() - 1
            });
        }
        runs[at].push(Run { start, end, value });
    }
    if names.is_empty() {
        bail!("data", "`{shown}` holds no value");
    }
    for (name, own) in names.iter().zip(&mut runs) {
        own.sort_by_key(|run| run.start);
        if let Some(pair) = own.windows(2).find(|pair| pair[1].start < pair[0].end) {
            return Err(fault!(
                "data",
                "`{shown}`: {name}:{}-{} and {name}:{}-{} overlap: a base has two values",
                pair[0].start,
                pair[0].end,
                pair[1].start,
                pair[1].end
            ));
        }
    }
    let lengths = runs.iter().map(|own| own.last().map_or(0, |run| run.end)).collect();
    Ok((Contigs::new(names, lengths), runs))
}
