//! Variants of a VCF file, streamed, normalised, laid into the reference.

mod vcf;

pub use vcf::Reader;

use super::alphabet;
use super::genome::Genome;
use super::intervals::{Field, Intervals};
use cistron_base::bail;
use cistron_base::{Interval, Result, Strand};

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
    /// One past the last base that a symbolic deletion (`<DEL>`) takes away, where its line states
    /// it.
    pub end: Option<i64>,
}

/// How the alleles of a variant relate to the reference.
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
    /// An allele is no sequence: `<DUP>`, `*`, a breakend, `<DEL>` without its end.
    Symbolic,
    /// An allele is written in letters that VCF does not have: `-`, or codes of several bases.
    NotBases,
}

impl State {
    /// All of them.
    pub const ALL: [State; 7] = [
        State::Fits,
        State::Swapped,
        State::Mismatched,
        State::Outside,
        State::Unknown,
        State::Symbolic,
        State::NotBases,
    ];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            State::Fits => "ok",
            State::Swapped => "swapped",
            State::Mismatched => "mismatched",
            State::Outside => "outside",
            State::Unknown => "unknown chromosome",
            State::Symbolic => "symbolic",
            State::NotBases => "no sequence",
        }
    }
}

/// Whether an allele is a sequence: one or more of A, C, G, T and N, the letters that VCF has.
/// Codes of several bases (R, Y, …) and the `-` of MAF and ANNOVAR are none.
pub fn is_sequence(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b"ACGTN".contains(&b.to_ascii_uppercase()))
}

/// Whether an allele is `<DEL>` or a kind of it, such as `<DEL:ME:ALU>`.
fn is_deletion(allele: &str) -> bool {
    allele
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("<DEL"))
        && allele.ends_with('>')
}

/// The codes of a range; positions outside of the chromosome are N.
fn reference_codes(genome: &Genome, chrom: u32, start: i64, end: i64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    genome.fetch_into(
        &Interval {
            chrom,
            strand: Strand::None,
            start,
            end,
        },
        &mut out,
    )?;
    Ok(out)
}

impl Variant {
    /// Compares the alleles with the reference.
    pub fn state(&self, genome: &Genome) -> Result<State> {
        let is_symbol = |allele: &str| allele.contains(['<', '>', '*', '[', ']', '.']);
        match is_sequence(&self.reference) && (is_sequence(&self.alternate) || self.end.is_some()) {
            true => {}
            false if is_symbol(&self.reference) || is_symbol(&self.alternate) => {
                return Ok(State::Symbolic);
            }
            false => return Ok(State::NotBases),
        }
        let Some(chrom) = genome.contigs.find(&self.chrom) else {
            return Ok(State::Unknown);
        };
        let (first, end) = genome.range(chrom);
        if self.start < first || self.start + self.span() > end {
            return Ok(State::Outside);
        }
        let is_there = |allele: &str| -> Result<bool> {
            Ok(
                reference_codes(genome, chrom, self.start, self.start + allele.len() as i64)?
                    == alphabet::codes(allele)?,
            )
        };
        Ok(match () {
            () if is_there(&self.reference)? => State::Fits,
            () if self.end.is_none() && is_there(&self.alternate)? => State::Swapped,
            () => State::Mismatched,
        })
    }

    /// Bases of the reference that it replaces.
    pub fn span(&self) -> i64 {
        self.end
            .map_or(self.reference.len() as i64, |end| end - self.start)
    }

    /// The same change, as far left as possible and without bases that both alleles share (Tan,
    /// Abecasis & Kang 2015). Symbolic deletions stay where they are.
    pub fn normalised(&self, genome: &Genome) -> Result<Variant> {
        if self.end.is_some() {
            return Ok(self.clone());
        }
        let chrom = genome.chrom(&self.chrom)?;
        let (mut reference, mut alternate) = (
            self.reference.clone().into_bytes(),
            self.alternate.clone().into_bytes(),
        );
        let mut start = self.start;
        let first = genome.range(chrom).0;
        loop {
            if reference.last() == alternate.last()
                && reference.len().max(alternate.len()) > 1
                && !reference.is_empty()
                && !alternate.is_empty()
            {
                reference.pop();
                alternate.pop();
            } else {
                break;
            }
            if reference.is_empty() || alternate.is_empty() {
                if start == first {
                    // at the very start the base behind is shared instead
                    let behind = alphabet::decode(&reference_codes(
                        genome,
                        chrom,
                        start + reference.len() as i64,
                        start + reference.len() as i64 + 1,
                    )?);
                    reference.extend(behind.bytes());
                    alternate.extend(behind.bytes());
                    break;
                }
                start -= 1;
                let before = alphabet::decode(&reference_codes(genome, chrom, start, start + 1)?)
                    .into_bytes();
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
        Ok(Variant {
            start,
            reference: text(reference),
            alternate: text(alternate),
            ..self.clone()
        })
    }

    /// The codes of a window of `length` around the reference allele, as the genome has it and with
    /// the alternate; what an insertion pushes out is cut at the end, what a deletion leaves is
    /// filled from there. A symbolic deletion leaves its first base, as `bcftools consensus` does.
    pub fn window(&self, genome: &Genome, length: usize) -> Result<(Vec<u8>, Vec<u8>)> {
        let chrom = genome.chrom(&self.chrom)?;
        let (length, span) = (length as i64, self.span());
        let from = self.start - ((length - span).div_euclid(2)).max(0);
        let before = reference_codes(genome, chrom, from, from + length)?;
        let mut after = reference_codes(genome, chrom, from, self.start)?;
        after.extend(alphabet::codes(if self.end.is_some() {
            &self.reference
        } else {
            &self.alternate
        })?);
        let behind = self.start + span;
        let missing = length - after.len() as i64;
        after.extend(reference_codes(
            genome,
            chrom,
            behind,
            behind + missing.max(0),
        )?);
        after.truncate(length as usize);
        Ok((before, after))
    }
}

/// Sequences with either allele of variants.
#[derive(Debug, Default)]
pub struct Alleles {
    /// With the reference allele, as the genome has it.
    pub reference: Vec<Vec<u8>>,
    /// With the alternate allele.
    pub alternate: Vec<Vec<u8>>,
    /// Variants whose reference allele is not what the genome holds.
    pub mismatched: Vec<usize>,
}

/// The sequences of `length` of both alleles of a list with fields `reference` and `alternate`,
/// each around its variant.
pub fn alleles(genome: &Genome, list: &Intervals, length: usize) -> Result<Alleles> {
    let own = list.in_genome(genome)?;
    let (Field::Text(references), Field::Text(alternates)) =
        (list.need("reference")?, list.need("alternate")?)
    else {
        bail!("data", "these are no variants"; hint: "`intervals::read(\"….vcf\")` reads them");
    };
    let mut out = Alleles::default();
    for (i, row) in own.rows.iter().enumerate() {
        let variant = Variant {
            chrom: genome.contigs.names()[row.chrom as usize].clone(),
            start: row.start,
            name: ".".into(),
            reference: references[i].to_string(),
            alternate: alternates[i].to_string(),
            // without its end a deletion has the interval of its first base
            end: (is_deletion(&alternates[i]) && row.len() > references[i].len() as i64)
                .then_some(row.end),
        };
        let shown = || {
            format!(
                "variant {i} ({}, {}>{})",
                list.region_text(i),
                variant.reference,
                variant.alternate
            )
        };
        match variant.state(genome)? {
            State::Symbolic | State::NotBases => {
                bail!(
                    "data",
                    "{}: an allele is no sequence",
                    shown();
                    hint: "alleles are written in A, C, G, T and N; of symbolic ones `<DEL>` \
                        alone has a sequence"
                )
            }
            State::Fits => {}
            _ => out.mismatched.push(i),
        }
        if variant.span() != row.len() {
            bail!(
                "data",
                "{}: the interval has {} bases, its reference allele {}",
                shown(),
                row.len(),
                variant.span()
            );
        }
        let (before, after) = variant.window(genome, length)?;
        out.reference.push(before);
        out.alternate.push(after);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::vcf::end_of;
    use super::*;
    use crate::seq::fasta::Records;

    fn genome() -> Genome {
        let codes = alphabet::codes("GGCACACATTTG").unwrap();
        Genome::of_records(Records {
            names: vec!["chr1".into()],
            offsets: vec![0, codes.len()],
            lines: vec![1],
            codes,
            ..Records::default()
        })
    }

    fn variant(start: i64, reference: &str, alternate: &str) -> Variant {
        Variant {
            chrom: "1".into(),
            start,
            name: ".".into(),
            reference: reference.into(),
            alternate: alternate.into(),
            end: None,
        }
    }

    #[test]
    fn variants_are_moved_left_and_trimmed() {
        let moved = |start, reference, alternate| {
            let v = variant(start, reference, alternate)
                .normalised(&genome())
                .unwrap();
            (v.start, v.reference, v.alternate)
        };
        // one CA less of three: bcftools norm writes GCA > G at the base before the first
        assert_eq!(moved(5, "ACA", "A"), (1, "GCA".into(), "G".into()));
        assert_eq!(moved(8, "T", "TT"), (7, "A".into(), "AT".into()));
        assert_eq!(moved(2, "CAC", "CTC"), (3, "A".into(), "T".into()));
    }

    #[test]
    fn the_reference_is_asked() {
        let state = |start, reference, alternate| {
            variant(start, reference, alternate)
                .state(&genome())
                .unwrap()
        };
        assert_eq!(state(2, "C", "T"), State::Fits);
        assert_eq!(state(2, "T", "C"), State::Swapped);
        assert_eq!(state(2, "T", "A"), State::Mismatched);
        assert_eq!(state(11, "GA", "G"), State::Outside);
        assert_eq!(state(2, "C", "<DEL>"), State::Symbolic);
        for alternate in ["*", "<DUP>", "C[chr2:5[", "]chr2:5]C", "."] {
            assert_eq!(state(2, "C", alternate), State::Symbolic, "{alternate}");
        }
        // letters for no base or for several are not N
        for (reference, alternate) in [
            ("-", "A"),
            ("C", "-"),
            ("C", "R"),
            ("y", "C"),
            ("C", ""),
            ("C", "AXA"),
            ("C", "A-"),
        ] {
            assert_eq!(
                state(2, reference, alternate),
                State::NotBases,
                "{reference}>{alternate}"
            );
        }
        assert_eq!(state(2, "c", "n"), State::Fits);
        assert_eq!(
            Variant {
                chrom: "7".into(),
                ..variant(2, "C", "T")
            }
            .state(&genome())
            .unwrap(),
            State::Unknown
        );
    }

    #[test]
    fn symbolic_deletions_leave_their_first_base() {
        let whole = "GGCACACATTTG";
        for (info, end) in [
            ("SVTYPE=DEL;END=8", Some(8)),
            ("SVLEN=-5", Some(8)),
            ("SVLEN=5", Some(8)),
            ("END=3", None),
            ("SVTYPE=DEL", None),
            ("END=x", None),
        ] {
            assert_eq!(end_of(info, 3, 0), end, "{info}");
        }
        assert_eq!(end_of("SVLEN=.,-2", 3, 1), Some(5));
        let deleted = Variant {
            end: Some(8),
            ..variant(2, "C", "<DEL>")
        };
        assert_eq!(
            (deleted.state(&genome()).unwrap(), deleted.span()),
            (State::Fits, 6)
        );
        let (before, after) = deleted.window(&genome(), 8).unwrap();
        assert_eq!(
            (alphabet::decode(&before), alphabet::decode(&after)),
            (whole[1..9].into(), "GCTTTGNN".into())
        );
        // the same as with its bases written out
        let plain = variant(2, "CACACA", "C").window(&genome(), 8).unwrap();
        assert_eq!((before, after), plain);
        assert_eq!(
            Variant {
                end: Some(8),
                ..variant(2, "G", "<DEL>")
            }
            .state(&genome())
            .unwrap(),
            State::Mismatched
        );
        assert_eq!(
            Variant {
                end: Some(99),
                ..variant(2, "C", "<DEL>")
            }
            .state(&genome())
            .unwrap(),
            State::Outside
        );
    }

    #[test]
    fn windows_hold_either_allele() {
        // deletions longer than the window start at its first base
        let (before, after) = variant(1, "GCACACAT", "G").window(&genome(), 4).unwrap();
        assert_eq!(
            (alphabet::decode(&before), alphabet::decode(&after)),
            ("GCAC".into(), "GTTG".into())
        );
        let (before, after) = variant(3, "AC", "A").window(&genome(), 6).unwrap();
        assert_eq!(
            (alphabet::decode(&before), alphabet::decode(&after)),
            ("GCACAC".into(), "GCAACA".into())
        );
        let (before, after) = variant(0, "G", "GTT").window(&genome(), 4).unwrap();
        assert_eq!(
            (alphabet::decode(&before), alphabet::decode(&after)),
            ("NGGC".into(), "NGTT".into())
        );
    }

    /// A reference allele that is longer than the window was listed as mismatched.
    #[test]
    fn alleles_longer_than_the_window_match_the_reference() {
        let genome = genome();
        let row = |start, end| Interval::new(0, start, end);
        let words = |words: [&str; 3]| Field::Text(words.map(Into::into).to_vec());
        // of the sequence: 1 GCACACAT, 3 AC; 1 GCACACAC is not
        let rows = vec![row(1, 9), row(3, 5), row(1, 9)];
        let list = Intervals::new(genome.contigs.clone(), rows)
            .with_field("reference", words(["GCACACAT", "AC", "GCACACAC"]))
            .with_field("alternate", words(["G", "A", "G"]));
        let alleles = alleles(&genome, &list, 4).unwrap();
        assert_eq!(alleles.mismatched, [2]);
        let letters = |rows: &[Vec<u8>]| {
            let letters = rows.iter().map(|codes| alphabet::decode(codes));
            letters.collect::<Vec<_>>()
        };
        assert_eq!(letters(&alleles.reference), ["GCAC", "CACA", "GCAC"]);
        assert_eq!(letters(&alleles.alternate), ["GTTG", "CAAC", "GTTG"]);
    }
}
