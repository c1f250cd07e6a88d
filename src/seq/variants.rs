//! Variants of a VCF file, streamed, normalised, laid into the reference.

use super::alphabet;
use super::fasta::Lines;
use super::genome::Genome;
use crate::base::{Interval, Result, Strand};
use crate::{bail, fault};
use std::path::Path;

/// One alternate allele.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The chromosome's name, as the file has it.
    pub chrom: String,
    /// The first base of the reference allele, 0-based.
    pub start: i64,
    /// Its name; `.` where it has none.
    pub name: String,
    /// The bases there.
    pub reference: String,
    /// The bases instead.
    pub alternate: String,
}

/// What the reference says of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its reference allele is there.
    Fits,
    /// Its alternate allele is there: reference and alternate are exchanged.
    Swapped,
    /// Neither is there: another assembly, or another coordinate system.
    Mismatched,
    /// It reaches out of its chromosome.
    Outside,
    /// Its chromosome is not in the genome.
    Unknown,
    /// An allele is no sequence: `<DEL>`, `*`, a breakend.
    Symbolic,
}

impl State {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            State::Fits => "ok",
            State::Swapped => "swapped",
            State::Mismatched => "mismatched",
            State::Outside => "outside",
            State::Unknown => "unknown chromosome",
            State::Symbolic => "symbolic",
        }
    }
}

/// A VCF file that is read line by line.
pub struct Reader<'a> {
    lines: Lines<'a>,
    path: String,
    /// The lines of its header.
    pub header: Vec<String>,
    next: Option<(usize, String)>,
}

impl<'a> Reader<'a> {
    /// Opens a file, plain or gzipped, and reads its header.
    pub fn open(path: &'a Path) -> Result<Reader<'a>> {
        let mut reader = Reader { lines: Lines::open(path)?, path: path.display().to_string(), header: Vec::new(), next: None };
        while let Some((number, text)) = reader.lines.next_line()? {
            if !text.starts_with('#') {
                reader.next = Some((number, text.to_string()));
                break;
            }
            reader.header.push(text.to_string());
        }
        if reader.header.is_empty() && reader.next.is_none() {
            bail!("file", "`{}` is empty", reader.path; hint: "a VCF file starts with ##fileformat=VCFv4.3");
        }
        Ok(reader)
    }

    /// The next line with its alternate alleles; none at the end.
    pub fn next_record(&mut self) -> Result<Option<(String, Vec<Variant>)>> {
        loop {
            let (number, text) = match self.next.take() {
                Some(kept) => kept,
                None => match self.lines.next_line()? {
                    Some((number, text)) => (number, text.to_string()),
                    None => return Ok(None),
                },
            };
            if text.trim().is_empty() {
                continue;
            }
            let mut cells = text.split('\t');
            let mut cell = |name: &str| {
                cells.next().ok_or_else(|| fault!("file", "`{}`, line {number}: there is no column {name}", self.path; hint: "columns of a VCF file are parted by tabs: CHROM POS ID REF ALT …"))
            };
            let (chrom, position, name, reference, alternates) = (cell("CHROM")?, cell("POS")?, cell("ID")?, cell("REF")?, cell("ALT")?);
            let position: i64 = position.parse().map_err(|_| fault!("file", "`{}`, line {number}: POS `{position}` is no whole number", self.path))?;
            let of = |alternate: &str| Variant {
                chrom: chrom.into(),
                start: position - 1,
                name: name.into(),
                reference: reference.to_ascii_uppercase(),
                alternate: alternate.to_ascii_uppercase(),
            };
            let variants = alternates.split(',').filter(|alternate| *alternate != ".").map(of).collect();
            return Ok(Some((text.clone(), variants)));
        }
    }
}

/// Whether a text is one or more bases.
pub fn is_sequence(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| alphabet::CODES[b as usize] != alphabet::NO_BASE)
}

/// The codes of a stretch; what lies outside the chromosome is N.
fn stretch(genome: &Genome, chrom: u32, start: i64, end: i64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    genome.fetch_into(&Interval { chrom, strand: Strand::None, start, end }, &mut out)?;
    Ok(out)
}

impl Variant {
    /// What the reference says.
    pub fn state(&self, genome: &Genome) -> Result<State> {
        if !is_sequence(&self.reference) || !is_sequence(&self.alternate) {
            return Ok(State::Symbolic);
        }
        let Some(chrom) = genome.contigs.find(&self.chrom) else { return Ok(State::Unknown) };
        let (first, end) = genome.range(chrom);
        if self.start < first || self.start + self.reference.len() as i64 > end {
            return Ok(State::Outside);
        }
        let is_there = |allele: &str| -> Result<bool> { Ok(stretch(genome, chrom, self.start, self.start + allele.len() as i64)? == alphabet::codes(allele)?) };
        Ok(match () {
            () if is_there(&self.reference)? => State::Fits,
            () if is_there(&self.alternate)? => State::Swapped,
            () => State::Mismatched,
        })
    }

    /// The same change, as far left as it can stand and without bases that both alleles share (Tan, Abecasis & Kang 2015).
    pub fn normalised(&self, genome: &Genome) -> Result<Variant> {
        let chrom = genome.chrom(&self.chrom)?;
        let (mut reference, mut alternate) = (self.reference.clone().into_bytes(), self.alternate.clone().into_bytes());
        let mut start = self.start;
        let first = genome.range(chrom).0;
        loop {
            if reference.last() == alternate.last() && reference.len().max(alternate.len()) > 1 && !reference.is_empty() && !alternate.is_empty() {
                reference.pop();
                alternate.pop();
            } else {
                break;
            }
            if reference.is_empty() || alternate.is_empty() {
                if start == first {
                    // at the very start the base behind is shared instead
                    let behind = alphabet::decode(&stretch(genome, chrom, start + reference.len() as i64, start + reference.len() as i64 + 1)?);
                    reference.extend(behind.bytes());
                    alternate.extend(behind.bytes());
                    break;
                }
                start -= 1;
                let before = alphabet::decode(&stretch(genome, chrom, start, start + 1)?).into_bytes();
                reference.splice(0..0, before.iter().copied());
                alternate.splice(0..0, before);
            }
        }
        while reference.len() > 1 && alternate.len() > 1 && reference[0] == alternate[0] {
            reference.remove(0);
            alternate.remove(0);
            start += 1;
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Variant { start, reference: text(reference), alternate: text(alternate), ..self.clone() })
    }

    /// The codes of a window of `length` around the reference allele, with it and with the alternate; what an insertion
    /// pushes out is cut at the end, what a deletion leaves is filled from there.
    pub fn window(&self, genome: &Genome, length: usize) -> Result<(Vec<u8>, Vec<u8>)> {
        let chrom = genome.chrom(&self.chrom)?;
        let (reference, alternate) = (alphabet::codes(&self.reference)?, alphabet::codes(&self.alternate)?);
        let left = (length as i64 - reference.len() as i64).div_euclid(2).max(0);
        let from = self.start - left;
        let whole = stretch(genome, chrom, from, from + (length + reference.len()) as i64)?;
        let at = left as usize;
        let with = |allele: &[u8]| {
            let mut codes = whole.clone();
            codes.splice(at..at + reference.len(), allele.iter().copied());
            codes.resize(length, alphabet::UNKNOWN);
            codes
        };
        Ok((with(&reference), with(&alternate)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::alphabet::Census;
    use crate::seq::fasta::Records;

    fn genome() -> Genome {
        let codes = alphabet::codes("GGCACACATTTG").unwrap();
        Genome::of_records(Records { names: vec!["chr1".into()], offsets: vec![0, codes.len()], lines: vec![1], census: Census::default(), codes })
    }

    fn variant(start: i64, reference: &str, alternate: &str) -> Variant {
        Variant { chrom: "1".into(), start, name: ".".into(), reference: reference.into(), alternate: alternate.into() }
    }

    #[test]
    fn variants_are_moved_left_and_trimmed() {
        let moved = |start, reference, alternate| {
            let v = variant(start, reference, alternate).normalised(&genome()).unwrap();
            (v.start, v.reference, v.alternate)
        };
        // one CA less of three: bcftools norm writes GCA > G at the base before the first
        assert_eq!(moved(5, "ACA", "A"), (1, "GCA".into(), "G".into()));
        assert_eq!(moved(8, "T", "TT"), (7, "A".into(), "AT".into()));
        assert_eq!(moved(2, "CAC", "CTC"), (3, "A".into(), "T".into()));
    }

    #[test]
    fn the_reference_is_asked() {
        let state = |start, reference, alternate| variant(start, reference, alternate).state(&genome()).unwrap();
        assert_eq!(state(2, "C", "T"), State::Fits);
        assert_eq!(state(2, "T", "C"), State::Swapped);
        assert_eq!(state(2, "T", "A"), State::Mismatched);
        assert_eq!(state(11, "GA", "G"), State::Outside);
        assert_eq!(state(2, "C", "<DEL>"), State::Symbolic);
        assert_eq!(Variant { chrom: "7".into(), ..variant(2, "C", "T") }.state(&genome()).unwrap(), State::Unknown);
    }

    #[test]
    fn windows_hold_either_allele() {
        let (before, after) = variant(3, "AC", "A").window(&genome(), 6).unwrap();
        assert_eq!((alphabet::decode(&before), alphabet::decode(&after)), ("GCACAC".into(), "GCAACA".into()));
        let (before, after) = variant(0, "G", "GTT").window(&genome(), 4).unwrap();
        assert_eq!((alphabet::decode(&before), alphabet::decode(&after)), ("NGGC".into(), "NGTT".into()));
    }
}
