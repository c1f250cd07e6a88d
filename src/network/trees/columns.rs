//! Features by column, sorted once for all trees and targets.

use cistron_base::{Result, bail};
use ndarray::ArrayView2;
use rayon::prelude::*;

/// The columns of a table of features, in 32 bits as XGBoost and scikit-learn read them.
#[derive(Clone, Debug)]
pub struct Columns {
    rows: usize,
    values: Vec<Vec<f32>>,
    /// Rows of each column in order of their values; without missing ones.
    order: Vec<Vec<u32>>,
    /// The rank of the value of each row, equal values sharing it.
    ranks: Vec<Vec<u32>>,
}

fn ranks(values: &[f32], order: &[u32]) -> Vec<u32> {
    let mut ranks = vec![u32::MAX; values.len()];
    let mut rank = 0;
    for (i, row) in order.iter().enumerate() {
        if i > 0 && values[*row as usize] != values[order[i - 1] as usize] {
            rank += 1;
        }
        ranks[*row as usize] = rank;
    }
    ranks
}

impl Columns {
    /// The columns of a table `[rows, features]`; NaN is a missing value.
    pub fn new(table: ArrayView2<f64>) -> Result<Columns> {
        let (rows, features) = table.dim();
        if rows == 0 || features == 0 {
            bail!(
                "data",
                "trees need rows and features, got {rows} x {features}"
            );
        }
        if rows > u32::MAX as usize || features > u32::MAX as usize {
            bail!("data", "{rows} rows of {features} features are too many");
        }
        let too_large = table
            .indexed_iter()
            .find(|(_, x)| x.abs() > f64::from(f32::MAX));
        if let Some(((row, feature), x)) = too_large {
            bail!(
                "data",
                "row {row}, feature {feature}: {x} does not fit into 32 bits";
                hint: "scale the feature; NaN is a missing value"
            );
        }
        let column = |feature: usize| -> Vec<f32> {
            table.column(feature).iter().map(|x| *x as f32).collect()
        };
        let values: Vec<Vec<f32>> = (0..features).map(column).collect();
        let order = |column: &Vec<f32>| {
            let mut order: Vec<u32> = (0..rows as u32)
                .filter(|row| !column[*row as usize].is_nan())
                .collect();
            order.sort_by(|a, b| column[*a as usize].total_cmp(&column[*b as usize]));
            order
        };
        let order: Vec<Vec<u32>> = values.par_iter().map(order).collect();
        let ranks = values
            .iter()
            .zip(&order)
            .map(|(values, order)| ranks(values, order));
        let ranks = ranks.collect();
        Ok(Columns {
            rows,
            values,
            order,
            ranks,
        })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many features there are.
    pub fn features(&self) -> usize {
        self.values.len()
    }

    /// The values of a feature.
    pub fn column(&self, feature: usize) -> &[f32] {
        &self.values[feature]
    }

    /// Rows in order of a feature.
    pub(super) fn order(&self, feature: usize) -> &[u32] {
        &self.order[feature]
    }

    /// Ranks of a feature; the largest number where it is missing.
    pub(super) fn ranks(&self, feature: usize) -> &[u32] {
        &self.ranks[feature]
    }

    /// Whether a feature is missing in some row.
    pub(super) fn has_missing(&self, feature: usize) -> bool {
        self.order[feature].len() < self.rows
    }

    /// The feature of a row.
    pub fn at(&self, row: usize, feature: usize) -> f32 {
        self.values[feature][row]
    }

    /// Bins of a feature with about equally many rows, at most `most`: the bin of each rank, and
    /// the smallest value of each bin.
    pub(super) fn bins(&self, feature: usize, most: usize) -> (Vec<u32>, Vec<f32>, Vec<f32>) {
        let (order, values) = (&self.order[feature], &self.values[feature]);
        let per_bin = order.len().div_ceil(most.max(2)).max(1);
        let (mut of_rank, mut low, mut high) = (Vec::new(), Vec::<f32>::new(), Vec::<f32>::new());
        let mut in_bin = usize::MAX;
        let mut at = 0;
        while at < order.len() {
            let value = values[order[at] as usize];
            let equal = order[at..]
                .iter()
                .take_while(|row| values[**row as usize] == value)
                .count();
            if in_bin == usize::MAX || in_bin + equal.div_ceil(2) > per_bin {
                low.push(value);
                high.push(value);
                in_bin = 0;
            }
            in_bin += equal;
            if let Some(last) = high.last_mut() {
                *last = value;
            }
            of_rank.push(low.len() as u32 - 1);
            at += equal;
        }
        (of_rank, low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_are_sorted_without_missing_values() {
        let table = array![[3.0, f64::NAN], [1.0, 2.0], [3.0, 1.0]];
        let columns = Columns::new(table.view()).expect("columns");
        assert_eq!(columns.order(0), [1, 0, 2]);
        assert_eq!(columns.ranks(0), [1, 0, 1]);
        assert_eq!(columns.order(1), [2, 1]);
        assert!(columns.has_missing(1) && !columns.has_missing(0));
        assert!(Columns::new(array![[1e300]].view()).is_err());
        assert!(Columns::new(array![[f64::INFINITY]].view()).is_err());
        assert!(Columns::new(ndarray::Array2::zeros((0, 3)).view()).is_err());
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let table = array![[3.0], [1.0], [3.0], [2.0]];
        let columns = Columns::new(table.view()).expect("columns");
        let (of_rank, low, high) = columns.bins(0, 256);
        assert_eq!(
            (of_rank, low, high),
            (vec![0, 1, 2], vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0])
        );
        let (of_rank, low, _) = columns.bins(0, 2);
        assert_eq!((of_rank, low), (vec![0, 0, 1], vec![1.0, 3.0]));
    }
}
