//! Tables of numbers, gold standards and edges as arguments.

use crate::base::table::Cells;
use crate::base::{Result, Table, shape};
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{Expressed, Standard, Tabled};
use crate::bind::warnings;
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, session};
use crate::network::gnet2::{Settings, Start, Variant};
use crate::network::score::Gold;
use crate::torch::Tensor;
use crate::{bail, fault};
use ndarray::{Array2, ArrayView2};
use rhai::{Dynamic, NativeCallContext};

/// Rows of numbers.
#[derive(Clone)]
pub struct NumberRows(pub Array2<f64>);

impl FromValue for NumberRows {
    fn kind() -> String {
        "tensor or array of numbers [rows, columns], or expression (genes are rows)".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(matrix) = value.read_lock::<Expressed>() {
            return Ok(NumberRows(matrix.0.values().clone()));
        }
        let tensor = tensor_of(value).map_err(|_| mismatch(&Self::kind(), value))?;
        let [rows, columns] = tensor.shape()[..] else {
            let found = shape::text(&tensor.shape());
            bail!("shape", "must be [rows, columns], got {found}";
                hint: "numbers in one row: `[x]`; in one column: `x.map(|x| [x])`")
        };
        let values = Array2::from_shape_vec((rows as usize, columns as usize), tensor.to_f64()?);
        values
            .map(NumberRows)
            .map_err(|e| fault!("internal", "rows of a tensor: {e}"))
    }
}

/// A table of numbers as a tensor `[rows, columns]` with all digits.
pub fn tensor_of_rows(rows: ArrayView2<f64>) -> Result<Tensor> {
    let values: Vec<f64> = rows.iter().copied().collect();
    Tensor::from_f64(&values, &[rows.nrows() as i64, rows.ncols() as i64])
}

/// The numbers of a column.
pub fn numbers(table: &Table, name: &str) -> Result<Vec<f64>> {
    match table.column(name)? {
        Cells::Number(cells) => Ok(cells.clone()),
        Cells::Whole(cells) => Ok(cells.iter().map(|n| *n as f64).collect()),
        Cells::Text(_) => bail!("type", "column `{name}` must hold numbers"),
    }
}

/// A gold standard: one that was read, the path of a file, or a table.
pub struct GoldSource(pub Standard);

impl FromValue for GoldSource {
    fn kind() -> String {
        "gold standard, path of a file, or table with regulator, target and perhaps label".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(gold) = value.read_lock::<Standard>() {
            return Ok(GoldSource(gold.clone()));
        }
        if let Some(table) = value.read_lock::<Tabled>() {
            let gold = Gold::of_table(&table.0)?;
            return Ok(GoldSource(Standard(gold.into())));
        }
        let Ok(path) = value.clone().into_string() else {
            return Err(mismatch(&Self::kind(), value));
        };
        let gold = Gold::read(&session::find_input(&path)?)?;
        for note in &gold.notes {
            warnings::warn(note);
        }
        Ok(GoldSource(Standard(gold.into())))
    }
}

/// Which of the differing rules of GNET2 are used.
#[derive(Clone, Copy, Choice)]
pub enum VariantName {
    /// Those of the text.
    Published,
    /// Those of the authors' code.
    Coded,
    /// Those of the code without its errors.
    Corrected,
}

impl From<VariantName> for Variant {
    fn from(name: VariantName) -> Variant {
        match name {
            VariantName::Published => Variant::Published,
            VariantName::Coded => Variant::Coded,
            VariantName::Corrected => Variant::Corrected,
        }
    }
}

/// How genes are grouped first.
#[derive(Clone, Copy, Choice)]
pub enum StartName {
    /// By the regulators that boosted trees predict them from.
    Boosting,
    /// By their expression.
    #[choice(name = "kmeans")]
    KMeans,
}

/// Options of GNET2.
#[derive(Clone, crate::lang::Options)]
pub struct Gnet2Options {
    /// Rules where text and code of GNET2 differ: "published", those of the text; "coded", those
    /// of the authors' code with its errors; "corrected", without them.
    #[option(name = "as", default = "corrected")]
    variant: VariantName,
    /// How GNET2 groups genes at first: "boosting", by the regulators that boosted trees predict
    /// them from, or "kmeans", by their expression.
    #[option(default = "boosting")]
    start: StartName,
    /// Largest number of groups of genes at first.
    #[option(default = 4, min = 1)]
    groups: usize,
    /// Largest number of splits of a module's tree (levels where `as` is "published").
    #[option(default = 3, min = 1)]
    depth: usize,
    /// Mean correlation of the samples of a node from which it is not split.
    #[option(default = 0.9, min = 0, max = 1)]
    correlation: f64,
    /// Largest number of samples of a node that is not split; 2 where `as` is "published", else 3,
    /// unless given.
    leaf_size: Option<usize>,
    /// Smallest number of genes of a module.
    #[option(default = 2, min = 1)]
    genes: usize,
    /// Largest number of iterations.
    #[option(default = 5, min = 0)]
    iterations: usize,
    /// Whether regulators are cut between three levels; at any of their values otherwise.
    #[option(default = true)]
    heuristic: bool,
    /// Share of the genes above which a module is split.
    #[option(default = 0.5, min = 0, max = 1)]
    largest: f64,
    /// Number of runs on samples drawn with replacement whose scores are averaged; one run on all
    /// samples for 0.
    #[option(default = 0)]
    bootstraps: usize,
}

impl From<&Gnet2Options> for Settings {
    fn from(options: &Gnet2Options) -> Settings {
        let defaults = Settings::new(options.variant.into());
        Settings {
            start: match options.start {
                StartName::Boosting => Start::Boosting,
                StartName::KMeans => Start::KMeans,
            },
            groups: options.groups,
            depth: options.depth,
            correlation: options.correlation,
            leaf_size: options.leaf_size.unwrap_or(defaults.leaf_size),
            genes: options.genes,
            iterations: options.iterations,
            is_heuristic: options.heuristic,
            largest: options.largest,
            bootstraps: options.bootstraps,
            ..defaults
        }
    }
}
