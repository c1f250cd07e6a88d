//! Sequences that motifs are searched in, with their names and positions.

use super::priors::{self, Distribution};
use super::scan::{self, Hit};
use crate::seq::contigs::cut_out;
use crate::seq::fasta::Records;
use crate::seq::{Genome, alphabet};
use cistron_base::{Interval, Result, bail, fault};
use std::collections::HashMap;

/// A sequence that is scanned.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// Its name.
    pub name: String,
    /// Coordinate of its first base.
    pub origin: i64,
    /// Its bases, as codes.
    pub codes: Vec<u8>,
}

impl Scanned {
    /// A sequence whose first base has the coordinate 0.
    pub fn new(name: impl Into<String>, codes: Vec<u8>) -> Scanned {
        Scanned {
            name: name.into(),
            origin: 0,
            codes,
        }
    }

    /// The chromosomes of a genome.
    pub fn of_genome(genome: &Genome) -> Result<Vec<Scanned>> {
        let chromosome = |(chrom, name): (usize, &String)| {
            let (start, end) = genome.range(chrom as u32);
            let codes = genome.fetch(&Interval::new(chrom as u32, start, end))?;
            Ok(Scanned {
                name: name.clone(),
                origin: start,
                codes,
            })
        };
        let names = genome.contigs.names().iter().enumerate();
        names.map(chromosome).collect()
    }

    /// The records of a FASTA file, named up to the first blank.
    pub fn of_records(records: &Records) -> Vec<Scanned> {
        let sequence = |(i, name): (usize, &String)| {
            let name = name.split_whitespace().next().unwrap_or("");
            Scanned::new(name, records.sequence(i).to_vec())
        };
        records.names.iter().enumerate().map(sequence).collect()
    }

    /// The chromosome and the coordinate of the first base. With `genomic`, a name such as
    /// `chr1:101-200(+)` states both, as in MEME; else they are the name and the origin.
    pub fn position(&self, genomic: bool) -> (String, i64) {
        let range = match genomic {
            true => cut_out(self.range_name()),
            false => None,
        };
        match range {
            Some((chrom, (start, _))) => (chrom.to_string(), start - 1),
            None => (self.name.clone(), self.origin),
        }
    }

    /// The part of the name that may state a range: up to the last digit, or to a bracket.
    fn range_name(&self) -> &str {
        let name = self.name.as_str();
        let to_last_digit = name.rfind('-').map_or("", |dash| {
            let digits = name[dash + 1..].bytes().take_while(u8::is_ascii_digit);
            &name[..dash + 1 + digits.count()]
        });
        match cut_out(to_last_digit) {
            Some(_) => to_last_digit,
            None => name.split('(').next().unwrap_or(""),
        }
    }

    /// The bases of an occurrence of a motif of `width` positions, in the direction of the motif.
    pub fn site(&self, hit: &Hit, width: usize) -> String {
        let mut site = self.codes[hit.start..hit.start + width].to_vec();
        if hit.reverse {
            alphabet::reverse_complement(&mut site);
        }
        alphabet::decode(&site)
    }
}

/// Priors of the positions of sequences, by the names of the sequences, where a fraction `alpha` of
/// all sites is of interest; counted unless their distribution is given.
///
/// # Errors
/// Priors that are no probabilities, sequences without priors.
pub fn priors_of(
    sequences: &[Scanned],
    priors: &HashMap<String, Vec<f64>>,
    distribution: Option<Distribution>,
    alpha: f64,
) -> Result<scan::Priors> {
    let of_sequence = |sequence: &Scanned| {
        let priors = priors.get(&sequence.name).ok_or_else(|| {
            fault!(
                "data",
                "there are no priors of sequence `{}`",
                sequence.name
            )
        })?;
        let odds = priors.iter().map(|prior| priors::log_odds(prior * alpha));
        Ok(odds.collect())
    };
    let distribution = match distribution {
        Some(distribution) => distribution,
        None => Distribution::of(priors.values().flatten().copied())?,
    };
    Ok(scan::Priors {
        distribution: distribution.times(alpha),
        odds: sequences.iter().map(of_sequence).collect::<Result<_>>()?,
    })
}

/// Fails on priors that are no probabilities.
pub fn check_priors(priors: &HashMap<String, Vec<f64>>) -> Result<()> {
    for (name, values) in priors {
        if let Some(wrong) = values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            bail!(
                "value",
                "priors of `{name}` must be probabilities, got {wrong}"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_state_genomic_positions() {
        let at = |name: &str| Scanned::new(name, Vec::new()).position(true);
        assert_eq!(at("chr1:101-200"), ("chr1".into(), 100));
        assert_eq!(at("chr1:101-200(+)"), ("chr1".into(), 100));
        assert_eq!(at("chr1:101-200_peak7"), ("chr1".into(), 100));
        assert_eq!(at("peak-7"), ("peak-7".into(), 0));
        let plain = Scanned::new("chr1:101-200", Vec::new()).position(false);
        assert_eq!(plain, ("chr1:101-200".into(), 0));
    }

    #[test]
    fn sites_are_in_the_direction_of_the_motif() {
        let sequence = Scanned::new("a", alphabet::codes("AACGT").expect("bases"));
        let site = |reverse| {
            let hit = Hit {
                motif: 0,
                sequence: 0,
                start: 1,
                reverse,
                score: 0.0,
                p_value: 0.0,
                q_value: 0.0,
            };
            sequence.site(&hit, 3)
        };
        assert_eq!((site(false), site(true)), ("ACG".into(), "CGT".into()));
    }

    #[test]
    fn every_sequence_needs_priors() {
        let sequences = [Scanned::new("a", vec![0, 1])];
        let of = |name: &str, values: Vec<f64>| {
            let priors = HashMap::from([(name.to_string(), values)]);
            check_priors(&priors)?;
            priors_of(&sequences, &priors, None, 1.0)
        };
        let priors = of("a", vec![0.5, 0.25]).expect("priors");
        assert_eq!(
            priors.odds,
            [vec![priors::log_odds(0.5), priors::log_odds(0.25)]]
        );
        assert!(of("b", vec![0.5, 0.25]).is_err());
        assert!(of("a", vec![0.5, 1.25]).is_err());
    }
}
