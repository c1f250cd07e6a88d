//! The motif that separates the training rows best.

use super::regression::area;
use super::rows::{AuditSettings, Rows};
use super::sequences::Sequences;
use crate::seq::Motif;
use crate::seq::alphabet;
use crate::seq::alphabets::Alphabet;
use cistron_base::seed::Rng;
use rayon::prelude::*;

/// Training rows on which the best motif is chosen.
const MOTIF_ROWS: usize = 2000;

/// The best log-odds of a motif in each sequence, on either strand where there are two.
fn motif_scores(motif: &Motif, sequences: &Sequences, rows: &[usize]) -> Vec<f64> {
    let of = |motif: &Motif| motif.log_odds(0.01, [0.25; 4]);
    let mut strands = vec![of(motif)];
    if sequences.has_two_strands() {
        strands.push(of(&motif.reverse_complement()));
    }
    let width = motif.width();
    let score = |row: &usize| {
        let mut best = f64::NEG_INFINITY;
        for word in sequences.row(*row).windows(width) {
            if word.iter().any(|code| *code >= alphabet::UNKNOWN) {
                continue;
            }
            for matrix in &strands {
                let pairs = matrix.iter().zip(word);
                best = best.max(pairs.map(|(odds, code)| odds[usize::from(*code)]).sum());
            }
        }
        if best.is_finite() { best } else { -1e3 }
    };
    rows.par_iter().map(score).collect()
}

/// The motif that separates the training rows best, and its scores of the test rows.
pub fn best<'a>(
    train: &Rows,
    test: &Rows,
    settings: &'a AuditSettings,
) -> Option<(&'a Motif, Vec<f64>)> {
    let (own, other) = train.sequences.as_ref().zip(test.sequences.as_ref())?;
    if own.alphabet() == Alphabet::Protein {
        return None;
    }
    let known = train.known();
    let order = Rng::keyed(&[settings.seed, 0x6d6f_7469]).permutation(known.len());
    let few = order.iter().take(MOTIF_ROWS).map(|i| known[*i as usize]);
    let rows: Vec<usize> = few.collect();
    let classes = train.classes(&rows);
    let area_of = |motif| (motif, area(&motif_scores(motif, own, &rows), &classes));
    let motifs = settings.motifs.iter().filter(|motif| motif.width() > 0);
    let (best, _) = motifs.map(area_of).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let all: Vec<usize> = (0..other.len()).collect();
    Some((best, motif_scores(best, other, &all)))
}
