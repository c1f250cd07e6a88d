//! A matrix as it is in a file.

use ndarray::Array2;

/// Genes by samples, with the names that the file has.
pub(super) struct Raw {
    pub genes: Option<Vec<String>>,
    pub samples: Option<Vec<String>>,
    pub values: Array2<f64>,
    pub notes: Vec<String>,
}

impl Raw {
    /// Rows and columns exchanged.
    pub fn turned(self) -> Raw {
        Raw {
            genes: self.samples,
            samples: self.genes,
            values: self
                .values
                .reversed_axes()
                .as_standard_layout()
                .into_owned(),
            notes: self.notes,
        }
    }
}
