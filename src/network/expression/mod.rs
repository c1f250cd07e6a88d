//! Expression matrices: genes by samples, with names.

mod impute;
mod names;
mod probes;
mod read;
mod transform;

pub use names::{Reason, Unknown};
pub use probes::{Ambiguous, annotation};
pub use read::{Duplicates, Orientation, ReadSettings, companions, read, read_stating};
pub(crate) use read::{plain, read_lined};

use cistron_base::delimited::Style;
use cistron_base::{Result, bail, fault, file, near, table};
use ndarray::{Array2, ArrayView1, Axis};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Numbers by gene (rows) and sample (columns).
#[derive(Clone, Debug)]
pub struct Expression {
    genes: Arc<Vec<String>>,
    samples: Arc<Vec<String>>,
    values: Array2<f64>,
    index: Arc<HashMap<String, usize>>,
    /// What was guessed, dropped or changed, in sentences.
    pub notes: Vec<String>,
}

/// The positions of names; fails where one is empty or occurs twice.
fn positions(what: &str, names: &[String]) -> Result<HashMap<String, usize>> {
    let mut index = HashMap::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            bail!("data", "the {what} at {} (from 1) has an empty name", i + 1;
                hint: "each gene and each sample must have a name");
        }
        if let Some(first) = index.insert(name.clone(), i) {
            bail!(
                "data",
                "the {what} `{name}` occurs twice, at {} and {} (from 1)",
                first + 1,
                i + 1;
                hint: "`expression::read` combines rows of one name by option `duplicates`"
            );
        }
    }
    Ok(index)
}

impl Expression {
    /// A matrix of genes (rows) by samples (columns). Values are finite, or NaN where missing.
    pub fn new(
        genes: Vec<String>,
        samples: Vec<String>,
        values: Array2<f64>,
    ) -> Result<Expression> {
        if values.dim() != (genes.len(), samples.len()) {
            let (rows, columns) = values.dim();
            bail!(
                "shape",
                "the matrix is {rows} x {columns}, but there are {} genes and {} samples",
                genes.len(),
                samples.len();
                hint: "rows are genes, columns are samples"
            );
        }
        if let Some(((gene, sample), _)) = values.indexed_iter().find(|(_, x)| x.is_infinite()) {
            bail!(
                "data",
                "gene `{}`, sample `{}`: the value is infinite",
                genes[gene],
                samples[sample]
            );
        }
        let index = positions("gene", &genes)?;
        positions("sample", &samples)?;
        Ok(Expression {
            genes: Arc::new(genes),
            samples: Arc::new(samples),
            values,
            index: Arc::new(index),
            notes: Vec::new(),
        })
    }

    /// The same names with other values of the same shape.
    fn with_values(&self, values: Array2<f64>) -> Expression {
        Expression {
            values,
            ..self.clone()
        }
    }

    /// The names of the genes.
    pub fn genes(&self) -> &[String] {
        &self.genes
    }

    /// The names of the samples.
    pub fn samples(&self) -> &[String] {
        &self.samples
    }

    /// The values, genes by samples.
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// The values of a gene.
    pub fn gene(&self, gene: usize) -> ArrayView1<'_, f64> {
        self.values.row(gene)
    }

    /// How many values are missing.
    pub fn missing(&self) -> usize {
        self.values.iter().filter(|x| x.is_nan()).count()
    }

    /// The row of a gene, where there is one of this name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The row of a gene.
    pub fn position(&self, name: &str) -> Result<usize> {
        self.index_of(name).ok_or_else(|| {
            let fault = fault!(
                "name",
                "the matrix has no gene `{name}` ({} genes)",
                self.genes.len()
            );
            match near::nearest(name, self.genes.iter().map(String::as_str)) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            }
        })
    }

    /// The rows of genes, in the order of the names; fails at an unknown or repeated one.
    pub fn all_positions(&self, names: &[String]) -> Result<Vec<usize>> {
        positions("name", names)?;
        names.iter().map(|name| self.position(name)).collect()
    }

    /// Which of some names the matrix has not.
    pub fn unknown<'a>(&self, names: &'a [String]) -> Vec<&'a str> {
        let unknown = names.iter().filter(|name| !self.index.contains_key(*name));
        unknown.map(String::as_str).collect()
    }

    /// Some rows, in this order.
    pub fn select_genes(&self, rows: &[usize]) -> Result<Expression> {
        let genes = rows.iter().map(|row| self.genes[*row].clone()).collect();
        let values = self.values.select(Axis(0), rows);
        let mut selected = Expression::new(genes, self.samples.to_vec(), values)?;
        selected.notes.clone_from(&self.notes);
        Ok(selected)
    }

    /// Some columns, in this order.
    pub fn select_samples(&self, columns: &[usize]) -> Result<Expression> {
        let samples = columns.iter().map(|i| self.samples[*i].clone()).collect();
        let values = self.values.select(Axis(1), columns);
        let mut selected = Expression::new(self.genes.to_vec(), samples, values)?;
        selected.notes.clone_from(&self.notes);
        Ok(selected)
    }

    /// Fails where a value is missing or there are too few samples; `what` needs them.
    pub fn need_complete(&self, what: &str, samples: usize) -> Result<()> {
        if self.samples.len() < samples {
            bail!(
                "data",
                "{what} needs at least {samples} samples, the matrix has {}",
                self.samples.len()
            );
        }
        match self.missing() {
            0 => Ok(()),
            missing => bail!(
                "data",
                "{what} needs a complete matrix, {missing} values are missing";
                hint: "`matrix.impute()` estimates them from similar genes"
            ),
        }
    }

    /// Writes the matrix, genes by samples, as CSV where the name ends so, else separated by tabs.
    pub fn save(&self, path: &Path) -> Result<()> {
        let style = Style::of(path);
        let header = std::iter::once("gene").chain(self.samples.iter().map(String::as_str));
        let mut text = style.row(header);
        for (gene, row) in self.genes.iter().zip(self.values.rows()) {
            let cells = row.iter().map(|x| match x.is_nan() {
                true => "NA".to_string(),
                false => table::whole(*x),
            });
            text += &style.row(std::iter::once(gene.clone()).chain(cells));
        }
        file::write_whole(path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn names(prefix: &str, n: usize) -> Vec<String> {
        (0..n).map(|i| format!("{prefix}{i}")).collect()
    }

    #[test]
    fn names_are_unique_and_fit_the_shape() {
        let values = array![[1.0, 2.0], [3.0, f64::NAN]];
        let matrix =
            Expression::new(names("g", 2), names("s", 2), values.clone()).expect("a matrix");
        assert_eq!(matrix.missing(), 1);
        assert_eq!(matrix.position("g1").expect("a gene"), 1);
        assert!(matrix.position("g7").is_err());
        assert!(Expression::new(names("g", 3), names("s", 2), values.clone()).is_err());
        assert!(Expression::new(vec!["a".into(); 2], names("s", 2), values.clone()).is_err());
        let unnamed = Expression::new(vec!["a".into(), " ".into()], names("s", 2), values);
        assert!(unnamed.expect_err("no name").message.contains("gene at 2"));
        let infinite = array![[f64::INFINITY]];
        assert!(Expression::new(names("g", 1), names("s", 1), infinite).is_err());
    }

    #[test]
    fn a_saved_matrix_is_read_again() {
        let values = array![[0.1 + 0.2, 2.0], [1e-300, f64::NAN], [5.0, -7.25]];
        let genes = vec!["a,b".to_string(), "=c".into(), "123".into()];
        let matrix = Expression::new(genes, names("s", 2), values.clone()).expect("a matrix");
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["m.tsv", "m.csv"] {
            let path = folder.path().join(name);
            matrix.save(&path).expect("written");
            let again = read(&path, &ReadSettings::default()).expect("a matrix");
            assert_eq!(again.genes(), matrix.genes());
            assert_eq!(again.samples(), matrix.samples());
            for (x, y) in again.values().iter().zip(&values) {
                assert!(x == y || (x.is_nan() && y.is_nan()));
            }
        }
    }
}
