//! What motifs do in backgrounds: alone, and together at distances and orientations.

use super::incremental::values;
use super::target::{Still, Target};
use cistron_base::Result;
use cistron_base::bail;
use cistron_genome::seq::{Motif, alphabet};

/// Sequences in which motifs are planted.
pub struct Backgrounds {
    /// Codes, one sequence after the other.
    pub codes: Vec<u8>,
    /// Bases of a sequence.
    pub length: usize,
}

/// A word that is planted, and where its first base comes to lie.
pub type Planted<'a> = (&'a [u8], usize);

/// The likeliest word of a motif, on either strand.
pub fn word(motif: &Motif, reverse: bool) -> Vec<u8> {
    let mut word = motif.likeliest();
    if reverse {
        alphabet::reverse_complement(&mut word);
    }
    word
}

impl Backgrounds {
    /// The target with words planted in every sequence.
    pub fn with(
        &self,
        still: &Still,
        target: &Target,
        words: &[Planted],
        batch: usize,
    ) -> Result<Vec<f64>> {
        let mut codes = self.codes.clone();
        for (word, at) in words {
            if at + word.len() > self.length {
                bail!(
                    "option",
                    "a motif of {} bp at position {at} is beyond the end of sequences of {} bp",
                    word.len(),
                    self.length
                );
            }
            codes
                .chunks_exact_mut(self.length)
                .for_each(|row| row[*at..][..word.len()].copy_from_slice(word));
        }
        Ok(values(
            still,
            &codes,
            self.length,
            std::slice::from_ref(target),
            batch,
        )?
        .swap_remove(0))
    }
}

/// The target of each background with neither of two words, with either, with both.
pub struct Together {
    /// With neither.
    pub none: Vec<f64>,
    /// With the first alone.
    pub first: Vec<f64>,
    /// With the second alone.
    pub second: Vec<f64>,
    /// With both.
    pub both: Vec<f64>,
}

impl Together {
    /// Of each background what both do beyond the sum of what each does alone.
    pub fn interactions(&self) -> Vec<f64> {
        (0..self.none.len())
            .map(|i| self.both[i] - self.first[i] - self.second[i] + self.none[i])
            .collect()
    }

    /// Of each background what both do.
    pub fn effects(&self) -> Vec<f64> {
        self.both
            .iter()
            .zip(&self.none)
            .map(|(both, none)| both - none)
            .collect()
    }
}

/// Plants two words.
pub fn together(
    still: &Still,
    target: &Target,
    grounds: &Backgrounds,
    first: Planted,
    second: Planted,
    batch: usize,
) -> Result<Together> {
    let with = |words: &[Planted]| grounds.with(still, target, words, batch);
    Ok(Together {
        none: with(&[])?,
        first: with(&[first])?,
        second: with(&[second])?,
        both: with(&[first, second])?,
    })
}
