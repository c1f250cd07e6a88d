//! Probes of arrays as genes.

use super::read::{Duplicates, collapsed, read_rows};
use super::{Expression, positions};
use cistron_base::{Result, bail, near};
use std::collections::HashMap;
use std::path::Path;

/// What becomes of a probe of several genes, such as `A /// B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguous {
    /// It is left out.
    Drop,
    /// It counts for the first gene.
    First,
    /// It counts for each gene.
    Each,
}

/// Headers of a column of genes in annotations of arrays.
const GENE_HEADERS: [&str; 8] = [
    "gene symbol",
    "gene_symbol",
    "symbol",
    "gene",
    "agi",
    "orf",
    "gene_id",
    "locus",
];

/// Cells of probes without a gene.
const NO_GENE: [&str; 4] = ["", "---", "NA", "null"];

/// Reads which genes probes measure from an annotation: a table with a header. Columns are found by
/// name; `probe` is the first column and `gene` one with a common header unless given.
pub fn annotation(
    path: &Path,
    probe: Option<&str>,
    gene: Option<&str>,
) -> Result<Vec<(String, String)>> {
    let rows = read_rows(path)?;
    let Some(header) = rows.first() else {
        bail!("data", "`{}` has no rows", path.display())
    };
    let find = |name: &str| match header.iter().position(|own| own == name) {
        Some(at) => Ok(at),
        None => {
            let near = near::nearest(name, header.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            bail!("data", "`{}` has no column `{name}`{near}", path.display();
                hint: "its columns are {}", header.join(", "))
        }
    };
    let probe = probe.map_or(Ok(0), find)?;
    let known = |header: &String| GENE_HEADERS.contains(&header.to_lowercase().as_str());
    let gene = match (gene, header.iter().position(known)) {
        (Some(name), _) => find(name)?,
        (None, Some(at)) => at,
        (None, None) if header.len() == 2 => 1 - probe.min(1),
        (None, None) => bail!(
            "data",
            "`{}`: which column has the genes is not clear",
            path.display();
            hint: "option `gene` names it; the columns are {}", header.join(", ")
        ),
    };
    let mut pairs = Vec::new();
    for (i, row) in rows.iter().enumerate().skip(1) {
        let (Some(probe), Some(gene)) = (row.get(probe), row.get(gene)) else {
            bail!(
                "data",
                "`{}`, row {} (from 1) has {} cells, the header has {}",
                path.display(),
                i + 1,
                row.len(),
                header.len()
            );
        };
        pairs.push((probe.clone(), gene.clone()));
    }
    Ok(pairs)
}

impl Expression {
    /// The matrix of the genes that probes measure; genes of several probes are combined. What was
    /// left out is in `notes`.
    pub fn of_probes(
        &self,
        annotation: &[(String, String)],
        how: Duplicates,
        ambiguous: Ambiguous,
    ) -> Result<Expression> {
        let mut genes_of: HashMap<&str, &str> = HashMap::new();
        for (probe, gene) in annotation {
            if let Some(known) = genes_of.insert(probe, gene)
                && known != gene
            {
                bail!(
                    "data",
                    "the probe `{probe}` is annotated twice, with `{known}` and `{gene}`"
                );
            }
        }
        let (mut names, mut rows) = (Vec::new(), Vec::new());
        let (mut unknown, mut without, mut several) = (0, 0, 0);
        for (row, probe) in self.genes.iter().enumerate() {
            let Some(text) = genes_of.get(probe.as_str()) else {
                unknown += 1;
                continue;
            };
            let genes: Vec<&str> = text
                .split("///")
                .map(str::trim)
                .filter(|gene| !NO_GENE.contains(gene))
                .collect();
            without += usize::from(genes.is_empty());
            several += usize::from(genes.len() > 1);
            let kept = match (genes.len() > 1, ambiguous) {
                (true, Ambiguous::Drop) => &genes[..0],
                (true, Ambiguous::First) => &genes[..1],
                _ => &genes[..],
            };
            for gene in kept {
                names.push(gene.to_string());
                rows.push(row);
            }
        }
        if names.is_empty() {
            bail!(
                "data",
                "none of {} probes has a gene: {unknown} are not annotated",
                self.genes.len();
                hint: "the names of the probes must be spelled alike, such as `{}` in the matrix",
                self.genes[0]
            );
        }
        if how == Duplicates::Error {
            positions("gene", &names)?;
        }
        let values = self.values.select(ndarray::Axis(0), &rows);
        let probes = names.len();
        let (genes, values, _) = collapsed(names, values, how);
        let mut matrix = Expression::new(genes, self.samples.to_vec(), values)?;
        matrix.notes.clone_from(&self.notes);
        matrix.notes.push(format!(
            "{probes} probes became {} genes",
            matrix.genes().len()
        ));
        let several_text = match ambiguous {
            Ambiguous::Drop => "left out",
            Ambiguous::First => "counted for the first",
            Ambiguous::Each => "counted for each",
        };
        let left = [
            (unknown, "probes are not in the annotation".to_string()),
            (without, "probes have no gene".to_string()),
            (
                several,
                format!("probes of several genes were {several_text}"),
            ),
        ];
        let left = left.iter().filter(|(count, _)| *count > 0);
        matrix
            .notes
            .extend(left.map(|(count, text)| format!("{count} {text}")));
        Ok(matrix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn matrix() -> Expression {
        let probes = ["p1", "p2", "p3", "p4", "p5"].map(String::from).to_vec();
        let values = array![[1.0, 2.0], [3.0, 4.0], [5.0, 0.0], [7.0, 7.0], [9.0, 9.0]];
        Expression::new(probes, vec!["s1".into(), "s2".into()], values).expect("a matrix")
    }

    fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
        rows.iter()
            .map(|(a, b)| (a.to_string(), b.to_string()))
            .collect()
    }

    #[test]
    fn probes_become_genes() {
        let known = pairs(&[("p1", "A"), ("p2", "A"), ("p3", "B /// C"), ("p4", "---")]);
        let found = matrix()
            .of_probes(&known, Duplicates::Highest, Ambiguous::Drop)
            .expect("genes");
        assert_eq!(found.genes(), ["A"]);
        assert_eq!(found.gene(0).to_vec(), [3.0, 4.0]);
        assert_eq!(
            found.notes,
            [
                "2 probes became 1 genes",
                "1 probes are not in the annotation",
                "1 probes have no gene",
                "1 probes of several genes were left out"
            ]
        );
        let each = matrix().of_probes(&known, Duplicates::Mean, Ambiguous::Each);
        let each = each.expect("genes");
        assert_eq!(each.genes(), ["A", "B", "C"]);
        assert_eq!(each.gene(0).to_vec(), [2.0, 3.0]);
        assert_eq!(each.gene(2).to_vec(), [5.0, 0.0]);
        assert!(
            matrix()
                .of_probes(&known, Duplicates::Error, Ambiguous::First)
                .is_err()
        );
        let none = matrix().of_probes(&pairs(&[("x", "A")]), Duplicates::Mean, Ambiguous::Drop);
        assert!(
            none.expect_err("no probe")
                .message
                .contains("5 are not annotated")
        );
        let twice = pairs(&[("p1", "A"), ("p1", "B")]);
        assert!(
            matrix()
                .of_probes(&twice, Duplicates::Mean, Ambiguous::Drop)
                .is_err()
        );
    }

    #[test]
    fn annotations_are_read_by_their_headers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("GPL.txt");
        let text = "#ID = probe\nID\tChr\tGene Symbol\np1\t1\tA\np2\t2\tB /// C\n";
        std::fs::write(&path, text).expect("written");
        let known = annotation(&path, None, None).expect("an annotation");
        assert_eq!(known, pairs(&[("p1", "A"), ("p2", "B /// C")]));
        assert!(annotation(&path, Some("Id"), None).is_err());
        assert_eq!(
            annotation(&path, Some("ID"), Some("Chr")).expect("an annotation")[1].1,
            "2"
        );
        std::fs::write(&path, "ID\tx\ty\np1\t1\t2\n").expect("written");
        let fault = annotation(&path, None, None).expect_err("unclear");
        assert!(fault.to_string().contains("not clear"));
    }
}
