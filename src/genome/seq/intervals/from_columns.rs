//! Intervals from columns in memory.

use super::{Field, Intervals};
use crate::seq::contigs::Contigs;
use crate::seq::genome::Genome;
use cistron_base::{Interval, Result, Strand, bail, fault};
use std::collections::HashMap;
use std::sync::Arc;

/// Columns of intervals, of one length.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Names of chromosomes.
    pub chroms: Vec<String>,
    /// First bases, from 0.
    pub starts: Vec<i64>,
    /// Ends, exclusive.
    pub ends: Vec<i64>,
    /// Strands: `+`, `-` or `.`, which all are unless given.
    pub strands: Option<Vec<String>>,
    /// Further columns by name.
    pub fields: Vec<(String, Field)>,
}

impl Columns {
    /// The intervals of the columns; chromosomes are numbered in order of appearance.
    pub fn intervals(self) -> Result<Intervals> {
        self.check("start", self.starts.len())?;
        self.check("end", self.ends.len())?;
        let mut names: Vec<String> = Vec::new();
        let mut known: HashMap<&str, u32> = HashMap::new();
        let mut rows = Vec::with_capacity(self.chroms.len());
        for (i, name) in self.chroms.iter().enumerate() {
            let (start, end) = (self.starts[i], self.ends[i]);
            if start > end {
                bail!(
                    "value",
                    "interval {i} ({name}:{start}-{end}) ends before it starts: coordinates are \
                    0-based and half-open"
                );
            }
            let chrom = *known.entry(name).or_insert_with(|| {
                names.push(name.clone());
                names.len() as u32 - 1
            });
            rows.push(Interval {
                chrom,
                strand: self.strand(i)?,
                start,
                end,
            });
        }
        let lengths = vec![0; names.len()];
        let mut list = Intervals::new(Arc::new(Contigs::new(names, lengths)), rows);
        for (name, field) in &self.fields {
            let length = match field {
                Field::Number(values) => values.len(),
                Field::Text(values) => values.len(),
            };
            self.check(name, length)?;
            list = list.with_field(name, field.clone());
        }
        Ok(list)
    }

    fn strand(&self, i: usize) -> Result<Strand> {
        let Some(strands) = &self.strands else {
            return Ok(Strand::None);
        };
        let strand = strands.get(i).and_then(|strand| Strand::parse(strand));
        strand.ok_or_else(|| {
            fault!(
                "value",
                "the strand of interval {i} must be \"+\", \"-\" or \".\""
            )
        })
    }

    fn check(&self, name: &str, length: usize) -> Result<()> {
        let n = self.chroms.len();
        if length != n {
            bail!(
                "value",
                "column `{name}` has {length} values, `chrom` has {n}"
            );
        }
        Ok(())
    }
}

impl Intervals {
    /// What the intervals of a genome leave uncovered; without a genome its chromosomes have the
    /// lengths that the intervals know.
    pub fn uncovered(&self, genome: Option<&Genome>) -> Result<Intervals> {
        if let Some(genome) = genome {
            let chromosomes = 0..genome.contigs.len() as u32;
            let ranges: Vec<(i64, i64)> = chromosomes.map(|chrom| genome.range(chrom)).collect();
            return Ok(self.in_genome(genome)?.complement(&ranges));
        }
        let lengths = self.contigs.lengths();
        if lengths.contains(&0) {
            bail!(
                "value",
                "the lengths of the chromosomes are not known";
                hint: "pass the genome: `.complement(genome)`"
            );
        }
        let ranges: Vec<(i64, i64)> = lengths.iter().map(|length| (0, *length)).collect();
        Ok(self.complement(&ranges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        Columns {
            chroms: ["chr2", "chr1", "chr2"].map(String::from).to_vec(),
            starts: vec![0, 5, 9],
            ends: vec![4, 5, 12],
            strands: Some(["+", "-", "."].map(String::from).to_vec()),
            fields: vec![("score".into(), Field::Number(vec![1.0, 2.0, 3.0]))],
        }
    }

    #[test]
    fn chromosomes_are_numbered_as_they_appear() {
        let list = columns().intervals().expect("intervals");
        assert_eq!(list.contigs.names(), ["chr2", "chr1"]);
        let rows = list
            .rows
            .iter()
            .map(|row| (row.chrom, row.start, row.strand));
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [
                (0, 0, Strand::Forward),
                (1, 5, Strand::Reverse),
                (0, 9, Strand::None)
            ]
        );
        assert_eq!(
            list.field("score"),
            Some(&Field::Number(vec![1.0, 2.0, 3.0]))
        );
    }

    #[test]
    fn columns_have_one_length_and_intervals_a_direction() {
        let changed = |change: fn(&mut Columns)| {
            let mut columns = columns();
            change(&mut columns);
            columns.intervals().is_err()
        };
        assert!(changed(|columns| columns.starts.truncate(2)));
        assert!(changed(|columns| columns.ends[0] = -1));
        assert!(changed(
            |columns| columns.strands = Some(vec!["+".into(), "x".into()])
        ));
        assert!(changed(
            |columns| columns.fields[0].1 = Field::Number(vec![1.0])
        ));
        assert!(!changed(|columns| columns.strands = None));
    }

    #[test]
    fn the_complement_needs_the_lengths_of_chromosomes() {
        let list = columns().intervals().expect("intervals");
        assert!(list.uncovered(None).is_err());
        let genome = [("chr1", 6), ("chr2", 14)].map(|(name, n)| (name.to_string(), vec![0; n]));
        let genome = Genome::of_sequences(genome.to_vec()).expect("a genome");
        let uncovered = list.uncovered(Some(&genome)).expect("a complement");
        let rows = uncovered
            .rows
            .iter()
            .map(|row| (row.chrom, row.start, row.end));
        assert_eq!(
            rows.filter(|row| row.0 == 1).collect::<Vec<_>>(),
            [(1, 4, 9), (1, 12, 14)]
        );
    }
}
