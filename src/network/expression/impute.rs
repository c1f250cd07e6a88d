//! Estimates of missing values.

use super::Expression;
use cistron_base::{Result, bail};
use cistron_metrics::statistics::mean;
use ndarray::ArrayView1;
use rayon::prelude::*;

/// The Euclidean distance over the samples that two genes share, scaled to all samples; NaN where
/// they share none.
fn distance(x: ArrayView1<f64>, y: ArrayView1<f64>) -> f64 {
    let (mut sum, mut shared) = (0.0, 0usize);
    for (a, b) in x.iter().zip(y) {
        let d = a - b;
        if !d.is_nan() {
            sum += d * d;
            shared += 1;
        }
    }
    match shared {
        0 => f64::NAN,
        _ => (sum * x.len() as f64 / shared as f64).sqrt(),
    }
}

impl Expression {
    /// Estimates each missing value as the mean of the sample in the `neighbours` nearest genes
    /// that have it (Troyanskaya et al. 2001), as scikit-learn's `KNNImputer`; where no gene is
    /// comparable, as the sample's mean.
    pub fn imputed(&self, neighbours: usize) -> Result<Expression> {
        for (sample, column) in self.values.columns().into_iter().enumerate() {
            if !column.is_empty() && column.iter().all(|x| x.is_nan()) {
                bail!(
                    "data",
                    "sample `{}` has no value",
                    self.samples[sample];
                    hint: "select the other samples first"
                );
            }
        }
        let incomplete: Vec<usize> = (0..self.genes.len())
            .filter(|gene| self.gene(*gene).iter().any(|x| x.is_nan()))
            .collect();
        let rows: Vec<Vec<f64>> = incomplete
            .par_iter()
            .map(|gene| self.imputed_gene(*gene, neighbours))
            .collect();
        let mut values = self.values.clone();
        for (gene, row) in incomplete.iter().zip(rows) {
            values.row_mut(*gene).assign(&ArrayView1::from(&row));
        }
        let mut matrix = self.with_values(values);
        let missing = self.missing();
        if missing > 0 {
            matrix
                .notes
                .retain(|note| !note.ends_with("values are missing"));
            matrix
                .notes
                .push(format!("{missing} missing values were estimated"));
        }
        Ok(matrix)
    }

    fn imputed_gene(&self, gene: usize, neighbours: usize) -> Vec<f64> {
        let own = self.gene(gene);
        let mut others: Vec<(f64, usize)> = (0..self.genes.len())
            .filter(|other| *other != gene)
            .map(|other| (distance(own, self.gene(other)), other))
            .filter(|(distance, _)| !distance.is_nan())
            .collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut row = own.to_vec();
        for (sample, cell) in row.iter_mut().enumerate().filter(|(_, x)| x.is_nan()) {
            let known = others
                .iter()
                .map(|(_, other)| self.values[[*other, sample]]);
            let nearest: Vec<f64> = known
                .filter(|x| !x.is_nan())
                .take(neighbours.max(1))
                .collect();
            *cell = match nearest.is_empty() {
                false => mean(&nearest),
                true => {
                    let column = self.values.column(sample);
                    mean(
                        &column
                            .iter()
                            .copied()
                            .filter(|x| !x.is_nan())
                            .collect::<Vec<_>>(),
                    )
                }
            };
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// scikit-learn 1.7: `KNNImputer(n_neighbors=2).fit_transform`.
    #[test]
    fn estimates_are_those_of_scikit_learn() {
        let nan = f64::NAN;
        let values = array![
            [1.0, 2.0, nan],
            [3.0, 4.0, 3.0],
            [nan, 6.0, 5.0],
            [8.0, 8.0, 7.0]
        ];
        let names = |prefix: &str, n| (0..n).map(|i| format!("{prefix}{i}")).collect();
        let m = Expression::new(names("g", 4), names("s", 3), values).expect("a matrix");
        let full = m.imputed(2).expect("estimates");
        assert_eq!(full.missing(), 0);
        assert_eq!((full.values()[[0, 2]], full.values()[[2, 0]]), (4.0, 5.5));
        assert!(full.notes[0].starts_with("2 missing"));
    }
}
