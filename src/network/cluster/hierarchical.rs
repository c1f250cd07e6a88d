//! Hierarchical clusters.

use super::{check, squared};
use cistron_base::{Result, bail, memory};
use kodama::{Method, linkage};
use ndarray::{ArrayView1, ArrayView2};

/// How the distance of clusters is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// Growth of the sum of squares (Ward 1963, from Euclidean distances).
    Ward,
    /// Mean distance of pairs.
    Average,
    /// Largest distance of pairs.
    Complete,
    /// Smallest distance of pairs.
    Single,
}

/// A distance of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Euclidean.
    Euclidean,
    /// 1 less Pearson's correlation, which rows that are constant do not have.
    Correlation,
}

/// A merge of two clusters: rows are 0 to n - 1, the cluster of merge i is n + i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// The smaller number.
    pub first: usize,
    /// The larger number.
    pub second: usize,
    /// The distance at which they are merged.
    pub height: f64,
    /// How many rows the new cluster has.
    pub size: usize,
}

/// A dendrogram of rows.
#[derive(Clone, Debug)]
pub struct Dendrogram {
    /// How many rows there are.
    pub rows: usize,
    /// The merges in order of rising heights, as SciPy's `linkage` lists them.
    pub merges: Vec<Merge>,
}

fn distances(rows: ArrayView2<f64>, distance: Distance) -> Vec<f64> {
    let all: Vec<Vec<f64>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
    let of = |a: &[f64], b: &[f64]| match distance {
        Distance::Euclidean => squared(a, b).sqrt(),
        Distance::Correlation => {
            let r = cistron_metrics::statistics::correlation(a, b);
            if r.is_nan() { 1.0 } else { 1.0 - r }
        }
    };
    let mut condensed = Vec::with_capacity(all.len() * all.len().saturating_sub(1) / 2);
    for (i, a) in all.iter().enumerate() {
        condensed.extend(all[i + 1..].iter().map(|b| of(a, b)));
    }
    condensed
}

/// Merges the nearest clusters until one is left.
pub fn hierarchical(
    rows: ArrayView2<f64>,
    linked: Linkage,
    distance: Distance,
) -> Result<Dendrogram> {
    check(rows)?;
    if linked == Linkage::Ward && distance != Distance::Euclidean {
        bail!("option", "Ward's linkage is defined for Euclidean distances";
            hint: "choose `linkage: \"average\"` for correlations");
    }
    if distance == Distance::Correlation {
        let is_constant = |row: &ArrayView1<f64>| row.iter().all(|x| *x == row[0]);
        if let Some(row) = rows.rows().into_iter().position(|row| is_constant(&row)) {
            bail!("value", "row {row} is constant: its correlation with others is not defined";
                hint: "leave constant rows out; `matrix.filter(#{{ variance: 0.0 }})` does so");
        }
    }
    let n = rows.nrows();
    memory::elements(&[n as i64, n as i64], size_of::<f64>())?;
    let mut condensed = distances(rows, distance);
    let method = match linked {
        Linkage::Ward => Method::Ward,
        Linkage::Average => Method::Average,
        Linkage::Complete => Method::Complete,
        Linkage::Single => Method::Single,
    };
    let steps = linkage(&mut condensed, n, method);
    let merge = |step: &kodama::Step<f64>| Merge {
        first: step.cluster1,
        second: step.cluster2,
        height: step.dissimilarity,
        size: step.size,
    };
    Ok(Dendrogram {
        rows: n,
        merges: steps.steps().iter().map(merge).collect(),
    })
}

impl Dendrogram {
    /// The cluster of each row where so many clusters are left, in order of the first row of each.
    pub fn labels(&self, clusters: usize) -> Result<Vec<usize>> {
        if clusters == 0 || clusters > self.rows {
            bail!(
                "value",
                "{} rows have from 1 to {} clusters, got {clusters}",
                self.rows,
                self.rows
            );
        }
        let mut cluster_of: Vec<usize> = (0..self.rows).collect();
        for (i, merge) in self.merges.iter().take(self.rows - clusters).enumerate() {
            for cluster in &mut cluster_of {
                if *cluster == merge.first || *cluster == merge.second {
                    *cluster = self.rows + i;
                }
            }
        }
        let mut seen: Vec<usize> = Vec::new();
        let number = |cluster: &usize| match seen.iter().position(|known| known == cluster) {
            Some(number) => number,
            None => {
                seen.push(*cluster);
                seen.len() - 1
            }
        };
        Ok(cluster_of.iter().map(number).collect())
    }

    /// The rows from left to right of a drawing without crossings.
    pub fn order(&self) -> Vec<usize> {
        let mut open = vec![self.rows + self.merges.len()];
        if self.merges.is_empty() {
            return (0..self.rows).collect();
        }
        open[0] -= 1;
        let mut order = Vec::with_capacity(self.rows);
        while let Some(cluster) = open.pop() {
            match cluster.checked_sub(self.rows) {
                None => order.push(cluster),
                Some(merge) => {
                    let merge = &self.merges[merge];
                    open.extend([merge.second, merge.first]);
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    /// SciPy 1.16: `linkage([[0], [1], [5], [7]], "ward")`.
    #[test]
    fn merges_are_those_of_scipy() {
        let rows = array![[0.0], [1.0], [5.0], [7.0]];
        let tree = hierarchical(rows.view(), Linkage::Ward, Distance::Euclidean).expect("merges");
        let heights: Vec<f64> = tree.merges.iter().map(|merge| merge.height).collect();
        let expected = [1.0, 2.0, 7.778_174_593_052_023];
        assert!(
            heights
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12),
            "{heights:?}"
        );
        assert_eq!(
            (
                tree.merges[2].first,
                tree.merges[2].second,
                tree.merges[2].size
            ),
            (4, 5, 4)
        );
        assert_eq!(tree.labels(2).expect("clusters"), [0, 0, 1, 1]);
        assert_eq!(tree.labels(4).expect("clusters"), [0, 1, 2, 3]);
        assert_eq!(tree.order(), [0, 1, 2, 3]);
        assert!(tree.labels(0).is_err() && tree.labels(5).is_err());
    }

    #[test]
    fn one_row_and_equal_rows_are_clustered() {
        let one = hierarchical(array![[1.0]].view(), Linkage::Ward, Distance::Euclidean);
        let one = one.expect("no merge");
        assert_eq!((one.merges.len(), one.order()), (0, vec![0]));
        assert_eq!(one.labels(1).expect("a cluster"), [0]);
        let equal = Array2::from_elem((4, 3), 2.0);
        let tree = hierarchical(equal.view(), Linkage::Average, Distance::Euclidean);
        assert_eq!(tree.expect("merges").merges.len(), 3);
        // SciPy refuses correlations of constant rows as well
        let rows = array![[1.0, 2.0], [3.0, 3.0]];
        let fault = hierarchical(rows.view(), Linkage::Average, Distance::Correlation);
        assert!(
            fault
                .expect_err("constant")
                .message
                .contains("row 1 is constant")
        );
        assert!(hierarchical(equal.view(), Linkage::Ward, Distance::Correlation).is_err());
    }
}
