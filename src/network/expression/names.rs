//! Names of genes against those of a matrix.

use super::Expression;
use cistron_base::near;
use std::collections::HashMap;

/// Why a name is suggested for one that a matrix lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They differ in upper and lower case or in blanks around them.
    Case,
    /// They differ in the version after a dot, as in ENSG00000141510.17.
    Version,
    /// They differ in few letters.
    Spelling,
}

impl Reason {
    /// A word for it.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Case => "case",
            Reason::Version => "version",
            Reason::Spelling => "spelling",
        }
    }
}

/// A name that a matrix lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// A gene of the matrix that may be meant.
    pub suggestion: Option<(String, Reason)>,
}

/// A name without its version.
fn without_version(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((start, version))
            if !start.is_empty()
                && !version.is_empty()
                && version.bytes().all(|b| b.is_ascii_digit()) =>
        {
            start
        }
        _ => name,
    }
}

/// A name in one spelling.
fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Expression {
    /// Which names the matrix lacks, each with a gene that may be meant.
    pub fn unknown_names(&self, names: &[String]) -> Vec<Unknown> {
        let mut by_case: HashMap<String, &String> = HashMap::new();
        let mut by_version: HashMap<String, &String> = HashMap::new();
        for gene in self.genes.iter() {
            by_case.entry(plain(gene)).or_insert(gene);
            by_version
                .entry(plain(without_version(gene)))
                .or_insert(gene);
        }
        let suggestion = |name: &String| {
            let known = |gene: &&String, reason| ((*gene).clone(), reason);
            let same = by_case
                .get(&plain(name))
                .map(|gene| known(gene, Reason::Case));
            let version = || {
                let gene = by_version.get(&plain(without_version(name.trim())));
                gene.map(|gene| known(gene, Reason::Version))
            };
            let near = || {
                let genes = self.genes.iter().map(String::as_str);
                let near = near::nearest(name, genes);
                near.map(|near| (near.to_string(), Reason::Spelling))
            };
            same.or_else(version).or_else(near)
        };
        let unknown = names.iter().filter(|name| self.index_of(name).is_none());
        unknown
            .map(|name| Unknown {
                name: name.clone(),
                suggestion: suggestion(name),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn names_that_may_be_meant_are_suggested() {
        let genes = ["AT1G01060", "ENSG00000141510", "TP53", "Sox2"];
        let genes: Vec<String> = genes.map(String::from).to_vec();
        let matrix = Expression::new(genes, vec!["s".into()], Array2::zeros((4, 1)));
        let matrix = matrix.expect("a matrix");
        let names = ["at1g01060", "ENSG00000141510.17", "TP35", "TP53", "qqqqqq"];
        let found = matrix.unknown_names(&names.map(String::from));
        let found: Vec<_> = found
            .iter()
            .map(|own| {
                own.suggestion
                    .as_ref()
                    .map(|(name, why)| (name.as_str(), *why))
            })
            .collect();
        assert_eq!(
            found,
            [
                Some(("AT1G01060", Reason::Case)),
                Some(("ENSG00000141510", Reason::Version)),
                Some(("TP53", Reason::Spelling)),
                None
            ]
        );
    }
}
