//! Many intervals of a genome at once.

use super::Genome;
use crate::seq::Intervals;
use crate::seq::fasta::Records;
use cistron_base::{Interval, Result, bail};
use rayon::prelude::*;

/// Number of intervals that a thread reads at a time.
const GROUP: usize = 64;

impl Genome {
    /// A genome of named sequences in memory, as codes.
    pub fn of_sequences(sequences: Vec<(String, Vec<u8>)>) -> Result<Genome> {
        let mut records = Records::default();
        for (name, codes) in sequences {
            if codes.is_empty() {
                bail!("value", "`{name}` holds no base");
            }
            records.names.push(name);
            records.offsets.push(records.codes.len());
            records.codes.extend(codes);
        }
        records.offsets.push(records.codes.len());
        Ok(Genome::of_records(records))
    }

    /// Intervals by the chromosomes of the genome, all of them within their chromosome unless what
    /// is outside is padded.
    pub fn place(&self, list: &Intervals, is_padded: bool) -> Result<Intervals> {
        let list = list.in_genome(self)?;
        let is_outside = |row: &Interval| !is_padded && !self.holds(row);
        if let Some(i) = list.rows.iter().position(is_outside) {
            return Err(self
                .outside(&list.rows[i])
                .context(format!("interval {i}"))
                .hint("`#{ pad: true }` reads N outside"));
        }
        Ok(list)
    }

    /// Reads the codes of intervals of `length` bases into `out`, in parallel.
    pub fn read_rows(&self, rows: &[Interval], length: usize, out: &mut [u8]) -> Result<()> {
        out.par_chunks_mut(length.max(1) * GROUP)
            .zip(rows.par_chunks(GROUP))
            .try_for_each_init(Vec::new, |buffer, (codes, rows)| {
                buffer.clear();
                rows.iter()
                    .try_for_each(|row| self.fetch_into(row, buffer))?;
                codes.copy_from_slice(buffer);
                Ok(())
            })
    }
}

impl Intervals {
    /// The number of bases that all intervals have.
    ///
    /// # Errors
    /// Intervals of different lengths; `names` has the names of these.
    pub fn equal_length(&self, names: &Intervals) -> Result<i64> {
        let length = self.rows.first().map_or(0, Interval::len);
        if let Some(i) = self.rows.iter().position(|row| row.len() != length) {
            bail!(
                "data",
                "interval {i} ({}) has {} bases, those before it have {length}",
                names.region_text(i),
                self.rows[i].len();
                hint: "`.resize({length})` makes them equally long"
            );
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::contigs::Contigs;
    use std::sync::Arc;

    #[test]
    fn rows_are_read_in_order() {
        let codes: Vec<u8> = (0..200).map(|i| (i % 4) as u8).collect();
        let genome = Genome::of_sequences(vec![("chr1".into(), codes)]).expect("a genome");
        let contigs = Arc::new(Contigs::new(vec!["1".into()], vec![200]));
        let rows = (0..100).map(|i| Interval::new(0, i, i + 3)).collect();
        let list = Intervals::new(contigs, rows);
        let placed = genome.place(&list, false).expect("within the genome");
        assert_eq!(placed.equal_length(&list).ok(), Some(3));
        let mut out = vec![9; 300];
        genome.read_rows(&placed.rows, 3, &mut out).expect("codes");
        let wanted: Vec<u8> = (0..100)
            .flat_map(|i| (i..i + 3).map(|at| (at % 4) as u8))
            .collect();
        assert_eq!(out, wanted);
    }

    #[test]
    fn intervals_are_within_their_chromosome_unless_padded() {
        let genome = Genome::of_sequences(vec![("chr1".into(), vec![0; 5])]).expect("a genome");
        let contigs = Arc::new(Contigs::new(vec!["chr1".into()], vec![0]));
        let rows = vec![Interval::new(0, 0, 3), Interval::new(0, 4, 8)];
        let list = Intervals::new(contigs, rows);
        assert!(genome.place(&list, false).is_err());
        assert!(genome.place(&list, true).is_ok());
        assert!(list.equal_length(&list).is_err());
        assert!(Genome::of_sequences(vec![("chr1".into(), Vec::new())]).is_err());
    }
}
