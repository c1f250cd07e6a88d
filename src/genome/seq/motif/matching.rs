//! Filters against motifs whose consensus is known: which filter has learned one motif, which a
//! combination, which none.
//!
//! van den Bogaard, Predicting chromatin accessibility with convolutional neural networks (thesis),
//! 3.3.

use super::Motif;
use crate::seq::alphabet;

/// The thresholds of the rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The least contribution to the information of a position at which a base is looked for, bits.
    pub information: f64,
    /// The least share of bases that agree, of the shorter of filter and motif.
    pub score: f64,
    /// Whether motifs are also tried on the other strand.
    pub both_strands: bool,
}

/// How well a motif fits a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The motif's number.
    pub motif: usize,
    /// The share of bases that agree at the best place.
    pub score: f64,
}

/// The bases that each position looks for, as bits.
fn looked_for(filter: &Motif, least: f64) -> Vec<u8> {
    let bits = filter.information();
    let one = |(row, bits): (&[f64; 4], f64)| {
        (0..4)
            .filter(|base| row[*base] * bits > least)
            .fold(0, |set, base| set | 1 << base)
    };
    filter.ppm.iter().zip(bits).map(one).collect()
}

fn best(filter: &[u8], motif: &[u8]) -> f64 {
    let (n, m) = (filter.len() as i64, motif.len() as i64);
    let agree = |shift: i64| {
        (0..m)
            .filter(|i| {
                filter
                    .get((i + shift).max(-1) as usize)
                    .is_some_and(|set| i + shift >= 0 && set >> motif[*i as usize] & 1 == 1)
            })
            .count()
    };
    let most = (1 - m..n).map(agree).max().unwrap_or(0);
    most as f64 / n.min(m).max(1) as f64
}

/// For each filter the motifs that fit, the best first: one makes it a single-motif filter, several
/// a combination.
pub fn matches(filters: &[Motif], motifs: &[Motif], rule: &Rule) -> Vec<Vec<Fit>> {
    let words: Vec<Vec<Vec<u8>>> = motifs
        .iter()
        .map(|motif| {
            let mut words = vec![motif.likeliest()];
            if rule.both_strands {
                let mut turned = words[0].clone();
                alphabet::reverse_complement(&mut turned);
                words.push(turned);
            }
            words
        })
        .collect();
    filters
        .iter()
        .map(|filter| {
            let sets = looked_for(filter, rule.information);
            let score = |words: &Vec<Vec<u8>>| {
                words
                    .iter()
                    .map(|word| best(&sets, word))
                    .fold(0.0, f64::max)
            };
            let mut fits: Vec<Fit> = words
                .iter()
                .enumerate()
                .map(|(motif, words)| Fit {
                    motif,
                    score: score(words),
                })
                .filter(|fit| fit.score >= rule.score)
                .collect();
            fits.sort_by(|a, b| b.score.total_cmp(&a.score));
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        information: 0.1,
        score: 0.8,
        both_strands: false,
    };

    #[test]
    fn filters_of_one_motif_of_two_and_of_none() {
        let motifs = [
            Motif::from_consensus("a", "ACGTACGTAC").unwrap(),
            Motif::from_consensus("b", "TTTTGGGGCC").unwrap(),
        ];
        let mut single = vec![[0.25; 4]; 3];
        single.extend(&motifs[0].ppm);
        // half of each, one upon the other
        let both = motifs[0]
            .ppm
            .iter()
            .zip(&motifs[1].ppm)
            .map(|(a, b)| std::array::from_fn(|i| (a[i] + b[i]) / 2.0))
            .collect();
        let filters = [
            Motif::new("f1", single),
            Motif::new("f2", both),
            Motif::new("f3", vec![[0.25; 4]; 10]),
        ];
        let found: Vec<Vec<usize>> = matches(&filters, &motifs, &RULE)
            .iter()
            .map(|fits| fits.iter().map(|fit| fit.motif).collect())
            .collect();
        assert_eq!(found, [vec![0], vec![0, 1], vec![]]);
    }

    #[test]
    fn a_long_motif_fits_a_short_filter_and_the_other_strand_where_asked() {
        let motif = Motif::from_consensus("a", "ACGGTTACGAT").unwrap();
        let part = Motif::new("f", motif.ppm[2..9].to_vec());
        let fits = |filter: &Motif, rule: &Rule| {
            matches(
                std::slice::from_ref(filter),
                std::slice::from_ref(&motif),
                rule,
            )
            .remove(0)
        };
        assert_eq!(fits(&part, &RULE)[0].score, 1.0);
        let turned = part.reverse_complement();
        assert!(fits(&turned, &RULE).is_empty());
        assert_eq!(
            fits(
                &turned,
                &Rule {
                    both_strands: true,
                    ..RULE
                }
            )
            .len(),
            1
        );
    }
}
