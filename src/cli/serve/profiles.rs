//! Expression profiles as networks of pairs take them: each with mean 0 and standard deviation 1.

use crate::base::{Result, near};
use crate::network::Expression;
use crate::network::expression::{ReadSettings, read};
use ndarray::Array2;
use std::path::Path;

/// Profiles of genes.
pub struct Profiles {
    matrix: Expression,
    /// Z-scores, genes by samples.
    scores: Array2<f32>,
    constant: Vec<bool>,
    incomplete: Vec<bool>,
}

impl Profiles {
    /// Reads a matrix, and standardises each profile: mean 0 and standard deviation 1, over n - 1.
    /// A constant profile becomes 0 everywhere. One with missing values has no prediction.
    pub fn read(path: &Path) -> Result<Profiles> {
        read(path, &ReadSettings::default()).map(Profiles::of)
    }

    /// The profiles of a matrix.
    pub fn of(matrix: Expression) -> Profiles {
        let scores = matrix.z_scores();
        let is = |of: fn(ndarray::ArrayView1<f64>) -> bool| {
            scores.values().rows().into_iter().map(of).collect()
        };
        Profiles {
            constant: is(|row| row.iter().all(|z| *z == 0.0)),
            incomplete: is(|row| row.iter().any(|z| z.is_nan())),
            scores: scores.values().mapv(|z| z as f32),
            matrix,
        }
    }

    /// The names of the genes.
    pub fn genes(&self) -> &[String] {
        self.matrix.genes()
    }

    /// The names of the samples.
    pub fn samples(&self) -> &[String] {
        self.matrix.samples()
    }

    /// What reading the matrix reported.
    pub fn notes(&self) -> &[String] {
        &self.matrix.notes
    }

    /// The row of a gene.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.matrix.index_of(name)
    }

    /// The gene whose name is most similar.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        near::nearest(name, self.genes().iter().map(String::as_str))
    }

    /// The z-scores of a gene.
    pub fn scores(&self, gene: usize) -> impl Iterator<Item = f32> + '_ {
        self.scores.row(gene).into_iter().copied()
    }

    /// Whether all values of a gene are equal.
    pub fn is_constant(&self, gene: usize) -> bool {
        self.constant[gene]
    }

    /// Whether a value of a gene is missing.
    pub fn is_incomplete(&self, gene: usize) -> bool {
        self.incomplete[gene]
    }

    /// The number of genes for which a condition holds.
    pub fn count(&self, of: fn(&Profiles, usize) -> bool) -> usize {
        (0..self.genes().len())
            .filter(|gene| of(self, *gene))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn profiles_have_mean_0_and_deviation_1() {
        let values = array![[1.0, 2.0, 3.0], [0.1, 0.1, 0.1], [1.0, f64::NAN, 3.0]];
        let names = |prefix: &str| (0..3).map(|i| format!("{prefix}{i}")).collect();
        let profiles = Profiles::of(Expression::new(names("g"), names("s"), values).unwrap());
        let scores = |gene| profiles.scores(gene).collect::<Vec<f32>>();
        assert_eq!(scores(0), [-1.0, 0.0, 1.0]);
        assert_eq!(scores(1), [0.0; 3]);
        assert_eq!(
            [0, 1, 2].map(|gene| (profiles.is_constant(gene), profiles.is_incomplete(gene))),
            [(false, false), (true, false), (false, true)]
        );
        assert_eq!(profiles.nearest("G1"), Some("g1"));
        assert_eq!(
            (profiles.position("g2"), profiles.position("g9")),
            (Some(2), None)
        );
    }
}
