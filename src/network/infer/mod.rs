//! Regulatory networks from expression: ranked edges.

mod genie3;
pub mod information;

pub use genie3::Genie3Settings;

use crate::correlation;
use crate::edges::Edges;
use crate::expression::Expression;
use crate::gnet2;
use cistron_base::{Result, bail, memory};
use ndarray::Array2;

/// How a network is inferred.
#[derive(Clone, Debug)]
pub enum Method {
    /// Mutual information alone (relevance network).
    Mi,
    /// Context likelihood of relatedness (Faith et al. 2007).
    Clr,
    /// Without the weakest edge of each triangle (Margolin et al. 2006).
    Aracne {
        /// How much weaker the edge must be.
        epsilon: f64,
    },
    /// Minimum redundancy, maximum relevance (Meyer et al. 2007).
    Mrnet,
    /// Absolute correlation.
    Correlation(correlation::Kind),
    /// Importance in random forests (Huynh-Thu et al. 2010).
    Genie3(Genie3Settings),
    /// Regulatory modules (Chen et al. 2020).
    Gnet2(Box<gnet2::Settings>),
}

/// Which genes may be targets where regulators are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// All genes.
    All,
    /// Genes that are no regulators.
    Others,
    /// These rows.
    Rows(Vec<usize>),
}

/// What a network is inferred from.
#[derive(Clone, Debug)]
pub struct Question {
    /// Rows of the regulators; all genes unless given.
    pub regulators: Option<Vec<usize>>,
    /// Which genes may be targets.
    pub targets: Targets,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Question {
    /// The rows of regulators and of targets.
    fn rows(&self, matrix: &Expression) -> (Vec<usize>, Vec<usize>) {
        let all = || (0..matrix.genes().len()).collect::<Vec<usize>>();
        let regulators = self.regulators.clone().unwrap_or_else(all);
        let targets = match &self.targets {
            Targets::All => all(),
            Targets::Others if self.regulators.is_none() => all(),
            Targets::Others => {
                let mut is_other = vec![true; matrix.genes().len()];
                regulators.iter().for_each(|row| is_other[*row] = false);
                all().into_iter().filter(|row| is_other[*row]).collect()
            }
            Targets::Rows(rows) => rows.clone(),
        };
        (regulators, targets)
    }
}

/// Edges of a symmetric matrix of all genes: each pair once, or from regulators to targets.
fn of_pairs(matrix: &Expression, question: &Question, scores: &Array2<f64>) -> Edges {
    let (regulators, targets) = question.rows(matrix);
    let is_open = question.regulators.is_none() && question.targets == Targets::All;
    let mut pairs = Vec::with_capacity(regulators.len() * targets.len());
    for regulator in regulators {
        let others = targets.iter().copied();
        let others = others.filter(|t| {
            if is_open {
                regulator < *t
            } else {
                regulator != *t
            }
        });
        pairs.extend(others.map(|target| (regulator, target, scores[[regulator, target]])));
    }
    Edges::sorted(matrix, pairs)
}

/// The number of constant genes as a note: their edges have no score.
fn constant_note(matrix: &Expression) -> Option<String> {
    let variances = matrix.variances();
    let constant = variances.iter().filter(|v| **v == 0.0).count();
    (constant > 0).then(|| format!("{constant} genes are constant: their edges have score 0"))
}

/// Infers a network. Without regulators, symmetric methods return each pair of genes once.
pub fn infer(
    method: &Method,
    estimator: information::Estimator,
    matrix: &Expression,
    question: &Question,
) -> Result<Edges> {
    matrix.need_complete("a network", 3)?;
    let (regulators, targets) = question.rows(matrix);
    if regulators.is_empty() || targets.is_empty() {
        bail!(
            "value",
            "a network needs regulators and targets, got {} and {}",
            regulators.len(),
            targets.len()
        );
    }
    // scores, and the names of both genes
    let pairs = regulators.len() as i64 * targets.len() as i64;
    memory::items(pairs, 128, "edges")?;
    let information = || information::matrix(matrix, estimator);
    let mut edges = match method {
        Method::Mi => of_pairs(matrix, question, &information()?),
        Method::Clr => of_pairs(matrix, question, &information::clr(&information()?)),
        Method::Aracne { epsilon } => {
            let scores = information::aracne(&information()?, *epsilon);
            of_pairs(matrix, question, &scores)
        }
        Method::Mrnet => of_pairs(matrix, question, &information::mrnet(&information()?)),
        Method::Correlation(kind) => {
            let scores = correlation::matrix(matrix, *kind)?.mapv(f64::abs);
            of_pairs(matrix, question, &scores)
        }
        Method::Genie3(settings) => {
            let rows = (&regulators[..], &targets[..]);
            Edges::sorted(
                matrix,
                genie3::edges(matrix, rows, settings, question.seed)?,
            )
        }
        Method::Gnet2(settings) => gnet2::edges(matrix, &regulators, settings, question.seed)?,
    };
    edges.notes.extend(constant_note(matrix));
    Ok(edges)
}
