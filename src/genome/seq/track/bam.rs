//! Coverage of aligned reads (BAM, SAM), by noodles.

use super::{Run, Track};
use crate::seq::contigs::Contigs;
use crate::seq::{kind, text};
use cistron_base::{Result, Strand, file, gzip};
use cistron_base::{bail, fault};
use noodles::sam::alignment::Record;
use noodles::{bam, bgzf, sam};
use std::io::{BufRead, Read};
use std::path::Path;

/// Which part of a read is counted.
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

/// How reads are counted.
#[derive(Clone, Copy, Debug)]
pub struct CountOptions {
    /// Which part of each read.
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

impl Default for CountOptions {
    fn default() -> Self {
        CountOptions {
            counted: Counted::Bases,
            min_quality: 0,
            strand: Strand::None,
            duplicates: false,
            shift: (0, 0),
        }
    }
}

/// The largest record that is read, bytes.
const LARGEST: u32 = 64 << 20;

/// The decompressed content of a BAM file. A damaged record may declare gigabytes: that is reported
/// before room is made for it.
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
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                format!("a record of {size} bytes"),
            ));
        }
        Ok(filled)
    }
}

/// Counts the reads of a BAM or SAM file (plain or gzipped), recognised by its content; unmapped,
/// secondary, supplementary and failed reads are left out.
pub fn coverage(path: &Path, plan: &CountOptions) -> Result<Track> {
    let mut head = Vec::new();
    // a first block of BAM starts with its magic; SAM may be gzipped too
    gzip::open(path)?.take(4).read_to_end(&mut head).ok();
    let is_bam = head.starts_with(b"BAM\x01");
    let counts = if is_bam {
        of_bam(path, plan)?
    } else {
        of_sam(path, plan)?
    };
    counts.finish(path, plan)
}

fn of_bam(path: &Path, plan: &CountOptions) -> Result<Counts> {
    let broken = |error: std::io::Error| {
        fault!("data", "`{}`: {error}", path.display())
            .hint("it is no whole BAM file: check it with `samtools quickcheck`")
    };
    let file = file::open(path)?;
    let mut reader = bam::io::Reader::from(Limited {
        inner: bgzf::io::Reader::new(std::io::BufReader::new(file)),
        in_records: false,
    });
    let header = reader.read_header().map_err(broken)?;
    reader.get_mut().in_records = true;
    let mut counts = Counts::new(&header);
    let mut record = bam::Record::default();
    while reader.read_record(&mut record).map_err(broken)? > 0 {
        counts.add(&record, &header, plan).map_err(broken)?;
    }
    Ok(counts)
}

fn of_sam(path: &Path, plan: &CountOptions) -> Result<Counts> {
    let mut text = text::open(path)?;
    let head: Vec<u8> = text
        .fill_buf()
        .map_err(|error| text::read_fault(path, 1, &error))?
        .iter()
        .copied()
        .take(64)
        .collect();
    if kind::of(&head).is_none_or(|kind| kind.name != "a SAM file") {
        let is_bare = head.split(|byte| *byte == b'\t').count() > 2 && !head.starts_with(b"@");
        let fault = kind::wrong(path, &head, "a file of aligned reads (BAM, SAM)");
        return Err(match is_bare {
            true => fault.hint(
                "a SAM file needs its header: `samtools view -h` keeps it, \
                `samtools view -ht genome.fa.fai` makes it",
            ),
            false => fault,
        });
    }
    let mut reader = sam::io::Reader::new(text);
    let broken = |error: std::io::Error| {
        fault!("data", "`{}`: {error}", path.display()).hint("it is no whole SAM file")
    };
    let header = reader.read_header().map_err(broken)?;
    if header.reference_sequences().is_empty() {
        bail!(
            "data",
            "`{}` has no `@SQ` lines: the lengths of its chromosomes are not known",
            path.display();
            hint: "`samtools view -ht genome.fa.fai FILE > whole.sam` adds them"
        );
    }
    let mut counts = Counts::new(&header);
    let mut record = sam::Record::default();
    let mut n = 0;
    loop {
        n += 1;
        let what = |error: std::io::Error| {
            fault!("data", "`{}` read {n}: {error}", path.display()).hint("it is no whole SAM file")
        };
        if reader.read_record(&mut record).map_err(what)? == 0 {
            return Ok(counts);
        }
        counts.add(&record, &header, plan).map_err(what)?;
    }
}

/// Steps up and down of the depth along each chromosome.
struct Counts {
    contigs: Vec<(String, i64)>,
    events: Vec<Vec<(i64, i32)>>,
    used: usize,
}

/// A length or position as it is counted here; one that no genome has is the largest, so that sums
/// stay in range.
fn position(n: usize) -> i64 {
    n.min(1 << 40) as i64
}

impl Counts {
    fn new(header: &sam::Header) -> Counts {
        let contigs: Vec<(String, i64)> = header
            .reference_sequences()
            .iter()
            .map(|(name, map)| (name.to_string(), position(map.length().get())))
            .collect();
        Counts {
            events: vec![Vec::new(); contigs.len()],
            contigs,
            used: 0,
        }
    }

    /// Counts a read, where it passes the filters.
    fn add(
        &mut self,
        record: &impl Record,
        header: &sam::Header,
        plan: &CountOptions,
    ) -> std::io::Result<()> {
        let flags = record.flags()?;
        let skip = flags.is_unmapped()
            || flags.is_secondary()
            || flags.is_supplementary()
            || flags.is_qc_fail()
            || (flags.is_duplicate() && !plan.duplicates);
        let reverse = flags.is_reverse_complemented();
        let wrong_strand = (plan.strand == Strand::Forward && reverse)
            || (plan.strand == Strand::Reverse && !reverse);
        let quality = record.mapping_quality().transpose()?.map_or(255, u8::from);
        if skip || wrong_strand || quality < plan.min_quality {
            return Ok(());
        }
        let (Some(chrom), Some(start)) = (
            record.reference_sequence_id(header).transpose()?,
            record.alignment_start().transpose()?,
        ) else {
            return Ok(());
        };
        let Some(own) = self.events.get_mut(chrom) else {
            let what = format!(
                "a read is on chromosome number {chrom}, the header has {}",
                self.contigs.len()
            );
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what));
        };
        let length = self.contigs[chrom].1;
        let mut count = |from: i64, to: i64| {
            let (from, to) = (from.clamp(0, length), to.clamp(0, length));
            if from < to {
                own.push((from, 1));
                own.push((to, -1));
            }
        };
        let start = position(start.get()) - 1;
        match plan.counted {
            Counted::Bases | Counted::Starts => {
                let mut at = start;
                for operation in record.cigar().iter() {
                    use sam::alignment::record::cigar::op::Kind;
                    let operation = operation?;
                    let n = position(operation.len());
                    match operation.kind() {
                        Kind::Match | Kind::SequenceMatch | Kind::SequenceMismatch => {
                            if plan.counted == Counted::Bases {
                                count(at, at + n);
                            }
                            at = at.saturating_add(n);
                        }
                        Kind::Deletion | Kind::Skip => at = at.saturating_add(n),
                        _ => {}
                    }
                }
                if plan.counted == Counted::Starts {
                    let first = if reverse {
                        at - 1 - plan.shift.1
                    } else {
                        start + plan.shift.0
                    };
                    count(first, first + 1);
                }
            }
            Counted::Fragments | Counted::FragmentEnds => {
                // each pair once: by its left read
                let size = i64::from(record.template_length()?);
                if !flags.is_properly_segmented() || size <= 0 {
                    return Ok(());
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
        self.used += 1;
        Ok(())
    }

    fn finish(self, path: &Path, plan: &CountOptions) -> Result<Track> {
        if self.used == 0 {
            let why = if matches!(plan.counted, Counted::Fragments | Counted::FragmentEnds) {
                "no properly paired read"
            } else {
                "no mapped read"
            };
            bail!(
                "data",
                "`{}` holds {why} that passes the filters",
                path.display()
            );
        }
        let runs = self.events.into_iter().map(runs).collect();
        let (names, lengths) = self.contigs.into_iter().unzip();
        Ok(Track::of_runs(
            path.to_path_buf(),
            Contigs::new(names, lengths),
            runs,
        ))
    }
}

/// The runs of equal count between steps up and down.
fn runs(mut events: Vec<(i64, i32)>) -> Vec<Run> {
    events.sort_unstable();
    let mut out: Vec<Run> = Vec::new();
    let (mut depth, mut from) = (0i32, 0i64);
    for (at, step) in events {
        if at > from && depth > 0 {
            match out.last_mut() {
                Some(last) if last.end == from && last.value == depth as f32 => last.end = at,
                _ => out.push(Run {
                    start: from,
                    end: at,
                    value: depth as f32,
                }),
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
        let of = |events: &[(i64, i32)]| {
            runs(events.to_vec())
                .iter()
                .map(|r| (r.start, r.end, r.value))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(&[(5, 1), (15, -1), (10, 1), (20, -1)]),
            [(5, 10, 1.0), (10, 15, 2.0), (15, 20, 1.0)]
        );
        // one read ends where another starts
        assert_eq!(of(&[(0, 1), (5, -1), (5, 1), (9, -1)]), [(0, 9, 1.0)]);
    }
}
