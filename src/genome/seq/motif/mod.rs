//! Motifs as position probability matrices: files, occurrences, comparison and groups.

pub mod background;
mod check;
pub mod cluster;
mod counts;
pub mod enrichment;
pub mod matching;
mod matrices;
pub mod meme;
mod page;
pub mod priors;
mod read;
pub mod scan;
pub mod scanned;
mod sites;
pub mod tomtom;
mod transfac;

pub use counts::most_informative;
pub use read::read;

use cistron_base::Result;
use cistron_base::{bail, fault};
use serde::{Deserialize, Serialize};

/// A motif: probabilities of A, C, G, T at each position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Motif {
    /// Its name.
    pub name: String,
    /// A second name, such as that of the factor; empty where its source has none.
    pub alt: String,
    /// A row for each position; each sums to 1.
    pub ppm: Vec<[f64; 4]>,
    /// How many sites it was made from; 0 where that is not known.
    pub sites: f64,
    /// Background frequencies of A, C, G, T in its file.
    pub background: Option<[f64; 4]>,
}

/// IUPAC letters with their sets of bases, as bits of A, C, G, T.
const IUPAC: [(char, u8); 15] = [
    ('A', 1),
    ('C', 2),
    ('G', 4),
    ('T', 8),
    ('M', 3),
    ('R', 5),
    ('W', 9),
    ('S', 6),
    ('Y', 10),
    ('K', 12),
    ('V', 7),
    ('H', 11),
    ('D', 13),
    ('B', 14),
    ('N', 15),
];

impl Motif {
    /// A motif of probabilities.
    pub fn new(name: impl Into<String>, ppm: Vec<[f64; 4]>) -> Motif {
        Motif {
            name: name.into(),
            alt: String::new(),
            ppm,
            sites: 0.0,
            background: None,
        }
    }

    /// Whether this is its name or its second name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || (!self.alt.is_empty() && self.alt == name)
    }

    /// A motif of the bases that IUPAC letters allow, each as likely.
    pub fn from_consensus(name: &str, consensus: &str) -> Result<Motif> {
        if consensus.is_empty() {
            bail!("value", "a consensus needs at least one letter");
        }
        let row = |letter: char| {
            let found = IUPAC
                .iter()
                .find(|(known, _)| *known == letter.to_ascii_uppercase());
            let (_, bits) = found.ok_or_else(|| {
                fault!(
                    "value",
                    "`{letter}` in consensus \"{consensus}\" is no IUPAC base"
                )
            })?;
            let share = 1.0 / f64::from(bits.count_ones());
            Ok(std::array::from_fn(|base| {
                if bits >> base & 1 == 1 { share } else { 0.0 }
            }))
        };
        Ok(Motif::new(
            name,
            consensus.chars().map(row).collect::<Result<_>>()?,
        ))
    }

    /// Positions.
    pub fn width(&self) -> usize {
        self.ppm.len()
    }

    /// The likeliest base at each position; `N` where none reaches a third.
    pub fn consensus(&self) -> String {
        self.ppm
            .iter()
            .map(|row| {
                let (best, p) =
                    row.iter().enumerate().fold(
                        (0, 0.0),
                        |best, (i, p)| if *p > best.1 { (i, *p) } else { best },
                    );
                if p < 1.0 / 3.0 {
                    'N'
                } else {
                    "ACGT".as_bytes()[best] as char
                }
            })
            .collect()
    }

    /// The IUPAC letter of the bases at each position that are at least half as likely as the
    /// likeliest: the consensus of the MEME suite.
    pub fn iupac(&self) -> String {
        let letter = |row: &[f64; 4]| {
            let most = row.iter().copied().fold(f64::MIN, f64::max);
            let likely = (0..4).filter(|base| row[*base] >= 0.5 * most);
            let bits: u8 = likely.map(|base| 1 << base).sum();
            let found = IUPAC.iter().find(|(_, set)| *set == bits);
            found.map_or('N', |(letter, _)| *letter)
        };
        self.ppm.iter().map(letter).collect()
    }

    /// Information of each position against equal bases, bits.
    pub fn information(&self) -> Vec<f64> {
        self.ppm
            .iter()
            .map(|row| {
                2.0 + row
                    .iter()
                    .filter(|p| **p > 0.0)
                    .map(|p| p * p.log2())
                    .sum::<f64>()
            })
            .collect()
    }

    /// Information in all, bits.
    pub fn total_information(&self) -> f64 {
        self.information().iter().sum()
    }

    /// How many sites it was made from; 20 where it does not tell.
    pub fn site_count(&self) -> f64 {
        if self.sites > 0.0 { self.sites } else { 20.0 }
    }

    /// The code of the likeliest base at each position.
    pub fn likeliest(&self) -> Vec<u8> {
        self.ppm.iter().map(likeliest).collect()
    }

    /// Probabilities after so many sites' worth of the background were added to each position.
    pub fn with_pseudocount(&self, pseudocount: f64, background: [f64; 4]) -> Motif {
        let sites = self.site_count();
        let row = |row: &[f64; 4]| {
            let sum: f64 = row.iter().sum();
            std::array::from_fn(|base| {
                (row[base] / sum * sites + pseudocount * background[base]) / (sites + pseudocount)
            })
        };
        Motif {
            ppm: self.ppm.iter().map(row).collect(),
            ..self.clone()
        }
    }

    /// The positions from the first to the last that say at least `bits`; empty where none does.
    pub fn trimmed(&self, bits: f64) -> Motif {
        let own = self.information();
        let first = own.iter().position(|x| *x >= bits).unwrap_or(own.len());
        let last = own
            .iter()
            .rposition(|x| *x >= bits)
            .map_or(first, |last| last + 1);
        Motif {
            ppm: self.ppm[first..last].to_vec(),
            ..self.clone()
        }
    }

    /// log2 of each probability over the background, bits.
    pub fn log_odds(&self, pseudocount: f64, background: [f64; 4]) -> Vec<[f64; 4]> {
        let smooth = self.with_pseudocount(pseudocount, background);
        smooth
            .ppm
            .iter()
            .map(|row| std::array::from_fn(|base| (row[base] / background[base]).log2()))
            .collect()
    }

    /// The reverse complement.
    pub fn reverse_complement(&self) -> Motif {
        let ppm = self
            .ppm
            .iter()
            .rev()
            .map(|row| [row[3], row[2], row[1], row[0]])
            .collect();
        Motif {
            ppm,
            ..self.clone()
        }
    }
}

/// The code of the likeliest base; of equals the last.
pub fn likeliest(row: &[f64; 4]) -> u8 {
    (0..4u8)
        .max_by(|a, b| row[usize::from(*a)].total_cmp(&row[usize::from(*b)]))
        .unwrap_or(0)
}

/// Numbers scaled to sum to 1; equal shares where they sum to nothing.
pub fn shares(row: [f64; 4]) -> [f64; 4] {
    let sum: f64 = row.iter().sum();
    if sum > 0.0 {
        row.map(|x| x / sum)
    } else {
        [0.25; 4]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_is_two_bits_for_a_fixed_base() {
        let motif = Motif::from_consensus("m", "ARN").unwrap();
        assert_eq!(motif.information(), [2.0, 1.0, 0.0]);
    }

    #[test]
    fn iupac_letters_are_those_of_likely_bases() {
        let motif = Motif::from_consensus("m", "ARNHK").unwrap();
        assert_eq!(motif.iupac(), "ARNHK");
        let rows = vec![[0.6, 0.3, 0.1, 0.0], [0.61, 0.3, 0.09, 0.0]];
        assert_eq!(Motif::new("m", rows).iupac(), "MA");
    }
}
