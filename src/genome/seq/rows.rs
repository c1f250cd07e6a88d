//! Several sequences at once: substituted motifs, random ranges, gapped k-mers.

use super::gapped::Gapped;
use super::{edit, random};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, memory};

/// Substitutes motifs in a sequence, `gaps` positions apart.
pub fn substituted<T: Copy>(
    row: &[T],
    motifs: &[&[T]],
    gaps: &[i64],
    start: Option<i64>,
    keeps: impl Fn(T) -> bool + Copy,
) -> Result<Vec<T>> {
    let widths: Vec<usize> = motifs.iter().map(|motif| motif.len()).collect();
    let starts = edit::arranged(&widths, gaps, row.len(), start)?;
    let mut row = row.to_vec();
    for (motif, start) in motifs.iter().zip(starts) {
        edit::substitute(&mut row, motif, Some(start), keeps)?;
    }
    Ok(row)
}

/// A range of positions with random bases.
#[derive(Clone, Debug)]
pub struct RandomRange {
    /// First position, from 0.
    pub start: i64,
    /// End, exclusive.
    pub end: i64,
    /// Probabilities of A, C, G and T.
    pub probabilities: [f64; 4],
    /// What A, C, G and T are in the sequences: letters or codes.
    pub symbols: [u8; 4],
    /// Seed of the bases.
    pub seed: u64,
}

impl RandomRange {
    /// Random versions of each sequence; those of a sequence are adjacent.
    pub fn versions(&self, rows: &[Vec<u8>], copies: usize) -> Result<Vec<Vec<u8>>> {
        let bases: usize = rows.iter().map(Vec::len).sum();
        let size = bases as i64 + 64 * rows.len() as i64;
        memory::elements(&[copies as i64, size], 8)?;
        let mut versions = Vec::with_capacity(copies * rows.len());
        for (i, row) in rows.iter().enumerate() {
            let (start, end) = edit::range(self.start, self.end, row.len())?;
            for copy in 0..copies as u64 {
                let mut rng = Rng::keyed(&[self.seed, 0x7261_6e64, i as u64, copy]);
                let mut version = row.clone();
                for value in &mut version[start..end] {
                    let code = random::base(&self.probabilities, &mut rng);
                    *value = self.symbols[code as usize];
                }
                versions.push(version);
            }
        }
        Ok(versions)
    }
}

/// Counts gapped k-mers of sequences, or sums the scores of their positions: the number of the
/// sequence, the k-mer and its score.
pub fn gapped_kmers(
    gapped: &Gapped,
    rows: &[Vec<u8>],
    scores: Option<&[f64]>,
) -> Result<Vec<(usize, String, f64)>> {
    gapped.check()?;
    let mut kmers = Vec::new();
    let mut at = 0;
    for (i, row) in rows.iter().enumerate() {
        let counted = vec![1.0; row.len()];
        let scores = scores.map_or(&counted[..], |scores| &scores[at..at + row.len()]);
        if scores.iter().any(|score| !score.is_finite()) {
            bail!(
                "value",
                "option `scores`: sequence {i} has a score that is not finite"
            );
        }
        let of_row = gapped.of(row, scores)?.into_iter();
        kmers.extend(of_row.map(|(kmer, score)| (i, kmer, score)));
        at += row.len();
    }
    Ok(kmers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motifs_are_substituted_at_their_distances() {
        let motifs: [&[u8]; 2] = [b"CC", b"GNG"];
        let row = substituted(b"AAAAAAAAA", &motifs, &[1], Some(1), |value| value == b'N');
        assert_eq!(row.ok().as_deref(), Some(&b"ACCAGAGAA"[..]));
    }

    #[test]
    fn bases_outside_of_the_range_are_kept() {
        let range = RandomRange {
            start: 1,
            end: 3,
            probabilities: [0.0, 0.0, 0.0, 1.0],
            symbols: *b"ACGT",
            seed: 1,
        };
        let rows = [b"AAAA".to_vec(), b"CCCCC".to_vec()];
        let versions = range.versions(&rows, 2).expect("versions");
        assert_eq!(versions, [&b"ATTA"[..], b"ATTA", b"CTTCC", b"CTTCC"]);
        let uniform = RandomRange {
            start: 0,
            end: 4,
            probabilities: [0.25; 4],
            ..range
        };
        let versions = uniform.versions(&rows[..1], 20).expect("versions");
        assert!(versions.iter().any(|version| *version != versions[0]));
        assert!(uniform.versions(&[b"A".to_vec()], 1).is_err());
    }

    #[test]
    fn kmers_state_their_sequence() {
        let gapped = Gapped {
            bases: (2, 2),
            max_step: 1,
            max_length: 2,
            most: 9,
            positions: None,
        };
        let rows = [vec![0, 1], vec![2, 3, 2]];
        let counted = gapped_kmers(&gapped, &rows, None).expect("k-mers");
        assert_eq!(counted[0], (0, "AC".into(), 1.0));
        assert_eq!(
            counted.iter().map(|kmer| kmer.0).collect::<Vec<_>>(),
            [0, 1, 1]
        );
        let scores = [0.0, f64::NAN, 0.0, 0.0, 0.0];
        assert!(gapped_kmers(&gapped, &rows, Some(&scores)).is_err());
    }
}
