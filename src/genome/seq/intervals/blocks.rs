//! The blocks of BED12 rows: exons of a transcript, parts of a split read.

use super::{Field, Intervals};
use cistron_base::bail;
use cistron_base::{Interval, Result};

/// For each row its blocks, as starts and ends.
pub type Blocks = Vec<Vec<(i64, i64)>>;

/// The blocks of each row, from the fields `block_sizes` and `block_starts`; a row of a list
/// without them is one block.
pub fn of(list: &Intervals) -> Result<Blocks> {
    let fields = (list.field("block_sizes"), list.field("block_starts"));
    let (Some(sizes), Some(starts)) = fields else {
        let whole = |row: &Interval| vec![(row.padded().start, row.padded().end)];
        return Ok(list.rows.iter().map(whole).collect());
    };
    (0..list.len())
        .map(|i| one(list, sizes, starts, i))
        .collect()
}

fn one(list: &Intervals, sizes: &Field, starts: &Field, row: usize) -> Result<Vec<(i64, i64)>> {
    let numbers = |field: &Field| -> Option<Vec<i64>> {
        let text = field.text(row);
        text.trim_end_matches(',')
            .split(',')
            .map(|cell| cell.trim().parse().ok())
            .collect()
    };
    let at = list.rows[row].start;
    match (numbers(sizes), numbers(starts)) {
        (Some(sizes), Some(starts))
            if sizes.len() == starts.len() && sizes.iter().all(|n| *n >= 0) =>
        {
            Ok(sizes
                .iter()
                .zip(&starts)
                .map(|(size, start)| (at + start, at + start + size))
                .collect())
        }
        _ => {
            bail!(
                "data",
                "interval {row} ({}) has block sizes {} and block starts {}",
                list.region_text(row),
                sizes.text(row),
                starts.text(row);
                hint: "both are lists of as many integers, as in BED12"
            )
        }
    }
}

/// Bases of ranges.
pub fn length(ranges: &[(i64, i64)]) -> i64 {
    ranges.iter().map(|(start, end)| end - start).sum()
}

/// The overlap of each pair of blocks.
pub fn shared(a: &[(i64, i64)], b: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let pairs = b
        .iter()
        .flat_map(|y| a.iter().map(move |x| (x.0.max(y.0), x.1.min(y.1))));
    pairs.filter(|(start, end)| start < end).collect()
}

impl Intervals {
    /// A row for each block, as `bedtools bed12tobed6`.
    pub fn exploded(&self) -> Result<Intervals> {
        let (mut rows, mut pieces) = (Vec::new(), Vec::new());
        for (i, blocks) in of(self)?.into_iter().enumerate() {
            for (start, end) in blocks {
                rows.push(i as u32);
                pieces.push(Interval {
                    start,
                    end,
                    ..self.rows[i]
                });
            }
        }
        let mut out = self.select(&rows);
        out.rows = pieces;
        let of_blocks = [
            "thick_start",
            "thick_end",
            "block_count",
            "block_sizes",
            "block_starts",
        ];
        out.fields
            .retain(|(name, _)| !of_blocks.contains(&name.as_str()));
        Ok(out)
    }
}
