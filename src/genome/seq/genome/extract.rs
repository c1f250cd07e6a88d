//! Sequences of intervals as letters: with the case of the file, block by block, as FASTA.

use super::Genome;
use crate::seq::intervals::{Intervals, blocks};
use cistron_base::delimited::one_line;
use cistron_base::{Interval, Result, Strand};

/// How sequences are cut out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cut {
    /// Whether lower case (soft-masked repeats) is kept; else all letters are upper case.
    pub keep_case: bool,
    /// Whether only the blocks of BED12 rows are cut out and put together.
    pub split: bool,
    /// Whether intervals on the reverse strand are read from there.
    pub by_strand: bool,
}

/// The name of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Title {
    /// `chr1:10-20`.
    #[default]
    Position,
    /// The field `name`.
    Name,
    /// `name::chr1:10-20`.
    Both,
}

fn complement(letter: u8) -> u8 {
    const FROM: &[u8] = b"ACGTURYKMBVDHacgturykmbvdh";
    const TO: &[u8] = b"TGCAAYRMKVBHDtgcaayrmkvbhd";
    FROM.iter()
        .position(|own| *own == letter)
        .map_or(letter, |i| TO[i])
}

impl Genome {
    /// Appends the letters of an interval as the file has them; positions outside of its chromosome
    /// are N.
    fn letters_into(&self, interval: &Interval, out: &mut Vec<u8>) -> Result<()> {
        let (first, end) = self.range(interval.chrom);
        let (from, to) = (
            interval.start.clamp(first, end),
            interval.end.clamp(first, end),
        );
        let at = out.len();
        out.resize(
            at + (from - interval.start).clamp(0, interval.len()) as usize,
            b'N',
        );
        if to > from {
            let (from, to) = ((from - first) as u64, (to - first) as u64);
            self.store
                .letters(interval.chrom, from, to, true, out)
                .map_err(|fault| fault.context(self.path_text()))?;
        }
        out.resize(at + interval.len().max(0) as usize, b'N');
        Ok(())
    }

    /// The sequence of each interval, which counts the chromosomes of this genome.
    pub fn cut(&self, list: &Intervals, how: &Cut) -> Result<Vec<String>> {
        let ranges = match how.split {
            true => blocks::of(list)?,
            false => list
                .rows
                .iter()
                .map(|row| vec![(row.start, row.end)])
                .collect(),
        };
        let one = |(row, ranges): (&Interval, Vec<(i64, i64)>)| {
            let mut out = Vec::new();
            for (start, end) in ranges {
                self.letters_into(&Interval { start, end, ..*row }, &mut out)?;
            }
            if !how.keep_case {
                out.make_ascii_uppercase();
            }
            if how.by_strand && row.strand == Strand::Reverse {
                out.reverse();
                out.iter_mut()
                    .for_each(|letter| *letter = complement(*letter));
            }
            Ok(String::from_utf8_lossy(&out).into_owned())
        };
        list.rows.iter().zip(ranges).map(one).collect()
    }

    /// The sequences as FASTA, or a name and a sequence on each line, as `bedtools getfasta`;
    /// intervals without bases are left out, which is their number.
    pub fn fasta(
        &self,
        list: &Intervals,
        how: &Cut,
        title: Title,
        tabbed: bool,
    ) -> Result<(String, usize)> {
        let (mut out, mut empty) = (String::new(), 0);
        for (i, sequence) in self.cut(list, how)?.into_iter().enumerate() {
            if sequence.is_empty() {
                empty += 1;
                continue;
            }
            let name = list.field("name").map_or(".".into(), |field| field.text(i));
            let mut head = match title {
                Title::Position => list.region_text(i),
                Title::Name => name,
                Title::Both => format!("{name}::{}", list.region_text(i)),
            };
            if how.by_strand {
                head += &format!("({})", list.rows[i].strand.letter());
            }
            let head = one_line(&head);
            out += &if tabbed {
                format!("{head}\t{sequence}\n")
            } else {
                format!(">{head}\n{sequence}\n")
            };
        }
        Ok((out, empty))
    }
}
