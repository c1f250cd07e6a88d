//! A reference genome: any range of any chromosome as codes, read from its file.
//!
//! Plain FASTA is indexed (`.fai`), bgzipped FASTA is read block by block (`.gzi`), `.2bit` by its
//! own index; FASTA that was compressed by plain gzip has no random access and is held in memory.

pub mod extract;
mod index;
mod rows;
mod store;
mod two_bit;

use super::alphabet::{self, UNKNOWN};
use super::contigs::{self, Contigs};
use super::fasta::Records;
use cistron_base::{Interval, Result, Strand, memory};
use cistron_base::{bail, fault};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Store;

/// A genome, shared by all that cut from it.
#[derive(Debug)]
pub struct Genome {
    /// Its file.
    pub path: PathBuf,
    /// Its chromosomes.
    pub contigs: Arc<Contigs>,
    /// The coordinate of each chromosome's first base: more than 0 where the file holds a part
    /// of it.
    pub origins: Vec<i64>,
    /// What opening it had to say.
    pub notes: Vec<String>,
    store: Store,
}

impl Genome {
    /// Opens a FASTA (plain, bgzipped, gzipped) or 2bit file. `origin` is the coordinate of its
    /// first base; without one it is read from a name such as `22:20000001-21000000`.
    pub fn open(path: &Path, origin: Option<i64>) -> Result<Genome> {
        let (store, names, lengths, mut notes) = Store::open(path)?;
        let mut origins = vec![origin.unwrap_or(0); names.len()];
        if origin.is_none() {
            for (i, name) in names.iter().enumerate() {
                let Some((chrom, (from, to))) = contigs::cut_out(name) else {
                    continue;
                };
                // samtools counts from 1 with the last base, bedtools from 0 without it: the length
                // states which
                let start = if to - from + 1 == lengths[i] {
                    from - 1
                } else {
                    from
                };
                if to - start == lengths[i] {
                    origins[i] = start;
                    notes.push(format!(
                        "`{}`: `{name}` is read as {chrom} from {start} on, by its name",
                        path.display()
                    ));
                }
            }
        }
        Ok(Genome {
            path: path.to_path_buf(),
            contigs: Arc::new(Contigs::new(names, lengths)),
            origins,
            notes,
            store,
        })
    }

    /// A genome of sequences in memory.
    pub fn of_records(records: Records) -> Genome {
        let lengths = (0..records.names.len())
            .map(|i| records.sequence(i).len() as i64)
            .collect();
        let contigs = Arc::new(Contigs::new(records.names.clone(), lengths));
        Genome {
            path: "memory".into(),
            origins: vec![0; contigs.len()],
            contigs,
            notes: Vec::new(),
            store: Store::Memory(records),
        }
    }

    /// The file in words, for messages.
    pub fn path_text(&self) -> String {
        format!("`{}`", self.path.display())
    }

    /// The number of a chromosome by any of its names.
    pub fn chrom(&self, name: &str) -> Result<u32> {
        self.contigs
            .find(name)
            .ok_or_else(|| self.contigs.missing(name, &self.path_text()))
    }

    /// First and one past the last coordinate of a chromosome.
    pub fn range(&self, chrom: u32) -> (i64, i64) {
        let origin = self.origins[chrom as usize];
        (origin, origin + self.contigs.lengths()[chrom as usize])
    }

    /// Whether an interval is within its chromosome.
    pub fn holds(&self, interval: &Interval) -> bool {
        let (first, end) = self.range(interval.chrom);
        interval.start >= first && interval.end <= end
    }

    /// Bases of all chromosomes.
    pub fn total(&self) -> i64 {
        self.contigs.lengths().iter().sum()
    }

    /// Appends the codes of an interval; positions outside of its chromosome are N. An interval on
    /// the reverse strand is read from there.
    pub fn fetch_into(&self, interval: &Interval, out: &mut Vec<u8>) -> Result<()> {
        // what is beyond the chromosome is filled too, however far an interval reaches
        memory::items(
            interval.end.saturating_sub(interval.start).max(0),
            2,
            "bases",
        )?;
        let (first, end) = self.range(interval.chrom);
        let at = out.len();
        let (from, to) = (
            interval.start.clamp(first, end),
            interval
                .end
                .clamp(first, end)
                .max(interval.start.clamp(first, end)),
        );
        let before = (from - interval.start).max(0).min(interval.len().max(0));
        out.resize(at + before as usize, UNKNOWN);
        if to > from {
            let start = out.len();
            self.store
                .fetch(
                    interval.chrom,
                    (from - first) as u64,
                    (to - first) as u64,
                    out,
                )
                .map_err(|fault| fault.context(self.path_text()))?;
            if let Some(i) = out[start..]
                .iter()
                .position(|code| *code == alphabet::NO_BASE)
            {
                let name = &self.contigs.names()[interval.chrom as usize];
                let (position, mut letter) = ((from - first) as u64 + i as u64, Vec::new());
                self.store
                    .letters(interval.chrom, position, position + 1, false, &mut letter)?;
                let letter = letter.first().copied().unwrap_or(b'?');
                let place = format!("{} position {}", self.path_text(), from + i as i64);
                return Err(super::fasta::no_base(&place, name, letter as char));
            }
        }
        out.resize(at + interval.len().max(0) as usize, UNKNOWN);
        if interval.strand == Strand::Reverse {
            alphabet::reverse_complement(&mut out[at..]);
        }
        Ok(())
    }

    /// The codes of an interval that must lie within its chromosome.
    pub fn fetch(&self, interval: &Interval) -> Result<Vec<u8>> {
        let (first, end) = self.range(interval.chrom);
        if interval.is_empty() || !self.holds(interval) {
            let name = &self.contigs.names()[interval.chrom as usize];
            bail!(
                "value",
                "{}-{} is not within `{name}` of {}, which holds {first} to {end}",
                interval.start,
                interval.end,
                self.path_text();
                hint: "coordinates are 0-based and half-open; `#{{ pad: true }}` reads N outside"
            );
        }
        let mut out = Vec::with_capacity(interval.len() as usize);
        self.fetch_into(interval, &mut out)?;
        Ok(out)
    }

    /// The fault of a chromosome that holds less than is asked for.
    pub fn outside(&self, interval: &Interval) -> cistron_base::Fault {
        let (first, end) = self.range(interval.chrom);
        let name = &self.contigs.names()[interval.chrom as usize];
        fault!(
            "data",
            "{name}:{}-{} reaches out of `{name}` of {}, which holds {first} to {end}",
            interval.start,
            interval.end,
            self.path_text()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Genome> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("g.fa");
        std::fs::write(&path, text).expect("a file");
        Genome::open(&path, None)
    }

    fn letters(genome: &Genome, chrom: &str, start: i64, end: i64) -> String {
        let mut out = Vec::new();
        let interval = Interval::new(genome.chrom(chrom).unwrap(), start, end);
        genome.fetch_into(&interval, &mut out).unwrap();
        alphabet::decode(&out)
    }

    #[test]
    fn lines_of_any_width_are_one_sequence() {
        let genome = open(">chr1 first\nACGTA\nCCCcc\nGG\n>chr2\r\nTTTT\r\nAA\r\n").unwrap();
        assert_eq!(genome.contigs.lengths(), [12, 6]);
        assert_eq!(letters(&genome, "1", 3, 11), "TACCCCCG");
        assert_eq!(letters(&genome, "chr2", 0, 6), "TTTTAA");
        assert_eq!(letters(&genome, "chr2", -2, 8), "NNTTTTAANN");
        assert_eq!(letters(&genome, "chr2", -9, -2), "NNNNNNN");
        assert_eq!(letters(&genome, "chr2", 20, 23), "NNN");
    }

    #[test]
    fn a_cut_out_tells_where_it_starts() {
        let genome = open(">22:101-106\nACGTAC\n").unwrap();
        assert_eq!(letters(&genome, "chr22", 100, 104), "ACGT");
        assert!(genome.notes[0].contains("from 100 on"));
    }

    #[test]
    fn broken_files_are_told() {
        assert!(
            open("ACGT\n")
                .unwrap_err()
                .message
                .contains("expected `>name`")
        );
        assert!(open("").unwrap_err().message.contains("holds no sequence"));
        assert!(
            open(">a\nACGT\nAC\nACGT\n")
                .unwrap_err()
                .message
                .contains("line 3")
        );
        let genome = open(">a\nAC!T\n").unwrap();
        assert!(
            genome
                .fetch(&Interval::new(0, 0, 4))
                .unwrap_err()
                .message
                .contains("position 2")
        );
    }
}
