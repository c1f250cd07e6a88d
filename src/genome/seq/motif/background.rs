//! Background base frequencies that motifs are compared with.

use super::Motif;

/// Frequencies of the non-redundant DNA database, as MEME's.
const NRDB: [f64; 4] = [0.281_774, 0.222_020, 0.228_876, 0.267_330];
const UNIFORM: [f64; 4] = [0.25; 4];

/// Where background frequencies are from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MotifBackground {
    /// All bases are equally frequent.
    Uniform,
    /// Those of the non-redundant DNA database.
    Nrdb,
    /// Those that the motifs' file states; uniform without.
    Motif,
    /// Given shares of A, C, G and T.
    Shares([f64; 4]),
}

impl MotifBackground {
    /// The probabilities of A, C, G and T; those of complementary bases are equal where both
    /// strands are read.
    pub fn probabilities(&self, motifs: &[Motif], both_strands: bool) -> [f64; 4] {
        let shares = match self {
            MotifBackground::Uniform => UNIFORM,
            MotifBackground::Nrdb => NRDB,
            MotifBackground::Motif => {
                let mut backgrounds = motifs.iter().filter_map(|motif| motif.background);
                backgrounds.next().unwrap_or(UNIFORM)
            }
            MotifBackground::Shares(shares) => *shares,
        };
        let shares = match both_strands {
            false => shares,
            true => of_both_strands(shares),
        };
        let sum: f64 = shares.iter().sum();
        shares.map(|share| share / sum)
    }
}

/// Means of complementary bases.
pub(in crate::seq::motif) fn of_both_strands([a, c, g, t]: [f64; 4]) -> [f64; 4] {
    let (weak, strong) = (f64::midpoint(a, t), f64::midpoint(c, g));
    [weak, strong, strong, weak]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_1_and_are_alike_on_both_strands() {
        let shares = MotifBackground::Shares([6.0, 1.0, 3.0, 2.0]);
        assert_eq!(
            shares.probabilities(&[], false),
            [0.5, 1.0 / 12.0, 0.25, 1.0 / 6.0]
        );
        let [a, c, g, t] = shares.probabilities(&[], true);
        assert_eq!((a, c), (t, g));
        assert!((a - 1.0 / 3.0).abs() < 1e-12 && (c - 1.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn the_first_motif_with_a_background_counts() {
        let with = |background| Motif {
            background,
            ..Motif::new("m", vec![[0.25; 4]])
        };
        let motifs = [
            with(None),
            with(Some([0.4, 0.1, 0.1, 0.4])),
            with(Some(NRDB)),
        ];
        let of = |motifs: &[Motif]| MotifBackground::Motif.probabilities(motifs, false);
        assert_eq!(of(&motifs), [0.4, 0.1, 0.1, 0.4]);
        assert_eq!(of(&motifs[..1]), UNIFORM);
    }
}
