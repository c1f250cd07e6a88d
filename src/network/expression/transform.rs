//! Filters and transformations of expression matrices.

use super::Expression;
use cistron_base::{Result, bail};
use cistron_metrics::statistics::{mean, ranks, variance};
use ndarray::Axis;
use rayon::prelude::*;

/// The values that are known.
fn known(row: &[f64]) -> Vec<f64> {
    row.iter().copied().filter(|x| !x.is_nan()).collect()
}

impl Expression {
    /// The variance of each gene (over n - 1) among its known values; 0 for fewer than two.
    pub fn variances(&self) -> Vec<f64> {
        let of = |row: ndarray::ArrayView1<f64>| {
            let known = known(&row.to_vec());
            if known.len() < 2 {
                0.0
            } else {
                variance(&known)
            }
        };
        self.values.rows().into_iter().map(of).collect()
    }

    /// The genes for which a condition holds, and a note of how many others there were.
    fn kept(&self, keep: impl Fn(usize) -> bool, what: &str) -> Result<Expression> {
        let rows: Vec<usize> = (0..self.genes.len()).filter(|row| keep(*row)).collect();
        let dropped = self.genes.len() - rows.len();
        let mut matrix = self.select_genes(&rows)?;
        if dropped > 0 {
            matrix
                .notes
                .push(format!("{dropped} genes {what} were dropped"));
        }
        Ok(matrix)
    }

    /// The genes whose variance exceeds a bound.
    pub fn above_variance(&self, bound: f64) -> Result<Expression> {
        let variances = self.variances();
        self.kept(
            |row| variances[row] > bound,
            &format!("with a variance of at most {bound}"),
        )
    }

    /// The genes of largest variance, in the order of the matrix; of equal ones the first.
    pub fn most_variable(&self, count: usize) -> Result<Expression> {
        let variances = self.variances();
        let mut order: Vec<usize> = (0..variances.len()).collect();
        order.sort_by(|a, b| variances[*b].total_cmp(&variances[*a]));
        let mut is_kept = vec![false; order.len()];
        order
            .iter()
            .take(count)
            .for_each(|row| is_kept[*row] = true);
        self.kept(|row| is_kept[row], "of smaller variance")
    }

    /// The genes with at least `least` in at least `samples` samples.
    pub fn expressed(&self, least: f64, samples: usize) -> Result<Expression> {
        let reaching =
            |row: usize| self.values.row(row).iter().filter(|x| **x >= least).count() >= samples;
        self.kept(
            reaching,
            &format!("with {least} in fewer than {samples} samples"),
        )
    }

    /// The binary logarithm of each value plus an offset.
    pub fn log2(&self, offset: f64) -> Result<Expression> {
        let bad = self
            .values
            .indexed_iter()
            .find(|(_, x)| **x + offset <= 0.0);
        if let Some(((gene, sample), x)) = bad {
            bail!(
                "value",
                "gene `{}`, sample `{}`: the logarithm of {x} + {offset} does not exist",
                self.genes[gene],
                self.samples[sample];
                hint: "are these logarithms already? a larger `offset` moves values above 0"
            );
        }
        Ok(self.with_values(self.values.mapv(|x| (x + offset).log2())))
    }

    /// Each gene with mean 0 and standard deviation 1 (over n - 1); constant genes become 0.
    pub fn z_scores(&self) -> Expression {
        let mut values = self.values.clone();
        let mut constant = 0;
        for mut row in values.rows_mut() {
            let known = known(&row.to_vec());
            // the deviations of equal values are those of rounding, if any
            let is_constant = known.windows(2).all(|pair| pair[0] == pair[1]);
            let (centre, spread) = match is_constant {
                true => (mean(&known), 0.0),
                false => (mean(&known), variance(&known).sqrt()),
            };
            constant += usize::from(spread == 0.0);
            row.mapv_inplace(|x| match x.is_nan() {
                true => x,
                false if spread == 0.0 => 0.0,
                false => (x - centre) / spread,
            });
        }
        let mut matrix = self.with_values(values);
        if constant > 0 {
            matrix
                .notes
                .push(format!("{constant} constant genes have z-scores of 0"));
        }
        matrix
    }

    /// Samples with one distribution, the mean of their sorted values (Bolstad et al. 2003); equal
    /// values of a sample share the value of their mean rank, as in limma.
    pub fn quantile_normalised(&self) -> Result<Expression> {
        self.need_complete("quantile normalisation", 1)?;
        let n = self.genes.len();
        let columns: Vec<Vec<f64>> = self
            .values
            .columns()
            .into_iter()
            .map(|c| c.to_vec())
            .collect();
        let sorted: Vec<Vec<f64>> = columns
            .par_iter()
            .map(|column| {
                let mut column = column.clone();
                column.sort_by(f64::total_cmp);
                column
            })
            .collect();
        let reference: Vec<f64> = (0..n)
            .map(|i| mean(&sorted.iter().map(|column| column[i]).collect::<Vec<f64>>()))
            .collect();
        let mut values = self.values.clone();
        for (mut target, column) in values.axis_iter_mut(Axis(1)).zip(&columns) {
            for (cell, rank) in target.iter_mut().zip(ranks(column).0) {
                let (below, part) = ((rank - 1.0).floor(), (rank - 1.0).fract());
                let below = below as usize;
                let above = (below + 1).min(n - 1);
                *cell = reference[below] + part * (reference[above] - reference[below]);
            }
        }
        Ok(self.with_values(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn matrix(values: Array2<f64>) -> Expression {
        let genes = (0..values.nrows()).map(|i| format!("g{i}")).collect();
        let samples = (0..values.ncols()).map(|i| format!("s{i}")).collect();
        Expression::new(genes, samples, values).expect("a matrix")
    }

    #[test]
    fn genes_are_filtered_and_the_number_dropped_is_noted() {
        let m = matrix(array![[1.0, 1.0, 1.0], [0.0, 5.0, 10.0], [1.0, 2.0, 3.0]]);
        assert_eq!(m.variances(), [0.0, 25.0, 1.0]);
        assert_eq!(m.above_variance(1e-4).expect("genes").genes(), ["g1", "g2"]);
        assert_eq!(m.most_variable(2).expect("genes").genes(), ["g1", "g2"]);
        let expressed = m.expressed(5.0, 2).expect("genes");
        assert_eq!(expressed.genes(), ["g1"]);
        assert!(expressed.notes[0].contains("2 genes"));
        assert_eq!(m.expressed(100.0, 1).expect("no genes").genes().len(), 0);
    }

    #[test]
    fn z_scores_and_logarithms_are_those_of_hand() {
        let m = matrix(array![
            [1.0, 2.0, 3.0],
            [4.0, 4.0, 4.0],
            [0.0, f64::NAN, 2.0]
        ]);
        let z = m.z_scores();
        assert_eq!(z.gene(0).to_vec(), [-1.0, 0.0, 1.0]);
        assert_eq!(z.gene(1).to_vec(), [0.0; 3]);
        assert!(z.values()[[2, 1]].is_nan());
        assert!((z.values()[[2, 0]] + 0.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(
            m.log2(1.0).expect("logarithms").gene(0).to_vec(),
            [1.0, 3f64.log2(), 2.0]
        );
        assert!(m.log2(0.0).is_err());
    }

    /// Bolstad's example as limma computes it: ties share the value at their mean rank.
    #[test]
    fn quantiles_are_those_of_limma() {
        let m = matrix(array![
            [5.0, 4.0, 3.0],
            [2.0, 1.0, 4.0],
            [3.0, 4.0, 6.0],
            [4.0, 2.0, 8.0]
        ]);
        let q = m.quantile_normalised().expect("normalised");
        let expected = [
            [17.0 / 3.0, (14.0 / 3.0 + 17.0 / 3.0) / 2.0, 2.0],
            [2.0, 2.0, 3.0],
            [3.0, (14.0 / 3.0 + 17.0 / 3.0) / 2.0, 14.0 / 3.0],
            [14.0 / 3.0, 3.0, 17.0 / 3.0],
        ];
        for (row, expected) in q.values().rows().into_iter().zip(expected) {
            for (x, y) in row.iter().zip(expected) {
                assert!((x - y).abs() < 1e-12, "{x} {y}");
            }
        }
    }
}
