//! Coverage of aligned reads (BAM), by noodles.

use super::{Run, Track};
use crate::base::{Fault, Result, Strand};
use crate::seq::contigs::Contigs;
use crate::{bail, fault};
use noodles::{bam, bgzf, sam};
use std::io::Read;
use std::path::Path;

/// What of a read is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The bases that it aligns to; gaps (N, D) are left out.
    Bases,
    /// Its first base as sequenced: where the fragment was cut.
    Starts,
    /// Both ends of each pair's fragment.
    FragmentEnds,
    /// The whole fragment of each pair.
    Fragments,
}

impl Counted {
    /// Names that options take.
    pub const NAMES: &'static [&'static str] = &["bases", "starts", "fragment_ends", "fragments"];

    /// The kind of a name.
    pub fn named(name: &str) -> Counted {
        use Counted::*;
        Self::NAMES.iter().position(|known| *known == name).map_or(Bases, |i| [Bases, Starts, FragmentEnds, Fragments][i])
    }
}

/// How reads are counted.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What of each.
    pub counted: Counted,
    /// Reads that are mapped with less quality are left out.
    pub min_quality: u8,
    /// Only reads of this strand, where one is given.
    pub strand: Strand,
    /// Whether reads marked as duplicates count.
    pub duplicates: bool,
    /// Bases that each end is moved downstream (4 and 5 for Tn5, as +4/-5).
    pub shift: (i64, i64),
}

impl Default for Plan {
    fn default() -> Self {
        Plan { counted: Counted::Bases, min_quality: 0, strand: Strand::None, duplicates: false, shift: (0, 0) }
    }
}

/// The largest record that is read, bytes.
const LARGEST: u32 = 64 << 20;

/// What a BAM file holds, unpacked. A damaged record may say that it has gigabytes: that is told before room is made for it.
struct Limited<R> {
    inner: R,
    in_records: bool,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if !self.in_records || buffer.len() != 4 {
            return self.inner.read(buffer);
        }
        let mut filled = 0;
        while filled < 4 {
            match self.inner.read(&mut buffer[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        let size = u32::from_le_bytes([buffer[0], buffer[1], buffer[2], buffer[3]]);
        if filled == 4 && size > LARGEST {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, format!("a record of {size} bytes")));
        }
        Ok(filled)
    }
}

/// Counts the reads of a file; unmapped, secondary, supplementary and failed reads are left out.
pub fn coverage(path: &Path, plan: &Plan) -> Result<Track> {
    let broken = |error: std::io::Error| fault!("data", "`{}`: {error}", path.display()).hint("it is no whole BAM file: `samtools quickcheck` tells");
    let file = std::fs::File::open(path).map_err(|error| Fault::file(path, &error))?;
    let mut reader = bam::io::Reader::from(Limited { inner: bgzf::io::Reader::new(std::io::BufReader::new(file)), in_records: false });
    let header = reader.read_header().map_err(broken)?;
    reader.get_mut().in_records = true;
    let contigs: Vec<(String, i64)> = header.reference_sequences().iter().map(|(name, map)| (name.to_string(), map.length().get() as i64)).collect();
    let mut events: Vec<Vec<(i64, i32)>> = vec![Vec::new(); contigs.len()];
    let mut record = bam::Record::default();
    let mut used = 0usize;
    while reader.read_record(&mut record).map_err(broken)? > 0 {
        let flags = record.flags();
        let skip = flags.is_unmapped() || flags.is_secondary() || flags.is_supplementary() || flags.is_qc_fail() || (flags.is_duplicate() && !plan.duplicates);
        let reverse = flags.is_reverse_complemented();
        let wrong_strand = (plan.strand == Strand::Forward && reverse) || (plan.strand == Strand::Reverse && !reverse);
        let quality = record.mapping_quality().map_or(255, u8::from);
        if skip || wrong_strand || quality < plan.min_quality {
            continue;
        }
        let (Some(Ok(chrom)), Some(Ok(start))) = (record.reference_sequence_id(), record.alignment_start()) else { continue };
        let Some(own) = events.get_mut(chrom) else {
            bail!("data", "`{}`: a read lies on chromosome number {chrom}, the header has {}", path.display(), contigs.len())
        };
        let length = contigs[chrom].1;
        let mut count = |from: i64, to: i64| {
            let (from, to) = (from.clamp(0, length), to.clamp(0, length));
            if from < to {
                own.push((from, 1));
                own.push((to, -1));
            }
        };
        let start = start.get() as i64 - 1;
        used += 1;
        match plan.counted {
            Counted::Bases | Counted::Starts => {
                let mut at = start;
                for operation in record.cigar().iter() {
                    use sam::alignment::record::cigar::op::Kind;
                    let operation = operation.map_err(broken)?;
                    let n = operation.len() as i64;
                    match operation.kind() {
                        Kind::Match | Kind::SequenceMatch | Kind::SequenceMismatch => {
                            if plan.counted == Counted::Bases {
                                count(at, at + n);
                            }
                            at += n;
                        }
                        Kind::Deletion | Kind::Skip => at += n,
                        _ => {}
                    }
                }
                if plan.counted == Counted::Starts {
                    let first = if reverse { at - 1 - plan.shift.1 } else { start + plan.shift.0 };
                    count(first, first + 1);
                }
            }
            Counted::Fragments | Counted::FragmentEnds => {
                // each pair once: by its left read
                let size = i64::from(record.template_length());
                if !flags.is_properly_segmented() || size <= 0 {
                    used -= 1;
                    continue;
                }
                let (first, last) = (start + plan.shift.0, start + size - 1 - plan.shift.1);
                if plan.counted == Counted::Fragments {
                    count(first, last + 1);
                } else {
                    count(first, first + 1);
                    count(last, last + 1);
                }
            }
        }
    }
    if used == 0 {
        let why = if matches!(plan.counted, Counted::Fragments | Counted::FragmentEnds) { "no properly paired read" } else { "no mapped read" };
        bail!("data", "`{}` holds {why} that passes the filters", path.display());
    }
    let runs = events.into_iter().map(runs).collect();
    let (names, lengths) = contigs.into_iter().unzip();
    Ok(Track::of_runs(path.to_path_buf(), Contigs::new(names, lengths), runs))
}

/// The stretches of equal count that steps up and down make.
fn runs(mut events: Vec<(i64, i32)>) -> Vec<Run> {
    events.sort_unstable();
    let mut out: Vec<Run> = Vec::new();
    let (mut depth, mut from) = (0i32, 0i64);
    for (at, step) in events {
        if at > from && depth > 0 {
            match out.last_mut() {
                Some(last) if last.end == from && last.value == depth as f32 => last.end = at,
                _ => out.push(Run { start: from, end: at, value: depth as f32 }),
            }
        }
        from = at;
        depth += step;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_make_runs() {
        let of = |events: &[(i64, i32)]| runs(events.to_vec()).iter().map(|r| (r.start, r.end, r.value)).collect::<Vec<_>>();
        assert_eq!(of(&[(5, 1), (15, -1), (10, 1), (20, -1)]), [(5, 10, 1.0), (10, 15, 2.0), (15, 20, 1.0)]);
        // one read ends where another starts
        assert_eq!(of(&[(0, 1), (5, -1), (5, 1), (9, -1)]), [(0, 9, 1.0)]);
    }
}
