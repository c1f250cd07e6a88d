//! Motifs from probabilities and counts, and counts of motifs.

use super::Motif;
use cistron_base::{Result, bail};

impl Motif {
    /// A motif of probabilities of A, C, G and T, which sum to 1 at each position.
    pub fn from_ppm(name: &str, ppm: Vec<[f64; 4]>) -> Result<Motif> {
        let is_wrong = |row: &[f64; 4]| {
            (row.iter().sum::<f64>() - 1.0).abs() > 0.01 || row.iter().any(|p| *p < 0.0)
        };
        if let Some(i) = ppm.iter().position(is_wrong) {
            bail!("value", "position {} of `ppm` does not sum to 1", i + 1);
        }
        Ok(Motif::new(name, ppm))
    }

    /// A motif of counts of A, C, G and T; a pseudocount is divided equally between the bases of
    /// each position.
    pub fn from_counts(name: &str, counts: &[[f64; 4]], pseudocount: f64) -> Result<Motif> {
        let sum = |row: &[f64; 4]| row.iter().sum::<f64>() + pseudocount;
        let is_wrong = |row: &[f64; 4]| row.iter().any(|n| *n < 0.0) || sum(row) <= 0.0;
        if let Some(i) = counts.iter().position(is_wrong) {
            bail!("value", "position {} of `counts` holds no counts", i + 1);
        }
        let probabilities = |row: &[f64; 4]| row.map(|n| (n + pseudocount / 4.0) / sum(row));
        Ok(Motif {
            sites: counts.iter().map(sum).fold(0.0, f64::max),
            ..Motif::new(name, counts.iter().map(probabilities).collect())
        })
    }

    /// The counts of A, C, G and T in a number of sites.
    pub fn counts(&self, sites: f64) -> Vec<[f64; 4]> {
        self.ppm.iter().map(|row| row.map(|p| p * sites)).collect()
    }
}

/// The motifs of the largest information, in decreasing order.
pub fn most_informative(motifs: &[Motif], n: usize) -> Vec<Motif> {
    let mut motifs = motifs.to_vec();
    motifs.sort_by(|a, b| b.total_information().total_cmp(&a.total_information()));
    motifs.truncate(n);
    motifs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_probabilities_and_counts_again() {
        let motif = Motif::from_counts("m", &[[3.0, 0.0, 0.0, 1.0]], 4.0).expect("a motif");
        assert_eq!(motif.ppm, [[0.5, 0.125, 0.125, 0.25]]);
        assert_eq!(motif.sites, 8.0);
        assert_eq!(motif.counts(8.0), [[4.0, 1.0, 1.0, 2.0]]);
        assert!(Motif::from_counts("m", &[[0.0; 4]], 0.0).is_err());
        assert!(Motif::from_counts("m", &[[-1.0, 5.0, 0.0, 0.0]], 0.0).is_err());
    }

    #[test]
    fn probabilities_sum_to_1() {
        assert!(Motif::from_ppm("m", vec![[0.25; 4]]).is_ok());
        assert!(Motif::from_ppm("m", vec![[0.25; 4], [0.5; 4]]).is_err());
        assert!(Motif::from_ppm("m", vec![[1.5, -0.5, 0.0, 0.0]]).is_err());
    }

    #[test]
    fn informative_motifs_are_first() {
        let motifs = ["N", "ACG", "AC"].map(|text| Motif::from_consensus(text, text));
        let motifs: Vec<Motif> = motifs.into_iter().collect::<Result<_>>().expect("motifs");
        let names: Vec<String> = most_informative(&motifs, 2)
            .into_iter()
            .map(|motif| motif.name)
            .collect();
        assert_eq!(names, ["ACG", "AC"]);
    }
}
