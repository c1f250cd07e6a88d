//! How matrices are read.

use std::path::PathBuf;

/// Which side of a file holds the genes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// Rows where rows have names, else columns.
    Auto,
    /// A row is a gene.
    Rows,
    /// A column is a gene.
    Columns,
}

/// What becomes of several rows of one gene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// They are an error.
    Error,
    /// Their mean is taken.
    Mean,
    /// The one with the highest mean is kept.
    Highest,
    /// The one with the largest variance is kept.
    Variance,
}

/// How a matrix is read.
#[derive(Clone, Debug)]
pub struct ReadSettings {
    /// Which side holds the genes.
    pub genes: Orientation,
    /// What becomes of several rows of one gene.
    pub duplicates: Duplicates,
    /// File of the names of the genes of a MatrixMarket file.
    pub gene_file: Option<PathBuf>,
    /// File of the names of the samples of a MatrixMarket file.
    pub sample_file: Option<PathBuf>,
    /// Column of the names of the genes: its number from 1 in `gene_file`, or its name in `var` of
    /// an h5ad file.
    pub column: Option<String>,
    /// Layer of an h5ad file, or `raw`.
    pub layer: Option<String>,
}

impl Default for ReadSettings {
    fn default() -> Self {
        ReadSettings {
            genes: Orientation::Auto,
            duplicates: Duplicates::Error,
            gene_file: None,
            sample_file: None,
            column: None,
            layer: None,
        }
    }
}
